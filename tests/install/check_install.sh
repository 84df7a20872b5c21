#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs a build into a temporary folder, moves it, and builds and runs a small outside program against it: by pkg-config with the
# shared and the static library, and by the CMake package.
# usage: tests/install/check_install.sh BUILD
set -eu
here=$(cd "$(dirname "$0")" && pwd)
model=$here/../../models/lenet-digits.onnx
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}

cmake --install "$1" --prefix "$work/first" > "$work/log"
mv "$work/first" "$work/moved" # an installed tree may move
PKG_CONFIG_PATH=$(dirname "$(find "$work/moved" -name anput.pc)")
export PKG_CONFIG_PATH
lib=$(pkg-config --variable=libdir anput)

want=""
check() { # check NAME PROGRAM: runs it; every program prints the same
    got=$(LD_LIBRARY_PATH="$lib" "$2" "$model" "$work/model.anp")
    echo "$1: $got"
    [ -z "$want" ] || [ "$want" = "$got" ] || { echo "expected: $want" >&2; exit 1; }
    want=$got
}

# shellcheck disable=SC2046,SC2086 # words are wanted
{
    $cc -std=c11 -Wall -Werror "$here/outside.c" -o "$work/shared" $(pkg-config --cflags --libs anput)
    check "pkg-config, shared" "$work/shared"
    $cc -std=c11 -Wall -Werror -DRUNTIME_ONLY "$here/outside.c" -o "$work/shared_rt" $(pkg-config --cflags --libs anput-rt)
    check "pkg-config, shared, runtime only" "$work/shared_rt"
    for name in anput anput-rt; do
        define=$([ $name = anput ] || echo -DRUNTIME_ONLY)
        $cc -std=c11 -Wall -Werror $define "$here/outside.c" -o "$work/static" $(pkg-config --cflags "$name") "$lib/lib$name.a" \
            $(pkg-config --static --libs-only-l "$name" | sed "s/-l$name\$//; s/-l$name //")
        check "pkg-config, static $name" "$work/static"
    done
}

# A library of operators, built by its own Makefile against the installed header, in the program of the build.
cp -r "$here/../../examples/user-op" "$work/user-op"
make -s -C "$work/user-op" CC="$cc"
"$1/bin/anput" run "$work/user-op/model.onnx" --ops "$work/user-op/mish_clip.so" --random --quiet
echo "operator library: runs"

mkdir "$work/project"
cp "$here/outside.c" "$work/project/"
cp "$here/project.cmake" "$work/project/CMakeLists.txt"
cmake -S "$work/project" -B "$work/project/build" -DCMAKE_PREFIX_PATH="$work/moved" -DCMAKE_C_COMPILER="$cc" > "$work/log"
cmake --build "$work/project/build" > "$work/log" || { cat "$work/log"; exit 1; }
check "CMake package" "$work/project/build/outside"
check "CMake package, runtime only" "$work/project/build/outside_rt"
