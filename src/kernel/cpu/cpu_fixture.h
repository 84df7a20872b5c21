/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of fast kernels: seeded operands; the fast kernel of a node run at every CPU level, on
 * one thread and on three, with constants prepared and not, and held against the reference. */
#ifndef ANP_KERNEL_CPU_FIXTURE_H
#define ANP_KERNEL_CPU_FIXTURE_H

#include "base/cpu.h"
#include "kernel/iter.h"
#include "kernel/ref/ref_fixture.h"
#include <float.h>

/* A node whose operands are in kx. */
typedef struct cx_t {
    kx_t kx;
    uint64_t random;
    uint32_t constants; /* inputs that are constant, as bits */
    double k;           /* floats: |got - want| <= k * eps * bound, 1 when none is given */
} cx_t;

static ANP_UNUSED void cx_begin(cx_t *cx, uint64_t seed) {
    memset(cx, 0, sizeof *cx);
    kx_begin(&cx->kx);
    cx->random = seed;
}

static ANP_UNUSED void cx_end(cx_t *cx) {
    kx_end(&cx->kx);
}

static ANP_UNUSED uint64_t cx_random(cx_t *cx, uint64_t below) {
    cx->random = cx->random * 6364136223846793005u + 1442695040888963407u;
    return (cx->random >> 33) % below;
}

/* An input of these dims; floats in [-1, 1], integers anywhere in their range. */
static ANP_UNUSED anp_tensor_t *cx_in(cx_t *cx, anp_dtype_t dtype, uint32_t rank,
                                      const int64_t *dims) {
    const uint32_t at = cx->kx.n_in++;
    anp_tensor_t *t = &cx->kx.in[at];
    cx->kx.absent[at] = false;
    kx_make(&cx->kx, t, dtype, rank, dims);
    for (int64_t i = 0; i < anp_tensor_elems(t); i++) {
        const uint64_t r = cx_random(cx, 1u << 20);
        if (anp_dtype_is_float(dtype))
            anp_dtype_row(dtype)->set_f64(t->data, (uint64_t)i, (double)r / (1 << 19) - 1);
        else
            anp_dtype_set_i64(dtype, t->data, (uint64_t)i,
                              (int64_t)(r & 0xff) - (dtype == ANP_DTYPE_U8 ? 0 : 128));
    }
    return t;
}

/* As cx_in, dims as "2, 3". */
static ANP_UNUSED anp_tensor_t *cx_text_in(cx_t *cx, anp_dtype_t dtype, const char *dims) {
    anp_dim_t sizes[ANP_RANK_MAX];
    const uint32_t rank = fx_parse(&cx->kx.fx, dims, sizes);
    return cx_in(cx, dtype, rank, sizes);
}

static ANP_UNUSED void cx_compare(const cx_t *cx, const anp_tensor_t *want, const anp_tensor_t *got,
                                  const anp_tensor_t *mag, const char *what) {
    const anp_dtype_row_t *row = anp_dtype_row(want->dtype);
    for (int64_t i = 0; i < anp_tensor_elems(want); i++) {
        const double a = row->get_f64(want->data, (uint64_t)i),
                     b = row->get_f64(got->data, (uint64_t)i);
        const double bound =
            row->cls != ANP_CLASS_FLOAT
                ? 0
                : cx->k * (double)FLT_EPSILON * (mag ? row->get_f64(mag->data, (uint64_t)i) : 1);
        if (!(fabs(a - b) <= bound) && !(isnan(a) && isnan(b)))
            fail_msg("%s: element %lld is %.9g, expected %.9g within %g", what, (long long)i, b, a,
                     bound);
    }
}

/* Prepared constants of the row, as a driver makes them. */
static ANP_UNUSED void *cx_prepare(cx_t *cx, const anp_cpu_kernel_t *row, anp_kernel_t k) {
    anp_tensor_t views[FX_MAX];
    const anp_tensor_t *in[FX_MAX];
    uint64_t bytes = 0;
    void *data = NULL;
    for (uint32_t i = 0; i < k.n_in; i++) {
        in[i] = NULL;
        if (!k.in[i]) continue;
        views[i] = *k.in[i];
        if (!(cx->constants >> i & 1)) views[i].data = NULL;
        in[i] = &views[i];
    }
    k.in = in;
    if (!row->prepare) return NULL;
    assert_int_equal(row->prepare_bytes(&k, &bytes), ANP_OK);
    if (bytes == 0) return NULL;
    assert_int_equal(kx_alloc(&cx->kx, bytes, &data), ANP_OK);
    assert_int_equal(row->prepare(&k, data), ANP_OK);
    return data;
}

/* The fast kernel at one level into got; fails when there is none. */
static ANP_UNUSED void cx_run_level(cx_t *cx, const anp_op_t *op, uint64_t cpu, uint32_t threads,
                                    uint32_t n_out, anp_tensor_t *got) {
    const anp_attrs_t attrs = {cx->kx.fx.attrs, cx->kx.fx.n_attrs};
    const anp_tensor_t *in[FX_MAX];
    anp_tensor_t *out[FX_MAX];
    anp_pool_t *pool = NULL;
    struct anp_kernel_tables_t *tables = NULL;
    assert_int_equal(anp_kernel_tables_create(cpu, &tables), ANP_OK);
    assert_int_equal(anp_pool_create(threads, &pool), ANP_OK);
    for (uint32_t i = 0; i < cx->kx.n_in; i++) in[i] = cx->kx.absent[i] ? NULL : &cx->kx.in[i];
    for (uint32_t o = 0; o < n_out; o++) {
        out[o] = cx->kx.unwanted[o] ? NULL : &got[o];
        got[o] = cx->kx.out[o];
        kx_make(&cx->kx, &got[o], (anp_dtype_t)got[o].dtype, got[o].rank, cx->kx.out[o].dims);
    }
    const anp_kernel_mem_t mem = {&cx->kx, kx_alloc, kx_alloc};
    const anp_kernel_env_t env = {.cpu = cpu, .pool = pool, .tables = tables};
    anp_kernel_t k = {.op = op,
                      .node_name = "n",
                      .attrs = &attrs,
                      .in = in,
                      .n_in = cx->kx.n_in,
                      .out = out,
                      .n_out = n_out,
                      .mem = &mem,
                      .env = &env};
    const anp_cpu_kernel_t *row = anp_kernel_cpu(&k);
    if (!row) fail_msg("no fast kernel of %s takes this call", op->name);
    k.prepared = cx_prepare(cx, row, k);
    if (row->run(&k) != ANP_OK) fail_msg("%s", anp_error_message());
    anp_pool_release(pool);
    anp_kernel_tables_release(tables);
}

/* Frees what the runs took, keeping the operands. */
static ANP_UNUSED void cx_rewind(cx_t *cx, uint64_t n_blocks) {
    anp_vec_t *blocks = &cx->kx.blocks;
    while (blocks->count > n_blocks) anp_free(ANP_VEC_AT(blocks, void *, --blocks->count));
}

/* Every level, threads, with and without constants: near the reference, and equal on any number of
 * threads. */
static ANP_UNUSED void cx_check(cx_t *cx, const char *name, uint32_t n_out,
                                const anp_tensor_t *mag) {
    static const char *const levels[] = {"ref", "avx2", "avx512", "neon", ""};
    anp_tensor_t one[FX_MAX], three[FX_MAX];
    const uint32_t constants = cx->constants;
    char what[64];
    if (kx_run(&cx->kx, name, n_out) != ANP_OK) fail_msg("%s", anp_error_message());
    const uint64_t n_blocks = cx->kx.blocks.count;
    for (uint32_t i = 0; i < 2 * ANP_ARRAY_LEN(levels); i++) {
        const char *bad = NULL;
        const uint64_t cpu = anp_cpu_mask(anp_cpu_detect(), levels[i / 2], &bad);
        cx->constants = i % 2 ? constants : 0;
        snprintf(what, sizeof what, "%s at level '%s'%s", name, levels[i / 2],
                 i % 2 ? ", prepared" : "");
        cx_run_level(cx, fx_op(name), cpu, 1, n_out, one);
        cx_run_level(cx, fx_op(name), cpu, 3, n_out, three);
        for (uint32_t o = 0; o < n_out; o++) {
            uint64_t bytes = 0;
            if (cx->kx.unwanted[o]) continue;
            cx_compare(cx, &cx->kx.out[o], &one[o], mag, what);
            assert_int_equal(anp_tensor_bytes(&one[o], &bytes), ANP_OK);
            assert_memory_equal(one[o].data, three[o].data, bytes);
        }
        cx_rewind(cx, n_blocks);
    }
    cx->constants = constants;
}

/* For operators that are linear in each operand: the bound is the operator applied to absolute
 * values. */
static ANP_UNUSED void cx_check_linear(cx_t *cx, const char *name) {
    kx_t *kx = &cx->kx;
    anp_tensor_t in[FX_MAX];
    memcpy(in, kx->in, sizeof in);
    for (uint32_t i = 0; i < kx->n_in; i++) {
        if (kx->absent[i] || in[i].dtype != ANP_DTYPE_F32) continue;
        kx_make(kx, &kx->in[i], ANP_DTYPE_F32, in[i].rank, in[i].dims);
        for (int64_t j = 0; j < anp_tensor_elems(&in[i]); j++)
            ((float *)kx->in[i].data)[j] = fabsf(((const float *)in[i].data)[j]);
    }
    if (kx_run(kx, name, 1) != ANP_OK) fail_msg("%s", anp_error_message());
    const anp_tensor_t mag = kx->out[0];
    memcpy(kx->in, in, sizeof in);
    cx_check(cx, name, 1, &mag);
}

#endif
