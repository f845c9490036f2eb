//go:build integration

package integration_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// replayed is what the tests read of migrate replay --json.
type replayed struct {
	Compared, Differ       int
	RefusedNow, AllowedNow []struct {
		Count                             int
		Site, Step, Text, Origin, Example string
		Then                              string
	}
	NotCompared []struct {
		Why   string
		Lines int
	}
	Notes []string
}

// replay replays the logs of a home through its configuration.
func replay(t *testing.T, home string) (r replayed) {
	t.Helper()
	out, talk, code := command(t, "", "migrate", "replay", "--home", home, "--log", filepath.Join(home, "logs"), "--json")
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("exit status %d, %v\n%s%s", code, err, out, talk)
	}
	if want := map[bool]int{true: 1}[r.Differ > 0 || r.Compared == 0]; code != want {
		t.Errorf("exit status %d, want %d\n%s", code, want, talk)
	}
	return r
}

// replaysAlike stops a server and replays what it has logged: a configuration
// decides as it did.
func replaysAlike(t *testing.T, s *server) {
	t.Helper()
	s.stop(t)
	files, err := filepath.Glob(filepath.Join(s.home, "logs", "*", "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Log("nothing was logged, so that nothing is replayed")
		return
	}
	for _, name := range files { // 990 is where TLS comes first
		data := bytes.ReplaceAll([]byte(readText(t, name)), fmt.Appendf(nil, " %d ", s.implicit()), []byte(" 990 "))
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r := replay(t, s.home); r.Differ > 0 {
		t.Errorf("the same configuration decides otherwise: %+v", r)
		for _, name := range files {
			t.Logf("%s", readText(t, name))
		}
	} else {
		t.Logf("%d decisions compared; %v", r.Compared, r.NotCompared)
	}
}

// TestReplayAfterChange takes one permission away: exactly the commands that
// needed it differ.
func TestReplayAfterChange(t *testing.T) {
	t.Parallel()
	a := loadHere(t, "../pkg/ftpserver/testdata/authorization.txtar")
	s := serveOn(t, archiveHome(t, a), 21)
	target := ftptest.TCP(net.JoinHostPort("127.0.0.1", s.control()))
	target.Settle = func() { time.Sleep(settled) }
	ftptest.Run(t, a, target)
	s.stop(t)
	change(t, filepath.Join(s.home, "applicationHost.config"),
		`<add accessType="Allow" roles="Editors" permissions="Read, Write" />`, `<add accessType="Allow" roles="Editors" permissions="Read" />`)

	files, err := filepath.Glob(filepath.Join(s.home, "logs", "FTPSVC1", "*.log"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no log: %v", err)
	}
	writes := regexp.MustCompile(`\\ann \S+ \d+ (STOR|APPE|STOU|DELE|RNFR|RNTO|MKD|XMKD|RMD|XRMD|MFMT) \S+ [1-3]\d\d `)
	want, first := 0, ""
	for _, name := range files {
		for i, line := range strings.Split(readText(t, name), "\n") {
			if writes.MatchString(line) {
				if want++; first == "" {
					first = fmt.Sprintf("%s:%d", name, i+1)
				}
			}
		}
	}
	r := replay(t, s.home)
	if want == 0 || r.Differ != want || len(r.RefusedNow) != 1 || len(r.AllowedNow) != 0 {
		t.Fatalf("%d decisions of %+v differ, want %d of one kind", r.Differ, r, want)
	}
	if g := r.RefusedNow[0]; g.Count != want || g.Example != first || g.Step != "authorization" || g.Text != "no authorization rule grants Write" {
		t.Errorf("got %+v, want %d, first %s", g, want, first)
	}
}

// change replaces text in a file that has it once.
func change(t *testing.T, name, old, text string) {
	t.Helper()
	data := readText(t, name)
	if strings.Count(data, old) != 1 {
		t.Fatalf("%s has %q %d times", name, old, strings.Count(data, old))
	}
	writeFile(t, name, []byte(strings.Replace(data, old, text, 1)))
}
