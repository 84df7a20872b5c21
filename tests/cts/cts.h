/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conformance suite of drivers. A test gets a driver that was opened for it alone and returns
 * at the first thing that is wrong: what it leaves is ended by device_close, and the runner then
 * checks that no memory of the driver is left.
 */
#ifndef CTS_H
#define CTS_H

#include "base/thread.h"
#include "op/op.h"
#include <anput/driver.h>

typedef enum cts_verdict_t { CTS_PASS, CTS_FAIL, CTS_SKIP } cts_verdict_t;

enum { CTS_OPTIONS_MAX = 8, CTS_TEXT_BYTES = 512 };

typedef struct cts_option_t {
    const char *key, *value;
} cts_option_t;

/* What a driver sees as its host. */
typedef struct cts_host_t {
    anp_host_t table;
    const cts_option_t *options; /* ended by a NULL key */
} cts_host_t;
void cts_host_init(cts_host_t *h, const cts_option_t *options, const void *builtin);

/* What one run of the program is about. */
typedef struct cts_suite_t {
    const anp_driver_t *driver; /* its table; under --mask-optional a copy without optional slots */
    bool masked;
    const void *builtin; /* for drivers linked in; NULL for loaded ones */
} cts_suite_t;

/* One test at work. */
typedef struct cts_t {
    const cts_suite_t *suite;
    const anp_driver_t *d;
    cts_host_t host;
    anp_drv_t *drv;
    anp_drv_device_t *dev; /* NULL: no device is here; only tests of the compile half run */
    anp_drv_queue_t *q;
    anp_drv_device_info_t info;
    anp_arena_t mem;     /* of the test itself */
    anp_arena_t scratch; /* of one call */
    struct cts_model_t *models;
    int recipe; /* of cts_work, once it is known */
    uint64_t seed;
    bool absent;               /* skipped because driver or device is not here */
    char text[CTS_TEXT_BYTES]; /* why it failed or was skipped */
} cts_t;

typedef cts_verdict_t (*cts_fn_t)(cts_t *t);

typedef struct cts_test_t {
    const char *name; /* "area/sentence_about_the_driver" */
    cts_fn_t run;
    bool compile_only;  /* needs no device */
    const char *option; /* what the driver can be asked to do ("hang"): the expectation file names
                           the option; NULL: nothing */
    const char *value;  /* of that option */
} cts_test_t;

/* One list per file, ended by a NULL name. */
extern const cts_test_t cts_driver_tests[], cts_buffer_tests[], cts_queue_tests[],
    cts_module_tests[], cts_call_tests[], cts_fault_tests[];
/* One test per row of cts_ops.def and type. */
void cts_each_op_case(void (*each)(void *user, const char *name, const void *arg), void *user);
cts_verdict_t cts_run_op_case(cts_t *t, const void *arg);

/* ---- saying what is wrong ---- */

cts_verdict_t cts_say(cts_t *t, cts_verdict_t v, const char *format, ...) ANP_PRINTF(3, 4);
void cts_clear_error(void);

#define CTS_FAILED(t, ...) return cts_say((t), CTS_FAIL, __VA_ARGS__)
#define CTS_SKIPPED(t, ...) return cts_say((t), CTS_SKIP, __VA_ARGS__)
#define CTS_REQUIRE(t, condition, ...)                  \
    do {                                                \
        if (!(condition)) CTS_FAILED((t), __VA_ARGS__); \
    } while (0)
/* A call that must succeed. */
#define CTS_OK(t, call)                                                                           \
    do {                                                                                          \
        const anp_status_t st_ = (call);                                                          \
        if (st_ != ANP_OK)                                                                        \
            CTS_FAILED((t), "%s gives %s: %s", #call, anp_status_name(st_), anp_error_message()); \
    } while (0)
/* A call that must fail with this code and a sentence. */
#define CTS_FAILS(t, call, code)                                                             \
    do {                                                                                     \
        cts_clear_error();                                                                   \
        const anp_status_t st_ = (call);                                                     \
        if (st_ != (code))                                                                   \
            CTS_FAILED((t), "%s gives %s, expected %s", #call, anp_status_name(st_), #code); \
        if (!*anp_error_message()) CTS_FAILED((t), "%s fails without a sentence", #call);    \
    } while (0)
/* Passes on what a helper found. */
#define CTS_TRY(expression)                    \
    do {                                       \
        const cts_verdict_t v_ = (expression); \
        if (v_ != CTS_PASS) return v_;         \
    } while (0)
#define CTS_NEEDS_SLOT(t, slot)        \
    if (!ANP_DRIVER_HAS((t)->d, slot)) \
    CTS_SKIPPED((t), "slot %s is not there%s", #slot, (t)->suite->masked ? " (masked)" : "")

/* ---- helpers ---- */

#define CTS_WAIT_NS UINT64_C(30000000000) /* for work that must end */
/* Zeroed, for the length of the test. Ends the program when the machine's memory is out. */
void *cts_alloc(cts_t *t, uint64_t size_bytes);
uint64_t cts_random(cts_t *t);
cts_verdict_t cts_new_buffer(cts_t *t, uint64_t size_bytes, anp_drv_buffer_t **out);
/* Copies with queue_copy, or through the host where the driver has no such slot. */
cts_verdict_t cts_copy(cts_t *t, const anp_drv_span_t *src, const anp_drv_span_t *dst);

#endif
