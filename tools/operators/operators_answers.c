/* SPDX-License-Identifier: Apache-2.0 */
/* Asking drivers: a program with a node per operator goes to the compile half of each. */
#include "base/alloc.h"
#include "base/thread.h"
#include "driver/builtin.h"
#include "op/registry.h"
#include "operators.h"
#include "program/program.h"
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

/* ---- the host that drivers see ---- */
static void host_log(void *user, int level, const char *text) {
    (void)user, (void)level, (void)text;
}

static anp_status_t host_fail(void *user, anp_status_t code, const char *text) {
    (void)user;
    return anp_error_set(code, "driver", 0, "%s", text);
}

static anp_status_t host_alloc(void *user, uint64_t size_bytes, void **out) {
    (void)user;
    return anp_alloc(size_bytes, out);
}

static void host_free(void *user, void *ptr) {
    (void)user;
    anp_free(ptr);
}

static const char *host_option(void *user, const char *key) {
    (void)user, (void)key;
    return NULL;
}

/* ---- asking ---- */
static anp_status_t ask(const anp_driver_t *driver, const anp_builtin_t *builtin,
                        const void *program, uint64_t bytes, bool *out_yes) {
    static anp_drv_answer_t answers[ANP_OP_COUNT];
    const anp_host_t host = {.abi = ANP_DRIVER_ABI,
                             .struct_size = sizeof host,
                             .log = host_log,
                             .fail = host_fail,
                             .alloc = host_alloc,
                             .free = host_free,
                             .option = host_option,
                             .builtin = builtin};
    anp_drv_t *drv;
    memset(answers, 0, sizeof answers);
    ANP_TRY(driver->open(&host, &drv));
    const anp_status_t st = driver->query(drv, "", program, bytes, answers);
    driver->close(drv);
    for (uint32_t i = 0; i < ANP_OP_COUNT; i++) out_yes[i] = answers[i].yes;
    return st;
}

static anp_status_t ask_all(const anp_builtin_t *builtin, const void *program, uint64_t bytes,
                            operators_answers_t *out) {
    for (; anp_builtin_drivers[out->n_drivers]; out->n_drivers++) {
        if (out->n_drivers == OPERATORS_DRIVERS_MAX)
            ANP_FAIL(ANP_LIMIT, "more than %d drivers", OPERATORS_DRIVERS_MAX);
        const anp_driver_t *driver = anp_builtin_drivers[out->n_drivers]();
        out->drivers[out->n_drivers] = driver->name;
        ANP_TRY(ask(driver, builtin, program, bytes, out->yes[out->n_drivers]));
    }
    return ANP_OK;
}

anp_status_t operators_ask(operators_answers_t *out) {
    anp_builtin_t builtin = {.machine = {.cpu = anp_cpu_detect()}};
    anp_program_writer_t *w = NULL;
    anp_pool_t *pool = NULL;
    void *program = NULL;
    uint64_t bytes;
    anp_status_t st;
    memset(out, 0, sizeof *out);
    ANP_TRY_OUT(st, anp_pool_create(1, &pool));
    builtin.machine.pool = pool;
    ANP_TRY_OUT(st, anp_program_writer_create(&w));
    ANP_TRY_OUT(st, put_program(w, &program, &bytes));
    ANP_TRY_OUT(st, ask_all(&builtin, program, bytes, out));
out:
    anp_free(program);
    anp_program_writer_release(w);
    anp_pool_release(pool);
    return st;
}
