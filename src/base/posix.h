/* SPDX-License-Identifier: Apache-2.0 */
/* What the POSIX files share: turning errno into a status and a sentence. */
#ifndef ANP_BASE_POSIX_H
#define ANP_BASE_POSIX_H

#include "base/error.h"

/* "cannot <what> 'path': <cause>". ANP_NOT_FOUND, ANP_OUT_OF_MEMORY or ANP_IO by err. */
anp_status_t anp_posix_error(int err, const char *file, int line, const char *what,
                             const char *path);
#define ANP_ERRNO(what, path) anp_posix_error(errno, __FILE__, __LINE__, (what), (path))

#endif
