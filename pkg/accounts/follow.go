package accounts

import (
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// follower has what a file says and reads it again when it changed.
type follower[T any] struct {
	path string
	// load reads the file; it returns nil when the file cannot be used.
	load func(path string) (*T, apphost.ErrorList)

	mu      sync.Mutex
	looked  time.Time // when the file was last looked at
	seen    stamp
	current *T
}

// follow returns a follower that has empty as long as nothing was read.
func follow[T any](path string, empty *T, load func(string) (*T, apphost.ErrorList)) follower[T] {
	return follower[T]{path: path, load: load, seen: stamp{unknown: true}, current: empty}
}

// lookInterval is how long one look at the file serves: a server that many log
// in to does not look at it for each of them. It is shorter than any program
// takes that changes the file and logs in then; ftphost itself may take 8 ms.
const lookInterval = 2 * time.Millisecond

// now returns what the file says now, or said some milliseconds ago. The file
// is read when it changed. One that cannot be used leaves what was read before,
// and onError, unless nil, is told so once for each state of the file.
func (f *follower[T]) now(onError func(error)) *T {
	f.mu.Lock()
	defer f.mu.Unlock()
	if age := time.Since(f.looked); age >= 0 && age < lookInterval {
		return f.current
	}
	f.looked = time.Now()
	now := stampOf(os.Stat(f.path))
	if now.equal(f.seen) {
		return f.current
	}
	// Whatever happens to the file after this look is seen at the next one.
	f.seen = now
	read, problems := f.load(f.path)
	switch {
	case read != nil:
		f.current = read
	case onError != nil:
		onError(problems)
	}
	return f.current
}

// lookAgain makes the next now look at the file.
func (f *follower[T]) lookAgain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked = time.Time{}
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
