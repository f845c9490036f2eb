package socket_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/socket"
)

// place is a running place for idle connections.
func place(t testing.TB) *socket.Idle {
	t.Helper()
	idle, err := socket.NewIdle()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := idle.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if err := idle.Close(); err != nil {
			t.Error(err)
		}
	})
	return idle
}

// sleeper is a connection that can sleep.
type sleeper interface {
	net.Conn
	Rest(awake func()) bool
}

// inIdle returns both ends of a connection that can sleep.
func inIdle(t testing.TB) (*net.TCPConn, sleeper) {
	t.Helper()
	client, server := pair(t, socket.Limits{
		Reading: socket.NewThreads(1), Writing: socket.NewThreads(1), Patience: socket.Briefly, Idle: place(t),
	})
	return client, server.(sleeper)
}

// sleep lets c sleep and returns what is closed when it wakes.
func sleep(t testing.TB, c sleeper) <-chan struct{} {
	t.Helper()
	woken := make(chan struct{})
	if !c.Rest(func() { close(woken) }) { // closing it twice would panic
		t.Fatal("it does not sleep")
	}
	return woken
}

func wakes(t testing.TB, woken <-chan struct{}) {
	t.Helper()
	select {
	case <-woken:
	case <-time.After(5 * time.Second):
		t.Fatal("it does not wake")
	}
}

func TestSleepUntil(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(client *net.TCPConn, server sleeper) error
		want error // of the next Read; nil for a byte
	}{
		"a byte":                     {func(c *net.TCPConn, _ sleeper) error { _, err := c.Write([]byte("x")); return err }, nil},
		"the end":                    {func(c *net.TCPConn, _ sleeper) error { return c.Close() }, io.EOF},
		"a deadline":                 {func(_ *net.TCPConn, s sleeper) error { return s.SetReadDeadline(time.Now().Add(20 * time.Millisecond)) }, os.ErrDeadlineExceeded},
		"a deadline that has passed": {func(_ *net.TCPConn, s sleeper) error { return s.SetDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
		"Close":                      {func(_ *net.TCPConn, s sleeper) error { return s.Close() }, net.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := inIdle(t)
			woken := sleep(t, server)
			select {
			case <-woken:
				t.Fatal("it wakes without reason")
			case <-time.After(20 * time.Millisecond):
			}
			if err := c.do(client, server); err != nil {
				t.Fatal(err)
			}
			wakes(t, woken)
			if _, err := server.Read(make([]byte, 1)); !errors.Is(err, c.want) {
				t.Errorf("read: %v, want %v", err, c.want)
			}
			time.Sleep(30 * time.Millisecond) // nothing wakes it twice
		})
	}
}

// TestSleepAgain: a deadline set before counts, and one that was moved.
func TestSleepAgain(t *testing.T) {
	client, server := inIdle(t)
	for range 3 {
		if err := server.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		woken := sleep(t, server)
		if err := server.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		select {
		case <-woken:
			t.Fatal("the deadline before wakes it")
		case <-time.After(80 * time.Millisecond):
		}
		if _, err := client.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		wakes(t, woken)
		if _, err := server.Read(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		// A read that waits long is in the poller; it can sleep from there.
		if err := server.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := server.Read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	}
	if err := server.SetReadDeadline(time.Now().Add(30 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	wakes(t, sleep(t, server))
}

// TestNoSleep: when there is nothing to wait for, or something waits already.
func TestNoSleep(t *testing.T) {
	_, server := inIdle(t)
	never := func() { t.Error("woken") }
	if err := server.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if server.Rest(never) {
		t.Error("it sleeps although its time is over")
	}
	if err := server.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	woken := sleep(t, server)
	if server.Rest(never) {
		t.Error("it sleeps twice")
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	wakes(t, woken)
	if server.Rest(never) {
		t.Error("it sleeps although it is closed")
	}
}

// TestManySleep: all wake, whatever wakes them at the same time.
func TestManySleep(t *testing.T) {
	idle := place(t)
	l := listen(t, socket.Limits{Reading: socket.NewThreads(1), Writing: socket.NewThreads(1), Patience: socket.Briefly, Idle: idle})
	var woken sync.WaitGroup
	var others sync.WaitGroup
	for i := range 200 {
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		server := conn.(sleeper)
		woken.Add(1)
		if !server.Rest(woken.Done) {
			t.Fatal("it does not sleep")
		}
		others.Go(func() { _ = client.Close() })
		others.Go(func() {
			if i%2 == 0 {
				_ = server.SetReadDeadline(time.Unix(1, 0))
			} else {
				_ = server.Close()
			}
		})
	}
	others.Wait()
	woken.Wait()
}
