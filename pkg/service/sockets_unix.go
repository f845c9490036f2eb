//go:build unix

package service

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"
)

// inherited takes over the descriptors that systemd has passed. What is no
// listening stream socket is closed, and told as an error.
func inherited(s *Supervisor) (*Sockets, error) {
	sockets := &Sockets{supervisor: s}
	var errs []error
	for _, file := range activation.Files(true) {
		l, err := listener(file)
		if err != nil {
			errs = append(errs, fmt.Errorf("descriptor %q from the service manager is closed: %w", file.Name(), err))
		} else {
			sockets.list = append(sockets.list, Socket{file.Name(), l})
		}
		errs = append(errs, file.Close()) // the listener has a duplicate
	}
	return sockets, errors.Join(errs...)
}

// listener makes one of a descriptor that listens already.
func listener(file *os.File) (net.Listener, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	listens, err := option(raw, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil || listens == 0 {
		return nil, errors.New("it is not a listening stream socket (ListenStream=)")
	}
	return net.FileListener(file)
}

// wide reports whether a socket on [::] takes IPv4 too.
func wide(k *Socket) (bool, error) {
	bound, ok := k.Listener.Addr().(*net.TCPAddr)
	if !ok || !bound.AddrPort().Addr().Is6() || bound.AddrPort().Addr().Is4In6() {
		return false, nil
	}
	conn, ok := k.Listener.(syscall.Conn)
	if !ok {
		return false, errors.ErrUnsupported
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return false, err
	}
	only, err := option(raw, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
	return only == 0, err
}

func option(raw syscall.RawConn, level, name int) (value int, err error) {
	var failed error
	err = raw.Control(func(fd uintptr) {
		value, failed = unix.GetsockoptInt(int(fd), level, name) //nolint:gosec // a descriptor is an int
	})
	return value, errors.Join(err, os.NewSyscallError("getsockopt", failed))
}
