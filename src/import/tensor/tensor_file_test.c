/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor files: which reader gets a file, ONNX values, raw elements. */
#include "import/onnx/onnx_testing.h"
#include "import/tensor/tensor_file.h"

static anp_tensor_file_t *open_ok(const char *name, const anp_tensor_file_options_t *options) {
    anp_tensor_file_t *f;
    const anp_status_t st = anp_tensor_file_open(anp_test_path(name), options, &f);
    if (st != ANP_OK) print_error("%s\n", anp_error_message());
    assert_int_equal(st, ANP_OK);
    return f;
}

static void expect_refused(const char *name, const anp_tensor_file_options_t *options,
                           anp_status_t status, const char *message) {
    anp_tensor_file_t *f;
    assert_int_equal(anp_tensor_file_open(anp_test_path(name), options, &f), status);
    assert_null(f);
    anp_test_expect_message(message);
}

static void write_msg(const char *name, const msg_t *m) {
    anp_test_write(name, m->data, m->n);
}

/* ---- .pb ---- */

static const float pair[] = {1, 2};

static void a_tensor_keeps_its_name_and_is_aligned(void **state) {
    (void)state;
    const msg_t m = tensor_f32s("weights", "2", 2, pair);
    write_msg("t.pb", &m);
    anp_tensor_file_t *f = open_ok("t.pb", NULL);
    const anp_tensor_t *t = anp_tensor_file_get(f);
    assert_string_equal(anp_tensor_file_name(f), "weights");
    assert_int_equal((uintptr_t)t->data % 16, 0);
    assert_memory_equal(t->data, pair, sizeof pair);
    anp_tensor_file_release(f);
}

static void a_sequence_is_a_list_of_tensors(void **state) {
    (void)state;
    const anp_tensor_file_options_t options = {.pb_kind = ANP_TENSOR_FILE_SEQUENCE};
    const msg_t item = tensor_f32s("", "2", 2, pair);
    msg_t m = {.n = 0};
    put_text(&m, 1, "list");
    put_int(&m, 2, 1);
    put_msg(&m, 3, &item);
    put_msg(&m, 3, &item);
    write_msg("s.pb", &m);
    anp_tensor_file_t *f = open_ok("s.pb", &options);
    const anp_tensor_t *t = anp_tensor_file_get(f), *items = t->data;
    assert_int_equal(t->kind, ANP_KIND_SEQUENCE);
    assert_int_equal(t->dims[0], 2);
    assert_int_equal(t->dtype, ANP_DTYPE_F32);
    assert_memory_equal(items[1].data, pair, sizeof pair);
    anp_tensor_file_release(f);
}

/* A map of i64 to f32 with these keys. */
static msg_t map_message(uint64_t n_keys) {
    const msg_t value = tensor_f32s("", "", 1, pair);
    msg_t values = {.n = 0}, m = {.n = 0};
    put_int(&values, 2, 1);
    put_msg(&values, 3, &value);
    put_msg(&values, 3, &value);
    put_int(&m, 2, ANP_DTYPE_I64);
    for (uint64_t i = 0; i < n_keys; i++) put_int(&m, 3, 7 + i);
    put_msg(&m, 5, &values);
    return m;
}

static void a_map_is_its_keys_and_values(void **state) {
    (void)state;
    const anp_tensor_file_options_t options = {.pb_kind = ANP_TENSOR_FILE_MAP};
    msg_t m = map_message(2);
    write_msg("m.pb", &m);
    anp_tensor_file_t *f = open_ok("m.pb", &options);
    const anp_tensor_t *t = anp_tensor_file_get(f), *part = t->data;
    assert_int_equal(t->kind, ANP_KIND_MAP);
    assert_int_equal(t->key, ANP_DTYPE_I64);
    assert_int_equal(t->dtype, ANP_DTYPE_F32);
    assert_memory_equal(part[0].data, ((const int64_t[]){7, 8}), 16);
    assert_memory_equal(part[1].data, ((const float[]){1, 1}), 8);
    anp_tensor_file_release(f);
    m = map_message(3);
    write_msg("m.pb", &m);
    expect_refused("m.pb", &options, ANP_INVALID_MODEL, "a map of 3 keys and 2 values");
}

static void a_sequence_may_hold_maps(void **state) {
    (void)state;
    const anp_tensor_file_options_t options = {.pb_kind = ANP_TENSOR_FILE_SEQUENCE};
    const msg_t item = map_message(2);
    msg_t m = {.n = 0};
    put_int(&m, 2, 4);
    put_msg(&m, 6, &item);
    write_msg("s.pb", &m);
    anp_tensor_file_t *f = open_ok("s.pb", &options);
    const anp_tensor_t *t = anp_tensor_file_get(f), *items = t->data;
    assert_int_equal(t->kind, ANP_KIND_SEQUENCE);
    assert_int_equal(t->key, ANP_DTYPE_I64);
    assert_int_equal(items[0].kind, ANP_KIND_MAP);
    anp_tensor_file_release(f);
}

static void an_optional_may_hold_a_tensor_or_nothing(void **state) {
    (void)state;
    const anp_tensor_file_options_t options = {.pb_kind = ANP_TENSOR_FILE_OPTIONAL};
    const msg_t item = tensor_f32s("", "2", 2, pair);
    msg_t some = {.n = 0}, none = {.n = 0};
    put_int(&some, 2, 1);
    put_msg(&some, 3, &item);
    put_int(&none, 2, 0);
    write_msg("some.pb", &some);
    write_msg("none.pb", &none);
    anp_tensor_file_t *f = open_ok("some.pb", &options);
    assert_memory_equal(anp_tensor_file_get(f)->data, pair, sizeof pair);
    anp_tensor_file_release(f);
    f = open_ok("none.pb", &options);
    assert_int_equal(anp_tensor_file_get(f)->kind, ANP_KIND_NONE);
    anp_tensor_file_release(f);
}

static void a_broken_tensor_names_its_place(void **state) {
    (void)state;
    msg_t m = tensor_f32s("w", "3", 2, pair);
    write_msg("t.pb", &m);
    expect_refused("t.pb", NULL, ANP_INVALID_MODEL, "tensor 'w': raw_data has 8 bytes");
    m.n -= 3;
    write_msg("t.pb", &m);
    expect_refused("t.pb", NULL, ANP_INVALID_FILE, "bytes are left");
    const msg_t external = tensor_external("w", ANP_DTYPE_F32, "2", "w.bin", NULL, NULL);
    write_msg("t.pb", &external);
    expect_refused("t.pb", NULL, ANP_INVALID_MODEL, "has no folder");
}

/* ---- raw ---- */

static void raw_elements_take_the_shape_that_is_given(void **state) {
    (void)state;
    const int16_t x[6] = {1, 2, 3, 4, 5, 6};
    anp_test_write("r.bin", x, sizeof x);
    const anp_tensor_file_options_t options = {.dtype = ANP_DTYPE_I16, .rank = 2, .dims = {-1, 3}};
    anp_tensor_file_t *f = open_ok("r.bin", &options);
    assert_int_equal(anp_tensor_file_get(f)->dims[0], 2);
    assert_memory_equal(anp_tensor_file_get(f)->data, x, sizeof x);
    anp_tensor_file_release(f);
}

static void raw_elements_must_fill_the_file(void **state) {
    (void)state;
    anp_test_write("r.bin", "1234567", 7);
    anp_tensor_file_options_t options = {.dtype = ANP_DTYPE_F32, .rank = 1, .dims = {-1}};
    expect_refused("r.bin", &options, ANP_INVALID_ARGUMENT, "has 7 bytes, f32[1] needs 4");
    options.dims[0] = 2;
    expect_refused("r.bin", &options, ANP_INVALID_ARGUMENT, "f32[2] needs 8");
    options.dims[0] = -2;
    expect_refused("r.bin", &options, ANP_INVALID_ARGUMENT, "dimension 0 is -2");
    options.dtype = ANP_DTYPE_NONE;
    expect_refused("r.bin", &options, ANP_INVALID_ARGUMENT, "need a type and a shape");
    expect_refused("r.bin", NULL, ANP_INVALID_ARGUMENT, "need a type and a shape");
}

/* ---- the table ---- */

static void content_counts_more_than_the_extension(void **state) {
    (void)state;
    const int64_t dims[] = {2};
    anp_tensor_t t = {
        .dtype = ANP_DTYPE_F32, .rank = 1, .dims = {dims[0]}, .data = (void *)(uintptr_t)pair};
    assert_int_equal(anp_npy_write(anp_test_path("odd.bin"), &t), ANP_OK);
    anp_tensor_file_t *f = open_ok("odd.bin", NULL);
    assert_memory_equal(anp_tensor_file_get(f)->data, pair, sizeof pair);
    anp_tensor_file_release(f);
}

static void other_files_are_refused(void **state) {
    (void)state;
    anp_test_write("a.txt", "hello", 5);
    expect_refused("a.txt", NULL, ANP_UNSUPPORTED, "not from 'txt'");
    anp_test_write("plain", "hello", 5);
    expect_refused("plain", NULL, ANP_UNSUPPORTED, ".npy, .pb and .bin");
    anp_test_write("a.npy", "hello", 5);
    expect_refused("a.npy", NULL, ANP_INVALID_FILE, "does not begin with");
    expect_refused("none.npy", NULL, ANP_NOT_FOUND, "none.npy");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tensor_keeps_its_name_and_is_aligned),
        cmocka_unit_test(a_sequence_is_a_list_of_tensors),
        cmocka_unit_test(a_map_is_its_keys_and_values),
        cmocka_unit_test(a_sequence_may_hold_maps),
        cmocka_unit_test(an_optional_may_hold_a_tensor_or_nothing),
        cmocka_unit_test(a_broken_tensor_names_its_place),
        cmocka_unit_test(raw_elements_take_the_shape_that_is_given),
        cmocka_unit_test(raw_elements_must_fill_the_file),
        cmocka_unit_test(content_counts_more_than_the_extension),
        cmocka_unit_test(other_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, anp_test_dir_remove);
}
