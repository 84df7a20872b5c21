/* SPDX-License-Identifier: Apache-2.0 */
/* PNG through libpng. */
#include "kernel/image/image.h"

#include <png.h>
#include <string.h>

typedef struct reader_t {
    const uint8_t *data;
    uint64_t n, at;
    char message[128];
} reader_t;

static void on_error(png_structp png, png_const_charp message) {
    reader_t *r = png_get_error_ptr(png);
    const size_t len = strnlen(message, sizeof r->message - 1);
    memcpy(r->message, message, len);
    r->message[len] = '\0';
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png, (void)message;
}

static void on_read(png_structp png, png_bytep out, size_t len) {
    reader_t *r = png_get_io_ptr(png);
    if (len > r->n - r->at) png_error(png, "the data ends too early");
    memcpy(out, r->data + r->at, len);
    r->at += len;
}

static bool matches(const uint8_t *data, uint64_t n) {
    return n >= 8 && png_sig_cmp(data, 0, 8) == 0;
}

/* Whatever the file holds becomes rows of 8-bit RGB. */
static void ask_for_rgb(png_structp png) {
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
}

static anp_status_t decode_rows(png_structp png, png_infop info, const anp_image_sink_t *sink) {
    uint8_t *rgb;
    png_read_info(png, info);
    const uint32_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    ask_for_rgb(png);
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    ANP_TRY(anp_image_alloc(sink, width, height, &rgb));
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < height; y++) png_read_row(png, rgb + (size_t)y * width * 3, NULL);
    png_read_end(png, NULL);
    return ANP_OK;
}

static anp_status_t decode(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink) {
    reader_t reader = {.data = data, .n = n};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    anp_status_t st;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        ANP_FAIL(ANP_OUT_OF_MEMORY, "libpng got no memory");
    }
    if (setjmp(png_jmpbuf(png))) {
        st = ANP_ERROR(ANP_CORRUPT, "%s", reader.message);
    } else {
        png_set_user_limits(png, ANP_IMAGE_PIXELS_MAX, ANP_IMAGE_PIXELS_MAX);
        png_set_read_fn(png, &reader, on_read);
        st = decode_rows(png, info, sink);
    }
    png_destroy_read_struct(&png, &info, NULL);
    return st;
}

const anp_image_codec_t anp_image_png = {"PNG", matches, decode};
