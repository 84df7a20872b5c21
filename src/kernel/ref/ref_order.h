/* SPDX-License-Identifier: Apache-2.0 */
/* Candidates sorted by their keys (ref_key.h): TopK and NonMaxSuppression choose so. */
#ifndef ANP_KERNEL_REF_ORDER_H
#define ANP_KERNEL_REF_ORDER_H

#include <stdint.h>

typedef struct anp_candidate_t {
    int64_t key, index;
} anp_candidate_t;
/* Larger keys first; of equal ones the lower index. In place, by a heap. */
void anp_candidates_sort(anp_candidate_t *list, int64_t n);

#endif
