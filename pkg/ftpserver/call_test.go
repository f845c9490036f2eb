package ftpserver_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// silences are how long a client says nothing: not at all, until just before,
// when and after its session falls asleep.
func silences() []time.Duration {
	return []time.Duration{0, 190 * time.Millisecond, 200 * time.Millisecond, 210 * time.Millisecond, asleep}
}

func TestSessionsAreShown(t *testing.T) {
	s := overTCP(t, "testdata/files.txtar", nil)
	c := s.session(t)
	c.send("SIZE none\r\n")
	c.expect("550 ")
	waitFor(t, "the command is over", func() bool { return s.server.Sessions()[0].Command == "" })
	got := s.server.Sessions()[0]
	if got.User != "<Anonymous>" && got.User == "" || got.Previous != "SIZE none" || got.LastStatus != 550 ||
		got.Client.String() != c.conn.LocalAddr().String() || len(got.ID) != 36 || got.Site == "" || got.SiteID == 0 ||
		got.Sent == 0 || got.Received == 0 || got.Started.IsZero() || got.CommandStarted.Before(got.Started) || got.Secure {
		t.Errorf("a session at rest: %+v", got)
	}
	content := random(20 << 20)
	if err := os.WriteFile(filepath.Join(s.content, "big"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	data := c.open("RETR big")
	defer data.Close()
	waitFor(t, "bytes move", func() bool { return s.server.Sessions()[0].Sent > 10000 })
	if got := s.server.Sessions()[0]; got.Command != "RETR big" || got.Sent > int64(len(content)) {
		t.Errorf("a session that transfers: %+v", got)
	}
}

// What somebody typed as a password is shown to nobody.
func TestShownSessionsHaveNoPasswords(t *testing.T) {
	s := overTCP(t, "testdata/files.txtar", nil)
	s.session(t)
	c := s.session(t)
	c.send("USER someone\r\n")
	c.expect("331 ")
	c.send("PASS secret word\r\n")
	c.expect("530 ")
	waitFor(t, "the login has failed", func() bool { return s.server.Sessions()[1].LastStatus == 530 })
	for _, got := range s.server.Sessions() {
		if strings.Contains(got.Command+got.Previous, "secret") {
			t.Errorf("shown: %+v", got)
		}
	}
	if got := s.server.Sessions()[1]; got.Previous != "PASS ***" || got.User != "" {
		t.Errorf("shown: %+v", got)
	}
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestTerminatingSessionsAtRest(t *testing.T) {
	for _, silence := range silences() {
		s := overTCP(t, "testdata/files.txtar", nil)
		stays, c := s.session(t), s.session(t)
		waitFor(t, "both are logged in", func() bool { return len(s.server.Sessions()) == 2 && s.server.Sessions()[1].LastStatus == 200 })
		time.Sleep(silence)
		if !s.server.Terminate(s.server.Sessions()[1].ID) || s.server.Terminate("none") {
			t.Error("Terminate does not say what it found")
		}
		c.expect("421 ")
		if _, err := c.in.ReadByte(); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
		stays.send("NOOP\r\n")
		stays.expect("200 ")
	}
}

func TestTerminatingATransfer(t *testing.T) {
	for name, command := range map[string]string{"download": "RETR big", "upload": "STOR new", "that nobody watches": "RETR big\r\nQUIT"} {
		t.Run(name, func(t *testing.T) {
			s := overTCP(t, "testdata/files.txtar", nil)
			if err := os.WriteFile(filepath.Join(s.content, "big"), random(32<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			c := s.session(t)
			data := c.open(command)
			defer data.Close()
			waitFor(t, "it runs", func() bool { return s.server.Sessions()[0].Command != "" })
			if n := s.server.TerminateSite(s.server.Sessions()[0].SiteID); n != 1 {
				t.Errorf("%d sessions of the site were terminated", n)
			}
			c.expect("421 ")
			waitFor(t, "it is gone", func() bool { return len(s.server.Sessions()) == 0 })
		})
	}
}

// A session whose site is gone hears of it at once, or after its transfer.
func TestSessionsOfASiteThatIsGone(t *testing.T) {
	for _, silence := range silences() {
		s := overTCP(t, "testdata/files.txtar", nil)
		if err := os.WriteFile(filepath.Join(s.content, "big"), random(32<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		busy, c := s.session(t), s.session(t)
		data := busy.open("RETR big")
		defer data.Close()
		time.Sleep(silence)
		s.server.Follow() // nothing has changed
		c.send("NOOP\r\n")
		c.expect("200 ")
		time.Sleep(silence)
		s.endpoint.Store(nil)
		s.server.Follow()
		c.expect("421 ")
		got, err := io.ReadAll(data)
		if err != nil || len(got) != 32<<20 {
			t.Errorf("the transfer brought %d bytes, %v", len(got), err)
		}
		busy.expect("226 ")
		busy.expect("421 ")
	}
}
