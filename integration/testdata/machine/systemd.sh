# Boots systemd on a machine that has the package old.deb installed. What happens
# then is in proof.sh; what that prints, in /shared/talk.
set -eu
/lib/systemd/systemd --version | head -1
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /etc/systemd/system
rm -f /usr/sbin/policy-rc.d # which images of containers forbid packages with to start services
dpkg --install --no-triggers --force-depends /shared/old.deb
cat >/etc/systemd/system/proof.service <<END
[Unit]
After=basic.target
Wants=basic.target
[Service]
Type=oneshot
ExecStart=/bin/bash /shared/proof.sh
ExecStopPost=/bin/sh -c 'echo ended \$SERVICE_RESULT >>/shared/talk; systemctl --no-block exit 0'
StandardOutput=append:/shared/talk
StandardError=append:/shared/talk
TimeoutStartSec=170s
END
# Nothing of the machine that this one is a copy of is started.
for target in sysinit basic network-online; do
	printf '[Unit]\nDescription=%s\n' $target >/etc/systemd/system/$target.target
	rm -rf /etc/systemd/system/$target.target.wants
done

exec env container=test /lib/systemd/systemd --unit=proof.service --log-target=null --show-status=no
