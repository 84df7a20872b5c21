#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs ONNX's own test data on cpu and ref; what fails must be what tests/onnx/known_failures.txt lists, no more and no less.
# usage: scripts/onnx_tests.sh ANPUT [FOLDER...]
set -eu
anput=$1
shift
[ $# -gt 0 ] || set -- /usr/share/libonnx-testdata/data
if [ ! -d "$1" ]; then
    echo "skipped: $1 is not there (package libonnx-testdata)"
    exit 0
fi
known=$(dirname "$0")/../tests/onnx/known_failures.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep -v '^#' "$known" | cut -d' ' -f1 | sort > "$work/known"
for device in cpu ref; do
    "$anput" test "$@" --device "$device" > "$work/log" 2>&1 || true
    sed -n 's|^FAILED [^:]*/\([^/:]*\): .*|\1|p' "$work/log" | sort > "$work/failed"
    if ! diff "$work/known" "$work/failed" > "$work/diff"; then
        grep '^FAILED' "$work/log" || true
        echo "$device: not the failures that are known (< listed and passed, > failed and not listed):"
        cat "$work/diff"
        exit 1
    fi
    echo "$device, known failures $(wc -l < "$work/known"): $(tail -n 1 "$work/log")"
done
