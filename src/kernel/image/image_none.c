/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the codecs in a build without images. */
#include "kernel/image/image.h"
#include "kernel/kernel.h"

const bool anp_image_built = false;

anp_status_t anp_image_decode(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink) {
    (void)data, (void)n, (void)sink;
    ANP_PACK_MISSING("image", "ANPUT_IMAGES");
}
