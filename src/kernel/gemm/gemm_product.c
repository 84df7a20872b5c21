/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking, packing and threads of one product; the arithmetic is in the table. */
#include "kernel/gemm/gemm_product.h"
#include "base/alloc.h"
#include <math.h>

enum {
    DEPTH =
        256, /* k of one pass: a panel of A stays in the first-level cache beside a stream of B */
    SUPER = 512 * 1024, /* elements of a packed operand in scratch */
    SUPER_M = 256,      /* rows or columns a super-block of great depth keeps at least, so that */
    SUPER_N = 512,      /* packing the other operand pays */
    ITEM_WORK = 512 * 1024, /* multiply-adds an item should have at least */
    ITEMS = 48, /* more are not needed for balance; divisible by the usual numbers of threads */
    PACK_WORK = 16 * 1024, /* elements packed per item at least */
    SMALL_WORK = 16 * 1024 * 1024,
    SEVERAL = 4
};

/* How a product is cut; follows from sizes and table alone. */
typedef struct cut_t {
    size_t depth;      /* of one pass */
    size_t ms, ns, ks; /* super-block */
    bool pack_a, pack_b;
    bool tail_b; /* only the last panel is packed */
    uint64_t a_elems, b_elems;
} cut_t;

/* What the items of one super-block share. */
typedef struct job_t {
    const anp_gemm_product_t *p;
    const cut_t *cut;
    size_t m0, m, n0, n, k0, k; /* the super-block */
    float *a, *b;               /* scratch */
    size_t a_panels, b_panels;  /* to pack */
    size_t panels_per_item;
    anp_grid_t grid;
} job_t;

static size_t ceil_div(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

static size_t round_up(size_t a, size_t b) {
    return ceil_div(a, b) * b;
}

/* Depth of a super-block whose side should stay at least `side`. */
static size_t super_depth(size_t k, size_t extent, size_t side, size_t depth) {
    const size_t most = SUPER / ANP_MIN(ANP_MAX(extent, 1), side);
    return k <= most ? k : ANP_MAX(most / depth, 1) * depth;
}

static size_t super_side(size_t extent, size_t width, size_t ks) {
    const size_t fits = SUPER / ANP_MAX(ks, 1) / width * width;
    return ANP_MIN(ANP_MAX(fits, width), round_up(ANP_MAX(extent, 1), width));
}

static cut_t cut_make(const anp_gemm_product_t *p) {
    const anp_gemm_t *t = p->t;
    cut_t c = {.ms = ANP_MAX(p->m, 1), .ns = ANP_MAX(p->n, 1), .ks = p->k};
    c.depth = ANP_MAX(ceil_div(p->k, ANP_MAX(ceil_div(p->k, DEPTH), 1)), 1);
    c.pack_a = !p->a.packed && !p->a.direct;
    c.pack_b = !p->b.packed && !p->b.direct;
    c.tail_b = p->b.direct && p->n % t->lanes != 0;
    if (c.pack_a) c.ks = ANP_MIN(c.ks, super_depth(p->k, p->m, SUPER_M, c.depth));
    if (c.pack_b) c.ks = ANP_MIN(c.ks, super_depth(p->k, p->n, SUPER_N, c.depth));
    if (c.tail_b) c.ks = ANP_MIN(c.ks, super_depth(p->k, t->nr, t->nr, c.depth));
    if (c.pack_a) c.ms = super_side(p->m, t->mr, c.ks);
    if (c.pack_b) c.ns = super_side(p->n, t->nr, c.ks);
    c.a_elems = c.pack_a ? (uint64_t)c.ms * c.ks : 0;
    c.b_elems = c.pack_b ? (uint64_t)c.ns * c.ks : c.tail_b ? (uint64_t)t->nr * c.ks : 0;
    c.a_elems = round_up(c.a_elems, 16);
    c.b_elems = round_up(c.b_elems, 16);
    return c;
}

anp_status_t anp_gemm_product_scratch_bytes(const anp_gemm_product_t *p, uint64_t *out_bytes) {
    const cut_t cut = cut_make(p);
    uint64_t elems;
    ANP_TRY(anp_size_add(cut.a_elems, cut.b_elems, &elems));
    return anp_size_mul(elems, sizeof(float), out_bytes);
}

bool anp_gemm_product_is_small(uint64_t m, uint64_t n, uint64_t k) {
    return (double)m * (double)n * (double)k < SMALL_WORK;
}

/* ---- the grid of items ---- */

anp_grid_t anp_grid_make(size_t m, size_t mr, size_t n, size_t nr, size_t k) {
    const size_t panels_m = ANP_MAX(ceil_div(m, mr), 1), panels_n = ANP_MAX(ceil_div(n, nr), 1);
    const double work = (double)m * (double)n * (double)k / ITEM_WORK;
    const size_t items = work < 1 ? 1 : work > ITEMS ? ITEMS : (size_t)work;
    anp_grid_t g = {.m = m, .n = n, .mr = mr, .nr = nr};
    g.cols = ANP_MAX(ANP_MIN(items, panels_n), ceil_div(panels_n, ANP_ITEM_SIDE / nr));
    g.rows = ANP_MAX(ANP_MIN(items / g.cols, panels_m), ceil_div(panels_m, ANP_ITEM_SIDE / mr));
    return g;
}

/* Part x of `parts` of the panels of an extent. */
static void part_range(size_t x, size_t parts, size_t extent, size_t width, size_t *out_first,
                       size_t *out_end) {
    const size_t panels = ceil_div(extent, width);
    *out_first = x * panels / parts * width;
    *out_end = ANP_MIN((x + 1) * panels / parts * width, extent);
}

void anp_grid_item(const anp_grid_t *g, uint64_t item, size_t *i0, size_t *i1, size_t *j0,
                   size_t *j1) {
    part_range(item % g->rows, g->rows, g->m, g->mr, i0, i1);
    part_range(item / g->rows, g->cols, g->n, g->nr, j0, j1);
}

/* ---- packing ---- */

static void pack_panel(const job_t *j, const anp_operand_t *o, size_t width, size_t start,
                       size_t count, size_t panel, float *dst) {
    const size_t i = panel * width;
    o->pack(o->src, start + i, ANP_MIN(count - i, width), width, j->k0, j->k, dst);
}

static void pack_item(void *arg, uint64_t item, uint32_t worker) {
    (void)worker;
    const job_t *j = arg;
    const anp_gemm_t *t = j->p->t;
    const size_t first = item * j->panels_per_item;
    const size_t end = ANP_MIN(first + j->panels_per_item, j->a_panels + j->b_panels);
    for (size_t x = first; x < end; x++) {
        if (x < j->a_panels) {
            pack_panel(j, &j->p->a, t->mr, j->m0, j->m, x, j->a + x * t->mr * j->k);
        } else if (j->cut->pack_b) {
            const size_t panel = x - j->a_panels;
            pack_panel(j, &j->p->b, t->nr, j->n0, j->n, panel, j->b + panel * t->nr * j->k);
        } else { /* the tail of a direct operand */
            pack_panel(j, &j->p->b, t->nr, j->n0, j->n, (j->n - 1) / t->nr, j->b);
        }
    }
}

static void pack_run(job_t *j, anp_pool_t *pool) {
    const anp_gemm_t *t = j->p->t;
    const bool a_ready = j->n0 > 0 && j->m == j->p->m && j->k == j->p->k;
    j->a_panels = j->cut->pack_a && !a_ready ? ceil_div(j->m, t->mr) : 0;
    j->b_panels = j->m0 > 0 ? 0 : j->cut->pack_b ? ceil_div(j->n, t->nr) : j->cut->tail_b;
    const size_t panels = j->a_panels + j->b_panels;
    if (panels == 0) return;
    j->panels_per_item = ceil_div(PACK_WORK, ANP_MAX(t->nr * j->k, 1));
    anp_pool_run(pool, ceil_div(panels, j->panels_per_item), pack_item, j);
}

/* ---- computing ---- */

/* The part of an operand's panel that belongs to this super-block from depth kk on. */
static const float *panel_a(const job_t *j, size_t i, size_t kk, size_t *out_step) {
    const anp_operand_t *o = &j->p->a;
    const size_t mr = j->p->t->mr;
    *out_step = o->direct ? o->step : mr;
    if (o->packed) return o->packed + (j->m0 + i) * j->p->k + (j->k0 + kk) * mr;
    if (o->direct) return o->direct + j->m0 + i + (j->k0 + kk) * o->step;
    return j->a + i * j->k + kk * mr;
}

static const float *panel_b(const job_t *j, size_t i, size_t n, size_t kk, size_t *out_step) {
    const anp_operand_t *o = &j->p->b;
    const anp_gemm_t *t = j->p->t;
    *out_step = t->nr;
    if (o->packed) return o->packed + (j->n0 + i) * j->p->k + (j->k0 + kk) * t->nr;
    if (!o->direct) return j->b + i * j->k + kk * t->nr;
    if (n % t->lanes != 0) return j->b + kk * t->nr;
    *out_step = o->step;
    return o->direct + j->n0 + i + (j->k0 + kk) * o->step;
}

/* Everything after the sum, for the block of c that starts at (row, col). */
static anp_gemm_tile_t finish_how(const anp_gemm_product_t *p, size_t row, size_t col) {
    anp_gemm_tile_t how = {.bias_scale = p->scale,
                           .bias_m = p->bias_row ? p->bias_row + row : NULL,
                           .bias_n = p->bias_col ? p->bias_col + col : NULL};
    anp_act_is_clip(&p->act, &how.lo, &how.hi);
    return how;
}

/* Tile (i, jj) of c for depth kk .. kk + k of the super-block, accumulated into the earlier passes.
 */
static void tile_run(const job_t *j, size_t i, size_t jj, size_t kk, size_t k, float *c,
                     size_t ldc) {
    const anp_gemm_product_t *p = j->p;
    const anp_gemm_t *t = p->t;
    const size_t m = ANP_MIN(j->m - i, t->mr), n = ANP_MIN(j->n - jj, t->nr);
    const size_t row = j->m0 + i, col = j->n0 + jj;
    const bool first = j->k0 + kk == 0, last = j->k0 + kk + k == p->k;
    anp_gemm_tile_t how = {.lo = -INFINITY, .hi = INFINITY};
    if (last) how = finish_how(p, row, col);
    if (!first) {
        how.init = c;
        how.ldinit = ldc;
        how.init_scale = 1;
    } else if (p->init) {
        how.init = p->init + row * p->ldinit + col;
        how.ldinit = p->ldinit;
        how.init_scale = p->scale;
    }
    static const size_t only_tap = 0;
    anp_gemm_a_t a = {.taps = 1, .tap = &only_tap};
    size_t step_b;
    a.data = panel_a(j, i, kk, &a.step);
    const float *b = panel_b(j, jj, n, kk, &step_b);
    t->tile_f32(m, n, k, &a, b, step_b, c, ldc, &how);
}

/* Activations the tile cannot do, on the finished block [m, n] of c. */
static void act_run(const anp_gemm_product_t *p, size_t m, size_t n, float *c) {
    float lo, hi;
    if (anp_act_is_clip(&p->act, &lo, &hi)) return;
    for (size_t i = 0; i < m; i++) p->t->act_f32(&p->act, n, c + i * p->ldc, c + i * p->ldc);
}

static void compute_item(void *arg, uint64_t item, uint32_t worker) {
    (void)worker;
    const job_t *j = arg;
    const anp_gemm_product_t *p = j->p;
    const anp_gemm_t *t = p->t;
    size_t i0, i1, j0, j1;
    anp_grid_item(&j->grid, item, &i0, &i1, &j0, &j1);
    float *c = p->c + (j->m0 + i0) * p->ldc + j->n0 + j0;
    size_t kk = 0;
    do {
        const size_t k = ANP_MIN(j->k - kk, j->cut->depth);
        for (size_t i = i0; i < i1; i += t->mr) {
            for (size_t jj = j0; jj < j1; jj += t->nr)
                tile_run(j, i, jj, kk, k, c + (i - i0) * p->ldc + (jj - j0), p->ldc);
        }
        kk += k;
    } while (kk < j->k);
    if (j->k0 + j->k == p->k) act_run(p, i1 - i0, j1 - j0, c);
}

static void super_block_run(job_t *j, anp_pool_t *pool) {
    const anp_gemm_t *t = j->p->t;
    pack_run(j, pool);
    j->grid = anp_grid_make(j->m, t->mr, j->n, t->nr, j->k);
    anp_pool_run(pool, (uint64_t)j->grid.rows * j->grid.cols, compute_item, j);
}

void anp_gemm_product_run(const anp_gemm_product_t *p, anp_pool_t *pool, void *scratch) {
    if (p->m == 0 || p->n == 0) return;
    const cut_t cut = cut_make(p);
    job_t j = {.p = p, .cut = &cut};
    j.a = scratch;
    j.b = j.a + cut.a_elems;
    for (j.n0 = 0; j.n0 < p->n; j.n0 += j.n) {
        j.n = ANP_MIN(p->n - j.n0, cut.ns);
        j.k0 = 0;
        do {
            j.k = ANP_MIN(p->k - j.k0, cut.ks);
            for (j.m0 = 0; j.m0 < p->m; j.m0 += j.m) {
                j.m = ANP_MIN(p->m - j.m0, cut.ms);
                super_block_run(&j, pool);
            }
            j.k0 += j.k;
        } while (j.k0 < p->k);
    }
}

/* ---- several products ---- */

typedef struct products_t {
    anp_gemm_product_fn_t fn;
    const void *user;
    char *scratch;
    uint64_t bytes;
} products_t;

static void products_item(void *arg, uint64_t item, uint32_t worker) {
    const products_t *p = arg;
    p->fn(p->user, item, NULL, p->scratch + worker * p->bytes);
}

void anp_products_run(anp_pool_t *pool, size_t count, bool small, void *scratch, uint64_t bytes,
                      anp_gemm_product_fn_t fn, const void *user) {
    if (small && count >= SEVERAL) {
        products_t p = {.fn = fn, .user = user, .scratch = scratch, .bytes = bytes};
        anp_pool_run(pool, count, products_item, &p);
        return;
    }
    for (size_t i = 0; i < count; i++) fn(user, i, pool, scratch);
}
