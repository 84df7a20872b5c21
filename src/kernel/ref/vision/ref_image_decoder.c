/* SPDX-License-Identifier: Apache-2.0 */
/* ImageDecoder: bytes of an image file to [height, width, channels]. What cannot be decoded is an
 * empty image, and the log says why; what this machine or this build cannot do is an error. */
#include "kernel/image/image.h"
#include "kernel/ref/ref_util.h"

typedef enum format_t { RGB, BGR, GRAYSCALE } format_t;

typedef struct decoder_t {
    anp_kernel_t *k;
    format_t format;
    uint8_t *rgb;
    int64_t pixels;
} decoder_t;

/* The output, where the codec may write the pixels at once; grey needs their colours first. */
static anp_status_t alloc(void *user, uint32_t width, uint32_t height, uint8_t **out_rgb) {
    decoder_t *d = user;
    const int64_t dims[] = {height, width, d->format == GRAYSCALE ? 1 : 3};
    ANP_TRY(anp_kernel_output(d->k, 0, ANP_DTYPE_U8, 3, dims));
    d->pixels = dims[0] * dims[1];
    d->rgb = d->k->out[0]->data;
    if (d->format == GRAYSCALE)
        ANP_TRY(anp_kernel_scratch(d->k, (uint64_t)d->pixels * 3, (void **)&d->rgb));
    *out_rgb = d->rgb;
    return ANP_OK;
}

static anp_status_t give_empty(anp_kernel_t *k, format_t format) {
    anp_log_write(&k->env->log, ANP_LOG_WARN, "node '%s' (%s) gives an empty image: %s",
                  k->node_name, k->op->name, anp_error_message());
    return anp_kernel_output(k, 0, ANP_DTYPE_U8, 3,
                             (const int64_t[]){0, 0, format == GRAYSCALE ? 1 : 3});
}

static void swap_red_and_blue(uint8_t *rgb, int64_t pixels) {
    for (int64_t i = 0; i < pixels; i++) {
        const uint8_t red = rgb[3 * i];
        rgb[3 * i] = rgb[3 * i + 2];
        rgb[3 * i + 2] = red;
    }
}

/* Luma of ITU-R BT.601 in 16-bit fixed point, rounded. */
static void to_grey(const uint8_t *rgb, int64_t pixels, uint8_t *out) {
    for (int64_t i = 0; i < pixels; i++)
        out[i] = (uint8_t)((rgb[3 * i] * 19595u + rgb[3 * i + 1] * 38470u + rgb[3 * i + 2] * 7471u +
                            0x8000u) >>
                           16);
}

anp_status_t anp_ref_image_decoder(anp_kernel_t *k) {
    static const char *const formats[] = {"RGB", "BGR", "Grayscale"};
    uint32_t format;
    decoder_t d = {.k = k};
    const anp_image_sink_t sink = {alloc, &d};
    ANP_TRY(anp_kernel_choice(k, "pixel_format", formats, ANP_ARRAY_LEN(formats), &format));
    d.format = (format_t)format;
    const anp_status_t st =
        anp_image_decode(k->in[0]->data, (uint64_t)anp_tensor_elems(k->in[0]), &sink);
    if (anp_image_built && (st == ANP_CORRUPT || st == ANP_UNSUPPORTED))
        return give_empty(k, d.format);
    if (st != ANP_OK) return anp_error_prefix(st, "node '%s' (%s)", k->node_name, k->op->name);
    if (d.format == BGR) swap_red_and_blue(d.rgb, d.pixels);
    if (d.format == GRAYSCALE) to_grey(d.rgb, d.pixels, k->out[0]->data);
    return ANP_OK;
}
