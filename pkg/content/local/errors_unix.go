//go:build unix

package local

import (
	"syscall"

	"github.com/ftphost/ftphost/pkg/content"
)

// systemErrors are the meanings that io/fs has no word for. ENOTDIR comes from
// a file in the middle of a path, ENXIO from opening a pipe or socket that
// nobody reads, EWOULDBLOCK from a lease that another process holds.
func systemErrors() []meaning {
	return []meaning{
		{syscall.ENOTDIR, content.ErrPathNotFound},
		{syscall.ELOOP, content.ErrPathNotFound},
		{syscall.EISDIR, content.ErrIsDirectory},
		{syscall.ENOTEMPTY, content.ErrDirectoryNotEmpty},
		{syscall.ENAMETOOLONG, content.ErrNameTooLong},
		{syscall.ENOSPC, content.ErrNoSpace},
		{syscall.EDQUOT, content.ErrNoSpace},
		{syscall.EROFS, content.ErrReadOnlyStore},
		{syscall.EXDEV, content.ErrCrossDevice},
		{syscall.ENXIO, content.ErrNotRegular},
		{syscall.ENODEV, content.ErrNotRegular},
		{syscall.ETXTBSY, content.ErrInUse},
		{syscall.EBUSY, content.ErrInUse},
		{syscall.EWOULDBLOCK, content.ErrInUse},
		{syscall.EINVAL, content.ErrInvalidParameter},
	}
}
