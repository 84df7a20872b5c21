/* SPDX-License-Identifier: Apache-2.0 */
/* Copies between strided layouts: what Transpose, Slice, Concat, Expand, Tile and their like come
 * down to. */
#include "kernel/iter.h"
#include <string.h>

enum {
    TILE = 32, /* side of a square that is transposed at once: its lines stay in the cache */
    PARALLEL_BYTES = 256 * 1024, /* below, one thread is faster */
    PIECES = 16,                 /* parts of the axis that is split */
};

void anp_dense_strides(uint32_t rank, const int64_t *dims, int64_t *out_strides) {
    int64_t stride = 1;
    for (uint32_t a = rank; a-- > 0;) {
        out_strides[a] = stride;
        stride *= dims[a];
    }
}

int64_t anp_dims_product(const int64_t *dims, uint32_t from, uint32_t to) {
    int64_t product = 1;
    for (uint32_t a = from; a < to; a++) product *= dims[a];
    return product;
}

void anp_box_init(anp_box_t *b) {
    b->rank = 0;
    b->empty = false;
}

void anp_box_axis(anp_box_t *b, int64_t dim, int64_t dst_stride, int64_t src_stride) {
    if (dim <= 0) b->empty = true;
    if (b->empty || dim == 1) return;
    if (b->rank > 0) {
        const uint32_t p = b->rank - 1;
        if (b->dst[p] == dst_stride * dim && b->src[p] == src_stride * dim) {
            b->dims[p] *= dim;
            b->dst[p] = dst_stride;
            b->src[p] = src_stride;
            return;
        }
    }
    b->dims[b->rank] = dim;
    b->dst[b->rank] = dst_stride;
    b->src[b->rank++] = src_stride;
}

/* One line of n elements. */
static void copy_line(uint64_t elem_bytes, int64_t n, uint8_t *dst, int64_t ds, const uint8_t *src,
                      int64_t ss) {
    if (ds == 1 && ss == 1) {
        memcpy(dst, src, (uint64_t)n * elem_bytes);
        return;
    }
    if (ds == 1 && ss == 0) {
        anp_elem_fill(elem_bytes, dst, n, src);
        return;
    }
    switch (elem_bytes) {
#define LINE(bytes, T)                                         \
    case bytes: {                                              \
        T *d = (T *)(void *)dst;                               \
        const T *s = (const T *)(const void *)src;             \
        for (int64_t i = 0; i < n; i++) d[i * ds] = s[i * ss]; \
        break;                                                 \
    }
        LINE(1, uint8_t)
        LINE(2, uint16_t)
        LINE(4, uint32_t)
        LINE(8, uint64_t)
#undef LINE
    default:
        for (int64_t i = 0; i < n; i++)
            memcpy(dst + i * ds * (int64_t)elem_bytes, src + i * ss * (int64_t)elem_bytes,
                   elem_bytes);
    }
}

/* A square of at most TILE x TILE elements: rows of src are columns of dst. Four rows at a time are
 * interleaved, in vectors, into a block of its own: lines of src or dst that lie a power of two
 * apart push each other out of the cache. */
#define TRANSPOSE(T)                                                                 \
    static void transpose_##T(int64_t rows, int64_t cols, void *dst, int64_t ld_dst, \
                              const void *src, int64_t ld_src) {                     \
        T block[TILE / 4][TILE][4], *const d = dst;                                  \
        const int64_t fours = cols / 4;                                              \
        for (int64_t g = 0; g < fours; g++) {                                        \
            const T *s0 = (const T *)src + 4 * g * ld_src;                           \
            const T *s1 = s0 + ld_src, *s2 = s1 + ld_src, *s3 = s2 + ld_src;         \
            for (int64_t r = 0; r < rows; r++) {                                     \
                block[g][r][0] = s0[r];                                              \
                block[g][r][1] = s1[r];                                              \
                block[g][r][2] = s2[r];                                              \
                block[g][r][3] = s3[r];                                              \
            }                                                                        \
        }                                                                            \
        for (int64_t r = 0; r < rows; r++)                                           \
            for (int64_t g = 0; g < fours; g++)                                      \
                memcpy(d + r * ld_dst + 4 * g, block[g][r], sizeof block[g][r]);     \
        for (int64_t c = 4 * fours; c < cols; c++)                                   \
            for (int64_t r = 0; r < rows; r++)                                       \
                d[r * ld_dst + c] = ((const T *)src)[c * ld_src + r];                \
    }
TRANSPOSE(uint8_t)
TRANSPOSE(uint16_t)
TRANSPOSE(uint32_t)
TRANSPOSE(uint64_t)
#undef TRANSPOSE

typedef void (*transpose_fn_t)(int64_t rows, int64_t cols, void *dst, int64_t ld_dst,
                               const void *src, int64_t ld_src);

static transpose_fn_t find_transpose(int64_t elem_bytes) {
    switch (elem_bytes) {
    case 1: return transpose_uint8_t;
    case 2: return transpose_uint16_t;
    case 4: return transpose_uint32_t;
    case 8: return transpose_uint64_t;
    default: return NULL;
    }
}

/* What one thread copies: axes 0..rank-1 of the box except `cross` and the last are counted, those
 * two are a plane. */
typedef struct box_job_t {
    const anp_box_t *box;
    int64_t elem_bytes;
    uint8_t *dst;
    const uint8_t *src;
    int32_t cross;  /* axis along which src is contiguous while the last is not; -1: none */
    uint32_t split; /* axis that is cut into pieces */
} box_job_t;

static void copy_plane(const box_job_t *job, const int64_t *dims, uint8_t *dst,
                       const uint8_t *src) {
    const anp_box_t *b = job->box;
    const uint32_t last = b->rank - 1;
    const int64_t e = job->elem_bytes, ds = b->dst[last], ss = b->src[last];
    if (job->cross < 0) {
        copy_line((uint64_t)e, dims[last], dst, ds, src, ss);
        return;
    }
    const int64_t rows = dims[job->cross], cols = dims[last];
    const int64_t dr = b->dst[job->cross], sr = b->src[job->cross];
    const transpose_fn_t transpose = ds == 1 ? find_transpose(e) : NULL;
    for (int64_t r0 = 0; r0 < rows; r0 += TILE)
        for (int64_t c0 = 0; c0 < cols; c0 += TILE) {
            const int64_t r1 = ANP_MIN(rows, r0 + TILE), nc = ANP_MIN(cols - c0, TILE);
            if (transpose) {
                transpose(r1 - r0, nc, dst + (r0 * dr + c0) * e, dr, src + (r0 + c0 * ss) * e, ss);
                continue;
            }
            for (int64_t r = r0; r < r1; r++)
                copy_line((uint64_t)e, nc, dst + (r * dr + c0 * ds) * e, ds,
                          src + (r * sr + c0 * ss) * e, ss);
        }
}

/* Part of the box: elements [begin, end) of the axis that is split. */
static void copy_part(void *arg, int64_t begin, int64_t end) {
    const box_job_t *job = arg;
    const anp_box_t *b = job->box;
    const int64_t e = job->elem_bytes;
    int64_t dims[ANP_BOX_RANK_MAX], coord[ANP_BOX_RANK_MAX] = {0};
    memcpy(dims, b->dims, b->rank * sizeof *dims);
    dims[job->split] = end - begin;
    uint8_t *dst = job->dst + begin * b->dst[job->split] * e;
    const uint8_t *src = job->src + begin * b->src[job->split] * e;
    for (;;) {
        copy_plane(job, dims, dst, src);
        int32_t a = (int32_t)b->rank - 2;
        for (; a >= 0; a--) {
            if (a == job->cross) continue;
            dst += b->dst[a] * e;
            src += b->src[a] * e;
            if (++coord[a] < dims[a]) break;
            dst -= dims[a] * b->dst[a] * e;
            src -= dims[a] * b->src[a] * e;
            coord[a] = 0;
        }
        if (a < 0) return;
    }
}

static int32_t find_cross(const anp_box_t *b) {
    const uint32_t last = b->rank - 1;
    if (b->src[last] == 1 || b->src[last] == 0) return -1;
    for (uint32_t a = last; a-- > 0;)
        if (b->src[a] == 1) return (int32_t)a;
    return -1;
}

/* The outermost axis, unless that cuts squares to be transposed into strips. */
static uint32_t find_split(const box_job_t *job) {
    const anp_box_t *b = job->box;
    return job->cross == 0 && b->dims[b->rank - 1] > b->dims[0] ? b->rank - 1 : 0;
}

void anp_box_copy(anp_pool_t *pool, const anp_box_t *b, uint64_t elem_bytes, void *dst,
                  const void *src) {
    if (b->empty) return;
    if (b->rank == 0) {
        memcpy(dst, src, elem_bytes);
        return;
    }
    box_job_t job = {.box = b, .elem_bytes = (int64_t)elem_bytes, .dst = dst, .src = src};
    job.cross = find_cross(b);
    job.split = find_split(&job);
    const int64_t dim = b->dims[job.split];
    const uint64_t bytes = (uint64_t)anp_dims_product(b->dims, 0, b->rank) * elem_bytes;
    const int64_t piece = bytes < PARALLEL_BYTES ? dim : (dim - 1) / PIECES + 1;
    anp_range_run(pool, dim, piece, copy_part, &job);
}

void anp_copy_along(anp_pool_t *pool, uint32_t axis, int64_t at, const anp_tensor_t *whole,
                    const anp_tensor_t *part, bool to_whole) {
    const uint64_t e = anp_elem_bytes(whole->dtype);
    const int64_t inner = anp_dims_product(whole->dims, axis + 1, whole->rank);
    const int64_t rows = anp_dims_product(whole->dims, 0, axis);
    const int64_t part_row = part->dims[axis] * inner, whole_row = whole->dims[axis] * inner;
    uint8_t *in_whole = (uint8_t *)whole->data + (uint64_t)(at * inner) * e;
    anp_box_t box;
    anp_box_init(&box);
    anp_box_axis(&box, rows, to_whole ? whole_row : part_row, to_whole ? part_row : whole_row);
    anp_box_axis(&box, part_row, 1, 1);
    anp_box_copy(pool, &box, e, to_whole ? in_whole : part->data, to_whole ? part->data : in_whole);
}
