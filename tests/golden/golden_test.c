/* SPDX-License-Identifier: Apache-2.0 */
/* Packages of every released version are still read, and as the same. */
#include "base/file.h"
#include "base/testing.h"
#include "golden_text.h"
#include <stdio.h>

static const char root[] = "tests/golden/packages";

static void compare(const char *package, const char *text_path) {
    anp_buf_t found;
    char *expected;
    uint64_t len;
    anp_buf_init(&found, 0);
    if (anp_golden_text(package, &found) != ANP_OK) fail_msg("%s", anp_error_message());
    if (anp_file_read(text_path, 1 << 20, &expected, &len) != ANP_OK)
        fail_msg("%s", anp_error_message());
    if (strcmp(found.data, expected) != 0)
        fail_msg("%s is read as:\n%sexpected is %s (tests/golden/README.md)", package, found.data,
                 text_path);
    anp_free(expected);
    anp_buf_deinit(&found);
}

/* Compares the packages of one folder; returns how many there are. */
static uint64_t compare_folder(const char *folder) {
    char **names, package[1024], text[1024];
    uint64_t n, n_packages = 0;
    assert_int_equal(anp_path_list(folder, &names, &n), ANP_OK);
    for (uint64_t i = 0; i < n; i++) {
        const size_t len = strlen(names[i]);
        if (len > 4 && strcmp(names[i] + len - 4, ".anp") == 0) {
            snprintf(package, sizeof package, "%s/%s", folder, names[i]);
            snprintf(text, sizeof text, "%s/%.*s.txt", folder, (int)len - 4, names[i]);
            compare(package, text);
            n_packages++;
        }
        anp_free(names[i]);
    }
    anp_free(names);
    return n_packages;
}

static void every_package_ever_released_is_read_as_the_same(void **state) {
    (void)state;
    char **versions, folder[512];
    uint64_t n;
    assert_int_equal(anp_path_list(root, &versions, &n), ANP_OK);
    assert_true(n > 0);
    for (uint64_t i = 0; i < n; i++) {
        snprintf(folder, sizeof folder, "%s/%s", root, versions[i]);
        assert_true(compare_folder(folder) > 0);
        anp_free(versions[i]);
    }
    anp_free(versions);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_package_ever_released_is_read_as_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
