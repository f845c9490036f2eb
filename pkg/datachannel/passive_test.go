package datachannel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftptest"
)

var (
	server = netip.MustParseAddr("192.0.2.1")
	ann    = netip.MustParseAddr("198.51.100.1")
	bob    = netip.MustParseAddr("198.51.100.2")
	eve    = netip.MustParseAddr("203.0.113.66")
)

// bubble runs f with ports on a network in memory and fails when anything is
// left running.
func bubble(t *testing.T, low, high, offset int, f func(t *testing.T, n *ftptest.Network, p *datachannel.Ports)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := ftptest.NewNetwork()
		p := datachannel.NewPorts(datachannel.PortsConfig{Low: low, High: high, Offset: offset, Listen: n.Listen})
		defer func() {
			if err := p.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}()
		f(t, n, p)
	})
}

func expect(t *testing.T, p *datachannel.Ports, client netip.Addr) *datachannel.Passive {
	t.Helper()
	c, err := p.Expect(server, client, true)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// connect opens a connection from a client and says its name on it. A stranger
// may have been thrown out before.
func connect(t *testing.T, n *ftptest.Network, from netip.Addr, to netip.AddrPort) net.Conn {
	t.Helper()
	conn, err := n.Dial(t.Context(), "tcp", netip.AddrPortFrom(from, 0), to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, from.String()); err != nil && !errors.Is(err, syscall.EPIPE) {
		t.Fatal(err)
	}
	synctest.Wait()
	return conn
}

// fetch takes the connection of c and checks who is on the other side.
func fetch(t *testing.T, c datachannel.Channel, from netip.Addr) net.Conn {
	t.Helper()
	conn, err := c.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	got, err := conn.Read(b)
	if err != nil || string(b[:got]) != from.String() {
		t.Fatalf("other side said %q, %v; want %v", b[:got], err, from)
	}
	return conn
}

// isClosed checks that the server has closed a client's connection.
func isClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(make([]byte, 1))
	if n != 0 || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("connection is not closed: read %d, %v", n, err)
	}
}

func counters(t *testing.T, p *datachannel.Ports, want datachannel.Counters) {
	t.Helper()
	synctest.Wait()
	if got := p.Counters(); got != want {
		t.Errorf("counters %+v, want %+v", got, want)
	}
}

func TestPassive(t *testing.T) {
	bubble(t, 5000, 5009, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		c := expect(t, p, ann)
		if at := c.LocalAddr(); at.Addr() != server || at.Port() < 5000 || at.Port() > 5009 {
			t.Errorf("LocalAddr() = %v", at)
		}
		if c.Ready() {
			t.Error("ready before anybody came")
		}
		client := connect(t, n, ann, c.LocalAddr())
		if !c.Ready() {
			t.Error("not ready though the client is there")
		}
		conn := fetch(t, c, ann)
		if c.Ready() {
			t.Error("ready though it was used")
		}
		if _, err := c.Conn(t.Context()); !errors.Is(err, datachannel.ErrUsed) {
			t.Errorf("second Conn: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := io.WriteString(conn, "x"); err != nil {
			t.Errorf("Close of the channel closed the fetched connection: %v", err)
		}
		_ = conn.Close()
		_ = client.Close()
		counters(t, p, datachannel.Counters{Delivered: 1})
	})
}

func TestPassiveWaits(t *testing.T) {
	bubble(t, 5000, 5009, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		c := expect(t, p, ann)
		go func() {
			time.Sleep(time.Minute)
			_, _ = n.Dial(context.Background(), "tcp", netip.AddrPortFrom(ann, 0), c.LocalAddr())
		}()
		began := time.Now()
		conn, err := c.Conn(t.Context())
		if err != nil || time.Since(began) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		_ = conn.Close()
	})
}

// Nobody gets what is meant for another address, whoever knows the port.
func TestStrangersAreClosed(t *testing.T) {
	bubble(t, 5000, 5000, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		c := expect(t, p, ann)
		isClosed(t, connect(t, n, eve, c.LocalAddr()))
		if c.Ready() {
			t.Fatal("a stranger was delivered")
		}
		connect(t, n, ann, c.LocalAddr())
		isClosed(t, connect(t, n, ann, c.LocalAddr())) // one is enough
		fetch(t, c, ann).Close()
		isClosed(t, connect(t, n, ann, c.LocalAddr())) // nothing is expected now
		counters(t, p, datachannel.Counters{Delivered: 1, Strangers: 3})
	})
}

func TestAddressesAreCompared(t *testing.T) {
	bubble(t, 5000, 5000, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		mapped := netip.AddrFrom16(ann.As16())
		c := expect(t, p, mapped)
		connect(t, n, ann, c.LocalAddr())
		fetch(t, c, ann).Close()
		c = expect(t, p, ann)
		connect(t, n, mapped, c.LocalAddr())
		fetch(t, c, mapped).Close()
		zoned := netip.MustParseAddr("fe80::1%eth0")
		c = expect(t, p, zoned)
		connect(t, n, zoned.WithZone(""), c.LocalAddr())
		fetch(t, c, zoned.WithZone("")).Close()
	})
}

func TestAnyAddress(t *testing.T) {
	bubble(t, 5000, 5000, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		c, err := p.Expect(server, ann, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range []bool{true, false} {
			if _, err := p.Expect(server, bob, match); !errors.Is(err, datachannel.ErrExhausted) {
				t.Errorf("sharing a port that waits for anybody: %v", err)
			}
		}
		connect(t, n, eve, c.LocalAddr())
		fetch(t, c, eve).Close()
		shared := expect(t, p, bob)
		if _, err := p.Expect(server, ann, false); !errors.Is(err, datachannel.ErrExhausted) {
			t.Errorf("anybody beside somebody: %v", err)
		}
		if err := shared.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestClientsShareAPort(t *testing.T) {
	bubble(t, 5000, 5000, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		a, b := expect(t, p, ann), expect(t, p, bob)
		if a.LocalAddr() != b.LocalAddr() {
			t.Fatalf("%v and %v", a.LocalAddr(), b.LocalAddr())
		}
		if _, err := p.Expect(server, ann, true); !errors.Is(err, datachannel.ErrExhausted) {
			t.Errorf("second channel of one client: %v", err)
		}
		connect(t, n, bob, b.LocalAddr())
		connect(t, n, ann, a.LocalAddr())
		fetch(t, a, ann).Close()
		fetch(t, b, bob).Close()
		counters(t, p, datachannel.Counters{Delivered: 2, Exhausted: 1})
	})
}

// The port is free again for the same client once its connection is there,
// was given up or timed out.
func TestPortIsGivenBack(t *testing.T) {
	bubble(t, 5000, 5000, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		first := expect(t, p, ann)
		held := connect(t, n, ann, first.LocalAddr())
		second := expect(t, p, ann)
		if second.Ready() {
			t.Error("the connection of another channel was delivered")
		}
		if err := second.Close(); err != nil {
			t.Error(err)
		}
		if _, err := second.Conn(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Conn after Close: %v", err)
		}
		third := expect(t, p, ann)
		short, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if _, err := third.Conn(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Conn: %v", err)
		}
		late := connect(t, n, ann, third.LocalAddr())
		isClosed(t, late)
		if err := third.Close(); err != nil {
			t.Error(err)
		}
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		isClosed(t, held) // nobody fetched it
		if _, err := first.Conn(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Conn after Close: %v", err)
		}
		counters(t, p, datachannel.Counters{Delivered: 1, Strangers: 1, Expired: 2})
	})
}

func TestPortsTakeTurns(t *testing.T) {
	bubble(t, 5000, 5009, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		seen := map[netip.AddrPort]int{}
		last := netip.AddrPort{}
		for range 50 {
			c := expect(t, p, ann)
			if c.LocalAddr() == last {
				t.Errorf("%v twice in a row", last)
			}
			last = c.LocalAddr()
			seen[last]++
			connect(t, n, ann, last)
			fetch(t, c, ann).Close()
		}
		if len(seen) != 10 {
			t.Errorf("used %v", seen)
		}
		for at, times := range seen {
			if times != 5 {
				t.Errorf("%v was used %d times of 50", at, times)
			}
		}
	})
}

// A wide range is opened as far as it is needed and no further.
func TestPortsAreOpenedOnDemand(t *testing.T) {
	listens := 0
	synctest.Test(t, func(t *testing.T) {
		n := ftptest.NewNetwork()
		p := datachannel.NewPorts(datachannel.PortsConfig{Low: 5000, High: 5999, Listen: func(network, address string) (net.Listener, error) {
			listens++
			return n.Listen(network, address)
		}})
		defer p.Close()
		for range 200 {
			if err := expect(t, p, ann).Close(); err != nil {
				t.Fatal(err)
			}
		}
		if listens != datachannel.PoolSize {
			t.Errorf("%d ports for one session, want %d", listens, datachannel.PoolSize)
		}
		ports := map[netip.AddrPort]bool{}
		for range 1000 {
			ports[expect(t, p, ann).LocalAddr()] = true
		}
		if len(ports) != 1000 || listens != 1000 {
			t.Errorf("%d ports, %d opened", len(ports), listens)
		}
		if _, err := p.Expect(server, ann, true); !errors.Is(err, datachannel.ErrExhausted) {
			t.Errorf("got %v", err)
		}
	})
}

func TestOffset(t *testing.T) {
	bubble(t, 5000, 5001, 20_000, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		c := expect(t, p, ann)
		if port := c.LocalAddr().Port(); port != 25_000 && port != 25_001 {
			t.Errorf("port %d", port)
		}
		connect(t, n, ann, c.LocalAddr())
		fetch(t, c, ann).Close()
	})
}

func TestLocalAddressesAreApart(t *testing.T) {
	bubble(t, 5000, 5000, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		other := netip.MustParseAddr("2001:db8::1")
		a := expect(t, p, ann)
		b, err := p.Expect(other, ann, true)
		if err != nil {
			t.Fatal(err)
		}
		if b.LocalAddr() != netip.AddrPortFrom(other, 5000) {
			t.Errorf("LocalAddr() = %v", b.LocalAddr())
		}
		connect(t, n, ann, b.LocalAddr())
		if a.Ready() || !b.Ready() {
			t.Error("delivered to the wrong address")
		}
		fetch(t, b, ann).Close()
	})
}

func TestSystemChoosesPorts(t *testing.T) {
	bubble(t, 0, 0, 20_000, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		ports := map[netip.AddrPort]bool{}
		for range datachannel.MaxEphemeral {
			ports[expect(t, p, ann).LocalAddr()] = true
		}
		if len(ports) != datachannel.MaxEphemeral {
			t.Errorf("%d ports", len(ports))
		}
		if _, err := p.Expect(server, ann, true); !errors.Is(err, datachannel.ErrExhausted) {
			t.Errorf("got %v", err)
		}
		c := expect(t, p, bob)
		if !ports[c.LocalAddr()] {
			t.Error("a port was opened though others could be shared")
		}
		connect(t, n, bob, c.LocalAddr())
		fetch(t, c, bob).Close()
	})
}

func TestPortsOfOtherPrograms(t *testing.T) {
	bubble(t, 5000, 5003, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		var others []net.Listener
		for port := 5000; port <= 5003; port++ {
			l, err := n.Listen("tcp", fmt.Sprintf("%s:%d", server, port))
			if err != nil {
				t.Fatal(err)
			}
			others = append(others, l)
		}
		_, err := p.Expect(server, ann, true)
		if !errors.Is(err, datachannel.ErrListen) || !errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, datachannel.ErrExhausted) {
			t.Errorf("all taken: %v", err)
		}
		_ = others[2].Close()
		if _, err := p.Expect(server, ann, true); !errors.Is(err, datachannel.ErrListen) {
			t.Errorf("tried again at once: %v", err)
		}
		time.Sleep(time.Minute)
		if got := expect(t, p, ann).LocalAddr().Port(); got != 5002 {
			t.Errorf("port %d, want 5002", got)
		}
		if _, err := p.Expect(server, ann, true); !errors.Is(err, datachannel.ErrExhausted) {
			t.Errorf("the one port waits: %v", err)
		}
	})
}

func TestPortsClose(t *testing.T) {
	bubble(t, 5000, 5009, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		waiting, there := expect(t, p, ann), expect(t, p, ann)
		client := connect(t, n, ann, there.LocalAddr())
		ended := make(chan error)
		go func() {
			_, err := waiting.Conn(context.Background())
			ended <- err
		}()
		synctest.Wait()
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("waiting Conn: %v", err)
		}
		if _, err := p.Expect(server, ann, true); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Expect after Close: %v", err)
		}
		fetch(t, there, ann).Close()
		_ = client.Close()
		if _, err := n.Dial(t.Context(), "tcp", netip.AddrPortFrom(ann, 0), there.LocalAddr()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("port is still open: %v", err)
		}
		for _, c := range []*datachannel.Passive{waiting, there} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// failing is a listener whose Accept fails a few times.
type failing struct {
	net.Listener
	failures int
}

func (l *failing) Accept() (net.Conn, error) {
	if l.failures > 0 {
		l.failures--
		return nil, syscall.EMFILE
	}
	return l.Listener.Accept()
}

func TestAcceptGoesOnAfterErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ftptest.NewNetwork()
		p := datachannel.NewPorts(datachannel.PortsConfig{Low: 5000, High: 5000, Listen: func(network, address string) (net.Listener, error) {
			l, err := n.Listen(network, address)
			return &failing{l, 20}, err
		}})
		defer p.Close()
		c := expect(t, p, ann)
		connect(t, n, ann, c.LocalAddr())
		fetch(t, c, ann).Close()
	})
}
