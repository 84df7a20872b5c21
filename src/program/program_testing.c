/* SPDX-License-Identifier: Apache-2.0 */
/* Sample programs, written with the writer. */
#include "program/program_testing.h"
#include <string.h>

/* A writer whose first failure sticks, so that a program reads as a list of what is in it. */
typedef struct build_t {
    anp_program_writer_t *w;
    anp_status_t st;
    uint32_t n_consts;
} build_t;

#define LIST(type, ...) (const type[]){__VA_ARGS__}, ANP_ARRAY_LEN(((const type[]){__VA_ARGS__}))
#define IDS(...) put_ids(b, LIST(uint32_t, __VA_ARGS__))
#define DIMS(...) put_dims(b, LIST(int64_t, __VA_ARGS__))
/* Assigns a list and its count to two fields. */
#define SET_IDS(field, ...) \
    .field = IDS(__VA_ARGS__), .n_##field = ANP_ARRAY_LEN(((const uint32_t[]){__VA_ARGS__}))

/* Runs a call of the writer unless an earlier one failed. */
#define PUT(call)                            \
    do {                                     \
        if (b->st == ANP_OK) b->st = (call); \
    } while (0)

static uint32_t text(build_t *b, const char *s) {
    uint32_t at = 0;
    PUT(anp_program_put_string(b->w, s, strlen(s), &at));
    return at;
}

static uint32_t put_ids(build_t *b, const uint32_t *ids, uint32_t n) {
    uint32_t at = 0;
    PUT(anp_program_put_refs(b->w, ids, n, &at));
    return at;
}

typedef struct dims_t {
    uint32_t at, rank;
} dims_t;

static dims_t put_dims(build_t *b, const int64_t *dims, uint32_t rank) {
    dims_t d = {.rank = rank};
    PUT(anp_program_put_ints(b->w, dims, rank, &d.at));
    return d;
}

static int64_t symbol(build_t *b, const char *name) {
    uint32_t index = 0, expr = 0;
    PUT(anp_program_put_symbol(b->w, name, &index));
    PUT(anp_program_put_expr(b->w, &(anp_p_expr_t){.op = ANP_DIM_SYM, .a = index}, &expr));
    return ANP_P_DIM_EXPR(expr);
}

static int64_t expr(build_t *b, anp_dim_op_t op, int64_t x, int64_t y) {
    uint32_t index = 0;
    PUT(anp_program_put_expr(b->w, &(anp_p_expr_t){.op = op, .a = x, .b = y}, &index));
    return ANP_P_DIM_EXPR(index);
}

static uint32_t value(build_t *b, const char *name, anp_dtype_t dtype, dims_t d) {
    uint32_t id = 0;
    const anp_p_value_t v = {.name = text(b, name),
                             .dtype = (uint8_t)dtype,
                             .rank = (int8_t)d.rank,
                             .dims = d.at,
                             .const_id = ANP_P_NONE};
    PUT(anp_program_put_value(b->w, &v, &id));
    return id;
}

/* A constant; its weight has the same number. */
static uint32_t constant(build_t *b, anp_dtype_t dtype, dims_t d, uint64_t bytes) {
    uint32_t id = 0;
    const anp_p_const_t c = {.weight = b->n_consts++,
                             .dtype = (uint8_t)dtype,
                             .rank = (uint8_t)d.rank,
                             .dims = d.at,
                             .bytes = bytes};
    PUT(anp_program_put_const(b->w, &c, &id));
    return id;
}

static uint32_t const_value(build_t *b, const char *name, anp_dtype_t dtype, dims_t d,
                            uint32_t const_id) {
    uint32_t id = 0;
    const anp_p_value_t v = {.name = text(b, name),
                             .dtype = (uint8_t)dtype,
                             .rank = (int8_t)d.rank,
                             .dims = d.at,
                             .const_id = const_id};
    PUT(anp_program_put_value(b->w, &v, &id));
    return id;
}

static uint32_t attrs(build_t *b, const anp_attr_t *list, uint32_t n, const uint32_t *consts) {
    uint32_t first = 0;
    PUT(anp_program_put_attrs(b->w, list, n, consts, &first));
    return first;
}

static uint32_t node(build_t *b, anp_p_node_t n) {
    uint32_t id = 0;
    PUT(anp_program_put_node(b->w, &n, &id));
    return id;
}

static uint32_t block(build_t *b, anp_p_block_t block) {
    uint32_t id = 0;
    PUT(anp_program_put_block(b->w, &block, &id));
    return id;
}

static void entry(build_t *b, const char *name, uint32_t block_id) {
    PUT(anp_program_put_entry(b->w, &(anp_p_entry_t){text(b, name), block_id}));
}

static void partition(build_t *b, anp_p_partition_t p) {
    uint32_t id;
    PUT(anp_program_put_partition(b->w, &p, &id));
}

/* ---- the samples ---- */

static void build_linear(build_t *b) {
    const int64_t n = symbol(b, "N");
    const uint32_t cw = constant(b, ANP_DTYPE_F32, DIMS(4, 3), 48);
    const uint32_t cb = constant(b, ANP_DTYPE_F32, DIMS(3), 12);
    const uint32_t x = value(b, "x", ANP_DTYPE_F32, DIMS(n, 4));
    const uint32_t w = const_value(b, "w", ANP_DTYPE_F32, DIMS(4, 3), cw);
    const uint32_t bias = const_value(b, "b", ANP_DTYPE_F32, DIMS(3), cb);
    const uint32_t xw = value(b, "xw", ANP_DTYPE_F32, DIMS(n, 3));
    const uint32_t sum = value(b, "sum", ANP_DTYPE_F32, DIMS(n, 3));
    const uint32_t y = value(b, "y", ANP_DTYPE_F32, DIMS(n, 3));
    const uint32_t why = text(b, "the only device");
    node(b, (anp_p_node_t){.name = text(b, "matmul"),
                           .op = text(b, "MatMul"),
                           .since = 13,
                           SET_IDS(inputs, x, w),
                           SET_IDS(outputs, xw),
                           .reason = why,
                           .est_us = 1.5f});
    node(b, (anp_p_node_t){.name = text(b, "add"),
                           .op = text(b, "Add"),
                           .since = 14,
                           SET_IDS(inputs, xw, bias),
                           SET_IDS(outputs, sum),
                           .reason = why});
    node(b, (anp_p_node_t){.name = text(b, "relu"),
                           .op = text(b, "Relu"),
                           .since = 14,
                           SET_IDS(inputs, sum),
                           SET_IDS(outputs, y),
                           .reason = why});
    const uint32_t main = block(b, (anp_p_block_t){.name = text(b, "main"),
                                                   SET_IDS(inputs, x),
                                                   SET_IDS(outputs, y),
                                                   .n_nodes = 3,
                                                   .owner = ANP_P_NONE});
    entry(b, "main", main);
    partition(b, (anp_p_partition_t){.block = main, .n_nodes = 3, .blob = ANP_P_NONE});
    PUT(anp_program_put_meta(b->w, "producer", "anput tests"));
}

/* Every kind but BLOCK, which If has. */
static uint32_t put_all_attrs(build_t *b, uint32_t tensor_const, uint32_t *out_n) {
    static const int64_t ints[] = {-1, 0, INT64_MAX};
    static const float floats[] = {0.5f, -2.0f};
    static const anp_string_t strings[] = {{"a\0b", 3}, {"", 0}};
    static const anp_tensor_t type = {.kind = ANP_KIND_SEQUENCE, .dtype = ANP_DTYPE_I64};
    const anp_attr_t list[] = {
        {.name = "i", .kind = ANP_ATTR_INT, .v.i = -7},
        {.name = "f", .kind = ANP_ATTR_FLOAT, .v.f = 1.25f},
        {.name = "s", .kind = ANP_ATTR_STRING, .v.s = {"line\n\"quoted\"", 13}},
        {.name = "t", .kind = ANP_ATTR_TENSOR},
        {.name = "is", .kind = ANP_ATTR_INTS, .count = 3, .v.ints = ints},
        {.name = "fs", .kind = ANP_ATTR_FLOATS, .count = 2, .v.floats = floats},
        {.name = "ss", .kind = ANP_ATTR_STRINGS, .count = 2, .v.strings = strings},
        {.name = "none", .kind = ANP_ATTR_INTS},
        {.name = "ty", .kind = ANP_ATTR_TYPE, .v.tensor = &type},
    };
    const uint32_t consts[ANP_ARRAY_LEN(list)] = {[3] = tensor_const};
    *out_n = ANP_ARRAY_LEN(list);
    return attrs(b, list, *out_n, consts);
}

static void build_control(build_t *b) {
    enum { MAIN, THEN, ELSE, IF_NODE = 1 };
    const dims_t scalar = {0};
    const uint32_t words = constant(b, ANP_DTYPE_STRING, DIMS(2), 8 * 3 + 9);
    const uint32_t one = constant(b, ANP_DTYPE_F32, scalar, 4);
    const uint32_t x = value(b, "x", ANP_DTYPE_F32, DIMS(2));
    const uint32_t cond = value(b, "cond", ANP_DTYPE_BOOL, scalar);
    const uint32_t labels = const_value(b, "labels", ANP_DTYPE_STRING, DIMS(2), words);
    const uint32_t c1 = const_value(b, "one", ANP_DTYPE_F32, scalar, one);
    const uint32_t odd = value(b, "odd", ANP_DTYPE_F32, DIMS(2));
    const uint32_t y = value(b, "y", ANP_DTYPE_F32, DIMS(2));
    const uint32_t then_y = value(b, "then_y", ANP_DTYPE_F32, DIMS(2));
    uint32_t n_attrs;
    const uint32_t all = put_all_attrs(b, one, &n_attrs);
    node(b, (anp_p_node_t){.name = text(b, "everything"),
                           .domain = text(b, "test"),
                           .op = text(b, "Everything"),
                           .since = 1,
                           SET_IDS(inputs, x, ANP_P_NONE, labels),
                           SET_IDS(outputs, odd, ANP_P_NONE),
                           .attrs = all,
                           .n_attrs = n_attrs,
                           .partition = ANP_P_NONE});
    const anp_attr_t branches[] = {
        {.name = "then_branch", .kind = ANP_ATTR_BLOCK, .v.block = 0},
        {.name = "else_branch", .kind = ANP_ATTR_BLOCK, .v.block = 1},
    };
    node(b, (anp_p_node_t){.name = text(b, "if"),
                           .op = text(b, "If"),
                           .since = 25,
                           SET_IDS(inputs, cond),
                           SET_IDS(outputs, y),
                           .attrs = attrs(b, branches, 2, NULL),
                           .n_attrs = 2,
                           SET_IDS(blocks, THEN, ELSE),
                           .partition = ANP_P_NONE});
    node(b, (anp_p_node_t){.name = text(b, "plus_one"),
                           .op = text(b, "Add"),
                           .since = 14,
                           SET_IDS(inputs, odd, c1),
                           SET_IDS(outputs, then_y),
                           .partition = ANP_P_NONE});
    block(b, (anp_p_block_t){.name = text(b, "main"),
                             SET_IDS(inputs, x, cond),
                             SET_IDS(outputs, y, labels),
                             .n_nodes = 2,
                             .owner = ANP_P_NONE});
    block(b, (anp_p_block_t){.name = text(b, "then"),
                             SET_IDS(outputs, then_y),
                             .first_node = 2,
                             .n_nodes = 1,
                             .owner = IF_NODE});
    block(b, (anp_p_block_t){.name = text(b, "else"),
                             SET_IDS(outputs, x),
                             .first_node = 3,
                             .owner = IF_NODE}); /* a captured value */
    entry(b, "main", MAIN);
}

/* One of the two entries: next = Relu(cache), y = Reshape(Concat(next, x)); s rows of input, c rows
 * of state. */
static void build_step(build_t *b, const char *name, int64_t s, int64_t c, uint32_t initial,
                       uint32_t shape_const, const anp_p_partition_t *p) {
    const uint32_t id = p->block, first = 3 * id;
    const int64_t rows = expr(b, ANP_DIM_ADD, c, s);
    const int64_t flat = expr(b, ANP_DIM_MUL, rows, 2);
    const uint32_t x = value(b, "x", ANP_DTYPE_F32, DIMS(s, 2));
    const uint32_t cache = value(b, "cache", ANP_DTYPE_F32, DIMS(c, 2));
    const uint32_t shape = const_value(b, "shape", ANP_DTYPE_I64, DIMS(1), shape_const);
    const uint32_t next = value(b, "cache_next", ANP_DTYPE_F32, DIMS(c, 2));
    const uint32_t joined = value(b, "joined", ANP_DTYPE_F32, DIMS(rows, 2));
    const uint32_t y = value(b, "y", ANP_DTYPE_F32, DIMS(flat));
    const anp_attr_t axis = {.name = "axis", .kind = ANP_ATTR_INT, .v.i = 0};
    node(b, (anp_p_node_t){.name = text(b, "relu"),
                           .op = text(b, "Relu"),
                           .since = 14,
                           SET_IDS(inputs, cache),
                           SET_IDS(outputs, next),
                           .partition = id});
    node(b, (anp_p_node_t){.name = text(b, "concat"),
                           .op = text(b, "Concat"),
                           .since = 13,
                           SET_IDS(inputs, next, x),
                           SET_IDS(outputs, joined),
                           .attrs = attrs(b, &axis, 1, NULL),
                           .n_attrs = 1,
                           .partition = id});
    node(b, (anp_p_node_t){.name = text(b, "reshape"),
                           .op = text(b, "Reshape"),
                           .since = 25,
                           SET_IDS(inputs, joined, shape),
                           SET_IDS(outputs, y),
                           .partition = id});
    block(b, (anp_p_block_t){.name = text(b, name),
                             SET_IDS(inputs, x, cache),
                             SET_IDS(outputs, y),
                             .first_node = first,
                             .n_nodes = 3,
                             .owner = ANP_P_NONE});
    entry(b, name, id);
    PUT(anp_program_put_state(b->w, &(anp_p_state_t){text(b, "cache"), cache, next, initial}));
    PUT(anp_program_put_alias(b->w, &(anp_p_alias_t){next, cache, ANP_P_ALIAS_STATE, 0}));
    PUT(anp_program_put_alias(b->w, &(anp_p_alias_t){y, joined, ANP_P_ALIAS_VIEW, 0}));
    anp_p_partition_t filled = *p;
    filled.first_node = first;
    filled.n_nodes = 3;
    if (p->group) {
        filled.inputs = IDS(x, cache);
        filled.outputs = IDS(next, y);
        filled.n_inputs = filled.n_outputs = 2;
        filled.consts = IDS(shape_const);
        filled.n_consts = 1;
    }
    partition(b, filled);
}

/* prefill takes S rows, decode one. */
static void build_steps(build_t *b, const anp_p_partition_t *prefill) {
    const int64_t s = symbol(b, "S"), c = symbol(b, "C");
    const uint32_t initial = constant(b, ANP_DTYPE_F32, DIMS(4, 2), 32);
    const uint32_t shape = constant(b, ANP_DTYPE_I64, DIMS(1), 8);
    const anp_p_partition_t decode = {.block = 1, .blob = ANP_P_NONE};
    build_step(b, "prefill", s, c, initial, shape, prefill);
    build_step(b, "decode", 1, c, initial, shape, &decode);
}

static void build_state(build_t *b) {
    build_steps(b, &(anp_p_partition_t){.blob = ANP_P_NONE});
}

static void build_vendor(build_t *b) {
    build_steps(b, &(anp_p_partition_t){.driver = text(b, "vendor"),
                                        .target = text(b, "v1"),
                                        .blob = 0,
                                        .entry = 0,
                                        .group = 1});
}

static const struct {
    const char *name;
    void (*build)(build_t *b);
} samples[] = {
    [ANP_SAMPLE_LINEAR] = {"linear", build_linear},
    [ANP_SAMPLE_CONTROL] = {"control", build_control},
    [ANP_SAMPLE_STATE] = {"state", build_state},
    [ANP_SAMPLE_VENDOR] = {"vendor", build_vendor},
};

const char *anp_sample_name(anp_sample_t sample) {
    return samples[sample].name;
}

anp_status_t anp_sample_program(anp_sample_t sample, void **out_data, uint64_t *out_size) {
    *out_data = NULL;
    *out_size = 0;
    build_t b = {0};
    ANP_TRY(anp_program_writer_create(&b.w));
    samples[sample].build(&b);
    if (b.st == ANP_OK) b.st = anp_program_writer_finish(b.w, out_data, out_size);
    anp_program_writer_release(b.w);
    return b.st;
}

anp_status_t anp_sample_const(const anp_program_t *p, uint32_t id, void **out_data) {
    const anp_p_const_t *c = &p->consts[id];
    ANP_TRY(anp_alloc(c->bytes, out_data));
    if (c->dtype == ANP_DTYPE_STRING) { /* offsets of two strings, then the strings */
        static const uint64_t offsets[] = {24, 27, 33};
        memcpy(*out_data, offsets, sizeof offsets);
        memcpy((char *)*out_data + sizeof offsets, "catzebra\n", 9);
        return ANP_OK;
    }
    if (c->dtype == ANP_DTYPE_I64) *(int64_t *)*out_data = -1; /* the shape [-1] */
    for (uint64_t i = 0; c->dtype == ANP_DTYPE_F32 && i < c->bytes / sizeof(float); i++)
        ((float *)*out_data)[i] = 0.25f * (float)((i + id) % 7) - 0.5f;
    return ANP_OK;
}
