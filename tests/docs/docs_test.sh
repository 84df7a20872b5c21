#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What documents say about the tree and can be checked: a heading per status code, links that lead somewhere, code that is an example's.
# usage: tests/docs/docs_test.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/../..}"
failed=0
complain() { echo "$*"; failed=1; }

codes=$(sed -n 's/^ *X(\([A-Z_]*\), [0-9]*, ".*/\1/p' include/anput/status.h)
[ "$(echo "$codes" | wc -l)" -ge 21 ] || complain "include/anput/status.h: no list of codes was found"
for code in $codes; do
    grep -qx "## ANP_$code" docs/errors.md || complain "docs/errors.md: no heading for ANP_$code"
done
# shellcheck disable=SC2013 # words are wanted, here and below
for heading in $(sed -n 's/^## ANP_//p' docs/errors.md); do
    echo "$codes" | grep -qx "$heading" || complain "docs/errors.md: ANP_$heading is no code"
done

for page in README.md CONTRIBUTING.md $(find docs models src tests tools examples -name '*.md'); do
    # shellcheck disable=SC2013
    for link in $(grep -v '^    ' "$page" | grep -o '](\([^)#]*\)' | sed 's/^](//' | grep -v '^[a-z]*:'); do
        [ -e "$(dirname "$page")/$link" ] || complain "$page: the link to $link leads nowhere"
    done
done

# Each line of the C blocks of a page is in the example they come from.
code=$(mktemp)
trap 'rm -f "$code"' EXIT
quotes() { # quotes PAGE EXAMPLE
    awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' "$1" | sed 's/^ *//' | grep -v '^$' >"$code"
    while IFS= read -r line; do
        grep -qF -- "$line" "$2" || complain "$1: not in $2: $line"
    done <"$code"
}
quotes README.md examples/first.c
quotes docs/user-operators.md examples/user-op/mish_clip.c
quotes docs/training.md examples/train-lenet/lenet.c

# The operators with a gradient are those of the table.
listed=$(sed -n '/^## Operators with a gradient/,/^What is missing/p' docs/training.md | grep -o '`[A-Za-z0-9]*`' | tr -d '`')
[ "$listed" = "$(sed -n 's/^\(GRADIENT\|CONSTANT\)(\([A-Za-z0-9]*\).*/\2/p' src/pass/gradient/gradient.def)" ] ||
    complain "docs/training.md: the list of operators with a gradient differs from src/pass/gradient/gradient.def"
exit "$failed"
