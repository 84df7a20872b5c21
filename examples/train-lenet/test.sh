#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A short training, which must read 88 % of the digits; without the digits it is skipped.
# usage: test.sh PROGRAM
data=${ANPUT_SHARED:-../shared}/data
exec "$1" "$data/mnist-train-10k" "$data/mnist-t10k" --digits 2000 --epochs 3 --at-least 8800
