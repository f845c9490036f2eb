package local

import (
	"context"
	"runtime"
	"runtime/debug"
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
)

// Workers bounds how many passwords are hashed at once, because each costs
// memory and a processor. Providers of one process share one.
type Workers struct {
	slots chan struct{}
	used  chan struct{} // holds a token after a hash, until Run takes it
}

// NewWorkers returns room for n hashes at once, or for one per processor but
// not more than 8 when n is below 1.
func NewWorkers(n int) *Workers {
	if n < 1 {
		n = min(runtime.NumCPU(), mostWorkers)
	}
	return &Workers{slots: make(chan struct{}, n), used: make(chan struct{}, 1)}
}

// do runs f when there is room, or returns the error of ctx.
func (w *Workers) do(ctx context.Context, f func()) error {
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() {
		<-w.slots
		select {
		case w.used <- struct{}{}:
		default: // Run knows already
		}
	}()
	f()
	return nil
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
