/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of steps: what each operator's tensors and parameters must satisfy. */
#include "vendor_code.h"
#include <string.h>

enum { VN_WINDOW_MAX = 1 << 20 }; /* of strides, pads, dilations: keeps their products in range */

int64_t vn_count(const vn_tensor_t *t) {
    int64_t n = 1;
    for (uint32_t i = 0; i < t->rank; i++) {
        if (t->dims[i] < 0 || (t->dims[i] > 0 && n > (INT64_C(1) << 40) / t->dims[i])) return -1;
        n *= t->dims[i];
    }
    return n;
}

uint32_t vn_elem_bytes(uint32_t dtype) {
    switch (dtype) {
    case ANP_DTYPE_F32:
    case ANP_DTYPE_I32: return 4;
    case ANP_DTYPE_I64: return 8;
    case ANP_DTYPE_BOOL: return 1;
    default: return 0;
    }
}

bool vn_broadcasts(const vn_tensor_t *b, const vn_tensor_t *out) {
    if (b->rank > out->rank) return false;
    for (uint32_t i = 0; i < b->rank; i++)
        if (b->dims[i] != 1 && b->dims[i] != out->dims[out->rank - b->rank + i]) return false;
    return true;
}

static bool same_dims(const vn_tensor_t *a, const vn_tensor_t *b) {
    return a->rank == b->rank && memcmp(a->dims, b->dims, a->rank * sizeof a->dims[0]) == 0;
}

static bool dims_are(const vn_tensor_t *t, uint32_t rank, const int64_t *dims) {
    return t->rank == rank && memcmp(t->dims, dims, rank * sizeof *dims) == 0;
}

/* What a rule sees: operands that are not given are NULL. */
typedef struct shapes_t {
    const vn_step_t *s;
    const vn_tensor_t *in[VN_IN_MAX], *out;
} shapes_t;

/* ---- a rule per operator: true when all holds ---- */

static bool check_copy(const shapes_t *c) {
    return vn_count(c->in[0]) == vn_count(c->out);
}

static bool check_binary(const shapes_t *c) {
    if (!vn_broadcasts(c->in[0], c->out) || !vn_broadcasts(c->in[1], c->out)) return false;
    return c->in[0]->dtype == c->in[1]->dtype;
}

/* out[2 + axis] of a window over in[2 + axis] */
static bool window_fits(const shapes_t *c, uint32_t axis, int64_t kernel) {
    const int64_t *p = c->s->i, stride = p[VN_I_STRIDE + axis], dilation = p[VN_I_DILATION + axis];
    const int64_t begin = p[VN_I_PAD + axis], end = p[VN_I_PAD + 2 + axis];
    if (stride < 1 || stride > VN_WINDOW_MAX || dilation < 1 || dilation > VN_WINDOW_MAX)
        return false;
    if (begin < 0 || begin > VN_WINDOW_MAX || end < 0 || end > VN_WINDOW_MAX) return false;
    if (kernel < 1 || kernel > VN_WINDOW_MAX) return false;
    const int64_t room = c->in[0]->dims[2 + axis] + begin + end - dilation * (kernel - 1) - 1;
    return room >= 0 && c->out->dims[2 + axis] == room / stride + 1;
}

static bool check_conv(const shapes_t *c) {
    const vn_tensor_t *x = c->in[0], *w = c->in[1], *bias = c->in[2], *added = c->in[3];
    const int64_t group = c->s->i[VN_I_GROUP];
    if (x->rank != 4 || w->rank != 4 || c->out->rank != 4 || group < 1) return false;
    if (x->dims[1] % group || w->dims[0] % group || w->dims[1] != x->dims[1] / group) return false;
    if (c->out->dims[0] != x->dims[0] || c->out->dims[1] != w->dims[0]) return false;
    if (bias && !dims_are(bias, 1, &w->dims[0])) return false;
    if (added && !same_dims(added, c->out)) return false;
    return window_fits(c, 0, w->dims[2]) && window_fits(c, 1, w->dims[3]);
}

static bool check_pool(const shapes_t *c) {
    const vn_tensor_t *x = c->in[0];
    if (x->rank != 4 || c->out->rank != 4) return false;
    if (c->out->dims[0] != x->dims[0] || c->out->dims[1] != x->dims[1]) return false;
    return window_fits(c, 0, c->s->i[VN_I_KERNEL]) && window_fits(c, 1, c->s->i[VN_I_KERNEL + 1]);
}

static bool check_gemm(const shapes_t *c) {
    const vn_tensor_t *a = c->in[0], *b = c->in[1];
    if (a->rank != 2 || b->rank != 2) return false;
    const bool ta = c->s->i[VN_I_TRANS_A] != 0, tb = c->s->i[VN_I_TRANS_B] != 0;
    const int64_t dims[2] = {a->dims[ta], b->dims[!tb]};
    if (a->dims[!ta] != b->dims[tb] || !dims_are(c->out, 2, dims)) return false;
    return !c->in[2] || vn_broadcasts(c->in[2], c->out);
}

static bool check_matmul(const shapes_t *c) {
    vn_tensor_t a = *c->in[0], b = *c->in[1];
    const vn_tensor_t *out = c->out;
    if (a.rank < 2 || b.rank < 2 || out->rank < 2) return false;
    if (a.dims[a.rank - 1] != b.dims[b.rank - 2]) return false;
    a.dims[a.rank - 1] = b.dims[b.rank - 2] = 1; /* what is left follows the output */
    if (a.dims[a.rank - 2] != out->dims[out->rank - 2] ||
        b.dims[b.rank - 1] != out->dims[out->rank - 1])
        return false;
    return vn_broadcasts(&a, out) && vn_broadcasts(&b, out) &&
           (!c->in[2] || vn_broadcasts(c->in[2], out));
}

static bool axis_fits(const shapes_t *c, int64_t lowest) {
    const int64_t axis = c->s->i[VN_I_AXIS];
    return axis >= lowest && axis < (int64_t)c->in[0]->rank;
}

static bool check_softmax(const shapes_t *c) {
    return axis_fits(c, 0) && same_dims(c->in[0], c->out);
}

static bool check_transpose(const shapes_t *c) {
    uint32_t seen = 0;
    if (c->out->rank != c->in[0]->rank) return false;
    for (uint32_t i = 0; i < c->out->rank; i++) {
        const int64_t from = c->s->i[i];
        if (from < 0 || from >= (int64_t)c->out->rank || c->out->dims[i] != c->in[0]->dims[from])
            return false;
        seen |= 1u << from;
    }
    return seen == (1u << c->out->rank) - 1;
}

static bool is_index(const vn_tensor_t *t) {
    return t->dtype == ANP_DTYPE_I64 || t->dtype == ANP_DTYPE_I32;
}

static bool check_gather(const shapes_t *c) {
    const vn_tensor_t *x = c->in[0], *at = c->in[1], *out = c->out;
    if (!axis_fits(c, 0) || !is_index(at) || out->rank != x->rank + at->rank - 1) return false;
    const uint32_t axis = (uint32_t)c->s->i[VN_I_AXIS];
    return memcmp(out->dims, x->dims, axis * sizeof x->dims[0]) == 0 &&
           memcmp(out->dims + axis, at->dims, at->rank * sizeof x->dims[0]) == 0 &&
           memcmp(out->dims + axis + at->rank, x->dims + axis + 1,
                  (x->rank - axis - 1) * sizeof x->dims[0]) == 0;
}

static bool check_rms_norm(const shapes_t *c) {
    if (!axis_fits(c, 0) || !same_dims(c->in[0], c->out)) return false;
    const uint32_t axis = (uint32_t)c->s->i[VN_I_AXIS];
    return dims_are(c->in[1], c->in[0]->rank - axis, c->in[0]->dims + axis);
}

/* X [N, H, S, D]; caches [P, R/2] read at position_ids [N, S], or [N, S, R/2] */
static bool check_rotary(const shapes_t *c) {
    const vn_tensor_t *x = c->in[0], *cos = c->in[1], *sin = c->in[2], *ids = c->in[3];
    const int64_t turned = c->s->i[VN_I_ROTARY_DIM];
    if (x->rank != 4 || !same_dims(x, c->out) || !same_dims(cos, sin)) return false;
    if (turned < 0 || turned > x->dims[3] || turned % 2) return false;
    const int64_t at[2] = {x->dims[0], x->dims[2]}, direct[3] = {at[0], at[1], turned / 2};
    if (!ids) return dims_are(cos, 3, direct);
    return cos->rank == 2 && cos->dims[1] == turned / 2 && dims_are(ids, 2, at) && is_index(ids);
}

/* past [N, ..., L, ...], update alike with fewer along `axis`, write_indices [N] */
static bool check_scatter(const shapes_t *c) {
    const vn_tensor_t *past = c->in[0], *update = c->in[1], *at = c->in[2];
    if (!axis_fits(c, 1) || !same_dims(past, c->out) || update->rank != past->rank) return false;
    if (update->dtype != past->dtype) return false;
    for (uint32_t i = 0; i < past->rank; i++) {
        const bool along = i == (uint32_t)c->s->i[VN_I_AXIS];
        if (along ? update->dims[i] > past->dims[i] : update->dims[i] != past->dims[i])
            return false;
    }
    return !at || (dims_are(at, 1, &past->dims[0]) && is_index(at));
}

/* Q [N, HQ, S, D], K [N, HK, T, D], V [N, HK, T, DV]; mask to [N, HQ, S, T]; kv lengths [N] */
static bool check_attention(const shapes_t *c) {
    const vn_tensor_t *q = c->in[0], *k = c->in[1], *v = c->in[2], *mask = c->in[3],
                      *len = c->in[4];
    if (q->rank != 4 || k->rank != 4 || v->rank != 4) return false;
    if (k->dims[1] < 1 || q->dims[1] % k->dims[1]) return false;
    const int64_t key[4] = {q->dims[0], k->dims[1], k->dims[2], q->dims[3]};
    const int64_t value[4] = {q->dims[0], k->dims[1], k->dims[2], v->dims[3]};
    const int64_t out[4] = {q->dims[0], q->dims[1], q->dims[2], v->dims[3]};
    vn_tensor_t scores = *q;
    scores.dims[3] = k->dims[2];
    if (!dims_are(k, 4, key) || !dims_are(v, 4, value) || !dims_are(c->out, 4, out)) return false;
    if (mask && !vn_broadcasts(mask, &scores)) return false;
    return !len || (dims_are(len, 1, &q->dims[0]) && is_index(len));
}

/* ---- all ---- */

/* types: of each operand, '?' in front when it may be missing. f f32, i an index, d any with 4 or 8
 * bytes, m f32 or bool. The output has the type of operand 0. */
typedef struct op_check_t {
    const char *types;
    bool (*check)(const shapes_t *c);
} op_check_t;

static const op_check_t checks[VN_OPS] = {
    [VN_COPY] = {"d", check_copy},           [VN_ADD] = {"dd", check_binary},
    [VN_MUL] = {"dd", check_binary},         [VN_CONV] = {"ff?f?f", check_conv},
    [VN_POOL] = {"f", check_pool},           [VN_GEMM] = {"ff?f", check_gemm},
    [VN_MATMUL] = {"ff?f", check_matmul},    [VN_SOFTMAX] = {"f", check_softmax},
    [VN_TRANSPOSE] = {"d", check_transpose}, [VN_GATHER] = {"di", check_gather},
    [VN_RMS_NORM] = {"ff", check_rms_norm},  [VN_ROTARY] = {"fff?i", check_rotary},
    [VN_SCATTER] = {"dd?i", check_scatter},  [VN_ATTENTION] = {"fff?m?i", check_attention},
};

static bool type_fits(char type, uint32_t dtype) {
    switch (type) {
    case 'f': return dtype == ANP_DTYPE_F32;
    case 'i': return dtype == ANP_DTYPE_I64 || dtype == ANP_DTYPE_I32;
    case 'd': return vn_elem_bytes(dtype) >= 4;
    default: return dtype == ANP_DTYPE_F32 || dtype == ANP_DTYPE_BOOL;
    }
}

bool vn_types_fit(uint32_t op, uint32_t act, const uint32_t in[VN_IN_MAX], uint32_t out) {
    uint32_t n = 0;
    for (const char *t = checks[op].types; *t; t++, n++) {
        const bool optional = *t == '?';
        if (optional) t++;
        if (in[n] == ANP_DTYPE_NONE ? !optional : !type_fits(*t, in[n])) return false;
    }
    for (; n < VN_IN_MAX; n++)
        if (in[n] != ANP_DTYPE_NONE) return false;
    return out == in[0] && (act == VN_ACT_NONE || out == ANP_DTYPE_F32);
}

bool vn_step_check(const vn_step_t *s, const vn_tensor_t *tensors, const char **out_why) {
    shapes_t c = {.s = s, .out = &tensors[s->out]};
    uint32_t types[VN_IN_MAX];
    for (uint32_t i = 0; i < VN_IN_MAX; i++) {
        c.in[i] = s->in[i] == VN_NONE ? NULL : &tensors[s->in[i]];
        types[i] = c.in[i] ? c.in[i]->dtype : ANP_DTYPE_NONE;
    }
    *out_why = "operands are missing or of types that are not done here";
    if (!vn_types_fit(s->op, s->act, types, c.out->dtype)) return false;
    *out_why = "shapes and attributes do not fit each other";
    return checks[s->op].check(&c);
}
