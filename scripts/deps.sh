#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what building and testing need and is missing, from the distribution's packages (Debian 12 or later, Ubuntu 22.04 or later).
# Does nothing, quickly, when all is there. docs/dependencies.md says what each is for.
set -eu
packages="gcc cmake ninja-build pkg-config libc6-dev libjansson-dev libjpeg-dev libopenjp2-7-dev libpng-dev libtiff-dev libwebp-dev libpcre2-dev libutf8proc-dev zlib1g-dev libxxhash-dev libcmocka-dev"
[ "${1:-}" = test ] && packages="$packages libonnx-testdata"
[ "${1:-}" = ci ] && packages="$packages libonnx-testdata clang libclang-rt-14-dev clang-format gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user ccache shellcheck"
missing=""
for p in $packages; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q '^install ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
$sudo apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 || {
    $sudo apt-get update -q >/dev/null
    $sudo apt-get install -y -q --no-install-recommends $missing
}
