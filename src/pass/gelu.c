/* SPDX-License-Identifier: Apache-2.0 */
/* Gelu as exporters write it: x * 0.5 * (1 + Erf(x / sqrt 2)) in any order of the factors, and the
 * approximation x * 0.5 * (1 + Tanh(sqrt(2 / pi) * (x + 0.044715 x^3))). */
#include "pass/pass_util.h"

/* The x of x / sqrt(2), or of x * (1 / sqrt(2)). */
static anp_value_t *scaled_by_root(const anp_value_t *v) {
    const anp_node_t *div = anp_pass_made_by(v, ANP_OP_Div), *mul = anp_pass_made_by(v, ANP_OP_Mul);
    if (div && anp_pass_is_about(div->inputs[1], 1.41421356237)) return div->inputs[0];
    for (uint32_t i = 0; mul && i < 2; i++)
        if (anp_pass_is_about(mul->inputs[i], 0.70710678118)) return mul->inputs[1 - i];
    return NULL;
}

/* Whether v is x^3: Pow(x, 3), or x * x * x. */
static bool is_cube_of(const anp_value_t *v, const anp_value_t *x) {
    const anp_node_t *pow = anp_pass_made_by(v, ANP_OP_Pow), *mul = anp_pass_made_by(v, ANP_OP_Mul);
    if (pow) return pow->inputs[0] == x && anp_pass_is_about(pow->inputs[1], 3);
    if (!mul) return false;
    const anp_node_t *square = anp_pass_made_by(anp_pass_other(mul, x), ANP_OP_Mul);
    return square && square->inputs[0] == x && square->inputs[1] == x;
}

/* The x of sqrt(2 / pi) * (x + 0.044715 x^3). */
static anp_value_t *tanh_argument(const anp_value_t *v) {
    const anp_node_t *scale = anp_pass_made_by(v, ANP_OP_Mul);
    for (uint32_t i = 0; scale && i < 2; i++) {
        const anp_node_t *sum = anp_pass_made_by(scale->inputs[1 - i], ANP_OP_Add);
        if (!sum || !anp_pass_is_about(scale->inputs[i], 0.79788456080)) continue;
        for (uint32_t k = 0; k < 2; k++) {
            anp_value_t *x = sum->inputs[k];
            const anp_node_t *cubic = anp_pass_made_by(sum->inputs[1 - k], ANP_OP_Mul);
            for (uint32_t m = 0; cubic && m < 2; m++)
                if (anp_pass_is_about(cubic->inputs[m], 0.044715) &&
                    is_cube_of(cubic->inputs[1 - m], x))
                    return x;
        }
    }
    return NULL;
}

/* The x of 1 + Erf(x / sqrt 2) or of its approximation. */
static anp_value_t *gate_of(const anp_value_t *v, const char **out_approximate) {
    const anp_node_t *add = anp_pass_made_by(v, ANP_OP_Add);
    for (uint32_t i = 0; add && i < 2; i++) {
        if (!anp_pass_is_about(add->inputs[i], 1)) continue;
        const anp_node_t *erf = anp_pass_made_by(add->inputs[1 - i], ANP_OP_Erf);
        const anp_node_t *tanh = anp_pass_made_by(add->inputs[1 - i], ANP_OP_Tanh);
        *out_approximate = erf ? "none" : "tanh";
        if (erf) return scaled_by_root(erf->inputs[0]);
        if (tanh) return tanh_argument(tanh->inputs[0]);
    }
    return NULL;
}

/* The three factors of a product of products; 0 when it has another form. */
static uint32_t factors_of(const anp_node_t *n, anp_value_t *out[3]) {
    for (uint32_t i = 0; i < 2; i++) {
        const anp_node_t *inner = anp_pass_made_by(n->inputs[i], ANP_OP_Mul);
        if (!inner) continue;
        out[0] = n->inputs[1 - i];
        out[1] = inner->inputs[0];
        out[2] = inner->inputs[1];
        const char *unused;
        if (gate_of(out[0], &unused) || gate_of(out[1], &unused) || gate_of(out[2], &unused))
            return 3;
    }
    return 0;
}

static anp_status_t find(anp_graph_t *g, anp_node_t *n, const anp_target_t *t) {
    (void)t;
    anp_value_t *factors[3];
    if (!anp_node_is(n, ANP_OP_Mul) || factors_of(n, factors) != 3) return ANP_OK;
    for (uint32_t i = 0; i < 3; i++) {
        const char *approximate;
        anp_value_t *x = gate_of(factors[i], &approximate);
        anp_value_t *a = factors[(i + 1) % 3], *b = factors[(i + 2) % 3];
        if (!x) continue;
        if (!(a == x && anp_pass_is_about(b, 0.5)) && !(b == x && anp_pass_is_about(a, 0.5)))
            continue;
        const anp_attr_t attr = anp_attr_of_str("approximate", approximate);
        const uint32_t n_attrs = *approximate == 't';
        return anp_pass_become(g, n, ANP_OP_Gelu, &attr, n_attrs, &x, 1);
    }
    return ANP_OK;
}

anp_status_t anp_pass_gelu(anp_graph_t *g, const anp_target_t *t) {
    return anp_pass_walk(g, t, find);
}
