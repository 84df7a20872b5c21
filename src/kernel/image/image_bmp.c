/* SPDX-License-Identifier: Apache-2.0 */
/* BMP: uncompressed bitmaps with 1, 4, 8 (palette), 16, 24 and 32 bits, and bit masks. */
#include "kernel/image/image.h"

#include <inttypes.h>

enum {
    FILE_HEADER = 14,
    CORE_HEADER = 12,
    INFO_HEADER = 40,
    RGB = 0,
    BITFIELDS = 3,
    ALPHABITFIELDS = 6
};

typedef struct bmp_t {
    const uint8_t *data;
    uint64_t n;
    uint64_t width, height, row_bytes, pixels_at;
    bool top_down;
    uint32_t bits;
    uint64_t palette_at, palette_count, palette_entry; /* entry: bytes, B G R order */
    uint32_t mask[3];                                  /* red, green, blue of 16 and 32 bits */
} bmp_t;

static uint32_t u16_at(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32_at(const uint8_t *p) {
    return u16_at(p) | u16_at(p + 2) << 16;
}

static bool matches(const uint8_t *data, uint64_t n) {
    return n >= FILE_HEADER + 4 && data[0] == 'B' && data[1] == 'M';
}

static anp_status_t read_core(bmp_t *b) {
    const uint8_t *h = b->data + FILE_HEADER;
    b->width = u16_at(h + 4);
    b->height = u16_at(h + 6);
    b->bits = u16_at(h + 10);
    b->palette_at = FILE_HEADER + CORE_HEADER;
    b->palette_entry = 3;
    return ANP_OK;
}

static anp_status_t read_info(bmp_t *b, uint64_t header) {
    const uint8_t *h = b->data + FILE_HEADER;
    const int64_t width = (int32_t)u32_at(h + 4), height = (int32_t)u32_at(h + 8);
    const uint32_t compression = u32_at(h + 16), used = u32_at(h + 32);
    const bool masks = compression == BITFIELDS || compression == ALPHABITFIELDS;
    b->bits = u16_at(h + 14);
    if (width < 0) ANP_FAIL(ANP_CORRUPT, "the width is %" PRId64, width);
    if (compression != RGB && !(masks && (b->bits == 16 || b->bits == 32)))
        ANP_FAIL(ANP_UNSUPPORTED, "compression %" PRIu32 " with %" PRIu32 " bits is not read",
                 compression, b->bits);
    b->width = (uint64_t)width;
    b->top_down = height < 0;
    b->height = (uint64_t)(height < 0 ? -height : height);
    b->palette_at = FILE_HEADER + header;
    b->palette_entry = 4;
    b->palette_count = used;
    if (!masks) return ANP_OK;
    if (b->n < FILE_HEADER + INFO_HEADER + 12)
        ANP_FAIL(ANP_CORRUPT, "the data ends within the bit masks");
    for (uint32_t i = 0; i < 3; i++)
        b->mask[i] =
            u32_at(h + INFO_HEADER + 4 * i); /* behind a short header, or within a long one */
    return ANP_OK;
}

static anp_status_t read_header(bmp_t *b) {
    const uint64_t header = u32_at(b->data + FILE_HEADER);
    if ((header != CORE_HEADER && header < INFO_HEADER) || header > b->n - FILE_HEADER)
        ANP_FAIL(ANP_CORRUPT, "a header of %" PRIu64 " bytes does not fit", header);
    ANP_TRY(header == CORE_HEADER ? read_core(b) : read_info(b, header));
    b->pixels_at = u32_at(b->data + 10);
    if (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 16 && b->bits != 24 &&
        b->bits != 32)
        ANP_FAIL(ANP_CORRUPT, "a pixel has %" PRIu32 " bits", b->bits);
    if (b->bits <= 8) {
        const uint64_t all = UINT64_C(1) << b->bits;
        if (b->palette_count == 0 || b->palette_count > all) b->palette_count = all;
        if (b->palette_at + b->palette_count * b->palette_entry > b->n)
            ANP_FAIL(ANP_CORRUPT, "the data ends within the palette");
    }
    if (b->mask[0] == 0 && b->mask[1] == 0 && b->mask[2] == 0) {
        const bool narrow = b->bits == 16; /* five bits each */
        b->mask[0] = narrow ? 0x7c00 : 0xff0000, b->mask[1] = narrow ? 0x3e0 : 0xff00,
        b->mask[2] = narrow ? 0x1f : 0xff;
    }
    return ANP_OK;
}

/* The bits of v under mask, spread over 0 to 255. */
static uint8_t channel(uint32_t v, uint32_t mask) {
    if (mask == 0) return 0;
    while (!(mask & 1)) mask >>= 1, v >>= 1;
    return (uint8_t)(((uint64_t)(v & mask) * 255 + mask / 2) / mask);
}

static anp_status_t put_palette(const bmp_t *b, const uint8_t *row, uint64_t x, uint8_t *rgb) {
    const uint64_t bit = x * b->bits; /* the first pixel in the high bits */
    const uint32_t index = row[bit / 8] >> (8 - b->bits - bit % 8) & ((1u << b->bits) - 1);
    if (index >= b->palette_count)
        ANP_FAIL(ANP_CORRUPT, "colour %" PRIu32 " of a palette of %" PRIu64, index,
                 b->palette_count);
    const uint8_t *entry = b->data + b->palette_at + index * b->palette_entry;
    rgb[0] = entry[2], rgb[1] = entry[1], rgb[2] = entry[0];
    return ANP_OK;
}

static anp_status_t put_pixel(const bmp_t *b, const uint8_t *row, uint64_t x, uint8_t *rgb) {
    if (b->bits <= 8) return put_palette(b, row, x, rgb);
    if (b->bits == 24) {
        rgb[0] = row[3 * x + 2], rgb[1] = row[3 * x + 1], rgb[2] = row[3 * x];
        return ANP_OK;
    }
    const uint32_t v = b->bits == 16 ? u16_at(row + 2 * x) : u32_at(row + 4 * x);
    for (uint32_t i = 0; i < 3; i++) rgb[i] = channel(v, b->mask[i]);
    return ANP_OK;
}

static anp_status_t decode(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink) {
    bmp_t b = {.data = data, .n = n};
    uint8_t *rgb;
    ANP_TRY(read_header(&b));
    b.row_bytes = (b.width * b.bits + 31) / 32 *
                  4; /* rows are padded to 4 bytes; below 2^37 since both are 32-bit numbers */
    if (b.width <= ANP_IMAGE_PIXELS_MAX && b.height <= ANP_IMAGE_PIXELS_MAX &&
        (b.pixels_at > n || b.row_bytes * b.height > n - b.pixels_at))
        ANP_FAIL(ANP_CORRUPT,
                 "%" PRIu64 " x %" PRIu64 " pixels need more than the %" PRIu64 " bytes there are",
                 b.width, b.height, n);
    ANP_TRY(anp_image_alloc(sink, b.width, b.height, &rgb));
    for (uint64_t y = 0; y < b.height; y++) {
        const uint8_t *row = data + b.pixels_at + (b.top_down ? y : b.height - 1 - y) * b.row_bytes;
        for (uint64_t x = 0; x < b.width; x++)
            ANP_TRY(put_pixel(&b, row, x, rgb + (y * b.width + x) * 3));
    }
    return ANP_OK;
}

const anp_image_codec_t anp_image_bmp = {"BMP", matches, decode};
