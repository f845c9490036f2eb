#!/bin/bash
# Makes sure the programs that the tests drive are there. As root on a Debian
# machine it installs what is missing; otherwise it says what to install.
set -eu

missing=() wanted=()
there() { if [[ $1 == /* ]]; then [[ -e $1 ]]; else command -v "$1" >/dev/null; fi; }
need() { there "$2" || missing+=("$1"); } # need PACKAGE PROGRAM-OR-FILE
want() { there "$2" || wanted+=("$1"); }  # as need, but without it tests are skipped, and say so
need curl curl
need lftp lftp
need tnftp tnftp
need python3 python3
need openssl openssl
need perl perl
need libio-socket-ssl-perl "$(perl -MIO::Socket::SSL -e 'print $INC{"IO/Socket/SSL.pm"}' 2>/dev/null || echo /none)"
need ruby ruby
need php-cli php
need libxml2-utils xmllint
need rsync rsync
need vim vim
need nano nano
need gcc gcc
need slapd /usr/sbin/slapd
if [[ $(uname -s) == Linux ]]; then
	need libc6-dev /usr/include/stdlib.h
	need libpam0g-dev /usr/include/security/pam_appl.h
	need iproute2 ss
	want systemd systemd-analyze
	want samba-ad-dc /usr/sbin/samba
	want samba-ad-provision /usr/share/samba/setup/provision.ldif
	want samba-dsdb-modules "$(compgen -G '/usr/lib/*/samba/ldb/dsdb_notification.so' || echo /none)"
	want samba-vfs-modules "$(compgen -G '/usr/lib/*/samba/vfs/xattr_tdb.so' || echo /none)"
	want ldb-tools ldbadd
fi

if [[ ${#missing[@]} -eq 0 && ${#wanted[@]} -eq 0 ]]; then
	echo "all there"
	exit 0
fi
if ! command -v apt-get >/dev/null || [[ $(id -u) -ne 0 ]]; then
	echo "The tests need these Debian packages: ${missing[*]} ${wanted[*]}" >&2
	echo "Install them (sudo apt-get install ${missing[*]} ${wanted[*]}) and run this again; as root, make test does it by itself." >&2
	exit $((${#missing[@]} > 0))
fi
# The tests start servers of their own; those that come with packages stay off.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; }
install "${missing[@]}" "${wanted[@]}" && exit 0
apt-get update -q
install "${missing[@]}" "${wanted[@]}" && exit 0
install "${missing[@]}"
echo "These packages cannot be installed, and their tests are skipped: ${wanted[*]}" >&2
