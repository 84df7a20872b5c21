#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden cases of DFT and STFT: signal/<case>/model.onnx and test_data_set_0.

Answers are numpy.fft's in double precision, rounded once (numpy 2.4, onnx 1.22 made them):
    python3 tests/onnx/cases/make_signal.py
"""
import pathlib
import shutil
import zlib

import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = pathlib.Path(__file__).parent / "signal"
f16, f32, f64 = np.float16, np.float32, np.float64


def write_case(name, op, inputs, answer, opset=20, **attributes):
    """inputs: arrays, None = not given; those of one element become constants."""
    node_inputs, infos, initializers, data = [], [], [], []
    for i, x in enumerate(inputs):
        node_inputs.append("" if x is None else f"x{i}")
        if x is None:
            continue
        if x.ndim == 0:
            initializers.append(numpy_helper.from_array(x, f"x{i}"))
            continue
        infos.append(helper.make_tensor_value_info(f"x{i}", helper.np_dtype_to_tensor_dtype(x.dtype), x.shape))
        data.append(x)
    answer = np.asarray(answer).astype(inputs[0].dtype)
    result = helper.make_tensor_value_info("y", helper.np_dtype_to_tensor_dtype(answer.dtype), answer.shape)
    node = helper.make_node(op, node_inputs, ["y"], **attributes)
    graph = helper.make_graph([node], name, infos, [result], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    folder = HERE / name / "test_data_set_0"
    folder.mkdir(parents=True)
    onnx.save(model, HERE / name / "model.onnx")
    for kind, arrays in (("input", data), ("output", [answer])):
        for i, x in enumerate(arrays):
            (folder / f"{kind}_{i}.pb").write_bytes(numpy_helper.from_array(x, f"{kind}_{i}").SerializeToString())


def signal(name, shape, dtype=f32):
    return np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape).astype(dtype)


def as_complex(x):
    x = x.astype(f64)
    return x[..., 0] + 1j * x[..., 1] if x.shape[-1] == 2 else x[..., 0] + 0j


def as_parts(z):
    return np.stack([z.real, z.imag], -1)


def dft(name, shape, axis=None, n=None, dtype=f32, opset=20, inverse=0, onesided=0):
    """opset below 20: the axis is an attribute."""
    x = signal(name, shape, dtype)
    at = (1 if opset < 20 else len(shape) - 2) if axis is None else axis % len(shape)
    z = as_complex(x)
    if onesided and inverse:
        answer = np.fft.irfft(z, n, at)[..., None]
    elif onesided:
        answer = as_parts(np.fft.rfft(z.real, n, at))
    else:
        answer = as_parts((np.fft.ifft if inverse else np.fft.fft)(z, n, at))
    length = None if n is None else np.array(n, np.int64)
    attributes = {"inverse": inverse, "onesided": onesided}
    if opset < 20:
        if axis is not None:
            attributes["axis"] = axis
        write_case(name, "DFT", [x, length], answer, opset, **attributes)
    else:
        write_case(name, "DFT", [x, length, None if axis is None else np.array(axis, np.int64)], answer, opset, **attributes)


def stft(name, length, step, frame, window=True, parts=1, onesided=1, batch=2, dtype=f32):
    x = signal(name, (batch, length, parts), dtype)
    weights = np.hanning(frame).astype(dtype) if window else None
    z = as_complex(x)
    frames = np.stack([z[:, t:t + frame] for t in range(0, length - frame + 1, step)], 1)
    if window:
        frames = frames * weights.astype(f64)
    spectrum = np.fft.fft(frames)
    if onesided:
        spectrum = spectrum[..., :frame // 2 + 1]
    inputs = [x, np.array(step, np.int64), weights, None if window else np.array(frame, np.int64)]
    write_case(name, "STFT", inputs, as_parts(spectrum), 17, onesided=onesided)


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    for n in (1, 2, 31, 37, 60, 64, 97, 101, 210, 1009):
        dft(f"dft_{n}", (1, n, 2), dtype=f64)
    dft("dft_real", (3, 45, 1))
    dft("dft_f16", (2, 12, 2), dtype=f16)
    for axis in (0, 1, 2, -2, -4):
        dft(f"dft_axis_{axis}", (4, 5, 6, 2), axis=axis)
    dft("dft_longer", (2, 10, 1), n=37)
    dft("dft_shorter", (2, 50, 2), n=12, axis=1)
    dft("dft_inverse", (2, 41, 2), inverse=1)
    dft("dft_onesided_even", (2, 14, 3, 1), axis=1, onesided=1)
    dft("dft_onesided_odd", (2, 43, 1), onesided=1)
    dft("dft_onesided_inverse", (2, 9, 2), inverse=1, onesided=1)
    dft("dft_onesided_inverse_odd", (2, 9, 2), inverse=1, onesided=1, n=17)
    dft("dft_onesided_inverse_shorter", (2, 9, 2), inverse=1, onesided=1, n=10)
    dft("dft_17", (2, 11, 3, 2), opset=17)
    dft("dft_17_axis", (2, 11, 3, 2), opset=17, axis=2, n=5)
    dft("dft_19_onesided", (2, 11, 1), opset=19, onesided=1)
    stft("stft_window", 64, 8, 16)
    stft("stft_prime", 200, 33, 37)
    stft("stft_no_window", 50, 7, 12, window=False)
    stft("stft_full", 40, 10, 15, onesided=0)
    stft("stft_complex", 40, 6, 10, parts=2, onesided=0, dtype=f64)
    stft("stft_one_frame", 24, 5, 24, batch=1)


if __name__ == "__main__":
    main()
