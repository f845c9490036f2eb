package vfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/local"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// isolated is build in a mode; the home attribute is the name of a folder.
func isolated(t *testing.T, mode vfs.IsolationMode, mounts map[vpath.Path]string, files string, levels []access.Level) (*house, *vfs.Namespace) {
	t.Helper()
	h := build(t, mounts, files, levels, nil)
	h.settings.Isolation = &vfs.Isolation{
		Mode: mode, Computer: "HOST", Basic: true,
		Open: func(home string) (content.Store, error) {
			if home == "unmapped" {
				return nil, errors.New("no path map entry covers it")
			}
			return local.New(filepath.Join(h.dir, home)), nil
		},
	}
	n, err := vfs.NewNamespace(h.settings)
	must(t, err)
	return h, n
}

// pathNames are account and domain names that some system reads as something
// else than the plain name of a folder.
func pathNames() []string {
	return []string{
		"", ".", "..", "...", ". .", " ", "/", `\`, "/..", "../", `..\`, "../..", `..\..`, "../bob", `..\bob`, "bob/..", `bob\..`,
		"bob/../alice", `bob\..\alice`, "bob/", `bob\`, "/bob", `\bob`, "//bob", `\\server\share`, `\\?\C:\secret`, `\\.\C:`,
		"C:", `C:\`, "C:secret", "c:/secret", "bob:", "bob::$DATA", "bob:stream", "bob::$INDEX_ALLOCATION",
		"bob.", "bob..", "bob ", "bob. ", "bob .", " bob", "bob\x00", "\x00", "bob\x00/../alice", "bob\n", "bob\r\nalice", "bob\t", "bob\x7f", "bob\u0085",
		"CON", "nul", "NUL.txt", "aux.", "COM1", "lpt9.txt", "COM¹", "CONIN$", "prn",
		"*", "?", "b*", "b?b", "<bob>", `"bob"`, "bob|alice", "bo\xffb", "\xc0\xae\xc0\xae", "bo\xc0\xafb",
	}
}

func TestNamesThatAreNoFolder(t *testing.T) {
	// What such names could mean is there; only Windows has names that a
	// folder cannot have here, and the other way round.
	files := "root/LocalUser/bob/x root/LocalUser/alice/x root/secret/x root/HOST/bob/x root/bob/x secret/x"
	for _, mode := range []vfs.IsolationMode{vfs.IsolateRootDirectoryOnly, vfs.IsolateAllDirectories, vfs.StartInUsersDirectory} {
		h, n := isolated(t, mode, map[vpath.Path]string{"/": "root"}, files, nil)
		if runtime.GOOS != "windows" {
			for _, odd := range []string{"bob:", "bob.", "b*", "CON", " bob", `bob\`} {
				must(t, os.MkdirAll(filepath.Join(h.dir, "root", "LocalUser", odd), 0o755))
				must(t, os.MkdirAll(filepath.Join(h.dir, "root", odd, "bob"), 0o755))
			}
		}
		for _, name := range pathNames() {
			people := []*auth.Principal{auth.NewPrincipal("", name, nil), auth.NewPrincipal("HOST", name, nil), auth.NewPrincipal("CONTOSO", name, nil)}
			if name != "" {
				people = append(people, auth.NewPrincipal(name, "bob", nil))
			}
			for _, p := range people {
				start, err := n.View(p, access.Client{}).Start()
				if mode == vfs.StartInUsersDirectory {
					if err != nil || start != "/" && p.Name() != "bob" {
						t.Errorf("%q starts in %q, %v", p.QualifiedName(), start, err)
					}
					continue
				}
				var none *vfs.HomeError
				if !errors.As(err, &none) || none.SubStatus != access.SubStatusHomeDirectory || none.Folder != "" {
					t.Errorf("mode %d: the home of %q is %q, %v", mode, p.QualifiedName(), start, err)
				}
			}
		}
	}
}

func TestWhereHomesAre(t *testing.T) {
	files := "root/LocalUser/bob/local root/LocalUser/Public/public root/contoso/bob/domain root/HOST/bob/computer root/LocalUser/HOST/x"
	for _, mode := range []vfs.IsolationMode{vfs.IsolateRootDirectoryOnly, vfs.IsolateAllDirectories} {
		_, n := isolated(t, mode, map[vpath.Path]string{"/": "root"}, files, nil)
		for want, p := range map[string]*auth.Principal{
			"/local":  auth.NewPrincipal("", "BOB", nil),
			"/LOCAL":  auth.NewPrincipal("host", "bob", nil),
			"/domain": auth.NewPrincipal("CONTOSO", "Bob", nil),
			"/public": auth.Anonymous(),
		} {
			v := n.View(p, access.Client{})
			if start, err := v.Start(); start != "/" || err != nil {
				t.Errorf("%s starts in %q, %v", p.QualifiedName(), start, err)
			}
			if _, err := v.Stat(vpath.Path(want)); err != nil {
				t.Errorf("%s: %v", p.QualifiedName(), err)
			}
		}
		for _, p := range []*auth.Principal{auth.NewPrincipal("OTHER", "bob", nil), auth.NewPrincipal("LocalUser", "bob", nil), auth.NewPrincipal("LOCALUSER", "bob", nil)} {
			if start, err := n.View(p, access.Client{}).Start(); err == nil {
				t.Errorf("%s starts in %q", p.QualifiedName(), start)
			}
		}
	}
}

// The folder to create is told when that would help, and only then.
func TestFolderOfAMissingHome(t *testing.T) {
	h, n := isolated(t, vfs.IsolateAllDirectories, map[vpath.Path]string{"/": "root", "/LocalUser/gone": "gone"}, "root/LocalUser/file", nil)
	for name, want := range map[string]string{
		"alice": filepath.Join(h.dir, "root", "LocalUser", "alice"), "gone": filepath.Join(h.dir, "gone"), "file": "", "a:b": "",
	} {
		_, err := n.View(auth.NewPrincipal("", name, nil), access.Client{}).Start()
		var none *vfs.HomeError
		if !errors.As(err, &none) || none.Folder != want {
			t.Errorf("%s: %v, %+v", name, err, none)
		}
	}
	h, n = isolated(t, vfs.Custom, map[vpath.Path]string{"/": "root"}, "root/", nil)
	for home, want := range map[string]string{"nowhere": filepath.Join(h.dir, "nowhere"), "unmapped": "", "": ""} {
		_, err := n.View(bob().WithHome(home), access.Client{}).Start()
		var none *vfs.HomeError
		if !errors.As(err, &none) || none.Folder != want {
			t.Errorf("%s: %v, %+v", home, err, none)
		}
	}
}

// A view without a home shows nothing, whatever is asked of it.
func TestNoHomeShowsNothing(t *testing.T) {
	_, n := isolated(t, vfs.Custom, map[vpath.Path]string{"/": "root"}, "root/x", nil)
	v := n.View(bob(), access.Client{})
	for name, err := range map[string]error{
		"Enter": v.Enter("/"), "Stat": second(v.Stat("/x")), "Mkdir": v.Mkdir("/y"), "Remove": v.Remove("/x"), "Rename": v.Rename("/x", "/y"),
		"CheckRename": v.CheckRename("/x"), "Create": second(v.Create("/y", content.Replace)), "SetModTime": v.SetModTime("/x", time.Now()),
		"Created": second(v.Created("/x")), "AvailableBytes": second(v.AvailableBytes("/")),
		"List": v.List("/", vfs.ListOptions{}, func(content.Info) error { t.Error("something is listed"); return nil }),
	} {
		var none *vfs.HomeError
		if !errors.As(err, &none) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := v.Rights("/x", content.Info{}) | v.RightsIn("/")(content.Info{Name: "x"}); got != 0 || v.MaxUpload("/x") != 0 {
		t.Errorf("rights %v", got)
	}
}

// Two sessions of one account share what is known of uploads in its folder,
// and views tell whether they show the same place.
func TestSessionsOfOneHome(t *testing.T) {
	_, n := isolated(t, vfs.IsolateAllDirectories, map[vpath.Path]string{"/": "root"}, "root/LocalUser/bob/dir/ root/LocalUser/alice/", nil)
	one, two, alice := n.View(bob(), access.Client{}), n.View(bob(), access.Client{}), n.View(auth.NewPrincipal("", "alice", nil), access.Client{})
	u, err := one.Create("/dir/new", content.Replace)
	must(t, err)
	if err := two.Rename("/dir", "/moved"); !errors.Is(err, content.ErrInUse) {
		t.Errorf("the directory of an upload moves: %v", err)
	}
	must(t, u.Commit())
	must(t, two.Rename("/dir", "/moved"))
	if !one.Shows(two) || one.Shows(alice) {
		t.Error("views do not know what they show")
	}
}

// A home that is replaced by another folder is the new one at the next login,
// and nothing keeps homes that nobody uses.
func TestHomesComeAndGo(t *testing.T) {
	h, n := isolated(t, vfs.IsolateRootDirectoryOnly, map[vpath.Path]string{"/": "root"}, "root/LocalUser/bob/old", nil)
	v := n.View(bob(), access.Client{})
	if _, err := v.Stat("/old"); err != nil {
		t.Error(err)
	}
	home := filepath.Join(h.dir, "root", "LocalUser", "bob")
	must(t, os.Rename(home, home+"2"))
	if _, err := n.View(bob(), access.Client{}).Start(); err == nil {
		t.Error("the home is gone, and Start works")
	}
	must(t, os.MkdirAll(filepath.Join(home, "new"), 0o755))
	if _, err := n.View(bob(), access.Client{}).Stat("/new"); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(v)
	for range 100 {
		runtime.GC()
		if vfs.HomesShown(n) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d homes are kept", vfs.HomesShown(n))
}

// Homes are found, made and forgotten by many sessions at once.
func TestManyLoginsAtOnce(t *testing.T) {
	_, n := isolated(t, vfs.IsolateAllDirectories, map[vpath.Path]string{"/": "root"}, "root/LocalUser/a/a root/LocalUser/b/b root/LocalUser/c/c", nil)
	var sessions sync.WaitGroup
	for i := range 8 {
		sessions.Go(func() {
			for j := range 200 {
				name := string(rune('a' + (i+j)%3))
				v := n.View(auth.NewPrincipal("", name, nil), access.Client{})
				if _, err := v.Stat(vpath.Clean(name)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if j%50 == 0 {
					runtime.GC()
				}
			}
		})
	}
	sessions.Wait()
}

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
