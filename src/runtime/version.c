/* SPDX-License-Identifier: Apache-2.0 */
/* The version of the library. */
#include <anput/context.h>

const char *anp_version(void) {
    return ANPUT_VERSION;
}
