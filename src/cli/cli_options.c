/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the command line by tables of options, and printing the same tables as help. */
#include "cli_options.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 64 }; /* options of one verb, the common ones included */

#define AT(field) offsetof(cli_common_t, field)
static const cli_option_t common_options[] = {
    {"device", "ID", "where to run: cpu, ref, cpu:0 ... (anput devices lists them)", NULL,
     AT(devices), CLI_LIST, 0},
    {"threads", "N", "threads of the CPU (default: the CPUs this process may use)", NULL,
     AT(threads), CLI_COUNT, 0},
    {"cpu", "LEVEL", "highest instruction set to use: ref, avx2, avx512, neon ...", NULL, AT(cpu),
     CLI_TEXT, 0},
    {"ops", "LIB", "operators of a shared object besides the built-in ones; several times", NULL,
     AT(ops), CLI_LIST, 0},
    {"other-ops", NULL, "it may have other bytes than the one a package was made with", NULL,
     AT(other_ops), CLI_FLAG, 0},
    {"output", "PATH", "write the result there instead of to the terminal", NULL, AT(output),
     CLI_TEXT, 'o'},
    {"json", NULL, "machine-readable output", NULL, AT(json), CLI_FLAG, 0},
    {"quiet", NULL, "errors only", NULL, AT(quiet), CLI_FLAG, 'q'},
    {"verbose", NULL, "say what is being done", NULL, AT(verbose), CLI_FLAG, 'v'},
    {"help", NULL, "this text", NULL, AT(help), CLI_FLAG, 'h'},
    {0},
};
#undef AT

/* Goes through the options of a verb, its own first: an own "json" hides the common one. */
typedef struct cursor_t {
    const cli_group_t *group; /* NULL: the common ones */
    const cli_option_t *next;
} cursor_t;

static cursor_t first_option(const cli_verb_t *verb) {
    const bool own = verb->groups && verb->groups->options;
    return (cursor_t){own ? verb->groups : NULL, own ? verb->groups->options : common_options};
}

static const cli_option_t *next_option(cursor_t *c, const cli_group_t **out_group) {
    while (!c->next->name) {
        if (!c->group) return NULL;
        c->group++;
        if (!c->group->options) c->group = NULL;
        c->next = c->group ? c->group->options : common_options;
    }
    *out_group = c->group;
    return c->next++;
}

static void *field_of(cli_t *cli, void *args, const cli_group_t *group, const cli_option_t *o) {
    char *base = group ? (char *)args + group->base : (char *)&cli->common;
    return base + o->offset;
}

bool cli_parse_count(const char *text, int64_t *out) {
    char *end;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    *out = v;
    return errno == 0 && *end == '\0';
}

static bool parse_plain_real(const char *text, size_t n, double *out) {
    char copy[64], *end;
    if (n == 0 || n >= sizeof copy || strspn(text, "0123456789+-.eE") < n) return false;
    memcpy(copy, text, n);
    copy[n] = '\0';
    *out = strtod(copy, &end);
    return *end == '\0' && isfinite(*out);
}

bool cli_parse_real(const char *text, double *out) {
    double divisor = 1;
    const char *slash = strchr(text, '/');
    const size_t n = slash ? (size_t)(slash - text) : strlen(text);
    if (!parse_plain_real(text, n, out)) return false;
    if (slash && !parse_plain_real(slash + 1, strlen(slash + 1), &divisor)) return false;
    *out /= divisor;
    return isfinite(*out);
}

static cli_exit_t list_add(cli_t *cli, cli_list_t *list, const char *text) {
    const char **items = realloc(list->items, (list->n + 1) * sizeof *items);
    if (!items) return cli_no_memory(cli);
    list->items = items;
    items[list->n++] = text;
    return CLI_DONE;
}

static cli_exit_t store(cli_t *cli, const cli_option_t *o, void *field, const char *text) {
    switch (o->kind) {
    case CLI_FLAG: *(bool *)field = true; return CLI_DONE;
    case CLI_TEXT:
    case CLI_FILE_OR_FLAG: *(const char **)field = text; return CLI_DONE;
    case CLI_LIST: return list_add(cli, field, text);
    case CLI_COUNT:
        if (cli_parse_count(text, field)) return CLI_DONE;
        return cli_usage(cli, "--%s '%s' is no number >= 0", o->name, text);
    case CLI_REAL:
        if (cli_parse_real(text, field)) return CLI_DONE;
        return cli_usage(cli, "--%s '%s' is no number", o->name, text);
    }
    return CLI_DONE;
}

/* Optimal string alignment distance of short names; large when one is long. */
static uint32_t distance(const char *a, const char *b) {
    enum { MAX = 32 };
    uint32_t row[3][MAX + 1];
    const size_t n = strlen(a), m = strlen(b);
    if (n > MAX || m > MAX) return MAX;
    for (uint32_t j = 0; j <= m; j++) row[0][j] = j;
    for (uint32_t i = 1; i <= n; i++) {
        uint32_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
        now[0] = i;
        for (uint32_t j = 1; j <= m; j++) {
            uint32_t d = up[j - 1] + (a[i - 1] != b[j - 1]);
            if (d > up[j] + 1) d = up[j] + 1;
            if (d > now[j - 1] + 1) d = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d > up2[j - 2] + 1)
                d = up2[j - 2] + 1;
            now[j] = d;
        }
    }
    return row[n % 3][m];
}

const char *cli_nearest(const char *text, const char *const *candidates, uint32_t n) {
    const char *best = NULL;
    uint32_t best_distance = (uint32_t)strlen(text) / 3 + 2;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t d = distance(text, candidates[i]);
        if (d >= best_distance) continue;
        best_distance = d;
        best = candidates[i];
    }
    return best;
}

static cli_exit_t unknown_option(cli_t *cli, const char *arg, size_t name_len) {
    const char *names[NAMES_MAX];
    char name[64];
    uint32_t n = 0;
    const cli_group_t *group;
    cursor_t c = first_option(cli->verb);
    for (const cli_option_t *o; n < NAMES_MAX && (o = next_option(&c, &group));)
        names[n++] = o->name;
    snprintf(name, sizeof name, "%.*s", (int)(name_len < 63 ? name_len : 63), arg);
    const char *near = cli_nearest(name + strspn(name, "-"), names, n);
    if (near) return cli_usage(cli, "unknown option '%s': did you mean --%s?", name, near);
    return cli_usage(cli, "unknown option '%s'", name);
}

static bool names_option(const cli_option_t *o, const char *arg, size_t len) {
    if (arg[1] != '-') return len == 2 && o->letter && arg[1] == o->letter;
    return strlen(o->name) == len - 2 && memcmp(o->name, arg + 2, len - 2) == 0;
}

/* The position in argv, shared by the functions below. */
typedef struct args_t {
    int argc, at;
    char **argv;
} args_t;

static cli_exit_t take_value(cli_t *cli, const cli_option_t *o, args_t *a, const char *inside,
                             const char **out) {
    const char *next = a->at + 1 < a->argc ? a->argv[a->at + 1] : NULL;
    *out = "";
    if (o->kind == CLI_FLAG) {
        if (inside) return cli_usage(cli, "--%s takes no value", o->name);
        return CLI_DONE;
    }
    if (inside) {
        *out = inside;
        return CLI_DONE;
    }
    if (next && o->kind == CLI_FILE_OR_FLAG && next[0] == '-' && next[1]) next = NULL;
    if (next && strncmp(next, "--", 2) == 0) next = NULL;
    if (next) {
        *out = next;
        a->at++;
        return CLI_DONE;
    }
    if (o->kind == CLI_FILE_OR_FLAG) return CLI_DONE;
    return cli_usage(cli, "--%s needs a value (%s)", o->name, o->value);
}

static cli_exit_t parse_option(cli_t *cli, args_t *a, void *args) {
    const char *arg = a->argv[a->at], *equals = strchr(arg, '=');
    const size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
    const cli_group_t *group;
    cursor_t c = first_option(cli->verb);
    for (const cli_option_t *o; (o = next_option(&c, &group));) {
        const char *text;
        if (!names_option(o, arg, len)) continue;
        CLI_TRY(take_value(cli, o, a, equals ? equals + 1 : NULL, &text));
        return store(cli, o, field_of(cli, args, group, o), text);
    }
    return unknown_option(cli, arg, len);
}

static cli_exit_t set_presets(cli_t *cli, void *args) {
    const cli_group_t *group;
    cursor_t c = first_option(cli->verb);
    for (const cli_option_t *o; (o = next_option(&c, &group));)
        if (o->preset) CLI_TRY(store(cli, o, field_of(cli, args, group, o), o->preset));
    return CLI_DONE;
}

/* `bench --json model.onnx`: the value that may be left out was, and what follows is an operand. */
static void give_back_file(cli_t *cli, cli_parsed_t *p) {
    const cli_group_t *group;
    cursor_t c = first_option(cli->verb);
    for (const cli_option_t *o; (o = next_option(&c, &group));) {
        if (o->kind != CLI_FILE_OR_FLAG) continue;
        const char **field = field_of(cli, p->args, group, o);
        if (!*field || !**field) continue;
        p->operands[p->n_operands++] = *field;
        *field = "";
        return;
    }
}

static cli_exit_t check_operands(cli_t *cli, cli_parsed_t *p) {
    const cli_verb_t *v = cli->verb;
    if (p->n_operands + 1 == v->min_operands) give_back_file(cli, p);
    if (p->n_operands < v->min_operands) return cli_usage(cli, "%s is missing", v->operands);
    if (p->n_operands > v->max_operands)
        return cli_usage(cli, "'%s' is one too many", p->operands[v->max_operands]);
    if (cli->common.devices.n > 1 && !v->many_devices)
        return cli_usage(cli, "--device is given %u times, %s takes one", cli->common.devices.n,
                         v->name);
    return CLI_DONE;
}

cli_exit_t cli_parse(cli_t *cli, int argc, char **argv, cli_parsed_t *out) {
    args_t a = {argc, 0, argv};
    bool options = true;
    memset(out, 0, sizeof *out);
    out->args = cli_new(1, cli->verb->args_bytes ? cli->verb->args_bytes : 1);
    out->operands = cli_new((uint64_t)argc + 1, sizeof *out->operands);
    if (!out->args || !out->operands) return cli_no_memory(cli);
    CLI_TRY(set_presets(cli, out->args));
    for (; a.at < argc; a.at++) {
        const char *arg = argv[a.at];
        if (options && strcmp(arg, "--") == 0)
            options = false;
        else if (options && arg[0] == '-' && arg[1])
            CLI_TRY(parse_option(cli, &a, out->args));
        else
            out->operands[out->n_operands++] = arg;
    }
    return cli->common.help ? CLI_DONE : check_operands(cli, out);
}

void cli_parsed_release(const cli_verb_t *verb, cli_t *cli, cli_parsed_t *parsed) {
    const cli_group_t *group;
    cursor_t c = first_option(verb);
    for (const cli_option_t *o; (o = next_option(&c, &group));)
        if (o->kind == CLI_LIST && (parsed->args || !group))
            free(((cli_list_t *)field_of(cli, parsed->args, group, o))->items);
    free(parsed->args);
    free(parsed->operands);
}

/* ---- help ---- */
static void print_option(const cli_option_t *o, FILE *f) {
    char left[48];
    const bool may_lack = o->kind == CLI_FILE_OR_FLAG; /* the value */
    if (o->letter && o->value)
        snprintf(left, sizeof left, "-%c, --%s %s", o->letter, o->name, o->value);
    else if (o->letter)
        snprintf(left, sizeof left, "-%c, --%s", o->letter, o->name);
    else
        snprintf(left, sizeof left, "--%s%s%s%s", o->name, o->value ? may_lack ? " [" : " " : "",
                 o->value ? o->value : "", may_lack ? "]" : "");
    fprintf(f, "  %-26s %s", left, o->help);
    if (o->preset) fprintf(f, " (%s)", o->preset);
    fputc('\n', f);
}

void cli_print_common_options(FILE *f) {
    for (const cli_option_t *o = common_options; o->name; o++) print_option(o, f);
}

void cli_print_verb_help(const cli_t *cli, FILE *f) {
    const cli_verb_t *v = cli->verb;
    fprintf(f, "%s %s - %s\n\nusage: %s %s %s\n", cli->program, v->name, v->summary, cli->program,
            v->name, v->usage);
    if (v->groups) fprintf(f, "\noptions:\n");
    for (const cli_group_t *g = v->groups; g && g->options; g++)
        for (const cli_option_t *o = g->options; o->name; o++) print_option(o, f);
    fprintf(
        f,
        "\ncommon options (%s help says more):\n"
        "  --device ID%s  --threads N  --cpu LEVEL  --ops LIB  -o PATH  --json  --quiet  --verbose"
        "  --help\n",
        cli->program, v->many_devices ? "..." : "");
    fprintf(f, "\nexamples:\n");
    for (const char *line = v->examples; *line;) {
        const size_t n = strcspn(line, "\n");
        fprintf(f, "  %s %s %.*s\n", cli->program, v->name, (int)n, line);
        line += n + (line[n] == '\n');
    }
    if (v->notes) fprintf(f, "\nnotes:\n%s", v->notes);
}
