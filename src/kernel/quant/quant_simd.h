/* SPDX-License-Identifier: Apache-2.0 */
/* The integer kernels besides the tile, written once over vec_*.h. */
#include "kernel/quant/quant.h"
#include <string.h>

VEC_FN vi32_t quant_dot(const anp_qform_t form, vi32_t acc, vi32_t a, vi32_t b) {
    (void)form; /* wide is all there is */
    return vi32_dot_i16(acc, a, b);
}
#include "kernel/quant/quant_tile_simd.h"

QUANT_TILE(tile_wide, ANP_QFORM_WIDE)

/* ---- cells ---- */

/* A vector of row g of a group (zeros when it is not there), turned, less the zero point, in its
 * place in the cell. */
VEC_FN vi32_t row_part(const uint8_t *row, size_t i, const bool full, size_t n, const int bits,
                       const int g, vi32_t flip, vi32_t zero) {
    if (!row) return vi32_set1(0);
    const vi32_t v = vi32_sub(vi32_xor(vi32_load_u8_n(row + i, full ? VEC_LEN : n), flip), zero);
    return vi32_shift_left(vi32_and(v, vi32_set1((1 << bits) - 1)), bits * g);
}

VEC_FN void cells_loop(size_t n, const uint8_t *const *row, const int group, vi32_t flip,
                       vi32_t zero, uint32_t *dst) {
    for (size_t i = 0; i < n; i += VEC_LEN) {
        const bool full = i + VEC_LEN <= n;
        vi32_t cell = vi32_set1(0);
        VEC_UNROLL
        for (int g = 0; g < group; g++) {
            const vi32_t part = full ? row_part(row[g], i, true, 0, 32 / group, g, flip, zero)
                                     : row_part(row[g], i, false, n - i, 32 / group, g, flip, zero);
            cell = vi32_or(cell, part);
        }
        vi32_store_n((int32_t *)dst + i, cell, full ? VEC_LEN : n - i);
    }
}

static void wide_cells(size_t n, const uint8_t *const row[2], bool is_signed, int32_t zero,
                       uint32_t *dst) {
    const int32_t flip = is_signed ? 128 : 0; /* i8 + 128 is the byte with its top bit turned */
    cells_loop(n, row, 2, vi32_set1(flip), vi32_set1(zero + flip), dst);
}

static void narrow_cells(size_t n, const uint8_t *const row[4], uint8_t flip, uint32_t *dst) {
    cells_loop(n, row, 4, vi32_set1(flip), vi32_set1(0), dst);
}

/* ---- finishing ---- */

/* A vector of sums as saturated integers, in f32. */
VEC_FN vf32_t finish_vector(vi32_t sums, vf32_t scale, const anp_qfinish_t *f) {
    const vf32_t low = vf32_set1((float)(f->lo - f->zero)),
                 high = vf32_set1((float)(f->hi - f->zero));
    const vf32_t v = vf32_round(vf32_mul(vi32_to_f32(sums), scale));
    return vf32_add(vf32_min2(vf32_max2(v, low), high), vf32_set1((float)f->zero));
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
        const vi32_t bias = vi32_load_n(f->bias + j, lanes);
        const vf32_t scale = f->scale ? vf32_load_n(f->scale + j, lanes) : vf32_zero();
        for (size_t i = 0; i < pixels; i++) {
            const vi32_t v = vi32_add(vi32_load_n(sums + i * ld + j, lanes), bias);
            if (f->scale) {
                store_bytes_n((uint8_t *)y + i * ldy + j, finish_vector(v, scale, f), lanes);
            } else {
                vi32_store_n((int32_t *)y + i * ldy + j, v, lanes);
            }
        }
    }
}

static void finish_planes(size_t pixels, size_t n, const int32_t *sums, size_t ld,
                          const anp_qfinish_t *f, void *y, size_t ldy) {
    for (size_t j = 0; j < n; j += VEC_LEN) {
        const size_t lanes = ANP_MIN(n - j, VEC_LEN);
        const vi32_t bias = vi32_load_n(f->bias + j, lanes);
        const vf32_t scale = f->scale ? vf32_load_n(f->scale + j, lanes) : vf32_zero();
        for (size_t i = 0; i < pixels; i += VEC_LEN) {
            const size_t here = ANP_MIN(pixels - i, VEC_LEN);
            vf32_t r[VEC_LEN];
            VEC_UNROLL
            for (size_t x = 0; x < VEC_LEN; x++) {
                const vi32_t sum =
                    x < here ? vi32_load_n(sums + (i + x) * ld + j, lanes) : vi32_set1(0);
                const vi32_t v = vi32_add(sum, bias);
                r[x] = f->scale ? finish_vector(v, scale, f) : vi32_bits(v);
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

static void finish_f32(size_t n, const float *sums, const anp_qfinish_t *f, void *y) {
    const vi32_t bias = vi32_set1(*f->bias);
    const vf32_t scale = vf32_set1(f->scale ? *f->scale : 0);
    for (size_t i = 0; i < n; i += VEC_LEN) {
        const size_t here = ANP_MIN(n - i, VEC_LEN);
        const vi32_t v = vi32_add(vf32_to_i32(vf32_load_n(sums + i, here)), bias);
        if (f->scale) {
            store_bytes_n((uint8_t *)y + i, finish_vector(v, scale, f), here);
        } else {
            vi32_store_n((int32_t *)y + i, v, here);
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
    t->finish_f32 = finish_f32;
    t->isa = VEC_ISA_NAME;
}
