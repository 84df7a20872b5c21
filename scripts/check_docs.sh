#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keeps transcripts true: runs the commands of the pages that stand behind "    $ " and looks for each line shown below them in what
# they print, in order. Numbers, units and what depends on the machine are masked; "[...]" stands for lines left out.
# usage: scripts/check_docs.sh BIN_FOLDER [FILE...]
set -eu
cd "$(dirname "$0")/.."
bin=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- README.md docs/training.md examples/user-op/README.md examples/train-lenet/README.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$PWD/models" "$work/models"
mkdir "$work/build"
ln -s "$bin" "$work/build/bin"
ln -s "$PWD/examples" "$work/examples"
ln -s "$bin/../examples" "$work/build/examples"
ln -s "${ANPUT_SHARED:-$PWD/../shared}/data" "$work/data"

# One file per command: NNN.cmd, and NNN.out with the lines shown.
awk -v dir="$work" '
    /^    \$ / { n++; file = sprintf("%s/%03d", dir, n); line = substr($0, 7); more = sub(/\\$/, "", line); printf "%s", line > (file ".cmd"); next }
    more { line = $0; more = sub(/\\$/, "", line); printf " %s", line > (file ".cmd"); next }
    n && /^    / { print substr($0, 5) > (file ".out"); next }
    /^$/ { next }
    { n = n ? n : 0; file = dir "/none"; }
' "$@"

mask() {
    sed -e 's/[0-9a-f]\{32\}/HASH/g' -e 's/[0-9][0-9.e+-]*/N/g' -e 's/N \(ns\|us\|ms\|s\|B\|kB\|MB\|GB\|million\|billion\)/N U/g' -e 's/  */ /g' -e 's/^ //; s/ $//' "$1" |
        grep -vE '^(cpu:N|ref:N|\[\.\.\.\]|batch N is not valid|)( .*)?$' || true
}

status=0
for cmd in "$work"/*.cmd; do
    out=${cmd%.cmd}
    case $(cat "$cmd") in
    build/bin/* | build/examples/*) ;;
    *) continue ;; # not ours: a package manager, a compiler
    esac
    ran=0
    (cd "$work" && sh -c "$(cat "$cmd")") > "$out.got" 2>&1 || ran=$?
    if [ "$ran" = 77 ]; then # it lacks data that is not in the tree
        cat "$out.got"
        continue
    fi
    if [ "$ran" != 0 ]; then
        echo "fails: $(cat "$cmd")"
        tail -n 3 "$out.got"
        status=1
        continue
    fi
    [ -f "$out.out" ] || continue
    mask "$out.out" > "$out.want"
    mask "$out.got" > "$out.have"
    awk 'NR == FNR { have[++n] = $0; next }
         { while (at < n && have[at + 1] != $0) at++
           if (at == n) { print "is not printed: " $0; exit 1 }
           at++ }' "$out.have" "$out.want" || { echo "    by: $(cat "$cmd")"; status=1; }
done
[ "$status" = 0 ] && echo "transcripts hold: $(find "$work" -name '*.got' | wc -l) commands"
exit $status
