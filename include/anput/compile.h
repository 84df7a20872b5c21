/* SPDX-License-Identifier: Apache-2.0 */
/* From graph to package or straight to a loaded model: passes, placement, driver compilers. */
#ifndef ANPUT_COMPILE_H
#define ANPUT_COMPILE_H

#include <anput/graph.h>
#include <anput/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How an image input is prepared, by nodes put before the graph (decode, resize, colour, normalise,
 * layout). All zero = nothing is put. */
typedef struct anp_preprocess_t {
    const char
        *input; /* graph input that becomes the bytes of an image file; NULL = the only input */
    const char *resize;    /* "stretch", "letterbox", "letterbox-topleft", "crop" (short side, then
                              centre crop) */
    int64_t width, height; /* of the network; 0 = from the input's shape */
    int64_t crop_short_side;   /* for "crop": short side before the crop; 0 = the crop's own */
    const char *color;         /* "rgb", "bgr", "gray" */
    const char *interpolation; /* "linear" (default), "nearest", "cubic" */
    float pad_value;           /* 0..255, of letterbox */
    float scale;               /* factor after decode; 0 = 1 (values 0..255) */
    float mean[4], std[4];     /* per channel, after scale; std 0 = 1 */
    const char *layout;        /* "nchw" (default) or "nhwc" */
    bool enabled;
} anp_preprocess_t;

typedef struct anp_compile_options_t {
    const char *const *
        devices; /* ids to compile for ("cpu", "vendor:v1"); the portable program is always there */
    uint32_t n_devices;
    const char *const *disabled_passes; /* names of anp_pass_name */
    uint32_t n_disabled_passes;
    const anp_preprocess_t *preprocess; /* NULL = none */
    const char *const *buckets;         /* shape buckets for drivers that need sizes: "N=1,S=128" */
    uint32_t n_buckets;
    double max_fallback_share; /* budget: 0.05 = 5 % of estimated time; 0 = no limit unless the next
                                  field is set */
    int64_t max_fallback_nodes; /* budget in nodes + 1 (1 = none may fall back); 0 = no limit */
    const char *source_path;    /* recorded in the manifest with its hash; may be NULL */
    anp_status_t (*progress)(void *user, double done,
                             const char *what); /* a result other than ANP_OK cancels */
    void *progress_user;
} anp_compile_options_t;

/**
 * Compiles `graph` and writes a package to `path` (beside it first, then renamed: an old file
 * survives a failure). The graph is changed by the passes. options  NULL = defaults Errors
 * ANP_INVALID_MODEL, ANP_UNSUPPORTED, ANP_OVER_BUDGET (the rows that fell back), ANP_NOT_FOUND
 * (device), ANP_IO, ANP_OUT_OF_MEMORY, ANP_CANCELLED. Since 0.1.
 */
ANP_API anp_status_t anp_compile_package(anp_context_t *ctx, anp_graph_t *graph,
                                         const anp_compile_options_t *options, const char *path);

/**
 * Compiles `graph` for one device and gives a loaded model without a file. Takes the graph on
 * success (do not use or release it afterwards). Errors   as above. Since 0.1.
 */
ANP_API anp_status_t anp_compile_model(anp_context_t *ctx, anp_graph_t *graph,
                                       const anp_compile_options_t *options,
                                       const anp_model_options_t *model_options,
                                       anp_model_t **out_model);

/** Passes in the order they run; NULL past the end. Static storage. */
ANP_API const char *anp_pass_name(uint32_t i);
ANP_API const char *anp_pass_description(uint32_t i);

/* Texts about a graph; each is freed with anp_text_free. */
ANP_API anp_status_t anp_graph_text(anp_graph_t *graph, char **out_text);
ANP_API anp_status_t anp_graph_dot_text(anp_graph_t *graph, char **out_text);

/* What a graph takes, gives and is made of; names are lent by it. */
ANP_API uint32_t
anp_graph_input_count(const anp_graph_t *graph); /* of entry "main", states excluded */
ANP_API uint32_t anp_graph_output_count(const anp_graph_t *graph);
/** Errors ANP_OUT_OF_RANGE. Since 0.1. */
ANP_API anp_status_t anp_graph_input_info(const anp_graph_t *graph, uint32_t i,
                                          anp_io_info_t *out_info);
ANP_API anp_status_t anp_graph_output_info(const anp_graph_t *graph, uint32_t i,
                                           anp_io_info_t *out_info);
typedef struct anp_op_count_t {
    const char *domain, *op; /* static storage */
    uint64_t nodes;
} anp_op_count_t;
/**
 * Operators of all nodes, those in blocks of control flow included, the most frequent first.
 * out      room for `capacity`; *out_n is the number there is, also when it is larger
 * Errors   ANP_OUT_OF_MEMORY. Since 0.1.
 */
ANP_API anp_status_t anp_graph_op_counts(anp_graph_t *graph, anp_op_count_t *out, uint32_t capacity,
                                         uint32_t *out_n);

typedef struct anp_graph_summary_t {
    uint64_t nodes, constants, weight_bytes, parameters;
    double mul_adds; /* of Conv, MatMul, Gemm and recurrent operators with known sizes; free
                        dimensions counted as 1 */
} anp_graph_summary_t;
ANP_API anp_status_t anp_graph_summary(anp_graph_t *graph, anp_graph_summary_t *out_summary);

#ifdef __cplusplus
}
#endif
#endif
