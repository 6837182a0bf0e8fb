# SPDX-License-Identifier: Apache-2.0
# Each target installs what it needs (Scripts/install-dependencies) and then does one thing.
#
#   make test FILTER=Streams                          only the tests whose names match a regular expression
#   make test SWIFT_FLAGS="--scratch-path .build-x"   flags for every call of swift build and swift test

SWIFT ?= swift
SWIFT_FLAGS ?=
FILTER ?=
SOURCES := $(wildcard Package.swift Sources Tests Benchmarks Examples)

.DEFAULT_GOAL := help
.PHONY: help demo test stress soak bench lint format clean

help:
	@echo "make demo    build aio and run its demonstration"
	@echo "make test    build and run the tests (FILTER=... for some of them)"
	@echo "make stress  run the tests with several threads under the thread sanitizer"
	@echo "make soak    run a server under load with every fault there is: 5 minutes of virtual time, 1 of real"
	@echo "make bench   measure, side by side with other runtimes on this machine"
	@echo "make lint    check the format, the layers, the sizes of files and the table of parity"
	@echo "make format  format the Swift sources in place"
	@echo "make clean   remove what was built"

demo:
	@Scripts/install-dependencies build
	$(SWIFT) build $(SWIFT_FLAGS) -c release --product aio
	@"$$($(SWIFT) build $(SWIFT_FLAGS) -c release --show-bin-path)/aio" demo

# Every test is a Swift Testing one, and those run in parallel by themselves.
test:
	@Scripts/install-dependencies test
	$(SWIFT) test --disable-xctest $(SWIFT_FLAGS) $(if $(FILTER),--filter '$(FILTER)')

stress:
	@Scripts/install-dependencies build
	@SWIFT='$(SWIFT)' Scripts/stress

soak:
	$(SWIFT) build $(SWIFT_FLAGS) -c release --product soak
	@cd "$$($(SWIFT) build $(SWIFT_FLAGS) -c release --show-bin-path)" && ./soak virtual 300 && ./soak real 60 && \
	  AIO_BACKEND=epoll ./soak real 60

bench:
	@Scripts/install-dependencies bench
	@Benchmarks/run

lint:
	@Scripts/install-dependencies lint
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)
	Scripts/check-layers --self-test
	Scripts/check-layers
	Scripts/check-file-sizes --self-test
	Scripts/check-file-sizes
	Scripts/check-parity --self-test
	Scripts/check-parity

format:
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

clean:
	rm -rf .build
