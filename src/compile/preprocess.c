/* SPDX-License-Identifier: Apache-2.0 */
/* Image preprocessing as nodes before the graph: decode, resize, pad or crop, normalise, lay out.
 * Every device sees ordinary operators. */
#include "compile/compile_internal.h"
#include <string.h>

typedef struct pre_t {
    anp_graph_t *g;
    anp_block_t *b;
    anp_node_t *before; /* the graph's first node */
    const anp_preprocess_t *p;
    int64_t h, w, c;
    bool nhwc;
} pre_t;

static anp_status_t add(pre_t *s, const char *op, anp_value_t *const *in, uint32_t n_in,
                        const anp_attr_t *attrs, uint32_t n_attrs, anp_value_t **out) {
    const anp_node_desc_t d = {.op = anp_op_find("", op),
                               .attrs = attrs,
                               .n_attrs = n_attrs,
                               .inputs = in,
                               .n_inputs = n_in,
                               .n_outputs = 1};
    anp_node_t *n = NULL;
    ANP_TRY(anp_graph_add_node(s->g, s->b, s->before, &d, &n));
    ANP_TRY(anp_node_infer(s->g, n));
    *out = n->outputs[0];
    return ANP_OK;
}

static anp_attr_t str_attr(const char *name, const char *v) {
    return (anp_attr_t){.name = name, .kind = ANP_ATTR_STRING, .v.s = {v, strlen(v)}};
}
static anp_attr_t int_attr(const char *name, int64_t v) {
    return (anp_attr_t){.name = name, .kind = ANP_ATTR_INT, .v.i = v};
}

static anp_status_t find_input(anp_graph_t *g, anp_block_t *b, const char *name,
                               anp_value_t **out) {
    (void)g;
    *out = NULL;
    for (uint32_t i = 0; i < b->n_inputs; i++)
        if (!name || strcmp(b->inputs[i]->name, name) == 0) {
            if (!name && b->n_inputs > 1)
                ANP_FAIL(ANP_INVALID_ARGUMENT,
                         "the model has %u inputs: say which one is the image", b->n_inputs);
            *out = b->inputs[i];
        }
    if (!*out) ANP_FAIL(ANP_INVALID_ARGUMENT, "the model has no input '%s'", name ? name : "");
    return ANP_OK;
}

static int64_t fixed(anp_dim_t d) {
    return ANP_DIM_IS_CONST(d) && d > 0 ? d : 0;
}

static anp_status_t check_choice(const char *what, const char *value, const char *known) {
    const size_t n = value ? strlen(value) : 0;
    for (const char *at = known; value && *at;) { /* words with ", " between them */
        const size_t len = strcspn(at, ",");
        if (len == n && memcmp(at, value, n) == 0) return ANP_OK;
        at += len;
        at += strspn(at, ", ");
    }
    if (!value) return ANP_OK;
    ANP_FAIL(ANP_INVALID_ARGUMENT, "%s '%s' is none of: %s", what, value, known);
}

static anp_status_t check_choices(const anp_preprocess_t *p) {
    ANP_TRY(check_choice("image colour", p->color, "rgb, bgr, gray"));
    ANP_TRY(check_choice("image resize", p->resize, "stretch, letterbox, letterbox-topleft, crop"));
    ANP_TRY(check_choice("image interpolation", p->interpolation, "linear, nearest, cubic"));
    return check_choice("image layout", p->layout, "nchw, nhwc");
}

static anp_status_t read_geometry(pre_t *s, const anp_value_t *input) {
    const anp_shape_t *sh = &input->shape;
    if (sh->rank != 4)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' has rank %d, an image needs 4", input->name,
                 sh->rank);
    if (ANP_DIM_IS_CONST(sh->dims[0]) && sh->dims[0] != 1)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' has batch %lld: an image file is one image",
                 input->name, (long long)sh->dims[0]);
    s->nhwc = s->p->layout && strcmp(s->p->layout, "nhwc") == 0;
    const int ci = s->nhwc ? 3 : 1, hi = s->nhwc ? 1 : 2;
    const int64_t c = fixed(sh->dims[ci]);
    s->h = s->p->height ? s->p->height : fixed(sh->dims[hi]);
    s->w = s->p->width ? s->p->width : fixed(sh->dims[hi + 1]);
    const bool gray = s->p->color ? strcmp(s->p->color, "gray") == 0 : c == 1;
    s->c = gray ? 1 : 3;
    if (c && c != s->c)
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' has %lld channels, the colour order gives %lld",
                 input->name, (long long)c, (long long)s->c);
    if (s->p->resize && (!s->h || !s->w))
        ANP_FAIL(ANP_INVALID_ARGUMENT, "input '%s' has no fixed height and width: give the size",
                 input->name);
    return ANP_OK;
}

static anp_status_t decode(pre_t *s, anp_value_t *bytes, anp_value_t **out) {
    const bool bgr = s->p->color && strcmp(s->p->color, "bgr") == 0;
    const anp_attr_t a = str_attr("pixel_format", s->c == 1 ? "Grayscale" : bgr ? "BGR" : "RGB");
    return add(s, "ImageDecoder", &bytes, 1, &a, 1, out); /* [H, W, C] u8 */
}

/* x [H, W, C] f32; sizes h, w; the policy keeps the aspect ratio or does not. */
static anp_status_t resize(pre_t *s, anp_value_t *x, int64_t h, int64_t w, const char *policy,
                           anp_value_t **out) {
    const char *mode = s->p->interpolation ? s->p->interpolation : "linear";
    const int64_t axes[2] = {0, 1}, sizes[2] = {h, w};
    anp_value_t *size_value = NULL;
    ANP_TRY(anp_graph_const_i64s(s->g, NULL, sizes, 2, &size_value));
    const anp_attr_t attrs[] = {
        str_attr("mode", mode),
        str_attr("coordinate_transformation_mode", "half_pixel"),
        str_attr("keep_aspect_ratio_policy", policy),
        str_attr("nearest_mode", "round_prefer_floor"),
        {.name = "axes", .kind = ANP_ATTR_INTS, .count = 2, .v.ints = axes}};
    anp_value_t *in[] = {x, NULL, NULL, size_value};
    return add(s, "Resize", in, 4, attrs, ANP_ARRAY_LEN(attrs), out);
}

/* Pads to h x w with pad_value: the picture in the middle or in the top left corner. */
static anp_status_t letterbox(pre_t *s, anp_value_t *x, bool centre, anp_value_t **out) {
    anp_value_t *size, *zero, *want, *missing, *before, *after, *pads, *value, *two, *axes;
    const int64_t hw[2] = {s->h, s->w}, none[2] = {0, 0}, half[2] = {2, 2}, axis[2] = {0, 1};
    const anp_attr_t end = int_attr("end", 2), axis0 = int_attr("axis", 0);
    ANP_TRY(anp_graph_const_i64s(s->g, NULL, hw, 2, &want));
    ANP_TRY(anp_graph_const_i64s(s->g, NULL, none, 2, &zero));
    ANP_TRY(anp_graph_const_i64s(s->g, NULL, half, 2, &two));
    ANP_TRY(anp_graph_const_i64s(s->g, NULL, axis, 2, &axes));
    ANP_TRY(anp_graph_const_f32(s->g, NULL, s->p->pad_value, &value));
    ANP_TRY(add(s, "Shape", &x, 1, &end, 1, &size));
    ANP_TRY(add(s, "Sub", (anp_value_t *[]){want, size}, 2, NULL, 0, &missing));
    before = zero;
    if (centre) ANP_TRY(add(s, "Div", (anp_value_t *[]){missing, two}, 2, NULL, 0, &before));
    ANP_TRY(add(s, "Sub", (anp_value_t *[]){missing, before}, 2, NULL, 0, &after));
    ANP_TRY(add(s, "Concat", (anp_value_t *[]){before, after}, 2, &axis0, 1, &pads));
    return add(s, "Pad", (anp_value_t *[]){x, pads, value, axes}, 4, NULL, 0, out);
}

static anp_status_t centre_crop(pre_t *s, anp_value_t *x, anp_value_t **out) {
    const int64_t hw[2] = {s->h, s->w}, axes[2] = {0, 1};
    anp_value_t *size;
    ANP_TRY(anp_graph_const_i64s(s->g, NULL, hw, 2, &size));
    const anp_attr_t a = {.name = "axes", .kind = ANP_ATTR_INTS, .count = 2, .v.ints = axes};
    return add(s, "CenterCropPad", (anp_value_t *[]){x, size}, 2, &a, 1, out);
}

static anp_status_t fit(pre_t *s, anp_value_t *x, anp_value_t **out) {
    const char *how = s->p->resize;
    *out = x;
    if (!how) return ANP_OK;
    if (strcmp(how, "stretch") == 0) return resize(s, x, s->h, s->w, "stretch", out);
    if (strcmp(how, "crop") == 0) {
        const int64_t side = s->p->crop_short_side ? s->p->crop_short_side : ANP_MAX(s->h, s->w);
        ANP_TRY(resize(s, x, side, side, "not_smaller", out));
        return centre_crop(s, *out, out);
    }
    ANP_TRY(resize(s, x, s->h, s->w, "not_larger", out));
    return letterbox(s, *out, strcmp(how, "letterbox") == 0, out);
}

/* y = (x * scale - mean) / std, per channel of [H, W, C]. */
static anp_status_t normalise(pre_t *s, anp_value_t *x, anp_value_t **out) {
    float mul[4], sub[4];
    bool any = false;
    for (int64_t i = 0; i < s->c; i++) {
        const float std = s->p->std[i] != 0 ? s->p->std[i] : 1,
                    scale = s->p->scale != 0 ? s->p->scale : 1;
        mul[i] = scale / std;
        sub[i] = s->p->mean[i] / std;
        any |= mul[i] != 1 || sub[i] != 0;
    }
    *out = x;
    if (!any) return ANP_OK;
    anp_tensor_t t;
    anp_value_t *m, *b;
    anp_tensor_init(&t, ANP_DTYPE_F32, 1, &s->c, mul);
    ANP_TRY(anp_graph_add_constant(s->g, NULL, &t, true, NULL, 0, &m));
    t.data = sub;
    ANP_TRY(anp_graph_add_constant(s->g, NULL, &t, true, NULL, 0, &b));
    ANP_TRY(add(s, "Mul", (anp_value_t *[]){x, m}, 2, NULL, 0, out));
    return add(s, "Sub", (anp_value_t *[]){*out, b}, 2, NULL, 0, out);
}

/* [H, W, C] -> [1, C, H, W] or [1, H, W, C] of the input's type. */
static anp_status_t lay_out(pre_t *s, const anp_value_t *input, anp_value_t *x, anp_value_t **out) {
    static const int64_t chw[3] = {2, 0, 1};
    const anp_attr_t perm = {.name = "perm", .kind = ANP_ATTR_INTS, .count = 3, .v.ints = chw};
    const int64_t first[1] = {0};
    anp_value_t *axes;
    if (!s->nhwc) ANP_TRY(add(s, "Transpose", &x, 1, &perm, 1, &x));
    if (input->shape.dtype != ANP_DTYPE_F32) {
        const anp_attr_t to = int_attr("to", input->shape.dtype);
        ANP_TRY(add(s, "Cast", &x, 1, &to, 1, &x));
    }
    ANP_TRY(anp_graph_const_i64s(s->g, NULL, first, 1, &axes));
    return add(s, "Unsqueeze", (anp_value_t *[]){x, axes}, 2, NULL, 0, out);
}

anp_status_t anp_graph_preprocess(anp_graph_t *g, const anp_preprocess_t *p) {
    anp_block_t *b = anp_graph_find_entry(g, "main");
    if (!b) ANP_FAIL(ANP_INVALID_MODEL, "the model has no entry point 'main'");
    pre_t s = {.g = g, .b = b, .before = b->first, .p = p};
    anp_value_t *input, *bytes, *x;
    ANP_TRY(check_choices(p));
    ANP_TRY(find_input(g, b, p->input, &input));
    ANP_TRY(read_geometry(&s, input));
    anp_shape_t shape = {.kind = ANP_KIND_TENSOR, .dtype = ANP_DTYPE_U8, .rank = 1};
    ANP_TRY(anp_dims_fresh(g->dims, &shape.dims[0]));
    anp_buf_t key;
    anp_buf_init(&key, 0);
    anp_buf_printf(&key, "%s", input->name);
    anp_status_t st = anp_buf_status(&key);
    if (st == ANP_OK) st = anp_block_add_input(g, b, "image_bytes", &shape, &bytes);
    const anp_attr_t to = int_attr("to", ANP_DTYPE_F32);
    if (st == ANP_OK) st = decode(&s, bytes, &x);
    if (st == ANP_OK) st = add(&s, "Cast", &x, 1, &to, 1, &x);
    if (st == ANP_OK) st = fit(&s, x, &x);
    if (st == ANP_OK) st = normalise(&s, x, &x);
    if (st == ANP_OK) st = lay_out(&s, input, x, &x);
    if (st == ANP_OK) st = anp_value_replace_uses(g, input, x);
    for (uint32_t i = 0; st == ANP_OK && i < b->n_inputs; i++) {
        if (b->inputs[i] != input) continue;
        st = anp_block_remove_input(g, b, i);
        break;
    }
    if (st == ANP_OK)
        st = anp_value_rename(g, bytes,
                              key.data); /* the file's bytes stand where the tensor stood */
    if (st == ANP_OK) st = anp_graph_set_meta(g, "image_input", key.data);
    anp_buf_deinit(&key);
    return st;
}
