/* SPDX-License-Identifier: Apache-2.0 */
/* The list of passes and the runner. */
#include "pass/pass.h"
#include "base/thread.h"
#include <anput/compile.h>
#include <string.h>

/* Each round of a pass removes or merges something, so rounds end by themselves; the bound keeps a
 * pass that contradicts another from running for ever. */
enum { ROUNDS_MAX = 20 };

static const anp_pass_t table[] = {
#define X(name, on, about) {#name, anp_pass_##name, about, on},
    ANP_PASS_LIST(X)
#undef X
};
_Static_assert(ANP_ARRAY_LEN(table) == ANP_PASS_COUNT, "a row per pass");

const anp_pass_t *anp_pass_row(uint32_t index) {
    return index < ANP_PASS_COUNT ? &table[index] : NULL;
}

const char *anp_pass_name(uint32_t i) {
    return i < ANP_PASS_COUNT ? table[i].name : NULL;
}

const char *anp_pass_description(uint32_t i) {
    return i < ANP_PASS_COUNT ? table[i].about : NULL;
}

bool anp_target_takes(const anp_target_t *t, const anp_fused_t *form) {
    return !t || !t->takes || t->takes(t, form);
}

static anp_status_t count_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)g;
    for (const anp_node_t *n = b->first; n; n = n->next) ++*(uint32_t *)arg;
    return ANP_OK;
}

anp_status_t anp_pass_count_nodes(anp_graph_t *g, uint32_t *out_n) {
    *out_n = 0;
    return anp_graph_each_block(g, count_block, out_n);
}

/* ---- switches ---- */

static anp_status_t read_switches(const anp_pass_options_t *o, bool *out_on) {
    for (uint32_t i = 0; i < ANP_PASS_COUNT; i++) out_on[i] = table[i].on;
    for (uint32_t k = 0; k < o->n_disabled; k++) {
        uint32_t i = 0;
        while (i < ANP_PASS_COUNT && strcmp(table[i].name, o->disabled[k]) != 0) i++;
        if (i == ANP_PASS_COUNT)
            ANP_FAIL(ANP_INVALID_ARGUMENT, "there is no pass '%s'", o->disabled[k]);
        out_on[i] = false;
    }
    return ANP_OK;
}

/* ---- running ---- */

static anp_status_t run_one(anp_graph_t *g, const anp_target_t *t, const anp_pass_options_t *o,
                            uint32_t i, anp_pass_report_t *report) {
    const uint64_t start_ns = anp_now_ns(), changes = g->n_changes;
    anp_status_t st = table[i].run(g, t);
    if (st == ANP_OK && g->n_changes != changes) st = anp_graph_infer(g);
    if (st == ANP_OK && o->verify) st = anp_graph_verify(g);
    report->passes[i].changes += g->n_changes - changes;
    report->passes[i].ns += anp_now_ns() - start_ns;
    return st == ANP_OK ? ANP_OK : anp_error_prefix(st, "pass '%s'", table[i].name);
}

anp_status_t anp_pass_run_all(anp_graph_t *g, const anp_target_t *t, const anp_pass_options_t *o,
                              anp_pass_report_t *out_report) {
    static const anp_pass_options_t defaults;
    anp_pass_report_t unused, *report = out_report ? out_report : &unused;
    bool on[ANP_PASS_COUNT];
    *report = (anp_pass_report_t){0};
    if (!o) o = &defaults;
    ANP_TRY(read_switches(o, on));
    ANP_TRY(anp_pass_count_nodes(g, &report->nodes_before));
    ANP_TRY(anp_graph_infer(g));
    uint64_t changes;
    do {
        changes = g->n_changes;
        for (uint32_t i = 0; i < ANP_PASS_COUNT; i++)
            if (on[i]) ANP_TRY(run_one(g, t, o, i, report));
    } while (++report->rounds < ROUNDS_MAX && g->n_changes != changes);
    return anp_pass_count_nodes(g, &report->nodes_after);
}
