/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training with Anput alone: a graph with the gradients of its loss and Adam in it runs in a loop,
 * its weights being states that each run changes in place.
 */
#include "digits.h"
#include "lenet.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 50, EXIT_SKIP = 77 };

typedef struct options_t {
    const char *train, *test, *package;
    int64_t epochs, digits, at_least; /* at_least: hundredths of a percent to be reached */
    uint64_t seed;
} options_t;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- reading digits with the weights of the moment ---- */

static int64_t count_right(const anp_tensor_t *logits, const int64_t *labels) {
    const float *scores = logits->data;
    int64_t right = 0;
    for (int64_t i = 0; i < logits->dims[0]; i++, scores += DIGIT_CLASSES) {
        int best = 0;
        for (int k = 1; k < DIGIT_CLASSES; k++)
            if (scores[k] > scores[best]) best = k;
        right += best == labels[i];
    }
    return right;
}

static anp_status_t read_digits(anp_session_t *session, const digits_t *d, int64_t *out_right) {
    anp_tensor_t logits, image = {.dtype = ANP_DTYPE_F32, .rank = 4};
    *out_right = 0;
    for (int64_t at = 0; at < d->count; at += BATCH) {
        const int64_t n = d->count - at < BATCH ? d->count - at : BATCH;
        const int64_t dims[] = {n, 1, DIGIT_SIDE, DIGIT_SIDE};
        memcpy(image.dims, dims, sizeof dims);
        image.data = d->images + at * DIGIT_PIXELS;
        anp_status_t st = anp_session_set_input(session, 0, &image);
        if (st == ANP_OK) st = anp_session_run(session, NULL);
        if (st == ANP_OK) st = anp_session_get_output(session, 0, &logits);
        if (st != ANP_OK) return st;
        *out_right += count_right(&logits, d->labels + at);
    }
    return ANP_OK;
}

static anp_status_t test(anp_context_t *ctx, float *const weights[LENET_PARAMS],
                         const digits_t *digits, int64_t *out_right) {
    anp_graph_t *graph = NULL;
    anp_model_t *model = NULL;
    anp_session_t *session = NULL;
    anp_status_t st = lenet_reading(weights, &graph);
    if (st == ANP_OK) st = anp_compile_model(ctx, graph, NULL, NULL, &model);
    if (st == ANP_OK) graph = NULL; /* the model has taken it */
    if (st == ANP_OK) st = anp_session_create(model, NULL, &session);
    if (st == ANP_OK) st = read_digits(session, digits, out_right);
    anp_session_release(session);
    anp_model_release(model);
    anp_graph_release(graph);
    return st;
}

/* The trained network, for image files: white digits on black. */
static anp_status_t write_package(anp_context_t *ctx, float *const weights[LENET_PARAMS],
                                  const char *path) {
    const anp_preprocess_t image = {
        .enabled = true, .color = "gray", .resize = "stretch", .scale = 1 / 255.0F};
    const anp_compile_options_t options = {.preprocess = &image};
    anp_graph_t *graph = NULL;
    anp_status_t st = lenet_reading(weights, &graph);
    if (st == ANP_OK) st = anp_compile_package(ctx, graph, &options, path);
    anp_graph_release(graph);
    return st;
}

/* ---- training ---- */

typedef struct training_t {
    anp_session_t *session;
    const digits_t *digits;
    int64_t *order; /* of the digits in this epoch */
    uint64_t random;
    int64_t step, steps;
    float images[BATCH * DIGIT_PIXELS];
    int64_t labels[BATCH];
} training_t;

static void shuffle(training_t *t) {
    for (int64_t i = t->digits->count - 1; i > 0; i--) {
        t->random = t->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const int64_t k = (int64_t)((t->random >> 33) % (uint64_t)(i + 1)), was = t->order[i];
        t->order[i] = t->order[k];
        t->order[k] = was;
    }
}

/* One batch, from place `at` of the order on. The rate falls to zero. */
static anp_status_t train_batch(training_t *t, int64_t at, double *inout_loss) {
    float rate = 0.002F * (1 - (float)t->step / (float)t->steps);
    const anp_tensor_t in[] = {
        {.data = t->images, .dtype = ANP_DTYPE_F32, .rank = 4, .dims = {BATCH, 1, 28, 28}},
        {.data = t->labels, .dtype = ANP_DTYPE_I64, .rank = 1, .dims = {BATCH}},
        {.data = &rate, .dtype = ANP_DTYPE_F32, .rank = 0}};
    anp_tensor_t loss;
    for (int64_t i = 0; i < BATCH; i++) {
        const int64_t from = t->order[at + i];
        memcpy(t->images + i * DIGIT_PIXELS, t->digits->images + from * DIGIT_PIXELS,
               DIGIT_PIXELS * sizeof *t->images);
        t->labels[i] = t->digits->labels[from];
    }
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < 3 && st == ANP_OK; i++)
        st = anp_session_set_input(t->session, i, &in[i]);
    if (st == ANP_OK) st = anp_session_run(t->session, NULL);
    if (st == ANP_OK) st = anp_session_get_output(t->session, 0, &loss);
    if (st == ANP_OK) *inout_loss += *(const float *)loss.data;
    t->step++;
    return st;
}

/* A line that is written over, where somebody watches. */
static void show_progress(const training_t *t, int64_t epoch, int64_t at, double loss) {
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\repoch %lld: %lld of %lld digits, loss %.4f ", (long long)epoch,
                (long long)at, (long long)t->digits->count, loss);
}

static anp_status_t train_epoch(training_t *t, int64_t epoch, double *out_loss) {
    int64_t batches = 0;
    double sum = 0;
    shuffle(t);
    for (int64_t at = 0; at + BATCH <= t->digits->count; at += BATCH) {
        const anp_status_t st = train_batch(t, at, &sum);
        if (st != ANP_OK) return st;
        show_progress(t, epoch, at + BATCH, sum / (double)++batches);
    }
    if (isatty(STDERR_FILENO)) fprintf(stderr, "\r%60s\r", "");
    *out_loss = sum / (double)batches;
    return ANP_OK;
}

/* The weights are states under their names. */
static anp_status_t read_weights(anp_session_t *session, float *const weights[LENET_PARAMS]) {
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < anp_session_state_count(session) && st == ANP_OK; i++) {
        anp_io_info_t info;
        st = anp_session_state_info(session, i, &info);
        for (uint32_t p = 0; p < LENET_PARAMS && st == ANP_OK; p++)
            if (strcmp(info.name, lenet_params[p].name) == 0)
                st = anp_session_state_read(session, i, weights[p],
                                            (uint64_t)lenet_elems(p) * sizeof(float));
    }
    return st;
}

static anp_status_t train(anp_context_t *ctx, const options_t *o, training_t *t,
                          float *const weights[LENET_PARAMS], const digits_t *test_digits,
                          int64_t *out_right) {
    anp_status_t st = ANP_OK;
    double loss = 0;
    for (int64_t epoch = 1; epoch <= o->epochs && st == ANP_OK; epoch++) {
        const double start = seconds();
        st = train_epoch(t, epoch, &loss);
        const double took = seconds() - start;
        if (st == ANP_OK) st = read_weights(t->session, weights);
        if (st == ANP_OK) st = test(ctx, weights, test_digits, out_right);
        if (st == ANP_OK)
            printf("epoch %lld: loss %.4f, %lld of %lld test digits right, %.1f s\n",
                   (long long)epoch, loss, (long long)*out_right, (long long)test_digits->count,
                   took);
        fflush(stdout);
    }
    return st;
}

static anp_status_t run(const options_t *o, training_t *t, const digits_t *test_digits,
                        float *weights[LENET_PARAMS], int64_t *out_right) {
    anp_context_t *ctx = NULL;
    anp_graph_t *graph = NULL;
    anp_model_t *model = NULL;
    anp_status_t st = anp_context_create(NULL, &ctx);
    if (st == ANP_OK) st = lenet_training(BATCH, weights, &graph);
    if (st == ANP_OK) st = anp_compile_model(ctx, graph, NULL, NULL, &model);
    if (st == ANP_OK) graph = NULL;
    if (st == ANP_OK) st = anp_session_create(model, NULL, &t->session);
    if (st == ANP_OK) st = train(ctx, o, t, weights, test_digits, out_right);
    if (st == ANP_OK && o->package) st = write_package(ctx, weights, o->package);
    anp_session_release(t->session);
    anp_model_release(model);
    anp_graph_release(graph);
    anp_context_release(ctx);
    return st;
}

/* ---- the command ---- */

static int usage(void) {
    fputs("usage: train_lenet TRAIN_DIR TEST_DIR [PACKAGE] [--epochs N] [--digits N] [--seed N]\n"
          "                   [--at-least HUNDREDTHS_OF_A_PERCENT]\n"
          "TRAIN_DIR has train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz, TEST_DIR the "
          "two\n"
          "t10k files of MNIST; PACKAGE is written.\n",
          stderr);
    return 2;
}

static int read_number(const char *text, int64_t *out) {
    char *end;
    *out = strtoll(text, &end, 10);
    return *text && !*end && *out >= 0;
}

static int read_options(int argc, char **argv, options_t *o) {
    const char **const places[] = {&o->train, &o->test, &o->package};
    int n_places = 0;
    for (int i = 1; i < argc; i++) {
        int64_t seed, *number = strcmp(argv[i], "--epochs") == 0     ? &o->epochs
                                : strcmp(argv[i], "--digits") == 0   ? &o->digits
                                : strcmp(argv[i], "--at-least") == 0 ? &o->at_least
                                : strcmp(argv[i], "--seed") == 0     ? &seed
                                                                     : NULL;
        if (!number && (argv[i][0] == '-' || n_places == 3)) return 0;
        if (!number) {
            *places[n_places++] = argv[i];
            continue;
        }
        if (++i == argc || !read_number(argv[i], number)) return 0;
        if (number == &seed) o->seed = (uint64_t)seed;
    }
    return n_places >= 2;
}

static int train_and_report(const options_t *o, training_t *t, const digits_t *test_digits) {
    float *weights[LENET_PARAMS];
    int64_t right = 0;
    int status = 1;
    t->order = malloc((size_t)t->digits->count * sizeof *t->order);
    for (int64_t i = 0; t->order && i < t->digits->count; i++) t->order[i] = i;
    t->steps = o->epochs * (t->digits->count / BATCH);
    if (lenet_init(o->seed, weights) && t->order) {
        const anp_status_t st = run(o, t, test_digits, weights, &right);
        if (st != ANP_OK) fprintf(stderr, "%s: %s\n", anp_status_text(st), anp_error_message());
        status = st != ANP_OK;
    }
    if (status == 0 && right * 10000 < o->at_least * test_digits->count) {
        fprintf(stderr, "%lld of %lld is less than the %.2f %% asked for\n", (long long)right,
                (long long)test_digits->count, (double)o->at_least / 100);
        status = 1;
    }
    for (uint32_t p = 0; p < LENET_PARAMS; p++) free(weights[p]);
    free(t->order);
    return status;
}

int main(int argc, char **argv) {
    static training_t training;
    options_t o = {.epochs = 8, .digits = 1 << 20, .seed = 1};
    digits_t train_digits = {0}, test_digits = {0};
    if (!read_options(argc, argv, &o)) return usage();
    const char *failure = digits_read(o.train, "train", o.digits, &train_digits);
    if (!failure) failure = digits_read(o.test, "t10k", o.digits, &test_digits);
    int status = EXIT_SKIP;
    if (failure) {
        printf("skipped: %s; README.md says where the digits are from\n", failure);
    } else {
        training.digits = &train_digits;
        training.random = o.seed;
        status = train_and_report(&o, &training, &test_digits);
    }
    digits_release(&train_digits);
    digits_release(&test_digits);
    return status;
}
