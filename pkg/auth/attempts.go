package auth

import (
	"container/list"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// ipv6Bits is the part of an IPv6 address that failures are counted for: one
	// customer of a provider has at least so many addresses as the rest allows.
	ipv6Bits = 64
	// maxNetworks bounds the memory of a flood from many addresses, to 20 MiB of
	// one failure each and 55 MiB of many; the one that has not failed for the
	// longest time is forgotten.
	maxNetworks = 1 << 16
	// maxMoments is how many failures of one address are known one by one. Of
	// more, those are one that happened in the same part of the period.
	maxMoments = 16
	// usualPeriod is how long failures make an address wait behind others as
	// long as no policy says how long they count.
	usualPeriod = 30 * time.Second
)

// AttemptPolicy says what failed logins lead to (denyByFailure).
type AttemptPolicy struct {
	// Enabled blocks addresses, or would if not for LogOnly.
	Enabled bool
	// MaxFailures is how many failures within Period are too many.
	MaxFailures uint32
	// Period is how long a failure counts, and how long a block lasts.
	Period time.Duration
	// LogOnly tells of addresses and blocks none.
	LogOnly bool
	// Exempt reports the addresses that are never blocked; nil means none.
	Exempt func(netip.Addr) bool
}

// Block is one address that may not log in for a while.
type Block struct {
	// Network is the address, or the network of an IPv6 address.
	Network netip.Prefix
	// Failures is how many logins failed.
	Failures uint32
	// Until is when the address may connect again.
	Until time.Time
}

// Attempts counts failed logins by address, for as long as the process lives
// and whatever configuration is served. It is safe for concurrent use; to ask
// whether an address is blocked takes no lock.
type Attempts struct {
	// OnLimit, if set before the first use, is told of every address that is
	// blocked, or would be if not for logOnly.
	OnLimit func(b Block, logOnly bool)

	policy  atomic.Pointer[AttemptPolicy]
	known   atomic.Int64
	blocked sync.Map // netip.Prefix → Block

	mu      sync.Mutex
	entries map[netip.Prefix]*list.Element
	order   *list.List // of *attempt, the one that failed last at the end
}

// attempt is what is known of one address.
type attempt struct {
	network netip.Prefix
	last    time.Time
	moments []moment
	until   time.Time // zero unless blocked
}

// moment is when failures happened.
type moment struct {
	at    time.Time
	count uint32
}

// NewAttempts returns a count of nothing that blocks nobody.
func NewAttempts() *Attempts {
	a := &Attempts{entries: map[netip.Prefix]*list.Element{}, order: list.New()}
	a.policy.Store(&AttemptPolicy{})
	return a
}

// SetPolicy makes p count from the next failure on. Blocks go on unless p
// blocks nobody.
func (a *Attempts) SetPolicy(p AttemptPolicy) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.policy.Store(&p)
	if p.Enabled && !p.LogOnly {
		return
	}
	for e := a.order.Front(); e != nil; {
		next := e.Next()
		if !e.Value.(*attempt).until.IsZero() {
			a.forget(e)
		}
		e = next
	}
}

// Blocked reports whether addr may not log in now. Nobody is blocked by nil.
func (a *Attempts) Blocked(addr netip.Addr) bool {
	if a == nil || a.known.Load() == 0 {
		return false
	}
	b, ok := a.blocked.Load(networkOf(addr))
	return ok && time.Now().Before(b.(Block).Until) && !a.policy.Load().exempts(addr)
}

// Suspect reports whether a login of addr failed lately.
func (a *Attempts) Suspect(addr netip.Addr) bool {
	if a == nil || a.known.Load() == 0 {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.entries[networkOf(addr)]
	return e != nil && !e.Value.(*attempt).over(time.Now(), a.policy.Load().period())
}

// Fail counts a failed login of addr. It reports whether the address is
// blocked now.
func (a *Attempts) Fail(addr netip.Addr) bool {
	p := a.policy.Load()
	b, reached := a.count(addr, p)
	if reached && a.OnLimit != nil {
		a.OnLimit(b, p.LogOnly)
	}
	return a.Blocked(addr)
}

// count adds a failure. It reports that the limit is reached by it.
func (a *Attempts) count(addr netip.Addr, p *AttemptPolicy) (b Block, reached bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.forgetOld(now, p.period())
	e := a.enter(networkOf(addr))
	t := e.Value.(*attempt)
	if t.over(now, p.period()) {
		t.moments, t.until = nil, time.Time{}
		a.blocked.Delete(t.network)
	}
	t.last = now
	failures := t.add(now, p)
	if !p.Enabled || failures < p.MaxFailures || !t.until.IsZero() || p.exempts(addr) {
		return Block{}, false
	}
	b = Block{Network: t.network, Failures: failures, Until: now.Add(p.Period)}
	if p.LogOnly {
		t.moments = nil // the next ones are worth another line
		return b, true
	}
	t.until, t.moments = b.Until, nil
	a.blocked.Store(b.Network, b)
	return b, true
}

// Clear forgets the failures of addr, which has logged in.
func (a *Attempts) Clear(addr netip.Addr) {
	if a.known.Load() > 0 {
		a.Remove(addr)
	}
}

// Remove unblocks addr and forgets its failures. It reports whether there was
// a block.
func (a *Attempts) Remove(addr netip.Addr) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.entries[networkOf(addr)]
	if e == nil {
		return false
	}
	was := time.Now().Before(e.Value.(*attempt).until)
	a.forget(e)
	return was
}

// List returns the blocks, the one that ends first before the others.
func (a *Attempts) List() []Block {
	var blocks []Block
	now := time.Now()
	a.blocked.Range(func(_, b any) bool {
		if now.Before(b.(Block).Until) {
			blocks = append(blocks, b.(Block))
		}
		return true
	})
	slices.SortFunc(blocks, func(x, y Block) int { return x.Until.Compare(y.Until) })
	return blocks
}

// enter returns the entry of a network at the end of the order, a new one if
// there is none.
func (a *Attempts) enter(network netip.Prefix) *list.Element {
	if e := a.entries[network]; e != nil {
		a.order.MoveToBack(e)
		return e
	}
	if len(a.entries) >= maxNetworks {
		a.forget(a.order.Front())
	}
	e := a.order.PushBack(&attempt{network: network})
	a.entries[network] = e
	a.known.Add(1)
	return e
}

// forgetOld forgets the networks whose failures count no longer. They stand
// first.
func (a *Attempts) forgetOld(now time.Time, period time.Duration) {
	for e := a.order.Front(); e != nil && e.Value.(*attempt).over(now, period); e = a.order.Front() {
		a.forget(e)
	}
}

func (a *Attempts) forget(e *list.Element) {
	network := e.Value.(*attempt).network
	a.order.Remove(e)
	delete(a.entries, network)
	a.blocked.Delete(network)
	a.known.Add(-1)
}

// over reports whether nothing of t counts any longer.
func (t *attempt) over(now time.Time, period time.Duration) bool {
	if !t.until.IsZero() {
		return !now.Before(t.until)
	}
	return now.Sub(t.last) >= period
}

// add counts a failure and returns how many there are within the period.
func (t *attempt) add(now time.Time, p *AttemptPolicy) uint32 {
	t.moments = slices.DeleteFunc(t.moments, func(m moment) bool { return now.Sub(m.at) >= p.period() })
	switch last := len(t.moments) - 1; {
	case last >= 0 && p.MaxFailures > maxMoments && now.Sub(t.moments[last].at) < p.period()/maxMoments,
		last+1 >= maxMoments:
		t.moments[last].count++
	default:
		t.moments = append(t.moments, moment{now, 1})
	}
	sum := uint32(0)
	for _, m := range t.moments {
		sum += m.count
	}
	return sum
}

func (p *AttemptPolicy) exempts(addr netip.Addr) bool { return p.Exempt != nil && p.Exempt(addr) }

// period is how long a failure counts.
func (p *AttemptPolicy) period() time.Duration {
	if !p.Enabled {
		return usualPeriod
	}
	return p.Period
}

// networkOf is what failures of addr are counted for.
func networkOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = ipv6Bits
	}
	network, _ := addr.Prefix(bits) // the zero Prefix for no address
	return network
}
