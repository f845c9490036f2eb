package host_test

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

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

// byName keeps sockets as a service manager does: by the name of their address.
type byName struct {
	leftOver
	mu        sync.Mutex
	kept      map[string]bool
	forgotten map[string]int
}

func (b *byName) Keep(l net.Listener) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept[l.Addr().String()] = true
	return nil
}

func (b *byName) Forget(l net.Listener) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.kept, l.Addr().String())
	b.forgotten[l.Addr().String()]++
	return nil
}

// TestReopenedSocketStaysKept: a socket that is closed a moment after its port
// became narrower does not take with it what the service manager keeps of one
// opened at the same address meanwhile.
func TestReopenedSocketStaysKept(t *testing.T) {
	port := freePort(t)
	o := options(t, siteOn(1, t.TempDir(), port))
	manager := &byName{kept: map[string]bool{}, forgotten: map[string]int{}}
	o.Sockets = manager
	h, _ := run(t, o)
	narrow, wide := fmt.Sprintf("127.0.0.1:%d:", port), fmt.Sprintf("*:%d:", port)
	for _, change := range [][2]string{{narrow, wide}, {wide, narrow}, {narrow, wide}} {
		rewrite(t, o.Home, change[0], change[1])
		reload(t, h, false)
	}
	reopened := fmt.Sprintf("[::]:%d", port)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		manager.mu.Lock()
		kept, forgotten := manager.kept[reopened], manager.forgotten[reopened]
		manager.mu.Unlock()
		if kept && forgotten == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the socket at %s is kept: %t, and was forgotten %d times", reopened, kept, forgotten)
		}
	}
	if got := greeting(t, port); got != "220 Microsoft FTP Service\r\n" {
		t.Errorf("greeted with %q", got)
	}
}
