package vfs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

func names(t *testing.T, h *house, p vpath.Path, opt vfs.ListOptions) []string {
	t.Helper()
	got := []string{}
	must(t, h.view.List(p, opt, func(i content.Info) error {
		name := i.Name
		if i.Dir {
			name += "/"
		}
		got = append(got, name)
		return nil
	}))
	return got
}

func TestList(t *testing.T) {
	mounts := map[vpath.Path]string{"/": "root", "/Pub": "pub", "/zz": "pub", "/LocalUser/Bob": "bob", "/Phys/vdir": "pub", "/$first": "gone"}
	files := "root/a.txt root/PUB/covered root/q.txt root/phys/x root/phys/VDIR root/_private pub/p1 pub/p2 bob/b"
	levels := []access.Level{
		{Path: "/", Rules: []access.Rule{{Users: []string{"*"}, Permissions: access.Read}}, Filter: access.NewRequestFilter(access.FilterSettings{AllowHighBit: true, AllowUnlistedExtensions: true, HiddenSegments: []string{"_private", "ZZ"}})},
		{Path: "/q.txt", Rules: []access.Rule{{Deny: true, Users: []string{"*"}, Permissions: access.Read}}},
	}
	for _, c := range []struct {
		shown bool
		want  map[vpath.Path][]string
	}{
		{false, map[vpath.Path][]string{
			"/": {"a.txt", "phys/", "q.txt"}, "/pub": {"p1", "p2"}, "/LocalUser": {}, "/localuser/bob": {"b"}, "/phys": {"x"}, "/a.txt": {"a.txt"},
		}},
		{true, map[vpath.Path][]string{
			"/":    {"$first/", "a.txt", "LocalUser/", "phys/", "Pub/", "q.txt"},
			"/pub": {"p1", "p2"}, "/LocalUser": {"Bob/"}, "/localuser/bob": {"b"}, "/phys": {"vdir/", "x"},
		}},
	} {
		h := build(t, mounts, files, levels, func(s *vfs.Settings) { s.ListVirtualDirectories = c.shown })
		for p, want := range c.want {
			if got := names(t, h, p, vfs.ListOptions{}); !slices.Equal(got, want) {
				t.Errorf("shown %v, %s: %q, want %q", c.shown, p, got, want)
			}
		}
	}
}

func TestListPattern(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root", "/Text": "text"}, "root/a.txt root/B.TXT root/c root/d/ text/", nil, func(s *vfs.Settings) { s.ListVirtualDirectories = true })
	for pattern, want := range map[string][]string{
		"*.txt": {"a.txt", "B.TXT"}, "": {"a.txt", "B.TXT", "c", "d/", "Text/"}, "*.*": {"a.txt", "B.TXT", "c", "d/", "Text/"},
		"t*": {"Text/"}, "?": {"c", "d/"}, "none*": {},
	} {
		if got := names(t, h, "/", vfs.ListOptions{Pattern: pattern}); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

// With a pattern, what is missing or a file is the directory before it.
func TestListPatternErrors(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/a", nil, nil)
	for p, want := range map[vpath.Path]error{"/none": content.ErrPathNotFound, "/none/x": content.ErrPathNotFound, "/a": content.ErrNotDirectory} {
		err := h.view.List(p, vfs.ListOptions{Pattern: "*"}, func(i content.Info) error {
			t.Errorf("%s: shows %s", p, i.Name)
			return nil
		})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", p, err, want)
		}
	}
}

// NamesOnly shows the same entries.
func TestListNamesOnly(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root", "/Pub": "pub"}, "root/a.txt root/d/ root/z.txt pub/x", nil, func(s *vfs.Settings) { s.ListVirtualDirectories = true })
	for pattern, want := range map[string][]string{"": {"a.txt", "d", "Pub", "z.txt"}, "*.TXT": {"a.txt", "z.txt"}} {
		var got []string
		must(t, h.view.List("/", vfs.ListOptions{Pattern: pattern, NamesOnly: true}, func(i content.Info) error {
			got = append(got, i.Name)
			return nil
		}))
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

// shuffled lists as stores do that have too many entries to sort them.
type shuffled struct{ content.Store }

func (shuffled) List(_ string, sel content.Selection, each func(content.Info) error) error {
	for _, name := range []string{"q", "b", "MNT", "z", "a", "hidden", "c"} {
		if sel.Wanted(name) {
			if err := each(content.Info{Name: name}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Where a directory has no order, virtual directories are there all the same,
// once.
func TestListWithoutOrder(t *testing.T) {
	levels := []access.Level{{
		Path: "/", Rules: []access.Rule{{Users: []string{"*"}, Permissions: access.Read}},
		Filter: access.NewRequestFilter(access.FilterSettings{AllowHighBit: true, AllowUnlistedExtensions: true, HiddenSegments: []string{"hidden"}}),
	}}
	h := build(t, map[vpath.Path]string{"/": "root", "/mnt": "pub", "/zz": "pub"}, "root/ pub/x", levels, func(s *vfs.Settings) {
		s.ListVirtualDirectories = true
		for i, m := range s.Mounts {
			if m.Path == "/" {
				s.Mounts[i].Store = shuffled{m.Store}
			}
		}
	})
	got := names(t, h, "/", vfs.ListOptions{})
	slices.Sort(got)
	if want := []string{"a", "b", "c", "mnt/", "q", "z", "zz/"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestListErrors(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root", "/Gone": "gone", "/way/x": "gone", "/real/x": "gone"}, "root/a root/b root/real/f", nil, func(s *vfs.Settings) { s.ListVirtualDirectories = true })
	list := func(p vpath.Path) error {
		return h.view.List(p, vfs.ListOptions{}, func(content.Info) error { return nil })
	}
	for p, want := range map[vpath.Path]error{"/none": fs.ErrNotExist, "/none/x": content.ErrPathNotFound, "/gone": content.ErrPathNotFound, "/way": nil} {
		if err := list(p); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", p, err, want)
		}
	}
	// An error of the caller ends the listing wherever it comes, even when it
	// looks like one of the store's.
	for _, at := range []string{"a", "Gone", "way"} {
		stop := &content.Error{Kind: content.ErrPathNotFound}
		err := h.view.List("/", vfs.ListOptions{}, func(i content.Info) error {
			if i.Name == at {
				return stop
			}
			return nil
		})
		if err != error(stop) { //nolint:errorlint // the very error is wanted
			t.Errorf("stopped at %s with %v", at, err)
		}
	}
	for _, p := range []vpath.Path{"/way", "/real"} {
		calls := 0
		err := h.view.List(p, vfs.ListOptions{}, func(content.Info) error { calls++; return fs.ErrNotExist })
		if !errors.Is(err, fs.ErrNotExist) || calls != 1 {
			t.Errorf("%s: %v after %d calls, want the caller's error after one", p, err, calls)
		}
	}
}

func TestVirtualDirectoryTime(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root", "/Pub": "pub", "/Gone": "gone"}, "root/ pub/", nil, func(s *vfs.Settings) { s.ListVirtualDirectories = true })
	must(t, os.Chtimes(filepath.Join(h.dir, "pub"), fixedTime(), fixedTime()))
	must(t, h.view.List("/", vfs.ListOptions{}, func(i content.Info) error {
		now := time.Since(i.ModTime) < time.Minute
		if i.Name == "Pub" && !i.ModTime.Equal(fixedTime()) || i.Name == "Gone" && !now {
			t.Errorf("%+v", i)
		}
		return nil
	}))
}

func TestNamesThatNoClientCanWrite(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("no such names here")
		return
	}
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/a", nil, nil)
	for _, name := range []string{"line\nbreak", "cr\r", `..\..\x`, "esc\x1b[0m"} {
		must(t, os.WriteFile(filepath.Join(h.dir, "root", name), nil, 0o644))
	}
	if got := names(t, h, "/", vfs.ListOptions{}); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%q", got)
	}
}
