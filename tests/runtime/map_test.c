/* SPDX-License-Identifier: Apache-2.0 */
/* Maps and sequences at the border of a session: what goes in is checked, what comes out is whole.
 */
#include "fixture.h"
#include "ir/graph.h"

typedef struct run_t {
    anp_context_t *ctx;
    anp_model_t *model;
    anp_session_t *s;
} run_t;

static run_t start(const char *text) {
    run_t r;
    anp_graph_t *g = NULL;
    const anp_context_options_t co = {.threads = 1, .ignore_environment = true};
    const anp_model_options_t mo = {.device = "ref"};
    fx_ok(anp_context_create(&co, &r.ctx));
    fx_ok(anp_graph_parse(text, &g));
    fx_ok(anp_graph_infer(g));
    fx_ok(anp_compile_model(r.ctx, g, NULL, &mo, &r.model));
    fx_ok(anp_session_create(r.model, NULL, &r.s));
    return r;
}

static void stop(run_t *r) {
    anp_session_release(r->s);
    anp_model_release(r->model);
    anp_context_release(r->ctx);
}

static anp_tensor_t list(anp_dtype_t dtype, int64_t n, const void *data) {
    return (anp_tensor_t){
        .data = (void *)(uintptr_t)data, .dtype = (uint8_t)dtype, .rank = 1, .dims = {n}};
}

static anp_tensor_t map_of(anp_tensor_t *part) {
    return (anp_tensor_t){.data = part,
                          .kind = ANP_KIND_MAP,
                          .dtype = part[1].dtype,
                          .key = part[0].dtype,
                          .rank = 1,
                          .dims = {part[0].dims[0]}};
}

static const int64_t numbers[] = {5, -1, 7};
static const float weights[] = {1.5f, 2, 4};
static const char vectorize[] =
    "entry main(m: map(i64, f32)) {\n"
    "    y = ai.onnx.ml.DictVectorizer(m) {int64_vocabulary=[-1, 5, 9]}\n"
    "    return y\n"
    "}\n";

static void a_map_becomes_a_row_and_rows_become_maps(void **state) {
    (void)state;
    run_t r = start("entry main(m: map(i64, f32)) {\n"
                    "    y = ai.onnx.ml.DictVectorizer(m) {int64_vocabulary=[-1, 5, 9]}\n"
                    "    z = ai.onnx.ml.ZipMap(y) {classlabels_strings=[\"a\", \"b\", \"c\"]}\n"
                    "    same = Identity(m)\n"
                    "    return z, same\n"
                    "}\n");
    anp_io_info_t info;
    fx_ok(anp_model_output(r.model, NULL, 0, &info));
    assert_int_equal(info.kind, ANP_KIND_SEQUENCE);
    assert_int_equal(info.key, ANP_DTYPE_STRING);
    anp_tensor_t part[2] = {list(ANP_DTYPE_I64, 3, numbers), list(ANP_DTYPE_F32, 3, weights)}, out;
    const anp_tensor_t map = map_of(part);
    fx_ok(anp_session_set_input(r.s, 0, &map));
    fx_ok(anp_session_run(r.s, NULL));
    fx_ok(anp_session_get_output(r.s, 0, &out));
    assert_int_equal(out.kind, ANP_KIND_SEQUENCE);
    assert_int_equal(out.dims[0], 1);
    const anp_tensor_t *item = out.data, *members = item->data;
    assert_int_equal(item->kind, ANP_KIND_MAP);
    assert_int_equal(item->key, ANP_DTYPE_STRING);
    assert_memory_equal(((const anp_string_t *)members[0].data)[1].ptr, "b", 1);
    assert_memory_equal(members[1].data, ((const float[]){2, 1.5f, 0}), 12);
    fx_ok(anp_session_get_output(r.s, 1, &out));
    assert_int_equal(out.kind, ANP_KIND_MAP);
    assert_int_equal(out.dims[0], 3);
    stop(&r);
}

static void an_empty_map_needs_neither_parts_nor_types(void **state) {
    (void)state;
    run_t r = start(vectorize);
    const anp_tensor_t map = {.kind = ANP_KIND_MAP, .rank = 1};
    anp_tensor_t out;
    fx_ok(anp_session_set_input(r.s, 0, &map));
    fx_ok(anp_session_run(r.s, NULL));
    fx_ok(anp_session_get_output(r.s, 0, &out));
    assert_memory_equal(out.data, ((const float[]){0, 0, 0}), 12);
    stop(&r);
}

static void refused(run_t *r, const anp_tensor_t *t, const char *message) {
    assert_int_equal(anp_session_set_input(r->s, 0, t), ANP_INVALID_ARGUMENT);
    anp_test_expect_message(message);
}

static void maps_that_contradict_themselves_are_refused(void **state) {
    (void)state;
    run_t r = start(vectorize);
    anp_tensor_t part[2] = {list(ANP_DTYPE_I64, 3, numbers), list(ANP_DTYPE_F32, 3, weights)};
    anp_tensor_t map = map_of(part);
    refused(&r, &part[1], "input 'm' is f32[3], the model takes map(i64, f32)");
    map.key = ANP_DTYPE_STRING;
    refused(&r, &map, "input 'm' is map(string, f32)[3], the model takes map(i64, f32)");
    map.key = ANP_DTYPE_I64;
    part[1].dims[0] = 2;
    refused(&r, &map, "a map of 3 entries has values of rank 1 and 2 elements");
    part[1].dims[0] = 3;
    part[0].dtype = ANP_DTYPE_I32;
    refused(&r, &map, "holds i32[3], expected dense tensors of i64");
    part[0].dtype = ANP_DTYPE_I64;
    part[1].data = NULL;
    refused(&r, &map, "holds no data");
    map.data = NULL;
    refused(&r, &map, "holds what is no map");
    stop(&r);
}

static void sequences_hold_items_of_one_type_only(void **state) {
    (void)state;
    run_t r = start("entry main(s: seq(f32)) {\n"
                    "    y = ConcatFromSequence(s) {axis=0}\n"
                    "    return y\n"
                    "}\n");
    anp_tensor_t items[2] = {list(ANP_DTYPE_F32, 3, weights), list(ANP_DTYPE_I64, 3, numbers)};
    anp_tensor_t sequence = list(ANP_DTYPE_F32, 2, items);
    sequence.kind = ANP_KIND_SEQUENCE;
    refused(&r, &sequence, "holds i64[3], expected dense tensors of f32");
    items[1] = list(ANP_DTYPE_F32, 1, NULL);
    refused(&r, &sequence, "holds no data");
    items[1] = sequence;
    refused(&r, &sequence, "holds seq(f32)[2], expected dense tensors of f32");
    stop(&r);
}

static void outputs_outlive_the_inputs_they_are_made_of(void **state) {
    (void)state;
    run_t r = start("entry main(s: seq(string), t: string[1]) {\n"
                    "    y = SequenceInsert(s, t)\n"
                    "    z = Identity(t)\n"
                    "    return y, z\n"
                    "}\n");
    char text[2][4] = {"old", "new"};
    anp_string_t words[2] = {{text[0], 3}, {text[1], 3}};
    anp_tensor_t items[1] = {list(ANP_DTYPE_STRING, 1, &words[0])}, out;
    anp_tensor_t sequence = list(ANP_DTYPE_STRING, 1, items);
    const anp_tensor_t word = list(ANP_DTYPE_STRING, 1, &words[1]);
    sequence.kind = ANP_KIND_SEQUENCE;
    fx_ok(anp_session_set_input(r.s, 0, &sequence));
    fx_ok(anp_session_set_input(r.s, 1, &word));
    fx_ok(anp_session_run(r.s, NULL));
    memset(text, 'x', sizeof text);
    memset(words, 0, sizeof words);
    memset(items, 0, sizeof items);
    fx_ok(anp_session_get_output(r.s, 0, &out));
    const anp_tensor_t *item = out.data;
    assert_int_equal(out.dims[0], 2);
    assert_memory_equal(((const anp_string_t *)item[0].data)->ptr, "old", 3);
    assert_memory_equal(((const anp_string_t *)item[1].data)->ptr, "new", 3);
    fx_ok(anp_session_get_output(r.s, 1, &out));
    assert_memory_equal(((const anp_string_t *)out.data)->ptr, "new", 3);
    stop(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_becomes_a_row_and_rows_become_maps),
        cmocka_unit_test(an_empty_map_needs_neither_parts_nor_types),
        cmocka_unit_test(maps_that_contradict_themselves_are_refused),
        cmocka_unit_test(sequences_hold_items_of_one_type_only),
        cmocka_unit_test(outputs_outlive_the_inputs_they_are_made_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
