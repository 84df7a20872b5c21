/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of loaded operators share. */
#include "user_ops_fixture.h"
#include <stdio.h>
#include <stdlib.h>

void uo_ok(anp_status_t st) {
    if (st != ANP_OK) fail_msg("%s", anp_error_message());
}

const char *uo_path(const char *name) {
    static char paths[4][1024];
    static unsigned next;
    char *path = paths[next++ % 4];
    const char *build = getenv("ANPUT_TEST_BUILD");
    snprintf(path, sizeof paths[0], "%s/%s", build ? build : "build", name);
    return path;
}

anp_context_t *uo_context(const char *const *libraries) {
    anp_context_t *ctx;
    const anp_context_options_t o = {
        .threads = 2, .driver_path = getenv("ANPUT_TEST_DRIVERS"), .ignore_environment = true};
    uo_ok(anp_context_create(&o, &ctx));
    for (uint32_t i = 0; libraries && libraries[i]; i++)
        uo_ok(anp_context_load_ops(ctx, uo_path(libraries[i])));
    return ctx;
}

anp_tensor_t uo_tensor(const float *data, uint32_t rank, const int64_t *dims) {
    anp_tensor_t t = {
        .data = (void *)(uintptr_t)data, .dtype = ANP_DTYPE_F32, .rank = (uint8_t)rank};
    for (uint32_t i = 0; i < rank; i++) t.dims[i] = dims[i];
    return t;
}

static anp_status_t build(const uo_case_t *c, anp_graph_t *g) {
    static const char *const symbol[ANP_RANK_MAX] = {"N"};
    anp_value_t *in[5] = {NULL}, *out[4] = {NULL};
    uint32_t n = 0;
    anp_status_t st = anp_graph_use_ops(g, anp_context_ops(c->ctx));
    for (; st == ANP_OK && n < c->n_in; n++) {
        char name[16];
        snprintf(name, sizeof name, "x%u", n);
        const anp_tensor_t *t = &c->in[n];
        st = anp_graph_input(g, name, (anp_dtype_t)t->dtype, t->rank, t->dims,
                             c->free_sizes && t->rank ? symbol : NULL, &in[n]);
    }
    if (st == ANP_OK && c->constant) st = anp_graph_constant(g, "c", c->constant, true, &in[n++]);
    if (st == ANP_OK)
        st = anp_graph_op(g, c->domain, c->op, "node", in, n, c->attrs, c->n_attrs, out, c->n_out);
    for (uint32_t i = 0; st == ANP_OK && i < c->n_out; i++) {
        char name[16];
        snprintf(name, sizeof name, "y%u", i);
        st = anp_graph_output(g, name, out[i]);
    }
    return st;
}

static anp_status_t load(uo_case_t *c, anp_model_t **out_model) {
    anp_graph_t *g = NULL;
    const anp_model_options_t options = {.device = c->device};
    uo_ok(anp_graph_create(&g));
    anp_status_t st = build(c, g);
    if (st == ANP_OK) st = anp_compile_model(c->ctx, g, NULL, &options, out_model);
    if (st != ANP_OK) anp_graph_release(g);
    return st;
}

anp_status_t uo_run(uo_case_t *c) {
    anp_model_t *model = NULL;
    if (c->n_out == 0) c->n_out = 1;
    c->session = NULL;
    anp_status_t st = load(c, &model);
    if (st == ANP_OK) st = anp_session_create(model, NULL, &c->session);
    for (uint32_t i = 0; st == ANP_OK && i < c->n_in; i++)
        st = anp_session_set_input(c->session, i, &c->in[i]);
    if (st == ANP_OK) st = anp_session_run(c->session, NULL);
    anp_model_release(model);
    return st;
}

void uo_end(uo_case_t *c) {
    anp_session_release(c->session);
    c->session = NULL;
}
