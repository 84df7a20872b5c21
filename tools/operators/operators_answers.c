/* SPDX-License-Identifier: Apache-2.0 */
/* Asking drivers: a program with a node per operator goes to the compile half of each. */
#include "operators.h"
#include "runtime/runtime.h"
#include <string.h>

/* ---- the program ---- */
/* Nodes have no operands: the question is whether a driver has the operator at all. */
static anp_status_t put_node(anp_program_writer_t *w, const anp_op_t *op) {
    anp_p_node_t node = {.since = (uint32_t)op->since, .partition = ANP_P_NONE};
    uint32_t id;
    ANP_TRY(anp_program_put_string(w, op->domain, strlen(op->domain), &node.domain));
    ANP_TRY(anp_program_put_string(w, op->name, strlen(op->name), &node.op));
    node.name = node.op;
    return anp_program_put_node(w, &node, &id);
}

static anp_status_t put_program(anp_program_writer_t *w, void **out, uint64_t *out_bytes) {
    anp_p_block_t block = {.n_nodes = ANP_OP_COUNT, .owner = ANP_P_NONE};
    anp_p_entry_t entry = {.block = 0};
    uint32_t id;
    ANP_TRY(anp_program_put_string(w, "main", 4, &block.name));
    entry.name = block.name;
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++) ANP_TRY(put_node(w, anp_op_row(i)));
    ANP_TRY(anp_program_put_block(w, &block, &id));
    ANP_TRY(anp_program_put_entry(w, &entry));
    return anp_program_writer_finish(w, out, out_bytes);
}

/* ---- asking ---- */
static anp_status_t ask(const anp_driver_slot_t *slot, const void *program, uint64_t bytes,
                        bool *out_yes) {
    static anp_drv_answer_t answers[ANP_OP_COUNT];
    if (!slot->drv) ANP_FAIL(ANP_UNSUPPORTED, "driver %s: %s", slot->name, slot->reason);
    memset(answers, 0, sizeof answers);
    ANP_TRY(slot->table->query(slot->drv, "", program, bytes, answers));
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++) out_yes[i] = answers[i].yes;
    return ANP_OK;
}

/* `out` names drivers of the library, which outlive the context. */
static anp_status_t ask_all(const anp_context_t *ctx, const void *program, uint64_t bytes,
                            operators_answers_t *out) {
    for (uint64_t i = 0; i < ctx->slots.count; i++) {
        const anp_driver_slot_t *slot = ANP_VEC_AT(&ctx->slots, anp_driver_slot_t *, i);
        if (i == OPERATORS_DRIVERS_MAX)
            ANP_FAIL(ANP_LIMIT, "more than %d drivers", OPERATORS_DRIVERS_MAX);
        ANP_TRY(ask(slot, program, bytes, out->yes[i]));
        out->drivers[out->n_drivers++] = slot->table->name;
    }
    return ANP_OK;
}

anp_status_t operators_ask(operators_answers_t *out) {
    const anp_context_options_t options = {.threads = 1, .ignore_environment = true};
    anp_program_writer_t *w = NULL;
    anp_context_t *ctx = NULL;
    void *program = NULL;
    uint64_t bytes;
    anp_status_t st;
    memset(out, 0, sizeof *out);
    ANP_TRY_OUT(st, anp_context_create(&options, &ctx));
    ANP_TRY_OUT(st, anp_program_writer_create(&w));
    ANP_TRY_OUT(st, put_program(w, &program, &bytes));
    ANP_TRY_OUT(st, ask_all(ctx, program, bytes, out));
out:
    anp_free(program);
    anp_program_writer_release(w);
    anp_context_release(ctx);
    return st;
}
