/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of graph_infer.c and graph_control.c. */
#include "ir/testing_graph.h"
#include <stdio.h>

/* Asserts the type inferred for a value, as text. */
static void expect_type(anp_graph_t *g, const char *name, const char *want) {
    char *text = anp_test_print(g), line[200];
    snprintf(line, sizeof line, "%s: %s", name, want);
    if (!strstr(text, line)) fail_msg("no '%s' in\n%s", line, text);
    anp_free(text);
}

static void expect_failure(const char *text, const char *message) {
    anp_graph_t *g = anp_test_graph(text);
    assert_int_equal(anp_graph_infer(g), ANP_INVALID_MODEL);
    anp_test_expect_message(message);
    anp_graph_release(g);
}

static void symbols_flow_through_the_graph(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("const w: f32[3, 5] = seed 1\n"
                                       "const flat: i64[2] = {0, -1}\n"
                                       "entry main(x: f32[N, 4, 3]) {\n"
                                       "    y = MatMul(x, w)\n"
                                       "    z = Concat(y, y) {axis=0}\n"
                                       "    r = Reshape(z, flat)\n"
                                       "    return r\n"
                                       "}\n");
    expect_type(g, "y", "f32[N, 4, 5]");
    expect_type(g, "z", "f32[N * 2, 4, 5]");
    expect_type(g, "r", "f32[N * 2, 20]");
    anp_graph_release(g);
}

static void contents_of_shapes_are_followed(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("const first: i64[1] = {0}\n"
                                       "const rest: i64[1] = {-1}\n"
                                       "entry main(x: f32[N, 4, 3]) {\n"
                                       "    s = Shape(x)\n"
                                       "    n = Gather(s, first)\n"
                                       "    t = Concat(n, rest) {axis=0}\n"
                                       "    y = Reshape(x, t)\n"
                                       "    return y\n"
                                       "}\n");
    expect_type(g, "y", "f32[N, 12]");
    anp_value_t *s = anp_test_value(g, "s");
    assert_int_equal(s->n_content, 3);
    assert_int_equal(s->content[2], 3);
    anp_graph_release(g);
}

static void a_contradicted_declaration_names_both(void **state) {
    (void)state;
    expect_failure("entry main(x: f32[1, 4]) { y: f32[1, 5] = Relu(x)\n return y }",
                   "node 'y' (Relu): output 'y' is declared f32[1, 5], it gives f32[1, 4]");
    expect_failure("entry main(x: f32[1, 4]) { y: i64 = Relu(x)\n return y }",
                   "is declared i64, it gives f32[1, 4]");
    expect_failure("entry main(x: f32[1, 4]) { y: f32[4] = Relu(x)\n return y }",
                   "is declared f32[4], it gives f32[1, 4]");
}

static void a_declaration_fills_what_nobody_can_infer(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_graph("entry main(x: f32[N, 4], s: i64[2], any: i64) {\n"
                                    "    y: f32[M, 8] = Reshape(x, s)\n"
                                    "    z: f32[1, 2, 3] = Reshape(x, any)\n"
                                    "    u: f32[K, 4] = Relu(x)\n"
                                    "    return y, z, u\n"
                                    "}\n");
    for (int round = 0; round < 3; round++) {
        assert_int_equal(anp_graph_infer(g), ANP_OK);
        expect_type(g, "y", "f32[M, 8]");
        expect_type(g, "z", "f32[1, 2, 3]");
        expect_type(g, "u", "f32[N, 4]"); /* what is inferred holds more than what is said */
    }
    anp_graph_release(g);
}

static void inferring_again_changes_nothing(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(x: f32[N], c: bool[], m: i64[]) {\n"
                                       "    y = NonZero(x)\n"
                                       "    z = Cast(y) {to=1}\n"
                                       "    w = If(c) then_branch() {\n"
                                       "        return z\n"
                                       "    } else_branch() {\n"
                                       "        return x\n"
                                       "    }\n"
                                       "    r = Loop(m, c, x) body(i, go, v) {\n"
                                       "        d = Concat(v, v) {axis=0}\n"
                                       "        return go, d\n"
                                       "    }\n"
                                       "    return w, r\n"
                                       "}\n");
    char *before = anp_test_print(g);
    assert_int_equal(anp_graph_infer(g), ANP_OK);
    const uint64_t n_symbols = g->dims->names.count;
    char *after = anp_test_print(g);
    assert_string_equal(after, before);
    assert_true(n_symbols < 20);
    anp_free(before);
    anp_free(after);
    anp_graph_release(g);
}

/* ---- If ---- */

static void branches_keep_the_sizes_they_agree_on(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(x: f32[N, 4], y: f32[2, 4], c: bool[]) {\n"
                                       "    z = If(c) then_branch() {\n"
                                       "        return x\n"
                                       "    } else_branch() {\n"
                                       "        return y\n"
                                       "    }\n"
                                       "    w = Relu(z)\n"
                                       "    return w\n"
                                       "}\n");
    const anp_shape_t *s = &anp_test_value(g, "w")->shape;
    assert_int_equal(s->rank, 2);
    assert_false(ANP_DIM_IS_CONST(s->dims[0]));
    assert_true(s->dims[0] != anp_test_value(g, "x")->shape.dims[0]);
    assert_int_equal(s->dims[1], 4);
    anp_graph_release(g);
}

static void branches_of_different_rank_or_type(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(x: f32[N], y: f32[2, 4], c: bool[]) {\n"
                                       "    z = If(c) then_branch() {\n"
                                       "        return x\n"
                                       "    } else_branch() {\n"
                                       "        return y\n"
                                       "    }\n"
                                       "    return z\n"
                                       "}\n");
    expect_type(g, "z", "f32 = If");
    anp_graph_release(g);
    expect_failure("entry main(x: f32[2], y: i64[2], c: bool[]) {\n"
                   "    z = If(c) then_branch() {\n"
                   "        return x\n"
                   "    } else_branch() {\n"
                   "        return y\n"
                   "    }\n"
                   "    return z\n"
                   "}\n",
                   "node 'z' (If): 'x' is f32, 'y' is i64");
}

/* ---- Loop ---- */

static void a_carried_size_that_grows_becomes_a_symbol(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(x: f32[1, 4], m: i64[], c: bool[]) {\n"
                                       "    y = Loop(m, c, x) body(i, go, v) {\n"
                                       "        w = Concat(v, x) {axis=0}\n"
                                       "        return go, w\n"
                                       "    }\n"
                                       "    return y\n"
                                       "}\n");
    const anp_shape_t *in = &anp_test_value(g, "v")->shape, *out = &anp_test_value(g, "y")->shape;
    assert_int_equal(in->rank, 2);
    assert_false(ANP_DIM_IS_CONST(in->dims[0]));
    assert_int_equal(in->dims[1], 4);
    assert_false(ANP_DIM_IS_CONST(out->dims[0]));
    assert_true(out->dims[0] != in->dims[0]); /* after the last iteration it is another one */
    assert_int_equal(out->dims[1], 4);
    anp_graph_release(g);
}

static void a_carried_size_that_stays_is_known(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(x: f32[N, 4], m: i64[], c: bool[]) {\n"
                                       "    y = Loop(m, c, x) body(i, go, v: f32[a, b]) {\n"
                                       "        w = Relu(v)\n"
                                       "        return go, w\n"
                                       "    }\n"
                                       "    return y\n"
                                       "}\n");
    expect_type(g, "y", "f32[N, 4]");
    expect_type(g, "w", "f32[N, 4]");
    expect_type(g, "i", "i64[]");
    anp_graph_release(g);
}

static void a_counted_loop_stacks_as_often_as_it_runs(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("const five: i64[] = {5}\n"
                                       "const yes: bool[] = {1}\n"
                                       "entry main(x: f32[N, 4], m: i64[]) {\n"
                                       "    a, b = Loop(five, yes, x) body(i, go, v) {\n"
                                       "        on = Identity(go)\n"
                                       "        r = Relu(v)\n"
                                       "        return on, r, v\n"
                                       "    }\n"
                                       "    d, e = Loop(m, yes, x) body(j, go2, w) {\n"
                                       "        return go2, w, w\n"
                                       "    }\n"
                                       "    return b, e\n"
                                       "}\n");
    expect_type(g, "b", "f32[5, N, 4]");
    const anp_shape_t *e = &anp_test_value(g, "e")->shape;
    assert_int_equal(e->rank, 3);
    assert_false(ANP_DIM_IS_CONST(e->dims[0]));
    anp_graph_release(g);
}

static void a_size_born_in_the_body_does_not_leave_it(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("const yes: bool[] = {1}\n"
                                       "entry main(x: f32[N], m: i64[]) {\n"
                                       "    a = Loop(m, yes) body(i, go) {\n"
                                       "        n = NonZero(x)\n"
                                       "        return go, n\n"
                                       "    }\n"
                                       "    return a\n"
                                       "}\n");
    const anp_shape_t *inner = &anp_test_value(g, "n")->shape, *a = &anp_test_value(g, "a")->shape;
    assert_int_equal(a->rank, 3);
    assert_int_equal(a->dims[1], 1);
    assert_false(ANP_DIM_IS_CONST(a->dims[2]));
    assert_true(a->dims[2] != inner->dims[1]);
    anp_graph_release(g);
}

static void a_loop_of_loops_comes_to_an_end(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(x: f32[1, 1], m: i64[], c: bool[]) {\n"
                                       "    y = Loop(m, c, x) body(i, go, v) {\n"
                                       "        w = Loop(m, c, v) body(j, go2, u) {\n"
                                       "            s = Concat(u, u) {axis=0}\n"
                                       "            return go2, s\n"
                                       "        }\n"
                                       "        t = Concat(w, w) {axis=1}\n"
                                       "        return go, t\n"
                                       "    }\n"
                                       "    return y\n"
                                       "}\n");
    const anp_shape_t *y = &anp_test_value(g, "y")->shape;
    assert_int_equal(y->rank, 2);
    assert_false(ANP_DIM_IS_CONST(y->dims[0]) || ANP_DIM_IS_CONST(y->dims[1]));
    anp_graph_release(g);
}

static void a_body_of_the_wrong_form_is_refused(void **state) {
    (void)state;
    anp_graph_t *g;
    assert_int_equal(anp_graph_parse("entry main(x: f32[1], m: i64[], c: bool[]) {\n"
                                     "    y = Loop(m, c, x) body(i, go) {\n"
                                     "        return go, x\n"
                                     "    }\n"
                                     "    return y\n"
                                     "}\n",
                                     &g),
                     ANP_INVALID_MODEL);
    anp_test_expect_message("node 'y' (Loop): body 'body' has 2 inputs, expected 3");
    expect_failure("entry main(x: f32[1], m: i64[], c: bool[], z: i32[1]) {\n"
                   "    y = Loop(m, c, x) body(i, go, v) {\n"
                   "        return go, z\n"
                   "    }\n"
                   "    return y\n"
                   "}\n",
                   "node 'y' (Loop): 'x' is f32, 'z' is i32");
}

/* ---- Scan ---- */

static void scan_takes_slices_and_stacks_results(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_inferred("entry main(h: f32[8], x: f32[T, 8]) {\n"
                                       "    last, all, back = Scan(h, x) {num_scan_inputs=1, "
                                       "scan_output_axes=[0, 1]} body(s, xt) {\n"
                                       "        n = Add(s, xt)\n"
                                       "        return n, n, n\n"
                                       "    }\n"
                                       "    return last, all, back\n"
                                       "}\n");
    expect_type(g, "xt", "f32[8]");
    expect_type(g, "last", "f32[8]");
    expect_type(g, "all", "f32[T, 8]");
    expect_type(g, "back", "f32[8, T]");
    anp_graph_release(g);
    expect_failure("entry main(h: f32[8], x: f32[T, 8]) {\n"
                   "    last = Scan(h, x) {num_scan_inputs=1, scan_input_axes=[5]} body(s, xt) {\n"
                   "        return s\n"
                   "    }\n"
                   "    return last\n"
                   "}\n",
                   "node 'last' (Scan): scan_input_axes[0] is 5, expected [-2, 2)");
}

static anp_status_t parse_and_infer(void *arg) {
    anp_graph_t *g;
    anp_status_t st = anp_graph_parse(arg, &g);
    for (int round = 0; round < 2 && st == ANP_OK; round++) st = anp_graph_infer(g);
    if (st == ANP_OK) st = anp_graph_verify(g);
    anp_graph_release(g);
    return st;
}

static void no_allocation_failure_leaks(void **state) {
    (void)state;
    static const char text[] = "const yes: bool[] = {1}\n"
                               "entry main(x: f32[N], m: i64[], c: bool[]) {\n"
                               "    a, b = Loop(m, yes, x) body(i, go, v) {\n"
                               "        n = NonZero(v)\n"
                               "        d = Concat(v, v) {axis=0}\n"
                               "        return go, d, n\n"
                               "    }\n"
                               "    y = If(c) then_branch() {\n"
                               "        return a\n"
                               "    } else_branch() {\n"
                               "        return x\n"
                               "    }\n"
                               "    return y, b\n"
                               "}\n";
    assert_true(anp_test_every_allocation_fails(parse_and_infer, (void *)(uintptr_t)text) > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_flow_through_the_graph),
        cmocka_unit_test(contents_of_shapes_are_followed),
        cmocka_unit_test(a_contradicted_declaration_names_both),
        cmocka_unit_test(a_declaration_fills_what_nobody_can_infer),
        cmocka_unit_test(inferring_again_changes_nothing),
        cmocka_unit_test(branches_keep_the_sizes_they_agree_on),
        cmocka_unit_test(branches_of_different_rank_or_type),
        cmocka_unit_test(a_carried_size_that_grows_becomes_a_symbol),
        cmocka_unit_test(a_carried_size_that_stays_is_known),
        cmocka_unit_test(a_counted_loop_stacks_as_often_as_it_runs),
        cmocka_unit_test(a_size_born_in_the_body_does_not_leave_it),
        cmocka_unit_test(a_loop_of_loops_comes_to_an_end),
        cmocka_unit_test(a_body_of_the_wrong_form_is_refused),
        cmocka_unit_test(scan_takes_slices_and_stacks_results),
        cmocka_unit_test(no_allocation_failure_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
