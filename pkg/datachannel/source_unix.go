//go:build unix

package datachannel

import (
	"errors"
	"syscall"
)

// reuseAddress lets many connections leave from one source port at once, and
// again while older ones linger in TIME_WAIT.
func reuseAddress(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1) //nolint:gosec // a descriptor is an int
	})
	return errors.Join(err, failed)
}

// sourceRefused reports whether err is about the source port and not about the
// peer: no right to it, taken, or in use for this very peer.
func sourceRefused(err error) bool {
	return errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EADDRNOTAVAIL)
}
