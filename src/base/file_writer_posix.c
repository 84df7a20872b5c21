/* SPDX-License-Identifier: Apache-2.0 */
/* Writing files: bytes go beside the target and take its name only when all of them are on the
 * disk. */
#include "base/file.h"
#include "base/posix.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITER_BUFFER_BYTES = 64 * 1024 };

struct anp_file_writer_t {
    int fd;              /* -1: closed */
    anp_status_t status; /* the first failure sticks: a commit must not hide it */
    bool committed;
    char *path; /* the target, links resolved */
    char *tmp;  /* NULL: a device or pipe, written in place */
    uint64_t flushed, pending;
    uint8_t buffer[WRITER_BUFFER_BYTES]; /* the pending bytes, not written yet */
};

/* The file a link leads to is replaced, not the link. */
static anp_status_t resolve(const char *path, char **out) {
    struct stat st;
    char *real = lstat(path, &st) == 0 && S_ISLNK(st.st_mode) ? realpath(path, NULL) : NULL;
    const anp_status_t status = anp_strdup(real ? real : path, out);
    free(real); /* made by realpath, not by us */
    return status;
}

/* Makes "path.tmp.PID.N": unique in this process by N, among processes by PID, and never an
 * existing file. */
static anp_status_t open_beside(anp_file_writer_t *w) {
    static atomic_uint serial;
    const size_t size = strlen(w->path) + 48;
    void *name;
    ANP_TRY(anp_alloc(size, &name));
    w->tmp = name;
    do {
        snprintf(w->tmp, size, "%s.tmp.%ld.%u", w->path, (long)getpid(),
                 atomic_fetch_add(&serial, 1));
        w->fd = open(w->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (w->fd < 0 && (errno == EINTR || errno == EEXIST));
    if (w->fd >= 0) return ANP_OK;
    const anp_status_t st = ANP_ERRNO("write", w->path);
    anp_free(w->tmp);
    w->tmp = NULL; /* nothing to remove */
    return st;
}

static anp_status_t writer_begin(anp_file_writer_t *w, const char *path) {
    ANP_TRY(resolve(path, &w->path));
    struct stat old;
    const bool exists = stat(w->path, &old) == 0;
    if (exists && S_ISDIR(old.st_mode)) ANP_FAIL(ANP_IO, "cannot write '%s': it is a folder", path);
    if (exists && !S_ISREG(old.st_mode)) { /* /dev/stdout, a pipe: must not be replaced by a file */
        w->fd = open(w->path, O_WRONLY | O_CLOEXEC);
        return w->fd >= 0 ? ANP_OK : ANP_ERRNO("write", path);
    }
    if (!*anp_path_base(path)) ANP_FAIL(ANP_INVALID_ARGUMENT, "path '%s' names no file", path);
    ANP_TRY(open_beside(w));
    if (exists) (void)fchmod(w->fd, old.st_mode & 07777); /* a private file stays private */
    return ANP_OK;
}

anp_status_t anp_file_writer_open(const char *path, anp_file_writer_t **out_w) {
    *out_w = NULL;
    anp_file_writer_t *w;
    ANP_TRY(ANP_NEW(&w));
    w->fd = -1;
    const anp_status_t st = writer_begin(w, path);
    if (st == ANP_OK)
        *out_w = w;
    else
        anp_file_writer_release(w);
    return st;
}

static anp_status_t write_fd(anp_file_writer_t *w, const uint8_t *data, uint64_t n) {
    while (n > 0) {
        const ssize_t done = write(w->fd, data, (size_t)ANP_MIN(n, UINT64_C(1) << 30));
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return w->status = ANP_ERRNO("write", w->path);
        data += done;
        n -= (uint64_t)done;
        w->flushed += (uint64_t)done;
    }
    return ANP_OK;
}

static anp_status_t flush(anp_file_writer_t *w) {
    const uint64_t n = w->pending;
    w->pending = 0;
    return write_fd(w, w->buffer, n);
}

/* Why nothing more can be written, as a failure of its own: the first sentence may be gone. */
static anp_status_t writer_check(const anp_file_writer_t *w) {
    if (w->status != ANP_OK)
        ANP_FAIL(w->status, "cannot write '%s': an earlier write failed", w->path);
    if (w->committed) ANP_FAIL(ANP_INVALID_ARGUMENT, "cannot write '%s': it is finished", w->path);
    return ANP_OK;
}

anp_status_t anp_file_writer_write(anp_file_writer_t *w, const void *data, uint64_t n_bytes) {
    ANP_TRY(writer_check(w));
    if (n_bytes > sizeof w->buffer - w->pending) ANP_TRY(flush(w));
    if (n_bytes > sizeof w->buffer) return write_fd(w, data, n_bytes);
    if (n_bytes) memcpy(w->buffer + w->pending, data, (size_t)n_bytes);
    w->pending += n_bytes;
    return ANP_OK;
}

anp_status_t anp_file_writer_pad(anp_file_writer_t *w, uint64_t align) {
    static const uint8_t zeros[4096];
    uint64_t end, n;
    ANP_TRY(anp_size_align(anp_file_writer_tell(w), align, &end));
    for (uint64_t left = end - anp_file_writer_tell(w); left > 0; left -= n) {
        n = ANP_MIN(left, sizeof zeros);
        ANP_TRY(anp_file_writer_write(w, zeros, n));
    }
    return ANP_OK;
}

uint64_t anp_file_writer_tell(const anp_file_writer_t *w) {
    return w->flushed + w->pending;
}

anp_status_t anp_file_writer_patch(anp_file_writer_t *w, uint64_t offset, const void *data,
                                   uint64_t n_bytes) {
    ANP_TRY(writer_check(w));
    const uint64_t end = anp_file_writer_tell(w);
    if (offset > end || n_bytes > end - offset) {
        ANP_FAIL(ANP_INVALID_ARGUMENT,
                 "'%s': %" PRIu64 " bytes at %" PRIu64 " are not within the %" PRIu64 " written",
                 w->path, n_bytes, offset, end);
    }
    ANP_TRY(flush(w));
    for (const uint8_t *p = data; n_bytes > 0;) {
        const ssize_t done = pwrite(w->fd, p, (size_t)n_bytes, (off_t)offset);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return w->status = ANP_ERRNO("write", w->path);
        p += done;
        offset += (uint64_t)done;
        n_bytes -= (uint64_t)done;
    }
    return ANP_OK;
}

/* Makes the rename itself durable. The file is in place by now, so a folder that cannot be synced
 * is no failure. */
static void sync_folder(const char *path) {
    char *dir;
    if (anp_path_dir(path, &dir) != ANP_OK) return;
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    anp_free(dir);
    if (fd < 0) return;
    (void)fsync(fd);
    close(fd);
}

static anp_status_t writer_finish(anp_file_writer_t *w) {
    ANP_TRY(flush(w));
    if (w->tmp && fsync(w->fd) != 0) return ANP_ERRNO("write", w->path);
    const int rc = close(w->fd); /* network file systems report a full disk here */
    w->fd = -1;
    if (rc != 0) return ANP_ERRNO("write", w->path);
    if (w->tmp && rename(w->tmp, w->path) != 0) return ANP_ERRNO("write", w->path);
    return ANP_OK;
}

anp_status_t anp_file_writer_commit(anp_file_writer_t *w) {
    ANP_TRY(writer_check(w));
    w->status = writer_finish(w);
    if (w->status != ANP_OK) return w->status;
    w->committed = true;
    if (w->tmp) sync_folder(w->path);
    return ANP_OK;
}

void anp_file_writer_release(anp_file_writer_t *w) {
    if (!w) return;
    if (w->fd >= 0) close(w->fd);
    if (w->tmp && !w->committed) unlink(w->tmp);
    anp_free(w->tmp);
    anp_free(w->path);
    anp_free(w);
}

anp_status_t anp_file_write_all(const char *path, const void *data, uint64_t n_bytes) {
    anp_status_t st;
    anp_file_writer_t *w = NULL;
    ANP_TRY_OUT(st, anp_file_writer_open(path, &w));
    ANP_TRY_OUT(st, anp_file_writer_write(w, data, n_bytes));
    ANP_TRY_OUT(st, anp_file_writer_commit(w));
out:
    anp_file_writer_release(w);
    return st;
}
