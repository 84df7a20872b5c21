/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs of seeded bytes, without a fuzzer. usage: random_graphs FIRST_SEED COUNT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BYTES_MAX = 160 };

static uint64_t next(uint64_t *state) { /* splitmix64 */
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

int main(int argc, char **argv) {
    const unsigned long first = argc > 1 ? strtoul(argv[1], NULL, 10) : 1,
                        count = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
    for (unsigned long seed = first; seed < first + count; seed++) {
        uint8_t bytes[BYTES_MAX];
        uint64_t state = seed;
        const size_t n = 8 + (size_t)(next(&state) % (BYTES_MAX - 8));
        for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)next(&state);
        fprintf(stderr, "seed %lu\n", seed); /* the last one is the one that failed */
        LLVMFuzzerTestOneInput(bytes, n);
    }
    printf("%lu graphs agree, seeds %lu to %lu\n", count, first, first + count - 1);
    return 0;
}
