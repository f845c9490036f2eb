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
// beside it, syncs, and renames. What others that were killed have left in the
// folder it removes. An existing file keeps its mode and, where
// this process may, its owner; perm is for a new one.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	if real, e := filepath.EvalSymlinks(path); e == nil {
		path = real // replace what a link points to, not the link
	}
	existing, err := os.Stat(path)
	if err == nil {
		perm = existing.Mode().Perm()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return write(path, data, perm, existing, false)
}

// WriteCopy is WriteFile for a new file that gets the mode and, where this
// process may, the owner of another one. Where it may not, only its own owner
// may read it, so that a copy is never open to more people than the original.
func WriteCopy(path string, data []byte, original fs.FileInfo) error {
	return write(path, data, original.Mode().Perm(), original, true)
}

// write writes a whole file with the owner of another, unless that is nil.
// Where that is not possible, careful leaves the rights of others out.
func write(path string, data []byte, perm fs.FileMode, owned fs.FileInfo, careful bool) (err error) {
	// What cannot be removed is no reason not to write.
	_ = RemoveLeftovers(filepath.Dir(path))
	f, err := CreateBeside(path)
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
	// Before the mode: its bits are for this owner.
	if owned != nil && !keepOwner(f, owned) && careful {
		perm &= 0o700
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
	return SyncDir(filepath.Dir(path))
}
