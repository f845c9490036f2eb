package cert

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// stale is how long a file is believed to be as it was.
const stale = 100 * time.Millisecond

// file is a file of a store, with its companion. It is changed under the
// store's lock.
type file struct {
	store           *store
	path, companion string
	stamp           stamp
	loaded          []*Certificate // what it holds now; none when it cannot be used
	good            []*Certificate // what it held when it could last be used, until it is gone
	err             error          // why it cannot be used
	entries         []*Entry       // who follows it; more than one when it went over to other names
	looked          atomic.Int64   // the clock at the last look
	gone            atomic.Bool    // whether it did not exist then
}

// look refreshes the file unless that was done a moment ago or is being done:
// then what is known is good enough.
func (f *file) look() {
	st := f.store
	now, last := int64(st.root.clock()), f.looked.Load()
	if now-last < int64(stale) || !f.looked.CompareAndSwap(last, now) || !st.mu.TryLock() {
		return
	}
	problems := f.refresh()
	st.mu.Unlock()
	st.root.tell(problems)
}

// refresh reads the file again when its stamp is another one, and returns
// what there is to say about it.
func (f *file) refresh() []error {
	f.looked.Store(int64(f.store.root.clock()))
	// The stamp is taken first: what is written while we read makes another.
	now := stampOf(f.path, f.companion)
	if f.stamp.same(now) {
		return nil
	}
	f.stamp = now
	f.store.version++
	f.loaded, f.err = load(f.path, f.companion)
	f.gone.Store(errors.Is(f.err, fs.ErrNotExist))
	for _, c := range f.loaded {
		c.Store = filepath.Base(filepath.Dir(f.path))
	}
	if f.err == nil || f.gone.Load() {
		f.good = f.loaded
	}
	switch {
	case f.gone.Load() && len(f.entries) == 0:
		return nil
	case f.gone.Load():
		return []error{fmt.Errorf("%s is gone; its certificate stays in use until the next start, and is not found after that", f.path)}
	case f.err != nil && len(f.entries) > 0:
		return []error{fmt.Errorf("%w; the previous certificate stays in use", f.err)}
	case f.err != nil:
		return []error{f.err}
	}
	return f.take()
}

// take hands a certificate with key to those who follow the file.
func (f *file) take() []error {
	c := f.loaded[0]
	if c.TLS.PrivateKey == nil {
		if len(f.entries) > 0 {
			return []error{fmt.Errorf("%s has no private key any more; the previous certificate stays in use", f.path)}
		}
		return nil
	}
	var problems []error
	taken := false
	for _, e := range f.entries {
		took, problem := e.offer(c)
		taken = taken || took
		if problem != nil {
			problems = append(problems, problem)
		}
	}
	if !taken {
		e := &Entry{file: f}
		e.current.Store(c)
		f.entries = append(f.entries, e)
	}
	f.enter()
	return problems
}

// enter makes the thumbprint of what the file holds lead to who took it.
func (f *file) enter() {
	for _, e := range f.entries {
		if c := e.current.Load(); len(f.loaded) > 0 && f.loaded[0] == c {
			f.store.enter(c.Thumbprint, e)
		}
	}
}

// stamp tells states of a file and its companion apart; nil for one that
// cannot be looked at.
type stamp struct {
	taken           bool
	file, companion fs.FileInfo
}

func stampOf(path, companion string) stamp {
	s := stamp{taken: true}
	s.file, _ = os.Stat(path)
	s.companion, _ = os.Stat(companion)
	return s
}

func (s stamp) same(other stamp) bool {
	return s.taken == other.taken && sameState(s.file, other.file) && sameState(s.companion, other.companion)
}

func sameState(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && os.SameFile(a, b)
}
