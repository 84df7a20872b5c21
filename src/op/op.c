/* SPDX-License-Identifier: Apache-2.0 */
/* The operator table, its small grammars (signature, types, attributes) and the check of one node
 * against its row. */
#include "op/op.h"
#include "base/str.h"
#include "op/words.h"

#include <stdio.h>
#include <string.h>

static const anp_op_t table[] = {
#define OP(id, domain_, name_, since_, signature_, types_, attributes_, shape_, ref, flags_) \
    ANP_IF_BUILT(id,                                                                         \
                 {.domain = domain_,                                                         \
                  .name = name_,                                                             \
                  .since = since_,                                                           \
                  .signature = signature_,                                                   \
                  .types = types_,                                                           \
                  .attributes = attributes_,                                                 \
                  .shape = anp_shape_##shape_,                                               \
                  .flags = (flags_),                                                         \
                  .index = ANP_OP_##id}, )
#include "op/ops.def"
#undef OP
};
_Static_assert(ANP_ARRAY_LEN(table) == ANP_OP_COUNT, "a row per enumerator");

const anp_op_t *anp_op_row(uint32_t index) {
    return index < ANP_OP_COUNT ? &table[index] : NULL;
}

const anp_op_t *anp_op_find(const char *domain, const char *name) {
    if (strcmp(domain, "ai.onnx") == 0) domain = "";
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++)
        if (strcmp(table[i].name, name) == 0 && strcmp(table[i].domain, domain) == 0)
            return &table[i];
    return NULL;
}

/* ---- words of the grammars ---- */
static void word_copy(word_t w, char *out, size_t out_size) {
    snprintf(out, out_size, "%.*s", (int)w.len, w.ptr);
}

/* ---- signature ---- */
static void parse_operand(word_t w, anp_operand_spec_t *out) {
    *out = (anp_operand_spec_t){.optional = false};
    const char last = w.ptr[w.len - 1];
    out->optional = last == '?';
    out->at_least_one = last == '+';
    out->variadic = last == '*' || last == '+';
    if (out->optional || out->variadic) w.len--;
    const char *colon = memchr(w.ptr, ':', w.len);
    const size_t name_len = (size_t)(colon - w.ptr);
    word_copy((word_t){w.ptr, name_len}, out->name, sizeof out->name);
    word_copy((word_t){colon + 1, w.len - name_len - 1}, out->type, sizeof out->type);
}

static bool operand_at(const char *from, const char *end, uint32_t i, anp_operand_spec_t *out) {
    bool found = false;
    for (uint32_t k = 0;; k++) {
        const word_t w = next_word(&from, " ");
        if (w.len == 0 || w.ptr >= end) return found && out->variadic;
        parse_operand(w, out);
        found = true;
        if (k == i) return true;
    }
}

bool anp_op_input_spec(const anp_op_t *op, uint32_t i, anp_operand_spec_t *out) {
    return operand_at(op->signature, strstr(op->signature, "->"), i, out);
}

bool anp_op_output_spec(const anp_op_t *op, uint32_t i, anp_operand_spec_t *out) {
    const char *arrow = strstr(op->signature, "->");
    return operand_at(arrow + 2, arrow + strlen(arrow), i, out);
}

/* ---- types ---- */
/* "seq(T)", "opt(T)", "val(T)", "map(K,T)", "seq(map(K,T))" -> "T" */
static word_t inner_type(const char *type) {
    const char *map = strstr(type, "map("), *paren = strchr(type, '(');
    if (map) paren = strchr(map, ',');
    if (paren) type = paren + 1;
    return (word_t){type, strcspn(type, ")")};
}

/* The K of maps; length 0 when there are none. */
static word_t key_type(const char *type) {
    const char *map = strstr(type, "map(");
    if (!map) return (word_t){type, 0};
    return (word_t){map + 4, strcspn(map + 4, ",")};
}

static bool class_allows(word_t w, const anp_dtype_row_t *row) {
    const anp_dtype_t t = row->dtype;
    const bool is_float =
        t == ANP_DTYPE_F32 || t == ANP_DTYPE_F64 || t == ANP_DTYPE_F16 || t == ANP_DTYPE_BF16;
    const bool whole_bytes = row->block_elems == 1;
    const bool is_int = row->cls == ANP_CLASS_INT && whole_bytes,
               is_uint = row->cls == ANP_CLASS_UINT && whole_bytes;
    const bool is_num = is_float || is_int || is_uint;
    if (word_is(w, "float")) return is_float;
    if (word_is(w, "int")) return is_int;
    if (word_is(w, "uint")) return is_uint;
    if (word_is(w, "num")) return is_num;
    if (word_is(w, "complex")) return row->cls == ANP_CLASS_COMPLEX;
    if (word_is(w, "all"))
        return is_num || row->cls == ANP_CLASS_BOOL || row->cls == ANP_CLASS_STRING ||
               row->cls == ANP_CLASS_COMPLEX;
    return word_is(w, "any") || word_is(w, row->name);
}

/* The classes and names behind "T=" in op->types; false when `type` is no variable. */
static bool variable_types(const anp_op_t *op, word_t type, word_t *out) {
    const char *s = op->types;
    for (;;) {
        const word_t w = next_word(&s, " ");
        if (w.len == 0) return false;
        if (w.len > type.len && memcmp(w.ptr, type.ptr, type.len) == 0 && w.ptr[type.len] == '=') {
            *out = (word_t){w.ptr + type.len + 1, w.len - type.len - 1};
            return true;
        }
    }
}

static bool word_allows(const anp_op_t *op, word_t list, anp_dtype_t dtype) {
    const anp_dtype_row_t *row = anp_dtype_row(dtype);
    if (!row) return false;
    variable_types(op, list, &list);
    const char *s = list.ptr;
    while (s < list.ptr + list.len) {
        if (class_allows(next_word(&s, ", )"), row)) return true;
    }
    return false;
}

bool anp_op_type_allows(const anp_op_t *op, const char *type, anp_dtype_t dtype) {
    return word_allows(op, inner_type(type), dtype);
}

anp_kind_t anp_op_type_kind(const char *type) {
    if (strncmp(type, "seq(", 4) == 0) return ANP_KIND_SEQUENCE;
    return strncmp(type, "map(", 4) == 0 ? ANP_KIND_MAP : ANP_KIND_TENSOR;
}

bool anp_op_kind_allows(const anp_op_t *op, const char *type, uint8_t kind, uint8_t key) {
    if (strncmp(type, "opt(", 4) == 0 || strncmp(type, "val(", 4) == 0) return true;
    const word_t keys = key_type(type);
    if (kind != anp_op_type_kind(type)) return false;
    return keys.len ? word_allows(op, keys, (anp_dtype_t)key) : key == 0;
}

/* ---- attributes ---- */
static anp_attr_kind_t parse_kind(word_t w) {
    static const struct {
        const char *text;
        anp_attr_kind_t kind;
    } kinds[] = {{"i", ANP_ATTR_INT},    {"f", ANP_ATTR_FLOAT},   {"s", ANP_ATTR_STRING},
                 {"is", ANP_ATTR_INTS},  {"fs", ANP_ATTR_FLOATS}, {"ss", ANP_ATTR_STRINGS},
                 {"t", ANP_ATTR_TENSOR}, {"g", ANP_ATTR_BLOCK},   {"ty", ANP_ATTR_TYPE}};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(kinds); i++)
        if (word_is(w, kinds[i].text)) return kinds[i].kind;
    return ANP_ATTR_NONE;
}

static void parse_attr(word_t w, anp_attr_spec_t *out) {
    *out = (anp_attr_spec_t){.kind = ANP_ATTR_NONE};
    const char *s = w.ptr;
    const char *const end = w.ptr + w.len;
    word_copy(next_word(&s, ":"), out->name, sizeof out->name);
    out->kind = parse_kind(next_word(&s, ":!= "));
    out->required = *s == '!' && s < end;
    if (out->required) s++;
    out->has_default = s < end && *s == '=';
    if (out->has_default)
        word_copy((word_t){s + 1, (size_t)(end - s - 1)}, out->def, sizeof out->def);
}

bool anp_op_attr_spec(const anp_op_t *op, uint32_t i, anp_attr_spec_t *out) {
    const char *s = op->attributes;
    for (uint32_t k = 0;; k++) {
        const word_t w = next_word(&s, " ");
        if (w.len == 0) return false;
        if (k < i) continue;
        parse_attr(w, out);
        return true;
    }
}

double anp_op_attr_f64(const anp_op_t *op, const anp_attrs_t *attrs, const char *name) {
    const anp_attr_t *attr = anp_attr_find(attrs, name);
    if (attr && attr->kind == ANP_ATTR_FLOAT) return (double)attr->v.f;
    if (attr && attr->kind == ANP_ATTR_INT) return (double)attr->v.i;
    anp_attr_spec_t spec;
    double def = 0;
    for (uint32_t i = 0; anp_op_attr_spec(op, i, &spec); i++)
        if (strcmp(spec.name, name) == 0 && spec.has_default && anp_parse_f64(spec.def, &def))
            return def;
    return 0;
}

/* ---- checking a node ---- */
#define NODE_FAIL(op, node, ...)                                                                 \
    return anp_error_prefix(ANP_ERROR(ANP_INVALID_MODEL, __VA_ARGS__), "node '%s' (%s)", (node), \
                            (op)->name)

static const char *kind_text(anp_attr_kind_t kind) {
    static const char *const text[] = {[ANP_ATTR_NONE] = "nothing",
                                       [ANP_ATTR_INT] = "an integer",
                                       [ANP_ATTR_FLOAT] = "a float",
                                       [ANP_ATTR_STRING] = "a string",
                                       [ANP_ATTR_TENSOR] = "a tensor",
                                       [ANP_ATTR_BLOCK] = "a graph",
                                       [ANP_ATTR_INTS] = "a list of integers",
                                       [ANP_ATTR_FLOATS] = "a list of floats",
                                       [ANP_ATTR_STRINGS] = "a list of strings",
                                       [ANP_ATTR_TYPE] = "a type"};
    return (uint32_t)kind < ANP_ARRAY_LEN(text) ? text[kind] : "of an unknown kind";
}

static anp_status_t check_attrs(const anp_op_t *op, const char *node, const anp_attrs_t *attrs) {
    anp_attr_spec_t spec;
    const uint32_t count = attrs ? attrs->count : 0;
    for (uint32_t i = 0; anp_op_attr_spec(op, i, &spec); i++) {
        const anp_attr_t *a = anp_attr_find(attrs, spec.name);
        if (!a && spec.required) NODE_FAIL(op, node, "attribute '%s' is missing", spec.name);
        if (a && a->kind != spec.kind)
            NODE_FAIL(op, node, "attribute '%s' is %s, expected %s", spec.name, kind_text(a->kind),
                      kind_text(spec.kind));
    }
    for (uint32_t i = 0; i < count; i++) {
        bool known = false;
        for (uint32_t k = 0; !known && anp_op_attr_spec(op, k, &spec); k++)
            known = strcmp(spec.name, attrs->list[i].name) == 0;
        if (!known) NODE_FAIL(op, node, "no attribute is called '%s'", attrs->list[i].name);
        if (anp_attr_find(attrs, attrs->list[i].name) != &attrs->list[i])
            NODE_FAIL(op, node, "attribute '%s' is given twice", attrs->list[i].name);
    }
    return ANP_OK;
}

/* The type earlier inputs gave the variable of input i, and which of them; blocks of control
 * operators mix types. */
static anp_dtype_t bound_type(const anp_op_t *op, const char *type, const anp_dtype_t *in_types,
                              uint32_t i, anp_operand_spec_t *out_from) {
    word_t unused;
    if ((op->flags & ANP_OP_CONTROL) || !variable_types(op, inner_type(type), &unused))
        return ANP_DTYPE_NONE;
    for (uint32_t k = 0; k < i; k++)
        if (in_types[k] != ANP_DTYPE_NONE && anp_op_input_spec(op, k, out_from) &&
            strcmp(out_from->type, type) == 0)
            return in_types[k];
    return ANP_DTYPE_NONE;
}

static anp_status_t check_inputs(const anp_op_t *op, const char *node, const anp_dtype_t *in_types,
                                 uint32_t n_in) {
    anp_operand_spec_t spec, from;
    for (uint32_t i = 0; i < n_in; i++) {
        if (!anp_op_input_spec(op, i, &spec))
            NODE_FAIL(op, node, "%u inputs are given, at most %u are taken", n_in, i);
        const anp_dtype_t t = in_types[i];
        if (t == ANP_DTYPE_NONE) continue;
        if (!anp_op_type_allows(op, spec.type, t))
            NODE_FAIL(op, node, "input '%s' has type %s, which it does not take", spec.name,
                      anp_dtype_name(t));
        const anp_dtype_t bound = bound_type(op, spec.type, in_types, i, &from);
        if (bound != ANP_DTYPE_NONE && bound != t)
            NODE_FAIL(op, node, "input '%s' has type %s, but input '%s' has %s", spec.name,
                      anp_dtype_name(t), from.name, anp_dtype_name(bound));
    }
    if (anp_op_input_spec(op, n_in, &spec) && !spec.optional &&
        (!spec.variadic || (spec.at_least_one && n_in == 0)))
        NODE_FAIL(op, node, "input '%s' is missing: %u inputs are given", spec.name, n_in);
    return ANP_OK;
}

anp_status_t anp_op_check(const anp_op_t *op, const char *node_name, const anp_attrs_t *attrs,
                          const anp_dtype_t *in_types, uint32_t n_in, uint32_t n_out) {
    anp_operand_spec_t spec;
    ANP_TRY(check_inputs(op, node_name, in_types, n_in));
    if (n_out > 0 && !anp_op_output_spec(op, n_out - 1, &spec))
        NODE_FAIL(op, node_name, "%u outputs are more than it has", n_out);
    if (anp_op_output_spec(op, n_out, &spec) && !spec.optional &&
        (!spec.variadic || (spec.at_least_one && n_out == 0)))
        NODE_FAIL(op, node_name, "output '%s' is missing: %u outputs are given", spec.name, n_out);
    return check_attrs(op, node_name, attrs);
}
