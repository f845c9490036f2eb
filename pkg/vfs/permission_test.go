package vfs_test

import (
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

func fixedTime() time.Time { return time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC) }

// operations are all that a view can do with one path.
func operations(h *house) map[string]func(p vpath.Path) error {
	v := h.view
	return map[string]func(p vpath.Path) error{
		"Enter": v.Enter,
		"Stat":  func(p vpath.Path) error { return second(v.Stat(p)) },
		"List": func(p vpath.Path) error {
			return v.List(p, vfs.ListOptions{}, func(content.Info) error { return nil })
		},
		"AvailableBytes": func(p vpath.Path) error { return second(v.AvailableBytes(p)) },
		"Open": func(p vpath.Path) error {
			f, _, err := v.Open(p)
			if err == nil {
				f.Close()
			}
			return err
		},
		"Create": func(p vpath.Path) error {
			u, err := v.Create(p, content.Append)
			if err == nil {
				err = u.Commit()
			}
			return err
		},
		"CreateUnique": func(p vpath.Path) error {
			_, u, err := v.CreateUnique(p)
			if err == nil {
				err = u.Commit()
			}
			return err
		},
		"Mkdir":       v.Mkdir,
		"Rmdir":       v.Rmdir,
		"Remove":      v.Remove,
		"CheckRename": v.CheckRename,
		"Rename":      func(p vpath.Path) error { return v.Rename(p, "/rw/target") },
		"Rename to":   func(p vpath.Path) error { return v.Rename("/rw/source", p) },
		"SetModTime":  func(p vpath.Path) error { return v.SetModTime(p, fixedTime()) },
		"Created":     func(p vpath.Path) error { return second(v.Created(p)) },
		"SetCreated":  func(p vpath.Path) error { return v.SetCreated(p, fixedTime()) },
		"SetMode":     func(p vpath.Path) error { return v.SetMode(p, 0o640) },
	}
}

// Each operation needs exactly its permission, at the very path it names.
func TestPermissions(t *testing.T) {
	rule := func(p access.Permission) []access.Rule {
		return []access.Rule{{Users: []string{"bob"}, Permissions: p}}
	}
	const both = access.Read | access.Write
	levels := []access.Level{
		{Path: "/rw", Rules: rule(both)},
		{Path: "/r", Rules: rule(access.Read)},
		{Path: "/w", Rules: rule(access.Write)},
		{Path: "/open", Rules: rule(both)},
		{Path: "/open/closed", Clear: true},
	}
	for name, needs := range map[string]access.Permission{
		"Enter": access.Read, "Stat": access.Read, "List": access.Read, "Open": access.Read, "AvailableBytes": access.Read, "Created": access.Read,
		"Create": access.Write, "CreateUnique": access.Write, "Mkdir": access.Write, "Rmdir": access.Write, "Remove": access.Write,
		"CheckRename": access.Write, "Rename": access.Write, "Rename to": access.Write, "SetModTime": access.Write,
		"SetCreated": access.Write, "SetMode": access.Write,
	} {
		h := build(t, map[vpath.Path]string{"/": "root"}, "root/rw/source root/r/ root/w/ root/open/", levels, nil)
		op := operations(h)[name]
		for p, has := range map[vpath.Path]access.Permission{"/rw/x": both, "/r/x": access.Read, "/w/x": access.Write, "/none/x": 0, "/OPEN/Closed": 0, "/": 0} {
			denied := subStatus(op(p)) == access.SubStatusAuthorization
			if denied != (has&needs == 0) {
				t.Errorf("%s %s: denied %v", name, p, denied)
			}
		}
	}
	if n := len(operations(&house{view: nil})); n != 17 {
		t.Errorf("%d operations, and the table has 17", n)
	}
}

// Each operation is filtered; extensions count where a file is named.
func TestFiltering(t *testing.T) {
	settings := access.FilterSettings{
		AllowHighBit: true, AllowUnlistedExtensions: true, MaxURL: 40, MaxContentLength: 5,
		HiddenSegments: []string{"_private"}, DeniedSequences: []string{"bad"}, Extensions: map[string]bool{".exe": false},
	}
	levels := []access.Level{
		{Path: "/", Filter: access.NewRequestFilter(settings), Rules: []access.Rule{{Users: []string{"*"}, Permissions: access.Read | access.Write}}},
		{Path: "/free", Filter: access.NewRequestFilter(access.FilterSettings{AllowHighBit: true, AllowUnlistedExtensions: true})},
	}
	files := "root/_private/x root/d/_private/x root/bad root/x.exe root/dir.exe/f root/rw/source root/free/x.exe"
	build := func() *house { return build(t, map[vpath.Path]string{"/": "root"}, files, levels, nil) }
	long := vpath.Path("/0123456789012345678901234567890123456789")
	for name := range operations(build()) {
		for p, want := range map[vpath.Path]int{
			"/_PRIVATE/x": access.SubStatusHiddenSegment, "/d/_private.": access.SubStatusHiddenSegment,
			"/xBADx": access.SubStatusDeniedSequence, long: access.SubStatusPathTooLong,
		} {
			if got := subStatus(operations(build())[name](p)); got != want {
				t.Errorf("%s %s: sub-status %d, want %d", name, p, got, want)
			}
		}
	}
	extension := access.SubStatusExtension
	for name, want := range map[string]int{
		"Enter": 0, "Stat": extension, "List": extension, "Open": extension, "Create": extension, "Remove": extension,
		"CheckRename": extension, "Rename": extension, "Rename to": extension, "SetModTime": extension, "Mkdir": 0, "Rmdir": 0,
	} {
		if got := subStatus(operations(build())[name]("/X.EXE.")); got != want {
			t.Errorf("%s of a file: sub-status %d, want %d", name, got, want)
		}
	}
	for _, name := range []string{"Enter", "Stat", "List", "CheckRename", "Rename", "SetModTime"} {
		if err := operations(build())[name]("/dir.exe"); err != nil {
			t.Errorf("%s of a directory: %v", name, err)
		}
	}
	if err := operations(build())["Open"]("/free/x.exe"); err != nil {
		t.Errorf("where the extension is allowed: %v", err)
	}
	if v := build().view; v.MaxUpload("/x") != 5 || v.MaxUpload("/free/x") != 0 {
		t.Error("MaxUpload")
	}
}

// The filter speaks first, then the rules, then the namespace, then the store.
func TestOrderOfChecks(t *testing.T) {
	levels := []access.Level{
		{Path: "/", Filter: access.NewRequestFilter(access.FilterSettings{AllowHighBit: true, AllowUnlistedExtensions: true, HiddenSegments: []string{"pub"}})},
		{Path: "/open", Rules: []access.Rule{{Users: []string{"*"}, Permissions: access.Read | access.Write}}},
	}
	h := build(t, map[vpath.Path]string{"/": "root", "/pub": "pub", "/mount": "mount", "/open/mount": "mount"}, "root/ pub/ mount/", levels, nil)
	for p, want := range map[vpath.Path]int{
		"/pub": access.SubStatusHiddenSegment, "/mount": access.SubStatusAuthorization,
		"/open/mount": access.SubStatusVirtualDirectoryRoot, "/open/none": 0, "/none/none": access.SubStatusAuthorization,
	} {
		if got := subStatus(h.view.Rmdir(p)); got != want {
			t.Errorf("%s: sub-status %d, want %d", p, got, want)
		}
	}
}
