/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels as the bytes of an image file, for networks that take image files. */
#ifndef APP_BMP_H
#define APP_BMP_H

#include <anput/status.h>
#include <stddef.h>
#include <stdint.h>

/* An uncompressed BMP of grey pixels [height, width]; the caller frees it with free. Errors
 * ANP_INVALID_ARGUMENT (no pixels, or more than 16384 on a side), ANP_OUT_OF_MEMORY. */
anp_status_t app_bmp_make(const uint8_t *pixels, uint32_t width, uint32_t height,
                          uint8_t **out_bytes, size_t *out_n);

#endif
