/* SPDX-License-Identifier: Apache-2.0 */
/* Reading packages: the file is mapped, its structure checked, and everything else points into the
 * map. */
#include "package/package_format.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

struct anp_package_t {
    atomic_uint refs;
    anp_file_t *file; /* NULL: lent bytes */
    const uint8_t *data;
    uint64_t size;
    anp_pkg_header_t header;
    const anp_pkg_section_t *sections;
    const anp_pkg_index_t *index;
    const anp_pkg_piece_t *weights, *blobs;
    const anp_pkg_variant_t *records;
    const char *strings, *manifest;
    anp_variant_t *variants; /* what the caller sees of `records` */
    anp_blob_t *blob_views;  /* the same of `blobs` */
};

anp_hash_t anp_pkg_header_hash(const anp_pkg_header_t *h, const anp_pkg_section_t *table) {
    anp_pkg_header_t record = *h;
    record.hash = anp_hash_bytes(table, h->n_sections * sizeof *table);
    return anp_hash_bytes(&record, sizeof record);
}

static anp_status_t check_hash(const char *what, uint64_t i, const void *data, uint64_t bytes,
                               anp_hash_t expected) {
    const anp_hash_t found = anp_hash_bytes(data, bytes);
    if (found.lo == expected.lo && found.hi == expected.hi) return ANP_OK;
    char want[33], got[33];
    anp_hash_text(expected, want);
    anp_hash_text(found, got);
    ANP_FAIL(ANP_CORRUPT, "package: %s %" PRIu64 ": hash is %s, expected %s", what, i, got, want);
}

/* ---- header and sections ---- */

static anp_status_t check_header(const anp_pkg_header_t *h, uint64_t size) {
    if (memcmp(h->magic, ANP_PKG_MAGIC, ANP_PKG_MAGIC_BYTES) != 0)
        ANP_FAIL(ANP_INVALID_FILE, "not a package: the first bytes are not those of one");
    if (h->major != ANP_PKG_MAJOR || h->minor > ANP_PKG_MINOR)
        ANP_FAIL(ANP_INCOMPATIBLE,
                 "package: format version is %u.%u, this build reads %d.0 to %d.%d", h->major,
                 h->minor, ANP_PKG_MAJOR, ANP_PKG_MAJOR, ANP_PKG_MINOR);
    if (h->file_bytes != size)
        ANP_FAIL(ANP_CORRUPT, "package: header says %" PRIu64 " bytes, the file has %" PRIu64,
                 h->file_bytes, size);
    if (h->header_bytes != sizeof *h || h->section_bytes != sizeof(anp_pkg_section_t))
        ANP_FAIL(ANP_CORRUPT,
                 "package: records of %" PRIu32 " and %" PRIu32 " bytes, expected %zu and %zu",
                 h->header_bytes, h->section_bytes, sizeof *h, sizeof(anp_pkg_section_t));
    const uint64_t table_bytes = h->n_sections * (uint64_t)sizeof(anp_pkg_section_t);
    if (table_bytes > size || h->table_offset != size - table_bytes ||
        h->table_offset % ANP_PKG_DATA_ALIGN != 0 || h->table_offset < sizeof *h)
        ANP_FAIL(ANP_CORRUPT,
                 "package: %" PRIu32 " sections are described at offset %" PRIu64
                 "; that is not the end of the file",
                 h->n_sections, h->table_offset);
    return ANP_OK;
}

static anp_status_t check_sections(const anp_package_t *p) {
    uint64_t end = sizeof p->header;
    for (uint32_t i = 0; i < p->header.n_sections; i++) {
        const anp_pkg_section_t *s = &p->sections[i];
        const uint64_t limit = p->header.table_offset;
        if (s->kind < ANP_PKG_WEIGHTS || s->kind > ANP_PKG_MANIFEST || s->reserved_zero != 0)
            ANP_FAIL(ANP_INVALID_FILE, "package: section %" PRIu32 " is of unknown kind %" PRIu32,
                     i, s->kind);
        if (s->offset % ANP_PKG_SECTION_ALIGN != 0 || s->offset < end || s->offset > limit ||
            s->bytes > limit - s->offset)
            ANP_FAIL(ANP_INVALID_FILE,
                     "package: section %" PRIu32 ": %" PRIu64 " bytes at %" PRIu64
                     "; expected a multiple of %d between %" PRIu64 " and %" PRIu64,
                     i, s->bytes, s->offset, ANP_PKG_SECTION_ALIGN, end, limit);
        end = s->offset + s->bytes;
    }
    return ANP_OK;
}

/* The one section of this kind, its bytes verified. */
static anp_status_t find_section(const anp_package_t *p, anp_pkg_kind_t kind, const char *what,
                                 bool check_hashes, const anp_pkg_section_t **out) {
    *out = NULL;
    for (uint32_t i = 0; i < p->header.n_sections; i++) {
        if (p->sections[i].kind != kind) continue;
        if (*out) ANP_FAIL(ANP_INVALID_FILE, "package: it has more than one %s", what);
        *out = &p->sections[i];
    }
    if (!*out) ANP_FAIL(ANP_INVALID_FILE, "package: it has no %s", what);
    if (!check_hashes) return ANP_OK;
    return check_hash(what, 0, p->data + (*out)->offset, (*out)->bytes, (*out)->hash);
}

static anp_status_t read_manifest(anp_package_t *p, bool check_hashes) {
    const anp_pkg_section_t *s;
    ANP_TRY(find_section(p, ANP_PKG_MANIFEST, "manifest", check_hashes, &s));
    p->manifest = (const char *)p->data + s->offset;
    if (s->bytes == 0 || memchr(p->manifest, '\0', (size_t)s->bytes) != p->manifest + s->bytes - 1)
        ANP_FAIL(ANP_INVALID_FILE, "package: the manifest must end in its only NUL");
    return ANP_OK;
}

/* ---- the index ---- */

/* Where its parts lie; their sizes make up the section exactly. */
static anp_status_t read_index(anp_package_t *p, bool check_hashes) {
    const anp_pkg_section_t *s;
    ANP_TRY(find_section(p, ANP_PKG_INDEX, "index", check_hashes, &s));
    const uint8_t *at = p->data + s->offset;
    const anp_pkg_index_t *ix = p->index = (const anp_pkg_index_t *)(const void *)at;
    if (s->bytes < sizeof *ix)
        ANP_FAIL(ANP_INVALID_FILE, "package: the index has %" PRIu64 " bytes", s->bytes);
    /* three counts of 32 bits times small records cannot wrap 64 bits */
    const uint64_t records = sizeof *ix + ix->n_weights * (uint64_t)sizeof *p->weights +
                             ix->n_variants * (uint64_t)sizeof *p->records +
                             ix->n_blobs * (uint64_t)sizeof *p->blobs;
    if (ix->reserved_zero != 0 || records > s->bytes || ix->strings_bytes != s->bytes - records)
        ANP_FAIL(ANP_INVALID_FILE,
                 "package: index of %" PRIu64 " bytes with %" PRIu32 " weights, %" PRIu32
                 " variants, %" PRIu32 " blobs and %" PRIu64 " bytes of strings",
                 s->bytes, ix->n_weights, ix->n_variants, ix->n_blobs, ix->strings_bytes);
    p->weights = (const anp_pkg_piece_t *)(const void *)(at + sizeof *ix);
    p->records = (const anp_pkg_variant_t *)(const void *)(p->weights + ix->n_weights);
    p->blobs = (const anp_pkg_piece_t *)(const void *)(p->records + ix->n_variants);
    p->strings = (const char *)(const void *)(p->blobs + ix->n_blobs);
    if (ix->strings_bytes == 0 || p->strings[ix->strings_bytes - 1] != '\0')
        ANP_FAIL(ANP_INVALID_FILE, "package: the strings of the index do not end in NUL");
    return ANP_OK;
}

/* Pieces of one kind, in the order of the file: rising offsets make an overlap impossible. */
typedef struct pieces_t {
    anp_pkg_kind_t kind; /* of the sections they lie in */
    uint32_t section;    /* of the last one */
    uint64_t end;
} pieces_t;

static anp_status_t check_piece(const anp_package_t *p, pieces_t *at, const char *what, uint64_t i,
                                const anp_pkg_piece_t *piece) {
    const anp_pkg_section_t *s = NULL;
    uint64_t end;
    ANP_TRY(anp_size_add(piece->offset, piece->bytes, &end));
    for (; at->section < p->header.n_sections; at->section++) {
        s = &p->sections[at->section];
        if (s->kind == (uint32_t)at->kind && end <= s->offset + s->bytes) break;
    }
    if (at->section == p->header.n_sections || piece->offset < s->offset ||
        piece->offset < at->end || piece->offset % ANP_PKG_DATA_ALIGN != 0)
        ANP_FAIL(ANP_INVALID_FILE,
                 "package: %s %" PRIu64 ": %" PRIu64 " bytes at %" PRIu64
                 " lie outside its sections, overlap or are not 64-byte aligned",
                 what, i, piece->bytes, piece->offset);
    at->end = end;
    return ANP_OK;
}

static anp_status_t check_weights(const anp_package_t *p) {
    pieces_t at = {.kind = ANP_PKG_WEIGHTS};
    for (uint32_t i = 0; i < p->index->n_weights; i++)
        ANP_TRY(check_piece(p, &at, "weight", i, &p->weights[i]));
    return ANP_OK;
}

static anp_status_t check_variant(const anp_package_t *p, uint32_t i, uint64_t first_blob,
                                  pieces_t *at, bool check_hashes) {
    const anp_pkg_variant_t *r = &p->records[i];
    const uint32_t strings[] = {r->driver, r->target, r->isa, r->bucket, r->driver_version};
    for (uint32_t k = 0; k < ANP_ARRAY_LEN(strings); k++)
        if (strings[k] >= p->index->strings_bytes)
            ANP_FAIL(ANP_INVALID_FILE,
                     "package: variant %" PRIu32 ": string at %" PRIu32 " of %" PRIu64 " bytes", i,
                     strings[k], p->index->strings_bytes);
    if (r->first_blob != first_blob || r->n_blobs > p->index->n_blobs - first_blob ||
        r->reserved_zero != 0)
        ANP_FAIL(ANP_INVALID_FILE,
                 "package: variant %" PRIu32 ": %" PRIu32 " blobs from %" PRIu32 " of %" PRIu32, i,
                 r->n_blobs, r->first_blob, p->index->n_blobs);
    ANP_TRY(check_piece(p, at, "program of variant", i, &r->program));
    for (uint32_t k = 0; k < r->n_blobs; k++)
        ANP_TRY(check_piece(p, at, "blob", first_blob + k, &p->blobs[first_blob + k]));
    if (!check_hashes) return ANP_OK;
    return check_hash("program of variant", i, p->data + r->program.offset, r->program.bytes,
                      r->program.hash);
}

static anp_status_t check_variants(const anp_package_t *p, bool check_hashes) {
    pieces_t at = {.kind = ANP_PKG_VARIANTS};
    uint64_t n_blobs = 0;
    for (uint32_t i = 0; i < p->index->n_variants; i++) {
        ANP_TRY(check_variant(p, i, n_blobs, &at, check_hashes));
        n_blobs += p->records[i].n_blobs;
    }
    if (n_blobs != p->index->n_blobs)
        ANP_FAIL(ANP_INVALID_FILE,
                 "package: the variants have %" PRIu64 " blobs, the index %" PRIu32, n_blobs,
                 p->index->n_blobs);
    return ANP_OK;
}

static anp_status_t make_views(anp_package_t *p) {
    ANP_TRY(ANP_NEW_ARRAY(p->index->n_variants, &p->variants));
    ANP_TRY(ANP_NEW_ARRAY(p->index->n_blobs, &p->blob_views));
    for (uint32_t i = 0; i < p->index->n_blobs; i++)
        p->blob_views[i] = (anp_blob_t){p->data + p->blobs[i].offset, p->blobs[i].bytes};
    for (uint32_t i = 0; i < p->index->n_variants; i++) {
        const anp_pkg_variant_t *r = &p->records[i];
        p->variants[i] = (anp_variant_t){
            .key = {.driver = p->strings + r->driver,
                    .target = p->strings + r->target,
                    .isa = p->strings + r->isa,
                    .bucket = p->strings + r->bucket,
                    .driver_version = p->strings + r->driver_version},
            .program = p->data + r->program.offset,
            .program_bytes = r->program.bytes,
            .blobs = p->blob_views + r->first_blob,
            .n_blobs = r->n_blobs,
        };
    }
    return ANP_OK;
}

/* ---- opening ---- */

static anp_status_t parse(anp_package_t *p, bool check_hashes) {
    if (p->size < sizeof p->header)
        ANP_FAIL(ANP_INVALID_FILE,
                 "not a package: %" PRIu64 " bytes are less than the header's %zu", p->size,
                 sizeof p->header);
    memcpy(&p->header, p->data, sizeof p->header);
    ANP_TRY(check_header(&p->header, p->size));
    p->sections = (const anp_pkg_section_t *)(const void *)(p->data + p->header.table_offset);
    const anp_hash_t hash = anp_pkg_header_hash(&p->header, p->sections);
    if (check_hashes && (hash.lo != p->header.hash.lo || hash.hi != p->header.hash.hi))
        ANP_FAIL(ANP_CORRUPT, "package: header or section table differ from their hash");
    ANP_TRY(check_sections(p));
    ANP_TRY(read_manifest(p, check_hashes));
    ANP_TRY(read_index(p, check_hashes));
    ANP_TRY(check_weights(p));
    ANP_TRY(check_variants(p, check_hashes));
    return make_views(p);
}

/* Takes the file in every case. */
static anp_status_t open_over(anp_file_t *file, const void *data, uint64_t size, bool check_hashes,
                              anp_package_t **out) {
    *out = NULL;
    anp_package_t *p;
    anp_status_t st = ANP_NEW(&p);
    if (st != ANP_OK) {
        anp_file_release(file);
        return st;
    }
    atomic_init(&p->refs, 1);
    p->file = file;
    p->data = data;
    p->size = size;
    st = parse(p, check_hashes);
    if (st == ANP_OK)
        *out = p;
    else
        anp_package_release(p);
    return st;
}

anp_status_t anp_package_parse(const void *data, uint64_t size_bytes, bool check_hashes,
                               anp_package_t **out) {
    *out = NULL;
    if ((uintptr_t)data % ANP_PKG_DATA_ALIGN != 0)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "package: its bytes must be 64-byte aligned");
    return open_over(NULL, data, size_bytes, check_hashes, out);
}

anp_status_t anp_package_open_bytes(const void *data, uint64_t size_bytes, anp_package_t **out) {
    return anp_package_parse(data, size_bytes, true, out);
}

anp_status_t anp_package_open(const char *path, anp_package_t **out) {
    *out = NULL;
    anp_file_t *file;
    ANP_TRY(anp_file_map(path, &file));
    const anp_status_t st = open_over(file, anp_file_data(file), anp_file_size(file), true, out);
    return st == ANP_OK ? st : anp_error_prefix(st, "'%s'", path);
}

void anp_package_retain(anp_package_t *p) {
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
}

void anp_package_release(anp_package_t *p) {
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1) return;
    anp_free(p->variants);
    anp_free(p->blob_views);
    anp_file_release(p->file);
    anp_free(p);
}

/* ---- reading ---- */

bool anp_package_probe(const void *data, uint64_t size_bytes) {
    return size_bytes >= ANP_PKG_MAGIC_BYTES &&
           memcmp(data, ANP_PKG_MAGIC, ANP_PKG_MAGIC_BYTES) == 0;
}

uint32_t anp_package_variants(const anp_package_t *p) {
    return p->index->n_variants;
}
const anp_variant_t *anp_package_variant(const anp_package_t *p, uint32_t i) {
    return i < p->index->n_variants ? &p->variants[i] : NULL;
}
uint32_t anp_package_weights(const anp_package_t *p) {
    return p->index->n_weights;
}
const char *anp_package_manifest(const anp_package_t *p) {
    return p->manifest;
}
uint64_t anp_package_size(const anp_package_t *p) {
    return p->size;
}
void anp_package_version(const anp_package_t *p, uint32_t *out_major, uint32_t *out_minor) {
    *out_major = p->header.major;
    *out_minor = p->header.minor;
}

anp_status_t anp_package_weight(const anp_package_t *p, uint32_t id, const void **out_data,
                                uint64_t *out_bytes) {
    *out_data = NULL;
    *out_bytes = 0;
    if (id >= p->index->n_weights)
        ANP_FAIL(ANP_OUT_OF_RANGE, "package: weight %" PRIu32 " of %" PRIu32, id,
                 p->index->n_weights);
    *out_data = p->data + p->weights[id].offset;
    *out_bytes = p->weights[id].bytes;
    return ANP_OK;
}

static anp_status_t check_pieces(const anp_package_t *p, const char *what,
                                 const anp_pkg_piece_t *pieces, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        const anp_pkg_piece_t *piece = &pieces[i];
        ANP_TRY(check_hash(what, i, p->data + piece->offset, piece->bytes, piece->hash));
        if (p->file)
            anp_file_done(p->file, piece->offset,
                          piece->bytes); /* more than memory holds may follow */
    }
    return ANP_OK;
}

anp_status_t anp_package_check(const anp_package_t *p) {
    ANP_TRY(check_pieces(p, "weight", p->weights, p->index->n_weights));
    return check_pieces(p, "blob", p->blobs, p->index->n_blobs);
}

bool anp_package_section(const anp_package_t *p, uint32_t i, anp_section_info_t *out) {
    static const char *const kinds[] = {"", "weights", "variants", "index", "manifest"};
    *out = (anp_section_info_t){.kind = ""};
    if (i >= p->header.n_sections) return false;
    const anp_pkg_section_t *s = &p->sections[i];
    *out = (anp_section_info_t){.kind = kinds[s->kind], .offset = s->offset, .bytes = s->bytes};
    if (s->hash.lo | s->hash.hi) anp_hash_text(s->hash, out->hash);
    return true;
}
