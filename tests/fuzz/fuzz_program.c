/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the program verifier, and everything that relies on it having said yes. */
#include "program/program.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Gives every constant bytes that are as arbitrary as the program. */
static void bind_all(anp_program_t *p) {
    for (uint32_t i = 0; i < p->n_consts; i++) {
        void *bytes;
        if (p->consts[i].bytes > p->size_bytes || anp_alloc(p->consts[i].bytes, &bytes) != ANP_OK)
            continue;
        memcpy(bytes, p->data, (size_t)p->consts[i].bytes);
        (void)anp_program_bind_const(p, i, bytes);
        anp_free(bytes); /* only decoding reads it */
    }
}

static void eval_all(const anp_program_t *p) {
    int64_t *symbols, *exprs, dims[ANP_RANK_MAX];
    if (ANP_NEW_ARRAY(p->n_symbols, &symbols) != ANP_OK) return;
    for (uint32_t i = 0; i < p->n_symbols; i++) symbols[i] = (int64_t)i - 1;
    if (ANP_NEW_ARRAY(p->n_exprs, &exprs) == ANP_OK) {
        anp_program_eval(p, symbols, exprs);
        for (uint32_t i = 0; i < p->n_values; i++) (void)anp_program_dims(p, i, exprs, dims);
        anp_free(exprs);
    }
    anp_free(symbols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    void *copy; /* aligned, and of exactly this size */
    anp_program_t *p;
    if (anp_alloc(size, &copy) != ANP_OK) return 0;
    memcpy(copy, data, size);
    if (size >= sizeof(anp_p_header_t)) ((anp_p_header_t *)copy)->size_bytes = size;
    (void)anp_program_verify(copy, size);
    if (anp_program_open(copy, size, NULL, &p) == ANP_OK) {
        anp_buf_t text;
        anp_buf_init(&text, 1 << 20);
        (void)anp_program_print(p, &text);
        anp_buf_deinit(&text);
        eval_all(p);
        bind_all(p);
        anp_program_release(p);
    }
    anp_free(copy);
    return 0;
}
