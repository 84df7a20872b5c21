/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several nodes in place of a draft, written as formulas: each call appends one node of the newest
 * operator set and gives its result. The first failure stays in `st`; calls behind it do nothing
 * and give NULL, so that a rule reads without a check on each line and returns st at its end.
 * Compilers choose the order of arguments: only one of a call may append something.
 */
#ifndef ANP_IMPORT_ONNX_STEPS_H
#define ANP_IMPORT_ONNX_STEPS_H

#include "import/onnx/upgrade.h"

enum { ANP_STEP_ATTRS_MAX = 8 };

typedef struct anp_steps_t {
    anp_draft_t *draft;
    anp_status_t st;
    uint32_t first_id;                    /* ids from here on belong to nodes made by these steps */
    anp_attr_t attrs[ANP_STEP_ATTRS_MAX]; /* of the next node */
    uint32_t n_attrs;
} anp_steps_t;

anp_steps_t anp_steps_begin(anp_draft_t *d);

/* ---- what the draft has ---- */
/* Input i, which must be given. */
anp_value_t *anp_steps_need(anp_steps_t *s, uint32_t i);
/* The attribute, or def when absent. */
int64_t anp_steps_get_int(anp_steps_t *s, const char *name, int64_t def);
double anp_steps_get_float(anp_steps_t *s, const char *name, double def);
const char *anp_steps_get_text(anp_steps_t *s, const char *name, const char *def);
/* Fails unless the attribute is absent or 0: `why` says what is not read here. */
void anp_steps_refuse(anp_steps_t *s, const char *attr, const char *why);

/* ---- what is known of a value ---- */
/* Fails when it is not known. 0 after a failure. */
int32_t anp_steps_rank(anp_steps_t *s, const anp_value_t *v);
/* Size of an axis, counted from the end when negative. Fails when it is unknown or a symbol. */
int64_t anp_steps_size(anp_steps_t *s, const anp_value_t *v, int32_t axis);

/* ---- constants ---- */
anp_value_t *anp_steps_i64(anp_steps_t *s, int64_t value); /* scalar */
anp_value_t *anp_steps_i64s(anp_steps_t *s, uint32_t n, const int64_t *values);
#define ANP_STEPS_I64S(s, ...)                                                    \
    anp_steps_i64s((s), sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t), \
                   (const int64_t[]){__VA_ARGS__})
/* A scalar of the type `like` has. */
anp_value_t *anp_steps_scalar(anp_steps_t *s, double value, anp_value_t *like);
/* A constant tensor; its bytes are copied. */
anp_value_t *anp_steps_constant(anp_steps_t *s, const anp_tensor_t *tensor);

/* ---- nodes ---- */
/* Attributes of the next node. Lists are lent until then. */
void anp_steps_int(anp_steps_t *s, const char *name, int64_t value);
void anp_steps_float(anp_steps_t *s, const char *name, double value);
void anp_steps_text(anp_steps_t *s, const char *name, const char *value);
void anp_steps_ints(anp_steps_t *s, const char *name, uint32_t n, const int64_t *values);
/* A node with n_outputs results; inputs at the end may be NULL like any that are not given. */
void anp_steps_add(anp_steps_t *s, const char *op, uint32_t n_inputs, anp_value_t *const *inputs,
                   uint32_t n_outputs, anp_value_t **outputs);
/* One result: ANP_STEP(s, "Add", a, b). */
anp_value_t *anp_steps_op(anp_steps_t *s, const char *op, uint32_t n_inputs,
                          anp_value_t *const *inputs);
#define ANP_STEP(s, op, ...)                                                                     \
    anp_steps_op((s), (op), sizeof((anp_value_t *const[]){__VA_ARGS__}) / sizeof(anp_value_t *), \
                 (anp_value_t *const[]){__VA_ARGS__})
/* The draft itself, as it is now, as a node of the newest set with one result. */
anp_value_t *anp_steps_draft(anp_steps_t *s);

/* ---- common sequences ---- */
anp_value_t *anp_steps_cast(anp_steps_t *s, anp_value_t *v, anp_dtype_t dtype);
/* [n] of i64: the sizes of the axes from `first` up to (not with) `end`. */
anp_value_t *anp_steps_dims(anp_steps_t *s, anp_value_t *v, int64_t first, int64_t end);
/* From `begin` up to `end` along one axis. */
anp_value_t *anp_steps_slice(anp_steps_t *s, anp_value_t *v, int64_t axis, anp_value_t *begin,
                             anp_value_t *end);
anp_value_t *anp_steps_transpose(anp_steps_t *s, anp_value_t *v, uint32_t rank,
                                 const int64_t *perm);
/* v as a tensor of `rank` (0 or 1) dimensions: for one value, or a list. NULL stays NULL. */
anp_value_t *anp_steps_with_rank(anp_steps_t *s, anp_value_t *v, int32_t rank);
/* [0, 1, ... n - 1] for n, an i64 of one value. */
anp_value_t *anp_steps_count(anp_steps_t *s, anp_value_t *n);
/* Channels from axis 1 to the last, and back. */
anp_value_t *anp_steps_channels_last(anp_steps_t *s, anp_value_t *v);
anp_value_t *anp_steps_channels_first(anp_steps_t *s, anp_value_t *v);
/* v + term; term may be NULL. */
anp_value_t *anp_steps_add_if(anp_steps_t *s, anp_value_t *v, anp_value_t *term);

/* ---- the end ---- */
/* Keeps the first failure. */
#define ANP_STEPS_FAIL(s, code, ...)                                   \
    do {                                                               \
        if ((s)->st == ANP_OK) (s)->st = ANP_ERROR(code, __VA_ARGS__); \
    } while (0)
/*
 * These are the draft's results, and it is done. results[i] NULL: not made here, which is
 * ANP_UNSUPPORTED when the draft wants it. Returns st.
 */
anp_status_t anp_steps_end(anp_steps_t *s, uint32_t n, anp_value_t *const *results);
anp_status_t anp_steps_end_one(anp_steps_t *s, anp_value_t *result);

#endif
