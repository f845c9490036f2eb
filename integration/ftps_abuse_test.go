//go:build integration

package integration_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// secureAbuses are what hostile and broken clients do with TLS, and what the
// operational log says of them.
var secureAbuses = []struct {
	name string
	do   func(t *testing.T, s *server)
	says []string
}{
	{"no TLS after AUTH, and where it comes first", notTLS, []string{"TLS handshake on the control connection failed", "the client does not speak TLS"}},
	{"handshakes that stall", stalledControl, []string{"TLS handshake on the control connection failed", "i/o timeout"}},
	{"handshakes that stall on data connections", stalledData, []string{"TLS handshake on the data connection failed", "i/o timeout"}},
	{"transfers that stall behind the handshake", stalledTransfers, nil},
	{"leaving amid a handshake", leavingHandshakes, []string{"TLS handshake on the control connection failed", "EOF"}},
	{"negotiating again and again", renegotiating, []string{"TLS on the control connection failed", "unexpected handshake message"}},
	{"tickets of other sessions", foreignTickets, []string{"the data connection offers the TLS session of another control connection"}},
	{"strangers at passive ports", strangers, []string{"nobody expects a data connection from there: closed"}},
}

// TestFTPSAbuse is TestAbuse for TLS.
func TestFTPSAbuse(t *testing.T) {
	t.Parallel()
	for _, abuse := range secureAbuses {
		t.Run(abuse.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, requiringHome(t, shortLimits()...))
			stillServes(t, s)
			stillServesTLS(t, s)
			before := s.usage(t)
			abuse.do(t, s)
			stillServesTLS(t, s)
			s.recovered(t, before)
			for _, text := range abuse.says {
				eventually(t, "the log says "+text, func() bool { return strings.Contains(s.talk.String(), text) })
			}
		})
	}
}

// stillServesTLS is stillServes in TLS.
func stillServesTLS(t *testing.T, s *server) {
	t.Helper()
	began := time.Now()
	d := loginTLS(t, s, clientTLS(tls.VersionTLS13, site1), "user1")
	if got := d.fetch("RETR computer.txt"); got == "" {
		t.Error("computer.txt is empty")
	}
	d.say("QUIT", "221 ")
	d = dialImplicit(t, s, clientTLS(tls.VersionTLS12, site2))
	d.login("user1")
	if got := d.fetch("LIST"); !strings.Contains(got, "second.txt") {
		t.Errorf("the listing is %q", got)
	}
	d.say("QUIT", "221 ")
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("two ordinary clients waited %v", took)
	}
}

// beforeHandshake opens control connections that the server expects a hello
// on: where AUTH was said, and where nothing has to be.
func beforeHandshake(t *testing.T, s *server) []net.Conn {
	t.Helper()
	d := dial(t, "127.0.0.1", s.port)
	d.say("AUTH TLS", "234 ")
	return []net.Conn{d.conn, dialPort(t, s.implicit())}
}

// hears is expect for goroutines beside the test's, which cannot end it.
func (d *dialogue) hears(want string) {
	d.t.Helper()
	if got, err := d.text.ReadLine(); err != nil || !strings.HasPrefix(got, want) {
		d.t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// helloStart is the beginning of a hello of TLS 1.2: the header, the kind and
// length of the message, the version.
var helloStart = []byte{22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3}

func notTLS(t *testing.T, s *server) {
	for _, garbage := range []string{
		"USER user1\r\nPASS x\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", strings.Repeat("\x00", 64),
		"\x16\x03\x01\xff\xff" + strings.Repeat("x", 70_000), "\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + strings.Repeat("x", 40),
		"\x16\x03\x01\x00\x05\x01\x00\x00\x01x", "\x17\x03\x03\x00\x10" + strings.Repeat("x", 16), "\x15\x03\x01\x00\x02\x02\x28", "\x16\x03\x01\x00\x00\x16\x03\x01\x00\x00",
	} {
		for _, c := range beforeHandshake(t, s) {
			_, _ = c.Write([]byte(garbage)) // the server may close before it has all
			closedWithin(t, c, (loginLimit+1)*time.Second)
		}
	}
}

// stalledControl says nothing, or a part of a hello, or a byte of one now and
// then.
func stalledControl(t *testing.T, s *server) {
	var clients sync.WaitGroup
	for i := range 30 {
		for _, c := range beforeHandshake(t, s) {
			clients.Go(func() {
				if i%3 > 0 {
					_, _ = c.Write(helloStart)
				}
				ended := make(chan struct{})
				if i%3 == 2 {
					clients.Go(func() { trickle(c, ended) })
				}
				closedWithin(t, c, (loginLimit+2)*time.Second)
				close(ended)
			})
		}
	}
	clients.Wait()
}

// trickle sends a byte now and then.
func trickle(c net.Conn, ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case <-time.After(100 * time.Millisecond):
			_, _ = c.Write([]byte{0})
		}
	}
}

// stalledData is the same on data connections; some begin before the command.
func stalledData(t *testing.T, s *server) {
	var clients sync.WaitGroup
	for i := range 24 {
		d := loginTLS(t, s, clientTLS(tlsVersions[i%2].number, site1), "user1")
		c := d.passive()
		ended := make(chan struct{})
		if i%3 > 0 {
			_, _ = c.Write(helloStart)
		}
		if i%3 == 2 {
			clients.Go(func() { trickle(c, ended) })
		}
		clients.Go(func() {
			defer close(ended)
			if i%4 == 0 { // the handshake has begun, or failed, when the command comes
				time.Sleep(time.Duration(i%8) * dataLimit * time.Second / 3)
			}
			began := time.Now()
			name := fmt.Sprintf("stalled%d.bin", i)
			_ = d.text.PrintfLine("%s", []string{"RETR computer.txt", "STOR " + name}[i/2%2])
			d.hears("1")
			d.hears("425 ")
			if took := time.Since(began); took > (dataLimit+2)*time.Second {
				t.Errorf("a handshake that stalls was waited for %v", took)
			}
			_ = d.text.PrintfLine("SIZE %s", name)
			d.hears("550 ")
			_ = d.conn.Close()
		})
	}
	clients.Wait()
}

// stalledTransfers reads nothing, or sends nothing, or a part of a record.
func stalledTransfers(t *testing.T, s *server) {
	writeFile(t, filepath.Join(content(s.home), "big.bin"), make([]byte, 64*mebibyte))
	var clients sync.WaitGroup
	for i := range 24 {
		d := loginTLS(t, s, clientTLS(tlsVersions[i%2].number, site1), "user1")
		raw := &cutting{d.passive(), -1}
		line := []string{"RETR big.bin", fmt.Sprintf("STOR stalled%d.bin", i)}[i/2%2]
		d.say(line, "1")
		secure := tls.Client(raw, d.config)
		if err := secure.Handshake(); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			raw.after = 9000
			_, _ = secure.Write(make([]byte, 16<<10))
		}
		clients.Go(func() {
			began := time.Now()
			d.hears("425 ")
			if took := time.Since(began); took > (2*dataLimit+3)*time.Second {
				t.Errorf("%s: a transfer that stalls was waited for %v", line, took)
			}
			_, _ = raw.Close(), d.conn.Close()
		})
	}
	clients.Wait()
}

func leavingHandshakes(t *testing.T, s *server) {
	for i := range 100 {
		for _, c := range beforeHandshake(t, s) {
			if i%2 == 0 {
				_, _ = c.Write(helloStart)
			}
			if i%3 == 0 {
				_ = c.(*net.TCPConn).SetLinger(0)
			}
			_ = c.Close()
		}
	}
}

func renegotiating(t *testing.T, s *server) {
	for _, args := range [][]string{
		{"-starttls", "ftp", "-connect", "127.0.0.1:" + s.control()},
		{"-connect", fmt.Sprintf("127.0.0.1:%d", s.implicit())},
	} {
		for range 5 {
			out, talk, _ := program(t, "R\nR\nR\n", "openssl", append([]string{"s_client", "-tls1_2"}, args...)...)
			want(t, "openssl", out+talk, "RENEGOTIATING")
		}
	}
	eventually(t, "the sessions are over", func() bool {
		log := readLog(t, s.home)
		return strings.Count(log, "ControlChannelOpened") == strings.Count(log, "ControlChannelClosed")
	})
}

// foreignTickets opens data connections with what another client knows.
func foreignTickets(t *testing.T, s *server) {
	for i := range 20 {
		mine, theirs := clientTLS(tlsVersions[i%2].number, site1), clientTLS(tlsVersions[i%2].number, site1)
		other := loginTLS(t, s, theirs, "user2")
		d := loginTLS(t, s, mine, "user1")
		d.config = theirs
		raw := d.passive()
		d.say("RETR computer.txt", "1")
		if data, err := io.ReadAll(tls.Client(raw, d.config)); err == nil || len(data) > 0 {
			t.Errorf("another client's ticket got %d bytes, %v", len(data), err)
		}
		d.expect("425 ")
		d.config = mine
		if got := d.fetch("RETR computer.txt"); got == "" {
			t.Error("computer.txt is empty")
		}
		_, _ = d.conn.Close(), other.conn.Close()
	}
}

// strangers reach the passive port before the client does, from another
// address, and speak TLS or nothing.
func strangers(t *testing.T, s *server) {
	stranger := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.2")}, Timeout: 5 * time.Second}
	for i := range 20 {
		config := clientTLS(tlsVersions[i%2].number, site1)
		d := loginTLS(t, s, config, "user1")
		var port int
		if _, err := fmt.Sscanf(d.say("EPSV", "229 "), "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
			t.Fatal(err)
		}
		thief, err := stranger.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		if i%3 > 0 {
			if err := tls.Client(thief, &tls.Config{InsecureSkipVerify: true}).Handshake(); err == nil {
				t.Error("a stranger has TLS with the passive port")
			}
		}
		closedWithin(t, thief, 5*time.Second)
		_ = thief.Close()
		mine := tls.Client(dialPort(t, port), config)
		d.say("RETR computer.txt", "1")
		if data, err := io.ReadAll(mine); err != nil || len(data) == 0 {
			t.Errorf("the client got %d bytes, %v", len(data), err)
		}
		d.expect("226 ")
		_ = d.conn.Close()
	}
}
