/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded blobs and calls of whole partitions. */
#include "vendor_driver.h"
#include "vendor_kernels.h"
#include <stdio.h>
#include <string.h>

/* A blob on the board: weights and room for what its steps make. */
typedef struct blob_t {
    const void *bytes; /* lent until module_unload; NULL: not needed here */
    anp_drv_buffer_t *weights, *arena;
    uint32_t tensors_max; /* of a variant */
} blob_t;

typedef struct loaded_t {
    const vn_entry_t *entry; /* NULL: another device's partition */
    uint32_t blob;
} loaded_t;

struct anp_drv_module_t {
    board_object_t object;
    blob_t *blobs;
    loaded_t *partitions; /* by id */
    unsigned char **data; /* addresses of a variant's tensors while it runs: one call at a time */
    uint32_t n_blobs, n_partitions;
};

/* ---- loading ---- */

static void end_module(board_object_t *object) {
    anp_drv_module_t *m = (anp_drv_module_t *)object;
    const anp_host_t *host = object->dev->host;
    host->free(host->user, m->blobs);
    host->free(host->user, m->partitions);
    host->free(host->user, m->data);
}

static anp_status_t alloc_zeroed(const anp_host_t *host, uint64_t bytes, void *out_pointer) {
    void *memory = NULL;
    const anp_status_t st = host->alloc(host->user, bytes + 1, &memory);
    if (st == ANP_OK) memset(memory, 0, (size_t)bytes);
    memcpy(out_pointer, &memory, sizeof memory);
    return st;
}

/* Memory of the board for a blob's weights, filled, and for the largest arena of its variants. */
static anp_status_t load_blob(anp_drv_module_t *m, blob_t *b, const void *bytes,
                              uint64_t size_bytes) {
    anp_drv_device_t *dev = m->object.dev;
    char text[192];
    anp_status_t st = vn_blob_verify(bytes, size_bytes, dev->drv->sdk, text, sizeof text);
    if (st != ANP_OK) return board_fail(dev->host, st, "%s", text);
    const vn_header_t *h = bytes;
    uint64_t arena_bytes = 0;
    for (uint64_t i = 0; i < h->variants.count; i++) {
        const vn_variant_t *v = &VN_TABLE(bytes, variants, vn_variant_t)[i];
        if (v->arena_bytes > arena_bytes) arena_bytes = v->arena_bytes;
        if (v->n_tensors > b->tensors_max) b->tensors_max = v->n_tensors;
    }
    if ((st = board_buffer_alloc(dev, h->weights.count + 1, BOARD_ALIGN_BYTES, &b->weights)) !=
        ANP_OK)
        return st;
    if ((st = board_buffer_alloc(dev, arena_bytes + 1, BOARD_ALIGN_BYTES, &b->arena)) != ANP_OK)
        return st;
    memcpy(b->weights->data, VN_TABLE(bytes, weights, unsigned char), (size_t)h->weights.count);
    b->bytes = bytes;
    return ANP_OK;
}

static anp_status_t load_partition(anp_drv_module_t *m, const anp_drv_load_t *load, uint32_t id) {
    const anp_host_t *host = m->object.dev->host;
    const anp_p_partition_t *part = &ANP_P_TABLE(load->program, partitions, anp_p_partition_t)[id];
    if (!part->group)
        return board_fail(host, ANP_UNSUPPORTED,
                          "partition %u is to be run node by node; groups are taken here",
                          (unsigned)id);
    if (part->blob >= load->n_blobs || !load->blobs[part->blob])
        return board_fail(host, ANP_INCOMPATIBLE,
                          "partition %u has no blob: compile it for this device", (unsigned)id);
    blob_t *b = &m->blobs[part->blob];
    anp_status_t st =
        b->bytes ? ANP_OK : load_blob(m, b, load->blobs[part->blob], load->blob_bytes[part->blob]);
    if (st != ANP_OK) return st;
    const vn_header_t *h = b->bytes;
    const vn_entry_t *entries = VN_TABLE(b->bytes, entries, vn_entry_t);
    const vn_entry_t *e = part->entry < h->entries.count ? &entries[part->entry] : NULL;
    if (!e || e->n_in != part->n_inputs || e->n_out != part->n_outputs)
        return board_fail(host, ANP_CORRUPT, "entry %u of blob %u is not that of partition %u",
                          (unsigned)part->entry, (unsigned)part->blob, (unsigned)id);
    m->partitions[id] = (loaded_t){e, part->blob};
    return ANP_OK;
}

static anp_status_t load_all(anp_drv_module_t *m, const anp_drv_load_t *load) {
    const anp_host_t *host = m->object.dev->host;
    m->n_blobs = load->n_blobs;
    m->n_partitions = (uint32_t)ANP_P_HEADER(load->program)->partitions.count;
    anp_status_t st = alloc_zeroed(host, m->n_blobs * sizeof *m->blobs, &m->blobs);
    if (st == ANP_OK)
        st = alloc_zeroed(host, m->n_partitions * sizeof *m->partitions, &m->partitions);
    for (uint32_t i = 0; i < load->n_partitions && st == ANP_OK; i++)
        st = load_partition(m, load, load->partitions[i]);
    uint64_t tensors = 0;
    for (uint32_t i = 0; i < m->n_blobs && st == ANP_OK; i++)
        if (m->blobs[i].tensors_max > tensors) tensors = m->blobs[i].tensors_max;
    return st == ANP_OK ? alloc_zeroed(host, tensors * sizeof *m->data, &m->data) : st;
}

anp_status_t vn_module_load(anp_drv_device_t *dev, const anp_drv_load_t *load,
                            anp_drv_module_t **out_module) {
    anp_drv_module_t *m = board_object_new(dev, sizeof *m, 0, end_module);
    if (!m) return ANP_OUT_OF_MEMORY;
    const anp_status_t st = load_all(m, load);
    if (st == ANP_OK)
        *out_module = m;
    else
        vn_module_unload(m);
    return st;
}

void vn_module_unload(anp_drv_module_t *m) {
    for (uint32_t i = 0; i < m->n_blobs && m->blobs; i++) {
        if (m->blobs[i].weights) board_buffer_free(m->blobs[i].weights);
        if (m->blobs[i].arena) board_buffer_free(m->blobs[i].arena);
    }
    board_object_delete(&m->object);
}

/* ---- calls ---- */

static bool same_shape(const vn_tensor_t *t, const anp_tensor_t *given) {
    return given->kind == ANP_KIND_TENSOR && !given->strided && given->dtype == t->dtype &&
           given->rank == t->rank && memcmp(given->dims, t->dims, t->rank * sizeof t->dims[0]) == 0;
}

/* The variant for the shapes of this call; NULL when there is none. */
static const vn_variant_t *find_variant(const anp_drv_module_t *m, uint32_t partition,
                                        const anp_drv_arg_t *in, const anp_drv_arg_t *out) {
    const loaded_t *p = &m->partitions[partition];
    const void *blob = m->blobs[p->blob].bytes;
    for (uint32_t i = 0; i < p->entry->n_variants; i++) {
        const vn_variant_t *v =
            &VN_TABLE(blob, variants, vn_variant_t)[p->entry->first_variant + i];
        const vn_tensor_t *t = VN_TABLE(blob, tensors, vn_tensor_t) + v->first_tensor;
        bool same = true;
        for (uint32_t k = 0; k < p->entry->n_in && same; k++) same = same_shape(t++, &in[k].tensor);
        for (uint32_t k = 0; k < p->entry->n_out && same; k++)
            same = same_shape(t++, &out[k].tensor);
        if (same) return v;
    }
    return NULL;
}

static anp_status_t run_partition(anp_drv_event_t *task) {
    const anp_drv_module_t *m = task->module;
    const blob_t *b = &m->blobs[m->partitions[task->partition].blob];
    const vn_variant_t *v = find_variant(m, task->partition, task->args, task->args + task->n_in);
    const vn_tensor_t *tensors = VN_TABLE(b->bytes, tensors, vn_tensor_t) + v->first_tensor;
    const vn_step_t *steps = VN_TABLE(b->bytes, steps, vn_step_t) + v->first_step;
    for (uint32_t i = 0; i < v->n_tensors; i++) {
        const vn_tensor_t *t = &tensors[i];
        if (t->place == VN_WEIGHT)
            m->data[i] = b->weights->data + t->offset;
        else if (t->place == VN_ARENA)
            m->data[i] = b->arena->data + t->offset;
        else
            m->data[i] = task->args[i].tensor.data; /* inputs, then outputs */
    }
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < v->n_steps && st == ANP_OK; i++)
        st = vn_step_run(task, &steps[i], tensors, m->data);
    return st;
}

/* "f32[1, 28, 28]" for a message; cut when it is long. */
static void shape_text(const anp_tensor_t *t, char *out, size_t bytes) {
    int at = snprintf(out, bytes, "[");
    for (uint32_t i = 0; i < t->rank && at > 0 && (size_t)at < bytes; i++)
        at +=
            snprintf(out + at, bytes - (size_t)at, "%s%lld", i ? ", " : "", (long long)t->dims[i]);
    if (at > 0 && (size_t)at + 1 < bytes) snprintf(out + at, bytes - (size_t)at, "]");
}

static anp_status_t no_variant(const anp_host_t *host, const loaded_t *p,
                               const anp_drv_call_t *call) {
    char shape[64] = "[]";
    if (call->n_in) shape_text(&call->in[0].tensor, shape, sizeof shape);
    return board_fail(host, ANP_UNSUPPORTED,
                      "partition %u: input 0 of %s and the others fit none of the %u sets of "
                      "shapes it was compiled for",
                      (unsigned)call->partition, shape, (unsigned)p->entry->n_variants);
}

anp_status_t vn_enqueue(anp_drv_queue_t *q, anp_drv_module_t *m, anp_drv_call_t *call,
                        anp_drv_event_t **out_event) {
    anp_drv_device_t *dev = q->object.dev;
    const anp_host_t *host = dev->host;
    const loaded_t *p = call->partition < m->n_partitions ? &m->partitions[call->partition] : NULL;
    if (call->node != ANP_P_NONE)
        return board_fail(host, ANP_UNSUPPORTED,
                          "node %u alone: only whole partitions are run here",
                          (unsigned)call->node);
    if (!p || !p->entry || call->n_in != p->entry->n_in || call->n_out != p->entry->n_out)
        return board_fail(host, ANP_INVALID_ARGUMENT,
                          "partition %u with %u inputs and %u outputs is not one that was loaded",
                          (unsigned)call->partition, (unsigned)call->n_in, (unsigned)call->n_out);
    if (!find_variant(m, call->partition, call->in, call->out)) return no_variant(host, p, call);
    const bool hang = vn_fault_now(dev->drv, &dev->drv->hang),
               lost = vn_fault_now(dev->drv, &dev->drv->lost);
    const board_fault_t fault = hang   ? BOARD_FAULT_HANG
                                : lost ? BOARD_FAULT_LOST
                                       : BOARD_FAULT_NONE;
    return board_submit(q, run_partition, fault, m, call, out_event);
}
