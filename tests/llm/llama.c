/* SPDX-License-Identifier: Apache-2.0 */
/* One decoding step of a Llama: RMSNormalization, rotary embedding, grouped attention over a cache
 * that is updated in place. */
#include "llama.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY(expr)                        \
    do {                                 \
        const anp_status_t st_ = (expr); \
        if (st_ != ANP_OK) return st_;   \
    } while (0)

typedef struct builder_t {
    anp_graph_t *g;
    const safetensors_t *weights;
    const llama_config_t *c;
    anp_value_t *id, *position, *position_2d, *length, *cos, *sin;
    int layer;
} builder_t;

static anp_status_t op(builder_t *b, const char *name, anp_value_t *const *in, uint32_t n_in,
                       const anp_graph_attr_t *attrs, uint32_t n_attrs, anp_value_t **out) {
    return anp_graph_op(b->g, "", name, NULL, in, n_in, attrs, n_attrs, out, 1);
}

static anp_status_t binary(builder_t *b, const char *name, anp_value_t *x, anp_value_t *y,
                           anp_value_t **out) {
    return op(b, name, (anp_value_t *[]){x, y}, 2, NULL, 0, out);
}

static anp_status_t weight(builder_t *b, const char *name, anp_value_t **out) {
    char full[128];
    anp_tensor_t t;
    if (b->layer >= 0)
        snprintf(full, sizeof full, "model.layers.%d.%s.weight", b->layer, name);
    else
        snprintf(full, sizeof full, "model.%s.weight", name);
    return safetensors_get(b->weights, full, &t) ? anp_graph_constant(b->g, full, &t, true, out)
                                                 : ANP_NOT_FOUND;
}

static anp_status_t ints(builder_t *b, const int64_t *v, int64_t n, anp_value_t **out) {
    const anp_tensor_t t = {
        .data = (void *)(uintptr_t)v, .dtype = ANP_DTYPE_I64, .rank = 1, .dims = {n}};
    return anp_graph_constant(b->g, NULL, &t, true, out);
}

/* y [1, n] = x [1, k] * w[n, k]^T */
static anp_status_t linear(builder_t *b, const char *name, anp_value_t *x, anp_value_t **out) {
    const anp_graph_attr_t trans = {.name = "transB", .kind = 'i', .i = 1};
    anp_value_t *w;
    TRY(weight(b, name, &w));
    return op(b, "Gemm", (anp_value_t *[]){x, w}, 2, &trans, 1, out);
}

static anp_status_t norm(builder_t *b, const char *name, anp_value_t *x, anp_value_t **out) {
    const anp_graph_attr_t eps = {.name = "epsilon", .kind = 'f', .f = b->c->eps};
    anp_value_t *w;
    TRY(weight(b, name, &w));
    return op(b, "RMSNormalization", (anp_value_t *[]){x, w}, 2, &eps, 1, out);
}

static anp_status_t reshape(builder_t *b, anp_value_t *x, const int64_t *dims, int64_t n,
                            anp_value_t **out) {
    anp_value_t *shape;
    TRY(ints(b, dims, n, &shape));
    return binary(b, "Reshape", x, shape, out);
}

/* [1, heads * head_dim] -> [1, heads, 1, head_dim], turned by the position when `turn`. */
static anp_status_t heads_of(builder_t *b, anp_value_t *x, int64_t heads, bool turn,
                             anp_value_t **out) {
    TRY(reshape(b, x, (int64_t[]){1, heads, 1, b->c->head_dim}, 4, out));
    if (!turn) return ANP_OK;
    return op(b, "RotaryEmbedding", (anp_value_t *[]){*out, b->cos, b->sin, b->position_2d}, 4,
              NULL, 0, out);
}

/* Writes this position into the cache; the cache after it. */
static anp_status_t remember(builder_t *b, const char *what, anp_value_t *now, anp_value_t **out) {
    const int64_t dims[4] = {1, b->c->kv_heads, b->c->positions, b->c->head_dim};
    char name[32];
    anp_value_t *past;
    snprintf(name, sizeof name, "%s_%d", what, b->layer);
    TRY(anp_graph_input(b->g, name, ANP_DTYPE_F32, 4, dims, NULL, &past));
    TRY(op(b, "TensorScatter", (anp_value_t *[]){past, now, b->position}, 3, NULL, 0, out));
    return anp_graph_state(b->g, name, past, *out, NULL);
}

static anp_status_t attention(builder_t *b, anp_value_t *x, anp_value_t **out) {
    anp_value_t *q, *k, *v, *y;
    TRY(linear(b, "self_attn.q_proj", x, &q));
    TRY(linear(b, "self_attn.k_proj", x, &k));
    TRY(linear(b, "self_attn.v_proj", x, &v));
    TRY(heads_of(b, q, b->c->heads, true, &q));
    TRY(heads_of(b, k, b->c->kv_heads, true, &k));
    TRY(heads_of(b, v, b->c->kv_heads, false, &v));
    TRY(remember(b, "key", k, &k));
    TRY(remember(b, "value", v, &v));
    TRY(op(b, "Attention", (anp_value_t *[]){q, k, v, NULL, NULL, NULL, b->length}, 7, NULL, 0,
           &y));
    TRY(reshape(b, y, (int64_t[]){1, b->c->heads * b->c->head_dim}, 2, &y));
    return linear(b, "self_attn.o_proj", y, out);
}

static anp_status_t feed_forward(builder_t *b, anp_value_t *x, anp_value_t **out) {
    anp_value_t *gate, *up, *s;
    TRY(linear(b, "mlp.gate_proj", x, &gate));
    TRY(linear(b, "mlp.up_proj", x, &up));
    TRY(op(b, "Sigmoid", &gate, 1, NULL, 0, &s));
    TRY(binary(b, "Mul", gate, s, &s));
    TRY(binary(b, "Mul", s, up, &s));
    return linear(b, "mlp.down_proj", s, out);
}

static anp_status_t layer(builder_t *b, anp_value_t **x) {
    anp_value_t *h;
    TRY(norm(b, "input_layernorm", *x, &h));
    TRY(attention(b, h, &h));
    TRY(binary(b, "Add", *x, h, x));
    TRY(norm(b, "post_attention_layernorm", *x, &h));
    TRY(feed_forward(b, h, &h));
    return binary(b, "Add", *x, h, x);
}

/* cos and sin of position * theta^(-2i / head_dim): [positions, head_dim / 2]. */
static anp_status_t angles(builder_t *b) {
    const int64_t half = b->c->head_dim / 2, n = b->c->positions * half;
    float *values = malloc((size_t)n * 2 * sizeof *values);
    if (!values) return ANP_OUT_OF_MEMORY;
    for (int64_t i = 0; i < n; i++) {
        const double a = (double)(i / half) *
                         pow(b->c->theta, -2.0 * (double)(i % half) / (double)b->c->head_dim);
        values[i] = (float)cos(a);
        values[n + i] = (float)sin(a);
    }
    anp_tensor_t t = {
        .data = values, .dtype = ANP_DTYPE_F32, .rank = 2, .dims = {b->c->positions, half}};
    anp_status_t st = anp_graph_constant(b->g, "cos", &t, true, &b->cos);
    t.data = values + n;
    if (st == ANP_OK) st = anp_graph_constant(b->g, "sin", &t, true, &b->sin);
    free(values);
    return st;
}

static anp_status_t build(builder_t *b) {
    const int64_t one[1] = {1};
    anp_value_t *table, *x, *step;
    TRY(anp_graph_input(b->g, "id", ANP_DTYPE_I64, 1, one, NULL, &b->id));
    TRY(anp_graph_input(b->g, "position", ANP_DTYPE_I64, 1, one, NULL, &b->position));
    TRY(angles(b));
    TRY(ints(b, one, 1, &step));
    TRY(binary(b, "Add", b->position, step, &b->length));
    TRY(reshape(b, b->position, (int64_t[]){1, 1}, 2, &b->position_2d));
    b->layer = -1;
    TRY(weight(b, "embed_tokens", &table));
    TRY(binary(b, "Gather", table, b->id, &x));
    for (b->layer = 0; b->layer < b->c->layers; b->layer++) TRY(layer(b, &x));
    b->layer = -1;
    TRY(norm(b, "norm", x, &x));
    TRY(linear(b, "embed_tokens", x, &x)); /* the tied table again */
    return anp_graph_output(b->g, "logits", x);
}

anp_status_t llama_build(const safetensors_t *weights, const llama_config_t *c,
                         anp_graph_t **out_graph) {
    builder_t b = {.weights = weights, .c = c};
    *out_graph = NULL;
    TRY(anp_graph_create(&b.g));
    const anp_status_t st = build(&b);
    if (st == ANP_OK)
        *out_graph = b.g;
    else
        anp_graph_release(b.g);
    return st;
}
