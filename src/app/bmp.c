/* SPDX-License-Identifier: Apache-2.0 */
/* Writing BMP: a header of 54 bytes, then rows from the bottom, three bytes a pixel, padded to
 * four. */
#include "app/bmp.h"
#include "app/app.h"
#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 54, SIDE_MAX = 16384 };

static void put_u32(uint8_t *at, size_t v) {
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(v >> (8 * i));
}

anp_status_t app_bmp_make(const uint8_t *pixels, uint32_t width, uint32_t height,
                          uint8_t **out_bytes, size_t *out_n) {
    *out_bytes = NULL;
    if (width == 0 || height == 0 || width > SIDE_MAX || height > SIDE_MAX)
        APP_FAIL(ANP_INVALID_ARGUMENT, "an image of %u x %u pixels: 1 to %d are possible", width,
                 height, SIDE_MAX);
    const size_t row = ((size_t)width * 3 + 3) / 4 * 4;
    const size_t n = HEADER_BYTES + row * height;
    uint8_t *bytes = calloc(n, 1);
    if (!bytes) APP_FAIL(ANP_OUT_OF_MEMORY, "no memory for an image of %zu bytes", n);
    memcpy(bytes, "BM", 2);
    put_u32(bytes + 2, n);
    put_u32(bytes + 10, HEADER_BYTES);
    put_u32(bytes + 14, 40); /* of the second header */
    put_u32(bytes + 18, width);
    put_u32(bytes + 22, height);
    bytes[26] = 1;  /* planes */
    bytes[28] = 24; /* bits per pixel */
    put_u32(bytes + 34, row * height);
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *to = bytes + HEADER_BYTES + row * (height - 1 - y);
        for (uint32_t x = 0; x < width; x++)
            memset(to + 3 * (size_t)x, pixels[(size_t)y * width + x], 3);
    }
    *out_bytes = bytes;
    *out_n = n;
    return ANP_OK;
}
