#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden cases of RNN, GRU and LSTM: recurrent/<case>/model.onnx and test_data_set_0.

Attributes and optional operands are drawn by number of the case. Answers are those of ONNX Runtime on a CPU (numpy 2.4,
onnx 1.22, onnxruntime 1.31 made them), which does not read layout = 1: such a case is the other layout, transposed.
    python3 tests/onnx/cases/make_recurrent.py
"""
import pathlib
import random
import shutil

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent / "recurrent"
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
FUNCTIONS = {"RNN": 1, "GRU": 2, "LSTM": 3}
# whether an activation takes alpha and beta; all of them are given, for defaults differ between runtimes
ACTIVATIONS = {"Relu": (0, 0), "Tanh": (0, 0), "Sigmoid": (0, 0), "Affine": (1, 1), "LeakyRelu": (1, 0), "ThresholdedRelu": (1, 0),
               "ScaledTanh": (1, 1), "HardSigmoid": (1, 1), "Elu": (1, 0), "Softsign": (0, 0), "Softplus": (0, 0)}
CASES = 36


def draw_attributes(draw, op, directions):
    """direction, activations and their parameters, clip, and what only one of the operators has."""
    attributes = {"direction": "bidirectional" if directions == 2 else draw.choice(["forward", "reverse"])}
    if draw.random() < 0.6:
        names = [draw.choice(list(ACTIVATIONS)) for _ in range(FUNCTIONS[op] * directions)]
        attributes["activations"] = names
        for which, key in enumerate(("activation_alpha", "activation_beta")):
            values = [draw.uniform(0.1, 0.9) for name in names if ACTIVATIONS[name][which]]
            if values:
                attributes[key] = values
    if draw.random() < 0.5:
        attributes["clip"] = draw.uniform(0.2, 1.5)
    if op == "LSTM" and draw.random() < 0.4:
        attributes["input_forget"] = 1
    if op == "GRU" and draw.random() < 0.5:
        attributes["linear_before_reset"] = 1
    return attributes


def draw_operands(draw, rng, op, directions):
    """Name and array of each operand; None = not given."""
    steps, batch, size, hidden = draw.randint(1, 5), draw.randint(1, 3), draw.randint(1, 4), draw.randint(1, 4)
    rows = GATES[op] * hidden

    def normal(*shape):
        return rng.standard_normal(shape).astype(np.float32)

    operands = {"X": normal(steps, batch, size), "W": normal(directions, rows, size), "R": normal(directions, rows, hidden),
                "B": normal(directions, 2 * rows), "lens": rng.integers(1, steps, batch, endpoint=True).astype(np.int32),
                "h": normal(directions, batch, hidden)}
    if op == "LSTM":
        operands |= {"c": normal(directions, batch, hidden), "P": normal(directions, 3 * hidden)}
    for name in list(operands)[3:]:
        if draw.random() < 0.4:
            operands[name] = None
    return operands, hidden


def make_model(name, op, operands, outputs, attributes):
    node = helper.make_node(op, ["" if x is None else key for key, x in operands.items()], outputs, **attributes)
    infos = [helper.make_tensor_value_info(key, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
             for key, x in operands.items() if x is not None]
    results = [helper.make_tensor_value_info(key, TensorProto.FLOAT, None) for key in outputs]
    graph = helper.make_graph([node], name, infos, results)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)


def batch_first(operands, answers):
    """Operands and answers as layout = 1 has them."""
    operands = dict(operands)
    for key in ("X", "h", "c"):
        if operands.get(key) is not None:
            operands[key] = operands[key].swapaxes(0, 1)
    return operands, [answers[0].transpose(2, 0, 1, 3)] + [a.swapaxes(0, 1) for a in answers[1:]]


def write_case(name, model, operands, answers):
    folder = HERE / name / "test_data_set_0"
    folder.mkdir(parents=True)
    onnx.save(model, HERE / name / "model.onnx")
    for kind, arrays in (("input", [x for x in operands.values() if x is not None]), ("output", answers)):
        for i, x in enumerate(arrays):
            tensor = numpy_helper.from_array(np.ascontiguousarray(x), f"{kind}_{i}")
            (folder / f"{kind}_{i}.pb").write_bytes(tensor.SerializeToString())


def make_case(number):
    draw, rng = random.Random(number), np.random.default_rng(number)
    op, directions = list(GATES)[number % 3], 1 + draw.randrange(2)
    attributes = draw_attributes(draw, op, directions)
    operands, attributes["hidden_size"] = draw_operands(draw, rng, op, directions)
    outputs = ["Y", "Y_h", "Y_c"][:3 if op == "LSTM" else 2]
    name = f"{op.lower()}_{number:02d}"
    model = make_model(name, op, operands, outputs, attributes)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    answers = session.run(None, {key: x for key, x in operands.items() if x is not None})
    if number % 4 == 0:
        operands, answers = batch_first(operands, answers)
        model = make_model(name, op, operands, outputs, attributes | {"layout": 1})
    write_case(name, model, operands, answers)


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    for number in range(CASES):
        make_case(number)


if __name__ == "__main__":
    main()
