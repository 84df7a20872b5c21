/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise operators in f32 by the vector loops: functions of one operand, and two operands
 * broadcast against each other. */
#include "kernel/cpu/cpu_tables.h"
#include "kernel/iter.h"
#include <string.h>

/* ---- one operand ---- */

/* Parameters: names of attributes with the defaults of the specification; NULL: fixed. */
static const struct {
    anp_op_id_t op;
    anp_act_kind_t kind;
    const char *alpha, *beta;
    float alpha_default, beta_default;
} act_rows[] = {
    {ANP_OP_Relu, ANP_ACT_RELU, NULL, NULL, 0, 0},
    {ANP_OP_LeakyRelu, ANP_ACT_LEAKY_RELU, "alpha", NULL, 0.01f, 0},
    {ANP_OP_Sigmoid, ANP_ACT_SIGMOID, NULL, NULL, 0, 0},
    {ANP_OP_Tanh, ANP_ACT_TANH, NULL, NULL, 0, 0},
    {ANP_OP_HardSigmoid, ANP_ACT_HARD_SIGMOID, "alpha", "beta", 0.2f, 0.5f},
    {ANP_OP_HardSwish, ANP_ACT_HARD_SWISH, NULL, NULL, 0, 0},
    {ANP_OP_Exp, ANP_ACT_EXP, NULL, NULL, 0, 0},
    {ANP_OP_Erf, ANP_ACT_ERF, NULL, NULL, 0, 0},
    {ANP_OP_Gelu, ANP_ACT_GELU, NULL, NULL, 0, 0},
    {ANP_OP_Swish, ANP_ACT_SILU, NULL, NULL, 0, 0},
};

static bool act_of(const anp_kernel_t *k, anp_act_t *out) {
    for (size_t i = 0; i < ANP_ARRAY_LEN(act_rows); i++) {
        if (k->op->index != (uint32_t)act_rows[i].op) continue;
        *out = (anp_act_t){act_rows[i].kind, act_rows[i].alpha_default, act_rows[i].beta_default};
        if (act_rows[i].alpha) out->alpha = anp_attr_f32(k->attrs, act_rows[i].alpha, out->alpha);
        if (act_rows[i].beta) out->beta = anp_attr_f32(k->attrs, act_rows[i].beta, out->beta);
        return true;
    }
    return false;
}

static bool accepts_unary(const anp_kernel_t *k) {
    anp_act_t act;
    if (k->op->index == ANP_OP_Gelu &&
        strcmp(anp_attr_str(k->attrs, "approximate", "none"), "none") != 0)
        return false;
    if (k->op->index == ANP_OP_Swish && anp_attr_f32(k->attrs, "alpha", 1) != 1) return false;
    return anp_cpu_is_f32(k, 0) && act_of(k, &act);
}

typedef struct unary_t {
    anp_act_t act;
    anp_act_fn_t fn;
    const float *x;
    float *y;
} unary_t;

static void unary_range(void *arg, int64_t begin, int64_t end) {
    const unary_t *u = arg;
    u->fn(&u->act, (size_t)(end - begin), u->x + begin, u->y + begin);
}

static anp_status_t run_unary(anp_kernel_t *k) {
    unary_t u = {.fn = k->env->tables->elemwise.act_f32, .x = k->in[0]->data, .y = k->out[0]->data};
    if (!act_of(k, &u.act)) ANP_KERNEL_FAIL(k, ANP_INTERNAL, "no vector loop%s", "");
    anp_range_run(k->env->pool, anp_tensor_elems(k->in[0]), ANP_PART_ELEMS, unary_range, &u);
    return ANP_OK;
}

#define UNARY(id, fn_name)                             \
    const anp_cpu_kernel_t anp_cpu_##fn_name##_f32 = { \
        #fn_name "_f32", ANP_OP_##id, accepts_unary, NULL, NULL, run_unary};
UNARY(Relu, relu)
UNARY(LeakyRelu, leaky_relu)
UNARY(Sigmoid, sigmoid)
UNARY(Tanh, tanh)
UNARY(HardSigmoid, hard_sigmoid)
UNARY(HardSwish, hard_swish)
UNARY(Exp, exp)
UNARY(Erf, erf)
UNARY(Gelu, gelu)
UNARY(Swish, swish)

/* ---- two operands ---- */

static const struct {
    anp_op_id_t op;
    anp_binary_kind_t kind;
} binary_rows[] = {{ANP_OP_Add, ANP_BINARY_ADD}, {ANP_OP_Sub, ANP_BINARY_SUB},
                   {ANP_OP_Mul, ANP_BINARY_MUL}, {ANP_OP_Div, ANP_BINARY_DIV},
                   {ANP_OP_Min, ANP_BINARY_MIN}, {ANP_OP_Max, ANP_BINARY_MAX},
                   {ANP_OP_Sum, ANP_BINARY_ADD}};

/* Output and both operands as the same few axes; the innermost is one call of a loop. */
typedef struct binary_t {
    uint32_t rank;
    int64_t dims[ANP_RANK_MAX], sa[ANP_RANK_MAX],
        sb[ANP_RANK_MAX]; /* strides in elements, 0 repeats */
    const float *a, *b;
    float *y;
    anp_binary_fn_t fn;
} binary_t;

static int64_t stride_of(const anp_tensor_t *t, const int64_t *strides, uint32_t out_rank,
                         uint32_t axis) {
    const int64_t own = (int64_t)axis - ((int64_t)out_rank - t->rank);
    return own < 0 || t->dims[own] == 1 ? 0 : strides[own];
}

/* Axes merged where both operands step evenly over them. */
static void merge_axes(binary_t *m, const anp_tensor_t *a, const anp_tensor_t *b,
                       const anp_tensor_t *y) {
    int64_t da[ANP_RANK_MAX], db[ANP_RANK_MAX];
    anp_dense_strides(a->rank, a->dims, da);
    anp_dense_strides(b->rank, b->dims, db);
    m->rank = 0;
    for (uint32_t i = 0; i < y->rank; i++) {
        if (y->dims[i] == 1) continue;
        const int64_t sa = stride_of(a, da, y->rank, i), sb = stride_of(b, db, y->rank, i);
        const uint32_t r = m->rank;
        if (r && m->sa[r - 1] == sa * y->dims[i] && m->sb[r - 1] == sb * y->dims[i]) {
            m->dims[r - 1] *= y->dims[i];
            m->sa[r - 1] = sa;
            m->sb[r - 1] = sb;
            continue;
        }
        m->dims[r] = y->dims[i];
        m->sa[r] = sa;
        m->sb[r] = sb;
        m->rank++;
    }
    if (!m->rank) m->dims[m->rank++] = 1; /* one element */
}

/* The loop of the innermost axis; NULL when it repeats both or steps otherwise. */
static anp_binary_fn_t inner_loop(const anp_kernel_t *k, const binary_t *m) {
    const int64_t sa = m->sa[m->rank - 1], sb = m->sb[m->rank - 1];
    const bool one = m->dims[m->rank - 1] == 1;
    anp_form_t form;
    if (one || (sa == 1 && sb == 1))
        form = ANP_FORM_BOTH;
    else if (sa == 1 && sb == 0)
        form = ANP_FORM_LEFT;
    else if (sa == 0 && sb == 1)
        form = ANP_FORM_RIGHT;
    else
        return NULL;
    for (size_t i = 0; i < ANP_ARRAY_LEN(binary_rows); i++)
        if (k->op->index == (uint32_t)binary_rows[i].op)
            return k->env->tables->elemwise.binary_f32[binary_rows[i].kind][form];
    return NULL;
}

static bool read_binary(const anp_kernel_t *k, binary_t *m) {
    memset(m, 0, sizeof *m);
    merge_axes(m, k->in[0], k->in[1], k->out[0]);
    m->a = k->in[0]->data;
    m->b = k->in[1]->data;
    m->y = k->out[0]->data;
    m->fn = inner_loop(k, m);
    const int64_t inner = m->dims[m->rank - 1];
    return m->fn &&
           (inner >= 8 || m->rank == 1); /* short rows: the reference's blocks are as good */
}

static bool accepts_binary(const anp_kernel_t *k) {
    binary_t m;
    return k->n_in == 2 && anp_cpu_is_f32(k, 0) && anp_cpu_is_f32(k, 1) && read_binary(k, &m);
}

/* Output elements [begin, end), cut at the ends of rows. */
static void binary_range(void *arg, int64_t begin, int64_t end) {
    const binary_t *m = arg;
    const uint32_t last = m->rank - 1;
    const int64_t inner = m->dims[last];
    for (int64_t at = begin; at < end;) {
        const int64_t col = at % inner, n = ANP_MIN(inner - col, end - at);
        int64_t row = at / inner, a = col * m->sa[last], b = col * m->sb[last];
        for (uint32_t i = last; i-- > 0; row /= m->dims[i]) {
            const int64_t x = row % m->dims[i];
            a += x * m->sa[i];
            b += x * m->sb[i];
        }
        m->fn((size_t)n, m->a + a, m->b + b, m->y + at);
        at += n;
    }
}

static anp_status_t run_binary(anp_kernel_t *k) {
    binary_t m;
    const int64_t n = anp_tensor_elems(k->out[0]);
    if (n == 0) return ANP_OK;
    if (!read_binary(k, &m)) ANP_KERNEL_FAIL(k, ANP_INTERNAL, "no vector loop%s", "");
    anp_range_run(k->env->pool, n, ANP_PART_ELEMS, binary_range, &m);
    return ANP_OK;
}

#define BINARY(id, fn_name)                            \
    const anp_cpu_kernel_t anp_cpu_##fn_name##_f32 = { \
        #fn_name "_f32", ANP_OP_##id, accepts_binary, NULL, NULL, run_binary};
BINARY(Add, add)
BINARY(Sub, sub)
BINARY(Mul, mul)
BINARY(Div, div)
BINARY(Min, min)
BINARY(Max, max)
BINARY(Sum, sum)
