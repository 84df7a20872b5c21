/* SPDX-License-Identifier: Apache-2.0 */
/* A library made for an operator ABI to come: nothing behind the number may be believed. */
#include <anput/op.h>

const anp_op_library_t *anp_ops_query(void) {
    static const anp_op_library_t library = {.abi = ANP_OP_ABI + 1};
    return &library;
}
