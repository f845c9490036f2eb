package ftptest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// pair is a bubble with both ends of a connection.
func pair(t *testing.T, f func(t *testing.T, client, server net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := ftptest.NewNetwork()
		l, err := n.Listen("tcp", serverAt.String())
		if err != nil {
			t.Fatal(err)
		}
		client, err := n.Dial(t.Context(), "tcp", netip.AddrPortFrom(clientAt, 0), serverAt)
		if err != nil {
			t.Fatal(err)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		f(t, client, server)
		_ = client.Close()
		_ = server.Close()
		_ = l.Close()
	})
}

type halfCloser interface{ CloseWrite() error }

func TestConnAddresses(t *testing.T) {
	pair(t, func(t *testing.T, client, server net.Conn) {
		if client.RemoteAddr().String() != serverAt.String() || server.LocalAddr().String() != serverAt.String() {
			t.Errorf("server is %v and %v", client.RemoteAddr(), server.LocalAddr())
		}
		if client.LocalAddr().String() != server.RemoteAddr().String() || client.LocalAddr().(*net.TCPAddr).Port == 0 {
			t.Errorf("client is %v and %v", client.LocalAddr(), server.RemoteAddr())
		}
	})
}

func TestConnHalfClose(t *testing.T) {
	pair(t, func(t *testing.T, client, server net.Conn) {
		if _, err := io.WriteString(client, "question"); err != nil {
			t.Fatal(err)
		}
		if err := client.(halfCloser).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(client, "x"); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("write after CloseWrite: %v", err)
		}
		if got, err := io.ReadAll(server); string(got) != "question" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		if _, err := io.WriteString(server, "answer"); err != nil {
			t.Errorf("write to a half-closed peer: %v", err)
		}
		_ = server.Close()
		if got, err := io.ReadAll(client); string(got) != "answer" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestConnClose(t *testing.T) {
	pair(t, func(t *testing.T, client, server net.Conn) {
		if _, err := io.WriteString(server, "never read"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(client, "last words"); err != nil {
			t.Fatal(err)
		}
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(server); string(got) != "last words" || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %q, %v; want a reset because bytes were left", got, err)
		}
		if _, err := io.WriteString(server, "x"); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("write to a closed peer: %v", err)
		}
		for what, err := range map[string]error{
			"Close":       client.Close(),
			"CloseWrite":  client.(halfCloser).CloseWrite(),
			"SetDeadline": client.SetDeadline(time.Now()),
		} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s after Close: %v", what, err)
			}
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read after Close: %v", err)
		}
		if _, err := client.Write([]byte{1}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write after Close: %v", err)
		}
	})
}

func TestConnWindow(t *testing.T) {
	sent := bytes.Repeat([]byte("0123456789"), 50_000)
	pair(t, func(t *testing.T, client, server net.Conn) {
		done := make(chan error, 1)
		go func() {
			_, err := client.Write(sent)
			done <- errors.Join(err, client.Close())
		}()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("nobody read and all was written: %v", err)
		default:
		}
		got, err := io.ReadAll(server)
		if !bytes.Equal(got, sent) || err != nil {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestConnDeadlines(t *testing.T) {
	pair(t, func(t *testing.T, client, server net.Conn) {
		began := time.Now()
		if err := client.SetReadDeadline(began.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		_, err := client.Read(make([]byte, 1))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("Read: %v after %v", err, time.Since(began))
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%v is no timeout", err)
		}
		// A deadline in the past wakes those who wait already.
		if err := client.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(time.Hour)
			_ = client.SetReadDeadline(time.Unix(1, 0))
		}()
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("woken Read: %v", err)
		}
		// After another deadline it goes on.
		if err := client.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(server, "x"); err != nil {
			t.Fatal(err)
		}
		if n, err := client.Read(make([]byte, 2)); n != 1 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
		if err := client.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := client.Write(make([]byte, 1<<20))
		if n == 0 || n == 1<<20 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write: %d, %v", n, err)
		}
	})
}

func TestNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ftptest.NewNetwork()
		dial := func(to string) (net.Conn, error) {
			return n.Dial(t.Context(), "tcp", netip.AddrPortFrom(clientAt, 0), netip.MustParseAddrPort(to))
		}
		if _, err := dial("192.0.2.1:21"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("nobody listens: %v", err)
		}
		l, err := n.Listen("tcp", ":21")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Listen("tcp", ":21"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("listening twice: %v", err)
		}
		exact, err := n.Listen("tcp", "192.0.2.9:21")
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{"192.0.2.1:21", "[2001:db8::1]:21"} {
			if _, err := dial(to); err != nil {
				t.Fatal(err)
			}
			if c, err := l.Accept(); err != nil || c.LocalAddr().String() != to {
				t.Errorf("accepted %v, %v", c, err)
			}
		}
		if _, err := dial("192.0.2.9:21"); err != nil {
			t.Fatal(err)
		}
		if _, err := exact.Accept(); err != nil {
			t.Fatal(err)
		}
		only4, err := n.Listen("tcp", "0.0.0.0:22")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dial("[2001:db8::1]:22"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("IPv6 to 0.0.0.0: %v", err)
		}
		waiting, err := dial("192.0.2.1:22")
		if err != nil {
			t.Fatal(err)
		}
		if err := only4.Close(); err != nil {
			t.Error(err)
		}
		if n, err := waiting.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("not accepted and not closed: %d, %v", n, err)
		}
		if _, err := only4.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept after Close: %v", err)
		}
		if err := only4.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("second Close: %v", err)
		}
		a, err := n.Listen("tcp", "192.0.2.1:0")
		if err != nil {
			t.Fatal(err)
		}
		b, err := n.Listen("tcp", "192.0.2.1:0")
		if err != nil || a.Addr().String() == b.Addr().String() {
			t.Errorf("port 0 twice: %v and %v, %v", a.Addr(), b.Addr(), err)
		}
		if _, err := n.Listen("tcp", "nonsense"); err == nil {
			t.Error("listens on nonsense")
		}
	})
}

func TestNetworkBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ftptest.NewNetwork()
		if _, err := n.Listen("tcp", serverAt.String()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for {
			if _, err := n.Dial(ctx, "tcp", netip.AddrPortFrom(clientAt, 0), serverAt); err != nil {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				return
			}
		}
	})
}
