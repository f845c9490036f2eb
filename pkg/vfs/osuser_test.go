package vfs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/local"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// asked tells as whom it is asked, in the names of its files.
type asked struct {
	content.Store
	as string
}

func (a asked) As(u content.OSUser) content.Store { return asked{a.Store, u.Key()} }

func (a asked) Sub(string) content.Store { return a }

func (a asked) Stat(name string) (content.Info, error) {
	return content.Info{Name: a.as, Dir: name == "."}, nil
}

func user(name string, uid uint32, groups ...uint32) *auth.Principal {
	return auth.NewPrincipal("HOST", name, nil).WithHome("home of " + name).WithOSUser(&auth.OSUser{Name: name, UID: uid, GID: uid, Groups: groups})
}

func everybody() *access.Tree {
	return access.NewTree([]access.Level{{Path: "/", Rules: []access.Rule{{Users: []string{"*", "?"}, Permissions: access.Read | access.Write}}}})
}

// Whatever part of a site somebody sees, every store in it is asked as them,
// and the place of one user is not that of another.
func TestStoresAreAskedAsTheUser(t *testing.T) {
	for mode := vfs.StartInUsersDirectory; mode <= vfs.Custom; mode++ {
		n, err := vfs.NewNamespace(vfs.Settings{
			Mounts: []vfs.Mount{{"/", asked{}}, {"/pub", asked{}}, {"/LocalUser/jo/own", asked{}}}, Access: everybody(),
			Isolation: &vfs.Isolation{Mode: mode, Computer: "HOST", Basic: true, Open: func(string) (content.Store, error) { return asked{}, nil }},
		})
		must(t, err)
		for _, c := range []struct {
			principal *auth.Principal
			want      string
		}{
			{auth.NewPrincipal("HOST", "jo", nil).WithHome("home of jo"), ""},
			{user("jo", 7), "7:7"},
			{user("jo", 7, 8, 9), "7:7,8,9"},
			{user("jo", 8, 8, 9), "8:8,8,9"},
			{user("kim", 7), "7:7"},
		} {
			v := n.View(c.principal, access.Client{})
			for _, p := range []vpath.Path{"/x", "/pub/x", "/own/x", "/LocalUser/jo/own/x"} {
				if info, err := v.Stat(p); err != nil || info.Name != c.want {
					t.Errorf("mode %d: %s of %s is asked as %q, %v; want %q", mode, p, c.principal.Name(), info.Name, err, c.want)
				}
			}
			again := n.View(c.principal, access.Client{})
			other := n.View(c.principal.WithOSUser(&auth.OSUser{UID: 9, GID: 9}), access.Client{})
			if !v.Shows(again) || v.Shows(other) {
				t.Errorf("mode %d: %s: the same place %v, that of another user %v", mode, c.principal.Name(), v.Shows(again), v.Shows(other))
			}
			runtime.KeepAlive(v)
		}
	}
}

// A store that cannot be asked as somebody is not asked at all.
func TestStoresWithoutUsers(t *testing.T) {
	n, err := vfs.NewNamespace(vfs.Settings{Mounts: []vfs.Mount{{"/", asked{}}, {"/pub", struct{ content.Store }{asked{}}}}, Access: everybody()})
	must(t, err)
	v := n.View(user("jo", 7), access.Client{})
	var none *vfs.HomeError
	if _, err := v.Start(); !errors.As(err, &none) {
		t.Errorf("start: %v", err)
	}
	if _, err := v.Stat("/x"); !errors.As(err, &none) {
		t.Errorf("stat: %v", err)
	}
	if _, err := n.View(auth.NewPrincipal("HOST", "jo", nil), access.Client{}).Stat("/x"); err != nil {
		t.Errorf("somebody who is no such user: %v", err)
	}
}

// Two users of the system in one site: homes are entered with their own rights,
// and an upload of one keeps the other from moving its folder.
func TestUsersOfOneSite(t *testing.T) {
	if err := local.MayImpersonate(); err != nil || os.Geteuid() != 0 {
		t.Skipf("NOT TESTED: acting as another user needs root: %v", err)
	}
	const alice, bob = 154321, 154322
	for _, mode := range []vfs.IsolationMode{vfs.Unisolated, vfs.IsolateAllDirectories, vfs.IsolateRootDirectoryOnly, vfs.Custom} {
		h, n := isolated(t, mode, map[vpath.Path]string{"/": "root"}, "root/LocalUser/alice/dir/x root/LocalUser/bob/dir/x root/all/dir/x", nil)
		for d := h.dir; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
			must(t, os.Chmod(d, 0o755))
		}
		for folder, uid := range map[string]int{"alice": alice, "bob": bob} {
			at := filepath.Join(h.dir, "root", "LocalUser", folder)
			must(t, errors.Join(os.Chown(at, uid, uid), os.Chmod(at, 0o700), os.Chown(filepath.Join(at, "dir"), uid, uid)))
		}
		must(t, os.Chmod(filepath.Join(h.dir, "root", "all"), 0o777))
		must(t, os.Chmod(filepath.Join(h.dir, "root", "all", "dir"), 0o777))
		a := n.View(user("alice", alice).WithHome("root/LocalUser/alice"), access.Client{})
		// bob is led into the home of alice by his name, or by his source.
		thief := n.View(user("alice", bob).WithHome("root/LocalUser/alice"), access.Client{})
		if mode == vfs.Unisolated {
			if err := second(thief.Stat("/LocalUser/alice/dir")); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("bob looks at alice's: %v", err)
			}
			if err := thief.Enter("/LocalUser/alice"); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("bob enters alice's: %v", err)
			}
			up, err := a.Create("/all/dir/new", content.Replace)
			must(t, err)
			if err := thief.Rename("/all/dir", "/all/away"); !errors.Is(err, content.ErrInUse) {
				t.Errorf("rename of a folder with an upload of somebody else: %v", err)
			}
			must(t, up.Abort())
			must(t, thief.Rename("/all/dir", "/all/away"))
			continue
		}
		must(t, second(a.Start()))
		must(t, create(a, "/dir/mine"))
		if err := open(thief, "/dir/x"); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("mode %d: bob reads alice's: %v", mode, err)
		}
	}
}
