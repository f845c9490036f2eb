package local

import (
	"io/fs"
	"syscall"

	"github.com/ftphost/ftphost/pkg/content"
)

// systemErrors are the meanings that io/fs has no word for, by the numbers of
// Win32.
func systemErrors() []meaning {
	return []meaning{
		{syscall.Errno(3), content.ErrPathNotFound},
		{syscall.Errno(17), content.ErrCrossDevice},
		{syscall.Errno(19), content.ErrReadOnlyStore},
		{syscall.Errno(32), content.ErrInUse},
		{syscall.Errno(33), content.ErrInUse},
		{syscall.Errno(80), fs.ErrExist},
		{syscall.Errno(87), content.ErrInvalidParameter},
		{syscall.Errno(112), content.ErrNoSpace},
		{syscall.Errno(123), content.ErrInvalidName},
		{syscall.Errno(145), content.ErrDirectoryNotEmpty},
		{syscall.Errno(206), content.ErrNameTooLong},
		{syscall.Errno(267), content.ErrPathNotFound},
		{syscall.ENOTDIR, content.ErrPathNotFound},
		{syscall.ELOOP, content.ErrPathNotFound},
		{syscall.EISDIR, content.ErrIsDirectory},
	}
}
