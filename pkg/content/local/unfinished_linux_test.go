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
			u := content.Unfinished{Place: content.Place{Folder: dir, Name: c.file}, Since: c.since, Until: c.until}
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
			err := local.RemoveUnfinished(t.Context(), u)
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
	u := content.Unfinished{Place: content.Place{Folder: dir, Name: "a"}, ID: info.ID, Until: time.Now()}
	if err := local.RemoveUnfinished(ctx, u); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	must(t, local.RemoveUnfinished(t.Context(), u))
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
		if p := c.store.(content.Locator).Locate("a/b"); p.Folder != c.folder || p.Name != c.name || p.User != nil {
			t.Errorf("%+v, want %q below %q", p, c.name, c.folder)
		}
	}
	jo := content.OSUser{UID: 1, GID: 2}
	if p := s.As(jo).(*local.Store).Sub("home").(*local.Store).Locate("a"); p.User == nil || p.User.Key() != jo.Key() {
		t.Errorf("%+v", p)
	}
	t.Chdir(dir)
	if p := local.New("here").Locate("a"); p.Folder != filepath.Join(dir, "here") || p.Name != "a" {
		t.Errorf("%+v", p)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRemoveUnfinishedAsUser: it is done with the rights of whose upload it was.
func TestRemoveUnfinishedAsUser(t *testing.T) {
	if err := local.MayImpersonate(); err != nil || os.Geteuid() != 0 {
		t.Skipf("NOT TESTED: acting as another user needs root: %v", err)
	}
	dir := t.TempDir()
	for d := dir; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
		must(t, os.Chmod(d, 0o755))
	}
	jo := &content.OSUser{UID: 154321, GID: 154321}
	for name, may := range map[string]bool{"own": true, "other": false} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		file := filepath.Join(dir, name, "a")
		must(t, os.WriteFile(file, nil, 0o666))
		if may {
			must(t, os.Chown(filepath.Join(dir, name), int(jo.UID), int(jo.GID)))
		}
		info, err := local.New(dir).Stat(name + "/a")
		must(t, err)
		u := content.Unfinished{Place: content.Place{Folder: dir, Name: name + "/a", User: jo}, ID: info.ID, Until: time.Now()}
		err = local.RemoveUnfinished(t.Context(), u)
		_, there := os.Lstat(file)
		if may && (err != nil || there == nil) || !may && (!errors.Is(err, fs.ErrPermission) || there != nil) {
			t.Errorf("%s: %v, then %v", name, err, there)
		}
	}
}
