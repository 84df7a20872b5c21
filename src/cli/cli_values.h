/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors for inputs that come from no file. out->data is the caller's to free. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include "cli.h"
#include <anput/model.h>

/* Sizes of free axes: what the command line says, and what inputs given before have. */
typedef struct cli_known_dim_t {
    const char *symbol;
    int64_t size;
} cli_known_dim_t;
typedef struct cli_dims_t {
    const cli_list_t *given; /* "NAME=SIZE": a symbol, or "input:axis" */
    cli_known_dim_t *known;
    uint32_t n_known;
} cli_dims_t;

bool cli_find_dim(const cli_dims_t *dims, const anp_io_info_t *info, int32_t axis, int64_t *out);

/* Zeros of the declared form; free axes by `dims`, else `batch` (when > 0) on axis 0, else 1. */
cli_exit_t cli_value_zero(cli_t *cli, const anp_io_info_t *info, const cli_dims_t *dims,
                          int64_t batch, anp_tensor_t *out);
/* The bytes of an image file: grey noise. */
cli_exit_t cli_value_image(cli_t *cli, uint64_t *random, anp_tensor_t *out);
/* "16000", "[1, 2, 3]", "[[1, 2], [3, 4]]": brackets give the shape; numbers in a row take the
 * declared shape; a single number fills it. */
cli_exit_t cli_value_text(cli_t *cli, const anp_io_info_t *info, const cli_dims_t *dims,
                          const char *text, anp_tensor_t *out);

/* Fills dense host data with numbers drawn from *state: floats normal with deviation 1, i32 and i64
 * 0 or 1 (they are often indices), other integers over their whole range. Strings are not drawn. */
anp_status_t cli_random_fill(const anp_tensor_t *t, uint64_t *state);

#endif
