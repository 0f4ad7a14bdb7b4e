#!/bin/sh
# Plays ping: the idle ten answer. Under load the first one hangs to 192.0.2.2 and fails to
# 192.0.2.3; any other answers.
here=${0%/*}
for host; do :; done
while [ "$1" != -c ]; do shift; done
if [ "$2" != 10 ] && [ ! -e "$here/loaded" ]; then
  : > "$here/loaded"
  case "$host" in
    192.0.2.2) exec sleep 600 ;;
    192.0.2.3) echo "ping: sendmsg: No buffer space available" >&2; exit 2 ;;
  esac
fi
echo "64 bytes from $host: icmp_seq=1 ttl=64 time=1.5 ms"
echo "1 packets transmitted, 1 received, 0% packet loss, time 0ms"
