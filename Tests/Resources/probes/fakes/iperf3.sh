#!/bin/sh
# Plays iperf3: the server on port 5201 is always busy, 5203 refuses, any other measures at once.
# Writes each question's port into `asked` beside itself.
here=$(dirname "$0")
[ "$1" = --version ] && { echo "iperf 3.12 (cJSON 1.7.15)"; exit 0; }
while [ $# -gt 0 ]; do [ "$1" = --port ] && port=$2; shift; done
echo "$port" >> "$here/asked"
case "$port" in
  5201) error="the server is busy running a test. try again later" ;;
  5203) error="unable to connect to server: Connection refused" ;;
esac
if [ -n "${error:-}" ]; then
  echo "{\"start\":{},\"intervals\":[],\"end\":{},\"error\":\"$error\"}"
  exit 1
fi
echo '{"start":{},"end":{"sum_sent":{"bits_per_second":940000000.5},'
echo '"sum_received":{"bits_per_second":934000000.25}}}'
