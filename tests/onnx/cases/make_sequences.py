#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the cases of sequences: sequences and optionals carried through If, Loop, Scan and SequenceMap, in each other.

usage: make_sequences.py        writes the folder sequences beside itself
Models are written as ONNX text; the answers are those of onnx's reference evaluator (onnx 1.22). Written out here are those of what it does
not do: optionals, which it wraps in lists, names from around a SequenceMap and empty lists into one. Packages: numpy, onnx.
"""
import copy
import pathlib
import shutil

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, parser
from onnx.reference import ReferenceEvaluator

HERE = pathlib.Path(__file__).parent / "sequences"


def tensor(x):
    return numpy_helper.from_array(np.asarray(x, dtype=object) if isinstance(x, str) else np.asarray(x))


def write(path, value, declared):
    if declared.HasField("optional_type"):
        proto = onnx.OptionalProto()
        proto.elem_type = onnx.OptionalProto.UNDEFINED
        if value is not None:
            inner = write_value(value, declared.optional_type.elem_type)
            is_list = isinstance(value, list)
            proto.elem_type = onnx.OptionalProto.SEQUENCE if is_list else onnx.OptionalProto.TENSOR
            (proto.sequence_value if is_list else proto.tensor_value).CopyFrom(inner)
    else:
        proto = write_value(value, declared)
    path.write_bytes(proto.SerializeToString())


def write_value(value, declared):
    if not declared.HasField("sequence_type"):
        return tensor(value)
    proto = onnx.SequenceProto()
    proto.elem_type = onnx.SequenceProto.TENSOR
    proto.tensor_values.extend(tensor(v) for v in value)
    return proto


def case(name, text, *inputs, answers=None):
    """The graph in ONNX's text form, and a data set per tuple of inputs; answers: of each, instead of the evaluator's."""
    model = parser.parse_model('<ir_version: 10, opset_import: ["" : 21]>\n' + text)
    onnx.checker.check_model(model)
    folder = HERE / name
    folder.mkdir(parents=True)
    onnx.save(model, folder / "model.onnx")
    for k, values in enumerate(inputs):
        data = folder / f"test_data_set_{k}"
        data.mkdir()
        if answers:
            outputs = answers[k]
        else:
            feed = dict(zip([i.name for i in model.graph.input], copy.deepcopy(values)))  # the evaluator changes lists it is given
            outputs = ReferenceEvaluator(model).run(None, feed)
        for kind, infos, list_ in (("input", model.graph.input, values), ("output", model.graph.output, outputs)):
            for i, (info, value) in enumerate(zip(infos, list_)):
                write(data / f"{kind}_{i}.pb", value, info.type)


def f32(*x):
    return np.array(x, np.float32)


def i64(x):
    return np.array(x, np.int64)


def loops():
    case("loop_in_loop_appends", """
    g (int64 m, int64 k, float[N] x) => (seq(float[P]) y, float[Q] joined, int64 n) {
        yes = Constant <value = bool {1}> ()
        none = SequenceEmpty <dtype = 1> ()
        y = Loop (m, yes, none) <body = outer (int64 i, bool go, seq(float[P]) s) => (bool go_on, seq(float[P]) t) {
            go_on = Identity (go)
            t = Loop (k, yes, s) <body = inner (int64 j, bool go2, seq(float[P]) u) => (bool go_on2, seq(float[P]) v) {
                go_on2 = Identity (go2)
                ij = Add (i, j)
                f = Cast <to = 1> (ij)
                scaled = Mul (x, f)
                v = SequenceInsert (u, scaled)
            }>
        }>
        joined = ConcatFromSequence <axis = 0> (y)
        n = SequenceLength (y)
    }""", (i64(3), i64(2), f32(1, -2)), (i64(1), i64(1), f32(5)))
    case("loop_without_turns_gives_the_list_back", """
    g (int64 m, seq(float[P]) s) => (seq(float[P]) y, int64 n) {
        yes = Constant <value = bool {1}> ()
        y = Loop (m, yes, s) <body = body (int64 i, bool go, seq(float[P]) t) => (bool go_on, seq(float[P]) u) {
            go_on = Identity (go)
            u = SequenceErase (t)
        }>
        n = SequenceLength (y)
    }""", (i64(0), [f32(1), f32(2, 3)]), (i64(2), [f32(1), f32(2, 3)]), (i64(1), [f32(1), f32(2, 3), f32(4)]))
    case("loop_swaps_two_lists", """
    g (int64 m, seq(float[P]) a, seq(float[P]) b) => (seq(float[P]) x, seq(float[P]) y) {
        yes = Constant <value = bool {1}> ()
        first = Constant <value = int64 {0}> ()
        x, y = Loop (m, yes, a, b) <body = body (int64 i, bool go, seq(float[P]) p, seq(float[P]) q)
                => (bool go_on, seq(float[P]) r, seq(float[P]) s) {
            go_on = Identity (go)
            head = SequenceAt (p, first)
            r = SequenceInsert (q, head, first)
            s = Identity (p)
        }>
    }""", (i64(3), [f32(1), f32(2)], [f32(3, 4)]))
    case("loop_ends_by_its_own_list", """
    g (seq(float[P]) s) => (seq(float[P]) rest, float[K, 1] heads) {
        many = Constant <value = int64 {1000}> ()
        yes = Constant <value = bool {1}> ()
        zero = Constant <value = int64 {0}> ()
        one = Constant <value = int64 {1}> ()
        rest, heads = Loop (many, yes, s) <body = body (int64 i, bool go, seq(float[P]) t)
                => (bool go_on, seq(float[P]) u, float[1] head) {
            item = SequenceAt (t, zero)
            head = ReduceSum (item)
            u = SequenceErase (t, zero)
            n = SequenceLength (u)
            go_on = Greater (n, one)
        }>
    }""", ([f32(1), f32(2, 3), f32(4), f32(5, 6, 7)],))
    case("loop_carries_an_item_of_its_list", """
    g (int64 m, seq(float[2]) s) => (float[2] y, seq(float[2]) t) {
        yes = Constant <value = bool {1}> ()
        last = Constant <value = int64 {-1}> ()
        first = SequenceAt (s, last)
        y, t = Loop (m, yes, first, s) <body = body (int64 i, bool go, float[2] a, seq(float[2]) p)
                => (bool go_on, float[2] b, seq(float[2]) q) {
            go_on = Identity (go)
            item = SequenceAt (p, i)
            b = Add (a, item)
            q = SequenceInsert (p, a, i)
        }>
    }""", (i64(3), [f32(1, 2), f32(3, 4), f32(5, 6)]))
    case("loop_joins_strings", """
    g (int64 m, string[N] x) => (seq(string[N]) y) {
        yes = Constant <value = bool {1}> ()
        none = SequenceEmpty <dtype = 8> ()
        s, y = Loop (m, yes, x, none) <body = body (int64 i, bool go, string[N] a, seq(string[N]) p)
                => (bool go_on, string[N] b, seq(string[N]) q) {
            go_on = Identity (go)
            b = StringConcat (a, x)
            q = SequenceInsert (p, b)
        }>
    }""", (i64(3), np.array(["a", "", "é"], dtype=object)))
    case("scan_in_loop_reads_the_list", """
    g (int64 m, float[3, 2] x, seq(float) s) => (float[2] y, seq(float[2]) all) {
        yes = Constant <value = bool {1}> ()
        none = SequenceEmpty <dtype = 1> ()
        start = Constant <value = float[2] {0.0, 0.0}> ()
        y, all = Loop (m, yes, start, none) <body = body (int64 i, bool go, float[2] a, seq(float[2]) p)
                => (bool go_on, float[2] b, seq(float[2]) q) {
            go_on = Identity (go)
            factor = SequenceAt (s, i)
            b = Scan (a, x) <num_scan_inputs = 1, body = turn (float[2] c, float[2] row) => (float[2] d) {
                scaled = Mul (row, factor)
                d = Add (c, scaled)
            }>
            q = SequenceInsert (p, b)
        }>
    }""", (i64(2), np.arange(6, dtype=np.float32).reshape(3, 2), [np.float32(2), np.float32(-1)]))


def branches():
    case("if_in_loop_appends_or_not", """
    g (int64 m, float[P] x) => (seq(float[P]) y) {
        yes = Constant <value = bool {1}> ()
        two = Constant <value = int64 {2}> ()
        zero = Constant <value = int64 {0}> ()
        none = SequenceEmpty <dtype = 1> ()
        y = Loop (m, yes, none) <body = body (int64 i, bool go, seq(float[P]) s) => (bool go_on, seq(float[P]) t) {
            go_on = Identity (go)
            r = Mod (i, two)
            even = Equal (r, zero)
            t = If (even) <then_branch = append () => (seq(float[P]) a) {
                f = Cast <to = 1> (i)
                xf = Mul (x, f)
                a = SequenceInsert (s, xf)
            }, else_branch = keep () => (seq(float[P]) b) {
                b = Identity (s)
            }>
        }>
    }""", (i64(5), f32(1, 2)), (i64(1), f32(3)), (i64(0), f32(3)))
    case("if_in_if_chooses_a_list", """
    g (bool c, bool d, seq(float[P]) s, seq(float[P]) t) => (seq(float[P]) y, float[P] z) {
        zero = Constant <value = int64 {0}> ()
        y = If (c) <then_branch = outer_then () => (seq(float[P]) a) {
            a = If (d) <then_branch = inner_then () => (seq(float[P]) b) {
                b = Identity (s)
            }, else_branch = inner_else () => (seq(float[P]) e) {
                e = SequenceErase (s, zero)
            }>
        }, else_branch = outer_else () => (seq(float[P]) f) {
            f = Identity (t)
        }>
        z = ConcatFromSequence <axis = -1> (y)
    }""", *[(np.array(c), np.array(d), [f32(1), f32(2)], [f32(3, 4)]) for c in (True, False) for d in (True, False)])


def optionals():
    case("loop_carries_an_optional", """
    g (int64 m, float[2] x) => (float[2] y, bool has) {
        yes = Constant <value = bool {1}> ()
        none = Optional <type = float[2]> ()
        best = Loop (m, yes, none) <body = body (int64 i, bool go, optional(float[2]) o) => (bool go_on, optional(float[2]) p) {
            go_on = Identity (go)
            there = OptionalHasElement (o)
            sum = If (there) <then_branch = more () => (float[2] a) {
                old = OptionalGetElement (o)
                a = Add (old, x)
            }, else_branch = first () => (float[2] b) {
                b = Identity (x)
            }>
            p = Optional (sum)
        }>
        has = OptionalHasElement (best)
        y = If (has) <then_branch = some () => (float[2] c) {
            c = OptionalGetElement (best)
        }, else_branch = nothing () => (float[2] d) {
            d = Constant <value = float[2] {-1.0, -1.0}> ()
        }>
    }""", (i64(0), f32(1, 2)), (i64(1), f32(1, 2)), (i64(3), f32(1, 2)),
         answers=[(f32(-1, -1), np.array(False)), (f32(1, 2), np.array(True)), (f32(3, 6), np.array(True))])
    case("if_gives_an_optional_list", """
    g (bool c, seq(float[P]) s) => (bool has, int64 n) {
        o = If (c) <then_branch = some () => (optional(seq(float[P])) a) {
            a = Optional (s)
        }, else_branch = none () => (optional(seq(float[P])) b) {
            b = Optional <type = seq(float[P])> ()
        }>
        has = OptionalHasElement (o)
        n = If (has) <then_branch = count () => (int64 d) {
            t = OptionalGetElement (o)
            d = SequenceLength (t)
        }, else_branch = minus () => (int64 e) {
            e = Constant <value = int64 {-1}> ()
        }>
    }""", (np.array(True), [f32(1), f32(2)]), (np.array(False), [f32(1)]), (np.array(True), []),
         answers=[(np.array(True), i64(2)), (np.array(False), i64(-1)), (np.array(True), i64(0))])
    case("an_optional_list_passes_through_a_loop", """
    g (int64 m, optional(seq(float[P])) o) => (optional(seq(float[P])) p, bool has) {
        yes = Constant <value = bool {1}> ()
        p = Loop (m, yes, o) <body = body (int64 i, bool go, optional(seq(float[P])) q) => (bool go_on, optional(seq(float[P])) r) {
            go_on = Identity (go)
            r = Identity (q)
        }>
        has = OptionalHasElement (p)
    }""", (i64(2), [f32(1), f32(2, 3)]), (i64(2), None),
         answers=[([f32(1), f32(2, 3)], np.array(True)), (None, np.array(False))])


def maps_over_lists():
    case("sequence_map_in_loop", """
    g (int64 m, seq(float[P]) s, float[1] x) => (seq(float[P]) y) {
        yes = Constant <value = bool {1}> ()
        y = Loop (m, yes, s) <body = body (int64 i, bool go, seq(float[P]) t) => (bool go_on, seq(float[P]) u) {
            go_on = Identity (go)
            u = SequenceMap (t, x) <body = each (float[P] a, float[1] b) => (float[P] c) {
                f = Cast <to = 1> (i)
                d = Add (a, b)
                c = Mul (d, f)
            }>
        }>
    }""", (i64(2), [f32(1, 2), f32(3)], f32(10)), answers=[([f32(10, 10), f32(10)],)])
    case("loop_in_sequence_map", """
    g (seq(int64) counts) => (seq(float[P]) y) {
        one = Constant <value = float[1] {1.0}> ()
        y = SequenceMap (counts) <body = each (int64 n) => (float[P] joined) {
            yes = Constant <value = bool {1}> ()
            none = SequenceEmpty <dtype = 1> ()
            list = Loop (n, yes, none) <body = body (int64 i, bool go, seq(float[1]) t) => (bool go_on, seq(float[1]) u) {
                go_on = Identity (go)
                f = Cast <to = 1> (i)
                v = Add (one, f)
                u = SequenceInsert (t, v)
            }>
            joined = ConcatFromSequence <axis = 0> (list)
        }>
    }""", ([i64(1), i64(3), i64(2)],), answers=[([f32(1), f32(1, 2, 3), f32(1, 2)],)])
    case("sequence_map_of_two_lists_to_two", """
    g (seq(float[P]) s, seq(float[P]) t) => (seq(float[P]) sums, seq(int64[1]) sizes) {
        sums, sizes = SequenceMap (s, t) <body = each (float[P] a, float[P] b) => (float[P] c, int64[1] d) {
            c = Add (a, b)
            d = Shape (a)
        }>
    }""", ([f32(1, 2), f32(3)], [f32(4, 5), f32(6)]), ([], []),
         answers=[([f32(5, 7), f32(9)], [i64([2]), i64([1])]), ([], [])])
    case("sequence_map_in_sequence_map", """
    g (seq(float[P]) s, seq(float[1]) t) => (seq(float[Q]) y) {
        y = SequenceMap (s) <body = each (float[P] a) => (float[Q] joined) {
            products = SequenceMap (t) <body = inner (float[1] b) => (float[P] c) {
                c = Mul (a, b)
            }>
            joined = ConcatFromSequence <axis = 0> (products)
        }>
    }""", ([f32(1, 2), f32(3)], [f32(10), f32(100)]), answers=[([f32(10, 20, 100, 200), f32(30, 300)],)])


def parts():
    x = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    for name, attrs, split in (("evenly", "axis = 1", "Constant <value = int64 {3}> ()"),
                               ("by_sizes", "axis = -2", "Constant <value = int64[3] {1, 0, 3}> ()")):
        case(f"split_{name}_and_join", f"""
        g (float[2, 4, 3] x) => (seq(float[a, b, c]) parts, float[2, 4, 3] y, int64 n) {{
            split = {split}
            parts = SplitToSequence <{attrs}> (x, split)
            y = ConcatFromSequence <axis = 1> (parts)
            n = SequenceLength (parts)
        }}""", (x,))
    case("split_into_slices_and_stack_elsewhere", """
    g (float[2, 4, 3] x) => (seq(float[a, b]) parts, float[2, 3, 4] y) {
        parts = SplitToSequence <axis = 1, keepdims = 0> (x)
        y = ConcatFromSequence <axis = -1, new_axis = 1> (parts)
    }""", (x,))
    case("insert_and_erase_count_from_the_end", """
    g (seq(float[P]) s, float[P] x, int64 p, int64 q) => (seq(float[P]) y, seq(float[P]) z, float[P] at) {
        y = SequenceInsert (s, x, p)
        z = SequenceErase (y, q)
        at = SequenceAt (y, q)
    }""", *[([f32(1), f32(2), f32(3)], f32(9, 9), i64(p), i64(q)) for p, q in ((0, -1), (-1, 0), (2, -4), (-3, 2))])


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    loops()
    branches()
    optionals()
    maps_over_lists()
    parts()


if __name__ == "__main__":
    main()
