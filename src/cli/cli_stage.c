/* SPDX-License-Identifier: Apache-2.0 */
/* Writing beside the target and renaming, for single files and for the files of a folder. */
#include "cli_stage.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static cli_exit_t failed(cli_t *cli, const char *what, const char *path) {
    const int cause = errno;
    const bool named_wrong =
        cause == ENOENT || cause == ENOTDIR || cause == EISDIR || cause == EACCES;
    return cli_fail(cli, named_wrong ? CLI_BAD_INPUT : CLI_RESOURCES, "%s '%s': %s", what, path,
                    strerror(cause));
}

static char *join(const char *a, const char *between, const char *b) {
    const size_t bytes = strlen(a) + strlen(between) + strlen(b) + 1;
    char *path = cli_new(bytes, 1);
    if (path) snprintf(path, bytes, "%s%s%s", a, between, b);
    return path;
}

cli_exit_t cli_check_writable(cli_t *cli, const char *path) {
    struct stat info;
    const char *slash = strrchr(path, '/');
    char *folder = slash ? join(path, "", "") : join(".", "", "");
    if (!folder) return cli_no_memory(cli);
    if (slash) folder[slash == path ? 1 : slash - path] = '\0';
    cli_exit_t code = CLI_DONE;
    if (!*path || (slash && !slash[1]) || (stat(path, &info) == 0 && S_ISDIR(info.st_mode)))
        code = cli_fail(cli, CLI_BAD_INPUT, "'%s' is a folder: -o takes the name of a file", path);
    else if (stat(folder, &info) != 0 || access(folder, W_OK) != 0)
        code = failed(cli, "nothing can be written to the folder", folder);
    free(folder);
    return code;
}

cli_exit_t cli_stage_file(cli_t *cli, const char *path, cli_stage_t *out, FILE **out_file) {
    struct stat info;
    memset(out, 0, sizeof *out);
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        *out_file = fopen(path, "w"); /* a pipe or /dev/stdout: nothing to rename */
        out->target = join(path, "", "");
        return *out_file ? CLI_DONE : failed(cli, "cannot write", path);
    }
    CLI_TRY(cli_check_writable(cli, path));
    out->target = join(path, "", "");
    out->hidden = join(path, "", ".tmp.XXXXXX");
    if (!out->target || !out->hidden) {
        cli_stage_release(out);
        return cli_no_memory(cli);
    }
    const int fd = mkstemp(out->hidden);
    *out_file = fd < 0 ? NULL : fdopen(fd, "w");
    if (*out_file) {
        const mode_t mask = umask(0);
        umask(mask);
        fchmod(fd, 0666 & ~mask); /* mkstemp makes it private */
        return CLI_DONE;
    }
    const cli_exit_t code = failed(cli, "cannot write beside", path);
    cli_stage_release(out);
    return code;
}

cli_exit_t cli_stage_commit_file(cli_t *cli, cli_stage_t *s, FILE *f) {
    cli_exit_t code = CLI_DONE;
    bool good = fflush(f) == 0 && !ferror(f);
    if (good && s->hidden) good = fsync(fileno(f)) == 0;
    if (fclose(f) != 0) good = false;
    if (good && s->hidden) good = rename(s->hidden, s->target) == 0;
    if (!good) code = failed(cli, "cannot write", s->target ? s->target : "");
    if (good) {
        free(s->hidden);
        s->hidden = NULL;
    }
    cli_stage_release(s);
    return code;
}

void cli_stage_abort_file(cli_stage_t *s, FILE *f) {
    fclose(f);
    cli_stage_release(s);
}

/* Makes path and the folders above it. */
static bool make_folders(char *path) {
    for (char *p = path + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        const bool good = mkdir(path, 0777) == 0 || errno == EEXIST;
        *p = '/';
        if (!good) return false;
    }
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

cli_exit_t cli_stage_folder(cli_t *cli, const char *path, cli_stage_t *out) {
    struct stat info;
    memset(out, 0, sizeof *out);
    out->target = join(path, "", "");
    out->hidden = join(path, "", "/.anput-XXXXXX");
    cli_exit_t code = CLI_DONE;
    out->made_target = stat(path, &info) != 0;
    if (!out->target || !out->hidden) {
        code = cli_no_memory(cli);
    } else if (!*path || !make_folders(out->target)) {
        code = failed(cli, "cannot make the folder", path);
    } else if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode)) {
        errno = ENOTDIR;
        code = failed(cli, "cannot write into", path);
    } else if (!mkdtemp(out->hidden)) {
        code = failed(cli, "cannot write into the folder", path);
    }
    if (code == CLI_DONE) return code;
    free(out->hidden); /* it was not made */
    out->hidden = NULL;
    cli_stage_release(out);
    return code;
}

char *cli_stage_path(cli_stage_t *s, const char *name) {
    char **names = realloc(s->names, (s->n_names + 1) * sizeof *names);
    if (!names) return NULL;
    s->names = names;
    names[s->n_names] = join(name, "", "");
    if (!names[s->n_names]) return NULL;
    s->n_names++;
    return join(s->hidden, "/", name);
}

cli_exit_t cli_stage_commit_folder(cli_t *cli, cli_stage_t *s) {
    cli_exit_t code = CLI_DONE;
    for (uint32_t i = 0; i < s->n_names && code == CLI_DONE; i++) {
        char *from = join(s->hidden, "/", s->names[i]), *to = join(s->target, "/", s->names[i]);
        if (!from || !to)
            code = cli_no_memory(cli);
        else if (rename(from, to) != 0)
            code = failed(cli, "cannot write", to);
        free(from);
        free(to);
    }
    return code;
}

void cli_stage_release(cli_stage_t *s) {
    for (uint32_t i = 0; i < s->n_names; i++) {
        char *path = join(s->hidden, "/", s->names[i]);
        if (path) unlink(path);
        free(path);
        free(s->names[i]);
    }
    if (s->hidden && unlink(s->hidden) != 0) rmdir(s->hidden);
    if (s->made_target) rmdir(s->target); /* stays when there is something in it */
    free(s->names);
    free(s->hidden);
    free(s->target);
    memset(s, 0, sizeof *s);
}
