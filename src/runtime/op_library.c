/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries of operators, opened at run time and given to the context's registry. */
#include "base/file.h"
#include "op/user_op.h"
#include "runtime/runtime.h"
#include <dlfcn.h>
#include <string.h>

static anp_status_t hash_of_file(const char *path, anp_hash_t *out) {
    anp_file_t *f = NULL;
    ANP_TRY(anp_file_map(path, &f));
    *out = anp_hash_bytes(anp_file_data(f), anp_file_size(f));
    anp_file_release(f);
    return ANP_OK;
}

static anp_status_t load(anp_context_t *ctx, const char *path) {
    anp_hash_t hash = {0, 0};
    ANP_TRY(hash_of_file(path, &hash));
    /* Never closed: operators are constant data and code of the library. */
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!lib) ANP_FAIL(ANP_BAD_OPERATOR, "operator library %s: %s", path, dlerror());
    /* ISO C has no conversion from object to function pointer; POSIX guarantees this one. */
    union {
        void *object;
        const anp_op_library_t *(*function)(void);
    } query = {dlsym(lib, "anp_ops_query")};
    if (!query.object)
        ANP_FAIL(ANP_BAD_OPERATOR, "operator library %s has no symbol anp_ops_query", path);
    return anp_ops_add_library(ctx->builtin.ops, query.function(), path, hash);
}

anp_status_t anp_context_load_ops(anp_context_t *ctx, const char *path) {
    char *here = NULL;
    if (!path || !*path) ANP_FAIL(ANP_INVALID_ARGUMENT, "anp_context_load_ops: no path");
    if (strchr(path, '/')) return load(ctx, path);
    anp_buf_t b; /* a bare name would be looked for where the system has its libraries */
    uint64_t len;
    anp_buf_init(&b, 0);
    anp_buf_printf(&b, "./%s", path);
    ANP_TRY(anp_buf_take(&b, &here, &len));
    const anp_status_t st = load(ctx, here);
    anp_free(here);
    return st;
}

anp_status_t anp_context_load_ops_list(anp_context_t *ctx, const char *list) {
    for (const char *at = list; *at;) {
        char *path = NULL;
        const size_t n = strcspn(at, ":");
        if (n) {
            ANP_TRY(anp_strndup(at, n, &path));
            const anp_status_t st = anp_context_load_ops(ctx, path);
            anp_free(path);
            ANP_TRY(st);
        }
        at += n + (at[n] == ':');
    }
    return ANP_OK;
}
