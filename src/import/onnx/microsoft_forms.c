/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of com.microsoft that are one of ONNX with operands said otherwise. */
#include "import/onnx/microsoft_rules.h"
#include <string.h>

/* The draft is operator `op` of ONNX in the meaning of set `version` from here on. */
static void become(anp_draft_t *d, const char *op, int64_t version) {
    d->domain = "";
    d->op = op;
    d->version = version;
}

ANP_UPGRADE_RULE(ms_standard) {
    become(d, row->text, row->number);
    return ANP_OK;
}

ANP_UPGRADE_RULE(ms_pad) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *pads = anp_steps_with_rank(&s, anp_steps_need(&s, 1), 1),
                *value = anp_steps_with_rank(&s, anp_draft_input(d, 2), 0);
    ANP_TRY(s.st);
    ANP_TRY(anp_draft_set_input(d, 1, pads));
    if (value) ANP_TRY(anp_draft_set_input(d, 2, value));
    become(d, "Pad", ANP_ONNX_OPSET_ANY);
    return ANP_OK;
}

ANP_UPGRADE_RULE(ms_expand_dims) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *axis = anp_steps_cast(&s, anp_steps_need(&s, 1), ANP_DTYPE_I64);
    axis = ANP_STEP(&s, "Reshape", axis, ANP_STEPS_I64S(&s, 1));
    ANP_TRY(s.st);
    ANP_TRY(anp_draft_set_input(d, 1, axis));
    become(d, "Unsqueeze", ANP_ONNX_OPSET_ANY);
    return ANP_OK;
}

ANP_UPGRADE_RULE(ms_gather_nd) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *indices = anp_steps_need(&s, 1);
    if (indices && indices->shape.dtype != ANP_DTYPE_I64)
        indices = anp_steps_cast(&s, indices, ANP_DTYPE_I64);
    ANP_TRY(s.st);
    ANP_TRY(anp_draft_set_input(d, 1, indices));
    become(d, "GatherND", ANP_ONNX_OPSET_ANY);
    return ANP_OK;
}

ANP_UPGRADE_RULE(ms_range) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *start = anp_steps_with_rank(&s, anp_steps_need(&s, 0), 0),
                *limit = anp_steps_with_rank(&s, anp_steps_need(&s, 1), 0),
                *delta = anp_steps_with_rank(&s, anp_draft_input(d, 2), 0);
    if (!delta) delta = anp_steps_scalar(&s, 1, start);
    return anp_steps_end_one(&s, ANP_STEP(&s, "Range", start, limit, delta));
}

/* Outputs y, idx and counts are ONNX's Y, inverse_indices and counts. */
ANP_UPGRADE_RULE(ms_unique) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *in[] = {anp_steps_need(&s, 0)}, *out[4];
    anp_steps_int(&s, "sorted", 0);
    anp_steps_add(&s, "Unique", 1, in, 4, out);
    return anp_steps_end(&s, 3, (anp_value_t *const[]){out[0], out[2], out[3]});
}

ANP_UPGRADE_RULE(ms_channels_last) {
    anp_steps_t s = anp_steps_begin(d);
    const bool last = row->number || anp_steps_get_int(&s, "channels_last", 0) != 0;
    anp_draft_drop(d, "channels_last");
    if (!last) {
        ANP_TRY(s.st);
        become(d, row->text, ANP_ONNX_OPSET_ANY);
        return ANP_OK;
    }
    anp_value_t *x = anp_steps_channels_first(&s, anp_steps_need(&s, 0));
    ANP_TRY(s.st);
    ANP_TRY(anp_draft_set_input(d, 0, x));
    d->op = row->text;
    return anp_steps_end_one(&s, anp_steps_channels_last(&s, anp_steps_draft(&s)));
}

/* Distances between the rows of A [M, N] and those of B [K, N]. */
ANP_UPGRADE_RULE(ms_cdist) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    const char *metric = anp_steps_get_text(&s, "metric", "sqeuclidean");
    const bool euclidean = strcmp(metric, "euclidean") == 0;
    if (!euclidean && strcmp(metric, "sqeuclidean") != 0)
        ANP_FAIL(ANP_UNSUPPORTED,
                 "metric is '%s', only 'euclidean' and 'sqeuclidean' are distances here", metric);
    anp_value_t *a = ANP_STEP(&s, "Unsqueeze", anp_steps_need(&s, 0), ANP_STEPS_I64S(&s, 1)),
                *b = ANP_STEP(&s, "Unsqueeze", anp_steps_need(&s, 1), ANP_STEPS_I64S(&s, 0));
    anp_value_t *difference = ANP_STEP(&s, "Sub", a, b);
    anp_steps_int(&s, "keepdims", 0);
    return anp_steps_end_one(&s, ANP_STEP(&s, euclidean ? "ReduceL2" : "ReduceSumSquare",
                                          difference, ANP_STEPS_I64S(&s, 2)));
}
