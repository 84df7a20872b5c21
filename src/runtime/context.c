/* SPDX-License-Identifier: Apache-2.0 */
/* The root object: options and environment, thread pool, drivers and their devices. */
#include "base/file.h"
#include "runtime/runtime.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *setting(const anp_context_options_t *o, const char *given, const char *env) {
    if (given || o->ignore_environment) return given;
    const char *v = getenv(env);
    return v && *v ? v : NULL;
}

static bool env_flag(const anp_context_options_t *o, int given, const char *env) {
    const char *v = setting(o, given ? "1" : NULL, env);
    return v && strcmp(v, "0") != 0;
}

static void host_log(void *user, int level, const char *text) {
    const anp_driver_slot_t *slot = user;
    anp_log_write(&slot->ctx->log, (anp_log_level_t)level, "%s: %s", slot->name, text);
}

static anp_status_t host_fail(void *user, anp_status_t code, const char *text) {
    const anp_driver_slot_t *slot = user;
    return anp_error_set(code, slot->name, 0, "%s", text);
}

static anp_status_t host_alloc(void *user, uint64_t size_bytes, void **out) {
    (void)user;
    return anp_alloc(size_bytes, out);
}

static void host_free(void *user, void *ptr) {
    (void)user;
    anp_free(ptr);
}

const char *anp_context_driver_option(anp_context_t *ctx, const char *driver, const char *key) {
    /* driver_options is kept as NUL-separated "name.key=value" strings, ended by an empty one */
    const size_t nd = strlen(driver), nk = strlen(key);
    for (const char *p = ctx->driver_options; p && *p; p += strlen(p) + 1)
        if (strncmp(p, driver, nd) == 0 && p[nd] == '.' && strncmp(p + nd + 1, key, nk) == 0 &&
            p[nd + 1 + nk] == '=')
            return p + nd + nk + 2;
    return NULL;
}

static const char *host_option(void *user, const char *key) {
    const anp_driver_slot_t *slot = user;
    const char *dot =
        strchr(key, '.'); /* "vendor.hang" and "hang" mean the same to driver vendor */
    return anp_context_driver_option(slot->ctx, slot->name, dot ? dot + 1 : key);
}

static anp_status_t keep_options(anp_context_t *ctx, const char *text) {
    if (!text) return ANP_OK;
    const size_t n = strlen(text);
    ANP_TRY(anp_calloc(1, n + 2, (void **)&ctx->driver_options));
    for (size_t i = 0; i < n; i++) ctx->driver_options[i] = text[i] == ',' ? '\0' : text[i];
    for (const char *p = ctx->driver_options; *p; p += strlen(p) + 1)
        if (!strchr(p, '.') || !strchr(p, '='))
            ANP_FAIL(ANP_INVALID_ARGUMENT, "driver option '%s' is not driver.key=value", p);
    return ANP_OK;
}

static anp_status_t add_device(anp_driver_slot_t *slot, uint32_t index) {
    anp_context_t *ctx = slot->ctx;
    anp_device_t *dev = NULL;
    ANP_TRY(ANP_NEW(&dev));
    dev->ctx = ctx;
    dev->slot = slot;
    dev->index = index;
    anp_mutex_init(&dev->lock);
    anp_cond_init(&dev->idle);
    snprintf(dev->id, sizeof dev->id, "%s:%u", slot->name, index);
    slot->devices[slot->n_devices++] = dev; /* owned from here on */
    anp_status_t st = slot->table->device_info(slot->drv, index, &dev->info);
    if (st != ANP_OK) return anp_device_failed(dev, st);
    const uint64_t old = ctx->n_devices * sizeof(anp_device_t *);
    ANP_TRY(anp_realloc((void **)&ctx->devices, old, old + sizeof(anp_device_t *)));
    ctx->devices[ctx->n_devices++] = dev;
    return ANP_OK;
}

static anp_status_t open_driver(anp_driver_slot_t *slot) {
    const anp_driver_t *t = slot->table;
    if (t->abi != ANP_DRIVER_ABI)
        ANP_FAIL(
            ANP_INCOMPATIBLE,
            "driver '%s' has ABI %u, this library has %u: rebuild the driver with these headers",
            slot->name, t->abi, (unsigned)ANP_DRIVER_ABI);
    anp_status_t st = t->open(&slot->host, &slot->drv);
    if (st != ANP_OK) {
        slot->drv = NULL;
        return st;
    }
    uint32_t n = 0;
    ANP_TRY(t->device_count(slot->drv, &n));
    ANP_TRY(ANP_NEW_ARRAY(n, &slot->devices));
    for (uint32_t i = 0; i < n; i++) ANP_TRY(add_device(slot, i));
    return ANP_OK;
}

anp_status_t anp_context_add_driver(anp_context_t *ctx, const anp_driver_t *table, const char *name,
                                    const char *reason, bool loaded) {
    anp_driver_slot_t *slot = NULL;
    ANP_TRY(ANP_NEW(&slot));
    slot->ctx = ctx;
    slot->table = table;
    slot->loaded = loaded;
    snprintf(slot->name, sizeof slot->name, "%s", name);
    snprintf(slot->reason, sizeof slot->reason, "%s", reason ? reason : "");
    slot->host = (anp_host_t){.abi = ANP_DRIVER_ABI,
                              .struct_size = sizeof(anp_host_t),
                              .user = slot,
                              .log = host_log,
                              .fail = host_fail,
                              .alloc = host_alloc,
                              .free = host_free,
                              .option = host_option,
                              .builtin = loaded ? NULL : &ctx->builtin};
    const anp_status_t pushed = anp_vec_push(&ctx->slots, &slot);
    if (pushed != ANP_OK) {
        anp_free(slot);
        return pushed;
    }
    if (!table) return ANP_OK;
    const anp_status_t st = open_driver(slot);
    if (st == ANP_OUT_OF_MEMORY) return st;
    if (st != ANP_OK) {
        snprintf(slot->reason, sizeof slot->reason, "%s", anp_error_message());
        anp_log_write(&ctx->log, ANP_LOG_INFO, "driver %s cannot be used: %s", name, slot->reason);
    }
    return ANP_OK;
}

static anp_status_t read_options(anp_context_t *ctx, const anp_context_options_t *o,
                                 uint32_t *out_threads) {
    *out_threads = o->threads;
    const char *threads = setting(o, NULL, "ANPUT_THREADS");
    int64_t n = 0;
    if (!o->threads && threads) {
        if (!anp_parse_i64(threads, &n) || n < 1 || n > 4096)
            ANP_FAIL(ANP_INVALID_ARGUMENT, "ANPUT_THREADS is '%s', expected 1 to 4096", threads);
        *out_threads = (uint32_t)n;
    }
    const char *bad = NULL, *mask = setting(o, o->cpu, "ANPUT_CPU");
    ctx->builtin.machine.cpu = anp_cpu_mask(anp_cpu_detect(), mask, &bad);
    if (bad)
        ANP_FAIL(ANP_INVALID_ARGUMENT,
                 "CPU level '%s' is not known: ref, avx2, avx512, vnni, bf16, neon, dotprod, i8mm",
                 bad);
    const char *dev = setting(o, o->device, "ANPUT_DEVICE");
    if (!dev) dev = setting(o, NULL, "PREFERRED_DEVICE");
    if (dev) ANP_TRY(anp_strdup(dev, &ctx->preferred));
    const char *ops = setting(o, o->fallback_ops, "ANPUT_FALLBACK_OPS");
    if (ops) ANP_TRY(anp_strdup(ops, &ctx->fallback_ops));
    ctx->check_nan_inf = env_flag(o, o->check_nan_inf, "ANPUT_CHECK_NAN_INF");
    ctx->blocking = env_flag(o, o->blocking, "ANPUT_BLOCKING");
    ctx->other_ops = env_flag(o, o->other_ops, "ANPUT_OTHER_OPS");
    ctx->log = (anp_log_t){.level = ANP_LOG_WARN, .fn = NULL, .user = o->log_user};
    const char *level = setting(o, NULL, "ANPUT_LOG");
    if (o->log_level)
        ctx->log.level = (anp_log_level_t)(o->log_level - 1);
    else if (level) {
        const int l = anp_log_level_parse(level);
        if (l < 0)
            ANP_FAIL(ANP_INVALID_ARGUMENT, "ANPUT_LOG is '%s', expected error, warn, info or debug",
                     level);
        ctx->log.level = (anp_log_level_t)l;
    }
    return keep_options(ctx, setting(o, o->driver_options, "ANPUT_DRIVER_OPTIONS"));
}

typedef struct log_forward_t {
    void (*fn)(void *user, int level, const char *text);
    void *user;
} log_forward_t;

static void forward_log(void *user, anp_log_level_t level, const char *text) {
    const log_forward_t *f = user;
    f->fn(f->user, (int)level + 1, text); /* the public levels begin at 1 */
}

anp_status_t anp_context_create(const anp_context_options_t *options, anp_context_t **out_ctx) {
    *out_ctx = NULL;
    const anp_context_options_t none = {0}, *o = options ? options : &none;
    anp_context_t *ctx = NULL;
    anp_status_t st = ANP_OK;
    uint32_t threads = 0;
    ANP_TRY(ANP_NEW(&ctx));
    atomic_init(&ctx->refs, 1);
    anp_mutex_init(&ctx->lock);
    anp_vec_init(&ctx->slots, sizeof(anp_driver_slot_t *));
    anp_vec_init(&ctx->addresses, sizeof(anp_buffer_t *));
    ctx->next_address = UINT64_C(1) << 40;
    ANP_TRY_OUT(st, read_options(ctx, o, &threads));
    if (o->log) {
        log_forward_t *f = NULL;
        ANP_TRY_OUT(st, ANP_NEW(&f));
        *f = (log_forward_t){o->log, o->log_user};
        ctx->log.fn = forward_log;
        ctx->log.user = f;
    } else {
        ctx->log.user = NULL;
    }
    ANP_TRY_OUT(st, anp_pool_create(threads, &ctx->pool));
    ctx->builtin.machine.pool = ctx->pool;
    ANP_TRY_OUT(st, anp_ops_create(&ctx->builtin.ops));
    for (uint32_t i = 0; anp_builtin_drivers[i]; i++) {
        const anp_driver_t *t = anp_builtin_drivers[i]();
        ANP_TRY_OUT(st, anp_context_add_driver(ctx, t, t->name, NULL, false));
    }
    const char *ops = setting(o, o->ops, "ANPUT_OPS");
    if (ops) ANP_TRY_OUT(st, anp_context_load_ops_list(ctx, ops));
    const char *path = setting(o, o->driver_path, "ANPUT_DRIVER_PATH");
    if (path) ANP_TRY_OUT(st, anp_context_load_drivers(ctx, path));
    *out_ctx = ctx;
    ctx = NULL;
out:
    anp_context_release(ctx);
    return st;
}

anp_ops_t *anp_context_ops(anp_context_t *ctx) {
    return ctx->builtin.ops;
}

uint32_t anp_context_threads(const anp_context_t *ctx) {
    return anp_pool_threads(ctx->pool);
}

void anp_context_retain(anp_context_t *ctx) {
    atomic_fetch_add(&ctx->refs, 1);
}

static void slot_release(anp_driver_slot_t *slot) {
    for (uint32_t i = 0; i < slot->n_devices; i++) {
        anp_device_t *d = slot->devices[i];
        if (d->q) slot->table->queue_destroy(d->q);
        if (d->dev) slot->table->device_close(d->dev);
        anp_cond_deinit(&d->idle);
        anp_mutex_deinit(&d->lock);
        anp_free(d);
    }
    if (slot->drv) slot->table->close(slot->drv);
    anp_free(slot->devices);
    anp_free(slot);
}

void anp_context_release(anp_context_t *ctx) {
    if (!ctx || atomic_fetch_sub(&ctx->refs, 1) != 1) return;
    for (uint64_t i = 0; i < ctx->slots.count; i++)
        slot_release(ANP_VEC_AT(&ctx->slots, anp_driver_slot_t *, i));
    anp_vec_deinit(&ctx->slots);
    anp_vec_deinit(&ctx->addresses);
    anp_free(ctx->devices);
    anp_pool_release(ctx->pool);
    anp_ops_release(ctx->builtin.ops);
    anp_free(ctx->preferred);
    anp_free(ctx->driver_options);
    anp_free(ctx->fallback_ops);
    if (ctx->log.fn) anp_free(ctx->log.user);
    anp_mutex_deinit(&ctx->lock);
    anp_free(ctx);
}

uint32_t anp_context_device_count(const anp_context_t *ctx) {
    uint32_t n = ctx->n_devices;
    for (uint64_t i = 0; i < ctx->slots.count; i++)
        n += ANP_VEC_AT(&ctx->slots, anp_driver_slot_t *, i)->reason[0] != 0;
    return n;
}

anp_status_t anp_context_device_info(const anp_context_t *ctx, uint32_t i,
                                     anp_device_info_t *out_info) {
    if (i < ctx->n_devices) return anp_device_get_info(ctx->devices[i], out_info);
    uint32_t k = i - ctx->n_devices;
    for (uint64_t s = 0; s < ctx->slots.count; s++) {
        const anp_driver_slot_t *slot = ANP_VEC_AT(&ctx->slots, anp_driver_slot_t *, s);
        if (!slot->reason[0] || k-- != 0) continue;
        memset(out_info, 0, sizeof *out_info);
        snprintf(out_info->id, sizeof out_info->id, "%s", slot->name);
        snprintf(out_info->driver, sizeof out_info->driver, "%s", slot->name);
        snprintf(out_info->reason, sizeof out_info->reason, "%s", slot->reason);
        return ANP_OK;
    }
    ANP_FAIL(ANP_OUT_OF_RANGE, "device row %u: there are %u", i, anp_context_device_count(ctx));
}
