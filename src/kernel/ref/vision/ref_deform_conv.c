/* SPDX-License-Identifier: Apache-2.0 */
/* DeformConv: a convolution whose every tap reads its input a little beside its place, as one
 * matrix product per image and group. */
#include "kernel/ref/ref_product.h"
#include "kernel/ref/vision/ref_taps.h"

enum { AXES_MAX = 8, TAPS_MAX = 1 << AXES_MAX };

typedef struct deform_t {
    const anp_tensor_t *x, *w, *offset, *bias, *mask, *y;
    anp_conv_params_t p;
    int64_t in_group, out_group;       /* channels of one group */
    int64_t offset_groups, per_offset; /* and those that share offsets */
    int64_t in_plane, out_plane, taps;
    const int64_t *in_dims, *out_dims; /* spatial */
} deform_t;

/* Tap `tap` of offset group `set` (over all images) at output position o, from the plane of x that
 * begins at `plane`. */
static double sample(const deform_t *d, int64_t set, int64_t tap, int64_t o, int64_t plane) {
    int64_t index[TAPS_MAX];
    double weight[TAPS_MAX];
    anp_axis_taps_t axes[AXES_MAX];
    anp_taps_t taps = {.index = index, .weight = weight};
    const int64_t n = d->p.n_axes, at = set * d->taps + tap;
    int64_t rest = o, rest_tap = tap;
    for (uint32_t a = d->p.n_axes; a-- > 0;) {
        const anp_window_t *w = &d->p.w[a];
        const int64_t place =
            rest % d->out_dims[a] * w->stride - w->pad_begin + rest_tap % w->kernel * w->dilation;
        const double shift = anp_elem_f64(d->offset, (at * n + a) * d->out_plane + o);
        anp_axis_taps_linear((double)place + shift, d->in_dims[a], &axes[a]);
        rest /= d->out_dims[a];
        rest_tap /= w->kernel;
    }
    anp_taps_multiply(axes, d->p.n_axes, d->in_dims, &taps);
    const double v = anp_taps_sum(&taps, d->x, plane, 1);
    return d->mask ? v * anp_elem_f64(d->mask, at * d->out_plane + o) : v;
}

static void load_samples(const void *arg, int64_t batch, int64_t k0, int64_t k_count, int64_t n0,
                         int64_t n_count, double *out) {
    const deform_t *d = arg;
    for (int64_t i = 0; i < k_count; i++) {
        const int64_t channel = batch * d->in_group + (k0 + i) / d->taps; /* over all images */
        for (int64_t j = 0; j < n_count; j++)
            out[i * ANP_PANEL_N + j] = sample(d, channel / d->per_offset, (k0 + i) % d->taps,
                                              n0 + j, channel * d->in_plane);
    }
}

static void load_weights(const void *arg, int64_t batch, int64_t row, int64_t k0, int64_t count,
                         double *out) {
    const deform_t *d = arg;
    const int64_t channel = batch % d->p.group * d->out_group + row;
    anp_line_load(d->w, channel * d->in_group * d->taps + k0, 1, count, out);
}

static void store_row(const void *arg, int64_t batch, int64_t row, int64_t n0, int64_t count,
                      double *acc) {
    const deform_t *d = arg;
    const double bias =
        d->bias ? anp_elem_f64(d->bias, batch % d->p.group * d->out_group + row) : 0;
    for (int64_t i = 0; i < count; i++) acc[i] += bias;
    anp_line_store(d->y, (batch * d->out_group + row) * d->out_plane + n0, 1, count, acc);
}

anp_status_t anp_ref_deform_conv(anp_kernel_t *k) {
    deform_t d = {.x = k->in[0],
                  .w = k->in[1],
                  .offset = k->in[2],
                  .bias = anp_kernel_in(k, 3),
                  .mask = anp_kernel_in(k, 4),
                  .y = k->out[0]};
    const uint32_t axes = d.x->rank - 2u;
    if (axes > AXES_MAX)
        ANP_KERNEL_FAIL(k, ANP_LIMIT, "%u spatial axes, at most %d are taken", axes, AXES_MAX);
    ANP_TRY(
        anp_conv_params(k->op, k->node_name, k->attrs, axes, d.x->dims + 2, d.w->dims + 2, &d.p));
    d.in_dims = d.x->dims + 2;
    d.out_dims = d.y->dims + 2;
    d.in_group = d.x->dims[1] / d.p.group;
    d.out_group = d.y->dims[1] / d.p.group;
    d.offset_groups = anp_attr_i64(k->attrs, "offset_group", 1);
    d.per_offset = d.x->dims[1] / d.offset_groups;
    d.in_plane = anp_dims_product(d.x->dims, 2, d.x->rank);
    d.out_plane = anp_dims_product(d.y->dims, 2, d.y->rank);
    d.taps = anp_dims_product(d.w->dims, 2, d.w->rank);
    const anp_product_t product = {.batches = d.x->dims[0] * d.p.group,
                                   .m = d.out_group,
                                   .n = d.out_plane,
                                   .k = d.in_group * d.taps,
                                   .arg = &d,
                                   .load_a = load_weights,
                                   .load_b = load_samples,
                                   .store = store_row};
    return anp_product_run(k, &product);
}
