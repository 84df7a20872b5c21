/* SPDX-License-Identifier: Apache-2.0 */
/* Reference kernels that sample images, choose regions and put patches back: borders, ties, types
 * beyond the floats, positions and indices that cannot be. */
#include "kernel/ref/ref_fixture.h"

#define INTS(kx, name, ...)                                         \
    do {                                                            \
        static const int64_t list[] = {__VA_ARGS__};                \
        fx_attr_ints(&(kx)->fx, (name), list, ANP_ARRAY_LEN(list)); \
    } while (0)

/* ---- AffineGrid, GridSample ---- */

static void the_identity_gives_the_pixels_own_positions(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    for (int64_t align = 0; align < 2; align++) {
        fx_attr_int(&kx.fx, "align_corners", align);
        kx_in(&kx, F32, "1, 2, 3", "1 0 0 0 1 0");
        kx_in(&kx, I64, "4", "1 1 2 1");
        kx_assert_gives(&kx, "AffineGrid",
                        align ? "f32[1, 2, 1, 2] 0 -1 0 1" : "f32[1, 2, 1, 2] 0 -0.5 0 0.5");
    }
    kx_in(&kx, F64, "1, 3, 4", "0 0 1 0 0 1 0 0 1 0 0 5"); /* x' = z, y' = y, z' = x + 5 */
    kx_in(&kx, I64, "5", "1 1 2 1 1");
    kx_assert_gives(&kx, "AffineGrid", "f64[1, 2, 1, 1, 3] -0.5 0 5 0.5 0 5");
    kx_in(&kx, F32, "1, 2, 3", "1");
    kx_in(&kx, I64, "5", "1 1 2 2 2");
    kx_assert_fails(&kx, "AffineGrid", ANP_INVALID_MODEL, "2 and 3");
    kx_end(&kx);
}

/* One row of four pixels 1 2 3 4 sampled at these positions along x. */
static void sample_row(kx_t *kx, anp_dtype_t dtype, const char *mode, const char *padding,
                       const char *at, const char *expected) {
    char grid[256] = "", copy[256];
    uint32_t n = 0;
    snprintf(copy, sizeof copy, "%s", at);
    for (char *save = NULL, *x = strtok_r(copy, " ", &save); x; x = strtok_r(NULL, " ", &save), n++)
        snprintf(grid + strlen(grid), sizeof grid - strlen(grid), "%s 0 ", x);
    fx_attr_str(&kx->fx, "mode", mode);
    fx_attr_str(&kx->fx, "padding_mode", padding);
    kx_in(kx, dtype, "1, 1, 1, 4", "1 2 3 4");
    char dims[32];
    snprintf(dims, sizeof dims, "1, 1, %u, 2", n);
    kx_in(kx, F32, dims, grid);
    kx_assert_gives(kx, "GridSample", expected);
}

static void positions_outside_follow_the_padding(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    /* pixels lie at -0.75, -0.25, 0.25, 0.75 */
    sample_row(&kx, F32, "linear", "zeros", "-1 -0.75 0 1.25", "f32[1, 1, 1, 4] 0.5 1 2.5 0");
    sample_row(&kx, F32, "linear", "border", "-1 -9 0.5 1e30", "f32[1, 1, 1, 4] 1 1 3.5 4");
    sample_row(&kx, F32, "linear", "reflection", "-1.25 1.25 1.75 4.25", "f32[1, 1, 1, 4] 1 4 3 3");
    sample_row(&kx, F32, "nearest", "zeros", "-0.9 0.1 0.9 1.1", "f32[1, 1, 1, 4] 1 3 4 0");
    sample_row(&kx, F32, "cubic", "zeros", "-0.75 0.25 0 3", "f32[1, 1, 1, 4] 1 3 2.5 0");
    sample_row(&kx, F32, "linear", "reflection", "nan inf -inf", "f32[1, 1, 1, 3] 0 0 0");
    fx_attr_int(&kx.fx, "align_corners", 1); /* pixels at -1, -1/3, 1/3, 1 */
    sample_row(&kx, F32, "linear", "reflection", "-1.66666667 0 1.33333333",
               "f32[1, 1, 1, 3] 2 2.5 3.5");
    kx_end(&kx);
}

static void halves_are_rounded_to_even_pixels(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    sample_row(&kx, F32, "nearest", "zeros", "-0.5 0 0.5", "f32[1, 1, 1, 3] 1 3 3");
    kx_end(&kx);
}

static void elements_of_every_kind_are_sampled(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    sample_row(&kx, U8, "linear", "zeros", "-1 0 0.9", "u8[1, 1, 1, 3] 0 2 2"); /* cut off */
    sample_row(&kx, I64, "nearest", "border", "9", "i64[1, 1, 1, 1] 4");
    sample_row(&kx, BF16, "linear", "zeros", "0", "bf16[1, 1, 1, 1] 2.5");
    sample_row(&kx, STRING, "nearest", "zeros", "0.9 7", "string[1, 1, 1, 2] '4' ''");
    fx_attr_str(&kx.fx, "mode", "nearest");
    kx_in(&kx, BOOL, "1, 1, 2, 2", "1 0 0 1");
    kx_in(&kx, F16, "1, 1, 2, 2", "-0.5 0.5 0.5 0.5");
    kx_assert_gives(&kx, "GridSample", "bool[1, 1, 1, 2] 0 1");
    kx_in(&kx, BOOL, "1, 1, 2, 2", "1 0 0 0");
    kx_in(&kx, F32, "1, 1, 2, 2", "0 0 0.5 0.5");
    kx_assert_gives(&kx, "GridSample", "bool[1, 1, 1, 2] 1 0");
    kx_in(&kx, STRING, "1, 1, 2, 2", "a");
    kx_in(&kx, F32, "1, 1, 2, 2", "0");
    kx_assert_fails(&kx, "GridSample", ANP_UNSUPPORTED, "strings cannot be interpolated");
    kx_end(&kx);
}

static void complex_numbers_are_sampled_part_by_part(void **state) {
    (void)state;
    static const float x[] = {1, 10, 3, 30};
    kx_t kx;
    kx_begin(&kx);
    anp_tensor_t *t = kx_in(&kx, F64, "1, 1, 2", "0"); /* as many bytes */
    t->dtype = ANP_DTYPE_C64;
    memcpy(t->data, x, sizeof x);
    kx_in(&kx, F32, "1, 1, 1", "0");
    assert_int_equal(kx_run(&kx, "GridSample", 1), ANP_OK);
    assert_true(((const float *)kx.out[0].data)[0] == 2.0f);
    assert_true(((const float *)kx.out[0].data)[1] == 20.0f);
    kx_end(&kx);
}

static void what_no_grid_can_be_is_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 1, 2, 2", "1");
    kx_in(&kx, F32, "1, 1, 2, 3", "0");
    kx_assert_fails(&kx, "GridSample", ANP_INVALID_MODEL, "the last axis of the grid");
    kx_in(&kx, F32, "1, 1, 0, 2", "1");
    kx_in(&kx, F32, "1, 1, 2, 2", "0");
    kx_assert_fails(&kx, "GridSample", ANP_INVALID_MODEL, "axis 2 is empty");
    fx_attr_str(&kx.fx, "padding_mode", "wrap");
    kx_in(&kx, F32, "1, 1, 2, 2", "1");
    kx_in(&kx, F32, "1, 1, 2, 2", "0");
    kx_assert_fails(&kx, "GridSample", ANP_INVALID_MODEL,
                    "padding_mode is 'wrap', expected zeros, border or reflection");
    fx_attr_str(&kx.fx, "mode", "cubic");
    kx_in(&kx, F32, "1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1", "1");
    kx_in(&kx, F32, "1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9", "0");
    kx_assert_fails(&kx, "GridSample", ANP_LIMIT, "9 spatial axes");
    kx_end(&kx);
}

/* ---- regions ---- */

static void regions_are_averaged_between_pixels(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    const char *ramp = "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15";
    fx_attr_int(&kx.fx, "output_width", 2);
    kx_in(&kx, F32, "1, 1, 4, 4", ramp);
    kx_in(&kx, F32, "2, 4", "1 1 3 3 0 0 4 4");
    kx_in(&kx, I64, "2", "0 0");
    kx_assert_gives(&kx, "RoiAlign", "f32[2, 1, 1, 2] 7 8 6.5 8.5");
    fx_attr_str(&kx.fx, "coordinate_transformation_mode", "output_half_pixel");
    fx_attr_int(&kx.fx, "sampling_ratio", 1);
    kx_in(&kx, F64, "1, 1, 4, 4", ramp);
    kx_in(&kx, F64, "2, 4", "1 1 1 1 9 9 99 99"); /* at least one pixel; outside */
    kx_in(&kx, I64, "2", "0 0");
    kx_assert_gives(&kx, "RoiAlign", "f64[2, 1, 1, 1] 7.5 0");
    fx_attr_str(&kx.fx, "mode", "max");
    fx_attr_int(&kx.fx, "sampling_ratio", 1);
    kx_in(&kx, F32, "1, 1, 4, 4", ramp);
    kx_in(&kx, F32, "1, 4", "1 1 3 3");
    kx_in(&kx, I64, "1", "0");
    kx_assert_gives(&kx, "RoiAlign", "f32[1, 1, 1, 1] 2.5"); /* a quarter of 10 */
    kx_end(&kx);
}

static void a_region_without_extent_gives_zero(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    for (int i = 0; i < 2; i++) {
        if (i) fx_attr_str(&kx.fx, "mode", "max");
        kx_in(&kx, F32, "1, 1, 2, 2", "1 2 3 4");
        kx_in(&kx, F32, "2, 4", "1 1 0 0 nan 0 1 1");
        kx_in(&kx, I64, "2", "0 0");
        kx_assert_gives(&kx, "RoiAlign", "f32[2, 1, 1, 1] 0 0");
    }
    kx_end(&kx);
}

static void regions_that_cannot_be_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    static const struct {
        const char *region, *image, *message;
        int64_t ratio, height;
        anp_status_t code;
    } rows[] = {
        {"0 0 1 1", "-1", "image -1 of a batch of 1", 0, 1, ANP_OUT_OF_RANGE},
        {"0 0 1 1", "1", "image 1 of a batch of 1", 0, 1, ANP_OUT_OF_RANGE},
        {"0 0 1 1", "0", "sampling_ratio is -1", -1, 1, ANP_INVALID_MODEL},
        {"0 0 1 1", "0", "an output of 0 x 1", 0, 0, ANP_INVALID_MODEL},
        {"0 0 1e30 1", "0", "region 0 has bins of more than", 0, 1, ANP_LIMIT},
    };
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(rows); i++) {
        fx_attr_int(&kx.fx, "sampling_ratio", rows[i].ratio);
        fx_attr_int(&kx.fx, "output_height", rows[i].height);
        kx_in(&kx, F32, "1, 1, 2, 2", "1");
        kx_in(&kx, F32, "1, 4", rows[i].region);
        kx_in(&kx, I64, "1", rows[i].image);
        kx_assert_fails(&kx, "RoiAlign", rows[i].code, rows[i].message);
    }
    INTS(&kx, "pooled_shape", 1, 1);
    kx_in(&kx, F32, "1, 1, 2, 2", "1");
    kx_in(&kx, F32, "1, 5", "0.5 0 0 1 1");
    kx_assert_fails(&kx, "MaxRoiPool", ANP_OUT_OF_RANGE, "image 0.5");
    INTS(&kx, "pooled_shape", 1);
    kx_in(&kx, F32, "1, 1, 2, 2", "1");
    kx_in(&kx, F32, "1, 5", "0");
    kx_assert_fails(&kx, "MaxRoiPool", ANP_INVALID_MODEL, "pooled_shape has 1 values");
    kx_end(&kx);
}

static void the_largest_element_of_each_bin_is_taken(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    INTS(&kx, "pooled_shape", 2, 2);
    kx_in(&kx, F32, "1, 1, 3, 3", "1 2 3 4 5 6 7 8 9");
    kx_in(&kx, F32, "2, 5", "0 0 0 2 2 0 2 2 9 9"); /* bins overlap; the rest lies outside */
    kx_assert_gives(&kx, "MaxRoiPool", "f32[2, 1, 2, 2] 5 6 8 9 9 0 0 0");
    INTS(&kx, "pooled_shape", 1, 1);
    kx_in(&kx, F32, "1, 1, 3, 3", "1 nan 3 4 5 6 7 8 9");
    kx_in(&kx, F32, "2, 5", "0 -inf -inf inf 1e30 0 9 9 9 9");
    kx_assert_gives(&kx, "MaxRoiPool", "f32[2, 1, 1, 1] nan 0");
    kx_end(&kx);
}

/* ---- NonMaxSuppression ---- */

#define TWO_APART "0 0 1 1 0 0 1 1 5 5 6 6"

static void nms(kx_t *kx, const char *scores, const char *limit, const char *iou,
                const char *score) {
    kx_in(kx, F32, "1, 3, 4", TWO_APART);
    kx_in(kx, F32, "1, 1, 3", scores);
    limit ? (void)kx_in(kx, I64, "", limit) : kx_absent(kx);
    iou ? (void)kx_in(kx, F32, "1", iou) : kx_absent(kx);
    score ? (void)kx_in(kx, F32, "1", score) : kx_absent(kx);
}

static void of_equal_boxes_the_first_of_the_best_stays(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    nms(&kx, "0.5 0.5 0.9", "9", "0.5", NULL);
    kx_assert_gives(&kx, "NonMaxSuppression", "i64[2, 3] 0 0 2 0 0 0");
    nms(&kx, "0.5 0.6 0.9", "1", "0.5", NULL);
    kx_assert_gives(&kx, "NonMaxSuppression", "i64[1, 3] 0 0 2");
    nms(&kx, "0.5 0.6 0.9", "9", "1", "0.5"); /* not more than the threshold */
    kx_assert_gives(&kx, "NonMaxSuppression", "i64[2, 3] 0 0 2 0 0 1");
    nms(&kx, "nan -inf 0", "9", NULL, NULL); /* NaN is no score */
    kx_assert_gives(&kx, "NonMaxSuppression", "i64[2, 3] 0 0 2 0 0 1");
    nms(&kx, "1 1 1", NULL, NULL, NULL);
    kx_assert_gives(&kx, "NonMaxSuppression", "i64[0, 3]");
    nms(&kx, "1 1 1", "-3", NULL, NULL);
    kx_assert_gives(&kx, "NonMaxSuppression", "i64[0, 3]");
    kx_end(&kx);
}

static void an_overlap_equal_to_the_threshold_is_allowed(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    for (int i = 0; i < 2; i++) { /* 7 of 10 */
        kx_in(&kx, F32, "1, 2, 4", "0 0 1 10 1 7 0 0");
        kx_in(&kx, F32, "1, 1, 2", "2 1");
        kx_in(&kx, I64, "1", "9");
        kx_in(&kx, F32, "1", i ? "0.69" : "0.7");
        kx_assert_gives(&kx, "NonMaxSuppression", i ? "i64[1, 3] 0 0 0" : "i64[2, 3] 0 0 0 0 0 1");
    }
    kx_end(&kx);
}

static void thresholds_that_cannot_be_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    nms(&kx, "1", "9", "1.5", NULL);
    kx_assert_fails(&kx, "NonMaxSuppression", ANP_INVALID_MODEL, "iou_threshold is 1.5");
    nms(&kx, "1", "9", "nan", NULL);
    kx_assert_fails(&kx, "NonMaxSuppression", ANP_INVALID_MODEL, "iou_threshold is");
    nms(&kx, "1", "9", "0", "nan");
    kx_assert_fails(&kx, "NonMaxSuppression", ANP_INVALID_MODEL, "score_threshold");
    kx_end(&kx);
}

/* ---- Det ---- */

static void determinants_of_all_sizes(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2, 2", "0 1 1 0");
    kx_assert_gives(&kx, "Det", "f32[] -1");
    kx_in(&kx, F16, "2, 3, 3", "2 0 0 0 3 0 0 0 4 1 2 3 1 2 3 1 2 3");
    kx_assert_gives(&kx, "Det", "f16[2] 24 0");
    kx_in(&kx, F64, "2, 0, 0", "0");
    kx_assert_gives(&kx, "Det", "f64[2] 1 1");
    kx_in(&kx, F64, "3, 3", "1e-200 0 0 0 1e-200 0 0 0 1e300"); /* no factor is out of range */
    kx_assert_gives(&kx, "Det", "f64[] 1e-100");
    kx_in(&kx, F32, "2, 2", "nan 1 1 1");
    kx_assert_gives(&kx, "Det", "f32[] nan");
    kx_in(&kx, F32, "2, 3", "1");
    kx_assert_fails(&kx, "Det", ANP_INVALID_MODEL, "2 and 3");
    kx_end(&kx);
}

/* ---- Col2Im, MaxUnpool ---- */

static void blocks_that_overlap_are_added(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 2, 3", "1 2 3 10 20 30");
    kx_in(&kx, I64, "1", "4");
    kx_in(&kx, I64, "1", "2");
    kx_assert_gives(&kx, "Col2Im", "f32[1, 1, 4] 1 12 23 30");
    kx_in(&kx, U8, "1, 2, 3", "200 200 200 100 100 100");
    kx_in(&kx, I64, "1", "4");
    kx_in(&kx, I64, "1", "2");
    kx_assert_gives(&kx, "Col2Im", "u8[1, 1, 4] 200 44 44 100");
    kx_in(&kx, BOOL, "1, 2, 3", "1 0 0 1 0 0");
    kx_in(&kx, I64, "1", "4");
    kx_in(&kx, I64, "1", "2");
    kx_assert_gives(&kx, "Col2Im", "bool[1, 1, 4] 1 1 0 0");
    INTS(&kx, "strides", 2);
    INTS(&kx, "pads", 1, 0);
    kx_in(&kx, STRING, "1, 2, 2", "a b c d"); /* 'a' lies in the padding */
    kx_in(&kx, I64, "1", "4");
    kx_in(&kx, I64, "1", "2");
    kx_assert_gives(&kx, "Col2Im", "string[1, 1, 4] 'c' 'b' 'd' ''");
    kx_in(&kx, STRING, "1, 2, 3", "a");
    kx_in(&kx, I64, "1", "4");
    kx_in(&kx, I64, "1", "2");
    kx_assert_fails(&kx, "Col2Im", ANP_UNSUPPORTED, "blocks overlap at pixel 1");
    kx_in(&kx, F32, "1, 2, 4", "1");
    kx_in(&kx, I64, "1", "4");
    kx_in(&kx, I64, "1", "2");
    kx_assert_fails(&kx, "Col2Im", ANP_INVALID_MODEL, "the number of blocks has sizes 4 and 3");
    kx_in(&kx, F32, "1, 3, 3", "1");
    kx_in(&kx, I64, "1", "4");
    kx_in(&kx, I64, "1", "2");
    kx_assert_fails(&kx, "Col2Im", ANP_INVALID_MODEL, "does not divide by the 2 elements");
    kx_in(&kx, F32, "1, 2, 3", "1");
    kx_in(&kx, I64, "1", "4");
    kx_in(&kx, I64, "1", "0");
    kx_assert_fails(&kx, "Col2Im", ANP_INVALID_MODEL, "block_shape[0] is 0");
    kx_end(&kx);
}

static void indices_count_in_what_was_pooled(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    for (int i = 0; i < 2; i++) {
        INTS(&kx, "kernel_shape", 2);
        INTS(&kx, "strides", 2);
        kx_in(&kx, F32, "1, 2, 2", "1 2 3 4");
        kx_in(&kx, I64, "1, 2, 2", "1 2 4 7"); /* of two channels of four */
        if (i) kx_in(&kx, I64, "3", "1 2 5");
        kx_assert_gives(&kx, "MaxUnpool",
                        i ? "f32[1, 2, 5] 0 1 2 0 0 3 0 0 4 0" : "f32[1, 2, 4] 0 1 2 0 3 0 0 4");
    }
    static const struct {
        const char *index, *size, *message;
    } rows[] = {{"-1", "1 1 2", "index -1 lies outside the 2 elements"},
                {"2", "1 1 2", "index 2 lies outside the 2 elements"},
                {"1", "1 1 1", "position 1 of axis 2, which has size 1"}};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(rows); i++) {
        INTS(&kx, "kernel_shape", 2);
        kx_in(&kx, F32, "1, 1, 1", "1");
        kx_in(&kx, I64, "1, 1, 1", rows[i].index);
        kx_in(&kx, I64, "3", rows[i].size);
        kx_assert_fails(&kx, "MaxUnpool", ANP_OUT_OF_RANGE, rows[i].message);
    }
    INTS(&kx, "kernel_shape", 2);
    INTS(&kx, "pads", 4, 4);
    kx_in(&kx, F32, "1, 1, 1", "1");
    kx_in(&kx, I64, "1, 1, 1", "0");
    kx_assert_fails(&kx, "MaxUnpool", ANP_INVALID_MODEL, "pads leave an output of -6");
    kx_end(&kx);
}

/* ---- DeformConv ---- */

static void without_offsets_it_is_a_convolution(void **state) {
    (void)state;
    char expected[KX_TEXT] = "";
    kx_t kx;
    kx_begin(&kx);
    for (int i = 0; i < 2; i++) {
        INTS(&kx, "pads", 1, 1, 1, 1);
        INTS(&kx, "strides", 2, 1);
        fx_attr_int(&kx.fx, "group", 2);
        kx_in(&kx, F32, "2, 4, 5, 4", "1 2 -3 4 0.5 7 9 -1 2");
        kx_in(&kx, F32, "6, 2, 3, 3", "1 -1 2 0.25 3");
        if (i) kx_in(&kx, F32, "2, 36, 3, 4", "0");
        kx_in(&kx, F32, "6", "1 2 3 4 5 6");
        assert_int_equal(kx_run(&kx, i ? "DeformConv" : "Conv", 1), ANP_OK);
        if (i) assert_string_equal(kx_text(&kx, 0), expected);
        snprintf(expected, sizeof expected, "%s", kx_text(&kx, 0));
        if (!i) kx_next(&kx);
        if (!i) fx_attr_int(&kx.fx, "offset_group", 2);
    }
    kx_end(&kx);
}

static void offsets_shift_and_masks_weigh_each_tap(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "1, 1, 2, 2", "1 2 3 4");
    kx_in(&kx, F32, "1, 1, 1, 1", "10");
    kx_in(&kx, F32, "1, 2, 2, 2", "0.5 0 0 9 0 0.5 -1.5 nan"); /* down, then right */
    kx_absent(&kx);
    kx_in(&kx, F32, "1, 1, 2, 2", "1 2 1 1");
    kx_assert_gives(&kx, "DeformConv", "f32[1, 1, 2, 2] 20 20 0 0");
    kx_in(&kx, F32, "1, 1, 2, 2", "1 2 3 4");
    kx_in(&kx, F32, "1, 1, 1, 1", "10");
    kx_in(&kx, F32, "1, 3, 2, 2", "0");
    kx_assert_fails(&kx, "DeformConv", ANP_INVALID_MODEL, "the offset has sizes 3 and 2");
    fx_attr_int(&kx.fx, "offset_group", 2);
    kx_in(&kx, F32, "1, 1, 2, 2", "1 2 3 4");
    kx_in(&kx, F32, "1, 1, 1, 1", "10");
    kx_in(&kx, F32, "1, 4, 2, 2", "0");
    kx_assert_fails(&kx, "DeformConv", ANP_INVALID_MODEL, "do not divide into 2 groups");
    kx_end(&kx);
}

/* ---- Resize of what is no float ---- */

static void booleans_and_old_half_pixels_are_resized(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    fx_attr_str(&kx.fx, "mode", "linear");
    fx_attr_str(&kx.fx, "coordinate_transformation_mode", "asymmetric");
    kx_in(&kx, BOOL, "3", "0 0 1");
    kx_absent(&kx);
    kx_in(&kx, F32, "1", "2");
    kx_assert_gives(&kx, "Resize", "bool[6] 0 0 0 1 1 1");
    fx_attr_str(&kx.fx, "coordinate_transformation_mode", "tf_half_pixel_for_nn");
    fx_attr_str(&kx.fx, "nearest_mode", "ceil");
    kx_in(&kx, I32, "4", "1 2 3 4");
    kx_absent(&kx);
    kx_in(&kx, F32, "1", "0.5");
    kx_assert_gives(&kx, "Resize", "i32[2] 2 4");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_identity_gives_the_pixels_own_positions),
        cmocka_unit_test(positions_outside_follow_the_padding),
        cmocka_unit_test(halves_are_rounded_to_even_pixels),
        cmocka_unit_test(elements_of_every_kind_are_sampled),
        cmocka_unit_test(complex_numbers_are_sampled_part_by_part),
        cmocka_unit_test(what_no_grid_can_be_is_refused),
        cmocka_unit_test(regions_are_averaged_between_pixels),
        cmocka_unit_test(a_region_without_extent_gives_zero),
        cmocka_unit_test(regions_that_cannot_be_are_refused),
        cmocka_unit_test(the_largest_element_of_each_bin_is_taken),
        cmocka_unit_test(of_equal_boxes_the_first_of_the_best_stays),
        cmocka_unit_test(an_overlap_equal_to_the_threshold_is_allowed),
        cmocka_unit_test(thresholds_that_cannot_be_are_refused),
        cmocka_unit_test(determinants_of_all_sizes),
        cmocka_unit_test(blocks_that_overlap_are_added),
        cmocka_unit_test(indices_count_in_what_was_pooled),
        cmocka_unit_test(without_offsets_it_is_a_convolution),
        cmocka_unit_test(offsets_shift_and_masks_weigh_each_tap),
        cmocka_unit_test(booleans_and_old_half_pixels_are_resized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
