#!/bin/bash
# One archive for one platform, and for Linux a Debian package and an RPM, in
# dist/: dist.sh GOOS/GOARCH VERSION LDFLAGS
set -eu
goos=${1%/*} goarch=${1#*/} version=$2 ldflags=$3
name=ftphost_${version}_${goos}_${goarch}
suffix=
[[ $goos == windows ]] && suffix=.exe
day=$(git log -1 --format=%cs 2>/dev/null || date -u +%F)

# The pages of the manual and the completions are the same for all platforms.
if [[ ! -d dist/manual ]]; then
	GOOS='' GOARCH='' go run -tags manual ./cmd/ftphost manual dist/manual --date "$day"
	gzip -9n dist/manual/man/*.8
	gzip -9nc CHANGELOG.md >dist/manual/changelog.gz
fi

mkdir -p "dist/$name" dist/stage/bin
for command in ftphost appcmd; do
	GOOS=$goos GOARCH=$goarch CGO_ENABLED=0 go build -ldflags "$ldflags" -o "dist/stage/bin/$command" "./cmd/$command"
	cp "dist/stage/bin/$command" "dist/$name/$command$suffix"
done
cp -r LICENSE README.md CHANGELOG.md docs schema dist/manual/completions "dist/$name/"
find "dist/$name/schema" -name '*.go' -delete
if [[ $goos != windows ]]; then
	cp -r dist/manual/man "dist/$name/"
fi
if [[ $goos == linux ]]; then
	cp -r deploy/systemd "dist/$name/"
fi
tar -C dist -czf "dist/$name.tar.gz" "$name"

# Debian's order of versions, and RPM's: 1.2.0~rc1, 1.2.0, 1.2.0+3.gabc1234,
# 1.2.1. Without a tag, a version before all others.
number=$(sed -E 's/^v//; s/-(alpha|beta|rc)/~\1/; s/-([0-9]+)-g/+\1.g/; s/-/+/g' <<<"$version")
[[ $number == [0-9]*.* ]] || number=0~${day//-/}+$number
package() { # package FORMAT
	GOARCH=$goarch PACKAGE_VERSION=$number SOURCE_DATE_EPOCH=$(date -ud "$day" +%s) \
		PACKAGE_MAINTAINER=${PACKAGE_MAINTAINER:-ftphost packages <packages@ftphost.invalid>} \
		bin/tools/nfpm package --config deploy/nfpm.yaml --packager "$1" --target dist/
}
if [[ $goos == linux ]]; then
	cp -r dist/manual/* dist/stage/
	package deb
	package rpm
fi
rm -r "dist/$name" dist/stage
