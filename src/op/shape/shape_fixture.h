/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of shape functions: one call built from text ("N, 3, 224"), its results as text. */
#ifndef ANP_OP_SHAPE_FIXTURE_H
#define ANP_OP_SHAPE_FIXTURE_H

#include "base/str.h"
#include "base/testing.h"
#include "op/op.h"
#include <stdio.h>
#include <stdlib.h>

enum { FX_MAX = 12, FX_ATTRS_MAX = 24, FX_TEXT = 512 };

typedef struct fx_t {
    anp_dims_t *dims; /* NULL: as at run time */
    anp_shape_in_t in[FX_MAX];
    anp_dim_t values[FX_MAX][ANP_SHAPE_VALUE_MAX];
    anp_tensor_t tensors[FX_MAX];
    uint32_t n_in;
    anp_attr_t attrs[FX_ATTRS_MAX];
    uint32_t n_attrs;
    anp_shape_out_t out[FX_MAX];
    char text[FX_TEXT];
} fx_t;

/* symbolic: as at compile time, with a table of dimensions. */
static ANP_UNUSED void fx_begin(fx_t *fx, bool symbolic) {
    memset(fx, 0, sizeof *fx);
    if (symbolic) assert_int_equal(anp_dims_create(&fx->dims), ANP_OK);
}

static ANP_UNUSED void fx_end(fx_t *fx) {
    anp_dims_release(fx->dims);
}

/* Forgets inputs and attributes for the next operator of a chain. */
static ANP_UNUSED void fx_next(fx_t *fx) {
    fx->n_in = fx->n_attrs = 0;
}

/* "N, 3" into numbers and symbols. */
static ANP_UNUSED uint32_t fx_parse(fx_t *fx, const char *text, anp_dim_t *out) {
    char copy[FX_TEXT];
    uint32_t n = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *save = NULL, *word = strtok_r(copy, ", ", &save); word;
         word = strtok_r(NULL, ", ", &save), n++)
        if (!anp_parse_i64(word, &out[n]))
            assert_int_equal(anp_dims_symbol(fx->dims, word, &out[n]), ANP_OK);
    return n;
}

/* A tensor of these dims; "?" = unknown rank. */
static ANP_UNUSED void fx_tensor(fx_t *fx, anp_dtype_t dtype, const char *dims) {
    anp_shape_in_t *in = &fx->in[fx->n_in++];
    *in = (anp_shape_in_t){.present = true, .shape = {.dtype = (uint8_t)dtype, .rank = -1}};
    if (strcmp(dims, "?") != 0) in->shape.rank = (int8_t)fx_parse(fx, dims, in->shape.dims);
}

/* A 1-D i64 tensor (`scalar`: rank 0) with these contents. Without a table the contents are data,
 * as at run time. */
static ANP_UNUSED void fx_contents(fx_t *fx, const char *text, bool scalar) {
    const uint32_t i = fx->n_in;
    fx_tensor(fx, ANP_DTYPE_I64, "");
    anp_shape_in_t *in = &fx->in[i];
    in->n_value = fx_parse(fx, text, fx->values[i]);
    if (!scalar) {
        in->shape.rank = 1;
        in->shape.dims[0] = in->n_value;
    }
    if (fx->dims) {
        in->value = fx->values[i];
        return;
    }
    anp_tensor_init(&fx->tensors[i], ANP_DTYPE_I64, scalar ? 0 : 1, in->shape.dims, fx->values[i]);
    in->data = &fx->tensors[i];
}

static ANP_UNUSED void fx_ints(fx_t *fx, const char *text) {
    fx_contents(fx, text, false);
}
static ANP_UNUSED void fx_int(fx_t *fx, const char *text) {
    fx_contents(fx, text, true);
}

static ANP_UNUSED void fx_absent(fx_t *fx) {
    fx->in[fx->n_in++] = (anp_shape_in_t){.present = false};
}

/* An output of an earlier call as the next input; a copy, since the next call overwrites it. */
static ANP_UNUSED void fx_feed(fx_t *fx, const anp_shape_out_t *from) {
    const uint32_t i = fx->n_in++;
    fx->in[i] = (anp_shape_in_t){.present = true, .shape = from->shape};
    if (from->n_value < 0) return;
    memcpy(fx->values[i], from->value, sizeof fx->values[i]);
    fx->in[i].value = fx->values[i];
    fx->in[i].n_value = (uint32_t)from->n_value;
}

static ANP_UNUSED void fx_attr_int(fx_t *fx, const char *name, int64_t v) {
    fx->attrs[fx->n_attrs++] = (anp_attr_t){.name = name, .kind = ANP_ATTR_INT, .v.i = v};
}

static ANP_UNUSED void fx_attr_ints(fx_t *fx, const char *name, const int64_t *v, uint64_t n) {
    fx->attrs[fx->n_attrs++] =
        (anp_attr_t){.name = name, .kind = ANP_ATTR_INTS, .count = n, .v.ints = v};
}

static ANP_UNUSED void fx_attr_float(fx_t *fx, const char *name, float v) {
    fx->attrs[fx->n_attrs++] = (anp_attr_t){.name = name, .kind = ANP_ATTR_FLOAT, .v.f = v};
}

static ANP_UNUSED void fx_attr_floats(fx_t *fx, const char *name, const float *v, uint64_t n) {
    fx->attrs[fx->n_attrs++] =
        (anp_attr_t){.name = name, .kind = ANP_ATTR_FLOATS, .count = n, .v.floats = v};
}

static ANP_UNUSED void fx_attr_strings(fx_t *fx, const char *name, const anp_string_t *v,
                                       uint64_t n) {
    fx->attrs[fx->n_attrs++] =
        (anp_attr_t){.name = name, .kind = ANP_ATTR_STRINGS, .count = n, .v.strings = v};
}

static ANP_UNUSED void fx_attr_str(fx_t *fx, const char *name, const char *v) {
    fx->attrs[fx->n_attrs++] =
        (anp_attr_t){.name = name, .kind = ANP_ATTR_STRING, .v.s = {v, strlen(v)}};
}

static ANP_UNUSED void fx_attr_tensor(fx_t *fx, const char *name, const anp_tensor_t *t) {
    fx->attrs[fx->n_attrs++] = (anp_attr_t){.name = name, .kind = ANP_ATTR_TENSOR, .v.tensor = t};
}

/* "Conv", or with its domain "com.microsoft.QLinearAdd". */
static ANP_UNUSED const anp_op_t *fx_op(const char *name) {
    char domain[FX_TEXT];
    const char *dot = strrchr(name, '.');
    snprintf(domain, sizeof domain, "%.*s", dot ? (int)(dot - name) : 0, name);
    const anp_op_t *op = anp_op_find(domain, dot ? dot + 1 : name);
    assert_non_null(op);
    return op;
}

static ANP_UNUSED anp_status_t fx_infer(fx_t *fx, const char *op, uint32_t n_out) {
    const anp_attrs_t attrs = {fx->attrs, fx->n_attrs};
    for (uint32_t o = 0; o < n_out; o++) fx->out[o].wanted = true;
    anp_shape_ctx_t c = {.op = fx_op(op),
                         .node_name = "n",
                         .attrs = &attrs,
                         .in = fx->in,
                         .n_in = fx->n_in,
                         .out = fx->out,
                         .n_out = n_out,
                         .dims = fx->dims};
    return anp_shape_infer(&c);
}

static ANP_UNUSED const char *fx_list(fx_t *fx, const anp_dim_t *v, int32_t n) {
    anp_buf_t buf;
    anp_buf_init(&buf, 0);
    anp_buf_puts(&buf, n < 0 ? "?" : "[");
    for (int32_t i = 0; i < n; i++) {
        if (i > 0) anp_buf_puts(&buf, ", ");
        if (v[i] == ANP_DIM_UNKNOWN)
            anp_buf_puts(&buf, "?");
        else if (ANP_DIM_IS_CONST(v[i]))
            anp_buf_printf(&buf, "%lld", (long long)v[i]);
        else
            anp_dims_print(fx->dims, v[i], &buf);
    }
    if (n >= 0) anp_buf_puts(&buf, "]");
    assert_int_equal(anp_buf_status(&buf), ANP_OK);
    snprintf(fx->text, sizeof fx->text, "%s", buf.data);
    anp_buf_deinit(&buf);
    return fx->text;
}

/* "[N, 12]", "?" for an unknown rank. */
static ANP_UNUSED const char *fx_dims(fx_t *fx, uint32_t o) {
    return fx_list(fx, fx->out[o].shape.dims, fx->out[o].shape.rank);
}

/* Followed contents alike; "?" when not followed. */
static ANP_UNUSED const char *fx_value(fx_t *fx, uint32_t o) {
    return fx_list(fx, fx->out[o].value, fx->out[o].n_value);
}

/* The call fails with this code and a sentence that contains `text`. */
#define fx_assert_fails(fx, op, n_out, code, text)               \
    do {                                                         \
        assert_int_equal(fx_infer((fx), (op), (n_out)), (code)); \
        anp_test_expect_message(text);                           \
    } while (0)

#endif
