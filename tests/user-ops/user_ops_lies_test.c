/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that break their promises: every lie ends in a sentence, on cpu and on ref, and the
 * process goes on. */
#include "user_ops_fixture.h"
#include <stdio.h>
#include <stdlib.h>

static const char *const liar[] = {"lib/ops/liar.so", NULL};

static anp_status_t tell(anp_context_t *ctx, const char *device, const char *op, uo_case_t *c) {
    static const float x[5] = {1, -2, 3, -4, 5};
    static const int64_t dims[] = {5};
    *c = (uo_case_t){.ctx = ctx,
                     .device = device,
                     .domain = "com.example.liar",
                     .op = op,
                     .in = {uo_tensor(x, 1, dims)},
                     .n_in = 1,
                     .free_sizes = true};
    return uo_run(c);
}

static void every_lie_is_told_with_library_and_operator(void **state) {
    static const struct {
        const char *op, *says;
    } lies[] = {
        {"SaysNothing", "the shape rule gives output 0 no shape"},
        {"GivesNegative", "the shape rule gives axis 0 of output 0 size -3"},
        {"GivesHandle", "is no size: handles come from the host alone"},
        {"CalculatesWithHandle", "is no size: handles come from the host alone"},
        {"CalculatesAnything", "there is no calculation 77"},
        {"GivesManyAxes", "the shape rule gives output 0 99 axes, at most 16 are taken"},
        {"GivesOtherOutput", "it has no output 7"},
        {"ReadsOtherInput", "it has no input 7"},
        {"ReadsOtherAxis", "it asks for axis 9 of input 0, which has rank 1"},
        {"ReadsOtherAttribute", "it asks for attribute 'nothing' as a kind its row does not have"},
        {"GivesOtherType", "the shape rule gives output 'Y' type i64, its signature f32"},
        {"FailsSilently", "the shape rule gives status 2 (invalid model) and no reason"},
        {"LeavesOpen", "the shape rule leaves output 0 open; only data-dependent operators may"},
        {"AsksForMemory", "a shape rule calls a function for kernels"},
        {"ChangesItsMind", "the shape rule gives output 0 another type or shape than when"},
        {"WritesBeyond", "the kernel writes beyond output 0 of 20 bytes"},
        {"WritesBefore", "the kernel writes before output 0 of 20 bytes"},
        {"GivesUnknownStatus", "the reference kernel gives status 999 (unknown status)"},
        {"LosesDevice", "the device is gone"},
        {"AsksForShapes", "a kernel calls a function for shape rules"},
        {"ShapesPlanned", "the kernel shapes output 0 and is not data-dependent"},
        {"ShapesTwoAxes", "the kernel gives output 0 rank 2, its shape rule said 1"},
        {"ShapesNegative", "the kernel gives axis 0 of output 0 size -3"},
        {"ShapesTwice", "the kernel shapes output 0 twice"},
        {"ShapesNothing", "the kernel does not shape output 0"},
        {"ShapesAndWritesBeyond", "the kernel writes beyond output 0 of 12 bytes"},
        {"ShapesOtherSize", "the kernel gives axis 0 of output 0 size 3, its shape rule said 5"},
    };
    anp_context_t *ctx = uo_context(liar);
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
        for (int d = 0; d < 2; d++) {
            char op[64];
            uo_case_t c;
            assert_int_equal(tell(ctx, d ? "ref" : "cpu", lies[i].op, &c), ANP_BAD_OPERATOR);
            snprintf(op, sizeof op, "node 'node' (com.example.liar.%s): ", lies[i].op);
            anp_test_expect_message(op);
            anp_test_expect_message(lies[i].says);
            if (strcmp(lies[i].op, "LosesDevice") != 0) anp_test_expect_message("lib/ops/liar.so");
            uo_end(&c);
        }
    anp_context_release(ctx);
}

static void a_result_too_large_to_exist_is_a_limit(void **state) {
    anp_context_t *ctx = uo_context(liar);
    uo_case_t c;
    (void)state;
    assert_int_equal(tell(ctx, "cpu", "ShapesHuge", &c), ANP_LIMIT);
    uo_end(&c);
    anp_context_release(ctx);
}

static void a_tensor_the_library_overwrites_is_its_own(void **state) {
    anp_context_t *ctx = uo_context(liar);
    uo_case_t c;
    anp_tensor_t y;
    (void)state;
    uo_ok(tell(ctx, "ref", "WritesHeader", &c));
    uo_ok(anp_session_get_output(c.session, 0, &y));
    assert_int_equal(y.rank, 1);
    assert_int_equal(y.dims[0], 5);
    assert_true(((const float *)y.data)[4] == 5);
    uo_end(&c);
    anp_context_release(ctx);
}

static void the_context_works_on_after_a_lie(void **state) {
    static const char *const both[] = {"lib/ops/liar.so", "examples/mish_clip.so", NULL};
    anp_context_t *ctx = uo_context(both);
    uo_case_t c;
    (void)state;
    assert_int_equal(tell(ctx, "cpu", "WritesBeyond", &c), ANP_BAD_OPERATOR);
    assert_int_equal(anp_session_run(c.session, NULL), ANP_BAD_OPERATOR);
    uo_end(&c);
    uo_ok(tell(ctx, "cpu", "WritesHeader", &c));
    uo_end(&c);
    anp_context_release(ctx);
}

static anp_status_t load(const char *path) {
    anp_context_t *ctx = uo_context(NULL);
    const anp_status_t st = anp_context_load_ops(ctx, path);
    anp_context_release(ctx);
    return st;
}

static void files_that_are_no_library_are_refused(void **state) {
    (void)state;
    assert_int_equal(load(""), ANP_INVALID_ARGUMENT);
    assert_int_equal(load("no-such-library.so"), ANP_NOT_FOUND);
    anp_test_expect_message("no-such-library.so");
    assert_int_equal(load("README.md"), ANP_BAD_OPERATOR);
    anp_test_expect_message("operator library ./README.md: ");
    assert_int_equal(load(uo_path("lib/ops/other_abi.so")), ANP_INCOMPATIBLE);
    anp_test_expect_message(
        "other_abi.so: made for operator ABI 2, this Anput has 1: rebuild it with these headers");
    if (getenv("ANPUT_TEST_DRIVERS")) {
        const anp_status_t st = load(uo_path("lib/drivers/anput-null.so"));
        assert_int_equal(st, ANP_BAD_OPERATOR);
        anp_test_expect_message("has no symbol anp_ops_query");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_lie_is_told_with_library_and_operator),
        cmocka_unit_test(a_result_too_large_to_exist_is_a_limit),
        cmocka_unit_test(a_tensor_the_library_overwrites_is_its_own),
        cmocka_unit_test(the_context_works_on_after_a_lie),
        cmocka_unit_test(files_that_are_no_library_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
