package host_test

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/ftphost/ftphost/pkg/host"
)

// leftOver are sockets that the process before left.
type leftOver struct{ listeners []net.Listener }

func (l *leftOver) Take(_ string, addr netip.Addr, port uint16) net.Listener {
	for i, k := range l.listeners {
		if k.Addr().(*net.TCPAddr).AddrPort() == netip.AddrPortFrom(addr, port) {
			l.listeners = append(l.listeners[:i:i], l.listeners[i+1:]...)
			return k
		}
	}
	return nil
}

func (l *leftOver) CloseRest() {
	for _, k := range l.listeners {
		_ = k.Close()
	}
	l.listeners = nil
}

func (*leftOver) Keep(net.Listener) error   { return nil }
func (*leftOver) Forget(net.Listener) error { return nil }

// TestSocketsOfTheProcessBefore: one that is needed is served with who waits in
// it, and one that is not is in nobody's way.
func TestSocketsOfTheProcessBefore(t *testing.T) {
	needed, moved := freePort(t), freePort(t)
	o := options(t, siteOn(1, t.TempDir(), needed), siteOn(2, t.TempDir(), moved))
	left := &leftOver{}
	for _, address := range []string{fmt.Sprintf("127.0.0.1:%d", needed), fmt.Sprintf(":%d", moved)} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		left.listeners = append(left.listeners, l)
	}
	waiting := dial(t, needed)
	defer waiting.Close()
	o.Sockets = left
	h, _ := run(t, o)
	for name, s := range status(h) {
		if s.State != host.Started || s.Reason != "" {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if got, err := bufio.NewReader(waiting).ReadString('\n'); got != "220 Microsoft FTP Service\r\n" {
		t.Errorf("who waited is greeted with %q, %v", got, err)
	}
	if got := greeting(t, moved); got != "220 Microsoft FTP Service\r\n" {
		t.Errorf("the other is greeted with %q", got)
	}
}
