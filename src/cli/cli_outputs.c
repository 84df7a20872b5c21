/* SPDX-License-Identifier: Apache-2.0 */
/* Writing outputs, and keeping equal steps together. */
#include "cli_outputs.h"
#include <anput/tensorfile.h>
#include <stdlib.h>
#include <string.h>

static cli_exit_t write_npy(cli_t *cli, cli_outputs_t *o, cli_output_t *item, const char *name,
                            const anp_tensor_t *t) {
    char *path = cli_stage_path(o->stage, name);
    if (!path) return cli_no_memory(cli);
    const cli_exit_t code = cli_api_write(cli, anp_npy_write(path, t));
    free(path);
    item->n_files += code == CLI_DONE;
    return code;
}

/* A tensor or a map: a file, or one of keys and one of values. */
static cli_exit_t write_item(cli_t *cli, cli_outputs_t *o, uint32_t i, const char *base,
                             const anp_tensor_t *t) {
    static const char *const parts[] = {"keys", "values"};
    char name[96];
    if (t->kind == ANP_KIND_TENSOR) {
        snprintf(name, sizeof name, "%s.npy", base);
        return write_npy(cli, o, &o->items[i], name, t);
    }
    const anp_tensor_t *members = t->data;
    for (uint32_t k = 0; k < 2; k++) {
        snprintf(name, sizeof name, "%s.%s.npy", base, parts[k]);
        CLI_TRY(write_npy(cli, o, &o->items[i], name, &members[k]));
    }
    return CLI_DONE;
}

/* step < 0: the name has no step. */
static cli_exit_t write_output(cli_t *cli, cli_outputs_t *o, uint32_t i, int64_t step,
                               const anp_tensor_t *t) {
    char base[32], item[64];
    if (step < 0)
        snprintf(base, sizeof base, "output_%u", i);
    else
        snprintf(base, sizeof base, "output_%u_%04lld", i, (long long)step);
    if (t->kind == ANP_KIND_NONE) return CLI_DONE;
    if (t->kind != ANP_KIND_SEQUENCE) return write_item(cli, o, i, base, t);
    const anp_tensor_t *members = t->data;
    for (int64_t k = 0; k < t->dims[0]; k++) {
        snprintf(item, sizeof item, "%s.item%lld", base, (long long)k);
        CLI_TRY(write_item(cli, o, i, item, &members[k]));
    }
    return CLI_DONE;
}

static anp_tensor_t stacked_step(const cli_output_t *item, uint32_t step) {
    anp_tensor_t t = item->first;
    t.data = item->stack + item->step_bytes * step;
    return t;
}

/* A step of another shape: those before it get files of their own. */
static cli_exit_t unstack(cli_t *cli, cli_outputs_t *o, uint32_t i) {
    cli_output_t *item = &o->items[i];
    for (uint32_t k = 0; k < item->n_stacked; k++) {
        const anp_tensor_t t = stacked_step(item, k);
        CLI_TRY(write_output(cli, o, i, k, &t));
    }
    item->is_separate = true;
    item->n_stacked = 0;
    return CLI_DONE;
}

static bool stacks(const cli_output_t *item, const anp_tensor_t *t) {
    if (t->kind != ANP_KIND_TENSOR || t->dtype == ANP_DTYPE_STRING || t->rank >= ANP_RANK_MAX)
        return false;
    return t->rank == item->first.rank && t->dtype == item->first.dtype &&
           memcmp(t->dims, item->first.dims, t->rank * sizeof t->dims[0]) == 0;
}

static cli_exit_t stack(cli_t *cli, cli_output_t *item, uint32_t n_steps, const anp_tensor_t *t) {
    if (!item->stack) {
        CLI_TRY(cli_api(cli, anp_tensor_bytes(t, &item->step_bytes)));
        item->stack = cli_new(n_steps, item->step_bytes ? item->step_bytes : 1);
        if (!item->stack) return cli_no_memory(cli);
    }
    if (item->step_bytes)
        memcpy(item->stack + item->step_bytes * item->n_stacked, t->data, item->step_bytes);
    item->n_stacked++;
    return CLI_DONE;
}

cli_exit_t cli_outputs_open(cli_t *cli, const anp_model_t *model, uint32_t n_steps,
                            cli_stage_t *stage, cli_outputs_t *out) {
    memset(out, 0, sizeof *out);
    out->stage = stage;
    out->n_steps = n_steps;
    CLI_TRY(cli_api(cli, anp_model_output_count(model, NULL, &out->n)));
    out->items = cli_new(out->n, sizeof *out->items);
    if (!out->items) return cli_no_memory(cli);
    for (uint32_t i = 0; i < out->n; i++)
        CLI_TRY(cli_api(cli, anp_model_output(model, NULL, i, &out->items[i].info)));
    return CLI_DONE;
}

cli_exit_t cli_outputs_take(cli_t *cli, cli_outputs_t *o, uint32_t step,
                            const anp_session_t *session) {
    for (uint32_t i = 0; i < o->n; i++) {
        cli_output_t *item = &o->items[i];
        anp_tensor_t t;
        CLI_TRY(cli_api(cli, anp_session_get_output(session, i, &t)));
        if (step == 0) {
            item->first = t;
            item->first.data = NULL;
        }
        if (!o->stage) continue;
        if (o->n_steps == 1) {
            CLI_TRY(write_output(cli, o, i, -1, &t));
            continue;
        }
        if (!item->is_separate && !stacks(item, &t)) CLI_TRY(unstack(cli, o, i));
        if (item->is_separate)
            CLI_TRY(write_output(cli, o, i, step, &t));
        else
            CLI_TRY(stack(cli, item, o->n_steps, &t));
    }
    return CLI_DONE;
}

cli_exit_t cli_outputs_finish(cli_t *cli, cli_outputs_t *o) {
    for (uint32_t i = 0; i < o->n; i++) {
        cli_output_t *item = &o->items[i];
        if (!item->n_stacked) continue;
        anp_tensor_t all = item->first;
        memmove(all.dims + 1, item->first.dims, item->first.rank * sizeof all.dims[0]);
        all.dims[0] = item->n_stacked;
        all.rank++;
        all.data = item->stack;
        CLI_TRY(write_output(cli, o, i, -1, &all));
    }
    return CLI_DONE;
}

void cli_outputs_release(cli_outputs_t *o) {
    for (uint32_t i = 0; o->items && i < o->n; i++) free(o->items[i].stack);
    free(o->items);
    memset(o, 0, sizeof *o);
}
