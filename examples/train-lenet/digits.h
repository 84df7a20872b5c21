/* SPDX-License-Identifier: Apache-2.0 */
/* Handwritten digits from IDX files, as the MNIST set has them. */
#ifndef DIGITS_H
#define DIGITS_H

#include <stdint.h>

enum { DIGIT_SIDE = 28, DIGIT_PIXELS = DIGIT_SIDE * DIGIT_SIDE, DIGIT_CLASSES = 10 };

typedef struct digits_t {
    float *images;   /* [count, DIGIT_PIXELS], 0 .. 1 */
    int64_t *labels; /* [count], 0 .. 9 */
    int64_t count;
} digits_t;

/* Reads DIR/PREFIX-images-idx3-ubyte.gz and DIR/PREFIX-labels-idx1-ubyte.gz; at most `max` digits.
 * NULL, or what is wrong: a sentence. */
const char *digits_read(const char *dir, const char *prefix, int64_t max, digits_t *out);
void digits_release(digits_t *d);

#endif
