package vfs

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// Uploads are the files being written, removed or renamed now, by the
// identity their store gives them. The host owns one, which all sites share
// and which outlives reloads of the configuration. It is safe for concurrent
// use.
type Uploads struct {
	journal Journal // nil for none

	mu     sync.Mutex
	active map[string]held
	count  atomic.Int64
}

// held is where a file is that is being written.
type held struct {
	store content.Store
	name  string // folded, with a slash at its end
}

// NewUploads returns an empty registry.
func NewUploads() *Uploads { return &Uploads{active: map[string]held{}} }

// hold takes the file at a place for the caller alone. It returns nil when
// another has it; otherwise the function that gives it back.
func (u *Uploads) hold(at place) (release func()) {
	id := at.store.Identity(at.name)
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, taken := u.active[id]; taken {
		return nil
	}
	u.active[id] = held{at.origin, folded(at.name)}
	u.count.Add(1)
	return sync.OnceFunc(func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.active, id)
		u.count.Add(-1)
	})
}

// writing reports whether the file at a place is taken. It costs nothing while
// no upload is running.
func (u *Uploads) writing(at place) bool {
	if u.count.Load() == 0 {
		return false
	}
	id := at.store.Identity(at.name)
	u.mu.Lock()
	defer u.mu.Unlock()
	_, taken := u.active[id]
	return taken
}

// below reports whether a file in the directory at a place is taken.
func (u *Uploads) below(at place) bool {
	if u.count.Load() == 0 {
		return false
	}
	dir := folded(at.name)
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, h := range u.active {
		if h.store == at.origin && h.name != dir && strings.HasPrefix(h.name, dir) {
			return true
		}
	}
	return false
}

func folded(name string) string {
	var b []byte
	for segment := range strings.SplitSeq(name, "/") {
		b = append(vpath.AppendFold(b, segment), '/')
	}
	return string(b)
}
