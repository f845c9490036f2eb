package local_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/contenttest"
	"github.com/ftphost/ftphost/pkg/content/local"
)

func TestStore(t *testing.T) {
	contenttest.TestStore(t, func(t *testing.T) content.Store { return local.New(t.TempDir()) })
}

// A store that keeps no directory open, and one that remembers no names, do
// the same.
func TestStoreThatKeepsNothing(t *testing.T) {
	for what, set := range map[string]func(s *local.Store, n int){"directories": local.SetMaxRecent, "names": local.SetMaxNames} {
		t.Run(what, func(t *testing.T) {
			contenttest.TestStore(t, func(t *testing.T) content.Store {
				s := local.New(t.TempDir())
				set(s, 0)
				return s
			})
		})
	}
}

// The engine copies by the kernel, which works on the *os.File only.
func TestOpenReturnsTheFileItself(t *testing.T) {
	s := local.New(t.TempDir())
	contenttest.Write(t, s, "a", "x")
	for _, mode := range []content.Mode{content.Read, content.Append} {
		f, _, err := s.Open("a", mode)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, ok := f.(*os.File); !ok {
			t.Errorf("mode %d: %T", mode, f)
		}
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, "x")
	for path, want := range map[string]error{dir: nil, file: content.ErrNotDirectory, filepath.Join(dir, "none"): fs.ErrNotExist} {
		if err := local.New(path).Check(); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}

func TestMissingFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	s := local.New(dir)
	if _, err := s.Stat("."); !errors.Is(err, content.ErrPathNotFound) {
		t.Errorf("before it exists: %v", err)
	}
	mkdir(t, dir)
	if _, err := s.Stat("."); err != nil {
		t.Errorf("once it exists: %v", err)
	}
}

func TestRefreshFindsTheReplacedFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	mkdir(t, dir)
	write(t, filepath.Join(dir, "Old.txt"), "old")
	s := local.New(dir)
	contenttest.Text(t, s, "OLD.TXT")
	s.Refresh()
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	mkdir(t, dir)
	write(t, filepath.Join(dir, "New.txt"), "new")
	s.Refresh()
	if got := contenttest.Text(t, s, "NEW.TXT"); got != "new" {
		t.Errorf("new folder: %q", got)
	}
	if _, err := s.Stat("old.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old folder is still served: %v", err)
	}
}

// Another program's changes are seen at once where the exact name is asked
// for or the directory's time tells, and after a few seconds otherwise.
func TestForeignChanges(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	s := local.New(dir)
	find := func(name string) error { _, err := s.Stat(name); return err }
	synctest.Test(t, func(t *testing.T) {
		contenttest.Write(t, s, "First.txt", "x")
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
		if err := find("FIRST.TXT"); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "Second.txt"), "x")
		if err := find("SECOND.TXT"); err != nil {
			t.Errorf("the directory's time tells: %v", err)
		}
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
		if err := find("SECOND.TXT"); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "Third.txt"), "x")
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
		if err := find("Third.txt"); err != nil {
			t.Errorf("the exact name: %v", err)
		}
		if err := find("THIRD.TXT"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the test is blind, the directory was read again: %v", err)
		}
		time.Sleep(3 * time.Second)
		if err := find("THIRD.TXT"); err != nil {
			t.Errorf("after a few seconds: %v", err)
		}
		if err := os.Rename(filepath.Join(dir, "Third.txt"), filepath.Join(dir, "THIRD.txt")); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
		if err := find("third.TXT"); err != nil {
			t.Errorf("a remembered name that is gone: %v", err)
		}
	})
}

func TestExactNameFirst(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"TEST.txt", "Test.txt", "test.txt"} {
		write(t, filepath.Join(dir, name), name)
	}
	s := local.New(dir)
	if len(contenttest.Names(t, s, ".")) != 3 {
		t.Log("this file system does not tell the names apart")
		return
	}
	for _, name := range []string{"test.txt", "Test.txt", "TEST.txt"} {
		if got := contenttest.Text(t, s, name); got != name {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := contenttest.Text(t, s, "tEST.TXT"); got != "TEST.txt" {
		t.Errorf("another spelling finds %s, not the first in order", got)
	}
	if err := s.Remove("TEST.txt"); err != nil {
		t.Fatal(err)
	}
	if got := contenttest.Text(t, s, "tEST.TXT"); got != "Test.txt" {
		t.Errorf("after the first is gone: %s", got)
	}
	if err := s.Rename("test.txt", "Test.txt", false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("renamed over a file that differs in case: %v", err)
	}
}

// A directory with more names than are remembered is still searched.
func TestDirectoryBeyondTheIndex(t *testing.T) {
	dir := t.TempDir()
	s := local.New(dir)
	local.SetMaxNames(s, 10)
	for i := range 30 {
		contenttest.Write(t, s, fmt.Sprintf("File%d", i), "x")
	}
	for i := range 30 {
		if got := contenttest.Text(t, s, fmt.Sprintf("FILE%d.", i)); got != "x" {
			t.Errorf("file %d: %q", i, got)
		}
	}
	contenttest.Write(t, s, "fILE7", "y")
	if n := len(contenttest.Names(t, s, ".")); n != 30 {
		t.Errorf("%d files", n)
	}
}

func TestManyDirectories(t *testing.T) {
	s := local.New(t.TempDir())
	for i := range 600 {
		name := fmt.Sprintf("Dir%d", i)
		if err := s.Mkdir(name); err != nil {
			t.Fatal(err)
		}
		contenttest.Write(t, s, name+"/File", "x")
	}
	for i := range 600 {
		if got := contenttest.Text(t, s, fmt.Sprintf("DIR%d/FILE", i)); got != "x" {
			t.Errorf("directory %d: %q", i, got)
		}
	}
	if n := local.Remembered(s); n > 256 {
		t.Errorf("%d directories are remembered", n)
	}
}

// Twice the files should take about twice the time.
func BenchmarkNewFilesInOneDirectory(b *testing.B) {
	for _, n := range []int{2500, 5000, 10000, 20000} {
		b.Run(fmt.Sprintf("files=%d", n), func(b *testing.B) {
			for b.Loop() {
				s := local.New(b.TempDir())
				for i := range n {
					f, _, err := s.Open(fmt.Sprintf("Upload-%d.dat", i), content.Replace)
					if err != nil {
						b.Fatal(err)
					}
					f.Close()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/file")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := local.New(dir)
	for _, name := range []string{"A", "A/B", "A/B/C"} {
		if err := s.Mkdir(name); err != nil {
			b.Fatal(err)
		}
	}
	f, _, err := s.Open("A/B/C/File.txt", content.Replace)
	if err != nil {
		b.Fatal(err)
	}
	f.Close()
	for _, name := range []string{"A/B/C/File.txt", "a/b/c/FILE.TXT"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, _, err := s.Open(name, content.Read)
				if err != nil {
					b.Fatal(err)
				}
				f.Close()
			}
		})
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	s := local.New(t.TempDir())
	_, err := s.Stat("some/where.txt")
	if err == nil || !strings.Contains(err.Error(), "some/where.txt") || !strings.Contains(err.Error(), "stat") {
		t.Errorf("%v", err)
	}
}

func TestAvailableBytes(t *testing.T) {
	s := local.New(t.TempDir())
	n, err := s.AvailableBytes(".")
	if err != nil && !errors.Is(err, errors.ErrUnsupported) || err == nil && n <= 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestIdentityAcrossStores(t *testing.T) {
	dir := t.TempDir()
	mkdir(t, filepath.Join(dir, "Sub"))
	write(t, filepath.Join(dir, "Sub", "File"), "x")
	outer, again, inner := local.New(dir), local.New(dir), local.New(filepath.Join(dir, "Sub"))
	if outer.Identity("sub/file") != again.Identity("Sub/FILE") || outer.Identity("sub/new") != inner.Identity("NEW") {
		t.Errorf("%q %q %q %q", outer.Identity("sub/file"), again.Identity("Sub/FILE"), outer.Identity("sub/new"), inner.Identity("NEW"))
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// Names that no listing may contain are never made, whatever their bytes.
func FuzzName(f *testing.F) {
	for _, name := range []string{"a", "a/b", "../x", "/etc/passwd", `..\x`, "nul", "a:b", "a. ", "\x00", "ä\xff", "."} {
		f.Add(name)
	}
	base := f.TempDir()
	dir := filepath.Join(base, "site")
	if err := os.Mkdir(dir, 0o755); err != nil {
		f.Fatal(err)
	}
	s := local.New(dir)
	f.Fuzz(func(t *testing.T, name string) {
		file, info, err := s.Open(name, content.Replace)
		if err == nil {
			file.Close()
			if strings.TrimRight(info.Name, ". ") != info.Name || strings.ContainsAny(info.Name, "<>:\"|?*\\/\x00\r\n") {
				t.Errorf("%q made %q", name, info.Name)
			}
			if err := s.Remove(name); err != nil {
				t.Errorf("%q: %v", name, err)
			}
		}
		if entries, err := os.ReadDir(base); err != nil || len(entries) != 1 {
			t.Errorf("%q left %v outside (%v)", name, entries, err)
		}
		if names := contenttest.Names(t, s, "."); !slices.Equal(names, nil) {
			t.Errorf("%q left %q", name, names)
		}
	})
}
