/* SPDX-License-Identifier: Apache-2.0 */
/* What libraries of operators call: attributes, what is known of shapes, and the answers of shape
 * rules. Nothing a library says is believed before it was compared with the operator's row. */
#include "op/shape/shape_util.h"
#include "op/user_op.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NOT_ANSWERED = -2 }; /* rank of an output the rule has not spoken of */

/* ---- failing ---- */

/* Codes about devices and runs are the runtime's own. */
static anp_status_t code_of_library(anp_status_t code) {
    switch (code) {
    case ANP_INVALID_ARGUMENT:
    case ANP_INVALID_MODEL:
    case ANP_UNSUPPORTED:
    case ANP_OUT_OF_MEMORY:
    case ANP_OUT_OF_RANGE:
    case ANP_NOT_FINITE:
    case ANP_LIMIT: return code;
    default: return ANP_BAD_OPERATOR;
    }
}

static anp_status_t fail_text(anp_op_node_t *node, anp_status_t code, const char *text) {
    if (node->status != ANP_OK) return node->status;
    node->status = code;
    return anp_error_prefix(ANP_ERROR(code, "%s", text), "node '%s' (%s.%s)", node->name,
                            node->op->domain, node->op->name);
}

static anp_status_t host_fail(anp_op_node_t *node, anp_status_t code, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return fail_text(node, code_of_library(code), text);
}

anp_status_t anp_user_lie(anp_op_node_t *node, const char *format, ...) {
    char text[1024];
    int n = snprintf(text, sizeof text, "library %.200s: ", node->op->user->lib->path);
    n = ANP_MAX(n, 0);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, sizeof text - (size_t)n, format, args);
    va_end(args);
    return fail_text(node, ANP_BAD_OPERATOR, text);
}

/* A helper of ours failed: its sentence gets the node and counts as the call's. */
static anp_status_t keep(anp_op_node_t *node, anp_status_t st) {
    if (st != ANP_OK && node->status == ANP_OK) node->status = st;
    return st;
}

anp_status_t anp_user_result(anp_op_node_t *node, anp_status_t st, const char *what) {
    if (node->status != ANP_OK || st == ANP_OK) return node->status;
    return anp_user_lie(node, "the %s gives status %d (%s) and no reason", what, (int)st,
                        anp_status_text(st));
}

/* ---- attributes ---- */

static const anp_attr_t *attr_of(anp_op_node_t *node, const char *name, anp_attr_kind_t kind) {
    static const anp_attr_t none = {0};
    const anp_attr_t *def = anp_attr_find(&node->op->user->defaults, name);
    if (!def || def->kind != kind) {
        anp_user_lie(node, "it asks for attribute '%s' as a kind its row does not have", name);
        return &none;
    }
    const anp_attr_t *given = anp_attr_find(node->attrs, name);
    return given && given->kind == kind ? given : def;
}

static int64_t host_attr_int(anp_op_node_t *node, const char *name) {
    return attr_of(node, name, ANP_ATTR_INT)->v.i;
}
static float host_attr_float(anp_op_node_t *node, const char *name) {
    return attr_of(node, name, ANP_ATTR_FLOAT)->v.f;
}
static const char *host_attr_string(anp_op_node_t *node, const char *name) {
    const char *s = attr_of(node, name, ANP_ATTR_STRING)->v.s.ptr;
    return s ? s : "";
}
static const int64_t *host_attr_ints(anp_op_node_t *node, const char *name, uint64_t *out_count) {
    const anp_attr_t *a = attr_of(node, name, ANP_ATTR_INTS);
    *out_count = a->count;
    return a->v.ints;
}
static const float *host_attr_floats(anp_op_node_t *node, const char *name, uint64_t *out_count) {
    const anp_attr_t *a = attr_of(node, name, ANP_ATTR_FLOATS);
    *out_count = a->count;
    return a->v.floats;
}
static const anp_string_t *host_attr_strings(anp_op_node_t *node, const char *name,
                                             uint64_t *out_count) {
    const anp_attr_t *a = attr_of(node, name, ANP_ATTR_STRINGS);
    *out_count = a->count;
    return a->v.strings;
}
static const anp_tensor_t *host_attr_tensor(anp_op_node_t *node, const char *name) {
    return attr_of(node, name, ANP_ATTR_TENSOR)->v.tensor;
}

/* ---- inputs of a shape rule ---- */

/* The call's shapes; NULL (and a failure) in a kernel. */
static anp_shape_ctx_t *shapes(anp_op_node_t *node) {
    if (!node->shape) anp_user_lie(node, "a kernel calls a function for shape rules");
    return node->shape;
}

static const anp_shape_in_t *input_of(anp_op_node_t *node, uint32_t i) {
    static const anp_shape_in_t none = {.shape = {.rank = -1}};
    const anp_shape_ctx_t *c = shapes(node);
    if (!c) return &none;
    if (i < c->n_in) return c->in[i].present ? &c->in[i] : &none;
    anp_operand_spec_t spec; /* optional ones at the end may be left out of the node */
    if (!anp_op_input_spec(c->op, i, &spec)) anp_user_lie(node, "it has no input %u", i);
    return &none;
}

static uint32_t host_input_count(anp_op_node_t *node) {
    const anp_shape_ctx_t *c = shapes(node);
    return c ? c->n_in : 0;
}
static uint32_t host_output_count(anp_op_node_t *node) {
    const anp_shape_ctx_t *c = shapes(node);
    return c ? c->n_out : 0;
}
static bool host_input_given(anp_op_node_t *node, uint32_t input) {
    return input_of(node, input)->present;
}
static anp_dtype_t host_input_type(anp_op_node_t *node, uint32_t input) {
    return (anp_dtype_t)input_of(node, input)->shape.dtype;
}
static int32_t host_input_rank(anp_op_node_t *node, uint32_t input) {
    return input_of(node, input)->shape.rank;
}
static anp_op_size_t host_input_size(anp_op_node_t *node, uint32_t input, uint32_t axis) {
    const anp_shape_t *s = &input_of(node, input)->shape;
    if ((int64_t)axis < s->rank) return s->dims[axis];
    anp_user_lie(node, "it asks for axis %u of input %u, which has rank %d", axis, input, s->rank);
    return ANP_DIM_UNKNOWN;
}
static anp_status_t host_input_ints(anp_op_node_t *node, uint32_t input, anp_op_size_t *out,
                                    uint32_t capacity, int32_t *out_count) {
    uint32_t n;
    bool known;
    *out_count = -1;
    input_of(node, input);
    if (node->status != ANP_OK) return node->status;
    ANP_TRY(keep(node, anp_shape_in_ints(node->shape, input, out,
                                         ANP_MIN(capacity, ANP_SHAPE_VALUE_MAX), &n, &known)));
    if (known) *out_count = (int32_t)n;
    return ANP_OK;
}

/* ---- sizes ---- */

/* Handles come from us: others would be looked up somewhere in memory. */
static anp_status_t check_size(anp_op_node_t *node, anp_op_size_t size) {
    const anp_dims_t *d = node->shape->dims;
    if (ANP_DIM_IS_CONST(size) || (!d && size == ANP_DIM_UNKNOWN)) return ANP_OK;
    if (d && size != ANP_DIM_UNKNOWN && ANP_DIM_INDEX(size) < d->exprs.count) return ANP_OK;
    return anp_user_lie(node, "%" PRId64 " is no size: handles come from the host alone", size);
}

static anp_status_t host_calc(anp_op_node_t *node, anp_op_calc_t op, anp_op_size_t a,
                              anp_op_size_t b, anp_op_size_t *out) {
    static const anp_dim_op_t ops[] = {
        [ANP_OP_ADD] = ANP_DIM_ADD,          [ANP_OP_SUB] = ANP_DIM_SUB,
        [ANP_OP_MUL] = ANP_DIM_MUL,          [ANP_OP_FLOOR_DIV] = ANP_DIM_FLOORDIV,
        [ANP_OP_CEIL_DIV] = ANP_DIM_CEILDIV, [ANP_OP_MIN] = ANP_DIM_MIN,
        [ANP_OP_MAX] = ANP_DIM_MAX,          [ANP_OP_MOD] = ANP_DIM_MOD,
    };
    *out = ANP_DIM_UNKNOWN;
    if (!shapes(node) || node->status != ANP_OK) return node->status;
    if ((uint32_t)op >= ANP_ARRAY_LEN(ops))
        return anp_user_lie(node, "there is no calculation %d", (int)op);
    ANP_TRY(check_size(node, a));
    ANP_TRY(check_size(node, b));
    return keep(node, anp_shape_dim(node->shape, ops[op], a, b, out));
}

static anp_status_t host_unknown_size(anp_op_node_t *node, anp_op_size_t *out) {
    *out = ANP_DIM_UNKNOWN;
    if (!shapes(node) || node->status != ANP_OK) return node->status;
    return keep(node, anp_shape_fresh(node->shape, out));
}

/* ---- answers ---- */

/* The output to be answered; NULL when the call has failed. */
static anp_shape_t *answer_of(anp_op_node_t *node, uint32_t output) {
    const anp_shape_ctx_t *c = shapes(node);
    if (!c || node->status != ANP_OK) return NULL;
    if (output < c->n_out) return &c->out[output].shape;
    anp_operand_spec_t spec; /* at the end of the signature, left out of the node: not wanted */
    if (anp_op_output_spec(c->op, output, &spec)) return &node->unused;
    anp_user_lie(node, "it has no output %u", output);
    return NULL;
}

static anp_status_t host_set_type(anp_op_node_t *node, uint32_t output, anp_dtype_t type) {
    anp_operand_spec_t spec;
    anp_shape_t *s = answer_of(node, output);
    if (!s) return node->status;
    anp_op_output_spec(node->op, output, &spec);
    const bool other = s != &node->unused && s->dtype != ANP_DTYPE_NONE && s->dtype != type;
    if (other || !anp_op_type_allows(node->op, spec.type, type))
        return anp_user_lie(node, "the shape rule gives output '%s' type %s, its signature %s",
                            spec.name, anp_dtype_name(type),
                            other ? anp_dtype_name((anp_dtype_t)s->dtype) : "does not allow that");
    s->dtype = (uint8_t)type;
    return ANP_OK;
}

static anp_status_t host_set_like(anp_op_node_t *node, uint32_t output, uint32_t input) {
    anp_shape_t *s = answer_of(node, output);
    if (!s) return node->status;
    anp_shape_copy_dims(s, &input_of(node, input)->shape);
    return node->status;
}

static anp_status_t host_set_broadcast(anp_op_node_t *node, uint32_t output, uint32_t first,
                                       uint32_t count) {
    anp_shape_t *s = answer_of(node, output), all = {.rank = 0};
    if (!s) return node->status;
    for (uint32_t i = 0; i < count && node->status == ANP_OK; i++) {
        const anp_shape_in_t *in = input_of(node, first + i);
        if (in->present) keep(node, anp_shape_broadcast_dims(node->shape, &all, &in->shape, &all));
    }
    anp_shape_copy_dims(s, &all);
    return node->status;
}

static anp_status_t host_set_sizes(anp_op_node_t *node, uint32_t output, uint32_t rank,
                                   const anp_op_size_t *sizes) {
    anp_shape_t *s = answer_of(node, output);
    if (!s) return node->status;
    if (rank > ANP_RANK_MAX)
        return anp_user_lie(node, "the shape rule gives output %u %u axes, at most %d are taken",
                            output, rank, ANP_RANK_MAX);
    for (uint32_t i = 0; i < rank; i++) {
        ANP_TRY(check_size(node, sizes[i]));
        if (ANP_DIM_IS_CONST(sizes[i]) && sizes[i] < 0)
            return anp_user_lie(node, "the shape rule gives axis %u of output %u size %" PRId64, i,
                                output, sizes[i]);
    }
    anp_shape_set_dims(s, rank, sizes);
    return ANP_OK;
}

static anp_status_t host_set_unknown(anp_op_node_t *node, uint32_t output) {
    anp_shape_t *s = answer_of(node, output);
    if (s) s->rank = -1;
    return node->status;
}

/* ---- kernels ---- */

static bool in_kernel(anp_op_node_t *node) {
    if (!node->slots) anp_user_lie(node, "a shape rule calls a function for kernels");
    return node->slots && node->status == ANP_OK;
}
static anp_status_t host_output(anp_op_node_t *node, uint32_t output, uint32_t rank,
                                const int64_t *dims, void **out_data) {
    *out_data = NULL;
    return in_kernel(node) ? node->slots->output(node, output, rank, dims, out_data) : node->status;
}
static anp_status_t host_scratch(anp_op_node_t *node, uint64_t size_bytes, void **out) {
    *out = NULL;
    return in_kernel(node) ? node->slots->scratch(node, size_bytes, out) : node->status;
}
static void host_parallel(anp_op_node_t *node, uint64_t count,
                          void (*work)(void *arg, uint64_t item), void *arg) {
    if (in_kernel(node)) node->slots->parallel(node, count, work, arg);
}
static uint64_t host_seed(anp_op_node_t *node) {
    return in_kernel(node) ? node->slots->seed(node) : 0;
}

const anp_op_host_t anp_user_host = {
    .abi = ANP_OP_ABI,
    .struct_size = sizeof anp_user_host,
    .fail = host_fail,
    .attr_int = host_attr_int,
    .attr_float = host_attr_float,
    .attr_string = host_attr_string,
    .attr_ints = host_attr_ints,
    .attr_floats = host_attr_floats,
    .attr_strings = host_attr_strings,
    .attr_tensor = host_attr_tensor,
    .input_count = host_input_count,
    .output_count = host_output_count,
    .input_given = host_input_given,
    .input_type = host_input_type,
    .input_rank = host_input_rank,
    .input_size = host_input_size,
    .input_ints = host_input_ints,
    .calc = host_calc,
    .unknown_size = host_unknown_size,
    .set_type = host_set_type,
    .set_like = host_set_like,
    .set_broadcast = host_set_broadcast,
    .set_sizes = host_set_sizes,
    .set_unknown = host_set_unknown,
    .output = host_output,
    .scratch = host_scratch,
    .parallel = host_parallel,
    .seed = host_seed,
};

/* ---- the row function ---- */

static bool has_unknown_input(const anp_shape_ctx_t *c) {
    for (uint32_t i = 0; i < c->n_in; i++)
        if (c->in[i].present && (c->in[i].shape.rank < 0 || !c->in[i].shape.dtype)) return true;
    return false;
}

/* A rule that speaks of some calls only, or leaves sizes open when every input has come. */
static anp_status_t check_answer(anp_op_node_t *node, uint32_t i) {
    const anp_shape_ctx_t *c = node->shape;
    const anp_shape_t *s = &c->out[i].shape;
    if (!c->out[i].wanted) return ANP_OK;
    if (s->rank == NOT_ANSWERED)
        return anp_user_lie(node, "the shape rule gives output %u no shape", i);
    if (has_unknown_input(c)) return ANP_OK;
    if (!s->dtype) return anp_user_lie(node, "the shape rule gives output %u no type", i);
    if (c->dims || node->op->flags & ANP_OP_DATA_DEPENDENT) return ANP_OK;
    bool known = s->rank >= 0;
    for (int32_t k = 0; k < s->rank; k++) known &= s->dims[k] != ANP_DIM_UNKNOWN;
    if (!known)
        return anp_user_lie(node,
                            "the shape rule leaves output %u open; only data-dependent operators "
                            "may",
                            i);
    return ANP_OK;
}

anp_status_t anp_shape_user(anp_shape_ctx_t *c) {
    anp_op_node_t node = {.op = c->op, .name = c->node_name, .attrs = c->attrs, .shape = c};
    for (uint32_t i = 0; i < c->n_out; i++) c->out[i].shape.rank = NOT_ANSWERED;
    const anp_status_t st = c->op->user->def->shape(&anp_user_host, &node);
    ANP_TRY(anp_user_result(&node, st, "shape rule"));
    for (uint32_t i = 0; i < c->n_out; i++) {
        ANP_TRY(check_answer(&node, i));
        if (c->out[i].shape.rank == NOT_ANSWERED) c->out[i].shape.rank = -1;
    }
    return ANP_OK;
}
