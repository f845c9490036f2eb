package vfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
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
