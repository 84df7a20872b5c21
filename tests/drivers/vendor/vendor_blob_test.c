/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs that were changed by someone who knows the checksum: refused, or harmless to run. */
#include "base/testing.h"
#include "vendor_driver.h"

enum { TENSORS = 5, STEPS = 2, WEIGHTS = 64 };

/* y = relu(x * w + b), w and b embedded, in two steps. */
typedef struct small_t {
    vn_header_t h;
    vn_entry_t entry;
    vn_variant_t variant;
    vn_tensor_t tensors[TENSORS];
    vn_step_t steps[STEPS];
    _Alignas(8) unsigned char weights[WEIGHTS];
} small_t;

#define SPAN(field, n)                \
    (vn_span_t) {                     \
        offsetof(small_t, field), (n) \
    }

static void seal(small_t *s) {
    s->h.checksum = vn_blob_checksum(s, sizeof *s);
}

static small_t new_blob(void) {
    small_t s = {.h = {.magic = VN_MAGIC,
                       .format = VN_FORMAT,
                       .sdk = VN_SDK,
                       .size_bytes = sizeof s,
                       .entries = SPAN(entry, 1),
                       .variants = SPAN(variant, 1),
                       .tensors = SPAN(tensors, TENSORS),
                       .steps = SPAN(steps, STEPS),
                       .weights = SPAN(weights, WEIGHTS)},
                 .entry = {.n_in = 1, .n_out = 1, .n_variants = 1},
                 .variant = {.n_tensors = TENSORS, .n_steps = STEPS, .arena_bytes = 64}};
    /* inputs and outputs stand first */
    s.tensors[0] =
        (vn_tensor_t){.place = VN_INPUT, .dtype = ANP_DTYPE_F32, .rank = 2, .dims = {2, 3}};
    s.tensors[1] =
        (vn_tensor_t){.place = VN_OUTPUT, .dtype = ANP_DTYPE_F32, .rank = 2, .dims = {2, 4}};
    s.tensors[2] =
        (vn_tensor_t){.place = VN_WEIGHT, .dtype = ANP_DTYPE_F32, .rank = 2, .dims = {3, 4}};
    s.tensors[3] = (vn_tensor_t){
        .place = VN_WEIGHT, .dtype = ANP_DTYPE_F32, .rank = 1, .offset = 48, .dims = {4}};
    s.tensors[4] =
        (vn_tensor_t){.place = VN_ARENA, .dtype = ANP_DTYPE_F32, .rank = 2, .dims = {2, 4}};
    for (int i = 0; i < STEPS; i++) memset(s.steps[i].in, 0xff, sizeof s.steps[i].in); /* VN_NONE */
    s.steps[0].op = VN_MATMUL;
    s.steps[0].in[0] = 0, s.steps[0].in[1] = 2, s.steps[0].in[2] = 3, s.steps[0].out = 4;
    s.steps[1].op = VN_COPY;
    s.steps[1].act = VN_ACT_RELU;
    s.steps[1].in[0] = 4, s.steps[1].out = 1;
    seal(&s);
    return s;
}

static anp_status_t verify(const small_t *s) {
    char text[256] = "";
    const anp_status_t st = vn_blob_verify(s, sizeof *s, VN_SDK, text, sizeof text);
    assert_true(st == ANP_OK || text[0]);
    return st;
}

static void a_good_blob_is_taken(void **state) {
    (void)state;
    const small_t s = new_blob();
    assert_int_equal(verify(&s), ANP_OK);
}

#define REFUSES(change)                                                  \
    do {                                                                 \
        small_t s = new_blob();                                          \
        change;                                                          \
        seal(&s);                                                        \
        if (verify(&s) != ANP_CORRUPT) fail_msg("%s is taken", #change); \
    } while (0)

static void tables_outside_the_blob_are_refused(void **state) {
    (void)state;
    REFUSES(s.h.size_bytes++);
    REFUSES(s.h.entries.offset = sizeof s);
    REFUSES(s.h.entries.count = UINT64_MAX);
    REFUSES(s.h.tensors.offset += 4);
    REFUSES(s.h.tensors.count = 1000);
    REFUSES(s.h.steps.offset = UINT64_MAX - 7);
    REFUSES(s.h.weights.count = sizeof s);
}

static void records_that_point_elsewhere_are_refused(void **state) {
    (void)state;
    REFUSES(s.entry.first_variant = 1);
    REFUSES(s.entry.n_variants = UINT32_MAX);
    REFUSES(s.entry.n_in = 2);
    REFUSES(s.entry.n_out = UINT32_MAX);
    REFUSES(s.variant.first_tensor = 1);
    REFUSES(s.variant.n_tensors = 6);
    REFUSES(s.variant.n_steps = 3);
    REFUSES(s.variant.arena_bytes = 31);
    REFUSES(s.steps[0].in[0] = 5);
    REFUSES(s.steps[0].in[0] = -2);
    REFUSES(s.steps[0].in[0] = VN_NONE);
    REFUSES(s.steps[0].out = -1);
    REFUSES(s.steps[0].out = 2); /* a weight is not written */
    REFUSES(s.steps[0].out = 0); /* nor an input */
}

static void tensors_that_do_not_fit_are_refused(void **state) {
    (void)state;
    REFUSES(s.tensors[0].offset = 1);
    REFUSES(s.tensors[2].offset = 20);
    REFUSES(s.tensors[2].offset = UINT64_MAX - 3);
    REFUSES(s.tensors[2].dims[0] = -3);
    REFUSES(s.tensors[2].dims[0] = INT64_MAX);
    REFUSES(s.tensors[2].dims[1] = 5);
    REFUSES(s.tensors[4].offset = 40);
    REFUSES(s.tensors[4].rank = VN_RANK_MAX + 1);
    REFUSES(s.tensors[4].dtype = ANP_DTYPE_STRING);
    REFUSES(s.tensors[4].place = VN_PLACES);
    REFUSES(s.tensors[4].place = VN_INPUT);
}

static void steps_that_do_not_hold_together_are_refused(void **state) {
    (void)state;
    REFUSES(s.steps[0].op = VN_OPS);
    REFUSES(s.steps[0].op = VN_CONV);
    REFUSES(s.steps[0].op = VN_ATTENTION);
    REFUSES(s.steps[0].act = VN_ACTS);
    REFUSES(s.steps[1].op = VN_GATHER);
    REFUSES(s.tensors[0].dims[1] = 4);
    REFUSES(s.tensors[3].dims[0] = 3);
    REFUSES(s.tensors[1].dtype = ANP_DTYPE_I64);
    REFUSES(memset(s.steps[0].name, 'x', sizeof s.steps[0].name));
}

static void another_version_names_both(void **state) {
    (void)state;
    char text[256];
    const small_t s = new_blob();
    assert_int_equal(vn_blob_verify(&s, sizeof s, "7.5", text, sizeof text), ANP_INCOMPATIBLE);
    assert_non_null(strstr(text, "7.5"));
    assert_non_null(strstr(text, VN_SDK));
}

/* ---- random damage: what passes is run in memory of exactly its size ---- */

static void run_variant(const small_t *s, const vn_variant_t *v) {
    unsigned char *data[TENSORS] = {NULL};
    unsigned char *arena = NULL, *weights = NULL;
    const vn_tensor_t *t = VN_TABLE(s, tensors, vn_tensor_t) + v->first_tensor;
    const vn_step_t *steps = VN_TABLE(s, steps, vn_step_t) + v->first_step;
    anp_drv_event_t task = {.text = ""};
    bool small = v->n_tensors <= TENSORS && v->arena_bytes <= 4096;
    for (uint32_t i = 0; i < v->n_tensors; i++) small = small && vn_count(&t[i]) <= 4096;
    if (!small) return;
    assert_int_equal(anp_calloc(1, v->arena_bytes, (void **)&arena), ANP_OK);
    assert_int_equal(anp_calloc(1, s->h.weights.count, (void **)&weights), ANP_OK);
    for (uint32_t i = 0; i < v->n_tensors; i++) {
        if (t[i].place == VN_WEIGHT)
            data[i] = weights + t[i].offset;
        else if (t[i].place == VN_ARENA)
            data[i] = arena + t[i].offset;
        else
            assert_int_equal(
                anp_calloc((uint64_t)vn_count(&t[i]), vn_elem_bytes(t[i].dtype), (void **)&data[i]),
                ANP_OK);
    }
    for (uint32_t i = 0; i < v->n_steps; i++) (void)vn_step_run(&task, &steps[i], t, data);
    for (uint32_t i = 0; i < v->n_tensors; i++)
        if (t[i].place == VN_INPUT || t[i].place == VN_OUTPUT) anp_free(data[i]);
    anp_free(arena);
    anp_free(weights);
}

static void run(const small_t *s) {
    const vn_entry_t *entries = VN_TABLE(s, entries, vn_entry_t);
    for (uint64_t e = 0; e < s->h.entries.count; e++)
        for (uint32_t i = 0; i < entries[e].n_variants; i++)
            run_variant(s, VN_TABLE(s, variants, vn_variant_t) + entries[e].first_variant + i);
}

static void random_damage_is_refused_or_harmless(void **state) {
    (void)state;
    uint64_t seed = 1, taken = 0;
    for (int round = 0; round < 100000; round++) {
        small_t s = new_blob();
        for (int i = 0; i < 1 + round % 3; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            const uint64_t first = offsetof(small_t, h.entries),
                           at = first + (seed >> 33) % (sizeof s - first);
            ((unsigned char *)&s)[at] ^= (unsigned char)(1u << (seed >> 20) % 8);
        }
        seal(&s);
        if (verify(&s) != ANP_OK) continue;
        taken++;
        run(&s);
    }
    assert_true(taken > 0); /* weights and names may be anything */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_blob_is_taken),
        cmocka_unit_test(tables_outside_the_blob_are_refused),
        cmocka_unit_test(records_that_point_elsewhere_are_refused),
        cmocka_unit_test(tensors_that_do_not_fit_are_refused),
        cmocka_unit_test(steps_that_do_not_hold_together_are_refused),
        cmocka_unit_test(another_version_names_both),
        cmocka_unit_test(random_damage_is_refused_or_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
