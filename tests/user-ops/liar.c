/* SPDX-License-Identifier: Apache-2.0 */
/* A library whose operators break each promise of <anput/op.h> in one way: the sentences about it
 * are tested. Y has the shape of X where nothing else is said. */
#include <anput/op.h>

#define SHAPE_ARGS const anp_op_host_t *host, anp_op_node_t *node
#define KERNEL_ARGS                                                                               \
    const anp_op_host_t *host, anp_op_node_t *node, const anp_tensor_t *const *in, uint32_t n_in, \
        anp_tensor_t *const *out, uint32_t n_out
#define UNUSED (void)host, (void)node, (void)in, (void)n_in, (void)out, (void)n_out

/* ---- shape rules ---- */

static anp_status_t like(SHAPE_ARGS) {
    return host->set_like(node, 0, 0);
}
static anp_status_t says_nothing(SHAPE_ARGS) {
    (void)host, (void)node;
    return ANP_OK;
}
static anp_status_t gives_sizes(SHAPE_ARGS, uint32_t rank, anp_op_size_t size) {
    anp_op_size_t sizes[100];
    for (uint32_t i = 0; i < rank; i++) sizes[i] = size;
    host->set_sizes(node, 0, rank, sizes);
    return ANP_OK; /* the failure is kept all the same */
}
static anp_status_t gives_negative(SHAPE_ARGS) {
    return gives_sizes(host, node, 1, -3);
}
static anp_status_t gives_handle(SHAPE_ARGS) {
    return gives_sizes(host, node, 1, INT64_MIN + 1000000);
}
static anp_status_t calculates_with_handle(SHAPE_ARGS) {
    anp_op_size_t size;
    host->calc(node, ANP_OP_ADD, INT64_MIN + 1000000, 1, &size);
    return like(host, node);
}
static anp_status_t calculates_anything(SHAPE_ARGS) {
    anp_op_size_t size;
    host->calc(node, (anp_op_calc_t)77, 1, 1, &size);
    return like(host, node);
}
static anp_status_t gives_many_axes(SHAPE_ARGS) {
    return gives_sizes(host, node, 99, 1);
}
static anp_status_t gives_other_output(SHAPE_ARGS) {
    return host->set_like(node, 7, 0);
}
static anp_status_t reads_other_input(SHAPE_ARGS) {
    (void)host->input_rank(node, 7);
    return like(host, node);
}
static anp_status_t reads_other_axis(SHAPE_ARGS) {
    (void)host->input_size(node, 0, 9);
    return like(host, node);
}
static anp_status_t reads_other_attribute(SHAPE_ARGS) {
    (void)host->attr_int(node, "nothing");
    return like(host, node);
}
static anp_status_t gives_other_type(SHAPE_ARGS) {
    host->set_type(node, 0, ANP_DTYPE_I64);
    return like(host, node);
}
static anp_status_t fails_silently(SHAPE_ARGS) {
    (void)host, (void)node;
    return ANP_INVALID_MODEL;
}
static anp_status_t leaves_open(SHAPE_ARGS) {
    return host->set_unknown(node, 0);
}
static anp_status_t asks_for_memory(SHAPE_ARGS) {
    void *p;
    host->scratch(node, 8, &p);
    return like(host, node);
}
/* One more than was said when the size was a symbol. */
static anp_status_t changes_its_mind(SHAPE_ARGS) {
    anp_op_size_t size = host->input_size(node, 0, 0);
    if (ANP_OP_SIZE_IS_KNOWN(size)) size++;
    return host->set_sizes(node, 0, 1, &size);
}
static anp_status_t some_number(SHAPE_ARGS) {
    anp_op_size_t size;
    host->unknown_size(node, &size);
    return host->set_sizes(node, 0, 1, &size);
}

/* ---- kernels ---- */

static anp_status_t works(KERNEL_ARGS) {
    UNUSED;
    for (int64_t i = 0; i < in[0]->dims[0]; i++)
        ((float *)out[0]->data)[i] = ((const float *)in[0]->data)[i];
    return ANP_OK;
}
static anp_status_t writes_beyond(KERNEL_ARGS) {
    UNUSED;
    ((float *)out[0]->data)[out[0]->dims[0]] = 1;
    return ANP_OK;
}
static anp_status_t writes_before(KERNEL_ARGS) {
    UNUSED;
    ((float *)out[0]->data)[-1] = 1;
    return ANP_OK;
}
/* Harmless: the tensor is the library's own copy. */
static anp_status_t writes_header(KERNEL_ARGS) {
    const anp_status_t st = works(host, node, in, n_in, out, n_out);
    *out[0] = (anp_tensor_t){.rank = 200, .dims = {INT64_MAX}};
    return st;
}
static anp_status_t gives_unknown_status(KERNEL_ARGS) {
    UNUSED;
    return (anp_status_t)999;
}
static anp_status_t loses_device(KERNEL_ARGS) {
    UNUSED;
    return host->fail(node, ANP_DEVICE_LOST, "the device is gone");
}
static anp_status_t asks_for_shapes(KERNEL_ARGS) {
    (void)host->input_rank(node, 0);
    return works(host, node, in, n_in, out, n_out);
}
static anp_status_t shapes(KERNEL_ARGS, uint32_t rank, int64_t size, bool twice) {
    const int64_t dims[] = {size, size};
    void *data;
    UNUSED;
    host->output(node, 0, rank, dims, &data);
    if (twice) host->output(node, 0, rank, dims, &data);
    return ANP_OK;
}
static anp_status_t shapes_planned(KERNEL_ARGS) {
    return shapes(host, node, in, n_in, out, n_out, 1, 3, false);
}
static anp_status_t shapes_two_axes(KERNEL_ARGS) {
    return shapes(host, node, in, n_in, out, n_out, 2, 3, false);
}
static anp_status_t shapes_negative(KERNEL_ARGS) {
    return shapes(host, node, in, n_in, out, n_out, 1, -3, false);
}
static anp_status_t shapes_huge(KERNEL_ARGS) {
    return shapes(host, node, in, n_in, out, n_out, 1, INT64_MAX, false);
}
static anp_status_t shapes_twice(KERNEL_ARGS) {
    return shapes(host, node, in, n_in, out, n_out, 1, 3, true);
}
static anp_status_t shapes_nothing(KERNEL_ARGS) {
    UNUSED;
    return ANP_OK;
}
static anp_status_t shapes_and_writes_beyond(KERNEL_ARGS) {
    const int64_t size = 3;
    void *data;
    UNUSED;
    if (host->output(node, 0, 1, &size, &data) == ANP_OK) ((float *)data)[3] = 1;
    return ANP_OK;
}

/* ---- the table ---- */

#define LIES(X)                                                                                \
    X(SaysNothing, says_nothing, works, 0)                                                     \
    X(GivesNegative, gives_negative, works, 0)                                                 \
    X(GivesHandle, gives_handle, works, 0)                                                     \
    X(CalculatesWithHandle, calculates_with_handle, works, 0)                                  \
    X(CalculatesAnything, calculates_anything, works, 0)                                       \
    X(GivesManyAxes, gives_many_axes, works, 0)                                                \
    X(GivesOtherOutput, gives_other_output, works, 0)                                          \
    X(ReadsOtherInput, reads_other_input, works, 0)                                            \
    X(ReadsOtherAxis, reads_other_axis, works, 0)                                              \
    X(ReadsOtherAttribute, reads_other_attribute, works, 0)                                    \
    X(GivesOtherType, gives_other_type, works, 0)                                              \
    X(FailsSilently, fails_silently, works, 0)                                                 \
    X(LeavesOpen, leaves_open, works, 0)                                                       \
    X(AsksForMemory, asks_for_memory, works, 0)                                                \
    X(ChangesItsMind, changes_its_mind, works, 0)                                              \
    X(WritesBeyond, like, writes_beyond, 0)                                                    \
    X(WritesBefore, like, writes_before, 0)                                                    \
    X(WritesHeader, like, writes_header, 0)                                                    \
    X(GivesUnknownStatus, like, gives_unknown_status, 0)                                       \
    X(LosesDevice, like, loses_device, 0)                                                      \
    X(AsksForShapes, like, asks_for_shapes, 0)                                                 \
    X(ShapesPlanned, like, shapes_planned, 0)                                                  \
    X(ShapesTwoAxes, some_number, shapes_two_axes, ANP_OP_DEF_DATA_DEPENDENT)                  \
    X(ShapesNegative, some_number, shapes_negative, ANP_OP_DEF_DATA_DEPENDENT)                 \
    X(ShapesHuge, some_number, shapes_huge, ANP_OP_DEF_DATA_DEPENDENT)                         \
    X(ShapesTwice, some_number, shapes_twice, ANP_OP_DEF_DATA_DEPENDENT)                       \
    X(ShapesNothing, some_number, shapes_nothing, ANP_OP_DEF_DATA_DEPENDENT)                   \
    X(ShapesAndWritesBeyond, some_number, shapes_and_writes_beyond, ANP_OP_DEF_DATA_DEPENDENT) \
    X(ShapesOtherSize, like, shapes_planned, ANP_OP_DEF_DATA_DEPENDENT)

#define X(name_, shape_, kernel_, flags_)     \
    static const anp_op_def_t def_##name_ = { \
        .struct_size = sizeof(anp_op_def_t),  \
        .since = 1,                           \
        .domain = "com.example.liar",         \
        .name = #name_,                       \
        .signature = "X:f32 -> Y:f32",        \
        .types = "",                          \
        .attributes = "",                     \
        .flags = flags_,                      \
        .shape = shape_,                      \
        .reference = kernel_,                 \
    };
LIES(X)
#undef X

const anp_op_library_t *anp_ops_query(void) {
#define X(name, shape, kernel, flags) &def_##name,
    static const anp_op_def_t *const ops[] = {LIES(X)};
#undef X
    static const anp_op_library_t library = {.abi = ANP_OP_ABI,
                                             .struct_size = sizeof library,
                                             .name = "liar",
                                             .version = 1,
                                             .n_ops = sizeof ops / sizeof *ops,
                                             .ops = ops};
    return &library;
}
