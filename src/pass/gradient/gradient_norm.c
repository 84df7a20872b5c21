/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of normalisations and of softmax. */
#include "pass/gradient/gradient.h"

/* ---- x less its mean, over its standard deviation ---- */

typedef struct normed_t {
    anp_value_t *x;   /* in the type that is computed in */
    anp_value_t *inv; /* one over the deviation */
    anp_value_t *hat; /* x normalised */
    int64_t axes[ANP_RANK_MAX];
    uint32_t n_axes;
    bool centred; /* the mean was taken off */
} normed_t;

static anp_value_t *mean(anp_gr_t *c, const normed_t *n, anp_value_t *v) {
    return anp_gr_reduce(c, ANP_OP_ReduceMean, v, n->axes, n->n_axes, true);
}

/* Half types are normalised in f32, as stash_type asks. */
static anp_value_t *wide(anp_gr_t *c, anp_value_t *v) {
    if (c->status != ANP_OK || v->shape.dtype == ANP_DTYPE_F64) return v;
    return anp_gr_cast(c, v, ANP_DTYPE_F32);
}

static void normalise(anp_gr_t *c, normed_t *n) {
    anp_value_t *middle = n->centred ? anp_gr_sub(c, n->x, mean(c, n, n->x)) : n->x;
    anp_value_t *var = mean(c, n, anp_gr_square(c, middle));
    anp_value_t *deviation =
        anp_gr_1(c, ANP_OP_Sqrt, anp_gr_offset(c, var, anp_gr_f64(c, "epsilon")));
    n->inv = anp_gr_1(c, ANP_OP_Reciprocal, deviation);
    n->hat = anp_gr_mul(c, middle, n->inv);
}

/* From the gradient of the normalised to that of x, which moves mean and deviation too. */
static anp_value_t *through(anp_gr_t *c, const normed_t *n, anp_value_t *g) {
    anp_value_t *along = anp_gr_mul(c, n->hat, mean(c, n, anp_gr_mul(c, g, n->hat)));
    anp_value_t *rest = n->centred ? anp_gr_sub(c, g, mean(c, n, g)) : g;
    return anp_gr_mul(c, n->inv, anp_gr_sub(c, rest, along));
}

/* ---- the last axes: LayerNormalization, RMSNormalization ---- */

static void norm_of_lines(anp_gr_t *c, bool centred) {
    anp_value_t *x = anp_gr_x(c, 0), *dy = wide(c, anp_gr_dy(c, 0));
    normed_t n = {.x = wide(c, x), .centred = centred};
    const uint32_t rank = anp_gr_rank(c, x), axis = anp_gr_axis(c, x, anp_gr_i64(c, "axis", -1));
    for (uint32_t i = axis; i < rank; i++) n.axes[n.n_axes++] = i;
    normalise(c, &n);
    if (anp_gr_wants(c, 0))
        anp_gr_give(c, 0, through(c, &n, anp_gr_mul(c, dy, wide(c, anp_gr_x(c, 1)))));
    if (anp_gr_wants(c, 1)) anp_gr_give_reduced(c, 1, anp_gr_mul(c, dy, n.hat));
    if (anp_gr_wants(c, 2)) anp_gr_give_reduced(c, 2, dy);
}

void anp_grad_layer_norm(anp_gr_t *c) {
    norm_of_lines(c, true);
}

void anp_grad_rms_norm(anp_gr_t *c) {
    norm_of_lines(c, false);
}

/* ---- channels ---- */

/* A value per channel [C] as [C, 1, ...] for x [N, C, ...]. */
static anp_value_t *per_channel(anp_gr_t *c, anp_value_t *v, uint32_t rank) {
    int64_t axes[ANP_RANK_MAX];
    for (uint32_t i = 2; i < rank; i++) axes[i - 2] = i - 1;
    v = wide(c, v);
    return rank > 2 ? anp_gr_2(c, ANP_OP_Unsqueeze, v, anp_gr_ints(c, axes, rank - 2)) : v;
}

/* All axes but that of the channels. */
static uint32_t other_axes(uint32_t rank, int64_t *axes) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < rank; i++)
        if (i != 1) axes[n++] = i;
    return n;
}

static anp_value_t *sum_per_channel(anp_gr_t *c, anp_value_t *v, uint32_t rank) {
    int64_t axes[ANP_RANK_MAX];
    const uint32_t n = other_axes(rank, axes);
    return anp_gr_reduce(c, ANP_OP_ReduceSum, v, axes, n, false);
}

/* Rank of x [N, C, ...]; 0 and a failure for other ranks. */
static uint32_t image_rank(anp_gr_t *c) {
    const uint32_t rank = anp_gr_rank(c, anp_gr_x(c, 0));
    if (c->status == ANP_OK && rank >= 2) return rank;
    ANP_GR_FAIL(c, ANP_UNSUPPORTED, "its gradient is known from rank 2 on, not of rank %u", rank);
    return 0;
}

static void give_scale_and_bias(anp_gr_t *c, anp_value_t *dy, anp_value_t *hat, uint32_t rank) {
    if (anp_gr_wants(c, 1)) anp_gr_give(c, 1, sum_per_channel(c, anp_gr_mul(c, dy, hat), rank));
    if (anp_gr_wants(c, 2)) anp_gr_give(c, 2, sum_per_channel(c, dy, rank));
}

void anp_grad_instance_norm(anp_gr_t *c) {
    anp_value_t *dy = wide(c, anp_gr_dy(c, 0));
    normed_t n = {.x = wide(c, anp_gr_x(c, 0)), .centred = true};
    const uint32_t rank = image_rank(c);
    for (uint32_t i = 2; i < rank; i++) n.axes[n.n_axes++] = i;
    normalise(c, &n);
    if (anp_gr_wants(c, 0))
        anp_gr_give(c, 0, through(c, &n, anp_gr_mul(c, dy, per_channel(c, anp_gr_x(c, 1), rank))));
    give_scale_and_bias(c, dy, n.hat, rank);
}

/* The channels of a group and their pixels are one line. */
void anp_grad_group_norm(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0), *dy = wide(c, anp_gr_dy(c, 0));
    const uint32_t rank = image_rank(c);
    if (rank == 0) return;
    const anp_gr_dim_t dims[] = {ANP_GR_AXIS(x, 0), ANP_GR_SIZE(anp_gr_i64(c, "num_groups", 1)),
                                 ANP_GR_SIZE(-1)};
    anp_value_t *lines = anp_gr_dims(c, dims, 3);
    normed_t n = {
        .x = anp_gr_reshape(c, wide(c, x), lines), .axes = {2}, .n_axes = 1, .centred = true};
    normalise(c, &n);
    if (c->status != ANP_OK) return;
    if (anp_gr_wants(c, 0)) {
        anp_value_t *g = anp_gr_mul(c, dy, per_channel(c, anp_gr_x(c, 1), rank));
        anp_value_t *dx = through(c, &n, anp_gr_reshape(c, g, lines));
        anp_gr_give(c, 0, c->status == ANP_OK ? anp_gr_reshape_like(c, dx, x) : NULL);
    }
    give_scale_and_bias(c, dy, anp_gr_reshape_like(c, n.hat, x), rank);
}

/* ---- BatchNormalization ---- */

/* With the statistics of the batch, which x moves; those of the input are not read. */
static void batch_norm_training(anp_gr_t *c, anp_value_t *dy, uint32_t rank) {
    normed_t n = {.x = wide(c, anp_gr_x(c, 0)), .centred = true};
    n.n_axes = other_axes(rank, n.axes);
    normalise(c, &n);
    if (anp_gr_wants(c, 0))
        anp_gr_give(c, 0, through(c, &n, anp_gr_mul(c, dy, per_channel(c, anp_gr_x(c, 1), rank))));
    give_scale_and_bias(c, dy, n.hat, rank);
    anp_gr_give_none(c, 3);
    anp_gr_give_none(c, 4);
}

static void batch_norm_fixed(anp_gr_t *c, anp_value_t *dy, uint32_t rank) {
    anp_value_t *var = wide(c, anp_gr_x(c, 4)), *scale = wide(c, anp_gr_x(c, 1));
    var = anp_gr_offset(c, var, anp_gr_f64(c, "epsilon"));
    anp_value_t *inv = anp_gr_1(c, ANP_OP_Reciprocal, anp_gr_1(c, ANP_OP_Sqrt, var));
    anp_value_t *factor = anp_gr_mul(c, scale, inv); /* [C] */
    anp_value_t *middle =
        anp_gr_sub(c, wide(c, anp_gr_x(c, 0)), per_channel(c, anp_gr_x(c, 3), rank));
    anp_value_t *hat = anp_gr_mul(c, middle, per_channel(c, inv, rank));
    if (anp_gr_wants(c, 0)) anp_gr_give(c, 0, anp_gr_mul(c, dy, per_channel(c, factor, rank)));
    give_scale_and_bias(c, dy, hat, rank);
    if (anp_gr_wants(c, 3))
        anp_gr_give(c, 3, anp_gr_neg(c, anp_gr_mul(c, factor, sum_per_channel(c, dy, rank))));
    if (anp_gr_wants(c, 4)) {
        anp_value_t *sum = sum_per_channel(c, anp_gr_mul(c, dy, hat), rank);
        anp_value_t *part = anp_gr_div(c, anp_gr_mul(c, scale, sum), var);
        anp_gr_give(c, 4, anp_gr_scale(c, part, -0.5));
    }
}

void anp_grad_batch_norm(anp_gr_t *c) {
    anp_value_t *dy = wide(c, anp_gr_dy(c, 0));
    const uint32_t rank = image_rank(c);
    if (rank == 0) return;
    if (anp_gr_i64(c, "training_mode", 0))
        batch_norm_training(c, dy, rank);
    else
        batch_norm_fixed(c, dy, rank);
}

/* ---- softmax ---- */

static anp_value_t *sum_along(anp_gr_t *c, anp_value_t *v) {
    const int64_t axis = anp_gr_i64(c, "axis", -1);
    return anp_gr_reduce(c, ANP_OP_ReduceSum, v, &axis, 1, true);
}

void anp_grad_softmax(anp_gr_t *c) {
    anp_value_t *y = anp_gr_y(c, 0), *dy = anp_gr_dy(c, 0);
    anp_value_t *sum = sum_along(c, anp_gr_mul(c, dy, y));
    anp_gr_give(c, 0, anp_gr_mul(c, y, anp_gr_sub(c, dy, sum)));
}

void anp_grad_log_softmax(anp_gr_t *c) {
    anp_value_t *y = anp_gr_y(c, 0), *dy = anp_gr_dy(c, 0);
    anp_value_t *part = anp_gr_mul(c, anp_gr_1(c, ANP_OP_Exp, y), sum_along(c, dy));
    anp_gr_give(c, 0, anp_gr_sub(c, dy, part));
}
