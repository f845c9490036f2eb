package vfs

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// uniqueName is the name of a file that STOU makes, around a random number. How
// IIS names them is not known. Digits cannot spell a denied sequence that is a
// word.
const uniqueName = "ftp%010d.tmp"

// uniqueTries is how many names are tried before giving up.
const uniqueTries = 100

// Upload is a file being written. Nobody else can write, remove or rename it
// meanwhile, and read it only where that is allowed. It ends with Commit,
// Abort or Release; only the first of them counts.
type Upload struct {
	// File is written to, in any way it offers.
	File content.File
	// Info is the file as it was opened: its size is where Append goes on.
	Info content.Info

	place   place
	keep    bool
	uploads *Uploads
	record  record
	release func()
	end     sync.Once
}

// Create opens a file for writing, as mode says.
func (v *View) Create(p vpath.Path, mode content.Mode) (*Upload, error) {
	at, err := v.check(p, createRequest)
	if err != nil {
		return nil, err
	}
	return v.create(at, mode)
}

func (v *View) create(at place, mode content.Mode) (*Upload, error) {
	uploads := v.namespace.settings.Uploads
	release := uploads.hold(at)
	if release == nil {
		return nil, inUse("create", at.path)
	}
	record := uploads.expect(at)
	file, info, err := at.store.Open(at.name, mode)
	if err != nil {
		record.clear()
		release()
		return nil, err
	}
	if info.Created {
		record.mark(info.ID)
	} else {
		record.clear()
	}
	return &Upload{
		File: file, Info: info,
		place: at, keep: v.namespace.settings.KeepPartialUploads,
		uploads: uploads, record: record, release: release,
	}, nil
}

// Begin says that the file is about to be changed. From now on Abort is how a
// failed upload ends, before it is Release; should the process be killed, the
// next one does the same. Only the goroutine that ends the upload calls it.
func (u *Upload) Begin() {
	switch {
	case u.keep:
		u.record.clear()
	case !u.Info.Created:
		u.record = u.uploads.expect(u.place)
		u.record.mark(u.Info.ID)
	}
}

// CreateUnique creates a file with a new name in dir (STOU) and returns its
// path.
func (v *View) CreateUnique(dir vpath.Path) (vpath.Path, *Upload, error) {
	for range uniqueTries {
		var number [4]byte
		rand.Read(number[:]) // never fails, as its documentation promises
		p := dir.Join(fmt.Sprintf(uniqueName, binary.BigEndian.Uint32(number[:])))
		at, err := v.check(p, createRequest)
		if err != nil {
			return "", nil, err
		}
		switch _, err := at.store.Stat(at.name); {
		case err == nil:
			continue
		case !absent(err):
			return "", nil, err
		}
		u, err := v.create(at, content.Replace)
		if errors.Is(err, content.ErrInUse) {
			continue
		}
		return p, u, err
	}
	return "", nil, inUse("create a new name in", dir)
}

// MaxUpload returns the largest upload in bytes at p, or 0 for no limit.
func (v *View) MaxUpload(p vpath.Path) int64 {
	return v.namespace.settings.Access.Filter(v.written(p)).MaxContentLength()
}

// Commit closes the file and keeps it. An error means that the file may be
// incomplete; it is not removed.
func (u *Upload) Commit() (err error) {
	u.end.Do(func() {
		defer u.release()
		err = u.File.Close()
		u.record.clear()
	})
	return err
}

// Abort closes the file and removes it, whatever was there before the upload,
// unless partial uploads are kept.
func (u *Upload) Abort() error { return u.drop(!u.keep) }

// Release ends an upload into which nothing was written: a file that was made
// for it is removed, one that was there before stays.
func (u *Upload) Release() error { return u.drop(u.Info.Created) }

func (u *Upload) drop(remove bool) (err error) {
	u.end.Do(func() {
		defer u.release()
		err = u.File.Close()
		if remove {
			err = errors.Join(err, u.place.store.Remove(u.place.name))
		}
		u.record.clear()
	})
	return err
}
