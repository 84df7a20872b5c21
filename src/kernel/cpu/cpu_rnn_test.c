/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fast LSTM and GRU against their references.
 *
 * Bound: absolute weights of a row sum to at most 1/2 (inputs) and 1/8 (state), biases to 1/4, so
 * gates lie within sigmoid(+-1) and the states stay below 2.1. Rounding adds d = (in + hidden + 8)
 * eps to a gate and 3 ulp to an activation; by the largest slopes an error of the state shrinks
 * from step to step and never exceeds 12 d, whatever the length.
 */
#include "kernel/cpu/cpu_fixture.h"

typedef struct case_t {
    int64_t seq, batch, in, hidden;
    const char *direction;
    bool bias, lens, states;
    int64_t linear_before_reset;
} case_t;

static const case_t cases[] = {
    {1, 1, 1, 1, "forward", false, false, false, 0},
    {7, 2, 5, 3, "forward", true, false, true, 1},
    {4, 3, 17, 16, "reverse", true, true, false, 0},
    {9, 2, 33, 48, "bidirectional", true, true, true, 1},
    {9, 1, 48, 65, "bidirectional", true, false, true, 0},
    {0, 2, 4, 4, "forward", true, false, true, 0},
};

static void scale_by(anp_tensor_t *t, float factor) {
    for (int64_t i = 0; i < anp_tensor_elems(t); i++) ((float *)t->data)[i] *= factor;
}

static void operands(cx_t *cx, const case_t *c, bool lstm) {
    const int64_t directions = strcmp(c->direction, "bidirectional") == 0 ? 2 : 1;
    const int64_t rows = (lstm ? 4 : 3) * c->hidden;
    const int64_t x[] = {c->seq, c->batch, c->in}, w[] = {directions, rows, c->in},
                  r[] = {directions, rows, c->hidden}, b[] = {directions, 2 * rows},
                  h[] = {directions, c->batch, c->hidden};
    cx_in(cx, F32, 3, x);
    scale_by(cx_in(cx, F32, 3, w), 0.5f / (float)c->in);
    scale_by(cx_in(cx, F32, 3, r), 0.125f / (float)c->hidden);
    if (c->bias)
        scale_by(cx_in(cx, F32, 2, b), 0.125f);
    else
        kx_absent(&cx->kx);
    if (c->lens) {
        anp_tensor_t *lens = cx_in(cx, I32, 1, &c->batch);
        for (int64_t i = 0; i < c->batch; i++)
            ((int32_t *)lens->data)[i] = (int32_t)(c->seq - 2 * i);
    } else {
        kx_absent(&cx->kx);
    }
    for (int i = 0; c->states && i < (lstm ? 2 : 1); i++) cx_in(cx, F32, 3, h);
}

static void check(const char *op, const case_t *c, uint64_t seed) {
    const bool lstm = strcmp(op, "LSTM") == 0;
    cx_t cx;
    cx_begin(&cx, seed);
    fx_attr_str(&cx.kx.fx, "direction", c->direction);
    fx_attr_int(&cx.kx.fx, "hidden_size", c->hidden);
    if (!lstm) fx_attr_int(&cx.kx.fx, "linear_before_reset", c->linear_before_reset);
    operands(&cx, c, lstm);
    cx.constants = 1 << 1 | 1 << 2 | 1 << 3;
    cx.k = 12 * (double)(c->in + c->hidden + 8 + 8);
    cx_check(&cx, op, lstm ? 3 : 2, NULL);
    cx_end(&cx);
}

static void sequences_of_an_lstm_agree_with_the_reference(void **state) {
    (void)state;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) check("LSTM", &cases[i], i + 1);
}

static void sequences_of_a_gru_agree_with_the_reference(void **state) {
    (void)state;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        case_t c = cases[i];
        check("GRU", &c, i + 1);
        c.linear_before_reset = !c.linear_before_reset;
        check("GRU", &c, i + 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_of_an_lstm_agree_with_the_reference),
        cmocka_unit_test(sequences_of_a_gru_agree_with_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
