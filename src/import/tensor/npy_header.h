/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a .npy file: format versions 1 to 3. */
#ifndef ANP_IMPORT_TENSOR_NPY_HEADER_H
#define ANP_IMPORT_TENSOR_NPY_HEADER_H

#include "base/error.h"
#include <anput/tensor.h>

typedef struct anp_npy_header_t {
    char order;         /* of descr: '<' '>' '=' '|' */
    char type[8];       /* "f4", "U12" */
    bool fortran_order; /* first axis varies fastest */
    uint32_t rank;
    int64_t dims[ANP_RANK_MAX];
    uint64_t data_offset; /* in bytes */
} anp_npy_header_t;

bool anp_npy_has_magic(const uint8_t *data, uint64_t size_bytes);
/*
 * name     of the file, for messages
 * Errors   ANP_INVALID_FILE  malformed or truncated: byte, expected and found are named
 *          ANP_UNSUPPORTED   structured types
 */
anp_status_t anp_npy_header_parse(const char *name, const uint8_t *data, uint64_t size_bytes,
                                  anp_npy_header_t *out);

#endif
