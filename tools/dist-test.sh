#!/bin/bash
# Installs, upgrades, runs and removes the packages on a clean Debian of this
# machine's release, which it makes once in bin/.machine: dist-test.sh LDFLAGS
set -eu
machine=$PWD/bin/.machine packages=$PWD/bin/packages
if [[ $(id -u) -ne 0 ]]; then
	echo "dist-test makes a machine of its own, which needs root" >&2
	exit 1
fi
for program in debootstrap rpm; do
	command -v $program >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $program
done
if [[ ! -e $machine/made ]]; then
	rm -rf "$machine"
	debootstrap --variant=minbase --include=systemd,systemd-sysv "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$machine"
	touch "$machine/made"
fi
rm -rf "$packages" dist
mkdir -p "$packages"
for version in v1.0.0 v1.0.0-3-gabc1234; do
	tools/dist.sh "linux/$(go env GOARCH)" $version "$1"
	which=$([[ $version == v1.0.0 ]] && echo old || echo new)
	mv dist/*.deb "$packages/$which.deb"
	mv dist/*.rpm "$packages/$which.rpm"
done
rm -r dist
FTPHOST_MACHINE=$machine FTPHOST_PACKAGES=$packages FTPHOST_BIN=$PWD/bin/ftphost \
	go test -tags integration -count=1 -v -run 'TestDebianPackage|TestRPM|TestSystemd' ./integration/
