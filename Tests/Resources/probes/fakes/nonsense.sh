#!/bin/sh
echo "Segmentation fault (core dumped)"
