#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden cases of operators that sample images, choose regions and put patches back: vision/<case>/model.onnx and test_data_set_0.

Answers are onnxruntime's (onnxruntime 1.31, onnx 1.22, numpy 2.4 made them):
    python3 tests/onnx/cases/make_vision.py [FOLDER]
"""
import itertools
import pathlib
import shutil
import sys
import zlib

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

HERE = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent) / "vision"
f32, i64 = np.float32, np.int64


def answer(model, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)[0]


def case(name, op, opset, inputs, **attributes):
    """inputs: arrays, None = not given; those of rank 0 and 1 become constants."""
    infos, initializers, feeds, names = [], [], {}, []
    for i, x in enumerate(inputs):
        names.append("" if x is None else f"x{i}")
        if x is None:
            continue
        if x.ndim < 2:
            initializers.append(numpy_helper.from_array(x, f"x{i}"))
            continue
        infos.append(helper.make_tensor_value_info(f"x{i}", helper.np_dtype_to_tensor_dtype(x.dtype), x.shape))
        feeds[f"x{i}"] = x
    node = helper.make_node(op, names, ["y"], **attributes)

    def build(result):
        graph = helper.make_graph([node], name, infos, [result], initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)

    y = answer(build(onnx.ValueInfoProto(name="y")), feeds)
    model = build(helper.make_tensor_value_info("y", helper.np_dtype_to_tensor_dtype(y.dtype), y.shape))
    folder = HERE / name / "test_data_set_0"
    folder.mkdir(parents=True)
    onnx.save(model, HERE / name / "model.onnx")
    for kind, arrays in (("input", feeds.values()), ("output", [y])):
        for i, x in enumerate(arrays):
            (folder / f"{kind}_{i}.pb").write_bytes(numpy_helper.from_array(x, f"{kind}_{i}").SerializeToString())


def random(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def image(name, *shape):
    return random(name).uniform(0.5, 2, shape).astype(f32)  # of one sign: sums in f32 lose no digits


def ints(*values):
    return np.array(values, i64)


def grid_samples():
    for opset, mode, padding, align in itertools.product(
            (16, 20), ("linear", "nearest", "cubic"), ("zeros", "border", "reflection"), (0, 1)):
        old = {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode) if opset == 16 else mode
        name = f"grid_{opset}_{mode}_{padding}_{align}"
        reach = 0.9 if (mode, padding) == ("cubic", "zeros") else 1.8  # f32 answers near 0 have few digits
        grid = random(name).uniform(-reach, reach, (2, 4, 3, 2)).astype(f32)
        case(name, "GridSample", opset, [image(name, 2, 2, 5, 6), grid], mode=old, padding_mode=padding, align_corners=align)
    for mode, align in itertools.product(("linear", "nearest"), (0, 1)):
        name = f"grid_3d_{mode}_{align}"
        grid = random(name).uniform(-1.5, 1.5, (1, 2, 3, 4, 3)).astype(f32)
        case(name, "GridSample", 20, [image(name, 1, 2, 3, 4, 5), grid], mode=mode, align_corners=align, padding_mode="border")
    for align, sizes in itertools.product((0, 1), ((2, 1, 3, 4), (1, 1, 2, 3, 4))):
        name = f"affine_{len(sizes) - 2}d_{align}"
        n = len(sizes) - 2
        case(name, "AffineGrid", 20, [image(name, sizes[0], n, n + 1), ints(*sizes)], align_corners=align)


def regions(name, count, size, columns=4):
    r = random(name)
    corners = np.sort(r.uniform(-2, size + 2, (count, 2, 2)), axis=1).reshape(count, 4)
    if columns == 4:
        return corners.astype(f32)
    return np.concatenate([r.integers(0, 2, (count, 1)), corners], 1).astype(f32)


def roi_cases():
    for opset, ratio in itertools.product((10, 16), (0, 2)):
        transforms = (None,) if opset == 10 else ("half_pixel", "output_half_pixel")
        for transform in transforms:
            name = f"roi_{opset}_{ratio}_{transform or 'old'}"
            attributes = {} if transform is None else {"coordinate_transformation_mode": transform}
            case(name, "RoiAlign", opset, [image(name, 2, 3, 9, 8), regions(name, 6, 8), ints(0, 1, 1, 0, 1, 0)],
                 output_height=3, output_width=2, sampling_ratio=ratio, spatial_scale=0.75, **attributes)
    for scale in (1.0, 0.5):
        name = f"max_roi_{scale}"
        case(name, "MaxRoiPool", 1, [image(name, 2, 3, 9, 8), regions(name, 7, 8, 5)], pooled_shape=[3, 4], spatial_scale=scale)


def boxes(name, batches, n, centre):
    r = random(name)
    corner, size = r.uniform(0, 6, (batches, n, 2)), r.uniform(0.5, 4, (batches, n, 2))
    pair = [corner, size] if centre else [corner, corner + size]
    return np.concatenate(pair, 2).astype(f32)


def nms_cases():
    for opset, centre, threshold in itertools.product((10, 11), (0, 1), (None, 0.4)):
        name = f"nms_{opset}_{centre}_{'any' if threshold is None else 'some'}"
        scores = np.round(random(name + "s").uniform(0, 1, (2, 3, 25)), 1).astype(f32)  # with equal ones
        inputs = [boxes(name, 2, 25, centre), scores, ints(6), np.array([0.3], f32)]
        case(name, "NonMaxSuppression", opset, inputs + ([] if threshold is None else [np.array([threshold], f32)]),
             center_point_box=centre)


def patch_cases():
    case("col2im_1d", "Col2Im", 18, [image("col2im_1d", 2, 6, 8), ints(10), ints(3)])
    case("col2im_2d", "Col2Im", 18, [image("col2im_2d", 1, 12, 20), ints(7, 8), ints(2, 3)], strides=[2, 1],
         dilations=[1, 2], pads=[0, 1, 1, 0])
    case("col2im_3d", "Col2Im", 18, [image("col2im_3d", 1, 16, 12), ints(3, 4, 3), ints(2, 2, 2)])
    x = image("unpool", 2, 2, 3, 4)
    at = np.stack([random("unpool").permutation(48)[:12] + 48 * p for p in range(4)]).reshape(x.shape).astype(i64)
    case("unpool", "MaxUnpool", 11, [x, at], kernel_shape=[2, 2], strides=[2, 2])
    for size in (1, 2, 5, 12):
        case(f"det_{size}", "Det", 11, [image(f"det_{size}", 2, 3, size, size)])
    for p in (1, 2, 3):
        case(f"global_lp_{p}", "GlobalLpPool", 2, [image(f"global_lp_{p}", 2, 3, 4, 5)], p=p)
    case("deform", "DeformConv", 19, [image("deform", 2, 4, 6, 5), image("deform_w", 6, 2, 3, 2), image("deform_o", 2, 24, 3, 6),
                                      image("deform_b", 6), image("deform_m", 2, 12, 3, 6)],
         group=2, offset_group=2, strides=[2, 1], pads=[1, 0, 1, 2], kernel_shape=[3, 2])


def resize_cases():
    x = image("resize", 1, 2, 5, 6)
    for mode, scales in itertools.product(("nearest", "linear"), ((0.6, 0.5), (2, 1.7), (0.5, 2))):
        name = f"resize_10_{mode}_{scales[0]}_{scales[1]}"
        case(name, "Resize", 10, [x, np.array([1, 1, *scales], f32)], mode=mode)
    for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
        case(f"resize_11_{rounding}", "Resize", 11, [x, np.array([], f32), np.array([1, 1, 0.6, 2], f32)],
             coordinate_transformation_mode="tf_half_pixel_for_nn", nearest_mode=rounding, mode="nearest")
    roi = np.array([0, 0, 0.1, 0.2, 1, 1, 0.7, 1.3], f32)
    for mode in ("nearest", "linear"):
        case(f"resize_13_crop_{mode}", "Resize", 13, [x, roi, None, ints(1, 2, 4, 7)], mode=mode,
             coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=5.0)
    for mode, transform in itertools.product(("linear", "cubic"), ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")):
        case(f"resize_18_{mode}_{transform}", "Resize", 18, [x, None, None, ints(8, 4)], axes=[2, 3], mode=mode,
             coordinate_transformation_mode=transform, exclude_outside=int(mode == "cubic"))
    for mode in ("linear", "cubic"):
        case(f"resize_19_antialias_{mode}", "Resize", 19, [x, None, np.array([0.6, 0.45], f32)], axes=[2, 3], mode=mode, antialias=1)
    for policy in ("not_larger", "not_smaller"):
        case(f"resize_19_{policy}", "Resize", 19, [x, None, None, ints(7, 12)], axes=[2, 3], mode="linear",
             keep_aspect_ratio_policy=policy)
    case("upsample_7", "Upsample", 7, [x], scales=[1.0, 1.0, 2.0, 1.5], mode="linear")
    case("upsample_9", "Upsample", 9, [x, np.array([1, 1, 2, 3], f32)], mode="nearest")


shutil.rmtree(HERE, ignore_errors=True)
for group in (grid_samples, roi_cases, nms_cases, patch_cases, resize_cases):
    group()
