package ftpserver_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// fill makes a directory of many entries and a file of a megabyte: more than a
// connection holds when nobody reads it.
func (r *running) fill(t *testing.T) {
	t.Helper()
	content := r.config.Sites[0].Directories[0].Physical
	if err := os.WriteFile(filepath.Join(content, "big"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	many := filepath.Join(content, "many")
	if err := os.Mkdir(many, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 1200 {
		name := fmt.Sprintf("%s%04d", strings.Repeat("long", 20), i)
		if err := os.WriteFile(filepath.Join(many, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAbortWhileBytesFlowOut aborts downloads and listings that the client does
// not read, by each of the signals that clients send.
func TestAbortWhileBytesFlowOut(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		r.fill(t)
		c := r.dial(t)
		c.login()
		for _, command := range []string{"RETR big", "LIST many", "NLST many"} {
			for _, abort := range []string{"ABOR", "\xff\xf4\xff\xf2ABOR", "\xff\xf4\xf2ABOR", "\xff\xf2abor"} {
				data := c.passive(r)
				c.send(command + "\r\n")
				c.expect("125 ")
				time.Sleep(time.Second)
				c.send("STAT\r\n")
				c.expect("211-")
				for range 3 {
					c.expect("     ")
				}
				c.expect("     Data connection open, ")
				c.expect("211 ")
				c.send("NOOP\r\n" + abort + "\r\nNOOP\r\n")
				c.expect("426 Connection closed; transfer aborted.\r\n")
				c.expect("200 ")
				c.expect("226 ABOR command successful.\r\n")
				c.expect("200 ")
				if n, _ := io.Copy(io.Discard, data); n >= 1<<20 {
					t.Errorf("%s was not aborted: %d bytes came", command, n)
				}
				_ = data.Close()
			}
		}
		data := c.passive(r)
		c.send("RETR big\r\n")
		c.expect("125 ")
		if n, err := io.Copy(io.Discard, data); n != 1<<20 || err != nil {
			t.Errorf("after all that, RETR sends %d bytes, %v", n, err)
		}
		c.expect("226 ")
	})
}

// TestAbortAsTheTransferEnds sends ABOR at every moment around the end: there
// is one answer to the transfer and one to ABOR, whichever was first.
func TestAbortAsTheTransferEnds(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		c := r.dial(t)
		c.login()
		for _, pause := range []time.Duration{0, time.Millisecond, 9 * time.Millisecond, 10 * time.Millisecond, 11 * time.Millisecond, time.Second} {
			for _, first := range []string{"data", "abort"} {
				data := c.passive(r)
				c.send("STOR new\r\n")
				c.expect("125 ")
				time.Sleep(pause)
				if first == "data" {
					_ = data.Close()
				}
				c.send("ABOR\r\n")
				if first == "abort" {
					_ = data.Close()
				}
				if line := c.expect(""); !strings.HasPrefix(line, "226 Transfer") && !strings.HasPrefix(line, "426 ") {
					t.Errorf("%v, %s first: the transfer ends with %q", pause, first, line)
				}
				c.expect("226 ABOR ")
				c.send("NOOP\r\n")
				c.expect("200 ")
			}
		}
	})
}

// TestHalfOpenActiveChannel: ABOR before the connection to the client is there,
// and while the transfer waits for it.
func TestHalfOpenActiveChannel(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		l, err := r.network.Listen("tcp", net.JoinHostPort(r.client.String(), "3000"))
		if err != nil {
			t.Fatal(err)
		}
		c := r.dial(t)
		c.login()
		c.send("PORT 127,0,0,1,11,184\r\n")
		c.expect("200 ")
		synctest.Wait()
		c.send("ABOR\r\n")
		c.expect("226 ")
		if conn, err := l.Accept(); err == nil {
			if n, _ := io.Copy(io.Discard, conn); n > 0 {
				t.Errorf("%d bytes came", n)
			}
			_ = conn.Close()
		}
		_ = l.Close()
		c.send("RETR a.txt\r\n")
		c.expect("425 ")
	})
}

// TestNobodyReads: what the client does not take ends by the least number of
// bytes a second, and the control connection stays.
func TestNobodyReads(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		r.fill(t)
		c := r.dial(t)
		c.login()
		for _, command := range []string{"RETR big", "LIST many", "NLST many"} {
			data := c.passive(r)
			c.send(command + "\r\n")
			c.expect("125 ")
			began := time.Now()
			c.expect("425 Data channel timed out due to not meeting the minimum bandwidth requirement.\r\n")
			// What the connection itself holds counts for the first span.
			if waited := time.Since(began); waited < 30*time.Second || waited > 61*time.Second {
				t.Errorf("%s: 425 after %v", command, waited)
			}
			_ = data.Close()
			c.send("NOOP\r\n")
			c.expect("200 ")
		}
	})
}
