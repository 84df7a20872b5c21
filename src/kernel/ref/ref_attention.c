/* SPDX-License-Identifier: Apache-2.0 */
/* Attention of one query at a time: scores over all keys, softmax, the weighted sum of the values.
 */
#include "kernel/ref/ref_attention.h"
#include "kernel/ref/ref_softmax.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

int64_t anp_token_at(const anp_tokens_t *t, bool flat, int64_t len, int64_t batch, int64_t head,
                     int64_t i) {
    return (flat ? (batch * len + i) * t->heads + head : (batch * t->heads + head) * len + i) *
           t->size;
}

static void load_token(const anp_tokens_t *t, int64_t batch, int64_t head, int64_t i, double *out) {
    if (i < t->past_len)
        anp_line_load(t->past, anp_token_at(t, false, t->past_len, batch, head, i), 1, t->size,
                      out);
    else
        anp_line_load(t->now, anp_token_at(t, t->flat, t->now_len, batch, head, i - t->past_len), 1,
                      t->size, out);
}

/* What the mask adds to the score of key j: 0 or -inf for a boolean one; beyond its end nothing
 * takes part. */
static double mask_at(const anp_attention_t *a, int64_t batch, int64_t head, int64_t i, int64_t j) {
    if (!a->mask) return 0;
    if (j >= a->mask->dims[a->mask->rank - 1]) return -INFINITY;
    const int64_t at = batch * a->mask_stride[0] + head * a->mask_stride[1] +
                       i * a->mask_stride[2] + j * a->mask_stride[3];
    const double v = anp_elem_f64(a->mask, at);
    if (a->mask->dtype == ANP_DTYPE_BOOL) return v != 0 ? 0 : -INFINITY;
    return v;
}

static double bias_at(const anp_attention_t *a, int64_t batch, int64_t head, int64_t i, int64_t j) {
    if (a->causal && j > i + a->k.past_len) return -INFINITY;
    if (a->lens && j >= ((const int64_t *)a->lens->data)[batch]) return -INFINITY;
    return mask_at(a, batch, head, i, j);
}

static void store_scores(const anp_attention_t *a, int64_t item, anp_qk_mode_t mode,
                         const double *scores) {
    if (a->qk && a->qk_mode == mode) anp_line_store(a->qk, item * a->total, 1, a->total, scores);
}

/* item: (batch, head, query). */
static void attend(const void *arg, int64_t item, double *scratch) {
    const anp_attention_t *a = arg;
    const int64_t i = item % a->q_len, head = item / a->q_len % a->heads,
                  batch = item / a->q_len / a->heads;
    const int64_t kv_head = head / (a->heads / a->k.heads), size = a->k.size;
    double *const scores = scratch, *const q = scores + a->total,
                  *const token = q + ANP_MAX(size, a->v.size),
                  *const sum = token + ANP_MAX(size, a->v.size);
    const int64_t flat = (batch * a->q_len + i) * a->heads + head;
    anp_line_load(a->q, (a->k.flat ? flat : item) * size, 1, size, q);
    for (int64_t j = 0; j < a->total; j++) {
        double dot = 0;
        load_token(&a->k, batch, kv_head, j, token);
        for (int64_t d = 0; d < size; d++) dot += q[d] * token[d];
        scores[j] = dot * a->scale;
    }
    store_scores(a, item, ANP_QK_PRODUCT, scores);
    for (int64_t j = 0; a->softcap > 0 && j < a->total; j++)
        scores[j] = a->softcap * tanh(scores[j] / a->softcap);
    store_scores(a, item, ANP_QK_SOFTCAP, scores);
    for (int64_t j = 0; j < a->total; j++) scores[j] += bias_at(a, batch, head, i, j);
    store_scores(a, item, ANP_QK_MASKED, scores);
    anp_softmax_f64(a->total, scores);
    store_scores(a, item, ANP_QK_SOFTMAX, scores);
    memset(sum, 0, (size_t)a->v.size * sizeof *sum);
    for (int64_t j = 0; j < a->total; j++) {
        if (scores[j] == 0) continue; /* masked: whatever the cache holds there is not read */
        load_token(&a->v, batch, kv_head, j, token);
        for (int64_t d = 0; d < a->v.size; d++) sum[d] += scores[j] * token[d];
    }
    anp_line_store(a->y, (a->k.flat ? flat : item) * a->v.size, 1, a->v.size, sum);
}

void anp_tokens_present(const anp_tokens_t *t, const anp_tensor_t *present, int64_t batches) {
    const size_t row_bytes = (size_t)t->size * anp_elem_bytes(present->dtype);
    uint8_t *out = present->data;
    for (int64_t b = 0; b < batches; b++)
        for (int64_t h = 0; h < t->heads; h++)
            for (int64_t i = 0; i < t->past_len + t->now_len; i++, out += row_bytes) {
                const bool old = i < t->past_len;
                const int64_t at =
                    old ? anp_token_at(t, false, t->past_len, b, h, i)
                        : anp_token_at(t, t->flat, t->now_len, b, h, i - t->past_len);
                const uint8_t *from = old ? t->past->data : t->now->data;
                if (row_bytes > 0)
                    memcpy(out, from + (size_t)at * anp_elem_bytes(present->dtype), row_bytes);
            }
}

static void set_tokens(anp_tokens_t *t, const anp_kernel_t *k, uint32_t now, uint32_t past) {
    t->now = k->in[now];
    t->past = anp_kernel_in(k, past);
    t->flat = t->now->rank == 3;
    t->heads = t->flat ? anp_attr_i64(k->attrs, "kv_num_heads", 1) : t->now->dims[1];
    t->now_len = t->now->dims[t->flat ? 1 : 2];
    t->past_len = t->past ? t->past->dims[2] : 0;
    t->size = t->flat ? t->now->dims[2] / t->heads : t->now->dims[3];
}

static void set_mask(anp_attention_t *a) {
    int64_t stride = 1;
    for (uint32_t i = 1; a->mask && i <= a->mask->rank; i++) {
        const int64_t dim = a->mask->dims[a->mask->rank - i];
        a->mask_stride[4 - i] = dim == 1 && i > 1 ? 0 : stride;
        stride *= dim;
    }
}

static anp_status_t check_lens(const anp_kernel_t *k, const anp_attention_t *a) {
    for (int64_t b = 0; a->lens && b < a->batch; b++) {
        const int64_t len = ((const int64_t *)a->lens->data)[b];
        if (len < 0 || len > a->total)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                            "nonpad_kv_seqlen[%" PRId64 "] is %" PRId64 ", expected 0 to %" PRId64,
                            b, len, a->total);
    }
    return ANP_OK;
}

anp_status_t anp_attention_read(const anp_kernel_t *k, anp_attention_t *a) {
    const int64_t mode = anp_attr_i64(k->attrs, "qk_matmul_output_mode", 0);
    *a = (anp_attention_t){.q = k->in[0],
                           .mask = anp_kernel_in(k, 3),
                           .lens = anp_kernel_in(k, 6),
                           .y = k->out[0],
                           .qk = anp_kernel_out(k, 3)};
    if (mode < ANP_QK_PRODUCT || mode > ANP_QK_SOFTMAX)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "qk_matmul_output_mode is %" PRId64 ", expected 0 to 3", mode);
    set_tokens(&a->k, k, 1, 4);
    set_tokens(&a->v, k, 2, 5);
    a->qk_mode = (anp_qk_mode_t)mode;
    a->batch = a->q->dims[0];
    a->heads = a->k.flat ? anp_attr_i64(k->attrs, "q_num_heads", 1) : a->q->dims[1];
    a->q_len = a->q->dims[a->k.flat ? 1 : 2];
    a->total = a->k.past_len + a->k.now_len;
    a->causal = anp_attr_i64(k->attrs, "is_causal", 0) != 0;
    a->softcap = anp_kernel_attr_f64(k, "softcap");
    a->scale = anp_attr_find(k->attrs, "scale") ? anp_kernel_attr_f64(k, "scale")
                                                : 1 / sqrt((double)a->k.size);
    set_mask(a);
    return check_lens(k, a);
}

anp_status_t anp_ref_attention(anp_kernel_t *k) {
    anp_attention_t a;
    ANP_TRY(anp_attention_read(k, &a));
    if (anp_kernel_out(k, 1)) anp_tokens_present(&a.k, anp_kernel_out(k, 1), a.batch);
    if (anp_kernel_out(k, 2)) anp_tokens_present(&a.v, anp_kernel_out(k, 2), a.batch);
    const int64_t scratch_elems = a.total + 2 * ANP_MAX(a.k.size, a.v.size) + a.v.size;
    return anp_items_run(k, a.batch * a.heads * a.q_len, scratch_elems, attend, &a);
}
