# What an administrator of a Debian machine does with the packages old.deb and
# new.deb, and finds. There is no systemd that runs, as in a container.
set -eu
trap 'echo "line $LINENO: failed" >&2' ERR
home=/etc/ftphost
wants=/etc/systemd/system/multi-user.target.wants/ftphost.service

fail() {
	echo "$*" >&2
	exit 1
}
add() { dpkg --install --no-triggers "/shared/$1.deb" 2>&1; }
is() { # is WHAT GOT WANT
	[[ $2 == "$3" ]] || fail "$1: $2, want $3"
}
# greets starts what is installed as the unit does, and talks to it.
greets() {
	setpriv --reuid ftphost --regid ftphost --init-groups --inh-caps +net_bind_service --ambient-caps +net_bind_service \
		ftphost serve --home $home >/tmp/talk 2>&1 &
	for ((i = 0; i < 300; i++)); do
		(exec 3<>/dev/tcp/127.0.0.1/21) 2>/dev/null && break
		sleep 0.1
	done
	exec 3<>/dev/tcp/127.0.0.1/21 || { cat /tmp/talk >&2; fail "nobody is on port 21"; }
	printf 'AUTH TLS\r\n' >&3
	read -r -t 30 -u 3 greeting
	read -r -t 30 -u 3 auth
	exec 3>&-
	kill %%
	wait %% || fail "serve ended with $?: $(cat /tmp/talk)"
	[[ $greeting == 220* && $auth == 234* ]] || fail "it greets with $greeting and answers AUTH with $auth"
}

echo '== a machine whose administrator has a configuration already'
mkdir -m 750 $home
echo mine >$home/applicationHost.config
add old
is 'the configuration' "$(cat $home/applicationHost.config)" mine
[[ ! -e $home/certificates ]] || fail 'a certificate was made for somebody else'
dpkg --purge --no-triggers ftphost
[[ ! -e $home ]] || fail 'the purge left the configuration'

echo '== first'
add old
is 'the home' "$(stat -c '%U:%G %a' $home)" 'ftphost:ftphost 750'
is 'the configuration' "$(stat -c '%U:%G %a' $home/applicationHost.config)" 'ftphost:ftphost 640'
is 'the log' "$(stat -c '%U:%G %a' /var/log/ftphost)" 'ftphost:ftphost 750'
is 'the content' "$(stat -c '%U:%G %a' /srv/ftp)" 'ftphost:ftphost 755'
is 'the user' "$(getent passwd ftphost | cut -d: -f6-)" /srv/ftp:/usr/sbin/nologin
[[ -L $wants ]] || fail 'the service does not start with the machine'
ftphost check --home $home
for f in /usr/share/man/man8/ftphost.8.gz /usr/share/bash-completion/completions/ftphost /usr/lib/systemd/system/ftphost.service; do
	[[ ! -e /shared/whole || -s $f ]] || fail "there is no $f"
done
greets

echo '== used'
echo 'correct horse' | ftphost user add jo --password-stdin --home $home
sed -i 's/Default FTP Site/harbour/' $home/applicationHost.config
setpriv --reuid ftphost --regid ftphost --init-groups ftphost check --home $home
echo content >/srv/ftp/file
before=$(cat $home/*.config $home/certificates/*/* | sha256sum)

echo '== upgraded'
add new
is 'the version' "$(dpkg-query -W -f '${Version}' ftphost)" "$(dpkg-deb -f /shared/new.deb Version)"
is 'what the administrator made' "$(cat $home/*.config $home/certificates/*/* | sha256sum)" "$before"
[[ -L $wants ]] || fail 'after the upgrade the service does not start with the machine'
greets

echo '== switched off by the administrator, installed again'
rm $wants
add new
[[ ! -e $wants ]] || fail 'an upgrade switched on what the administrator had switched off'

echo '== removed'
dpkg --remove --no-triggers ftphost
is 'what the administrator made' "$(cat $home/*.config $home/certificates/*/* | sha256sum)" "$before"
[[ ! -e /usr/bin/ftphost ]] || fail 'the program is left'

echo '== installed again'
add new
is 'what the administrator made' "$(cat $home/*.config $home/certificates/*/* | sha256sum)" "$before"
greets

echo '== purged'
dpkg --purge --no-triggers ftphost
[[ ! -e $home && ! -e /var/log/ftphost ]] || fail 'the purge left configuration or logs'
is 'the content' "$(cat /srv/ftp/file)" content
left=$(find /etc /usr/lib /usr/share /var/lib/systemd /var/lib/dpkg/info -name '*ftphost*' -not -path '*/golang/*' 2>/dev/null)
is 'what is left' "$left" ''
echo '== done'
