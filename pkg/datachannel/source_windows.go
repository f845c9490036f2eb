package datachannel

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"
)

// reuseAddress does nothing: on Windows the option would let other programs
// take the port away.
func reuseAddress(_, _ string, _ syscall.RawConn) error { return nil }

// sourceRefused reports whether err is about the source port and not about the
// peer: no right to it, taken, or in use for this very peer.
func sourceRefused(err error) bool {
	return errors.Is(err, windows.WSAEACCES) || errors.Is(err, windows.WSAEADDRINUSE) || errors.Is(err, windows.WSAEADDRNOTAVAIL)
}
