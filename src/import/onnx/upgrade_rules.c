/* SPDX-License-Identifier: Apache-2.0 */
/* Upgrades that fit many operators: attributes renamed, dropped, or turned into inputs. */
#include "import/onnx/upgrade_rules.h"
#include "op/dtype.h"
#include <string.h>

ANP_UPGRADE_RULE(drop_attr) {
    anp_draft_drop(d, row->text);
    return ANP_OK;
}

/* The first word of *io_text, which goes on behind it. */
static anp_status_t next_word(anp_draft_t *d, const char **io_text, const char **out) {
    const size_t n = strcspn(*io_text, " ");
    ANP_TRY(anp_arena_strndup(d->arena, *io_text, n, out));
    *io_text += n + ((*io_text)[n] == ' ');
    return ANP_OK;
}

ANP_UPGRADE_RULE(rename_attr) {
    const char *text = row->text, *old;
    ANP_TRY(next_word(d, &text, &old));
    anp_attr_t *a = anp_draft_attr(d, old);
    if (a) a->name = text;
    return ANP_OK;
}

ANP_UPGRADE_RULE(rename_value) {
    const char *text = row->text, *name, *old;
    const anp_attr_t *a;
    ANP_TRY(next_word(d, &text, &name));
    ANP_TRY(next_word(d, &text, &old));
    ANP_TRY(anp_draft_find(d, name, ANP_ATTR_STRING, &a));
    return a && strcmp(a->v.s.ptr, old) == 0 ? anp_draft_set_string(d, a->name, text) : ANP_OK;
}

ANP_UPGRADE_RULE(rename_op) {
    d->op = row->text;
    return ANP_OK;
}

ANP_UPGRADE_RULE(default_int) {
    return anp_draft_attr(d, row->text) ? ANP_OK : anp_draft_set_int(d, row->text, row->number);
}

ANP_UPGRADE_RULE(default_string) {
    const char *text = row->text, *name;
    ANP_TRY(next_word(d, &text, &name));
    return anp_draft_attr(d, name) ? ANP_OK : anp_draft_set_string(d, name, text);
}

ANP_UPGRADE_RULE(float_to_int) {
    const anp_attr_t *a;
    ANP_TRY(anp_draft_find(d, row->text, ANP_ATTR_FLOAT, &a));
    if (!a) return ANP_OK;
    if (!(a->v.f >= 0 && a->v.f < 1e9f) || a->v.f != (float)(int64_t)a->v.f)
        ANP_FAIL(ANP_UNSUPPORTED, "%s is %g, expected a whole number", row->text, (double)a->v.f);
    return anp_draft_set_int(d, row->text, (int64_t)a->v.f);
}

/* Takes the attribute of a row out of the draft; its kind is NONE when it is absent. */
static anp_status_t take_attr(anp_draft_t *d, const anp_upgrade_t *row, anp_attr_kind_t kind,
                              anp_attr_t *out) {
    const anp_attr_t *a;
    ANP_TRY(anp_draft_find(d, row->text, kind, &a));
    *out = a ? *a : (anp_attr_t){.kind = ANP_ATTR_NONE};
    anp_draft_drop(d, row->text);
    return ANP_OK;
}

static anp_status_t set_constant(anp_draft_t *d, const anp_upgrade_t *row, anp_dtype_t dtype,
                                 uint32_t rank, int64_t count, const void *data) {
    anp_value_t *value;
    anp_tensor_t t;
    anp_tensor_init(&t, dtype, rank, &count, (void *)(uintptr_t)data);
    ANP_TRY(anp_graph_add_constant(d->graph, row->text, &t, true, NULL, 0, &value));
    return anp_draft_set_input(d, (uint32_t)row->number, value);
}

ANP_UPGRADE_RULE(attr_to_i64s) {
    static const int64_t none = 0; /* an empty list still has an address */
    const anp_attr_t *any = anp_draft_attr(d, row->text);
    anp_attr_t a;
    ANP_TRY(take_attr(d, row, any && any->kind == ANP_ATTR_INT ? ANP_ATTR_INT : ANP_ATTR_INTS, &a));
    if (a.kind == ANP_ATTR_NONE) return ANP_OK;
    if (a.kind == ANP_ATTR_INT) return set_constant(d, row, ANP_DTYPE_I64, 1, 1, &a.v.i);
    return set_constant(d, row, ANP_DTYPE_I64, 1, (int64_t)a.count, a.count ? a.v.ints : &none);
}

ANP_UPGRADE_RULE(attr_to_i64) {
    anp_attr_t a;
    ANP_TRY(take_attr(d, row, ANP_ATTR_INT, &a));
    return a.kind == ANP_ATTR_NONE ? ANP_OK : set_constant(d, row, ANP_DTYPE_I64, 0, 0, &a.v.i);
}

ANP_UPGRADE_RULE(attr_to_f32s) {
    anp_attr_t a;
    ANP_TRY(take_attr(d, row, ANP_ATTR_FLOATS, &a));
    if (a.kind == ANP_ATTR_NONE || a.count == 0) return ANP_OK;
    return set_constant(d, row, ANP_DTYPE_F32, 1, (int64_t)a.count, a.v.floats);
}

ANP_UPGRADE_RULE(attr_to_f32) {
    anp_attr_t a;
    ANP_TRY(take_attr(d, row, ANP_ATTR_FLOAT, &a));
    return a.kind == ANP_ATTR_NONE ? ANP_OK : set_constant(d, row, ANP_DTYPE_F32, 0, 0, &a.v.f);
}

ANP_UPGRADE_RULE(attr_to_scalar_like) {
    anp_attr_t a;
    anp_value_t *value, *like = anp_draft_input(d, 0);
    ANP_TRY(take_attr(d, row, ANP_ATTR_FLOAT, &a));
    if (a.kind == ANP_ATTR_NONE) return ANP_OK;
    if (!like) ANP_FAIL(ANP_INVALID_MODEL, "input 0 is missing");
    ANP_TRY(anp_draft_scalar_like(d, row->text, a.v.f, like, &value));
    return anp_draft_set_input(d, (uint32_t)row->number, value);
}
