#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden cases of com.microsoft operators: microsoft/<case>/model.onnx and test_data_set_0.

Answers are those of ONNX Runtime on a CPU with graph optimisation off (numpy, onnx 1.22, onnxruntime 1.31 made them):
    python3 tests/onnx/cases/make_microsoft.py
Each case has a generator seeded by its name, so that cases come and go without changing others.
"""
import os
import shutil
import zlib

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper, numpy_helper

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "microsoft")
MS = "com.microsoft"
f32, f16, i32, i64, i8, u8 = np.float32, np.float16, np.int32, np.int64, np.int8, np.uint8


class Case:
    """One model: inputs in order, constants, nodes."""

    def __init__(self, name, opset=21):
        self.name, self.opset = name, opset
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))
        self.inputs, self.constants, self.nodes, self.symbols, self.output_type = [], [], [], {}, None

    # ---- values ----
    def normal(self, *shape, dtype=f32, scale=1.0):
        return (self.rng.standard_normal(shape) * scale).astype(dtype)

    def ints(self, dtype, *shape, low=None, high=None):
        info = np.iinfo(dtype)
        return self.rng.integers(info.min if low is None else low, (info.max if high is None else high) + 1, shape).astype(dtype)

    # ---- operands: an array becomes an input, `const` a constant; None is left out ----
    def input(self, array, *symbols):
        """symbols: names of leading dimensions that the model leaves open ('' = fixed)."""
        name = f"x{len(self.inputs)}"
        self.inputs.append((name, np.asarray(array)))
        self.symbols[name] = symbols
        return name

    def const(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(array if isinstance(array, T) else numpy_helper.from_array(np.asarray(array), name))
        self.constants[-1].name = name
        return name

    def packed4(self, values, dtype):
        """A 4-bit constant; numpy has no type for it."""
        name = f"c{len(self.constants)}"
        self.constants.append(helper.make_tensor(name, dtype, values.shape, values.flatten().tolist()))
        return name

    def node(self, op, inputs, outputs=1, domain=MS, **attributes):
        names = [f"y{i}" for i in range(outputs)] if isinstance(outputs, int) else outputs
        if domain is MS:
            self.last = names
        attributes = {k: v for k, v in attributes.items() if v is not None}
        self.nodes.append(helper.make_node(op, [i or "" for i in inputs], names, f"n{len(self.nodes)}", domain=domain, **attributes))
        return names[0]

    # ---- the files ----
    def model(self):
        infos = []
        for name, array in self.inputs:
            dims = [s or d for s, d in zip(list(self.symbols[name]) + [""] * array.ndim, array.shape)]
            infos.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), dims))
        outputs = [helper.make_tensor_value_info(n, self.output_type, None) if self.output_type else helper.make_empty_tensor_value_info(n)
                   for n in self.last if n]
        graph = helper.make_graph(self.nodes, self.name, infos, outputs, self.constants)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(MS, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="make_microsoft")

    def answers(self):
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        session = ort.InferenceSession(self.model().SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run(None, dict(self.inputs))

    def save(self, expected=None):
        """expected: the answers, where ONNX Runtime's CPU has them for another form of the same only."""
        folder = os.path.join(HERE, self.name)
        data = os.path.join(folder, "test_data_set_0")
        os.makedirs(data)
        model = self.model()
        expected = expected or self.answers()
        for info, array in zip(model.graph.output, expected):
            info.CopyFrom(helper.make_tensor_value_info(info.name, helper.np_dtype_to_tensor_dtype(array.dtype), [None] * array.ndim))
        with open(os.path.join(folder, "model.onnx"), "wb") as f:
            f.write(model.SerializeToString())
        if any(a.dtype == f16 for a in expected):  # ONNX Runtime computes in f32 between the steps it fuses
            with open(os.path.join(folder, "data.json"), "w") as f:
                f.write('{"rtol": 4e-3, "atol": 1e-3}\n')
        for kind, arrays in (("input", [a for _, a in self.inputs]), ("output", expected)):
            for i, array in enumerate(arrays):
                with open(os.path.join(data, f"{kind}_{i}.pb"), "wb") as f:
                    f.write(numpy_helper.from_array(array).SerializeToString())


FAMILIES = []


def family(function):
    FAMILIES.append(function)
    return function


def one(name, op, arrays, outputs=1, opset=21, symbols=(), **attributes):
    """A case of one node whose operands are all inputs."""
    c = Case(name, opset)
    arrays = arrays(c) if callable(arrays) else arrays
    c.node(op, [None if a is None else c.input(a, *(symbols if a.ndim > 1 else ())) for a in arrays], outputs, **attributes)
    c.save()


# ---- activations ----
@family
def activations():
    for dtype, tag in ((f32, ""), (f16, "_f16")):
        if dtype is f32:
            one("gelu", "Gelu", lambda c: [c.normal(2, 5, scale=2)])
            one("bias_gelu", "BiasGelu", lambda c: [c.normal(2, 3, 8, scale=2), c.normal(8)], symbols=())
            one("quick_gelu", "QuickGelu", lambda c: [c.normal(3, 7, scale=2)])
            one("quick_gelu_alpha", "QuickGelu", lambda c: [c.normal(3, 7, scale=2)], alpha=1.0)
        one("fast_gelu" + tag, "FastGelu", lambda c: [c.normal(2, 9, dtype=dtype)])
        one("fast_gelu_bias" + tag, "FastGelu", lambda c: [c.normal(2, 3, 8, dtype=dtype), c.normal(8, dtype=dtype)])


@family
def fused_conv():
    cases = {
        "": {}, "relu": dict(activation="Relu"), "sigmoid": dict(activation="Sigmoid"), "tanh": dict(activation="Tanh"),
        "leaky": dict(activation="LeakyRelu", activation_params=[0.2]),
        "clip": dict(activation="Clip", activation_params=[-0.5, 1.5]),
        "hard_sigmoid": dict(activation="HardSigmoid", activation_params=[0.25, 0.4]),
    }
    for tag, attributes in cases.items():
        c = Case("fused_conv" + ("_" + tag if tag else ""))
        c.node("FusedConv", [c.input(c.normal(1, 3, 6, 5), "N", "", "H", "W"), c.const(c.normal(4, 3, 3, 3, scale=0.3)), c.const(c.normal(4))],
               pads=[1, 1, 1, 1], strides=[2, 1], kernel_shape=[3, 3], **attributes)
        c.save()
    c = Case("fused_conv_z_relu")
    c.node("FusedConv", [c.input(c.normal(2, 4, 5, 5)), c.const(c.normal(6, 2, 3, 3, scale=0.3)), None, c.input(c.normal(2, 6, 5, 5))],
           activation="Relu", auto_pad="SAME_UPPER", group=2)
    c.save()
    c = Case("fused_conv_1d_bias_z")
    c.node("FusedConv", [c.input(c.normal(1, 2, 7)), c.const(c.normal(3, 2, 3)), c.const(c.normal(3)), c.input(c.normal(1, 3, 5))])
    c.save()


@family
def fused_gemm():
    def gemm(name, activation, transposed=False, **attributes):
        c = Case("fused_gemm_" + name)
        a = c.normal(5, 3) if transposed else c.normal(3, 5)
        b = c.normal(4, 5) if transposed else c.normal(5, 4)
        c.node("FusedGemm", [c.input(a), c.const(b), c.const(c.normal(4))], activation=activation,
               transA=int(transposed), transB=int(transposed), **attributes)
        c.save()

    gemm("relu", "Relu", alpha=0.5, beta=2.0)
    gemm("leaky", "LeakyRelu", True, activation_alpha=0.3)
    gemm("tanh", "Tanh")
    gemm("sigmoid", "Sigmoid")
    gemm("hard_sigmoid", "HardSigmoid", activation_alpha=0.3, activation_beta=0.4)
    gemm("elu", "Elu", activation_alpha=0.7)
    gemm("softplus", "Softplus")
    gemm("softsign", "Softsign")
    gemm("thresholded_relu", "ThresholdedRelu", activation_alpha=0.6)
    c = Case("fused_gemm_no_c")
    c.node("FusedGemm", [c.input(c.normal(3, 5)), c.input(c.normal(5, 4))], activation="Relu")
    c.save()


@family
def fused_matmul():
    def matmul(name, a, b, op="FusedMatMul", symbols=(), **attributes):
        one("fused_matmul_" + name, op, lambda c: [c.normal(*a), c.normal(*b)], symbols=symbols, **attributes)

    matmul("plain", (2, 3, 4), (2, 4, 5))
    matmul("alpha", (3, 4), (4, 5), alpha=0.125)
    matmul("trans_a", (2, 4, 3), (2, 4, 5), transA=1, symbols=("B",))
    matmul("trans_b", (2, 3, 4), (5, 4), transB=1)
    matmul("trans_ab_alpha", (2, 4, 3), (2, 5, 4), transA=1, transB=1, alpha=-2.0)
    matmul("batch_a", (3, 2, 4), (2, 4, 5), transBatchA=1)
    matmul("batch_b", (2, 3, 4), (4, 2, 5), transBatchB=1)
    matmul("batch_ab_4d", (3, 2, 2, 4), (4, 2, 2, 5), transBatchA=1, transBatchB=1)
    matmul("batch_trans_a", (4, 2, 3), (2, 4, 5), transBatchA=1, transA=1)
    matmul("batch_trans_b", (2, 3, 4), (5, 2, 4), transBatchB=1, transB=1)
    matmul("vector", (4,), (4, 5), alpha=3.0)
    matmul("vector_trans", (4,), (5, 4), transB=1)
    matmul("transpose_matmul", (2, 3, 4), (2, 5, 4), op="TransposeMatMul", transB=1, alpha=0.5)


# ---- other spellings ----
@family
def spellings():
    one("trilu_upper", "Trilu", lambda c: [c.normal(2, 4, 5), np.array(1, i64)])
    one("trilu_lower", "Trilu", lambda c: [c.normal(4, 4)], upper=0)
    one("unique", "Unique", [np.array([2, 1, 1, 3, 4, 3], f32)], outputs=3)
    one("gather_nd_i32", "GatherND", lambda c: [c.normal(3, 4, 2), np.array([[0, 1], [2, 3]], i32)])
    one("range_default", "Range", [np.array(1, i64), np.array(5, i64)])
    one("range_delta", "Range", [np.array([1.5], f32), np.array([4], f32), np.array([0.75], f32)])
    for axis in (0, -1, 2):
        c = Case(f"expand_dims_{axis}".replace("-", "m"))
        c.node("ExpandDims", [c.input(c.normal(2, 3)), c.const(np.array(axis, i32))])
        c.save()
    one("pad_constant", "Pad", lambda c: [c.normal(2, 3), np.array([0, 1, 2, 0], i64), np.array([7.5], f32)])
    one("pad_2d_pads", "Pad", lambda c: [c.normal(2, 3), np.array([[1, 0, 0, 2]], i64)])
    one("pad_reflect", "Pad", lambda c: [c.normal(3, 4), np.array([1, 2, 0, 1], i64)], mode="reflect")
    one("pad_edge_negative", "Pad", lambda c: [c.normal(3, 4), np.array([1, -1, 0, 1], i64)], mode="edge")
    for mode, padding in (("bilinear", "border"), ("nearest", "reflection"), ("bicubic", "zeros")):  # bicubic at a border is not as ONNX says there
        one("grid_sample_" + mode, "GridSample", lambda c: [c.normal(1, 2, 4, 5), c.rng.uniform(-1.2, 1.2, (1, 3, 3, 2)).astype(f32)],
            mode=mode, padding_mode=padding, align_corners=1)
    for metric in ("sqeuclidean", "euclidean"):
        one("cdist_" + metric, "CDist", lambda c: [c.normal(4, 3), c.normal(5, 3)], metric=metric)
    one("inverse", "Inverse", lambda c: [c.normal(2, 4, 4) + 3 * np.eye(4, dtype=f32)])
    one("inverse_f64", "Inverse", lambda c: [c.normal(3, 3, dtype=np.float64)])
    for dtype, tag in ((i8, "i8"), (u8, "u8")):
        one("nhwc_max_pool_" + tag, "NhwcMaxPool", lambda c: [c.ints(dtype, 1, 6, 5, 3)], kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])


@family
def linear_quantisation():
    for dtype, tag in ((u8, "u8"), (i8, "i8"), (np.uint16, "u16"), (np.int16, "i16")):
        scale = 0.05 if dtype in (u8, i8) else 0.001
        one("quantize_" + tag, "QuantizeLinear", lambda c: [c.normal(4, 6, scale=3), np.array(scale, f32), np.array(3, dtype)])
        one("dequantize_" + tag, "DequantizeLinear", lambda c: [c.ints(dtype, 4, 6), np.array(scale, f32), np.array(3, dtype)])
    one("quantize_no_zero_point", "QuantizeLinear", lambda c: [c.normal(4, 6, scale=3), np.array([0.05], f32)])
    one("quantize_axis", "QuantizeLinear", lambda c: [c.normal(2, 3, 4), np.array([0.02, 0.05, 0.1], f32), np.array([1, 128, 0], u8)], axis=1)
    one("quantize_f16", "QuantizeLinear", lambda c: [c.normal(3, 4, dtype=f16), np.array(0.03125, f16), np.array(5, i8)])
    one("dequantize_axis", "DequantizeLinear", lambda c: [c.ints(i8, 2, 3, 4), np.array([0.02, 0.05], f32), np.array([1, -3], i8)], axis=0)
    one("dequantize_i32", "DequantizeLinear", lambda c: [c.ints(i32, 3, 4, low=-9999, high=9999), np.array(0.01, f32)])
    one("dequantize_f16", "DequantizeLinear", lambda c: [c.ints(u8, 3, 4), np.array(0.03125, f16), np.array(128, u8)])
    for dtype, tag, low in ((T.UINT4, "u4", 0), (T.INT4, "i4", -8)):
        c = Case("dequantize_" + tag)
        c.node("DequantizeLinear", [c.packed4(c.rng.integers(low, low + 16, (3, 5)), dtype), c.input(np.array(0.25, f32)), c.packed4(np.array(low + 7), dtype)])
        c.save()


# ---- normalisation ----
@family
def normalisation():
    for dtype, tag in ((f32, ""), (f16, "_f16")):
        def arrays(c, *more):
            return [c.normal(2, 3, 8, dtype=dtype), c.normal(2, 3, 8, dtype=dtype), c.normal(8, dtype=dtype)] + [m(c) if m else None for m in more]

        vector = lambda c: c.normal(8, dtype=dtype)
        one("skip_layer_norm" + tag, "SkipLayerNormalization", lambda c: arrays(c, vector), symbols=("B", "S") if dtype is f32 else ())
        one("skip_layer_norm_bias_sum" + tag, "SkipLayerNormalization", lambda c: arrays(c, vector, vector), outputs=["y0", "", "", "y1"], epsilon=1e-3)
        one("skip_layer_norm_no_beta" + tag, "SkipLayerNormalization", lambda c: arrays(c, None, vector))
        one("skip_rms_norm" + tag, "SkipSimplifiedLayerNormalization", lambda c: arrays(c), epsilon=1e-6)
        one("skip_rms_norm_bias_sum" + tag, "SkipSimplifiedLayerNormalization", lambda c: arrays(c, vector), outputs=["y0", "", "", "y1"])
    one("skip_layer_norm_broadcast", "SkipLayerNormalization", lambda c: [c.normal(2, 3, 8), c.normal(3, 8), c.normal(8), c.normal(8)])
    one("skip_layer_norm_broadcast_1", "SkipLayerNormalization", lambda c: [c.normal(2, 3, 8), c.normal(1, 3, 8), c.normal(8), c.normal(8)])
    one("skip_layer_norm_2d", "SkipLayerNormalization", lambda c: [c.normal(5, 8), c.normal(5, 8), c.normal(8), c.normal(8)])
    for axis in (-1, 1):
        tag = "" if axis == -1 else "_axis_1"
        shape = (8,) if axis == -1 else (3, 8)
        c = Case("simplified_layer_norm" + tag)
        c.last = ["y0", "y1"]
        c.node("SimplifiedLayerNormalization", [c.input(c.normal(2, 3, 8)), c.input(c.normal(*shape))], 2, domain="", axis=axis, epsilon=1e-4)
        c.save()
    c = Case("layer_norm_old_set", 12)  # as optimisers write it into models of any operator set
    c.last = ["y0"]
    c.node("LayerNormalization", [c.input(c.normal(2, 3, 8)), c.input(c.normal(8)), c.input(c.normal(8))], domain="", axis=-1, epsilon=1e-4)
    c.save()


@family
def embedding():
    def embed(name, outputs, segments=True, mask=False, positions=None, dtype=f32, symbols=()):
        c = Case("embed_" + name)
        ids = c.ints(i32, 2, 5, low=0, high=10)
        tables = [c.const(c.normal(n, 8, dtype=dtype)) for n in (11, 7, 2)]
        c.node("EmbedLayerNormalization", [
            c.input(ids, *symbols), c.input(c.ints(i32, 2, 5, low=0, high=1), *symbols) if segments else None,
            tables[0], tables[1], tables[2] if segments else None, c.const(c.normal(8, dtype=dtype)), c.const(c.normal(8, dtype=dtype)),
            c.input(np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], i32), *symbols) if mask else None,
            c.input(np.array(positions, i32)) if positions else None], outputs, epsilon=1e-5)
        c.save()

    embed("all", 3, mask=True, symbols=("B", "S"))
    embed("no_segments", 2, segments=False)
    embed("f16", 2, mask=True, dtype=f16)
    embed("positions", ["y0", "y1", "y2"], positions=[[4, 3, 2, 1, 0], [0, 1, 2, 3, 6]])
    embed("positions_shared", 2, positions=[[4, 3, 2, 1, 0]])


# ---- quantised products ----
@family
def integer_matmul():
    def to_float(name, a_type, b_type, zeros=True, bias=True, columns=False, shape=(2, 3, 6), symbols=()):
        c = Case("matmul_integer_to_float_" + name)
        n = 5
        a, b = c.ints(a_type, *shape), c.ints(b_type, 6, n)
        b_scale = c.rng.uniform(0.01, 0.05, n if columns else ()).astype(f32)
        b_zero = c.ints(b_type, *((n,) if columns else ()))
        c.node("MatMulIntegerToFloat", [
            c.input(a, *symbols), c.const(b), c.input(np.array(0.03, f32)), c.const(b_scale),
            c.input(c.ints(a_type)) if zeros else None, c.const(b_zero) if zeros else None, c.const(c.normal(n)) if bias else None])
        c.save()

    to_float("u8u8", u8, u8, symbols=("B", "S"))
    to_float("u8i8_columns", u8, i8, columns=True)
    to_float("u8i8_no_zeros", u8, i8, zeros=False, bias=False)
    to_float("i8i8", i8, i8, shape=(4, 6))
    to_float("u8i8_columns_no_bias", u8, i8, bias=False, columns=True)

    def dynamic(name, b_type, zeros=True, bias=True, columns=False):
        c = Case("dynamic_quantize_matmul_" + name)
        b_zero = c.ints(b_type, *((5,) if columns else ()))
        c.node("DynamicQuantizeMatMul", [
            c.input(c.normal(2, 3, 6), "B", "S"), c.const(c.ints(b_type, 6, 5)), c.const(c.rng.uniform(0.01, 0.05, 5 if columns else ()).astype(f32)),
            c.const(b_zero) if zeros else None, c.const(c.normal(5)) if bias else None])
        c.save()

    dynamic("i8", i8)
    dynamic("u8_columns", u8, columns=True)
    dynamic("i8_plain", i8, zeros=False, bias=False)


@family
def qgemm():
    def gemm(name, trans=(0, 0), c_operand=True, quantised=True, columns=False, b_type=i8, alpha=None, a_type=u8, y_type=u8):
        c = Case("qgemm_" + name)
        m, n, k = 4, 5, 24
        a = c.ints(a_type, *((k, m) if trans[0] else (m, k)))
        b = c.ints(b_type, *((n, k) if trans[1] else (k, n)))
        b_scale = c.rng.uniform(0.004, 0.02, n if columns else ()).astype(f32)
        b_zero = np.zeros(n, b_type) if columns else np.array(3, b_type)
        tail = [c.input(np.array(0.37, f32)), c.input(np.array(7, y_type))] if quantised else []
        c.node("QGemm", [c.input(a), c.input(np.array(0.02, f32)), c.input(np.array(5, a_type)), c.const(b), c.const(b_scale), c.const(b_zero),
                         c.const(c.ints(i32, n, low=-9000, high=9000)) if c_operand else None] + tail, transA=trans[0], transB=trans[1], alpha=alpha)
        c.save()

    gemm("u8i8")
    gemm("columns", columns=True, trans=(0, 1))
    gemm("float", quantised=False, alpha=0.5)
    gemm("no_c", c_operand=False, trans=(1, 1))
    gemm("alpha", alpha=1.7, trans=(1, 0))
    gemm("u8u8", b_type=u8)
    gemm("i8i8", a_type=i8, y_type=i8)
    gemm("float_no_c_columns", quantised=False, c_operand=False, columns=True)


@family
def qlinear():
    def scalars(c, n, dtype, low=0.02, high=0.1):
        return [[c.input(np.array(c.rng.uniform(low, high), f32)), c.input(c.ints(dtype))] for _ in range(n)]

    for dtype, tag in ((u8, "u8"), (i8, "i8")):
        c = Case("qlinear_where_" + tag)
        x, y, z = scalars(c, 3, dtype)
        c.node("QLinearWhere", [c.input(c.rng.integers(0, 2, (3, 1, 4)).astype(bool)), c.input(c.ints(dtype, 2, 4)), *x, c.input(c.ints(dtype, 3, 2, 1)), *y, *z])
        c.save()
        for op in ("Add", "Mul"):
            c = Case(f"qlinear_{op.lower()}_{tag}")
            a, b, y = scalars(c, 3, dtype)
            c.node("QLinear" + op, [c.input(c.ints(dtype, 2, 3, 4)), *a, c.input(c.ints(dtype, 3, 1)), *b, *y])
            c.save()
        c = Case("qlinear_leaky_relu_" + tag)
        x, y = scalars(c, 2, dtype)
        c.node("QLinearLeakyRelu", [c.input(c.ints(dtype, 3, 7)), *x, *y], alpha=0.2)
        c.save()
        c = Case("qlinear_sigmoid_" + tag)
        x, y = scalars(c, 2, dtype, 0.003, 0.02)
        c.node("QLinearSigmoid", [c.input(c.ints(dtype, 3, 7)), *x, *y])
        c.save()
        for opset, axis in ((13, 1), (12, 1)):
            c = Case(f"qlinear_softmax_{opset}_{tag}")
            c.node("QLinearSoftmax", [c.input(c.ints(dtype, 2, 3, 4)), *scalars(c, 1, dtype, 0.01, 0.03)[0], c.const(np.array(1 / 256, f32)), c.const(np.array(0 if dtype is u8 else -128, dtype))],
                   axis=axis, opset=opset)
            c.save()
        c = Case("qlinear_concat_" + tag)
        a, b, y = scalars(c, 3, dtype)
        c.node("QLinearConcat", [*y, c.input(c.ints(dtype, 2, 3)), *a, c.input(c.ints(dtype, 2, 2)), *b], axis=1)
        c.save()
        for last in (0, 1):
            c = Case(f"qlinear_average_pool_{tag}{'_last' * last}")
            x, y = scalars(c, 2, dtype)
            c.node("QLinearAveragePool", [c.input(c.ints(dtype, *((1, 6, 5, 3) if last else (1, 3, 6, 5)))), *x, *y], kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1],
                   channels_last=last, count_include_pad=last)
            c.save()
            c = Case(f"qlinear_global_average_pool_{tag}{'_last' * last}")
            x, y = scalars(c, 2, dtype)
            c.node("QLinearGlobalAveragePool", [c.input(c.ints(dtype, *((2, 4, 3, 5) if last else (2, 5, 4, 3)))), *x, *y], channels_last=last)
            c.save()

    def conv(name, last, columns, x_type=u8, w_type=i8, bias=True, **attributes):
        c = Case("qlinear_conv_" + name)
        group = attributes.get("group", 1)
        x = c.ints(x_type, *((1, 6, 5, 4) if last else (1, 4, 6, 5)))
        w = c.ints(w_type, 6, 4 // group, 3, 3)
        scale = c.rng.uniform(0.002, 0.01, 6 if columns else ()).astype(f32)
        c.node("QLinearConv", [c.input(x), c.input(np.array(0.03, f32)), c.input(np.array(4, x_type)), c.const(w), c.const(scale), c.const(np.zeros(6 if columns else (), w_type)),
                               c.input(np.array(0.11, f32)), c.input(np.array(9, x_type)), c.const(c.ints(i32, 6, low=-5000, high=5000)) if bias else None],
               channels_last=last, **attributes)
        c.save()

    conv("first", 0, True, pads=[1, 1, 1, 1])
    conv("last", 1, True, pads=[1, 0, 1, 0], strides=[2, 1])
    conv("last_group", 1, False, group=2, bias=False)
    conv("last_i8", 1, True, x_type=i8, auto_pad="SAME_LOWER")


# ---- weights in blocks ----
@family
def blocks():
    def matmul(name, bits=4, k=64, block=32, n=3, zeros="", bias=False, dtype=f32, a_shape=(1, 2)):
        c = Case("matmul_nbits_" + name)
        rows = -(-k // block)
        b = c.ints(u8, n, rows, block * bits // 8)
        scales = c.rng.uniform(0.01, 0.1, (n, rows)).astype(dtype)
        zero = {"": None, "packed": c.ints(u8, n, -(-rows * bits // 8)), "real": c.rng.uniform(0, 15, (n, rows)).astype(dtype)}[zeros]
        c.node("MatMulNBits", [c.input(c.normal(*a_shape, k, dtype=dtype), *("B", "S")[:len(a_shape)]), c.const(b), c.const(scales), None if zero is None else c.const(zero),
                               None, c.const(c.normal(n, dtype=dtype)) if bias else None], bits=bits, block_size=block, K=k, N=n)
        c.save()

    matmul("4")
    matmul("4_zeros", zeros="packed")
    matmul("4_zeros_odd", zeros="packed", k=96)
    matmul("4_real_zeros", zeros="real", k=96)
    matmul("4_short_k", k=80, bias=True)
    matmul("8", bits=8)
    matmul("8_zeros", bits=8, zeros="packed", block=16, k=48)
    matmul("2_zeros", bits=2, zeros="packed", k=96)
    matmul("4_f16", dtype=f16, zeros="packed")
    matmul("4_vector_rows", a_shape=(5,), block=16, k=32, bias=True)

    def gather(name, dtype, bits=4, zeros=False, scale_type=f32, quantize_axis=1, gather_axis=0, block=16, width=32):
        c = Case("gather_block_quantized_" + name)
        n = width // block
        shape = (6, width) if quantize_axis == 1 else (width, 6)
        scales = [6, n] if quantize_axis == 1 else [n, 6]
        if dtype is u8:
            data = c.const(c.ints(u8, 6, width * bits // 8))
            zero = c.const(c.ints(u8, 6, -(-n * bits // 8))) if zeros else None
        else:
            low = 0 if dtype == T.UINT4 else -8
            data = c.packed4(c.rng.integers(low, low + 16, shape), dtype)
            zero = c.packed4(c.rng.integers(low, low + 16, scales), dtype) if zeros else None
        c.node("GatherBlockQuantized", [data, c.input(c.ints(i64, 2, 3, low=0, high=5)), c.const(c.rng.uniform(0.01, 0.1, scales).astype(scale_type)), zero],
               bits=bits, block_size=block, quantize_axis=quantize_axis, gather_axis=gather_axis)
        c.save()

    gather("u8", u8)
    gather("u8_zeros", u8, zeros=True)
    gather("u8_8_bits", u8, bits=8, zeros=True)
    gather("u4", T.UINT4, zeros=True)
    gather("i4", T.INT4)
    gather("i4_axis_0", T.INT4, quantize_axis=0, gather_axis=1, zeros=True)
    gather("u4_short_rows", T.UINT4, zeros=True, width=48)
    gather("u4_no_zeros", T.UINT4)
    gather("i4_zeros", T.INT4, zeros=True)
    gather("u8_2_bits", u8, bits=2, zeros=True)
    gather("u4_f16", T.UINT4, scale_type=f16)


# ---- recurrence: one sequence at a time, since ONNX Runtime quantises a batch as one and by its threads ----
@family
def lstm():
    def recur(name, w_type=i8, rows=False, bias=True, peepholes=False, states=False, lens=None, direction="forward", **attributes):
        c = Case("dynamic_quantize_lstm_" + name)
        d, n = 2 if direction == "bidirectional" else 1, 4
        quantisation = []
        for _ in range(2):
            shape = (d, 4 * n) if rows else (d,)
            quantisation += [c.const(c.rng.uniform(0.002, 0.01, shape).astype(f32)), c.const(np.zeros(shape, w_type) if w_type is i8 else c.ints(u8, *shape, low=120, high=136))]
        c.node("DynamicQuantizeLSTM", [
            c.input(c.normal(5, 1, 3), "S"), c.const(c.ints(w_type, d, 3, 4 * n)), c.const(c.ints(w_type, d, n, 4 * n)), c.const(c.normal(d, 8 * n, scale=0.3)) if bias else None,
            None if lens is None else c.input(np.array(lens, i32)), c.input(c.normal(d, 1, n, scale=0.5)) if states else None, c.input(c.normal(d, 1, n, scale=0.5)) if states else None,
            c.const(c.normal(d, 3 * n, scale=0.3)) if peepholes else None] + quantisation, 3, hidden_size=n, direction=direction, **attributes)
        c.save()

    recur("forward")
    recur("rows", rows=True)
    recur("u8", w_type=u8, bias=False)
    recur("reverse", direction="reverse")
    recur("both_states", direction="bidirectional", states=True, rows=True)
    recur("peepholes", peepholes=True, states=True)
    recur("shorter", lens=[3])
    recur("activations", activations=["HardSigmoid", "Softsign", "Tanh"], activation_alpha=[0.3], activation_beta=[0.4], clip=0.8)


# ---- attention ----
@family
def attention():
    def attend(name, heads=2, size=4, batch=2, length=3, bias=True, mask=None, past=None, score_bias=None, sizes=None, present=False, symbols=(), **attributes):
        c = Case("attention_" + name)
        hidden = heads * size
        widths = sizes or [hidden] * 3
        c.node("Attention", [
            c.input(c.normal(batch, length, 6), *symbols), c.const(c.normal(6, sum(widths), scale=0.5)), c.const(c.normal(sum(widths)) * bias),
            None if mask is None else c.input(np.array(mask, i32), *(symbols[:1] if np.ndim(mask) == 2 else ())),
            None if past is None else c.input(c.normal(2, batch, heads, past, size), *(("", symbols[0], "", "P") if symbols else ())),
            None if score_bias is None else c.input(c.normal(*score_bias))], 2 if present or past is not None else 1,
               num_heads=heads, qkv_hidden_sizes=sizes, **attributes)
        expected = None
        if not bias:  # ONNX Runtime 1.31 ends when bias is not given: it adds zeros here
            expected = c.answers()
            c.nodes[0].input[2] = ""
            c.constants.pop()
        c.save(expected)

    attend("plain")
    attend("symbols", symbols=("B", "S"))
    attend("no_bias", bias=False)
    attend("causal", unidirectional=1, length=4)
    attend("scale", scale=0.3)
    attend("mask_2d", mask=[[1, 1, 0], [1, 1, 1]])
    attend("mask_2d_symbols", mask=[[1, 1, 0], [0, 1, 1]], symbols=("B", "S"))
    attend("mask_all_hidden", mask=[[0, 0, 0], [1, 0, 1]])
    attend("mask_filter_value", mask=[[1, 1, 0], [1, 0, 1]], mask_filter_value=-2.0)
    attend("mask_3d", mask=[[[1, 0, 0], [1, 1, 0], [1, 1, 1]], [[1, 1, 1], [0, 1, 1], [0, 0, 1]]])
    attend("mask_ends", mask=[2, 3])
    attend("mask_ends_begins", mask=[3, 2, 1, 0])
    attend("mask_ends_begins_symbols", mask=[3, 2, 1, 0], symbols=("B", "S"))
    attend("mask_ends_symbols", mask=[3, 1], symbols=("B", "S"))
    attend("mask_2d_causal", mask=[[1, 1, 0], [0, 1, 1]], unidirectional=1)
    attend("past", past=2)
    attend("past_causal", past=2, unidirectional=1)
    attend("past_causal_symbols", past=2, unidirectional=1, symbols=("B", "S"))
    attend("past_mask", past=2, mask=[[1, 1, 1, 1, 0], [0, 1, 1, 1, 1]])
    attend("past_ends", past=2, mask=[4, 5])
    attend("past_token", past=3, length=1, unidirectional=1)
    attend("present", present=True, unidirectional=1)
    attend("bias_scores", score_bias=(2, 2, 3, 3))
    attend("bias_scores_shared", score_bias=(1, 2, 3, 3), mask=[[1, 1, 0], [1, 1, 1]])
    attend("v_size", sizes=[8, 8, 12])

    def quantised(name, mask=None, past=None, columns=False, w_type=i8, zeros=True, **attributes):
        c = Case("qattention_" + name)
        w_zero = np.zeros(24, w_type) if columns else np.array(2, w_type)
        c.node("QAttention", [
            c.input(c.ints(u8, 2, 3, 6)), c.const(c.ints(w_type, 6, 24)), c.const(c.normal(24)), c.input(np.array(0.02, f32)),
            c.const(c.rng.uniform(0.005, 0.02, 24 if columns else ()).astype(f32)), None if mask is None else c.input(np.array(mask, i32)),
            c.input(np.array(120, u8)) if zeros else None, c.const(w_zero) if zeros else None,
            None if past is None else c.input(c.normal(2, 2, 2, past, 4))], 2 if past else 1, num_heads=2, **attributes)
        c.save()

    quantised("plain")
    quantised("columns", columns=True)
    quantised("u8_mask", w_type=u8, mask=[2, 3])
    quantised("past", past=2, unidirectional=1)
    quantised("no_zeros", zeros=False)
    quantised("mask_2d", mask=[[1, 1, 0], [1, 1, 1]])


@family
def multi_head():
    def attend(name, heads=2, size=4, v_size=4, batch=2, length=3, kv_length=4, bias=False, mask=None, score_bias=None, past=None, form="flat", outputs=1, symbols=(), **attributes):
        c = Case("multi_head_" + name)
        hidden, v_hidden = heads * size, heads * v_size
        kv = c.normal
        operands = {
            "flat": lambda: [c.normal(batch, length, hidden), kv(batch, kv_length, hidden), kv(batch, kv_length, v_hidden)],
            "packed_qkv": lambda: [c.normal(batch, length, heads, 3, size), None, None],
            "packed_kv": lambda: [c.normal(batch, length, hidden), kv(batch, kv_length, heads, 2, size), None],
            "heads": lambda: [c.normal(batch, length, hidden), kv(batch, heads, kv_length, size), kv(batch, heads, kv_length, v_size)],
        }[form]()
        names = [None if a is None else c.input(a, *((symbols[0], symbols[1 + (i > 0)]) if symbols else ())) for i, a in enumerate(operands)]
        more = [None if past is None else c.input(c.normal(batch, heads, past, s)) for s in (size, v_size)]
        inputs = names + [c.const(c.normal(2 * hidden + v_hidden)) if bias else None, None if mask is None else c.input(np.array(mask, i32)),
                          None if score_bias is None else c.input(c.normal(*score_bias))] + more
        c.output_type = T.FLOAT
        c.node("MultiHeadAttention", inputs, outputs, num_heads=heads, **attributes)
        if form.startswith("packed"):  # not on ONNX Runtime's CPU: the same operands one by one
            c.save(unpacked(c, operands, form, attributes))
        else:
            c.save()

    def unpacked(packed, operands, form, attributes):
        c = Case(packed.name)
        flat = lambda a: np.ascontiguousarray(a).reshape(a.shape[0], a.shape[1], -1)
        parts = [operands[0][:, :, :, i] for i in range(3)] if form == "packed_qkv" else [operands[0]] + [operands[1][:, :, :, i] for i in range(2)]
        c.node("MultiHeadAttention", [c.input(flat(p)) for p in parts], **attributes, num_heads=2)
        return c.answers()

    attend("plain")
    attend("symbols", symbols=("B", "S", "L"))
    attend("bias", bias=True)
    attend("bias_v_size", bias=True, v_size=6)
    attend("scale", scale=0.3)
    attend("causal", unidirectional=1, kv_length=3)
    attend("packed_qkv", form="packed_qkv")
    attend("packed_kv", form="packed_kv")
    attend("heads", form="heads")
    attend("mask_2d", mask=[[1, 1, 0, 0], [1, 1, 1, 1]])
    attend("mask_3d", mask=[[[1, 0, 0, 1], [1, 1, 0, 1], [1, 1, 1, 0]], [[1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]]])
    attend("mask_ends", mask=[2, 4])
    attend("bias_scores", score_bias=(2, 2, 3, 4))
    attend("bias_scores_shared_mask", score_bias=(1, 1, 3, 4), mask=[[1, 1, 0, 1], [1, 1, 1, 1]])
    attend("present", outputs=3, bias=True)
    attend("past", past=2, kv_length=3, outputs=3)
    attend("past_bias_mask", past=2, kv_length=3, outputs=3, bias=True, mask=[[1, 1, 1, 0, 1], [1, 1, 1, 1, 1]])
    attend("past_causal", past=2, kv_length=3, outputs=3, unidirectional=1)
    attend("past_token", past=5, length=1, kv_length=1, outputs=3)
    attend("scores", outputs=4)
    attend("scores_mask", outputs=4, mask=[[1, 1, 0, 1], [1, 1, 1, 1]])


@family
def rotary():
    def rotate(name, shape=(2, 3, 16), size=8, rotated=None, positions=None, symbols=(), **attributes):
        c = Case("rotary_" + name)
        angles = np.outer(np.arange(10), 1 / 100 ** np.linspace(0, 1, (rotated or size) // 2))
        c.node("RotaryEmbedding", [c.input(c.normal(*shape), *symbols), c.input(np.array(positions, i64)), c.const(np.cos(angles).astype(f32)), c.const(np.sin(angles).astype(f32))],
               rotary_embedding_dim=rotated, **attributes)
        c.save()

    rotate("ids", positions=[[0, 1, 2], [5, 4, 9]])
    rotate("first", positions=[2], symbols=("B", "S"))
    rotate("interleaved", positions=[[0, 1, 2], [5, 4, 9]], interleaved=1)
    rotate("heads", shape=(2, 2, 3, 8), positions=[[0, 1, 2], [5, 4, 9]])
    rotate("heads_first", shape=(2, 2, 3, 8), positions=[1])
    rotate("part", positions=[[0, 1, 2], [5, 4, 9]], rotated=4, num_heads=2)
    rotate("num_heads", positions=[3], num_heads=2)


@family
def group_query():
    def attend(name, q_heads=2, kv_heads=1, batch=2, length=3, total=None, lengths=None, room=None, packed=False, rotary=False, positions=None, score_bias=False,
               sink=False, symbols=False, **attributes):
        c = Case("group_query_" + name)
        total, size = total or length, 16 if rotary else 8
        lengths = np.array(lengths if lengths is not None else [total] * batch)
        q, kv = q_heads * size, kv_heads * size
        sym = ("B", "S") if symbols else ()
        x = [c.input(c.normal(batch, length, q + 2 * kv), *sym), None, None] if packed else [c.input(c.normal(batch, length, n), *sym) for n in (q, kv, kv)]
        caches = [None, None]
        if room:
            held = lengths - length if total != length else np.zeros(batch, int)
            caches = []
            for _ in range(2):
                cache = c.normal(batch, kv_heads, room, size)
                for b in range(batch):  # what is behind the tokens is not looked at; zeros, so that the outputs agree
                    cache[b, :, held[b]:] = 0
                caches.append(c.input(cache, *(("B", "", "P") if symbols else ())))
        angles = np.outer(np.arange(12), 1 / 100 ** np.linspace(0, 1, size // 2))
        tables = [c.const(np.cos(angles).astype(f32)), c.const(np.sin(angles).astype(f32))] if rotary else [None, None]
        c.node("GroupQueryAttention", x + caches + [c.input((lengths - 1).astype(i32), *sym[:1]), c.input(np.array([total], i32))] + tables + [
            None if positions is None else c.input(np.array(positions, i64)), c.input(c.normal(1, q_heads, length, total)) if score_bias else None,
            c.const(c.normal(q_heads)) if sink else None], 3, num_heads=q_heads, kv_num_heads=kv_heads, do_rotary=int(rotary), **attributes)
        c.save()

    attend("prompt")
    attend("prompt_packed", packed=True)
    attend("prompt_rotary", rotary=True)
    attend("prompt_rotary_packed_interleaved", rotary=True, packed=True, rotary_interleaved=1)
    attend("prompt_room", room=6)
    attend("prompt_room_rotary_symbols", room=6, rotary=True, symbols=True)
    attend("token", length=1, total=5, room=4, rotary=True)
    attend("token_room", length=1, total=5, room=8, rotary=True)
    attend("token_ragged", length=1, total=5, room=8, lengths=[3, 5], rotary=True)
    attend("token_ragged_symbols", length=1, total=5, room=8, lengths=[3, 5], rotary=True, symbols=True)
    attend("continued", batch=1, length=3, total=7, room=9, rotary=True)
    attend("continued_grows", batch=1, length=3, total=7, room=4)
    attend("heads_in_groups", q_heads=4, kv_heads=2)
    attend("scale_softcap", scale=0.4, softcap=2.0)
    attend("window", length=6, local_window_size=2)
    attend("window_token", length=1, total=7, room=8, local_window_size=3, rotary=True)
    attend("smooth_softmax", smooth_softmax=1)
    attend("smooth_softmax_softcap", smooth_softmax=1, softcap=1.5)
    attend("head_sink", sink=True)
    attend("head_sink_token", sink=True, length=1, total=5, room=8)
    attend("bias_scores", score_bias=True)
    attend("bias_scores_room", score_bias=True, length=1, total=5, room=8)
    attend("bias_scores_smooth", score_bias=True, smooth_softmax=1)
    attend("positions", rotary=True, length=1, total=5, room=8, positions=[[2], [4]])


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    for make in FAMILIES:
        make()
