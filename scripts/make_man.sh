#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the man pages out of --help: anput.1, anput-run.1 ... and anput-rt.1.
# usage: scripts/make_man.sh BIN OUT    the folder of the programs, the folder for the pages
set -eu
bin=$1
out=$2
mkdir -p "$out"

# page NAME COMMAND...: help text to roff. Headings are lines that end in ":" at the left edge; indented lines are shown as they are.
page() {
    name=$1
    shift
    "$@" | awk -v name="$name" '
        function quote(s) { gsub(/\\/, "\\e", s); gsub(/-/, "\\-", s); if (s ~ /^[.\047]/) s = "\\&" s; return s }
        function end_block() { if (block) print ".EE"; block = 0 }
        NR == 1 {
            title = $0
            sub(/^[^-]* - /, "", title)
            print ".TH " toupper(name) " 1 \"\" \"Anput\" \"User Commands\""
            print ".SH NAME"
            print quote(name) " \\- " quote(title)
            next
        }
        /^usage: / { end_block(); print ".SH SYNOPSIS"; print ".nf"; print quote(substr($0, 8)); print ".fi"; next }
        /^[a-z].*:$/ { end_block(); sub(/:$/, ""); sub(/ \(.*\)$/, ""); print ".SH " toupper(quote($0)); next }
        /^ / { if (!block) { print ".EX"; block = 1 } sub(/^  /, ""); print quote($0); next }
        { end_block() }
        END { end_block() }' >"$out/$name.1"
}

page anput "$bin/anput" help
for verb in $("$bin/anput" help | awk '/^verbs:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'); do
    page "anput-$verb" "$bin/anput" "$verb" --help
done
page anput-rt "$bin/anput-rt" help
