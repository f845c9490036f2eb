//go:build unix

package local_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/contenttest"
	"github.com/ftphost/ftphost/pkg/content/local"
)

// linked makes base/outside/{secret,dir/secret} and base/site with links.
func linked(t *testing.T) (base string, s *local.Store) {
	t.Helper()
	base = t.TempDir()
	site := filepath.Join(base, "site")
	mkdir(t, site, filepath.Join(base, "outside"), filepath.Join(base, "outside", "dir"), filepath.Join(site, "Real"))
	write(t, filepath.Join(base, "outside", "secret"), "secret")
	write(t, filepath.Join(base, "outside", "dir", "secret"), "secret")
	write(t, filepath.Join(site, "Real", "file"), "inside")
	for link, target := range map[string]string{
		"Out-abs":       filepath.Join(base, "outside", "secret"),
		"Out-rel":       "../outside/secret",
		"Out-dir":       "../outside/dir",
		"Out-abs-dir":   filepath.Join(base, "outside", "dir"),
		"Out-up":        "..",
		"Real/Out-deep": "../../outside",
		"Dangling":      "nowhere",
		"Loop":          "Loop",
		"In-file":       "Real/file",
		"In-dir":        "Real",
		"Real/In-up":    "../Real/file",
	} {
		if err := os.Symlink(target, filepath.Join(site, link)); err != nil {
			t.Fatal(err)
		}
	}
	return base, local.New(site)
}

func TestLinksOutsideAreRefused(t *testing.T) {
	base, s := linked(t)
	before := snapshot(t, filepath.Join(base, "outside"))
	for _, name := range []string{
		"Out-abs", "out-REL", "Out-dir", "Out-dir/secret", "out-dir/SECRET", "Out-abs-dir/secret", "Out-up", "Out-up/outside/secret",
		"Out-up/site/Real/file", "Real/Out-deep/secret", "real/out-deep/dir/secret", "In-dir/Out-deep/secret", "Out-dir/new",
	} {
		for _, mode := range []content.Mode{content.Read, content.Replace, content.Append, content.Resume} {
			if f, _, err := s.Open(name, mode); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("Open(%q, %d) = %v, %v", name, mode, f, err)
			}
		}
		if _, err := s.Stat(name); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Stat(%q): %v", name, err)
		}
		if err := s.List(name, content.Selection{}, func(content.Info) error { return nil }); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("List(%q): %v", name, err)
		}
		if err := s.SetModTime(name, time.Now()); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("SetModTime(%q): %v", name, err)
		}
		if err := s.Mkdir(name + "/new"); err == nil {
			t.Errorf("Mkdir(%q/new) works", name)
		}
		if err := s.Rename("Real/file", name+"/file", true); err == nil {
			t.Errorf("Rename into %q works", name)
		}
		if err := s.Rename(name+"/secret", "stolen", true); err == nil {
			t.Errorf("Rename out of %q works", name)
		}
		if err := s.Remove(name + "/secret"); err == nil {
			t.Errorf("Remove(%q/secret) works", name)
		}
		if err := s.Rmdir(name + "/dir"); err == nil {
			t.Errorf("Rmdir(%q/dir) works", name)
		}
	}
	if after := snapshot(t, filepath.Join(base, "outside")); after != before {
		t.Errorf("outside changed from %s to %s", before, after)
	}
}

func TestLinksInsideAreFollowed(t *testing.T) {
	_, s := linked(t)
	for _, name := range []string{"In-file", "in-FILE", "In-dir/file", "in-dir/FILE", "Real/In-up", "in-dir/in-up"} {
		if got := contenttest.Text(t, s, name); got != "inside" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if s.Identity("In-dir/file") != s.Identity("Real/file") {
		t.Error("a linked directory makes another file of the same")
	}
	for name, want := range map[string]error{"Dangling": fs.ErrNotExist, "dangling/x": content.ErrPathNotFound, "Loop": content.ErrPathNotFound} {
		for _, mode := range []content.Mode{content.Read, content.Replace} {
			if _, _, err := s.Open(name, mode); !errors.Is(err, want) {
				t.Errorf("Open(%s, %d): %v, want %v", name, mode, err, want)
			}
		}
	}
}

func TestLinksInListings(t *testing.T) {
	_, s := linked(t)
	dirs := map[string]bool{"Real": true, "In-dir": true}
	n := 0
	if err := s.List(".", content.Selection{}, func(i content.Info) error {
		n++
		if i.Dir != dirs[i.Name] {
			t.Errorf("%+v", i)
		}
		if i.Name == "In-file" && i.Size != int64(len("inside")) {
			t.Errorf("%+v is not what the link leads to", i)
		}
		return nil
	}); err != nil || n != 10 {
		t.Errorf("%d entries, %v", n, err)
	}
}

func TestLinksAreRemovedThemselves(t *testing.T) {
	base, s := linked(t)
	before := snapshot(t, filepath.Join(base, "outside"))
	for _, name := range []string{"Out-abs", "out-dir", "dangling", "IN-FILE", "Loop"} {
		if err := s.Remove(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Rmdir("in-dir"); err != nil {
		t.Error(err)
	}
	if got := contenttest.Text(t, s, "Real/file"); got != "inside" {
		t.Errorf("%q", got)
	}
	if after := snapshot(t, filepath.Join(base, "outside")); after != before {
		t.Errorf("outside changed from %s to %s", before, after)
	}
}

// A directory that is exchanged for a link to the outside while files are
// opened, made and listed in it never leads there.
func TestLinksMadeMeanwhile(t *testing.T) {
	base, s := linked(t)
	site := filepath.Join(base, "site")
	flip, plain := filepath.Join(site, "flip"), filepath.Join(site, "plain")
	mkdir(t, plain)
	write(t, filepath.Join(plain, "secret"), "public")
	before := snapshot(t, filepath.Join(base, "outside"))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			os.Rename(plain, flip)
			os.Rename(flip, plain)
			os.Symlink("../outside/dir", flip)
			os.Remove(flip)
		}
	})
	for i := range 2000 {
		if f, _, err := s.Open("flip/secret", content.Read); err == nil {
			if b, _ := io.ReadAll(f); string(b) != "public" {
				t.Errorf("read %q", b)
			}
			f.Close()
		}
		if f, _, err := s.Open(fmt.Sprintf("FLIP/new%d", i), content.Replace); err == nil {
			f.Close()
		}
		s.Mkdir(fmt.Sprintf("flip/dir%d", i))
		s.Remove("flip/secret2")
		s.List("flip", content.Selection{}, func(content.Info) error { return nil })
	}
	close(stop)
	wg.Wait()
	if after := snapshot(t, filepath.Join(base, "outside")); after != before {
		t.Errorf("outside changed from %s to %s", before, after)
	}
}

// Opening a pipe, a socket or a device returns at once, with an error.
func TestOnlyRegularFilesAreOpened(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "Pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("Pipe", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	s := local.New(dir)
	for _, name := range []string{"Pipe", "PIPE", "link"} {
		for _, mode := range []content.Mode{content.Read, content.Replace, content.Append, content.Resume} {
			if _, _, err := s.Open(name, mode); !errors.Is(err, content.ErrNotRegular) {
				t.Errorf("%s, mode %d: %v", name, mode, err)
			}
		}
		if _, _, err := s.Open(name+"/x", content.Replace); !errors.Is(err, content.ErrPathNotFound) {
			t.Errorf("%s/x: %v", name, err)
		}
		if err := s.List(name, content.Selection{}, func(content.Info) error { return nil }); !errors.Is(err, content.ErrNotDirectory) {
			t.Errorf("list %s: %v", name, err)
		}
	}
	devices := local.New("/dev")
	for _, mode := range []content.Mode{content.Read, content.Append} {
		if _, _, err := devices.Open("null", mode); !errors.Is(err, content.ErrNotRegular) {
			t.Errorf("/dev/null, mode %d: %v", mode, err)
		}
	}
}

// Files whose names Windows does not allow are served where they exist, those
// with control characters never.
func TestForeignNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a:b", "What?", "nul", "trailing. ", "line\nbreak", "..."} {
		write(t, filepath.Join(dir, name), name)
	}
	s := local.New(dir)
	for name, want := range map[string]string{"a:b": "a:b", "A:B": "a:b", "what?": "What?", "NUL": "nul", "Trailing": "trailing. "} {
		if got := contenttest.Text(t, s, name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
	for _, name := range []string{"line\nbreak", "LINE\nBREAK", "..."} {
		if _, _, err := s.Open(name, content.Read); !errors.Is(err, content.ErrInvalidName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := s.Rename("a:b", "fine", false); err != nil {
		t.Error(err)
	}
}

func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var s string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := ""
		if !d.IsDir() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = string(b)
		}
		s += fmt.Sprintf("%s %v %q\n", path, info.ModTime().UnixNano(), text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What the system tells of a file is the same however it is asked, and an ID
// belongs to one file under all its names.
func TestWhatTheSystemTells(t *testing.T) {
	dir := t.TempDir()
	s := local.New(dir)
	write(t, filepath.Join(dir, "One"), "1")
	write(t, filepath.Join(dir, "other"), "2")
	mkdir(t, filepath.Join(dir, "folder"))
	for link, target := range map[string]string{"hard": "One", "soft": ""} {
		var err error
		if target != "" {
			err = os.Link(filepath.Join(dir, target), filepath.Join(dir, link))
		} else {
			err = os.Symlink("One", filepath.Join(dir, link))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SetMode("ONE", 0o640); err != nil {
		t.Fatal(err)
	}
	ids := map[string]content.FileID{}
	if err := s.List(".", content.Selection{}, func(listed content.Info) error {
		info, err := s.Stat(listed.Name)
		if err != nil || info != listed {
			t.Errorf("Stat tells %+v, List %+v (%v)", info, listed, err)
		}
		ids[info.Name] = info.ID
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	one := ids["One"]
	if one == (content.FileID{}) || ids["hard"] != one || ids["soft"] != one || ids["other"] == one || ids["folder"] == one {
		t.Errorf("%v", ids)
	}
	if info, err := s.Stat("soft"); err != nil || info.Mode != 0o640 || info.ReadOnly {
		t.Errorf("%+v, %v", info, err)
	}
	if err := s.SetMode("none", 0o640); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("SetMode of nothing: %v", err)
	}
}

// A file was created when it was, whatever its time of change says; the links
// that lead outside are not asked.
func TestCreated(t *testing.T) {
	_, s := linked(t)
	early, late := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if err := s.SetModTime("Real/file", time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Real/file", "REAL/FILE", "Real", ".", "In-file"} {
		at, err := s.Created(name)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Logf("%s: the file system of this test keeps no creation times", name)
			continue
		}
		if err != nil || at.Before(early) || at.After(late) {
			t.Errorf("%s: %v, %v", name, at, err)
		}
	}
	if _, err := s.Created("Out-dir/secret"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("outside: %v", err)
	}
	if _, err := s.Created("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
}

// However many entries there are, List tells of each what Stat does.
func TestLongListingTellsTheSame(t *testing.T) {
	base, s := linked(t)
	site := filepath.Join(base, "site")
	for i := range 5000 {
		name := filepath.Join(site, "Real", fmt.Sprintf("entry-%d", i))
		switch i % 5 {
		case 0:
			mkdir(t, name)
		case 1:
			if err := os.Symlink("file", name); err != nil {
				t.Fatal(err)
			}
		default:
			write(t, name, "text"[:i%5])
			if err := errors.Join(os.Chmod(name, fs.FileMode(0o400+i%0o400)), os.Chtimes(name, time.Time{}, time.Unix(int64(i)*12345, int64(i)))); err != nil {
				t.Fatal(err)
			}
		}
	}
	n := 0
	if err := s.List("real", content.Selection{}, func(listed content.Info) error {
		n++
		info, err := s.Stat("Real/" + listed.Name)
		switch {
		case listed.Name == "Out-deep":
			if listed.Dir || err == nil {
				t.Errorf("%+v leads outside, %v", listed, err)
			}
		case err != nil || info != listed:
			t.Errorf("Stat tells %+v, List %+v (%v)", info, listed, err)
		}
		return nil
	}); err != nil || n != 5003 {
		t.Errorf("%d entries, %v", n, err)
	}
}
