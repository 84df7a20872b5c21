# SPDX-License-Identifier: Apache-2.0
"""Writes model.onnx: two layers of four with MishClip between them. Seeded; needs numpy and onnx."""
import os

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

rng = np.random.default_rng(1)
first, second = (numpy_helper.from_array(rng.normal(size=(4, 4)).astype(np.float32).round(2), name) for name in ("W1", "W2"))
graph = helper.make_graph(
    [
        helper.make_node("MatMul", ["x", "W1"], ["h"], name="first"),
        helper.make_node("MishClip", ["h"], ["a"], name="clip", domain="com.example", limit=2.0),
        helper.make_node("MatMul", ["a", "W2"], ["y"], name="second"),
    ],
    "mish",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])],
    [first, second],
)
opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.example", 1)]
save(helper.make_model(graph, opset_imports=opsets, ir_version=10), os.path.join(os.path.dirname(__file__), "model.onnx"))
