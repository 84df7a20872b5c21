/* SPDX-License-Identifier: Apache-2.0 */
/* The offline model file (.anp): reader and writer. The format is docs/format/package.md. Contract
 * C5. */
#ifndef ANP_PACKAGE_PACKAGE_H
#define ANP_PACKAGE_PACKAGE_H

#include "base/file.h"
#include "base/str.h"

/* What a variant was made for. Empty strings match anything. The portable variant has driver "". */
typedef struct anp_variant_key_t {
    const char *driver;         /* "cpu", "vendor" ... the driver all its blobs are for */
    const char *target;         /* "ascend310b1", "x86_64" */
    const char *isa;            /* ISA levels needed, "" none */
    const char *bucket;         /* shape bucket, e.g. "N=1,S=128"; "" any */
    const char *driver_version; /* the driver's own version text: equal or refused by the driver */
} anp_variant_key_t;

typedef struct anp_blob_t {
    const void *data; /* mapped, 64-byte aligned */
    uint64_t bytes;   /* 0: the driver finalises at load */
} anp_blob_t;

typedef struct anp_variant_t {
    anp_variant_key_t key;
    const void *program; /* 64-byte aligned; hash checked at open */
    uint64_t program_bytes;
    const anp_blob_t *blobs;
    uint32_t n_blobs;
} anp_variant_t;

typedef struct anp_package_t anp_package_t; /* immutable; any thread; reference counted */

/* Maps and checks header, section table, programs, weight index and manifest by hash (weights and
 * blobs only on request): time does not grow with the weights. */
anp_status_t anp_package_open(const char *path, anp_package_t **out);
/* The same over bytes (64-byte aligned, lent until release). */
anp_status_t anp_package_open_bytes(const void *data, uint64_t size_bytes, anp_package_t **out);
void anp_package_retain(anp_package_t *p);
void anp_package_release(anp_package_t *p);                    /* takes NULL */
bool anp_package_probe(const void *data, uint64_t size_bytes); /* the magic is there */
uint32_t anp_package_variants(const anp_package_t *p);
const anp_variant_t *anp_package_variant(const anp_package_t *p, uint32_t i);
uint32_t anp_package_weights(const anp_package_t *p);
/* Bytes of weight `id` (64-byte aligned in the map); ids were checked against this count when
 * programs were verified by the caller. */
anp_status_t anp_package_weight(const anp_package_t *p, uint32_t id, const void **out_data,
                                uint64_t *out_bytes);
const char *anp_package_manifest(const anp_package_t *p); /* JSON text, NUL-terminated */
void anp_package_version(const anp_package_t *p, uint32_t *out_major, uint32_t *out_minor);
uint64_t anp_package_size(const anp_package_t *p);
/* Reads all weights and blobs and compares hashes; ANP_CORRUPT names the first that differs. */
anp_status_t anp_package_check(const anp_package_t *p);
/* Sections for `inspect`: kind name, offset, bytes, hash. false past the end. */
typedef struct anp_section_info_t {
    const char *kind;
    uint64_t offset, bytes;
    char hash[33];
} anp_section_info_t;
bool anp_package_section(const anp_package_t *p, uint32_t i, anp_section_info_t *out);

/* ---- writing: streams weights straight to the file (beside the target), then programs, blobs,
 * manifest, index; commit renames ---- */
typedef struct anp_package_writer_t anp_package_writer_t;
anp_status_t anp_package_writer_open(const char *path, anp_package_writer_t **out);
void anp_package_writer_release(anp_package_writer_t *w); /* takes NULL; without commit nothing is
                                                             left and an old file survives */
/* Appends bytes (64-byte aligned in the file); data may be mapped and is read once; equal (hash,
 * bytes) weights get the same id. */
anp_status_t anp_package_put_weight(anp_package_writer_t *w, const void *data, uint64_t bytes,
                                    uint32_t *out_id);
/* Key strings, program and blobs are copied into the file at once. */
anp_status_t anp_package_put_variant(anp_package_writer_t *w, const anp_variant_key_t *key,
                                     const void *program, uint64_t program_bytes,
                                     const anp_blob_t *blobs, uint32_t n_blobs);
anp_status_t anp_package_put_manifest(anp_package_writer_t *w, const char *json);
anp_status_t anp_package_writer_commit(anp_package_writer_t *w);

#endif
