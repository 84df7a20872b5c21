/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers for tests. */
#include "base/testing.h"
#include "base/file.h"
#include "base/str.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, PATH_BUFFERS = 8 };

static char dir[] = "/tmp/anput_test.XXXXXX";
static bool dir_made;

const char *anp_test_dir(void) {
    if (!dir_made) assert_non_null(mkdtemp(dir));
    dir_made = true;
    return dir;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where) {
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

int anp_test_dir_remove(void **state) {
    (void)state;
    if (dir_made) nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    dir_made = false;
    memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
    return 0;
}

static const char *joined(const char *folder, const char *name) {
    static char buffers[PATH_BUFFERS][PATH_BYTES];
    static unsigned next;
    char *path = buffers[next++ % PATH_BUFFERS];
    assert_true(snprintf(path, PATH_BYTES, "%s/%s", folder, name) < PATH_BYTES);
    return path;
}

const char *anp_test_path(const char *name) {
    return joined(anp_test_dir(), name);
}

void anp_test_write(const char *name, const void *data, size_t n) {
    FILE *f = fopen(anp_test_path(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

void anp_test_expect_text(const char *name, const char *text) {
    char *data;
    uint64_t len;
    assert_int_equal(anp_file_read(anp_test_path(name), UINT64_C(1) << 30, &data, &len), ANP_OK);
    assert_string_equal(data, text);
    assert_int_equal(len, strlen(text));
    anp_free(data);
}

const char *anp_test_shared(const char *name) {
    const char *root = getenv("ANPUT_SHARED");
    const char *path =
        joined(root && *root ? root : "../shared", name); /* ctest runs in the source tree */
    return anp_path_kind(path) == ANP_PATH_NONE ? NULL : path;
}

uint64_t anp_test_slowness(void) {
    const char *text = getenv("ANPUT_TEST_SLOWNESS");
    int64_t factor = 1;
    if (text) assert_true(anp_parse_i64(text, &factor) && factor >= 1);
    return (uint64_t)factor;
}

uint64_t anp_test_every_allocation_fails(anp_test_scenario_fn_t scenario, void *arg) {
    for (uint64_t n = 1;; n++) {
        anp_alloc_stats_t before, after;
        anp_alloc_stats(&before);
        anp_alloc_fail_at(n);
        const anp_status_t st = scenario(arg);
        anp_alloc_fail_at(0);
        anp_alloc_stats(&after);
        assert_int_equal(after.live_blocks, before.live_blocks);
        if (st == ANP_OK) return after.total_calls - before.total_calls;
        assert_int_equal(st, ANP_OUT_OF_MEMORY);
        anp_test_expect_message("cannot allocate");
    }
}

void anp_test_expect_message(const char *text) {
    if (!strstr(anp_error_message(), text)) {
        fail_msg("message '%s' does not contain '%s'", anp_error_message(), text);
    }
}
