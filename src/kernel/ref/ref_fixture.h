/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of reference kernels: tensors written as text, the node's shape function and kernel run
 * on them, results as text. */
#ifndef ANP_KERNEL_REF_FIXTURE_H
#define ANP_KERNEL_REF_FIXTURE_H

#include "kernel/kernel.h"
#include "op/shape/shape_fixture.h"
#include <math.h>

/* Types are named often here. */
#define F32 ANP_DTYPE_F32
#define F64 ANP_DTYPE_F64
#define F16 ANP_DTYPE_F16
#define BF16 ANP_DTYPE_BF16
#define I8 ANP_DTYPE_I8
#define I16 ANP_DTYPE_I16
#define I32 ANP_DTYPE_I32
#define I64 ANP_DTYPE_I64
#define U8 ANP_DTYPE_U8
#define U16 ANP_DTYPE_U16
#define U32 ANP_DTYPE_U32
#define U64 ANP_DTYPE_U64
#define BOOL ANP_DTYPE_BOOL
#define STRING ANP_DTYPE_STRING
#define U4 ANP_DTYPE_U4
#define I4 ANP_DTYPE_I4
#define U2 ANP_DTYPE_U2
#define I2 ANP_DTYPE_I2

enum { KX_TEXT = 4096 };

typedef struct kx_t {
    fx_t fx; /* attributes: fx_attr_int(&kx.fx, ...) */
    anp_tensor_t in[FX_MAX], out[FX_MAX];
    uint32_t n_in;
    bool absent[FX_MAX], unwanted[FX_MAX];
    anp_pool_t *pool;
    uint64_t seed;
    anp_vec_t blocks; /* void *: all memory of the test, freed by kx_end */
    char text[KX_TEXT];
} kx_t;

static ANP_UNUSED anp_status_t kx_alloc(void *user, uint64_t size_bytes, void **out) {
    kx_t *kx = user;
    ANP_TRY(anp_alloc(size_bytes, out));
    return anp_vec_push(&kx->blocks, out);
}

static ANP_UNUSED void kx_begin(kx_t *kx) {
    memset(kx, 0, sizeof *kx);
    anp_vec_init(&kx->blocks, sizeof(void *));
    fx_begin(&kx->fx, false);
}

static ANP_UNUSED void kx_end(kx_t *kx) {
    for (uint64_t i = 0; i < kx->blocks.count; i++) anp_free(ANP_VEC_AT(&kx->blocks, void *, i));
    anp_vec_deinit(&kx->blocks);
    anp_pool_release(kx->pool);
}

/* Forgets inputs and attributes, for another call. */
static ANP_UNUSED void kx_next(kx_t *kx) {
    kx->n_in = 0;
    fx_next(&kx->fx);
}

static ANP_UNUSED void kx_make(kx_t *kx, anp_tensor_t *t, anp_dtype_t dtype, uint32_t rank,
                               const int64_t *dims) {
    uint64_t bytes = 0;
    anp_tensor_init(t, dtype, rank, dims, NULL);
    if (anp_tensor_bytes(t, &bytes) != ANP_OK) fail_msg("%s", anp_error_message());
    assert_int_equal(kx_alloc(kx, bytes, &t->data), ANP_OK);
    memset(t->data, 0, bytes);
}

/* One word as an element: a number, nan, inf, or a string ("''" is empty). */
static ANP_UNUSED void kx_put(kx_t *kx, anp_tensor_t *t, uint64_t i, const char *word) {
    const anp_dtype_t dtype = (anp_dtype_t)t->dtype;
    if (dtype == ANP_DTYPE_STRING) {
        const uint64_t len = strcmp(word, "''") == 0 ? 0 : strlen(word);
        void *copy = NULL;
        assert_int_equal(kx_alloc(kx, len + 1, &copy), ANP_OK);
        memcpy(copy, word, len);
        ((anp_string_t *)t->data)[i] = (anp_string_t){copy, len};
    } else if (anp_dtype_is_float(dtype)) {
        anp_dtype_row(dtype)->set_f64(t->data, i, strtod(word, NULL));
    } else {
        const int64_t v =
            dtype == ANP_DTYPE_U64 ? (int64_t)strtoull(word, NULL, 10) : strtoll(word, NULL, 10);
        anp_dtype_set_i64(dtype, t->data, i, v);
    }
}

/* An input of these dims; words fill it, repeated when there are fewer than elements. */
static ANP_UNUSED anp_tensor_t *kx_in(kx_t *kx, anp_dtype_t dtype, const char *dims,
                                      const char *words) {
    anp_dim_t sizes[ANP_RANK_MAX];
    const uint32_t rank = fx_parse(&kx->fx, dims, sizes), at = kx->n_in++;
    anp_tensor_t *t = &kx->in[at];
    char copy[KX_TEXT];
    kx->absent[at] = false;
    kx_make(kx, t, dtype, rank, sizes);
    const int64_t n = anp_tensor_elems(t);
    for (int64_t i = 0; i < n;) {
        char *save = NULL;
        snprintf(copy, sizeof copy, "%s", words);
        char *word = strtok_r(copy, " ", &save);
        assert_non_null(word);
        for (; word && i < n; word = strtok_r(NULL, " ", &save)) kx_put(kx, t, (uint64_t)i++, word);
    }
    return t;
}

static ANP_UNUSED void kx_absent(kx_t *kx) {
    kx->absent[kx->n_in++] = true;
}

/* An output of the last run as an input of the next. */
static ANP_UNUSED void kx_feed(kx_t *kx, const anp_tensor_t *t) {
    kx->absent[kx->n_in] = false;
    kx->in[kx->n_in++] = *t;
}

/* Gives outputs the shapes the node's shape function finds, and memory where `wanted` (NULL:
 * always) agrees. */
static ANP_UNUSED anp_status_t kx_infer(kx_t *kx, const anp_op_t *op, const anp_attrs_t *attrs,
                                        uint32_t n_out,
                                        bool (*wanted)(const kx_t *kx, uint32_t n_out)) {
    anp_shape_in_t in[FX_MAX] = {{0}};
    for (uint32_t i = 0; i < kx->n_in; i++) {
        const anp_tensor_t *t = &kx->in[i];
        if (kx->absent[i]) continue;
        in[i].present = true;
        in[i].shape.kind = t->kind;
        in[i].shape.dtype = t->dtype;
        in[i].shape.key = t->key;
        in[i].shape.rank = t->kind == ANP_KIND_TENSOR ? (int8_t)t->rank : -1;
        memcpy(in[i].shape.dims, t->dims, sizeof t->dims);
        if (t->kind == ANP_KIND_TENSOR) in[i].data = t;
    }
    for (uint32_t o = 0; o < n_out; o++) kx->fx.out[o].wanted = true;
    anp_shape_ctx_t c = {.op = op,
                         .node_name = "n",
                         .attrs = attrs,
                         .in = in,
                         .n_in = kx->n_in,
                         .out = kx->fx.out,
                         .n_out = n_out};
    ANP_TRY(anp_shape_infer(&c));
    for (uint32_t o = 0; o < n_out && (!wanted || wanted(kx, n_out)); o++) {
        const anp_shape_t *s = &kx->fx.out[o].shape;
        if (op->flags & (ANP_OP_DATA_DEPENDENT | ANP_OP_HOST) || s->kind != ANP_KIND_TENSOR ||
            s->rank < 0)
            kx->out[o] = (anp_tensor_t){.kind = ANP_KIND_NONE};
        else
            kx_make(kx, &kx->out[o], (anp_dtype_t)s->dtype, (uint32_t)s->rank, s->dims);
    }
    return ANP_OK;
}

/* The reference kernel on outputs that kx_infer made. */
static ANP_UNUSED anp_status_t kx_call(kx_t *kx, const anp_op_t *op, const anp_attrs_t *attrs,
                                       uint32_t n_out) {
    const anp_tensor_t *in[FX_MAX];
    anp_tensor_t *out[FX_MAX];
    for (uint32_t i = 0; i < kx->n_in; i++) in[i] = kx->absent[i] ? NULL : &kx->in[i];
    for (uint32_t o = 0; o < n_out; o++) out[o] = kx->unwanted[o] ? NULL : &kx->out[o];
    const anp_kernel_mem_t mem = {kx, kx_alloc, kx_alloc};
    const anp_kernel_env_t env = {.pool = kx->pool};
    anp_kernel_t k = {.op = op,
                      .node_name = "n",
                      .attrs = attrs,
                      .in = in,
                      .n_in = kx->n_in,
                      .out = out,
                      .n_out = n_out,
                      .mem = &mem,
                      .env = &env,
                      .seed = kx->seed};
    return anp_kernel_ref(op)(&k);
}

/* Shape function and reference kernel of one node. */
static ANP_UNUSED anp_status_t kx_run(kx_t *kx, const char *name, uint32_t n_out) {
    const anp_op_t *op = fx_op(name);
    const anp_attrs_t attrs = {kx->fx.attrs, kx->fx.n_attrs};
    ANP_TRY(kx_infer(kx, op, &attrs, n_out, NULL));
    return kx_call(kx, op, &attrs, n_out);
}

static ANP_UNUSED void kx_print(anp_buf_t *buf, const anp_tensor_t *t) {
    anp_buf_printf(buf, "%s[", anp_dtype_name((anp_dtype_t)t->dtype));
    for (uint32_t a = 0; a < t->rank; a++)
        anp_buf_printf(buf, a ? ", %lld" : "%lld", (long long)t->dims[a]);
    anp_buf_puts(buf, "]");
    for (int64_t i = 0; i < anp_tensor_elems(t); i++) {
        const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
        if (row->cls == ANP_CLASS_STRING) {
            const anp_string_t *s = (const anp_string_t *)t->data + i;
            anp_buf_printf(buf, " '%.*s'", (int)s->len_bytes, s->ptr ? s->ptr : "");
        } else if (row->cls == ANP_CLASS_FLOAT) {
            const double v = row->get_f64(t->data, (uint64_t)i);
            anp_buf_printf(buf, " %.6g", isnan(v) ? (double)NAN : v); /* without its sign */
        } else {
            const int64_t v = anp_dtype_get_i64(row->dtype, t->data, (uint64_t)i);
            if (row->dtype == ANP_DTYPE_U64)
                anp_buf_printf(buf, " %llu", (unsigned long long)v);
            else
                anp_buf_printf(buf, " %lld", (long long)v);
        }
    }
}

/* A tensor, or a map as "{i64[1] 7: f32[1] 1}". */
static ANP_UNUSED void kx_print_item(anp_buf_t *buf, const anp_tensor_t *t) {
    const anp_tensor_t *part = t->data; /* keys, values */
    if (t->kind == ANP_KIND_TENSOR) kx_print(buf, t);
    if (t->kind != ANP_KIND_MAP) return;
    anp_buf_puts(buf, "{");
    kx_print(buf, &part[0]);
    anp_buf_puts(buf, ": ");
    kx_print(buf, &part[1]);
    anp_buf_puts(buf, "}");
}

/* "f32[2] 1 2"; a sequence as "(f32[1] 1; f32[2] 1 2)"; "none". */
static ANP_UNUSED const char *kx_text(kx_t *kx, uint32_t o) {
    const anp_tensor_t *t = &kx->out[o];
    anp_buf_t buf;
    anp_buf_init(&buf, 0);
    kx_print_item(&buf, t);
    if (t->kind == ANP_KIND_NONE) anp_buf_puts(&buf, "none");
    if (t->kind == ANP_KIND_SEQUENCE) {
        for (int64_t i = 0; i < t->dims[0]; i++) {
            anp_buf_puts(&buf, i ? "; " : "(");
            kx_print_item(&buf, (const anp_tensor_t *)t->data + i);
        }
        anp_buf_puts(&buf, t->dims[0] ? ")" : "()");
    }
    assert_int_equal(anp_buf_status(&buf), ANP_OK);
    snprintf(kx->text, sizeof kx->text, "%s", buf.data);
    anp_buf_deinit(&buf);
    return kx->text;
}

/* The run succeeds and output 0 is this text. */
#define kx_assert_gives(kx, op, expected)                                         \
    do {                                                                          \
        if (kx_run((kx), (op), 1) != ANP_OK) fail_msg("%s", anp_error_message()); \
        assert_string_equal(kx_text((kx), 0), (expected));                        \
        kx_next(kx);                                                              \
    } while (0)

/* The run fails with this code and a sentence that contains `message`. */
#define kx_assert_fails(kx, op, code, message)           \
    do {                                                 \
        assert_int_equal(kx_run((kx), (op), 1), (code)); \
        anp_test_expect_message(message);                \
        kx_next(kx);                                     \
    } while (0)

#endif
