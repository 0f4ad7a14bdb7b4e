#!/bin/sh
printf '{"modem-list":["/org/freedesktop/Modem'
