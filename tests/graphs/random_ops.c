/* SPDX-License-Identifier: Apache-2.0 */
/* Makers: each draws one operator (or the few that a pass fuses) on values that are there. A maker
 * whose operands do not fit gives an error that its caller ignores. */
#include "random_graph.h"
#include <math.h>
#include <string.h>

#define ATTR_I(n, v) \
    { .name = n, .kind = 'i', .i = v }
#define ATTR_F(n, v) \
    { .name = n, .kind = 'f', .f = v }
#define ATTR_S(n, v) \
    { .name = n, .kind = 's', .s = v }
#define ATTR_INTS(n, v, c) \
    { .name = n, .kind = 'I', .ints = v, .count = c }
#define LEN(a) ((uint32_t)(sizeof(a) / sizeof *(a)))

static anp_dtype_t draw_type(rg_t *g) {
    return rg_pick(g, 4) ? ANP_DTYPE_F32 : ANP_DTYPE_I32;
}

static anp_status_t one(rg_t *g, const char *op, const rg_value_t *x, const anp_graph_attr_t *attrs,
                        uint32_t n, double bound, double unit) {
    return rg_node(g, &(rg_call_t){.op = op,
                                   .in = {x},
                                   .n_in = 1,
                                   .attrs = attrs,
                                   .n_attrs = n,
                                   .n_out = 1,
                                   .bound = bound,
                                   .unit = unit});
}

static anp_status_t two(rg_t *g, const char *op, const rg_value_t *x, const rg_value_t *y,
                        const anp_graph_attr_t *attrs, uint32_t n, double bound, double unit) {
    return rg_node(g, &(rg_call_t){.op = op,
                                   .in = {x, y},
                                   .n_in = 2,
                                   .attrs = attrs,
                                   .n_attrs = n,
                                   .n_out = 1,
                                   .bound = bound,
                                   .unit = unit});
}

/* ---- elementwise ---- */

static anp_status_t make_unary(rg_t *g) {
    static const char *const ops[] = {"Relu", "Neg", "Abs", "Sign", "Identity", "Floor"};
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    if (!x) return ANP_NOT_FOUND;
    return one(g, ops[rg_pick(g, LEN(ops))], x, NULL, 0, fmax(x->bound, 1), fmin(x->unit, 1));
}

static anp_status_t make_leaky_relu(rg_t *g) {
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    const anp_graph_attr_t alpha[] = {ATTR_F("alpha", 0.5f)};
    return x ? one(g, "LeakyRelu", x, alpha, 1, x->bound, x->unit / 2) : ANP_NOT_FOUND;
}

static anp_status_t make_clip(rg_t *g) {
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    rg_value_t lo, hi;
    anp_status_t st = rg_constant(g, ANP_DTYPE_F32, 0, NULL, -3, 0, 1, &lo);
    if (st == ANP_OK) st = rg_constant(g, ANP_DTYPE_F32, 0, NULL, 1, 6, 1, &hi);
    if (st != ANP_OK || !x) return ANP_NOT_FOUND;
    return rg_node(g, &(rg_call_t){.op = "Clip",
                                   .in = {x, &lo, rg_pick(g, 3) ? &hi : NULL},
                                   .n_in = 3,
                                   .n_out = 1,
                                   .bound = fmax(x->bound, 6),
                                   .unit = fmin(x->unit, 1)});
}

/* The other operand of x: a value there is, x itself, or a constant of a shape that broadcasts. */
static anp_status_t draw_partner(rg_t *g, const rg_value_t *x, rg_value_t *out) {
    int64_t dims[ANP_RANK_MAX];
    const rg_value_t *other = rg_exact(g, x->dtype);
    switch (rg_pick(g, 4)) {
    case 0: *out = *x; return ANP_OK;
    case 1: *out = *other; return ANP_OK;
    default: break;
    }
    const uint32_t skip = rg_pick(g, x->rank + 1);
    for (uint32_t a = skip; a < x->rank; a++) dims[a - skip] = rg_pick(g, 2) ? x->dims[a] : 1;
    return rg_constant(g, x->dtype, x->rank - skip, dims, -3, 3, 1, out);
}

static anp_status_t make_binary(rg_t *g) {
    static const char *const ops[] = {"Add", "Sub", "Mul", "Max", "Min", "Add"};
    const rg_value_t *x = rg_exact(g, draw_type(g));
    rg_value_t y;
    if (!x || draw_partner(g, x, &y) != ANP_OK) return ANP_NOT_FOUND;
    const char *op = ops[rg_pick(g, LEN(ops))];
    const bool product = strcmp(op, "Mul") == 0;
    return two(g, op, x, &y, NULL, 0, product ? x->bound * y.bound : x->bound + y.bound,
               product ? x->unit * y.unit : fmin(x->unit, y.unit));
}

static anp_status_t make_divide(rg_t *g) {
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    rg_value_t y;
    if (!x || rg_constant(g, ANP_DTYPE_F32, 0, NULL, 2, 2, 1, &y) != ANP_OK) return ANP_NOT_FOUND;
    return two(g, "Div", x, &y, NULL, 0, x->bound / 2, x->unit / 2);
}

static anp_status_t make_where(rg_t *g) {
    static const char *const ops[] = {"Greater", "Less", "Equal", "GreaterOrEqual"};
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    rg_value_t y;
    if (!x || draw_partner(g, x, &y) != ANP_OK) return ANP_NOT_FOUND;
    const rg_value_t a = *x;
    anp_status_t st = two(g, ops[rg_pick(g, LEN(ops))], &a, &y, NULL, 0, 1, 1);
    if (st != ANP_OK) return st;
    return rg_node(g, &(rg_call_t){.op = "Where",
                                   .in = {&g->values[g->n_values - 1], &a, &y},
                                   .n_in = 3,
                                   .n_out = 1,
                                   .bound = fmax(a.bound, y.bound),
                                   .unit = fmin(a.unit, y.unit)});
}

static anp_status_t make_cast(rg_t *g) {
    const anp_dtype_t from = draw_type(g);
    const rg_value_t *x = rg_exact(g, from);
    const anp_graph_attr_t to[] = {
        ATTR_I("to", from == ANP_DTYPE_F32 ? ANP_DTYPE_I32 : ANP_DTYPE_F32)};
    if (!x || x->bound > 1 << 24) return ANP_NOT_FOUND;
    return one(g, "Cast", x, to, 1, x->bound, 1);
}

/* ---- windows and products ---- */

static void draw_ints(rg_t *g, int64_t *out, uint32_t n, uint32_t lo, uint32_t hi) {
    for (uint32_t i = 0; i < n; i++) out[i] = (int64_t)(lo + rg_pick(g, hi - lo + 1));
}

static double elems_of(const int64_t *dims, uint32_t n) {
    double p = 1;
    for (uint32_t i = 0; i < n; i++) p *= (double)dims[i];
    return p;
}

static anp_status_t make_conv(rg_t *g) {
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    if (!x || x->rank < 3 || x->rank > 5) return ANP_NOT_FOUND;
    const uint32_t n = x->rank - 2;
    const int64_t c = x->dims[1];
    const int64_t group = rg_pick(g, 3) == 0 ? c : rg_pick(g, 3) == 0 && c % 2 == 0 ? 2 : 1;
    const int64_t m = group * (1 + (int64_t)rg_pick(g, group == c ? 2 : 20));
    const bool transposed = rg_pick(g, 5) == 0;
    int64_t w_dims[5] = {m, c / group}, strides[3], pads[6], dilations[3];
    if (transposed) w_dims[0] = c, w_dims[1] = m / group;
    draw_ints(g, w_dims + 2, n, 1, 3);
    draw_ints(g, strides, n, 1, 2);
    draw_ints(g, dilations, n, 1, 2);
    draw_ints(g, pads, 2 * n, 0, 1);
    rg_value_t w, b;
    anp_status_t st = rg_constant(g, ANP_DTYPE_F32, x->rank, w_dims, -2, 2, 1, &w);
    if (st == ANP_OK) st = rg_constant(g, ANP_DTYPE_F32, 1, &m, -3, 3, 1, &b);
    if (st != ANP_OK) return st;
    const anp_graph_attr_t attrs[] = {ATTR_I("group", group), ATTR_INTS("strides", strides, n),
                                      ATTR_INTS("dilations", dilations, n),
                                      ATTR_INTS("pads", pads, 2 * n)};
    return rg_node(g, &(rg_call_t){.op = transposed ? "ConvTranspose" : "Conv",
                                   .in = {x, &w, &b},
                                   .n_in = 2 + rg_pick(g, 2),
                                   .attrs = attrs,
                                   .n_attrs = LEN(attrs),
                                   .n_out = 1,
                                   .bound = x->bound * 2 * elems_of(w_dims, x->rank) /
                                                (double)(transposed ? group : m) +
                                            3,
                                   .unit = fmin(x->unit, 1)});
}

/* Scale and shift with a power of two under the root: folded into the Conv before it, still exact.
 */
static anp_status_t make_batch_norm(rg_t *g) {
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    rg_value_t scale, b, mean, var;
    if (!x || x->rank < 2) return ANP_NOT_FOUND;
    const int64_t *c = &x->dims[1];
    anp_status_t st = rg_constant(g, ANP_DTYPE_F32, 1, c, -2, 2, 1, &scale);
    if (st == ANP_OK) st = rg_constant(g, ANP_DTYPE_F32, 1, c, -2, 2, 1, &b);
    if (st == ANP_OK) st = rg_constant(g, ANP_DTYPE_F32, 1, c, -2, 2, 1, &mean);
    if (st == ANP_OK) st = rg_constant(g, ANP_DTYPE_F32, 1, c, 1, 1, rg_pick(g, 2) ? 4 : 1, &var);
    if (st != ANP_OK) return st;
    const anp_graph_attr_t epsilon[] = {ATTR_F("epsilon", 0)};
    return rg_node(g, &(rg_call_t){.op = "BatchNormalization",
                                   .in = {x, &scale, &b, &mean, &var},
                                   .n_in = 5,
                                   .attrs = epsilon,
                                   .n_attrs = 1,
                                   .n_out = 1,
                                   .bound = (x->bound + 2) * 2 + 2,
                                   .unit = fmin(x->unit, 1) / 2});
}

static anp_status_t make_pool(rg_t *g) {
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    if (!x || x->rank < 3 || x->rank > 5) return ANP_NOT_FOUND;
    const uint32_t n = x->rank - 2;
    const bool average = rg_pick(g, 2);
    int64_t kernel[3], strides[3], pads[6];
    draw_ints(g, kernel, n, 1, average ? 2 : 3); /* a mean of a power of two of numbers */
    draw_ints(g, strides, n, 1, 2);
    for (uint32_t i = 0; i < 2 * n; i++)
        pads[i] = !average && kernel[i % n] > 1 ? (int64_t)rg_pick(g, 2) : 0;
    const anp_graph_attr_t attrs[] = {ATTR_INTS("kernel_shape", kernel, n),
                                      ATTR_INTS("strides", strides, n),
                                      ATTR_INTS("pads", pads, 2 * n)};
    return one(g, average ? "AveragePool" : "MaxPool", x, attrs, LEN(attrs), x->bound,
               average ? x->unit / 8 : x->unit);
}

static anp_status_t make_product(rg_t *g) {
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    rg_value_t w, b;
    if (!x || x->rank < 2) return ANP_NOT_FOUND;
    const int64_t k = x->dims[x->rank - 1], w_dims[2] = {k, 1 + (int64_t)rg_pick(g, 20)};
    anp_status_t st = rg_constant(g, ANP_DTYPE_F32, 2, w_dims, -2, 2, 1, &w);
    if (st == ANP_OK) st = rg_constant(g, ANP_DTYPE_F32, 1, &w_dims[1], -3, 3, 1, &b);
    if (st != ANP_OK) return st;
    const double bound = x->bound * 2 * (double)k, unit = fmin(x->unit, 1);
    if (x->rank > 2 || rg_pick(g, 2)) { /* a product and its bias: fused by a pass */
        st = two(g, "MatMul", x, &w, NULL, 0, bound, unit);
        if (st != ANP_OK || rg_pick(g, 2)) return st;
        const rg_value_t y = g->values[g->n_values - 1];
        return two(g, "Add", &y, &b, NULL, 0, bound + 3, unit);
    }
    const anp_graph_attr_t attrs[] = {ATTR_F("alpha", 0.5f), ATTR_F("beta", 2)};
    return rg_node(g, &(rg_call_t){.op = "Gemm",
                                   .in = {x, &w, &b},
                                   .n_in = 2 + rg_pick(g, 2),
                                   .attrs = attrs,
                                   .n_attrs = rg_pick(g, 3),
                                   .n_out = 1,
                                   .bound = bound + 6,
                                   .unit = unit / 2});
}

static anp_status_t make_square_product(rg_t *g) { /* of a value and its transpose */
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    if (!x || x->rank != 2) return ANP_NOT_FOUND;
    const rg_value_t a = *x;
    anp_status_t st = one(g, "Transpose", &a, NULL, 0, a.bound, a.unit);
    if (st != ANP_OK) return st;
    const rg_value_t t = g->values[g->n_values - 1];
    return two(g, "MatMul", &a, &t, NULL, 0, a.bound * a.bound * (double)a.dims[1],
               a.unit * a.unit);
}

static anp_status_t make_reduce(rg_t *g) {
    static const char *const ops[] = {"ReduceSum", "ReduceMax", "ReduceMin", "ReduceSumSquare",
                                      "ReduceL1"};
    const rg_value_t *x = rg_exact(g, draw_type(g));
    rg_value_t axes;
    if (!x || x->rank == 0) return ANP_NOT_FOUND;
    const int64_t axis = (int64_t)rg_pick(g, x->rank) - (rg_pick(g, 2) ? x->rank : 0);
    anp_status_t st = rg_ints(g, &axis, 1, &axes);
    if (st != ANP_OK) return st;
    const uint32_t which = rg_pick(g, LEN(ops));
    const double n = (double)x->count, unit = which == 3 ? x->unit * x->unit : x->unit;
    const double bound = which == 3                 ? n * x->bound * x->bound
                         : which == 1 || which == 2 ? x->bound
                                                    : n * x->bound;
    const anp_graph_attr_t keep[] = {ATTR_I("keepdims", rg_pick(g, 2))};
    return two(g, ops[which], x, &axes, keep, 1, bound, unit);
}

/* ---- moves: of rounded values too ---- */

static anp_status_t make_transpose(rg_t *g) {
    const rg_value_t *x = rg_any(g);
    int64_t perm[ANP_RANK_MAX];
    for (uint32_t a = 0; a < x->rank; a++) perm[a] = a;
    for (uint32_t a = 0; a + 1 < x->rank; a++) {
        const uint32_t b = a + rg_pick(g, x->rank - a);
        const int64_t t = perm[a];
        perm[a] = perm[b];
        perm[b] = t;
    }
    const anp_graph_attr_t attrs[] = {ATTR_INTS("perm", perm, x->rank)};
    return one(g, "Transpose", x, attrs, 1, x->bound, x->unit);
}

static anp_status_t make_reshape(rg_t *g) {
    const rg_value_t *x = rg_any(g);
    rg_value_t shape;
    int64_t dims[3] = {0, -1, 1};
    anp_status_t st = rg_ints(g, dims, 2 + rg_pick(g, 2), &shape);
    return st == ANP_OK && x->rank > 0 && x->count
               ? two(g, "Reshape", x, &shape, NULL, 0, x->bound, x->unit)
               : ANP_NOT_FOUND;
}

static anp_status_t make_flatten(rg_t *g) {
    const rg_value_t *x = rg_any(g);
    const anp_graph_attr_t attrs[] = {ATTR_I("axis", rg_pick(g, x->rank + 1))};
    return one(g, "Flatten", x, attrs, 1, x->bound, x->unit);
}

static anp_status_t make_unsqueeze(rg_t *g) {
    const rg_value_t *x = rg_any(g);
    const int64_t axis = rg_pick(g, x->rank + 1);
    rg_value_t axes;
    const anp_status_t st = rg_ints(g, &axis, 1, &axes);
    return st == ANP_OK ? two(g, rg_pick(g, 2) ? "Unsqueeze" : "Squeeze", x, &axes, NULL, 0,
                              x->bound, x->unit)
                        : st;
}

static anp_status_t make_concat(rg_t *g) {
    const rg_value_t *x = rg_any(g), *y = rg_pick(g, 2) ? x : rg_any(g);
    const anp_graph_attr_t attrs[] = {ATTR_I("axis", rg_pick(g, x->rank))};
    return two(g, "Concat", x, y, attrs, 1, fmax(x->bound, y->bound), fmin(x->unit, y->unit));
}

static anp_status_t make_slice(rg_t *g) {
    const rg_value_t *x = rg_any(g);
    const int64_t axis = rg_pick(g, x->rank), start = (int64_t)rg_pick(g, 3),
                  end = rg_pick(g, 2) ? INT64_MAX : -1;
    const bool back = rg_pick(g, 4) == 0;
    rg_value_t starts, ends, axes, steps;
    anp_status_t st = rg_ints(g, (int64_t[]){back ? -1 : start}, 1, &starts);
    if (st == ANP_OK) st = rg_ints(g, (int64_t[]){back ? INT64_MIN : end}, 1, &ends);
    if (st == ANP_OK) st = rg_ints(g, &axis, 1, &axes);
    if (st == ANP_OK)
        st = rg_ints(g, (int64_t[]){back ? -1 : 1 + (int64_t)rg_pick(g, 2)}, 1, &steps);
    if (st != ANP_OK) return st;
    return rg_node(g, &(rg_call_t){.op = "Slice",
                                   .in = {x, &starts, &ends, &axes, &steps},
                                   .n_in = 5,
                                   .n_out = 1,
                                   .bound = x->bound,
                                   .unit = x->unit});
}

static anp_status_t make_split(rg_t *g) {
    const rg_value_t *x = rg_any(g);
    const anp_graph_attr_t attrs[] = {ATTR_I("axis", rg_pick(g, x->rank)),
                                      ATTR_I("num_outputs", 2)};
    return rg_node(g, &(rg_call_t){.op = "Split",
                                   .in = {x},
                                   .n_in = 1,
                                   .attrs = attrs,
                                   .n_attrs = 2,
                                   .n_out = 2,
                                   .bound = x->bound,
                                   .unit = x->unit});
}

static anp_status_t make_pad(rg_t *g) {
    static const char *const modes[] = {"constant", "edge", "reflect", "wrap"};
    const rg_value_t *x = rg_any(g);
    int64_t pads[ANP_RANK_MAX * 2];
    rg_value_t p;
    if (x->dtype == ANP_DTYPE_BOOL) return ANP_NOT_FOUND;
    draw_ints(g, pads, 2 * x->rank, 0, 1);
    const anp_status_t st = rg_ints(g, pads, 2 * x->rank, &p);
    const anp_graph_attr_t attrs[] = {ATTR_S("mode", modes[rg_pick(g, LEN(modes))])};
    return st == ANP_OK ? two(g, "Pad", x, &p, attrs, 1, x->bound, x->unit) : st;
}

static anp_status_t make_gather(rg_t *g) {
    const rg_value_t *x = rg_any(g);
    const uint32_t axis = rg_pick(g, x->rank);
    int64_t indices[4];
    rg_value_t i;
    if (x->rank == 0 || x->count == 0) return ANP_NOT_FOUND;
    draw_ints(g, indices, 4, 0, (uint32_t)x->dims[axis] - 1);
    const anp_status_t st = rg_ints(g, indices, 1 + rg_pick(g, 4), &i);
    const anp_graph_attr_t attrs[] = {ATTR_I("axis", axis)};
    return st == ANP_OK ? two(g, "Gather", x, &i, attrs, 1, x->bound, x->unit) : st;
}

static anp_status_t make_expand(rg_t *g) {
    const rg_value_t *x = rg_any(g);
    int64_t dims[ANP_RANK_MAX + 1] = {2};
    rg_value_t d;
    for (uint32_t a = 0; a < x->rank; a++)
        dims[a + 1] = 1 + (int64_t)rg_pick(g, 2) * (x->dims[a] == 1);
    const bool tile = rg_pick(g, 2);
    const anp_status_t st = rg_ints(g, dims + tile, x->rank + !tile, &d);
    return st == ANP_OK ? two(g, tile ? "Tile" : "Expand", x, &d, NULL, 0, x->bound, x->unit) : st;
}

static anp_status_t make_depth_to_space(rg_t *g) {
    static const char *const modes[] = {"DCR", "CRD"};
    const rg_value_t *x = rg_any(g);
    const bool depth = rg_pick(g, 2);
    const anp_graph_attr_t attrs[] = {ATTR_I("blocksize", 2), ATTR_S("mode", modes[rg_pick(g, 2)])};
    return one(g, depth ? "DepthToSpace" : "SpaceToDepth", x, attrs, depth ? 2 : 1, x->bound,
               x->unit);
}

/* ---- quantised: scales are powers of two, so rounding is the only thing that is done ---- */

static anp_status_t make_quantise(rg_t *g) {
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    rg_value_t scale, zero;
    const anp_dtype_t to = rg_pick(g, 2) ? ANP_DTYPE_I8 : ANP_DTYPE_U8;
    anp_status_t st = rg_constant(g, ANP_DTYPE_F32, 0, NULL, 1, 1, rg_pick(g, 2) ? 1 : 0.5, &scale);
    if (st == ANP_OK) st = rg_constant(g, to, 0, NULL, 0, 9, 1, &zero);
    if (st != ANP_OK || !x) return ANP_NOT_FOUND;
    st = rg_node(g, &(rg_call_t){.op = "QuantizeLinear",
                                 .in = {x, &scale, &zero},
                                 .n_in = 3,
                                 .n_out = 1,
                                 .bound = 255,
                                 .unit = 1});
    if (st != ANP_OK || rg_pick(g, 3) == 0) return st;
    const rg_value_t q = g->values[g->n_values - 1];
    return rg_node(g, &(rg_call_t){.op = "DequantizeLinear",
                                   .in = {&q, &scale, &zero},
                                   .n_in = 3,
                                   .n_out = 1,
                                   .bound = 300,
                                   .unit = 0.5});
}

/* ---- what rounds ---- */

/* Their bound is that of the sum of absolute terms, which is what their error is measured by. */
static anp_status_t make_rounding(rg_t *g) {
    static const struct {
        const char *op;
        bool grows; /* with its argument: Gelu adds x / 2 and erf(...) * x / 2 */
    } rows[] = {{"Sigmoid", false}, {"Tanh", false},     {"Gelu", true},
                {"Erf", false},     {"HardSwish", true}, {"HardSigmoid", false},
                {"Softplus", true}, {"Softmax", false},  {"Exp", true}};
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    const uint32_t i = rg_pick(g, LEN(rows));
    if (!x || (i == LEN(rows) - 1 && x->bound > 8)) return ANP_NOT_FOUND;
    const double grown = i == LEN(rows) - 1 ? exp(x->bound) : x->bound + 1;
    return one(g, rows[i].op, x, NULL, 0, rows[i].grows ? grown : 1, 0);
}

static anp_status_t make_swish(rg_t *g) {
    const rg_value_t *x = rg_exact(g, ANP_DTYPE_F32);
    if (!x) return ANP_NOT_FOUND;
    const rg_value_t a = *x;
    const anp_status_t st = one(g, "Sigmoid", &a, NULL, 0, 1, 0);
    if (st != ANP_OK) return st;
    const rg_value_t s = g->values[g->n_values - 1];
    return two(g, "Mul", &a, &s, NULL, 0, a.bound, 0);
}

const rg_maker_t rg_makers[] = {make_unary,
                                make_leaky_relu,
                                make_clip,
                                make_binary,
                                make_binary,
                                make_divide,
                                make_where,
                                make_cast,
                                make_conv,
                                make_conv,
                                make_conv,
                                make_pool,
                                make_product,
                                make_batch_norm,
                                make_reduce,
                                make_transpose,
                                make_reshape,
                                make_flatten,
                                make_unsqueeze,
                                make_concat,
                                make_slice,
                                make_split,
                                make_pad,
                                make_gather,
                                make_expand,
                                make_quantise,
                                make_rounding,
                                make_swish,
                                make_square_product,
                                make_depth_to_space,
                                NULL};
