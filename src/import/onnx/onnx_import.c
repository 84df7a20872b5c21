/* SPDX-License-Identifier: Apache-2.0 */
/* The ONNX reader as the rest of the project sees it. */
#include "import/onnx/onnx_import.h"
#include "import/importer.h"
#include "import/onnx/onnx_importer.h"
#include "import/onnx/upgrade.h"
#include <inttypes.h>
#include <stdio.h>

enum { IR_VERSION_MIN = 3, IR_VERSION_MAX = 13, OPSETS_MAX = 256 };

/* For messages ("%s%.*s"): nothing for ONNX's own domain. */
#define OF_DOMAIN(domain) (domain).len_bytes ? " of " : "", ANP_STR_ARGS(domain)

static bool is_onnx_domain(anp_string_t domain) {
    return anp_onnx_domain(domain).len_bytes == 0;
}

static anp_status_t check_model(const anp_onnx_importer_t *im) {
    const char *name = im->source->pb.name;
    const anp_onnx_model_t *m = im->model;
    if (!m->graph) ANP_FAIL(ANP_INVALID_FILE, "%s: no graph in it (no ONNX model)", name);
    if (m->ir_version < IR_VERSION_MIN || m->ir_version > IR_VERSION_MAX)
        ANP_FAIL(ANP_UNSUPPORTED, "%s: ir_version is %" PRId64 ", versions %d to %d are read", name,
                 m->ir_version, IR_VERSION_MIN, IR_VERSION_MAX);
    if (m->opsets.count > OPSETS_MAX)
        ANP_FAIL(ANP_LIMIT, "%s: %" PRIu64 " operator sets, at most %d are accepted", name,
                 m->opsets.count, OPSETS_MAX);
    const anp_onnx_opset_t *opsets = m->opsets.items;
    for (uint64_t i = 0; i < m->opsets.count; i++) {
        const anp_string_t domain = anp_onnx_domain(opsets[i].domain);
        const int64_t newest = anp_onnx_opset_max(domain), version = opsets[i].version;
        if (newest && version < ANP_ONNX_OPSET_MIN)
            ANP_FAIL(ANP_INVALID_MODEL, "%s: operator set %" PRId64 "%s%.*s, expected at least %d",
                     name, version, OF_DOMAIN(domain), ANP_ONNX_OPSET_MIN);
        if (newest && version > newest)
            anp_log_write(&im->log, ANP_LOG_WARN,
                          "%s: operator set %" PRId64 "%s%.*s is newer than %" PRId64
                          "; its operators are read as in %" PRId64,
                          name, version, OF_DOMAIN(domain), newest, newest);
    }
    return ANP_OK;
}

static anp_status_t read_model(anp_onnx_importer_t *im) {
    anp_onnx_model_t *model;
    anp_pb_decoder_t decoder = {.file = &im->source->pb,
                                .arena = &im->arena,
                                .bytes_left = ANP_PB_BYTES_MAX,
                                .depth_left = ANP_PB_DEPTH_MAX};
    const anp_pb_span_t all = {im->source->pb.data, im->source->pb.size_bytes};
    ANP_TRY(ANP_ARENA_NEW(&im->arena, &model));
    ANP_TRY(anp_pb_decode(&decoder, &anp_onnx_model_type, all, model));
    im->model = model;
    ANP_TRY(check_model(im));
    im->nodes_total = model->graph->nodes.count;
    return ANP_OK;
}

static anp_status_t set_meta(anp_onnx_importer_t *im, const char *key, anp_string_t value) {
    const char *text;
    if (value.len_bytes == 0) return ANP_OK;
    ANP_TRY(anp_onnx_text(im, value, &text));
    return anp_graph_set_meta(im->graph, key, text);
}

static anp_status_t set_number(anp_onnx_importer_t *im, const char *key, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    return anp_graph_set_meta(im->graph, key, text);
}

static anp_status_t copy_meta(anp_onnx_importer_t *im) {
    const anp_onnx_entry_t *entries = im->model->metadata.items;
    for (uint64_t i = 0; i < im->model->metadata.count; i++) {
        const char *key;
        ANP_TRY(anp_onnx_text(im, entries[i].key, &key));
        ANP_TRY(set_meta(im, key, entries[i].value));
    }
    ANP_TRY(anp_graph_set_meta(im->graph, "source_format", "ONNX"));
    ANP_TRY(set_number(im, "ir_version", im->model->ir_version));
    const anp_onnx_opset_t *opsets = im->model->opsets.items;
    for (uint64_t i = 0; i < im->model->opsets.count; i++)
        if (is_onnx_domain(opsets[i].domain)) ANP_TRY(set_number(im, "opset", opsets[i].version));
    ANP_TRY(set_meta(im, "producer", im->model->producer_name));
    return set_meta(im, "producer_version", im->model->producer_version);
}

static anp_status_t import(anp_onnx_importer_t *im) {
    ANP_TRY(ANP_ARENA_ARRAY(&im->arena, im->options->n_dims, &im->dims_used));
    ANP_TRY(read_model(im));
    ANP_TRY(anp_onnx_build(im));
    return copy_meta(im);
}

/* The log of the options counts levels from 1. */
static void write_log(void *user, anp_log_level_t level, const char *text) {
    const anp_import_options_t *options = user;
    options->log(options->log_user, (int)level + 1, text);
}

static anp_status_t import_source(anp_onnx_source_t *source, const anp_import_options_t *options,
                                  anp_graph_t **out_graph) {
    anp_onnx_importer_t im = {.source = source,
                              .options = options,
                              .log = {.level = ANP_LOG_INFO,
                                      .fn = options->log ? write_log : NULL,
                                      .user = (void *)(uintptr_t)options},
                              .depth_left = ANP_ONNX_DEPTH_MAX,
                              .expanded_left = ANP_ONNX_EXPANDED_MAX};
    anp_arena_init(&im.arena);
    anp_map_init(&im.functions);
    anp_map_init(&im.variables);
    anp_status_t st;
    ANP_TRY_OUT(st, anp_graph_create(&im.graph));
    ANP_TRY_OUT(st, anp_graph_use_ops(im.graph, options->ops));
    ANP_TRY_OUT(st, import(&im));
    *out_graph = im.graph;
    im.graph = NULL;
out:
    anp_graph_release(im.graph);
    anp_map_deinit(&im.functions);
    anp_map_deinit(&im.variables);
    anp_arena_deinit(&im.arena);
    return st;
}

anp_status_t anp_onnx_import_bytes(const uint8_t *data, uint64_t size_bytes, const char *name,
                                   const char *dir, const anp_import_options_t *options,
                                   anp_graph_t **out_graph) {
    anp_onnx_source_t source;
    *out_graph = NULL;
    anp_onnx_source_init(&source, name, data, size_bytes, NULL, dir, options->follow_links);
    const anp_status_t st = import_source(&source, options, out_graph);
    anp_onnx_source_deinit(&source);
    return st;
}

static anp_status_t onnx_read(anp_file_t *file, const anp_import_options_t *options,
                              anp_graph_t **out_graph) {
    anp_onnx_source_t source;
    char *dir;
    ANP_TRY(anp_path_dir(anp_file_path(file), &dir));
    anp_onnx_source_init(&source, anp_file_path(file), anp_file_data(file), anp_file_size(file),
                         file, dir, options->follow_links);
    const anp_status_t st = import_source(&source, options, out_graph);
    anp_onnx_source_deinit(&source);
    anp_free(dir);
    return st;
}

/* The first byte is the tag of a field of ModelProto, with the wire type this field has. */
static bool onnx_probe(const uint8_t *data, uint64_t size_bytes) {
    const anp_pb_file_t file = {.name = "", .data = data, .size_bytes = size_bytes};
    anp_pb_cursor_t c = anp_pb_begin(&file, (anp_pb_span_t){data, size_bytes});
    anp_pb_tag_t tag;
    if (anp_pb_read_tag(&c, &tag) != ANP_OK) return false;
    const bool is_int = tag.number == 1 || tag.number == 5; /* ir_version, model_version */
    const bool known = (tag.number >= 1 && tag.number <= 8) || tag.number == 14 ||
                       tag.number == 20 || tag.number == 25 || tag.number == 26;
    return known && tag.wire == (is_int ? ANP_PB_VARINT : ANP_PB_LENGTH);
}

const anp_importer_t anp_onnx_importer = {.name = "ONNX", .probe = onnx_probe, .read = onnx_read};
