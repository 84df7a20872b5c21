/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of matrix products, recurrence, attention, resizing, Einsum and quantised operators:
 * symbols, unknown ranks, contradictions. */
#include "op/shape/shape_fixture.h"

#define F32 ANP_DTYPE_F32

#define EXPECT(fx, op, n_out, text)                                                       \
    do {                                                                                  \
        if (fx_infer((fx), (op), (n_out)) != ANP_OK) fail_msg("%s", anp_error_message()); \
        assert_string_equal(fx_dims((fx), 0), (text));                                    \
    } while (0)

static void inputs(fx_t *fx, anp_dtype_t dtype, const char *a, const char *b) {
    fx_next(fx);
    fx_tensor(fx, dtype, a);
    if (b) fx_tensor(fx, dtype, b);
}

static void matmul_broadcasts_batches_and_drops_vectors(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    inputs(&fx, F32, "B, 12, S, 64", "12, 64, T");
    EXPECT(&fx, "MatMul", 1, "[B, 12, S, T]");
    inputs(&fx, F32, "64", "B, 64, 10");
    EXPECT(&fx, "MatMul", 1, "[B, 10]");
    inputs(&fx, F32, "B, 64", "64");
    EXPECT(&fx, "MatMul", 1, "[B]");
    inputs(&fx, F32, "64", "64");
    EXPECT(&fx, "MatMul", 1, "[]");
    inputs(&fx, F32, "?", "64, 10");
    EXPECT(&fx, "MatMul", 1, "?");
    inputs(&fx, F32, "B, 64", "63, 10");
    fx_assert_fails(&fx, "MatMul", 1, ANP_INVALID_MODEL, "64 and 63");
    inputs(&fx, F32, "", "64");
    fx_assert_fails(&fx, "MatMul", 1, ANP_INVALID_MODEL, "rank 0");
    inputs(&fx, F32, "2, 4, 8", "3, 8, 4");
    fx_assert_fails(&fx, "MatMul", 1, ANP_INVALID_MODEL, "broadcast");
    fx_end(&fx);
}

static void gemm_reads_its_transposes(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    inputs(&fx, F32, "K, M", "N, K");
    fx_attr_int(&fx, "transA", 1);
    fx_attr_int(&fx, "transB", 1);
    fx_tensor(&fx, F32, "N");
    EXPECT(&fx, "Gemm", 1, "[M, N]");
    inputs(&fx, F32, "4, 8", "8, 3");
    fx_tensor(&fx, F32, "5, 3");
    fx_assert_fails(&fx, "Gemm", 1, ANP_INVALID_MODEL, "4 and 5");
    inputs(&fx, F32, "4, 8", "7, 3");
    fx_assert_fails(&fx, "Gemm", 1, ANP_INVALID_MODEL, "8 and 7");
    inputs(&fx, F32, "4, 8, 1", "8, 3");
    fx_assert_fails(&fx, "Gemm", 1, ANP_INVALID_MODEL, "rank 3");
    fx_end(&fx);
}

static void norm_outputs_of_training_need_training(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    inputs(&fx, F32, "N, 8, H, W", NULL);
    for (int i = 0; i < 4; i++) fx_tensor(&fx, F32, "8");
    EXPECT(&fx, "BatchNormalization", 1, "[N, 8, H, W]");
    fx_assert_fails(&fx, "BatchNormalization", 3, ANP_INVALID_MODEL, "training_mode 1");
    fx.in[4].shape.dims[0] = 7;
    fx_assert_fails(&fx, "BatchNormalization", 1, ANP_INVALID_MODEL, "7 and 8");
    fx_end(&fx);
}

static void layer_norm_keeps_one_mean_per_run(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    inputs(&fx, F32, "N, S, 768", "768");
    assert_int_equal(fx_infer(&fx, "LayerNormalization", 3), ANP_OK);
    assert_string_equal(fx_dims(&fx, 1), "[N, S, 1]");
    assert_int_equal(fx.out[2].shape.dtype, F32);
    fx_attr_int(&fx, "axis", 3);
    fx_assert_fails(&fx, "LayerNormalization", 1, ANP_INVALID_MODEL, "axis 3");
    fx_end(&fx);
}

static void rnn_in(fx_t *fx, const char *x, const char *w, const char *r) {
    fx_next(fx);
    fx_tensor(fx, F32, x);
    fx_tensor(fx, F32, w);
    fx_tensor(fx, F32, r);
}

static void recurrent_outputs_have_directions_and_layout(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    rnn_in(&fx, "S, B, 16", "2, 32, 16", "2, 32, 8");
    fx_attr_str(&fx, "direction", "bidirectional");
    fx_attr_int(&fx, "hidden_size", 8);
    EXPECT(&fx, "LSTM", 3, "[S, 2, B, 8]");
    assert_string_equal(fx_dims(&fx, 2), "[2, B, 8]");
    rnn_in(&fx, "S, B, 16", "1, 16, 32", "1, 8, 32");
    EXPECT(&fx, "com.microsoft.DynamicQuantizeLSTM", 3, "[S, 1, B, 8]");
    rnn_in(&fx, "B, S, 16", "1, 24, 16", "1, 24, 8");
    fx_attr_int(&fx, "layout", 1);
    EXPECT(&fx, "GRU", 2, "[B, S, 1, 8]");
    assert_string_equal(fx_dims(&fx, 1), "[B, 1, 8]");
    fx_end(&fx);
}

static void recurrent_weights_that_do_not_fit_are_refused(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    rnn_in(&fx, "S, B, 16", "1, 31, 16", "1, 32, 8");
    fx_assert_fails(&fx, "LSTM", 1, ANP_INVALID_MODEL, "W has sizes 31 and 32");
    rnn_in(&fx, "S, B, 15", "1, 32, 16", "1, 32, 8");
    fx_assert_fails(&fx, "LSTM", 1, ANP_INVALID_MODEL, "W has sizes 16 and 15");
    rnn_in(&fx, "S, B, 16", "1, 32, 16", "1, 32, 8");
    fx_attr_str(&fx, "direction", "backward");
    fx_assert_fails(&fx, "LSTM", 1, ANP_INVALID_MODEL, "direction is 'backward'");
    rnn_in(&fx, "S, B, 16", "1, 32, 16", "1, 32, 8");
    fx_attr_int(&fx, "hidden_size", 9);
    fx_assert_fails(&fx, "LSTM", 1, ANP_INVALID_MODEL, "hidden_size");
    rnn_in(&fx, "S, 4, 16", "1, 8, 16", "1, 8, 8");
    fx_tensor(&fx, F32, "1, 16");
    fx_tensor(&fx, ANP_DTYPE_I32, "3");
    fx_assert_fails(&fx, "RNN", 1, ANP_INVALID_MODEL, "sequence_lens");
    fx_end(&fx);
}

static void attention_joins_past_and_present(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    inputs(&fx, F32, "B, 8, S, 64", "B, 2, S, 64");
    fx_tensor(&fx, F32, "B, 2, S, 32");
    fx_absent(&fx);
    fx_tensor(&fx, F32, "B, 2, P, 64");
    fx_tensor(&fx, F32, "B, 2, P, 32");
    EXPECT(&fx, "Attention", 4, "[B, 8, S, 32]");
    assert_string_equal(fx_dims(&fx, 1), "[B, 2, S + P, 64]");
    assert_string_equal(fx_dims(&fx, 3), "[B, 8, S, S + P]");
    fx.in[5].present = false;
    fx_assert_fails(&fx, "Attention", 1, ANP_INVALID_MODEL, "go together");
    fx_end(&fx);
}

static void attention_of_flat_inputs_needs_head_counts(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    inputs(&fx, F32, "B, S, 512", "B, T, 128");
    fx_tensor(&fx, F32, "B, T, 64");
    fx_assert_fails(&fx, "Attention", 1, ANP_INVALID_MODEL, "q_num_heads is 0");
    fx_attr_int(&fx, "q_num_heads", 8);
    fx_attr_int(&fx, "kv_num_heads", 2);
    EXPECT(&fx, "Attention", 1, "[B, S, 256]");
    fx.n_attrs = 0;
    fx_attr_int(&fx, "q_num_heads", 7);
    fx_attr_int(&fx, "kv_num_heads", 2);
    fx_assert_fails(&fx, "Attention", 1, ANP_INVALID_MODEL, "7 heads do not divide");
    fx_end(&fx);
}

static void resize_follows_scales_and_sizes(void **state) {
    (void)state;
    static const float scales[] = {1, 1, 2, 1.5f}, bad[] = {1, 1, -1, 1};
    anp_tensor_t t;
    fx_t fx;
    fx_begin(&fx, true);
    anp_tensor_init(&t, F32, 1, (const int64_t[]){4}, (void *)(uintptr_t)scales);
    inputs(&fx, F32, "N, 3, H, 10", NULL);
    fx_absent(&fx);
    fx_tensor(&fx, F32, "4");
    fx.in[2].data = &t;
    EXPECT(&fx, "Resize", 1, "[N, 3, H * 2, 15]");
    t.data = (void *)(uintptr_t)bad;
    fx_assert_fails(&fx, "Resize", 1, ANP_INVALID_MODEL, "scale -1");
    inputs(&fx, F32, "N, 3, H, W", NULL);
    fx_absent(&fx);
    fx_absent(&fx);
    fx_ints(&fx, "N, 3, X, 32");
    EXPECT(&fx, "Resize", 1, "[N, 3, X, 32]");
    inputs(&fx, F32, "1, 3, 10, 20", NULL);
    fx_absent(&fx);
    fx_absent(&fx);
    fx_ints(&fx, "30, 30");
    static const int64_t axes[] = {2, 3};
    fx_attr_ints(&fx, "axes", axes, 2);
    fx_attr_str(&fx, "keep_aspect_ratio_policy", "not_larger");
    EXPECT(&fx, "Resize", 1, "[1, 3, 15, 30]");
    inputs(&fx, F32, "1, 3, 10, 20", NULL);
    fx_assert_fails(&fx, "Resize", 1, ANP_INVALID_MODEL, "either scales or sizes");
    fx_end(&fx);
}

static void einsum_equations_give_shapes_or_a_sentence(void **state) {
    (void)state;
    static const struct {
        const char *equation, *a, *b, *expected; /* starts with '!': the failure */
    } cases[] = {
        {"bij,bjk->bik", "B, 2, 3", "B, 3, K", "[B, 2, K]"},
        {"bij, bjk", "B, 2, 3", "B, 3, K", "[2, K]"},
        {"...ii->...i", "N, 4, 4", NULL, "[N, 4]"},
        {"...ij,...jk->...ik", "N, 1, 2, 3", "5, 3, 4", "[N, 5, 2, 4]"},
        {"ij->", "2, 3", NULL, "[]"},
        {"bA->Ab", "2, 3", NULL, "[3, 2]"},
        {"bA", "2, 3", NULL, "[3, 2]"}, /* capitals first */
        {"ij,jk->ik", "2, 3", "4, 5", "!3 and 4"},
        {"ij->ii", "2, 3", NULL, "!new or twice"},
        {"ij->k", "2, 3", NULL, "!new or twice"},
        {"ij,jk->ik", "2, 3", NULL, "!equation cannot be read at ',jk"},
        {"ij->ij", "2, 3", "3, 4", "!1 terms for 2 operands"},
        {"ijk->i", "2, 3", NULL, "!operand 0 has rank 2, its term 3 axes"},
        {"i1->i", "2, 3", NULL, "!cannot be read at '1->i'"},
        {"i......", "2, 3", NULL, "!cannot be read"},
        {"ij>i", "2, 3", NULL, "!cannot be read"},
        {"ij-i", "2, 3", NULL, "!cannot be read"},
        {"ij->i,", "2, 3", NULL, "!cannot be read"},
    };
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        fx_t fx;
        fx_begin(&fx, true);
        inputs(&fx, F32, cases[i].a, cases[i].b);
        fx_attr_str(&fx, "equation", cases[i].equation);
        const anp_status_t st = fx_infer(&fx, "Einsum", 1);
        if (cases[i].expected[0] == '!') {
            assert_int_equal(st, ANP_INVALID_MODEL);
            anp_test_expect_message(cases[i].expected + 1);
        } else {
            assert_int_equal(st, ANP_OK);
            assert_string_equal(fx_dims(&fx, 0), cases[i].expected);
        }
        fx_end(&fx);
    }
}

static void quantised_concat_takes_threes(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, F32, "");
    fx_tensor(&fx, ANP_DTYPE_U8, "");
    for (int i = 0; i < 2; i++) {
        fx_tensor(&fx, ANP_DTYPE_U8, i ? "N, C, 4" : "N, 3, 4");
        fx_tensor(&fx, F32, "");
        fx_tensor(&fx, ANP_DTYPE_U8, "");
    }
    fx_attr_int(&fx, "axis", 1);
    EXPECT(&fx, "com.microsoft.QLinearConcat", 1, "[N, C + 3, 4]");
    fx.in[6].shape.dtype = ANP_DTYPE_U8;
    fx_assert_fails(&fx, "com.microsoft.QLinearConcat", 1, ANP_INVALID_MODEL,
                    "expected u8, f32, u8");
    fx.n_in = 7;
    fx_assert_fails(&fx, "com.microsoft.QLinearConcat", 1, ANP_INVALID_MODEL, "then threes");
    fx_end(&fx);
}

static void missing_required_inputs_are_named(void **state) {
    (void)state;
    fx_t fx;
    fx_begin(&fx, true);
    fx_tensor(&fx, F32, "2, 3");
    fx_absent(&fx);
    fx_assert_fails(&fx, "MatMul", 1, ANP_INVALID_MODEL, "input 'B' is missing");
    fx_end(&fx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matmul_broadcasts_batches_and_drops_vectors),
        cmocka_unit_test(gemm_reads_its_transposes),
        cmocka_unit_test(norm_outputs_of_training_need_training),
        cmocka_unit_test(layer_norm_keeps_one_mean_per_run),
        cmocka_unit_test(recurrent_outputs_have_directions_and_layout),
        cmocka_unit_test(recurrent_weights_that_do_not_fit_are_refused),
        cmocka_unit_test(attention_joins_past_and_present),
        cmocka_unit_test(attention_of_flat_inputs_needs_head_counts),
        cmocka_unit_test(resize_follows_scales_and_sizes),
        cmocka_unit_test(einsum_equations_give_shapes_or_a_sentence),
        cmocka_unit_test(quantised_concat_takes_threes),
        cmocka_unit_test(missing_required_inputs_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
