//go:build unix

package ftp

import (
	"errors"
	"io"
	"syscall"
)

// rawConn returns the raw connection of r, or nil when it has none.
func rawConn(r io.Reader) syscall.RawConn {
	c, ok := r.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil // closed already; reading will say so
	}
	return raw
}

// readRaw reads behind the bytes in the buffer. Where there are none, it holds
// a buffer only while it asks the system, not while it waits in the poller.
func (r *Reader) readRaw() (n int, err error) {
	waiting := r.raw.Read(func(fd uintptr) bool {
		empty := r.start == r.end
		r.borrow()
		n, err = readAgain(int(fd), r.buf[r.end:]) //nolint:gosec // a descriptor is an int
		if !errors.Is(err, syscall.EAGAIN) {
			return true
		}
		if empty {
			r.giveBack()
		}
		return false
	})
	switch {
	case waiting != nil:
		return 0, waiting
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// readAgain is read(2), repeated when a signal came in between.
func readAgain(fd int, b []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, b)
		if !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}
