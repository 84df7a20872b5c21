/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG 2000 through OpenJPEG: files (JP2) and bare codestreams, grey and colour, with alpha, chroma
 * subsampled or not. */
#include "kernel/image/image.h"

#include <inttypes.h>
#include <openjpeg.h>
#include <stdio.h>
#include <string.h>

enum {
    COMPONENTS_MAX = 4,
    SAMPLES_MAX = 1 << 28, /* of all components: the decoder needs about 8 bytes for each */
    TILE_PIXELS_MIN = 1 << 10,
    BLOCKS_SPARE = 1 << 16,
    BLOCK_SAMPLES_MIN = 16, /* on average: the decoder needs hundreds of bytes for each block */
};

typedef struct reader_t {
    const uint8_t *data;
    uint64_t n, at;
    char message[160]; /* the first one */
} reader_t;

/* ---- what OpenJPEG calls ---- */
static void on_error(const char *text, void *user) {
    reader_t *r = user;
    if (*r->message) return;
    snprintf(r->message, sizeof r->message, "%s", text);
    r->message[strcspn(r->message, "\r\n")] = '\0';
}

static void on_message(const char *text, void *user) {
    (void)text, (void)user;
}

static OPJ_SIZE_T on_read(void *out, OPJ_SIZE_T len, void *user) {
    reader_t *r = user;
    const uint64_t n = ANP_MIN((uint64_t)len, r->n - r->at);
    if (n == 0) return (OPJ_SIZE_T)-1;
    memcpy(out, r->data + r->at, n);
    r->at += n;
    return (OPJ_SIZE_T)n;
}

static OPJ_OFF_T on_skip(OPJ_OFF_T len, void *user) {
    reader_t *r = user;
    if (len < 0) return -1;
    const uint64_t n = ANP_MIN((uint64_t)len, r->n - r->at);
    r->at += n;
    return (OPJ_OFF_T)n;
}

static OPJ_BOOL on_seek(OPJ_OFF_T to, void *user) {
    reader_t *r = user;
    if (to < 0 || (uint64_t)to > r->n) return OPJ_FALSE;
    r->at = (uint64_t)to;
    return OPJ_TRUE;
}

/* ---- the header, read before OpenJPEG gives memory for what it says ---- */
static const uint8_t box_magic[] = {0, 0, 0, 12, 'j', 'P', ' ', ' '},
                     stream_magic[] = {0xff, 0x4f, 0xff, 0x51};

static bool begins_with(const uint8_t *data, uint64_t n, const uint8_t *magic, uint64_t len) {
    return n >= len && memcmp(data, magic, len) == 0;
}

static bool is_file(const uint8_t *data, uint64_t n) {
    return begins_with(data, n, box_magic, sizeof box_magic);
}

static bool matches(const uint8_t *data, uint64_t n) {
    return is_file(data, n) || begins_with(data, n, stream_magic, sizeof stream_magic);
}

static uint32_t u32_at(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Where the codestream of a file begins: in its first box 'jp2c'. */
static anp_status_t find_codestream(const uint8_t *data, uint64_t n, uint64_t *out) {
    *out = 0;
    if (!is_file(data, n)) return ANP_OK;
    for (uint64_t at = 0; n - at >= 8;) {
        uint64_t header = 8, len = u32_at(data + at);
        if (len == 1) { /* the length has 64 bits */
            if (n - at < 16) break;
            header = 16;
            len = (uint64_t)u32_at(data + at + 8) << 32 | u32_at(data + at + 12);
        }
        *out = at + header;
        if (memcmp(data + at + 4, "jp2c", 4) == 0) return ANP_OK;
        if (len < header || len > n - at) break;
        at += len;
    }
    ANP_FAIL(ANP_CORRUPT, "there is no codestream");
}

static uint64_t ceil_div(uint64_t a, uint64_t b) {
    return (a + b - 1) / b;
}

/* The marker SIZ behind SOC: sizes of picture and tiles, number of components. */
static anp_status_t check_size(const uint8_t *data, uint64_t n) {
    enum { SIZ_BYTES = 42 }; /* up to the components */
    uint64_t at;
    ANP_TRY(find_codestream(data, n, &at));
    const uint8_t *const p = data + at;
    if (n - at < SIZ_BYTES || !begins_with(p, n - at, stream_magic, sizeof stream_magic))
        ANP_FAIL(ANP_CORRUPT, "the codestream does not begin with its size");
    const uint64_t x1 = u32_at(p + 8), y1 = u32_at(p + 12), x0 = u32_at(p + 16),
                   y0 = u32_at(p + 20), tile_w = u32_at(p + 24), tile_h = u32_at(p + 28),
                   tile_x = u32_at(p + 32), tile_y = u32_at(p + 36);
    const uint32_t components = (uint32_t)p[40] << 8 | p[41];
    if (x0 >= x1 || y0 >= y1 || tile_w == 0 || tile_h == 0 || tile_x > x0 || tile_y > y0)
        ANP_FAIL(ANP_CORRUPT, "sizes of picture and tiles contradict each other");
    const uint64_t pixels = (x1 - x0) * (y1 - y0); /* below 2^64 */
    const uint64_t tiles = ceil_div(x1 - tile_x, tile_w) * ceil_div(y1 - tile_y, tile_h);
    if (components < 1 || components > COMPONENTS_MAX)
        ANP_FAIL(ANP_UNSUPPORTED, "%" PRIu32 " components, 1 to %d are read", components,
                 COMPONENTS_MAX);
    if (pixels > SAMPLES_MAX / components)
        ANP_FAIL(ANP_LIMIT,
                 "%" PRIu64 " pixels of %" PRIu32 " components are above the limit of %d", pixels,
                 components, SAMPLES_MAX);
    if (tiles > 1 + pixels / TILE_PIXELS_MIN)
        ANP_FAIL(ANP_LIMIT, "%" PRIu64 " tiles for %" PRIu64 " pixels", tiles, pixels);
    return ANP_OK;
}

/* Precincts and code blocks of one component, as the main header cuts it. */
static uint64_t count_blocks(const opj_image_comp_t *c, const opj_tccp_info_t *t) {
    uint64_t n = 0;
    for (uint32_t r = 0; r < t->numresolutions && r < OPJ_J2K_MAXRLVLS; r++) {
        const uint32_t level = t->numresolutions - 1 - r;
        const uint64_t w = ceil_div(c->w, UINT64_C(1) << ANP_MIN(level, 32)),
                       h = ceil_div(c->h, UINT64_C(1) << ANP_MIN(level, 32));
        n += ceil_div(w, UINT64_C(1) << ANP_MIN(t->prcw[r], 31)) *
             ceil_div(h, UINT64_C(1) << ANP_MIN(t->prch[r], 31));
        n += ceil_div(w, UINT64_C(1) << ANP_MIN(t->cblkw, 31)) *
             ceil_div(h, UINT64_C(1) << ANP_MIN(t->cblkh, 31));
    }
    return n;
}

static anp_status_t check_blocks(opj_codec_t *codec, const opj_image_t *image) {
    uint64_t blocks = 0, samples = 0;
    opj_codestream_info_v2_t *info = opj_get_cstr_info(codec);
    if (!info) ANP_FAIL(ANP_OUT_OF_MEMORY, "OpenJPEG got no memory");
    for (uint32_t c = 0; c < image->numcomps && info->m_default_tile_info.tccp_info; c++) {
        samples += (uint64_t)image->comps[c].w * image->comps[c].h;
        blocks += count_blocks(&image->comps[c], &info->m_default_tile_info.tccp_info[c]);
    }
    opj_destroy_cstr_info(&info);
    if (blocks > BLOCKS_SPARE + samples / BLOCK_SAMPLES_MIN)
        ANP_FAIL(ANP_LIMIT, "%" PRIu64 " blocks for %" PRIu64 " samples", blocks, samples);
    return ANP_OK;
}

/* ---- pixels ---- */

/* A component, read at positions of the picture, as 0 .. 255. */
typedef struct plane_t {
    const opj_image_comp_t *c;
    uint32_t x0, y0; /* of the picture */
    double scale;    /* of fewer than 8 bits */
} plane_t;

static plane_t plane_of(const opj_image_t *image, uint32_t i) {
    const opj_image_comp_t *c = &image->comps[i];
    const plane_t p = {c, image->x0, image->y0, c->prec < 8 ? 255.0 / ((1 << c->prec) - 1) : 1};
    return p;
}

static uint32_t along(uint32_t origin, uint32_t at, uint32_t step, uint32_t size) {
    const uint64_t first = ceil_div(origin, step), i = ((uint64_t)origin + at) / step;
    return (uint32_t)ANP_MIN(i > first ? i - first : 0, size - UINT64_C(1));
}

static int32_t sample(const plane_t *p, uint32_t x, uint32_t y) {
    const opj_image_comp_t *c = p->c;
    int64_t v =
        c->data[(uint64_t)along(p->y0, y, c->dy, c->h) * c->w + along(p->x0, x, c->dx, c->w)];
    if (c->sgnd) v += INT64_C(1) << (c->prec - 1);
    if (c->prec > 8) v >>= c->prec - 8;
    if (c->prec < 8) v = (int64_t)((double)v * p->scale + 0.5);
    return (int32_t)ANP_MAX(ANP_MIN(v, 255), 0);
}

static uint8_t to_byte(double v) {
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
}

/* Full-range YCbCr of ITU-R BT.601, as sYCC is. */
static void from_ycc(uint8_t *rgb) {
    const double y = rgb[0], cb = rgb[1] - 128.0, cr = rgb[2] - 128.0;
    rgb[0] = to_byte(y + 1.402 * cr);
    rgb[1] = to_byte(y - 0.344136 * cb - 0.714136 * cr);
    rgb[2] = to_byte(y + 1.772 * cb);
}

static anp_status_t check_planes(const opj_image_t *image) {
    for (uint32_t i = 0; i < image->numcomps; i++) {
        const opj_image_comp_t *c = &image->comps[i];
        if (!c->data || c->w == 0 || c->h == 0 || c->dx == 0 || c->dy == 0)
            ANP_FAIL(ANP_CORRUPT, "component %" PRIu32 " is empty", i);
        if (c->prec < 1 || c->prec > 32)
            ANP_FAIL(ANP_UNSUPPORTED, "samples of %" PRIu32 " bits are not read", c->prec);
    }
    if (image->color_space == OPJ_CLRSPC_CMYK || image->color_space == OPJ_CLRSPC_EYCC)
        ANP_FAIL(ANP_UNSUPPORTED, "colours as CMYK or e-YCC are not read");
    return ANP_OK;
}

static void write_rgb(const opj_image_t *image, uint32_t width, uint32_t height, uint8_t *rgb) {
    const bool grey = image->numcomps < 3; /* what is over is alpha */
    const bool ycc = !grey && image->color_space == OPJ_CLRSPC_SYCC;
    plane_t planes[3];
    for (uint32_t c = 0; c < 3; c++) planes[c] = plane_of(image, grey ? 0 : c);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++, rgb += 3) {
            for (uint32_t c = 0; c < 3; c++) rgb[c] = (uint8_t)sample(&planes[c], x, y);
            if (ycc) from_ycc(rgb);
        }
}

static anp_status_t damaged(const reader_t *r) {
    ANP_FAIL(ANP_CORRUPT, "%s", *r->message ? r->message : "the data is damaged");
}

static anp_status_t decode_image(opj_codec_t *codec, opj_stream_t *stream, opj_image_t **image,
                                 const reader_t *r, const anp_image_sink_t *sink) {
    opj_dparameters_t parameters;
    uint8_t *rgb;
    opj_set_default_decoder_parameters(&parameters);
    if (!opj_setup_decoder(codec, &parameters) || !opj_decoder_set_strict_mode(codec, OPJ_TRUE) ||
        !opj_read_header(stream, codec, image))
        return damaged(r);
    const uint32_t width = (*image)->x1 - (*image)->x0, height = (*image)->y1 - (*image)->y0;
    ANP_TRY(check_blocks(codec, *image));
    ANP_TRY(anp_image_alloc(sink, width, height, &rgb));
    if (!opj_decode(codec, stream, *image) || !opj_end_decompress(codec, stream)) return damaged(r);
    ANP_TRY(check_planes(*image));
    write_rgb(*image, width, height, rgb);
    return ANP_OK;
}

static anp_status_t decode(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink) {
    reader_t reader = {.data = data, .n = n};
    opj_image_t *image = NULL;
    anp_status_t st;
    ANP_TRY(check_size(data, n));
    opj_codec_t *codec = opj_create_decompress(is_file(data, n) ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
    opj_stream_t *stream = opj_stream_default_create(OPJ_TRUE /* to read */);
    if (codec && stream) {
        opj_set_error_handler(codec, on_error, &reader);
        opj_set_warning_handler(codec, on_message, NULL);
        opj_set_info_handler(codec, on_message, NULL);
        opj_stream_set_read_function(stream, on_read);
        opj_stream_set_skip_function(stream, on_skip);
        opj_stream_set_seek_function(stream, on_seek);
        opj_stream_set_user_data(stream, &reader, NULL);
        opj_stream_set_user_data_length(stream, n);
        st = decode_image(codec, stream, &image, &reader, sink);
    } else {
        st = ANP_ERROR(ANP_OUT_OF_MEMORY, "OpenJPEG got no memory");
    }
    opj_image_destroy(image);
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    return st;
}

const anp_image_codec_t anp_image_jpeg2000 = {"JPEG 2000", matches, decode};
