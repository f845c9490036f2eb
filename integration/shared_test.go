//go:build integration

package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// farewell makes the scenario's site say a word when a client leaves.
func farewell(t *testing.T, home, word string) {
	t.Helper()
	configure(t, home, "scenario", `<messages allowLocalDetailedErrors="false" />`, farewells(word))
}

func farewells(word string) string {
	return fmt.Sprintf(`<messages allowLocalDetailedErrors="false" exitMessage="%s" />`, word)
}

// says waits until clients hear a word when they leave.
func (s *server) says(t *testing.T, word string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		d := dial(t, "127.0.0.1", s.port)
		got := d.say("QUIT", "221 ")
		if got == "221 "+word {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("clients hear %q when they leave, not %q", got, word)
		}
	}
}

// TestSharedConfiguration: a server follows the configuration on a share, goes
// on and starts without the share, and comes back to it.
func TestSharedConfiguration(t *testing.T) {
	home := newHome(t, "scenario")
	farewell(t, home, "local")
	share := filepath.Join(filepath.Dir(home), "share")
	config := filepath.Join(share, "applicationHost.config")
	local, err := os.ReadFile(filepath.Join(home, "applicationHost.config"))
	if err != nil {
		t.Fatal(err)
	}
	shared := func(word string) {
		t.Helper()
		if err := os.MkdirAll(share, 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, config, []byte(strings.Replace(string(local), farewells("local"), farewells(word), 1)))
	}
	away := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, home)
	s.says(t, "local")
	shared("one")
	writeFile(t, filepath.Join(home, "redirection.config"), []byte(`<configuration><configurationRedirection enabled="true" path="`+share+`" /></configuration>`))
	s.says(t, "one")
	shared("two")
	s.says(t, "two")
	away(share, share+".away")
	s.says(t, "two")
	s.stop(t)

	s = serve(t, home) // without the share
	s.says(t, "two")
	out, _, code := command(t, "", "check", "--home", home)
	if code != 0 || !strings.Contains(out, "redirection.config:1:57: warning: configurationRedirection: the shared configuration cannot be read") {
		t.Errorf("check exits with %d and says\n%s", code, out)
	}
	away(share+".away", share)
	shared("three")
	s.says(t, "three")
	if err := os.Remove(filepath.Join(home, "redirection.config")); err != nil {
		t.Fatal(err)
	}
	s.says(t, "local")
}

// TestRestoreWithoutRestart: a server follows a restored history.
func TestRestoreWithoutRestart(t *testing.T) {
	home := newHome(t, "scenario")
	farewell(t, home, "one")
	s := serve(t, home)
	s.says(t, "one")
	const name = "CFGHISTORY_0000000001"
	kept := filepath.Join(home, "history", name)
	for end := time.Now().Add(time.Minute); !exists(kept); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("what is served is not kept")
		}
	}
	farewell(t, home, "two")
	s.says(t, "two")
	diff := ftphost(t, "", "history", "diff", name, "--home", home)
	if !strings.Contains(diff, "\n-                    "+farewells("one")+"\n+                    "+farewells("two")+"\n") {
		t.Errorf("%s", diff)
	}
	ftphost(t, "", "history", "restore", name, "--home", home)
	s.says(t, "one")
	farewell(t, home, "three")
	s.says(t, "three")
	s.stop(t) // within the period after the last history
	diff = ftphost(t, "", "history", "diff", name, "--home", home)
	list := strings.Fields(ftphost(t, "", "history", "list", "--home", home))
	last := list[len(list)-5] // name, date, time, two files
	if got := ftphost(t, "", "history", "diff", last, "--home", home); got != "" || !strings.Contains(diff, farewells("three")) {
		t.Errorf("what was served last is not in %s:\n%s", last, got)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
