/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operator of our own, MishClip: y = min(x * tanh(ln(1 + e^x)), limit), with its gradient. One
 * file against <anput/op.h>; nothing of Anput is linked. See docs/user-operators.md.
 */
#include <anput/op.h>
#include <math.h>

/* ---- shapes ---- */

static anp_status_t like_first_input(const anp_op_host_t *host, anp_op_node_t *node) {
    if (!(host->attr_float(node, "limit") > 0))
        return host->fail(node, ANP_INVALID_MODEL, "limit is %g, expected more than 0",
                          (double)host->attr_float(node, "limit"));
    return host->set_like(node, 0, 0);
}

/* Inputs of the gradient: X, Y and the gradient of Y, all of one shape. */
static anp_status_t gradient_shape(const anp_op_host_t *host, anp_op_node_t *node) {
    for (uint32_t i = 1; i < 3; i++) {
        const int32_t rank = host->input_rank(node, i);
        if (rank >= 0 && host->input_rank(node, 0) >= 0 && rank != host->input_rank(node, 0))
            return host->fail(node, ANP_INVALID_MODEL, "inputs 0 and %u have different ranks", i);
    }
    return like_first_input(host, node);
}

/* ---- references: in f64, rounded once ---- */

static double softplus(double x) {
    return x > 30 ? x : log1p(exp(x));
}

static double mish_clip(double x, double limit) {
    const double y = x * tanh(softplus(x));
    return y > limit ? limit : y; /* a NaN stays one */
}

static double mish_clip_slope(double x, double limit) {
    const double t = tanh(softplus(x)), sigmoid = 1 / (1 + exp(-x));
    return x * t > limit ? 0 : t + x * (1 - t * t) * sigmoid;
}

static int64_t count(const anp_tensor_t *t) {
    int64_t n = 1;
    for (uint32_t i = 0; i < t->rank; i++) n *= t->dims[i];
    return n;
}

static double get(const anp_tensor_t *t, int64_t i) {
    return t->dtype == ANP_DTYPE_F32 ? (double)((const float *)t->data)[i]
                                     : ((const double *)t->data)[i];
}

static void put(const anp_tensor_t *t, int64_t i, double v) {
    if (t->dtype == ANP_DTYPE_F32)
        ((float *)t->data)[i] = (float)v;
    else
        ((double *)t->data)[i] = v;
}

static anp_status_t mish_clip_reference(const anp_op_host_t *host, anp_op_node_t *node,
                                        const anp_tensor_t *const *in, uint32_t n_in,
                                        anp_tensor_t *const *out, uint32_t n_out) {
    const double limit = (double)host->attr_float(node, "limit");
    const int64_t n = count(out[0]);
    (void)n_in, (void)n_out;
    for (int64_t i = 0; i < n; i++) put(out[0], i, mish_clip(get(in[0], i), limit));
    return ANP_OK;
}

static anp_status_t mish_clip_gradient(const anp_op_host_t *host, anp_op_node_t *node,
                                       const anp_tensor_t *const *in, uint32_t n_in,
                                       anp_tensor_t *const *out, uint32_t n_out) {
    const double limit = (double)host->attr_float(node, "limit");
    (void)n_in, (void)n_out;
    if (!out[0]) return ANP_OK; /* nobody wants it */
    const int64_t n = count(out[0]);
    for (int64_t i = 0; i < n; i++)
        put(out[0], i, get(in[2], i) * mish_clip_slope(get(in[0], i), limit));
    return ANP_OK;
}

/* ---- fast: f32, on all threads ---- */

enum { BLOCK = 16 * 1024 }; /* elements per item: fixed, so that results do not depend on threads */

typedef struct job_t {
    const float *x;
    float *y;
    int64_t n;
    float limit;
} job_t;

static void run_block(void *arg, uint64_t item) {
    const job_t *j = arg;
    const int64_t first = (int64_t)item * BLOCK, end = first + BLOCK < j->n ? first + BLOCK : j->n;
    for (int64_t i = first; i < end; i++) {
        /* tanh(ln(1 + e)) = (e * e + 2 e) / (e * e + 2 e + 2) needs one exponential */
        const float x = j->x[i], e = expf(x < 20 ? x : 20), w = e * (e + 2),
                    y = x < 20 ? x * (w / (w + 2)) : x;
        j->y[i] = y > j->limit ? j->limit : y;
    }
}

static bool accepts(const anp_op_host_t *host, anp_op_node_t *node, const anp_tensor_t *const *in,
                    uint32_t n_in, const anp_tensor_t *const *out, uint32_t n_out) {
    (void)host, (void)node, (void)n_in, (void)out, (void)n_out;
    return in[0]->dtype == ANP_DTYPE_F32;
}

static anp_status_t mish_clip_fast(const anp_op_host_t *host, anp_op_node_t *node,
                                   const anp_tensor_t *const *in, uint32_t n_in,
                                   anp_tensor_t *const *out, uint32_t n_out) {
    job_t j = {.x = in[0]->data,
               .y = out[0]->data,
               .n = count(out[0]),
               .limit = host->attr_float(node, "limit")};
    (void)n_in, (void)n_out;
    host->parallel(node, (uint64_t)((j.n + BLOCK - 1) / BLOCK), run_block, &j);
    return ANP_OK;
}

/* ---- the table ---- */

static const anp_op_def_t mish_clip_def = {
    .struct_size = sizeof mish_clip_def,
    .since = 1,
    .domain = "com.example",
    .name = "MishClip",
    .signature = "X:T -> Y:T",
    .types = "T=f32,f64",
    .attributes = "limit:f=6",
    .shape = like_first_input,
    .reference = mish_clip_reference,
    .accepts = accepts,
    .fast = mish_clip_fast,
    .gradient = "MishClipGrad",
};

static const anp_op_def_t mish_clip_grad_def = {
    .struct_size = sizeof mish_clip_grad_def,
    .since = 1,
    .domain = "com.example",
    .name = "MishClipGrad",
    .signature = "X:T Y:T dY:T -> dX:T",
    .types = "T=f32,f64",
    .attributes = "limit:f=6",
    .shape = gradient_shape,
    .reference = mish_clip_gradient,
};

const anp_op_library_t *anp_ops_query(void) {
    static const anp_op_def_t *const ops[] = {&mish_clip_def, &mish_clip_grad_def};
    static const anp_op_library_t library = {
        .abi = ANP_OP_ABI,
        .struct_size = sizeof library,
        .name = "mish_clip",
        .version = 1,
        .n_ops = sizeof ops / sizeof *ops,
        .ops = ops,
    };
    return &library;
}
