/* SPDX-License-Identifier: Apache-2.0 */
/* Image decoding: each format, formats that are not read, files cut or damaged at every byte, sizes
 * beyond all bounds. */
#include "kernel/image/image.h"

#include "base/testing.h"
#include "kernel/ref/ref_fixture.h"

/* Red, green, blue / black, white, (10, 20, 30); made by Pillow: PNG optimize, PNG with palette,
 * WebP lossless. The JPEG is 8 x 8 of grey 200, quality 90. */
/* clang-format off */
static const uint8_t png[] = {
0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x02, 0x08, 0x02, 0x00, 0x00, 0x00, 0x12, 0x16, 0xf1, 0x4d, 0x00, 0x00, 0x00, 0x16, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0xf8, 0xcf, 0xc0, 0xc0, 0x00, 0xc3, 0x0c, 0xff, 0xff, 0xff, 0xe7, 0x12, 0x91, 0x03, 0x00, 0x3c, 0x3c, 0x06, 0x37, 0x07, 0x94, 0x56, 0xc4, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
static const uint8_t png_palette[] = {
0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x02, 0x04, 0x03, 0x00, 0x00, 0x00, 0x6f, 0x5a, 0x7b, 0x29, 0x00, 0x00, 0x00, 0x12, 0x50, 0x4c, 0x54, 0x45, 0xff, 0xff, 0xff, 0x00, 0xff, 0x00, 0x0a, 0x14, 0x1e, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0x00, 0x00, 0x00, 0x01, 0x21, 0xcc, 0x02, 0x00, 0x00, 0x00, 0x0e, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x34, 0xe4, 0x67, 0x92, 0x7f, 0x00, 0x00, 0x02, 0x61, 0x01, 0x43, 0x7b, 0xea, 0x08, 0x3d, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
static const uint8_t jpeg[] = {
0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x03, 0x02, 0x02, 0x03, 0x02, 0x02, 0x03, 0x03, 0x03, 0x03, 0x04, 0x03, 0x03, 0x04, 0x05, 0x08, 0x05, 0x05, 0x04, 0x04, 0x05, 0x0a, 0x07, 0x07, 0x06, 0x08, 0x0c, 0x0a, 0x0c, 0x0c, 0x0b, 0x0a, 0x0b, 0x0b, 0x0d, 0x0e, 0x12, 0x10, 0x0d, 0x0e, 0x11, 0x0e, 0x0b, 0x0b, 0x10, 0x16, 0x10, 0x11, 0x13, 0x14, 0x15, 0x15, 0x15, 0x0c, 0x0f, 0x17, 0x18, 0x16, 0x14, 0x18, 0x12, 0x14, 0x15, 0x14, 0xff, 0xc0, 0x00, 0x0b, 0x08, 0x00, 0x08, 0x00, 0x08, 0x01, 0x01, 0x11, 0x00, 0xff, 0xc4, 0x00, 0x14, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0xff, 0xc4, 0x00, 0x14, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3f, 0x00, 0x60, 0x3f, 0xff, 0xd9};
static const uint8_t webp[] = {
0x52, 0x49, 0x46, 0x46, 0x3c, 0x00, 0x00, 0x00, 0x57, 0x45, 0x42, 0x50, 0x56, 0x50, 0x38, 0x4c, 0x2f, 0x00, 0x00, 0x00, 0x2f, 0x02, 0x40, 0x00, 0x00, 0x2f, 0x20, 0x10, 0x20, 0x88, 0xf0, 0x9f, 0x6a, 0x43, 0x48, 0x90, 0xd0, 0xfd, 0xbf, 0x57, 0x81, 0x00, 0x41, 0x89, 0xff, 0x4a, 0xf3, 0x1f, 0x20, 0x36, 0x39, 0xb6, 0x0a, 0x14, 0xb2, 0x8d, 0x00, 0x87, 0xee, 0x25, 0x39, 0x91, 0x8b, 0xe8, 0x7f, 0x8c, 0x2f, 0x00};
/* clang-format on */
static const uint8_t pixels[] = {255, 0, 0, 0,   255, 0,   0,  0,  255,
                                 0,   0, 0, 255, 255, 255, 10, 20, 30};

typedef struct picture_t {
    uint32_t width, height;
    void *rgb;
} picture_t;

static anp_status_t take(void *user, uint32_t width, uint32_t height, uint8_t **out_rgb) {
    picture_t *p = user;
    p->width = width;
    p->height = height;
    ANP_TRY(anp_alloc((uint64_t)width * height * 3, &p->rgb));
    *out_rgb = p->rgb;
    return ANP_OK;
}

/* Decodes and frees; compares with `expected` when that is given. */
static anp_status_t decode(const uint8_t *data, uint64_t n, uint32_t width, uint32_t height,
                           const uint8_t *expected) {
    picture_t p = {0};
    const anp_image_sink_t sink = {take, &p};
    const anp_status_t st = anp_image_decode(data, n, &sink);
    if (st == ANP_OK && expected) {
        assert_int_equal(p.width, width);
        assert_int_equal(p.height, height);
        assert_memory_equal(p.rgb, expected, (size_t)width * height * 3);
    }
    anp_free(p.rgb);
    return st;
}

static void every_format_gives_the_same_pixels(void **state) {
    (void)state;
    uint8_t grey[8 * 8 * 3];
    memset(grey, 200, sizeof grey);
    assert_int_equal(decode(png, sizeof png, 3, 2, pixels), ANP_OK);
    assert_int_equal(decode(png_palette, sizeof png_palette, 3, 2, pixels), ANP_OK);
    assert_int_equal(decode(webp, sizeof webp, 3, 2, pixels), ANP_OK);
    assert_int_equal(decode(jpeg, sizeof jpeg, 8, 8, grey), ANP_OK);
}

/* ---- BMP, written here ---- */
static uint64_t put(uint8_t *out, uint64_t at, uint32_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) out[at + i] = (uint8_t)(value >> (8 * i));
    return at + bytes;
}

static uint64_t bmp_header(uint8_t *out, int32_t width, int32_t height, uint32_t bits,
                           uint32_t compression, uint32_t colours) {
    uint64_t n = 0;
    n = put(out, n, 0x4d42, 2);
    n = put(out, n, 0, 4);
    n = put(out, n, 0, 4);
    n = put(out, n, 54 + colours * 4 + (compression == 3 ? 12 : 0), 4);
    n = put(out, n, 40, 4);
    n = put(out, n, (uint32_t)width, 4);
    n = put(out, n, (uint32_t)height, 4);
    n = put(out, n, 1, 2);
    n = put(out, n, bits, 2);
    n = put(out, n, compression, 4);
    for (int i = 0; i < 3; i++) n = put(out, n, 0, 4);
    n = put(out, n, colours, 4);
    return put(out, n, 0, 4);
}

static void bitmaps_of_all_depths_are_read(void **state) {
    (void)state;
    uint8_t file[256] = {0};
    uint64_t n = bmp_header(file, 3, -2, 24, 0, 0); /* rows from the top, padded to 12 bytes */
    for (int i = 0; i < 6; i++) {
        const uint8_t *p = pixels + 3 * i;
        n = put(file, n, (uint32_t)(p[2] | p[1] << 8 | p[0] << 16), 3);
        if (i % 3 == 2) n = put(file, n, 0, 3);
    }
    assert_int_equal(decode(file, n, 3, 2, pixels), ANP_OK);
    assert_int_equal(decode(file, n - 1, 0, 0, NULL), ANP_CORRUPT);

    static const uint8_t two[] = {0, 0, 255, 255, 0, 0}; /* blue, red */
    n = bmp_header(file, 2, 1, 1, 0, 2);
    n = put(file, n, 0xff0000, 4); /* palette: red, blue */
    n = put(file, n, 0x0000ff, 4);
    n = put(file, n, 0x80, 4); /* indices 1, 0 */
    assert_int_equal(decode(file, n, 2, 1, two), ANP_OK);
    n = bmp_header(file, 2, 1, 16, 3, 0);
    n = put(file, n, 0xf800, 4);
    n = put(file, n, 0x07e0, 4);
    n = put(file, n, 0x001f, 4);
    n = put(file, n, 0x001f | 0xf800u << 16, 4);
    assert_int_equal(decode(file, n, 2, 1, two), ANP_OK);
    n = bmp_header(file, 1, 1, 8, 0, 2);
    n = put(file, n, 0, 4);
    n = put(file, n, 0, 4);
    n = put(file, n, 2, 4);
    assert_int_equal(decode(file, n, 0, 0, NULL), ANP_CORRUPT);
    anp_test_expect_message("BMP image: colour 2 of a palette of 2");
    n = bmp_header(file, 1, 1, 8, 1, 2);
    assert_int_equal(decode(file, n, 0, 0, NULL), ANP_UNSUPPORTED);
}

static anp_status_t decode_text(const char *text, uint32_t width, uint32_t height,
                                const uint8_t *expected) {
    return decode((const uint8_t *)text, strlen(text), width, height, expected);
}

static void portable_images_are_read_plain_and_raw(void **state) {
    (void)state;
    static const uint8_t white_black[] = {255, 255, 255, 0, 0, 0},
                         grey[] = {0, 0, 0, 128, 128, 128};
    assert_int_equal(decode_text("P1\n# two\n2 1\n01\n", 2, 1, white_black), ANP_OK);
    assert_int_equal(decode_text("P2 2 1 255 0 128", 2, 1, grey), ANP_OK);
    assert_int_equal(decode_text("P4\n2 1\n\x40", 2, 1, white_black), ANP_OK);
    assert_int_equal(decode((const uint8_t *)"P5 2 1 65535\n\0\0\x80\x80", 17, 2, 1, grey), ANP_OK);
    assert_int_equal(decode_text("P3 1 1 15 15 0 0", 1, 1, pixels), ANP_OK);
    assert_int_equal(decode_text("P2 2 1 255 0 256", 0, 0, NULL), ANP_CORRUPT);
    anp_test_expect_message("PNM image: a sample is 256, the maximum is 255");
    assert_int_equal(decode_text("P5 2 1 255\n\x01", 0, 0, NULL), ANP_CORRUPT);
    assert_int_equal(decode_text("P6 2", 0, 0, NULL), ANP_CORRUPT);
    assert_int_equal(decode_text("P2 2 1 0 0 0", 0, 0, NULL), ANP_CORRUPT);
}

static void sizes_beyond_the_limit_are_refused_before_memory_is(void **state) {
    (void)state;
    uint8_t file[64] = {0};
    const uint64_t n = bmp_header(file, INT32_MAX, INT32_MIN, 32, 0, 0);
    assert_int_equal(decode(file, n, 0, 0, NULL), ANP_LIMIT);
    assert_int_equal(decode(file, bmp_header(file, 1 << 20, 1 << 20, 1, 0, 0), 0, 0, NULL),
                     ANP_CORRUPT);
    assert_int_equal(decode(file, bmp_header(file, 0, 5, 24, 0, 0), 0, 0, NULL), ANP_CORRUPT);
}

static void other_formats_are_named(void **state) {
    (void)state;
    assert_int_equal(decode((const uint8_t *)"II*\0\x08\0\0\0", 8, 0, 0, NULL), ANP_UNSUPPORTED);
    anp_test_expect_message("TIFF");
    assert_int_equal(decode_text("GIF89a", 0, 0, NULL), ANP_UNSUPPORTED);
    assert_int_equal(decode_text("hello", 0, 0, NULL), ANP_CORRUPT);
    anp_test_expect_message("the 5 bytes are no image");
    assert_int_equal(decode(NULL, 0, 0, 0, NULL), ANP_CORRUPT);
}

static void damaged_files_fail_or_decode_but_never_worse(void **state) {
    (void)state;
    static const struct {
        const uint8_t *data;
        uint64_t n;
    } files[] = {{png, sizeof png},
                 {png_palette, sizeof png_palette},
                 {jpeg, sizeof jpeg},
                 {webp, sizeof webp}};
    for (uint32_t f = 0; f < ANP_ARRAY_LEN(files); f++) {
        void *copy;
        for (uint64_t cut = 0; cut < files[f].n;
             cut++) { /* in a block of exactly this size, so that a tool sees reads behind it */
            assert_int_equal(anp_alloc(cut, &copy), ANP_OK);
            memcpy(copy, files[f].data, cut);
            const anp_status_t st = decode(copy, cut, 0, 0, NULL);
            if (st == ANP_OK && cut + 16 < files[f].n)
                fail_msg("file %u cut at %d decodes", f, (int)cut);
            anp_free(copy);
        }
        assert_int_equal(anp_alloc(files[f].n, &copy), ANP_OK);
        for (uint64_t at = 0; at < files[f].n; at++)
            for (uint32_t bit = 0; bit < 8; bit++) {
                memcpy(copy, files[f].data, files[f].n);
                ((uint8_t *)copy)[at] ^= (uint8_t)(1 << bit);
                decode(copy, files[f].n, 0, 0, NULL);
            }
        anp_free(copy);
    }
}

static void the_operator_orders_colours_and_makes_grey(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    anp_tensor_t *in = kx_in(&kx, U8, "79", "0");
    assert_int_equal(anp_tensor_elems(in), sizeof png);
    memcpy(in->data, png, sizeof png);
    assert_int_equal(kx_run(&kx, "ImageDecoder", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0),
                        "u8[2, 3, 3] 255 0 0 0 255 0 0 0 255 0 0 0 255 255 255 10 20 30");
    fx_attr_str(&kx.fx, "pixel_format", "BGR");
    assert_int_equal(kx_run(&kx, "ImageDecoder", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0),
                        "u8[2, 3, 3] 0 0 255 0 255 0 255 0 0 0 0 0 255 255 255 30 20 10");
    kx.fx.attrs[0].v.s.ptr = "Grayscale";
    assert_int_equal(kx_run(&kx, "ImageDecoder", 1), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "u8[2, 3, 1] 76 150 29 0 255 18");
    ((uint8_t *)in->data)[0] = 0;
    kx_assert_fails(&kx, "ImageDecoder", ANP_CORRUPT, "node 'n' (ImageDecoder)");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_gives_the_same_pixels),
        cmocka_unit_test(bitmaps_of_all_depths_are_read),
        cmocka_unit_test(portable_images_are_read_plain_and_raw),
        cmocka_unit_test(sizes_beyond_the_limit_are_refused_before_memory_is),
        cmocka_unit_test(other_formats_are_named),
        cmocka_unit_test(damaged_files_fail_or_decode_but_never_worse),
        cmocka_unit_test(the_operator_orders_colours_and_makes_grey),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
