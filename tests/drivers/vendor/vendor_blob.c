/* SPDX-License-Identifier: Apache-2.0 */
/* Checking blobs: they come out of files, so no byte of them is trusted. */
#include "vendor_code.h"
#include <stdio.h>
#include <string.h>

/* FNV-1a, eight bytes at a time, going on from `hash`. */
static uint64_t add_bytes(uint64_t hash, const void *data, uint64_t bytes) {
    const unsigned char *at = data;
    for (uint64_t word; bytes >= sizeof word; at += sizeof word, bytes -= sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * 0x100000001b3u;
    }
    for (; bytes > 0; bytes--) hash = (hash ^ *at++) * 0x100000001b3u;
    return hash;
}

uint64_t vn_blob_checksum(const void *blob, uint64_t bytes) {
    vn_header_t h;
    memcpy(&h, blob, sizeof h);
    h.checksum = 0;
    const uint64_t hash = add_bytes(0xcbf29ce484222325u, &h, sizeof h);
    return add_bytes(hash, (const unsigned char *)blob + sizeof h, bytes - sizeof h);
}

/* n records from `first` lie within `count`. */
static bool within(uint64_t first, uint64_t n, uint64_t count) {
    return first <= count && n <= count - first;
}

static bool span_ok(const vn_span_t *s, uint64_t record_bytes, uint64_t size_bytes) {
    return s->offset % 8 == 0 && s->offset <= size_bytes &&
           s->count <= (size_bytes - s->offset) / record_bytes;
}

static bool tables_ok(const vn_header_t *h) {
    return span_ok(&h->entries, sizeof(vn_entry_t), h->size_bytes) &&
           span_ok(&h->variants, sizeof(vn_variant_t), h->size_bytes) &&
           span_ok(&h->tensors, sizeof(vn_tensor_t), h->size_bytes) &&
           span_ok(&h->steps, sizeof(vn_step_t), h->size_bytes) &&
           span_ok(&h->weights, 1, h->size_bytes);
}

static bool tensor_ok(const vn_header_t *h, const vn_variant_t *v, const vn_tensor_t *t) {
    if (t->place >= VN_PLACES || t->rank > VN_RANK_MAX) return false;
    const int64_t n = vn_count(t);
    const uint32_t elem_bytes = vn_elem_bytes(t->dtype);
    if (n < 0 || elem_bytes == 0) return false;
    if (t->place == VN_INPUT || t->place == VN_OUTPUT)
        return true; /* their numbers are checked by the entry */
    const uint64_t room = t->place == VN_WEIGHT ? h->weights.count : v->arena_bytes;
    return t->offset % elem_bytes == 0 && within(t->offset, (uint64_t)n * elem_bytes, room);
}

/* The first tensors of a variant are the entry's inputs and outputs, in order; no other is one. */
static bool operands_ok(const vn_entry_t *e, const vn_variant_t *v, const vn_tensor_t *tensors) {
    if ((uint64_t)e->n_in + e->n_out > v->n_tensors) return false;
    for (uint32_t i = 0; i < v->n_tensors; i++) {
        const bool in = i < e->n_in, out = !in && i < e->n_in + e->n_out;
        if ((tensors[i].place == VN_INPUT) != in || (tensors[i].place == VN_OUTPUT) != out)
            return false;
        if ((in && tensors[i].offset != i) || (out && tensors[i].offset != i - e->n_in))
            return false;
    }
    return true;
}

static bool step_ok(const vn_variant_t *v, const vn_tensor_t *tensors, const vn_step_t *s) {
    const char *why;
    if (s->op >= VN_OPS || s->act >= VN_ACTS || !memchr(s->name, '\0', sizeof s->name))
        return false;
    for (uint32_t i = 0; i < VN_IN_MAX; i++)
        if (s->in[i] != VN_NONE && (s->in[i] < 0 || (uint32_t)s->in[i] >= v->n_tensors))
            return false;
    if (s->in[0] == VN_NONE || s->out < 0 || (uint32_t)s->out >= v->n_tensors) return false;
    const uint32_t place = tensors[s->out].place;
    return (place == VN_OUTPUT || place == VN_ARENA) && vn_step_check(s, tensors, &why);
}

static bool variant_ok(const void *blob, const vn_entry_t *e, const vn_variant_t *v) {
    const vn_header_t *h = blob;
    if (!within(v->first_tensor, v->n_tensors, h->tensors.count) ||
        !within(v->first_step, v->n_steps, h->steps.count))
        return false;
    const vn_tensor_t *tensors = VN_TABLE(blob, tensors, vn_tensor_t) + v->first_tensor;
    const vn_step_t *steps = VN_TABLE(blob, steps, vn_step_t) + v->first_step;
    for (uint32_t i = 0; i < v->n_tensors; i++)
        if (!tensor_ok(h, v, &tensors[i])) return false;
    if (!operands_ok(e, v, tensors)) return false;
    for (uint32_t i = 0; i < v->n_steps; i++)
        if (!step_ok(v, tensors, &steps[i])) return false;
    return true;
}

static bool contents_ok(const void *blob) {
    const vn_header_t *h = blob;
    for (uint64_t i = 0; i < h->entries.count; i++) {
        const vn_entry_t *e = &VN_TABLE(blob, entries, vn_entry_t)[i];
        if (!within(e->first_variant, e->n_variants, h->variants.count)) return false;
        for (uint32_t k = 0; k < e->n_variants; k++)
            if (!variant_ok(blob, e, &VN_TABLE(blob, variants, vn_variant_t)[e->first_variant + k]))
                return false;
    }
    return true;
}

/* "the blob was made with ...": false when it was made by this SDK in this format. */
static bool other_version(const vn_header_t *h, const char *sdk, char *out_text,
                          size_t text_bytes) {
    char here[sizeof h->sdk] = "";
    snprintf(here, sizeof here, "%s", sdk);
    if (h->format == VN_FORMAT && memcmp(h->sdk, here, sizeof here) == 0) return false;
    snprintf(
        out_text, text_bytes,
        "the blob was made with SDK %.31s (format %u), here is SDK %s (format %u): compile again",
        h->sdk, (unsigned)h->format, sdk, (unsigned)VN_FORMAT);
    return true;
}

anp_status_t vn_blob_verify(const void *data, uint64_t bytes, const char *sdk, char *out_text,
                            size_t text_bytes) {
    const vn_header_t *h = data;
    const char *wrong = NULL;
    if (bytes < sizeof *h || h->magic != VN_MAGIC)
        wrong = "its first bytes are not those of a blob";
    else if (other_version(h, sdk, out_text, text_bytes))
        return ANP_INCOMPATIBLE;
    else if (h->size_bytes != bytes || !tables_ok(h))
        wrong = "a table lies outside it";
    else if (vn_blob_checksum(data, bytes) != h->checksum)
        wrong = "its checksum differs";
    else if (!contents_ok(data))
        wrong = "a record in it does not hold together";
    if (!wrong) return ANP_OK;
    snprintf(out_text, text_bytes, "the blob of %llu bytes is damaged: %s",
             (unsigned long long)bytes, wrong);
    return ANP_CORRUPT;
}
