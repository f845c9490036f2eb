package local

import (
	"context"
	"io/fs"
	"path"
	"path/filepath"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
)

const (
	// lastSign is how long after its last sign of life a process may still have
	// written.
	lastSign = 10 * time.Second
	// coarse is how far the times of files may lag behind the clock.
	coarse = 100 * time.Millisecond
)

// Locate returns the folder at the outset of s, so that links are looked at
// again as they are here, and the name below it.
func (s *Store) Locate(name string) content.Place {
	for s.parent != nil {
		name, s = path.Join(s.name, name), s.parent
	}
	p := content.Place{Folder: s.dir, Name: name, User: s.user}
	if !filepath.IsAbs(p.Folder) {
		if dir, err := filepath.Abs(p.Folder); err == nil {
			p.Folder = dir
		}
	}
	return p
}

// RemoveUnfinished removes a file that a process has left unfinished. The error is content.ErrChanged when anybody has touched the name or the file
// since. Nothing is removed after the end of ctx.
func RemoveUnfinished(ctx context.Context, u content.Unfinished) error {
	const op = "remove unfinished"
	s := New(u.Folder)
	if u.User != nil {
		s = s.impersonated(u.User)
	}
	return s.at(op, u.Name, func(t *tree, real string) error {
		// Whatever becomes of the folders on the way, it is looked for and
		// removed in one and the same.
		dir, err := t.OpenRoot(path.Dir(real))
		if err != nil {
			return err
		}
		defer dir.Close()
		info, err := dir.Lstat(path.Base(real)) // not what a link leads to
		if err != nil {
			return err
		}
		if !left(u, info) {
			return &content.Error{Op: op, Name: u.Name, Kind: content.ErrChanged}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return dir.Remove(path.Base(real))
	})
}

// left tells whether info is that of the unfinished file as it was left.
func left(u content.Unfinished, info fs.FileInfo) bool {
	changed := changeTime(info)
	if !info.Mode().IsRegular() || changed.After(u.Until.Add(lastSign)) {
		return false
	}
	if (u.ID == content.FileID{}) {
		// It may have been there before, or made then.
		return info.Size() == 0 && !changed.Before(u.Since.Add(-coarse))
	}
	return fileID(info) == u.ID
}
