/* SPDX-License-Identifier: Apache-2.0 */
/* How images are prepared, from flags and from a small JSON file; flags win. */
#include "cli_import.h"
#include <jansson.h>
#include <string.h>

enum { CHANNELS = 4 };

static cli_exit_t read_list(cli_t *cli, const char *flag, const char *text, float *out) {
    uint32_t n = 0;
    for (const char *at = text; *at || n == 0;) {
        char item[64];
        double v;
        const size_t len = strcspn(at, ",");
        if (len >= sizeof item || n == CHANNELS)
            return cli_usage(cli, "--%s '%s': expected up to %d numbers", flag, text, CHANNELS);
        memcpy(item, at, len);
        item[len] = '\0';
        if (!cli_parse_real(item, &v))
            return cli_usage(cli, "--%s '%s': '%s' is no number", flag, text, item);
        out[n++] = (float)v;
        at += len + (at[len] == ',');
    }
    for (; n < CHANNELS; n++) out[n] = out[0]; /* one number is for all channels */
    return CLI_DONE;
}

static cli_exit_t read_size(cli_t *cli, const char *text, anp_preprocess_t *p) {
    char width[24];
    const size_t n = strcspn(text, "x");
    if (text[n] && n < sizeof width) {
        memcpy(width, text, n);
        width[n] = '\0';
        if (cli_parse_count(width, &p->width) && cli_parse_count(text + n + 1, &p->height) &&
            p->width && p->height)
            return CLI_DONE;
    }
    return cli_usage(cli, "--size '%s' is not WIDTHxHEIGHT", text);
}

/* ---- the file ---- */
typedef enum field_kind_t { FIELD_TEXT, FIELD_INT, FIELD_REAL, FIELD_REALS } field_kind_t;
typedef struct field_t {
    const char *name;
    field_kind_t kind;
    size_t offset;
} field_t;

static const field_t fields[] = {
    {"input", FIELD_TEXT, offsetof(anp_preprocess_t, input)},
    {"color", FIELD_TEXT, offsetof(anp_preprocess_t, color)},
    {"resize", FIELD_TEXT, offsetof(anp_preprocess_t, resize)},
    {"interpolation", FIELD_TEXT, offsetof(anp_preprocess_t, interpolation)},
    {"layout", FIELD_TEXT, offsetof(anp_preprocess_t, layout)},
    {"width", FIELD_INT, offsetof(anp_preprocess_t, width)},
    {"height", FIELD_INT, offsetof(anp_preprocess_t, height)},
    {"crop_side", FIELD_INT, offsetof(anp_preprocess_t, crop_short_side)},
    {"pad_value", FIELD_REAL, offsetof(anp_preprocess_t, pad_value)},
    {"scale", FIELD_REAL, offsetof(anp_preprocess_t, scale)},
    {"mean", FIELD_REALS, offsetof(anp_preprocess_t, mean)},
    {"std", FIELD_REALS, offsetof(anp_preprocess_t, std)},
};

static const field_t *find_field(const char *name) {
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(fields[i].name, name) == 0) return &fields[i];
    return NULL;
}

/* A number, or text such as "1/255". */
static bool real_of(const json_t *v, float *out) {
    double d;
    if (json_is_number(v))
        d = json_number_value(v);
    else if (!json_is_string(v) || !cli_parse_real(json_string_value(v), &d))
        return false;
    *out = (float)d;
    return true;
}

static bool reals_of(const json_t *v, float *out) {
    const size_t n = json_array_size(v); /* 0 for what is no array */
    if (n == 0 && !real_of(v, &out[0])) return false;
    if (n > CHANNELS) return false;
    for (size_t i = 0; i < n; i++)
        if (!real_of(json_array_get(v, i), &out[i])) return false;
    for (size_t i = n ? n : 1; i < CHANNELS; i++) out[i] = out[0];
    return true;
}

static bool take_field(const field_t *f, const json_t *v, anp_preprocess_t *p) {
    void *at = (char *)p + f->offset;
    switch (f->kind) {
    case FIELD_TEXT: *(const char **)at = json_string_value(v); return json_is_string(v);
    case FIELD_INT:
        *(int64_t *)at = json_integer_value(v);
        return json_is_integer(v) && json_integer_value(v) >= 0;
    case FIELD_REAL: return real_of(v, at);
    case FIELD_REALS: return reals_of(v, at);
    }
    return false;
}

static cli_exit_t read_file(cli_t *cli, const char *path, cli_preprocess_t *out) {
    json_error_t error;
    const char *name;
    json_t *v, *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    out->json = root;
    if (!root && error.line < 0) return cli_fail(cli, CLI_BAD_INPUT, "%s", error.text);
    if (!root) return cli_fail(cli, CLI_BAD_INPUT, "%s, line %d: %s", path, error.line, error.text);
    if (!json_is_object(root)) return cli_fail(cli, CLI_BAD_INPUT, "%s: no JSON object", path);
    json_object_foreach(root, name, v) {
        const field_t *f = find_field(name);
        if (!f) return cli_fail(cli, CLI_BAD_INPUT, "%s: unknown field '%s'", path, name);
        if (!take_field(f, v, &out->value))
            return cli_fail(cli, CLI_BAD_INPUT,
                            "%s: the value of '%s' is not what it should be: %s", path, name,
                            f->kind == FIELD_TEXT   ? "a text"
                            : f->kind == FIELD_INT  ? "a whole number >= 0"
                            : f->kind == FIELD_REAL ? "a number"
                                                    : "up to four numbers");
    }
    out->value.enabled = true;
    return CLI_DONE;
}

static cli_exit_t read_flags(cli_t *cli, const cli_image_args_t *a, anp_preprocess_t *p) {
    double scale;
    const bool details = a->input || a->resize || a->size || a->interpolation || a->layout ||
                         a->scale || a->mean || a->std || a->crop_side || a->pad_value;
    if (a->color) {
        p->color = a->color;
        p->enabled = true;
    }
    if (details && !p->enabled)
        return cli_usage(cli, "how an image is prepared is given, but not that the input is one: "
                              "--image gray|rgb|bgr");
    if (a->input) p->input = a->input;
    if (a->resize) p->resize = a->resize;
    if (a->interpolation) p->interpolation = a->interpolation;
    if (a->layout) p->layout = a->layout;
    if (a->crop_side) p->crop_short_side = a->crop_side;
    if (a->pad_value) p->pad_value = (float)a->pad_value;
    if (a->size) CLI_TRY(read_size(cli, a->size, p));
    if (a->mean) CLI_TRY(read_list(cli, "mean", a->mean, p->mean));
    if (a->std) CLI_TRY(read_list(cli, "std", a->std, p->std));
    if (!a->scale) return CLI_DONE;
    if (!cli_parse_real(a->scale, &scale))
        return cli_usage(cli, "--scale '%s' is no number such as 0.5 or 1/255", a->scale);
    p->scale = (float)scale;
    return CLI_DONE;
}

cli_exit_t cli_preprocess(cli_t *cli, const cli_image_args_t *args, cli_preprocess_t *out) {
    cli_exit_t code = CLI_DONE;
    memset(out, 0, sizeof *out);
    if (args->file) code = read_file(cli, args->file, out);
    if (code == CLI_DONE) code = read_flags(cli, args, &out->value);
    if (code != CLI_DONE) cli_preprocess_release(out);
    return code;
}

void cli_preprocess_release(cli_preprocess_t *p) {
    json_decref(p->json);
    p->json = NULL;
}
