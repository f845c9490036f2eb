package datachannel_test

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

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

// The kernel copies between files and bare TCP connections only.
func TestConnectionsAreBare(t *testing.T) {
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
		isBare(t, server)
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
		isBare(t, server)
		_ = server.Close()
		_ = l.Close()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

func isBare(t *testing.T, conn net.Conn) {
	t.Helper()
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("connection is a %T", conn)
	}
	f, err := os.Open(filepath.Join("testdata", "some.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := tcp.ReadFrom(f); n == 0 || err != nil {
		t.Errorf("sent %d bytes of a file: %v", n, err)
	}
	if multipath, err := tcp.MultipathTCP(); multipath || err != nil {
		t.Errorf("Multipath TCP: %v, %v", multipath, err)
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
		_ = conn.(*net.TCPConn).SetLinger(0) // no thousands in TIME_WAIT
		_ = conn.Close()
		_ = client.Close()
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
