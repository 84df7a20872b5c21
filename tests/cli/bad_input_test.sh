#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bad input: one line that says what, where and what to do; the right exit status; nothing half-written, nothing lost.
# usage: tests/cli/bad_input_test.sh BIN DRIVERS    the folder of the programs, that of the loadable test drivers
. "$(dirname "$0")/cli_testing.sh"
drivers=$2
npy ok.npy '<f4' '1, 1, 28, 28' 3136
npy two.npy '<f4' '2,' 8
mkdir out

# ---- the model ----
it a missing file is named
run anput run nowhere.onnx --random
fails_with 3 "nowhere.onnx"

it a folder is no model
mkdir folder.onnx
run anput inspect folder.onnx
fails_with 3 "folder.onnx"

it an empty file is no model
: >empty.onnx
run anput compile empty.onnx -o out/empty.anp
fails_with 3 "empty.onnx"
only_files out

it a JPEG named onnx is told apart
cp "$samples/digit_3_b.jpg" photo.onnx
run anput compile photo.onnx -o out/photo.anp
fails_with 3 "photo.onnx.*(JPEG|image)"
only_files out

it a JPEG named anp is no package
cp "$samples/digit_3_b.jpg" photo.anp
run anput run photo.anp --random
fails_with 3 "photo.anp"

it a model cut anywhere is refused and leaves nothing
size=$(wc -c <"$lenet")
for at in 1 2 3 7 20 100 200 400 1000 2000 4000 60000 "$((size / 2))" "$((size - 2000))" "$((size - 200))" \
    "$((size - 60))" "$((size - 20))" "$((size - 3))" "$((size - 1))"; do
    head -c "$at" "$lenet" >cut.onnx
    run anput compile cut.onnx -o out/cut.anp
    fails_with 3 "cut.onnx"
done
only_files out

it a package cut anywhere is refused
run anput compile "$lenet" -o whole.anp --quiet
has_status 0
size=$(wc -c <whole.anp)
for at in 1 7 8 63 64 4096 65535 65536 65537 300000 589824 589900 "$((size - 600))" "$((size - 1))"; do
    head -c "$at" whole.anp >cut.anp
    run anput run cut.anp --random
    fails_with 3 "cut.anp"
done

it missing external data is named
cp "$data/external.onnx" external.onnx
run anput compile external.onnx -o out/external.anp
fails_with 3 "external.bin"

it external data that is too short is named
head -c 7 "$data/external.bin" >external.bin
run anput compile external.onnx -o out/external.anp
fails_with 3 "external.bin"

it external data behind a link is refused without follow-links
rm external.bin
ln -s "$data/external.bin" external.bin
run anput compile external.onnx -o out/external.anp
fails_with 3 "external.bin"
only_files out

# ---- inputs ----
it an input that is not given is named with its shape
run anput run "$lenet" -o out/r
fails_with 3 "'image'.*N, 1, 28, 28.*--random"
missing out/r/run.json

it an input of a name the model lacks is refused with the names there are
run anput run "$lenet" --input picture=ok.npy -o out/r
fails_with 3 "'picture'.*image"

it an input of the wrong type is refused
npy wrong.npy '<i8' '1, 1, 28, 28' 6272
run anput run "$lenet" --input image=wrong.npy -o out/r
fails_with 3 "i64.*f32.*wrong.npy"

it an input of the wrong rank is refused
npy wrong.npy '<f4' '1, 28, 28' 3136
run anput run "$lenet" --input image=wrong.npy -o out/r
fails_with 3 "rank 4.*wrong.npy"

it an input of the wrong size is refused
npy wrong.npy '<f4' '1, 1, 28, 27' 3024
run anput run "$lenet" --input image=wrong.npy -o out/r
fails_with 3 "28.*wrong.npy"

it an input file that ends early is refused
npy wrong.npy '<f4' '1, 1, 28, 28' 3000
run anput run "$lenet" --input image=wrong.npy -o out/r
fails_with 3 "wrong.npy"

it an input file that is not there is named before the model is compiled
run anput run "$lenet" --input image=nowhere.npy -o out/r
fails_with 3 "nowhere.npy"

it an input file that is a folder is refused
run anput run "$lenet" --input image=out -o out/r
fails_with 3 "'out'"

it a raw file of another size is refused
head -c 100 /dev/zero >wrong.bin
run anput run "$lenet" --input image=wrong.bin -o out/r
fails_with 3 "wrong.bin"

it numbers written out that do not fit are refused
run anput run "$data/echo.onnx" --input x=[1,2,3] --random
fails_with 3 "'x'.*N, 2.*3 numbers"
run anput run "$data/echo.onnx" --input x=[1,[2]] --random
fails_with 3 "\\[1,\\[2\\]\\]"
run anput run "$data/echo.onnx" --input x=[1,2 --random
fails_with 3 "not complete"

it an image for an input that takes tensors says how to take images
run anput run "$lenet" --input "image=$samples/digit_3_a.png"
fails_with 3 "digit_3_a.png.*--image"

it an unreadable image is named with the reason
run anput compile "$lenet" -o image.anp --image gray --resize stretch --scale 1/255 --quiet
has_status 0
head -c 100 "$samples/digit_3_a.png" >broken.png
run anput classify image.anp broken.png
has_status 3
warns "^warning: .*PNG image: the data ends too early"
warns "^error: .*broken.png"

it one unreadable image does not stop the others
run anput classify image.anp "$samples/digit_3_a.png" broken.png "$samples/digit_4_a.png"
has_status 3
says "digit_3_a.png: 3 "
says "digit_4_a.png: 4 "

it no failed run has left anything
only_files out

# ---- outputs ----
it a full disk while writing a package leaves the old one
run anput compile "$lenet" -o out/model.anp --quiet
has_status 0
cp out/model.anp before.anp
limited() { (trap '' XFSZ; ulimit -f 100; exec "$bin/anput" "$@"); } # the disk is full after 50 kB
run limited compile "$lenet" -o out/model.anp --image gray --resize stretch
fails_with 5 "model.anp"
same out/model.anp before.anp
only_files out model.anp

it a full disk while writing outputs leaves the old ones
npy big.npy '<f4' '9000, 2' 72000
run anput run "$data/echo.onnx" --input x=big.npy --input s=big.npy -o out/run --quiet
has_status 0
cp out/run/output_0.npy before.npy
run limited run "$data/echo.onnx" --input x=big.npy --input s=big.npy -o out/run
fails_with 5 "output_0.npy|run"
same out/run/output_0.npy before.npy
only_files out/run output_0.npy output_1.npy run.json
rm -r out/run

it a full device for a report gives status 5
run anput inspect "$lenet" -o /dev/full
fails_with 5 "/dev/full"
run sh -c "'$bin/anput' inspect '$lenet' >/dev/full"
has_status 5

it a folder that is not there is refused before compiling
run anput compile "$lenet" -o nowhere/model.anp
fails_with 3 "nowhere"
run anput compile "$lenet" -o out
fails_with 3 "'out'.*folder"

it a model is not overwritten by what is made of it
cp "$lenet" mine.onnx
run anput compile mine.onnx -o ./mine.onnx
fails_with 2 "mine.onnx"
run anput inspect mine.onnx --json -o mine.onnx
fails_with 2 "mine.onnx"
same mine.onnx "$lenet"

it a file in place of the output folder is refused
: >plain
run anput run "$lenet" --random -o plain
fails_with 3 "plain"

it an interrupted run leaves nothing and says so
"$bin/anput" bench "$lenet" --duration 60 --json out/bench.json >/dev/null 2>.err &
pid=$!
sleep 1
kill -INT $pid
status=0
wait $pid || status=$?
command_line="bench, interrupted"
has_status 130
grep -q '^error: interrupted$' .err || problem "said: $(cat .err)"
only_files out model.anp

it a package that shrinks while it is used ends with one line and status 3
cp out/model.anp shrinks.anp
"$bin/anput" bench shrinks.anp --device ref --duration 60 >.out 2>.err &
pid=$!
sleep 1
: >shrinks.anp
status=0
wait $pid || status=$?
command_line="bench, its package cut"
fails_with 3 "shorter"

# ---- devices ----
it an unknown device is refused with those there are
for verb in run bench compare; do
    run anput $verb "$lenet" --random --device toaster --device toaster
    [ "$verb" = compare ] || run anput $verb "$lenet" --random --device toaster
    fails_with 4 "toaster.*cpu"
done
run anput compile "$lenet" -o out/x.anp --device toaster
fails_with 4 "toaster"
run anput devices --device toaster
fails_with 4 "toaster"
ANPUT_DEVICE=toaster run anput run "$lenet" --random
fails_with 4 "toaster"
only_files out model.anp

it a driver of another ABI version is listed with both versions
run env ANPUT_DRIVER_PATH="$drivers" "$bin/anput" devices
has_status 0
says "otherabi.*99.*1|otherabi.*1.*99"
run env ANPUT_DRIVER_PATH="$drivers" "$bin/anput" run "$lenet" --random --device otherabi
fails_with 4 "otherabi.*99"
run env ANPUT_DRIVER_PATH="$drivers" "$bin/anput" doctor
has_status 1
says "bad .*otherabi"

it an unknown level of instructions is a usage error
run anput run "$lenet" --random --cpu avx9000
fails_with 2 "avx9000"

# ---- names from files ----
it names from files cannot disturb a terminal
printf '\033]0;title\007' >"$(printf 'evil\033[31m.onnx')"
run anput inspect "$(printf 'evil\033[31m.onnx')"
fails_with 3 'evil.x1b.31m'

it names in models are escaped in text and in JSON
for command in "inspect" "inspect --json" "inspect --text" "inspect --dot" "inspect --placement" "inspect --placement --json" \
    "run --random" "run --random --json" "run" "compare --device cpu --device ref --random" "bench --iterations 2"; do
    verb=${command%% *}
    options=${command#"$verb"}
    # shellcheck disable=SC2086
    run anput "$verb" "$data/hostile.onnx" $options
    [ "$status" = 0 ] || [ "$command" = run ] || problem "$command: status $status: $(head -c 300 .err)"
    says_not "$(printf '\033')"
    LC_ALL=C grep -q "$(printf '[\370\371\356\344]')" .out .err && problem "$command: a byte that is no UTF-8"
done
finish
