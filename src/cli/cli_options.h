/* SPDX-License-Identifier: Apache-2.0 */
/* Options as tables: parsing and help come from the same rows. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli.h"
#include <stddef.h>

typedef enum cli_kind_t {                   /* what an option's value becomes in the struct */
                          CLI_FLAG,         /* bool, no value */
                          CLI_TEXT,         /* const char * */
                          CLI_LIST,         /* cli_list_t: may be given several times */
                          CLI_COUNT,        /* int64_t >= 0 */
                          CLI_REAL,         /* double, finite */
                          CLI_FILE_OR_FLAG, /* const char *: the value may be left out: then "" */
} cli_kind_t;

typedef struct cli_option_t {
    const char *name;  /* without "--" */
    const char *value; /* what the value is called in the help; NULL for flags */
    const char *help;
    const char *preset; /* the value when it is not given, as it would be written; NULL = zero */
    size_t offset;      /* in the struct of its group */
    cli_kind_t kind;
    char letter; /* 'o' for -o, or 0 */
} cli_option_t;

typedef struct cli_group_t {
    const cli_option_t *options; /* ends with name == NULL */
    size_t base;                 /* where the group's struct lies in the verb's */
} cli_group_t;

typedef struct cli_parsed_t {
    void *args;            /* the verb's struct */
    const char **operands; /* lent by argv */
    uint32_t n_operands;
} cli_parsed_t;

/* Reads argv behind the verb into cli->common and a new struct. */
cli_exit_t cli_parse(cli_t *cli, int argc, char **argv, cli_parsed_t *out);
void cli_parsed_release(const cli_verb_t *verb, cli_t *cli, cli_parsed_t *parsed);

void cli_print_verb_help(const cli_t *cli, FILE *f);
void cli_print_common_options(FILE *f);

/* The candidate closest to `text`, or NULL when none is near. */
const char *cli_nearest(const char *text, const char *const *candidates, uint32_t n);

/* Whole-string parses; false on anything else. Real also takes "1/255". */
bool cli_parse_count(const char *text, int64_t *out);
bool cli_parse_real(const char *text, double *out);

#endif
