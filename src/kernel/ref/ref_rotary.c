/* SPDX-License-Identifier: Apache-2.0 */
/* RotaryEmbedding and TensorScatter: what a language model does to a token's key before and while
 * it goes into the cache. */
#include "kernel/ref/ref_line.h"

#include <inttypes.h>
#include <string.h>

/* ---- RotaryEmbedding: X [batch, heads, sequence, head size], or [batch, sequence, heads * head
 * size] ---- */
typedef struct rotary_t {
    const anp_tensor_t *x, *y, *cos, *sin,
        *positions; /* positions may be NULL: the caches are per token */
    int64_t heads, seq, size, rotated;
    bool flat, interleaved;
} rotary_t;

/* item: (batch, head, token). */
static void rotate_head(const void *arg, int64_t item, double *v) {
    const rotary_t *r = arg;
    const int64_t s = item % r->seq, head = item / r->seq % r->heads,
                  batch = item / r->seq / r->heads, half = r->rotated / 2;
    const int64_t token = batch * r->seq + s;
    const int64_t first = (r->flat ? token * r->heads + head : item) * r->size;
    const int64_t row = r->positions ? ((const int64_t *)r->positions->data)[token] : token;
    double *const cos = v + r->size, *const sin = cos + half;
    anp_line_load(r->x, first, 1, r->size, v);
    anp_line_load(r->cos, row * half, 1, half, cos);
    anp_line_load(r->sin, row * half, 1, half, sin);
    for (int64_t i = 0; i < half; i++) {
        const int64_t a = r->interleaved ? 2 * i : i, b = r->interleaved ? 2 * i + 1 : half + i;
        const double real = cos[i] * v[a] - sin[i] * v[b], imag = sin[i] * v[a] + cos[i] * v[b];
        v[a] = real;
        v[b] = imag;
    }
    anp_line_store(r->y, first, 1, r->size, v);
}

static anp_status_t check_cache(const anp_kernel_t *k, const rotary_t *r, const anp_tensor_t *cache,
                                const char *name) {
    const uint32_t rank = r->positions ? 2 : 3;
    if (cache->rank != rank || cache->dims[rank - 1] != r->rotated / 2)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "%s has rank %u and last axis %" PRId64 ", expected %u and %" PRId64, name,
                        cache->rank, cache->rank ? cache->dims[cache->rank - 1] : 0, rank,
                        r->rotated / 2);
    if (!r->positions && (cache->dims[0] != r->x->dims[0] || cache->dims[1] != r->seq))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "%s is for %" PRId64 " x %" PRId64 " tokens, the input has %" PRId64
                        " x %" PRId64,
                        name, cache->dims[0], cache->dims[1], r->x->dims[0], r->seq);
    return ANP_OK;
}

static anp_status_t check_positions(const anp_kernel_t *k, const rotary_t *r) {
    if (!r->positions) return ANP_OK;
    const int64_t rows = ANP_MIN(r->cos->dims[0], r->sin->dims[0]);
    ANP_TRY(anp_kernel_need_elems(k, 3, "position_ids", r->x->dims[0] * r->seq));
    for (int64_t i = 0; i < r->x->dims[0] * r->seq; i++) {
        const int64_t p = ((const int64_t *)r->positions->data)[i];
        if (p < 0 || p >= rows)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                            "position %" PRId64 " is outside the caches of %" PRId64 " rows", p,
                            rows);
    }
    return ANP_OK;
}

anp_status_t anp_ref_rotary_embedding(anp_kernel_t *k) {
    rotary_t r = {.x = k->in[0], .y = k->out[0], .cos = k->in[1], .sin = k->in[2]};
    r.positions = anp_kernel_in(k, 3);
    r.flat = r.x->rank == 3;
    if (r.x->rank != 3 && r.x->rank != 4)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "the input has rank %u, expected 3 or 4", r.x->rank);
    r.heads = r.flat ? anp_attr_i64(k->attrs, "num_heads", 0) : r.x->dims[1];
    if (r.flat && (r.heads < 1 || r.heads > r.x->dims[2] || r.x->dims[2] % r.heads != 0))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "num_heads is %" PRId64 ", which does not divide %" PRId64
                        " values per token",
                        r.heads, r.x->dims[2]);
    r.seq = r.x->dims[r.flat ? 1 : 2];
    r.size = r.flat ? r.x->dims[2] / r.heads : r.x->dims[3];
    r.rotated = anp_attr_i64(k->attrs, "rotary_embedding_dim", 0);
    if (r.rotated == 0) r.rotated = r.size;
    if (r.rotated < 0 || r.rotated > r.size || r.rotated % 2 != 0)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "%" PRId64 " values of %" PRId64 " cannot be rotated in pairs", r.rotated,
                        r.size);
    r.interleaved = anp_attr_i64(k->attrs, "interleaved", 0) != 0;
    ANP_TRY(check_cache(k, &r, r.cos, "cos_cache"));
    ANP_TRY(check_cache(k, &r, r.sin, "sin_cache"));
    ANP_TRY(check_positions(k, &r));
    return anp_items_run(k, r.x->dims[0] * r.heads * r.seq, r.size + r.rotated, rotate_head, &r);
}

/* ---- TensorScatter: update [batch, ..., n, ...] written into the cache at write_indices[batch]
 * along `axis` ---- */
typedef struct scatter_t {
    const anp_tensor_t *update, *cache;
    int64_t prefixes, per_batch; /* prefixes: product of the axes before `axis`, per_batch: of them
                                    without the batch */
    int64_t length, n, inner;
    const int64_t *at; /* per batch; NULL: 0 */
} scatter_t;

/* n elements between tensors of one type, packed ones one by one. */
static void copy_elems(const anp_tensor_t *dst, int64_t to, const anp_tensor_t *src, int64_t from,
                       int64_t n) {
    const uint64_t bytes = anp_elem_bytes(dst->dtype);
    const anp_dtype_row_t *row = anp_dtype_row(dst->dtype);
    if (bytes > 0) {
        memcpy((uint8_t *)dst->data + (uint64_t)to * bytes,
               (const uint8_t *)src->data + (uint64_t)from * bytes, (size_t)n * bytes);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        row->set_f64(dst->data, (uint64_t)(to + i), row->get_f64(src->data, (uint64_t)(from + i)));
}

static void scatter_all(const scatter_t *s) {
    for (int64_t p = 0; p < s->prefixes; p++) {
        const int64_t start = s->at ? s->at[p / s->per_batch] % s->length : 0;
        for (int64_t i = 0; i < s->n; i++)
            copy_elems(s->cache, (p * s->length + (start + i) % s->length) * s->inner, s->update,
                       (p * s->n + i) * s->inner, s->inner);
    }
}

static anp_status_t check_update(const anp_kernel_t *k, uint32_t axis) {
    const anp_tensor_t *past = k->in[0], *update = k->in[1];
    bool fits = past->rank == update->rank;
    for (uint32_t a = 0; fits && a < past->rank; a++)
        fits = a == axis ? update->dims[a] <= past->dims[a] : update->dims[a] == past->dims[a];
    if (fits) return ANP_OK;
    char cache_text[128], update_text[128];
    anp_tensor_text(past, cache_text, sizeof cache_text);
    anp_tensor_text(update, update_text, sizeof update_text);
    ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "update %s does not fit into cache %s along axis %u",
                    update_text, cache_text, axis);
}

static anp_status_t check_indices(const anp_kernel_t *k, const scatter_t *s, bool circular) {
    const int64_t last = circular ? INT64_MAX : s->length - s->n;
    for (int64_t b = 0; s->at && b < k->in[0]->dims[0]; b++)
        if (s->at[b] < 0 || s->at[b] > last)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                            "write_indices[%" PRId64 "] is %" PRId64 ", %" PRId64
                            " tokens into a cache of %" PRId64,
                            b, s->at[b], s->n, s->length);
    return ANP_OK;
}

anp_status_t anp_ref_tensor_scatter(anp_kernel_t *k) {
    scatter_t s = {.update = k->in[1], .cache = k->out[0]};
    const anp_tensor_t *past = k->in[0];
    const char *mode = anp_attr_str(k->attrs, "mode", "linear");
    uint32_t axis;
    uint64_t bytes;
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", -2), &axis));
    if (axis == 0)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "axis 0 is the batch, tokens need another");
    if (strcmp(mode, "linear") != 0 && strcmp(mode, "circular") != 0)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "mode is '%s', expected linear or circular", mode);
    ANP_TRY(check_update(k, axis));
    ANP_TRY(anp_kernel_need_elems(k, 2, "write_indices", past->dims[0]));
    s.at = anp_kernel_has(k, 2) ? k->in[2]->data : NULL;
    s.length = past->dims[axis];
    s.n = s.update->dims[axis];
    s.prefixes = anp_dims_product(past->dims, 0, axis);
    s.per_batch = anp_dims_product(past->dims, 1, axis);
    s.inner = anp_dims_product(past->dims, axis + 1, past->rank);
    ANP_TRY(check_indices(k, &s, strcmp(mode, "circular") == 0));
    ANP_TRY(anp_tensor_bytes(past, &bytes));
    if (s.cache->data != past->data && bytes > 0)
        memcpy(s.cache->data, past->data, bytes); /* else the state is updated in place */
    if (s.n > 0) scatter_all(&s);
    return ANP_OK;
}
