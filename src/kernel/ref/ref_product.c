/* SPDX-License-Identifier: Apache-2.0 */
/* The one matrix product of the reference kernels. */
#include "kernel/ref/ref_product.h"

#include <string.h>

enum { TILE_M = 64 }; /* rows of C that share one panel of B */

/* Memory of one thread. */
typedef struct tile_t {
    double b[ANP_PANEL_K * ANP_PANEL_N];
    double a[ANP_PANEL_K];
    double acc[TILE_M * ANP_PANEL_N];
} tile_t;

typedef struct job_t {
    const anp_product_t *p;
    int64_t m_tiles, n_tiles;
    tile_t *tiles; /* one per thread */
} job_t;

/* acc[cols] += a[k] * b[k][cols]. Four rows of b at a time: acc is read and written a quarter as
 * often. */
static void add_row(int64_t k, int64_t cols, const double *restrict a, const double *restrict b,
                    double *restrict acc) {
    int64_t i = 0;
    for (; i + 4 <= k; i += 4) {
        const double *restrict const b0 = b + i * ANP_PANEL_N, *restrict const b1 =
                                                                   b0 + ANP_PANEL_N;
        const double *restrict const b2 = b1 + ANP_PANEL_N, *restrict const b3 = b2 + ANP_PANEL_N;
        const double a0 = a[i], a1 = a[i + 1], a2 = a[i + 2], a3 = a[i + 3];
        for (int64_t j = 0; j < cols; j++)
            acc[j] += (a0 * b0[j] + a1 * b1[j]) + (a2 * b2[j] + a3 * b3[j]);
    }
    for (; i < k; i++)
        for (int64_t j = 0; j < cols; j++) acc[j] += a[i] * b[i * ANP_PANEL_N + j];
}

static void run_tile(void *arg, uint64_t item, uint32_t worker) {
    const job_t *job = arg;
    const anp_product_t *p = job->p;
    tile_t *const t = &job->tiles[worker];
    const int64_t n_tile = (int64_t)item % job->n_tiles,
                  m_tile = (int64_t)item / job->n_tiles % job->m_tiles;
    const int64_t batch = (int64_t)item / job->n_tiles / job->m_tiles;
    const int64_t m0 = m_tile * TILE_M, n0 = n_tile * ANP_PANEL_N;
    const int64_t rows = ANP_MIN(p->m - m0, TILE_M), cols = ANP_MIN(p->n - n0, ANP_PANEL_N);
    memset(t->acc, 0, (size_t)(rows * ANP_PANEL_N) * sizeof *t->acc);
    for (int64_t k0 = 0; k0 < p->k; k0 += ANP_PANEL_K) {
        const int64_t kn = ANP_MIN(p->k - k0, ANP_PANEL_K);
        p->load_b(p->arg, batch, k0, kn, n0, cols, t->b);
        for (int64_t r = 0; r < rows; r++) {
            p->load_a(p->arg, batch, m0 + r, k0, kn, t->a);
            add_row(kn, cols, t->a, t->b, t->acc + r * ANP_PANEL_N);
        }
    }
    for (int64_t r = 0; r < rows; r++)
        p->store(p->arg, batch, m0 + r, n0, cols, t->acc + r * ANP_PANEL_N);
}

anp_status_t anp_product_run(anp_kernel_t *k, const anp_product_t *p) {
    job_t job = {.p = p,
                 .m_tiles = (p->m + TILE_M - 1) / TILE_M,
                 .n_tiles = (p->n + ANP_PANEL_N - 1) / ANP_PANEL_N};
    void *tiles;
    ANP_TRY(anp_kernel_scratch(k, anp_pool_threads(k->env->pool) * sizeof(tile_t), &tiles));
    job.tiles = tiles;
    anp_pool_run(k->env->pool, (uint64_t)(p->batches * job.m_tiles * job.n_tiles), run_tile, &job);
    return ANP_OK;
}
