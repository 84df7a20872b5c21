/* SPDX-License-Identifier: Apache-2.0 */
/* A program of somebody else: compiles a model to a package with the installed library, loads it,
 * runs it, prints the answer. */
#include <anput/anput.h>
#include <stdio.h>

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, anp_error_message());
    return 1;
}

static int run(anp_context_t *ctx, const char *package) {
    static float pixels[28 * 28];
    const anp_tensor_t image = {
        .data = pixels, .dtype = ANP_DTYPE_F32, .rank = 4, .dims = {1, 1, 28, 28}};
    anp_model_t *model = NULL;
    anp_session_t *session = NULL;
    anp_tensor_t logits = {.data = NULL};
    int status = 0;
    if (anp_model_load(ctx, package, NULL, &model) != ANP_OK ||
        anp_session_create(model, NULL, &session) != ANP_OK ||
        anp_session_set_input(session, 0, &image) != ANP_OK ||
        anp_session_run(session, NULL) != ANP_OK ||
        anp_session_get_output(session, 0, &logits) != ANP_OK)
        status = fail("run");
    else
        printf("anput %s: %lld logits, the first %g\n", anp_version(), (long long)logits.dims[1],
               ((const float *)logits.data)[0]);
    anp_session_release(session);
    anp_model_release(model);
    return status;
}

#ifndef RUNTIME_ONLY
static int compile(anp_context_t *ctx, const char *onnx, const char *package) {
    anp_graph_t *graph = NULL;
    int status = 0;
    if (anp_model_import(onnx, NULL, &graph) != ANP_OK ||
        anp_compile_package(ctx, graph, NULL, package) != ANP_OK)
        status = fail("compile");
    anp_graph_release(graph);
    return status;
}
#endif

/* usage: outside MODEL.onnx PACKAGE    with libanput-rt alone the package must be there already */
int main(int argc, char **argv) {
    anp_context_t *ctx = NULL;
    if (argc != 3) return 2;
    if (anp_context_create(NULL, &ctx) != ANP_OK) return fail("context");
    int status = 0;
#ifndef RUNTIME_ONLY
    status = compile(ctx, argv[1], argv[2]);
#endif
    if (status == 0) status = run(ctx, argv[2]);
    anp_context_release(ctx);
    return status;
}
