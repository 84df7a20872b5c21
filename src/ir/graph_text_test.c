/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of graph_print.c, graph_parse.c, graph_lex.c and graph_dot.c. */
#include "ir/testing_graph.h"
#include "op/user_op.h"

/* Everything the text form has, in the form the writer gives it. */
static const char *const example =
    "meta \"producer\" = \"a \\\"quoted\\\" name\"\n"
    "const w: f32[2, 2] = {1.0, -2.5, 3e-05, 4.0}\n"
    "const words: string[2] = {\"a b\", \"\\x01\"}\n"
    "const none: i64[0] = {}\n"
    "entry main(x: f32[N, 2], \"odd name\", s: seq(f32), o: opt(f32[]), m: map(string, f32), "
    "rows: seq(map(i64, f64)), c: bool[], past: "
    "f32[2]) {\n"
    "    y: f32[N, 2] = MatMul @product(x, w)\n"
    "    a, _ = Split(y) {axis=-1, num_outputs=2}\n"
    "    z = If(c) then_branch @yes() {\n"
    "        p = Relu(a)\n"
    "        return p\n"
    "    } else_branch() {\n"
    "        return a\n"
    "    }\n"
    "    f: f32[N / 2 + 1, max(N, 4) * 3, ceildiv(N, 2)] = "
    "com.microsoft.QLinearAdd(\"odd name\", w, _, \"odd name\", w, _, w)\n"
    "    k = Constant() {value=f16[2]{0.5, 1.5}}\n"
    "    l = Constant() {value_floats=[0.1, 2.0]}\n"
    "    q = Pad(x, none) {mode=\"edge\"}\n"
    "    e = LSTM(x, x, x) {activations=[\"Tanh\", \"Relu\"], activation_alpha=[]}\n"
    "    t = Optional() {type=seq(f32)}\n"
    "    next = Identity(past)\n"
    "    return z, f, k, l, q, e, t, words, \"odd name\", s, o, m, rows\n"
    "}\n"
    "entry other() {\n"
    "    return\n"
    "}\n"
    "state kv: past -> next = {1.0, 2.0}\n";

static void a_graph_reads_and_prints_as_the_same_text(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_graph(example);
    char *text = anp_test_print(g);
    assert_string_equal(text, example);
    anp_free(text);
    anp_graph_release(g);
}

static void large_constants_print_as_a_hash_that_cannot_be_read(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_graph("const big: u8[9] = seed 1\nentry main() { return big }");
    char *text = anp_test_print(g);
    assert_non_null(strstr(text, "const big: u8[9] = #"));
    anp_graph_t *again;
    assert_int_equal(anp_graph_parse(text, &again), ANP_INVALID_FILE);
    assert_null(again);
    anp_test_expect_message("a hash only stands for them");
    anp_free(text);
    anp_graph_release(g);
}

static void generated_contents_are_the_same_each_time(void **state) {
    (void)state;
    const char *const text = "const a: f32[100] = seed 3\nconst b: i8[100] = seed 3\n"
                             "const c: f32[3] = zeros\nconst d: f32[3] = fill -0.5\n"
                             "entry main() { return a, b, c, d }";
    anp_graph_t *g = anp_test_graph(text), *h = anp_test_graph(text);
    anp_test_expect_graph(g, text);
    anp_value_t *a = anp_test_value(g, "a"), *d = anp_test_value(g, "d");
    for (uint64_t i = 0; i < 100; i++) {
        const float v = ((const float *)a->constant->tensor.data)[i];
        assert_true(v >= -1 && v < 1);
    }
    assert_true(((const float *)d->constant->tensor.data)[2] == -0.5f);
    anp_graph_release(g);
    anp_graph_release(h);
}

static void comments_and_missing_types_are_fine(void **state) {
    (void)state;
    anp_graph_t *g =
        anp_test_graph("# a comment\nentry main(x) { # more\n y = Relu(x)\n return y }");
    assert_int_equal(anp_test_value(g, "x")->shape.rank, -1);
    assert_int_equal(anp_test_producer(g, "y")->op->index, ANP_OP_Relu);
    anp_graph_release(g);
}

static void wrong_text_fails_with_its_line(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"entry main(x) {\n y = Relu(z)\n return y }", "line 2: 'z' is not defined"},
        {"entry main(x) {\n x = Relu(x)\n return x }", "line 2: 'x' is defined twice"},
        {"entry main(x) {\n y = Rleu(x)\n return y }", "line 2: there is no operator 'Rleu'"},
        {"entry main(x) {\n y = Relu(x) {axis=1}\n return y }", "Relu has no attribute 'axis'"},
        {"entry main(x) {\n y = Relu(x\n return y }", "line 3: expected ')', found 'return'"},
        {"entry main(x) { return x", "expected '}', found 'the end'"},
        {"entry main(x: f32[-1]) { return x }", "no negative size"},
        {"entry main(x: f33[1]) { return x }", "expected a type, found 'f33'"},
        {"const c: f32[2] = {1}\n", "expected ',', found '}'"},
        {"const c: f32[N] = {1}\n", "known sizes"},
        {"const c: f32[100000000] = zeros", "400000000 bytes"},
        {"const a: i8[] = {1}\nconst b: i8[] = {1}", "line 2: constant 'b' equals 'a'"},
        {"meta \"a = 1\n", "line 1: a string without end"},
        {"meta \"\\q\" = 1\n", "an unknown escape"},
        {"entry main(x: f32[min(1)]) { return x }", "two operands"},
        {"entry main(x: f32[(1]) { return x }", "expected ')'"},
        {"entry main(x: f32[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]) { return x }",
         "at most 16 dimensions"},
        {"nonsense", "expected meta, const, entry or state, found 'nonsense'"},
        {"\x01", "unexpected byte 0x01"},
        {"", "the graph has no entry"},
    };
    for (size_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        anp_graph_t *g;
        assert_int_not_equal(anp_graph_parse(cases[i].text, &g), ANP_OK);
        assert_null(g);
        anp_test_expect_message(cases[i].message);
    }
}

static void deep_nesting_is_refused(void **state) {
    (void)state;
    anp_buf_t text;
    anp_buf_init(&text, 0);
    anp_buf_puts(&text, "entry main(c) {\n");
    for (int i = 0; i < 100; i++) anp_buf_printf(&text, "v%d = If(c) then_branch() {\n", i);
    anp_graph_t *g;
    assert_int_equal(anp_graph_parse(text.data, &g), ANP_LIMIT);
    anp_test_expect_message("64 blocks within each other");
    anp_buf_deinit(&text);
    anp_buf_puts(&text, "entry main(x: f32[");
    for (int i = 0; i < 1000; i++) anp_buf_puts(&text, "(");
    assert_int_equal(anp_graph_parse(text.data, &g), ANP_INVALID_FILE);
    anp_test_expect_message("a simpler size");
    anp_buf_deinit(&text);
}

/* The reader must survive anything: the example cut, and with bytes changed. */
static void damaged_text_never_crashes(void **state) {
    (void)state;
    char copy[4096];
    const size_t len = strlen(example);
    assert_true(len < sizeof copy);
    uint32_t random = 1;
    for (size_t i = 0; i < 3 * len; i++) {
        memcpy(copy, example, len + 1);
        if (i < len) {
            copy[i] = '\0';
        } else {
            random = random * 1664525 + 1013904223;
            copy[i % len] = "(){}[],:=@#\" a1-\\"[random >> 28];
        }
        anp_graph_t *g;
        if (anp_graph_parse(copy, &g) == ANP_OK) anp_graph_release(g);
    }
}

static anp_status_t parse_and_print(void *arg) {
    anp_graph_t *g = NULL;
    anp_buf_t out;
    anp_buf_init(&out, 0);
    anp_status_t st = anp_graph_parse(arg, &g);
    if (st == ANP_OK) st = anp_graph_print(g, &out);
    if (st == ANP_OK) st = anp_graph_dot(g, &out);
    if (st == ANP_OK) st = anp_graph_verify(g);
    anp_buf_deinit(&out);
    anp_graph_release(g);
    return st;
}

static void no_allocation_failure_leaks(void **state) {
    (void)state;
    assert_true(anp_test_every_allocation_fails(parse_and_print, (void *)(uintptr_t)example) > 20);
}

static void the_drawing_has_clusters_shapes_and_devices(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_graph(example);
    anp_buf_t out;
    anp_buf_init(&out, 0);
    assert_int_equal(anp_node_place(g, anp_test_producer(g, "y"), "npu", "fits \"well\"", 1, 0),
                     ANP_OK);
    assert_int_equal(anp_graph_dot(g, &out), ANP_OK);
    assert_non_null(strstr(out.data, "digraph anput {"));
    assert_non_null(strstr(out.data, "label=\"yes\""));
    assert_non_null(strstr(out.data, "[label=\"f32[N, 2]\"]"));
    assert_non_null(strstr(out.data, "\\non npu"));
    assert_non_null(strstr(out.data, "fits \\\"well\\\""));
    anp_buf_deinit(&out);
    anp_graph_release(g);
}

static anp_status_t like_input(const anp_op_host_t *host, anp_op_node_t *node) {
    return host->set_like(node, 0, 0);
}

static anp_status_t no_kernel(const anp_op_host_t *host, anp_op_node_t *node,
                              const anp_tensor_t *const *in, uint32_t n_in,
                              anp_tensor_t *const *out, uint32_t n_out) {
    (void)host, (void)node, (void)in, (void)n_in, (void)out, (void)n_out;
    return ANP_UNSUPPORTED;
}

static void operators_of_libraries_are_read_where_they_are_given(void **state) {
    static const anp_op_def_t def = {.struct_size = sizeof def,
                                     .since = 1,
                                     .domain = "com.example.text",
                                     .name = "Mine",
                                     .signature = "X:T -> Y:T",
                                     .types = "T=f32",
                                     .attributes = "",
                                     .shape = like_input,
                                     .reference = no_kernel};
    static const anp_op_def_t *const list[] = {&def};
    static const anp_op_library_t library = {.abi = ANP_OP_ABI,
                                             .struct_size = sizeof library,
                                             .name = "text",
                                             .version = 1,
                                             .n_ops = 1,
                                             .ops = list};
    static const char text[] = "entry main(x: f32[N, 2]) {\n"
                               "    y: f32[N, 2] = com.example.text.Mine @node(x)\n"
                               "    return y\n"
                               "}\n";
    anp_graph_t *g;
    anp_ops_t *ops;
    (void)state;
    assert_int_equal(anp_graph_parse(text, &g), ANP_UNSUPPORTED);
    anp_test_expect_message("there is no operator 'com.example.text.Mine'");
    assert_int_equal(anp_ops_create(&ops), ANP_OK);
    assert_int_equal(anp_ops_add_library(ops, &library, "text.so", (anp_hash_t){0, 0}), ANP_OK);
    assert_int_equal(anp_graph_parse_ops(text, ops, &g), ANP_OK);
    anp_ops_release(ops); /* the graph keeps it */
    assert_int_equal(anp_graph_infer(g), ANP_OK);
    char *printed = anp_test_print(g);
    assert_string_equal(printed, text);
    anp_free(printed);
    anp_graph_release(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_graph_reads_and_prints_as_the_same_text),
        cmocka_unit_test(large_constants_print_as_a_hash_that_cannot_be_read),
        cmocka_unit_test(generated_contents_are_the_same_each_time),
        cmocka_unit_test(comments_and_missing_types_are_fine),
        cmocka_unit_test(wrong_text_fails_with_its_line),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(damaged_text_never_crashes),
        cmocka_unit_test(no_allocation_failure_leaks),
        cmocka_unit_test(operators_of_libraries_are_read_where_they_are_given),
        cmocka_unit_test(the_drawing_has_clusters_shapes_and_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
