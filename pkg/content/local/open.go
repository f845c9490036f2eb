package local

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// newFileMode is the mode of new files; the umask of the process narrows it.
const newFileMode = 0o666

// Open opens a regular file. The File is the *os.File itself, so that the
// kernel can copy from and to it.
func (s *Store) Open(name string, mode content.Mode) (content.File, content.Info, error) {
	const op = "open"
	var file *os.File
	var info content.Info
	var err error
	if mode == content.Read {
		err = s.at(op, name, func(t *tree, real string) (err error) {
			file, err = t.openToRead(real)
			info, err = regular(file, real, err)
			return err
		})
	} else {
		err = s.as(func() (err error) {
			file, info, err = s.openToWrite(op, name)
			return err
		})
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

// regular tells about a file that was opened, or not, and closes it if it is
// not a regular one. It was opened without truncation, for what it is can be
// known only afterwards.
func regular(file *os.File, real string, err error) (content.Info, error) {
	if err != nil {
		return content.Info{}, err
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
		return content.Info{}, err
	}
	return infoOf(path.Base(real), info), nil
}

// openToWrite opens the file or makes it.
func (s *Store) openToWrite(op, name string) (file *os.File, info content.Info, err error) {
	t, err := s.open()
	if err != nil {
		return nil, content.Info{}, err
	}
	if err := checkPath(op, name); err != nil {
		return nil, content.Info{}, err
	}
	if file, info, ok := t.openKnown(op, name); ok {
		return file, info, nil
	}
	err = s.within(op, name, func(t *tree, real string) (err error) {
		file, err = t.OpenFile(real, os.O_WRONLY|openFlags, 0)
		info, err = regular(file, real, err)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, content.ErrPathNotFound) {
		return t.create(op, name)
	}
	return file, info, err
}

// openKnown opens or makes a file of a directory that is remembered: then it
// is known without another look whether there is a file of that name, in any
// spelling. It fails when anything is unusual, for which the other ways are.
func (t *tree) openKnown(op, name string) (file *os.File, info content.Info, ok bool) {
	dir, base := path.Dir(name), path.Base(name)
	if kept, err := newName(op, name, base); err != nil || kept != base || mayBeShort(name) {
		return nil, content.Info{}, false
	}
	d := t.index.holdKnown(dir)
	if d == nil {
		return nil, content.Info{}, false
	}
	defer t.index.release(d)
	if fresh, err := d.fresh(t); err != nil || !fresh {
		return nil, content.Info{}, false
	}
	flags := 0
	switch d.names[vpath.Fold(base)] {
	case "":
		flags = os.O_CREATE | os.O_EXCL
	case base:
	default:
		return nil, content.Info{}, false
	}
	file, err := d.openToWrite(t, base, flags)
	if info, err = regular(file, name, err); err != nil {
		return nil, content.Info{}, false
	}
	if info.Created = flags != 0; info.Created {
		d.added(t, base)
	}
	return file, info, true
}

// create makes the file that open has not found.
func (t *tree) create(op, name string) (*os.File, content.Info, error) {
	dir, base, err := t.newPlace(op, name)
	if err != nil {
		return nil, content.Info{}, err
	}
	d := t.index.hold(dir)
	defer t.index.release(d)
	entry, err := d.lookup(t, base)
	if err != nil {
		return nil, content.Info{}, t.fail(op, name, err)
	}
	flags := os.O_WRONLY
	if entry == "" {
		entry, flags = base, os.O_WRONLY|os.O_CREATE|os.O_EXCL
	} // else made by another session or program since we looked
	real := path.Join(dir, entry)
	file, err := t.OpenFile(real, flags|openFlags, newFileMode)
	info, err := regular(file, real, err)
	if err != nil {
		return nil, content.Info{}, t.fail(op, name, err)
	}
	if info.Created = flags&os.O_CREATE != 0; info.Created {
		d.added(t, base)
	}
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
