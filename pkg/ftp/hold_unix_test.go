//go:build unix

package ftp

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// A reader of a TCP connection holds a buffer only while there is something in
// it.
func TestReaderHoldsNoBufferWhileWaiting(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	r := NewReader(server)
	for _, tt := range []struct {
		sent  string
		holds bool
	}{{"", false}, {"NO", true}, {"OP\r\nQUIT\r\n", false}, {"x", true}} {
		if _, err := io.WriteString(client, tt.sent); err != nil {
			t.Fatal(err)
		}
		if err := server.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = r.ReadLine()
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		err = nil
		if (r.buf != nil) != tt.holds {
			t.Errorf("after %q and a wait it holds %d bytes", tt.sent, len(r.buf))
		}
	}
}
