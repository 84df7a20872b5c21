/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that compare elements along an axis: ArgMax, ArgMin, TopK. All types are ordered
 * through one 64-bit key. */
#include "kernel/ref/ref_order.h"
#include "kernel/ref/ref_key.h"
#include "kernel/ref/ref_line.h"
#include <string.h>

/* ---- ArgMax, ArgMin ---- */

typedef struct arg_job_t {
    const anp_tensor_t *in;
    anp_lines_t lines;
    bool min, last;
    int64_t *out;
} arg_job_t;

static void arg_lines(void *arg, int64_t begin, int64_t end) {
    const arg_job_t *job = arg;
    int64_t keys[ANP_BLOCK_ELEMS];
    for (int64_t line = begin; line < end; line++) {
        const int64_t first = anp_lines_first(&job->lines, line);
        int64_t best = 0, best_key = 0;
        for (int64_t at = 0; at < job->lines.length; at += ANP_BLOCK_ELEMS) {
            const int64_t n = ANP_MIN(job->lines.length - at, ANP_BLOCK_ELEMS);
            anp_keys_load(job->in, first + at * job->lines.stride, job->lines.stride, n, keys);
            for (int64_t i = 0; i < n; i++) {
                const int64_t key = job->min ? ~keys[i] : keys[i]; /* ~ reverses the order */
                if (at + i > 0 && (job->last ? key < best_key : key <= best_key)) continue;
                best = at + i;
                best_key = key;
            }
        }
        job->out[line] = best;
    }
}

anp_status_t anp_ref_arg_reduce(anp_kernel_t *k) {
    arg_job_t job = {.in = k->in[0],
                     .min = k->op->index == ANP_OP_ArgMin,
                     .last = anp_attr_i64(k->attrs, "select_last_index", 0) != 0,
                     .out = k->out[0]->data};
    uint32_t axis = 0;
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", 0), &axis));
    if (anp_tensor_elems(k->out[0]) == 0) return ANP_OK;
    anp_lines_along(job.in, axis, &job.lines);
    if (job.lines.length == 0)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "axis %u has no elements to choose from", axis);
    anp_range_run(k->env->pool, job.lines.lines, ANP_MAX(1, ANP_PART_ELEMS / job.lines.length),
                  arg_lines, &job);
    return ANP_OK;
}

/* ---- TopK ---- */

/* Whether a comes before b: larger key, and of equal ones the lower index. */
static bool before(const anp_candidate_t *a, const anp_candidate_t *b) {
    return a->key != b->key ? a->key > b->key : a->index < b->index;
}

/* Heap whose root is the candidate that comes last; n entries, the one at `at` may be out of place.
 */
static void sift_down(anp_candidate_t *heap, int64_t n, int64_t at) {
    for (;;) {
        int64_t last = at;
        for (int64_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < n && before(&heap[last], &heap[child])) last = child;
        if (last == at) return;
        const anp_candidate_t swap = heap[at];
        heap[at] = heap[last];
        heap[last] = swap;
        at = last;
    }
}

static void make_heap(anp_candidate_t *heap, int64_t n) {
    for (int64_t h = n / 2; h-- > 0;) sift_down(heap, n, h);
}

void anp_candidates_sort(anp_candidate_t *list, int64_t n) {
    make_heap(list, n);
    while (n-- > 1) { /* the last one goes behind the others */
        const anp_candidate_t swap = list[0];
        list[0] = list[n];
        list[n] = swap;
        sift_down(list, n, 0);
    }
}

/* The first k candidates of one line, in order, in heap[0..k). */
static void select_line(const anp_tensor_t *in, const anp_lines_t *lines, int64_t line,
                        bool largest, int64_t k, anp_candidate_t *heap) {
    const int64_t first = anp_lines_first(lines, line);
    int64_t keys[ANP_BLOCK_ELEMS];
    for (int64_t at = 0; at < lines->length; at += ANP_BLOCK_ELEMS) {
        const int64_t n = ANP_MIN(lines->length - at, ANP_BLOCK_ELEMS);
        anp_keys_load(in, first + at * lines->stride, lines->stride, n, keys);
        for (int64_t i = 0; i < n; i++) {
            const anp_candidate_t c = {largest ? keys[i] : ~keys[i], at + i};
            if (at + i < k) {
                heap[at + i] = c;
                if (at + i == k - 1) make_heap(heap, k);
            } else if (before(&c, &heap[0])) {
                heap[0] = c;
                sift_down(heap, k, 0);
            }
        }
    }
    anp_candidates_sort(heap, k);
}

anp_status_t anp_ref_topk(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0], *any = k->out[0] ? k->out[0] : k->out[1];
    const bool largest = anp_attr_i64(k->attrs, "largest", 1) != 0;
    const uint64_t e = anp_elem_bytes(in->dtype);
    uint32_t axis = 0;
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", -1), &axis));
    if (anp_tensor_elems(any) == 0) return ANP_OK;
    anp_lines_t from, to;
    anp_lines_along(in, axis, &from);
    anp_lines_along(any, axis, &to);
    anp_candidate_t *heap = NULL;
    if (to.length > from.length)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "K is %lld, axis %u has %lld elements",
                        (long long)to.length, axis, (long long)from.length);
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)to.length, sizeof *heap, (void **)&heap));
    for (int64_t line = 0; line < from.lines; line++) {
        select_line(in, &from, line, largest, to.length, heap);
        const int64_t src = anp_lines_first(&from, line), dst = anp_lines_first(&to, line);
        for (int64_t i = 0; i < to.length; i++) {
            const uint64_t at = (uint64_t)(dst + i * to.stride);
            if (k->out[0])
                memcpy((uint8_t *)k->out[0]->data + at * e,
                       (const uint8_t *)in->data +
                           (uint64_t)(src + heap[i].index * from.stride) * e,
                       e);
            if (k->n_out > 1 && k->out[1]) ((int64_t *)k->out[1]->data)[at] = heap[i].index;
        }
    }
    return ANP_OK;
}
