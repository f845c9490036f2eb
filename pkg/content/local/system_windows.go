package local

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/ftphost/ftphost/pkg/content"
)

// hidden reports the Hidden attribute.
func hidden(info fs.FileInfo) bool {
	data, ok := info.Sys().(*syscall.Win32FileAttributeData)
	return ok && data.FileAttributes&syscall.FILE_ATTRIBUTE_HIDDEN != 0
}

// readOnly reports the ReadOnly attribute, which means something else on
// folders.
func readOnly(info fs.FileInfo) bool { return !info.IsDir() && info.Mode()&ownerWrite == 0 }

// permissions are none: what a FileInfo has is made up.
func permissions(fs.FileInfo) fs.FileMode { return 0 }

// fileID is not known: the file index is not part of what a FileInfo tells.
func fileID(fs.FileInfo) content.FileID { return content.FileID{} }

// systemID returns "": the file index is not part of what a FileInfo tells.
func systemID(fs.FileInfo) string { return "" }

// writeProtected is not asked for where no unit closes folders.
func writeProtected(string) bool { return false }

// availableBytes is not known through an open directory.
func availableBytes(*os.File) (int64, error) { return 0, errors.ErrUnsupported }
