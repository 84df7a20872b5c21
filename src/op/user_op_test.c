/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of operator libraries: what is taken, and each contradiction with its sentence. */
#include "base/testing.h"
#include "op/user_op.h"

static anp_status_t shape(const anp_op_host_t *host, anp_op_node_t *node) {
    return host->set_like(node, 0, 0);
}

static anp_status_t kernel(const anp_op_host_t *host, anp_op_node_t *node,
                           const anp_tensor_t *const *in, uint32_t n_in, anp_tensor_t *const *out,
                           uint32_t n_out) {
    (void)host, (void)node, (void)in, (void)n_in, (void)out, (void)n_out;
    return ANP_OK;
}

/* A library of two operators, the second the gradient of the first, to be spoiled. */
typedef struct sample_t {
    anp_op_def_t defs[2];
    const anp_op_def_t *list[2];
    anp_op_library_t table;
} sample_t;

static void make(sample_t *s) {
    *s = (sample_t){.defs = {{.struct_size = sizeof(anp_op_def_t),
                              .since = 1,
                              .domain = "com.example",
                              .name = "One",
                              .signature = "X:T W:T? -> Y:T",
                              .types = "T=f32,f64",
                              .attributes = "k:i=-3 f:f=0.5 s:s=ab n:f need:i! l:is ss:ss",
                              .shape = shape,
                              .reference = kernel,
                              .gradient = "OneGrad"},
                             {.struct_size = sizeof(anp_op_def_t),
                              .since = 2,
                              .domain = "com.example",
                              .name = "OneGrad",
                              .signature = "X:T W:T? Y:T dY:T? -> dX:T? dW:T?",
                              .types = "T=f32,f64",
                              .attributes = "",
                              .shape = shape,
                              .reference = kernel}},
                    .table = {.abi = ANP_OP_ABI,
                              .struct_size = sizeof(anp_op_library_t),
                              .name = "sample",
                              .version = 4,
                              .n_ops = 2}};
    s->list[0] = &s->defs[0];
    s->list[1] = &s->defs[1];
    s->table.ops = s->list;
}

static const anp_hash_t some_hash = {1, 2}, other_hash = {1, 3};

static void a_library_becomes_rows_of_the_registry(void **state) {
    anp_ops_t *ops;
    sample_t s;
    (void)state;
    make(&s);
    assert_int_equal(anp_ops_create(&ops), ANP_OK);
    assert_null(anp_ops_find(ops, "com.example", "One"));
    assert_int_equal(anp_ops_add_library(ops, &s.table, "/lib/sample.so", some_hash), ANP_OK);
    const anp_op_t *one = anp_ops_find(ops, "com.example", "One"),
                   *grad = anp_ops_find(ops, "com.example", "OneGrad");
    assert_string_equal(one->name, "One");
    assert_int_equal(grad->since, 2);
    assert_ptr_equal(one->user->gradient, grad);
    assert_null(grad->user->gradient);
    assert_true(one->index >= ANP_OP_USER && one->index != grad->index);
    assert_string_equal(one->user->lib->path, "/lib/sample.so");
    assert_int_equal(anp_attr_i64(&one->user->defaults, "k", 0), -3);
    assert_true(anp_attr_f32(&one->user->defaults, "f", 0) == 0.5f);
    assert_string_equal(anp_attr_str(&one->user->defaults, "s", ""), "ab");
    assert_true(anp_attr_f32(&one->user->defaults, "n", 7) == 0);
    /* built-in operators are found as ever, and no other registry has the new ones */
    assert_ptr_equal(anp_ops_find(ops, "ai.onnx", "Conv"), anp_op_row(ANP_OP_Conv));
    assert_null(anp_ops_find(NULL, "com.example", "One"));
    anp_ops_release(ops);
}

static void the_same_library_again_is_no_failure_and_another_of_its_name_is(void **state) {
    anp_ops_t *ops;
    sample_t s, t;
    (void)state;
    make(&s);
    make(&t);
    assert_int_equal(anp_ops_create(&ops), ANP_OK);
    assert_int_equal(anp_ops_add_library(ops, &s.table, "a.so", some_hash), ANP_OK);
    const anp_op_t *one = anp_ops_find(ops, "com.example", "One");
    assert_int_equal(anp_ops_add_library(ops, &t.table, "copy/a.so", some_hash), ANP_OK);
    assert_ptr_equal(anp_ops_find(ops, "com.example", "One"), one);
    assert_int_equal(anp_ops_add_library(ops, &t.table, "b.so", other_hash), ANP_INCOMPATIBLE);
    anp_test_expect_message("operator library b.so: a library 'sample' is loaded already, from "
                            "a.so, with other bytes");
    t.table.name = "other";
    assert_int_equal(anp_ops_add_library(ops, &t.table, "b.so", other_hash), ANP_BAD_OPERATOR);
    anp_test_expect_message("operator com.example.One is there already, a.so");
    anp_ops_release(ops);
}

/* Adds the spoiled library to a registry of its own: it is refused, and nothing of it stays. */
static void refused(const sample_t *s, anp_status_t expected, const char *message) {
    anp_ops_t *ops;
    assert_int_equal(anp_ops_create(&ops), ANP_OK);
    assert_int_equal(anp_ops_add_library(ops, &s->table, "bad.so", some_hash), expected);
    anp_test_expect_message("operator library bad.so: ");
    anp_test_expect_message(message);
    assert_null(anp_ops_find(ops, "com.example", "One"));
    anp_ops_release(ops);
}

#define BAD(change, message)                    \
    do {                                        \
        make(&s);                               \
        change;                                 \
        refused(&s, ANP_BAD_OPERATOR, message); \
    } while (0)

static void tables_that_are_wrong_are_refused(void **state) {
    anp_ops_t *ops;
    sample_t s;
    (void)state;
    assert_int_equal(anp_ops_create(&ops), ANP_OK);
    assert_int_equal(anp_ops_add_library(ops, NULL, "bad.so", some_hash), ANP_BAD_OPERATOR);
    anp_test_expect_message("anp_ops_query gives no table");
    anp_ops_release(ops);
    make(&s);
    s.table.abi = 7;
    refused(&s, ANP_INCOMPATIBLE, "made for operator ABI 7, this Anput has 1");
    BAD(s.table.struct_size = 8, "its table has 8 bytes, at least 32 are expected");
    BAD(s.table.name = NULL, "a name of up to 63 characters");
    BAD(s.table.name = "Sample Library", "a name of up to 63 characters");
    BAD(s.table.version = 0, "a version >= 1 expected");
    BAD(s.table.n_ops = 0, "it has 0 operators, 1 to 4096 expected");
    BAD(s.table.n_ops = UINT32_MAX, "it has 4294967295 operators");
    BAD(s.table.ops = NULL, "1 to 4096 expected");
}

static void operators_with_empty_slots_are_refused(void **state) {
    sample_t s;
    (void)state;
    BAD(s.list[1] = NULL, "operator 1 is NULL");
    BAD(s.defs[0].struct_size = 40, "operator 0 has 40 bytes, at least");
    BAD(s.defs[0].domain = NULL, "operator 0 ('One'): slot 'domain' is empty");
    BAD(s.defs[0].name = "", "slot 'name' is empty");
    BAD(s.defs[0].signature = NULL, "slot 'signature' is empty");
    BAD(s.defs[0].types = NULL, "slot 'types' is empty");
    BAD(s.defs[0].attributes = NULL, "slot 'attributes' is empty");
    BAD(s.defs[0].shape = NULL, "slot 'shape' is empty");
    BAD(s.defs[1].reference = NULL, "operator 1 ('OneGrad'): slot 'reference' is empty");
    BAD(s.defs[0].since = 0, "operator 'One' is of version 0, expected at least 1");
    BAD(s.defs[0].flags = 64, "operator 'One' has unknown flags 0x40");
}

static void names_that_belong_to_others_are_refused(void **state) {
    sample_t s;
    (void)state;
    BAD(s.defs[0].domain = "", "operator 'One' is in domain '', which is not for libraries");
    BAD(s.defs[0].domain = "ai.onnx", "which is not for libraries");
    BAD(s.defs[0].domain = "ai.onnx.ml", "which is not for libraries");
    BAD(s.defs[0].domain = "anput", "which is not for libraries");
    BAD((s.defs[0].domain = "com.microsoft", s.defs[0].name = "QLinearAdd"),
        "operator com.microsoft.QLinearAdd is there already, built in");
    BAD(s.defs[1].name = "One", "operator com.example.One occurs twice");
}

static void rows_that_do_not_follow_the_grammar_are_refused(void **state) {
    sample_t s;
    (void)state;
    BAD(s.defs[0].signature = "X:T", "signature 'X:T': one '->' between inputs and outputs");
    BAD(s.defs[0].signature = "X:T -> Y:T -> Z:T", "one '->' between inputs and outputs");
    BAD(s.defs[0].signature = "X:T ->", "signature 'X:T ->': no outputs");
    BAD(s.defs[0].signature = "X -> Y:T", "'X' is not of the form name:type");
    BAD(s.defs[0].signature = ": -> Y:T", "':' is not of the form name:type");
    BAD(s.defs[0].signature = "? -> Y:T", "'?' is not of the form name:type");
    BAD(s.defs[0].signature = "X: -> Y:T", "'' is neither a type nor a variable");
    BAD(s.defs[0].signature = "X:U -> Y:T", "'U' is neither a type nor a variable of types");
    BAD(s.defs[0].signature = "X:T* W:T -> Y:T", "'W:T' stands behind an operand of any number");
    BAD(s.defs[0].signature = "X:seq(T) -> Y:T", "operands are tensors");
    BAD(s.defs[0].types = "T", "'T' is not of the form T=f32,i64");
    BAD(s.defs[0].types = "T=f33", "'T=f33' is not of the form T=f32,i64 with types there are");
    BAD(s.defs[0].types = "T=", "'T=' is not of the form");
    BAD(s.defs[0].types = "T=f32,string", "output 'Y' may not be of strings");
    BAD(s.defs[0].attributes = "k", "'k' is not of the form name:kind");
    BAD(s.defs[0].attributes = "k:x", "'k:x' has an unknown kind");
    BAD(s.defs[0].attributes = "k:i=many", "'k:i=many' has an unknown kind or a default");
    BAD(s.defs[0].attributes = "k:i!=1", "'k:i!=1' has an unknown kind or a default");
    BAD(s.defs[0].attributes = "k:i k:f", "attributes: 'k' occurs twice");
    BAD(s.defs[0].attributes = "k:g", "attribute 'k' is of a kind only built-in operators have");
    BAD(s.defs[0].attributes = "k:is=1,2", "attribute 'k' is a list with a default");
}

static void gradients_that_do_not_fit_are_refused(void **state) {
    sample_t s;
    (void)state;
    BAD(s.defs[0].gradient = "None", "operator 'One': its gradient 'None' is not in the library");
    BAD(s.defs[1].domain = "com.example.other", "its gradient 'OneGrad' is not in the library");
    BAD(s.defs[1].signature = "X:T -> dX:T",
        "operator 'One': its gradient 'OneGrad' should have 4 inputs and 2 outputs");
    BAD(s.defs[0].signature = "X:T* -> Y:T",
        "operator 'One' has a gradient and operands of any number");
}

/* A library compiled before there were optional slots. */
static void missing_optional_slots_have_their_defaults(void **state) {
    anp_ops_t *ops;
    sample_t s;
    (void)state;
    make(&s);
    s.defs[0].struct_size = offsetof(anp_op_def_t, accepts);
    assert_int_equal(anp_ops_create(&ops), ANP_OK);
    assert_int_equal(anp_ops_add_library(ops, &s.table, "old.so", some_hash), ANP_OK);
    assert_null(anp_ops_find(ops, "com.example", "One")->user->gradient);
    assert_false(ANP_OP_DEF_HAS(&s.defs[0], fast));
    anp_ops_release(ops);
}

static anp_status_t add_sample(void *arg) {
    anp_ops_t *ops;
    const sample_t *s = arg;
    ANP_TRY(anp_ops_create(&ops));
    const anp_status_t st = anp_ops_add_library(ops, &s->table, "a.so", some_hash);
    anp_ops_release(ops);
    return st;
}

static void every_failing_allocation_is_reported(void **state) {
    sample_t s;
    (void)state;
    make(&s);
    assert_true(anp_test_every_allocation_fails(add_sample, &s) >= 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_becomes_rows_of_the_registry),
        cmocka_unit_test(the_same_library_again_is_no_failure_and_another_of_its_name_is),
        cmocka_unit_test(tables_that_are_wrong_are_refused),
        cmocka_unit_test(operators_with_empty_slots_are_refused),
        cmocka_unit_test(names_that_belong_to_others_are_refused),
        cmocka_unit_test(rows_that_do_not_follow_the_grammar_are_refused),
        cmocka_unit_test(gradients_that_do_not_fit_are_refused),
        cmocka_unit_test(missing_optional_slots_have_their_defaults),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
