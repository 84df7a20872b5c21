/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator table. A row of ops.def:
 *   OP(id, "domain", "Name", since, "signature", "types", "attributes", shape, ref, flags)
 * signature   "X:T W:T B:T? -> Y:T"   name:type per operand; '?' optional, '*' variadic (last, may
 * be zero times), '+' at least once; type is a variable of `types`, a list of types (i64; f32,f64:
 * each operand has its own) or `seq(T)`, `map(K,T)` (K variable or name), `seq(map(K,T))`,
 * `opt(T)`; outputs may be marked '?' too types       "T=f16,f32,f64 I=i32,i64"  what each variable
 * allows; classes: float = bf16 f16 f32 f64; int = i8 i16 i32 i64; uint; num = float int uint; all
 * = num bool string complex;  any = everything with a row attributes  "axis:i=-1 mode:s=constant
 * pads:is value:t body:g"  name:kind[=default]; kinds i f s is fs ss t g ty; '!' after the kind =
 * required shape       anp_shape_<shape>: output shapes (src/op/shape/shape_*.c) ref anp_ref_<ref>:
 * the reference kernel (src/kernel/ref/ref_*.c) One row makes the enumerator, the table, the
 * reference kernel's slot, docs and tests. `since` is the version of the operator set whose meaning
 * the row has: importers upgrade older nodes to it.
 */
#ifndef ANP_OP_OP_H
#define ANP_OP_OP_H

#include "op/attrs.h"
#include "op/built.h"
#include "op/dims.h"
#include "op/dtype.h"

enum {
    ANP_OP_CONTROL = 1, /* If, Loop, Scan: blocks of the program, run by the runtime, no kernel */
    ANP_OP_RANDOM = 2,  /* draws random numbers: never folded, never shared */
    ANP_OP_DATA_DEPENDENT = 4, /* output shapes depend on input contents beyond the small integer
                                  inputs: the kernel allocates its outputs */
    ANP_OP_ELEMENTWISE =
        8,            /* out[i] depends on in[i] alone (after broadcasting): may run in place */
    ANP_OP_HOST = 16, /* sequences, optionals, strings: only drivers that work on host values */
    ANP_OP_VIEW = 32, /* output 0 holds input 0's bytes unchanged (Reshape, Squeeze, Identity ...):
                         the planner aliases them */
    ANP_OP_COMMUTES = 64,  /* inputs 0 and 1 may be swapped */
    ANP_OP_IN_PLACE = 128, /* output 0 may be written over input 0, of equal type and shape, when
                              nobody else reads that */
};

struct anp_shape_ctx_t;
typedef anp_status_t (*anp_shape_fn_t)(struct anp_shape_ctx_t *ctx);

typedef struct anp_op_t {
    const char *domain; /* "" (ONNX), "com.microsoft", "anput" */
    const char *name;
    int since;
    const char *signature, *types, *attributes;
    anp_shape_fn_t shape;
    uint32_t flags;
    uint32_t index;                   /* row number; from ANP_OP_USER on for those of libraries */
    const struct anp_user_op_t *user; /* NULL: built in; else what the library gave (registry.h) */
} anp_op_t;

/* The operators of this build first: numbers below ANP_OP_COUNT have a row, the others only a name
 * in the source. */
typedef enum anp_op_id_t {
#define OP(id, domain, name, since, signature, types, attributes, shape, ref, flags) \
    ANP_IF_BUILT(id, ANP_OP_##id, )
#include "op/ops.def"
#undef OP
    ANP_OP_COUNT,
    ANP_OP_LAST_BUILT = ANP_OP_COUNT - 1,
#define OP(id, domain, name, since, signature, types, attributes, shape, ref, flags) \
    ANP_UNLESS_BUILT(id, ANP_OP_##id, )
#include "op/ops.def"
#undef OP
    ANP_OP_USER = 1 << 20, /* numbers of operators from libraries begin here: no row ever has them,
                              nor ANP_OP_COUNT, which ends tables */
} anp_op_id_t;

const anp_op_t *anp_op_row(uint32_t index); /* NULL from ANP_OP_COUNT on */
/* The built-in operator; NULL when there is none. "ai.onnx" means "". What a model asks for is
 * looked up by anp_ops_find, which knows those of libraries too. */
const anp_op_t *anp_op_find(const char *domain, const char *name);

/* One operand of a signature. */
typedef struct anp_operand_spec_t {
    char name[32], type[32];
    bool optional, variadic, at_least_one;
} anp_operand_spec_t;
/* Operand i (inputs or outputs); the last repeats when variadic. false past the end. */
bool anp_op_input_spec(const anp_op_t *op, uint32_t i, anp_operand_spec_t *out);
bool anp_op_output_spec(const anp_op_t *op, uint32_t i, anp_operand_spec_t *out);
/* Whether type variable or name `type` of `op` allows dtype: for the elements, of a map the values.
 */
bool anp_op_type_allows(const anp_op_t *op, const char *type, anp_dtype_t dtype);
/* The kind an operand of this type has: of "opt(T)" and "val(T)", which take any, a tensor. */
anp_kind_t anp_op_type_kind(const char *type);
/* Whether an operand of this type may be a value of this kind, with these keys (0: no map). */
bool anp_op_kind_allows(const anp_op_t *op, const char *type, uint8_t kind, uint8_t key);

typedef struct anp_attr_spec_t {
    char name[48];
    anp_attr_kind_t kind;
    bool required, has_default;
    char def[64];
} anp_attr_spec_t;
bool anp_op_attr_spec(const anp_op_t *op, uint32_t i, anp_attr_spec_t *out);
/* A number of a node, or the default of its operator's row; 0 when there is neither. */
double anp_op_attr_f64(const anp_op_t *op, const anp_attrs_t *attrs, const char *name);

/* Whether the three texts of a row follow the grammar above; who reads a row counts on it. */
anp_status_t anp_op_check_row(const anp_op_t *op);

/* Checks counts of operands, presence, element types and attributes (unknown name, wrong kind,
 * missing) of one node. in_types[i] = ANP_DTYPE_NONE: absent or unknown. node_name is for the
 * message. */
anp_status_t anp_op_check(const anp_op_t *op, const char *node_name, const anp_attrs_t *attrs,
                          const anp_dtype_t *in_types, uint32_t n_in, uint32_t n_out);

/* ---- shape functions ---- */
enum {
    ANP_SHAPE_VALUE_MAX = 64
}; /* contents followed through shape arithmetic: integer tensors up to this many elements */

typedef struct anp_shape_t {
    uint8_t kind;     /* anp_kind_t: dims describe tensors only */
    uint8_t optional; /* may be absent at run time */
    uint8_t dtype;    /* 0 unknown */
    int8_t rank;      /* -1 unknown */
    uint8_t key;      /* of maps; else 0 */
    anp_dim_t dims[ANP_RANK_MAX];
} anp_shape_t;

typedef struct anp_shape_in_t {
    bool present;
    anp_shape_t shape;
    const anp_tensor_t
        *data; /* the contents when known: a constant, or any host value at run time; else NULL */
    const anp_dim_t
        *value; /* symbolic contents of a small integer tensor, n_value of them; else NULL */
    uint32_t n_value;
} anp_shape_in_t;

typedef struct anp_shape_out_t {
    bool wanted; /* false: an output the node does not use */
    anp_shape_t
        shape; /* kind and dtype are already set from the signature where it determines them */
    anp_dim_t value[ANP_SHAPE_VALUE_MAX];
    int32_t n_value; /* -1 = contents unknown (preset) */
} anp_shape_out_t;

/* One call of a shape function; the same functions run at compile time (symbols) and at run time
 * (numbers, dims == NULL). */
typedef struct anp_shape_ctx_t {
    const anp_op_t *op;
    const char *node_name;
    const anp_attrs_t *attrs;
    const anp_shape_in_t *in;
    uint32_t n_in;
    anp_shape_out_t *out;
    uint32_t n_out;
    anp_dims_t *dims; /* NULL at run time */
} anp_shape_ctx_t;

/* Fails with "node 'x' (Op): ..." */
#define ANP_SHAPE_FAIL(c, code, ...)                                                        \
    return anp_error_prefix(ANP_ERROR(code, __VA_ARGS__), "node '%s' (%s)", (c)->node_name, \
                            (c)->op->name)

/* Presets outputs from the signature and runs the row's function, then checks that known dims are
 * >= 0. */
anp_status_t anp_shape_infer(anp_shape_ctx_t *ctx);
/* Sets outputs to what the signature alone says: kind and type, shape and contents unknown. */
void anp_shape_preset(anp_shape_ctx_t *ctx);

bool anp_shape_has(const anp_shape_ctx_t *c, uint32_t i); /* input i is given */
/* Contents of integer input i into out[max]: *out_known false when not known at all. Elements may
 * be symbolic. More than max fails. */
anp_status_t anp_shape_in_ints(const anp_shape_ctx_t *c, uint32_t i, anp_dim_t *out, uint32_t max,
                               uint32_t *out_n, bool *out_known);
/* Kind, type, rank and dims of a tensor. */
void anp_shape_of_tensor(const anp_tensor_t *t, anp_shape_t *out);
/* A dimension nobody knows yet: a fresh symbol, or ANP_DIM_UNKNOWN at run time. */
anp_status_t anp_shape_fresh(anp_shape_ctx_t *c, anp_dim_t *out);
anp_status_t anp_shape_dim(anp_shape_ctx_t *c, anp_dim_op_t op, anp_dim_t a, anp_dim_t b,
                           anp_dim_t *out);
/* axis in [-rank, rank) -> [0, rank); the message names the value. */
anp_status_t anp_shape_axis(anp_shape_ctx_t *c, int64_t axis, int64_t rank, int64_t *out);
/* NumPy broadcasting of a and b into out's rank and dims; a symbol against a constant other than 1
 * gives the constant. */
anp_status_t anp_shape_broadcast_dims(anp_shape_ctx_t *c, const anp_shape_t *a,
                                      const anp_shape_t *b, anp_shape_t *out);

/* A window of convolution or pooling along one axis. */
typedef struct anp_window_t {
    int64_t kernel, stride, dilation, pad_begin, pad_end;
    bool ceil_mode;
} anp_window_t;
/* floor((in + pads - dilation * (kernel - 1) - 1) / stride) + 1; ceil_mode drops a last window that
 * starts in the end padding. */
anp_status_t anp_shape_window(int64_t in, const anp_window_t *w, int64_t *out);

/* Resolved windows of Conv/Pool/QLinearConv nodes: attributes with defaults and auto_pad applied;
 * used by shape functions AND kernels. */
typedef struct anp_conv_params_t {
    uint32_t n_axes; /* spatial */
    int64_t group;
    anp_window_t w[ANP_RANK_MAX]; /* kernel 0: not known yet */
    bool auto_same; /* pads depend on input size: w[].pad_* are valid only for the sizes given */
} anp_conv_params_t;
/* in_dims: n_axes spatial sizes of the input (may be symbolic: then auto_same's pads stay 0);
 * kernel_dims: from the weight, or NULL for pooling (kernel_shape attribute). Validates strides,
 * dilations, pads, group: zero or negative values fail. */
anp_status_t anp_conv_params(const anp_op_t *op, const char *node_name, const anp_attrs_t *attrs,
                             uint32_t n_axes, const anp_dim_t *in_dims,
                             const anp_dim_t *kernel_dims, anp_conv_params_t *out);
/* The same for ConvTranspose: output_shape and auto_pad turned into pads (output_padding only makes
 * the output longer at its end). out_dims (may be NULL): the n_axes output sizes, ANP_DIM_UNKNOWN
 * where the kernel is not known. */
anp_status_t anp_conv_transpose_params(const anp_op_t *op, const char *node_name,
                                       const anp_attrs_t *attrs, uint32_t n_axes,
                                       const anp_dim_t *in_dims, const anp_dim_t *kernel_dims,
                                       anp_dims_t *dims, anp_conv_params_t *out,
                                       anp_dim_t *out_dims);
/* Output size along axis i of `p` for an input of size `in`, which may be symbolic. */
anp_status_t anp_shape_conv_axis(anp_shape_ctx_t *c, const anp_conv_params_t *p, uint32_t i,
                                 anp_dim_t in, anp_dim_t *out);

/* Every shape function, by name (shape_*.c). */
#define OP(id, domain, name, since, signature, types, attributes, shape, ref, flags) \
    anp_status_t anp_shape_##shape(anp_shape_ctx_t *ctx);
#include "op/ops.def"
#undef OP

#endif
