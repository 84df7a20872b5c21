/* SPDX-License-Identifier: Apache-2.0 */
/* TensorProto: every way elements are stored, and every way they can be wrong. */
#include "import/onnx/onnx_tensor.h"
#include "import/onnx/onnx_testing.h"

static anp_arena_t arena;

static int setup(void **state) {
    (void)state;
    anp_arena_init(&arena);
    return 0;
}

static int teardown(void **state) {
    anp_arena_deinit(&arena);
    return anp_test_dir_remove(state);
}

/* Loads the tensor in m; external data lies in dir. */
static anp_status_t load_from(const msg_t *m, const char *dir, bool follow_links,
                              anp_onnx_data_t *out) {
    anp_onnx_source_t source;
    anp_onnx_tensor_t *proto;
    msg_t *copy; /* what is loaded points into the source */
    assert_int_equal(ANP_ARENA_NEW(&arena, &copy), ANP_OK);
    assert_int_equal(ANP_ARENA_NEW(&arena, &proto), ANP_OK);
    *copy = *m;
    anp_onnx_source_init(&source, "m.onnx", copy->data, copy->n, NULL, dir, follow_links);
    anp_pb_decoder_t d = {.file = &source.pb,
                          .arena = &arena,
                          .bytes_left = ANP_PB_BYTES_MAX,
                          .depth_left = ANP_PB_DEPTH_MAX};
    anp_status_t st =
        anp_pb_decode(&d, &anp_onnx_tensor_type, (anp_pb_span_t){copy->data, copy->n}, proto);
    if (st == ANP_OK) st = anp_onnx_tensor_load(&source, proto, &arena, out);
    if (st == ANP_OK && out->file) anp_file_retain(out->file); /* the test ends it */
    anp_onnx_source_deinit(&source);
    return st;
}

static anp_tensor_t load_ok(const msg_t *m) {
    anp_onnx_data_t data;
    assert_int_equal(load_from(m, NULL, false, &data), ANP_OK);
    return data.tensor;
}

static void expect_bad(const msg_t *m, anp_status_t status, const char *message) {
    anp_onnx_data_t data;
    assert_int_equal(load_from(m, NULL, false, &data), status);
    anp_test_expect_message(message);
}

static void raw_data_is_left_in_place(void **state) {
    (void)state;
    const float x[2] = {1, 2};
    const msg_t m = tensor_f32s("w", "2", 2, x);
    anp_onnx_data_t data;
    assert_int_equal(load_from(&m, NULL, false, &data), ANP_OK);
    assert_true(data.in_source);
    assert_memory_equal(data.tensor.data, x, sizeof x);
}

static void packed_floats_are_left_in_place_and_single_ones_decoded(void **state) {
    (void)state;
    const float x[2] = {1, 2};
    msg_t packed = tensor("w", ANP_DTYPE_F32, "2"), single = packed;
    put_bytes(&packed, 4, x, sizeof x);
    put_float(&single, 4, 1);
    put_float(&single, 4, 2);
    anp_onnx_data_t data;
    assert_int_equal(load_from(&packed, NULL, false, &data), ANP_OK);
    assert_true(data.in_source);
    assert_memory_equal(data.tensor.data, x, sizeof x);
    assert_int_equal(load_from(&single, NULL, false, &data), ANP_OK);
    assert_false(data.in_source);
    assert_memory_equal(data.tensor.data, x, sizeof x);
}

static void small_types_come_from_int32_data(void **state) {
    (void)state;
    msg_t i8 = tensor("a", ANP_DTYPE_I8, "3"), f16 = tensor("b", ANP_DTYPE_F16, "1"),
          b = tensor("c", ANP_DTYPE_BOOL, "2");
    put_int(&i8, 5, -1);
    put_int(&i8, 5, 127);
    put_int(&i8, 5, -128);
    put_int(&f16, 5, 0x3c00);
    put_int(&b, 5, 1);
    put_int(&b, 5, 0);
    assert_memory_equal(load_ok(&i8).data, "\xff\x7f\x80", 3);
    assert_memory_equal(load_ok(&f16).data, "\x00\x3c", 2);
    assert_memory_equal(load_ok(&b).data, "\x01\x00", 2);
}

static void four_bit_elements_share_bytes(void **state) {
    (void)state;
    msg_t m = tensor("a", ANP_DTYPE_U4, "3");
    put_int(&m, 5, 0x21);
    put_int(&m, 5, 0x03);
    assert_memory_equal(load_ok(&m).data, "\x21\x03", 2);
}

static void complex_elements_are_pairs(void **state) {
    (void)state;
    msg_t m = tensor("a", ANP_DTYPE_C64, "1");
    put_float(&m, 4, 1);
    put_float(&m, 4, -1);
    const float *x = load_ok(&m).data;
    assert_true(x[0] == 1 && x[1] == -1);
}

static void integers_of_64_bits_are_exact(void **state) {
    (void)state;
    msg_t i = tensor("a", ANP_DTYPE_I64, "2"), u = tensor("b", ANP_DTYPE_U64, "1"),
          u32 = tensor("c", ANP_DTYPE_U32, "1");
    put_int(&i, 7, INT64_MIN);
    put_int(&i, 7, INT64_MAX);
    put_int(&u, 11, -1);
    put_int(&u32, 11, UINT32_MAX);
    const int64_t *x = load_ok(&i).data;
    assert_int_equal(x[0], INT64_MIN);
    assert_int_equal(x[1], INT64_MAX);
    assert_memory_equal(load_ok(&u).data, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    assert_memory_equal(load_ok(&u32).data, "\xff\xff\xff\xff", 4);
}

static void strings_are_copied(void **state) {
    (void)state;
    msg_t m = tensor("a", ANP_DTYPE_STRING, "2");
    put_text(&m, 6, "one");
    put_text(&m, 6, "");
    const anp_string_t *s = load_ok(&m).data;
    assert_int_equal(s[0].len_bytes, 3);
    assert_string_equal(s[0].ptr, "one");
    assert_int_equal(s[1].len_bytes, 0);
}

static void a_tensor_without_elements_needs_no_data(void **state) {
    (void)state;
    const msg_t m = tensor("a", ANP_DTYPE_F32, "0 3");
    assert_non_null(load_ok(&m).data);
}

static void wrong_sizes_are_refused(void **state) {
    (void)state;
    const float x[2] = {1, 2};
    msg_t m = tensor_f32s("w", "3", 2, x);
    expect_bad(&m, ANP_INVALID_MODEL, "tensor 'w': raw_data has 8 bytes, f32[3] needs 12");
    m = tensor("w", ANP_DTYPE_F32, "3");
    expect_bad(&m, ANP_INVALID_MODEL, "float_data has 0 values, f32[3] needs 3");
    put_float(&m, 4, 1);
    expect_bad(&m, ANP_INVALID_MODEL, "float_data has 1 values, f32[3] needs 3");
    for (int i = 0; i < 3; i++) put_float(&m, 4, 1);
    expect_bad(&m, ANP_INVALID_MODEL, "at least 4 values");
    m = tensor("w", ANP_DTYPE_I64, "1000000000000");
    put_int(&m, 7, 1);
    expect_bad(&m, ANP_INVALID_MODEL, "the message has only");
}

static void overflowing_shapes_are_refused(void **state) {
    (void)state;
    msg_t m = tensor("w", ANP_DTYPE_F32, "4611686018427387904 2 2");
    expect_bad(&m, ANP_LIMIT, "tensor 'w'");
    m = tensor("w", ANP_DTYPE_F64, "4611686018427387904");
    expect_bad(&m, ANP_LIMIT, "tensor 'w'");
}

static void wrong_types_dims_and_fields_are_refused(void **state) {
    (void)state;
    msg_t m = tensor("w", ANP_DTYPE_F32, "-1");
    expect_bad(&m, ANP_INVALID_MODEL, "dimension 0 is -1");
    m = tensor("w", ANP_DTYPE_F32, "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1");
    expect_bad(&m, ANP_INVALID_MODEL, "17 dimensions");
    m = tensor("w", 0, "1");
    expect_bad(&m, ANP_INVALID_MODEL, "data_type is 0");
    m = tensor("w", 63, "1");
    expect_bad(&m, ANP_INVALID_MODEL, "data_type is 63");
    m = tensor("w", ANP_DTYPE_F32, "1");
    put_int(&m, 7, 1);
    expect_bad(&m, ANP_INVALID_MODEL, "elements are in int64_data, type f32 uses float_data");
    put_float(&m, 4, 1);
    m = tensor("w", ANP_DTYPE_F32, "1");
    put_float(&m, 4, 1);
    put_bytes(&m, 9, "1234", 4);
    expect_bad(&m, ANP_INVALID_MODEL, "in float_data and in raw_data");
    m = tensor("w", ANP_DTYPE_U8, "1");
    put_int(&m, 5, 256);
    expect_bad(&m, ANP_INVALID_MODEL, "value 256 does not fit into 1 bytes");
    m = tensor_raw("w", ANP_DTYPE_STRING, "1", "x", 1);
    expect_bad(&m, ANP_INVALID_MODEL, "strings outside string_data");
    m = tensor("w", ANP_DTYPE_F32, "1");
    put_bytes(&m, 3, "", 0);
    expect_bad(&m, ANP_UNSUPPORTED, "segments");
}

/* ---- external data ---- */

static void expect_bad_external(const char *location, const char *offset, const char *length,
                                anp_status_t status, const char *message) {
    const msg_t m = tensor_external("w", ANP_DTYPE_F32, "2", location, offset, length);
    anp_onnx_data_t data;
    assert_int_equal(load_from(&m, anp_test_dir(), false, &data), status);
    anp_test_expect_message(message);
}

static void external_data_is_mapped_at_its_offset(void **state) {
    (void)state;
    const float x[4] = {0, 1, 2, 3};
    anp_test_write("w.bin", x, sizeof x);
    const msg_t m = tensor_external("w", ANP_DTYPE_F32, "2", "w.bin", "4", "8");
    anp_onnx_data_t data;
    assert_int_equal(load_from(&m, anp_test_dir(), false, &data), ANP_OK);
    assert_non_null(data.file);
    assert_int_equal(data.file_offset, 4);
    assert_memory_equal(data.tensor.data, x + 1, 8);
    anp_file_release(data.file);
}

static void external_data_outside_its_file_is_refused(void **state) {
    (void)state;
    anp_test_write("w.bin", "123456789012", 12);
    expect_bad_external("w.bin", "5", "8", ANP_INVALID_MODEL,
                        "8 bytes at 5 do not lie in the file of 12 bytes");
    expect_bad_external("w.bin", "9223372036854775807", NULL, ANP_INVALID_MODEL, "do not lie");
    expect_bad_external("w.bin", NULL, "12", ANP_INVALID_MODEL, "type and shape need 8");
    expect_bad_external("w.bin", "-1", NULL, ANP_INVALID_MODEL, "offset is '-1'");
    expect_bad_external("w.bin", "99999999999999999999", NULL, ANP_INVALID_MODEL, "offset is");
    expect_bad_external("w.bin", "", NULL, ANP_INVALID_MODEL, "offset is ''");
    expect_bad_external("none.bin", NULL, NULL, ANP_NOT_FOUND, "none.bin");
    expect_bad_external(NULL, NULL, NULL, ANP_INVALID_MODEL, "without a location");
}

static void paths_out_of_the_folder_are_refused(void **state) {
    (void)state;
    expect_bad_external("../w.bin", NULL, NULL, ANP_INVALID_MODEL, "../w.bin");
    expect_bad_external("a/../../w.bin", NULL, NULL, ANP_INVALID_MODEL, "..");
    expect_bad_external("/etc/passwd", NULL, NULL, ANP_INVALID_MODEL, "/etc/passwd");
    expect_bad_external("", NULL, NULL, ANP_INVALID_MODEL, "");
    expect_bad_external(".", NULL, NULL, ANP_IO, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_data_is_left_in_place),
        cmocka_unit_test(packed_floats_are_left_in_place_and_single_ones_decoded),
        cmocka_unit_test(small_types_come_from_int32_data),
        cmocka_unit_test(four_bit_elements_share_bytes),
        cmocka_unit_test(complex_elements_are_pairs),
        cmocka_unit_test(integers_of_64_bits_are_exact),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(a_tensor_without_elements_needs_no_data),
        cmocka_unit_test(wrong_sizes_are_refused),
        cmocka_unit_test(overflowing_shapes_are_refused),
        cmocka_unit_test(wrong_types_dims_and_fields_are_refused),
        cmocka_unit_test(external_data_is_mapped_at_its_offset),
        cmocka_unit_test(external_data_outside_its_file_is_refused),
        cmocka_unit_test(paths_out_of_the_folder_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
