/* SPDX-License-Identifier: Apache-2.0 */
/* Models larger than the memory they may take: import and compile under a limit, in a time measured
 * against a plain copy of the same bytes; loading takes the same few milliseconds whatever the
 * size. */
#include "base/file.h"
#include "base/testing.h"
#include "base/thread.h"
#include "big_model.h"
#include <anput/compile.h>
#include <anput/import.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

static const double COPY_RATIO_MAX = 2.5;
static const uint64_t LOAD_NS_MAX = 10000000;
enum {
    ROUNDS = 3
}; /* other work on the machine only ever adds time: one good round proves the figure */

static bool room_enough(void) {
    struct statvfs fs;
    if (statvfs(anp_test_dir(), &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize > UINT64_C(10)
                                                                                       << 30)
        return true;
    print_message("skipped: less than 10 GB are free in %s\n", anp_test_dir());
    skip();
    return false;
}

static void ok(anp_status_t st) {
    if (st != ANP_OK) print_error("%s\n", anp_error_message());
    assert_int_equal(st, ANP_OK);
}

/* ---- a plain copy, as durable as the package: read, write, sync ---- */

static uint64_t copy_ns(const char *name) {
    char from[512], to[512];
    snprintf(from, sizeof from, "%s", anp_test_path(name));
    snprintf(to, sizeof to, "%s", anp_test_path("copy"));
    anp_file_t *f;
    anp_file_writer_t *w;
    const uint64_t t0 = anp_now_ns();
    ok(anp_file_map(from, &f));
    ok(anp_file_writer_open(to, &w));
    for (uint64_t at = 0; at < anp_file_size(f); at += 1 << 20)
        ok(anp_file_writer_write(w, anp_file_data(f) + at,
                                 ANP_MIN(UINT64_C(1) << 20, anp_file_size(f) - at)));
    ok(anp_file_writer_commit(w));
    anp_file_writer_release(w);
    anp_file_release(f);
    const uint64_t ns = anp_now_ns() - t0;
    unlink(to);
    return ns;
}

/* ---- import and compile in a process with little memory of its own ---- */

static anp_status_t compile(const char *model, const char *package) {
    const anp_context_options_t co = {.threads = 1, .ignore_environment = true};
    anp_context_t *ctx = NULL;
    anp_graph_t *g = NULL;
    anp_status_t st = anp_context_create(&co, &ctx);
    if (st == ANP_OK) st = anp_model_import(model, NULL, &g);
    if (st == ANP_OK) st = anp_compile_package(ctx, g, NULL, package);
    anp_graph_release(g);
    anp_context_release(ctx);
    return st;
}

static uint64_t compile_ns(uint64_t data_limit) {
    char model[512], package[512];
    snprintf(model, sizeof model, "%s", anp_test_path("model.onnx"));
    snprintf(package, sizeof package, "%s", anp_test_path("model.anp"));
    const uint64_t t0 = anp_now_ns();
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {data_limit, data_limit};
        if (setrlimit(RLIMIT_DATA, &limit) != 0) _exit(98);
        const anp_status_t st = compile(model, package);
        if (st != ANP_OK) fprintf(stderr, "%s\n", anp_error_message());
        _exit((int)st);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return anp_now_ns() - t0;
}

static uint64_t load_ns(void) {
    const anp_context_options_t co = {.threads = 1, .ignore_environment = true};
    anp_context_t *ctx;
    anp_model_t *m;
    ok(anp_context_create(&co, &ctx));
    const uint64_t t0 = anp_now_ns();
    ok(anp_model_load(ctx, anp_test_path("model.anp"), NULL, &m));
    const uint64_t ns = anp_now_ns() - t0;
    anp_model_release(m);
    anp_context_release(ctx);
    return ns;
}

static void compile_big(uint32_t n_weights, bool external) {
    const uint64_t weights = (uint64_t)n_weights * BIG_WEIGHT_BYTES;
    double best = 1e9;
    uint64_t load = UINT64_MAX;
    if (!room_enough()) return;
    ok(big_model_write(anp_test_dir(), n_weights, external));
    for (int i = 0; i < ROUNDS && (best > COPY_RATIO_MAX || load > LOAD_NS_MAX); i++) {
        const uint64_t copy = copy_ns(external ? "weights.bin" : "model.onnx");
        const uint64_t ours = compile_ns(weights / 10 + 100000000);
        const double ratio = (double)ours / (double)copy;
        const uint64_t ns = load_ns();
        print_message(
            "%.2f GB: import and compile %.2f s, plain copy %.2f s, ratio %.2f; load %.2f ms\n",
            (double)weights * 1e-9, (double)ours * 1e-9, (double)copy * 1e-9, ratio,
            (double)ns * 1e-6);
        best = ANP_MIN(best, ratio);
        load = ANP_MIN(load, ns);
    }
    assert_true(best <= COPY_RATIO_MAX);
    assert_true(load <= LOAD_NS_MAX);
}

static void three_gigabytes_beside_the_model_compile_in_a_tenth_of_their_memory(void **state) {
    (void)state;
    compile_big(48, true);
}

static void two_gigabytes_inside_the_model_compile_in_a_tenth_of_their_memory(void **state) {
    (void)state;
    compile_big(31, false); /* 32 would pass the bound of protocol buffers */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            three_gigabytes_beside_the_model_compile_in_a_tenth_of_their_memory,
            anp_test_dir_remove),
        cmocka_unit_test_teardown(two_gigabytes_inside_the_model_compile_in_a_tenth_of_their_memory,
                                  anp_test_dir_remove),
    };
    return cmocka_run_group_tests(tests, NULL, anp_test_dir_remove);
}
