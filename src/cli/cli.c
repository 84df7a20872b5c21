/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the program: finds the verb, parses its options, runs it, turns failures into one
 * line and a status. */
#include "cli.h"
#include "cli_options.h"
#include "cli_progress.h"
#include "cli_signals.h"
#include "cli_stage.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERBS_MAX = 32 };

/* ---- exit status ---- */
cli_exit_t cli_exit_of(anp_status_t status) {
    switch (status) {
    case ANP_OK: return CLI_DONE;
    case ANP_OVER_BUDGET:
    case ANP_NOT_FINITE: return CLI_NO;
    case ANP_INVALID_ARGUMENT:
    case ANP_INVALID_MODEL:
    case ANP_INVALID_FILE:
    case ANP_UNSUPPORTED:
    case ANP_NOT_FOUND:
    case ANP_IO:
    case ANP_OUT_OF_RANGE:
    case ANP_INCOMPATIBLE:
    case ANP_CORRUPT:
    case ANP_LIMIT:
    case ANP_BAD_OPERATOR: return CLI_BAD_INPUT;
    case ANP_DEVICE_FAILED:
    case ANP_DEVICE_LOST:
    case ANP_TIMEOUT:
    case ANP_STATE_LOST: return CLI_DEVICE;
    case ANP_OUT_OF_MEMORY:
    case ANP_BUSY:
    case ANP_INTERNAL: return CLI_RESOURCES;
    case ANP_CANCELLED: return CLI_INTERRUPTED;
    }
    return CLI_RESOURCES;
}

/* The library escaped its sentence already; ours is escaped as it is printed. */
static void print_error(cli_t *cli, const char *sentence) {
    cli_progress_clear(cli);
    fprintf(stderr, cli->bold_err ? "\033[1;31merror:\033[0m " : "error: ");
    cli_put_escaped(stderr, sentence, strlen(sentence));
    fputc('\n', stderr);
}

static void print_failure(cli_t *cli, const char *fmt, va_list args) {
    char sentence[2048];
    vsnprintf(sentence, sizeof sentence, fmt, args);
    print_error(cli, sentence);
}

cli_exit_t cli_fail(cli_t *cli, cli_exit_t code, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    print_failure(cli, fmt, args);
    va_end(args);
    return code;
}

cli_exit_t cli_usage(cli_t *cli, const char *fmt, ...) {
    char sentence[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    return cli_fail(cli, CLI_USAGE, "%s (see: %s %s%s)", sentence, cli->program,
                    cli->verb ? cli->verb->name : "help", cli->verb ? " --help" : "");
}

cli_exit_t cli_no_memory(cli_t *cli) {
    return cli_fail(cli, CLI_RESOURCES, "out of memory");
}

static cli_exit_t fail_as(cli_t *cli, anp_status_t status, cli_exit_t code) {
    const char *sentence = anp_error_message();
    if (status == ANP_OK) return CLI_DONE;
    if (status == ANP_CANCELLED) return cli_fail(cli, CLI_INTERRUPTED, "interrupted");
    print_error(cli, *sentence ? sentence : anp_status_text(status));
    if (cli->common.verbose) fprintf(stderr, "%s\n", anp_error_trace_text());
    return code;
}

cli_exit_t cli_api(cli_t *cli, anp_status_t status) {
    return fail_as(cli, status, cli_exit_of(status));
}

cli_exit_t cli_api_device(cli_t *cli, anp_status_t status) {
    return fail_as(cli, status, status == ANP_OUT_OF_MEMORY ? CLI_RESOURCES : CLI_DEVICE);
}

cli_exit_t cli_api_write(cli_t *cli, anp_status_t status) {
    return fail_as(cli, status, status == ANP_IO ? CLI_RESOURCES : cli_exit_of(status));
}

/* ---- the library ---- */
static void print_log(void *user, int level, const char *text) {
    cli_t *cli = user;
    if (level <= 2)
        cli_warn(cli, "%s", text);
    else
        cli_note(cli, "%s", text);
}

static cli_exit_t make_context(cli_t *cli) {
    const cli_common_t *c = &cli->common;
    if (c->threads > 4096)
        return cli_usage(cli, "--threads %lld: at most 4096", (long long)c->threads);
    const anp_context_options_t options = {
        .threads = (uint32_t)c->threads,
        .cpu = c->cpu,
        .device = cli_device_id(cli),
        .other_ops = c->other_ops,
        .log_level = c->verbose ? 3 : 0,
        .log = print_log,
        .log_user = cli,
    };
    const anp_status_t st = anp_context_create(&options, &cli->ctx);
    if (st == ANP_INVALID_ARGUMENT) return fail_as(cli, st, CLI_USAGE);
    if (st == ANP_LIMIT) return fail_as(cli, st, CLI_RESOURCES); /* of threads */
    CLI_TRY(cli_api(cli, st));
    for (uint32_t i = 0; i < c->ops.n; i++)
        CLI_TRY(cli_api(cli, anp_context_load_ops(cli->ctx, c->ops.items[i])));
    return CLI_DONE;
}

cli_exit_t cli_context(cli_t *cli, anp_context_t **out_ctx) {
    cli_exit_t code = CLI_DONE;
    if (!cli->ctx) code = make_context(cli);
    if (code != CLI_DONE) {
        anp_context_release(cli->ctx);
        cli->ctx = NULL;
    }
    *out_ctx = cli->ctx;
    return code;
}

cli_exit_t cli_device(cli_t *cli, const char *id, anp_device_info_t *out_info) {
    anp_context_t *ctx;
    anp_device_t *dev;
    CLI_TRY(cli_context(cli, &ctx));
    CLI_TRY(cli_api_device(cli, anp_context_device(ctx, id, &dev)));
    return cli_api_device(cli, anp_device_get_info(dev, out_info));
}

const char *cli_device_id(const cli_t *cli) {
    return cli->common.devices.n ? cli->common.devices.items[0] : NULL;
}

/* ---- finding and running the verb ---- */
static const char surroundings[] =
    "\nexit status:\n"
    "  0 done or yes, 1 the verdict is no, 2 usage, 3 bad input, 4 device or driver, 5 memory or "
    "disk\n"
    "\nenvironment:\n"
    "  ANPUT_DEVICE ANPUT_THREADS ANPUT_CPU    as the options above, which win\n"
    "  ANPUT_OPS=LIBRARY:LIBRARY ANPUT_OTHER_OPS=1\n"
    "  ANPUT_FALLBACK_OPS=Softmax,conv_12      operators or nodes to run on the CPU\n"
    "  ANPUT_CHECK_NAN_INF=1 ANPUT_BLOCKING=1  check all values; wait after each call of a device\n"
    "  ANPUT_DRIVER_PATH ANPUT_DRIVER_OPTIONS  folders of loadable drivers; NAME.KEY=VALUE,...\n"
    "  ANPUT_LOG=error|warn|info|debug NO_COLOR\n";

static void print_program_help(const cli_t *cli, const char *about,
                               const cli_verb_t *const *verbs) {
    printf("%s %s - %s\n\nusage: %s VERB [options] ...\n\nverbs:\n", cli->program, anp_version(),
           about, cli->program);
    for (; *verbs; verbs++) printf("  %-10s %s\n", (*verbs)->name, (*verbs)->summary);
    printf("\noptions every verb takes:\n");
    cli_print_common_options(stdout);
    fputs(surroundings, stdout);
}

static cli_exit_t unknown_verb(cli_t *cli, const char *name, const cli_verb_t *const *verbs) {
    const char *names[VERBS_MAX];
    uint32_t n = 0;
    for (; verbs[n] && n < VERBS_MAX; n++) names[n] = verbs[n]->name;
    const char *near = cli_nearest(name, names, n);
    if (near) return cli_usage(cli, "unknown verb '%s': did you mean '%s'?", name, near);
    return cli_usage(cli, "unknown verb '%s'", name);
}

/* With -o and a verb that reports, what is printed goes to a file that appears when it is complete.
 */
static cli_exit_t run_to_file(cli_t *cli, const cli_parsed_t *p) {
    cli_stage_t stage;
    FILE *f;
    CLI_TRY(cli_stage_file(cli, cli->common.output, &stage, &f));
    cli->out = f;
    cli->bold_out = false;
    const cli_exit_t code = cli->verb->run(cli, p->args, p->operands, p->n_operands);
    if (code <= CLI_NO) {
        const cli_exit_t written = cli_stage_commit_file(cli, &stage, f);
        return written == CLI_DONE ? code : written;
    }
    cli_stage_abort_file(&stage, f);
    return code;
}

/* JSON is kept back until it is complete: a failure leaves half an object nowhere. */
static cli_exit_t run_to_memory(cli_t *cli, const cli_parsed_t *p) {
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    if (!f) return cli_no_memory(cli);
    cli->out = f;
    cli_exit_t code = cli->verb->run(cli, p->args, p->operands, p->n_operands);
    const bool complete = !ferror(f);
    if (fclose(f) != 0 || !complete) code = cli_no_memory(cli);
    if (code <= CLI_NO) fwrite(text, 1, n, stdout);
    free(text);
    return code;
}

/* `-o model.onnx` beside `model.onnx` would lose the model. */
static cli_exit_t check_output(cli_t *cli, const cli_parsed_t *p) {
    struct stat a, b;
    const char *path = cli->common.output;
    if (!path || stat(path, &a) != 0 || !S_ISREG(a.st_mode)) return CLI_DONE;
    for (uint32_t i = 0; i < p->n_operands; i++)
        if (stat(p->operands[i], &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
            return cli_usage(cli, "-o '%s' is what is read: give another name", path);
    return CLI_DONE;
}

static cli_exit_t run_verb(cli_t *cli, const cli_parsed_t *p) {
    const cli_verb_t *v = cli->verb;
    cli_exit_t code;
    CLI_TRY(check_output(cli, p));
    if (v->output_is_report && cli->common.output)
        code = run_to_file(cli, p);
    else if (cli->common.json)
        code = run_to_memory(cli, p);
    else
        code = v->run(cli, p->args, p->operands, p->n_operands);
    cli->out = stdout;
    if (fflush(stdout) != 0 && code <= CLI_NO)
        code = cli_fail(cli, CLI_RESOURCES, "the output could not be written");
    return code;
}

static cli_exit_t dispatch(cli_t *cli, int argc, char **argv, const char *about,
                           const cli_verb_t *const *verbs) {
    const char *name = argc > 1 ? argv[1] : "";
    if (argc < 2 || !strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h")) {
        print_program_help(cli, about, verbs);
        return argc < 2 ? CLI_USAGE : CLI_DONE;
    }
    if (!strcmp(name, "--version") || !strcmp(name, "version")) {
        printf("%s %s\n", cli->program, anp_version());
        return CLI_DONE;
    }
    for (const cli_verb_t *const *v = verbs; *v && !cli->verb; v++)
        if (strcmp((*v)->name, name) == 0) cli->verb = *v;
    if (!cli->verb) return unknown_verb(cli, name, verbs);
    cli_parsed_t parsed;
    cli_exit_t code = cli_parse(cli, argc - 2, argv + 2, &parsed);
    if (code == CLI_DONE && cli->common.help)
        cli_print_verb_help(cli, stdout);
    else if (code == CLI_DONE)
        code = run_verb(cli, &parsed);
    cli_progress_clear(cli);
    cli_parsed_release(cli->verb, cli, &parsed);
    return code;
}

static bool is_colored(FILE *f) {
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(f)) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

int cli_main(int argc, char **argv, const char *program, const char *about,
             const cli_verb_t *const *verbs) {
    cli_t cli = {.program = program, .out = stdout};
    cli.bold_out = is_colored(stdout);
    cli.bold_err = is_colored(stderr);
    cli_signals_install();
    const cli_exit_t code = dispatch(&cli, argc, argv, about, verbs);
    anp_context_release(cli.ctx);
    return code;
}
