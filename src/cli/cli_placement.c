/* SPDX-License-Identifier: Apache-2.0 */
/* The placement table. */
#include "cli_placement.h"
#include "cli_table.h"
#include <stdlib.h>
#include <string.h>

enum { DEVICES_MAX = 16, FALLBACK_ROWS = 20 };

typedef struct share_t { /* what one device does */
    const char *device;
    uint32_t nodes, fallback;
    double est_us, measured_us;
} share_t;

typedef struct shares_t {
    share_t items[DEVICES_MAX];
    uint32_t n, fallback;
    double est_us, measured_us;
} shares_t;

static share_t *find_share(shares_t *s, const char *device) {
    for (uint32_t i = 0; i < s->n; i++)
        if (strcmp(s->items[i].device, device) == 0) return &s->items[i];
    if (s->n == DEVICES_MAX) return &s->items[DEVICES_MAX - 1];
    s->items[s->n] = (share_t){.device = device};
    return &s->items[s->n++];
}

static void add_up(const cli_placement_t *p, shares_t *out) {
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < p->n; i++) {
        const anp_placement_row_t *row = &p->rows[i];
        share_t *share = find_share(out, row->device);
        share->nodes++;
        share->fallback += row->fallback;
        share->est_us += row->est_us;
        share->measured_us += row->measured_us;
        out->fallback += row->fallback;
        out->est_us += row->est_us;
        out->measured_us += row->measured_us;
    }
}

static double percent(double part, double whole) {
    return whole > 0 ? 100 * part / whole : 0;
}

static void say_shares(cli_t *cli, const shares_t *s, uint32_t n_nodes) {
    const bool measured = s->measured_us > 0;
    for (uint32_t i = 0; i < s->n; i++) {
        const share_t *d = &s->items[i];
        const double share =
            measured ? percent(d->measured_us, s->measured_us) : percent(d->est_us, s->est_us);
        cli_say(cli, "  %s: %u of %u nodes, %.1f %% of the %s time", d->device, d->nodes, n_nodes,
                share, measured ? "measured" : "estimated");
    }
}

static cli_exit_t print_rows(cli_t *cli, const cli_placement_t *p, bool measured, bool full) {
    static const char *const headings[] = {"node", "operator", "device", "est us", "us", "why"};
    static const char *const estimated[] = {"node", "operator", "device", "est us", "why"};
    cli_table_t table;
    uint32_t shown = 0, hidden = 0;
    cli_table_init(&table, measured ? 6 : 5, measured ? 0x18 : 0x8,
                   measured ? headings : estimated);
    for (uint32_t i = 0; i < p->n; i++) {
        const anp_placement_row_t *row = &p->rows[i];
        if (!full && !row->fallback) continue;
        if (!full && shown == FALLBACK_ROWS) {
            hidden++;
            continue;
        }
        shown++;
        cli_table_cell(&table, "%s", row->node);
        cli_table_cell(&table, "%s", row->op);
        cli_table_cell(&table, "%s", row->device);
        cli_table_cell(&table, "%.1f", row->est_us);
        if (measured) cli_table_cell(&table, "%.1f", row->measured_us);
        cli_table_cell(&table, "%s", *row->reason ? row->reason : "supported");
    }
    CLI_TRY(cli_table_print(cli, &table));
    if (hidden) cli_say(cli, "  and %u more (--placement shows all)", hidden);
    return CLI_DONE;
}

cli_exit_t cli_placement_print_rows(cli_t *cli, const cli_placement_t *p, bool full) {
    shares_t shares;
    add_up(p, &shares);
    say_shares(cli, &shares, p->n);
    if (full || shares.fallback) return print_rows(cli, p, shares.measured_us > 0, full);
    return CLI_DONE;
}

static void row_json(jout_t *j, const anp_placement_row_t *row) {
    jout_object(j, NULL, true);
    jout_text(j, "node", row->node);
    jout_text(j, "op", row->op);
    jout_text(j, "device", row->device);
    jout_text(j, "reason", row->reason);
    jout_bool(j, "fallback", row->fallback);
    jout_real(j, "est_us", row->est_us);
    jout_real(j, "measured_us", row->measured_us);
    jout_object_end(j);
}

void cli_placement_json_rows(jout_t *j, const cli_placement_t *p, bool full) {
    shares_t shares;
    add_up(p, &shares);
    jout_array(j, "placement", false);
    for (uint32_t i = 0; i < shares.n; i++) {
        const share_t *d = &shares.items[i];
        jout_object(j, NULL, true);
        jout_text(j, "device", d->device);
        jout_int(j, "nodes", d->nodes);
        jout_int(j, "fallback_nodes", d->fallback);
        jout_real(j, "share_of_nodes", (double)d->nodes / p->n);
        jout_real(j, "share_of_estimated_time", percent(d->est_us, shares.est_us) / 100);
        jout_real(j, "share_of_measured_time", percent(d->measured_us, shares.measured_us) / 100);
        jout_object_end(j);
    }
    jout_array_end(j);
    if (!full) return;
    jout_array(j, "nodes", false);
    for (uint32_t i = 0; i < p->n; i++) row_json(j, &p->rows[i]);
    jout_array_end(j);
}

/* ---- of a loaded model ---- */
static cli_exit_t read_rows(cli_t *cli, const anp_model_t *model, const anp_session_t *session,
                            cli_placement_t *out) {
    out->n = anp_model_node_count(model);
    out->rows = cli_new(out->n, sizeof *out->rows);
    if (!out->rows) return cli_no_memory(cli);
    for (uint32_t i = 0; i < out->n; i++)
        CLI_TRY(cli_api(cli, anp_model_placement(model, session, i, &out->rows[i])));
    return CLI_DONE;
}

cli_exit_t cli_placement_print(cli_t *cli, const anp_model_t *model, const anp_session_t *session,
                               bool full) {
    cli_placement_t p = {0};
    cli_exit_t code = read_rows(cli, model, session, &p);
    if (code == CLI_DONE) code = cli_placement_print_rows(cli, &p, full);
    free(p.rows);
    return code;
}

cli_exit_t cli_placement_json(cli_t *cli, jout_t *j, const anp_model_t *model,
                              const anp_session_t *session, bool full) {
    cli_placement_t p = {0};
    const cli_exit_t code = read_rows(cli, model, session, &p);
    if (code == CLI_DONE) cli_placement_json_rows(j, &p, full);
    free(p.rows);
    return code;
}
