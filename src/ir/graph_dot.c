/* SPDX-License-Identifier: Apache-2.0 */
/* The graph for Graphviz: nodes coloured by device once placed, by family before; shapes on edges.
 */
#include "ir/graph_impl.h"
#include "ir/graph_text.h"
#include <stdio.h>
#include <string.h>

/* ---- colours ---- */

typedef struct family_t {
    const char *name, *colour;
} family_t;

static const family_t matrix = {"matrix", "#9ecae1"}, norm = {"normalisation", "#c7e9c0"},
                      elementwise = {"elementwise", "#fdd0a2"},
                      moves = {"data movement", "#d9d9d9"},
                      reduces = {"pooling and reduction", "#bcbddc"},
                      quantised = {"quantisation", "#fee391"}, control = {"control", "#fcbba1"},
                      host = {"host", "#f0f0f0"}, other = {"other", "#ffffff"};

/* By what a name contains; the first row that fits. Flags of the operator's row decide before. */
static const struct {
    const char *part;
    const family_t *family;
} parts[] = {
    {"QLinear", &quantised}, {"uantize", &quantised}, {"Conv", &matrix},        {"MatMul", &matrix},
    {"Gemm", &matrix},       {"Einsum", &matrix},     {"LSTM", &matrix},        {"GRU", &matrix},
    {"RNN", &matrix},        {"Attention", &matrix},  {"Normalization", &norm}, {"Softmax", &norm},
    {"LRN", &norm},          {"Pool", &reduces},      {"Reduce", &reduces},     {"Arg", &reduces},
    {"TopK", &reduces},      {"Transpose", &moves},   {"Concat", &moves},       {"Split", &moves},
    {"Slice", &moves},       {"Gather", &moves},      {"Scatter", &moves},      {"Pad", &moves},
    {"Expand", &moves},      {"Tile", &moves},        {"Resize", &moves},       {"Space", &moves},
    {"Shape", &moves}};

static const family_t *family_of(const anp_op_t *op) {
    if (op->flags & ANP_OP_CONTROL) return &control;
    if (op->flags & ANP_OP_HOST) return &host;
    if (op->flags & ANP_OP_VIEW) return &moves;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(parts); i++)
        if (strstr(op->name, parts[i].part)) return parts[i].family;
    return op->flags & ANP_OP_ELEMENTWISE ? &elementwise : &other;
}

/* One colour per driver name, the same in every drawing. */
static const char *driver_colour(const char *driver) {
    static const char *const palette[] = {"#a6cee3", "#b2df8a", "#fb9a99", "#fdbf6f",
                                          "#cab2d6", "#ffff99", "#8dd3c7", "#fccde5"};
    uint32_t h = 0;
    for (const char *c = driver; *c; c++) h = h * 31 + (unsigned char)*c;
    return palette[h % ANP_ARRAY_LEN(palette)];
}

/* ---- pieces ---- */

static void put_indent(anp_buf_t *out, uint64_t depth) {
    for (uint64_t i = 0; i < depth; i++) anp_buf_puts(out, "  ");
}

static void put_text(anp_buf_t *out, const char *s) {
    anp_buf_put_escaped(out, s, strlen(s));
}

/* A type inside a quoted label: symbols with odd names have quotes of their own. */
static void put_shape_label(const anp_graph_t *g, const anp_shape_t *s, anp_buf_t *out) {
    anp_buf_t text;
    anp_buf_init(&text, 4096);
    anp_text_put_shape(g->dims, s, &text);
    anp_buf_put_escaped(out, text.data ? text.data : "", text.len);
    anp_buf_deinit(&text);
}

static void put_source(const anp_value_t *v, anp_buf_t *out) {
    if (v->producer)
        anp_buf_printf(out, "n%u", v->producer->id);
    else
        anp_buf_printf(out, "%s%u", v->constant ? "c" : "v", v->id);
}

static void put_edge(const anp_graph_t *g, const anp_value_t *v, const char *kind, uint32_t id,
                     uint64_t depth, anp_buf_t *out) {
    put_indent(out, depth);
    put_source(v, out);
    anp_buf_printf(out, " -> %s%u [label=\"", kind, id);
    put_shape_label(g, &v->shape, out);
    anp_buf_puts(out, "\"];\n");
}

/* Constants are lines within the node that reads them: weights would drown the drawing. */
static void put_node_label(const anp_graph_t *g, const anp_node_t *n, anp_buf_t *out) {
    anp_buf_puts(out, n->op->name);
    anp_buf_puts(out, "\\n");
    put_text(out, n->name);
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        anp_operand_spec_t spec;
        if (!anp_value_is_const(n->inputs[i]) || !anp_op_input_spec(n->op, i, &spec)) continue;
        anp_buf_printf(out, "\\n%s ", spec.name);
        put_shape_label(g, &n->inputs[i]->shape, out);
    }
    if (n->driver) {
        anp_buf_puts(out, "\\non ");
        put_text(out, n->driver);
    }
}

static void put_node(const anp_graph_t *g, const anp_node_t *n, uint64_t depth, anp_buf_t *out) {
    put_indent(out, depth);
    anp_buf_printf(out, "n%u [label=\"", n->id);
    put_node_label(g, n, out);
    anp_buf_printf(out, "\", fillcolor=\"%s\", tooltip=\"",
                   n->driver ? driver_colour(n->driver) : family_of(n->op)->colour);
    put_text(out, n->reason ? n->reason : family_of(n->op)->name);
    anp_buf_puts(out, "\"];\n");
    for (uint32_t i = 0; i < n->n_inputs; i++)
        if (n->inputs[i] && !n->inputs[i]->constant)
            put_edge(g, n->inputs[i], "n", n->id, depth, out);
}

static void put_terminal(const char *kind, uint32_t id, const char *name, uint64_t depth,
                         anp_buf_t *out) {
    put_indent(out, depth);
    anp_buf_printf(out, "%s%u [label=\"", kind, id);
    put_text(out, name);
    anp_buf_puts(out, "\", shape=ellipse, fillcolor=\"#ffffff\"];\n");
}

/* Outputs are drawn by block and place: one value may be several. */
static void put_outputs(const anp_graph_t *g, const anp_block_t *b, uint64_t depth,
                        anp_buf_t *out) {
    for (uint32_t i = 0; i < b->n_outputs; i++) {
        char kind[32];
        snprintf(kind, sizeof kind, "o%u_", b->id);
        const anp_value_t *v = b->outputs[i];
        put_terminal(kind, i, v->name, depth, out);
        if (v->constant) put_terminal("c", v->id, v->name, depth, out);
        put_edge(g, v, kind, i, depth, out);
    }
}

/* ---- blocks ---- */

typedef struct dot_frame_t {
    const anp_block_t *block;
    const anp_node_t *at;
    uint32_t next_block;
} dot_frame_t;

static anp_status_t open_cluster(anp_vec_t *stack, const anp_block_t *b, const char *label,
                                 anp_buf_t *out) {
    const uint64_t depth = stack->count + 1;
    put_indent(out, depth);
    anp_buf_printf(out, "subgraph cluster_%u {\n", b->id);
    put_indent(out, depth + 1);
    anp_buf_puts(out, "label=\"");
    put_text(out, label);
    anp_buf_puts(out, "\";\n");
    for (uint32_t i = 0; i < b->n_inputs; i++)
        put_terminal("v", b->inputs[i]->id, b->inputs[i]->name, depth + 1, out);
    return anp_vec_push(stack, &(dot_frame_t){.block = b, .at = b->first});
}

static anp_status_t dot_step(const anp_graph_t *g, anp_vec_t *stack, anp_buf_t *out) {
    dot_frame_t *f = &ANP_VEC_AT(stack, dot_frame_t, stack->count - 1);
    const anp_node_t *n = f->at;
    if (!n) {
        put_outputs(g, f->block, stack->count + 1, out);
        put_indent(out, stack->count);
        anp_buf_puts(out, "}\n");
        stack->count--;
        return ANP_OK;
    }
    if (f->next_block == 0) put_node(g, n, stack->count + 1, out);
    if (f->next_block < n->n_blocks) {
        const anp_block_t *b = n->blocks[f->next_block++];
        return open_cluster(stack, b, b->name, out);
    }
    f->at = n->next;
    f->next_block = 0;
    return ANP_OK;
}

anp_status_t anp_graph_dot(anp_graph_t *g, anp_buf_t *out) {
    anp_status_t st = ANP_OK;
    anp_vec_t stack;
    anp_vec_init(&stack, sizeof(dot_frame_t));
    anp_buf_puts(
        out, "digraph anput {\n"
             "  node [shape=box, style=\"filled,rounded\", fontname=\"Helvetica\", fontsize=10];\n"
             "  edge [fontname=\"Helvetica\", fontsize=8, color=\"#636363\"];\n");
    for (uint64_t i = 0; i < g->entries.count; i++) {
        const anp_entry_t *e = &ANP_VEC_AT(&g->entries, anp_entry_t, i);
        ANP_TRY_OUT(st, open_cluster(&stack, e->block, e->name, out));
        while (stack.count) ANP_TRY_OUT(st, dot_step(g, &stack, out));
    }
    anp_buf_puts(out, "}\n");
    st = anp_buf_status(out);
out:
    anp_vec_deinit(&stack);
    return st;
}
