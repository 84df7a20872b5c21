/* SPDX-License-Identifier: Apache-2.0 */
/* Drafts of nodes, and the walk through the upgrade table. */
#include "import/onnx/upgrade.h"
#include "import/onnx/microsoft_rules.h"
#include "import/onnx/onnx_source.h"
#include "import/onnx/upgrade_rules.h"
#include "op/dtype.h"
#include <inttypes.h>
#include <string.h>

static const anp_upgrade_t rows[] = {
#define UPGRADE(op, last, function, text, number) \
    {"", op, last, anp_upgrade_##function, text, number, #function},
#include "import/onnx/upgrade.def"
#undef UPGRADE
#define UPGRADE(op, last, function, text, number) \
    {"ai.onnx.ml", op, last, anp_upgrade_##function, text, number, #function},
#include "import/onnx/upgrade_ml.def"
#undef UPGRADE
#define MICROSOFT(op, function, text, number) \
    {"com.microsoft", op, ANP_ONNX_OPSET_ANY, anp_upgrade_##function, text, number, #function},
#include "import/onnx/microsoft.def"
#undef MICROSOFT
    {"ai.onnx.preview", "FlexAttention", ANP_ONNX_OPSET_ANY, anp_upgrade_flex_attention, "", 0,
     "flex_attention"},
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

const anp_upgrade_t *anp_upgrade_row(uint32_t index) {
    return index < N_ROWS ? &rows[index] : NULL;
}

int64_t anp_onnx_opset_max(anp_string_t domain) {
    static const struct {
        const char *domain;
        int64_t newest;
    } known[] = {
        {"", 27}, {"ai.onnx.ml", 5}, {"ai.onnx.preview", 1}, {"ai.onnx.preview.training", 1}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (anp_string_is(domain, known[i].domain)) return known[i].newest;
    return 0;
}

void anp_draft_init(anp_draft_t *d, anp_graph_t *graph, anp_block_t *block, anp_arena_t *arena) {
    *d = (anp_draft_t){
        .graph = graph, .block = block, .arena = arena, .name = "", .domain = "", .op = ""};
    anp_vec_init(&d->attrs, sizeof(anp_attr_t));
    anp_vec_init(&d->inputs, sizeof(anp_value_t *));
    anp_vec_init(&d->blocks, sizeof(anp_block_t *));
}

void anp_draft_deinit(anp_draft_t *d) {
    anp_vec_deinit(&d->attrs);
    anp_vec_deinit(&d->inputs);
    anp_vec_deinit(&d->blocks);
}

/* ---- parts of a draft ---- */

anp_value_t *anp_draft_input(const anp_draft_t *d, uint32_t i) {
    return i < d->inputs.count ? ANP_VEC_AT(&d->inputs, anp_value_t *, i) : NULL;
}

anp_status_t anp_draft_set_input(anp_draft_t *d, uint32_t i, anp_value_t *v) {
    void *first;
    if (i >= d->inputs.count) ANP_TRY(anp_vec_grow(&d->inputs, i + 1 - d->inputs.count, &first));
    ANP_VEC_AT(&d->inputs, anp_value_t *, i) = v;
    return ANP_OK;
}

anp_attr_t *anp_draft_attr(const anp_draft_t *d, const char *name) {
    for (uint64_t i = 0; i < d->attrs.count; i++) {
        anp_attr_t *a = &ANP_VEC_AT(&d->attrs, anp_attr_t, i);
        if (strcmp(a->name, name) == 0) return a;
    }
    return NULL;
}

static const char *kind_text(anp_attr_kind_t kind) {
    switch (kind) {
    case ANP_ATTR_INT: return "an integer";
    case ANP_ATTR_FLOAT: return "a number";
    case ANP_ATTR_STRING: return "a text";
    case ANP_ATTR_BLOCK: return "a graph";
    case ANP_ATTR_INTS: return "a list of integers";
    case ANP_ATTR_FLOATS: return "a list of numbers";
    default: return "of the kind expected";
    }
}

anp_status_t anp_draft_find(const anp_draft_t *d, const char *name, anp_attr_kind_t kind,
                            const anp_attr_t **out) {
    *out = anp_draft_attr(d, name);
    if (*out && (*out)->kind != kind)
        ANP_FAIL(ANP_INVALID_MODEL, "attribute '%s' is not %s", name, kind_text(kind));
    return ANP_OK;
}

anp_status_t anp_draft_int(const anp_draft_t *d, const char *name, int64_t def, int64_t *out) {
    const anp_attr_t *a;
    ANP_TRY(anp_draft_find(d, name, ANP_ATTR_INT, &a));
    *out = a ? a->v.i : def;
    return ANP_OK;
}

void anp_draft_drop(anp_draft_t *d, const char *name) {
    anp_attr_t *a = anp_draft_attr(d, name);
    if (!a) return;
    const anp_attr_t *end = (const anp_attr_t *)d->attrs.data + d->attrs.count;
    memmove(a, a + 1, (size_t)(end - (a + 1)) * sizeof *a);
    d->attrs.count--;
}

static anp_status_t set_attr(anp_draft_t *d, const anp_attr_t *attr) {
    anp_draft_drop(d, attr->name);
    return anp_vec_push(&d->attrs, attr);
}

anp_status_t anp_draft_set_int(anp_draft_t *d, const char *name, int64_t value) {
    return set_attr(d, &(anp_attr_t){.name = name, .kind = ANP_ATTR_INT, .v.i = value});
}

anp_status_t anp_draft_set_float(anp_draft_t *d, const char *name, float value) {
    return set_attr(d, &(anp_attr_t){.name = name, .kind = ANP_ATTR_FLOAT, .v.f = value});
}

anp_status_t anp_draft_set_string(anp_draft_t *d, const char *name, const char *value) {
    return set_attr(d, &(anp_attr_t){.name = name,
                                     .kind = ANP_ATTR_STRING,
                                     .v.s = {.ptr = value, .len_bytes = strlen(value)}});
}

bool anp_draft_wants(const anp_draft_t *d, uint32_t output) {
    return output < d->n_outputs && *d->out_names[output];
}

/* ---- nodes ---- */

static anp_status_t add_and_infer(anp_draft_t *d, const anp_node_desc_t *desc, anp_node_t **out) {
    ANP_TRY(anp_graph_add_node(d->graph, d->block, NULL, desc, out));
    return anp_node_infer(d->graph, *out);
}

anp_status_t anp_draft_step(anp_draft_t *d, const anp_step_t *step, anp_value_t **out) {
    const anp_attr_t attr = {.name = step->attr, .kind = ANP_ATTR_INT, .v.i = step->value};
    const anp_node_desc_t desc = {.op = anp_op_find("", step->op),
                                  .name = step->name && *d->name ? d->name : NULL,
                                  .attrs = &attr,
                                  .n_attrs = step->attr != NULL,
                                  .inputs = step->inputs,
                                  .n_inputs = step->n_inputs,
                                  .out_names = &step->name,
                                  .n_outputs = 1};
    if (!desc.op) ANP_FAIL(ANP_UNSUPPORTED, "needs operator %s, which is not known", step->op);
    anp_node_t *node;
    ANP_TRY(add_and_infer(d, &desc, &node));
    *out = node->outputs[0];
    return ANP_OK;
}

anp_status_t anp_draft_scalar_like(anp_draft_t *d, const char *name, double value,
                                   anp_value_t *like, anp_value_t **out) {
    uint64_t bits[2] = {0};
    anp_tensor_t t;
    const anp_dtype_row_t *row = anp_dtype_row(like->shape.dtype);
    if (row && row->set_f64) {
        row->set_f64(bits, 0, value);
        anp_tensor_init(&t, row->dtype, 0, NULL, bits);
        return anp_graph_add_constant(d->graph, name, &t, true, NULL, 0, out);
    }
    anp_value_t *f32;
    ANP_TRY(anp_graph_const_f32(d->graph, name, (float)value, &f32));
    return anp_draft_step(d, &(anp_step_t){.op = "CastLike", .inputs = {f32, like}, .n_inputs = 2},
                          out);
}

/* ---- upgrading ---- */

static bool row_fits(const anp_upgrade_t *row, const anp_draft_t *d) {
    return row->last >= d->version && strcmp(row->domain, d->domain) == 0 &&
           (strcmp(row->op, "*") == 0 || strcmp(row->op, d->op) == 0);
}

/* The version at which the draft's meaning changes next: rows that end there apply. */
static int64_t next_change(const anp_draft_t *d) {
    int64_t last = INT64_MAX;
    for (size_t i = 0; i < N_ROWS; i++)
        if (row_fits(&rows[i], d) && rows[i].last < last) last = rows[i].last;
    return last;
}

static anp_status_t upgrade(anp_draft_t *d) {
    for (int64_t last = next_change(d); last != INT64_MAX; last = next_change(d)) {
        const char *domain = d->domain;
        for (size_t i = 0; i < N_ROWS && !d->done; i++)
            if (rows[i].last == last && row_fits(&rows[i], d)) ANP_TRY(rows[i].apply(d, &rows[i]));
        if (d->done) return ANP_OK;
        if (d->domain == domain) d->version = last + 1; /* else the row has set both */
    }
    return ANP_OK;
}

/* Layouts one runtime lays tensors out in on one machine; its files with them are no exchange. */
static bool is_private(const char *domain) {
    return strcmp(domain, "com.microsoft.nchwc") == 0 ||
           strcmp(domain, "com.ms.internal.nhwc") == 0;
}

/* The newest row, which has to be there and to mean what the file means. */
static anp_status_t find_newest(const anp_draft_t *d, int64_t file_version, const anp_op_t **out) {
    const anp_op_t *op = *out = anp_ops_find(d->graph->ops, d->domain, d->op);
    if (is_private(d->domain))
        ANP_FAIL(ANP_UNSUPPORTED,
                 "operator %s of domain '%s' is a layout ONNX Runtime keeps for itself: export the "
                 "optimised model again with graph_optimization_level 'extended'",
                 d->op, d->domain);
    if (!op)
        ANP_FAIL(ANP_UNSUPPORTED,
                 "operator %s of domain '%s', operator set %" PRId64 ", is not known here%s", d->op,
                 *d->domain ? d->domain : "ai.onnx", file_version,
                 *d->domain && strncmp(d->domain, "ai.onnx", 7) != 0
                     ? ": a library that has it is given with --ops"
                     : "");
    if (op->user && file_version < op->since)
        ANP_FAIL(ANP_INCOMPATIBLE,
                 "operator %s of domain '%s' is of operator set %" PRId64
                 ", the library loaded has version %d of it",
                 d->op, d->domain, file_version, op->since);
    return ANP_OK;
}

static anp_status_t add_newest(anp_draft_t *d, int64_t file_version) {
    const anp_op_t *op;
    ANP_TRY(find_newest(d, file_version, &op));
    const anp_node_desc_t desc = {.op = op,
                                  .name = d->name,
                                  .attrs = d->attrs.data,
                                  .n_attrs = (uint32_t)d->attrs.count,
                                  .inputs = d->inputs.data,
                                  .n_inputs = (uint32_t)d->inputs.count,
                                  .out_names = d->out_names,
                                  .n_outputs = d->n_outputs,
                                  .blocks = d->blocks.data,
                                  .n_blocks = (uint32_t)d->blocks.count};
    anp_node_t *node;
    ANP_TRY(add_and_infer(d, &desc, &node));
    for (uint32_t i = 0; i < d->n_outputs; i++) d->outputs[i] = node->outputs[i];
    return ANP_OK;
}

anp_status_t anp_draft_add(anp_draft_t *d) {
    const int64_t file_version = d->version;
    ANP_TRY(ANP_ARENA_ARRAY(d->arena, d->n_outputs, &d->outputs));
    ANP_TRY(upgrade(d));
    return d->done ? ANP_OK : add_newest(d, file_version);
}
