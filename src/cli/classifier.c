/* SPDX-License-Identifier: Apache-2.0 */
/* Image files in, names and probabilities out. */
#include "classifier.h"
#include "cli_inputs.h"
#include "cli_signals.h"
#include "cli_source.h"
#include <string.h>

static cli_exit_t read_labels(cli_t *cli, const char *path, const anp_model_t *model,
                              app_labels_t *out) {
    if (path) return cli_api(cli, app_labels_read(path, out));
    return cli_api(cli, app_labels_parse(anp_model_meta(model, APP_LABELS_KEY), out));
}

cli_exit_t classifier_open(cli_t *cli, anp_model_t *model, const char *labels_path, uint32_t top,
                           classifier_t *out) {
    uint32_t n_inputs;
    memset(out, 0, sizeof *out);
    out->model = model;
    out->top = top;
    CLI_TRY(cli_api(cli, anp_model_input_count(model, NULL, &n_inputs)));
    if (n_inputs != 1)
        return cli_fail(cli, CLI_BAD_INPUT,
                        "the model has %u inputs, a classifier of files has one", n_inputs);
    CLI_TRY(cli_api(cli, anp_model_input(model, NULL, 0, &out->input)));
    CLI_TRY(read_labels(cli, labels_path, model, &out->labels));
    const cli_exit_t code = cli_api(cli, anp_session_create(model, NULL, &out->session));
    if (code != CLI_DONE) classifier_release(out);
    return code;
}

void classifier_release(classifier_t *c) {
    anp_session_release(c->session);
    app_labels_release(&c->labels);
    memset(c, 0, sizeof *c);
}

static cli_exit_t classify_tensor(cli_t *cli, classifier_t *c, const anp_tensor_t *t,
                                  const char *path, app_class_t *out, uint32_t *out_n) {
    anp_tensor_t scores;
    anp_status_t st = anp_session_set_input(c->session, 0, t);
    if (st == ANP_OK) {
        const anp_run_options_t options = {.cancel = cli_interrupted()};
        st = anp_session_run(c->session, &options);
    }
    if (st == ANP_OK) st = anp_session_get_output(c->session, 0, &scores);
    if (st == ANP_OK) st = app_classes_best(&scores, 0, c->top, out, out_n);
    if (st == ANP_OK || st == ANP_CANCELLED) return cli_api(cli, st);
    return cli_fail(cli, cli_exit_of(st), "%s (file '%s')", anp_error_message(), path);
}

cli_exit_t classifier_bytes(cli_t *cli, classifier_t *c, const void *bytes, size_t n,
                            app_class_t *out, uint32_t *out_n) {
    const anp_tensor_t t = {.data = (void *)(uintptr_t)bytes, /* read only */
                            .dtype = ANP_DTYPE_U8,
                            .rank = 1,
                            .dims = {(int64_t)n}};
    return classify_tensor(cli, c, &t, "an image of the data set", out, out_n);
}

cli_exit_t classifier_file(cli_t *cli, classifier_t *c, const char *path, app_class_t *out,
                           uint32_t *out_n) {
    static const cli_list_t no_dims = {0};
    anp_tensor_file_t *file;
    CLI_TRY(cli_open_tensor(cli, &c->input, &no_dims, path, &file));
    const cli_exit_t code = classify_tensor(cli, c, anp_tensor_file_get(file), path, out, out_n);
    anp_tensor_file_release(file);
    return code;
}

static const char *label_of(const classifier_t *c, int64_t index, char *number) {
    if (index < c->labels.n) return c->labels.names[index];
    snprintf(number, CLI_SIZE_TEXT, "class %lld", (long long)index);
    return number;
}

void classifier_answer(cli_t *cli, const classifier_t *c, const char *path, const app_class_t *best,
                       uint32_t n, jout_t *j) {
    char text[1024] = "", number[CLI_SIZE_TEXT];
    size_t at = 0;
    if (j) {
        jout_object(j, NULL, true);
        jout_text(j, "file", path);
        jout_array(j, "classes", true);
    }
    for (uint32_t i = 0; i < n; i++) {
        const char *label = label_of(c, best[i].index, number);
        if (j) {
            jout_object(j, NULL, true);
            jout_int(j, "class", best[i].index);
            jout_text(j, "label", label);
            jout_real(j, "probability", best[i].probability);
            jout_object_end(j);
        } else if (at < sizeof text) {
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%.80s %.1f %%", i ? ", " : "",
                                   label, best[i].probability * 100);
        }
    }
    if (j) {
        jout_array_end(j);
        jout_object_end(j);
    } else {
        cli_say(cli, "  %s: %s", path, text);
    }
}
