/* SPDX-License-Identifier: Apache-2.0 */
/* Elements as 64-bit keys that order as the elements do, and dictionaries over a list of elements:
 * what operators that compare and look up share. */
#ifndef ANP_KERNEL_REF_KEY_H
#define ANP_KERNEL_REF_KEY_H

#include "kernel/ref/ref_util.h"

/* Keys of n numbers of t, `stride` apart from element `at` on: -0 equals 0, NaN equals NaN and is
 * above everything. */
void anp_keys_load(const anp_tensor_t *t, int64_t at, int64_t stride, int64_t n, int64_t *keys);
/* Below, equal to or above 0 as a comes before b: byte by byte, which is the order of characters.
 */
int anp_string_compare(const anp_string_t *a, const anp_string_t *b);

/* n rows of `width` keys or strings, compared from their first element on. */
typedef struct anp_rows_t {
    int64_t n, width;
    const int64_t *keys;         /* [n, width]; NULL: strings */
    const anp_string_t *strings; /* [n, width] */
} anp_rows_t;
int anp_rows_compare(const anp_rows_t *r, int64_t a, int64_t b);
/* Row numbers in ascending order of the rows, equal rows in their own; in scratch memory. */
anp_status_t anp_rows_sort(anp_kernel_t *k, const anp_rows_t *r, const int64_t **out);

/* Memory of the run for n elements of `size` bytes, the product checked. */
anp_status_t anp_kernel_run_array(anp_kernel_t *k, uint64_t n, uint64_t size, void **out);
/* A copy of a dense tensor in memory of the run, the bytes of strings too: attributes may be gone
 * when outputs are read. */
anp_status_t anp_kernel_keep(anp_kernel_t *k, const anp_tensor_t *t, anp_tensor_t *out);

/* A list attribute of integers, numbers or strings, or a tensor attribute, as a dense tensor that
 * is lent; false (and no elements) when it is absent. */
bool anp_kernel_list(const anp_kernel_t *k, const char *name, anp_tensor_t *out);

/* Positions of the elements of a list of numbers or strings; of equal ones the last. */
typedef struct anp_dict_t {
    anp_tensor_t list;
    int64_t *slots; /* position + 1; 0 is free. A power of two of them, at most half in use */
    uint64_t mask;
} anp_dict_t;
/* In scratch memory of the kernel call; the list has to stay. */
anp_status_t anp_dict_make(anp_kernel_t *k, const anp_tensor_t *list, anp_dict_t *out);
/* Position of element i of t; -1: not in the list. Integers are found whatever their types; NaN is
 * found by NaN. */
int64_t anp_dict_find(const anp_dict_t *d, const anp_tensor_t *t, int64_t i);
int64_t anp_dict_find_string(const anp_dict_t *d, const anp_string_t *s);

#endif
