// Package reversedns tells what addresses are called: it looks names up,
// checks that they lead back to the address, and remembers both for a while.
package reversedns

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Resolver asks DNS; *net.Resolver is one.
type Resolver interface {
	LookupAddr(ctx context.Context, addr string) (names []string, err error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Names are what an address is called, in lower case and without the dot at
// the end.
type Names struct {
	// Known says that the answer is complete: when it is false, a name may be
	// missing.
	Known bool
	// Claimed are the names that the owner of the address gives it.
	Claimed []string
	// Confirmed are those of them that lead to the address.
	Confirmed []string
}

// Limits of looking up and of remembering.
const (
	// patience is how long one address is looked up, waiting for a turn
	// included.
	patience = 5 * time.Second
	// atOnce is how many addresses are looked up at once.
	atOnce = 32
	// remembered is how many addresses are remembered.
	remembered = 4096
	// lifetime is how long an answer is believed. DNS has a time for each, which
	// the resolver does not tell.
	lifetime = 5 * time.Minute
	// doubtful is how long a missing or incomplete answer stands before it is
	// asked for again.
	doubtful = 10 * time.Second
	// manyNames is how many names of one address are looked at.
	manyNames = 16
)

// Cache looks names up and remembers them. It is safe for concurrent use.
type Cache struct {
	resolver Resolver
	turns    chan struct{}
	open     context.Context //nolint:containedctx // it is the life of the cache, which outlives every call
	stop     context.CancelFunc

	mu    sync.Mutex
	known map[netip.Addr]*lookup
}

// lookup is an answer, or one that is awaited until done is closed.
type lookup struct {
	done    chan struct{}
	over    bool // done is closed; guarded by Cache.mu
	names   Names
	expires time.Time
}

// New returns an empty cache that asks r.
func New(r Resolver) *Cache {
	c := &Cache{resolver: r, turns: make(chan struct{}, atOnce), known: map[netip.Addr]*lookup{}}
	c.open, c.stop = context.WithCancel(context.Background())
	return c
}

// Close ends the lookups that are under way; from then on no name is known
// that is not remembered.
func (c *Cache) Close() { c.stop() }

// Names returns what addr is called. Unless that is remembered, it takes as
// long as DNS takes, at most some seconds; many callers share one question.
func (c *Cache) Names(addr netip.Addr) Names {
	c.mu.Lock()
	l := c.known[addr]
	mine := l == nil || l.over && time.Now().After(l.expires)
	if mine {
		l = &lookup{done: make(chan struct{})}
		c.remember(addr, l)
	}
	over := l.over
	c.mu.Unlock()
	switch {
	case mine:
		c.answer(l, addr)
	case !over:
		<-l.done // who looks it up has a deadline
	}
	return l.names
}

// remember makes room for one more. Lookups under way are not forgotten: there
// are no more of them than sessions.
func (c *Cache) remember(addr netip.Addr, l *lookup) {
	if _, replaced := c.known[addr]; !replaced && len(c.known) >= remembered {
		for old, o := range c.known { // in no order: any will do
			if o.over {
				delete(c.known, old)
				break
			}
		}
	}
	c.known[addr] = l
}

func (c *Cache) answer(l *lookup, addr netip.Addr) {
	ctx, cancel := context.WithTimeout(c.open, patience)
	defer cancel()
	sure := false
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		l.over, l.expires = true, time.Now().Add(doubtful)
		if sure {
			l.expires = time.Now().Add(lifetime)
		}
		close(l.done)
	}()
	select {
	case c.turns <- struct{}{}:
		defer func() { <-c.turns }()
	case <-ctx.Done():
		return
	}
	l.names, sure = c.lookUp(ctx, addr)
}

// lookUp asks for the names and for the addresses of each. sure says that all
// questions were answered.
func (c *Cache) lookUp(ctx context.Context, addr netip.Addr) (names Names, sure bool) {
	found, err := c.resolver.LookupAddr(ctx, addr.String())
	names.Known = len(found) <= manyNames && (err == nil || notFound(err))
	sure = names.Known
	for _, name := range found[:min(len(found), manyNames)] {
		plain := strings.ToLower(strings.TrimSuffix(name, "."))
		names.Claimed = append(names.Claimed, plain)
		addrs, err := c.resolver.LookupNetIP(ctx, "ip", name)
		switch {
		case err != nil:
			sure = sure && notFound(err)
		case slices.ContainsFunc(addrs, func(a netip.Addr) bool { return a.Unmap() == addr }):
			names.Confirmed = append(names.Confirmed, plain)
		}
	}
	return names, sure
}

// notFound reports whether err is the answer that there is nothing.
func notFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
