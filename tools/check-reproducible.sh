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

if ! diff "$work/a.sums" "$work/another-folder-with-a-longer-name.sums" >&2; then
  echo "The packages differ between two builds of the same files." >&2
  exit 1
fi
cat "$work/a.sums"
echo "Built twice, the same bytes."
