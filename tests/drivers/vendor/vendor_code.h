/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the vendor's compiler makes and its driver runs: a blob of flat tables. One entry per
 * partition; an entry has one variant per shape bucket; a variant is a list of steps over tensors
 * of fixed shape. Constants are embedded.
 */
#ifndef VENDOR_CODE_H
#define VENDOR_CODE_H

#include <anput/driver.h>

#define VN_MAGIC 0x31424e56u /* "VNB1" */
#define VN_SDK "2.1" /* the SDK this is made with; option vendor.sdk_version plays another */
#define VN_TARGET "vn1"
enum { VN_FORMAT = 1, VN_RANK_MAX = 8, VN_IN_MAX = 8, VN_PARAMS = 16, VN_NONE = -1 };

typedef struct vn_span_t {
    uint64_t offset, count; /* bytes from the start of the blob; records */
} vn_span_t;

typedef struct vn_header_t {
    uint32_t magic, format;
    char sdk[32];
    uint64_t size_bytes;
    uint64_t checksum;  /* vn_blob_checksum */
    vn_span_t entries;  /* vn_entry_t */
    vn_span_t variants; /* vn_variant_t */
    vn_span_t tensors;  /* vn_tensor_t */
    vn_span_t steps;    /* vn_step_t */
    vn_span_t weights;  /* bytes */
} vn_header_t;

typedef struct vn_entry_t {
    uint32_t n_in, n_out; /* of the partition */
    uint32_t first_variant, n_variants;
} vn_entry_t;

typedef struct vn_variant_t {
    uint32_t first_tensor, n_tensors; /* inputs, outputs, then the rest */
    uint32_t first_step, n_steps;
    uint64_t arena_bytes;
} vn_variant_t;

typedef enum vn_place_t { VN_INPUT, VN_OUTPUT, VN_WEIGHT, VN_ARENA, VN_PLACES } vn_place_t;

typedef struct vn_tensor_t {
    uint32_t place; /* vn_place_t */
    uint32_t dtype; /* f32, i32, i64, bool */
    uint32_t rank;
    uint32_t reserved_zero;
    uint64_t offset; /* input, output: its number; else bytes */
    int64_t dims[VN_RANK_MAX];
} vn_tensor_t;

typedef enum vn_op_t {
    VN_COPY, /* Reshape and its kin; with an activation, Relu and its kin */
    VN_ADD,
    VN_MUL,
    VN_CONV,
    VN_POOL,
    VN_GEMM,
    VN_MATMUL,
    VN_SOFTMAX,
    VN_TRANSPOSE,
    VN_GATHER,
    VN_RMS_NORM,
    VN_ROTARY,
    VN_SCATTER,
    VN_ATTENTION,
    VN_OPS
} vn_op_t;

typedef enum vn_act_t {
    VN_ACT_NONE,
    VN_ACT_RELU,
    VN_ACT_CLIP,
    VN_ACT_LEAKY_RELU,
    VN_ACT_SIGMOID,
    VN_ACT_TANH,
    VN_ACT_HARD_SWISH,
    VN_ACT_HARD_SIGMOID,
    VN_ACT_GELU,
    VN_ACT_SILU,
    VN_ACT_SWISH, /* silu with alpha; the operator, no fused form */
    VN_ACTS
} vn_act_t;

typedef struct vn_step_t {
    uint32_t op;           /* vn_op_t */
    uint32_t act;          /* vn_act_t, applied to the result; alpha and beta in f[0] and f[1] */
    int32_t in[VN_IN_MAX]; /* tensors of the variant; VN_NONE: not given */
    int32_t out;
    uint32_t reserved_zero;
    float f[4];
    int64_t i[VN_PARAMS];
    char name[64]; /* of the node, for messages */
} vn_step_t;

/* Where parameters stand in vn_step_t.i and .f */
enum {
    VN_I_STRIDE = 0, /* of conv and pool: h, w */
    VN_I_DILATION = 2,
    VN_I_PAD = 4, /* top, left, bottom, right */
    VN_I_KERNEL = 8,
    VN_I_GROUP = 10,
    VN_I_TRANS_A = 0, /* of gemm */
    VN_I_TRANS_B = 1,
    VN_I_AXIS = 0, /* of softmax, gather, rms_norm, scatter: counted from 0 */
    VN_I_CIRCULAR = 1,
    VN_I_INTERLEAVED = 0, /* of rotary */
    VN_I_ROTARY_DIM = 1,
    VN_I_CAUSAL = 0, /* of attention */
    VN_F_ALPHA = 2,  /* of gemm */
    VN_F_BETA = 3,
    VN_F_EPSILON = 2, /* of rms_norm */
    VN_F_SCALE = 2,   /* of attention; 0: 1 / sqrt(head size) */
};

/* ---- shapes, used by the compiler and again when a blob is loaded ---- */

/* Elements, or -1 when they do not fit 2^40 (the board has less memory than that). */
int64_t vn_count(const vn_tensor_t *t);
uint32_t vn_elem_bytes(uint32_t dtype); /* 0: a type the board does not have */
/* Whether the board does `op` on operands of these types (ANP_DTYPE_NONE: not given). */
bool vn_types_fit(uint32_t op, uint32_t act, const uint32_t in[VN_IN_MAX], uint32_t out);
/* Whether a step's tensors and parameters fit each other, so that it touches nothing outside them;
 * else why not. */
bool vn_step_check(const vn_step_t *s, const vn_tensor_t *tensors, const char **out_why);
/* Whether `b` broadcasts to `out`. */
bool vn_broadcasts(const vn_tensor_t *b, const vn_tensor_t *out);

/* ---- blobs ---- */

uint64_t vn_blob_checksum(const void *blob, uint64_t bytes); /* its own field counts as 0 */
/* Checks every byte of a blob: after ANP_OK each index and size in it holds. Else
 * ANP_INCOMPATIBLE or ANP_CORRUPT and the sentence. */
anp_status_t vn_blob_verify(const void *data, uint64_t bytes, const char *sdk, char *out_text,
                            size_t text_bytes);
#define VN_TABLE(blob, field, type)                               \
    ((const type *)(const void *)((const unsigned char *)(blob) + \
                                  ((const vn_header_t *)(blob))->field.offset))

#endif
