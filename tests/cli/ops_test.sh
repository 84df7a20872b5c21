#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Libraries of operators on the command line.
. "$(dirname "$0")/cli_testing.sh"
model=$root/examples/user-op/model.onnx
library=$bin/../examples/mish_clip.so

it without its library a model names the operator and the option
run anput run "$model" --random
fails_with 3 "node 'clip' .MishClip.: operator MishClip of domain 'com.example', .*--ops"

it every verb that reads or runs models takes the library
for verb in "run --random" "inspect" "inspect --text" "compare --device cpu --device ref --random" "bench --iterations 5" "compile -o mish.anp"; do
    # shellcheck disable=SC2086 # words are wanted
    set -- $verb
    name=$1
    shift
    run anput "$name" "$model" --ops "$library" "$@"
    has_status 0
done
run "$bin/anput-rt" run mish.anp --ops "$library" --random
has_status 0

it the environment names libraries too
ANPUT_OPS=$library run anput run mish.anp --random
has_status 0
ANPUT_OPS=$library:no-such.so run anput run mish.anp --random
fails_with 3 "no-such.so"

it a library in the current folder needs no slash
cp "$library" here.so
run anput run mish.anp --ops here.so --random
has_status 0

it a package without its library names it and its hash
run anput run mish.anp --random
fails_with 3 "com.example.MishClip of library mish_clip.so .mish_clip 1, hash [0-9a-f]{32}., .*--ops mish_clip.so"
run "$bin/anput-rt" run mish.anp --random
fails_with 3 "give it with --ops mish_clip.so"

it other bytes are an error unless they are allowed and then a warning
other=$bin/../lib/ops/mish_clip.so
run anput run mish.anp --ops "$other" --random
fails_with 3 "was compiled with library mish_clip.so .*allow another with --other-ops"
run anput run mish.anp --ops "$other" --other-ops --random
has_status 0
grep -q "^warning: node 'clip'" "$dir/.err" || problem "no warning"
ANPUT_OTHER_OPS=1 run anput run mish.anp --ops "$other" --random
has_status 0

it what is no library of operators is refused
run anput run "$lenet" --ops "$lenet" --random
fails_with 3 "operator library"
run anput run "$lenet" --ops "$bin/../lib/drivers/anput-null.so" --random
fails_with 3 "anput-null.so has no symbol anp_ops_query"
run anput run "$lenet" --ops "$bin/../lib/ops/other_abi.so" --random
fails_with 3 "made for operator ABI 2, this Anput has 1"

it operators of libraries are not in the list for a small build
run anput inspect mish.anp --list-ops --ops "$library"
has_status 0
says "^MatMul$"
says_not "MishClip"

finish
