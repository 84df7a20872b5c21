# SPDX-License-Identifier: Apache-2.0
# What the shell tests share. A test program is:  . "$(dirname "$0")/cli_testing.sh" BIN ; cases ; finish
# A case is a sentence and what follows it; it prints a line as cmocka does, so that scripts/run_tests.sh counts it.
# shellcheck shell=sh disable=SC2034

bin=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
data=$root/tests/cli/data
lenet=$root/models/lenet-digits.onnx
samples=$root/models/samples
shared=${ANPUT_SHARED:-$root/../shared}
dir=$(mktemp -d "${TMPDIR:-/tmp}/anput-cli.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
unset ANPUT_OPS ANPUT_OTHER_OPS ANPUT_DEVICE PREFERRED_DEVICE ANPUT_THREADS ANPUT_CPU ANPUT_FALLBACK_OPS ANPUT_DRIVER_PATH ANPUT_DRIVER_OPTIONS ANPUT_LOG
failures=0
case_name=

anput() { "$bin/anput" "$@"; }

# it SENTENCE: begins a case.
it() {
    end_case
    case_name=$(echo "$*" | tr ' ' '_')
    problems=
    echo "[ RUN      ] $case_name"
}

end_case() {
    [ -n "$case_name" ] || return 0
    if [ -z "$problems" ]; then
        echo "[       OK ] $case_name"
    else
        printf '%s\n' "$problems"
        echo "[  FAILED  ] $case_name"
        failures=$((failures + 1))
    fi
    case_name=
}

# skip WHY: the case ends here.
skip() {
    echo "$*"
    echo "[  SKIPPED ] $case_name"
    case_name=
}

problem() {
    problems="$problems    $*
"
}

finish() {
    end_case
    exit "$((failures > 0))"
}

# run COMMAND...: keeps status, stdout and stderr for what follows.
run() {
    command_line=$*
    status=0
    "$@" >"$dir/.out" 2>"$dir/.err" </dev/null || status=$?
}

has_status() {
    [ "$status" = "$1" ] || problem "status $status, expected $1: $command_line: $(head -c 400 "$dir/.err")"
}

# The one line of a failure: status, "error: ", a pattern of grep -E in it; nothing on stdout.
fails_with() {
    has_status "$1"
    [ "$(wc -l <"$dir/.err")" = 1 ] || problem "expected one line, got: $(head -c 600 "$dir/.err")"
    grep -q '^error: ' "$dir/.err" || problem "no 'error: ' in: $(head -c 400 "$dir/.err")"
    grep -Eq -- "$2" "$dir/.err" || problem "expected /$2/ in: $(head -c 400 "$dir/.err")"
    [ -s "$dir/.out" ] && problem "something on stdout: $(head -c 200 "$dir/.out")"
    return 0
}

says() {
    grep -Eq -- "$1" "$dir/.out" || problem "expected /$1/ in the output of: $command_line: $(head -c 800 "$dir/.out")$(head -c 300 "$dir/.err")"
}

# A line on stderr.
warns() {
    grep -Eq -- "$1" "$dir/.err" || problem "expected /$1/ on stderr of: $command_line: $(head -c 600 "$dir/.err")"
}

says_not() {
    if grep -Eq -- "$1" "$dir/.out" "$dir/.err"; then problem "unexpected /$1/ in the output of: $command_line"; fi
}

exists() {
    for file in "$@"; do [ -e "$file" ] || problem "$file is not there after: $command_line"; done
}

missing() {
    for file in "$@"; do if [ -e "$file" ]; then problem "$file is there after: $command_line"; fi; done
}

same() {
    cmp -s "$1" "$2" || problem "$1 and $2 differ"
}

# Nothing but these names (hidden ones too) in a folder: what a failed command leaves behind shows up here.
only_files() {
    folder=$1
    shift
    found=$(cd "$folder" && for f in * .[!.]*; do if [ -e "$f" ]; then echo "$f"; fi; done | sort | tr '\n' ' ')
    wanted=$(for f in "$@"; do echo "$f"; done | sort | tr '\n' ' ')
    [ "$found" = "$wanted" ] || problem "files in $folder: $found- expected: $wanted"
}

# npy FILE DESCR SHAPE BYTES: an array of zeros, or of what stdin has when BYTES is "-".
npy() {
    header=$(printf "%-117s" "{'descr': '$2', 'fortran_order': False, 'shape': ($3), }")
    {
        printf '\223NUMPY\001\000v\000%s\n' "$header"
        if [ "$4" = - ]; then cat; else head -c "$4" /dev/zero; fi
    } >"$1"
}
