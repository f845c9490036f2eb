package vfs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// mixed is a tree with everything that changes rights.
func mixed(t *testing.T) *house {
	t.Helper()
	allow := func(p access.Permission) access.Rule {
		return access.Rule{Users: []string{"*"}, Permissions: p}
	}
	deny := func(p access.Permission) access.Rule {
		return access.Rule{Users: []string{"bob"}, Permissions: p, Deny: true}
	}
	const both = access.Read | access.Write
	filter := access.NewRequestFilter(access.FilterSettings{
		AllowHighBit: true, AllowUnlistedExtensions: true,
		Extensions: map[string]bool{".exe": false}, DeniedSequences: []string{"denied"},
	})
	h := build(t, map[vpath.Path]string{"/": "root", "/pub": "pub", "/on/the/way": "pub", "/real/way": "pub"},
		"root/plain.txt root/x.exe root/denied.txt root/kept.txt root/blind.txt root/nothing.txt root/sub/file root/drop/file root/real/file root/locked.txt pub/file",
		[]access.Level{
			{Path: "/", Rules: []access.Rule{allow(both)}, Filter: filter},
			{Path: "/kept.txt", Rules: []access.Rule{deny(access.Write)}},
			{Path: "/blind.txt", Rules: []access.Rule{deny(access.Read)}},
			{Path: "/nothing.txt", Rules: []access.Rule{deny(both)}},
			{Path: "/drop", Rules: []access.Rule{deny(access.Read)}},
			{Path: "/pub/file", Clear: true, Rules: []access.Rule{allow(access.Read)}},
		}, func(s *vfs.Settings) { s.ListVirtualDirectories = true })
	must(t, os.Chmod(filepath.Join(h.dir, "root", "locked.txt"), 0o400))
	return h
}

func TestRights(t *testing.T) {
	h := mixed(t)
	const all = vfs.MayRead | vfs.MayWrite | vfs.MayMove
	for p, want := range map[vpath.Path]vfs.Rights{
		"/": vfs.MayRead | vfs.MayWrite, "/plain.txt": all, "/PLAIN.TXT": all, "/x.exe": 0, "/denied.txt": 0,
		"/kept.txt": vfs.MayRead, "/Kept.txt": vfs.MayRead, "/blind.txt": vfs.MayWrite | vfs.MayMove, "/nothing.txt": 0,
		"/sub": all, "/sub/file": all, "/drop": vfs.MayWrite | vfs.MayMove,
		"/pub": vfs.MayRead | vfs.MayWrite, "/pub/file": vfs.MayRead,
		"/on": vfs.MayRead, "/on/the": vfs.MayRead, "/on/the/way": vfs.MayRead | vfs.MayWrite, "/on/the/way/file": all,
		"/real": vfs.MayRead | vfs.MayWrite, "/real/file": all, "/real/way": vfs.MayRead | vfs.MayWrite,
		"/locked.txt": vfs.MayRead | vfs.MayMove,
	} {
		info := content.Info{Name: p.Base(), Dir: true}
		if at, err := h.view.Stat(p); err == nil {
			info = at
		} else if filepath.Ext(p.Base()) != "" {
			info.Dir = false
		}
		if got := h.view.Rights(p, info); got != want {
			t.Errorf("%s: %b, want %b", p, got, want)
		}
	}
}

// Rights of listed entries are what the operations then do.
func TestRightsComeTrue(t *testing.T) {
	for _, dir := range []vpath.Path{"/", "/sub", "/pub", "/on", "/on/the", "/real"} {
		h := mixed(t)
		rights := h.view.RightsIn(dir)
		entries := 0
		must(t, h.view.List(dir, vfs.ListOptions{}, func(info content.Info) error {
			entries++
			p := dir.Join(info.Name)
			got := rights(info)
			if again := h.view.Rights(p, info); again != got {
				t.Errorf("%s: %b by itself, %b as an entry", p, again, got)
			}
			can := map[vfs.Rights]func() error{vfs.MayMove: func() error { return h.view.CheckRename(p) }}
			if info.Dir {
				can[vfs.MayRead] = func() error { return h.view.Enter(p) }
				can[vfs.MayWrite] = func() error { return h.view.Mkdir(p.Join("new")) }
			} else {
				can[vfs.MayRead] = func() error { return opened(h.view, p) }
				can[vfs.MayWrite] = func() error { return created(h.view, p) }
			}
			for right, do := range can {
				if info.ReadOnly && right == vfs.MayWrite && os.Geteuid() == 0 {
					continue // root is not kept from it, but accounts are to be
				}
				if err := do(); (err == nil) != (got&right != 0) {
					t.Errorf("%s: right %b of %b, but %v", p, right, got, err)
				}
			}
			return nil
		}))
		if entries == 0 {
			t.Errorf("%s is empty", dir)
		}
	}
}

func opened(v *vfs.View, p vpath.Path) error {
	f, _, err := v.Open(p)
	if err == nil {
		f.Close()
	}
	return err
}

func created(v *vfs.View, p vpath.Path) error {
	u, err := v.Create(p, content.Resume)
	if err == nil {
		err = u.Commit()
	}
	return err
}

// A view says by itself what its store cannot do.
func TestAttributes(t *testing.T) {
	start := time.Now().Add(-time.Minute)
	h := build(t, map[vpath.Path]string{"/": "root", "/bare": "bare"}, "root/a bare/b", nil, func(s *vfs.Settings) {
		for i, m := range s.Mounts {
			if m.Path == "/bare" {
				s.Mounts[i].Store = bareStore{m.Store}
			}
		}
	})
	made, err := h.view.Created("/a")
	if !errors.Is(err, errors.ErrUnsupported) && (err != nil || made.Before(start) || made.After(time.Now().Add(time.Minute))) {
		t.Errorf("created %v, %v", made, err)
	}
	for name, err := range map[string]error{
		"Created": second(h.view.Created("/bare/b")), "SetCreated": h.view.SetCreated("/bare/b", start), "SetMode": h.view.SetMode("/bare/b", 0o600),
	} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.view.SetCreated("/a", start); (err == nil) != (runtime.GOOS == "windows") {
		t.Errorf("SetCreated: %v", err)
	}
	must(t, h.view.SetMode("/A", 0o440))
	info, err := h.view.Stat("/a")
	if err != nil || !info.ReadOnly || runtime.GOOS != "windows" && info.Mode != 0o440 {
		t.Errorf("%+v, %v", info, err)
	}
}

// bareStore can do what every store can and no more.
type bareStore struct{ content.Store }

// BenchmarkRightsIn is what a directory of many files adds for each of them.
func BenchmarkRightsIn(b *testing.B) {
	levels := []access.Level{{Path: "/", Rules: []access.Rule{{Users: []string{"*"}, Permissions: access.Read | access.Write}}}}
	for i := range 1000 {
		levels = append(levels, access.Level{Path: vpath.Clean(fmt.Sprint("/a/b/c/d", i)), Rules: levels[0].Rules})
	}
	n, err := vfs.NewNamespace(vfs.Settings{Mounts: []vfs.Mount{{Path: "/", Store: bareStore{}}}, Access: access.NewTree(levels)})
	if err != nil {
		b.Fatal(err)
	}
	rights := n.View(bob(), access.Client{}).RightsIn("/a/b/c")
	info := content.Info{Name: "some file of usual length.txt"}
	b.ReportAllocs()
	for b.Loop() {
		rights(info)
	}
}
