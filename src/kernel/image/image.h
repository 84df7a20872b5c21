/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of image files into RGB. A build without images (ANPUT_IMAGES=OFF) has image_none.c in
 * place of the codecs. */
#ifndef ANP_KERNEL_IMAGE_IMAGE_H
#define ANP_KERNEL_IMAGE_IMAGE_H

#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

enum { ANP_IMAGE_PIXELS_MAX = 1 << 28 };

/* Where the pixels go: called once, when the size is known and within bounds. *out_rgb has height *
 * width * 3 bytes, rows from the top. */
typedef struct anp_image_sink_t {
    anp_status_t (*alloc)(void *user, uint32_t width, uint32_t height, uint8_t **out_rgb);
    void *user;
} anp_image_sink_t;

/* Whether this build reads images at all. */
extern const bool anp_image_built;

/**
 * Decodes an image file of any format this build reads; the bytes decide which. Alpha is dropped,
 * palettes and grey become RGB, 16-bit samples keep their upper byte (in
 * TIFF they are rounded). Errors   ANP_UNSUPPORTED  the
 * format, or this kind of it, is not read ANP_CORRUPT      the bytes are damaged or end too early
 *          ANP_LIMIT        more than ANP_IMAGE_PIXELS_MAX pixels
 */
anp_status_t anp_image_decode(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink);

/* ---- for codecs ---- */
typedef struct anp_image_codec_t {
    const char *name;
    bool (*matches)(const uint8_t *data, uint64_t n);
    anp_status_t (*decode)(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink);
} anp_image_codec_t;
extern const anp_image_codec_t anp_image_jpeg, anp_image_png, anp_image_webp, anp_image_bmp,
    anp_image_pnm, anp_image_tiff, anp_image_jpeg2000;

/* Checks the size and calls the sink. */
anp_status_t anp_image_alloc(const anp_image_sink_t *sink, uint64_t width, uint64_t height,
                             uint8_t **out_rgb);

#endif
