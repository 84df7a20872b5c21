/* SPDX-License-Identifier: Apache-2.0 */
/* The decoded view of a program: constants, names, dimensions; program_nodes.c has the nodes. */
#include "program/program.h"
#include "program/program_nodes.h"
#include <inttypes.h>
#include <string.h>

static anp_status_t decode_consts(anp_program_t *p) {
    ANP_TRY(ANP_ARENA_ARRAY(&p->arena, p->n_consts, &p->const_tensors));
    const int64_t *ints = ANP_P_TABLE(p->data, ints, int64_t);
    for (uint32_t i = 0; i < p->n_consts; i++)
        anp_tensor_init(&p->const_tensors[i], (anp_dtype_t)p->consts[i].dtype, p->consts[i].rank,
                        ints + p->consts[i].dims, NULL);
    return ANP_OK;
}

static void set_tables(anp_program_t *p, const void *data, uint64_t size_bytes) {
    const anp_p_header_t *h = ANP_P_HEADER(data);
    p->data = data;
    p->size_bytes = size_bytes;
    p->h = h;
    p->values = ANP_P_TABLE(data, values, anp_p_value_t);
    p->n_values = (uint32_t)h->values.count;
    p->consts = ANP_P_TABLE(data, consts, anp_p_const_t);
    p->n_consts = (uint32_t)h->consts.count;
    p->n_nodes = (uint32_t)h->nodes.count;
    p->blocks = ANP_P_TABLE(data, blocks, anp_p_block_t);
    p->n_blocks = (uint32_t)h->blocks.count;
    p->entries = ANP_P_TABLE(data, entries, anp_p_entry_t);
    p->n_entries = (uint32_t)h->entries.count;
    p->states = ANP_P_TABLE(data, states, anp_p_state_t);
    p->n_states = (uint32_t)h->states.count;
    p->aliases = ANP_P_TABLE(data, aliases, anp_p_alias_t);
    p->n_aliases = (uint32_t)h->aliases.count;
    p->partitions = ANP_P_TABLE(data, partitions, anp_p_partition_t);
    p->n_partitions = (uint32_t)h->partitions.count;
    p->exprs = ANP_P_TABLE(data, exprs, anp_p_expr_t);
    p->n_exprs = (uint32_t)h->exprs.count;
    p->n_symbols = (uint32_t)h->symbols.count;
}

anp_status_t anp_program_open(const void *data, uint64_t size_bytes, anp_ops_t *ops,
                              anp_program_t **out) {
    *out = NULL;
    ANP_TRY(anp_program_verify(data, size_bytes));
    anp_program_t *p;
    ANP_TRY(ANP_NEW(&p));
    anp_arena_init(&p->arena);
    p->ops = ops;
    set_tables(p, data, size_bytes);
    anp_status_t st = decode_consts(p);
    if (st == ANP_OK) st = anp_program_decode_nodes(p);
    if (st == ANP_OK)
        *out = p;
    else
        anp_program_release(p);
    return st;
}

void anp_program_release(anp_program_t *p) {
    if (!p) return;
    anp_arena_deinit(&p->arena);
    anp_free(p);
}

/* ---- constants ---- */

static uint64_t load_u64(const void *bytes, uint64_t index) {
    uint64_t v;
    memcpy(&v, (const char *)bytes + index * sizeof v, sizeof v); /* lent bytes may be unaligned */
    return v;
}

/* n strings: n + 1 rising offsets, the last one the end of the bytes. */
static anp_status_t decode_string_tensor(anp_program_t *p, uint32_t id, const void *bytes) {
    const uint64_t size = p->consts[id].bytes;
    const uint64_t n = (uint64_t)anp_tensor_elems(&p->const_tensors[id]);
    anp_string_t *list;
    ANP_TRY(ANP_ARENA_ARRAY(&p->arena, n, &list));
    uint64_t begin = load_u64(bytes, 0);
    bool good = begin == (n + 1) * sizeof(uint64_t) && load_u64(bytes, n) == size;
    for (uint64_t i = 0; i < n && good; i++) {
        const uint64_t end = load_u64(bytes, i + 1);
        good = end >= begin && end <= size;
        if (good) list[i] = (anp_string_t){(const char *)bytes + begin, end - begin};
        begin = end;
    }
    if (!good)
        ANP_FAIL(ANP_INVALID_FILE,
                 "program: constant %" PRIu32 ": the offsets of its %" PRIu64
                 " strings do not rise to its %" PRIu64 " bytes",
                 id, n, size);
    p->const_tensors[id].data = list;
    return ANP_OK;
}

anp_status_t anp_program_bind_const(anp_program_t *p, uint32_t id, const void *bytes) {
    if (id >= p->n_consts)
        ANP_FAIL(ANP_OUT_OF_RANGE, "program: constant %" PRIu32 " of %" PRIu32, id, p->n_consts);
    if (p->consts[id].dtype == ANP_DTYPE_STRING) return decode_string_tensor(p, id, bytes);
    p->const_tensors[id].data =
        (void *)(uintptr_t)bytes; /* a view has no const; nobody writes to constants */
    return ANP_OK;
}

/* ---- looking things up ---- */

const char *anp_program_string(const anp_program_t *p, uint32_t at) {
    return ANP_P_STRING(p->data, at);
}
const uint32_t *anp_program_refs(const anp_program_t *p, uint32_t at) {
    return ANP_P_TABLE(p->data, refs, uint32_t) + at;
}
const char *anp_program_symbol(const anp_program_t *p, uint32_t i) {
    return anp_program_string(p, ANP_P_TABLE(p->data, symbols, uint32_t)[i]);
}

uint32_t anp_program_find_entry(const anp_program_t *p, const char *name) {
    for (uint32_t i = 0; i < p->n_entries; i++)
        if (strcmp(anp_program_string(p, p->entries[i].name), name) == 0) return i;
    return ANP_P_NONE;
}

uint32_t anp_program_find_state(const anp_program_t *p, uint32_t value) {
    for (uint32_t i = 0; i < p->n_states; i++)
        if (p->states[i].current == value) return i;
    return ANP_P_NONE;
}

/* ---- dimensions ---- */

static int64_t floor_div(int64_t a, int64_t b) { /* b > 0 */
    return a / b - (a % b < 0);
}

/* a op b; ANP_DIM_UNKNOWN when it has no value. */
static int64_t eval_op(uint64_t op, int64_t a, int64_t b) {
    int64_t r = ANP_DIM_UNKNOWN;
    bool bad = false;
    switch (op) {
    case ANP_DIM_ADD: bad = __builtin_add_overflow(a, b, &r); break;
    case ANP_DIM_SUB: bad = __builtin_sub_overflow(a, b, &r); break;
    case ANP_DIM_MUL: bad = __builtin_mul_overflow(a, b, &r); break;
    case ANP_DIM_MIN: r = ANP_MIN(a, b); break;
    case ANP_DIM_MAX: r = ANP_MAX(a, b); break;
    case ANP_DIM_FLOORDIV: r = b > 0 ? floor_div(a, b) : ANP_DIM_UNKNOWN; break;
    case ANP_DIM_CEILDIV: r = b > 0 ? -floor_div(-a, b) : ANP_DIM_UNKNOWN; break;
    case ANP_DIM_MOD: r = b > 0 ? a - floor_div(a, b) * b : ANP_DIM_UNKNOWN; break;
    default: break;
    }
    return bad || !ANP_DIM_IS_CONST(r) ? ANP_DIM_UNKNOWN : r;
}

static int64_t operand(int64_t d, const int64_t *done) {
    return ANP_P_DIM_IS_EXPR(d) ? done[ANP_P_DIM_INDEX(d)] : d;
}

void anp_program_eval(const anp_program_t *p, const int64_t *symbols, int64_t *out) {
    for (uint32_t i = 0; i < p->n_exprs; i++) {
        const anp_p_expr_t *e = &p->exprs[i];
        if (e->op == ANP_DIM_SYM) {
            out[i] = ANP_DIM_IS_CONST(symbols[e->a]) ? symbols[e->a] : ANP_DIM_UNKNOWN;
        } else if (e->op == ANP_DIM_CONST) {
            out[i] = e->a;
        } else {
            const int64_t a = operand(e->a, out), b = operand(e->b, out);
            const bool known = a != ANP_DIM_UNKNOWN && b != ANP_DIM_UNKNOWN;
            out[i] = known ? eval_op(e->op, a, b) : ANP_DIM_UNKNOWN;
        }
    }
}

bool anp_program_dims(const anp_program_t *p, uint32_t value, const int64_t *exprs,
                      int64_t *out_dims) {
    const anp_p_value_t *v = &p->values[value];
    if (v->rank < 0) return false;
    const int64_t *dims = ANP_P_TABLE(p->data, ints, int64_t) + v->dims;
    bool known = true;
    for (int i = 0; i < v->rank; i++) {
        out_dims[i] = operand(dims[i], exprs);
        known &= out_dims[i] >= 0; /* a negative one is as unusable as an unknown one */
    }
    return known;
}
