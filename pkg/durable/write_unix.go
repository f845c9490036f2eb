//go:build unix

package durable

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives f the owner of another file, and reports whether it could.
// Without the right to, the owner is whoever writes, as with any editor.
func keepOwner(f *os.File, other fs.FileInfo) bool {
	st, ok := other.Sys().(*syscall.Stat_t)
	return ok && f.Chown(int(st.Uid), int(st.Gid)) == nil
}

// SyncDir makes a rename in dir last through a power failure.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
