/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of signal processing: BlackmanWindow, HammingWindow, HannWindow, MelWeightMatrix. */
#include "kernel/ref/ref_util.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Integer types keep the whole part, as a Cast of the table would. */
static void store(const anp_tensor_t *out, int64_t i, double v) {
    const anp_dtype_row_t *row = anp_dtype_row(out->dtype);
    row->set_f64(out->data, (uint64_t)i, anp_dtype_is_int(row->dtype) ? trunc(v) : v);
}

/* ---- windows ---- */

/* One cosine after the other: a0 - a1 cos(x) + a2 cos(2 x). */
static const struct {
    uint32_t op; /* anp_op_id_t */
    double a0, a1, a2;
} windows[] = {
    {ANP_OP_BlackmanWindow, 0.42, 0.5, 0.08},
    {ANP_OP_HammingWindow, 25.0 / 46, 21.0 / 46, 0},
    {ANP_OP_HannWindow, 0.5, 0.5, 0},
};

anp_status_t anp_ref_window(anp_kernel_t *k) {
    const double two_pi = 6.28318530717958647692;
    const int64_t size = k->out[0]->dims[0];
    const int64_t turn = anp_attr_i64(k->attrs, "periodic", 1) ? size : size - 1;
    uint32_t w = 0;
    while (windows[w].op != k->op->index) w++;
    for (int64_t i = 0; i < size; i++) {
        const double x = two_pi * (double)i / (double)turn;
        store(k->out[0], i,
              turn == 0 ? 1 : windows[w].a0 - windows[w].a1 * cos(x) + windows[w].a2 * cos(2 * x));
    }
    return ANP_OK;
}

/* ---- MelWeightMatrix ---- */

typedef struct mel_t {
    const anp_tensor_t *out; /* [spectrum, bands] */
    int64_t bands, spectrum;
    int64_t
        *bins; /* [bands + 2]: where a band begins; its peak is the next one, its end the next */
} mel_t;

static double mel_of(double hertz) {
    return 2595 * log10(1 + hertz / 700);
}

/* Edges at equal distances on the mel scale. */
static anp_status_t find_bins(anp_kernel_t *k, mel_t *m, double low, double high) {
    int64_t dft_length = 0, rate = 0;
    ANP_TRY(anp_kernel_scalar_i64(k, 1, &dft_length));
    ANP_TRY(anp_kernel_scalar_i64(k, 2, &rate));
    if (rate < 1)
        ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "sample_rate is %" PRId64 ", expected at least 1",
                        rate);
    const double step = (mel_of(high) - mel_of(low)) / (double)(m->bands + 2);
    for (int64_t i = 0; i < m->bands + 2; i++) {
        const double hertz = 700 * (pow(10, (mel_of(low) + (double)i * step) / 2595) - 1);
        const double bin = floor(((double)dft_length + 1) * hertz / (double)rate);
        /* the last edge is behind its band */
        if (!(bin < (double)(i > m->bands ? m->spectrum + 1 : m->spectrum)))
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                            "upper_edge_hertz is %g, which the spectrum of %" PRId64
                            " bins at %" PRId64 " samples per second does not reach",
                            high, m->spectrum, rate);
        m->bins[i] = (int64_t)bin;
    }
    return ANP_OK;
}

/* A triangle from 0 to 1 at the peak and back. */
static void fill_band(const mel_t *m, int64_t band) {
    const int64_t begin = m->bins[band], peak = m->bins[band + 1], end = m->bins[band + 2];
    for (int64_t j = begin; j < peak; j++)
        store(m->out, j * m->bands + band, (double)(j - begin) / (double)(peak - begin));
    store(m->out, peak * m->bands + band, 1);
    for (int64_t j = peak + 1; j < end; j++)
        store(m->out, j * m->bands + band, (double)(end - j) / (double)(end - peak));
}

anp_status_t anp_ref_mel_weight_matrix(anp_kernel_t *k) {
    const anp_tensor_t *out = k->out[0];
    mel_t m = {.out = out, .bands = out->dims[1], .spectrum = out->dims[0]};
    double low = 0, high = 0;
    uint64_t bytes = 0;
    ANP_TRY(anp_kernel_scalar_f64(k, 3, &low));
    ANP_TRY(anp_kernel_scalar_f64(k, 4, &high));
    if (!(low >= 0 && low <= high) || isinf(high))
        ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                        "edges are %g and %g hertz, expected 0 or more in ascending order", low,
                        high);
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)m.bands + 2, sizeof *m.bins, (void **)&m.bins));
    ANP_TRY(find_bins(k, &m, low, high));
    ANP_TRY(anp_tensor_bytes(out, &bytes));
    memset(out->data, 0, bytes);
    for (int64_t band = 0; band < m.bands; band++) fill_band(&m, band);
    return ANP_OK;
}
