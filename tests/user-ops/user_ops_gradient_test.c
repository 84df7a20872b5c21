/* SPDX-License-Identifier: Apache-2.0 */
/* Training through an operator of a library: its gradient is the operator the library names. */
#include "user_ops_fixture.h"
#include <math.h>

enum { N = 4 };

static const char *const example[] = {"examples/mish_clip.so", NULL};
static const char *const others[] = {"lib/ops/odd.so", NULL};

/* y = op(x) and, behind it, the gradient of the sum of y * y. */
static anp_status_t build(anp_context_t *ctx, const char *domain, const char *op,
                          const anp_graph_attr_t *attr, anp_graph_t *g) {
    const int64_t dims[] = {N};
    anp_value_t *x = NULL, *y = NULL, *square = NULL, *dx = NULL;
    uo_ok(anp_graph_use_ops(g, anp_context_ops(ctx)));
    uo_ok(anp_graph_input(g, "x", ANP_DTYPE_F32, 1, dims, NULL, &x));
    uo_ok(anp_graph_op(g, domain, op, "y", &x, 1, attr, attr ? 1 : 0, &y, 1));
    anp_value_t *const both[] = {y, y};
    uo_ok(anp_graph_op(g, "", "Mul", "square", both, 2, NULL, 0, &square, 1));
    uo_ok(anp_graph_gradient(g, square, &x, 1, NULL, 0, &dx));
    uo_ok(anp_graph_output(g, "y", y));
    return anp_graph_output(g, "dx", dx);
}

/* y and dx at x. */
static void run(anp_context_t *ctx, const float *numbers, float *y, float *dx) {
    static const anp_graph_attr_t limit = {.name = "limit", .kind = 'f', .f = 2};
    const int64_t dims[] = {N};
    const anp_tensor_t x = uo_tensor(numbers, 1, dims);
    anp_graph_t *g = NULL;
    anp_model_t *model = NULL;
    anp_session_t *s = NULL;
    anp_tensor_t out;
    uo_ok(anp_graph_create(&g));
    uo_ok(build(ctx, "com.example", "MishClip", &limit, g));
    uo_ok(anp_compile_model(ctx, g, NULL, NULL, &model));
    uo_ok(anp_session_create(model, NULL, &s));
    uo_ok(anp_session_set_input(s, 0, &x));
    uo_ok(anp_session_run(s, NULL));
    uo_ok(anp_session_get_output(s, 0, &out));
    memcpy(y, out.data, N * sizeof *y);
    uo_ok(anp_session_get_output(s, 1, &out));
    memcpy(dx, out.data, N * sizeof *dx);
    anp_session_release(s);
    anp_model_release(model);
}

static void the_gradient_of_the_library_is_used(void **state) {
    static const float x[N] = {-1.5f, 0.25f, 1, 5}; /* the last is beyond the limit */
    float y[N], dx[N], above[N], below[N], unused[N], moved[2][N];
    const float h = 1e-3f;
    (void)state;
    anp_context_t *ctx = uo_context(example);
    for (int i = 0; i < N; i++) {
        moved[0][i] = x[i] + h;
        moved[1][i] = x[i] - h;
    }
    run(ctx, x, y, dx);
    run(ctx, moved[0], above, unused);
    run(ctx, moved[1], below, unused);
    for (int i = 0; i < N; i++) {
        const float want = (above[i] * above[i] - below[i] * below[i]) / (2 * h);
        if (fabsf(dx[i] - want) > 5e-3f)
            fail_msg("dx[%d] is %g, by differences %g", i, (double)dx[i], (double)want);
    }
    assert_true(dx[2] != 0);
    assert_true(dx[3] == 0);
    anp_context_release(ctx);
}

static void an_operator_without_one_is_named(void **state) {
    anp_graph_t *g = NULL;
    anp_model_t *model = NULL;
    (void)state;
    anp_context_t *ctx = uo_context(others);
    uo_ok(anp_graph_create(&g));
    uo_ok(build(ctx, "com.example.odd", "Noise", NULL, g));
    assert_int_equal(anp_compile_model(ctx, g, NULL, NULL, &model), ANP_UNSUPPORTED);
    anp_test_expect_message("node 'y' (Noise): no gradient of this operator is known");
    anp_graph_release(g);
    anp_context_release(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gradient_of_the_library_is_used),
        cmocka_unit_test(an_operator_without_one_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
