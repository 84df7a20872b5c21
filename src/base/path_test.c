/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of path_posix.c: what a path out of a model may lead to. */
#include "base/file.h"
#include "base/testing.h"
#include <sys/stat.h>
#include <unistd.h>

static anp_status_t join(const char *rel, bool follow_links) {
    char *path;
    const anp_status_t st =
        anp_path_join_beneath(anp_test_path("model"), rel, strlen(rel), follow_links, &path);
    assert_int_equal(path != NULL, st == ANP_OK);
    anp_free(path);
    return st;
}

/* model/ a file, a folder with a file, and links: inside, outside, to a folder outside, up and
 * back. */
static int make_model(void **state) {
    (void)state;
    assert_int_equal(anp_path_make_dir(anp_test_path("model/sub")), ANP_OK);
    anp_test_write("secret", "s", 1);
    anp_test_write("model/w.bin", "w", 1);
    anp_test_write("model/sub/w.bin", "w", 1);
    assert_int_equal(symlink("w.bin", anp_test_path("model/inside")), 0);
    assert_int_equal(symlink("../secret", anp_test_path("model/outside")), 0);
    assert_int_equal(symlink("/etc", anp_test_path("model/sub/etc")), 0);
    assert_int_equal(symlink("../model/sub", anp_test_path("model/around")), 0);
    assert_int_equal(symlink("nowhere", anp_test_path("model/dangling")), 0);
    assert_int_equal(symlink("loop", anp_test_path("model/loop")), 0);
    return 0;
}

static void names_beneath_the_folder_are_joined(void **state) {
    (void)state;
    char *path;
    assert_int_equal(anp_path_join_beneath("dir", "sub/w.bin|rest", 9, false, &path), ANP_OK);
    assert_string_equal(path, "dir/sub/w.bin");
    anp_free(path);
    assert_int_equal(anp_path_join_beneath("", "etc", 3, false, &path),
                     ANP_OK); /* no folder is here */
    assert_string_equal(path, "./etc");
    anp_free(path);
    static const char *const good[] = {"w.bin", "./w.bin", "sub/w.bin", "sub/./w.bin", "not/there",
                                       "..w",   "a..b",    "...",       "with space"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(good); i++) {
        assert_int_equal(join(good[i], false), ANP_OK);
        assert_int_equal(join(good[i], true), ANP_OK);
    }
}

static void traversal_absolute_and_empty_names_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *rel, *why;
    } bad[] = {
        {"..", "'..'"},
        {"../secret", "'..'"},
        {"sub/../../secret", "'..'"},
        {"sub/..", "'..'"},
        {"a/../w.bin", "'..'"},
        {"/etc/passwd", "absolute"},
        {"//etc/passwd", "absolute"},
        {"/", "absolute"},
        {"", "names no file"},
        {"sub//w.bin", "empty component"},
        {"sub/", "empty component"},
    };
    for (size_t i = 0; i < ANP_ARRAY_LEN(bad); i++) {
        for (int follow = 0; follow < 2; follow++) {
            assert_int_equal(join(bad[i].rel, follow), ANP_INVALID_MODEL);
            anp_test_expect_message(bad[i].why);
            anp_test_expect_message(bad[i].rel); /* the message names it */
        }
    }
}

static void zero_bytes_and_endless_names_are_refused(void **state) {
    (void)state;
    char *path;
    assert_int_equal(anp_path_join_beneath("dir", "w.bin\0/../x", 11, false, &path),
                     ANP_INVALID_MODEL);
    anp_test_expect_message("zero byte");
    static char name[100000];
    memset(name, 'n', sizeof name);
    assert_int_equal(anp_path_join_beneath("dir", name, sizeof name, false, &path),
                     ANP_INVALID_MODEL);
    anp_test_expect_message("nnn' in the model is longer");
}

static void links_are_refused_wherever_they_stand(void **state) {
    (void)state;
    static const char *const links[] = {"inside",       "outside",        "dangling", "loop",
                                        "around/w.bin", "sub/etc/passwd", "./inside"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(links); i++) {
        assert_int_equal(join(links[i], false), ANP_INVALID_MODEL);
        anp_test_expect_message("symbolic link; --follow-links");
        anp_test_expect_message(links[i]);
    }
}

static void followed_links_must_stay_beneath_the_folder(void **state) {
    (void)state;
    assert_int_equal(join("inside", true), ANP_OK);
    assert_int_equal(join("around/w.bin", true), ANP_OK);
    assert_int_equal(join("dangling", true), ANP_OK); /* opening it says that it is not there */
    assert_int_equal(join("outside", true), ANP_INVALID_MODEL);
    anp_test_expect_message("not beneath");
    anp_test_expect_message("/secret");
    assert_int_equal(join("sub/etc/passwd", true), ANP_INVALID_MODEL);
    anp_test_expect_message("'/etc/passwd'");
}

static void folder_with_the_same_beginning_is_not_beneath(void **state) {
    (void)state;
    assert_int_equal(anp_path_make_dir(anp_test_path("model2")), ANP_OK);
    anp_test_write("model2/w.bin", "w", 1);
    assert_int_equal(symlink("../model2/w.bin", anp_test_path("model/beside")), 0);
    assert_int_equal(join("beside", true), ANP_INVALID_MODEL);
}

static void folder_reached_by_a_link_is_the_users_choice(void **state) {
    (void)state;
    assert_int_equal(symlink("model", anp_test_path("alias")), 0);
    char *path;
    assert_int_equal(anp_path_join_beneath(anp_test_path("alias"), "w.bin", 5, false, &path),
                     ANP_OK);
    anp_free(path);
    assert_int_equal(anp_path_join_beneath(anp_test_path("alias/"), "w.bin", 5, true, &path),
                     ANP_OK);
    anp_free(path);
}

static anp_status_t join_scenario(void *arg) {
    (void)arg;
    return join("sub/w.bin", true);
}

static void joining_gives_back_everything_when_memory_ends(void **state) {
    (void)state;
    assert_int_equal(anp_test_every_allocation_fails(join_scenario, NULL), 1);
}

static void path_splits_into_folder_and_last_component(void **state) {
    (void)state;
    static const struct {
        const char *path, *dir, *base;
    } cases[] = {{"a/b.onnx", "a", "b.onnx"}, {"b.onnx", ".", "b.onnx"}, {"/b", "/", "b"},
                 {"/a/b", "/a", "b"},         {"a/b/", "a/b", ""},       {"", ".", ""}};
    for (size_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        char *dir;
        assert_int_equal(anp_path_dir(cases[i].path, &dir), ANP_OK);
        assert_string_equal(dir, cases[i].dir);
        assert_string_equal(anp_path_base(cases[i].path), cases[i].base);
        anp_free(dir);
    }
}

static void folders_are_made_with_their_parents(void **state) {
    (void)state;
    assert_int_equal(anp_path_make_dir(anp_test_path("x/y//z/")), ANP_OK);
    assert_int_equal(anp_path_kind(anp_test_path("x/y/z")), ANP_PATH_FOLDER);
    assert_int_equal(anp_path_make_dir(anp_test_path("x/y/z")), ANP_OK); /* again */
    assert_int_equal(anp_path_make_dir("/"), ANP_OK);
    anp_test_write("x/file", "f", 1);
    assert_int_equal(anp_path_make_dir(anp_test_path("x/file")), ANP_IO);
    assert_int_equal(anp_path_make_dir(anp_test_path("x/file/below")), ANP_IO);
    anp_test_expect_message("x/file': File exists");
    assert_int_equal(anp_path_make_dir(""), ANP_NOT_FOUND);
}

static void kinds_are_told_apart(void **state) {
    (void)state;
    assert_int_equal(anp_path_kind(anp_test_path("model")), ANP_PATH_FOLDER);
    assert_int_equal(anp_path_kind(anp_test_path("model/w.bin")), ANP_PATH_FILE);
    assert_int_equal(anp_path_kind(anp_test_path("model/inside")), ANP_PATH_FILE);
    assert_int_equal(anp_path_kind(anp_test_path("model/dangling")), ANP_PATH_NONE);
    assert_int_equal(anp_path_kind("/dev/null"), ANP_PATH_OTHER);
    assert_int_equal(anp_path_kind(""), ANP_PATH_NONE);
}

static anp_status_t list_scenario(void *arg) {
    char **names;
    uint64_t n;
    ANP_TRY(anp_path_list(arg, &names, &n));
    for (uint64_t i = 0; i < n; i++) anp_free(names[i]);
    anp_free(names);
    return ANP_OK;
}

static void listing_is_sorted_and_complete(void **state) {
    (void)state;
    char **names;
    uint64_t n;
    static const char *const want[] = {"around",  "dangling", "inside", "loop",
                                       "outside", "sub",      "w.bin"};
    assert_int_equal(anp_path_list(anp_test_path("model"), &names, &n), ANP_OK);
    assert_int_equal(n, ANP_ARRAY_LEN(want));
    for (uint64_t i = 0; i < n; i++) {
        assert_string_equal(names[i], want[i]);
        anp_free(names[i]);
    }
    anp_free(names);
    assert_int_equal(anp_path_list(anp_test_path("none"), &names, &n), ANP_NOT_FOUND);
    assert_null(names);
    assert_int_equal(anp_path_list(anp_test_path("model/w.bin"), &names, &n), ANP_NOT_FOUND);
    anp_test_expect_message("Not a directory");
    assert_int_equal(anp_path_make_dir(anp_test_path("none")), ANP_OK);
    assert_int_equal(anp_path_list(anp_test_path("none"), &names, &n), ANP_OK);
    assert_int_equal(n, 0);
    anp_free(names);
    assert_int_equal(anp_test_every_allocation_fails(list_scenario, (void *)anp_test_path("model")),
                     8);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_model, anp_test_dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(names_beneath_the_folder_are_joined),
        TEST(traversal_absolute_and_empty_names_are_refused),
        TEST(zero_bytes_and_endless_names_are_refused),
        TEST(links_are_refused_wherever_they_stand),
        TEST(followed_links_must_stay_beneath_the_folder),
        TEST(folder_with_the_same_beginning_is_not_beneath),
        TEST(folder_reached_by_a_link_is_the_users_choice),
        TEST(joining_gives_back_everything_when_memory_ends),
        TEST(path_splits_into_folder_and_last_component),
        TEST(folders_are_made_with_their_parents),
        TEST(kinds_are_told_apart),
        TEST(listing_is_sorted_and_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
