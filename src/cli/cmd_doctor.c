/* SPDX-License-Identifier: Apache-2.0 */
/* anput doctor: does everything work here, and if not, what to do. */
#include "cli_import.h"
#include "cmd.h"
#include "json_out.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

enum { CHECKS_MAX = 64 };

typedef enum health_t { HEALTH_GOOD, HEALTH_NOTE, HEALTH_BAD } health_t;

typedef struct check_t {
    char what[96], found[320], hint[320];
    health_t health;
} check_t;

typedef struct doctor_t {
    check_t checks[CHECKS_MAX];
    uint32_t n;
} doctor_t;

static check_t *add(doctor_t *d, health_t health, const char *what, const char *found_fmt, ...)
    CLI_PRINTF(4, 5);
static check_t *add(doctor_t *d, health_t health, const char *what, const char *found_fmt, ...) {
    check_t *c = &d->checks[d->n < CHECKS_MAX ? d->n++ : CHECKS_MAX - 1];
    va_list args;
    memset(c, 0, sizeof *c);
    snprintf(c->what, sizeof c->what, "%s", what);
    va_start(args, found_fmt);
    vsnprintf(c->found, sizeof c->found, found_fmt, args);
    va_end(args);
    c->health = health;
    return c;
}

static void hint(check_t *c, const char *text) {
    snprintf(c->hint, sizeof c->hint, "%s", text);
}

/* ---- the machine ---- */
static void check_system(doctor_t *d) {
    struct utsname u;
    char size[CLI_SIZE_TEXT];
    if (uname(&u) == 0) add(d, HEALTH_GOOD, "system", "%s %s %s", u.sysname, u.release, u.machine);
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0)
        add(d, HEALTH_GOOD, "memory", "%s", cli_bytes((uint64_t)pages * (uint64_t)page, size));
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        hint(add(d, HEALTH_NOTE, "address space", "limited to %s", cli_bytes(limit.rlim_cur, size)),
             "weights are mapped, so a limit below the size of a package fails: ulimit -v "
             "unlimited");
    add(d, HEALTH_GOOD, "processors", "%ld on line", sysconf(_SC_NPROCESSORS_ONLN));
}

static void check_libraries(doctor_t *d) {
    add(d, HEALTH_GOOD, "libraries", "anput %s, jansson %s, zlib %s", anp_version(),
        JANSSON_VERSION, zlibVersion());
}

static void check_disk(doctor_t *d) {
    struct statvfs s;
    char size[CLI_SIZE_TEXT];
    if (statvfs(".", &s) != 0) return;
    const uint64_t left = (uint64_t)s.f_bavail * s.f_frsize;
    check_t *c = add(d, left < 1u << 30 ? HEALTH_NOTE : HEALTH_GOOD, "disk",
                     "%s left in this folder", cli_bytes(left, size));
    if (c->health == HEALTH_NOTE) hint(c, "a package is about as large as its model");
}

static void check_environment(doctor_t *d) {
    static const char *const names[] = {
        "ANPUT_DEVICE",         "PREFERRED_DEVICE", "ANPUT_THREADS",       "ANPUT_CPU",
        "ANPUT_FALLBACK_OPS",   "ANPUT_BLOCKING",   "ANPUT_CHECK_NAN_INF", "ANPUT_DRIVER_PATH",
        "ANPUT_DRIVER_OPTIONS", "ANPUT_OPS",        "ANPUT_OTHER_OPS",     "ANPUT_LOG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *v = getenv(names[i]);
        if (v && *v) add(d, HEALTH_NOTE, names[i], "%.200s", v);
    }
}

/* ---- the devices ---- */
static cli_exit_t check_devices(cli_t *cli, anp_context_t *ctx, doctor_t *d) {
    uint32_t usable = 0;
    for (uint32_t i = 0; i < anp_context_device_count(ctx); i++) {
        anp_device_info_t info;
        CLI_TRY(cli_api(cli, anp_context_device_info(ctx, i, &info)));
        if (info.usable) {
            usable++;
            add(d, HEALTH_GOOD, info.id, "%s%s%s", info.name, *info.isa ? ", uses " : "", info.isa);
        } else {
            hint(add(d, HEALTH_BAD, info.id, "not usable: %.250s", info.reason),
                 "repair the driver, or take its folder out of ANPUT_DRIVER_PATH");
        }
    }
    if (!usable) add(d, HEALTH_BAD, "devices", "none is usable");
    return CLI_DONE;
}

/* y = Relu(x W), whose answer is known, on one device. */
static anp_status_t build_probe(anp_graph_t *g) {
    static const float weight[4] = {1, -1, 2, 3};
    const int64_t dims[2] = {1, 2}, weight_dims[2] = {2, 2};
    anp_tensor_t w = {.data = (void *)(uintptr_t)weight, .dtype = ANP_DTYPE_F32, .rank = 2};
    anp_value_t *x, *c, *product, *y;
    memcpy(w.dims, weight_dims, sizeof weight_dims);
    anp_status_t st = anp_graph_input(g, "x", ANP_DTYPE_F32, 2, dims, NULL, &x);
    if (st == ANP_OK) st = anp_graph_constant(g, "w", &w, true, &c);
    if (st == ANP_OK)
        st = anp_graph_op(g, "", "MatMul", NULL, (anp_value_t *[]){x, c}, 2, NULL, 0, &product, 1);
    if (st == ANP_OK) st = anp_graph_op(g, "", "Relu", NULL, &product, 1, NULL, 0, &y, 1);
    if (st == ANP_OK) st = anp_graph_output(g, "y", y);
    return st;
}

static anp_status_t run_probe(anp_model_t *model, float *out) {
    float x[2] = {3, -1}; /* [1, -6] before Relu */
    const anp_tensor_t in = {.data = x, .dtype = ANP_DTYPE_F32, .rank = 2, .dims = {1, 2}};
    anp_session_t *session = NULL;
    anp_tensor_t y;
    anp_status_t st = anp_session_create(model, NULL, &session);
    if (st == ANP_OK) st = anp_session_set_input(session, 0, &in);
    if (st == ANP_OK) st = anp_session_run(session, NULL);
    if (st == ANP_OK) st = anp_session_get_output(session, 0, &y);
    if (st == ANP_OK) memcpy(out, y.data, 2 * sizeof *out);
    anp_session_release(session);
    return st;
}

static void check_answer(anp_context_t *ctx, const char *device, doctor_t *d) {
    const anp_compile_options_t compile = {.devices = &device, .n_devices = 1};
    const anp_model_options_t load = {.device = device};
    anp_graph_t *graph = NULL;
    anp_model_t *model = NULL;
    float y[2] = {0};
    char what[96];
    anp_status_t st = anp_graph_create(&graph);
    if (st == ANP_OK) st = build_probe(graph);
    if (st == ANP_OK) st = anp_compile_model(ctx, graph, &compile, &load, &model);
    if (st == ANP_OK) graph = NULL;
    if (st == ANP_OK) st = run_probe(model, y);
    anp_model_release(model);
    anp_graph_release(graph);
    snprintf(what, sizeof what, "a small network on %.60s", device);
    if (st != ANP_OK)
        add(d, HEALTH_BAD, what, "%.300s", anp_error_message());
    else if (y[0] != 1 || y[1] != 0)
        add(d, HEALTH_BAD, what, "answers %g %g, expected 1 0", (double)y[0], (double)y[1]);
    else
        add(d, HEALTH_GOOD, what, "answers right");
}

static cli_exit_t check_answers(cli_t *cli, anp_context_t *ctx, doctor_t *d) {
    for (uint32_t i = 0; i < anp_context_device_count(ctx); i++) {
        anp_device_info_t info;
        CLI_TRY(cli_api(cli, anp_context_device_info(ctx, i, &info)));
        if (info.usable) check_answer(ctx, info.id, d);
    }
    return CLI_DONE;
}

/* ---- the report ---- */
static const char *const health_names[] = {"good", "note", "bad"};

static void print_json(cli_t *cli, const doctor_t *d, bool healthy) {
    jout_t j;
    jout_begin(&j, cli->out);
    jout_object(&j, NULL, false);
    jout_text(&j, "version", anp_version());
    jout_bool(&j, "healthy", healthy);
    jout_array(&j, "checks", false);
    for (uint32_t i = 0; i < d->n; i++) {
        const check_t *c = &d->checks[i];
        jout_object(&j, NULL, true);
        jout_text(&j, "what", c->what);
        jout_text(&j, "health", health_names[c->health]);
        jout_text(&j, "found", c->found);
        if (*c->hint) jout_text(&j, "hint", c->hint);
        jout_object_end(&j);
    }
    jout_array_end(&j);
    jout_object_end(&j);
    jout_end(&j);
}

static void print_text(cli_t *cli, const doctor_t *d, uint32_t n_bad) {
    for (uint32_t i = 0; i < d->n; i++) {
        const check_t *c = &d->checks[i];
        cli_say(cli, "%-4s  %s: %s", health_names[c->health], c->what, c->found);
        if (*c->hint) cli_say(cli, "      -> %s", c->hint);
    }
    if (n_bad)
        cli_say(cli, "%u thing%s not work", n_bad, n_bad == 1 ? " does" : "s do");
    else
        cli_say(cli, "everything that is expected here works");
}

static cli_exit_t run(cli_t *cli, const void *args, const char *const *operands, uint32_t n) {
    anp_context_t *ctx;
    uint32_t n_bad = 0;
    (void)args;
    (void)operands;
    (void)n;
    doctor_t *d = cli_new(1, sizeof *d);
    if (!d) return cli_no_memory(cli);
    check_libraries(d);
    check_system(d);
    check_disk(d);
    check_environment(d);
    cli_exit_t code = cli_context(cli, &ctx);
    if (code == CLI_DONE) add(d, HEALTH_GOOD, "threads", "%u", anp_context_threads(ctx));
    if (code == CLI_DONE) code = check_devices(cli, ctx, d);
    if (code == CLI_DONE) code = check_answers(cli, ctx, d);
    for (uint32_t i = 0; i < d->n; i++) n_bad += d->checks[i].health == HEALTH_BAD;
    if (code == CLI_DONE && cli->common.json)
        print_json(cli, d, n_bad == 0);
    else if (code == CLI_DONE)
        print_text(cli, d, n_bad);
    free(d);
    return code == CLI_DONE && n_bad ? CLI_NO : code;
}

const cli_verb_t cmd_doctor = {
    .name = "doctor",
    .summary = "check that everything works here, and say what to do if not (status 1)",
    .usage = "",
    .examples = "\n",
    .output_is_report = true,
    .run = run,
};
