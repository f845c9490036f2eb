package datachannel_test

import (
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftptest"
)

// TestStrangersAreNamed: whoever runs the server can see who tried.
func TestStrangersAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ftptest.NewNetwork()
		type visit struct {
			port   netip.AddrPort
			remote string
		}
		visits := make(chan visit, 1)
		p := datachannel.NewPorts(datachannel.PortsConfig{
			Low: 5000, High: 5000, Listen: n.Listen,
			OnStranger: func(port netip.AddrPort, remote net.Addr) { visits <- visit{port, hostOnly(remote)} },
		})
		c := expect(t, p, ann)
		isClosed(t, connect(t, n, eve, c.LocalAddr()))
		if got := <-visits; got.port != c.LocalAddr() || got.remote != eve.String() {
			t.Errorf("told of %v", got)
		}
		// The client itself may come twice, or late, without a word.
		connect(t, n, ann, c.LocalAddr())
		fetch(t, c, ann).Close()
		isClosed(t, connect(t, n, ann, c.LocalAddr()))
		select {
		case got := <-visits:
			t.Errorf("told of %v", got)
		default:
		}
		time.Sleep(time.Minute)
		c = expect(t, p, eve)
		isClosed(t, connect(t, n, ann, c.LocalAddr()))
		if got := <-visits; got.remote != ann.String() {
			t.Errorf("told of %v", got)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

func hostOnly(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return err.Error()
	}
	return host
}
