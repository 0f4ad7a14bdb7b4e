#!/usr/bin/env bash
# The test suite with programs and tests built for a sanitizer; what it finds fails the run.
#
# Optimized as users get them: a debug build with instruments takes hours for the simulations.
# SANITIZERS="thread address" which, one after another; SANITIZE_FILTER=REGEX only these tests.
# What is instrumented is slower and larger: HATANG_SLOWNESS multiplies the tests' deadlines, and
# the few bounds of memory; the simulation of the delivery protocol tries fewer schedules.
# Left out: tests of sizes and words, benchmarks, the browser; power cuts, which take hours so; and
# those that bound the address space, in which a sanitizer cannot run.
set -euo pipefail
cd "$(dirname "$0")/.."

skip='StyleTests|SeedsTests|BenchTests|FaultTests|BrowserTests|HostileFileTests'
for sanitizer in ${SANITIZERS:-thread address}; do
  build=(-c release --disable-xctest --sanitize "$sanitizer" --scratch-path ".build/$sanitizer")
  swift build --build-tests "${build[@]}"
  reports=$PWD/.build/$sanitizer-reports
  rm -rf "$reports"
  mkdir -p "$reports"
  export HATANG_SLOWNESS=${HATANG_SLOWNESS:-5} HATANG_SCHEDULES=${HATANG_SCHEDULES:-2000}
  export HATANG_PROGRAMS=$PWD/.build/$sanitizer/release
  # Also of the programs that the tests start: each leaves its reports in a file of its own.
  export TSAN_OPTIONS="log_path=$reports/report suppressions=$PWD/Tests/thread-sanitizer.supp"
  # Short traces of where memory was taken: most of the time goes there.
  export ASAN_OPTIONS="log_path=$reports/report detect_leaks=0 malloc_context_size=8"
  code=0
  swift test "${build[@]}" --skip-build --filter "${SANITIZE_FILTER:-.}" --skip "$skip" || code=$?
  found=$(grep -hE '^(SUMMARY|==[0-9]+==ERROR)' "$reports"/* 2>/dev/null | sort | uniq -c || true)
  if [ -n "$found" ]; then
    echo "sanitize: $sanitizer found (whole in $reports):" >&2
    echo "$found" >&2
    exit 1
  fi
  [ "$code" -eq 0 ] || exit "$code"
  echo "sanitize: $sanitizer found nothing"
done
