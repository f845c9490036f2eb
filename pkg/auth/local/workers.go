package local

import (
	"container/list"
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// mostWorkers bounds the memory of a machine with many processors: each
	// hash takes 19 MiB, and the heap grows to twice what is in use.
	mostWorkers = 8
	// releaseDelay is how long the memory of a hash is kept for the next one.
	// Logins whose passwords must be hashed come in bursts: when a server was
	// started, and when a guesser tries.
	releaseDelay = 2 * time.Second
	// suspectTurn says that every so many turns one goes to those whose address
	// failed lately, however many others wait.
	suspectTurn = 8
)

// Workers bounds how many passwords are hashed at once, because each costs
// memory and a processor. Those who wait take turns, and whoever comes from an
// address with failed logins waits behind the others: who tries many passwords
// keeps nobody else out. Providers of one process share one.
type Workers struct {
	used chan struct{} // holds a token after a hash, until Run takes it

	mu       sync.Mutex
	free     int
	turns    int
	others   list.List // of chan struct{}, closed when it is their turn
	suspects list.List
}

// NewWorkers returns room for n hashes at once, or for one per processor but
// not more than 8 when n is below 1.
func NewWorkers(n int) *Workers {
	if n < 1 {
		n = min(runtime.NumCPU(), mostWorkers)
	}
	return &Workers{free: n, used: make(chan struct{}, 1)}
}

// do runs f when there is room, or returns the error of ctx.
func (w *Workers) do(ctx context.Context, suspect bool, f func()) error {
	if err := w.enter(ctx, suspect); err != nil {
		return err
	}
	defer func() {
		w.leave()
		select {
		case w.used <- struct{}{}:
		default: // Run knows already
		}
	}()
	f()
	return nil
}

// enter waits for a turn.
func (w *Workers) enter(ctx context.Context, suspect bool) error {
	queue := &w.others
	if suspect {
		queue = &w.suspects
	}
	w.mu.Lock()
	if w.free > 0 {
		w.free--
		w.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	place := queue.PushBack(turn)
	w.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	queue.Remove(place) // does nothing if the turn came at the same time
	w.mu.Unlock()
	select {
	case <-turn:
		w.leave()
	default:
	}
	return ctx.Err()
}

// leave gives the room to the next who waits.
func (w *Workers) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turns++
	queue := &w.others
	if w.suspects.Len() > 0 && (w.others.Len() == 0 || w.turns%suspectTurn == 0) {
		queue = &w.suspects
	}
	next := queue.Front()
	if next == nil {
		w.free++
		return
	}
	close(queue.Remove(next).(chan struct{}))
}

// Run gives the memory of hashes back some seconds after they were made: an
// otherwise quiet process would collect it only after minutes. This costs less
// than one hash, and happens once for all hashes of those seconds.
// It returns when ctx ends.
func (w *Workers) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.used:
		}
		wait := time.NewTimer(releaseDelay)
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		select {
		case <-w.used: // those that followed are collected too
		default:
		}
		// A collection alone would leave it to a scavenger that after a
		// single hash takes the hash's size for the usual one.
		debug.FreeOSMemory()
	}
}
