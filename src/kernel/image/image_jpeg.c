/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG through libjpeg: the accurate inverse transform and smooth chroma upsampling. */
#include "kernel/image/image.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h> /* needs stdio.h before it */

typedef struct reader_t {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back its address */
    jmp_buf failed;
    char message[JMSG_LENGTH_MAX];
} reader_t;

static void on_error(j_common_ptr cinfo) {
    reader_t *r = (reader_t *)cinfo->err;
    r->errors.format_message(cinfo, r->message);
    longjmp(r->failed, 1);
}

static void on_message(j_common_ptr cinfo) {
    (void)cinfo; /* warnings about harmless damage */
}

/* libjpeg would make up an end marker and grey pixels. */
static boolean on_end_of_data(j_decompress_ptr cinfo) {
    reader_t *r = (reader_t *)cinfo->err;
    snprintf(r->message, sizeof r->message, "the data ends too early");
    longjmp(r->failed, 1);
}

static bool matches(const uint8_t *data, uint64_t n) {
    return n >= 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff;
}

/* The part between setjmp and the end of decoding; a failure of ours comes back as a status, one of
 * libjpeg's by the jump. */
static anp_status_t decode_rows(j_decompress_ptr cinfo, const anp_image_sink_t *sink) {
    uint8_t *rgb;
    jpeg_read_header(cinfo, TRUE);
    if (cinfo->jpeg_color_space == JCS_CMYK || cinfo->jpeg_color_space == JCS_YCCK)
        ANP_FAIL(ANP_UNSUPPORTED, "four-colour (CMYK) data is not read");
    cinfo->out_color_space = JCS_RGB;
    cinfo->dct_method = JDCT_ISLOW;
    cinfo->do_fancy_upsampling = TRUE;
    ANP_TRY(anp_image_alloc(sink, cinfo->image_width, cinfo->image_height, &rgb));
    jpeg_start_decompress(cinfo);
    while (cinfo->output_scanline < cinfo->output_height) {
        JSAMPROW row = rgb + (size_t)cinfo->output_scanline * cinfo->output_width * 3;
        jpeg_read_scanlines(cinfo, &row, 1);
    }
    jpeg_finish_decompress(cinfo);
    return ANP_OK;
}

static anp_status_t decode(const uint8_t *data, uint64_t n, const anp_image_sink_t *sink) {
    struct jpeg_decompress_struct cinfo = {
        .err = NULL}; /* zero: may be destroyed before it is created */
    reader_t reader;
    if (n > UINT32_MAX) ANP_FAIL(ANP_LIMIT, "the file is larger than 4 GiB");
    cinfo.err = jpeg_std_error(&reader.errors);
    reader.errors.error_exit = on_error;
    reader.errors.output_message = on_message;
    anp_status_t st;
    if (setjmp(reader.failed)) {
        st = ANP_ERROR(ANP_CORRUPT, "%s", reader.message);
    } else {
        jpeg_create_decompress(&cinfo);
        jpeg_mem_src(&cinfo, data, (unsigned long)n);
        cinfo.src->fill_input_buffer = on_end_of_data;
        st = decode_rows(&cinfo, sink);
    }
    jpeg_destroy_decompress(&cinfo);
    return st;
}

const anp_image_codec_t anp_image_jpeg = {"JPEG", matches, decode};
