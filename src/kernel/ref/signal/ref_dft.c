/* SPDX-License-Identifier: Apache-2.0 */
/* DFT and STFT: lines of complex numbers to and from tensors, the transform in between. */
#include "kernel/ref/ref_line.h"
#include "kernel/ref/signal/ref_fft.h"

#include <string.h>

/* One line: its elements are `stride` apart, and so are those of the result. */
typedef struct line_t {
    int64_t in_first, in_stride, in_n; /* what is there of the signal; zeros behind it */
    int64_t out_first, out_stride, out_n;
} line_t;

typedef struct dft_t {
    const anp_tensor_t *in, *out;
    const double *window; /* [n]; NULL: all ones */
    anp_fft_t fft;
    bool inverse, to_real, complex_in;
    int64_t inner;              /* elements of the axes between the transformed one and the last */
    int64_t frames, frame_step; /* STFT */
} dft_t;

/* The other half of the spectrum of a real signal; what cannot be there is not looked at. */
static void mirror(int64_t n, double *re, double *im) {
    im[0] = 0;
    if (n % 2 == 0) im[n / 2] = 0;
    for (int64_t k = n / 2 + 1; k < n; k++) {
        re[k] = re[n - k];
        im[k] = -im[n - k];
    }
}

static void load(const dft_t *d, const line_t *l, double *re, double *im) {
    const int64_t n = d->fft.n;
    memset(re, 0, (size_t)n * sizeof *re);
    memset(im, 0, (size_t)n * sizeof *im);
    anp_line_load(d->in, l->in_first, l->in_stride, l->in_n, re);
    if (d->complex_in) anp_line_load(d->in, l->in_first + 1, l->in_stride, l->in_n, im);
    for (int64_t i = 0; d->window && i < n; i++) {
        re[i] *= d->window[i];
        im[i] *= d->window[i];
    }
    if (d->to_real) mirror(n, re, im);
}

static void transform(const dft_t *d, const line_t *l, double *scratch) {
    const int64_t n = d->fft.n;
    double *const re = scratch, *const im = re + n, *const work = im + n;
    load(d, l, re, im);
    if (d->inverse) {
        anp_fft_run(&d->fft, im, re, work);
        for (int64_t i = 0; i < 2 * n; i++) scratch[i] /= (double)n;
    } else {
        anp_fft_run(&d->fft, re, im, work);
    }
    anp_line_store(d->out, l->out_first, l->out_stride, l->out_n, re);
    if (!d->to_real) anp_line_store(d->out, l->out_first + 1, l->out_stride, l->out_n, im);
}

static anp_status_t run_lines(anp_kernel_t *k, const dft_t *d, int64_t lines, anp_item_fn_t fn) {
    return anp_items_run(k, lines, 2 * d->fft.n + anp_fft_work_elems(&d->fft), fn, d);
}

/* ---- DFT ---- */

typedef struct dft_axis_t {
    dft_t d;
    int64_t in_n, out_n;
} dft_axis_t;

static void dft_line(const void *arg, int64_t item, double *scratch) {
    const dft_axis_t *a = arg;
    const dft_t *d = &a->d;
    const int64_t outer = item / d->inner, i = item % d->inner;
    const int64_t in_parts = d->complex_in ? 2 : 1, out_parts = d->to_real ? 1 : 2;
    const int64_t used = d->to_real ? d->fft.n / 2 + 1 : d->fft.n;
    const line_t l = {.in_first = (outer * a->in_n * d->inner + i) * in_parts,
                      .in_stride = d->inner * in_parts,
                      .in_n = ANP_MIN(a->in_n, used),
                      .out_first = (outer * a->out_n * d->inner + i) * out_parts,
                      .out_stride = d->inner * out_parts,
                      .out_n = a->out_n};
    transform(d, &l, scratch);
}

anp_status_t anp_ref_dft(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0];
    const bool onesided = anp_attr_i64(k->attrs, "onesided", 0) != 0;
    dft_axis_t a = {.d = {.in = in, .out = k->out[0]}};
    int64_t value = -2, n = 0;
    uint32_t axis = 0;
    if (anp_kernel_has(k, 2)) ANP_TRY(anp_kernel_scalar_i64(k, 2, &value));
    ANP_TRY(anp_kernel_axis(k, value, &axis));
    a.d.inverse = anp_attr_i64(k->attrs, "inverse", 0) != 0;
    a.d.to_real = onesided && a.d.inverse;
    a.d.complex_in = in->dims[in->rank - 1] == 2;
    a.d.inner = anp_dims_product(in->dims, axis + 1, in->rank - 1);
    a.in_n = in->dims[axis];
    a.out_n = a.d.out->dims[axis];
    n = onesided && !a.d.inverse ? a.in_n : a.out_n;
    if (anp_kernel_has(k, 1)) ANP_TRY(anp_kernel_scalar_i64(k, 1, &n));
    if (anp_tensor_elems(a.d.out) == 0) return ANP_OK;
    ANP_TRY(anp_fft_plan(k, n, &a.d.fft));
    return run_lines(k, &a.d, anp_dims_product(in->dims, 0, axis) * a.d.inner, dft_line);
}

/* ---- STFT ---- */

static void stft_frame(const void *arg, int64_t item, double *scratch) {
    const dft_t *d = arg;
    const int64_t parts = d->complex_in ? 2 : 1, bins = d->out->dims[2];
    const int64_t at = item / d->frames * d->in->dims[1] + item % d->frames * d->frame_step;
    const line_t l = {.in_first = at * parts,
                      .in_stride = parts,
                      .in_n = d->fft.n,
                      .out_first = item * bins * 2,
                      .out_stride = 2,
                      .out_n = bins};
    transform(d, &l, scratch);
}

anp_status_t anp_ref_stft(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0], *window = anp_kernel_in(k, 2);
    dft_t d = {.in = in, .out = k->out[0], .complex_in = in->dims[2] == 2};
    int64_t n = window ? window->dims[0] : in->dims[1];
    double *weights = NULL;
    ANP_TRY(anp_kernel_scalar_i64(k, 1, &d.frame_step));
    if (anp_kernel_has(k, 3)) ANP_TRY(anp_kernel_scalar_i64(k, 3, &n));
    d.frames = d.out->dims[1];
    if (anp_tensor_elems(d.out) == 0) return ANP_OK;
    if (window) {
        ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)n, sizeof *weights, (void **)&weights));
        anp_line_load(window, 0, 1, n, weights);
        d.window = weights;
    }
    ANP_TRY(anp_fft_plan(k, n, &d.fft));
    return run_lines(k, &d, in->dims[0] * d.frames, stft_frame);
}
