/* SPDX-License-Identifier: Apache-2.0 */
/* anput devices: what there is to run on, and which drivers cannot be used and why. */
#include "cli_table.h"
#include "cmd.h"
#include "json_out.h"

static cli_exit_t print_json(cli_t *cli, anp_context_t *ctx) {
    jout_t j;
    jout_begin(&j, cli->out);
    jout_object(&j, NULL, false);
    jout_text(&j, "version", anp_version());
    jout_array(&j, "devices", false);
    for (uint32_t i = 0; i < anp_context_device_count(ctx); i++) {
        anp_device_info_t d;
        CLI_TRY(cli_api(cli, anp_context_device_info(ctx, i, &d)));
        jout_object(&j, NULL, true);
        jout_text(&j, "id", d.id);
        jout_text(&j, "driver", d.driver);
        jout_bool(&j, "usable", d.usable);
        jout_text(&j, "name", d.name);
        jout_text(&j, "target", d.target);
        jout_text(&j, "isa", d.isa);
        jout_text(&j, "driver_version", d.version);
        jout_int(&j, "memory_bytes", (int64_t)d.memory_bytes);
        jout_bool(&j, "every_operator", d.host_values);
        jout_text(&j, "reason", d.reason);
        jout_object_end(&j);
    }
    jout_array_end(&j);
    jout_object_end(&j);
    jout_end(&j);
    return CLI_DONE;
}

cli_exit_t cli_devices_print(cli_t *cli, anp_context_t *ctx) {
    static const char *const headings[] = {"device", "name", "target", "instructions", "memory"};
    cli_table_t table;
    cli_table_init(&table, 5, 1u << 4, headings);
    for (uint32_t i = 0; i < anp_context_device_count(ctx); i++) {
        anp_device_info_t d;
        char memory[CLI_SIZE_TEXT];
        CLI_TRY(cli_api(cli, anp_context_device_info(ctx, i, &d)));
        if (!d.usable) continue;
        cli_table_cell(&table, "%s", d.id);
        cli_table_cell(&table, "%s", d.name);
        cli_table_cell(&table, "%s", d.target);
        cli_table_cell(&table, "%s", *d.isa ? d.isa : "-");
        cli_table_cell(&table, "%s", d.memory_bytes ? cli_bytes(d.memory_bytes, memory) : "-");
    }
    CLI_TRY(cli_table_print(cli, &table));
    for (uint32_t i = 0; i < anp_context_device_count(ctx); i++) {
        anp_device_info_t d;
        CLI_TRY(cli_api(cli, anp_context_device_info(ctx, i, &d)));
        if (!d.usable) cli_say(cli, "  not usable: %s: %s", d.id, d.reason);
    }
    return CLI_DONE;
}

static cli_exit_t run(cli_t *cli, const void *args, const char *const *operands, uint32_t n) {
    anp_context_t *ctx;
    (void)args;
    (void)operands;
    (void)n;
    CLI_TRY(cli_context(cli, &ctx));
    if (cli_device_id(cli)) { /* asked for one: whether it is there is the answer */
        anp_device_info_t info;
        CLI_TRY(cli_device(cli, cli_device_id(cli), &info));
    }
    return cli->common.json ? print_json(cli, ctx) : cli_devices_print(cli, ctx);
}

const cli_verb_t cmd_devices = {
    .name = "devices",
    .summary = "list the devices and why a driver cannot be used",
    .usage = "[--device ID]",
    .examples = "                    what there is\n"
                "--device cpu --json  status 4 when it is not there\n",
    .output_is_report = true,
    .run = run,
};
