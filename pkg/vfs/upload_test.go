package vfs_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

func TestUploadInProgress(t *testing.T) {
	uploads := vfs.NewUploads()
	h := build(t, map[vpath.Path]string{"/": "root", "/same": "root/dir"}, "root/dir/ root/other root/third", nil, func(s *vfs.Settings) { s.Uploads = uploads })
	u, err := h.view.Create("/dir/File.txt", content.Replace)
	must(t, err)
	second2 := func(p vpath.Path) error { return second(h.view.Create(p, content.Append)) }
	read := func(p vpath.Path) error { _, _, err := h.view.Open(p); return err }
	for what, err := range map[string]error{
		"read":                     read("/dir/File.txt"),
		"read in another case":     read("/DIR/file.TXT."),
		"read elsewhere":           read("/same/file.txt"),
		"write":                    second2("/dir/File.txt"),
		"write elsewhere":          second2("/same/FILE.txt"),
		"remove":                   h.view.Remove("/dir/file.txt"),
		"check rename":             h.view.CheckRename("/dir/File.txt"),
		"rename":                   h.view.Rename("/dir/file.txt", "/x"),
		"rename to":                h.view.Rename("/other", "/dir/file.txt"),
		"rename the directory":     h.view.Rename("/DIR", "/moved"),
		"rename, only the case":    h.view.Rename("/dir/file.txt", "/dir/FILE.TXT"),
		"check rename elsewhere":   h.view.CheckRename("/same/file.txt"),
		"remove through the mount": h.view.Remove("/same/file.txt"),
	} {
		if !errors.Is(err, content.ErrInUse) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := read("/other"); err != nil {
		t.Errorf("another file: %v", err)
	}
	if _, err := h.view.Stat("/dir/file.txt"); err != nil {
		t.Errorf("stat: %v", err)
	}
	must(t, u.Commit())
	must(t, read("/dir/file.txt"))
	must(t, h.view.Rename("/dir", "/moved"))
	must(t, h.view.Remove("/moved/file.txt"))
}

func TestReadUploadsInProgress(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/", nil, func(s *vfs.Settings) { s.AllowReadUploadsInProgress = true })
	u, err := h.view.Create("/file", content.Replace)
	must(t, err)
	f, _, err := h.view.Open("/file")
	must(t, err)
	f.Close()
	if err := h.view.Remove("/file"); !errors.Is(err, content.ErrInUse) {
		t.Errorf("remove: %v", err)
	}
	must(t, u.Commit())
}

func TestAbort(t *testing.T) {
	for _, keep := range []bool{false, true} {
		h := build(t, map[vpath.Path]string{"/": "root"}, "root/old", nil, func(s *vfs.Settings) { s.KeepPartialUploads = keep })
		for _, p := range []vpath.Path{"/new", "/OLD"} {
			u, err := h.view.Create(p, content.Append)
			must(t, err)
			if _, err := io.WriteString(u.File, "part"); err != nil {
				t.Error(err)
			}
			must(t, u.Abort())
			must(t, u.Abort())
			must(t, u.Commit())
			if _, err := h.view.Stat(p); keep == errors.Is(err, fs.ErrNotExist) {
				t.Errorf("keep %v, %s: %v", keep, p, err)
			}
		}
		u, err := h.view.Create("/again", content.Replace)
		must(t, err)
		must(t, u.Commit())
		must(t, u.Abort())
		if _, err := h.view.Stat("/again"); err != nil {
			t.Errorf("an abort after the commit removed the file: %v", err)
		}
	}
}

// TestRelease holds that an upload which never began changes nothing: an empty
// file that was there stays, a name that was free is free again.
func TestRelease(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/empty", nil, nil)
	must(t, os.Truncate(filepath.Join(h.dir, "root", "empty"), 0))
	for _, c := range []struct {
		path  vpath.Path
		stays bool
	}{{"/empty", true}, {"/new", false}} {
		u, err := h.view.Create(c.path, content.Resume)
		must(t, err)
		must(t, u.Release())
		if _, err := h.view.Stat(c.path); c.stays == errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
}

func TestFailedCreateLeavesTheNameFree(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/dir/", nil, nil)
	for range 2 {
		if _, err := h.view.Create("/dir", content.Replace); !errors.Is(err, content.ErrIsDirectory) {
			t.Errorf("%v", err)
		}
		if _, err := h.view.Create("/none/x", content.Replace); !errors.Is(err, content.ErrPathNotFound) {
			t.Errorf("%v", err)
		}
	}
}

func TestUploadInfo(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/12", nil, nil)
	u, err := h.view.Create("/12", content.Append)
	must(t, err)
	if u.Info.Size != 7 {
		t.Errorf("%+v", u.Info)
	}
	if _, ok := u.File.(*os.File); !ok {
		t.Errorf("%T hides the file", u.File)
	}
	must(t, u.Commit())
}

func TestCreateUnique(t *testing.T) {
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/dir/", nil, nil)
	seen := map[vpath.Path]bool{}
	for range 20 {
		p, u, err := h.view.CreateUnique("/dir")
		must(t, err)
		if seen[p] || p.Dir() != "/dir" {
			t.Errorf("%s", p)
		}
		seen[p] = true
		must(t, u.Commit())
	}
	entries, err := os.ReadDir(filepath.Join(h.dir, "root", "dir"))
	must(t, err)
	if len(entries) != 20 {
		t.Errorf("%d files", len(entries))
	}
	if _, _, err := h.view.CreateUnique("/none"); !errors.Is(err, content.ErrPathNotFound) {
		t.Errorf("%v", err)
	}
}

// Of many who upload one name at once, one does; its bytes are all there.
func TestConcurrentUploads(t *testing.T) {
	uploads := vfs.NewUploads()
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/", nil, func(s *vfs.Settings) { s.Uploads = uploads })
	other, err := vfs.NewNamespace(h.settings)
	must(t, err)
	views := []*vfs.View{h.view, other.View(auth.Anonymous(), access.Client{})}
	spellings := []vpath.Path{"/file.txt", "/FILE.TXT", "/File.txt."}
	var writing, done atomic.Int32
	var wg sync.WaitGroup
	for w := range 12 {
		wg.Go(func() {
			text := strings.Repeat(fmt.Sprintf("%x", w), 1000)
			for i := range 40 {
				v, p := views[(w+i)%2], spellings[(w+i)%3]
				switch u, err := v.Create(p, content.Replace); {
				case errors.Is(err, content.ErrInUse):
				case err != nil:
					t.Error(err)
				default:
					if writing.Add(1) != 1 {
						t.Error("two write at once")
					}
					io.WriteString(u.File, text)
					writing.Add(-1)
					if i%4 == 0 {
						err = u.Abort()
					} else {
						err = u.Commit()
					}
					if err != nil {
						t.Error(err)
					}
					done.Add(1)
				}
				f, _, err := v.Open(p)
				switch {
				case errors.Is(err, content.ErrInUse), errors.Is(err, fs.ErrNotExist):
				case err != nil:
					t.Error(err)
				default:
					f.Close()
				}
				if err := v.Rename(p, "/taken.txt"); err == nil {
					if err := v.Remove("/TAKEN.txt"); err != nil && !errors.Is(err, content.ErrInUse) && !errors.Is(err, fs.ErrNotExist) {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if done.Load() == 0 {
		t.Error("nobody could write")
	}
	store(t, h.view, "/file.txt", "end")
	if got := names(t, h, "/", vfs.ListOptions{Pattern: "FILE.TXT"}); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
