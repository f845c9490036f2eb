package source

import "time"

// pause waits until nothing has happened for a while, but not for ever.
type pause struct {
	quiet, longest time.Duration
	first, due     time.Time // zero while nothing has happened
}

// event says that something happens.
func (p *pause) event(now time.Time) {
	if p.first.IsZero() {
		p.first = now
	}
	p.due = now.Add(p.quiet)
	if end := p.first.Add(p.longest); p.due.After(end) {
		p.due = end
	}
}

// pending reports whether something has happened.
func (p *pause) pending() bool { return !p.first.IsZero() }

// over reports whether the wait for quiet has ended.
func (p *pause) over(now time.Time) bool { return p.pending() && !now.Before(p.due) }

// tooLong reports whether it is not waited for any longer.
func (p *pause) tooLong(now time.Time) bool { return now.Sub(p.first) >= p.longest }

// end begins anew.
func (p *pause) end() { p.first, p.due = time.Time{}, time.Time{} }
