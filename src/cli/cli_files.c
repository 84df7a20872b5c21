/* SPDX-License-Identifier: Apache-2.0 */
/* Expanding lists and patterns of file names. */
#include "cli_files.h"
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 1000000, NAME_MAX_BYTES = 4096 };

static cli_exit_t add_file(cli_t *cli, cli_files_t *files, const char *path, size_t len) {
    struct stat info;
    if (files->n == FILES_MAX) return cli_fail(cli, CLI_BAD_INPUT, "more than %d files", FILES_MAX);
    char **paths = realloc(files->paths, (files->n + 1) * sizeof *paths);
    if (!paths) return cli_no_memory(cli);
    files->paths = paths;
    char *copy = paths[files->n] = cli_new(len + 1, 1);
    if (!copy) return cli_no_memory(cli);
    files->n++;
    memcpy(copy, path, len);
    if (stat(copy, &info) != 0)
        return cli_fail(cli, CLI_BAD_INPUT, "cannot read '%s': %s", copy, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return cli_fail(cli, CLI_BAD_INPUT, "'%s' is a folder, a file is needed", copy);
    return CLI_DONE;
}

static cli_exit_t add_pattern(cli_t *cli, cli_files_t *files, const char *pattern) {
    glob_t found;
    memset(&found, 0, sizeof found);
    cli_exit_t code = CLI_DONE;
    const int result = glob(pattern, 0, NULL, &found);
    if (result == GLOB_NOSPACE)
        code = cli_no_memory(cli);
    else if (result != 0)
        code = cli_fail(cli, CLI_BAD_INPUT, "no file matches '%s'", pattern);
    for (size_t i = 0; code == CLI_DONE && i < found.gl_pathc; i++)
        code = add_file(cli, files, found.gl_pathv[i], strlen(found.gl_pathv[i]));
    globfree(&found);
    return code;
}

static cli_exit_t add_list(cli_t *cli, cli_files_t *files, const char *path) {
    char *line = cli_new(NAME_MAX_BYTES, 1);
    FILE *f = fopen(path, "r");
    cli_exit_t code = CLI_DONE;
    if (!line)
        code = cli_no_memory(cli);
    else if (!f)
        code = cli_fail(cli, CLI_BAD_INPUT, "cannot read the list '%s': %s", path, strerror(errno));
    while (code == CLI_DONE && fgets(line, NAME_MAX_BYTES, f)) {
        const size_t n = strcspn(line, "\r\n");
        if (n) code = add_file(cli, files, line, n);
    }
    if (f) fclose(f);
    free(line);
    return code;
}

static cli_exit_t add_name(cli_t *cli, cli_files_t *files, const char *name, size_t len) {
    struct stat info;
    char text[NAME_MAX_BYTES];
    if (len >= sizeof text) return cli_usage(cli, "a file name of %zu bytes", len);
    memcpy(text, name, len);
    text[len] = '\0';
    if (strpbrk(text, "*?[") && stat(text, &info) != 0) return add_pattern(cli, files, text);
    return add_file(cli, files, text, len);
}

cli_exit_t cli_files_add(cli_t *cli, cli_files_t *files, const char *text) {
    struct stat info;
    if (stat(text, &info) == 0) return add_file(cli, files, text, strlen(text));
    if (text[0] == '@') return add_list(cli, files, text + 1);
    for (const char *at = text; *at || at == text;) {
        const size_t n = strcspn(at, ",");
        CLI_TRY(add_name(cli, files, at, n));
        at += n + (at[n] == ',');
    }
    return CLI_DONE;
}

void cli_files_release(cli_files_t *files) {
    for (uint32_t i = 0; i < files->n; i++) free(files->paths[i]);
    free(files->paths);
    memset(files, 0, sizeof *files);
}
