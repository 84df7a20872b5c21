#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the cases that the newest release of ONNX writes on ref and cpu, as they are and in every type its schemas allow, and compares
# the operator table with the schemas. The package lives in a virtual environment outside the tree, made on first use. Where it cannot
# be had: "skipped: ...", status 0.
# usage: scripts/onnx_newest.sh BIN_FOLDER [-o FOLDER]    -o: results as JSON, FOLDER/DEVICE.json
set -eu
version=1.22
bin=$(cd "$1" && pwd)
out=
[ "${2:-}" = -o ] && out=$3
cd "$(dirname "$0")/.."
home=${XDG_CACHE_HOME:-$HOME/.cache}/anput/onnx-$version
python=$home/venv/bin/python

skip() {
    echo "skipped: $1"
    exit 0
}

prepare() { # the environment and the cases, each complete or not there
    command -v python3 > /dev/null || skip "python3 is not installed"
    mkdir -p "$home"
    if [ ! -f "$home/ready" ]; then
        rm -rf "$home/venv" "$home/cases"
        python3 -m venv "$home/venv" > "$home/log" 2>&1 || skip "no virtual environment can be made (package python3-venv): $home/log"
        "$python" -m pip install --quiet --disable-pip-version-check "onnx==$version.*" pillow > "$home/log" 2>&1 ||
            skip "pip cannot have onnx==$version.* from its package index: $home/log"
        mkdir -p "$home/cases/node"
        (cd "$home" && "$python" -m onnx.backend.test.cmd_tools generate-data -o "$home/cases") > "$home/log" 2>&1 || {
            cat "$home/log"
            exit 1
        }
        touch "$home/ready"
    fi
}

prepare
status=0
for device in cpu ref; do
    echo "$device:"
    "$bin/anput" test "$home/cases/node" "$home/cases/simple" --device "$device" --strict --tolerances tests/onnx/tolerances.txt || status=1
    [ -z "$out" ] || "$bin/anput" test "$home/cases/node" "$home/cases/simple" --device "$device" --json -o "$out/$device.json" \
        --tolerances tests/onnx/tolerances.txt > /dev/null || status=1
done
echo "types:"
"$python" tests/onnx/type_check.py "$bin/anput" "$home/cases/node" tests/onnx/cases/*/ || status=1
echo "schemas:"
"$bin/anput-operators" rows > "$home/rows.json"
"$python" tests/onnx/schema_check.py "$home/rows.json" || status=1
exit $status
