#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the cases of ml_models: the models of ai.onnx.ml, each attribute and type, and pipelines trained with scikit-learn.

usage: make_ml_models.py        writes the folder ml_models beside itself
The answers are onnxruntime's, so what it does not do, leaves unwritten or does against the specification is not here. Packages:
numpy 2.4.6, onnx 1.22.0, onnxruntime 1.31.1, protobuf 5.29.6, scikit-learn 1.9.1, skl2onnx 1.20.0.
"""
import pathlib
import shutil

import make_ml_encoders
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
            if kind == "output" and isinstance(value, np.ndarray) and value.dtype.kind == "f":
                assert np.isfinite(value).all(), f"{name}: {value}"
            make_ml_encoders.write(folder / "test_data_set_0" / f"{kind}_{i}.pb", value)


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


# ---- trees ----

MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]


def grow(rng, trees, features, depth, modes):
    """Random trees in the lists of TreeEnsembleClassifier and -Regressor, and their leaves [(tree, node)]."""
    lists = {n: [] for n in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids",
                             "missing_value_tracks_true")}
    leaves = []
    for tree in range(trees):
        pending, count = [(0, depth)], 1
        while pending:
            node, left = pending.pop(0)
            inner = left > 0 and (left == depth or rng.random() < 0.8)
            children = (count, count + 1) if inner else (0, 0)
            row = (tree, node, int(rng.integers(features)), str(rng.choice(modes)) if inner else "LEAF",
                   float(rng.integers(-4, 5)) / 2, children[0], children[1], int(rng.integers(2)))
            for key, value in zip(lists, row):
                lists[key].append(value)
            if inner:
                pending += [(children[0], left - 1), (children[1], left - 1)]
                count += 2
            else:
                leaves.append((tree, node))
    return {f"nodes_{k}": v for k, v in lists.items()}, leaves


def votes(rng, leaves, prefix, targets, per_leaf, positive=False):
    """per_leaf votes of each leaf for different targets, in quarters."""
    rows = [(t, n, int(i), float(rng.integers(0 if positive else -6, 7)) / 4)
            for t, n in leaves for i in sorted(rng.choice(targets, per_leaf, replace=False))]
    return {f"{prefix}_{k}": [r[i] for r in rows] for i, k in enumerate(("treeids", "nodeids", "ids", "weights"))}


def as_tensors(attributes, *names):
    """These lists of numbers as tensors of f64, which operator set 3 has for them."""
    moved = dict(attributes)
    for name in names:
        moved[f"{name}_as_tensor"] = numpy_helper.from_array(np.array(moved.pop(name), np.float64), name)
    return moved


def make_regressor_trees(rng):
    op = "TreeEnsembleRegressor"
    x = numbers(rng, np.float32, 8, 3)
    x[0, 1] = x[2, 0] = x[5, 2] = np.nan
    for mode in MODES:
        nodes, leaves = grow(rng, 3, 3, 3, [mode])
        case(f"tree_regressor_{mode[7:].lower()}", op, x, [SCORE], n_targets=1, **nodes, **votes(rng, leaves, "target", 1, 1))
    nodes, leaves = grow(rng, 4, 3, 3, MODES)
    one, three = votes(rng, leaves, "target", 1, 1), votes(rng, leaves, "target", 3, 2)
    for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
        common = {**nodes, "aggregate_function": aggregate}
        case(f"tree_regressor_{aggregate.lower()}", op, x, [SCORE], n_targets=1, base_values=[0.25], **common, **one)
        case(f"tree_regressor_{aggregate.lower()}_3", op, x, [SCORE], n_targets=3, base_values=[0.25, -1.0, 2.0], **common, **three)
    for post in POSTS[1:4]:
        case(f"tree_regressor_{post.lower()}", op, x, [SCORE], n_targets=3, post_transform=post, **nodes, **three)
    del nodes["nodes_missing_value_tracks_true"]
    case("tree_regressor_missing_is_false", op, x, [SCORE], n_targets=1, **nodes, **one)
    for dtype in ALL_TYPES[:2]:
        case(f"tree_regressor_{short(dtype)}", op, numbers(rng, dtype, 6, 3), [SCORE], n_targets=3, **nodes, **three)
    case("tree_regressor_one_row", op, np.float32([[1, -2, 0.5]]), [SCORE], n_targets=3, **nodes, **three)
    case("tree_regressor_f64_tensors", op, numbers(rng, np.float64, 6, 3), [SCORE], ml_opset=3, n_targets=3,
         **as_tensors({**nodes, **votes(rng, leaves, "target", 3, 3), "base_values": [0.1, 0.2, 0.3]}, "nodes_values",
                      "target_weights", "base_values"))
    nodes, leaves = grow(rng, 3, 3, 3, ["BRANCH_LEQ"])
    probable = votes(rng, leaves, "target", 2, 2, positive=True)
    probable["target_weights"] = [0.0625 + w / 12 for w in probable["target_weights"]]
    case("tree_regressor_probit", op, x, [SCORE], n_targets=2, post_transform="PROBIT", **nodes, **probable)
    shuffled = rng.permutation(len(nodes["nodes_nodeids"]))  # each tree's root stays in front of its nodes
    order = sorted(shuffled, key=lambda i: (nodes["nodes_treeids"][i], nodes["nodes_nodeids"][i] != 0))
    nodes = {k: [v[i] for i in order] for k, v in nodes.items()}
    case("tree_regressor_any_order", op, x, [SCORE], n_targets=1, **nodes, **votes(rng, leaves, "target", 1, 1))


def make_classifier_trees(rng):
    op = "TreeEnsembleClassifier"
    x = numbers(rng, np.float32, 8, 3)
    nodes, leaves = grow(rng, 4, 3, 3, ["BRANCH_LEQ", "BRANCH_GT"])
    ints, strings = {"classlabels_int64s": [30, 10, 20]}, {"classlabels_strings": ["red", "green", "blue"]}
    all_classes, two_of_three = votes(rng, leaves, "class", 3, 3), votes(rng, leaves, "class", 3, 2)
    for post in POSTS[:4]:
        case(f"tree_classifier_{post.lower()}", op, x, [LABEL, SCORE], post_transform=post, **ints, **nodes, **all_classes)
    case("tree_classifier_strings", op, x, [TEXT, SCORE], **strings, **nodes, **all_classes)
    case("tree_classifier_some_votes", op, x, [LABEL, SCORE], **ints, **nodes, **two_of_three)
    case("tree_classifier_base", op, x, [LABEL, SCORE], base_values=[0.5, -0.25, 1.0], **ints, **nodes, **two_of_three)
    case("tree_classifier_one_row", op, x[3:4], [TEXT, SCORE], **strings, **nodes, **all_classes)
    for dtype in ALL_TYPES[1:]:
        case(f"tree_classifier_{short(dtype)}", op, numbers(rng, dtype, 6, 3), [LABEL, SCORE], **ints, **nodes, **all_classes)
    case("tree_classifier_f64_tensors", op, numbers(rng, np.float64, 6, 3), [TEXT, SCORE], ml_opset=3, **strings,
         **as_tensors({**nodes, **all_classes, "base_values": [0.1, 0.2, 0.3]}, "nodes_values", "class_weights", "base_values"))
    for sign in ("positive", "mixed"):
        binary = votes(rng, leaves, "class", 1, 1, positive=sign == "positive")
        binary["class_weights"] = [w / 6 + 1 / 32 for w in binary["class_weights"]]  # no sum is one half
        for post in POSTS[:4]:
            case(f"tree_classifier_binary_{sign}_{post.lower()}", op, x, [LABEL, SCORE], post_transform=post,
                 classlabels_int64s=[4, 5], **nodes, **binary)
        case(f"tree_classifier_binary_{sign}_base", op, x, [TEXT, SCORE], base_values=[0.25], classlabels_strings=["no", "yes"],
             **nodes, **binary)
        binary["class_ids"] = [1] * len(leaves)
        case(f"tree_classifier_binary_{sign}_second", op, x, [LABEL, SCORE], classlabels_int64s=[4, 5], **nodes, **binary)
        case(f"tree_classifier_binary_{sign}_second_softmax", op, x, [TEXT, SCORE], classlabels_strings=["no", "yes"],
             post_transform="SOFTMAX", **nodes, **binary)


def ensemble(rng, dtype, trees, features, modes):
    """Random trees of depth 3 in the lists of TreeEnsemble."""
    inner, leaves, roots, members, splits = [], [], [], [], []

    def node(left):
        at = len(inner)
        inner.append(None)
        mode = int(rng.choice(modes))
        splits.append(float(rng.integers(-4, 5)) / 2)
        if mode == 6:
            splits[-1] = 0.0
        row = [int(rng.integers(features)), mode, int(rng.integers(2))]
        mark = len(members)
        members.append((rng.choice(6, 3, replace=False).tolist() + [np.nan]) if mode == 6 else [])
        for _ in range(2):
            if left > 0 and rng.random() < 0.8:
                row += [node(left - 1), 0]
            else:
                leaves.append((float(rng.integers(-6, 7)) / 4, int(rng.integers(2))))
                row += [len(leaves) - 1, 1]
        inner[at] = row
        assert len(members) > mark
        return at

    for _ in range(trees):
        roots.append(node(2))
    column = list(zip(*inner))
    tensor = lambda name, values, kind: numpy_helper.from_array(np.array(values, kind), name)
    flat = [v for m in members for v in m]
    made = {"tree_roots": roots, "nodes_featureids": column[0], "nodes_modes": tensor("modes", column[1], np.uint8),
            "nodes_missing_value_tracks_true": column[2], "nodes_truenodeids": column[3], "nodes_trueleafs": column[4],
            "nodes_falsenodeids": column[5], "nodes_falseleafs": column[6], "nodes_splits": tensor("splits", splits, dtype),
            "leaf_weights": tensor("weights", [w for w, _ in leaves], dtype), "leaf_targetids": [t for _, t in leaves],
            "n_targets": 2}
    return made | ({"membership_values": tensor("members", flat, dtype)} if flat else {})


def make_ensembles(rng):
    x = numbers(rng, np.float32, 10, 3)
    x[0, 1] = x[2, 0] = x[5, 2] = np.nan
    for mode in range(7):
        case(f"tree_ensemble_mode_{mode}", "TreeEnsemble", x, [SCORE], ml_opset=5, **ensemble(rng, np.float32, 3, 3, [mode]))
    mixed = ensemble(rng, np.float32, 4, 3, range(7))
    for aggregate in range(4):
        case(f"tree_ensemble_aggregate_{aggregate}", "TreeEnsemble", x, [SCORE], ml_opset=5, aggregate_function=aggregate, **mixed)
    # onnxruntime numbers 1 and 2 the other way round than the specification
    case("tree_ensemble_softmax_zero", "TreeEnsemble", x, [SCORE], ml_opset=5, post_transform=3, **mixed)
    case("tree_ensemble_f64", "TreeEnsemble", numbers(rng, np.float64, 6, 3), [TensorProto.DOUBLE], ml_opset=5,
         **ensemble(rng, np.float64, 4, 3, range(7)))
    leaf = {"tree_roots": [0, 1], "nodes_featureids": [0, 0], "nodes_modes": numpy_helper.from_array(np.zeros(2, np.uint8)),
            "nodes_splits": numpy_helper.from_array(np.float32([0.5, 0])), "nodes_truenodeids": [0, 2], "nodes_trueleafs": [1, 1],
            "nodes_falsenodeids": [1, 2], "nodes_falseleafs": [1, 1], "leaf_weights": numpy_helper.from_array(np.float32([1, 2, 3])),
            "leaf_targetids": [0, 0, 1], "n_targets": 2}
    case("tree_ensemble_of_a_leaf", "TreeEnsemble", x, [SCORE], ml_opset=5, **leaf)


# ---- pipelines ----

def make_pipelines():
    from skl2onnx import to_onnx
    from sklearn.datasets import load_digits, load_iris
    from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    iris, digits = load_iris(return_X_y=True), load_digits(return_X_y=True)
    names, two = np.array(["setosa", "versicolor", "virginica"]), iris[1] != 0
    sets = {
        "iris": (iris[0].astype(np.float32), iris[1]),
        "iris_names": (iris[0].astype(np.float32), names[iris[1]]),
        "iris_two": (iris[0][two].astype(np.float32), iris[1][two] - 1),
        "digits": (digits[0].astype(np.float32), digits[1]),
    }
    pipelines = {
        "random_forest": ("iris_names", RandomForestClassifier(12, max_depth=4, random_state=1)),
        "random_forest_two": ("iris_two", RandomForestClassifier(11, max_depth=3, random_state=1)),
        "random_forest_digits": ("digits", RandomForestClassifier(6, max_depth=5, random_state=1)),
        "gradient_boosting": ("iris", GradientBoostingClassifier(n_estimators=6, max_depth=2, random_state=1)),
        "gradient_boosting_two": ("iris_two", GradientBoostingClassifier(n_estimators=6, max_depth=2, random_state=1)),
        "hist_gradient_boosting": ("iris_names", HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=5, random_state=1)),
        "svc": ("iris_names", SVC(probability=True, random_state=1)),
        "svc_votes": ("iris", SVC(kernel="poly", degree=2)),
        "scaled_svc_two": ("iris_two", make_pipeline(StandardScaler(), SVC(probability=True, random_state=1))),
        "scaled_logistic": ("iris_names", make_pipeline(StandardScaler(), LogisticRegression())),
        "scaled_logistic_two": ("iris_two", make_pipeline(StandardScaler(), LogisticRegression())),
    }
    for name, (data, model) in pipelines.items():
        x, y = sets[data]
        model.fit(x, y)
        for zipmap in (False, True) if name in ("random_forest", "gradient_boosting", "scaled_svc_two", "scaled_logistic") else (False,):
            exported = to_onnx(model, x[:1], options={"zipmap": zipmap}, target_opset={"": 18, "ai.onnx.ml": 3})
            write_case(f"pipeline_{name}" + ("_maps" if zipmap else ""), exported, [x[:: len(x) // 12]])


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    rng = np.random.default_rng(20)
    make_features(rng)
    make_linear(rng)
    make_svm(rng)
    make_regressor_trees(rng)
    make_classifier_trees(rng)
    make_ensembles(rng)
    make_pipelines()


if __name__ == "__main__":
    main()
