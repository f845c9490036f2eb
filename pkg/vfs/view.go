package vfs

import (
	"errors"
	"io/fs"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// Enter returns nil when p is a directory that can be the current one.
func (v *View) Enter(p vpath.Path) error {
	at, err := v.check(p, enterRequest)
	if err != nil {
		return err
	}
	info, err := at.stat()
	if err == nil && !info.Dir {
		err = &content.Error{Op: "enter", Name: string(p), Kind: content.ErrNotDirectory}
	}
	if err == nil && v.principal.OSUser() != nil {
		err = at.opens()
	}
	return err
}

// Stat tells about a file or directory.
func (v *View) Stat(p vpath.Path) (content.Info, error) {
	at, err := v.check(p, statRequest)
	if err != nil {
		return content.Info{}, err
	}
	info, err := at.stat()
	if err == nil && !info.Dir {
		err = v.asFile(p)
	}
	if err != nil {
		return content.Info{}, err
	}
	return info, nil
}

// stat tells about a place. The root of a virtual directory has the name it is
// configured with; a directory that is only on the way to one is a directory
// whatever is there physically.
func (p place) stat() (content.Info, error) {
	info, err := p.store.Stat(p.name)
	if p.directory == nil {
		return info, err
	}
	if !p.mounted() && (absent(err) || err == nil && !info.Dir) {
		return p.directory.info(time.Now()), nil
	}
	if err == nil && p.mounted() {
		info.Name = p.directory.name
	}
	return info, err
}

// absent reports whether err says that nothing is there.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, content.ErrPathNotFound)
}

func (d *directory) info(t time.Time) content.Info {
	return content.Info{Name: d.name, ModTime: t, Dir: true}
}

// Open opens a file for reading. The caller closes it.
func (v *View) Open(p vpath.Path) (content.File, content.Info, error) {
	at, err := v.check(p, openRequest)
	if err != nil {
		return nil, content.Info{}, err
	}
	if at.directory != nil {
		return nil, content.Info{}, &content.Error{Op: "open", Name: string(p), Kind: content.ErrIsDirectory}
	}
	file, info, err := at.store.Open(at.name, content.Read)
	if err != nil {
		return nil, content.Info{}, err
	}
	// Opened first and asked afterwards: an upload that begins in between
	// finds a reader, as it does with one that came earlier.
	if !v.namespace.settings.AllowReadUploadsInProgress && v.namespace.settings.Uploads.writing(at) {
		file.Close()
		return nil, content.Info{}, inUse("open", p)
	}
	return file, info, nil
}

// AvailableBytes returns the bytes that may still be written in the directory
// p, or errors.ErrUnsupported when its store does not know.
func (v *View) AvailableBytes(p vpath.Path) (int64, error) {
	at, err := v.check(p, listRequest)
	if err != nil {
		return 0, err
	}
	store, ok := at.store.(content.SpaceReporter)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	return store.AvailableBytes(at.name)
}

func inUse(op string, p vpath.Path) error {
	return &content.Error{Op: op, Name: string(p), Kind: content.ErrInUse}
}
