/* SPDX-License-Identifier: Apache-2.0 */
/* Reading IDX files: two zero bytes, the element type 8 (u8), the rank, the sizes big-endian, the
 * elements. */
#include "app/idx.h"
#include "app/app.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { TYPE_U8 = 8, BYTES_MAX = 1 << 30 };

/* Exactly n bytes of a file that may be gzipped. */
static anp_status_t read_bytes(gzFile f, const char *path, void *out, size_t n) {
    for (size_t at = 0; at < n;) {
        const size_t left = n - at;
        const int got = gzread(f, (char *)out + at, (unsigned)(left < 1 << 20 ? left : 1 << 20));
        int code;
        if (got < 0) APP_FAIL(ANP_INVALID_FILE, "'%s' is damaged: %s", path, gzerror(f, &code));
        if (got == 0)
            APP_FAIL(ANP_INVALID_FILE, "'%s' ends after %zu of %zu bytes it announces", path, at,
                     n);
        at += (size_t)got;
    }
    return ANP_OK;
}

static uint32_t u32_of(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static anp_status_t read_all(gzFile f, const char *path, uint32_t rank, app_idx_t *out) {
    uint8_t magic[4], sizes[12];
    APP_TRY(read_bytes(f, path, magic, sizeof magic));
    if (magic[0] || magic[1] || magic[2] != TYPE_U8 || magic[3] != rank)
        APP_FAIL(ANP_INVALID_FILE,
                 "'%s' is no IDX file of %s: it begins %02x %02x %02x %02x, expected 00 00 08 %02x",
                 path, rank == 3 ? "images" : "labels", magic[0], magic[1], magic[2], magic[3],
                 rank);
    APP_TRY(read_bytes(f, path, sizes, 4 * (size_t)rank));
    out->count = u32_of(sizes);
    out->height = rank == 3 ? u32_of(sizes + 4) : 1;
    out->width = rank == 3 ? u32_of(sizes + 8) : 1;
    const uint64_t plane = (uint64_t)out->height * out->width;
    if (out->count == 0 || plane == 0)
        APP_FAIL(ANP_INVALID_FILE, "'%s' has %u elements of %u x %u", path, out->count, out->height,
                 out->width);
    if (plane > BYTES_MAX || out->count > BYTES_MAX / plane)
        APP_FAIL(ANP_LIMIT, "'%s' announces %u x %u x %u bytes, at most 1 GiB is read", path,
                 out->count, out->height, out->width);
    out->data = malloc((size_t)plane * out->count);
    if (!out->data) APP_FAIL(ANP_OUT_OF_MEMORY, "no memory for '%s'", path);
    return read_bytes(f, path, out->data, (size_t)plane * out->count);
}

static anp_status_t read_file(const char *path, uint32_t rank, app_idx_t *out) {
    memset(out, 0, sizeof *out);
    errno = 0;
    gzFile f = gzopen(path, "rb");
    if (!f)
        APP_FAIL(errno == ENOENT ? ANP_NOT_FOUND : ANP_IO, "cannot open '%s': %s", path,
                 strerror(errno));
    const anp_status_t st = read_all(f, path, rank, out);
    gzclose(f);
    if (st != ANP_OK) app_idx_release(out);
    return st;
}

anp_status_t app_idx_read_images(const char *path, app_idx_t *out) {
    return read_file(path, 3, out);
}

anp_status_t app_idx_read_labels(const char *path, app_idx_t *out) {
    return read_file(path, 1, out);
}

void app_idx_release(app_idx_t *idx) {
    free(idx->data);
    memset(idx, 0, sizeof *idx);
}
