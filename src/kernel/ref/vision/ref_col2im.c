/* SPDX-License-Identifier: Apache-2.0 */
/* Col2Im: every pixel is the sum of what the blocks that cover it hold for it. */
#include "kernel/ref/ref_line.h"

#include <inttypes.h>
#include <string.h>

typedef struct fold_t fold_t;
/* Pixel y from the n elements x + at[i]. */
typedef void (*sum_fn_t)(const fold_t *f, int64_t x, const int64_t *at, int64_t n, int64_t y);

struct fold_t {
    anp_tensor_t x, y; /* complex elements as `parts` floats side by side */
    int64_t parts;
    sum_fn_t sum;
    anp_conv_params_t p;
    const int64_t *image;         /* spatial dims of the output */
    int64_t blocks[ANP_RANK_MAX]; /* per axis */
    int64_t channels, plane, taps, n_blocks;
};

static void sum_floats(const fold_t *f, int64_t x, const int64_t *at, int64_t n, int64_t y) {
    for (int64_t part = 0; part < f->parts; part++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++) sum += anp_elem_f64(&f->x, (x + at[i]) * f->parts + part);
        anp_line_store(&f->y, y * f->parts + part, 1, 1, &sum);
    }
}

/* Modulo the width of the type; of booleans, whether any is true. */
static void sum_integers(const fold_t *f, int64_t x, const int64_t *at, int64_t n, int64_t y) {
    const anp_dtype_row_t *row = anp_dtype_row(f->x.dtype);
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (uint64_t)row->get_i64(f->x.data, (uint64_t)(x + at[i]));
    row->set_i64(f->y.data, (uint64_t)y, (int64_t)sum);
}

static void only_string(const fold_t *f, int64_t x, const int64_t *at, int64_t n, int64_t y) {
    static const anp_string_t empty = {"", 0};
    const void *from = n == 0 ? &empty : (const anp_string_t *)f->x.data + x + at[0];
    memcpy((anp_string_t *)f->y.data + y, from, sizeof empty);
}

/* Which block holds coordinate i of an axis as its element `tap`; false when none does. */
static bool block_of(const fold_t *f, uint32_t axis, int64_t i, int64_t tap, int64_t *out) {
    const anp_window_t *w = &f->p.w[axis];
    const int64_t start = i + w->pad_begin - tap * w->dilation;
    *out = start / w->stride;
    return start >= 0 && start % w->stride == 0 && *out < f->blocks[axis];
}

/* Elements tap * n_blocks + block that belong to pixel `at`. */
static int64_t list_covering(const fold_t *f, int64_t at, int64_t *out) {
    int64_t pixel[ANP_RANK_MAX], n = 0;
    for (uint32_t a = f->p.n_axes; a-- > 0; at /= f->image[a]) pixel[a] = at % f->image[a];
    for (int64_t tap = 0; tap < f->taps; tap++) {
        int64_t rest = tap, block = 0, stride = 1, b;
        bool covers = true;
        for (uint32_t a = f->p.n_axes; a-- > 0 && covers; rest /= f->p.w[a].kernel) {
            covers = block_of(f, a, pixel[a], rest % f->p.w[a].kernel, &b);
            block += b * stride;
            stride *= f->blocks[a];
        }
        if (covers) out[n++] = tap * f->n_blocks + block;
    }
    return n;
}

/* item: a pixel of an image, for all channels. */
static void fold(const void *arg, int64_t item, double *scratch) {
    const fold_t *f = arg;
    int64_t *const at = (int64_t *)(void *)scratch;
    const int64_t image = item / f->plane, pixel = item % f->plane;
    const int64_t n = list_covering(f, pixel, at);
    for (int64_t c = 0; c < f->channels; c++) {
        const int64_t plane = image * f->channels + c;
        f->sum(f, plane * f->taps * f->n_blocks, at, n, plane * f->plane + pixel);
    }
}

/* Strings cannot be added: no pixel may lie in two blocks. */
static anp_status_t need_apart(anp_kernel_t *k, const fold_t *f) {
    int64_t *at;
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)f->taps, sizeof *at, (void **)&at));
    for (int64_t pixel = 0; pixel < f->plane; pixel++)
        if (list_covering(f, pixel, at) > 1)
            ANP_KERNEL_FAIL(k, ANP_UNSUPPORTED,
                            "blocks overlap at pixel %" PRId64 ", and strings cannot be added",
                            pixel);
    return ANP_OK;
}

anp_status_t anp_ref_col2im(anp_kernel_t *k) {
    const anp_tensor_t *x = k->in[0], *y = k->out[0];
    const uint32_t axes = y->rank - 2u;
    const anp_dtype_class_t cls = anp_dtype_row(x->dtype)->cls;
    int64_t block[ANP_RANK_MAX];
    fold_t f = {.image = y->dims + 2, .channels = y->dims[1], .taps = 1};
    if (anp_tensor_elems(y) == 0) return ANP_OK;
    anp_dtype_load_i64(ANP_DTYPE_I64, k->in[2]->data, 0, axes, block);
    ANP_TRY(anp_conv_params(k->op, k->node_name, k->attrs, axes, f.image, block, &f.p));
    for (uint32_t a = 0; a < axes; a++) {
        ANP_TRY(anp_shape_window(f.image[a], &f.p.w[a], &f.blocks[a]));
        f.taps *= block[a];
    }
    f.plane = anp_dims_product(y->dims, 2, y->rank);
    f.n_blocks = x->dims[2];
    f.sum = cls == ANP_CLASS_STRING                              ? only_string
            : cls == ANP_CLASS_FLOAT || cls == ANP_CLASS_COMPLEX ? sum_floats
                                                                 : sum_integers;
    f.parts = anp_tensor_parts(x, &f.x);
    anp_tensor_parts(y, &f.y);
    if (cls == ANP_CLASS_STRING) ANP_TRY(need_apart(k, &f));
    return anp_items_run(k, y->dims[0] * f.plane, f.taps, fold, &f);
}
