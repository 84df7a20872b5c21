#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times single operators as exported models use them against onnxruntime, alternately, on the same data.

usage: compare_operators.py build/bin/anput [--threads 2] [--rounds 5] [--filter TEXT]
Needs the Python packages numpy, onnx, onnxruntime. Prints medians over rounds: of each side's best run and of their ratio.
"""
import argparse
import json
import statistics
import subprocess
import tempfile
import time

import numpy
import onnx
import onnxruntime
from onnx import helper

SECONDS = 0.2  # of one side in one round
RANDOM = numpy.random.default_rng(0)


def real(*dims):
    return RANDOM.standard_normal(dims, numpy.float32)


def rows(*dims, below):
    return RANDOM.integers(0, below, dims)


def boxes(n, side):
    corner, size = RANDOM.random((n, 2)) * side, RANDOM.random((n, 2)) * side / 8
    return numpy.concatenate([corner, corner + size], 1).astype(numpy.float32)


def grid(batch, height, width):
    y, x = numpy.meshgrid(numpy.linspace(-1, 1, height), numpy.linspace(-1, 1, width), indexing="ij")
    return (numpy.stack([x, y], -1) + 0.02 * RANDOM.standard_normal((batch, height, width, 2))).astype(numpy.float32)


def case(name, op, inputs, constants=(), outputs=1, **attributes):
    """Inputs that are None are absent; constants follow them as initializers."""
    return name, op, list(inputs), list(constants), outputs, attributes


def resize(name, dims, scales, **attributes):
    return case(name, "Resize", [real(*dims), None], [numpy.array(scales, numpy.float32)], **{"mode": "linear", **attributes})


def cases():
    yield resize("Resize linear x2", (1, 64, 64, 64), [1, 1, 2, 2])
    yield resize("Resize linear x2 align", (1, 64, 64, 64), [1, 1, 2, 2], coordinate_transformation_mode="align_corners")
    yield resize("Resize linear image", (1, 3, 480, 640), [1, 1, 0.5, 0.5])
    yield resize("Resize nearest x2", (1, 64, 64, 64), [1, 1, 2, 2], mode="nearest", coordinate_transformation_mode="asymmetric",
                 nearest_mode="floor")
    yield resize("Resize cubic x2", (1, 64, 32, 32), [1, 1, 2, 2], mode="cubic")
    yield case("GridSample linear", "GridSample", [real(1, 32, 64, 64), grid(1, 64, 64)], mode="linear")
    regions = boxes(100, 400)
    yield case("RoiAlign 100 of 7x7", "RoiAlign", [real(1, 64, 50, 50), regions, numpy.zeros(100, numpy.int64)], output_height=7,
               output_width=7, sampling_ratio=2, spatial_scale=0.125)
    limits = [numpy.array([v], t) for v, t in [(300, "int64"), (0.5, "float32"), (0.01, "float32")]]
    scores = RANDOM.random((1, 1, 10000)).astype(numpy.float32)
    yield case("NMS 10000, keep 300", "NonMaxSuppression", [boxes(10000, 640)[None], scores], limits)
    yield case("NMS 10000, keep all", "NonMaxSuppression", [boxes(10000, 640)[None], scores], [limits[0] * 100, *limits[1:]])
    yield case("NMS 80 classes x 2000", "NonMaxSuppression",
               [boxes(2000, 640)[None], RANDOM.random((1, 80, 2000)).astype(numpy.float32)], [limits[0], limits[1], limits[2] * 50])
    yield case("Softmax rows of 128", "Softmax", [real(12, 128, 128)])
    yield case("Softmax rows of 1000", "Softmax", [real(64, 1000)])
    yield case("Softmax axis 1", "Softmax", [real(1, 21, 128, 128)], axis=1)
    yield case("LogSoftmax", "LogSoftmax", [real(64, 1000)])
    yield case("LayerNormalization", "LayerNormalization", [real(1, 128, 768)], [real(768), real(768)])
    yield case("RMSNormalization", "RMSNormalization", [real(1, 128, 768)], [real(768)])
    yield case("InstanceNormalization", "InstanceNormalization", [real(1, 64, 64, 64)], [real(64), real(64)])
    yield case("GroupNormalization", "GroupNormalization", [real(1, 64, 64, 64)], [real(64), real(64)], num_groups=8)
    yield case("TopK 10 of 100000", "TopK", [real(1, 100000)], [numpy.array([10])], outputs=2)
    yield case("TopK 300 of 8400", "TopK", [real(1, 8400)], [numpy.array([300])], outputs=2)
    yield case("ArgMax", "ArgMax", [real(1, 21, 128, 128)], axis=1)
    yield case("ReduceMean spatial", "ReduceMean", [real(1, 256, 32, 32)], [numpy.array([2, 3])])
    yield case("ReduceSum last", "ReduceSum", [real(128, 768)], [numpy.array([-1])])
    yield case("Transpose 0312", "Transpose", [real(1, 128, 128, 32)], perm=[0, 3, 1, 2])
    yield case("Transpose 0231", "Transpose", [real(1, 32, 128, 128)], perm=[0, 2, 3, 1])
    yield case("Transpose 0213", "Transpose", [real(1, 128, 12, 64)], perm=[0, 2, 1, 3])
    yield case("Transpose 0132", "Transpose", [real(1, 12, 128, 64)], perm=[0, 1, 3, 2])
    yield case("GatherND rows", "GatherND", [real(10000, 64), rows(4096, 1, below=10000)])
    yield case("Gather rows", "Gather", [real(10000, 64), rows(4096, below=10000)])
    yield case("ScatterND rows", "ScatterND", [real(4096, 64), RANDOM.permutation(4096)[:1024, None], real(1024, 64)])
    yield case("Cast f32 to f16", "Cast", [real(1 << 20)], to=onnx.TensorProto.FLOAT16)
    yield case("Cast f16 to f32", "Cast", [real(1 << 20).astype(numpy.float16)], to=onnx.TensorProto.FLOAT)
    yield case("Cast i64 to f32", "Cast", [rows(1 << 18, below=100)], to=onnx.TensorProto.FLOAT)
    yield case("Attention 12x128x64", "Attention", [real(1, 12, 128, 64) for _ in range(3)])
    yield case("Attention decode 32x1x1024x64", "Attention", [real(1, 32, 1, 64), real(1, 8, 1024, 64), real(1, 8, 1024, 64)])
    yield case("Concat channels", "Concat", [real(1, 64, 64, 64), real(1, 64, 64, 64)], axis=1)
    yield case("Slice focus", "Slice", [real(1, 3, 640, 640)], [numpy.array(v) for v in ([0, 0], [640, 640], [2, 3], [2, 2])])
    yield case("Where", "Where", [real(1, 12, 128, 128) > 0, real(1, 12, 128, 128), real(1)])
    yield case("Pow 2", "Pow", [real(1 << 18)], [numpy.array(2, numpy.float32)])
    yield case("Sqrt", "Sqrt", [numpy.abs(real(1 << 18))])
    yield case("Clip", "Clip", [real(1 << 18)], [numpy.array(v, numpy.float32) for v in (0, 6)])
    yield case("CumSum", "CumSum", [real(64, 4096)], [numpy.array(1)])
    yield case("DepthToSpace", "DepthToSpace", [real(1, 64, 128, 128)], blocksize=2)
    yield case("Pad reflect", "Pad", [real(1, 64, 64, 64)], [numpy.array([0, 0, 3, 3, 0, 0, 3, 3])], mode="reflect")


def model_of(op, inputs, constants, outputs, attributes):
    names = [f"x{i}" if v is not None else "" for i, v in enumerate(inputs)]
    weights = [onnx.numpy_helper.from_array(numpy.asarray(v), f"c{i}") for i, v in enumerate(constants)]
    node = helper.make_node(op, names + [w.name for w in weights], [f"y{i}" for i in range(outputs)], **attributes)
    graph = helper.make_graph(
        [node], op,
        [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in zip(names, inputs) if n],
        [onnx.ValueInfoProto(name=n) for n in node.output], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)
    return onnx.shape_inference.infer_shapes(model)


def session(model, inputs, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    made = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    binding = made.io_binding()
    for name, value in inputs.items():
        binding.bind_cpu_input(name, value)
    for output in made.get_outputs():
        binding.bind_output(output.name, "cpu")
    return made, binding


def theirs(made, binding):
    best, end = 1e9, time.time() + SECONDS
    while time.time() < end:
        start = time.perf_counter()
        made.run_with_iobinding(binding)
        best = min(best, time.perf_counter() - start)
    return best * 1e6


def ours(program, folder, inputs, threads):
    command = [program, "bench", f"{folder}/model.onnx", "--device", "cpu", "--threads", str(threads), "--duration", str(SECONDS), "--json"]
    for name in inputs:
        command += ["-i", f"{name}={folder}/{name}.npy"]
    done = subprocess.run(command, capture_output=True, text=True)
    if not done.stdout:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)["results"][0]["min_ms"] * 1e3


def compare(args, folder, name, op, inputs, constants, outputs, attributes):
    model = model_of(op, inputs, constants, outputs, attributes)
    onnx.save(model, f"{folder}/model.onnx")
    given = {f"x{i}": v for i, v in enumerate(inputs) if v is not None}
    for key, value in given.items():
        numpy.save(f"{folder}/{key}.npy", value)
    made, binding = session(model, given, args.threads)
    a, b = [], []
    for _ in range(args.rounds):
        a.append(ours(args.anput, folder, given, args.threads))
        b.append(theirs(made, binding))
    ratio = statistics.median(x / y for x, y in zip(a, b))
    print(f"{name:32} {statistics.median(a):9.1f} {statistics.median(b):9.1f} {ratio:9.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("anput")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--filter", default="")
    args = parser.parse_args()
    print(f"{'operator':32} {'ours us':>9} {'ort us':>9} {'ours/ort':>9}")
    for name, *rest in cases():
        if args.filter in name:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    compare(args, folder, name, *rest)
                except (RuntimeError, onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented) as error:
                    print(f"{name:32} {str(error)[:100]}", flush=True)


if __name__ == "__main__":
    main()
