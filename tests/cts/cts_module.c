/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling and loading: buckets, cancelling, blobs that are damaged or of another version. */
#include "cts.h"
#include "cts_net.h"
#include <string.h>

static cts_verdict_t loads_unloads_and_loads_again(cts_t *t) {
    cts_net_t *net;
    CTS_TRY(cts_work(t, 3, 4, false, &net));
    for (int i = 0; i < 3; i++) CTS_TRY(cts_net_run(t, net));
    return CTS_PASS;
}

static cts_verdict_t two_modules_are_loaded_at_once(cts_t *t) {
    cts_net_t *nets[2];
    cts_model_t *models[2];
    cts_session_t *sessions[2];
    for (int i = 0; i < 2; i++) {
        CTS_TRY(cts_work(t, 2 + i, 4, false, &nets[i]));
        CTS_TRY(cts_model_make(t, nets[i], &models[i]));
        CTS_TRY(cts_session_make(models[i], t->q, &sessions[i]));
    }
    for (int i = 0; i < 2; i++) CTS_OK(t, cts_session_enqueue(sessions[i], NULL));
    for (int i = 0; i < 2; i++) CTS_TRY(cts_session_compare(sessions[i]));
    for (int i = 0; i < 2; i++) t->d->module_unload(models[i]->module);
    return CTS_PASS;
}

static cts_verdict_t all_memory_comes_back_after_unload(cts_t *t) {
    cts_net_t *net;
    anp_drv_memory_t before, after;
    CTS_NEEDS_SLOT(t, memory_info);
    CTS_TRY(cts_work(t, 3, 4, false, &net));
    CTS_OK(t, t->d->memory_info(t->dev, &before));
    CTS_TRY(cts_net_run(t, net));
    CTS_OK(t, t->d->memory_info(t->dev, &after));
    CTS_REQUIRE(t, after.used_bytes == before.used_bytes, "%lld bytes of the device stay in use",
                (long long)(after.used_bytes - before.used_bytes));
    return CTS_PASS;
}

/* ---- groups ---- */

/* The middle one of three nodes stays elsewhere: what is before and behind it is no group. */
static cts_verdict_t no_group_goes_over_a_node_that_stays(cts_t *t) {
    const int64_t dims[] = {4};
    cts_net_t *net = cts_net_new(t);
    cts_model_t *m;
    void *program = NULL;
    uint64_t bytes = 0;
    int y = cts_net_value(t, net, ANP_DTYPE_F32, 1, dims, 0, false);
    for (int i = 0; i < 3; i++) CTS_TRY(cts_net_add(t, net, "Relu", "", (int[]){y, CTS_END}, &y));
    CTS_TRY(cts_model_query(t, net, &m));
    CTS_OK(t, anp_program_writer_finish(m->writer, &program, &bytes));
    anp_drv_answer_t answers[3] = {{.skip = 0}, {.skip = 1}, {.skip = 0}};
    const anp_status_t st = t->d->query(t->drv, t->info.target, program, bytes, answers);
    anp_free(program);
    CTS_REQUIRE(t, st == ANP_OK, "query gives %s: %s", anp_status_name(st), anp_error_message());
    CTS_REQUIRE(t, answers[0].yes && answers[2].yes, "says no where it said yes before");
    CTS_REQUIRE(t, !answers[0].group || answers[0].group != answers[2].group,
                "group %u goes over a node that stays elsewhere", (unsigned)answers[0].group);
    return CTS_PASS;
}

/* ---- sizes that are open ---- */

/* Runs a model compiled for a free dimension with N = n. */
static cts_verdict_t run_with_n(cts_model_t *m, int64_t n, anp_status_t *out_status) {
    cts_t *t = m->t;
    cts_net_t *net, *compiled_for = m->net;
    cts_session_t *s;
    anp_drv_event_t *event = NULL;
    CTS_TRY(cts_work(t, n, 4, true, &net));
    for (uint32_t i = 0; i < net->n_values; i++) {
        net->values[i].is_output = compiled_for->values[i].is_output;
        net->values[i].const_id = compiled_for->values[i].const_id;
    }
    m->net = net;
    CTS_TRY(cts_session_make(m, t->q, &s));
    *out_status = cts_session_enqueue(s, &event);
    if (*out_status == ANP_OK) {
        CTS_OK(t, t->d->event_wait(event, CTS_WAIT_NS));
        t->d->event_release(event);
        CTS_TRY(cts_session_compare(s));
    }
    cts_session_end(s);
    m->net = compiled_for;
    return CTS_PASS;
}

static cts_verdict_t open_sizes_work_or_are_refused(cts_t *t) {
    cts_net_t *net;
    cts_model_t *m;
    anp_status_t st;
    CTS_TRY(cts_work(t, 3, 4, true, &net));
    CTS_TRY(cts_model_query(t, net, &m));
    cts_clear_error();
    st = cts_model_compile(m, NULL, 0);
    if (st == ANP_UNSUPPORTED) {
        CTS_REQUIRE(t, *anp_error_message(), "compile refuses open sizes without a sentence");
        return CTS_PASS;
    }
    CTS_OK(t, st);
    CTS_OK(t, cts_model_load(m));
    for (int64_t n = 1; n <= 5; n += 2) {
        CTS_TRY(run_with_n(m, n, &st));
        CTS_REQUIRE(t, st == ANP_OK, "N=%lld gives %s: %s", (long long)n, anp_status_name(st),
                    anp_error_message());
    }
    return CTS_PASS;
}

static cts_verdict_t sizes_of_a_bucket_run(cts_t *t) {
    static const int64_t sizes[] = {1, 4, 16};
    cts_net_t *net;
    cts_model_t *m;
    anp_status_t st;
    CTS_TRY(cts_work(t, 3, 4, true, &net));
    CTS_TRY(cts_model_query(t, net, &m));
    CTS_OK(t, cts_model_compile(m, sizes, ANP_ARRAY_LEN(sizes)));
    CTS_OK(t, cts_model_load(m));
    for (size_t i = 0; i < ANP_ARRAY_LEN(sizes); i++) {
        CTS_TRY(run_with_n(m, sizes[i], &st));
        CTS_REQUIRE(t, st == ANP_OK, "N=%lld gives %s: %s", (long long)sizes[i],
                    anp_status_name(st), anp_error_message());
    }
    cts_clear_error();
    CTS_TRY(run_with_n(m, 7, &st)); /* right, or refused so that the core runs it elsewhere */
    CTS_REQUIRE(t, st == ANP_OK || st == ANP_UNSUPPORTED, "N=7 without a bucket gives %s",
                anp_status_name(st));
    CTS_REQUIRE(t, st == ANP_OK || *anp_error_message(), "N=7 is refused without a sentence");
    return CTS_PASS;
}

/* ---- compiling ends early ---- */

static cts_verdict_t compile_can_be_cancelled(cts_t *t) {
    cts_net_t *net;
    cts_model_t *m;
    CTS_TRY(cts_work(t, 3, 4, false, &net));
    CTS_TRY(cts_model_query(t, net, &m));
    m->cancel_at = 1;
    const anp_status_t st = cts_model_compile(m, NULL, 0);
    if (m->progress_calls == 0) CTS_SKIPPED(t, "compiling is too quick to tell of its progress");
    CTS_REQUIRE(t, st == ANP_CANCELLED, "a compile cancelled by progress gives %s",
                anp_status_name(st));
    return CTS_PASS;
}

static cts_verdict_t compiler_that_crashes_is_a_failure(cts_t *t) {
    cts_net_t *net;
    cts_model_t *m;
    CTS_TRY(cts_work(t, 3, 4, false, &net));
    CTS_TRY(cts_model_query(t, net, &m));
    CTS_FAILS(t, cts_model_compile(m, NULL, 0), ANP_DEVICE_FAILED);
    return CTS_PASS;
}

static cts_verdict_t compiler_that_hangs_can_be_cancelled(cts_t *t) {
    cts_net_t *net;
    cts_model_t *m;
    CTS_TRY(cts_work(t, 3, 4, false, &net));
    CTS_TRY(cts_model_query(t, net, &m));
    m->cancel_at = 2;
    const anp_status_t st = cts_model_compile(m, NULL, 0);
    CTS_REQUIRE(t, st == ANP_CANCELLED, "cancelling a compiler that hangs gives %s",
                anp_status_name(st));
    return CTS_PASS;
}

/* ---- blobs are outside bytes ---- */

static cts_verdict_t compiled_with_a_blob(cts_t *t, cts_model_t **out) {
    cts_net_t *net;
    CTS_TRY(cts_work(t, 3, 4, false, &net));
    CTS_TRY(cts_model_query(t, net, out));
    CTS_OK(t, cts_model_compile(*out, NULL, 0));
    if ((*out)->n_blobs == 0 || (*out)->blob_bytes[0] == 0)
        CTS_SKIPPED(t, "the driver compiles to no blob");
    return CTS_PASS;
}

/* Loading must fail cleanly; when it does not, only the damage of a byte nobody reads may be the
 * reason. */
static cts_verdict_t expect_refused(cts_model_t *m, const char *what, uint64_t at) {
    cts_t *t = m->t;
    anp_drv_module_t *module = NULL;
    cts_clear_error();
    const anp_status_t st = cts_model_load_on(m, t->dev, &module);
    CTS_REQUIRE(t, st != ANP_OK, "a blob %s at byte %llu is loaded", what, (unsigned long long)at);
    CTS_REQUIRE(t, *anp_error_message(), "a blob %s at byte %llu is refused without a sentence",
                what, (unsigned long long)at);
    return CTS_PASS;
}

static cts_verdict_t damaged_blob_is_refused(cts_t *t) {
    cts_model_t *m;
    CTS_TRY(compiled_with_a_blob(t, &m));
    unsigned char *blob = m->blobs[0];
    const uint64_t bytes = m->blob_bytes[0], step = bytes / 97 + 1;
    for (uint64_t at = 0; at < bytes; at += at < 64 ? 1 : step) {
        blob[at] ^= 0x40;
        CTS_TRY(expect_refused(m, "damaged", at));
        blob[at] ^= 0x40;
    }
    CTS_OK(t, cts_model_load(m));
    return CTS_PASS;
}

static cts_verdict_t short_blob_is_refused(cts_t *t) {
    cts_model_t *m;
    CTS_TRY(compiled_with_a_blob(t, &m));
    const uint64_t bytes = m->blob_bytes[0];
    const unsigned char *whole = m->blobs[0];
    for (uint64_t n = 1; n < bytes; n += bytes / 31 + 1) {
        m->blobs[0] = cts_alloc(t, n); /* nothing behind it, so that reading there is noticed */
        memcpy(m->blobs[0], whole, (size_t)n);
        m->blob_bytes[0] = n;
        CTS_TRY(expect_refused(m, "cut", n));
    }
    return CTS_PASS;
}

static cts_verdict_t missing_blob_is_refused(cts_t *t) {
    cts_model_t *m;
    CTS_TRY(compiled_with_a_blob(t, &m));
    m->blobs[0] = NULL;
    m->blob_bytes[0] = 0;
    return expect_refused(m, "that is missing", 0);
}

/* A second driver object plays another version. */
static cts_verdict_t blob_of_another_version_is_refused(cts_t *t) {
    static const cts_option_t none[] = {{NULL, NULL}};
    cts_host_t host;
    anp_drv_t *drv;
    anp_drv_device_t *dev;
    anp_drv_module_t *module = NULL;
    anp_drv_device_info_t info;
    cts_model_t *m;
    CTS_TRY(compiled_with_a_blob(t, &m)); /* by the version the option asked for */
    cts_host_init(&host, none, t->suite->builtin);
    CTS_OK(t, t->d->open(&host.table, &drv));
    CTS_OK(t, t->d->device_info(drv, 0, &info));
    CTS_REQUIRE(t, strcmp(info.version, t->info.version) != 0, "both versions are called '%s'",
                info.version);
    CTS_OK(t, t->d->device_open(drv, 0, &dev));
    CTS_FAILS(t, cts_model_load_on(m, dev, &module), ANP_INCOMPATIBLE);
    const char *a = t->info.version, *b = info.version, *said = anp_error_message();
    a = strrchr(a, ' ') ? strrchr(a, ' ') + 1 : a;
    b = strrchr(b, ' ') ? strrchr(b, ' ') + 1 : b;
    CTS_REQUIRE(t, strstr(said, a) && strstr(said, b),
                "the message '%s' does not name versions %s and %s", said, a, b);
    t->d->device_close(dev);
    t->d->close(drv);
    return CTS_PASS;
}

const cts_test_t cts_module_tests[] = {
    {"module/loads_unloads_and_loads_again", loads_unloads_and_loads_again, false, NULL, NULL},
    {"module/two_are_loaded_at_once", two_modules_are_loaded_at_once, false, NULL, NULL},
    {"module/all_memory_comes_back_after_unload", all_memory_comes_back_after_unload, false, NULL,
     NULL},
    {"compile/no_group_goes_over_a_node_that_stays", no_group_goes_over_a_node_that_stays, false,
     NULL, NULL},
    {"compile/open_sizes_work_or_are_refused", open_sizes_work_or_are_refused, false, NULL, NULL},
    {"compile/sizes_of_a_bucket_run", sizes_of_a_bucket_run, false, NULL, NULL},
    {"compile/can_be_cancelled", compile_can_be_cancelled, false, NULL, NULL},
    {"compile/compiler_that_crashes_is_a_failure", compiler_that_crashes_is_a_failure, false,
     "compiler", "crash"},
    {"compile/compiler_that_hangs_can_be_cancelled", compiler_that_hangs_can_be_cancelled, false,
     "compiler", "hang"},
    {"blob/damaged_is_refused", damaged_blob_is_refused, false, NULL, NULL},
    {"blob/short_is_refused", short_blob_is_refused, false, NULL, NULL},
    {"blob/missing_is_refused", missing_blob_is_refused, false, NULL, NULL},
    {"blob/of_another_version_is_refused", blob_of_another_version_is_refused, false, "sdk", "9.9"},
    {NULL, NULL, false, NULL, NULL},
};
