#!/usr/bin/env bash
# The test suite with programs and tests built for a sanitizer; what it finds fails the run.
#
# SANITIZERS="thread address" which, one after another; SANITIZE_FILTER=REGEX only these tests.
# Left out: tests of sizes and words, benchmarks, the browser; power cuts, which take hours so; and
# those that bound the address space, in which a sanitizer cannot run.
set -euo pipefail
cd "$(dirname "$0")/.."

skip='StyleTests|SeedsTests|BenchTests|FaultTests|BrowserTests|HostileFileTests'
for sanitizer in ${SANITIZERS:-thread address}; do
  build=(--disable-xctest --sanitize "$sanitizer" --scratch-path ".build/$sanitizer")
  swift build --build-tests "${build[@]}"
  reports=$PWD/.build/$sanitizer-reports
  rm -rf "$reports"
  mkdir -p "$reports"
  export HATANG_PROGRAMS=$PWD/.build/$sanitizer/debug
  # Also of the programs that the tests start: each leaves its reports in a file of its own.
  export TSAN_OPTIONS="log_path=$reports/report suppressions=$PWD/Tests/thread-sanitizer.supp"
  export ASAN_OPTIONS="log_path=$reports/report detect_leaks=0"
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
