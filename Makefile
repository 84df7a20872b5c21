# SPDX-License-Identifier: Apache-2.0
# The commands of every day; CMake does the work. Programs land in build/bin.
#   make            build                       make run     install what is missing, build, run the main job
#   make test       all tests                   make bench   time the model of the tree
#   make install    [PREFIX=/usr/local] [DESTDIR=]           make clean
#   make onnx-newest     ONNX's newest test cases and schemas (a virtual environment in ~/.cache)
#   make operators-doc   measures again and makes docs/operators.md
# CMAKE_FLAGS= is handed to CMake at the first configuration ("-DANPUT_REF_ONLY=ON"); JOBS= limits parallel work.
BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
CMAKE_FLAGS ?=

configured = $(BUILD)/.configured
build = cmake --build $(BUILD) -j $(JOBS)
anput = $(BUILD)/bin/anput

.PHONY: all deps run test bench onnx-newest operators-doc install clean
all: $(configured)
	@$(build)

# Configured once; CMake itself notices when its files change.
$(configured):
	@command -v cmake >/dev/null || { echo "cmake is missing: 'make deps' installs what is needed to build" >&2; exit 1; }
	@cmake -S . -B $(BUILD) -G "$$(command -v ninja >/dev/null && echo Ninja || echo 'Unix Makefiles')" \
	  -DCMAKE_INSTALL_PREFIX=$(PREFIX) $(CMAKE_FLAGS)
	@touch $@

deps:
	@scripts/deps.sh

# A recipe, not a prerequisite: nothing may be configured before the packages are there.
run: deps
	@$(MAKE) --no-print-directory $(configured)
	@$(build) --target anput_cli
	$(anput) deploy models/lenet-digits.onnx models/samples/* --preprocess models/lenet-digits.pre.json -o $(BUILD)/lenet-digits.anp

test:
	@scripts/deps.sh test
	@$(MAKE) --no-print-directory all
	@scripts/run_tests.sh $(BUILD) -j $(JOBS)

bench: $(configured)
	@$(build) --target anput_cli
	$(anput) bench models/lenet-digits.onnx --batch-size 1,8

onnx-newest: $(configured)
	@$(build) --target anput_cli operators
	@scripts/onnx_newest.sh $(BUILD)/bin

operators-doc: $(configured)
	@$(build) --target anput_cli operators
	@scripts/operators_doc.sh $(BUILD)/bin

install: all
	@cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	@rm -rf $(BUILD)
