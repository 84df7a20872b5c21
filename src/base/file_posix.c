/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files: maps and small whole files. */
#include "base/file.h"
#include "base/posix.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct anp_file_t {
    atomic_uint refs;
    uint8_t *data; /* NULL: not mapped yet */
    uint64_t size;
    char *path;
};

static int open_file(const char *path, int flags) {
    int fd;
    do fd = open(path, flags | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* Opens path and checks that it is a regular file with bytes in it. */
static anp_status_t open_regular(const char *path, int *out_fd, uint64_t *out_size) {
    *out_fd = open_file(path, O_RDONLY | O_NONBLOCK); /* NONBLOCK: a pipe must not hang us */
    if (*out_fd < 0) return ANP_ERRNO("open", path);
    struct stat st;
    if (fstat(*out_fd, &st) != 0) return ANP_ERRNO("read", path);
    if (S_ISDIR(st.st_mode)) ANP_FAIL(ANP_IO, "cannot read '%s': it is a folder", path);
    if (!S_ISREG(st.st_mode)) ANP_FAIL(ANP_IO, "cannot map '%s': it is not a regular file", path);
    if (st.st_size <= 0) ANP_FAIL(ANP_INVALID_FILE, "'%s' is empty", path);
    *out_size = (uint64_t)st.st_size;
    return ANP_OK;
}

anp_status_t anp_file_map(const char *path, anp_file_t **out_file) {
    *out_file = NULL;
    anp_status_t st;
    int fd = -1;
    anp_file_t *f = NULL;
    ANP_TRY_OUT(st, ANP_NEW(&f));
    atomic_init(&f->refs, 1);
    ANP_TRY_OUT(st, anp_strdup(path, &f->path));
    ANP_TRY_OUT(st, open_regular(path, &fd, &f->size));
    void *data = mmap(NULL, (size_t)f->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) ANP_TRY_OUT(st, ANP_ERRNO("map", path));
    f->data = data;
    *out_file = f;
    f = NULL;
out:
    if (fd >= 0) close(fd);
    anp_file_release(f);
    return st;
}

void anp_file_retain(anp_file_t *f) {
    atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
}

void anp_file_release(anp_file_t *f) {
    if (!f || atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) != 1) return;
    if (f->data) munmap(f->data, (size_t)f->size);
    anp_free(f->path);
    anp_free(f);
}

const uint8_t *anp_file_data(const anp_file_t *f) {
    return f->data;
}
uint64_t anp_file_size(const anp_file_t *f) {
    return f->size;
}
const char *anp_file_path(const anp_file_t *f) {
    return f->path;
}

void anp_file_done(const anp_file_t *f, uint64_t offset, uint64_t n_bytes) {
    if (offset >= f->size) return;
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    const uint64_t end = offset + ANP_MIN(n_bytes, f->size - offset);
    const uint64_t first =
        (offset + page - 1) & ~(page - 1); /* whole pages only: neighbours may be in use */
    const uint64_t last = end == f->size ? end : end & ~(page - 1);
    if (first < last) (void)madvise(f->data + first, (size_t)(last - first), MADV_DONTNEED);
}

/* Reads until the end; the size of a pipe or a /proc file is not known before. */
static anp_status_t read_all(int fd, const char *path, uint64_t max_bytes, char **data,
                             uint64_t *out_len) {
    uint64_t capacity = 0, len = 0;
    for (;;) {
        if (len + 1 >= capacity) { /* always room for the NUL */
            const uint64_t grown = ANP_MAX(capacity * 2, 4096);
            ANP_TRY(anp_realloc((void **)data, len, grown));
            capacity = grown;
        }
        const ssize_t n = read(fd, *data + len, (size_t)(capacity - len - 1));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return ANP_ERRNO("read", path);
        if (n == 0) break;
        len += (uint64_t)n;
        if (len > max_bytes) {
            ANP_FAIL(ANP_LIMIT, "'%s' has more than the %" PRIu64 " bytes read at most", path,
                     max_bytes);
        }
    }
    (*data)[len] = '\0';
    *out_len = len;
    return ANP_OK;
}

anp_status_t anp_file_read(const char *path, uint64_t max_bytes, char **out_data,
                           uint64_t *out_len) {
    *out_data = NULL;
    *out_len = 0;
    const int fd = open_file(path, O_RDONLY);
    if (fd < 0) return ANP_ERRNO("open", path);
    const anp_status_t st = read_all(fd, path, max_bytes, out_data, out_len);
    close(fd);
    if (st == ANP_OK) return ANP_OK;
    anp_free(*out_data);
    *out_data = NULL;
    return anp_error_trace(st, __FILE__, __LINE__, "anp_file_read");
}
