/* SPDX-License-Identifier: Apache-2.0 */
/* What runs where and why: nodes a device does not do, nodes that are not worth moving, order that
 * keeps a device's nodes together. */
#include "fixture.h"
#include "ir/graph.h"
#include <stdio.h>

typedef struct placed_t {
    anp_context_t *ctx;
    anp_model_t *model;
} placed_t;

static bool place(placed_t *p, const char *text) {
    if (!fx_has_drivers()) return false;
    anp_graph_t *g = NULL;
    const anp_model_options_t mo = {.device = "eager"};
    p->ctx = fx_context(NULL);
    fx_ok(anp_graph_parse(text, &g));
    fx_ok(anp_graph_infer(g));
    fx_ok(anp_compile_model(p->ctx, g, NULL, &mo, &p->model));
    return true;
}

static void done(placed_t *p) {
    anp_model_release(p->model);
    anp_context_release(p->ctx);
}

/* Row number i of operator `op`. */
static anp_placement_row_t row_of(const placed_t *p, const char *op, int i) {
    anp_placement_row_t row;
    for (uint32_t n = 0; n < anp_model_node_count(p->model); n++) {
        fx_ok(anp_model_placement(p->model, NULL, n, &row));
        if (strcmp(row.op, op) == 0 && i-- == 0) return row;
    }
    fail_msg("no operator %s", op);
    return row;
}

static void a_lone_small_node_stays_on_the_cpu_by_choice(void **state) {
    (void)state;
    placed_t p;
    if (!place(&p, "entry main(x: f32[4, 4]) {\n"
                   "    a = Erf(x)\n"
                   "    b = Relu(a)\n"
                   "    c = Erf(b)\n"
                   "    return c\n"
                   "}\n"))
        return;
    const anp_placement_row_t relu = row_of(&p, "Relu", 0);
    assert_string_equal(relu.device, "cpu:0");
    assert_non_null(strstr(relu.reason, "by choice"));
    assert_true(relu.fallback);
    done(&p);
}

static void a_large_product_between_two_other_nodes_is_worth_moving(void **state) {
    (void)state;
    placed_t p;
    if (!place(&p, "entry main(x: f32[512, 512], w: f32[512, 512]) {\n"
                   "    a = Erf(x)\n"
                   "    b = MatMul(a, w)\n"
                   "    c = Erf(b)\n"
                   "    return c\n"
                   "}\n"))
        return;
    assert_string_equal(row_of(&p, "MatMul", 0).device, "eager:0");
    assert_false(row_of(&p, "MatMul", 0).fallback);
    const anp_placement_row_t erf = row_of(&p, "Erf", 0);
    assert_string_equal(erf.device, "cpu:0");
    assert_true(strlen(erf.reason) > 0); /* the driver's sentence */
    done(&p);
}

static void nodes_of_a_device_are_brought_together(void **state) {
    (void)state;
    placed_t p;
    if (!place(&p, "entry main(x: f32[512, 512], y: f32[512, 512]) {\n"
                   "    a = MatMul(x, y)\n"
                   "    b = Erf(x)\n"
                   "    c = MatMul(a, y)\n"
                   "    d = Erf(y)\n"
                   "    e = MatMul(c, y)\n"
                   "    f = Sub(b, d)\n"
                   "    return e, f\n"
                   "}\n"))
        return;
    anp_placement_row_t row;
    int changes = 0;
    char before[96] = "";
    for (uint32_t n = 0; n < anp_model_node_count(p.model); n++) {
        fx_ok(anp_model_placement(p.model, NULL, n, &row));
        changes += n > 0 && strcmp(before, row.device) != 0;
        snprintf(before, sizeof before, "%s", row.device);
    }
    assert_int_equal(changes, 1); /* in the order written there would be four */
    done(&p);
}

static void parts_on_two_devices_give_the_answer_of_one(void **state) {
    (void)state;
    const char *text = "entry main(x: f32[64, 64], w: f32[64, 64]) {\n"
                       "    a = MatMul(x, w)\n"
                       "    b = Sigmoid(a)\n"
                       "    c = MatMul(b, w)\n"
                       "    d = Mul(c, c)\n"
                       "    e = Sub(d, a)\n"
                       "    return e, b\n"
                       "}\n";
    if (!fx_has_drivers()) return;
    static float x[4096], w[4096];
    for (int i = 0; i < 4096; i++)
        x[i] = (float)(i % 13) / 13 - 0.5f, w[i] = (float)(i % 7) / 7 - 0.4f;
    anp_context_t *ctx = fx_context(NULL);
    anp_session_t *s[2];
    anp_model_t *m[2];
    const char *const where[2] = {"eager", "ref"};
    for (int i = 0; i < 2; i++) {
        anp_graph_t *g = NULL;
        const anp_model_options_t mo = {.device = where[i]};
        fx_ok(anp_graph_parse(text, &g));
        fx_ok(anp_graph_infer(g));
        fx_ok(anp_compile_model(ctx, g, NULL, &mo, &m[i]));
        fx_ok(anp_session_create(m[i], NULL, &s[i]));
        const anp_tensor_t tx = {.data = x, .dtype = ANP_DTYPE_F32, .rank = 2, .dims = {64, 64}},
                           tw = {.data = w, .dtype = ANP_DTYPE_F32, .rank = 2, .dims = {64, 64}};
        fx_ok(anp_session_set_input(s[i], 0, &tx));
        fx_ok(anp_session_set_input(s[i], 1, &tw));
        for (int k = 0; k < 3; k++) fx_ok(anp_session_run(s[i], NULL));
    }
    for (uint32_t o = 0; o < 2; o++) {
        anp_tensor_t a, b;
        fx_ok(anp_session_get_output(s[0], o, &a));
        fx_ok(anp_session_get_output(s[1], o, &b));
        for (int i = 0; i < 4096;
             i++) { /* 64 terms each of at most 1: 64 * eps * sum, twice over */
            const float d = ((const float *)a.data)[i] - ((const float *)b.data)[i];
            assert_true(d < 1e-3f && d > -1e-3f);
        }
    }
    for (int i = 0; i < 2; i++) {
        anp_session_release(s[i]);
        anp_model_release(m[i]);
    }
    anp_context_release(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_small_node_stays_on_the_cpu_by_choice),
        cmocka_unit_test(a_large_product_between_two_other_nodes_is_worth_moving),
        cmocka_unit_test(nodes_of_a_device_are_brought_together),
        cmocka_unit_test(parts_on_two_devices_give_the_answer_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
