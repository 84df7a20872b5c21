/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights in blocks with a scale each: com.microsoft packs 2, 4 or 8 bits into bytes, lowest first,
 * as the element types of ONNX do. The bytes become a constant of that type where they are.
 */
#include "import/onnx/microsoft_rules.h"
#include "op/dtype.h"
#include <inttypes.h>
#include <string.h>

/* A matrix [n, k] in blocks along its last axis. */
typedef struct blocks_t {
    int64_t bits, n, k, block;
    int64_t per_row; /* blocks */
    anp_dtype_t dtype;
} blocks_t;

static void check_block(anp_steps_t *s, int64_t bits, int64_t block) {
    if (bits != 2 && bits != 4 && bits != 8)
        ANP_STEPS_FAIL(s, ANP_UNSUPPORTED, "bits is %" PRId64 ", expected 2, 4 or 8", bits);
    if (block < 16 || (block & (block - 1)) != 0)
        ANP_STEPS_FAIL(s, ANP_INVALID_MODEL,
                       "block_size is %" PRId64 ", expected a power of 2, at least 16", block);
}

/* The bytes of constant v as [rows, cols] of another type; rows begin where bytes do. */
static anp_value_t *reinterpreted(anp_steps_t *s, const anp_value_t *v, anp_dtype_t dtype,
                                  int64_t rows, int64_t cols) {
    const int64_t dims[] = {rows, cols};
    anp_value_t *out = NULL;
    anp_tensor_t t;
    uint64_t bytes = 0;
    if (s->st == ANP_OK && !anp_value_is_const(v))
        ANP_STEPS_FAIL(s, ANP_UNSUPPORTED, "'%s' is not constant: packed weights have to be",
                       v->name);
    if (s->st != ANP_OK) return NULL;
    const anp_const_t *c = v->constant;
    anp_tensor_init(&t, dtype, 2, dims, c->tensor.data);
    s->st = anp_tensor_bytes(&t, &bytes);
    if (s->st == ANP_OK && bytes != c->bytes)
        ANP_STEPS_FAIL(s, ANP_INVALID_MODEL, "'%s' has %" PRIu64 " bytes, expected %" PRIu64,
                       v->name, c->bytes, bytes);
    if (s->st == ANP_OK)
        s->st = anp_graph_add_constant(s->draft->graph, "weights", &t, false, c->file,
                                       c->file_offset, &out);
    return out;
}

/* Room for zero points [n, per_row]; false after a failure. */
static bool make_zeros(anp_steps_t *s, const blocks_t *b, anp_tensor_t *t) {
    const int64_t dims[] = {b->n, b->per_row};
    uint64_t bytes = 0;
    anp_tensor_init(t, b->dtype, 2, dims, NULL);
    if (s->st == ANP_OK) s->st = anp_tensor_bytes(t, &bytes);
    if (s->st == ANP_OK) s->st = anp_arena_alloc(s->draft->arena, bytes, &t->data);
    return s->st == ANP_OK;
}

/* Zero points as the file has them, in rows of whole bytes, without what fills the last byte. */
static anp_value_t *unpacked_zeros(anp_steps_t *s, const blocks_t *b, const anp_value_t *zeros) {
    const int64_t per_byte = 8 / b->bits,
                  padded = (b->per_row + per_byte - 1) / per_byte * per_byte;
    anp_value_t *v = reinterpreted(s, zeros, b->dtype, b->n, padded);
    anp_tensor_t t;
    if (s->st != ANP_OK || padded == b->per_row || !make_zeros(s, b, &t)) return v;
    const void *from = v->constant->tensor.data;
    const anp_dtype_row_t *row = anp_dtype_row(b->dtype);
    for (int64_t i = 0; i < b->n; i++)
        for (int64_t k = 0; k < b->per_row; k++)
            row->set_f64(t.data, (uint64_t)(i * b->per_row + k),
                         row->get_f64(from, (uint64_t)(i * padded + k)));
    return anp_steps_constant(s, &t);
}

/* Without zero points: the middle of the range. */
static anp_value_t *middle_zeros(anp_steps_t *s, const blocks_t *b) {
    const int64_t middle = INT64_C(1) << (b->bits - 1);
    anp_tensor_t t;
    if (!make_zeros(s, b, &t)) return NULL;
    const anp_dtype_row_t *row = anp_dtype_row(b->dtype);
    for (int64_t i = 0; i < b->n * b->per_row; i++)
        row->set_f64(t.data, (uint64_t)i, (double)middle);
    return anp_steps_constant(s, &t);
}

/* (q - zeros) * scales with real zero points, which DequantizeLinear does not have. */
static anp_value_t *dequantized_real(anp_steps_t *s, const blocks_t *b, anp_value_t *q,
                                     anp_value_t *scales, anp_value_t *zeros) {
    const int64_t split[] = {b->n, b->per_row, b->block}, one[] = {b->n, b->per_row, 1},
                  whole[] = {b->n, b->per_row * b->block};
    scales = ANP_STEP(s, "Reshape", scales, anp_steps_i64s(s, 3, one));
    zeros = ANP_STEP(s, "Reshape", zeros, anp_steps_i64s(s, 3, one));
    q = anp_steps_cast(s, q, s->st == ANP_OK ? (anp_dtype_t)scales->shape.dtype : 0);
    q = ANP_STEP(s, "Reshape", q, anp_steps_i64s(s, 3, split));
    q = ANP_STEP(s, "Mul", ANP_STEP(s, "Sub", q, zeros), scales);
    return ANP_STEP(s, "Reshape", q, anp_steps_i64s(s, 2, whole));
}

static anp_value_t *dequantized(anp_steps_t *s, const blocks_t *b, anp_value_t *q,
                                anp_value_t *scales, anp_value_t *zeros) {
    const int64_t dims[] = {b->n, b->per_row};
    if (zeros && zeros->shape.dtype != ANP_DTYPE_U8)
        return dequantized_real(s, b, q, scales, zeros);
    scales = ANP_STEP(s, "Reshape", scales, anp_steps_i64s(s, 2, dims));
    zeros = zeros ? unpacked_zeros(s, b, zeros) : middle_zeros(s, b);
    anp_steps_int(s, "axis", 1);
    anp_steps_int(s, "block_size", b->block);
    return ANP_STEP(s, "DequantizeLinear", q, scales, zeros);
}

enum { BITS_A, BITS_B, BITS_SCALES, BITS_ZEROS, BITS_GROUPS, BITS_BIAS };

/* A [..., K] times the transpose of the matrix [N, K] in blocks. */
ANP_UPGRADE_RULE(ms_matmul_bits) {
    (void)row;
    static const int64_t swapped[] = {1, 0};
    anp_steps_t s = anp_steps_begin(d);
    blocks_t b = {.bits = anp_steps_get_int(&s, "bits", 4),
                  .n = anp_steps_get_int(&s, "N", 0),
                  .k = anp_steps_get_int(&s, "K", 0),
                  .block = anp_steps_get_int(&s, "block_size", 0)};
    check_block(&s, b.bits, b.block);
    b.dtype = b.bits == 2 ? ANP_DTYPE_U2 : b.bits == 4 ? ANP_DTYPE_U4 : ANP_DTYPE_U8;
    anp_steps_refuse(&s, "weight_prepacked", "weights packed for one device are not read");
    if (anp_draft_input(d, BITS_GROUPS))
        ANP_FAIL(ANP_UNSUPPORTED, "g_idx is given, which is deprecated and not read");
    if (b.n < 1 || b.k < 1 || b.n > INT32_MAX || b.k > INT32_MAX)
        ANP_FAIL(ANP_INVALID_MODEL, "N is %" PRId64 ", K is %" PRId64 ", expected at least 1", b.n,
                 b.k);
    ANP_TRY(s.st);
    b.per_row = (b.k + b.block - 1) / b.block;
    anp_value_t *w =
        reinterpreted(&s, anp_steps_need(&s, BITS_B), b.dtype, b.n, b.per_row * b.block);
    w = dequantized(&s, &b, w, anp_steps_need(&s, BITS_SCALES), anp_draft_input(d, BITS_ZEROS));
    if (b.per_row * b.block != b.k) {
        anp_value_t *begin = ANP_STEPS_I64S(&s, 0), *end = ANP_STEPS_I64S(&s, b.k);
        w = anp_steps_slice(&s, w, 1, begin, end);
    }
    w = anp_steps_transpose(&s, w, 2, swapped);
    anp_value_t *y = ANP_STEP(&s, "MatMul", anp_steps_need(&s, BITS_A), w);
    return anp_steps_end_one(&s, anp_steps_add_if(&s, y, anp_draft_input(d, BITS_BIAS)));
}

/*
 * ---- GatherBlockQuantized ----
 * Rows of a matrix are gathered as bytes and unpacked, since Gather takes no type below a byte and
 * the whole table in floats may be large. Signed values count from 8 then, as their zero points do.
 */

enum { GATHER_DATA, GATHER_INDICES, GATHER_SCALES, GATHER_ZEROS };

typedef struct gather_t {
    anp_value_t *data, *indices, *scales, *zeros;
    int64_t bits, block, gather_axis, axis; /* axis: of the blocks */
    int32_t rank;                           /* of data */
} gather_t;

static anp_value_t *gathered(anp_steps_t *s, const gather_t *g, anp_value_t *v) {
    anp_steps_int(s, "axis", g->gather_axis);
    return ANP_STEP(s, "Gather", v, g->indices);
}

/* u8 constant of n (or, n = 0, one) values. */
static anp_value_t *bytes(anp_steps_t *s, int64_t n, const uint8_t *values) {
    anp_tensor_t t;
    anp_tensor_init(&t, ANP_DTYPE_U8, n ? 1 : 0, &n, (void *)(uintptr_t)values);
    return anp_steps_constant(s, &t);
}

/* [..., n] of bytes to [..., n * 8 / bits], one value each. */
static anp_value_t *unpacked(anp_steps_t *s, const gather_t *g, anp_value_t *v) {
    uint8_t shifts[8];
    int64_t n = 0, shape[ANP_RANK_MAX] = {0};
    const uint8_t ones = (uint8_t)((1 << g->bits) - 1), sign = 8;
    const int32_t rank = anp_steps_rank(s, v);
    if (g->bits == 8 || rank < 1) return v;
    for (int64_t at = 0; at < 8; at += g->bits) shifts[n++] = (uint8_t)at;
    shape[rank - 1] = -1;
    v = ANP_STEP(s, "Unsqueeze", v, ANP_STEPS_I64S(s, -1));
    anp_steps_text(s, "direction", "RIGHT");
    v = ANP_STEP(s, "BitShift", v, bytes(s, n, shifts));
    v = ANP_STEP(s, "BitwiseAnd", v, bytes(s, 0, &ones));
    if (g->data->shape.dtype == ANP_DTYPE_I4) v = ANP_STEP(s, "BitwiseXor", v, bytes(s, 0, &sign));
    return ANP_STEP(s, "Reshape", v, anp_steps_i64s(s, (uint32_t)rank, shape));
}

/* u8 zero points of the shape `scales` has. */
static anp_value_t *gathered_zeros(anp_steps_t *s, const gather_t *g, anp_value_t *scales,
                                   int64_t blocks) {
    const bool packed = g->data->shape.dtype == ANP_DTYPE_U8;
    if (!g->zeros) {
        uint8_t middle = g->data->shape.dtype == ANP_DTYPE_U4 ? 0 : (uint8_t)(1 << (g->bits - 1));
        anp_value_t *shape = ANP_STEP(s, "Shape", scales);
        return ANP_STEP(s, "Expand", bytes(s, 0, &middle), shape);
    }
    const int64_t rows = anp_steps_size(s, g->zeros, 0), per_byte = 8 / g->bits;
    anp_value_t *zeros = g->zeros;
    if (!packed) zeros = reinterpreted(s, zeros, ANP_DTYPE_U8, rows, blocks / per_byte);
    zeros = unpacked(s, g, gathered(s, g, zeros));
    anp_value_t *begin = ANP_STEPS_I64S(s, 0), *end = ANP_STEPS_I64S(s, blocks);
    return anp_steps_slice(s, zeros, -1, begin, end);
}

/* Rows of a matrix in blocks along its last axis. */
static anp_value_t *gathered_rows(anp_steps_t *s, const gather_t *g) {
    const bool packed = g->data->shape.dtype == ANP_DTYPE_U8;
    const int64_t rows = anp_steps_size(s, g->data, 0), cols = anp_steps_size(s, g->data, 1),
                  blocks = anp_steps_size(s, g->scales, 1);
    anp_value_t *data = g->data;
    if (!packed) data = reinterpreted(s, data, ANP_DTYPE_U8, rows, cols * g->bits / 8);
    data = unpacked(s, g, gathered(s, g, data));
    anp_value_t *scales = gathered(s, g, g->scales);
    anp_value_t *zeros = gathered_zeros(s, g, scales, blocks);
    anp_steps_int(s, "axis", -1);
    anp_steps_int(s, "block_size", g->block);
    return ANP_STEP(s, "DequantizeLinear", data, scales, zeros);
}

static anp_value_t *gathered_from_floats(anp_steps_t *s, const gather_t *g) {
    if (g->data->shape.dtype == ANP_DTYPE_U8)
        ANP_STEPS_FAIL(s, ANP_UNSUPPORTED, "data of bytes is a matrix, gathered along axis 0");
    anp_steps_int(s, "axis", g->axis);
    anp_steps_int(s, "block_size", g->block);
    return gathered(s, g, ANP_STEP(s, "DequantizeLinear", g->data, g->scales, g->zeros));
}

/* Whether each row, and each row of zero points, begins where a byte does. */
static bool has_whole_rows(anp_steps_t *s, const gather_t *g) {
    if (g->rank != 2 || g->gather_axis != 0 || g->axis != 1) return false;
    if (g->data->shape.dtype == ANP_DTYPE_U8) return true;
    return anp_steps_size(s, g->data, 1) % 2 == 0 &&
           (!g->zeros || anp_steps_size(s, g->zeros, 1) % 2 == 0);
}

static int64_t axis_of(anp_steps_t *s, const char *name, int64_t def, int32_t rank) {
    const int64_t axis = anp_steps_get_int(s, name, def);
    if (axis < -rank || axis >= rank)
        ANP_STEPS_FAIL(s, ANP_INVALID_MODEL, "%s is %" PRId64 ", the data has rank %d", name, axis,
                       (int)rank);
    return axis < 0 ? axis + rank : axis;
}

ANP_UPGRADE_RULE(ms_gather_blocks) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    gather_t g = {.data = anp_steps_need(&s, GATHER_DATA),
                  .indices = anp_steps_need(&s, GATHER_INDICES),
                  .scales = anp_steps_need(&s, GATHER_SCALES),
                  .zeros = anp_draft_input(d, GATHER_ZEROS)};
    g.rank = anp_steps_rank(&s, g.data);
    g.gather_axis = axis_of(&s, "gather_axis", 0, g.rank);
    g.axis = axis_of(&s, "quantize_axis", 1, g.rank);
    g.block = anp_steps_get_int(&s, "block_size", 128);
    g.bits = anp_steps_get_int(&s, "bits", 4);
    check_block(&s, g.bits, g.block);
    ANP_TRY(s.st);
    anp_value_t *y = has_whole_rows(&s, &g) ? gathered_rows(&s, &g) : gathered_from_floats(&s, &g);
    return anp_steps_end_one(&s, y);
}
