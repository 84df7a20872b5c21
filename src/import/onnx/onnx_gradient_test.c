/* SPDX-License-Identifier: Apache-2.0 */
/* Gradient in models: the tensors it names become inputs, whatever the order of the file, and equal
 * weights stay apart. */
#include "import/onnx/onnx_testing.h"

#define TRAINING "ai.onnx.preview.training"

/* Gradient of y; xs are names with blanks between them. */
static msg_t gradient_node(const char *inputs, const char *outputs, const char *xs, const char *y) {
    msg_t n = new_node("Gradient", inputs, outputs);
    const msg_t list = attr_texts("xs", xs), of = attr_text("y", y);
    put_text(&n, NODE_DOMAIN, TRAINING);
    put_msg(&n, NODE_ATTR, &list);
    put_msg(&n, NODE_ATTR, &of);
    return n;
}

static msg_t training_model(const msg_t *g) {
    msg_t m = new_model(g, 17);
    put_opset(&m, MODEL_OPSET, TRAINING, 1);
    return m;
}

static void named_tensors_become_inputs_in_any_order_of_nodes(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    add_input(&g, "a", ANP_DTYPE_F32, "2");
    add_input(&g, "b", ANP_DTYPE_F32, "2");
    const msg_t gradient = gradient_node("a b", "da db", "a b", "y");
    add_node(&g, &gradient); /* before y is made: it has no input that says so */
    add_op(&g, "Mul", "a b", "y");
    add_output(&g, "da");
    add_output(&g, "db");
    const msg_t m = training_model(&g);
    expect_lines(&m, "y: f32[2] = Mul(a, b)\n"
                     "da: f32[2], db: f32[2] = ai.onnx.preview.training.Gradient(a, b, a, b, y) "
                     "{xs=[\"a\", \"b\"], y=\"y\"}\n"
                     "return da, db");
}

static void weights_that_begin_alike_are_two_variables(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    const float zeros[] = {0, 0};
    const msg_t v = tensor_f32s("v", "2", 2, zeros), w = tensor_f32s("w", "2", 2, zeros),
                other = tensor_f32s("other", "2", 2, zeros);
    add_input(&g, "x", ANP_DTYPE_F32, "2");
    add_input(&g, "w", ANP_DTYPE_F32, "2"); /* with a default */
    add_initializer(&g, &v);
    add_initializer(&g, &w);
    add_initializer(&g, &other);
    add_op(&g, "Mul", "x v", "p");
    add_op(&g, "Add", "p w", "q");
    add_op(&g, "Sub", "q other", "y");
    const msg_t gradient = gradient_node("v w", "dv dw", "v w", "y");
    add_node(&g, &gradient);
    add_output(&g, "dv");
    add_output(&g, "dw");
    const msg_t m = training_model(&g);
    expect_lines(&m,
                 "entry main(x: f32[2]) {\n"
                 "v_1: f32[2] = Identity(v)\n"
                 "w: f32[2] = Identity(v)\n"
                 "p: f32[2] = Mul(x, v_1)\n"
                 "q: f32[2] = Add(p, w)\n"
                 "y: f32[2] = Sub(q, v)\n"
                 "dv: f32[2], dw: f32[2] = ai.onnx.preview.training.Gradient(v_1, w, v_1, w, y) "
                 "{xs=[\"v\", \"w\"], y=\"y\"}");
}

static void a_constant_node_is_a_variable_too(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    const float one[] = {1};
    const msg_t t = tensor_f32s("t", "1", 1, one);
    add_input(&g, "x", ANP_DTYPE_F32, "1");
    add_op_attr(&g, "Constant", "", "c", attr_tensor("value", &t));
    add_op(&g, "Mul", "x c", "y");
    const msg_t gradient = gradient_node("c", "dc", "c", "y");
    add_node(&g, &gradient);
    add_output(&g, "dc");
    const msg_t m = training_model(&g);
    expect_lines(&m, "c_1: f32[1] = Identity(c)\n"
                     "y: f32[1] = Mul(x, c_1)");
}

static void names_that_nobody_defines_are_refused(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    add_input(&g, "a", ANP_DTYPE_F32, "2");
    const msg_t gradient = gradient_node("a", "da", "a", "loss");
    add_node(&g, &gradient);
    add_output(&g, "da");
    const msg_t m = training_model(&g);
    expect_import_fails(&m, ANP_INVALID_MODEL, "value 'loss' is not defined anywhere");
}

static void too_few_values_are_refused(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    add_input(&g, "a", ANP_DTYPE_F32, "2");
    add_op(&g, "Exp", "a", "y");
    const msg_t gradient = gradient_node("a", "da db", "a y", "y");
    add_node(&g, &gradient);
    add_output(&g, "da");
    const msg_t m = training_model(&g);
    expect_import_fails(&m, ANP_INVALID_MODEL, "4 inputs, expected 5");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_tensors_become_inputs_in_any_order_of_nodes),
        cmocka_unit_test(weights_that_begin_alike_are_two_variables),
        cmocka_unit_test(a_constant_node_is_a_variable_too),
        cmocka_unit_test(names_that_nobody_defines_are_refused),
        cmocka_unit_test(too_few_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
