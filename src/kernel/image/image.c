/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the codec by the first bytes of the file. */
#include "kernel/image/image.h"

#include <inttypes.h>
#include <string.h>

static const anp_image_codec_t *const codecs[] = {
    &anp_image_jpeg,     &anp_image_png, &anp_image_webp, &anp_image_tiff,
    &anp_image_jpeg2000, &anp_image_bmp, &anp_image_pnm};
#define FORMATS "JPEG, JPEG 2000, PNG, TIFF, WebP, BMP, PNM"

const bool anp_image_built = true;

anp_status_t anp_image_decode(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink) {
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(codecs); i++) {
        if (!codecs[i]->matches(data, n)) continue;
        const anp_status_t st = codecs[i]->decode(data, n, sink);
        return st == ANP_OK ? st : anp_error_prefix(st, "%s image", codecs[i]->name);
    }
    if (n >= 4 && memcmp(data, "GIF8", 4) == 0)
        ANP_FAIL(ANP_UNSUPPORTED, "GIF images are not read (%s are)", FORMATS);
    ANP_FAIL(ANP_CORRUPT, "the %" PRIu64 " bytes are no image of a known format (%s)", n, FORMATS);
}

anp_status_t anp_image_alloc(const anp_image_sink_t *sink, uint64_t width, uint64_t height,
                             uint8_t **out_rgb) {
    *out_rgb = NULL;
    if (width == 0 || height == 0)
        ANP_FAIL(ANP_CORRUPT, "size %" PRIu64 " x %" PRIu64 " is empty", width, height);
    if (width > ANP_IMAGE_PIXELS_MAX || height > ANP_IMAGE_PIXELS_MAX / width)
        ANP_FAIL(ANP_LIMIT, "%" PRIu64 " x %" PRIu64 " pixels are above the limit of %d", width,
                 height, ANP_IMAGE_PIXELS_MAX);
    return sink->alloc(sink->user, (uint32_t)width, (uint32_t)height, out_rgb);
}
