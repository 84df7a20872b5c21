/* SPDX-License-Identifier: Apache-2.0 */
/* How much two tensors differ (contract C7): max |a-b| / max |b|, cosine, SNR, agreement of the
 * best classes. */
#ifndef CLI_MEASURE_H
#define CLI_MEASURE_H

#include "cli.h"
#include "json_out.h"

typedef struct cli_tolerance_t {
    double rtol, atol; /* of an element: |a - b| <= atol + rtol * |b| */
} cli_tolerance_t;

typedef struct cli_measure_t {
    int64_t count;     /* elements compared */
    int64_t n_outside; /* beyond the tolerance; not a number or infinite in only one of them */
    int64_t worst;     /* element that is furthest beyond, -1 when none differs */
    double worst_a, worst_b;
    double max_difference, max_b;
    double relative; /* max |a-b| / max |b|; 0 when both are 0, infinite when only b is 0 or a value
                        is in only one finite */
    double cosine;   /* 1 when both are 0 */
    double snr_db;   /* infinite when equal */
    double top1, top5;  /* share of rows (last axis) with the same best / whose best of b is among
                           five of a; -1 when there are no rows */
    char mismatch[192]; /* types or shapes differ: how; everything else is 0 then */
    /* sums the fields above are made of */
    double sum_ab, sum_aa, sum_bb, sum_dd;
    double worst_excess;
} cli_measure_t;

/* b is the reference. Tensors, sequences and absent values; strings and integers count as outside
 * when they are not equal. */
anp_status_t cli_measure(const anp_tensor_t *a, const anp_tensor_t *b,
                         const cli_tolerance_t *tolerance, cli_measure_t *out);

/* The verdict of `compare`: same type and shape, relative <= rtol, cosine >= limit. */
bool cli_measure_agrees(const cli_measure_t *m, double rtol, double cosine);
/* "max |a-b| 0.5 at element 7 ..." or the mismatch, into buf; gives buf. */
enum { CLI_MEASURE_TEXT = 256 };
const char *cli_measure_text(const cli_measure_t *m, char *buf);
/* Members of an open object. */
void cli_measure_json(jout_t *j, const cli_measure_t *m);

#endif
