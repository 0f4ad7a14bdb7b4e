#!/bin/sh
# Builds the Debian packages of this tree into the folder $1, and lets lintian look at them.
set -eu
cd "$(dirname "$0")/.."
mkdir -p "$1"
out=$(cd "$1" && pwd)
log=$out/build.log
rm -f "$out"/*.deb

# Run as root by itself or, with Rules-Requires-Root: no, as anybody.
if ! DEB_OUT=$out DEB_RULES_REQUIRES_ROOT=no debian/rules binary >"$log" 2>&1; then
  cat "$log" >&2
  echo "The packages could not be built; the lines above are the tools' own." >&2
  exit 1
fi
DH_QUIET=1 debian/rules clean >>"$log" 2>&1

as_other=""
[ "$(id -u)" != 0 ] || as_other="--allow-root"
lintian $as_other --fail-on error --tag-display-limit 0 "$out"/*.deb
cd "$out"
for package in *.deb; do
  echo "$package: $(wc -c <"$package") bytes, sha256 $(sha256sum "$package" | cut -c 1-16)…"
done
bytes=$(wc -c <"$(echo hatang-agent_*.deb)")
if [ "$bytes" -gt 6000000 ]; then
  echo "hatang-agent has $bytes bytes, allowed 6000000" >&2
  exit 1
fi
