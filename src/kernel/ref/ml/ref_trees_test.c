/* SPDX-License-Identifier: Apache-2.0 */
/* Trees: what the golden cases do not say, and files that lie about them. */
#include "kernel/ref/ref_fixture.h"

#define ENSEMBLE "ai.onnx.ml.TreeEnsemble"
#define CLASSIFIER "ai.onnx.ml.TreeEnsembleClassifier"
#define REGRESSOR "ai.onnx.ml.TreeEnsembleRegressor"

/* ---- TreeEnsembleRegressor: one tree, x[0] <= 0 ? 1 : 2 ---- */

enum { IDS, TREES, FEATURES, ON_TRUE, ON_FALSE, VOTE_NODES, VOTE_TREES, VOTE_IDS, LISTS };
typedef struct old_t {
    int64_t lists[LISTS][4];
    uint64_t n[LISTS];
    anp_string_t modes[3];
    float values[4], weights[4];
    uint64_t n_values, n_weights;
} old_t;

static const old_t stump = {
    .lists = {{0, 1, 2}, {0, 0, 0}, {0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {1, 2}, {0, 0}, {0, 0}},
    .n = {3, 3, 3, 3, 3, 2, 2, 2},
    .modes = {{"BRANCH_LEQ", 10}, {"LEAF", 4}, {"LEAF", 4}},
    .weights = {1, 2},
    .n_values = 3,
    .n_weights = 2,
};

static void give(kx_t *kx, const old_t *t, bool classes) {
    static const char *const names[2][LISTS] = {
        {"nodes_nodeids", "nodes_treeids", "nodes_featureids", "nodes_truenodeids",
         "nodes_falsenodeids", "target_nodeids", "target_treeids", "target_ids"},
        {"nodes_nodeids", "nodes_treeids", "nodes_featureids", "nodes_truenodeids",
         "nodes_falsenodeids", "class_nodeids", "class_treeids", "class_ids"}};
    for (int i = 0; i < LISTS; i++) fx_attr_ints(&kx->fx, names[classes][i], t->lists[i], t->n[i]);
    fx_attr_strings(&kx->fx, "nodes_modes", t->modes, 3);
    fx_attr_floats(&kx->fx, "nodes_values", t->values, t->n_values);
    fx_attr_floats(&kx->fx, classes ? "class_weights" : "target_weights", t->weights, t->n_weights);
}

static void regress(kx_t *kx, const old_t *t) {
    give(kx, t, false);
    fx_attr_int(&kx->fx, "n_targets", 1);
    kx_in(kx, F32, "2, 1", "0 0.5");
}

static void refuses(const old_t *t, anp_status_t status, const char *message) {
    kx_t kx;
    kx_begin(&kx);
    regress(&kx, t);
    kx_assert_fails(&kx, REGRESSOR, status, message);
    kx_end(&kx);
}

static void leaves_answer_for_what_leads_to_them(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    regress(&kx, &stump);
    kx_assert_gives(&kx, REGRESSOR, "f32[2, 1] 1 2");
    kx_end(&kx);
}

static void children_that_are_not_there_are_refused(void **state) {
    (void)state;
    old_t t = stump;
    t.lists[ON_TRUE][0] = 3;
    refuses(&t, ANP_INVALID_MODEL,
            "nodes_truenodeids of node 0 of tree 0 is 3, which is no node of that tree");
    t = stump;
    t.lists[ON_FALSE][0] = INT64_MIN;
    refuses(&t, ANP_INVALID_MODEL, "is -9223372036854775808, which is no node");
    t = stump;
    t.lists[TREES][2] = 1; /* a node of another tree */
    refuses(&t, ANP_INVALID_MODEL, "nodes_falsenodeids of node 0 of tree 0 is 2");
}

static void cycles_are_refused(void **state) {
    (void)state;
    old_t t = stump;
    t.lists[ON_FALSE][0] = 0; /* itself */
    refuses(&t, ANP_INVALID_MODEL, "the node listed at 0 is in a cycle");
    t = stump;
    t.modes[2] = (anp_string_t){"BRANCH_EQ", 9};
    t.lists[ON_TRUE][2] = 1;
    t.lists[ON_FALSE][2] = 0; /* its parent */
    refuses(&t, ANP_INVALID_MODEL, "is in a cycle");
}

static void nodes_are_listed_once(void **state) {
    (void)state;
    old_t t = stump;
    t.lists[IDS][2] = 1;
    refuses(&t, ANP_INVALID_MODEL, "node 1 of tree 0 is listed twice");
}

static void votes_belong_to_nodes_and_targets(void **state) {
    (void)state;
    old_t t = stump;
    t.lists[VOTE_NODES][1] = 7;
    refuses(&t, ANP_INVALID_MODEL, "have node 7 of tree 0, which is not there");
    t = stump;
    t.lists[VOTE_TREES][0] = -1;
    refuses(&t, ANP_INVALID_MODEL, "have node 1 of tree -1, which is not there");
    t = stump;
    t.lists[VOTE_IDS][1] = 1;
    refuses(&t, ANP_OUT_OF_RANGE, "target_ids has 1, there are 1");
    t = stump;
    t.lists[VOTE_IDS][1] = -1;
    refuses(&t, ANP_OUT_OF_RANGE, "target_ids has -1");
}

static void features_are_those_of_the_input(void **state) {
    (void)state;
    old_t t = stump;
    t.lists[FEATURES][0] = 1;
    refuses(&t, ANP_OUT_OF_RANGE, "feature 1 is compared, the input has 1 of them");
    t.lists[FEATURES][0] = -1;
    refuses(&t, ANP_INVALID_MODEL, "nodes_featureids has -1 at 0");
    t.lists[FEATURES][0] = INT64_C(1) << 32;
    refuses(&t, ANP_INVALID_MODEL, "nodes_featureids has 4294967296 at 0");
}

static void lists_have_one_length(void **state) {
    (void)state;
    static const struct {
        int list;
        const char *message;
    } cases[] = {{TREES, "nodes_treeids has 1 values, expected 3"},
                 {FEATURES, "nodes_featureids has 1 values, expected 3"},
                 {ON_TRUE, "nodes_truenodeids has 1 values, expected 3"},
                 {ON_FALSE, "nodes_falsenodeids has 1 values, expected 3"},
                 {VOTE_NODES, "target_nodeids has 1 values, expected 2"},
                 {VOTE_TREES, "target_treeids has 1 values, expected 2"},
                 {VOTE_IDS, "target_ids has 1 values, expected 2"}};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        old_t t = stump;
        t.n[cases[i].list] = 1;
        refuses(&t, ANP_INVALID_MODEL, cases[i].message);
    }
    old_t t = stump;
    t.n_values = 2;
    refuses(&t, ANP_INVALID_MODEL, "nodes_values has 2 values, expected 3");
    t = stump;
    t.modes[0] = (anp_string_t){"BRANCH_MEMBER", 13}; /* TreeEnsemble's alone */
    refuses(&t, ANP_INVALID_MODEL, "nodes_modes has 'BRANCH_MEMBER', which is not known");
}

static void a_leaf_without_votes_adds_nothing(void **state) {
    (void)state;
    old_t t = stump;
    t.n[VOTE_NODES] = t.n[VOTE_TREES] = t.n[VOTE_IDS] = t.n_weights = 1;
    kx_t kx;
    kx_begin(&kx);
    regress(&kx, &t);
    kx_assert_gives(&kx, REGRESSOR, "f32[2, 1] 1 0");
    kx_end(&kx);
}

static void votes_of_inner_nodes_are_not_cast(void **state) {
    (void)state;
    old_t t = stump;
    t.lists[VOTE_NODES][0] = 0;
    kx_t kx;
    kx_begin(&kx);
    regress(&kx, &t);
    kx_assert_gives(&kx, REGRESSOR, "f32[2, 1] 0 2");
    kx_end(&kx);
}

static void trees_with_no_nodes_or_targets_are_refused(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    kx_in(&kx, F32, "2, 1", "0");
    kx_assert_fails(&kx, REGRESSOR, ANP_INVALID_MODEL, "0 targets, expected at least one");
    fx_attr_int(&kx.fx, "n_targets", 1);
    kx_in(&kx, F32, "2, 1", "0");
    kx_assert_fails(&kx, REGRESSOR, ANP_INVALID_MODEL, "there are no trees");
    old_t t = stump;
    t.n[IDS] = 0;
    regress(&kx, &t);
    kx_assert_fails(&kx, REGRESSOR, ANP_INVALID_MODEL, "there are no trees");
    kx_in(&kx, F32, "2, 1", "0");
    kx_assert_fails(&kx, CLASSIFIER, ANP_INVALID_MODEL, "no class labels");
    static const float base[] = {1, 2, 3};
    regress(&kx, &stump);
    fx_attr_floats(&kx.fx, "base_values", base, 3);
    kx_assert_fails(&kx, REGRESSOR, ANP_INVALID_MODEL, "base_values has 3 values, expected 1");
    regress(&kx, &stump);
    fx_attr_str(&kx.fx, "aggregate_function", "MEDIAN");
    kx_assert_fails(&kx, REGRESSOR, ANP_INVALID_MODEL, "'MEDIAN', expected SUM");
    kx_end(&kx);
}

static void every_type_of_features_is_compared(void **state) {
    (void)state;
    static const anp_dtype_t types[] = {F32, F64, I32, I64};
    kx_t kx;
    kx_begin(&kx);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(types); i++) {
        give(&kx, &stump, false);
        fx_attr_int(&kx.fx, "n_targets", 1);
        kx_in(&kx, types[i], "3, 1", "-1 0 1");
        kx_assert_gives(&kx, REGRESSOR, "f32[3, 1] 1 1 2");
    }
    kx_end(&kx);
}

static void one_target_is_transformed_as_the_specification_says(void **state) {
    (void)state;
    old_t t = stump;
    t.weights[0] = 0;
    kx_t kx;
    kx_begin(&kx);
    regress(&kx, &t);
    fx_attr_str(&kx.fx, "post_transform", "LOGISTIC");
    kx_assert_gives(&kx, REGRESSOR, "f32[2, 1] 0.5 0.880797");
    kx_end(&kx);
}

/* ---- TreeEnsembleClassifier ---- */

static void two_voted_classes_compete(void **state) {
    (void)state;
    static const int64_t labels[] = {10, 20};
    old_t t = stump;
    t.lists[VOTE_IDS][1] = 1; /* each leaf votes for a class of its own */
    kx_t kx;
    kx_begin(&kx);
    give(&kx, &t, true);
    fx_attr_ints(&kx.fx, "classlabels_int64s", labels, 2);
    kx_in(&kx, F32, "2, 1", "0 0.5");
    assert_int_equal(kx_run(&kx, CLASSIFIER, 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "i64[2] 10 20");
    assert_string_equal(kx_text(&kx, 1), "f32[2, 2] 1 0 0 2");
    kx_end(&kx);
}

static void a_probability_and_its_complement_are_both_transformed(void **state) {
    (void)state;
    static const int64_t labels[] = {10, 20};
    old_t t = stump;
    t.weights[0] = 0.25f;
    t.weights[1] = 0.75f;
    kx_t kx;
    kx_begin(&kx);
    give(&kx, &t, true);
    fx_attr_ints(&kx.fx, "classlabels_int64s", labels, 2);
    fx_attr_str(&kx.fx, "post_transform", "PROBIT");
    kx_in(&kx, F32, "2, 1", "0 0.5");
    assert_int_equal(kx_run(&kx, CLASSIFIER, 2), ANP_OK);
    assert_string_equal(kx_text(&kx, 0), "i64[2] 10 20");
    assert_string_equal(kx_text(&kx, 1), "f32[2, 2] 0.674574 -0.674574 -0.674574 0.674574");
    kx_end(&kx);
}

/* ---- TreeEnsemble: one tree, x[0] <= 0 ? leaf 0 : leaf 1 ---- */

enum { ROOTS, FEATURE, T_LEAF, T_ID, F_LEAF, F_ID, TARGETS, NEW_LISTS };
typedef struct new_t {
    int64_t lists[NEW_LISTS][2];
    uint64_t n[NEW_LISTS];
    anp_dtype_t dtype;
    const char *modes, *splits, *weights, *members; /* members: NULL or two words */
} new_t;

static const new_t split = {
    .lists = {{0}, {0}, {1}, {0}, {1}, {1}, {0, 0}},
    .n = {1, 1, 1, 1, 1, 1, 2},
    .dtype = F32,
    .modes = "0",
    .splits = "0",
    .weights = "1 2",
};

static const anp_tensor_t *tensor(kx_t *kx, anp_dtype_t dtype, const char *dims,
                                  const char *words) {
    const anp_tensor_t *t = kx_in(kx, dtype, dims, words);
    kx->n_in--;
    void *copy = NULL;
    assert_int_equal(kx_alloc(kx, sizeof *t, &copy), ANP_OK);
    memcpy(copy, t, sizeof *t);
    return copy;
}

static void build(kx_t *kx, const new_t *t) {
    static const char *const names[NEW_LISTS] = {
        "tree_roots",       "nodes_featureids",   "nodes_trueleafs", "nodes_truenodeids",
        "nodes_falseleafs", "nodes_falsenodeids", "leaf_targetids"};
    for (int i = 0; i < NEW_LISTS; i++) fx_attr_ints(&kx->fx, names[i], t->lists[i], t->n[i]);
    fx_attr_tensor(&kx->fx, "nodes_modes", tensor(kx, U8, "1", t->modes));
    fx_attr_tensor(&kx->fx, "nodes_splits", tensor(kx, t->dtype, "1", t->splits));
    fx_attr_tensor(&kx->fx, "leaf_weights", tensor(kx, t->dtype, "2", t->weights));
    if (t->members)
        fx_attr_tensor(&kx->fx, "membership_values", tensor(kx, t->dtype, "2", t->members));
    fx_attr_int(&kx->fx, "n_targets", 1);
    kx_in(kx, t->dtype, "3, 1", "0 0.5 nan");
}

static void ensembles_take_every_float(void **state) {
    (void)state;
    static const anp_dtype_t types[] = {F16, F32, F64};
    static const char *const results[] = {"f16[3, 1] 1 2 2", "f32[3, 1] 1 2 2", "f64[3, 1] 1 2 2"};
    kx_t kx;
    kx_begin(&kx);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(types); i++) {
        new_t t = split;
        t.dtype = types[i];
        build(&kx, &t);
        kx_assert_gives(&kx, ENSEMBLE, results[i]);
    }
    kx_end(&kx);
}

static void members_of_a_set_are_counted_by_their_ends(void **state) {
    (void)state;
    new_t t = split;
    t.modes = "6";
    t.members = "0.5 nan";
    kx_t kx;
    kx_begin(&kx);
    build(&kx, &t);
    kx_assert_gives(&kx, ENSEMBLE, "f32[3, 1] 2 1 2");
    t.members = "0.5 0";
    build(&kx, &t);
    kx_assert_gives(&kx, ENSEMBLE, "f32[3, 1] 1 1 2");
    t.members = "nan nan"; /* the second set is nobody's */
    build(&kx, &t);
    kx_assert_fails(&kx, ENSEMBLE, ANP_INVALID_MODEL, "membership_values has 2 values, 1 are used");
    t.members = NULL;
    build(&kx, &t);
    kx_assert_fails(&kx, ENSEMBLE, ANP_INVALID_MODEL, "membership_values has no set for node 0");
    kx_end(&kx);
}

static void ensembles_that_lie_are_refused(void **state) {
    (void)state;
    static const struct {
        int list;
        int64_t value;
        anp_status_t status;
        const char *message;
    } cases[] = {
        {ROOTS, 1, ANP_OUT_OF_RANGE, "tree_roots has 1, there are 1 nodes"},
        {ROOTS, -1, ANP_OUT_OF_RANGE, "tree_roots has -1"},
        {FEATURE, 1, ANP_OUT_OF_RANGE, "feature 1 is compared"},
        {T_ID, 2, ANP_OUT_OF_RANGE, "nodes_truenodeids has 2 at 0, there are 2 leaves"},
        {F_ID, -1, ANP_OUT_OF_RANGE, "nodes_falsenodeids has -1 at 0"},
        {T_LEAF, 0, ANP_INVALID_MODEL, "the node listed at 0 is in a cycle"},
        {F_LEAF, 0, ANP_OUT_OF_RANGE, "nodes_falsenodeids has 1 at 0, there are 1 nodes"},
        {TARGETS, 1, ANP_OUT_OF_RANGE, "leaf_targetids has 1, there are 1"},
    };
    kx_t kx;
    kx_begin(&kx);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        new_t t = split;
        t.lists[cases[i].list][0] = cases[i].value;
        build(&kx, &t);
        kx_assert_fails(&kx, ENSEMBLE, cases[i].status, cases[i].message);
    }
    new_t t = split;
    t.modes = "7";
    build(&kx, &t);
    kx_assert_fails(&kx, ENSEMBLE, ANP_INVALID_MODEL, "nodes_modes has 7 at 0, expected 0 to 6");
    build(&kx, &split);
    fx_attr_int(&kx.fx, "post_transform", 5);
    kx_assert_fails(&kx, ENSEMBLE, ANP_INVALID_MODEL, "post_transform is 5");
    build(&kx, &split);
    fx_attr_int(&kx.fx, "aggregate_function", -1);
    kx_assert_fails(&kx, ENSEMBLE, ANP_INVALID_MODEL, "aggregate_function is -1");
    kx_end(&kx);
}

static void ensembles_number_their_transforms_as_the_specification_does(void **state) {
    (void)state;
    kx_t kx;
    kx_begin(&kx);
    build(&kx, &split);
    fx_attr_int(&kx.fx, "post_transform", 1); /* softmax of one score */
    kx_assert_gives(&kx, ENSEMBLE, "f32[3, 1] 1 1 1");
    build(&kx, &split);
    fx_attr_int(&kx.fx, "post_transform", 2);
    kx_assert_gives(&kx, ENSEMBLE, "f32[3, 1] 0.731059 0.880797 0.880797");
    kx_end(&kx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_answer_for_what_leads_to_them),
        cmocka_unit_test(children_that_are_not_there_are_refused),
        cmocka_unit_test(cycles_are_refused),
        cmocka_unit_test(nodes_are_listed_once),
        cmocka_unit_test(votes_belong_to_nodes_and_targets),
        cmocka_unit_test(features_are_those_of_the_input),
        cmocka_unit_test(lists_have_one_length),
        cmocka_unit_test(a_leaf_without_votes_adds_nothing),
        cmocka_unit_test(votes_of_inner_nodes_are_not_cast),
        cmocka_unit_test(trees_with_no_nodes_or_targets_are_refused),
        cmocka_unit_test(every_type_of_features_is_compared),
        cmocka_unit_test(one_target_is_transformed_as_the_specification_says),
        cmocka_unit_test(two_voted_classes_compete),
        cmocka_unit_test(a_probability_and_its_complement_are_both_transformed),
        cmocka_unit_test(ensembles_take_every_float),
        cmocka_unit_test(members_of_a_set_are_counted_by_their_ends),
        cmocka_unit_test(ensembles_that_lie_are_refused),
        cmocka_unit_test(ensembles_number_their_transforms_as_the_specification_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
