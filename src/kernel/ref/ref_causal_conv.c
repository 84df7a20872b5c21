/* SPDX-License-Identifier: Apache-2.0 */
/* CausalConvWithState: a filter per channel over what came before, carried from call to call. */
#include "kernel/ref/ref_activation.h"
#include "kernel/ref/ref_line.h"

#include <string.h>

typedef struct causal_conv_t {
    const anp_tensor_t *x, *weight;    /* [batch, channels, length], [channels, 1, taps] */
    const anp_tensor_t *bias, *past;   /* may be NULL */
    const anp_tensor_t *out, *present; /* may be NULL */
    int64_t channels, length, taps;
    const anp_activation_t *activation; /* NULL: none */
} causal_conv_t;

/* item: (batch, channel). */
static void filter(const void *arg, int64_t item, double *scratch) {
    const causal_conv_t *c = arg;
    const int64_t channel = item % c->channels, before = c->taps - 1;
    double *const line = scratch, *const weight = line + before + c->length,
                  *const out = weight + c->taps;
    memset(line, 0, (size_t)before * sizeof *line);
    if (c->past) anp_line_load(c->past, item * before, 1, before, line);
    anp_line_load(c->x, item * c->length, 1, c->length, line + before);
    anp_line_load(c->weight, channel * c->taps, 1, c->taps, weight);
    for (int64_t i = 0; i < c->length; i++) {
        double sum = c->bias ? anp_elem_f64(c->bias, channel) : 0;
        for (int64_t j = 0; j < c->taps; j++) sum += weight[j] * line[i + j];
        out[i] = c->activation ? c->activation->fn(sum, 0, 0) : sum;
    }
    if (c->out) anp_line_store(c->out, item * c->length, 1, c->length, out);
    if (c->present) anp_line_store(c->present, item * before, 1, before, line + c->length);
}

anp_status_t anp_ref_causal_conv(anp_kernel_t *k) {
    const char *activation = anp_attr_str(k->attrs, "activation", "none");
    causal_conv_t c = {.x = k->in[0],
                       .weight = k->in[1],
                       .bias = anp_kernel_in(k, 2),
                       .past = anp_kernel_in(k, 3),
                       .out = anp_kernel_out(k, 0),
                       .present = anp_kernel_out(k, 1)};
    c.channels = c.x->dims[1];
    c.length = c.x->dims[2];
    c.taps = c.weight->dims[2];
    if (strcmp(activation, "none") != 0) c.activation = anp_activation_fused("silu");
    return anp_items_run(k, c.x->dims[0] * c.channels, 2 * (c.length + c.taps), filter, &c);
}
