/* SPDX-License-Identifier: Apache-2.0 */
/* A network on the driver: asking, compiling, loading. */
#include "cts_net.h"
#include "cts_program.h"
#include <string.h>

/* ---- asking ---- */

static cts_verdict_t check_answers(cts_t *t, const cts_net_t *net, const anp_drv_answer_t *answers,
                                   bool *out_group) {
    for (uint32_t i = 0; i < net->n_nodes; i++) {
        const anp_drv_answer_t *a = &answers[i];
        CTS_REQUIRE(t, memchr(a->reason, '\0', sizeof a->reason), "the reason for %s does not end",
                    net->nodes[i].op->name);
        CTS_REQUIRE(t, a->yes || a->reason[0], "says no to %s without a sentence",
                    net->nodes[i].op->name);
        CTS_REQUIRE(t, a->cost_ns >= 0, "the cost of %s is negative", net->nodes[i].op->name);
    }
    for (uint32_t i = 0; i < net->n_nodes; i++)
        if (!answers[i].yes) CTS_SKIPPED(t, "%s", answers[i].reason);
    *out_group = answers[0].group != 0;
    for (uint32_t i = 1; i < net->n_nodes; i++)
        CTS_REQUIRE(t, answers[i].group == answers[0].group,
                    "nodes that follow each other are in groups %u and %u",
                    (unsigned)answers[0].group, (unsigned)answers[i].group);
    return CTS_PASS;
}

cts_verdict_t cts_model_query(cts_t *t, cts_net_t *net, cts_model_t **out) {
    anp_drv_answer_t *answers = cts_alloc(t, net->n_nodes * sizeof *answers);
    cts_model_t *m = cts_alloc(t, sizeof *m);
    void *program = NULL;
    uint64_t bytes = 0;
    *m = (cts_model_t){.t = t, .net = net, .next = t->models};
    t->models = m;
    *out = m;
    CTS_OK(t, anp_program_writer_create(&m->writer));
    CTS_OK(t, cts_program_write(m->writer, net, &m->attr_consts));
    CTS_OK(t, anp_program_writer_finish(m->writer, &program, &bytes));
    const anp_status_t st = t->d->query(t->drv, t->info.target, program, bytes, answers);
    anp_free(program);
    if (st != ANP_OK) CTS_FAILED(t, "query gives %s: %s", anp_status_name(st), anp_error_message());
    return check_answers(t, net, answers, &m->group);
}

/* ---- compiling ---- */

static anp_status_t give_const(void *user, uint32_t id, const void **out_data,
                               uint64_t *out_bytes) {
    const cts_model_t *m = user;
    const anp_tensor_t *t = NULL;
    for (uint32_t i = 0; i < m->net->n_values; i++)
        if (m->net->values[i].is_const && m->net->values[i].const_id == id)
            t = &m->net->values[i].t;
    for (uint32_t i = 0; i < m->attr_consts.n; i++)
        if (m->attr_consts.ids[i] == id) t = m->attr_consts.tensors[i];
    if (!t) ANP_FAIL(ANP_OUT_OF_RANGE, "constant %u does not exist", (unsigned)id);
    *out_data = t->data;
    return anp_tensor_bytes(t, out_bytes);
}

static anp_status_t take_blob(void *user, const void *data, uint64_t bytes, uint32_t *out_blob) {
    cts_model_t *m = user;
    if (m->n_blobs == ANP_ARRAY_LEN(m->blobs))
        ANP_FAIL(ANP_LIMIT, "more than %zu blobs", ANP_ARRAY_LEN(m->blobs));
    *out_blob = m->n_blobs;
    m->blobs[m->n_blobs] = cts_alloc(m->t, bytes);
    memcpy(m->blobs[m->n_blobs], data, (size_t)bytes);
    m->blob_bytes[m->n_blobs++] = bytes;
    return ANP_OK;
}

static anp_status_t assign(void *user, uint32_t partition, uint32_t blob, uint32_t entry) {
    cts_model_t *m = user;
    if (partition != 0 || blob >= m->n_blobs)
        ANP_FAIL(ANP_OUT_OF_RANGE, "partition %u in blob %u", (unsigned)partition, (unsigned)blob);
    anp_p_partition_t *p = anp_program_writer_partition(m->writer, partition);
    p->blob = blob;
    p->entry = entry;
    return ANP_OK;
}

static anp_status_t progress(void *user, double done, const char *what) {
    cts_model_t *m = user;
    (void)done, (void)what;
    if (++m->progress_calls == m->cancel_at) ANP_FAIL(ANP_CANCELLED, "cancelled by the test");
    return ANP_OK;
}

static anp_status_t write_again(cts_model_t *m) {
    anp_free(m->program);
    m->program = NULL;
    return anp_program_writer_finish(m->writer, &m->program, &m->program_bytes);
}

anp_status_t cts_model_compile(cts_model_t *m, const int64_t *n, uint32_t count) {
    const cts_t *t = m->t;
    static const uint32_t partitions[] = {0};
    anp_drv_shape_bucket_t buckets[8];
    ANP_TRY(cts_program_partition(m->writer, m->net, &m->attr_consts, t->d->name, t->info.target,
                                  m->group));
    ANP_TRY(write_again(m));
    for (uint32_t i = 0; i < count; i++) buckets[i] = (anp_drv_shape_bucket_t){&n[i], 1};
    const anp_drv_compile_t request = {.struct_size = sizeof request,
                                       .program = m->program,
                                       .program_bytes = m->program_bytes,
                                       .target = t->info.target,
                                       .partitions = partitions,
                                       .n_partitions = 1,
                                       .buckets = buckets,
                                       .n_buckets = count,
                                       .user = m,
                                       .const_get = give_const,
                                       .emit = take_blob,
                                       .assign = assign,
                                       .progress = progress};
    ANP_TRY(t->d->compile(t->drv, &request));
    return write_again(m);
}

/* ---- loading ---- */

anp_status_t cts_model_load_on(cts_model_t *m, anp_drv_device_t *dev,
                               anp_drv_module_t **out_module) {
    static const uint32_t partitions[] = {0};
    const anp_drv_load_t load = {.struct_size = sizeof load,
                                 .program = m->program,
                                 .program_bytes = m->program_bytes,
                                 .blobs = (const void *const *)m->blobs,
                                 .blob_bytes = m->blob_bytes,
                                 .n_blobs = m->n_blobs,
                                 .partitions = partitions,
                                 .n_partitions = 1,
                                 .user = m,
                                 .const_get = give_const};
    return m->t->d->module_load(dev, &load, out_module);
}

anp_status_t cts_model_load(cts_model_t *m) {
    return cts_model_load_on(m, m->t->dev, &m->module);
}

cts_verdict_t cts_model_make(cts_t *t, cts_net_t *net, cts_model_t **out) {
    CTS_TRY(cts_model_query(t, net, out));
    CTS_OK(t, cts_model_compile(*out, NULL, 0));
    CTS_OK(t, cts_model_load(*out));
    return CTS_PASS;
}

void cts_models_end(cts_t *t) {
    for (cts_model_t *m = t->models; m; m = m->next) {
        anp_free(m->program);
        anp_program_writer_release(m->writer);
    }
    t->models = NULL;
}
