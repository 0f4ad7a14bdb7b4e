# Hạ Tầng. The words: run, test, bench, lint, clean. `run` and `test` install what they need.
# The Swift library is linked statically, so that an edge host needs no Swift; `swift test` has no
# such option. One build folder serves both: nothing is compiled twice, only linked again.
SWIFT_FLAGS := -c release
STATIC := --static-swift-stdlib

.PHONY: build run test bench lint clean packages

build: packages
	swift build $(SWIFT_FLAGS) $(STATIC)

packages:
	@tools/install-packages.sh

run: build
	@tools/run-demo.sh

test: packages
	swift test --disable-xctest $(SWIFT_FLAGS)

bench: build
	@python3 bench/bench.py

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
	swift test --disable-xctest $(SWIFT_FLAGS) --filter StyleTests

clean:
	rm -rf .build
