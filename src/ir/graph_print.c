/* SPDX-License-Identifier: Apache-2.0 */
/* The graph as text: docs/format/graph-text.md. graph_parse.c reads it back. */
#include "ir/graph_impl.h"
#include "ir/graph_text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PRINT_ELEMS_MAX = 8 }; /* larger constants are given by their hash */

/* ---- words ---- */

bool anp_text_is_bare(const char *s) {
    if (!*s || strcmp(s, "_") == 0 || strcmp(s, "return") == 0) return false;
    for (; *s; s++)
        if (!anp_text_is_word_char(*s)) return false;
    return true;
}

static void put_quoted(anp_buf_t *out, const char *s, uint64_t len) {
    anp_buf_puts(out, "\"");
    anp_buf_put_escaped(out, s, len);
    anp_buf_puts(out, "\"");
}

void anp_text_put_name(anp_buf_t *out, const char *name) {
    if (anp_text_is_bare(name))
        anp_buf_puts(out, name);
    else
        put_quoted(out, name, strlen(name));
}

static void put_indent(anp_buf_t *out, uint64_t depth) {
    for (uint64_t i = 0; i < depth; i++) anp_buf_puts(out, "    ");
}

/* ---- types ---- */

static void put_tensor_type(const anp_dims_t *dims, const anp_shape_t *s, anp_buf_t *out) {
    anp_buf_puts(out, s->dtype ? anp_dtype_name((anp_dtype_t)s->dtype) : "any");
    if (s->rank < 0) return;
    anp_buf_puts(out, "[");
    for (int32_t i = 0; i < s->rank; i++) {
        if (i) anp_buf_puts(out, ", ");
        if (s->dims[i] == ANP_DIM_UNKNOWN)
            anp_buf_puts(out, "_");
        else
            anp_dims_print(dims, s->dims[i], out);
    }
    anp_buf_puts(out, "]");
}

void anp_text_put_shape(const anp_dims_t *dims, const anp_shape_t *s, anp_buf_t *out) {
    if (s->optional) anp_buf_puts(out, "opt(");
    char type[ANP_TYPE_TEXT];
    if (s->kind == ANP_KIND_TENSOR)
        put_tensor_type(dims, s, out);
    else
        anp_buf_puts(out, anp_type_text(s->kind, s->key, s->dtype, type));
    if (s->optional) anp_buf_puts(out, ")");
}

static bool says_something(const anp_shape_t *s) {
    return s->dtype || s->rank >= 0 || s->kind != ANP_KIND_TENSOR || s->optional;
}

/* "name: type" */
static void put_typed_name(const anp_graph_t *g, const anp_value_t *v, anp_buf_t *out) {
    anp_text_put_name(out, v->name);
    if (!says_something(&v->shape)) return;
    anp_buf_puts(out, ": ");
    anp_text_put_shape(g->dims, &v->shape, out);
}

/* ---- contents ---- */

/* The shortest text that gives the same float (or double) again; always with a point or exponent.
 */
void anp_text_put_float(anp_buf_t *out, double v, bool is_f32) {
    char text[40];
    if (isnan(v) || isinf(v)) {
        anp_buf_puts(out, isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
        return;
    }
    for (int digits = 6; digits <= 17; digits++) {
        double back;
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strchr(text, ',')) *strchr(text, ',') = '.'; /* a program's locale is none of ours */
        if (!anp_parse_f64(text, &back)) continue;
        if (is_f32 ? (float)back == (float)v : back == v) break;
    }
    anp_buf_puts(out, text);
    if (!strpbrk(text, ".e")) anp_buf_puts(out, ".0");
}

static void put_element(const anp_tensor_t *t, uint64_t i, anp_buf_t *out) {
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    if (row->cls == ANP_CLASS_STRING) {
        const anp_string_t *s = &((const anp_string_t *)t->data)[i];
        put_quoted(out, s->ptr, s->len_bytes);
    } else if (row->cls == ANP_CLASS_FLOAT) {
        anp_text_put_float(out, row->get_f64(t->data, i), t->dtype != ANP_DTYPE_F64);
    } else if (row->cls == ANP_CLASS_UINT) {
        anp_buf_printf(out, "%llu", (unsigned long long)anp_dtype_get_i64(row->dtype, t->data, i));
    } else {
        anp_buf_printf(out, "%lld", (long long)anp_dtype_get_i64(row->dtype, t->data, i));
    }
}

/* "{1, 2}", or "#hash" of what is large (or complex). */
static void put_contents(anp_const_t *c, anp_buf_t *out) {
    const anp_tensor_t *t = &c->tensor;
    const int64_t n = anp_tensor_elems(t);
    if (n > PRINT_ELEMS_MAX || anp_dtype_row(t->dtype)->cls == ANP_CLASS_COMPLEX) {
        char hash[33];
        anp_hash_text(anp_const_hash(c), hash);
        anp_buf_printf(out, "#%s", hash);
        return;
    }
    anp_buf_puts(out, "{");
    for (int64_t i = 0; i < n; i++) {
        if (i) anp_buf_puts(out, ", ");
        put_element(t, (uint64_t)i, out);
    }
    anp_buf_puts(out, "}");
}

static void put_tensor_literal(const anp_graph_t *g, const anp_tensor_t *t, anp_buf_t *out) {
    anp_shape_t s = {.kind = t->kind, .dtype = t->dtype, .rank = (int8_t)t->rank};
    anp_const_t c = {.tensor = *t};
    memcpy(s.dims, t->dims, sizeof s.dims);
    if (anp_tensor_bytes(t, &c.bytes) != ANP_OK) c.bytes = 0; /* verified when it was added */
    put_tensor_type(g->dims, &s, out);
    put_contents(&c, out);
}

/* ---- attributes ---- */

static void put_type_attr(const anp_tensor_t *t, anp_buf_t *out) {
    char type[ANP_TYPE_TEXT];
    anp_buf_puts(out, anp_type_text(t->kind, t->key, t->dtype, type));
}

static void put_list_item(const anp_attr_t *a, uint64_t i, anp_buf_t *out) {
    if (a->kind == ANP_ATTR_INTS)
        anp_buf_printf(out, "%lld", (long long)a->v.ints[i]);
    else if (a->kind == ANP_ATTR_FLOATS)
        anp_text_put_float(out, (double)a->v.floats[i], true);
    else
        put_quoted(out, a->v.strings[i].ptr, a->v.strings[i].len_bytes);
}

static void put_attr_value(const anp_graph_t *g, const anp_attr_t *a, anp_buf_t *out) {
    switch (a->kind) {
    case ANP_ATTR_INT: anp_buf_printf(out, "%lld", (long long)a->v.i); return;
    case ANP_ATTR_FLOAT: anp_text_put_float(out, (double)a->v.f, true); return;
    case ANP_ATTR_STRING: put_quoted(out, a->v.s.ptr, a->v.s.len_bytes); return;
    case ANP_ATTR_TENSOR: put_tensor_literal(g, a->v.tensor, out); return;
    case ANP_ATTR_TYPE: put_type_attr(a->v.tensor, out); return;
    case ANP_ATTR_INTS:
    case ANP_ATTR_FLOATS:
    case ANP_ATTR_STRINGS: break;
    case ANP_ATTR_NONE:
    case ANP_ATTR_BLOCK: return; /* blocks are clauses of the statement */
    }
    anp_buf_puts(out, "[");
    for (uint64_t i = 0; i < a->count; i++) {
        if (i) anp_buf_puts(out, ", ");
        put_list_item(a, i, out);
    }
    anp_buf_puts(out, "]");
}

static void put_attrs(const anp_graph_t *g, const anp_node_t *n, anp_buf_t *out) {
    const char *before = " {";
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        if (n->attrs[i].kind == ANP_ATTR_BLOCK) continue;
        anp_buf_printf(out, "%s%s=", before, n->attrs[i].name);
        put_attr_value(g, &n->attrs[i], out);
        before = ", ";
    }
    if (before[0] == ',') anp_buf_puts(out, "}");
}

/* ---- statements ---- */

static const char *usual_node_name(const anp_node_t *n) {
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i]) return n->outputs[i]->name;
    return n->op->name;
}

static void put_value_list(anp_value_t *const *values, uint32_t n, anp_buf_t *out) {
    for (uint32_t i = 0; i < n; i++) {
        if (i) anp_buf_puts(out, ", ");
        if (values[i])
            anp_text_put_name(out, values[i]->name);
        else
            anp_buf_puts(out, "_");
    }
}

/* "a: f32[2] = Op @name(x, y) {attributes}" */
static void put_node(const anp_graph_t *g, const anp_node_t *n, anp_buf_t *out) {
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        if (i) anp_buf_puts(out, ", ");
        if (n->outputs[i])
            put_typed_name(g, n->outputs[i], out);
        else
            anp_buf_puts(out, "_");
    }
    anp_buf_printf(out, " = %s%s%s", n->op->domain, *n->op->domain ? "." : "", n->op->name);
    if (strcmp(n->name, usual_node_name(n)) != 0) {
        anp_buf_puts(out, " @");
        anp_text_put_name(out, n->name);
    }
    anp_buf_puts(out, "(");
    put_value_list(n->inputs, n->n_inputs, out);
    anp_buf_puts(out, ")");
    put_attrs(g, n, out);
}

/* "label @name(x: f32[2]) {" */
static void put_block_head(const anp_graph_t *g, const char *label, const anp_block_t *b,
                           anp_buf_t *out) {
    anp_text_put_name(out, label);
    if (strcmp(label, b->name) != 0) {
        anp_buf_puts(out, " @");
        anp_text_put_name(out, b->name);
    }
    anp_buf_puts(out, "(");
    for (uint32_t i = 0; i < b->n_inputs; i++) {
        if (i) anp_buf_puts(out, ", ");
        put_typed_name(g, b->inputs[i], out);
    }
    anp_buf_puts(out, ") {\n");
}

static void put_return(const anp_block_t *b, uint64_t depth, anp_buf_t *out) {
    put_indent(out, depth);
    anp_buf_puts(out, b->n_outputs ? "return " : "return");
    put_value_list(b->outputs, b->n_outputs, out);
    anp_buf_puts(out, "\n");
    put_indent(out, depth - 1);
    anp_buf_puts(out, "}");
}

/* ---- blocks ---- */

typedef struct print_frame_t {
    const anp_block_t *block;
    const anp_node_t *at;
    uint32_t next_block; /* of `at`: blocks printed */
} print_frame_t;

static anp_status_t push_frame(anp_vec_t *stack, const anp_block_t *b) {
    return anp_vec_push(stack, &(print_frame_t){.block = b, .at = b->first});
}

static const char *block_label(const anp_node_t *n, uint32_t index) {
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (n->attrs[i].kind == ANP_ATTR_BLOCK && n->attrs[i].v.block == index)
            return n->attrs[i].name;
    return "block";
}

/* The next node, block clause or end of the innermost block. */
static anp_status_t print_step(const anp_graph_t *g, anp_vec_t *stack, anp_buf_t *out) {
    print_frame_t *f = &ANP_VEC_AT(stack, print_frame_t, stack->count - 1);
    const anp_node_t *n = f->at;
    if (!n) {
        put_return(f->block, stack->count, out);
        stack->count--;
        return ANP_OK;
    }
    if (f->next_block == 0) {
        put_indent(out, stack->count);
        put_node(g, n, out);
    }
    if (f->next_block == n->n_blocks) {
        anp_buf_puts(out, "\n");
        f->at = n->next;
        f->next_block = 0;
        return ANP_OK;
    }
    const uint32_t index = f->next_block++;
    anp_buf_puts(out, " ");
    put_block_head(g, block_label(n, index), n->blocks[index], out);
    return push_frame(stack, n->blocks[index]);
}

static anp_status_t print_entry(const anp_graph_t *g, const anp_entry_t *e, anp_vec_t *stack,
                                anp_buf_t *out) {
    anp_buf_puts(out, "entry ");
    put_block_head(g, e->name, e->block, out);
    ANP_TRY(push_frame(stack, e->block));
    while (stack->count) ANP_TRY(print_step(g, stack, out));
    anp_buf_puts(out, "\n");
    return ANP_OK;
}

static void print_constants(const anp_graph_t *g, anp_buf_t *out) {
    for (uint64_t i = 0; i < g->constants.count; i++) {
        anp_const_t *c = ANP_VEC_AT(&g->constants, anp_const_t *, i);
        if (anp_value_n_uses(c->value) == 0) continue;
        anp_buf_puts(out, "const ");
        put_typed_name(g, c->value, out);
        anp_buf_puts(out, " = ");
        put_contents(c, out);
        anp_buf_puts(out, "\n");
    }
}

static void print_states(const anp_graph_t *g, anp_buf_t *out) {
    for (uint64_t i = 0; i < g->states.count; i++) {
        const anp_state_t *s = &ANP_VEC_AT(&g->states, anp_state_t, i);
        anp_buf_puts(out, "state ");
        anp_text_put_name(out, s->name);
        anp_buf_puts(out, ": ");
        anp_text_put_name(out, s->current->name);
        anp_buf_puts(out, " -> ");
        anp_text_put_name(out, s->next->name);
        if (s->initial) {
            anp_buf_puts(out, " = ");
            put_contents(s->initial, out);
        }
        anp_buf_puts(out, "\n");
    }
}

anp_status_t anp_graph_print(anp_graph_t *g, anp_buf_t *out) {
    anp_status_t st = ANP_OK;
    anp_vec_t stack;
    anp_vec_init(&stack, sizeof(print_frame_t));
    for (uint64_t i = 0; i < g->meta.count; i++) {
        const anp_meta_t *m = &ANP_VEC_AT(&g->meta, anp_meta_t, i);
        anp_buf_puts(out, "meta ");
        put_quoted(out, m->key, strlen(m->key));
        anp_buf_puts(out, " = ");
        put_quoted(out, m->value, strlen(m->value));
        anp_buf_puts(out, "\n");
    }
    print_constants(g, out);
    for (uint64_t i = 0; i < g->entries.count; i++)
        ANP_TRY_OUT(st, print_entry(g, &ANP_VEC_AT(&g->entries, anp_entry_t, i), &stack, out));
    print_states(g, out);
    st = anp_buf_status(out);
out:
    anp_vec_deinit(&stack);
    return st;
}
