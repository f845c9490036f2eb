#!/bin/bash
# One archive for one platform: dist.sh GOOS/GOARCH VERSION LDFLAGS
set -eu
goos=${1%/*} goarch=${1#*/} version=$2 ldflags=$3
name=ftphost_${version}_${goos}_${goarch}
exe=ftphost
[[ $goos == windows ]] && exe=ftphost.exe
mkdir -p "dist/$name"
GOOS=$goos GOARCH=$goarch CGO_ENABLED=0 go build -ldflags "$ldflags" -o "dist/$name/$exe" ./cmd/ftphost
cp -r LICENSE README.md CHANGELOG.md docs schema "dist/$name/"
find "dist/$name/schema" -name '*.go' -delete
tar -C dist -czf "dist/$name.tar.gz" "$name"
rm -r "dist/$name"
