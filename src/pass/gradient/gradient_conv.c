/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradients of Conv and ConvTranspose, which are convolutions again: dx spreads dy back
 * (ConvTranspose), and dw is x convolved with dy over the batch, strides and dilations exchanged.
 */
#include "pass/gradient/gradient_conv.h"

/* ---- what is known of the node ---- */

/* auto_pad SAME needs sizes: other pads are in the attributes. */
static bool check_windows(anp_gr_t *c, const anp_conv_params_t *p, const anp_value_t *x) {
    for (uint32_t i = 0; i < p->n_axes; i++) {
        if (p->w[i].kernel == 0)
            ANP_GR_FAIL(c, ANP_UNSUPPORTED, "its gradient needs the size of its kernel");
        else if (p->auto_same && !ANP_DIM_IS_CONST(x->shape.dims[2 + i]))
            ANP_GR_FAIL(c, ANP_UNSUPPORTED,
                        "its gradient needs axis %u of '%s' as a number (auto_pad)", 2 + i,
                        x->name);
    }
    return c->status == ANP_OK;
}

bool anp_gr_conv_read(anp_gr_t *c, anp_value_t *x, anp_value_t *w, anp_value_t *y,
                      anp_gr_conv_t *out) {
    *out = (anp_gr_conv_t){.x = x, .w = w, .y = y};
    const uint32_t rank = anp_gr_rank(c, x);
    if (w) anp_gr_rank(c, w);
    anp_gr_rank(c, y);
    if (c->status != ANP_OK) return false;
    anp_gr_fail(c, anp_conv_params(c->n->op, c->n->name, &c->attrs, rank - 2, x->shape.dims + 2,
                                   w ? w->shape.dims + 2 : NULL, &out->p));
    return c->status == ANP_OK && check_windows(c, &out->p, x);
}

static int64_t extent(const anp_window_t *w) {
    return w->dilation * (w->kernel - 1) + 1;
}

/* ---- steps ---- */

enum { CONV_ATTRS_MAX = 5 };

typedef struct lists_t { /* of attributes; they outlive the call that makes the node */
    int64_t strides[ANP_RANK_MAX], dilations[ANP_RANK_MAX], pads[2 * ANP_RANK_MAX],
        output_padding[ANP_RANK_MAX];
    anp_attr_t attrs[CONV_ATTRS_MAX];
} lists_t;

/* Attributes of a Conv with these windows; ConvTranspose has one more. */
static uint32_t fill_lists(const anp_conv_params_t *p, lists_t *l) {
    const uint32_t n = p->n_axes;
    for (uint32_t i = 0; i < n; i++) {
        l->strides[i] = p->w[i].stride;
        l->dilations[i] = p->w[i].dilation;
        l->pads[i] = p->w[i].pad_begin;
        l->pads[n + i] = p->w[i].pad_end;
    }
    l->attrs[0] = anp_attr_of_ints("strides", l->strides, n);
    l->attrs[1] = anp_attr_of_ints("dilations", l->dilations, n);
    l->attrs[2] = anp_attr_of_ints("pads", l->pads, 2 * n);
    l->attrs[3] = anp_attr_of_i64("group", p->group);
    l->attrs[4] = anp_attr_of_ints("output_padding", l->output_padding, n);
    return CONV_ATTRS_MAX - 1;
}

anp_value_t *anp_gr_conv(anp_gr_t *c, const anp_conv_params_t *p, anp_value_t *x, anp_value_t *w) {
    lists_t l;
    const uint32_t n = fill_lists(p, &l);
    return anp_gr_node(c, ANP_OP_Conv, l.attrs, n, (anp_value_t *[]){x, w}, 2);
}

anp_value_t *anp_gr_crop(anp_gr_t *c, anp_value_t *v, anp_value_t *like) {
    int64_t zeros[ANP_RANK_MAX] = {0}, axes[ANP_RANK_MAX];
    anp_gr_dim_t ends[ANP_RANK_MAX];
    const uint32_t rank = anp_gr_rank(c, v), n = rank - 2;
    bool same = true;
    if (c->status != ANP_OK) return NULL;
    for (uint32_t i = 0; i < n; i++) {
        axes[i] = 2 + i;
        ends[i] = ANP_GR_AXIS(like, 2 + i);
        same &= v->shape.dims[2 + i] == like->shape.dims[2 + i];
    }
    if (same) return v;
    anp_value_t *const in[] = {v, anp_gr_ints(c, zeros, n), anp_gr_dims(c, ends, n),
                               anp_gr_ints(c, axes, n)};
    return anp_gr_node(c, ANP_OP_Slice, NULL, 0, in, 4);
}

static bool spatial_fixed(const anp_value_t *v) {
    for (int32_t i = 2; i < v->shape.rank; i++)
        if (!ANP_DIM_IS_CONST(v->shape.dims[i])) return false;
    return true;
}

/* With sizes at hand ConvTranspose makes the right ones itself. */
static anp_value_t *spread_fixed(anp_gr_t *c, const anp_gr_conv_t *v, anp_value_t *dy,
                                 anp_value_t *w) {
    anp_conv_params_t p = v->p;
    lists_t l;
    for (uint32_t i = 0; i < p.n_axes; i++) {
        const int64_t reached = (v->y->shape.dims[2 + i] - 1) * p.w[i].stride + extent(&p.w[i]);
        const int64_t wanted = v->x->shape.dims[2 + i] + p.w[i].pad_begin;
        p.w[i].pad_end = ANP_MAX(reached - wanted, 0);
        l.output_padding[i] = ANP_MAX(wanted - reached, 0);
    }
    const uint32_t n = fill_lists(&p, &l) + 1;
    return anp_gr_node(c, ANP_OP_ConvTranspose, l.attrs, n, (anp_value_t *[]){dy, w}, 2);
}

/* Without, all it reaches is computed and cut afterwards. `image`: the result's shape. */
static anp_value_t *spread_free(anp_gr_t *c, const anp_gr_conv_t *v, anp_value_t *dy,
                                anp_value_t *w, anp_value_t *image) {
    anp_conv_params_t p = v->p;
    int64_t begin[ANP_RANK_MAX] = {0};
    lists_t l;
    for (uint32_t i = 0; i < p.n_axes; i++) {
        begin[2 + i] = p.w[i].pad_begin;
        p.w[i].pad_begin = p.w[i].pad_end = 0;
    }
    const uint32_t n = fill_lists(&p, &l);
    anp_value_t *all =
        anp_gr_node(c, ANP_OP_ConvTranspose, l.attrs, n, (anp_value_t *[]){dy, w}, 2);
    return anp_gr_fit(c, all, begin, image);
}

anp_value_t *anp_gr_conv_spread(anp_gr_t *c, const anp_gr_conv_t *v, anp_value_t *dy,
                                anp_value_t *w) {
    if (c->status != ANP_OK) return NULL;
    if (spatial_fixed(v->x) && spatial_fixed(v->y)) return spread_fixed(c, v, dy, w);
    return spread_free(c, v, dy, w, v->x);
}

/* ---- the gradient of weights ---- */

/* v [N, groups * C, spatial] with batch and channels exchanged, group by group:
 * [C, groups * N, spatial], or with `groups_first` [groups * C, N, spatial]. */
static anp_value_t *swapped(anp_gr_t *c, anp_value_t *v, int64_t groups, bool groups_first) {
    const uint32_t rank = anp_gr_rank(c, v);
    int64_t perm[ANP_RANK_MAX + 1];
    anp_gr_dim_t split[ANP_RANK_MAX + 1], joined[ANP_RANK_MAX];
    if (c->status != ANP_OK) return NULL;
    for (uint32_t i = 0; i <= rank; i++) perm[i] = i;
    perm[0] = 1;
    perm[1] = 0;
    if (groups == 1) return anp_gr_transpose(c, v, perm, rank);
    const anp_dim_t batch = v->shape.dims[0], channels = v->shape.dims[1];
    if (rank == ANP_RANK_MAX || !ANP_DIM_IS_CONST(channels)) {
        ANP_GR_FAIL(c, ANP_UNSUPPORTED, "its gradient needs the channels of '%s' as a number",
                    v->name);
        return NULL;
    }
    split[0] = ANP_GR_AXIS(v, 0);
    split[1] = ANP_GR_SIZE(groups);
    split[2] = ANP_GR_SIZE(channels / groups);
    joined[0] = ANP_GR_SIZE(groups_first ? channels : channels / groups);
    joined[1] = groups_first              ? ANP_GR_AXIS(v, 0)
                : ANP_DIM_IS_CONST(batch) ? ANP_GR_SIZE(batch * groups)
                                          : ANP_GR_SIZE(-1);
    for (uint32_t i = 2; i < rank; i++) joined[i] = split[i + 1] = ANP_GR_AXIS(v, i);
    perm[0] = groups_first ? 1 : 2;
    perm[1] = groups_first ? 2 : 1;
    perm[2] = 0;
    anp_value_t *t = anp_gr_reshape(c, v, anp_gr_dims(c, split, rank + 1));
    t = anp_gr_transpose(c, t, perm, rank + 1);
    return anp_gr_reshape(c, t, anp_gr_dims(c, joined, rank));
}

/* Sum over images and pixels of x at a tap times dy: [M, C, kernel] like w. */
static anp_value_t *weight_gradient(anp_gr_t *c, const anp_gr_conv_t *v, anp_value_t *x,
                                    anp_value_t *dy) {
    anp_conv_params_t p = v->p;
    for (uint32_t i = 0; i < p.n_axes; i++) {
        p.w[i].stride = v->p.w[i].dilation;
        p.w[i].dilation = v->p.w[i].stride;
    }
    anp_value_t *taps =
        anp_gr_conv(c, &p, swapped(c, x, p.group, false), swapped(c, dy, p.group, true));
    if (c->status != ANP_OK) return NULL;
    taps = swapped(c, anp_gr_crop(c, taps, v->w), 1, false);
    return anp_gr_reshape_like(c, taps, v->w); /* also where only the weights' sizes are known */
}

static anp_value_t *bias_gradient(anp_gr_t *c, anp_value_t *dy) {
    int64_t axes[ANP_RANK_MAX] = {0};
    const uint32_t rank = anp_gr_rank(c, dy);
    for (uint32_t i = 2; i < rank; i++) axes[i - 1] = i;
    return anp_gr_reduce(c, ANP_OP_ReduceSum, dy, axes, rank - 1, false);
}

/* ---- the rows ---- */

void anp_grad_conv(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0), *w = anp_gr_x(c, 1), *dy = anp_gr_dy(c, 0);
    anp_gr_conv_t v;
    if (!anp_gr_conv_read(c, x, w, anp_gr_y(c, 0), &v)) return;
    if (anp_gr_wants(c, 0)) anp_gr_give(c, 0, anp_gr_conv_spread(c, &v, dy, w));
    if (anp_gr_wants(c, 1)) anp_gr_give(c, 1, weight_gradient(c, &v, x, dy));
    if (anp_gr_wants(c, 2)) anp_gr_give(c, 2, bias_gradient(c, dy));
}

/* The convolution it undoes: from y to x. */
static bool read_transposed(anp_gr_t *c, anp_gr_conv_t *v) {
    anp_value_t *x = anp_gr_x(c, 0), *w = anp_gr_x(c, 1), *y = anp_gr_y(c, 0);
    uint64_t has_shape;
    anp_attr_ints(&c->attrs, "output_shape", &has_shape);
    *v = (anp_gr_conv_t){.x = y, .w = w, .y = x};
    const uint32_t rank = anp_gr_rank(c, x);
    anp_gr_rank(c, w);
    if (c->status != ANP_OK) return false;
    anp_gr_fail(c, anp_conv_transpose_params(c->n->op, c->n->name, &c->attrs, rank - 2,
                                             x->shape.dims + 2, w->shape.dims + 2, c->g->dims,
                                             &v->p, NULL));
    if (c->status != ANP_OK) return false;
    v->p.auto_same = has_shape > 0; /* only output_shape makes pads of sizes */
    return check_windows(c, &v->p, x);
}

void anp_grad_conv_transpose(anp_gr_t *c) {
    anp_value_t *x = anp_gr_x(c, 0), *w = anp_gr_x(c, 1), *dy = anp_gr_dy(c, 0);
    anp_gr_conv_t v;
    if (!read_transposed(c, &v)) return;
    if (anp_gr_wants(c, 0)) {
        anp_value_t *dx = anp_gr_crop(c, anp_gr_conv(c, &v.p, dy, w), x);
        anp_gr_give(c, 0, c->status == ANP_OK ? anp_gr_reshape_like(c, dx, x) : NULL);
    }
    if (anp_gr_wants(c, 1)) anp_gr_give(c, 1, weight_gradient(c, &v, dy, x));
    if (anp_gr_wants(c, 2)) anp_gr_give(c, 2, bias_gradient(c, dy));
}
