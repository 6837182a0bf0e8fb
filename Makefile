# SPDX-License-Identifier: Apache-2.0
# Each target installs what it needs (Scripts/install-dependencies) and then does one thing.
#
#   make test FILTER=Streams                          only the tests whose names match a regular expression
#   make test SWIFT_FLAGS="--scratch-path .build-x"   flags for every call of swift build and swift test
#   make soak SHORT=1                                 the short form, which .ci/run calls: less than a minute after the
#                                                     build; also for stress, sanitize and bench

SWIFT ?= swift
SWIFT_FLAGS ?=
FILTER ?=
SHORT ?=
SOURCES := $(wildcard Package.swift Sources Tests Benchmarks Examples)

.DEFAULT_GOAL := help
.PHONY: help demo test stress sanitize soak bench bench-counts lint api docs format clean

help:
	@echo "make demo    build aio and run its demonstration"
	@echo "make test    build and run the tests (FILTER=... for some of them)"
	@echo "make stress  run the tests with several threads under the thread sanitizer, three times (SHORT=1: once)"
	@echo "make sanitize  run the suites under the address and leak sanitizer, then those with threads under the thread"
	@echo "             sanitizer (SHORT=1: two programs under the first)"
	@echo "make soak    run a server under load with every fault there is: 5 minutes of virtual time, 1 of real"
	@echo "             on each backend (SHORT=1: one, and 8 seconds), resets that must all be told, and children"
	@echo "make bench   measure, side by side with other runtimes on this machine (SHORT=1: for a moment, as a test)"
	@echo "make bench-counts  count the instructions an operation takes, and hold them against Benchmarks/counts.json"
	@echo "make lint    check the format, the layers, the sizes of files, the English, the commits, and what pages name"
	@echo "make api     write the public interface to docs/api and docs/llms.txt (CHECK=1: show what differs)"
	@echo "make docs    build the DocC documentation into .build/docs"
	@echo "make format  format the Swift sources in place"
	@echo "make clean   remove what was built"

demo:
	@Scripts/install-dependencies build
	$(SWIFT) build $(SWIFT_FLAGS) -c release --product aio
	@"$$($(SWIFT) build $(SWIFT_FLAGS) -c release --show-bin-path)/aio" demo

# All tests use Swift Testing, which runs them in parallel.
test:
	@Scripts/install-dependencies test
	$(SWIFT) test --disable-xctest $(SWIFT_FLAGS) $(if $(FILTER),--filter '$(FILTER)')

stress:
	@Scripts/install-dependencies build
	@SWIFT='$(SWIFT)' Scripts/stress $(if $(SHORT),1)

sanitize:
	@Scripts/install-dependencies build
	@SWIFT='$(SWIFT)' Scripts/sanitize $(if $(SHORT),1)

soak:
	$(SWIFT) build $(SWIFT_FLAGS) -c release --product soak
	@cd "$$($(SWIFT) build $(SWIFT_FLAGS) -c release --show-bin-path)" && \
	  ./soak virtual $(if $(SHORT),60,300) && ./soak real $(if $(SHORT),8,60) && \
	  AIO_BACKEND=epoll ./soak real $(if $(SHORT),8,60) && \
	  ./soak children $(if $(SHORT),500,20000) && AIO_BACKEND=epoll ./soak children $(if $(SHORT),500,20000) && \
	  ./soak resets $(if $(SHORT),5000,100000) && AIO_BACKEND=epoll ./soak resets $(if $(SHORT),5000,20000)
	@mkdir -p .build && $(CC) -O2 -pthread -o .build/multishot-reset Tests/KernelFacts/multishot-reset.c
	.build/multishot-reset multishot $(if $(SHORT),2000,20000)
	.build/multishot-reset guarded $(if $(SHORT),2000,20000)

bench:
	@Scripts/install-dependencies bench
	@SWIFT='$(SWIFT)' SHORT='$(SHORT)' Benchmarks/run

bench-counts:
	@Scripts/install-dependencies bench
	@Benchmarks/counts --self-test
	@SWIFT='$(SWIFT)' Benchmarks/counts

lint:
	@Scripts/install-dependencies lint
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)
	Scripts/check-layers --self-test
	Scripts/check-layers
	Scripts/check-file-sizes --self-test
	Scripts/check-file-sizes
	Scripts/check-prose --self-test
	Scripts/check-prose
	Scripts/check-commits --self-test
	Scripts/check-commits
	Scripts/check-names --self-test
	Scripts/check-names
	Scripts/check-parity --self-test
	Scripts/check-parity
	Benchmarks/run --check

# The public interface of what was built, in docs/api and docs/llms.txt; CHECK=1 compares instead.
api:
	$(SWIFT) build $(SWIFT_FLAGS)
	@SWIFT='$(SWIFT)' Scripts/api $(if $(CHECK),--check)

docs:
	$(SWIFT) build $(SWIFT_FLAGS)
	@SWIFT='$(SWIFT)' Scripts/api --docs

format:
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

clean:
	rm -rf .build
