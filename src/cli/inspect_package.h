/* SPDX-License-Identifier: Apache-2.0 */
/* Explaining a package to people. */
#ifndef CLI_INSPECT_PACKAGE_H
#define CLI_INSPECT_PACKAGE_H

#include "cli.h"
#include <anput/package.h>

/* Sections, variants and manifest; with --json as the library describes them. */
cli_exit_t cli_package_explain(cli_t *cli, const char *path);

#endif
