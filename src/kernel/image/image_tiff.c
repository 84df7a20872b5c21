/* SPDX-License-Identifier: Apache-2.0 */
/* TIFF through libtiff: the first picture of the file, of any layout and compression libtiff turns
 * into RGBA. */
#include "kernel/image/image.h"

#include "base/alloc.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tiffio.h>

/* One piece (strip or tile) is decoded at a time: beyond the size of the picture it may have this.
 */
enum { PIECE_BYTES_MAX = 1 << 26, SAMPLES_MAX = 16 };

typedef struct reader_t {
    const uint8_t *data;
    uint64_t n, at;
    char message[160]; /* the first one */
} reader_t;

/* ---- what libtiff calls ---- */
static int on_error(TIFF *tif, void *user, const char *module, const char *format, va_list args) {
    reader_t *r = user;
    (void)tif, (void)module;
    if (!*r->message) vsnprintf(r->message, sizeof r->message, format, args);
    return 1; /* handled: nothing is printed */
}

static int on_warning(TIFF *tif, void *user, const char *module, const char *format, va_list args) {
    (void)tif, (void)user, (void)module, (void)format, (void)args;
    return 1;
}

static tmsize_t on_read(thandle_t handle, void *out, tmsize_t len) {
    reader_t *r = handle;
    const uint64_t left = r->at < r->n ? r->n - r->at : 0;
    const uint64_t n = len < 0 ? 0 : ANP_MIN((uint64_t)len, left);
    if (n > 0) memcpy(out, r->data + r->at, n);
    r->at += n;
    return (tmsize_t)n;
}

static tmsize_t on_write(thandle_t handle, void *data, tmsize_t len) {
    (void)handle, (void)data, (void)len;
    return -1;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    reader_t *r = handle;
    if (whence == SEEK_SET) r->at = offset;
    if (whence == SEEK_CUR) r->at += offset; /* unsigned: wrapped around it is past the end */
    if (whence == SEEK_END) r->at = r->n + offset;
    return r->at;
}

static toff_t on_size(thandle_t handle) {
    return ((const reader_t *)handle)->n;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

/* ---- decoding ---- */
static bool matches(const uint8_t *data, uint64_t n) {
    static const char magic[][5] = {"II*\0", "MM\0*", "II+\0", "MM\0+"}; /* + is BigTIFF */
    for (uint32_t i = 0; n >= 4 && i < ANP_ARRAY_LEN(magic); i++)
        if (memcmp(data, magic[i], 4) == 0) return true;
    return false;
}

/* What libtiff has had most trouble with; and sizes it takes from the file and gives memory for. */
static anp_status_t check_sizes(TIFF *tif, uint32_t width, uint32_t height) {
    uint16_t samples = 1, compression = COMPRESSION_NONE;
    const uint64_t piece = TIFFIsTiled(tif) ? TIFFTileSize64(tif) : TIFFStripSize64(tif);
    TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLESPERPIXEL, &samples);
    TIFFGetFieldDefaulted(tif, TIFFTAG_COMPRESSION, &compression);
    if (compression == COMPRESSION_OJPEG)
        ANP_FAIL(ANP_UNSUPPORTED, "JPEG as TIFF had it before 1995 is not read");
    if (samples > SAMPLES_MAX)
        ANP_FAIL(ANP_UNSUPPORTED, "%u samples per pixel, at most %d are read", samples,
                 SAMPLES_MAX);
    if (piece > PIECE_BYTES_MAX + (uint64_t)width * height * samples * 2)
        ANP_FAIL(ANP_LIMIT,
                 "a strip or tile of %" PRIu64 " bytes in a picture of %" PRIu32 " x %" PRIu32,
                 piece, width, height);
    return ANP_OK;
}

/* Colours stay as they are: libtiff multiplies them by an alpha that is not associated with them.
 */
static void drop_alpha(TIFF *tif) {
    static const uint16_t associated = EXTRASAMPLE_ASSOCALPHA;
    uint16_t n = 0, *kinds = NULL;
    if (TIFFGetField(tif, TIFFTAG_EXTRASAMPLES, &n, &kinds) && n > 0 &&
        kinds[0] == EXTRASAMPLE_UNASSALPHA)
        TIFFSetField(tif, TIFFTAG_EXTRASAMPLES, 1, &associated);
}

static anp_status_t decode_pixels(TIFF *tif, uint32_t width, uint32_t height,
                                  const anp_image_sink_t *sink, reader_t *r) {
    uint32_t *rgba;
    uint8_t *rgb;
    char reason[1024] = "";
    if (!TIFFRGBAImageOK(tif, reason)) ANP_FAIL(ANP_UNSUPPORTED, "%s", reason);
    ANP_TRY(anp_image_alloc(sink, width, height, &rgb));
    ANP_TRY(check_sizes(tif, width, height));
    drop_alpha(tif);
    const uint64_t n = (uint64_t)width * height;
    ANP_TRY(anp_alloc(n * sizeof *rgba, (void **)&rgba));
    const bool ok =
        TIFFReadRGBAImageOriented(tif, width, height, rgba, ORIENTATION_TOPLEFT, 1 /* stop */) == 1;
    for (uint64_t i = 0; ok && i < n; i++) {
        rgb[3 * i] = (uint8_t)TIFFGetR(rgba[i]);
        rgb[3 * i + 1] = (uint8_t)TIFFGetG(rgba[i]);
        rgb[3 * i + 2] = (uint8_t)TIFFGetB(rgba[i]);
    }
    anp_free(rgba);
    if (!ok) ANP_FAIL(ANP_CORRUPT, "%s", *r->message ? r->message : "the data is damaged");
    return ANP_OK;
}

static anp_status_t decode_first(TIFF *tif, const anp_image_sink_t *sink, reader_t *r) {
    uint32_t width = 0, height = 0;
    TIFFGetField(tif, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(tif, TIFFTAG_IMAGELENGTH, &height);
    return decode_pixels(tif, width, height, sink, r);
}

static anp_status_t decode(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink) {
    reader_t reader = {.data = data, .n = n};
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) ANP_FAIL(ANP_OUT_OF_MEMORY, "libtiff got no memory");
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)ANP_IMAGE_PIXELS_MAX * 4);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, &reader);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, NULL);
    TIFF *tif = TIFFClientOpenExt("image", "rm", &reader, on_read, on_write, on_seek, on_close,
                                  on_size, NULL, NULL, options); /* m: read, do not map */
    TIFFOpenOptionsFree(options);
    if (!tif) ANP_FAIL(ANP_CORRUPT, "%s", *reader.message ? reader.message : "it cannot be opened");
    const anp_status_t st = decode_first(tif, sink, &reader);
    TIFFClose(tif);
    return st;
}

const anp_image_codec_t anp_image_tiff = {"TIFF", matches, decode};
