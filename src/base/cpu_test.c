/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the CPU levels and of the log. */
#include "base/cpu.h"
#include "base/log.h"
#include "base/testing.h"

static const uint64_t all_x86 = ANP_CPU_AVX2 | ANP_CPU_AVX512 | ANP_CPU_VNNI | ANP_CPU_BF16;
static const uint64_t all_arm = ANP_CPU_NEON | ANP_CPU_DOTPROD | ANP_CPU_I8MM;

static void mask_keeps_levels_up_to_the_named_one(void **state) {
    (void)state;
    const char *bad;
    assert_int_equal(anp_cpu_mask(all_x86, "ref", &bad), 0);
    assert_int_equal(anp_cpu_mask(all_x86, "avx2", &bad), ANP_CPU_AVX2);
    assert_int_equal(anp_cpu_mask(all_x86, "vnni", &bad),
                     ANP_CPU_AVX2 | ANP_CPU_AVX512 | ANP_CPU_VNNI);
    assert_int_equal(anp_cpu_mask(all_x86, "bf16", &bad), all_x86);
    assert_int_equal(anp_cpu_mask(ANP_CPU_AVX2, "vnni", &bad),
                     ANP_CPU_AVX2); /* never more than there is */
    assert_int_equal(anp_cpu_mask(all_arm, "dotprod", &bad), ANP_CPU_NEON | ANP_CPU_DOTPROD);
    assert_int_equal(anp_cpu_mask(all_x86, "neon", &bad), 0); /* of another architecture */
    assert_null(bad);
}

static void no_text_masks_nothing(void **state) {
    (void)state;
    const char *bad;
    assert_int_equal(anp_cpu_mask(all_x86, NULL, &bad), all_x86);
    assert_int_equal(anp_cpu_mask(all_x86, "", &bad), all_x86);
    assert_null(bad);
}

static void unknown_level_is_named(void **state) {
    (void)state;
    const char *bad = NULL;
    assert_int_equal(anp_cpu_mask(all_x86, "avx3", &bad), all_x86);
    assert_string_equal(bad, "avx3");
}

static void levels_are_listed_in_order(void **state) {
    (void)state;
    char text[64];
    anp_cpu_text(all_x86, text, sizeof text);
    assert_string_equal(text, "avx2 avx512 vnni bf16");
    anp_cpu_text(0, text, sizeof text);
    assert_string_equal(text, "ref");
    anp_cpu_text(all_x86, text, 8); /* cut, not past the end */
    assert_string_equal(text, "avx2 av");
}

static void detected_levels_imply_their_bases(void **state) {
    (void)state;
    const uint64_t cpu = anp_cpu_detect();
    assert_int_equal(cpu & ~(all_x86 | all_arm), 0);
    assert_true(!(cpu & all_x86) || (cpu & ANP_CPU_AVX2));
    assert_true(!(cpu & (ANP_CPU_VNNI | ANP_CPU_BF16)) || (cpu & ANP_CPU_AVX512));
    assert_true(!(cpu & all_arm) || (cpu & ANP_CPU_NEON));
}

static void detected_levels_are_those_the_compiler_knows_to_ask_for(void **state) {
    (void)state;
#if ANP_ARCH_X86_64 && !ANPUT_REF_ONLY
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                      __builtin_cpu_supports("bmi2");
    assert_int_equal(!!(anp_cpu_detect() & ANP_CPU_AVX2), avx2);
    assert_int_equal(!!(anp_cpu_detect() & ANP_CPU_VNNI), !!__builtin_cpu_supports("avx512vnni"));
#else
    skip();
#endif
}

static void model_and_caches_are_plausible(void **state) {
    (void)state;
    char model[64] = "?";
    anp_cpu_model(model, sizeof model);
    assert_true(model[0] != '?');
    const uint64_t l1 = anp_cpu_cache_bytes(1), l2 = anp_cpu_cache_bytes(2);
    assert_true(l1 == 0 || (l1 >= 4096 && l1 <= 1 << 20));
    assert_true(l2 == 0 || l2 >= l1);
    assert_int_equal(anp_cpu_cache_bytes(9), 0);
    char nothing[1];
    anp_cpu_model(nothing, sizeof nothing);
    assert_string_equal(nothing, "");
}

/* ---- log ---- */

typedef struct seen_t {
    int n;
    anp_log_level_t level;
    char text[4096];
} seen_t;

static void remember(void *user, anp_log_level_t level, const char *text) {
    seen_t *s = user;
    s->n++;
    s->level = level;
    assert_true(strlen(text) < sizeof s->text);
    memcpy(s->text, text, strlen(text) + 1);
}

static void log_passes_messages_up_to_its_level(void **state) {
    (void)state;
    seen_t seen = {0};
    const anp_log_t log = {.level = ANP_LOG_WARN, .fn = remember, .user = &seen};
    anp_log_write(&log, ANP_LOG_INFO, "dropped");
    assert_int_equal(seen.n, 0);
    anp_log_write(&log, ANP_LOG_WARN, "%d of %s", 3, "a\x1b");
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.level, ANP_LOG_WARN);
    assert_string_equal(seen.text, "3 of a\\x1b");
    char big[5000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    anp_log_write(&log, ANP_LOG_ERROR, "%s", big);
    assert_non_null(strstr(seen.text, "xxx..."));
}

static void log_without_a_sink_drops(void **state) {
    (void)state;
    const anp_log_t none = {.level = ANP_LOG_DEBUG};
    anp_log_write(NULL, ANP_LOG_ERROR, "x");
    anp_log_write(&none, ANP_LOG_ERROR, "x");
}

static void log_levels_have_names(void **state) {
    (void)state;
    assert_int_equal(anp_log_level_parse("error"), ANP_LOG_ERROR);
    assert_int_equal(anp_log_level_parse("warn"), ANP_LOG_WARN);
    assert_int_equal(anp_log_level_parse("info"), ANP_LOG_INFO);
    assert_int_equal(anp_log_level_parse("debug"), ANP_LOG_DEBUG);
    assert_int_equal(anp_log_level_parse("loud"), -1);
    assert_int_equal(anp_log_level_parse(""), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mask_keeps_levels_up_to_the_named_one),
        cmocka_unit_test(no_text_masks_nothing),
        cmocka_unit_test(unknown_level_is_named),
        cmocka_unit_test(levels_are_listed_in_order),
        cmocka_unit_test(detected_levels_imply_their_bases),
        cmocka_unit_test(detected_levels_are_those_the_compiler_knows_to_ask_for),
        cmocka_unit_test(model_and_caches_are_plausible),
        cmocka_unit_test(log_passes_messages_up_to_its_level),
        cmocka_unit_test(log_without_a_sink_drops),
        cmocka_unit_test(log_levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
