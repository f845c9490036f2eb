//go:build integration

package integration_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

const (
	// patience is how long the dialogues of an archive may wait in all to be
	// played here, where time is real. Those that alone take longer are played in
	// memory only.
	patience = 6 * time.Second
	// settled is how long a data connection may take to be noticed.
	settled = 50 * time.Millisecond
)

// onlyInMemory are the archives that need what no configuration has.
var onlyInMemory = map[string]string{
	"details": "one of its accounts is a source of accounts that fails",
}

// TestConversations plays the archives of pkg/ftpserver against the binary.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("../pkg/ftpserver/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	played := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if why := onlyInMemory[name]; why != "" {
			t.Logf("%s: in memory only, since %s", name, why)
			continue
		}
		a := loadHere(t, file)
		if len(a.Sessions) == 0 {
			continue
		}
		played++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host, port := firstBinding(t, file)
			s := serveOn(t, archiveHome(t, a), port)
			target := ftptest.TCP(net.JoinHostPort(host, s.control()))
			target.Settle = func() { time.Sleep(settled) }
			ftptest.Run(t, a, target)
			if !t.Failed() {
				replaysAlike(t, s)
			}
		})
	}
	if played < len(files)/2 {
		t.Errorf("only %d of %d conversations were played", played, len(files))
	}
}

// loadHere reads an archive without the dialogues that wait too long; the
// computer of the conversations is this one.
func loadHere(t *testing.T, file string) *ftptest.Archive {
	t.Helper()
	computer, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	a, err := ftptest.Parse(file, []byte(strings.ReplaceAll(readText(t, file), "WEB01", computer)))
	if err != nil {
		t.Fatal(err)
	}
	waits, left := waiting(t, file), patience
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s *ftptest.Session) bool {
		wait := waits[s.Name]
		if wait > left {
			t.Logf("%s, %s: waits for %v: in memory only", filepath.Base(file), s.Name, wait)
			return true
		}
		left -= wait
		return false
	})
	return a
}

// archiveHome makes a home of an archive: its files, and its accounts by the
// commands that an administrator uses.
func archiveHome(t *testing.T, a *ftptest.Archive) string {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, "content"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := a.WriteHome(home); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, account := range a.Accounts {
		ftphost(t, account.Password+"\n", "user", "add", account.Name, "--password-stdin", "--home", home,
			"--home-dir", strings.ReplaceAll(account.Home, "$HOME", home))
		for _, group := range account.Groups {
			if !known[group] {
				ftphost(t, "", "group", "add", group, "--home", home)
			}
			known[group] = true
			ftphost(t, "", "group", "join", group, account.Name, "--home", home)
		}
	}
	return home
}

// waiting adds up the steps that let time pass, for each dialogue by its name.
func waiting(t *testing.T, file string) map[string]time.Duration {
	t.Helper()
	sums, session := map[string]time.Duration{}, ""
	for _, line := range regexp.MustCompile(`(?m)^(?:-- (session.*) --|T\+(\S+))`).FindAllStringSubmatch(readText(t, file), -1) {
		if line[1] != "" {
			session = line[1]
			continue
		}
		d, err := time.ParseDuration(line[2])
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", file, err))
		}
		sums[session] += d
	}
	return sums
}

// firstBinding is where the archive's first binding is reached from this
// machine, before the offset.
func firstBinding(t *testing.T, file string) (host string, port int) {
	t.Helper()
	first := regexp.MustCompile(`bindingInformation="(\*|\[::1\]|127\.0\.0\.1):(\d+):`).FindStringSubmatch(readText(t, file))
	if first == nil {
		t.Fatalf("%s: the first binding is not to this machine", file)
	}
	port, err := strconv.Atoi(first[2])
	if err != nil {
		t.Fatal(err)
	}
	if first[1] == "[::1]" {
		return "::1", port
	}
	return "127.0.0.1", port
}

func readText(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
