package vfs

import (
	"errors"
	"sync"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
)

// errSilent means that the target of a virtual directory has told nothing in
// the time a listing waits for it.
var errSilent = errors.New("the target of the virtual directory does not answer")

// stamps asks what stands behind a virtual directory. The target may be on
// another machine that is down: then the system's call cannot be interrupted,
// and waits for as long as the system wants. There is one such call at a time
// however many listings want to know.
type stamps struct {
	mu      sync.Mutex
	running *stamp
}

// stamp is one question; told is closed when the answer is there.
type stamp struct {
	told chan struct{}
	info content.Info
	err  error
}

// ask returns what the target at a place tells within limit. Without a limit
// nothing is asked (virtualDirectoryTimeout 0).
func (s *stamps) ask(at place, limit time.Duration) (content.Info, error) {
	if limit <= 0 {
		return content.Info{}, errSilent
	}
	q := s.join(at)
	patience := time.NewTimer(limit)
	defer patience.Stop()
	select {
	case <-q.told:
		return q.info, q.err
	case <-patience.C:
		return content.Info{}, errSilent
	}
}

// join returns the question that is being asked, or asks.
func (s *stamps) join(at place) *stamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return s.running
	}
	q := &stamp{told: make(chan struct{})}
	s.running = q
	go func() {
		q.info, q.err = at.store.Stat(at.name)
		s.mu.Lock()
		s.running = nil
		s.mu.Unlock()
		close(q.told)
	}()
	return q
}
