/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling in a child process: it is started, sent the request, watched, and ended whatever
 * happens. */
#include "vendor_driver.h"
#include "vendor_pipe.h"
#include "vendor_program.h"
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SLICE_MS = 50 }; /* between two looks at whether the caller cancels */
extern char **environ;

typedef struct child_t {
    anp_drv_t *drv;
    const anp_drv_compile_t *request;
    pid_t pid;
    int fd;
    uint64_t deadline_ns;
} child_t;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- start and end ---- */

/* The program beside this driver, or the one of option vendor.compiler. */
static anp_status_t find_compiler(const anp_drv_t *drv, char *out, size_t bytes) {
    static const int here;
    Dl_info info;
    int n;
    if (drv->compiler)
        n = snprintf(out, bytes, "%s", drv->compiler);
    else if (dladdr(&here, &info) && strrchr(info.dli_fname, '/'))
        n = snprintf(out, bytes, "%.*s/anput-vendor-compiler",
                     (int)(strrchr(info.dli_fname, '/') - info.dli_fname), info.dli_fname);
    else
        n = snprintf(out, bytes, "anput-vendor-compiler");
    if (n > 0 && (size_t)n < bytes && access(out, X_OK) == 0) return ANP_OK;
    return board_fail(drv->host, ANP_NOT_FOUND, "the compiler '%s' is not there", out);
}

static anp_status_t start(child_t *c) {
    char path[512];
    anp_status_t st = find_compiler(c->drv, path, sizeof path);
    if (st != ANP_OK) return st;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return board_fail(c->drv->host, ANP_LIMIT, "no socket for the compiler: %s",
                          strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    char *const arguments[] = {path, NULL};
    const int failed = posix_spawn(&c->pid, path, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    c->fd = ends[0];
    if (!failed) return ANP_OK;
    close(c->fd);
    return board_fail(c->drv->host, ANP_DEVICE_FAILED, "the compiler '%s' does not start: %s", path,
                      strerror(failed));
}

/* Ends the child; gives its status as waitpid does. */
static int end(child_t *c, bool kill_it) {
    int status = 0;
    if (kill_it) kill(c->pid, SIGKILL);
    close(c->fd);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

/* The sentence for a child that hung up before its answer. It has ended or is about to. */
static anp_status_t died(child_t *c) {
    const int status = end(c, false);
    if (WIFSIGNALED(status))
        return board_fail(c->drv->host, ANP_DEVICE_FAILED, "the vendor's compiler crashed (%s)",
                          strsignal(WTERMSIG(status)));
    return board_fail(c->drv->host, ANP_DEVICE_FAILED,
                      "the vendor's compiler ended with status %d before it answered",
                      WEXITSTATUS(status));
}

/* ---- talking: each of these ends the child when it fails ---- */

/* Tells how far the compile is; a failure cancels it. */
static anp_status_t tell(const anp_drv_compile_t *request, double done) {
    return request->progress ? request->progress(request->user, done, "the vendor's compiler")
                             : ANP_OK;
}

/* Waits until the socket is ready; looks up for the deadline and for a cancel. */
static anp_status_t wait_ready(child_t *c, short events) {
    for (;;) {
        struct pollfd p = {.fd = c->fd, .events = events};
        if (poll(&p, 1, SLICE_MS) > 0) return ANP_OK;
        const anp_status_t st = tell(c->request, 0.5);
        if (st == ANP_OK && now_ns() < c->deadline_ns) continue;
        end(c, true);
        if (st != ANP_OK) return st; /* cancelled: the caller knows why */
        return board_fail(c->drv->host, ANP_DEVICE_FAILED,
                          "the vendor's compiler gave no answer within %.1f s",
                          (double)c->drv->compile_timeout_ns * 1e-9);
    }
}

static anp_status_t send_all(child_t *c, const void *data, uint64_t bytes) {
    const unsigned char *at = data;
    while (bytes > 0) {
        const anp_status_t st = wait_ready(c, POLLOUT);
        if (st != ANP_OK) return st;
        const ssize_t n = send(c->fd, at, (size_t)bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (n <= 0) return died(c);
        at += n;
        bytes -= (uint64_t)n;
    }
    return ANP_OK;
}

static anp_status_t receive_all(child_t *c, void *out, uint64_t bytes) {
    unsigned char *at = out;
    while (bytes > 0) {
        const anp_status_t st = wait_ready(c, POLLIN);
        if (st != ANP_OK) return st;
        const ssize_t n = recv(c->fd, at, (size_t)bytes, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (n <= 0) return died(c);
        at += n;
        bytes -= (uint64_t)n;
    }
    return ANP_OK;
}

/* ---- the request ---- */

/* Marks the constants of the partitions asked for; counts them. */
static uint32_t mark_consts(const anp_drv_compile_t *request, unsigned char *marks) {
    const uint32_t *refs = ANP_P_TABLE(request->program, refs, uint32_t);
    uint32_t count = 0;
    for (uint32_t i = 0; i < request->n_partitions; i++) {
        const anp_p_partition_t *part =
            &ANP_P_TABLE(request->program, partitions, anp_p_partition_t)[request->partitions[i]];
        for (uint32_t k = 0; k < part->n_consts; k++) {
            count += !marks[refs[part->consts + k]];
            marks[refs[part->consts + k]] = 1;
        }
    }
    return count;
}

static anp_status_t send_const(child_t *c, uint64_t id) {
    const void *data = NULL;
    vn_pipe_const_t header = {.id = id};
    anp_status_t st = c->request->const_get(c->request->user, (uint32_t)id, &data, &header.bytes);
    if (st != ANP_OK) {
        end(c, true);
        return st;
    }
    st = send_all(c, &header, sizeof header);
    return st == ANP_OK ? send_all(c, data, header.bytes) : st;
}

static uint32_t fault_of(const anp_drv_t *drv) {
    if (!drv->compiler_fault) return VN_PIPE_NO_FAULT;
    return strcmp(drv->compiler_fault, "crash") == 0 ? VN_PIPE_CRASH : VN_PIPE_HANG;
}

static anp_status_t send_request(child_t *c, const unsigned char *marks, uint32_t n_consts) {
    const anp_drv_compile_t *r = c->request;
    const uint64_t n_symbols = ANP_P_HEADER(r->program)->symbols.count;
    vn_pipe_request_t header = {.magic = VN_PIPE_MAGIC,
                                .fault = fault_of(c->drv),
                                .program_bytes = r->program_bytes,
                                .n_partitions = r->n_partitions,
                                .n_buckets = r->n_buckets,
                                .n_symbols = (uint32_t)n_symbols,
                                .n_consts = n_consts};
    memcpy(header.sdk, c->drv->sdk, sizeof header.sdk);
    anp_status_t st = send_all(c, &header, sizeof header);
    if (st == ANP_OK) st = send_all(c, r->program, r->program_bytes);
    if (st == ANP_OK) st = send_all(c, r->partitions, r->n_partitions * sizeof *r->partitions);
    for (uint32_t i = 0; i < r->n_buckets && st == ANP_OK; i++)
        st = send_all(c, r->buckets[i].sizes, n_symbols * sizeof(int64_t));
    for (uint64_t id = 0; id < ANP_P_HEADER(r->program)->consts.count && st == ANP_OK; id++)
        if (marks[id]) st = send_const(c, id);
    return st;
}

/* ---- the answer ---- */

static anp_status_t take_blob(const anp_drv_compile_t *request, const void *blob, uint64_t bytes) {
    uint32_t index = 0;
    anp_status_t st = request->emit(request->user, blob, bytes, &index);
    for (uint32_t i = 0; i < request->n_partitions && st == ANP_OK; i++)
        st = request->assign(request->user, request->partitions[i], index, i);
    return st;
}

static anp_status_t receive_answer(child_t *c) {
    const anp_host_t *host = c->drv->host;
    vn_pipe_reply_t reply;
    void *bytes = NULL;
    anp_status_t st = receive_all(c, &reply, sizeof reply);
    if (st != ANP_OK) return st;
    if (reply.magic != VN_PIPE_MAGIC) {
        end(c, true);
        return board_fail(host, ANP_DEVICE_FAILED,
                          "the vendor's compiler answers in another format");
    }
    if ((st = host->alloc(host->user, reply.bytes + 1, &bytes)) != ANP_OK) {
        end(c, true);
        return st;
    }
    if ((st = receive_all(c, bytes, reply.bytes)) == ANP_OK) {
        end(c, true); /* it has nothing more to say */
        ((char *)bytes)[reply.bytes] = '\0';
        if (reply.status == ANP_OK)
            st = take_blob(c->request, bytes, reply.bytes);
        else
            st = board_fail(host, (anp_status_t)reply.status, "%s", (const char *)bytes);
    }
    host->free(host->user, bytes);
    return st;
}

anp_status_t vn_compile(anp_drv_t *drv, const anp_drv_compile_t *request) {
    anp_status_t st = vn_check_target(drv, request->target);
    if (st != ANP_OK || request->n_partitions == 0) return st;
    if ((st = tell(request, 0)) != ANP_OK) return st;
    void *marks = NULL;
    const uint64_t n_consts = ANP_P_HEADER(request->program)->consts.count;
    if ((st = drv->host->alloc(drv->host->user, n_consts + 1, &marks)) != ANP_OK) return st;
    memset(marks, 0, (size_t)n_consts);
    child_t c = {.drv = drv, .request = request, .deadline_ns = now_ns() + drv->compile_timeout_ns};
    st = start(&c);
    if (st == ANP_OK) st = send_request(&c, marks, mark_consts(request, marks));
    if (st == ANP_OK) st = receive_answer(&c);
    drv->host->free(drv->host->user, marks);
    return st;
}
