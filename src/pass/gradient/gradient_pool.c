/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of pooling: a maximum hands dy to where it was, an average spreads it like a
 * convolution with ones. */
#include "pass/gradient/gradient_conv.h"
#include <string.h>

static anp_value_t *flat(anp_gr_t *c, anp_value_t *v) {
    const int64_t all = -1;
    return anp_gr_2(c, ANP_OP_Reshape, v, anp_gr_ints(c, &all, 1));
}

/* ---- MaxPool ---- */

/* The same pooling with its positions (in x as one row, the last axis fastest), in place of the
 * node, so that it is done once. */
static bool with_indices(anp_gr_t *c, anp_value_t *out[2]) {
    anp_value_t *x = anp_gr_x(c, 0), *y = anp_gr_y(c, 0);
    anp_attr_t attrs[16];
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n->n_attrs && n < ANP_ARRAY_LEN(attrs); i++)
        if (strcmp(c->n->attrs[i].name, "storage_order") != 0) attrs[n++] = c->n->attrs[i];
    const anp_node_desc_t d = {.op = c->n->op,
                               .name = c->n->name,
                               .attrs = attrs,
                               .n_attrs = n,
                               .inputs = &x,
                               .n_inputs = 1,
                               .n_outputs = 2};
    if (!anp_gr_nodes(c, c->n, &d, out)) return false;
    if (anp_value_can_replace(c->g, y, out[0]))
        anp_gr_fail(c, anp_value_replace_uses(c->g, y, out[0]));
    return c->status == ANP_OK;
}

void anp_grad_max_pool(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0), *dy = anp_gr_dy(c, 0), *out[2];
    if (!with_indices(c, out)) return;
    const anp_attr_t add = anp_attr_of_str("reduction", "add");
    anp_value_t *const in[] = {flat(c, anp_gr_fill(c, x, 0)), flat(c, out[1]), flat(c, dy)};
    anp_value_t *dx = anp_gr_node(c, ANP_OP_ScatterElements, &add, 1, in, 3);
    anp_gr_give(c, 0, c->status == ANP_OK ? anp_gr_reshape_like(c, dx, x) : NULL);
}

/* ---- AveragePool ---- */

static anp_value_t *ones(anp_gr_t *c, const anp_gr_dim_t *spatial, uint32_t n) {
    anp_gr_dim_t dims[ANP_RANK_MAX] = {ANP_GR_SIZE(1), ANP_GR_SIZE(1)};
    for (uint32_t i = 0; i < n; i++) dims[2 + i] = spatial[i];
    return anp_gr_2(c, ANP_OP_Expand, anp_gr_num(c, anp_gr_x(c, 0), 1),
                    anp_gr_dims(c, dims, n + 2));
}

/* One over the number each window divides by, [1, 1, windows]: the mean of an image of ones, which
 * is below 1 where pads are counted, over the pixels it met. */
static anp_value_t *shares(anp_gr_t *c, const anp_gr_conv_t *v, anp_value_t *kernel) {
    anp_conv_params_t p = v->p;
    anp_gr_dim_t image[ANP_RANK_MAX];
    for (uint32_t i = 0; i < p.n_axes; i++) {
        image[i] = ANP_GR_AXIS(v->x, 2 + i);
        if (p.w[i].ceil_mode)
            p.w[i].pad_end += p.w[i].stride - 1; /* one window more, or too many */
    }
    anp_value_t *x = ones(c, image, p.n_axes);
    anp_value_t *mean = anp_gr_node(c, ANP_OP_AveragePool, c->n->attrs, c->n->n_attrs, &x, 1);
    anp_value_t *met = anp_gr_crop(c, anp_gr_conv(c, &p, x, kernel), v->y);
    met = anp_gr_2(c, ANP_OP_Max, met, anp_gr_num(c, v->x, 1));
    return anp_gr_div(c, mean, met);
}

/* v [N, C, spatial] as N * C images of one channel. */
static anp_value_t *as_images(anp_gr_t *c, anp_value_t *v) {
    anp_gr_dim_t dims[ANP_RANK_MAX];
    const uint32_t rank = anp_gr_rank(c, v);
    if (c->status != ANP_OK) return NULL;
    const anp_dim_t n = v->shape.dims[0], channels = v->shape.dims[1];
    const bool known = ANP_DIM_IS_CONST(n) && ANP_DIM_IS_CONST(channels);
    dims[0] = ANP_GR_SIZE(known ? n * channels : -1);
    dims[1] = ANP_GR_SIZE(1);
    for (uint32_t i = 2; i < rank; i++) dims[i] = ANP_GR_AXIS(v, i);
    return anp_gr_reshape(c, v, anp_gr_dims(c, dims, rank));
}

void anp_grad_average_pool(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0), *dy = anp_gr_dy(c, 0);
    anp_gr_dim_t window[ANP_RANK_MAX];
    anp_gr_conv_t v;
    if (!anp_gr_conv_read(c, x, NULL, anp_gr_y(c, 0), &v)) return;
    for (uint32_t i = 0; i < v.p.n_axes; i++) window[i] = ANP_GR_SIZE(v.p.w[i].kernel);
    anp_value_t *kernel = ones(c, window, v.p.n_axes), *images = as_images(c, x);
    anp_value_t *parts = anp_gr_mul(c, as_images(c, dy), shares(c, &v, kernel));
    v.x = images;
    anp_value_t *dx = anp_gr_conv_spread(c, &v, parts, kernel);
    anp_gr_give(c, 0, c->status == ANP_OK ? anp_gr_reshape_like(c, dx, x) : NULL);
}

/* ---- whole planes ---- */

void anp_grad_global_average_pool(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0);
    anp_value_t *plane = anp_gr_div(c, anp_gr_count(c, x, x), anp_gr_count(c, anp_gr_y(c, 0), x));
    anp_value_t *part = anp_gr_div(c, anp_gr_dy(c, 0), plane);
    anp_gr_give(c, 0, anp_gr_expand_like(c, part, x));
}

void anp_grad_global_max_pool(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0);
    int64_t axes[ANP_RANK_MAX];
    const uint32_t rank = anp_gr_rank(c, x);
    for (uint32_t i = 2; i < rank; i++) axes[i - 2] = i;
    if (c->status != ANP_OK) return;
    anp_value_t *hits = anp_gr_2(c, ANP_OP_Equal, x, anp_gr_y(c, 0));
    hits = anp_gr_cast(c, hits, x->shape.dtype);
    anp_value_t *count = anp_gr_reduce(c, ANP_OP_ReduceSum, hits, axes, rank - 2, true);
    anp_gr_give(c, 0, anp_gr_mul(c, anp_gr_div(c, anp_gr_dy(c, 0), count), hits));
}
