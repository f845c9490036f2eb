//go:build unix

package service_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ftphost/ftphost/pkg/service"
)

func TestWithoutManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	t.Setenv("LISTEN_FDS", "")
	found, err := service.FromEnvironment()
	if err != nil {
		t.Error(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, s := range map[string]*service.Supervisor{"found": found, "zero": {}, "nil": nil} {
		err := errors.Join(s.Ready("x"), s.Reloading(), s.Status("x"), s.Stopping(), s.Ping(), s.Store("x", l), s.Forget("x"))
		closed, rest := s.Inherited().CloseRest()
		if err != nil || s.Managed() || s.Watchdog() != 0 || rest != nil || len(closed) > 0 {
			t.Errorf("%s: %v, %v, %v, %v", name, err, s.Watchdog(), closed, rest)
		}
	}
}

// supervised is the supervisor of a manager.
func supervised(t *testing.T, m *manager) *service.Supervisor {
	t.Helper()
	t.Setenv("NOTIFY_SOCKET", m.socket)
	s, err := service.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWords(t *testing.T) {
	m := newManager(t)
	s := supervised(t, m)
	if !s.Managed() {
		t.Error("a manager is there and not noticed")
	}
	if value, set := os.LookupEnv("NOTIFY_SOCKET"); set {
		t.Errorf("NOTIFY_SOCKET=%s is left in the environment", value)
	}
	long := strings.Repeat("é", 1000)
	for _, c := range []struct {
		say  func() error
		want string
	}{
		{func() error { return s.Ready("serving 3 sites") }, "READY=1\nSTATUS=serving 3 sites"},
		{func() error { return s.Status("two\nlines,  FDSTORE=1") }, "STATUS=two lines, FDSTORE=1"},
		{func() error { return s.Status(long) }, "STATUS=" + long[:500]},
		{s.Stopping, "STOPPING=1"},
		{s.Ping, "WATCHDOG=1"},
		{func() error { return s.Forget("tcp-21") }, "FDSTOREREMOVE=1\nFDNAME=tcp-21"},
	} {
		m.forgetHeard()
		if err := c.say(); err != nil {
			t.Errorf("%q: %v", c.want, err)
			continue
		}
		if got := m.hear(t, c.want[:8]); got != c.want || !utf8.ValidString(got) {
			t.Errorf("said %q, want %q", got, c.want)
		}
	}
}

// TestForgetFreesTheAddress: when Forget returns, the address can be listened
// on again.
func TestForgetFreesTheAddress(t *testing.T) {
	m := newManager(t)
	s := supervised(t, m)
	address := freeAddress(t)
	for range 20 {
		l, err := net.Listen("tcp4", address)
		if err != nil {
			t.Fatal(err)
		}
		name := service.SocketName(l.Addr())
		if err := s.Store(name, l); err != nil {
			t.Fatal(err)
		}
		l.Close()
		m.hear(t, "FDSTORE=1")
		if again, err := net.Listen("tcp4", address); err == nil {
			again.Close()
			t.Error("what the manager keeps does not listen")
		}
		if err := s.Forget(name); err != nil {
			t.Error(err)
		}
		m.forgetHeard()
	}
}

func TestReloadingTellsTheTime(t *testing.T) {
	m := newManager(t)
	if err := supervised(t, m).Reloading(); err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(m.hear(t, "RELOADING=1"), "MONOTONIC_USEC=")
	if n, err := strconv.ParseUint(strings.TrimSpace(after), 10, 64); err != nil || n == 0 {
		t.Errorf("the time is %q", after)
	}
}

func TestManagerThatIsGone(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", t.TempDir()+"/nobody")
	s, err := service.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Ready("x"); err == nil || !strings.Contains(err.Error(), "telling the service manager: ") {
		t.Errorf("%v", err)
	}
}

func TestWatchdogVariables(t *testing.T) {
	pid := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
		bad       bool
	}{
		{"60000000", "", time.Minute, false},
		{"60000000", pid, time.Minute, false},
		{"60000000", "1", 0, false},
		{"soon", pid, 0, true},
		{"-5", pid, 0, true},
	} {
		t.Setenv("WATCHDOG_USEC", c.usec)
		t.Setenv("WATCHDOG_PID", c.pid)
		if c.pid == "" {
			os.Unsetenv("WATCHDOG_PID")
		}
		s, err := service.FromEnvironment()
		if s.Watchdog() != c.want || (err != nil) != c.bad {
			t.Errorf("%q of %q: %v, %v", c.usec, c.pid, s.Watchdog(), err)
		}
		if _, set := os.LookupEnv("WATCHDOG_USEC"); set {
			t.Error("WATCHDOG_USEC is left in the environment")
		}
	}
}

// TestWatch: what is alive is told, what is not is not, and the rest goes on.
func TestWatch(t *testing.T) {
	m := newManager(t)
	t.Setenv("WATCHDOG_USEC", "20000")
	s := supervised(t, m)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked int
	failed := make(chan error, 1000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Watch(ctx, func(ctx context.Context) error {
			if asked++; asked%2 == 0 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}, func(err error) { failed <- err })
	}()
	m.hear(t, "WATCHDOG=1")
	if err := <-failed; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	m.forgetHeard()
	m.hear(t, "WATCHDOG=1")
	cancel()
	<-done
}

func TestSocketNames(t *testing.T) {
	for address, want := range map[string]string{
		"[::]:21": "tcp-21", "0.0.0.0:21": "tcp-0.0.0.0-21", "192.0.2.1:990": "tcp-192.0.2.1-990",
		"[2001:db8::1]:21": "tcp-2001.db8..1-21", "[fe80::1%eth 0]:21": "tcp-fe80..1%eth_0-21",
	} {
		a, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := service.SocketName(a); got != want {
			t.Errorf("%s is %q, want %q", address, got, want)
		}
	}
	s := supervised(t, newManager(t))
	for _, name := range []string{"", "a:b", "a b", "é", "a\n", strings.Repeat("x", 256)} {
		if err := errors.Join(s.Store(name, nil), s.Forget(name)); err == nil || !strings.Contains(err.Error(), "socket name ") {
			t.Errorf("%q: %v", name, err)
		}
	}
	type odd struct{ net.Listener }
	if err := s.Store("x", odd{}); err == nil || !strings.Contains(err.Error(), "has no descriptor") {
		t.Errorf("%v", err)
	}
}
