package ftps_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftps"
)

// TestNothingComesBeforeData: a client that only sends has nothing unread when
// it closes, so that its end is not a reset. With sessions to resume and
// without.
func TestNothingComesBeforeData(t *testing.T) {
	for _, resume := range []bool{false, true} {
		s := secured(t, ftps.NewKeys(), settings(t), tls.VersionTLS13, &lastSession{})
		cache := s.config.ClientSessionCache
		if !resume {
			cache = nil
		}
		client, raw, d, conn, err := s.data(t, cache)
		if err != nil {
			t.Fatal(err)
		}
		if client.ConnectionState().DidResume != resume {
			t.Errorf("resumed %v, want %v", !resume, resume)
		}
		if n := unread(t, raw); n != 0 {
			t.Errorf("resumed %v: %d bytes wait to be read by a client that only sends", resume, n)
		}
		sent := random(t, 1<<20+1)
		go func() {
			_, _ = client.Write(sent)
			_ = client.Close()
		}()
		got, err := io.ReadAll(d)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%d bytes came, want %d: %v", len(got), len(sent), err)
		}
		d.Release()
		_ = conn.Close()
	}
}

// unread is how much has come that nobody has read, once it stops coming.
func unread(t *testing.T, c *net.TCPConn) (n int) {
	t.Helper()
	time.Sleep(50 * time.Millisecond)
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64<<10)
	err = raw.Control(func(fd uintptr) {
		n, _, err = syscall.Recvfrom(int(fd), b, syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	if err != nil {
		t.Fatal(err)
	}
	return max(n, 0)
}
