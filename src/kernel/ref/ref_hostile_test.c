/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operator of the table with random types, shapes, attributes and contents, sensible and not:
 * shape functions and reference kernels give a result or a sentence, and a shape found with symbols
 * is the one found with their numbers. Most useful under the sanitizers.
 */
#include "kernel/ref/ref_fixture.h"

enum {
    CALLS_PER_OP = 150,
    OPERANDS = 6,
    ELEMS_MAX = 1 << 16, /* of a result that is computed */
    SYMBOL_VALUES = 8,   /* sizes 1..7 have symbols */
};

/* ---- random choices ---- */

static uint64_t random_state;

static uint64_t draw(uint64_t n) { /* splitmix64 */
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % n;
}

static int64_t draw_int(void) {
    static const int64_t odd[] = {INT64_MIN, INT64_MAX, INT32_MIN, INT32_MAX, -1000, 1000, 1 << 20};
    return draw(16) ? (int64_t)draw(7) - 2 : odd[draw(ANP_ARRAY_LEN(odd))];
}

static double draw_real(void) {
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1e300, -0.0, 1e-40};
    return draw(16) ? (double)draw_int() / 2 : odd[draw(ANP_ARRAY_LEN(odd))];
}

static const char *draw_word(void) {
    static const char *const words[] = {
        "constant",  "reflect", "edge",       "wrap",    "SAME_UPPER",    "VALID",
        "LEFT",      "RIGHT",   "none",       "add",     "max",           "tanh",
        "linear",    "cubic",   "half_pixel", "forward", "reverse",       "CRD",
        "ij,jk->ik", "...i",    "down",       "Sigmoid", "bidirectional", ""};
    return words[draw(ANP_ARRAY_LEN(words))];
}

/* ---- one random call ---- */

typedef struct call_t {
    kx_t kx;
    const anp_op_t *op;
    anp_attr_t attrs[FX_MAX * 4];
    uint32_t n_attrs;
    char names[FX_MAX * 4][48];
    int64_t ints[FX_MAX * 4][4];
    float floats[FX_MAX * 4][4];
    anp_string_t strings[FX_MAX * 4][2];
    anp_tensor_t tensors[FX_MAX * 4];
    char type_names[OPERANDS * 2][32]; /* type variables chosen so far */
    anp_dtype_t types[OPERANDS * 2];
    uint32_t n_types;
} call_t;

static void fill(kx_t *kx, anp_tensor_t *t) {
    const int64_t n = anp_tensor_elems(t);
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    uint64_t bytes = 0;
    assert_int_equal(anp_tensor_bytes(t, &bytes), ANP_OK);
    for (int64_t i = 0; i < n; i++) {
        if (row->cls == ANP_CLASS_STRING)
            kx_put(kx, t, (uint64_t)i, draw(3) ? draw_word() : "12");
        else if (row->cls == ANP_CLASS_FLOAT)
            row->set_f64(t->data, (uint64_t)i, draw_real());
        else if (row->cls != ANP_CLASS_COMPLEX)
            anp_dtype_set_i64(row->dtype, t->data, (uint64_t)i, draw_int());
    }
}

/* An allowed type, the same for every operand of one variable. */
static anp_dtype_t draw_type(call_t *c, const char *type) {
    uint32_t n_rows = 0;
    const anp_dtype_row_t *rows = anp_dtype_rows(&n_rows);
    char name[32];
    const char *open = strchr(type, '('); /* seq(T), opt(T) */
    snprintf(name, sizeof name, "%s", open ? open + 1 : type);
    if (open) name[strcspn(name, ")")] = '\0';
    for (uint32_t i = 0; i < c->n_types; i++)
        if (strcmp(c->type_names[i], name) == 0) return c->types[i];
    anp_dtype_t dtype = ANP_DTYPE_NONE;
    for (int tries = 0; tries < 500 && dtype == ANP_DTYPE_NONE; tries++) {
        const anp_dtype_t t = draw(4) ? rows[draw(n_rows)].dtype : ANP_DTYPE_I64; /* followed */
        if (anp_op_type_allows(c->op, type, t)) dtype = t;
    }
    if (c->n_types < ANP_ARRAY_LEN(c->types)) {
        snprintf(c->type_names[c->n_types], sizeof c->type_names[0], "%s", name);
        c->types[c->n_types++] = dtype;
    }
    return dtype;
}

/* Dims of their own, those of the first input, or a short list (axes, shapes, indices). */
static uint32_t draw_dims(const call_t *c, int64_t *dims) {
    static const int64_t sizes[] = {0, 1, 1, 2, 2, 3, 3, 4, 5, 7};
    const anp_tensor_t *first = &c->kx.in[0];
    const uint64_t how = c->kx.n_in > 0 && !c->kx.absent[0] ? draw(4) : 0;
    if (how == 1) {
        memcpy(dims, first->dims, sizeof first->dims);
        return first->rank;
    }
    const uint32_t rank = (uint32_t)(how == 2 ? 1 : how == 3 ? 0 : draw(6));
    for (uint32_t a = 0; a < rank; a++) dims[a] = sizes[draw(ANP_ARRAY_LEN(sizes))];
    if (how == 2 && draw(2)) dims[0] = first->rank;
    return rank;
}

/* A sequence of t, or of nothing. */
static void make_sequence(kx_t *kx, anp_tensor_t *t) {
    void *item = NULL;
    assert_int_equal(kx_alloc(kx, sizeof *t, &item), ANP_OK);
    memcpy(item, t, sizeof *t);
    *t = (anp_tensor_t){.data = item,
                        .kind = ANP_KIND_SEQUENCE,
                        .dtype = t->dtype,
                        .rank = 1,
                        .dims = {(int64_t)draw(2)}};
}

/* A map whose values are up to five elements of t; keys may come twice, as no caller promises. */
static void make_map(kx_t *kx, anp_tensor_t *t, anp_dtype_t key) {
    const int64_t most = (int64_t)draw(6), n = ANP_MIN(anp_tensor_elems(t), most);
    anp_tensor_t *part = NULL;
    assert_int_equal(kx_alloc(kx, 2 * sizeof *part, (void **)&part), ANP_OK);
    kx_make(kx, &part[0], key, 1, &n);
    fill(kx, &part[0]);
    anp_tensor_init(&part[1], (anp_dtype_t)t->dtype, 1, &n, t->data);
    *t = (anp_tensor_t){.data = part,
                        .kind = ANP_KIND_MAP,
                        .dtype = t->dtype,
                        .key = (uint8_t)key,
                        .rank = 1,
                        .dims = {n}};
}

static anp_dtype_t draw_key(const call_t *c, const char *type) {
    const anp_dtype_t key = draw(2) ? ANP_DTYPE_I64 : ANP_DTYPE_STRING;
    if (anp_op_kind_allows(c->op, type, ANP_KIND_MAP, (uint8_t)key)) return key;
    return key == ANP_DTYPE_I64 ? ANP_DTYPE_STRING : ANP_DTYPE_I64;
}

static void add_input(call_t *c, const anp_operand_spec_t *spec) {
    kx_t *kx = &c->kx;
    anp_tensor_t *t = &kx->in[kx->n_in];
    int64_t dims[ANP_RANK_MAX] = {0};
    const anp_dtype_t dtype = draw_type(c, spec->type);
    kx->absent[kx->n_in] = dtype == ANP_DTYPE_NONE || (spec->optional && draw(3) == 0);
    if (!kx->absent[kx->n_in]) {
        const uint32_t rank = draw_dims(c, dims);
        kx_make(kx, t, dtype, rank, dims);
        fill(kx, t);
        if (anp_op_type_kind(spec->type) == ANP_KIND_SEQUENCE) make_sequence(kx, t);
        if (anp_op_type_kind(spec->type) == ANP_KIND_MAP) make_map(kx, t, draw_key(c, spec->type));
    }
    kx->n_in++;
}

static void add_attr(call_t *c, const anp_attr_spec_t *spec) {
    const uint32_t n = c->n_attrs;
    anp_attr_t *a = &c->attrs[n];
    snprintf(c->names[n], sizeof c->names[n], "%s", spec->name);
    *a = (anp_attr_t){.name = c->names[n], .kind = spec->kind, .count = draw(5)};
    for (uint32_t i = 0; i < 4; i++) {
        c->ints[n][i] = draw_int();
        c->floats[n][i] = (float)draw_real();
    }
    switch (spec->kind) {
    case ANP_ATTR_INT: a->v.i = draw(3) ? draw_int() : (int64_t)draw(30); break;
    case ANP_ATTR_FLOAT: a->v.f = (float)draw_real(); break;
    case ANP_ATTR_STRING: {
        const char *word = spec->has_default && draw(2) ? spec->def : draw_word();
        char *copy = NULL;
        assert_int_equal(kx_alloc(&c->kx, strlen(word) + 1, (void **)&copy), ANP_OK);
        memcpy(copy, word, strlen(word) + 1);
        a->v.s = (anp_string_t){copy, strlen(copy)};
        break;
    }
    case ANP_ATTR_INTS: a->v.ints = c->ints[n]; break;
    case ANP_ATTR_FLOATS: a->v.floats = c->floats[n]; break;
    case ANP_ATTR_STRINGS:
        a->count = draw(3);
        for (uint32_t i = 0; i < 2; i++) {
            const char *word = draw_word();
            c->strings[n][i] = (anp_string_t){word, strlen(word)};
        }
        a->v.strings = c->strings[n];
        break;
    case ANP_ATTR_TENSOR:
        kx_make(&c->kx, &c->tensors[n], draw(2) ? ANP_DTYPE_F32 : ANP_DTYPE_I64, 1,
                (const int64_t[]){draw(4) ? 1 : 2});
        fill(&c->kx, &c->tensors[n]);
        a->v.tensor = &c->tensors[n];
        break;
    default: return;
    }
    c->n_attrs++;
}

static void make_call(call_t *c, const anp_op_t *op) {
    anp_operand_spec_t spec;
    anp_attr_spec_t attr;
    memset(c, 0, sizeof *c);
    kx_begin(&c->kx);
    c->op = op;
    c->kx.seed = draw(1000);
    const uint32_t extra = (uint32_t)draw(3); /* of a variadic operand */
    for (uint32_t i = 0, more = 0; i < FX_MAX && anp_op_input_spec(op, i, &spec); i++) {
        if (spec.variadic && more++ > extra) break;
        add_input(c, &spec);
    }
    for (uint32_t i = 0; c->n_attrs < ANP_ARRAY_LEN(c->attrs) && anp_op_attr_spec(op, i, &attr);
         i++)
        if (attr.required || draw(2)) add_attr(c, &attr);
}

static uint32_t count_outputs(const anp_op_t *op) {
    anp_operand_spec_t spec;
    uint32_t n = 0;
    while (n < 3 && anp_op_output_spec(op, n, &spec)) n++;
    return n;
}

/* ---- what must hold with symbols ---- */

/* A tensor whose contents shape functions follow. */
static bool is_followed(const anp_tensor_t *t) {
    bool ok = t->dtype == ANP_DTYPE_I64 && anp_tensor_elems(t) <= ANP_SHAPE_VALUE_MAX;
    for (int64_t i = 0; ok && i < anp_tensor_elems(t); i++)
        ok = ANP_DIM_IS_CONST(((const int64_t *)t->data)[i]);
    return ok;
}

/* Inputs whose sizes, and contents of small i64 ones, are partly symbols "s<value>" or "t<value>".
 */
static void symbolic_inputs(const kx_t *kx, anp_dims_t *dims, anp_shape_in_t *in,
                            anp_dim_t (*values)[ANP_SHAPE_VALUE_MAX]) {
    for (uint32_t i = 0; i < kx->n_in; i++) {
        const anp_tensor_t *t = &kx->in[i];
        in[i] = (anp_shape_in_t){.present = !kx->absent[i]};
        if (kx->absent[i]) continue;
        in[i].shape.kind = t->kind;
        in[i].shape.dtype = t->dtype;
        in[i].shape.key = t->key;
        in[i].shape.rank = t->kind == ANP_KIND_TENSOR ? (int8_t)t->rank : -1;
        if (t->kind != ANP_KIND_TENSOR) continue;
        const int64_t n = anp_tensor_elems(t);
        const bool follow = is_followed(t);
        for (int64_t a = 0; a < t->rank + (follow ? n : 0); a++) {
            const int64_t v = a < t->rank ? t->dims[a] : ((const int64_t *)t->data)[a - t->rank];
            anp_dim_t *to = a < t->rank ? &in[i].shape.dims[a] : &values[i][a - t->rank];
            char name[8];
            *to = v;
            if (v < 1 || v >= SYMBOL_VALUES || draw(2) || (follow && a < t->rank)) continue;
            snprintf(name, sizeof name, "%c%d", draw(4) ? 's' : 't', (int)v);
            assert_int_equal(anp_dims_symbol(dims, name, to), ANP_OK);
        }
        if (!follow) in[i].data = draw(2) ? t : NULL;
        in[i].value = follow ? values[i] : NULL;
        in[i].n_value = follow ? (uint32_t)n : 0;
    }
}

/* An expression under the values its symbols are named after; false when it has others. */
static bool evaluate(const anp_dims_t *dims, anp_dim_t dim, int64_t *out) {
    int64_t bound[64];
    assert_true(dims->names.count <= ANP_ARRAY_LEN(bound));
    for (uint64_t i = 0; i < dims->names.count; i++) {
        const char *name = ANP_VEC_AT(&dims->names, const char *, i);
        bound[i] = name[0] == '_' ? ANP_DIM_UNKNOWN : strtoll(name + 1, NULL, 10);
    }
    return anp_dims_eval(dims, dim, bound, dims->names.count, out) == ANP_OK &&
           *out != ANP_DIM_UNKNOWN;
}

static void compare(const call_t *c, const anp_dims_t *dims, const char *what, int64_t i,
                    anp_dim_t symbolic, int64_t number) {
    int64_t v = 0;
    if (number == ANP_DIM_UNKNOWN || !evaluate(dims, symbolic, &v) || v == number) return;
    anp_buf_t text;
    anp_buf_init(&text, 0);
    anp_dims_print(dims, symbolic, &text);
    fail_msg("%s: %s %lld is %s = %lld with symbols, %lld with numbers", c->op->name, what,
             (long long)i, text.data, (long long)v, (long long)number);
}

static void compare_shapes(const call_t *c, const anp_dims_t *dims, const anp_shape_t *symbolic,
                           const anp_shape_t *numbers) {
    if (symbolic->rank < 0 || numbers->rank < 0) return;
    if (symbolic->rank != numbers->rank)
        fail_msg("%s: rank %d with symbols, %d with numbers", c->op->name, symbolic->rank,
                 numbers->rank);
    for (int32_t a = 0; a < symbolic->rank; a++)
        compare(c, dims, "axis", a, symbolic->dims[a], numbers->dims[a]);
}

static void compare_contents(const call_t *c, const anp_dims_t *dims, const anp_shape_out_t *out,
                             const anp_tensor_t *t) {
    if (out->n_value < 0 || t->kind != ANP_KIND_TENSOR || anp_tensor_elems(t) != out->n_value)
        return;
    for (int32_t i = 0; i < out->n_value; i++)
        compare(c, dims, "element", i, out->value[i],
                anp_dtype_get_i64((anp_dtype_t)t->dtype, t->data, (uint64_t)i));
}

/* The shape function on symbols; out[] is left with the result, of rank -1 and without contents
 * when it fails. */
static void infer_symbolic(call_t *c, const anp_attrs_t *attrs, uint32_t n_out, anp_dims_t *dims,
                           anp_shape_out_t *out) {
    static anp_dim_t values[FX_MAX][ANP_SHAPE_VALUE_MAX];
    anp_shape_in_t in[FX_MAX];
    symbolic_inputs(&c->kx, dims, in, values);
    anp_shape_ctx_t ctx = {.op = c->op,
                           .node_name = "n",
                           .attrs = attrs,
                           .in = in,
                           .n_in = c->kx.n_in,
                           .out = out,
                           .n_out = n_out,
                           .dims = dims};
    if (anp_shape_infer(&ctx) == ANP_OK) return;
    for (uint32_t o = 0; o < n_out; o++) {
        out[o].shape.rank = -1;
        out[o].n_value = -1;
    }
}

static bool small_results(const kx_t *kx, uint32_t n_out) {
    for (uint32_t o = 0; o < n_out; o++) {
        int64_t n = 1;
        for (int32_t a = 0; a < kx->fx.out[o].shape.rank; a++) {
            const int64_t dim = kx->fx.out[o].shape.dims[a];
            if (dim != ANP_DIM_UNKNOWN && dim > ELEMS_MAX) return false;
            n *= dim == ANP_DIM_UNKNOWN ? 1 : dim;
            if (n > ELEMS_MAX) return false;
        }
    }
    return true;
}

/* Where a size or an element found with symbols can be computed it is that of the shape and the
 * kernel with numbers. */
static void check_call(call_t *c, const anp_attrs_t *attrs, uint32_t n_out) {
    static anp_shape_out_t out[FX_MAX];
    anp_dims_t *dims = NULL;
    assert_int_equal(anp_dims_create(&dims), ANP_OK);
    infer_symbolic(c, attrs, n_out, dims, out);
    for (uint32_t o = 0; o < n_out; o++)
        compare_shapes(c, dims, &out[o].shape, &c->kx.fx.out[o].shape);
    if (small_results(&c->kx, n_out) && kx_call(&c->kx, c->op, attrs, n_out) == ANP_OK)
        for (uint32_t o = 0; o < n_out; o++) compare_contents(c, dims, &out[o], &c->kx.out[o]);
    anp_dims_release(dims);
}

static void run_call(call_t *c) {
    const uint32_t n_out = count_outputs(c->op);
    const anp_attrs_t attrs = {c->attrs, c->n_attrs};
    anp_dtype_t types[FX_MAX];
    for (uint32_t i = 0; i < c->kx.n_in; i++)
        types[i] = c->kx.absent[i] ? ANP_DTYPE_NONE : (anp_dtype_t)c->kx.in[i].dtype;
    if (anp_op_check(c->op, "n", &attrs, types, c->kx.n_in, n_out) != ANP_OK) return;
    if (kx_infer(&c->kx, c->op, &attrs, n_out, small_results) != ANP_OK) return;
    check_call(c, &attrs, n_out);
}

static void every_operator_survives_random_calls(void **state) {
    (void)state;
    static call_t c;
    for (uint32_t i = 0; anp_op_row(i); i++) {
        const anp_op_t *op = anp_op_row(i);
        if (!anp_kernel_ref(op)) continue; /* control flow, and Gradient */
        for (uint32_t n = 0; n < CALLS_PER_OP; n++) {
            random_state = (uint64_t)i << 32 | n; /* a failing call can be run alone */
            make_call(&c, op);
            run_call(&c);
            kx_end(&c.kx);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_operator_survives_random_calls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
