/* SPDX-License-Identifier: Apache-2.0 */
/* Which operators this build has: all, or those of the list ANPUT_OPS names. */
#ifndef ANP_KERNEL_BUILT_H
#define ANP_KERNEL_BUILT_H

#include <ops_built.h> /* made by cmake/ops.cmake: ANP_BUILT_<id> is 1 or 0 */

/* x where the operator of this id is built, else NULL: what no table names is not linked. */
#define ANP_IF_BUILT(id, x) ANP_IF_BUILT_(ANP_BUILT_##id, x)
#define ANP_IF_BUILT_(built, x) ANP_IF_BUILT_VALUE(built, x)
#define ANP_IF_BUILT_VALUE(built, x) ANP_IF_BUILT_##built(x)
#define ANP_IF_BUILT_1(x) x
#define ANP_IF_BUILT_0(x) NULL

#endif
