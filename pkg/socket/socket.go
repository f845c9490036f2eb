// Package socket makes TCP connections cheap to wait for: a connection waits
// in its own thread for a moment, as a process of its own would, and only one
// that lets us wait longer goes to the poller of the Go runtime. A client that
// answers at once, as in the transfer of many small files, then costs neither
// registration nor wake-ups of other threads. Where many are served at once the
// poller is cheaper, and all go there (docs/performance.md).
//
// It changes nothing that can be seen but time: a connection is a net.Conn
// with the same meaning. Where the operating system has no such way, listeners
// stay what they were.
package socket

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Threads bounds how many connections wait in a thread of their own at once;
// the others wait in the poller. It is safe for concurrent use and must not be
// copied.
type Threads struct {
	free atomic.Int32
	// polled counts who waits in the poller. served is when one of them last had
	// what it waited for, as time since made.
	polled atomic.Int32
	served atomic.Int64
	made   time.Time
}

// NewThreads returns a bound of n threads.
func NewThreads(n int) *Threads {
	t := &Threads{made: time.Now()}
	t.free.Store(int32(n)) //nolint:gosec // a handful
	return t
}

// NewReaders returns the bound for threads that wait for clients to speak: one
// fewer than can run Go code at once, so that one is left for all others while
// the scheduler has not noticed yet that these wait.
func NewReaders() *Threads { return NewThreads(max(1, runtime.GOMAXPROCS(0)-1)) }

// take reports whether a thread may wait; if so, give must follow.
func (t *Threads) take() bool {
	if t.free.Add(-1) >= 0 {
		return true
	}
	t.free.Add(1)
	return false
}

func (t *Threads) give() { t.free.Add(1) }

// crowded reports whether others wait in the poller, and one of them was
// served just now. Then one more costs little there, while a thread that waits is
// looked for by the scheduler every 20 µs, since there is work for it.
func (t *Threads) crowded() bool {
	return t.polled.Load() > 0 && time.Since(t.made)-time.Duration(t.served.Load()) < quick
}

// wait waits in the poller, of a connection.
func (t *Threads) wait(poller func(try func(fd uintptr) bool) error, try func(fd uintptr) bool) error {
	t.polled.Add(1)
	defer t.polled.Add(-1)
	err := poller(try)
	t.served.Store(int64(time.Since(t.made)))
	return err
}

// Limits are the bounds of a listener's connections.
type Limits struct {
	// Reading bounds the threads that wait for a client to send, Writing those
	// that wait for it to take what is sent.
	Reading, Writing *Threads
	// Idle is where connections wait for peers that are silent (Conn.Rest); nil
	// for nowhere.
	Idle *Idle
	// Patience is how long a thread waits for a client to send before the
	// poller does. The kernel rounds it up to its own ticks.
	Patience time.Duration
	// Prompt sends each write at once (TCP_NODELAY), as replies need it. Streams
	// move in fewer, larger segments without.
	Prompt bool
}

// A peer that made us wait and then answers a streak of reads, each in less
// than quick, is waited for in the thread again.
const (
	streak = 32
	quick  = time.Millisecond
)

// How long a thread waits.
const (
	// Briefly is for clients that answer at once if ever.
	Briefly = 5 * time.Millisecond
	// Through is for streams, with the pauses that a busy machine makes. A stream
	// that stands still for so long goes to the poller.
	Through = 100 * time.Millisecond
)

// of returns the bound of calls in direction d.
func (l Limits) of(d direction) *Threads {
	if d == reading {
		return l.Reading
	}
	return l.Writing
}

// direction is what a call waits for.
type direction int

const (
	reading direction = iota
	writing
)
