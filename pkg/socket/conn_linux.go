package socket

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Conn is a TCP connection. Its descriptor blocks, for a limited time, until
// that was once too short; from then on it is polled. Like every net.Conn it
// may be used by several goroutines, and Close interrupts what others do.
type Conn struct {
	fd     int
	remote netip.AddrPort
	limits Limits

	mu sync.Mutex
	// users are the calls that use fd at this moment. When closed was set
	// meanwhile, the last one closes fd, polled or not: earlier, its number could
	// become another connection's under their hands.
	users  int
	closed bool
	// polled owns fd once the poller has it; wait is how to wait there.
	polled *os.File
	wait   syscall.RawConn
	// rest is the sleep of the connection, nil while it is awake (Rest).
	rest *rest
	// deadlines are those of reading and writing.
	deadlines [2]time.Time
	// reads counts those in the poller, and mark is when the last streak began.
	reads uint8
	mark  time.Time
}

// do calls try until it returns true: in this thread, where it may block for
// as long as the descriptor does, and when that was not enough, whenever the
// poller says that it is worth it.
func (c *Conn) do(d direction, try func(fd uintptr) bool) error {
	wait, err := c.begin(d)
	if err != nil {
		return err
	}
	if wait == nil && !c.here(d, try) {
		wait, err = c.poll()
	}
	switch {
	case wait == nil || err != nil:
	case d == reading:
		err = c.limits.Reading.wait(wait.Read, try)
	default:
		err = wait.Write(try)
	}
	if c.end() {
		// What try has seen is the doing of Close: the end of the stream, or an
		// error that the poller has for that.
		return net.ErrClosed
	}
	return err
}

// here tries in this thread, if it may wait or need not.
func (c *Conn) here(d direction, try func(fd uintptr) bool) bool {
	threads := c.limits.of(d)
	if d == reading && threads.crowded() || !threads.take() {
		return d == reading && waiting(c.fd) && try(uintptr(c.fd)) //nolint:gosec // a descriptor is not negative
	}
	defer threads.give()
	return try(uintptr(c.fd)) //nolint:gosec // a descriptor is not negative
}

// begin counts a call that uses the descriptor; unless it fails, end must
// follow. It returns nil when the poller does not have the connection.
func (c *Conn) begin(d direction) (syscall.RawConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, net.ErrClosed
	}
	if at := c.deadlines[d]; !at.IsZero() && !time.Now().Before(at) {
		return nil, os.ErrDeadlineExceeded
	}
	if d == reading && c.polled != nil && c.isQuick() && c.users == 0 && c.limits.Reading.free.Load() > 0 && !c.limits.Reading.crowded() {
		c.unpoll()
	}
	c.users++
	return c.wait, nil
}

// isQuick reports at the end of a streak whether it was quick.
func (c *Conn) isQuick() bool {
	if c.reads++; c.reads%streak != 0 {
		return false
	}
	last := c.mark
	c.mark = time.Now()
	return c.mark.Sub(last) < streak*quick
}

// unpoll takes the connection back from the poller, if the system lets us.
// c.mu must be held, and nobody waits.
func (c *Conn) unpoll() {
	fd, err := duplicate(c.fd)
	if err != nil {
		return
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		_ = closeSocket(fd) // the other one stays in use
		return
	}
	_ = c.polled.Close() // the duplicate keeps the connection
	c.fd, c.polled, c.wait = fd, nil, nil
}

// end reports whether the connection was closed meanwhile.
func (c *Conn) end() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users--
	if c.closed && c.users == 0 {
		_ = c.release() // Close has returned long ago
	}
	return c.closed
}

// release closes the descriptor. c.mu must be held, and nobody uses it.
func (c *Conn) release() error {
	if c.polled != nil {
		return c.polled.Close()
	}
	return os.NewSyscallError("close", closeSocket(c.fd))
}

// Park hands the connection to the poller, for whoever expects to wait long
// and wants deadlines to be obeyed at once.
func (c *Conn) Park() error {
	_, err := c.poll()
	return err
}

// poll hands the connection to the poller.
func (c *Conn) poll() (syscall.RawConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, net.ErrClosed
	case c.polled != nil:
		return c.wait, nil
	}
	if err := unix.SetNonblock(c.fd, true); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	c.polled = os.NewFile(uintptr(c.fd), "tcp") //nolint:gosec // a descriptor is not negative
	var err error
	if c.wait, err = c.polled.SyscallConn(); err != nil {
		return nil, err
	}
	return c.wait, errors.Join(c.polled.SetReadDeadline(c.deadlines[reading]), c.polled.SetWriteDeadline(c.deadlines[writing]))
}

// Close closes the connection. Calls that use it fail with net.ErrClosed.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.closed = true
	if c.users > 0 {
		_ = unix.Shutdown(c.fd, unix.SHUT_RDWR) // wakes them; a peer that is gone has done so
		return nil
	}
	awake := c.rise()
	err := c.release()
	if awake != nil {
		go awake() // it may want c.mu
	}
	return err
}

// CloseWrite ends the stream to the peer.
func (c *Conn) CloseWrite() error {
	var failed error
	err := c.control(func(fd int) { failed = unix.Shutdown(fd, unix.SHUT_WR) })
	return errors.Join(err, os.NewSyscallError("shutdown", failed))
}

// SetLinger says what Close does with bytes that the peer has not taken: with 0
// it drops them and resets the connection (as net.TCPConn's).
func (c *Conn) SetLinger(sec int) error {
	linger := unix.Linger{Onoff: 1, Linger: int32(max(sec, 0))} //nolint:gosec // seconds
	if sec < 0 {
		linger.Onoff = 0
	}
	var failed error
	err := c.control(func(fd int) { failed = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &linger) })
	return errors.Join(err, os.NewSyscallError("setsockopt", failed))
}

// Unread reports whether the peer has sent something that nobody has read. To
// close the connection then is to reset it, and what is still on the way to the
// peer may be lost.
func (c *Conn) Unread() bool {
	found := false
	_ = c.control(func(fd int) { found = unread(fd) }) // a closed one has nothing
	return found
}

// control calls f with the descriptor.
func (c *Conn) control(f func(fd int)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	f(c.fd)
	return nil
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline sets until when Read waits. A call that waits already obeys
// it when its thread has no more patience.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadline(reading, t) }

// SetWriteDeadline sets until when Write waits, as SetReadDeadline.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(writing, t) }

func (c *Conn) setDeadline(d direction, t time.Time) error {
	awake, err := c.setNow(d, t)
	if awake != nil {
		awake()
	}
	return err
}

// setNow sets a deadline and returns whom to wake because of it.
func (c *Conn) setNow(d direction, t time.Time) (awake func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, net.ErrClosed
	}
	c.deadlines[d] = t
	if d == reading {
		awake = c.settle(t)
	}
	switch {
	case c.polled == nil:
		return awake, nil
	case d == reading:
		return awake, c.polled.SetReadDeadline(t)
	default:
		return awake, c.polled.SetWriteDeadline(t)
	}
}

// RemoteAddr is the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// LocalAddr is our address. It asks the system each time.
func (c *Conn) LocalAddr() net.Addr {
	var local netip.AddrPort
	_ = c.control(func(fd int) { // a closed connection has no address
		if sa, err := syscall.Getsockname(fd); err == nil {
			local = address(sa)
		}
	})
	return net.TCPAddrFromAddrPort(local)
}

// Read reads what has come, and waits for the first byte.
func (c *Conn) Read(b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	waiting := c.do(reading, func(fd uintptr) bool {
		n, err = again(unix.Read, int(fd), b) //nolint:gosec // a descriptor is an int
		return err != unix.EAGAIN             //nolint:errorlint // a system call returns it bare
	})
	switch {
	case waiting != nil:
		return 0, waiting
	case err == nil && n == 0:
		return 0, io.EOF
	}
	return n, os.NewSyscallError("read", err)
}

// Write writes all of b.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.writeNow(b)
	for n < len(b) && (err == nil || err == unix.EAGAIN) { //nolint:errorlint // a system call returns it bare
		var more int
		waiting := c.do(writing, func(fd uintptr) bool {
			more, err = again(unix.Write, int(fd), b[n:]) //nolint:gosec // a descriptor is an int
			return err != unix.EAGAIN                     //nolint:errorlint // as above
		})
		if waiting != nil {
			return n, waiting
		}
		n += more
	}
	if errno, ok := err.(unix.Errno); ok { //nolint:errorlint // as above
		err = os.NewSyscallError("write", errno)
	}
	return n, err
}

// writeNow writes what needs no waiting.
func (c *Conn) writeNow(b []byte) (int, error) {
	if _, err := c.begin(writing); err != nil {
		return 0, err
	}
	defer c.end()
	return send(c.fd, b)
}

// again repeats a system call that a signal interrupted.
func again(call func(int, []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		n, err := call(fd, b)
		if err != unix.EINTR { //nolint:errorlint // a system call returns it bare
			return max(n, 0), err
		}
	}
}

// threadBytes is how much of a file one call in a thread sends. More goes
// through the poller at once: by the time it says so a client has room for
// much, and few large calls cost least.
const threadBytes = 256 << 10

// SendFile sends at most n bytes of file from where it stands (sendfile(2)),
// and counts them in moved while it does. Fewer without an error are the end of
// the file.
func (c *Conn) SendFile(file *os.File, n int64, moved *atomic.Int64) (done int64, err error) {
	if n > threadBytes {
		if err := c.Park(); err != nil {
			return 0, err
		}
	}
	for done < n {
		sent, err := c.sendFile(int(file.Fd()), n-done) //nolint:gosec // a descriptor is an int
		done += sent
		moved.Add(sent)
		if sent == 0 || err != nil {
			return done, err
		}
	}
	return done, nil
}

// sendFile sends what the client takes without waiting again.
func (c *Conn) sendFile(from int, n int64) (sent int64, err error) {
	waiting := c.do(writing, func(fd uintptr) bool {
		var k int
		for err = unix.EINTR; err == unix.EINTR; { //nolint:errorlint // a system call returns it bare
			k, err = unix.Sendfile(int(fd), from, nil, int(n)) //nolint:gosec // a descriptor is an int
		}
		sent = int64(max(k, 0))
		return err != unix.EAGAIN //nolint:errorlint // as above
	})
	if waiting != nil {
		return 0, waiting
	}
	return sent, os.NewSyscallError("sendfile", err)
}

// SyscallConn gives access to the descriptor. What is passed to its Read and
// Write may be called with a descriptor that blocks, for a moment.
func (c *Conn) SyscallConn() (syscall.RawConn, error) { return rawConn{c}, nil }

// rawConn is a Conn as syscall.RawConn.
type rawConn struct{ c *Conn }

func (r rawConn) Control(f func(fd uintptr)) error {
	return r.c.control(func(fd int) { f(uintptr(fd)) }) //nolint:gosec // a descriptor is not negative
}
func (r rawConn) Read(try func(fd uintptr) bool) error  { return r.c.do(reading, try) }
func (r rawConn) Write(try func(fd uintptr) bool) error { return r.c.do(writing, try) }
