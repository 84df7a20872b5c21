/* SPDX-License-Identifier: Apache-2.0 */
/* Writes large ONNX models by hand: the wire format of protocol buffers needs no library to be
 * written. */
#include "big_model.h"
#include "base/file.h"
#include "base/str.h"
#include <stdio.h>
#include <string.h>

/* ---- wire format ---- */

static void put_varint(anp_buf_t *b, uint64_t v) {
    do {
        const uint8_t byte = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        anp_buf_append(b, &byte, 1);
        v >>= 7;
    } while (v);
}

static void put_int(anp_buf_t *b, uint32_t field, uint64_t v) {
    put_varint(b, field << 3);
    put_varint(b, v);
}

static void put_bytes(anp_buf_t *b, uint32_t field, const void *data, uint64_t n) {
    put_varint(b, field << 3 | 2);
    put_varint(b, n);
    if (n) anp_buf_append(b, data, n);
}

static void put_text(anp_buf_t *b, uint32_t field, const char *s) {
    put_bytes(b, field, s, strlen(s));
}

static void put_message(anp_buf_t *b, uint32_t field, anp_buf_t *m) {
    put_bytes(b, field, m->data, m->len);
    anp_buf_deinit(m);
}

/* ---- ONNX messages ---- */

static void put_value(anp_buf_t *graph, uint32_t field, const char *name) { /* f32 [1, 4096] */
    static const uint64_t dims[2] = {1, 4096};
    anp_buf_t value, type, tensor, shape, dim;
    anp_buf_init(&value, 0), anp_buf_init(&type, 0), anp_buf_init(&tensor, 0),
        anp_buf_init(&shape, 0);
    for (int i = 0; i < 2; i++) {
        anp_buf_init(&dim, 0);
        put_int(&dim, 1, dims[i]);
        put_message(&shape, 1, &dim);
    }
    put_int(&tensor, 1, 1);
    put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    put_text(&value, 1, name);
    put_message(&value, 2, &type);
    put_message(graph, field, &value);
}

static void put_node(anp_buf_t *graph, uint32_t i, uint32_t n) {
    anp_buf_t node;
    char name[32];
    anp_buf_init(&node, 0);
    snprintf(name, sizeof name, i ? "h%u" : "x", i);
    put_text(&node, 1, name);
    snprintf(name, sizeof name, "w%u", i);
    put_text(&node, 1, name);
    snprintf(name, sizeof name, i + 1 < n ? "h%u" : "y", i + 1);
    put_text(&node, 2, name);
    put_text(&node, 4, "MatMul");
    put_message(graph, 1, &node);
}

static void put_pair(anp_buf_t *tensor, const char *key, const char *value) {
    anp_buf_t pair;
    anp_buf_init(&pair, 0);
    put_text(&pair, 1, key);
    put_text(&pair, 2, value);
    put_message(tensor, 13, &pair);
}

/* Everything of a TensorProto but the bytes of raw_data, which follow. */
static void put_tensor_head(anp_buf_t *tensor, uint32_t i, bool external) {
    char text[32];
    put_int(tensor, 1, 4096);
    put_int(tensor, 1, 4096);
    put_int(tensor, 2, 1);
    snprintf(text, sizeof text, "w%u", i);
    put_text(tensor, 8, text);
    if (!external) {
        put_varint(tensor, 9 << 3 | 2);
        put_varint(tensor, BIG_WEIGHT_BYTES);
        return;
    }
    put_pair(tensor, "location", "weights.bin");
    snprintf(text, sizeof text, "%llu", (unsigned long long)i * BIG_WEIGHT_BYTES);
    put_pair(tensor, "offset", text);
    snprintf(text, sizeof text, "%u", (unsigned)BIG_WEIGHT_BYTES);
    put_pair(tensor, "length", text);
    put_int(tensor, 14, 1);
}

/* ---- files ---- */

enum { BLOCK_BYTES = 1 << 20 };

static anp_status_t write_weight(anp_file_writer_t *w, uint32_t i, float *block) {
    for (uint32_t k = 0; k < BIG_WEIGHT_BYTES / BLOCK_BYTES; k++) {
        block[0] = (float)(i * 64 + k); /* no two weights are alike */
        ANP_TRY(anp_file_writer_write(w, block, BLOCK_BYTES));
    }
    return ANP_OK;
}

static anp_status_t write_parts(anp_file_writer_t *model, anp_file_writer_t *weights, uint32_t n,
                                float *block) {
    anp_buf_t graph, head, tensor, opset;
    anp_buf_init(&graph, 0), anp_buf_init(&head, 0), anp_buf_init(&opset, 0);
    for (uint32_t i = 0; i < n; i++) put_node(&graph, i, n);
    put_text(&graph, 2, "big");
    put_value(&graph, 11, "x");
    put_value(&graph, 12, "y");
    uint64_t total = graph.len;
    for (uint32_t pass = 0; pass < 2;
         pass++) { /* sizes first: the graph's length stands before it */
        if (pass == 1) {
            put_int(&head, 1, 8);
            put_text(&opset, 1, "");
            put_int(&opset, 2, 17);
            put_message(&head, 8, &opset);
            put_varint(&head, 7 << 3 | 2);
            put_varint(&head, total);
            anp_buf_append(&head, graph.data, graph.len);
            ANP_TRY(anp_buf_status(&head));
            ANP_TRY(anp_file_writer_write(model, head.data, head.len));
        }
        for (uint32_t i = 0; i < n; i++) {
            anp_buf_t field;
            anp_buf_init(&tensor, 0), anp_buf_init(&field, 0);
            put_tensor_head(&tensor, i, weights != NULL);
            const uint64_t raw = weights ? 0 : BIG_WEIGHT_BYTES;
            put_varint(&field, 5 << 3 | 2);
            put_varint(&field, tensor.len + raw);
            anp_buf_append(&field, tensor.data, tensor.len);
            total += pass ? 0 : field.len + raw;
            anp_status_t st = anp_buf_status(&field);
            if (pass && st == ANP_OK) st = anp_file_writer_write(model, field.data, field.len);
            if (pass && st == ANP_OK) st = write_weight(weights ? weights : model, i, block);
            anp_buf_deinit(&tensor), anp_buf_deinit(&field);
            ANP_TRY(st);
        }
    }
    anp_buf_deinit(&graph), anp_buf_deinit(&head);
    return ANP_OK;
}

anp_status_t big_model_write(const char *dir, uint32_t n_weights, bool external) {
    char path[512];
    float *block = NULL;
    anp_file_writer_t *model = NULL, *weights = NULL;
    anp_status_t st;
    ANP_TRY_OUT(st, anp_alloc(BLOCK_BYTES, (void **)&block));
    uint32_t seed = 1;
    for (uint32_t i = 0; i < BLOCK_BYTES / sizeof *block; i++) {
        seed = seed * 1664525u + 1013904223u;
        block[i] = (float)(seed >> 8) / (float)(1 << 24) - 0.5f;
    }
    snprintf(path, sizeof path, "%s/model.onnx", dir);
    ANP_TRY_OUT(st, anp_file_writer_open(path, &model));
    snprintf(path, sizeof path, "%s/weights.bin", dir);
    if (external) ANP_TRY_OUT(st, anp_file_writer_open(path, &weights));
    ANP_TRY_OUT(st, write_parts(model, weights, n_weights, block));
    ANP_TRY_OUT(st, anp_file_writer_commit(model));
    if (external) ANP_TRY_OUT(st, anp_file_writer_commit(weights));
out:
    anp_file_writer_release(model);
    anp_file_writer_release(weights);
    anp_free(block);
    return st;
}
