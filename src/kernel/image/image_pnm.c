/* SPDX-License-Identifier: Apache-2.0 */
/* Portable images: P1 to P6, plain and raw, up to 16 bits per sample. */
#include "kernel/image/image.h"

#include <inttypes.h>

typedef struct pnm_t {
    const uint8_t *data;
    uint64_t n, at;
    bool raw, bitmap;
    uint32_t channels; /* 1 or 3 */
    uint32_t max;
} pnm_t;

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool matches(const uint8_t *data, uint64_t n) {
    return n >= 3 && data[0] == 'P' && data[1] >= '1' && data[1] <= '6' &&
           (is_space(data[2]) || data[2] == '#');
}

/* Blanks and comments, then a decimal number; one digit only in the body of a plain bitmap. */
static anp_status_t read_number(pnm_t *p, bool one_digit, uint32_t *out) {
    bool comment = false;
    for (; p->at < p->n && (comment || is_space(p->data[p->at]) || p->data[p->at] == '#'); p->at++)
        comment = p->data[p->at] == '#' || (comment && p->data[p->at] != '\n');
    uint32_t v = 0, digits = 0;
    for (; p->at < p->n && p->data[p->at] >= '0' && p->data[p->at] <= '9' &&
           digits < (one_digit ? 1 : 9);
         p->at++, digits++)
        v = v * 10 + (p->data[p->at] - '0');
    if (digits == 0) ANP_FAIL(ANP_CORRUPT, "a number is missing at byte %" PRIu64, p->at);
    *out = v;
    return ANP_OK;
}

static anp_status_t read_sample(pnm_t *p, uint8_t *out) {
    uint32_t v;
    if (!p->raw) {
        ANP_TRY(read_number(p, p->bitmap, &v));
    } else {
        const uint32_t bytes = p->max > 255 ? 2 : 1;
        if (p->n - p->at < bytes) ANP_FAIL(ANP_CORRUPT, "the data ends too early");
        v = bytes == 2 ? (uint32_t)p->data[p->at] << 8 | p->data[p->at + 1] : p->data[p->at];
        p->at += bytes;
    }
    if (v > p->max)
        ANP_FAIL(ANP_CORRUPT, "a sample is %" PRIu32 ", the maximum is %" PRIu32, v, p->max);
    if (p->bitmap) v = 1 - v; /* 1 is black */
    *out = (uint8_t)((v * 255 + p->max / 2) / p->max);
    return ANP_OK;
}

/* A row of a raw bitmap: eight pixels per byte, the first in the high bit. */
static anp_status_t read_bits(pnm_t *p, uint32_t width, uint8_t *rgb) {
    const uint64_t bytes = (width + UINT64_C(7)) / 8;
    if (p->n - p->at < bytes) ANP_FAIL(ANP_CORRUPT, "the data ends too early");
    for (uint32_t x = 0; x < width; x++)
        rgb[3 * x] = rgb[3 * x + 1] = rgb[3 * x + 2] =
            p->data[p->at + x / 8] >> (7 - x % 8) & 1 ? 0 : 255;
    p->at += bytes;
    return ANP_OK;
}

static anp_status_t read_row(pnm_t *p, uint32_t width, uint8_t *rgb) {
    if (p->raw && p->bitmap) return read_bits(p, width, rgb);
    for (uint32_t x = 0; x < width; x++, rgb += 3) {
        for (uint32_t c = 0; c < p->channels; c++) ANP_TRY(read_sample(p, &rgb[c]));
        if (p->channels == 1) rgb[1] = rgb[2] = rgb[0];
    }
    return ANP_OK;
}

static anp_status_t decode(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink) {
    const int kind = data[1] - '0'; /* 1 to 3 plain: bits, grey, colour; 4 to 6 raw */
    pnm_t p = {.data = data,
               .n = n,
               .at = 2,
               .raw = kind > 3,
               .bitmap = kind % 3 == 1,
               .channels = kind % 3 == 0 ? 3 : 1,
               .max = 1};
    uint32_t width, height;
    uint8_t *rgb;
    ANP_TRY(read_number(&p, false, &width));
    ANP_TRY(read_number(&p, false, &height));
    if (!p.bitmap) ANP_TRY(read_number(&p, false, &p.max));
    if (p.max < 1 || p.max > 65535)
        ANP_FAIL(ANP_CORRUPT, "the largest sample is %" PRIu32 ", expected 1 to 65535", p.max);
    if (p.raw && (p.at >= n || !is_space(data[p.at++])))
        ANP_FAIL(ANP_CORRUPT, "the header has no end");
    if ((n - p.at) < (uint64_t)width * height / 8)
        ANP_FAIL(ANP_CORRUPT, "%" PRIu32 " x %" PRIu32 " pixels in %" PRIu64 " bytes", width,
                 height, n);
    ANP_TRY(anp_image_alloc(sink, width, height, &rgb));
    for (uint32_t y = 0; y < height; y++)
        ANP_TRY(read_row(&p, width, rgb + (uint64_t)y * width * 3));
    return ANP_OK;
}

const anp_image_codec_t anp_image_pnm = {"PNM", matches, decode};
