/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes the board takes: runs of nodes that follow each other, as one group each. */
#include "vendor_driver.h"
#include "vendor_program.h"
#include <stdio.h>
#include <string.h>

/* Stands for a free dimension while only its being known counts. */
enum { PROBE_SIZE = 1024 };

/* Sizes of the symbols that inputs of the entries have; all others depend on data. */
static void probe_symbols(const vn_program_t *p, int64_t *sizes) {
    const anp_p_header_t *h = ANP_P_HEADER(p->data);
    const anp_p_entry_t *entries = ANP_P_TABLE(p->data, entries, anp_p_entry_t);
    for (uint64_t i = 0; i < p->n_symbols; i++) sizes[i] = -1;
    for (uint64_t e = 0; e < h->entries.count; e++) {
        const anp_p_block_t *b = &ANP_P_TABLE(p->data, blocks, anp_p_block_t)[entries[e].block];
        for (uint32_t i = 0; i < b->n_inputs; i++) {
            const anp_p_value_t *v = &p->values[p->refs[b->inputs + i]];
            for (int k = 0; k < v->rank; k++) {
                const int64_t dim = p->ints[v->dims + (uint32_t)k];
                const anp_p_expr_t *x =
                    ANP_P_DIM_IS_EXPR(dim) ? &p->exprs[ANP_P_DIM_INDEX(dim)] : NULL;
                if (x && x->op == 0) sizes[x->a] = PROBE_SIZE;
            }
        }
    }
}

/* Elements of a value, with a free dimension as PROBE_SIZE; -1: a size depends on data. */
static double elements(const vn_program_t *p, int32_t value, const int64_t *exprs) {
    double n = 1;
    for (int i = 0; i < p->values[value].rank; i++) {
        const int64_t dim = vn_program_dim(p, (uint32_t)value, (uint32_t)i, exprs);
        if (dim < 0) return -1;
        n *= (double)dim;
    }
    return n;
}

static bool take_node(const vn_program_t *p, const anp_p_node_t *node, const int64_t *exprs,
                      double *out_cost_ns, char *why, size_t why_bytes) {
    vn_step_t s;
    if (!vn_rule(p, node, &s, why, why_bytes)) return false;
    uint32_t types[VN_IN_MAX] = {0};
    double work = elements(p, s.out, exprs);
    bool known = work >= 0;
    for (uint32_t i = 0; i < VN_IN_MAX; i++) {
        if (s.in[i] == VN_NONE) continue;
        const double n = elements(p, s.in[i], exprs);
        types[i] = p->values[s.in[i]].dtype;
        known = known && n >= 0;
        work += n;
    }
    if (!known)
        snprintf(why, why_bytes,
                 "a size depends on data; only sizes known in advance are done here");
    else if (!vn_types_fit(s.op, s.act, types, p->values[s.out].dtype))
        snprintf(why, why_bytes, "its types are not done here");
    *out_cost_ns = 100 + work * 0.1;
    return known && vn_types_fit(s.op, s.act, types, p->values[s.out].dtype);
}

anp_status_t vn_query(anp_drv_t *drv, const char *target, const void *program,
                      uint64_t program_bytes, anp_drv_answer_t *answers) {
    (void)program_bytes;
    anp_status_t st = vn_check_target(drv, target);
    if (st != ANP_OK) return st;
    const vn_program_t p = vn_program_open(program);
    void *memory = NULL;
    st =
        drv->host->alloc(drv->host->user, (p.n_symbols + p.n_exprs + 1) * sizeof(int64_t), &memory);
    if (st != ANP_OK) return st;
    int64_t *sizes = memory, *exprs = sizes + p.n_symbols;
    probe_symbols(&p, sizes);
    vn_program_eval(&p, sizes, exprs);
    uint32_t group = 0;
    for (uint64_t b = 0; b < ANP_P_HEADER(program)->blocks.count; b++) {
        const anp_p_block_t *block = &ANP_P_TABLE(program, blocks, anp_p_block_t)[b];
        bool follows = false;
        for (uint32_t n = block->first_node; n < block->first_node + block->n_nodes; n++) {
            anp_drv_answer_t *a = &answers[n];
            char why[128];
            if (a->skip) {
                follows = false;
                continue;
            }
            a->yes = take_node(&p, &p.nodes[n], exprs, &a->cost_ns, why, sizeof why);
            if (a->yes)
                a->group = follows ? group : ++group;
            else
                snprintf(a->reason, sizeof a->reason, "%.60s: %s",
                         ANP_P_STRING(program, p.nodes[n].op), why);
            follows = a->yes;
        }
    }
    drv->host->free(drv->host->user, memory);
    return ANP_OK;
}
