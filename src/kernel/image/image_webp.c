/* SPDX-License-Identifier: Apache-2.0 */
/* WebP through libwebp; still images only. */
#include "kernel/image/image.h"

#include <string.h>
#include <webp/decode.h>

static bool matches(const uint8_t *data, uint64_t n) {
    return n >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WEBP", 4) == 0;
}

static anp_status_t decode(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink) {
    WebPBitstreamFeatures features;
    uint8_t *rgb;
    const VP8StatusCode code = WebPGetFeatures(data, n, &features);
    if (code != VP8_STATUS_OK)
        ANP_FAIL(ANP_CORRUPT, "the header cannot be read (libwebp status %d)", (int)code);
    if (features.has_animation) ANP_FAIL(ANP_UNSUPPORTED, "animations are not read");
    ANP_TRY(anp_image_alloc(sink, (uint64_t)features.width, (uint64_t)features.height, &rgb));
    const size_t bytes = (size_t)features.width * (size_t)features.height * 3;
    if (!WebPDecodeRGBInto(data, n, rgb, bytes, features.width * 3))
        ANP_FAIL(ANP_CORRUPT, "the data is damaged or ends too early");
    return ANP_OK;
}

const anp_image_codec_t anp_image_webp = {"WebP", matches, decode};
