/* SPDX-License-Identifier: Apache-2.0 */
/* Loading packages and running them. */
#ifndef ANPUT_MODEL_H
#define ANPUT_MODEL_H

#include <anput/context.h>
#include <anput/text.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct anp_model_t
    anp_model_t; /* a loaded package; immutable, reference counted, any thread */
typedef struct anp_session_t
    anp_session_t; /* one entry point with memory and state; one thread at a time */

typedef enum anp_loss_policy_t { /* what to do when a device hangs or is lost during a run */
                                 ANP_LOSS_RECOMPUTE =
                                     0, /* run the partition on the CPU, visibly; ANP_STATE_LOST
                                           when state was on the device */
                                 ANP_LOSS_FAIL = 1, /* give the error */
} anp_loss_policy_t;

typedef struct anp_model_options_t {
    const char *device;  /* as anp_context_device; NULL = preferred */
    const char *variant; /* "driver[:target]" demanded: another one is an error naming both and the
                            command that rebuilds */
    anp_loss_policy_t on_loss;
    uint64_t call_timeout_ns; /* a call on a device longer than this counts as hung; 0 = 30 s */
} anp_model_options_t;

/**
 * Loads a package for a device. The file stays mapped; time does not grow with the weights.
 * Picks the variant made for the device, else the portable program (a skipped variant is logged
 * with its reason). options  NULL = defaults Errors   ANP_NOT_FOUND, ANP_IO, ANP_INVALID_FILE,
 * ANP_CORRUPT (which section), ANP_INCOMPATIBLE (which version, the command that rebuilds),
 *          ANP_UNSUPPORTED (an operator this build lacks), ANP_OUT_OF_MEMORY. Since 0.1.
 */
ANP_API anp_status_t anp_model_load(anp_context_t *ctx, const char *path,
                                    const anp_model_options_t *options, anp_model_t **out_model);
ANP_API void anp_model_release(anp_model_t *model);

/* An input or output of an entry. dims[i] = -1: free, called dim_names[i] ("" when only known at
 * run time). */
typedef struct anp_io_info_t {
    const char *name; /* lent by the model */
    anp_kind_t kind;
    anp_dtype_t dtype; /* of the items of a sequence, of the values of a map */
    anp_dtype_t key;   /* of a map, or of a sequence of maps; else ANP_DTYPE_NONE */
    int32_t rank;      /* -1 unknown */
    int64_t dims[ANP_RANK_MAX];
    const char *dim_names[ANP_RANK_MAX];
    bool optional; /* may be absent: a view of kind ANP_KIND_NONE */
} anp_io_info_t;
ANP_API uint32_t anp_model_entry_count(const anp_model_t *model);
ANP_API const char *anp_model_entry_name(const anp_model_t *model,
                                         uint32_t i); /* NULL past the end */
/** Inputs and outputs of an entry (NULL = "main"), states excluded. Errors ANP_NOT_FOUND,
 * ANP_OUT_OF_RANGE. Since 0.1. */
ANP_API anp_status_t anp_model_input_count(const anp_model_t *model, const char *entry,
                                           uint32_t *out_n);
ANP_API anp_status_t anp_model_output_count(const anp_model_t *model, const char *entry,
                                            uint32_t *out_n);
ANP_API anp_status_t anp_model_input(const anp_model_t *model, const char *entry, uint32_t i,
                                     anp_io_info_t *out_info);
ANP_API anp_status_t anp_model_output(const anp_model_t *model, const char *entry, uint32_t i,
                                      anp_io_info_t *out_info);
/** Value of a metadata key ("labels", "source_hash" ...) or NULL. Lent. */
ANP_API const char *anp_model_meta(const anp_model_t *model, const char *key);
/** The manifest as JSON text; "{}" for a model compiled in memory without one. Lent. */
ANP_API const char *anp_model_manifest(const anp_model_t *model);
/** Operator names in the program ("Conv\nRelu\n..."), each once: for -DANPUT_OPS and for people.
 * Caller frees with anp_text_free. */
ANP_API anp_status_t anp_model_ops_text(const anp_model_t *model, char **out_text);

/* Where a node runs and why; measured columns after runs with timing. */
typedef struct anp_placement_row_t {
    const char *node, *op; /* lent by the model */
    const char *device;    /* id of the device it runs on */
    const char *reason;    /* "" when on the wanted device */
    bool fallback;         /* not on the wanted device */
    double est_us;
    double measured_us; /* mean per run of the given session; 0 when not timed */
} anp_placement_row_t;
ANP_API uint32_t anp_model_node_count(const anp_model_t *model);
/** Row of node i; session may be NULL. Errors ANP_OUT_OF_RANGE. Since 0.1. */
ANP_API anp_status_t anp_model_placement(const anp_model_t *model, const anp_session_t *session,
                                         uint32_t i, anp_placement_row_t *out_row);

/* ---- sessions ---- */
typedef struct anp_dim_max_t { /* a free dimension and the largest size it will have */
    const char *name;
    int64_t max;
} anp_dim_max_t;

typedef struct anp_session_options_t {
    const char *entry;             /* NULL = "main" */
    const anp_dim_max_t *max_dims; /* memory is planned for these at creation: later runs below them
                                      allocate nothing */
    uint32_t n_max_dims;
    bool time_nodes;    /* measure every node */
    uint64_t seed;      /* of operators that draw random numbers */
    uint64_t max_trips; /* iterations of all Loops of one run together; one more fails with
                           ANP_LIMIT, so that a condition that never becomes false ends. 0 = 10
                           million */
} anp_session_options_t;

/**
 * Makes a session. Several sessions of one model may run in several threads at once.
 * Errors   ANP_NOT_FOUND (entry, dimension), ANP_OUT_OF_MEMORY, driver's. Since 0.1.
 */
ANP_API anp_status_t anp_session_create(anp_model_t *model, const anp_session_options_t *options,
                                        anp_session_t **out_session);
ANP_API void anp_session_release(anp_session_t *session);

/**
 * Gives input i for the next runs: dense host data of the declared type and shape. The view is
 * copied, its data lent until replaced or the session ends. Errors   ANP_OUT_OF_RANGE (i),
 * ANP_INVALID_ARGUMENT (type, rank, size; the sentence names both). Since 0.1.
 */
ANP_API anp_status_t anp_session_set_input(anp_session_t *session, uint32_t i,
                                           const anp_tensor_t *tensor);
/**
 * Makes output i land in the caller's memory (dense, room for capacity_bytes; lent until unbound
 * with NULL). A larger result fails with ANP_LIMIT.
 */
ANP_API anp_status_t anp_session_bind_output(anp_session_t *session, uint32_t i, void *data,
                                             uint64_t capacity_bytes);

typedef struct anp_run_options_t {
    uint64_t deadline_ns; /* from now; 0 = none. Checked between nodes and when waiting for devices:
                             ANP_TIMEOUT */
    const volatile int
        *cancel; /* becomes nonzero (any thread): ANP_CANCELLED between nodes. NULL = none */
} anp_run_options_t;
/**
 * Runs the entry once and returns when outputs are there. State advances only when the run
 * succeeds. Errors   ANP_INVALID_ARGUMENT (an input is missing: named), ANP_INVALID_MODEL /
 * ANP_OUT_OF_RANGE (run-time shapes or indices: node named), ANP_NOT_FINITE, ANP_TIMEOUT,
 * ANP_CANCELLED, ANP_DEVICE_LOST, ANP_STATE_LOST, ANP_OUT_OF_MEMORY. Since 0.1.
 */
ANP_API anp_status_t anp_session_run(anp_session_t *session, const anp_run_options_t *options);

typedef struct anp_job_t anp_job_t;
/**
 * Starts a run and returns; the session must not be used until anp_job_wait succeeded or failed
 * (other than ANP_TIMEOUT). The worker thread is made at the first submit. Errors   ANP_BUSY (a run
 * is under way), ANP_LIMIT. Since 0.1.
 */
ANP_API anp_status_t anp_session_submit(anp_session_t *session, const anp_run_options_t *options,
                                        anp_job_t **out_job);
/** Waits for the run; its status. ANP_TIMEOUT after timeout_ns (UINT64_MAX = no limit) leaves the
 * job alive. Since 0.1. */
ANP_API anp_status_t anp_job_wait(anp_job_t *job, uint64_t timeout_ns);
ANP_API void anp_job_cancel(anp_job_t *job);
/** Waits for the end, then frees. Takes NULL. */
ANP_API void anp_job_release(anp_job_t *job);

/** Output i of the last run: host data, valid until the next run or release. Errors
 * ANP_OUT_OF_RANGE, ANP_NOT_FOUND (no run yet). Since 0.1. */
ANP_API anp_status_t anp_session_get_output(const anp_session_t *session, uint32_t i,
                                            anp_tensor_t *out_tensor);

/* ---- state ---- */
ANP_API uint32_t anp_session_state_count(const anp_session_t *session);
/** Name, type and shape of state i. */
ANP_API anp_status_t anp_session_state_info(const anp_session_t *session, uint32_t i,
                                            anp_io_info_t *out_info);
/** Copies state i out of or into the session (dense, exact size). Errors ANP_STATE_LOST,
 * ANP_INVALID_ARGUMENT. Since 0.1. */
ANP_API anp_status_t anp_session_state_read(anp_session_t *session, uint32_t i, void *data,
                                            uint64_t bytes);
ANP_API anp_status_t anp_session_state_write(anp_session_t *session, uint32_t i, const void *data,
                                             uint64_t bytes);
/** All states to their initial contents (also after ANP_STATE_LOST). Since 0.1. */
ANP_API anp_status_t anp_session_state_reset(anp_session_t *session);
/** Copies all states of `from` (same model and entry). Since 0.1. */
ANP_API anp_status_t anp_session_state_copy(anp_session_t *session, anp_session_t *from);

typedef struct anp_run_stats_t {
    uint64_t runs;
    uint64_t last_ns;
    uint64_t arena_bytes;    /* planned memory on all devices */
    uint64_t transfer_bytes; /* between devices, last run */
    uint64_t transfers;
    uint64_t fallback_nodes; /* nodes that ran on the CPU although placed elsewhere, last run (hang,
                                loss, bucket) */
    char fallback_reason[192];
} anp_run_stats_t;
ANP_API anp_status_t anp_session_stats(const anp_session_t *session, anp_run_stats_t *out_stats);

/* ---- one operator at a time (frameworks that dispatch op by op) ---- */
/**
 * Runs one operator on a device as a cached one-node program; the next call with the same operator,
 * attributes, types and ranks finds it. attrs    as anp_graph_op (include <anput/graph.h>) in dense
 * or strided host tensors; NULL = not given out      shapes are set by the call; data: the caller's
 * memory, large enough, or NULL: filled in with memory of the runner, valid until its next call of
 * the same operator Errors   ANP_UNSUPPORTED (the device does not do it: its reason),
 * ANP_INVALID_MODEL. Since 0.1.
 */
struct anp_graph_attr_t;
typedef struct anp_op_call_t {
    const char *domain, *op;
    const struct anp_graph_attr_t *attrs;
    uint32_t n_attrs;
    const anp_tensor_t *const *in;
    uint32_t n_in;
    anp_tensor_t *out; /* n_out views */
    uint32_t n_out;
} anp_op_call_t;
typedef struct anp_op_runner_t anp_op_runner_t; /* one thread at a time; holds the cache */
ANP_API anp_status_t anp_op_runner_create(anp_context_t *ctx, const char *device,
                                          anp_op_runner_t **out_runner);
ANP_API void anp_op_runner_release(anp_op_runner_t *runner);
ANP_API anp_status_t anp_op_run(anp_op_runner_t *runner, const anp_op_call_t *call);

#ifdef __cplusplus
}
#endif
#endif
