/* SPDX-License-Identifier: Apache-2.0 */
/* The fast Resize against its reference. */
#include "kernel/cpu/cpu_fixture.h"

typedef struct case_t {
    const char *x, *mode, *coord;
    float scales[4];
    int64_t antialias, exclude_outside;
} case_t;

static const case_t cases[] = {
    {"2, 3, 7, 9", "linear", "half_pixel", {1, 1, 2, 2}, 0, 0},
    {"2, 3, 7, 9", "linear", "align_corners", {1, 1, 1.7f, 2.3f}, 0, 0},
    {"1, 2, 20, 33", "linear", "asymmetric", {1, 1, 0.4f, 0.6f}, 0, 0},
    {"1, 2, 20, 33", "linear", "half_pixel", {1, 1, 0.3f, 0.2f}, 1, 0},
    {"1, 2, 20, 33", "linear", "pytorch_half_pixel", {1, 1, 1, 0.5f}, 0, 0},
    {"1, 2, 20, 33", "linear", "half_pixel_symmetric", {1, 1, 2.5f, 1}, 0, 0},
    {"1, 2, 5, 6", "linear", "half_pixel", {1, 1, 1, 1}, 0, 0},
    {"1, 2, 5, 6", "linear", "half_pixel", {2, 3, 2, 2}, 0, 0}, /* not only of images */
    {"1, 3, 8, 11", "cubic", "half_pixel", {1, 1, 2, 1.5f}, 0, 1},
    {"1, 3, 8, 11", "cubic", "align_corners", {1, 1, 0.5f, 3}, 1, 0},
};

static void begin(cx_t *cx, const case_t *c, uint64_t seed) {
    const int64_t four = 4;
    cx_begin(cx, seed);
    fx_attr_str(&cx->kx.fx, "mode", c->mode);
    fx_attr_str(&cx->kx.fx, "coordinate_transformation_mode", c->coord);
    fx_attr_int(&cx->kx.fx, "antialias", c->antialias);
    fx_attr_int(&cx->kx.fx, "exclude_outside", c->exclude_outside);
    cx_text_in(cx, F32, c->x);
    cx->kx.absent[cx->kx.n_in++] = true; /* roi */
    memcpy(cx_in(cx, F32, 1, &four)->data, c->scales, sizeof c->scales);
}

/* Values are at most 1, the weights of an element at most 2.4 in sum, and at most 20 are mixed. */
static void images_agree_with_the_reference(void **state) {
    (void)state;
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        cx_t cx;
        begin(&cx, &cases[i], i);
        cx.k = 40;
        cx_check(&cx, "Resize", 1, NULL);
        cx_end(&cx);
    }
}

static void elements_without_weight_are_not_read(void **state) {
    (void)state;
    const case_t odd = {"1, 1, 3, 4", "linear", "asymmetric", {1, 1, 2, 2}, 0, 0};
    cx_t cx;
    begin(&cx, &odd, 1);
    ((float *)cx.kx.in[0].data)[5] = NAN;
    cx.k = 4;
    cx_check(&cx, "Resize", 1, NULL);
    assert_true(isnan(((const float *)cx.kx.out[0].data)[2 * 8 + 2]));
    assert_false(isnan(((const float *)cx.kx.out[0].data)[2 * 8 + 4]));
    cx_end(&cx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_agree_with_the_reference),
        cmocka_unit_test(elements_without_weight_are_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
