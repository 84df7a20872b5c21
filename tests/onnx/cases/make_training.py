#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden cases of training in ONNX's test layout: training/<case>/model.onnx and test_data_set_0.

Gradients are written out by hand with numpy in f64 (numpy and onnx 1.22 made them):
    python3 tests/onnx/cases/make_training.py
"""
import os
import shutil

import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "training")
TRAINING = "ai.onnx.preview.training"
f32 = np.float32


def write(name, nodes, inputs, outputs, constants=()):
    """inputs, outputs and constants: (name, array) each."""
    def info(pairs):
        return [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in pairs]

    graph = helper.make_graph(nodes, name, info(inputs), info(outputs), [numpy_helper.from_array(a, n) for n, a in constants])
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(TRAINING, 1)])
    data = os.path.join(HERE, name, "test_data_set_0")
    os.makedirs(data)
    onnx.save(model, os.path.join(HERE, name, "model.onnx"))
    for kind, pairs in (("input", inputs), ("output", outputs)):
        for i, (n, a) in enumerate(pairs):
            with open(os.path.join(data, f"{kind}_{i}.pb"), "wb") as file:
                file.write(numpy_helper.from_array(a, n).SerializeToString())


def gradient(inputs, outputs, xs, y, zs=()):
    more = {"zs": list(zs)} if zs else {}
    return helper.make_node("Gradient", inputs, outputs, domain=TRAINING, xs=xs, y=y, **more)


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs, [output], **attributes)


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(f32)


def two_layers(rng):
    """The sum of squares of two layers, and what each weight does to it."""
    x, v, b, w = normal(rng, 5, 4), normal(rng, 4, 3), normal(rng, 3), normal(rng, 3, 2)
    h = 1 / (1 + np.exp(-(x.astype(float) @ v + b)))
    y = h @ w.astype(float)
    dh = 2 * y @ w.T.astype(float) * h * (1 - h)
    nodes = [
        node("MatMul", ["x", "v"], "p"), node("Add", ["p", "b"], "q"), node("Sigmoid", ["q"], "h"),
        node("MatMul", ["h", "w"], "y"), node("ReduceSumSquare", ["y"], "loss", keepdims=0),
        gradient(["v", "b", "w", "x"], ["dv", "db", "dw"], ["v", "b", "w"], "loss", ["x"]),
    ]
    write("two_layers", nodes, [("x", x), ("v", v), ("b", b), ("w", w)],
          [("loss", f32((y * y).sum())), ("dv", (x.T @ dh).astype(f32)), ("db", dh.sum(0).astype(f32)),
           ("dw", (h.T @ (2 * y)).astype(f32))])


def equal_weights(rng):
    """Two initializers with the same bytes are two variables."""
    x, zeros = normal(rng, 3), np.zeros(3, f32)
    nodes = [
        node("Mul", ["x", "v"], "p"), node("Add", ["p", "w"], "y"),
        gradient(["v", "w"], ["dv", "dw"], ["v", "w"], "y"),
    ]
    write("equal_weights", nodes, [("x", x)], [("dv", x), ("dw", np.ones(3, f32))], [("v", zeros), ("w", zeros)])


def second_order(rng):
    """x^3: 3 x^2 and 6 x; the node of the first gradient stands behind that of the second."""
    x = normal(rng, 4)
    nodes = [
        node("Mul", ["x", "x"], "s"), gradient(["x"], ["d2"], ["x"], "d1"), node("Mul", ["s", "x"], "y"),
        gradient(["x"], ["d1"], ["x"], "y"),
    ]
    write("second_order", nodes, [("x", x)], [("d1", 3 * x * x), ("d2", 6 * x)])


def other_value(rng):
    """The gradient of a product where its factors are other ones than those that were multiplied."""
    a, b, p, q = (normal(rng, 3) for _ in range(4))
    nodes = [node("Mul", ["a", "b"], "y"), gradient(["p", "q"], ["da", "db"], ["a", "b"], "y")]
    write("other_value", nodes, [("a", a), ("b", b), ("p", p), ("q", q)], [("y", a * b), ("da", q), ("db", p)])


def one_step(rng):
    """Least squares and a step of Momentum in one graph."""
    x, t, w, v = normal(rng, 6, 3), normal(rng, 6, 1), normal(rng, 3, 1), normal(rng, 3, 1)
    rate, count = f32(0.1), np.int64(3)
    g = 2 * x.T.astype(float) @ (x.astype(float) @ w - t)
    v_new = 0.5 * v + 0.25 * g
    nodes = [
        node("Gemm", ["x", "w"], "y"), node("Sub", ["y", "t"], "d"), node("ReduceSumSquare", ["d"], "loss"),
        gradient(["w"], ["g"], ["w"], "loss"),
        helper.make_node("Momentum", ["rate", "count", "w", "g", "v"], ["w_new", "v_new"], domain=TRAINING, alpha=0.5, beta=0.25,
                         mode="standard", norm_coefficient=0.0),
    ]
    write("one_step", nodes, [("rate", rate), ("count", count), ("x", x), ("t", t), ("w", w), ("v", v)],
          [("w_new", (w - 0.1 * v_new).astype(f32)), ("v_new", v_new.astype(f32))])


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    for case in (two_layers, equal_weights, second_order, other_value, one_step):
        case(np.random.default_rng(7))


if __name__ == "__main__":
    main()
