/* SPDX-License-Identifier: Apache-2.0 */
/* AffineGrid: the positions of an image's pixels, moved by one affine matrix per image. */
#include "kernel/ref/ref_line.h"

typedef struct affine_t {
    const anp_tensor_t *theta, *grid;
    uint32_t n_axes; /* 2 or 3 */
    bool align_corners;
    int64_t plane;
} affine_t;

/* Pixel i of `size` between -1 and 1: the corner pixels' centres, or the outer edges, lie there. A
 * single pixel lies in the middle. */
static double position(const affine_t *f, int64_t i, int64_t size) {
    if (f->align_corners) return size == 1 ? 0 : 2 * (double)i / (double)(size - 1) - 1;
    return (2 * (double)i + 1) / (double)size - 1;
}

/* item: a pixel of an image. */
static void place(const void *arg, int64_t item, double *scratch) {
    const affine_t *f = arg;
    const uint32_t n = f->n_axes;
    int64_t rest = item % f->plane;
    double from[4], theta[12], to[3];
    (void)scratch;
    for (uint32_t a = 0; a < n; a++) { /* x, the innermost axis, comes first */
        const int64_t size = f->grid->dims[n - a];
        from[a] = position(f, rest % size, size);
        rest /= size;
    }
    from[n] = 1;
    anp_line_load(f->theta, item / f->plane * n * (n + 1), 1, (int64_t)n * (n + 1), theta);
    for (uint32_t row = 0; row < n; row++) {
        to[row] = 0;
        for (uint32_t a = 0; a <= n; a++) to[row] += theta[row * (n + 1) + a] * from[a];
    }
    anp_line_store(f->grid, item * n, 1, n, to);
}

anp_status_t anp_ref_affine_grid(anp_kernel_t *k) {
    const anp_tensor_t *grid = k->out[0];
    const affine_t f = {.theta = k->in[0],
                        .grid = grid,
                        .n_axes = grid->rank - 2u,
                        .align_corners = anp_attr_i64(k->attrs, "align_corners", 0) != 0,
                        .plane = anp_dims_product(grid->dims, 1, grid->rank - 1u)};
    return anp_items_run(k, grid->dims[0] * f.plane, 0, place, &f);
}
