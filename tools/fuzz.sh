#!/usr/bin/env bash
# libFuzzer over every decoder and parser, one after another, from the corpus on. An input that
# breaks one is kept in .build/fuzz-found and named.
#
# FUZZ_SECONDS=N for each target (20), FUZZ_RUNS=N executions instead, FUZZ_TARGETS="a b" only these.
# Further runs go on from .build/fuzz-corpus, where what reached something new is kept.
set -euo pipefail
cd "$(dirname "$0")/.."

runtime=$(dirname "$(find "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")/lib/clang" \
  -name 'libclang_rt.fuzzer_no_main-*.a' | head -n 1)")
[ -f "$runtime/libclang_rt.fuzzer_no_main-$(uname -m).a" ] || {
  echo "This Swift has no libFuzzer for $(uname -m)." >&2
  exit 1
}
export HATANG_FUZZER=$runtime
build=(-c release --scratch-path .build/fuzz --disable-xctest --sanitize address
  -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table,trace-cmp)
swift build --build-tests "${build[@]}"

corpus=Tests/Resources/corpus
found=.build/fuzz-found
grown=.build/fuzz-corpus
mkdir -p "$found"
limit="-max_total_time=${FUZZ_SECONDS:-20}"
[ -z "${FUZZ_RUNS:-}" ] || limit="-runs=$FUZZ_RUNS"
for target in ${FUZZ_TARGETS:-$(ls "$corpus")}; do
  mkdir -p "$grown/$target"
  log=$found/$target.log
  if ! FUZZ_TARGET=$target ASAN_OPTIONS=detect_leaks=0 \
    FUZZ_ARGUMENTS="$limit -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix=$found/$target- $grown/$target $corpus/$target" \
    swift test "${build[@]}" --skip-build --filter LibFuzzer >"$log" 2>&1; then
    grep -E 'Fatal error|SUMMARY|Test unit written' "$log" >&2 || tail -n 20 "$log" >&2
    echo "fuzz: $target is broken by an input in $found; $log says how" >&2
    exit 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  [ "${runs:-0}" -gt 0 ] || { echo "fuzz: $target did not run; see $log" >&2; exit 1; }
  echo "fuzz: $target held through $runs inputs"
done
