package local_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/contenttest"
	"github.com/ftphost/ftphost/pkg/content/local"
)

// inFolder runs test on a store with a file a/b/f, of which the directory a/b
// is kept open. Time stands still in it unless it sleeps.
func inFolder(t *testing.T, test func(t *testing.T, dir string, s *local.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		mkdir(t, filepath.Join(dir, "a"), filepath.Join(dir, "a/b"))
		write(t, filepath.Join(dir, "a/b/f"), "old")
		s := local.New(dir)
		hold(t, s, "a/b/f", 1)
		test(t, dir, s)
		time.Sleep(2 * local.SweepInterval)
	})
}

// hold looks at name until its directory is kept open.
func hold(t *testing.T, s *local.Store, name string, want int) {
	t.Helper()
	for range 2 {
		if _, err := s.Stat(name); err != nil {
			t.Fatal(err)
		}
	}
	if n := local.Kept(s); n != want {
		t.Fatalf("%d directories are kept open, want %d", n, want)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func wantStat(t *testing.T, s *local.Store, name string, want error) {
	t.Helper()
	if _, err := s.Stat(name); !errors.Is(err, want) {
		t.Errorf("Stat(%s): %v, want %v", name, err, want)
	}
	f, _, err := s.Open(name, content.Read)
	if err == nil {
		f.Close()
	}
	if !errors.Is(err, want) {
		t.Errorf("Open(%s): %v, want %v", name, err, want)
	}
}

// What another program has put into a directory's place is seen after the time
// of trust, however often somebody has looked.
func TestReplacedFolder(t *testing.T) {
	inFolder(t, func(t *testing.T, dir string, s *local.Store) {
		rename(t, filepath.Join(dir, "a"), filepath.Join(dir, "away"))
		mkdir(t, filepath.Join(dir, "a"), filepath.Join(dir, "a/b"))
		write(t, filepath.Join(dir, "a/b/f"), "the new one")
		for range 5 {
			time.Sleep(local.Trust / 5)
			_, _ = s.Stat("a/b/f")
		}
		if info, err := s.Stat("a/b/f"); err != nil || info.Size != int64(len("the new one")) {
			t.Errorf("%+v, %v", info, err)
		}
		if got := contenttest.Text(t, s, "a/b/f"); got != "the new one" {
			t.Errorf("read %q", got)
		}
	})
}

// A directory that is gone or stands elsewhere has no files any more.
func TestMovedFolder(t *testing.T) {
	inFolder(t, func(t *testing.T, dir string, s *local.Store) {
		rename(t, filepath.Join(dir, "a"), filepath.Join(dir, "away"))
		time.Sleep(local.Trust)
		wantStat(t, s, "a/b/f", content.ErrPathNotFound)
	})
	inFolder(t, func(t *testing.T, dir string, s *local.Store) {
		if err := os.RemoveAll(filepath.Join(dir, "a/b")); err != nil {
			t.Fatal(err)
		}
		wantStat(t, s, "a/b/f", content.ErrPathNotFound)
		mkdir(t, filepath.Join(dir, "a/b"))
		wantStat(t, s, "a/b/f", fs.ErrNotExist)
		write(t, filepath.Join(dir, "a/b/f"), "again")
		wantStat(t, s, "a/b/f", nil)
	})
}

// Nothing is written into a directory that was moved, not even within the time
// of trust.
func TestWritesFollowThePath(t *testing.T) {
	for _, known := range []bool{false, true} { // whether its names are remembered
		inFolder(t, func(t *testing.T, dir string, s *local.Store) {
			if known {
				contenttest.Write(t, s, "a/b/first", "x")
			}
			rename(t, filepath.Join(dir, "a/b"), filepath.Join(dir, "away"))
			mkdir(t, filepath.Join(dir, "a/b"))
			write(t, filepath.Join(dir, "a/b/f"), "there")
			contenttest.Write(t, s, "a/b/new", "new")
			contenttest.Write(t, s, "a/b/f", "changed")
			for name, want := range map[string]string{"a/b/new": "new", "a/b/f": "changed", "away/f": "old"} {
				if got, err := os.ReadFile(filepath.Join(dir, name)); string(got) != want {
					t.Errorf("known %v: %s has %q, %v", known, name, got, err)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "away/new")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("known %v: written into the moved directory: %v", known, err)
			}
		})
	}
}

// What the server itself moves or removes is not believed in a moment longer,
// in whatever store of the same folder.
func TestOwnMoves(t *testing.T) {
	for what, change := range map[string]func(s *local.Store) error{
		"renaming it":        func(s *local.Store) error { return s.Rename("a/b", "a/c", false) },
		"renaming its place": func(s *local.Store) error { return s.Rename("a", "c", false) },
		"removing a link":    func(s *local.Store) error { return s.Rmdir("a") },
		"replacing a link":   func(s *local.Store) error { return s.Rename("file", "a", true) },
	} {
		inFolder(t, func(t *testing.T, dir string, s *local.Store) {
			if strings.HasSuffix(what, "a link") {
				write(t, filepath.Join(dir, "file"), "x")
				rename(t, filepath.Join(dir, "a"), filepath.Join(dir, "real"))
				if err := os.Symlink("real", filepath.Join(dir, "a")); err != nil {
					t.Fatal(err)
				}
				time.Sleep(local.Trust)
				hold(t, s, "a/b/f", 1)
			}
			if err := change(local.New(dir)); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Stat("a/b/f"); !errors.Is(err, content.ErrPathNotFound) {
				t.Errorf("after %s: %v", what, err)
			}
		})
	}
}

// A directory that is closed to the server by SITE CHMOD is closed at once.
func TestOwnModes(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("nothing is closed to root")
	}
	inFolder(t, func(t *testing.T, _ string, s *local.Store) {
		if err := s.SetMode("a", 0); err != nil {
			t.Fatal(err)
		}
		defer s.SetMode("a", 0o755) //nolint:errcheck // so that the folder can be removed
		wantStat(t, s, "a/b/f", fs.ErrPermission)
	})
}

// Links are what they are from the root, and never a way out of it.
func TestLinksOfKeptFolders(t *testing.T) {
	inFolder(t, func(t *testing.T, dir string, s *local.Store) {
		write(t, filepath.Join(dir, "a/g"), "above")
		for link, target := range map[string]string{"a/b/beside": "f", "a/b/above": "../g", "a/b/out": "../../../", "a/b/root": "/"} {
			if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
				t.Fatal(err)
			}
		}
		for name, want := range map[string]string{"a/b/beside": "old", "a/b/above": "above"} {
			if got := contenttest.Text(t, s, name); got != want {
				t.Errorf("%s has %q", name, got)
			}
			if info, err := s.Stat(name); err != nil || info.Size != int64(len(want)) {
				t.Errorf("%s: %+v, %v", name, info, err)
			}
		}
		for _, name := range []string{"a/b/out", "a/b/root", "a/b/out/etc", "a/b/root/etc"} {
			for range 3 {
				wantStat(t, s, name, fs.ErrPermission)
			}
		}
	})
}

// A pipe on the way is not waited for.
func TestPipeIsNoFolder(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666); err != nil {
		t.Fatal(err)
	}
	s, done := local.New(dir), make(chan struct{})
	go func() {
		defer close(done)
		for range 3 {
			wantStat(t, s, "pipe/x", content.ErrPathNotFound)
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("it is waited for")
	}
}

// The number of directories that are kept open is bounded, and none is when
// nobody looks any more.
func TestKeptFoldersAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := local.New(dir)
		for i := range 2 * local.MaxRecent {
			name := fmt.Sprint(i)
			mkdir(t, filepath.Join(dir, name))
			write(t, filepath.Join(dir, name, "f"), "x")
		}
		for range 3 {
			for i := range 2 * local.MaxRecent {
				if _, err := s.Stat(fmt.Sprintf("%d/f", i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if kept, open := local.Kept(s), below(t, dir); kept != local.MaxRecent || open != kept {
			t.Errorf("%d are kept, %d are open, want %d", kept, open, local.MaxRecent)
		}
		time.Sleep(local.Trust)
		hold(t, s, fmt.Sprintf("%d/f", local.MaxRecent), 1) // one that takes their place
		time.Sleep(local.SweepInterval)
		if n := below(t, dir); n != 0 {
			t.Errorf("%d are still open", n)
		}
	})
}

// below counts the descriptors of what lies below dir.
func below(t *testing.T, dir string) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(target, dir+"/") {
			n++
		}
	}
	return n
}

// Looking, reading and writing go on while directories move.
func TestMovesWhileWorking(t *testing.T) {
	dir := t.TempDir()
	s := local.New(dir)
	mkdir(t, filepath.Join(dir, "a"))
	write(t, filepath.Join(dir, "a/f"), "x")
	end := time.Now().Add(200 * time.Millisecond)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				_, err := s.Stat("a/f")
				if i > 3 {
					var f content.File
					if f, _, err = s.Open(fmt.Sprintf("a/%d-%d", i, n), content.Replace); err == nil {
						f.Close()
					}
				}
				if err != nil && !errors.Is(err, content.ErrPathNotFound) && !errors.Is(err, fs.ErrNotExist) {
					t.Error(err)
				}
			}
		})
	}
	for time.Now().Before(end) {
		for _, names := range [][2]string{{"a", "b"}, {"b", "a"}} {
			if err := s.Rename(names[0], names[1], false); err != nil {
				t.Error(err)
			}
		}
	}
	wg.Wait()
	if _, err := s.Stat("a/f"); err != nil {
		t.Error(err)
	}
}
