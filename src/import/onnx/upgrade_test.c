/* SPDX-License-Identifier: Apache-2.0 */
/* Old forms of operators and what they become: one test per function of upgrade_rules.h. */
#include "import/onnx/onnx_testing.h"

static const int64_t list_0_1[] = {0, 1}, list_1[] = {1}, list_2[] = {2};

/* One node over x: f32[2, 3, 4, 4] whose first output is y. */
typedef struct one_node_t {
    msg_t graph, node;
} one_node_t;

static one_node_t begin(const char *op, const char *inputs, const char *outputs) {
    one_node_t t = {.graph = {.n = 0}, .node = new_node(op, inputs, outputs)};
    add_input(&t.graph, "x", ANP_DTYPE_F32, "2 3 4 4");
    return t;
}

static void with(one_node_t *t, msg_t attr) {
    put_msg(&t->node, NODE_ATTR, &attr);
}

/* Imports it as operator set `opset` and looks for lines of the graph. */
static void becomes(one_node_t *t, int64_t opset, const char *lines) {
    add_node(&t->graph, &t->node);
    add_output(&t->graph, "y");
    const msg_t m = new_model(&t->graph, opset);
    expect_lines(&m, lines);
}

static void is_refused(one_node_t *t, int64_t opset, anp_status_t status, const char *message) {
    add_node(&t->graph, &t->node);
    const msg_t m = new_model(&t->graph, opset);
    expect_import_fails(&m, status, message);
}

static void axes_become_an_input(void **state) {
    (void)state;
    one_node_t t = begin("ReduceMean", "x", "y");
    with(&t, attr_ints("axes", 2, list_0_1));
    becomes(&t, 13, "const axes: i64[2] = {0, 1}\ny: f32[1, 1, 4, 4] = ReduceMean(x, axes)");
    t = begin("Unsqueeze", "x", "y");
    with(&t, attr_ints("axes", 1, list_1));
    becomes(&t, 11, "y: f32[2, 1, 3, 4, 4] = Unsqueeze(x, axes)");
    t = begin("ReduceSum", "x", "y");
    becomes(&t, 11, "y: f32[1, 1, 1, 1] = ReduceSum(x)");
}

static void slices_bounds_become_inputs(void **state) {
    (void)state;
    one_node_t t = begin("Slice", "x", "y");
    with(&t, attr_ints("starts", 1, list_1));
    with(&t, attr_ints("ends", 1, list_2));
    with(&t, attr_ints("axes", 1, list_1));
    becomes(&t, 1, "y: f32[2, 1, 4, 4] = Slice(x, starts, ends, starts)");
}

static void reshapes_shape_becomes_an_input(void **state) {
    (void)state;
    const int64_t shape[] = {6, -1};
    one_node_t t = begin("Reshape", "x", "y");
    with(&t, attr_ints("shape", 2, shape));
    becomes(&t, 1, "const shape: i64[2] = {6, -1}\ny: f32[6, 16] = Reshape(x, shape)");
}

static void topks_k_becomes_an_input(void **state) {
    (void)state;
    one_node_t t = begin("TopK", "x", "y z");
    with(&t, attr_int("k", 2));
    becomes(&t, 1, "const k: i64[1] = {2}\ny: f32[2, 3, 4, 2], z: i64[2, 3, 4, 2] = TopK(x, k)");
}

static void the_axis_of_a_transform_becomes_an_input(void **state) {
    (void)state;
    one_node_t t = begin("DFT", "c", "y");
    add_input(&t.graph, "c", ANP_DTYPE_F32, "2 3 4 2");
    becomes(&t, 17, "const axis: i64[] = {1}\ny: f32[2, 3, 4, 2] = DFT(c, _, axis)");
    t = begin("DFT", "c", "y");
    add_input(&t.graph, "c", ANP_DTYPE_F32, "2 3 4 1");
    with(&t, attr_int("axis", -2));
    with(&t, attr_int("onesided", 1));
    becomes(&t, 19, "const axis: i64[] = {-2}\ny: f32[2, 3, 3, 2] = DFT(c, _, axis) {onesided=1}");
}

static void splits_know_how_many_they_are(void **state) {
    (void)state;
    one_node_t t = begin("Split", "x", "y z");
    becomes(&t, 11, "y: f32[1, 3, 4, 4], z: f32[1, 3, 4, 4] = Split(x) {num_outputs=2}");
    const int64_t sizes[] = {1, 2};
    t = begin("Split", "x", "y z");
    with(&t, attr_int("axis", 1));
    with(&t, attr_ints("split", 2, sizes));
    becomes(&t, 2, "y: f32[2, 1, 4, 4], z: f32[2, 2, 4, 4] = Split(x, split) {axis=1}");
}

static void pads_become_inputs_of_the_datas_type(void **state) {
    (void)state;
    const int64_t pads[] = {0, 0, 1, 1, 0, 0, 1, 1};
    one_node_t t = begin("Pad", "x", "y");
    with(&t, attr_ints("paddings", 8, pads));
    with(&t, attr_float("value", 1.5f));
    becomes(&t, 1, "const value: f32[] = {1.5}\ny: f32[2, 3, 6, 6] = Pad(x, pads, value)");
    t = begin("Pad", "h", "y");
    add_input(&t.graph, "h", ANP_DTYPE_F16, "4 4 4 4");
    with(&t, attr_ints("pads", 8, pads));
    with(&t, attr_float("value", 1.5f));
    becomes(&t, 2, "const value: f16[] = {1.5}");
}

static void clip_bounds_become_inputs(void **state) {
    (void)state;
    one_node_t t = begin("Clip", "x", "y");
    with(&t, attr_float("max", 6));
    becomes(&t, 6,
            "const min: f32[] = {-3.4028235e+38}\n"
            "const max: f32[] = {6.0}\n"
            "y: f32[2, 3, 4, 4] = Clip(x, min, max)");
    t = begin("Clip", "x", "y");
    with(&t, attr_float("max", 6));
    becomes(&t, 1, "y: f32[2, 3, 4, 4] = Clip(x, _, max)"); /* no bound by default then */
}

static void legacy_broadcasting_aligns_b_with_an_axis_of_a(void **state) {
    (void)state;
    one_node_t t = begin("Add", "x b", "y");
    add_input(&t.graph, "b", ANP_DTYPE_F32, "3");
    with(&t, attr_int("broadcast", 1));
    with(&t, attr_int("axis", 1));
    becomes(&t, 6,
            "const axes: i64[2] = {1, 2}\n"
            "Unsqueeze: f32[3, 1, 1] = Unsqueeze(b, axes)\n"
            "y: f32[2, 3, 4, 4] = Add(x, Unsqueeze)");
    t = begin("Mul", "x b", "y");
    add_input(&t.graph, "b", ANP_DTYPE_F32, "4 4");
    with(&t, attr_int("broadcast", 1));
    becomes(&t, 1, "y: f32[2, 3, 4, 4] = Mul(x, b)");
    t = begin("Mul", "x b", "y");
    add_input(&t.graph, "b", ANP_DTYPE_F32, "4 4");
    with(&t, attr_int("broadcast", 1));
    with(&t, attr_int("axis", 3));
    is_refused(&t, 6, ANP_INVALID_MODEL, "axis 3: B of rank 2 does not lie within A of rank 4");
}

static void slopes_of_prelu_are_per_channel(void **state) {
    (void)state;
    one_node_t t = begin("PRelu", "x s", "y");
    add_input(&t.graph, "s", ANP_DTYPE_F32, "3");
    becomes(&t, 6,
            "Unsqueeze: f32[3, 1, 1] = Unsqueeze(s, axes)\n"
            "y: f32[2, 3, 4, 4] = PRelu(x, Unsqueeze)");
    t = begin("PRelu", "x s", "y");
    add_input(&t.graph, "s", ANP_DTYPE_F32, "1");
    becomes(&t, 6, "y: f32[2, 3, 4, 4] = PRelu(x, s)");
}

static void softmax_over_several_dimensions_is_flattened(void **state) {
    (void)state;
    one_node_t t = begin("Softmax", "x", "y");
    becomes(&t, 11,
            "Shape: i64[4] = Shape(x)\n"
            "Flatten: f32[2, 48] = Flatten(x) {axis=1}\n"
            "Softmax: f32[2, 48] = Softmax(Flatten) {axis=1}\n"
            "y: f32[2, 3, 4, 4] = Reshape(Softmax, Shape) {allowzero=1}");
    t = begin("LogSoftmax", "x", "y");
    with(&t, attr_int("axis", 3));
    becomes(&t, 1, "y: f32[2, 3, 4, 4] = LogSoftmax(x) {axis=3}");
    t = begin("Hardmax", "v", "y");
    add_input(&t.graph, "v", ANP_DTYPE_F32, "2 10 1 1");
    becomes(&t, 11, "y: f32[2, 10, 1, 1] = Hardmax(v) {axis=1}");
}

static void batch_norm_loses_what_is_always_so_now(void **state) {
    (void)state;
    one_node_t t = begin("BatchNormalization", "x s s s s", "y");
    add_input(&t.graph, "s", ANP_DTYPE_F32, "3");
    with(&t, attr_int("is_test", 1));
    with(&t, attr_int("spatial", 1));
    with(&t, attr_ints("consumed_inputs", 2, list_0_1));
    becomes(&t, 1, "y: f32[2, 3, 4, 4] = BatchNormalization(x, s, s, s, s)");
}

static void batch_norm_per_activation_is_arithmetic(void **state) {
    (void)state;
    one_node_t t = begin("BatchNormalization", "x s s s v", "y");
    add_input(&t.graph, "s", ANP_DTYPE_F32, "3 4 4");
    add_input(&t.graph, "v", ANP_DTYPE_F32, "3 4 4");
    with(&t, attr_int("spatial", 0));
    with(&t, attr_float("epsilon", 0.5f));
    becomes(&t, 7,
            "const epsilon: f32[] = {0.5}\n"
            "Add: f32[3, 4, 4] = Add(v, epsilon)\n"
            "Sqrt: f32[3, 4, 4] = Sqrt(Add)\n"
            "Sub: f32[2, 3, 4, 4] = Sub(x, s)\n"
            "Div: f32[2, 3, 4, 4] = Div(Sub, Sqrt)\n"
            "Mul: f32[2, 3, 4, 4] = Mul(Div, s)\n"
            "y: f32[2, 3, 4, 4] = Add(Mul, s)");
}

static void batch_norm_with_more_outputs_trains(void **state) {
    (void)state;
    one_node_t t = begin("BatchNormalization", "x s s s s", "y m v");
    add_input(&t.graph, "s", ANP_DTYPE_F32, "3");
    becomes(&t, 9,
            "y: f32[2, 3, 4, 4], m: f32[3], v: f32[3] = BatchNormalization(x, s, s, s, s) "
            "{training_mode=1}");
    t = begin("BatchNormalization", "x s s s s", "y m v sm");
    add_input(&t.graph, "s", ANP_DTYPE_F32, "3");
    is_refused(&t, 9, ANP_UNSUPPORTED, "saved_mean");
}

static void group_norm_scales_are_repeated_for_channels(void **state) {
    (void)state;
    one_node_t t = begin("GroupNormalization", "z s s", "y");
    add_input(&t.graph, "z", ANP_DTYPE_F32, "2 6 4");
    add_input(&t.graph, "s", ANP_DTYPE_F32, "2");
    with(&t, attr_int("num_groups", 2));
    becomes(&t, 18,
            "Shape: i64[3] = Shape(z)\n"
            "Gather: i64[1] = Gather(Shape, axis)\n"
            "Div: i64[1] = Div(Gather, num_groups)\n"
            "Concat: i64[2] = Concat(num_groups, Div) {axis=0}\n"
            "Expand: f32[2, 3] = Expand(Unsqueeze, Concat)\n"
            "y: f32[2, 6, 4] = GroupNormalization(z, Reshape, Reshape_1) {num_groups=2}");
}

static void what_is_trained_stays_trained(void **state) {
    (void)state;
    one_node_t t = begin("Dropout", "x", "y");
    with(&t, attr_int("is_test", 0));
    with(&t, attr_float("ratio", 0.25f));
    becomes(&t, 6,
            "const training_mode: bool[] = {1}\n"
            "const ratio: f32[] = {0.25}\n"
            "y: f32[2, 3, 4, 4] = Dropout(x, ratio, training_mode)");
    t = begin("Dropout", "x", "y m");
    with(&t, attr_int("is_test", 0));
    with(&t, attr_float("ratio", 0.25f));
    becomes(&t, 6,
            "y: f32[2, 3, 4, 4], Dropout: bool[2, 3, 4, 4] = Dropout(x, ratio, training_mode)\n"
            "m: f32[2, 3, 4, 4] = CastLike(Dropout, x)");
    t = begin("BatchNormalization", "x s s s s", "y");
    add_input(&t.graph, "s", ANP_DTYPE_F32, "3");
    with(&t, attr_int("is_test", 0));
    becomes(&t, 6, "y: f32[2, 3, 4, 4] = BatchNormalization(x, s, s, s, s) {training_mode=1}");
}

static void whole_numbers_go_through_f64_where_later_sets_take_none(void **state) {
    (void)state;
    one_node_t t = {.graph = {.n = 0}, .node = new_node("Erf", "i", "y")};
    add_input(&t.graph, "i", ANP_DTYPE_I32, "2");
    becomes(&t, 9,
            "Cast: f64[2] = Cast(i) {to=11}\n"
            "Erf: f64[2] = Erf(Cast)\n"
            "y: i32[2] = Cast(Erf) {to=6}");
    t = begin("Erf", "x", "y");
    becomes(&t, 9, "y: f32[2, 3, 4, 4] = Erf(x)");
}

static void dropout_keeps_its_ratio_and_its_masks_type(void **state) {
    (void)state;
    one_node_t t = begin("Dropout", "x", "y");
    with(&t, attr_float("ratio", 0.25f));
    with(&t, attr_int("is_test", 1));
    becomes(&t, 1, "const ratio: f32[] = {0.25}\ny: f32[2, 3, 4, 4] = Dropout(x, ratio)");
    t = begin("Dropout", "x", "y m");
    becomes(&t, 7,
            "y: f32[2, 3, 4, 4], Dropout: bool[2, 3, 4, 4] = Dropout(x)\n"
            "m: f32[2, 3, 4, 4] = CastLike(Dropout, x)");
}

static void casts_named_their_type(void **state) {
    (void)state;
    one_node_t t = begin("Cast", "x", "y");
    with(&t, attr_text("to", "FLOAT16"));
    becomes(&t, 1, "y: f16[2, 3, 4, 4] = Cast(x) {to=10}");
    t = begin("Cast", "x", "y");
    with(&t, attr_text("to", "QUATERNION"));
    is_refused(&t, 1, ANP_INVALID_MODEL, "to is 'QUATERNION'");
}

static void concat_had_a_default_axis(void **state) {
    (void)state;
    one_node_t t = begin("Concat", "x x", "y");
    becomes(&t, 1, "y: f32[2, 6, 4, 4] = Concat(x, x) {axis=1}");
}

static void upsample_is_an_asymmetric_resize(void **state) {
    (void)state;
    one_node_t t = begin("Upsample", "x", "y");
    with(&t, attr_text("mode", "bilinear"));
    with(&t, attr_float("height_scale", 2));
    with(&t, attr_float("width_scale", 3));
    becomes(&t, 1,
            "const scales: f32[4] = {1.0, 1.0, 2.0, 3.0}\n"
            "y: f32[2, 3, 8, 12] = Resize(x, _, scales) {mode=\"linear\", "
            "coordinate_transformation_mode=\"asymmetric\", nearest_mode=\"floor\"}");
}

static void tiles_axis_becomes_repeats(void **state) {
    (void)state;
    one_node_t t = begin("Tile", "x tiles axis", "y");
    const msg_t tiles = tensor_i64s("tiles", "1", 1, list_2),
                axis = tensor_i64s("axis", "1", 1, list_1);
    add_initializer(&t.graph, &tiles);
    add_initializer(&t.graph, &axis);
    becomes(&t, 1, "const repeats: i64[4] = {1, 2, 1, 1}\ny: f32[2, 6, 4, 4] = Tile(x, repeats)");
    t = begin("Tile", "x tiles axis", "y");
    const float two = 2, one = 1;
    const msg_t f_tiles = tensor_f32s("tiles", "1", 1, &two),
                f_axis = tensor_f32s("axis", "1", 1, &one);
    add_initializer(&t.graph, &f_tiles);
    add_initializer(&t.graph, &f_axis);
    becomes(&t, 1, "y: f32[2, 6, 4, 4] = Tile(x, repeats)");
}

static void renamed_operators_and_defaults_follow(void **state) {
    (void)state;
    one_node_t t = begin("Scatter", "x i x", "y");
    add_input(&t.graph, "i", ANP_DTYPE_I64, "2 3 4 4");
    becomes(&t, 9, "y: f32[2, 3, 4, 4] = ScatterElements(x, i, x)");
    t = begin("Selu", "x", "y");
    becomes(&t, 1, "y: f32[2, 3, 4, 4] = Selu(x) {alpha=1.6732, gamma=1.0507}");
    t = begin("LpPool", "x", "y");
    with(&t, attr_float("p", 1));
    with(&t, attr_ints("kernel_shape", 2, (const int64_t[]){2, 2}));
    becomes(&t, 1, "y: f32[2, 3, 3, 3] = LpPool(x) {kernel_shape=[2, 2], p=1}");
}

static void recurrent_operators_lose_output_sequence(void **state) {
    (void)state;
    one_node_t t = begin("GRU", "s w r", "y h");
    add_input(&t.graph, "s", ANP_DTYPE_F32, "5 1 2");
    add_input(&t.graph, "w", ANP_DTYPE_F32, "1 9 2");
    add_input(&t.graph, "r", ANP_DTYPE_F32, "1 9 3");
    with(&t, attr_int("hidden_size", 3));
    with(&t, attr_int("output_sequence", 1));
    with(&t, attr_text("direction", "foward"));
    becomes(&t, 1,
            "y: f32[5, 1, 1, 3], h: f32[1, 1, 3] = GRU(s, w, r) {hidden_size=3, "
            "direction=\"forward\"}");
}

static void a_scan_with_a_batch_is_a_scan_around_a_scan(void **state) {
    (void)state;
    msg_t body = {.n = 0};
    add_input(&body, "s", ANP_DTYPE_F32, NULL);
    add_input(&body, "e", ANP_DTYPE_F32, NULL);
    add_op(&body, "Add", "s e", "s2");
    add_op(&body, "Identity", "s2", "o");
    add_output(&body, "s2");
    add_output(&body, "o");
    one_node_t t = begin("Scan", "- s0 xs", "f y");
    add_input(&t.graph, "s0", ANP_DTYPE_F32, "7 2");
    add_input(&t.graph, "xs", ANP_DTYPE_F32, "7 5 2");
    with(&t, attr_graph("body", &body));
    with(&t, attr_int("num_scan_inputs", 1));
    becomes(&t, 8,
            "f: f32[7, 2], y: f32[7, 5, 2] = Scan(s0, xs) {num_scan_inputs=2} body "
            "@batch(s0_1: f32[2], xs_1: f32[5, 2]) {");
    t = begin("Scan", "l s0 xs", "f y");
    add_input(&t.graph, "l", ANP_DTYPE_I64, "7");
    add_input(&t.graph, "s0", ANP_DTYPE_F32, "7 2");
    add_input(&t.graph, "xs", ANP_DTYPE_F32, "7 5 2");
    with(&t, attr_graph("body", &body));
    with(&t, attr_int("num_scan_inputs", 1));
    is_refused(&t, 8, ANP_UNSUPPORTED, "sequence_lens");
}

static void resize_of_set_10_rounds_up_where_it_shrinks(void **state) {
    (void)state;
    const float down[] = {1, 1, 0.5f, 0.5f}, both[] = {1, 1, 0.5f, 2};
    msg_t s = tensor_f32s("s", "4", 4, down);
    one_node_t t = begin("Resize", "x s", "y");
    add_initializer(&t.graph, &s);
    becomes(&t, 10,
            "y: f32[2, 3, 2, 2] = Resize(x, _, s) {coordinate_transformation_mode=\"asymmetric\", "
            "nearest_mode=\"ceil\"}");
    s = tensor_f32s("s", "4", 4, both);
    t = begin("Resize", "x s", "y");
    add_initializer(&t.graph, &s);
    becomes(&t, 10,
            "const scales: f32[4] = {1.0, 1.0, 0.5, 1.0}\n"
            "const scales_1: f32[4] = {1.0, 1.0, 1.0, 2.0}\n"
            "Resize: f32[2, 3, 2, 4] = Resize(x, _, scales) "
            "{coordinate_transformation_mode=\"asymmetric\", nearest_mode=\"ceil\"}\n"
            "y: f32[2, 3, 2, 8] = Resize(Resize, _, scales_1) "
            "{coordinate_transformation_mode=\"asymmetric\", nearest_mode=\"floor\"}");
    t = begin("Resize", "x s", "y");
    add_initializer(&t.graph, &s);
    with(&t, attr_text("mode", "linear"));
    becomes(&t, 10,
            "y: f32[2, 3, 2, 8] = Resize(x, _, s) {mode=\"linear\", "
            "coordinate_transformation_mode=\"asymmetric\", nearest_mode=\"floor\"}");
    t = begin("Resize", "x r", "y"); /* which axes shrink is known when it runs */
    add_input(&t.graph, "r", ANP_DTYPE_F32, "4");
    becomes(&t, 10, "Min: f32[4] = Min(r, one)\nMax: f32[4] = Max(r, one)");
}

static void modes_that_were_renamed_keep_their_meaning(void **state) {
    (void)state;
    one_node_t t = begin("GridSample", "x grid", "y");
    add_input(&t.graph, "grid", ANP_DTYPE_F32, "2 5 6 2");
    with(&t, attr_text("mode", "bicubic"));
    becomes(&t, 16, "y: f32[2, 3, 5, 6] = GridSample(x, grid) {mode=\"cubic\"}");
    t = begin("GridSample", "x grid", "y");
    add_input(&t.graph, "grid", ANP_DTYPE_F32, "2 5 6 2");
    with(&t, attr_text("mode", "bilinear"));
    becomes(&t, 19, "y: f32[2, 3, 5, 6] = GridSample(x, grid) {mode=\"linear\"}");
    t = begin("Upsample", "x", "y");
    with(&t, attr_text("mode", "bilinear"));
    with(&t, attr_float("width_scale", 2));
    with(&t, attr_float("height_scale", 3));
    becomes(&t, 1,
            "y: f32[2, 3, 12, 8] = Resize(x, _, scales) {mode=\"linear\", "
            "coordinate_transformation_mode=\"asymmetric\", nearest_mode=\"floor\"}");
}

static void regions_had_no_half_pixels(void **state) {
    (void)state;
    for (int64_t opset = 10; opset <= 16; opset += 6) {
        one_node_t t = begin("RoiAlign", "x r i", "y");
        add_input(&t.graph, "r", ANP_DTYPE_F32, "5 4");
        add_input(&t.graph, "i", ANP_DTYPE_I64, "5");
        becomes(&t, opset,
                opset == 10 ? "y: f32[5, 3, 1, 1] = RoiAlign(x, r, i) "
                              "{coordinate_transformation_mode=\"output_half_pixel\"}"
                            : "y: f32[5, 3, 1, 1] = RoiAlign(x, r, i)\n");
    }
}

static void norms_of_pools_became_whole(void **state) {
    (void)state;
    one_node_t t = begin("GlobalLpPool", "x", "y");
    with(&t, attr_float("p", 3));
    becomes(&t, 1, "y: f32[2, 3, 1, 1] = GlobalLpPool(x) {p=3}");
}

static void sequence_map_is_a_loop(void **state) {
    (void)state;
    msg_t body = {.n = 0};
    add_input(&body, "a", ANP_DTYPE_F32, "2");
    add_input(&body, "b", ANP_DTYPE_F32, "2");
    add_op(&body, "Add", "a b", "c");
    add_output(&body, "c");
    one_node_t t = begin("SequenceMap", "q v", "y");
    add_op(&t.graph, "SequenceConstruct", "v v", "q");
    add_input(&t.graph, "v", ANP_DTYPE_F32, "2");
    with(&t, attr_graph("body", &body));
    becomes(&t, 17,
            "SequenceLength: i64[] = SequenceLength(q)\n"
            "SequenceEmpty: seq(f32) = SequenceEmpty() {dtype=1}\n"
            "y: seq(f32) = Loop(SequenceLength, _, SequenceEmpty) body(count: i64[], go: bool[], "
            "list: seq(f32)) {\n"
            "SequenceAt: f32 = SequenceAt(q, count)\n"
            "c: f32 = Add(SequenceAt, v)\n"
            "SequenceInsert: seq(f32) = SequenceInsert(list, c)\n"
            "return go, SequenceInsert");
    t = begin("SequenceMap", "q", "y");
    add_op(&t.graph, "SequenceConstruct", "x x", "q");
    with(&t, attr_graph("body", &body));
    is_refused(&t, 17, ANP_INVALID_MODEL, "1 inputs and 1 outputs, the body has 2 and 1");
}

/* FlexAttention of q over k and k: heads may be shared. */
static one_node_t flex(const char *q, const char *k) {
    one_node_t t = begin("FlexAttention", "q k k", "y");
    put_text(&t.node, NODE_DOMAIN, "ai.onnx.preview");
    add_input(&t.graph, "q", ANP_DTYPE_F32, q);
    add_input(&t.graph, "k", ANP_DTYPE_F32, k);
    return t;
}

static msg_t flex_model(one_node_t *t) {
    add_node(&t->graph, &t->node);
    add_output(&t->graph, "y");
    msg_t m = new_model(&t->graph, 26);
    put_opset(&m, MODEL_OPSET, "ai.onnx.preview", 1);
    return m;
}

static void graphs_of_flex_attention_stand_between_its_nodes(void **state) {
    (void)state;
    msg_t negate = {.n = 0}, same = {.n = 0};
    add_input(&negate, "a", ANP_DTYPE_F32, "N H L S");
    add_op(&negate, "Neg", "a", "negated");
    add_output(&negate, "negated");
    add_input(&same, "p", ANP_DTYPE_F32, "N H L S");
    add_output(&same, "p");
    one_node_t t = flex("1 2 3 16", "1 2 5 16");
    with(&t, attr_graph("score_mod", &negate));
    with(&t, attr_graph("prob_mod", &same));
    msg_t m = flex_model(&t);
    expect_lines(&m, "MatMul: f32[1, 2, 3, 5] = MatMul(Mul, Transpose)\n"
                     "Cast: f32[1, 2, 3, 5] = Cast(MatMul) {to=1}\n"
                     "negated: f32[1, 2, 3, 5] = Neg(Cast)\n"
                     "Identity: f32[1, 2, 3, 5] = Identity(negated)\n"
                     "Softmax: f32[1, 2, 3, 5] = Softmax(Identity) {axis=-1}\n"
                     "Identity_1: f32[1, 2, 3, 5] = Identity(Softmax)");
    t = flex("1 4 3 16", "1 2 5 16"); /* two queries for each key head */
    m = flex_model(&t);
    expect_lines(&m, "MatMul: f32[1, 2, 2, 3, 5] = MatMul(Reshape, Transpose)\n"
                     "y: f32[1, 4, 3, 16] = CastLike @CastLike(Reshape_3, q)");
}

static void graphs_that_flex_attention_cannot_take_are_refused(void **state) {
    (void)state;
    msg_t two = {.n = 0};
    add_input(&two, "a", ANP_DTYPE_F32, "N H L S");
    add_input(&two, "b", ANP_DTYPE_F32, "N H L S");
    add_op(&two, "Add", "a b", "c");
    add_output(&two, "c");
    one_node_t t = flex("1 2 3 16", "1 2 5 16");
    with(&t, attr_graph("score_mod", &two));
    msg_t m = flex_model(&t);
    expect_import_fails(&m, ANP_INVALID_MODEL, "score_mod has 2 inputs and 1 outputs");
    t = flex("1 2 3 16", "2 5 16");
    m = flex_model(&t);
    expect_import_fails(&m, ANP_INVALID_MODEL, "'k' has rank 3, expected 4");
    t = flex("1 3 3 16", "1 2 5 16");
    m = flex_model(&t);
    expect_import_fails(&m, ANP_INVALID_MODEL, "Reshape");
    t = flex("1 2 3 16", "1 2 5 16");
    with(&t, attr_int("softmax_precision", ANP_DTYPE_I64));
    m = flex_model(&t);
    expect_import_fails(&m, ANP_INVALID_MODEL, "softmax_precision is 7");
}

static void what_needs_a_rank_says_so_when_there_is_none(void **state) {
    (void)state;
    one_node_t t = begin("Add", "u x", "y");
    add_input(&t.graph, "u", ANP_DTYPE_F32, NULL);
    with(&t, attr_int("broadcast", 1));
    with(&t, attr_int("axis", 1));
    is_refused(&t, 6, ANP_UNSUPPORTED, "needs the rank of input 'u'");
}

static void attributes_of_the_wrong_kind_are_refused(void **state) {
    (void)state;
    one_node_t t = begin("Unsqueeze", "x", "y");
    with(&t, attr_text("axes", "0"));
    is_refused(&t, 11, ANP_INVALID_MODEL, "attribute 'axes' is not a list of integers");
    t = begin("Clip", "x", "y");
    with(&t, attr_int("min", 0));
    is_refused(&t, 6, ANP_INVALID_MODEL, "attribute 'min' is not a number");
    t = begin("Add", "x x", "y");
    with(&t, attr_int("broadcast", 1));
    with(&t, attr_text("axis", "1"));
    is_refused(&t, 6, ANP_INVALID_MODEL, "attribute 'axis' is not an integer");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_become_an_input),
        cmocka_unit_test(slices_bounds_become_inputs),
        cmocka_unit_test(reshapes_shape_becomes_an_input),
        cmocka_unit_test(topks_k_becomes_an_input),
        cmocka_unit_test(the_axis_of_a_transform_becomes_an_input),
        cmocka_unit_test(splits_know_how_many_they_are),
        cmocka_unit_test(pads_become_inputs_of_the_datas_type),
        cmocka_unit_test(clip_bounds_become_inputs),
        cmocka_unit_test(legacy_broadcasting_aligns_b_with_an_axis_of_a),
        cmocka_unit_test(slopes_of_prelu_are_per_channel),
        cmocka_unit_test(softmax_over_several_dimensions_is_flattened),
        cmocka_unit_test(batch_norm_loses_what_is_always_so_now),
        cmocka_unit_test(batch_norm_per_activation_is_arithmetic),
        cmocka_unit_test(batch_norm_with_more_outputs_trains),
        cmocka_unit_test(group_norm_scales_are_repeated_for_channels),
        cmocka_unit_test(what_is_trained_stays_trained),
        cmocka_unit_test(whole_numbers_go_through_f64_where_later_sets_take_none),
        cmocka_unit_test(dropout_keeps_its_ratio_and_its_masks_type),
        cmocka_unit_test(casts_named_their_type),
        cmocka_unit_test(concat_had_a_default_axis),
        cmocka_unit_test(upsample_is_an_asymmetric_resize),
        cmocka_unit_test(tiles_axis_becomes_repeats),
        cmocka_unit_test(renamed_operators_and_defaults_follow),
        cmocka_unit_test(recurrent_operators_lose_output_sequence),
        cmocka_unit_test(a_scan_with_a_batch_is_a_scan_around_a_scan),
        cmocka_unit_test(resize_of_set_10_rounds_up_where_it_shrinks),
        cmocka_unit_test(modes_that_were_renamed_keep_their_meaning),
        cmocka_unit_test(regions_had_no_half_pixels),
        cmocka_unit_test(norms_of_pools_became_whole),
        cmocka_unit_test(sequence_map_is_a_loop),
        cmocka_unit_test(graphs_of_flex_attention_stand_between_its_nodes),
        cmocka_unit_test(graphs_that_flex_attention_cannot_take_are_refused),
        cmocka_unit_test(what_needs_a_rank_says_so_when_there_is_none),
        cmocka_unit_test(attributes_of_the_wrong_kind_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
