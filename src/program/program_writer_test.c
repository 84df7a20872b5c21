/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: sharing, finishing twice, failing. */
#include "base/testing.h"
#include "program/program_testing.h"

static anp_program_writer_t *fresh(void) {
    anp_program_writer_t *w;
    assert_int_equal(anp_program_writer_create(&w), ANP_OK);
    return w;
}

static uint32_t string(anp_program_writer_t *w, const char *s, uint64_t len) {
    uint32_t at;
    assert_int_equal(anp_program_put_string(w, s, len, &at), ANP_OK);
    return at;
}

static void equal_strings_and_lists_are_stored_once(void **state) {
    (void)state;
    anp_program_writer_t *w = fresh();
    assert_int_equal(string(w, "", 0), 0);
    const uint32_t conv = string(w, "Conv", 4);
    assert_int_not_equal(string(w, "Con", 3), conv);
    assert_int_equal(string(w, "Conv", 4), conv);
    assert_int_not_equal(string(w, "Conv\0", 5), conv); /* a NUL inside counts */
    const int64_t dims[] = {1, 2, 3};
    uint32_t a, b, c, none;
    assert_int_equal(anp_program_put_ints(w, dims, 3, &a), ANP_OK);
    assert_int_equal(anp_program_put_ints(w, dims, 2, &b), ANP_OK);
    assert_int_equal(anp_program_put_ints(w, dims, 3, &c), ANP_OK);
    assert_int_equal(anp_program_put_ints(w, NULL, 0, &none), ANP_OK);
    assert_int_equal(a, c);
    assert_int_not_equal(a, b);
    assert_int_equal(none, 0);
    anp_program_writer_release(w);
}

static void equal_input_gives_equal_bytes(void **state) {
    (void)state;
    for (int i = 0; i < ANP_SAMPLE_COUNT; i++) {
        void *a, *b;
        uint64_t a_size, b_size;
        assert_int_equal(anp_sample_program((anp_sample_t)i, &a, &a_size), ANP_OK);
        assert_int_equal(anp_sample_program((anp_sample_t)i, &b, &b_size), ANP_OK);
        assert_int_equal(a_size, b_size);
        assert_memory_equal(a, b, a_size);
        anp_free(a);
        anp_free(b);
    }
}

/* x -> Relu -> y in one partition. */
static void put_relu(anp_program_writer_t *w) {
    uint32_t x, y, in, out, id;
    anp_p_value_t v = {.dtype = ANP_DTYPE_F32, .rank = -1, .const_id = ANP_P_NONE};
    assert_int_equal(anp_program_put_value(w, &v, &x), ANP_OK);
    assert_int_equal(anp_program_put_value(w, &v, &y), ANP_OK);
    assert_int_equal(anp_program_put_refs(w, &x, 1, &in), ANP_OK);
    assert_int_equal(anp_program_put_refs(w, &y, 1, &out), ANP_OK);
    const anp_p_node_t n = {.op = string(w, "Relu", 4),
                            .since = 14,
                            .inputs = in,
                            .n_inputs = 1,
                            .outputs = out,
                            .n_outputs = 1};
    const anp_p_block_t b = {
        .inputs = in, .n_inputs = 1, .outputs = out, .n_outputs = 1, .owner = ANP_P_NONE};
    const anp_p_partition_t p = {.n_nodes = 1,
                                 .group = 1,
                                 .inputs = in,
                                 .n_inputs = 1,
                                 .outputs = out,
                                 .n_outputs = 1,
                                 .blob = ANP_P_NONE};
    assert_int_equal(anp_program_put_block(w, &b, &id), ANP_OK);
    assert_int_equal(anp_program_put_node(w, &n, &id), ANP_OK);
    assert_int_equal(anp_program_put_entry(w, &(anp_p_entry_t){string(w, "main", 4), 0}), ANP_OK);
    assert_int_equal(anp_program_put_partition(w, &p, &id), ANP_OK);
}

static void records_are_completed_after_they_were_put(void **state) {
    (void)state;
    anp_program_writer_t *w = fresh();
    put_relu(w);
    void *data;
    uint64_t size;
    assert_int_equal(anp_program_writer_finish(w, &data, &size), ANP_INVALID_FILE);
    anp_test_expect_message("node 0 belongs to no block");
    assert_null(data);
    anp_program_writer_block(w, 0)->n_nodes = 1;
    assert_int_equal(anp_program_writer_finish(w, &data, &size), ANP_OK);
    anp_free(data);
    anp_program_writer_partition(w, 0)->blob = 3; /* the driver has compiled */
    anp_program_writer_node(w, 0)->est_us = 2;
    assert_int_equal(anp_program_writer_finish(w, &data, &size), ANP_OK);
    assert_int_equal((uintptr_t)data % 64, 0);
    assert_int_equal(size % 8, 0);
    assert_int_equal(ANP_P_TABLE(data, partitions, anp_p_partition_t)->blob, 3);
    anp_free(data);
    anp_program_writer_release(w);
}

static anp_status_t write_scenario(void *arg) {
    void *data;
    uint64_t size;
    ANP_TRY(anp_sample_program(*(const anp_sample_t *)arg, &data, &size));
    anp_free(data);
    return ANP_OK;
}

static void every_failing_allocation_is_reported(void **state) {
    (void)state;
    for (int i = 0; i < ANP_SAMPLE_COUNT; i++) {
        anp_sample_t sample = (anp_sample_t)i;
        anp_test_every_allocation_fails(write_scenario, &sample);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_strings_and_lists_are_stored_once),
        cmocka_unit_test(equal_input_gives_equal_bytes),
        cmocka_unit_test(records_are_completed_after_they_were_put),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
