#!/bin/sh
# Makes what the service of a package needs and what is not there yet: the user,
# the folders, a configuration. What is there is left as it is.
set -e

getent group ftphost >/dev/null || groupadd --system ftphost
getent passwd ftphost >/dev/null ||
	useradd --system --gid ftphost --home-dir /srv/ftp --no-create-home --shell /usr/sbin/nologin --comment 'FTP server' ftphost

folder() { # folder PATH MODE
	[ -d "$1" ] || install -d -o ftphost -g ftphost -m "$2" "$1"
}
folder /etc/ftphost 0750
folder /var/log/ftphost 0750

home=/etc/ftphost
if [ ! -e "$home/applicationHost.config" ]; then
	folder /srv/ftp 0755
	thumbprint=$(ftphost cert new --dns "$(uname -n)" --days 3650 --home "$home") ||
		echo "ftphost: there is no certificate yet, so nobody can log in: see ftphost cert --help" >&2
	made=$(mktemp "$home/.made.XXXXXX")
	sed "s/serverCertHash=\"\"/serverCertHash=\"$thumbprint\"/" /usr/share/ftphost/applicationHost.config >"$made"
	chown ftphost:ftphost "$made"
	chmod 0640 "$made"
	mv "$made" "$home/applicationHost.config"
	echo "ftphost serves /srv/ftp on port 21, encrypted. Make accounts with: ftphost user add NAME"
fi
