/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges, elements, broadcast operands and elementwise maps. Strided copies are in box.c. */
#include "kernel/iter.h"
#include <string.h>

/* ---- ranges ---- */

typedef struct range_job_t {
    int64_t count, part;
    anp_range_fn_t fn;
    void *arg;
} range_job_t;

static void range_item(void *arg, uint64_t item, uint32_t worker) {
    (void)worker;
    const range_job_t *job = arg;
    const int64_t begin = (int64_t)item * job->part;
    job->fn(job->arg, begin, ANP_MIN(job->count, begin + job->part));
}

void anp_range_run(anp_pool_t *pool, int64_t count, int64_t part, anp_range_fn_t fn, void *arg) {
    if (count <= 0) return;
    if (count <= part) {
        fn(arg, 0, count);
        return;
    }
    range_job_t job = {.count = count, .part = part, .fn = fn, .arg = arg};
    anp_pool_run(pool, (uint64_t)((count - 1) / part + 1), range_item, &job);
}

/* ---- elements ---- */

uint64_t anp_elem_bytes(uint32_t dtype) {
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    return row && row->block_elems == 1 ? row->block_bytes : 0;
}

void anp_elem_fill(uint64_t elem_bytes, void *dst, int64_t n, const void *value) {
    switch (elem_bytes) {
#define FILL(bytes, T)                            \
    case bytes: {                                 \
        T v, *d = dst;                            \
        memcpy(&v, value, sizeof v);              \
        for (int64_t i = 0; i < n; i++) d[i] = v; \
        break;                                    \
    }
        FILL(1, uint8_t)
        FILL(2, uint16_t)
        FILL(4, uint32_t)
        FILL(8, uint64_t)
#undef FILL
    default:
        for (int64_t i = 0; i < n; i++)
            memcpy((uint8_t *)dst + (uint64_t)i * elem_bytes, value, elem_bytes);
    }
}

void anp_elem_unpack(uint32_t dtype, const void *packed, int64_t n, uint8_t *bytes) {
    const uint32_t per_byte = anp_dtype_row(dtype)->block_elems, bits = 8 / per_byte;
    const uint8_t *p = packed;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t shift = (uint32_t)(i % per_byte) * bits;
        bytes[i] = (uint8_t)((p[i / per_byte] >> shift) & ((1u << bits) - 1));
    }
}

void anp_elem_pack(uint32_t dtype, const uint8_t *bytes, int64_t n, void *packed) {
    const uint32_t per_byte = anp_dtype_row(dtype)->block_elems, bits = 8 / per_byte;
    uint8_t *p = packed;
    for (int64_t i = 0; i < n; i += per_byte) {
        uint32_t v = 0;
        for (uint32_t j = 0; j < per_byte && i + j < n; j++)
            v |= (bytes[i + j] & ((1u << bits) - 1)) << (j * bits);
        p[i / per_byte] = (uint8_t)v;
    }
}

/* ---- broadcasting ---- */

bool anp_bcast_init(anp_bcast_t *b, const anp_tensor_t *in, const anp_tensor_t *out) {
    *b = (anp_bcast_t){
        .data = in->data, .dtype = (anp_dtype_t)in->dtype, .elem_bytes = anp_elem_bytes(in->dtype)};
    if (in->rank > out->rank) return false;
    const uint32_t lead = (uint32_t)out->rank - in->rank;
    int64_t dims[ANP_RANK_MAX], strides[ANP_RANK_MAX], stride = 1;
    uint32_t n = 0; /* merged axes so far, innermost first */
    for (uint32_t a = out->rank; a-- > 0;) {
        const int64_t od = out->dims[a], id = a < lead ? 1 : in->dims[a - lead];
        if (id != od && id != 1) return false;
        const int64_t s = id == 1 ? 0 : stride;
        stride *= id;
        if (od == 1) continue;
        if (n > 0 && s == strides[n - 1] * dims[n - 1]) {
            dims[n - 1] *= od;
        } else {
            dims[n] = od;
            strides[n++] = s;
        }
    }
    if (n == 0) { /* one element */
        dims[0] = 1;
        strides[n++] = 1;
    }
    b->rank = n;
    for (uint32_t a = 0; a < n; a++) {
        b->dims[a] = dims[n - 1 - a];
        b->strides[a] = strides[n - 1 - a];
    }
    return true;
}

/* n elements from src, `stride` elements apart, to dst. */
static void load_run(uint64_t elem_bytes, void *dst, const void *src, int64_t stride, int64_t n) {
    if (stride == 1) {
        memcpy(dst, src, (uint64_t)n * elem_bytes);
        return;
    }
    if (stride == 0) {
        anp_elem_fill(elem_bytes, dst, n, src);
        return;
    }
    const uint64_t step = (uint64_t)stride * elem_bytes;
    for (int64_t i = 0; i < n; i++)
        memcpy((uint8_t *)dst + (uint64_t)i * elem_bytes, (const uint8_t *)src + (uint64_t)i * step,
               elem_bytes);
}

const void *anp_bcast_load(const anp_bcast_t *b, int64_t at, int64_t n, void *block) {
    const uint32_t last = b->rank - 1;
    int64_t coord[ANP_RANK_MAX], offset = 0, rest = at;
    for (uint32_t a = b->rank; a-- > 0;) {
        coord[a] = rest % b->dims[a];
        rest /= b->dims[a];
        offset += coord[a] * b->strides[a];
    }
    if (b->strides[last] == 1 && coord[last] + n <= b->dims[last])
        return b->data + (uint64_t)offset * b->elem_bytes;
    uint8_t *dst = block;
    while (n > 0) {
        const int64_t run = ANP_MIN(n, b->dims[last] - coord[last]);
        load_run(b->elem_bytes, dst, b->data + (uint64_t)offset * b->elem_bytes, b->strides[last],
                 run);
        dst += (uint64_t)run * b->elem_bytes;
        n -= run;
        /* To the start of the next row; the end of the tensor only together with n == 0. */
        offset -= coord[last] * b->strides[last];
        coord[last] = 0;
        for (uint32_t a = last; a-- > 0;) {
            offset += b->strides[a];
            if (++coord[a] < b->dims[a]) break;
            offset -= b->dims[a] * b->strides[a];
            coord[a] = 0;
        }
    }
    return block;
}

anp_status_t anp_kernel_bcast(const anp_kernel_t *k, uint32_t i, anp_bcast_t *out) {
    if (anp_bcast_init(out, k->in[i], k->out[0])) return ANP_OK;
    char in_text[160], out_text[160];
    anp_tensor_text(k->in[i], in_text, sizeof in_text);
    anp_tensor_text(k->out[0], out_text, sizeof out_text);
    ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "input %u, %s, does not broadcast to %s", i, in_text,
                    out_text);
}

/* ---- elementwise ---- */

anp_dtype_t anp_compute_dtype(uint32_t dtype) {
    return dtype == ANP_DTYPE_F16 || dtype == ANP_DTYPE_BF16 ? ANP_DTYPE_F32 : (anp_dtype_t)dtype;
}

const void *anp_bcast_load_wide(const anp_bcast_t *b, int64_t at, int64_t n,
                                anp_operand_block_t *block) {
    const uint16_t *h = anp_bcast_load(b, at, n, block->raw);
    if (b->dtype == ANP_DTYPE_F16)
        for (int64_t i = 0; i < n; i++) block->wide[i] = anp_f16_to_f32(h[i]);
    else if (b->dtype == ANP_DTYPE_BF16)
        for (int64_t i = 0; i < n; i++) block->wide[i] = anp_bf16_to_f32(h[i]);
    else
        return h;
    return block->wide;
}

void anp_store_wide(anp_dtype_t dtype, void *data, int64_t at, int64_t n, const void *wide) {
    uint16_t *h = (uint16_t *)data + at;
    const float *f = wide;
    if (dtype == ANP_DTYPE_F16)
        for (int64_t i = 0; i < n; i++) h[i] = anp_f16_from_f32(f[i]);
    else if (dtype == ANP_DTYPE_BF16)
        for (int64_t i = 0; i < n; i++) h[i] = anp_bf16_from_f32(f[i]);
    else
        memcpy((uint8_t *)data + (uint64_t)at * anp_elem_bytes(dtype), wide,
               (uint64_t)n * anp_elem_bytes(dtype));
}

typedef struct map_job_t {
    uint32_t n_in;
    anp_bcast_t in[ANP_MAP_INPUTS_MAX];
    anp_dtype_t out_dtype;
    uint64_t out_elem_bytes;
    uint8_t *out;
    anp_map_fn_t fn;
    const void *arg;
} map_job_t;

static void map_part(void *arg, int64_t begin, int64_t end) {
    const map_job_t *job = arg;
    anp_operand_block_t block[ANP_MAP_INPUTS_MAX];
    _Alignas(64) float wide[ANP_BLOCK_ELEMS];
    const bool narrows = anp_compute_dtype(job->out_dtype) != job->out_dtype;
    for (int64_t at = begin; at < end; at += ANP_BLOCK_ELEMS) {
        const int64_t n = ANP_MIN(end - at, ANP_BLOCK_ELEMS);
        const void *x[ANP_MAP_INPUTS_MAX];
        for (uint32_t i = 0; i < job->n_in; i++)
            x[i] = anp_bcast_load_wide(&job->in[i], at, n, &block[i]);
        job->fn(job->arg, n, x,
                narrows ? (void *)wide : job->out + (uint64_t)at * job->out_elem_bytes);
        if (narrows) anp_store_wide(job->out_dtype, job->out, at, n, wide);
    }
}

anp_status_t anp_map_run(anp_kernel_t *k, uint32_t n_in, anp_map_fn_t fn, const void *arg) {
    const anp_tensor_t *out = k->out[0];
    map_job_t job = {.n_in = n_in,
                     .out_dtype = (anp_dtype_t)out->dtype,
                     .out_elem_bytes = anp_elem_bytes(out->dtype),
                     .out = out->data,
                     .fn = fn,
                     .arg = arg};
    for (uint32_t i = 0; i < n_in; i++) ANP_TRY(anp_kernel_bcast(k, i, &job.in[i]));
    anp_range_run(k->env->pool, anp_tensor_elems(out), ANP_PART_ELEMS, map_part, &job);
    return ANP_OK;
}
