package service_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/service"
)

func unit() service.Unit {
	return service.Unit{
		Origin: "test", Executable: "/usr/bin/ftphost", Arguments: []string{"serve", "--home", "/etc/ftphost"}, User: "ftphost",
		Required: []string{"/etc/ftphost"}, Writable: []string{"/srv/ftp"}, Grace: time.Minute,
	}
}

func TestUnit(t *testing.T) {
	for _, c := range []struct {
		name      string
		change    func(*service.Unit)
		want, not []string
	}{
		{"plain", func(*service.Unit) {}, []string{
			"Type=notify-reload", "NotifyAccess=main", "ExecStart=/usr/bin/ftphost serve --home /etc/ftphost", "User=ftphost", "CapabilityBoundingSet=",
			"AmbientCapabilities=", "ProtectSystem=strict", "Environment=FTPHOST_CONFINED=yes", "ReadWritePaths=/etc/ftphost", "ReadWritePaths=-/srv/ftp", "ProtectHome=yes", "TimeoutStopSec=90s",
		}, []string{"CAP_", "ExecReload"}},
		{"older systemd", func(u *service.Unit) { u.Version = 252 }, []string{"Type=notify", `ExecReload=/bin/sh -c "kill -HUP $$MAINPID"`}, []string{"notify-reload"}},
		{"newer systemd", func(u *service.Unit) { u.Version = 253 }, []string{"Type=notify-reload"}, []string{"ExecReload"}},
		{"low ports", func(u *service.Unit) { u.LowPorts = true }, []string{"CapabilityBoundingSet=CAP_NET_BIND_SERVICE", "AmbientCapabilities=CAP_NET_BIND_SERVICE"}, nil},
		{"other users", func(u *service.Unit) { u.SwitchesUsers = true }, []string{"CapabilityBoundingSet=CAP_SETUID CAP_SETGID"}, nil},
		{"both", func(u *service.Unit) { u.LowPorts, u.SwitchesUsers = true, true }, []string{"AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID"}, nil},
		{
			"anywhere", func(u *service.Unit) { u.Writable, u.LogsFolder = nil, "ftphost" },
			[]string{"ProtectSystem=full", "ReadWritePaths=/etc/ftphost", "LogsDirectory=ftphost"},
			[]string{"ProtectHome"},
		},
		{
			"folders in folders", func(u *service.Unit) {
				u.Writable = []string{"/srv/ftp/a", "/srv/ftp/", "/srv/ftp", "/srv/ftpx", "/etc/ftphost/drives/c"}
			},
			[]string{"ReadWritePaths=-/srv/ftp", "ReadWritePaths=-/srv/ftpx"},
			[]string{"/srv/ftp/a", "drives"},
		},
		{
			"odd names", func(u *service.Unit) { u.Writable = []string{`/srv/my "50%" \folder's$x`, "/srv/ü:b"} },
			[]string{`ReadWritePaths="-/srv/my \"50%%\" \\folder's$x"`, `ReadWritePaths="-/srv/ü:b"`},
			nil,
		},
		{
			"odd arguments", func(u *service.Unit) {
				u.Executable, u.Arguments = "/opt/ftp host/ftphost", []string{"serve", "--home", "/a $HOME%h", "", ";"}
			},
			[]string{`ExecStart="/opt/ftp host/ftphost" serve --home "/a $$HOME%%h" "" ";"`},
			nil,
		},
		{
			"homes of users", func(u *service.Unit) { u.Writable = []string{"/home/jo/ftp", "/root/x y"} },
			[]string{"ProtectHome=tmpfs", "BindPaths=-/home/jo/ftp", `BindPaths="-/root/x y"`},
			nil,
		},
		{"all homes of users", func(u *service.Unit) { u.Writable = []string{"/home"} }, []string{"ReadWritePaths=-/home"}, []string{"ProtectHome", "BindPaths"}},
		{"everything", func(u *service.Unit) { u.Writable = []string{"/"} }, []string{"ReadWritePaths=-/"}, []string{"ProtectHome"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := unit()
			c.change(&u)
			text, err := u.Text()
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range c.want {
				if !strings.Contains(text, "\n"+line+"\n") {
					t.Errorf("no line %s in\n%s", line, text)
				}
			}
			for _, part := range c.not {
				if strings.Contains(text, part) {
					t.Errorf("%s in\n%s", part, text)
				}
			}
		})
	}
}

func TestUnitRefuses(t *testing.T) {
	for want, change := range map[string]func(*service.Unit){
		`"/srv/a\nUser=root" has a control character`: func(u *service.Unit) { u.Writable = []string{"/srv/a\nUser=root"} },
		`"x\ty" has a control character`:              func(u *service.Unit) { u.Arguments = []string{"x\ty"} },
		`"demo" is not an absolute path`:              func(u *service.Unit) { u.Required = []string{"demo"} },
		`"ftphost" is not an absolute path`:           func(u *service.Unit) { u.Executable = "ftphost" },
	} {
		u := unit()
		change(&u)
		if text, err := u.Text(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s; %s", err, want, text)
		}
	}
}

// TestUnitIsUnderstood lets systemd itself read units, with folders that would
// be misread if they were not quoted.
func TestUnitIsUnderstood(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("systemd is on Linux only")
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Fatal("systemd-analyze is missing: run tools/packages.sh")
	}
	u := unit()
	u.Version = service.SystemdVersion()
	u.Executable, u.LowPorts, u.SwitchesUsers = "/bin/true", true, true
	u.Writable = []string{`/srv/my "50%h" \folder's $HOME`, "/srv/ü:b", "/home/jo: x", "/srv/-+x"}
	u.Arguments = []string{"serve", "--home", `/a "b" %h ${HOME} \x41`}
	text, err := u.Text()
	if err != nil {
		t.Fatal(err)
	}
	// The pages of the manual are not installed here.
	text = strings.Replace(text, "Documentation=", "#", 1)
	file := filepath.Join(t.TempDir(), "ftphost.service")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("systemd-analyze", "verify", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s\n%s", err, out, text)
	}
	// 20 is an exposure of 2.0 of 10.
	if out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=30", "--no-pager", file).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}
