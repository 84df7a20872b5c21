/* SPDX-License-Identifier: Apache-2.0 */
/* The string-keyed map: open addressing, linear probing, at most three quarters full. */
#include "base/str.h"
#include "base/thread.h"
#include <string.h>
#include <xxhash.h>

typedef struct anp_map_slot_t {
    const char *key; /* in the map's arena; NULL: free */
    uint64_t key_len, hash, value;
} anp_map_slot_t;

void anp_map_init(anp_map_t *m) {
    *m = (anp_map_t){0};
    anp_arena_init(&m->keys);
}

void anp_map_deinit(anp_map_t *m) {
    anp_free(m->slots);
    anp_arena_deinit(&m->keys);
    anp_map_init(m);
}

/* The slot that holds the key, or the free one where it belongs. The table is never full. */
static anp_map_slot_t *find(anp_map_slot_t *slots, uint64_t capacity, uint64_t hash,
                            const char *key, size_t key_len) {
    for (uint64_t i = hash & (capacity - 1);; i = (i + 1) & (capacity - 1)) {
        anp_map_slot_t *s = &slots[i];
        if (!s->key) return s;
        const bool same_hash = s->hash == hash && s->key_len == key_len;
        if (same_hash && (key_len == 0 || memcmp(s->key, key, key_len) == 0)) return s;
    }
}

static anp_status_t map_grow(anp_map_t *m) {
    const uint64_t capacity = m->capacity ? m->capacity * 2 : 16;
    anp_map_slot_t *slots;
    ANP_TRY(ANP_NEW_ARRAY(capacity, &slots));
    for (uint64_t i = 0; i < m->capacity; i++) {
        const anp_map_slot_t *s = &m->slots[i];
        if (s->key) *find(slots, capacity, s->hash, s->key, s->key_len) = *s;
    }
    anp_free(m->slots);
    m->slots = slots;
    m->capacity = capacity;
    return ANP_OK;
}

anp_status_t anp_map_put(anp_map_t *m, const char *key, size_t key_len, uint64_t value) {
    if (!m->slots)
        m->seed = anp_random_u64(); /* names come out of files: collisions cannot be prepared */
    if (m->count >= m->capacity / 4 * 3) ANP_TRY(map_grow(m));
    const uint64_t hash = XXH3_64bits_withSeed(key, key_len, m->seed);
    anp_map_slot_t *s = find(m->slots, m->capacity, hash, key, key_len);
    if (!s->key) {
        const char *copy;
        ANP_TRY(anp_arena_strndup(&m->keys, key, key_len, &copy));
        *s = (anp_map_slot_t){.key = copy, .key_len = key_len, .hash = hash};
        m->count++;
    }
    s->value = value;
    return ANP_OK;
}

bool anp_map_get(const anp_map_t *m, const char *key, size_t key_len, uint64_t *out_value) {
    *out_value = 0;
    if (!m->slots) return false;
    const uint64_t hash = XXH3_64bits_withSeed(key, key_len, m->seed);
    const anp_map_slot_t *s = find(m->slots, m->capacity, hash, key, key_len);
    if (s->key) *out_value = s->value;
    return s->key != NULL;
}
