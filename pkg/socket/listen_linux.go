package socket

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Listener accepts connections that are *Conn. It waits in the poller.
type Listener struct {
	file   *os.File
	raw    syscall.RawConn
	addr   net.Addr
	limits Limits
	closed atomic.Bool
}

// Listen makes a listener whose connections are *Conn of l, if that is a TCP
// listener of the operating system, without Multipath TCP; l is closed then.
// Another one is returned as it is.
func Listen(l net.Listener, limits Limits) (net.Listener, error) {
	fd, err := detach(l, limits)
	if fd < 0 || err != nil {
		return l, err
	}
	return newListener(fd, l.Addr(), limits)
}

func newListener(fd int, addr net.Addr, limits Limits) (*Listener, error) {
	file := os.NewFile(uintptr(fd), addr.String()) //nolint:gosec // a descriptor is not negative
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &Listener{file: file, raw: raw, addr: addr, limits: limits}, nil
}

// detach takes the socket out of l and closes l. It returns -1 when l is no
// TCP listener of the operating system.
func detach(l net.Listener, limits Limits) (fd int, err error) {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return -1, nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return -1, err
	}
	if plain, err := inherit(raw, limits); !plain || err != nil {
		return -1, err
	}
	var failed error
	err = raw.Control(func(own uintptr) {
		fd, failed = duplicate(int(own)) //nolint:gosec // a descriptor is an int
	})
	if err = errors.Join(err, failed); err != nil {
		return -1, err
	}
	return fd, l.Close() // the duplicate goes on listening
}

func duplicate(fd int) (int, error) {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0) //nolint:gosec // a descriptor is not negative
	return n, os.NewSyscallError("fcntl", err)
}

// inherit sets the options that connections take over from their listener. It
// reports false, and sets none, for Multipath TCP, where they do not.
func inherit(raw syscall.RawConn, limits Limits) (plain bool, err error) {
	var failed error
	err = raw.Control(func(fd uintptr) {
		s := int(fd) //nolint:gosec // a descriptor is an int
		var protocol int
		protocol, failed = unix.GetsockoptInt(s, unix.SOL_SOCKET, unix.SO_PROTOCOL)
		if plain = protocol == unix.IPPROTO_TCP; !plain {
			return
		}
		noDelay := 0
		if limits.Prompt {
			noDelay = 1
		}
		read, write := unix.NsecToTimeval(int64(limits.Patience)), unix.NsecToTimeval(int64(Through))
		failed = errors.Join(
			unix.SetsockoptInt(s, unix.IPPROTO_TCP, unix.TCP_NODELAY, noDelay),
			unix.SetsockoptTimeval(s, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &read),
			unix.SetsockoptTimeval(s, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &write))
	})
	return plain, errors.Join(err, os.NewSyscallError("setsockopt", failed))
}

// Accept waits for the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	var c *Conn
	var failed error
	err := l.raw.Read(func(fd uintptr) bool {
		c, failed = accept(int(fd), l.limits) //nolint:gosec // a descriptor is an int
		return !errors.Is(failed, unix.EAGAIN)
	})
	switch {
	case err != nil && l.closed.Load(): // the poller has an error of its own for that
		return nil, net.ErrClosed
	case err != nil:
		return nil, err
	case failed != nil:
		return nil, failed
	}
	return c, nil
}

// Addr is where it listens.
func (l *Listener) Addr() net.Addr { return l.addr }

// SyscallConn gives access to the socket, whose options may be set.
func (l *Listener) SyscallConn() (syscall.RawConn, error) { return l.raw, nil }

// Close stops listening, and Accept waiting.
func (l *Listener) Close() error {
	if l.closed.Swap(true) {
		return net.ErrClosed
	}
	return l.file.Close()
}

// accept takes a connection that has come, or fails with EAGAIN.
func accept(listening int, limits Limits) (*Conn, error) {
	for {
		fd, remote, err := syscall.Accept4(listening, unix.SOCK_CLOEXEC) // that of unix asks for the protocol too
		switch {
		case err == nil:
			return &Conn{fd: fd, remote: address(remote), limits: limits}, nil
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED):
		default:
			return nil, os.NewSyscallError("accept4", err)
		}
	}
}

// address converts an address of the system.
func address(sa syscall.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)) //nolint:gosec // a port
	case *syscall.SockaddrInet6:
		ip := netip.AddrFrom16(sa.Addr)
		if sa.ZoneId != 0 {
			ip = ip.WithZone(zone(int(sa.ZoneId)))
		}
		return netip.AddrPortFrom(ip, uint16(sa.Port)) //nolint:gosec // a port
	}
	return netip.AddrPort{}
}

// zone is the name of a network interface, as the net package has it.
func zone(index int) string {
	if i, err := net.InterfaceByIndex(index); err == nil {
		return i.Name
	}
	return ""
}
