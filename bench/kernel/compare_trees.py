#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times a random forest (100 trees of depth 8 on scikit-learn's digits) against onnxruntime, alternately.

usage: compare_trees.py build/bin/anput [--batches 1,1000] [--threads 1,2] [--rounds 9]
Needs the Python packages numpy, onnxruntime, scikit-learn, skl2onnx. Prints medians over rounds: of each side's median run, of their
ratio, and of the ratio of their best runs, which a busy machine disturbs less. onnxruntime is called with bound inputs and outputs;
what that call itself costs is printed too, as the time of a tree that is one leaf.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy
import onnxruntime
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier

SECONDS = 0.5  # of one side in one round


def forest():
    x, y = load_digits(return_X_y=True)
    model = RandomForestClassifier(100, max_depth=8, random_state=0).fit(x, y)
    x = x.astype(numpy.float32)
    return to_onnx(model, x[:1], options={"zipmap": False}, target_opset={"": 18, "ai.onnx.ml": 3}), x


def one_leaf():
    node = helper.make_node(
        "TreeEnsembleRegressor", ["X"], ["y"], domain="ai.onnx.ml", n_targets=1, nodes_nodeids=[0], nodes_treeids=[0],
        nodes_featureids=[0], nodes_modes=["LEAF"], nodes_values=[0.0], nodes_truenodeids=[0], nodes_falsenodeids=[0],
        target_nodeids=[0], target_treeids=[0], target_ids=[0], target_weights=[1.0])
    graph = helper.make_graph([node], "leaf", [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 64])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=9)


def session(model, x, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    made = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    binding = made.io_binding()
    binding.bind_cpu_input(made.get_inputs()[0].name, x)
    for output in made.get_outputs():
        binding.bind_output(output.name, "cpu")
    return made, binding


def theirs(made, binding):
    times, end = [], time.time() + SECONDS
    while time.time() < end:
        start = time.perf_counter()
        made.run_with_iobinding(binding)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6, min(times) * 1e6


def ours(program, model, rows, threads):
    command = [program, "bench", model, "--device", "cpu", "--threads", str(threads), "--duration", str(SECONDS), "-i", f"X={rows}",
               "--json"]
    out = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["results"][0]
    return out["median_ms"] * 1e3, out["min_ms"] * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("anput")
    parser.add_argument("--batches", default="1,1000")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    model, x = forest()
    print(f"{'rows':>6} {'threads':>7} {'ours us':>9} {'ort us':>9} {'its call':>8} {'ort/ours':>8} {'best':>6}")
    with tempfile.TemporaryDirectory() as folder:
        path, rows = pathlib.Path(folder) / "forest.onnx", pathlib.Path(folder) / "rows.npy"
        path.write_bytes(model.SerializeToString())
        for batch in map(int, args.batches.split(",")):
            numpy.save(rows, x[:batch])
            for threads in map(int, args.threads.split(",")):
                made, call = session(model, x[:batch], threads), session(one_leaf(), x[:1], threads)
                pairs = [(ours(args.anput, path, rows, threads), theirs(*made)) for _ in range(args.rounds)]
                a, b = (statistics.median(p[i][0] for p in pairs) for i in (0, 1))
                ratio, best = (statistics.median(p[1][i] / p[0][i] for p in pairs) for i in (0, 1))
                print(f"{batch:6} {threads:7} {a:9.1f} {b:9.1f} {theirs(*call)[1]:8.1f} {ratio:8.2f} {best:6.2f}")


if __name__ == "__main__":
    main()
