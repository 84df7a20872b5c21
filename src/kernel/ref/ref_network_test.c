/* SPDX-License-Identifier: Apache-2.0 */
/* References of normalisation, softmax, recurrence, attention, resizing, Einsum and quantised
 * operators: known answers and hostile inputs. */
#include "kernel/ref/ref_fixture.h"

static void softmax_works_along_any_axis(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 2", "1000 1000");
    kx_assert_gives(&kx, "Softmax", "f32[1, 2] 0.5 0.5");
    fx_attr_int(&kx.fx, "axis", 0);
    kx_in(&kx, F32, "2, 2", "0 0 0 1.0986123");
    kx_assert_gives(&kx, "Softmax", "f32[2, 2] 0.5 0.25 0.5 0.75");
    kx_in(&kx, F32, "2", "0 0");
    kx_assert_gives(&kx, "LogSoftmax", "f32[2] -0.693147 -0.693147");
    kx_in(&kx, F16, "3", "1 7 7"); /* the first of equals */
    kx_assert_gives(&kx, "Hardmax", "f16[3] 0 1 0");
    fx_attr_int(&kx.fx, "axis", 2);
    kx_in(&kx, F32, "2", "0 0");
    kx_assert_fails(&kx, "Softmax", ANP_INVALID_MODEL, "axis 2");
    kx_end(&kx);
}

static void normalisations_centre_and_scale(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_float(&kx.fx, "epsilon", 0);
    kx_in(&kx, F32, "2, 2", "1 3 -5 5");
    kx_in(&kx, F32, "2", "2 1");
    kx_in(&kx, F32, "2", "0 10");
    assert_int_equal(kx_run(&kx, "LayerNormalization", 3), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[2, 2] -2 11 -2 11");
    assert_string_equal(kx_text(&kx, 1), "f32[2, 1] 2 0");
    assert_string_equal(kx_text(&kx, 2), "f32[2, 1] 1 0.2");
    kx_next(&kx);
    fx_attr_float(&kx.fx, "epsilon", 0);
    kx_in(&kx, F32, "1, 2", "3 4");
    kx_in(&kx, F32, "1", "5");
    kx_assert_gives(&kx, "RMSNormalization", "f32[1, 2] 4.24264 5.65685");
    fx_attr_float(&kx.fx, "epsilon", 0);
    kx_in(&kx, F32, "1, 2, 2", "1 3 10 30");
    kx_in(&kx, F32, "2", "1 2");
    kx_in(&kx, F32, "2", "0 1");
    kx_assert_gives(&kx, "InstanceNormalization", "f32[1, 2, 2] -1 1 -1 3");
    fx_attr_float(&kx.fx, "epsilon", 0);
    fx_attr_int(&kx.fx, "num_groups", 3);
    kx_in(&kx, F32, "1, 2, 2", "1 3 10 30");
    kx_in(&kx, F32, "2", "1 2");
    kx_in(&kx, F32, "2", "0 1");
    kx_assert_fails(&kx, "GroupNormalization", ANP_INVALID_MODEL,
                    "2 channels do not divide into 3 groups");
    kx_in(&kx, F32, "1, 2, 2", "1 3 10 30");
    kx_in(&kx, F32, "3", "1 2 3");
    kx_in(&kx, F32, "2", "0 1");
    kx_assert_fails(&kx, "InstanceNormalization", ANP_INVALID_MODEL,
                    "the scale has 3 elements, expected 2");
    kx_in(&kx, F32, "2, 2", "0 0 -3 4"); /* nothing to divide by */
    kx_assert_gives(&kx, "LpNormalization", "f32[2, 2] 0 0 -0.6 0.8");
    kx_end(&kx);
}

static void batch_norm_trains_when_asked(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_int(&kx.fx, "training_mode", 1);
    fx_attr_float(&kx.fx, "epsilon", 0);
    kx_in(&kx, F32, "2, 1, 2", "1 3 1 3");
    kx_in(&kx, F32, "1", "1");
    kx_in(&kx, F32, "1", "0");
    kx_in(&kx, F32, "1", "12");
    kx_in(&kx, F32, "1", "11");
    assert_int_equal(kx_run(&kx, "BatchNormalization", 3), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[2, 1, 2] -1 1 -1 1");
    assert_string_equal(kx_text(&kx, 1), "f32[1] 11");
    assert_string_equal(kx_text(&kx, 2), "f32[1] 10");
    kx_end(&kx);
}

/* The expected numbers of the three tests below agree with ONNX Runtime's to its last f32 digit. */
static void lstm_runs_backwards_over_sequences_of_their_own_length(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_str(&kx.fx, "direction", "reverse");
    fx_attr_int(&kx.fx, "hidden_size", 2);
    kx_in(&kx, F32, "3, 2, 2", "1 -1 0.5");
    kx_in(&kx, F32, "1, 8, 2", "0.1 -0.2 0.3");
    kx_in(&kx, F32, "1, 8, 2", "0.2 0.1 -0.1 0.3");
    kx_in(&kx, F32, "1, 16", "0.05 -0.05 0.1");
    kx_in(&kx, I32, "2", "3 1");
    kx_in(&kx, F32, "1, 2, 2", "0.5 -0.5");
    kx_in(&kx, F32, "1, 2, 2", "0.25");
    kx_in(&kx, F32, "1, 6", "0.1 0.2");
    assert_int_equal(kx_run(&kx, "LSTM", 3), ANP_OK);
    assert_string_equal(
        kx_text(&kx, 0),
        "f32[3, 1, 2, 2] 0.115595 0.0623774 0.0980192 0.0715276 0.0394723 -0.00441411 0 0 "
        "0.0980192 0.0715276 0 0");
    assert_string_equal(kx_text(&kx, 1), "f32[1, 2, 2] 0.115595 0.0623774 0.0980192 0.0715276");
    assert_string_equal(kx_text(&kx, 2), "f32[1, 2, 2] 0.298828 0.101906 0.171051 0.157472");
    ((int32_t *)kx.in[4].data)[1] = 4;
    kx_assert_fails(&kx, "LSTM", ANP_OUT_OF_RANGE, "sequence_lens[1] is 4, expected 0 to 3");
    kx_end(&kx);
}

/* One unit, W = R = 1 by integers: gates are of x alone, as h is 0. */
static void quantised_lstm(kx_t *kx, const char *x, const char *scales) {
    kx_in(kx, F32, x, "1 0.5");
    kx_in(kx, I8, "1, 1, 4", "10");
    kx_in(kx, I8, "1, 1, 4", "10");
    for (int i = 0; i < 5; i++) kx_absent(kx);
    kx_in(kx, F32, scales, "0.1");
    kx_in(kx, I8, scales, "0");
    kx_in(kx, F32, "1", "0.1");
    kx_in(kx, I8, "1", "0");
}

static void a_quantised_sequence_is_quantised_on_its_own(void **state) {
    (void)state;
    kx_t kx;
    char first[KX_TEXT];
    kx_begin(&kx);
    quantised_lstm(&kx, "1, 1, 1", "1");
    assert_int_equal(kx_run(&kx, "com.microsoft.DynamicQuantizeLSTM", 3), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[1, 1, 1, 1] 0.369606"); /* as an LSTM of floats */
    snprintf(first, sizeof first, "%s", strrchr(kx_text(&kx, 0), ' '));
    kx_next(&kx);
    quantised_lstm(&kx, "1, 2, 1", "1, 4"); /* 0.5 is none of 255 steps to 1 */
    assert_int_equal(kx_run(&kx, "com.microsoft.DynamicQuantizeLSTM", 3), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[1, 1, 2, 1] 0.369606 0.17427");
    assert_non_null(strstr(kx_text(&kx, 0), first));
    kx_next(&kx);
    quantised_lstm(&kx, "1, 1, 1", "1, 3");
    kx_assert_fails(&kx, "com.microsoft.DynamicQuantizeLSTM", ANP_INVALID_MODEL,
                    "W has 3 scales and 3 zero points");
    kx_end(&kx);
}

static void gru_runs_both_ways(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_str(&kx.fx, "direction", "bidirectional");
    fx_attr_int(&kx.fx, "linear_before_reset", 1);
    kx_in(&kx, F32, "2, 1, 2", "1 -1 0.5");
    kx_in(&kx, F32, "2, 6, 2", "0.1 -0.2 0.3");
    kx_in(&kx, F32, "2, 6, 2", "0.2 0.1 -0.1 0.3");
    kx_in(&kx, F32, "2, 12", "0.05 -0.05 0.1");
    assert_int_equal(kx_run(&kx, "GRU", 2), ANP_OK);
    assert_string_equal(
        kx_text(&kx, 0),
        "f32[2, 2, 1, 2] 0.0513743 -0.155614 0.108065 -0.0596169 0.109981 0.0667694 "
        "0.0863275 0.155084");
    assert_string_equal(kx_text(&kx, 1), "f32[2, 1, 2] 0.109981 0.0667694 0.108065 -0.0596169");
    kx_end(&kx);
}

static void rnn_takes_other_activations_and_clips(void **state) {
    (void)state;
    static const anp_string_t names[] = {{"LeakyRelu", 9}}, unknown[] = {{"Cosine", 6}};
    static const float alpha[] = {0.5f};
    kx_t kx;
    kx_begin(&kx);
    fx_attr_float(&kx.fx, "clip", 0.25f);
    kx.fx.attrs[kx.fx.n_attrs++] = (anp_attr_t){
        .name = "activation_alpha", .kind = ANP_ATTR_FLOATS, .count = 1, .v.floats = alpha};
    anp_attr_t *const list = &kx.fx.attrs[kx.fx.n_attrs++];
    *list = (anp_attr_t){
        .name = "activations", .kind = ANP_ATTR_STRINGS, .count = 1, .v.strings = names};
    kx_in(&kx, F32, "2, 1, 2", "1 -1 0.5");
    kx_in(&kx, F32, "1, 2, 2", "0.1 -0.2 0.3");
    kx_in(&kx, F32, "1, 2, 2", "0.2 0.1 -0.1 0.3");
    assert_int_equal(kx_run(&kx, "RNN", 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[2, 1, 1, 2] 0.25 0.2 -0.04 0.25");
    list->v.strings = unknown;
    assert_int_equal(kx_run(&kx, "RNN", 2), ANP_UNSUPPORTED);
    anp_test_expect_message("'Cosine'");
    list->count = 0;
    kx_assert_fails(&kx, "RNN", ANP_INVALID_MODEL, "activations has 0 values, expected 1");
    kx_end(&kx);
}

static void rnn_compares_with_thresholds_and_takes_its_default_list(void **state) {
    (void)state;
    static const anp_string_t names[] = {{"ThresholdedRelu", 15}, {"Tanh", 4}};
    static const float alpha[] = {2};
    kx_t kx;
    kx_begin(&kx);
    kx.fx.attrs[kx.fx.n_attrs++] = (anp_attr_t){
        .name = "activations", .kind = ANP_ATTR_STRINGS, .count = 2, .v.strings = names};
    kx.fx.attrs[kx.fx.n_attrs++] = (anp_attr_t){
        .name = "activation_alpha", .kind = ANP_ATTR_FLOATS, .count = 1, .v.floats = alpha};
    kx_in(&kx, F32, "1, 3, 1", "1.5 2 3");
    kx_in(&kx, F32, "1, 1, 1", "1");
    kx_in(&kx, F32, "1, 1, 1", "0");
    kx_assert_gives(&kx, "RNN", "f32[1, 1, 3, 1] 0 2 3"); /* forward: the first of two */
    kx_end(&kx);
}

static void attention_that_contradicts_itself_is_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    for (int i = 0; i < 3; i++) kx_in(&kx, F32, "1, 1, 1, 1", "1");
    fx_attr_float(&kx.fx, "softcap", -1);
    kx_assert_fails(&kx, "Attention", ANP_INVALID_MODEL, "softcap -1, expected numbers");
    for (int i = 0; i < 3; i++) kx_in(&kx, F32, "1, 1, 1, 1", "1");
    fx_attr_int(&kx.fx, "softmax_precision", I64);
    kx_assert_fails(&kx, "Attention", ANP_INVALID_MODEL, "'softmax_precision' is 7");
    for (int i = 0; i < 3; i++) kx_in(&kx, F32, "1, 1, 1, 1", "1");
    kx_absent(&kx);
    for (int i = 0; i < 2; i++) kx_in(&kx, F32, "1, 1, 1, 1", "1");
    kx_in(&kx, I64, "1", "1");
    kx_assert_fails(&kx, "Attention", ANP_INVALID_MODEL, "for caches kept outside");
    kx_end(&kx);
}

static void attention_shares_key_heads_and_masks_the_future(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_int(&kx.fx, "is_causal", 1);
    kx_in(&kx, F32, "1, 2, 2, 1", "0"); /* equal scores */
    kx_in(&kx, F32, "1, 1, 2, 1", "1");
    kx_in(&kx, F32, "1, 1, 2, 1", "2 4");
    kx_assert_gives(&kx, "Attention", "f32[1, 2, 2, 1] 2 3 2 3");
    kx_in(&kx, F32, "1, 1, 1, 1", "0");
    kx_in(&kx, F32, "1, 1, 2, 1", "1");
    kx_in(&kx, F32, "1, 1, 2, 1", "2 4");
    kx_in(&kx, BOOL, "2", "0 1");
    kx_assert_gives(&kx, "Attention", "f32[1, 1, 1, 1] 4");
    kx_in(&kx, F32, "1, 1, 1, 1", "0");
    kx_in(&kx, F32, "1, 1, 1, 1", "1");
    kx_in(&kx, F32, "1, 1, 1, 1", "6");
    kx_absent(&kx);
    kx_in(&kx, F32, "1, 1, 1, 1", "1");
    kx_in(&kx, F32, "1, 1, 1, 1", "2");
    assert_int_equal(kx_run(&kx, "Attention", 3), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[1, 1, 1, 1] 4");
    assert_string_equal(kx_text(&kx, 2), "f32[1, 1, 2, 1] 2 6");
    kx_end(&kx);
}

static void attention_does_not_look_beyond_the_valid_keys(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 1, 1, 1", "0");
    kx_in(&kx, F32, "1, 1, 3, 1", "1");
    kx_in(&kx, F32, "1, 1, 3, 1", "2 4 nan"); /* the rest of a cache may hold anything */
    for (int i = 0; i < 3; i++) kx_absent(&kx);
    anp_tensor_t *len = kx_in(&kx, I64, "1", "2");
    assert_int_equal(kx_run(&kx, "Attention", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[1, 1, 1, 1] 3");
    *(int64_t *)len->data = 4;
    kx_assert_fails(&kx, "Attention", ANP_OUT_OF_RANGE,
                    "nonpad_kv_seqlen[0] is 4, expected 0 to 3");
    kx_end(&kx);
}

static void rotation_turns_pairs_by_position(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 1, 2, 4", "1 2 3 4");
    kx_in(&kx, F32, "3, 2", "1 1 0 0 -1 -1");
    kx_in(&kx, F32, "3, 2", "0 0 1 1 0 0");
    anp_tensor_t *position = kx_in(&kx, I64, "1, 2", "1 2");
    assert_int_equal(kx_run(&kx, "RotaryEmbedding", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[1, 1, 2, 4] -3 -4 1 2 -1 -2 -3 -4");
    fx_attr_int(&kx.fx, "interleaved", 1);
    assert_int_equal(kx_run(&kx, "RotaryEmbedding", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[1, 1, 2, 4] -2 1 -4 3 -1 -2 -3 -4");
    *(int64_t *)position->data = 3;
    kx_assert_fails(&kx, "RotaryEmbedding", ANP_OUT_OF_RANGE,
                    "position 3 is outside the caches of 3 rows");
    kx_end(&kx);
}

static void tokens_are_written_into_the_cache(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, I4, "2, 3, 1", "1 2 3 4 5 6");
    kx_in(&kx, I4, "2, 2, 1", "-1 -2 -3 -4");
    anp_tensor_t *at = kx_in(&kx, I64, "2", "0 1");
    assert_int_equal(kx_run(&kx, "TensorScatter", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "i4[2, 3, 1] -1 -2 3 4 -3 -4");
    ((int64_t *)at->data)[1] = 2;
    assert_int_equal(kx_run(&kx, "TensorScatter", 1), ANP_OUT_OF_RANGE);
    anp_test_expect_message("write_indices[1] is 2");
    fx_attr_str(&kx.fx, "mode", "circular");
    kx_assert_gives(&kx, "TensorScatter", "i4[2, 3, 1] -1 -2 3 -4 5 -3");
    kx_in(&kx, F32, "2, 3, 1", "0");
    kx_in(&kx, F32, "2, 4, 1", "0");
    kx_assert_fails(&kx, "TensorScatter", ANP_INVALID_MODEL,
                    "update f32[2, 4, 1] does not fit into cache f32[2, 3, 1]");
    kx_end(&kx);
}

static void a_cache_may_be_updated_in_place(void **state) {
    (void)state;
    float cache[] = {1, 2, 3}, token[] = {9};
    int64_t where[] = {2};
    anp_tensor_t past, update, at, present;
    anp_tensor_init(&past, F32, 2, (const int64_t[]){1, 3}, cache);
    anp_tensor_init(&update, F32, 2, (const int64_t[]){1, 1}, token);
    anp_tensor_init(&at, I64, 1, (const int64_t[]){1}, where);
    present = past;
    const anp_tensor_t *in[] = {&past, &update, &at};
    anp_tensor_t *out[] = {&present};
    const anp_attr_t axis = {.name = "axis", .kind = ANP_ATTR_INT, .v.i = -1};
    const anp_attrs_t attrs = {&axis, 1};
    anp_kernel_t k = {.op = anp_op_row(ANP_OP_TensorScatter),
                      .node_name = "n",
                      .attrs = &attrs,
                      .in = in,
                      .n_in = 3,
                      .out = out,
                      .n_out = 1};
    assert_int_equal(anp_ref_tensor_scatter(&k), ANP_OK);
    assert_true(cache[0] == 1 && cache[1] == 2 && cache[2] == 9);
}

static void resize_knows_its_modes(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, STRING, "2", "a b"); /* nearest copies elements of any type */
    kx_absent(&kx);
    kx_in(&kx, F32, "1", "2");
    kx_assert_gives(&kx, "Resize", "string[4] 'a' 'a' 'b' 'b'");
    fx_attr_str(&kx.fx, "mode", "linear");
    fx_attr_str(&kx.fx, "coordinate_transformation_mode", "align_corners");
    kx_in(&kx, F32, "1, 2", "0 6");
    kx_absent(&kx);
    kx_absent(&kx);
    kx_in(&kx, I64, "2", "1 4");
    kx_assert_gives(&kx, "Resize", "f32[1, 4] 0 2 4 6");
    fx_attr_str(&kx.fx, "mode", "linear");
    fx_attr_int(&kx.fx, "antialias", 1);
    kx_in(&kx, U8, "4", "0 100 200 255");
    kx_absent(&kx);
    kx_in(&kx, F32, "1", "0.5");
    kx_assert_gives(&kx, "Resize",
                    "u8[2] 62 215"); /* weights 1 3 3 1 of 8; 62.5 is rounded to even */
    fx_attr_str(&kx.fx, "mode", "bicubic");
    kx_in(&kx, F32, "2", "0 1");
    kx_absent(&kx);
    kx_in(&kx, F32, "1", "2");
    kx_assert_fails(&kx, "Resize", ANP_INVALID_MODEL, "mode is 'bicubic'");
    fx_attr_str(&kx.fx, "mode", "linear");
    kx_in(&kx, STRING, "2", "a b");
    kx_absent(&kx);
    kx_in(&kx, F32, "1", "2");
    kx_assert_fails(&kx, "Resize", ANP_UNSUPPORTED, "strings cannot be interpolated");
    kx_end(&kx);
}

static void einsum_contracts_and_walks_diagonals(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_str(&kx.fx, "equation", "ij,jk->ki");
    kx_in(&kx, F32, "2, 2", "1 2 3 4");
    kx_in(&kx, F32, "2, 1", "1 10");
    kx_assert_gives(&kx, "Einsum", "f32[1, 2] 21 43");
    fx_attr_str(&kx.fx, "equation", "...ii->...");
    kx_in(&kx, I64, "2, 2, 2", "1 2 3 4 5 6 7 9223372036854775807");
    kx_assert_gives(&kx, "Einsum", "i64[2] 5 -9223372036854775804"); /* modulo 2^64 */
    fx_attr_str(&kx.fx, "equation", "a,b,c->abc");
    kx_in(&kx, F32, "2", "1 2");
    kx_in(&kx, F32, "1", "3");
    kx_in(&kx, F32, "2", "5 7");
    kx_assert_gives(&kx, "Einsum", "f32[2, 1, 2] 15 21 30 42");
    kx_end(&kx);
}

static void quantised_elementwise_operators_work_on_real_values(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, U8, "2, 2", "10 20 30 40");
    kx_in(&kx, F32, "", "0.5");
    kx_in(&kx, U8, "", "10");
    kx_in(&kx, U8, "2", "1 2");
    kx_in(&kx, F32, "", "1");
    kx_in(&kx, U8, "", "0");
    kx_in(&kx, F32, "", "2");
    kx_in(&kx, U8, "", "100");
    kx_assert_gives(&kx, "com.microsoft.QLinearAdd",
                    "u8[2, 2] 100 104 106 108"); /* 0.5 is rounded to even */
    kx_in(&kx, I8, "2", "-4 4");
    kx_in(&kx, F32, "", "1");
    kx_absent(&kx);
    kx_in(&kx, F32, "", "0.5");
    kx_absent(&kx);
    fx_attr_float(&kx.fx, "alpha", 0.25f);
    kx_assert_gives(&kx, "com.microsoft.QLinearLeakyRelu", "i8[2] -2 8");
    fx_attr_int(&kx.fx, "opset", 12);
    fx_attr_int(&kx.fx, "axis", 0);
    kx_in(&kx, U8, "2, 2", "7");
    kx_in(&kx, F32, "", "1");
    kx_in(&kx, U8, "", "0");
    kx_in(&kx, F32, "", "0.0625");
    kx_in(&kx, U8, "", "0");
    kx_assert_gives(&kx, "com.microsoft.QLinearSoftmax",
                    "u8[2, 2] 4 4 4 4"); /* over all axes, before operator set 13 */
    kx_in(&kx, F32, "", "1");
    kx_in(&kx, U8, "", "1");
    kx_in(&kx, U8, "2, 1", "1 2");
    kx_in(&kx, F32, "", "2");
    kx_in(&kx, U8, "", "0");
    fx_attr_int(&kx.fx, "axis", 1);
    kx_assert_gives(&kx, "com.microsoft.QLinearConcat", "u8[2, 1] 3 5");
    kx_end(&kx);
}

static void inverses_pivot_and_refuse_what_has_none(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2, 2, 2", "0 2 4 0 1 2 3 4");
    assert_int_equal(kx_run(&kx, "com.microsoft.Inverse", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "f32[2, 2, 2] 0 0.25 0.5 0 -2 1 1.5 -0.5");
    kx_next(&kx);
    kx_in(&kx, F64, "2, 2, 2", "1 0 0 1 1 2 2 4");
    kx_assert_fails(&kx, "com.microsoft.Inverse", ANP_OUT_OF_RANGE, "matrix 1 has no inverse");
    kx_next(&kx);
    kx_in(&kx, F32, "2, 3", "1");
    kx_assert_fails(&kx, "com.microsoft.Inverse", ANP_INVALID_MODEL, "the matrix");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_works_along_any_axis),
        cmocka_unit_test(normalisations_centre_and_scale),
        cmocka_unit_test(batch_norm_trains_when_asked),
        cmocka_unit_test(lstm_runs_backwards_over_sequences_of_their_own_length),
        cmocka_unit_test(a_quantised_sequence_is_quantised_on_its_own),
        cmocka_unit_test(gru_runs_both_ways),
        cmocka_unit_test(rnn_takes_other_activations_and_clips),
        cmocka_unit_test(rnn_compares_with_thresholds_and_takes_its_default_list),
        cmocka_unit_test(attention_that_contradicts_itself_is_refused),
        cmocka_unit_test(attention_shares_key_heads_and_masks_the_future),
        cmocka_unit_test(attention_does_not_look_beyond_the_valid_keys),
        cmocka_unit_test(rotation_turns_pairs_by_position),
        cmocka_unit_test(tokens_are_written_into_the_cache),
        cmocka_unit_test(a_cache_may_be_updated_in_place),
        cmocka_unit_test(resize_knows_its_modes),
        cmocka_unit_test(einsum_contracts_and_walks_diagonals),
        cmocka_unit_test(quantised_elementwise_operators_work_on_real_values),
        cmocka_unit_test(inverses_pivot_and_refuse_what_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
