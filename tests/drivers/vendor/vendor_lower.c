/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler proper: partitions and buckets to a blob. */
#include "vendor_lower.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_ALIGN = 64 };

typedef struct table_t {
    unsigned char *data;
    uint64_t count, room, record_bytes;
} table_t;

typedef struct lower_t {
    const vn_job_t *job;
    const vn_program_t *p;
    table_t entries, variants, tensors, steps, weights;
    int64_t *exprs;        /* under the bucket at hand */
    uint64_t *weight_at;   /* by constant id: 1 + offset of those embedded */
    int32_t *tensor_of;    /* by value id, in the variant at hand */
    uint32_t first_tensor; /* of it */
    uint64_t arena_bytes;
    char *text;
    size_t text_bytes;
} lower_t;

static anp_status_t no(lower_t *l, anp_status_t code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(l->text, l->text_bytes, format, args);
    va_end(args);
    return code;
}

/* n zeroed records more; NULL when memory is out. */
static void *grow(table_t *t, uint64_t n) {
    if (t->count + n > t->room) {
        const uint64_t room = (t->count + n) * 2;
        unsigned char *data = realloc(t->data, (size_t)(room * t->record_bytes));
        if (!data) return NULL;
        t->data = data;
        t->room = room;
    }
    unsigned char *first = t->data + t->count * t->record_bytes;
    memset(first, 0, (size_t)(n * t->record_bytes));
    t->count += n;
    return first;
}

static anp_status_t no_memory(lower_t *l) {
    return no(l, ANP_OUT_OF_MEMORY, "the compiler's memory is out");
}

/* ---- tensors of a variant ---- */

static const char *value_name(const lower_t *l, uint32_t value) {
    return ANP_P_STRING(l->p->data, l->p->values[value].name);
}

static anp_status_t fill_shape(lower_t *l, uint32_t value, vn_tensor_t *t) {
    const anp_p_value_t *v = &l->p->values[value];
    if (v->kind != ANP_KIND_TENSOR || v->rank < 0 || v->rank > VN_RANK_MAX ||
        !vn_elem_bytes(v->dtype))
        return no(l, ANP_UNSUPPORTED, "'%s' is no tensor that is done here", value_name(l, value));
    t->dtype = v->dtype;
    t->rank = (uint32_t)v->rank;
    for (uint32_t i = 0; i < t->rank; i++) {
        t->dims[i] = vn_program_dim(l->p, value, i, l->exprs);
        if (t->dims[i] < 0)
            return no(
                l, ANP_UNSUPPORTED,
                "axis %u of '%s' is open: give a bucket with all sizes (--bucket NAME=SIZE,...)",
                (unsigned)i, value_name(l, value));
    }
    if (vn_count(t) < 0)
        return no(l, ANP_LIMIT, "'%s' is larger than the board's memory", value_name(l, value));
    return ANP_OK;
}

static anp_status_t add_tensor(lower_t *l, uint32_t value, vn_place_t place, uint64_t offset) {
    vn_tensor_t t = {.place = place, .offset = offset};
    const anp_status_t st = fill_shape(l, value, &t);
    if (st != ANP_OK) return st;
    if (place == VN_ARENA) {
        const uint64_t bytes = (uint64_t)vn_count(&t) * vn_elem_bytes(t.dtype);
        t.offset = l->arena_bytes;
        l->arena_bytes += (bytes + TABLE_ALIGN - 1) / TABLE_ALIGN * TABLE_ALIGN;
    }
    void *record = grow(&l->tensors, 1);
    if (!record) return no_memory(l);
    memcpy(record, &t, sizeof t);
    l->tensor_of[value] = (int32_t)(l->tensors.count - 1 - l->first_tensor);
    return ANP_OK;
}

/* Embeds a constant once, whatever reads it. */
static anp_status_t embed(lower_t *l, uint32_t id, uint64_t *out_offset) {
    const vn_const_t *c = &l->job->consts[id];
    if (!l->weight_at[id]) {
        if (!c->data) return no(l, ANP_INTERNAL, "constant %u was not sent", (unsigned)id);
        const uint64_t at = l->weights.count,
                       padded = (c->bytes + TABLE_ALIGN - 1) / TABLE_ALIGN * TABLE_ALIGN;
        unsigned char *bytes = grow(&l->weights, padded);
        if (!bytes) return no_memory(l);
        memcpy(bytes, c->data, (size_t)c->bytes);
        l->weight_at[id] = at + 1;
    }
    *out_offset = l->weight_at[id] - 1;
    return ANP_OK;
}

static anp_status_t operand(lower_t *l, int32_t value, int32_t *out_tensor) {
    anp_status_t st = ANP_OK;
    const uint32_t id = l->p->values[value].const_id;
    uint64_t at = 0;
    if (l->tensor_of[value] == VN_NONE && id == ANP_P_NONE)
        return no(l, ANP_INTERNAL, "'%s' is read before it is made",
                  value_name(l, (uint32_t)value));
    if (l->tensor_of[value] == VN_NONE && (st = embed(l, id, &at)) == ANP_OK)
        st = add_tensor(l, (uint32_t)value, VN_WEIGHT, at);
    *out_tensor = l->tensor_of[value];
    return st;
}

/* ---- steps ---- */

static anp_status_t lower_node(lower_t *l, const anp_p_node_t *node) {
    vn_step_t s;
    char why[128];
    anp_status_t st = ANP_OK;
    const char *name = ANP_P_STRING(l->p->data, node->name);
    if (!vn_rule(l->p, node, &s, why, sizeof why))
        return no(l, ANP_UNSUPPORTED, "node '%s': %s", name, why);
    for (uint32_t i = 0; i < VN_IN_MAX && st == ANP_OK; i++)
        if (s.in[i] != VN_NONE) st = operand(l, s.in[i], &s.in[i]);
    if (st == ANP_OK && l->tensor_of[s.out] == VN_NONE)
        st = add_tensor(l, (uint32_t)s.out, VN_ARENA, 0);
    if (st != ANP_OK) return st;
    s.out = l->tensor_of[s.out];
    const vn_tensor_t *tensors =
        (const vn_tensor_t *)(const void *)l->tensors.data + l->first_tensor;
    if (s.op == VN_ROTARY && s.i[VN_I_ROTARY_DIM] == 0)
        s.i[VN_I_ROTARY_DIM] = tensors[s.in[0]].dims[3];
    const char *reason;
    if (!vn_step_check(&s, tensors, &reason))
        return no(l, ANP_UNSUPPORTED, "node '%s': %s", name, reason);
    void *record = grow(&l->steps, 1);
    if (!record) return no_memory(l);
    memcpy(record, &s, sizeof s);
    return ANP_OK;
}

/* ---- variants, entries ---- */

static anp_status_t lower_variant(lower_t *l, const anp_p_partition_t *part, const int64_t *sizes) {
    vn_variant_t v = {.first_tensor = (uint32_t)l->tensors.count,
                      .first_step = (uint32_t)l->steps.count};
    anp_status_t st = ANP_OK;
    vn_program_eval(l->p, sizes, l->exprs);
    memset(l->tensor_of, 0xff, (size_t)l->p->n_values * sizeof *l->tensor_of); /* VN_NONE */
    l->first_tensor = v.first_tensor;
    l->arena_bytes = 0;
    for (uint32_t i = 0; i < part->n_inputs && st == ANP_OK; i++)
        st = add_tensor(l, l->p->refs[part->inputs + i], VN_INPUT, i);
    for (uint32_t i = 0; i < part->n_outputs && st == ANP_OK; i++)
        st = add_tensor(l, l->p->refs[part->outputs + i], VN_OUTPUT, i);
    for (uint32_t i = 0; i < part->n_nodes && st == ANP_OK; i++)
        st = lower_node(l, &l->p->nodes[part->first_node + i]);
    if (st != ANP_OK) return st;
    v.n_tensors = (uint32_t)l->tensors.count - v.first_tensor;
    v.n_steps = (uint32_t)l->steps.count - v.first_step;
    v.arena_bytes = l->arena_bytes;
    void *record = grow(&l->variants, 1);
    if (!record) return no_memory(l);
    memcpy(record, &v, sizeof v);
    return ANP_OK;
}

static anp_status_t lower_partition(lower_t *l, uint32_t id) {
    const anp_p_partition_t *part = &ANP_P_TABLE(l->p->data, partitions, anp_p_partition_t)[id];
    vn_entry_t e = {.n_in = part->n_inputs,
                    .n_out = part->n_outputs,
                    .first_variant = (uint32_t)l->variants.count};
    anp_status_t st = ANP_OK;
    e.n_variants = l->job->n_buckets ? l->job->n_buckets : 1;
    int64_t *open =
        NULL; /* without buckets: all sizes unknown, which a model of fixed shapes does not mind */
    if (!l->job->n_buckets) {
        open = malloc((l->p->n_symbols + 1) * sizeof *open);
        if (!open) return no_memory(l);
        memset(open, 0xff, (l->p->n_symbols + 1) * sizeof *open);
    }
    for (uint32_t i = 0; i < e.n_variants && st == ANP_OK; i++)
        st = lower_variant(l, part, open ? open : l->job->buckets + i * l->p->n_symbols);
    free(open);
    void *record = st == ANP_OK ? grow(&l->entries, 1) : NULL;
    if (st != ANP_OK) return st;
    if (!record) return no_memory(l);
    memcpy(record, &e, sizeof e);
    return ANP_OK;
}

/* ---- the blob ---- */

static void place(const table_t *t, vn_span_t *out, uint64_t *end) {
    *end = (*end + TABLE_ALIGN - 1) / TABLE_ALIGN * TABLE_ALIGN;
    *out = (vn_span_t){*end, t->count};
    *end += t->count * t->record_bytes;
}

static void copy(unsigned char *blob, const vn_span_t *at, const table_t *t) {
    if (t->count) memcpy(blob + at->offset, t->data, (size_t)(t->count * t->record_bytes));
}

static anp_status_t write_blob(lower_t *l, void **out_blob, uint64_t *out_bytes) {
    vn_header_t h = {.magic = VN_MAGIC, .format = VN_FORMAT};
    uint64_t end = sizeof h;
    snprintf(h.sdk, sizeof h.sdk, "%s", l->job->sdk);
    place(&l->entries, &h.entries, &end);
    place(&l->variants, &h.variants, &end);
    place(&l->tensors, &h.tensors, &end);
    place(&l->steps, &h.steps, &end);
    place(&l->weights, &h.weights, &end);
    h.size_bytes = end;
    unsigned char *blob = calloc(1, (size_t)end);
    if (!blob) return no_memory(l);
    copy(blob, &h.entries, &l->entries);
    copy(blob, &h.variants, &l->variants);
    copy(blob, &h.tensors, &l->tensors);
    copy(blob, &h.steps, &l->steps);
    copy(blob, &h.weights, &l->weights);
    memcpy(blob, &h, sizeof h);
    h.checksum = vn_blob_checksum(blob, end);
    memcpy(blob, &h, sizeof h);
    *out_blob = blob;
    *out_bytes = end;
    return ANP_OK;
}

anp_status_t vn_lower(const vn_job_t *job, void **out_blob, uint64_t *out_bytes, char *out_text,
                      size_t text_bytes) {
    const vn_program_t *p = &job->program;
    lower_t l = {.job = job, .p = p, .text = out_text, .text_bytes = text_bytes};
    l.entries.record_bytes = sizeof(vn_entry_t);
    l.variants.record_bytes = sizeof(vn_variant_t);
    l.tensors.record_bytes = sizeof(vn_tensor_t);
    l.steps.record_bytes = sizeof(vn_step_t);
    l.weights.record_bytes = 1;
    l.exprs = calloc(p->n_exprs + 1, sizeof *l.exprs);
    l.weight_at = calloc(job->n_consts + 1, sizeof *l.weight_at);
    l.tensor_of = calloc(p->n_values + 1, sizeof *l.tensor_of);
    anp_status_t st = l.exprs && l.weight_at && l.tensor_of ? ANP_OK : no_memory(&l);
    for (uint32_t i = 0; i < job->n_partitions && st == ANP_OK; i++)
        st = lower_partition(&l, job->partitions[i]);
    if (st == ANP_OK) st = write_blob(&l, out_blob, out_bytes);
    free(l.exprs);
    free(l.weight_at);
    free(l.tensor_of);
    free(l.entries.data);
    free(l.variants.data);
    free(l.tensors.data);
    free(l.steps.data);
    free(l.weights.data);
    return st;
}
