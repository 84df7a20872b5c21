/* SPDX-License-Identifier: Apache-2.0 */
/* Control flow, sequences and states as the runtime executes them, on small graphs written as text.
 */
#include "fixture.h"
#include "ir/graph.h"

typedef struct run_t {
    anp_context_t *ctx;
    anp_model_t *model;
    anp_session_t *s;
} run_t;

static anp_status_t start(run_t *r, const char *text, const char *device) {
    anp_graph_t *g = NULL;
    const anp_context_options_t co = {.threads = 1, .ignore_environment = true};
    const anp_model_options_t mo = {.device = device};
    memset(r, 0, sizeof *r);
    anp_status_t st = anp_context_create(&co, &r->ctx);
    if (st == ANP_OK) st = anp_graph_parse(text, &g);
    if (st == ANP_OK) st = anp_graph_infer(g);
    if (st == ANP_OK && (st = anp_compile_model(r->ctx, g, NULL, &mo, &r->model)) == ANP_OK)
        g = NULL;
    if (st == ANP_OK) st = anp_session_create(r->model, NULL, &r->s);
    anp_graph_release(g);
    return st;
}

static void stop(run_t *r) {
    anp_session_release(r->s);
    anp_model_release(r->model);
    anp_context_release(r->ctx);
}

static anp_tensor_t f32s(const float *x, int64_t n) {
    return (anp_tensor_t){
        .data = (void *)(uintptr_t)x, .dtype = ANP_DTYPE_F32, .rank = 1, .dims = {n}};
}
static anp_tensor_t scalar(const void *x, anp_dtype_t dtype) {
    return (anp_tensor_t){.data = (void *)(uintptr_t)x, .dtype = (uint8_t)dtype};
}

static void expect_f32(const run_t *r, uint32_t i, const float *want, int64_t n) {
    anp_tensor_t t;
    fx_ok(anp_session_get_output(r->s, i, &t));
    int64_t count;
    fx_ok(anp_tensor_count(&t, &count));
    assert_int_equal(t.dtype, ANP_DTYPE_F32);
    assert_int_equal(count, n);
    for (int64_t k = 0; k < n; k++) assert_true(((const float *)t.data)[k] == want[k]);
}

static const char *const devices[] = {"cpu", "ref"};

/* ---- Loop ---- */

static const char swap_text[] = "const yes: bool[] = {1}\n"
                                "entry main(m: i64[], a: f32[2], b: f32[2]) {\n"
                                "    x, y, all = Loop(m, yes, a, b) body(i, go, p, q) {\n"
                                "        on = Identity(go)\n"
                                "        return on, q, p, p\n"
                                "    }\n"
                                "    return x, y, all\n"
                                "}\n";

static anp_status_t run_swap(run_t *r, int64_t trips) {
    static const float a[2] = {1, 2}, b[2] = {3, 4};
    static int64_t m;
    m = trips;
    const anp_tensor_t in[3] = {scalar(&m, ANP_DTYPE_I64), f32s(a, 2), f32s(b, 2)};
    for (uint32_t i = 0; i < 3; i++) {
        const anp_status_t st = anp_session_set_input(r->s, i, &in[i]);
        if (st != ANP_OK) return st;
    }
    return anp_session_run(r->s, NULL);
}

static void carried_values_may_change_places(void **state) {
    (void)state;
    for (int d = 0; d < 2; d++) {
        run_t r;
        fx_ok(start(&r, swap_text, devices[d]));
        fx_ok(run_swap(&r, 3));
        expect_f32(&r, 0, (const float[]){3, 4}, 2);
        expect_f32(&r, 1, (const float[]){1, 2}, 2);
        expect_f32(&r, 2, (const float[]){1, 2, 3, 4, 1, 2}, 6);
        fx_ok(run_swap(&r, 0));
        expect_f32(&r, 0, (const float[]){1, 2}, 2);
        expect_f32(&r, 2, NULL, 0);
        fx_ok(run_swap(&r, 2));
        expect_f32(&r, 2, (const float[]){1, 2, 3, 4}, 4);
        stop(&r);
    }
}

static void a_loop_allocates_nothing_the_second_time(void **state) {
    (void)state;
    run_t r;
    fx_ok(start(&r, swap_text, "cpu"));
    fx_ok(run_swap(&r, 5));
    anp_alloc_stats_t before, after;
    anp_alloc_stats(&before);
    fx_ok(run_swap(&r, 5));
    fx_ok(run_swap(&r, 2));
    anp_alloc_stats(&after);
    assert_int_equal(after.total_calls, before.total_calls);
    stop(&r);
}

static void a_loop_that_grows_its_value_ends_by_its_condition(void **state) {
    (void)state;
    for (int d = 0; d < 2; d++) {
        run_t r;
        fx_ok(start(&r,
                    "const yes: bool[] = {1}\n"
                    "const one: i64[1] = {1}\n"
                    "const limit: i64[] = {10}\n"
                    "entry main(x: f32[N]) {\n"
                    "    y = Loop(_, yes, x) body(i, go, v: f32[K]) {\n"
                    "        w = Concat(v, x) {axis=0}\n"
                    "        n = Size(w)\n"
                    "        on = Less(n, limit)\n"
                    "        return on, w\n"
                    "    }\n"
                    "    return y\n"
                    "}\n",
                    devices[d]));
        const float x[3] = {1, 2, 3};
        const anp_tensor_t in = f32s(x, 3);
        fx_ok(anp_session_set_input(r.s, 0, &in));
        fx_ok(anp_session_run(r.s, NULL));
        expect_f32(&r, 0, (const float[]){1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3}, 12);
        stop(&r);
    }
}

static const char endless[] = "const yes: bool[] = {1}\n"
                              "entry main(x: f32[2]) {\n"
                              "    y = Loop(_, yes, x) body(i, go, v) {\n"
                              "        w = Relu(v)\n"
                              "        return go, w\n"
                              "    }\n"
                              "    return y\n"
                              "}\n";

static void an_endless_loop_ends_with_its_deadline(void **state) {
    (void)state;
    run_t r;
    fx_ok(start(&r, endless, "cpu"));
    const float x[2] = {1, 2};
    const anp_tensor_t in = f32s(x, 2);
    const anp_run_options_t o = {.deadline_ns = 20000000};
    fx_ok(anp_session_set_input(r.s, 0, &in));
    assert_int_equal(anp_session_run(r.s, &o), ANP_TIMEOUT);
    stop(&r);
}

static void an_endless_loop_ends_at_the_limit_of_its_session(void **state) {
    (void)state;
    run_t r;
    anp_session_t *s = NULL;
    fx_ok(start(&r, endless, "cpu"));
    const float x[2] = {1, 2};
    const anp_tensor_t in = f32s(x, 2);
    const anp_session_options_t o = {.max_trips = 1000};
    fx_ok(anp_session_create(r.model, &o, &s));
    fx_ok(anp_session_set_input(s, 0, &in));
    for (int k = 0; k < 2; k++) { /* every run counts anew */
        assert_int_equal(anp_session_run(s, NULL), ANP_LIMIT);
        assert_non_null(strstr(anp_error_message(), "(Loop): loops have run 1000 times"));
    }
    anp_session_release(s);
    stop(&r);
}

/* ---- If ---- */

static void a_branch_reads_values_from_outside_and_gives_its_own_shape(void **state) {
    (void)state;
    for (int d = 0; d < 2; d++) {
        run_t r;
        fx_ok(start(&r,
                    "entry main(c: bool[], x: f32[N]) {\n"
                    "    h = Neg(x)\n"
                    "    y = If(c) then_branch() {\n"
                    "        t = Concat(h, x) {axis=0}\n"
                    "        return t\n"
                    "    } else_branch() {\n"
                    "        return h\n"
                    "    }\n"
                    "    return y\n"
                    "}\n",
                    devices[d]));
        const float x[2] = {1, 2};
        for (uint8_t c = 0; c < 2; c++) {
            const anp_tensor_t in[2] = {scalar(&c, ANP_DTYPE_BOOL), f32s(x, 2)};
            for (uint32_t i = 0; i < 2; i++) fx_ok(anp_session_set_input(r.s, i, &in[i]));
            fx_ok(anp_session_run(r.s, NULL));
            if (c)
                expect_f32(&r, 0, (const float[]){-1, -2, 1, 2}, 4);
            else
                expect_f32(&r, 0, (const float[]){-1, -2}, 2);
        }
        stop(&r);
    }
}

static void a_branch_that_contradicts_itself_fails_when_it_is_taken(void **state) {
    (void)state;
    for (int d = 0; d < 2; d++) {
        run_t r;
        fx_ok(start(&r,
                    "entry main(c: bool[], x: f32[2]) {\n"
                    "    y = If(c) then_branch() {\n"
                    "        t, u, v, w = Split(x) {num_outputs=4}\n"
                    "        return v\n"
                    "    } else_branch() {\n"
                    "        n = Neg(x)\n"
                    "        return n\n"
                    "    }\n"
                    "    return y\n"
                    "}\n",
                    devices[d]));
        const float x[2] = {1, 2};
        const uint8_t no = 0, yes = 1;
        const anp_tensor_t in = f32s(x, 2), otherwise = scalar(&no, ANP_DTYPE_BOOL),
                           then = scalar(&yes, ANP_DTYPE_BOOL);
        fx_ok(anp_session_set_input(r.s, 0, &otherwise));
        fx_ok(anp_session_set_input(r.s, 1, &in));
        fx_ok(anp_session_run(r.s, NULL));
        expect_f32(&r, 0, (const float[]){-1, -2}, 2);
        fx_ok(anp_session_set_input(r.s, 0, &then));
        assert_int_equal(anp_session_run(r.s, NULL), ANP_INVALID_MODEL);
        assert_non_null(strstr(anp_error_message(), "2 elements do not make 4 parts"));
        stop(&r);
    }
}

/* ---- Scan ---- */

static void a_scan_backwards_over_columns_gives_its_sums(void **state) {
    (void)state;
    for (int d = 0; d < 2; d++) {
        run_t r;
        fx_ok(
            start(&r,
                  "entry main(s: f32[2], x: f32[2, 3]) {\n"
                  "    last, sums = Scan(s, x) {num_scan_inputs=1, scan_input_axes=[1], "
                  "scan_input_directions=[1], "
                  "scan_output_axes=[1], scan_output_directions=[1]} body(p: f32[2], c: f32[2]) {\n"
                  "        q = Add(p, c)\n"
                  "        return q, q\n"
                  "    }\n"
                  "    return last, sums\n"
                  "}\n",
                  devices[d]));
        const float s[2] = {10, 20}, x[6] = {1, 2, 3, 4, 5, 6};
        const anp_tensor_t start_value = f32s(s, 2);
        anp_tensor_t columns = f32s(x, 2);
        columns.rank = 2;
        columns.dims[1] = 3;
        fx_ok(anp_session_set_input(r.s, 0, &start_value));
        fx_ok(anp_session_set_input(r.s, 1, &columns));
        fx_ok(anp_session_run(r.s, NULL));
        expect_f32(&r, 0, (const float[]){16, 35}, 2);
        expect_f32(&r, 1, (const float[]){16, 15, 13, 35, 31, 26}, 6);
        stop(&r);
    }
}

/* ---- sequences ---- */

static void a_sequence_built_in_a_loop_is_joined_after_it(void **state) {
    (void)state;
    for (int d = 0; d < 2; d++) {
        run_t r;
        fx_ok(start(&r,
                    "const yes: bool[] = {1}\n"
                    "entry main(m: i64[], x: f32[2]) {\n"
                    "    e = SequenceEmpty() {dtype=1}\n"
                    "    q = Loop(m, yes, e) body(i, go, v: seq(f32)) {\n"
                    "        f = Cast(i) {to=1}\n"
                    "        y = Add(x, f)\n"
                    "        w = SequenceInsert(v, y)\n"
                    "        return go, w\n"
                    "    }\n"
                    "    z = ConcatFromSequence(q) {axis=0}\n"
                    "    return z\n"
                    "}\n",
                    devices[d]));
        const float x[2] = {1, 2};
        const int64_t m = 3;
        const anp_tensor_t in[2] = {scalar(&m, ANP_DTYPE_I64), f32s(x, 2)};
        for (uint32_t i = 0; i < 2; i++) fx_ok(anp_session_set_input(r.s, i, &in[i]));
        fx_ok(anp_session_run(r.s, NULL));
        expect_f32(&r, 0, (const float[]){1, 2, 2, 3, 3, 4}, 6);
        stop(&r);
    }
}

static void slices_of_four_bits_are_stacked_and_taken_apart(void **state) {
    (void)state;
    for (int d = 0; d < 2; d++) {
        run_t r;
        fx_ok(start(&r,
                    "const yes: bool[] = {1}\n"
                    "const three: i64[] = {3}\n"
                    "const a: i8[3] = {1, -2, 3}\n"
                    "entry main(x: f32[2, 3]) {\n"
                    "    all = Loop(three, yes) body(i, go) {\n"
                    "        on = Identity(go)\n"
                    "        n = Cast(i) {to=3}\n"
                    "        s = Add(a, n)\n"
                    "        p = Cast(s) {to=22}\n"
                    "        return on, p\n"
                    "    }\n"
                    "    x4 = Cast(x) {to=22}\n"
                    "    turned = Scan(x4) {num_scan_inputs=1, scan_input_axes=[1], "
                    "scan_output_axes=[1], scan_output_directions=[1]} body(c) {\n"
                    "        same = Identity(c)\n"
                    "        return same\n"
                    "    }\n"
                    "    y = Cast(all) {to=1}\n"
                    "    z = Cast(turned) {to=1}\n"
                    "    return y, z\n"
                    "}\n",
                    devices[d]));
        const float x[6] = {1, 2, 3, -4, 5, -6};
        anp_tensor_t in = f32s(x, 2);
        in.rank = 2;
        in.dims[1] = 3;
        fx_ok(anp_session_set_input(r.s, 0, &in));
        fx_ok(anp_session_run(r.s, NULL));
        expect_f32(&r, 0, (const float[]){1, -2, 3, 2, -1, 4, 3, 0, 5}, 9);
        expect_f32(&r, 1, (const float[]){3, 2, 1, -6, 5, -4}, 6);
        stop(&r);
    }
}

static void branches_of_other_kinds_are_refused(void **state) {
    (void)state;
    run_t r;
    assert_int_equal(start(&r,
                           "entry main(c: bool[], x: f32[2], s: seq(f32)) {\n"
                           "    y = If(c) then_branch() {\n"
                           "        a = Identity(x)\n"
                           "        return a\n"
                           "    } else_branch() {\n"
                           "        b = Identity(s)\n"
                           "        return b\n"
                           "    }\n"
                           "    return y\n"
                           "}\n",
                           "ref"),
                     ANP_INVALID_MODEL);
    anp_test_expect_message("'a' is f32, 'b' is seq(f32)");
    stop(&r);
}

/* ---- states ---- */

static void a_state_that_is_no_in_place_update_advances_after_the_run(void **state) {
    (void)state;
    anp_graph_t *g;
    anp_value_t *x, *sum, *next;
    const int64_t dims[1] = {2};
    fx_ok(anp_graph_create(&g));
    fx_ok(anp_graph_input(g, "x", ANP_DTYPE_F32, 1, dims, NULL, &x));
    fx_ok(anp_graph_input(g, "sum", ANP_DTYPE_F32, 1, dims, NULL, &sum));
    fx_ok(anp_graph_op(g, "", "Add", NULL, (anp_value_t *[]){x, sum}, 2, NULL, 0, &next, 1));
    const float initial[2] = {100, 200};
    const anp_tensor_t start_value = f32s(initial, 2);
    fx_ok(anp_graph_state(g, "sum", sum, next, &start_value));
    fx_ok(anp_graph_output(g, "total", next));
    run_t r = {.ctx = fx_context(NULL)};
    fx_ok(anp_compile_model(r.ctx, g, NULL, NULL, &r.model));
    fx_ok(anp_session_create(r.model, NULL, &r.s));
    const float one[2] = {1, 2};
    const anp_tensor_t in = f32s(one, 2);
    fx_ok(anp_session_set_input(r.s, 0, &in));
    for (int i = 1; i <= 3; i++) {
        fx_ok(anp_session_run(r.s, NULL));
        expect_f32(&r, 0, (const float[]){(float)(100 + i), (float)(200 + 2 * i)}, 2);
    }
    fx_ok(anp_session_state_reset(r.s));
    fx_ok(anp_session_run(r.s, NULL));
    expect_f32(&r, 0, (const float[]){101, 202}, 2);
    stop(&r);
}

/* ---- run-time checks, memory ---- */

static void an_index_out_of_range_names_its_node(void **state) {
    (void)state;
    for (int d = 0; d < 2; d++) {
        run_t r;
        fx_ok(start(&r,
                    "entry main(x: f32[3], i: i64[1]) {\n"
                    "    y = Gather(x, i)\n"
                    "    return y\n"
                    "}\n",
                    devices[d]));
        const float x[3] = {1, 2, 3};
        const int64_t bad = 3;
        anp_tensor_t at = scalar(&bad, ANP_DTYPE_I64);
        at.rank = 1;
        at.dims[0] = 1;
        const anp_tensor_t in = f32s(x, 3);
        fx_ok(anp_session_set_input(r.s, 0, &in));
        fx_ok(anp_session_set_input(r.s, 1, &at));
        assert_int_equal(anp_session_run(r.s, NULL), ANP_OUT_OF_RANGE);
        anp_test_expect_message("(Gather)");
        stop(&r);
    }
}

static void what_is_too_large_names_its_node_and_value(void **state) {
    (void)state;
    run_t r;
    assert_int_equal(start(&r,
                           "const n: i64[2] = {4294967296, 4294967296}\n"
                           "entry main(x: f32[]) {\n"
                           "    y = Expand(x, n)\n"
                           "    return y\n"
                           "}\n",
                           "ref"),
                     ANP_LIMIT);
    anp_test_expect_message("(Expand): value 'y' has more than 576460752303423487 elements");
    stop(&r);
}

static anp_status_t loop_scenario(void *arg) {
    (void)arg;
    run_t r;
    anp_status_t st = start(&r, swap_text, "cpu");
    if (st == ANP_OK) st = run_swap(&r, 2);
    stop(&r);
    return st;
}

static void every_allocation_of_a_loop_may_fail(void **state) {
    (void)state;
    const uint64_t n = anp_test_every_allocation_fails(loop_scenario, NULL);
    print_message("%llu allocations, each failed once\n", (unsigned long long)n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carried_values_may_change_places),
        cmocka_unit_test(a_loop_allocates_nothing_the_second_time),
        cmocka_unit_test(a_loop_that_grows_its_value_ends_by_its_condition),
        cmocka_unit_test(an_endless_loop_ends_with_its_deadline),
        cmocka_unit_test(an_endless_loop_ends_at_the_limit_of_its_session),
        cmocka_unit_test(a_branch_reads_values_from_outside_and_gives_its_own_shape),
        cmocka_unit_test(a_branch_that_contradicts_itself_fails_when_it_is_taken),
        cmocka_unit_test(a_scan_backwards_over_columns_gives_its_sums),
        cmocka_unit_test(a_sequence_built_in_a_loop_is_joined_after_it),
        cmocka_unit_test(slices_of_four_bits_are_stacked_and_taken_apart),
        cmocka_unit_test(branches_of_other_kinds_are_refused),
        cmocka_unit_test(a_state_that_is_no_in_place_update_advances_after_the_run),
        cmocka_unit_test(an_index_out_of_range_names_its_node),
        cmocka_unit_test(what_is_too_large_names_its_node_and_value),
        cmocka_unit_test(every_allocation_of_a_loop_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
