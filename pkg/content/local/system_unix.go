//go:build unix

package local

import (
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"github.com/ftphost/ftphost/pkg/content"
)

// hidden reports the Windows attribute, which files here do not have.
func hidden(fs.FileInfo) bool { return false }

// readOnly reports whether the owner may not write.
func readOnly(info fs.FileInfo) bool { return info.Mode()&ownerWrite == 0 }

// permissions are the UNIX permissions.
func permissions(info fs.FileInfo) fs.FileMode { return info.Mode().Perm() }

// fileID is the device and inode.
func fileID(info fs.FileInfo) content.FileID {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return content.FileID{}
	}
	return content.FileID{Volume: uint64(stat.Dev), Number: uint64(stat.Ino)} //nolint:gosec,unconvert // not of this type on every system
}

// systemID names a directory by device and inode.
func systemID(info fs.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	id := strconv.AppendUint(nil, uint64(stat.Dev), 10)                      //nolint:gosec,unconvert // not of this type on every system
	return string(strconv.AppendUint(append(id, ':'), uint64(stat.Ino), 10)) //nolint:gosec,unconvert // as above
}

// writeProtected reports whether the file system can only be read. What the
// folder's mode allows is not the question.
func writeProtected(dir string) bool {
	const readOnly = 1 // ST_RDONLY and MNT_RDONLY, which package syscall does not name
	var stat syscall.Statfs_t
	return syscall.Statfs(dir, &stat) == nil && stat.Flags&readOnly != 0
}

// availableBytes returns what a user without privileges may still write.
func availableBytes(dir *os.File) (int64, error) {
	conn, err := dir.SyscallConn()
	if err != nil {
		return 0, err
	}
	var stat syscall.Statfs_t
	var statErr error
	err = conn.Control(func(fd uintptr) { statErr = syscall.Fstatfs(int(fd), &stat) })
	if err == nil {
		err = statErr
	}
	if err != nil {
		return 0, err
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil //nolint:gosec // no disk has 8 EiB
}
