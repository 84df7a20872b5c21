/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors made here: zeros, seeded random numbers (the same on every machine), noise images,
 * numbers written out. */
#include "cli_values.h"
#include "app/bmp.h"
#include "app/text_tensor.h"
#include "cli_options.h"
#include "cli_source.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1024, NOISE_SIDE = 256 };

static uint64_t next_u64(uint64_t *state) { /* splitmix64 */
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* In (0, 1). */
static double next_unit(uint64_t *state) {
    return ((double)(next_u64(state) >> 11) + 0.5) * 0x1p-53;
}

/* Irwin-Hall: a sum of twelve has deviation 1, and no library function that rounds differently
 * somewhere. */
static double next_normal(uint64_t *state) {
    double sum = -6;
    for (int i = 0; i < 12; i++) sum += next_unit(state);
    return sum;
}

static double draw(anp_dtype_t dtype, uint64_t *state) {
    switch (dtype) {
    case ANP_DTYPE_BOOL:
    case ANP_DTYPE_I32:
    case ANP_DTYPE_I64:
    case ANP_DTYPE_U32:
    case ANP_DTYPE_U64: return (double)(next_u64(state) >> 63);
    case ANP_DTYPE_U8: return floor(next_unit(state) * 256);
    case ANP_DTYPE_I8: return floor(next_unit(state) * 256) - 128;
    case ANP_DTYPE_U16: return floor(next_unit(state) * 65536);
    case ANP_DTYPE_I16: return floor(next_unit(state) * 65536) - 32768;
    case ANP_DTYPE_U4: return floor(next_unit(state) * 16);
    case ANP_DTYPE_I4: return floor(next_unit(state) * 16) - 8;
    case ANP_DTYPE_U2: return floor(next_unit(state) * 4);
    case ANP_DTYPE_I2: return floor(next_unit(state) * 4) - 2;
    default: return next_normal(state);
    }
}

anp_status_t cli_random_fill(const anp_tensor_t *t, uint64_t *state) {
    double values[CHUNK];
    int64_t count;
    anp_status_t st = anp_tensor_count(t, &count);
    for (int64_t first = 0; st == ANP_OK && first < count; first += CHUNK) {
        const int64_t n = count - first < CHUNK ? count - first : CHUNK;
        for (int64_t i = 0; i < n; i++) values[i] = draw((anp_dtype_t)t->dtype, state);
        st = anp_tensor_write_f64(t, first, n, values);
    }
    return st;
}

/* ---- shapes ---- */
bool cli_find_dim(const cli_dims_t *dims, const anp_io_info_t *info, int32_t axis, int64_t *out) {
    char place[300];
    const char *symbol = info->dim_names[axis];
    snprintf(place, sizeof place, "%s:%d", info->name, axis);
    for (uint32_t i = 0; i < dims->given->n; i++) {
        const char *text = dims->given->items[i], *equals = strrchr(text, '=');
        const size_t len = equals ? (size_t)(equals - text) : 0;
        const bool names_it = (strlen(place) == len && memcmp(place, text, len) == 0) ||
                              (*symbol && strlen(symbol) == len && memcmp(symbol, text, len) == 0);
        if (len && names_it) return cli_parse_count(equals + 1, out);
    }
    for (uint32_t i = 0; i < dims->n_known; i++) {
        if (!*symbol || strcmp(dims->known[i].symbol, symbol) != 0) continue;
        *out = dims->known[i].size;
        return true;
    }
    return false;
}

static bool has_form(const anp_io_info_t *info) {
    return info->kind == ANP_KIND_TENSOR && info->dtype != ANP_DTYPE_STRING;
}

static cli_exit_t allocate(cli_t *cli, anp_tensor_t *t) {
    uint64_t bytes;
    CLI_TRY(cli_api(cli, anp_tensor_bytes(t, &bytes)));
    t->data = cli_new(bytes, 1);
    return t->data ? CLI_DONE : cli_no_memory(cli);
}

cli_exit_t cli_value_zero(cli_t *cli, const anp_io_info_t *info, const cli_dims_t *dims,
                          int64_t batch, anp_tensor_t *out) {
    *out = (anp_tensor_t){.dtype = (uint8_t)info->dtype, .rank = (uint8_t)info->rank};
    if (!has_form(info) || info->rank < 0)
        return cli_fail(cli, CLI_BAD_INPUT, "input '%s' has no fixed form to fill: give a file",
                        info->name);
    for (int32_t i = 0; i < info->rank; i++) {
        out->dims[i] = info->dims[i];
        if (out->dims[i] < 0 && !cli_find_dim(dims, info, i, &out->dims[i]))
            out->dims[i] = batch > 0 && i == 0 ? batch : 1;
    }
    return allocate(cli, out);
}

cli_exit_t cli_value_image(cli_t *cli, uint64_t *random, anp_tensor_t *out) {
    uint8_t *pixels = cli_new(NOISE_SIDE, NOISE_SIDE), *bytes = NULL;
    size_t n = 0;
    const anp_tensor_t t = {
        .data = pixels, .dtype = ANP_DTYPE_U8, .rank = 1, .dims = {NOISE_SIDE * NOISE_SIDE}};
    if (!pixels) return cli_no_memory(cli);
    anp_status_t st = cli_random_fill(&t, random);
    if (st == ANP_OK) st = app_bmp_make(pixels, NOISE_SIDE, NOISE_SIDE, &bytes, &n);
    free(pixels);
    *out = (anp_tensor_t){.data = bytes, .dtype = ANP_DTYPE_U8, .rank = 1, .dims = {(int64_t)n}};
    return cli_api(cli, st);
}

/* ---- numbers written out ---- */
/* The declared shape for `count` numbers in a row: the first free axis takes what the others leave.
 */
static anp_status_t fit_row(const anp_io_info_t *info, const cli_dims_t *dims, int64_t count,
                            anp_tensor_t *t) {
    int32_t open_axis = -1;
    int64_t known;
    t->rank = (uint8_t)info->rank;
    for (int32_t i = 0; i < info->rank; i++) {
        t->dims[i] = info->dims[i];
        if (t->dims[i] >= 0 || cli_find_dim(dims, info, i, &t->dims[i])) continue;
        t->dims[i] = 1;
        if (open_axis < 0) open_axis = i;
    }
    const anp_status_t st = anp_tensor_count(t, &known);
    if (st == ANP_OK && open_axis >= 0 && known > 0 && count % known == 0)
        t->dims[open_axis] = count / known;
    return st;
}

static cli_exit_t shape_text(cli_t *cli, const anp_io_info_t *info, const cli_dims_t *dims,
                             const app_text_tensor_t *text, anp_tensor_t *t) {
    char shape[CLI_SHAPE_TEXT];
    int64_t count;
    *t = (anp_tensor_t){.dtype = (uint8_t)info->dtype, .rank = (uint8_t)text->rank};
    memcpy(t->dims, text->dims, sizeof t->dims);
    if (info->rank >= 0 && text->rank != (uint32_t)info->rank && text->rank <= 1)
        CLI_TRY(cli_api(cli, fit_row(info, dims, text->count, t)));
    CLI_TRY(cli_api(cli, anp_tensor_count(t, &count)));
    if (has_form(info) && (count == text->count || text->rank == 0)) return allocate(cli, t);
    return cli_fail(cli, CLI_BAD_INPUT, "input '%s' is %s, %lld numbers are given", info->name,
                    cli_io_text(info, shape), (long long)text->count);
}

/* What an integer type does not hold is refused, not rounded. */
static cli_exit_t write_text(cli_t *cli, const anp_io_info_t *info, const app_text_tensor_t *text,
                             const anp_tensor_t *t) {
    int64_t count;
    CLI_TRY(cli_api(cli, anp_tensor_count(t, &count)));
    for (int64_t i = 0; i < count; i++) {
        const double v = text->values[text->rank ? i : 0];
        double back;
        CLI_TRY(cli_api(cli, anp_tensor_write_f64(t, i, 1, &v)));
        CLI_TRY(cli_api(cli, anp_tensor_read_f64(t, i, 1, &back)));
        if (cli_is_integer(info->dtype) && back != v)
            return cli_fail(cli, CLI_BAD_INPUT, "input '%s' is %s, which does not hold %g",
                            info->name, anp_dtype_name(info->dtype), v);
    }
    return CLI_DONE;
}

cli_exit_t cli_value_text(cli_t *cli, const anp_io_info_t *info, const cli_dims_t *dims,
                          const char *text, anp_tensor_t *out) {
    app_text_tensor_t numbers;
    memset(out, 0, sizeof *out);
    CLI_TRY(cli_api(cli, app_text_tensor_parse(text, &numbers)));
    cli_exit_t code = shape_text(cli, info, dims, &numbers, out);
    if (code == CLI_DONE) code = write_text(cli, info, &numbers, out);
    app_text_tensor_release(&numbers);
    if (code == CLI_DONE) return code;
    free(out->data);
    out->data = NULL;
    return code;
}
