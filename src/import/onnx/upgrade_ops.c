/* SPDX-License-Identifier: Apache-2.0 */
/* Upgrades of single operators whose old meaning needs other inputs or other nodes. */
#include "import/onnx/upgrade_rules.h"
#include "op/dtype.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

static anp_status_t need_input(const anp_draft_t *d, uint32_t i, anp_value_t **out) {
    *out = anp_draft_input(d, i);
    if (!*out) ANP_FAIL(ANP_INVALID_MODEL, "input %" PRIu32 " is missing", i);
    return ANP_OK;
}

/* The rank of input i, where an old form cannot be expressed without it. */
static anp_status_t need_rank(const anp_draft_t *d, uint32_t i, int64_t *out) {
    anp_value_t *v;
    ANP_TRY(need_input(d, i, &v));
    *out = v->shape.rank;
    if (*out >= 0) return ANP_OK;
    ANP_FAIL(ANP_UNSUPPORTED,
             "the form of operator set %" PRId64
             " needs the rank of input '%s', which is not known",
             d->version, v->name);
}

/* The node is complete with this one result. */
static void finish(anp_draft_t *d, anp_value_t *result) {
    d->outputs[0] = result;
    d->done = true;
}

/* v with n axes of size 1 inserted from axis `first` on. */
static anp_status_t unsqueeze(anp_draft_t *d, anp_value_t *v, int64_t first, int64_t n,
                              anp_value_t **out) {
    int64_t axes[ANP_RANK_MAX];
    anp_value_t *axes_value;
    for (int64_t i = 0; i < n; i++) axes[i] = first + i;
    ANP_TRY(anp_graph_const_i64s(d->graph, "axes", axes, (uint32_t)n, &axes_value));
    return anp_draft_step(
        d, &(anp_step_t){.op = "Unsqueeze", .inputs = {v, axes_value}, .n_inputs = 2}, out);
}

static anp_status_t cast(anp_draft_t *d, anp_value_t *v, anp_dtype_t to, const char *name,
                         anp_value_t **out) {
    return anp_draft_step(
        d,
        &(anp_step_t){
            .op = "Cast", .inputs = {v}, .n_inputs = 1, .attr = "to", .value = to, .name = name},
        out);
}

/* ---- broadcasting ---- */

ANP_UPGRADE_RULE(legacy_broadcast) {
    (void)row;
    int64_t broadcast, axis, rank_a, rank_b;
    const bool has_axis = anp_draft_attr(d, "axis");
    ANP_TRY(anp_draft_int(d, "broadcast", 0, &broadcast));
    ANP_TRY(anp_draft_int(d, "axis", 0, &axis));
    anp_draft_drop(d, "broadcast");
    anp_draft_drop(d, "axis");
    if (!broadcast || !has_axis) return ANP_OK; /* equal shapes, or B is a suffix of A */
    ANP_TRY(need_rank(d, 0, &rank_a));
    ANP_TRY(need_rank(d, 1, &rank_b));
    if (axis < 0) axis += rank_a;
    if (axis < 0 || axis + rank_b > rank_a)
        ANP_FAIL(ANP_INVALID_MODEL,
                 "axis %" PRId64 ": B of rank %" PRId64 " does not lie within A of rank %" PRId64,
                 axis, rank_b, rank_a);
    const int64_t n_trailing = rank_a - axis - rank_b;
    if (n_trailing == 0) return ANP_OK;
    anp_value_t *b;
    ANP_TRY(unsqueeze(d, anp_draft_input(d, 1), rank_b, n_trailing, &b));
    return anp_draft_set_input(d, 1, b);
}

/* A slope of one dimension is one number per channel, and channels are axis 1. */
ANP_UPGRADE_RULE(prelu_slope) {
    (void)row;
    anp_value_t *slope;
    int64_t rank;
    ANP_TRY(need_input(d, 1, &slope));
    if (slope->shape.rank != 1 || slope->shape.dims[0] == 1) return ANP_OK;
    ANP_TRY(need_rank(d, 0, &rank));
    if (rank <= 2) return ANP_OK;
    ANP_TRY(unsqueeze(d, slope, 1, rank - 2, &slope));
    return anp_draft_set_input(d, 1, slope);
}

/* ---- normalisation ---- */

/* spatial = 0: one mean and variance per activation [C, D1 ...]: plain arithmetic with
 * broadcasting. */
static anp_status_t per_activation_norm(anp_draft_t *d) {
    anp_value_t *x, *scale, *bias, *mean, *var, *eps, *t;
    const anp_attr_t *epsilon;
    ANP_TRY(anp_draft_find(d, "epsilon", ANP_ATTR_FLOAT, &epsilon));
    ANP_TRY(need_input(d, 0, &x));
    ANP_TRY(need_input(d, 1, &scale));
    ANP_TRY(need_input(d, 2, &bias));
    ANP_TRY(need_input(d, 3, &mean));
    ANP_TRY(need_input(d, 4, &var));
    ANP_TRY(anp_draft_scalar_like(d, "epsilon", epsilon ? (double)epsilon->v.f : 1e-5, x, &eps));
    ANP_TRY(
        anp_draft_step(d, &(anp_step_t){.op = "Add", .inputs = {var, eps}, .n_inputs = 2}, &var));
    ANP_TRY(anp_draft_step(d, &(anp_step_t){.op = "Sqrt", .inputs = {var}, .n_inputs = 1}, &var));
    ANP_TRY(anp_draft_step(d, &(anp_step_t){.op = "Sub", .inputs = {x, mean}, .n_inputs = 2}, &t));
    ANP_TRY(anp_draft_step(d, &(anp_step_t){.op = "Div", .inputs = {t, var}, .n_inputs = 2}, &t));
    ANP_TRY(anp_draft_step(d, &(anp_step_t){.op = "Mul", .inputs = {t, scale}, .n_inputs = 2}, &t));
    ANP_TRY(anp_draft_step(
        d, &(anp_step_t){.op = "Add", .inputs = {t, bias}, .n_inputs = 2, .name = d->out_names[0]},
        &t));
    finish(d, t);
    return ANP_OK;
}

static bool wants_more_than_one(const anp_draft_t *d) {
    for (uint32_t i = 1; i < d->n_outputs; i++)
        if (anp_draft_wants(d, i)) return true;
    return false;
}

/* Takes is_test out of the draft. Only a 0 that is written means training: without the attribute
 * ONNX's own converter takes inference too. */
static anp_status_t take_training(anp_draft_t *d, bool *out) {
    int64_t is_test;
    ANP_TRY(anp_draft_int(d, "is_test", 1, &is_test));
    anp_draft_drop(d, "is_test");
    *out = is_test == 0;
    return ANP_OK;
}

ANP_UPGRADE_RULE(batch_norm_is_test) {
    (void)row;
    bool training;
    ANP_TRY(take_training(d, &training));
    return training ? anp_draft_set_int(d, "training_mode", 1) : ANP_OK;
}

ANP_UPGRADE_RULE(batch_norm_spatial) {
    (void)row;
    int64_t spatial;
    ANP_TRY(anp_draft_int(d, "spatial", 1, &spatial));
    anp_draft_drop(d, "spatial");
    if (spatial) return ANP_OK;
    if (wants_more_than_one(d) || !anp_draft_wants(d, 0) || anp_draft_attr(d, "training_mode"))
        ANP_FAIL(ANP_UNSUPPORTED, "training with spatial = 0 is not supported");
    return per_activation_norm(d);
}

/* Up to set 13 more than one output meant training. */
ANP_UPGRADE_RULE(batch_norm_training) {
    (void)row;
    if (anp_draft_wants(d, 3) || anp_draft_wants(d, 4))
        ANP_FAIL(ANP_UNSUPPORTED, "outputs saved_mean and saved_var are not supported");
    const bool training = wants_more_than_one(d);
    if (d->n_outputs > 3) d->n_outputs = 3;
    return training ? anp_draft_set_int(d, "training_mode", 1) : ANP_OK;
}

/* Scale and bias [num_groups] become [C]: each value is repeated for the channels of its group. */
static anp_status_t repeat_for_channels(anp_draft_t *d, uint32_t input, anp_value_t *shape) {
    static const int64_t all[] = {-1};
    anp_value_t *v, *flat;
    ANP_TRY(need_input(d, input, &v));
    ANP_TRY(unsqueeze(d, v, 1, 1, &v));
    ANP_TRY(
        anp_draft_step(d, &(anp_step_t){.op = "Expand", .inputs = {v, shape}, .n_inputs = 2}, &v));
    ANP_TRY(anp_graph_const_i64s(d->graph, "shape", all, 1, &flat));
    ANP_TRY(
        anp_draft_step(d, &(anp_step_t){.op = "Reshape", .inputs = {v, flat}, .n_inputs = 2}, &v));
    return anp_draft_set_input(d, input, v);
}

ANP_UPGRADE_RULE(group_norm_scale) {
    (void)row;
    static const int64_t axis[] = {1};
    int64_t groups;
    anp_value_t *x, *channel_axis, *n_groups, *shape;
    ANP_TRY(anp_draft_int(d, "num_groups", 0, &groups));
    ANP_TRY(need_input(d, 0, &x));
    if (groups < 1) ANP_FAIL(ANP_INVALID_MODEL, "num_groups is %" PRId64 ", expected >= 1", groups);
    ANP_TRY(anp_draft_step(d, &(anp_step_t){.op = "Shape", .inputs = {x}, .n_inputs = 1}, &shape));
    ANP_TRY(anp_graph_const_i64s(d->graph, "axis", axis, 1, &channel_axis));
    ANP_TRY(anp_draft_step(
        d, &(anp_step_t){.op = "Gather", .inputs = {shape, channel_axis}, .n_inputs = 2}, &shape));
    ANP_TRY(anp_graph_const_i64s(d->graph, "num_groups", &groups, 1, &n_groups));
    ANP_TRY(anp_draft_step(
        d, &(anp_step_t){.op = "Div", .inputs = {shape, n_groups}, .n_inputs = 2}, &shape));
    ANP_TRY(anp_draft_step(
        d,
        &(anp_step_t){.op = "Concat", .inputs = {n_groups, shape}, .n_inputs = 2, .attr = "axis"},
        &shape));
    ANP_TRY(repeat_for_channels(d, 1, shape));
    return repeat_for_channels(d, 2, shape);
}

/* ---- Softmax, LogSoftmax, Hardmax over everything from `axis` on, seen as one dimension ---- */

/* Whether all dimensions behind axis are 1: then the old and the new meaning agree. */
static bool axis_stands_alone(const anp_shape_t *s, int64_t axis) {
    if (s->rank < 0) return false;
    for (int64_t i = axis + 1; i < s->rank; i++)
        if (s->dims[i] != 1) return false;
    return axis < s->rank;
}

ANP_UPGRADE_RULE(softmax_2d) {
    (void)row;
    int64_t axis;
    anp_value_t *x, *shape, *y;
    ANP_TRY(anp_draft_int(d, "axis", 1, &axis));
    ANP_TRY(need_input(d, 0, &x));
    if (axis < 0 && x->shape.rank >= 0) axis += x->shape.rank;
    if (axis == -1 || (axis >= 0 && axis_stands_alone(&x->shape, axis)))
        return anp_draft_set_int(d, "axis", axis);
    if (!anp_draft_wants(d, 0) || d->n_outputs != 1)
        ANP_FAIL(ANP_INVALID_MODEL, "%" PRIu32 " outputs, expected 1", d->n_outputs);
    ANP_TRY(anp_draft_step(d, &(anp_step_t){.op = "Shape", .inputs = {x}, .n_inputs = 1}, &shape));
    ANP_TRY(anp_draft_step(
        d,
        &(anp_step_t){.op = "Flatten", .inputs = {x}, .n_inputs = 1, .attr = "axis", .value = axis},
        &y));
    ANP_TRY(anp_draft_step(
        d, &(anp_step_t){.op = d->op, .inputs = {y}, .n_inputs = 1, .attr = "axis", .value = 1},
        &y));
    ANP_TRY(anp_draft_step(d,
                           &(anp_step_t){.op = "Reshape",
                                         .inputs = {y, shape},
                                         .n_inputs = 2,
                                         .attr = "allowzero",
                                         .value = 1,
                                         .name = d->out_names[0]},
                           &y));
    finish(d, y);
    return ANP_OK;
}

/* ---- attributes that became inputs, with a twist ---- */

/* Set 1 knew no bounds by default, sets 6 to 10 those of f32; narrower types saturate to infinity,
 * which bounds nothing. */
static anp_status_t clip_bound(anp_draft_t *d, const char *name, uint32_t input, bool has_default,
                               float def) {
    const anp_attr_t *a;
    anp_value_t *x, *bound;
    ANP_TRY(anp_draft_find(d, name, ANP_ATTR_FLOAT, &a));
    if (!a && !has_default) return ANP_OK;
    ANP_TRY(need_input(d, 0, &x));
    ANP_TRY(anp_draft_scalar_like(d, name, (double)(a ? a->v.f : def), x, &bound));
    anp_draft_drop(d, name);
    return anp_draft_set_input(d, input, bound);
}

ANP_UPGRADE_RULE(clip_bounds) {
    const bool has_default = row->number && !anp_draft_input(d, 1) && !anp_draft_input(d, 2);
    ANP_TRY(clip_bound(d, "min", 1, has_default, -FLT_MAX));
    return clip_bound(d, "max", 2, has_default, FLT_MAX);
}

ANP_UPGRADE_RULE(cast_type_name) {
    (void)row;
    const anp_attr_t *to = anp_draft_attr(d, "to");
    uint32_t n;
    const anp_dtype_row_t *types = anp_dtype_rows(&n);
    if (!to || to->kind != ANP_ATTR_STRING) return ANP_OK;
    for (uint32_t i = 0; i < n; i++) /* "FLOAT" for what later sets spell "float" */
        if (types[i].onnx_name && strcasecmp(types[i].onnx_name, to->v.s.ptr) == 0)
            return anp_draft_set_int(d, "to", types[i].dtype);
    ANP_FAIL(ANP_INVALID_MODEL, "to is '%s', which is no element type", to->v.s.ptr);
}

ANP_UPGRADE_RULE(selu_defaults) {
    (void)row;
    if (!anp_draft_attr(d, "alpha")) ANP_TRY(anp_draft_set_float(d, "alpha", 1.6732f));
    if (!anp_draft_attr(d, "gamma")) ANP_TRY(anp_draft_set_float(d, "gamma", 1.0507f));
    return ANP_OK;
}

/* The default of set 1 has a letter too few. */
ANP_UPGRADE_RULE(gru_direction) {
    (void)row;
    const anp_attr_t *a;
    ANP_TRY(anp_draft_find(d, "direction", ANP_ATTR_STRING, &a));
    if (a && strcmp(a->v.s.ptr, "foward") == 0)
        return anp_draft_set_string(d, "direction", "forward");
    return ANP_OK;
}

ANP_UPGRADE_RULE(dropout_is_test) {
    (void)row;
    static const bool yes = true;
    bool training;
    anp_tensor_t t;
    anp_value_t *mode;
    ANP_TRY(take_training(d, &training));
    if (!training) return ANP_OK;
    anp_tensor_init(&t, ANP_DTYPE_BOOL, 0, NULL, (void *)(uintptr_t)&yes);
    ANP_TRY(anp_graph_add_constant(d->graph, "training_mode", &t, true, NULL, 0, &mode));
    return anp_draft_set_input(d, 2, mode);
}

/* Up to set 9 the mask had the type of the data. */
ANP_UPGRADE_RULE(dropout_mask) {
    if (!anp_draft_wants(d, 1)) return ANP_OK;
    anp_value_t *x;
    ANP_TRY(need_input(d, 0, &x));
    ANP_TRY(anp_upgrade_attr_to_f32(d, row)); /* ratio, which the node below has as input */
    const char *inner_names[] = {d->out_names[0], NULL};
    const anp_node_desc_t desc = {.op = anp_op_find("", "Dropout"),
                                  .name = d->name,
                                  .inputs = d->inputs.data,
                                  .n_inputs = (uint32_t)d->inputs.count,
                                  .out_names = inner_names,
                                  .n_outputs = 2};
    anp_node_t *node;
    ANP_TRY(anp_graph_add_node(d->graph, d->block, NULL, &desc, &node));
    ANP_TRY(anp_node_infer(d->graph, node));
    ANP_TRY(anp_draft_step(d,
                           &(anp_step_t){.op = "CastLike",
                                         .inputs = {node->outputs[1], x},
                                         .n_inputs = 2,
                                         .name = d->out_names[1]},
                           &d->outputs[1]));
    finish(d, node->outputs[0]);
    return ANP_OK;
}

/* Set 1 took the sizes as a second input of the data's type too. */
ANP_UPGRADE_RULE(split_sizes) {
    (void)row;
    anp_value_t *sizes = anp_draft_input(d, 1);
    if (!sizes) return ANP_OK;
    ANP_TRY(cast(d, sizes, ANP_DTYPE_I64, NULL, &sizes));
    return anp_draft_set_input(d, 1, sizes);
}

ANP_UPGRADE_RULE(split_count) {
    (void)row;
    return anp_draft_input(d, 1) ? ANP_OK : anp_draft_set_int(d, "num_outputs", d->n_outputs);
}

/* A constant of one whole number, which set 1 wrote as a float too. */
static bool whole_number(const anp_value_t *v, int64_t *out) {
    double x;
    uint32_t n;
    if (anp_value_const_i64s(v, out, 1, &n)) return n == 1;
    if (!anp_value_const_scalar(v, &x) || !(fabs(x) < 1e9) || x != floor(x)) return false;
    *out = (int64_t)x;
    return true;
}

/* Inputs tiles and axis, one number each, become repeats. */
ANP_UPGRADE_RULE(tile_axis) {
    (void)row;
    int64_t rank, tiles, axis, repeats[ANP_RANK_MAX];
    anp_value_t *value;
    if (!anp_draft_input(d, 2)) return ANP_OK; /* written as in set 6 by many */
    ANP_TRY(need_rank(d, 0, &rank));
    if (!whole_number(anp_draft_input(d, 1), &tiles) || !whole_number(anp_draft_input(d, 2), &axis))
        ANP_FAIL(ANP_UNSUPPORTED, "tiles and axis are no constant whole numbers");
    if (axis < 0 || axis >= rank)
        ANP_FAIL(ANP_INVALID_MODEL, "axis is %" PRId64 ", expected 0 to %" PRId64, axis, rank - 1);
    for (int64_t i = 0; i < rank; i++) repeats[i] = i == axis ? tiles : 1;
    ANP_TRY(anp_graph_const_i64s(d->graph, "repeats", repeats, (uint32_t)rank, &value));
    ANP_TRY(anp_draft_set_input(d, 1, value));
    d->inputs.count = 2;
    return ANP_OK;
}

/* ---- types ---- */

/* Whole numbers, which later sets do not take: computed in f64 and cut back. */
ANP_UPGRADE_RULE(whole_through_f64) {
    (void)row;
    anp_value_t *x, *y;
    ANP_TRY(need_input(d, 0, &x));
    const anp_dtype_t dtype = (anp_dtype_t)x->shape.dtype;
    if (!anp_dtype_is_int(dtype) || !anp_draft_wants(d, 0)) return ANP_OK;
    ANP_TRY(cast(d, x, ANP_DTYPE_F64, NULL, &y));
    ANP_TRY(anp_draft_step(d, &(anp_step_t){.op = d->op, .inputs = {y}, .n_inputs = 1}, &y));
    ANP_TRY(cast(d, y, dtype, d->out_names[0], &y));
    finish(d, y);
    return ANP_OK;
}

/* ---- Resize ---- */

/* Whether constant scales make an axis smaller or larger; both, where they are not known. */
static void look_at_scales(const anp_value_t *scales, bool *out_down, bool *out_up) {
    const bool known = anp_value_is_const(scales);
    *out_down = *out_up = !known;
    if (!known) return;
    const anp_tensor_t *t = &scales->constant->tensor;
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    for (int64_t i = 0; row->get_f64 && i < anp_tensor_elems(t); i++) {
        const double scale = row->get_f64(t->data, (uint64_t)i);
        *out_down = *out_down || scale < 1;
        *out_up = *out_up || scale > 1;
    }
}

/* x_original = x / scale; the scales were input 1. */
static anp_status_t make_asymmetric(anp_draft_t *d, const char *rounding, anp_value_t *scales) {
    ANP_TRY(anp_draft_set_string(d, "coordinate_transformation_mode", "asymmetric"));
    ANP_TRY(anp_draft_set_string(d, "nearest_mode", rounding));
    ANP_TRY(anp_draft_set_input(d, 2, scales));
    return anp_draft_set_input(d, 1, NULL);
}

ANP_UPGRADE_RULE(upsample_resize) {
    (void)row;
    anp_value_t *scales;
    ANP_TRY(need_input(d, 1, &scales));
    d->op = "Resize";
    return make_asymmetric(d, "floor", scales);
}

/* Scales that only shrink (Min with 1) or only enlarge (Max); of constant ones constants, so that
 * sizes stay known. */
static anp_status_t limit_scales(anp_draft_t *d, anp_value_t *scales, const char *op,
                                 anp_value_t **out) {
    anp_value_t *one;
    if (!anp_value_is_const(scales) || scales->constant->tensor.dtype != ANP_DTYPE_F32) {
        ANP_TRY(anp_graph_const_f32(d->graph, "one", 1, &one));
        return anp_draft_step(d, &(anp_step_t){.op = op, .inputs = {scales, one}, .n_inputs = 2},
                              out);
    }
    anp_tensor_t t = scales->constant->tensor;
    const int64_t n = anp_tensor_elems(&t);
    float *limited;
    ANP_TRY(ANP_ARENA_ARRAY(d->arena, (uint64_t)n, &limited));
    for (int64_t i = 0; i < n; i++) {
        const float scale = (float)anp_dtype_row(ANP_DTYPE_F32)->get_f64(t.data, (uint64_t)i);
        limited[i] = strcmp(op, "Min") == 0 ? fminf(scale, 1) : fmaxf(scale, 1);
    }
    t.data = limited;
    return anp_graph_add_constant(d->graph, "scales", &t, true, NULL, 0, out);
}

/* A Resize of its own shrinks the axes that become smaller; the draft then enlarges the others. */
static anp_status_t shrink_first(anp_draft_t *d, anp_value_t **io_scales) {
    const anp_attr_t attrs[] = {
        {.name = "coordinate_transformation_mode",
         .kind = ANP_ATTR_STRING,
         .v.s = {"asymmetric", strlen("asymmetric")}},
        {.name = "nearest_mode", .kind = ANP_ATTR_STRING, .v.s = {"ceil", strlen("ceil")}}};
    anp_value_t *inputs[3] = {NULL};
    ANP_TRY(need_input(d, 0, &inputs[0]));
    ANP_TRY(limit_scales(d, *io_scales, "Min", &inputs[2]));
    ANP_TRY(limit_scales(d, *io_scales, "Max", io_scales));
    const anp_node_desc_t desc = {.op = anp_op_find("", "Resize"),
                                  .attrs = attrs,
                                  .n_attrs = ANP_ARRAY_LEN(attrs),
                                  .inputs = inputs,
                                  .n_inputs = 3,
                                  .n_outputs = 1};
    anp_node_t *node;
    ANP_TRY(anp_graph_add_node(d->graph, d->block, NULL, &desc, &node));
    ANP_TRY(anp_node_infer(d->graph, node));
    return anp_draft_set_input(d, 0, node->outputs[0]);
}

/* Of the nearest two inputs the lower was taken where an axis grows, the upper where it shrinks. */
ANP_UPGRADE_RULE(resize_asymmetric) {
    (void)row;
    const anp_attr_t *mode;
    anp_value_t *scales;
    bool down, up;
    if (anp_draft_attr(d, "coordinate_transformation_mode")) return ANP_OK; /* was an Upsample */
    ANP_TRY(need_input(d, 1, &scales));
    ANP_TRY(anp_draft_find(d, "mode", ANP_ATTR_STRING, &mode));
    const bool nearest = !mode || strcmp(mode->v.s.ptr, "nearest") == 0;
    look_at_scales(scales, &down, &up);
    if (nearest && down && up) ANP_TRY(shrink_first(d, &scales));
    return make_asymmetric(d, nearest && down && !up ? "ceil" : "floor", scales);
}

/* Set 11 asked for all inputs, so what is not meant is an empty tensor; writers still do so in
 * later sets. */
ANP_UPGRADE_RULE(resize_drop_empty) {
    (void)row;
    for (uint32_t i = 1; i < d->inputs.count; i++) {
        const anp_value_t *v = anp_draft_input(d, i);
        if (v && v->shape.rank == 1 && v->shape.dims[0] == 0)
            ANP_TRY(anp_draft_set_input(d, i, NULL));
    }
    return ANP_OK;
}

ANP_UPGRADE_RULE(upsample_scales) {
    (void)row;
    const anp_attr_t *width, *height;
    ANP_TRY(anp_draft_find(d, "width_scale", ANP_ATTR_FLOAT, &width));
    ANP_TRY(anp_draft_find(d, "height_scale", ANP_ATTR_FLOAT, &height));
    if (!width || !height) return ANP_OK; /* as in set 7 */
    float *scales;
    ANP_TRY(anp_arena_alloc(d->arena, 4 * sizeof *scales, (void **)&scales));
    scales[0] = scales[1] = 1;
    scales[2] = height->v.f;
    scales[3] = width->v.f;
    anp_draft_drop(d, "width_scale");
    anp_draft_drop(d, "height_scale");
    const anp_attr_t attr = {
        .name = "scales", .kind = ANP_ATTR_FLOATS, .count = 4, .v.floats = scales};
    return anp_vec_push(&d->attrs, &attr);
}
