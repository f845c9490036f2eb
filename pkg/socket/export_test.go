package socket

import "time"

// Crowd has threads believe for good that others are served in the poller.
func (t *Threads) Crowd() *Threads {
	t.polled.Add(1)
	t.served.Store(int64(time.Hour))
	return t
}

// Crowded reports whether one more may not wait in a thread.
func (t *Threads) Crowded() bool { return t.crowded() }

// Wait is one of those who wait in the poller.
func (t *Threads) Wait(poller func(try func(uintptr) bool) error) error { return t.wait(poller, nil) }
