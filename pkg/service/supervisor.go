// Package service is life in the background: it tells systemd or the Windows
// service control manager how the program is, takes the sockets that it was
// started with and leaves them for its successor, and installs the program as
// a service. It knows nothing of FTP.
package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// Supervisor is the service manager that started the program. Its zero value,
// and nil, are those of a program that was started by hand: everything may be
// said to it, and nothing happens.
//
// Its methods may be called from several goroutines.
type Supervisor struct {
	// socket is the address of systemd's notification socket; "" without one.
	socket   string
	watchdog time.Duration
	sockets  *Sockets
	// told is what else wants to know of the state; nil for nothing.
	told func(State)
}

// Managed reports whether a service manager started the program and listens to
// it. Then nobody reads what is meant for a terminal.
func (s *Supervisor) Managed() bool { return s != nil && (s.socket != "" || s.told != nil) }

// State is what a service manager can be told.
type State int

// The states of a service.
const (
	Starting State = iota
	Running
	Reloading
	Stopping
)

// maxStatus bounds a status text in bytes; systemd shows one line.
const maxStatus = 500

// Ready says that the program serves, for the first time or again after
// Reloading, and what it does in one line for people.
func (s *Supervisor) Ready(status string) error {
	s.tell(Running)
	return s.notify("READY=1\n" + statusLine(status))
}

// Reloading says that the program has begun to read its configuration again;
// Ready ends it, whether the new configuration was taken or not. With
// Type=notify-reload the command systemctl reload waits for both, and wants the
// time of the beginning (sd_notify(3)).
func (s *Supervisor) Reloading() error {
	s.tell(Reloading)
	return s.notify("RELOADING=1\n" + monotonic())
}

// Status changes the line for people and nothing else.
func (s *Supervisor) Status(text string) error { return s.notify(statusLine(text)) }

// Stopping says that the program has begun to stop, by itself or as it was told.
func (s *Supervisor) Stopping() error {
	s.tell(Stopping)
	return s.notify("STOPPING=1")
}

// Watchdog is how long the manager waits for a Ping before it restarts the
// program; 0 when it does not watch. Half of it is a good interval for pings.
func (s *Supervisor) Watchdog() time.Duration {
	if s == nil {
		return 0
	}
	return s.watchdog
}

// Ping says that the program is alive. Whoever calls it should have seen that
// it is.
func (s *Supervisor) Ping() error { return s.notify("WATCHDOG=1") }

// Watch pings until ctx ends, as long as alive returns no error; without a
// watchdog it only waits. The context of alive ends when the next ping is due:
// what does not answer by then is not alive. OnError hears why there was no
// ping; nil is allowed.
func (s *Supervisor) Watch(ctx context.Context, alive func(context.Context) error, onError func(error)) {
	interval := s.Watchdog() / pingsPerWatchdog
	if interval <= 0 {
		<-ctx.Done()
		return
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := s.pingIf(ctx, alive, interval); err != nil && ctx.Err() == nil && onError != nil {
			onError(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// pingsPerWatchdog is how many pings fit into the time after which the manager
// gives up.
const pingsPerWatchdog = 2

func (s *Supervisor) pingIf(ctx context.Context, alive func(context.Context) error, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := alive(ctx); err != nil {
		return fmt.Errorf("the service manager is not told that the program is well: %w", err)
	}
	return s.Ping()
}

// Inherited are the sockets that the program was started with; never nil.
func (s *Supervisor) Inherited() *Sockets {
	if s == nil || s.sockets == nil {
		return &Sockets{}
	}
	return s.sockets
}

// Store leaves a copy of a listening socket with the manager. The next process
// of the service finds it among its Inherited sockets; until then connections
// wait in it. The listener stays the caller's. A socket that is left already
// is not left twice. The name tells people what it is, and Forget which socket
// to give up; SocketName makes one.
//
// A closed listener goes on taking connections, which nobody answers, until it
// is forgotten.
func (s *Supervisor) Store(name string, l net.Listener) error {
	if s == nil || s.socket == "" {
		return nil
	}
	if err := checkName(name); err != nil {
		return err
	}
	conn, ok := l.(syscall.Conn)
	if !ok {
		return fmt.Errorf("socket %s: a %T has no descriptor to leave with the service manager", name, l)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("socket %s: %w", name, err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = send(s.socket, "FDSTORE=1\nFDNAME="+name, int(fd)) //nolint:gosec // a descriptor is an int
	})
	if err = errors.Join(err, failed); err != nil {
		return fmt.Errorf("leaving socket %s with the service manager: %w", name, err)
	}
	return nil
}

// Forget makes the manager close its copies of the socket with that name, and
// returns when it has, so that the address is free. To forget what was never
// stored does nothing.
func (s *Supervisor) Forget(name string) error {
	if s == nil || s.socket == "" {
		return nil
	}
	if err := checkName(name); err != nil {
		return err
	}
	if err := s.notify("FDSTOREREMOVE=1\nFDNAME=" + name); err != nil {
		return err
	}
	if err := barrier(s.socket); err != nil {
		return fmt.Errorf("waiting for the service manager to close socket %s: %w", name, err)
	}
	return nil
}

// maxName is the longest name that systemd takes (sd_pid_notify_with_fds(3)).
const maxName = 255

func checkName(name string) error {
	bad := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' }
	if name == "" || len(name) > maxName || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("socket name %q: systemd takes 1 to %d printable ASCII characters but colons", name, maxName)
	}
	return nil
}

// SocketName names a socket by its address: "tcp-21", "tcp-192.0.2.1-21",
// "tcp-2001.db8..1-990". It is the same for the same address, and another one
// for another.
func SocketName(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		host, port = addr.String(), "0"
	}
	name := addr.Network() + "-" + host + "-" + port
	if host == "::" {
		name = addr.Network() + "-" + port
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == ':':
			return '.'
		case r <= ' ' || r >= 0x7f:
			return '_'
		default:
			return r
		}
	}, name)
}

// statusLine is text as one line that is not too long.
func statusLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxStatus {
		end := maxStatus
		for !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	return "STATUS=" + text
}

func (s *Supervisor) tell(state State) {
	if s != nil && s.told != nil {
		s.told(state)
	}
}

func (s *Supervisor) notify(state string) error {
	if s == nil || s.socket == "" {
		return nil
	}
	if err := send(s.socket, state, none); err != nil {
		return fmt.Errorf("telling the service manager: %w", err)
	}
	return nil
}

// none stands for no descriptor.
const none = -1

// notifySocket is the variable with the address of systemd's socket.
const notifySocket = "NOTIFY_SOCKET"

// FromEnvironment finds the service manager in the variables that it has set,
// and unsets them, so that no child takes them for its own. The error tells
// of what cannot be used; the Supervisor is good all the same.
func FromEnvironment() (*Supervisor, error) {
	s := &Supervisor{socket: os.Getenv(notifySocket)}
	var errs [3]error
	errs[0] = os.Unsetenv(notifySocket)
	s.watchdog, errs[1] = watchdog()
	s.sockets, errs[2] = inherited(s)
	return s, errors.Join(errs[:]...)
}
