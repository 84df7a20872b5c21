/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of operators that carry a state from call to call: LinearAttention, CausalConvWithState.
 */
#include "op/shape/shape_util.h"

#include <inttypes.h>
#include <string.h>

/* ---- LinearAttention ---- */

typedef struct linear_dims_t {
    anp_dim_t batch, length, q_heads, kv_heads, k_size, v_size;
} linear_dims_t;

/* Which of decay and beta a rule takes. */
static anp_status_t check_rule(anp_shape_ctx_t *c) {
    static const struct {
        const char *name;
        bool decay, beta;
    } rules[] = {{"linear", false, false},
                 {"gated", true, false},
                 {"delta", false, true},
                 {"gated_delta", true, true}};
    const char *name = anp_attr_str(c->attrs, "update_rule", "gated_delta");
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(rules); i++) {
        if (strcmp(name, rules[i].name) != 0) continue;
        if (anp_shape_has(c, 4) != rules[i].decay)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "update_rule '%s' %s decay", name,
                           rules[i].decay ? "needs" : "takes no");
        if (anp_shape_has(c, 5) != rules[i].beta)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "update_rule '%s' %s beta", name,
                           rules[i].beta ? "needs" : "takes no");
        return ANP_OK;
    }
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                   "update_rule is '%s', expected linear, gated, delta or gated_delta", name);
}

static anp_status_t read_heads(anp_shape_ctx_t *c, linear_dims_t *d) {
    d->q_heads = anp_attr_i64(c->attrs, "q_num_heads", 0);
    d->kv_heads = anp_attr_i64(c->attrs, "kv_num_heads", 0);
    if (d->kv_heads < 1 || d->q_heads < 1 || d->q_heads % d->kv_heads != 0)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "q_num_heads is %" PRId64 ", expected a multiple of kv_num_heads %" PRId64,
                       d->q_heads, d->kv_heads);
    return ANP_OK;
}

static anp_status_t read_tokens(anp_shape_ctx_t *c, linear_dims_t *d) {
    anp_dim_t k_size;
    d->batch = anp_shape_dim_of(c, 0, 0);
    d->length = anp_shape_dim_of(c, 0, 1);
    for (uint32_t i = 0; i < 6; i++) { /* all but the state are [batch, length, heads * size] */
        if (i == 3 || !anp_shape_has(c, i)) continue;
        ANP_TRY(anp_shape_need_rank(c, i, 3, 3));
        ANP_TRY(anp_shape_unify(c, "the batch", d->batch, anp_shape_dim_of(c, i, 0), &d->batch));
        ANP_TRY(anp_shape_unify(c, "the number of tokens", d->length, anp_shape_dim_of(c, i, 1),
                                &d->length));
    }
    ANP_TRY(anp_shape_head_size(c, "query", anp_shape_dim_of(c, 0, 2), d->q_heads, &d->k_size));
    ANP_TRY(anp_shape_head_size(c, "key", anp_shape_dim_of(c, 1, 2), d->kv_heads, &k_size));
    ANP_TRY(anp_shape_head_size(c, "value", anp_shape_dim_of(c, 2, 2), d->kv_heads, &d->v_size));
    return anp_shape_unify(c, "the head size of query and key", d->k_size, k_size, &d->k_size);
}

/* Values per token of decay or beta: `few` or `many`. */
static anp_status_t check_gate(anp_shape_ctx_t *c, uint32_t i, const char *what, anp_dim_t few,
                               anp_dim_t many) {
    const anp_dim_t have = anp_shape_dim_of(c, i, 2);
    if (!ANP_DIM_IS_CONST(have) || !ANP_DIM_IS_CONST(many) || have == few || have == many)
        return ANP_OK;
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                   "%s has %" PRId64 " values per token, expected %" PRId64 " or %" PRId64, what,
                   have, few, many);
}

anp_status_t anp_shape_linear_attention(anp_shape_ctx_t *c) {
    linear_dims_t d;
    anp_dim_t keys;
    ANP_TRY(check_rule(c));
    ANP_TRY(read_heads(c, &d));
    ANP_TRY(read_tokens(c, &d));
    anp_dim_t state[] = {d.batch, d.kv_heads, d.k_size, d.v_size};
    anp_dim_t out[] = {d.batch, d.length, ANP_DIM_UNKNOWN};
    ANP_TRY(anp_shape_need_dims(c, 3, "past_state", 4, state));
    ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, d.kv_heads, d.k_size, &keys));
    ANP_TRY(check_gate(c, 4, "decay", d.kv_heads, keys));
    ANP_TRY(check_gate(c, 5, "beta", 1, d.kv_heads));
    ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, d.q_heads, d.v_size, &out[2]));
    ANP_TRY(anp_shape_set_output(c, 0, 3, out));
    if (c->n_out > 1) c->out[1].shape.dtype = c->in[anp_shape_has(c, 3) ? 3 : 0].shape.dtype;
    return anp_shape_set_output(c, 1, 4, state);
}

/* ---- CausalConvWithState ---- */

static anp_status_t check_activation(anp_shape_ctx_t *c) {
    const char *name = anp_attr_str(c->attrs, "activation", "none");
    if (!strcmp(name, "none") || !strcmp(name, "silu") || !strcmp(name, "swish")) return ANP_OK;
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "activation is '%s', expected none, silu or swish", name);
}

anp_status_t anp_shape_causal_conv(anp_shape_ctx_t *c) {
    anp_dim_t channels = ANP_DIM_UNKNOWN, before = ANP_DIM_UNKNOWN;
    const anp_dim_t taps = anp_shape_dim_of(c, 1, 2);
    ANP_TRY(check_activation(c));
    ANP_TRY(anp_shape_need_rank(c, 0, 3, 3));
    ANP_TRY(anp_shape_need_rank(c, 1, 3, 3));
    ANP_TRY(anp_shape_unify(c, "the channels", anp_shape_dim_of(c, 0, 1), anp_shape_dim_of(c, 1, 0),
                            &channels));
    if (ANP_DIM_IS_CONST(taps) && taps < 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "a filter of %" PRId64 " taps", taps);
    const anp_dim_t weight[] = {channels, 1, taps};
    ANP_TRY(anp_shape_dim(c, ANP_DIM_SUB, taps, 1, &before));
    anp_dim_t out[] = {anp_shape_dim_of(c, 0, 0), channels, anp_shape_dim_of(c, 0, 2)};
    anp_dim_t state[] = {anp_shape_dim_of(c, 0, 0), channels, before};
    ANP_TRY(anp_shape_need_dims(c, 1, "weight", 3, weight));
    ANP_TRY(anp_shape_need_dims(c, 2, "bias", 1, &channels));
    ANP_TRY(anp_shape_need_dims(c, 3, "past_state", 3, state));
    ANP_TRY(anp_shape_set_output(c, 0, 3, out));
    return anp_shape_set_output(c, 1, 3, state);
}
