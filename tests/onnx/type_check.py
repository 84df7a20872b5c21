#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every operator in every type that ONNX's schemas allow: takes ONNX's own cases and changes the types.

For each type variable of an operator and each type it allows, some cases of that operator get their operands of the variable in that
type: alone, with all others of the type they had, or with all that may have it. One of them has to run and give results of the right types; numbers and shapes
that depend on them are not compared, for rounding and range differ.

usage: type_check.py ANPUT CASES...     CASES: folders of cases with one operator each; status 1: a type does not run on ref or cpu
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import ml_dtypes  # noqa: F401  (types of 2, 4 and 8 bits for NumPy)
import numpy as np
import onnx
from onnx import TensorProto, defs, helper, numpy_helper

CASES_PER_TYPE = 5
ELEMENT = {"float": "FLOAT", "bfloat16": "BFLOAT16", "float16": "FLOAT16", "double": "DOUBLE"}
TENSOR_ATTRS = {
    ("Constant", "T"): ("value",),
    ("ConstantOfShape", "T2"): ("value",),
    ("LabelEncoder", "T1"): ("keys_tensor",),
    ("LabelEncoder", "T2"): ("values_tensor", "default_tensor"),
}
# Types that changing the operands alone does not reach; unit tests run them.
ELSEWHERE = {
    ("SequenceMap", "S"): "the operators of its body have types of their own",
    ("SequenceMap", "V"): "the same",
    ("TfIdfVectorizer", "T"): "strings need a pool of strings",
}
LAWS = r"y is not|ratio is not|an element is|ones and zeros|the mean is not"  # src/cli/onnx_law.c
TYPE_ATTRS = ("to", "dtype", "output_dtype", "output_datatype")


def element(type_text):
    """'seq(tensor(float))' -> TensorProto.FLOAT; None for what holds no tensors."""
    if "tensor(" not in type_text or "sparse" in type_text or "map(" in type_text:
        return None
    name = type_text.rstrip(")").split("(")[-1]
    return TensorProto.DataType.Value(ELEMENT.get(name, name.upper()))


def retype_array(array, to):
    want = helper.tensor_dtype_to_np_dtype(to)
    if to == TensorProto.STRING:
        return np.array([str(x) for x in array.reshape(-1).tolist()], dtype=object).reshape(array.shape)
    if array.dtype == object:
        array = np.array([float(x) if str(x).replace(".", "", 1).isdigit() else 1.0 for x in array.reshape(-1)]).reshape(array.shape)
    if np.issubdtype(array.dtype, np.complexfloating):
        array = array.real
    if np.issubdtype(want, np.complexfloating) or want == np.bool_:
        return array.astype(np.float64).astype(want)
    with np.errstate(all="ignore"):
        values = np.nan_to_num(array.astype(np.float64), nan=1, posinf=1, neginf=0)
        if np.issubdtype(want, np.integer):
            info = np.iinfo(want)
            values = np.clip(values, info.min, info.max)
        elif to in (TensorProto.INT4, TensorProto.UINT4, TensorProto.INT2, TensorProto.UINT2):
            low, high = {TensorProto.INT4: (-8, 7), TensorProto.UINT4: (0, 15), TensorProto.INT2: (-2, 1), TensorProto.UINT2: (0, 3)}[to]
            values = np.clip(values, low, high)
        return values.astype(want)


def retype_proto(proto, to):
    if isinstance(proto, TensorProto):
        return numpy_helper.from_array(retype_array(numpy_helper.to_array(proto), to), proto.name)
    if isinstance(proto, onnx.SequenceProto):
        for i, t in enumerate(proto.tensor_values):
            proto.tensor_values[i].CopyFrom(retype_proto(t, to))
    elif proto.HasField("tensor_value"):
        proto.tensor_value.CopyFrom(retype_proto(proto.tensor_value, to))
    elif proto.HasField("sequence_value"):
        proto.sequence_value.CopyFrom(retype_proto(proto.sequence_value, to))
    return proto


def tensor_type(t):
    while not t.HasField("tensor_type"):
        t = t.sequence_type.elem_type if t.HasField("sequence_type") else t.optional_type.elem_type
    return t.tensor_type


def holds_tensors(t):
    if t.HasField("sequence_type"):
        return holds_tensors(t.sequence_type.elem_type)
    return holds_tensors(t.optional_type.elem_type) if t.HasField("optional_type") else t.HasField("tensor_type")


def read(path, declared):
    proto = onnx.SequenceProto() if declared.HasField("sequence_type") else onnx.OptionalProto() if declared.HasField("optional_type") else TensorProto()
    with open(path, "rb") as f:
        proto.ParseFromString(f.read())
    return proto


def operands(schema, formals, names):
    """Name of a value -> type variable."""
    return {n: formals[min(i, len(formals) - 1)].type_str for i, n in enumerate(names) if n and formals}


def retyped(schema, of, old_types, variable, to, how):
    """Which values change: those of the variable, of its type until now as well, or all that may be of type `to`."""
    changed = {v for v, t in of.items() if t == variable}
    old = {old_types.get(v) for v in changed}
    allowed = {c.type_param_str for c in schema.type_constraints if to in {element(t) for t in c.allowed_type_strs}}
    if how == "same":
        changed |= {v for v in of if old_types.get(v) in old and of[v] in allowed}
    elif how == "all":
        changed |= {v for v in of if of[v] in allowed}
    return changed


def retype_attributes(node, schema, variables, to):
    """Attributes that hold values of these type variables, or say what type the results have."""
    names = {n for v in variables for n in TENSOR_ATTRS.get((node.op_type, v), ())}
    for a in node.attribute:
        if a.name in names:
            a.t.CopyFrom(retype_proto(a.t, to))
    for name in TYPE_ATTRS:
        if name in schema.attributes and variables & {o.type_str for o in schema.outputs}:
            kept = [a for a in node.attribute if a.name != name]
            del node.attribute[:]
            node.attribute.extend(kept + [helper.make_attribute(name, to)])


def write_case(model, folder, variable, to, how, out):
    """The case with the type variable in type `to`; False when nothing of it is in the case."""
    node = model.graph.node[0]
    schema = schema_of(node)
    of = {**operands(schema, schema.inputs, node.input), **operands(schema, schema.outputs, node.output)}
    values = [("input", i, v) for i, v in enumerate(model.graph.input)] + [("output", i, v) for i, v in enumerate(model.graph.output)]
    changed = retyped(schema, of, {v.name: tensor_type(v.type).elem_type for _, _, v in values}, variable, to, how)
    if not changed:
        return False
    data = os.path.join(out, "test_data_set_0")
    os.makedirs(data)
    for kind, i, value in values:
        proto = read(os.path.join(folder, "test_data_set_0", f"{kind}_{i}.pb"), value.type)
        if value.name in changed:
            proto = retype_proto(proto, to)
            tensor_type(value.type).elem_type = to
        with open(os.path.join(data, f"{kind}_{i}.pb"), "wb") as f:
            f.write(proto.SerializeToString())
    retype_attributes(node, schema, {of[v] for v in changed}, to)
    with open(os.path.join(out, "model.onnx"), "wb") as f:
        f.write(model.SerializeToString())
    return True


def schema_of(node):
    return defs.get_schema(node.op_type, node.domain)


def single(folder):
    """The model when it is one operator in its newest version."""
    path = os.path.join(folder, "model.onnx")
    if not os.path.exists(path):
        return None
    model = onnx.load(path)
    if len(model.graph.node) != 1 or model.functions or not defs.has(model.graph.node[0].op_type, model.graph.node[0].domain):
        return None
    if not all(holds_tensors(v.type) for v in [*model.graph.input, *model.graph.output]):
        return None
    node = model.graph.node[0]
    versions = {o.domain: o.version for o in model.opset_import}
    newest = schema_of(node)
    return model if versions.get(node.domain, 0) >= newest.since_version and not newest.deprecated else None


# Operators without a case of ONNX: (operator, inputs, outputs, attributes); a list is a sequence.
A = np.ones((1, 2), np.float32)
X = np.ones((1, 2, 3, 3), np.float32)
FIRST = np.array(0, np.int64)
MORE_CASES = (
    ("ConcatFromSequence", [[A, A]], [A], {"axis": 0}),
    ("GlobalLpPool", [X], [X], {}),
    ("MaxRoiPool", [X, np.array([[0, 0, 0, 2, 2]], np.float32)], [X], {"pooled_shape": [1, 1]}),
    ("Multinomial", [A], [np.ones((1, 3), np.int32)], {"sample_size": 3}),
    ("RandomNormal", [], [A], {"shape": [1, 2]}),
    ("RandomNormalLike", [A], [A], {"dtype": TensorProto.FLOAT}),
    ("RandomUniform", [], [A], {"shape": [1, 2]}),
    ("RandomUniformLike", [A], [A], {"dtype": TensorProto.FLOAT}),
    ("SequenceAt", [[A, A], FIRST], [A], {}),
    ("SequenceConstruct", [A, A], [[A, A]], {}),
    ("SequenceEmpty", [], [[A]], {}),
    ("SequenceErase", [[A, A], FIRST], [[A]], {}),
    ("SequenceLength", [[A, A]], [FIRST], {}),
)


def write_more(root):
    for op, inputs, outputs, attrs in MORE_CASES:
        data = os.path.join(root, op, "test_data_set_0")
        os.makedirs(data)
        infos = {}
        for kind, values in (("input", inputs), ("output", outputs)):
            for i, v in enumerate(values):
                t = helper.make_tensor_type_proto(helper.np_dtype_to_tensor_dtype((v[0] if isinstance(v, list) else v).dtype), None)
                t = helper.make_sequence_type_proto(t) if isinstance(v, list) else t
                infos.setdefault(kind, []).append(helper.make_value_info(f"{kind}_{i}", t))
                proto = numpy_helper.from_list(v) if isinstance(v, list) else numpy_helper.from_array(v)
                with open(os.path.join(data, f"{kind}_{i}.pb"), "wb") as f:
                    f.write(proto.SerializeToString())
        names = {k: [v.name for v in infos.get(k, [])] for k in ("input", "output")}
        graph = helper.make_graph([helper.make_node(op, names["input"], names["output"], **attrs)], op, infos.get("input", []), infos["output"])
        onnx.save(helper.make_model(graph), os.path.join(root, op, "model.onnx"))


def find_keys(roots):
    """{(operator, variable, type): candidates}, a candidate being (folder, model, element type, how)."""
    by_op, keys = {}, {}
    for folder in sorted(os.path.join(root, name) for root in roots for name in os.listdir(root)):
        model = single(folder)
        if model:
            node = model.graph.node[0]
            by_op.setdefault((node.domain, node.op_type), []).append((folder, model))
    for (domain, op), found in by_op.items():
        some = found[:: max(1, len(found) // CASES_PER_TYPE)][:CASES_PER_TYPE]
        for constraint in defs.get_schema(op, domain).type_constraints:
            for text in constraint.allowed_type_strs:
                to = element(text)
                key = (f"{domain}.{op}" if domain else op, constraint.type_param_str, text)
                if to:
                    as_it_is = [(folder, model, to, "alone") for folder, model in found if has_type(model, key[1], to)][:1]
                    keys[key] = as_it_is + [(folder, model, to, how) for how in ("alone", "same", "all") for folder, model in some]
    return keys


def has_type(model, variable, to):
    node = model.graph.node[0]
    schema = schema_of(node)
    of = {**operands(schema, schema.inputs, node.input), **operands(schema, schema.outputs, node.output)}
    return any(of.get(v.name) == variable and tensor_type(v.type).elem_type == to for v in [*model.graph.input, *model.graph.output])


def run_round(anput, device, keys, nth):
    """Runs candidate `nth` of each; gives {key: sentence}, "" where it runs."""
    with tempfile.TemporaryDirectory() as root:
        names = {}
        for key, candidates in keys.items():
            if nth >= len(candidates):
                continue
            folder, model, to, how = candidates[nth]
            copy = onnx.ModelProto()
            copy.CopyFrom(model)
            name = "-".join(key).replace("(", "_").replace(")", "")
            if write_case(copy, folder, key[1], to, how, os.path.join(root, name)):
                names[name] = key
        if not names:
            return {}
        out = subprocess.run([anput, "test", root, "--device", device, "--json"], capture_output=True, text=True, check=False)
        tests = {os.path.basename(t["test"]): t for t in json.loads(out.stdout)["tests"]}
        return {key: "" if runs(tests[name]) else tests[name].get("why", "?") for name, key in names.items()}


def check_device(anput, device, keys):
    left, why, used = dict(keys), {}, set()
    for nth in range(3 * CASES_PER_TYPE + 1):
        results = run_round(anput, device, left, nth)
        used |= set(results)
        for key, sentence in results.items():
            if sentence:
                why.setdefault(key, sentence)
            else:
                del left[key]
    bad = [key for key in sorted(left) if key in used and key[:2] not in ELSEWHERE]
    for key in bad:
        print(f"{device}: {' '.join(key)}: {why[key]}")
    print(f"{device}: {len(used)} types of operands, {len(bad)} do not run")
    return bool(bad)


def runs(test):
    """Results of the right type."""
    why = test.get("why", "")
    shapes = re.match(r"output '[^']*': (\w+(?: of \w+)?) \[.*\], expected (\w+(?: of \w+)?) \[", why)
    broken_law = why and not why.startswith("output") and test["verdict"] == "failed" and "operators" in test and re.match(LAWS, why)
    return test["verdict"].startswith("passed") or " elements differ" in why or (shapes and shapes[1] == shapes[2]) or bool(broken_law)


def say_uncovered(keys):
    newest = [s for s in defs.get_all_schemas() if s.domain in ("", "ai.onnx.ml") and not s.deprecated and s.type_constraints]
    names = {f"{s.domain}.{s.name}" if s.domain else s.name for s in newest}
    print("without a case to change:", " ".join(sorted(names - {key[0] for key in keys})))


def main():
    with tempfile.TemporaryDirectory() as more:
        write_more(more)
        keys = find_keys(sys.argv[2:] + [more])
        say_uncovered(keys)
        return max([check_device(sys.argv[1], device, keys) for device in ("ref", "cpu")])


if __name__ == "__main__":
    sys.exit(main())
