package local

import (
	"io/fs"
	"path"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
)

// newDirectoryMode is the mode of new directories; the umask of the process
// narrows it.
const newDirectoryMode = 0o777

// Mkdir makes one directory.
func (s *Store) Mkdir(name string) error {
	return s.as(func() error { return s.mkdir(name) })
}

func (s *Store) mkdir(name string) error {
	const op = "mkdir"
	t, err := s.open()
	if err != nil {
		return err
	}
	if err := checkPath(op, name); err != nil {
		return err
	}
	if _, err := t.Lstat(name); err == nil {
		return &content.Error{Op: op, Name: name, Kind: fs.ErrExist}
	}
	dir, base, err := t.newPlace(op, name)
	if err != nil {
		return err
	}
	d := t.index.hold(dir)
	defer t.index.release(d)
	entry, err := d.lookup(t, base)
	if err == nil && entry != "" {
		err = fs.ErrExist
	}
	if err == nil {
		err = t.Mkdir(path.Join(dir, base), newDirectoryMode)
	}
	if err != nil {
		return t.fail(op, name, err)
	}
	d.added(t, base)
	return nil
}

// Rmdir removes an empty directory, or a link to a directory.
func (s *Store) Rmdir(name string) error {
	return s.remove("rmdir", name, func(info fs.FileInfo) error {
		if !info.IsDir() {
			return content.ErrNotDirectory
		}
		return nil
	})
}

// Remove removes a file, or a link to one or to nothing.
func (s *Store) Remove(name string) error {
	return s.remove("remove", name, func(info fs.FileInfo) error {
		if info.IsDir() {
			return content.ErrIsDirectory
		}
		return nil
	})
}

func (s *Store) remove(op, name string, check func(fs.FileInfo) error) error {
	if name == "." {
		return &content.Error{Op: op, Name: name, Kind: fs.ErrPermission}
	}
	return s.at(op, name, func(t *tree, real string) error {
		info, err := t.Stat(real)
		if err != nil {
			if info, err = t.Lstat(real); err != nil {
				return err
			}
		}
		if kind := check(info); kind != nil {
			return &content.Error{Op: op, Name: name, Kind: kind}
		}
		d := t.index.hold(path.Dir(real))
		defer t.index.release(d)
		d.trust(t)
		if err := t.Root.Remove(real); err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			moves.Add(1)
		}
		d.removed(t, path.Base(real))
		return nil
	})
}

// Rename moves a file or directory. Onto another existing name it works only
// with replace, and only file onto file; the name then keeps its spelling.
func (s *Store) Rename(from, to string, replace bool) error {
	const op = "rename"
	if err := checkPath(op, to); err != nil {
		return err
	}
	if from == "." || to == "." {
		return &content.Error{Op: op, Name: from, Kind: fs.ErrPermission}
	}
	return s.at(op, from, func(t *tree, real string) error {
		info, err := t.Lstat(real)
		if err != nil {
			return err
		}
		dir, base, err := t.newPlace(op, to)
		if err != nil {
			return err
		}
		err = t.rename(real, dir, base, replace)
		if replace || !info.Mode().IsRegular() {
			moves.Add(1) // what was replaced may have been a link to a directory
		}
		return err
	})
}

func (t *tree) rename(real, dir, base string, replace bool) error {
	source, target, release := t.index.hold2(path.Dir(real), dir)
	defer release()
	entry, err := target.spelling(t, base)
	if err != nil {
		return err
	}
	source.trust(t)
	if same := path.Join(dir, entry) == real; entry != "" && !same {
		if err := t.replaceable(real, path.Join(dir, entry), replace); err != nil {
			return err
		}
		base = entry
	}
	if err := t.Root.Rename(real, path.Join(dir, base)); err != nil {
		return err
	}
	source.removed(t, path.Base(real))
	target.added(t, base)
	return nil
}

// spelling returns the directory's own spelling of segment, the exact one if
// there is one, or "".
func (d *directory) spelling(t *tree, segment string) (string, error) {
	entry, err := d.lookup(t, segment)
	if err != nil {
		return "", err
	}
	if entry == segment || entry == "" {
		return entry, nil
	}
	if _, err := t.Lstat(path.Join(d.dir, segment)); err == nil {
		return segment, nil
	}
	return entry, nil
}

// replaceable returns nil when the file at real may take the place of the one
// at target.
func (t *tree) replaceable(real, target string, replace bool) error {
	if !replace {
		return &content.Error{Op: "rename", Name: target, Kind: fs.ErrExist}
	}
	for _, name := range [...]string{real, target} {
		info, err := t.Lstat(name)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return &content.Error{Op: "rename", Name: target, Kind: fs.ErrPermission}
		}
	}
	return nil
}

// SetModTime sets the time of the last change.
func (s *Store) SetModTime(name string, mtime time.Time) error {
	if !mtime.Equal(time.Unix(0, mtime.UnixNano())) {
		// Go sets times as nanoseconds, of which another year has too many.
		return &content.Error{Op: "set time", Name: name, Kind: content.ErrInvalidParameter}
	}
	return s.at("set time", name, func(t *tree, real string) error {
		return t.Chtimes(real, time.Time{}, mtime)
	})
}

// SetMode sets the permission bits. On Windows only those of the owner to
// write count: they are the ReadOnly attribute.
func (s *Store) SetMode(name string, mode fs.FileMode) error {
	return s.at("set mode", name, func(t *tree, real string) error {
		defer moves.Add(1) // a directory may be closed to us now
		return t.Chmod(real, mode.Perm())
	})
}
