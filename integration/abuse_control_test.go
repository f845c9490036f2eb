//go:build integration

package integration_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowLines sends a byte now and then, before and after logging in.
func slowLines(t *testing.T, s *server) {
	var clients sync.WaitGroup
	for i := range 100 {
		c := raw(t, s, "127.0.0.1")
		if i%2 == 0 {
			if _, err := c.Write([]byte("USER anonymous\r\nPASS x\r\n")); err != nil {
				t.Fatal(err)
			}
		}
		clients.Go(func() {
			for range (controlLimit + 3) * 20 {
				if _, err := c.Write([]byte("U")); err != nil {
					return // closed, as it must be
				}
				time.Sleep(50 * time.Millisecond)
			}
			t.Error("a client that sends a byte now and then is never closed")
		})
	}
	clients.Wait()
}

func manyConnects(t *testing.T, s *server) {
	const all, atOnce = 10000, 32
	var clients sync.WaitGroup
	for range atOnce {
		clients.Go(func() {
			for range all / atOnce {
				c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
				if err != nil {
					t.Error(err)
					return
				}
				// No TIME_WAIT: ten thousand of them are more than there are ports.
				_ = c.(*net.TCPConn).SetLinger(0)
				_ = c.Close()
			}
		})
	}
	clients.Wait()
}

func longLines(t *testing.T, s *server) {
	d := login(t, "127.0.0.1", s.port, "user1")
	for _, size := range []int{4097, 64 << 10, 1 << 20} {
		d.say("CWD "+strings.Repeat("x", size), "500 ")
		d.say("NOOP", "200 ")
	}
	// Before a login, and without an end: the time for logging in ends it.
	c := raw(t, s, "127.0.0.1")
	if _, err := c.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil {
		return // it may have been enough
	}
	closedWithin(t, c, (loginLimit+3)*time.Second)
}

func strangeBytes(t *testing.T, s *server) {
	c := raw(t, s, "127.0.0.1")
	for _, line := range []string{
		"USER a\x00b\r\n", "USER a\nPASS b\n", "\xff\xf4\xff\xf2ABOR\r\n", "USER \r\r\r\n", "\x00\x01\x02\x03\r\n",
		"USER \xff\xfe\xfd\r\n", "\r\n", " \r\n", "HTTP/1.1 \r\n", "USER %s%n%x\r\n", "SITE \x1b[2J\r\n",
	} {
		if _, err := c.Write([]byte(line)); err != nil {
			return // it may have been enough
		}
	}
	if _, err := c.Write([]byte("QUIT\r\n")); err != nil {
		return
	}
	closedWithin(t, c, 10*time.Second)
	wholeLog(t, s)
}

// strangeNames: arguments of every kind of command with NUL, CR, LF, ESC and
// IAC in them, and files with such names that somebody else made.
func strangeNames(t *testing.T, s *server) {
	names := []string{"a\x00b", "a\rb", "a\x1b[2Jb", "a\xff\xffb", "a\tb", "a\x7fb", "caf\xe9"}
	for _, name := range append(names, "a\r\n226 Transfer complete.\r\nb", "a\nb") {
		if !strings.Contains(name, "\x00") {
			writeFile(t, filepath.Join(content(s.home), "strange", name), []byte("x"))
		}
	}
	d := login(t, "127.0.0.1", s.port, "user1")
	d.say("CWD strange", "250 ")
	for _, name := range names {
		for _, command := range []string{"CWD", "SIZE", "MDTM", "MLST", "STAT", "RNFR", "RNTO", "MKD", "RMD", "DELE", "HASH", "SITE", "OPTS", "HELP", "HOST", "CLNT"} {
			d.say(command+" "+name, "") // one reply of any kind, as the next one shows
			d.say("NOOP", "200 NOOP")
		}
		if _, err := fmt.Fprintf(d.conn, "LIST a\nb\r\n"); err != nil {
			t.Fatal(err)
		}
		d.expect("451 ")
		d.expect("500 ")
	}
	for _, command := range []string{"LIST", "NLST", "MLSD", "NLST -l"} {
		if got := d.fetch(command); strings.Contains(got, "\n226") || strings.ContainsAny(got, "\x1b\x00") || strings.Contains(strings.ReplaceAll(got, "\r\n", ""), "\r") {
			t.Errorf("%s is split by a name: %q", command, got)
		}
	}
	d.say("STAT .", "213-")
	d.say("QUIT", "221 ")
	wholeLog(t, s)
}

// wholeLog expects that no line of the log was split.
func wholeLog(t *testing.T, s *server) {
	t.Helper()
	var log string
	eventually(t, "the log has it", func() bool {
		log = readLog(t, s.home)
		return strings.Count(log, "ControlChannelClosed") >= 2
	})
	for line := range strings.SplitSeq(strings.TrimSuffix(log, "\r\n"), "\r\n") {
		if !strings.HasPrefix(line, "#") && len(strings.Split(line, " ")) != 13 {
			t.Errorf("a line of the log was split: %q", line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' }) {
			t.Errorf("a line of the log has control characters: %q", line)
		}
	}
}

// pipelined sends a thousand commands at once, and then a thousand of which
// each needs a data channel.
func pipelined(t *testing.T, s *server) {
	const commands = 1000
	d := login(t, "127.0.0.1", s.port, "user1")
	go func() {
		_, _ = d.conn.Write(bytes.Repeat([]byte("NOOP\r\n"), commands))
	}()
	for range commands {
		d.expect("200 ")
	}
	go func() {
		_, _ = d.conn.Write(bytes.Repeat([]byte("EPSV\r\nABOR\r\nLIST\r\n"), commands))
	}()
	for range commands {
		d.expect("229 ")
		d.expect("226 ")
		d.expect("425 ")
	}
}

func guessing(t *testing.T, s *server) {
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 5 {
				c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = c.Write([]byte("USER user1\r\nPASS guess\r\nUSER nobody\r\nPASS guess\r\nQUIT\r\n"))
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				answers, err := io.ReadAll(c)
				if bytes.Contains(answers, []byte("230 ")) || bytes.Count(answers, []byte("530 User cannot log in.")) != 2 {
					t.Errorf("guessing was answered %q, %v", answers, err)
				}
				_ = c.Close()
			}
		})
	}
	clients.Wait()
}

// shrinkingFile: what is sent of a file that others change ends in time, with
// some answer.
func shrinkingFile(t *testing.T, s *server) {
	name := filepath.Join(content(s.home), "shrinking.bin")
	d := login(t, "127.0.0.1", s.port, "user1")
	for _, change := range []func() error{
		func() error { return os.Truncate(name, mebibyte) },
		func() error { return os.Truncate(name, 0) },
		func() error { return os.Remove(name) },
		func() error { return os.WriteFile(name, []byte("another"), 0o600) },
	} {
		writeFile(t, name, make([]byte, 64*mebibyte))
		c := d.passive()
		d.say("RETR shrinking.bin", "1")
		if _, err := io.CopyN(io.Discard, c, 1024); err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Fatal(err)
		}
		d.expect("") // any answer, in time
		d.say("NOOP", "200 ")
	}
}
