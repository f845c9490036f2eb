package ftptest

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// window is how many bytes a connection holds that were sent and not read.
const window = 64 << 10

// conn is one end of a connection in memory. It behaves like TCP: writes go
// through until the window is full, closing with unread bytes resets.
type conn struct {
	local, remote netip.AddrPort
	in, out       *stream // the peer has them the other way round
}

// stream is the bytes in one direction.
type stream struct {
	mu      sync.Mutex
	changed sync.Cond
	data    []byte
	// ended: nothing more will be written. reset: the writer went away without
	// reading all it was sent.
	ended, reset bool
	// closedRead and closedWrite are set by Close of that end.
	closedRead, closedWrite bool
	read, write             deadline
}

// deadline is the deadline of one side of a stream.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func newPair(client, server netip.AddrPort) (c, s *conn) {
	up, down := newStream(), newStream()
	return &conn{client, server, down, up}, &conn{server, client, up, down}
}

func newStream() *stream {
	s := &stream{}
	s.changed.L = &s.mu
	return s
}

// Read reads what the peer wrote.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.in.take(b)
	if err != nil && err != io.EOF { //nolint:errorlint // take returns io.EOF itself
		err = c.failed("read", err)
	}
	return n, err
}

// Write writes all of b, waiting for the peer to read when the window is full.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.out.put(b)
	if err != nil {
		err = c.failed("write", err)
	}
	return n, err
}

// CloseWrite says that nothing more will be written.
func (c *conn) CloseWrite() error {
	if !c.out.finish(false, false) {
		return c.failed("close", net.ErrClosed)
	}
	return nil
}

// Close closes both directions.
func (c *conn) Close() error {
	unread, first := c.in.abandon()
	if !first {
		return c.failed("close", net.ErrClosed)
	}
	c.out.finish(unread, true)
	return nil
}

// LocalAddr returns a *net.TCPAddr.
func (c *conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr returns a *net.TCPAddr.
func (c *conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline sets when Read fails, for calls that wait already too.
func (c *conn) SetReadDeadline(t time.Time) error {
	if !c.in.setDeadline(&c.in.read, t, &c.in.closedRead) {
		return c.failed("set", net.ErrClosed)
	}
	return nil
}

// SetWriteDeadline sets when Write fails, for calls that wait already too.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if !c.out.setDeadline(&c.out.write, t, &c.out.closedWrite) {
		return c.failed("set", net.ErrClosed)
	}
	return nil
}

func (c *conn) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

func (s *stream) setDeadline(d *deadline, at time.Time, closed *bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *closed {
		return false
	}
	if d.timer != nil {
		d.timer.Stop()
	}
	*d = deadline{at: at}
	if !at.IsZero() {
		d.timer = time.AfterFunc(time.Until(at), s.wake)
	}
	s.changed.Broadcast()
	return true
}

// wake makes those who wait look at their deadline.
func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}

// take moves bytes to b, waiting for the first.
func (s *stream) take(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.closedRead:
			return 0, net.ErrClosed
		case s.read.passed():
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case len(s.data) > 0:
			n := copy(b, s.data)
			s.data = append(s.data[:0], s.data[n:]...)
			s.changed.Broadcast()
			return n, nil
		case s.reset:
			return 0, os.NewSyscallError("read", syscall.ECONNRESET)
		case s.ended:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

// put appends b, waiting for room.
func (s *stream) put(b []byte) (done int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.closedWrite:
			return done, net.ErrClosed
		case s.write.passed():
			return done, os.ErrDeadlineExceeded
		case s.ended, s.closedRead:
			return done, os.NewSyscallError("write", syscall.EPIPE)
		}
		n := min(len(b)-done, window-len(s.data))
		if n > 0 {
			s.data = append(s.data, b[done:done+n]...)
			done += n
			s.changed.Broadcast()
		}
		if done == len(b) {
			return done, nil
		}
		s.changed.Wait()
	}
}

// finish ends the writing side; it reports false when its end was closed
// before.
func (s *stream) finish(reset, closing bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closedWrite {
		return false
	}
	s.ended, s.reset, s.closedWrite = true, s.reset || reset, closing
	if closing && s.write.timer != nil {
		s.write.timer.Stop()
	}
	s.changed.Broadcast()
	return true
}

// abandon ends the reading side, and reports whether bytes were left and
// whether it is the first time.
func (s *stream) abandon() (unread, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closedRead {
		return false, false
	}
	unread = len(s.data) > 0
	s.closedRead, s.data = true, nil
	if s.read.timer != nil {
		s.read.timer.Stop()
	}
	s.changed.Broadcast()
	return unread, true
}
