/* SPDX-License-Identifier: Apache-2.0 */
/* anput classify: names and probabilities for image files; accuracy on a data set. */
#include "app/bmp.h"
#include "app/idx.h"
#include "classifier.h"
#include "cli_progress.h"
#include "cli_source.h"
#include "cmd.h"
#include <stdlib.h>
#include <string.h>

typedef struct classify_args_t {
    cli_source_args_t source;
    const char *labels, *images, *truth;
    int64_t top;
    double min_accuracy;
} classify_args_t;

#define AT(field) offsetof(classify_args_t, field)
static const cli_option_t own_options[] = {
    {"top", "K", "how many classes to print", "3", AT(top), CLI_COUNT, 0},
    {"labels", "FILE", "names of the classes, one per line (default: the model's own)", NULL,
     AT(labels), CLI_TEXT, 0},
    {"idx", "IMAGES", "a data set of images in IDX form, plain or gzipped", NULL, AT(images),
     CLI_TEXT, 0},
    {"idx-labels", "LABELS", "its right answers", NULL, AT(truth), CLI_TEXT, 0},
    {"min-accuracy", "X", "fail (status 1) below this share of right answers", NULL,
     AT(min_accuracy), CLI_REAL, 0},
    {0},
};
#undef AT
static const cli_group_t groups[] = {
    {own_options, 0},
    {cli_source_options, offsetof(classify_args_t, source)},
    {cli_image_options, offsetof(classify_args_t, source)},
    {0},
};

/* Every file is tried; the first failure is the status. */
static cli_exit_t classify_files(cli_t *cli, classifier_t *c, const char *const *paths, uint32_t n,
                                 jout_t *j) {
    cli_exit_t code = CLI_DONE;
    if (j) jout_array(j, "answers", false);
    for (uint32_t i = 0; i < n; i++) {
        app_class_t best[APP_TOP_MAX];
        uint32_t found;
        const cli_exit_t one = classifier_file(cli, c, paths[i], best, &found);
        if (one == CLI_INTERRUPTED) return one;
        if (one == CLI_DONE) classifier_answer(cli, c, paths[i], best, found, j);
        if (code == CLI_DONE) code = one;
    }
    if (j) jout_array_end(j);
    return code;
}

/* ---- a data set ---- */
typedef struct score_t {
    uint32_t right, n;
    uint64_t ns;
} score_t;

static cli_exit_t classify_image(cli_t *cli, classifier_t *c, const app_idx_t *images, uint32_t i,
                                 int64_t *out_class) {
    app_class_t best[APP_TOP_MAX];
    uint32_t found;
    uint8_t *bytes;
    size_t n;
    const uint8_t *pixels = images->data + (size_t)images->width * images->height * i;
    CLI_TRY(cli_api(cli, app_bmp_make(pixels, images->width, images->height, &bytes, &n)));
    const cli_exit_t code = classifier_bytes(cli, c, bytes, n, best, &found);
    free(bytes);
    *out_class = code == CLI_DONE ? best[0].index : -1;
    return code;
}

static cli_exit_t score_set(cli_t *cli, classifier_t *c, const app_idx_t *images,
                            const app_idx_t *truth, score_t *out) {
    cli_progress_t bar;
    cli_exit_t code = CLI_DONE;
    if (images->count != truth->count)
        return cli_fail(cli, CLI_BAD_INPUT, "%u images and %u labels do not belong together",
                        images->count, truth->count);
    const uint64_t start = cli_now_ns();
    cli_progress_start(&bar, cli, "classify", "images");
    for (uint32_t i = 0; i < images->count && code == CLI_DONE; i++) {
        int64_t answer = -1;
        code = classify_image(cli, c, images, i, &answer);
        out->right += answer == truth->data[i];
        out->n++;
        cli_progress_step(&bar, out->n, images->count, "");
    }
    cli_progress_stop(&bar);
    out->ns = cli_now_ns() - start;
    return code;
}

static cli_exit_t classify_set(cli_t *cli, const classify_args_t *args, classifier_t *c,
                               jout_t *j) {
    app_idx_t images = {0}, truth = {0};
    score_t score = {0};
    cli_exit_t code;
    const char *image_input = anp_model_meta(c->model, "image_input");
    if (!image_input)
        return cli_fail(cli, CLI_BAD_INPUT,
                        "the model takes no image files: say how images are prepared with --image "
                        "gray|rgb|bgr");
    CLI_TRY_OUT(code, cli_api(cli, app_idx_read_images(args->images, &images)));
    CLI_TRY_OUT(code, cli_api(cli, app_idx_read_labels(args->truth, &truth)));
    CLI_TRY_OUT(code, score_set(cli, c, &images, &truth, &score));
    const double accuracy = (double)score.right / score.n;
    if (j) {
        jout_int(j, "images", score.n);
        jout_int(j, "right", score.right);
        jout_real(j, "accuracy", accuracy);
        jout_real(j, "images_per_second", score.n / ((double)score.ns * 1e-9));
    } else {
        cli_say(cli, "%u of %u right: accuracy %.2f %%, %.0f images/s", score.right, score.n,
                accuracy * 100, score.n / ((double)score.ns * 1e-9));
    }
    if (accuracy < args->min_accuracy) code = CLI_NO;
out:
    app_idx_release(&images);
    app_idx_release(&truth);
    return code;
}

static cli_exit_t execute(cli_t *cli, const classify_args_t *args, classifier_t *c,
                          const char *const *files, uint32_t n) {
    jout_t writer, *j = cli->common.json ? &writer : NULL;
    cli_exit_t code;
    if (j) {
        jout_begin(j, cli->out);
        jout_object(j, NULL, false);
    }
    code = args->images ? classify_set(cli, args, c, j) : classify_files(cli, c, files, n, j);
    if (j) {
        jout_object_end(j);
        jout_end(j);
    }
    return code;
}

static cli_exit_t run(cli_t *cli, const void *arguments, const char *const *operands, uint32_t n) {
    const classify_args_t *args = arguments;
    cli_loaded_t loaded;
    classifier_t c;
    if (args->top < 1 || args->top > APP_TOP_MAX)
        return cli_usage(cli, "--top %lld: 1 to %d", (long long)args->top, APP_TOP_MAX);
    if (!args->images != !args->truth)
        return cli_usage(cli, "--idx and --idx-labels belong together");
    if (args->images ? n != 1 : n < 2)
        return cli_usage(cli, args->images ? "--idx takes no other files" : "an image is missing");
    CLI_TRY(cli_load(cli, operands[0], cli_device_id(cli), &args->source, &loaded));
    cli_exit_t code = classifier_open(cli, loaded.model, args->labels, (uint32_t)args->top, &c);
    if (code == CLI_DONE) {
        code = execute(cli, args, &c, operands + 1, n - 1);
        classifier_release(&c);
    }
    cli_loaded_release(&loaded);
    return code;
}

const cli_verb_t cmd_classify = {
    .name = "classify",
    .summary = "name what is on images, or measure the accuracy on a data set",
    .usage = "PACKAGE|MODEL IMAGE... | --idx IMAGES --idx-labels LABELS",
    .examples =
        "lenet.anp digit.png photo.jpg\n"
        "mobilenet.onnx cat.jpg --image rgb --resize crop --scale 1/255 --labels names.txt\n"
        "lenet.anp --idx t10k-images.gz --idx-labels t10k-labels.gz --min-accuracy 0.988\n",
    .groups = groups,
    .args_bytes = sizeof(classify_args_t),
    .min_operands = 1,
    .max_operands = UINT32_MAX,
    .operands = "a package or model",
    .output_is_report = true,
    .run = run,
};
