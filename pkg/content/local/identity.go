package local

import (
	"path"
	"path/filepath"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// Identity returns the directory that holds the file, by what the system calls
// it, and the folded name. So two virtual directories of one folder, or one
// inside the other, and links to a directory agree on what a file is. Where
// the directory cannot be found the path itself has to do.
func (s *Store) Identity(name string) string {
	if t, err := s.open(); err == nil && checkPath("identify", name) == nil {
		if dir, err := t.parent("identify", name); err == nil {
			if info, err := t.Stat(dir); err == nil {
				if id := systemID(info); id != "" {
					return id + "/" + vpath.Fold(path.Base(name))
				}
				return s.pathIdentity(path.Join(dir, path.Base(name)))
			}
		}
	}
	return s.pathIdentity(name)
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
