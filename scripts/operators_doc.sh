#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs ONNX's test cases, old and newest, on ref and cpu, and makes tests/onnx/results.txt and docs/operators.md of what passes.
# usage: scripts/operators_doc.sh BIN_FOLDER
set -eu
cd "$(dirname "$0")/.."
bin=$1
old=/usr/share/libonnx-testdata/data
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/old" "$work/newest"
[ -d "$old" ] || { echo "error: $old is not there (package libonnx-testdata)"; exit 1; }
for device in cpu ref; do
    "$bin/anput" test "$old" --device "$device" --json -o "$work/old/$device.json" \
        --tolerances tests/onnx/tolerances.txt --tolerances tests/onnx/tolerances_1_12.txt || true # failures are counted
done
scripts/onnx_newest.sh "$bin" -o "$work/newest" > "$work/log" || true
[ -f "$work/newest/ref.json" ] || { cat "$work/log"; echo "error: the newest cases are needed too"; exit 1; }
"$bin/anput-operators" count "onnx-1.12:cpu=$work/old/cpu.json" "onnx-1.12:ref=$work/old/ref.json" \
    "onnx-1.22:cpu=$work/newest/cpu.json" "onnx-1.22:ref=$work/newest/ref.json" > "$work/results.txt"
mv "$work/results.txt" tests/onnx/results.txt
"$bin/anput-operators" page tests/onnx/results.txt > "$work/operators.md"
mv "$work/operators.md" docs/operators.md
sed -n '/^| test data/,/^$/p' docs/operators.md
