/* SPDX-License-Identifier: Apache-2.0 */
/* Which operators this build has: all, or those of the list ANPUT_OPS names. */
#ifndef ANP_OP_BUILT_H
#define ANP_OP_BUILT_H

#include <ops_built.h> /* made by cmake/ops.cmake: ANP_BUILT_<id> is 1 or 0 */

/* What follows the id where its operator is built, else nothing: a row of a table. What no table
 * names is not linked. */
#define ANP_IF_BUILT(id, ...) ANP_IF_BUILT_(ANP_BUILT_##id, __VA_ARGS__)
#define ANP_UNLESS_BUILT(id, ...) ANP_UNLESS_BUILT_(ANP_BUILT_##id, __VA_ARGS__)
#define ANP_IF_BUILT_(built, ...) ANP_IF_BUILT_VALUE(built, __VA_ARGS__)
#define ANP_UNLESS_BUILT_(built, ...) ANP_UNLESS_BUILT_VALUE(built, __VA_ARGS__)
#define ANP_IF_BUILT_VALUE(built, ...) ANP_IF_BUILT_##built(__VA_ARGS__)
#define ANP_UNLESS_BUILT_VALUE(built, ...) ANP_UNLESS_BUILT_##built(__VA_ARGS__)
#define ANP_IF_BUILT_1(...) __VA_ARGS__
#define ANP_IF_BUILT_0(...)
#define ANP_UNLESS_BUILT_1(...)
#define ANP_UNLESS_BUILT_0(...) __VA_ARGS__

#endif
