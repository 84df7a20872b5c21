/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs every property on ref and on cpu. usage: props_test [-n CALLS] [-s FIRST_SEED] [OPERATOR...]
 * A failure says operator, device and seed; `props_test -s SEED -n 1 OPERATOR` draws that call
 * again.
 */
#include "prop.h"
#include <stdio.h>
#include <stdlib.h>

static const prop_row_t rows[] = {
#define PROP(domain, op, fn) {domain, op, prop_##fn},
#include "props.def"
#undef PROP
};

static const char *const devices[] = {"ref", "cpu"};
enum { N_DEVICES = 2, DRAWS_MAX = 50 };

typedef struct tester_t {
    anp_context_t *ctx;
    anp_op_runner_t *runners[N_DEVICES];
    anp_arena_t arena;
    uint64_t calls;
    char why[400];
} tester_t;

/* ---- running a call ---- */

/* Strides of a layout in another order of axes, with gaps; the elements it spans. */
static uint64_t draw_strides(prop_t *p, anp_tensor_t *t) {
    uint32_t order[PT_RANK_MAX];
    uint64_t span = 1 + prop_pick(p, 2);
    t->strided = 1;
    for (uint32_t a = 0; a < t->rank; a++) order[a] = a;
    for (uint32_t a = t->rank; a-- > 0;) {
        const uint32_t k = prop_pick(p, a + 1), axis = order[k];
        order[k] = order[a];
        t->strides[axis] = (int64_t)span;
        span = span * (uint64_t)(t->dims[axis] ? t->dims[axis] : 1) + prop_pick(p, 3);
    }
    return span;
}

/* One input in four is a view with strides. */
static void to_tensor(prop_t *p, const pt_t *t, anp_tensor_t *out) {
    const anp_dtype_row_t *row = anp_dtype_row(t->dtype);
    int64_t c[PT_RANK_MAX];
    *out = (anp_tensor_t){.dtype = (uint8_t)t->dtype, .rank = (uint8_t)t->rank};
    for (uint32_t a = 0; a < t->rank; a++) out->dims[a] = t->dims[a];
    const uint64_t span = prop_pick(p, 4) ? (uint64_t)t->n : draw_strides(p, out);
    out->data = prop_alloc(p, span * row->block_bytes + 8);
    for (int64_t i = 0; i < t->n; i++) {
        int64_t at = 0;
        pt_coords(t, i, c);
        for (uint32_t a = 0; a < t->rank; a++) at += c[a] * out->strides[a];
        row->set_f64(out->data, (uint64_t)(out->strided ? at : i), t->v[i]);
    }
}

static void describe(const prop_t *p, char *text, size_t size) {
    size_t n = (size_t)snprintf(text, size, "(");
    for (uint32_t i = 0; i < p->n_in && n < size; i++) {
        const pt_t *t = &p->in[i];
        n += (size_t)snprintf(text + n, size - n, "%s%s", i ? ", " : "",
                              p->absent[i] ? "-" : anp_dtype_name(t->dtype));
        for (uint32_t a = 0; !p->absent[i] && a < t->rank && n < size; a++)
            n += (size_t)snprintf(text + n, size - n, "%c%lld", a ? 'x' : ' ',
                                  (long long)t->dims[a]);
    }
    if (n < size) snprintf(text + n, size - n, ")");
}

/* What is computed in f64 is added up in f64 on both sides, in another order: 6 bits for that. */
static double eps_of(anp_dtype_t dtype) {
    return dtype == ANP_DTYPE_F64 ? 0x1p-47 : 0x1p-24;
}

/* Whether got is want within the error of its terms, rounded to its type. */
static bool right(const prop_t *p, const pt_t *w, int64_t i, double got) {
    const double want = w->v[i], error = p->k * eps_of(w->dtype) * w->terms[i];
    if (isnan(want)) return isnan(got);
    if (isinf(want) || !prop_is_float(w->dtype)) return got == want;
    return got >= pt_round(w->dtype, want - error) && got <= pt_round(w->dtype, want + error);
}

static bool check_output(tester_t *t, const prop_t *p, uint32_t o, const anp_tensor_t *got) {
    const pt_t *w = &p->out[o];
    bool same = got->dtype == w->dtype && got->rank == w->rank;
    for (uint32_t a = 0; same && a < w->rank; a++) same = got->dims[a] == w->dims[a];
    if (!same) {
        snprintf(t->why, sizeof t->why,
                 "output %u is %s of rank %u, not %s of rank %u, or sizes differ", o,
                 anp_dtype_name(got->dtype), got->rank, anp_dtype_name(w->dtype), w->rank);
        return false;
    }
    for (int64_t i = 0; i < w->n; i++) {
        double v = 0;
        if (anp_tensor_read_f64(got, i, 1, &v) != ANP_OK) abort();
        if (right(p, w, i, v)) continue;
        snprintf(t->why, sizeof t->why,
                 "output %u, element %lld: %.17g, expected %.17g (sum of terms %g)", o,
                 (long long)i, v, w->v[i], w->terms[i]);
        return false;
    }
    return true;
}

static bool run_on(tester_t *t, prop_t *p, uint32_t device) {
    anp_tensor_t in[PROP_OPERANDS], out[PROP_OPERANDS];
    const anp_tensor_t *inputs[PROP_OPERANDS];
    for (uint32_t i = 0; i < p->n_in; i++) {
        inputs[i] = p->absent[i] ? NULL : &in[i];
        if (!p->absent[i]) to_tensor(p, &p->in[i], &in[i]);
    }
    memset(out, 0, sizeof out);
    const anp_op_call_t call = {.domain = p->op->domain,
                                .op = p->op->name,
                                .attrs = p->attrs,
                                .n_attrs = p->n_attrs,
                                .in = inputs,
                                .n_in = p->n_in,
                                .out = out,
                                .n_out = p->n_out};
    if (anp_op_run(t->runners[device], &call) != ANP_OK) {
        snprintf(t->why, sizeof t->why, "%s", anp_error_message());
        return false;
    }
    for (uint32_t o = 0; o < p->n_out; o++)
        if (!check_output(t, p, o, &out[o])) return false;
    return true;
}

/* ---- drawing ---- */

static bool draw(tester_t *t, const prop_row_t *row, const anp_op_t *op, uint64_t seed, prop_t *p) {
    for (uint64_t try = 0; try < DRAWS_MAX; try++) {
        anp_arena_reset(&t->arena);
        *p = (prop_t){.op = op, .random = seed * DRAWS_MAX + try, .k = 4, .arena = &t->arena};
        row->fn(p);
        if (!p->skip) return true;
    }
    return false;
}

static bool holds(tester_t *t, const prop_row_t *row, const anp_op_t *op, uint64_t seed) {
    static prop_t p;
    if (!draw(t, row, op, seed, &p)) {
        printf("FAILED %s: no call of a reasonable size was drawn, seed %llu\n", row->op,
               (unsigned long long)seed);
        return false;
    }
    for (uint32_t d = 0; d < N_DEVICES; d++) {
        t->calls++;
        if (run_on(t, &p, d)) continue;
        char text[300];
        describe(&p, text, sizeof text);
        printf("FAILED %s%s on %s, seed %llu: %s%s\n", row->op, text, devices[d],
               (unsigned long long)seed, t->why,
               p.specials ? " [contents may be NaN and infinite]" : "");
        return false;
    }
    return true;
}

/* The cache of a runner only grows. */
static void renew_runners(tester_t *t) {
    for (uint32_t d = 0; d < N_DEVICES; d++) {
        anp_op_runner_release(t->runners[d]);
        t->runners[d] = NULL;
        if (anp_op_runner_create(t->ctx, devices[d], &t->runners[d]) == ANP_OK) continue;
        fprintf(stderr, "error: %s\n", anp_error_message());
        exit(1);
    }
}

/* ---- all of them ---- */

typedef struct options_t {
    uint64_t first, calls;
    char **wanted;
    int n_wanted;
} options_t;

static bool is_wanted(const options_t *o, const char *op) {
    for (int i = 0; i < o->n_wanted; i++)
        if (strcmp(o->wanted[i], op) == 0) return true;
    return o->n_wanted == 0;
}

static void say_what_is_missing(void) {
    uint32_t n = 0;
    for (uint32_t i = 0; anp_op_row(i); i++) {
        const anp_op_t *op = anp_op_row(i);
        bool found = false;
        for (size_t r = 0; r < ANP_ARRAY_LEN(rows); r++)
            found |= strcmp(rows[r].op, op->name) == 0 && strcmp(rows[r].domain, op->domain) == 0;
        if (found) continue;
        printf("%s%s%s%s", n++ ? " " : "operators without a property: ", op->domain,
               *op->domain ? "." : "", op->name);
    }
    printf("%s%u operators have none\n", n ? "\n" : "", n);
}

static int run_all(tester_t *t, const options_t *o) {
    uint32_t held = 0, failed = 0;
    for (size_t r = 0; r < ANP_ARRAY_LEN(rows); r++) {
        const anp_op_t *op = anp_op_find(rows[r].domain, rows[r].op);
        if (!op || !is_wanted(o, rows[r].op)) continue; /* not in this build */
        bool ok = true;
        renew_runners(t);
        for (uint64_t s = o->first; ok && s < o->first + o->calls; s++)
            ok = holds(t, &rows[r], op, s);
        ok ? held++ : failed++;
    }
    if (!o->n_wanted) say_what_is_missing();
    printf("%u properties held on %llu calls, seeds %llu to %llu\n%u passed, %u failed\n", held,
           (unsigned long long)t->calls, (unsigned long long)o->first,
           (unsigned long long)(o->first + o->calls - 1), held, failed);
    return failed ? 1 : 0;
}

int main(int argc, char **argv) {
    options_t o = {.first = 1, .calls = 60, .wanted = argv + 1};
    for (int i = 1; i < argc; i++) {
        const bool seed = strcmp(argv[i], "-s") == 0, calls = strcmp(argv[i], "-n") == 0;
        if ((seed || calls) && i + 1 < argc)
            *(seed ? &o.first : &o.calls) = strtoull(argv[++i], NULL, 10);
        else
            o.wanted[o.n_wanted++] = argv[i];
    }
    static tester_t t;
    const anp_context_options_t options = {.threads = 2, .ignore_environment = true};
    if (anp_context_create(&options, &t.ctx) != ANP_OK) {
        fprintf(stderr, "error: %s\n", anp_error_message());
        return 1;
    }
    anp_arena_init(&t.arena);
    const int status = run_all(&t, &o);
    for (uint32_t d = 0; d < N_DEVICES; d++) anp_op_runner_release(t.runners[d]);
    anp_arena_deinit(&t.arena);
    anp_context_release(t.ctx);
    return status;
}
