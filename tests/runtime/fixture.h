/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the runtime share: the digit classifier on a device, an input, the reference's
 * answer. */
#ifndef ANP_TESTS_RUNTIME_FIXTURE_H
#define ANP_TESTS_RUNTIME_FIXTURE_H

#include "base/testing.h"
#include <anput/compile.h>
#include <anput/import.h>

void fx_ok(anp_status_t st); /* asserts, and prints the sentence */
/* A context without the environment; options is "driver.key=value,..." or NULL, loaded drivers are
 * there when the build has them. */
anp_context_t *fx_context(const char *driver_options);
bool fx_has_drivers(void); /* prints why not and skips the test */
/* The digit classifier as a graph / compiled for a device with buckets N=1 and N=4. */
anp_graph_t *fx_digits(void);
anp_model_t *fx_model(anp_context_t *ctx, const anp_model_options_t *options);
/* `n` pictures with seeded contents, [n, 1, 28, 28]; one buffer per call of fx_input, freed by
 * fx_free_inputs. */
anp_tensor_t fx_input(int64_t n);
void fx_free_inputs(void);
/* Runs the session on n pictures; asserts that the answer is ref's within 1e-4. */
void fx_run_and_compare(anp_session_t *s, int64_t n);
void fx_compare(const anp_session_t *s, int64_t n);

#endif
