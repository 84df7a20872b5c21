/* SPDX-License-Identifier: Apache-2.0 */
/* What the board does: a rule per operator turns a node into a step, or says why not. */
#include "vendor_program.h"
#include <stdio.h>
#include <string.h>

/* A node being turned into a step. */
typedef struct rule_t {
    const vn_program_t *p;
    const anp_p_node_t *node;
    const struct row_t *row;
    vn_step_t *s;
    char *why;
    size_t why_bytes;
} rule_t;

typedef struct row_t {
    const char *domain, *name;
    uint32_t since;
    vn_op_t op;
    vn_act_t act;
    uint32_t taken; /* leading inputs that become operands; what stands behind is known from the
                       shapes */
    uint32_t max_in;
    bool (*parameters)(rule_t *r); /* NULL: none */
} row_t;

#define NO(r, ...) return snprintf((r)->why, (r)->why_bytes, __VA_ARGS__), false

static int rank_of(const rule_t *r, uint32_t input) {
    return r->p->values[r->s->in[input]].rank;
}

/* ---- parameters that several operators have ---- */

/* Numbers of a list attribute into i[at..], or `def` when it is absent. */
static bool put_ints(rule_t *r, const char *name, uint32_t at, uint32_t count, int64_t def) {
    uint64_t n;
    const int64_t *list = vn_attr_ints(r->p, r->node, name, &n);
    if (list && n != count)
        NO(r, "%s has %llu values; only 2-D windows are done here", name, (unsigned long long)n);
    for (uint32_t i = 0; i < count; i++) r->s->i[at + i] = list ? list[i] : def;
    return true;
}

static bool put_axis(rule_t *r, int64_t def) {
    const int64_t axis = vn_attr_int(r->p, r->node, "axis", def);
    r->s->i[VN_I_AXIS] = axis < 0 ? axis + rank_of(r, 0) : axis;
    return true;
}

static bool put_window(rule_t *r) {
    const char *pad = vn_attr_text(r->p, r->node, "auto_pad", "NOTSET");
    if (rank_of(r, 0) != 4)
        NO(r, "input of rank %d; only 2-D windows are done here", rank_of(r, 0));
    if (strcmp(pad, "NOTSET") != 0) NO(r, "auto_pad %s; only explicit pads are done here", pad);
    return put_ints(r, "strides", VN_I_STRIDE, 2, 1) &&
           put_ints(r, "dilations", VN_I_DILATION, 2, 1) && put_ints(r, "pads", VN_I_PAD, 4, 0);
}

/* Attribute `act` of the fused forms. */
static bool put_act(rule_t *r, const char *alpha, const char *beta) {
    static const char *const names[] = {"none",    "relu", "clip",       "leaky_relu",
                                        "sigmoid", "tanh", "hard_swish", "hard_sigmoid",
                                        "gelu",    "silu"}; /* in the order of vn_act_t */
    const uint32_t n = sizeof names / sizeof names[0];
    if (*r->row->domain == '\0') return true; /* not a fused form */
    const char *name = vn_attr_text(r->p, r->node, "act", "none");
    uint32_t act = 0;
    while (act < n && strcmp(names[act], name) != 0) act++;
    if (act == n) NO(r, "act %s is not done here", name);
    r->s->act = act;
    r->s->f[0] = vn_attr_float(r->p, r->node, alpha, 0);
    r->s->f[1] = vn_attr_float(r->p, r->node, beta, 0);
    return true;
}

/* ---- operators ---- */

static bool rule_conv(rule_t *r) {
    r->s->i[VN_I_GROUP] = vn_attr_int(r->p, r->node, "group", 1);
    return put_window(r) && put_act(r, "alpha", "beta");
}

static bool rule_pool(rule_t *r) {
    if (r->node->n_outputs > 1) NO(r, "output Indices is not done here");
    if (vn_attr_int(r->p, r->node, "ceil_mode", 0)) NO(r, "ceil_mode 1; only floor is done here");
    return put_window(r) && put_ints(r, "kernel_shape", VN_I_KERNEL, 2, 1);
}

static bool rule_gemm(rule_t *r) {
    r->s->i[VN_I_TRANS_A] = vn_attr_int(r->p, r->node, "transA", 0);
    r->s->i[VN_I_TRANS_B] = vn_attr_int(r->p, r->node, "transB", 0);
    r->s->f[VN_F_ALPHA] = vn_attr_float(r->p, r->node, "alpha", 1);
    r->s->f[VN_F_BETA] = vn_attr_float(r->p, r->node, "beta", 1);
    return put_act(r, "act_alpha", "act_beta");
}

static bool rule_matmul(rule_t *r) {
    if (rank_of(r, 0) < 2 || rank_of(r, 1) < 2)
        NO(r, "operand of rank 1; at least rank 2 is done here");
    return put_act(r, "alpha", "beta");
}

static bool rule_softmax(rule_t *r) {
    return put_axis(r, -1);
}
static bool rule_gather(rule_t *r) {
    return put_axis(r, 0);
}

static bool rule_swish(rule_t *r) {
    r->s->f[0] = vn_attr_float(r->p, r->node, "alpha", 1);
    return true;
}

static bool rule_transpose(rule_t *r) {
    uint64_t n;
    const int64_t *perm = vn_attr_ints(r->p, r->node, "perm", &n);
    const int rank = rank_of(r, 0);
    for (int i = 0; i < rank; i++) r->s->i[i] = n > 0 ? perm[i] : rank - 1 - i;
    return true;
}

static bool rule_rms_norm(rule_t *r) {
    r->s->f[VN_F_EPSILON] = vn_attr_float(r->p, r->node, "epsilon", 1e-5f);
    return put_axis(r, -1);
}

static bool rule_rotary(rule_t *r) {
    if (rank_of(r, 0) != 4) NO(r, "input of rank %d; only rank 4 is done here", rank_of(r, 0));
    r->s->i[VN_I_INTERLEAVED] = vn_attr_int(r->p, r->node, "interleaved", 0);
    r->s->i[VN_I_ROTARY_DIM] = vn_attr_int(r->p, r->node, "rotary_embedding_dim", 0);
    return true;
}

static bool rule_scatter(rule_t *r) {
    r->s->i[VN_I_CIRCULAR] = strcmp(vn_attr_text(r->p, r->node, "mode", "linear"), "circular") == 0;
    return put_axis(r, -2);
}

static bool rule_attention(rule_t *r) {
    /* operands here: Q, K, V, mask, lengths; past keys and values stand between the last two */
    for (uint32_t i = 4; i < 6; i++)
        if (vn_operand(r->p, r->node->inputs, r->node->n_inputs, i) != ANP_P_NONE)
            NO(r, "past_key and past_value are not done here; keep the cache with TensorScatter");
    const uint32_t lengths = vn_operand(r->p, r->node->inputs, r->node->n_inputs, 6);
    r->s->in[4] = lengths == ANP_P_NONE ? VN_NONE : (int32_t)lengths;
    for (uint32_t i = 1; i < r->node->n_outputs; i++)
        if (vn_operand(r->p, r->node->outputs, r->node->n_outputs, i) != ANP_P_NONE)
            NO(r, "output %u is not done here; only Y", (unsigned)i);
    if (rank_of(r, 0) != 4) NO(r, "Q of rank %d; only rank 4 is done here", rank_of(r, 0));
    if (vn_attr_float(r->p, r->node, "softcap", 0) != 0) NO(r, "softcap is not done here");
    r->s->i[VN_I_CAUSAL] = vn_attr_int(r->p, r->node, "is_causal", 0);
    if (r->s->i[VN_I_CAUSAL] && lengths != ANP_P_NONE)
        NO(r, "is_causal together with nonpad_kv_seqlen is not done here");
    r->s->f[VN_F_SCALE] = vn_attr_float(r->p, r->node, "scale", 0);
    return true;
}

static const row_t rows[] = {
    {"", "Add", 14, VN_ADD, VN_ACT_NONE, 2, 2, NULL},
    {"", "Attention", 24, VN_ATTENTION, VN_ACT_NONE, 4, 7, rule_attention},
    {"", "Conv", 22, VN_CONV, VN_ACT_NONE, 3, 3, rule_conv},
    {"", "Flatten", 25, VN_COPY, VN_ACT_NONE, 1, 1, NULL},
    {"", "Gather", 13, VN_GATHER, VN_ACT_NONE, 2, 2, rule_gather},
    {"", "Gemm", 13, VN_GEMM, VN_ACT_NONE, 3, 3, rule_gemm},
    {"", "MatMul", 13, VN_MATMUL, VN_ACT_NONE, 2, 2, rule_matmul},
    {"", "MaxPool", 22, VN_POOL, VN_ACT_NONE, 1, 1, rule_pool},
    {"", "Mul", 14, VN_MUL, VN_ACT_NONE, 2, 2, NULL},
    {"", "RMSNormalization", 23, VN_RMS_NORM, VN_ACT_NONE, 2, 2, rule_rms_norm},
    {"", "Relu", 14, VN_COPY, VN_ACT_RELU, 1, 1, NULL},
    {"", "Reshape", 25, VN_COPY, VN_ACT_NONE, 1, 2, NULL},
    {"", "RotaryEmbedding", 23, VN_ROTARY, VN_ACT_NONE, 4, 4, rule_rotary},
    {"", "Sigmoid", 13, VN_COPY, VN_ACT_SIGMOID, 1, 1, NULL},
    {"", "Softmax", 13, VN_SOFTMAX, VN_ACT_NONE, 1, 1, rule_softmax},
    {"", "Squeeze", 25, VN_COPY, VN_ACT_NONE, 1, 2, NULL},
    {"", "Swish", 24, VN_COPY, VN_ACT_SWISH, 1, 1, rule_swish},
    {"", "TensorScatter", 24, VN_SCATTER, VN_ACT_NONE, 3, 3, rule_scatter},
    {"", "Transpose", 25, VN_TRANSPOSE, VN_ACT_NONE, 1, 1, rule_transpose},
    {"", "Unsqueeze", 25, VN_COPY, VN_ACT_NONE, 1, 2, NULL},
    {"anput", "Conv", 1, VN_CONV, VN_ACT_NONE, 4, 4, rule_conv},
    {"anput", "Gemm", 1, VN_GEMM, VN_ACT_NONE, 3, 3, rule_gemm},
    {"anput", "MatMul", 1, VN_MATMUL, VN_ACT_NONE, 3, 3, rule_matmul},
};

/* ---- what holds for all ---- */

static const row_t *find_row(const vn_program_t *p, const anp_p_node_t *node) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, ANP_P_STRING(p->data, node->op)) == 0 &&
            strcmp(rows[i].domain, ANP_P_STRING(p->data, node->domain)) == 0)
            return &rows[i];
    return NULL;
}

static bool value_suits(rule_t *r, uint32_t value, const char *what, uint32_t i) {
    const anp_p_value_t *v = &r->p->values[value];
    if (v->kind != ANP_KIND_TENSOR || vn_elem_bytes(v->dtype) == 0)
        NO(r, "%s %u is no tensor of f32, i32, i64 or bool", what, (unsigned)i);
    if (v->rank < 0 || v->rank > VN_RANK_MAX)
        NO(r, "%s %u has rank %d; 0 to %d are done here", what, (unsigned)i, v->rank, VN_RANK_MAX);
    return true;
}

static bool put_operands(rule_t *r) {
    const anp_p_node_t *n = r->node;
    if (n->n_inputs > r->row->max_in)
        NO(r, "%u inputs; at most %u are done here", (unsigned)n->n_inputs,
           (unsigned)r->row->max_in);
    for (uint32_t i = 0; i < VN_IN_MAX; i++) {
        const uint32_t value =
            i < r->row->taken ? vn_operand(r->p, n->inputs, n->n_inputs, i) : ANP_P_NONE;
        r->s->in[i] = value == ANP_P_NONE ? VN_NONE : (int32_t)value;
        if (value != ANP_P_NONE && !value_suits(r, value, "input", i)) return false;
    }
    const uint32_t out = vn_operand(r->p, n->outputs, n->n_outputs, 0);
    if (r->s->in[0] == VN_NONE || out == ANP_P_NONE) NO(r, "it has no input or no output");
    r->s->out = (int32_t)out;
    return value_suits(r, out, "output", 0);
}

bool vn_rule(const vn_program_t *p, const anp_p_node_t *node, vn_step_t *out, char *why,
             size_t why_bytes) {
    rule_t r = {p, node, find_row(p, node), out, why, why_bytes};
    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%s", ANP_P_STRING(p->data, node->name));
    if (!r.row) NO(&r, "is not done here");
    if (r.row->since != node->since)
        NO(&r, "version %u; version %u is done here", (unsigned)node->since,
           (unsigned)r.row->since);
    out->op = r.row->op;
    out->act = r.row->act;
    return put_operands(&r) && (!r.row->parameters || r.row->parameters(&r));
}
