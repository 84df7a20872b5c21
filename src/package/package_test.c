/* SPDX-License-Identifier: Apache-2.0 */
/* Packages: what is written is read back, what is damaged is refused, what fails leaves the old
 * file. */
#include "base/testing.h"
#include "base/thread.h"
#include "package/package_format.h"
#include "program/program_testing.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const anp_variant_key_t portable = {"", "", "", "", ""};
static const anp_variant_key_t vendor = {"vendor", "v1", "", "N=1", "2.0"};

static const char weight_a[] = "weights of the first layer";
static const char weight_b[] = "weights of the second layer";
static const char blob_bytes[] = "compiled for the vendor";
static const char manifest[] = "{\"name\": \"test\"}";

/* Two weights (one of them put twice), the portable variant, a variant with two blobs, the second
 * empty. */
static anp_status_t fill(anp_package_writer_t *w, const void *program, uint64_t program_bytes) {
    const anp_blob_t blobs[] = {{blob_bytes, sizeof blob_bytes}, {NULL, 0}};
    uint32_t a, b, again;
    ANP_TRY(anp_package_put_weight(w, weight_a, sizeof weight_a, &a));
    ANP_TRY(anp_package_put_weight(w, weight_b, sizeof weight_b, &b));
    ANP_TRY(anp_package_put_weight(w, weight_a, sizeof weight_a, &again));
    if (a != 0 || b != 1 || again != 0) ANP_FAIL(ANP_INTERNAL, "ids are %u, %u, %u", a, b, again);
    ANP_TRY(anp_package_put_variant(w, &portable, program, program_bytes, NULL, 0));
    ANP_TRY(anp_package_put_variant(w, &vendor, program, program_bytes, blobs, 2));
    return anp_package_put_manifest(w, manifest);
}

static anp_status_t write_to(const char *path) {
    void *program = NULL;
    uint64_t program_bytes;
    anp_package_writer_t *w = NULL;
    anp_status_t st;
    ANP_TRY_OUT(st, anp_sample_program(ANP_SAMPLE_LINEAR, &program, &program_bytes));
    ANP_TRY_OUT(st, anp_package_writer_open(path, &w));
    ANP_TRY_OUT(st, fill(w, program, program_bytes));
    ANP_TRY_OUT(st, anp_package_writer_commit(w));
out:
    anp_package_writer_release(w);
    anp_free(program);
    return st;
}

/* The bytes of such a package, to be changed; anp_free. */
static uint8_t *package_bytes(uint64_t *out_size) {
    const char *path = anp_test_path("bytes.anp");
    char *data;
    assert_int_equal(write_to(path), ANP_OK);
    assert_int_equal(anp_file_read(path, UINT64_C(1) << 30, &data, out_size), ANP_OK);
    return (uint8_t *)data;
}

static anp_pkg_header_t *header(uint8_t *data) {
    return (anp_pkg_header_t *)(void *)data;
}
static anp_pkg_section_t *section(uint8_t *data, anp_pkg_kind_t kind) {
    anp_pkg_section_t *s = (anp_pkg_section_t *)(void *)(data + header(data)->table_offset);
    while (s->kind != (uint32_t)kind) s++;
    return s;
}
static anp_pkg_index_t *index_of(uint8_t *data) {
    return (anp_pkg_index_t *)(void *)(data + section(data, ANP_PKG_INDEX)->offset);
}
static anp_pkg_piece_t *weights_of(uint8_t *data) {
    return (anp_pkg_piece_t *)(void *)(index_of(data) + 1);
}
static anp_pkg_variant_t *variants_of(uint8_t *data) {
    return (anp_pkg_variant_t *)(void *)(weights_of(data) + index_of(data)->n_weights);
}

/* Refused by its structure, even with every hash made right again. */
static void refused(uint8_t *data, uint64_t size, const char *message) {
    anp_pkg_section_t *index = section(data, ANP_PKG_INDEX);
    index->hash = anp_hash_bytes(data + index->offset, index->bytes);
    header(data)->hash = anp_pkg_header_hash(
        header(data), (const anp_pkg_section_t *)(const void *)(data + header(data)->table_offset));
    anp_package_t *p;
    assert_int_equal(anp_package_open_bytes(data, size, &p), ANP_INVALID_FILE);
    anp_test_expect_message(message);
    assert_null(p);
    anp_free(data);
}

/* ---- reading back ---- */

static void everything_comes_back(void **state) {
    (void)state;
    const char *path = anp_test_path("round.anp");
    anp_package_t *p;
    assert_int_equal(write_to(path), ANP_OK);
    assert_int_equal(anp_package_open(path, &p), ANP_OK);
    assert_int_equal(anp_package_weights(p), 2);
    const void *data;
    uint64_t bytes;
    assert_int_equal(anp_package_weight(p, 1, &data, &bytes), ANP_OK);
    assert_int_equal(bytes, sizeof weight_b);
    assert_memory_equal(data, weight_b, sizeof weight_b);
    assert_int_equal(anp_package_weight(p, 2, &data, &bytes), ANP_OUT_OF_RANGE);
    assert_null(data);
    assert_int_equal(anp_package_variants(p), 2);
    const anp_variant_t *v = anp_package_variant(p, 1);
    assert_string_equal(v->key.driver, "vendor");
    assert_string_equal(v->key.driver_version, "2.0");
    assert_string_equal(v->key.isa, "");
    assert_int_equal(v->n_blobs, 2);
    assert_int_equal(v->blobs[0].bytes, sizeof blob_bytes);
    assert_memory_equal(v->blobs[0].data, blob_bytes, sizeof blob_bytes);
    assert_int_equal(v->blobs[1].bytes, 0);
    assert_int_equal(anp_program_verify(v->program, v->program_bytes), ANP_OK);
    assert_int_equal(anp_package_variant(p, 0)->n_blobs, 0);
    assert_null(anp_package_variant(p, 2));
    assert_string_equal(anp_package_manifest(p), manifest);
    uint32_t major, minor;
    anp_package_version(p, &major, &minor);
    assert_int_equal(major, 1);
    assert_int_equal(minor, 0);
    assert_int_equal(anp_package_check(p), ANP_OK);
    anp_package_release(p);
}

static void sections_and_tensors_are_aligned(void **state) {
    (void)state;
    static const char *const kinds[] = {"weights", "variants", "manifest", "index"};
    const char *path = anp_test_path("aligned.anp");
    anp_package_t *p;
    assert_int_equal(write_to(path), ANP_OK);
    assert_int_equal(anp_package_open(path, &p), ANP_OK);
    anp_section_info_t s;
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(anp_package_section(p, i, &s));
        assert_string_equal(s.kind, kinds[i]);
        assert_int_equal(s.offset % 65536, 0);
        assert_int_equal(strlen(s.hash), i < 2 ? 0 : 32);
    }
    assert_false(anp_package_section(p, 4, &s));
    for (uint32_t i = 0; i < 2; i++) {
        const void *data;
        uint64_t bytes;
        assert_int_equal(anp_package_weight(p, i, &data, &bytes), ANP_OK);
        assert_int_equal((uintptr_t)data % 64, 0);
        assert_int_equal((uintptr_t)anp_package_variant(p, i)->program % 64, 0);
    }
    anp_package_release(p);
}

static void weights_and_variants_may_alternate(void **state) {
    (void)state;
    const char *path = anp_test_path("alternate.anp");
    anp_package_writer_t *w;
    uint32_t id;
    assert_int_equal(anp_package_writer_open(path, &w), ANP_OK);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(anp_package_put_weight(w, &i, sizeof i, &id), ANP_OK);
        assert_int_equal(id, i);
        assert_int_equal(anp_package_put_variant(w, &portable, &i, sizeof i, NULL, 0), ANP_OK);
    }
    assert_int_equal(anp_package_writer_commit(w), ANP_OK);
    anp_package_writer_release(w);
    anp_package_t *p;
    assert_int_equal(anp_package_open(path, &p), ANP_OK);
    assert_int_equal(anp_package_check(p), ANP_OK);
    for (uint32_t i = 0; i < 3; i++) {
        const void *data;
        uint64_t bytes;
        assert_int_equal(anp_package_weight(p, i, &data, &bytes), ANP_OK);
        assert_int_equal(*(const uint32_t *)data, i);
        assert_int_equal(*(const uint32_t *)anp_package_variant(p, i)->program, i);
    }
    assert_string_equal(anp_package_manifest(p), "{}");
    anp_package_release(p);
}

static void second_manifest_is_refused(void **state) {
    (void)state;
    anp_package_writer_t *w;
    assert_int_equal(anp_package_writer_open(anp_test_path("two.anp"), &w), ANP_OK);
    assert_int_equal(anp_package_put_manifest(w, "{}"), ANP_OK);
    assert_int_equal(anp_package_put_manifest(w, "{}"), ANP_INVALID_ARGUMENT);
    anp_package_writer_release(w);
}

/* ---- damage ---- */

static void other_files_are_no_packages(void **state) {
    (void)state;
    static const char jpeg[80] = "\xff\xd8\xff\xe0";
    anp_test_write("photo.anp", jpeg, sizeof jpeg);
    anp_test_write("short.anp", "ANPUT", 5);
    anp_package_t *p;
    assert_int_equal(anp_package_open(anp_test_path("photo.anp"), &p), ANP_INVALID_FILE);
    anp_test_expect_message("photo.anp': not a package: the first bytes are not those of one");
    assert_int_equal(anp_package_open(anp_test_path("short.anp"), &p), ANP_INVALID_FILE);
    anp_test_expect_message("not a package: 5 bytes are less than the header's 56");
    assert_int_equal(anp_package_open(anp_test_path("none.anp"), &p), ANP_NOT_FOUND);
    assert_false(anp_package_probe("ANPUT\r\n", 7));
    assert_true(anp_package_probe(ANP_PKG_MAGIC, 8));
}

static void other_versions_are_named(void **state) {
    (void)state;
    uint64_t size;
    uint8_t *data = package_bytes(&size);
    anp_package_t *p;
    header(data)->major = 2;
    assert_int_equal(anp_package_open_bytes(data, size, &p), ANP_INCOMPATIBLE);
    anp_test_expect_message("format version is 2.0, this build reads 1.0 to 1.0");
    header(data)->major = 1;
    header(data)->minor = 1;
    assert_int_equal(anp_package_open_bytes(data, size, &p), ANP_INCOMPATIBLE);
    anp_free(data);
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    uint64_t size;
    uint8_t *data = package_bytes(&size);
    for (uint64_t n = 0; n < size; n += n < 64 || n > size - 300 ? 1 : 251) {
        anp_package_t *p;
        const anp_status_t st = anp_package_open_bytes(data, n, &p);
        assert_true(st == ANP_INVALID_FILE || st == ANP_CORRUPT);
        assert_null(p);
    }
    anp_free(data);
}

/* Status of opening with one byte changed; the package is whole again afterwards. */
static anp_status_t open_changed(uint8_t *data, uint64_t size, uint64_t at, uint8_t flip) {
    anp_package_t *p;
    data[at] ^= flip;
    const anp_status_t st = anp_package_open_bytes(data, size, &p);
    anp_package_release(p);
    data[at] ^= flip;
    return st;
}

static void every_changed_byte_of_what_is_hashed_is_reported(void **state) {
    (void)state;
    uint64_t size;
    uint8_t *data = package_bytes(&size);
    const struct {
        uint64_t offset, bytes;
    } hashed[] = {
        {0, sizeof(anp_pkg_header_t)},
        {header(data)->table_offset, size - header(data)->table_offset},
        {section(data, ANP_PKG_INDEX)->offset, section(data, ANP_PKG_INDEX)->bytes},
        {section(data, ANP_PKG_MANIFEST)->offset, section(data, ANP_PKG_MANIFEST)->bytes},
        {variants_of(data)[0].program.offset, variants_of(data)[0].program.bytes},
        {variants_of(data)[1].program.offset, variants_of(data)[1].program.bytes},
    };
    for (size_t i = 0; i < ANP_ARRAY_LEN(hashed); i++) {
        for (uint64_t at = hashed[i].offset; at < hashed[i].offset + hashed[i].bytes; at++) {
            assert_int_not_equal(open_changed(data, size, at, 0x01), ANP_OK);
            assert_int_not_equal(open_changed(data, size, at, 0x80), ANP_OK);
        }
    }
    anp_free(data);
}

static void changed_weights_and_blobs_are_found_on_request(void **state) {
    (void)state;
    uint64_t size;
    uint8_t *data = package_bytes(&size);
    anp_package_t *p;
    data[weights_of(data)[1].offset] ^= 1;
    assert_int_equal(anp_package_open_bytes(data, size, &p), ANP_OK);
    assert_int_equal(anp_package_check(p), ANP_CORRUPT);
    anp_test_expect_message("weight 1: hash is ");
    data[weights_of(data)[1].offset] ^= 1;
    assert_int_equal(anp_package_check(p), ANP_OK);
    const uint64_t blob_at =
        (uint64_t)((const uint8_t *)anp_package_variant(p, 1)->blobs[0].data - data);
    data[blob_at] ^= 1;
    assert_int_equal(anp_package_check(p), ANP_CORRUPT);
    anp_test_expect_message("blob 0: hash is ");
    anp_package_release(p);
    anp_free(data);
}

static void overlapping_weights_are_refused(void **state) {
    (void)state;
    uint64_t size;
    uint8_t *data = package_bytes(&size);
    weights_of(data)[1].offset = weights_of(data)[0].offset;
    refused(data, size, "weight 1: 28 bytes at 65536 lie outside its sections, overlap");
}

static void weights_outside_their_sections_are_refused(void **state) {
    (void)state;
    uint64_t size;
    uint8_t *data = package_bytes(&size);
    weights_of(data)[1].offset = section(data, ANP_PKG_VARIANTS)->offset;
    refused(data, size, "weight 1: 28 bytes at 131072 lie outside");
    data = package_bytes(&size);
    weights_of(data)[1].bytes = UINT64_C(1) << 20;
    refused(data, size, "weight 1: 1048576 bytes");
    data = package_bytes(&size);
    weights_of(data)[1].offset += 32;
    refused(data, size, "not 64-byte aligned");
}

static void index_that_does_not_add_up_is_refused(void **state) {
    (void)state;
    uint64_t size;
    uint8_t *data = package_bytes(&size);
    index_of(data)->n_weights = UINT32_MAX;
    refused(data, size, "4294967295 weights");
    data = package_bytes(&size);
    index_of(data)->strings_bytes--;
    refused(data, size, "bytes of strings");
    data = package_bytes(&size);
    variants_of(data)[1].n_blobs = 1;
    refused(data, size, "the variants have 1 blobs, the index 2");
    data = package_bytes(&size);
    variants_of(data)[1].first_blob = 1;
    refused(data, size, "variant 1: 2 blobs from 1 of 2");
    data = package_bytes(&size);
    variants_of(data)[0].bucket = 1000;
    refused(data, size, "variant 0: string at 1000");
}

static void sections_that_do_not_fit_are_refused(void **state) {
    (void)state;
    uint64_t size;
    uint8_t *data = package_bytes(&size);
    section(data, ANP_PKG_WEIGHTS)->bytes = 100000; /* into the next */
    refused(data, size, "section 1: ");
    data = package_bytes(&size);
    section(data, ANP_PKG_MANIFEST)->kind = 9;
    refused(data, size, "of unknown kind 9");
    data = package_bytes(&size);
    section(data, ANP_PKG_MANIFEST)->kind = ANP_PKG_WEIGHTS;
    refused(data, size, "it has no manifest");
    data = package_bytes(&size);
    section(data, ANP_PKG_WEIGHTS)->kind = ANP_PKG_MANIFEST;
    refused(data, size, "it has more than one manifest");
    data = package_bytes(&size);
    section(data, ANP_PKG_VARIANTS)->offset += 64;
    refused(data, size, "expected a multiple of 65536");
}

static void unaligned_bytes_are_refused(void **state) {
    (void)state;
    anp_package_t *p;
    uint64_t size;
    uint8_t *data = package_bytes(&size);
    assert_int_equal(anp_package_open_bytes(data + 8, size - 8, &p), ANP_INVALID_ARGUMENT);
    anp_free(data);
}

/* ---- failing ---- */

static void without_commit_the_old_file_survives(void **state) {
    (void)state;
    anp_test_write("keep.anp", "old", 3);
    anp_package_writer_t *w;
    uint32_t id;
    assert_int_equal(anp_package_writer_open(anp_test_path("keep.anp"), &w), ANP_OK);
    assert_int_equal(anp_package_put_weight(w, weight_a, sizeof weight_a, &id), ANP_OK);
    anp_package_writer_release(w);
    anp_test_expect_text("keep.anp", "old");
}

static uint64_t files_in_test_dir(void) {
    char **names;
    uint64_t n;
    assert_int_equal(anp_path_list(anp_test_dir(), &names, &n), ANP_OK);
    for (uint64_t i = 0; i < n; i++) anp_free(names[i]);
    anp_free(names);
    return n;
}

/* A limit on the size of files stands for a full disk: write() fails in the same way. */
static void full_disk_is_one_sentence_and_the_old_file_survives(void **state) {
    (void)state;
    anp_test_write("full.anp", "old", 3);
    const uint64_t n_files = files_in_test_dir();
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (rlim_t limit = 0; limit <= 300000; limit += 30000) {
        const struct rlimit small = {limit, old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        const anp_status_t st = write_to(anp_test_path("full.anp"));
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        if (st == ANP_OK) break; /* the package has about 260 kB */
        assert_int_equal(st, ANP_IO);
        anp_test_expect_message("full.anp");
        assert_null(strchr(anp_error_message(), '\n'));
        anp_test_expect_text("full.anp", "old");
        assert_int_equal(files_in_test_dir(), n_files);
        assert_true(limit < 270000);
    }
    signal(SIGXFSZ, handler);
}

static void nothing_follows_a_failure_or_a_commit(void **state) {
    (void)state;
    anp_package_writer_t *w;
    uint32_t id;
    assert_int_equal(anp_package_writer_open(anp_test_path("after.anp"), &w), ANP_OK);
    anp_alloc_fail_at(1);
    assert_int_equal(anp_package_put_weight(w, weight_a, sizeof weight_a, &id), ANP_OUT_OF_MEMORY);
    assert_int_equal(anp_package_put_weight(w, weight_a, sizeof weight_a, &id), ANP_IO);
    anp_test_expect_message("an earlier write failed");
    assert_int_equal(anp_package_writer_commit(w), ANP_IO);
    anp_package_writer_release(w);
    assert_int_equal(anp_package_writer_open(anp_test_path("after.anp"), &w), ANP_OK);
    assert_int_equal(anp_package_writer_commit(w), ANP_OK);
    assert_int_equal(anp_package_put_weight(w, weight_a, sizeof weight_a, &id), ANP_IO);
    anp_package_writer_release(w);
}

static anp_status_t write_scenario(void *arg) {
    return write_to(arg);
}
static anp_status_t open_scenario(void *arg) {
    anp_package_t *p;
    ANP_TRY(anp_package_open(arg, &p));
    anp_package_release(p);
    return ANP_OK;
}

static void every_failing_allocation_is_reported(void **state) {
    (void)state;
    char *path;
    assert_int_equal(anp_strdup(anp_test_path("alloc.anp"), &path), ANP_OK);
    anp_test_every_allocation_fails(write_scenario, path);
    assert_true(anp_test_every_allocation_fails(open_scenario, path) < 10);
    anp_free(path);
}

/* ---- size ---- */

static void memory_does_not_grow_with_the_weights(void **state) {
    (void)state;
    enum { WEIGHT_BYTES = 32 << 20, N_WEIGHTS = 3 };
    void *weight;
    assert_int_equal(anp_calloc(WEIGHT_BYTES, 1, &weight), ANP_OK);
    anp_alloc_stats_t before, after;
    anp_package_writer_t *w;
    anp_alloc_stats(&before);
    assert_int_equal(anp_package_writer_open(anp_test_path("large.anp"), &w), ANP_OK);
    for (uint32_t i = 0; i < N_WEIGHTS; i++) {
        uint32_t id;
        memcpy(weight, &i, sizeof i);
        assert_int_equal(anp_package_put_weight(w, weight, WEIGHT_BYTES, &id), ANP_OK);
    }
    assert_int_equal(anp_package_writer_commit(w), ANP_OK);
    anp_package_writer_release(w);
    anp_alloc_stats(&after);
    assert_true(after.peak_bytes - before.live_bytes < (1 << 20));
    anp_free(weight);
    unlink(anp_test_path("large.anp"));
}

static void put_at(int fd, uint64_t offset, const void *data, size_t n) {
    assert_int_equal(pwrite(fd, data, n, (off_t)offset), n);
}

/* A package of 6 GB, of which the file system stores a few blocks: one weight that is a hole.
 * False: it cannot. */
static bool make_sparse(const char *path, uint64_t weight_bytes) {
    const uint64_t end = ANP_PKG_SECTION_ALIGN + weight_bytes;
    const struct {
        anp_pkg_index_t index;
        anp_pkg_piece_t weight;
        char strings[8];
    } index = {{.n_weights = 1, .strings_bytes = 8},
               {.offset = ANP_PKG_SECTION_ALIGN, .bytes = weight_bytes},
               ""};
    const anp_pkg_section_t table[] = {
        {.kind = ANP_PKG_WEIGHTS, .offset = ANP_PKG_SECTION_ALIGN, .bytes = weight_bytes},
        {.kind = ANP_PKG_INDEX,
         .offset = end,
         .bytes = sizeof index,
         .hash = anp_hash_bytes(&index, sizeof index)},
        {.kind = ANP_PKG_MANIFEST,
         .offset = end + ANP_PKG_SECTION_ALIGN,
         .bytes = 3,
         .hash = anp_hash_bytes("{}", 3)},
    };
    anp_pkg_header_t h = {.major = ANP_PKG_MAJOR,
                          .minor = ANP_PKG_MINOR,
                          .header_bytes = sizeof h,
                          .table_offset = end + ANP_PKG_SECTION_ALIGN + 64,
                          .n_sections = 3,
                          .section_bytes = sizeof table[0]};
    memcpy(h.magic, ANP_PKG_MAGIC, sizeof h.magic);
    h.file_bytes = h.table_offset + sizeof table;
    h.hash = anp_pkg_header_hash(&h, table);
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    const bool room = ftruncate(fd, (off_t)h.file_bytes) == 0;
    if (room) {
        put_at(fd, 0, &h, sizeof h);
        put_at(fd, table[1].offset, &index, sizeof index);
        put_at(fd, table[2].offset, "{}", 3);
        put_at(fd, h.table_offset, table, sizeof table);
    }
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    return room && (uint64_t)st.st_blocks * 512 < weight_bytes / 2;
}

static void six_gigabytes_open_in_ten_milliseconds(void **state) {
    (void)state;
    const char *path = anp_test_path("sparse.anp");
    const uint64_t weight_bytes = UINT64_C(6) << 30;
    if (!make_sparse(path, weight_bytes)) {
        unlink(path);
        print_message("skipped: the file system of %s has no holes\n", path);
        skip();
    }
    anp_package_t *p;
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 5; i++) { /* the machine may be busy */
        const uint64_t start = anp_now_ns();
        assert_int_equal(anp_package_open(path, &p), ANP_OK);
        best = ANP_MIN(best, anp_now_ns() - start);
        const void *data;
        uint64_t bytes;
        assert_int_equal(anp_package_weight(p, 0, &data, &bytes), ANP_OK);
        assert_int_equal(bytes, weight_bytes);
        assert_int_equal(((const uint8_t *)data)[bytes - 1], 0);
        anp_package_release(p);
    }
    assert_true(best < 10 * 1000 * 1000 * anp_test_slowness());
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(sections_and_tensors_are_aligned),
        cmocka_unit_test(weights_and_variants_may_alternate),
        cmocka_unit_test(second_manifest_is_refused),
        cmocka_unit_test(other_files_are_no_packages),
        cmocka_unit_test(other_versions_are_named),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_changed_byte_of_what_is_hashed_is_reported),
        cmocka_unit_test(changed_weights_and_blobs_are_found_on_request),
        cmocka_unit_test(overlapping_weights_are_refused),
        cmocka_unit_test(weights_outside_their_sections_are_refused),
        cmocka_unit_test(index_that_does_not_add_up_is_refused),
        cmocka_unit_test(sections_that_do_not_fit_are_refused),
        cmocka_unit_test(unaligned_bytes_are_refused),
        cmocka_unit_test(without_commit_the_old_file_survives),
        cmocka_unit_test(full_disk_is_one_sentence_and_the_old_file_survives),
        cmocka_unit_test(nothing_follows_a_failure_or_a_commit),
        cmocka_unit_test(every_failing_allocation_is_reported),
        cmocka_unit_test(memory_does_not_grow_with_the_weights),
        cmocka_unit_test(six_gigabytes_open_in_ten_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, anp_test_dir_remove);
}
