//go:build integration

package integration_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
)

// cutting is the connection below TLS, which can lose what comes after a part
// of a record.
type cutting struct {
	net.Conn
	// after is how many bytes of the next record still go through; -1: all.
	after int
}

var errCut = errors.New("cut by the test")

func (c *cutting) Write(b []byte) (int, error) {
	if c.after < 0 {
		return c.Conn.Write(b)
	}
	n, err := c.Conn.Write(b[:min(c.after, len(b))])
	return n, errors.Join(errCut, err)
}

// TestFTPSTruncatedUploads: no upload that was cut off counts as whole. One
// that ends between two records does, with a last word of TLS or without:
// half of all clients end their uploads so.
func TestFTPSTruncatedUploads(t *testing.T) {
	t.Parallel()
	const (
		whole   = "226 Transfer complete."
		gone    = "550 The specified network name is no longer available. "
		damaged = "550 The message received was unexpected or badly formatted. "
	)
	s := secureServer(t)
	for _, c := range []struct {
		name   string
		end    func(raw *cutting, secure *tls.Conn)
		answer string
	}{
		{"a last word", func(_ *cutting, secure *tls.Conn) { _ = secure.Close() }, whole},
		{"a last word, waiting for an answer", func(_ *cutting, secure *tls.Conn) { _ = secure.CloseWrite() }, whole},
		{"an end between records", func(raw *cutting, _ *tls.Conn) { _ = raw.Close() }, whole},
		{"an end amid a header", func(raw *cutting, secure *tls.Conn) { cutAfter(raw, secure, 3) }, gone},
		{"an end behind a header", func(raw *cutting, secure *tls.Conn) { cutAfter(raw, secure, 5) }, gone},
		{"an end amid a record", func(raw *cutting, secure *tls.Conn) { cutAfter(raw, secure, 9000) }, gone},
		{"an end amid the last word", func(raw *cutting, secure *tls.Conn) {
			raw.after = 10
			_ = secure.CloseWrite()
			_ = raw.Close()
		}, gone},
		{"a reset amid a record", func(raw *cutting, secure *tls.Conn) {
			_ = raw.Conn.(*net.TCPConn).SetLinger(0)
			cutAfter(raw, secure, 9000)
		}, gone},
		{"a reset between records", func(raw *cutting, _ *tls.Conn) {
			_ = raw.Conn.(*net.TCPConn).SetLinger(0)
			_ = raw.Close()
		}, gone},
		{"a forged record", func(raw *cutting, _ *tls.Conn) {
			_, _ = raw.Write(append([]byte{23, 3, 3, 0, 64}, make([]byte, 64)...))
			_ = raw.Close()
		}, damaged},
		{"clear text", func(raw *cutting, _ *tls.Conn) {
			_, _ = raw.Write([]byte("and this is the end of the file\n"))
			_ = raw.Close()
		}, damaged},
	} {
		for _, v := range tlsVersions {
			t.Run(c.name+" "+v.name, func(t *testing.T) {
				d := loginTLS(t, s, clientTLS(v.number, site1), "user1")
				name := strings.ReplaceAll(c.name, " ", "-") + v.name
				raw := &cutting{d.passive(), -1}
				d.say("STOR "+name, "1")
				secure := tls.Client(raw, d.config)
				data := make([]byte, 300_000)
				if _, err := secure.Write(data); err != nil {
					t.Fatal(err)
				}
				c.end(raw, secure)
				d.expect(c.answer)
				if c.answer == whole {
					d.say("SIZE "+name, fmt.Sprintf("213 %d", len(data)))
				} else {
					d.say("SIZE "+name, "550 ") // partial uploads are not kept
				}
			})
		}
	}
}

// cutAfter sends a part of a record and ends the connection.
func cutAfter(raw *cutting, secure *tls.Conn, n int) {
	raw.after = n
	_, _ = secure.Write(make([]byte, 16<<10))
	_ = raw.Close()
}
