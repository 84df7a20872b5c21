/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: locations of external data. The input is lines: location, offset, length and how
 * many bytes the tensor needs. The model's folder has a file, a folder with a file, and links; what
 * is found must be a range of a file in it.
 */
#include "import/onnx/onnx_source.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[64]; /* what must not be left is root/model; root/secret.bin lies beside it */

static const char *in_root(const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void remove_root(void) {
    static const char *const files[] = {"model/w.bin", "model/sub/v.bin", "model/link.bin",
                                        "model/out", "secret.bin"};
    for (size_t i = 0; i < ANP_ARRAY_LEN(files); i++) unlink(in_root(files[i]));
    rmdir(in_root("model/sub"));
    rmdir(in_root("model"));
    rmdir(root);
}

static void make_root(void) {
    snprintf(root, sizeof root, "/tmp/anput_fuzz.XXXXXX");
    if (!mkdtemp(root)) abort();
    atexit(remove_root);
    mkdir(in_root("model"), 0700);
    mkdir(in_root("model/sub"), 0700);
    (void)anp_file_write_all(in_root("model/w.bin"), root, 48);
    (void)anp_file_write_all(in_root("model/sub/v.bin"), root, 16);
    (void)anp_file_write_all(in_root("secret.bin"), root, 48);
    if (symlink("../secret.bin", in_root("model/link.bin")) != 0) abort();
    if (symlink("..", in_root("model/out")) != 0) abort();
}

static anp_string_t next_line(const uint8_t **at, const uint8_t *end) {
    const uint8_t *start = *at;
    while (*at < end && **at != '\n') ++*at;
    const anp_string_t line = {(const char *)start, (uint64_t)(*at - start)};
    if (*at < end) ++*at;
    return line;
}

static void check(const anp_onnx_external_t *found, uint64_t want_bytes) {
    char *real;
    if (!found->file) return;
    real = realpath(anp_file_path(found->file), NULL);
    if (!real || strncmp(real, in_root("model/"), strlen(root) + 7) != 0) abort();
    free(real);
    const uint64_t size = anp_file_size(found->file);
    if (found->offset_bytes > size || want_bytes > size - found->offset_bytes) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const keys[] = {"location", "offset", "length"};
    if (!*root) make_root();
    const uint8_t *at = data, *end = data + size;
    anp_onnx_entry_t entries[3] = {0};
    for (size_t i = 0; i < ANP_ARRAY_LEN(entries); i++)
        entries[i] =
            (anp_onnx_entry_t){.key = {keys[i], strlen(keys[i])}, .value = next_line(&at, end)};
    anp_onnx_tensor_t t = {.external = {entries, 1}, .data_location = 1};
    while (t.external.count < 3 && entries[t.external.count].value.len_bytes) t.external.count++;
    const uint64_t want_bytes = at < end ? *at : 0;
    anp_onnx_source_t source;
    anp_onnx_external_t found;
    anp_onnx_source_init(&source, "fuzz.onnx", data, size, NULL, in_root("model"), false);
    if (anp_onnx_external_find(&source, &t, want_bytes, &found) == ANP_OK)
        check(&found, want_bytes);
    anp_onnx_source_deinit(&source);
    return 0;
}
