#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures anput-rt: text + data by size(1) of a program that has our library linked in statically and the distribution's libraries
# (libc, libjpeg, libopenjp2, libpng, libtiff, libwebp, libpcre2, libutf8proc, libxxhash) not; once with all operators, once with those of one package only. Status 1 above a limit.
# usage: scripts/size.sh [ANPUT]    default build/bin/anput; it compiles the package and lists its operators
set -eu
cd "$(dirname "$0")/.."
anput=${1:-build/bin/anput}
all_limit=6000000 lenet_limit=400000
status=0
mkdir -p build-size

measure() { # measure NAME LIMIT [cmake options]
    name=$1
    limit=$2
    shift 2
    cmake -S . -B "build-size/$name" -DANPUT_RUNTIME_ONLY=ON -DANPUT_TESTS=OFF "$@" > "build-size/$name.log"
    cmake --build "build-size/$name" -j "$(nproc)" --target anput_rt_cli >> "build-size/$name.log"
    bytes=$(size "build-size/$name/bin/anput-rt" | awk 'NR == 2 { print $1 + $2 }')
    echo "anput-rt, $name: $bytes bytes of text and data, limit $limit"
    [ "$bytes" -le "$limit" ] || { echo "over the limit" >&2; status=1; }
}

measure all-operators $all_limit
"$anput" compile models/lenet-digits.onnx -o build-size/lenet.anp -q
"$anput" inspect --list-ops build-size/lenet.anp > build-size/lenet.ops
measure lenet-operators $lenet_limit -DANPUT_OPS="$PWD/build-size/lenet.ops"
"build-size/lenet-operators/bin/anput-rt" run build-size/lenet.anp --random -o build-size/answer -q
exit $status
