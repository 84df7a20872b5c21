/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel of one operator gets and may do. Reference kernels: ref_*.c, a slot per row of
 * ops.def. Fast ones: cpu_*.c, rows of cpu.def. */
#ifndef ANP_KERNEL_KERNEL_H
#define ANP_KERNEL_KERNEL_H

#include "base/log.h"
#include "base/thread.h"
#include "op/op.h"

/* Memory a kernel may ask for; both kinds are reused from run to run, so the steady state allocates
 * nothing. */
typedef struct anp_kernel_mem_t {
    void *user;
    /* Lives until the end of the session's run: contents of strings, sequences, outputs of
     * data-dependent shape. */
    anp_status_t (*run_alloc)(void *user, uint64_t size_bytes, void **out);
    /* One block per kernel call, valid until it returns; a later call in the same kernel gives a
     * further block. Contents undefined. 64-byte aligned. */
    anp_status_t (*scratch)(void *user, uint64_t size_bytes, void **out);
} anp_kernel_mem_t;

/* What fast kernels need from the machine: made once per context. */
typedef struct anp_kernel_env_t {
    uint64_t cpu;     /* ANP_CPU_* levels allowed */
    anp_pool_t *pool; /* NULL: one thread */
    const struct anp_kernel_tables_t
        *tables;   /* SIMD tables (gemm, conv, elementwise ...); NULL on ref */
    anp_log_t log; /* for what a result cannot say: why an image is empty */
} anp_kernel_env_t;

/*
 * One call of one kernel. Inputs are dense host tensors unless the row of cpu.def says it takes
 * strided ones; absent optional inputs are NULL. Outputs are shaped and allocated (shape functions
 * ran on the real shapes), unwanted ones NULL; with ANP_OP_DATA_DEPENDENT or ANP_OP_HOST the kernel
 * sets kind, dtype, dims and data itself, data from anp_kernel_output. An output may share memory
 * with an input only when the operator is ANP_OP_ELEMENTWISE and types are of equal size, or
 * through a state alias the operator allows.
 */
typedef struct anp_kernel_t {
    const anp_op_t *op;
    const char *node_name;
    const anp_attrs_t *attrs;
    const anp_tensor_t *const *in;
    uint32_t n_in;
    anp_tensor_t *const *out;
    uint32_t n_out;
    const anp_kernel_mem_t *mem;
    const anp_kernel_env_t *env;
    const void
        *prepared; /* what the row's prepare made from constant inputs (packed weights), or NULL */
    uint64_t seed; /* of this run and node, for operators that draw random numbers */
} anp_kernel_t;

typedef anp_status_t (*anp_kernel_fn_t)(anp_kernel_t *k);

#define ANP_KERNEL_FAIL(k, code, ...)                                                       \
    return anp_error_prefix(ANP_ERROR(code, __VA_ARGS__), "node '%s' (%s)", (k)->node_name, \
                            (k)->op->name)

/* A pack this build lacks (cmake/packs.cmake), as its functions fail there. */
#define ANP_PACK_MISSING(pack, option) \
    ANP_FAIL(ANP_UNSUPPORTED, "this build has no " pack " pack (" option "=ON)")

/* Gives output i this shape with memory of the run. */
anp_status_t anp_kernel_output(anp_kernel_t *k, uint32_t i, anp_dtype_t dtype, uint32_t rank,
                               const int64_t *dims);
anp_status_t anp_kernel_scratch(const anp_kernel_t *k, uint64_t size_bytes, void **out);
/* Copies string bytes into run memory. */
anp_status_t anp_kernel_string(anp_kernel_t *k, const char *s, uint64_t len_bytes,
                               anp_string_t *out);
bool anp_kernel_has(const anp_kernel_t *k, uint32_t i);

/* The reference kernel of a row; NULL for control operators (and for those left out of this build).
 */
anp_kernel_fn_t anp_kernel_ref(const anp_op_t *op);

/*
 * A fast kernel: rows tried in order, the first whose `accepts` says yes runs; none: the reference
 * runs. CPU_KERNEL(op id, name, tables)  in cpu.def  ->  const anp_cpu_kernel_t anp_cpu_<name>
 */
typedef struct anp_cpu_kernel_t {
    const char *name; /* "conv_f32" */
    anp_op_id_t op;
    /* Types, attributes, constant inputs (data set) and known dims decide; called again when shapes
     * change. */
    bool (*accepts)(const anp_kernel_t *k);
    /* optional: bytes and contents made once from constant inputs (in[i]->data set for constants,
     * else NULL). Called at first use. */
    anp_status_t (*prepare_bytes)(const anp_kernel_t *k, uint64_t *out_bytes);
    anp_status_t (*prepare)(const anp_kernel_t *k, void *prepared);
    anp_kernel_fn_t run;
} anp_cpu_kernel_t;
/* NULL: no fast kernel takes this call. */
const anp_cpu_kernel_t *anp_kernel_cpu(const anp_kernel_t *k);

/* Fills the SIMD tables for these CPU levels; static storage per distinct level set is owned by the
 * caller's env. */
anp_status_t anp_kernel_tables_create(uint64_t cpu, struct anp_kernel_tables_t **out);
void anp_kernel_tables_release(struct anp_kernel_tables_t *t);

#define OP(id, domain, name, since, signature, types, attributes, shape, ref, flags) \
    anp_status_t anp_ref_##ref(anp_kernel_t *k);
#include "op/ops.def"
#undef OP

#endif
