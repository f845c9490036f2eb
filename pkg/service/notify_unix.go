//go:build unix

package service

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// sendTimeout bounds how long a word to the manager, or its answer, may take: it
// does not come in time only when the manager is stuck itself.
const sendTimeout = 5 * time.Second

// send writes one datagram to the socket of a service manager, with a
// descriptor unless that is none.
func send(socket, state string, fd int) error {
	address := &net.UnixAddr{Name: socket, Net: "unixgram"}
	conn, err := net.DialUnix(address.Net, nil, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var rights []byte
	if fd != none {
		rights = unix.UnixRights(fd)
	}
	// WriteMsgUnix refuses connected datagram sockets.
	var failed error
	err = raw.Write(func(to uintptr) bool {
		failed = unix.Sendmsg(int(to), []byte(state), rights, nil, 0) //nolint:gosec // a descriptor is an int
		return !errors.Is(failed, unix.EAGAIN)
	})
	return errors.Join(err, os.NewSyscallError("sendmsg", failed))
}

// barrier waits until the manager has done what it was told before: it closes
// the descriptor that comes with BARRIER=1, or with a word it does not know,
// when it gets to it (sd_notify_barrier(3)).
func barrier(socket string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	err = send(socket, "BARRIER=1", int(w.Fd())) //nolint:gosec // a descriptor is an int
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	if err := r.SetReadDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	if _, err = r.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// monotonic is the line that tells systemd the time.
func monotonic() string { return daemon.SdNotifyMonotonicUsec() }

// watchdog reads how often the manager wants to hear that the program lives.
func watchdog() (time.Duration, error) {
	interval, err := daemon.SdWatchdogEnabled(true)
	if err != nil {
		return 0, fmt.Errorf("WATCHDOG_USEC or WATCHDOG_PID cannot be read, so no watchdog is served: %w", err)
	}
	return interval, nil
}
