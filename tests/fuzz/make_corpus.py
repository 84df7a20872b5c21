#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes the first inputs of the fuzz targets onnx, npy, pb_tensor and external, and the TIFF and JPEG 2000 files of image:
#   python3 -m venv venv && venv/bin/pip install onnx pillow && venv/bin/python tests/fuzz/make_corpus.py tests/fuzz/corpus
# Names say what an input is; those of hostile inputs name the class of mistake they stand for.
import io
import pathlib
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
node = helper.make_node


def value(name, shape=(2, 3), elem=FLOAT):
    return helper.make_tensor_value_info(name, elem, shape)


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def model(nodes, inputs=None, outputs=("y",), inits=(), opset=17, ir=8, functions=(), sparse=()):
    graph = helper.make_graph(nodes, "g", inputs if inputs is not None else [value("x")],
                              [onnx.ValueInfoProto(name=o) for o in outputs], list(inits),
                              sparse_initializer=list(sparse))
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1), helper.make_opsetid("t", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir, functions=list(functions))


def branch(op, source, result):
    return helper.make_graph([node(op, [source], [result])], result, [], [onnx.ValueInfoProto(name=result)])


# ---- the wire format by hand, for what no library writes ----

def varint(n):
    out = bytearray()
    while True:
        out.append((n & 0x7f) | (0x80 if n > 0x7f else 0))
        n >>= 7
        if not n:
            return bytes(out)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def valid_models():
    x34 = [value("x", (2, 3, 4, 4))]
    yield "relu", model([node("Relu", ["x"], ["y"])])
    yield "symbols", model([node("Add", ["x", "x"], ["y"])], [value("x", ("N", None, 3))])
    yield "conv", model([node("Conv", ["x", "w"], ["y"], kernel_shape=[1, 1])], x34,
                        inits=[constant("w", np.ones((2, 3, 1, 1), np.float32))])
    yield "if", model([node("If", ["c"], ["y"], then_branch=branch("Neg", "x", "t"),
                            else_branch=branch("Abs", "x", "e"))], [value("x"), value("c", (), BOOL)])
    body = helper.make_graph(
        [node("Identity", ["c"], ["c2"]), node("Add", ["s", "x"], ["s2"]), node("Neg", ["s2"], ["o"])], "body",
        [value("i", (), INT64), value("c", (), BOOL), value("s")],
        [value("c2", (), BOOL), value("s2"), value("o")])
    yield "loop", model([node("Loop", ["n", "", "x"], ["y", "z"], body=body)], [value("x"), value("n", (), INT64)],
                        ["y", "z"])
    scan = helper.make_graph([node("Add", ["s", "e"], ["s2"]), node("Identity", ["s2"], ["o"])], "body",
                             [value("s", (3,)), value("e", (3,))], [value("s2", (3,)), value("o", (3,))])
    yield "scan", model([node("Scan", ["s0", "x"], ["f", "y"], body=scan, num_scan_inputs=1)],
                        [value("s0", (3,)), value("x")], ["f", "y"])
    yield "scan_batch", model([node("Scan", ["", "s0", "x"], ["f", "y"], body=scan, num_scan_inputs=1)],
                              [value("s0", (2, 3)), value("x", (2, 5, 3))], ["f", "y"], opset=8)
    f = helper.make_function("t", "F", ["a"], ["b"], [node("Elu", ["a"], ["b"])], [helper.make_opsetid("", 17)], ["alpha"])
    f.node[0].attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="alpha", type=1))
    yield "function", model([node("F", ["x"], ["y"], domain="t", alpha=0.5)], functions=[f])
    sparse = helper.make_sparse_tensor(constant("w", np.float32([1, 2])), constant("i", np.int64([0, 4])), [2, 3])
    yield "sparse", model([node("Add", ["x", "w"], ["y"])], sparse=[sparse])
    yield "typed_data", model(
        [node("Concat", ["a", "b", "c"], ["y"], axis=0)], [], inits=[
            helper.make_tensor("a", FLOAT, [1], [1.0]), helper.make_tensor("b", FLOAT, [2], [1.0, 2.0]),
            helper.make_tensor("c", FLOAT, [0], [])])
    yield "small_types", model([node("Identity", ["a"], ["y"])], [], inits=[
        helper.make_tensor("a", TensorProto.INT4, [3], [1, -2, 3]),
        helper.make_tensor("b", TensorProto.FLOAT16, [1], [0.5]),
        helper.make_tensor("s", TensorProto.STRING, [2], [b"one", b"two"])])
    yield "constants", model([
        node("Constant", [], ["a"], value_ints=[1, 2]), node("Constant", [], ["b"], value_float=1.0),
        node("Constant", [], ["c"], value=constant("", np.float32([1]))), node("Add", ["b", "c"], ["y"])], [])
    seq = helper.make_tensor_sequence_value_info("s", FLOAT, (2, "M"))
    yield "sequence", model([node("SequenceAt", ["s", "i"], ["y"])], [seq, value("i", (), INT64)])
    yield "out_of_order", model([node("Neg", ["a"], ["y"]), node("Abs", ["x"], ["a"])])
    yield "quantised", model([node("QLinearAdd", ["x", "s", "z", "x", "s", "z", "s", "z"], ["y"], domain="com.microsoft")],
                             [value("x", (2, 3), TensorProto.UINT8)],
                             inits=[constant("s", np.float32(0.5)), constant("z", np.uint8(3))])
    old = [("add_broadcast", 6, node("Add", ["x", "b"], ["y"], broadcast=1, axis=1), [constant("b", np.ones(3, np.float32))]),
           ("softmax_2d", 11, node("Softmax", ["x"], ["y"]), []),
           ("slice_attributes", 9, node("Slice", ["x"], ["y"], starts=[0], ends=[1], axes=[1]), []),
           ("pad_attributes", 1, node("Pad", ["x"], ["y"], paddings=[0] * 8, value=1.0), []),
           ("clip_attributes", 6, node("Clip", ["x"], ["y"], min=0.0, max=6.0), []),
           ("upsample", 7, node("Upsample", ["x"], ["y"], scales=[1.0, 1.0, 2.0, 2.0], mode="linear"), []),
           ("split_attribute", 2, node("Split", ["x"], ["y", "z"], axis=1, split=[1, 2]), []),
           ("dropout_mask", 7, node("Dropout", ["x"], ["y", "m"]), []),
           ("cast_text", 1, node("Cast", ["x"], ["y"], to="FLOAT16"), []),
           ("reduce_axes", 13, node("ReduceMean", ["x"], ["y"], axes=[2, 3]), []),
           ("batch_norm_activation", 7, node("BatchNormalization", ["x", "b", "b", "b", "b"], ["y"], spatial=0),
            [constant("b", np.ones((3, 4, 4), np.float32))]),
           ("group_norm_groups", 18, node("GroupNormalization", ["x", "b", "b"], ["y"], num_groups=3),
            [constant("b", np.ones(3, np.float32))]),
           ("tile_axis", 1, node("Tile", ["x", "t", "a"], ["y"]),
            [constant("t", np.int64([2])), constant("a", np.int64([1]))])]
    for name, opset, n, inits in old:
        yield "old_" + name, model([n], x34, inits=inits, opset=opset)


def hostile_models():
    relu = model([node("Relu", ["x"], ["y"])])
    data = relu.SerializeToString()
    yield "empty_graph", model([], [], []).SerializeToString()
    yield "length_past_end", data[:-20]
    yield "length_of_64_bits", b"\x08\x08\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    yield "unterminated_varint", b"\x08\xff\xff\xff"
    yield "group_wire_type", b"\x08\x08\x3b\x3c"
    yield "field_number_zero", b"\x08\x08\x00\x00"
    yield "graph_twice", data + field(7, b"")
    yield "zero_byte_in_name", b"\x08\x08" + field(7, field(1, field(4, b"Re\0lu")))
    nested = b""
    for _ in range(80):
        nested = field(1, field(4, b"If") + field(5, field(1, b"body") + b"\xa0\x01\x05" + field(6, nested)))
    yield "deep_nesting", b"\x08\x08" + field(7, nested)
    for name, shape in (("shape_overflow", [1 << 62, 4]), ("negative_dim", [-1]), ("huge_tensor", [1 << 40]),
                        ("too_many_dims", [1] * 17), ("zero_times_huge", [0, 1 << 62, 1 << 62])):
        t = TensorProto(name="w", data_type=FLOAT, dims=shape, raw_data=b"1234")
        yield name, model([node("Add", ["x", "w"], ["y"])], inits=[t]).SerializeToString()
    for name, elem in (("wrong_enum", 63), ("negative_enum", -1), ("no_enum", 0)):
        t = TensorProto(name="w", dims=[1], raw_data=b"1234")
        t.data_type = elem
        yield name, model([node("Add", ["x", "w"], ["y"])], inits=[t]).SerializeToString()
    yield "cycle", model([node("Relu", ["b"], ["a"]), node("Neg", ["a"], ["b"])], [], ["b"]).SerializeToString()
    yield "self_cycle", model([node("Relu", ["a"], ["a"])], [], ["a"]).SerializeToString()
    yield "duplicate_name", model([node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"])]).SerializeToString()
    yield "undefined_input", model([node("Relu", ["nowhere"], ["y"])]).SerializeToString()
    f = helper.make_function("t", "F", ["a"], ["b"], [node("F", ["a"], ["b"], domain="t")], [helper.make_opsetid("t", 1)])
    yield "recursive_function", model([node("F", ["x"], ["y"], domain="t")], functions=[f]).SerializeToString()
    same = helper.make_graph([], "same", [], [onnx.ValueInfoProto(name="b")])
    f = helper.make_function("t", "F", ["a", "b"], ["o"], [node("If", ["a"], ["o"], then_branch=same, else_branch=same)],
                             [helper.make_opsetid("", 17)])
    yield "branch_gives_what_a_call_leaves_out", model([node("F", ["c"], ["y"], domain="t")], [value("c", (), BOOL)],
                                                       functions=[f]).SerializeToString()
    doubling = [helper.make_function("t", f"F{i}", ["a"], ["b"], [
        node(f"F{i + 1}" if i < 9 else "Neg", ["a"], ["t"], domain="t" if i < 9 else ""),
        node(f"F{i + 1}" if i < 9 else "Neg", ["t"], ["b"], domain="t" if i < 9 else "")],
        [helper.make_opsetid("", 17), helper.make_opsetid("t", 1)]) for i in range(10)]
    yield "doubling_functions", model([node("F0", ["x"], ["y"], domain="t")], functions=doubling).SerializeToString()
    sparse = helper.make_sparse_tensor(constant("w", np.float32([1])), constant("i", np.int64([6])), [2, 3])
    yield "sparse_index_past_end", model([node("Add", ["x", "w"], ["y"])], sparse=[sparse]).SerializeToString()
    sparse = helper.make_sparse_tensor(constant("w", np.float32([])), constant("i", np.int64([])), [1 << 50])
    yield "sparse_huge", model([node("Add", ["x", "w"], ["y"])], sparse=[sparse]).SerializeToString()
    for name, attrs in (("zero_stride", {"strides": [0, 0]}), ("group_zero", {"group": 0}), ("negative_pads", {"pads": [-9] * 4})):
        yield name, model([node("Conv", ["x", "w"], ["y"], **attrs)], [value("x", (1, 1, 4, 4))],
                          inits=[constant("w", np.ones((1, 1, 2, 2), np.float32))]).SerializeToString()
    yield "block_size_zero", model([node("DepthToSpace", ["x"], ["y"], blocksize=0)], [value("x", (1, 4, 2, 2))]).SerializeToString()
    yield "scan_more_inputs_than_there_are", model(
        [node("Scan", ["", "x"], ["y"], body=branch("Neg", "x", "t"), num_scan_inputs=1 << 40)], opset=8).SerializeToString()
    t = TensorProto(name="w", data_type=FLOAT, dims=[2], data_location=1)
    t.external_data.add(key="location", value="../w.bin")
    yield "external_from_memory", model([node("Add", ["x", "w"], ["y"])], inits=[t]).SerializeToString()
    yield "opset_negative", model([node("Relu", ["x"], ["y"])], opset=-5).SerializeToString()
    yield "opset_huge", model([node("Relu", ["x"], ["y"])], opset=(1 << 63) - 1).SerializeToString()


def npy_bytes(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def npy_header(text, data=b""):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def npys():
    yield "f32", npy_bytes(np.float32([[1, 2], [3, 4]]))
    yield "fortran", npy_bytes(np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)))
    yield "text", npy_bytes(np.array(["a", "h\u00e9", "\U0001f600"]))
    yield "bytes", npy_bytes(np.array([b"ab", b"c"]))
    yield "scalar", npy_bytes(np.uint8(3))
    yield "empty", npy_bytes(np.zeros((0, 3), np.float64))
    yield "bool", npy_bytes(np.array([True, False]))
    d = b"{'descr': '<f4', 'fortran_order': False, 'shape': (%s)}"
    yield "big_endian", npy_bytes(np.array([1.0], ">f8"))
    yield "structured", npy_bytes(np.zeros(1, [("a", "<f4")]))
    yield "shape_overflow", npy_header(d % b"4611686018427387904, 4")
    yield "dimension_of_70_bits", npy_header(d % b"999999999999999999999,")
    yield "negative_dim", npy_header(d % b"-1,")
    yield "too_many_dims", npy_header(d % b"1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1", b"1234")
    yield "unterminated_string", npy_header(b"{'descr': '<f4")
    yield "unterminated_shape", npy_header(d[:-2] % b"1, 2")
    yield "missing_key", npy_header(b"{'descr': '<f4'}")
    yield "header_past_end", b"\x93NUMPY\x01\x00\xff\xff{"
    yield "version_2_header_of_4_gib", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{"
    yield "text_of_no_width", npy_header(b"{'descr': '<U0', 'fortran_order': False, 'shape': (4000000000000,)}")
    yield "text_width_overflow", npy_header(b"{'descr': '<U99999', 'fortran_order': True, 'shape': (9223372036854775807,)}")
    yield "no_character", npy_header(b"{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}", b"\xff\xff\xff\xff")


def pb_tensors():
    tensor, sequence, optional = b"\0", b"\1", b"\2"
    f32 = constant("f", np.float32([1, 2])).SerializeToString()
    yield "raw", tensor + f32
    yield "floats", tensor + helper.make_tensor("a", FLOAT, [2], [1.0, 2.0]).SerializeToString()
    yield "strings", tensor + helper.make_tensor("a", TensorProto.STRING, [2], [b"x", b""]).SerializeToString()
    yield "int4", tensor + helper.make_tensor("a", TensorProto.INT4, [3], [1, -2, 3]).SerializeToString()
    yield "complex", tensor + helper.make_tensor("a", TensorProto.COMPLEX64, [1], [1 + 2j]).SerializeToString()
    yield "int64", tensor + helper.make_tensor("a", INT64, [2], [1, -1]).SerializeToString()
    yield "two_items", sequence + field(1, b"s") + b"\x10\x01" + field(3, f32) + field(3, f32)
    yield "no_items", sequence + b"\x10\x01"
    yield "some", optional + b"\x10\x01" + field(3, f32)
    yield "none", optional + b"\x10\x00"
    yield "count_below_shape", tensor + TensorProto(data_type=FLOAT, dims=[3], float_data=[1]).SerializeToString()
    yield "count_above_shape", tensor + TensorProto(data_type=FLOAT, dims=[1], float_data=[1, 2]).SerializeToString()
    yield "huge_tensor", tensor + TensorProto(data_type=INT64, dims=[1 << 40], int64_data=[1]).SerializeToString()
    yield "shape_overflow", tensor + TensorProto(data_type=FLOAT, dims=[1 << 62, 8]).SerializeToString()
    yield "negative_dim", tensor + TensorProto(data_type=FLOAT, dims=[-1]).SerializeToString()
    yield "value_outside_type", tensor + TensorProto(data_type=TensorProto.UINT8, dims=[1], int32_data=[300]).SerializeToString()
    yield "packed_cut", tensor + b"\x08\x02\x10\x01" + field(4, b"\0\0\0\0\0")


def externals():
    yield "plain", b"w.bin\n8\n8\n\x08"
    yield "in_a_folder", b"sub/v.bin\n\n\n\x10"
    yield "path_traversal_dotdot", b"../secret.bin\n\n\n\x08"
    yield "path_traversal_inside", b"sub/../../secret.bin\n\n\n\x08"
    yield "absolute_path", b"/etc/passwd\n\n\n\x08"
    yield "link", b"link.bin\n\n\n\x08"
    yield "link_to_a_folder", b"out/secret.bin\n\n\n\x08"
    yield "folder", b"sub\n\n\n\x08"
    yield "this_folder", b".\n\n\n\x08"
    yield "missing", b"none.bin\n\n\n\x08"
    yield "zero_byte", b"w.bin\0x\n\n\n\x08"
    yield "offset_past_end", b"w.bin\n48\n8\n\x08"
    yield "offset_overflow", b"w.bin\n18446744073709551615\n8\n\x08"
    yield "offset_negative", b"w.bin\n-8\n8\n\x08"
    yield "offset_no_number", b"w.bin\n0x8\n8\n\x08"
    yield "length_differs", b"w.bin\n0\n9\n\x08"
    yield "empty_location", b"\n\n\n\x08"
    yield "long_location", b"a/" * 3000 + b"\n\n\n\x08"


# ---- images ----

def picture(mode="RGB", size=(20, 13)):
    ramp = np.arange(size[1] * size[0] * 4, dtype=np.uint32).reshape(size[1], size[0], 4) * 7 % 251
    return Image.fromarray(ramp.astype(np.uint8), "RGBA").convert(mode)


def saved(image, fmt, **options):
    out = io.BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()


def with_tag(tiff, tag, value):
    """A little-endian TIFF whose first directory says `value` for a tag that holds one number."""
    at, = struct.unpack_from("<I", tiff, 4)
    out, (count,) = bytearray(tiff), struct.unpack_from("<H", tiff, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        if struct.unpack_from("<H", tiff, entry)[0] == tag:
            struct.pack_into("<HHII", out, entry, tag, 4, 1, value)
    return bytes(out)


def tiffs():
    rgb = saved(picture(), "TIFF")
    for name, compression in (("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate"), ("packbits", "packbits"),
                              ("jpeg", "jpeg")):
        yield f"{name}.tif", saved(picture(), "TIFF", compression=compression)
    yield "rgb.tif", rgb
    yield "big.tif", saved(picture(), "TIFF", big_tiff=True)
    yield "fax.tif", saved(picture("1"), "TIFF", compression="group4")
    yield "palette.tif", saved(picture("P"), "TIFF")
    yield "alpha.tif", saved(picture("RGBA"), "TIFF")
    yield "cmyk.tif", saved(picture("CMYK"), "TIFF")
    yield "ycc.tif", saved(picture("YCbCr"), "TIFF")
    yield "cut.tif", rgb[:-100]
    yield "huge_size.tif", with_tag(with_tag(rgb, 256, 0xffffffff), 257, 0xffffffff)
    yield "wide.tif", with_tag(rgb, 256, 1 << 20)
    yield "huge_strip.tif", with_tag(rgb, 278, 0xffffffff)
    yield "offset_past_end.tif", with_tag(rgb, 273, 0xfffffff0)
    yield "old_jpeg.tif", with_tag(rgb, 259, 6)
    yield "directory_loop.tif", rgb[:4] + struct.pack("<I", 0) + rgb[8:]


def jpegs_2000():
    stream = saved(picture(), "JPEG2000", no_jp2=True)
    for mode in ("L", "LA", "RGB", "RGBA"):
        yield f"{mode.lower()}.jp2", saved(picture(mode), "JPEG2000", irreversible=mode == "L")
    yield "ycc.jp2", saved(picture("YCbCr"), "JPEG2000")
    yield "rgb.j2k", stream
    yield "tiles.j2k", saved(picture(size=(80, 70)), "JPEG2000", no_jp2=True, tile_size=(40, 40), quality_layers=[80])
    yield "cut.j2k", stream[:-60]
    yield "huge_size.j2k", stream[:8] + b"\xff" * 8 + stream[16:]
    yield "many_tiles.j2k", stream[:24] + struct.pack(">II", 1, 1) + stream[32:]
    yield "many_components.j2k", stream[:40] + b"\x40\x00" + stream[42:]
    yield "box_too_long.jp2", saved(picture("L"), "JPEG2000")[:12] + b"\xff\xff\xff\xff" + b"ftyp"


def main(root):
    sets = {"onnx": [(n, m.SerializeToString()) for n, m in valid_models()] + list(hostile_models()),
            "npy": list(npys()), "pb_tensor": list(pb_tensors()), "external": list(externals()), "image": list(tiffs()) + list(jpegs_2000())}
    for target, inputs in sets.items():
        folder = pathlib.Path(root) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in inputs:
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_corpus.py FOLDER")
    main(sys.argv[1])
