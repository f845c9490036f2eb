package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/service"
)

// TestPackagedUnit: the unit of the packages is the one that service install
// would write for a home whose folders are not known: it may write wherever its
// user may. The oldest systemd that the packages meet has version 252.
func TestPackagedUnit(t *testing.T) {
	const file = "../../deploy/systemd/ftphost.service"
	u := service.Unit{
		Origin:     "Part of the package. To forbid more: ftphost service install. To change single settings: systemctl edit ftphost",
		Executable: "/usr/bin/ftphost", Arguments: []string{"serve", "--home", defaultHome}, User: serviceName,
		Required: []string{defaultHome}, LogsFolder: "ftphost", LowPorts: true, Grace: defaultGrace, Version: 252,
	}
	want, err := u.Text()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != want {
		t.Errorf("%v; %s has to be\n%s", err, file, want)
	}
}

// serviceHome is a home with a site on a port and in a folder.
func serviceHome(t *testing.T, port, folder string) string {
	t.Helper()
	dir := t.TempDir()
	config := `<configuration><system.applicationHost><sites><site name="a" id="1">
<application path="/"><virtualDirectory path="/" physicalPath="` + folder + `" /></application>
<bindings><binding protocol="ftp" bindingInformation="*:` + port + `:" /></bindings>
</site></sites></system.applicationHost></configuration>`
	if err := os.WriteFile(filepath.Join(dir, "applicationHost.config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestDryRun: the unit has what the configuration needs, and nothing happens.
func TestDryRun(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("units are for Linux")
	}
	for _, c := range []struct {
		name, port string
		more       func(dir string) []string
		want       []string
		not        string
	}{
		{
			"low port", "21", func(dir string) []string { return []string{"--home", dir} },
			[]string{"serve --home DIR\n", "User=ftphost\n", "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n", "ReadWritePaths=DIR\n", "ReadWritePaths=\"-/srv/a b\"\n"},
			"--config",
		},
		{
			"high port, other user", "2121", func(dir string) []string { return []string{"--home", dir, "--user", "jo"} },
			[]string{"User=jo\n", "CapabilityBoundingSet=\n"},
			"CAP_",
		},
		{
			"another file", "21", func(dir string) []string { return []string{"--config", dir + "/applicationHost.config"} },
			[]string{"serve --home DIR\n"},
			"--config",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := serviceHome(t, c.port, "/srv/a b")
			out, err := execute(t, append([]string{"service", "install", "--dry-run"}, c.more(dir)...)...)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if want = strings.ReplaceAll(want, "DIR", dir); !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if strings.Contains(out, c.not) {
				t.Errorf("%q in\n%s", c.not, out)
			}
		})
	}
}

func TestInstallOfABadConfiguration(t *testing.T) {
	dir := serviceHome(t, "21", `"/><oops`)
	out, err := execute(t, "service", "install", "--dry-run", "--home", dir)
	if err == nil || !strings.Contains(err.Error(), "no service is installed") || !strings.Contains(out, "applicationHost.config:2:") {
		t.Errorf("%v\n%s", err, out)
	}
}

// execute runs a command and returns what it prints.
func execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root := newRootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}
