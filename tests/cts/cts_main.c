/* SPDX-License-Identifier: Apache-2.0 */
/* anput-cts DRIVER: runs every test on a driver, built in or loaded, and compares with what is
 * expected of it. */
#include "base/cpu.h"
#include "cts.h"
#include "cts_expect.h"
#include "cts_net.h"
#include "driver/builtin.h"
#include "op/registry.h"
#include <dlfcn.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: anput-cts DRIVER [--mask-optional] [--expect FILE] [--only PATTERN] [--list]\n"
    "  DRIVER           path of a loadable driver (./anput-mine.so) or name of one that is built "
    "in (cpu)\n"
    "  --mask-optional  hides the driver's optional slots, so that their defaults are tried\n"
    "  --expect FILE    what is expected of this driver: tests/cts/cts_expect.h says how it reads\n"
    "  --only PATTERN   runs tests whose name matches, such as 'op/Conv/*'\n"
    "  --list           prints the tests\n";

typedef struct runner_t {
    cts_suite_t suite;
    cts_expect_t expect;
    const char *only;
    bool list;
    uint32_t passed, failed, skipped;
} runner_t;

/* ---- one test ---- */

static cts_verdict_t open_device(cts_t *t, bool compile_only) {
    uint32_t n = 0;
    CTS_OK(t, t->d->device_count(t->drv, &n));
    if (n == 0) {
        if (compile_only) return CTS_PASS;
        t->absent = true;
        CTS_SKIPPED(t, "no device is here");
    }
    CTS_OK(t, t->d->device_info(t->drv, 0, &t->info));
    CTS_OK(t, t->d->device_open(t->drv, 0, &t->dev));
    CTS_OK(t, t->d->queue_create(t->dev, &t->q));
    return CTS_PASS;
}

static cts_verdict_t open_and_run(cts_t *t, bool compile_only, cts_fn_t run, const void *op_case) {
    const anp_status_t st = t->d->open(&t->host.table, &t->drv);
    if (st != ANP_OK) {
        t->drv = NULL;
        t->absent = st == ANP_NOT_FOUND;
        if (t->absent) CTS_SKIPPED(t, "not here: %s", anp_error_message());
        CTS_FAILED(t, "open gives %s: %s", anp_status_name(st), anp_error_message());
    }
    CTS_TRY(open_device(t, compile_only));
    return op_case ? cts_run_op_case(t, op_case) : run(t);
}

static void close_all(cts_t *t) {
    if (t->q) t->d->queue_destroy(t->q);
    if (t->dev) t->d->device_close(t->dev);
    if (t->drv) t->d->close(t->drv);
    cts_models_end(t);
    anp_arena_deinit(&t->mem);
    anp_arena_deinit(&t->scratch);
}

/* Runs a test in a driver of its own; a driver that leaves memory behind fails it. */
static cts_verdict_t run_alone(runner_t *r, cts_t *t, const cts_test_t *test, const void *op_case) {
    const char *key = test && test->option ? cts_expect_option(&r->expect, test->option) : NULL;
    const cts_option_t options[] = {{key, test ? test->value : NULL}, {NULL, NULL}};
    *t = (cts_t){.suite = &r->suite, .d = r->suite.driver, .seed = 1};
    if (test && test->option && !key)
        CTS_SKIPPED(t, "no option of this driver does '%s'", test->option);
    anp_alloc_stats_t before, after;
    anp_alloc_stats(&before);
    cts_host_init(&t->host, options, r->suite.builtin);
    anp_arena_init(&t->mem);
    anp_arena_init(&t->scratch);
    const cts_verdict_t v =
        open_and_run(t, test && test->compile_only, test ? test->run : NULL, op_case);
    close_all(t);
    anp_alloc_stats(&after);
    if (v == CTS_FAIL || after.live_blocks == before.live_blocks) return v;
    CTS_FAILED(t, "%lld blocks of memory are left after close",
               (long long)(after.live_blocks - before.live_blocks));
}

/* ---- what is expected ---- */

static void judge(runner_t *r, const char *name, cts_verdict_t v, const cts_t *t) {
    const cts_line_t *line = cts_expect_find(&r->expect, name);
    const cts_verb_t verb = line ? line->verb : CTS_CAN;
    const bool strict = r->expect.path && !r->suite.masked && !t->absent;
    if (v == CTS_FAIL && verb == CTS_FAILS_FOR_NOW) {
        r->skipped++;
        printf("skip %s: fails for now: %s\n", name, line->reason);
    } else if (v == CTS_FAIL) {
        r->failed++;
        printf("FAIL %s: %s\n", name, t->text);
    } else if (v == CTS_PASS && verb != CTS_CAN && !r->suite.masked) {
        r->failed++;
        printf("FAIL %s: passes, but line %d of %s says it does not: remove the line\n", name,
               line->number, r->expect.path);
    } else if (v == CTS_PASS) {
        r->passed++;
        printf("ok %s\n", name);
    } else if (strict && verb != CTS_CANNOT) {
        r->failed++;
        printf("FAIL %s: is skipped (%s), and no line of %s says that it may be\n", name, t->text,
               r->expect.path);
    } else {
        r->skipped++;
        printf("skip %s: %s\n", name, t->text);
    }
    fflush(stdout);
}

static bool wanted(const runner_t *r, const char *name) {
    if (r->only && fnmatch(r->only, name, 0) != 0) return false;
    if (r->list) printf("%s\n", name);
    return !r->list;
}

static void run_list(runner_t *r, const cts_test_t *tests) {
    for (const cts_test_t *test = tests; test->name; test++) {
        cts_t t;
        if (!wanted(r, test->name)) continue;
        judge(r, test->name, run_alone(r, &t, test, NULL), &t);
    }
}

static void run_op_case(void *user, const char *name, const void *op_case) {
    runner_t *r = user;
    cts_t t;
    if (wanted(r, name)) judge(r, name, run_alone(r, &t, NULL, op_case), &t);
}

/* Lines that match no test are out of date. Only known when all tests ran. */
static void check_lines(runner_t *r) {
    for (size_t i = 0; i < r->expect.n_lines && !r->only; i++) {
        const cts_line_t *line = &r->expect.lines[i];
        if (line->used) continue;
        r->failed++;
        printf("FAIL %s:%d: no test is called '%s'\n", r->expect.path, line->number, line->pattern);
    }
}

static void run_all(runner_t *r) {
    static const cts_test_t *const lists[] = {cts_driver_tests, cts_buffer_tests, cts_queue_tests,
                                              cts_module_tests, cts_call_tests,   cts_fault_tests};
    for (size_t i = 0; i < ANP_ARRAY_LEN(lists); i++) run_list(r, lists[i]);
    cts_each_op_case(run_op_case, r);
    if (r->list) return;
    check_lines(r);
    printf("%u passed, %u failed, %u skipped\n", r->passed, r->failed, r->skipped);
}

/* ---- the driver ---- */

static const anp_driver_t *find_driver(const char *name, bool *out_builtin) {
    *out_builtin = !strchr(name, '/') && !strstr(name, ".so");
    if (*out_builtin) {
        for (uint32_t i = 0; anp_builtin_drivers[i]; i++)
            if (strcmp(anp_builtin_drivers[i]()->name, name) == 0) return anp_builtin_drivers[i]();
        fprintf(stderr, "error: no driver '%s' is built in; a loadable one is given by its path\n",
                name);
        return NULL;
    }
    char path[4096]; /* a name without '/' would be looked for among the system's libraries */
    snprintf(path, sizeof path, "%s%s", strchr(name, '/') ? "" : "./", name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* never closed, as in the core */
    union { /* ISO C has no conversion from object to function pointer; POSIX guarantees this one */
        void *object;
        const anp_driver_t *(*function)(void);
    } query = {library ? dlsym(library, "anp_driver_query") : NULL};
    if (query.object) return query.function();
    if (library)
        fprintf(stderr, "error: %s has no symbol anp_driver_query\n", path);
    else
        fprintf(stderr, "error: %s\n", dlerror());
    return NULL;
}

/* A driver of an older table has no optional slots; buffer_host is none where memory is the host's.
 */
static void mask(const anp_driver_t *driver, anp_driver_t *out) {
    const bool keeps_host = ANP_DRIVER_HAS(driver, buffer_host);
    *out = *driver;
    out->struct_size =
        keeps_host ? offsetof(anp_driver_t, buffer_import) : offsetof(anp_driver_t, buffer_host);
}

static bool read_arguments(runner_t *r, int argc, char **argv, const char **out_driver) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--mask-optional") == 0)
            r->suite.masked = true;
        else if (strcmp(argv[i], "--list") == 0)
            r->list = true;
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            r->only = argv[++i];
        else if (strcmp(argv[i], "--expect") == 0 && i + 1 < argc) {
            if (!cts_expect_read(&r->expect, argv[++i])) return false;
        } else if (argv[i][0] != '-' && !*out_driver)
            *out_driver = argv[i];
        else
            return false;
    }
    return *out_driver != NULL;
}

int main(int argc, char **argv) {
    static runner_t r;
    static anp_driver_t masked;
    const char *name = NULL;
    bool builtin;
    if (!read_arguments(&r, argc, argv, &name)) {
        fputs(usage, stderr);
        return 2;
    }
    const anp_driver_t *driver = find_driver(name, &builtin);
    if (!driver) return 2;
    if (driver->abi != ANP_DRIVER_ABI) {
        printf("FAIL the driver has ABI %u, this suite %u: rebuild the driver\n",
               (unsigned)driver->abi, (unsigned)ANP_DRIVER_ABI);
        return 1;
    }
    anp_pool_t *pool = NULL;
    if (anp_pool_create(2, &pool) != ANP_OK) return 1;
    const anp_builtin_t env = {.machine = {.pool = pool, .cpu = anp_cpu_detect()}};
    mask(driver, &masked);
    r.suite.driver = r.suite.masked ? &masked : driver;
    r.suite.builtin = builtin ? &env : NULL;
    run_all(&r);
    anp_pool_release(pool);
    return r.failed ? 1 : 0;
}
