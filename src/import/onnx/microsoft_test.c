/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of com.microsoft: what graph they become, and what is refused. Their numbers are golden
 * cases (tests/onnx/cases/microsoft). */
#include "import/onnx/onnx_testing.h"

typedef struct ms_node_t {
    msg_t graph, node;
} ms_node_t;

/* One node of com.microsoft whose first output is y. */
static ms_node_t begin(const char *op, const char *inputs, const char *outputs) {
    ms_node_t t = {.graph = {.n = 0}, .node = new_node(op, inputs, outputs)};
    put_text(&t.node, NODE_DOMAIN, "com.microsoft");
    return t;
}

static void with(ms_node_t *t, msg_t attr) {
    put_msg(&t->node, NODE_ATTR, &attr);
}

static void becomes(ms_node_t *t, const char *lines) {
    add_node(&t->graph, &t->node);
    add_output(&t->graph, "y");
    const msg_t m = new_model(&t->graph, 17);
    expect_lines(&m, lines);
}

static void is_refused(ms_node_t *t, anp_status_t status, const char *message) {
    add_node(&t->graph, &t->node);
    const msg_t m = new_model(&t->graph, 17);
    expect_import_fails(&m, status, message);
}

static void spellings_of_standard_operators_become_them(void **state) {
    (void)state;
    ms_node_t t = begin("Gelu", "x", "y");
    add_input(&t.graph, "x", ANP_DTYPE_F16, "2 3");
    becomes(&t, "y: f16[2, 3] = Gelu(x)");
    t = begin("Trilu", "x", "y");
    add_input(&t.graph, "x", ANP_DTYPE_F32, "N 3");
    with(&t, attr_int("upper", 0));
    becomes(&t, "y: f32[N, 3] = Trilu(x) {upper=0}");
}

static void fused_convolutions_come_apart(void **state) {
    (void)state;
    ms_node_t t = begin("FusedConv", "x w - z", "y");
    add_input(&t.graph, "x", ANP_DTYPE_F32, "1 2 H 5");
    add_input(&t.graph, "w", ANP_DTYPE_F32, "4 2 1 1");
    add_input(&t.graph, "z", ANP_DTYPE_F32, "1 4 H 5");
    with(&t, attr_text("activation", "LeakyRelu"));
    const float slope = 0.25f;
    msg_t params = {.n = 0};
    put_text(&params, 1, "activation_params");
    put_float(&params, 7, slope);
    put_int(&params, 20, 6);
    put_msg(&t.node, NODE_ATTR, &params);
    becomes(&t, "Conv: f32[1, 4, H, 5] = Conv(x, w)\n"
                "Add: f32[1, 4, H, 5] = Add(Conv, z)\n"
                "y: f32[1, 4, H, 5] = LeakyRelu @LeakyRelu(Add) {alpha=0.25}");
    t = begin("FusedConv", "x x", "y");
    add_input(&t.graph, "x", ANP_DTYPE_F32, "1 2 5 5");
    with(&t, attr_text("activation", "Mystery"));
    is_refused(&t, ANP_UNSUPPORTED, "activation is 'Mystery'");
    t = begin("FusedConv", "x x", "y");
    add_input(&t.graph, "x", ANP_DTYPE_F32, "1 2 5 5");
    with(&t, attr_text("activation", "Clip"));
    is_refused(&t, ANP_INVALID_MODEL, "Clip needs 2 activation_params");
}

static void batch_axes_are_transposed_in_front(void **state) {
    (void)state;
    ms_node_t t = begin("FusedMatMul", "a b", "y");
    add_input(&t.graph, "a", ANP_DTYPE_F32, "3 B 4");
    add_input(&t.graph, "b", ANP_DTYPE_F32, "B 5 4");
    with(&t, attr_int("transBatchA", 1));
    with(&t, attr_int("transB", 1));
    with(&t, attr_float("alpha", 0.5f));
    becomes(&t, "Transpose: f32[B, 3, 4] = Transpose(a) {perm=[1, 0, 2]}\n"
                "Transpose_1: f32[B, 4, 5] = Transpose(b) {perm=[0, 2, 1]}\n"
                "MatMul: f32[B, 3, 5] = MatMul(Transpose, Transpose_1)");
    t = begin("FusedMatMul", "a a", "y");
    add_input(&t.graph, "a", ANP_DTYPE_F32, NULL);
    with(&t, attr_int("transA", 1));
    is_refused(&t, ANP_UNSUPPORTED, "depends on the rank of 'a'");
}

static void sums_before_a_normalisation_are_outputs_too(void **state) {
    (void)state;
    ms_node_t t = begin("SkipLayerNormalization", "x x g - b", "y - - s");
    add_input(&t.graph, "x", ANP_DTYPE_F32, "B S 8");
    add_input(&t.graph, "g", ANP_DTYPE_F32, "8");
    add_input(&t.graph, "b", ANP_DTYPE_F32, "8");
    add_output(&t.graph, "s");
    becomes(&t, "Add: f32[B, S, 8] = Add(x, b)\n"
                "s: f32[B, S, 8] = Add @Add_1(Add, x)\n"
                "y: f32[B, S, 8] = LayerNormalization @LayerNormalization(s, g) {epsilon=1e-12}");
    t = begin("SkipSimplifiedLayerNormalization", "x x g", "y m");
    add_input(&t.graph, "x", ANP_DTYPE_F32, "B S 8");
    add_input(&t.graph, "g", ANP_DTYPE_F32, "8");
    is_refused(&t, ANP_UNSUPPORTED, "its output 1 ('m') is not made here");
}

static void four_bit_weights_are_read_where_they_lie(void **state) {
    (void)state;
    const uint8_t bytes[16] = {0x21, 0x43};
    const float scale[] = {0.5f};
    ms_node_t t = begin("MatMulNBits", "x w s", "y");
    const msg_t w = tensor_raw("w", ANP_DTYPE_U8, "1 1 16", bytes, sizeof bytes),
                s = tensor_f32s("s", "1", 1, scale);
    add_input(&t.graph, "x", ANP_DTYPE_F32, "N 32");
    add_initializer(&t.graph, &w);
    add_initializer(&t.graph, &s);
    with(&t, attr_int("K", 32));
    with(&t, attr_int("N", 1));
    with(&t, attr_int("block_size", 32));
    becomes(&t, "DequantizeLinear: f32[1, 32] = DequantizeLinear(weights, Reshape, const_1) "
                "{axis=1, block_size=32}\n"
                "Transpose: f32[32, 1] = Transpose(DequantizeLinear) {perm=[1, 0]}\n"
                "y: f32[N, 1] = MatMul @MatMul(x, Transpose)");
}

static void weights_that_do_not_fit_are_refused(void **state) {
    (void)state;
    static const struct {
        int64_t k, n, block, bits;
        anp_status_t status;
        const char *message;
    } cases[] = {
        {32, 1, 24, 4, ANP_INVALID_MODEL, "block_size is 24, expected a power of 2"},
        {32, 1, 0, 4, ANP_INVALID_MODEL, "block_size is 0"},
        {32, 1, 32, 3, ANP_UNSUPPORTED, "bits is 3, expected 2, 4 or 8"},
        {0, 1, 32, 4, ANP_INVALID_MODEL, "K is 0"},
        {32, -1, 32, 4, ANP_INVALID_MODEL, "N is -1"},
        {64, 1, 32, 4, ANP_INVALID_MODEL, "'w' has 16 bytes, expected 32"},
        {INT32_MAX, INT32_MAX, 32, 8, ANP_INVALID_MODEL, "bytes"},
    };
    const uint8_t bytes[16] = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ms_node_t t = begin("MatMulNBits", "x w x", "y");
        const msg_t w = tensor_raw("w", ANP_DTYPE_U8, "1 1 16", bytes, sizeof bytes);
        add_input(&t.graph, "x", ANP_DTYPE_F32, "1 32");
        add_initializer(&t.graph, &w);
        with(&t, attr_int("K", cases[i].k));
        with(&t, attr_int("N", cases[i].n));
        with(&t, attr_int("bits", cases[i].bits));
        with(&t, attr_int("block_size", cases[i].block));
        is_refused(&t, cases[i].status, cases[i].message);
    }
    ms_node_t t = begin("MatMulNBits", "x w x", "y");
    add_input(&t.graph, "x", ANP_DTYPE_F32, "1 32");
    add_input(&t.graph, "w", ANP_DTYPE_U8, "1 1 16");
    with(&t, attr_int("K", 32));
    with(&t, attr_int("N", 1));
    with(&t, attr_int("block_size", 32));
    is_refused(&t, ANP_UNSUPPORTED, "'w' is not constant");
}

static void rows_of_a_packed_table_are_gathered_as_bytes(void **state) {
    (void)state;
    const uint8_t bytes[32] = {0};
    const float scales[] = {0.5f, 0.25f};
    const msg_t w = tensor_raw("w", ANP_DTYPE_U8, "2 16", bytes, sizeof bytes),
                s = tensor_f32s("s", "2 1", 2, scales);
    ms_node_t t = begin("GatherBlockQuantized", "w i s", "y");
    add_input(&t.graph, "i", ANP_DTYPE_I64, "N");
    add_initializer(&t.graph, &w);
    add_initializer(&t.graph, &s);
    with(&t, attr_int("block_size", 32));
    becomes(&t, "Gather: u8[N, 16] = Gather(w, i) {axis=0}");
    static const int64_t wrong[][2] = {{0, 32}, {5, 32}, {INT64_MIN, 32}, {4, 0}, {4, -16}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        t = begin("GatherBlockQuantized", "w i s", "y");
        add_input(&t.graph, "i", ANP_DTYPE_I64, "N");
        add_initializer(&t.graph, &w);
        add_initializer(&t.graph, &s);
        with(&t, attr_int("bits", wrong[i][0]));
        with(&t, attr_int("block_size", wrong[i][1]));
        is_refused(&t, wrong[i][1] == 32 ? ANP_UNSUPPORTED : ANP_INVALID_MODEL, "expected");
    }
}

static ms_node_t attention(const char *inputs) {
    ms_node_t t = begin("Attention", inputs, "y");
    add_input(&t.graph, "x", ANP_DTYPE_F32, "2 3 6");
    add_input(&t.graph, "w", ANP_DTYPE_F32, "6 24");
    add_input(&t.graph, "m", ANP_DTYPE_I32, "8");
    with(&t, attr_int("num_heads", 2));
    return t;
}

static void attention_of_packed_weights_is_attention(void **state) {
    (void)state;
    ms_node_t t = attention("x w");
    with(&t, attr_int("unidirectional", 1));
    becomes(&t, "MatMul: f32[2, 3, 24] = MatMul(x, w)\n"
                "Split: f32[2, 3, 8], Split_1: f32[2, 3, 8], Split_2: f32[2, 3, 8] = "
                "Split(MatMul) {axis=2, num_outputs=3}");
}

static void what_attention_does_not_have_here_is_said(void **state) {
    (void)state;
    ms_node_t t = attention("x w");
    with(&t, attr_int("do_rotary", 1));
    is_refused(&t, ANP_UNSUPPORTED, "do_rotary is 1: rotation inside of Attention is not read");
    t = attention("x w");
    with(&t, attr_int("past_present_share_buffer", 1));
    is_refused(&t, ANP_UNSUPPORTED, "caches that past and present share");
    t = attention("x w - m");
    is_refused(&t, ANP_UNSUPPORTED, "the mask has 8 lengths for a batch of 2");
    t = attention("x w - q");
    add_input(&t.graph, "q", ANP_DTYPE_I32, "2 1 3 3");
    is_refused(&t, ANP_UNSUPPORTED, "a mask of rank 4 is not read");
    t = attention("x w");
    with(&t, attr_ints("qkv_hidden_sizes", 2, (const int64_t[]){8, 8}));
    is_refused(&t, ANP_INVALID_MODEL, "qkv_hidden_sizes has 2 values, expected 3");
    t = attention("x");
    is_refused(&t, ANP_INVALID_MODEL, "input 1 is missing");
    t = attention("x w");
    with(&t, attr_text("mask_filter_value", "much"));
    with(&t, attr_text("scale", "much"));
    is_refused(&t, ANP_INVALID_MODEL, "attribute 'scale' is not a number");
}

static void bad_heads_of_grouped_queries_are_refused(void **state) {
    (void)state;
    static const int64_t heads[][2] = {{0, 1}, {2, 0}, {1, 2}, {-3, -3}, {INT64_MAX, 1}};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        ms_node_t t = begin("GroupQueryAttention", "x - - - - l n", "y");
        add_input(&t.graph, "x", ANP_DTYPE_F32, "1 2 32");
        add_input(&t.graph, "l", ANP_DTYPE_I32, "1");
        add_input(&t.graph, "n", ANP_DTYPE_I32, "");
        with(&t, attr_int("num_heads", heads[i][0]));
        with(&t, attr_int("kv_num_heads", heads[i][1]));
        is_refused(&t, ANP_INVALID_MODEL, "query heads");
    }
    ms_node_t t = begin("GroupQueryAttention", "x - - p - l n", "y");
    add_input(&t.graph, "x", ANP_DTYPE_F32, "1 2 32");
    add_input(&t.graph, "p", ANP_DTYPE_F32, "1 1 4 8");
    add_input(&t.graph, "l", ANP_DTYPE_I32, "1");
    add_input(&t.graph, "n", ANP_DTYPE_I32, "");
    with(&t, attr_int("num_heads", 2));
    with(&t, attr_int("kv_num_heads", 1));
    is_refused(&t, ANP_INVALID_MODEL, "past_key and past_value go together");
}

static void unknown_operators_are_named_with_their_domain(void **state) {
    (void)state;
    ms_node_t t = begin("MurmurHash3", "x", "y");
    add_input(&t.graph, "x", ANP_DTYPE_F32, "2");
    is_refused(&t, ANP_UNSUPPORTED, "operator MurmurHash3 of domain 'com.microsoft'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_standard_operators_become_them),
        cmocka_unit_test(fused_convolutions_come_apart),
        cmocka_unit_test(batch_axes_are_transposed_in_front),
        cmocka_unit_test(sums_before_a_normalisation_are_outputs_too),
        cmocka_unit_test(four_bit_weights_are_read_where_they_lie),
        cmocka_unit_test(weights_that_do_not_fit_are_refused),
        cmocka_unit_test(rows_of_a_packed_table_are_gathered_as_bytes),
        cmocka_unit_test(attention_of_packed_weights_is_attention),
        cmocka_unit_test(what_attention_does_not_have_here_is_said),
        cmocka_unit_test(bad_heads_of_grouped_queries_are_refused),
        cmocka_unit_test(unknown_operators_are_named_with_their_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
