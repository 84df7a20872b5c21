/* SPDX-License-Identifier: Apache-2.0 */
/* Shape of ImageDecoder: [height, width, channels]; the file decides the first two. */
#include "op/shape/shape_util.h"

#include <string.h>

anp_status_t anp_shape_image_decoder(anp_shape_ctx_t *c) {
    anp_dim_t dims[3];
    ANP_TRY(anp_shape_need_rank(c, 0, 1, 1));
    ANP_TRY(anp_shape_fresh(c, &dims[0]));
    ANP_TRY(anp_shape_fresh(c, &dims[1]));
    dims[2] = strcmp(anp_attr_str(c->attrs, "pixel_format", "RGB"), "Grayscale") == 0 ? 1 : 3;
    anp_shape_set_dims(&c->out[0].shape, 3, dims);
    return ANP_OK;
}
