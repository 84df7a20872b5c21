/* SPDX-License-Identifier: Apache-2.0 */
/* The root object: drivers, devices, thread pool, log; the environment is read once, here. */
#ifndef ANPUT_CONTEXT_H
#define ANPUT_CONTEXT_H

#include <anput/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct anp_context_t anp_context_t; /* reference counted; any thread */
typedef struct anp_device_t anp_device_t;   /* lent by its context; any thread */
typedef struct anp_ops_t anp_ops_t;         /* the operators of a context; any thread */

/* All zero = defaults; the environment variable in brackets supplies a field left zero. */
typedef struct anp_context_options_t {
    uint32_t threads;   /* [ANPUT_THREADS] 0 = CPUs this process may use */
    const char *cpu;    /* [ANPUT_CPU] highest ISA level to use: "ref", "avx2", "avx512", "vnni",
                           "neon" ...; NULL = all there are */
    const char *device; /* [ANPUT_DEVICE, PREFERRED_DEVICE] preferred device "driver" or
                           "driver:index" or "driver:target" */
    const char
        *driver_path; /* [ANPUT_DRIVER_PATH] folders with loadable drivers, ':' between them */
    const char *driver_options; /* [ANPUT_DRIVER_OPTIONS] "driver.key=value,driver.key=value" */
    const char *fallback_ops;   /* [ANPUT_FALLBACK_OPS] operators or node names sent to the CPU:
                                   "Softmax,conv_12" */
    const char *ops;            /* [ANPUT_OPS] libraries of operators, ':' between them; see
                                   anp_context_load_ops */
    int other_ops;     /* [ANPUT_OTHER_OPS=1] such a library may have other bytes than the one a
                          package was made with; a warning is logged */
    int check_nan_inf; /* [ANPUT_CHECK_NAN_INF=1] inputs and outputs of every node are checked */
    int blocking; /* [ANPUT_BLOCKING=1] every call waits for its device, so that a failure names its
                     node */
    int log_level; /* [ANPUT_LOG=error|warn|info|debug] 1 error .. 4 debug; 0 = environment, else
                      warn */
    void (*log)(void *user, int level, const char *text); /* NULL = dropped */
    void *log_user;
    bool ignore_environment; /* tests and servers: only what is given here */
} anp_context_options_t;

/**
 * Makes a context: opens built-in drivers and those on the driver path.
 * options  NULL = defaults. Strings are copied.
 * A driver that fails to open (wrong ABI, missing SDK) is listed as unusable with its reason and is
 * no error; a library of operators that cannot be loaded is one. Errors   ANP_INVALID_ARGUMENT  an
 * unknown CPU level, bad option text; those of anp_context_load_ops; ANP_OUT_OF_MEMORY, ANP_LIMIT
 * (no threads). Since 0.1.
 */
ANP_API anp_status_t anp_context_create(const anp_context_options_t *options,
                                        anp_context_t **out_ctx);
/** Ends one reference. Takes NULL. Models and sessions keep their context alive. */
ANP_API void anp_context_release(anp_context_t *ctx);

/**
 * Loads a library of operators (<anput/op.h>) and adds them to those of the context, all or none.
 * path     of the shared object; a name without '/' is one in the current folder
 * It is never unloaded. Loading it again is no failure. Models and graphs see what was loaded
 * before they were made.
 * Threads  any.
 * Errors   ANP_NOT_FOUND, ANP_IO  the file cannot be read
 *          ANP_INCOMPATIBLE       made for another operator ABI; a library of its name with other
 *                                 bytes is loaded already
 *          ANP_BAD_OPERATOR       no library of operators, or a table that contradicts itself,
 *                                 the built-in operators or those loaded before
 *          ANP_UNSUPPORTED        a build without them (-DANPUT_USER_OPS=OFF)
 *          ANP_OUT_OF_MEMORY. Since 0.1.
 */
ANP_API anp_status_t anp_context_load_ops(anp_context_t *ctx, const char *path);

/** The operators there are in this context, for imports and graphs; lent, and retained by them.
 * Since 0.1. */
ANP_API anp_ops_t *anp_context_ops(anp_context_t *ctx);

/** Threads that work together on the CPU, the calling one included. Since 0.1. */
ANP_API uint32_t anp_context_threads(const anp_context_t *ctx);

/** Library version "0.1.0"; static storage. */
ANP_API const char *anp_version(void);

/* One row per device, then one per driver that cannot be used (reason set). */
typedef struct anp_device_info_t {
    char id[96]; /* "cpu:0": what --device takes */
    char driver[32];
    char name[64];
    char target[32];
    char isa[64];
    char version[32];
    uint64_t memory_bytes;
    bool usable;
    bool host_values; /* can run every operator (cpu, ref) */
    char reason[256]; /* why not usable, where, what to do */
} anp_device_info_t;

/** Number of rows anp_context_device_info knows. Threads any. Since 0.1. */
ANP_API uint32_t anp_context_device_count(const anp_context_t *ctx);
/** Row `i`. Errors ANP_OUT_OF_RANGE. Since 0.1. */
ANP_API anp_status_t anp_context_device_info(const anp_context_t *ctx, uint32_t i,
                                             anp_device_info_t *out_info);

/**
 * The device of an id ("cpu", "cpu:0", "npu:ascend310b1"); NULL or "" = the preferred one of the
 * context, else the best for this machine. Errors   ANP_NOT_FOUND with the ids there are;
 * ANP_INCOMPATIBLE, ANP_DEVICE_FAILED with the driver's reason. Since 0.1.
 */
ANP_API anp_status_t anp_context_device(anp_context_t *ctx, const char *id, anp_device_t **out_dev);
/** Its row. Lent device. Since 0.1. */
ANP_API anp_status_t anp_device_get_info(const anp_device_t *dev, anp_device_info_t *out_info);

typedef struct anp_memory_info_t {
    uint64_t used_bytes, peak_bytes, cached_bytes, total_bytes;
} anp_memory_info_t;
/** Memory of a device in use, at peak, in caches. Since 0.1. */
ANP_API anp_status_t anp_device_memory(anp_device_t *dev, anp_memory_info_t *out_info);
/** Gives caches back to the device. Since 0.1. */
ANP_API anp_status_t anp_device_trim(anp_device_t *dev);

/* ---- buffers: memory of a device, for callers who keep data there (frameworks, pipelines) ---- */
typedef struct anp_buffer_t anp_buffer_t; /* reference counted; keeps its context */
/** Allocates. The buffer gets a process-unique device address range. Errors ANP_OUT_OF_MEMORY,
 * driver's. Since 0.1. */
ANP_API anp_status_t anp_buffer_create(anp_device_t *dev, uint64_t size_bytes,
                                       anp_buffer_t **out_buffer);
/** Wraps host memory (lent until release) without a copy where the device can, else
 * ANP_UNSUPPORTED. Since 0.1. */
ANP_API anp_status_t anp_buffer_import(anp_device_t *dev, void *ptr, uint64_t size_bytes,
                                       anp_buffer_t **out_buffer);
ANP_API void anp_buffer_release(anp_buffer_t *buffer);
/** Device address of byte 0; never a host pointer unless the driver works on host memory. Since
 * 0.1. */
ANP_API uint64_t anp_buffer_address(const anp_buffer_t *buffer);
ANP_API uint64_t anp_buffer_size(const anp_buffer_t *buffer);
/** The buffer and offset an address lies in; the buffer is lent. Errors ANP_NOT_FOUND. Since 0.1.
 */
ANP_API anp_status_t anp_context_find_address(anp_context_t *ctx, uint64_t address,
                                              anp_buffer_t **out_buffer, uint64_t *out_offset);
/** Copies host bytes in or out; returns when done. Errors ANP_OUT_OF_RANGE, driver's. Since 0.1. */
ANP_API anp_status_t anp_buffer_write(anp_buffer_t *buffer, uint64_t offset, const void *src,
                                      uint64_t bytes);
ANP_API anp_status_t anp_buffer_read(anp_buffer_t *buffer, uint64_t offset, void *dst,
                                     uint64_t bytes);

#ifdef __cplusplus
}
#endif
#endif
