/* SPDX-License-Identifier: Apache-2.0 */
/* anput inspect: what a model or a package is made of. */
#include "cli_import.h"
#include "cli_placement.h"
#include "cli_table.h"
#include "cmd.h"
#include "inspect_package.h"
#include <stdlib.h>
#include <string.h>

enum { OPS_MAX = 512 }; /* kinds of operators shown */

typedef struct inspect_args_t {
    bool dot, text, program, list_ops, placement, verify, follow_links;
    cli_list_t dims;
} inspect_args_t;

#define AT(field) offsetof(inspect_args_t, field)
static const cli_option_t own_options[] = {
    {"text", NULL, "the graph of a model as text", NULL, AT(text), CLI_FLAG, 0},
    {"dot", NULL, "the graph of a model for Graphviz", NULL, AT(dot), CLI_FLAG, 0},
    {"program", NULL, "the program of a package as text", NULL, AT(program), CLI_FLAG, 0},
    {"list-ops", NULL, "operator names only, a line each: the list for -DANPUT_OPS=FILE", NULL,
     AT(list_ops), CLI_FLAG, 0},
    {"placement", NULL, "where each node runs and why", NULL, AT(placement), CLI_FLAG, 0},
    {"verify", NULL, "read a package completely and compare its hashes", NULL, AT(verify), CLI_FLAG,
     0},
    {"dim", "NAME=SIZE", "fix a free dimension of a model", NULL, AT(dims), CLI_LIST, 0},
    {"follow-links", NULL, "external data of a model may be symbolic links", NULL, AT(follow_links),
     CLI_FLAG, 0},
    {0},
};
#undef AT
static const cli_group_t groups[] = {{own_options, 0}, {0}};

typedef struct facts_t { /* of a model */
    anp_graph_summary_t summary;
    anp_op_count_t ops[OPS_MAX];
    uint32_t n_ops;
} facts_t;

/* ---- a model ---- */
typedef anp_status_t (*io_fn_t)(const anp_graph_t *graph, uint32_t i, anp_io_info_t *out_info);

static cli_exit_t say_io(cli_t *cli, const anp_graph_t *graph, const char *what, uint32_t n,
                         io_fn_t get) {
    for (uint32_t i = 0; i < n; i++) {
        anp_io_info_t info;
        char text[CLI_SHAPE_TEXT];
        CLI_TRY(cli_api(cli, get(graph, i, &info)));
        cli_say(cli, "  %-6s  %s  %s", what, info.name, cli_io_text(&info, text));
    }
    return CLI_DONE;
}

static void say_meta(cli_t *cli, const anp_graph_t *graph) {
    static const char *const keys[] = {"source_format", "ir_version",       "opset",
                                       "producer",      "producer_version", "labels"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *v = anp_graph_get_meta(graph, keys[i]);
        if (v && *v) cli_say(cli, "  %-16s  %.100s%s", keys[i], v, strlen(v) > 100 ? "..." : "");
    }
}

static cli_exit_t say_model(cli_t *cli, const char *path, anp_graph_t *graph, const facts_t *f) {
    char bytes[CLI_SIZE_TEXT];
    cli_say(cli, "%s: a model", path);
    say_meta(cli, graph);
    CLI_TRY(say_io(cli, graph, "input", anp_graph_input_count(graph), anp_graph_input_info));
    CLI_TRY(say_io(cli, graph, "output", anp_graph_output_count(graph), anp_graph_output_info));
    cli_say(cli, "  %llu nodes, %llu constants, %llu parameters (%s)",
            (unsigned long long)f->summary.nodes, (unsigned long long)f->summary.constants,
            (unsigned long long)f->summary.parameters, cli_bytes(f->summary.weight_bytes, bytes));
    cli_say(cli, "  %.4g million multiply-adds (free dimensions counted as 1)",
            f->summary.mul_adds * 1e-6);
    static const char *const headings[] = {"operator", "nodes"};
    cli_table_t t;
    cli_table_init(&t, 2, 2, headings);
    for (uint32_t i = 0; i < f->n_ops && i < OPS_MAX; i++) {
        const anp_op_count_t *o = &f->ops[i];
        cli_table_cell(&t, "%s%s%s", o->domain, *o->domain ? "." : "", o->op);
        cli_table_cell(&t, "%llu", (unsigned long long)o->nodes);
    }
    return cli_table_print(cli, &t);
}

static cli_exit_t io_json(cli_t *cli, jout_t *j, const anp_graph_t *graph, const char *key,
                          uint32_t n, io_fn_t get) {
    jout_array(j, key, false);
    for (uint32_t i = 0; i < n; i++) {
        anp_io_info_t info;
        CLI_TRY(cli_api(cli, get(graph, i, &info)));
        jout_object(j, NULL, true);
        jout_text(j, "name", info.name);
        jout_text(j, "type", anp_dtype_name(info.dtype));
        jout_bool(j, "sequence", info.kind == ANP_KIND_SEQUENCE);
        if (info.key) jout_text(j, "map_key", anp_dtype_name(info.key));
        jout_bool(j, "optional", info.optional);
        jout_array(j, "shape", true);
        for (int32_t k = 0; k < info.rank; k++) {
            if (info.dims[k] >= 0)
                jout_int(j, NULL, info.dims[k]);
            else
                jout_text(j, NULL, info.dim_names[k]);
        }
        jout_array_end(j);
        jout_object_end(j);
    }
    jout_array_end(j);
    return CLI_DONE;
}

static cli_exit_t model_json(cli_t *cli, const char *path, anp_graph_t *graph, const facts_t *f) {
    jout_t j;
    jout_begin(&j, cli->out);
    jout_object(&j, NULL, false);
    jout_text(&j, "model", path);
    CLI_TRY(io_json(cli, &j, graph, "inputs", anp_graph_input_count(graph), anp_graph_input_info));
    CLI_TRY(
        io_json(cli, &j, graph, "outputs", anp_graph_output_count(graph), anp_graph_output_info));
    jout_int(&j, "nodes", (int64_t)f->summary.nodes);
    jout_int(&j, "constants", (int64_t)f->summary.constants);
    jout_int(&j, "parameters", (int64_t)f->summary.parameters);
    jout_int(&j, "weight_bytes", (int64_t)f->summary.weight_bytes);
    jout_real(&j, "mul_adds", f->summary.mul_adds);
    jout_array(&j, "operators", false);
    for (uint32_t i = 0; i < f->n_ops && i < OPS_MAX; i++) {
        jout_object(&j, NULL, true);
        jout_text(&j, "domain", f->ops[i].domain);
        jout_text(&j, "op", f->ops[i].op);
        jout_int(&j, "nodes", (int64_t)f->ops[i].nodes);
        jout_object_end(&j);
    }
    jout_array_end(&j);
    jout_object_end(&j);
    jout_end(&j);
    return CLI_DONE;
}

static cli_exit_t put_text(cli_t *cli, anp_status_t st, char *text) {
    if (st == ANP_OK) fputs(text, cli->out);
    anp_text_free(text);
    return cli_api(cli, st);
}

static cli_exit_t inspect_graph(cli_t *cli, const inspect_args_t *args, const char *path,
                                anp_graph_t *graph) {
    char *text = NULL;
    facts_t f;
    if (args->text) {
        const anp_status_t st = anp_graph_text(graph, &text);
        return put_text(cli, st, text);
    }
    if (args->dot) {
        const anp_status_t st = anp_graph_dot_text(graph, &text);
        return put_text(cli, st, text);
    }
    CLI_TRY(cli_api(cli, anp_graph_summary(graph, &f.summary)));
    CLI_TRY(cli_api(cli, anp_graph_op_counts(graph, f.ops, OPS_MAX, &f.n_ops)));
    return cli->common.json ? model_json(cli, path, graph, &f) : say_model(cli, path, graph, &f);
}

/* What needs the model compiled: its operators after the passes, its placement. */
static cli_exit_t inspect_loaded(cli_t *cli, const inspect_args_t *args, const char *path) {
    const cli_source_args_t source = {.follow_links = args->follow_links, .dims = args->dims};
    cli_loaded_t loaded;
    char *text = NULL;
    cli_exit_t code;
    CLI_TRY(cli_load(cli, path, cli_device_id(cli), &source, &loaded));
    if (args->list_ops) {
        const anp_status_t st = anp_model_ops_text(loaded.model, &text);
        code = put_text(cli, st, text);
    } else if (cli->common.json) {
        jout_t j;
        jout_begin(&j, cli->out);
        jout_object(&j, NULL, false);
        code = cli_placement_json(cli, &j, loaded.model, NULL, true);
        jout_object_end(&j);
        jout_end(&j);
    } else {
        code = cli_placement_print(cli, loaded.model, NULL, true);
    }
    cli_loaded_release(&loaded);
    return code;
}

static cli_exit_t inspect_model(cli_t *cli, const inspect_args_t *args, const char *path) {
    anp_graph_t *graph = NULL;
    if (args->program || args->verify)
        return cli_usage(cli, "--program and --verify are about packages, '%s' is none", path);
    CLI_TRY(cli_import(cli, path, args->follow_links, &args->dims, &graph));
    const cli_exit_t code = inspect_graph(cli, args, path, graph);
    anp_graph_release(graph);
    return code;
}

static cli_exit_t inspect_package(cli_t *cli, const inspect_args_t *args, const char *path) {
    char *text = NULL;
    if (args->text || args->dot)
        return cli_usage(
            cli, "--text and --dot are about models, '%s' is a package (see --program)", path);
    if (args->program) {
        const anp_status_t st = anp_package_program_text(path, 0, &text);
        return put_text(cli, st, text);
    }
    if (args->verify) {
        CLI_TRY(cli_api(cli, anp_package_verify(path)));
        if (!cli->common.json) cli_say(cli, "%s: all hashes agree", path);
        if (!cli->common.json) return CLI_DONE;
    }
    return cli_package_explain(cli, path);
}

static cli_exit_t run(cli_t *cli, const void *arguments, const char *const *operands, uint32_t n) {
    const inspect_args_t *args = arguments;
    const char *path = operands[0];
    (void)n;
    if (args->text + args->dot + args->program + args->list_ops + args->placement + args->verify >
        1)
        return cli_usage(cli,
                         "one of --text --dot --program --list-ops --placement --verify at a time");
    if (args->list_ops || args->placement) return inspect_loaded(cli, args, path);
    return anp_package_is(path) ? inspect_package(cli, args, path) : inspect_model(cli, args, path);
}

const cli_verb_t cmd_inspect = {
    .name = "inspect",
    .summary = "show what a model or package is made of",
    .usage = "MODEL|PACKAGE",
    .examples = "model.onnx\n"
                "model.onnx --dot -o model.dot\n"
                "model.anp --verify\n"
                "model.anp --list-ops -o ops.txt     (then: cmake -DANPUT_OPS=ops.txt)\n",
    .groups = groups,
    .args_bytes = sizeof(inspect_args_t),
    .min_operands = 1,
    .max_operands = 1,
    .operands = "a model or package",
    .output_is_report = true,
    .run = run,
};
