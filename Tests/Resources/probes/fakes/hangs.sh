#!/bin/sh
# A program that never ends, does not mind SIGTERM, and has started another.
trap '' TERM
sleep 600 &
echo $! > "$(dirname "$0")/child.pid"
while :; do sleep 600; done
