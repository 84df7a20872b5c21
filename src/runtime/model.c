/* SPDX-License-Identifier: Apache-2.0 */
/* A loaded model: the program of one variant, its constants, and what is loaded on each device it
 * uses. */
#include "runtime/runtime.h"
#include <stdio.h>
#include <string.h>

static anp_status_t bind_consts(anp_model_t *m) {
    anp_program_t *p = m->program;
    for (uint32_t i = 0; i < p->n_consts; i++) {
        const void *data = NULL;
        uint64_t bytes = 0;
        ANP_TRY(m->source.weight(m->source.user, p->consts[i].weight, &data, &bytes));
        if (bytes != p->consts[i].bytes)
            ANP_FAIL(ANP_CORRUPT, "constant %u has %llu bytes, the program expects %llu", i,
                     (unsigned long long)bytes, (unsigned long long)p->consts[i].bytes);
        ANP_TRY(anp_program_bind_const(p, i, data));
    }
    return ANP_OK;
}

static anp_status_t add_device(anp_model_t *m, anp_device_t *dev, uint32_t *out_index) {
    for (uint32_t i = 0; i < m->n_devices; i++)
        if (m->devices[i].dev == dev) {
            *out_index = i;
            return ANP_OK;
        }
    const uint64_t old = m->n_devices * sizeof(anp_model_device_t);
    ANP_TRY(anp_realloc((void **)&m->devices, old, old + sizeof(anp_model_device_t)));
    m->devices[m->n_devices] = (anp_model_device_t){.dev = dev};
    *out_index = m->n_devices++;
    return ANP_OK;
}

/* The device of a partition: "" = the host device; else the wanted device when it is of that
 * driver, else the driver's first. */
static anp_status_t partition_device(anp_model_t *m, const anp_p_partition_t *part,
                                     uint32_t *out_index) {
    const char *driver = anp_program_string(m->program, part->driver);
    *out_index = 0;
    if (!*driver) return ANP_OK;
    anp_device_t *dev = m->wanted;
    if (!dev || strcmp(dev->slot->name, driver) != 0)
        ANP_TRY(anp_context_device(m->ctx, driver, &dev));
    return add_device(m, dev, out_index);
}

static anp_status_t assign_nodes(anp_model_t *m) {
    const anp_program_t *p = m->program;
    ANP_TRY(ANP_NEW_ARRAY(p->n_nodes, &m->node_device));
    ANP_TRY(ANP_NEW_ARRAY(p->n_nodes, &m->node_forced_host));
    ANP_TRY(ANP_NEW_ARRAY(p->n_partitions, &m->part_device));
    for (uint32_t i = 0; i < p->n_partitions; i++) {
        const anp_p_partition_t *part = &p->partitions[i];
        if (part->blob != ANP_P_NONE &&
            part->blob >= m->source.variant->n_blobs) /* drivers index by it */
            ANP_FAIL(ANP_CORRUPT, "partition %u: blob %u of %u", i, part->blob,
                     m->source.variant->n_blobs);
        ANP_TRY(partition_device(m, part, &m->part_device[i]));
        for (uint32_t n = part->first_node; n < part->first_node + part->n_nodes; n++) {
            m->node_device[n] = m->part_device[i];
            m->node_forced_host[n] =
                m->part_device[i] != 0 &&
                (anp_list_has(m->ctx->fallback_ops, p->nodes[n].name) ||
                 anp_list_has(m->ctx->fallback_ops, anp_program_string(p, p->nodes[n].p->op)));
        }
    }
    return ANP_OK;
}

/* Another library of the same operators is taken where the context allows it, visibly. */
static anp_status_t check_ops(const anp_model_t *m) {
    const anp_status_t st = anp_program_check_ops(m->program, false);
    if (st != ANP_INCOMPATIBLE || !m->ctx->other_ops) return st;
    char why[1024];
    snprintf(why, sizeof why, "%s", anp_error_message());
    ANP_TRY(anp_program_check_ops(m->program, true));
    anp_log_write(&m->ctx->log, ANP_LOG_WARN, "%s", why);
    return ANP_OK;
}

anp_status_t anp_model_create(anp_context_t *ctx, const anp_model_source_t *source,
                              const anp_model_options_t *options, anp_device_t *wanted,
                              anp_model_t **out_model) {
    *out_model = NULL;
    anp_model_t *m = NULL;
    const anp_status_t made = ANP_NEW(&m);
    if (made != ANP_OK) {
        source->release(source->user);
        return made;
    }
    anp_status_t st;
    uint32_t host_index = 0;
    anp_device_t *host = NULL;
    atomic_init(&m->refs, 1);
    m->ctx = ctx;
    anp_context_retain(ctx);
    m->source = *source;
    if (options) m->options = *options;
    if (!m->options.call_timeout_ns) m->options.call_timeout_ns = UINT64_C(30000000000);
    m->wanted = wanted;
    anp_mutex_init(&m->lock);
    ANP_TRY_OUT(st, anp_program_open(source->variant->program, source->variant->program_bytes,
                                     ctx->builtin.ops, &m->program));
    ANP_TRY_OUT(st, check_ops(m));
    ANP_TRY_OUT(st, bind_consts(m));
    ANP_TRY_OUT(st, anp_context_host_device(ctx, wanted, &host));
    ANP_TRY_OUT(st, add_device(m, host, &host_index));
    ANP_TRY_OUT(st, assign_nodes(m));
    *out_model = m;
    m = NULL;
out:
    anp_model_release(m);
    return st;
}

void anp_model_retain(anp_model_t *m) {
    atomic_fetch_add(&m->refs, 1);
}

void anp_model_release(anp_model_t *m) {
    if (!m || atomic_fetch_sub(&m->refs, 1) != 1) return;
    for (uint32_t i = 0; i < m->n_devices; i++) {
        anp_model_device_t *d = &m->devices[i];
        anp_device_t *dev = d->dev;
        anp_mutex_lock(&dev->lock);
        const bool alive = d->generation == dev->generation && !dev->lost;
        anp_mutex_unlock(&dev->lock);
        if (alive && d->module) dev->slot->table->module_unload(d->module);
        for (uint32_t c = 0; d->consts && c < m->program->n_consts; c++)
            if (alive && d->consts[c]) dev->slot->table->buffer_free(d->consts[c]);
        anp_free(d->consts);
    }
    anp_free(m->devices);
    anp_free(m->node_device);
    anp_free(m->node_forced_host);
    anp_free(m->part_device);
    anp_program_release(m->program);
    m->source.release(m->source.user);
    anp_mutex_deinit(&m->lock);
    anp_context_release(m->ctx);
    anp_free(m);
}

static anp_status_t load_const(void *user, uint32_t id, const void **out_data,
                               uint64_t *out_bytes) {
    anp_model_t *m = user;
    if (id >= m->program->n_consts)
        ANP_FAIL(ANP_OUT_OF_RANGE, "constant %u of %u", id, m->program->n_consts);
    return m->source.weight(m->source.user, m->program->consts[id].weight, out_data, out_bytes);
}

static anp_status_t load_module(anp_model_t *m, uint32_t d) {
    anp_model_device_t *md = &m->devices[d];
    const anp_variant_t *v = m->source.variant;
    anp_status_t st;
    const void **blobs = NULL;
    uint64_t *blob_bytes = NULL;
    uint32_t *parts = NULL, n_parts = 0;
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(v->n_blobs, &blobs));
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(v->n_blobs, &blob_bytes));
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(m->program->n_partitions, &parts));
    for (uint32_t i = 0; i < v->n_blobs; i++) {
        blobs[i] = v->blobs[i].bytes ? v->blobs[i].data : NULL;
        blob_bytes[i] = v->blobs[i].bytes;
    }
    for (uint32_t i = 0; i < m->program->n_partitions; i++)
        if (m->part_device[i] == d) parts[n_parts++] = i;
    const anp_drv_load_t load = {.struct_size = sizeof load,
                                 .program = m->program->data,
                                 .program_bytes = m->program->size_bytes,
                                 .blobs = blobs,
                                 .blob_bytes = blob_bytes,
                                 .n_blobs = v->n_blobs,
                                 .partitions = parts,
                                 .n_partitions = n_parts,
                                 .user = m,
                                 .const_get = load_const};
    st = md->dev->slot->table->module_load(md->dev->dev, &load, &md->module);
    if (st != ANP_OK) {
        md->module = NULL;
        anp_device_failed(md->dev, st);
    }
out:
    anp_free(blobs);
    anp_free(blob_bytes);
    anp_free(parts);
    return st;
}

anp_status_t anp_model_module(anp_model_t *m, uint32_t d, anp_drv_module_t **out_module) {
    anp_model_device_t *md = &m->devices[d];
    anp_mutex_lock(&m->lock);
    anp_status_t st = ANP_OK;
    if (md->generation != md->dev->generation) { /* opened for the first time, or again after a
                                                    loss: old handles are dead */
        md->module = NULL;
        if (md->consts) memset(md->consts, 0, m->program->n_consts * sizeof(anp_drv_buffer_t *));
        md->generation = md->dev->generation;
    }
    if (!md->module) st = load_module(m, d);
    *out_module = md->module;
    anp_mutex_unlock(&m->lock);
    return st;
}

static anp_status_t make_const_buffer(anp_model_t *m, anp_model_device_t *md, uint32_t id) {
    const anp_driver_t *t = md->dev->slot->table;
    if (!md->consts) ANP_TRY(ANP_NEW_ARRAY(m->program->n_consts, &md->consts));
    if (md->consts[id]) return ANP_OK;
    const void *data = NULL;
    uint64_t bytes = 0;
    ANP_TRY(load_const(m, id, &data, &bytes));
    anp_drv_buffer_t *buf = NULL;
    anp_status_t st =
        t->buffer_alloc(md->dev->dev, bytes ? bytes : 1, md->dev->info.align_bytes, &buf);
    if (st == ANP_OK && bytes) {
        const anp_drv_span_t dst = {buf, 0, bytes};
        anp_mutex_lock(&md->dev->lock); /* the device's own queue: one thread at a time */
        st = t->buffer_write(md->dev->q, &dst, data);
        anp_mutex_unlock(&md->dev->lock);
        if (st != ANP_OK) t->buffer_free(buf);
    }
    if (st != ANP_OK) return anp_device_failed(md->dev, st);
    md->consts[id] = buf;
    return ANP_OK;
}

anp_status_t anp_model_const_buffer(anp_model_t *m, uint32_t d, uint32_t const_id,
                                    anp_drv_buffer_t **out_buf) {
    anp_mutex_lock(&m->lock);
    const anp_status_t st = make_const_buffer(m, &m->devices[d], const_id);
    *out_buf = st == ANP_OK ? m->devices[d].consts[const_id] : NULL;
    anp_mutex_unlock(&m->lock);
    return st;
}
