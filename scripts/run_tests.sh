#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs ctest in a build folder and ends with one line "N passed, N failed, N skipped" that counts test cases, not programs;
# before it, each case that was skipped and why.
# usage: scripts/run_tests.sh BUILD [ctest options]    status 1 when a test failed or there was none
set -eu
build=$1
shift
log=$build/Testing/Temporary/LastTest.log
rm -f "$log"
status=0
ctest --test-dir "$build" --output-on-failure --timeout 300 "$@" 2>&1 || status=1
[ -f "$log" ] || { echo "0 passed, 0 failed, 0 skipped"; exit 1; }

# cmocka prints a line per case; a program without such lines, or that ended badly without naming a case, counts as one.
awk -v status="$status" '
    /^[0-9]+\/[0-9]+ Testing: / { program = $3; cases = bad = 0; reason = "" }
    /^\[ RUN      \] / { reason = "" ; next }
    /^\[       OK \] / { cases++; passed++; next }
    /^\[  FAILED  \] [^ ]+$/ { if (!listed) { cases++; bad++; failed++ } next }
    /^\[  SKIPPED \] [^ ]+$/ { if (!listed) { cases++; skipped++; say(program ": " $4, reason) } next }
    /^\[==========\] .* run\.$/ { listed = 1; next } # what follows repeats the names
    /^Test Passed\./ { if (!cases) passed++; listed = 0; next }
    /^Test Failed\./ || /^Test timeout/ { if (!bad) failed++; listed = 0; next }
    /^Test Skipped\./ { skipped++; say(program, reason); listed = 0; next }
    { sub(/^skipped: /, "") }
    { if ($0 != "" && $0 !~ /^(---|<end of output>|Test time)/) reason = $0 }
    function say(what, why) { print "skipped: " what (why == "" ? "" : ": " why) }
    END {
        if (status && !failed) failed = 1
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    }' "$log"
exit "$status"
