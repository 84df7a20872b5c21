/* SPDX-License-Identifier: Apache-2.0 */
/* Shape of Col2Im: input [N, C * elements of a block, blocks] -> [N, C, image]. */
#include "op/shape/shape_util.h"

#include <inttypes.h>

/* A list of sizes that is an input: at least 1 each where known. *out_n -1: their number is not
 * known; sizes that are not known are ANP_DIM_UNKNOWN. */
static anp_status_t read_sizes(anp_shape_ctx_t *c, uint32_t i, const char *what, anp_dim_t *out,
                               int64_t *out_n) {
    const anp_shape_t *s = &c->in[i].shape;
    uint32_t n;
    bool known;
    ANP_TRY(anp_shape_need_rank(c, i, 1, 1));
    ANP_TRY(anp_shape_in_ints(c, i, out, ANP_RANK_MAX, &n, &known));
    *out_n = known ? (int64_t)n : s->rank == 1 && ANP_DIM_IS_CONST(s->dims[0]) ? s->dims[0] : -1;
    if (*out_n == 0 || *out_n > ANP_RANK_MAX - 2)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%s has %" PRId64 " values, expected 1 to %d", what,
                       *out_n, ANP_RANK_MAX - 2);
    for (int64_t a = 0; a < *out_n; a++) {
        if (!known) out[a] = ANP_DIM_UNKNOWN;
        if (ANP_DIM_IS_CONST(out[a]) && out[a] < 1)
            ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL, "%s[%" PRId64 "] is %" PRId64, what, a, out[a]);
    }
    return ANP_OK;
}

/* How many blocks lie on the image; *out_known false when a size is missing. */
static anp_status_t count_blocks(anp_shape_ctx_t *c, uint32_t axes, const anp_dim_t *image,
                                 const anp_dim_t *block, anp_dim_t *out, bool *out_known) {
    anp_conv_params_t p;
    ANP_TRY(anp_conv_params(c->op, c->node_name, c->attrs, axes, image, block, &p));
    *out = 1;
    *out_known = true;
    for (uint32_t a = 0; a < axes; a++) {
        anp_dim_t n;
        *out_known = *out_known && p.w[a].kernel > 0 && image[a] != ANP_DIM_UNKNOWN;
        if (!*out_known) return ANP_OK;
        ANP_TRY(anp_shape_conv_axis(c, &p, a, image[a], &n));
        ANP_TRY(anp_shape_dim(c, ANP_DIM_MUL, *out, n, out));
    }
    return ANP_OK;
}

static anp_status_t channels_of(anp_shape_ctx_t *c, uint32_t axes, const anp_dim_t *block,
                                anp_dim_t columns, anp_dim_t *out) {
    anp_dim_t elems;
    for (uint32_t a = 0; a < axes; a++)
        if (!ANP_DIM_IS_CONST(block[a])) return ANP_OK;
    ANP_TRY(anp_shape_product(c, block, axes, &elems));
    if (ANP_DIM_IS_CONST(columns) && columns % elems != 0)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "axis 1 of %" PRId64 " does not divide by the %" PRId64
                       " elements of a block",
                       columns, elems);
    return anp_shape_dim(c, ANP_DIM_FLOORDIV, columns, elems, out);
}

anp_status_t anp_shape_col2im(anp_shape_ctx_t *c) {
    const anp_shape_t *x = &c->in[0].shape;
    anp_shape_t *const out = &c->out[0].shape;
    anp_dim_t image[ANP_RANK_MAX], block[ANP_RANK_MAX], blocks = 0;
    int64_t n_image = 0, n_block = 0;
    bool known = false;
    ANP_TRY(anp_shape_need_rank(c, 0, 3, 3));
    ANP_TRY(read_sizes(c, 1, "image_shape", image, &n_image));
    ANP_TRY(read_sizes(c, 2, "block_shape", block, &n_block));
    if (n_image < 0 || n_block < 0) return ANP_OK;
    if (n_image != n_block)
        ANP_SHAPE_FAIL(c, ANP_INVALID_MODEL,
                       "image_shape has %" PRId64 " values, block_shape %" PRId64, n_image,
                       n_block);
    const uint32_t axes = (uint32_t)n_image;
    ANP_TRY(count_blocks(c, axes, image, block, &blocks, &known));
    ANP_TRY(anp_shape_set_fresh(c, out, 2 + n_image));
    for (uint32_t a = 0; a < axes; a++)
        if (image[a] != ANP_DIM_UNKNOWN) out->dims[2 + a] = image[a];
    if (x->rank < 0) return ANP_OK;
    if (known) ANP_TRY(anp_shape_unify(c, "the number of blocks", x->dims[2], blocks, &blocks));
    out->dims[0] = x->dims[0];
    return channels_of(c, axes, block, x->dims[1], &out->dims[1]);
}
