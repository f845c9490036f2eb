package ftpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftpserver"
	"github.com/ftphost/ftphost/pkg/ftptest"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/socket"
)

// overTCP serves the sites of an archive on the loopback interface, where the
// kernel copies between files and connections. adjust may change the site.
func overTCP(t testing.TB, archive string, adjust func(*site.Site)) *tcpServer {
	t.Helper()
	a := ftptest.Load(t, archive)
	home := t.TempDir()
	if err := a.WriteHome(home); err != nil {
		t.Fatal(err)
	}
	w := build(t, home, a.Accounts)
	if adjust != nil {
		adjust(w.sites[0])
	}
	var endpoint atomic.Pointer[site.Endpoint]
	endpoint.Store(w.endpoint(t))
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	var idle *socket.Idle
	if err == nil {
		idle, err = socket.NewIdle()
	}
	if err == nil {
		l, err = socket.Listen(l, socket.Limits{Reading: socket.NewReaders(), Writing: socket.NewThreads(16), Idle: idle, Patience: socket.Briefly, Prompt: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	ports := datachannel.NewPorts(datachannel.PortsConfig{})
	server := ftpserver.New(ftpserver.Config{Ports: ports, Log: zerolog.Nop()})
	var served sync.WaitGroup
	logging, stopLogging := context.WithCancel(context.Background())
	served.Go(func() {
		if err := w.logs.Run(logging); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("log: %v", err)
		}
	})
	served.Go(func() {
		if err := idle.Run(logging); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("idle connections: %v", err)
		}
	})
	served.Go(func() {
		if err := server.Serve(l, endpoint.Load); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		stopLogging()
		served.Wait()
		if err := ports.Close(); err != nil {
			t.Error(err)
		}
		if err := idle.Close(); err != nil {
			t.Error(err)
		}
		if err := w.logs.Close(); err != nil {
			t.Error(err)
		}
	})
	return &tcpServer{address: l.Addr().String(), content: filepath.Join(home, "content"), server: server, endpoint: &endpoint}
}

type tcpServer struct {
	address, content string
	server           *ftpserver.Server
	// endpoint is what the listener stands for; nil takes the site away.
	endpoint *atomic.Pointer[site.Endpoint]
}

// session is a client that is logged in.
func (s *tcpServer) session(t testing.TB) *tcpClient {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &tcpClient{client{t, conn, bufio.NewReader(conn)}}
	c.login()
	c.send("TYPE I\r\n")
	c.expect("200 ")
	return c
}

type tcpClient struct{ client }

// open announces a passive connection, sends the command and connects.
func (c *tcpClient) open(command string) net.Conn {
	c.t.Helper()
	c.send("EPSV\r\n")
	var port int
	if _, err := fmt.Sscanf(c.expect("229 "), "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
		c.t.Fatal(err)
	}
	data, err := (&net.Dialer{}).DialContext(c.t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(command + "\r\n")
	c.expect("1")
	return data
}

func (c *tcpClient) get(command string) []byte {
	c.t.Helper()
	data := c.open(command)
	defer data.Close()
	got, err := io.ReadAll(data)
	if err != nil {
		c.t.Fatal(err)
	}
	c.expect("226 ")
	return got
}

func (c *tcpClient) put(command string, b []byte) {
	c.t.Helper()
	data := c.open(command)
	if _, err := data.Write(b); err != nil {
		c.t.Fatal(err)
	}
	if err := data.Close(); err != nil {
		c.t.Fatal(err)
	}
	c.expect("226 ")
}

// random is n bytes that do not repeat.
func random(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b) // never fails
	return b
}

func TestBytesOverTCP(t *testing.T) {
	s := overTCP(t, "testdata/files.txtar", nil)
	c := s.session(t)
	for _, n := range []int{0, 1, 4096, 1 << 20, 9<<20 + 7} {
		want := random(n)
		c.put("STOR x.bin", want)
		stored, err := os.ReadFile(filepath.Join(s.content, "x.bin"))
		if err != nil || !bytes.Equal(stored, want) {
			t.Fatalf("%d bytes: stored %d, %v", n, len(stored), err)
		}
		if got := c.get("RETR x.bin"); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d that differ", n, len(got))
		}
	}
	want := random(9<<20 + 7)
	c.send("REST 5000000\r\n")
	c.expect("350 ")
	if got := c.get("RETR x.bin"); !bytes.Equal(got, want[5000000:]) {
		t.Error("resumed download differs")
	}
	c.put("STOR y.bin", want[:3000000])
	c.put("APPE y.bin", want[3000000:6000000])
	c.send("REST 6000000\r\n")
	c.expect("350 ")
	c.put("STOR y.bin", want[6000000:])
	if got := c.get("RETR y.bin"); !bytes.Equal(got, want) {
		t.Error("upload in three parts differs")
	}
}

// TestSpansAmidCopies lets the span over which the rate is judged end while the
// kernel copies: not a byte may be lost or sent twice.
func TestSpansAmidCopies(t *testing.T) {
	const pause = 100 * time.Millisecond
	s := overTCP(t, "testdata/files.txtar", func(s *site.Site) {
		s.Connections.DataChannelTimeout = time.Second
		s.Connections.MinBytesPerSecond = 1
	})
	want := random(24 << 20)
	if err := os.WriteFile(filepath.Join(s.content, "big"), want, 0o600); err != nil {
		t.Fatal(err)
	}
	down, up := s.session(t), s.session(t)
	to := up.open("STOR up")
	sent := make(chan error)
	go func() {
		var err error
		for block := range slices.Chunk(want, 1<<20) {
			if _, err = to.Write(block); err != nil {
				break
			}
			time.Sleep(pause)
		}
		sent <- errors.Join(err, to.Close())
	}()

	from := down.open("RETR big")
	defer from.Close()
	// A small buffer lets the server see that the client takes its time.
	if err := from.(*net.TCPConn).SetReadBuffer(256 << 10); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 0, len(want))
	for block := make([]byte, 1<<20); len(got) < len(want); time.Sleep(pause) {
		n, err := io.ReadFull(from, block)
		got = append(got, block[:n]...)
		if err != nil {
			break
		}
	}
	down.expect("226 ")
	if !bytes.Equal(got, want) {
		t.Errorf("download of %d bytes differs, got %d", len(want), len(got))
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	up.expect("226 ")
	stored, err := os.ReadFile(filepath.Join(s.content, "up"))
	if err != nil || !bytes.Equal(stored, want) {
		t.Errorf("upload of %d bytes differs, stored %d, %v", len(want), len(stored), err)
	}
}

// TestAbortOverTCP aborts a download that the client does not read.
func TestAbortOverTCP(t *testing.T) {
	s := overTCP(t, "testdata/files.txtar", nil)
	if err := os.WriteFile(filepath.Join(s.content, "big"), random(32<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	c := s.session(t)
	data := c.open("RETR big")
	defer data.Close()
	c.send("ABOR\r\n")
	c.expect("426 ")
	c.expect("226 ABOR")
	c.send("PWD\r\n")
	c.expect("257 ")
}

// TestDroppedOverTCP drops the data connection of a download.
func TestDroppedOverTCP(t *testing.T) {
	s := overTCP(t, "testdata/files.txtar", nil)
	if err := os.WriteFile(filepath.Join(s.content, "big"), random(32<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	c := s.session(t)
	_ = c.open("RETR big").Close()
	c.expect("550 The specified network name is no longer available. \r\n")
}

func BenchmarkRETR(b *testing.B) {
	s := overTCP(b, "testdata/files.txtar", nil)
	const size = 64 << 20
	if err := os.WriteFile(filepath.Join(s.content, "big"), random(size), 0o600); err != nil {
		b.Fatal(err)
	}
	c := s.session(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		data := c.open("RETR big")
		if n, err := io.Copy(io.Discard, data); n != size || err != nil {
			b.Fatal(n, err)
		}
		_ = data.Close()
		c.expect("226 ")
	}
}

func BenchmarkSTOR(b *testing.B) {
	s := overTCP(b, "testdata/files.txtar", nil)
	content := random(64 << 20)
	c := s.session(b)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		c.put("STOR big", content)
	}
}

// BenchmarkSmallFile is one whole transfer of 4 KiB: EPSV, RETR, 226.
func BenchmarkSmallFile(b *testing.B) {
	s := overTCP(b, "testdata/files.txtar", nil)
	if err := os.WriteFile(filepath.Join(s.content, "small"), random(4096), 0o600); err != nil {
		b.Fatal(err)
	}
	c := s.session(b)
	b.ReportAllocs()
	for b.Loop() {
		if got := c.get("RETR small"); len(got) != 4096 {
			b.Fatal(len(got))
		}
	}
}

func BenchmarkNOOP(b *testing.B) {
	c := overTCP(b, "testdata/files.txtar", nil).session(b)
	b.ReportAllocs()
	for b.Loop() {
		c.send("NOOP\r\n")
		c.expect("200 ")
	}
}

func BenchmarkLogin(b *testing.B) {
	s := overTCP(b, "testdata/files.txtar", nil)
	b.ReportAllocs()
	for b.Loop() {
		c := s.session(b)
		c.send("QUIT\r\n")
		c.expect("221 ")
		_ = c.conn.Close()
	}
}
