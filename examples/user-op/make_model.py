# SPDX-License-Identifier: Apache-2.0
"""Writes model.onnx, two layers of four with MishClip between them, and gradient.onnx: a layer with MishClip and what its result
changes by with its input and its weights. Seeded; needs numpy and onnx."""
import os

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

rng = np.random.default_rng(1)
first, second = (numpy_helper.from_array(rng.normal(size=(4, 4)).astype(np.float32).round(2), name) for name in ("W1", "W2"))


def write(name, nodes, inputs, outputs, initializers):
    graph = helper.make_graph(
        nodes,
        "mish",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in inputs],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in outputs],
        initializers,
    )
    domains = [("", 21), ("com.example", 1), ("ai.onnx.preview.training", 1)]
    opsets = [helper.make_opsetid(domain, version) for domain, version in domains]
    save(helper.make_model(graph, opset_imports=opsets, ir_version=10), os.path.join(os.path.dirname(__file__), name))


clip = helper.make_node("MishClip", ["h"], ["a"], name="clip", domain="com.example", limit=2.0)
write(
    "model.onnx",
    [
        helper.make_node("MatMul", ["x", "W1"], ["h"], name="first"),
        clip,
        helper.make_node("MatMul", ["a", "W2"], ["y"], name="second"),
    ],
    [("x", ["N", 4])],
    [("y", ["N", 4])],
    [first, second],
)
write(
    "gradient.onnx",
    [
        helper.make_node("MatMul", ["x", "W"], ["h"], name="first"),
        clip,
        helper.make_node("ReduceSum", ["a"], ["sum"], name="sum", keepdims=0),
        helper.make_node("Gradient", ["x", "W"], ["dx", "dW"], name="back", domain="ai.onnx.preview.training",
                         xs=["x", "W"], y="sum"),
    ],
    [("x", ["N", 4]), ("W", [4, 4])],
    [("sum", []), ("dx", ["N", 4]), ("dW", [4, 4])],
    [],
)
