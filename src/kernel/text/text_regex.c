/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions by PCRE2, whose steps, depth and memory are limited: no pattern runs without
 * end. */
#include "kernel/text/text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

enum {
    PATTERN_BYTES_MAX = 64 * 1024,
    STEPS_MAX = 10 * 1000 * 1000, /* about half a second on one element */
    DEPTH_MAX = 1000 * 1000,
    HEAP_KIB_MAX = 64 * 1024,
};

struct anp_regex_t {
    const anp_kernel_mem_t *mem;
    anp_status_t st;       /* of the memory asked for last */
    struct spare_t *spare; /* given back, for the next that fits: older PCRE2 takes and gives back
                              the same block for every match */
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

/* ---- memory: scratch of the kernel call, which ends with it ---- */

typedef struct spare_t {
    _Alignas(64) uint64_t size_bytes;
} spare_t;

static void *take(PCRE2_SIZE size, void *user) {
    anp_regex_t *re = user;
    spare_t *block = re->spare;
    uint64_t bytes = 0;
    re->spare = NULL;
    if (block && block->size_bytes >= size) return block + 1;
    re->st = anp_size_add(size, sizeof *block, &bytes);
    if (re->st == ANP_OK) re->st = re->mem->scratch(re->mem->user, bytes, (void **)&block);
    if (re->st != ANP_OK) return NULL;
    block->size_bytes = size;
    return block + 1;
}

static void give_back(void *ptr, void *user) {
    anp_regex_t *re = user;
    if (ptr) re->spare = (spare_t *)ptr - 1;
}

static anp_status_t out_of_memory(const anp_regex_t *re) {
    if (re->st != ANP_OK) return re->st;
    ANP_FAIL(ANP_OUT_OF_MEMORY, "no memory for a regular expression");
}

/* ---- compiling ---- */

static anp_status_t fail_pattern(const anp_regex_t *re, const anp_string_t *pattern, int code,
                                 PCRE2_SIZE at) {
    PCRE2_UCHAR why[128] = "";
    if (code == PCRE2_ERROR_NOMEMORY || re->st != ANP_OK) return out_of_memory(re);
    pcre2_get_error_message(code, why, sizeof why);
    ANP_FAIL(ANP_INVALID_MODEL, "pattern '%.*s': %s at byte %zu",
             (int)ANP_MIN(pattern->len_bytes, 80u), pattern->ptr, (const char *)why, (size_t)at);
}

static anp_status_t make_code(anp_regex_t *re, pcre2_general_context *memory,
                              const anp_string_t *pattern) {
    int code = 0;
    PCRE2_SIZE at = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    if (!context) return out_of_memory(re);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF); /* '.' is anything but \n, as in RE2 */
    re->code = pcre2_compile((PCRE2_SPTR)pattern->ptr, pattern->len_bytes,
                             PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY |
                                 PCRE2_NEVER_BACKSLASH_C,
                             &code, &at, context);
    return re->code ? ANP_OK : fail_pattern(re, pattern, code, at);
}

anp_status_t anp_regex_compile(const anp_kernel_mem_t *mem, const anp_string_t *pattern,
                               anp_regex_t **out) {
    anp_regex_t *re = NULL;
    *out = NULL;
    if (pattern->len_bytes > PATTERN_BYTES_MAX)
        ANP_FAIL(ANP_LIMIT, "a pattern of %llu bytes, at most %d are taken",
                 (unsigned long long)pattern->len_bytes, PATTERN_BYTES_MAX);
    ANP_TRY(mem->scratch(mem->user, sizeof *re, (void **)&re));
    *re = (anp_regex_t){.mem = mem, .st = ANP_OK};
    pcre2_general_context *memory = pcre2_general_context_create(take, give_back, re);
    if (!memory) return out_of_memory(re);
    ANP_TRY(make_code(re, memory, pattern));
    re->data = pcre2_match_data_create(1, memory);
    re->limits = pcre2_match_context_create(memory);
    if (!re->data || !re->limits) return out_of_memory(re);
    pcre2_set_match_limit(re->limits, STEPS_MAX);
    pcre2_set_depth_limit(re->limits, DEPTH_MAX);
    pcre2_set_heap_limit(re->limits, HEAP_KIB_MAX);
    *out = re;
    return ANP_OK;
}

/* ---- matching ---- */

anp_status_t anp_regex_full_match(anp_regex_t *re, const anp_string_t *s, bool *out) {
    const char *text = s->len_bytes ? s->ptr : "";
    const int found =
        pcre2_match(re->code, (PCRE2_SPTR)text, s->len_bytes, 0, 0, re->data, re->limits);
    *out = found >= 0;
    switch (found) {
    case PCRE2_ERROR_NOMEMORY: return out_of_memory(re);
    case PCRE2_ERROR_MATCHLIMIT:
        ANP_FAIL(ANP_LIMIT, "the pattern takes more than %d steps", STEPS_MAX);
    case PCRE2_ERROR_DEPTHLIMIT:
        ANP_FAIL(ANP_LIMIT, "the pattern goes back over more than %d places", DEPTH_MAX);
    case PCRE2_ERROR_HEAPLIMIT:
        ANP_FAIL(ANP_LIMIT, "the pattern takes more than %d MiB", HEAP_KIB_MAX / 1024);
    case PCRE2_ERROR_RECURSELOOP:
        ANP_FAIL(ANP_INVALID_MODEL, "the pattern repeats itself without taking a character");
    default: break;
    }
    const bool is_utf8 = found > PCRE2_ERROR_UTF8_ERR1 || found < PCRE2_ERROR_UTF8_ERR21;
    if (found < 0 && found != PCRE2_ERROR_NOMATCH && is_utf8)
        ANP_FAIL(ANP_INTERNAL, "the pattern cannot be matched: PCRE2 error %d", found);
    return ANP_OK;
}
