#!/usr/bin/env bash
# The whole system on loopback ports of its own: two edge hosts (broker, agent), the province
# (broker, aggregator) and a simulated fleet. Ctrl-C ends all of it and removes what it wrote.
# RUN_SECONDS=N ends it after N seconds.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${HATANG_BIN:-.build/release}
dir=$(mktemp -d "${TMPDIR:-/tmp}/hatang-run.XXXXXX")
pids=()

# In the reverse of the order of starting, so that each still has somebody to say goodbye to.
finish() {
  trap - EXIT INT TERM
  local index
  for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
    kill -TERM "${pids[index]}" 2>/dev/null || true
    wait "${pids[index]}" 2>/dev/null || true
  done
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() {
  local name=$1
  shift
  "$@" >"$dir/$name.log" 2>&1 &
  pids+=($!)
}

read -r port_a port_b port_central port_http < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(4)]
for each in sockets: each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in sockets))')

# The shipped settings, with a port and a folder of their own.
broker() {
  local name=$1 shipped=$2 port=$3
  mkdir "$dir/$name"
  sed -e "s|^listener .*|listener $port 127.0.0.1|" \
    -e "s|^persistence_location .*|persistence_location $dir/$name/|" "$shipped" >"$dir/$name.conf"
  # As root mosquitto would become a user who cannot reach the folder.
  [ "$(id -u)" != 0 ] || echo "user root" >>"$dir/$name.conf"
  start "$name" mosquitto -c "$dir/$name.conf"
}
PATH=$PATH:/usr/sbin
broker broker-a config/mosquitto/local.conf "$port_a"
broker broker-b config/mosquitto/local.conf "$port_b"
broker broker-central config/mosquitto/central.conf "$port_central"

cat >"$dir/aggregator.json5" <<END
{
  broker: { host: "127.0.0.1", port: $port_central },
  store: { path: "$dir/hatang.db" },
  http: { listen: "127.0.0.1:$port_http" },
  indicators: "$PWD/seeds/indicators.json",
  areas: "$PWD/seeds/areas.json",
  population: "$PWD/seeds/population.csv",
  outlines: "$PWD/seeds/areas.geojson",
  method: { accept_simulated: true },
}
END
start aggregator "$bin/hatang-aggregator" run --config "$dir/aggregator.json5"

agent() {
  local name=$1 port=$2
  cat >"$dir/$name.json5" <<END
{
  agent: "$name",
  local: { host: "127.0.0.1", port: $port },
  uplink: { host: "127.0.0.1", port: $port_central },
  buffer: { path: "$dir/$name.db" },
  status_file: "$dir/$name-status.json",
}
END
  start "$name" "$bin/hatang-agent" run --config "$dir/$name.json5"
}
agent edge-a "$port_a"
agent edge-b "$port_b"
start simulator "$bin/hatang-simulator" \
  --broker "127.0.0.1:$port_a" --broker "127.0.0.1:$port_b"

page="http://127.0.0.1:$port_http/"
started=$SECONDS
echo "Hạ Tầng runs: $page (simulated data; Ctrl-C ends it)"

# Ends the run with the log of a program that ended by itself.
check_alive() {
  local index names=(broker-a broker-b broker-central aggregator edge-a edge-b simulator)
  for index in "${!pids[@]}"; do
    kill -0 "${pids[index]}" 2>/dev/null && continue
    echo "${names[index]} ended by itself; its last words:" >&2
    tail -n 20 "$dir/${names[index]}.log" >&2
    exit 1
  done
}

# One line for each of the three once all of them have a value; empty before.
values() {
  python3 - "$page" <<'END'
import json, sys, urllib.request
lines = []
for code in ("20.1", "20.2", "7.1"):
    try:
        with urllib.request.urlopen(sys.argv[1] + "api/v1/indicators/" + code, timeout=5) as reply:
            row = json.load(reply)
    except OSError:
        sys.exit(0)
    if row["status"] != "measured":
        sys.exit(0)
    interval = row["interval"]
    spread = f" (95 %: {interval[0]} … {interval[1]})" if interval else ""
    mark = ", simulated" if row["simulated"] else ""
    lines.append(f"  {code:5} {row['value']} {row['unit']}{spread}, target {row['target']}{mark}")
print("\n".join(lines))
END
}

shown=""
while [ -z "${RUN_SECONDS:-}" ] || [ $((SECONDS - started)) -lt "$RUN_SECONDS" ]; do
  check_alive
  if [ -z "$shown" ]; then
    shown=$(values)
    [ -z "$shown" ] || printf 'After %d s:\n%s\n' $((SECONDS - started)) "$shown"
  fi
  sleep 1
done
