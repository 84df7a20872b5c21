/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of operators that move elements: each result is one of the inputs' elements, found by
 * its coordinates. */
#include "prop.h"

/* An input of one to five axes. */
static pt_t *draw_data(prop_t *p, uint32_t lo, uint32_t hi) {
    int64_t dims[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, lo, hi, dims);
    p->specials = true;
    return prop_input(p, dtype, rank, dims);
}

/* y has the elements of x in the same order. */
static void same_order(prop_t *p, const pt_t *x, uint32_t rank, const int64_t *dims) {
    pt_t *y = prop_output(p, x->dtype, rank, dims);
    if (y->n == x->n && x->n) memcpy(y->v, x->v, (size_t)x->n * sizeof *x->v);
}

void prop_identity(prop_t *p) {
    const pt_t *x = draw_data(p, 0, 5);
    same_order(p, x, x->rank, x->dims);
}

void prop_flatten(prop_t *p) {
    const pt_t *x = draw_data(p, 1, 5);
    const uint32_t axis = prop_pick(p, x->rank + 1);
    prop_int(p, "axis", axis < x->rank && prop_pick(p, 2) ? (int64_t)axis - x->rank : axis);
    int64_t dims[2] = {1, 1};
    for (uint32_t a = 0; a < x->rank; a++) dims[a >= axis] *= x->dims[a];
    same_order(p, x, 2, dims);
}

/* Two axes become one, or one size is left to be found. */
void prop_reshape(prop_t *p) {
    const pt_t *x = draw_data(p, 2, 5);
    int64_t shape[PT_RANK_MAX], dims[PT_RANK_MAX];
    const uint32_t joined = prop_pick(p, x->rank - 1), rank = x->rank - 1;
    for (uint32_t a = 0; a < rank; a++) shape[a] = dims[a] = x->dims[a + (a > joined)];
    dims[joined] = shape[joined] = x->dims[joined] * x->dims[joined + 1];
    if (x->n && prop_pick(p, 2)) shape[joined] = -1;
    if (joined > 0 && prop_pick(p, 2)) shape[0] = 0; /* the input's */
    if (x->n == 0) p->skip = true;                   /* what 0 means then is another property */
    prop_input_ints(p, shape, rank);
    same_order(p, x, rank, dims);
}

void prop_squeeze(prop_t *p) {
    int64_t dims[PT_RANK_MAX], left[PT_RANK_MAX], axes[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 1, 5, dims);
    uint32_t n = 0, n_axes = 0;
    const bool all = prop_pick(p, 3) == 0;
    for (uint32_t a = 0; a < rank; a++) {
        if (prop_pick(p, 2)) dims[a] = 1;
        const bool drop = dims[a] == 1 && (all || prop_pick(p, 2));
        if (drop)
            axes[n_axes++] = prop_pick(p, 2) ? a : (int64_t)a - rank;
        else
            left[n++] = dims[a];
    }
    const pt_t *x = prop_input(p, dtype, rank, dims);
    if (!all) prop_input_ints(p, axes, n_axes);
    if (!all && n_axes == 0)
        p->skip = true; /* an empty list means nothing in one place and all in another */
    same_order(p, x, n, left);
}

void prop_unsqueeze(prop_t *p) {
    const pt_t *x = draw_data(p, 0, 4);
    const uint32_t rank = x->rank + 1 + prop_pick(p, 2);
    int64_t dims[PT_RANK_MAX], axes[2];
    uint32_t n_axes = 0, from = 0;
    const uint32_t first = prop_pick(p, rank),
                   second =
                       rank > x->rank + 1 ? (first + 1 + prop_pick(p, rank - 1)) % rank : first;
    for (uint32_t a = 0; a < rank; a++) dims[a] = a == first || a == second ? 1 : x->dims[from++];
    axes[n_axes++] = prop_pick(p, 2) ? first : (int64_t)first - rank;
    if (second != first) axes[n_axes++] = second;
    prop_input_ints(p, axes, n_axes);
    same_order(p, x, rank, dims);
}

void prop_transpose(prop_t *p) {
    const pt_t *x = draw_data(p, 0, 6);
    int64_t perm[PT_RANK_MAX], dims[PT_RANK_MAX], c[PT_RANK_MAX], from[PT_RANK_MAX];
    const bool given = prop_pick(p, 4);
    for (uint32_t a = 0; a < x->rank; a++) perm[a] = given ? a : x->rank - 1 - a;
    for (uint32_t a = 0; given && a + 1 < x->rank; a++) {
        const uint32_t b = a + prop_pick(p, x->rank - a);
        const int64_t t = perm[a];
        perm[a] = perm[b];
        perm[b] = t;
    }
    if (given) prop_ints(p, "perm", perm, x->rank);
    for (uint32_t a = 0; a < x->rank; a++) dims[a] = x->dims[perm[a]];
    pt_t *y = prop_output(p, x->dtype, x->rank, dims);
    for (int64_t i = 0; i < y->n; i++) {
        pt_coords(y, i, c);
        for (uint32_t a = 0; a < x->rank; a++) from[perm[a]] = c[a];
        y->v[i] = x->v[pt_index(x, from)];
    }
}

void prop_concat(prop_t *p) {
    const pt_t *x = draw_data(p, 1, 4);
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX];
    uint32_t axis;
    prop_int(p, "axis", prop_axis(p, x->rank, &axis));
    memcpy(dims, x->dims, sizeof dims);
    const uint32_t n = 1 + prop_pick(p, 4);
    int64_t sum = dims[axis];
    for (uint32_t k = 1; k < n; k++) {
        sum += dims[axis] = prop_range(p, 0, 4);
        prop_input(p, x->dtype, x->rank, dims);
    }
    dims[axis] = sum;
    pt_t *y = prop_output(p, x->dtype, x->rank, dims);
    for (int64_t i = 0; i < y->n; i++) {
        uint32_t k = 0;
        pt_coords(y, i, c);
        while (c[axis] >= p->in[k].dims[axis]) c[axis] -= p->in[k++].dims[axis];
        y->v[i] = p->in[k].v[pt_index(&p->in[k], c)];
    }
}

void prop_split(prop_t *p) {
    const pt_t *x = draw_data(p, 1, 4);
    uint32_t axis;
    prop_int(p, "axis", prop_axis(p, x->rank, &axis));
    const int64_t size = x->dims[axis];
    int64_t sizes[3], c[PT_RANK_MAX];
    const bool by_count = prop_pick(p, 2);
    const uint32_t n = 1 + prop_pick(p, 3);
    if (by_count) {
        const int64_t each = (size + n - 1) / n;
        for (uint32_t k = 0; k < n; k++) sizes[k] = k + 1 < n ? each : size - each * (n - 1);
        if (sizes[n - 1] < 0 || size == 0) p->skip = true;
        prop_int(p, "num_outputs", n);
    } else {
        int64_t left = size;
        for (uint32_t k = 0; k + 1 < n; k++) left -= sizes[k] = prop_range(p, 0, left);
        sizes[n - 1] = left;
        prop_input_ints(p, sizes, n);
    }
    int64_t start = 0;
    for (uint32_t k = 0; k < n && !p->skip; k++) {
        int64_t dims[PT_RANK_MAX];
        memcpy(dims, p->in[0].dims, sizeof dims);
        dims[axis] = sizes[k];
        pt_t *y = prop_output(p, p->in[0].dtype, p->in[0].rank, dims);
        for (int64_t i = 0; i < y->n; i++) {
            pt_coords(y, i, c);
            c[axis] += start;
            y->v[i] = p->in[0].v[pt_index(&p->in[0], c)];
        }
        start += sizes[k];
    }
}

void prop_slice(prop_t *p) {
    const pt_t *x = draw_data(p, 1, 4);
    int64_t starts[PT_RANK_MAX], ends[PT_RANK_MAX], axes[PT_RANK_MAX], steps[PT_RANK_MAX];
    int64_t first[PT_RANK_MAX] = {0}, step_of[PT_RANK_MAX], dims[PT_RANK_MAX], c[PT_RANK_MAX];
    const pt_t in = *x;
    uint32_t n = 0;
    for (uint32_t a = 0; a < in.rank; a++) {
        const int64_t size = in.dims[a];
        dims[a] = size;
        step_of[a] = 1;
        if (prop_pick(p, 2)) continue;
        const int64_t step = prop_pick(p, 2) ? prop_range(p, 1, 3) : -prop_range(p, 1, 3);
        const int64_t start = prop_range(p, -size - 2, size + 2),
                      end = prop_pick(p, 4) ? prop_range(p, -size - 2, size + 2)
                            : step > 0      ? INT64_MAX
                                            : INT64_MIN + 1;
        int64_t lo = start < 0 ? start + size : start,
                hi = end < 0 && end > -1000 ? end + size : end;
        const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
        lo = lo < 0 ? 0 : lo > high ? high : lo; /* backwards too, where Python says -1 */
        hi = hi < low ? low : hi > high ? high : hi;
        int64_t count = 0;
        for (int64_t i = lo; size > 0 && (step > 0 ? i < hi : i > hi); i += step) count++;
        first[a] = lo;
        step_of[a] = step;
        dims[a] = count;
        starts[n] = start;
        ends[n] = end;
        axes[n] = prop_pick(p, 2) ? a : (int64_t)a - in.rank;
        steps[n++] = step;
    }
    prop_input_ints(p, starts, n);
    prop_input_ints(p, ends, n);
    prop_input_ints(p, axes, n);
    prop_input_ints(p, steps, n);
    for (uint32_t k = 0; k < n; k++)
        if (ends[k] < -1000 || ends[k] > 1000)
            p->in[2].v[k] = ends[k] < 0 ? -0x1p62 : 0x1p62; /* exact in f64 */
    pt_t *y = prop_output(p, in.dtype, in.rank, dims);
    for (int64_t i = 0; i < y->n; i++) {
        pt_coords(y, i, c);
        for (uint32_t a = 0; a < in.rank; a++) c[a] = first[a] + c[a] * step_of[a];
        y->v[i] = in.v[pt_index(&in, c)];
    }
}

/* Where coordinate i of an axis of `size` comes from; -1: the constant. */
static int64_t padded(const char *mode, int64_t i, int64_t size) {
    if (i >= 0 && i < size) return i;
    if (strcmp(mode, "edge") == 0) return i < 0 ? 0 : size - 1;
    if (strcmp(mode, "wrap") == 0) return ((i % size) + size) % size;
    if (strcmp(mode, "constant") == 0) return -1;
    return i < 0 ? -i : 2 * (size - 1) - i; /* reflect, pads below size */
}

void prop_pad(prop_t *p) {
    static const char *const modes[] = {"constant", "edge", "reflect", "wrap"};
    const char *mode = modes[prop_pick(p, 4)];
    const pt_t x = *draw_data(p, 1, 4);
    const bool negative = prop_pick(p, 4) == 0;
    int64_t pads[2 * PT_RANK_MAX], dims[PT_RANK_MAX], c[PT_RANK_MAX];
    for (uint32_t a = 0; a < x.rank; a++) {
        const int64_t most = strcmp(mode, "constant") == 0  ? 3
                             : strcmp(mode, "reflect") == 0 ? x.dims[a] - 1
                                                            : x.dims[a];
        for (int side = 0; side < 2; side++)
            pads[a + side * x.rank] = prop_range(p, negative ? -1 : 0,
                                                 most > 3   ? 3
                                                 : most > 0 ? most
                                                            : 0);
        dims[a] = x.dims[a] + pads[a] + pads[a + x.rank];
        if (dims[a] < 0 || (x.dims[a] == 0 && strcmp(mode, "constant") != 0)) p->skip = true;
        if (x.dims[a] + (pads[a] < 0 ? pads[a] : 0) +
                (pads[a + x.rank] < 0 ? pads[a + x.rank] : 0) <
            0)
            p->skip = true;
    }
    /* what a negative pad cuts off is not there for the other side to repeat */
    if (negative && strcmp(mode, "constant") != 0) p->skip = true;
    if (p->skip) return;
    prop_string(p, "mode", mode);
    prop_input_ints(p, pads, 2 * x.rank);
    const bool given = strcmp(mode, "constant") == 0 && prop_pick(p, 2);
    if (given) prop_input(p, x.dtype, 0, NULL);
    const double constant = given ? p->in[2].v[0] : 0;
    pt_t *y = prop_output(p, x.dtype, x.rank, dims);
    for (int64_t i = 0; i < y->n; i++) {
        pt_coords(y, i, c);
        for (uint32_t a = 0; a < x.rank; a++) c[a] = padded(mode, c[a] - pads[a], x.dims[a]);
        const int64_t at = pt_index(&x, c);
        y->v[i] = at < 0 ? constant : x.v[at];
    }
}

void prop_expand(prop_t *p) {
    const pt_t x = *draw_data(p, 0, 3);
    int64_t shape[PT_RANK_MAX], dims[PT_RANK_MAX], c[PT_RANK_MAX];
    const uint32_t more = prop_pick(p, 3), rank = x.rank + more;
    for (uint32_t a = 0; a < rank; a++) {
        const int64_t size = a < more ? 1 : x.dims[a - more];
        shape[a] = size == 1 ? prop_range(p, 1, 4) : prop_pick(p, 2) ? size : 1;
        dims[a] = size == 1 ? shape[a] : size;
    }
    prop_input_ints(p, shape, rank);
    pt_t *y = prop_output(p, x.dtype, rank, dims);
    for (int64_t i = 0; i < y->n; i++) {
        pt_coords(y, i, c);
        y->v[i] = pt_broadcast(&x, rank, c);
    }
}

void prop_tile(prop_t *p) {
    const pt_t x = *draw_data(p, 1, 4);
    int64_t repeats[PT_RANK_MAX], dims[PT_RANK_MAX], c[PT_RANK_MAX];
    for (uint32_t a = 0; a < x.rank; a++) dims[a] = x.dims[a] * (repeats[a] = prop_range(p, 0, 3));
    prop_input_ints(p, repeats, x.rank);
    pt_t *y = prop_output(p, x.dtype, x.rank, dims);
    for (int64_t i = 0; i < y->n; i++) {
        pt_coords(y, i, c);
        for (uint32_t a = 0; a < x.rank; a++) c[a] %= x.dims[a];
        y->v[i] = x.v[pt_index(&x, c)];
    }
}

/* [n, c * b * b, h, w] and [n, c, h * b, w * b]; which channel lies where, by mode. */
static int64_t deep_channel(const char *mode, int64_t ch, int64_t dy, int64_t dx, int64_t b,
                            int64_t channels) {
    return strcmp(mode, "DCR") == 0 ? (dy * b + dx) * channels + ch : ch * b * b + dy * b + dx;
}

void prop_depth_to_space(prop_t *p) {
    const bool to_space = strcmp(p->op->name, "DepthToSpace") == 0;
    const char *mode = to_space && prop_pick(p, 2) ? "CRD" : "DCR";
    const int64_t b = prop_range(p, 1, 3), n = prop_range(p, 0, 2), ch = prop_range(p, 1, 4),
                  h = prop_range(p, 1, 4), w = prop_range(p, 1, 4);
    const int64_t deep[4] = {n, ch * b * b, h, w}, wide[4] = {n, ch, h * b, w * b};
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const pt_t *x = prop_input(p, dtype, 4, to_space ? deep : wide);
    pt_t *y = prop_output(p, dtype, 4, to_space ? wide : deep);
    prop_int(p, "blocksize", b);
    if (strcmp(mode, "CRD") == 0) prop_string(p, "mode", mode);
    const pt_t *space = to_space ? y : x, *depth = to_space ? x : y;
    for (int64_t i = 0; i < space->n; i++) {
        int64_t c[4];
        pt_coords(space, i, c);
        const int64_t d[4] = {c[0], deep_channel(mode, c[1], c[2] % b, c[3] % b, b, ch), c[2] / b,
                              c[3] / b};
        const int64_t k = pt_index(depth, d);
        y->v[to_space ? i : k] = x->v[to_space ? k : i];
    }
}

void prop_trilu(prop_t *p) {
    const pt_t x = *draw_data(p, 2, 4);
    const bool upper = prop_pick(p, 2);
    const int64_t k = prop_range(p, -3, 3);
    int64_t c[PT_RANK_MAX];
    prop_int(p, "upper", upper);
    if (prop_pick(p, 3)) {
        prop_input_ints(p, &k, 1);
        p->in[1].rank = 0;
    }
    const int64_t shift = p->n_in > 1 ? k : 0;
    pt_t *y = prop_output(p, x.dtype, x.rank, x.dims);
    for (int64_t i = 0; i < y->n; i++) {
        pt_coords(y, i, c);
        const int64_t d = c[x.rank - 1] - c[x.rank - 2];
        y->v[i] = (upper ? d >= shift : d <= shift) ? x.v[i] : 0;
    }
}

/* ---- indices ---- */

static pt_t *draw_indices(prop_t *p, uint32_t rank, const int64_t *dims, int64_t size) {
    const anp_dtype_t dtype = anp_op_type_allows(p->op, "Tind", ANP_DTYPE_I32) && prop_pick(p, 2)
                                  ? ANP_DTYPE_I32
                                  : ANP_DTYPE_I64;
    return prop_input_in(p, dtype, rank, dims, -(double)size, (double)size - 1);
}

static int64_t counted(double index, int64_t size) { /* negative: from the end */
    return index < 0 ? (int64_t)index + size : (int64_t)index;
}

void prop_gather(prop_t *p) {
    const pt_t x = *draw_data(p, 1, 4);
    uint32_t axis;
    int64_t idims[PT_RANK_MAX], dims[PT_RANK_MAX], c[PT_RANK_MAX], from[PT_RANK_MAX];
    prop_int(p, "axis", prop_axis(p, x.rank, &axis));
    const uint32_t irank = prop_dims(p, 0, 2, idims), rank = x.rank - 1 + irank;
    if (x.dims[axis] == 0) p->skip = true;
    const pt_t ind = *draw_indices(p, irank, idims, x.dims[axis]);
    for (uint32_t a = 0; a < rank; a++)
        dims[a] = a < axis ? x.dims[a] : a < axis + irank ? idims[a - axis] : x.dims[a - irank + 1];
    pt_t *y = prop_output(p, x.dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        for (uint32_t a = 0; a < x.rank; a++)
            from[a] = a < axis ? c[a] : a > axis ? c[a + irank - 1] : 0;
        from[axis] = counted(ind.v[pt_index(&ind, c + axis)], x.dims[axis]);
        y->v[i] = x.v[pt_index(&x, from)];
    }
}

void prop_gather_elements(prop_t *p) {
    const pt_t x = *draw_data(p, 1, 4);
    uint32_t axis;
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX];
    prop_int(p, "axis", prop_axis(p, x.rank, &axis));
    for (uint32_t a = 0; a < x.rank; a++) dims[a] = prop_range(p, 0, a == axis ? 5 : x.dims[a]);
    if (x.dims[axis] == 0) p->skip = true;
    const pt_t ind = *draw_indices(p, x.rank, dims, x.dims[axis]);
    pt_t *y = prop_output(p, x.dtype, x.rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        c[axis] = counted(ind.v[i], x.dims[axis]);
        y->v[i] = x.v[pt_index(&x, c)];
    }
}

void prop_gather_nd(prop_t *p) {
    const pt_t x = *draw_data(p, 1, 4);
    const uint32_t batch = prop_pick(p, x.rank), depth = 1 + prop_pick(p, x.rank - batch);
    int64_t idims[PT_RANK_MAX], dims[PT_RANK_MAX], c[PT_RANK_MAX], from[PT_RANK_MAX];
    prop_int(p, "batch_dims", batch);
    uint32_t irank = 0, rank = 0;
    for (uint32_t a = 0; a < batch; a++) idims[irank++] = x.dims[a];
    if (prop_pick(p, 2)) idims[irank++] = prop_range(p, 1, 4);
    for (uint32_t a = 0; a < irank; a++) dims[rank++] = idims[a];
    idims[irank++] = depth;
    for (uint32_t a = batch + depth; a < x.rank; a++) dims[rank++] = x.dims[a];
    if (x.n == 0) p->skip = true;
    pt_t *ind = prop_input_in(p, ANP_DTYPE_I64, irank, idims, 0, 0);
    for (int64_t i = 0; i < ind->n && !p->skip; i++) {
        const int64_t size = x.dims[batch + i % depth];
        ind->v[i] = (double)prop_range(p, -size, size - 1);
    }
    pt_t *y = prop_output(p, x.dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        int64_t at[PT_RANK_MAX];
        pt_coords(y, i, c);
        memcpy(at, c, (irank - 1) * sizeof *at);
        memcpy(from, c, batch * sizeof *from);
        for (uint32_t d = 0; d < depth; d++) {
            at[irank - 1] = d;
            from[batch + d] = counted(ind->v[pt_index(ind, at)], x.dims[batch + d]);
        }
        for (uint32_t a = batch + depth; a < x.rank; a++)
            from[a] = c[irank - 1 + a - batch - depth];
        y->v[i] = x.v[pt_index(&x, from)];
    }
}

static const char *draw_reduction(prop_t *p) {
    static const char *const names[] = {"none", "add", "mul", "max", "min"};
    return names[prop_pick(p, 5)];
}

static double reduced(const char *how, double old, double v) {
    return strcmp(how, "add") == 0   ? old + v
           : strcmp(how, "mul") == 0 ? old * v
           : strcmp(how, "max") == 0 ? (isnan(old) || isnan(v) ? NAN : fmax(old, v))
           : strcmp(how, "min") == 0 ? (isnan(old) || isnan(v) ? NAN : fmin(old, v))
                                     : v;
}

static void scatter_into(prop_t *p, pt_t *y, int64_t at, const char *how, double v) {
    const double old = y->v[at];
    const bool sums =
        prop_is_float(y->dtype) && (strcmp(how, "add") == 0 || strcmp(how, "mul") == 0);
    y->v[at] = reduced(how, old, v);
    if (y->dtype == ANP_DTYPE_BOOL) y->v[at] = y->v[at] != 0;
    if (!prop_is_float(y->dtype)) y->v[at] = pt_round(y->dtype, y->v[at]);
    if (sums) y->terms[at] += fabs(old) + fabs(v) + fabs(y->v[at]);
    /* a type below 32 bits may be rounded after each of them */
    if (sums && anp_dtype_row(y->dtype)->block_bytes == 2) p->skip = true;
}

/* Without a reduction no element is written twice: which one stays is not said. */
static bool written_twice(prop_t *p, const pt_t *y, int64_t at, const char *how) {
    bool **seen = (bool **)&p->out[1].v; /* the second result is not used by these */
    if (!*seen) *seen = prop_alloc(p, (uint64_t)y->n);
    const bool twice = (*seen)[at] && strcmp(how, "none") == 0;
    (*seen)[at] = true;
    return twice;
}

void prop_scatter_elements(prop_t *p) {
    int64_t xd[PT_RANK_MAX], dims[PT_RANK_MAX], c[PT_RANK_MAX];
    uint32_t axis;
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 1, 3, xd);
    const pt_t x = *prop_input(p, dtype, rank, xd);
    prop_int(p, "axis", prop_axis(p, x.rank, &axis));
    for (uint32_t a = 0; a < x.rank; a++) dims[a] = prop_range(p, 0, a == axis ? 3 : x.dims[a]);
    if (x.dims[axis] == 0) p->skip = true;
    const pt_t ind = *draw_indices(p, x.rank, dims, x.dims[axis]);
    const pt_t upd = *prop_input(p, dtype, x.rank, dims);
    const char *how = draw_reduction(p);
    if (strcmp(how, "none") != 0) prop_string(p, "reduction", how);
    pt_t *y = prop_output(p, dtype, x.rank, x.dims);
    if (x.n && !p->skip) memcpy(y->v, x.v, (size_t)x.n * sizeof *x.v);
    for (int64_t i = 0; i < ind.n && !p->skip; i++) {
        pt_coords(&ind, i, c);
        c[axis] = counted(ind.v[i], x.dims[axis]);
        const int64_t at = pt_index(&x, c);
        if (written_twice(p, y, at, how)) p->skip = true;
        scatter_into(p, y, at, how, upd.v[i]);
    }
}

void prop_scatter_nd(prop_t *p) {
    int64_t xd[PT_RANK_MAX], idims[2], udims[PT_RANK_MAX], c[PT_RANK_MAX], to[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 1, 3, xd), depth = 1 + prop_pick(p, rank);
    const pt_t x = *prop_input(p, dtype, rank, xd);
    if (x.n == 0) p->skip = true;
    idims[0] = prop_range(p, 0, 4);
    idims[1] = depth;
    pt_t *ind = prop_input_in(p, ANP_DTYPE_I64, 2, idims, 0, 0);
    for (int64_t i = 0; i < ind->n && !p->skip; i++)
        ind->v[i] = (double)prop_range(p, -x.dims[i % depth], x.dims[i % depth] - 1);
    udims[0] = idims[0];
    for (uint32_t a = depth; a < rank; a++) udims[a - depth + 1] = x.dims[a];
    const pt_t upd = *prop_input(p, dtype, rank - depth + 1, udims);
    const char *how = draw_reduction(p);
    if (strcmp(how, "none") != 0) prop_string(p, "reduction", how);
    pt_t *y = prop_output(p, dtype, rank, x.dims);
    if (!p->skip) memcpy(y->v, x.v, (size_t)x.n * sizeof *x.v);
    for (int64_t i = 0; i < upd.n && !p->skip; i++) {
        pt_coords(&upd, i, c);
        for (uint32_t d = 0; d < depth; d++) to[d] = counted(ind->v[c[0] * depth + d], x.dims[d]);
        for (uint32_t a = depth; a < rank; a++) to[a] = c[a - depth + 1];
        const int64_t at = pt_index(&x, to);
        if (written_twice(p, y, at, how)) p->skip = true;
        scatter_into(p, y, at, how, upd.v[i]);
    }
}

/* Data-dependent: how many there are is part of the answer. */
void prop_non_zero(prop_t *p) {
    int64_t xd[PT_RANK_MAX], c[PT_RANK_MAX];
    const anp_dtype_t dtype = prop_input_type(p, 0);
    const uint32_t rank = prop_dims(p, 1, 4, xd);
    const double lo =
        anp_dtype_row(dtype)->cls == ANP_CLASS_UINT || dtype == ANP_DTYPE_BOOL ? 0 : -1;
    pt_t *x = prop_input_in(p, dtype, rank, xd, lo, 1);
    int64_t n = 0;
    for (int64_t i = 0; i < x->n; i++) {
        if (prop_is_float(dtype) && prop_pick(p, 2)) x->v[i] = 0;
        n += x->v[i] != 0;
    }
    pt_t *y = prop_output(p, ANP_DTYPE_I64, 2, (const int64_t[]){rank, n});
    int64_t k = 0;
    for (int64_t i = 0; i < x->n && !p->skip; i++) {
        if (x->v[i] == 0) continue;
        pt_coords(x, i, c);
        for (uint32_t a = 0; a < rank; a++) y->v[a * n + k] = (double)c[a];
        k++;
    }
}

void prop_compress(prop_t *p) {
    const pt_t x = *draw_data(p, 1, 4);
    uint32_t axis = 0;
    const bool flat = prop_pick(p, 3) == 0;
    if (!flat) prop_int(p, "axis", prop_axis(p, x.rank, &axis));
    const int64_t size = flat ? x.n : x.dims[axis], given = prop_range(p, 0, size);
    const pt_t cond = *prop_input(p, ANP_DTYPE_BOOL, 1, &given);
    int64_t dims[PT_RANK_MAX], c[PT_RANK_MAX], kept[PT_ELEMS_MAX], n = 0;
    for (int64_t i = 0; i < cond.n && !p->skip; i++)
        if (cond.v[i] != 0) kept[n++] = i;
    memcpy(dims, x.dims, sizeof dims);
    dims[flat ? 0 : axis] = n;
    pt_t *y = prop_output(p, x.dtype, flat ? 1 : x.rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        if (!flat) c[axis] = kept[c[axis]];
        y->v[i] = x.v[flat ? kept[i] : pt_index(&x, c)];
    }
}

void prop_one_hot(prop_t *p) {
    int64_t idims[PT_RANK_MAX], dims[PT_RANK_MAX], c[PT_RANK_MAX];
    const uint32_t irank = prop_dims(p, 0, 3, idims), axis = prop_pick(p, irank + 1),
                   rank = irank + 1;
    const int64_t depth = prop_range(p, 1, 5);
    const pt_t ind =
        *prop_input_in(p, ANP_DTYPE_I64, irank, idims, -(double)depth - 2, (double)depth + 1);
    prop_input_ints(p, &depth, 1);
    if (prop_pick(p, 2)) p->in[1].rank = 0;
    const anp_dtype_t dtype = prop_type(p, "T3");
    const pt_t values = *prop_input(p, dtype, 1, (const int64_t[]){2});
    prop_int(p, "axis", prop_pick(p, 2) ? axis : (int64_t)axis - rank);
    for (uint32_t a = 0; a < rank; a++)
        dims[a] = a < axis ? idims[a] : a == axis ? depth : idims[a - 1];
    pt_t *y = prop_output(p, dtype, rank, dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        const int64_t at = c[axis];
        memmove(c + axis, c + axis + 1, (rank - axis - 1) * sizeof *c);
        const double v = ind.v[pt_index(&ind, c)];
        y->v[i] = values.v[counted(v, depth) == at];
    }
}

void prop_reverse_sequence(prop_t *p) {
    const pt_t x = *draw_data(p, 2, 4);
    const uint32_t time = prop_pick(p, 2), batch = 1 - time;
    int64_t c[PT_RANK_MAX];
    prop_int(p, "time_axis", time);
    prop_int(p, "batch_axis", batch);
    if (x.dims[time] == 0) p->skip = true;
    const pt_t lens = *prop_input_in(p, ANP_DTYPE_I64, 1, &x.dims[batch], 1, (double)x.dims[time]);
    pt_t *y = prop_output(p, x.dtype, x.rank, x.dims);
    for (int64_t i = 0; i < y->n && !p->skip; i++) {
        pt_coords(y, i, c);
        const int64_t len = (int64_t)lens.v[c[batch]];
        if (c[time] < len) c[time] = len - 1 - c[time];
        y->v[i] = x.v[pt_index(&x, c)];
    }
}

/* ---- made of sizes ---- */

void prop_shape(prop_t *p) {
    const pt_t x = *draw_data(p, 0, 5);
    int64_t start = 0, end = x.rank;
    if (prop_pick(p, 2))
        prop_int(p, "start", start = prop_range(p, -(int64_t)x.rank - 1, x.rank + 1));
    if (prop_pick(p, 2)) prop_int(p, "end", end = prop_range(p, -(int64_t)x.rank - 1, x.rank + 1));
    const int64_t rank = x.rank;
    start = start < 0 ? start + rank : start;
    end = end < 0 ? end + rank : end;
    start = start < 0 ? 0 : start > rank ? rank : start;
    end = end < 0 ? 0 : end > rank ? rank : end;
    const int64_t n = end > start ? end - start : 0;
    pt_t *y = prop_output(p, ANP_DTYPE_I64, 1, &n);
    for (int64_t i = 0; i < n; i++) y->v[i] = (double)x.dims[start + i];
}

void prop_size(prop_t *p) {
    const pt_t x = *draw_data(p, 0, 5);
    prop_output(p, ANP_DTYPE_I64, 0, NULL)->v[0] = (double)x.n;
}

void prop_range_op(prop_t *p) {
    const anp_dtype_t dtype = prop_input_type(p, 0);
    if (anp_dtype_row(dtype)->block_bytes == 2 && prop_is_float(dtype))
        p->skip = true; /* sums of rounded steps */
    const double start = prop_input_in(p, dtype, 0, NULL, -9, 9)->v[0],
                 limit = prop_input_in(p, dtype, 0, NULL, -9, 9)->v[0];
    pt_t *step = prop_input_in(p, dtype, 0, NULL, 1, 4);
    if (prop_pick(p, 2)) step->v[0] = -step->v[0];
    const double count = ceil((limit - start) / step->v[0]);
    const int64_t n = count > 0 ? (int64_t)count : 0;
    pt_t *y = prop_output(p, dtype, 1, &n);
    for (int64_t i = 0; i < n; i++) {
        y->v[i] = start + (double)i * step->v[0];
        y->terms[i] = prop_is_float(dtype) ? fabs(start) + fabs((double)i * step->v[0]) : 0;
    }
}

void prop_eye_like(prop_t *p) {
    const anp_dtype_t dtype = prop_input_type(p, 0), to = prop_type(p, "T2");
    const int64_t dims[2] = {prop_range(p, 1, 6), prop_range(p, 1, 6)}, k = prop_range(p, -6, 6);
    prop_input(p, dtype, 2, dims);
    prop_int(p, "dtype", to);
    prop_int(p, "k", k);
    pt_t *y = prop_output(p, to, 2, dims);
    for (int64_t i = 0; i < y->n; i++) y->v[i] = i % dims[1] - i / dims[1] == k;
}

void prop_center_crop_pad(prop_t *p) {
    const pt_t x = *draw_data(p, 1, 3);
    int64_t shape[PT_RANK_MAX], c[PT_RANK_MAX];
    for (uint32_t a = 0; a < x.rank; a++) shape[a] = prop_range(p, 0, 12);
    prop_input_ints(p, shape, x.rank);
    pt_t *y = prop_output(p, x.dtype, x.rank, shape);
    for (int64_t i = 0; i < y->n; i++) {
        pt_coords(y, i, c);
        for (uint32_t a = 0; a < x.rank; a++) {
            const int64_t d = x.dims[a] - shape[a];
            c[a] += d > 0 ? d / 2 : -((-d) / 2); /* an odd element more at the end */
        }
        const int64_t at = pt_index(&x, c);
        y->v[i] = at < 0 ? 0 : x.v[at];
    }
}
