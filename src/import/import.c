/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the reader for a model file by its content; says what a file looks like that none reads. */
#include "import/importer.h"
#include "ir/graph.h"
#include <string.h>

static const anp_importer_t *const importers[] = {&anp_onnx_importer};

/* Files people pass by mistake. */
typedef struct signature_t {
    uint32_t offset, n_bytes;
    const char *bytes, *what;
} signature_t;

static const signature_t signatures[] = {
    {0, 3, "\xff\xd8\xff", "a JPEG image"},
    {0, 8, "\x89PNG\r\n\x1a\n", "a PNG image"},
    {0, 6, "GIF87a", "a GIF image"},
    {0, 6, "GIF89a", "a GIF image"},
    {8, 4, "WEBP", "a WebP image"},
    {0, 2, "BM", "a BMP image"},
    {0, 4, "II*\0", "a TIFF image"},
    {0, 4, "MM\0*", "a TIFF image"},
    {0, 8, "\0\0\0\x0cjP  ", "a JPEG 2000 image"},
    {0, 4, "%PDF", "a PDF document"},
    {0, 23, "version https://git-lfs",
     "a Git LFS pointer; fetch the real file with 'git lfs pull'"},
    {0, 4, "PK\x03\x04", "a ZIP archive (a PyTorch .pt is one); export the model to ONNX"},
    {0, 8, "\x89HDF\r\n\x1a\n", "an HDF5 file (Keras); export the model to ONNX"},
    {4, 4, "TFL3", "a TensorFlow Lite model; convert it to ONNX"},
    {0, 4, "GGUF", "a GGUF model"},
    {0, 6, "\x93NUMPY", "a NumPy array"},
    {0, 2, "\x1f\x8b", "a gzip archive; unpack it first"},
    {0, 4,
     "\x7f"
     "ELF",
     "a program or library"},
    {0, 2, "\x80\x02", "a Python pickle; export the model to ONNX"},
    {0, 1, "<", "HTML or XML text"},
    {0, 1, "{", "JSON text"},
    {8, 1, "{", "a safetensors file"},
};

static bool has_signature(const signature_t *s, const uint8_t *data, uint64_t size_bytes) {
    return size_bytes >= s->offset + s->n_bytes &&
           memcmp(data + s->offset, s->bytes, s->n_bytes) == 0;
}

static anp_status_t fail_unknown(const char *path, const uint8_t *data, uint64_t size_bytes) {
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
        if (has_signature(&signatures[i], data, size_bytes))
            ANP_FAIL(ANP_INVALID_FILE, "%s is no model: it looks like %s", path,
                     signatures[i].what);
    ANP_FAIL(ANP_INVALID_FILE, "%s is no model of a known format (ONNX)", path);
}

static anp_status_t read_and_verify(const anp_importer_t *importer, anp_file_t *file,
                                    const anp_import_options_t *options, anp_graph_t **out_graph) {
    anp_status_t st;
    anp_graph_t *graph = NULL;
    ANP_TRY_OUT(st, importer->read(file, options, &graph));
    ANP_TRY_OUT(st, anp_graph_infer(graph));
    ANP_TRY_OUT(st, anp_graph_verify(graph));
    *out_graph = graph;
    return ANP_OK;
out:
    anp_graph_release(graph);
    return st;
}

static anp_status_t import_file(anp_file_t *file, const anp_import_options_t *options,
                                anp_graph_t **out_graph) {
    const uint8_t *data = anp_file_data(file);
    const uint64_t size_bytes = anp_file_size(file);
    for (size_t i = 0; i < sizeof importers / sizeof importers[0]; i++)
        if (importers[i]->probe(data, size_bytes))
            return read_and_verify(importers[i], file, options, out_graph);
    return fail_unknown(anp_file_path(file), data, size_bytes);
}

anp_status_t anp_model_import(const char *path, const anp_import_options_t *options,
                              anp_graph_t **out_graph) {
    static const anp_import_options_t defaults = {0};
    *out_graph = NULL;
    if (!path || !*path) ANP_FAIL(ANP_INVALID_ARGUMENT, "anp_model_import: no path");
    anp_file_t *file;
    ANP_TRY(anp_file_map(path, &file));
    const anp_status_t st = import_file(file, options ? options : &defaults, out_graph);
    anp_file_release(file);
    return st;
}
