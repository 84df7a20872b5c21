/* SPDX-License-Identifier: Apache-2.0 */
/* Writing packages: everything goes to the file as it comes; only the index is kept in memory until
 * the end. */
#include "package/package_format.h"
#include <inttypes.h>
#include <string.h>

struct anp_package_writer_t {
    anp_file_writer_t *file;
    bool broken; /* a call failed half-way: what is in the file is not what the index says */
    bool has_manifest;
    bool section_open;  /* the last section still grows */
    anp_vec_t sections; /* anp_pkg_section_t */
    anp_vec_t weights;  /* anp_pkg_piece_t */
    anp_vec_t variants; /* anp_pkg_variant_t */
    anp_vec_t blobs;    /* anp_pkg_piece_t */
    anp_buf_t strings;
    anp_map_t string_at, weight_ids; /* by text; by (hash, bytes) */
};

/* Marks the writer broken until the call is through. */
static anp_status_t begin(anp_package_writer_t *w) {
    if (w->broken) ANP_FAIL(ANP_IO, "package: an earlier write failed");
    w->broken = true;
    return ANP_OK;
}

static anp_status_t done(anp_package_writer_t *w) {
    w->broken = false;
    return ANP_OK;
}

anp_status_t anp_package_writer_open(const char *path, anp_package_writer_t **out) {
    *out = NULL;
    anp_package_writer_t *w;
    ANP_TRY(ANP_NEW(&w));
    anp_vec_init(&w->sections, sizeof(anp_pkg_section_t));
    anp_vec_init(&w->weights, sizeof(anp_pkg_piece_t));
    anp_vec_init(&w->variants, sizeof(anp_pkg_variant_t));
    anp_vec_init(&w->blobs, sizeof(anp_pkg_piece_t));
    anp_buf_init(&w->strings, UINT32_MAX - 1); /* offsets have 32 bits */
    anp_map_init(&w->string_at);
    anp_map_init(&w->weight_ids);
    const anp_pkg_header_t room = {
        .major = 0}; /* the real one is written last: until then it is no package */
    anp_status_t st = anp_file_writer_open(path, &w->file);
    if (st == ANP_OK) st = anp_file_writer_write(w->file, &room, sizeof room);
    if (st == ANP_OK)
        *out = w;
    else
        anp_package_writer_release(w);
    return st;
}

void anp_package_writer_release(anp_package_writer_t *w) {
    if (!w) return;
    anp_file_writer_release(w->file);
    anp_vec_deinit(&w->sections);
    anp_vec_deinit(&w->weights);
    anp_vec_deinit(&w->variants);
    anp_vec_deinit(&w->blobs);
    anp_buf_deinit(&w->strings);
    anp_map_deinit(&w->string_at);
    anp_map_deinit(&w->weight_ids);
    anp_free(w);
}

/* ---- sections and pieces ---- */

static anp_pkg_section_t *last_section(anp_package_writer_t *w) {
    return &ANP_VEC_AT(&w->sections, anp_pkg_section_t, w->sections.count - 1);
}

static void close_section(anp_package_writer_t *w) {
    if (w->section_open)
        last_section(w)->bytes = anp_file_writer_tell(w->file) - last_section(w)->offset;
    w->section_open = false;
}

/* Goes on with the section that is open when it is of this kind. */
static anp_status_t open_section(anp_package_writer_t *w, anp_pkg_kind_t kind) {
    if (w->section_open && last_section(w)->kind == (uint32_t)kind) return ANP_OK;
    close_section(w);
    ANP_TRY(anp_file_writer_pad(w->file, ANP_PKG_SECTION_ALIGN));
    const anp_pkg_section_t s = {.kind = (uint32_t)kind, .offset = anp_file_writer_tell(w->file)};
    ANP_TRY(anp_vec_push(&w->sections, &s));
    w->section_open = true;
    return ANP_OK;
}

/* A section of its own with a hash of its own. */
static anp_status_t write_section(anp_package_writer_t *w, anp_pkg_kind_t kind, const void *data,
                                  uint64_t bytes) {
    ANP_TRY(open_section(w, kind));
    last_section(w)->hash = anp_hash_bytes(data, bytes);
    ANP_TRY(anp_file_writer_write(w->file, data, bytes));
    close_section(w);
    return ANP_OK;
}

/* hash is that of data. */
static anp_status_t write_piece(anp_package_writer_t *w, anp_pkg_kind_t kind, const void *data,
                                uint64_t bytes, anp_hash_t hash, anp_pkg_piece_t *out) {
    ANP_TRY(open_section(w, kind));
    ANP_TRY(anp_file_writer_pad(w->file, ANP_PKG_DATA_ALIGN));
    *out = (anp_pkg_piece_t){.offset = anp_file_writer_tell(w->file), .bytes = bytes, .hash = hash};
    return anp_file_writer_write(w->file, data, bytes);
}

/* ---- weights ---- */

static anp_status_t write_weight(anp_package_writer_t *w, const void *data, uint64_t bytes,
                                 uint32_t *out_id) {
    anp_pkg_piece_t piece = {.bytes = bytes, .hash = anp_hash_bytes(data, bytes)};
    uint64_t key[] = {piece.hash.lo, piece.hash.hi, bytes}, id;
    if (anp_map_get(&w->weight_ids, (const char *)key, sizeof key, &id)) {
        *out_id = (uint32_t)id;
        return ANP_OK;
    }
    if (w->weights.count >= UINT32_MAX)
        ANP_FAIL(ANP_LIMIT, "package: more than %" PRIu32 " weights", UINT32_MAX);
    *out_id = (uint32_t)w->weights.count;
    ANP_TRY(write_piece(w, ANP_PKG_WEIGHTS, data, bytes, piece.hash, &piece));
    ANP_TRY(anp_vec_push(&w->weights, &piece));
    return anp_map_put(&w->weight_ids, (const char *)key, sizeof key, *out_id);
}

anp_status_t anp_package_put_weight(anp_package_writer_t *w, const void *data, uint64_t bytes,
                                    uint32_t *out_id) {
    *out_id = 0;
    ANP_TRY(begin(w));
    ANP_TRY(write_weight(w, data, bytes, out_id));
    return done(w);
}

/* ---- variants ---- */

static anp_status_t put_string(anp_package_writer_t *w, const char *s, uint32_t *out_at) {
    const size_t len = strlen(s);
    uint64_t at;
    if (!anp_map_get(&w->string_at, s, len, &at)) {
        at = w->strings.len;
        anp_buf_append(&w->strings, s, len + 1);
        ANP_TRY(anp_buf_status(&w->strings));
        ANP_TRY(anp_map_put(&w->string_at, s, len, at));
    }
    *out_at = (uint32_t)at;
    return ANP_OK;
}

static anp_status_t write_variant(anp_package_writer_t *w, const anp_variant_key_t *key,
                                  const void *program, uint64_t program_bytes,
                                  const anp_blob_t *blobs, uint32_t n_blobs) {
    anp_pkg_variant_t v = {.first_blob = (uint32_t)w->blobs.count, .n_blobs = n_blobs};
    if (w->blobs.count + n_blobs > UINT32_MAX || w->variants.count >= UINT32_MAX)
        ANP_FAIL(ANP_LIMIT, "package: more than %" PRIu32 " blobs or variants", UINT32_MAX);
    ANP_TRY(put_string(w, key->driver, &v.driver));
    ANP_TRY(put_string(w, key->target, &v.target));
    ANP_TRY(put_string(w, key->isa, &v.isa));
    ANP_TRY(put_string(w, key->bucket, &v.bucket));
    ANP_TRY(put_string(w, key->driver_version, &v.driver_version));
    ANP_TRY(write_piece(w, ANP_PKG_VARIANTS, program, program_bytes,
                        anp_hash_bytes(program, program_bytes), &v.program));
    for (uint32_t i = 0; i < n_blobs; i++) {
        anp_pkg_piece_t piece;
        ANP_TRY(write_piece(w, ANP_PKG_VARIANTS, blobs[i].data, blobs[i].bytes,
                            anp_hash_bytes(blobs[i].data, blobs[i].bytes), &piece));
        ANP_TRY(anp_vec_push(&w->blobs, &piece));
    }
    return anp_vec_push(&w->variants, &v);
}

anp_status_t anp_package_put_variant(anp_package_writer_t *w, const anp_variant_key_t *key,
                                     const void *program, uint64_t program_bytes,
                                     const anp_blob_t *blobs, uint32_t n_blobs) {
    ANP_TRY(begin(w));
    ANP_TRY(write_variant(w, key, program, program_bytes, blobs, n_blobs));
    return done(w);
}

/* ---- manifest and end ---- */

anp_status_t anp_package_put_manifest(anp_package_writer_t *w, const char *json) {
    if (w->has_manifest) ANP_FAIL(ANP_INVALID_ARGUMENT, "package: it has a manifest already");
    ANP_TRY(begin(w));
    ANP_TRY(write_section(w, ANP_PKG_MANIFEST, json, strlen(json) + 1));
    w->has_manifest = true;
    return done(w);
}

static void append_records(anp_buf_t *out, const anp_vec_t *records) {
    anp_buf_append(out, records->data, records->count * records->elem_bytes);
}

static anp_status_t write_index(anp_package_writer_t *w) {
    uint32_t empty;
    ANP_TRY(put_string(w, "", &empty)); /* so that there are strings at all */
    const anp_pkg_index_t index = {
        .n_weights = (uint32_t)w->weights.count,
        .n_variants = (uint32_t)w->variants.count,
        .n_blobs = (uint32_t)w->blobs.count,
        .strings_bytes = w->strings.len,
    };
    anp_buf_t bytes;
    anp_buf_init(&bytes, UINT64_C(1) << 40);
    anp_buf_append(&bytes, &index, sizeof index);
    append_records(&bytes, &w->weights);
    append_records(&bytes, &w->variants);
    append_records(&bytes, &w->blobs);
    anp_buf_append(&bytes, w->strings.data, w->strings.len);
    anp_status_t st = anp_buf_status(&bytes);
    if (st == ANP_OK) st = write_section(w, ANP_PKG_INDEX, bytes.data, bytes.len);
    anp_buf_deinit(&bytes);
    return st;
}

static anp_status_t write_header(anp_package_writer_t *w) {
    ANP_TRY(anp_file_writer_pad(w->file, ANP_PKG_DATA_ALIGN));
    anp_pkg_header_t h = {
        .major = ANP_PKG_MAJOR,
        .minor = ANP_PKG_MINOR,
        .header_bytes = sizeof h,
        .table_offset = anp_file_writer_tell(w->file),
        .n_sections = (uint32_t)w->sections.count,
        .section_bytes = sizeof(anp_pkg_section_t),
    };
    memcpy(h.magic, ANP_PKG_MAGIC, sizeof h.magic);
    ANP_TRY(anp_file_writer_write(w->file, w->sections.data,
                                  w->sections.count * w->sections.elem_bytes));
    h.file_bytes = anp_file_writer_tell(w->file);
    h.hash = anp_pkg_header_hash(&h, w->sections.data);
    return anp_file_writer_patch(w->file, 0, &h, sizeof h);
}

anp_status_t anp_package_writer_commit(anp_package_writer_t *w) {
    if (!w->has_manifest) ANP_TRY(anp_package_put_manifest(w, "{}"));
    ANP_TRY(begin(w)); /* and stays so: nothing can follow */
    ANP_TRY(write_index(w));
    ANP_TRY(write_header(w));
    return anp_file_writer_commit(w->file);
}
