/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small networks for tests: values and nodes are added one by one; each node is computed at once by
 * its reference kernel, so every value has its expected contents. Then the network becomes a
 * program, is compiled, loaded and run on the driver, and what comes back is compared.
 */
#ifndef CTS_NET_H
#define CTS_NET_H

#include "cts.h"
#include "program/program.h"

enum {
    CTS_VALUES_MAX = 96,
    CTS_NODES_MAX = 48,
    CTS_OPERANDS_MAX = 16,
    CTS_ATTRS_MAX = 16,
    CTS_NO_VALUE = -1
};

typedef struct cts_value_t {
    char name[16];
    anp_tensor_t t; /* with its contents, or what is expected of it */
    bool is_const, is_input, is_output;
    bool any_contents; /* only type and shape are compared */
    bool free_n;       /* axis 0 is the free dimension N in the program */
    int state_of; /* an input that is a state: its next value, updated in place; else CTS_NO_VALUE
                   */
    uint32_t id;  /* in the program */
    uint32_t const_id;
} cts_value_t;

typedef struct cts_node_t {
    const anp_op_t *op;
    char name[16];
    anp_attr_t attrs[CTS_ATTRS_MAX];
    uint32_t n_attrs;
    int in[CTS_OPERANDS_MAX], out[CTS_OPERANDS_MAX]; /* values, or CTS_NO_VALUE */
    uint32_t n_in, n_out;
} cts_node_t;

typedef struct cts_net_t {
    cts_value_t values[CTS_VALUES_MAX];
    cts_node_t nodes[CTS_NODES_MAX];
    uint32_t n_values, n_nodes;
} cts_net_t;

cts_net_t *cts_net_new(cts_t *t);

/* A value of this shape with random contents: floats in [-1, 1], integers in [0, limit). */
int cts_net_value(cts_t *t, cts_net_t *net, anp_dtype_t dtype, uint32_t rank, const int64_t *dims,
                  int64_t limit, bool is_const);
/* Tensors written as text: "f32[2,3]" random; "i64{1,-1}" a constant with these contents;
 * "i64[2,2]{1,2,3,4}"; suffixes: 'c' constant, 'v' not, '<7' integers below 7, '+' floats in
 * [0.5, 1.5], integers above 0. A type written T is `dtype`. False: not understood. */
bool cts_net_parse(cts_t *t, cts_net_t *net, const char *text, anp_dtype_t dtype, int *out_value);
/* Contents of a value as the given numbers. */
void cts_net_set(cts_value_t *v, const double *numbers);
/* An input of n strings. */
int cts_net_strings(cts_t *t, cts_net_t *net, const char *const *texts, int64_t n);

/* Adds a node, finds its outputs' shapes and computes them. attrs: "axis=1 mode=linear
 * pads=1,1,1,1". wanted: bit i = output i is used. Skips when this build has no such operator.
 * out[]: values, CTS_NO_VALUE where not wanted. */
cts_verdict_t cts_net_node(cts_t *t, cts_net_t *net, const char *domain, const char *op,
                           const char *attrs, const int *in, uint32_t n_in, uint32_t wanted,
                           int *out);
/* The same with one output, which is given back by *out; in ends with CTS_END. */
enum { CTS_END = -2 };
cts_verdict_t cts_net_add(cts_t *t, cts_net_t *net, const char *op, const char *attrs,
                          const int *in, int *out);

/* A network over x [n, m], the first of a few that the driver takes; n is the free dimension N when
 * is_free. Equal constants for every n. Skips when the driver takes none of them. */
cts_verdict_t cts_work(cts_t *t, int64_t n, int64_t m, bool is_free, cts_net_t **out);

/* ---- on the driver ---- */

/* Constants that are attributes of nodes. */
typedef struct cts_attr_consts_t {
    uint32_t ids[8], n;
    const anp_tensor_t *tensors[8];
} cts_attr_consts_t;

typedef struct cts_model_t {
    cts_t *t;
    cts_net_t *net;
    struct cts_model_t *next; /* of the test: ended by cts_models_end */
    anp_program_writer_t *writer;
    cts_attr_consts_t attr_consts;
    void *program;
    uint64_t program_bytes;
    bool group; /* one call runs all nodes */
    void *blobs[8];
    uint64_t blob_bytes[8];
    uint32_t n_blobs;
    anp_drv_module_t *module;
    int progress_calls, cancel_at; /* 0: never */
} cts_model_t;

/* Lays out the program and asks the driver; skips with the driver's sentence when it says no. */
cts_verdict_t cts_model_query(cts_t *t, cts_net_t *net, cts_model_t **out);
/* Compiles, with buckets of n[0..count-1] for the free dimension. */
anp_status_t cts_model_compile(cts_model_t *m, const int64_t *n, uint32_t count);
anp_status_t cts_model_load(cts_model_t *m);
/* The same on another device, of another driver object. */
anp_status_t cts_model_load_on(cts_model_t *m, anp_drv_device_t *dev,
                               anp_drv_module_t **out_module);
/* All three, without buckets, none of which may fail. */
cts_verdict_t cts_model_make(cts_t *t, cts_net_t *net, cts_model_t **out);
/* Ends what the host holds for models of a test. */
void cts_models_end(cts_t *t);

/* Where a value of a run is. */
typedef struct cts_place_t {
    anp_drv_buffer_t *buf;
    anp_drv_arg_t arg; /* as it is handed to the driver */
} cts_place_t;

typedef struct cts_session_t {
    cts_model_t *m;
    anp_drv_queue_t *q;
    cts_place_t places[CTS_VALUES_MAX];
} cts_session_t;

/* Buffers for all values; inputs are written. */
cts_verdict_t cts_session_make(cts_model_t *m, anp_drv_queue_t *q, cts_session_t **out);
/* Enqueues all calls; gives the event of the last one where out_event is not NULL. */
anp_status_t cts_session_enqueue(cts_session_t *s, anp_drv_event_t **out_event);
/* Reads the outputs and compares them with what the references computed. */
cts_verdict_t cts_session_compare(cts_session_t *s);
/* Enqueues, waits, compares. */
cts_verdict_t cts_session_run(cts_session_t *s);
void cts_session_end(cts_session_t *s);

/* Query, compile, load, run, compare. */
cts_verdict_t cts_net_run(cts_t *t, cts_net_t *net);
/* Whether `got` is what a driver may give for `want`; else writes where they differ. */
bool cts_same(const anp_tensor_t *want, const anp_tensor_t *got, char *why, size_t why_bytes);

#endif
