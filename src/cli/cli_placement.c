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
    uint32_t n, nodes, fallback;
    double est_us, measured_us;
} shares_t;

static share_t *find_share(shares_t *s, const char *device) {
    for (uint32_t i = 0; i < s->n; i++)
        if (strcmp(s->items[i].device, device) == 0) return &s->items[i];
    if (s->n == DEVICES_MAX) return &s->items[DEVICES_MAX - 1];
    s->items[s->n] = (share_t){.device = device};
    return &s->items[s->n++];
}

static cli_exit_t add_up(cli_t *cli, const anp_model_t *model, const anp_session_t *session,
                         shares_t *out) {
    memset(out, 0, sizeof *out);
    out->nodes = anp_model_node_count(model);
    for (uint32_t i = 0; i < out->nodes; i++) {
        anp_placement_row_t row;
        CLI_TRY(cli_api(cli, anp_model_placement(model, session, i, &row)));
        share_t *share = find_share(out, row.device);
        share->nodes++;
        share->fallback += row.fallback;
        share->est_us += row.est_us;
        share->measured_us += row.measured_us;
        out->fallback += row.fallback;
        out->est_us += row.est_us;
        out->measured_us += row.measured_us;
    }
    return CLI_DONE;
}

static double percent(double part, double whole) {
    return whole > 0 ? 100 * part / whole : 0;
}

static void say_shares(cli_t *cli, const shares_t *s) {
    const bool measured = s->measured_us > 0;
    for (uint32_t i = 0; i < s->n; i++) {
        const share_t *d = &s->items[i];
        const double share =
            measured ? percent(d->measured_us, s->measured_us) : percent(d->est_us, s->est_us);
        cli_say(cli, "  %s: %u of %u nodes, %.1f %% of the %s time", d->device, d->nodes, s->nodes,
                share, measured ? "measured" : "estimated");
    }
}

static cli_exit_t print_rows(cli_t *cli, const anp_model_t *model, const anp_session_t *session,
                             bool measured, bool full) {
    static const char *const headings[] = {"node", "operator", "device", "est us", "us", "why"};
    static const char *const estimated[] = {"node", "operator", "device", "est us", "why"};
    cli_table_t table;
    uint32_t shown = 0, hidden = 0;
    cli_table_init(&table, measured ? 6 : 5, measured ? 0x18 : 0x8,
                   measured ? headings : estimated);
    for (uint32_t i = 0; i < anp_model_node_count(model); i++) {
        anp_placement_row_t row;
        if (anp_model_placement(model, session, i, &row) != ANP_OK) continue;
        if (!full && !row.fallback) continue;
        if (!full && shown == FALLBACK_ROWS) {
            hidden++;
            continue;
        }
        shown++;
        cli_table_cell(&table, "%s", row.node);
        cli_table_cell(&table, "%s", row.op);
        cli_table_cell(&table, "%s", row.device);
        cli_table_cell(&table, "%.1f", row.est_us);
        if (measured) cli_table_cell(&table, "%.1f", row.measured_us);
        cli_table_cell(&table, "%s", *row.reason ? row.reason : "supported");
    }
    CLI_TRY(cli_table_print(cli, &table));
    if (hidden) cli_say(cli, "  and %u more (--placement shows all)", hidden);
    return CLI_DONE;
}

cli_exit_t cli_placement_print(cli_t *cli, const anp_model_t *model, const anp_session_t *session,
                               bool full) {
    shares_t shares;
    CLI_TRY(add_up(cli, model, session, &shares));
    say_shares(cli, &shares);
    if (full || shares.fallback)
        return print_rows(cli, model, session, shares.measured_us > 0, full);
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

cli_exit_t cli_placement_json(cli_t *cli, jout_t *j, const anp_model_t *model,
                              const anp_session_t *session, bool full) {
    shares_t shares;
    CLI_TRY(add_up(cli, model, session, &shares));
    jout_array(j, "placement", false);
    for (uint32_t i = 0; i < shares.n; i++) {
        const share_t *d = &shares.items[i];
        jout_object(j, NULL, true);
        jout_text(j, "device", d->device);
        jout_int(j, "nodes", d->nodes);
        jout_int(j, "fallback_nodes", d->fallback);
        jout_real(j, "share_of_nodes", shares.nodes ? (double)d->nodes / shares.nodes : 0);
        jout_real(j, "share_of_estimated_time", percent(d->est_us, shares.est_us) / 100);
        jout_real(j, "share_of_measured_time", percent(d->measured_us, shares.measured_us) / 100);
        jout_object_end(j);
    }
    jout_array_end(j);
    if (!full) return CLI_DONE;
    jout_array(j, "nodes", false);
    for (uint32_t i = 0; i < shares.nodes; i++) {
        anp_placement_row_t row;
        CLI_TRY(cli_api(cli, anp_model_placement(model, session, i, &row)));
        row_json(j, &row);
    }
    jout_array_end(j);
    return CLI_DONE;
}
