/* SPDX-License-Identifier: Apache-2.0 */
/* The integer kernels besides the tile, written once over vec_*.h. */
#include "kernel/quant/quant_tile_simd.h"
#include <string.h>

QUANT_TILE(tile_wide, vi32_dot_i16)

/* ---- cells: loops the compiler turns into vectors of this ISA ---- */

static void wide_cells(size_t n, const uint8_t *const row[2], bool is_signed, int32_t zero,
                       uint32_t *dst) {
    static const uint8_t none[1];
    const uint8_t *r0 = row[0] ? row[0] : none, *r1 = row[1] ? row[1] : none;
    const uint32_t mask = (row[0] ? 0xffffu : 0) | (row[1] ? 0xffff0000u : 0);
    const size_t s0 = row[0] != NULL, s1 = row[1] != NULL;
    const uint8_t flip = is_signed ? 128 : 0; /* i8 + 128 is the byte with its top bit turned */
    const uint32_t z = (uint32_t)(zero + flip);
    if (s0 && s1) {
        for (size_t i = 0; i < n; i++)
            dst[i] = ((uint32_t)(uint8_t)(r0[i] ^ flip) - z) % 0x10000u |
                     ((uint32_t)(uint8_t)(r1[i] ^ flip) - z) << 16;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const uint32_t lo = (uint32_t)(uint8_t)(r0[i * s0] ^ flip) - z,
                       hi = (uint32_t)(uint8_t)(r1[i * s1] ^ flip) - z;
        dst[i] = (lo % 0x10000u | hi << 16) & mask;
    }
}

static void narrow_cells(size_t n, const uint8_t *const row[4], uint8_t flip, uint32_t *dst) {
    static const uint8_t none[1];
    const uint8_t *r[4];
    size_t s[4];
    uint32_t mask = 0;
    for (int g = 0; g < 4; g++) {
        r[g] = row[g] ? row[g] : none;
        s[g] = row[g] != NULL;
        if (row[g]) mask |= 0xffu << (8 * g);
    }
    const uint32_t turn = flip * 0x01010101u & mask;
    if (mask == UINT32_MAX) {
        const uint8_t *r0 = r[0], *r1 = r[1], *r2 = r[2], *r3 = r[3];
        for (size_t i = 0; i < n; i++)
            dst[i] =
                (r0[i] | (uint32_t)r1[i] << 8 | (uint32_t)r2[i] << 16 | (uint32_t)r3[i] << 24) ^
                turn;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t v = 0;
        for (int g = 0; g < 4; g++) v |= (uint32_t)r[g][i * s[g]] << (8 * g);
        dst[i] = v ^ turn;
    }
}

/* ---- finishing ---- */

/* A vector of sums as saturated integers, in f32. */
VEC_FN vf32_t finish_vector(vi32_t sums, const int32_t *bias, const float *scale, size_t n,
                            const anp_qfinish_t *f) {
    const vf32_t low = vf32_set1((float)(f->lo - f->zero)),
                 high = vf32_set1((float)(f->hi - f->zero));
    const vf32_t v =
        vf32_mul(vi32_to_f32(vi32_add(sums, vi32_load_n(bias, n))), vf32_load_n(scale, n));
    return vf32_add(vf32_min2(vf32_max2(vf32_round(v), low), high), vf32_set1((float)f->zero));
}

VEC_FN void store_bytes_n(uint8_t *p, vf32_t v, size_t n) {
    if (n == VEC_LEN) {
        vf32_store_bytes(p, v);
        return;
    }
    uint8_t bytes[VEC_LEN];
    vf32_store_bytes(bytes, v);
    memcpy(p, bytes, n);
}

static void finish_rows(size_t pixels, size_t n, const int32_t *sums, size_t ld,
                        const anp_qfinish_t *f, void *y, size_t ldy) {
    for (size_t j = 0; j < n; j += VEC_LEN) {
        const size_t lanes = ANP_MIN(n - j, VEC_LEN);
        for (size_t i = 0; i < pixels; i++) {
            const vi32_t v = vi32_load_n(sums + i * ld + j, lanes);
            if (f->scale) {
                store_bytes_n((uint8_t *)y + i * ldy + j,
                              finish_vector(v, f->bias + j, f->scale + j, lanes, f), lanes);
            } else {
                vi32_store_n((int32_t *)y + i * ldy + j,
                             vi32_add(v, vi32_load_n(f->bias + j, lanes)), lanes);
            }
        }
    }
}

static void finish_planes(size_t pixels, size_t n, const int32_t *sums, size_t ld,
                          const anp_qfinish_t *f, void *y, size_t ldy) {
    for (size_t j = 0; j < n; j += VEC_LEN) {
        const size_t lanes = ANP_MIN(n - j, VEC_LEN);
        for (size_t i = 0; i < pixels; i += VEC_LEN) {
            const size_t here = ANP_MIN(pixels - i, VEC_LEN);
            vf32_t r[VEC_LEN];
            VEC_UNROLL
            for (size_t x = 0; x < VEC_LEN; x++) {
                const vi32_t v =
                    x < here ? vi32_load_n(sums + (i + x) * ld + j, lanes) : vi32_set1(0);
                r[x] = f->scale ? finish_vector(v, f->bias + j, f->scale + j, lanes, f)
                                : vi32_bits(vi32_add(v, vi32_load_n(f->bias + j, lanes)));
            }
            vf32_transpose(r);
            VEC_UNROLL
            for (size_t x = 0; x < VEC_LEN; x++) {
                const size_t at = (j + x) * ldy + i;
                if (x < lanes && f->scale) store_bytes_n((uint8_t *)y + at, r[x], here);
                if (x < lanes && !f->scale) vi32_store_n((int32_t *)y + at, vf32_bits(r[x]), here);
            }
        }
    }
}

void VEC_ISA(anp_quant_init)(anp_quant_t *t) {
    t->form[ANP_QFORM_WIDE] =
        (anp_qtile_t){.mr = QUANT_MR, .nr = QUANT_NR, .group = 2, .tile = tile_wide};
    t->wide_cells = wide_cells;
    t->narrow_cells = narrow_cells;
    t->finish_rows = finish_rows;
    t->finish_planes = finish_planes;
    t->isa = VEC_ISA_NAME;
}
