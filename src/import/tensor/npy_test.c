/* SPDX-License-Identifier: Apache-2.0 */
/* .npy files: what NumPy writes is read, what is written NumPy reads, what is broken is refused. */
#include "base/testing.h"
#include "import/tensor/tensor_file.h"
#include "op/dtype.h"
#include <stdio.h>

/* A format 1.0 file: header text, then n bytes of elements. */
static void write_npy(const char *name, const char *header, const void *elements, size_t n) {
    char file[1024] = "\x93NUMPY\x01\x00";
    const size_t len = strlen(header);
    assert_true(10 + len + n <= sizeof file);
    file[8] = (char)(len & 0xff);
    file[9] = (char)(len >> 8);
    memcpy(file + 10, header, len);
    if (n) memcpy(file + 10 + len, elements, n);
    anp_test_write(name, file, 10 + len + n);
}

static anp_tensor_file_t *open_npy(const char *name) {
    anp_tensor_file_t *f;
    assert_int_equal(anp_tensor_file_open(anp_test_path(name), NULL, &f), ANP_OK);
    return f;
}

static void expect_refused(const char *name, anp_status_t status, const char *message) {
    anp_tensor_file_t *f = (anp_tensor_file_t *)1;
    assert_int_equal(anp_tensor_file_open(anp_test_path(name), NULL, &f), status);
    assert_null(f);
    anp_test_expect_message(message);
}

static void elements_and_shape_are_read(void **state) {
    (void)state;
    const float x[6] = {1, 2, 3, 4, 5, 6};
    write_npy("a.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", x,
              sizeof x);
    anp_tensor_file_t *f = open_npy("a.npy");
    const anp_tensor_t *t = anp_tensor_file_get(f);
    assert_int_equal(t->dtype, ANP_DTYPE_F32);
    assert_int_equal(t->rank, 2);
    assert_int_equal(t->dims[0], 2);
    assert_int_equal(t->dims[1], 3);
    assert_memory_equal(t->data, x, sizeof x);
    assert_int_equal((uintptr_t)t->data % 16, 0);
    anp_tensor_file_release(f);
}

static void keys_may_come_in_any_order_and_with_double_quotes(void **state) {
    (void)state;
    const int64_t x = 7;
    write_npy("a.npy", "{\"shape\":(1L,),\"fortran_order\":False,\"descr\":\"<i8\"}", &x, sizeof x);
    anp_tensor_file_t *f = open_npy("a.npy");
    assert_int_equal(anp_tensor_file_get(f)->rank, 1);
    assert_int_equal(*(const int64_t *)anp_tensor_file_get(f)->data, 7);
    anp_tensor_file_release(f);
}

static void fortran_order_is_transposed(void **state) {
    (void)state;
    const int16_t stored[6] = {1, 4, 2, 5, 3, 6}, want[6] = {1, 2, 3, 4, 5, 6};
    write_npy("a.npy", "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3)}", stored,
              sizeof stored);
    anp_tensor_file_t *f = open_npy("a.npy");
    assert_memory_equal(anp_tensor_file_get(f)->data, want, sizeof want);
    anp_tensor_file_release(f);
}

static void text_becomes_utf8_strings(void **state) {
    (void)state;
    const uint32_t x[4] = {'h', 0xe9, 0x1f600, 0};
    write_npy("a.npy", "{'descr': '<U2', 'fortran_order': False, 'shape': (2,)}", x, sizeof x);
    anp_tensor_file_t *f = open_npy("a.npy");
    const anp_string_t *s = anp_tensor_file_get(f)->data;
    assert_int_equal(anp_tensor_file_get(f)->dtype, ANP_DTYPE_STRING);
    assert_int_equal(s[0].len_bytes, 3);
    assert_memory_equal(s[0].ptr, "h\xc3\xa9", 3);
    assert_int_equal(s[1].len_bytes, 4);
    assert_memory_equal(s[1].ptr, "\xf0\x9f\x98\x80", 4);
    anp_tensor_file_release(f);
}

static void a_scalar_has_rank_zero(void **state) {
    (void)state;
    const uint8_t x = 1;
    write_npy("a.npy", "{'descr': '|b1', 'fortran_order': False, 'shape': ()}", &x, 1);
    anp_tensor_file_t *f = open_npy("a.npy");
    assert_int_equal(anp_tensor_file_get(f)->rank, 0);
    assert_int_equal(anp_tensor_file_get(f)->dtype, ANP_DTYPE_BOOL);
    anp_tensor_file_release(f);
}

static void what_is_not_supported_is_named(void **state) {
    (void)state;
    const uint8_t x[16] = {0};
    write_npy("a.npy", "{'descr': '>f4', 'fortran_order': False, 'shape': (4,)}", x, 16);
    expect_refused("a.npy", ANP_UNSUPPORTED, "big-endian");
    write_npy("a.npy", "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", x, 16);
    expect_refused("a.npy", ANP_UNSUPPORTED, "'O'");
    write_npy("a.npy", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,)}", x, 16);
    expect_refused("a.npy", ANP_UNSUPPORTED, "structured");
}

static void elements_must_fill_the_file_exactly(void **state) {
    (void)state;
    const uint8_t x[17] = {0};
    const char *header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}";
    write_npy("a.npy", header, x, 15);
    expect_refused("a.npy", ANP_INVALID_FILE, "f32[4] needs 16 bytes of elements, found 15");
    write_npy("a.npy", header, x, 17);
    expect_refused("a.npy", ANP_INVALID_FILE, "found 17");
}

static void overflowing_shapes_are_refused(void **state) {
    (void)state;
    write_npy("a.npy",
              "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "", 0);
    expect_refused("a.npy", ANP_LIMIT, "");
    write_npy("a.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
              "", 0);
    expect_refused("a.npy", ANP_INVALID_FILE, "63 bits");
    write_npy("a.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "", 0);
    expect_refused("a.npy", ANP_INVALID_FILE, "dimension");
    write_npy("a.npy", "{'descr': '<U0', 'fortran_order': False, 'shape': (4000000000000,)}", "",
              0);
    expect_refused("a.npy", ANP_LIMIT, "strings");
}

static void a_file_cut_anywhere_is_refused(void **state) {
    (void)state;
    char file[200];
    const float x[2] = {1, 2};
    write_npy("a.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", x, sizeof x);
    FILE *in = fopen(anp_test_path("a.npy"), "rb");
    const size_t n = fread(file, 1, sizeof file, in);
    fclose(in);
    for (size_t cut = 0; cut < n; cut++) {
        anp_tensor_file_t *f;
        assert_int_not_equal(anp_tensor_file_parse("a.npy", (const uint8_t *)file, cut, NULL, &f),
                             ANP_OK);
        assert_null(f);
    }
}

static void expect_same(const anp_tensor_t *a, const anp_tensor_t *b) {
    uint64_t bytes;
    assert_int_equal(a->dtype, b->dtype);
    assert_true(anp_tensor_same_dims(a, b));
    assert_int_equal(anp_tensor_bytes(a, &bytes), ANP_OK);
    assert_memory_equal(a->data, b->data, bytes);
}

static void every_number_type_comes_back_as_it_was_written(void **state) {
    (void)state;
    uint32_t n;
    const anp_dtype_row_t *rows = anp_dtype_rows(&n);
    uint8_t data[6 * 16];
    const int64_t dims[] = {2, 1, 3};
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 7 % 2);
    for (uint32_t i = 0; i < n; i++) {
        if (!rows[i].npy) continue;
        anp_tensor_t t;
        anp_tensor_init(&t, rows[i].dtype, 3, dims, data);
        assert_int_equal(anp_npy_write(anp_test_path("b.npy"), &t), ANP_OK);
        anp_tensor_file_t *f = open_npy("b.npy");
        expect_same(anp_tensor_file_get(f), &t);
        anp_tensor_file_release(f);
    }
}

static void types_numpy_lacks_are_written_as_f32(void **state) {
    (void)state;
    const uint16_t data[2] = {anp_bf16_from_f32(1.5f), anp_bf16_from_f32(-2)};
    const int64_t dims[] = {2};
    anp_tensor_t t;
    anp_tensor_init(&t, ANP_DTYPE_BF16, 1, dims, (void *)data);
    assert_int_equal(anp_npy_write(anp_test_path("b.npy"), &t), ANP_OK);
    anp_tensor_file_t *f = open_npy("b.npy");
    const float *x = anp_tensor_file_get(f)->data;
    assert_int_equal(anp_tensor_file_get(f)->dtype, ANP_DTYPE_F32);
    assert_true(x[0] == 1.5f && x[1] == -2.0f);
    anp_tensor_file_release(f);
}

static void strided_tensors_are_written_dense(void **state) {
    (void)state;
    int32_t data[6] = {1, 2, 3, 4, 5, 6}; /* [2, 3], seen as its transpose [3, 2] */
    const int64_t dims[] = {3, 2};
    const int32_t want[6] = {1, 4, 2, 5, 3, 6};
    anp_tensor_t t;
    anp_tensor_init(&t, ANP_DTYPE_I32, 2, dims, data);
    t.strided = 1;
    t.strides[0] = 1;
    t.strides[1] = 3;
    assert_int_equal(anp_npy_write(anp_test_path("b.npy"), &t), ANP_OK);
    anp_tensor_file_t *f = open_npy("b.npy");
    assert_memory_equal(anp_tensor_file_get(f)->data, want, sizeof want);
    anp_tensor_file_release(f);
}

static void strings_come_back_as_they_were_written(void **state) {
    (void)state;
    anp_string_t data[] = {{"", 0}, {"a\xc3\xa9\xf0\x9f\x98\x80", 7}, {"xyz", 3}};
    const int64_t dims[] = {3};
    anp_tensor_t t;
    anp_tensor_init(&t, ANP_DTYPE_STRING, 1, dims, data);
    assert_int_equal(anp_npy_write(anp_test_path("b.npy"), &t), ANP_OK);
    anp_tensor_file_t *f = open_npy("b.npy");
    const anp_string_t *s = anp_tensor_file_get(f)->data;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(s[i].len_bytes, data[i].len_bytes);
        assert_memory_equal(s[i].ptr, data[i].ptr, data[i].len_bytes);
    }
    anp_tensor_file_release(f);
    data[2] = (anp_string_t){"\xff", 1};
    assert_int_equal(anp_npy_write(anp_test_path("b.npy"), &t), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("string 2 is not UTF-8 at byte 0");
}

static anp_status_t write_and_read(void *arg) {
    const char *path = arg;
    const float x[4] = {1, 2, 3, 4};
    const int64_t dims[] = {2, 2};
    anp_tensor_t t;
    anp_tensor_file_t *f;
    anp_tensor_init(&t, ANP_DTYPE_F32, 2, dims, (void *)x);
    ANP_TRY(anp_npy_write(path, &t));
    ANP_TRY(anp_tensor_file_open(path, NULL, &f));
    anp_tensor_file_release(f);
    return ANP_OK;
}

static void failing_memory_is_reported_and_leaks_nothing(void **state) {
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", anp_test_path("c.npy"));
    anp_test_every_allocation_fails(write_and_read, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_and_shape_are_read),
        cmocka_unit_test(keys_may_come_in_any_order_and_with_double_quotes),
        cmocka_unit_test(fortran_order_is_transposed),
        cmocka_unit_test(text_becomes_utf8_strings),
        cmocka_unit_test(a_scalar_has_rank_zero),
        cmocka_unit_test(what_is_not_supported_is_named),
        cmocka_unit_test(elements_must_fill_the_file_exactly),
        cmocka_unit_test(overflowing_shapes_are_refused),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(every_number_type_comes_back_as_it_was_written),
        cmocka_unit_test(types_numpy_lacks_are_written_as_f32),
        cmocka_unit_test(strided_tensors_are_written_dense),
        cmocka_unit_test(strings_come_back_as_they_were_written),
        cmocka_unit_test(failing_memory_is_reported_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, anp_test_dir_remove);
}
