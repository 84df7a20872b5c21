/* SPDX-License-Identifier: Apache-2.0 */
/* From a package file to a model: which variant is taken and why others are not. */
#include "runtime/runtime.h"
#include <stdio.h>
#include <string.h>

static void package_release(void *user) {
    anp_package_release(user);
}
static anp_status_t package_weight(void *user, uint32_t id, const void **out_data,
                                   uint64_t *out_bytes) {
    return anp_package_weight(user, id, out_data, out_bytes);
}
static const char *package_manifest(void *user) {
    return anp_package_manifest(user);
}

static bool demanded_is(const anp_variant_key_t *k, const char *demanded) {
    const size_t n = strlen(k->driver);
    if (strncmp(demanded, k->driver, n) != 0) return false;
    return demanded[n] == '\0' || (demanded[n] == ':' && strcmp(demanded + n + 1, k->target) == 0);
}

/* NULL when variant k can run on `dev`, else the reason. */
static const char *why_not(const anp_variant_key_t *k, const anp_device_t *dev, char *out,
                           size_t n) {
    if (strcmp(k->driver, dev->slot->name) != 0)
        snprintf(out, n, "made for driver %s, the device is %s", k->driver, dev->id);
    else if (*k->target && strcmp(k->target, dev->info.target) != 0)
        snprintf(out, n, "made for target %s, the device is %s", k->target, dev->info.target);
    else if (*k->driver_version && strcmp(k->driver_version, dev->info.version) != 0)
        snprintf(out, n, "made for %s %s, the device has %s", k->driver, k->driver_version,
                 dev->info.version);
    else
        return NULL;
    return out;
}

anp_status_t anp_variant_choose(anp_context_t *ctx, const anp_package_t *pkg,
                                const anp_device_t *wanted, const char *demanded, const char *path,
                                const anp_variant_t **out_variant) {
    const anp_variant_t *portable = NULL, *found = NULL;
    char reason[192], refused[256] = "";
    for (uint32_t i = 0; i < anp_package_variants(pkg) && !found; i++) {
        const anp_variant_t *v = anp_package_variant(pkg, i);
        if (!*v->key.driver) {
            portable = v;
            continue;
        }
        const char *why = why_not(&v->key, wanted, reason, sizeof reason);
        if (demanded && !demanded_is(&v->key, demanded)) continue;
        if (!why)
            found = v;
        else {
            anp_log_write(&ctx->log, ANP_LOG_INFO, "%s: variant %s:%s passed over: %s", path,
                          v->key.driver, v->key.target, why);
            if (demanded) snprintf(refused, sizeof refused, "%s", why);
        }
    }
    if (!found && demanded)
        ANP_FAIL(ANP_INCOMPATIBLE,
                 "%s: variant '%s' %s%s: rebuild with `anput compile MODEL --device %s -o %s`",
                 path, demanded, *refused ? "was " : "is not in the package", refused, demanded,
                 path);
    if (!found && wanted && !(wanted->info.flags & ANP_DRV_HOST_VALUES))
        ANP_FAIL(ANP_INCOMPATIBLE,
                 "%s: no variant for device %s: rebuild with `anput compile MODEL --device %s:%s "
                 "-o %s`, or run it on cpu",
                 path, wanted->id, wanted->slot->name, wanted->info.target, path);
    if (!found && !portable)
        ANP_FAIL(ANP_INCOMPATIBLE, "%s: holds no portable program and no variant for device %s",
                 path, wanted->id);
    *out_variant = found ? found : portable;
    return ANP_OK;
}

anp_status_t anp_model_load(anp_context_t *ctx, const char *path,
                            const anp_model_options_t *options, anp_model_t **out_model) {
    *out_model = NULL;
    anp_device_t *wanted = NULL;
    anp_package_t *pkg = NULL;
    const anp_variant_t *variant = NULL;
    const char *demanded = options ? options->variant : NULL;
    ANP_TRY(
        anp_context_device(ctx, options && options->device ? options->device : demanded, &wanted));
    ANP_TRY(anp_package_open(path, &pkg));
    const anp_status_t st = anp_variant_choose(ctx, pkg, wanted, demanded, path, &variant);
    if (st != ANP_OK) {
        anp_package_release(pkg);
        return st;
    }
    const anp_model_source_t source = {pkg, package_release, package_weight, package_manifest,
                                       variant};
    const anp_status_t made = anp_model_create(ctx, &source, options, wanted, out_model);
    return made == ANP_OK ? made : anp_error_prefix(made, "%s", path);
}
