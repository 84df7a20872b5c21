/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers out of text, without the traps of the C library: no blanks, no rest, no locale, no silent
 * clamping. */
#include "base/str.h"
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool anp_parse_i64(const char *s, int64_t *out) {
    *out = 0;
    const bool negative = *s == '-';
    if (*s == '-' || *s == '+') s++;
    if (*s == '\0') return false;
    int64_t value = 0;
    for (; *s; s++) {
        if (*s < '0' || *s > '9') return false;
        const int digit = negative ? '0' - *s : *s - '0'; /* downwards, so that INT64_MIN fits */
        if (__builtin_mul_overflow(value, 10, &value)) return false;
        if (__builtin_add_overflow(value, digit, &value)) return false;
    }
    *out = value;
    return true;
}

/* strtod of the "C" locale: a program around us may have switched the decimal point to a comma. */
static double strtod_c(const char *s, char **out_end) {
    const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c == (locale_t)0) {
        *out_end = (char *)s;
        return 0;
    }
    const double value = strtod_l(s, out_end, c);
    freelocale(c);
    return value;
}

bool anp_parse_f64(const char *s, double *out) {
    *out = 0;
    if (*s == '\0' || s[strspn(s, "0123456789+-.eE")] != '\0')
        return false; /* no blanks, hex, inf, nan */
    char *end;
    const double value = strtod_c(s, &end);
    if (end == s || *end != '\0' || !isfinite(value)) return false;
    *out = value;
    return true;
}

bool anp_list_has(const char *list, const char *name) {
    const size_t n = strlen(name);
    for (const char *at = list; at && *at;) {
        const size_t len = strcspn(at, ",");
        if (len == n && memcmp(at, name, n) == 0) return true;
        at += len + (at[len] == ',');
    }
    return false;
}
