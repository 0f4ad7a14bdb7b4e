#!/bin/sh
# Puts what is built into the folders of the three packages, $1/hatang-agent and so on, as they are
# on a host. debian/rules calls it.
set -eu
cd "$(dirname "$0")/.."
out=$1
bin=${HATANG_BIN:-.build/release}

# The page and the completion come from the program's own table of commands.
program() {
  name=$1
  dir=$out/$name
  install -D -m 755 "$bin/$name" "$dir/usr/bin/$name"
  mkdir -p "$dir/usr/share/man/man8" "$dir/usr/share/bash-completion/completions"
  "$bin/$name" --help-man >"$dir/usr/share/man/man8/$name.8"
  "$bin/$name" --help-bash >"$dir/usr/share/bash-completion/completions/$name"
}

# file source, folder in the package
put() { install -D -m 644 -t "$dir/$2" "$1"; }

program hatang-agent
put systemd/hatang-agent.service lib/systemd/system
for unit in systemd/hatang-probe-*; do put "$unit" lib/systemd/system; done
put config/agent.json5 usr/share/doc/hatang-agent/examples
mkdir -p "$dir/usr/share/hatang/mosquitto"
# Debian's mosquitto.conf has the marked lines already, and mosquitto refuses them twice.
sed -e '/^# \[debian\]$/,+1d' -e '/^# Debian.s package/,/^#$/d' config/mosquitto/local.conf \
  >"$dir/usr/share/hatang/mosquitto/hatang-agent.conf"
put config/mosquitto/devices.conf usr/share/hatang/mosquitto
put config/mosquitto/devices.acl usr/share/hatang/mosquitto
# A service may ask ModemManager only by it.
put config/polkit/hatang-agent.rules usr/share/polkit-1/rules.d
for mapping in config/mappings/*; do put "$mapping" usr/share/hatang/mappings; done
for document in docs/payloads.md docs/mappings.md docs/probes.md docs/install.md \
  docs/enrolment.md docs/technician.md docs/technician.en.md; do
  put "$document" usr/share/doc/hatang-agent
done

program hatang-aggregator
put systemd/hatang-aggregator.service lib/systemd/system
mkdir -p "$dir/usr/share/doc/hatang-aggregator/examples"
sed -e 's|"../seeds/population.csv"|"/etc/hatang/population.csv"|' \
  -e 's|"../seeds/|"/usr/share/hatang/|' -e 's|see seeds/README.md|see /usr/share/hatang/README.md|' \
  config/aggregator.json5 >"$dir/usr/share/doc/hatang-aggregator/examples/aggregator.json5"
for settings in central.conf central-agents.conf central.acl; do
  put config/mosquitto/$settings usr/share/doc/hatang-aggregator/examples
done
put config/prometheus/alerts.yml usr/share/doc/hatang-aggregator/examples
put config/grafana/hatang.json usr/share/doc/hatang-aggregator/examples
put config/nginx/hatang.conf usr/share/doc/hatang-aggregator/examples
# A conffile: `hatang-aggregator population` replaces it, and an upgrade must not undo that.
put seeds/population.csv etc/hatang
for table in seeds/README.md seeds/indicators.json seeds/areas.json seeds/areas.geojson; do
  put "$table" usr/share/hatang
done
put docs/methodology.md usr/share/doc/hatang-aggregator

program hatang-simulator
put seeds/population.csv usr/share/hatang-simulator
