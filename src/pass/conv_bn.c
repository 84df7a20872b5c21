/* SPDX-License-Identifier: Apache-2.0 */
/* BatchNormalization, and Mul, Div, Add, Sub of per-channel constants, into the weights and bias of
 * the convolution before them. Computed in double and rounded once. */
#include "pass/pass_util.h"
#include <math.h>

enum { SHARED_BYTES_MAX = 64 << 10 }; /* of weights used elsewhere too: the new ones come on top */

/* y = x * scale[m] + shift[m] for channel m. */
typedef struct affine_t {
    uint64_t n;
    double *scale, *shift;
    bool scales; /* false: every scale is 1 and the weights stay */
} affine_t;

static double element(const anp_value_t *v, uint64_t i) {
    const anp_tensor_t *t = &v->constant->tensor;
    return anp_dtype_row(t->dtype)->get_f64(t->data, i);
}

/* ---- the convolution ---- */

static int64_t group_of(const anp_node_t *conv) {
    const anp_attrs_t attrs = anp_node_attrs(conv);
    return anp_attr_i64(&attrs, "group", 1);
}

/* Leading dims of the weights that tell output channels apart: [M] of a Conv, [C, M / group] of a
 * ConvTranspose, whose second axis counts within the group of the first. */
static int32_t lead_rank(const anp_node_t *conv) {
    return anp_node_is(conv, ANP_OP_Conv) ? 1 : 2;
}

/* Runs of weights that belong to one output channel each; 0 when their shape is not known. */
static uint64_t runs_of(const anp_node_t *conv) {
    const anp_shape_t *w = &conv->inputs[1]->shape;
    uint64_t runs = 1;
    if (w->rank < 3 || !anp_dtype_is_float((anp_dtype_t)w->dtype)) return 0;
    for (int32_t i = 0; i < w->rank; i++)
        if (!ANP_DIM_IS_CONST(w->dims[i])) return 0;
    for (int32_t i = 0; i < lead_rank(conv); i++) runs *= (uint64_t)w->dims[i];
    return runs;
}

/* Output channels; 0 when the weights are not as they should be. */
static uint64_t channels_of(const anp_node_t *conv) {
    const anp_dim_t *w = conv->inputs[1]->shape.dims;
    const int64_t group = group_of(conv);
    if (group < 1 || runs_of(conv) == 0) return 0;
    if (anp_node_is(conv, ANP_OP_Conv)) return (uint64_t)w[0];
    return w[0] % group == 0 ? (uint64_t)(w[1] * group) : 0;
}

static uint64_t channel_of_run(const anp_node_t *conv, uint64_t run) {
    const anp_dim_t *w = conv->inputs[1]->shape.dims;
    if (anp_node_is(conv, ANP_OP_Conv)) return run;
    const uint64_t m = (uint64_t)w[1], per_group = (uint64_t)(w[0] / group_of(conv));
    return run / m / per_group * m + run % m;
}

/* Constant weights whose replacement is no second copy in the package, or such that the package
 * does not hold at all. */
static bool may_scale(const anp_value_t *w) {
    if (!w->constant) return anp_pass_is_computed_once(w);
    return anp_value_n_uses(w) == 1 || w->constant->bytes <= SHARED_BYTES_MAX;
}

static anp_node_t *foldable_conv(const anp_node_t *n, const anp_value_t *v) {
    anp_node_t *conv = anp_pass_owned_by(v, ANP_OP_Conv);
    if (!conv) conv = anp_pass_owned_by(v, ANP_OP_ConvTranspose);
    if (!conv || conv->parent != n->parent) return NULL;
    const anp_value_t *bias = anp_pass_input(conv, 2);
    if (bias && !bias->constant) return NULL;
    const uint64_t m = channels_of(conv);
    const bool fits = !bias || (uint64_t)anp_tensor_elems(&bias->constant->tensor) == m;
    return m && fits && may_scale(conv->inputs[1]) ? conv : NULL;
}

/* ---- what follows it ---- */

static bool is_vector_of(const anp_value_t *v, uint64_t n) {
    return anp_value_is_const(v) && (uint64_t)anp_tensor_elems(&v->constant->tensor) == n;
}

static bool batch_norm_affine(const anp_node_t *n, affine_t *a) {
    const anp_attrs_t attrs = anp_node_attrs(n);
    const double epsilon = (double)anp_attr_f32(&attrs, "epsilon", 1e-5f);
    if (anp_attr_i64(&attrs, "training_mode", 0)) return false;
    for (uint32_t i = 1; i < n->n_outputs; i++)
        if (n->outputs[i]) return false;
    for (uint32_t i = 1; i < 5; i++)
        if (!is_vector_of(n->inputs[i], a->n)) return false;
    for (uint64_t m = 0; m < a->n; m++) {
        a->scale[m] = element(n->inputs[1], m) / sqrt(element(n->inputs[4], m) + epsilon);
        a->shift[m] = element(n->inputs[2], m) - element(n->inputs[3], m) * a->scale[m];
        if (!isfinite(a->scale[m]) || !isfinite(a->shift[m])) return false;
    }
    a->scales = true;
    return true;
}

/* A constant that is one number, or one per channel (axis 1 of `rank`). */
static bool is_per_channel(const anp_value_t *c, int32_t rank, uint64_t channels) {
    if (!anp_value_is_const(c) || !anp_dtype_is_float((anp_dtype_t)c->shape.dtype)) return false;
    const int32_t lead = rank - c->shape.rank;
    if (rank < 2 || lead < 0) return false;
    for (int32_t i = 0; i < c->shape.rank; i++) {
        const bool is_channel = lead + i == 1 && c->shape.dims[i] == (int64_t)channels;
        if (c->shape.dims[i] != 1 && !is_channel) return false;
    }
    return true;
}

static bool arithmetic_affine(const anp_node_t *n, const anp_value_t *c, affine_t *a) {
    const uint64_t count = (uint64_t)anp_tensor_elems(&c->constant->tensor);
    const bool is_mul = anp_node_is(n, ANP_OP_Mul), is_div = anp_node_is(n, ANP_OP_Div);
    const double sign = anp_node_is(n, ANP_OP_Sub) ? -1 : 1;
    for (uint64_t m = 0; m < a->n; m++) {
        const double v = element(c, count == 1 ? 0 : m);
        a->scale[m] = is_mul ? v : is_div ? 1 / v : 1;
        a->shift[m] = is_mul || is_div ? 0 : sign * v;
        if (!isfinite(a->scale[m]) || !isfinite(a->shift[m])) return false;
    }
    a->scales = is_mul || is_div;
    return true;
}

static bool affine_of(const anp_node_t *n, uint32_t conv_input, affine_t *a) {
    if (anp_node_is(n, ANP_OP_BatchNormalization)) return batch_norm_affine(n, a);
    const anp_value_t *c = n->inputs[1 - conv_input];
    if (!is_per_channel(c, n->inputs[conv_input]->shape.rank, a->n)) return false;
    return arithmetic_affine(n, c, a);
}

/* ---- new weights ---- */

/* New constant weights. */
static anp_status_t scale_constant(anp_graph_t *g, const anp_node_t *conv, const affine_t *a,
                                   anp_arena_t *scratch, anp_value_t **out) {
    const anp_value_t *old = conv->inputs[1];
    anp_tensor_t t = old->constant->tensor;
    const anp_dtype_row_t *row = anp_dtype_row(t.dtype);
    const uint64_t runs = runs_of(conv);
    const uint64_t run = (uint64_t)anp_tensor_elems(&t) / runs;
    ANP_TRY(anp_arena_alloc(scratch, old->constant->bytes, &t.data));
    for (uint64_t r = 0; r < runs; r++) {
        const double s = a->scale[channel_of_run(conv, r)];
        for (uint64_t i = r * run; i < (r + 1) * run; i++)
            row->set_f64(t.data, i, row->get_f64(old->constant->tensor.data, i) * s);
    }
    return anp_graph_add_constant(g, old->name, &t, true, NULL, 0, out);
}

/* A product with weights that are computed once. */
static anp_status_t scale_computed(anp_graph_t *g, anp_node_t *before, const anp_node_t *conv,
                                   const affine_t *a, anp_arena_t *scratch, anp_value_t **out) {
    anp_value_t *in[] = {conv->inputs[1], NULL};
    const anp_shape_t *w = &in[0]->shape;
    const anp_dtype_row_t *row = anp_dtype_row(w->dtype);
    anp_tensor_t t;
    uint64_t bytes;
    anp_tensor_init(&t, row->dtype, (uint32_t)w->rank, w->dims, NULL);
    for (int32_t i = lead_rank(conv); i < w->rank; i++) t.dims[i] = 1;
    ANP_TRY(anp_tensor_bytes(&t, &bytes));
    ANP_TRY(anp_arena_alloc(scratch, bytes, &t.data));
    for (uint64_t r = 0; r < runs_of(conv); r++)
        row->set_f64(t.data, r, a->scale[channel_of_run(conv, r)]);
    ANP_TRY(anp_graph_add_constant(g, "scale", &t, true, NULL, 0, &in[1]));
    return anp_pass_insert(g, before, ANP_OP_Mul, in[0]->name, NULL, 0, in, 2, out);
}

static anp_status_t scale_weights(anp_graph_t *g, anp_node_t *n, const anp_node_t *conv,
                                  const affine_t *a, anp_arena_t *scratch, anp_value_t **out) {
    if (conv->inputs[1]->constant) return scale_constant(g, conv, a, scratch, out);
    return scale_computed(g, n, conv, a, scratch, out);
}

static anp_status_t shift_bias(anp_graph_t *g, const anp_node_t *conv, const affine_t *a,
                               anp_arena_t *scratch, anp_value_t **out) {
    const anp_value_t *old = anp_pass_input(conv, 2), *w = conv->inputs[1];
    const anp_dtype_row_t *row = anp_dtype_row(w->shape.dtype);
    const int64_t m = (int64_t)a->n;
    anp_tensor_t t;
    uint64_t bytes;
    anp_tensor_init(&t, row->dtype, 1, &m, NULL);
    ANP_TRY(anp_tensor_bytes(&t, &bytes));
    ANP_TRY(anp_arena_alloc(scratch, bytes, &t.data));
    for (uint64_t i = 0; i < a->n; i++)
        row->set_f64(t.data, i, (old ? element(old, i) * a->scale[i] : 0) + a->shift[i]);
    return anp_graph_add_constant(g, old ? old->name : "bias", &t, true, NULL, 0, out);
}

static anp_status_t fold_into(anp_graph_t *g, anp_node_t *n, uint32_t conv_input,
                              const anp_node_t *conv, anp_arena_t *scratch) {
    affine_t a = {.n = channels_of(conv)};
    anp_value_t *in[3] = {conv->inputs[0], conv->inputs[1]};
    ANP_TRY(ANP_ARENA_ARRAY(scratch, a.n, &a.scale));
    ANP_TRY(ANP_ARENA_ARRAY(scratch, a.n, &a.shift));
    if (!affine_of(n, conv_input, &a)) return ANP_OK;
    if (a.scales) ANP_TRY(scale_weights(g, n, conv, &a, scratch, &in[1]));
    ANP_TRY(shift_bias(g, conv, &a, scratch, &in[2]));
    return anp_node_rewrite(g, n, conv->op, conv->attrs, conv->n_attrs, in, 3);
}

/* ---- the pass ---- */

static bool is_affine_op(const anp_node_t *n, uint32_t conv_input) {
    if (anp_node_is(n, ANP_OP_BatchNormalization)) return conv_input == 0;
    if (anp_node_is(n, ANP_OP_Mul) || anp_node_is(n, ANP_OP_Add)) return true;
    return conv_input == 0 && (anp_node_is(n, ANP_OP_Div) || anp_node_is(n, ANP_OP_Sub));
}

static anp_status_t fold_behind(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    (void)t;
    for (uint32_t i = 0; i < ANP_MIN(n->n_inputs, 2); i++) {
        if (!n->inputs[i] || !is_affine_op(n, i)) continue;
        const anp_node_t *conv = foldable_conv(n, n->inputs[i]);
        if (!conv) continue;
        anp_arena_t scratch;
        anp_arena_init(&scratch);
        const anp_status_t st = fold_into(g, n, i, conv, &scratch);
        anp_arena_deinit(&scratch);
        return st;
    }
    return ANP_OK;
}

anp_status_t anp_pass_conv_bn(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, fold_behind);
}
