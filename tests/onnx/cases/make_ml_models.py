#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the cases of ml_models: the models of ai.onnx.ml, each attribute and type, and pipelines trained with scikit-learn.

usage: make_ml_models.py        writes the folder ml_models beside itself
The answers are onnxruntime's (1.31.1), so what it does not do or leaves unwritten is not here. Packages: numpy 2.4, onnx 1.23,
onnxruntime 1.31.1, scikit-learn 1.9.1, skl2onnx 1.20.
"""
import pathlib
import shutil

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent / "ml_models"
TYPES = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE, np.int64: TensorProto.INT64, np.int32: TensorProto.INT32,
         np.float16: TensorProto.FLOAT16}
POSTS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]
ALL_TYPES = [np.float32, np.float64, np.int64, np.int32]


def write_case(name, model, inputs):
    """model and its answers to inputs, as one case."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    answers = session.run(None, dict(zip(names, inputs)))
    folder = HERE / name
    (folder / "test_data_set_0").mkdir(parents=True)
    onnx.save(model, folder / "model.onnx")
    for kind, values in (("input", inputs), ("output", answers)):
        for i, value in enumerate(values):
            if isinstance(value, list):  # a sequence of maps
                write_maps(folder / "test_data_set_0" / f"{kind}_{i}.pb", value)
                continue
            if kind == "output" and value.dtype.kind == "f":
                assert np.isfinite(value).all(), f"{name}: {value}"
            tensor = numpy_helper.from_array(np.asarray(value))
            (folder / "test_data_set_0" / f"{kind}_{i}.pb").write_bytes(tensor.SerializeToString())


def case(name, op, x, outputs, ml_opset=1, **attributes):
    """One node over x; outputs are their types."""
    names = [f"y{i}" for i in range(len(outputs))]
    node = helper.make_node(op, ["x"], names, domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", TYPES[x.dtype.type], [None] * x.ndim)],
        [helper.make_tensor_value_info(n, t, None) for n, t in zip(names, outputs)])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", ml_opset)]
    write_case(name, helper.make_model(graph, opset_imports=opsets, ir_version=9), [x])


def short(dtype):
    return np.dtype(dtype).name.replace("float", "f").replace("int", "i")


def numbers(rng, dtype, *dims):
    """Whole and halved numbers between -4 and 4, so that sums are exact in every type."""
    halves = rng.integers(-8, 9, dims)
    return (halves if np.dtype(dtype).kind == "i" else halves / 2).astype(dtype)


LABEL, SCORE, TEXT = TensorProto.INT64, TensorProto.FLOAT, TensorProto.STRING


def make_features(rng):
    x = numbers(rng, np.float32, 3, 4)
    case("binarizer", "Binarizer", x, [SCORE], threshold=0.5)
    for norm in ("MAX", "L1", "L2"):
        for dtype in ALL_TYPES:
            case(f"normalizer_{norm.lower()}_{short(dtype)}", "Normalizer", numbers(rng, dtype, 3, 4), [SCORE], norm=norm)
    case("normalizer_l2_zero_row", "Normalizer", np.array([[0, 0], [3, -4]], np.float32), [SCORE], norm="L2")
    case("normalizer_l1_one_row", "Normalizer", numbers(rng, np.float32, 5), [SCORE], norm="L1")
    for dtype in ALL_TYPES:
        x = numbers(rng, dtype, 3, 4)
        case(f"scaler_each_{short(dtype)}", "Scaler", x, [SCORE], offset=[1.0, -2.0, 0.5, 0.0], scale=[0.5, 2.0, 4.0, -1.0])
        case(f"scaler_all_{short(dtype)}", "Scaler", x, [SCORE], offset=[1.5], scale=[0.25])
    x = np.array([[1, np.nan, 3], [np.nan, 5, 1]], np.float32)
    case("imputer_nan", "Imputer", x, [SCORE], imputed_value_floats=[7.0, 8.0, 9.0], replaced_value_float=float("nan"))
    x = np.array([[1, 2, 3], [-1, 5, 1]], np.float32)
    case("imputer_value", "Imputer", x, [SCORE], imputed_value_floats=[0.5], replaced_value_float=1.0)
    x = np.array([[1, 2, 3], [-1, 5, 1]], np.int64)
    case("imputer_ints", "Imputer", x, [LABEL], imputed_value_int64s=[10, 20, 30], replaced_value_int64=1)


def make_linear(rng):
    weights, biases = [0.5, -1.0, 0.25, 1.5, -0.5, 1.0], [0.25, -0.5, 1.0]
    for post in POSTS:
        scale = 0.03125 if post == "PROBIT" else 1.0  # its scores are probabilities
        w, b = [v * scale for v in weights], [0.25] * 3 if post == "PROBIT" else biases
        for dtype in ALL_TYPES if post == "NONE" else [np.float32]:
            x = numbers(rng, dtype, 5, 2)
            case(f"linear_classifier_{post.lower()}_{short(dtype)}", "LinearClassifier", x, [LABEL, SCORE], coefficients=w,
                 intercepts=b, classlabels_ints=[7, 8, 9], post_transform=post, multi_class=1)
        x = numbers(rng, np.float32, 5, 2)
        case(f"linear_regressor_{post.lower()}", "LinearRegressor", x, [SCORE], coefficients=w, intercepts=b, targets=3,
             post_transform=post)
        if post == "PROBIT":
            continue
        for name, labels in (("ints", {"classlabels_ints": [4, 5]}), ("strings", {"classlabels_strings": ["no", "yes"]})):
            case(f"linear_classifier_binary_{post.lower()}_{name}", "LinearClassifier", x, [TEXT if name == "strings" else LABEL, SCORE],
                 coefficients=[0.5, -1.0], intercepts=[0.25], post_transform=post, **labels)
    x = numbers(rng, np.float32, 4, 2)
    case("linear_classifier_strings", "LinearClassifier", x, [TEXT, SCORE], coefficients=weights, intercepts=biases,
         classlabels_strings=["red", "green", "blue"])
    case("linear_classifier_one_row", "LinearClassifier", x[0], [LABEL, SCORE], coefficients=weights, intercepts=biases,
         classlabels_ints=[0, 1, 2])
    case("linear_regressor_plain", "LinearRegressor", x, [SCORE], coefficients=[0.5, -1.0])
    case("linear_regressor_one_row", "LinearRegressor", x[0], [SCORE], coefficients=[0.5, -1.0], intercepts=[2.0])


def make_svm(rng):
    kernels = {"linear": [0.0, 0.0, 0.0], "poly": [0.5, 1.0, 3.0], "rbf": [0.125, 0.0, 0.0], "sigmoid": [0.125, 0.25, 0.0]}

    def model(classes, per_class, probability):
        vectors, pairs = sum(per_class), classes * (classes - 1) // 2
        made = {"support_vectors": numbers(rng, np.float32, vectors * 3).tolist(), "vectors_per_class": per_class,
                "coefficients": (numbers(rng, np.float32, (classes - 1) * vectors) / 4).tolist(),
                "rho": (numbers(rng, np.float32, pairs) / 8).tolist()}
        if probability:
            made |= {"prob_a": (-np.abs(numbers(rng, np.float32, pairs)) / 2 - 0.25).tolist(),
                     "prob_b": (numbers(rng, np.float32, pairs) / 8).tolist()}
        return made

    for kind, params in kernels.items():
        common = {"kernel_type": kind.upper(), "kernel_params": params}
        for probability in (False, True):
            what = "probability" if probability else "votes"
            case(f"svm_classifier_{kind}_{what}", "SVMClassifier", numbers(rng, np.float32, 5, 3), [LABEL, SCORE],
                 classlabels_ints=[1, 2, 3, 4], **model(4, [2, 1, 3, 2], probability), **common)
            case(f"svm_classifier_{kind}_{what}_binary", "SVMClassifier", numbers(rng, np.float32, 5, 3), [TEXT, SCORE],
                 classlabels_strings=["no", "yes"], **model(2, [2, 3], probability), **common)
        regressor = {"support_vectors": numbers(rng, np.float32, 12).tolist(), "n_supports": 4, "rho": [0.25],
                     "coefficients": (numbers(rng, np.float32, 4) / 4).tolist()}
        case(f"svm_regressor_{kind}", "SVMRegressor", numbers(rng, np.float32, 5, 3), [SCORE], **regressor, **common)
        case(f"svm_regressor_{kind}_one_class", "SVMRegressor", numbers(rng, np.float32, 5, 3), [SCORE], one_class=1, **regressor,
             **common)
    common = {"kernel_type": "RBF", "kernel_params": kernels["rbf"]}
    for dtype in ALL_TYPES[1:]:
        case(f"svm_classifier_{short(dtype)}", "SVMClassifier", numbers(rng, dtype, 5, 3), [LABEL, SCORE],
             classlabels_ints=[1, 2, 3], **model(3, [2, 1, 3], True), **common)
    for post in ("SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"):
        for classes, per_class in ((3, [2, 1, 3]), (2, [2, 3])):
            case(f"svm_classifier_{post.lower()}_{classes}", "SVMClassifier", numbers(rng, np.float32, 5, 3), [LABEL, SCORE],
                 classlabels_ints=[4, 5, 6][:classes], post_transform=post, **model(classes, per_class, False), **common)
    case("svm_classifier_probit", "SVMClassifier", numbers(rng, np.float32, 5, 3), [LABEL, SCORE], classlabels_ints=[4, 5, 6],
         post_transform="PROBIT", **model(3, [2, 1, 3], True), **common)
    x = numbers(rng, np.float32, 5, 3)
    linear = {"coefficients": [0.5, -1.0, 0.25, 1.0, 0.5, -0.75], "rho": [0.125], "kernel_params": [0.0, 0.0, 0.0]}
    case("svm_classifier_no_vectors", "SVMClassifier", x, [LABEL, SCORE], classlabels_ints=[4, 5], **linear)
    case("svm_classifier_no_vectors_one_row", "SVMClassifier", x[0], [LABEL, SCORE], classlabels_ints=[4, 5], **linear)
    linear["coefficients"] = [0.5, 1.0, 0.25, 1.0, 0.5, 0.75, 0.25, 0.5, 0.125]
    case("svm_classifier_no_vectors_softmax", "SVMClassifier", x, [TEXT, SCORE], classlabels_strings=["a", "b", "c"],
         post_transform="SOFTMAX", **linear)
    linear["coefficients"] = [0.5, 1.0, 0.25, 1.0, 0.5, 0.75]
    case("svm_classifier_no_vectors_positive", "SVMClassifier", x, [LABEL, SCORE], classlabels_ints=[4, 5], **linear)
    case("svm_regressor_no_vectors", "SVMRegressor", x, [SCORE], coefficients=[0.5, -1.0, 0.25], rho=[0.125], n_supports=0,
         kernel_params=[0.0, 0.0, 0.0])


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    rng = np.random.default_rng(20)
    make_features(rng)
    make_linear(rng)
    make_svm(rng)


if __name__ == "__main__":
    main()
