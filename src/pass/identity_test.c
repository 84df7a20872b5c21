/* SPDX-License-Identifier: Apache-2.0 */
/* Before/after tests of identity.c. */
#include "pass/testing_pass.h"

static void run(const char *before, const char *after) {
    anp_test_pass(anp_pass_identity, NULL, before, after);
}

static void keep(const char *text) {
    anp_test_pass_keeps(anp_pass_identity, NULL, text);
}

static void nodes_that_do_nothing_go(void **state) {
    (void)state;
    run("const half: f32[] = {0.5}\n"
        "const flat: i64[2] = {0, -1}\n"
        "const reps: i64[2] = {1, 1}\n"
        "const zeros: i64[4] = zeros\n"
        "entry main(x: f32[N, 3]) {\n"
        "    a = Identity(x)\n"
        "    b, mask = Dropout(a, half)\n"
        "    c = Cast(b) {to=1}\n"
        "    d = Reshape(c, flat)\n"
        "    e = Transpose(d) {perm=[0, 1]}\n"
        "    f = Concat(e) {axis=1}\n"
        "    h = Sum(f)\n"
        "    i = Tile(h, reps)\n"
        "    j = Pad(i, zeros)\n"
        "    k = Clip(j)\n"
        "    y = Relu(k)\n"
        "    return y\n"
        "}\n",
        "entry main(x: f32[N, 3]) {\n"
        "    y = Relu(x)\n"
        "    return y\n"
        "}\n");
}

static void neutral_elements_go_where_that_is_exact(void **state) {
    (void)state;
    run("const one: f32[3] = fill 1\n"
        "const minus_zero: f32[] = {-0.0}\n"
        "const zero: f32[1] = {0.0}\n"
        "const izero: i32[] = {0}\n"
        "entry main(x: f32[2, 3], k: i32[2]) {\n"
        "    a = Mul(one, x)\n"
        "    b = Div(a, one)\n"
        "    c = Add(b, minus_zero)\n"
        "    d = Sub(c, zero)\n"
        "    e = Pow(d, one)\n"
        "    y = Relu(e)\n"
        "    l = Add(k, izero)\n"
        "    z = Neg(l)\n"
        "    return y, z\n"
        "}\n",
        "entry main(x: f32[2, 3], k: i32[2]) {\n"
        "    y = Relu(x)\n"
        "    z = Neg(k)\n"
        "    return y, z\n"
        "}\n");
    keep("const zero: f32[] = {0.0}\n" /* -0.0 + 0.0 is 0.0 */
         "const one: f32[] = {1.0}\n"
         "const wide: f32[2, 3] = fill 1\n"
         "entry main(x: f32[3]) {\n"
         "    a = Add(x, zero)\n"
         "    b = Div(one, a)\n"
         "    y = Mul(b, wide)\n"
         "    return y\n"
         "}\n");
}

static void a_slice_of_everything_goes(void **state) {
    (void)state;
    run("const zero: i64[1] = {0}\n"
        "const end: i64[1] = {9223372036854775807}\n"
        "const one: i64[1] = {1}\n"
        "entry main(x: f32[N, 3]) {\n"
        "    a = Slice(x, zero, end, one)\n"
        "    y = Relu(a)\n"
        "    return y\n"
        "}\n",
        "entry main(x: f32[N, 3]) {\n"
        "    y = Relu(x)\n"
        "    return y\n"
        "}\n");
    keep("const last: i64[1] = {-1}\n"
         "const end: i64[1] = {-9223372036854775807}\n"
         "const one: i64[1] = {1}\n"
         "entry main(x: f32[N, 3]) {\n"
         "    a = Slice(x, last, end, one, last)\n" /* reversed */
         "    y = Relu(a)\n"
         "    return y\n"
         "}\n");
}

static void outputs_keep_their_names(void **state) {
    (void)state;
    run("entry main(x: f32[3]) {\n"
        "    a = Relu(x)\n"
        "    y = Identity(a)\n"
        "    z = Identity(x)\n"
        "    return y, z\n"
        "}\n",
        "entry main(x: f32[3]) {\n"
        "    y = Relu @a(x)\n"
        "    z = Identity(x)\n"
        "    return y, z\n"
        "}\n");
}

static void nodes_that_do_something_stay(void **state) {
    (void)state;
    keep("const half: f32[] = {0.5}\n"
         "const pads: i64[2] = {0, 1}\n"
         "entry main(x: f32[3]) {\n"
         "    a = Cast(x) {to=11}\n"
         "    b = Pad(x, pads)\n"
         "    c, mask = Dropout(x, half)\n"
         "    return a, b, c, mask\n"
         "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_that_do_nothing_go),
        cmocka_unit_test(neutral_elements_go_where_that_is_exact),
        cmocka_unit_test(a_slice_of_everything_goes),
        cmocka_unit_test(outputs_keep_their_names),
        cmocka_unit_test(nodes_that_do_something_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
