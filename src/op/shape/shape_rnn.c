/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of RNN, GRU and LSTM: X [seq, batch, in], W [directions, gates * hidden, in], R
 * [directions, gates * hidden, hidden]; DynamicQuantizeLSTM has W and R the other way round. */
#include "op/shape/shape_util.h"

#include <inttypes.h>
#include <string.h>

typedef struct rnn_dims_t {
    int64_t directions, gates;
    anp_dim_t seq, batch, in, hidden, gate_rows;
} rnn_dims_t;

static bool is_quantised(const anp_shape_ctx_t *c) {
    return c->op->index == ANP_OP_ms_DynamicQuantizeLSTM;
}

static bool is_lstm(const anp_shape_ctx_t *c) {
    return c->op->index == ANP_OP_LSTM || is_quantised(c);
}

static anp_status_t direction_count(const anp_shape_ctx_t *c, int64_t *out) {
    const char *direction = anp_attr_str(c->attrs, "direction", "forward");
    *out = strcmp(direction, "bidirectional") == 0 ? 2 : 1;
    if (*out == 2 || strcmp(direction, "forward") == 0 || strcmp(direction, "reverse") == 0)
        return ANP_OK;
    ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                   "direction is '%s', expected forward, reverse or bidirectional", direction);
}

/* hidden_size, or what R says. */
static anp_status_t hidden_size(anp_shape_ctx_t *c, anp_dim_t *out) {
    *out = anp_shape_dim_of(c, 2, is_quantised(c) ? 1 : 2);
    const anp_attr_t *attr = anp_attr_find(c->attrs, "hidden_size");
    if (attr) ANP_TRY(anp_shape_unify(c, "hidden_size", *out, attr->v.i, out));
    if (ANP_DIM_IS_CONST(*out) && *out < 1)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "the hidden size is %" PRId64, *out);
    return *out == ANP_DIM_UNKNOWN ? anp_shape_fresh(c, out) : ANP_OK;
}

/* W and R; `from` is the size of what they are applied to. */
static anp_status_t check_weights(anp_shape_ctx_t *c, uint32_t input, const char *name,
                                  const rnn_dims_t *d, anp_dim_t from) {
    const anp_dim_t dims[2][3] = {{d->directions, d->gate_rows, from},
                                  {d->directions, from, d->gate_rows}};
    return anp_shape_need_dims(c, input, name, 3, dims[is_quantised(c)]);
}

static anp_status_t check_inputs(anp_shape_ctx_t *c, const rnn_dims_t *d, bool batch_first) {
    anp_dim_t twice, thrice;
    ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, d->gate_rows, 2, &twice));
    ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, d->hidden, 3, &thrice));
    const anp_dim_t b[] = {d->directions, twice}, p[] = {d->directions, thrice};
    const anp_dim_t state[] = {batch_first ? d->batch : d->directions,
                               batch_first ? d->directions : d->batch, d->hidden};
    ANP_TRY(check_weights(c, 1, "W", d, d->in));
    ANP_TRY(check_weights(c, 2, "R", d, d->hidden));
    ANP_TRY(anp_shape_need_dims(c, 3, "B", 2, b));
    ANP_TRY(anp_shape_need_dims(c, 4, "sequence_lens", 1, &d->batch));
    ANP_TRY(anp_shape_need_dims(c, 5, "initial_h", 3, state));
    if (!is_lstm(c)) return ANP_OK;
    ANP_TRY(anp_shape_need_dims(c, 6, "initial_c", 3, state));
    return anp_shape_need_dims(c, 7, "P", 2, p);
}

anp_status_t anp_shape_rnn(anp_shape_ctx_t *c) {
    const bool batch_first = anp_attr_i64(c->attrs, "layout", 0) != 0;
    rnn_dims_t d = {.gates = is_lstm(c) ? 4 : c->op->index == ANP_OP_GRU ? 3 : 1};
    ANP_TRY(anp_shape_need_rank(c, 0, 3, 3));
    ANP_TRY(direction_count(c, &d.directions));
    d.seq = anp_shape_dim_of(c, 0, batch_first ? 1 : 0);
    d.batch = anp_shape_dim_of(c, 0, batch_first ? 0 : 1);
    d.in = anp_shape_dim_of(c, 0, 2);
    if (d.seq == ANP_DIM_UNKNOWN) ANP_TRY(anp_shape_fresh(c, &d.seq));
    if (d.batch == ANP_DIM_UNKNOWN) ANP_TRY(anp_shape_fresh(c, &d.batch));
    ANP_TRY(hidden_size(c, &d.hidden));
    ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, d.hidden, d.gates, &d.gate_rows));
    ANP_TRY(check_inputs(c, &d, batch_first));
    const anp_dim_t y[2][4] = {{d.seq, d.directions, d.batch, d.hidden},
                               {d.batch, d.seq, d.directions, d.hidden}};
    const anp_dim_t last[2][3] = {{d.directions, d.batch, d.hidden},
                                  {d.batch, d.directions, d.hidden}};
    for (uint32_t i = 0; i < c->n_out; i++) {
        if (i == 0)
            anp_shape_set_dims(&c->out[i].shape, 4, y[batch_first]);
        else
            anp_shape_set_dims(&c->out[i].shape, 3, last[batch_first]);
    }
    return ANP_OK;
}
