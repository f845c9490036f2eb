//go:build unix

package host

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// besides lets a socket be bound to a port that others have at other addresses,
// or at all of them: both sides must agree. The more exact address is served
// until it is closed, so that nobody is refused in between.
func besides(others []*opened) func(network, address string, conn syscall.RawConn) error {
	return func(_, _ string, conn syscall.RawConn) error {
		errs := []error{share(conn)}
		for _, o := range others {
			theirs, err := o.listener.(syscall.Conn).SyscallConn()
			if err == nil {
				err = share(theirs)
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	}
}

// share lets others of this user have the port, too.
func share(conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)) //nolint:gosec // a descriptor
	})
	return errors.Join(err, failed)
}
