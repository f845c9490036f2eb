package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/migrate"
)

const sampleOfWindows = "../../docs/migrate-sample"

func TestMigrateAssess(t *testing.T) {
	stdout, stderr, err := command(t, t.TempDir(), "", "migrate", "assess", sampleOfWindows)
	if err != nil || !strings.Contains(stderr, "Nothing blocks.") {
		t.Errorf("%v: %s", err, stderr)
	}
	if !strings.HasPrefix(stdout, "FTP sites: Partners. Other sites, left as they are: Default Web Site.\n") {
		t.Errorf("it says:\n%s", stdout)
	}
	stdout, _, err = command(t, t.TempDir(), "", "migrate", "assess", "--json", sampleOfWindows)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Sites    []string
		Blocks   int
		Findings []struct {
			Severity, Kind, File string
			Line                 int
		}
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Sites) != 1 || report.Blocks != 0 || len(report.Findings) == 0 || report.Findings[0].File == "" {
		t.Errorf("JSON: %+v", report)
	}
}

// TestMigrateAssessBlocks: what blocks is an exit status, after the report.
func TestMigrateAssessBlocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "applicationHost.config")
	if err := os.WriteFile(path, []byte("<configuration><system.applicationHost><sites></system.applicationHost></configuration>"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, _, err := command(t, t.TempDir(), "", "migrate", "assess", path)
	if err == nil || !strings.Contains(err.Error(), "1 of 1 findings block") || !strings.Contains(stdout, "BLOCKS: file, applicationHost.config:1:") {
		t.Errorf("%v:\n%s", err, stdout)
	}
}

func TestMigrateRun(t *testing.T) {
	dir := t.TempDir()
	home, passwords := filepath.Join(dir, "home"), filepath.Join(dir, "passwords.csv")
	stdout, stderr, err := command(t, home, "", "migrate", "run", sampleOfWindows, "--passwords", passwords)
	if err != nil || stdout != "" {
		t.Fatalf("%v: %s%s", err, stdout, stderr)
	}
	text, err := os.ReadFile(passwords)
	if err != nil || !strings.HasPrefix(string(text), "Name,Password\nann,") || strings.Count(string(text), "\n") != 3 {
		t.Errorf("passwords: %v", err)
	}
	for _, row := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		name, password, _ := strings.Cut(row, ",")
		if !passwordIs(t, home, name, password) {
			t.Errorf("%s has another password", name)
		}
		if strings.Contains(stderr, password) {
			t.Error("a password is among the talk")
		}
	}
	// The file is there: no password is lost by writing over it.
	if _, _, err := command(t, filepath.Join(dir, "second"), "", "migrate", "run", sampleOfWindows, "--passwords", passwords); !errors.Is(err, os.ErrExist) {
		t.Errorf("an existing file for passwords: %v", err)
	}
	// The second run has no passwords to give, and leaves no empty file.
	if _, _, err := command(t, home, "", "migrate", "run", sampleOfWindows, "--passwords", filepath.Join(dir, "again.csv")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "again.csv")); err == nil {
		t.Error("the second run left an empty file")
	}
	stdout, _, err = command(t, filepath.Join(dir, "third"), "", "migrate", "run", sampleOfWindows, "--passwords", "-")
	if err != nil || !strings.HasPrefix(stdout, "Name,Password\nann,") {
		t.Errorf("passwords on standard output: %v", err)
	}
}

func TestMigrateRefuses(t *testing.T) {
	for _, test := range []struct {
		args  []string
		usage bool
		want  string
	}{
		{[]string{"assess"}, true, "at least 1 arg"},
		{[]string{"assess", "no-such-file"}, false, "no such file"},
		{[]string{"assess", sampleOfWindows, "--map", "D"}, true, `is not like 'D:\=/srv/ftp'`},
		{[]string{"assess", sampleOfWindows, "--map", "/a=/b"}, true, "is not like"},
		{[]string{"assess", sampleOfWindows, "--variable", "=x"}, true, "is not like NAME=VALUE"},
		{[]string{"assess", sampleOfWindows, "--content", "no-such-folder"}, false, "no such file"},
		{[]string{"assess", "migrate_test.go"}, false, migrate.ErrNoConfig.Error()},
	} {
		_, _, err := command(t, t.TempDir(), "", append([]string{"migrate"}, test.args...)...)
		var wrong usageError
		if err == nil || errors.As(err, &wrong) != test.usage || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v", test.args, err)
		}
	}
}
