/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of a program: which row has a node's meaning, and what to say when there is none. */
#include "op/user_op.h"
#include "program/program.h"
#include <inttypes.h>
#include <string.h>

/* The one place that decides which versions of an operator this build runs. A row has one meaning;
 * when the table moves to a newer one, versions that mean the same are added here, so that old
 * programs keep their row. */
const anp_op_t *anp_program_find_op(anp_ops_t *ops, const char *domain, const char *name,
                                    uint32_t since) {
    const anp_op_t *op = anp_ops_find(ops, domain, name);
    return op && (uint32_t)op->since == since ? op : NULL;
}

/* ---- operators of libraries ---- */

/* What the program says about the library of one of its operators: metadata
 * "op:<domain>.<operator>" with the value "<hash> <library> <version> <file>". */
typedef struct library_record_t {
    const char *hash, *library, *file; /* library: with its version */
    int hash_len, library_len;
} library_record_t;

static bool find_record(const anp_program_t *p, const anp_program_node_t *n,
                        library_record_t *out) {
    const char *domain = anp_program_string(p, n->p->domain),
               *name = anp_program_string(p, n->p->op);
    const size_t domain_len = strlen(domain);
    const anp_p_meta_t *meta = ANP_P_TABLE(p->data, meta, anp_p_meta_t);
    for (uint64_t i = 0; i < p->h->meta.count; i++) {
        const char *key = anp_program_string(p, meta[i].key);
        if (strncmp(key, "op:", 3) != 0 || strncmp(key + 3, domain, domain_len) != 0 ||
            key[3 + domain_len] != '.' || strcmp(key + 4 + domain_len, name) != 0)
            continue;
        const char *at = anp_program_string(p, meta[i].value);
        out->hash = at;
        out->hash_len = (int)strcspn(at, " ");
        at += out->hash_len + strspn(at + out->hash_len, " ");
        out->library = at;
        out->library_len = (int)strcspn(at, " ");
        if (at[out->library_len])
            out->library_len += 1 + (int)strcspn(at + out->library_len + 1, " ");
        at += out->library_len;
        out->file = at + strspn(at, " ");
        return true;
    }
    return false;
}

static anp_status_t fail_unknown(const anp_program_t *p, const anp_program_node_t *n) {
    const char *domain = anp_program_string(p, n->p->domain),
               *name = anp_program_string(p, n->p->op), *dot = *domain ? "." : "";
    library_record_t r;
    if (!find_record(p, n, &r))
        ANP_FAIL(ANP_UNSUPPORTED,
                 "node '%s' needs operator %s%s%s, which this build lacks: build with it in "
                 "ANPUT_OPS",
                 n->name, domain, dot, name);
    ANP_FAIL(ANP_NOT_FOUND,
             "node '%s' needs operator %s%s%s of library %s (%.*s, hash %.*s), which is not "
             "loaded: give it with --ops %s or in ANPUT_OPS",
             n->name, domain, dot, name, r.file, r.library_len, r.library, r.hash_len, r.hash,
             r.file);
}

static anp_status_t fail_version(const anp_program_node_t *n, const anp_op_t *op) {
    const bool newer = n->p->since > (uint32_t)op->since;
    const char *dot = *op->domain ? "." : "";
    if (op->user)
        ANP_FAIL(ANP_INCOMPATIBLE,
                 "node '%s' needs version %" PRIu32
                 " of operator %s.%s, library %s has version %d: "
                 "%s",
                 n->name, n->p->since, op->domain, op->name, op->user->lib->path, op->since,
                 newer ? "give a newer one" : "compile the model again");
    ANP_FAIL(ANP_INCOMPATIBLE, "node '%s' needs version %" PRIu32 " of operator %s%s%s, %s",
             n->name, n->p->since, op->domain, dot, op->name,
             newer ? "of a newer operator set than this build has: run it with a newer Anput"
                   : "which this build no longer has: compile the model again");
}

static anp_status_t check_node_op(const anp_program_t *p, const anp_program_node_t *n,
                                  bool other_libraries) {
    library_record_t r;
    if (!n->op) {
        const anp_op_t *op = anp_ops_find(p->ops, anp_program_string(p, n->p->domain),
                                          anp_program_string(p, n->p->op));
        return op ? fail_version(n, op) : fail_unknown(p, n);
    }
    if (other_libraries || !n->op->user || !find_record(p, n, &r)) return ANP_OK;
    const anp_op_lib_t *l = n->op->user->lib;
    if (strlen(l->hash) == (size_t)r.hash_len && memcmp(l->hash, r.hash, strlen(l->hash)) == 0)
        return ANP_OK;
    ANP_FAIL(ANP_INCOMPATIBLE,
             "node '%s' (%s.%s): the model was compiled with library %s (%.*s, hash %.*s), loaded "
             "is %s (%s %" PRIu32 ", hash %s): give the same library with --ops, or allow another "
             "with --other-ops",
             n->name, n->op->domain, n->op->name, r.file, r.library_len, r.library, r.hash_len,
             r.hash, l->path, l->table->name, l->table->version, l->hash);
}

anp_status_t anp_program_check_ops(const anp_program_t *p, bool other_libraries) {
    for (uint32_t i = 0; i < p->n_nodes; i++)
        ANP_TRY(check_node_op(p, &p->nodes[i], other_libraries));
    return ANP_OK;
}
