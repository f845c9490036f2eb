package ftpserver_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// endless is the size of a file, without a byte on the disk, that no test
// waits to see read.
const endless = 1 << 42

func makeEndless(t *testing.T, s *tcpServer, name string) {
	t.Helper()
	path := filepath.Join(s.content, name)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, endless); err != nil {
		t.Fatal(err)
	}
}

// TestHashingIsWatched: like a transfer, it can be asked about and aborted, and
// ends when the client is gone, whatever a control connection may idle.
func TestHashingIsWatched(t *testing.T) {
	s := overTCP(t, "testdata/extended.txtar", nil)
	makeEndless(t, s, "big")
	for _, command := range []string{"HASH big", "XCRC big", "XSHA512 big 5 4398046511000"} {
		c := s.session(t)
		c.send(command + "\r\n")
		progress := regexp.MustCompile(`No data connection, [1-9][0-9]* bytes processed`)
		for begun := time.Now(); ; {
			c.send("STAT\r\n")
			status := c.expect("211-")
			for range 5 {
				status += c.expect("")
			}
			if progress.MatchString(status) {
				break
			}
			if time.Since(begun) > 20*time.Second {
				t.Fatalf("%s: no progress: %s", command, status)
			}
		}
		c.send("NOOP\r\nABOR\r\n")
		c.expect("426 Connection closed; transfer aborted.")
		c.expect("200 NOOP")
		c.expect("226 ABOR command successful.")
		c.send("HASH digits.txt\r\n")
		c.expect("213 SHA-256 0-10 ")
		// The server's end checks that the session has ended too.
		c.send(command + "\r\n")
		if err := c.conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAbortedCombLeavesAll: what was combined so far goes again.
func TestAbortedCombLeavesAll(t *testing.T) {
	s := overTCP(t, "testdata/extended.txtar", nil)
	makeEndless(t, s, "big")
	c := s.session(t)
	for _, target := range []string{"digits.txt", "new"} {
		c.send("COMB " + target + " part1 big\r\nABOR\r\n")
		c.expect("426 ")
		c.expect("226 ")
	}
	c.send("SIZE digits.txt\r\nSIZE new\r\nSIZE part1\r\nSIZE big\r\n")
	c.expect("213 11")
	c.expect("550 ")
	c.expect("213 4")
	c.expect("213 4398046511104")
}
