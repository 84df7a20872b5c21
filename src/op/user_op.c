/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a library into a registry: its table is outside data, so every slot that is used later is
 * looked at here once. */
#include "op/user_op.h"
#include "base/file.h"
#include "op/registry_impl.h"
#include <string.h>

enum { OPS_MAX = 4096 }; /* of a library: they are compared pairwise */

#define LIB_FAIL(l, code, ...) \
    return anp_error_prefix(ANP_ERROR(code, __VA_ARGS__), "operator library %s", (l)->path)

/* ---- the table ---- */

static bool is_name(const char *s, size_t max) {
    const size_t n = s ? strnlen(s, max + 1) : 0;
    return n > 0 && n <= max && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == n;
}

static anp_status_t check_table(const anp_op_lib_t *l) {
    const anp_op_library_t *t = l->table;
    if (!t) LIB_FAIL(l, ANP_BAD_OPERATOR, "anp_ops_query gives no table");
    if (t->abi != ANP_OP_ABI)
        LIB_FAIL(l, ANP_INCOMPATIBLE,
                 "made for operator ABI %u, this Anput has %d: rebuild it with these headers",
                 t->abi, ANP_OP_ABI);
    if (t->struct_size < sizeof *t)
        LIB_FAIL(l, ANP_BAD_OPERATOR, "its table has %u bytes, at least %zu are expected",
                 t->struct_size, sizeof *t);
    if (!is_name(t->name, 63) || t->version < 1)
        LIB_FAIL(l, ANP_BAD_OPERATOR,
                 "a name of up to 63 characters out of a-z 0-9 _ . - and a version >= 1 expected");
    if (t->n_ops < 1 || t->n_ops > OPS_MAX || !t->ops)
        LIB_FAIL(l, ANP_BAD_OPERATOR, "it has %u operators, 1 to %d expected", t->n_ops, OPS_MAX);
    return ANP_OK;
}

/* ---- one operator ---- */

static const char *empty_slot(const anp_op_def_t *d) {
    if (!d->domain) return "domain";
    if (!d->name || !*d->name) return "name";
    if (!d->signature) return "signature";
    if (!d->types) return "types";
    if (!d->attributes) return "attributes";
    if (!d->shape) return "shape";
    if (!d->reference) return "reference";
    return NULL;
}

static anp_status_t check_def(const anp_op_lib_t *l, uint32_t i) {
    const anp_op_def_t *d = l->table->ops[i];
    const size_t required = offsetof(anp_op_def_t, reference) + sizeof d->reference;
    if (!d) LIB_FAIL(l, ANP_BAD_OPERATOR, "operator %u is NULL", i);
    if (d->struct_size < required)
        LIB_FAIL(l, ANP_BAD_OPERATOR, "operator %u has %u bytes, at least %zu are expected", i,
                 d->struct_size, required);
    const char *slot = empty_slot(d);
    if (slot)
        LIB_FAIL(l, ANP_BAD_OPERATOR, "operator %u ('%s'): slot '%s' is empty", i,
                 d->name ? d->name : "", slot);
    if (d->since < 1 || d->since > INT32_MAX)
        LIB_FAIL(l, ANP_BAD_OPERATOR, "operator '%s' is of version %u, expected at least 1",
                 d->name, d->since);
    if (d->flags & ~(uint32_t)(ANP_OP_DEF_DATA_DEPENDENT | ANP_OP_DEF_RANDOM))
        LIB_FAIL(l, ANP_BAD_OPERATOR, "operator '%s' has unknown flags 0x%x", d->name, d->flags);
    return ANP_OK;
}

/* A domain is somebody's: ONNX and Anput define theirs. */
static anp_status_t check_names(const anp_op_lib_t *l, const anp_op_t *op, anp_ops_t *ops) {
    const bool reserved =
        !*op->domain || strncmp(op->domain, "ai.onnx", 7) == 0 || strcmp(op->domain, "anput") == 0;
    if (reserved)
        LIB_FAIL(l, ANP_BAD_OPERATOR, "operator '%s' is in domain '%s', which is not for libraries",
                 op->name, op->domain);
    const anp_op_t *other = anp_ops_lookup(ops, op->domain, op->name);
    if (other)
        LIB_FAIL(l, ANP_BAD_OPERATOR, "operator %s.%s is there already, %s", op->domain, op->name,
                 other->user ? other->user->lib->path : "built in");
    for (const anp_op_t *o = l->rows; o < op; o++)
        if (strcmp(o->name, op->name) == 0 && strcmp(o->domain, op->domain) == 0)
            LIB_FAIL(l, ANP_BAD_OPERATOR, "operator %s.%s occurs twice", op->domain, op->name);
    return ANP_OK;
}

/* Tensors only, and no output of strings: kernels have no way to give sequences or text. */
static anp_status_t check_operands(const anp_op_lib_t *l, const anp_op_t *op, anp_user_op_t *u) {
    anp_operand_spec_t s;
    if (strchr(op->signature, '('))
        LIB_FAIL(l, ANP_BAD_OPERATOR, "operator '%s': operands are tensors, not '%s'", op->name,
                 op->signature);
    for (uint32_t i = 0; !u->variadic && anp_op_input_spec(op, i, &s); i++) {
        u->variadic = s.variadic;
        u->n_in += !s.variadic;
    }
    bool last = false;
    for (uint32_t i = 0; !last && anp_op_output_spec(op, i, &s); i++) {
        last = s.variadic;
        u->n_out += !s.variadic;
        if (anp_op_type_allows(op, s.type, ANP_DTYPE_STRING))
            LIB_FAIL(l, ANP_BAD_OPERATOR, "operator '%s': output '%s' may not be of strings",
                     op->name, s.name);
    }
    u->variadic |= last;
    return ANP_OK;
}

static anp_status_t make_row(anp_op_lib_t *l, uint32_t i, uint32_t index, anp_ops_t *ops) {
    const anp_op_def_t *d = l->table->ops[i];
    anp_op_t *op = &l->rows[i];
    const bool random = d->flags & ANP_OP_DEF_RANDOM,
               dependent = d->flags & ANP_OP_DEF_DATA_DEPENDENT;
    *op = (anp_op_t){.domain = d->domain,
                     .name = d->name,
                     .since = (int)d->since,
                     .signature = d->signature,
                     .types = d->types,
                     .attributes = d->attributes,
                     .shape = anp_shape_user,
                     .flags =
                         (random ? ANP_OP_RANDOM : 0u) | (dependent ? ANP_OP_DATA_DEPENDENT : 0u),
                     .index = index,
                     .user = &l->ops[i]};
    l->ops[i] = (anp_user_op_t){.lib = l, .def = d};
    ANP_TRY(check_names(l, op, ops));
    const anp_status_t st = anp_op_check_row(op);
    if (st != ANP_OK) return anp_error_prefix(ANP_BAD_OPERATOR, "operator library %s", l->path);
    return check_operands(l, op, &l->ops[i]);
}

/* ---- defaults of attributes ---- */

static anp_status_t make_default(const anp_op_lib_t *l, const anp_op_t *op, anp_arena_t *arena,
                                 const anp_attr_spec_t *s, anp_attr_t *out) {
    double f = 0;
    *out = (anp_attr_t){.kind = s->kind};
    ANP_TRY(anp_arena_strndup(arena, s->name, strlen(s->name), &out->name));
    switch (s->kind) {
    case ANP_ATTR_INT: anp_parse_i64(s->has_default ? s->def : "0", &out->v.i); return ANP_OK;
    case ANP_ATTR_FLOAT:
        anp_parse_f64(s->has_default ? s->def : "0", &f);
        out->v.f = (float)f;
        return ANP_OK;
    case ANP_ATTR_STRING:
        out->v.s.len_bytes = strlen(s->def);
        return anp_arena_strndup(arena, s->def, strlen(s->def), &out->v.s.ptr);
    case ANP_ATTR_INTS:
    case ANP_ATTR_FLOATS:
    case ANP_ATTR_STRINGS:
    case ANP_ATTR_TENSOR:
        if (!s->has_default) return ANP_OK;
        LIB_FAIL(l, ANP_BAD_OPERATOR, "operator '%s': attribute '%s' is a list with a default",
                 op->name, s->name);
    default:
        LIB_FAIL(l, ANP_BAD_OPERATOR,
                 "operator '%s': attribute '%s' is of a kind only built-in operators have",
                 op->name, s->name);
    }
}

static anp_status_t make_defaults(anp_op_lib_t *l, uint32_t i, anp_arena_t *arena) {
    const anp_op_t *op = &l->rows[i];
    anp_attr_spec_t s;
    anp_attr_t *list;
    uint32_t n = 0;
    while (anp_op_attr_spec(op, n, &s)) n++;
    ANP_TRY(ANP_ARENA_ARRAY(arena, n, &list));
    for (uint32_t k = 0; anp_op_attr_spec(op, k, &s); k++)
        ANP_TRY(make_default(l, op, arena, &s, &list[k]));
    l->ops[i].defaults = (anp_attrs_t){list, n};
    return ANP_OK;
}

/* ---- gradients ---- */

/* The operator named: its inputs are inputs, outputs and output gradients of `op`, its outputs the
 * input gradients. */
static anp_status_t find_gradient(anp_op_lib_t *l, uint32_t i) {
    const anp_op_t *op = &l->rows[i], *g = NULL;
    const anp_op_def_t *d = l->table->ops[i];
    if (!ANP_OP_DEF_HAS(d, gradient)) return ANP_OK;
    for (uint32_t k = 0; k < l->table->n_ops && !g; k++)
        if (strcmp(l->rows[k].name, d->gradient) == 0 && strcmp(l->rows[k].domain, op->domain) == 0)
            g = &l->rows[k];
    if (!g)
        LIB_FAIL(l, ANP_BAD_OPERATOR, "operator '%s': its gradient '%s' is not in the library",
                 op->name, d->gradient);
    const anp_user_op_t *u = op->user, *gu = g->user;
    if (u->variadic)
        LIB_FAIL(l, ANP_BAD_OPERATOR, "operator '%s' has a gradient and operands of any number",
                 op->name);
    const uint32_t n_in = u->n_in + 2 * u->n_out;
    if (gu->variadic || gu->n_in != n_in || gu->n_out != u->n_in)
        LIB_FAIL(l, ANP_BAD_OPERATOR,
                 "operator '%s': its gradient '%s' should have %u inputs and %u outputs", op->name,
                 g->name, n_in, u->n_in);
    l->ops[i].gradient = g;
    return ANP_OK;
}

/* ---- adding ---- */

/* Whether the library of this name is there; fails when it is another one. */
static anp_status_t find_library(const anp_ops_t *ops, const anp_op_lib_t *l, bool *out_found) {
    *out_found = false;
    for (uint64_t i = 0; i < ops->libs.count && !*out_found; i++) {
        const anp_op_lib_t *o = ANP_VEC_AT(&ops->libs, const anp_op_lib_t *, i);
        if (strcmp(o->table->name, l->table->name) != 0) continue;
        if (strcmp(o->hash, l->hash) != 0)
            LIB_FAIL(l, ANP_INCOMPATIBLE,
                     "a library '%s' is loaded already, from %s, with other bytes (%s, here %s)",
                     o->table->name, o->path, o->hash, l->hash);
        *out_found = true;
    }
    return ANP_OK;
}

static anp_status_t add(anp_ops_t *ops, anp_op_lib_t *l) {
    const uint32_t n = l->table->n_ops;
    uint32_t index = ANP_OP_USER;
    for (uint64_t i = 0; i < ops->libs.count; i++)
        index += ANP_VEC_AT(&ops->libs, const anp_op_lib_t *, i)->table->n_ops;
    ANP_TRY(ANP_ARENA_ARRAY(&ops->arena, n, &l->rows));
    ANP_TRY(ANP_ARENA_ARRAY(&ops->arena, n, &l->ops));
    for (uint32_t i = 0; i < n; i++) {
        ANP_TRY(check_def(l, i));
        ANP_TRY(make_row(l, i, index + i, ops));
        ANP_TRY(make_defaults(l, i, &ops->arena));
    }
    for (uint32_t i = 0; i < n; i++) ANP_TRY(find_gradient(l, i));
    const anp_op_lib_t *lent = l;
    return anp_vec_push(&ops->libs, &lent); /* from here on it is found */
}

static anp_status_t add_checked(anp_ops_t *ops, const anp_op_library_t *table, const char *path,
                                anp_hash_t hash) {
    anp_op_lib_t *l;
    bool found;
    ANP_TRY(ANP_ARENA_NEW(&ops->arena, &l));
    l->table = table;
    anp_hash_text(hash, l->hash);
    ANP_TRY(anp_arena_strndup(&ops->arena, path, strlen(path), &l->path));
    ANP_TRY(check_table(l));
    ANP_TRY(find_library(ops, l, &found));
    return found ? ANP_OK : add(ops, l);
}

anp_status_t anp_ops_add_library(anp_ops_t *ops, const anp_op_library_t *table, const char *path,
                                 anp_hash_t hash) {
    anp_mutex_lock(&ops->lock);
    const anp_status_t st = add_checked(ops, table, path, hash);
    anp_mutex_unlock(&ops->lock);
    return st;
}
