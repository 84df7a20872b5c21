/* SPDX-License-Identifier: Apache-2.0 */
/* The protobuf cursor and the table-driven decoder on well-formed and on hostile bytes. */
#include "base/testing.h"
#include "import/onnx/onnx_testing.h"
#include "import/onnx/pb_message.h"

typedef struct leaf_t {
    anp_pb_head_t head;
    int64_t i;
    float f;
    anp_string_t s;
    anp_pb_list_t ints, floats, texts;
} leaf_t;

typedef struct tree_t tree_t;
struct tree_t {
    anp_pb_head_t head;
    leaf_t *leaf;
    anp_pb_list_t trees; /* tree_t */
};

static const anp_pb_field_t leaf_fields[] = {
    {1, ANP_PB_INT, "i", offsetof(leaf_t, i), NULL},
    {2, ANP_PB_FLOAT, "f", offsetof(leaf_t, f), NULL},
    {3, ANP_PB_STRING, "s", offsetof(leaf_t, s), NULL},
    {4, ANP_PB_INTS, "ints", offsetof(leaf_t, ints), NULL},
    {5, ANP_PB_FLOATS, "floats", offsetof(leaf_t, floats), NULL},
    {6, ANP_PB_STRINGS, "texts", offsetof(leaf_t, texts), NULL},
    {7, ANP_PB_MARK, "big", 0, NULL},
};
static const anp_pb_type_t leaf_type = {"Leaf", sizeof(leaf_t), leaf_fields, 7};
static const anp_pb_type_t tree_type;
static const anp_pb_field_t tree_fields[] = {
    {1, ANP_PB_MESSAGE, "leaf", offsetof(tree_t, leaf), &leaf_type},
    {2, ANP_PB_MESSAGES, "trees", offsetof(tree_t, trees), &tree_type},
};
static const anp_pb_type_t tree_type = {"Tree", sizeof(tree_t), tree_fields, 2};

static anp_arena_t arena;

static anp_status_t decode(const msg_t *m, const anp_pb_type_t *type, uint64_t bytes_max,
                           void *out) {
    const anp_pb_file_t file = {"f.pb", m->data, m->n};
    anp_pb_decoder_t d = {
        .file = &file, .arena = &arena, .bytes_left = bytes_max, .depth_left = ANP_PB_DEPTH_MAX};
    memset(out, 0, type->struct_bytes);
    return anp_pb_decode(&d, type, (anp_pb_span_t){m->data, m->n}, out);
}

static leaf_t leaf_ok(const msg_t *m) {
    leaf_t leaf;
    assert_int_equal(decode(m, &leaf_type, ANP_PB_BYTES_MAX, &leaf), ANP_OK);
    return leaf;
}

static void expect_bad(const void *bytes, size_t n, const char *message) {
    msg_t m = {.n = 0};
    leaf_t leaf;
    put_raw(&m, bytes, n);
    assert_int_equal(decode(&m, &leaf_type, ANP_PB_BYTES_MAX, &leaf), ANP_INVALID_FILE);
    anp_test_expect_message(message);
}

static int setup(void **state) {
    (void)state;
    anp_arena_init(&arena);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    anp_arena_deinit(&arena);
    return 0;
}

static void scalars_and_strings_land_in_the_struct(void **state) {
    (void)state;
    msg_t m = {.n = 0};
    put_int(&m, 1, -5);
    put_float(&m, 2, 0.5f);
    put_text(&m, 3, "hello");
    const leaf_t leaf = leaf_ok(&m);
    assert_int_equal(leaf.i, -5);
    assert_true(leaf.f == 0.5f);
    assert_int_equal(leaf.s.len_bytes, 5);
    assert_true(anp_pb_has(&leaf.head, &leaf_type, 1));
    assert_false(anp_pb_has(&leaf.head, &leaf_type, 4));
}

static void packed_and_single_elements_make_one_list(void **state) {
    (void)state;
    msg_t m = {.n = 0}, packed = {.n = 0};
    put_varint(&packed, 300);
    put_varint(&packed, UINT64_MAX);
    put_int(&m, 4, 1);
    put_msg(&m, 4, &packed);
    put_int(&m, 4, 2);
    const float floats[2] = {1, 2};
    put_bytes(&m, 5, floats, sizeof floats);
    put_float(&m, 5, 3);
    const leaf_t leaf = leaf_ok(&m);
    const int64_t *ints = leaf.ints.items;
    assert_int_equal(leaf.ints.count, 4);
    assert_int_equal(ints[1], 300);
    assert_int_equal(ints[2], -1);
    assert_int_equal(leaf.floats.count, 3);
    assert_true(((const float *)leaf.floats.items)[2] == 3);
}

static void unknown_fields_are_skipped(void **state) {
    (void)state;
    msg_t m = {.n = 0};
    put_text(&m, 100, "something new");
    put_int(&m, 101, 7);
    put_float(&m, 102, 7);
    put_varint(&m, 103 << 3 | 1);
    put_raw(&m, "12345678", 8);
    put_int(&m, 1, 42);
    assert_int_equal(leaf_ok(&m).i, 42);
}

static void malformed_bytes_name_their_place(void **state) {
    (void)state;
    expect_bad("\x08", 1, "f.pb: byte 1: varint does not end");
    expect_bad("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "longer than 64 bits");
    expect_bad("\x00\x01", 2, "field number 0");
    expect_bad("\x0b", 1, "wire type 3");
    expect_bad("\x0f", 1, "wire type 7");
    expect_bad("\x15\x00\x00", 3, "expected 4 bytes, found 2");
    expect_bad("\x1a\x05xyz", 5, "length 5, but only 3 bytes are left");
    expect_bad("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "bytes are left");
    expect_bad("\x0d\x00\x00\x00\x00", 5, "Leaf.i has wire type 32-bit");
    expect_bad("\x1a\x03x\x00z", 5, "zero byte");
    expect_bad("\x22\x02\x01\x80", 4, "varint does not end");
    expect_bad("\x2a\x05\x00\x00\x00\x00\x00", 7, "expected 4 bytes, found 1");
}

static void every_cut_of_a_message_fails_or_ends_at_a_field(void **state) {
    (void)state;
    msg_t m = {.n = 0};
    put_int(&m, 1, 1000000);
    put_text(&m, 3, "hello");
    put_float(&m, 2, 1);
    const size_t n = m.n;
    size_t n_ok = 0;
    for (m.n = 0; m.n < n; m.n++) {
        leaf_t leaf;
        n_ok += decode(&m, &leaf_type, ANP_PB_BYTES_MAX, &leaf) == ANP_OK;
    }
    assert_int_equal(n_ok, 3); /* nothing, one field, two fields */
}

static void a_single_message_given_twice_is_refused(void **state) {
    (void)state;
    msg_t m = {.n = 0}, leaf = {.n = 0};
    tree_t tree;
    put_msg(&m, 1, &leaf);
    put_msg(&m, 1, &leaf);
    assert_int_equal(decode(&m, &tree_type, ANP_PB_BYTES_MAX, &tree), ANP_INVALID_FILE);
    anp_test_expect_message("Tree.leaf is given twice");
}

static void deep_nesting_is_refused(void **state) {
    (void)state;
    msg_t m = {.n = 0};
    tree_t tree;
    for (int i = 0; i < ANP_PB_DEPTH_MAX; i++) {
        msg_t outer = {.n = 0};
        put_msg(&outer, 2, &m);
        m = outer;
    }
    assert_int_equal(decode(&m, &tree_type, ANP_PB_BYTES_MAX, &tree), ANP_OK);
    msg_t outer = {.n = 0};
    put_msg(&outer, 2, &m);
    assert_int_equal(decode(&outer, &tree_type, ANP_PB_BYTES_MAX, &tree), ANP_LIMIT);
    anp_test_expect_message("nested more than 64");
}

static void memory_for_messages_is_bounded(void **state) {
    (void)state;
    msg_t m = {.n = 0}, empty = {.n = 0};
    tree_t tree;
    for (int i = 0; i < 1000; i++) put_msg(&m, 2, &empty);
    assert_int_equal(decode(&m, &tree_type, 1000 * sizeof(tree_t) - 1, &tree), ANP_LIMIT);
    assert_int_equal(decode(&m, &tree_type, 1000 * sizeof(tree_t), &tree), ANP_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_and_strings_land_in_the_struct),
        cmocka_unit_test(packed_and_single_elements_make_one_list),
        cmocka_unit_test(unknown_fields_are_skipped),
        cmocka_unit_test(malformed_bytes_name_their_place),
        cmocka_unit_test(every_cut_of_a_message_fails_or_ends_at_a_field),
        cmocka_unit_test(a_single_message_given_twice_is_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(memory_for_messages_is_bounded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
