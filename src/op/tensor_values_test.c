/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of reading and writing elements as doubles. */
#include "base/testing.h"
#include <anput/tensor.h>

static void halves_round_to_nearest_even(void **state) {
    (void)state;
    uint16_t data[3];
    const anp_tensor_t t = {.data = data, .dtype = ANP_DTYPE_F16, .rank = 1, .dims = {3}};
    const double in[3] = {1.5, 2049.0, -0.25};
    double out[3];
    assert_int_equal(anp_tensor_write_f64(&t, 0, 3, in), ANP_OK);
    assert_int_equal(anp_tensor_read_f64(&t, 0, 3, out), ANP_OK);
    assert_true(out[0] == 1.5 && out[1] == 2048.0 && out[2] == -0.25);
    assert_int_equal(anp_tensor_read_f64(&t, 1, 1, out), ANP_OK);
    assert_true(out[0] == 2048.0);
}

static void elements_past_the_end_are_refused(void **state) {
    (void)state;
    uint8_t data[2] = {0};
    const anp_tensor_t t = {.data = data, .dtype = ANP_DTYPE_U8, .rank = 1, .dims = {2}};
    double out[4];
    assert_int_equal(anp_tensor_read_f64(&t, 1, 2, out), ANP_OUT_OF_RANGE);
    assert_int_equal(anp_tensor_read_f64(&t, -1, 1, out), ANP_OUT_OF_RANGE);
    assert_int_equal(anp_tensor_read_f64(&t, 2, 0, out), ANP_OK);
}

static void strings_and_device_data_are_refused(void **state) {
    (void)state;
    anp_string_t s = {"a", 1};
    double out[1];
    const anp_tensor_t text = {.data = &s, .dtype = ANP_DTYPE_STRING, .rank = 1, .dims = {1}};
    assert_int_equal(anp_tensor_read_f64(&text, 0, 1, out), ANP_UNSUPPORTED);
    const anp_tensor_t away = {.dtype = ANP_DTYPE_F32, .rank = 1, .dims = {1}};
    assert_int_equal(anp_tensor_read_f64(&away, 0, 1, out), ANP_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_round_to_nearest_even),
        cmocka_unit_test(elements_past_the_end_are_refused),
        cmocka_unit_test(strings_and_device_data_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
