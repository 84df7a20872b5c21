/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the Python literal {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }. */
#include "import/tensor/npy_header.h"
#include <inttypes.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";
enum { MAGIC_BYTES = 6, PREFIX_BYTES_V1 = 10, PREFIX_BYTES_V2 = 12 };

typedef struct text_t {
    const char *name; /* of the file */
    const uint8_t *file;
    const uint8_t *at, *end;
} text_t;

#define TEXT_FAIL(t, code, ...)                                                           \
    return anp_error_prefix(ANP_ERROR(code, __VA_ARGS__), "%s: byte %" PRIu64, (t)->name, \
                            (uint64_t)((t)->at - (t)->file))

static void skip_space(text_t *t) {
    while (t->at < t->end && (*t->at == ' ' || *t->at == '\t' || *t->at == '\n')) t->at++;
}

/* Takes c when it is next. */
static bool accept(text_t *t, char c) {
    skip_space(t);
    if (t->at == t->end || *t->at != (uint8_t)c) return false;
    t->at++;
    return true;
}

static anp_status_t expect(text_t *t, char c) {
    if (accept(t, c)) return ANP_OK;
    if (t->at == t->end) TEXT_FAIL(t, ANP_INVALID_FILE, "expected '%c', but the header ends", c);
    TEXT_FAIL(t, ANP_INVALID_FILE, "expected '%c', found '%c'", c, *t->at);
}

/* A quoted string shorter than size. */
static anp_status_t read_string(text_t *t, char *out, size_t size) {
    skip_space(t);
    const char quote = t->at < t->end && *t->at == '"' ? '"' : '\'';
    ANP_TRY(expect(t, quote));
    const uint8_t *close = memchr(t->at, quote, (size_t)(t->end - t->at));
    if (!close) TEXT_FAIL(t, ANP_INVALID_FILE, "a string does not end");
    const size_t n = (size_t)(close - t->at);
    if (n >= size)
        TEXT_FAIL(t, ANP_INVALID_FILE, "a string of %zu bytes, expected less than %zu", n, size);
    memcpy(out, t->at, n);
    out[n] = '\0';
    t->at = close + 1;
    return ANP_OK;
}

static bool accept_word(text_t *t, const char *word) {
    const size_t n = strlen(word);
    skip_space(t);
    if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n) != 0) return false;
    t->at += n;
    return true;
}

static anp_status_t read_bool(text_t *t, bool *out) {
    *out = accept_word(t, "True");
    if (*out || accept_word(t, "False")) return ANP_OK;
    TEXT_FAIL(t, ANP_INVALID_FILE, "expected True or False");
}

static anp_status_t read_size(text_t *t, int64_t *out) {
    int64_t value = 0;
    const uint8_t *first = t->at;
    for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++) {
        const int digit = *t->at - '0';
        if (value > (INT64_MAX - digit) / 10)
            TEXT_FAIL(t, ANP_INVALID_FILE, "a dimension does not fit into 63 bits");
        value = value * 10 + digit;
    }
    if (t->at == first) TEXT_FAIL(t, ANP_INVALID_FILE, "expected a dimension");
    accept(t, 'L'); /* Python 2 wrote long integers so */
    *out = value;
    return ANP_OK;
}

static anp_status_t read_shape(text_t *t, anp_npy_header_t *out) {
    ANP_TRY(expect(t, '('));
    for (out->rank = 0; !accept(t, ')'); out->rank++) {
        if (out->rank == ANP_RANK_MAX)
            TEXT_FAIL(t, ANP_INVALID_FILE, "more than %d dimensions", ANP_RANK_MAX);
        ANP_TRY(read_size(t, &out->dims[out->rank]));
        if (accept(t, ',')) {
            skip_space(t);
            continue;
        }
        out->rank++;
        return expect(t, ')');
    }
    return ANP_OK;
}

static anp_status_t read_type(text_t *t, anp_npy_header_t *out) {
    char descr[sizeof out->type + 1];
    skip_space(t);
    if (t->at < t->end && *t->at == '[')
        TEXT_FAIL(t, ANP_UNSUPPORTED, "structured types are not read");
    ANP_TRY(read_string(t, descr, sizeof descr));
    if (!descr[0] || !strchr("<>=|", descr[0]))
        TEXT_FAIL(t, ANP_INVALID_FILE, "descr is '%s', expected a byte order and a type", descr);
    out->order = descr[0];
    memcpy(out->type, descr + 1, sizeof out->type);
    return ANP_OK;
}

enum { HAS_DESCR = 1, HAS_ORDER = 2, HAS_SHAPE = 4, HAS_ALL = 7 };

static anp_status_t read_entry(text_t *t, anp_npy_header_t *out, unsigned *has) {
    char key[16];
    ANP_TRY(read_string(t, key, sizeof key));
    ANP_TRY(expect(t, ':'));
    if (strcmp(key, "descr") == 0) {
        *has |= HAS_DESCR;
        return read_type(t, out);
    }
    if (strcmp(key, "fortran_order") == 0) {
        *has |= HAS_ORDER;
        return read_bool(t, &out->fortran_order);
    }
    if (strcmp(key, "shape") == 0) {
        *has |= HAS_SHAPE;
        return read_shape(t, out);
    }
    TEXT_FAIL(t, ANP_INVALID_FILE, "key '%s', expected descr, fortran_order or shape", key);
}

static anp_status_t read_literal(text_t *t, anp_npy_header_t *out) {
    unsigned has = 0;
    ANP_TRY(expect(t, '{'));
    while (!accept(t, '}')) {
        ANP_TRY(read_entry(t, out, &has));
        if (accept(t, ',')) continue;
        ANP_TRY(expect(t, '}'));
        break;
    }
    if (has != HAS_ALL) TEXT_FAIL(t, ANP_INVALID_FILE, "descr, fortran_order or shape is missing");
    return ANP_OK;
}

bool anp_npy_has_magic(const uint8_t *data, uint64_t size_bytes) {
    return size_bytes >= MAGIC_BYTES && memcmp(data, magic, MAGIC_BYTES) == 0;
}

anp_status_t anp_npy_header_parse(const char *name, const uint8_t *data, uint64_t size_bytes,
                                  anp_npy_header_t *out) {
    *out = (anp_npy_header_t){0};
    text_t t = {.name = name, .file = data, .at = data, .end = data + size_bytes};
    if (!anp_npy_has_magic(data, size_bytes))
        TEXT_FAIL(&t, ANP_INVALID_FILE, "no NumPy array: it does not begin with \\x93NUMPY");
    const uint64_t prefix =
        size_bytes > MAGIC_BYTES && data[6] == 1 ? PREFIX_BYTES_V1 : PREFIX_BYTES_V2;
    if (size_bytes < prefix) TEXT_FAIL(&t, ANP_INVALID_FILE, "the file ends within its header");
    if (data[6] < 1 || data[6] > 3)
        TEXT_FAIL(&t, ANP_INVALID_FILE, "format version %d, expected 1 to 3", data[6]);
    uint64_t length = data[8] | (uint64_t)data[9] << 8;
    if (prefix == PREFIX_BYTES_V2) length |= (uint64_t)data[10] << 16 | (uint64_t)data[11] << 24;
    if (length > size_bytes - prefix)
        TEXT_FAIL(&t, ANP_INVALID_FILE,
                  "a header of %" PRIu64 " bytes, but only %" PRIu64 " are left", length,
                  size_bytes - prefix);
    out->data_offset = prefix + length;
    t.at = data + prefix;
    t.end = t.at + length;
    return read_literal(&t, out);
}
