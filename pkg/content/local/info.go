package local

import (
	"io/fs"
	"path"
	"slices"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
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
		i, err := t.Stat(real)
		if err == nil {
			info = infoOf(path.Base(real), i)
		}
		return err
	})
	return info, err
}

// List calls each for every entry of the directory in Windows order. A link is
// what it leads to; one that leads nowhere or outside is shown as itself.
func (s *Store) List(name string, each func(content.Info) error) error {
	// An error of each is handed back as it is, apart from those of the store.
	var stopped error
	err := s.at("list", name, func(t *tree, real string) error {
		var err error
		stopped, err = t.list(real, each)
		return err
	})
	if stopped != nil {
		return stopped
	}
	return err
}

func (t *tree) list(real string, each func(content.Info) error) (stopped, err error) {
	info, err := t.Stat(real)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &content.Error{Op: "list", Name: real, Kind: content.ErrNotDirectory}
	}
	// The dot makes sure that only a directory is opened, see openDirectory.
	dir, err := t.OpenRoot(real + "/.")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	f.Close()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(names, vpath.Compare)
	for _, entry := range names {
		info, err := dir.Lstat(entry)
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			// Within the directory alone a link could not be followed.
			if target, err := t.Stat(path.Join(real, entry)); err == nil {
				info = target
			}
		}
		if err != nil {
			if missing(err) {
				continue
			}
			return nil, err
		}
		if err := each(infoOf(entry, info)); err != nil {
			return err, nil
		}
	}
	return nil, nil
}
