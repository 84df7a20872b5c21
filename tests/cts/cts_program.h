/* SPDX-License-Identifier: Apache-2.0 */
/* A small network as a program. */
#ifndef CTS_PROGRAM_H
#define CTS_PROGRAM_H

#include "cts_net.h"

/* Values, nodes, entry, states; no partitions yet. Results of the last node are outputs where the
 * test named none. */
anp_status_t cts_program_write(anp_program_writer_t *w, cts_net_t *net,
                               cts_attr_consts_t *out_consts);
/* Adds the one partition. */
anp_status_t cts_program_partition(anp_program_writer_t *w, const cts_net_t *net,
                                   const cts_attr_consts_t *attr_consts, const char *driver,
                                   const char *target, bool group);

#endif
