#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line itself: help, unknown names, values.
. "$(dirname "$0")/cli_testing.sh"
verbs="devices doctor inspect compile run compare test bench classify deploy"

it every verb has help of under 40 lines and 101 columns with an example
for verb in $verbs; do
    run anput "$verb" --help
    has_status 0
    says "^usage: anput $verb"
    says "^examples:"
    [ "$(wc -l <"$dir/.out")" -lt 40 ] || problem "$verb --help has $(wc -l <"$dir/.out") lines"
    [ "$(wc -L <"$dir/.out")" -le 100 ] || problem "$verb --help has a line of $(wc -L <"$dir/.out") columns"
done

it every verb takes the common options
for verb in $verbs; do
    run anput "$verb" --json --quiet --verbose --device cpu --threads 1 --cpu ref -o x --help
    has_status 0
done

it the program without a verb prints its help and is a usage error
run anput
has_status 2
run anput help
has_status 0
says "^  classify "
run anput --version
says "^anput [0-9]+[.][0-9]+[.][0-9]+$"

it an unknown verb suggests the nearest
run anput complie
fails_with 2 "complie.*'compile'"
run anput zzzzzzzz
fails_with 2 "zzzzzzzz"

it an unknown option suggests the nearest
run anput run model.onnx --inptu x=y
fails_with 2 "--inptu.*--input"
run anput bench model.onnx --batchsize=3
fails_with 2 "--batchsize.*--batch-size"
run anput run model.onnx -z
fails_with 2 "'-z'"

it options that lack a value or have one too many are refused
run anput run model.onnx --input
fails_with 2 "--input needs a value"
run anput run model.onnx --seed --random
fails_with 2 "--seed needs a value"
run anput run model.onnx --random=3
fails_with 2 "--random takes no value"

it numbers that are none are refused
run anput run model.onnx --seed -1
fails_with 2 "'-1'"
run anput bench model.onnx --iterations 3x
fails_with 2 "'3x'"
run anput bench model.onnx --duration nan
fails_with 2 "'nan'"
run anput bench model.onnx --batch-size 1,x
fails_with 2 "1,x"
run anput run model.onnx --threads 99999999999999999999
fails_with 2 "99999"

it missing and superfluous operands are refused
run anput run
fails_with 2 "missing"
run anput run a.onnx b.onnx
fails_with 2 "'b.onnx'"
run anput compile "$lenet"
fails_with 2 "-o PACKAGE"
run anput compile -o x.anp
fails_with 2 "model is missing"
run anput classify "$lenet"
fails_with 2 "image is missing"

it two devices are refused where one is meant
run anput run "$lenet" --random --device cpu --device ref
fails_with 2 "--device"

it what follows two dashes is no option
run anput inspect -- --json
fails_with 3 "'--json'"

it image flags that say nothing without a colour are refused
run anput run "$lenet" --random --resize stretch
fails_with 2 "--image"
run anput compile "$lenet" -o x.anp --image gray --mean 1,2,3,4,5
fails_with 2 "--mean"
run anput compile "$lenet" -o x.anp --image gray --size 28
fails_with 2 "--size"
run anput compile "$lenet" -o x.anp --image gray --scale 1/0
fails_with 2 "--scale"

it an image choice the compiler does not know is refused
run anput compile "$lenet" -o x.anp --image mauve
fails_with 3 "mauve"
run anput compile "$lenet" -o x.anp --image gray --resize squeeze
fails_with 3 "squeeze"
missing x.anp

it an unknown pass is refused
run anput compile "$lenet" -o x.anp --no-pass everything
fails_with 2 "everything.*--list-passes"
run anput compile --list-passes
has_status 0
says "^fold "

it a budget that is none is refused
run anput compile "$lenet" -o x.anp --max-fallback some
fails_with 2 "some"
run anput compile "$lenet" -o x.anp --max-fallback 120%
fails_with 2 "120%"

it a preprocess file with a mistake is named with its line or field
echo '{"color": "gray", ' >pre.json
run anput compile "$lenet" -o x.anp --preprocess pre.json
fails_with 3 "pre.json, line"
echo '{"colour": "gray"}' >pre.json
run anput compile "$lenet" -o x.anp --preprocess pre.json
fails_with 3 "pre.json.*'colour'"
echo '{"color": 3}' >pre.json
run anput compile "$lenet" -o x.anp --preprocess pre.json
fails_with 3 "pre.json.*'color'.*text"
echo '[1]' >pre.json
run anput compile "$lenet" -o x.anp --preprocess pre.json
fails_with 3 "pre.json"
run anput compile "$lenet" -o x.anp --preprocess nowhere.json
fails_with 3 "nowhere.json"
missing x.anp

it colour is for terminals only
run anput inspect "$lenet"
says_not "$(printf '\033')"
run anput inspect nowhere
says_not "$(printf '\033')"
finish
