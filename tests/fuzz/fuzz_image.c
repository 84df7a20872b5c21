/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: image files of every format; every pixel that is promised has to be written. */
#include "base/alloc.h"
#include "kernel/image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct picture_t {
    uint8_t *rgb;
    uint64_t bytes;
} picture_t;

/* Small pictures only: the memory of a large one would tell nothing about the decoder. */
static anp_status_t take(void *user, uint32_t width, uint32_t height, uint8_t **out_rgb) {
    picture_t *p = user;
    p->bytes = (uint64_t)width * height * 3;
    if (p->bytes > UINT64_C(1) << 24) ANP_FAIL(ANP_LIMIT, "larger than this test takes");
    ANP_TRY(anp_alloc(p->bytes, (void **)&p->rgb));
    *out_rgb = p->rgb;
    return ANP_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    picture_t p = {NULL, 0};
    const anp_image_sink_t to = {take, &p};
    uint64_t sum = 0;
    if (anp_image_decode(data, size, &to) == ANP_OK)
        for (uint64_t i = 0; i < p.bytes; i++) sum += p.rgb[i];
    anp_free(p.rgb);
    return sum == UINT64_MAX; /* never, but the compiler has to read every pixel */
}
