/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator ABI: operators of your own from a shared library. A library is a constant table
 * (anp_op_library_t) of operators, each with a shape rule and a reference kernel, and where wanted
 * a fast kernel and the name of its gradient. docs/user-operators.md writes one; examples/user-op
 * is one. Growth is by appending optional slots; the number that each struct begins with says
 * which ones there are. ABI changes are listed in docs/operator-abi.md.
 */
#ifndef ANPUT_OP_H
#define ANPUT_OP_H

#include <anput/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ANP_OP_ABI = 1 };

/* One call of a shape rule or of a kernel, for one node: the first argument of every function of
 * the host. Valid until the call returns. */
typedef struct anp_op_node_t anp_op_node_t;

/* A size, or an element of a small integer tensor: a number, or a handle of what is not known
 * before the model runs (a symbol "N", "N / 2 + 1"). Equal handles are equal sizes. Calculate with
 * host->calc only. */
typedef int64_t anp_op_size_t;
#define ANP_OP_SIZE_IS_KNOWN(size) ((size) >= -(INT64_C(1) << 62))

typedef enum anp_op_calc_t {
    ANP_OP_ADD = 0,
    ANP_OP_SUB = 1,
    ANP_OP_MUL = 2,
    ANP_OP_FLOOR_DIV = 3, /* by a number > 0 */
    ANP_OP_CEIL_DIV = 4,
    ANP_OP_MIN = 5,
    ANP_OP_MAX = 6,
    ANP_OP_MOD = 7,
} anp_op_calc_t;

/*
 * What Anput offers a library. A function that gives a status fails with a sentence of its own; a
 * rule or kernel hands that status on. Whoever does not fails all the same: the first failure of a
 * call counts. Operands are counted from 0 in the order of the signature.
 */
typedef struct anp_op_host_t {
    uint32_t abi;
    uint32_t struct_size;

    /* Ends the call with this sentence (as printf); "node 'x' (com.example.Op): " is put before
     * it. Codes: ANP_INVALID_MODEL, INVALID_ARGUMENT, OUT_OF_RANGE, UNSUPPORTED, NOT_FINITE, LIMIT,
     * OUT_OF_MEMORY; any other becomes ANP_BAD_OPERATOR. Gives the code. */
    anp_status_t (*fail)(anp_op_node_t *node, anp_status_t code, const char *format, ...);

    /* ---- attributes: the node's value, else the default in the operator's row, else 0, "", none.
     * Lists, strings and tensors are lent for the call. ---- */
    int64_t (*attr_int)(anp_op_node_t *node, const char *name);
    float (*attr_float)(anp_op_node_t *node, const char *name);
    const char *(*attr_string)(anp_op_node_t *node, const char *name);
    const int64_t *(*attr_ints)(anp_op_node_t *node, const char *name, uint64_t *out_count);
    const float *(*attr_floats)(anp_op_node_t *node, const char *name, uint64_t *out_count);
    const anp_string_t *(*attr_strings)(anp_op_node_t *node, const char *name, uint64_t *out_count);
    const anp_tensor_t *(*attr_tensor)(anp_op_node_t *node, const char *name);

    /* ---- for shape rules: what is known of the inputs ---- */
    uint32_t (*input_count)(anp_op_node_t *node);
    uint32_t (*output_count)(anp_op_node_t *node);
    bool (*input_given)(anp_op_node_t *node, uint32_t input);
    anp_dtype_t (*input_type)(anp_op_node_t *node, uint32_t input); /* NONE: not known */
    int32_t (*input_rank)(anp_op_node_t *node, uint32_t input);     /* -1: not known */
    /* Size along an axis in [0, rank). A size that is not known is a handle. */
    anp_op_size_t (*input_size)(anp_op_node_t *node, uint32_t input, uint32_t axis);
    /* Elements of an integer input of at most 64: their number, or -1 when they are not known. More
     * than `capacity` fails. */
    anp_status_t (*input_ints)(anp_op_node_t *node, uint32_t input, anp_op_size_t *out,
                               uint32_t capacity, int32_t *out_count);

    /* ---- for shape rules: sizes ---- */
    anp_status_t (*calc)(anp_op_node_t *node, anp_op_calc_t op, anp_op_size_t a, anp_op_size_t b,
                         anp_op_size_t *out);
    /* A size only the kernel will know (data-dependent operators). */
    anp_status_t (*unknown_size)(anp_op_node_t *node, anp_op_size_t *out);

    /* ---- for shape rules: answers, one of the four shapes per output that is wanted ---- */
    /* Needed only where the signature leaves the type of an output open. */
    anp_status_t (*set_type)(anp_op_node_t *node, uint32_t output, anp_dtype_t type);
    /* Rank and sizes of input `input`, known or not. */
    anp_status_t (*set_like)(anp_op_node_t *node, uint32_t output, uint32_t input);
    /* Those of inputs first .. first + count - 1, broadcast against each other as NumPy does. */
    anp_status_t (*set_broadcast)(anp_op_node_t *node, uint32_t output, uint32_t first,
                                  uint32_t count);
    anp_status_t (*set_sizes)(anp_op_node_t *node, uint32_t output, uint32_t rank,
                              const anp_op_size_t *sizes);
    /* A rank nobody knows: because an input's is not known, or because the kernel decides. */
    anp_status_t (*set_unknown)(anp_op_node_t *node, uint32_t output);

    /* ---- for kernels ---- */
    /* Gives an output of a data-dependent operator, one that is wanted, its shape and memory. */
    anp_status_t (*output)(anp_op_node_t *node, uint32_t output, uint32_t rank, const int64_t *dims,
                           void **out_data);
    /* Memory until the kernel returns: 64-byte aligned, contents undefined. */
    anp_status_t (*scratch)(anp_op_node_t *node, uint64_t size_bytes, void **out);
    /* Calls work(arg, item) for items 0 .. count - 1 on the threads of the context and returns when
     * all are done. Items must not depend on each other; `work` must not call the host. */
    void (*parallel)(anp_op_node_t *node, uint64_t count, void (*work)(void *arg, uint64_t item),
                     void *arg);
    /* Of this run and node, for operators that draw random numbers. */
    uint64_t (*seed)(anp_op_node_t *node);
} anp_op_host_t;

#define ANP_OP_HOST_HAS(host, slot) \
    ((host)->struct_size >= offsetof(anp_op_host_t, slot) + sizeof((host)->slot))

/*
 * A kernel. There is an entry for each operand of the signature, more where one is variadic.
 * Inputs are dense host tensors, NULL where an optional one is not given; the data of a tensor
 * without elements may be NULL. Outputs have the shape the rule gave, and memory of their
 * own (no output lies in an input); NULL where nobody wants them. Of a data-dependent operator
 * they are empty: use host->output.
 * Any thread, several at the same time: a kernel keeps no state.
 */
typedef anp_status_t (*anp_op_kernel_fn_t)(const anp_op_host_t *host, anp_op_node_t *node,
                                           const anp_tensor_t *const *in, uint32_t n_in,
                                           anp_tensor_t *const *out, uint32_t n_out);

/* anp_op_def_t.flags */
enum {
    ANP_OP_DEF_DATA_DEPENDENT = 1, /* contents of inputs decide the shapes of outputs */
    ANP_OP_DEF_RANDOM = 2,         /* draws random numbers: never computed ahead, never shared */
};

/* One operator. Strings are static storage. */
typedef struct anp_op_def_t {
    uint32_t struct_size;   /* sizeof(anp_op_def_t) it was compiled with */
    uint32_t since;         /* version of its meaning, >= 1: raise it when results change, so that
                               packages made before say so */
    const char *domain;     /* "com.example": as models name it; not one of Anput's own */
    const char *name;       /* "Clamp" */
    const char *signature;  /* "X:T bias:T? rest:T* -> Y:T n:i64": name:type per operand, '?'
                               optional, '*' any number, '+' at least one (last only) */
    const char *types;      /* "T=f16,f32 I=i32,i64": the variables of the signature; classes: float
                               int uint num */
    const char *attributes; /* "axis:i=-1 mode:s=fast pads:is alpha:f!": name:kind[=default]; kinds
                               i f s is fs ss t; '!' = must be given */
    uint32_t flags;         /* ANP_OP_DEF_* */
    /* The shape rule: gives every wanted output a shape, or fails. Runs with symbols when a model
     * is compiled, and again with numbers before the kernel does: the same question gets the same
     * answer. */
    anp_status_t (*shape)(const anp_op_host_t *host, anp_op_node_t *node);
    anp_op_kernel_fn_t reference; /* plain and right, for every type of the row; device "ref" */

    /* ---- optional; the default stands behind each ---- */
    /* Whether `fast` takes a call of these types, shapes and attributes; data must not be read. */
    bool (*accepts)(const anp_op_host_t *host, anp_op_node_t *node, const anp_tensor_t *const *in,
                    uint32_t n_in, const anp_tensor_t *const *out, uint32_t n_out); /* = always */
    anp_op_kernel_fn_t fast; /* device "cpu" = reference */
    /* Operator of this library and domain that gives the gradients: inputs are the inputs, the
     * outputs and the gradients of the outputs of this one, outputs the gradients of its inputs.
     * It gets the attributes it knows by name. = cannot be trained through */
    const char *gradient;
} anp_op_def_t;

#define ANP_OP_DEF_HAS(def, slot) \
    ((def)->struct_size >= offsetof(anp_op_def_t, slot) + sizeof((def)->slot) && (def)->slot)

typedef struct anp_op_library_t {
    uint32_t abi;         /* ANP_OP_ABI it was compiled with */
    uint32_t struct_size; /* sizeof(anp_op_library_t) it was compiled with */
    const char *name;     /* [a-z0-9_.-]+, up to 63: what packages call it */
    uint32_t version;     /* of the library, >= 1; for people */
    uint32_t n_ops;
    const anp_op_def_t *const *ops;
} anp_op_library_t;

#if defined(__GNUC__)
#define ANP_OP_EXPORT __attribute__((visibility("default")))
#else
#define ANP_OP_EXPORT
#endif

/* The one symbol of a library. Always returns the table; Anput compares `abi`. */
ANP_OP_EXPORT const anp_op_library_t *anp_ops_query(void);

#ifdef __cplusplus
}
#endif
#endif
