#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes the models of tests/cli:
#   python3 -m venv venv && venv/bin/pip install onnx && venv/bin/python tests/cli/data/make_data.py tests/cli/data
# echo.onnx      y = x + s, next = x + s: a state to feed back
# hostile.onnx   y = -x, its names have control characters, a quote and bytes that are no UTF-8
# external.onnx  y = x * w, w in external.bin
import pathlib
import sys

import onnx
from onnx import TensorProto, helper

out = pathlib.Path(sys.argv[1])
FLOAT = TensorProto.FLOAT


def value(name, shape):
    return helper.make_tensor_value_info(name, FLOAT, shape)


def save(name, nodes, inputs, outputs, inits=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(inits))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (out / f"{name}.onnx").write_bytes(model.SerializeToString())


save("echo", [helper.make_node("Add", ["x", "s"], ["y"]), helper.make_node("Identity", ["y"], ["next"])],
     [value("x", ["N", 2]), value("s", ["N", 2])], [value("y", ["N", 2]), value("next", ["N", 2])])

save("hostile", [helper.make_node("Neg", ["xXXXXXXX"], ["yYYYYYYY"], name="nNNNNNNN")],
     [value("xXXXXXXX", ["dDDDDDDD"])], [value("yYYYYYYY", ["dDDDDDDD"])])
path = out / "hostile.onnx"
raw = path.read_bytes()
for letter in b"xynd":  # as long as what stands there: ESC [ 3 1 m newline quote and a lone 0xff
    raw = raw.replace(bytes([letter]) + bytes([letter - 32]) * 7, b"\x1b[31m\n\"" + bytes([letter ^ 0x80]))
path.write_bytes(raw)

w = TensorProto(name="w", data_type=FLOAT, dims=[2], data_location=TensorProto.EXTERNAL)
for key, text in (("location", "external.bin"), ("offset", "0"), ("length", "8")):
    w.external_data.add(key=key, value=text)
save("external", [helper.make_node("Mul", ["x", "w"], ["y"])], [value("x", [2])], [value("y", [2])], [w])
(out / "external.bin").write_bytes(b"\0\0\x80\x3f\0\0\0\x40")
