/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation fails once from a model's file to its answer, for models of every domain:
 * strings, maps, trees, and forms the importer rewrites. */
#include "fixture.h"
#include "ir/graph.h"
#include <anput/tensorfile.h>
#include <stdio.h>

enum { INPUTS_MAX = 8 };

typedef struct way_t {
    const char *folder; /* below tests/onnx/cases */
    const char *device;
} way_t;

static const char *file_of(const way_t *w, const char *name, char path[256]) {
    snprintf(path, 256, "tests/onnx/cases/%s/%s", w->folder, name);
    return path;
}

static anp_status_t run_on_inputs(const way_t *w, const anp_model_t *m, anp_session_t *s) {
    anp_tensor_file_t *files[INPUTS_MAX] = {0};
    anp_status_t st = ANP_OK;
    char path[256], name[64];
    anp_io_info_t info;
    uint32_t n = 0;
    fx_ok(anp_model_input_count(m, NULL, &n));
    assert_in_range(n, 1, INPUTS_MAX);
    for (uint32_t i = 0; st == ANP_OK && i < n; i++) {
        fx_ok(anp_model_input(m, NULL, i, &info));
        const anp_tensor_file_options_t o = {
            .pb_kind = info.kind == ANP_KIND_MAP ? ANP_TENSOR_FILE_MAP : ANP_TENSOR_FILE_TENSOR};
        snprintf(name, sizeof name, "test_data_set_0/input_%u.pb", i);
        st = anp_tensor_file_open(file_of(w, name, path), &o, &files[i]);
        if (st == ANP_OK) st = anp_session_set_input(s, i, anp_tensor_file_get(files[i]));
    }
    if (st == ANP_OK) st = anp_session_run(s, NULL);
    for (uint32_t i = 0; i < INPUTS_MAX; i++) anp_tensor_file_release(files[i]);
    return st;
}

static anp_status_t import_compile_run(void *arg) {
    const way_t *w = arg;
    anp_context_t *ctx = NULL;
    anp_graph_t *g = NULL;
    anp_model_t *m = NULL;
    anp_session_t *s = NULL;
    char path[256];
    const anp_context_options_t co = {.threads = 1, .ignore_environment = true};
    const anp_model_options_t mo = {.device = w->device};
    anp_status_t st = anp_context_create(&co, &ctx);
    if (st == ANP_OK) st = anp_model_import(file_of(w, "model.onnx", path), NULL, &g);
    if (st == ANP_OK && (st = anp_compile_model(ctx, g, NULL, &mo, &m)) == ANP_OK) g = NULL;
    if (st == ANP_OK) st = anp_session_create(m, NULL, &s);
    if (st == ANP_OK) st = run_on_inputs(w, m, s);
    anp_session_release(s);
    anp_model_release(m);
    anp_graph_release(g);
    anp_context_release(ctx);
    return st;
}

static void every_allocation_may_fail_from_file_to_answer(void **state) {
    (void)state;
    static const char *const folders[] = {"ml_encoders/cast_map_words_to_ints",
                                          "ml_encoders/dict_vectorizer_strings",
                                          "ml_encoders/label_encoder_strings_strings",
                                          "ml_encoders/zip_map_strings",
                                          "ml_models/linear_classifier_strings",
                                          "ml_models/svm_classifier_rbf_probability_binary",
                                          "ml_models/tree_classifier_softmax",
                                          "ml_models/tree_ensemble_mode_5",
                                          "microsoft/attention_past_mask",
                                          "microsoft/fused_conv_z_relu",
                                          "microsoft/gather_block_quantized_u4",
                                          "microsoft/group_query_continued",
                                          "recurrent/rnn_12",
                                          "signal/stft_window"};
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(folders); i++) {
        way_t ref = {folders[i], "ref"}, cpu = {folders[i], "cpu"};
        anp_test_every_allocation_fails(import_compile_run, &ref);
        anp_test_every_allocation_fails(import_compile_run, &cpu);
    }
}

static anp_status_t compile_and_run_words(void *arg) {
    anp_graph_t *g = NULL;
    anp_context_t *ctx = NULL;
    anp_model_t *m = NULL;
    anp_session_t *s = NULL;
    const anp_context_options_t co = {.threads = 1, .ignore_environment = true};
    static anp_string_t words[3] = {{"Foo bar", 7}, {"bar", 3}, {"\xc3\x84 b", 4}};
    const anp_tensor_t in = {.data = words, .dtype = ANP_DTYPE_STRING, .rank = 1, .dims = {3}};
    anp_status_t st = anp_context_create(&co, &ctx);
    if (st == ANP_OK) st = anp_graph_parse(arg, &g);
    if (st == ANP_OK) st = anp_graph_infer(g);
    if (st == ANP_OK && (st = anp_compile_model(ctx, g, NULL, NULL, &m)) == ANP_OK) g = NULL;
    if (st == ANP_OK) st = anp_session_create(m, NULL, &s);
    if (st == ANP_OK) st = anp_session_set_input(s, 0, &in);
    if (st == ANP_OK) st = anp_session_run(s, NULL);
    anp_session_release(s);
    anp_model_release(m);
    anp_graph_release(g);
    anp_context_release(ctx);
    return st;
}

static void every_allocation_of_operators_on_strings_may_fail(void **state) {
    (void)state;
    static char text[] =
        "entry main(x: string[n]) {\n"
        "    low = StringNormalizer(x) {case_change_action=\"LOWER\", stopwords=[\"BAR\"]}\n"
        "    parts, n_parts = StringSplit(low)\n"
        "    twice = StringConcat(low, low)\n"
        "    sorted, first = Unique(twice)\n"
        "    grams = TfIdfVectorizer(low) {mode=\"TF\", min_gram_length=1, max_gram_length=1,\n"
        "        max_skip_count=0, ngram_counts=[0], ngram_indexes=[0],\n"
        "        pool_strings=[\"foo bar\"]}\n"
        "    found = RegexFullMatch(x) {pattern=\"[a-z]+( b)?\"}\n"
        "    return parts, n_parts, sorted, first, grams, found\n"
        "}\n";
    anp_test_every_allocation_fails(compile_and_run_words, text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail_from_file_to_answer),
        cmocka_unit_test(every_allocation_of_operators_on_strings_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
