package local

import (
	"io/fs"
	"path"
	"path/filepath"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// Identity returns the directory that holds the file, by what the system calls
// it, and the folded name. So two virtual directories of one folder, or one
// inside the other, and links to a directory agree on what a file is. Where
// the directory cannot be found the path itself has to do.
func (s *Store) Identity(name string) (id string) {
	if s.as(func() error { id = s.identity(name); return nil }) != nil {
		return s.pathIdentity(name)
	}
	return id
}

func (s *Store) identity(name string) string {
	if t, err := s.open(); err == nil && checkPath("identify", name) == nil {
		if dir, info, err := t.standing(name); err == nil {
			if id := systemID(info); id != "" {
				return id + "/" + vpath.Fold(path.Base(name))
			}
			return s.pathIdentity(path.Join(dir, path.Base(name)))
		}
	}
	return s.pathIdentity(name)
}

// standing returns the directory that holds name. As elsewhere the name as
// written is tried first; one that is kept open is the same as when it was
// opened.
func (t *tree) standing(name string) (dir string, info fs.FileInfo, err error) {
	dir = path.Dir(name)
	if !mayBeShort(dir) {
		if k := t.recent.visit(t, dir); k != nil {
			return dir, k.info, nil
		}
		if info, err = t.Stat(dir); err == nil {
			return dir, info, nil
		}
	}
	if dir, err = t.parent("identify", name); err == nil {
		info, err = t.Stat(dir)
	}
	return dir, info, err
}

func (s *Store) pathIdentity(name string) string {
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		dir = s.dir
	}
	id := []byte(filepath.ToSlash(dir))
	for segment := range vpath.Clean(name).Segments() {
		id = vpath.AppendFold(append(id, '/'), segment)
	}
	return string(id)
}
