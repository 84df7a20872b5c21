/* SPDX-License-Identifier: Apache-2.0 */
/* A LeNet by the graph builder: layers, loss, gradients, Adam. */
#include "lenet.h"
#include "digits.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const lenet_param_t lenet_params[LENET_PARAMS] = {
    {"conv1.weight", 4, {16, 1, 5, 5}},  {"conv1.bias", 1, {16}},
    {"conv2.weight", 4, {32, 16, 5, 5}}, {"conv2.bias", 1, {32}},
    {"fc1.weight", 2, {120, 800}},       {"fc1.bias", 1, {120}},
    {"fc2.weight", 2, {84, 120}},        {"fc2.bias", 1, {84}},
    {"fc3.weight", 2, {10, 84}},         {"fc3.bias", 1, {10}},
};

int64_t lenet_elems(uint32_t param) {
    int64_t n = 1;
    for (uint32_t i = 0; i < lenet_params[param].rank; i++) n *= lenet_params[param].dims[i];
    return n;
}

/* ---- initial weights: normal, scaled by the inputs of a neuron; biases 0 ---- */

static double uniform(uint64_t *state) { /* splitmix64, in (0, 1] */
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0 + 1e-16;
}

int lenet_init(uint64_t seed, float *weights[LENET_PARAMS]) {
    for (uint32_t p = 0; p < LENET_PARAMS; p++) weights[p] = NULL;
    for (uint32_t p = 0; p < LENET_PARAMS; p++) {
        const int64_t n = lenet_elems(p);
        const double scale = sqrt(2 * (double)lenet_params[p].dims[0] / (double)n);
        weights[p] = calloc((size_t)n, sizeof(float));
        if (!weights[p]) return 0;
        for (int64_t i = 0; i < n && lenet_params[p].rank > 1; i++) {
            const double radius = sqrt(-2 * log(uniform(&seed)));
            weights[p][i] = (float)(scale * radius * cos(6.283185307179586 * uniform(&seed)));
        }
    }
    return 1;
}

/* ---- building; the first failure sticks, so that layers read like a list ---- */

typedef struct net_t {
    anp_graph_t *graph;
    anp_status_t status;
} net_t;

static void keep(net_t *n, anp_status_t status) {
    if (n->status == ANP_OK) n->status = status;
}

static anp_value_t *op(net_t *n, const char *name, const char *op, anp_value_t *const *in,
                       uint32_t n_in, const anp_graph_attr_t *attrs, uint32_t n_attrs) {
    anp_value_t *out = NULL;
    if (n->status == ANP_OK)
        keep(n, anp_graph_op(n->graph, "", op, name, in, n_in, attrs, n_attrs, &out, 1));
    return out;
}

static anp_value_t *relu_pool(net_t *n, const char *name, anp_value_t *x) {
    static const int64_t two[] = {2, 2};
    const anp_graph_attr_t attrs[] = {
        {.name = "kernel_shape", .kind = 'I', .ints = two, .count = 2},
        {.name = "strides", .kind = 'I', .ints = two, .count = 2}};
    x = op(n, NULL, "Relu", &x, 1, NULL, 0);
    return op(n, name, "MaxPool", &x, 1, attrs, 2);
}

static anp_value_t *conv(net_t *n, const char *name, anp_value_t *x, anp_value_t *const *w,
                         int64_t pad) {
    const int64_t pads[] = {pad, pad, pad, pad};
    const anp_graph_attr_t attr = {.name = "pads", .kind = 'I', .ints = pads, .count = 4};
    anp_value_t *const in[] = {x, w[0], w[1]};
    return op(n, name, "Conv", in, 3, &attr, 1);
}

static anp_value_t *dense(net_t *n, const char *name, anp_value_t *x, anp_value_t *const *w) {
    const anp_graph_attr_t attr = {.name = "transB", .kind = 'i', .i = 1};
    anp_value_t *const in[] = {x, w[0], w[1]};
    return op(n, name, "Gemm", in, 3, &attr, 1);
}

/* From image to logits. */
static anp_value_t *layers(net_t *n, anp_value_t *x, anp_value_t *const *w) {
    x = relu_pool(n, "pool1", conv(n, "conv1", x, w + 0, 2));
    x = relu_pool(n, "pool2", conv(n, "conv2", x, w + 2, 0));
    x = op(n, "flatten", "Flatten", &x, 1, NULL, 0);
    x = dense(n, "fc1", x, w + 4);
    x = op(n, "relu3", "Relu", &x, 1, NULL, 0);
    x = dense(n, "fc2", x, w + 6);
    x = op(n, "relu4", "Relu", &x, 1, NULL, 0);
    return dense(n, "logits", x, w + 8);
}

/* ---- training ---- */

static anp_value_t *input(net_t *n, const char *name, anp_dtype_t dtype, uint32_t rank,
                          const int64_t *dims) {
    anp_value_t *v = NULL;
    if (n->status == ANP_OK) keep(n, anp_graph_input(n->graph, name, dtype, rank, dims, NULL, &v));
    return v;
}

/* An input per weight: "conv1.weight", or with what Adam remembers of it behind the name. */
static void inputs_like_weights(net_t *n, const char *suffix, anp_value_t **out) {
    for (uint32_t p = 0; p < LENET_PARAMS; p++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", lenet_params[p].name, suffix);
        out[p] = input(n, name, ANP_DTYPE_F32, lenet_params[p].rank, lenet_params[p].dims);
    }
}

static anp_tensor_t view(uint32_t p, float *data) {
    anp_tensor_t t = {.data = data, .dtype = ANP_DTYPE_F32, .rank = (uint8_t)lenet_params[p].rank};
    for (uint32_t i = 0; i < lenet_params[p].rank; i++) t.dims[i] = lenet_params[p].dims[i];
    return t;
}

/* The input becomes state: after a run it has the value `next` had. initial NULL: zeros. */
static void state(net_t *n, const char *name, const char *suffix, anp_value_t *now,
                  anp_value_t *next, const anp_tensor_t *initial) {
    char text[64];
    snprintf(text, sizeof text, "%s%s", name, suffix);
    if (n->status == ANP_OK) keep(n, anp_graph_state(n->graph, text, now, next, initial));
}

/* Steps so far, counted by the graph itself; the number with this one. */
static anp_value_t *count_steps(net_t *n) {
    int64_t one = 1;
    const anp_tensor_t t = {.data = &one, .dtype = ANP_DTYPE_I64, .rank = 0};
    anp_value_t *before = input(n, "steps", ANP_DTYPE_I64, 0, NULL), *constant = NULL;
    if (n->status == ANP_OK) keep(n, anp_graph_constant(n->graph, "one", &t, true, &constant));
    anp_value_t *now = op(n, "steps_now", "Add", (anp_value_t *[]){before, constant}, 2, NULL, 0);
    state(n, "steps", "", before, now, NULL);
    return now;
}

/* Weights, gradients and both averages go in; all but the gradients come out, a step further. */
static void adam(net_t *n, anp_value_t *rate, anp_value_t *loss, anp_value_t *const *w,
                 float *const weights[LENET_PARAMS]) {
    enum { P = LENET_PARAMS };
    anp_value_t *in[2 + 4 * P], *out[3 * P], **x = in + 2, **g = x + P, **v = g + P, **h = v + P;
    in[0] = rate;
    in[1] = count_steps(n);
    for (uint32_t p = 0; p < P; p++) x[p] = w[p];
    if (n->status == ANP_OK) keep(n, anp_graph_gradient(n->graph, loss, x, P, NULL, 0, g));
    inputs_like_weights(n, ".mean", v);
    inputs_like_weights(n, ".square", h);
    if (n->status == ANP_OK)
        keep(n, anp_graph_op(n->graph, "ai.onnx.preview.training", "Adam", "adam", in, 2 + 4 * P,
                             NULL, 0, out, 3 * P));
    for (uint32_t p = 0; p < P; p++) {
        const anp_tensor_t initial = view(p, weights[p]);
        state(n, lenet_params[p].name, "", x[p], out[p], &initial);
    }
    for (uint32_t p = 0; p < P; p++) {
        state(n, lenet_params[p].name, ".mean", v[p], out[P + p], NULL);
        state(n, lenet_params[p].name, ".square", h[p], out[2 * P + p], NULL);
    }
}

anp_status_t lenet_training(int64_t batch, float *const weights[LENET_PARAMS],
                            anp_graph_t **out_graph) {
    net_t n = {NULL, ANP_OK};
    const int64_t image_dims[] = {batch, 1, DIGIT_SIDE, DIGIT_SIDE};
    anp_value_t *w[LENET_PARAMS];
    keep(&n, anp_graph_create(&n.graph));
    anp_value_t *image = input(&n, "image", ANP_DTYPE_F32, 4, image_dims);
    anp_value_t *label = input(&n, "label", ANP_DTYPE_I64, 1, &batch);
    anp_value_t *rate = input(&n, "rate", ANP_DTYPE_F32, 0, NULL);
    inputs_like_weights(&n, "", w);
    anp_value_t *const judged[] = {layers(&n, image, w), label};
    anp_value_t *loss = op(&n, "loss", "SoftmaxCrossEntropyLoss", judged, 2, NULL, 0);
    adam(&n, rate, loss, w, weights);
    if (n.status == ANP_OK) keep(&n, anp_graph_output(n.graph, "loss", loss));
    *out_graph = n.graph;
    return n.status;
}

/* ---- reading ---- */

anp_status_t lenet_reading(float *const weights[LENET_PARAMS], anp_graph_t **out_graph) {
    net_t n = {NULL, ANP_OK};
    const int64_t dims[] = {0, 1, DIGIT_SIDE, DIGIT_SIDE};
    const char *const free_dims[] = {"N", NULL, NULL, NULL};
    anp_value_t *w[LENET_PARAMS], *image = NULL;
    keep(&n, anp_graph_create(&n.graph));
    if (n.status == ANP_OK)
        keep(&n, anp_graph_input(n.graph, "image", ANP_DTYPE_F32, 4, dims, free_dims, &image));
    for (uint32_t p = 0; p < LENET_PARAMS && n.status == ANP_OK; p++) {
        const anp_tensor_t t = view(p, weights[p]);
        keep(&n, anp_graph_constant(n.graph, lenet_params[p].name, &t, true, &w[p]));
    }
    anp_value_t *logits = layers(&n, image, w);
    if (n.status == ANP_OK) keep(&n, anp_graph_output(n.graph, "logits", logits));
    if (n.status == ANP_OK) keep(&n, anp_graph_set_meta(n.graph, "labels", "0,1,2,3,4,5,6,7,8,9"));
    *out_graph = n.graph;
    return n.status;
}
