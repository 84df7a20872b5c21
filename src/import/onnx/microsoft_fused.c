/* SPDX-License-Identifier: Apache-2.0 */
/* Products, convolutions and sums with the activation behind them, as they were before an optimiser
 * fused them: our passes fuse them again in the way their target has. */
#include "import/onnx/microsoft_rules.h"
#include <inttypes.h>
#include <string.h>

/* ---- activations ---- */

typedef struct fused_act_t {
    const char *name;
    const char *params[2]; /* attributes its parameters are, in order */
} fused_act_t;

static const fused_act_t fused_acts[] = {
    {"Elu", {"alpha"}},
    {"HardSigmoid", {"alpha", "beta"}},
    {"HardSwish", {NULL}},
    {"LeakyRelu", {"alpha"}},
    {"Relu", {NULL}},
    {"Selu", {"alpha", "gamma"}},
    {"Sigmoid", {NULL}},
    {"Softplus", {NULL}},
    {"Softsign", {NULL}},
    {"Tanh", {NULL}},
    {"ThresholdedRelu", {"alpha"}},
};

/* Parameters of an activation, those that are given. */
typedef struct act_params_t {
    uint32_t n;
    float values[2];
} act_params_t;

static anp_value_t *clip(anp_steps_t *s, anp_value_t *v, const act_params_t *p) {
    if (p->n != 2) ANP_STEPS_FAIL(s, ANP_INVALID_MODEL, "Clip needs 2 activation_params");
    anp_value_t *low = anp_steps_scalar(s, (double)p->values[0], v),
                *high = anp_steps_scalar(s, (double)p->values[1], v);
    return ANP_STEP(s, "Clip", v, low, high);
}

static anp_value_t *activate(anp_steps_t *s, anp_value_t *v, const char *name,
                             const act_params_t *p) {
    if (!*name) return v;
    if (strcmp(name, "Clip") == 0) return clip(s, v, p);
    for (size_t i = 0; i < sizeof fused_acts / sizeof fused_acts[0]; i++) {
        const fused_act_t *act = &fused_acts[i];
        if (strcmp(act->name, name) != 0) continue;
        for (uint32_t k = 0; k < p->n && k < 2 && act->params[k]; k++)
            anp_steps_float(s, act->params[k], (double)p->values[k]);
        return ANP_STEP(s, name, v);
    }
    ANP_STEPS_FAIL(s, ANP_UNSUPPORTED, "activation is '%s', which is not known here", name);
    return NULL;
}

static anp_value_t *gelu(anp_steps_t *s, anp_value_t *v, const char *approximate) {
    anp_steps_text(s, "approximate", approximate);
    return ANP_STEP(s, "Gelu", v);
}

ANP_UPGRADE_RULE(ms_bias_gelu) {
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *x = anp_steps_add_if(&s, anp_steps_need(&s, 0), anp_draft_input(d, 1));
    return anp_steps_end_one(&s, gelu(&s, x, row->text));
}

ANP_UPGRADE_RULE(ms_quick_gelu) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *x = anp_steps_need(&s, 0);
    anp_steps_float(&s, "alpha", anp_steps_get_float(&s, "alpha", 1.702f));
    return anp_steps_end_one(&s, ANP_STEP(&s, "Swish", x));
}

/* ---- convolution: activation(Conv(X, W, B) + Z) ---- */

static anp_status_t take_conv_params(anp_draft_t *d, act_params_t *out) {
    const anp_attr_t *a;
    ANP_TRY(anp_draft_find(d, "activation_params", ANP_ATTR_FLOATS, &a));
    *out = (act_params_t){0};
    if (a && a->count > 2)
        ANP_FAIL(ANP_INVALID_MODEL, "activation_params has %" PRIu64 " values, expected at most 2",
                 a->count);
    for (uint64_t i = 0; a && i < a->count; i++) out->values[out->n++] = a->v.floats[i];
    anp_draft_drop(d, "activation_params");
    return ANP_OK;
}

ANP_UPGRADE_RULE(ms_fused_conv) {
    act_params_t params;
    const bool last = row->number != 0;
    anp_steps_t s = anp_steps_begin(d);
    ANP_TRY(take_conv_params(d, &params));
    const char *act = anp_steps_get_text(&s, "activation", "");
    anp_value_t *x = anp_steps_need(&s, 0), *z = anp_draft_input(d, 3);
    if (last) x = anp_steps_channels_first(&s, x);
    if (last && z) z = anp_steps_channels_first(&s, z);
    ANP_TRY(s.st);
    anp_draft_drop(d, "activation");
    ANP_TRY(anp_draft_set_input(d, 0, x));
    d->inputs.count = anp_draft_input(d, 2) ? 3 : 2;
    d->op = "Conv";
    anp_value_t *y = activate(&s, anp_steps_add_if(&s, anp_steps_draft(&s), z), act, &params);
    return anp_steps_end_one(&s, last ? anp_steps_channels_last(&s, y) : y);
}

/* ---- matrices ---- */

ANP_UPGRADE_RULE(ms_fused_gemm) {
    (void)row;
    static const char *const names[] = {"activation_alpha", "activation_beta", "activation_gamma"};
    act_params_t params = {0};
    anp_steps_t s = anp_steps_begin(d);
    const char *act = anp_steps_get_text(&s, "activation", "");
    for (uint32_t i = 0; i < 3; i++) {
        const anp_attr_t *a;
        ANP_TRY(anp_draft_find(d, names[i], ANP_ATTR_FLOAT, &a));
        if (a && params.n < 2) params.values[params.n++] = a->v.f;
        anp_draft_drop(d, names[i]);
    }
    ANP_TRY(s.st);
    anp_draft_drop(d, "activation");
    d->op = "Gemm";
    return anp_steps_end_one(&s, activate(&s, anp_steps_draft(&s), act, &params));
}

/* trans_batch: the first axis goes behind the batch axes; trans: the last two are swapped then. */
static anp_value_t *transposed(anp_steps_t *s, anp_value_t *v, const char *trans,
                               const char *trans_batch) {
    const bool swap = anp_steps_get_int(s, trans, 0) != 0,
               batch = anp_steps_get_int(s, trans_batch, 0) != 0;
    const int32_t rank = swap || batch ? anp_steps_rank(s, v) : 0;
    int64_t perm[ANP_RANK_MAX];
    if (rank < 2) return v; /* not asked for, or a vector, which is left as it is */
    for (int32_t i = 0; i < rank; i++) perm[i] = i;
    for (int32_t i = 0; batch && i < rank - 1; i++) perm[i] = i == rank - 2 ? 0 : i + 1;
    if (swap) {
        const int64_t row = perm[rank - 2];
        perm[rank - 2] = perm[rank - 1];
        perm[rank - 1] = row;
    }
    return anp_steps_transpose(s, v, (uint32_t)rank, perm);
}

ANP_UPGRADE_RULE(ms_fused_matmul) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *a = transposed(&s, anp_steps_need(&s, 0), "transA", "transBatchA"),
                *b = transposed(&s, anp_steps_need(&s, 1), "transB", "transBatchB");
    const double alpha = anp_steps_get_float(&s, "alpha", 1);
    anp_value_t *y = ANP_STEP(&s, "MatMul", a, b);
    if (alpha != 1) y = ANP_STEP(&s, "Mul", y, anp_steps_scalar(&s, alpha, y));
    return anp_steps_end_one(&s, y);
}
