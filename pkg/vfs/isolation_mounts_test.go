package vfs_test

import (
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// Which virtual directories are where, and which paths lead to them.
func TestVirtualDirectoriesInHomes(t *testing.T) {
	const files = "root/LocalUser/bob/root-bob root/CONTOSO/jo/root-jo root/a/x users/bob/users-bob users/dora/users-dora shared/s sub/u deep/d tools/t carl/c"
	mounts := map[vpath.Path]string{
		"/": "root", "/Shared": "shared", "/Shared/Sub": "sub", "/a/deep": "deep",
		"/localuser/Bob/Tools": "tools", "/LocalUser/bob/x/y": "deep", "/LocalUser/carl": "carl", "/LocalUser/alice/tools": "tools",
		"/CONTOSO/jo/tools": "tools", "/CONTOSO": "root/CONTOSO",
	}
	withParent := map[vpath.Path]string{"/": "root", "/LocalUser": "users", "/Shared": "shared"}
	bob, jo := auth.NewPrincipal("", "bob", nil), auth.NewPrincipal("contoso", "JO", nil)
	carl, dora := auth.NewPrincipal("", "carl", nil), auth.NewPrincipal("", "dora", nil)
	for name, c := range map[string]struct {
		mode          vfs.IsolationMode
		mounts        map[vpath.Path]string
		who           *auth.Principal
		listed        string // "" has no home
		there, absent string
	}{
		"root only": {
			vfs.IsolateRootDirectoryOnly, mounts, bob, "CONTOSO root-bob Shared Tools x",
			"/SHARED/sub/u /tools/t /x/y/d /shared/s", "/a /a/deep /LocalUser /LocalUser/carl /localuser/bob /carl",
		},
		"root only, in a domain": {
			vfs.IsolateRootDirectoryOnly, mounts, jo, "root-jo Shared tools", "/tools/t /shared/sub/u", "/CONTOSO /CONTOSO/jo /x /LocalUser",
		},
		"root only, home virtual": {vfs.IsolateRootDirectoryOnly, mounts, carl, "", "", ""},
		"all": {
			vfs.IsolateAllDirectories, mounts, bob, "root-bob Tools x", "/tools/t /x/y/d", "/shared /Shared/Sub /a /LocalUser /CONTOSO",
		},
		"all, in a domain":    {vfs.IsolateAllDirectories, mounts, jo, "root-jo tools", "/tools/t", "/shared /x /CONTOSO"},
		"all, home virtual":   {vfs.IsolateAllDirectories, mounts, carl, "c", "/c", "/tools /shared"},
		"all, only below":     {vfs.IsolateAllDirectories, mounts, auth.NewPrincipal("", "alice", nil), "", "", ""},
		"all, virtual parent": {vfs.IsolateAllDirectories, withParent, bob, "users-bob", "/users-bob", "/root-bob /dora /shared"},
		"all, parent alone":   {vfs.IsolateAllDirectories, withParent, dora, "users-dora", "/users-dora", "/users-bob"},
		"root only, virtual parent": {
			vfs.IsolateRootDirectoryOnly, withParent, bob, "root-bob Shared", "/shared/s", "/users-bob /LocalUser",
		},
		"root only, parent alone": {vfs.IsolateRootDirectoryOnly, withParent, dora, "", "", ""},
		"custom":                  {vfs.Custom, mounts, bob.WithHome("root/LocalUser/bob"), "root-bob", "/root-bob", "/tools /shared /x /a"},
		"start":                   {vfs.StartInUsersDirectory, withParent, bob, "a CONTOSO LocalUser Shared", "/LocalUser/bob/users-bob /shared/s", "/bob"},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := isolated(t, c.mode, c.mounts, files, nil)
			h.settings.ListVirtualDirectories = true
			n, err := vfs.NewNamespace(h.settings)
			must(t, err)
			v := n.View(c.who, access.Client{})
			if _, err := v.Start(); (err == nil) != (c.listed != "") {
				t.Fatalf("Start: %v", err)
			}
			if c.listed == "" {
				return
			}
			var names []string
			must(t, v.List("/", vfs.ListOptions{}, func(i content.Info) error { names = append(names, i.Name); return nil }))
			if got := strings.Join(names, " "); got != c.listed {
				t.Errorf("lists %q, want %q", got, c.listed)
			}
			for p := range strings.FieldsSeq(c.there) {
				if _, err := v.Stat(vpath.Path(p)); err != nil {
					t.Errorf("%s: %v", p, err)
				}
			}
			for p := range strings.FieldsSeq(c.absent) {
				if _, err := v.Stat(vpath.Path(p)); err == nil {
					t.Errorf("%s is there", p)
				}
			}
		})
	}
}
