/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisation: over the batch (BatchNormalization), within an image (Instance-,
 * GroupNormalization), and of single lines (Layer-, RMS-, Lp-, LRN). */
#include "kernel/ref/ref_line.h"

#include <inttypes.h>
#include <math.h>

static double mean_of(int64_t n, const double *v) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += v[i];
    return sum / (double)n;
}

static double variance_of(int64_t n, const double *v, double mean) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (v[i] - mean) * (v[i] - mean);
    return sum / (double)n;
}

/* ---- one normalised run at a time: v = (v - mean) / sqrt(variance + epsilon), then scale and bias
 * per channel ---- */
typedef struct norm_t {
    const anp_tensor_t *x, *y, *scale, *bias;
    int64_t channels, plane,
        run; /* plane: elements of a channel; run: elements normalised together */
    double epsilon;
} norm_t;

static void normalise_run(const void *arg, int64_t item, double *v) {
    const norm_t *n = arg;
    const int64_t first = item * n->run;
    anp_line_load(n->x, first, 1, n->run, v);
    const double mean = mean_of(n->run, v),
                 inv = 1 / sqrt(variance_of(n->run, v, mean) + n->epsilon);
    for (int64_t i = 0; i < n->run; i++) {
        const int64_t channel = (first + i) / n->plane % n->channels;
        v[i] =
            (v[i] - mean) * inv * anp_elem_f64(n->scale, channel) + anp_elem_f64(n->bias, channel);
    }
    anp_line_store(n->y, first, 1, n->run, v);
}

static anp_status_t normalise_runs(anp_kernel_t *k, int64_t channels_together) {
    norm_t n = {.x = k->in[0], .y = k->out[0], .scale = k->in[1], .bias = k->in[2]};
    if (n.x->rank < 2)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "the input has rank %u, expected at least 2",
                        n.x->rank);
    n.channels = n.x->dims[1];
    n.plane = anp_dims_product(n.x->dims, 2, n.x->rank);
    n.run = channels_together * n.plane;
    n.epsilon = anp_kernel_attr_f64(k, "epsilon");
    ANP_TRY(anp_kernel_need_elems(k, 1, "the scale", n.channels));
    ANP_TRY(anp_kernel_need_elems(k, 2, "the bias", n.channels));
    const int64_t elems = anp_tensor_elems(n.x);
    return anp_items_run(k, elems == 0 ? 0 : elems / n.run, n.run, normalise_run, &n);
}

anp_status_t anp_ref_instance_norm(anp_kernel_t *k) {
    return normalise_runs(k, 1);
}

anp_status_t anp_ref_group_norm(anp_kernel_t *k) {
    const int64_t groups = anp_attr_i64(k->attrs, "num_groups", 0),
                  channels = k->in[0]->rank > 1 ? k->in[0]->dims[1] : 0;
    if (groups < 1 || channels % groups != 0)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL,
                        "%" PRId64 " channels do not divide into %" PRId64 " groups", channels,
                        groups);
    return normalise_runs(k, channels / groups);
}

/* ---- BatchNormalization ---- */
typedef struct batch_norm_t {
    const anp_tensor_t *x, *y, *scale, *bias, *mean, *var;
    const anp_tensor_t *new_mean, *new_var; /* training; may be NULL */
    int64_t images, channels, plane;
    double epsilon, momentum;
    bool training;
} batch_norm_t;

/* Mean and variance of a channel over all images. */
static void channel_moments(const batch_norm_t *b, int64_t channel, double *v, double *out_mean,
                            double *out_var) {
    double sum = 0, squares = 0;
    const double n = (double)(b->images * b->plane);
    for (int64_t i = 0; i < b->images; i++) {
        anp_line_load(b->x, (i * b->channels + channel) * b->plane, 1, b->plane, v);
        for (int64_t j = 0; j < b->plane; j++) sum += v[j];
    }
    *out_mean = sum / n;
    for (int64_t i = 0; i < b->images; i++) {
        anp_line_load(b->x, (i * b->channels + channel) * b->plane, 1, b->plane, v);
        for (int64_t j = 0; j < b->plane; j++) squares += (v[j] - *out_mean) * (v[j] - *out_mean);
    }
    *out_var = squares / n;
}

static void store_running(const batch_norm_t *b, const anp_tensor_t *old, const anp_tensor_t *out,
                          int64_t channel, double now) {
    const double v = anp_elem_f64(old, channel) * b->momentum + now * (1 - b->momentum);
    if (out) anp_line_store(out, channel, 1, 1, &v);
}

static void batch_norm_channel(const void *arg, int64_t channel, double *v) {
    const batch_norm_t *b = arg;
    double mean = anp_elem_f64(b->mean, channel), var = anp_elem_f64(b->var, channel);
    if (b->training) {
        channel_moments(b, channel, v, &mean, &var);
        store_running(b, b->mean, b->new_mean, channel, mean);
        store_running(b, b->var, b->new_var, channel, var);
    }
    const double factor = anp_elem_f64(b->scale, channel) / sqrt(var + b->epsilon),
                 bias = anp_elem_f64(b->bias, channel);
    for (int64_t i = 0; i < b->images; i++) {
        const int64_t first = (i * b->channels + channel) * b->plane;
        anp_line_load(b->x, first, 1, b->plane, v);
        for (int64_t j = 0; j < b->plane; j++) v[j] = (v[j] - mean) * factor + bias;
        anp_line_store(b->y, first, 1, b->plane, v);
    }
}

anp_status_t anp_ref_batch_norm(anp_kernel_t *k) {
    batch_norm_t b = {.x = k->in[0],
                      .y = k->out[0],
                      .scale = k->in[1],
                      .bias = k->in[2],
                      .mean = k->in[3],
                      .var = k->in[4]};
    b.images = b.x->dims[0];
    b.channels = b.x->rank > 1 ? b.x->dims[1] : 1;
    b.plane = anp_dims_product(b.x->dims, ANP_MIN(2u, b.x->rank), b.x->rank);
    b.epsilon = anp_kernel_attr_f64(k, "epsilon");
    b.momentum = anp_kernel_attr_f64(k, "momentum");
    b.training = anp_attr_i64(k->attrs, "training_mode", 0) != 0;
    b.new_mean = anp_kernel_out(k, 1);
    b.new_var = anp_kernel_out(k, 2);
    return anp_items_run(k, b.channels, b.plane, batch_norm_channel, &b);
}

/* ---- LayerNormalization and RMSNormalization: the axes from `axis` on ---- */
typedef struct layer_norm_t {
    const anp_tensor_t *x, *y, *mean, *inv; /* the last two may be NULL */
    anp_bcast_t scale, bias;
    const anp_tensor_t *scale_t, *bias_t; /* bias may be NULL */
    int64_t run;
    double epsilon;
    bool rms; /* without the mean */
} layer_norm_t;

/* Elements first .. first + n of a broadcast operand. */
static void load_broadcast(const anp_bcast_t *b, const anp_tensor_t *t, int64_t first, int64_t n,
                           double *out) {
    double block[ANP_BLOCK_ELEMS]; /* as wide as any type */
    for (int64_t i = 0; i < n; i += ANP_BLOCK_ELEMS) {
        const int64_t m = ANP_MIN(n - i, (int64_t)ANP_BLOCK_ELEMS);
        const void *values = anp_bcast_load(b, first + i, m, block);
        anp_dtype_load_f64((anp_dtype_t)t->dtype, values, 0, (uint64_t)m, out + i);
    }
}

static void layer_norm_run(const void *arg, int64_t item, double *v) {
    const layer_norm_t *l = arg;
    const int64_t n = l->run, first = item * n;
    double *const affine = v + n;
    anp_line_load(l->x, first, 1, n, v);
    const double mean = l->rms ? 0 : mean_of(n, v),
                 inv = 1 / sqrt(variance_of(n, v, mean) + l->epsilon);
    load_broadcast(&l->scale, l->scale_t, first, n, affine);
    for (int64_t i = 0; i < n; i++) v[i] = (v[i] - mean) * inv * affine[i];
    if (l->bias_t) {
        load_broadcast(&l->bias, l->bias_t, first, n, affine);
        for (int64_t i = 0; i < n; i++) v[i] += affine[i];
    }
    anp_line_store(l->y, first, 1, n, v);
    if (l->mean) anp_line_store(l->mean, item, 1, 1, &mean);
    if (l->inv) anp_line_store(l->inv, item, 1, 1, &inv);
}

static anp_status_t run_layer_norm(anp_kernel_t *k, layer_norm_t *l) {
    uint32_t axis;
    l->x = k->in[0];
    l->y = k->out[0];
    l->scale_t = k->in[1];
    l->epsilon = anp_kernel_attr_f64(k, "epsilon");
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", -1), &axis));
    ANP_TRY(anp_kernel_bcast(k, 1, &l->scale));
    l->run = anp_dims_product(l->x->dims, axis, l->x->rank);
    const int64_t runs = l->run == 0 ? 0 : anp_dims_product(l->x->dims, 0, axis);
    return anp_items_run(k, runs, 2 * l->run, layer_norm_run, l);
}

anp_status_t anp_ref_layer_norm(anp_kernel_t *k) {
    layer_norm_t l = {.mean = anp_kernel_out(k, 1), .inv = anp_kernel_out(k, 2)};
    if (anp_kernel_has(k, 2)) {
        l.bias_t = k->in[2];
        ANP_TRY(anp_kernel_bcast(k, 2, &l.bias));
    }
    return run_layer_norm(k, &l);
}

anp_status_t anp_ref_rms_norm(anp_kernel_t *k) {
    layer_norm_t l = {.rms = true};
    return run_layer_norm(k, &l);
}

/* ---- LpNormalization ---- */
typedef struct lp_norm_t {
    const anp_tensor_t *x, *y;
    anp_lines_t lines;
    int64_t p;
} lp_norm_t;

static void lp_norm_line(const void *arg, int64_t item, double *v) {
    const lp_norm_t *l = arg;
    const int64_t first = anp_lines_first(&l->lines, item), n = l->lines.length;
    double norm = 0;
    anp_line_load(l->x, first, l->lines.stride, n, v);
    for (int64_t i = 0; i < n; i++) norm += l->p == 1 ? fabs(v[i]) : v[i] * v[i];
    if (l->p == 2) norm = sqrt(norm);
    for (int64_t i = 0; i < n; i++) v[i] = norm == 0 ? 0 : v[i] / norm;
    anp_line_store(l->y, first, l->lines.stride, n, v);
}

anp_status_t anp_ref_lp_norm(anp_kernel_t *k) {
    lp_norm_t l = {.x = k->in[0], .y = k->out[0], .p = anp_attr_i64(k->attrs, "p", 2)};
    uint32_t axis;
    if (l.p != 1 && l.p != 2)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "p is %" PRId64 ", expected 1 or 2", l.p);
    ANP_TRY(anp_kernel_axis(k, anp_attr_i64(k->attrs, "axis", -1), &axis));
    anp_lines_along(l.x, axis, &l.lines);
    return anp_items_run(k, l.lines.lines, l.lines.length, lp_norm_line, &l);
}

/* ---- LRN: across `size` neighbouring channels ---- */
typedef struct lrn_t {
    const anp_tensor_t *x, *y;
    anp_lines_t lines;
    int64_t size;
    double alpha, beta, bias;
} lrn_t;

static void lrn_line(const void *arg, int64_t item, double *v) {
    const lrn_t *l = arg;
    const int64_t first = anp_lines_first(&l->lines, item), n = l->lines.length;
    const int64_t before = (l->size - 1) / 2, after = l->size - 1 - before;
    double *const y = v + n;
    anp_line_load(l->x, first, l->lines.stride, n, v);
    for (int64_t c = 0; c < n; c++) {
        const int64_t begin = ANP_MAX(c - before, 0), end = ANP_MIN(c + after, n - 1);
        double squares = 0;
        for (int64_t i = begin; i <= end; i++) squares += v[i] * v[i];
        y[c] = v[c] / pow(l->bias + l->alpha / (double)l->size * squares, l->beta);
    }
    anp_line_store(l->y, first, l->lines.stride, n, y);
}

anp_status_t anp_ref_lrn(anp_kernel_t *k) {
    lrn_t l = {.x = k->in[0], .y = k->out[0], .size = anp_attr_i64(k->attrs, "size", 0)};
    l.alpha = anp_kernel_attr_f64(k, "alpha");
    l.beta = anp_kernel_attr_f64(k, "beta");
    l.bias = anp_kernel_attr_f64(k, "bias");
    if (l.size < 1)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "size is %" PRId64 ", expected at least 1", l.size);
    if (l.x->rank < 2)
        ANP_KERNEL_FAIL(k, ANP_INVALID_MODEL, "the input has rank %u, expected at least 2",
                        l.x->rank);
    l.size = ANP_MIN(l.size,
                     INT64_C(2) * INT32_MAX); /* wider than any channel axis: sums stay in range */
    anp_lines_along(l.x, 1, &l.lines);
    return anp_items_run(k, l.lines.lines, 2 * l.lines.length, lrn_line, &l);
}

/* ---- MeanVarianceNormalization: over any set of axes ---- */
typedef struct mvn_t {
    const anp_tensor_t *x, *y;
    uint32_t reduced[ANP_RANK_MAX], kept[ANP_RANK_MAX], n_reduced, n_kept;
    int64_t strides[ANP_RANK_MAX], count;
} mvn_t;

/* Offset of the index-th element over the given axes. */
static int64_t offset_over(const mvn_t *m, const uint32_t *axes, uint32_t n, int64_t index) {
    int64_t offset = 0;
    for (uint32_t i = n; i-- > 0; index /= m->x->dims[axes[i]])
        offset += index % m->x->dims[axes[i]] * m->strides[axes[i]];
    return offset;
}

static void mvn_item(const void *arg, int64_t item, double *v) {
    const mvn_t *m = arg;
    const int64_t base = offset_over(m, m->kept, m->n_kept, item);
    for (int64_t i = 0; i < m->count; i++)
        v[i] = anp_elem_f64(m->x, base + offset_over(m, m->reduced, m->n_reduced, i));
    const double mean = mean_of(m->count, v),
                 deviation = sqrt(variance_of(m->count, v, mean)) + 1e-9; /* as ONNX defines it */
    for (int64_t i = 0; i < m->count; i++) {
        v[i] = (v[i] - mean) / deviation;
        anp_line_store(m->y, base + offset_over(m, m->reduced, m->n_reduced, i), 1, 1, &v[i]);
    }
}

anp_status_t anp_ref_mean_variance_norm(anp_kernel_t *k) {
    static const int64_t default_axes[] = {0, 2, 3};
    mvn_t m = {.x = k->in[0], .y = k->out[0], .count = 1};
    uint64_t n_axes;
    const int64_t *axes = anp_attr_ints(k->attrs, "axes", &n_axes);
    bool is_reduced[ANP_RANK_MAX] = {false};
    if (!anp_attr_find(k->attrs, "axes")) axes = default_axes, n_axes = ANP_ARRAY_LEN(default_axes);
    for (uint64_t i = 0; i < n_axes; i++) {
        uint32_t axis;
        ANP_TRY(anp_kernel_axis(k, axes[i], &axis));
        is_reduced[axis] = true;
    }
    anp_dense_strides(m.x->rank, m.x->dims, m.strides);
    for (uint32_t a = 0; a < m.x->rank; a++) {
        if (is_reduced[a])
            m.reduced[m.n_reduced++] = a, m.count *= m.x->dims[a];
        else
            m.kept[m.n_kept++] = a;
    }
    const int64_t elems = anp_tensor_elems(m.x);
    return anp_items_run(k, elems == 0 ? 0 : elems / m.count, m.count, mvn_item, &m);
}
