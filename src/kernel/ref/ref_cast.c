/* SPDX-License-Identifier: Apache-2.0 */
/* Cast and CastLike between all types: numbers, bool, complex, packed types and strings. */
#include "base/str.h"
#include "kernel/ref/ref_util.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- to strings ---- */

enum { NUMBER_TEXT_MAX = 48 };

static uint32_t put_text(char *out, const char *text) {
    return (uint32_t)snprintf(out, NUMBER_TEXT_MAX, "%s", text);
}

/* v with this many digits, as 0.1, 1000 or 1e-05. */
static int print_digits(double v, int digits, char *out) {
    enum { FIXED_MIN = -4, FIXED_MAX = 15 }; /* exponents written without one */
    const int exponent = v == 0 ? 0 : (int)floor(log10(fabs(v)));
    const bool fixed = exponent >= FIXED_MIN && exponent <= FIXED_MAX;
    const int len =
        fixed ? snprintf(out, NUMBER_TEXT_MAX, "%.*f", ANP_MAX(digits - 1 - exponent, 0), v)
              : snprintf(out, NUMBER_TEXT_MAX, "%.*e", digits - 1, v);
    for (char *c = out; *c; c++) /* a locale may have another decimal point */
        if (!strchr("0123456789+-e", *c)) *c = '.';
    return len;
}

/* The fewest digits that read back as the same value of the type. */
static uint32_t print_float(anp_dtype_t dtype, const void *data, uint64_t i, char *out) {
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    const double v = row->get_f64(data, i);
    int len = 0;
    if (isnan(v)) return put_text(out, "NaN");
    if (isinf(v)) return put_text(out, v > 0 ? "INF" : "-INF");
    for (int digits = 1; digits <= 17; digits++) {
        double parsed = 0;
        _Alignas(8) uint8_t back[8] = {0};
        len = print_digits(v, digits, out);
        if (!anp_parse_f64(out, &parsed)) continue;
        row->set_f64(back, 0, parsed);
        if (row->get_f64(back, 0) == v) break;
    }
    return (uint32_t)len;
}

static uint32_t print_element(const anp_tensor_t *t, uint64_t i, char *out) {
    const anp_dtype_t dtype = (anp_dtype_t)t->dtype;
    const int64_t v = anp_dtype_is_float(dtype) ? 0 : anp_dtype_get_i64(dtype, t->data, i);
    if (anp_dtype_is_float(dtype)) return print_float(dtype, t->data, i, out);
    if (dtype == ANP_DTYPE_BOOL) return put_text(out, v ? "True" : "False");
    if (dtype == ANP_DTYPE_U64)
        return (uint32_t)snprintf(out, NUMBER_TEXT_MAX, "%" PRIu64, (uint64_t)v);
    return (uint32_t)snprintf(out, NUMBER_TEXT_MAX, "%" PRId64, v);
}

static anp_status_t to_strings(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0];
    anp_string_t *out = k->out[0]->data;
    const int64_t n = anp_tensor_elems(in);
    if (!anp_dtype_row(in->dtype)->get_f64)
        ANP_KERNEL_FAIL(k, ANP_UNSUPPORTED, "no text for elements of type %s",
                        anp_dtype_name((anp_dtype_t)in->dtype));
    for (int64_t i = 0; i < n; i++) {
        char text[NUMBER_TEXT_MAX];
        const uint32_t len = print_element(in, (uint64_t)i, text);
        ANP_TRY(anp_kernel_string(k, text, len, &out[i]));
    }
    return ANP_OK;
}

/* ---- from strings ---- */

/* The special values in any case, else a decimal number. */
static bool parse_float(const char *text, double *out) {
    static const struct {
        const char *text;
        double value;
    } specials[] = {{"nan", NAN},        {"inf", INFINITY},      {"+inf", INFINITY},
                    {"-inf", -INFINITY}, {"infinity", INFINITY}, {"-infinity", -INFINITY}};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(specials); i++) {
        if (strcasecmp(text, specials[i].text) != 0) continue;
        *out = specials[i].value;
        return true;
    }
    return anp_parse_f64(text, out);
}

static bool parse_element(const char *text, anp_dtype_t dtype, void *data, uint64_t i) {
    int64_t whole = 0;
    double real = 0;
    const bool is_float = anp_dtype_is_float(dtype);
    if (!is_float && anp_parse_i64(text, &whole)) {
        anp_dtype_set_i64(dtype, data, i, whole);
        return true;
    }
    if (!parse_float(text, &real)) return false;
    anp_dtype_row(dtype)->set_f64(data, i, is_float ? real : trunc(real));
    return true;
}

static anp_status_t parse_strings(anp_kernel_t *k, const anp_tensor_t *out) {
    enum { TEXT_MAX = 512 }; /* longer than any number */
    const anp_string_t *in = k->in[0]->data;
    const int64_t n = anp_tensor_elems(out);
    if (!anp_dtype_row(out->dtype)->set_f64)
        ANP_KERNEL_FAIL(k, ANP_UNSUPPORTED, "no text for elements of type %s",
                        anp_dtype_name((anp_dtype_t)out->dtype));
    for (int64_t i = 0; i < n; i++) {
        char text[TEXT_MAX];
        const uint64_t len = ANP_MIN(in[i].len_bytes, (uint64_t)TEXT_MAX - 1);
        if (len > 0) memcpy(text, in[i].ptr, len);
        text[len] = '\0';
        const bool whole = len == in[i].len_bytes && strlen(text) == len;
        if (!whole || !parse_element(text, (anp_dtype_t)out->dtype, out->data, (uint64_t)i))
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                            "element %lld, '%.40s', is not a number of type %s", (long long)i, text,
                            anp_dtype_name((anp_dtype_t)k->out[0]->dtype));
    }
    return ANP_OK;
}

/* ---- to powers of two ---- */

/* The rounding modes only this type has: the exponent is kept, raised when there is a rest (up), or
 * when the rest is at least half (nearest). */
static anp_status_t to_e8m0(anp_kernel_t *k, const anp_tensor_t *in) {
    const char *mode = anp_attr_str(k->attrs, "round_mode", "up");
    const bool saturate = anp_attr_i64(k->attrs, "saturate", 1) != 0;
    const bool up = strcmp(mode, "up") == 0, nearest = strcmp(mode, "nearest") == 0;
    uint8_t *out = k->out[0]->data;
    const int64_t n = anp_tensor_elems(in);
    if (!up && !nearest && strcmp(mode, "down") != 0)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "round_mode is '%s', expected up, down or nearest",
                        mode);
    for (int64_t i = 0; i < n; i++) {
        double wide = 0;
        anp_dtype_load_f64((anp_dtype_t)in->dtype, in->data, (uint64_t)i, 1, &wide);
        const float v = (float)wide;
        uint32_t bits = 0;
        memcpy(&bits, &v, sizeof bits);
        const uint32_t exponent = bits >> 23 & 255, rest = bits & 0x7fffff, half = 0x400000;
        /* 0 stands for the smallest power and below: an exact half there stays */
        const bool raise =
            (up && rest > 0) || (nearest && (exponent > 0 ? rest >= half : rest > half));
        const bool at_top = exponent == 255 || (exponent == 254 && saturate);
        out[i] = (uint8_t)(exponent + (raise && !at_top));
    }
    return ANP_OK;
}

/* ---- numbers ---- */

typedef struct cast_job_t {
    const anp_tensor_t *in, *out;
    bool saturate;
} cast_job_t;

static void cast_part(void *arg, int64_t begin, int64_t end) {
    const cast_job_t *job = arg;
    const anp_dtype_row_t *from = anp_dtype_row(job->in->dtype);
    const anp_dtype_row_t *to = anp_dtype_row(job->out->dtype);
    /* parts begin at multiples of every block size */
    const uint8_t *src =
        (const uint8_t *)job->in->data + (uint64_t)begin / from->block_elems * from->block_bytes;
    uint8_t *dst = (uint8_t *)job->out->data + (uint64_t)begin / to->block_elems * to->block_bytes;
    /* the caller has checked that the pair of types converts */
    (void)!anp_dtype_convert(from->dtype, src, to->dtype, dst, (uint64_t)(end - begin),
                             job->saturate);
}

static anp_status_t convert(anp_kernel_t *k, const anp_tensor_t *in) {
    const anp_dtype_t from = (anp_dtype_t)in->dtype, to = (anp_dtype_t)k->out[0]->dtype;
    cast_job_t job = {
        .in = in, .out = k->out[0], .saturate = anp_attr_i64(k->attrs, "saturate", 1) != 0};
    if (to == ANP_DTYPE_F8E8M0) return to_e8m0(k, in);
    ANP_TRY(anp_dtype_convert(from, in->data, to, k->out[0]->data, 0, job.saturate));
    anp_range_run(k->env->pool, anp_tensor_elems(in), ANP_PART_ELEMS, cast_part, &job);
    return ANP_OK;
}

/* Short floats have modes of rounding and saturation: they are converted from the number read. */
static anp_status_t from_strings(anp_kernel_t *k) {
    const anp_dtype_t to = (anp_dtype_t)k->out[0]->dtype;
    anp_tensor_t wide = *k->out[0];
    if (!anp_dtype_is_float(to) || to == ANP_DTYPE_F64) return parse_strings(k, k->out[0]);
    wide.dtype = ANP_DTYPE_F64;
    ANP_TRY(
        anp_kernel_scratch_array(k, (uint64_t)anp_tensor_elems(&wide), sizeof(double), &wide.data));
    ANP_TRY(parse_strings(k, &wide));
    return convert(k, &wide);
}

anp_status_t anp_ref_cast(anp_kernel_t *k) {
    const anp_dtype_t from = (anp_dtype_t)k->in[0]->dtype, to = (anp_dtype_t)k->out[0]->dtype;
    if (from == to) return anp_ref_view(k);
    if (to == ANP_DTYPE_STRING) return to_strings(k);
    if (from == ANP_DTYPE_STRING) return from_strings(k);
    return convert(k, k->in[0]);
}
