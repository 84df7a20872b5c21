/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the package reader, without its hashes. The input is a sparse image, since most of a
 * small package is padding: u32 size, then runs of u32 offset, u16 length and so many bytes; what
 * no run covers is zero. */
#include "package/package_format.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IMAGE_BYTES_MAX = 1 << 20, RUN_HEAD_BYTES = 6 };

static uint32_t load_u32(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void expand(const uint8_t *data, size_t size, uint8_t *image, uint32_t image_bytes) {
    while (size >= RUN_HEAD_BYTES) {
        const uint32_t at = load_u32(data);
        const size_t n = ANP_MIN((size_t)(data[4] | data[5] << 8), size - RUN_HEAD_BYTES);
        data += RUN_HEAD_BYTES;
        if (at < image_bytes) memcpy(image + at, data, ANP_MIN(n, image_bytes - at));
        data += n;
        size -= RUN_HEAD_BYTES + n;
    }
    if (image_bytes >= sizeof(anp_pkg_header_t))
        ((anp_pkg_header_t *)(void *)image)->file_bytes = image_bytes;
}

/* Touches the first and the last byte of what the reader hands out. */
static unsigned touch(const void *data, uint64_t bytes) {
    const uint8_t *p = data;
    return bytes ? p[0] + p[bytes - 1] : 0;
}

static unsigned touch_all(const anp_package_t *p) {
    const void *data;
    uint64_t bytes;
    anp_section_info_t s;
    unsigned sum = (unsigned)strlen(anp_package_manifest(p));
    for (uint32_t i = 0; i < anp_package_weights(p); i++)
        if (anp_package_weight(p, i, &data, &bytes) == ANP_OK) sum += touch(data, bytes);
    for (uint32_t i = 0; i < anp_package_variants(p); i++) {
        const anp_variant_t *v = anp_package_variant(p, i);
        sum += (unsigned)(strlen(v->key.driver) + strlen(v->key.target) + strlen(v->key.isa) +
                          strlen(v->key.bucket) + strlen(v->key.driver_version));
        sum += touch(v->program, v->program_bytes);
        for (uint32_t k = 0; k < v->n_blobs; k++) sum += touch(v->blobs[k].data, v->blobs[k].bytes);
    }
    for (uint32_t i = 0; anp_package_section(p, i, &s); i++) sum += (unsigned)strlen(s.hash);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static volatile unsigned sink;
    void *image;
    anp_package_t *p;
    if (size < 4 || load_u32(data) > IMAGE_BYTES_MAX) return 0;
    const uint32_t image_bytes = load_u32(data);
    if (anp_calloc(image_bytes, 1, &image) != ANP_OK) return 0;
    expand(data + 4, size - 4, image, image_bytes);
    if (anp_package_parse(image, image_bytes, false, &p) == ANP_OK) {
        sink += touch_all(p);
        (void)sink; /* read, for compilers that ask for it */
        (void)anp_package_check(p);
        anp_package_release(p);
    }
    anp_free(image);
    return 0;
}
