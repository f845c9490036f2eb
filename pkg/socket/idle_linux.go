package socket

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Idle is where connections wait whose peers are silent. A goroutine of its
// own for each, with what the poller of Go keeps, would cost three times as
// much memory as the rest of an idle session.
type Idle struct {
	file *os.File // an epoll set, for the poller
	raw  syscall.RawConn

	mu    sync.Mutex
	conns map[int32]*Conn // by descriptor
}

// NewIdle returns a place for idle connections. Its owner must call Run, and
// Close when no connection is left.
func NewIdle() (*Idle, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err == nil {
		err = unix.SetNonblock(fd, true) // os.NewFile polls only what does not block
	}
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	i := &Idle{file: os.NewFile(uintptr(fd), "epoll"), conns: map[int32]*Conn{}} //nolint:gosec // a descriptor is not negative
	if i.raw, err = i.file.SyscallConn(); err != nil {
		return nil, err
	}
	return i, nil
}

// Run wakes connections whose peers have spoken, until ctx ends.
func (i *Idle) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = i.file.SetReadDeadline(time.Unix(1, 0)) }) // ends the wait below
	defer stop()
	events := make([]unix.EpollEvent, 64)
	for {
		var n int
		var failed error
		err := i.raw.Read(func(fd uintptr) bool {
			n, failed = unix.EpollWait(int(fd), events, 0) //nolint:gosec // a descriptor is an int
			return n != 0
		})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		case failed != nil && !errors.Is(failed, unix.EINTR):
			return os.NewSyscallError("epoll_wait", failed)
		}
		for _, event := range events[:max(n, 0)] {
			i.mu.Lock()
			c := i.conns[event.Fd]
			i.mu.Unlock()
			if c != nil {
				c.wake()
			}
		}
	}
}

// Close gives the set back. Connections in it stay open, and asleep.
func (i *Idle) Close() error { return i.file.Close() }

// add begins to watch a connection.
func (i *Idle) add(c *Conn) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	fd := int32(c.fd) //nolint:gosec // a descriptor is an int32
	err := i.control(unix.EPOLL_CTL_ADD, c.fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: fd})
	if err == nil {
		i.conns[fd] = c
	}
	return err
}

// remove stops watching a connection, whose descriptor is still open.
func (i *Idle) remove(c *Conn) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.conns, int32(c.fd)) //nolint:gosec // as above
	// Closed sets watch nothing any more.
	_ = i.control(unix.EPOLL_CTL_DEL, c.fd, nil)
}

func (i *Idle) control(op, fd int, event *unix.EpollEvent) error {
	var failed error
	err := i.raw.Control(func(set uintptr) {
		failed = unix.EpollCtl(int(set), op, fd, event) //nolint:gosec // a descriptor is an int
	})
	return errors.Join(err, os.NewSyscallError("epoll_ctl", failed))
}

// rest is the sleep of a connection.
type rest struct {
	awake func()
	timer *time.Timer // for the deadline; nil for none
}

// Rest lets the connection wait for its peer without anybody waiting for it.
// When the peer has spoken or gone, the deadline of reading has passed, or the
// connection is closed, awake is called, once; it must return soon. Nobody may
// use the connection until then, but for setting deadlines and closing it.
// Rest reports false, and does not call awake, when the connection cannot wait
// here, or need not.
func (c *Conn) Rest(awake func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	idle, until := c.limits.Idle, c.deadlines[reading]
	if idle == nil || c.closed || c.users > 0 || c.rest != nil || !until.IsZero() && !time.Now().Before(until) {
		return false
	}
	if c.polled != nil {
		c.unpoll()
	}
	if c.polled != nil || idle.add(c) != nil {
		return false
	}
	c.rest = &rest{awake: awake}
	if !until.IsZero() {
		c.rest.timer = time.AfterFunc(time.Until(until), c.wake)
	}
	return true
}

// wake ends the sleep, if it has not ended.
func (c *Conn) wake() {
	c.mu.Lock()
	awake := c.rise()
	c.mu.Unlock()
	if awake != nil {
		awake()
	}
}

// rise takes the connection out of its sleep and returns whom to tell, nil
// when it was awake. c.mu must be held.
func (c *Conn) rise() func() {
	r := c.rest
	if r == nil {
		return nil
	}
	c.rest = nil
	if r.timer != nil {
		r.timer.Stop()
	}
	c.limits.Idle.remove(c)
	return r.awake
}

// settle obeys a deadline of reading that was set while the connection sleeps,
// and returns whom to tell when it has passed. c.mu must be held.
func (c *Conn) settle(until time.Time) func() {
	switch {
	case c.rest == nil:
	case until.IsZero():
		if c.rest.timer != nil {
			c.rest.timer.Stop()
		}
	case !time.Now().Before(until):
		return c.rise()
	case c.rest.timer != nil:
		c.rest.timer.Reset(time.Until(until))
	default:
		c.rest.timer = time.AfterFunc(time.Until(until), c.wake)
	}
	return nil
}
