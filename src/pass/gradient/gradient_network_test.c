/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of products, convolutions, pooling, normalisations, softmax and losses against
 * differences. */
#include "pass/gradient/testing_gradient.h"
#include <stdio.h>

/* y = op of inputs of these types ("a: f64[2, 3], b: f64[3]"). */
static void check(const char *inputs, const char *op, const char *xs, uint32_t flags) {
    char text[1024];
    snprintf(text, sizeof text, "entry main(%s) {\n    y = %s\n    return y\n}\n", inputs, op);
    anp_test_gradient(text, xs, flags);
}

static void products_of_matrices(void **state) {
    (void)state;
    static const char *const inputs[] = {"a: f64[2, 3], b: f64[3, 4]",
                                         "a: f64[3], b: f64[3, 4]",
                                         "a: f64[2, 3], b: f64[3]",
                                         "a: f64[3], b: f64[3]",
                                         "a: f64[2, 3, 4], b: f64[4, 2]",
                                         "a: f64[2, 3, 4], b: f64[4]",
                                         "a: f64[3], b: f64[2, 3, 2]",
                                         "a: f64[2, 3], b: f64[2, 3, 2]",
                                         "a: f64[2, 1, 2, 3], b: f64[4, 3, 2]",
                                         "a: f64[2, 2, 3], b: f64[1, 3, 2]",
                                         "a: f64[2, 1, 3], b: f64[2, 3, 1]"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(inputs); i++) check(inputs[i], "MatMul(a, b)", NULL, 0);
}

static void gemm_in_all_its_forms(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        char op[128], inputs[128];
        const int ta = i & 1, tb = i >> 1;
        snprintf(inputs, sizeof inputs, "a: f64[%s], b: f64[%s], c: f64[%s]", ta ? "3, 2" : "2, 3",
                 tb ? "4, 3" : "3, 4",
                 i == 0   ? "4"
                 : i == 1 ? "2, 1"
                 : i == 2 ? ""
                          : "2, 4");
        snprintf(op, sizeof op, "Gemm(a, b, c) {transA=%d, transB=%d, alpha=0.5, beta=2}", ta, tb);
        check(inputs, op, NULL, 0);
    }
    check("a: f64[2, 3], b: f64[3, 1]", "Gemm(a, b)", NULL, 0);
}

static void convolutions(void **state) {
    (void)state;
    static const struct {
        const char *inputs, *attrs;
        uint32_t flags;
    } cases[] = {
        {"x: f64[2, 2, 5, 4], w: f64[3, 2, 3, 2], b: f64[3]", "", ANP_GT_FIRST_FREE},
        {"x: f64[2, 2, 5, 4], w: f64[3, 2, 3, 2], b: f64[3]", "pads=[1, 0, 2, 1]",
         ANP_GT_FIRST_FREE},
        {"x: f64[2, 1, 6, 5], w: f64[2, 1, 2, 3], b: f64[2]", "strides=[3, 2]", ANP_GT_FIRST_FREE},
        {"x: f64[1, 2, 7, 7], w: f64[2, 2, 2, 3], b: f64[2]", "dilations=[3, 2]",
         ANP_GT_FIRST_FREE},
        {"x: f64[2, 2, 8, 7], w: f64[2, 2, 2, 2], b: f64[2]",
         "strides=[3, 2], dilations=[2, 3], pads=[1, 2, 0, 1]", ANP_GT_FIRST_FREE},
        {"x: f64[2, 4, 4, 3], w: f64[6, 2, 2, 2], b: f64[6]", "group=2, strides=[2, 1]",
         ANP_GT_FIXED_ONLY},
        {"x: f64[2, 3, 4, 4], w: f64[3, 1, 3, 3], b: f64[3]", "group=3, pads=[1, 1, 1, 1]",
         ANP_GT_FIXED_ONLY},
        {"x: f64[1, 2, 6], w: f64[2, 2, 3], b: f64[2]", "strides=[2]", ANP_GT_FIRST_FREE},
        {"x: f64[1, 1, 3, 3, 3], w: f64[2, 1, 2, 2, 2], b: f64[2]", "", ANP_GT_FIRST_FREE},
        {"x: f64[1, 2, 5, 5], w: f64[2, 2, 3, 2], b: f64[2]",
         "auto_pad=\"SAME_UPPER\", strides=[2, 2]", ANP_GT_FIXED_ONLY},
        {"x: f64[1, 2, 5, 5], w: f64[2, 2, 3, 2], b: f64[2]",
         "auto_pad=\"SAME_LOWER\", strides=[2, 3]", ANP_GT_FIXED_ONLY},
        {"x: f64[1, 2, 5, 5], w: f64[2, 2, 3, 2], b: f64[2]", "auto_pad=\"VALID\"",
         ANP_GT_FIXED_ONLY},
    };
    for (size_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        char op[256];
        snprintf(op, sizeof op, "Conv(x, w, b) {%s}", cases[i].attrs);
        check(cases[i].inputs, op, NULL, cases[i].flags);
    }
}

static void transposed_convolutions(void **state) {
    (void)state;
    static const struct {
        const char *inputs, *attrs;
        uint32_t flags;
    } cases[] = {
        {"x: f64[2, 2, 3, 3], w: f64[2, 3, 2, 3], b: f64[3]", "", ANP_GT_FIRST_FREE},
        {"x: f64[2, 2, 3, 2], w: f64[2, 2, 3, 3], b: f64[2]",
         "strides=[2, 3], pads=[1, 0, 1, 2], output_padding=[1, 2]", ANP_GT_FIRST_FREE},
        {"x: f64[1, 2, 3, 3], w: f64[2, 1, 2, 2], b: f64[1]",
         "dilations=[2, 3], strides=[2, 1], output_padding=[1, 2]", ANP_GT_FIRST_FREE},
        {"x: f64[2, 4, 3, 2], w: f64[4, 2, 2, 2], b: f64[4]", "group=2, strides=[2, 2]",
         ANP_GT_FIXED_ONLY},
        {"x: f64[1, 2, 3, 3], w: f64[2, 1, 3, 3], b: f64[1]",
         "auto_pad=\"SAME_UPPER\", strides=[2, 2]", ANP_GT_FIXED_ONLY},
        {"x: f64[1, 2, 3, 3], w: f64[2, 1, 3, 3], b: f64[1]", "output_shape=[6, 8], strides=[2, 2]",
         ANP_GT_FIXED_ONLY},
        {"x: f64[1, 2, 4], w: f64[2, 2, 3], b: f64[2]", "strides=[2]", ANP_GT_FIRST_FREE},
    };
    for (size_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        char op[256];
        snprintf(op, sizeof op, "ConvTranspose(x, w, b) {%s}", cases[i].attrs);
        check(cases[i].inputs, op, NULL, cases[i].flags);
    }
}

static void pooling(void **state) {
    (void)state;
    static const struct {
        const char *input, *op;
        uint32_t flags;
    } cases[] = {
        {"x: f64[2, 2, 4, 5]", "MaxPool(x) {kernel_shape=[2, 2], strides=[2, 2]}", 0},
        {"x: f64[2, 2, 4, 5]", "MaxPool(x) {kernel_shape=[3, 2], pads=[1, 0, 1, 1]}", 0},
        {"x: f64[1, 2, 5, 6]",
         "MaxPool(x) {kernel_shape=[2, 2], dilations=[2, 1], strides=[1, 3], ceil_mode=1}", 0},
        {"x: f64[1, 2, 5]", "MaxPool(x) {kernel_shape=[3], auto_pad=\"SAME_UPPER\"}", 0},
        {"x: f64[2, 1, 4, 4]", "MaxPool(x) {kernel_shape=[2, 2], storage_order=1}", 0},
        {"x: f64[2, 2, 4, 5]", "AveragePool(x) {kernel_shape=[2, 2], strides=[2, 2]}", 0},
        {"x: f64[2, 2, 4, 5]", "AveragePool(x) {kernel_shape=[3, 2], pads=[1, 0, 1, 1]}", 0},
        {"x: f64[2, 2, 4, 5]",
         "AveragePool(x) {kernel_shape=[3, 2], pads=[1, 0, 1, 1], count_include_pad=1}", 0},
        {"x: f64[1, 2, 5, 6]", "AveragePool(x) {kernel_shape=[2, 3], dilations=[2, 1]}", 0},
        {"x: f64[1, 2, 6, 5]",
         "AveragePool(x) {kernel_shape=[3, 3], strides=[2, 3], pads=[1, 1, 0, 1], ceil_mode=1}", 0},
        {"x: f64[1, 2, 6, 5]",
         "AveragePool(x) {kernel_shape=[3, 3], strides=[2, 3], pads=[1, 1, 0, 1], ceil_mode=1, "
         "count_include_pad=1}",
         0},
        {"x: f64[1, 2, 5]",
         "AveragePool(x) {kernel_shape=[3], auto_pad=\"SAME_LOWER\", strides=[2]}",
         ANP_GT_FIXED_ONLY},
        {"x: f64[2, 2, 3, 2]", "GlobalAveragePool(x)", 0},
        {"x: f64[2, 2, 3, 2]", "GlobalMaxPool(x)", 0},
        {"x: f64[2, 3, 4]", "GlobalMaxPool(x)", 0},
    };
    for (size_t i = 0; i < ANP_ARRAY_LEN(cases); i++)
        check(cases[i].input, cases[i].op, NULL, cases[i].flags);
}

static void the_pooling_is_done_once(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(x: f32[1, 1, 4, 4]) {\n"
                                       "    y = MaxPool(x) {kernel_shape=[2, 2]}\n"
                                       "    z = Relu(y)\n    return y, z\n}\n");
    anp_value_t *grad;
    anp_test_add_gradient(g, "x", "", "z", &grad);
    assert_int_equal(anp_graph_output(g, "dx", grad), ANP_OK);
    assert_int_equal(anp_pass_gradient(g, NULL), ANP_OK);
    uint32_t n = 0;
    for (const anp_node_t *at = anp_graph_find_entry(g, "main")->first; at; at = at->next)
        n += anp_node_is(at, ANP_OP_MaxPool);
    assert_int_equal(n, 1);
    assert_int_equal(anp_graph_verify(g), ANP_OK);
    anp_graph_release(g);
}

static void known_sizes_need_no_arithmetic(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(x: f32[N, 2, 7, 6], w: f32[3, 2, 3, 3]) {\n"
                                       "    y = Conv(x, w) {strides=[2, 2], pads=[1, 1, 1, 1]}\n"
                                       "    return y\n}\n");
    anp_value_t *grads[2];
    anp_test_add_gradient(g, "x w", "", "y", grads);
    assert_int_equal(anp_graph_output(g, "dx", grads[0]), ANP_OK);
    assert_int_equal(anp_graph_output(g, "dw", grads[1]), ANP_OK);
    assert_int_equal(anp_pass_gradient(g, NULL), ANP_OK);
    for (const anp_node_t *at = anp_graph_find_entry(g, "main")->first; at; at = at->next)
        assert_false(anp_node_is(at, ANP_OP_Pad) || anp_node_is(at, ANP_OP_Sub));
    anp_graph_release(g);
}

static void normalisations(void **state) {
    (void)state;
    const char *batch = "x: f64[3, 2, 2], s: f64[2], b: f64[2], m: f64[2], v: f64[2]";
    anp_test_gradient("entry main(x: f64[3, 2, 2], s: f64[2], b: f64[2], m: f64[2], p: f64[2]) {\n"
                      "    v = Exp(p)\n    y = BatchNormalization(x, s, b, m, v)\n"
                      "    return y\n}\n",
                      NULL, 0);
    check(batch, "BatchNormalization(x, s, b, m, v) {training_mode=1}", "x s b", 0);
    check("x: f64[4, 3], s: f64[3], b: f64[3], m: f64[3], v: f64[3]",
          "BatchNormalization(x, s, b, m, v) {training_mode=1, epsilon=0.1}", "x s b", 0);
    anp_test_gradient("entry main(x: f64[3, 2, 2], s: f64[2], b: f64[2], m: f64[2], v: f64[2]) {\n"
                      "    y, nm, nv = BatchNormalization(x, s, b, m, v) {training_mode=1}\n"
                      "    return y, nm, nv\n}\n",
                      "x s b", 0);
    check("x: f64[2, 2, 3], s: f64[3], b: f64[3]", "LayerNormalization(x, s, b)", NULL, 0);
    check("x: f64[2, 3, 2], s: f64[3, 2]", "LayerNormalization(x, s) {axis=1, epsilon=0.1}", NULL,
          0);
    check("x: f64[2, 3, 2], s: f64[2], b: f64[1]", "LayerNormalization(x, s, b) {axis=-2}", NULL,
          0);
    check("x: f64[2, 2, 3], s: f64[3]", "RMSNormalization(x, s)", NULL, 0);
    check("x: f64[2, 3, 2], s: f64[2]", "RMSNormalization(x, s) {axis=1}", NULL, 0);
    check("x: f64[2, 2, 3, 2], s: f64[2], b: f64[2]", "InstanceNormalization(x, s, b)", NULL, 0);
    check("x: f64[2, 4, 3], s: f64[4], b: f64[4]", "GroupNormalization(x, s, b) {num_groups=2}",
          NULL, 0);
}

static void softmax_along_an_axis(void **state) {
    (void)state;
    check("x: f64[2, 3, 2]", "Softmax(x)", NULL, 0);
    check("x: f64[2, 3, 2]", "Softmax(x) {axis=1}", NULL, 0);
    check("x: f64[2, 3, 2]", "LogSoftmax(x) {axis=0}", NULL, 0);
    check("x: f64[2, 3]", "LogSoftmax(x)", NULL, 0);
}

static void losses(void **state) {
    (void)state;
    static const char *const attrs[] = {"reduction=\"mean\"",
                                        "reduction=\"sum\"",
                                        "reduction=\"none\"",
                                        "reduction=\"mean\", ignore_index=1",
                                        "reduction=\"none\", ignore_index=-1",
                                        "reduction=\"sum\", ignore_index=0"};
    static const char *const operands[] = {"x, l", "x, l, w"};
    static const char *const operators[] = {"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(attrs) * 4; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "const l: i64[3, 2] = {2, 0, 1, %s, 0, 2}\n"
                 "const w: f64[3] = {0.5, 2, 1.5}\n"
                 "entry main(x: f64[3, 3, 2]) {\n    y = %s(%s) {%s}\n    return y\n}\n",
                 i / 4 == 4 ? "-1" : "2", operators[i % 2], operands[i / 2 % 2], attrs[i / 4]);
        anp_test_gradient(text, NULL, 0);
    }
}

static void cross_entropy_with_its_probabilities(void **state) {
    (void)state;
    anp_test_gradient("const l: i32[2] = {2, 0}\n"
                      "entry main(x: f64[2, 3]) {\n"
                      "    loss, p = SoftmaxCrossEntropyLoss(x, l)\n"
                      "    y = Mul(p, loss)\n    return y\n}\n",
                      NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_of_matrices),
        cmocka_unit_test(gemm_in_all_its_forms),
        cmocka_unit_test(convolutions),
        cmocka_unit_test(transposed_convolutions),
        cmocka_unit_test(pooling),
        cmocka_unit_test(the_pooling_is_done_once),
        cmocka_unit_test(known_sizes_need_no_arithmetic),
        cmocka_unit_test(normalisations),
        cmocka_unit_test(softmax_along_an_axis),
        cmocka_unit_test(losses),
        cmocka_unit_test(cross_entropy_with_its_probabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
