/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax and the normalisations, of BatchNormalization that of inference, in f32 by the vector
 * loops. */
#include "kernel/cpu/cpu_tables.h"
#include "kernel/iter.h"
#include <math.h>

typedef struct rows_t {
    const anp_elemwise_t *e;
    const float *x, *scale, *bias;
    float *y, *mean, *inv_std;
    size_t n;
    float eps;
} rows_t;

/* Rows in parts of a fixed number of elements. */
static void run_rows(anp_kernel_t *k, rows_t *r, int64_t rows, anp_range_fn_t fn) {
    anp_range_run(k->env->pool, rows,
                  ANP_MAX((int64_t)1, (int64_t)ANP_PART_ELEMS / (int64_t)ANP_MAX(r->n, (size_t)1)),
                  fn, r);
}

static bool last_axis(const anp_kernel_t *k, int64_t def) {
    const int64_t axis = anp_attr_i64(k->attrs, "axis", def);
    return anp_cpu_is_f32(k, 0) && k->in[0]->rank > 0 &&
           (axis == -1 || axis == k->in[0]->rank - 1) && k->in[0]->dims[k->in[0]->rank - 1] > 0;
}

static int64_t n_rows(const anp_kernel_t *k) {
    return anp_dims_product(k->in[0]->dims, 0, k->in[0]->rank - 1u);
}
static size_t row_size(const anp_kernel_t *k) {
    return (size_t)k->in[0]->dims[k->in[0]->rank - 1];
}

/* ---- Softmax ---- */

static bool accepts_softmax(const anp_kernel_t *k) {
    return last_axis(k, -1);
}

static void softmax_rows(void *arg, int64_t begin, int64_t end) {
    const rows_t *r = arg;
    for (int64_t i = begin; i < end; i++)
        r->e->softmax_f32(r->n, r->x + (size_t)i * r->n, r->y + (size_t)i * r->n);
}

static anp_status_t run_softmax(anp_kernel_t *k) {
    rows_t r = {.e = &k->env->tables->elemwise,
                .x = k->in[0]->data,
                .y = k->out[0]->data,
                .n = row_size(k)};
    run_rows(k, &r, n_rows(k), softmax_rows);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_softmax_f32 = {"softmax_f32", ANP_OP_Softmax, accepts_softmax,
                                              NULL,          NULL,           run_softmax};

/* ---- LayerNormalization, RMSNormalization ---- */

static bool is_row(const anp_kernel_t *k, uint32_t i) {
    return anp_cpu_is_f32(k, i) && (size_t)anp_tensor_elems(k->in[i]) == row_size(k);
}

static bool accepts_layer_norm(const anp_kernel_t *k) {
    return last_axis(k, -1) && is_row(k, 1) && (!anp_kernel_has(k, 2) || is_row(k, 2)) &&
           anp_attr_i64(k->attrs, "stash_type", 1) == 1;
}

static void layer_norm_rows(void *arg, int64_t begin, int64_t end) {
    const rows_t *r = arg;
    for (int64_t i = begin; i < end; i++) {
        float stats[2];
        r->e->layer_norm_f32(r->n, r->x + (size_t)i * r->n, r->scale, r->bias, r->eps,
                             r->y + (size_t)i * r->n, stats);
        if (r->mean) r->mean[i] = stats[0];
        if (r->inv_std) r->inv_std[i] = stats[1];
    }
}

static float *output_f32(const anp_kernel_t *k, uint32_t i) {
    return i < k->n_out && k->out[i] ? k->out[i]->data : NULL;
}

static anp_status_t run_layer_norm(anp_kernel_t *k) {
    rows_t r = {.e = &k->env->tables->elemwise,
                .x = k->in[0]->data,
                .scale = anp_cpu_f32(k, 1),
                .bias = anp_cpu_f32(k, 2),
                .y = k->out[0]->data,
                .mean = output_f32(k, 1),
                .inv_std = output_f32(k, 2),
                .n = row_size(k),
                .eps = anp_attr_f32(k->attrs, "epsilon", 1e-5f)};
    run_rows(k, &r, n_rows(k), layer_norm_rows);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_layer_norm_f32 = {
    "layer_norm_f32", ANP_OP_LayerNormalization, accepts_layer_norm, NULL, NULL, run_layer_norm};

static void rms_norm_rows(void *arg, int64_t begin, int64_t end) {
    const rows_t *r = arg;
    for (int64_t i = begin; i < end; i++)
        r->e->rms_norm_f32(r->n, r->x + (size_t)i * r->n, r->scale, r->eps,
                           r->y + (size_t)i * r->n);
}

static anp_status_t run_rms_norm(anp_kernel_t *k) {
    rows_t r = {.e = &k->env->tables->elemwise,
                .x = k->in[0]->data,
                .scale = anp_cpu_f32(k, 1),
                .y = k->out[0]->data,
                .n = row_size(k),
                .eps = anp_attr_f32(k->attrs, "epsilon", 1e-5f)};
    run_rows(k, &r, n_rows(k), rms_norm_rows);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_rms_norm_f32 = {
    "rms_norm_f32", ANP_OP_RMSNormalization, accepts_layer_norm, NULL, NULL, run_rms_norm};

/* ---- BatchNormalization ---- */

typedef struct channels_t {
    const anp_elemwise_t *e;
    const float *x;
    float *y;
    const float *factor, *offset; /* per channel: y = x * factor + offset */
    int64_t channels;
    size_t n;
} channels_t;

static bool accepts_batch_norm(const anp_kernel_t *k) {
    if (!anp_cpu_is_f32(k, 0) || k->in[0]->rank < 2 || anp_attr_i64(k->attrs, "training_mode", 0))
        return false;
    for (uint32_t i = 1; i < 5; i++)
        if (!anp_cpu_is_f32(k, i) || anp_tensor_elems(k->in[i]) != k->in[0]->dims[1]) return false;
    for (uint32_t i = 1; i < k->n_out; i++)
        if (k->out[i]) return false;
    return true;
}

/* y = x * factor + offset */
static void scale_plane(const anp_elemwise_t *e, size_t n, const float *x, const float *factor,
                        const float *offset, float *y) {
    e->binary_f32[ANP_BINARY_MUL][ANP_FORM_LEFT](n, x, factor, y);
    e->binary_f32[ANP_BINARY_ADD][ANP_FORM_LEFT](n, y, offset, y);
}

static void scale_planes(void *arg, int64_t begin, int64_t end) {
    const channels_t *c = arg;
    for (int64_t i = begin; i < end; i++) {
        const float *x = c->x + (size_t)i * c->n;
        float *y = c->y + (size_t)i * c->n;
        const int64_t ch = i % c->channels;
        scale_plane(c->e, c->n, x, &c->factor[ch], &c->offset[ch], y);
    }
}

static anp_status_t run_batch_norm(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    const float *scale = anp_cpu_f32(k, 1), *bias = anp_cpu_f32(k, 2), *mean = anp_cpu_f32(k, 3),
                *var = anp_cpu_f32(k, 4);
    const double eps = anp_attr_f32(k->attrs, "epsilon", 1e-5f);
    float *factor = NULL;
    if (anp_tensor_elems(x) == 0) return ANP_OK;
    ANP_TRY(anp_kernel_scratch(k, (uint64_t)x->dims[1] * 2 * sizeof(float), (void **)&factor));
    float *offset = factor + x->dims[1];
    for (int64_t i = 0; i < x->dims[1]; i++) {
        const double f = scale[i] / sqrt(var[i] + eps);
        factor[i] = (float)f;
        offset[i] = (float)(bias[i] - mean[i] * f);
    }
    channels_t c = {&k->env->tables->elemwise,
                    x->data,
                    k->out[0]->data,
                    factor,
                    offset,
                    x->dims[1],
                    (size_t)anp_dims_product(x->dims, 2, x->rank)};
    anp_range_run(k->env->pool, x->dims[0] * x->dims[1],
                  ANP_MAX((int64_t)1, (int64_t)ANP_PART_ELEMS / (int64_t)c.n), scale_planes, &c);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_batch_norm_f32 = {
    "batch_norm_f32", ANP_OP_BatchNormalization, accepts_batch_norm, NULL, NULL, run_batch_norm};

/* ---- InstanceNormalization, GroupNormalization ---- */

/* Channels of a group lie one behind the other: together they are a row. */
typedef struct groups_t {
    const anp_elemwise_t *e;
    const float *x, *scale, *bias;
    float *y;
    int64_t groups, channels; /* channels of one group */
    size_t n;                 /* elements of a channel */
    float eps;
} groups_t;

static int64_t n_groups(const anp_kernel_t *k) {
    return k->op->index == ANP_OP_InstanceNormalization ? k->in[0]->dims[1]
                                                        : anp_attr_i64(k->attrs, "num_groups", 0);
}

static bool accepts_group_norm(const anp_kernel_t *k) {
    if (!anp_cpu_is_f32(k, 0) || k->in[0]->rank < 2 || anp_attr_i64(k->attrs, "stash_type", 1) != 1)
        return false;
    for (uint32_t i = 1; i < 3; i++)
        if (!anp_cpu_is_f32(k, i) || anp_tensor_elems(k->in[i]) != k->in[0]->dims[1]) return false;
    return n_groups(k) > 0 && k->in[0]->dims[1] % n_groups(k) == 0;
}

static void norm_groups(void *arg, int64_t begin, int64_t end) {
    const groups_t *g = arg;
    const size_t row = (size_t)g->channels * g->n;
    for (int64_t i = begin; i < end; i++) {
        float *const y = g->y + (size_t)i * row;
        const int64_t first = i % g->groups * g->channels;
        g->e->layer_norm_f32(row, g->x + (size_t)i * row, NULL, NULL, g->eps, y, NULL);
        for (int64_t c = 0; c < g->channels; c++) {
            float *const plane = y + (size_t)c * g->n;
            scale_plane(g->e, g->n, plane, &g->scale[first + c], &g->bias[first + c], plane);
        }
    }
}

static anp_status_t run_group_norm(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0];
    if (anp_tensor_elems(x) == 0) return ANP_OK;
    groups_t g = {.e = &k->env->tables->elemwise,
                  .x = x->data,
                  .scale = anp_cpu_f32(k, 1),
                  .bias = anp_cpu_f32(k, 2),
                  .y = k->out[0]->data,
                  .groups = n_groups(k),
                  .n = (size_t)anp_dims_product(x->dims, 2, x->rank),
                  .eps = anp_attr_f32(k->attrs, "epsilon", 1e-5f)};
    g.channels = x->dims[1] / g.groups;
    anp_range_run(k->env->pool, x->dims[0] * g.groups,
                  ANP_MAX((int64_t)1, (int64_t)ANP_PART_ELEMS / (g.channels * (int64_t)g.n)),
                  norm_groups, &g);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_instance_norm_f32 = {
    "instance_norm_f32", ANP_OP_InstanceNormalization, accepts_group_norm, NULL, NULL,
    run_group_norm};
const anp_cpu_kernel_t anp_cpu_group_norm_f32 = {
    "group_norm_f32", ANP_OP_GroupNormalization, accepts_group_norm, NULL, NULL, run_group_norm};
