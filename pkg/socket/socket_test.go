package socket_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/socket"
)

// Who comes while others are served in the poller joins them.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		threads, speaks := socket.NewThreads(1), make(chan struct{})
		want := func(when string, want bool) {
			t.Helper()
			if got := threads.Crowded(); got != want {
				t.Errorf("%s: crowded %v", when, got)
			}
		}
		served := func(func(uintptr) bool) error { return nil }
		_ = threads.Wait(served)
		want("nobody waits", false)
		var waiting sync.WaitGroup
		waiting.Go(func() { _ = threads.Wait(func(func(uintptr) bool) error { <-speaks; return nil }) })
		synctest.Wait()
		_ = threads.Wait(served)
		want("one waits, another was served", true)
		time.Sleep(time.Millisecond)
		want("one waits, nobody was served for a while", false)
		close(speaks)
		waiting.Wait()
		want("the last was served", false)
	})
}

// conditions are the ways in which a connection can wait.
func conditions() map[string]socket.Limits {
	return map[string]socket.Limits{
		"in its thread": {Reading: socket.NewThreads(100), Writing: socket.NewThreads(100), Patience: socket.Briefly},
		"in the poller": {Reading: socket.NewThreads(0), Writing: socket.NewThreads(0), Patience: socket.Briefly},
		"in a crowd":    {Reading: socket.NewThreads(1).Crowd(), Writing: socket.NewThreads(1), Patience: socket.Briefly},
	}
}

// listen returns a listener of this package on loopback.
func listen(t testing.TB, limits socket.Limits) net.Listener {
	t.Helper()
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	bare, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := socket.Listen(bare, limits)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// pair returns both ends of a connection; the server's is of this package.
func pair(t testing.TB, limits socket.Limits) (client *net.TCPConn, server net.Conn) {
	t.Helper()
	l := listen(t, limits)
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		_ = server.Close()
	})
	return c.(*net.TCPConn), server
}

// forEach runs a test for both ways of waiting, with a client that answers at
// once and with one that takes longer than anybody's patience.
func forEach(t *testing.T, run func(t *testing.T, client *net.TCPConn, server net.Conn, pause time.Duration)) {
	for how, limits := range conditions() {
		for speed, pause := range map[string]time.Duration{"quick": 0, "slow": 30 * time.Millisecond} {
			t.Run(how+", "+speed, func(t *testing.T) {
				client, server := pair(t, limits)
				run(t, client, server, pause)
			})
		}
	}
}

func TestReadAndWrite(t *testing.T) {
	forEach(t, func(t *testing.T, client *net.TCPConn, server net.Conn, pause time.Duration) {
		var served sync.WaitGroup
		served.Go(func() {
			if _, err := io.Copy(struct{ io.Writer }{server}, struct{ io.Reader }{server}); err != nil {
				t.Error(err)
			}
			_ = server.Close()
		})
		var said, heard bytes.Buffer
		for _, size := range []int{1, 100, 70_000} {
			time.Sleep(pause)
			part := bytes.Repeat([]byte{byte(size)}, size)
			said.Write(part)
			if _, err := client.Write(part); err != nil {
				t.Fatal(err)
			}
			if _, err := io.CopyN(&heard, client, int64(size)); err != nil {
				t.Fatal(err)
			}
		}
		if err := client.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(client); len(rest) > 0 || err != nil {
			t.Errorf("after the end: %d bytes, %v", len(rest), err)
		}
		served.Wait()
		if !bytes.Equal(said.Bytes(), heard.Bytes()) {
			t.Error("the echo differs")
		}
	})
}

// A peer that takes nothing stops writing until it does.
func TestWriteToASlowPeer(t *testing.T) {
	forEach(t, func(t *testing.T, client *net.TCPConn, server net.Conn, pause time.Duration) {
		all := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
		var written sync.WaitGroup
		written.Go(func() {
			if n, err := server.Write(all); n != len(all) || err != nil {
				t.Errorf("wrote %d bytes: %v", n, err)
			}
			_ = server.Close()
		})
		time.Sleep(2 * pause)
		got, err := io.ReadAll(client)
		if err != nil || !bytes.Equal(got, all) {
			t.Errorf("read %d bytes: %v", len(got), err)
		}
		written.Wait()
	})
}

func TestDeadlines(t *testing.T) {
	forEach(t, func(t *testing.T, client *net.TCPConn, server net.Conn, pause time.Duration) {
		var b [10]byte
		if err := server.SetReadDeadline(time.Now().Add(pause)); err != nil {
			t.Fatal(err)
		}
		if n, err := server.Read(b[:]); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("read %d bytes: %v", n, err)
		}
		if err := server.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(client, "x"); err != nil {
			t.Fatal(err)
		}
		if n, err := server.Read(b[:]); n != 1 || err != nil {
			t.Errorf("read %d bytes: %v", n, err)
		}
		if err := server.SetWriteDeadline(time.Now().Add(pause)); err != nil {
			t.Fatal(err)
		}
		var err error
		for err == nil {
			_, err = server.Write(make([]byte, 1<<20))
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write: %v", err)
		}
	})
}

// A client that has paused and is quick again is served as before, whatever
// that means inside; deadlines go on to count.
func TestPauses(t *testing.T) {
	forEach(t, func(t *testing.T, client *net.TCPConn, server net.Conn, pause time.Duration) {
		var served sync.WaitGroup
		served.Go(func() { _, _ = io.Copy(struct{ io.Writer }{server}, struct{ io.Reader }{server}) })
		var b [8]byte
		for round := range 3 {
			for i := range 100 {
				b[0] = byte(i)
				if _, err := client.Write(b[:]); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(client, b[:]); err != nil || b[0] != byte(i) {
					t.Fatalf("round %d: %v, %v", round, b, err)
				}
			}
			time.Sleep(pause)
		}
		if err := server.SetReadDeadline(time.Now().Add(pause)); err != nil {
			t.Fatal(err)
		}
		served.Wait()
		if _, err := server.Read(b[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read: %v", err)
		}
	})
}

// Another goroutine may set a deadline or close the connection. It is never
// taken for the end of the stream: half an upload would pass for a whole one.
func TestInterrupt(t *testing.T) {
	for name, c := range map[string]struct {
		stop func(net.Conn) error
		want error
	}{
		"deadline": {func(c net.Conn) error { return c.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
		"close":    {net.Conn.Close, net.ErrClosed},
	} {
		for what, read := range map[string]func(net.Conn) error{"read": readByte, "receive": receiveByte} {
			t.Run(name+" while "+what, func(t *testing.T) {
				forEach(t, func(t *testing.T, _ *net.TCPConn, server net.Conn, pause time.Duration) {
					done := make(chan error)
					go func() { done <- read(server) }()
					time.Sleep(max(pause, 2*time.Millisecond)) // so that it waits
					if err := c.stop(server); err != nil {
						t.Error(err)
					}
					select {
					case err := <-done:
						if !errors.Is(err, c.want) {
							t.Errorf("got %v, want %v", err, c.want)
						}
					case <-time.After(5 * time.Second):
						t.Fatal("still waiting")
					}
				})
			})
		}
	}
}

func readByte(c net.Conn) error {
	_, err := c.Read(make([]byte, 1))
	return err
}

func receiveByte(c net.Conn) error {
	kernel, ok := c.(kernelConn)
	if !ok {
		return readByte(c)
	}
	f, err := os.CreateTemp("", "received")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	_, err = kernel.ReceiveFile(f, 1, new(atomic.Int64))
	return err
}

func TestClosed(t *testing.T) {
	forEach(t, func(t *testing.T, client *net.TCPConn, server net.Conn, pause time.Duration) {
		if pause > 0 {
			_ = server.SetReadDeadline(time.Now().Add(pause))
			_, _ = server.Read(make([]byte, 1))
		}
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
		_, reading := server.Read(make([]byte, 1))
		_, writing := server.Write(make([]byte, 1))
		for what, err := range map[string]error{
			"read": reading, "write": writing, "close": server.Close(), "deadline": server.SetDeadline(time.Now()),
		} {
			if !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s after Close: %v", what, err)
			}
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("client: %v", err)
		}
	})
}

func TestClosedListener(t *testing.T) {
	l := listen(t, conditions()["in its thread"])
	accepted := make(chan error)
	go func() {
		_, err := l.Accept()
		accepted <- err
	}()
	time.Sleep(10 * time.Millisecond)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after Close: %v", err)
	}
}

// kernelConn is what connections of Linux offer.
type kernelConn interface {
	SendFile(file *os.File, n int64, moved *atomic.Int64) (int64, error)
	ReceiveFile(file *os.File, n int64, moved *atomic.Int64) (int64, error)
}

func TestSendFile(t *testing.T) {
	forEach(t, func(t *testing.T, client *net.TCPConn, server net.Conn, pause time.Duration) {
		sender, ok := server.(kernelConn)
		if !ok {
			return // this system has no such call, and nobody asks for it
		}
		all := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, all, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var sending sync.WaitGroup
		sending.Go(func() {
			defer server.Close()
			const part = 1 << 18
			var moved atomic.Int64
			if n, err := sender.SendFile(f, part, &moved); n != part || err != nil {
				t.Errorf("sent %d bytes: %v", n, err)
			}
			if n, err := sender.SendFile(f, int64(len(all)), &moved); n != int64(len(all)-part) || err != nil {
				t.Errorf("sent %d bytes more: %v", n, err)
			}
			if n := moved.Load(); n != int64(len(all)) {
				t.Errorf("%d bytes were counted", n)
			}
		})
		time.Sleep(2 * pause)
		got, err := io.ReadAll(client)
		if err != nil || !bytes.Equal(got, all) {
			t.Errorf("read %d bytes: %v", len(got), err)
		}
		sending.Wait()
	})
}

// A file that is open for appending takes no splice, as some file systems do
// not.
func TestReceiveFile(t *testing.T) {
	t.Run("spliced", func(t *testing.T) { receiveFile(t, os.O_WRONLY) })
	t.Run("copied", func(t *testing.T) { receiveFile(t, os.O_WRONLY|os.O_APPEND) })
}

func receiveFile(t *testing.T, mode int) {
	forEach(t, func(t *testing.T, client *net.TCPConn, server net.Conn, pause time.Duration) {
		receiver, ok := server.(kernelConn)
		if !ok {
			return // this system has no such call, and nobody asks for it
		}
		all := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
		path := filepath.Join(t.TempDir(), "file")
		f, err := os.OpenFile(path, mode|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString("before "); err != nil {
			t.Fatal(err)
		}
		var sending sync.WaitGroup
		sending.Go(func() {
			for rest := all; len(rest) > 0; rest = rest[len(rest)/2+1:] {
				if _, err := client.Write(rest[:len(rest)/2+1]); err != nil {
					t.Error(err)
				}
				time.Sleep(pause)
			}
			_ = client.CloseWrite()
		})
		const part = 1 << 20
		var moved atomic.Int64
		n, err := receiver.ReceiveFile(f, part, &moved)
		if n != part || err != nil {
			t.Errorf("received %d bytes: %v", n, err)
		}
		n, err = receiver.ReceiveFile(f, 2*part, &moved)
		if n != int64(len(all)-part) || err != nil {
			t.Errorf("received %d bytes more: %v", n, err)
		}
		if n := moved.Load(); n != int64(len(all)) {
			t.Errorf("%d bytes were counted", n)
		}
		sending.Wait()
		got, err := os.ReadFile(path)
		if err != nil || string(got) != "before "+string(all) {
			t.Errorf("the file has %d bytes: %v", len(got), err)
		}
	})
}

func TestAddresses(t *testing.T) {
	client, server := pair(t, conditions()["in its thread"])
	if got, want := server.RemoteAddr().String(), client.LocalAddr().String(); got != want {
		t.Errorf("remote address %s, want %s", got, want)
	}
	if got, want := server.LocalAddr().String(), client.RemoteAddr().String(); got != want {
		t.Errorf("local address %s, want %s", got, want)
	}
}

// With a linger of 0 the peer sees a reset, and nothing that was left to say.
func TestLingerOfNothingResets(t *testing.T) {
	forEach(t, func(t *testing.T, client *net.TCPConn, server net.Conn, pause time.Duration) {
		time.Sleep(pause)
		linger, ok := server.(interface{ SetLinger(sec int) error })
		if !ok {
			t.Fatal("the connection has no SetLinger")
		}
		if err := errors.Join(linger.SetLinger(0), server.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("read: %v, want a reset", err)
		}
		if err := linger.SetLinger(0); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}
