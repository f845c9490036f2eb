package datachannel

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/ftphost/ftphost/pkg/socket"
)

// entrance is one open port. Ports.mu guards all of it.
//
// Most clients connect before they send the command that uses the connection,
// so that it waits in the kernel when the session looks for it, and nobody
// needs to be woken when it comes. Only while a session waits for a client
// that has not come yet does an accept loop run.
type entrance struct {
	ports *Ports
	addr  netip.AddrPort
	// lazy is the port where the system lets us look without waiting. There
	// is none for other networks; then an accept loop runs all the time.
	lazy *socket.Lazy
	// waiting is the listener of the accept loop while one runs, and waiters
	// how many channels want it.
	waiting net.Listener
	waiters int
	// expected are the channels whose clients have not come. One for anyone is
	// the only one.
	expected map[guest]*Passive
	// given are the addresses of channels that were given up or served, and
	// when: their clients may still come, and are no strangers worth a word.
	given map[netip.Addr]time.Time
}

// How long, and for how many clients, an entrance remembers whom it expected.
const (
	givenFor = 10 * time.Second
	maxGiven = 256
)

// note remembers whom a channel was for.
func (e *entrance) note(who guest) {
	if who.anybody {
		return
	}
	if len(e.given) >= maxGiven {
		clear(e.given)
	}
	if e.given == nil {
		e.given = map[netip.Addr]time.Time{}
	}
	e.given[who.address] = time.Now()
}

// newEntrance takes over the listener l.
func newEntrance(p *Ports, l net.Listener, addr netip.AddrPort) (*entrance, error) {
	e := &entrance{ports: p, addr: addr, expected: map[guest]*Passive{}}
	var err error
	if e.lazy, err = socket.NewLazy(l, p.limits); err != nil {
		return nil, err
	}
	if e.lazy == nil {
		e.loop(l)
	} else {
		p.sweeps.Do(func() { p.loops.Go(p.sweep) })
	}
	return e, nil
}

func (e *entrance) freeFor(who guest) bool {
	if who.anybody {
		return len(e.expected) == 0
	}
	return e.expected[who] == nil && e.expected[anyone()] == nil
}

// collect delivers what has come, up to the connection that c expects.
func (e *entrance) collect(c *Passive) {
	for e.lazy != nil && !c.isOver {
		if !e.take() {
			return
		}
	}
}

// clear delivers all that has come when nothing more is expected, so that
// mostly there is nothing.
func (e *entrance) clear() {
	for e.lazy != nil && e.lazy.Waiting() {
		if !e.take() {
			return
		}
	}
}

// take delivers a connection that has come, if there is one.
func (e *entrance) take() bool {
	conn, err := e.lazy.TryAccept()
	if conn == nil || err != nil {
		return false // out of descriptors: whoever waits will see that
	}
	e.deliver(conn)
	return true
}

// await makes sure that an accept loop runs; rest must follow.
func (e *entrance) await() error {
	e.waiters++
	if e.lazy == nil || e.waiting != nil {
		return nil
	}
	l, err := e.lazy.Wait()
	if err != nil {
		return err
	}
	e.loop(l)
	return nil
}

// rest ends an accept loop that nobody needs.
func (e *entrance) rest() {
	if e.waiters--; e.waiters > 0 || e.lazy == nil || e.waiting == nil {
		return
	}
	_ = e.waiting.Close() // the port itself stays open
	e.waiting = nil
}

// retire closes the port when nobody is expected at it, now or later.
func (e *entrance) retire() {
	if len(e.expected) > 0 {
		e.ports.retired[e] = struct{}{}
		return
	}
	delete(e.ports.retired, e)
	_ = e.close() // nobody uses it
}

func (e *entrance) close() error {
	var errs []error
	if e.waiting != nil {
		errs = append(errs, e.waiting.Close())
		e.waiting = nil
	}
	if e.lazy != nil {
		errs = append(errs, e.lazy.Close())
		e.lazy = nil
	}
	return errors.Join(errs...)
}

// loop accepts from l until it is closed.
func (e *entrance) loop(l net.Listener) {
	e.waiting = l
	e.ports.loops.Go(func() { e.ports.accept(e, l) })
}

// accept is the accept loop.
func (p *Ports) accept(e *entrance, l net.Listener) {
	pause := time.Duration(0)
	for {
		conn, err := l.Accept()
		if err == nil {
			pause = 0
			p.mu.Lock()
			e.deliver(conn)
			p.mu.Unlock()
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Usually too many open files, which passes.
		pause = min(2*pause+time.Millisecond, maxAcceptPause)
		select {
		case <-p.closed:
			return
		case <-time.After(pause):
		}
	}
}

// deliver hands conn to the channel that expects it, or closes it.
func (e *entrance) deliver(conn net.Conn) {
	c := e.expected[guest{address: hostOf(conn.RemoteAddr())}]
	if c == nil {
		c = e.expected[anyone()]
	}
	if c == nil {
		e.ports.strangers.Add(1)
		_ = conn.Close() // nothing was said on it
		tell, when := e.ports.config.OnStranger, e.given[hostOf(conn.RemoteAddr())]
		if tell != nil && (when.IsZero() || time.Since(when) > givenFor) {
			tell(e.addr, conn.RemoteAddr())
		}
		return
	}
	e.ports.delivered.Add(1)
	c.settle(conn)
}
