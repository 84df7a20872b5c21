/* SPDX-License-Identifier: Apache-2.0 */
/* What a format's reader gives: one row in the table of import.c. */
#ifndef ANP_IMPORT_IMPORTER_H
#define ANP_IMPORT_IMPORTER_H

#include "base/file.h"
#include <anput/import.h>

typedef struct anp_importer_t {
    const char *name; /* of the format, for messages */
    /* Whether the first bytes can be this format. size_bytes > 0. */
    bool (*probe)(const uint8_t *data, uint64_t size_bytes);
    /* Makes a graph; it need not be inferred or verified yet. file outlives the call only when the
     * reader retains it. options is never NULL. */
    anp_status_t (*read)(anp_file_t *file, const anp_import_options_t *options,
                         anp_graph_t **out_graph);
} anp_importer_t;

extern const anp_importer_t anp_onnx_importer;

#endif
