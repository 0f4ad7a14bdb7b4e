#!/usr/bin/env bash
# Builds the packages twice from the files that git knows, in folders of different names and at
# different hours of another zone, and compares the bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d "${TMPDIR:-/tmp}/hatang-twice.XXXXXX")
trap 'rm -rf "$work"' EXIT

build() {
  local folder=$work/$1
  mkdir -p "$folder"
  git ls-files -z | xargs -0 cp --parents -t "$folder"
  (cd "$folder" && umask "$3" && TZ=$2 LC_ALL=C.UTF-8 tools/build-packages.sh out >/dev/null)
  (cd "$folder/out" && sha256sum ./*.deb) >"$work/$1.sums"
}
build a Asia/Ho_Chi_Minh 022
build another-folder-with-a-longer-name Pacific/Honolulu 027

second=$work/another-folder-with-a-longer-name
if ! diff "$work/a.sums" "$second.sums" >&2; then
  echo "The packages differ between two builds of the same files:" >&2
  for package in "$work"/a/out/*.deb; do
    for side in a another-folder-with-a-longer-name; do
      dpkg-deb -R "$work/$side/out/$(basename "$package")" "$work/$side/contents"
      ls -lR --time-style=+%s "$work/$side/contents" | sed "s|$work/$side||" >"$work/$side.list"
    done
    diff -rq "$work/a/contents" "$second/contents" >&2 || true
    diff "$work/a.list" "$second.list" >&2 || true
    rm -r "$work/a/contents" "$second/contents"
  done
  exit 1
fi
cat "$work/a.sums"
echo "Built twice, the same bytes."
