/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the text pack in a build without it. */
#include "kernel/text/text.h"

anp_status_t anp_text_case(anp_text_case_t to, const anp_string_t *s,
                           anp_status_t (*alloc)(void *user, uint64_t size_bytes, void **out),
                           void *user, anp_string_t *out) {
    (void)to, (void)s, (void)alloc, (void)user, (void)out;
    ANP_PACK_MISSING("text", "ANPUT_TEXT");
}

anp_status_t anp_regex_compile(const anp_kernel_mem_t *mem, const anp_string_t *pattern,
                               anp_regex_t **out) {
    (void)mem, (void)pattern, (void)out;
    ANP_PACK_MISSING("text", "ANPUT_TEXT");
}

anp_status_t anp_regex_full_match(anp_regex_t *re, const anp_string_t *s, bool *out) {
    (void)re, (void)s, (void)out;
    ANP_PACK_MISSING("text", "ANPUT_TEXT");
}
