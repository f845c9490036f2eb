//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	_ "embed"
)

// debs is where peers/install.sh unpacks the Debian packages: they exclude
// one another, so they cannot be installed side by side.
type debs string

func (d debs) path(parts ...string) string {
	return filepath.Join(append([]string{string(d)}, parts...)...)
}

// fewFiles is a command with the usual limit of 1,024 open files: servers
// with a process per session close every possible descriptor in each, and
// would pay for the higher limit that those with one process need.
func fewFiles(name string, args ...string) *exec.Cmd {
	return exec.Command("prlimit", append([]string{"--nofile=1024:1024", name}, args...)...)
}

var errNeedsRoot = errors.New("needs root: it changes users for each session")

// vsftpd runs with the account in a passwd file of its own, seen by it alone
// through a mount namespace. Its isolation features (seccomp, namespaces per
// session) are off, in its favour.
func (d debs) vsftpd() kind {
	return kind{"vsftpd", true, d.debVersion("vsftpd"), func(p place) (*exec.Cmd, error) {
		if os.Geteuid() != 0 {
			return nil, errNeedsRoot
		}
		empty := filepath.Join(p.dir, "empty")
		if err := os.Mkdir(empty, 0o755); err != nil {
			return nil, err
		}
		text := fmt.Sprintf(vsftpdConfig, p.port, p.content, empty, p.dir) + p.ifTLS(vsftpdTLS, p.pem)
		config, err := p.write("vsftpd.conf", text, 0o600)
		if err != nil {
			return nil, err
		}
		if err := os.Chown(config, 0, 0); err != nil { // it insists
			return nil, err
		}
		script, err := p.privateAccount()
		if err != nil {
			return nil, err
		}
		return fewFiles("unshare", "--mount", "--propagation", "private",
			"sh", "-ec", script, "sh", d.path("usr/sbin/vsftpd"), config), nil
	}}
}

const vsftpdConfig = `listen=YES
listen_address=127.0.0.1
listen_port=%d
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
local_umask=022
local_root=%s
chroot_local_user=YES
allow_writeable_chroot=YES
check_shell=NO
pam_service_name=ftpbench
secure_chroot_dir=%s
session_support=NO
setproctitle_enable=NO
tcp_wrappers=NO
isolate=NO
isolate_network=NO
seccomp_sandbox=NO
max_clients=0
max_per_ip=0
idle_session_timeout=600
xferlog_enable=YES
xferlog_std_format=YES
xferlog_file=%s/xfer.log
use_sendfile=YES
`

const vsftpdTLS = `ssl_enable=YES
rsa_cert_file=%s
require_ssl_reuse=NO
force_local_logins_ssl=NO
force_local_data_ssl=NO
ssl_ciphers=HIGH
`

// privateAccount writes account files and the script that puts them over
// those in /etc before it starts its arguments.
func (p place) privateAccount() (script string, err error) {
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", user, p.uid, p.uid, p.content)
	files := []struct {
		name, text string
		mode       os.FileMode
	}{
		{"passwd", string(passwd) + line, 0o644},
		{"shadow", user + ":" + cheapHash + ":19000:0:99999:7:::\n", 0o600},
		{"pam.d/ftpbench", "auth required pam_unix.so\naccount required pam_unix.so\n", 0o644},
	}
	if err := os.Mkdir(filepath.Join(p.dir, "pam.d"), 0o755); err != nil {
		return "", err
	}
	for _, f := range files {
		path, err := p.write(f.name, f.text, f.mode)
		if err == nil {
			err = os.Chown(path, 0, 0)
		}
		if err != nil {
			return "", err
		}
	}
	for _, name := range []string{"passwd", "shadow", "pam.d"} {
		script += fmt.Sprintf("mount --bind %s/%s /etc/%s; ", p.dir, name, name)
	}
	return script + `exec "$@"`, nil
}

func (d debs) proftpd() kind {
	return kind{"proftpd", true, d.debVersion("proftpd-core"), func(p place) (*exec.Cmd, error) {
		if os.Geteuid() != 0 {
			return nil, errNeedsRoot
		}
		account := fmt.Sprintf("%s:%s:%d:%d::%s:/bin/sh\n", user, cheapHash, p.uid, p.uid, p.content)
		accounts, err := p.write("ftpd.passwd", account, 0o600)
		if err != nil {
			return nil, err
		}
		if err := os.Chown(accounts, 0, 0); err != nil {
			return nil, err
		}
		text := fmt.Sprintf(proftpdConfig, p.port, accounts, p.dir) + p.ifTLS(proftpdTLS, d.path("usr/lib/proftpd"), p.pem)
		config, err := p.write("proftpd.conf", text, 0o644)
		return fewFiles(d.path("usr/sbin/proftpd"), "-n", "-c", config), err
	}}
}

const proftpdConfig = `ServerType standalone
ServerName bench
DefaultServer on
DefaultAddress 127.0.0.1
SocketBindTight on
Port %d
UseIPv6 off
User nobody
Group nogroup
AuthOrder mod_auth_file.c
AuthUserFile %s
RequireValidShell off
DefaultRoot ~
Umask 022
AllowOverwrite on
MaxInstances none
UseReverseDNS off
WtmpLog off
UseLastlog off
DelayEngine off
UseSendfile on
TimeoutIdle 600
PidFile %[3]s/pid
ScoreboardFile %[3]s/scoreboard
SystemLog %[3]s/system.log
TransferLog %[3]s/transfer.log
`

const proftpdTLS = `ModulePath %s
LoadModule mod_tls.c
TLSEngine on
TLSProtocol TLSv1.3
TLSECCertificateFile %[2]s
TLSECCertificateKeyFile %[2]s
TLSOptions NoSessionReuseRequired
TLSRequired off
`

func (d debs) pureftpd() kind {
	return kind{"pure-ftpd", true, d.debVersion("pure-ftpd"), func(p place) (*exec.Cmd, error) {
		if os.Geteuid() != 0 {
			return nil, errNeedsRoot
		}
		account := fmt.Sprintf("%s:%s:%d:%d::%s/./::::::::::::\n", user, cheapHash, p.uid, p.uid, p.content)
		accounts, err := p.write("accounts", account, 0o600)
		if err != nil {
			return nil, err
		}
		index := filepath.Join(p.dir, "accounts.pdb")
		if out, err := exec.Command(d.path("usr/bin/pure-pw"), "mkdb", index, "-f", accounts).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("pure-pw: %w\n%s", err, out)
		}
		return fewFiles(d.path("usr/sbin/pure-ftpd"), append(strings.Fields(p.ifTLS("-Y 1 -2 %s", p.pem)),
			"-S", "127.0.0.1,"+strconv.Itoa(p.port), // where to listen
			"-l", "puredb:"+index, "-u", "1", "-A", "-E", // accounts, in a chroot, nobody else
			"-c", "20000", "-I", "10", "-H", // sessions, minutes idle, no name look-ups
			"-L", "1000000:5", "-f", "none", // long listings, no syslog
			"-O", "clf:"+filepath.Join(p.dir, "transfer.log"),
			"-g", filepath.Join(p.dir, "pid"))...), nil
	}}
}

//go:embed peers/pyftpdlib.py
var pyftpdlibScript string

func (d debs) pyftpdlib() kind {
	return kind{"pyftpdlib", false, d.debVersion("python3-pyftpdlib"), func(p place) (*exec.Cmd, error) {
		script, err := p.write("server.py", pyftpdlibScript, 0o644)
		if err != nil {
			return nil, err
		}
		cmd := exec.Command("/usr/bin/python3", script, strconv.Itoa(p.port), p.content, user, password, filepath.Join(p.dir, "transfer.log"), p.pem)
		cmd.Env = append(os.Environ(), "PYTHONPATH="+d.path("usr/lib/python3/dist-packages"))
		return p.asOwner(cmd), nil
	}}
}

// ftpserverlib is our small server around the Go library of that name.
func ftpserverlib(binary string) kind {
	return kind{"ftpserverlib", false, func() string { return moduleVersion(binary, "github.com/fclairamb/ftpserverlib") }, func(p place) (*exec.Cmd, error) {
		return p.asOwner(exec.Command(binary, "127.0.0.1:"+strconv.Itoa(p.port), p.content, user, password, filepath.Join(p.dir, "transfer.log"), p.pem)), nil
	}}
}

// moduleVersion asks a Go binary which version of a module is inside.
func moduleVersion(binary, module string) string {
	out, _ := exec.Command("go", "version", "-m", binary).Output()
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 2 && f[1] == module {
			return f[2]
		}
	}
	return ""
}

// debVersion reads the version of an unpacked package.
func (d debs) debVersion(name string) func() string {
	return func() string {
		data, _ := os.ReadFile(d.path("versions", name))
		return strings.TrimSpace(string(data))
	}
}
