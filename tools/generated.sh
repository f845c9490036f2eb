#!/bin/bash
# Fails when `go generate` would change anything. It generates in a copy of
# the tree, so the answer does not depend on what is committed and nothing
# is changed here.
set -eu
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard |
	while IFS= read -r -d '' f; do [[ -e $f ]] && printf '%s\0' "$f"; done |
	tar --null -T - -cf - | tar -xf - -C "$copy"
cp -a "$copy" "$copy.new"
trap 'rm -rf "$copy" "$copy.new"' EXIT
(cd "$copy.new" && go generate ./...)
if ! diff -r -q "$copy" "$copy.new"; then
	diff -r -u "$copy" "$copy.new" | head -60 || true
	echo "generated files are out of date: run make generate and commit the result" >&2
	exit 1
fi
