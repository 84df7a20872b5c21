/* SPDX-License-Identifier: Apache-2.0 */
/* anput-vendor-compiler: reads one request from standard input, writes the reply to standard
 * output. */
#include "vendor_lower.h"
#include "vendor_pipe.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_all(void *out, uint64_t bytes) {
    unsigned char *at = out;
    while (bytes > 0) {
        const ssize_t n = read(STDIN_FILENO, at, (size_t)bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        bytes -= (uint64_t)n;
    }
    return true;
}

static bool write_all(const void *data, uint64_t bytes) {
    const unsigned char *at = data;
    while (bytes > 0) {
        const ssize_t n = write(STDOUT_FILENO, at, (size_t)bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        bytes -= (uint64_t)n;
    }
    return true;
}

/* A block read from the request; NULL when it ends early or memory is out. It lives until the
 * process ends. */
static void *read_block(uint64_t bytes) {
    void *block = malloc((size_t)bytes + 8);
    return block && read_all(block, bytes) ? block : NULL;
}

static bool read_consts(const vn_pipe_request_t *r, vn_job_t *job) {
    job->n_consts = ANP_P_HEADER(job->program.data)->consts.count;
    vn_const_t *consts = calloc(job->n_consts + 1, sizeof *consts);
    if (!consts) return false;
    for (uint32_t i = 0; i < r->n_consts; i++) {
        vn_pipe_const_t c;
        if (!read_all(&c, sizeof c) || c.id >= job->n_consts) return false;
        consts[c.id] = (vn_const_t){read_block(c.bytes), c.bytes};
        if (!consts[c.id].data) return false;
    }
    job->consts = consts;
    return true;
}

static bool read_job(vn_pipe_request_t *r, vn_job_t *job) {
    if (!read_all(r, sizeof *r) || r->magic != VN_PIPE_MAGIC) return false;
    const void *program = read_block(r->program_bytes);
    if (!program) return false;
    *job = (vn_job_t){.sdk = r->sdk, .program = vn_program_open(program)};
    job->n_partitions = r->n_partitions;
    job->n_buckets = r->n_buckets;
    job->partitions = read_block(r->n_partitions * sizeof(uint32_t));
    job->buckets = read_block((uint64_t)r->n_buckets * r->n_symbols * sizeof(int64_t));
    return job->partitions && job->buckets && read_consts(r, job);
}

int main(void) {
    vn_pipe_request_t request;
    vn_job_t job;
    void *blob = NULL;
    uint64_t bytes = 0;
    char text[256] = "";
    if (isatty(STDIN_FILENO)) {
        fprintf(stderr, "anput-vendor-compiler: is run by the vendor driver, with a request on "
                        "standard input\n");
        return 2;
    }
    if (!read_job(&request, &job)) return 1;
    if (request.fault == VN_PIPE_CRASH) abort();
    while (request.fault == VN_PIPE_HANG) pause();
    const anp_status_t st = vn_lower(&job, &blob, &bytes, text, sizeof text);
    const vn_pipe_reply_t reply = {VN_PIPE_MAGIC, st, st == ANP_OK ? bytes : strlen(text)};
    const bool told =
        write_all(&reply, sizeof reply) && write_all(st == ANP_OK ? blob : text, reply.bytes);
    free(blob);
    return told ? 0 : 1;
}
