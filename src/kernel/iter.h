/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking tensors: splitting ranges over the pool, broadcast operands in blocks, copies between
 * strided layouts. Kernels are written for one block or one box; how a tensor is cut into them is
 * decided here and never depends on the number of threads.
 */
#ifndef ANP_KERNEL_ITER_H
#define ANP_KERNEL_ITER_H

#include "kernel/kernel.h"

enum {
    ANP_BLOCK_ELEMS =
        512, /* elements handled at once: a few operands of a block fit the first cache level */
    ANP_PART_ELEMS = 32 * 1024, /* elements one thread takes at a time; a multiple of the block */
    ANP_MAP_INPUTS_MAX = 3,
    ANP_BOX_RANK_MAX = 2 * ANP_RANK_MAX, /* Tile splits each axis into (repeat, size) */
    ANP_ELEM_BYTES_MAX = 16,
};

/* ---- ranges ---- */
typedef void (*anp_range_fn_t)(void *arg, int64_t begin, int64_t end);
/* Calls fn for [0, count) in parts of `part` (the last may be smaller), on the pool when there is
 * more than one. */
void anp_range_run(anp_pool_t *pool, int64_t count, int64_t part, anp_range_fn_t fn, void *arg);

/* ---- elements ---- */
/* Bytes of one element; 0 for packed and block types, which have no address per element. */
uint64_t anp_elem_bytes(uint32_t dtype);
/* n copies of the element at `value`. */
void anp_elem_fill(uint64_t elem_bytes, void *dst, int64_t n, const void *value);
/* Packed elements (2 or 4 bits) to one byte each and back; bits above are zero. */
void anp_elem_unpack(uint32_t dtype, const void *packed, int64_t n, uint8_t *bytes);
void anp_elem_pack(uint32_t dtype, const uint8_t *bytes, int64_t n, void *packed);

/* ---- broadcasting ---- */
/* One operand seen through the output's shape; axes merged where its layout allows. */
typedef struct anp_bcast_t {
    const uint8_t *data;
    anp_dtype_t dtype;
    uint64_t elem_bytes;
    uint32_t rank;
    int64_t dims[ANP_RANK_MAX],
        strides[ANP_RANK_MAX]; /* strides in elements, 0 along repeated axes */
} anp_bcast_t;
/* false when the dims of `in` do not broadcast to those of `out`. */
bool anp_bcast_init(anp_bcast_t *b, const anp_tensor_t *in, const anp_tensor_t *out);
/* n <= ANP_BLOCK_ELEMS elements from flat output index `at`: a pointer into the operand where they
 * are contiguous, else into `block`. */
const void *anp_bcast_load(const anp_bcast_t *b, int64_t at, int64_t n, void *block);
/* anp_bcast_init of input i against output 0, with the sentence of a failure. */
anp_status_t anp_kernel_bcast(const anp_kernel_t *k, uint32_t i, anp_bcast_t *out);

/* ---- elementwise ---- */
/* The type arithmetic is done in: f32 for f16 and bf16 (rounded once, when stored), else the type
 * itself. */
anp_dtype_t anp_compute_dtype(uint32_t dtype);
/* Room for a block of an operand, as stored and in its compute type. */
typedef struct anp_operand_block_t {
    _Alignas(64) uint8_t raw[ANP_BLOCK_ELEMS * ANP_ELEM_BYTES_MAX];
    _Alignas(64) float wide[ANP_BLOCK_ELEMS];
} anp_operand_block_t;
/* anp_bcast_load in the operand's compute type. */
const void *anp_bcast_load_wide(const anp_bcast_t *b, int64_t at, int64_t n,
                                anp_operand_block_t *block);
/* Stores n elements of the compute type of `dtype` at element `at` of data. */
void anp_store_wide(anp_dtype_t dtype, void *data, int64_t at, int64_t n, const void *wide);
/* n elements: x[i] holds those of operand i and y takes the results, in compute types. x[i] may
 * equal y. */
typedef void (*anp_map_fn_t)(const void *arg, int64_t n, const void *const *x, void *y);
/* Runs fn over output 0 with inputs 0..n_in-1 broadcast to it (n_in <= ANP_MAP_INPUTS_MAX). */
anp_status_t anp_map_run(anp_kernel_t *k, uint32_t n_in, anp_map_fn_t fn, const void *arg);

/* ---- strided copies ---- */
/* A box of elements at two addresses; strides in elements: 0 repeats, negative walks back. */
typedef struct anp_box_t {
    uint32_t rank;
    bool empty;
    int64_t dims[ANP_BOX_RANK_MAX], dst[ANP_BOX_RANK_MAX], src[ANP_BOX_RANK_MAX];
} anp_box_t;
void anp_box_init(anp_box_t *b);
/* Appends the next inner axis, merged with the one before where both sides allow. */
void anp_box_axis(anp_box_t *b, int64_t dim, int64_t dst_stride, int64_t src_stride);
/* dst and src point to the element at coordinate 0 of every axis and do not overlap. */
void anp_box_copy(anp_pool_t *pool, const anp_box_t *b, uint64_t elem_bytes, void *dst,
                  const void *src);

/* Copies `part`, a tensor, from or to elements [at, at + its size) of `axis` of `whole`. */
void anp_copy_along(anp_pool_t *pool, uint32_t axis, int64_t at, const anp_tensor_t *whole,
                    const anp_tensor_t *part, bool to_whole);

/* Row-major strides of dims, in elements. */
void anp_dense_strides(uint32_t rank, const int64_t *dims, int64_t *out_strides);
/* Product of dims[from .. to). */
int64_t anp_dims_product(const int64_t *dims, uint32_t from, uint32_t to);

#endif
