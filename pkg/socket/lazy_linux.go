package socket

import (
	"errors"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Lazy is a listening socket that nobody waits at: connections are looked for
// when they are wanted. It is used by one goroutine at a time.
type Lazy struct {
	fd     int
	addr   net.Addr
	limits Limits
}

// NewLazy takes l over if it is a TCP listener of the operating system; l is
// closed then. Otherwise it returns nil and l stays the caller's.
func NewLazy(l net.Listener, limits Limits) (*Lazy, error) {
	fd, err := detach(l, limits)
	if fd < 0 || err != nil {
		return nil, err
	}
	return &Lazy{fd: fd, addr: l.Addr(), limits: limits}, nil
}

// TryAccept returns a connection that has come, or nil when there is none.
func (l *Lazy) TryAccept() (net.Conn, error) {
	c, err := accept(l.fd, l.limits)
	if err != nil {
		if errors.Is(err, unix.EAGAIN) {
			err = nil
		}
		return nil, err
	}
	return c, nil
}

// Waiting reports whether a connection has come, for those who expect none: it
// costs less than TryAccept.
func (l *Lazy) Waiting() bool { return waiting(l.fd) }

// Wait returns a listener that waits in the poller for the same connections.
// The caller closes it.
func (l *Lazy) Wait() (net.Listener, error) {
	fd, err := duplicate(l.fd)
	if err != nil {
		return nil, err
	}
	return newListener(fd, l.addr, l.limits)
}

// Addr is where it listens.
func (l *Lazy) Addr() net.Addr { return l.addr }

// Close stops listening; connections that have come and were not accepted are
// reset.
func (l *Lazy) Close() error { return os.NewSyscallError("close", unix.Close(l.fd)) }
