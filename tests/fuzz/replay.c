/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target on every file of the folders given: the main function where no fuzzer brings
 * one. */
#include "base/file.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A block of exactly this size, so that a sanitizer sees a read behind the end. */
static anp_status_t run_exact(const char *data, uint64_t size) {
    void *copy;
    ANP_TRY(anp_alloc(size, &copy));
    memcpy(copy, data, (size_t)size);
    LLVMFuzzerTestOneInput(copy, (size_t)size);
    anp_free(copy);
    return ANP_OK;
}

static anp_status_t run_file(const char *folder, const char *name) {
    char path[4096], *data;
    uint64_t size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ANP_TRY(anp_file_read(path, UINT64_C(1) << 30, &data, &size));
    const anp_status_t st = run_exact(data, size);
    anp_free(data);
    return st;
}

static anp_status_t run_folder(const char *folder) {
    char **names;
    uint64_t n;
    ANP_TRY(anp_path_list(folder, &names, &n));
    anp_status_t st = ANP_OK;
    if (n == 0) st = ANP_ERROR(ANP_NOT_FOUND, "no files in '%s'", folder);
    for (uint64_t i = 0; i < n; i++) {
        if (st == ANP_OK) st = run_file(folder, names[i]);
        anp_free(names[i]);
    }
    anp_free(names);
    if (st == ANP_OK) printf("%s: %" PRIu64 " inputs\n", folder, n);
    return st;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (run_folder(argv[i]) == ANP_OK) continue;
        fprintf(stderr, "error: %s\n", anp_error_message());
        return 1;
    }
    return 0;
}
