/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into packages without loading them for a device. */
#ifndef ANPUT_PACKAGE_H
#define ANPUT_PACKAGE_H

#include <anput/text.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Whether the file begins like a package (.anp). false also when it cannot be read. Since 0.1. */
ANP_API bool anp_package_is(const char *path);

/**
 * What a package holds, as JSON text: format version, sections (kind, offset, bytes, hash),
 * variants with their keys, programs and blobs, weights, manifest. Caller frees with anp_text_free.
 * Errors as anp_model_load. Since 0.1.
 */
ANP_API anp_status_t anp_package_describe(const char *path, char **out_json);

/** Readable text of the program of variant i (0 = portable). Caller frees with anp_text_free.
 * Errors also ANP_OUT_OF_RANGE. Since 0.1. */
ANP_API anp_status_t anp_package_program_text(const char *path, uint32_t variant, char **out_text);

/** Reads all weights and blobs and compares their hashes. Errors ANP_CORRUPT naming the first that
 * differs. Since 0.1. */
ANP_API anp_status_t anp_package_verify(const char *path);

#ifdef __cplusplus
}
#endif
#endif
