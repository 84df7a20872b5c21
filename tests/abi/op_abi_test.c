/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets of everything a compiled library of operators relies on. A change here breaks libraries
 * that exist: append a slot instead (docs/operator-abi.md). */
#include "base/testing.h"
#include <anput/op.h>

#define AT(type, field, offset) assert_int_equal(offsetof(type, field), (offset))

static void what_the_host_offers_stays_where_it_is(void **state) {
    (void)state;
    AT(anp_op_host_t, abi, 0);
    AT(anp_op_host_t, struct_size, 4);
    AT(anp_op_host_t, fail, 8);
    AT(anp_op_host_t, attr_int, 16);
    AT(anp_op_host_t, attr_float, 24);
    AT(anp_op_host_t, attr_string, 32);
    AT(anp_op_host_t, attr_ints, 40);
    AT(anp_op_host_t, attr_floats, 48);
    AT(anp_op_host_t, attr_strings, 56);
    AT(anp_op_host_t, attr_tensor, 64);
    AT(anp_op_host_t, input_count, 72);
    AT(anp_op_host_t, output_count, 80);
    AT(anp_op_host_t, input_given, 88);
    AT(anp_op_host_t, input_type, 96);
    AT(anp_op_host_t, input_rank, 104);
    AT(anp_op_host_t, input_size, 112);
    AT(anp_op_host_t, input_ints, 120);
    AT(anp_op_host_t, calc, 128);
    AT(anp_op_host_t, unknown_size, 136);
    AT(anp_op_host_t, set_type, 144);
    AT(anp_op_host_t, set_like, 152);
    AT(anp_op_host_t, set_broadcast, 160);
    AT(anp_op_host_t, set_sizes, 168);
    AT(anp_op_host_t, set_unknown, 176);
    AT(anp_op_host_t, output, 184);
    AT(anp_op_host_t, scratch, 192);
    AT(anp_op_host_t, parallel, 200);
    AT(anp_op_host_t, seed, 208);
    assert_int_equal(sizeof(anp_op_host_t), 216); /* grows with each slot appended */
}

static void slots_of_an_operator_stay_where_they_are(void **state) {
    (void)state;
    AT(anp_op_def_t, struct_size, 0);
    AT(anp_op_def_t, since, 4);
    AT(anp_op_def_t, domain, 8);
    AT(anp_op_def_t, name, 16);
    AT(anp_op_def_t, signature, 24);
    AT(anp_op_def_t, types, 32);
    AT(anp_op_def_t, attributes, 40);
    AT(anp_op_def_t, flags, 48);
    AT(anp_op_def_t, shape, 56);
    AT(anp_op_def_t, reference, 64);
    AT(anp_op_def_t, accepts, 72); /* the first that may be left out */
    AT(anp_op_def_t, fast, 80);
    AT(anp_op_def_t, gradient, 88);
    assert_int_equal(sizeof(anp_op_def_t), 96); /* grows with each slot appended */
    assert_int_equal(ANP_OP_DEF_DATA_DEPENDENT, 1);
    assert_int_equal(ANP_OP_DEF_RANDOM, 2);
}

static void the_table_stays_as_it_is(void **state) {
    (void)state;
    AT(anp_op_library_t, abi, 0);
    AT(anp_op_library_t, struct_size, 4);
    AT(anp_op_library_t, name, 8);
    AT(anp_op_library_t, version, 16);
    AT(anp_op_library_t, n_ops, 20);
    AT(anp_op_library_t, ops, 24);
    assert_int_equal(sizeof(anp_op_library_t), 32);
    assert_int_equal(ANP_OP_ABI, 1);
}

static void sizes_and_calculations_keep_their_numbers(void **state) {
    (void)state;
    assert_int_equal(ANP_OP_ADD, 0);
    assert_int_equal(ANP_OP_SUB, 1);
    assert_int_equal(ANP_OP_MUL, 2);
    assert_int_equal(ANP_OP_FLOOR_DIV, 3);
    assert_int_equal(ANP_OP_CEIL_DIV, 4);
    assert_int_equal(ANP_OP_MIN, 5);
    assert_int_equal(ANP_OP_MAX, 6);
    assert_int_equal(ANP_OP_MOD, 7);
    assert_true(ANP_OP_SIZE_IS_KNOWN(0) && ANP_OP_SIZE_IS_KNOWN(-1));
    assert_false(ANP_OP_SIZE_IS_KNOWN(INT64_MIN) || ANP_OP_SIZE_IS_KNOWN(INT64_MIN + 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_host_offers_stays_where_it_is),
        cmocka_unit_test(slots_of_an_operator_stay_where_they_are),
        cmocka_unit_test(the_table_stays_as_it_is),
        cmocka_unit_test(sizes_and_calculations_keep_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
