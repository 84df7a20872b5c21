/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of all folders share: cmocka with its headers, a folder of their own, and running with
 * every allocation failing once. */
#ifndef ANP_BASE_TESTING_H
#define ANP_BASE_TESTING_H

#include "base/alloc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the four above */
#include <cmocka.h>

/* Makes an empty folder and gives its path (static; one per program). */
const char *anp_test_dir(void);
/* Removes it and what is in it. Takes no folder too. Signature of a cmocka teardown. */
int anp_test_dir_remove(void **state);
/* "DIR/name" in one of a few static buffers. */
const char *anp_test_path(const char *name);
/* Writes a file into the folder. */
void anp_test_write(const char *name, const void *data, size_t n);
/* Asserts that the file has exactly this text. */
void anp_test_expect_text(const char *name, const char *text);

/* Path of something beneath the data folder beside the source tree (ANPUT_SHARED overrides); NULL
 * when it is not there. */
const char *anp_test_shared(const char *name);

/* How many times slower than a plain build on a free machine this one may be: emulation and
 * sanitizers set ANPUT_TEST_SLOWNESS; 1 without. Factor of every bound and timeout in a test. */
uint64_t anp_test_slowness(void);

/* Runs scenario with the 1st, 2nd ... allocation failing until it succeeds. Each time it must say
 * ANP_OUT_OF_MEMORY and leave nothing allocated. Gives the number of allocations of the run that
 * succeeded. */
typedef anp_status_t (*anp_test_scenario_fn_t)(void *arg);
uint64_t anp_test_every_allocation_fails(anp_test_scenario_fn_t scenario, void *arg);

/* Asserts that the error message contains text. */
void anp_test_expect_message(const char *text);

#endif
