#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Unpacks the arm64 packages that building and testing need into a folder, for cmake/aarch64.cmake. Nothing of the machine changes:
# apt works on a state of its own, so no foreign architecture is added and root is not needed.
# usage: scripts/sysroot-arm64.sh [FOLDER]    default build/sysroot-arm64; does nothing when the folder is complete
set -eu
packages="libjansson-dev libjpeg-dev libopenjp2-7-dev libpng-dev libtiff-dev libwebp-dev libpcre2-dev libutf8proc-dev libxxhash-dev libcmocka-dev zlib1g-dev libc6-dev"
sysroot=${1:-$(dirname "$0")/../build/sysroot-arm64}
stamp="$packages" # of a complete folder: another list of packages makes it anew
[ "$(cat "$sysroot/.complete" 2>/dev/null)" = "$stamp" ] && exit 0

rm -rf "$sysroot"
mkdir -p "$sysroot"
sysroot=$(cd "$sysroot" && pwd)
apt="$sysroot/.apt"
mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
: > "$apt/status" # no package is installed: apt gives everything needed

# shellcheck disable=SC2016 # apt fills these in, not the shell
# The distribution's own sources as the machine has them, mirrors included, for the other architecture.
sources() {
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u |
        while read -r origin uri release component; do
            case $origin in
            Debian) key=debian ;;
            Ubuntu)
                key=ubuntu
                case $uri in # arm64 lives on other hosts there
                *archive.ubuntu.com/* | *security.ubuntu.com/*) uri=http://ports.ubuntu.com/ubuntu-ports/ ;;
                esac
                ;;
            *) continue ;;
            esac
            echo "deb [arch=arm64 signed-by=/usr/share/keyrings/$key-archive-keyring.gpg] $uri $release $component"
        done
}
sources > "$apt/sources.list"
[ -s "$apt/sources.list" ] || { echo "apt lists no source of Debian or Ubuntu: run 'apt-get update' first" >&2; exit 1; }

# Read after the machine's own settings, so that its proxy stays and its hooks do not run.
cat > "$apt/apt.conf" <<CONF
#clear APT::Architectures;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
CONF

quietly() { # the output only when it went wrong
    "$@" > "$apt/log" 2>&1 || { cat "$apt/log" >&2; echo "failed: $*" >&2; exit 1; }
}
echo "fetching arm64 packages"
quietly apt-get -c "$apt/apt.conf" -q update
# shellcheck disable=SC2086
quietly apt-get -c "$apt/apt.conf" -q -y --no-install-recommends --download-only install $packages

# /lib is a link to /usr/lib as on a machine; packages name both.
mkdir -p "$sysroot/usr/lib"
ln -s usr/lib "$sysroot/lib"
for deb in "$apt"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" |
        tar -x -C "$sysroot" --keep-directory-symlink --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale'
done

# Links like libz.so -> /lib/... mean the target's /lib, not this machine's.
find "$sysroot/usr" -type l -lname '/*' | while read -r link; do
    ln -sfr "$sysroot$(readlink "$link")" "$link"
done
rm -rf "$apt"
echo "$stamp" > "$sysroot/.complete"
echo "unpacked into $sysroot"
