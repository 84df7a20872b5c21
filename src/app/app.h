/* SPDX-License-Identifier: Apache-2.0 */
/* What the pieces of this folder share. */
#ifndef APP_APP_H
#define APP_APP_H

#include <anput/status.h>

#define APP_FAIL(code, ...) return anp_error_set((code), __FILE__, __LINE__, __VA_ARGS__)
#define APP_TRY(expr)                    \
    do {                                 \
        const anp_status_t st_ = (expr); \
        if (st_ != ANP_OK) return st_;   \
    } while (0)

#endif
