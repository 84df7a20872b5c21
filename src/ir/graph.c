/* SPDX-License-Identifier: Apache-2.0 */
/* The graph as a whole: life, names, values, blocks, entries, states, metadata. Nodes are in
 * graph_node.c, constants in graph_const.c. */
#include "ir/graph_impl.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- names ---- */
/* graph.names has three kinds of keys: "v" or "n" + a taken name -> id of its first owner, and "c"
 * + name space + name -> the next suffix to try. A name given up stays in the map. */

enum { NAME_KEY_MAX = 4096 }; /* longer names from files are cut: uniqueness comes by suffix */

typedef struct name_key_t {
    char text[NAME_KEY_MAX + 32];
    size_t len;
} name_key_t;

static void name_key(name_key_t *k, const char *prefix, const char *name) {
    const size_t n_prefix = strlen(prefix);
    const size_t n = ANP_MIN(strlen(name), (size_t)NAME_KEY_MAX);
    memcpy(k->text, prefix, n_prefix);
    memcpy(k->text + n_prefix, name, n);
    k->len = n_prefix + n;
    k->text[k->len] = '\0';
}

/* Takes the name in `k` (prefix of one character) when it is free. */
static anp_status_t name_try(anp_graph_t *g, const name_key_t *k, uint32_t id, const char **out) {
    uint64_t owner;
    *out = NULL;
    if (anp_map_get(&g->names, k->text, k->len, &owner)) return ANP_OK;
    ANP_TRY(anp_map_put(&g->names, k->text, k->len, id));
    return anp_arena_strndup(&g->arena, k->text + 1, k->len - 1, out);
}

anp_status_t anp_name_take(anp_graph_t *g, anp_name_space_t space, const char *want, uint32_t id,
                           const char **out) {
    const char prefix[] = {(char)space, '\0'}, count_prefix[] = {'c', (char)space, '\0'};
    name_key_t key, counter;
    uint64_t suffix;
    if (!want) want = ""; /* made up */
    name_key(&key, prefix, *want ? want : "_");
    ANP_TRY(name_try(g, &key, id, out));
    if (*out) return ANP_OK;
    name_key(&counter, count_prefix, want);
    if (!anp_map_get(&g->names, counter.text, counter.len, &suffix)) suffix = 1;
    const size_t base_len = key.len;
    while (!*out) {
        key.len = base_len +
                  (size_t)snprintf(key.text + base_len, 24, "_%llu", (unsigned long long)suffix++);
        ANP_TRY(name_try(g, &key, id, out));
    }
    return anp_map_put(&g->names, counter.text, counter.len, suffix);
}

anp_value_t *anp_graph_find_value(const anp_graph_t *g, const char *name) {
    name_key_t key;
    uint64_t id;
    name_key(&key, "v", name);
    if (!anp_map_get(&g->names, key.text, key.len, &id)) return NULL;
    anp_value_t *v = ANP_VEC_AT(&g->values, anp_value_t *, id);
    const bool alive = v->block || v->constant;
    return alive && strcmp(v->name, key.text + 1) == 0 ? v : NULL;
}

anp_status_t anp_value_rename(anp_graph_t *g, anp_value_t *v, const char *name) {
    name_key_t key;
    name_key(&key, "v", name);
    anp_value_t *holder = anp_graph_find_value(g, name);
    if (holder == v) return ANP_OK;
    if (holder) ANP_TRY(anp_name_take(g, ANP_NAMES_VALUE, name, holder->id, &holder->name));
    ANP_TRY(anp_map_put(&g->names, key.text, key.len, v->id));
    return anp_arena_strndup(&g->arena, key.text + 1, key.len - 1, &v->name);
}

/* ---- life ---- */

anp_status_t anp_graph_create(anp_graph_t **out_graph) {
    *out_graph = NULL;
    anp_status_t st;
    anp_graph_t *g;
    ANP_TRY(ANP_NEW(&g));
    anp_arena_init(&g->arena);
    anp_arena_init(&g->scratch);
    anp_vec_init(&g->entries, sizeof(anp_entry_t));
    anp_vec_init(&g->states, sizeof(anp_state_t));
    anp_vec_init(&g->constants, sizeof(anp_const_t *));
    anp_vec_init(&g->values, sizeof(anp_value_t *));
    anp_vec_init(&g->meta, sizeof(anp_meta_t));
    anp_map_init(&g->names);
    anp_map_init(&g->const_index);
    anp_block_t *main_block;
    ANP_TRY_OUT(st, anp_dims_create(&g->dims));
    ANP_TRY_OUT(st, anp_graph_new_block(g, "main", &main_block));
    ANP_TRY_OUT(st, anp_graph_add_entry(g, "main", main_block));
    *out_graph = g;
    g = NULL;
out:
    anp_graph_release(g);
    return st;
}

void anp_graph_release(anp_graph_t *graph) {
    if (!graph) return;
    for (uint64_t i = 0; i < graph->values.count; i++)
        anp_vec_deinit(&ANP_VEC_AT(&graph->values, anp_value_t *, i)->uses);
    for (uint64_t i = 0; i < graph->constants.count; i++)
        anp_file_release(ANP_VEC_AT(&graph->constants, anp_const_t *, i)->file);
    anp_vec_deinit(&graph->entries);
    anp_vec_deinit(&graph->states);
    anp_vec_deinit(&graph->constants);
    anp_vec_deinit(&graph->values);
    anp_vec_deinit(&graph->meta);
    anp_map_deinit(&graph->names);
    anp_map_deinit(&graph->const_index);
    anp_dims_release(graph->dims);
    anp_arena_deinit(&graph->scratch);
    anp_arena_deinit(&graph->arena);
    anp_ops_release(graph->ops);
    anp_free(graph);
}

anp_status_t anp_graph_use_ops(anp_graph_t *graph, anp_ops_t *ops) {
    if (graph->ops && graph->ops != ops)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "the graph has the operators of another context already");
    if (!graph->ops) anp_ops_retain(ops);
    graph->ops = ops;
    return ANP_OK;
}

anp_status_t anp_graph_append(anp_graph_t *g, void **array, uint32_t count, uint64_t elem_bytes,
                              const void *elem) {
    /* arrays grow by doubling: a power of two that is full moves */
    if ((count & (count - 1)) == 0) {
        void *grown;
        ANP_TRY(anp_arena_array(&g->arena, count ? (uint64_t)count * 2 : 1, elem_bytes, &grown));
        if (count) memcpy(grown, *array, (size_t)(count * elem_bytes));
        *array = grown;
    }
    memcpy((char *)*array + count * elem_bytes, elem, (size_t)elem_bytes);
    return ANP_OK;
}

/* ---- values ---- */

anp_status_t anp_value_new(anp_graph_t *g, const char *name, anp_value_t **out) {
    *out = NULL;
    if (g->values.count >= UINT32_MAX) ANP_FAIL(ANP_LIMIT, "graph: more than 2^32 values");
    anp_value_t *v;
    ANP_TRY(ANP_ARENA_NEW(&g->arena, &v));
    v->id = (uint32_t)g->values.count;
    v->shape.rank = -1;
    v->n_content = -1;
    anp_vec_init(&v->uses, sizeof(anp_use_t));
    ANP_TRY(anp_vec_push(&g->values, &v));
    ANP_TRY(anp_name_take(g, ANP_NAMES_VALUE, name, v->id, &v->name));
    *out = v;
    return ANP_OK;
}

anp_status_t anp_value_add_use(anp_value_t *v, anp_node_t *n, uint32_t input) {
    return anp_vec_push(&v->uses, &(anp_use_t){.node = n, .input = input});
}

void anp_value_drop_use(anp_value_t *v, const anp_node_t *n, uint32_t input) {
    anp_use_t *uses = v->uses.data;
    for (uint64_t i = v->uses.count; i-- > 0;) { /* nodes go last first, and so do their uses */
        if (uses[i].node != n || uses[i].input != input) continue;
        memmove(&uses[i], &uses[i + 1], (size_t)(v->uses.count - i - 1) * sizeof *uses);
        v->uses.count--;
        return;
    }
    assert(!"a use that was never recorded");
}

void anp_value_kill(anp_value_t *v) {
    assert(anp_value_n_uses(v) == 0);
    anp_vec_deinit(&v->uses);
    v->block = NULL;
    v->producer = NULL;
}

bool anp_value_is_const(const anp_value_t *v) {
    return v && v->constant;
}

uint64_t anp_value_n_uses(const anp_value_t *v) {
    return v->uses.count + v->n_block_output_uses;
}

anp_node_t *anp_value_only_user(const anp_value_t *v) {
    if (v->uses.count != 1 || v->n_block_output_uses) return NULL;
    return ANP_VEC_AT(&v->uses, anp_use_t, 0).node;
}

bool anp_value_is_entry_output(const anp_graph_t *g, const anp_value_t *v) {
    for (uint64_t e = 0; e < g->entries.count; e++) {
        const anp_block_t *b = ANP_VEC_AT(&g->entries, anp_entry_t, e).block;
        for (uint32_t i = 0; i < b->n_outputs; i++)
            if (b->outputs[i] == v) return true;
    }
    return false;
}

/* ---- blocks, entries, states, metadata ---- */

anp_status_t anp_graph_new_block(anp_graph_t *g, const char *name, anp_block_t **out) {
    *out = NULL;
    anp_block_t *b;
    ANP_TRY(ANP_ARENA_NEW(&g->arena, &b));
    b->id = g->next_id++;
    ANP_TRY(anp_arena_strndup(&g->arena, name, strlen(name), &b->name));
    *out = b;
    return ANP_OK;
}

anp_status_t anp_graph_add_entry(anp_graph_t *g, const char *name, anp_block_t *block) {
    if (anp_graph_find_entry(g, name))
        ANP_FAIL(ANP_INVALID_ARGUMENT, "entry '%s' is there already", name);
    anp_entry_t e = {.block = block};
    ANP_TRY(anp_arena_strndup(&g->arena, name, strlen(name), &e.name));
    return anp_vec_push(&g->entries, &e);
}

anp_block_t *anp_graph_find_entry(const anp_graph_t *g, const char *name) {
    for (uint64_t i = 0; i < g->entries.count; i++) {
        const anp_entry_t *e = &ANP_VEC_AT(&g->entries, anp_entry_t, i);
        if (strcmp(e->name, name) == 0) return e->block;
    }
    return NULL;
}

anp_status_t anp_block_add_input(anp_graph_t *g, anp_block_t *b, const char *name,
                                 const anp_shape_t *shape, anp_value_t **out) {
    *out = NULL;
    anp_value_t *v;
    ANP_TRY(anp_value_new(g, name, &v));
    v->block = b;
    v->shape = *shape;
    ANP_TRY(anp_graph_append(g, (void **)&b->inputs, b->n_inputs, sizeof(anp_value_t *), &v));
    b->n_inputs++;
    *out = v;
    return ANP_OK;
}

anp_status_t anp_block_set_outputs(anp_graph_t *g, anp_block_t *b, anp_value_t *const *outputs,
                                   uint32_t n) {
    anp_value_t **copy;
    ANP_TRY(ANP_ARENA_ARRAY(&g->arena, n, &copy));
    for (uint32_t i = 0; i < n; i++) {
        copy[i] = outputs[i];
        copy[i]->n_block_output_uses++;
    }
    for (uint32_t i = 0; i < b->n_outputs; i++) b->outputs[i]->n_block_output_uses--;
    b->outputs = copy;
    b->n_outputs = n;
    return ANP_OK;
}

anp_status_t anp_block_remove_input(anp_graph_t *g, anp_block_t *b, uint32_t i) {
    (void)g;
    if (i >= b->n_inputs)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "block '%s': input %u of %u", b->name, i, b->n_inputs);
    anp_value_t *v = b->inputs[i];
    if (anp_value_n_uses(v))
        ANP_FAIL(ANP_INVALID_ARGUMENT, "block '%s': input '%s' is in use", b->name, v->name);
    memmove(&b->inputs[i], &b->inputs[i + 1], (b->n_inputs - i - 1) * sizeof(anp_value_t *));
    b->n_inputs--;
    anp_value_kill(v);
    return ANP_OK;
}

anp_status_t anp_graph_add_state(anp_graph_t *g, const char *name, anp_value_t *current,
                                 anp_value_t *next, const anp_tensor_t *initial) {
    if (current->producer || !current->block)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "state '%s': '%s' is no input", name, current->name);
    for (uint64_t i = 0; i < g->states.count; i++) {
        const anp_state_t *s = &ANP_VEC_AT(&g->states, anp_state_t, i);
        if (s->current == current)
            ANP_FAIL(ANP_INVALID_ARGUMENT, "state '%s': input '%s' is state '%s' already", name,
                     current->name, s->name);
    }
    anp_state_t s = {.current = current, .next = next};
    ANP_TRY(anp_arena_strndup(&g->arena, name, strlen(name), &s.name));
    if (initial) {
        anp_value_t *v;
        ANP_TRY(anp_graph_add_constant(g, name, initial, true, NULL, 0, &v));
        s.initial = v->constant;
    }
    ANP_TRY(anp_vec_push(&g->states, &s));
    next->n_block_output_uses++;
    return ANP_OK;
}

anp_status_t anp_graph_set_meta(anp_graph_t *g, const char *key, const char *value) {
    const char *copy;
    ANP_TRY(anp_arena_strndup(&g->arena, value, strlen(value), &copy));
    for (uint64_t i = 0; i < g->meta.count; i++) {
        anp_meta_t *m = &ANP_VEC_AT(&g->meta, anp_meta_t, i);
        if (strcmp(m->key, key) != 0) continue;
        m->value = copy;
        return ANP_OK;
    }
    anp_meta_t m = {.value = copy};
    ANP_TRY(anp_arena_strndup(&g->arena, key, strlen(key), &m.key));
    return anp_vec_push(&g->meta, &m);
}

const char *anp_graph_get_meta(const anp_graph_t *g, const char *key) {
    for (uint64_t i = 0; i < g->meta.count; i++) {
        const anp_meta_t *m = &ANP_VEC_AT(&g->meta, anp_meta_t, i);
        if (strcmp(m->key, key) == 0) return m->value;
    }
    return NULL;
}

anp_status_t anp_graph_each_block(anp_graph_t *g,
                                  anp_status_t (*fn)(anp_graph_t *g, anp_block_t *b, void *arg),
                                  void *arg) {
    anp_status_t st = ANP_OK;
    anp_vec_t todo; /* anp_block_t *; the next one last */
    anp_vec_init(&todo, sizeof(anp_block_t *));
    for (uint64_t e = g->entries.count; e-- > 0;)
        ANP_TRY_OUT(st, anp_vec_push(&todo, &ANP_VEC_AT(&g->entries, anp_entry_t, e).block));
    while (todo.count) {
        anp_block_t *b = ANP_VEC_AT(&todo, anp_block_t *, --todo.count);
        ANP_TRY_OUT(st, fn(g, b, arg));
        for (const anp_node_t *n = b->last; n; n = n->prev)
            for (uint32_t i = n->n_blocks; i-- > 0;)
                ANP_TRY_OUT(st, anp_vec_push(&todo, &n->blocks[i]));
    }
out:
    anp_vec_deinit(&todo);
    return st;
}
