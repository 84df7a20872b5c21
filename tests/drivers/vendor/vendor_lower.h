/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler proper: partitions and buckets to a blob. Part of the helper program only. */
#ifndef VENDOR_LOWER_H
#define VENDOR_LOWER_H

#include "vendor_program.h"

typedef struct vn_const_t {
    const void *data; /* NULL: not sent */
    uint64_t bytes;
} vn_const_t;

typedef struct vn_job_t {
    const char *sdk;
    vn_program_t program;
    uint64_t n_consts;
    const vn_const_t *consts; /* by id */
    const uint32_t *partitions;
    uint32_t n_partitions;
    const int64_t *buckets; /* n_buckets times the program's symbols */
    uint32_t n_buckets;
} vn_job_t;

/* Makes the blob (free), or writes a sentence. */
anp_status_t vn_lower(const vn_job_t *job, void **out_blob, uint64_t *out_bytes, char *out_text,
                      size_t text_bytes);

#endif
