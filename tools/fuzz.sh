#!/bin/bash
# Runs every fuzz target of the module, one after the other (go test -fuzz
# takes one at a time), and prints how often each was executed.
#
#   tools/fuzz.sh 1h                        all in an hour, sessions longer than the rest
#   tools/fuzz.sh 2s each                   each for two seconds
#   tools/fuzz.sh 40s each -parallel=1      the rest goes to go test
#
# A target that finds something leaves the input in its testdata/fuzz folder.
# The others run nevertheless, and the exit status is 1.
set -eu -o pipefail
time=${1:-2s}
each=0
shift || true
if [[ ${1:-} == each ]]; then
	each=1
	shift
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Most targets work with files; in memory they run several times as often.
if [[ -d /dev/shm && -w /dev/shm ]]; then
	export GOTMPDIR=${GOTMPDIR:-${TMPDIR:-/tmp}} TMPDIR=/dev/shm
fi

# Those that run whole sessions have by far the most states to go through.
share() { # share TARGET
	case $1 in
	FuzzSession | FuzzCommands) echo 8 ;;
	FuzzNames | FuzzParts | FuzzSecure) echo 3 ;; # a session with several transfers each, or TLS
	*) echo 1 ;;
	esac
}

seconds() { # seconds 1h30m
	local text=$1 sum=0 value
	while [[ $text =~ ^([0-9]+)([hms])(.*)$ ]]; do
		value=${BASH_REMATCH[1]}
		case ${BASH_REMATCH[2]} in h) value=$((value * 3600)) ;; m) value=$((value * 60)) ;; esac
		sum=$((sum + value))
		text=${BASH_REMATCH[3]}
	done
	if [[ -n $text || $sum -eq 0 ]]; then
		echo "$1 is no time such as 1h, 30m or 2s" >&2
		return 1
	fi
	echo "$sum"
}

# go test sometimes reports the end of the time as a failure of the target,
# with this one line and no input (golang/go#75804). That is not a finding.
only_out_of_time() {
	grep -qx '    context deadline exceeded' "$log" && ! grep -qE 'Failing input|panic|fuzzing process|_test\.go:' "$log"
}

total=$(seconds "$time")
mapfile -t targets < <(grep -roE '^func Fuzz[A-Za-z0-9_]*' --include='*_test.go' --exclude-dir=bin --exclude-dir=.git . |
	sed -E 's|^\./(.*)/[^/]*:func |\1 |' | sort -u)
if [[ ${#targets[@]} -eq 0 ]]; then
	echo "no fuzz targets found" >&2
	exit 1
fi
shares=0
for t in "${targets[@]}"; do shares=$((shares + $(share "${t#* }"))); done

failed=() table='' sum=0
for t in "${targets[@]}"; do
	dir=${t% *} target=${t#* }
	span=$total
	if [[ $each -eq 0 ]]; then
		span=$((total * $(share "$target") / shares))
		if [[ $span -eq 0 ]]; then span=1; fi
	fi
	# A target is slow to make smaller when whole sessions run in it, and what
	# is only new coverage need not be small.
	if ! go test -run '^$' -fuzz "^${target}\$" -fuzztime "${span}s" -fuzzminimizetime 50x "$@" "./$dir" 2>&1 | tee "$log"; then
		if only_out_of_time; then
			echo "$target: out of time, nothing found"
		else
			failed+=("$dir $target")
		fi
	fi
	count=$(sed -nE 's/.*execs: ([0-9]+) .*/\1/p' "$log" | tail -1)
	sum=$((sum + ${count:-0}))
	table+=$(printf '%12d  %5ds  %s %s' "${count:-0}" "$span" "$dir" "$target")$'\n'
done

printf '\n%12s  %6s  %s\n' executions time target
printf '%s%12d  in %d fuzz targets\n' "$table" "$sum" "${#targets[@]}"
if [[ ${#failed[@]} -gt 0 ]]; then
	printf 'found something: %s\n' "${failed[@]}"
	exit 1
fi
