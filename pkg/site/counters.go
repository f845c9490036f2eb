package site

import (
	"iter"
	"sync/atomic"
)

// Counters count what happens at a site, as the performance counters of IIS do.
// They are safe for concurrent use.
type Counters struct {
	// Connections are control channels, Anonymous and Named the users that are
	// logged in on them.
	Connections, Anonymous, Named Level
	// Logons are attempts to log in, FailedLogons those of them that failed.
	Logons, FailedLogons atomic.Int64
	// FilesSent and FilesReceived are whole files, BytesSent and BytesReceived
	// the bytes of data channels.
	FilesSent, FilesReceived, BytesSent, BytesReceived atomic.Int64

	// refused counts by sub-status. Most sites refuse nothing for long.
	refused atomic.Pointer[[subStatuses]atomic.Int64]
	users   users
}

// subStatuses is one more than the highest sub-status (KB 969061).
const subStatuses = 56

// Refuse counts a refusal by its sub-status.
func (c *Counters) Refuse(sub int) {
	if sub <= 0 || sub >= subStatuses {
		return
	}
	counts := c.refused.Load()
	if counts == nil {
		c.refused.CompareAndSwap(nil, new([subStatuses]atomic.Int64))
		counts = c.refused.Load()
	}
	counts[sub].Add(1)
}

// Refused yields the sub-statuses that have occurred, and how often.
func (c *Counters) Refused() iter.Seq2[int, int64] {
	return func(yield func(int, int64) bool) {
		counts := c.refused.Load()
		if counts == nil {
			return
		}
		for sub := range counts {
			if n := counts[sub].Load(); n > 0 && !yield(sub, n) {
				return
			}
		}
	}
}

// Level counts what comes and goes.
type Level struct{ now, most, total atomic.Int64 }

// Enter counts one more and returns how many there are now.
func (l *Level) Enter() int64 {
	l.total.Add(1)
	now := l.now.Add(1)
	for most := l.most.Load(); now > most && !l.most.CompareAndSwap(most, now); {
		most = l.most.Load()
	}
	return now
}

// Leave counts one less.
func (l *Level) Leave() { l.now.Add(-1) }

// Now is how many there are.
func (l *Level) Now() int64 { return l.now.Load() }

// Most is how many there were at once.
func (l *Level) Most() int64 { return l.most.Load() }

// Total is how many have come.
func (l *Level) Total() int64 { return l.total.Load() }
