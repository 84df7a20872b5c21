/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a package in the golden tests. */
#ifndef ANP_GOLDEN_TEXT_H
#define ANP_GOLDEN_TEXT_H

#include "package/package.h"

/* Opens the package at path, checks every hash in it, and appends what is in it as text. */
anp_status_t anp_golden_text(const char *path, anp_buf_t *out);

#endif
