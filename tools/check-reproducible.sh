#!/usr/bin/env bash
# Builds the packages twice from the files that git knows, from nothing, in folders of other names
# and lengths, with another zone and umask, and compares the bytes.
#
# --same-programs: only once more, from the programs that `make deb` has built, and compared with its
# packages in .build/deb. Shows all but the compiler's part, in seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d "${TMPDIR:-/tmp}/hatang-twice.XXXXXX")
trap 'rm -rf "$work"' EXIT

build() {
  local folder=$work/$4
  mkdir -p "$folder"
  git ls-files -z | xargs -0 cp --parents -t "$folder"
  (cd "$folder" && umask "$3" && TZ=$2 LC_ALL=C.UTF-8 tools/build-packages.sh out >/dev/null)
  mv "$folder/out" "$work/$1"
  rm -rf "$folder"
  (cd "$work/$1" && sha256sum ./*.deb) >"$work/$1.sums"
}
if [ "${1:-}" = --same-programs ]; then
  export HATANG_BUILT=$PWD/.build/release
  mkdir "$work/first"
  cp .build/deb/*.deb "$work/first"
  (cd "$work/first" && sha256sum ./*.deb) >"$work/first.sums"
else
  build first Asia/Ho_Chi_Minh 022 hatang
fi
build second Pacific/Honolulu 027 other-place/of-a-name-that-is-longer/hatang-0.1

if ! diff "$work/first.sums" "$work/second.sums" >&2; then
  echo "The packages differ between two builds of the same files:" >&2
  for package in "$work"/first/*.deb; do
    for side in first second; do
      dpkg-deb -R "$work/$side/$(basename "$package")" "$work/$side/contents"
      ls -lR --time-style=+%s "$work/$side/contents" | sed "s|$work/$side||" >"$work/$side.list"
    done
    diff -rq "$work/first/contents" "$work/second/contents" >&2 || true
    diff "$work/first.list" "$work/second.list" >&2 || true
    rm -r "$work/first/contents" "$work/second/contents"
  done
  exit 1
fi
cat "$work/first.sums"
echo "Built twice, the same bytes."
