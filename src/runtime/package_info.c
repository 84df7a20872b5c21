/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into packages: <anput/package.h>. */
#include "runtime/runtime.h"
#include <anput/package.h>

bool anp_package_is(const char *path) {
    anp_file_t *f = NULL;
    if (anp_file_map(path, &f) != ANP_OK) return false;
    const bool is = anp_package_probe(anp_file_data(f), anp_file_size(f));
    anp_file_release(f);
    return is;
}

static void put_json_string(anp_buf_t *b, const char *s) {
    anp_buf_puts(b, "\"");
    for (; *s; s++) {
        const unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            anp_buf_printf(b, "\\%c", c);
        else if (c < 0x20)
            anp_buf_printf(b, "\\u%04x", c);
        else
            anp_buf_append(b, s, 1);
    }
    anp_buf_puts(b, "\"");
}

static void put_field(anp_buf_t *b, const char *key, const char *value) {
    anp_buf_printf(b, "\"%s\":", key);
    put_json_string(b, value);
}

static void put_variants(anp_buf_t *b, const anp_package_t *pkg) {
    anp_buf_puts(b, "\"variants\":[");
    for (uint32_t i = 0; i < anp_package_variants(pkg); i++) {
        const anp_variant_t *v = anp_package_variant(pkg, i);
        uint64_t blob_bytes = 0;
        for (uint32_t k = 0; k < v->n_blobs; k++) blob_bytes += v->blobs[k].bytes;
        anp_buf_puts(b, i ? ",{" : "{");
        put_field(b, "driver", v->key.driver);
        anp_buf_puts(b, ",");
        put_field(b, "target", v->key.target);
        anp_buf_puts(b, ",");
        put_field(b, "isa", v->key.isa);
        anp_buf_puts(b, ",");
        put_field(b, "bucket", v->key.bucket);
        anp_buf_puts(b, ",");
        put_field(b, "driver_version", v->key.driver_version);
        anp_buf_printf(b, ",\"program_bytes\":%llu,\"blobs\":%u,\"blob_bytes\":%llu}",
                       (unsigned long long)v->program_bytes, v->n_blobs,
                       (unsigned long long)blob_bytes);
    }
    anp_buf_puts(b, "]");
}

static void put_sections(anp_buf_t *b, const anp_package_t *pkg) {
    anp_section_info_t s;
    anp_buf_puts(b, "\"sections\":[");
    for (uint32_t i = 0; anp_package_section(pkg, i, &s); i++)
        anp_buf_printf(b, "%s{\"kind\":\"%s\",\"offset\":%llu,\"bytes\":%llu,\"hash\":\"%s\"}",
                       i ? "," : "", s.kind, (unsigned long long)s.offset,
                       (unsigned long long)s.bytes, s.hash);
    anp_buf_puts(b, "]");
}

anp_status_t anp_package_describe(const char *path, char **out_json) {
    *out_json = NULL;
    anp_package_t *pkg = NULL;
    ANP_TRY(anp_package_open(path, &pkg));
    anp_buf_t b;
    anp_buf_init(&b, 0);
    uint32_t major, minor;
    anp_package_version(pkg, &major, &minor);
    anp_buf_printf(&b, "{\"format\":\"%u.%u\",\"bytes\":%llu,\"weights\":%u,", major, minor,
                   (unsigned long long)anp_package_size(pkg), anp_package_weights(pkg));
    put_sections(&b, pkg);
    anp_buf_puts(&b, ",");
    put_variants(&b, pkg);
    const char *manifest = anp_package_manifest(pkg);
    anp_buf_printf(&b, ",\"manifest\":%s}", manifest && *manifest ? manifest : "{}");
    anp_package_release(pkg);
    uint64_t len;
    return anp_buf_take(&b, out_json, &len);
}

anp_status_t anp_package_program_text(const char *path, uint32_t variant, char **out_text) {
    *out_text = NULL;
    anp_package_t *pkg = NULL;
    anp_program_t *p = NULL;
    anp_buf_t b;
    anp_status_t st;
    uint64_t len;
    anp_buf_init(&b, 0);
    ANP_TRY_OUT(st, anp_package_open(path, &pkg));
    if (variant >= anp_package_variants(pkg))
        ANP_FAIL_OUT(st, ANP_OUT_OF_RANGE, "%s: variant %u of %u", path, variant,
                     anp_package_variants(pkg));
    const anp_variant_t *v = anp_package_variant(pkg, variant);
    ANP_TRY_OUT(st, anp_program_open(v->program, v->program_bytes, NULL, &p));
    ANP_TRY_OUT(st, anp_program_print(p, &b));
    ANP_TRY_OUT(st, anp_buf_take(&b, out_text, &len));
out:
    anp_buf_deinit(&b);
    anp_program_release(p);
    anp_package_release(pkg);
    return st;
}

anp_status_t anp_package_verify(const char *path) {
    anp_package_t *pkg = NULL;
    ANP_TRY(anp_package_open(path, &pkg));
    const anp_status_t st = anp_package_check(pkg);
    anp_package_release(pkg);
    return st == ANP_OK ? st : anp_error_prefix(st, "%s", path);
}
