/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of labels, best classes, BMP and IDX. */
#include "app/bmp.h"
#include "app/classes.h"
#include "app/idx.h"
#include "app/labels.h"
#include "app/text_tensor.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the four above */
#include <cmocka.h>

static void labels_are_split_at_commas_or_at_line_ends(void **state) {
    (void)state;
    app_labels_t l;
    assert_int_equal(app_labels_parse("a,b,c", &l), ANP_OK);
    assert_int_equal(l.n, 3);
    assert_string_equal(l.names[2], "c");
    app_labels_release(&l);
    assert_int_equal(app_labels_parse("tench, Tinca tinca\r\ngoldfish\n", &l), ANP_OK);
    assert_int_equal(l.n, 2);
    assert_string_equal(l.names[0], "tench, Tinca tinca");
    app_labels_release(&l);
    assert_int_equal(app_labels_parse(NULL, &l), ANP_OK);
    assert_int_equal(l.n, 0);
}

static void labels_keep_an_empty_line_between_names(void **state) {
    (void)state;
    app_labels_t l;
    assert_int_equal(app_labels_parse("a\n\nc\n", &l), ANP_OK);
    assert_int_equal(l.n, 3);
    assert_string_equal(l.names[1], "");
    app_labels_release(&l);
}

static void scores_become_probabilities(void **state) {
    (void)state;
    float v[4] = {0, 1, 0, 0};
    const anp_tensor_t t = {.data = v, .dtype = ANP_DTYPE_F32, .rank = 2, .dims = {2, 2}};
    app_class_t best[2];
    uint32_t n;
    assert_int_equal(app_classes_best(&t, 0, 2, best, &n), ANP_OK); /* sums to 1: as it is */
    assert_int_equal(best[0].index, 1);
    assert_true(best[0].probability == 1);
    assert_int_equal(app_classes_best(&t, 1, 2, best, &n),
                     ANP_OK); /* softmax; equal: first first */
    assert_int_equal(best[0].index, 0);
    assert_true(best[0].probability == 0.5);
}

static void more_classes_than_there_are_give_fewer(void **state) {
    (void)state;
    double v[3] = {-1, 5, 2};
    const anp_tensor_t t = {.data = v, .dtype = ANP_DTYPE_F64, .rank = 1, .dims = {3}};
    app_class_t best[APP_TOP_MAX];
    uint32_t n;
    assert_int_equal(app_classes_best(&t, 0, 5, best, &n), ANP_OK);
    assert_int_equal(n, 3);
    assert_int_equal(best[1].index, 2);
}

static void scores_that_are_not_finite_are_refused(void **state) {
    (void)state;
    double v[2] = {NAN, 1};
    const anp_tensor_t t = {.data = v, .dtype = ANP_DTYPE_F64, .rank = 1, .dims = {2}};
    app_class_t best[1];
    uint32_t n;
    assert_int_equal(app_classes_best(&t, 0, 1, best, &n), ANP_NOT_FINITE);
    const anp_tensor_t scalar = {.data = v, .dtype = ANP_DTYPE_F64};
    assert_int_equal(app_classes_best(&scalar, 0, 1, best, &n), ANP_INVALID_ARGUMENT);
}

static void bmp_has_rows_from_the_bottom_padded_to_four(void **state) {
    (void)state;
    const uint8_t pixels[2] = {7, 9}; /* 1 wide, 2 high */
    uint8_t *bytes;
    size_t n;
    assert_int_equal(app_bmp_make(pixels, 1, 2, &bytes, &n), ANP_OK);
    assert_int_equal(n, 54 + 2 * 4);
    assert_int_equal(bytes[54], 9);
    assert_int_equal(bytes[54 + 4], 7);
    free(bytes);
    assert_int_equal(app_bmp_make(pixels, 0, 2, &bytes, &n), ANP_INVALID_ARGUMENT);
}

/* Writes n bytes to a new file; path has room for 32. */
static void write_file(char *path, const void *data, size_t n) {
    snprintf(path, 32, "/tmp/anput-app-XXXXXX");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, n), (ssize_t)n);
    close(fd);
}

static void idx_images_and_labels_are_read(void **state) {
    (void)state;
    static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 5, 6};
    static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 3, 4};
    char path[32];
    app_idx_t idx;
    write_file(path, images, sizeof images);
    assert_int_equal(app_idx_read_images(path, &idx), ANP_OK);
    assert_int_equal(idx.height, 2);
    assert_int_equal(idx.data[1], 6);
    app_idx_release(&idx);
    assert_int_equal(app_idx_read_labels(path, &idx), ANP_INVALID_FILE);
    unlink(path);
    write_file(path, labels, sizeof labels);
    assert_int_equal(app_idx_read_labels(path, &idx), ANP_OK);
    assert_int_equal(idx.count, 2);
    app_idx_release(&idx);
    unlink(path);
}

static void idx_files_that_announce_more_than_they_have_are_refused(void **state) {
    (void)state;
    static const uint8_t cut[] = {0, 0, 8, 1, 0, 0, 0, 9, 3};
    static const uint8_t huge[] = {0,   0,   8,   3,   255, 255, 255, 255,
                                   255, 255, 255, 255, 255, 255, 255, 255};
    char path[32];
    app_idx_t idx;
    write_file(path, cut, sizeof cut);
    assert_int_equal(app_idx_read_labels(path, &idx), ANP_INVALID_FILE);
    unlink(path);
    write_file(path, huge, sizeof huge);
    assert_int_equal(app_idx_read_images(path, &idx), ANP_LIMIT);
    assert_null(idx.data);
    unlink(path);
    assert_int_equal(app_idx_read_images(path, &idx), ANP_NOT_FOUND);
}

static void brackets_give_the_shape_of_a_text_tensor(void **state) {
    (void)state;
    app_text_tensor_t t;
    assert_int_equal(app_text_tensor_parse("[[1, 2.5, -3e1], [true, nan, -inf]]", &t), ANP_OK);
    assert_int_equal(t.rank, 2);
    assert_int_equal(t.dims[0], 2);
    assert_int_equal(t.dims[1], 3);
    assert_true(t.values[2] == -30 && t.values[3] == 1 && isnan(t.values[4]) && isinf(t.values[5]));
    app_text_tensor_release(&t);
    assert_int_equal(app_text_tensor_parse("16000", &t), ANP_OK);
    assert_int_equal(t.rank, 0);
    assert_int_equal(t.count, 1);
    app_text_tensor_release(&t);
    assert_int_equal(app_text_tensor_parse("[[], []]", &t), ANP_OK);
    assert_int_equal(t.rank, 2);
    assert_int_equal(t.dims[1], 0);
    app_text_tensor_release(&t);
}

static void text_tensors_that_are_none_are_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {"",
                                        "[",
                                        "]",
                                        "[1",
                                        "1]",
                                        "[1,]",
                                        "[,1]",
                                        "1 2",
                                        "[1 2]",
                                        "[1,[2]]",
                                        "[[1],2]",
                                        "[[1],[2,3]]",
                                        "[[1],[]]",
                                        "[x]",
                                        "0x10",
                                        "[1]]",
                                        "[[1],]",
                                        "1e999",
                                        "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
                                        "--1",
                                        "[[],1]",
                                        "[1]2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        app_text_tensor_t t;
        assert_int_not_equal(app_text_tensor_parse(wrong[i], &t), ANP_OK);
        assert_null(t.values);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_split_at_commas_or_at_line_ends),
        cmocka_unit_test(labels_keep_an_empty_line_between_names),
        cmocka_unit_test(scores_become_probabilities),
        cmocka_unit_test(more_classes_than_there_are_give_fewer),
        cmocka_unit_test(scores_that_are_not_finite_are_refused),
        cmocka_unit_test(bmp_has_rows_from_the_bottom_padded_to_four),
        cmocka_unit_test(idx_images_and_labels_are_read),
        cmocka_unit_test(idx_files_that_announce_more_than_they_have_are_refused),
        cmocka_unit_test(brackets_give_the_shape_of_a_text_tensor),
        cmocka_unit_test(text_tensors_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
