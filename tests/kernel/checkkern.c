/* SPDX-License-Identifier: Apache-2.0 */
/* The harness: rounds over ISA levels, guarded buffers, comparison, timing. */
#include "checkkern.h"
#include "base/str.h"
#include "kernel/gemm/gemm.h"
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    BUFFERS = 24,
    BUFFER_BYTES = 32 << 20,
    CANARY_BYTES = 256,
    CANARY = 0xa5,
    FAILURES_SHOWN = 5,
    SEEN_MAX = 1024
};

typedef struct buffer_t {
    uint8_t *end;   /* the unreadable page */
    size_t n_bytes; /* in use */
} buffer_t;

static struct {
    uint64_t cpu;
    const char *level;
    const char *filter;
    uint64_t seed, random;
    buffer_t buffers[BUFFERS];
    size_t n_buffers, n_used;
    struct {
        char name[64];
        ck_fn_t fn;
    } seen[SEEN_MAX];
    size_t n_seen;
    const char *slot;
    uint64_t comparisons, failures, total_failures;
    double worst;
    anp_pool_t *pools[CK_POOLS];
} ck;

uint64_t ck_cpu(void) {
    return ck.cpu;
}

/* ---- slots ---- */

static bool seen_before(const char *name, ck_fn_t fn) {
    for (size_t i = 0; i < ck.n_seen; i++) {
        if (ck.seen[i].fn == fn && strcmp(ck.seen[i].name, name) == 0) return true;
    }
    if (ck.n_seen < SEEN_MAX) {
        snprintf(ck.seen[ck.n_seen].name, sizeof ck.seen[0].name, "%s", name);
        ck.seen[ck.n_seen++].fn = fn;
    }
    return false;
}

bool ck_begin(const char *name, ck_fn_t fn) {
    if (ck.filter && !strstr(name, ck.filter)) return false;
    if (seen_before(name, fn)) return false;
    ck.slot = name;
    ck.comparisons = ck.failures = 0;
    ck.worst = 0;
    ck.random = ck.seed;
    return true;
}

void ck_end(void) {
    ck_reset();
    printf("%s %-28s %-8s %9llu compared", ck.failures ? "FAIL" : "ok  ", ck.slot, ck.level,
           (unsigned long long)ck.comparisons);
    if (ck.worst > 0) printf("  worst k %.2f", ck.worst);
    putchar('\n');
    ck.total_failures += ck.failures;
}

static void fail_v(const char *detail, const char *what, va_list args) {
    if (ck.failures++ >= FAILURES_SHOWN) return;
    fprintf(stderr, "%s (%s): ", ck.slot, ck.level);
    vfprintf(stderr, what, args);
    fprintf(stderr, "%s\n", detail);
}

void ck_fail(const char *what, ...) {
    va_list args;
    va_start(args, what);
    fail_v("", what, args);
    va_end(args);
}

/* ---- random numbers and buffers ---- */

static uint64_t random_next(void) { /* splitmix64 */
    uint64_t z = ck.random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

float ck_random(float lo, float hi) {
    return lo + (hi - lo) * (float)(random_next() >> 40) * 0x1p-24f;
}

size_t ck_random_size(size_t lo, size_t hi) {
    return lo + random_next() % (hi - lo + 1);
}

static bool buffer_make(buffer_t *b) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *base =
        mmap(NULL, BUFFER_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) return false;
    b->end = base + BUFFER_BYTES;
    return mprotect(b->end, page, PROT_NONE) == 0;
}

void *ck_bytes(size_t n_bytes) {
    static uint8_t nothing[64];
    if (ck.n_used == BUFFERS || n_bytes > BUFFER_BYTES - CANARY_BYTES ||
        (ck.n_used == ck.n_buffers && !buffer_make(&ck.buffers[ck.n_buffers++]))) {
        ck_fail("the harness has no buffer of %zu bytes left", n_bytes);
        return n_bytes <= sizeof nothing ? nothing : NULL;
    }
    buffer_t *b = &ck.buffers[ck.n_used++];
    b->n_bytes = n_bytes;
    memset(b->end - n_bytes - CANARY_BYTES, CANARY, CANARY_BYTES);
    return b->end - n_bytes;
}

void ck_reset(void) {
    for (size_t i = 0; i < ck.n_used; i++) {
        const uint8_t *canary = ck.buffers[i].end - ck.buffers[i].n_bytes - CANARY_BYTES;
        for (size_t x = 0; x < CANARY_BYTES; x++) {
            if (canary[x] != CANARY) {
                ck_fail("buffer %zu: byte %zu before its start was written", i, CANARY_BYTES - x);
                break;
            }
        }
    }
    ck.n_used = 0;
}

float *ck_f32(size_t n) {
    float *p = ck_bytes(n * sizeof *p);
    for (size_t i = 0; i < n; i++) p[i] = ck_random(-1, 1);
    return p;
}

float *ck_f32_fill(size_t n, float value) {
    float *p = ck_bytes(n * sizeof *p);
    for (size_t i = 0; i < n; i++) p[i] = value;
    return p;
}

float *ck_f32_copy(const float *x, size_t n) {
    float *p = ck_bytes(n * sizeof *p);
    if (n) memcpy(p, x, n * sizeof *p);
    return p;
}

double *ck_f64(size_t n) {
    double *p = ck_bytes(n * sizeof *p);
    if (n) memset(p, 0, n * sizeof *p);
    return p;
}

/* ---- comparison ---- */

/* Error in units of eps * mag; 0 when equal (also both NaN or the same infinity). */
static double error_k(double want, double got, double mag) {
    if (isnan(want) && isnan(got)) return 0;
    if (want == got || (float)want == got) return 0;
    const double k = fabs(want - got) / (FLT_EPSILON * mag + 0x1p-149);
    return isnan(k) ? INFINITY : k;
}

void ck_near_f32(const double *want, const float *got, const double *mag, size_t n, double k,
                 const char *what, ...) {
    for (size_t i = 0; i < n; i++) {
        const double e = error_k(want[i], (double)got[i], mag[i]);
        ck.comparisons++;
        if (e > ck.worst) ck.worst = e;
        if (e <= k) continue;
        char detail[160];
        snprintf(detail, sizeof detail,
                 ": element %zu of %zu is %.9g, expected %.9g (k %.3g, allowed %.3g)", i, n,
                 (double)got[i], want[i], e, k);
        va_list args;
        va_start(args, what);
        fail_v(detail, what, args);
        va_end(args);
        return;
    }
}

void ck_same(const void *want, const void *got, size_t n_bytes, const char *what, ...) {
    ck.comparisons += n_bytes;
    if (n_bytes == 0 || memcmp(want, got, n_bytes) == 0) return;
    size_t at = 0;
    while (((const uint8_t *)want)[at] == ((const uint8_t *)got)[at]) at++;
    char detail[64];
    snprintf(detail, sizeof detail, ": byte %zu of %zu differs", at, n_bytes);
    va_list args;
    va_start(args, what);
    fail_v(detail, what, args);
    va_end(args);
}

anp_pool_t *ck_pool(size_t i) {
    if (i > 0 && !ck.pools[i] && anp_pool_create((uint32_t)i + 1, &ck.pools[i]) != ANP_OK)
        ck_fail("no pool of %zu threads: %s", i + 1, anp_error_message());
    return ck.pools[i];
}

/* ---- timing ---- */

static double time_ns(void (*fn)(void *), void *arg, uint64_t repeats) {
    const uint64_t start = anp_now_ns();
    for (uint64_t i = 0; i < repeats; i++) fn(arg);
    return (double)(anp_now_ns() - start) / (double)repeats;
}

/* Best of the samples of a sixth of a second: the machine may be busy, and noise only ever adds. */
static double best_ns(void (*fn)(void *), void *arg) {
    enum { SAMPLE_NS = 200000, ALL_NS = 160000000 };
    double once = time_ns(fn, arg, 1);
    const uint64_t repeats = once < SAMPLE_NS ? (uint64_t)(SAMPLE_NS / (once + 1)) + 1 : 1,
                   start = anp_now_ns();
    while (anp_now_ns() - start < ALL_NS) {
        const double t = time_ns(fn, arg, repeats);
        if (t < once) once = t;
    }
    return once;
}

void ck_bench(const char *name, double work, const char *unit, double peak, void (*fn)(void *),
              void *arg) {
    if (ck.filter && !strstr(name, ck.filter)) return;
    const double ns = best_ns(fn, arg);
    printf("%-44s %-8s %10.3f us %8.2f %s", name, ck.level, ns / 1e3, work / ns, unit);
    if (peak > 0) printf("  %5.1f %% of peak", 100 * work / ns / peak);
    putchar('\n');
}

typedef struct peak_t {
    anp_gemm_t t;
    float a[ANP_GEMM_MR_MAX], b[ANP_GEMM_NR_MAX], c[ANP_GEMM_MR_MAX * ANP_GEMM_NR_MAX];
} peak_t;

/* A tile that reads the same row of A and B again and again: nothing but multiply-adds. */
static void peak_run(void *arg) {
    peak_t *p = arg;
    const anp_gemm_tile_t how = {.lo = -INFINITY, .hi = INFINITY};
    static const size_t tap = 0;
    const anp_gemm_a_t a = {.data = p->a, .taps = 1, .tap = &tap};
    p->t.tile_f32(p->t.mr, p->t.nr, 4096, &a, p->b, 0, p->c, p->t.nr, &how);
}

double ck_peak_f32(void) {
    static uint64_t known_cpu = UINT64_MAX;
    static double known;
    if (known_cpu == ck.cpu) return known;
    peak_t p = {0};
    anp_gemm_init(&p.t, ck.cpu);
    known_cpu = ck.cpu;
    known = 2.0 * 4096 * (double)(p.t.mr * p.t.nr) / best_ns(peak_run, &p);
    return known;
}

/* ---- rounds ---- */

/* only: the one level to run, or NULL. */
static void rounds(void (*run)(void), const char *only) {
    static const struct {
        uint64_t bit;
        const char *name;
    } levels[] = {{0, "ref"},
#define X(name, bit, text) {ANP_CPU_##name, text},
                  ANP_CPU_LIST(X)
#undef X
    };
    const uint64_t found = anp_cpu_detect();
    ck.cpu = 0;
    for (size_t i = 0; i < ANP_ARRAY_LEN(levels); i++) {
        if (levels[i].bit && !(found & levels[i].bit)) continue;
        ck.cpu |= levels[i].bit;
        ck.level = levels[i].name;
        if (!only || strcmp(only, ck.level) == 0) run();
    }
}

static void check_all(void) {
    check_elemwise();
    check_gemm();
    check_conv();
    check_quant();
}

static void bench_all(void) {
    printf("peak of one core at level %s: %.1f GFLOP/s\n", ck.level, ck_peak_f32());
    bench_elemwise();
    bench_gemm();
    bench_conv();
    bench_quant();
}

int main(int argc, char **argv) {
    bool bench = false;
    const char *level = NULL;
    ck.seed = 1;
    for (int i = 1; i < argc; i++) {
        int64_t seed;
        if (strcmp(argv[i], "--bench") == 0) {
            bench = true;
        } else if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc) {
            ck.filter = argv[++i];
        } else if (strcmp(argv[i], "--level") == 0 && i + 1 < argc) {
            level = argv[++i];
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc &&
                   anp_parse_i64(argv[i + 1], &seed)) {
            ck.seed = (uint64_t)seed;
            i++;
        } else {
            fprintf(stderr,
                    "usage: checkkern [--bench] [--filter TEXT] [--level NAME] [--seed NUMBER]\n");
            return 2;
        }
    }
    rounds(bench ? bench_all : check_all, level);
    for (size_t i = 0; i < CK_POOLS; i++) anp_pool_release(ck.pools[i]);
    if (ck.total_failures)
        fprintf(stderr, "%llu failures\n", (unsigned long long)ck.total_failures);
    return ck.total_failures ? 1 : 0;
}
