/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers that are loaded at run time: "anput-<name>.so" in the folders of the driver path. */
#include "base/file.h"
#include "runtime/runtime.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static anp_status_t load_one(anp_context_t *ctx, const char *dir, const char *file) {
    anp_buf_t path;
    anp_buf_init(&path, 0);
    anp_buf_printf(&path, "%s/%s", dir, file);
    anp_status_t st = anp_buf_status(&path);
    if (st == ANP_OK) {
        char name[32];
        const size_t n = strlen(file) - strlen("anput-") - strlen(".so");
        snprintf(name, sizeof name, "%.*s", (int)ANP_MIN(n, sizeof name - 1),
                 file + strlen("anput-"));
        void *lib = dlopen(
            path.data, RTLD_NOW | RTLD_LOCAL); /* never closed: drivers keep threads and statics */
        /* ISO C has no conversion from object to function pointer; POSIX guarantees this one. */
        union {
            void *object;
            const anp_driver_t *(*function)(void);
        } query = {lib ? dlsym(lib, "anp_driver_query") : NULL};
        if (query.object) {
            const anp_driver_t *table = query.function();
            st = anp_context_add_driver(
                ctx, table, table->abi == ANP_DRIVER_ABI ? table->name : name, NULL, true);
        } else {
            char reason[256];
            snprintf(reason, sizeof reason, "%s",
                     lib ? "has no symbol anp_driver_query" : dlerror());
            st = anp_context_add_driver(ctx, NULL, name, reason, true);
        }
    }
    anp_buf_deinit(&path);
    return st;
}

static bool is_driver_file(const char *name) {
    const size_t n = strlen(name);
    return n > strlen("anput-.so") && strncmp(name, "anput-", 6) == 0 &&
           strcmp(name + n - 3, ".so") == 0;
}

static anp_status_t load_dir(anp_context_t *ctx, const char *dir) {
    char **names = NULL;
    uint64_t n = 0;
    const anp_status_t listed = anp_path_list(dir, &names, &n);
    if (listed == ANP_OUT_OF_MEMORY) return listed;
    if (listed != ANP_OK) {
        anp_log_write(&ctx->log, ANP_LOG_WARN, "driver path: %s", anp_error_message());
        return ANP_OK;
    }
    anp_status_t st = ANP_OK;
    for (uint64_t i = 0; i < n; i++) {
        if (st == ANP_OK && is_driver_file(names[i])) st = load_one(ctx, dir, names[i]);
        anp_free(names[i]);
    }
    anp_free(names);
    return st;
}

anp_status_t anp_context_load_drivers(anp_context_t *ctx, const char *path) {
    const char *at = path;
    while (*at) {
        const size_t n = strcspn(at, ":");
        if (n) {
            char *dir = NULL;
            ANP_TRY(anp_strndup(at, n, &dir));
            const anp_status_t st = load_dir(ctx, dir);
            anp_free(dir);
            ANP_TRY(st);
        }
        at += n + (at[n] == ':');
    }
    return ANP_OK;
}
