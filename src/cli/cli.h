/* SPDX-License-Identifier: Apache-2.0 */
/* What all verbs share: exit status, messages, output, the context. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <anput/context.h>
#include <stdarg.h>
#include <stdio.h>

/* Exit status of the program; scripts rely on the numbers. */
typedef enum cli_exit_t {
    CLI_DONE = 0,      /* done, or the verdict is yes */
    CLI_NO = 1,        /* the verdict is no: differs, does not fit, over budget */
    CLI_USAGE = 2,     /* the command line is wrong */
    CLI_BAD_INPUT = 3, /* a file or a value in it is wrong */
    CLI_DEVICE = 4,    /* a device or driver is missing or failed */
    CLI_RESOURCES = 5, /* memory, disk, threads */
    CLI_INTERRUPTED = 130,
} cli_exit_t;

typedef struct cli_list_t { /* values of an option that may be given several times */
    const char **items;     /* lent by argv */
    uint32_t n;
} cli_list_t;

/* The options every verb takes. */
typedef struct cli_common_t {
    cli_list_t devices, ops;
    const char *output;
    const char *cpu;
    int64_t threads;
    bool other_ops, json, quiet, verbose, help;
} cli_common_t;

typedef struct cli_t {
    const char *program; /* "anput" or "anput-rt" */
    const struct cli_verb_t *verb;
    cli_common_t common;
    FILE *out;                      /* what was asked for goes here */
    bool bold_out, bold_err;        /* a terminal that may show bold and colour */
    struct cli_progress_t *visible; /* the bar on the terminal now, or NULL */
    anp_context_t *ctx;             /* made on first use, see cli_context */
} cli_t;

/* A verb: one row of a program's table, one file cmd_<name>.c. */
typedef struct cli_verb_t {
    const char *name, *summary;
    const char *usage;                /* what follows the name: "MODEL -o PACKAGE" */
    const char *examples;             /* lines, without the program's name and the verb */
    const char *notes;                /* lines at the end of the help; NULL = none */
    const struct cli_group_t *groups; /* its own options; ends with options == NULL. NULL = none */
    size_t args_bytes;                /* of the struct its options are read into */
    uint32_t min_operands, max_operands;
    const char *operands;  /* what they are, for the message when one is missing: "a model" */
    bool output_is_report; /* -o takes what would be printed; otherwise the verb uses it itself */
    bool many_devices;     /* --device may be given several times */
    cli_exit_t (*run)(cli_t *cli, const void *args, const char *const *operands, uint32_t n);
} cli_verb_t;

/* Runs the program: verbs ends with a row without a name. */
int cli_main(int argc, char **argv, const char *program, const char *about,
             const cli_verb_t *const *verbs);

#define CLI_TRY(expr)                        \
    do {                                     \
        const cli_exit_t exit_ = (expr);     \
        if (exit_ != CLI_DONE) return exit_; \
    } while (0)
#define CLI_TRY_OUT(code, expr)                      \
    do {                                             \
        if (((code) = (expr)) != CLI_DONE) goto out; \
    } while (0)

#if defined(__GNUC__)
#define CLI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define CLI_PRINTF(fmt, args)
#endif

/* ---- failing: each prints the one line and gives the exit status ---- */
/* "error: " and the sentence: what (where): hint. */
cli_exit_t cli_fail(cli_t *cli, cli_exit_t code, const char *fmt, ...) CLI_PRINTF(3, 4);
/* CLI_USAGE, and where to read on. */
cli_exit_t cli_usage(cli_t *cli, const char *fmt, ...) CLI_PRINTF(2, 3);
/* Takes the result of a call of the library: CLI_DONE, or the library's sentence is printed. */
cli_exit_t cli_api(cli_t *cli, anp_status_t status);
/* The same where the words of the general table would mislead: a device that is not found is no bad
 * input; a file that cannot be written is no bad input either. */
cli_exit_t cli_api_device(cli_t *cli, anp_status_t status);
cli_exit_t cli_api_write(cli_t *cli, anp_status_t status);
cli_exit_t cli_no_memory(cli_t *cli);
/* The one table: exit status of a library status. */
cli_exit_t cli_exit_of(anp_status_t status);

/* ---- saying ---- */
/* A line to cli->out. Bytes that could disturb a terminal are escaped in the whole line. */
void cli_put(cli_t *cli, const char *fmt, ...) CLI_PRINTF(2, 3);
/* The same, but nothing under --quiet. */
void cli_say(cli_t *cli, const char *fmt, ...) CLI_PRINTF(2, 3);
/* The same as a heading: bold on a terminal, an empty line before it. */
void cli_heading(cli_t *cli, const char *fmt, ...) CLI_PRINTF(2, 3);
/* "warning: ..." to stderr, unless --quiet. */
void cli_warn(cli_t *cli, const char *fmt, ...) CLI_PRINTF(2, 3);
/* To stderr under --verbose. */
void cli_note(cli_t *cli, const char *fmt, ...) CLI_PRINTF(2, 3);
void cli_put_escaped(FILE *f, const char *s, size_t n);
/* "1.5 MB" into buf; gives buf. */
enum { CLI_SIZE_TEXT = 32 };
const char *cli_bytes(uint64_t bytes, char *buf);
/* "1.23 ms". */
const char *cli_duration(double ns, char *buf);

/* ---- the library ---- */
/* The context of this run with the options of the command line; lent. */
cli_exit_t cli_context(cli_t *cli, anp_context_t **out_ctx);
/* The device of an id (NULL = the preferred one); lent. */
cli_exit_t cli_device(cli_t *cli, const char *id, anp_device_info_t *out_info);
/* The one device of --device, or NULL when it was not given. */
const char *cli_device_id(const cli_t *cli);

/* ---- small things ---- */
uint64_t cli_now_ns(void); /* monotonic */
uint64_t cli_peak_rss_bytes(void);
/* Memory that may not be there; NULL on failure. n * size is checked. */
void *cli_new(uint64_t n, size_t size_bytes);

#endif
