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
		sent string
		left int // of it, when all lines are read
	}{{"", 0}, {"NO", 2}, {"OP\r\nQUIT\r\n", 0}, {"x", 1}} {
		if _, err := io.WriteString(client, tt.sent); err != nil {
			t.Fatal(err)
		}
		for range 100 { // a busy machine may need more than one
			wait(t, server, r)
			if r.Buffered() == tt.left {
				break
			}
		}
		if r.Buffered() != tt.left || (r.buf != nil) != (tt.left > 0) {
			t.Errorf("after %q and a wait: %d bytes in a buffer of %d", tt.sent, r.Buffered(), len(r.buf))
		}
	}
}

// wait reads lines until none has come for a while.
func wait(t *testing.T, conn net.Conn, r *Reader) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for {
		_, err := r.ReadLine()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return
		case err != nil:
			t.Fatal(err)
		}
	}
}
