package datachannel_test

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A connection left over from before is not taken for the expected one.
func TestOldConnectionsAreNotDelivered(t *testing.T) {
	p := ports(t, 1)
	c, err := p.Expect(localhost, localhost, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	late, err := net.Dial("tcp", c.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	arrive(t, late.(*net.TCPConn))
	if c, err = p.Expect(localhost, localhost, true); err != nil {
		t.Fatal(err)
	}
	if c.Ready() {
		t.Fatal("the late connection was delivered")
	}
	client, err := net.Dial("tcp", c.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := c.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if got, want := server.RemoteAddr().String(), client.LocalAddr().String(); got != want {
		t.Errorf("got the connection from %s, want %s", got, want)
	}
}

// arrive waits until the server's end of a connection stands in the queue of
// its port, which may be a moment after the client's has been made: a byte was
// acknowledged then.
func arrive(t *testing.T, client *net.TCPConn) {
	t.Helper()
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	raw, err := client.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		var unacknowledged int
		var failed error
		if err := raw.Control(func(fd uintptr) { unacknowledged, failed = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }); err != nil || failed != nil {
			t.Fatal(err, failed)
		}
		if unacknowledged == 0 {
			return
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatal("the byte was not acknowledged")
		}
	}
}
