#!/bin/sh
# Plays iperf3 by the server's port. 5201 is always busy, 5203 refuses, 5204 hangs; 5205 hangs up on
# the way up, 5206 hangs there; 5207 stops in the middle, 5208 talks nonsense, 5209 claims too much.
# Any other measures at once. Writes each question's port into `asked` beside itself.
here=${0%/*}
[ "$1" = --version ] && { echo "iperf 3.12 (cJSON 1.7.15)"; exit 0; }
way=up
while [ $# -gt 0 ]; do
  [ "$1" = --port ] && port=$2
  [ "$1" = --reverse ] && way=down
  shift
done
echo "$port" >> "$here/asked"
rate=934000000.25
case "$port $way" in
  "5201 "*) error="the server is busy running a test. try again later" ;;
  "5203 "*) error="unable to connect to server: Connection refused" ;;
  "5205 up") error="control socket has closed unexpectedly" ;;
  "5204 "* | "5206 up") exec sleep 600 ;;
  "5207 "*) printf '{"start":{},"end":{"sum_rec'; exit 0 ;;
  "5208 "*) echo "Segmentation fault (core dumped)"; exit 0 ;;
  "5209 "*) rate=2e12 ;;
esac
if [ -n "${error:-}" ]; then
  echo "{\"start\":{},\"intervals\":[],\"end\":{},\"error\":\"$error\"}"
  exit 1
fi
echo '{"start":{},"end":{"sum_sent":{"bits_per_second":940000000.5},'
echo "\"sum_received\":{\"bits_per_second\":$rate}}}"
