/* SPDX-License-Identifier: Apache-2.0 */
/* The fast Attention against its reference. */
#include "kernel/cpu/cpu_fixture.h"

enum { BATCH = 2, HEADS = 6, SIZE = 20, V_SIZE = 13 };

typedef struct case_t {
    int64_t q_len, k_len, past, kv_heads, mask_heads, mask_len; /* mask_len 0: no mask */
    anp_dtype_t mask;
    bool flat, causal, lens;
} case_t;

static const case_t cases[] = {
    {70, 70, 0, 6, 0, 0, F32, false, false, false}, {70, 70, 0, 6, 0, 0, F32, true, true, false},
    {1, 33, 0, 2, 0, 0, F32, false, false, false},  {5, 5, 17, 3, 0, 0, F32, false, true, false},
    {1, 1, 90, 2, 0, 0, F32, true, true, false},    {9, 30, 0, 6, 1, 30, F32, false, false, false},
    {9, 30, 0, 2, 6, 25, BOOL, true, false, false}, {9, 9, 21, 6, 6, 30, BOOL, false, true, false},
    {66, 130, 0, 1, 0, 0, F32, false, false, true},
};

static void add_tokens(cx_t *cx, bool flat, int64_t heads, int64_t len, int64_t size) {
    const int64_t flat_dims[] = {BATCH, len, heads * size}, dims[] = {BATCH, heads, len, size};
    cx_in(cx, F32, flat ? 3 : 4, flat ? flat_dims : dims);
}

static void absent(cx_t *cx, uint32_t n) {
    while (n-- > 0) cx->kx.absent[cx->kx.n_in++] = true;
}

static void add_mask(cx_t *cx, const case_t *c) {
    const int64_t dims[] = {BATCH, c->mask_heads, c->q_len, c->mask_len};
    if (c->mask_len == 0) {
        absent(cx, 1);
        return;
    }
    const anp_tensor_t *t = cx_in(cx, c->mask, 4, dims);
    for (int64_t i = 0; i < anp_tensor_elems(t); i++) {
        const bool seen = cx_random(cx, 4) > 0;
        if (c->mask == BOOL)
            ((uint8_t *)t->data)[i] = seen;
        else if (!seen)
            ((float *)t->data)[i] = -INFINITY;
    }
}

static void begin(cx_t *cx, const case_t *c, uint64_t seed) {
    const int64_t batch = BATCH;
    cx_begin(cx, seed);
    fx_attr_int(&cx->kx.fx, "is_causal", c->causal);
    if (c->flat) fx_attr_int(&cx->kx.fx, "q_num_heads", HEADS);
    if (c->flat) fx_attr_int(&cx->kx.fx, "kv_num_heads", c->kv_heads);
    add_tokens(cx, c->flat, HEADS, c->q_len, SIZE);
    add_tokens(cx, c->flat, c->kv_heads, c->k_len, SIZE);
    add_tokens(cx, c->flat, c->kv_heads, c->k_len, V_SIZE);
    add_mask(cx, c);
    if (c->past > 0) {
        add_tokens(cx, false, c->kv_heads, c->past, SIZE);
        add_tokens(cx, false, c->kv_heads, c->past, V_SIZE);
    } else {
        absent(cx, 2);
    }
    if (c->lens) {
        int64_t *lens = cx_in(cx, I64, 1, &batch)->data;
        lens[0] = 7;
        lens[1] = c->k_len;
    }
    cx->k = 40;
}

/* Queries, keys and values are at most 1: so are the results, and scores err by SIZE * eps. */
static void it_agrees_with_the_reference(void **state) {
    (void)state;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        cx_t cx;
        begin(&cx, &cases[i], i);
        cx_check(&cx, "Attention", cases[i].past > 0 ? 3 : 1, NULL);
        cx_end(&cx);
    }
}

static void values_without_weight_are_not_read(void **state) {
    (void)state;
    const case_t masked = {9, 30, 0, 6, 1, 29, BOOL, false, false, false};
    cx_t cx;
    begin(&cx, &masked, 1);
    for (int64_t i = 29 * V_SIZE; i < 30 * V_SIZE; i++) ((float *)cx.kx.in[2].data)[i] = NAN;
    cx_check(&cx, "Attention", 1, NULL);
    assert_false(isnan(((const float *)cx.kx.out[0].data)[0]));
    cx_end(&cx);
}

static void a_query_that_sees_no_key_gives_nan(void **state) {
    (void)state;
    const case_t blind = {3, 30, 0, 6, 1, 30, BOOL, false, false, false};
    cx_t cx;
    begin(&cx, &blind, 1);
    memset(cx.kx.in[3].data, 0, 30);
    cx_check(&cx, "Attention", 1, NULL);
    assert_true(isnan(((const float *)cx.kx.out[0].data)[0]));
    assert_false(isnan(((const float *)cx.kx.out[0].data)[V_SIZE]));
    cx_end(&cx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_the_reference),
        cmocka_unit_test(values_without_weight_are_not_read),
        cmocka_unit_test(a_query_that_sees_no_key_gives_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
