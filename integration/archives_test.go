//go:build integration

package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

const (
	// patience is how long the dialogues of an archive may wait in all to be
	// played here, where time is real. The others are played in memory only.
	patience = 10 * time.Second
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
		if w := waiting(t, file); w > patience {
			t.Logf("%s waits for %v in all: in memory only", name, w)
			continue
		}
		if why := onlyInMemory[name]; why != "" {
			t.Logf("%s: in memory only, since %s", name, why)
			continue
		}
		played++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := loadHere(t, file)
			s := serve(t, archiveHome(t, a))
			target := ftptest.TCP(hostOf(t, file) + ":" + s.control())
			target.Settle = func() { time.Sleep(settled) }
			ftptest.Run(t, a, target)
		})
	}
	if played < len(files)/2 {
		t.Errorf("only %d of %d conversations were played", played, len(files))
	}
}

// loadHere reads an archive; the computer of the conversations is this one.
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
		ftphost(t, account.Password+"\n", "user", "add", account.Name, "--password-stdin", "--home", home)
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

// waiting adds up the steps that let time pass.
func waiting(t *testing.T, file string) time.Duration {
	t.Helper()
	var sum time.Duration
	for _, step := range regexp.MustCompile(`(?m)^T\+(\S+)`).FindAllStringSubmatch(readText(t, file), -1) {
		d, err := time.ParseDuration(step[1])
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", file, err))
		}
		sum += d
	}
	return sum
}

// hostOf is the address that the archive's first binding names.
func hostOf(t *testing.T, file string) string {
	t.Helper()
	if strings.Contains(readText(t, file), `bindingInformation="[::1]:`) {
		return "[::1]"
	}
	return "127.0.0.1"
}

func readText(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
