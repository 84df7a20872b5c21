#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The LeNet of the tree, as a package with its preprocessing, on the 10,000 digits of the MNIST test set.
. "$(dirname "$0")/cli_testing.sh"
set10k=$shared/data/mnist-t10k

it the package reads at least 98.8 percent of the digits right
if [ -e "$set10k/t10k-images-idx3-ubyte.gz" ]; then
    run anput compile "$lenet" -o lenet.anp --preprocess "$root/models/lenet-digits.pre.json" --quiet
    has_status 0
    run anput classify lenet.anp --idx "$set10k/t10k-images-idx3-ubyte.gz" --idx-labels "$set10k/t10k-labels-idx1-ubyte.gz" --min-accuracy 0.988
    has_status 0
    says "of 10000 right: accuracy 99"
    run anput classify lenet.anp --idx "$set10k/t10k-labels-idx1-ubyte.gz" --idx-labels "$set10k/t10k-labels-idx1-ubyte.gz"
    fails_with 3 "no IDX file of images"
else
    skip "$set10k is not there"
fi
finish
