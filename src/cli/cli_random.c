/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded random tensors: the same numbers on every machine. */
#include "cli_inputs.h"
#include <math.h>

enum { CHUNK = 1024 };

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
