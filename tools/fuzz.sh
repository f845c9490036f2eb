#!/bin/bash
# Runs every fuzz target of the module for the given time, one after the
# other (go test -fuzz takes one at a time). A target that finds something
# fails and leaves the input in its testdata/fuzz folder.
set -eu
time=${1:-2s}
found=0
while read -r dir; do
	while read -r target; do
		found=$((found + 1))
		go test -run '^$' -fuzz "^${target}\$" -fuzztime "$time" "./$dir"
	done < <(grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | cut -d' ' -f2 | sort -u)
done < <(grep -rlE '^func Fuzz' --include='*_test.go' --exclude-dir=bin --exclude-dir=.git . | xargs -r -n1 dirname | sed 's|^\./||' | sort -u)
echo "$found fuzz targets ran"
[[ $found -gt 0 ]]
