/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for op_library.c in a build without operators from shared objects. */
#include "runtime/runtime.h"

anp_status_t anp_context_load_ops_list(anp_context_t *ctx, const char *list) {
    return anp_context_load_ops(ctx, list);
}

anp_status_t anp_context_load_ops(anp_context_t *ctx, const char *path) {
    (void)ctx;
    ANP_FAIL(ANP_UNSUPPORTED,
             "operator library %s: this build takes none: build with -DANPUT_USER_OPS=ON", path);
}
