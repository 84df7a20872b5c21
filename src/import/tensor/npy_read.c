/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy arrays: elements stay mapped; Fortran order and text are converted. */
#include "base/str.h"
#include "import/tensor/npy_header.h"
#include "import/tensor/tensor_file.h"
#include "op/dtype.h"
#include <inttypes.h>
#include <string.h>

enum { UCS4_BYTES = 4, UTF8_BYTES_MAX = 4 };

/* The whole of a file being read. */
typedef struct npy_t {
    anp_tensor_file_t *f;
    anp_npy_header_t header;
    uint64_t elem_bytes; /* as stored */
    uint64_t count;      /* elements */
    const uint8_t *data;
} npy_t;

static bool is_text(const npy_t *n) {
    return n->header.type[0] == 'U' || n->header.type[0] == 'S';
}

static anp_dtype_t find_dtype(const char *type) {
    uint32_t n;
    const anp_dtype_row_t *rows = anp_dtype_rows(&n);
    for (uint32_t i = 0; i < n; i++)
        if (rows[i].npy && strcmp(rows[i].npy, type) == 0) return rows[i].dtype;
    return ANP_DTYPE_NONE;
}

/* Type and bytes per element of a header. */
static anp_status_t read_type(npy_t *n, anp_dtype_t *out) {
    const anp_npy_header_t *h = &n->header;
    int64_t width;
    if (is_text(n)) {
        if (!anp_parse_i64(h->type + 1, &width) || width < 0)
            ANP_FAIL(ANP_INVALID_FILE, "%s: type '%s' has no width", n->f->path, h->type);
        n->elem_bytes = (uint64_t)width * (h->type[0] == 'U' ? UCS4_BYTES : 1);
        *out = ANP_DTYPE_STRING;
    } else {
        *out = find_dtype(h->type);
        if (*out == ANP_DTYPE_NONE)
            ANP_FAIL(ANP_UNSUPPORTED,
                     "%s: NumPy type '%s' is not read; save it as a number, bool or text type",
                     n->f->path, h->type);
        n->elem_bytes = anp_dtype_row(*out)->block_bytes;
    }
    if (h->order == '>' && n->elem_bytes > 1)
        ANP_FAIL(ANP_UNSUPPORTED,
                 "%s: big-endian elements are not read; save it with astype('<%s')", n->f->path,
                 h->type);
    return ANP_OK;
}

static anp_status_t check_size(npy_t *n) {
    int64_t count;
    uint64_t bytes;
    const uint64_t left = n->f->size_bytes - n->header.data_offset;
    ANP_TRY(anp_tensor_count(&n->f->tensor, &count));
    n->count = (uint64_t)count;
    ANP_TRY(anp_size_mul(n->count, n->elem_bytes, &bytes));
    n->data = n->f->data + n->header.data_offset;
    if (bytes == left) return ANP_OK;
    char text[160];
    anp_tensor_text(&n->f->tensor, text, sizeof text);
    ANP_FAIL(ANP_INVALID_FILE,
             "%s: byte %" PRIu64 ": %s needs %" PRIu64 " bytes of elements, found %" PRIu64,
             n->f->path, n->header.data_offset, text, bytes, left);
}

/* ---- Fortran order ---- */

/* Position in row-major order of the element that comes i-th in column-major order. */
static uint64_t row_major_position(const anp_npy_header_t *h, uint64_t i) {
    uint64_t position = 0, stride = 1;
    uint64_t index[ANP_RANK_MAX];
    for (uint32_t k = 0; k < h->rank; k++) {
        index[k] = i % (uint64_t)h->dims[k];
        i /= (uint64_t)h->dims[k];
    }
    for (uint32_t k = h->rank; k-- > 0;) {
        position += index[k] * stride;
        stride *= (uint64_t)h->dims[k];
    }
    return position;
}

static uint64_t target_of(const npy_t *n, uint64_t i) {
    return n->header.fortran_order ? row_major_position(&n->header, i) : i;
}

static anp_status_t read_transposed(npy_t *n) {
    uint8_t *out;
    ANP_TRY(anp_arena_array(&n->f->arena, n->count, n->elem_bytes, (void **)&out));
    for (uint64_t i = 0; i < n->count; i++)
        memcpy(out + target_of(n, i) * n->elem_bytes, n->data + i * n->elem_bytes, n->elem_bytes);
    n->f->tensor.data = out;
    return ANP_OK;
}

/* ---- text ---- */

/* Writes a code point as UTF-8; 0 for what is none. */
static unsigned put_utf8(uint32_t c, char *out) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    const unsigned n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return 0;
    for (unsigned i = n; i-- > 1; c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[n] | c);
    return n;
}

/* One element; NumPy fills up with zeros, which are not part of it. */
static anp_status_t read_ucs4(const npy_t *n, const uint8_t *from, char *out, uint64_t *out_len) {
    uint64_t len = 0, used = 0;
    for (uint64_t i = 0; i < n->elem_bytes; i += UCS4_BYTES) {
        uint32_t c;
        memcpy(&c, from + i, sizeof c);
        const unsigned k = put_utf8(c, out + len);
        if (k == 0)
            ANP_FAIL(ANP_INVALID_FILE, "%s: byte %" PRIu64 ": 0x%" PRIx32 " is no character",
                     n->f->path, (uint64_t)(from + i - n->f->data), c);
        len += k;
        if (c) used = len;
    }
    *out_len = used;
    return ANP_OK;
}

static anp_status_t read_text_element(npy_t *n, const uint8_t *from, anp_string_t *out) {
    char *text;
    if (n->header.type[0] == 'S') {
        uint64_t len = n->elem_bytes;
        while (len > 0 && from[len - 1] == 0) len--;
        out->len_bytes = len;
        return anp_arena_strndup(&n->f->arena, (const char *)from, len, &out->ptr);
    }
    ANP_TRY(anp_arena_alloc(&n->f->arena, n->elem_bytes / UCS4_BYTES * UTF8_BYTES_MAX + 1,
                            (void **)&text));
    out->ptr = text;
    return read_ucs4(n, from, text, &out->len_bytes);
}

/* Elements of width 0 take no bytes of the file: their number is bounded by hand. */
static anp_status_t read_text(npy_t *n) {
    anp_string_t *strings;
    if (n->count > n->f->size_bytes)
        ANP_FAIL(ANP_LIMIT, "%s: %" PRIu64 " strings in a file of %" PRIu64 " bytes", n->f->path,
                 n->count, n->f->size_bytes);
    ANP_TRY(ANP_ARENA_ARRAY(&n->f->arena, n->count, &strings));
    for (uint64_t i = 0; i < n->count; i++)
        ANP_TRY(read_text_element(n, n->data + i * n->elem_bytes, &strings[target_of(n, i)]));
    n->f->tensor.data = strings;
    return ANP_OK;
}

static anp_status_t npy_read(anp_tensor_file_t *f, const anp_tensor_file_options_t *options) {
    (void)options;
    npy_t n = {.f = f};
    anp_dtype_t dtype = ANP_DTYPE_NONE;
    ANP_TRY(anp_npy_header_parse(f->path, f->data, f->size_bytes, &n.header));
    ANP_TRY(read_type(&n, &dtype));
    anp_tensor_init(&f->tensor, dtype, n.header.rank, n.header.dims, NULL);
    ANP_TRY(check_size(&n));
    if (is_text(&n)) return read_text(&n);
    if (n.header.fortran_order && n.header.rank > 1) return read_transposed(&n);
    return anp_tensor_file_lend(f, &f->tensor, n.data, n.count * n.elem_bytes);
}

const anp_tensor_format_t anp_tensor_format_npy = {
    .name = "npy", .probe = anp_npy_has_magic, .read = npy_read};
