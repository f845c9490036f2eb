// Package accounts keeps the local accounts and groups in a file,
// HOME/localAccounts.config, reads the IIS Manager users of another,
// HOME/administration.config, and follows what others do to both. It never asks
// or checks a password at a login: that is the provider's.
package accounts

import (
	"errors"
	"io/fs"
	"os"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth/local"
)

// File is one accounts file. It is safe for concurrent use, and other
// processes may change the file at any time.
type File struct {
	// OnError, if set before the first use, is told that the file cannot be
	// used, once for each state of the file. The accounts stay as they were.
	OnError func(error)

	follower[local.Directory]
}

// Open returns the accounts file at path, which need not exist. Nothing is
// read before the accounts are asked for.
func Open(path string) *File {
	return &File{follower: follow(path, local.NewDirectory(nil, nil), Load)}
}

// Path returns where the file is.
func (f *File) Path() string { return f.path }

// Directory returns the accounts as the file has them now, or had them some
// milliseconds ago; it is never nil. The file is read when it changed. A
// missing file is one without accounts. A file that cannot be used leaves the
// accounts as they were.
func (f *File) Directory() *local.Directory { return f.now(f.OnError) }

// Load reads the accounts file at path and tells everything that is wrong or
// doubtful in it. The directory is nil when anything is wrong, and empty when
// there is no file.
func Load(path string) (*local.Directory, apphost.ErrorList) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return local.NewDirectory(nil, nil), nil
	case err != nil:
		return nil, fileError(path, err)
	}
	c := parse(path, data)
	return c.directory, c.problems
}
