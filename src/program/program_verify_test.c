/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier: good programs pass, and each rule is shown by a program that breaks it alone. */
#include "base/testing.h"
#include "program/program_testing.h"

/* A sample that may be changed; released by check(). */
typedef struct edit_t {
    unsigned char *data;
    uint64_t size;
} edit_t;

static edit_t edit(anp_sample_t sample) {
    edit_t e;
    void *data;
    assert_int_equal(anp_sample_program(sample, &data, &e.size), ANP_OK);
    e.data = data;
    return e;
}

static anp_p_header_t *header(edit_t e) {
    return (anp_p_header_t *)(void *)e.data;
}
#define TABLE(e, field, type) ((type *)(void *)((e).data + header(e)->field.offset))
#define NODE(e, i) (&TABLE(e, nodes, anp_p_node_t)[i])
#define VALUE(e, i) (&TABLE(e, values, anp_p_value_t)[i])
#define BLOCK(e, i) (&TABLE(e, blocks, anp_p_block_t)[i])
#define PARTITION(e, i) (&TABLE(e, partitions, anp_p_partition_t)[i])
#define REFS(e, at) (TABLE(e, refs, uint32_t) + (at))

static void check(edit_t e, anp_status_t expected, const char *message) {
    assert_int_equal(anp_program_verify(e.data, e.size), expected);
    if (expected != ANP_OK) anp_test_expect_message(message);
    anp_free(e.data);
}
static void refused(edit_t e, const char *message) {
    check(e, ANP_INVALID_FILE, message);
}

/* ---- whole programs ---- */

static void every_sample_is_valid(void **state) {
    (void)state;
    for (int i = 0; i < ANP_SAMPLE_COUNT; i++) check(edit((anp_sample_t)i), ANP_OK, "");
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    for (int i = 0; i < ANP_SAMPLE_COUNT; i++) {
        edit_t e = edit((anp_sample_t)i);
        for (uint64_t n = 0; n < e.size; n++) {
            void *cut; /* of its own, so that a sanitizer sees a read behind the end */
            assert_int_equal(anp_alloc(n, &cut), ANP_OK);
            memcpy(cut, e.data, n);
            if (n >= sizeof(anp_p_header_t)) ((anp_p_header_t *)cut)->size_bytes = n;
            if (anp_program_verify(cut, n) == ANP_OK)
                fail_msg("%s cut to %llu of %llu bytes is taken", anp_sample_name((anp_sample_t)i),
                         (unsigned long long)n, (unsigned long long)e.size);
            anp_free(cut);
        }
        anp_free(e.data);
    }
}

/* A changed byte may leave a program valid (a name, a number); then it opens and prints. */
static void every_changed_byte_is_refused_or_harmless(void **state) {
    (void)state;
    static const unsigned char flips[] = {0x01, 0x80, 0xff};
    for (int i = 0; i < ANP_SAMPLE_COUNT; i++) {
        edit_t e = edit((anp_sample_t)i);
        for (uint64_t at = 0; at < e.size * ANP_ARRAY_LEN(flips); at++) {
            unsigned char *byte = &e.data[at / ANP_ARRAY_LEN(flips)];
            const unsigned char old = *byte;
            *byte ^= flips[at % ANP_ARRAY_LEN(flips)];
            anp_program_t *p;
            if (anp_program_open(e.data, e.size, NULL, &p) == ANP_OK) {
                anp_buf_t text;
                anp_buf_init(&text, 0);
                assert_int_equal(anp_program_print(p, &text), ANP_OK);
                anp_buf_deinit(&text);
                anp_program_release(p);
            }
            *byte = old;
        }
        anp_free(e.data);
    }
}

static anp_status_t verify_scenario(void *arg) {
    const edit_t *e = arg;
    return anp_program_verify(e->data, e->size);
}
static void every_failing_allocation_is_reported(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_STATE);
    assert_true(anp_test_every_allocation_fails(verify_scenario, &e) <= 8);
    anp_free(e.data);
}

/* ---- header ---- */

static void other_magic_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    header(e)->magic = 0x464c457f;
    refused(e, "magic is 0x464c457f, expected 0x50504e41");
}

static void other_versions_are_named(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    header(e)->major = 2;
    check(e, ANP_INCOMPATIBLE, "format version is 2.0, this build reads 1.0 to 1.0");
    e = edit(ANP_SAMPLE_LINEAR);
    header(e)->minor = 7;
    check(e, ANP_INCOMPATIBLE, "format version is 1.7");
}

static void tables_that_overlap_or_leave_the_bytes_are_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    header(e)->nodes.offset = header(e)->values.offset;
    refused(e, "table 'nodes' at offset");
    e = edit(ANP_SAMPLE_LINEAR);
    header(e)->meta.count = UINT64_MAX / 4;
    refused(e, "table 'meta' has");
    e = edit(ANP_SAMPLE_LINEAR);
    header(e)->meta.offset = UINT64_MAX - 7;
    refused(e, "table 'meta' at offset");
    e = edit(ANP_SAMPLE_LINEAR);
    header(e)->ints.offset += 4;
    refused(e, "a multiple of 8");
}

static void unaligned_bytes_are_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    assert_int_equal(anp_program_verify(e.data + 4, e.size - 4), ANP_INVALID_ARGUMENT);
    anp_free(e.data);
}

/* ---- records ---- */

static void unterminated_strings_are_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    TABLE(e, strings, char)[header(e)->strings.count - 1] = 'x';
    refused(e, "must begin and end with a NUL");
}

static void string_behind_the_table_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    NODE(e, 1)->name = (uint32_t)header(e)->strings.count;
    refused(e, "node name 1: string at");
}

static void expression_that_uses_a_later_one_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_STATE);
    TABLE(e, exprs, anp_p_expr_t)[2].a = ANP_P_DIM_EXPR(2);
    refused(e, "expression 2 (operation 2");
}

static void expression_divided_by_zero_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_STATE);
    TABLE(e, exprs, anp_p_expr_t)[3] = (anp_p_expr_t){ANP_DIM_MOD, 4, 0};
    refused(e, "expression 3 (operation 9");
}

static void dimension_of_unknown_expression_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    TABLE(e, ints, int64_t)[VALUE(e, 0)->dims] = ANP_P_DIM_EXPR(1);
    refused(e, "value 0: dimension 0 is");
}

static void negative_dimension_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    TABLE(e, ints, int64_t)[VALUE(e, 0)->dims + 1] = -1;
    refused(e, "dimension 1 is -1");
}

static void shape_whose_product_overflows_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    TABLE(e, ints, int64_t)[VALUE(e, 0)->dims] = INT64_C(1) << 40;
    TABLE(e, ints, int64_t)[VALUE(e, 0)->dims + 1] = INT64_C(1) << 40;
    assert_int_equal(anp_program_verify(e.data, e.size), ANP_LIMIT);
    anp_free(e.data);
}

static void rank_above_the_limit_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    VALUE(e, 0)->rank = 17;
    refused(e, "rank 17, at most 16");
}

static void unknown_types_and_kinds_are_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    VALUE(e, 0)->dtype = 95;
    refused(e, "value 0: type 95 is unknown");
    e = edit(ANP_SAMPLE_LINEAR);
    VALUE(e, 3)->dtype = 0;
    refused(e, "value 3: type 0 is unknown");
    e = edit(ANP_SAMPLE_LINEAR);
    VALUE(e, 3)->dtype = 0;
    VALUE(e, 3)->rank = -1; /* type and shape are known only when it is made */
    check(e, ANP_OK, "");
    e = edit(ANP_SAMPLE_LINEAR);
    VALUE(e, 0)->kind = 4;
    refused(e, "value 0: kind 4");
    e = edit(ANP_SAMPLE_LINEAR);
    VALUE(e, 0)->kind = ANP_KIND_MAP;
    refused(e, "value 0: kind 3 with rank 2");
    e = edit(ANP_SAMPLE_LINEAR);
    VALUE(e, 3)->kind = ANP_KIND_MAP;
    VALUE(e, 3)->rank = -1;
    VALUE(e, 3)->key = 0;
    refused(e, "value 3: kind 3 with keys of type 0");
    e = edit(ANP_SAMPLE_LINEAR);
    VALUE(e, 3)->kind = ANP_KIND_SEQUENCE;
    VALUE(e, 3)->rank = -1;
    VALUE(e, 3)->key = ANP_DTYPE_F32;
    refused(e, "value 3: kind 1 with keys of type 1");
    e = edit(ANP_SAMPLE_LINEAR);
    TABLE(e, consts, anp_p_const_t)[0].dtype = 0;
    refused(e, "constant 0: type 0 is unknown");
}

static void constant_of_other_size_than_its_shape_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    TABLE(e, consts, anp_p_const_t)[0].bytes = 47;
    refused(e, "constant 0: 47 bytes, type and shape need 48");
    e = edit(ANP_SAMPLE_CONTROL);
    TABLE(e, consts, anp_p_const_t)[0].bytes = 23;
    refused(e, "23 bytes, type and shape need at least 24");
}

static void value_that_differs_from_its_constant_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    VALUE(e, 1)->dtype = ANP_DTYPE_I32;
    refused(e, "value 1: its type or shape is not that of constant 0");
    e = edit(ANP_SAMPLE_LINEAR);
    VALUE(e, 1)->const_id = 9;
    refused(e, "value 1: constant 9 of 2");
}

static void attribute_payload_out_of_range_is_refused(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 9; i++) {
        edit_t e = edit(ANP_SAMPLE_CONTROL);
        anp_p_attr_t *a = &TABLE(e, attrs, anp_p_attr_t)[i];
        const bool number = a->kind == ANP_ATTR_INT || a->kind == ANP_ATTR_FLOAT;
        *(number ? &a->count : &a->at) = UINT64_C(1) << 33;
        refused(e, "attribute");
        e = edit(ANP_SAMPLE_CONTROL);
        TABLE(e, attrs, anp_p_attr_t)[i].count = UINT64_MAX;
        refused(e, "attribute");
    }
    edit_t e = edit(ANP_SAMPLE_CONTROL);
    TABLE(e, attrs, anp_p_attr_t)[0].kind = 10;
    refused(e, "attribute 0 'i' of kind 10");
}

static void attributes_shared_by_nodes_are_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_CONTROL);
    NODE(e, 2)->n_attrs = 9;
    refused(e, "shared with another node");
}

/* ---- values and nodes ---- */

static void node_that_reads_a_later_value_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    REFS(e, NODE(e, 0)->inputs)[0] = 5;
    refused(e, "node 0 reads value 5 'y', which is not made before it");
}

static void node_that_reads_its_own_output_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    REFS(e, NODE(e, 1)->inputs)[0] = 4;
    refused(e, "node 1 reads value 4 'sum'");
}

static void value_made_twice_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    NODE(e, 1)->outputs = NODE(e, 0)->outputs;
    refused(e, "node 1 makes value 3, which is a constant or made elsewhere");
}

static void constant_made_by_a_node_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    REFS(e, NODE(e, 0)->outputs)[0] = 1;
    refused(e, "node 0 makes value 1");
}

static void value_of_an_inner_block_is_not_visible_outside(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_CONTROL);
    REFS(e, BLOCK(e, 0)->outputs)[0] = 6; /* then_y */
    refused(e, "block 0 reads value 6 'then_y'");
}

static void value_made_after_a_control_node_is_not_visible_in_its_blocks(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_CONTROL);
    REFS(e, BLOCK(e, 2)->outputs)[0] = 5; /* what the If itself makes */
    refused(e, "block 2 reads value 5 'y'");
}

static void lists_cannot_name_more_than_the_program_has_bytes(void **state) {
    (void)state;
    anp_program_writer_t *w;
    assert_int_equal(anp_program_writer_create(&w), ANP_OK);
    uint32_t at, id, list[4096], op;
    memset(list, 0xff, sizeof list); /* a node with 4096 inputs that are not given */
    assert_int_equal(anp_program_put_refs(w, list, 4096, &at), ANP_OK);
    assert_int_equal(anp_program_put_string(w, "Op", 2, &op), ANP_OK);
    const anp_p_node_t n = {.op = op, .inputs = at, .n_inputs = 4096, .partition = ANP_P_NONE};
    for (int i = 0; i < 10; i++) assert_int_equal(anp_program_put_node(w, &n, &id), ANP_OK);
    const anp_p_block_t b = {.n_nodes = 10, .owner = ANP_P_NONE};
    assert_int_equal(anp_program_put_block(w, &b, &id), ANP_OK);
    assert_int_equal(anp_program_put_entry(w, &(anp_p_entry_t){op, 0}), ANP_OK);
    void *data;
    uint64_t size;
    assert_int_equal(anp_program_writer_finish(w, &data, &size), ANP_LIMIT);
    anp_test_expect_message("lists name more elements than the program has bytes");
    anp_program_writer_release(w);
}

static void estimate_that_is_no_time_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    NODE(e, 0)->est_us = -1;
    refused(e, "estimate -1 us");
}

/* ---- blocks and entries ---- */

static void node_in_two_blocks_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_CONTROL);
    BLOCK(e, 2)->first_node = 2;
    BLOCK(e, 2)->n_nodes = 1;
    refused(e, "node 2 belongs to block 1 and to block 2");
}

static void node_in_no_block_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_CONTROL);
    BLOCK(e, 1)->n_nodes = 0;
    refused(e, "node 2 belongs to no block");
}

static void block_that_lies_in_itself_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_CONTROL);
    /* the If moves into its own branch: block 1 takes the nodes 1 and 2 */
    BLOCK(e, 0)->n_nodes = 1;
    REFS(e, BLOCK(e, 0)->outputs)[0] = 4;
    BLOCK(e, 1)->first_node = 1;
    BLOCK(e, 1)->n_nodes = 2;
    check(e, ANP_LIMIT, "block 1 lies in itself or more than 64 blocks deep");
}

static void block_without_an_owner_or_entry_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_CONTROL);
    NODE(e, 1)->n_blocks = 1;
    TABLE(e, attrs, anp_p_attr_t)[10].at = 0;
    refused(e, "block 2 belongs to no node and no entry");
    e = edit(ANP_SAMPLE_CONTROL);
    BLOCK(e, 2)->owner = 0;
    refused(e, "node 1: block 2 is missing, another node's, or named twice");
}

static void block_attribute_out_of_range_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_CONTROL);
    TABLE(e, attrs, anp_p_attr_t)[10].at = 2;
    refused(e, "attribute 'else_branch' is block 2 of 2");
}

static void entries_of_one_name_or_one_block_are_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_STATE);
    TABLE(e, entries, anp_p_entry_t)[1].name = TABLE(e, entries, anp_p_entry_t)[0].name;
    refused(e, "entries 0 and 1 are both named 'prefill'");
    e = edit(ANP_SAMPLE_STATE);
    TABLE(e, entries, anp_p_entry_t)[1].block = 0;
    refused(e, "entry 'decode': block 0 is missing, a node's, or another entry's");
    e = edit(ANP_SAMPLE_STATE);
    TABLE(e, entries, anp_p_entry_t)[0].name = 0;
    refused(e, "entry 0: a name of 1 to 1024 bytes expected");
}

static void program_without_entries_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    header(e)->entries.count = 0;
    refused(e, "it has no entry point");
}

/* ---- states and aliases ---- */

static void state_of_two_types_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_STATE);
    TABLE(e, states, anp_p_state_t)[0].next = 0; /* x: [S, 2] may be [C, 2] */
    check(e, ANP_OK, "");
    e = edit(ANP_SAMPLE_STATE);
    TABLE(e, states, anp_p_state_t)[0].next = 5; /* y: rank 1 */
    refused(e, "state 0: values 1 and 5 differ in type or shape");
    e = edit(ANP_SAMPLE_STATE);
    TABLE(e, states, anp_p_state_t)[0].initial = 1; /* i64[1] */
    refused(e, "state 0: constant 1 is missing or differs in type or shape");
}

static void state_that_is_no_entry_input_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_STATE);
    TABLE(e, states, anp_p_state_t)[0].current = 3;
    refused(e, "state 0: value 3 is not the input of an entry, or another state's");
    e = edit(ANP_SAMPLE_STATE);
    TABLE(e, states, anp_p_state_t)[1].current = 1;
    refused(e, "state 1: value 1 is not the input of an entry, or another state's");
}

static void state_named_twice_in_an_entry_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_STATE);
    TABLE(e, states, anp_p_state_t)[1].current = 0; /* x of the same entry */
    TABLE(e, states, anp_p_state_t)[1].next = 0;
    refused(e, "states 0 and 1 of one entry are both named 'cache'");
}

static void alias_of_a_later_or_foreign_value_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_STATE);
    anp_p_alias_t *a = TABLE(e, aliases, anp_p_alias_t); /* cache_next in cache, y in joined */
    a[1].value = a[1].of;
    refused(e, "alias 1 of kind 0");
    e = edit(ANP_SAMPLE_STATE);
    TABLE(e, aliases, anp_p_alias_t)[1].of = 7; /* x of the other entry */
    refused(e, "alias 1 of kind 0");
    e = edit(ANP_SAMPLE_STATE);
    TABLE(e, aliases, anp_p_alias_t)[0].of = 0; /* x is no state */
    refused(e, "alias 0 of kind 1");
}

/* ---- partitions ---- */

static void partition_that_leaves_its_block_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_STATE);
    PARTITION(e, 0)->n_nodes = 4;
    refused(e, "partition 0: 4 nodes from 0 of block 0");
    e = edit(ANP_SAMPLE_STATE);
    PARTITION(e, 1)->first_node = UINT32_MAX;
    refused(e, "partition 1: 3 nodes from 4294967295");
}

static void partitions_that_overlap_are_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_STATE);
    PARTITION(e, 1)->block = 0;
    PARTITION(e, 1)->first_node = 0;
    refused(e, "partition 1 covers node 0, which names partition 0");
}

static void node_outside_every_partition_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_LINEAR);
    PARTITION(e, 0)->n_nodes = 2;
    refused(e, "3 nodes name a partition, 2 are covered");
    e = edit(ANP_SAMPLE_LINEAR);
    NODE(e, 2)->partition = ANP_P_NONE;
    PARTITION(e, 0)->n_nodes = 2;
    refused(e, "node 2 is in no partition");
}

static void lists_may_miss_values_where_nodes_are_called_one_by_one(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_VENDOR);
    PARTITION(e, 0)->group = 0;
    PARTITION(e, 0)->n_inputs = 0;
    PARTITION(e, 0)->n_outputs = 0;
    PARTITION(e, 0)->n_consts = 0;
    check(e, ANP_OK, "");
}

static void value_missing_in_the_lists_of_a_group_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_VENDOR); /* inputs x, cache; outputs next, y */
    PARTITION(e, 0)->n_inputs = 1;
    refused(e, "partition 0: node 0 reads value 1, which is in none of its lists");
    e = edit(ANP_SAMPLE_VENDOR);
    PARTITION(e, 0)->n_consts = 0;
    refused(e, "partition 0: node 2 reads value 2, which is in none of its lists");
    e = edit(ANP_SAMPLE_VENDOR);
    PARTITION(e, 0)->n_outputs = 1;
    refused(e, "value 5 is read outside partition 0, which does not list it as output");
    e = edit(ANP_SAMPLE_VENDOR);
    PARTITION(e, 0)->outputs++; /* y alone: the state's next value is missing */
    PARTITION(e, 0)->n_outputs = 1;
    refused(e, "value 3 is read outside partition 0");
}

static void wrong_value_in_the_lists_of_a_group_is_refused(void **state) {
    (void)state;
    edit_t e = edit(ANP_SAMPLE_VENDOR);
    PARTITION(e, 0)->inputs = NODE(e, 0)->outputs;
    refused(e, "partition 0: input 3");
    e = edit(ANP_SAMPLE_VENDOR);
    REFS(e, PARTITION(e, 0)->outputs)[1] = REFS(e, PARTITION(e, 0)->outputs)[0];
    refused(e, "partition 0: output 3 is not made in it, or listed twice");
    e = edit(ANP_SAMPLE_VENDOR);
    REFS(e, PARTITION(e, 0)->consts)[0] = 2;
    refused(e, "partition 0: constant 2 is missing");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_valid),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_changed_byte_is_refused_or_harmless),
        cmocka_unit_test(every_failing_allocation_is_reported),
        cmocka_unit_test(other_magic_is_refused),
        cmocka_unit_test(other_versions_are_named),
        cmocka_unit_test(tables_that_overlap_or_leave_the_bytes_are_refused),
        cmocka_unit_test(unaligned_bytes_are_refused),
        cmocka_unit_test(unterminated_strings_are_refused),
        cmocka_unit_test(string_behind_the_table_is_refused),
        cmocka_unit_test(expression_that_uses_a_later_one_is_refused),
        cmocka_unit_test(expression_divided_by_zero_is_refused),
        cmocka_unit_test(dimension_of_unknown_expression_is_refused),
        cmocka_unit_test(negative_dimension_is_refused),
        cmocka_unit_test(shape_whose_product_overflows_is_refused),
        cmocka_unit_test(rank_above_the_limit_is_refused),
        cmocka_unit_test(unknown_types_and_kinds_are_refused),
        cmocka_unit_test(constant_of_other_size_than_its_shape_is_refused),
        cmocka_unit_test(value_that_differs_from_its_constant_is_refused),
        cmocka_unit_test(attribute_payload_out_of_range_is_refused),
        cmocka_unit_test(attributes_shared_by_nodes_are_refused),
        cmocka_unit_test(node_that_reads_a_later_value_is_refused),
        cmocka_unit_test(node_that_reads_its_own_output_is_refused),
        cmocka_unit_test(value_made_twice_is_refused),
        cmocka_unit_test(constant_made_by_a_node_is_refused),
        cmocka_unit_test(value_of_an_inner_block_is_not_visible_outside),
        cmocka_unit_test(value_made_after_a_control_node_is_not_visible_in_its_blocks),
        cmocka_unit_test(lists_cannot_name_more_than_the_program_has_bytes),
        cmocka_unit_test(estimate_that_is_no_time_is_refused),
        cmocka_unit_test(node_in_two_blocks_is_refused),
        cmocka_unit_test(node_in_no_block_is_refused),
        cmocka_unit_test(block_that_lies_in_itself_is_refused),
        cmocka_unit_test(block_without_an_owner_or_entry_is_refused),
        cmocka_unit_test(block_attribute_out_of_range_is_refused),
        cmocka_unit_test(entries_of_one_name_or_one_block_are_refused),
        cmocka_unit_test(program_without_entries_is_refused),
        cmocka_unit_test(state_of_two_types_is_refused),
        cmocka_unit_test(state_that_is_no_entry_input_is_refused),
        cmocka_unit_test(state_named_twice_in_an_entry_is_refused),
        cmocka_unit_test(alias_of_a_later_or_foreign_value_is_refused),
        cmocka_unit_test(partition_that_leaves_its_block_is_refused),
        cmocka_unit_test(partitions_that_overlap_are_refused),
        cmocka_unit_test(node_outside_every_partition_is_refused),
        cmocka_unit_test(lists_may_miss_values_where_nodes_are_called_one_by_one),
        cmocka_unit_test(value_missing_in_the_lists_of_a_group_is_refused),
        cmocka_unit_test(wrong_value_in_the_lists_of_a_group_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
