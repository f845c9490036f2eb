package local

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// hidden reports the Hidden attribute.
func hidden(info fs.FileInfo) bool {
	data, ok := info.Sys().(*syscall.Win32FileAttributeData)
	return ok && data.FileAttributes&syscall.FILE_ATTRIBUTE_HIDDEN != 0
}

// systemID returns "": the file index is not part of what a FileInfo tells.
func systemID(fs.FileInfo) string { return "" }

// availableBytes is not known through an open directory.
func availableBytes(*os.File) (int64, error) { return 0, errors.ErrUnsupported }
