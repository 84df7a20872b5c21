/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the sample programs as packages with their texts: make_golden FOLDER; or the text of one:
 * make_golden --text FILE. */
#include "golden_text.h"
#include "program/program_testing.h"
#include <stdio.h>
#include <string.h>

static const anp_variant_key_t portable = {"", "", "", "", ""};
static const anp_variant_key_t vendor = {"vendor", "v1", "", "S=4,C=8", "2.0"};
static const anp_blob_t blobs[] = {{"compiled for the vendor", 24}, {NULL, 0}};

static anp_status_t put_weights(anp_package_writer_t *w, const anp_program_t *p) {
    for (uint32_t i = 0; i < p->n_consts; i++) {
        void *bytes;
        uint32_t id;
        ANP_TRY(anp_sample_const(p, i, &bytes));
        const anp_status_t st = anp_package_put_weight(w, bytes, p->consts[i].bytes, &id);
        anp_free(bytes);
        ANP_TRY(st);
    }
    return ANP_OK;
}

/* The variant that has a partition compiled to the first of two blobs. */
static anp_status_t put_vendor(anp_package_writer_t *w) {
    void *program;
    uint64_t size;
    ANP_TRY(anp_sample_program(ANP_SAMPLE_VENDOR, &program, &size));
    const anp_status_t st = anp_package_put_variant(w, &vendor, program, size, blobs, 2);
    anp_free(program);
    return st;
}

static anp_status_t fill(anp_package_writer_t *w, anp_sample_t sample, const anp_program_t *p) {
    char manifest[64];
    snprintf(manifest, sizeof manifest, "{\"name\": \"%s\"}", anp_sample_name(sample));
    ANP_TRY(put_weights(w, p));
    ANP_TRY(anp_package_put_variant(w, &portable, p->data, p->size_bytes, NULL, 0));
    if (sample == ANP_SAMPLE_STATE) ANP_TRY(put_vendor(w));
    ANP_TRY(anp_package_put_manifest(w, manifest));
    return anp_package_writer_commit(w);
}

static anp_status_t write_package(const char *path, anp_sample_t sample) {
    void *data = NULL;
    uint64_t size;
    anp_program_t *p = NULL;
    anp_package_writer_t *w = NULL;
    anp_status_t st;
    ANP_TRY_OUT(st, anp_sample_program(sample, &data, &size));
    ANP_TRY_OUT(st, anp_program_open(data, size, NULL, &p));
    ANP_TRY_OUT(st, anp_package_writer_open(path, &w));
    ANP_TRY_OUT(st, fill(w, sample, p));
out:
    anp_package_writer_release(w);
    anp_program_release(p);
    anp_free(data);
    return st;
}

static anp_status_t write_text(const char *package, const char *path) {
    anp_buf_t text;
    anp_buf_init(&text, 0);
    anp_status_t st = anp_golden_text(package, &text);
    if (st == ANP_OK) st = anp_file_write_all(path, text.data, text.len);
    anp_buf_deinit(&text);
    return st;
}

static anp_status_t write_sample(const char *folder, anp_sample_t sample) {
    char package[4096], text[4096];
    snprintf(package, sizeof package, "%s/%s.anp", folder, anp_sample_name(sample));
    snprintf(text, sizeof text, "%s/%s.txt", folder, anp_sample_name(sample));
    ANP_TRY(write_package(package, sample));
    return write_text(package, text);
}

int main(int argc, char **argv) {
    anp_status_t st = ANP_OK;
    if (argc == 3 && strcmp(argv[1], "--text") == 0) {
        st = write_text(argv[2], "/dev/stdout");
    } else if (argc == 2) {
        for (int i = 0; i <= ANP_SAMPLE_STATE && st == ANP_OK; i++)
            st = write_sample(argv[1], (anp_sample_t)i);
    } else {
        fprintf(stderr, "usage: make_golden FOLDER | make_golden --text FILE\n");
        return 2;
    }
    if (st != ANP_OK) fprintf(stderr, "error: %s\n", anp_error_message());
    return st == ANP_OK ? 0 : 1;
}
