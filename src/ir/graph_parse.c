/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the graph's text form (docs/format/graph-text.md) back: for tests of passes. */
#include "ir/graph_impl.h"
#include "ir/graph_text.h"
#include <string.h>

enum { PARSE_CONST_BYTES_MAX = 64 << 20 }; /* of one constant made by "zeros", "fill" or "seed" */

/* A statement whose blocks are still being read. */
typedef struct statement_t {
    anp_node_desc_t desc;
    anp_shape_t *out_shapes;
    anp_vec_t blocks; /* anp_block_t * */
    anp_vec_t attrs;  /* anp_attr_t */
} statement_t;

typedef struct parse_frame_t {
    anp_block_t *block;
    statement_t *statement; /* of this block, open because its blocks are read in inner frames */
} parse_frame_t;

typedef struct parser_t {
    anp_lexer_t x;
    anp_arena_t arena;
    anp_graph_t *g;
    anp_vec_t frames;     /* parse_frame_t */
    anp_vec_t statements; /* statement_t *, all: their vectors are freed at the end */
} parser_t;

/* ---- values ---- */

/* A value used: its name is known, or "_". */
static anp_status_t parse_use(parser_t *p, anp_value_t **out) {
    const char *name;
    *out = NULL;
    if (anp_lex_is_word(&p->x.now, "_")) return anp_lex_step(&p->x);
    const uint32_t line = p->x.now.line;
    ANP_TRY(anp_lex_name(&p->x, &name, NULL));
    *out = anp_graph_find_value(p->g, name);
    if (!*out) ANP_FAIL(ANP_INVALID_FILE, "line %u: '%s' is not defined", line, name);
    return ANP_OK;
}

/* "name" or "name: type" of a value defined here. */
static anp_status_t parse_definition(parser_t *p, const char **out_name, anp_shape_t *out_shape) {
    bool typed;
    *out_shape = (anp_shape_t){.rank = -1};
    *out_name = "";
    const uint32_t line = p->x.now.line;
    if (anp_lex_is_word(&p->x.now, "_")) return anp_lex_step(&p->x);
    ANP_TRY(anp_lex_name(&p->x, out_name, NULL));
    if (anp_graph_find_value(p->g, *out_name))
        ANP_FAIL(ANP_INVALID_FILE, "line %u: '%s' is defined twice", line, *out_name);
    ANP_TRY(anp_lex_accept(&p->x, ':', &typed));
    return typed ? anp_lex_shape(&p->x, p->g->dims, out_shape) : ANP_OK;
}

/* Values up to `end` (which is taken), or for end = 0 as long as commas follow. */
static anp_status_t parse_uses(parser_t *p, char end, anp_value_t ***out, uint32_t *out_n) {
    anp_status_t st = ANP_OK;
    anp_vec_t list;
    bool more = true;
    anp_vec_init(&list, sizeof(anp_value_t *));
    if (end) {
        ANP_TRY_OUT(st, anp_lex_accept(&p->x, end, &more));
        more = !more;
    }
    while (more) {
        anp_value_t *v;
        ANP_TRY_OUT(st, parse_use(p, &v));
        ANP_TRY_OUT(st, anp_vec_push(&list, &v));
        ANP_TRY_OUT(st, anp_lex_accept(&p->x, ',', &more));
        if (!more && end) ANP_TRY_OUT(st, anp_lex_expect(&p->x, end));
    }
    *out_n = (uint32_t)list.count;
    ANP_TRY_OUT(st, ANP_ARENA_ARRAY(&p->arena, list.count, out));
    if (list.count) memcpy(*out, list.data, (size_t)list.count * sizeof **out);
out:
    anp_vec_deinit(&list);
    return st;
}

/* ---- contents ---- */

static anp_status_t shape_to_tensor(parser_t *p, const anp_shape_t *s, anp_tensor_t *out,
                                    uint64_t *out_bytes) {
    if (!s->dtype || s->rank < 0 || s->kind != ANP_KIND_TENSOR)
        return anp_lex_fail(&p->x, "a tensor type before the contents");
    for (int32_t i = 0; i < s->rank; i++)
        if (!ANP_DIM_IS_CONST(s->dims[i])) return anp_lex_fail(&p->x, "known sizes");
    anp_tensor_init(out, (anp_dtype_t)s->dtype, (uint32_t)s->rank, s->dims, NULL);
    ANP_TRY(anp_tensor_bytes(out, out_bytes));
    if (*out_bytes > PARSE_CONST_BYTES_MAX)
        ANP_FAIL(ANP_LIMIT, "line %u: a constant of %llu bytes, at most %d are read", p->x.now.line,
                 (unsigned long long)*out_bytes, PARSE_CONST_BYTES_MAX);
    return anp_arena_alloc(&p->arena, *out_bytes, &out->data);
}

static anp_status_t parse_element(parser_t *p, const anp_tensor_t *t, uint64_t i) {
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    if (row->cls == ANP_CLASS_STRING) {
        anp_string_t *s = &((anp_string_t *)t->data)[i];
        return anp_lex_name(&p->x, &s->ptr, &s->len_bytes);
    }
    if (row->cls == ANP_CLASS_COMPLEX) return anp_lex_fail(&p->x, "zeros (complex numbers)");
    if (row->cls == ANP_CLASS_FLOAT) {
        double v;
        ANP_TRY(anp_lex_f64(&p->x, &v));
        row->set_f64(t->data, i, v);
        return ANP_OK;
    }
    int64_t v;
    ANP_TRY(anp_lex_i64(&p->x, &v));
    anp_dtype_set_i64(row->dtype, t->data, i, v);
    return ANP_OK;
}

static anp_status_t parse_elements(parser_t *p, const anp_tensor_t *t) {
    const int64_t n = anp_tensor_elems(t);
    for (int64_t i = 0; i < n; i++) {
        if (i) ANP_TRY(anp_lex_expect(&p->x, ','));
        ANP_TRY(parse_element(p, t, (uint64_t)i));
    }
    return anp_lex_expect(&p->x, '}');
}

/* Numbers that look like weights: f32 in [-1, 1), integers in [-8, 8); the same for a seed always.
 */
static void fill_seeded(const anp_tensor_t *t, uint64_t seed) {
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    const int64_t n = anp_tensor_elems(t);
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (int64_t i = 0; i < n; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const int64_t r = (int64_t)(state >> 40); /* 24 bits */
        if (row->cls == ANP_CLASS_FLOAT)
            row->set_f64(t->data, (uint64_t)i, (double)r / (1 << 23) - 1);
        else
            anp_dtype_set_i64(row->dtype, t->data, (uint64_t)i, (r >> 20) - 8);
    }
}

/* "{1, 2}", "zeros", "fill 0.5" or "seed 7". */
static anp_status_t parse_contents(parser_t *p, const anp_tensor_t *t) {
    bool listed;
    ANP_TRY(anp_lex_accept(&p->x, '{', &listed));
    if (listed && anp_tensor_elems(t) == 0) return anp_lex_expect(&p->x, '}');
    if (listed) return parse_elements(p, t);
    const anp_dtype_class_t cls = anp_dtype_row(t->dtype)->cls;
    const bool zeros = anp_lex_is_word(&p->x.now, "zeros");
    const bool fill = anp_lex_is_word(&p->x.now, "fill");
    const bool seed = anp_lex_is_word(&p->x.now, "seed");
    if (anp_lex_is_mark(&p->x.now, '#'))
        return anp_lex_fail(&p->x, "contents (a hash only stands for them)");
    if (!zeros && !fill && !seed) return anp_lex_fail(&p->x, "contents");
    if (!zeros && (cls == ANP_CLASS_STRING || cls == ANP_CLASS_COMPLEX))
        return anp_lex_fail(&p->x, "zeros");
    ANP_TRY(anp_lex_step(&p->x));
    const int64_t n = anp_tensor_elems(t);
    if (seed) {
        int64_t number;
        ANP_TRY(anp_lex_i64(&p->x, &number));
        fill_seeded(t, (uint64_t)number);
    } else if (fill && n > 0) {
        const anp_lexer_t before = p->x;
        for (int64_t i = 0; i < n; i++) {
            p->x = before;
            ANP_TRY(parse_element(p, t, (uint64_t)i));
        }
    }
    return ANP_OK;
}

static anp_status_t parse_tensor(parser_t *p, const anp_shape_t *s, anp_tensor_t *out) {
    uint64_t bytes;
    ANP_TRY(shape_to_tensor(p, s, out, &bytes));
    return parse_contents(p, out);
}

/* ---- attributes ---- */

static anp_status_t parse_string(parser_t *p, anp_string_t *out) {
    return anp_lex_name(&p->x, &out->ptr, &out->len_bytes);
}

static anp_status_t parse_tensor_attr(parser_t *p, anp_attr_t *a) {
    anp_shape_t s;
    anp_tensor_t *t;
    ANP_TRY(ANP_ARENA_NEW(&p->arena, &t));
    ANP_TRY(anp_lex_shape(&p->x, p->g->dims, &s));
    a->v.tensor = t;
    if (a->kind == ANP_ATTR_TENSOR) return parse_tensor(p, &s, t);
    t->kind = s.kind;
    t->key = s.key;
    t->dtype = s.dtype;
    return ANP_OK;
}

static anp_status_t parse_list_item(parser_t *p, anp_attr_kind_t kind, anp_vec_t *items) {
    void *slot;
    double number;
    ANP_TRY(anp_vec_grow(items, 1, &slot));
    if (kind == ANP_ATTR_INTS) return anp_lex_i64(&p->x, slot);
    if (kind == ANP_ATTR_STRINGS) return parse_string(p, slot);
    ANP_TRY(anp_lex_f64(&p->x, &number));
    *(float *)slot = (float)number;
    return ANP_OK;
}

static anp_status_t parse_list_attr(parser_t *p, anp_attr_t *a) {
    anp_status_t st = ANP_OK;
    anp_vec_t items;
    bool end;
    void *copy;
    anp_vec_init(&items, a->kind == ANP_ATTR_INTS     ? sizeof(int64_t)
                         : a->kind == ANP_ATTR_FLOATS ? sizeof(float)
                                                      : sizeof(anp_string_t));
    ANP_TRY_OUT(st, anp_lex_expect(&p->x, '['));
    ANP_TRY_OUT(st, anp_lex_accept(&p->x, ']', &end));
    while (!end) {
        ANP_TRY_OUT(st, parse_list_item(p, a->kind, &items));
        ANP_TRY_OUT(st, anp_lex_accept(&p->x, ']', &end));
        if (!end) ANP_TRY_OUT(st, anp_lex_expect(&p->x, ','));
    }
    ANP_TRY_OUT(st, anp_arena_array(&p->arena, items.count, items.elem_bytes, &copy));
    if (items.count) memcpy(copy, items.data, (size_t)(items.count * items.elem_bytes));
    a->count = items.count;
    a->v.ints = copy; /* the lists of the union are pointers all */
    if (a->kind == ANP_ATTR_FLOATS) a->v.floats = copy;
    if (a->kind == ANP_ATTR_STRINGS) a->v.strings = copy;
out:
    anp_vec_deinit(&items);
    return st;
}

static anp_status_t parse_attr_value(parser_t *p, anp_attr_t *a) {
    double number;
    switch (a->kind) {
    case ANP_ATTR_INT: return anp_lex_i64(&p->x, &a->v.i);
    case ANP_ATTR_FLOAT:
        ANP_TRY(anp_lex_f64(&p->x, &number));
        a->v.f = (float)number;
        return ANP_OK;
    case ANP_ATTR_STRING: return parse_string(p, &a->v.s);
    case ANP_ATTR_TENSOR:
    case ANP_ATTR_TYPE: return parse_tensor_attr(p, a);
    case ANP_ATTR_INTS:
    case ANP_ATTR_FLOATS:
    case ANP_ATTR_STRINGS: return parse_list_attr(p, a);
    case ANP_ATTR_NONE:
    case ANP_ATTR_BLOCK: break;
    }
    return anp_lex_fail(&p->x, "a value (blocks follow the attributes)");
}

/* The kind a row gives an attribute of this name; NONE when it has none. */
static anp_attr_kind_t attr_kind(const anp_op_t *op, const char *name) {
    anp_attr_spec_t spec;
    for (uint32_t i = 0; anp_op_attr_spec(op, i, &spec); i++)
        if (strcmp(spec.name, name) == 0) return spec.kind;
    return ANP_ATTR_NONE;
}

static anp_status_t parse_attrs(parser_t *p, statement_t *s) {
    bool end;
    ANP_TRY(anp_lex_accept(&p->x, '}', &end));
    while (!end) {
        anp_attr_t a = {0};
        ANP_TRY(anp_lex_name(&p->x, &a.name, NULL));
        a.kind = attr_kind(s->desc.op, a.name);
        if (a.kind == ANP_ATTR_NONE)
            ANP_FAIL(ANP_INVALID_FILE, "line %u: %s has no attribute '%s'", p->x.now.line,
                     s->desc.op->name, a.name);
        ANP_TRY(anp_lex_expect(&p->x, '='));
        ANP_TRY(parse_attr_value(p, &a));
        ANP_TRY(anp_vec_push(&s->attrs, &a));
        ANP_TRY(anp_lex_accept(&p->x, '}', &end));
        if (!end) ANP_TRY(anp_lex_expect(&p->x, ','));
    }
    return ANP_OK;
}

/* ---- statements ---- */

static anp_status_t new_statement(parser_t *p, statement_t **out) {
    ANP_TRY(ANP_ARENA_NEW(&p->arena, out));
    anp_vec_init(&(*out)->blocks, sizeof(anp_block_t *));
    anp_vec_init(&(*out)->attrs, sizeof(anp_attr_t));
    return anp_vec_push(&p->statements, out);
}

static anp_status_t parse_op_name(parser_t *p, const anp_op_t **out) {
    const char *name;
    char domain[64] = "";
    const uint32_t line = p->x.now.line;
    ANP_TRY(anp_lex_name(&p->x, &name, NULL));
    const char *dot = strrchr(name, '.');
    if (dot && (size_t)(dot - name) < sizeof domain) {
        memcpy(domain, name, (size_t)(dot - name));
        domain[dot - name] = '\0';
    }
    *out = anp_ops_find(p->g->ops, domain, dot ? dot + 1 : name);
    if (!*out) ANP_FAIL(ANP_UNSUPPORTED, "line %u: there is no operator '%s'", line, name);
    return ANP_OK;
}

/* "a: f32[2], b =": names and types go into the statement. */
static anp_status_t parse_results(parser_t *p, statement_t *s) {
    anp_status_t st = ANP_OK;
    anp_vec_t names, shapes;
    bool more = true;
    anp_vec_init(&names, sizeof(const char *));
    anp_vec_init(&shapes, sizeof(anp_shape_t));
    while (more) {
        const char *name;
        anp_shape_t shape;
        ANP_TRY_OUT(st, parse_definition(p, &name, &shape));
        ANP_TRY_OUT(st, anp_vec_push(&names, &name));
        ANP_TRY_OUT(st, anp_vec_push(&shapes, &shape));
        ANP_TRY_OUT(st, anp_lex_accept(&p->x, ',', &more));
    }
    const char **copy;
    s->desc.n_outputs = (uint32_t)names.count;
    ANP_TRY_OUT(st, ANP_ARENA_ARRAY(&p->arena, names.count, &copy));
    ANP_TRY_OUT(st, ANP_ARENA_ARRAY(&p->arena, shapes.count, &s->out_shapes));
    memcpy(copy, names.data, (size_t)names.count * sizeof *copy);
    memcpy(s->out_shapes, shapes.data, (size_t)shapes.count * sizeof *s->out_shapes);
    s->desc.out_names = copy;
    st = anp_lex_expect(&p->x, '=');
out:
    anp_vec_deinit(&names);
    anp_vec_deinit(&shapes);
    return st;
}

static anp_status_t parse_optional_name(parser_t *p, const char **out) {
    bool named;
    ANP_TRY(anp_lex_accept(&p->x, '@', &named));
    return named ? anp_lex_name(&p->x, out, NULL) : ANP_OK;
}

static anp_status_t parse_statement(parser_t *p, statement_t *s) {
    anp_value_t **inputs;
    bool has_attrs;
    ANP_TRY(parse_results(p, s));
    ANP_TRY(parse_op_name(p, &s->desc.op));
    ANP_TRY(parse_optional_name(p, &s->desc.name));
    ANP_TRY(anp_lex_expect(&p->x, '('));
    ANP_TRY(parse_uses(p, ')', &inputs, &s->desc.n_inputs));
    s->desc.inputs = inputs;
    ANP_TRY(anp_lex_accept(&p->x, '{', &has_attrs));
    return has_attrs ? parse_attrs(p, s) : ANP_OK;
}

static anp_status_t finish_statement(parser_t *p, anp_block_t *b, statement_t *s) {
    anp_node_t *n;
    s->desc.attrs = s->attrs.data;
    s->desc.n_attrs = (uint32_t)s->attrs.count;
    s->desc.blocks = s->blocks.data;
    s->desc.n_blocks = (uint32_t)s->blocks.count;
    ANP_TRY(anp_graph_add_node(p->g, b, NULL, &s->desc, &n));
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i]) n->outputs[i]->shape = s->out_shapes[i];
    return ANP_OK;
}

/* ---- blocks ---- */

static anp_status_t push_frame(parser_t *p, anp_block_t *b) {
    if (p->frames.count >= ANP_BLOCK_DEPTH_MAX)
        ANP_FAIL(ANP_LIMIT, "line %u: more than %d blocks within each other", p->x.now.line,
                 ANP_BLOCK_DEPTH_MAX);
    return anp_vec_push(&p->frames, &(parse_frame_t){.block = b});
}

/* "(x: f32[2], y) {" */
static anp_status_t parse_params(parser_t *p, anp_block_t *b) {
    bool end;
    ANP_TRY(anp_lex_expect(&p->x, '('));
    ANP_TRY(anp_lex_accept(&p->x, ')', &end));
    while (!end) {
        const char *name;
        anp_shape_t shape;
        anp_value_t *v;
        ANP_TRY(parse_definition(p, &name, &shape));
        if (!*name) return anp_lex_fail(&p->x, "a name before this");
        ANP_TRY(anp_block_add_input(p->g, b, name, &shape, &v));
        ANP_TRY(anp_lex_accept(&p->x, ')', &end));
        if (!end) ANP_TRY(anp_lex_expect(&p->x, ','));
    }
    return anp_lex_expect(&p->x, '{');
}

/* "label @name(...) {": a block made and entered. */
static anp_status_t open_block(parser_t *p, const char **out_label, anp_block_t **out) {
    ANP_TRY(anp_lex_name(&p->x, out_label, NULL));
    const char *name = *out_label;
    ANP_TRY(parse_optional_name(p, &name));
    ANP_TRY(anp_graph_new_block(p->g, name, out));
    ANP_TRY(parse_params(p, *out));
    return push_frame(p, *out);
}

static bool at_block_clause(const parser_t *p) {
    return p->x.now.kind == ANP_TOKEN_WORD &&
           (anp_lex_is_mark(&p->x.next, '(') || anp_lex_is_mark(&p->x.next, '@'));
}

/* After a statement's attributes, or one of its blocks: into its next block, or the node is made.
 */
static anp_status_t continue_statement(parser_t *p) {
    parse_frame_t *f = &ANP_VEC_AT(&p->frames, parse_frame_t, p->frames.count - 1);
    statement_t *s = f->statement;
    if (!at_block_clause(p)) {
        f->statement = NULL;
        return finish_statement(p, f->block, s);
    }
    anp_block_t *b;
    anp_attr_t a = {.kind = ANP_ATTR_BLOCK};
    ANP_TRY(open_block(p, &a.name, &b));
    a.v.block = (uint32_t)s->blocks.count;
    ANP_TRY(anp_vec_push(&s->blocks, &b));
    return anp_vec_push(&s->attrs, &a);
}

/* "return a, b }" */
static anp_status_t parse_return(parser_t *p) {
    anp_block_t *b = ANP_VEC_AT(&p->frames, parse_frame_t, p->frames.count - 1).block;
    anp_value_t **outputs;
    uint32_t n = 0;
    ANP_TRY(anp_lex_step(&p->x));
    if (!anp_lex_is_mark(&p->x.now, '}')) {
        ANP_TRY(parse_uses(p, 0, &outputs, &n));
        for (uint32_t i = 0; i < n; i++)
            if (!outputs[i]) return anp_lex_fail(&p->x, "values to return");
        ANP_TRY(anp_block_set_outputs(p->g, b, outputs, n));
    }
    ANP_TRY(anp_lex_expect(&p->x, '}'));
    p->frames.count--;
    return p->frames.count ? continue_statement(p) : ANP_OK;
}

/* One statement or end of the innermost block. */
static anp_status_t parse_step(parser_t *p) {
    if (anp_lex_is_word(&p->x.now, "return")) return parse_return(p);
    statement_t *s;
    ANP_TRY(new_statement(p, &s));
    ANP_TRY(parse_statement(p, s));
    ANP_VEC_AT(&p->frames, parse_frame_t, p->frames.count - 1).statement = s;
    return continue_statement(p);
}

/* ---- the whole ---- */

static anp_status_t parse_entry(parser_t *p) {
    const char *label;
    anp_block_t *b;
    ANP_TRY(open_block(p, &label, &b));
    ANP_TRY(anp_graph_add_entry(p->g, label, b));
    while (p->frames.count) ANP_TRY(parse_step(p));
    return ANP_OK;
}

static anp_status_t parse_const(parser_t *p) {
    const char *name;
    anp_shape_t shape;
    anp_tensor_t t;
    anp_value_t *v;
    const uint32_t line = p->x.now.line;
    ANP_TRY(parse_definition(p, &name, &shape));
    ANP_TRY(anp_lex_expect(&p->x, '='));
    ANP_TRY(parse_tensor(p, &shape, &t));
    ANP_TRY(anp_graph_add_constant(p->g, name, &t, true, NULL, 0, &v));
    if (strcmp(v->name, name) != 0)
        ANP_FAIL(ANP_INVALID_FILE, "line %u: constant '%s' equals '%s'; equal ones are one", line,
                 name, v->name);
    return ANP_OK;
}

static anp_status_t parse_meta(parser_t *p) {
    const char *key, *value;
    ANP_TRY(anp_lex_name(&p->x, &key, NULL));
    ANP_TRY(anp_lex_expect(&p->x, '='));
    ANP_TRY(anp_lex_name(&p->x, &value, NULL));
    return anp_graph_set_meta(p->g, key, value);
}

/* "name: current -> next = contents" */
static anp_status_t parse_state(parser_t *p) {
    const char *name;
    anp_value_t *current, *next;
    anp_tensor_t initial;
    bool has_initial;
    ANP_TRY(anp_lex_name(&p->x, &name, NULL));
    ANP_TRY(anp_lex_expect(&p->x, ':'));
    ANP_TRY(parse_use(p, &current));
    ANP_TRY(anp_lex_expect(&p->x, '>'));
    ANP_TRY(parse_use(p, &next));
    if (!current || !next) return anp_lex_fail(&p->x, "two values of a state");
    ANP_TRY(anp_lex_accept(&p->x, '=', &has_initial));
    if (has_initial) ANP_TRY(parse_tensor(p, &current->shape, &initial));
    return anp_graph_add_state(p->g, name, current, next, has_initial ? &initial : NULL);
}

static anp_status_t parse_item(parser_t *p) {
    static const struct {
        const char *word;
        anp_status_t (*parse)(parser_t *p);
    } items[] = {{"meta", parse_meta},
                 {"const", parse_const},
                 {"entry", parse_entry},
                 {"state", parse_state}};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(items); i++) {
        if (!anp_lex_is_word(&p->x.now, items[i].word)) continue;
        ANP_TRY(anp_lex_step(&p->x));
        return items[i].parse(p);
    }
    return anp_lex_fail(&p->x, "meta, const, entry or state");
}

anp_status_t anp_graph_parse(const char *text, anp_graph_t **out) {
    return anp_graph_parse_ops(text, NULL, out);
}

anp_status_t anp_graph_parse_ops(const char *text, anp_ops_t *ops, anp_graph_t **out) {
    *out = NULL;
    anp_status_t st = ANP_OK;
    parser_t p = {0};
    anp_arena_init(&p.arena);
    anp_vec_init(&p.frames, sizeof(parse_frame_t));
    anp_vec_init(&p.statements, sizeof(statement_t *));
    ANP_TRY_OUT(st, anp_graph_create(&p.g));
    ANP_TRY_OUT(st, anp_graph_use_ops(p.g, ops));
    p.g->entries.count = 0; /* the text names them, "main" too */
    ANP_TRY_OUT(st, anp_lex_open(&p.x, text, &p.arena));
    while (p.x.now.kind != ANP_TOKEN_END) ANP_TRY_OUT(st, parse_item(&p));
    ANP_TRY_OUT(st, anp_graph_verify(p.g));
    *out = p.g;
    p.g = NULL;
out:
    for (uint64_t i = 0; i < p.statements.count; i++) {
        statement_t *s = ANP_VEC_AT(&p.statements, statement_t *, i);
        anp_vec_deinit(&s->blocks);
        anp_vec_deinit(&s->attrs);
    }
    anp_vec_deinit(&p.statements);
    anp_vec_deinit(&p.frames);
    anp_arena_deinit(&p.arena);
    anp_graph_release(p.g);
    return st;
}
