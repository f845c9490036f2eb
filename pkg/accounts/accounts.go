// Package accounts keeps the local accounts and groups in a file,
// HOME/localAccounts.config, and follows what others do to it. It never asks
// or checks a password at a login: that is the provider's.
package accounts

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth/local"
)

// File is one accounts file. It is safe for concurrent use, and other
// processes may change the file at any time.
type File struct {
	// OnError, if set before the first use, is told that the file cannot be
	// used, once for each state of the file. The accounts stay as they were.
	OnError func(error)

	path string

	mu        sync.Mutex
	looked    time.Time // when the file was last looked at
	seen      stamp
	directory *local.Directory
}

// lookInterval is how long one look at the file serves: a server that many log
// in to does not look at it for each of them. It is shorter than any program
// takes that changes the file and logs in then; ftphost itself may take 8 ms.
const lookInterval = 2 * time.Millisecond

// Open returns the accounts file at path, which need not exist. Nothing is
// read before the accounts are asked for.
func Open(path string) *File {
	return &File{path: path, seen: stamp{unknown: true}, directory: local.NewDirectory(nil, nil)}
}

// Path returns where the file is.
func (f *File) Path() string { return f.path }

// Directory returns the accounts as the file has them now, or had them some
// milliseconds ago; it is never nil. The file is read when it changed. A
// missing file is one without accounts. A file that cannot be used leaves the
// accounts as they were.
func (f *File) Directory() *local.Directory {
	f.mu.Lock()
	defer f.mu.Unlock()
	if age := time.Since(f.looked); age >= 0 && age < lookInterval {
		return f.directory
	}
	f.looked = time.Now()
	now := stampOf(os.Stat(f.path))
	if now.equal(f.seen) {
		return f.directory
	}
	// Whatever happens to the file after this look is seen at the next one.
	f.seen = now
	directory, problems := Load(f.path)
	if directory != nil {
		f.directory = directory
		return f.directory
	}
	if f.OnError != nil {
		f.OnError(problems)
	}
	return f.directory
}

// lookAgain makes the next Directory look at the file.
func (f *File) lookAgain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked = time.Time{}
}

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

// stamp tells one state of the file from the next.
type stamp struct {
	unknown bool // not looked at yet
	info    fs.FileInfo
	err     string
	size    int64
	changed time.Time
}

func stampOf(info fs.FileInfo, err error) stamp {
	if err != nil {
		return stamp{err: err.Error()}
	}
	return stamp{info: info, size: info.Size(), changed: info.ModTime()}
}

func (s stamp) equal(t stamp) bool {
	if s.unknown != t.unknown || s.err != t.err || s.size != t.size || !s.changed.Equal(t.changed) {
		return false
	}
	return s.info == nil && t.info == nil || os.SameFile(s.info, t.info)
}
