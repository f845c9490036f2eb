//go:build integration

package integration_test

import (
	"bytes"
	"errors"
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

// abused is a server of its own for each kind of abuse, with short limits.
func abused(t *testing.T) *server {
	t.Helper()
	home := newHome(t, "")
	configure(t, home, "scenario", `<messages allow`, `<connections unauthenticatedTimeout="2" controlChannelTimeout="20" dataChannelTimeout="2" /><messages allow`)
	s := serve(t, home)
	stillServes(t, s) // so that the figures afterwards have something to go back to
	return s
}

// usage is what the server holds.
type usage struct{ descriptors, kibibytes int }

func (s *server) usage(t *testing.T) (u usage) {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d", s.cmd.Process.Pid)
	open, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(rest, &u.kibibytes); err != nil {
		t.Fatal(err)
	}
	u.descriptors = len(open)
	return u
}

// stillServes is the ordinary client: it logs in, lists and downloads, within
// two seconds of its first packet.
func stillServes(t *testing.T, s *server) {
	t.Helper()
	began := time.Now()
	d := login(t, "127.0.0.1", s.port, "user1")
	if got := d.fetch("LIST"); !strings.Contains(got, "computer.txt") {
		t.Errorf("the listing is %q", got)
	}
	if got := d.fetch("RETR computer.txt"); got == "" {
		t.Error("computer.txt is empty")
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("an ordinary client waited %v", took)
	}
	d.say("QUIT", "221 ")
}

// memorySlack is how much more the process may keep after abuse: the runtime
// gives memory back to the system with delay.
const memorySlack = 96 << 10

// TestAbuse does what hostile and broken clients do. After each kind an
// ordinary client is served, and what the server holds is back to before.
func TestAbuse(t *testing.T) {
	for _, abuse := range []struct {
		name string
		do   func(t *testing.T, s *server)
	}{
		{"slow lines", slowLines},
		{"many connects", manyConnects},
		{"half-open data connections", halfOpenData},
		{"long command lines", longLines},
		{"bytes that are no text", strangeBytes},
		{"pipelined commands", pipelined},
		{"ABOR without end", manyAborts},
		{"leaving in every phase", leaving},
		{"a file that shrinks and goes while it is sent", shrinkingFile},
		{"data connections to third parties", thirdParties},
		{"guessing passwords", guessing},
	} {
		t.Run(abuse.name, func(t *testing.T) {
			s := abused(t)
			before := s.usage(t)
			abuse.do(t, s)
			stillServes(t, s)
			var after usage
			eventually(t, "descriptors are back", func() bool {
				after = s.usage(t)
				// Passive ports that were opened stay open, and are bounded.
				return after.descriptors <= before.descriptors+32
			})
			if after.kibibytes > before.kibibytes+memorySlack {
				t.Errorf("%d KiB before, %d KiB after", before.kibibytes, after.kibibytes)
			}
			if strings.Contains(s.talk.String(), "panic") {
				t.Errorf("something panicked:\n%s", s.talk)
			}
		})
	}
}

// raw opens a control connection from a loopback address, past the greeting.
func raw(t *testing.T, s *server, from string) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
	c, err := dialer.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, len("220 Microsoft FTP Service\r\n"))); err != nil {
		t.Fatal(err)
	}
	return c
}

// closedWithin expects that the server ends a connection.
func closedWithin(t *testing.T, c net.Conn, limit time.Duration) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("still open after %v", limit)
	}
}

func slowLines(t *testing.T, s *server) {
	var clients sync.WaitGroup
	for range 100 {
		c := raw(t, s, "127.0.0.1")
		clients.Go(func() {
			for range 100 {
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

func halfOpenData(t *testing.T, s *server) {
	var open []net.Conn
	for i := range 200 { // from as many addresses
		c := raw(t, s, fmt.Sprintf("127.0.1.%d", i+1))
		if _, err := c.Write([]byte("USER anonymous\r\nPASS x\r\n" + strings.Repeat("EPSV\r\n", 10) + "RETR computer.txt\r\nQUIT\r\n")); err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	for _, c := range open {
		answers, err := io.ReadAll(c)
		if err != nil || bytes.Count(answers, []byte("229 ")) != 10 || !bytes.Contains(answers, []byte("425 ")) {
			t.Errorf("waiting for nobody was answered %q, %v", answers, err)
		}
	}
}

func longLines(t *testing.T, s *server) {
	d := login(t, "127.0.0.1", s.port, "user1")
	for _, size := range []int{4097, 64 << 10, 1 << 20} {
		d.say("CWD "+strings.Repeat("x", size), "500 ")
		d.say("NOOP", "200 ")
	}
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

func pipelined(t *testing.T, s *server) {
	const commands = 1000
	d := login(t, "127.0.0.1", s.port, "user1")
	go func() {
		_, _ = d.conn.Write(bytes.Repeat([]byte("NOOP\r\n"), commands))
	}()
	for range commands {
		d.expect("200 ")
	}
}

func manyAborts(t *testing.T, s *server) {
	d := login(t, "127.0.0.1", s.port, "user1")
	for range 200 {
		d.say("EPSV", "229 ")
		d.say("ABOR", "226 ")
	}
	writeFile(t, filepath.Join(content(s.home), "big.bin"), make([]byte, 64*mebibyte))
	for range 20 {
		c := d.passive()
		d.say("RETR big.bin", "1")
		if _, err := io.CopyN(io.Discard, c, 1024); err != nil {
			t.Fatal(err)
		}
		d.say("\xff\xf4\xff\xf2ABOR", "426 ")
		d.expect("226 ")
		_ = c.Close()
	}
}

func leaving(t *testing.T, s *server) {
	phases := []string{
		"", "USER user1\r\n", "USER user1\r\nPASS wrong\r\n", "USER anonymous\r\nPASS x\r\n",
		"USER anonymous\r\nPASS x\r\nEPSV\r\n", "USER anonymous\r\nPASS x\r\nEPSV\r\nRETR computer.txt\r\n",
		"USER anonymous\r\nPASS x\r\nEPSV\r\nLIST\r\n", "USER anonymous\r\nPASS x\r\nPORT 127,0,0,1,200,1\r\nLIST\r\n",
		"USER anonymous\r\nPASS x\r\nRNFR a\r\n", "USER anon",
	}
	for i := range 500 {
		c := raw(t, s, "127.0.0.1")
		if _, err := c.Write([]byte(phases[i%len(phases)])); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			_ = c.(*net.TCPConn).SetLinger(0) // a reset instead of an end
		}
		_ = c.Close()
	}
}

func shrinkingFile(t *testing.T, s *server) {
	name := filepath.Join(content(s.home), "shrinking.bin")
	d := login(t, "127.0.0.1", s.port, "user1")
	for _, change := range []func() error{
		func() error { return os.Truncate(name, mebibyte) },
		func() error { return os.Remove(name) },
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
	}
	d.say("NOOP", "200 ")
}

func thirdParties(t *testing.T, s *server) {
	d := login(t, "127.0.0.1", s.port, "user1")
	d.say("PORT 192,0,2,1,200,1", "501 Server cannot accept argument.")
	d.say("EPRT |1|192.0.2.1|51201|", "501 Server cannot accept argument.")
	d.say("PORT 127,0,0,1,0,25", "200 ") // a service's port: accepted, never connected to
	d.say("LIST", "150 ")
	d.expect("425 ")
	// A stranger at the passive port gets nothing; the client still does.
	reply := d.say("EPSV", "229 ")
	var port int
	if _, err := fmt.Sscanf(reply, "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
		t.Fatal(err)
	}
	thief := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.2.1")}, Timeout: 5 * time.Second}
	if c, err := thief.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		defer c.Close()
		closedWithin(t, c, 5*time.Second)
	}
	mine, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	d.say("RETR computer.txt", "1")
	if data, err := io.ReadAll(mine); err != nil || len(data) == 0 {
		t.Errorf("the client got %d bytes, %v", len(data), err)
	}
	d.expect("226 ")
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
