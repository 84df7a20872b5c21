/* SPDX-License-Identifier: Apache-2.0 */
/* anput run: a model on given inputs, outputs to files. */
#include "cli_inputs.h"
#include "cli_outputs.h"
#include "cli_placement.h"
#include "cli_progress.h"
#include "cli_source.h"
#include "cmd.h"
#include <anput/text.h>
#include <stdlib.h>
#include <string.h>

typedef struct run_args_t {
    cli_input_args_t input;
    cli_source_args_t source;
    int64_t max_trips;
    bool placement, time;
} run_args_t;

static const cli_option_t own_options[] = {
    {"placement", NULL, "show where every node ran and why", NULL, offsetof(run_args_t, placement),
     CLI_FLAG, 0},
    {"max-trips", "N", "iterations of loops before a run fails", "10000000",
     offsetof(run_args_t, max_trips), CLI_COUNT, 0},
    {"time", NULL, "measure every node", NULL, offsetof(run_args_t, time), CLI_FLAG, 0},
    {0},
};
static const cli_group_t groups[] = {
    {cli_input_options, offsetof(run_args_t, input)},
    {cli_state_options, offsetof(run_args_t, input)},
    {own_options, 0},
    {cli_source_options, offsetof(run_args_t, source)},
    {cli_image_options, offsetof(run_args_t, source)},
    {0},
};

typedef struct run_t {
    cli_loaded_t loaded;
    anp_session_t *session;
    cli_inputs_t inputs;
    cli_outputs_t outputs;
    cli_stage_t stage;
    anp_device_info_t device;
    double first_ms, min_ms, sum_ms;
    uint32_t n_runs;
} run_t;

static void add_time(run_t *r, uint64_t ns) {
    const double ms = (double)ns * 1e-6;
    if (r->n_runs == 0) r->first_ms = r->min_ms = ms;
    if (ms < r->min_ms) r->min_ms = ms;
    r->sum_ms += ms;
    r->n_runs++;
}

static cli_exit_t run_steps(cli_t *cli, run_t *r) {
    cli_progress_t bar;
    cli_exit_t code = CLI_DONE;
    cli_progress_start(&bar, cli, "run", "steps");
    for (uint32_t k = 0; k < r->inputs.n_steps && code == CLI_DONE; k++) {
        CLI_TRY_OUT(code, cli_inputs_set(cli, &r->inputs, k, r->session));
        const uint64_t start = cli_now_ns();
        CLI_TRY_OUT(code, cli_run(cli, r->session));
        add_time(r, cli_now_ns() - start);
        CLI_TRY_OUT(code, cli_outputs_take(cli, &r->outputs, k, r->session));
        CLI_TRY_OUT(code, cli_inputs_feed_back(cli, &r->inputs, r->session));
        cli_progress_step(&bar, k + 1, r->inputs.n_steps, "");
    }
out:
    cli_progress_stop(&bar);
    return code == CLI_DONE ? cli_outputs_finish(cli, &r->outputs) : code;
}

/* ---- run.json ---- */
static void dims_json(jout_t *j, const anp_tensor_t *t) {
    jout_array(j, "shape", true);
    for (uint32_t i = 0; i < t->rank; i++) jout_int(j, NULL, t->dims[i]);
    jout_array_end(j);
}

static void inputs_json(jout_t *j, const cli_inputs_t *in) {
    jout_array(j, "inputs", false);
    for (uint32_t i = 0; i < in->n_slots; i++) {
        const cli_slot_t *s = &in->slots[i];
        jout_object(j, NULL, true);
        jout_text(j, "name", s->info.name);
        jout_text(j, "type", anp_dtype_name((anp_dtype_t)s->view.dtype));
        dims_json(j, &s->view);
        jout_text(j, "from",
                  s->files.n    ? "file"
                  : s->text     ? "text"
                  : s->is_state ? "state"
                                : "random");
        if (s->files.n) jout_text(j, "file", s->files.paths[0]);
        jout_object_end(j);
    }
    jout_array_end(j);
}

static void outputs_json(jout_t *j, const cli_outputs_t *o) {
    static const char *const kinds[] = {"tensor", "sequence", "none", "map"};
    jout_array(j, "outputs", false);
    for (uint32_t i = 0; i < o->n; i++) {
        const cli_output_t *item = &o->items[i];
        jout_object(j, NULL, true);
        jout_text(j, "name", item->info.name);
        jout_text(j, "kind", item->first.kind <= ANP_KIND_MAP ? kinds[item->first.kind] : "?");
        jout_text(j, "type", anp_dtype_name((anp_dtype_t)item->first.dtype));
        if (item->first.key) jout_text(j, "map_key", anp_dtype_name((anp_dtype_t)item->first.key));
        dims_json(j, &item->first);
        jout_int(j, "files", item->n_files);
        jout_bool(j, "stacked", item->n_stacked > 0);
        jout_object_end(j);
    }
    jout_array_end(j);
}

static void times_json(jout_t *j, const run_t *r) {
    jout_object(j, "times", true);
    jout_real(j, "import_ms", (double)r->loaded.import_ns * 1e-6);
    jout_real(j, "compile_ms", (double)r->loaded.compile_ns * 1e-6);
    jout_real(j, "load_ms", (double)r->loaded.load_ns * 1e-6);
    jout_real(j, "first_run_ms", r->first_ms);
    jout_real(j, "min_run_ms", r->min_ms);
    jout_real(j, "mean_run_ms", r->n_runs ? r->sum_ms / r->n_runs : 0);
    jout_object_end(j);
}

static cli_exit_t write_json(cli_t *cli, const run_t *r, FILE *f) {
    anp_run_stats_t stats;
    jout_t j;
    CLI_TRY(cli_api(cli, anp_session_stats(r->session, &stats)));
    jout_begin(&j, f);
    jout_object(&j, NULL, false);
    jout_text(&j, "model", r->loaded.path);
    jout_bool(&j, "package", r->loaded.is_package);
    jout_text(&j, "version", anp_version());
    jout_text(&j, "device", r->device.id);
    jout_text(&j, "isa", r->device.isa);
    jout_int(&j, "steps", r->inputs.n_steps);
    inputs_json(&j, &r->inputs);
    outputs_json(&j, &r->outputs);
    times_json(&j, r);
    jout_int(&j, "peak_rss_bytes", (int64_t)cli_peak_rss_bytes());
    jout_int(&j, "arena_bytes", (int64_t)stats.arena_bytes);
    jout_int(&j, "transfers", (int64_t)stats.transfers);
    jout_int(&j, "transfer_bytes", (int64_t)stats.transfer_bytes);
    jout_int(&j, "run_time_fallback_nodes", (int64_t)stats.fallback_nodes);
    jout_text(&j, "run_time_fallback_reason", stats.fallback_reason);
    const cli_exit_t code = cli_placement_json(cli, &j, r->loaded.model, r->session, true);
    jout_object_end(&j);
    jout_end(&j);
    return code;
}

static cli_exit_t write_run_json(cli_t *cli, run_t *r) {
    char *path = cli_stage_path(&r->stage, "run.json");
    FILE *f = path ? fopen(path, "w") : NULL;
    free(path);
    if (!f) return cli_fail(cli, CLI_RESOURCES, "run.json cannot be written");
    cli_exit_t code = write_json(cli, r, f);
    const bool bad = ferror(f) != 0;
    if ((fclose(f) != 0 || bad) && code == CLI_DONE)
        code = cli_fail(cli, CLI_RESOURCES, "run.json cannot be written: is the disk full?");
    return code;
}

/* ---- for people ---- */
enum { SHOWN = 8 };

/* The key of an entry, and ": "; cut where it is long. */
static size_t key_text(const anp_tensor_t *keys, int64_t i, char *out, size_t out_size) {
    const anp_string_t *s = (const anp_string_t *)keys->data + i;
    size_t at;
    if (keys->dtype == ANP_DTYPE_STRING)
        at = anp_escape_text(out, out_size - 2, s->ptr, s->len_bytes);
    else
        at = (size_t)snprintf(out, out_size - 2, "%lld",
                              (long long)((const int64_t *)keys->data)[i]);
    memcpy(out + at, ": ", 3);
    return at + 2;
}

static void say_map(cli_t *cli, const anp_tensor_t *map) {
    const anp_tensor_t *part = map->data; /* keys, values */
    double v[SHOWN];
    char text[512] = "";
    size_t at = 0;
    const int64_t n = map->dims[0] < SHOWN ? map->dims[0] : SHOWN;
    if (n == 0 || anp_tensor_read_f64(&part[1], 0, n, v) != ANP_OK) return;
    for (int64_t k = 0; k < n; k++) {
        if (k) at += (size_t)snprintf(text + at, sizeof text - at, ", ");
        at += key_text(&part[0], k, text + at, 32);
        at += (size_t)snprintf(text + at, sizeof text - at, "%.6g", v[k]);
    }
    cli_say(cli, "    %s%s", text, map->dims[0] > n ? ", ..." : "");
}

/* The first elements, when nothing is written to files. */
static void say_values(cli_t *cli, const run_t *r, uint32_t i) {
    anp_tensor_t t;
    double v[SHOWN];
    char text[256] = "";
    size_t at = 0;
    int64_t count;
    if (anp_session_get_output(r->session, i, &t) != ANP_OK) return;
    const anp_tensor_t *items = t.data;
    if (t.kind == ANP_KIND_MAP) say_map(cli, &t);
    for (int64_t k = 0; t.kind == ANP_KIND_SEQUENCE && t.key && k < t.dims[0] && k < SHOWN; k++)
        say_map(cli, &items[k]);
    if (t.kind != ANP_KIND_TENSOR || anp_tensor_count(&t, &count) != ANP_OK) return;
    const int64_t n = count < SHOWN ? count : SHOWN;
    if (anp_tensor_read_f64(&t, 0, n, v) != ANP_OK) return;
    for (int64_t k = 0; k < n; k++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.6g", k ? ", " : "", v[k]);
    cli_say(cli, "    %s%s", text, count > n ? ", ..." : "");
}

static cli_exit_t say_summary(cli_t *cli, const run_args_t *args, const run_t *r) {
    char shape[CLI_SHAPE_TEXT];
    anp_run_stats_t stats;
    CLI_TRY(cli_api(cli, anp_session_stats(r->session, &stats)));
    cli_say(cli, "%s on %s: %u run%s, first %.3f ms, best %.3f ms", r->loaded.path, r->device.id,
            r->n_runs, r->n_runs == 1 ? "" : "s", r->first_ms, r->min_ms);
    for (uint32_t i = 0; i < r->outputs.n; i++) {
        cli_say(cli, "  output_%u  %s  %s", i, r->outputs.items[i].info.name,
                cli_tensor_text(&r->outputs.items[i].first, shape));
        if (!cli->common.output) say_values(cli, r, i);
    }
    if (stats.fallback_nodes)
        cli_warn(cli, "%llu nodes ran on the CPU although placed elsewhere: %s",
                 (unsigned long long)stats.fallback_nodes, stats.fallback_reason);
    return cli_placement_print(cli, r->loaded.model, r->session, args->placement || args->time);
}

static cli_exit_t execute(cli_t *cli, const run_args_t *args, const char *path, run_t *r) {
    const char *folder = cli->common.output, *device = cli_device_id(cli);
    CLI_TRY(cli_inputs_check(cli, &args->input));
    CLI_TRY(cli_load(cli, path, device, &args->source, &r->loaded));
    CLI_TRY(cli_device(cli, device, &r->device));
    CLI_TRY(cli_inputs_open(cli, r->loaded.model, &args->input, 0, NULL, &r->inputs));
    if (folder) CLI_TRY(cli_stage_folder(cli, folder, &r->stage));
    const anp_session_options_t options = {.time_nodes = args->time || args->placement,
                                           .seed = (uint64_t)args->input.seed,
                                           .max_trips = (uint64_t)args->max_trips};
    CLI_TRY(cli_api(cli, anp_session_create(r->loaded.model, &options, &r->session)));
    CLI_TRY(cli_outputs_open(cli, r->loaded.model, r->inputs.n_steps, folder ? &r->stage : NULL,
                             &r->outputs));
    CLI_TRY(run_steps(cli, r));
    if (folder) {
        CLI_TRY(write_run_json(cli, r));
        CLI_TRY(cli_stage_commit_folder(cli, &r->stage));
    }
    if (cli->common.json) return write_json(cli, r, cli->out);
    return say_summary(cli, args, r);
}

static cli_exit_t run(cli_t *cli, const void *args, const char *const *operands, uint32_t n) {
    run_t r;
    (void)n;
    memset(&r, 0, sizeof r);
    const cli_exit_t code = execute(cli, args, operands[0], &r);
    anp_session_release(r.session);
    cli_outputs_release(&r.outputs);
    cli_inputs_release(&r.inputs);
    cli_loaded_release(&r.loaded);
    cli_stage_release(&r.stage);
    return code;
}

const cli_verb_t cmd_run = {
    .name = "run",
    .summary = "run a model or package on inputs, write the outputs",
    .usage = "MODEL|PACKAGE [--input NAME=FILE]... [--random] [-o DIR]",
    .examples =
        "model.anp --input x=x.npy -o out     (out/output_0.npy ... and out/run.json)\n"
        "vad.onnx --input input=@chunks.txt --input sr=sr.npy --state stateN=state -o out\n",
    .notes = "  Outputs of several steps: output_<i>.npy has a first axis of steps, or there is\n"
             "  output_<i>_<step>.npy each; items of a sequence: .item<k>.npy; a map: .keys.npy, "
             ".values.npy.\n",
    .groups = groups,
    .args_bytes = sizeof(run_args_t),
    .min_operands = 1,
    .max_operands = 1,
    .operands = "a model or package",
    .run = run,
};
