#!/bin/bash
# Runs every fuzz target of the module for the given time, one after the
# other (go test -fuzz takes one at a time). A target that finds something
# fails and leaves the input in its testdata/fuzz folder.
set -eu -o pipefail
time=${1:-2s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# go test sometimes reports the end of the time as a failure of the target,
# with this one line and no input (golang/go#75804). That is not a finding.
only_out_of_time() {
	grep -qx '    context deadline exceeded' "$log" && ! grep -qE 'Failing input|panic|fuzzing process|_test\.go:' "$log"
}

found=0
while read -r dir; do
	while read -r target; do
		found=$((found + 1))
		if ! go test -run '^$' -fuzz "^${target}\$" -fuzztime "$time" "./$dir" 2>&1 | tee "$log"; then
			only_out_of_time || exit 1
			echo "$target: out of time, nothing found"
		fi
	done < <(grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | cut -d' ' -f2 | sort -u)
done < <(grep -rlE '^func Fuzz' --include='*_test.go' --exclude-dir=bin --exclude-dir=.git . | xargs -r -n1 dirname | sed 's|^\./||' | sort -u)
echo "$found fuzz targets ran"
[[ $found -gt 0 ]]
