/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences and optionals. A sequence is an array of views in memory of the run;
 * tensors that enter one are copied there, since their own memory may be used again, and from then
 * on shared: nothing changes an item.
 */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/ref_util.h"
#include <string.h>

/* ---- items ---- */

/* A copy of t in memory of the run. The bytes of strings stay where they are: they live as long. */
static anp_status_t copy_tensor(anp_kernel_t *k, const anp_tensor_t *t, anp_tensor_t *out) {
    uint64_t bytes = 0;
    *out = *t;
    if (t->kind != ANP_KIND_TENSOR) return ANP_OK; /* items are shared */
    ANP_TRY(anp_tensor_bytes(t, &bytes));
    ANP_TRY(k->mem->run_alloc(k->mem->user, bytes, &out->data));
    if (bytes > 0) memcpy(out->data, t->data, bytes);
    return ANP_OK;
}

/* The items of a sequence made here, with room for more: one that is appended to shares them, so
 * that n times one item more takes n items of memory and not n * n. Views of it may be shorter than
 * what is used. */
typedef struct list_t {
    int64_t used, capacity;
    anp_tensor_t items[];
} list_t;

/* A view of a list says so where tensors have their strides: in sequences these mean nothing. */
#define LIST_MARK INT64_C(0x6c6973742d616e70)

static list_t *list_of(const anp_tensor_t *sequence) {
    if (sequence->strides[0] != LIST_MARK) return NULL;
    return (list_t *)(void *)((uint8_t *)sequence->data - offsetof(list_t, items));
}

static void set_sequence(anp_kernel_t *k, uint8_t dtype, int64_t n, list_t *list) {
    *k->out[0] = (anp_tensor_t){.data = list->items,
                                .kind = ANP_KIND_SEQUENCE,
                                .dtype = dtype,
                                .rank = 1,
                                .dims = {n},
                                .strides = {LIST_MARK}};
}

/* Makes output 0 a sequence of n items, which the caller fills, in a list for `capacity`. */
static anp_status_t make_list(anp_kernel_t *k, uint8_t dtype, int64_t n, int64_t capacity,
                              anp_tensor_t **items) {
    uint64_t bytes = 0;
    list_t *list = NULL;
    ANP_TRY(anp_size_mul((uint64_t)capacity, sizeof **items, &bytes));
    ANP_TRY(anp_size_add(bytes, sizeof *list, &bytes));
    ANP_TRY(k->mem->run_alloc(k->mem->user, bytes, (void **)&list));
    list->used = n;
    list->capacity = capacity;
    set_sequence(k, dtype, n, list);
    *items = list->items;
    return ANP_OK;
}

static anp_status_t make_sequence(anp_kernel_t *k, uint8_t dtype, int64_t n, anp_tensor_t **items) {
    return make_list(k, dtype, n, n, items);
}

static const anp_tensor_t *item_at(const anp_tensor_t *sequence, int64_t i) {
    return (const anp_tensor_t *)sequence->data + i;
}

static anp_status_t need_sequence(const anp_kernel_t *k) {
    if (k->in[0]->kind == ANP_KIND_SEQUENCE) return ANP_OK;
    ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "input 0 is no sequence");
}

/* Optional input i as a position in [0, limit); `def` when it is not given. */
static anp_status_t read_position(const anp_kernel_t *k, uint32_t i, int64_t n, int64_t limit,
                                  int64_t def, int64_t *out) {
    int64_t at = def;
    if (anp_kernel_has(k, i)) {
        ANP_TRY(anp_kernel_scalar_i64(k, i, &at));
        if (at < 0 && at >= -n) at += n;
    }
    if (at < 0 || at >= limit)
        ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "position %lld is outside a sequence of %lld items",
                        (long long)at, (long long)n);
    *out = at;
    return ANP_OK;
}

/* ---- sequences ---- */

anp_status_t anp_ref_sequence_construct(anp_kernel_t *k) {
    anp_tensor_t *items = NULL;
    ANP_TRY(make_sequence(k, k->in[0]->dtype, k->n_in, &items));
    for (uint32_t i = 0; i < k->n_in; i++) {
        if (k->in[i]->dtype != k->in[0]->dtype)
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "input %u has another type than input 0", i);
        ANP_TRY(copy_tensor(k, k->in[i], &items[i]));
    }
    return ANP_OK;
}

anp_status_t anp_ref_sequence_empty(anp_kernel_t *k) {
    anp_tensor_t *items = NULL;
    const int64_t dtype = anp_attr_i64(k->attrs, "dtype", ANP_DTYPE_F32);
    if (dtype < 0 || dtype >= ANP_DTYPE_MAX || !anp_dtype_row((uint32_t)dtype))
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "dtype is %lld", (long long)dtype);
    return make_sequence(k, (uint8_t)dtype, 0, &items);
}

anp_status_t anp_ref_sequence_insert(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0];
    anp_tensor_t *items = NULL;
    int64_t at = 0;
    ANP_TRY(need_sequence(k));
    const int64_t n = in->dims[0];
    if (in->dtype && k->in[1]->dtype != in->dtype)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "a tensor of type %s into a sequence of %s",
                        anp_dtype_name((anp_dtype_t)k->in[1]->dtype),
                        anp_dtype_name((anp_dtype_t)in->dtype));
    ANP_TRY(read_position(k, 2, n, n + 1, n, &at));
    list_t *list = list_of(in);
    if (list && at == n && list->used == n && n < list->capacity) {
        ANP_TRY(copy_tensor(k, k->in[1], &list->items[n]));
        list->used++;
        set_sequence(k, in->dtype, n + 1, list);
        return ANP_OK;
    }
    const int64_t more = at == n ? n / 2 + 3 : 0; /* who appends once appends again */
    ANP_TRY(make_list(k, k->in[1]->dtype, n + 1, n + 1 + more, &items));
    for (int64_t i = 0; i < n; i++) items[i < at ? i : i + 1] = *item_at(in, i);
    return copy_tensor(k, k->in[1], &items[at]);
}

anp_status_t anp_ref_sequence_erase(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0];
    anp_tensor_t *items = NULL;
    int64_t at = 0;
    ANP_TRY(need_sequence(k));
    const int64_t n = in->dims[0];
    ANP_TRY(read_position(k, 1, n, n, n - 1, &at));
    ANP_TRY(make_sequence(k, in->dtype, n - 1, &items));
    for (int64_t i = 0; i < n; i++)
        if (i != at) items[i < at ? i : i - 1] = *item_at(in, i);
    return ANP_OK;
}

anp_status_t anp_ref_sequence_at(anp_kernel_t *k) {
    int64_t at = 0;
    ANP_TRY(need_sequence(k));
    ANP_TRY(read_position(k, 1, k->in[0]->dims[0], k->in[0]->dims[0], -1, &at));
    *k->out[0] = *item_at(k->in[0], at);
    return ANP_OK;
}

anp_status_t anp_ref_sequence_length(anp_kernel_t *k) {
    ANP_TRY(need_sequence(k));
    ANP_TRY(anp_kernel_output(k, 0, ANP_DTYPE_I64, 0, NULL));
    *(int64_t *)k->out[0]->data = k->in[0]->dims[0];
    return ANP_OK;
}

/* ---- between tensors and sequences ---- */

/* Size of part i: given, or `chunk` as long as there is enough. */
static int64_t part_size(const anp_tensor_t *split, int64_t i, int64_t chunk, int64_t left) {
    if (!split || split->rank == 0) return ANP_MIN(chunk, left);
    return anp_dtype_get_i64((anp_dtype_t)split->dtype, split->data, (uint64_t)i);
}

static anp_status_t count_parts(const anp_kernel_t *k, const anp_tensor_t *split, int64_t dim,
                                int64_t *chunk, int64_t *n) {
    *chunk = 1;
    if (split && split->rank > 1)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "split has rank %u, expected 0 or 1", split->rank);
    if (split && split->rank == 1) {
        *n = split->dims[0];
        return ANP_OK;
    }
    if (split) ANP_TRY(anp_kernel_scalar_i64(k, 1, chunk));
    if (*chunk < 1) ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "split is %lld", (long long)*chunk);
    *n = dim > 0 ? (dim - 1) / *chunk + 1 : 0;
    return ANP_OK;
}

anp_status_t anp_ref_split_to_sequence(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0], *split = anp_kernel_has(k, 1) ? k->in[1] : NULL;
    const bool squeeze = !split && anp_attr_i64(k->attrs, "keepdims", 1) == 0;
    anp_tensor_t *items = NULL;
    uint32_t axis = 0;
    int64_t chunk = 1, n = 0, at = 0;
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", 0), &axis));
    ANP_TRY(count_parts(k, split, in->dims[axis], &chunk, &n));
    ANP_TRY(make_sequence(k, in->dtype, n, &items));
    for (int64_t i = 0; i < n; i++) {
        const int64_t left = in->dims[axis] - at, size = part_size(split, i, chunk, left);
        uint64_t bytes = 0;
        if (size < 0 || size > left)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "split has %lld at %lld, axis %u has %lld left",
                            (long long)size, (long long)i, axis, (long long)left);
        items[i] = *in;
        items[i].dims[axis] = size;
        ANP_TRY(anp_tensor_bytes(&items[i], &bytes));
        ANP_TRY(k->mem->run_alloc(k->mem->user, bytes, &items[i].data));
        anp_copy_along(k->env->pool, axis, at, in, &items[i], false);
        at += size;
        if (!squeeze) continue;
        items[i].rank--;
        memmove(items[i].dims + axis, items[i].dims + axis + 1,
                (items[i].rank - axis) * sizeof *items[i].dims);
    }
    if (at != in->dims[axis])
        ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "split adds up to %lld, axis %u has %lld elements",
                        (long long)at, axis, (long long)in->dims[axis]);
    return ANP_OK;
}

/* Item i with an axis of size 1 put in where `stack`. */
static anp_status_t as_part(const anp_kernel_t *k, int64_t i, bool stack, int64_t axis,
                            anp_tensor_t *out) {
    *out = *item_at(k->in[0], i);
    if (!stack) return ANP_OK;
    if (out->rank >= ANP_RANK_MAX)
        ANP_KERNEL_FAIL(k, ANP_LIMIT, "item %lld has rank %u", (long long)i, out->rank);
    memmove(out->dims + axis + 1, out->dims + axis,
            (out->rank - (uint64_t)axis) * sizeof *out->dims);
    out->dims[axis] = 1;
    out->rank++;
    return ANP_OK;
}

/* dims of the result: those of the first item, the sizes along `axis` added. */
static anp_status_t joined_dims(const anp_kernel_t *k, bool stack, uint32_t axis,
                                anp_tensor_t *out) {
    anp_tensor_t part;
    ANP_TRY(as_part(k, 0, stack, axis, out));
    out->dims[axis] = 0;
    for (int64_t i = 0; i < k->in[0]->dims[0]; i++) {
        if (item_at(k->in[0], i)->rank != item_at(k->in[0], 0)->rank)
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "item %lld has another rank than item 0",
                            (long long)i);
        ANP_TRY(as_part(k, i, stack, axis, &part));
        const int64_t size = part.dims[axis];
        part.dims[axis] = out->dims[axis];
        if (!anp_tensor_same_dims(&part, out) || part.dtype != out->dtype)
            ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "item %lld does not fit item 0 outside axis %u",
                            (long long)i, axis);
        out->dims[axis] += size;
    }
    return ANP_OK;
}

anp_status_t anp_ref_concat_from_sequence(anp_kernel_t *k) {
    const bool stack = anp_attr_i64(k->attrs, "new_axis", 0) != 0;
    anp_tensor_t joined, part;
    uint32_t axis = 0;
    int64_t at = 0;
    ANP_TRY(need_sequence(k));
    if (k->in[0]->dims[0] == 0)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "the sequence has no items to join");
    ANP_TRY(anp_kernel_axis_of(k, anp_attr_i64(k->attrs, "axis", 0),
                               item_at(k->in[0], 0)->rank + (stack ? 1 : 0), &axis));
    ANP_TRY(joined_dims(k, stack, axis, &joined));
    ANP_TRY(anp_kernel_output(k, 0, (anp_dtype_t)joined.dtype, joined.rank, joined.dims));
    for (int64_t i = 0; i < k->in[0]->dims[0]; i++) {
        ANP_TRY(as_part(k, i, stack, axis, &part));
        anp_copy_along(k->env->pool, axis, at, k->out[0], &part, true);
        at += part.dims[axis];
    }
    return ANP_OK;
}

/* ---- optionals ---- */

static bool has_element(const anp_kernel_t *k) {
    return anp_kernel_has(k, 0) && k->in[0]->kind != ANP_KIND_NONE;
}

anp_status_t anp_ref_optional(anp_kernel_t *k) {
    if (has_element(k)) return copy_tensor(k, k->in[0], k->out[0]);
    *k->out[0] = (anp_tensor_t){.kind = ANP_KIND_NONE};
    return ANP_OK;
}

anp_status_t anp_ref_optional_get(anp_kernel_t *k) {
    if (!has_element(k)) ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "the optional has no element");
    return copy_tensor(k, k->in[0], k->out[0]);
}

anp_status_t anp_ref_optional_has(anp_kernel_t *k) {
    ANP_TRY(anp_kernel_output(k, 0, ANP_DTYPE_BOOL, 0, NULL));
    *(uint8_t *)k->out[0]->data = has_element(k);
    return ANP_OK;
}
