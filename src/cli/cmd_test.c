/* SPDX-License-Identifier: Apache-2.0 */
/* anput test: walks folders of ONNX tests. Each runs in a process of its own, so that a crash is
 * one failure. */
#include "cli_progress.h"
#include "cli_signals.h"
#include "cmd.h"
#include "json_out.h"
#include "onnx_case.h"
#include "onnx_tolerance.h"
#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS_MAX = 64 };

typedef struct test_args_t {
    cli_tolerance_t tolerance;
    const char *filter;
    cli_list_t tolerances;
    int64_t jobs, timeout_s;
    bool strict;
} test_args_t;

#define AT(field) offsetof(test_args_t, field)
static const cli_option_t own_options[] = {
    {"filter", "PATTERN", "only tests whose folder's name matches, such as 'test_conv*'", NULL,
     AT(filter), CLI_TEXT, 0},
    {"rtol", "X", "of a test without data.json: |a-b| <= atol + rtol * |b|", "1e-3",
     AT(tolerance.rtol), CLI_REAL, 0},
    {"atol", "X", "integers, strings and bool are always compared exactly", "1e-7",
     AT(tolerance.atol), CLI_REAL, 0},
    {"tolerances", "FILE", "lines \"PATTERN RTOL ATOL source\" for tests by name", NULL,
     AT(tolerances), CLI_LIST, 0},
    {"jobs", "N", "tests at a time (default: the CPUs there are)", NULL, AT(jobs), CLI_COUNT, 0},
    {"timeout", "SECONDS", "of one test; 0 = no limit", "120", AT(timeout_s), CLI_COUNT, 0},
    {"strict", NULL, "a skipped test is a failure", NULL, AT(strict), CLI_FLAG, 0},
    {0},
};
#undef AT
static const cli_group_t groups[] = {{own_options, 0}, {0}};

typedef struct test_t {
    char *folder;
    onnx_verdict_t verdict;
    bool finished;
    char *why, *ops; /* NULL: nothing to say, not known */
} test_t;

typedef struct child_t {
    pid_t pid; /* 0: free */
    int fd;
    uint32_t test;
    uint64_t deadline_ns;
    onnx_result_t answer; /* as its bytes arrive */
    size_t n;
} child_t;

typedef struct run_t {
    cli_t *cli;
    const test_args_t *args;
    onnx_tolerances_t tolerances;
    test_t *tests;
    uint32_t n, started, finished, printed;
    uint32_t counts[ONNX_VERDICTS];
    child_t children[JOBS_MAX];
    uint32_t jobs;
    jout_t *json; /* NULL: lines */
    cli_progress_t bar;
} run_t;

static const char *name_of(const char *folder) {
    const char *slash = strrchr(folder, '/');
    return slash ? slash + 1 : folder;
}

/* ---- the child ---- */
/* Never returns: tells its parent through fd and ends without cleaning up, as the process is. */
static void child_main(run_t *r, const char *folder, int fd) {
    onnx_result_t result;
    cli_tolerance_t tolerance = r->args->tolerance;
    signal(SIGINT, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    onnx_tolerances_find(&r->tolerances, name_of(folder), &tolerance);
    onnx_case_run(r->cli, &tolerance, folder, &result);
    const ssize_t written = write(fd, &result, sizeof result); /* within what a pipe holds */
    _exit(written == (ssize_t)sizeof result ? 0 : 1);
}

static cli_exit_t start_child(run_t *r, child_t *c) {
    int ends[2];
    const test_t *t = &r->tests[r->started];
    fflush(NULL); /* or the child prints it again */
    if (pipe(ends) != 0)
        return cli_fail(r->cli, CLI_RESOURCES, "no pipe to a test: %s", strerror(errno));
    const pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return cli_fail(r->cli, CLI_RESOURCES, "no process for a test: %s", strerror(errno));
    }
    if (pid == 0) {
        close(ends[0]);
        child_main(r, t->folder, ends[1]);
    }
    close(ends[1]);
    *c = (child_t){.pid = pid, .fd = ends[0], .test = r->started++};
    c->deadline_ns = cli_now_ns() + (uint64_t)r->args->timeout_s * 1000000000u;
    return CLI_DONE;
}

/* ---- results ---- */
/* Operators stand in lines. */
static void put_ops(jout_t *j, const char *ops) {
    jout_array(j, "operators", true);
    for (const char *at = ops; at && *at;) {
        const size_t n = strcspn(at, "\n");
        jout_bytes(j, NULL, at, n);
        at += n + (at[n] == '\n');
    }
    jout_array_end(j);
}

static void print_result(run_t *r, const test_t *t) {
    static const char *const names[] = {"passed", "passed by property", "failed", "skipped"};
    if (r->json) {
        jout_object(r->json, NULL, true);
        jout_text(r->json, "test", t->folder);
        jout_text(r->json, "verdict", names[t->verdict]);
        if (t->why) jout_text(r->json, "why", t->why);
        put_ops(r->json, t->ops);
        jout_object_end(r->json);
    } else if (t->verdict == ONNX_FAILED) {
        cli_put(r->cli, "FAILED %s: %s", t->folder, t->why ? t->why : "");
    } else if (t->verdict == ONNX_SKIPPED && (r->cli->common.verbose || r->args->strict)) {
        cli_say(r->cli, "skipped %s: %s", t->folder, t->why ? t->why : "");
    } else if (r->cli->common.verbose) {
        cli_say(r->cli, "%s %s%s%s", names[t->verdict], t->folder, t->why ? ": " : "",
                t->why ? t->why : "");
    }
}

/* In the order of names, whatever ends first. */
static void print_finished(run_t *r) {
    while (r->printed < r->n && r->tests[r->printed].finished)
        print_result(r, &r->tests[r->printed++]);
    cli_progress_step(&r->bar, r->finished, r->n, "");
}

static void finish_test(run_t *r, uint32_t index, const onnx_result_t *result) {
    test_t *t = &r->tests[index];
    t->verdict = result->verdict;
    t->why = *result->why ? strdup(result->why) : NULL;
    t->ops = *result->ops ? strdup(result->ops) : NULL;
    t->finished = true;
    r->finished++;
    r->counts[t->verdict]++;
}

static void end_child(run_t *r, child_t *c, bool late) {
    onnx_result_t failed = {.verdict = ONNX_FAILED};
    int status = 0;
    if (late) kill(c->pid, SIGKILL);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) {
    }
    close(c->fd);
    c->pid = 0;
    if (late)
        snprintf(failed.why, sizeof failed.why, "not finished after %lld s",
                 (long long)r->args->timeout_s);
    else if (WIFSIGNALED(status))
        snprintf(failed.why, sizeof failed.why, "crashed: %s", strsignal(WTERMSIG(status)));
    else
        snprintf(failed.why, sizeof failed.why, "ended with status %d and without an answer",
                 WEXITSTATUS(status));
    finish_test(r, c->test, !late && c->n == sizeof c->answer ? &c->answer : &failed);
}

static void read_child(run_t *r, child_t *c) {
    const ssize_t n = read(c->fd, (char *)&c->answer + c->n, sizeof c->answer - c->n);
    if (n > 0)
        c->n += (size_t)n;
    else if (n == 0 || errno != EINTR)
        end_child(r, c, false);
}

static void wait_for_children(run_t *r) {
    struct pollfd fds[JOBS_MAX];
    child_t *of[JOBS_MAX];
    nfds_t n = 0;
    for (uint32_t i = 0; i < r->jobs; i++) {
        if (!r->children[i].pid) continue;
        fds[n] = (struct pollfd){.fd = r->children[i].fd, .events = POLLIN};
        of[n++] = &r->children[i];
    }
    const bool any = poll(fds, n, 200) > 0;
    for (nfds_t i = 0; i < n; i++) {
        if (any && fds[i].revents)
            read_child(r, of[i]);
        else if (r->args->timeout_s && cli_now_ns() > of[i]->deadline_ns)
            end_child(r, of[i], true);
    }
}

static void kill_children(run_t *r) {
    for (uint32_t i = 0; i < r->jobs; i++)
        if (r->children[i].pid) end_child(r, &r->children[i], true);
}

static cli_exit_t run_all(run_t *r) {
    cli_exit_t code = CLI_DONE;
    cli_progress_start(&r->bar, r->cli, "test", "tests");
    while (r->finished < r->n && code == CLI_DONE) {
        for (uint32_t i = 0; i < r->jobs && r->started < r->n && code == CLI_DONE; i++)
            if (!r->children[i].pid) code = start_child(r, &r->children[i]);
        if (code == CLI_DONE) wait_for_children(r);
        print_finished(r);
        if (*cli_interrupted()) code = cli_fail(r->cli, CLI_INTERRUPTED, "interrupted");
    }
    if (code != CLI_DONE) kill_children(r);
    cli_progress_stop(&r->bar);
    return code;
}

/* ---- the whole ---- */
static bool wanted(const test_args_t *args, const char *folder) {
    return !args->filter || fnmatch(args->filter, name_of(folder), 0) == 0;
}

static cli_exit_t take_tests(run_t *r, const onnx_folders_t *found) {
    r->tests = cli_new(found->n, sizeof *r->tests);
    if (!r->tests) return cli_no_memory(r->cli);
    for (uint32_t i = 0; i < found->n; i++)
        if (wanted(r->args, found->paths[i])) r->tests[r->n++].folder = found->paths[i];
    return CLI_DONE;
}

/* The device must be there, and no threads may be when tests are forked off. */
static cli_exit_t check_device(cli_t *cli) {
    anp_device_info_t info;
    const cli_exit_t code = cli_device(cli, cli_device_id(cli), &info);
    anp_context_release(cli->ctx);
    cli->ctx = NULL;
    return code;
}

static cli_exit_t report(run_t *r) {
    const uint32_t *c = r->counts;
    const uint32_t passed = c[ONNX_PASSED] + c[ONNX_PASSED_BY_PROPERTY];
    const bool failed = c[ONNX_FAILED] || (r->args->strict && c[ONNX_SKIPPED]);
    if (r->json) {
        jout_array_end(r->json);
        jout_int(r->json, "passed", passed);
        jout_int(r->json, "by_property", c[ONNX_PASSED_BY_PROPERTY]);
        jout_int(r->json, "failed", c[ONNX_FAILED]);
        jout_int(r->json, "skipped", c[ONNX_SKIPPED]);
        jout_object_end(r->json);
        jout_end(r->json);
        return failed ? CLI_NO : CLI_DONE;
    }
    if (c[ONNX_PASSED_BY_PROPERTY])
        cli_put(r->cli, "%u passed (%u by property), %u failed, %u skipped", passed,
                c[ONNX_PASSED_BY_PROPERTY], c[ONNX_FAILED], c[ONNX_SKIPPED]);
    else
        cli_put(r->cli, "%u passed, %u failed, %u skipped", passed, c[ONNX_FAILED],
                c[ONNX_SKIPPED]);
    return failed ? CLI_NO : CLI_DONE;
}

static cli_exit_t execute(run_t *r) {
    jout_t j;
    if (r->cli->common.json) {
        r->json = &j;
        jout_begin(&j, r->cli->out);
        jout_object(&j, NULL, false);
        jout_array(&j, "tests", false);
    }
    CLI_TRY(run_all(r));
    return report(r);
}

static cli_exit_t run(cli_t *cli, const void *args, const char *const *operands, uint32_t n) {
    run_t r = {.cli = cli, .args = args};
    onnx_folders_t found = {0};
    cli_exit_t code;
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    r.jobs = r.args->jobs ? (uint32_t)(r.args->jobs < JOBS_MAX ? r.args->jobs : JOBS_MAX)
                          : (uint32_t)(cpus > 1 ? (cpus < JOBS_MAX ? cpus : JOBS_MAX) : 1);
    if (!cli->common.threads) cli->common.threads = 1; /* the tests themselves run side by side */
    for (uint32_t i = 0; i < r.args->tolerances.n; i++)
        CLI_TRY_OUT(code, onnx_tolerances_read(cli, r.args->tolerances.items[i], &r.tolerances));
    for (uint32_t i = 0; i < n; i++) CLI_TRY_OUT(code, onnx_folders_find(cli, operands[i], &found));
    CLI_TRY_OUT(code, check_device(cli));
    CLI_TRY_OUT(code, take_tests(&r, &found));
    if (r.n == 0)
        code = cli_fail(cli, CLI_BAD_INPUT,
                        "no test below '%s'%s: a test is a folder with a model and test_data_set_0",
                        operands[0], r.args->filter ? " matches the filter" : "");
    else
        code = execute(&r);
out:
    for (uint32_t i = 0; i < r.n; i++) {
        free(r.tests[i].why);
        free(r.tests[i].ops);
    }
    free(r.tests);
    onnx_tolerances_release(&r.tolerances);
    onnx_folders_release(&found);
    return code;
}

const cli_verb_t cmd_test = {
    .name = "test",
    .summary = "run folders of ONNX tests (status 1: some failed)",
    .usage = "FOLDER... [--filter PATTERN]",
    .examples = "onnx/backend/test/data/node\n"
                "mnist-8 --device ref --rtol 1e-4\n",
    .groups = groups,
    .args_bytes = sizeof(test_args_t),
    .min_operands = 1,
    .max_operands = UINT32_MAX,
    .operands = "a folder of tests",
    .output_is_report = true,
    .run = run,
};
