# What an administrator does with the service, and what systemd makes of it.
set -eu
trap 'echo "line $LINENO: failed"; systemctl status --no-pager --full ftphost || true' ERR
home=/etc/ftphost

fail() {
	echo "$*"
	systemctl status --no-pager --full ftphost || true
	exit 1
}
is() { # is WHAT GOT WANT
	[[ $2 == "$3" ]] || fail "$1: $2, want $3"
}
property() { systemctl show --property "$1" --value ftphost; }
# greeting PORT is the first line that a client gets.
greeting() {
	local line
	exec 4<>"/dev/tcp/127.0.0.1/$1" || return 1
	read -r -t 60 -u 4 line || line="nothing"
	exec 4>&-
	printf '%s' "${line%$'\r'}"
}
greets() { is "port $1" "$(greeting "$1")" '220 Microsoft FTP Service'; }
listens() { (exec 5<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# inside runs a command with what the service sees of the files.
inside() { nsenter --target "$(property MainPID)" --mount -- "$@"; }
# crossing restarts while clients come one after the other: everyone is greeted.
crossing() {
	local before after
	before=$(property MainPID)
	(
		n=0
		until [[ -e /tmp/restarted ]]; do
			is "client $n" "$(greeting 21)" '220 Microsoft FTP Service'
			n=$((n + 1))
		done
		echo "clients during the restart: $n"
	) &
	local clients=$!
	"$@"
	sleep 0.2
	touch /tmp/restarted
	wait $clients || fail "a client was dropped during: $*"
	rm /tmp/restarted
	after=$(property MainPID)
	[[ $before != "$after" && $after != 0 ]] || fail "$* left process $before, now $after"
}

echo '== the unit of the package'
systemctl start ftphost
is 'state' "$(systemctl is-active ftphost)" active
[[ $(property StatusText) == *"sites: 1" ]] || fail "its status is $(property StatusText)"
greets 21
is 'capabilities, privileges, system calls' "$(grep -E '^(CapEff|NoNewPrivs|Seccomp):' "/proc/$(property MainPID)/status" | tr -s '\t\n' '  ')" \
	'CapEff: 0000000000000400 NoNewPrivs: 1 Seccomp: 2 '
is 'its user' "$(stat -c %U "/proc/$(property MainPID)")" ftphost
is 'sockets in store' "$(property NFileDescriptorStore)" 1
inside touch $home/x /srv/ftp/x /var/log/ftphost/x
! inside touch /usr/x 2>/dev/null || fail 'it may write to /usr'

echo '== restart'
crossing systemctl restart ftphost

echo '== upgrade'
crossing dpkg --install --no-triggers --force-depends /shared/new.deb

echo '== reload'
pid=$(property MainPID)
sed -i 's|<binding protocol="ftp" bindingInformation="\*:21:" />|&<binding protocol="ftp" bindingInformation="*:2121:" />|' $home/applicationHost.config
systemctl reload ftphost
for ((i = 0; i < 300; i++)); do listens 2121 && break || sleep 0.1; done
greets 2121
is 'sockets in store' "$(property NFileDescriptorStore)" 2
sed -i 's|<binding protocol="ftp" bindingInformation="\*:2121:" />||' $home/applicationHost.config
systemctl reload ftphost
for ((i = 0; i < 300; i++)); do listens 2121 || break; sleep 0.1; done
! listens 2121 || fail 'port 2121 is open, though nobody serves it'
is 'the process' "$(property MainPID)" "$pid"
is 'sockets in store' "$(property NFileDescriptorStore)" 1

echo '== one that hangs'
mkdir -p /run/systemd/system/ftphost.service.d
printf '[Service]\nWatchdogSec=2s\nRestartSec=100ms\nTimeoutAbortSec=2s\n' >/run/systemd/system/ftphost.service.d/soon.conf
systemctl daemon-reload
systemctl restart ftphost
pid=$(property MainPID)
kill -STOP "$pid"
for ((i = 0; i < 600; i++)); do [[ $(property NRestarts) != 0 && $(systemctl is-active ftphost) == active ]] && break || sleep 0.1; done
greets 21
[[ $(property MainPID) != "$pid" ]] || fail 'a process that hangs was not replaced'
rm -r /run/systemd/system/ftphost.service.d

echo '== another address while nobody runs'
sed -i 's|"\*:21:"|"127.0.0.1:21:"|' $home/applicationHost.config
systemctl daemon-reload
systemctl restart ftphost
greets 21
is 'sockets in store' "$(property NFileDescriptorStore)" 1

echo '== a unit of its own'
odd='/srv/my "50%h" \x20 $HOME folder'
mkdir -p "$odd" /home/jo/ftp
chown ftphost: "$odd" /home/jo/ftp
sed -i "s|<virtualDirectory path=\"/\" physicalPath=\"/srv/ftp\" />|&<virtualDirectory path=\"/odd\" physicalPath=\"/srv/my \&quot;50%h\&quot; \\\\x20 \$HOME folder\" /><virtualDirectory path=\"/jo\" physicalPath=\"/home/jo/ftp\" />|" $home/applicationHost.config
ftphost check --home $home
ftphost service install --home $home
systemctl cat ftphost | grep -E '^(Type|ReadWritePaths|BindPaths|Protect(Home|System))='
systemctl restart ftphost
greets 21
is 'state' "$(ftphost service status)" running
systemctl reload ftphost
[[ -S /run/ftphost/ftphost.sock ]] || fail 'there is no admin socket'
ftphost status --home $home >/tmp/status || fail "unhealthy: $(cat /tmp/status)"
inside touch $home/x /srv/ftp/x "$odd/x" /home/jo/ftp/x /var/log/ftphost/x
for where in /usr /srv /var/lib /etc; do
	! inside touch $where/x 2>/dev/null || fail "it may write to $where"
done
[[ -e $odd/x && -e /home/jo/ftp/x ]] || fail 'what it wrote is somewhere else'

echo '== folders that the unit does not know'
mkdir -p /srv/late /home/late
chown ftphost: /srv/late /home/late
sed -i 's|<virtualDirectory path="/" physicalPath="/srv/ftp" />|&<virtualDirectory path="/late" physicalPath="/srv/late" /><virtualDirectory path="/hidden" physicalPath="/home/late" />|' $home/applicationHost.config
systemctl reload ftphost
warnings() { journalctl --unit ftphost --output cat --no-pager | grep -c 'the service was installed before this folder was served' || true; }
for why in 'nothing can be written into /srv/late: the service was installed' 'there is no folder /home/late; .*; if it is there, the service was installed'; do
	for ((i = 0; i < 300; i++)); do journalctl --unit ftphost --output cat --no-pager | grep -q "$why" && break || sleep 0.1; done
	[[ $i -lt 300 ]] || fail "the log does not say: $why"
done
before=$(warnings)
ftphost service install --home $home
systemctl restart ftphost
inside touch /srv/late/x /home/late/x
is 'warnings after another installation' "$(warnings)" "$before"
ftphost service stop
is 'state' "$(ftphost service status || true)" stopped
! listens 21 || fail 'port 21 is open after the stop'
ftphost service start
greets 21
ftphost service uninstall
is "the unit" "$(property FragmentPath | sed "s|^/usr||")" /lib/systemd/system/ftphost.service

echo '== a socket unit'
printf '[Socket]\nListenStream=127.0.0.1:21\nListenStream=127.0.0.1:2222\n[Install]\nWantedBy=sockets.target\n' >/etc/systemd/system/ftphost.socket
printf '[Service]\nAmbientCapabilities=\n' >/tmp/none.conf
mkdir -p /etc/systemd/system/ftphost.service.d
cp /tmp/none.conf /etc/systemd/system/ftphost.service.d/
systemctl daemon-reload
systemctl start ftphost.socket
is 'state' "$(systemctl is-active ftphost || true)" inactive
greets 21
is 'state' "$(systemctl is-active ftphost)" active
crossing systemctl restart ftphost
echo '== done'
