// Package durable writes the files of a home so that nobody ever finds half of
// one, and that whoever serves them may read them.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile replaces the file at path as a whole or not at all: it writes
// beside it, syncs, and renames. An existing file keeps its mode and, where
// this process may, its owner; perm is for a new one.
func WriteFile(path string, data []byte, perm fs.FileMode) (err error) {
	if real, e := filepath.EvalSymlinks(path); e == nil {
		path = real // replace what a link points to, not the link
	}
	existing, err := os.Stat(path)
	if err == nil {
		perm = existing.Mode().Perm()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// The first error is the one to tell; what is left is removed.
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if existing != nil {
		keepOwner(f, existing) // before the mode: its bits are for this owner
	}
	if err = f.Chmod(perm); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
