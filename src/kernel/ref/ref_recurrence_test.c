/* SPDX-License-Identifier: Apache-2.0 */
/* LinearAttention and CausalConvWithState: operators that carry a state from call to call. */
#include "kernel/ref/ref_fixture.h"

/* One head of size 1: the recurrence in plain numbers. */
static void tokens(kx_t *kx, const char *rule, const char *past) {
    kx_in(kx, F32, "1, 2, 1", "1 2"); /* query */
    kx_in(kx, F32, "1, 2, 1", "3 4");
    kx_in(kx, F32, "1, 2, 1", "5 6");
    if (past)
        kx_in(kx, F32, "1, 1, 1, 1", past);
    else
        kx_absent(kx);
    fx_attr_int(&kx->fx, "q_num_heads", 1);
    fx_attr_int(&kx->fx, "kv_num_heads", 1);
    fx_attr_str(&kx->fx, "update_rule", rule);
}

static void gives(kx_t *kx, const char *op, const char *out, const char *state) {
    if (kx_run(kx, op, 2) != ANP_OK) fail_msg("%s", anp_error_message());
    assert_string_equal(kx_text(kx, 0), out);
    assert_string_equal(kx_text(kx, 1), state);
    kx_next(kx);
}

static void every_rule_updates_its_state(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    tokens(&kx, "linear", NULL); /* 15, then 15 + 24 */
    gives(&kx, "LinearAttention", "f32[1, 2, 1] 15 78", "f32[1, 1, 1, 1] 39");
    tokens(&kx, "gated", "8"); /* 8 / 2 + 15, then 19 + 24 */
    kx_in(&kx, F32, "1, 2, 1", "-0.69314718056 0");
    gives(&kx, "LinearAttention", "f32[1, 2, 1] 19 86", "f32[1, 1, 1, 1] 43");
    tokens(&kx, "delta", "1"); /* 1 + 3 (5 - 3) / 2, then 4 + 4 (6 - 16) / 4 */
    kx_absent(&kx);
    kx_in(&kx, F32, "1, 2, 1", "0.5 0.25");
    gives(&kx, "LinearAttention", "f32[1, 2, 1] 4 -12", "f32[1, 1, 1, 1] -6");
    tokens(&kx, "gated_delta", "2");
    kx_in(&kx, F32, "1, 2, 1", "-0.69314718056 0");
    kx_in(&kx, F32, "1, 2, 1", "0.5 0.25");
    fx_attr_float(&kx.fx, "scale", 10);
    gives(&kx, "LinearAttention", "f32[1, 2, 1] 40 -120", "f32[1, 1, 1, 1] -6");
    kx_end(&kx);
}

/* 4 queries of size 2 share 2 keys with values of size 1; the state may be of another type. */
static void queries_share_keys_and_states_have_a_type_of_their_own(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F16, "1, 1, 8", "1 0 0 1 1 0 0 1");
    kx_in(&kx, F16, "1, 1, 4", "1 2 3 4");
    kx_in(&kx, F16, "1, 1, 2", "10 100");
    kx_in(&kx, F32, "1, 2, 2, 1", "1 1 1 1");
    fx_attr_int(&kx.fx, "q_num_heads", 4);
    fx_attr_int(&kx.fx, "kv_num_heads", 2);
    fx_attr_str(&kx.fx, "update_rule", "linear");
    fx_attr_float(&kx.fx, "scale", 1);
    gives(&kx, "LinearAttention", "f16[1, 1, 4] 11 21 301 401", "f32[1, 2, 2, 1] 11 21 301 401");
    kx_end(&kx);
}

/* A long call gives what two shorter ones give. */
static void a_state_continues_where_the_last_call_ended(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    tokens(&kx, "linear", NULL);
    if (kx_run(&kx, "LinearAttention", 2) != ANP_OK) fail_msg("%s", anp_error_message());
    const float whole = ((float *)kx.out[1].data)[0];
    anp_tensor_t past = {0};
    for (int t = 0; t < 2; t++) {
        kx_next(&kx);
        kx_in(&kx, F32, "1, 1, 1", t ? "2" : "1");
        kx_in(&kx, F32, "1, 1, 1", t ? "4" : "3");
        kx_in(&kx, F32, "1, 1, 1", t ? "6" : "5");
        if (t)
            kx_feed(&kx, &past);
        else
            kx_absent(&kx);
        fx_attr_int(&kx.fx, "q_num_heads", 1);
        fx_attr_int(&kx.fx, "kv_num_heads", 1);
        fx_attr_str(&kx.fx, "update_rule", "linear");
        if (kx_run(&kx, "LinearAttention", 2) != ANP_OK) fail_msg("%s", anp_error_message());
        past = kx.out[1];
    }
    assert_true(((float *)past.data)[0] == whole);
    kx_end(&kx);
}

static void attention_that_contradicts_itself_is_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    tokens(&kx, "gated", NULL);
    kx_assert_fails(&kx, "LinearAttention", ANP_INVALID_MODEL, "'gated' needs decay");
    tokens(&kx, "linear", NULL);
    kx_absent(&kx);
    kx_in(&kx, F32, "1, 2, 1", "1");
    kx_assert_fails(&kx, "LinearAttention", ANP_INVALID_MODEL, "'linear' takes no beta");
    tokens(&kx, "square", NULL);
    kx_assert_fails(&kx, "LinearAttention", ANP_INVALID_MODEL, "update_rule is 'square'");
    tokens(&kx, "gated", NULL);
    kx_in(&kx, F32, "1, 2, 3", "1");
    kx_assert_fails(&kx, "LinearAttention", ANP_INVALID_MODEL, "decay has 3 values per token");
    tokens(&kx, "linear", NULL);
    kx.fx.attrs[0].v.i = 0;
    kx_assert_fails(&kx, "LinearAttention", ANP_INVALID_MODEL, "q_num_heads is 0");
    kx_end(&kx);
}

static void a_causal_filter_sees_what_came_before(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 2, 3", "1 2 3 4 5 6");
    kx_in(&kx, F32, "2, 1, 3", "1 10 100 0 0 1");
    gives(&kx, "CausalConvWithState", "f32[1, 2, 3] 100 210 321 4 5 6", "f32[1, 2, 2] 2 3 5 6");
    kx_in(&kx, F16, "1, 1, 1", "1");
    kx_in(&kx, F16, "1, 1, 3", "1 10 100");
    kx_in(&kx, F16, "1", "0.5");
    kx_in(&kx, F16, "1, 1, 2", "3 2");
    gives(&kx, "CausalConvWithState", "f16[1, 1, 1] 123.5", "f16[1, 1, 2] 2 1");
    kx_in(&kx, F32, "1, 1, 2", "0 2");
    kx_in(&kx, F32, "1, 1, 1", "1");
    fx_attr_str(&kx.fx, "activation", "swish");
    gives(&kx, "CausalConvWithState", "f32[1, 1, 2] 0 1.76159", "f32[1, 1, 0]");
    kx_end(&kx);
}

static void filters_that_do_not_fit_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 2, 3", "1");
    kx_in(&kx, F32, "3, 1, 2", "1");
    kx_assert_fails(&kx, "CausalConvWithState", ANP_INVALID_MODEL,
                    "the channels has sizes 2 and 3");
    kx_in(&kx, F32, "1, 2, 3", "1");
    kx_in(&kx, F32, "2, 1, 0", "1");
    kx_assert_fails(&kx, "CausalConvWithState", ANP_INVALID_MODEL, "a filter of 0 taps");
    kx_in(&kx, F32, "1, 2, 3", "1");
    kx_in(&kx, F32, "2, 1, 2", "1");
    fx_attr_str(&kx.fx, "activation", "relu");
    kx_assert_fails(&kx, "CausalConvWithState", ANP_INVALID_MODEL, "activation is 'relu'");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_updates_its_state),
        cmocka_unit_test(queries_share_keys_and_states_have_a_type_of_their_own),
        cmocka_unit_test(a_state_continues_where_the_last_call_ended),
        cmocka_unit_test(attention_that_contradicts_itself_is_refused),
        cmocka_unit_test(a_causal_filter_sees_what_came_before),
        cmocka_unit_test(filters_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
