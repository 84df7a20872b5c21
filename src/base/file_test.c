/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of file.h: maps, the atomic writer, paths. */
#include "base/file.h"
#include "base/testing.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t entries(const char *dir) {
    char **names;
    uint64_t n;
    assert_int_equal(anp_path_list(dir, &names, &n), ANP_OK);
    for (uint64_t i = 0; i < n; i++) anp_free(names[i]);
    anp_free(names);
    return n;
}

/* ---- reading ---- */

static void mapped_file_shows_its_bytes(void **state) {
    (void)state;
    anp_test_write("a.bin", "hello", 5);
    anp_file_t *f;
    assert_int_equal(anp_file_map(anp_test_path("a.bin"), &f), ANP_OK);
    assert_int_equal(anp_file_size(f), 5);
    assert_memory_equal(anp_file_data(f), "hello", 5);
    assert_string_equal(anp_file_path(f), anp_test_path("a.bin"));
    anp_file_retain(f);
    anp_file_release(f);
    assert_int_equal(anp_file_data(f)[4], 'o'); /* one reference is left */
    anp_file_release(f);
    anp_file_release(NULL);
}

static void what_cannot_be_mapped_is_named_with_its_cause(void **state) {
    (void)state;
    anp_file_t *f = (anp_file_t *)state;
    assert_int_equal(anp_file_map(anp_test_path("none"), &f), ANP_NOT_FOUND);
    assert_null(f);
    anp_test_expect_message("none': No such file");
    assert_int_equal(anp_file_map(anp_test_dir(), &f), ANP_IO);
    anp_test_expect_message("it is a folder");
    anp_test_write("empty", "", 0);
    assert_int_equal(anp_file_map(anp_test_path("empty"), &f), ANP_INVALID_FILE);
    anp_test_expect_message("empty' is empty");
    assert_int_equal(anp_file_map(anp_test_path("empty/x"), &f),
                     ANP_NOT_FOUND); /* beneath a file */
    assert_int_equal(anp_file_map("", &f), ANP_NOT_FOUND);
    assert_int_equal(anp_file_map("/dev/null", &f), ANP_IO);
    anp_test_expect_message("not a regular file");
}

static void pipe_does_not_hang_the_mapper(void **state) {
    (void)state;
    assert_int_equal(mkfifo(anp_test_path("fifo"), 0600), 0);
    anp_file_t *f;
    assert_int_equal(anp_file_map(anp_test_path("fifo"), &f), ANP_IO);
}

static anp_status_t map_scenario(void *arg) {
    anp_file_t *f;
    ANP_TRY(anp_file_map(arg, &f));
    anp_file_release(f);
    return ANP_OK;
}

static void mapping_gives_back_everything_when_memory_ends(void **state) {
    (void)state;
    anp_test_write("m.bin", "x", 1);
    assert_int_equal(anp_test_every_allocation_fails(map_scenario, (void *)anp_test_path("m.bin")),
                     2);
}

static void dropped_pages_read_the_same_again(void **state) {
    (void)state;
    static char data[3 * 65536 + 100];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (char)(i * 31 >> 3);
    anp_test_write("big.bin", data, sizeof data);
    anp_file_t *f;
    assert_int_equal(anp_file_map(anp_test_path("big.bin"), &f), ANP_OK);
    anp_file_done(f, 10, 100000);
    anp_file_done(f, 100000, UINT64_MAX); /* past the end is cut */
    anp_file_done(f, UINT64_MAX, 1);
    anp_file_done(f, 5, 0);
    assert_memory_equal(anp_file_data(f), data, sizeof data);
    anp_file_release(f);
}

static void whole_file_is_read_up_to_the_limit(void **state) {
    (void)state;
    static char text[20001];
    memset(text, 'x', sizeof text - 1);
    anp_test_write("t.txt", text, sizeof text - 1);
    char *data;
    uint64_t len;
    assert_int_equal(anp_file_read(anp_test_path("t.txt"), 20000, &data, &len), ANP_OK);
    assert_int_equal(len, 20000);
    assert_string_equal(data, text);
    anp_free(data);
    assert_int_equal(anp_file_read(anp_test_path("t.txt"), 19999, &data, &len), ANP_LIMIT);
    assert_null(data);
    anp_test_expect_message("19999");
    assert_int_equal(anp_file_read("/dev/zero", 10000, &data, &len), ANP_LIMIT); /* endless */
    assert_int_equal(anp_file_read(anp_test_dir(), 100, &data, &len), ANP_IO);
    assert_int_equal(anp_file_read(anp_test_path("none"), 100, &data, &len), ANP_NOT_FOUND);
    anp_test_write("empty", "", 0);
    assert_int_equal(anp_file_read(anp_test_path("empty"), 0, &data, &len), ANP_OK);
    assert_string_equal(data, "");
    anp_free(data);
}

static anp_status_t read_scenario(void *arg) {
    char *data;
    uint64_t len;
    ANP_TRY(anp_file_read(arg, 1 << 20, &data, &len));
    anp_free(data);
    return ANP_OK;
}

static void reading_gives_back_everything_when_memory_ends(void **state) {
    (void)state;
    static const char text[9000] = "x";
    anp_test_write("r.txt", text, sizeof text);
    assert_int_equal(anp_test_every_allocation_fails(read_scenario, (void *)anp_test_path("r.txt")),
                     3);
}

/* ---- writing ---- */

static void committed_file_replaces_the_old_one(void **state) {
    (void)state;
    anp_test_write("out", "old", 3);
    anp_file_writer_t *w;
    assert_int_equal(anp_file_writer_open(anp_test_path("out"), &w), ANP_OK);
    assert_int_equal(anp_file_writer_write(w, "new text", 8), ANP_OK);
    assert_int_equal(anp_file_writer_tell(w), 8);
    anp_test_expect_text("out", "old"); /* until the commit */
    assert_int_equal(anp_file_writer_commit(w), ANP_OK);
    anp_test_expect_text("out", "new text");
    assert_int_equal(anp_file_writer_write(w, "x", 1), ANP_INVALID_ARGUMENT);
    assert_int_equal(anp_file_writer_commit(w), ANP_INVALID_ARGUMENT);
    anp_file_writer_release(w);
    assert_int_equal(entries(anp_test_dir()), 1);
}

static void aborted_writer_leaves_the_old_file(void **state) {
    (void)state;
    anp_test_write("out", "old", 3);
    anp_file_writer_t *w;
    assert_int_equal(anp_file_writer_open(anp_test_path("out"), &w), ANP_OK);
    assert_int_equal(anp_file_writer_write(w, "half", 4), ANP_OK);
    anp_file_writer_release(w);
    anp_test_expect_text("out", "old");
    assert_int_equal(entries(anp_test_dir()), 1);
    anp_file_writer_release(NULL);
}

static void two_writers_of_one_file_do_not_mix(void **state) {
    (void)state;
    anp_file_writer_t *a, *b;
    assert_int_equal(anp_file_writer_open(anp_test_path("out"), &a), ANP_OK);
    assert_int_equal(anp_file_writer_open(anp_test_path("out"), &b), ANP_OK);
    assert_int_equal(anp_file_writer_write(a, "aaaa", 4), ANP_OK);
    assert_int_equal(anp_file_writer_write(b, "bb", 2), ANP_OK);
    assert_int_equal(anp_file_writer_commit(b), ANP_OK);
    assert_int_equal(anp_file_writer_commit(a), ANP_OK);
    anp_file_writer_release(a);
    anp_file_writer_release(b);
    anp_test_expect_text("out", "aaaa");
    assert_int_equal(entries(anp_test_dir()), 1);
}

static void large_and_small_pieces_arrive_in_order(void **state) {
    (void)state;
    enum { BIG = 200000 };
    static char big[BIG];
    memset(big, 'b', sizeof big);
    anp_file_writer_t *w;
    assert_int_equal(anp_file_writer_open(anp_test_path("out"), &w), ANP_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(anp_file_writer_write(w, "<", 1), ANP_OK);
        assert_int_equal(anp_file_writer_write(w, big, sizeof big), ANP_OK);
        assert_int_equal(anp_file_writer_write(w, big, 40000), ANP_OK);
        assert_int_equal(anp_file_writer_write(w, big, 0), ANP_OK);
    }
    assert_int_equal(anp_file_writer_tell(w), 3 * 240001);
    assert_int_equal(anp_file_writer_patch(w, 3 * 240001 - 1, "e", 1), ANP_OK);
    assert_int_equal(anp_file_writer_write(w, "!", 1), ANP_OK);
    assert_int_equal(anp_file_writer_commit(w), ANP_OK);
    anp_file_writer_release(w);
    anp_file_t *f;
    assert_int_equal(anp_file_map(anp_test_path("out"), &f), ANP_OK);
    assert_int_equal(anp_file_size(f), 3 * 240001 + 1);
    for (uint64_t i = 0; i < 3 * 240001; i++) {
        const char want = i % 240001 == 0 ? '<' : i == 3 * 240001 - 1 ? 'e' : 'b';
        if (anp_file_data(f)[i] != want) fail_msg("byte %d", (int)i);
    }
    assert_int_equal(anp_file_data(f)[3 * 240001], '!');
    anp_file_release(f);
}

static void padding_and_patching_keep_the_position(void **state) {
    (void)state;
    anp_file_writer_t *w;
    assert_int_equal(anp_file_writer_open(anp_test_path("out"), &w), ANP_OK);
    assert_int_equal(anp_file_writer_write(w, "????", 4), ANP_OK);
    assert_int_equal(anp_file_writer_pad(w, 65536), ANP_OK);
    assert_int_equal(anp_file_writer_tell(w), 65536);
    assert_int_equal(anp_file_writer_pad(w, 65536), ANP_OK);
    assert_int_equal(anp_file_writer_tell(w), 65536);
    assert_int_equal(anp_file_writer_patch(w, 0, "head", 4), ANP_OK);
    assert_int_equal(anp_file_writer_write(w, "end", 3), ANP_OK);
    assert_int_equal(anp_file_writer_patch(w, 65536, "END", 4),
                     ANP_INVALID_ARGUMENT); /* one byte too many */
    anp_test_expect_message("4 bytes at 65536");
    assert_int_equal(anp_file_writer_patch(w, UINT64_MAX, "x", 1), ANP_INVALID_ARGUMENT);
    assert_int_equal(anp_file_writer_commit(w), ANP_OK);
    anp_file_writer_release(w);
    anp_file_t *f;
    assert_int_equal(anp_file_map(anp_test_path("out"), &f), ANP_OK);
    assert_int_equal(anp_file_size(f), 65539);
    assert_memory_equal(anp_file_data(f), "head\0\0", 6);
    assert_memory_equal(anp_file_data(f) + 65535, "\0end", 4);
    anp_file_release(f);
}

static void full_device_is_an_error_with_its_cause(void **state) {
    (void)state;
    assert_int_equal(anp_file_write_all("/dev/full", "x", 1), ANP_IO);
    anp_test_expect_message("'/dev/full': No space left on device");
    struct stat st;
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode)); /* not replaced by a file */
    assert_int_equal(anp_file_write_all("/dev/null", "x", 1), ANP_OK);
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void full_disk_leaves_the_old_file(void **state) {
    (void)state;
    static const char data[100000] = "new";
    anp_test_write("out", "old", 3);
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 70000;
    signal(SIGXFSZ, SIG_IGN); /* the write fails with EFBIG instead */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    anp_file_writer_t *w;
    assert_int_equal(anp_file_writer_open(anp_test_path("out"), &w), ANP_OK);
    const anp_status_t st = anp_file_writer_write(w, data, sizeof data);
    const anp_status_t later = anp_file_writer_write(w, data, 1),
                       commit = anp_file_writer_commit(w);
    anp_file_writer_release(w);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(st, ANP_IO);
    assert_int_equal(later, ANP_IO);
    assert_int_equal(commit, ANP_IO); /* a failed write cannot be committed */
    anp_test_expect_text("out", "old");
    assert_int_equal(entries(anp_test_dir()), 1);
}

static void what_cannot_be_written_is_named_with_its_cause(void **state) {
    (void)state;
    anp_file_writer_t *w = (anp_file_writer_t *)state;
    assert_int_equal(anp_file_writer_open(anp_test_dir(), &w), ANP_IO);
    assert_null(w);
    anp_test_expect_message("it is a folder");
    assert_int_equal(anp_file_writer_open(anp_test_path("no/such/folder"), &w), ANP_NOT_FOUND);
    anp_test_expect_message("no/such/folder': No such file");
    assert_int_equal(anp_file_writer_open("", &w), ANP_INVALID_ARGUMENT);
    assert_int_equal(anp_file_writer_open(anp_test_path("new/"), &w), ANP_INVALID_ARGUMENT);
    anp_test_expect_message("new/' names no file");
}

static void replaced_file_keeps_its_permissions(void **state) {
    (void)state;
    anp_test_write("private", "a", 1);
    assert_int_equal(chmod(anp_test_path("private"), 0600), 0);
    assert_int_equal(anp_file_write_all(anp_test_path("private"), "bb", 2), ANP_OK);
    struct stat st;
    assert_int_equal(stat(anp_test_path("private"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void writing_through_a_link_replaces_its_target(void **state) {
    (void)state;
    anp_test_write("target", "old", 3);
    assert_int_equal(symlink("target", anp_test_path("link")), 0);
    assert_int_equal(anp_file_write_all(anp_test_path("link"), "new", 3), ANP_OK);
    anp_test_expect_text("target", "new");
    struct stat st;
    assert_int_equal(lstat(anp_test_path("link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static anp_status_t write_scenario(void *arg) {
    return anp_file_write_all(arg, "new", 3);
}

static void writing_leaves_nothing_behind_when_memory_ends(void **state) {
    (void)state;
    anp_test_write("out", "old", 3);
    anp_alloc_fail_at(1);
    assert_int_equal(write_scenario((void *)anp_test_path("out")), ANP_OUT_OF_MEMORY);
    anp_test_expect_text("out", "old");
    assert_true(anp_test_every_allocation_fails(write_scenario, (void *)anp_test_path("out")) >= 3);
    anp_test_expect_text("out", "new");
    assert_int_equal(entries(anp_test_dir()), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(mapped_file_shows_its_bytes, anp_test_dir_remove),
        cmocka_unit_test_teardown(what_cannot_be_mapped_is_named_with_its_cause,
                                  anp_test_dir_remove),
        cmocka_unit_test_teardown(pipe_does_not_hang_the_mapper, anp_test_dir_remove),
        cmocka_unit_test_teardown(mapping_gives_back_everything_when_memory_ends,
                                  anp_test_dir_remove),
        cmocka_unit_test_teardown(dropped_pages_read_the_same_again, anp_test_dir_remove),
        cmocka_unit_test_teardown(whole_file_is_read_up_to_the_limit, anp_test_dir_remove),
        cmocka_unit_test_teardown(reading_gives_back_everything_when_memory_ends,
                                  anp_test_dir_remove),
        cmocka_unit_test_teardown(committed_file_replaces_the_old_one, anp_test_dir_remove),
        cmocka_unit_test_teardown(aborted_writer_leaves_the_old_file, anp_test_dir_remove),
        cmocka_unit_test_teardown(two_writers_of_one_file_do_not_mix, anp_test_dir_remove),
        cmocka_unit_test_teardown(large_and_small_pieces_arrive_in_order, anp_test_dir_remove),
        cmocka_unit_test_teardown(padding_and_patching_keep_the_position, anp_test_dir_remove),
        cmocka_unit_test_teardown(full_device_is_an_error_with_its_cause, anp_test_dir_remove),
        cmocka_unit_test_teardown(full_disk_leaves_the_old_file, anp_test_dir_remove),
        cmocka_unit_test_teardown(what_cannot_be_written_is_named_with_its_cause,
                                  anp_test_dir_remove),
        cmocka_unit_test_teardown(replaced_file_keeps_its_permissions, anp_test_dir_remove),
        cmocka_unit_test_teardown(writing_through_a_link_replaces_its_target, anp_test_dir_remove),
        cmocka_unit_test_teardown(writing_leaves_nothing_behind_when_memory_ends,
                                  anp_test_dir_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
