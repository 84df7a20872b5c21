/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest of a package: where it came from, how it was made, what it will need. JSON text. */
#include "base/file.h"
#include "compile/compile_internal.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *text(const char *s) {
    json_t *j = json_string(s);
    return j ? j : json_string("?"); /* not UTF-8 */
}

anp_status_t anp_graph_record_source(anp_graph_t *g, const char *path) {
    anp_file_t *f;
    char hash[33], bytes[24];
    if (!path) return ANP_OK;
    ANP_TRY(anp_file_map(path, &f));
    const uint64_t n = anp_file_size(f);
    anp_hash_text(anp_hash_bytes(anp_file_data(f), n), hash);
    anp_file_done(f, 0, n);
    anp_file_release(f);
    snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)n);
    ANP_TRY(anp_graph_set_meta(g, "source_hash", hash));
    return anp_graph_set_meta(g, "source_bytes", bytes);
}

static json_t *source_of(const anp_graph_t *g, const anp_compile_options_t *o) {
    json_t *j = json_object();
    if (!o->source_path) return j;
    json_object_set_new(j, "path", text(anp_path_base(o->source_path)));
    json_object_set_new(j, "xxh3_128", text(anp_graph_get_meta(g, "source_hash")));
    json_object_set_new(j, "bytes", text(anp_graph_get_meta(g, "source_bytes")));
    return j;
}

static json_t *list_of(const char *const *items, uint32_t n) {
    json_t *j = json_array();
    for (uint32_t i = 0; i < n; i++) json_array_append_new(j, text(items[i]));
    return j;
}

static json_t *meta_of(const anp_graph_t *g) {
    json_t *j = json_object();
    for (uint64_t i = 0; i < g->meta.count; i++) {
        const anp_meta_t *m = &ANP_VEC_AT(&g->meta, anp_meta_t, i);
        json_object_set_new(j, m->key, text(m->value));
    }
    return j;
}

static anp_status_t placement_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)g;
    for (const anp_node_t *n = b->first; n; n = n->next) {
        json_t *row =
            json_pack("{s:o,s:o,s:o,s:o,s:f}", "node", text(n->name), "op", text(n->op->name),
                      "driver", text(n->driver ? n->driver : "host"), "reason",
                      text(n->reason ? n->reason : ""), "est_us", n->est_ns * 1e-3);
        if (!row || json_array_append_new(arg, row) != 0)
            ANP_FAIL(ANP_OUT_OF_MEMORY, "no memory for the manifest");
    }
    return ANP_OK;
}

anp_status_t anp_manifest_text(anp_graph_t *g, const anp_compile_options_t *o,
                               const anp_weights_t *weights, char **out_text) {
    *out_text = NULL;
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < weights->list.count; i++)
        bytes += ANP_VEC_AT(&weights->list, anp_weight_t, i).bytes;
    json_t *root = json_object(), *placement = json_array();
    anp_status_t st = anp_graph_each_block(g, placement_block, placement);
    json_object_set_new(root, "anput", text(anp_version()));
    json_object_set_new(root, "source", source_of(g, o));
    json_object_set_new(root, "devices", list_of(o->devices, o->n_devices));
    json_object_set_new(root, "disabled_passes", list_of(o->disabled_passes, o->n_disabled_passes));
    json_object_set_new(root, "buckets", list_of(o->buckets, o->n_buckets));
    json_object_set_new(root, "weight_bytes", json_integer((json_int_t)bytes));
    json_object_set_new(root, "meta", meta_of(g));
    json_object_set_new(root, "placement", placement);
    char *dump = st == ANP_OK ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (st == ANP_OK && !dump) st = ANP_ERROR(ANP_OUT_OF_MEMORY, "no memory for the manifest");
    if (st == ANP_OK) st = anp_strdup(dump, out_text);
    if (dump) {
        json_free_t release;
        json_get_alloc_funcs(NULL, &release);
        release(dump);
    }
    return st;
}
