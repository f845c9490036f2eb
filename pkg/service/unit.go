package service

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Unit says what a systemd unit has to let the program do; everything else it
// forbids.
type Unit struct {
	// Origin says in a comment where the unit comes from.
	Origin string
	// Executable and Arguments are the command line.
	Executable string
	Arguments  []string
	// User runs the program.
	User string
	// Writable are the folders that the program writes to, as absolute paths.
	// Required ones must be there before it starts; a missing one among the
	// others does not keep it from starting. Without any, it may write wherever
	// its user may, except to the system (ProtectSystem=full), and to Required.
	Required, Writable []string
	// LogsFolder is the name of a folder in /var/log that systemd makes; "" for
	// none.
	LogsFolder string
	// LowPorts lets it listen below port 1024.
	LowPorts bool
	// SwitchesUsers lets it take the place of other users.
	SwitchesUsers bool
	// Grace is how long it may take to stop.
	Grace time.Duration
	// Version is that of the systemd which is to read the unit; 0 for one that
	// knows all that is used here. Any version above 235 can read the unit.
	Version int
}

const (
	// notifyReload is the first systemd with Type=notify-reload.
	notifyReload = 253
	// sockets is how many sockets may be left for the next process.
	sockets = 512
	// files is how many descriptors the program may have: systemd's own limit
	// for services that ask.
	files = 524288
	// spare is what stopping may take beyond the time of grace.
	spare = 30 * time.Second
)

// confined tells the program that its unit closes folders to it.
const confined = "FTPHOST_CONFINED"

// Confined reports whether a unit with Writable folders started this program:
// all others are closed to it.
func Confined() bool { return os.Getenv(confined) != "" }

// Text is the unit file. It refuses what cannot be written in one.
func (u *Unit) Text() (string, error) {
	for _, s := range slices.Concat([]string{u.Executable, u.User}, u.Arguments, u.Required, u.Writable) {
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", fmt.Errorf("%q has a control character, which cannot be in a systemd unit; choose another name", s)
		}
	}
	for _, folder := range slices.Concat(u.Required, u.Writable, []string{u.Executable}) {
		if !strings.HasPrefix(folder, "/") {
			return "", fmt.Errorf("%q is not an absolute path, as systemd needs it", folder)
		}
	}
	lines := []string{
		"# " + u.Origin,
		"[Unit]",
		"Description=FTP sites of an IIS applicationHost.config",
		"Documentation=man:ftphost(8) man:ftphost-service(8)",
		"Wants=network-online.target",
		"After=network-online.target nss-lookup.target",
		"# It tries again for ever, with a pause (RestartSec).",
		"StartLimitIntervalSec=0",
		"",
		"[Service]",
	}
	lines = append(lines, u.process()...)
	lines = append(lines, u.rights()...)
	lines = append(lines, u.filesystem()...)
	lines = append(lines, "", "[Install]", "WantedBy=multi-user.target", "")
	return strings.Join(lines, "\n"), nil
}

// process is how the program is started, watched, reloaded and stopped.
func (u *Unit) process() []string {
	command := []string{quoted(u.Executable, pathEscapes())}
	for _, a := range u.Arguments {
		command = append(command, quoted(a, argumentEscapes()))
	}
	lines := []string{"Type=notify-reload"}
	if u.Version != 0 && u.Version < notifyReload {
		lines = []string{"Type=notify", `ExecReload=/bin/sh -c "kill -HUP $$MAINPID"`}
	}
	return append(
		lines,
		"NotifyAccess=main",
		"ExecStart="+strings.Join(command, " "),
		"Restart=on-failure",
		"RestartSec=5s",
		"WatchdogSec=60s",
		fmt.Sprintf("TimeoutStopSec=%ds", int((u.Grace+spare).Seconds())),
		"# Listening sockets outlive a restart: who connects meanwhile waits.",
		fmt.Sprintf("FileDescriptorStoreMax=%d", sockets),
		fmt.Sprintf("LimitNOFILE=%d", files),
	)
}

// rights are whom the program is and what it may ask the kernel for.
func (u *Unit) rights() []string {
	var capabilities []string
	if u.LowPorts {
		capabilities = append(capabilities, "CAP_NET_BIND_SERVICE")
	}
	if u.SwitchesUsers {
		capabilities = append(capabilities, "CAP_SETUID", "CAP_SETGID")
	}
	held := strings.Join(capabilities, " ")
	return []string{
		"",
		"User=" + quoted(u.User, pathEscapes()),
		"CapabilityBoundingSet=" + held,
		"AmbientCapabilities=" + held,
		"NoNewPrivileges=yes",
		"# AF_NETLINK tells the addresses of this machine.",
		"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
		"RestrictNamespaces=yes",
		"RestrictRealtime=yes",
		"RestrictSUIDSGID=yes",
		"LockPersonality=yes",
		"MemoryDenyWriteExecute=yes",
		"RemoveIPC=yes",
		"SystemCallArchitectures=native",
		"SystemCallFilter=@system-service",
		"SystemCallErrorNumber=EPERM",
	}
}

// filesystem is what the program sees of the machine's files.
func (u *Unit) filesystem() []string {
	lines := []string{
		"",
		"RuntimeDirectory=ftphost",
		"RuntimeDirectoryMode=0750",
		"RuntimeDirectoryPreserve=restart",
		"PrivateTmp=yes",
		"PrivateDevices=yes",
		"ProtectClock=yes",
		"ProtectControlGroups=yes",
		"ProtectHostname=yes",
		"ProtectKernelLogs=yes",
		"ProtectKernelModules=yes",
		"ProtectKernelTunables=yes",
		"ProtectProc=invisible",
	}
	if u.LogsFolder != "" {
		lines = append(lines, "LogsDirectory="+u.LogsFolder, "LogsDirectoryMode=0750")
	}
	system, writable := "strict", outermost(u.Writable)
	if len(writable) == 0 {
		system = "full"
	}
	lines = append(lines, "ProtectSystem="+system)
	if system == "strict" {
		lines = append(lines, "Environment="+confined+"=yes")
	}
	for _, folder := range outermost(u.Required) {
		lines = append(lines, "ReadWritePaths="+quoted(folder, pathEscapes()))
	}
	if system == "strict" {
		lines = append(lines, homes(slices.Concat(u.Required, u.Writable))...)
	}
	for _, folder := range writable {
		if !slices.ContainsFunc(u.Required, func(r string) bool { return below(folder, r) }) {
			lines = append(lines, "ReadWritePaths="+quoted("-"+folder, pathEscapes()))
		}
	}
	return lines
}

// homes hide the folders of the machine's users, but those that are served.
func homes(folders []string) []string {
	var served []string
	for _, folder := range outermost(folders) {
		for _, home := range []string{"/home", "/root", "/run/user"} {
			switch {
			case below(home, folder): // all of them are served
				return nil
			case below(folder, home):
				served = append(served, "BindPaths="+quoted("-"+folder, pathEscapes()))
			}
		}
	}
	if len(served) == 0 {
		return []string{"ProtectHome=yes"}
	}
	return append([]string{"ProtectHome=tmpfs"}, served...)
}

// outermost are the folders that are not below another one, sorted.
func outermost(folders []string) []string {
	var list []string
	for _, folder := range folders {
		list = append(list, filepath.ToSlash(filepath.Clean(folder)))
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(slices.Clone(list), func(folder string) bool {
		return slices.ContainsFunc(list, func(other string) bool { return other != folder && below(folder, other) })
	})
}

// below reports whether folder is top or something in it.
func below(folder, top string) bool {
	return folder == top || strings.HasPrefix(folder, strings.TrimSuffix(top, "/")+"/")
}

// pathEscapes keep what systemd would change in a path; argumentEscapes what it
// would in the argument of a command, where $ begins a variable.
func pathEscapes() *strings.Replacer {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`)
}

func argumentEscapes() *strings.Replacer {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`, `$`, `$$`)
}

// plainCharacters need no quotes in a unit file.
const plainCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-=@"

// quoted is a word as systemd reads it back (systemd.syntax(7)).
func quoted(word string, escapes *strings.Replacer) string {
	strange := func(r rune) bool { return !strings.ContainsRune(plainCharacters, r) }
	if word != "" && !strings.ContainsFunc(word, strange) {
		return word
	}
	return `"` + escapes.Replace(word) + `"`
}
