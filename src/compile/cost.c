/* SPDX-License-Identifier: Apache-2.0 */
/* Estimates: multiply-adds and bytes of a node, time on the CPU, and the sums of a graph. */
#include "compile/compile_internal.h"
#include <string.h>

/* A CPU of two cores, in round figures: the placer compares costs with each other, it predicts no
 * times. */
static const double HOST_MACS_PER_NS = 50, HOST_BYTES_PER_NS = 10, HOST_CALL_NS = 500;

static double dim(const anp_value_t *v, int32_t i) {
    if (!v || i < 0 || i >= v->shape.rank) return 1;
    const anp_dim_t d = v->shape.dims[i];
    return ANP_DIM_IS_CONST(d) && d >= 0 ? (double)d : 1;
}

static double elems(const anp_value_t *v) {
    double n = 1;
    for (int32_t i = 0; v && i < v->shape.rank; i++) n *= dim(v, i);
    return v ? n : 0;
}

double anp_value_bytes_estimate(const anp_value_t *v) {
    const anp_dtype_row_t *row = v ? anp_dtype_row(v->shape.dtype) : NULL;
    return row ? elems(v) * row->block_bytes / row->block_elems : 0;
}

static double
weight_macs(const anp_node_t *n) { /* every output element sees one output channel's weights */
    const anp_value_t *w = n->inputs[1];
    return w && dim(w, 0) > 0 ? elems(n->outputs[0]) * elems(w) / dim(w, 0) : 0;
}
static double qlinear_conv_macs(const anp_node_t *n) {
    const anp_value_t *w = n->inputs[3];
    return w && dim(w, 0) > 0 ? elems(n->outputs[0]) * elems(w) / dim(w, 0) : 0;
}
static double transposed_macs(const anp_node_t *n) {
    const anp_value_t *w = n->inputs[1];
    return w && dim(w, 0) > 0 ? elems(n->inputs[0]) * elems(w) / dim(w, 0) : 0;
}
static double inner_macs(const anp_node_t *n) {
    return elems(n->outputs[0]) * dim(n->inputs[0], n->inputs[0]->shape.rank - 1);
}
static double
recurrent_macs(const anp_node_t *n) { /* [length, batch, ...] times both weight matrices */
    return dim(n->inputs[0], 0) * dim(n->inputs[0], 1) *
           (elems(n->inputs[1]) + elems(n->inputs[2]));
}

static const struct {
    anp_op_id_t op;
    double (*macs)(const anp_node_t *n);
} mac_rows[] = {
    {ANP_OP_Conv, weight_macs},
    {ANP_OP_anp_Conv, weight_macs},
    {ANP_OP_ConvInteger, weight_macs},
    {ANP_OP_QLinearConv, qlinear_conv_macs},
    {ANP_OP_ConvTranspose, transposed_macs},
    {ANP_OP_MatMul, inner_macs},
    {ANP_OP_anp_MatMul, inner_macs},
    {ANP_OP_Gemm, inner_macs},
    {ANP_OP_anp_Gemm, inner_macs},
    {ANP_OP_MatMulInteger, inner_macs},
    {ANP_OP_QLinearMatMul, inner_macs},
    {ANP_OP_LSTM, recurrent_macs},
    {ANP_OP_GRU, recurrent_macs},
    {ANP_OP_RNN, recurrent_macs},
};

double anp_node_macs(const anp_node_t *n) {
    for (size_t i = 0; i < ANP_ARRAY_LEN(mac_rows); i++)
        if (n->op->index == (uint32_t)mac_rows[i].op && n->n_outputs && n->outputs[0])
            return mac_rows[i].macs(n);
    return 0;
}

double anp_node_host_ns(const anp_node_t *n) {
    double bytes = 0;
    for (uint32_t i = 0; i < n->n_inputs; i++) bytes += anp_value_bytes_estimate(n->inputs[i]);
    for (uint32_t i = 0; i < n->n_outputs; i++) bytes += anp_value_bytes_estimate(n->outputs[i]);
    if (n->op->flags & ANP_OP_VIEW) bytes = 0;
    return HOST_CALL_NS + anp_node_macs(n) / HOST_MACS_PER_NS + bytes / HOST_BYTES_PER_NS;
}

static anp_status_t sum_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)g;
    anp_graph_summary_t *s = arg;
    for (const anp_node_t *n = b->first; n; n = n->next) {
        s->nodes++;
        s->mul_adds += anp_node_macs(n);
    }
    return ANP_OK;
}

anp_status_t anp_graph_summary(anp_graph_t *g, anp_graph_summary_t *out) {
    memset(out, 0, sizeof *out);
    ANP_TRY(anp_graph_each_block(g, sum_block, out));
    for (uint64_t i = 0; i < g->constants.count; i++) {
        const anp_const_t *c = ANP_VEC_AT(&g->constants, anp_const_t *, i);
        out->constants++;
        out->weight_bytes += c->bytes;
        out->parameters += (uint64_t)anp_tensor_elems(&c->tensor);
    }
    return ANP_OK;
}
