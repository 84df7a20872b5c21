/* SPDX-License-Identifier: Apache-2.0 */
/* Small networks: values, attributes out of text, and nodes computed by their references. */
#include "cts_net.h"
#include "kernel/kernel.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cts_net_t *cts_net_new(cts_t *t) {
    return cts_alloc(t, sizeof(cts_net_t));
}

/* ---- values ---- */

static cts_value_t *new_value(cts_net_t *net, int *out_index) {
    *out_index = (int)net->n_values++;
    cts_value_t *v = &net->values[*out_index];
    snprintf(v->name, sizeof v->name, "v%d", *out_index);
    v->state_of = CTS_NO_VALUE;
    return v;
}

static double uniform(cts_t *t) {
    return (double)(cts_random(t) >> 11) * 0x1p-53;
}

static void set_element(const anp_tensor_t *x, int64_t i, double v) {
    const anp_dtype_row_t *row = anp_dtype_row(x->dtype);
    if (row->cls == ANP_CLASS_COMPLEX) {
        const anp_dtype_t part = x->dtype == ANP_DTYPE_C64 ? ANP_DTYPE_F32 : ANP_DTYPE_F64;
        anp_dtype_row(part)->set_f64(x->data, (uint64_t)(2 * i), v);
        anp_dtype_row(part)->set_f64(x->data, (uint64_t)(2 * i + 1), -v / 2);
    } else
        row->set_f64(x->data, (uint64_t)i, v);
}

/* How random contents are drawn. */
typedef struct contents_t {
    int64_t limit; /* integers stay below it; 0: as suits the type */
    bool positive; /* integers from 1 on, floats in [0.5, 1.5] */
} contents_t;

static void fill(cts_t *t, const anp_tensor_t *x, contents_t c) {
    const anp_dtype_row_t *row = anp_dtype_row(x->dtype);
    const int64_t n = anp_tensor_elems(x), limit = c.limit                ? c.limit
                                                   : row->block_elems > 1 ? 2
                                                                          : 10;
    for (int64_t i = 0; i < n; i++) {
        const double u = uniform(t);
        const bool whole = row->cls == ANP_CLASS_INT || row->cls == ANP_CLASS_UINT;
        if (row->cls == ANP_CLASS_BOOL)
            set_element(x, i, u < 0.5 ? 0 : 1);
        else if (whole)
            set_element(x, i, (double)((int64_t)(u * (double)(limit - c.positive)) + c.positive));
        else
            set_element(x, i, c.positive ? 0.5 + u : 2 * u - 1);
    }
}

static anp_tensor_t new_tensor(cts_t *t, anp_dtype_t dtype, uint32_t rank, const int64_t *dims) {
    anp_tensor_t x;
    uint64_t bytes = 0;
    anp_tensor_init(&x, dtype, rank, dims, NULL);
    if (anp_tensor_bytes(&x, &bytes) == ANP_OK) x.data = cts_alloc(t, bytes);
    return x;
}

int cts_net_value(cts_t *t, cts_net_t *net, anp_dtype_t dtype, uint32_t rank, const int64_t *dims,
                  int64_t limit, bool is_const) {
    int index;
    cts_value_t *v = new_value(net, &index);
    v->t = new_tensor(t, dtype, rank, dims);
    v->is_const = is_const;
    v->is_input = !is_const;
    fill(t, &v->t, (contents_t){.limit = limit});
    return index;
}

void cts_net_set(cts_value_t *v, const double *numbers) {
    for (int64_t i = 0; i < anp_tensor_elems(&v->t); i++) set_element(&v->t, i, numbers[i]);
}

int cts_net_strings(cts_t *t, cts_net_t *net, const char *const *texts, int64_t n) {
    int index;
    cts_value_t *v = new_value(net, &index);
    anp_string_t *strings = cts_alloc(t, (uint64_t)n * sizeof *strings);
    for (int64_t i = 0; i < n; i++) strings[i] = (anp_string_t){texts[i], strlen(texts[i])};
    anp_tensor_init(&v->t, ANP_DTYPE_STRING, 1, &n, strings);
    v->is_input = true;
    return index;
}

/* ---- values out of text ---- */

/* "1,2,3" up to `end`; the count, or -1. */
static int read_numbers(const char **at, char end, double *out, int max) {
    int n = 0;
    while (**at != end) {
        char *rest;
        if (n == max) return -1;
        out[n++] = strtod(*at, &rest);
        if (rest == *at || (*rest != ',' && *rest != end)) return -1;
        *at = *rest == ',' ? rest + 1 : rest;
    }
    (*at)++;
    return n;
}

bool cts_net_parse(cts_t *t, cts_net_t *net, const char *text, anp_dtype_t dtype, int *out_value) {
    char name[16];
    double numbers[64], sizes[ANP_RANK_MAX];
    int64_t dims[ANP_RANK_MAX];
    const size_t n = strcspn(text, "[{");
    snprintf(name, sizeof name, "%.*s", (int)n, text);
    if (strcmp(name, "T") != 0) dtype = anp_dtype_parse(name);
    const char *at = text + n;
    int rank = -1, count = -1;
    if (*at == '[' && (at++, rank = read_numbers(&at, ']', sizes, ANP_RANK_MAX)) < 0) return false;
    if (*at == '{' && (at++, count = read_numbers(&at, '}', numbers, 64)) < 0) return false;
    if (rank < 0) rank = 1, sizes[0] = count;
    for (int i = 0; i < rank; i++) dims[i] = (int64_t)sizes[i];
    contents_t c = {0};
    bool is_const = count >= 0;
    for (; *at; at++) {
        if (*at == 'c')
            is_const = true;
        else if (*at == 'v')
            is_const = false; /* given contents, and yet no constant */
        else if (*at == '+')
            c.positive = true;
        else if (*at == '<') {
            char *rest;
            c.limit = strtoll(at + 1, &rest, 10);
            at = rest - 1;
        } else
            return false;
    }
    if (dtype == ANP_DTYPE_NONE || (rank == 1 && count < 0 && n == strlen(text))) return false;
    *out_value = cts_net_value(t, net, dtype, (uint32_t)rank, dims, c.limit, is_const);
    cts_value_t *v = &net->values[*out_value];
    if (count >= 0)
        cts_net_set(v, numbers);
    else
        fill(t, &v->t, c);
    return count < 0 || count == anp_tensor_elems(&v->t);
}

/* ---- attributes out of text ---- */

static bool find_spec(const anp_op_t *op, const char *name, anp_attr_spec_t *out) {
    for (uint32_t i = 0; anp_op_attr_spec(op, i, out); i++)
        if (strcmp(out->name, name) == 0) return true;
    return false;
}

static char *keep_text(cts_t *t, const char *text, size_t n) {
    char *copy = cts_alloc(t, n + 1);
    memcpy(copy, text, n);
    return copy;
}

/* The value of one attribute; tensors are written as values are. */
static bool read_attr(cts_t *t, const anp_attr_spec_t *spec, const char *text, anp_attr_t *a) {
    double numbers[32];
    const char *at = text;
    a->kind = spec->kind;
    if (spec->kind == ANP_ATTR_INT)
        a->v.i = strtoll(text, NULL, 10);
    else if (spec->kind == ANP_ATTR_FLOAT)
        a->v.f = strtof(text, NULL);
    else if (spec->kind == ANP_ATTR_STRING)
        a->v.s = (anp_string_t){text, strlen(text)};
    else if (spec->kind == ANP_ATTR_INTS || spec->kind == ANP_ATTR_FLOATS) {
        const int n = read_numbers(&at, '\0', numbers, 32);
        if (n < 0) return false;
        int64_t *ints = cts_alloc(t, (uint64_t)n * sizeof *ints);
        float *floats = cts_alloc(t, (uint64_t)n * sizeof *floats);
        for (int i = 0; i < n; i++) ints[i] = (int64_t)numbers[i], floats[i] = (float)numbers[i];
        a->count = (uint64_t)n;
        if (spec->kind == ANP_ATTR_INTS)
            a->v.ints = ints;
        else
            a->v.floats = floats;
    } else if (spec->kind == ANP_ATTR_TENSOR) {
        cts_net_t *net = cts_net_new(t);
        int v;
        if (!cts_net_parse(t, net, text, ANP_DTYPE_NONE, &v)) return false;
        a->v.tensor = &net->values[v].t;
    } else if (spec->kind == ANP_ATTR_STRINGS) {
        anp_string_t *list = cts_alloc(t, 8 * sizeof *list);
        for (a->count = 0; *at && a->count < 8; at += *at == ',') {
            const size_t n = strcspn(at, ",");
            list[a->count++] = (anp_string_t){keep_text(t, at, n), n};
            at += n;
        }
        a->v.strings = list;
    } else
        return false;
    return true;
}

static bool read_attrs(cts_t *t, cts_node_t *node, const char *text) {
    while (*(text += strspn(text, " "))) {
        const size_t n = strcspn(text, " "), name = strcspn(text, "=");
        anp_attr_spec_t spec;
        if (name >= n || node->n_attrs == CTS_ATTRS_MAX) return false;
        anp_attr_t *a = &node->attrs[node->n_attrs++];
        a->name = keep_text(t, text, name);
        if (!find_spec(node->op, a->name, &spec) ||
            !read_attr(t, &spec, keep_text(t, text + name + 1, n - name - 1), a))
            return false;
        text += n;
    }
    return true;
}

/* ---- nodes ---- */

static anp_status_t take_memory(void *user, uint64_t size_bytes, void **out) {
    *out = cts_alloc(user, size_bytes);
    return ANP_OK;
}

/* Shapes of the outputs from the shapes and contents of the inputs. */
static anp_status_t infer(cts_t *t, cts_net_t *net, const cts_node_t *node, uint32_t wanted,
                          anp_shape_out_t *out) {
    anp_shape_in_t in[CTS_OPERANDS_MAX];
    const anp_attrs_t attrs = {node->attrs, node->n_attrs};
    (void)t;
    memset(in, 0, sizeof in);
    for (uint32_t i = 0; i < node->n_in; i++) {
        if (node->in[i] == CTS_NO_VALUE) continue;
        const anp_tensor_t *x = &net->values[node->in[i]].t;
        in[i] = (anp_shape_in_t){.present = x->kind != ANP_KIND_NONE, .data = x};
        in[i].shape = (anp_shape_t){.kind = x->kind, .dtype = x->dtype, .rank = (int8_t)x->rank};
        memcpy(in[i].shape.dims, x->dims, sizeof in[i].shape.dims);
    }
    for (uint32_t i = 0; i < node->n_out; i++) out[i].wanted = (wanted >> i & 1) != 0;
    anp_shape_ctx_t ctx = {.op = node->op,
                           .node_name = node->name,
                           .attrs = &attrs,
                           .in = in,
                           .n_in = node->n_in,
                           .out = out,
                           .n_out = node->n_out};
    return anp_shape_infer(&ctx);
}

static anp_status_t compute(cts_t *t, cts_net_t *net, const cts_node_t *node) {
    const anp_tensor_t *in[CTS_OPERANDS_MAX] = {0};
    anp_tensor_t *out[CTS_OPERANDS_MAX] = {0};
    const anp_kernel_mem_t mem = {t, take_memory, take_memory};
    const anp_kernel_env_t env = {0};
    const anp_attrs_t attrs = {node->attrs, node->n_attrs};
    for (uint32_t i = 0; i < node->n_in; i++) {
        const anp_tensor_t *x = node->in[i] == CTS_NO_VALUE ? NULL : &net->values[node->in[i]].t;
        in[i] = x && x->kind != ANP_KIND_NONE ? x : NULL;
    }
    for (uint32_t i = 0; i < node->n_out; i++)
        out[i] = node->out[i] == CTS_NO_VALUE ? NULL : &net->values[node->out[i]].t;
    anp_kernel_t k = {.op = node->op,
                      .node_name = node->name,
                      .attrs = &attrs,
                      .in = in,
                      .n_in = node->n_in,
                      .out = out,
                      .n_out = node->n_out,
                      .mem = &mem,
                      .env = &env,
                      .seed = 1};
    const anp_kernel_fn_t ref = anp_kernel_ref(node->op);
    if (!ref) ANP_FAIL(ANP_UNSUPPORTED, "%s has no reference in this build", node->op->name);
    return ref(&k);
}

static void new_outputs(cts_t *t, cts_net_t *net, cts_node_t *node, const anp_shape_out_t *shapes,
                        uint32_t wanted) {
    for (uint32_t i = 0; i < node->n_out; i++) {
        node->out[i] = CTS_NO_VALUE;
        if (!(wanted >> i & 1)) continue;
        const anp_shape_t *s = &shapes[i].shape;
        bool known = s->kind == ANP_KIND_TENSOR && s->rank >= 0;
        for (int k = 0; k < s->rank; k++) known = known && s->dims[k] >= 0;
        cts_value_t *v = new_value(net, &node->out[i]);
        if (known)
            v->t = new_tensor(t, (anp_dtype_t)s->dtype, (uint32_t)s->rank, s->dims);
        else
            v->t = (anp_tensor_t){.kind = s->kind, .dtype = s->dtype}; /* the kernel says */
    }
}

cts_verdict_t cts_net_node(cts_t *t, cts_net_t *net, const char *domain, const char *op,
                           const char *attrs, const int *in, uint32_t n_in, uint32_t wanted,
                           int *out) {
    cts_node_t *node = &net->nodes[net->n_nodes];
    anp_shape_out_t *shapes = cts_alloc(t, CTS_OPERANDS_MAX * sizeof *shapes);
    *node = (cts_node_t){.op = anp_op_find(domain, op), .n_in = n_in};
    snprintf(node->name, sizeof node->name, "n%u", (unsigned)net->n_nodes);
    if (!node->op) CTS_SKIPPED(t, "%s is not in this build", op);
    CTS_REQUIRE(t, read_attrs(t, node, attrs),
                "test error: attributes '%s' of %s are not understood", attrs, op);
    memcpy(node->in, in, n_in * sizeof *in);
    while (wanted >> node->n_out) node->n_out++;
    CTS_OK(t, infer(t, net, node, wanted, shapes));
    new_outputs(t, net, node, shapes, wanted);
    const anp_status_t st = compute(t, net, node);
    if (st == ANP_UNSUPPORTED) CTS_SKIPPED(t, "reference: %s", anp_error_message());
    CTS_OK(t, st);
    memcpy(out, node->out, node->n_out * sizeof *out);
    net->n_nodes++;
    return CTS_PASS;
}

cts_verdict_t cts_net_add(cts_t *t, cts_net_t *net, const char *op, const char *attrs,
                          const int *in, int *out) {
    uint32_t n = 0;
    while (in[n] != CTS_END) n++;
    const bool fused = strncmp(op, "anput.", 6) == 0;
    return cts_net_node(t, net, fused ? "anput" : "", fused ? op + 6 : op, attrs, in, n, 1, out);
}
