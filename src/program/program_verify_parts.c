/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying a program, last part: states, aliases, partitions. */
#include "program/program_verify.h"
#include <inttypes.h>
#include <string.h>

static bool is_value(const anp_verify_t *v, uint32_t value) {
    return value < v->t.n_values;
}

/* ---- states ---- */

/* What is known when the program is written must be equal: dimensions given by expressions are
 * compared when it runs. */
static bool same_dims(const anp_verify_t *v, int rank_a, uint32_t dims_a, int rank_b,
                      uint32_t dims_b) {
    if (rank_a < 0 || rank_b < 0) return true;
    if (rank_a != rank_b) return false;
    for (int i = 0; i < rank_a; i++) {
        const int64_t a = v->t.ints[dims_a + (uint32_t)i], b = v->t.ints[dims_b + (uint32_t)i];
        if (a != b && !ANP_P_DIM_IS_EXPR(a) && !ANP_P_DIM_IS_EXPR(b)) return false;
    }
    return true;
}

static bool same_type(const anp_verify_t *v, uint32_t a, uint32_t b) {
    const anp_p_value_t *x = &v->t.values[a], *y = &v->t.values[b];
    if (x->kind != y->kind || x->dtype != y->dtype) return false;
    return x->kind == ANP_KIND_TENSOR ? same_dims(v, x->rank, x->dims, y->rank, y->dims)
                                      : x->key == y->key;
}

static bool const_has_type(const anp_verify_t *v, uint32_t const_id, uint32_t value) {
    const anp_p_const_t *c = &v->t.consts[const_id];
    const anp_p_value_t *x = &v->t.values[value];
    return x->kind == ANP_KIND_TENSOR && x->dtype == c->dtype &&
           same_dims(v, x->rank, x->dims, c->rank, c->dims);
}

/* `current` is an input of an entry's block, in no other state; `next` is known at its end. */
static anp_status_t check_state_values(anp_verify_t *v, uint32_t i) {
    const anp_p_state_t *s = &v->t.states[i];
    const uint32_t block = is_value(v, s->current) ? v->def_block[s->current] : ANP_P_NONE;
    if (block == ANP_P_NONE || v->def_at[s->current] != 0 ||
        v->t.blocks[block].owner != ANP_P_NONE || (v->flags[s->current] & ANP_VERIFY_STATE))
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: state %" PRIu32 ": value %" PRIu32
                 " is not the input of an entry, or another state's",
                 i, s->current);
    v->flags[s->current] |= ANP_VERIFY_STATE;
    if (!is_value(v, s->next) || !anp_verify_visible(v, s->next, block, ANP_P_NONE))
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: state %" PRIu32 ": next value %" PRIu32 " is not made in block %" PRIu32,
                 i, s->next, block);
    if (!same_type(v, s->current, s->next))
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: state %" PRIu32 ": values %" PRIu32 " and %" PRIu32
                 " differ in type or shape",
                 i, s->current, s->next);
    if (s->initial != ANP_P_NONE &&
        (s->initial >= v->t.n_consts || !const_has_type(v, s->initial, s->current)))
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: state %" PRIu32 ": constant %" PRIu32
                 " is missing or differs in type or shape",
                 i, s->initial);
    return ANP_OK;
}

/* Equal names in different entries are one slot, so their types agree; within an entry a name
 * stands once. */
static anp_status_t check_state_name(const anp_verify_t *v, uint32_t i, anp_map_t *slots) {
    const anp_p_state_t *s = &v->t.states[i];
    ANP_TRY(anp_verify_string(v, "state", i, s->name));
    const char *name = v->t.strings + s->name;
    const size_t len = strnlen(name, ANP_VERIFY_NAME_BYTES + 1);
    if (len == 0 || len > ANP_VERIFY_NAME_BYTES)
        ANP_FAIL(ANP_INVALID_FILE, "program: state %" PRIu32 ": a name of 1 to %d bytes expected",
                 i, ANP_VERIFY_NAME_BYTES);
    char key[sizeof(uint32_t) +
             ANP_VERIFY_NAME_BYTES]; /* entry's block, name; ANP_P_NONE: any entry */
    const uint32_t any = ANP_P_NONE;
    uint64_t other;
    memcpy(key, &any, sizeof any);
    memcpy(key + sizeof any, name, len);
    if (!anp_map_get(slots, key, sizeof any + len, &other))
        ANP_TRY(anp_map_put(slots, key, sizeof any + len, i));
    else if (!same_type(v, v->t.states[other].current, s->current))
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: states %" PRIu64 " and %" PRIu32 " '%s' differ in type or shape", other,
                 i, name);
    memcpy(key, &v->def_block[s->current], sizeof any);
    if (anp_map_get(slots, key, sizeof any + len, &other))
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: states %" PRIu64 " and %" PRIu32 " of one entry are both named '%s'",
                 other, i, name);
    return anp_map_put(slots, key, sizeof any + len, i);
}

anp_status_t anp_verify_states(anp_verify_t *v) {
    anp_map_t slots;
    anp_map_init(&slots);
    anp_status_t st = ANP_OK;
    for (uint32_t i = 0; i < v->t.n_states; i++) {
        ANP_TRY_OUT(st, check_state_values(v, i));
        ANP_TRY_OUT(st, check_state_name(v, i, &slots));
    }
out:
    anp_map_deinit(&slots);
    return st;
}

/* ---- aliases ---- */

static bool is_alias(const anp_verify_t *v, const anp_p_alias_t *a) {
    if (a->kind > ANP_P_ALIAS_STATE || a->reserved_zero != 0) return false;
    if (!is_value(v, a->value) || !is_value(v, a->of)) return false;
    if (v->def_block[a->value] == ANP_P_NONE || v->def_block[a->value] != v->def_block[a->of])
        return false;
    if (a->kind == ANP_P_ALIAS_STATE && !(v->flags[a->of] & ANP_VERIFY_STATE)) return false;
    return v->def_at[a->of] < v->def_at[a->value]; /* also keeps chains from closing */
}

anp_status_t anp_verify_aliases(anp_verify_t *v) {
    for (uint32_t i = 0; i < v->t.n_aliases; i++) {
        const anp_p_alias_t *a = &v->t.aliases[i];
        const uint8_t flag =
            a->kind == ANP_P_ALIAS_VIEW ? ANP_VERIFY_ALIAS_VIEW : ANP_VERIFY_ALIAS_STATE;
        if (!is_alias(v, a) || (v->flags[a->value] & flag))
            ANP_FAIL(ANP_INVALID_FILE,
                     "program: alias %" PRIu32 " of kind %" PRIu32 ": value %" PRIu32
                     " cannot live in value %" PRIu32,
                     i, a->kind, a->value, a->of);
        v->flags[a->value] |= flag;
    }
    return ANP_OK;
}

/* ---- partitions ---- */

typedef struct parts_t {
    uint32_t *entered; /* of each value: 1 + the last partition that lists it as input */
    uint32_t *left;    /* the same for outputs */
    uint32_t *reads;   /* of each constant: 1 + the last partition that lists it */
} parts_t;

static bool is_inside(const anp_verify_t *v, const anp_p_partition_t *p, uint32_t value) {
    const uint32_t at = v->def_at[value]; /* node + 1 */
    return v->def_block[value] == p->block && at > p->first_node &&
           at - p->first_node <= p->n_nodes;
}

static anp_status_t check_part_range(const anp_verify_t *v, uint32_t i) {
    const anp_p_tables_t *t = &v->t;
    const anp_p_partition_t *p = &t->partitions[i];
    ANP_TRY(anp_verify_string(v, "partition driver", i, p->driver));
    ANP_TRY(anp_verify_string(v, "partition target", i, p->target));
    const anp_p_block_t *b = p->block < t->n_blocks ? &t->blocks[p->block] : NULL;
    if (!b || p->n_nodes == 0 || p->n_nodes > b->n_nodes || p->first_node < b->first_node ||
        p->first_node - b->first_node > b->n_nodes - p->n_nodes || p->group > 1)
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: partition %" PRIu32 ": %" PRIu32 " nodes from %" PRIu32
                 " of block %" PRIu32 ", group %" PRIu32,
                 i, p->n_nodes, p->first_node, p->block, p->group);
    for (uint32_t n = p->first_node; n < p->first_node + p->n_nodes; n++)
        if (t->nodes[n].partition != i || t->nodes[n].n_blocks > 0)
            ANP_FAIL(ANP_INVALID_FILE,
                     "program: partition %" PRIu32 " covers node %" PRIu32
                     ", which names partition %" PRIu32 " and has %" PRIu32 " blocks",
                     i, n, t->nodes[n].partition, t->nodes[n].n_blocks);
    return ANP_OK;
}

/* Notes one more element of a list; false when it was in it. */
static bool mark(uint32_t *marks, uint32_t id, uint32_t partition) {
    if (marks[id] == partition + 1) return false;
    marks[id] = partition + 1;
    return true;
}

static anp_status_t check_part_inputs(anp_verify_t *v, uint32_t i, parts_t *parts) {
    const anp_p_partition_t *p = &v->t.partitions[i];
    const uint32_t *ids;
    ANP_TRY(anp_verify_list(v, "inputs of partition", i, p->inputs, p->n_inputs, &ids));
    for (uint32_t k = 0; k < p->n_inputs; k++)
        if (!is_value(v, ids[k]) || v->t.values[ids[k]].const_id != ANP_P_NONE ||
            !anp_verify_visible(v, ids[k], p->block, p->first_node + 1) ||
            !mark(parts->entered, ids[k], i))
            ANP_FAIL(ANP_INVALID_FILE,
                     "program: partition %" PRIu32 ": input %" PRIu32
                     " is a constant, not made before it, or listed twice",
                     i, ids[k]);
    return ANP_OK;
}

static anp_status_t check_part_outputs(anp_verify_t *v, uint32_t i, parts_t *parts) {
    const anp_p_partition_t *p = &v->t.partitions[i];
    const uint32_t *ids;
    ANP_TRY(anp_verify_list(v, "outputs of partition", i, p->outputs, p->n_outputs, &ids));
    for (uint32_t k = 0; k < p->n_outputs; k++) {
        if (!is_value(v, ids[k]) || !is_inside(v, p, ids[k]) || !mark(parts->left, ids[k], i))
            ANP_FAIL(ANP_INVALID_FILE,
                     "program: partition %" PRIu32 ": output %" PRIu32
                     " is not made in it, or listed twice",
                     i, ids[k]);
        v->flags[ids[k]] |= ANP_VERIFY_LEAVES;
    }
    return ANP_OK;
}

static anp_status_t check_part_consts(anp_verify_t *v, uint32_t i, parts_t *parts) {
    const anp_p_partition_t *p = &v->t.partitions[i];
    const uint32_t *ids;
    ANP_TRY(anp_verify_list(v, "constants of partition", i, p->consts, p->n_consts, &ids));
    for (uint32_t k = 0; k < p->n_consts; k++)
        if (ids[k] >= v->t.n_consts || !mark(parts->reads, ids[k], i))
            ANP_FAIL(ANP_INVALID_FILE,
                     "program: partition %" PRIu32 ": constant %" PRIu32
                     " is missing, or listed twice",
                     i, ids[k]);
    return ANP_OK;
}

/* Whatever a node reads is made in the partition or listed. */
static anp_status_t check_part_reads(const anp_verify_t *v, uint32_t i, uint32_t node,
                                     const parts_t *parts) {
    const anp_p_partition_t *p = &v->t.partitions[i];
    const anp_p_node_t *n = &v->t.nodes[node];
    for (uint32_t k = 0; k < n->n_inputs; k++) {
        const uint32_t value = v->t.refs[n->inputs + k];
        if (value == ANP_P_NONE || is_inside(v, p, value)) continue;
        const uint32_t c = v->t.values[value].const_id;
        const bool listed =
            c == ANP_P_NONE ? parts->entered[value] == i + 1 : parts->reads[c] == i + 1;
        if (!listed)
            ANP_FAIL(ANP_INVALID_FILE,
                     "program: partition %" PRIu32 ": node %" PRIu32 " reads value %" PRIu32
                     ", which is in none of its lists",
                     i, node, value);
    }
    return ANP_OK;
}

/* What the lists name is right in every partition; that nothing is missing matters only where one
 * call runs them all. */
static anp_status_t check_part_lists(anp_verify_t *v, uint32_t i, parts_t *parts) {
    const anp_p_partition_t *p = &v->t.partitions[i];
    ANP_TRY(check_part_inputs(v, i, parts));
    ANP_TRY(check_part_outputs(v, i, parts));
    ANP_TRY(check_part_consts(v, i, parts));
    for (uint32_t n = p->first_node; p->group && n < p->first_node + p->n_nodes; n++)
        ANP_TRY(check_part_reads(v, i, n, parts));
    return ANP_OK;
}

/* A value read outside the group that makes it must be among the group's outputs. */
static anp_status_t check_leaving(const anp_verify_t *v, uint32_t value,
                                  uint32_t reader_partition) {
    if (value == ANP_P_NONE || v->def_at[value] == 0 || (v->flags[value] & ANP_VERIFY_LEAVES))
        return ANP_OK;
    const uint32_t maker = v->t.nodes[v->def_at[value] - 1].partition;
    if (maker == ANP_P_NONE || maker == reader_partition || !v->t.partitions[maker].group)
        return ANP_OK;
    ANP_FAIL(ANP_INVALID_FILE,
             "program: value %" PRIu32 " is read outside partition %" PRIu32
             ", which does not list it as output",
             value, maker);
}

static anp_status_t check_all_leaving(const anp_verify_t *v) {
    const anp_p_tables_t *t = &v->t;
    for (uint32_t i = 0; i < t->n_nodes; i++)
        for (uint32_t k = 0; k < t->nodes[i].n_inputs; k++)
            ANP_TRY(check_leaving(v, t->refs[t->nodes[i].inputs + k], t->nodes[i].partition));
    for (uint32_t i = 0; i < t->n_blocks; i++)
        for (uint32_t k = 0; k < t->blocks[i].n_outputs; k++)
            ANP_TRY(check_leaving(v, t->refs[t->blocks[i].outputs + k], ANP_P_NONE));
    for (uint32_t i = 0; i < t->n_states; i++)
        ANP_TRY(check_leaving(v, t->states[i].next, ANP_P_NONE));
    return ANP_OK;
}

/* Before placement a program has no partitions; after it every node that is not a control operator
 * is in the one it names. */
static anp_status_t check_covered(const anp_verify_t *v) {
    uint64_t covered = 0, naming = 0;
    for (uint32_t i = 0; i < v->t.n_partitions; i++) covered += v->t.partitions[i].n_nodes;
    for (uint32_t i = 0; i < v->t.n_nodes; i++) {
        const anp_p_node_t *n = &v->t.nodes[i];
        naming += n->partition != ANP_P_NONE;
        if (n->partition == ANP_P_NONE && n->n_blocks == 0 && v->t.n_partitions > 0)
            ANP_FAIL(ANP_INVALID_FILE, "program: node %" PRIu32 " is in no partition", i);
    }
    if (covered != naming)
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: %" PRIu64 " nodes name a partition, %" PRIu64 " are covered by one",
                 naming, covered);
    return ANP_OK;
}

anp_status_t anp_verify_partitions(anp_verify_t *v) {
    parts_t parts;
    ANP_TRY(ANP_ARENA_ARRAY(&v->arena, v->t.n_values, &parts.entered));
    ANP_TRY(ANP_ARENA_ARRAY(&v->arena, v->t.n_values, &parts.left));
    ANP_TRY(ANP_ARENA_ARRAY(&v->arena, v->t.n_consts, &parts.reads));
    for (uint32_t i = 0; i < v->t.n_partitions; i++) {
        ANP_TRY(check_part_range(v, i));
        ANP_TRY(check_part_lists(v, i, &parts));
    }
    ANP_TRY(check_covered(v));
    return v->t.n_partitions == 0 ? ANP_OK : check_all_leaving(v);
}
