# The RPMs old.rpm and new.rpm, with rpm on a Debian machine: that shows what the
# scripts do, not what another distribution makes of the dependencies.
set -eu
trap 'echo "line $LINENO: failed" >&2' ERR
home=/etc/ftphost
rpm --initdb
rpm --install --nodeps /shared/old.rpm
[[ $(stat -c '%U:%G %a' $home/applicationHost.config) == 'ftphost:ftphost 640' ]]
ftphost check --home $home
echo '<!-- mine -->' >>$home/applicationHost.config
before=$(cat $home/applicationHost.config $home/certificates/*/* | sha256sum)
rpm --upgrade --nodeps /shared/new.rpm
[[ $(rpm --query --qf '%{VERSION}' ftphost) == 1.0.0+3.gabc1234 ]]
[[ $(cat $home/applicationHost.config $home/certificates/*/* | sha256sum) == "$before" ]]
rpm --erase ftphost
[[ ! -e /usr/bin/ftphost && ! -e /usr/lib/systemd/system/ftphost.service ]]
[[ $(cat $home/applicationHost.config $home/certificates/*/* | sha256sum) == "$before" ]]
echo '== done'
