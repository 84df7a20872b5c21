/* SPDX-License-Identifier: Apache-2.0 */
/* Conv and anput.Conv in f32 by the convolution drivers: 1-D and 2-D; weights packed once when
 * constant. */
#include "kernel/cpu/cpu_tables.h"

typedef struct packed_t { /* before the packed weights; one cache line, so that they stay aligned */
    anp_conv_kind_t kind;
    char pad[60];
} packed_t;
_Static_assert(sizeof(packed_t) == 64, "packed weights are 64-byte aligned");

anp_status_t anp_cpu_conv_shape(const anp_kernel_t *k, const anp_tensor_t *x, const anp_tensor_t *w,
                                anp_conv_shape_t *s) {
    const uint32_t axes = x->rank - 2u;
    anp_conv_params_t p;
    ANP_TRY(anp_conv_params(k->op, k->node_name, k->attrs, axes, x->dims + 2, w->dims + 2, &p));
    int64_t out[2] = {1, 1}; /* 1-D: the row is the second axis */
    const anp_window_t one = {.kernel = 1, .stride = 1, .dilation = 1};
    const anp_window_t *h = axes == 2 ? &p.w[0] : &one, *v = &p.w[axes - 1];
    ANP_TRY(anp_shape_window(axes == 2 ? x->dims[2] : 1, h, &out[0]));
    ANP_TRY(anp_shape_window(x->dims[x->rank - 1], v, &out[1]));
    if (p.group < 1 || x->dims[1] != w->dims[1] * p.group || w->dims[0] % p.group)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "%lld channels, weights of %lld x %lld in %lld groups",
                        (long long)x->dims[1], (long long)w->dims[0], (long long)w->dims[1],
                        (long long)p.group);
    *s = (anp_conv_shape_t){.n = (size_t)x->dims[0],
                            .c = (size_t)x->dims[1],
                            .h = axes == 2 ? (size_t)x->dims[2] : 1,
                            .w = (size_t)x->dims[x->rank - 1],
                            .m = (size_t)w->dims[0],
                            .groups = (size_t)p.group,
                            .kh = (size_t)h->kernel,
                            .kw = (size_t)v->kernel,
                            .stride_h = (size_t)h->stride,
                            .stride_w = (size_t)v->stride,
                            .dilation_h = (size_t)h->dilation,
                            .dilation_w = (size_t)v->dilation,
                            .pad_top = (size_t)h->pad_begin,
                            .pad_left = (size_t)v->pad_begin,
                            .oh = (size_t)out[0],
                            .ow = (size_t)out[1]};
    return ANP_OK;
}

static anp_status_t read_shape(const anp_kernel_t *k, anp_conv_shape_t *s) {
    return anp_cpu_conv_shape(k, k->in[0], k->in[1], s);
}

static bool accepts(const anp_kernel_t *k) {
    anp_act_t act;
    if (!anp_cpu_is_f32(k, 0) || !anp_cpu_is_f32(k, 1) || k->in[0]->rank < 3 || k->in[0]->rank > 4)
        return false;
    if (k->in[1]->rank != k->in[0]->rank || !anp_cpu_act(k->attrs, "alpha", "beta", &act))
        return false;
    for (uint32_t i = 0; i < k->in[0]->rank; i++)
        if (k->in[1]->dims[i] < 1 || k->in[0]->dims[i] < (i == 0 ? 0 : 1)) return false;
    return true;
}

static anp_status_t prepare_bytes(const anp_kernel_t *k, uint64_t *out_bytes) {
    anp_conv_shape_t s;
    *out_bytes = 0;
    if (!k->in[1]->data) return ANP_OK; /* weights change from run to run */
    const anp_conv_t *t = &k->env->tables->conv;
    ANP_TRY(read_shape(k, &s));
    ANP_TRY(anp_conv_f32_pack_bytes(t, &s, anp_conv_f32_kind(t, &s), out_bytes));
    return anp_size_add(*out_bytes, sizeof(packed_t), out_bytes);
}

static anp_status_t prepare(const anp_kernel_t *k, void *prepared) {
    anp_conv_shape_t s;
    const anp_conv_t *t = &k->env->tables->conv;
    ANP_TRY(read_shape(k, &s));
    packed_t *p = prepared;
    p->kind = anp_conv_f32_kind(t, &s);
    anp_conv_f32_pack(t, &s, p->kind, k->in[1]->data, (float *)(p + 1));
    return ANP_OK;
}

static anp_status_t run(anp_kernel_t *k) {
    const anp_conv_t *t = &k->env->tables->conv;
    const packed_t *p = k->prepared;
    anp_conv_args_t a = {.x = anp_cpu_f32(k, 0),
                         .bias = anp_cpu_f32(k, 2),
                         .add = anp_cpu_f32(k, 3),
                         .y = k->out[0]->data};
    uint64_t bytes;
    if (!anp_cpu_act(k->attrs, "alpha", "beta", &a.act))
        ANP_KERNEL_FAIL(k, ANP_UNSUPPORTED, "activation%s", "");
    ANP_TRY(read_shape(k, &a.shape));
    if (a.shape.n == 0 || a.shape.oh == 0 || a.shape.ow == 0) return ANP_OK;
    if (p) {
        a.kind = p->kind;
        a.weights = (const float *)(p + 1);
    } else {
        void *packed;
        a.kind = anp_conv_f32_kind(t, &a.shape);
        ANP_TRY(anp_conv_f32_pack_bytes(t, &a.shape, a.kind, &bytes));
        ANP_TRY(anp_kernel_scratch(k, bytes, &packed));
        anp_conv_f32_pack(t, &a.shape, a.kind, anp_cpu_f32(k, 1), packed);
        a.weights = packed;
    }
    ANP_TRY(
        anp_conv_f32_scratch_bytes(t, &a.shape, a.kind, anp_pool_threads(k->env->pool), &bytes));
    ANP_TRY(anp_kernel_scratch(k, bytes, &a.scratch));
    anp_conv_f32_run(t, k->env->pool, &a);
    return ANP_OK;
}

const anp_cpu_kernel_t anp_cpu_conv_f32 = {"conv_f32",    ANP_OP_Conv, accepts,
                                           prepare_bytes, prepare,     run};
const anp_cpu_kernel_t anp_cpu_fused_conv_f32 = {"fused_conv_f32", ANP_OP_anp_Conv, accepts,
                                                 prepare_bytes,    prepare,         run};
