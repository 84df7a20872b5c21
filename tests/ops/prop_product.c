/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of matrix products. */
#include "prop.h"

/* NumPy's matmul of a and b with zero points za and zb; y is shaped. A vector counts as a row of a,
 * a column of b. */
static void multiply(const pt_t *a, const pt_t *b, double za, double zb, pt_t *y, uint32_t out_rank,
                     const int64_t *out) {
    const int64_t m = a->rank > 1 ? a->dims[a->rank - 2] : 1, k = a->dims[a->rank - 1],
                  n = b->rank > 1 ? b->dims[b->rank - 1] : 1;
    pt_t stack_a = *a, stack_b = *b; /* of their matrices */
    stack_a.rank = a->rank > 2 ? a->rank - 2 : 0;
    stack_b.rank = b->rank > 2 ? b->rank - 2 : 0;
    pt_t stack = {.rank = out_rank};
    memcpy(stack.dims, out, out_rank * sizeof *out);
    for (int64_t i = 0; i < y->n; i++) {
        int64_t c[PT_RANK_MAX], at_a = 0, at_b = 0;
        const int64_t row = i / n % m, column = i % n;
        pt_coords(&stack, i / (m * n), c);
        for (uint32_t x = 0; x < stack_a.rank; x++)
            at_a = at_a * stack_a.dims[x] +
                   (stack_a.dims[x] == 1 ? 0 : c[out_rank - stack_a.rank + x]);
        for (uint32_t x = 0; x < stack_b.rank; x++)
            at_b = at_b * stack_b.dims[x] +
                   (stack_b.dims[x] == 1 ? 0 : c[out_rank - stack_b.rank + x]);
        for (int64_t j = 0; j < k; j++) {
            const double v =
                (a->v[(at_a * m + row) * k + j] - za) * (b->v[(at_b * k + j) * n + column] - zb);
            y->v[i] += v;
            y->terms[i] += prop_is_float(y->dtype) ? fabs(v) : 0;
        }
    }
}

typedef struct product_t {
    uint32_t a_rank, b_rank, stack_rank, y_rank;
    int64_t a[6], b[6], stack[4], y[6];
} product_t;

static product_t draw_product(prop_t *p) {
    product_t d = {0};
    const int64_t m = prop_range(p, 0, 9), k = prop_range(p, prop_pick(p, 9) ? 1 : 0, 20),
                  n = prop_range(p, 1, 40);
    const bool vector_a = prop_pick(p, 6) == 0, vector_b = prop_pick(p, 6) == 0;
    d.stack_rank = vector_a && vector_b ? 0 : prop_pick(p, 3);
    const uint32_t skip_a = prop_pick(p, 2) ? prop_pick(p, d.stack_rank + 1) : 0,
                   skip_b = skip_a ? 0 : prop_pick(p, d.stack_rank + 1);
    for (uint32_t s = 0; s < d.stack_rank; s++) {
        d.stack[s] = prop_range(p, 1, 3);
        const bool one_a = prop_pick(p, 4) == 0, one_b = !one_a && prop_pick(p, 4) == 0;
        if (s >= skip_a && !vector_a) d.a[d.a_rank++] = one_a ? 1 : d.stack[s];
        if (s >= skip_b && !vector_b) d.b[d.b_rank++] = one_b ? 1 : d.stack[s];
    }
    /* what neither has or both have as 1 is not in the result */
    uint32_t rank = d.a_rank > d.b_rank ? d.a_rank : d.b_rank;
    int64_t stack[4];
    for (uint32_t s = 0; s < rank; s++) {
        const int64_t da = s < rank - d.a_rank ? 1 : d.a[s - (rank - d.a_rank)],
                      db = s < rank - d.b_rank ? 1 : d.b[s - (rank - d.b_rank)];
        stack[s] = da > db ? da : db;
    }
    memcpy(d.stack, stack, sizeof stack);
    d.stack_rank = rank;
    if (!vector_a) d.a[d.a_rank++] = m;
    d.a[d.a_rank++] = k;
    d.b[d.b_rank++] = k;
    if (!vector_b) d.b[d.b_rank++] = n;
    memcpy(d.y, d.stack, rank * sizeof *d.y);
    d.y_rank = rank;
    if (!vector_a) d.y[d.y_rank++] = m;
    if (!vector_b) d.y[d.y_rank++] = n;
    return d;
}

void prop_matmul(prop_t *p) {
    const product_t d = draw_product(p);
    const anp_dtype_t dtype = prop_type(p, "T");
    const pt_t a = *prop_input(p, dtype, d.a_rank, d.a), b = *prop_input(p, dtype, d.b_rank, d.b);
    const int64_t n = b.rank > 1 ? b.dims[b.rank - 1] : 1;
    const bool bias = strcmp(p->op->domain, "anput") == 0 && b.rank > 1 && prop_pick(p, 2);
    if (bias) prop_input(p, dtype, 1, &n);
    prop_act(p, "alpha", "beta");
    pt_t *y = prop_output(p, dtype, d.y_rank, d.y);
    if (!p->skip) multiply(&a, &b, 0, 0, y, d.stack_rank, d.stack);
    for (int64_t i = 0; bias && i < y->n; i++) {
        y->v[i] += p->in[2].v[i % n];
        y->terms[i] += fabs(p->in[2].v[i % n]);
    }
    prop_act_apply(p, y);
    p->k = 8;
}

void prop_matmul_integer(prop_t *p) {
    const product_t d = draw_product(p);
    const anp_dtype_t ta = prop_type(p, "T1"), tb = prop_type(p, "T2");
    const pt_t a = *prop_input(p, ta, d.a_rank, d.a), b = *prop_input(p, tb, d.b_rank, d.b);
    double za = 0, zb = 0;
    if (prop_pick(p, 3)) za = prop_input(p, ta, 0, NULL)->v[0];
    if (p->n_in == 3 && prop_pick(p, 2)) zb = prop_input(p, tb, 0, NULL)->v[0];
    pt_t *y = prop_output(p, ANP_DTYPE_I32, d.y_rank, d.y);
    if (!p->skip) multiply(&a, &b, za, zb, y, d.stack_rank, d.stack);
}

void prop_gemm(prop_t *p) {
    const int64_t m = prop_range(p, 0, 9), k = prop_range(p, 0, 20), n = prop_range(p, 1, 40);
    const bool ta = prop_pick(p, 2), tb = prop_pick(p, 2);
    const anp_dtype_t dtype = prop_type(p, "T");
    const bool is_float = prop_is_float(dtype);
    const pt_t a = *prop_input(p, dtype, 2, ta ? (int64_t[]){k, m} : (int64_t[]){m, k});
    const pt_t b = *prop_input(p, dtype, 2, tb ? (int64_t[]){n, k} : (int64_t[]){k, n});
    const int64_t c_shapes[4][2] = {{m, n}, {1, n}, {m, 1}, {n, 0}};
    const uint32_t which = prop_pick(p, 5);
    if (which < 4) prop_input(p, dtype, which < 3 ? 2 : 1, c_shapes[which]);
    float alpha = 1, beta = 1;
    if (prop_pick(p, 2)) prop_float(p, "alpha", alpha = is_float ? (float)prop_real(p, -2, 2) : 3);
    if (prop_pick(p, 2)) prop_float(p, "beta", beta = is_float ? (float)prop_real(p, -2, 2) : 2);
    prop_int(p, "transA", ta);
    prop_int(p, "transB", tb);
    prop_act(p, "act_alpha", "act_beta");
    pt_t *y = prop_output(p, dtype, 2, (const int64_t[]){m, n});
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        const int64_t row = i / n, column = i % n, at[2] = {row, column};
        double sum = 0, terms = 0;
        for (int64_t j = 0; j < k; j++) {
            const double v =
                a.v[ta ? j * m + row : row * k + j] * b.v[tb ? column * k + j : j * n + column];
            sum += v;
            terms += fabs(v);
        }
        const double c = which < 4 ? pt_broadcast(&p->in[2], 2, at) : 0;
        y->v[i] = (double)alpha * sum + (double)beta * c;
        y->terms[i] = is_float ? fabs((double)alpha) * terms + fabs((double)beta * c) : 0;
        if (!is_float) y->v[i] = pt_round(dtype, y->v[i]);
    }
    prop_act_apply(p, y);
    p->k = 8;
}

/* A few equations that are not products of matrices. */
void prop_einsum(prop_t *p) {
    const int64_t i = prop_range(p, 1, 5), j = prop_range(p, 1, 5), k = prop_range(p, 1, 5);
    const anp_dtype_t dtype = prop_type(p, "T");
    const bool is_float = prop_is_float(dtype);
    const uint32_t which = prop_pick(p, 4);
    static const char *const equations[] = {"ijk,jk->ik", "ii->i", "ij->", "bij,bkj->bik"};
    prop_string(p, "equation", equations[which]);
    const int64_t a_dims[4][3] = {{i, j, k}, {i, i, 0}, {i, j, 0}, {2, i, j}};
    const pt_t a = *prop_input(p, dtype, which == 0 || which == 3 ? 3 : 2, a_dims[which]);
    pt_t b = {0};
    if (which == 0) b = *prop_input(p, dtype, 2, (const int64_t[]){j, k});
    if (which == 3) b = *prop_input(p, dtype, 3, (const int64_t[]){2, k, j});
    const int64_t y_dims[4][3] = {{i, k, 0}, {i, 0, 0}, {0, 0, 0}, {2, i, k}};
    const uint32_t y_rank[4] = {2, 1, 0, 3};
    pt_t *y = prop_output(p, dtype, y_rank[which], y_dims[which]);
    for (int64_t o = 0; o < y->n; o++) {
        const int64_t inner = which == 1 ? 1 : which == 2 ? i * j : j;
        for (int64_t s = 0; s < inner; s++) {
            const double v = which == 0   ? a.v[(o / k * j + s) * k + o % k] * b.v[s * k + o % k]
                             : which == 1 ? a.v[o * i + o]
                             : which == 2
                                 ? a.v[s]
                                 : a.v[o / k * j + s] * b.v[(o / (i * k) * k + o % k) * j + s];
            y->v[o] += v;
            y->terms[o] += is_float ? fabs(v) : 0;
        }
        if (!is_float) y->v[o] = pt_round(dtype, y->v[o]);
    }
}
