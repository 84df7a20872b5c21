#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Follows docs/drivers.md: the commands of step 1 and the code of step 2 are taken from the page itself.
# usage: driver_guide_test.sh SOURCE_DIR ANPUT_CTS COMPILER
set -eu
page=$1/docs/drivers.md cts=$2 compiler=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# block N WORD: the N-th indented block of the page that has WORD, without its indentation
block() {
    awk -v want="$1" -v word="$2" '
        /^    / || (/^$/ && inside) { text = text substr($0, 5) "\n"; inside = 1; next }
        inside { if (index(text, word) && ++n == want) printf "%s", text; text = ""; inside = 0 }
        END { if (inside && index(text, word) && ++n == want) printf "%s", text }' "$page"
}

passed() { # how many tests the suite passes on the driver; none may fail, as the page says
    "$cts" ./anput-mine.so > out.txt || { cat out.txt >&2; exit 1; }
    tail -n 1 out.txt | sed -n 's/^\([0-9]*\) passed, 0 failed, .*/\1/p'
}

# replace FUNCTION FILE: puts the code in FILE where FUNCTION stands in mine.c
replace() {
    awk -v name="$1(" -v file="$2" '
        !done && index($0, "static") == 1 && index($0, name) { while ((getline line < file) > 0) print line; skip = done = 1 }
        !skip { print }
        skip && /^}/ { skip = 0 }' mine.c > new.c
    mv new.c mine.c
}

cd "$dir"
mkdir src include mine
cp -R "$1/src/driver" src/
cp -R "$1/include/." include/
block 1 'cp ../src/driver/null/null_driver.c' | sed "s/^mkdir mine && cd mine$/cd mine/; s/^cc /$(echo "$compiler" | sed 's/[\/&]/\\&/g') /" > step1.sh
sh -eu step1.sh
cd mine
skeleton=$(passed)

block 1 'static void answer_node' > answer.c
block 1 'static anp_status_t run_call' > run.c
replace answer_node answer.c
replace run_call run.c
"$compiler" -std=c11 -Wall -Wextra -Werror -shared -fPIC -I../include mine.c -o anput-mine.so
filled_in=$(passed)
echo "$skeleton tests pass on the skeleton, $filled_in with its first operator"
[ "$filled_in" -gt "$skeleton" ]
