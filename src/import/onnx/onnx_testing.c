/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX models written by tests. */
#include "import/onnx/onnx_testing.h"
#include "import/onnx/onnx_import.h"
#include <stdio.h>

/* ---- wire format ---- */

void put_raw(msg_t *m, const void *data, size_t n) {
    assert_true(n <= sizeof m->data - m->n);
    if (n) memcpy(m->data + m->n, data, n);
    m->n += n;
}

void put_varint(msg_t *m, uint64_t value) {
    do {
        const uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        put_raw(m, &byte, 1);
        value >>= 7;
    } while (value);
}

void put_int(msg_t *m, unsigned field, int64_t value) {
    put_varint(m, field << 3);
    put_varint(m, (uint64_t)value);
}

void put_float(msg_t *m, unsigned field, float value) {
    put_varint(m, field << 3 | 5);
    put_raw(m, &value, sizeof value);
}

void put_bytes(msg_t *m, unsigned field, const void *data, size_t n) {
    put_varint(m, field << 3 | 2);
    put_varint(m, n);
    put_raw(m, data, n);
}

void put_text(msg_t *m, unsigned field, const char *text) {
    put_bytes(m, field, text, strlen(text));
}

void put_msg(msg_t *m, unsigned field, const msg_t *inner) {
    put_bytes(m, field, inner->data, inner->n);
}

/* The next word of *at, which moves on; false at the end. */
static bool next_word(const char **at, char out[64]) {
    size_t n = 0;
    while (**at == ' ') (*at)++;
    while (**at && **at != ' ' && n < 63) out[n++] = *(*at)++;
    out[n] = '\0';
    return n > 0;
}

static void put_words(msg_t *m, unsigned field, const char *words) {
    char word[64];
    while (next_word(&words, word)) put_text(m, field, strcmp(word, "-") == 0 ? "" : word);
}

/* ---- attributes ---- */

static msg_t new_attr(const char *name, int64_t type) {
    msg_t a = {.n = 0};
    put_text(&a, 1, name);
    put_int(&a, 20, type);
    return a;
}

msg_t attr_int(const char *name, int64_t value) {
    msg_t a = new_attr(name, 2);
    put_int(&a, 3, value);
    return a;
}

msg_t attr_ints(const char *name, size_t n, const int64_t *values) {
    msg_t a = new_attr(name, 7);
    for (size_t i = 0; i < n; i++) put_int(&a, 8, values[i]);
    return a;
}

msg_t attr_float(const char *name, float value) {
    msg_t a = new_attr(name, 1);
    put_float(&a, 2, value);
    return a;
}

msg_t attr_text(const char *name, const char *value) {
    msg_t a = new_attr(name, 3);
    put_text(&a, 4, value);
    return a;
}

msg_t attr_texts(const char *name, const char *words) {
    msg_t a = new_attr(name, 8);
    put_words(&a, 9, words);
    return a;
}

msg_t attr_tensor(const char *name, const msg_t *t) {
    msg_t a = new_attr(name, 4);
    put_msg(&a, 5, t);
    return a;
}

msg_t attr_graph(const char *name, const msg_t *graph) {
    msg_t a = new_attr(name, 5);
    put_msg(&a, 6, graph);
    return a;
}

msg_t attr_ref(const char *name, const char *of, int64_t type) {
    msg_t a = new_attr(name, type);
    put_text(&a, 21, of);
    return a;
}

/* ---- nodes ---- */

msg_t new_node(const char *op, const char *inputs, const char *outputs) {
    msg_t node = {.n = 0};
    put_words(&node, 1, inputs);
    put_words(&node, 2, outputs);
    put_text(&node, 4, op);
    return node;
}

void add_node(msg_t *graph, const msg_t *node) {
    put_msg(graph, 1, node);
}

void add_op(msg_t *graph, const char *op, const char *inputs, const char *outputs) {
    const msg_t node = new_node(op, inputs, outputs);
    add_node(graph, &node);
}

void add_op_attr(msg_t *graph, const char *op, const char *inputs, const char *outputs,
                 msg_t attr) {
    msg_t node = new_node(op, inputs, outputs);
    put_msg(&node, NODE_ATTR, &attr);
    add_node(graph, &node);
}

/* ---- values ---- */

static msg_t dims_msg(const char *dims) {
    msg_t shape = {.n = 0};
    char word[64];
    while (next_word(&dims, word)) {
        msg_t dim = {.n = 0};
        int64_t size;
        if (anp_parse_i64(word, &size))
            put_int(&dim, 1, size);
        else if (strcmp(word, "?") != 0)
            put_text(&dim, 2, word);
        put_msg(&shape, 1, &dim);
    }
    return shape;
}

void add_input(msg_t *graph, const char *name, anp_dtype_t dtype, const char *dims) {
    msg_t type_tensor = {.n = 0}, type = {.n = 0}, value = {.n = 0};
    put_int(&type_tensor, 1, dtype);
    if (dims) {
        const msg_t shape = dims_msg(dims);
        put_msg(&type_tensor, 2, &shape);
    }
    put_msg(&type, 1, &type_tensor);
    put_text(&value, 1, name);
    put_msg(&value, 2, &type);
    put_msg(graph, 11, &value);
}

void add_output(msg_t *graph, const char *name) {
    msg_t value = {.n = 0};
    put_text(&value, 1, name);
    put_msg(graph, 12, &value);
}

msg_t tensor(const char *name, anp_dtype_t dtype, const char *dims) {
    msg_t t = {.n = 0};
    char word[64];
    while (next_word(&dims, word)) {
        int64_t size;
        assert_true(anp_parse_i64(word, &size));
        put_int(&t, 1, size);
    }
    put_int(&t, 2, dtype);
    put_text(&t, 8, name);
    return t;
}

msg_t tensor_raw(const char *name, anp_dtype_t dtype, const char *dims, const void *data,
                 size_t n) {
    msg_t t = tensor(name, dtype, dims);
    put_bytes(&t, 9, data, n);
    return t;
}

msg_t tensor_f32s(const char *name, const char *dims, size_t n, const float *values) {
    return tensor_raw(name, ANP_DTYPE_F32, dims, values, n * sizeof *values);
}

msg_t tensor_i64s(const char *name, const char *dims, size_t n, const int64_t *values) {
    return tensor_raw(name, ANP_DTYPE_I64, dims, values, n * sizeof *values);
}

void add_initializer(msg_t *graph, const msg_t *t) {
    put_msg(graph, 5, t);
}

static void put_entry(msg_t *t, const char *key, const char *value) {
    msg_t entry = {.n = 0};
    if (!value) return;
    put_text(&entry, 1, key);
    put_text(&entry, 2, value);
    put_msg(t, 13, &entry);
}

msg_t tensor_external(const char *name, anp_dtype_t dtype, const char *dims, const char *location,
                      const char *offset, const char *length) {
    msg_t t = tensor(name, dtype, dims);
    put_int(&t, 14, 1);
    put_entry(&t, "location", location);
    put_entry(&t, "offset", offset);
    put_entry(&t, "length", length);
    return t;
}

/* ---- models ---- */

void put_opset(msg_t *m, unsigned field, const char *domain, int64_t version) {
    msg_t opset = {.n = 0};
    put_text(&opset, 1, domain);
    put_int(&opset, 2, version);
    put_msg(m, field, &opset);
}

msg_t new_function(const char *name, const char *inputs, const char *outputs) {
    msg_t f = {.n = 0};
    put_text(&f, 1, name);
    put_words(&f, 4, inputs);
    put_words(&f, 5, outputs);
    put_opset(&f, 9, "", 17);
    put_opset(&f, 9, "test", 1);
    put_text(&f, 10, "test");
    return f;
}

void add_function_node(msg_t *function, const msg_t *node) {
    put_msg(function, 7, node);
}

msg_t new_model(const msg_t *graph, int64_t opset) {
    msg_t m = {.n = 0};
    put_int(&m, 1, 8);
    put_opset(&m, MODEL_OPSET, "", opset);
    put_opset(&m, MODEL_OPSET, "com.microsoft", 1);
    put_opset(&m, MODEL_OPSET, "test", 1);
    put_msg(&m, 7, graph);
    return m;
}

void add_function(msg_t *model, const msg_t *function) {
    put_msg(model, 25, function);
}

/* ---- checks ---- */

anp_graph_t *import_ok(const msg_t *model) {
    static const anp_import_options_t options = {0};
    anp_graph_t *g;
    anp_status_t st = anp_onnx_import_bytes(model->data, model->n, "m.onnx", NULL, &options, &g);
    if (st == ANP_OK) st = anp_graph_infer(g);
    if (st == ANP_OK) st = anp_graph_verify(g);
    if (st != ANP_OK) print_error("%s\n", anp_error_message());
    assert_int_equal(st, ANP_OK);
    return g;
}

void expect_import_fails(const msg_t *model, anp_status_t status, const char *message) {
    static const anp_import_options_t options = {0};
    anp_graph_t *g;
    const anp_status_t st =
        anp_onnx_import_bytes(model->data, model->n, "m.onnx", NULL, &options, &g);
    assert_null(g);
    if (st != status) print_error("%s\n", anp_error_message());
    assert_int_equal(st, status);
    anp_test_expect_message(message);
}

/* Finds `line` as a whole line of text; NULL when it is not there. */
static const char *find_line(const char *text, const char *line, size_t n) {
    for (const char *at = text; at && *at;) {
        const char *end = strchr(at, '\n');
        const size_t len = end ? (size_t)(end - at) : strlen(at);
        size_t indent = 0;
        while (indent < len && at[indent] == ' ') indent++;
        if (len - indent == n && memcmp(at + indent, line, n) == 0) return at + len;
        at = end ? end + 1 : NULL;
    }
    return NULL;
}

static void expect_lines_in(const char *text, const char *lines) {
    const char *at = text;
    while (*lines) {
        const size_t n = strcspn(lines, "\n");
        at = find_line(at, lines, n);
        if (!at) print_error("not found: %.*s\nin:\n%s\n", (int)n, lines, text);
        assert_non_null(at);
        lines += n + (lines[n] == '\n');
    }
}

void expect_line(anp_graph_t *g, const char *line) {
    anp_buf_t b;
    anp_buf_init(&b, 0);
    assert_int_equal(anp_graph_print(g, &b), ANP_OK);
    expect_lines_in(b.data, line);
    anp_buf_deinit(&b);
}

void expect_lines(const msg_t *model, const char *lines) {
    anp_graph_t *g = import_ok(model);
    expect_line(g, lines);
    anp_graph_release(g);
}
