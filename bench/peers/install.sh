#!/bin/bash
# Unpacks the FTP servers of Debian below a folder: install.sh DIR. They
# exclude one another as packages, so none is installed; the libraries they
# need are, as root.
set -eu
dir=$1
packages=(vsftpd proftpd-core proftpd-mod-crypto pure-ftpd pure-ftpd-common python3-pyftpdlib)
have() { for p in "${packages[@]}"; do [[ -s $dir/versions/$p ]] || return 1; done; }
have && exit 0

command -v apt-get >/dev/null || { echo "The peers come as Debian packages, and this machine has no apt-get; use -peers ftphost,ftpserverlib." >&2; exit 1; }
mkdir -p "$dir/versions" "$dir/deb"
fetch() { (cd "$dir/deb" && apt-get download -q "${packages[@]}"); }
fetch || { [[ $(id -u) -eq 0 ]] && apt-get update -q && fetch; }

libraries=(python3-openssl) # pyftpdlib only suggests it
for p in "${packages[@]}"; do
	deb=$(ls "$dir/deb/$p"_*.deb)
	dpkg-deb -x "$deb" "$dir"
	mapfile -t -O "${#libraries[@]}" libraries < <(dpkg-deb -f "$deb" Depends | tr ',' '\n' | grep -oE '^ *lib[a-z0-9.+-]+' | tr -d ' ')
done
missing=()
for l in "${libraries[@]}"; do dpkg -s "$l" >/dev/null 2>&1 || missing+=("$l"); done
if [[ ${#missing[@]} -gt 0 ]]; then
	[[ $(id -u) -eq 0 ]] || { echo "The peers need these Debian packages: ${missing[*]}" >&2; exit 1; }
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi
for p in "${packages[@]}"; do dpkg-deb -f "$dir/deb/$p"_*.deb Version >"$dir/versions/$p"; done
