/* SPDX-License-Identifier: Apache-2.0 */
/* errno as status and sentence. */
#include "base/posix.h"
#include <errno.h>
#include <string.h>

anp_status_t anp_posix_error(int err, const char *file, int line, const char *what,
                             const char *path) {
    char text[128];
    const char *cause = strerror_r(err, text, sizeof text);
    const anp_status_t code = err == ENOENT || err == ENOTDIR ? ANP_NOT_FOUND
                              : err == ENOMEM                 ? ANP_OUT_OF_MEMORY
                                                              : ANP_IO;
    return anp_error_set(code, file, line, "cannot %s '%s': %s", what, path, cause);
}
