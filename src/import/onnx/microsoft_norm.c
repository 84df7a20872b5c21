/* SPDX-License-Identifier: Apache-2.0 */
/* Sums with a normalisation behind them. */
#include "import/onnx/microsoft_rules.h"

enum { SUM_OUTPUT = 3 }; /* of the two operators with a skip connection */

/* Mean and inverse deviation are made only where somebody wants them: few devices give them. */
static bool wants_statistics(const anp_draft_t *d) {
    return anp_draft_wants(d, 1) || anp_draft_wants(d, 2);
}

/* The bias is that of the product before, so it comes first: it becomes a part of the product then.
 */
static anp_value_t *skip_sum(anp_steps_t *s, uint32_t bias) {
    anp_value_t *x = anp_steps_add_if(s, anp_steps_need(s, 0), anp_draft_input(s->draft, bias));
    return ANP_STEP(s, "Add", x, anp_steps_need(s, 1));
}

ANP_UPGRADE_RULE(ms_skip_layer_norm) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *x = skip_sum(&s, 4), *y[4];
    anp_value_t *in[] = {x, anp_steps_need(&s, 2), anp_draft_input(d, 3)};
    anp_steps_float(&s, "epsilon", anp_steps_get_float(&s, "epsilon", 1e-12f));
    anp_steps_add(&s, "LayerNormalization", 3, in, wants_statistics(d) ? 3 : 1, y);
    if (!wants_statistics(d)) y[1] = y[2] = NULL;
    y[SUM_OUTPUT] = x;
    return anp_steps_end(&s, 4, y);
}

/* 1 / sqrt(mean(x * x) + epsilon) over the axes from `axis` on, in f32. */
static anp_value_t *inverse_rms(anp_steps_t *s, anp_value_t *x, int64_t axis, double epsilon) {
    int64_t axes[ANP_RANK_MAX];
    uint32_t n = 0;
    const int64_t rank = anp_steps_rank(s, x), first = axis < 0 ? axis + rank : axis;
    for (int64_t i = first; i >= 0 && i < rank; i++) axes[n++] = i;
    x = anp_steps_cast(s, x, ANP_DTYPE_F32);
    anp_value_t *square = ANP_STEP(s, "Mul", x, x);
    anp_value_t *mean = ANP_STEP(s, "ReduceMean", square, anp_steps_i64s(s, n, axes));
    anp_value_t *sum = ANP_STEP(s, "Add", mean, anp_steps_scalar(s, epsilon, mean));
    return ANP_STEP(s, "Reciprocal", ANP_STEP(s, "Sqrt", sum));
}

static anp_value_t *rms_norm(anp_steps_t *s, anp_value_t *x, anp_value_t *scale, int64_t axis,
                             double epsilon) {
    anp_steps_int(s, "axis", axis);
    anp_steps_float(s, "epsilon", epsilon);
    return ANP_STEP(s, "RMSNormalization", x, scale);
}

ANP_UPGRADE_RULE(ms_skip_rms_norm) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    const double epsilon = anp_steps_get_float(&s, "epsilon", 1e-12f);
    anp_value_t *x = skip_sum(&s, 3);
    anp_value_t *y[] = {rms_norm(&s, x, anp_steps_need(&s, 2), -1, epsilon), NULL, NULL, x};
    if (anp_draft_wants(d, 2)) y[2] = inverse_rms(&s, x, -1, epsilon);
    return anp_steps_end(&s, 4, y);
}

/* The name under which optimisers write RMSNormalization into ONNX's own domain. */
ANP_UPGRADE_RULE(simplified_layer_norm) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    const int64_t axis = anp_steps_get_int(&s, "axis", -1);
    const double epsilon = anp_steps_get_float(&s, "epsilon", 1e-5f);
    anp_value_t *x = anp_steps_need(&s, 0);
    anp_steps_int(&s, "stash_type", anp_steps_get_int(&s, "stash_type", 1));
    anp_value_t *y[] = {rms_norm(&s, x, anp_steps_need(&s, 1), axis, epsilon), NULL};
    if (anp_draft_wants(d, 1)) y[1] = inverse_rms(&s, x, axis, epsilon);
    return anp_steps_end(&s, 2, y);
}

/* ---- the embedding of BERT ---- */

enum { IDS, SEGMENTS, WORD_TABLE, POSITION_TABLE, SEGMENT_TABLE, GAMMA, BETA, MASK, POSITIONS };

static anp_value_t *positions(anp_steps_t *s, anp_value_t *ids) {
    anp_value_t *given = anp_draft_input(s->draft, POSITIONS);
    if (given) return given;
    return anp_steps_count(s, anp_steps_dims(s, ids, 1, 2));
}

/* i32 [batch]: how many words of each sequence count; 0 without a mask. */
static anp_value_t *mask_index(anp_steps_t *s, anp_value_t *ids) {
    anp_value_t *mask = anp_draft_input(s->draft, MASK);
    if (!mask) {
        anp_value_t *batch = anp_steps_dims(s, ids, 0, 1);
        return ANP_STEP(s, "Expand", anp_steps_cast(s, anp_steps_i64(s, 0), ANP_DTYPE_I32), batch);
    }
    anp_steps_int(s, "keepdims", 0);
    return ANP_STEP(s, "ReduceSum", mask, ANP_STEPS_I64S(s, 1));
}

ANP_UPGRADE_RULE(ms_embed_layer_norm) {
    (void)row;
    anp_steps_t s = anp_steps_begin(d);
    anp_value_t *ids = anp_steps_need(&s, IDS), *segments = anp_draft_input(d, SEGMENTS);
    anp_value_t *sum = ANP_STEP(&s, "Gather", anp_steps_need(&s, WORD_TABLE), ids);
    sum = ANP_STEP(&s, "Add", sum,
                   ANP_STEP(&s, "Gather", anp_steps_need(&s, POSITION_TABLE), positions(&s, ids)));
    if (segments)
        sum = ANP_STEP(&s, "Add", sum,
                       ANP_STEP(&s, "Gather", anp_steps_need(&s, SEGMENT_TABLE), segments));
    anp_steps_float(&s, "epsilon", anp_steps_get_float(&s, "epsilon", 1e-12f));
    anp_value_t *y = ANP_STEP(&s, "LayerNormalization", sum, anp_steps_need(&s, GAMMA),
                              anp_steps_need(&s, BETA));
    anp_value_t *index = anp_draft_wants(d, 1) ? mask_index(&s, ids) : NULL;
    return anp_steps_end(&s, 3, (anp_value_t *const[]){y, index, sum});
}
