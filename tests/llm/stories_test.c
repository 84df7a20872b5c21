/* SPDX-License-Identifier: Apache-2.0 */
/* State, proven: a trained Llama decodes its reference token by token, on every driver, without
 * heap memory per token. */
#include "base/testing.h"
#include "llama.h"
#include <anput/compile.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const llama_config_t config = {.hidden = 64,
                                      .layers = 5,
                                      .heads = 8,
                                      .kv_heads = 4,
                                      .head_dim = 8,
                                      .vocab = 512,
                                      .positions = 512,
                                      .eps = 1e-5f,
                                      .theta = 10000};

/* Everything of one decoder. */
typedef struct decoder_t {
    anp_context_t *ctx;
    anp_model_t *model;
    anp_session_t *session;
    int64_t id, position;
} decoder_t;

static void ok(anp_status_t st) {
    if (st != ANP_OK) print_error("%s\n%s", anp_error_message(), anp_error_trace_text());
    assert_int_equal(st, ANP_OK);
}

static void start(decoder_t *d, const char *device, const char *driver_path) {
    safetensors_t *weights =
        safetensors_open(anp_test_shared("llm/stories260K-hf/model.safetensors"));
    assert_non_null(weights);
    anp_graph_t *g;
    memset(d, 0, sizeof *d);
    ok(llama_build(weights, &config, &g));
    safetensors_close(weights);
    const anp_context_options_t context = {.driver_path = driver_path, .ignore_environment = true};
    const anp_model_options_t model = {.device = device};
    ok(anp_context_create(&context, &d->ctx));
    ok(anp_compile_model(d->ctx, g, NULL, &model, &d->model));
    ok(anp_session_create(d->model, NULL, &d->session));
    const anp_tensor_t id = {.data = &d->id, .dtype = ANP_DTYPE_I64, .rank = 1, .dims = {1}};
    anp_tensor_t position = id;
    position.data = &d->position;
    ok(anp_session_set_input(d->session, 0, &id));
    ok(anp_session_set_input(d->session, 1, &position));
}

static void stop(decoder_t *d) {
    anp_session_release(d->session);
    anp_model_release(d->model);
    anp_context_release(d->ctx);
}

/* Feeds one token; the likeliest next one. */
static int64_t step(decoder_t *d, int64_t id) {
    d->id = id;
    ok(anp_session_run(d->session, NULL));
    d->position++;
    anp_tensor_t logits;
    ok(anp_session_get_output(d->session, 0, &logits));
    const float *x = logits.data;
    int64_t best = 0;
    for (int64_t i = 1; i < config.vocab; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

static void decode_one(decoder_t *d, const json_t *story) {
    const json_t *prompt = json_object_get(story, "prompt_ids"),
                 *want = json_object_get(story, "greedy_ids");
    ok(anp_session_state_reset(d->session));
    d->position = 0;
    int64_t next = 0;
    for (size_t i = 0; i < json_array_size(prompt); i++)
        next = step(d, json_integer_value(json_array_get(prompt, i)));
    for (size_t i = 0; i < json_array_size(want); i++) {
        assert_int_equal(next, json_integer_value(json_array_get(want, i)));
        next = step(d, next);
    }
}

static json_t *stories(void) {
    const char *path = anp_test_shared("llm/stories260K-hf/greedy_reference.json");
    if (!path) {
        print_message("skipped: the shared data is not here (llm/stories260K-hf)\n");
        skip();
    }
    json_t *list = json_load_file(path, 0, NULL);
    assert_non_null(list);
    return list;
}

/* The answer proves nothing about a device that took no part in it. */
static void runs_wholly_there(const decoder_t *d, const char *device) {
    anp_run_stats_t stats;
    for (uint32_t i = 0; i < anp_model_node_count(d->model); i++) {
        anp_placement_row_t row;
        ok(anp_model_placement(d->model, NULL, i, &row));
        if (strncmp(row.device, device, strlen(device)) != 0)
            print_error("%s (%s) on %s: %s\n", row.node, row.op, row.device, row.reason);
        assert_int_equal(strncmp(row.device, device, strlen(device)), 0);
    }
    ok(anp_session_stats(d->session, &stats));
    assert_int_equal(stats.fallback_nodes, 0);
}

static void decode_all(const char *device, const char *driver_path) {
    json_t *list = stories();
    decoder_t d;
    start(&d, device, driver_path);
    for (size_t i = 0; i < json_array_size(list); i++) decode_one(&d, json_array_get(list, i));
    runs_wholly_there(&d, device);
    stop(&d);
    json_decref(list);
}

static void llama_decodes_its_reference_on_cpu(void **state) {
    (void)state;
    decode_all("cpu", NULL);
}

static void llama_decodes_its_reference_on_ref(void **state) {
    (void)state;
    decode_all("ref", NULL);
}

static void llama_decodes_its_reference_on_the_vendor_like_driver(void **state) {
    (void)state;
    if (!getenv("ANPUT_TEST_DRIVERS")) {
        print_message("skipped: ANPUT_TEST_DRIVERS names no folder with the vendor-like driver\n");
        skip();
    }
    decode_all("vendor", getenv("ANPUT_TEST_DRIVERS"));
}

static void a_token_takes_no_heap_memory_after_the_first(void **state) {
    (void)state;
    json_decref(stories());
    decoder_t d;
    start(&d, "cpu", NULL);
    int64_t id = step(&d, 1);
    anp_alloc_stats_t before, after;
    anp_alloc_stats(&before);
    for (int i = 0; i < 50; i++) id = step(&d, id);
    anp_alloc_stats(&after);
    assert_int_equal(after.total_calls, before.total_calls);
    stop(&d);
}

static void state_can_be_read_written_and_copied(void **state) {
    (void)state;
    json_decref(stories());
    decoder_t d;
    anp_session_t *other;
    start(&d, "cpu", NULL);
    int64_t id = 1;
    for (int i = 0; i < 10; i++) id = step(&d, id);
    ok(anp_session_create(d.model, NULL, &other));
    ok(anp_session_state_copy(other, d.session));
    anp_io_info_t info;
    ok(anp_session_state_info(other, 0, &info));
    assert_string_equal(info.name, "key_0");
    const uint64_t bytes = 4 * 512 * 8 * sizeof(float);
    float *a = test_malloc(bytes), *b = test_malloc(bytes);
    ok(anp_session_state_read(other, 0, a, bytes));
    ok(anp_session_state_read(d.session, 0, b, bytes));
    assert_memory_equal(a, b, bytes);
    assert_int_equal(anp_session_state_read(other, 0, a, bytes - 4), ANP_INVALID_ARGUMENT);
    test_free(a);
    test_free(b);
    anp_session_release(other);
    stop(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(llama_decodes_its_reference_on_cpu),
        cmocka_unit_test(llama_decodes_its_reference_on_ref),
        cmocka_unit_test(llama_decodes_its_reference_on_the_vendor_like_driver),
        cmocka_unit_test(a_token_takes_no_heap_memory_after_the_first),
        cmocka_unit_test(state_can_be_read_written_and_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
