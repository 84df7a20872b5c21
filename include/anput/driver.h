/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver ABI: what a device must offer to be used by Anput. A driver is a constant table
 * (anp_driver_t) with two halves: the compile half needs a target and no device; the run half loads
 * what was compiled and executes it. docs/drivers.md builds one in an hour; tests/cts proves one.
 * Growth is by appending optional slots; ANP_DRIVER_HAS tells whether a table has one. ABI changes
 * are listed in docs/driver-abi.md.
 */
#ifndef ANPUT_DRIVER_H
#define ANPUT_DRIVER_H

#include <anput/program.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ANP_DRIVER_ABI = 1 };

/* A driver's own objects: opaque to the core. */
typedef struct anp_drv_t anp_drv_t;
typedef struct anp_drv_device_t anp_drv_device_t;
typedef struct anp_drv_buffer_t anp_drv_buffer_t;
typedef struct anp_drv_queue_t anp_drv_queue_t;
typedef struct anp_drv_event_t anp_drv_event_t;
typedef struct anp_drv_module_t anp_drv_module_t;

/* What the core offers a driver; valid from open to close. Any thread. */
typedef struct anp_host_t {
    uint32_t abi;
    uint32_t struct_size;
    void *user;
    void (*log)(void *user, int level, const char *text); /* 0 error .. 3 debug */
    /* Sets the sentence of the failure that the calling driver function is about to return; gives
     * code back. */
    anp_status_t (*fail)(void *user, anp_status_t code, const char *text);
    anp_status_t (*alloc)(void *user, uint64_t size_bytes,
                          void **out);   /* 64-byte aligned; a failure has its sentence already */
    void (*free)(void *user, void *ptr); /* takes NULL */
    /* Setting `key` of this driver ("vendor.hang" from ANPUT_DRIVER_OPTIONS or the API), or NULL.
     * Lent. */
    const char *(*option)(void *user, const char *key);
    /* Only for drivers linked into the library (thread pool, CPU levels); NULL for loaded ones. */
    const void *builtin;
} anp_host_t;

/* anp_drv_device_info_t.flags */
enum {
    ANP_DRV_HOST_MEMORY = 1, /* its buffers are host memory: tensor.data is set in arguments, no
                                transfers are needed */
    ANP_DRV_HOST_VALUES = 2, /* takes sequences, optionals, strings and allocates outputs of
                                data-dependent shape (implies HOST_MEMORY) */
    ANP_DRV_STRIDED = 4,     /* inputs may be strided views */
    ANP_DRV_ASYNC = 8,       /* enqueue returns before the work is done */
};

typedef struct anp_drv_device_info_t {
    char name[64];         /* "AMD EPYC, 2 cores" */
    char target[32];       /* what compile is asked for: "x86_64", "ascend310b1" */
    char isa[64];          /* levels in use, for people */
    char version[32];      /* of driver and SDK: blobs are cached and checked by it */
    uint64_t memory_bytes; /* 0 unknown */
    uint32_t flags;
    uint32_t align_bytes; /* of buffers and spans; a power of two */
} anp_drv_device_info_t;

/* ---- compile half ---- */
/* Per node of the program. */
typedef struct anp_drv_answer_t {
    uint32_t skip; /* set by the core: the node stays elsewhere whatever the answer is, so no group
                      goes over it */
    uint32_t yes;
    uint32_t group;   /* nodes of one group are taken together or not at all; 0 = alone */
    double cost_ns;   /* estimate at the program's sizes; 0 unknown */
    char reason[192]; /* when no: a sentence for people, "axis 1 of rank 4; only the last axis is
                         done here" */
} anp_drv_answer_t;

typedef struct anp_drv_shape_bucket_t { /* one set of sizes to compile for: symbol i of the program
                                           = sizes[i] (-1: stays open) */
    const int64_t *sizes;
    uint32_t n_sizes;
} anp_drv_shape_bucket_t;

typedef struct anp_drv_compile_t {
    uint32_t struct_size;
    const void *program; /* with partitions */
    uint64_t program_bytes;
    const char *target;
    const uint32_t *partitions; /* ids of the partitions to compile, all for this driver */
    uint32_t n_partitions;
    const anp_drv_shape_bucket_t *buckets; /* none: sizes stay open, or the driver refuses */
    uint32_t n_buckets;
    void *user;
    /* Bytes of constant `id`, lent until compile returns. */
    anp_status_t (*const_get)(void *user, uint32_t id, const void **out_data, uint64_t *out_bytes);
    /* Adds a blob (copied) and gives its index. */
    anp_status_t (*emit)(void *user, const void *data, uint64_t bytes, uint32_t *out_blob);
    /* Says where partition `id` was compiled to. Not called for one = the driver finalises it at
     * load. */
    anp_status_t (*assign)(void *user, uint32_t partition, uint32_t blob, uint32_t entry);
    /* done in 0..1; a result other than ANP_OK (ANP_CANCELLED) ends the compile. */
    anp_status_t (*progress)(void *user, double done, const char *what);
} anp_drv_compile_t;

/* ---- run half ---- */
typedef struct anp_drv_span_t {
    anp_drv_buffer_t *buffer;
    uint64_t offset_bytes, bytes;
} anp_drv_span_t;

typedef struct anp_drv_load_t { /* the struct and its arrays are lent for the call; program, blob
                                   bytes and constants until module_unload */
    uint32_t struct_size;
    const void *program;
    uint64_t program_bytes;
    const void *const *blobs; /* of the variant; NULL where empty. Outside bytes: check magic,
                                 version and every offset in them */
    const uint64_t *blob_bytes;
    uint32_t n_blobs;
    const uint32_t *partitions; /* to be run on this device */
    uint32_t n_partitions;
    void *user;
    /* Bytes of constant `id`: mapped, lent until module_unload. */
    anp_status_t (*const_get)(void *user, uint32_t id, const void **out_data, uint64_t *out_bytes);
} anp_drv_load_t;

enum {
    ANP_DRV_ARG_CONSTANT = 1, /* the same bytes in every call of this node: a constant, or computed
                                 once from constants */
};

typedef struct anp_drv_arg_t {
    /* Real type and shape of this call; data set when the device has HOST_MEMORY; kind NONE = not
     * given. Inputs are strided only on devices that say so: strides are >= 0 (0 where an axis is
     * repeated) and the span holds every element reached. */
    anp_tensor_t tensor;
    anp_drv_span_t span; /* buffer NULL for host values (sequences, strings) and for operands that
                            are not given */
    uint32_t const_id;   /* the constant this operand is, or ANP_P_NONE */
    uint32_t flags;      /* ANP_DRV_ARG_* */
} anp_drv_arg_t;

typedef struct anp_drv_call_t {
    uint32_t struct_size;
    uint32_t partition;
    uint32_t node; /* the one node to run, or ANP_P_NONE: the whole partition (partitions with group
                      = 1) */
    const anp_drv_arg_t
        *in; /* node: its operands in order (constants too); partition: its inputs in order */
    uint32_t n_in;
    /* Shapes are set; with HOST_VALUES the driver may set them itself (data-dependent results). An
     * output may lie in the bytes of an input where the program has a state alias for it
     * (TensorScatter: the cache is updated in place), or an elementwise operator writes over an
     * input of equal size. */
    anp_drv_arg_t *out;
    uint32_t n_out;
    uint64_t seed; /* for operators that draw random numbers */
    void *user;
    /* Only for HOST_VALUES devices. Memory until the end of the session's run / until enqueue
     * returns. */
    anp_status_t (*run_alloc)(void *user, uint64_t size_bytes, void **out);
    anp_status_t (*scratch)(void *user, uint64_t size_bytes, void **out);
} anp_drv_call_t;

typedef struct anp_drv_memory_t {
    uint64_t used_bytes, peak_bytes, cached_bytes, total_bytes;
} anp_drv_memory_t;

/*
 * The table. "Errors" of every slot: any anp_status_t with host->fail called first; ANP_DEVICE_LOST
 * when the device is gone (it will be closed and opened again), ANP_TIMEOUT only from event_wait
 * and queue_wait. out_* are valid only after success. Objects of one device are used by one thread
 * at a time per queue; device-level slots by any thread.
 */
typedef struct anp_driver_t {
    uint32_t abi;
    uint32_t struct_size;
    const char *name; /* [a-z0-9_]+ */

    /* ANP_NOT_FOUND: what the driver drives is not installed here (which library was looked for);
     * any other failure means broken. */
    anp_status_t (*open)(const anp_host_t *host, anp_drv_t **out_drv);
    void (*close)(anp_drv_t *drv);

    /* compile half: no device is needed */
    /* Answers for all nodes of the program (answers[n_nodes], zeroed but for `skip`). */
    anp_status_t (*query)(anp_drv_t *drv, const char *target, const void *program,
                          uint64_t program_bytes, anp_drv_answer_t *answers);
    anp_status_t (*compile)(anp_drv_t *drv, const anp_drv_compile_t *request);

    /* devices: indices 0..count-1 stay the same between open and close */
    anp_status_t (*device_count)(
        anp_drv_t *drv,
        uint32_t *out_n); /* 0: none plugged in; the compile half works all the same */
    anp_status_t (*device_info)(anp_drv_t *drv, uint32_t index, anp_drv_device_info_t *out_info);
    anp_status_t (*device_open)(anp_drv_t *drv, uint32_t index, anp_drv_device_t **out_dev);
    /* Ends everything of the device that is left (queues, buffers, modules, events): after a loss
     * the core drops its handles without ending each. Returns also when work hangs. */
    void (*device_close)(anp_drv_device_t *dev);

    /* buffers; offsets and sizes were checked by the core. size_bytes > 0; align_bytes: a power of
     * two up to the device's. ANP_OUT_OF_MEMORY leaves the device usable. */
    anp_status_t (*buffer_alloc)(anp_drv_device_t *dev, uint64_t size_bytes, uint64_t align_bytes,
                                 anp_drv_buffer_t **out_buf);
    void (*buffer_free)(anp_drv_buffer_t *buf);
    /* Copies with the host stand in the order of the queue: they wait for the work before them,
     * without a time-out, and give its failure; done when they return. */
    anp_status_t (*buffer_write)(anp_drv_queue_t *q, const anp_drv_span_t *dst, const void *src);
    anp_status_t (*buffer_read)(anp_drv_queue_t *q, const anp_drv_span_t *src, void *dst);

    /* modules. ANP_INCOMPATIBLE: a blob of another version, naming both; ANP_CORRUPT: its bytes are
     * damaged */
    anp_status_t (*module_load)(anp_drv_device_t *dev, const anp_drv_load_t *load,
                                anp_drv_module_t **out_module);
    void (*module_unload)(anp_drv_module_t *module);

    /* Queues run calls in order. A call that fails while it runs takes those behind it on its queue
     * along, until a wait has given the failure back. */
    anp_status_t (*queue_create)(anp_drv_device_t *dev, anp_drv_queue_t **out_q);
    /* Calls that have not ended are dropped (also when one hangs): their events give ANP_CANCELLED.
     */
    void (*queue_destroy)(anp_drv_queue_t *q);
    /* out_event may be NULL. The call struct and argument arrays are lent until the call returns;
     * buffers until the work is done. ANP_UNSUPPORTED: shapes or strides of this call that the
     * compiled form does not take (the core then runs the nodes elsewhere, visibly). */
    anp_status_t (*enqueue)(anp_drv_queue_t *q, anp_drv_module_t *module, anp_drv_call_t *call,
                            anp_drv_event_t **out_event);
    /* ANP_OK when the work before it is done; its failure otherwise; ANP_TIMEOUT after timeout_ns
     * (0 = ask only, UINT64_MAX = no limit): the event lives on. */
    anp_status_t (*event_wait)(anp_drv_event_t *event, uint64_t timeout_ns);
    void (*event_release)(anp_drv_event_t *event); /* at any time; the work goes on */
    anp_status_t (*queue_wait)(anp_drv_queue_t *q,
                               uint64_t timeout_ns); /* all work enqueued so far */

    /* ---- optional; the default stands behind each ---- */
    void *(*buffer_host)(anp_drv_buffer_t *buf); /* host address; NULL slot = not addressable.
                                                    Required with HOST_MEMORY */
    anp_status_t (*buffer_import)(anp_drv_device_t *dev, void *ptr, uint64_t bytes,
                                  anp_drv_buffer_t **out_buf); /* = copies through buffer_write */
    /* = read and write through the host. Enqueued: later work on q sees it. ANP_INVALID_ARGUMENT:
     * sizes differ or the spans overlap. */
    anp_status_t (*queue_copy)(anp_drv_queue_t *q, const anp_drv_span_t *src,
                               const anp_drv_span_t *dst);
    anp_status_t (*memory_info)(anp_drv_device_t *dev,
                                anp_drv_memory_t *out); /* = counted by the core */
    anp_status_t (*memory_trim)(anp_drv_device_t *dev); /* = nothing to give back */
} anp_driver_t;

#define ANP_DRIVER_HAS(d, slot) \
    ((d)->struct_size >= offsetof(anp_driver_t, slot) + sizeof((d)->slot) && (d)->slot)

#if defined(__GNUC__)
#define ANP_DRIVER_EXPORT __attribute__((visibility("default")))
#else
#define ANP_DRIVER_EXPORT
#endif

/* The one symbol of a loadable driver ("anput-<name>.so" in a folder of ANPUT_DRIVER_PATH). Always
 * returns the table; the host compares `abi`. */
ANP_DRIVER_EXPORT const anp_driver_t *anp_driver_query(void);

#ifdef __cplusplus
}
#endif
#endif
