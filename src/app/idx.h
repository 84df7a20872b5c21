/* SPDX-License-Identifier: Apache-2.0 */
/* The IDX files of MNIST and its kin: images and labels, plain or gzipped. */
#ifndef APP_IDX_H
#define APP_IDX_H

#include <anput/status.h>
#include <stddef.h>
#include <stdint.h>

typedef struct app_idx_t {
    uint8_t *data; /* [count, height, width] of images, [count] of labels */
    uint32_t count, height, width;
} app_idx_t;

/* Errors ANP_NOT_FOUND, ANP_IO, ANP_INVALID_FILE (no such file, truncated, damaged), ANP_LIMIT
 * (beyond 1 GiB), ANP_OUT_OF_MEMORY. */
anp_status_t app_idx_read_images(const char *path, app_idx_t *out);
anp_status_t app_idx_read_labels(const char *path, app_idx_t *out);
void app_idx_release(app_idx_t *idx);

#endif
