#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whether docs/operators.md is what the operator table and the counted results make of it.
# usage: tests/docs/operators_page_test.sh ANPUT_OPERATORS ROOT
set -eu
page=$(mktemp)
trap 'rm -f "$page"' EXIT
"$1" page "$2/tests/onnx/results.txt" > "$page"
diff "$2/docs/operators.md" "$page" || {
    echo "docs/operators.md is out of date: make operators-doc"
    exit 1
}
