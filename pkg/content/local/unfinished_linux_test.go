package local_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/local"
)

// TestRemoveUnfinished: only the file goes that was being written.
func TestRemoveUnfinished(t *testing.T) {
	now := time.Now()
	others := content.FileID{Volume: 1, Number: 2}
	for name, c := range map[string]struct {
		file   string // what was recorded; a file that is there unless prepare says otherwise
		id     *content.FileID
		since  time.Time
		until  time.Time
		before func(t *testing.T, dir string)
		want   error // nil: it is removed
	}{
		"the same":               {file: "dir/a"},
		"in another spelling":    {file: "DIR/A"},
		"another file":           {file: "dir/a", id: &others, want: content.ErrChanged},
		"gone":                   {file: "dir/none", want: fs.ErrNotExist},
		"no folder":              {file: "none/a", want: content.ErrPathNotFound},
		"a folder":               {file: "dir", want: content.ErrChanged},
		"changed later":          {file: "dir/a", until: now.Add(-time.Minute), want: content.ErrChanged},
		"above":                  {file: "../outside/a", want: errAny},
		"absolute":               {file: "/dir/a", want: errAny},
		"nothing":                {file: "", want: errAny},
		"itself":                 {file: ".", want: content.ErrChanged},
		"expected, and empty":    {file: "dir/empty", id: &content.FileID{}, since: now},
		"expected, not empty":    {file: "dir/a", id: &content.FileID{}, since: now, want: content.ErrChanged},
		"expected, there before": {file: "dir/empty", id: &content.FileID{}, since: now.Add(time.Minute), until: now.Add(2 * time.Minute), want: content.ErrChanged},
		"renamed": {file: "dir/a", want: fs.ErrNotExist, before: func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "dir/a"), filepath.Join(dir, "dir/b")))
		}},
		"replaced": {file: "dir/a", want: content.ErrChanged, before: func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "dir/empty"), filepath.Join(dir, "dir/a")))
		}},
		"a link to it instead": {file: "dir/a", want: content.ErrChanged, before: func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "dir/a"), filepath.Join(dir, "dir/b")))
			must(t, os.Symlink("b", filepath.Join(dir, "dir/a")))
		}},
		"its folder is a link inside": {file: "dir/a", before: func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "dir"), filepath.Join(dir, "moved")))
			must(t, os.Symlink("moved", filepath.Join(dir, "dir")))
		}},
		"its folder is a link outside": {file: "dir/a", want: fs.ErrPermission, before: func(t *testing.T, dir string) {
			// To the very file, which may not be reached so.
			outside := filepath.Join(filepath.Dir(dir), "outside")
			must(t, os.Rename(filepath.Join(dir, "dir"), outside))
			must(t, os.Symlink(outside, filepath.Join(dir, "dir")))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			must(t, os.MkdirAll(filepath.Join(dir, "dir"), 0o700))
			must(t, os.WriteFile(filepath.Join(dir, "dir/a"), []byte("part"), 0o600))
			must(t, os.WriteFile(filepath.Join(dir, "dir/empty"), nil, 0o600))
			s := local.New(dir)
			u := content.Unfinished{Folder: dir, Name: c.file, Since: c.since, Until: c.until}
			if u.Until.IsZero() {
				u.Until = time.Now()
			}
			if c.id != nil {
				u.ID = *c.id
			} else if info, err := s.Stat("dir/a"); err == nil {
				u.ID = info.ID
			}
			if c.before != nil {
				c.before(t, dir)
			}
			before := files(t, filepath.Dir(dir))
			err := s.RemoveUnfinished(t.Context(), u)
			removed := before - files(t, filepath.Dir(dir))
			switch {
			case c.want == nil && (err != nil || removed != 1):
				t.Errorf("%v, %d removed", err, removed)
			case c.want != nil && (err == nil || removed != 0 || !errors.Is(c.want, errAny) && !errors.Is(err, c.want)):
				t.Errorf("%v, %d removed, want %v", err, removed, c.want)
			}
		})
	}
}

var errAny = errors.New("any error")

// files counts what is below dir.
func files(t *testing.T, dir string) (n int) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(string, fs.DirEntry, error) error { n++; return nil }))
	return n
}

func TestRemoveUnfinishedInTime(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "a"), nil, 0o600))
	s := local.New(dir)
	info, err := s.Stat("a")
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	u := content.Unfinished{Folder: dir, Name: "a", ID: info.ID, Until: time.Now()}
	if err := s.RemoveUnfinished(ctx, u); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	must(t, s.RemoveUnfinished(t.Context(), u))
}

func TestLocate(t *testing.T) {
	dir := t.TempDir()
	s := local.New(dir)
	for _, c := range []struct {
		store        content.Store
		folder, name string
	}{
		{s, dir, "a/b"},
		{s.Sub("home"), dir, "home/a/b"},
		{s.Sub("x/y").(*local.Store).Sub("z"), dir, "x/y/z/a/b"},
	} {
		folder, name := c.store.(content.Locator).Locate("a/b")
		if folder != c.folder || name != c.name {
			t.Errorf("%q below %q, want %q below %q", name, folder, c.name, c.folder)
		}
	}
	t.Chdir(dir)
	if folder, name := local.New("here").Locate("a"); folder != filepath.Join(dir, "here") || name != "a" {
		t.Errorf("%q below %q", name, folder)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
