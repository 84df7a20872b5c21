#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times the convolutions of `checkkern --bench` against onnxruntime, alternately, on single-Conv models with Relu.

usage: compare_onnxruntime.py build/tests/checkkern [--level avx512] [--threads 1,2] [--rounds 3] [--filter TEXT]
Needs the Python packages numpy, onnx, onnxruntime. Prints the best time of each and our share of one core's peak.
"""
import argparse
import re
import subprocess
import time

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper

LINE = re.compile(r"conv (\d+)x\d+ s(\d+) (\d+)>(\d+) (\d+)x\d+ g(\d+) t(\d+) (\w+).*?([\d.]+) us .*?([\d.]+) % of peak")


def ours(program, level, text):
    """{name: (microseconds, percent of peak, layer)} of one run."""
    out = subprocess.run([program, "--bench", "--level", level, "--filter", text], capture_output=True, text=True, check=True)
    found = {}
    for match in LINE.finditer(out.stdout):
        f, s, c, m, side, g, t = (int(match[i]) for i in range(1, 8))
        name = match[0].split(" t")[0] + f" t{t}"
        found[name] = (float(match[9]), float(match[10]), (f, s, c, m, side, g, t))
    return found


def session(layer):
    f, s, c, m, side, g, threads = layer
    extent, begin = side * s, f // 2
    end = max((side - 1) * s + f - extent - begin, 0)
    weight = numpy.random.rand(m, c // g, f, f).astype(numpy.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["t"], strides=[s, s], pads=[begin, begin, end, end], group=g),
        helper.make_node("Relu", ["t"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "conv",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, c, extent, extent])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, m, side, side])],
        [onnx.numpy_helper.from_array(weight, "w"), onnx.numpy_helper.from_array(numpy.zeros(m, numpy.float32), "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    made = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    binding = made.io_binding()
    binding.bind_cpu_input("x", numpy.random.rand(1, c, extent, extent).astype(numpy.float32))
    binding.bind_output("y", "cpu")
    return made, binding


def theirs(made, binding):
    best, end = 1e9, time.time() + 0.1
    while time.time() < end:
        start = time.perf_counter()
        made.run_with_iobinding(binding)
        best = min(best, time.perf_counter() - start)
    return best * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkkern")
    parser.add_argument("--level", default="avx512")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--filter", default="conv")
    args = parser.parse_args()
    print(f"{'layer':40} {'ours us':>9} {'peak %':>6} {'ort us':>9} {'ort/ours':>8}")
    for name, (_, _, layer) in ours(args.checkkern, args.level, args.filter).items():
        if str(layer[-1]) not in args.threads.split(","):
            continue
        made, binding = session(layer)
        best, share, other = 1e9, 0, 1e9
        for _ in range(args.rounds):
            for micros, percent, _ in ours(args.checkkern, args.level, name).values():
                best, share = min(best, micros), max(share, percent)
            other = min(other, theirs(made, binding))
        print(f"{name:40} {best:9.1f} {share:6.1f} {other:9.1f} {other / best:8.2f}", flush=True)


if __name__ == "__main__":
    main()
