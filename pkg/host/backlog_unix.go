//go:build unix

package host

import (
	"net"
	"os"
	"syscall"
)

// setBacklog limits how many connections may wait to be accepted. Listening
// once more on a socket that listens already changes nothing else.
func setBacklog(l net.Listener, backlog int) error {
	conn, err := l.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		failed = os.NewSyscallError("listen", syscall.Listen(int(fd), backlog)) //nolint:gosec // a descriptor
	})
	if err != nil {
		return err
	}
	return failed
}
