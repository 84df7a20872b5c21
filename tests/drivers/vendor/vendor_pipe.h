/* SPDX-License-Identifier: Apache-2.0 */
/* What driver and compiler tell each other over a socket. */
#ifndef VENDOR_PIPE_H
#define VENDOR_PIPE_H

#include <stdint.h>

#define VN_PIPE_MAGIC 0x50504e56u /* "VNPP" */
enum { VN_PIPE_NO_FAULT = 0, VN_PIPE_CRASH = 1, VN_PIPE_HANG = 2 };

/* Followed by the program, the partitions' ids (u32), the buckets' sizes (i64, n_symbols each), and
 * n_consts times a vn_pipe_const_t with its bytes. */
typedef struct vn_pipe_request_t {
    uint32_t magic, fault;
    char sdk[32];
    uint64_t program_bytes;
    uint32_t n_partitions, n_buckets, n_symbols, n_consts;
} vn_pipe_request_t;

typedef struct vn_pipe_const_t {
    uint64_t id, bytes;
} vn_pipe_const_t;

/* Followed by the blob (status ANP_OK; entry k is the k-th partition asked for) or a sentence. */
typedef struct vn_pipe_reply_t {
    uint32_t magic, status;
    uint64_t bytes;
} vn_pipe_reply_t;

#endif
