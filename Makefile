# Hạ Tầng. The words: run, test, bench, lint, clean. `run` and `test` install what they need.
# The Swift library is linked statically, so that an edge host needs no Swift; one build folder
# serves everything, so nothing is compiled twice.
SWIFT_FLAGS := -c release --static-swift-stdlib

.PHONY: build run test bench lint clean packages

build: packages
	swift build $(SWIFT_FLAGS)

packages:
	@tools/install-packages.sh

run: build
	@tools/run-demo.sh

test: packages
	swift build $(SWIFT_FLAGS)
	swift test --disable-xctest $(SWIFT_FLAGS)

bench: build
	@python3 bench/bench.py

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
	swift test --disable-xctest $(SWIFT_FLAGS) --filter StyleTests

clean:
	rm -rf .build
