/* SPDX-License-Identifier: Apache-2.0 */
/* Honest operators that use what MishClip does not: sizes to calculate with, contents of inputs,
 * optional and variadic operands, types to be chosen, results whose size the kernel finds, random
 * numbers. */
#include <anput/op.h>

#define KERNEL_ARGS                                                                               \
    const anp_op_host_t *host, anp_op_node_t *node, const anp_tensor_t *const *in, uint32_t n_in, \
        anp_tensor_t *const *out, uint32_t n_out
#define UNUSED (void)host, (void)node, (void)in, (void)n_in, (void)out, (void)n_out
#define TRY(expr)                        \
    do {                                 \
        const anp_status_t st_ = (expr); \
        if (st_ != ANP_OK) return st_;   \
    } while (0)

static int64_t count(const anp_tensor_t *t) {
    int64_t n = 1;
    for (uint32_t i = 0; i < t->rank; i++) n *= t->dims[i];
    return n;
}

/* ---- Pairs: [N, C] -> [ceil(N / 2), 2 * C], the last pair filled up with `fill` ---- */

static anp_status_t pairs_shape(const anp_op_host_t *host, anp_op_node_t *node) {
    anp_op_size_t sizes[2];
    if (host->input_rank(node, 0) < 0) return host->set_unknown(node, 0);
    if (host->input_rank(node, 0) != 2)
        return host->fail(node, ANP_INVALID_MODEL, "X has rank %d, expected 2",
                          host->input_rank(node, 0));
    TRY(host->calc(node, ANP_OP_CEIL_DIV, host->input_size(node, 0, 0), 2, &sizes[0]));
    TRY(host->calc(node, ANP_OP_MUL, host->input_size(node, 0, 1), 2, &sizes[1]));
    return host->set_sizes(node, 0, 2, sizes);
}

static anp_status_t pairs(KERNEL_ARGS) {
    const int64_t n = count(in[0]), n_out_elems = count(out[0]);
    const float fill = in[1] ? *(const float *)in[1]->data : (float)host->attr_int(node, "fill");
    (void)n_in, (void)n_out;
    for (int64_t i = 0; i < n_out_elems; i++)
        ((float *)out[0]->data)[i] = i < n ? ((const float *)in[0]->data)[i] : fill;
    return ANP_OK;
}

/* ---- Zeros: the sizes are the contents of an input, the type an attribute ---- */

static anp_status_t zeros_shape(const anp_op_host_t *host, anp_op_node_t *node) {
    anp_op_size_t sizes[ANP_RANK_MAX];
    int32_t n;
    TRY(host->set_type(node, 0, (anp_dtype_t)host->attr_int(node, "dtype")));
    TRY(host->input_ints(node, 0, sizes, ANP_RANK_MAX, &n));
    return n < 0 ? host->set_unknown(node, 0) : host->set_sizes(node, 0, (uint32_t)n, sizes);
}

static anp_status_t zeros(KERNEL_ARGS) {
    uint64_t bytes;
    UNUSED;
    bytes = (uint64_t)count(out[0]) * (out[0]->dtype == ANP_DTYPE_F64 ? 8 : 4);
    for (uint64_t i = 0; i < bytes; i++) ((uint8_t *)out[0]->data)[i] = 0;
    return ANP_OK;
}

/* ---- Highest: one after another, broadcast; where it comes from if that is wanted ---- */

static anp_status_t highest_shape(const anp_op_host_t *host, anp_op_node_t *node) {
    TRY(host->set_broadcast(node, 0, 0, host->input_count(node)));
    return host->output_count(node) > 1 ? host->set_broadcast(node, 1, 0, host->input_count(node))
                                        : ANP_OK;
}

/* Of inputs that have the shape of the output or one element. */
static anp_status_t highest(KERNEL_ARGS) {
    (void)host, (void)node, (void)n_out;
    const anp_tensor_t *shape = out[0] ? out[0] : out[1];
    for (int64_t i = 0; i < count(shape); i++) {
        int64_t best = 0;
        float most = 0;
        for (uint32_t k = 0; k < n_in; k++) {
            const float v = ((const float *)in[k]->data)[count(in[k]) == 1 ? 0 : i];
            if (k && v <= most) continue;
            best = k;
            most = v;
        }
        if (out[0]) ((float *)out[0]->data)[i] = most;
        if (out[1]) ((int64_t *)out[1]->data)[i] = best;
    }
    return ANP_OK;
}

/* ---- Positive: the elements above 0 and how many they are ---- */

static anp_status_t positive_shape(const anp_op_host_t *host, anp_op_node_t *node) {
    anp_op_size_t size;
    TRY(host->unknown_size(node, &size));
    TRY(host->set_sizes(node, 0, 1, &size));
    return host->set_sizes(node, 1, 0, NULL);
}

static anp_status_t positive(KERNEL_ARGS) {
    const float *x = in[0]->data;
    const int64_t n = count(in[0]);
    int64_t found = 0;
    float *kept, *y;
    void *p;
    (void)n_in, (void)n_out;
    TRY(host->scratch(node, (uint64_t)n * sizeof *kept, &p));
    kept = p;
    for (int64_t i = 0; i < n; i++)
        if (x[i] > 0) kept[found++] = x[i];
    TRY(host->output(node, 0, 1, &found, &p));
    y = p;
    for (int64_t i = 0; i < found; i++) y[i] = kept[i];
    if (!out[1]) return ANP_OK;
    TRY(host->output(node, 1, 0, NULL, &p));
    *(int64_t *)p = found;
    return ANP_OK;
}

/* ---- Noise: the seed of the run in every element ---- */

static anp_status_t noise_shape(const anp_op_host_t *host, anp_op_node_t *node) {
    return host->set_like(node, 0, 0);
}

static anp_status_t noise(KERNEL_ARGS) {
    UNUSED;
    for (int64_t i = 0; i < count(out[0]); i++)
        ((float *)out[0]->data)[i] = (float)(host->seed(node) % 65521);
    return ANP_OK;
}

/* ---- the table ---- */

#define DEF .struct_size = sizeof(anp_op_def_t), .since = 1, .domain = "com.example.odd"

static const anp_op_def_t pairs_def = {DEF,
                                       .name = "Pairs",
                                       .signature = "X:f32 fill:f32? -> Y:f32",
                                       .types = "",
                                       .attributes = "fill:i=-1",
                                       .shape = pairs_shape,
                                       .reference = pairs};
static const anp_op_def_t zeros_def = {DEF,
                                       .name = "Zeros",
                                       .signature = "shape:i64 -> Y:T",
                                       .types = "T=f32,f64,i32",
                                       .attributes = "dtype:i=1",
                                       .shape = zeros_shape,
                                       .reference = zeros};
static const anp_op_def_t highest_def = {DEF,
                                         .name = "Highest",
                                         .signature = "X:f32+ -> Y:f32? index:i64?",
                                         .types = "",
                                         .attributes = "",
                                         .shape = highest_shape,
                                         .reference = highest};
static const anp_op_def_t positive_def = {DEF,
                                          .name = "Positive",
                                          .signature = "X:f32 -> Y:f32 count:i64?",
                                          .types = "",
                                          .attributes = "",
                                          .flags = ANP_OP_DEF_DATA_DEPENDENT,
                                          .shape = positive_shape,
                                          .reference = positive};
static const anp_op_def_t noise_def = {DEF,
                                       .name = "Noise",
                                       .signature = "X:f32 -> Y:f32",
                                       .types = "",
                                       .attributes = "",
                                       .flags = ANP_OP_DEF_RANDOM,
                                       .shape = noise_shape,
                                       .reference = noise};

const anp_op_library_t *anp_ops_query(void) {
    static const anp_op_def_t *const ops[] = {&pairs_def, &zeros_def, &highest_def, &positive_def,
                                              &noise_def};
    static const anp_op_library_t library = {.abi = ANP_OP_ABI,
                                             .struct_size = sizeof library,
                                             .name = "odd",
                                             .version = 1,
                                             .n_ops = sizeof ops / sizeof *ops,
                                             .ops = ops};
    return &library;
}
