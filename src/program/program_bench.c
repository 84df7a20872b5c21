/* SPDX-License-Identifier: Apache-2.0 */
/* What verifying and opening a program of 1,700 nodes costs: program_bench [NODES]. */
#include "base/thread.h"
#include "program/program.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A chain of convolutions with two constants each, as in an image network. */
static anp_status_t put_conv(anp_program_writer_t *w, uint32_t i, uint32_t in, uint32_t *out) {
    static const int64_t weight_dims[] = {8, 8, 3, 3}, bias_dims[] = {8}, dims[] = {1, 8, 56, 56};
    static const int64_t pads[] = {1, 1, 1, 1}, ones[] = {1, 1};
    const anp_attr_t attrs[] = {
        {.name = "pads", .kind = ANP_ATTR_INTS, .count = 4, .v.ints = pads},
        {.name = "strides", .kind = ANP_ATTR_INTS, .count = 2, .v.ints = ones},
        {.name = "dilations", .kind = ANP_ATTR_INTS, .count = 2, .v.ints = ones},
        {.name = "group", .kind = ANP_ATTR_INT, .v.i = 1},
    };
    char name[32];
    const int len = snprintf(name, sizeof name, "conv_%" PRIu32, i);
    anp_p_const_t cw = {.dtype = ANP_DTYPE_F32, .rank = 4, .bytes = 2304, .weight = 2 * i};
    anp_p_const_t cb = {.dtype = ANP_DTYPE_F32, .rank = 1, .bytes = 32, .weight = 2 * i + 1};
    anp_p_value_t vw = {.dtype = ANP_DTYPE_F32, .rank = 4},
                  vb = {.dtype = ANP_DTYPE_F32, .rank = 1};
    anp_p_value_t vy = {.dtype = ANP_DTYPE_F32, .rank = 4, .const_id = ANP_P_NONE};
    anp_p_node_t n = {
        .since = 22, .n_inputs = 3, .n_outputs = 1, .n_attrs = 4, .partition = ANP_P_NONE};
    uint32_t ids[3] = {in}, id;
    ANP_TRY(anp_program_put_string(w, name, (uint64_t)len, &n.name));
    ANP_TRY(anp_program_put_string(w, "Conv", 4, &n.op));
    ANP_TRY(anp_program_put_ints(w, weight_dims, 4, &cw.dims));
    ANP_TRY(anp_program_put_ints(w, bias_dims, 1, &cb.dims));
    ANP_TRY(anp_program_put_ints(w, dims, 4, &vy.dims));
    ANP_TRY(anp_program_put_const(w, &cw, &vw.const_id));
    ANP_TRY(anp_program_put_const(w, &cb, &vb.const_id));
    vw.dims = cw.dims;
    vb.dims = cb.dims;
    ANP_TRY(anp_program_put_value(w, &vw, &ids[1]));
    ANP_TRY(anp_program_put_value(w, &vb, &ids[2]));
    ANP_TRY(anp_program_put_value(w, &vy, out));
    ANP_TRY(anp_program_put_refs(w, ids, 3, &n.inputs));
    ANP_TRY(anp_program_put_refs(w, out, 1, &n.outputs));
    ANP_TRY(anp_program_put_attrs(w, attrs, 4, NULL, &n.attrs));
    return anp_program_put_node(w, &n, &id);
}

static anp_status_t build(anp_program_writer_t *w, uint32_t n_nodes, void **data, uint64_t *size) {
    static const int64_t dims[] = {1, 8, 56, 56};
    anp_p_value_t x = {.dtype = ANP_DTYPE_F32, .rank = 4, .const_id = ANP_P_NONE};
    anp_p_block_t b = {.n_inputs = 1, .n_outputs = 1, .n_nodes = n_nodes, .owner = ANP_P_NONE};
    anp_p_entry_t e;
    uint32_t in, value;
    ANP_TRY(anp_program_put_ints(w, dims, 4, &x.dims));
    ANP_TRY(anp_program_put_value(w, &x, &in));
    ANP_TRY(anp_program_put_refs(w, &in, 1, &b.inputs));
    for (uint32_t i = 0; i < n_nodes; i++) {
        ANP_TRY(put_conv(w, i, in, &value));
        in = value;
    }
    ANP_TRY(anp_program_put_refs(w, &in, 1, &b.outputs));
    ANP_TRY(anp_program_put_block(w, &b, &e.block));
    ANP_TRY(anp_program_put_string(w, "main", 4, &e.name));
    ANP_TRY(anp_program_put_entry(w, &e));
    return anp_program_writer_finish(w, data, size);
}

static double measure(anp_status_t (*run)(const void *data, uint64_t size), const void *data,
                      uint64_t size) {
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 50; i++) {
        const uint64_t start = anp_now_ns();
        if (run(data, size) != ANP_OK) fprintf(stderr, "%s\n", anp_error_message());
        best = ANP_MIN(best, anp_now_ns() - start);
    }
    return (double)best / 1e3;
}

static anp_status_t run_verify(const void *data, uint64_t size) {
    return anp_program_verify(data, size);
}

static anp_status_t run_open(const void *data, uint64_t size) {
    anp_program_t *p;
    ANP_TRY(anp_program_open(data, size, NULL, &p));
    anp_program_release(p);
    return ANP_OK;
}

int main(int argc, char **argv) {
    int64_t n_nodes = 1700;
    if (argc > 1 && (!anp_parse_i64(argv[1], &n_nodes) || n_nodes < 0 || n_nodes > 1000000))
        return 2;
    anp_program_writer_t *w;
    void *data;
    uint64_t size;
    if (anp_program_writer_create(&w) != ANP_OK ||
        build(w, (uint32_t)n_nodes, &data, &size) != ANP_OK) {
        fprintf(stderr, "error: %s\n", anp_error_message());
        return 1;
    }
    anp_alloc_stats_t before, after;
    anp_alloc_stats(&before);
    run_verify(data, size);
    anp_alloc_stats(&after);
    printf("%" PRId64 " nodes, %" PRIu64 " bytes\n", n_nodes, size);
    printf("verify %.1f us, %" PRIu64 " allocations\n", measure(run_verify, data, size),
           after.total_calls - before.total_calls);
    printf("open   %.1f us\n", measure(run_open, data, size));
    anp_free(data);
    anp_program_writer_release(w);
    return 0;
}
