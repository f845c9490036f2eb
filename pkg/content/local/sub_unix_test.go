package local_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/contenttest"
	"github.com/ftphost/ftphost/pkg/content/local"
)

func TestSubIsAStore(t *testing.T) {
	contenttest.TestStore(t, func(t *testing.T) content.Store {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "Homes", "Bob"), 0o755); err != nil {
			t.Fatal(err)
		}
		return local.New(dir).Sub("homes/BOB")
	})
}

func TestSubThatIsNone(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"site/in", "out", "site/case"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "site", "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"link": "in", "up": "../out", "abs": filepath.Join(dir, "out"), "loop": "loop"} {
		if err := os.Symlink(to, filepath.Join(dir, "site", name)); err != nil {
			t.Fatal(err)
		}
	}
	site := local.New(filepath.Join(dir, "site"))
	for name, want := range map[string]error{
		"in": nil, "IN": nil, "link": nil, "case": nil,
		"none": content.ErrPathNotFound, "none/in": content.ErrPathNotFound, "file": content.ErrNotDirectory, "file/x": content.ErrPathNotFound,
		"..": content.ErrInvalidName, "../out": content.ErrInvalidName, `..\out`: content.ErrInvalidName, "up": fs.ErrPermission, "abs": fs.ErrPermission,
		"loop": content.ErrPathNotFound, "in\x00": content.ErrInvalidName,
	} {
		if _, err := site.Sub(name).Stat("."); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
}

// A folder that was replaced is the new one after Refresh, as for any store.
func TestSubRefresh(t *testing.T) {
	dir := t.TempDir()
	home := filepath.Join(dir, "bob")
	if err := os.MkdirAll(filepath.Join(home, "old"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, ok := local.New(dir).Sub("Bob").(*local.Store)
	if !ok {
		t.Fatal("a folder of a local store is no local store")
	}
	if _, err := s.Stat("old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(home, home+"2"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(home, "new"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.Refresh()
	if _, err := s.Stat("new"); err != nil {
		t.Error(err)
	}
}
