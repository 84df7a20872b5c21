#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job and its parts on the models of the tree.
. "$(dirname "$0")/cli_testing.sh"
image="--image gray --resize stretch --scale 1/255"

it run writes the outputs and run.json
run anput run "$lenet" --random --seed 7 -o out
has_status 0
only_files out output_0.npy run.json
head -c 6 out/output_0.npy | grep -q NUMPY || problem "output_0.npy is no npy"
for field in '"type": "f32"' '"shape": \[1, 10\]' '"device": "cpu:0"' '"min_run_ms"' '"peak_rss_bytes"' '"transfer_bytes"' '"name": "logits"' '"op": "Conv"'; do
    grep -q -- "$field" out/run.json || problem "no $field in run.json"
done

it the same seed gives the same bytes for any number of threads
run anput run "$lenet" --random --seed 7 --threads 1 -o out1
run anput run "$lenet" --random --seed 7 --threads 3 -o out3
same out1/output_0.npy out/output_0.npy
same out1/output_0.npy out3/output_0.npy
run anput run "$lenet" --random --seed 8 -o out8
cmp -s out/output_0.npy out8/output_0.npy && problem "another seed gave the same"

it a free dimension of random inputs takes its size from dim
run anput run "$lenet" --random --dim N=3 --json
has_status 0
says '"shape": \[3, 10\]'
run anput run "$lenet" --random --dim image:0=2 --json
says '"shape": \[2, 10\]'

it inputs are read from npy and raw files alike
head -c 3136 /dev/urandom | tr '\200-\377' '\000-\177' >x.bin
npy x.npy '<f4' '1, 1, 28, 28' - <x.bin
run anput run "$lenet" --input image=x.npy -o npy
has_status 0
run anput run "$lenet" -i x.bin -o bin
has_status 0
same npy/output_0.npy bin/output_0.npy

it a compiled package answers as its model does
run anput compile "$lenet" -o plain.anp --json
has_status 0
says '"share_of_nodes": 1'
run anput compare "$lenet" plain.anp --random --dim N=2
has_status 0
says "agrees"
run anput compare "$lenet" --device cpu --device ref --random --json
has_status 0
says '"agrees": true'

it anput-rt runs the package
run "$bin/anput-rt" run plain.anp --input image=x.npy -o rt
has_status 0
same rt/output_0.npy npy/output_0.npy
run "$bin/anput-rt" devices
says "cpu:0"
run "$bin/anput-rt" bench plain.anp --iterations 5
has_status 0
run "$bin/anput-rt" run "$lenet" --random
fails_with 3 "lenet-digits.onnx"

it compare tells different things apart
npy a.npy '<f4' '2,' 8
printf '\000\000\200\077\000\000\200\077' | npy b.npy '<f4' '2,' -
run anput compare a.npy b.npy
has_status 1
says "differs"
npy c.npy '<f4' '1, 2' 8
run anput compare a.npy c.npy
has_status 1
says "expected"
run anput compare npy bin
has_status 0
run anput compare npy out
has_status 1

it states are fed back from run to run
printf '\000\000\200\077\000\000\000\100' | npy x.npy '<f4' '1, 2' - # 1, 2
run anput run "$data/echo.onnx" --input x=x.npy,x.npy,x.npy --state next=s -o steps
has_status 0
only_files steps output_0.npy output_1.npy run.json
# 1 2, 2 4, 3 6: each step adds x to what the step before gave
printf '\000\000\200\077\000\000\000\100\000\000\000\100\000\000\200\100\000\000\100\100\000\000\300\100' | npy want.npy '<f4' '3, 1, 2' -
same steps/output_0.npy want.npy
grep -q '"steps": 3' steps/run.json || problem "run.json does not say 3 steps"

it a state may begin with a file and steps may be rows of one file
printf '\000\000\200\077\000\000\000\100\000\000\200\077\000\000\000\100' | npy rows.npy '<f4' '2, 1, 2' -
run anput run "$data/echo.onnx" --input x=rows.npy --each x --input s=x.npy --state next=s -o rows
has_status 0
printf '\000\000\000\100\000\000\200\100\000\000\100\100\000\000\300\100' | npy want.npy '<f4' '2, 1, 2' -
same rows/output_0.npy want.npy

it inputs may be written out, and settle free sizes for the others
run anput run "$data/echo.onnx" --input 'x=[[1, 2], [3, 4]]' --input s=10
has_status 0
says "^ +11, 12, 13, 14$"
run anput run "$data/echo.onnx" --input x=[1,2,3,4] --random --json
says '"shape": \[2, 2\]'

it lists and patterns of files are steps
for k in 1 2 3; do cp x.npy "chunk_$k.npy"; done
printf 'chunk_1.npy\nchunk_2.npy\n' >chunks.txt
run anput run "$data/echo.onnx" --input x=@chunks.txt --state next=s --json
says '"steps": 2'
run anput run "$data/echo.onnx" --input 'x=chunk_*.npy' --state next=s --json
says '"steps": 3'
run anput run "$data/echo.onnx" --input 'x=chunk_*.npy' --input s=x.npy,x.npy
fails_with 3 "files"
run anput run "$data/echo.onnx" --input 'x=nothing_*.npy'
fails_with 3 "nothing_"
run anput run "$data/echo.onnx" --input x=x.npy --state other=s
fails_with 3 "'other'"

it external data is found beside the model
run anput run "$data/external.onnx" --random --json
has_status 0

it deploy does the whole way and reads every sample right
# shellcheck disable=SC2086
run anput deploy "$lenet" "$samples"/*.png "$samples"/*.jpg $image -o lenet.anp
has_status 0
for heading in Devices Package 'Where each node runs' 'Check against' Benchmark Answers; do says "^$heading"; done
right=0
for file in "$samples"/*.png "$samples"/*.jpg; do
    digit=$(basename "$file" | cut -c 7)
    if grep -q "$(basename "$file"): $digit [0-9]" .out; then right=$((right + 1)); fi
done
[ "$right" = 20 ] || problem "$right of 20 samples are read right"

it deploy says the same as JSON
# shellcheck disable=SC2086
run anput deploy "$lenet" "$samples"/digit_3_a.png $image -o lenet.anp --json
has_status 0
says '"agrees": true'
says '"label": "3"'

it image choices may stand in a file
echo '{"color": "gray", "resize": "stretch", "scale": "1/255"}' >pre.json
run anput classify "$lenet" "$samples/digit_8_b.png" --preprocess pre.json --top 1
has_status 0
says "digit_8_b.png: 8 [0-9.]+ %$"

it labels come from a file or from the package
printf 'zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n' >names.txt
# shellcheck disable=SC2086
run anput compile "$lenet" -o named.anp $image --labels names.txt --meta 'note=a test' --quiet
run anput classify named.anp "$samples/digit_8_b.png"
says "eight [0-9.]+ %"
run anput inspect named.anp
says "note: a test"

it inspect explains models and packages
run anput inspect "$lenet"
says "image  f32 \[N, 1, 28, 28\]"
says "Conv +2"
says "120382 parameters"
run anput inspect "$lenet" --json
says '"parameters": 120382'
run anput inspect "$lenet" --text
says "Conv"
run anput inspect "$lenet" --dot -o lenet.dot
grep -q "digraph" lenet.dot || problem "no digraph in lenet.dot"
run anput inspect plain.anp
says "from lenet-digits.onnx"
says "every device"
run anput inspect plain.anp --json
says '"sections"'
run anput inspect plain.anp --program
says "Conv"
run anput inspect plain.anp --verify
says "agree"
run anput inspect plain.anp --list-ops
says "^MaxPool$"
run anput inspect plain.anp --placement
says "cpu:0"

it a package with one wrong bit fails verification
cp plain.anp bad.anp
printf '\377' | dd of=bad.anp bs=1 seek=70000 conv=notrunc 2>/dev/null
run anput inspect bad.anp --verify
fails_with 3 "bad.anp"

it bench has the fields scripts rely on
run anput bench "$lenet" --batch-size 1,4 --warmup 1 --iterations 6 --threads 1 --json bench.json
has_status 0
for field in min_ms median_ms mean_ms p90_ms p99_ms throughput peak_rss_bytes threads device batch_size; do
    [ "$(grep -c "\"$field\"" bench.json)" -ge 2 ] || problem "no $field per batch size"
done
grep -q '"iterations": 6' bench.json || problem "not 6 iterations"
run anput bench --json "$lenet" --iterations 5
says '"median_ms"'

it bench refuses a batch the model does not have
run anput bench lenet.anp --batch-size 4
fails_with 3 "batch of 1"
run anput bench "$data/external.onnx" --batch-size 4
fails_with 3 "batch of 2"

it doctor finds nothing wrong here
run anput doctor
has_status 0
says "everything that is expected here works"
run anput doctor --json
says '"healthy": true'

it devices lists the processor with its instructions
run anput devices
says "cpu:0"
run anput devices --json
says '"isa"'

it test says what passed, failed and was skipped
if [ -d /usr/share/libonnx-testdata/data/node ]; then
    mkdir -p tests/broken/test_data_set_0
    cp "$lenet" tests/broken/model.onnx
    cp -r /usr/share/libonnx-testdata/data/node/test_relu /usr/share/libonnx-testdata/data/node/test_sequence_insert_at_back tests
    run anput test tests
    has_status 1
    says "^FAILED tests/broken: "
    says "^2 passed, 1 failed, 0 skipped$"
    run anput test tests --filter 'test_*' --device ref --json
    has_status 0
    says '"passed": 2'
    says '"test": "tests/test_relu", "verdict": "passed", "operators": \["Relu"\]'
    run anput test tests --filter 'nothing*'
    fails_with 3 "filter"
else
    skip "libonnx-testdata is not installed"
fi

it test compares with the tolerance that the data or a list has
if [ -d /usr/share/libonnx-testdata/data/node ]; then
    mkdir -p tight
    cp -r /usr/share/libonnx-testdata/data/node/test_exp tight
    run anput test tight
    has_status 0
    echo '{"rtol": 0, "atol": 0}' > tight/test_exp/data.json
    run anput test tight
    has_status 1
    echo 'test_e* 1e-3 1e-7 a list' > tolerances.txt
    run anput test tight --tolerances tolerances.txt
    has_status 1 # the test itself knows best
    rm tight/test_exp/data.json
    echo 'test_e* 0 0 a list' > tolerances.txt
    run anput test tight --tolerances tolerances.txt
    has_status 1
    echo '{"rtol": "small"}' > tight/test_exp/data.json
    run anput test tight
    has_status 1
    says "data.json"
    echo 'test_e* much' > tolerances.txt
    run anput test tight --tolerances tolerances.txt
    fails_with 3 "tolerances.txt, line 1"
else
    skip "libonnx-testdata is not installed"
fi

it test takes shapes of the data for true where the model declares others, and says so
if [ -d /usr/share/libonnx-testdata/data/node ]; then
    run anput test /usr/share/libonnx-testdata/data/node --filter 'test_castlike_FLOAT_to_BFLOAT16' --verbose
    has_status 0
    says "input 'like' is declared bf16 \[3, 4\], but given as bf16 \[1\]"
else
    skip "libonnx-testdata is not installed"
fi

it test judges what is drawn by the law of its operator
if [ -d /usr/share/libonnx-testdata/data/node ]; then
    run anput test /usr/share/libonnx-testdata/data/node --filter 'test_training_dropout_default*'
    has_status 0
    says "^2 passed \\(2 by property\\), 0 failed, 0 skipped$"
    mkdir -p drawn
    cp -r /usr/share/libonnx-testdata/data/node/test_training_dropout_default drawn
    cp /usr/share/libonnx-testdata/data/node/test_training_dropout/test_data_set_0/output_0.pb drawn/test_training_dropout_default/test_data_set_0
    run anput test drawn
    has_status 1
    says "y is not x . mask / .1 - ratio"
else
    skip "libonnx-testdata is not installed"
fi

it a verdict of no is status 1 and its report is written
run anput compare a.npy b.npy --json -o report.json
has_status 1
grep -q '"agrees": false' report.json || problem "no verdict in report.json"
finish
