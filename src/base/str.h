/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer for text and files, a string-keyed map, and hashing. */
#ifndef ANP_BASE_STR_H
#define ANP_BASE_STR_H

#include "base/alloc.h"

/* Text or bytes under construction; always NUL-terminated after the first append. `max_bytes` 0 = 1
 * GiB. A failure sticks: later appends do nothing, and anp_buf_status tells at the end. */
typedef struct anp_buf_t {
    char *data;
    uint64_t len, capacity, max_bytes;
    anp_status_t status;
} anp_buf_t;
void anp_buf_init(anp_buf_t *b, uint64_t max_bytes);
void anp_buf_deinit(anp_buf_t *b);
void anp_buf_printf(anp_buf_t *b, const char *fmt, ...) ANP_PRINTF(2, 3);
void anp_buf_puts(anp_buf_t *b, const char *s);
void anp_buf_append(anp_buf_t *b, const void *data, uint64_t n);
/* Appends zero bytes up to a multiple of align (a power of two). */
void anp_buf_pad(anp_buf_t *b, uint64_t align);
/* Appends s with control bytes, quotes and invalid UTF-8 escaped (\n, \x1b): safe in a terminal and
 * in our text form. */
void anp_buf_put_escaped(anp_buf_t *b, const char *s, uint64_t n);
anp_status_t anp_buf_status(const anp_buf_t *b);
/* Gives the bytes to the caller (anp_free), or the sticky failure. */
anp_status_t anp_buf_take(anp_buf_t *b, char **out_data, uint64_t *out_len);

/* String -> uint64 map, open addressing with a seeded hash; keys are copied. One thread at a time.
 */
typedef struct anp_map_t {
    struct anp_map_slot_t *slots;
    uint64_t count, capacity, seed;
    anp_arena_t keys;
} anp_map_t;
void anp_map_init(anp_map_t *m);
void anp_map_deinit(anp_map_t *m);
/* Inserts or replaces. */
anp_status_t anp_map_put(anp_map_t *m, const char *key, size_t key_len, uint64_t value);
bool anp_map_get(const anp_map_t *m, const char *key, size_t key_len, uint64_t *out_value);

/* 128-bit XXH3 of bytes: integrity, not security. */
typedef struct anp_hash_t {
    uint64_t lo, hi;
} anp_hash_t;
anp_hash_t anp_hash_bytes(const void *data, uint64_t n);
/* 32 hex digits and NUL. */
void anp_hash_text(anp_hash_t h, char out[33]);

/* Whole-string decimal parse; false (and *out 0) on anything but a finite number in range: blanks,
 * hex, inf, nan, a rest. The locale does not matter. */
bool anp_parse_i64(const char *s, int64_t *out);
bool anp_parse_f64(const char *s, double *out);

/* Whether a list of names with commas between them has this name; a list of NULL has none. */
bool anp_list_has(const char *list, const char *name);

#endif
