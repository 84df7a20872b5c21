/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: safe joining of names out of models, folders, listings. */
#include "base/file.h"
#include "base/posix.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Why the text of rel is no path beneath a folder, or NULL. Nothing of the file system is asked. */
static const char *why_not_beneath(const char *rel, size_t len) {
    if (len == 0) return "names no file";
    if (len >= PATH_MAX) return "is longer than the system allows";
    if (memchr(rel, '\0', len)) return "contains a zero byte";
    if (rel[0] == '/') return "is absolute; only files beneath the model's folder are read";
    for (size_t at = 0, end; at <= len; at = end + 1) {
        const char *slash = memchr(rel + at, '/', len - at);
        end = slash ? (size_t)(slash - rel) : len;
        if (end == at) return "has an empty component";
        if (end - at == 2 && memcmp(rel + at, "..", 2) == 0) {
            return "contains '..'; only files beneath the model's folder are read";
        }
    }
    return NULL;
}

/* Looks at each component of path behind its first dir_len bytes; what is not there is no link. */
static anp_status_t refuse_links(char *path, size_t dir_len) {
    for (char *slash = path + dir_len; slash;) {
        slash = strchr(slash + 1, '/');
        if (slash) *slash = '\0';
        struct stat st;
        const bool link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
        if (slash) *slash = '/';
        if (link) {
            ANP_FAIL(
                ANP_INVALID_MODEL,
                "path '%s' in the model leads through a symbolic link; --follow-links allows it",
                path + dir_len + 1);
        }
    }
    return ANP_OK;
}

/* After following links, path must still lie beneath dir. */
static anp_status_t check_contained(const char *dir, const char *path, const char *rel) {
    anp_status_t st = ANP_OK;
    char *real_dir = realpath(dir, NULL), *real = realpath(path, NULL);
    if (!real_dir || !real) goto out; /* not there: opening it will say so */
    const size_t n = strcmp(real_dir, "/") == 0 ? 0 : strlen(real_dir);
    if (strncmp(real, real_dir, n) != 0 || real[n] != '/') {
        ANP_FAIL_OUT(
            st, ANP_INVALID_MODEL,
            "path '%s' in the model leads to '%s', which is not beneath the model's folder '%s'",
            rel, real, real_dir);
    }
out:
    free(real); /* made by realpath, not by us */
    free(real_dir);
    return st;
}

anp_status_t anp_path_join_beneath(const char *dir, const char *rel, size_t rel_len,
                                   bool follow_links, char **out) {
    *out = NULL;
    const char *why = why_not_beneath(rel, rel_len);
    if (why) {
        const int shown = (int)ANP_MIN(rel_len, (size_t)256);
        ANP_FAIL(ANP_INVALID_MODEL, "path '%.*s' in the model %s", shown, rel, why);
    }
    if (!*dir) dir = "."; /* else the result would be absolute */
    const size_t dir_len = strlen(dir), size = dir_len + 1 + rel_len + 1;
    char *path;
    ANP_TRY(anp_alloc(size, (void **)&path));
    snprintf(path, size, "%s/%.*s", dir, (int)rel_len, rel);
    const anp_status_t st =
        follow_links ? check_contained(dir, path, path + dir_len + 1) : refuse_links(path, dir_len);
    if (st == ANP_OK)
        *out = path;
    else
        anp_free(path);
    return st;
}

const char *anp_path_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

anp_status_t anp_path_dir(const char *path, char **out) {
    const char *base = anp_path_base(path);
    if (base == path) return anp_strdup(".", out);
    const size_t n = (size_t)(base - path) - 1;
    return n ? anp_strndup(path, n, out) : anp_strdup("/", out);
}

anp_status_t anp_path_make_dir(const char *path) {
    char *part;
    ANP_TRY(anp_strdup(path, &part));
    anp_status_t st = ANP_OK;
    char *end = part;
    do { /* for each leading part of the path, shortest first */
        end += strspn(end, "/");
        end += strcspn(end, "/");
        const char after = *end;
        *end = '\0';
        const bool there =
            mkdir(part, 0777) == 0 || (errno == EEXIST && anp_path_kind(part) == ANP_PATH_FOLDER);
        if (!there) st = ANP_ERRNO("make folder", part);
        *end = after;
    } while (st == ANP_OK && *end);
    anp_free(part);
    return st;
}

anp_path_kind_t anp_path_kind(const char *path) {
    struct stat st;
    if (stat(path, &st) != 0) return ANP_PATH_NONE;
    if (S_ISREG(st.st_mode)) return ANP_PATH_FILE;
    return S_ISDIR(st.st_mode) ? ANP_PATH_FOLDER : ANP_PATH_OTHER;
}

static void free_names(anp_vec_t *names) {
    for (uint64_t i = 0; i < names->count; i++) anp_free(ANP_VEC_AT(names, char *, i));
    anp_vec_deinit(names);
}

static anp_status_t read_names(DIR *d, const char *dir, anp_vec_t *names) {
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(d);
        if (!entry) return errno ? ANP_ERRNO("list", dir) : ANP_OK;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        void *slot;
        ANP_TRY(anp_vec_grow(names, 1, &slot));
        ANP_TRY(anp_strdup(entry->d_name, slot));
    }
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

anp_status_t anp_path_list(const char *dir, char ***out_names, uint64_t *out_n) {
    *out_names = NULL;
    *out_n = 0;
    DIR *d = opendir(dir);
    if (!d) return ANP_ERRNO("list", dir);
    anp_vec_t names;
    void *first;
    anp_vec_init(&names, sizeof(char *));
    anp_status_t st = anp_vec_grow(&names, 0, &first); /* a valid array also for an empty folder */
    if (st == ANP_OK) st = read_names(d, dir, &names);
    closedir(d);
    if (st != ANP_OK) {
        free_names(&names);
        return st;
    }
    qsort(names.data, (size_t)names.count, sizeof(char *), compare_names);
    *out_names = names.data;
    *out_n = names.count;
    return ANP_OK;
}
