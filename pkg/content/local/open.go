package local

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/ftphost/ftphost/pkg/content"
)

// newFileMode is the mode of new files; the umask of the process narrows it.
const newFileMode = 0o666

// Open opens a regular file. The File is the *os.File itself, so that the
// kernel can copy from and to it.
func (s *Store) Open(name string, mode content.Mode) (content.File, content.Info, error) {
	const op = "open"
	flags := os.O_WRONLY
	if mode == content.Read {
		flags = os.O_RDONLY
	}
	var file *os.File
	var info content.Info
	err := s.at(op, name, func(t *tree, real string) (err error) {
		file, info, err = openRegular(t, real, flags)
		return err
	})
	if mode != content.Read && errors.Is(err, fs.ErrNotExist) && !errors.Is(err, content.ErrPathNotFound) {
		file, info, err = s.create(op, name)
	}
	if err != nil {
		return nil, content.Info{}, err
	}
	if err := position(file, &info, mode); err != nil {
		file.Close()
		return nil, content.Info{}, &content.Error{Op: op, Name: name, Kind: kindOf(err), Err: err}
	}
	return file, info, nil
}

// openRegular opens the file if it is one and nothing else. It is opened
// without truncation, for what it is can be known only afterwards.
func openRegular(t *tree, real string, flags int) (*os.File, content.Info, error) {
	file, err := t.OpenFile(real, flags|openFlags, newFileMode)
	if err != nil {
		return nil, content.Info{}, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = &content.Error{Op: "open", Name: real, Kind: content.ErrIsDirectory}
	case !info.Mode().IsRegular():
		err = &content.Error{Op: "open", Name: real, Kind: content.ErrNotRegular}
	}
	if err != nil {
		file.Close()
		return nil, content.Info{}, err
	}
	return file, infoOf(path.Base(real), info), nil
}

// create makes the file that open has not found.
func (s *Store) create(op, name string) (*os.File, content.Info, error) {
	t, err := s.open()
	if err != nil {
		return nil, content.Info{}, err
	}
	dir, base, err := t.newPlace(op, name)
	if err != nil {
		return nil, content.Info{}, err
	}
	d := t.index.hold(dir)
	defer t.index.release(d)
	if entry, err := d.lookup(t, base); err != nil || entry != "" {
		// Made by another session or program since we looked.
		if err != nil {
			return nil, content.Info{}, t.fail(op, name, err)
		}
		file, info, err := openRegular(t, path.Join(dir, entry), os.O_WRONLY)
		return file, info, t.fail(op, name, err)
	}
	file, info, err := openRegular(t, path.Join(dir, base), os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, content.Info{}, t.fail(op, name, err)
	}
	d.added(t, base)
	info.Created = true
	return file, info, nil
}

// newPlace returns where the new name is to be made.
func (t *tree) newPlace(op, name string) (dir, base string, err error) {
	if dir, err = t.parent(op, name); err != nil {
		return "", "", err
	}
	base, err = newName(op, name, path.Base(name))
	return dir, base, err
}

// position makes the open file ready for mode. Append does not use O_APPEND,
// with which the kernel would not copy into the file.
func position(file *os.File, info *content.Info, mode content.Mode) error {
	switch mode {
	case content.Replace:
		if info.Size == 0 {
			return nil
		}
		info.Size = 0
		return file.Truncate(0)
	case content.Append:
		_, err := file.Seek(0, io.SeekEnd)
		return err
	default:
		return nil
	}
}
