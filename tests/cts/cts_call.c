/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: strided inputs, state in place, networks of many nodes, what a call may not do. */
#include "cts.h"
#include "cts_net.h"
#include <string.h>

enum { F32 = ANP_DTYPE_F32, I64 = ANP_DTYPE_I64 };

/* Short forms for networks below: a random input or constant; a node with one output. */
static int value(cts_t *t, cts_net_t *net, const char *text) {
    int v = CTS_NO_VALUE;
    return cts_net_parse(t, net, text, ANP_DTYPE_F32, &v) ? v : CTS_NO_VALUE;
}
#define NODE(out, op, attrs, ...) \
    CTS_TRY(cts_net_add(t, net, op, attrs, (int[]){__VA_ARGS__, CTS_END}, &(out)))

/* ---- kinds of calls ---- */

static cts_verdict_t work_session(cts_t *t, cts_session_t **out) {
    cts_net_t *net;
    cts_model_t *m;
    CTS_TRY(cts_work(t, 3, 3, false, &net));
    CTS_TRY(cts_model_make(t, net, &m));
    return cts_session_make(m, t->q, out);
}

/* Drivers that answer with groups run partitions; the others run nodes. */
static cts_verdict_t other_kind_of_call_is_refused(cts_t *t) {
    cts_session_t *s;
    CTS_TRY(work_session(t, &s));
    s->m->group = !s->m->group;
    CTS_FAILS(t, cts_session_enqueue(s, NULL), ANP_UNSUPPORTED);
    s->m->group = !s->m->group;
    return cts_session_run(s);
}

static cts_verdict_t run_calls(cts_session_t *s, int calls) {
    cts_t *t = s->m->t;
    for (int i = 0; i < calls; i++) {
        CTS_OK(t, cts_session_enqueue(s, NULL));
        CTS_OK(t, t->d->queue_wait(s->q, CTS_WAIT_NS)); /* as many under way each time */
    }
    return CTS_PASS;
}

/* Contract C10: what a framework does millions of times takes no memory. */
static cts_verdict_t calls_take_no_memory_after_the_first(cts_t *t) {
    cts_session_t *s;
    anp_alloc_stats_t before, after;
    CTS_TRY(work_session(t, &s));
    CTS_TRY(run_calls(s, 2));
    anp_alloc_stats(&before);
    CTS_TRY(run_calls(s, 4));
    anp_alloc_stats(&after);
    CTS_REQUIRE(t, after.total_calls == before.total_calls, "four calls took memory %llu times",
                (unsigned long long)(after.total_calls - before.total_calls));
    return cts_session_compare(s);
}

/* ---- strides ---- */

/* Gives input `v` to the driver as a view: `shown` has strides over what lies in the buffer. */
static void show(cts_session_t *s, int v, uint32_t rank, const int64_t *dims,
                 const int64_t *strides) {
    anp_tensor_t *x = &s->places[v].arg.tensor;
    x->rank = (uint8_t)rank;
    x->strided = 1;
    for (uint32_t i = 0; i < rank; i++) x->dims[i] = dims[i], x->strides[i] = strides[i];
}

static cts_verdict_t inputs_may_be_strided(cts_t *t) {
    cts_net_t *net = cts_net_new(t);
    cts_model_t *m;
    cts_session_t *s;
    int y;
    if (!(t->info.flags & ANP_DRV_STRIDED)) CTS_SKIPPED(t, "the device does not say STRIDED");
    const int a = value(t, net, "f32[6,4]"), b = value(t, net, "f32[6,4]");
    NODE(y, "Add", "", a, b);
    CTS_TRY(cts_model_make(t, net, &m));
    CTS_TRY(cts_session_make(m, t->q, &s));
    show(s, a, 2, (int64_t[]){6, 4}, (int64_t[]){1, 6}); /* transposed */
    show(s, b, 2, (int64_t[]){6, 4}, (int64_t[]){0, 1}); /* its first row, six times */
    const float *x = net->values[a].t.data, *z = net->values[b].t.data;
    float *want = net->values[y].t.data;
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 4; j++) want[4 * i + j] = x[i + 6 * j] + z[j];
    return cts_session_run(s);
}

static cts_verdict_t strided_matrices_are_multiplied(cts_t *t) {
    cts_net_t *net = cts_net_new(t);
    cts_model_t *m;
    cts_session_t *s;
    int y;
    if (!(t->info.flags & ANP_DRV_STRIDED)) CTS_SKIPPED(t, "the device does not say STRIDED");
    const int a = value(t, net, "f32[3,5]"), b = value(t, net, "f32[5,4]");
    NODE(y, "MatMul", "", a, b);
    CTS_TRY(cts_model_make(t, net, &m));
    CTS_TRY(cts_session_make(m, t->q, &s));
    show(s, a, 2, (int64_t[]){3, 5}, (int64_t[]){1, 3});
    show(s, b, 2, (int64_t[]){5, 4}, (int64_t[]){1, 5});
    const float *x = net->values[a].t.data, *z = net->values[b].t.data;
    float *want = net->values[y].t.data;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) {
            want[4 * i + j] = 0;
            for (int k = 0; k < 5; k++) want[4 * i + j] += x[i + 3 * k] * z[k + 5 * j];
        }
    return cts_session_run(s);
}

/* ---- state ---- */

static cts_verdict_t state_is_updated_where_it_lies(cts_t *t) {
    cts_net_t *net = cts_net_new(t);
    cts_model_t *m;
    cts_session_t *s;
    int next;
    const int cache = value(t, net, "f32[2,3,8,4]"), update = value(t, net, "f32[2,3,2,4]"),
              at = value(t, net, "i64{1,5}v");
    NODE(next, "TensorScatter", "", cache, update, at);
    net->values[cache].state_of = next;
    CTS_TRY(cts_model_make(t, net, &m));
    CTS_TRY(cts_session_make(m, t->q, &s));
    CTS_TRY(cts_session_run(s));
    /* once more with other data: the cache keeps what was not written */
    float *want = net->values[next].t.data, *more = net->values[update].t.data;
    const int64_t first[] = {0, 3};
    for (int i = 0; i < 48; i++) more[i] = (float)i;
    for (int64_t line = 0; line < 6; line++)
        memcpy(want + (line * 8 + first[line / 3]) * 4, more + line * 8, 8 * sizeof(float));
    CTS_OK(t, t->d->buffer_write(t->q, &s->places[update].arg.span, more));
    CTS_OK(t, t->d->buffer_write(t->q, &s->places[at].arg.span, first));
    return cts_session_run(s);
}

/* ---- networks ---- */

static cts_verdict_t convolutional_network_runs(cts_t *t) {
    cts_net_t *net = cts_net_new(t);
    int y;
    const int x = value(t, net, "f32[2,1,12,12]");
    NODE(y, "Conv", "pads=2,2,2,2 kernel_shape=5,5", x, value(t, net, "f32[4,1,5,5]c"),
         value(t, net, "f32[4]c"));
    NODE(y, "Relu", "", y);
    NODE(y, "MaxPool", "kernel_shape=2,2 strides=2,2", y);
    NODE(y, "anput.Conv", "act=relu kernel_shape=3,3", y, value(t, net, "f32[6,4,3,3]c"),
         value(t, net, "f32[6]c"));
    NODE(y, "Flatten", "axis=1", y);
    NODE(y, "anput.Gemm", "transB=1 act=relu", y, value(t, net, "f32[10,96]c"),
         value(t, net, "f32[10]c"));
    NODE(y, "Gemm", "alpha=0.5", y, value(t, net, "f32[10,5]c"), value(t, net, "f32[5]c"));
    NODE(y, "Softmax", "axis=-1", y);
    return cts_net_run(t, net);
}

/* One layer of a Llama: two query heads on one key head, a cache of 8 places, 3 new tokens behind 2
 * old ones. */
static cts_verdict_t language_model_layer_runs(cts_t *t) {
    cts_net_t *net = cts_net_new(t);
    int x, n, q, k, v, y, gate;
    const int ids = value(t, net, "i64[1,3]{2,0,6}v"),
              positions = value(t, net, "i64[1,3]{2,3,4}v"), length = value(t, net, "i64{5}v");
    const int k_cache = value(t, net, "f32[1,1,8,4]"), v_cache = value(t, net, "f32[1,1,8,4]"),
              write_at = value(t, net, "i64{2}v");
    const int cosines = value(t, net, "f32[8,2]c"), sines = value(t, net, "f32[8,2]c"),
              mask = value(t, net, "f32[3,8]c");
    NODE(x, "Gather", "axis=0", value(t, net, "f32[7,8]c"), ids);
    NODE(n, "RMSNormalization", "epsilon=1e-5", x, value(t, net, "f32[8]c"));
    NODE(q, "MatMul", "", n, value(t, net, "f32[8,8]c"));
    NODE(k, "MatMul", "", n, value(t, net, "f32[8,4]c"));
    NODE(v, "MatMul", "", n, value(t, net, "f32[8,4]c"));
    NODE(q, "Reshape", "", q, value(t, net, "i64{1,3,2,4}"));
    NODE(q, "Transpose", "perm=0,2,1,3", q);
    NODE(k, "Unsqueeze", "", k, value(t, net, "i64{1}"));
    NODE(v, "Unsqueeze", "", v, value(t, net, "i64{1}"));
    NODE(q, "RotaryEmbedding", "", q, cosines, sines, positions);
    NODE(k, "RotaryEmbedding", "", k, cosines, sines, positions);
    NODE(k, "TensorScatter", "", k_cache, k, write_at);
    NODE(v, "TensorScatter", "", v_cache, v, write_at);
    NODE(y, "Attention", "", q, k, v, mask, CTS_NO_VALUE, CTS_NO_VALUE, length);
    NODE(y, "Transpose", "perm=0,2,1,3", y);
    NODE(y, "Reshape", "", y, value(t, net, "i64{1,3,8}"));
    NODE(x, "Add", "", x, y);
    NODE(gate, "MatMul", "", x, value(t, net, "f32[8,8]c"));
    NODE(y, "Sigmoid", "", gate);
    NODE(y, "Mul", "", y, gate);
    NODE(y, "Add", "", y, x);
    net->values[k].is_output = net->values[v].is_output = net->values[y].is_output = true;
    net->values[k_cache].state_of = k;
    net->values[v_cache].state_of = v;
    return cts_net_run(t, net);
}

static cts_verdict_t long_chain_runs(cts_t *t) {
    cts_net_t *net = cts_net_new(t);
    int y = value(t, net, "f32[5,7]");
    for (int i = 0; i < 12; i++) {
        NODE(y, "Add", "", y, value(t, net, "f32[7]c"));
        NODE(y, "Relu", "", y);
        NODE(y, "Mul", "", y, value(t, net, "f32[5,1]c"));
    }
    return cts_net_run(t, net);
}

/* ---- values that are no tensors: only devices with HOST_VALUES ---- */

static cts_verdict_t sequences_are_handed_on(cts_t *t) {
    cts_net_t *net = cts_net_new(t);
    int s, item, n, y;
    const int a = value(t, net, "f32[2,3]"), b = value(t, net, "f32[1,3]");
    NODE(s, "SequenceConstruct", "", a, b, a);
    NODE(s, "SequenceInsert", "", s, value(t, net, "f32[4,3]"), value(t, net, "i64[]{1}"));
    NODE(s, "SequenceErase", "", s, value(t, net, "i64[]{0}"));
    NODE(n, "SequenceLength", "", s);
    NODE(item, "SequenceAt", "", s, value(t, net, "i64[]{-1}"));
    NODE(y, "ConcatFromSequence", "axis=0", s);
    NODE(s, "SplitToSequence", "axis=1 keepdims=0", y);
    NODE(s, "SequenceAt", "", s, value(t, net, "i64[]{2}"));
    const int outputs[] = {item, n, y, s};
    for (int i = 0; i < 4; i++) net->values[outputs[i]].is_output = true;
    return cts_net_run(t, net);
}

static cts_verdict_t optionals_are_handed_on(cts_t *t) {
    cts_net_t *net = cts_net_new(t);
    int some, has, y;
    NODE(some, "Optional", "", value(t, net, "f32[2,3]"));
    NODE(has, "OptionalHasElement", "", some);
    NODE(y, "OptionalGetElement", "", some);
    NODE(y, "Relu", "", y);
    net->values[has].is_output = net->values[y].is_output = true;
    return cts_net_run(t, net);
}

static cts_verdict_t strings_are_handed_on(cts_t *t) {
    static const char *const left[] = {"a", "", "\xc3\xa9t\xc3\xa9 "}, *const right[] = {"-z"};
    cts_net_t *net = cts_net_new(t);
    int y;
    const int a = cts_net_strings(t, net, left, 3), b = cts_net_strings(t, net, right, 1);
    NODE(y, "StringConcat", "", a, b);
    NODE(y, "StringConcat", "", y, a);
    return cts_net_run(t, net);
}

const cts_test_t cts_call_tests[] = {
    {"call/of_the_other_kind_is_refused", other_kind_of_call_is_refused, false, NULL, NULL},
    {"call/takes_no_memory_after_the_first", calls_take_no_memory_after_the_first, false, NULL,
     NULL},
    {"stride/inputs_may_be_strided", inputs_may_be_strided, false, NULL, NULL},
    {"stride/strided_matrices_are_multiplied", strided_matrices_are_multiplied, false, NULL, NULL},
    {"state/is_updated_where_it_lies", state_is_updated_where_it_lies, false, NULL, NULL},
    {"net/convolutional_network_runs", convolutional_network_runs, false, NULL, NULL},
    {"net/language_model_layer_runs", language_model_layer_runs, false, NULL, NULL},
    {"net/long_chain_runs", long_chain_runs, false, NULL, NULL},
    {"value/sequences_are_handed_on", sequences_are_handed_on, false, NULL, NULL},
    {"value/optionals_are_handed_on", optionals_are_handed_on, false, NULL, NULL},
    {"value/strings_are_handed_on", strings_are_handed_on, false, NULL, NULL},
    {NULL, NULL, false, NULL, NULL},
};
