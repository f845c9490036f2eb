package vfs_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/local"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// house is a namespace over folders of a temporary directory.
type house struct {
	dir      string
	settings vfs.Settings
	view     *vfs.View
}

// build makes folder/file for every name in files ("/" at the end makes a
// directory) and mounts the folders: virtual path to folder.
func build(t *testing.T, mounts map[vpath.Path]string, files string, levels []access.Level, change func(*vfs.Settings)) *house {
	t.Helper()
	h := &house{dir: t.TempDir()}
	for name := range strings.FieldsSeq(files) {
		path := filepath.Join(h.dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(path, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(name), 0o644))
	}
	if levels == nil {
		levels = []access.Level{{Path: "/", Rules: []access.Rule{{Users: []string{"*"}, Permissions: access.Read | access.Write}}}}
	}
	h.settings = vfs.Settings{Access: access.NewTree(levels), VirtualDirectoryTimeout: time.Minute}
	for path, folder := range mounts {
		h.settings.Mounts = append(h.settings.Mounts, vfs.Mount{Path: path, Store: local.New(filepath.Join(h.dir, folder))})
	}
	if change != nil {
		change(&h.settings)
	}
	n, err := vfs.NewNamespace(h.settings)
	must(t, err)
	h.view = n.View(bob(), access.Client{})
	return h
}

func bob() *auth.Principal { return auth.NewPrincipal("HOST", "bob", nil) }

func (h *house) text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(h.dir, filepath.FromSlash(name)))
	must(t, err)
	return string(b)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func subStatus(err error) int {
	var d *access.Denied
	if errors.As(err, &d) {
		return d.SubStatus
	}
	return 0
}

func store(t *testing.T, v *vfs.View, p vpath.Path, text string) {
	t.Helper()
	u, err := v.Create(p, content.Replace)
	must(t, err)
	_, err = io.WriteString(u.File, text)
	must(t, err)
	must(t, u.Commit())
}

func TestNewNamespaceRefuses(t *testing.T) {
	s := local.New(t.TempDir())
	tree := access.NewTree(nil)
	for want, settings := range map[string]vfs.Settings{
		`no virtual directory stands at "/"`: {Access: tree, Mounts: []vfs.Mount{{Path: "/a", Store: s}}},
		"/A is there twice":                  {Access: tree, Mounts: []vfs.Mount{{Path: "/", Store: s}, {Path: "/a", Store: s}, {Path: "/A", Store: s}}},
		"/b has no content store":            {Access: tree, Mounts: []vfs.Mount{{Path: "/", Store: s}, {Path: "/b"}}},
		"needs access rules":                 {Mounts: []vfs.Mount{{Path: "/", Store: s}}},
	} {
		if _, err := vfs.NewNamespace(settings); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestVirtualDirectories(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root", "/Pub": "pub", "/Pub/deep/er": "er", "/Gone": "gone"},
		"root/a.txt root/pub/hidden.txt root/dir/ pub/p.txt pub/deep/d.txt pub/deep/er/hidden.txt er/e.txt", nil, nil)
	for p, want := range map[vpath.Path]string{
		"/a.txt": "root/a.txt", "/pub/P.TXT": "pub/p.txt", "/PUB/DEEP/d.txt": "pub/deep/d.txt", "/pub/deep/er/e.txt": "er/e.txt",
	} {
		f, info, err := h.view.Open(p)
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		b, _ := io.ReadAll(f)
		f.Close()
		if string(b) != want || info.Size != int64(len(want)) {
			t.Errorf("%s: %q, %+v", p, b, info)
		}
	}
	for p, want := range map[vpath.Path]error{
		"/pub/hidden.txt": fs.ErrNotExist, "/pub/deep/er/hidden.txt": fs.ErrNotExist, "/none/x": content.ErrPathNotFound,
		"/": content.ErrIsDirectory, "/pub": content.ErrIsDirectory, "/dir": content.ErrIsDirectory, "/pub/deep": content.ErrIsDirectory,
		"/gone/x": content.ErrPathNotFound,
	} {
		if _, _, err := h.view.Open(p); !errors.Is(err, want) {
			t.Errorf("Open(%s): %v, want %v", p, err, want)
		}
	}
	for p, want := range map[vpath.Path]error{
		"/": nil, "/pub": nil, "/Pub/Deep": nil, "/pub/deep/er": nil, "/dir": nil,
		"/gone": content.ErrPathNotFound, "/a.txt": content.ErrNotDirectory, "/none": fs.ErrNotExist, "/a.txt/x": content.ErrPathNotFound,
	} {
		if err := h.view.Enter(p); !errors.Is(err, want) {
			t.Errorf("Enter(%s): %v, want %v", p, err, want)
		}
	}
	if info, err := h.view.Stat("/pub"); err != nil || info.Name != "Pub" || !info.Dir {
		t.Errorf("Stat(/pub) = %+v, %v", info, err)
	}
	if p, err := h.view.Start(); p != "/" || err != nil {
		t.Errorf("Start() = %q, %v", p, err)
	}
}

// What is only on the way to a virtual directory need not exist.
func TestOnTheWayToAVirtualDirectory(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root", "/LocalUser/Bob": "bob", "/file/x": "x"}, "root/file bob/b.txt x/", nil, nil)
	for _, p := range []vpath.Path{"/localuser", "/LocalUser/bob", "/file", "/file/x"} {
		if err := h.view.Enter(p); err != nil {
			t.Errorf("Enter(%s): %v", p, err)
		}
		if info, err := h.view.Stat(p); err != nil || !info.Dir {
			t.Errorf("Stat(%s) = %+v, %v", p, info, err)
		}
	}
	if _, err := h.view.Stat("/LocalUser/alice"); !errors.Is(err, content.ErrPathNotFound) {
		t.Errorf("beside it: %v", err)
	}
	if err := h.view.Mkdir("/LocalUser"); subStatus(err) != access.SubStatusVirtualDirectoryRoot {
		t.Errorf("Mkdir: %v", err)
	}
}

func TestVirtualDirectoryRootsRefuseChanges(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root", "/Pub": "pub", "/a/b": "ab"}, "root/file pub/p.txt ab/ root/pub/", nil, nil)
	for _, p := range []vpath.Path{"/", "/pub", "/PUB.", "/a", "/a/b"} {
		for name, err := range map[string]error{
			"Create":      second(h.view.Create(p, content.Replace)),
			"Mkdir":       h.view.Mkdir(p),
			"Rmdir":       h.view.Rmdir(p),
			"Remove":      h.view.Remove(p),
			"CheckRename": h.view.CheckRename(p),
			"Rename":      h.view.Rename(p, "/new"),
			"Rename to":   h.view.Rename("/file", p),
			"SetModTime":  h.view.SetModTime(p, fixedTime()),
		} {
			if subStatus(err) != access.SubStatusVirtualDirectoryRoot {
				t.Errorf("%s %s: %v", name, p, err)
			}
		}
	}
	if h.text(t, "root/file") != "root/file" {
		t.Error("the file changed")
	}
}

func second[T any](_ T, err error) error { return err }

func TestRename(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root", "/pub": "pub", "/again": "root"},
		"root/a.txt root/b.txt root/dir/x root/other/ pub/p.txt", nil, nil)
	for _, c := range []struct {
		from, to vpath.Path
		want     error
	}{
		{"/a.txt", "/pub/a.txt", content.ErrCrossDevice},
		{"/pub/p.txt", "/p.txt", content.ErrCrossDevice},
		{"/dir", "/pub/dir", content.ErrCrossDevice},
		{"/a.txt", "/again/c.txt", content.ErrCrossDevice},
		{"/a.txt", "/b.txt", fs.ErrExist},
		{"/a.txt", "/none/a.txt", content.ErrPathNotFound},
		{"/none", "/x", fs.ErrNotExist},
		{"/a.txt", "/x:y", content.ErrInvalidParameter},
		{"/a.txt", "/A.TXT", nil},
		{"/a.txt", "/dir/c.txt", nil},
		{"/dir", "/other/dir", nil},
	} {
		if err := h.view.Rename(c.from, c.to); !errors.Is(err, c.want) {
			t.Errorf("%s to %s: %v, want %v", c.from, c.to, err, c.want)
		}
	}
	if got := h.text(t, "root/other/dir/c.txt"); got != "root/a.txt" {
		t.Errorf("moved %q", got)
	}

	h = build(t, map[vpath.Path]string{"/": "root"}, "root/a.txt root/b.txt", nil, func(s *vfs.Settings) { s.AllowReplaceOnRename = true })
	must(t, h.view.Rename("/a.txt", "/b.txt"))
	if got := h.text(t, "root/b.txt"); got != "root/a.txt" {
		t.Errorf("replaced with %q", got)
	}
}

// Nothing a client can write leads out of the folders.
func TestEscape(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "site/root", "/pub": "site/pub"}, "secret site/root/in site/pub/in site/root/dir/in", nil, nil)
	must(t, os.Symlink("../../secret", filepath.Join(h.dir, "site", "root", "link")))
	must(t, os.Symlink("../pub", filepath.Join(h.dir, "site", "root", "sideways")))
	for _, arg := range []string{
		"../secret", "../../secret", "/../../secret", `..\..\secret`, `\..\..\secret`, "dir/../../../secret", "/pub/../../secret",
		"C:/secret", `C:\secret`, "C:secret", `\\localhost\secret`, "//secret", "/dir/.. /.. /secret", "/.../secret", "....//secret",
		"/..%2f..%2fsecret", "/%2e%2e/secret", "/pub/..\\../secret", "link", "/LINK", "sideways/in", "~/secret", "/dir\x00/../../secret", "~root/secret",
	} {
		for _, cwd := range []vpath.Path{"/", "/dir", "/pub"} {
			p := cwd.Join(arg)
			if f, _, err := h.view.Open(p); err == nil {
				b, _ := io.ReadAll(f)
				f.Close()
				if string(b) != "site/root/in" && string(b) != "site/pub/in" {
					t.Errorf("%s in %s reads %q", arg, cwd, b)
				}
			}
			if u, err := h.view.Create(p, content.Append); err == nil {
				u.Commit()
			}
			h.view.Mkdir(p + "-dir")
			h.view.Remove(p)
			h.view.Rename("/in", p)
			h.view.Rename(p, "/taken")
		}
	}
	entries, err := os.ReadDir(h.dir)
	must(t, err)
	if len(entries) != 2 || h.text(t, "secret") != "secret" {
		t.Errorf("outside: %v", entries)
	}
	entries, err = os.ReadDir(filepath.Join(h.dir, "site"))
	must(t, err)
	if len(entries) != 2 {
		t.Errorf("beside the folders: %v", entries)
	}
}

func TestRefresh(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/old", nil, nil)
	must(t, h.view.Enter("/"))
	must(t, os.Rename(filepath.Join(h.dir, "root"), filepath.Join(h.dir, "away")))
	n, err := vfs.NewNamespace(h.settings)
	must(t, err)
	if _, err := n.View(auth.Anonymous(), access.Client{}).Start(); err == nil {
		t.Error("the home directory is gone, and Start works")
	}
	must(t, os.MkdirAll(filepath.Join(h.dir, "root", "new"), 0o755))
	if err := n.View(auth.Anonymous(), access.Client{}).Enter("/NEW"); err != nil {
		t.Error(err)
	}
}

func TestAvailableBytes(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/", nil, nil)
	if n, err := h.view.AvailableBytes("/"); err != nil && !errors.Is(err, errors.ErrUnsupported) || err == nil && n <= 0 {
		t.Errorf("%d, %v", n, err)
	}
}

// BenchmarkStart is what the file system adds to each login.
func BenchmarkStart(b *testing.B) {
	settings := vfs.Settings{
		Mounts: []vfs.Mount{{Path: "/", Store: local.New(b.TempDir())}},
		Access: access.NewTree([]access.Level{{Path: "/", Rules: []access.Rule{{Users: []string{"*"}, Permissions: access.Read | access.Write}}}}),
	}
	n, err := vfs.NewNamespace(settings)
	if err != nil {
		b.Fatal(err)
	}
	who := bob()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := n.View(who, access.Client{}).Start(); err != nil {
			b.Fatal(err)
		}
	}
}
