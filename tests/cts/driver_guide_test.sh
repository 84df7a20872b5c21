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

expect() { # expect LINE: the suite on the driver ends like this, which is what the page says
    grep -q "anput-cts ./anput-mine.so .*# .*$1" "$page" || { echo "the page does not promise '$1'"; exit 1; }
    "$cts" ./anput-mine.so > out.txt || { cat out.txt; exit 1; }
    tail -n 1 out.txt | grep -q "^$1" || { echo "the page promises '$1'"; tail -n 1 out.txt; exit 1; }
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
expect '16 passed, 0 failed'

block 1 'static void answer_node' > answer.c
block 1 'static anp_status_t run_call' > run.c
replace answer_node answer.c
replace run_call run.c
"$compiler" -std=c11 -Wall -Wextra -Werror -shared -fPIC -I../include mine.c -o anput-mine.so
expect '29 passed, 0 failed'
