/* SPDX-License-Identifier: Apache-2.0 */
/* Unicode case and regular expressions. A build without them (ANPUT_TEXT=OFF) has text_none.c in
 * place of the other files. */
#ifndef ANP_KERNEL_TEXT_TEXT_H
#define ANP_KERNEL_TEXT_TEXT_H

#include "kernel/kernel.h"

typedef enum anp_text_case_t {
    ANP_TEXT_LOWER,
    ANP_TEXT_UPPER,
    ANP_TEXT_FOLD, /* equal for texts that differ in case only */
} anp_text_case_t;

/**
 * Unicode's full case mapping, of no language in particular: one character may become several
 * (sharp s in capitals is SS), and a sigma at the end of a word has its own small form.
 * s        n bytes of UTF-8
 * alloc    gives the memory of the result: run_alloc or scratch of `mem`
 * Errors   ANP_INVALID_ARGUMENT  no UTF-8; ANP_UNSUPPORTED  a build without the text pack
 */
anp_status_t anp_text_case(anp_text_case_t to, const anp_string_t *s,
                           anp_status_t (*alloc)(void *user, uint64_t size_bytes, void **out),
                           void *user, anp_string_t *out);

/*
 * A compiled pattern: PCRE2's syntax with the meaning of RE2 where both know a thing. It lives as
 * long as the scratch memory of the kernel call it was made in.
 * Errors   ANP_INVALID_MODEL  no pattern: the sentence says where and why
 *          ANP_LIMIT          matching takes more steps or memory than a pattern may
 *          ANP_UNSUPPORTED    a build without the text pack
 */
typedef struct anp_regex_t anp_regex_t;
anp_status_t anp_regex_compile(const anp_kernel_mem_t *mem, const anp_string_t *pattern,
                               anp_regex_t **out);
/* Whether all of s matches; what is no UTF-8 does not. */
anp_status_t anp_regex_full_match(anp_regex_t *re, const anp_string_t *s, bool *out);

#endif
