#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests check_source.sh on a small tree that breaks every rule once, and holds what only looks like a violation.
set -eu
check=$(cd "$(dirname "$0")" && pwd)/check_source.sh
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cd "$root"
mkdir -p src/base src/op src/ir src/runtime src/driver/cpu src/driver/null src/cli src/new include/anput tests/unit

file() { # file PATH LINE...: a source with a proper head and these lines from line 3 on
    path=$1
    shift
    { printf '%s\n' '/* SPDX-License-Identifier: Apache-2.0 */' '/* A file. */'; printf '%s\n' "$@"; } > "$path"
}

file src/base/good.c 'p = malloc(3);' '#include "base/good.h"' '#include <anput/status.h>'
file src/op/good.c '/* strcpy(a, b) of old' 'and atoi(x) */ f(); // sprintf(x)' 'puts("malloc(1) \" free(2)"); c = '"'\"'"'; drv->free(p); t.abort(q); my_free(r);' \
    '#include "base/good.h"' '#include "op/other.h"' '#include "beside.h"' '/* TODO(#12): later */'
file src/driver/cpu/good.c '#include "kernel/kernel.h"' '#include "op/op.h"' '#include "driver/cpu/cpu.h"' '#include <anput/driver.h>' \
    '#include "driver/builtin.h"' '#include "driver/host/host.h"'
file src/cli/good.c '#include <jansson.h>' 'p = malloc(3);' '#include "app/app.h"'
file src/op/good_test.c '#include "runtime/runtime.h"' 'free(p);'
file tests/unit/good.c '#include "pass/pass.h"' 'exit(1);'
"$check" "$root"

expect() { # expect "file:line: part of the rule"
    grep -qF "$1" "$root/found" || { echo "not noticed: $1"; cat "$root/found"; exit 1; }
    expected=$((expected + 1))
}
expected=0
printf '/* A file. */\nint a;\n' > src/op/bare.c
file src/op/calls.c 'strcpy(a, b); x = f(g(atoi (c)));' 'if (x) abort();' '/* a */ free(p); /* b' '*/ p = calloc(1, 2);' '#define F(x) sprintf(x)' '// TODO: later'
file src/op/up.c '#include "ir/graph.h"' '# include "../base/good.h"'
file src/runtime/up.c '#include "pass/pass.h"' '#include "import/onnx/onnx.h"' '#include "program/program.h"'
file src/driver/null/reach.c '#include "base/good.h"' '#include "driver/null/own.h"'
file src/driver/cpu/reach.c '#include "runtime/runtime.h"' '#include "driver/null/null.h"'
file src/cli/reach.c '#include "base/good.h"'
file include/anput/reach.h '#include "base/good.h"' '#include <anput/status.h>'
file src/new/any.c ''
file src/op/bad_test.c 'strcat(a, b);'
printf '#!/bin/sh\ntrue\n' > tests/unit/bare.sh
if "$check" "$root" > found 2> note; then echo "violations gave status 0"; exit 1; fi

expect 'src/op/bare.c:1: the SPDX line is missing'
expect 'src/op/bare.c:2: the second line'
expect 'src/op/calls.c:3: strcpy is banned here'
expect 'src/op/calls.c:3: atoi is banned here'
expect 'src/op/calls.c:4: abort is banned here'
expect 'src/op/calls.c:5: free is banned here'
expect 'src/op/calls.c:6: calloc is banned here'
expect 'src/op/calls.c:7: sprintf is banned here'
expect 'src/op/calls.c:8: a TODO names its issue'
expect 'src/op/up.c:3: include "ir/graph.h": src/op may include base'
expect 'src/op/up.c:4: include "../base/good.h": paths start at src/'
expect 'src/runtime/up.c:3: include "pass/pass.h"'
expect 'src/runtime/up.c:4: include "import/onnx/onnx.h"'
expect 'src/driver/null/reach.c:3: include "base/good.h": src/driver may include nothing else'
expect 'src/driver/cpu/reach.c:3: include "runtime/runtime.h"'
expect 'src/driver/cpu/reach.c:4: include "driver/null/null.h"'
expect 'src/cli/reach.c:3: include "base/good.h"'
expect 'include/anput/reach.h:3: include "base/good.h"'
expect 'src/new/any.c:1: this folder has no row'
expect 'src/op/bad_test.c:3: strcat is banned here'
expect 'tests/unit/bare.sh:1: the SPDX line is missing'
[ "$(wc -l < found)" = "$expected" ] || { echo "more than the $expected expected:"; cat found; exit 1; }
grep -q "$expected violations" note
