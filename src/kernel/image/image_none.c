/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the codecs in a build without images. */
#include "kernel/image/image.h"

anp_status_t anp_image_decode(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink) {
    (void)data, (void)n, (void)sink;
    ANP_FAIL(ANP_UNSUPPORTED, "this build reads no images (ANPUT_IMAGES=OFF)");
}
