/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of operators that move and pick elements against differences. */
#include "pass/gradient/testing_gradient.h"
#include <stdio.h>

/* y = op of the inputs, with these constants. */
static void check(const char *constants, const char *inputs, const char *op, uint32_t flags) {
    char text[1024];
    snprintf(text, sizeof text, "%sentry main(%s) {\n    %s\n    return y\n}\n", constants, inputs,
             op);
    anp_test_gradient(text, NULL, flags);
}

static void shapes_change_and_change_back(void **state) {
    (void)state;
    check("const s: i64[2] = {4, -1}\n", "x: f64[2, 3, 2]", "y = Reshape(x, s)", 0);
    check("const s: i64[1] = {-1}\n", "x: f64[0, 3]", "y = Reshape(x, s)", 0);
    check("", "x: f64[2, 3, 2]", "y = Flatten(x) {axis=2}", 0);
    check("const a: i64[2] = {0, 3}\n", "x: f64[2, 3]", "y = Unsqueeze(x, a)", 0);
    check("const a: i64[2] = {0, -1}\n", "x: f64[1, 3, 1]", "y = Squeeze(x, a)", ANP_GT_FIXED_ONLY);
    check("", "x: f64[1, 3, 1]", "y = Squeeze(x)", ANP_GT_FIXED_ONLY);
    check("", "x: f64[2, 3, 4]", "y = Transpose(x) {perm=[2, 0, 1]}", 0);
    check("", "x: f64[2, 3, 4]", "y = Transpose(x)", 0);
    check("const s: i64[3] = {2, 3, 4}\n", "x: f64[3, 1]", "y = Expand(x, s)", 0);
    check("const s: i64[1] = {1}\n", "x: f64[3, 2]", "y = Expand(x, s)", 0);
    check("const r: i64[3] = {2, 1, 3}\n", "x: f64[2, 3, 1]", "y = Tile(x, r)", 0);
    check("", "x: f64[3, 4]", "y = Trilu(x) {upper=0}", 0);
    check("const k: i64[] = {1}\n", "x: f64[2, 3, 3]", "y = Trilu(x, k)", 0);
    check("const a: i64[] = {1}\n", "x: f64[2, 4]", "y = CumSum(x, a) {exclusive=1, reverse=1}", 0);
    check("const a: i64[] = {-2}\n", "x: f64[3, 2]", "y = CumSum(x, a)", 0);
}

static void parts_are_joined_and_parted(void **state) {
    (void)state;
    check("", "a: f64[2, 3], b: f64[2, 1], c: f64[2, 0]", "y = Concat(a, b, a, c) {axis=-1}",
          ANP_GT_FIXED_ONLY | ANP_GT_MAY_VANISH);
    check("", "a: f64[2, 3], b: f64[4, 3]", "y = Concat(a, b) {axis=0}", 0);
    check("", "x: f64[4, 3]", "a, b, c = Split(x) {axis=0, num_outputs=3}\n    y = Mul(a, b)", 0);
    check("const s: i64[3] = {1, 0, 3}\n", "x: f64[2, 4]",
          "a, b, c = Split(x, s) {axis=1}\n    y = Mul(c, a)", 0);
}

static void slices_of_every_kind(void **state) {
    (void)state;
    static const char *const cuts[][4] = {
        /* starts, ends, axes, steps */
        {"1, 0", "3, 2", "0, 1", "1, 1"},     {"-2, 1", "9, -1", "0, 1", "1, 1"},
        {"0, 1", "4, 4", "1, 0", "2, 1"},     {"3, -1", "-9, 0", "1, 0", "-1, -2"},
        {"-9, 0", "2, 99", "-2, -1", "1, 3"}, {"2, 3", "2, 9", "0, 1", "1, 1"}, /* nothing */
    };
    for (size_t i = 0; i < ANP_ARRAY_LEN(cuts); i++) {
        char constants[512];
        snprintf(constants, sizeof constants,
                 "const s: i64[2] = {%s}\nconst e: i32[2] = {%s}\nconst a: i64[2] = {%s}\n"
                 "const d: i64[2] = {%s}\n",
                 cuts[i][0], cuts[i][1], cuts[i][2], cuts[i][3]);
        check(constants, "x: f64[4, 4]", "f = Cast(e) {to=7}\n    y = Slice(x, s, f, a, d)",
              i == 5 ? ANP_GT_MAY_VANISH : 0);
    }
    check("const s: i32[1] = {1}\nconst e: i32[1] = {3}\n", "x: f64[4, 2]", "y = Slice(x, s, e)",
          0);
}

static void slices_by_what_is_computed(void **state) {
    (void)state;
    check("const one: i64[1] = {1}\nconst zero: i64[1] = {0}\n", "x: f64[3, 4]",
          "s = Shape(x) {start=1}\n    y = Slice(x, one, s, zero)", 0);
}

static void what_is_gathered_twice_counts_twice(void **state) {
    (void)state;
    check("const i: i64[2, 2] = {0, 2, -1, 0}\n", "x: f64[3, 2]", "y = Gather(x, i)", 0);
    check("const i: i32[3] = {1, 1, -2}\n", "x: f64[2, 3, 2]", "y = Gather(x, i) {axis=1}", 0);
    check("const i: i64[] = {1}\n", "x: f64[2, 3, 2]", "y = Gather(x, i) {axis=-1}", 0);
    check("const i: i64[2, 2] = {0, 1, 2, 0}\n", "x: f64[3, 2]", "y = GatherElements(x, i)", 0);
    check("const i: i64[2, 3] = {0, 1, 1, -1, 0, 0}\n", "x: f64[2, 2]",
          "y = GatherElements(x, i) {axis=1}", 0);
    check("const i: i64[3, 1] = {0, 1, 0}\n", "x: f64[2, 3]", "y = GatherND(x, i)", 0);
    check("const i: i64[2, 2, 2] = {0, 1, 1, 0, 0, 1, 1, 2}\n", "x: f64[2, 3]",
          "y = GatherND(x, i)", 0);
}

static void scattered_updates_get_what_they_gave(void **state) {
    (void)state;
    check("const i: i64[1, 2] = {2, 0}\n", "x: f64[3, 2], u: f64[1, 2]",
          "y = ScatterElements(x, i, u)", 0);
    check("const i: i64[2, 2] = {0, 0, 1, 0}\n", "x: f64[2, 3], u: f64[2, 2]",
          "y = ScatterElements(x, i, u) {axis=1, reduction=\"add\"}", 0);
    check("const i: i64[2, 1] = {2, 0}\n", "x: f64[3, 2], u: f64[2, 2]", "y = ScatterND(x, i, u)",
          0);
    check("const i: i64[2, 1] = {1, 1}\n", "x: f64[3, 2], u: f64[2, 2]",
          "y = ScatterND(x, i, u) {reduction=\"add\"}", 0);
}

static void pads_of_every_mode(void **state) {
    (void)state;
    check("const p: i64[4] = {1, 0, 2, 1}\n", "x: f64[2, 3], v: f64[]", "y = Pad(x, p, v)", 0);
    check("const p: i64[4] = {-1, 1, 0, -1}\n", "x: f64[3, 3]", "y = Pad(x, p)", 0);
    check("const p: i64[2] = {1, 2}\nconst a: i64[1] = {-1}\n", "x: f64[2, 2], v: f64[]",
          "y = Pad(x, p, v, a)", 0);
    check("const p: i64[4] = {1, 2, 2, 1}\n", "x: f64[3, 4]", "y = Pad(x, p) {mode=\"reflect\"}",
          0);
    check("const p: i64[4] = {2, 0, 1, 1}\n", "x: f64[2, 3]", "y = Pad(x, p) {mode=\"edge\"}", 0);
    check("const p: i64[2] = {2, 1}\nconst a: i64[1] = {1}\n", "x: f64[2, 3]",
          "y = Pad(x, p, _, a) {mode=\"wrap\"}", 0);
}

static void types_change_and_change_back(void **state) {
    (void)state;
    anp_test_gradient("entry main(x: f64[3]) {\n    a = Cast(x) {to=1}\n    b = Mul(a, a)\n"
                      "    y = CastLike(b, x)\n    return y\n}\n",
                      NULL, ANP_GT_ROUGH);
}

static void whole_numbers_have_no_gradient(void **state) {
    (void)state;
    anp_test_gradient(
        "entry main(x: f64[3, 2]) {\n    i = Cast(x) {to=7}\n    f = Cast(i) {to=11}\n"
        "    n = Size(x)\n    s = Cast(n) {to=11}\n    p = Mul(f, x)\n"
        "    y = Mul(p, s)\n    return y\n}\n",
        NULL, ANP_GT_FIRST_ONLY | ANP_GT_F64_ONLY);
}

/* What is dropped gets nothing, what is kept is scaled, by the mask that was drawn. */
static void dropout_goes_back_through_its_mask(void **state) {
    (void)state;
    anp_test_gradient("const r: f64[] = {0.25}\nconst t: bool[] = {1}\n"
                      "entry main(x: f64[4, 3]) {\n    y = Dropout(x, r, t) {seed=7}\n"
                      "    return y\n}\n",
                      NULL, 0);
    anp_test_gradient("const r: f64[] = {0.25}\n"
                      "entry main(x: f64[4, 3], t: bool[]) {\n"
                      "    d, m = Dropout(x, r, t) {seed=7}\n    y = Where(m, d, x)\n"
                      "    return y\n}\n",
                      NULL, 0);
    check("", "x: f64[4]", "y = Dropout(x)", 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_change_and_change_back),
        cmocka_unit_test(parts_are_joined_and_parted),
        cmocka_unit_test(slices_of_every_kind),
        cmocka_unit_test(slices_by_what_is_computed),
        cmocka_unit_test(what_is_gathered_twice_counts_twice),
        cmocka_unit_test(scattered_updates_get_what_they_gave),
        cmocka_unit_test(pads_of_every_mode),
        cmocka_unit_test(types_change_and_change_back),
        cmocka_unit_test(whole_numbers_have_no_gradient),
        cmocka_unit_test(dropout_goes_back_through_its_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
