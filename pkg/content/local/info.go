package local

import (
	"io/fs"
	"path"

	"github.com/ftphost/ftphost/pkg/content"
)

// ownerWrite is the permission without which a file is shown as read-only.
const ownerWrite = 0o200

// infoOf is what the system tells about a file.
func infoOf(name string, info fs.FileInfo) content.Info {
	i := content.Info{
		Name:     name,
		ModTime:  info.ModTime(),
		Dir:      info.IsDir(),
		ReadOnly: readOnly(info),
		Hidden:   hidden(info),
		ID:       fileID(info),
		Mode:     permissions(info),
	}
	if !i.Dir {
		i.Size = info.Size()
	}
	return i
}

// Stat tells about a file or directory, following links.
func (s *Store) Stat(name string) (info content.Info, err error) {
	err = s.at("stat", name, func(t *tree, real string) error {
		i, err := t.stat(real)
		if err == nil {
			info = infoOf(path.Base(real), i)
		}
		return err
	})
	return info, err
}
