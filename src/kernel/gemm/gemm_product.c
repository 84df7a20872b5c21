/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking, packing and threads of one product; the arithmetic is in the table. */
#include "kernel/gemm/gemm_product.h"
#include "base/alloc.h"
#include <assert.h>
#include <math.h>

enum {
    DEPTH =
        256, /* k of one pass: a panel of A stays in the first-level cache beside a stream of B */
    SUPER = 512 * 1024, /* elements of a packed operand in scratch */
    SUPER_M = 256,      /* rows or columns a super-block of great depth keeps at least, so that */
    SUPER_N = 512,      /* packing the other operand pays */
    ITEM_SIDE =
        256, /* rows and columns of an item at most: its operands fit the second-level cache */
    ITEM_WORK = 512 * 1024, /* multiply-adds an item should have at least */
    ITEMS = 48, /* more are not needed for balance; divisible by the usual numbers of threads */
    PACK_WORK = 16 * 1024, /* elements packed per item at least */
    SMALL_WORK = 16 * 1024 * 1024
};

/* How a product is cut; follows from sizes and table alone. */
typedef struct cut_t {
    size_t depth;      /* of one pass */
    size_t ms, ns, ks; /* super-block */
    bool pack_a, pack_b;
    bool tail_b; /* only the last panel is packed */
    uint64_t a_elems, b_elems, turn_elems;
} cut_t;

/* What the items of one super-block share. */
typedef struct job_t {
    const anp_product_t *p;
    const cut_t *cut;
    size_t m0, m, n0, n, k0, k; /* the super-block */
    float *a, *b, *turn;        /* scratch */
    size_t a_panels, b_panels;  /* to pack */
    size_t panels_per_item;
    size_t grid_m, grid_n;
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

static cut_t cut_make(const anp_product_t *p) {
    const anp_gemm_t *t = p->t;
    cut_t c = {.ms = ANP_MAX(p->m, 1), .ns = ANP_MAX(p->n, 1), .ks = p->k};
    c.depth = ANP_MAX(ceil_div(p->k, ANP_MAX(ceil_div(p->k, DEPTH), 1)), 1);
    c.pack_a = !p->a.packed && !p->a.direct;
    c.pack_b = !p->b.packed && !p->b.direct;
    c.tail_b = p->b.direct && p->n % t->lanes != 0;
    if (!p->turned) { /* a turned product is finished in one go */
        if (c.pack_a) c.ks = ANP_MIN(c.ks, super_depth(p->k, p->m, SUPER_M, c.depth));
        if (c.pack_b) c.ks = ANP_MIN(c.ks, super_depth(p->k, p->n, SUPER_N, c.depth));
        if (c.tail_b) c.ks = ANP_MIN(c.ks, super_depth(p->k, t->nr, t->nr, c.depth));
    }
    if (c.pack_a) c.ms = super_side(p->m, t->mr, c.ks);
    if (c.pack_b) c.ns = super_side(p->n, t->nr, c.ks);
    c.a_elems = c.pack_a ? (uint64_t)c.ms * c.ks : 0;
    c.b_elems = c.pack_b ? (uint64_t)c.ns * c.ks : c.tail_b ? (uint64_t)t->nr * c.ks : 0;
    c.a_elems = round_up(c.a_elems, 16);
    c.b_elems = round_up(c.b_elems, 16);
    c.turn_elems = p->turned ? ITEM_SIDE * ITEM_SIDE : 0;
    return c;
}

anp_status_t anp_product_scratch_bytes(const anp_product_t *p, uint32_t threads,
                                       uint64_t *out_bytes) {
    const cut_t cut = cut_make(p);
    uint64_t turn, elems;
    ANP_TRY(anp_size_mul(cut.turn_elems, threads, &turn));
    ANP_TRY(anp_size_add(cut.a_elems, cut.b_elems, &elems));
    ANP_TRY(anp_size_add(elems, turn, &elems));
    return anp_size_mul(elems, sizeof(float), out_bytes);
}

bool anp_product_is_small(uint64_t m, uint64_t n, uint64_t k) {
    return (double)m * (double)n * (double)k < SMALL_WORK;
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

static void clip_range(const anp_act_t *act, float *lo, float *hi) {
    *lo = -INFINITY;
    *hi = INFINITY;
    if (act->kind == ANP_ACT_RELU) *lo = 0;
    if (act->kind == ANP_ACT_CLIP) {
        *lo = act->alpha;
        *hi = act->beta;
    }
}

/* Everything after the sum, for the block of c that starts at (row, col). */
static anp_gemm_tile_t finish_how(const anp_product_t *p, size_t row, size_t col) {
    anp_gemm_tile_t how = {.bias_scale = p->scale,
                           .bias_m = p->bias_row ? p->bias_row + row : NULL,
                           .bias_n = p->bias_col ? p->bias_col + col : NULL};
    clip_range(&p->act, &how.lo, &how.hi);
    return how;
}

/* Tile (i, jj) of c for depth kk .. kk + k of the super-block, accumulated into the earlier passes.
 */
static void tile_run(const job_t *j, size_t i, size_t jj, size_t kk, size_t k, float *c,
                     size_t ldc) {
    const anp_product_t *p = j->p;
    const anp_gemm_t *t = p->t;
    const size_t m = ANP_MIN(j->m - i, t->mr), n = ANP_MIN(j->n - jj, t->nr);
    const size_t row = j->m0 + i, col = j->n0 + jj;
    const bool first = j->k0 + kk == 0, last = j->k0 + kk + k == p->k;
    anp_gemm_tile_t how = {.lo = -INFINITY, .hi = INFINITY};
    if (last && !p->turned) how = finish_how(p, row, col);
    if (!first) {
        how.init = c;
        how.ldinit = ldc;
        how.init_scale = 1;
    } else if (p->init && !p->turned) {
        how.init = p->init + row * p->ldinit + col;
        how.ldinit = p->ldinit;
        how.init_scale = p->scale;
    }
    size_t step_a, step_b;
    const float *a = panel_a(j, i, kk, &step_a);
    const float *b = panel_b(j, jj, n, kk, &step_b);
    t->tile_f32(m, n, k, a, step_a, b, step_b, c, ldc, &how);
}

/* Activations the tile cannot do, on the finished block [m, n] of c. */
static void act_run(const anp_product_t *p, size_t m, size_t n, float *c) {
    if (p->act.kind == ANP_ACT_NONE || p->act.kind == ANP_ACT_RELU || p->act.kind == ANP_ACT_CLIP)
        return;
    for (size_t i = 0; i < m; i++) p->t->act_f32(&p->act, n, c + i * p->ldc, c + i * p->ldc);
}

static void turn_run(const job_t *j, const float *turn, size_t ld, size_t i, size_t m, size_t jj,
                     size_t n) {
    const anp_product_t *p = j->p;
    const size_t row = j->n0 + jj, col = j->m0 + i; /* of c */
    anp_gemm_tile_t how = finish_how(p, row, col);
    if (p->init) {
        how.init = p->init + row * p->ldinit + col;
        how.ldinit = p->ldinit;
        how.init_scale = p->scale;
    }
    float *c = p->c + row * p->ldc + col;
    p->t->transpose_f32(n, m, turn, ld, c, p->ldc, &how);
    act_run(p, n, m, c);
}

/* Item x of `grid` gets this range of the panels of an extent. */
static void item_range(size_t x, size_t grid, size_t extent, size_t width, size_t *out_first,
                       size_t *out_end) {
    const size_t panels = ceil_div(extent, width);
    *out_first = x * panels / grid * width;
    *out_end = ANP_MIN((x + 1) * panels / grid * width, extent);
}

static void compute_item(void *arg, uint64_t item, uint32_t worker) {
    const job_t *j = arg;
    const anp_product_t *p = j->p;
    const anp_gemm_t *t = p->t;
    size_t i0, i1, j0, j1;
    item_range(item % j->grid_m, j->grid_m, j->m, t->mr, &i0, &i1);
    item_range(item / j->grid_m, j->grid_n, j->n, t->nr, &j0, &j1);
    float *c = p->turned ? j->turn + worker * j->cut->turn_elems
                         : p->c + (j->m0 + i0) * p->ldc + j->n0 + j0;
    const size_t ldc = p->turned ? ITEM_SIDE : p->ldc;
    size_t kk = 0;
    do {
        const size_t k = ANP_MIN(j->k - kk, j->cut->depth);
        for (size_t i = i0; i < i1; i += t->mr) {
            for (size_t jj = j0; jj < j1; jj += t->nr)
                tile_run(j, i, jj, kk, k, c + (i - i0) * ldc + (jj - j0), ldc);
        }
        kk += k;
    } while (kk < j->k);
    if (j->k0 + j->k < p->k) return;
    if (p->turned) {
        turn_run(j, c, ldc, i0, i1 - i0, j0, j1 - j0);
    } else {
        act_run(p, i1 - i0, j1 - j0, c);
    }
}

/* Enough items for balance, none larger than ITEM_SIDE, columns cut first: panels of A are read
 * again per column of items. */
static void grid_make(job_t *j) {
    const anp_gemm_t *t = j->p->t;
    const size_t panels_m = ceil_div(j->m, t->mr), panels_n = ceil_div(j->n, t->nr);
    const double work = (double)j->m * (double)j->n * (double)j->k / ITEM_WORK;
    const size_t items = work < 1 ? 1 : work > ITEMS ? ITEMS : (size_t)work;
    j->grid_n = ANP_MAX(ANP_MIN(items, panels_n), ceil_div(panels_n, ITEM_SIDE / t->nr));
    j->grid_m =
        ANP_MAX(ANP_MIN(items / j->grid_n, panels_m), ceil_div(panels_m, ITEM_SIDE / t->mr));
    j->grid_m = ANP_MAX(j->grid_m, 1);
}

static void super_block_run(job_t *j, anp_pool_t *pool) {
    pack_run(j, pool);
    grid_make(j);
    anp_pool_run(pool, (uint64_t)j->grid_m * j->grid_n, compute_item, j);
}

void anp_product_run(const anp_product_t *p, anp_pool_t *pool, void *scratch) {
    assert(!p->turned || !p->bias_col);
    if (p->m == 0 || p->n == 0) return;
    const cut_t cut = cut_make(p);
    job_t j = {.p = p, .cut = &cut};
    j.a = scratch;
    j.b = j.a + cut.a_elems;
    j.turn = j.b + cut.b_elems;
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
