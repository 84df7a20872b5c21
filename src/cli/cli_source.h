/* SPDX-License-Identifier: Apache-2.0 */
/* What a verb works on: a package, or a model that is compiled in memory. anput-rt has packages
 * only (cli_source_rt.c). */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli_options.h"
#include <anput/model.h>

/* How image files become an input's tensor: the flags of <anput/compile.h> anp_preprocess_t. */
typedef struct cli_image_args_t {
    const char *file; /* JSON with the fields below */
    const char *color, *input, *resize, *size, *interpolation, *layout, *scale, *mean, *std;
    int64_t crop_side, pad_value;
} cli_image_args_t;

typedef struct cli_source_args_t {
    bool follow_links;
    cli_list_t no_pass;
    cli_list_t dims; /* fixed while a model is read; for verbs that offer it */
    cli_image_args_t image;
} cli_source_args_t;

/* Options for the struct above; both are empty in anput-rt. */
extern const cli_option_t cli_source_options[];
extern const cli_option_t cli_image_options[];

typedef struct cli_loaded_t {
    anp_model_t *model;
    const char *path;
    bool is_package;
    uint64_t import_ns, compile_ns, load_ns;
} cli_loaded_t;

/* Opens path for a device (NULL = the preferred one). */
cli_exit_t cli_load(cli_t *cli, const char *path, const char *device, const cli_source_args_t *args,
                    cli_loaded_t *out);
void cli_loaded_release(cli_loaded_t *loaded);

/* "f32 [N, 3, 224, 224]" into buf; gives buf. */
enum { CLI_SHAPE_TEXT = 256 };
const char *cli_io_text(const anp_io_info_t *info, char *buf);
const char *cli_tensor_text(const anp_tensor_t *t, char *buf);
/* Signed, unsigned and bool: compared exactly, written exactly. */
bool cli_is_integer(anp_dtype_t dtype);

#endif
