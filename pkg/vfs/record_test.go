package vfs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// memory is a journal of so many slots.
type memory struct {
	slots []string // "" is free
	ids   []content.FileID
}

func (m *memory) Expect(p content.Place) int {
	for i, there := range m.slots {
		if there == "" {
			m.slots[i], m.ids[i] = filepath.Join(p.Folder, p.Name), content.FileID{}
			return i
		}
	}
	return -1
}

func (m *memory) Mark(slot int, id content.FileID) { m.ids[slot] = id }

func (m *memory) Clear(slot int) {
	if m.slots[slot] == "" {
		panic("cleared twice")
	}
	m.slots[slot] = ""
}

// used is how many slots are.
func (m *memory) used() (n int) {
	for _, s := range m.slots {
		if s != "" {
			n++
		}
	}
	return n
}

// TestRecord holds that at each step of an upload the journal says what the end
// of that step would do to the file.
func TestRecord(t *testing.T) {
	for _, keep := range []bool{false, true} {
		for _, c := range []struct {
			path  vpath.Path
			there bool
		}{{"/new", false}, {"/sub/old", true}, {"/mounted/old", true}, {"/mounted/new", false}} {
			t.Run(fmt.Sprintf("%s keep %v", c.path, keep), func(t *testing.T) {
				for _, end := range []func(*vfs.Upload) error{(*vfs.Upload).Commit, (*vfs.Upload).Abort, (*vfs.Upload).Release} {
					m := &memory{slots: make([]string, 1), ids: make([]content.FileID, 1)}
					uploads := vfs.NewUploads()
					uploads.RecordIn(m)
					h := build(t, map[vpath.Path]string{"/": "root", "/mounted": "root/sub"}, "root/sub/old", nil, func(s *vfs.Settings) {
						s.Uploads, s.KeepPartialUploads = uploads, keep
					})
					u, err := h.view.Create(c.path, content.Resume)
					must(t, err)
					if got, want := m.used() == 1, !c.there; got != want {
						t.Errorf("before it begins it is to be removed: %v, want %v", got, want)
					}
					m.holds(t, u)
					u.Begin()
					if got, want := m.used() == 1, !keep; got != want {
						t.Errorf("when it has begun it is to be removed: %v, want %v", got, want)
					}
					m.holds(t, u)
					must(t, end(u))
					must(t, u.Release()) // counts no more
					if m.used() != 0 {
						t.Error("it is to be removed at its end")
					}
				}
			})
		}
	}
}

// holds fails unless what the journal has, if anything, is the file of u.
func (m *memory) holds(t *testing.T, u *vfs.Upload) {
	t.Helper()
	if m.used() == 0 {
		return
	}
	there, err := os.Stat(m.slots[0])
	must(t, err)
	ours, err := u.File.Stat()
	must(t, err)
	if !os.SameFile(there, ours) || m.ids[0] != u.Info.ID {
		t.Errorf("%s, %v is another file", m.slots[0], m.ids[0])
	}
}

// TestRecordOfNothing: what is not opened leaves no record, and uploads go on
// where there is no room for one.
func TestRecordOfNothing(t *testing.T) {
	m := &memory{slots: make([]string, 1), ids: make([]content.FileID, 1)}
	uploads := vfs.NewUploads()
	uploads.RecordIn(m)
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/dir/", nil, func(s *vfs.Settings) { s.Uploads = uploads })
	if u, err := h.view.Create("/dir", content.Resume); err == nil {
		t.Error("a folder is written", u.Release())
	}
	if m.used() != 0 {
		t.Error("a folder is to be removed")
	}
	first, err := h.view.Create("/first", content.Resume)
	must(t, err)
	second, err := h.view.Create("/second", content.Resume)
	must(t, err)
	second.Begin()
	must(t, second.Abort())
	if _, err := h.view.Stat("/second"); err == nil || m.used() != 1 {
		t.Errorf("%v; %d records", err, m.used())
	}
	must(t, first.Commit())
	if _, err := h.view.Stat("/first"); err != nil {
		t.Error(err)
	}
}
