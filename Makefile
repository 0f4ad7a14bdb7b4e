# Hạ Tầng. The words: run, test, test-faults, test-install, bench, bench-fleet, bench-peers,
# bench-scale, bench-stored, bench-soak, fuzz, sanitize, lint, deb, repackaged, reproducible, clean.
# Each installs what it needs.
# The programs have the Swift library in them, so that an edge host needs no Swift. The library of
# Swift's tests exists only as a shared one, so the tests have a build folder of their own; those
# that start programs start the ones above.
PROGRAMS := -c release --static-swift-stdlib
# `make bench WRITE=--write` puts what it finds into docs, with date and machine.
WRITE :=
TESTS := -c release --scratch-path .build/tests --disable-xctest

.PHONY: build run test test-faults test-install bench bench-fleet bench-peers bench-scale \
	bench-stored bench-soak fuzz sanitize lint deb repackaged reproducible clean packages testing \
	packaging

# See debian/rules for setarch.
build: packages
	setarch -R swift build $(PROGRAMS)

packages:
	@tools/install-packages.sh

testing:
	@tools/install-packages.sh testing

packaging:
	@tools/install-packages.sh packaging

run: build
	@tools/run-demo.sh

test: build testing
	swift test $(TESTS)

# Power cuts and failing disks, networks, brokers and processes, many more than in `test`.
# HATANG_FAULT_POINTS, HATANG_STORM_SEEDS, HATANG_STORM_SECONDS and HATANG_STORM_LONG_SECONDS ask for
# other counts and times, HATANG_SEED replays one run; docs/reliability.md.
test-faults: build testing
	HATANG_FAULT_POINTS=$${HATANG_FAULT_POINTS:-1200} swift test $(TESTS) --filter FaultTests
	HATANG_STORM_SEEDS=$${HATANG_STORM_SEEDS:-20} HATANG_STORM_SECONDS=$${HATANG_STORM_SECONDS:-30} \
		swift test $(TESTS) --filter SystemTests.Storm

bench: build testing
	@python3 bench/bench.py $(WRITE)

# 20 s of each parser; FUZZ_RUNS=10000000 for the long mode, FUZZ_TARGETS="a b" for some of them.
fuzz: packages
	@tools/fuzz.sh

# Tests and programs built for the thread and the address sanitizer; tools/sanitize.sh has settings.
sanitize: packages testing
	@tools/sanitize.sh

bench-fleet: build testing
	@python3 bench/fleet.py $(WRITE)

# thingsboard-gateway comes from PyPI, into .build.
bench-peers: build testing
	@python3 bench/peers.py $(WRITE)

bench-scale: build testing
	@python3 bench/scale.py $(WRITE)

# 100 million samples in the store, and a backup of them; a quarter of an hour and 10 GB of disk.
bench-stored: build testing
	@python3 bench/stored.py $(WRITE)

# An hour; SOAK_SECONDS makes it shorter.
bench-soak: build testing
	@python3 bench/soak.py $(WRITE)

lint: packages
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
	swift test $(TESTS) --filter StyleTests

# Debian packages of this host's architecture, checked by lintian.
deb: packages packaging
	@tools/build-packages.sh .build/deb

# Packs the same programs once more in another folder, zone and umask, and compares the bytes.
repackaged: deb
	@tools/check-reproducible.sh --same-programs

# Builds the packages twice from nothing and compares their bytes.
reproducible: packages packaging
	@tools/check-reproducible.sh

# The packages on a Debian 12 of their own, booted in a container: needs root.
test-install: deb
	@python3 Tests/install/run.py

clean:
	rm -rf .build
