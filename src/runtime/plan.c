/* SPDX-License-Identifier: Apache-2.0 */
/* Lifetimes of values on devices and their places in the devices' arenas. */
#include "runtime/plan.h"
#include <stdlib.h>
#include <string.h>

static const int32_t FOREVER = INT32_MAX;

bool anp_plan_static_shape(const anp_session_t *s, uint32_t value, anp_tensor_t *out) {
    const anp_p_value_t *v = &s->p->values[value];
    if (v->kind != ANP_KIND_TENSOR || v->optional || v->rank < 0 || !v->dtype) return false;
    int64_t dims[ANP_RANK_MAX];
    if (!anp_program_dims(s->p, value, s->exprs, dims)) return false;
    for (int32_t i = 0; i < v->rank; i++)
        if (dims[i] < 0) return false;
    anp_tensor_init(out, (anp_dtype_t)v->dtype, (uint32_t)v->rank, dims, NULL);
    return true;
}

bool anp_plan_shape_is(const anp_session_t *s, uint32_t value, const anp_tensor_t *t) {
    anp_tensor_t known;
    return s->is_static[value] && anp_plan_static_shape(s, value, &known) &&
           known.dtype == t->dtype && anp_tensor_same_dims(&known, t);
}

/* ---- lifetimes ---- */

typedef struct walk_t {
    anp_session_t *s;
    anp_plan_t *plan;
    int32_t pos;
} walk_t;

static uint32_t inst_of(const walk_t *w, uint32_t value, uint32_t d) {
    return value * w->s->n_devices + d;
}

static uint32_t home_of(const walk_t *w, uint32_t value) {
    for (uint32_t d = 0; d < w->s->n_devices; d++)
        if (w->plan->def[inst_of(w, value, d)] >= 0) return d;
    return 0;
}

static void use(walk_t *w, uint32_t value, uint32_t d, int32_t pos) {
    if (value == ANP_P_NONE) return;
    const uint32_t i = inst_of(w, value, d);
    if (w->plan->def[i] < 0) { /* a copy made for this use: its source has to be alive now */
        for (uint32_t k = 0; k < w->s->n_devices; k++) {
            const uint32_t src = inst_of(w, value, k);
            if (w->plan->def[src] >= 0)
                w->plan->last[w->plan->root[src]] = ANP_MAX(w->plan->last[w->plan->root[src]], pos);
        }
        w->plan->def[i] = pos;
    }
    const uint32_t r = w->plan->root[i];
    w->plan->last[r] = ANP_MAX(w->plan->last[r], pos);
}

static void define(walk_t *w, uint32_t value, uint32_t d, bool external) {
    if (value == ANP_P_NONE) return;
    const uint32_t i = inst_of(w, value, d);
    w->plan->def[i] = w->pos;
    w->plan->last[w->plan->root[i]] = ANP_MAX(w->plan->last[w->plan->root[i]], w->pos);
    if (external) w->plan->external[i] = true;
}

static bool same_symbolic_shape(const anp_program_t *p, uint32_t a, uint32_t b) {
    const anp_p_value_t *x = &p->values[a], *y = &p->values[b];
    if (x->rank < 0 || x->rank != y->rank || x->dtype != y->dtype || x->optional || y->optional)
        return false;
    const int64_t *ints = ANP_P_TABLE(p->data, ints, int64_t);
    return x->rank == 0 || memcmp(ints + x->dims, ints + y->dims, (size_t)x->rank * sizeof *ints) ==
                               0; /* expressions are interned */
}

static anp_status_t note_in_place(walk_t *w, const anp_program_node_t *node, uint32_t d) {
    if (!(node->op->flags & ANP_OP_ELEMENTWISE) || node->p->n_outputs != 1 ||
        node->outputs[0] == ANP_P_NONE)
        return ANP_OK;
    if (!(w->s->model->devices[d].dev->info.flags & ANP_DRV_HOST_MEMORY)) return ANP_OK;
    for (uint32_t i = 0; i < node->p->n_inputs; i++) {
        const uint32_t v = node->inputs[i];
        if (v == ANP_P_NONE || !same_symbolic_shape(w->s->p, v, node->outputs[0])) continue;
        const anp_in_place_t c = {w->pos, inst_of(w, v, d), inst_of(w, node->outputs[0], d)};
        ANP_TRY(anp_vec_push(&w->plan->in_place, &c));
    }
    return ANP_OK;
}

static anp_status_t walk_node(walk_t *w, uint32_t n, uint32_t d) {
    const anp_program_node_t *node = &w->s->p->nodes[n];
    for (uint32_t i = 0; i < node->p->n_inputs; i++) use(w, node->inputs[i], d, w->pos);
    const bool kernel_shapes = node->op->flags & (ANP_OP_DATA_DEPENDENT | ANP_OP_HOST);
    const bool view =
        node->op->flags & ANP_OP_VIEW && node->p->n_inputs && node->inputs[0] != ANP_P_NONE;
    if (view && node->outputs[0] != ANP_P_NONE)
        w->plan->root[inst_of(w, node->outputs[0], d)] =
            w->plan->root[inst_of(w, node->inputs[0], d)];
    else
        ANP_TRY(note_in_place(w, node, d));
    for (uint32_t i = 0; i < node->p->n_outputs; i++) define(w, node->outputs[i], d, kernel_shapes);
    return ANP_OK;
}

static void walk_group(walk_t *w, const anp_p_partition_t *part, uint32_t d) {
    const uint32_t *in = anp_program_refs(w->s->p, part->inputs),
                   *out = anp_program_refs(w->s->p, part->outputs);
    for (uint32_t i = 0; i < part->n_inputs; i++) use(w, in[i], d, w->pos);
    for (uint32_t i = 0; i < part->n_outputs; i++) define(w, out[i], d, false);
}

static anp_status_t walk_block(walk_t *w, uint32_t block);

/* What is read inside a control block stays alive until its end: a loop reads it again. */
static void stretch(walk_t *w, int32_t start, int32_t end) {
    const anp_plan_t *plan = w->plan;
    for (uint32_t i = 0; i < plan->n_insts; i++) {
        if (plan->def[i] < 0 || plan->root[i] != i) continue;
        if (plan->def[i] < start && plan->last[i] >= start && plan->last[i] < end)
            plan->last[i] = end;
    }
    for (uint32_t v = 0; v < w->s->p->n_values;
         v++) { /* copies made inside of values from outside */
        const uint32_t home = home_of(w, v), h = inst_of(w, v, home);
        bool outside = false;
        for (uint32_t d = 0; d < w->s->n_devices; d++)
            outside |= plan->def[inst_of(w, v, d)] >= 0 && plan->def[inst_of(w, v, d)] < start;
        for (uint32_t d = 0; outside && d < w->s->n_devices; d++) {
            const uint32_t i = inst_of(w, v, d);
            if (i == h || plan->def[i] <= start || plan->def[i] > end) continue;
            plan->def[i] = start;
            plan->last[plan->root[i]] = ANP_MAX(plan->last[plan->root[i]], end);
        }
    }
}

static anp_status_t walk_control(walk_t *w, const anp_program_node_t *node) {
    const int32_t start = w->pos;
    for (uint32_t i = 0; i < node->p->n_inputs; i++) use(w, node->inputs[i], 0, start);
    for (uint32_t i = 0; i < node->p->n_blocks; i++) {
        const anp_p_block_t *b = &w->s->p->blocks[node->blocks[i]];
        w->pos++;
        for (uint32_t k = 0; k < b->n_inputs; k++)
            define(w, anp_program_refs(w->s->p, b->inputs)[k], 0, true);
        ANP_TRY(walk_block(w, node->blocks[i]));
        w->pos++;
        for (uint32_t k = 0; k < b->n_outputs; k++)
            use(w, anp_program_refs(w->s->p, b->outputs)[k], 0, w->pos);
    }
    w->pos++;
    stretch(w, start, w->pos);
    for (uint32_t i = 0; i < node->p->n_inputs; i++)
        use(w, node->inputs[i], 0, w->pos); /* read until the last iteration */
    for (uint32_t i = 0; i < node->p->n_outputs; i++) define(w, node->outputs[i], 0, true);
    return ANP_OK;
}

/* Recursion is bounded: the verifier refuses programs nested deeper than 64. */
static anp_status_t walk_block(walk_t *w, uint32_t block) {
    const anp_program_t *p = w->s->p;
    const anp_p_block_t *b = &p->blocks[block];
    for (uint32_t n = b->first_node; n < b->first_node + b->n_nodes;) {
        w->pos++;
        const anp_program_node_t *node = &p->nodes[n];
        if (node->op->flags & ANP_OP_CONTROL) {
            ANP_TRY(walk_control(w, node));
            n++;
            continue;
        }
        const anp_p_partition_t *part = &p->partitions[node->p->partition];
        if (part->group) {
            walk_group(w, part, w->s->model->part_device[node->p->partition]);
            n = part->first_node + part->n_nodes;
        } else {
            ANP_TRY(walk_node(w, n, w->s->model->node_device[n]));
            n++;
        }
    }
    return ANP_OK;
}

static void mark_external(walk_t *w) {
    const anp_session_t *s = w->s;
    for (uint32_t v = 0; v < s->p->n_values; v++)
        if (s->p->values[v].const_id != ANP_P_NONE || s->once_value[v])
            for (uint32_t d = 0; d < s->n_devices; d++) w->plan->external[inst_of(w, v, d)] = true;
    for (uint32_t i = 0; i < s->n_inputs; i++) define(w, s->inputs[i], 0, true);
    for (uint32_t i = 0; i < s->n_states; i++) {
        define(w, s->states[i].current, s->states[i].device, true);
        if (s->states[i].in_place)
            w->plan->external[inst_of(w, s->states[i].next, s->states[i].device)] = true;
    }
}

static anp_status_t find_lifetimes(walk_t *w) {
    anp_session_t *s = w->s;
    mark_external(w);
    ANP_TRY(walk_block(w, (uint32_t)(s->entry - s->p->blocks)));
    for (uint32_t i = 0; i < s->n_outputs; i++) {
        use(w, s->outputs[i], home_of(w, s->outputs[i]), FOREVER);
        use(w, s->outputs[i], 0, FOREVER);
    }
    for (uint32_t i = 0; i < s->n_states; i++) {
        use(w, s->states[i].next, home_of(w, s->states[i].next), FOREVER);
        use(w, s->states[i].next, s->states[i].device, FOREVER);
    }
    return ANP_OK;
}

anp_status_t anp_plan_create(anp_session_t *s) {
    anp_plan_t *plan = NULL;
    ANP_TRY(ANP_NEW(&plan));
    s->plan = plan; /* released with the session */
    const uint32_t n_values = s->p->n_values, n = plan->n_insts = n_values * s->n_devices;
    anp_vec_init(&plan->in_place, sizeof(anp_in_place_t));
    ANP_TRY(ANP_NEW_ARRAY(n_values, &plan->state_of));
    ANP_TRY(ANP_NEW_ARRAY(n, &plan->def));
    ANP_TRY(ANP_NEW_ARRAY(n, &plan->last));
    ANP_TRY(ANP_NEW_ARRAY(n, &plan->root));
    ANP_TRY(ANP_NEW_ARRAY(n, &plan->external));
    ANP_TRY(ANP_NEW_ARRAY(n, &plan->bytes));
    ANP_TRY(ANP_NEW_ARRAY(n, &plan->lay_root));
    ANP_TRY(ANP_NEW_ARRAY(n, &plan->lay_last));
    ANP_TRY(ANP_NEW_ARRAY(n, &plan->order));
    for (uint32_t i = 0; i < n; i++) plan->def[i] = plan->last[i] = -1, plan->root[i] = i;
    for (uint32_t i = 0; i < n_values; i++) plan->state_of[i] = ANP_P_NONE;
    for (uint32_t i = 0; i < s->n_states; i++) plan->state_of[s->states[i].next] = i;
    walk_t w = {s, plan, 0};
    return find_lifetimes(&w);
}

void anp_plan_release(anp_plan_t *plan) {
    if (!plan) return;
    anp_vec_deinit(&plan->in_place);
    anp_free(plan->state_of);
    anp_free(plan->def);
    anp_free(plan->last);
    anp_free(plan->root);
    anp_free(plan->external);
    anp_free(plan->bytes);
    anp_free(plan->lay_root);
    anp_free(plan->lay_last);
    anp_free(plan->order);
    anp_free(plan);
}

/* ---- layout ---- */

static uint32_t lay_find(const anp_plan_t *plan, uint32_t i) {
    while (plan->lay_root[i] != i) i = plan->lay_root[i];
    return i;
}

static bool plannable(const anp_session_t *s, uint32_t root) {
    return s->plan->def[root] >= 0 && !s->plan->external[root] && s->is_static[root / s->n_devices];
}

static void merge_in_place(anp_session_t *s) {
    anp_plan_t *plan = s->plan;
    for (uint64_t k = 0; k < plan->in_place.count; k++) {
        const anp_in_place_t c = ANP_VEC_AT(&plan->in_place, anp_in_place_t, k);
        const uint32_t in = lay_find(plan, c.in), out = lay_find(plan, c.out);
        if (in == out || out != c.out || !plannable(s, in) || !plannable(s, out)) continue;
        if (plan->lay_last[in] != c.position) continue; /* read again later */
        plan->lay_root[out] = in;
        plan->lay_last[in] = plan->lay_last[out];
        plan->bytes[in] = ANP_MAX(plan->bytes[in], plan->bytes[out]);
    }
}

typedef struct by_size_t {
    uint64_t bytes;
    uint32_t inst;
} by_size_t;

static int larger_first(const void *a, const void *b) {
    const by_size_t *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return x->inst < y->inst ? -1 : 1;
}

/* Lowest offset at which `item` fits between the placed ones that live at the same time (placed[]
 * is sorted by offset). */
static uint64_t find_gap(const anp_session_t *s, const uint32_t *placed, uint32_t n, uint32_t item,
                         uint64_t bytes) {
    const anp_plan_t *plan = s->plan;
    uint64_t at = 0;
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t o = placed[k];
        if (plan->def[o] > plan->lay_last[item] || plan->lay_last[o] < plan->def[item]) continue;
        const anp_inst_t *oi = &s->insts[o];
        if ((uint64_t)oi->plan_offset >= at + bytes) break;
        at = ANP_MAX(at, (uint64_t)oi->plan_offset + oi->plan_bytes);
    }
    return at;
}

static anp_status_t resize_arena(anp_session_t *s, uint32_t d, uint64_t bytes) {
    anp_session_device_t *sd = &s->devices[d];
    if (bytes <= sd->arena_bytes && sd->arena) return ANP_OK;
    anp_storage_free(s, d, sd->arena, sd->arena_bytes);
    sd->arena = NULL;
    s->stats.arena_bytes -= sd->arena_bytes;
    sd->arena_bytes = 0;
    if (!bytes) return ANP_OK;
    ANP_TRY(anp_storage_alloc(s, d, bytes, &sd->arena, &sd->arena_host));
    sd->arena_bytes = bytes;
    s->stats.arena_bytes += bytes;
    return ANP_OK;
}

static anp_status_t lay_device(anp_session_t *s, uint32_t d, by_size_t *items) {
    anp_plan_t *plan = s->plan;
    uint32_t n = 0, n_placed = 0;
    const uint64_t align = ANP_MAX(s->model->devices[d].dev->info.align_bytes, 64u);
    for (uint32_t i = d; i < plan->n_insts; i += s->n_devices)
        if (plan->lay_root[i] == i && plannable(s, i)) items[n++] = (by_size_t){plan->bytes[i], i};
    qsort(items, n, sizeof *items, larger_first);
    uint64_t total = 0;
    for (uint32_t k = 0; k < n; k++) {
        uint64_t bytes;
        ANP_TRY(anp_size_align(items[k].bytes, align, &bytes));
        const uint64_t at = find_gap(s, plan->order, n_placed, items[k].inst, bytes);
        anp_inst_t *inst = &s->insts[items[k].inst];
        inst->plan_offset = (int64_t)at;
        inst->plan_bytes = bytes;
        total = ANP_MAX(total, at + bytes);
        uint32_t j = n_placed++;
        for (; j > 0 && s->insts[plan->order[j - 1]].plan_offset > inst->plan_offset; j--)
            plan->order[j] = plan->order[j - 1];
        plan->order[j] = items[k].inst;
    }
    const anp_status_t st = resize_arena(s, d, total);
    if (st == ANP_OK || n == 0) return st;
    const uint32_t largest = items[0].inst / s->n_devices;
    return anp_error_prefix(st, "room for values, the largest '%s' of %llu bytes",
                            anp_program_string(s->p, s->p->values[largest].name),
                            (unsigned long long)items[0].bytes);
}

static anp_status_t lay_out(anp_session_t *s) {
    anp_plan_t *plan = s->plan;
    by_size_t *items = NULL;
    ANP_TRY(ANP_NEW_ARRAY(s->p->n_values, &items));
    memcpy(plan->lay_root, plan->root, plan->n_insts * sizeof *plan->root);
    memcpy(plan->lay_last, plan->last, plan->n_insts * sizeof *plan->last);
    for (uint32_t i = 0; i < plan->n_insts; i++) {
        s->insts[i].plan_offset = ANP_NOT_PLANNED;
        const uint32_t r = plan->root[i];
        if (r != i) plan->bytes[r] = ANP_MAX(plan->bytes[r], plan->bytes[i]);
    }
    merge_in_place(s);
    anp_status_t st = ANP_OK;
    for (uint32_t d = 0; d < s->n_devices && st == ANP_OK; d++) st = lay_device(s, d, items);
    for (uint32_t i = 0; i < plan->n_insts && st == ANP_OK; i++) {
        const uint32_t r = lay_find(plan, i);
        if (r == i || s->insts[r].plan_offset == ANP_NOT_PLANNED || !s->is_static[i / s->n_devices])
            continue;
        s->insts[i].plan_offset = s->insts[r].plan_offset;
        s->insts[i].plan_bytes = s->insts[r].plan_bytes;
    }
    anp_free(items);
    plan->laid_out = st == ANP_OK;
    return st;
}

anp_status_t anp_plan_update(anp_session_t *s) {
    anp_plan_t *plan = s->plan;
    bool grew = !plan->laid_out;
    for (uint32_t v = 0; v < s->p->n_values; v++) {
        anp_tensor_t t;
        const bool was = s->is_static[v];
        s->is_static[v] = anp_plan_static_shape(s, v, &t);
        if (!s->is_static[v]) continue;
        if (!was) grew = true;
        s->tensors[v] = t;
        uint64_t bytes;
        ANP_TRY(anp_tensor_bytes(&t, &bytes));
        for (uint32_t d = 0; d < s->n_devices; d++) {
            const uint32_t i = v * s->n_devices + d;
            if (plan->def[i] < 0 || bytes <= plan->bytes[i]) continue;
            plan->bytes[i] = bytes;
            grew = true;
        }
    }
    return grew ? lay_out(s) : ANP_OK;
}
