/* SPDX-License-Identifier: Apache-2.0 */
/* anput-operators: the operator table as JSON, and the page docs/operators.md. */
#include "operators.h"
#include <string.h>

static const char usage[] =
    "usage: anput-operators rows                           the tables as JSON\n"
    "       anput-operators count DATA:DEVICE=JSON...      results of anput test --json, counted\n"
    "       anput-operators page RESULTS                   docs/operators.md, from what count "
    "printed\n";

static anp_status_t page(const char *path) {
    static operators_answers_t answers;
    static operators_results_t results;
    ANP_TRY(operators_read_results(path, &results));
    ANP_TRY(operators_ask(&answers));
    operators_put_page(&answers, &results, stdout);
    return ANP_OK;
}

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "";
    anp_status_t st = ANP_OK;
    if (argc == 2 && strcmp(verb, "rows") == 0)
        operators_put_rows(stdout);
    else if (argc > 2 && strcmp(verb, "count") == 0)
        st = operators_count(argv + 2, argc - 2, stdout);
    else if (argc == 3 && strcmp(verb, "page") == 0)
        st = page(argv[2]);
    else
        return fputs(usage, stderr), 2;
    if (st != ANP_OK) fprintf(stderr, "error: %s\n", anp_error_message());
    return st == ANP_OK ? 0 : 3;
}
