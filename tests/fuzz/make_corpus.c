/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the first inputs of the fuzz targets program and package: make_corpus FOLDER. */
#include "package/package.h"
#include "program/program_testing.h"
#include <stdio.h>
#include <string.h>

static anp_status_t write_program(const char *folder, anp_sample_t sample) {
    char path[4096];
    void *data;
    uint64_t size;
    ANP_TRY(anp_sample_program(sample, &data, &size));
    snprintf(path, sizeof path, "%s/program/%s", folder, anp_sample_name(sample));
    const anp_status_t st = anp_file_write_all(path, data, size);
    anp_free(data);
    return st;
}

/* ---- packages as sparse images (fuzz_package.c) ---- */

enum { RUN_BYTES_MAX = 0xffff, RUN_GAP = 16 };

static void put_number(anp_buf_t *out, uint64_t v, uint32_t n_bytes) {
    anp_buf_append(out, &v, n_bytes); /* little-endian machines only, as packages */
}

static bool is_zero(const uint8_t *p, uint64_t n) {
    for (uint64_t i = 0; i < n; i++)
        if (p[i]) return false;
    return true;
}

/* Bytes up to the next gap of zeros. */
static uint64_t run_length(const uint8_t *data, uint64_t size, uint64_t at) {
    uint64_t n = 0;
    while (at + n < size && n < RUN_BYTES_MAX &&
           !is_zero(data + at + n, ANP_MIN(RUN_GAP, size - at - n)))
        n++;
    return n;
}

static void put_sparse(anp_buf_t *out, const uint8_t *data, uint64_t size) {
    put_number(out, size, 4);
    for (uint64_t at = 0; at < size;) {
        const uint64_t n = run_length(data, size, at);
        if (n > 0) {
            put_number(out, at, 4);
            put_number(out, n, 2);
            anp_buf_append(out, data + at, n);
        }
        at += n ? n : 1;
    }
}

static anp_status_t fill_package(anp_package_writer_t *w, const void *program, uint64_t size) {
    static const anp_variant_key_t portable = {"", "", "", "", ""},
                                   vendor = {"vendor", "v1", "avx2", "N=1", "2.0"};
    static const anp_blob_t blobs[] = {{"blob", 4}, {"", 0}};
    uint32_t id;
    ANP_TRY(anp_package_put_weight(w, "first", 5, &id));
    ANP_TRY(anp_package_put_weight(w, "second", 6, &id));
    ANP_TRY(anp_package_put_variant(w, &portable, program, size, NULL, 0));
    ANP_TRY(anp_package_put_variant(w, &vendor, "program", 7, blobs, 2));
    ANP_TRY(anp_package_put_manifest(w, "{\"name\": \"seed\"}"));
    return anp_package_writer_commit(w);
}

static anp_status_t make_package(const char *path) {
    anp_package_writer_t *w = NULL;
    void *program = NULL;
    uint64_t size;
    anp_status_t st;
    ANP_TRY_OUT(st, anp_sample_program(ANP_SAMPLE_LINEAR, &program, &size));
    ANP_TRY_OUT(st, anp_package_writer_open(path, &w));
    ANP_TRY_OUT(st, fill_package(w, program, size));
out:
    anp_package_writer_release(w);
    anp_free(program);
    return st;
}

/* The package itself is replaced by its sparse image. */
static anp_status_t write_package(const char *folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/package/two_variants", folder);
    anp_buf_t sparse;
    anp_buf_init(&sparse, 0);
    char *data = NULL;
    uint64_t size;
    anp_status_t st;
    ANP_TRY_OUT(st, make_package(path));
    ANP_TRY_OUT(st, anp_file_read(path, 1 << 20, &data, &size));
    put_sparse(&sparse, (const uint8_t *)data, size);
    ANP_TRY_OUT(st, anp_buf_status(&sparse));
    ANP_TRY_OUT(st, anp_file_write_all(path, sparse.data, sparse.len));
out:
    anp_buf_deinit(&sparse);
    anp_free(data);
    return st;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: make_corpus FOLDER\n");
        return 2;
    }
    anp_status_t st = write_package(argv[1]);
    for (int i = 0; i < ANP_SAMPLE_COUNT && st == ANP_OK; i++)
        st = write_program(argv[1], (anp_sample_t)i);
    if (st != ANP_OK) fprintf(stderr, "error: %s\n", anp_error_message());
    return st == ANP_OK ? 0 : 1;
}
