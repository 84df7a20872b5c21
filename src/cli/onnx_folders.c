/* SPDX-License-Identifier: Apache-2.0 */
/* Finding test folders, without recursion. */
#include "onnx_case.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDERS_MAX = 1000000, DEPTH_MAX = 32 };

static char *join(const char *folder, const char *name) {
    const size_t n = strlen(folder) + strlen(name) + 2;
    char *path = malloc(n);
    const bool slash = *folder && folder[strlen(folder) - 1] == '/';
    if (path) snprintf(path, n, "%s%s%s", folder, slash ? "" : "/", name);
    return path;
}

static bool push(onnx_folders_t *f, char *path) {
    char **paths = f->n < FOLDERS_MAX ? realloc(f->paths, (f->n + 1) * sizeof *paths) : NULL;
    if (!path || !paths) {
        free(path);
        return false;
    }
    f->paths = paths;
    paths[f->n++] = path;
    return true;
}

static int depth_of(const char *path) {
    int n = 0;
    for (; *path; path++) n += *path == '/';
    return n;
}

/* Adds the sub-folders of `path` to `todo`; *out_is_test: it has a data set. */
static bool list_folder(const char *path, int depth_limit, onnx_folders_t *todo,
                        bool *out_is_test) {
    DIR *d = opendir(path);
    bool good = true;
    *out_is_test = false;
    if (!d) return true; /* not readable: no tests */
    for (const struct dirent *e; good && (e = readdir(d));) {
        struct stat info;
        char *child;
        if (e->d_name[0] == '.') continue;
        if (strncmp(e->d_name, "test_data_set_", 14) == 0) {
            *out_is_test = true;
            continue;
        }
        child = join(path, e->d_name);
        good = child != NULL;
        if (child && depth_of(child) < depth_limit && lstat(child, &info) == 0 &&
            S_ISDIR(info.st_mode))
            good = push(todo, child);
        else
            free(child);
    }
    closedir(d);
    return good;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

cli_exit_t onnx_folders_find(cli_t *cli, const char *root, onnx_folders_t *folders) {
    onnx_folders_t todo = {0};
    struct stat info;
    const uint32_t before = folders->n;
    const int limit = depth_of(root) + DEPTH_MAX;
    if (stat(root, &info) != 0)
        return cli_fail(cli, CLI_BAD_INPUT, "cannot read '%s': %s", root, strerror(errno));
    if (!S_ISDIR(info.st_mode)) return cli_fail(cli, CLI_BAD_INPUT, "'%s' is no folder", root);
    bool good = push(&todo, strdup(root));
    while (good && todo.n) {
        bool is_test;
        char *path = todo.paths[--todo.n];
        good = list_folder(path, limit, &todo, &is_test);
        if (good && is_test)
            good = push(folders, path);
        else
            free(path);
    }
    onnx_folders_release(&todo);
    if (!good) return cli_no_memory(cli);
    if (folders->n > before)
        qsort(folders->paths + before, folders->n - before, sizeof *folders->paths, by_name);
    return CLI_DONE;
}

void onnx_folders_release(onnx_folders_t *folders) {
    for (uint32_t i = 0; i < folders->n; i++) free(folders->paths[i]);
    free(folders->paths);
    memset(folders, 0, sizeof *folders);
}
