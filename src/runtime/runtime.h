/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's objects. Included by src/runtime and by src/compile (which makes models without a
 * file); everybody else uses the public headers. */
#ifndef ANP_RUNTIME_RUNTIME_H
#define ANP_RUNTIME_RUNTIME_H

#include "base/log.h"
#include "base/str.h"
#include "package/package.h"
#include "program/program.h"
#include <anput/context.h>
#include <anput/driver.h>
#include <anput/model.h>

/* ---- context ---- */

/* Drivers linked into this build, NULL-terminated; defined by src/lib (driver/builtin.h), so that
 * the runtime names none. */
extern const anp_driver_t *(*const anp_builtin_drivers[])(void);

typedef struct anp_driver_slot_t {
    const anp_driver_t *table; /* NULL: could not be loaded */
    anp_drv_t *drv;            /* NULL: could not be opened */
    anp_host_t host;
    anp_context_t *ctx;
    char name[32];
    char reason[256]; /* why unusable */
    anp_device_t **devices;
    uint32_t n_devices;
    bool loaded; /* from a file: never unloaded */
} anp_driver_slot_t;

struct anp_device_t {
    anp_context_t *ctx;
    anp_driver_slot_t *slot;
    uint32_t index;
    anp_drv_device_info_t info;
    char id[96];
    anp_mutex_t lock; /* of all below */
    anp_cond_t idle;
    uint32_t active; /* users between acquire and done: a lost device is reopened only when nobody
                        holds handles */
    anp_drv_device_t *dev;           /* opened at first use */
    anp_drv_queue_t *q;              /* for buffer copies outside sessions */
    bool lost;                       /* close and open again before the next use */
    uint32_t generation;             /* raised when it is opened: older handles are dead */
    uint64_t used_bytes, peak_bytes; /* when the driver does not count */
};

struct anp_context_t {
    atomic_uint refs;
    anp_log_t log;
    anp_pool_t *pool;
    anp_builtin_t builtin;
    anp_vec_t slots; /* anp_driver_slot_t * */
    anp_device_t **devices;
    uint32_t n_devices;
    char *preferred;      /* device id wanted, or NULL */
    char *driver_options; /* "driver.key=value,..." */
    char *fallback_ops;
    bool check_nan_inf, blocking;
    bool other_ops;      /* libraries of operators may have other bytes than packages name */
    anp_mutex_t lock;    /* of the address map */
    anp_vec_t addresses; /* anp_buffer_t *, sorted by address */
    uint64_t next_address;
};

void anp_context_retain(anp_context_t *ctx);
/* Opens (or reopens after a loss) and holds the device: its handles stay alive until
 * anp_device_done. Handles of an older generation are dead. */
anp_status_t anp_device_acquire(anp_device_t *dev, uint32_t *out_generation);
void anp_device_done(anp_device_t *dev);
void anp_device_mark_lost(anp_device_t *dev);
/* The device that can run every operator: the one named, else the first built-in with host values.
 */
anp_status_t anp_context_host_device(anp_context_t *ctx, anp_device_t *wanted,
                                     anp_device_t **out_dev);
/* Drivers that open at run time (driver_load.c). */
anp_status_t anp_context_load_drivers(anp_context_t *ctx, const char *path);
/* Libraries of operators, ':' between their paths (op_library.c). */
anp_status_t anp_context_load_ops_list(anp_context_t *ctx, const char *list);
/* Adds a driver's row; failures of the driver become the row's reason. */
anp_status_t anp_context_add_driver(anp_context_t *ctx, const anp_driver_t *table, const char *name,
                                    const char *reason, bool loaded);
/* Value of "name.key" in driver_options, or NULL. Lent. */
const char *anp_context_driver_option(anp_context_t *ctx, const char *driver, const char *key);

struct anp_buffer_t {
    atomic_uint refs;
    anp_device_t *dev;
    uint32_t generation;
    anp_drv_buffer_t *buf;
    uint64_t address, size_bytes;
};

/* ---- model ---- */

/* Where programs, blobs and weights come from: a package, or a graph just compiled. */
typedef struct anp_model_source_t {
    void *user;
    void (*release)(void *user);
    /* Bytes of weight `id`; 64-byte aligned in packages, aligned for the element type otherwise. */
    anp_status_t (*weight)(void *user, uint32_t id, const void **out_data, uint64_t *out_bytes);
    const char *(*manifest)(void *user);
    const anp_variant_t *variant; /* the chosen one */
} anp_model_source_t;

/* A device a model uses, with what is loaded there. */
typedef struct anp_model_device_t {
    anp_device_t *dev;
    anp_drv_module_t *module;
    uint32_t generation;       /* of the device when the module was loaded */
    anp_drv_buffer_t **consts; /* [n_consts], for devices without host memory that run node by node;
                                  made at first use */
} anp_model_device_t;

struct anp_model_t {
    atomic_uint refs;
    anp_context_t *ctx;
    anp_model_source_t source;
    anp_program_t *program;
    anp_model_options_t options; /* strings not kept */
    anp_device_t *wanted;
    anp_mutex_t lock;            /* of devices[].module, generation, consts */
    anp_model_device_t *devices; /* 0 = the host device that can run everything */
    uint32_t n_devices;
    uint32_t *node_device;  /* [n_nodes] index into devices */
    bool *node_forced_host; /* [n_nodes] sent to the host by ANPUT_FALLBACK_OPS */
    uint32_t *part_device;  /* [n_partitions] */
};

/* Takes the source (released on failure too). */
anp_status_t anp_model_create(anp_context_t *ctx, const anp_model_source_t *source,
                              const anp_model_options_t *options, anp_device_t *wanted,
                              anp_model_t **out_model);
void anp_model_retain(anp_model_t *m);
/* Loads the module of device d when it is not there or the device was reopened. */
anp_status_t anp_model_module(anp_model_t *m, uint32_t d, anp_drv_module_t **out_module);
/* Device copy of a constant. */
anp_status_t anp_model_const_buffer(anp_model_t *m, uint32_t d, uint32_t const_id,
                                    anp_drv_buffer_t **out_buf);
/* Picks the variant for a device out of a package; logs why others are passed over. */
anp_status_t anp_variant_choose(anp_context_t *ctx, const anp_package_t *pkg,
                                const anp_device_t *wanted, const char *demanded, const char *path,
                                const anp_variant_t **out_variant);

/* ---- session ---- */

enum { ANP_NOT_PLANNED = -1 };

/* One value on one device. */
typedef struct anp_inst_t {
    anp_drv_span_t span;   /* buffer NULL: none yet, or host bytes outside any buffer */
    void *host;            /* host address of the bytes, or NULL */
    bool valid;            /* holds the value of this run */
    int64_t plan_offset;   /* in the device's arena; ANP_NOT_PLANNED */
    uint64_t plan_bytes;   /* room there */
    anp_drv_buffer_t *own; /* storage of its own that only grows */
    uint64_t own_bytes;
    uint8_t *own_host;
    anp_drv_buffer_t
        *spare; /* the other half of a loop-carried value: swapped with `own` each iteration */
    uint64_t spare_bytes;
    uint8_t *spare_host;
} anp_inst_t;

typedef struct anp_session_device_t {
    uint32_t generation;
    anp_drv_queue_t *q;
    anp_drv_buffer_t *arena;
    uint64_t arena_bytes;
    uint8_t *arena_host;
    anp_drv_event_t *pending; /* of the last call of an asynchronous device */
    bool held;                /* acquired by this session now */
    bool disabled;            /* this run does without it */
} anp_session_device_t;

typedef struct anp_state_slot_t {
    uint32_t id;            /* in the program */
    uint32_t current, next; /* values */
    anp_tensor_t tensor;    /* type and shape */
    uint32_t device;        /* where it lives */
    anp_drv_buffer_t *buf;
    uint64_t bytes;
    uint8_t *host;
    bool in_place; /* an alias says the operator writes into it */
    bool lost;
} anp_state_slot_t;

typedef struct anp_output_t {
    void *bound; /* the caller's memory, or NULL */
    uint64_t capacity;
    anp_tensor_t tensor; /* what get_output gives */
    void *own;           /* when the value lies in a caller's input, a constant or on a device */
    uint64_t own_bytes;
} anp_output_t;

/* Per node of the program. */
typedef struct anp_node_cache_t {
    uint64_t shape_generation; /* shapes were inferred and agree with the plan in this generation; 0
                                  = never */
    uint64_t total_ns, runs;
} anp_node_cache_t;

struct anp_session_t {
    anp_model_t *model;
    const anp_program_t *p; /* model->program */
    const anp_p_block_t *entry;
    anp_tensor_t *tensors; /* [n_values] type and shape of this run; data unused */
    anp_inst_t *insts;     /* [n_values * n_devices] */
    bool *defined;         /* [n_values] has a value in this run */
    anp_session_device_t *devices;
    uint32_t n_devices;
    /* inputs: those of the entry block that are no states, in order */
    uint32_t *inputs, n_inputs;
    anp_tensor_t *input_tensors;
    bool *input_set;
    uint32_t *outputs, n_outputs; /* values */
    anp_output_t *output_slots;
    anp_state_slot_t *states;
    uint32_t n_states;
    /* shapes */
    int64_t *symbols, *new_symbols, *exprs;
    uint64_t generation; /* of symbols; 1 after the first run */
    bool *is_static;     /* [n_values] all dims known from the symbols */
    bool *once_node;     /* [n_nodes] reads only constants: computed in the first run, kept for all
                            later ones */
    bool *once_value;    /* [n_values] result of such a node */
    bool once_done;
    /* plan (plan.c) */
    struct anp_plan_t *plan;
    anp_node_cache_t *nodes;
    bool time_nodes, ran;
    bool in_place_written; /* a state was written by this attempt */
    uint64_t seed;
    anp_arena_t run_mem, scratch;
    anp_drv_arg_t *args; /* room for the inputs and outputs of the widest call */
    anp_shape_in_t *shape_in;
    anp_shape_out_t *shape_out;
    uint32_t depth;            /* of control blocks under way */
    uint64_t deadline_ns;      /* absolute; 0 none */
    uint64_t trips, max_trips; /* iterations of Loops, of this attempt and at most */
    const volatile int *cancel;
    anp_run_stats_t stats;
    struct anp_job_t *job;
    struct anp_worker_t *worker;
};

#define ANP_INST(s, value, d) (&(s)->insts[(uint64_t)(value) * (s)->n_devices + (d)])

/* plan.c: which bytes of which arena each value uses. */
anp_status_t anp_plan_create(anp_session_t *s);
void anp_plan_release(struct anp_plan_t *plan);
/* Sizes under s->exprs; lays the arenas out anew when something grew. */
anp_status_t anp_plan_update(anp_session_t *s);

/* exec.c: blocks, partitions and nodes */
anp_status_t anp_exec_block(anp_session_t *s, uint32_t block);
anp_status_t anp_exec_check_stop(anp_session_t *s);

/* value.c: where values are and how they get elsewhere */
anp_status_t anp_value_ensure(anp_session_t *s, uint32_t value,
                              uint32_t d); /* valid on device d: copies when needed */
anp_status_t anp_value_storage(anp_session_t *s, uint32_t value,
                               uint32_t d); /* room for tensors[value] on d: planned, or its own;
                                               marks it the only valid place */
anp_status_t anp_value_host_view(anp_session_t *s, uint32_t value, anp_tensor_t *out);
/* Defines a value by host bytes that live long enough (inputs, constants, run memory). */
void anp_value_define_view(anp_session_t *s, uint32_t value, const anp_tensor_t *t);
/* Defines a value as a copy, in storage of its own on the host; `swap`: in the other half, so that
 * the source may be this very value. */
anp_status_t anp_value_define_copy(anp_session_t *s, uint32_t value, const anp_tensor_t *t,
                                   bool swap);
/* Gives output i of the run to the caller, in memory that is valid until the next run (output.c).
 */
anp_status_t anp_output_keep(anp_session_t *s, uint32_t i);
/* Own storage of at least `bytes` on d; the first keep_bytes survive growth. */
anp_status_t anp_value_own(anp_session_t *s, uint32_t value, uint32_t d, uint64_t bytes,
                           uint64_t keep_bytes);
anp_status_t anp_session_device_wait(anp_session_t *s, uint32_t d);
anp_status_t anp_session_wait_all(anp_session_t *s);
void anp_value_forget(anp_session_t *s, uint32_t value); /* no longer defined */
anp_status_t anp_storage_alloc(anp_session_t *s, uint32_t d, uint64_t bytes, anp_drv_buffer_t **out,
                               uint8_t **out_host);
void anp_storage_free(anp_session_t *s, uint32_t d, anp_drv_buffer_t *buf, uint64_t bytes);

/* check.c */
anp_status_t anp_check_finite(anp_session_t *s, uint32_t node, uint32_t value, bool is_input);

/* control.c */
anp_status_t anp_exec_control(anp_session_t *s, uint32_t node);

/* Turns a slot failure into our own: the driver's sentence with the device's id before it. */
anp_status_t anp_device_failed(anp_device_t *dev, anp_status_t st);

#endif
