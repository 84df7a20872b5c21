/* SPDX-License-Identifier: Apache-2.0 */
/* Matching --input, --random and --state with what the model takes. */
#include "cli_inputs.h"
#include "app/text_tensor.h"
#include "cli_signals.h"
#include "cli_source.h"
#include "cli_values.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AT(field) offsetof(cli_input_args_t, field)
const cli_option_t cli_input_options[] = {
    {"input", "NAME=FILE",
     "a .npy .pb .bin or image file; a,b or @LIST of files; or numbers: [1,2]", NULL, AT(inputs),
     CLI_LIST, 'i'},
    {"random", NULL, "fill inputs that are not given with random numbers", NULL, AT(random),
     CLI_FLAG, 0},
    {"seed", "N", "of these numbers", "0", AT(seed), CLI_COUNT, 0},
    {"dim", "NAME=SIZE", "size of a free dimension of random inputs (default: 1)", NULL, AT(dims),
     CLI_LIST, 0},
    {0},
};
const cli_option_t cli_state_options[] = {
    {"state", "OUT=IN", "run once per file; OUT of a run is IN of the next, zeros at first", NULL,
     AT(states), CLI_LIST, 0},
    {"each", "NAME", "run once per row (first axis) of the file of this input", NULL, AT(each),
     CLI_TEXT, 0},
    {0},
};
#undef AT

/* ---- names ---- */
/* "NAME=FILES" at the first '='; without one everything is files. */
static const char *files_of(const char *text, size_t *out_name_len) {
    const char *equals = strchr(text, '=');
    *out_name_len = equals ? (size_t)(equals - text) : 0;
    return equals ? equals + 1 : text;
}

static cli_slot_t *find_slot(cli_inputs_t *in, const char *name, size_t len) {
    for (uint32_t i = 0; i < in->n_slots; i++)
        if (strlen(in->slots[i].info.name) == len && memcmp(in->slots[i].info.name, name, len) == 0)
            return &in->slots[i];
    return NULL;
}

static cli_exit_t no_such_input(cli_t *cli, const cli_inputs_t *in, const char *name, size_t len) {
    char list[512] = "";
    size_t at = 0;
    for (uint32_t i = 0; i < in->n_slots && at < sizeof list; i++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "",
                               in->slots[i].info.name);
    return cli_fail(cli, CLI_BAD_INPUT, "the model has no input '%.*s': it has %s", (int)len, name,
                    in->n_slots ? list : "none");
}

/* A tensor written out; a file of that name comes first. */
static bool is_text(const char *value) {
    struct stat info;
    return app_text_tensor_is(value) && stat(value, &info) != 0;
}

static cli_exit_t take_input(cli_t *cli, cli_inputs_t *in, const char *text) {
    size_t len;
    const char *files = files_of(text, &len);
    cli_slot_t *slot = find_slot(in, text, len);
    if (!slot && len == 0 && in->n_slots == 1) slot = &in->slots[0];
    if (!slot && len == 0)
        return cli_usage(cli, "--input '%s' is not NAME=FILE, and the model has %u inputs", text,
                         in->n_slots);
    if (!slot) return no_such_input(cli, in, text, len);
    if (is_text(files)) {
        slot->text = files;
        return CLI_DONE;
    }
    return cli_files_add(cli, &slot->files, files);
}

static cli_exit_t take_state(cli_t *cli, cli_inputs_t *in, const anp_model_t *model,
                             const char *text) {
    uint32_t n_outputs;
    const char *equals = strchr(text, '=');
    if (!equals) return cli_usage(cli, "--state '%s' is not OUTPUT=INPUT", text);
    cli_slot_t *slot = find_slot(in, equals + 1, strlen(equals + 1));
    if (!slot) return no_such_input(cli, in, equals + 1, strlen(equals + 1));
    CLI_TRY(cli_api(cli, anp_model_output_count(model, NULL, &n_outputs)));
    for (uint32_t i = 0; i < n_outputs; i++) {
        anp_io_info_t info;
        CLI_TRY(cli_api(cli, anp_model_output(model, NULL, i, &info)));
        if (strlen(info.name) != (size_t)(equals - text) ||
            memcmp(info.name, text, (size_t)(equals - text)) != 0)
            continue;
        slot->is_state = true;
        slot->state_output = i;
        return CLI_DONE;
    }
    return cli_fail(cli, CLI_BAD_INPUT, "the model has no output '%.*s' (--state %s)",
                    (int)(equals - text), text, text);
}

cli_exit_t cli_inputs_check(cli_t *cli, const cli_input_args_t *args) {
    for (uint32_t i = 0; i < args->inputs.n; i++) {
        size_t len;
        cli_files_t files = {0};
        const char *value = files_of(args->inputs.items[i], &len);
        if (is_text(value)) continue;
        const cli_exit_t code = cli_files_add(cli, &files, value);
        cli_files_release(&files);
        CLI_TRY(code);
    }
    return CLI_DONE;
}

static cli_exit_t check_dims(cli_t *cli, const cli_inputs_t *in) {
    for (uint32_t i = 0; i < in->args->dims.n; i++) {
        const char *text = in->args->dims.items[i], *equals = strrchr(text, '=');
        int64_t size;
        if (!equals || equals == text || !cli_parse_count(equals + 1, &size))
            return cli_usage(cli, "--dim '%s' is not NAME=SIZE", text);
    }
    return CLI_DONE;
}

/* ---- files ---- */
static bool has_extension(const char *path, const char *const *list) {
    const char *dot = strrchr(path, '.');
    for (; dot && *list; list++)
        if (strcasecmp(dot + 1, *list) == 0) return true;
    return false;
}

anp_tensor_file_kind_t cli_pb_kind(const anp_io_info_t *info) {
    if (info->optional) return ANP_TENSOR_FILE_OPTIONAL;
    if (info->kind == ANP_KIND_MAP) return ANP_TENSOR_FILE_MAP;
    return info->kind == ANP_KIND_SEQUENCE ? ANP_TENSOR_FILE_SEQUENCE : ANP_TENSOR_FILE_TENSOR;
}

cli_exit_t cli_open_tensor(cli_t *cli, const anp_io_info_t *info, const cli_list_t *dims,
                           const char *path, anp_tensor_file_t **out_file) {
    static const char *const tensors[] = {"npy", "pb", NULL};
    static const char *const images[] = {"png", "jpg",  "jpeg", "bmp", "webp",
                                         "tif", "tiff", "jp2",  "j2k", NULL};
    const bool takes_bytes = info->dtype == ANP_DTYPE_U8 && info->rank == 1 && info->dims[0] < 0;
    anp_tensor_file_options_t o = {
        .pb_kind = cli_pb_kind(info),
        .dtype = info->dtype,
        .rank = info->rank > 0 ? (uint32_t)info->rank : 0,
        .format = takes_bytes && !has_extension(path, tensors) ? "bin" : NULL,
    };
    const cli_dims_t sizes = {.given = dims};
    char text[CLI_SHAPE_TEXT];
    *out_file = NULL;
    for (uint32_t i = 0; i < o.rank; i++)
        if (!(info->dims[i] < 0 && cli_find_dim(&sizes, info, (int32_t)i, &o.dims[i])))
            o.dims[i] = info->dims[i];
    if (!takes_bytes && has_extension(path, images))
        return cli_fail(
            cli, CLI_BAD_INPUT,
            "'%s' is an image, input '%s' takes %s: say how it is prepared with --image "
            "gray|rgb|bgr, when the model is compiled",
            path, info->name, cli_io_text(info, text));
    return cli_api(cli, anp_tensor_file_open(path, &o, out_file));
}

static cli_exit_t open_file(cli_t *cli, const cli_inputs_t *in, cli_slot_t *slot,
                            const char *path) {
    anp_tensor_file_release(slot->file);
    CLI_TRY(cli_open_tensor(cli, &slot->info, &in->args->dims, path, &slot->file));
    slot->view = *anp_tensor_file_get(slot->file);
    return CLI_DONE;
}

/* Row `step` of the file of an --each input; the first call opens it. */
static cli_exit_t take_row(cli_t *cli, cli_slot_t *slot, uint32_t step) {
    const anp_tensor_t *all = anp_tensor_file_get(slot->file);
    anp_tensor_t row = *all;
    uint64_t row_bytes;
    row.rank--;
    memmove(row.dims, row.dims + 1, row.rank * sizeof row.dims[0]);
    CLI_TRY(cli_api(cli, anp_tensor_bytes(&row, &row_bytes)));
    if (!slot->owned)
        slot->owned = cli_new(row_bytes, 1); /* aligned, which a row in a file need not be */
    if (!slot->owned) return cli_no_memory(cli);
    memcpy(slot->owned, (const char *)all->data + row_bytes * step, row_bytes);
    slot->view = row;
    slot->view.data = slot->owned;
    return CLI_DONE;
}

static cli_exit_t open_each(cli_t *cli, cli_inputs_t *in) {
    const char *name = in->args->each;
    if (!name) return CLI_DONE;
    cli_slot_t *slot = find_slot(in, name, strlen(name));
    if (!slot) return no_such_input(cli, in, name, strlen(name));
    if (slot->files.n != 1)
        return cli_usage(cli, "--each %s: it takes one file, %u are given", name, slot->files.n);
    slot->is_each = true;
    CLI_TRY(open_file(cli, in, slot, slot->files.paths[0]));
    if (slot->view.rank == 0 || slot->view.dims[0] < 1 || slot->view.dims[0] > UINT32_MAX ||
        slot->view.dtype == ANP_DTYPE_STRING)
        return cli_fail(cli, CLI_BAD_INPUT, "'%s' has no rows to run one by one",
                        slot->files.paths[0]);
    in->n_steps = (uint32_t)slot->view.dims[0];
    return CLI_DONE;
}

static cli_exit_t count_steps(cli_t *cli, cli_inputs_t *in) {
    for (uint32_t i = 0; i < in->n_slots; i++) {
        const cli_slot_t *s = &in->slots[i];
        if (s->files.n <= 1) continue;
        if (in->n_steps > 1 && s->files.n != in->n_steps)
            return cli_fail(cli, CLI_BAD_INPUT,
                            "input '%s' has %u files where another has %u: give one, or as many",
                            s->info.name, s->files.n, in->n_steps);
        in->n_steps = s->files.n;
    }
    return CLI_DONE;
}

/* ---- inputs that no file gives ---- */
/* Free sizes that an input of known shape settles for the others. */
static cli_exit_t learn_dims(cli_t *cli, const cli_slot_t *slot, cli_dims_t *dims) {
    if (slot->view.rank != slot->info.rank) return CLI_DONE;
    for (int32_t i = 0; i < slot->info.rank; i++) {
        if (slot->info.dims[i] >= 0 || !*slot->info.dim_names[i]) continue;
        cli_known_dim_t *larger = realloc(dims->known, (dims->n_known + 1) * sizeof *larger);
        if (!larger) return cli_no_memory(cli);
        dims->known = larger;
        larger[dims->n_known++] = (cli_known_dim_t){slot->info.dim_names[i], slot->view.dims[i]};
    }
    return CLI_DONE;
}

static cli_exit_t make_data(cli_t *cli, const anp_model_t *model, const cli_dims_t *dims,
                            cli_slot_t *slot, int64_t batch, uint64_t *random) {
    const char *image = anp_model_meta(model, "image_input");
    if (slot->text) return cli_value_text(cli, &slot->info, dims, slot->text, &slot->view);
    if (slot->is_state) return cli_value_zero(cli, &slot->info, dims, batch, &slot->view);
    if (image && strcmp(image, slot->info.name) == 0)
        return cli_value_image(cli, random, &slot->view);
    CLI_TRY(cli_value_zero(cli, &slot->info, dims, batch, &slot->view));
    slot->owned = slot->view.data; /* also when it cannot be filled */
    return cli_api(cli, cli_random_fill(&slot->view, random));
}

static cli_exit_t fill_slot(cli_t *cli, const anp_model_t *model, const cli_inputs_t *in,
                            const cli_dims_t *dims, int64_t batch, uint64_t *random,
                            cli_slot_t *slot) {
    char text[CLI_SHAPE_TEXT];
    const bool given = slot->text || slot->is_state;
    if (slot->info.optional && !given) {
        slot->view.kind = ANP_KIND_NONE;
        return CLI_DONE;
    }
    if (!given && !in->args->random)
        return cli_fail(cli, CLI_BAD_INPUT,
                        "input '%s' (%s) is not given: --input %s=FILE, or --random",
                        slot->info.name, cli_io_text(&slot->info, text), slot->info.name);
    CLI_TRY(make_data(cli, model, dims, slot, batch, random));
    slot->owned = slot->view.data;
    return cli_api(cli, anp_tensor_bytes(&slot->view, &slot->owned_bytes));
}

/* Files first, then tensors written out, then the rest: each settles sizes for those behind it. */
static cli_exit_t fill_missing(cli_t *cli, const anp_model_t *model, cli_inputs_t *in,
                               int64_t batch) {
    uint64_t random = (uint64_t)in->args->seed;
    cli_dims_t dims = {.given = &in->args->dims};
    cli_exit_t code = CLI_DONE;
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < in->n_slots; i++) {
            cli_slot_t *slot = &in->slots[i];
            if ((slot->files.n ? 0 : slot->text ? 1 : 2) != round) continue;
            if (round > 0)
                code = fill_slot(cli, model, in, &dims, batch, &random, slot);
            else if (!slot->is_each)
                code = open_file(cli, in, slot, slot->files.paths[0]);
            if (code == CLI_DONE && round < 2 && !slot->is_each)
                code = learn_dims(cli, slot, &dims);
            if (code != CLI_DONE) goto out;
        }
    }
out:
    free(dims.known);
    return code;
}

/* ---- the whole ---- */
static cli_exit_t read_slots(cli_t *cli, const anp_model_t *model, cli_inputs_t *in) {
    CLI_TRY(cli_api(cli, anp_model_input_count(model, NULL, &in->n_slots)));
    in->slots = cli_new(in->n_slots, sizeof *in->slots);
    if (!in->slots) return cli_no_memory(cli);
    for (uint32_t i = 0; i < in->n_slots; i++)
        CLI_TRY(cli_api(cli, anp_model_input(model, NULL, i, &in->slots[i].info)));
    return CLI_DONE;
}

static cli_exit_t open_all(cli_t *cli, const anp_model_t *model, int64_t batch,
                           const cli_inputs_files_t *more, cli_inputs_t *in) {
    CLI_TRY(read_slots(cli, model, in));
    CLI_TRY(check_dims(cli, in));
    for (uint32_t i = 0; i < in->args->inputs.n; i++)
        CLI_TRY(take_input(cli, in, in->args->inputs.items[i]));
    if (more->n && in->n_slots != 1)
        return cli_fail(cli, CLI_BAD_INPUT, "files are given, but the model has %u inputs",
                        in->n_slots);
    for (uint32_t i = 0; i < more->n; i++)
        CLI_TRY(cli_files_add(cli, &in->slots[0].files, more->paths[i]));
    for (uint32_t i = 0; i < in->args->states.n; i++)
        CLI_TRY(take_state(cli, in, model, in->args->states.items[i]));
    CLI_TRY(open_each(cli, in));
    CLI_TRY(count_steps(cli, in));
    return fill_missing(cli, model, in, batch);
}

cli_exit_t cli_inputs_open(cli_t *cli, const anp_model_t *model, const cli_input_args_t *args,
                           int64_t batch, const cli_inputs_files_t *files, cli_inputs_t *out) {
    static const cli_inputs_files_t none = {0};
    memset(out, 0, sizeof *out);
    out->args = args;
    out->n_steps = 1;
    const cli_exit_t code = open_all(cli, model, batch, files ? files : &none, out);
    if (code != CLI_DONE) cli_inputs_release(out);
    return code;
}

static cli_exit_t make_step(cli_t *cli, cli_inputs_t *in, cli_slot_t *slot, uint32_t step) {
    if (slot->is_each) return take_row(cli, slot, step);
    if (slot->is_state && step > 0) return CLI_DONE; /* fed back */
    if (!slot->files.n || (step > 0 && slot->files.n == 1)) return CLI_DONE;
    return open_file(cli, in, slot, slot->files.paths[step]);
}

cli_exit_t cli_inputs_set(cli_t *cli, cli_inputs_t *in, uint32_t step, anp_session_t *session) {
    for (uint32_t i = 0; i < in->n_slots; i++) {
        cli_slot_t *slot = &in->slots[i];
        CLI_TRY(make_step(cli, in, slot, step));
        const anp_status_t st = anp_session_set_input(session, i, &slot->view);
        if (st != ANP_OK && slot->files.n)
            return cli_fail(cli, cli_exit_of(st), "%s (from '%s')", anp_error_message(),
                            slot->files.paths[slot->files.n > 1 ? step : 0]);
        CLI_TRY(cli_api(cli, st));
    }
    return CLI_DONE;
}

cli_exit_t cli_inputs_feed_back(cli_t *cli, cli_inputs_t *in, const anp_session_t *session) {
    for (uint32_t i = 0; i < in->n_slots; i++) {
        cli_slot_t *slot = &in->slots[i];
        anp_tensor_t out;
        uint64_t bytes;
        if (!slot->is_state) continue;
        CLI_TRY(cli_api(cli, anp_session_get_output(session, slot->state_output, &out)));
        CLI_TRY(cli_api(cli, anp_tensor_bytes(&out, &bytes)));
        if (out.kind != ANP_KIND_TENSOR || out.dtype == ANP_DTYPE_STRING)
            return cli_fail(cli, CLI_BAD_INPUT, "state '%s' is no tensor of numbers",
                            slot->info.name);
        if (bytes != slot->owned_bytes || !slot->owned) {
            free(slot->owned);
            slot->owned = cli_new(bytes, 1);
            slot->owned_bytes = bytes;
            if (!slot->owned) return cli_no_memory(cli);
        }
        if (bytes) memcpy(slot->owned, out.data, bytes);
        slot->view = out;
        slot->view.data = slot->owned;
    }
    return CLI_DONE;
}

void cli_inputs_release(cli_inputs_t *in) {
    for (uint32_t i = 0; in->slots && i < in->n_slots; i++) {
        cli_files_release(&in->slots[i].files);
        anp_tensor_file_release(in->slots[i].file);
        free(in->slots[i].owned);
    }
    free(in->slots);
    memset(in, 0, sizeof *in);
}

cli_exit_t cli_run(cli_t *cli, anp_session_t *session) {
    const anp_run_options_t options = {.cancel = cli_interrupted()};
    return cli_api(cli, anp_session_run(session, &options));
}
