package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
)

const (
	// keptFor is how long an unused connection is kept. Its read deadline ends
	// it, so that nobody has to come back for it.
	keptFor = 30 * time.Second
	// avoidedFor is how long a server that did not answer is asked last.
	avoidedFor = 30 * time.Second
)

// purpose is whose rights a connection has. One that proved the password of a
// user never searches.
type purpose int

const (
	forSearching purpose = iota
	forUsers
)

// pool has the connections to the servers of one source. It is safe for
// concurrent use.
type pool struct {
	settings *Settings
	slots    chan struct{} // bounds the connections in use
	keptFor  time.Duration

	mu      sync.Mutex
	closed  bool // nothing is kept any more
	idle    map[Server][]*conn
	avoided map[Server]time.Time
}

func newPool(s *Settings) *pool {
	return &pool{
		settings: s, slots: make(chan struct{}, max(1, s.MaxConnections)), keptFor: keptFor,
		idle: map[Server][]*conn{}, avoided: map[Server]time.Time{},
	}
}

// do runs f on a connection. When a server does not answer, the next is asked;
// each gets its share of the time that ctx leaves.
func (p *pool) do(ctx context.Context, use purpose, f func(*ldap.Conn) error) error {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return fmt.Errorf("all %d connections are busy: %w", cap(p.slots), ctx.Err())
	}
	var failed error
	servers := p.order()
	for i, s := range servers {
		err := p.ask(ctx, share(ctx, len(servers)-i), s, use, f)
		if err == nil || isAnswer(err) {
			p.note(s, nil)
			return err
		}
		p.note(s, err)
		err = fmt.Errorf("%s: %w", s, err)
		if failed != nil {
			err = fmt.Errorf("%w; %w", failed, err)
		}
		if failed = err; ctx.Err() != nil {
			break
		}
	}
	return failed
}

// share is the part of the time left that one of n servers gets.
func share(ctx context.Context, n int) time.Duration {
	end, limited := ctx.Deadline()
	if !limited {
		return time.Minute
	}
	return time.Until(end) / time.Duration(n)
}

// order is the configured one, but that servers which did not answer a moment
// ago come last.
func (p *pool) order() []Server {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	servers := slices.Clone(p.settings.Servers)
	slices.SortStableFunc(servers, func(a, b Server) int {
		return boolean(now.Before(p.avoided[a])) - boolean(now.Before(p.avoided[b]))
	})
	return servers
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// note remembers whether a server answered.
func (p *pool) note(s Server, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.avoided, s)
	if err != nil {
		p.avoided[s] = time.Now().Add(avoidedFor)
	}
}

// isAnswer reports whether an error is what a healthy server said.
func isAnswer(err error) bool {
	var answer *ldap.Error
	if errors.Is(err, errNameless) || !errors.As(err, &answer) {
		return false
	}
	return answer.ResultCode < ldap.ErrorNetwork && answer.ResultCode != ldap.LDAPResultBusy && answer.ResultCode != ldap.LDAPResultUnavailable
}

// ask runs f on a connection to one server. A kept connection may have ended
// without a word; then a new one is tried.
func (p *pool) ask(ctx context.Context, limit time.Duration, s Server, use purpose, f func(*ldap.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for c := p.take(s, use); c != nil; c = p.take(s, use) {
		if err := p.run(ctx, s, c, f); err == nil || isAnswer(err) || ctx.Err() != nil {
			return inTime(ctx, err)
		}
	}
	c, err := p.connect(ctx, s, use)
	if err != nil {
		return inTime(ctx, err)
	}
	return inTime(ctx, p.run(ctx, s, c, f))
}

// inTime says of an error that comes of the deadline what it is.
func inTime(ctx context.Context, err error) error {
	if err != nil && !isAnswer(err) && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("no answer in time")
	}
	return err
}

// run lets f use a connection, and keeps it when it is still good.
func (p *pool) run(ctx context.Context, s Server, c *conn, f func(*ldap.Conn) error) error {
	c.raw.budget.Store(mostBytes)
	finish := c.during(ctx)
	err := guarded(func() error { return f(c.ldap) })
	if !finish() || err != nil && !isAnswer(err) || c.ldap.IsClosing() {
		c.close()
		return err
	}
	p.keep(s, c)
	return err
}

// take returns a kept connection, or nil.
func (p *pool) take(s Server, use purpose) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.idle[s] {
		if c.use == use {
			p.idle[s] = slices.Delete(p.idle[s], i, i+1)
			return c
		}
	}
	return nil
}

// keep puts a connection back, unless nothing is kept any more. There are never more than slots of one purpose
// at a server: one is opened only by who holds a slot and found none to take.
func (p *pool) keep(s Server, c *conn) {
	_ = c.raw.SetDeadline(time.Now().Add(p.keptFor)) // when that fails, so does the next use
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.idle[s] = slices.DeleteFunc(p.idle[s], func(c *conn) bool { return c.ldap.IsClosing() })
		p.idle[s] = append(p.idle[s], c)
	}
	p.mu.Unlock()
	if closed {
		c.close()
	}
}

// close ends what is kept. Connections in use end after their use.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = map[Server][]*conn{}, true
	p.mu.Unlock()
	for _, conns := range idle {
		for _, c := range conns {
			c.close()
		}
	}
}
