/* SPDX-License-Identifier: Apache-2.0 */
/* Fast trees against their reference: every comparison, odd splits and features, any number of
 * rows. */
#include "kernel/cpu/cpu_fixture.h"

#define ENSEMBLE "ai.onnx.ml.TreeEnsemble"
#define CLASSIFIER "ai.onnx.ml.TreeEnsembleClassifier"

enum {
    TREES = 11,
    INNER = 7,
    LEAVES = 8,
    FEATURES = 3,
    NODES = TREES * INNER,
    ENDS = TREES * LEAVES
};

static const float odd[] = {-INFINITY, INFINITY, NAN, -0.0f, 0.0f, 1.0f, -1.0f, 0.5f};

static float draw_odd(cx_t *cx) {
    return odd[cx_random(cx, ANP_ARRAY_LEN(odd))];
}

/* Features of [rows, FEATURES], some of them odd. */
static void draw_rows(cx_t *cx, int64_t rows) {
    const int64_t dims[] = {rows, FEATURES};
    float *x = cx_in(cx, F32, 2, dims)->data;
    for (int64_t i = 0; i < rows * FEATURES; i++)
        if (cx_random(cx, 2)) x[i] = draw_odd(cx);
}

/* ---- TreeEnsemble: complete trees of depth 3 ---- */

typedef struct ensemble_t {
    int64_t roots[TREES], features[NODES], missing[NODES], to[2][NODES], is_leaf[2][NODES];
    int64_t targets[ENDS];
    uint8_t modes[NODES];
    float splits[NODES], weights[ENDS], members[3 * NODES];
    anp_tensor_t tensors[4];
} ensemble_t;

static void draw_node(cx_t *cx, ensemble_t *e, int64_t tree, int64_t i, uint32_t mode) {
    const int64_t at = tree * INNER + i;
    e->features[at] = (int64_t)cx_random(cx, FEATURES);
    e->missing[at] = (int64_t)cx_random(cx, 2);
    e->modes[at] = (uint8_t)(mode < 7 ? mode : cx_random(cx, 7));
    e->splits[at] = draw_odd(cx);
    for (int64_t c = 0; c < 2; c++) {
        const int64_t child = 2 * i + 1 + c;
        e->is_leaf[c][at] = child >= INNER;
        e->to[c][at] = child < INNER ? tree * INNER + child : tree * LEAVES + child - INNER;
    }
}

static int64_t draw_members(cx_t *cx, ensemble_t *e) {
    int64_t n = 0;
    for (int64_t i = 0; i < NODES; i++) {
        if (e->modes[i] != 6) continue;
        for (uint64_t m = cx_random(cx, 3); m > 0; m--) e->members[n++] = odd[3 + cx_random(cx, 5)];
        e->members[n++] = NAN;
    }
    return n;
}

static void give_tensor(cx_t *cx, anp_tensor_t *t, const char *name, anp_dtype_t type, int64_t n,
                        void *data) {
    anp_tensor_init(t, type, 1, &n, data);
    fx_attr_tensor(&cx->kx.fx, name, t);
}

/* mode 7: every node has its own. */
static void draw_ensemble(cx_t *cx, ensemble_t *e, uint32_t mode, uint32_t targets) {
    fx_t *fx = &cx->kx.fx;
    for (int64_t t = 0; t < TREES; t++) {
        e->roots[t] = t * INNER;
        for (int64_t i = 0; i < INNER; i++) draw_node(cx, e, t, i, mode);
    }
    for (int64_t i = 0; i < ENDS; i++) {
        e->weights[i] = (float)cx_random(cx, 1000) / 7 - 70;
        e->targets[i] = (int64_t)cx_random(cx, targets);
    }
    give_tensor(cx, &e->tensors[0], "nodes_modes", U8, NODES, e->modes);
    give_tensor(cx, &e->tensors[1], "nodes_splits", F32, NODES, e->splits);
    give_tensor(cx, &e->tensors[2], "leaf_weights", F32, ENDS, e->weights);
    give_tensor(cx, &e->tensors[3], "membership_values", F32, draw_members(cx, e), e->members);
    fx_attr_ints(fx, "tree_roots", e->roots, TREES);
    fx_attr_ints(fx, "nodes_featureids", e->features, NODES);
    fx_attr_ints(fx, "nodes_missing_value_tracks_true", e->missing, NODES);
    fx_attr_ints(fx, "nodes_falsenodeids", e->to[0], NODES);
    fx_attr_ints(fx, "nodes_truenodeids", e->to[1], NODES);
    fx_attr_ints(fx, "nodes_falseleafs", e->is_leaf[0], NODES);
    fx_attr_ints(fx, "nodes_trueleafs", e->is_leaf[1], NODES);
    fx_attr_ints(fx, "leaf_targetids", e->targets, ENDS);
    fx_attr_int(fx, "n_targets", targets);
}

static void every_comparison_is_that_of_the_reference(void **state) {
    (void)state;
    static ensemble_t e;
    for (uint32_t mode = 0; mode <= 7; mode++)
        for (uint32_t targets = 1; targets <= 3; targets += 2) {
            cx_t cx;
            cx_begin(&cx, 10 * mode + targets);
            draw_ensemble(&cx, &e, mode, targets);
            draw_rows(&cx, 70);
            cx_check(&cx, ENSEMBLE, 1, NULL);
            cx_end(&cx);
        }
}

static void any_number_of_rows_is_taken(void **state) {
    (void)state;
    static ensemble_t e;
    static const int64_t rows[] = {0, 1, 7, 8, 9, 63, 64, 65, 200};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(rows); i++) {
        cx_t cx;
        cx_begin(&cx, 100 + i);
        draw_ensemble(&cx, &e, 7, 2);
        fx_attr_int(&cx.kx.fx, "aggregate_function", 0);
        draw_rows(&cx, rows[i]);
        cx_check(&cx, ENSEMBLE, 1, NULL);
        cx_end(&cx);
    }
}

/* What a node does that was first run by another kernel. */
static void trees_need_no_preparation(void **state) {
    (void)state;
    static ensemble_t e;
    cx_t cx;
    cx_begin(&cx, 5);
    draw_ensemble(&cx, &e, 7, 2);
    draw_rows(&cx, 20);
    assert_int_equal(kx_run(&cx.kx, ENSEMBLE, 1), ANP_OK);
    const anp_attrs_t attrs = {cx.kx.fx.attrs, cx.kx.fx.n_attrs};
    const anp_tensor_t *in = &cx.kx.in[0];
    anp_tensor_t got, *out = &got;
    kx_make(&cx.kx, &got, F32, 2, cx.kx.out[0].dims);
    const anp_kernel_mem_t mem = {&cx.kx, kx_alloc, kx_alloc};
    const anp_kernel_env_t env = {.pool = NULL};
    anp_kernel_t k = {.op = fx_op(ENSEMBLE),
                      .node_name = "n",
                      .attrs = &attrs,
                      .in = &in,
                      .n_in = 1,
                      .out = &out,
                      .n_out = 1,
                      .mem = &mem,
                      .env = &env};
    assert_int_equal(anp_kernel_cpu(&k)->run(&k), ANP_OK);
    assert_memory_equal(got.data, cx.kx.out[0].data, 20 * 2 * sizeof(float));
    cx_end(&cx);
}

static void what_f32_cannot_hold_is_left_to_the_reference(void **state) {
    (void)state;
    static ensemble_t e;
    static double splits[NODES];
    cx_t cx;
    cx_begin(&cx, 6);
    draw_ensemble(&cx, &e, 0, 1);
    anp_tensor_init(&e.tensors[1], F64, 1, &(int64_t){NODES}, splits);
    draw_rows(&cx, 8);
    const anp_attrs_t attrs = {cx.kx.fx.attrs, cx.kx.fx.n_attrs};
    const anp_tensor_t *in = &cx.kx.in[0];
    const anp_kernel_t k = {.op = fx_op(ENSEMBLE), .attrs = &attrs, .in = &in, .n_in = 1};
    assert_null(anp_kernel_cpu(&k));
    cx_end(&cx);
}

/* ---- TreeEnsembleClassifier: stumps ---- */

enum { LISTED = 3 * TREES, CLASSES = 3, VOTES = 2 * TREES * CLASSES };

typedef struct stumps_t {
    int64_t ids[LISTED], trees[LISTED], features[LISTED], to[2][LISTED];
    int64_t vote_ids[VOTES], vote_trees[VOTES], vote_nodes[VOTES];
    float splits[LISTED], weights[VOTES];
    anp_string_t modes[LISTED];
} stumps_t;

/* per_leaf votes of each leaf: for all classes in order, or from the last down. */
static void draw_stumps(cx_t *cx, stumps_t *s, int64_t per_leaf) {
    fx_t *fx = &cx->kx.fx;
    uint64_t n = 0;
    for (int64_t i = 0; i < LISTED; i++) {
        s->ids[i] = i % 3;
        s->trees[i] = i / 3;
        s->features[i] = (int64_t)cx_random(cx, FEATURES);
        s->to[0][i] = 1, s->to[1][i] = 2;
        s->splits[i] = draw_odd(cx);
        s->modes[i] = i % 3 ? (anp_string_t){"LEAF", 4} : (anp_string_t){"BRANCH_LEQ", 10};
        for (int64_t v = 0; i % 3 && v < per_leaf; v++, n++) {
            s->vote_trees[n] = i / 3;
            s->vote_nodes[n] = i % 3;
            s->vote_ids[n] = per_leaf == CLASSES ? v : CLASSES - 1 - v;
            s->weights[n] = (float)cx_random(cx, 1000) / 7 - 70;
        }
    }
    fx_attr_ints(fx, "nodes_nodeids", s->ids, LISTED);
    fx_attr_ints(fx, "nodes_treeids", s->trees, LISTED);
    fx_attr_ints(fx, "nodes_featureids", s->features, LISTED);
    fx_attr_ints(fx, "nodes_falsenodeids", s->to[0], LISTED);
    fx_attr_ints(fx, "nodes_truenodeids", s->to[1], LISTED);
    fx_attr_floats(fx, "nodes_values", s->splits, LISTED);
    fx_attr_strings(fx, "nodes_modes", s->modes, LISTED);
    fx_attr_ints(fx, "class_ids", s->vote_ids, n);
    fx_attr_ints(fx, "class_treeids", s->vote_trees, n);
    fx_attr_ints(fx, "class_nodeids", s->vote_nodes, n);
    fx_attr_floats(fx, "class_weights", s->weights, n);
}

static void classes_are_those_of_the_reference(void **state) {
    (void)state;
    static stumps_t s;
    static const int64_t labels[] = {30, 10, 20};
    static const float base[] = {0.5f, -0.25f, 1};
    for (int64_t per_leaf = 1; per_leaf <= CLASSES; per_leaf++)
        for (uint32_t with_base = 0; with_base < 2; with_base++) {
            cx_t cx;
            cx_begin(&cx, 20 + (uint64_t)per_leaf);
            draw_stumps(&cx, &s, per_leaf);
            fx_attr_ints(&cx.kx.fx, "classlabels_int64s", labels, 3);
            fx_attr_str(&cx.kx.fx, "post_transform", "SOFTMAX");
            if (with_base) fx_attr_floats(&cx.kx.fx, "base_values", base, 3);
            draw_rows(&cx, 33);
            cx_check(&cx, CLASSIFIER, 2, NULL);
            cx_end(&cx);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_comparison_is_that_of_the_reference),
        cmocka_unit_test(any_number_of_rows_is_taken),
        cmocka_unit_test(trees_need_no_preparation),
        cmocka_unit_test(what_f32_cannot_hold_is_left_to_the_reference),
        cmocka_unit_test(classes_are_those_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
