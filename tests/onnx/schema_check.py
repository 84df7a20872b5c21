#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the operator table (anput-operators rows) with the schemas of the installed onnx package.

Newest versions: every operator has a row or a rule that rewrites it; names, counts and types of operands, and names, kinds, defaults
and necessity of attributes are equal. Older versions: what a version has and the newest has not (an attribute, an input, a default, a
type) is named by a row of upgrade.def, or by a line of schema_known.txt that says why none is needed.

usage: schema_check.py ROWS.json     prints the differences; status 1 when there is one
"""
import fnmatch
import json
import os
import struct
import sys

import onnx
from onnx import defs

DOMAINS = {"": "", "ai.onnx": "", "ai.onnx.ml": "ai.onnx.ml", "ai.onnx.preview.training": "ai.onnx.preview.training"}
KNOWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schema_known.txt")
# What a rule for one operator takes care of, beside the attribute that its row names.
HANDLES = {
    "batch_norm_is_test": "is_test training_mode",
    "batch_norm_spatial": "spatial",
    "batch_norm_training": "training_mode",
    "cast_type_name": "to",
    "clip_bounds": "min max",
    "dropout_is_test": "is_test",
    "dropout_mask": "mask",
    "gru_direction": "direction",
    "label_classes": "classes_strings default_float default_tensor keys_floats keys_int64s keys_strings keys_tensor"
    " values_floats values_int64s values_strings values_tensor",
    "legacy_broadcast": "axis broadcast",
    "resize_asymmetric": "coordinate_transformation_mode nearest_mode roi scales",
    "scan_batch": "directions sequence_lens initial_state_and_scan_inputs scan_input_axes scan_input_directions"
    " scan_output_axes scan_output_directions",
    "selu_defaults": "alpha gamma",
    "softmax_2d": "axis",
    "split_count": "num_outputs",
    "split_sizes": "split",
    "tile_axis": "tiles axis",
    "whole_through_f64": "input output",
}


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def split_type(text):
    """'seq(tensor(float))' -> ('seq', 'float'); 'map(int64, tensor(float))' -> ('map(int64)', 'float')."""
    if "map(" in text:
        outer, inner = text.split("map(")
        key, value = inner.split(",", 1)
        return (f"{outer}map({key}))" if outer else f"map({key})"), value.strip(" )").split("(")[-1]
    *outer, last = text.rstrip(")").split("(")
    return "(".join(x for x in outer if x != "tensor") + ")" * (len(outer) > 2) or "tensor", last


def forms(spec):
    """What an operand of a row may be."""
    outer = spec["type"].split("(")[0] if "(" in spec["type"] else ""
    if spec["keys"]:
        return {f"seq(map({key}))" if outer == "seq" else f"map({key})" for key in spec["keys"]}
    return {"seq": {"seq"}, "opt": {"tensor", "seq", "optional", "optional(seq)"}, "val": {"tensor", "seq"}}.get(outer, {"tensor"})


class Known:
    """Lines of schema_known.txt, each of which must be needed."""

    def __init__(self, path):
        self.rows = {}
        for line in open(path, encoding="utf-8"):
            if line.strip() and not line.startswith("#"):
                key, reason = line.rstrip("\n").split(": ", 1)
                self.rows[key] = reason
        self.used = set()

    def has(self, key):
        found = [pattern for pattern in self.rows if fnmatch.fnmatchcase(key, pattern)]
        self.used.update(found)
        return bool(found)

    def unused(self):
        return sorted(set(self.rows) - self.used)


class Check:
    def __init__(self, rows):
        self.rows = {(r["domain"], r["name"]): r for r in rows["operators"]}
        self.upgrades = rows["upgrades"]
        self.known = Known(KNOWN)
        self.differences = []

    def say(self, schema, what):
        name = (schema.domain + "." if schema.domain else "") + schema.name
        key = f"{name} {schema.since_version} {what}"
        if not self.known.has(key):
            self.differences.append(key)

    def rules(self, schema, since=0):
        """Rows of upgrade.def that apply to a node of this version."""
        return [u for u in self.upgrades if u["domain"] == schema.domain and u["op"] == schema.name and u["last"] >= since]

    # ---- newest versions ----
    def newest(self, schema):
        row = self.rows.get((schema.domain, schema.name))
        if not row:
            if not self.rules(schema, schema.since_version):  # that write other operators in its place
                self.say(schema, "has no row")
            return
        if row["since"] != schema.since_version:
            self.say(schema, f"has a row of version {row['since']}")
        self.operands(schema, "input", schema.inputs, row["inputs"], schema.min_input)
        self.operands(schema, "output", schema.outputs, row["outputs"], schema.min_output)
        self.attributes(schema, row)

    def operands(self, schema, what, formals, specs, minimum):
        if len(formals) != len(specs):
            self.say(schema, f"has {len(formals)} {what}s, the row {len(specs)}")
            return
        option = defs.OpSchema.FormalParameterOption
        for i, (formal, spec) in enumerate(zip(formals, specs)):
            variadic = "+" if minimum > i else "*"
            count = {option.Single: "", option.Optional: "?", option.Variadic: variadic}[formal.option]
            if spec["name"] != formal.name:
                self.say(schema, f"{what} {i} is called {formal.name}, in the row {spec['name']}")
            if spec["count"] != count:
                self.say(schema, f"{what} {formal.name} has count '{count}', in the row '{spec['count']}'")
            self.types(schema, f"{what} {formal.name}", formal.types, spec)

    def types(self, schema, what, texts, spec):
        want, containers = set(), set()
        for text in texts:
            kind, element = split_type(text)
            containers.add(kind)
            want.add(element)
        have = set(spec["types"])
        if want != have:
            more, less = sorted(want - have), sorted(have - want)
            self.say(schema, f"{what} allows" + (" " + ",".join(more) if more else "") + (" not " + ",".join(less) if less else ""))
        ours = forms(spec)
        if not containers <= ours:
            self.say(schema, f"{what} may be {','.join(sorted(containers))}, in the row {','.join(sorted(ours))}")

    def attributes(self, schema, row):
        have = {a["name"]: a for a in row["attributes"]}
        for name, a in sorted(schema.attributes.items()):
            r = have.pop(name, None)
            if not r:
                self.say(schema, f"has attribute {name}, the row has not")
                continue
            if r["kind"] != a.type.name:
                self.say(schema, f"attribute {name} is {a.type.name}, in the row {r['kind']}")
            if r["required"] != a.required:
                self.say(schema, f"attribute {name} is {'required' if a.required else 'optional'}, in the row not")
            want, is_ = default_of(a), row_default(r)
            if want != is_:
                self.say(schema, f"attribute {name} is {want} by default, in the row {is_}")
        for name in have:
            self.say(schema, f"has no attribute {name}, the row has")

    # ---- older versions ----
    def handled(self, old, newest):
        """Names of attributes and operands that the rows of this version take care of."""
        names = set()
        for u in self.rules(old, old.since_version) + self.stars(old):
            names.update(u["text"].split() + HANDLES.get(u["rule"], "").split())
            if u["rule"].startswith("attr_to_") and u["number"] < len(newest.inputs):
                names.add(newest.inputs[u["number"]].name)
        return names

    def older(self, old, newest):
        if newest.deprecated:
            if (old.domain, old.name) not in self.rows and not self.rules(old, old.since_version):
                self.say(old, "is gone in the newest set")
            return
        handled = self.handled(old, newest)
        for name, a in sorted(old.attributes.items()):
            now = newest.attributes.get(name)
            if name in handled:
                continue
            if now is None:
                self.say(old, f"attribute {name} is gone")
            elif now.type != a.type or now.required and not a.required or default_of(now) != default_of(a):
                self.say(old, f"attribute {name} was {describe(a)}, is {describe(now)}")
        for name, a in sorted(newest.attributes.items()):
            if name not in old.attributes and name not in handled:
                self.say(old, f"attribute {name} is new, {describe(a)}")
        self.older_operands(old, "input", old.inputs, newest.inputs, handled)
        self.older_operands(old, "output", old.outputs, newest.outputs, handled)

    def older_operands(self, old, what, was, now, handled):
        for i, formal in enumerate(was):
            if formal.name in handled:
                continue
            if i >= len(now):
                self.say(old, f"{what} {formal.name} is gone")
                continue
            gone = sorted(set(formal.types) - set(now[i].types))
            if gone:
                self.say(old, f"{what} {formal.name} allowed {','.join(gone)}")
            if formal.option != now[i].option:
                self.say(old, f"{what} {formal.name} was {formal.option.name}, is {now[i].option.name}")
        for formal in now[len(was):]:
            if formal.option == defs.OpSchema.FormalParameterOption.Single and formal.name not in handled:
                self.say(old, f"{what} {formal.name} is new and required")

    def stars(self, old):
        return [u for u in self.upgrades if u["domain"] == old.domain and u["op"] == "*" and u["last"] >= old.since_version]


def default_of(a):
    if not a.default_value.name and a.default_value.type == 0:
        return None
    v = onnx.helper.get_attribute_value(a.default_value)
    if isinstance(v, bytes):
        return v.decode()
    if isinstance(v, float):
        return f32(v)
    return [x.decode() if isinstance(x, bytes) else x for x in v] if isinstance(v, (list, tuple)) else v


def row_default(r):
    if "default" not in r:
        return None
    text, kind = r["default"], r["kind"]
    if kind == "INT":
        return int(text)
    if kind == "FLOAT":
        return f32(float(text))
    if kind == "INTS":
        return [int(x) for x in text.strip("[]").split(",") if x]
    if kind == "STRINGS":
        return text.split(",")
    if kind == "FLOATS":
        return [f32(float(x)) for x in text.strip("[]").split(",") if x]
    return text


def describe(a):
    default = default_of(a)
    return f"{a.type.name}{' required' if a.required else ''}{'' if default is None else f'={default}'}"


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        check = Check(json.load(f))
    versions = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain in DOMAINS:
            versions.setdefault((schema.domain, schema.name), []).append(schema)
    for history in versions.values():
        history.sort(key=lambda s: s.since_version)
        newest = history[-1]
        if not newest.deprecated:
            check.newest(newest)
        for old in history[:-1]:
            if not old.deprecated:
                check.older(old, newest)
    for (domain, name) in sorted(check.rows):
        if domain in DOMAINS and (domain, name) not in versions:
            check.differences.append(f"{name} of domain '{domain}' has a row and no schema")
    for line in check.differences:
        print(line)
    for key in check.known.unused():
        print(f"schema_known.txt: not needed: {key}")
    count = sum(len(h) for h in versions.values())
    print(f"onnx {onnx.__version__}: {len(versions)} operators in {count} versions, {len(check.differences)} differences")
    return 1 if check.differences or check.known.unused() else 0


if __name__ == "__main__":
    sys.exit(main())
