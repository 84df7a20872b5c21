/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients against differences. */
#include "pass/gradient/testing_gradient.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 8 };

static void expect_ok(anp_status_t st, const char *what) {
    if (st != ANP_OK) fail_msg("%s: %s (%s)", what, anp_error_message(), anp_error_trace_text());
}

/* ---- building ---- */

static uint32_t split_names(const char *names, anp_string_t *out) {
    uint32_t n = 0;
    for (const char *at = names; *at && n < NAMES_MAX;) {
        const size_t len = strcspn(at, " ");
        out[n++] = (anp_string_t){at, len};
        at += len + strspn(at + len, " ");
    }
    return n;
}

static anp_value_t *value_of(anp_graph_t *g, anp_string_t name) {
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)name.len_bytes, name.ptr);
    return anp_test_value(g, text);
}

void anp_test_add_gradient(anp_graph_t *g, const char *xs, const char *zs, const char *y,
                           anp_value_t **out) {
    anp_string_t names[2 * NAMES_MAX];
    anp_value_t *values[2 * NAMES_MAX];
    const uint32_t n_xs = split_names(xs, names), n_zs = split_names(zs, names + n_xs);
    for (uint32_t i = 0; i < n_xs + n_zs; i++) values[i] = value_of(g, names[i]);
    expect_ok(anp_graph_gradient(g, anp_test_value(g, y), values, n_xs, values + n_xs, n_zs, out),
              "Gradient");
}

/* The sum of v's elements, each with a weight: input `name`. */
static anp_value_t *weighted(anp_graph_t *g, const char *name, anp_value_t *v) {
    anp_value_t *weight, *product;
    anp_block_t *b = anp_graph_find_entry(g, "main");
    expect_ok(anp_block_add_input(g, b, name, &v->shape, &weight), name);
    expect_ok(
        anp_graph_op(g, "", "Mul", NULL, (anp_value_t *[]){v, weight}, 2, NULL, 0, &product, 1),
        name);
    return product;
}

/* ---- a case and its variants ---- */

typedef struct case_t {
    anp_graph_t *g;
    anp_value_t *xs[NAMES_MAX], *loss, *grads[NAMES_MAX];
    anp_value_t *loss2, *grads2[NAMES_MAX]; /* of the weighted sum of the gradients */
    uint32_t n;
    double step, tolerance; /* of differences */
} case_t;

static void choose_inputs(case_t *k, const char *xs) {
    anp_string_t names[NAMES_MAX];
    const anp_block_t *b = anp_graph_find_entry(k->g, "main");
    k->n = xs ? split_names(xs, names) : 0;
    for (uint32_t i = 0; i < k->n; i++) k->xs[i] = value_of(k->g, names[i]);
    for (uint32_t i = 0; !xs && i < b->n_inputs; i++)
        if (anp_dtype_is_float((anp_dtype_t)b->inputs[i]->shape.dtype))
            k->xs[k->n++] = b->inputs[i];
}

/* Sums of two gradients' weighted elements: scalars, so that shapes do not matter. */
static anp_value_t *add_all(anp_graph_t *g, anp_value_t *const *grads, uint32_t n) {
    anp_value_t *sum = NULL;
    for (uint32_t i = 0; i < n; i++) {
        char name[32];
        anp_value_t *one;
        const anp_graph_attr_t none = {.name = "keepdims", .kind = 'i', .i = 0};
        snprintf(name, sizeof name, "weight_of_grad_%u", i);
        anp_value_t *part = weighted(g, name, grads[i]);
        expect_ok(anp_graph_op(g, "", "ReduceSum", NULL, &part, 1, &none, 1, &one, 1), "sum");
        if (sum)
            expect_ok(
                anp_graph_op(g, "", "Add", NULL, (anp_value_t *[]){sum, one}, 2, NULL, 0, &one, 1),
                "sum");
        sum = one;
    }
    return sum;
}

static void make_outputs(case_t *k, bool second) {
    char name[32];
    expect_ok(anp_graph_output(k->g, "loss", k->loss), "loss");
    if (second) expect_ok(anp_graph_output(k->g, "loss2", k->loss2), "loss2");
    for (uint32_t i = 0; i < k->n; i++) {
        snprintf(name, sizeof name, "grad_%u", i);
        expect_ok(anp_graph_output(k->g, name, k->grads[i]), name);
        snprintf(name, sizeof name, "grad2_%u", i);
        if (second) expect_ok(anp_graph_output(k->g, name, k->grads2[i]), name);
    }
}

/* Passes may have put others in the place of results. */
static void find_results(case_t *k, bool second) {
    char name[32];
    k->loss = anp_test_value(k->g, "loss");
    if (second) k->loss2 = anp_test_value(k->g, "loss2");
    for (uint32_t i = 0; i < k->n; i++) {
        snprintf(name, sizeof name, "grad_%u", i);
        k->grads[i] = anp_test_value(k->g, name);
        snprintf(name, sizeof name, "grad2_%u", i);
        if (second) k->grads2[i] = anp_test_value(k->g, name);
    }
}

static void make_case(case_t *k, const char *text, const char *xs, bool second) {
    *k = (case_t){.g = anp_test_inferred(text), .step = 1e-5, .tolerance = 1e-6};
    choose_inputs(k, xs);
    k->loss = weighted(k->g, "weight", anp_graph_find_entry(k->g, "main")->outputs[0]);
    expect_ok(anp_graph_gradient(k->g, k->loss, k->xs, k->n, NULL, 0, k->grads), "Gradient");
    if (second) {
        k->loss2 = add_all(k->g, k->grads, k->n);
        expect_ok(anp_graph_gradient(k->g, k->loss2, k->xs, k->n, NULL, 0, k->grads2),
                  "Gradient of the gradients");
    }
    make_outputs(k, second);
    expect_ok(anp_pass_gradient(k->g, NULL), text);
    expect_ok(anp_graph_infer(k->g), "inferring again");
    expect_ok(anp_graph_verify(k->g), "verifying");
    find_results(k, second);
}

/* ---- differences ---- */

static double get(const anp_tensor_t *t, int64_t i) {
    return anp_dtype_row(t->dtype)->get_f64(t->data, (uint64_t)i);
}

static double sum_of(case_t *k, anp_test_run_t *r, const anp_value_t *v) {
    anp_test_run(k->g, r);
    if (!r->done) fail_msg("it does not run: %s", anp_error_message());
    const anp_tensor_t *t = anp_test_result(v, r);
    double sum = 0;
    for (int64_t i = 0; i < anp_tensor_elems(t); i++) sum += get(t, i);
    return sum;
}

/* d(sum of v) / d(element i of x) */
static double difference(case_t *k, anp_test_run_t *r, const anp_value_t *v, const anp_value_t *x,
                         int64_t i) {
    const double h = k->step;
    double *at = (double *)r->tensors[x->id].data + i;
    const double was = *at;
    *at = was + h;
    const double above = sum_of(k, r, v);
    *at = was - h;
    const double below = sum_of(k, r, v);
    *at = was;
    return (above - below) / (2 * h);
}

static void check_differences(case_t *k, const anp_value_t *v, anp_value_t *const *grads,
                              bool may_vanish, const char *text) {
    anp_test_run_t r;
    anp_test_run_begin(k->g, &r);
    for (uint32_t x = 0; x < k->n; x++) {
        double largest = 0;
        const int64_t n = anp_tensor_elems(&r.tensors[k->xs[x]->id]);
        assert_int_equal(k->xs[x]->shape.dtype, ANP_DTYPE_F64);
        for (int64_t i = 0; i < n; i++) {
            const double want = difference(k, &r, v, k->xs[x], i);
            sum_of(k, &r, v);
            const anp_tensor_t *t = anp_test_result(grads[x], &r);
            assert_int_equal(anp_tensor_elems(t), n);
            const double got = get(t, i);
            if (!(fabs(got - want) <= k->tolerance * fmax(1, fabs(want))))
                fail_msg("%s\n%s by '%s'[%lld] is %.9g, by differences %.9g", text, v->name,
                         k->xs[x]->name, (long long)i, got, want);
            largest = fmax(largest, fabs(got));
        }
        if (n > 0 && largest == 0 && !may_vanish)
            fail_msg("%s\n%s by '%s' is 0 everywhere: this tests nothing", text, v->name,
                     k->xs[x]->name);
    }
    anp_test_run_end(&r);
}

/* ---- variants of the text ---- */

static void with_type(const char *text, const char *type, anp_buf_t *out) {
    for (const char *hit; (hit = strstr(text, "f64")); text = hit + 3) {
        anp_buf_append(out, text, (uint64_t)(hit - text));
        anp_buf_puts(out, type);
    }
    anp_buf_puts(out, text);
}

/* Every size of an input becomes a symbol of its own, which ends with the size. */
static void with_symbols(const char *text, bool first_only, anp_buf_t *out) {
    const char *at = strstr(text, "entry main("), *end = strstr(at, first_only ? "]" : ") {");
    uint32_t n = 0;
    bool within = false;
    anp_buf_append(out, text, (uint64_t)(at - text));
    for (; at < end; at++) {
        within = *at == '[' || (within && *at != ']');
        if (within && *at >= '0' && *at <= '9')
            anp_buf_printf(out, "s%u_%c", n++, *at);
        else
            anp_buf_append(out, at, 1);
    }
    anp_buf_puts(out, end);
}

/* The gradients of both cases, which run on the same numbers. */
static void check_same(case_t *a, case_t *b, double tolerance, const char *what) {
    anp_test_run_t ra, rb;
    anp_test_run_begin(a->g, &ra);
    anp_test_run_begin(b->g, &rb);
    sum_of(a, &ra, a->loss);
    sum_of(b, &rb, b->loss);
    for (uint32_t x = 0; x < a->n; x++) {
        const anp_tensor_t *ta = anp_test_result(a->grads[x], &ra),
                           *tb = anp_test_result(b->grads[x], &rb);
        double max = 1;
        assert_true(anp_tensor_same_dims(ta, tb));
        for (int64_t i = 0; i < anp_tensor_elems(ta); i++) max = fmax(max, fabs(get(ta, i)));
        for (int64_t i = 0; i < anp_tensor_elems(ta); i++)
            if (!(fabs(get(ta, i) - get(tb, i)) <= tolerance * max))
                fail_msg("%s: element %lld by '%s' is %.9g, in f64 with fixed sizes %.9g", what,
                         (long long)i, a->xs[x]->name, get(tb, i), get(ta, i));
    }
    anp_test_run_end(&ra);
    anp_test_run_end(&rb);
}

/* In another type; NULL: with symbols. */
static void check_variant(case_t *k, const char *text, const char *type, double tolerance,
                          const char *xs, uint32_t flags) {
    case_t variant;
    anp_buf_t buf;
    anp_buf_init(&buf, 0);
    if (type)
        with_type(text, type, &buf);
    else
        with_symbols(text, (flags & ANP_GT_FIRST_FREE) != 0, &buf);
    expect_ok(anp_buf_status(&buf), "a variant");
    make_case(&variant, buf.data, xs, false);
    check_same(k, &variant, tolerance, buf.data);
    anp_graph_release(variant.g);
    anp_buf_deinit(&buf);
}

void anp_test_gradient(const char *text, const char *xs, uint32_t flags) {
    case_t k;
    const bool rough = (flags & ANP_GT_ROUGH) != 0, second = !rough && !(flags & ANP_GT_FIRST_ONLY);
    make_case(&k, text, xs, second);
    if (rough) k.step = 1e-2, k.tolerance = 1e-3;
    check_differences(&k, k.loss, k.grads, (flags & ANP_GT_MAY_VANISH) != 0, text);
    if (second) check_differences(&k, k.loss2, k.grads2, true, text);
    if (!(flags & ANP_GT_FIXED_ONLY))
        check_variant(&k, text, NULL, rough ? 1e-6 : 1e-12, xs, flags);
    if (!rough && !(flags & ANP_GT_F64_ONLY)) {
        check_variant(&k, text, "f32", 1e-4, xs, flags);
        check_variant(&k, text, "f16", 5e-2, xs, flags);
    }
    anp_graph_release(k.g);
}
