//go:build integration

package integration_test

import (
	"fmt"
	"net"
	"net/textproto"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// runAppcmd runs appcmd on a home and returns what it printed for scripts; any
// other status than the one that is wanted fails.
func runAppcmd(t *testing.T, home string, status int, args ...string) string {
	t.Helper()
	out, talk, code := program(t, "", appcmd, append([]string{"--home", home}, args...)...)
	if code != status {
		t.Errorf("appcmd %q: exit status %d, want %d\n%s%s", args, code, status, out, talk)
	}
	return out
}

// TestAppcmdWhileServing: what appcmd writes is served at once, and its runtime
// verbs talk to the server.
func TestAppcmdWhileServing(t *testing.T) {
	home := newHome(t, "scenario")
	if out := runAppcmd(t, home, 0, "list", "sites", "/text:state"); strings.Contains(out, "Started") {
		t.Errorf("without a server: %q", out)
	}
	s := serve(t, home)
	want(t, "list", runAppcmd(t, home, 0, "list", "sites"), `SITE "ftpsite01.com" (id:1,bindings:ftp/*:`, "state:Started)")

	const sites = "-section:system.applicationHost/sites"
	runAppcmd(t, home, 0, "set", "config", sites, "/[name='ftpsite01.com'].ftpServer.messages.bannerMessage:By appcmd", "/commit:apphost")
	began := time.Now()
	for greeting := ""; !strings.Contains(greeting, "By appcmd"); {
		if time.Since(began) > time.Minute {
			t.Fatalf("the banner is not served; the last was %q", greeting)
		}
		greeting = greetingOf(t, s)
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("served within %v", time.Since(began).Round(10*time.Millisecond))

	if out := runAppcmd(t, home, 0, "stop", "site", "ftpsite01.com"); out != "\"ftpsite01.com\" successfully stopped\n" {
		t.Errorf("stop: %q", out)
	}
	want(t, "stopped", runAppcmd(t, home, 0, "list", "site", "ftpsite01.com"), "state:Stopped)")
	want(t, "persisted", runAppcmd(t, home, 0, "list", "site", "ftpsite01.com", "/text:ftpServer.serverAutoStart"), "false")
	// ftphost appcmd is the same program.
	if out := ftphost(t, "", "appcmd", "start", "site", "ftpsite01.com", "--home", home); out != "\"ftpsite01.com\" successfully started.\n" {
		t.Errorf("start: %q", out)
	}
	if _, _, code := command(t, "", "appcmd", "delete", "site", "none", "--home", home); code != 1168%256 {
		t.Errorf("status %d", code)
	}
	runAppcmd(t, home, 1, "list", "site", "none")
}

// greetingOf is all lines that the server greets with.
func greetingOf(t *testing.T, s *server) string {
	t.Helper()
	c, err := textproto.Dial("tcp", net.JoinHostPort("127.0.0.1", s.control()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, text, err := c.ReadResponse(220)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestAppcmdAtOnce: several processes change one file, and so does the server.
func TestAppcmdAtOnce(t *testing.T) {
	home := newHome(t, "scenario")
	serve(t, home)
	const processes, changes = 4, 5
	var all sync.WaitGroup
	for p := range processes {
		all.Go(func() {
			for c := range changes {
				name := fmt.Sprintf("/p%d-%d", p, c)
				runAppcmd(t, home, 0, "add", "vdir", "/app.name:ftpsite01.com/", "/path:"+name, "/physicalPath:"+filepath.Join(home, "drives"))
			}
		})
	}
	for _, verb := range []string{"stop", "start"} {
		runAppcmd(t, home, 0, verb, "site", "ftpsite01.com")
	}
	all.Wait()
	out := runAppcmd(t, home, 0, "list", "vdirs", "/app.name:ftpsite01.com/", "/text:path")
	for p := range processes {
		for c := range changes {
			want(t, "virtual directories", out, fmt.Sprintf("/p%d-%d\n", p, c))
		}
	}
	ftphost(t, "", "check", "--home", home)
}
