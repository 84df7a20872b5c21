#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the cases of ml_encoders: the encoders of ai.onnx.ml, on tensors and on maps.

usage: make_ml_encoders.py        writes the folder ml_encoders beside itself
The answers are onnxruntime's (1.31). Those of what it does not do (some types of LabelEncoder and OneHotEncoder, maps from Python with values other than floats) or
does otherwise than Cast (numbers that become strings) are written out here. Packages: numpy, onnx, onnxruntime.
"""
import pathlib
import shutil

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent / "ml_encoders"
KEYS = {int: TensorProto.INT64, str: TensorProto.STRING}


def strings(*words):
    return np.array(words, dtype=object)


def tensor_type(x):
    return TensorProto.STRING if x.dtype == object else helper.np_dtype_to_tensor_dtype(x.dtype)


def map_proto(entries, value_type):
    """dict to MapProto: a tensor of one element per value."""
    m = onnx.MapProto()
    keys = list(entries)
    m.key_type = KEYS[type(keys[0])] if keys else TensorProto.INT64
    if m.key_type == TensorProto.STRING:
        m.string_keys.extend(k.encode() for k in keys)
    else:
        m.keys.extend(keys)
    m.values.elem_type = onnx.SequenceProto.TENSOR
    for value in entries.values():
        m.values.tensor_values.append(helper.make_tensor("", value_type, [], [value]))
    return m


def write(path, value, value_type=TensorProto.FLOAT):
    if isinstance(value, dict):
        proto = map_proto(value, value_type)
    elif isinstance(value, list):
        proto = onnx.SequenceProto()
        proto.elem_type = onnx.SequenceProto.MAP
        proto.map_values.extend(map_proto(v, value_type) for v in value)
    else:
        proto = numpy_helper.from_array(np.asarray(value))
    path.write_bytes(proto.SerializeToString())


def value_info(name, value, value_type):
    if not isinstance(value, dict):
        return helper.make_tensor_value_info(name, tensor_type(value), [None] * value.ndim)
    info = onnx.ValueInfoProto()
    info.name = name
    info.type.map_type.key_type = KEYS[type(next(iter(value)))]
    info.type.map_type.value_type.tensor_type.elem_type = value_type
    return info


def case(name, op, *inputs, ml_opset=1, value_type=TensorProto.FLOAT, answer=None, **attributes):
    """One node; `answer` where onnxruntime is not asked. Empty maps come as a second set of data."""
    names = [f"x{i}" for i in range(len(inputs))]
    node = helper.make_node(op, names, ["y"], domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph([node], "g", [value_info(n, x, value_type) for n, x in zip(names, inputs)],
                              [helper.make_empty_tensor_value_info("y")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("ai.onnx.ml", ml_opset), helper.make_opsetid("", 18)],
                              ir_version=9)
    if answer is None:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        answer, = session.run(None, dict(zip(names, inputs)))
    folder = HERE / name / "test_data_set_0"
    folder.mkdir(parents=True)
    onnx.save(model, folder.parent / "model.onnx")
    for i, x in enumerate(inputs):
        write(folder / f"input_{i}.pb", x, value_type)
    write(folder / "output_0.pb", answer)


def label_encoders():
    words = strings("a", "b", "", "a", "Ä")
    numbers = np.array([[1, 2, 9], [-1, 0, 2]])
    lists = {"strings": ["a", "Ä", "c"], "int64s": [2, 7, -1], "floats": [1.0, 0.5, -2.5]}
    inputs = {"strings": words, "int64s": numbers, "floats": numbers.astype(np.float32)}
    for k, x in inputs.items():
        for v in lists:
            case(f"label_encoder_{k}_{v}", "LabelEncoder", x, ml_opset=2, **{f"keys_{k}": lists[k], f"values_{v}": lists[v]})
    case("label_encoder_nan", "LabelEncoder", np.array([1, np.nan, -0.0, 7], np.float32), ml_opset=4,
         keys_floats=[1, np.nan, 0.0], values_strings=["one", "nan", "zero"], default_string="")
    for t in (np.int16, np.int32, np.float64):
        case(f"label_encoder_tensor_{np.dtype(t).name}", "LabelEncoder", np.array([3, 1, 4], t), ml_opset=4,
             keys_tensor=numpy_helper.from_array(np.array([1, 3], t)), values_tensor=numpy_helper.from_array(np.array([10, 30], t)),
             default_tensor=numpy_helper.from_array(np.array([-7], t)), answer=np.array([30, 10, -7], t))
    case("label_encoder_defaults", "LabelEncoder", words, ml_opset=4, keys_strings=["b"],
         values_tensor=numpy_helper.from_array(np.array([5], np.int16)))
    case("label_encoder_v1_strings", "LabelEncoder", words, classes_strings=["b", "a"], default_int64=-3)
    case("label_encoder_v1_ints", "LabelEncoder", numbers, classes_strings=["b", "a"], default_string="none")
    case("category_mapper_strings", "CategoryMapper", words, cats_strings=["b", "a", "q"], cats_int64s=[4, -4, 0], default_int64=99)
    case("category_mapper_ints", "CategoryMapper", numbers, cats_strings=["b", "a", "q"], cats_int64s=[2, -1, 8])


def features():
    numbers = np.array([[1, 2], [0, 3]])
    for t in (np.int32, np.int64, np.float32, np.float64):
        answer = (numbers[..., None] == [2, 0, 1]).astype(np.float32) if t == np.int32 else None
        case(f"one_hot_{np.dtype(t).name}", "OneHotEncoder", (numbers + 0.75).astype(t), cats_int64s=[2, 0, 1], answer=answer)
    case("one_hot_nan", "OneHotEncoder", np.array([np.nan, 0, 1e30], np.float32), cats_int64s=[0, 1])
    case("one_hot_strings", "OneHotEncoder", strings("b", "", "a"), cats_strings=["a", "b"], zeros=1)
    case("one_hot_all_known", "OneHotEncoder", strings("b", "a"), cats_strings=["a", "b"], zeros=0)
    for t in (np.int32, np.int64, np.float32, np.float64):
        case(f"feature_vectorizer_{np.dtype(t).name}", "FeatureVectorizer", numbers.astype(t), numbers[:, :1].astype(t),
             inputdimensions=[2, 1])
    case("feature_vectorizer_vectors", "FeatureVectorizer", np.array([1, 2, 3]), np.array([4, 5]), inputdimensions=[3, 2])
    case("feature_vectorizer_cut_and_filled", "FeatureVectorizer", np.float32([[1, 2, 3], [4, 5, 6]]), np.float32([[7], [8]]),
         inputdimensions=[2, 3])
    at = np.array([2, 0, 2])
    for t in (np.int32, np.int64, np.float32, np.float64):
        case(f"array_features_{np.dtype(t).name}", "ArrayFeatureExtractor", np.arange(6).reshape(2, 3).astype(t), at)
    case("array_features_strings", "ArrayFeatureExtractor", strings("a", "b", "c").reshape(1, 3), at)
    case("array_features_vector", "ArrayFeatureExtractor", np.float32([1, 2, 3]), at.reshape(3, 1))
    case("array_features_3d", "ArrayFeatureExtractor", np.arange(12).reshape(2, 2, 3), at[:1])


def maps():
    scores = np.float32([[0.25, 0.5, 0.25], [1, 0, 0]])
    case("zip_map_ints", "ZipMap", scores, classlabels_int64s=[7, -3, 0])
    case("zip_map_strings", "ZipMap", scores, classlabels_strings=["b", "a", ""])
    case("zip_map_vector", "ZipMap", scores[0], classlabels_strings=["b", "a", "c"])
    by_word = {"a": 1.5, "z": -2.0, "b": 0.25}
    case("dict_vectorizer_strings", "DictVectorizer", by_word, string_vocabulary=["z", "c", "a"])
    case("dict_vectorizer_double", "DictVectorizer", by_word, value_type=TensorProto.DOUBLE, string_vocabulary=["z", "c", "a"],
         answer=np.array([[-2.0, 0, 1.5]]))
    case("dict_vectorizer_ints", "DictVectorizer", {5: 1.5, -1: 2.0}, int64_vocabulary=[-1, 5, 9])
    case("dict_vectorizer_to_strings", "DictVectorizer", {5: "five", -1: ""}, value_type=TensorProto.STRING, int64_vocabulary=[9, 5, -1],
         answer=strings("", "five", "").reshape(1, 3))
    case("dict_vectorizer_int_values", "DictVectorizer", {"x": 5, "y": -1}, value_type=TensorProto.INT64, string_vocabulary=["y", "x", "z"],
         answer=np.array([[-1, 5, 0]]))
    by_number = {3: 1.5, 1: 2.25, 7: -3.75}
    case("cast_map_floats", "CastMap", by_number)
    case("cast_map_ints", "CastMap", by_number, cast_to="TO_INT64")
    case("cast_map_strings", "CastMap", by_number, cast_to="TO_STRING", answer=strings("2.25", "1.5", "-3.75").reshape(1, 3))
    case("cast_map_sparse", "CastMap", by_number, map_form="SPARSE", max_map=9)
    words = {3: "1.5", 1: "-7"}
    case("cast_map_words", "CastMap", words, value_type=TensorProto.STRING, cast_to="TO_STRING", answer=strings("-7", "1.5").reshape(1, 2))
    case("cast_map_words_to_floats", "CastMap", words, value_type=TensorProto.STRING, answer=np.float32([[-7, 1.5]]))
    case("cast_map_words_to_ints", "CastMap", {2: "12", 0: "-7"}, value_type=TensorProto.STRING, cast_to="TO_INT64", map_form="SPARSE",
         max_map=4, answer=np.array([[-7, 0, 12, 0]]))


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    label_encoders()
    features()
    maps()


if __name__ == "__main__":
    main()
