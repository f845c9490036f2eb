package host_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/content"
	uploads "github.com/ftphost/ftphost/pkg/content/journal"
	"github.com/ftphost/ftphost/pkg/host"
)

// TestLeftovers is the start after a sudden end.
func TestLeftovers(t *testing.T) {
	o := options(t, siteOn(1, t.TempDir(), freePort(t)))
	var log bytes.Buffer
	o.Log = zerolog.New(&log)
	dir := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	id := func(path string) content.FileID {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		stat := info.Sys().(*syscall.Stat_t)
		return content.FileID{Volume: uint64(stat.Dev), Number: stat.Ino}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"part", "replaced", "done", "whole", "new"} {
		write(at(name), "")
	}
	write(at("there"), "whole")
	hashes := filepath.Join(o.Home.Dir, ".localAccounts.config.1234.unfinished")
	write(hashes, "secret")
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(hashes, long, long); err != nil {
		t.Fatal(err)
	}

	// The process before.
	j, _, err := uploads.Open(filepath.Join(o.Home.Dir, "uploads.journal"), nil)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(folder, name string) int { return j.Expect(content.Place{Folder: folder, Name: name}) }
	j.Mark(expect(dir, "part"), id(at("part")))
	j.Mark(expect(dir, "replaced"), id(at("whole")))
	j.Mark(expect("/no/such/folder", "lost"), id(at("whole")))
	j.Mark(expect(dir, "gone"), id(at("whole")))
	j.Clear(expect(dir, "done"))
	expect(dir, "new")
	expect(dir, "there")
	write(at("new"), "") // this is when it is made
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	// As with a kill, the time of the end is not noted.

	h, _, err := host.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		at("part"): false, at("replaced"): true, at("done"): true, at("whole"): true, at("there"): true, hashes: false, at("new"): false,
	} {
		if _, err := os.Lstat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	for name, want := range map[string]string{
		"part": "partial upload removed", "replaced": "changed or replaced", "lost": "not removed", "new": "partial upload removed",
		"done": "", "gone": "", "there": "",
	} {
		line := lineWith(log.String(), "/"+name+`"`)
		if (want == "") != (line == "") || !strings.Contains(line, want) {
			t.Errorf("%s: the log says %q, want %q", name, line, want)
		}
	}
	// Another one on the same home leaves the uploads of this one alone.
	log.Reset()
	second, _, err := host.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "another process has it") {
		t.Errorf("the second host says %s", &log)
	}
	for _, h := range []*host.Host{second, h} {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	// Everything was settled.
	log.Reset()
	if h, _, err = host.Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "upload") {
		t.Errorf("the next start says %s", &log)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// TestForeignRecord: what is no journal is no reason not to serve.
func TestForeignRecord(t *testing.T) {
	for name, c := range map[string]struct {
		make func(path string) error
		says string
	}{
		"text":   {func(p string) error { return os.WriteFile(p, []byte("my uploads"), 0o600) }, "damaged"},
		"folder": {func(p string) error { return os.Mkdir(p, 0o700) }, "not recorded"},
	} {
		o := options(t, siteOn(1, t.TempDir(), freePort(t)))
		var log bytes.Buffer
		o.Log = zerolog.New(&log)
		if err := c.make(filepath.Join(o.Home.Dir, "uploads.journal")); err != nil {
			t.Fatal(err)
		}
		h, _, err := host.Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.String(), c.says) {
			t.Errorf("%s: the log says %q", name, &log)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}

// lineWith is the first line of text with a word.
func lineWith(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return line
		}
	}
	return ""
}
