/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers: RandomNormal(Like), RandomUniform(Like), Bernoulli, Multinomial, Dropout. The
 * generator is Philox4x32-10 (Salmon et al., SC'11): element i of a node is a function of (seed, i)
 * alone, so results do not depend on threads or on order.
 */
#include "kernel/ref/ref_line.h"
#include <math.h>
#include <string.h>

/* Four words from a 128-bit counter and a 64-bit key. */
static void philox(uint64_t seed, uint64_t counter, uint32_t out[4]) {
    uint32_t c[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), 0, 0};
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        const uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ key[0], (uint32_t)b,
                                  (uint32_t)(a >> 32) ^ c[3] ^ key[1], (uint32_t)a};
        memcpy(c, next, sizeof c);
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    memcpy(out, c, sizeof c);
}

/* In [0, 1), of 53 bits. */
static double unit(uint32_t high, uint32_t low) {
    return (double)((uint64_t)high << 21 ^ low >> 11) * 0x1p-53;
}

static double uniform_at(uint64_t seed, uint64_t i) {
    uint32_t w[4];
    philox(seed, i, w);
    return unit(w[0], w[1]);
}

/* Box-Muller: a pair of uniforms, the first in (0, 1]. */
static double normal_at(uint64_t seed, uint64_t i) {
    uint32_t w[4];
    philox(seed, i, w);
    const double turn = 6.28318530717958647692 * unit(w[2], w[3]);
    return sqrt(-2 * log(1 - unit(w[0], w[1]))) * cos(turn);
}

/* The attribute when given (the same numbers in every run), else what the run has for this node. */
static uint64_t seed_of(const anp_kernel_t *k) {
    const anp_attr_t *attr = anp_attr_find(k->attrs, "seed");
    uint64_t seed = 0;
    if (!attr) return k->seed;
    if (attr->kind == ANP_ATTR_INT) return (uint64_t)attr->v.i;
    memcpy(&seed, &attr->v.f, sizeof attr->v.f);
    return seed;
}

typedef struct random_job_t {
    const anp_tensor_t *out;
    uint64_t seed;
    bool normal;
    double low, scale; /* low + scale * number */
} random_job_t;

static void random_part(void *arg, int64_t begin, int64_t end) {
    const random_job_t *job = arg;
    for (int64_t i = begin; i < end; i++) {
        const double r =
            job->normal ? normal_at(job->seed, (uint64_t)i) : uniform_at(job->seed, (uint64_t)i);
        const double v = job->low + job->scale * r;
        anp_dtype_store_f64((anp_dtype_t)job->out->dtype, job->out->data, (uint64_t)i, 1, &v);
    }
}

anp_status_t anp_ref_random(anp_kernel_t *k) {
    random_job_t job = {.out = k->out[0], .seed = seed_of(k)};
    job.normal = k->op->index == ANP_OP_RandomNormal || k->op->index == ANP_OP_RandomNormalLike;
    job.low = anp_kernel_attr_f64(k, job.normal ? "mean" : "low");
    job.scale =
        job.normal ? anp_kernel_attr_f64(k, "scale") : anp_kernel_attr_f64(k, "high") - job.low;
    anp_range_run(k->env->pool, anp_tensor_elems(job.out), ANP_PART_ELEMS, random_part, &job);
    return ANP_OK;
}

/* ---- Bernoulli ---- */

typedef struct bernoulli_job_t {
    const anp_tensor_t *in, *out;
    uint64_t seed;
} bernoulli_job_t;

static void bernoulli_part(void *arg, int64_t begin, int64_t end) {
    const bernoulli_job_t *job = arg;
    const anp_dtype_row_t *row = anp_dtype_row(job->out->dtype);
    for (int64_t i = begin; i < end; i++) {
        const bool one = uniform_at(job->seed, (uint64_t)i) < anp_elem_f64(job->in, i);
        row->set_f64(job->out->data, (uint64_t)i, one);
    }
}

anp_status_t anp_ref_bernoulli(anp_kernel_t *k) {
    bernoulli_job_t job = {.in = k->in[0], .out = k->out[0], .seed = seed_of(k)};
    const int64_t n = anp_tensor_elems(job.in);
    for (int64_t i = 0; i < n; i++) {
        const double p = anp_elem_f64(job.in, i);
        if (!(p >= 0 && p <= 1))
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "probability %lld is %g, expected 0 to 1",
                            (long long)i, p);
    }
    anp_range_run(k->env->pool, n, ANP_PART_ELEMS, bernoulli_part, &job);
    return ANP_OK;
}

/* ---- Multinomial ---- */

/* Logarithms of weights become the sums of the weights so far. */
static anp_status_t sum_weights(const anp_kernel_t *k, int64_t batch, int64_t n, double *v) {
    double max = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(v[i]) || v[i] == INFINITY)
            ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE,
                            "log-probability %lld of row %lld is %g, expected a number",
                            (long long)i, (long long)batch, v[i]);
        max = fmax(max, v[i]);
    }
    if (max == -INFINITY)
        ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "row %lld has no class that is possible",
                        (long long)batch);
    for (int64_t i = 0; i < n; i++) v[i] = sum += exp(v[i] - max);
    return ANP_OK;
}

/* The first class whose sum is above u times the whole; one without weight is never the first. */
static int64_t class_at(int64_t n, const double *sums, double u) {
    const double whole = sums[n - 1], at = ANP_MIN(u * whole, nextafter(whole, 0));
    int64_t low = 0, high = n - 1;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (sums[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

anp_status_t anp_ref_multinomial(anp_kernel_t *k) {
    const anp_tensor_t *in = k->in[0], *out = k->out[0];
    const int64_t classes = in->dims[1], samples = out->dims[1];
    const uint64_t seed = seed_of(k);
    double *sums = NULL;
    if (anp_tensor_elems(out) == 0) return ANP_OK;
    ANP_TRY(anp_kernel_scratch_array(k, (uint64_t)classes, sizeof *sums, (void **)&sums));
    for (int64_t b = 0; b < in->dims[0]; b++) {
        anp_line_load(in, b * classes, 1, classes, sums);
        ANP_TRY(sum_weights(k, b, classes, sums));
        for (int64_t i = b * samples; i < (b + 1) * samples; i++)
            anp_dtype_set_i64((anp_dtype_t)out->dtype, out->data, (uint64_t)i,
                              class_at(classes, sums, uniform_at(seed, (uint64_t)i)));
    }
    return ANP_OK;
}

/* ---- Dropout ---- */

typedef struct dropout_job_t {
    const anp_tensor_t *in, *out, *mask; /* out, mask: NULL when not wanted */
    uint64_t seed;
    double ratio;
} dropout_job_t;

static void dropout_part(void *arg, int64_t begin, int64_t end) {
    const dropout_job_t *job = arg;
    const anp_dtype_t dtype = (anp_dtype_t)job->in->dtype;
    for (int64_t i = begin; i < end; i++) {
        const bool keep = uniform_at(job->seed, (uint64_t)i) >= job->ratio;
        double v = 0;
        anp_dtype_load_f64(dtype, job->in->data, (uint64_t)i, 1, &v);
        v = keep ? v / (1 - job->ratio) : 0;
        if (job->out) anp_dtype_store_f64(dtype, job->out->data, (uint64_t)i, 1, &v);
        if (job->mask) ((uint8_t *)job->mask->data)[i] = keep;
    }
}

/* Identity unless training; then each element is dropped with probability `ratio` and the others
 * grow to match. */
anp_status_t anp_ref_dropout(anp_kernel_t *k) {
    dropout_job_t job = {.in = k->in[0],
                         .out = k->out[0],
                         .mask = k->n_out > 1 ? k->out[1] : NULL,
                         .seed = seed_of(k),
                         .ratio = 0.5};
    const int64_t n = anp_tensor_elems(job.in);
    int64_t training = 0;
    uint64_t bytes = 0;
    if (anp_kernel_has(k, 2)) ANP_TRY(anp_kernel_scalar_i64(k, 2, &training));
    if (training && anp_kernel_has(k, 1)) ANP_TRY(anp_kernel_scalar_f64(k, 1, &job.ratio));
    if (!(job.ratio >= 0 && job.ratio < 1))
        ANP_KERNEL_FAIL(k, ANP_OUT_OF_RANGE, "ratio is %g, expected 0 to below 1", job.ratio);
    if (training) {
        anp_range_run(k->env->pool, n, ANP_PART_ELEMS, dropout_part, &job);
        return ANP_OK;
    }
    ANP_TRY(anp_tensor_bytes(job.in, &bytes));
    if (job.out && job.out->data != job.in->data && bytes > 0)
        memcpy(job.out->data, job.in->data, bytes);
    if (job.mask) memset(job.mask->data, 1, (uint64_t)n);
    return ANP_OK;
}
