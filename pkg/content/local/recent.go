package local

import (
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// The bounds of the directories that are kept open.
const (
	// maxRecent is how many directories a store remembers, and keeps open, at
	// once.
	maxRecent = 32
	// trust is how long a directory is believed to stand where it was opened.
	// Whether a look-up came before or after another program moved it cannot
	// be told in such a time.
	trust = 10 * time.Millisecond
	// sweepInterval is how long one stays open that nobody uses any more, at
	// most twice.
	sweepInterval = 100 * time.Millisecond
)

// moves counts the changes of this program after which a directory may no
// longer stand where it was, or not be open to us, in any store: one folder
// can be part of several.
var moves atomic.Uint64 //nolint:gochecknoglobals // stores of one folder know nothing of each other

// recent are the directories looked into last. One that was looked into twice
// within the time of trust is likely to be again, and is kept open: finding a
// file then costs one system call however deep it lies, instead of two more
// for each directory on the way.
type recent struct {
	mu       sync.Mutex
	dirs     map[string]*visited // by the names they were asked for
	max      int
	sweeping bool // a timer runs, as long as one is open
}

// visited is a directory that was looked into.
type visited struct {
	last    time.Time
	opening bool
	kept    *kept // nil when it is not open
}

// kept is an open directory. It may be closed at any time: os.Root lets those
// finish who are at work in it, and fails for those who come later.
type kept struct {
	*os.Root
	info   fs.FileInfo
	opened time.Time
	moves  uint64
}

func newRecent() *recent { return &recent{dirs: map[string]*visited{}, max: maxRecent} }

// visit returns the directory, open, or nil when it is not kept. Another
// program may have moved or removed it in the time of trust.
func (r *recent) visit(t *tree, dir string) *kept {
	if !keepsOpen || dir == "." {
		return nil // the root is open in any case
	}
	now := time.Now()
	r.mu.Lock()
	v := r.dirs[dir]
	if v == nil {
		r.note(dir, now)
		r.mu.Unlock()
		return nil
	}
	again := now.Sub(v.last) < trust
	v.last = now
	if k := v.kept; v.opening || k != nil && k.trusted(now) {
		r.mu.Unlock()
		return k
	}
	v.close()
	v.opening = again
	r.mu.Unlock()
	if !again {
		return nil
	}
	return r.keep(v, openKept(t, dir, now))
}

// note remembers a directory, if there is room; r.mu is held.
func (r *recent) note(dir string, now time.Time) {
	if len(r.dirs) >= r.max {
		r.drop(now)
	}
	if len(r.dirs) < r.max {
		r.dirs[dir] = &visited{last: now}
	}
}

// drop forgets the directories that nobody has looked into again; r.mu is
// held.
func (r *recent) drop(now time.Time) {
	for dir, v := range r.dirs {
		if !v.opening && now.Sub(v.last) >= trust {
			v.close()
			delete(r.dirs, dir)
		}
	}
}

// keep is told that v was opened, or could not be.
func (r *recent) keep(v *visited, k *kept) *kept {
	r.mu.Lock()
	defer r.mu.Unlock()
	v.opening, v.kept = false, k
	if k == nil {
		v.last = time.Time{} // not again at once
	} else if !r.sweeping {
		r.sweeping = true
		time.AfterFunc(sweepInterval, r.sweep)
	}
	return k
}

// sweep closes what is not trusted any more. A store has no end of its own,
// so that nobody else would.
func (r *recent) sweep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweeping = false
	now := time.Now()
	for _, v := range r.dirs {
		if v.kept != nil && !v.kept.trusted(now) {
			v.close()
		}
		r.sweeping = r.sweeping || v.kept != nil
	}
	if r.sweeping {
		time.AfterFunc(sweepInterval, r.sweep)
	}
}

// close closes the directory; the lock of recent is held.
func (v *visited) close() {
	if v.kept != nil {
		_ = v.kept.Close() // only looked into
		v.kept = nil
	}
}

// openKept opens a directory, or returns nil when that fails: whoever looks
// into it then is told why.
func openKept(t *tree, dir string, now time.Time) *kept {
	k := &kept{opened: now, moves: moves.Load()}
	var err error
	// The dot makes sure that only a directory is opened, see openDirectory.
	if k.Root, err = t.OpenRoot(dir + "/."); err != nil {
		return nil
	}
	if k.info, err = k.Stat("."); err != nil {
		_ = k.Close()
		return nil
	}
	return k
}

func (k *kept) trusted(now time.Time) bool {
	return now.Sub(k.opened) < trust && k.moves == moves.Load()
}
