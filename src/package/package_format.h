/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a package as C records (docs/format/package.md), shared by reader and writer. All
 * integers are little-endian. */
#ifndef ANP_PACKAGE_FORMAT_H
#define ANP_PACKAGE_FORMAT_H

#include "package/package.h"

/* The line ends and the end-of-text mark show a file that was carried as text. */
#define ANP_PKG_MAGIC "ANPUT\r\n\x1a"

enum {
    ANP_PKG_MAGIC_BYTES = 8,
    ANP_PKG_MAJOR = 1,
    ANP_PKG_MINOR = 0,
    ANP_PKG_SECTION_ALIGN = 64 * 1024, /* the largest page size of the machines we run on */
    ANP_PKG_DATA_ALIGN = 64, /* of weights, programs and blobs: a cache line, the widest vector */
};

typedef enum anp_pkg_kind_t { /* values never change */
                              ANP_PKG_WEIGHTS =
                                  1, /* tensor bytes; the index has place and hash of each */
                              ANP_PKG_VARIANTS =
                                  2, /* programs and blobs; the index has place and hash of each */
                              ANP_PKG_INDEX =
                                  3, /* exactly one: anp_pkg_index_t and what follows it */
                              ANP_PKG_MANIFEST = 4, /* exactly one: JSON text and a NUL */
} anp_pkg_kind_t;

typedef struct anp_pkg_header_t { /* at offset 0 */
    uint8_t magic[ANP_PKG_MAGIC_BYTES];
    uint16_t major, minor; /* a reader takes its own major and any minor up to its own */
    uint32_t header_bytes; /* of this record */
    uint64_t file_bytes;
    uint64_t table_offset; /* of n_sections records anp_pkg_section_t, which end the file */
    uint32_t n_sections;
    uint32_t section_bytes; /* of a record */
    anp_hash_t hash; /* of this record, in which this field holds the hash of the section table */
} anp_pkg_header_t;

typedef struct anp_pkg_section_t {
    uint32_t kind; /* anp_pkg_kind_t */
    uint32_t reserved_zero;
    uint64_t offset, bytes; /* rising, apart, offset a multiple of ANP_PKG_SECTION_ALIGN */
    anp_hash_t hash; /* of the bytes; zero for WEIGHTS and VARIANTS, whose parts have their own */
} anp_pkg_section_t;

typedef struct anp_pkg_piece_t { /* a weight, program or blob */
    uint64_t offset, bytes;      /* in the file; offset a multiple of ANP_PKG_DATA_ALIGN */
    anp_hash_t hash;
} anp_pkg_piece_t;

typedef struct anp_pkg_index_t { /* then the weights, variants and blobs (records), then the strings
                                  */
    uint32_t n_weights, n_variants, n_blobs, reserved_zero;
    uint64_t strings_bytes; /* NUL-terminated strings of the variants' keys */
} anp_pkg_index_t;

typedef struct anp_pkg_variant_t {
    uint32_t driver, target, isa, bucket, driver_version; /* offsets into the strings */
    uint32_t first_blob, n_blobs;
    uint32_t reserved_zero;
    anp_pkg_piece_t program;
} anp_pkg_variant_t;

_Static_assert(sizeof(anp_pkg_header_t) == 56 && sizeof(anp_pkg_section_t) == 40 &&
                   sizeof(anp_pkg_piece_t) == 32 && sizeof(anp_pkg_index_t) == 24 &&
                   sizeof(anp_pkg_variant_t) == 64,
               "no padding in records");
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packages are read in place: little-endian machines only"
#endif

/* The hash over header and section table that belongs into the header. */
anp_hash_t anp_pkg_header_hash(const anp_pkg_header_t *h, const anp_pkg_section_t *table);

/* Like anp_package_open_bytes. Without hashes every other check remains: so a fuzzer gets past
 * them. */
anp_status_t anp_package_parse(const void *data, uint64_t size_bytes, bool check_hashes,
                               anp_package_t **out);

#endif
