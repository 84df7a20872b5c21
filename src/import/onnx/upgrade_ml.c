/* SPDX-License-Identifier: Apache-2.0 */
/* Old forms of the operators of ai.onnx.ml. */
#include "import/onnx/upgrade_rules.h"

/* LabelEncoder of set 1 had one list of strings, whose positions are the numbers. */
ANP_UPGRADE_RULE(label_classes) {
    const anp_attr_t *classes;
    const anp_value_t *x = anp_draft_input(d, 0);
    (void)row;
    ANP_TRY(anp_draft_find(d, "classes_strings", ANP_ATTR_STRINGS, &classes));
    if (!classes) ANP_FAIL(ANP_INVALID_MODEL, "attribute 'classes_strings' is missing");
    if (!x || !x->shape.dtype) ANP_FAIL(ANP_UNSUPPORTED, "the type of its input is not known");
    const bool to_ints = x->shape.dtype == ANP_DTYPE_STRING;
    int64_t *positions;
    ANP_TRY(ANP_ARENA_ARRAY(d->arena, classes->count, &positions));
    for (uint64_t i = 0; i < classes->count; i++) positions[i] = (int64_t)i;
    const anp_attr_t ints = {.name = to_ints ? "values_int64s" : "keys_int64s",
                             .kind = ANP_ATTR_INTS,
                             .count = classes->count,
                             .v.ints = positions};
    anp_attr_t strings = *classes;
    strings.name = to_ints ? "keys_strings" : "values_strings";
    anp_draft_drop(d, "classes_strings");
    ANP_TRY(anp_vec_push(&d->attrs, &ints));
    return anp_vec_push(&d->attrs, &strings);
}
