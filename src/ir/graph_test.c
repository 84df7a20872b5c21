/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of graph.c, graph_const.c, graph_node.c and graph_verify.c. */
#include "ir/testing_graph.h"

static anp_value_t *constant(anp_graph_t *g, const char *name, anp_dtype_t dtype, int64_t n,
                             void *data) {
    anp_tensor_t t;
    anp_value_t *v;
    anp_tensor_init(&t, dtype, 1, &n, data);
    assert_int_equal(anp_graph_add_constant(g, name, &t, true, NULL, 0, &v), ANP_OK);
    return v;
}

/* ---- constants ---- */

static void equal_constants_are_one(void **state) {
    (void)state;
    anp_graph_t *g;
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    float a[100] = {1, 2}, b[100] = {1, 2}, c[100] = {1, 2};
    c[50] = 1e-30f;
    anp_value_t *va = constant(g, "a", ANP_DTYPE_F32, 100, a);
    assert_ptr_equal(constant(g, "b", ANP_DTYPE_F32, 100, b), va);
    anp_value_t *vc = constant(g, "c", ANP_DTYPE_F32, 100, c);
    assert_ptr_not_equal(vc, va);
    assert_ptr_equal(constant(g, "c2", ANP_DTYPE_F32, 100, c), vc);
    assert_ptr_not_equal(constant(g, "i", ANP_DTYPE_I32, 100, a), va);
    assert_ptr_not_equal(constant(g, "short", ANP_DTYPE_F32, 99, a), va);
    assert_int_equal(g->constants.count, 4);
    anp_graph_release(g);
}

static void constants_that_differ_only_far_inside_are_two(void **state) {
    (void)state;
    anp_graph_t *g;
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    static uint8_t a[10000], b[10000];
    b[2500] = 1; /* neither start, middle nor end */
    anp_value_t *va = constant(g, "a", ANP_DTYPE_U8, 10000, a);
    assert_false(va->constant->has_hash); /* alone: not read */
    anp_value_t *vb = constant(g, "b", ANP_DTYPE_U8, 10000, b);
    assert_ptr_not_equal(va, vb);
    assert_true(va->constant->has_hash && vb->constant->has_hash);
    assert_ptr_equal(constant(g, "c", ANP_DTYPE_U8, 10000, b), vb);
    assert_ptr_equal(constant(g, "d", ANP_DTYPE_U8, 10000, a), va);
    b[0] = 1; /* another start: no reason to hash */
    assert_false(constant(g, "e", ANP_DTYPE_U8, 10000, b)->constant->has_hash);
    anp_graph_release(g);
}

static void strings_are_compared_by_their_bytes(void **state) {
    (void)state;
    anp_graph_t *g;
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    char one[] = "ab", two[] = "ab";
    anp_string_t a[] = {{one, 2}, {"c", 1}}, b[] = {{two, 2}, {"c", 1}},
                 c[] = {{one, 1}, {"bc", 2}};
    anp_value_t *va = constant(g, "a", ANP_DTYPE_STRING, 2, a);
    assert_ptr_equal(constant(g, "b", ANP_DTYPE_STRING, 2, b), va);
    assert_ptr_not_equal(constant(g, "c", ANP_DTYPE_STRING, 2, c), va);
    one[0] = 'x'; /* copied: not ours any more */
    assert_int_equal(((anp_string_t *)va->constant->tensor.data)[0].ptr[0], 'a');
    anp_graph_release(g);
}

static void small_contents_are_readable(void **state) {
    (void)state;
    anp_graph_t *g;
    anp_value_t *ints, *one, *f;
    int64_t out[4];
    uint32_t n;
    double scalar;
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    assert_int_equal(anp_graph_const_i64s(g, "ints", (int64_t[]){1, -2, 3}, 3, &ints), ANP_OK);
    assert_int_equal(anp_graph_const_i64(g, "one", 1, &one), ANP_OK);
    assert_int_equal(anp_graph_const_f32(g, "f", 0.5f, &f), ANP_OK);
    assert_true(anp_value_const_i64s(ints, out, 4, &n));
    assert_int_equal(n, 3);
    assert_int_equal(out[1], -2);
    assert_false(anp_value_const_i64s(ints, out, 2, &n));
    assert_false(anp_value_const_i64s(f, out, 4, &n));
    assert_int_equal(one->shape.rank, 0);
    assert_true(anp_value_const_scalar(f, &scalar) && scalar == 0.5);
    assert_false(anp_value_const_scalar(ints, &scalar));
    anp_graph_release(g);
}

static void constants_without_data_are_refused(void **state) {
    (void)state;
    anp_graph_t *g;
    anp_value_t *v;
    anp_tensor_t t;
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    anp_tensor_init(&t, ANP_DTYPE_F32, 1, (int64_t[]){2}, NULL);
    assert_int_equal(anp_graph_add_constant(g, "w", &t, true, NULL, 0, &v), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("constant 'w': 8 bytes expected, no data given");
    anp_graph_release(g);
}

/* ---- names ---- */

static void a_taken_name_gets_a_suffix(void **state) {
    (void)state;
    anp_graph_t *g;
    anp_value_t *a, *b, *c, *d;
    const anp_shape_t s = {.dtype = ANP_DTYPE_F32};
    assert_int_equal(anp_graph_create(&g), ANP_OK);
    anp_block_t *main_block = anp_graph_find_entry(g, "main");
    assert_int_equal(anp_block_add_input(g, main_block, "x", &s, &a), ANP_OK);
    assert_int_equal(anp_block_add_input(g, main_block, "x_1", &s, &b), ANP_OK);
    assert_int_equal(anp_block_add_input(g, main_block, "x", &s, &c), ANP_OK);
    assert_int_equal(anp_block_add_input(g, main_block, "x", &s, &d), ANP_OK);
    assert_string_equal(c->name, "x_2");
    assert_string_equal(d->name, "x_3");
    assert_int_equal(anp_value_rename(g, d, "x"), ANP_OK); /* who had it gives way */
    assert_ptr_equal(anp_graph_find_value(g, "x"), d);
    assert_string_equal(a->name, "x_4");
    assert_ptr_equal(anp_graph_find_value(g, "x_4"), a);
    anp_graph_release(g);
}

/* ---- changing ---- */

static const char *const chain = "entry main(x: f32[2]) {\n"
                                 "    a = Relu(x)\n"
                                 "    b = Neg(a)\n"
                                 "    c = Add(b, a)\n"
                                 "    return c\n"
                                 "}\n";

static void replacing_moves_all_uses(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_graph(chain);
    anp_value_t *a = anp_test_value(g, "a"), *x = anp_test_value(g, "x");
    assert_int_equal(anp_value_n_uses(a), 2);
    assert_null(anp_value_only_user(a));
    assert_int_equal(anp_value_replace_uses(g, a, x), ANP_OK);
    anp_node_remove(g, a->producer);
    char *text = anp_test_print(g);
    assert_non_null(strstr(text, "b = Neg(x)\n    c = Add(b, x)\n"));
    assert_int_equal(anp_graph_verify(g), ANP_OK);
    anp_free(text);
    anp_graph_release(g);
}

static void an_entry_output_keeps_its_name(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_graph(chain);
    anp_value_t *b = anp_test_value(g, "b"), *c = anp_test_value(g, "c"),
                *x = anp_test_value(g, "x");
    anp_node_t *add = c->producer;
    assert_true(anp_value_can_replace(g, c, b));
    assert_int_equal(anp_value_replace_uses(g, c, b), ANP_OK);
    anp_node_remove(g, add);
    assert_string_equal(b->name, "c");            /* Neg gives the output now */
    assert_false(anp_value_can_replace(g, b, x)); /* an input cannot: it has a name already */
    assert_int_equal(anp_value_replace_uses(g, b, x), ANP_OK);
    assert_int_equal(anp_value_n_uses(b), 1);
    assert_int_equal(anp_graph_verify(g), ANP_OK);
    anp_graph_release(g);
}

static void removing_a_control_node_takes_its_blocks_along(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_graph("entry main(x: f32[2], c: bool[]) {\n"
                                    "    a = Relu(x)\n"
                                    "    y = If(c) then_branch() {\n"
                                    "        p = Neg(a)\n"
                                    "        q = If(c) then_branch() {\n"
                                    "            r = Add(p, a)\n"
                                    "            return r\n"
                                    "        } else_branch() {\n"
                                    "            return p\n"
                                    "        }\n"
                                    "        return q\n"
                                    "    } else_branch() {\n"
                                    "        return a\n"
                                    "    }\n"
                                    "    return y\n"
                                    "}\n");
    anp_value_t *a = anp_test_value(g, "a"), *y = anp_test_value(g, "y");
    anp_node_t *control = y->producer;
    assert_int_equal(anp_value_n_uses(a), 3);
    assert_int_equal(anp_block_set_outputs(g, control->parent, &a, 1), ANP_OK);
    anp_node_remove(g, control);
    assert_null(anp_graph_find_value(g, "q"));
    assert_null(anp_graph_find_value(g, "r"));
    assert_int_equal(anp_graph_verify(g), ANP_OK);
    anp_graph_release(g);
}

static void rewriting_checks_the_new_row(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_graph(chain);
    anp_node_t *neg = anp_test_producer(g, "b");
    anp_value_t *in[] = {anp_test_value(g, "a"), anp_test_value(g, "x"), anp_test_value(g, "x")};
    assert_int_not_equal(anp_node_rewrite(g, neg, anp_op_row(ANP_OP_Add), NULL, 0, in, 1), ANP_OK);
    assert_int_equal(anp_node_rewrite(g, neg, anp_op_row(ANP_OP_Sum), NULL, 0, in, 3), ANP_OK);
    assert_int_equal(neg->n_inputs, 3);
    assert_int_equal(anp_value_n_uses(in[1]), 3);
    assert_int_equal(anp_node_rewrite(g, neg, anp_op_row(ANP_OP_Abs), NULL, 0, in, 1), ANP_OK);
    assert_int_equal(anp_value_n_uses(in[1]), 1);
    assert_int_equal(anp_graph_verify(g), ANP_OK);
    anp_graph_release(g);
}

static void moving_keeps_the_links(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_graph(chain);
    anp_node_t *a = anp_test_producer(g, "a"), *b = anp_test_producer(g, "b"),
               *c = anp_test_producer(g, "c");
    anp_node_move_before(g, c, a);
    assert_ptr_equal(a->parent->first, c);
    assert_ptr_equal(a->parent->last, b);
    assert_int_equal(anp_graph_verify(g), ANP_INVALID_MODEL);
    anp_test_expect_message("node 'c' (Add): input 0, 'b', is not defined before it");
    anp_node_move_before(g, c, NULL);
    assert_int_equal(anp_graph_verify(g), ANP_OK);
    anp_graph_release(g);
}

/* ---- verifying ---- */

static void a_value_of_an_inner_block_is_not_visible_outside(void **state) {
    (void)state;
    anp_graph_t *g;
    assert_int_equal(anp_graph_parse("entry main(x: f32[2], c: bool[]) {\n"
                                     "    y = If(c) then_branch() {\n"
                                     "        p = Neg(x)\n"
                                     "        return p\n"
                                     "    } else_branch() {\n"
                                     "        return x\n"
                                     "    }\n"
                                     "    z = Neg(p)\n"
                                     "    return z\n"
                                     "}\n",
                                     &g),
                     ANP_INVALID_MODEL);
    anp_test_expect_message("node 'z' (Neg): input 0, 'p', is not defined before it");
    assert_int_equal(anp_graph_parse("entry main(x: f32[2], c: bool[]) {\n"
                                     "    y = If(c) then_branch() {\n"
                                     "        return x, x\n"
                                     "    } else_branch() {\n"
                                     "        return x\n"
                                     "    }\n"
                                     "    return y\n"
                                     "}\n",
                                     &g),
                     ANP_INVALID_MODEL);
    anp_test_expect_message("branch 'then_branch' gives 2 values, the node has 1 outputs");
}

static void a_broken_use_list_is_found(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_graph(chain);
    anp_value_t *a = anp_test_value(g, "a");
    a->uses.count--;
    assert_int_equal(anp_graph_verify(g), ANP_INTERNAL);
    anp_test_expect_message("value 'a': 1 uses by nodes and 0 by blocks are recorded, 2 and 0");
    a->uses.count++;
    const anp_use_t last = ANP_VEC_AT(&a->uses, anp_use_t, 1);
    ANP_VEC_AT(&a->uses, anp_use_t, 1) = ANP_VEC_AT(&a->uses, anp_use_t, 0);
    assert_int_equal(anp_graph_verify(g), ANP_INTERNAL);
    anp_test_expect_message("value 'a': its use by 'b' is recorded twice");
    ANP_VEC_AT(&a->uses, anp_use_t, 1).input = 5;
    assert_int_equal(anp_graph_verify(g), ANP_INTERNAL);
    anp_test_expect_message("value 'a': a use by 'b' is recorded that is not there");
    ANP_VEC_AT(&a->uses, anp_use_t, 1) = last;
    a->n_block_output_uses++;
    assert_int_equal(anp_graph_verify(g), ANP_INTERNAL);
    anp_test_expect_message("value 'a': 2 uses by nodes and 1 by blocks are recorded, 2 and 0");
    a->n_block_output_uses--;
    assert_int_equal(anp_graph_verify(g), ANP_OK);
    anp_graph_release(g);
}

static void states_are_inputs_of_entries(void **state) {
    (void)state;
    anp_graph_t *g = anp_test_graph(chain);
    anp_value_t *a = anp_test_value(g, "a"), *x = anp_test_value(g, "x");
    assert_int_equal(anp_graph_add_state(g, "s", a, x, NULL), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("state 's': 'a' is no input");
    assert_int_equal(anp_graph_add_state(g, "s", x, a, NULL), ANP_OK);
    assert_int_equal(anp_graph_add_state(g, "t", x, a, NULL), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("is state 's' already");
    assert_int_equal(anp_graph_verify(g), ANP_OK);
    assert_null(anp_value_only_user(a));
    anp_graph_release(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_constants_are_one),
        cmocka_unit_test(constants_that_differ_only_far_inside_are_two),
        cmocka_unit_test(strings_are_compared_by_their_bytes),
        cmocka_unit_test(small_contents_are_readable),
        cmocka_unit_test(constants_without_data_are_refused),
        cmocka_unit_test(a_taken_name_gets_a_suffix),
        cmocka_unit_test(replacing_moves_all_uses),
        cmocka_unit_test(an_entry_output_keeps_its_name),
        cmocka_unit_test(removing_a_control_node_takes_its_blocks_along),
        cmocka_unit_test(rewriting_checks_the_new_row),
        cmocka_unit_test(moving_keeps_the_links),
        cmocka_unit_test(a_value_of_an_inner_block_is_not_visible_outside),
        cmocka_unit_test(a_broken_use_list_is_found),
        cmocka_unit_test(states_are_inputs_of_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
