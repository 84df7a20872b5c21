/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum: for every element of the result, the sum over the labels that are not in it. */
#include "op/shape/einsum.h"

#include "kernel/ref/ref_line.h"

/* A label is an axis of the iteration: its size and how far each operand moves along it (0: not
 * there, or repeated). */
typedef struct axis_t {
    int64_t size;
    int64_t stride[ANP_EINSUM_INPUTS_MAX];
} axis_t;

typedef struct einsum_t {
    const anp_tensor_t *y;
    uint32_t n_in, n_out, n_sum;
    axis_t out[ANP_RANK_MAX], sum[ANP_EINSUM_LABELS];
    int64_t terms;                         /* product of the summed sizes */
    const void *in[ANP_EINSUM_INPUTS_MAX]; /* operands as double, or as uint64_t for integers (exact
                                              modulo 2^64) */
} einsum_t;

/* Offsets of the operands for the index-th combination of `axes`, the last axis fastest. */
static void offsets_at(const axis_t *axes, uint32_t n, uint32_t n_in, int64_t index,
                       int64_t *offset) {
    for (uint32_t a = n; a-- > 0; index /= axes[a].size)
        for (uint32_t i = 0; i < n_in; i++) offset[i] += index % axes[a].size * axes[a].stride[i];
}

/* Sum over the last summed axis (`n` terms) of the product of all operands. */
#define DEFINE_SUM(name, type)                                                                     \
    static type name(const einsum_t *e, const int64_t *offset, const int64_t *stride, int64_t n) { \
        const type *a = (const type *)e->in[0] + offset[0];                                        \
        const type *b = e->n_in > 1 ? (const type *)e->in[1] + offset[1] : NULL;                   \
        type sum = 0;                                                                              \
        for (int64_t t = 0; t < n; t++) {                                                          \
            type product = a[t * stride[0]];                                                       \
            if (b) product *= b[t * stride[1]];                                                    \
            for (uint32_t i = 2; i < e->n_in; i++)                                                 \
                product *= ((const type *)e->in[i])[offset[i] + t * stride[i]];                    \
            sum += product;                                                                        \
        }                                                                                          \
        return sum;                                                                                \
    }
DEFINE_SUM(sum_f64, double)
DEFINE_SUM(sum_u64, uint64_t)

static void element(const void *arg, int64_t item, double *scratch) {
    static const axis_t one = {.size = 1};
    const einsum_t *e = arg;
    const axis_t *last = e->n_sum > 0 ? &e->sum[e->n_sum - 1] : &one;
    int64_t base[ANP_EINSUM_INPUTS_MAX] = {0};
    double sum = 0;
    uint64_t integer_sum = 0;
    const bool integer = anp_dtype_is_int((anp_dtype_t)e->y->dtype);
    (void)scratch;
    offsets_at(e->out, e->n_out, e->n_in, item, base);
    for (int64_t t = 0; t < e->terms; t += last->size) {
        int64_t offset[ANP_EINSUM_INPUTS_MAX] = {0};
        for (uint32_t i = 0; i < e->n_in; i++) offset[i] = base[i];
        if (e->n_sum > 1) offsets_at(e->sum, e->n_sum - 1, e->n_in, t / last->size, offset);
        if (integer)
            integer_sum += sum_u64(e, offset, last->stride, last->size);
        else
            sum += sum_f64(e, offset, last->stride, last->size);
    }
    if (integer)
        anp_dtype_set_i64((anp_dtype_t)e->y->dtype, e->y->data, (uint64_t)item,
                          (int64_t)integer_sum);
    else
        anp_line_store(e->y, item, 1, 1, &sum);
}

/* Fills in sizes and strides; a label seen twice in an operand walks its diagonal. */
static void set_axes(einsum_t *e, const anp_einsum_t *eq, const anp_tensor_t *const *in) {
    axis_t all[ANP_EINSUM_LABELS] = {{.size = 1}};
    bool used[ANP_EINSUM_LABELS] = {false};
    for (uint32_t l = 0; l < ANP_EINSUM_LABELS; l++) all[l].size = 1;
    for (uint32_t i = 0; i < eq->n_in; i++) {
        int64_t strides[ANP_RANK_MAX];
        anp_dense_strides(in[i]->rank, in[i]->dims, strides);
        for (uint32_t a = 0; a < in[i]->rank; a++) {
            axis_t *const axis = &all[eq->in[i].label[a]];
            used[eq->in[i].label[a]] = true;
            if (in[i]->dims[a] == 1) continue;
            axis->size = in[i]->dims[a];
            axis->stride[i] += strides[a];
        }
    }
    for (uint32_t a = 0; a < eq->out.rank; a++) {
        e->out[e->n_out++] = all[eq->out.label[a]];
        used[eq->out.label[a]] = false;
    }
    e->terms = 1;
    for (uint32_t l = 0; l < ANP_EINSUM_LABELS; l++)
        if (used[l]) {
            e->sum[e->n_sum++] = all[l];
            e->terms *= all[l].size;
        }
}

static anp_status_t load_operand(anp_kernel_t *k, const anp_tensor_t *t, const void **out) {
    const uint64_t n = (uint64_t)anp_tensor_elems(t);
    void *values;
    ANP_TRY(anp_kernel_scratch_array(k, n, sizeof(double), &values));
    if (anp_dtype_is_int((anp_dtype_t)t->dtype))
        anp_dtype_load_i64((anp_dtype_t)t->dtype, t->data, 0, n, values);
    else
        anp_dtype_load_f64((anp_dtype_t)t->dtype, t->data, 0, n, values);
    *out = values;
    return ANP_OK;
}

anp_status_t anp_ref_einsum(anp_kernel_t *k) {
    anp_einsum_t eq;
    einsum_t e = {.y = k->out[0], .n_in = k->n_in};
    int32_t ranks[ANP_EINSUM_INPUTS_MAX];
    for (uint32_t i = 0; i < ANP_MIN(k->n_in, (uint32_t)ANP_EINSUM_INPUTS_MAX); i++)
        ranks[i] = k->in[i]->rank;
    ANP_TRY(anp_einsum_parse(k->op, k->node_name, k->attrs, ranks, k->n_in, &eq));
    set_axes(&e, &eq, k->in);
    for (uint32_t i = 0; i < k->n_in; i++) ANP_TRY(load_operand(k, k->in[i], &e.in[i]));
    return anp_items_run(k, anp_tensor_elems(e.y), 0, element, &e);
}
