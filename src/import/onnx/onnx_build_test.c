/* SPDX-License-Identifier: Apache-2.0 */
/* Whole models: names, order, subgraphs, functions, and what is refused. */
#include "import/onnx/onnx_import.h"
#include "import/onnx/onnx_importer.h"
#include "import/onnx/onnx_testing.h"
#include <stdio.h>

/* x: f32[N, 2] -> Relu -> y */
static msg_t relu_graph(void) {
    msg_t g = {.n = 0};
    add_input(&g, "x", ANP_DTYPE_F32, "N 2");
    add_op(&g, "Relu", "x", "y");
    add_output(&g, "y");
    return g;
}

/* ---- inputs, constants, outputs ---- */

static void a_small_model_becomes_a_graph(void **state) {
    (void)state;
    const msg_t g = relu_graph(), m = new_model(&g, 17);
    expect_lines(&m, "entry main(x: f32[N, 2]) {\n"
                     "y: f32[N, 2] = Relu(x)\n"
                     "return y");
}

static void an_initializer_that_is_an_input_too_is_a_constant(void **state) {
    (void)state;
    msg_t g = relu_graph();
    const float w[] = {1, 2};
    const msg_t t = tensor_f32s("w", "2", 2, w);
    add_input(&g, "w", ANP_DTYPE_F32, "2");
    add_initializer(&g, &t);
    add_op(&g, "Add", "y w", "z");
    add_output(&g, "z");
    const msg_t m = new_model(&g, 8);
    expect_lines(&m, "const w: f32[2] = {1.0, 2.0}\n"
                     "entry main(x: f32[N, 2]) {\n"
                     "z: f32[N, 2] = Add(y, w)");
}

static void a_sparse_initializer_becomes_dense(void **state) {
    (void)state;
    msg_t g = relu_graph(), sparse = {.n = 0};
    const float values[] = {5, 6};
    const int64_t indices[] = {0, 1, 1, 0};
    const msg_t v = tensor_f32s("w", "2", 2, values), i = tensor_i64s("i", "2 2", 4, indices);
    put_msg(&sparse, 1, &v);
    put_msg(&sparse, 2, &i);
    put_int(&sparse, 3, 2);
    put_int(&sparse, 3, 2);
    put_msg(&g, 15, &sparse);
    add_op(&g, "Add", "y w", "z");
    add_output(&g, "z");
    const msg_t m = new_model(&g, 17);
    expect_lines(&m, "const w: f32[2, 2] = {0.0, 5.0, 6.0, 0.0}");
}

static void sparse_indices_outside_the_tensor_are_refused(void **state) {
    (void)state;
    msg_t g = relu_graph(), sparse = {.n = 0};
    const float values[] = {5};
    const int64_t indices[] = {4};
    const msg_t v = tensor_f32s("w", "1", 1, values), i = tensor_i64s("i", "1", 1, indices);
    put_msg(&sparse, 1, &v);
    put_msg(&sparse, 2, &i);
    put_int(&sparse, 3, 4);
    put_msg(&g, 15, &sparse);
    const msg_t m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "sparse index 0 is 4, expected 0 to 3");
}

static void dense_forms_of_sparse_tensors_are_bounded(void **state) {
    (void)state;
    msg_t g = relu_graph(), sparse = {.n = 0};
    const msg_t v = tensor("w", ANP_DTYPE_F32, "0"), i = tensor("i", ANP_DTYPE_I64, "0");
    put_msg(&sparse, 1, &v);
    put_msg(&sparse, 2, &i);
    put_int(&sparse, 3, INT64_C(1) << 32);
    put_msg(&g, 15, &sparse);
    const msg_t m = new_model(&g, 17);
    expect_import_fails(&m, ANP_LIMIT, "256 MiB");
}

static void constant_nodes_of_every_kind_become_constants(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    const int64_t ints[] = {1, 2};
    add_op_attr(&g, "Constant", "", "a", attr_ints("value_ints", 2, ints));
    add_op_attr(&g, "Constant", "", "b", attr_float("value_float", 1.5f));
    add_op_attr(&g, "Constant", "", "c", attr_text("value_string", "hi"));
    add_op_attr(&g, "Constant", "", "d", attr_ints("value_ints", 0, NULL));
    const msg_t t = tensor_i64s("", "1", 1, ints);
    add_op_attr(&g, "Constant", "", "e", attr_tensor("value", &t));
    add_op(&g, "SequenceConstruct", "a d e", "f");
    add_op(&g, "Relu", "b", "g");
    add_op(&g, "Identity", "c", "h");
    const msg_t m = new_model(&g, 17);
    expect_lines(&m, "const a: i64[2] = {1, 2}\n"
                     "const b: f32[] = {1.5}\n"
                     "const c: string[] = {\"hi\"}\n"
                     "const d: i64[0] = {}\n"
                     "const e: i64[1] = {1}");
}

static void outputs_keep_their_names_when_they_are_inputs_or_the_same_value(void **state) {
    (void)state;
    msg_t g = relu_graph();
    add_output(&g, "x");
    msg_t m = new_model(&g, 17);
    anp_graph_t *graph = import_ok(&m);
    const anp_block_t *b = anp_graph_find_entry(graph, "main");
    assert_int_equal(b->n_outputs, 2);
    assert_string_equal(b->outputs[1]->name, "x");
    assert_ptr_not_equal(b->outputs[1], b->inputs[0]);
    anp_graph_release(graph);
    add_output(&g, "y");
    m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "output 'y' is given twice");
}

/* test.Pick(a, b) -> o, p: both are its inputs. */
static void outputs_of_functions_may_be_one_value(void **state) {
    (void)state;
    msg_t g = relu_graph(), f = new_function("Pick", "a b", "o p"),
          copy = new_node("Neg", "a", "o");
    msg_t call = new_node("Pick", "y", "z w");
    put_text(&call, NODE_DOMAIN, "test");
    add_function_node(&f, &copy);
    add_node(&g, &call);
    add_output(&g, "z");
    msg_t m = new_model(&g, 17);
    add_function(&m, &f);
    expect_import_fails(&m, ANP_INVALID_MODEL, "value 'p' is not defined");
    f = new_function("Pick", "a b", "a b");
    m = new_model(&g, 17);
    add_function(&m, &f);
    expect_import_fails(&m, ANP_INVALID_MODEL, "output 'b' is an input the call leaves out");
    call = new_node("Pick", "y y", "z w");
    put_text(&call, NODE_DOMAIN, "test");
    g = relu_graph();
    add_node(&g, &call);
    add_output(&g, "z");
    add_output(&g, "w");
    m = new_model(&g, 17);
    add_function(&m, &f);
    expect_lines(&m, "z: f32[N, 2] = Identity(y)\nw: f32[N, 2] = Identity(y)\nreturn y, z, w");
}

static void free_dimensions_get_symbols_and_can_be_fixed(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    add_input(&g, "x", ANP_DTYPE_F32, "N ? -1 3");
    add_op(&g, "Relu", "x", "y");
    add_output(&g, "y");
    const msg_t m = new_model(&g, 17);
    expect_lines(&m, "entry main(x: f32[N, \"x:1\", \"x:2\", 3]) {");
    const anp_import_dim_t dims[] = {{"N", 8}, {"x:1", 5}}, missing[] = {{"M", 1}};
    anp_import_options_t options = {.dims = dims, .n_dims = 2};
    anp_graph_t *graph;
    assert_int_equal(anp_onnx_import_bytes(m.data, m.n, "m.onnx", NULL, &options, &graph), ANP_OK);
    expect_line(graph, "entry main(x: f32[8, 5, \"x:2\", 3]) {");
    anp_graph_release(graph);
    options.dims = missing;
    options.n_dims = 1;
    assert_int_equal(anp_onnx_import_bytes(m.data, m.n, "m.onnx", NULL, &options, &graph),
                     ANP_INVALID_ARGUMENT);
    anp_test_expect_message("no free dimension 'M'");
}

static void shapes_of_the_caller_replace_declared_ones(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    add_input(&g, "x", ANP_DTYPE_F32, "3 4");
    add_op(&g, "Relu", "x", "y");
    add_output(&g, "y");
    const msg_t m = new_model(&g, 17);
    const int64_t dims[] = {1}, bad[] = {-1};
    anp_import_shape_t shape = {.input = "x", .rank = 1, .dims = dims};
    const anp_import_options_t options = {.shapes = &shape, .n_shapes = 1};
    anp_graph_t *graph;
    assert_int_equal(anp_onnx_import_bytes(m.data, m.n, "m.onnx", NULL, &options, &graph), ANP_OK);
    expect_line(graph, "y: f32[1] = Relu(x)");
    anp_graph_release(graph);
    shape.dims = bad;
    assert_int_equal(anp_onnx_import_bytes(m.data, m.n, "m.onnx", NULL, &options, &graph),
                     ANP_INVALID_ARGUMENT);
    anp_test_expect_message("input 'x': dimension 0 is -1");
    shape.rank = ANP_RANK_MAX + 1;
    assert_int_equal(anp_onnx_import_bytes(m.data, m.n, "m.onnx", NULL, &options, &graph),
                     ANP_INVALID_ARGUMENT);
    shape = (anp_import_shape_t){.input = "y"};
    assert_int_equal(anp_onnx_import_bytes(m.data, m.n, "m.onnx", NULL, &options, &graph),
                     ANP_INVALID_ARGUMENT);
    anp_test_expect_message("no input 'y'");
}

static void wrong_types_of_inputs_are_refused(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    add_input(&g, "x", 99, "1");
    msg_t m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "input 'x': elem_type is 99");
    g.n = 0;
    add_input(&g, "x", ANP_DTYPE_F32, "-2");
    m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "dimension 0 is -2");
    g.n = 0;
    add_input(&g, "x", ANP_DTYPE_F32, "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1");
    m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "17 dimensions");
}

/* ---- order ---- */

static void nodes_out_of_order_are_sorted(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    add_input(&g, "x", ANP_DTYPE_F32, "2");
    add_op(&g, "Neg", "b", "c");
    add_op(&g, "Abs", "a", "b");
    add_op(&g, "Relu", "x", "a");
    add_output(&g, "c");
    const msg_t m = new_model(&g, 17);
    expect_lines(&m, "a: f32[2] = Relu(x)\nb: f32[2] = Abs(a)\nc: f32[2] = Neg(b)");
}

static void a_cycle_is_refused(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    add_op(&g, "Relu", "b", "a");
    add_op(&g, "Neg", "a", "b");
    msg_t m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "(a cycle)");
    g.n = 0;
    add_op(&g, "Relu", "a", "a");
    m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "(a cycle)");
}

static void names_defined_twice_are_refused(void **state) {
    (void)state;
    msg_t g = relu_graph();
    add_op(&g, "Neg", "x", "y");
    msg_t m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "'y' is defined twice");
    g = relu_graph();
    add_op(&g, "Constant", "", "x");
    m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "0 attributes, expected the one");
    g = relu_graph();
    add_op_attr(&g, "Constant", "", "x", attr_float("value_float", 1));
    m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "'x' is defined twice");
    g = relu_graph();
    add_input(&g, "x", ANP_DTYPE_F32, "1");
    m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "'x' is defined twice");
}

static void undefined_names_are_refused(void **state) {
    (void)state;
    msg_t g = relu_graph();
    add_op(&g, "Neg", "nowhere", "z");
    msg_t m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "(Neg): value 'nowhere' is not defined");
    g = relu_graph();
    add_output(&g, "nothing");
    m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "output 1: value 'nothing' is not defined");
}

/* ---- subgraphs ---- */

/* A branch that computes `op` of a name of the enclosing graph. */
static msg_t branch(const char *op, const char *input, const char *output) {
    msg_t g = {.n = 0};
    add_op(&g, op, input, output);
    add_output(&g, output);
    return g;
}

static void add_if(msg_t *g, const char *cond, const char *output, const msg_t *then_branch,
                   const msg_t *else_branch) {
    msg_t node = new_node("If", cond, output);
    const msg_t t = attr_graph("then_branch", then_branch),
                e = attr_graph("else_branch", else_branch);
    put_msg(&node, NODE_ATTR, &t);
    put_msg(&node, NODE_ATTR, &e);
    add_node(g, &node);
}

static void subgraphs_capture_values_around_them(void **state) {
    (void)state;
    msg_t g = relu_graph();
    const msg_t t = branch("Neg", "y", "t"), e = branch("Abs", "x", "t");
    add_input(&g, "c", ANP_DTYPE_BOOL, "");
    add_if(&g, "c", "z", &t, &e);
    add_output(&g, "z");
    const msg_t m = new_model(&g, 17);
    expect_lines(&m, "y: f32[N, 2] = Relu(x)\n"
                     "z: f32[N, 2] = If(c) then_branch() {\n"
                     "t: f32[N, 2] = Neg(y)\n"
                     "} else_branch() {\n"
                     "t_1: f32[N, 2] = Abs(x)");
}

static void a_branch_may_contradict_itself(void **state) {
    (void)state;
    msg_t t = {.n = 0}, g = relu_graph();
    const msg_t e = branch("Neg", "y", "t");
    add_op_attr(&t, "Flatten", "y", "t", attr_int("axis", 7));
    add_output(&t, "t");
    add_input(&g, "c", ANP_DTYPE_BOOL, "");
    add_if(&g, "c", "z", &t, &e);
    add_output(&g, "z");
    const msg_t m = new_model(&g, 17);
    expect_lines(&m, "z: f32 = If(c) then_branch() {\nt: f32 = Flatten(y) {axis=7}");
    add_op_attr(&g, "Flatten", "y", "w", attr_int("axis", 7));
    const msg_t outside = new_model(&g, 17);
    expect_import_fails(&outside, ANP_INVALID_MODEL, "node 'w' (Flatten): ");
}

static void a_node_waits_for_what_its_subgraphs_capture(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    const msg_t t = branch("Neg", "y", "t"), e = branch("Abs", "x", "t");
    add_input(&g, "x", ANP_DTYPE_F32, "2");
    add_input(&g, "c", ANP_DTYPE_BOOL, "");
    add_if(&g, "c", "z", &t, &e);
    add_op(&g, "Relu", "x", "y");
    add_output(&g, "z");
    const msg_t m = new_model(&g, 17);
    expect_lines(&m, "y: f32[2] = Relu(x)\nz: f32[2] = If(c) then_branch() {");
}

static void an_inner_name_hides_an_outer_one(void **state) {
    (void)state;
    msg_t g = relu_graph(), t = {.n = 0};
    const msg_t e = branch("Abs", "x", "t");
    add_op(&t, "Neg", "x", "y"); /* y again */
    add_op(&t, "Exp", "y", "t");
    add_output(&t, "t");
    add_input(&g, "c", ANP_DTYPE_BOOL, "");
    add_if(&g, "c", "z", &t, &e);
    add_output(&g, "z");
    const msg_t m = new_model(&g, 17);
    expect_lines(&m, "y_1: f32[N, 2] = Neg(x)\nt: f32[N, 2] = Exp(y_1)");
}

static void names_of_one_branch_are_unknown_in_the_other(void **state) {
    (void)state;
    msg_t g = relu_graph();
    const msg_t t = branch("Neg", "y", "t"), e = branch("Abs", "t", "u");
    add_input(&g, "c", ANP_DTYPE_BOOL, "");
    add_if(&g, "c", "z", &t, &e);
    const msg_t m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "value 't' is not defined");
}

/* ---- functions ---- */

/* test.Twice(a) -> b: b = Act(Add(a, a)), where Act is Elu with the call's alpha. */
static msg_t twice_function(void) {
    msg_t f = new_function("Twice", "a", "b"), act = new_node("Elu", "s", "b");
    const msg_t add = new_node("Add", "a a", "s"), ref = attr_ref("alpha", "slope", 1);
    put_text(&f, 6, "slope");
    put_msg(&act, NODE_ATTR, &ref);
    add_function_node(&f, &add);
    add_function_node(&f, &act);
    return f;
}

static msg_t call_node(const char *op, const char *inputs, const char *outputs) {
    msg_t node = new_node(op, inputs, outputs);
    put_text(&node, NODE_DOMAIN, "test");
    return node;
}

static void functions_are_expanded_with_their_attributes(void **state) {
    (void)state;
    msg_t g = {.n = 0}, call = call_node("Twice", "x", "y");
    const msg_t slope = attr_float("slope", 0.5f), f = twice_function();
    put_msg(&call, NODE_ATTR, &slope);
    put_text(&call, 3, "call_0");
    add_input(&g, "x", ANP_DTYPE_F32, "2");
    add_node(&g, &call);
    add_output(&g, "y");
    msg_t m = new_model(&g, 17);
    add_function(&m, &f);
    expect_lines(&m, "call_0/s: f32[2] = Add(x, x)\n"
                     "y: f32[2] = Elu(call_0/s) {alpha=0.5}");
}

static void an_attribute_the_call_leaves_out_takes_the_functions_default(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    const msg_t call = call_node("Twice", "x", "y"), slope = attr_float("slope", 0.25f);
    add_input(&g, "x", ANP_DTYPE_F32, "2");
    add_node(&g, &call);
    add_output(&g, "y");
    msg_t m = new_model(&g, 17), f = twice_function();
    add_function(&m, &f);
    expect_lines(&m, "y: f32[2] = Elu(Twice/s)"); /* no default: left out */
    put_msg(&f, 11, &slope);
    m = new_model(&g, 17);
    add_function(&m, &f);
    expect_lines(&m, "y: f32[2] = Elu(Twice/s) {alpha=0.25}");
}

static void functions_may_call_functions(void **state) {
    (void)state;
    msg_t g = {.n = 0}, f = new_function("Four", "a", "b");
    const msg_t inner_1 = call_node("Twice", "a", "t"), inner_2 = call_node("Twice", "t", "b"),
                call = call_node("Four", "x", "y"), twice = twice_function();
    add_function_node(&f, &inner_1);
    add_function_node(&f, &inner_2);
    add_input(&g, "x", ANP_DTYPE_F32, "2");
    add_node(&g, &call);
    add_output(&g, "y");
    msg_t m = new_model(&g, 17);
    add_function(&m, &f);
    add_function(&m, &twice);
    expect_lines(&m, "Four/Twice/s: f32[2] = Add(x, x)\n"
                     "Four/t: f32[2] = Elu(Four/Twice/s)\n"
                     "Four/Twice/s_1: f32[2] = Add(Four/t, Four/t)\n"
                     "y: f32[2] = Elu(Four/Twice/s_1)");
}

/* test.Maybe(a, b) -> o: If(a) b else b, called without b. */
static void a_branch_cannot_give_what_the_call_leaves_out(void **state) {
    (void)state;
    msg_t g = {.n = 0}, f = new_function("Maybe", "a b", "o"), node = new_node("If", "a", "o");
    msg_t same = {.n = 0};
    add_output(&same, "b");
    const msg_t t = attr_graph("then_branch", &same), e = attr_graph("else_branch", &same),
                call = call_node("Maybe", "c", "y");
    put_msg(&node, NODE_ATTR, &t);
    put_msg(&node, NODE_ATTR, &e);
    add_function_node(&f, &node);
    add_input(&g, "c", ANP_DTYPE_BOOL, "");
    add_node(&g, &call);
    add_output(&g, "y");
    msg_t m = new_model(&g, 17);
    add_function(&m, &f);
    expect_import_fails(&m, ANP_INVALID_MODEL, "output 0: 'b' is an input the call leaves out");
}

static void a_function_that_calls_itself_is_refused(void **state) {
    (void)state;
    msg_t g = {.n = 0}, f = new_function("Loopy", "a", "b");
    const msg_t inner = call_node("Loopy", "a", "b"), call = call_node("Loopy", "x", "y");
    add_function_node(&f, &inner);
    add_input(&g, "x", ANP_DTYPE_F32, "2");
    add_node(&g, &call);
    add_output(&g, "y");
    msg_t m = new_model(&g, 17);
    add_function(&m, &f);
    expect_import_fails(&m, ANP_INVALID_MODEL, "calls itself");
}

/* F0 calls F1 twice, F1 calls F2 twice ... : 2^30 nodes from a few kilobytes. */
static void expansion_of_functions_is_bounded(void **state) {
    (void)state;
    enum { LEVELS = 30 };
    msg_t g = {.n = 0}, m;
    const msg_t call = call_node("F0", "x", "y");
    add_input(&g, "x", ANP_DTYPE_F32, "2");
    add_node(&g, &call);
    add_output(&g, "y");
    m = new_model(&g, 17);
    for (int i = 0; i < LEVELS; i++) {
        char name[16], inner[16];
        snprintf(name, sizeof name, "F%d", i);
        snprintf(inner, sizeof inner, "F%d", i + 1);
        msg_t f = new_function(name, "a", "b");
        const msg_t n1 = i + 1 < LEVELS ? call_node(inner, "a", "t") : new_node("Relu", "a", "t");
        const msg_t n2 = i + 1 < LEVELS ? call_node(inner, "t", "b") : new_node("Relu", "t", "b");
        add_function_node(&f, &n1);
        add_function_node(&f, &n2);
        add_function(&m, &f);
    }
    expect_import_fails(&m, ANP_LIMIT, "functions expand to more than");
}

static void calls_must_fit_their_function(void **state) {
    (void)state;
    msg_t g = {.n = 0};
    const msg_t call = call_node("Twice", "x x", "y"), f = twice_function();
    add_input(&g, "x", ANP_DTYPE_F32, "2");
    add_node(&g, &call);
    msg_t m = new_model(&g, 17);
    add_function(&m, &f);
    expect_import_fails(&m, ANP_INVALID_MODEL, "2 inputs, the function takes 1");
    add_function(&m, &f);
    expect_import_fails(&m, ANP_INVALID_MODEL, "function 'Twice': defined twice");
}

/* ---- versions and operators ---- */

static void unknown_operators_are_named_with_domain_and_version(void **state) {
    (void)state;
    msg_t g = relu_graph();
    msg_t node = new_node("Frobnicate", "y", "z");
    put_text(&node, 3, "frob_1");
    add_node(&g, &node);
    msg_t m = new_model(&g, 17);
    expect_import_fails(&m, ANP_UNSUPPORTED,
                        "node 'frob_1' (Frobnicate): operator Frobnicate of domain 'ai.onnx', "
                        "operator set 17, is not known here");
    g = relu_graph();
    put_text(&node, NODE_DOMAIN, "org.example");
    add_node(&g, &node);
    m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "'org.example' has no version in opset_import");
}

static void versions_out_of_range_are_refused(void **state) {
    (void)state;
    const msg_t g = relu_graph();
    msg_t m = new_model(&g, 0);
    expect_import_fails(&m, ANP_INVALID_MODEL, "operator set 0");
    m = new_model(&g, 17);
    put_int(&m, 1, 2);
    expect_import_fails(&m, ANP_UNSUPPORTED, "ir_version is 2");
    put_int(&m, 1, 14);
    expect_import_fails(&m, ANP_UNSUPPORTED, "ir_version is 14");
}

static void versions_of_classic_models_are_known_too(void **state) {
    (void)state;
    const msg_t g = relu_graph();
    msg_t m = new_model(&g, 17);
    put_opset(&m, MODEL_OPSET, "ai.onnx.ml", 0);
    expect_import_fails(&m, ANP_INVALID_MODEL, "operator set 0 of ai.onnx.ml, expected at least 1");
}

static void count_warnings(void *user, int level, const char *text) {
    if (level == 2 && strstr(text, "operator set 28 is newer than 27")) ++*(int *)user;
}

static void a_newer_operator_set_is_read_with_a_warning(void **state) {
    (void)state;
    int n = 0;
    const anp_import_options_t options = {.log = count_warnings, .log_user = &n};
    const msg_t g = relu_graph(), m = new_model(&g, 28);
    anp_graph_t *graph;
    assert_int_equal(anp_onnx_import_bytes(m.data, m.n, "m.onnx", NULL, &options, &graph), ANP_OK);
    assert_int_equal(n, 1);
    anp_graph_release(graph);
}

static void attributes_given_twice_or_of_unknown_kind_are_refused(void **state) {
    (void)state;
    msg_t g = relu_graph(), node = new_node("Elu", "y", "z");
    const msg_t a = attr_float("alpha", 1);
    put_msg(&node, NODE_ATTR, &a);
    put_msg(&node, NODE_ATTR, &a);
    add_node(&g, &node);
    msg_t m = new_model(&g, 17);
    expect_import_fails(&m, ANP_INVALID_MODEL, "attribute 'alpha' is given twice");
    g = relu_graph();
    msg_t odd = {.n = 0};
    put_text(&odd, 1, "alpha");
    put_int(&odd, 20, 77);
    node = new_node("Elu", "y", "z");
    put_msg(&node, NODE_ATTR, &odd);
    add_node(&g, &node);
    m = new_model(&g, 17);
    expect_import_fails(&m, ANP_UNSUPPORTED, "attributes of type 77");
}

/* ---- the file as a whole ---- */

static void a_model_cut_anywhere_never_gets_far(void **state) {
    (void)state;
    static const anp_import_options_t options = {0};
    const msg_t g = relu_graph(), m = new_model(&g, 17);
    for (size_t n = 0; n < m.n; n++) {
        anp_graph_t *graph;
        assert_int_not_equal(anp_onnx_import_bytes(m.data, n, "m.onnx", NULL, &options, &graph),
                             ANP_OK);
        assert_null(graph);
    }
}

static anp_status_t stop_at_once(void *user, double done, const char *what) {
    (void)done;
    assert_string_equal(what, "import");
    return *(const anp_status_t *)user;
}

static void progress_can_end_the_import(void **state) {
    (void)state;
    anp_status_t answer = ANP_CANCELLED;
    const anp_import_options_t options = {.progress = stop_at_once, .progress_user = &answer};
    const msg_t g = relu_graph(), m = new_model(&g, 17);
    anp_graph_t *graph;
    assert_int_equal(anp_onnx_import_bytes(m.data, m.n, "m.onnx", NULL, &options, &graph),
                     ANP_CANCELLED);
}

static anp_status_t import_once(void *arg) {
    static const anp_import_options_t options = {0};
    const msg_t *m = arg;
    anp_graph_t *graph;
    ANP_TRY(anp_onnx_import_bytes(m->data, m->n, "m.onnx", NULL, &options, &graph));
    anp_graph_release(graph);
    return ANP_OK;
}

static void failing_memory_is_reported_and_leaks_nothing(void **state) {
    (void)state;
    msg_t g = relu_graph(), call = call_node("Twice", "y", "w");
    const msg_t t = branch("Neg", "w", "t"), e = branch("Abs", "x", "t"), f = twice_function();
    add_input(&g, "c", ANP_DTYPE_BOOL, "");
    add_if(&g, "c", "z", &t, &e);
    add_node(&g, &call);
    add_output(&g, "z");
    msg_t m = new_model(&g, 11);
    add_function(&m, &f);
    anp_test_every_allocation_fails(import_once, &m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_model_becomes_a_graph),
        cmocka_unit_test(an_initializer_that_is_an_input_too_is_a_constant),
        cmocka_unit_test(a_sparse_initializer_becomes_dense),
        cmocka_unit_test(sparse_indices_outside_the_tensor_are_refused),
        cmocka_unit_test(dense_forms_of_sparse_tensors_are_bounded),
        cmocka_unit_test(constant_nodes_of_every_kind_become_constants),
        cmocka_unit_test(outputs_keep_their_names_when_they_are_inputs_or_the_same_value),
        cmocka_unit_test(outputs_of_functions_may_be_one_value),
        cmocka_unit_test(a_branch_cannot_give_what_the_call_leaves_out),
        cmocka_unit_test(free_dimensions_get_symbols_and_can_be_fixed),
        cmocka_unit_test(shapes_of_the_caller_replace_declared_ones),
        cmocka_unit_test(wrong_types_of_inputs_are_refused),
        cmocka_unit_test(nodes_out_of_order_are_sorted),
        cmocka_unit_test(a_cycle_is_refused),
        cmocka_unit_test(names_defined_twice_are_refused),
        cmocka_unit_test(undefined_names_are_refused),
        cmocka_unit_test(subgraphs_capture_values_around_them),
        cmocka_unit_test(a_branch_may_contradict_itself),
        cmocka_unit_test(a_node_waits_for_what_its_subgraphs_capture),
        cmocka_unit_test(an_inner_name_hides_an_outer_one),
        cmocka_unit_test(names_of_one_branch_are_unknown_in_the_other),
        cmocka_unit_test(functions_are_expanded_with_their_attributes),
        cmocka_unit_test(an_attribute_the_call_leaves_out_takes_the_functions_default),
        cmocka_unit_test(functions_may_call_functions),
        cmocka_unit_test(a_function_that_calls_itself_is_refused),
        cmocka_unit_test(expansion_of_functions_is_bounded),
        cmocka_unit_test(calls_must_fit_their_function),
        cmocka_unit_test(unknown_operators_are_named_with_domain_and_version),
        cmocka_unit_test(versions_out_of_range_are_refused),
        cmocka_unit_test(versions_of_classic_models_are_known_too),
        cmocka_unit_test(a_newer_operator_set_is_read_with_a_warning),
        cmocka_unit_test(attributes_given_twice_or_of_unknown_kind_are_refused),
        cmocka_unit_test(a_model_cut_anywhere_never_gets_far),
        cmocka_unit_test(progress_can_end_the_import),
        cmocka_unit_test(failing_memory_is_reported_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
