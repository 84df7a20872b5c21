#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs ONNX's own test data on cpu and ref: all of it passes, within ONNX's own tolerances.
# usage: scripts/onnx_tests.sh ANPUT [FOLDER...]
set -eu
anput=$1
shift
[ $# -gt 0 ] || set -- /usr/share/libonnx-testdata/data
if [ ! -d "$1" ]; then
    echo "skipped: $1 is not there (package libonnx-testdata)"
    exit 0
fi
data=$(dirname "$0")/../tests/onnx
status=0
for device in cpu ref; do
    echo "$device:"
    "$anput" test "$@" --strict --device "$device" --tolerances "$data/tolerances.txt" --tolerances "$data/tolerances_1_12.txt" || status=1
done
exit $status
