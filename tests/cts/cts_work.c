/* SPDX-License-Identifier: Apache-2.0 */
/* Work for tests that do not care which: the first of these networks that the driver takes. */
#include "cts_net.h"

typedef struct recipe_t {
    const char *ops[2];
    char second[2]; /* operand 1 of each: 'w' constant [m, m], 'b' constant [m], 'x' the input, or
                       none */
} recipe_t;

static const recipe_t recipes[] = {
    {{"MatMul", NULL}, {'w', 0}}, {{"Add", "Relu"}, {'b', 0}}, {{"Relu", NULL}, {0, 0}},
    {{"Add", NULL}, {'x', 0}},    {{"Mul", NULL}, {'x', 0}},   {{"Sigmoid", NULL}, {0, 0}},
    {{"Gemm", NULL}, {'w', 0}},   {{"Softmax", NULL}, {0, 0}}, {{"Transpose", NULL}, {0, 0}},
};

static cts_verdict_t build(cts_t *t, const recipe_t *r, int64_t n, int64_t m, bool is_free,
                           cts_net_t **out) {
    const int64_t square[] = {m, m}, shape[] = {n, m};
    cts_net_t *net = *out = cts_net_new(t);
    t->seed = 1; /* constants are drawn first: the same for every n */
    const int w = cts_net_value(t, net, ANP_DTYPE_F32, 2, square, 0, true);
    const int b = cts_net_value(t, net, ANP_DTYPE_F32, 1, square, 0, true);
    const int x = cts_net_value(t, net, ANP_DTYPE_F32, 2, shape, 0, false);
    int y = x;
    for (int i = 0; i < 2 && r->ops[i]; i++) {
        const int second = r->second[i] == 'w' ? w : r->second[i] == 'b' ? b : x;
        const int in[] = {y, r->second[i] ? second : CTS_END, CTS_END};
        CTS_TRY(cts_net_add(t, net, r->ops[i], "", in, &y));
        net->values[y].free_n = is_free;
    }
    net->values[x].free_n = is_free;
    return CTS_PASS;
}

cts_verdict_t cts_work(cts_t *t, int64_t n, int64_t m, bool is_free, cts_net_t **out) {
    for (; t->recipe < (int)ANP_ARRAY_LEN(recipes); t->recipe++) {
        cts_model_t *model;
        cts_verdict_t v = build(t, &recipes[t->recipe], n, m, is_free, out);
        if (v == CTS_PASS) v = cts_model_query(t, *out, &model);
        if (v != CTS_SKIP) return v;
    }
    return CTS_SKIP; /* with the driver's sentence on the last */
}
