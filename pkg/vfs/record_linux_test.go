package vfs_test

import (
	"path/filepath"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/journal"
	"github.com/ftphost/ftphost/pkg/content/local"
	"github.com/ftphost/ftphost/pkg/vfs"
)

// BenchmarkUpload makes and removes a file, with the record of it and without.
func BenchmarkUpload(b *testing.B) {
	for _, recorded := range []bool{false, true} {
		b.Run(map[bool]string{false: "without journal", true: "with journal"}[recorded], func(b *testing.B) {
			uploads := vfs.NewUploads()
			if recorded {
				j, _, err := journal.Open(filepath.Join(b.TempDir(), "j"), func(err error) { b.Error(err) })
				if err != nil {
					b.Fatal(err)
				}
				defer j.Close()
				uploads.RecordIn(j)
			}
			n, err := vfs.NewNamespace(vfs.Settings{
				Mounts:  []vfs.Mount{{Path: "/", Store: local.New(b.TempDir())}},
				Access:  access.NewTree([]access.Level{{Path: "/", Rules: []access.Rule{{Users: []string{"*"}, Permissions: access.Read | access.Write}}}}),
				Uploads: uploads,
			})
			if err != nil {
				b.Fatal(err)
			}
			view := n.View(bob(), access.Client{})
			b.ReportAllocs()
			for b.Loop() {
				u, err := view.Create("/file", content.Resume)
				if err != nil {
					b.Fatal(err)
				}
				u.Begin()
				if err := u.Abort(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
