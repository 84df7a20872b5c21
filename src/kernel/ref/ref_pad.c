/* SPDX-License-Identifier: Apache-2.0 */
/* Pad in all modes and CenterCropPad: each axis is a list of source positions, -1 where the value
 * goes. */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_util.h"
#include <string.h>

typedef enum pad_mode_t { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP } pad_mode_t;

typedef struct pad_job_t {
    uint32_t rank;
    uint64_t elem_bytes;
    int64_t in_dims[ANP_RANK_MAX], out_dims[ANP_RANK_MAX], in_strides[ANP_RANK_MAX];
    int64_t begin[ANP_RANK_MAX];      /* elements before the input; negative ones are cut off */
    const int64_t *map[ANP_RANK_MAX]; /* out position -> in position or -1 */
    const uint8_t *in;
    uint8_t *out;
    uint8_t value[ANP_ELEM_BYTES_MAX];
} pad_job_t;

/* Position in [0, n) that stands at `at`, or -1; n > 0 except with PAD_CONSTANT. */
static int64_t source_position(pad_mode_t mode, int64_t at, int64_t n) {
    if (at >= 0 && at < n) return at;
    switch (mode) {
    case PAD_EDGE: return at < 0 ? 0 : n - 1;
    case PAD_WRAP: return (at % n + n) % n;
    case PAD_REFLECT: {
        if (n == 1) return 0;
        const int64_t period = 2 * (n - 1), p = (at % period + period) % period;
        return p < n ? p : period - p;
    }
    default: return -1;
    }
}

static anp_status_t make_maps(anp_kernel_t *k, pad_job_t *job, pad_mode_t mode) {
    for (uint32_t a = 0; a < job->rank; a++) {
        int64_t *map = NULL;
        if (mode != PAD_CONSTANT && job->in_dims[a] == 0 && job->out_dims[a] > 0)
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "axis %u has no elements to pad with", a);
        ANP_TRY(
            anp_kernel_scratch_array(k, (uint64_t)job->out_dims[a], sizeof *map, (void **)&map));
        for (int64_t o = 0; o < job->out_dims[a]; o++)
            map[o] = source_position(mode, o - job->begin[a], job->in_dims[a]);
        job->map[a] = map;
    }
    return ANP_OK;
}

/* One row of the last axis; src is where its row begins in the input, or NULL for a row of values.
 */
static void pad_row(const pad_job_t *job, const uint8_t *src, uint8_t *dst) {
    const uint32_t last = job->rank - 1;
    const int64_t n = job->out_dims[last];
    const uint64_t e = job->elem_bytes;
    if (!src) {
        anp_elem_fill(e, dst, n, job->value);
        return;
    }
    /* the input itself is one run; around it single elements */
    const int64_t run_begin = ANP_MIN(ANP_MAX(job->begin[last], 0), n);
    const int64_t run_end = ANP_MAX(run_begin, ANP_MIN(n, job->begin[last] + job->in_dims[last]));
    for (int64_t o = 0; o < n; o++) {
        if (o == run_begin && run_end > run_begin) {
            memcpy(dst + (uint64_t)o * e, src + (uint64_t)job->map[last][o] * e,
                   (uint64_t)(run_end - run_begin) * e);
            o = run_end - 1;
            continue;
        }
        const int64_t at = job->map[last][o];
        memcpy(dst + (uint64_t)o * e, at < 0 ? job->value : src + (uint64_t)at * e, e);
    }
}

static void pad_rows(void *arg, int64_t begin, int64_t end) {
    const pad_job_t *job = arg;
    const int64_t row_elems = job->out_dims[job->rank - 1];
    for (int64_t row = begin; row < end; row++) {
        int64_t rest = row, offset = 0;
        bool inside = true;
        for (uint32_t a = job->rank - 1; a-- > 0;) {
            const int64_t at = job->map[a][rest % job->out_dims[a]];
            rest /= job->out_dims[a];
            inside = inside && at >= 0;
            offset += at * job->in_strides[a];
        }
        pad_row(job, inside ? job->in + (uint64_t)offset * job->elem_bytes : NULL,
                job->out + (uint64_t)(row * row_elems) * job->elem_bytes);
    }
}

/* Pads out[0] from in[0]; job->begin is set. Packed elements go through bytes. */
static anp_status_t pad_run(anp_kernel_t *k, pad_job_t *job, pad_mode_t mode) {
    const anp_tensor_t *in = k->in[0], *out = k->out[0];
    const int64_t n_in = anp_tensor_elems(in), n_out = anp_tensor_elems(out);
    const bool packed = job->elem_bytes == 0;
    if (n_out == 0) return ANP_OK;
    job->rank = ANP_MAX(out->rank, 1);
    for (uint32_t a = 0; a < job->rank; a++) { /* a scalar is one row of one */
        job->in_dims[a] = out->rank > 0 ? in->dims[a] : 1;
        job->out_dims[a] = out->rank > 0 ? out->dims[a] : 1;
    }
    anp_dense_strides(job->rank, job->in_dims, job->in_strides);
    ANP_TRY(make_maps(k, job, mode));
    job->in = in->data;
    job->out = out->data;
    if (packed) {
        uint8_t *bytes = NULL;
        job->elem_bytes = 1;
        ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n_in, 1, (void **)&bytes));
        anp_elem_unpack(in->dtype, in->data, n_in, bytes);
        job->in = bytes;
        ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n_out, 1, (void **)&job->out));
    }
    const int64_t row_elems = job->out_dims[job->rank - 1];
    anp_range_run(k->env->pool, n_out / row_elems, ANP_MAX(1, ANP_PART_ELEMS / row_elems), pad_rows,
                  job);
    if (packed) anp_elem_pack(out->dtype, job->out, n_out, out->data);
    return ANP_OK;
}

static anp_status_t read_mode(const anp_kernel_t *k, pad_mode_t *out) {
    static const char *const names[] = {"constant", "reflect", "edge", "wrap"};
    const char *mode = anp_attr_str(k->attrs, "mode", "constant");
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(names); i++) {
        *out = (pad_mode_t)i;
        if (strcmp(mode, names[i]) == 0) return ANP_OK;
    }
    ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "mode is '%s', expected constant, reflect, edge or wrap",
                    mode);
}

/* Elements before the input along each axis. */
static anp_status_t read_begins(anp_kernel_t *k, int64_t *begin) {
    const anp_tensor_t *pads = k->in[1], *axes = anp_kernel_has(k, 3) ? k->in[3] : NULL;
    const int64_t n = axes ? anp_tensor_elems(axes) : k->in[0]->rank;
    if (anp_tensor_elems(pads) != 2 * n)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "pads has %lld values for %lld axes",
                        (long long)anp_tensor_elems(pads), (long long)n);
    for (int64_t i = 0; i < n; i++) {
        uint32_t axis = (uint32_t)i;
        if (axes)
            ANP_TRY(anp_kernel_axis(
                k, anp_dtype_get_i64((anp_dtype_t)axes->dtype, axes->data, (uint64_t)i), &axis));
        begin[axis] = anp_dtype_get_i64((anp_dtype_t)pads->dtype, pads->data, (uint64_t)i);
    }
    return ANP_OK;
}

anp_status_t anp_ref_pad(anp_kernel_t *k) {
    pad_job_t job = {.elem_bytes = anp_elem_bytes(k->in[0]->dtype)};
    pad_mode_t mode = PAD_CONSTANT;
    ANP_TRY(read_mode(k, &mode));
    ANP_TRY(read_begins(k, job.begin));
    if (anp_kernel_has(k, 2)) {
        const anp_tensor_t *value = k->in[2];
        if (anp_tensor_elems(value) != 1)
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "constant_value has %lld elements, expected one",
                            (long long)anp_tensor_elems(value));
        if (job.elem_bytes > 0)
            memcpy(job.value, value->data, job.elem_bytes);
        else
            anp_elem_unpack(value->dtype, value->data, 1, job.value);
    }
    return pad_run(k, &job, mode);
}

anp_status_t anp_ref_center_crop_pad(anp_kernel_t *k) {
    pad_job_t job = {.elem_bytes = anp_elem_bytes(k->in[0]->dtype)};
    for (uint32_t a = 0; a < k->in[0]->rank; a++) {
        const int64_t in = k->in[0]->dims[a], out = k->out[0]->dims[a];
        job.begin[a] = (out - in) / 2; /* toward zero: the larger rest is at the end both ways */
    }
    return pad_run(k, &job, PAD_CONSTANT);
}
