/* SPDX-License-Identifier: Apache-2.0 */
/* Reading gzipped IDX files: two zero bytes, type 8 (bytes), the rank, sizes big-endian, elements.
 */
#include "digits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static char sentence[512];

static const char *wrong(const char *path, const char *what) {
    snprintf(sentence, sizeof sentence, "%s: %s", path, what);
    return sentence;
}

static int64_t big_endian(const unsigned char *b) {
    return (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

/* The first elements of a file, at most `max`, each of `bytes`; the caller frees *out. */
static const char *read_idx(const char *path, int rank, int64_t bytes, int64_t max,
                            unsigned char **out, int64_t *out_count) {
    unsigned char head[16];
    const int n_head = 4 + 4 * rank;
    gzFile f = gzopen(path, "rb");
    if (!f) return wrong(path, "cannot be opened");
    const char *failure = NULL;
    if (gzread(f, head, (unsigned)n_head) != n_head || head[2] != 8 || head[3] != rank)
        failure = wrong(path, "is no IDX file of digits");
    int64_t count = failure ? 0 : big_endian(head + 4);
    for (int i = 1; i < rank && !failure; i++)
        if (big_endian(head + 4 + 4 * i) != DIGIT_SIDE) failure = wrong(path, "is not of 28 x 28");
    if (count > max) count = max;
    *out = failure ? NULL : malloc((size_t)(count * bytes) + 1);
    if (!failure && !*out) failure = wrong(path, "no memory for it");
    if (!failure && gzread(f, *out, (unsigned)(count * bytes)) != (int)(count * bytes))
        failure = wrong(path, "ends too early");
    gzclose(f);
    *out_count = count;
    return failure;
}

/* Elements of both files, which belong together. */
static const char *convert(const char *dir, const unsigned char *images,
                           const unsigned char *labels, int64_t n_labels, digits_t *out) {
    if (out->count == 0 || out->count != n_labels)
        return wrong(dir, "has not a label for each image");
    out->images = malloc((size_t)out->count * DIGIT_PIXELS * sizeof *out->images);
    out->labels = malloc((size_t)out->count * sizeof *out->labels);
    if (!out->images || !out->labels) return wrong(dir, "no memory for it");
    for (int64_t i = 0; i < out->count * DIGIT_PIXELS; i++) out->images[i] = (float)images[i] / 255;
    for (int64_t i = 0; i < out->count; i++) {
        out->labels[i] = labels[i];
        if (labels[i] >= DIGIT_CLASSES) return wrong(dir, "has a label that is no digit");
    }
    return NULL;
}

const char *digits_read(const char *dir, const char *prefix, int64_t max, digits_t *out) {
    char path[1024];
    unsigned char *images = NULL, *labels = NULL;
    int64_t n_labels = 0;
    memset(out, 0, sizeof *out);
    snprintf(path, sizeof path, "%s/%s-images-idx3-ubyte.gz", dir, prefix);
    const char *failure = read_idx(path, 3, DIGIT_PIXELS, max, &images, &out->count);
    if (!failure) {
        snprintf(path, sizeof path, "%s/%s-labels-idx1-ubyte.gz", dir, prefix);
        failure = read_idx(path, 1, 1, max, &labels, &n_labels);
    }
    if (!failure) failure = convert(dir, images, labels, n_labels, out);
    free(images);
    free(labels);
    return failure;
}

void digits_release(digits_t *d) {
    free(d->images);
    free(d->labels);
    memset(d, 0, sizeof *d);
}
