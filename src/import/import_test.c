/* SPDX-License-Identifier: Apache-2.0 */
/* Model files as a user has them: real ones, big ones, and files that are none. */
#include "base/file.h"
#include "import/onnx/onnx_testing.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static void expect_refused(const char *path, anp_status_t status, const char *message) {
    anp_graph_t *g = (anp_graph_t *)1;
    assert_int_equal(anp_model_import(path, NULL, &g), status);
    assert_null(g);
    anp_test_expect_message(message);
}

static void expect_no_model(const void *bytes, size_t n, const char *message) {
    anp_test_write("m.onnx", bytes, n);
    expect_refused(anp_test_path("m.onnx"), ANP_INVALID_FILE, message);
}

static void a_missing_file_a_folder_and_an_empty_file_say_so(void **state) {
    (void)state;
    expect_refused(anp_test_path("none.onnx"), ANP_NOT_FOUND, "none.onnx");
    expect_refused(anp_test_dir(), ANP_IO, "it is a folder");
    anp_test_write("m.onnx", "", 0);
    expect_refused(anp_test_path("m.onnx"), ANP_INVALID_FILE, "empty");
    expect_refused("", ANP_INVALID_ARGUMENT, "no path");
}

static void other_files_say_what_they_look_like(void **state) {
    (void)state;
    expect_no_model("\xff\xd8\xff\xe0JFIF", 8, "it looks like a JPEG image");
    expect_no_model("\x89PNG\r\n\x1a\n0000", 12, "a PNG image");
    expect_no_model("PK\x03\x04....", 8, "a ZIP archive");
    expect_no_model("version https://git-lfs.github.com/spec/v1\n", 43, "git lfs pull");
    expect_no_model("{\"a\": 1}", 8, "JSON");
    expect_no_model("    TFL3....", 12, "TensorFlow Lite");
    expect_no_model("hello, world", 12, "no model of a known format");
    expect_no_model("\x08", 1, "varint does not end");
    expect_no_model("\x08\x08", 2, "no graph in it");
}

/* ---- external data ---- */

enum { N_FILES = 300 };

/* y = x + w_0 + ... + w_299, each in a file of its own. */
static void many_external_files_are_found(void **state) {
    (void)state;
    static msg_t parts[2];
    msg_t g = {.n = 0};
    add_input(&g, "x", ANP_DTYPE_F32, "1");
    add_output(&g, "y");
    FILE *f = fopen(anp_test_path("m.onnx"), "wb");
    anp_buf_t graph;
    anp_buf_init(&graph, 0);
    anp_buf_append(&graph, g.data, g.n);
    for (int i = 0; i < N_FILES; i++) {
        char name[32], file[32], sum[80];
        const float value = (float)i;
        snprintf(name, sizeof name, "w%d", i);
        snprintf(file, sizeof file, "w%d.bin", i);
        snprintf(sum, sizeof sum, i ? "s%d w%d" : "x w%d", i ? i - 1 : i, i);
        anp_test_write(file, &value, sizeof value);
        parts[0].n = parts[1].n = 0;
        const msg_t t = tensor_external(name, ANP_DTYPE_F32, "1", file, NULL, NULL);
        add_initializer(&parts[0], &t);
        char out[32];
        snprintf(out, sizeof out, i + 1 < N_FILES ? "s%d" : "y", i);
        add_op(&parts[1], "Add", sum, out);
        anp_buf_append(&graph, parts[0].data, parts[0].n);
        anp_buf_append(&graph, parts[1].data, parts[1].n);
    }
    const msg_t none = {.n = 0}, model = new_model(&none, 17);
    msg_t head = {.n = 0};
    put_varint(&head, 7 << 3 | 2);
    put_varint(&head, graph.len);
    fwrite(model.data, 1, model.n - 2, f); /* without its empty graph */
    fwrite(head.data, 1, head.n, f);
    fwrite(graph.data, 1, graph.len, f);
    fclose(f);
    anp_buf_deinit(&graph);
    anp_graph_t *imported;
    const anp_status_t st = anp_model_import(anp_test_path("m.onnx"), NULL, &imported);
    if (st != ANP_OK) print_error("%s\n", anp_error_message());
    assert_int_equal(st, ANP_OK);
    anp_graph_release(imported);
}

static void links_are_followed_only_when_asked(void **state) {
    (void)state;
    const float w[] = {1, 2};
    msg_t g = {.n = 0};
    const msg_t t = tensor_external("w", ANP_DTYPE_F32, "2", "link.bin", NULL, NULL);
    add_initializer(&g, &t);
    add_op(&g, "Relu", "w", "y");
    add_output(&g, "y");
    const msg_t m = new_model(&g, 17);
    anp_test_write("m.onnx", m.data, m.n);
    anp_test_write("real.bin", w, sizeof w);
    assert_int_equal(symlink("real.bin", anp_test_path("link.bin")), 0);
    expect_refused(anp_test_path("m.onnx"), ANP_INVALID_MODEL, "link");
    const anp_import_options_t options = {.follow_links = true};
    anp_graph_t *imported;
    assert_int_equal(anp_model_import(anp_test_path("m.onnx"), &options, &imported), ANP_OK);
    anp_graph_release(imported);
}

/* Bytes of writable private memory this process has. */
static uint64_t data_bytes(void) {
    char line[256];
    unsigned long long kilobytes = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmData: %llu", &kilobytes) == 1) break;
    if (f) fclose(f);
    return kilobytes * 1024;
}

/* 3 GB of weights in a file that takes no room on the disk: a hole. */
static void weights_are_mapped_not_copied(void **state) {
    (void)state;
    enum { N = 3 };
    static const char *const dims[N] = {"256 1024 1024", "512 512 1024", "128 2048 1024"};
    msg_t g = {.n = 0};
    for (int i = 0; i < N; i++) {
        char name[16], offset[32];
        snprintf(name, sizeof name, "w%d", i);
        snprintf(offset, sizeof offset, "%lld", (long long)i << 30);
        const msg_t t = tensor_external(name, ANP_DTYPE_F32, dims[i], "big.bin", offset, NULL);
        add_initializer(&g, &t);
    }
    add_op(&g, "Relu", "w0", "y");
    add_output(&g, "y");
    const msg_t m = new_model(&g, 17);
    anp_test_write("m.onnx", m.data, m.n);
    anp_test_write("big.bin", "", 0);
    if (truncate(anp_test_path("big.bin"), (off_t)N << 30) != 0) {
        print_message("skipped: no file of 3 GB here\n");
        skip();
    }
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_DATA, &before), 0);
    tight = before;
    tight.rlim_cur = data_bytes() + (32 << 20);
    assert_int_equal(setrlimit(RLIMIT_DATA, &tight), 0);
    anp_graph_t *imported;
    const anp_status_t st = anp_model_import(anp_test_path("m.onnx"), NULL, &imported);
    assert_int_equal(setrlimit(RLIMIT_DATA, &before), 0);
    assert_int_equal(st, ANP_OK);
    anp_graph_release(imported);
}

/* ---- real models ---- */

typedef struct tally_t {
    unsigned n_read, n_unsupported;
} tally_t;

/* A model of an operator we lack is no failure of the importer. */
static void import_real(const char *path, bool all_supported, tally_t *tally) {
    anp_graph_t *g;
    const anp_status_t st = anp_model_import(path, NULL, &g);
    if (st != ANP_OK && (all_supported || st != ANP_UNSUPPORTED)) {
        print_error("%s\n", anp_error_message());
        fail();
    }
    tally->n_read += st == ANP_OK;
    tally->n_unsupported += st != ANP_OK;
    anp_graph_release(g);
}

/* Imports every .onnx file of a folder's folders. */
static void import_beneath(const char *dir, bool all_supported, tally_t *tally) {
    char **folders;
    uint64_t n_folders;
    assert_int_equal(anp_path_list(dir, &folders, &n_folders), ANP_OK);
    for (uint64_t i = 0; i < n_folders; i++) {
        char path[1024], **files;
        uint64_t n_files;
        snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
        anp_free(folders[i]);
        if (anp_path_kind(path) != ANP_PATH_FOLDER) continue;
        assert_int_equal(anp_path_list(path, &files, &n_files), ANP_OK);
        for (uint64_t k = 0; k < n_files; k++) {
            const size_t n = strlen(files[k]);
            char file[2048];
            snprintf(file, sizeof file, "%s/%s", path, files[k]);
            if (n > 5 && strcmp(files[k] + n - 5, ".onnx") == 0)
                import_real(file, all_supported, tally);
            anp_free(files[k]);
        }
        anp_free(files);
    }
    anp_free(folders);
}

/* A real model, cut in many places. */
static void a_real_model_cut_anywhere_is_refused(void **state) {
    (void)state;
    const char *path = anp_test_shared("models/mnist-8/model.onnx");
    char *data;
    uint64_t size;
    if (!path) {
        print_message("skipped: no shared/models beside the source tree\n");
        skip();
    }
    assert_int_equal(anp_file_read(path, 1 << 20, &data, &size), ANP_OK);
    for (uint64_t n = 1; n < size; n += n < 2000 ? 1 : 101) {
        anp_graph_t *g;
        anp_test_write("m.onnx", data, n);
        assert_int_not_equal(anp_model_import(anp_test_path("m.onnx"), NULL, &g), ANP_OK);
        assert_null(g);
    }
    anp_free(data);
}

static anp_status_t import_file(void *arg) {
    anp_graph_t *g;
    ANP_TRY(anp_model_import(arg, NULL, &g));
    anp_graph_release(g);
    return ANP_OK;
}

static void failing_memory_is_reported_and_leaks_nothing(void **state) {
    (void)state;
    const float w[] = {1, 2};
    char path[512];
    msg_t g = {.n = 0};
    const msg_t t = tensor_external("w", ANP_DTYPE_F32, "2", "w.bin", NULL, NULL);
    anp_test_write("w.bin", w, sizeof w);
    add_input(&g, "x", ANP_DTYPE_F32, "N 2");
    add_initializer(&g, &t);
    add_op(&g, "Add", "x w", "s");
    add_op(&g, "Softmax", "s", "y");
    add_output(&g, "y");
    const msg_t m = new_model(&g, 11);
    anp_test_write("m.onnx", m.data, m.n);
    snprintf(path, sizeof path, "%s", anp_test_path("m.onnx"));
    anp_test_every_allocation_fails(import_file, path);
}

static void real_models_are_read(void **state) {
    (void)state;
    const char *dir = anp_test_shared("models");
    tally_t tally = {0};
    if (!dir) {
        print_message("skipped: no shared/models beside the source tree\n");
        skip();
    }
    import_beneath(dir, true, &tally);
    print_message("%u models read\n", tally.n_read);
    assert_true(tally.n_read >= 33);
}

/* The test models of ONNX itself, operator sets 1 to 17 (package libonnx-testdata). */
static void test_models_of_onnx_are_read(void **state) {
    (void)state;
    static const char *const kinds[] = {"node", "simple", "pytorch-operator", "pytorch-converted"};
    const char *root = getenv("ANPUT_ONNX_TESTDATA");
    if (!root || !*root) root = "/usr/share/libonnx-testdata/data";
    tally_t tally = {0};
    for (size_t i = 0; i < ANP_ARRAY_LEN(kinds); i++) {
        char dir[1024];
        snprintf(dir, sizeof dir, "%s/%s", root, kinds[i]);
        if (anp_path_kind(dir) != ANP_PATH_FOLDER) {
            print_message("skipped: no %s (package libonnx-testdata)\n", dir);
            skip();
        }
        import_beneath(dir, false, &tally);
    }
    print_message("%u models read, %u use operators we lack\n", tally.n_read, tally.n_unsupported);
    assert_true(tally.n_read > 800);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_file_a_folder_and_an_empty_file_say_so),
        cmocka_unit_test(other_files_say_what_they_look_like),
        cmocka_unit_test(many_external_files_are_found),
        cmocka_unit_test(links_are_followed_only_when_asked),
        cmocka_unit_test(weights_are_mapped_not_copied),
        cmocka_unit_test(a_real_model_cut_anywhere_is_refused),
        cmocka_unit_test(failing_memory_is_reported_and_leaks_nothing),
        cmocka_unit_test(real_models_are_read),
        cmocka_unit_test(test_models_of_onnx_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, anp_test_dir_remove);
}
