package datachannel

import (
	"context"
	"net"
	"net/netip"
)

// Passive is a Channel that waits for the client on one of the Ports.
type Passive struct {
	ports    *Ports
	entrance *entrance
	guest    guest
	// settled is closed when the connection has come or never will.
	settled chan struct{}

	// Guarded by ports.mu: the connection until it is fetched, and whether the
	// channel came to its end, one way or the other.
	conn    net.Conn
	isOver  bool
	fetched bool
}

// LocalAddr returns the address and port that the client is to connect to.
func (c *Passive) LocalAddr() netip.AddrPort { return c.entrance.addr }

// Ready reports whether the client is connected already.
func (c *Passive) Ready() bool {
	c.ports.mu.Lock()
	defer c.ports.mu.Unlock()
	c.entrance.collect(c)
	return c.conn != nil
}

// Conn waits for the client. When ctx is done first the port is given back and
// the error is that of ctx. After Close the error is net.ErrClosed.
func (c *Passive) Conn(ctx context.Context) (net.Conn, error) {
	c.ports.mu.Lock()
	defer c.ports.mu.Unlock()
	if c.entrance.collect(c); !c.isOver {
		if err := c.wait(ctx); err != nil {
			return nil, err
		}
	}
	switch {
	case c.fetched:
		return nil, ErrUsed
	case c.conn == nil:
		return nil, net.ErrClosed
	}
	conn := c.conn
	c.conn, c.fetched = nil, true
	return conn, nil
}

// wait waits until the channel is settled. ports.mu is held when it begins and
// when it ends, not in between.
func (c *Passive) wait(ctx context.Context) error {
	defer c.entrance.rest()
	if err := c.entrance.await(); err != nil {
		return err
	}
	c.ports.mu.Unlock()
	select {
	case <-c.settled:
	case <-ctx.Done():
	}
	c.ports.mu.Lock()
	if !c.isOver {
		c.giveUp()
		return context.Cause(ctx)
	}
	return nil
}

// Close gives the port back and closes a connection that nobody fetched.
func (c *Passive) Close() error {
	c.ports.mu.Lock()
	if !c.isOver {
		c.giveUp()
	}
	conn := c.conn
	c.conn = nil
	c.ports.mu.Unlock()
	if conn == nil {
		return nil
	}
	return conn.Close()
}

// giveUp stops expecting the client. ports.mu must be held.
func (c *Passive) giveUp() {
	c.settle(nil)
	c.ports.expired.Add(1)
}

// settle ends the wait, with conn or, when it is nil, with nothing. Ports.mu
// must be held.
func (c *Passive) settle(conn net.Conn) {
	c.conn, c.isOver = conn, true
	delete(c.entrance.expected, c.guest)
	c.entrance.note(c.guest)
	if _, retired := c.ports.retired[c.entrance]; retired {
		c.entrance.retire()
	}
	close(c.settled)
}
