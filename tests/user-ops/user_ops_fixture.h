/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of loaded operators share: contexts with libraries, a graph of one operator, one run.
 */
#ifndef ANP_TESTS_USER_OPS_FIXTURE_H
#define ANP_TESTS_USER_OPS_FIXTURE_H

#include "base/testing.h"
#include <anput/compile.h>
#include <anput/import.h>

void uo_ok(anp_status_t st); /* asserts, and prints the sentence */
/* "build/lib/ops/odd.so" of a path beneath the build; in one of a few static buffers. */
const char *uo_path(const char *name);
/* A context without the environment; libraries are paths beneath the build, NULL-terminated. */
anp_context_t *uo_context(const char *const *libraries);

/* One operator over f32 inputs "x0", "x1" ...: what is set before uo_run. */
typedef struct uo_case_t {
    anp_context_t *ctx;
    const char *device, *domain, *op;
    const anp_graph_attr_t *attrs;
    uint32_t n_attrs;
    anp_tensor_t in[4];
    const anp_tensor_t *constant; /* the last input instead, or NULL */
    uint32_t n_in, n_out;
    bool free_sizes;        /* the first axis of each input is the symbol "N" */
    anp_session_t *session; /* after uo_run */
} uo_case_t;
/* Builds, compiles and runs it; the outputs are the session's. */
anp_status_t uo_run(uo_case_t *c);
void uo_end(uo_case_t *c); /* the session, not the context */
/* A view of f32 numbers. */
anp_tensor_t uo_tensor(const float *data, uint32_t rank, const int64_t *dims);

#endif
