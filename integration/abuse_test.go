//go:build integration

package integration_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// abuses are what hostile and broken clients do.
func abuses() []abuse {
	const ports = `lowDataChannelPort="5000" highDataChannelPort="6000"`
	return []abuse{
		{"slow lines", slowLines, nil},
		{"slow data", slowData, nil},
		{"many connects", manyConnects, nil},
		{"data connections where nothing happens", idleData, nil},
		{"no passive port left", exhaustion, []string{ports, `lowDataChannelPort="5000" highDataChannelPort="5001"`}},
		{"long command lines", longLines, nil},
		{"bytes that are no text", strangeBytes, nil},
		{"bytes that are no names", strangeNames, nil},
		{"pipelined commands", pipelined, nil},
		{"ABOR without end", manyAborts, nil},
		{"leaving in every phase", leaving, nil},
		{"a file that shrinks and goes while it is sent", shrinkingFile, nil},
		{"data connections to third parties", thirdParties, nil},
		{"guessing passwords", guessing, nil},
	}
}

// abuse is one kind, with what it needs to be changed in the configuration.
type abuse struct {
	name      string
	do        func(t *testing.T, s *server)
	configure []string
}

// The limits that are the same for all, in seconds.
const (
	loginLimit   = 2
	controlLimit = 5
	dataLimit    = 1
)

// shortLimits puts the limits into a configuration, for all sites.
func shortLimits() []string {
	return []string{"</sites>", fmt.Sprintf(
		`<siteDefaults><ftpServer><connections unauthenticatedTimeout="%d" controlChannelTimeout="%d" dataChannelTimeout="%d" /></ftpServer></siteDefaults></sites>`,
		loginLimit, controlLimit, dataLimit)}
}

// abused is a server of its own for each kind of abuse, with short limits.
func abused(t *testing.T, changes ...string) *server {
	t.Helper()
	home := newHome(t, "")
	configure(t, home, "scenario", append(changes, shortLimits()...)...)
	s := serve(t, home)
	stillServes(t, s) // so that the figures afterwards have something to go back to
	return s
}

// TestAbuse: after each kind of abuse an ordinary client is served within two
// seconds, and what the server holds is back to before. Goroutines are counted
// where they can be, in pkg/host.
func TestAbuse(t *testing.T) {
	for _, abuse := range abuses() {
		t.Run(abuse.name, func(t *testing.T) {
			s := abused(t, abuse.configure...)
			before := s.usage(t)
			abuse.do(t, s)
			s.recovered(t, before)
		})
	}
}

// recovered expects that the server is as it was before.
func (s *server) recovered(t *testing.T, before usage) {
	t.Helper()
	stillServes(t, s)
	after := s.usage(t)
	for deadline := time.Now().Add(5 * time.Second); !after.within(before) && time.Now().Before(deadline); after = s.usage(t) {
		time.Sleep(50 * time.Millisecond)
	}
	if !after.within(before) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	t.Logf("before %+v, after %+v", before, after)
	if strings.Contains(s.talk.String(), "panic") {
		t.Errorf("something panicked:\n%s", s.talk)
	}
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
