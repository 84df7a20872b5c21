/* SPDX-License-Identifier: Apache-2.0 */
/* The fused forms of domain "anput": their activations, parts and attributes. */
#include "pass/fused.h"
#include <math.h>
#include <string.h>

/* ---- activations ---- */

static const struct {
    const char *name;
    anp_op_id_t op;
    const char *alpha, *beta; /* attributes of the operator; NULL: it has none */
    float def_alpha, def_beta;
} acts[] = {
    {"relu", ANP_OP_Relu, NULL, NULL, 0, 0},
    {"leaky_relu", ANP_OP_LeakyRelu, "alpha", NULL, 0.00999999978f, 0},
    {"sigmoid", ANP_OP_Sigmoid, NULL, NULL, 0, 0},
    {"tanh", ANP_OP_Tanh, NULL, NULL, 0, 0},
    {"hard_swish", ANP_OP_HardSwish, NULL, NULL, 0, 0},
    {"hard_sigmoid", ANP_OP_HardSigmoid, "alpha", "beta", 0.200000003f, 0.5f},
    {"gelu", ANP_OP_Gelu, NULL, NULL, 0, 0},
    {"silu", ANP_OP_Swish, NULL, NULL, 0, 0},
};

/* Bounds of a Clip; absent ones are infinite. false when they are not known. */
static bool clip_bounds(const anp_node_t *n, anp_act_t *out) {
    double low = -INFINITY, high = INFINITY;
    const anp_value_t *min = anp_pass_input(n, 1), *max = anp_pass_input(n, 2);
    if (min && !anp_value_const_scalar(min, &low)) return false;
    if (max && !anp_value_const_scalar(max, &high)) return false;
    *out = (anp_act_t){"clip", (float)low, (float)high};
    return true;
}

static bool is_plain_form(const anp_node_t *n) {
    const anp_attrs_t attrs = anp_node_attrs(n);
    if (anp_node_is(n, ANP_OP_Gelu))
        return strcmp(anp_attr_str(&attrs, "approximate", "none"), "none") == 0;
    if (anp_node_is(n, ANP_OP_Swish)) return anp_attr_f32(&attrs, "alpha", 1) == 1;
    return true;
}

bool anp_act_of_node(const anp_node_t *n, anp_act_t *out) {
    const anp_attrs_t attrs = anp_node_attrs(n);
    if (anp_node_is(n, ANP_OP_Clip)) return clip_bounds(n, out);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(acts); i++) {
        if (!anp_node_is(n, acts[i].op)) continue;
        *out = (anp_act_t){.name = acts[i].name};
        if (acts[i].alpha) out->alpha = anp_attr_f32(&attrs, acts[i].alpha, acts[i].def_alpha);
        if (acts[i].beta) out->beta = anp_attr_f32(&attrs, acts[i].beta, acts[i].def_beta);
        return is_plain_form(n);
    }
    return false;
}

static anp_status_t insert_clip(anp_graph_t *g, anp_node_t *before, const anp_act_t *act,
                                const char *name, anp_value_t *in, anp_value_t **out) {
    anp_value_t *inputs[3] = {in};
    const anp_dtype_t dtype = (anp_dtype_t)in->shape.dtype;
    if (!isinf(act->alpha))
        ANP_TRY(anp_pass_const_scalar(g, "min", dtype, (double)act->alpha, &inputs[1]));
    if (!isinf(act->beta))
        ANP_TRY(anp_pass_const_scalar(g, "max", dtype, (double)act->beta, &inputs[2]));
    return anp_pass_insert(g, before, ANP_OP_Clip, name, NULL, 0, inputs, 3, out);
}

anp_status_t anp_act_insert(anp_graph_t *g, anp_node_t *before, const anp_act_t *act,
                            const char *name, anp_value_t *in, anp_value_t **out) {
    *out = NULL;
    if (strcmp(act->name, "clip") == 0) return insert_clip(g, before, act, name, in, out);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(acts); i++) {
        if (strcmp(act->name, acts[i].name) != 0) continue;
        anp_attr_t attrs[2];
        uint32_t n = 0;
        if (acts[i].alpha) attrs[n++] = anp_attr_of_f32(acts[i].alpha, act->alpha);
        if (acts[i].beta) attrs[n++] = anp_attr_of_f32(acts[i].beta, act->beta);
        return anp_pass_insert(g, before, acts[i].op, name, attrs, n, &in, 1, out);
    }
    ANP_FAIL(ANP_INVALID_MODEL, "node '%s' (%s): there is no activation '%s'", before->name,
             before->op->name, act->name);
}

/* ---- forms ---- */

static const anp_form_t forms[] = {
    {ANP_OP_Conv, ANP_OP_anp_Conv, 2, 3, "alpha", "beta"},
    {ANP_OP_Gemm, ANP_OP_anp_Gemm, 2, 0, "act_alpha", "act_beta"},
    {ANP_OP_MatMul, ANP_OP_anp_MatMul, 2, 0, "alpha", "beta"},
};

const anp_form_t *anp_form_of(const anp_node_t *n) {
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(forms); i++)
        if (anp_node_is(n, forms[i].plain) || anp_node_is(n, forms[i].fused)) return &forms[i];
    return NULL;
}

anp_act_t anp_act_of_fused(const anp_node_t *n) {
    const anp_attrs_t attrs = anp_node_attrs(n);
    const anp_form_t *f = anp_form_of(n);
    return (anp_act_t){.name = anp_attr_str(&attrs, "act", "none"),
                       .alpha = anp_attr_f32(&attrs, f->alpha, 0),
                       .beta = anp_attr_f32(&attrs, f->beta, 0)};
}

anp_fused_t anp_form_describe(const anp_form_t *f, const anp_node_t *n) {
    const anp_attrs_t attrs = anp_node_attrs(n);
    return (anp_fused_t){.op = f->fused,
                         .act = anp_node_is(n, f->fused) ? anp_attr_str(&attrs, "act", "none")
                                                         : "none",
                         .has_bias = anp_pass_input(n, f->bias) != NULL,
                         .has_residual = f->residual && anp_pass_input(n, f->residual)};
}

uint32_t anp_form_plain_attrs(const anp_form_t *f, const anp_node_t *n, anp_attr_t *out) {
    uint32_t kept = 0;
    const bool fused = anp_node_is(n, f->fused);
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        const char *name = n->attrs[i].name;
        if (fused &&
            (strcmp(name, "act") == 0 || strcmp(name, f->alpha) == 0 || strcmp(name, f->beta) == 0))
            continue;
        out[kept++] = n->attrs[i];
    }
    return kept;
}

anp_status_t anp_form_fuse(anp_graph_t *g, const anp_form_t *f, anp_node_t *into,
                           const anp_node_t *from, anp_value_t *const *inputs, uint32_t n_inputs,
                           const anp_act_t *act) {
    anp_attr_t attrs[ANP_FORM_ATTRS_MAX + 3];
    if (from->n_attrs > ANP_FORM_ATTRS_MAX) return ANP_OK;
    uint32_t n = anp_form_plain_attrs(f, from, attrs);
    if (act) {
        attrs[n++] = anp_attr_of_str("act", act->name);
        if (act->alpha != 0) attrs[n++] = anp_attr_of_f32(f->alpha, act->alpha);
        if (act->beta != 0) attrs[n++] = anp_attr_of_f32(f->beta, act->beta);
    }
    return anp_node_rewrite(g, into, anp_op_row(f->fused), attrs, n, inputs, n_inputs);
}
