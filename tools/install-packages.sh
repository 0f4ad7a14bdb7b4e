#!/bin/sh
# Installs the Debian packages that a word of the Makefile needs: without an argument those for
# building and running, `testing` those for the tests, `packaging` those for `make deb` and
# `make test-install`. Says nothing and asks no network when all are there.
set -eu

case "${1:-}" in
  "") packages="libmosquitto-dev libsqlite3-dev libmicrohttpd-dev zlib1g-dev pkg-config mosquitto
    python3" ;;
  testing) packages="gcc libc6-dev mosquitto-clients openssl gzip curl iperf3 iproute2
    iputils-ping modemmanager python3-dbusmock dbus python3-venv chromium fonts-noto-core
    nginx-light prometheus strace nftables libmagic1" ;;
  packaging) packages="debhelper lintian dpkg-dev binutils debootstrap systemd-container
    nftables" ;;
  *) echo "$0: unknown word $1; there are testing, packaging" >&2; exit 64 ;;
esac

is_installed() {
  dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

missing=""
for package in $packages; do
  # python3 may come from elsewhere than Debian; any will do.
  if [ "$package" = python3 ] && command -v python3 >/dev/null; then continue; fi
  is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null; then as_root="sudo"
else
  echo "Missing Debian packages:$missing" >&2
  echo "Install them as root: apt-get install$missing" >&2
  exit 1
fi

echo "Installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if $as_root apt-get update >"$log" 2>&1 &&
  $as_root apt-get install -y --no-install-recommends $missing >>"$log" 2>&1; then
  exit 0
fi
cat "$log" >&2
echo "apt-get could not install:$missing; the lines above are its own." >&2
exit 1
