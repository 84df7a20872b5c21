/* SPDX-License-Identifier: Apache-2.0 */
/* Sample programs for the tests of programs and packages, for the golden files and for the fuzzers.
 */
#ifndef ANP_PROGRAM_TESTING_H
#define ANP_PROGRAM_TESTING_H

#include "program/program.h"

typedef enum anp_sample_t {
    ANP_SAMPLE_LINEAR = 0, /* MatMul, Add, Relu over [N, 4]; one partition */
    ANP_SAMPLE_CONTROL =
        1, /* If with captured values, every kind of attribute, a string constant, no partitions */
    ANP_SAMPLE_STATE = 2,  /* entries prefill and decode with one state, aliases, expressions */
    ANP_SAMPLE_VENDOR = 3, /* the same with prefill compiled for a vendor's device */
    ANP_SAMPLE_COUNT = 4,
} anp_sample_t;

const char *anp_sample_name(anp_sample_t sample); /* "linear" ... */
/* As anp_program_writer_finish; weights are numbered like constants. */
anp_status_t anp_sample_program(anp_sample_t sample, void **out_data, uint64_t *out_size);
/* Bytes of constant `id` of an open sample, made from its number and type; anp_free. */
anp_status_t anp_sample_const(const anp_program_t *p, uint32_t id, void **out_data);

#endif
