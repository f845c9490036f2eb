//go:build unix

package service_test

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestRestartDropsNobody: who connects while no process is there waits for the
// next one.
func TestRestartDropsNobody(t *testing.T) {
	m, address := newManager(t), freeAddress(t)
	first := m.start(t, "first", address)
	if got := m.hear(t, "READY=1"); !strings.Contains(got, "STATUS=opened of closed") {
		t.Errorf("the first said %q", got)
	}
	if got := greeting(t, dial(t, address)); got != "first" {
		t.Errorf("the first greets with %q", got)
	}
	stop(first)
	waiting := []net.Conn{dial(t, address), dial(t, address)}
	m.forgetHeard()
	m.start(t, "second", address)
	if got := m.hear(t, "READY=1"); !strings.Contains(got, "STATUS=took of tcp-127.0.0.1-") || !strings.HasSuffix(got, "closed") {
		t.Errorf("the second said %q", got)
	}
	for _, conn := range waiting {
		if got := greeting(t, conn); got != "second" {
			t.Errorf("who waited is greeted with %q", got)
		}
	}
}

// TestReload: RELOADING with the time, then READY.
func TestReload(t *testing.T) {
	m, address := newManager(t), freeAddress(t)
	cmd := m.start(t, "one", address)
	m.hear(t, "READY=1")
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	m.hear(t, "READY=1\nSTATUS=reloaded")
	m.hear(t, "RELOADING=1\nMONOTONIC_USEC=")
}

// TestSocketUnit: a socket that somebody else has opened is recognised by its
// address, and those of other addresses are closed, here and at the manager.
func TestSocketUnit(t *testing.T) {
	m, address, other := newManager(t), freeAddress(t), freeAddress(t)
	ours, theirs := socketFile(t, address), socketFile(t, other)
	m.mu.Lock()
	m.stored["old"] = []*os.File{theirs}
	m.mu.Unlock()
	m.start(t, "one", address, ours)
	if got := m.hear(t, "READY=1"); !strings.Contains(got, "took of ") || !strings.HasSuffix(got, "closed old ("+other+")") {
		t.Errorf("it said %q", got)
	}
	m.hear(t, "FDSTOREREMOVE=1\nFDNAME=old")
	if got := greeting(t, dial(t, address)); got != "one" {
		t.Errorf("it greets with %q", got)
	}
	if conn, err := net.Dial("tcp", other); err == nil {
		_ = conn.Close()
		t.Error("the socket of nobody still takes connections")
	}
}

// TestOtherDescriptors: what is no listening socket is closed and told.
func TestOtherDescriptors(t *testing.T) {
	m, address := newManager(t), freeAddress(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	packets, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	udp, err := packets.(*net.UDPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	m.start(t, "one", address, r, udp)
	got := m.hear(t, "READY=1")
	if strings.Count(got, "from the service manager is closed: ") != 2 || !strings.Contains(got, "not a listening stream socket (ListenStream=)") {
		t.Errorf("it said %q", got)
	}
}

// socketFile is a listening socket as a socket unit opens it.
func socketFile(t *testing.T, address string) *os.File {
	t.Helper()
	l, err := net.Listen("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}
