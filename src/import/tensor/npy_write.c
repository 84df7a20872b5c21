/* SPDX-License-Identifier: Apache-2.0 */
/* Writes tensors as .npy: format 1.0, elements in row-major order, header padded to 64 bytes. */
#include "base/file.h"
#include "base/str.h"
#include "op/dtype.h"
#include <anput/tensorfile.h>
#include <inttypes.h>
#include <string.h>

enum { HEADER_ALIGN = 64, PREFIX_BYTES = 10, CHUNK_BYTES = 1 << 16 };

typedef struct npy_writer_t {
    const anp_tensor_t *tensor;
    const anp_dtype_row_t *row; /* of the tensor */
    uint64_t count;
    uint64_t elem_bytes; /* as written */
    uint64_t text_width; /* of strings: characters of the longest, at least 1 */
    anp_file_writer_t *file;
} npy_writer_t;

/* Where element i (row-major) of the tensor is, in elements. */
static uint64_t source_of(const anp_tensor_t *t, uint64_t i) {
    if (!t->strided) return i;
    int64_t position = 0;
    for (uint32_t k = t->rank; k-- > 0;) {
        position += (int64_t)(i % (uint64_t)t->dims[k]) * t->strides[k];
        i /= (uint64_t)t->dims[k];
    }
    return (uint64_t)position;
}

/* ---- text ---- */

/* Code point at s, and its length; 0 when the bytes are not UTF-8. */
static unsigned get_utf8(const uint8_t *s, uint64_t n, uint32_t *out) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned len = s[0] < 0x80       ? 1
                         : s[0] >> 5 == 6  ? 2
                         : s[0] >> 4 == 14 ? 3
                         : s[0] >> 3 == 30 ? 4
                                           : 0;
    if (len == 0 || len > n) return 0;
    uint32_t c = len == 1 ? s[0] : s[0] & (0x7fu >> len);
    for (unsigned i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    *out = c;
    const bool valid = c >= smallest[len] && c <= 0x10ffff && !(c >= 0xd800 && c < 0xe000);
    return len == 1 || valid ? len : 0;
}

/* Characters of a string; out, when given, receives them (room for text_width). */
static anp_status_t decode_text(anp_string_t s, uint64_t index, uint32_t *out, uint64_t *out_n) {
    uint64_t n = 0;
    for (uint64_t at = 0; at < s.len_bytes; n++) {
        uint32_t c;
        const unsigned len = get_utf8((const uint8_t *)s.ptr + at, s.len_bytes - at, &c);
        if (len == 0)
            ANP_FAIL(ANP_INVALID_ARGUMENT, "string %" PRIu64 " is not UTF-8 at byte %" PRIu64,
                     index, at);
        if (out) out[n] = c;
        at += len;
    }
    *out_n = n;
    return ANP_OK;
}

static anp_string_t string_at(const npy_writer_t *w, uint64_t i) {
    return ((const anp_string_t *)w->tensor->data)[source_of(w->tensor, i)];
}

static anp_status_t measure_text(npy_writer_t *w) {
    w->text_width = 1; /* NumPy has no text of width 0 */
    for (uint64_t i = 0; i < w->count; i++) {
        uint64_t n;
        ANP_TRY(decode_text(string_at(w, i), i, NULL, &n));
        w->text_width = ANP_MAX(w->text_width, n);
    }
    return anp_size_mul(w->text_width, sizeof(uint32_t), &w->elem_bytes);
}

static anp_status_t write_text(npy_writer_t *w) {
    uint32_t *line;
    anp_status_t st = ANP_OK;
    ANP_TRY(ANP_NEW_ARRAY(w->text_width, &line));
    for (uint64_t i = 0; i < w->count; i++) {
        uint64_t n;
        memset(line, 0, w->elem_bytes);
        ANP_TRY_OUT(st, decode_text(string_at(w, i), i, line, &n));
        ANP_TRY_OUT(st, anp_file_writer_write(w->file, line, w->elem_bytes));
    }
out:
    anp_free(line);
    return st;
}

/* ---- numbers ---- */

static bool is_converted(const npy_writer_t *w) {
    return !w->row->npy;
}

static void put_element(const npy_writer_t *w, uint64_t i, uint8_t *out) {
    const uint64_t source = source_of(w->tensor, i);
    if (is_converted(w)) {
        const float value = (float)w->row->get_f64(w->tensor->data, source);
        memcpy(out, &value, sizeof value);
        return;
    }
    memcpy(out, (const uint8_t *)w->tensor->data + source * w->elem_bytes, w->elem_bytes);
}

static anp_status_t write_numbers(npy_writer_t *w) {
    if (!w->tensor->strided && !is_converted(w))
        return anp_file_writer_write(w->file, w->tensor->data, w->count * w->elem_bytes);
    uint8_t *chunk;
    anp_status_t st = ANP_OK;
    const uint64_t per_chunk = CHUNK_BYTES / w->elem_bytes;
    ANP_TRY(anp_alloc(CHUNK_BYTES, (void **)&chunk));
    for (uint64_t i = 0; i < w->count; i += per_chunk) {
        const uint64_t n = ANP_MIN(per_chunk, w->count - i);
        for (uint64_t k = 0; k < n; k++) put_element(w, i + k, chunk + k * w->elem_bytes);
        ANP_TRY_OUT(st, anp_file_writer_write(w->file, chunk, n * w->elem_bytes));
    }
out:
    anp_free(chunk);
    return st;
}

/* ---- header ---- */

static void put_descr(const npy_writer_t *w, anp_buf_t *b) {
    if (w->row->dtype == ANP_DTYPE_STRING)
        anp_buf_printf(b, "<U%" PRIu64, w->text_width);
    else
        anp_buf_printf(b, "%c%s", w->elem_bytes == 1 ? '|' : '<',
                       is_converted(w) ? "f4" : w->row->npy);
}

static void put_literal(const npy_writer_t *w, anp_buf_t *b) {
    const anp_tensor_t *t = w->tensor;
    anp_buf_puts(b, "{'descr': '");
    put_descr(w, b);
    anp_buf_puts(b, "', 'fortran_order': False, 'shape': (");
    for (uint32_t i = 0; i < t->rank; i++)
        anp_buf_printf(b,
                       t->rank == 1 ? "%" PRId64 ","
                       : i          ? ", %" PRId64
                                    : "%" PRId64,
                       t->dims[i]);
    anp_buf_puts(b, "), }");
}

/* The header ends with a newline and a multiple of 64 bytes; 16 dimensions keep it far below 64
 * KiB. */
static anp_status_t write_header(npy_writer_t *w) {
    static const uint8_t prefix[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 0, 0};
    anp_buf_t b;
    anp_buf_init(&b, 0);
    anp_buf_append(&b, prefix, sizeof prefix);
    put_literal(w, &b);
    while (anp_buf_status(&b) == ANP_OK && (b.len + 1) % HEADER_ALIGN) anp_buf_puts(&b, " ");
    anp_buf_puts(&b, "\n");
    anp_status_t st = anp_buf_status(&b);
    if (st == ANP_OK) {
        const uint64_t length = b.len - PREFIX_BYTES;
        b.data[8] = (char)(length & 0xff);
        b.data[9] = (char)(length >> 8);
        st = anp_file_writer_write(w->file, b.data, b.len);
    }
    anp_buf_deinit(&b);
    return st;
}

static anp_status_t check(npy_writer_t *w) {
    const anp_tensor_t *t = w->tensor;
    int64_t count;
    w->row = anp_dtype_row(t->dtype);
    if (t->kind != ANP_KIND_TENSOR || !w->row)
        ANP_FAIL(ANP_INVALID_ARGUMENT, ".npy holds one tensor, not a sequence or nothing");
    ANP_TRY(anp_tensor_count(t, &count));
    if (!t->data && count) ANP_FAIL(ANP_INVALID_ARGUMENT, "the tensor has no host data");
    w->count = (uint64_t)count;
    w->elem_bytes = is_converted(w) ? sizeof(float) : w->row->block_bytes;
    return w->row->dtype == ANP_DTYPE_STRING ? measure_text(w) : ANP_OK;
}

anp_status_t anp_npy_write(const char *path, const anp_tensor_t *tensor) {
    npy_writer_t w = {.tensor = tensor};
    anp_status_t st;
    ANP_TRY_OUT(st, check(&w));
    ANP_TRY_OUT(st, anp_file_writer_open(path, &w.file));
    ANP_TRY_OUT(st, write_header(&w));
    ANP_TRY_OUT(st, w.row->dtype == ANP_DTYPE_STRING ? write_text(&w) : write_numbers(&w));
    ANP_TRY_OUT(st, anp_file_writer_commit(w.file));
out:
    anp_file_writer_release(w.file);
    return st;
}
