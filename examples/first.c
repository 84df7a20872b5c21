/* SPDX-License-Identifier: Apache-2.0 */
/* The whole way: a model is imported, compiled to a package, loaded and run on an image file. */
#include <anput/anput.h>
#include <stdio.h>

static void print_largest(const anp_tensor_t *scores) {
    const float *score = scores->data;
    int best = 0;
    for (int i = 1; i < (int)scores->dims[scores->rank - 1]; i++)
        if (score[i] > score[best]) best = i;
    printf("class %d\n", best);
}

static anp_status_t first(const char *onnx, const char *package, const anp_tensor_t *file) {
    const anp_preprocess_t image = {
        .enabled = true, .color = "gray", .resize = "stretch", .scale = 1 / 255.0F};
    const anp_compile_options_t options = {.preprocess = &image};
    anp_context_t *ctx = NULL;
    anp_graph_t *graph = NULL;
    anp_model_t *model = NULL;
    anp_session_t *session = NULL;
    anp_tensor_t scores; /* lent by the session until its next run */
    anp_status_t st = anp_context_create(NULL, &ctx);
    if (st == ANP_OK) st = anp_model_import(onnx, NULL, &graph);
    if (st == ANP_OK) st = anp_compile_package(ctx, graph, &options, package);
    if (st == ANP_OK) st = anp_model_load(ctx, package, NULL, &model);
    if (st == ANP_OK) st = anp_session_create(model, NULL, &session);
    if (st == ANP_OK) st = anp_session_set_input(session, 0, file);
    if (st == ANP_OK) st = anp_session_run(session, NULL);
    if (st == ANP_OK) st = anp_session_get_output(session, 0, &scores);
    if (st == ANP_OK) print_largest(&scores);
    anp_session_release(session); /* each takes NULL */
    anp_model_release(model);
    anp_graph_release(graph);
    anp_context_release(ctx);
    return st;
}

/* usage: first MODEL.onnx PACKAGE IMAGE    MODEL reads a grey image, PACKAGE is written */
int main(int argc, char **argv) {
    static unsigned char bytes[1 << 20];
    if (argc != 4) return 2;
    FILE *in = fopen(argv[3], "rb");
    if (!in) return 3;
    const int64_t n_bytes = (int64_t)fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    const anp_tensor_t file = {.data = bytes, .dtype = ANP_DTYPE_U8, .rank = 1, .dims = {n_bytes}};
    const anp_status_t st = first(argv[1], argv[2], &file);
    if (st != ANP_OK) fprintf(stderr, "%s: %s\n", anp_status_text(st), anp_error_message());
    return st == ANP_OK ? 0 : 1;
}
