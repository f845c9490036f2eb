package vfs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/local"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// Links lead nowhere out of a home, whether they were there before it was
// opened or not, and a home that is such a link itself is none.
func TestLinksOutOfAHome(t *testing.T) {
	for _, mode := range []vfs.IsolationMode{vfs.IsolateRootDirectoryOnly, vfs.IsolateAllDirectories, vfs.Custom} {
		h, n := isolated(t, mode, map[vpath.Path]string{"/": "root"}, "root/LocalUser/bob/dir/in root/LocalUser/alice/secret root/top outside/secret", nil)
		home := filepath.Join(h.dir, "root", "LocalUser", "bob")
		links := map[string]string{
			"alice": "../alice", "file": "../alice/secret", "abs": filepath.Join(h.dir, "outside"), "top": "../../top", "self": "../bob", "dir/up": "../..",
		}
		link := func(suffix string) {
			for name, to := range links {
				must(t, os.Symlink(to, filepath.Join(home, name+suffix)))
			}
		}
		link("")
		v := n.View(bob().WithHome("root/LocalUser/bob"), access.Client{})
		if _, err := v.Start(); err != nil {
			t.Fatal(err)
		}
		link("2")
		for name := range links {
			for _, suffix := range []string{"", "2"} {
				p := vpath.Clean(name + suffix)
				for what, err := range map[string]error{
					"Open": open(v, p), "Open below": open(v, p.Join("secret")), "Stat": second(v.Stat(p)), "Enter": v.Enter(p), "Create": create(v, p.Join("made")),
					"Mkdir": v.Mkdir(p.Join("made-dir")), "Remove below": v.Remove(p.Join("secret")), "Rename below": v.Rename(p.Join("secret"), "/stolen"),
					"Rename to": v.Rename("/dir/in", p.Join("given")), "SetModTime": v.SetModTime(p, fixedTime()),
				} {
					if err == nil {
						t.Errorf("mode %d: %s %s works", mode, what, p)
					}
				}
			}
		}
		for _, file := range []string{"root/LocalUser/alice/secret", "outside/secret", "root/top", "root/LocalUser/bob/dir/in"} {
			if h.text(t, file) != file {
				t.Errorf("mode %d: %s changed", mode, file)
			}
		}
		must(t, os.Symlink(filepath.Join(h.dir, "outside"), filepath.Join(h.dir, "root", "LocalUser", "carl")))
		if mode == vfs.Custom {
			continue // there the administrator named the link
		}
		if _, err := n.View(auth.NewPrincipal("", "carl", nil), access.Client{}).Start(); err == nil {
			t.Errorf("mode %d: a link out of the site is a home", mode)
		}
	}
}

func open(v *vfs.View, p vpath.Path) error {
	f, _, err := v.Open(p)
	if err == nil {
		f.Close()
	}
	return err
}

func create(v *vfs.View, p vpath.Path) error {
	u, err := v.Create(p, content.Append)
	if err == nil {
		return u.Commit()
	}
	return err
}

// What counts at a path is written for the path that the mode says.
func TestLocationsInHomes(t *testing.T) {
	rule := []access.Rule{{Deny: true, Users: []string{"*"}, Permissions: access.Read | access.Write}}
	levels := []access.Level{
		{Path: "/", Rules: []access.Rule{{Users: []string{"*"}, Permissions: access.Read | access.Write}}},
		{Path: "/seen", Rules: rule},
		{Path: "/localuser/BOB/real", Rules: rule},
		{Path: "/limit", Filter: access.NewRequestFilter(access.FilterSettings{AllowHighBit: true, AllowUnlistedExtensions: true, MaxContentLength: 5})},
		{Path: "/LocalUser/bob/limit", Filter: access.NewRequestFilter(access.FilterSettings{AllowHighBit: true, AllowUnlistedExtensions: true, MaxContentLength: 7})},
		{Path: "/LocalUser", Filter: access.NewRequestFilter(access.FilterSettings{AllowHighBit: true, AllowUnlistedExtensions: true, HiddenSegments: []string{"LocalUser", "hid"}})},
	}
	for mode, want := range map[vfs.IsolationMode]struct {
		denied, free vpath.Path
		limit        int64
		listed       string
	}{
		vfs.IsolateRootDirectoryOnly: {"/seen", "/real", 5, "hid real seen"},
		vfs.Custom:                   {"/seen", "/real", 5, "hid real seen"},
		vfs.IsolateAllDirectories:    {"/real", "/seen", 7, "real seen"},
	} {
		_, n := isolated(t, mode, map[vpath.Path]string{"/": "root"}, "root/LocalUser/bob/seen/ root/LocalUser/bob/real/ root/LocalUser/bob/hid", levels)
		v := n.View(bob().WithHome("root/LocalUser/bob"), access.Client{})
		if err := v.Enter(want.denied); subStatus(err) != access.SubStatusAuthorization {
			t.Errorf("mode %d: %s: %v", mode, want.denied, err)
		}
		if err := v.Enter(want.free); err != nil {
			t.Errorf("mode %d: %v", mode, err)
		}
		dir := content.Info{Dir: true}
		if v.Rights(want.denied, dir) != 0 || v.Rights(want.free, dir) == 0 || v.MaxUpload("/limit/x") != want.limit {
			t.Errorf("mode %d: rights %v and %v, limit %d", mode, v.Rights(want.denied, dir), v.Rights(want.free, dir), v.MaxUpload("/limit/x"))
		}
		var names []string
		must(t, v.List("/", vfs.ListOptions{}, func(i content.Info) error { names = append(names, i.Name); return nil }))
		if got := strings.Join(names, " "); got != want.listed {
			t.Errorf("mode %d lists %s, want %s", mode, got, want.listed)
		}
	}
}

// BenchmarkStartInAHome is what a home of one's own adds to each login.
func BenchmarkStartInAHome(b *testing.B) {
	dir := b.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "LocalUser", "bob"), 0o755); err != nil {
		b.Fatal(err)
	}
	n, err := vfs.NewNamespace(vfs.Settings{
		Mounts:    []vfs.Mount{{Path: "/", Store: local.New(dir)}},
		Access:    access.NewTree([]access.Level{{Path: "/", Rules: []access.Rule{{Users: []string{"*"}, Permissions: access.Read}}}}),
		Isolation: &vfs.Isolation{Mode: vfs.IsolateAllDirectories},
	})
	if err != nil {
		b.Fatal(err)
	}
	who := auth.NewPrincipal("", "bob", nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := n.View(who, access.Client{}).Start(); err != nil {
			b.Fatal(err)
		}
	}
}
