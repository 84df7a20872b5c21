/* SPDX-License-Identifier: Apache-2.0 */
/* Placement (contract C4): the driver answers per node, the placer keeps what is worth moving, and
 * says why for the rest. */
#include "compile/compile_internal.h"
#include <stdio.h>
#include <string.h>

/* Moving data between host and device, in round figures; a calibrated table replaces them where
 * there is one. */
static const double TRANSFER_NS = 10000, TRANSFER_BYTES_PER_NS = 8;

typedef struct place_t {
    anp_context_t *ctx;
    anp_graph_t *g;
    const anp_compile_target_t *target;
    const char *host; /* name of the driver that takes what the target does not */
} place_t;

static bool all_host(void *user, const char *driver) {
    (void)user, (void)driver;
    return true;
}

static anp_status_t on_host(place_t *p, anp_node_t *n, const char *reason) {
    return anp_node_place(p->g, n, p->host, reason, anp_node_host_ns(n), 0);
}

static bool sent_to_host(const place_t *p, const anp_node_t *n) {
    return anp_list_has(p->ctx->fallback_ops, n->name) ||
           anp_list_has(p->ctx->fallback_ops, n->op->name);
}

static anp_status_t take_answer(place_t *p, anp_node_t *n, const anp_drv_answer_t *a) {
    if (n->op->flags & ANP_OP_CONTROL) return on_host(p, n, "control flow is run by the runtime");
    if (sent_to_host(p, n)) return on_host(p, n, "sent to the CPU by ANPUT_FALLBACK_OPS");
    if (!a->yes) return on_host(p, n, a->reason);
    const double ns = a->cost_ns > 0 ? a->cost_ns : anp_node_host_ns(n) / 4;
    return anp_node_place(p->g, n, p->target->slot->name, "", ns, a->group);
}

/* Asks the driver about the whole program with real types, shapes and attributes. */
static anp_status_t ask(place_t *p) {
    anp_weights_t weights;
    anp_lowered_t low = {0};
    anp_drv_answer_t *answers = NULL;
    void *program = NULL;
    uint64_t bytes = 0;
    anp_status_t st;
    anp_weights_init(&weights, false);
    ANP_TRY_OUT(st, anp_graph_lower(p->g, &weights, all_host, NULL, "", &low));
    ANP_TRY_OUT(st, anp_program_writer_finish(low.writer, &program, &bytes));
    ANP_TRY_OUT(st, ANP_NEW_ARRAY(low.n_nodes, &answers));
    for (uint32_t i = 0; i < low.n_nodes; i++)
        answers[i].skip = low.nodes[i]->op->flags & ANP_OP_CONTROL || sent_to_host(p, low.nodes[i]);
    ANP_TRY_OUT(st, p->target->slot->table->query(p->target->slot->drv, p->target->target, program,
                                                  bytes, answers));
    for (uint32_t i = 0; i < low.n_nodes; i++) {
        answers[i].reason[sizeof answers[i].reason - 1] = '\0';
        ANP_TRY_OUT(st, take_answer(p, low.nodes[i], &answers[i]));
    }
out:
    anp_free(answers);
    anp_free(program);
    anp_lowered_deinit(&low);
    anp_weights_deinit(&weights);
    return st;
}

static bool on_target(const place_t *p, const anp_node_t *n) {
    return n->driver && strcmp(n->driver, p->target->slot->name) == 0;
}

/* ---- order: nodes of a device follow each other where dependencies allow ---- */

/* What n reads from its own block stands before everything open, or belongs to `group`. */
static bool reads_are_placed(const anp_node_t *n, uint32_t group) {
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        const anp_node_t *from = n->inputs[i] ? n->inputs[i]->producer : NULL;
        if (!from || from->parent != n->parent || from->scratch) continue;
        if (!group || from->group != group) return false;
    }
    return true;
}

/* A group is run in one piece: all of its nodes are ready or none is. */
static bool ready(const place_t *p, const anp_node_t *n, const anp_node_t *open) {
    if (!on_target(p, n) || !n->group) return reads_are_placed(n, 0);
    for (const anp_node_t *k = open; k; k = k->next)
        if (on_target(p, k) && k->group == n->group && !reads_are_placed(k, n->group)) return false;
    return reads_are_placed(n, 0); /* within the group in order */
}

/* The next node for this side from the open ones; of group `group` first. A control node also waits
 * for what its blocks capture: nothing passes it. */
static anp_node_t *next_ready(const place_t *p, anp_node_t *open, bool device, uint32_t group) {
    anp_node_t *other = NULL;
    for (anp_node_t *n = open; n && !(n->op->flags & ANP_OP_CONTROL); n = n->next) {
        if (on_target(p, n) != device || !ready(p, n, open)) continue;
        if (n->group == group) return n;
        if (!other) other = n;
    }
    return other;
}

static anp_status_t cluster_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    const place_t *p = arg;
    for (anp_node_t *n = b->first; n; n = n->next) n->scratch = 0; /* 1 = in its final place */
    bool device = false;
    uint32_t group = 0;
    for (anp_node_t *open = b->first; open;) {
        anp_node_t *pick = next_ready(p, open, device, group);
        if (!pick) pick = next_ready(p, open, !device, 0);
        if (!pick) pick = open; /* what it reads stands before it */
        device = on_target(p, pick);
        group = pick->group;
        pick->scratch = 1;
        if (pick == open)
            open = open->next;
        else
            anp_node_move_before(g, pick, open);
    }
    return ANP_OK;
}

/* ---- groups and islands ---- */

/* First node after the run that starts at n: same placement, same group. */
static anp_node_t *run_end(const place_t *p, anp_node_t *n) {
    anp_node_t *e = n;
    while (e && on_target(p, e) == on_target(p, n) && (!on_target(p, n) || e->group == n->group))
        e = e->next;
    return e;
}

static bool in_run(const anp_node_t *n, const anp_node_t *first, const anp_node_t *end) {
    for (const anp_node_t *k = first; k != end; k = k->next)
        if (k == n) return true;
    return false;
}

/* Time to move what crosses between this run and host nodes; what the graph itself takes and gives
 * moves in any case. */
static double crossing_ns(const anp_node_t *first, const anp_node_t *end) {
    double ns = 0;
    for (const anp_node_t *n = first; n != end; n = n->next) {
        for (uint32_t i = 0; i < n->n_inputs; i++) {
            const anp_value_t *v = n->inputs[i];
            if (v && v->producer && !in_run(v->producer, first, end))
                ns += TRANSFER_NS + anp_value_bytes_estimate(v) / TRANSFER_BYTES_PER_NS;
        }
        for (uint32_t i = 0; i < n->n_outputs; i++) {
            const anp_value_t *v = n->outputs[i];
            bool leaves = false;
            for (uint64_t u = 0; v && u < v->uses.count; u++)
                leaves |= !in_run(ANP_VEC_AT(&v->uses, anp_use_t, u).node, first, end);
            if (leaves) ns += TRANSFER_NS + anp_value_bytes_estimate(v) / TRANSFER_BYTES_PER_NS;
        }
    }
    return ns;
}

static anp_status_t run_to_host(place_t *p, anp_node_t *first, const anp_node_t *end,
                                const char *reason) {
    for (anp_node_t *n = first; n != end; n = n->next) ANP_TRY(on_host(p, n, reason));
    return ANP_OK;
}

static anp_status_t drop_islands(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)g;
    place_t *p = arg;
    for (anp_node_t *n = b->first; n;) {
        anp_node_t *end = run_end(p, n);
        if (on_target(p, n)) {
            double device = 0, host = 0;
            for (const anp_node_t *k = n; k != end; k = k->next)
                device += k->est_ns, host += anp_node_host_ns(k);
            const double move = crossing_ns(n, end);
            if (move > 0 && device + move > host) {
                char reason[160];
                snprintf(reason, sizeof reason,
                         "by choice: moving its data costs %.0f us, the CPU needs %.0f us",
                         move * 1e-3, host * 1e-3);
                ANP_TRY(run_to_host(p, n, end, reason));
            }
        }
        n = end;
    }
    return ANP_OK;
}

/* Nodes of one group that do not stand together after clustering are not taken: all or none. */
static anp_status_t drop_split_groups(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)g;
    place_t *p = arg;
    for (anp_node_t *n = b->first; n;) {
        anp_node_t *end = run_end(p, n);
        bool split = false;
        for (const anp_node_t *k = end; on_target(p, n) && n->group && k; k = k->next)
            split |= on_target(p, k) && k->group == n->group;
        const uint32_t group = n->group;
        if (split)
            for (anp_node_t *k = n; k; k = k->next)
                if (on_target(p, k) && k->group == group)
                    ANP_TRY(on_host(
                        p, k,
                        "its group cannot be run in one piece: nodes in between run elsewhere"));
        n = end;
    }
    return ANP_OK;
}

/* ---- the budget ---- */

typedef struct budget_t {
    const place_t *p;
    double host_ns, total_ns;
    int64_t host_nodes;
    anp_buf_t rows;
} budget_t;

static anp_status_t count_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)g;
    budget_t *c = arg;
    for (const anp_node_t *n = b->first; n; n = n->next) {
        if (n->op->flags & ANP_OP_CONTROL) continue;
        c->total_ns += n->est_ns;
        if (on_target(c->p, n)) continue;
        c->host_ns += n->est_ns;
        if (c->host_nodes++ < 3)
            anp_buf_printf(&c->rows, "; '%s' (%s): %s", n->name, n->op->name, n->reason);
    }
    return ANP_OK;
}

static anp_status_t check_budget(place_t *p, const anp_compile_options_t *o) {
    if (!o->max_fallback_nodes && o->max_fallback_share <= 0) return ANP_OK;
    budget_t c = {.p = p};
    anp_buf_init(&c.rows, 4096);
    anp_status_t st = anp_graph_each_block(p->g, count_block, &c);
    const double share = c.total_ns > 0 ? c.host_ns / c.total_ns : 0;
    if (st == ANP_OK && o->max_fallback_nodes && c.host_nodes > o->max_fallback_nodes - 1)
        st = ANP_ERROR(ANP_OVER_BUDGET,
                       "%lld nodes fall back to the CPU, at most %lld are allowed%s",
                       (long long)c.host_nodes, (long long)o->max_fallback_nodes - 1,
                       c.rows.data ? c.rows.data : "");
    else if (st == ANP_OK && o->max_fallback_share > 0 && share > o->max_fallback_share)
        st = ANP_ERROR(
            ANP_OVER_BUDGET,
            "%.1f %% of the estimated time falls back to the CPU, at most %.1f %% is allowed%s",
            share * 100, o->max_fallback_share * 100, c.rows.data ? c.rows.data : "");
    anp_buf_deinit(&c.rows);
    return st;
}

/* ---- entry ---- */

static anp_status_t host_block(anp_graph_t *g, anp_block_t *b, void *arg) {
    (void)g;
    for (anp_node_t *n = b->first; n; n = n->next) ANP_TRY(on_host(arg, n, ""));
    return ANP_OK;
}

anp_status_t anp_graph_place(anp_context_t *ctx, anp_graph_t *g, const anp_compile_target_t *target,
                             const anp_compile_options_t *o) {
    anp_device_t *host;
    ANP_TRY(anp_context_host_device(ctx, NULL, &host));
    place_t p = {ctx, g, target, host->slot->name};
    if (!target || target->host) return anp_graph_each_block(g, host_block, &p);
    ANP_TRY(ask(&p));
    ANP_TRY(anp_graph_each_block(g, cluster_block, &p));
    ANP_TRY(anp_graph_each_block(g, drop_split_groups, &p));
    ANP_TRY(anp_graph_each_block(g, drop_islands, &p));
    return check_budget(&p, o);
}

anp_status_t anp_compile_target(anp_context_t *ctx, const char *id, anp_compile_target_t *out) {
    memset(out, 0, sizeof *out);
    const size_t n = strcspn(id, ":");
    for (uint64_t i = 0; i < ctx->slots.count; i++) {
        anp_driver_slot_t *slot = ANP_VEC_AT(&ctx->slots, anp_driver_slot_t *, i);
        if (strlen(slot->name) != n || strncmp(slot->name, id, n) != 0) continue;
        if (!slot->drv)
            ANP_FAIL(ANP_DEVICE_FAILED, "driver '%s' cannot be used: %s", slot->name, slot->reason);
        out->slot = slot;
        const char *rest = id[n] == ':' ? id + n + 1 : "";
        for (uint32_t d = 0; d < slot->n_devices; d++) {
            const anp_device_t *dev = slot->devices[d];
            if (*rest && strcmp(rest, dev->info.target) != 0 && strcmp(id, dev->id) != 0) continue;
            snprintf(out->target, sizeof out->target, "%s", dev->info.target);
            snprintf(out->version, sizeof out->version, "%s", dev->info.version);
            snprintf(out->isa, sizeof out->isa, "%s", dev->info.isa);
            out->host = (dev->info.flags & ANP_DRV_HOST_VALUES) != 0;
            return ANP_OK;
        }
        snprintf(out->target, sizeof out->target, "%s",
                 rest); /* a target without a device here: the driver's compiler decides */
        return ANP_OK;
    }
    anp_device_t *dev; /* for its message with the ids there are */
    return anp_context_device(ctx, id, &dev);
}
