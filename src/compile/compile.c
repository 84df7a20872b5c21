/* SPDX-License-Identifier: Apache-2.0 */
/* A compile from graph to package, or to a model in memory. */
#include "compile/compile_internal.h"
#include "pass/pass.h"
#include <string.h>

static const anp_compile_options_t no_options;

static anp_status_t report(const anp_compile_options_t *o, double done, const char *what) {
    if (!o->progress) return ANP_OK;
    const anp_status_t st = o->progress(o->progress_user, done, what);
    return st == ANP_OK ? st : ANP_ERROR(st, "the compile was cancelled while: %s", what);
}

/* What does not depend on the device: preprocessing, shapes, passes. */
static anp_status_t prepare(anp_graph_t *g, const anp_compile_options_t *o) {
    if (o->preprocess && o->preprocess->enabled) {
        ANP_TRY(report(o, 0.02, "preprocessing"));
        ANP_TRY(anp_graph_preprocess(g, o->preprocess));
    }
    ANP_TRY(anp_graph_record_source(g, o->source_path));
    ANP_TRY(anp_graph_infer(g));
    ANP_TRY(report(o, 0.05, "passes"));
    const anp_pass_options_t passes = {.disabled = o->disabled_passes,
                                       .n_disabled = o->n_disabled_passes};
    ANP_TRY(anp_pass_run_all(g, NULL, &passes, NULL)); /* the host takes every fused form */
    ANP_TRY(anp_graph_record_ops(g));
    return anp_graph_verify(g);
}

/* ---- driver compilers ---- */

typedef struct blob_list_t {
    anp_vec_t list; /* anp_blob_t, data owned */
    const anp_lowered_t *low;
    const anp_weights_t *weights;
    const anp_compile_options_t *o;
} blob_list_t;

static anp_status_t give_const(void *user, uint32_t id, const void **out_data,
                               uint64_t *out_bytes) {
    const blob_list_t *b = user;
    if (id >= b->low->n_consts)
        ANP_FAIL(ANP_OUT_OF_RANGE, "constant %u of %u", id, b->low->n_consts);
    const anp_weight_t *w = &ANP_VEC_AT(&b->weights->list, anp_weight_t, b->low->const_weights[id]);
    *out_data = w->data;
    *out_bytes = w->bytes;
    return ANP_OK;
}

static anp_status_t take_blob(void *user, const void *data, uint64_t bytes, uint32_t *out_blob) {
    blob_list_t *b = user;
    void *copy = NULL;
    ANP_TRY(anp_alloc(bytes, &copy));
    memcpy(copy, data, bytes);
    const anp_blob_t blob = {copy, bytes};
    const anp_status_t st = anp_vec_push(&b->list, &blob);
    if (st != ANP_OK) anp_free(copy);
    *out_blob = (uint32_t)b->list.count - 1;
    return st;
}

static anp_status_t take_assignment(void *user, uint32_t partition, uint32_t blob, uint32_t entry) {
    const blob_list_t *b = user;
    if (blob >= b->list.count)
        ANP_FAIL(ANP_OUT_OF_RANGE, "blob %u of %llu", blob, (unsigned long long)b->list.count);
    anp_p_partition_t *p = anp_program_writer_partition(b->low->writer, partition);
    if (!p) ANP_FAIL(ANP_OUT_OF_RANGE, "partition %u does not exist", partition);
    p->blob = blob;
    p->entry = entry;
    return ANP_OK;
}

static anp_status_t driver_progress(void *user, double done, const char *what) {
    const blob_list_t *b = user;
    return report(b->o, 0.3 + 0.4 * done, what);
}

static void free_blobs(anp_vec_t *list) {
    for (uint64_t i = 0; i < list->count; i++)
        anp_free((void *)(uintptr_t)ANP_VEC_AT(list, anp_blob_t, i).data);
    anp_vec_deinit(list);
}

/* "N=1,S=128" -> sizes by symbol of the program. */
static anp_status_t parse_bucket(const anp_program_t *p, const char *text, int64_t *sizes) {
    for (uint32_t i = 0; i < p->n_symbols; i++) sizes[i] = -1;
    for (const char *at = text; *at;) {
        const size_t n = strcspn(at, ","), key = strcspn(at, "=");
        char value[32];
        if (key >= n || n - key - 1 >= sizeof value)
            ANP_FAIL(ANP_INVALID_ARGUMENT, "bucket '%s' is not NAME=SIZE,...", text);
        memcpy(value, at + key + 1, n - key - 1);
        value[n - key - 1] = '\0';
        uint32_t s = 0;
        while (s < p->n_symbols && (strlen(anp_program_symbol(p, s)) != key ||
                                    strncmp(anp_program_symbol(p, s), at, key) != 0))
            s++;
        if (s == p->n_symbols)
            ANP_FAIL(ANP_INVALID_ARGUMENT, "bucket '%s': the model has no free dimension '%.*s'",
                     text, (int)key, at);
        if (!anp_parse_i64(value, &sizes[s]) || sizes[s] < 0)
            ANP_FAIL(ANP_INVALID_ARGUMENT, "bucket '%s': '%s' is no size", text, value);
        at += n + (at[n] == ',');
    }
    return ANP_OK;
}

static anp_status_t make_buckets(const anp_program_t *p, const anp_compile_options_t *o,
                                 anp_drv_shape_bucket_t **out_buckets, int64_t **out_sizes) {
    ANP_TRY(ANP_NEW_ARRAY(o->n_buckets, out_buckets));
    ANP_TRY(anp_calloc((uint64_t)o->n_buckets * p->n_symbols, sizeof(int64_t), (void **)out_sizes));
    for (uint32_t i = 0; i < o->n_buckets; i++) {
        int64_t *sizes = *out_sizes + (uint64_t)i * p->n_symbols;
        ANP_TRY(parse_bucket(p, o->buckets[i], sizes));
        (*out_buckets)[i] = (anp_drv_shape_bucket_t){sizes, p->n_symbols};
    }
    return ANP_OK;
}

static anp_status_t run_driver_compiler(const anp_compile_target_t *t, const void *program,
                                        uint64_t bytes, blob_list_t *b) {
    anp_program_t *p = NULL;
    anp_drv_shape_bucket_t *buckets = NULL;
    int64_t *sizes = NULL;
    uint32_t *parts = NULL, n_parts = 0;
    anp_status_t st;
    ANP_TRY_OUT(st, anp_program_open(program, bytes, NULL, &p));
    ANP_TRY_OUT(st, make_buckets(p, b->o, &buckets, &sizes));
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(p->n_partitions, &parts));
    for (uint32_t i = 0; i < p->n_partitions; i++)
        if (strcmp(anp_program_string(p, p->partitions[i].driver), t->slot->name) == 0)
            parts[n_parts++] = i;
    if (!n_parts) goto out;
    const anp_drv_compile_t request = {.struct_size = sizeof request,
                                       .program = program,
                                       .program_bytes = bytes,
                                       .target = t->target,
                                       .partitions = parts,
                                       .n_partitions = n_parts,
                                       .buckets = buckets,
                                       .n_buckets = b->o->n_buckets,
                                       .user = b,
                                       .const_get = give_const,
                                       .emit = take_blob,
                                       .assign = take_assignment,
                                       .progress = driver_progress};
    ANP_TRY_OUT(st, t->slot->table->compile(t->slot->drv, &request));
out:
    anp_free(parts);
    anp_free(buckets);
    anp_free(sizes);
    anp_program_release(p);
    return st;
}

/* ---- one variant: placement, program, blobs ---- */

typedef struct made_t {
    void *program;
    uint64_t program_bytes;
    blob_list_t blobs;
    anp_lowered_t low;
    anp_variant_key_t key;
} made_t;

static void made_deinit(made_t *m) {
    free_blobs(&m->blobs.list);
    anp_lowered_deinit(&m->low);
    anp_free(m->program);
    memset(m, 0, sizeof *m); /* a failed make_variant has ended it, its owner does so again */
}

static bool is_host_driver(void *user, const char *driver) {
    anp_context_t *ctx = user;
    for (uint32_t i = 0; i < ctx->n_devices; i++)
        if (strcmp(ctx->devices[i]->slot->name, driver) == 0)
            return (ctx->devices[i]->info.flags & ANP_DRV_HOST_VALUES) != 0;
    return false;
}

/* target NULL = the portable program. */
static anp_status_t make_variant(anp_context_t *ctx, anp_graph_t *g, anp_weights_t *weights,
                                 const anp_compile_target_t *target, const anp_compile_options_t *o,
                                 made_t *out) {
    memset(out, 0, sizeof *out);
    anp_vec_init(&out->blobs.list, sizeof(anp_blob_t));
    const bool portable = !target || target->host;
    anp_status_t st;
    ANP_TRY_OUT(st, anp_graph_place(ctx, g, target, o));
    ANP_TRY_OUT(st, anp_graph_lower(g, weights, is_host_driver, ctx, portable ? "" : target->target,
                                    &out->low));
    ANP_TRY_OUT(st, anp_program_writer_finish(out->low.writer, &out->program, &out->program_bytes));
    out->key = (anp_variant_key_t){"", "", "", "", ""};
    if (portable) return ANP_OK;
    out->key = (anp_variant_key_t){target->slot->name, target->target, "", "", target->version};
    out->blobs.low = &out->low;
    out->blobs.weights = weights;
    out->blobs.o = o;
    ANP_TRY_OUT(st, run_driver_compiler(target, out->program, out->program_bytes, &out->blobs));
    if (out->blobs.list.count == 0) return ANP_OK;
    anp_free(out->program); /* again, with blobs and entries filled in */
    out->program = NULL;
    ANP_TRY_OUT(st, anp_program_writer_finish(out->low.writer, &out->program, &out->program_bytes));
    return ANP_OK;
out:
    made_deinit(out);
    return st;
}

/* ---- to a package ---- */

/* Streams the weights; ids of the package must be those of the list, which holds each constant once
 * but may hold equal bytes twice. */
static anp_status_t put_weights(anp_package_writer_t *w, anp_weights_t *weights,
                                uint64_t *inout_done, uint32_t *ids) {
    for (; *inout_done < weights->list.count; ++*inout_done) {
        const anp_weight_t *e = &ANP_VEC_AT(&weights->list, anp_weight_t, *inout_done);
        ANP_TRY(anp_package_put_weight(w, e->data, e->bytes, &ids[*inout_done]));
    }
    return ANP_OK;
}

/* Programs name weights by position in the list; the package may have merged equal ones. */
static void rename_weights(void *program, const uint32_t *ids) {
    anp_p_const_t *c =
        (anp_p_const_t *)(void *)((unsigned char *)program + ANP_P_HEADER(program)->consts.offset);
    for (uint64_t i = 0; i < ANP_P_HEADER(program)->consts.count; i++)
        c[i].weight = ids[c[i].weight];
}

static anp_status_t write_variant(anp_package_writer_t *w, anp_weights_t *weights, made_t *m,
                                  uint64_t *weights_done, uint32_t **ids) {
    ANP_TRY(anp_realloc((void **)ids, *weights_done * sizeof **ids,
                        weights->list.count * sizeof **ids));
    ANP_TRY(put_weights(w, weights, weights_done, *ids));
    rename_weights(m->program, *ids);
    return anp_package_put_variant(w, &m->key, m->program, m->program_bytes, m->blobs.list.data,
                                   (uint32_t)m->blobs.list.count);
}

static anp_status_t write_all(anp_context_t *ctx, anp_graph_t *g, anp_weights_t *weights,
                              anp_package_writer_t *w, const anp_compile_options_t *o) {
    uint64_t done = 0;
    uint32_t *ids = NULL;
    char *manifest = NULL;
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < o->n_devices + 1 && st == ANP_OK;
         i++) { /* the portable program last: the manifest shows the first device's placement */
        anp_compile_target_t target;
        const bool portable = i == o->n_devices;
        made_t m;
        ANP_TRY_OUT(st, report(o, 0.2 + 0.5 * i / (o->n_devices + 1),
                               portable ? "portable program" : o->devices[i]));
        if (!portable) {
            ANP_TRY_OUT(st, anp_compile_target(ctx, o->devices[i], &target));
            if (target.host) continue;
        }
        ANP_TRY_OUT(st, make_variant(ctx, g, weights, portable ? NULL : &target, o, &m));
        st = write_variant(w, weights, &m, &done, &ids);
        made_deinit(&m);
        if (st == ANP_OK && !manifest) st = anp_manifest_text(g, o, weights, &manifest);
    }
    if (st != ANP_OK) goto out;
    ANP_TRY_OUT(st, report(o, 0.95, "writing"));
    ANP_TRY_OUT(st, anp_package_put_manifest(w, manifest));
    ANP_TRY_OUT(st, anp_package_writer_commit(w));
    st = report(o, 1.0, "done");
out:
    anp_free(manifest);
    anp_free(ids);
    return st;
}

anp_status_t anp_compile_package(anp_context_t *ctx, anp_graph_t *graph,
                                 const anp_compile_options_t *options, const char *path) {
    const anp_compile_options_t *o = options ? options : &no_options;
    anp_package_writer_t *w = NULL;
    anp_weights_t weights;
    anp_status_t st;
    anp_weights_init(&weights, false);
    ANP_TRY_OUT(st, prepare(graph, o));
    ANP_TRY_OUT(st, anp_package_writer_open(path, &w));
    ANP_TRY_OUT(st, write_all(ctx, graph, &weights, w, o));
out:
    anp_package_writer_release(w);
    anp_weights_deinit(&weights);
    return st;
}

/* ---- to a model in memory ---- */

typedef struct memory_model_t {
    anp_graph_t *graph;
    anp_weights_t weights;
    made_t made;
    anp_variant_t variant;
    char *manifest;
} memory_model_t;

static void memory_release(void *user) {
    memory_model_t *m = user;
    made_deinit(&m->made);
    anp_weights_deinit(&m->weights);
    anp_graph_release(m->graph);
    anp_free(m->manifest);
    anp_free(m);
}

static anp_status_t memory_weight(void *user, uint32_t id, const void **out_data,
                                  uint64_t *out_bytes) {
    const memory_model_t *m = user;
    if (id >= m->weights.list.count)
        ANP_FAIL(ANP_OUT_OF_RANGE, "weight %u of %llu", id,
                 (unsigned long long)m->weights.list.count);
    const anp_weight_t *w = &ANP_VEC_AT(&m->weights.list, anp_weight_t, id);
    *out_data = w->data;
    *out_bytes = w->bytes;
    return ANP_OK;
}

static const char *memory_manifest(void *user) {
    return ((const memory_model_t *)user)->manifest;
}

static anp_status_t make_memory(anp_context_t *ctx, anp_graph_t *graph,
                                const anp_compile_options_t *o, const char *device,
                                memory_model_t *m) {
    anp_compile_target_t target;
    ANP_TRY(anp_compile_target(ctx, device, &target));
    ANP_TRY(prepare(graph, o));
    anp_weights_init(&m->weights, true);
    ANP_TRY(make_variant(ctx, graph, &m->weights, &target, o, &m->made));
    ANP_TRY(anp_manifest_text(graph, o, &m->weights, &m->manifest));
    m->variant = (anp_variant_t){.key = m->made.key,
                                 .program = m->made.program,
                                 .program_bytes = m->made.program_bytes,
                                 .blobs = m->made.blobs.list.data,
                                 .n_blobs = (uint32_t)m->made.blobs.list.count};
    return ANP_OK;
}

anp_status_t anp_compile_model(anp_context_t *ctx, anp_graph_t *graph,
                               const anp_compile_options_t *options,
                               const anp_model_options_t *model_options, anp_model_t **out_model) {
    *out_model = NULL;
    const anp_compile_options_t *o = options ? options : &no_options;
    anp_device_t *wanted = NULL;
    memory_model_t *m = NULL;
    ANP_TRY(anp_context_device(ctx, model_options ? model_options->device : NULL, &wanted));
    ANP_TRY(ANP_NEW(&m));
    anp_status_t st = make_memory(ctx, graph, o, wanted->id, m);
    if (st != ANP_OK) {
        memory_release(m); /* the graph stays the caller's */
        return st;
    }
    const anp_model_source_t source = {m, memory_release, memory_weight, memory_manifest,
                                       &m->variant};
    st = anp_model_create(ctx, &source, model_options, wanted, out_model);
    if (st == ANP_OK) m->graph = graph;
    return st;
}
