package datachannel_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/datachannel"
)

// ports returns a range of as many ports as the system has free ones for: the
// numbers of the range are names only.
func ports(t testing.TB, count int) *datachannel.Ports {
	t.Helper()
	p := datachannel.NewPorts(datachannel.PortsConfig{Low: 1, High: count, Listen: func(network, address string) (net.Listener, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		l := net.ListenConfig{KeepAlive: -1}
		l.SetMultipathTCP(false)
		return l.Listen(t.Context(), network, net.JoinHostPort(host, "0"))
	}})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

var localhost = netip.MustParseAddr("127.0.0.1")

// The kernel copies from files to the connections, not through us.
func TestConnectionsTakeFiles(t *testing.T) {
	for _, local := range []netip.Addr{localhost, netip.IPv6Loopback()} {
		p := datachannel.NewPorts(datachannel.PortsConfig{})
		c, err := p.Expect(local, local, true)
		if err != nil {
			t.Fatal(err)
		}
		client, err := net.Dial("tcp", c.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		server, err := c.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		takesFile(t, server)
		_ = client.Close()
		_ = server.Close()

		l, err := net.Listen("tcp", netip.AddrPortFrom(local, 0).String())
		if err != nil {
			t.Fatal(err)
		}
		var d datachannel.Dialer
		active := d.Dial(t.Context(), local, l.Addr().(*net.TCPAddr).AddrPort())
		if server, err = active.Conn(t.Context()); err != nil {
			t.Fatal(err)
		}
		takesFile(t, server)
		_ = server.Close()
		_ = l.Close()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// takesFile sends a file in the way the kernel copies by itself.
func takesFile(t *testing.T, conn net.Conn) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "some.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var n int64
	switch conn := conn.(type) {
	case interface {
		SendFile(file *os.File, n int64, moved *atomic.Int64) (int64, error)
	}:
		n, err = conn.SendFile(f, 100, new(atomic.Int64))
	case *net.TCPConn:
		if multipath, err := conn.MultipathTCP(); multipath || err != nil {
			t.Errorf("Multipath TCP: %v, %v", multipath, err)
		}
		n, err = conn.ReadFrom(f)
	default:
		t.Fatalf("connection is a %T", conn)
	}
	if n == 0 || err != nil {
		t.Errorf("sent %d bytes of a file: %v", n, err)
	}
}

// A second connection, and one that comes when nobody is expected, is closed
// before long though nobody waits for any.
func TestUnexpectedConnectionsAreClosed(t *testing.T) {
	p := datachannel.NewPorts(datachannel.PortsConfig{})
	defer p.Close()
	c, err := p.Expect(localhost, localhost, true)
	if err != nil {
		t.Fatal(err)
	}
	first, err := net.Dial("tcp", c.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	server, err := c.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	second, err := net.Dial("tcp", c.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := second.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("second connection: %v", err)
	}
	if n := p.Counters().Strangers; n != 1 {
		t.Errorf("%d strangers", n)
	}
}

// BenchmarkPassive is one data connection from PASV to its end.
func BenchmarkPassive(b *testing.B) {
	p := ports(b, 10)
	b.ReportAllocs()
	for b.Loop() {
		c, err := p.Expect(localhost, localhost, true)
		if err != nil {
			b.Fatal(err)
		}
		client, err := net.Dial("tcp", c.LocalAddr().String())
		if err != nil {
			b.Fatal(err)
		}
		conn, err := c.Conn(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		_ = client.(*net.TCPConn).SetLinger(0) // no thousands in TIME_WAIT
		_ = client.Close()
		_ = conn.Close()
	}
}

// BenchmarkExpect is the reservation alone, among many others.
func BenchmarkExpect(b *testing.B) {
	p := ports(b, 16)
	for i := range 1000 {
		if _, err := p.Expect(localhost, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), true); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		c, err := p.Expect(localhost, localhost, true)
		if err != nil {
			b.Fatal(err)
		}
		_ = c.Close()
	}
}
