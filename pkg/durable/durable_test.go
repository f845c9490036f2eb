package durable_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/durable"
)

func TestWriteFileReplacesWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.config")
	if err := durable.WriteFile(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	mode := os.FileMode(0o640)
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(filepath.Dir(path), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(link, []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || string(data) != "two" {
		t.Errorf("the file holds %q, %v", data, err)
	}
	info, err := os.Stat(path)
	if err != nil || (runtime.GOOS != "windows" && info.Mode().Perm() != mode) {
		t.Errorf("mode %v, %v; want %v", info.Mode(), err, mode)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestLeftovers: of files that were not finished nothing stays behind, and
// nothing else goes.
func TestLeftovers(t *testing.T) {
	for _, writes := range []bool{false, true} {
		dir := t.TempDir()
		long := time.Now().Add(-2 * time.Minute)
		for name, age := range map[string]time.Time{
			".a.config.123.unfinished":              long, // goes
			".b.0.unfinished":                       long, // goes
			".young.1234567890.unfinished":          time.Now(),
			".a.config.123":                         long,
			".a.config.12x.unfinished":              long,
			".a.config..unfinished":                 long,
			".a.config.12345678901.unfinished":      long,
			"a.config.123.unfinished":               long,
			"..1.unfinished":                        long,
			".a.config.123.unfinished.bak":          long,
			".folder.5.unfinished/.in.5.unfinished": long,
		} {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, age, age); err != nil {
				t.Fatal(err)
			}
		}
		before := names(t, dir)
		var err error
		if writes {
			err = durable.WriteFile(filepath.Join(dir, "a.config"), nil, 0o600)
		} else {
			err = durable.RemoveLeftovers(dir)
		}
		if err != nil {
			t.Error(err)
		}
		want := slices.DeleteFunc(before, func(s string) bool { return s == ".a.config.123.unfinished" || s == ".b.0.unfinished" })
		if got := slices.DeleteFunc(names(t, dir), func(s string) bool { return s == "a.config" }); !slices.Equal(got, want) {
			t.Errorf("there is %q, want %q", got, want)
		}
	}
	if err := durable.RemoveLeftovers(filepath.Join(t.TempDir(), "nowhere")); err != nil {
		t.Error(err)
	}
}

// TestMadeBesideIsALeftover: both sides agree on the form of names.
func TestMadeBesideIsALeftover(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.config", "x", ".hidden"} {
		f, err := durable.CreateBeside(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		long := time.Now().Add(-2 * time.Minute)
		if err := errors.Join(f.Close(), os.Chtimes(f.Name(), long, long)); err != nil {
			t.Fatal(err)
		}
	}
	if err := durable.RemoveLeftovers(dir); err != nil {
		t.Error(err)
	}
	if left := names(t, dir); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
