/* SPDX-License-Identifier: Apache-2.0 */
/* Upgrades that fit many operators: attributes renamed, dropped, or turned into inputs. */
#include "import/onnx/upgrade_rules.h"
#include "op/dtype.h"
#include <string.h>

ANP_UPGRADE_RULE(drop_attr) {
    anp_draft_drop(d, row->text);
    return ANP_OK;
}

ANP_UPGRADE_RULE(rename_attr) {
    const char *space = strchr(row->text, ' ');
    for (uint64_t i = 0; i < d->attrs.count; i++) {
        anp_attr_t *a = &ANP_VEC_AT(&d->attrs, anp_attr_t, i);
        const size_t n = (size_t)(space - row->text);
        if (strlen(a->name) == n && strncmp(a->name, row->text, n) == 0) a->name = space + 1;
    }
    return ANP_OK;
}

ANP_UPGRADE_RULE(rename_op) {
    d->op = row->text;
    return ANP_OK;
}

ANP_UPGRADE_RULE(default_int) {
    return anp_draft_attr(d, row->text) ? ANP_OK : anp_draft_set_int(d, row->text, row->number);
}

ANP_UPGRADE_RULE(float_to_int) {
    const anp_attr_t *a = anp_draft_attr(d, row->text);
    if (!a || a->kind != ANP_ATTR_FLOAT) return ANP_OK;
    if (!(a->v.f >= 0 && a->v.f < 1e9f) || a->v.f != (float)(int64_t)a->v.f)
        ANP_FAIL(ANP_UNSUPPORTED, "%s is %g, expected a whole number", row->text, (double)a->v.f);
    return anp_draft_set_int(d, row->text, (int64_t)a->v.f);
}

/* Takes the attribute of a row out of the draft; false when it is absent. */
static bool take_attr(anp_draft_t *d, const anp_upgrade_t *row, anp_attr_t *out) {
    const anp_attr_t *a = anp_draft_attr(d, row->text);
    if (!a) return false;
    *out = *a;
    anp_draft_drop(d, row->text);
    return true;
}

static anp_status_t fail_kind(const anp_upgrade_t *row, const char *expected) {
    ANP_FAIL(ANP_INVALID_MODEL, "attribute '%s' is not %s", row->text, expected);
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
    anp_attr_t a;
    if (!take_attr(d, row, &a)) return ANP_OK;
    if (a.kind == ANP_ATTR_INT) return set_constant(d, row, ANP_DTYPE_I64, 1, 1, &a.v.i);
    if (a.kind != ANP_ATTR_INTS) return fail_kind(row, "a list of integers");
    static const int64_t none = 0;
    const int64_t *ints = a.count ? a.v.ints : &none;
    return set_constant(d, row, ANP_DTYPE_I64, 1, (int64_t)a.count, ints);
}

ANP_UPGRADE_RULE(attr_to_f32s) {
    anp_attr_t a;
    if (!take_attr(d, row, &a)) return ANP_OK;
    if (a.kind != ANP_ATTR_FLOATS || a.count == 0) return fail_kind(row, "a list of numbers");
    return set_constant(d, row, ANP_DTYPE_F32, 1, (int64_t)a.count, a.v.floats);
}

ANP_UPGRADE_RULE(attr_to_f32) {
    anp_attr_t a;
    if (!take_attr(d, row, &a)) return ANP_OK;
    if (a.kind != ANP_ATTR_FLOAT) return fail_kind(row, "a number");
    return set_constant(d, row, ANP_DTYPE_F32, 0, 0, &a.v.f);
}

ANP_UPGRADE_RULE(attr_to_scalar_like) {
    anp_attr_t a;
    anp_value_t *value, *like = anp_draft_input(d, 0);
    if (!take_attr(d, row, &a)) return ANP_OK;
    if (a.kind != ANP_ATTR_FLOAT) return fail_kind(row, "a number");
    if (!like) ANP_FAIL(ANP_INVALID_MODEL, "input 0 is missing");
    ANP_TRY(anp_draft_scalar_like(d, a.v.f, like, &value));
    return anp_draft_set_input(d, (uint32_t)row->number, value);
}
