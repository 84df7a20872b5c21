#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the rules of the source that a compiler does not know: licence line, banned functions, direction of includes.
# usage: scripts/check_source.sh [ROOT]    prints "file:line: rule" for each violation; status 1 when there is one
set -eu
cd "${1:-$(dirname "$0")/..}"

# Folder, then what its files may include besides their own folder, <anput/*.h> and the system. The longest folder that
# matches counts; "*" is everything; a name with a dot is one file. Files *_test.c and tests/ may include what they test,
# so they are not listed.
layers='
include/anput
src/base
src/op              base
src/ir              op base
src/kernel          op base
src/program         op base
src/package         program op base
src/runtime         package program op base
src/import          ir kernel op base
src/pass            ir kernel op base
src/compile         runtime pass import ir kernel package program op base
src/driver
src/driver/host     driver/builtin.h kernel program op base
src/driver/cpu      driver/builtin.h driver/host kernel program op base
src/driver/ref      driver/builtin.h driver/host kernel program op base
src/driver/npu      driver/builtin.h driver/host kernel program op base
src/lib             *
src/app
src/cli             app
src/server
'
# Functions nobody calls, and those that only some folders call: memory comes from src/base (faces are outsiders and
# have their own), and only a test may end the process.
banned='strcpy strcat sprintf vsprintf gets strtok atoi atol atoll atof alloca'
banned_in_library='exit _Exit abort quick_exit'
banned_outside_base='malloc calloc realloc free aligned_alloc posix_memalign strdup strndup asprintf vasprintf'

list() { # list PATTERN...: the files of the tree with these names
    for pattern in "$@"; do
        find include src tests scripts cmake tools bindings compat -name "$pattern" -type f 2>/dev/null || true
    done | sort
}

check_licence() { # first line, or the second behind #!
    list '*.[ch]' '*.def' '*.inc' '*.cl' '*.cu' '*.cc' '*.sh' '*.py' '*.cmake' 'CMakeLists.txt' | while read -r file; do
        head -n 2 "$file" | awk -v file="$file" '
            NR == 1 && /^#!/ { next }
            { found = /^(\/\*|#) SPDX-License-Identifier: Apache-2\.0( \*\/)?$/; exit }
            END { if (!found) print file ":1: the SPDX line is missing" }'
    done
}

# shellcheck disable=SC2016 # the program is awk's
check_code() {
    list '*.[ch]' | xargs awk -v layers="$layers" -v banned="$banned" -v library="$banned_in_library" -v memory="$banned_outside_base" '
    function say(rule) { print FILENAME ":" FNR ": " rule }

    # The line without comments and without what stands in quotes.
    function code(line,    out, at, quote) {
        out = ""
        while (line != "") {
            if (in_comment) {
                at = index(line, "*/")
                if (!at) return out
                in_comment = 0
                line = substr(line, at + 2)
            } else if (match(line, /\/\*|\/\/|["\047]/)) {
                out = out substr(line, 1, RSTART - 1)
                quote = substr(line, RSTART, 1)
                at = substr(line, RSTART, 2)
                line = substr(line, RSTART + RLENGTH)
                if (at == "//") return out
                if (at == "/*") in_comment = 1
                else {
                    while (line != "" && substr(line, 1, 1) != quote)
                        line = substr(line, substr(line, 1, 1) == "\\" ? 3 : 2)
                    line = substr(line, 2)
                }
            } else return out line
        }
        return out
    }

    # "p->free(x)" and "t.free(x)" call something else.
    function calls(text, names,    n, i, word) {
        n = split(names, word, " ")
        for (i = 1; i <= n; i++)
            if (text ~ ("(^|[^A-Za-z0-9_.>])" word[i] "[ \t]*\\(")) say(word[i] " is banned here")
    }

    function layer_of(path,    l, best) {
        best = ""
        for (l in allowed) if (index(path, l "/") == 1 && length(l) > length(best)) best = l
        return best
    }

    function check_include(target,    n, i, may) {
        if (layer == "" || test) return
        if (target ~ /(^|\/)\.\.?\//) { say("include \"" target "\": paths start at src/"); return }
        if (index(target, "/") == 0) return # beside this file
        if (allowed[layer] == "*" || index("src/" target, layer "/") == 1) return
        n = split(allowed[layer], may, " ")
        for (i = 1; i <= n; i++) if (target == may[i] || index(target, may[i] "/") == 1) return
        say("include \"" target "\": " layer " may include " (n ? allowed[layer] : "nothing else of ours but <anput/*.h>"))
    }

    BEGIN {
        n = split(layers, row, "\n")
        for (i = 1; i <= n; i++) {
            if (row[i] == "") continue
            name = row[i]
            sub(/[ \t].*/, "", name)
            sub(/^[^ \t]*[ \t]*/, "", row[i])
            allowed[name] = row[i]
        }
    }
    FNR == 1 {
        in_comment = 0
        layer = layer_of(FILENAME)
        test = FILENAME ~ /(^tests\/|_test\.[ch]$|_bench\.c$|\/testing\.[ch]$)/
        outsider = FILENAME ~ /^src\/(base|app|cli|server)\//
        if (FILENAME ~ /^src\// && layer == "") say("this folder has no row in the table of scripts/check_source.sh")
    }
    FNR == 2 && $0 !~ /^\/\*/ { say("the second line is a comment that says what the file is for") }
    /TODO|FIXME/ && !/#[0-9]/ { say("a TODO names its issue (#N)") }
    /^[ \t]*#[ \t]*include[ \t]*"/ {
        target = $0
        sub(/^[^"]*"/, "", target)
        sub(/".*/, "", target)
        check_include(target)
        next
    }
    {
        if (!in_comment && index($0, "/*") == 0 && index($0, "(") == 0) next
        text = code($0)
        calls(text, banned)
        if (!test) calls(text, library)
        if (!test && !outsider) calls(text, memory)
    }'
}

check_length() { # not a rule: a hint to look for the second thing in a file
    list '*.[ch]' | xargs wc -l | awk '$1 > 800 && $2 != "total" { print "note: " $2 " has " $1 " lines" }' >&2
}

violations=$(check_licence; check_code)
check_length
[ -z "$violations" ] && exit 0
printf '%s\n' "$violations"
printf '%s\n' "$violations" | awk 'END { print NR " violations" }' >&2
exit 1
