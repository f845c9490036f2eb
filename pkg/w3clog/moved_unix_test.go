//go:build unix

package w3clog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/w3clog"
)

// An open file can be moved away on these systems, as logrotate does.
func TestFilesMovedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		name := filepath.Join(dir, "u_ex240101.log")
		files := w3clog.NewFiles(func(err error) { t.Error(err) })
		log := files.Open(settings(dir))
		write := func(method string) {
			log.Write(event("2024-01-01 00:00:00", method))
			flush(t, files)
			time.Sleep(time.Second)
		}
		write("A")
		if err := os.Rename(name, name+".1"); err != nil {
			t.Fatal(err)
		}
		write("B")
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		write("C")
		time.Sleep(2 * time.Minute)
		flush(t, files) // closes the idle file
		write("D")
		if got := methods(t, dir, "u_ex240101.log"); got != "C D" {
			t.Errorf("lines %q, want C D", got)
		}
		if got := strings.Count(read(t, dir, "u_ex240101.log"), "#Fields"); got != 1 {
			t.Errorf("%d headers after an idle time, want 1", got)
		}
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Copying and emptying a file, as logrotate does with copytruncate, leaves one
// that begins with a header again; what another process appended is not run
// into.
func TestFilesEmptied(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "u_ex240101.log")
	files := w3clog.NewFiles(func(err error) { t.Error(err) })
	s := settings(dir)
	s.JSON = true
	log := files.Open(s)
	write := func(method string) {
		log.Write(event("2024-01-01 00:00:00", method))
		files.Tick()
	}
	write("A")
	write("B")
	for _, file := range []string{name, filepath.Join(dir, "u_ex240101.json")} {
		if err := os.Truncate(file, 0); err != nil {
			t.Fatal(err)
		}
	}
	write("C")
	write("D")
	if got := methods(t, dir, "u_ex240101.log"); got != "C D" {
		t.Errorf("lines %q, want C D", got)
	}
	if n := jsonLines(t, read(t, dir, "u_ex240101.json")); n != 2 {
		t.Errorf("%d lines of JSON, want 2", n)
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("2024-01-01 00"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	write("E")
	if f := parsed(t, dir, "u_ex240101.log"); len(f.Torn) != 1 || len(f.Headers) != 2 || len(f.Entries) != 3 {
		t.Errorf("%+v", f)
	}
	if err := files.Close(); err != nil {
		t.Error(err)
	}
}
