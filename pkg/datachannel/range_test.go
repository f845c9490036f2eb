package datachannel_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftptest"
)

// refuses reports whether nobody listens at an address.
func refuses(t *testing.T, n *ftptest.Network, to netip.AddrPort) bool {
	t.Helper()
	conn, err := n.Dial(t.Context(), "tcp", netip.AddrPortFrom(bob, 0), to)
	if err != nil {
		return true
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	return false
}

func TestANewRangeCountsAtOnce(t *testing.T) {
	bubble(t, 5000, 5009, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		waiting := expect(t, p, ann)
		idle := expect(t, p, bob)
		if err := idle.Close(); err != nil {
			t.Fatal(err)
		}
		p.SetRange(6000, 6000)
		if !refuses(t, n, idle.LocalAddr()) {
			t.Errorf("port %v is outside the range, nobody is expected there, and it is open", idle.LocalAddr())
		}
		if got := expect(t, p, bob).LocalAddr().Port(); got != 6000 {
			t.Errorf("port %d is given from the range 6000 to 6000", got)
		}
		// Who was told of a port before finds it open.
		conn := connect(t, n, ann, waiting.LocalAddr())
		defer conn.Close()
		mine := fetch(t, waiting, ann)
		defer mine.Close()
		if !refuses(t, n, waiting.LocalAddr()) {
			t.Errorf("the last client of port %v has come, and it is open", waiting.LocalAddr())
		}
	})
}

func TestPortsInBothRangesStayOpen(t *testing.T) {
	bubble(t, 5000, 5000, 100, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		first := expect(t, p, ann)
		p.SetRange(4999, 5000)
		time.Sleep(time.Minute)
		got := map[uint16]bool{}
		for _, client := range []netip.Addr{bob, eve, server} {
			got[expect(t, p, client).LocalAddr().Port()] = true
		}
		if !got[5099] || !got[5100] || len(got) != 2 {
			t.Errorf("ports %v are given from the range 4999 to 5000 with offset 100", got)
		}
		conn := connect(t, n, ann, first.LocalAddr())
		defer conn.Close()
		mine := fetch(t, first, ann)
		defer mine.Close()
		if refuses(t, n, first.LocalAddr()) {
			t.Error("a port of both ranges was closed")
		}
	})
}

func TestBetweenARangeAndPortsOfTheSystem(t *testing.T) {
	bubble(t, 0, 0, 0, func(t *testing.T, n *ftptest.Network, p *datachannel.Ports) {
		chosen := expect(t, p, ann)
		p.SetRange(7000, 7001)
		if got := expect(t, p, bob).LocalAddr().Port(); got != 7000 && got != 7001 {
			t.Errorf("port %d is given from the range 7000 to 7001", got)
		}
		p.SetRange(0, 0)
		if got := expect(t, p, eve).LocalAddr().Port(); got == 7000 || got == 7001 {
			t.Errorf("port %d of the former range is given", got)
		}
		// Closing the ports ends the wait of those that are on the way out.
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := chosen.Conn(t.Context()); err == nil {
			t.Error("a channel of closed ports has a connection")
		}
		p.SetRange(8000, 8001) // nothing any more
	})
}
