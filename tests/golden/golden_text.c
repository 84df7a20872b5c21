/* SPDX-License-Identifier: Apache-2.0 */
/* A package as text: sections, weights, variants with their programs, manifest. */
#include "golden_text.h"
#include "program/program.h"
#include <inttypes.h>

static void put_bytes(anp_buf_t *out, const char *what, uint32_t i, const void *data,
                      uint64_t bytes) {
    char hash[33];
    anp_hash_text(anp_hash_bytes(data, bytes), hash);
    anp_buf_printf(out, "%s %" PRIu32 ": %" PRIu64 " bytes, hash %s\n", what, i, bytes, hash);
}

static anp_status_t put_program(const anp_variant_t *v, anp_buf_t *out) {
    anp_program_t *program;
    ANP_TRY(anp_program_open(v->program, v->program_bytes, NULL, &program));
    const anp_status_t st = anp_program_print(program, out);
    anp_program_release(program);
    return st;
}

static anp_status_t put_variant(const anp_variant_t *v, uint32_t i, anp_buf_t *out) {
    anp_buf_printf(out,
                   "variant %" PRIu32
                   ": driver \"%s\", target \"%s\", isa \"%s\", bucket \"%s\", version \"%s\"\n",
                   i, v->key.driver, v->key.target, v->key.isa, v->key.bucket,
                   v->key.driver_version);
    for (uint32_t k = 0; k < v->n_blobs; k++)
        put_bytes(out, "blob", k, v->blobs[k].data, v->blobs[k].bytes);
    return put_program(v, out);
}

static anp_status_t put_package(const anp_package_t *p, anp_buf_t *out) {
    uint32_t major, minor;
    anp_section_info_t s;
    anp_package_version(p, &major, &minor);
    anp_buf_printf(out, "package %" PRIu32 ".%" PRIu32 ", %" PRIu64 " bytes\n", major, minor,
                   anp_package_size(p));
    for (uint32_t i = 0; anp_package_section(p, i, &s); i++)
        anp_buf_printf(out, "section %s: %" PRIu64 " bytes at %" PRIu64 "\n", s.kind, s.bytes,
                       s.offset);
    for (uint32_t i = 0; i < anp_package_weights(p); i++) {
        const void *data;
        uint64_t bytes;
        ANP_TRY(anp_package_weight(p, i, &data, &bytes));
        put_bytes(out, "weight", i, data, bytes);
    }
    for (uint32_t i = 0; i < anp_package_variants(p); i++)
        ANP_TRY(put_variant(anp_package_variant(p, i), i, out));
    anp_buf_printf(out, "manifest %s\n", anp_package_manifest(p));
    return anp_buf_status(out);
}

anp_status_t anp_golden_text(const char *path, anp_buf_t *out) {
    anp_package_t *p;
    ANP_TRY(anp_package_open(path, &p));
    anp_status_t st = anp_package_check(p);
    if (st == ANP_OK) st = put_package(p, out);
    anp_package_release(p);
    return st;
}
