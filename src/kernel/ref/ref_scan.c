/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that go along one axis in order: CumSum, CumProd and ReverseSequence. */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_util.h"
#include <string.h>

/* ---- CumSum, CumProd ---- */

typedef struct scan_job_t {
    const anp_tensor_t *in, *out;
    anp_lines_t lines;
    bool exclusive, reverse, product;
} scan_job_t;

/* Running sums or products of one line: floats in f64, each rounded once; integers wrap around. */
#define SCAN_LINE(fn, T, W, load, store)                                 \
    static void fn(const scan_job_t *job, int64_t first) {               \
        const anp_lines_t *l = &job->lines;                              \
        const anp_dtype_t dtype = (anp_dtype_t)job->in->dtype;           \
        W so_far = job->product ? 1 : 0;                                 \
        for (int64_t i = 0; i < l->length; i++) {                        \
            const int64_t at = job->reverse ? l->length - 1 - i : i;     \
            const uint64_t e = (uint64_t)(first + at * l->stride);       \
            T x = 0;                                                     \
            load(dtype, job->in->data, e, 1, &x);                        \
            const W next = job->product ? so_far * (W)x : so_far + (W)x; \
            const T v = (T)(job->exclusive ? so_far : next);             \
            store(dtype, job->out->data, e, 1, &v);                      \
            so_far = next;                                               \
        }                                                                \
    }
SCAN_LINE(scan_line_f64, double, double, anp_dtype_load_f64, anp_dtype_store_f64)
SCAN_LINE(scan_line_i64, int64_t, uint64_t, anp_dtype_load_i64, anp_dtype_store_i64)

static void scan_lines(void *arg, int64_t begin, int64_t end) {
    const scan_job_t *job = arg;
    const bool real = anp_dtype_is_float((anp_dtype_t)job->in->dtype);
    for (int64_t line = begin; line < end; line++) {
        const int64_t first = anp_lines_first(&job->lines, line);
        if (real)
            scan_line_f64(job, first);
        else
            scan_line_i64(job, first);
    }
}

anp_status_t anp_ref_cumulate(anp_kernel_t *k) {
    scan_job_t job = {.in = k->in[0],
                      .out = k->out[0],
                      .exclusive = anp_attr_i64(k->attrs, "exclusive", 0) != 0,
                      .reverse = anp_attr_i64(k->attrs, "reverse", 0) != 0,
                      .product = k->op->index == ANP_OP_CumProd};
    int64_t value = 0;
    uint32_t axis = 0;
    ANP_TRY(anp_kernel_scalar_i64(k, 1, &value));
    ANP_TRY(anp_kernel_axis(k, value, &axis));
    if (anp_tensor_elems(job.in) == 0) return ANP_OK;
    anp_lines_along(job.in, axis, &job.lines);
    anp_range_run(k->env->pool, job.lines.lines, ANP_MAX(1, ANP_PART_ELEMS / job.lines.length),
                  scan_lines, &job);
    return ANP_OK;
}

/* ---- ReverseSequence ---- */

/* The first sequence_lens[b] time steps of each batch entry backwards, the rest as they are. */
anp_status_t anp_ref_reverse_sequence(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0], *lens = k->in[1];
    const int64_t batch_axis = anp_attr_i64(k->attrs, "batch_axis", 1);
    const int64_t time_axis = anp_attr_i64(k->attrs, "time_axis", 0);
    const bool in_order = batch_axis == 0 && time_axis == 1;
    const bool swapped = batch_axis == 1 && time_axis == 0;
    if (in->rank < 2 || (!in_order && !swapped))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "batch_axis is %lld and time_axis %lld of rank %u, expected 0 and 1",
                        (long long)batch_axis, (long long)time_axis, in->rank);
    const int64_t times = in->dims[time_axis], batches = in->dims[batch_axis];
    ANP_TRY(anp_kernel_need_elems(k, 1, "sequence_lens", batches));
    const uint64_t row =
        (uint64_t)anp_dims_product(in->dims, 2, in->rank) * anp_elem_bytes(in->dtype);
    const uint64_t time_step = time_axis == 0 ? (uint64_t)batches * row : row;
    const uint64_t batch_step = time_axis == 0 ? row : (uint64_t)times * row;
    for (int64_t b = 0; b < batches; b++) {
        const int64_t len = anp_dtype_get_i64((anp_dtype_t)lens->dtype, lens->data, (uint64_t)b);
        if (len < 0 || len > times)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                            "sequence_lens %lld is %lld, axis %lld has size %lld", (long long)b,
                            (long long)len, (long long)time_axis, (long long)times);
        for (int64_t t = 0; t < times; t++) {
            const int64_t from = t < len ? len - 1 - t : t;
            memcpy((uint8_t *)k->out[0]->data + (uint64_t)b * batch_step + (uint64_t)t * time_step,
                   (const uint8_t *)in->data + (uint64_t)b * batch_step +
                       (uint64_t)from * time_step,
                   row);
        }
    }
    return ANP_OK;
}
