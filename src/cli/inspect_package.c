/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the library's JSON description of a package and prints it as tables. */
#include "inspect_package.h"
#include "cli_table.h"
#include <jansson.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key) {
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static long long int_of(const json_t *object, const char *key) {
    return (long long)json_integer_value(json_object_get(object, key));
}

static cli_exit_t print_sections(cli_t *cli, const json_t *sections) {
    static const char *const headings[] = {"section", "offset", "size", "hash"};
    cli_table_t t;
    size_t i;
    json_t *s;
    cli_table_init(&t, 4, 0x6, headings);
    json_array_foreach(sections, i, s) {
        char size[CLI_SIZE_TEXT];
        cli_table_cell(&t, "%s", text_of(s, "kind"));
        cli_table_cell(&t, "%lld", int_of(s, "offset"));
        cli_table_cell(&t, "%s", cli_bytes((uint64_t)int_of(s, "bytes"), size));
        cli_table_cell(&t, "%s", text_of(s, "hash"));
    }
    return cli_table_print(cli, &t);
}

static const char *or_any(const char *s) {
    return *s ? s : "any";
}

static cli_exit_t print_variants(cli_t *cli, const json_t *variants) {
    static const char *const headings[] = {"made for", "target",         "instructions",
                                           "sizes",    "driver version", "program",
                                           "blobs",    "blob size"};
    cli_table_t t;
    size_t i;
    json_t *v;
    cli_table_init(&t, 8, 0xe0, headings);
    json_array_foreach(variants, i, v) {
        char size[CLI_SIZE_TEXT], program[CLI_SIZE_TEXT];
        const char *driver = text_of(v, "driver");
        cli_table_cell(&t, "%s", *driver ? driver : "every device (portable)");
        cli_table_cell(&t, "%s", or_any(text_of(v, "target")));
        cli_table_cell(&t, "%s", or_any(text_of(v, "isa")));
        cli_table_cell(&t, "%s", or_any(text_of(v, "bucket")));
        cli_table_cell(&t, "%s", or_any(text_of(v, "driver_version")));
        cli_table_cell(&t, "%s", cli_bytes((uint64_t)int_of(v, "program_bytes"), program));
        cli_table_cell(&t, "%lld", int_of(v, "blobs"));
        cli_table_cell(&t, "%s", cli_bytes((uint64_t)int_of(v, "blob_bytes"), size));
    }
    return cli_table_print(cli, &t);
}

/* Short fields of the manifest; its long ones have views of their own (--placement). */
static void say_manifest(cli_t *cli, const json_t *manifest) {
    const json_t *source = json_object_get(manifest, "source"),
                 *meta = json_object_get(manifest, "meta");
    const char *key;
    json_t *v;
    if (*text_of(manifest, "anput")) cli_say(cli, "  made by anput %s", text_of(manifest, "anput"));
    if (*text_of(source, "path"))
        cli_say(cli, "  from %s (%s bytes, hash %s)", text_of(source, "path"),
                text_of(source, "bytes"), text_of(source, "xxh3_128"));
    json_object_foreach((json_t *)meta, key, v) {
        const char *s = strncmp(key, "source_", 7) == 0 ? NULL : json_string_value(v);
        const int n = s ? (int)strcspn(s, "\n") : 0;
        if (n)
            cli_say(cli, "  %s: %.*s%s", key, n < 100 ? n : 100, s, s[n] || n > 100 ? " ..." : "");
    }
}

static cli_exit_t explain(cli_t *cli, const char *path, const json_t *root) {
    char size[CLI_SIZE_TEXT];
    cli_say(cli, "%s: a package, format %s, %s, %lld weights", path, text_of(root, "format"),
            cli_bytes((uint64_t)int_of(root, "bytes"), size), int_of(root, "weights"));
    say_manifest(cli, json_object_get(root, "manifest"));
    CLI_TRY(print_sections(cli, json_object_get(root, "sections")));
    return print_variants(cli, json_object_get(root, "variants"));
}

cli_exit_t cli_package_explain(cli_t *cli, const char *path) {
    char *text = NULL;
    json_error_t error;
    CLI_TRY(cli_api(cli, anp_package_describe(path, &text)));
    if (cli->common.json) {
        fprintf(cli->out, "%s\n", text);
        anp_text_free(text);
        return CLI_DONE;
    }
    json_t *root = json_loads(text, 0, &error);
    anp_text_free(text);
    if (!root)
        return cli_fail(cli, CLI_BAD_INPUT, "'%s': its description is no JSON (column %d: %s)",
                        path, error.column, error.text);
    const cli_exit_t code = explain(cli, path, root);
    json_decref(root);
    return code;
}
