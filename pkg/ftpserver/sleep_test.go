package ftpserver_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/site"
)

// asleep is longer than a client may be silent before its session sleeps.
const asleep = 300 * time.Millisecond

// A session that sleeps serves on when the client speaks, in one piece or more.
func TestSleepingSessionGoesOn(t *testing.T) {
	c := overTCP(t, "testdata/files.txtar", nil).session(t)
	for range 2 {
		time.Sleep(asleep)
		c.send("NOOP\r\n")
		c.expect("200 ")
		time.Sleep(asleep)
		c.send("NO")
		time.Sleep(asleep)
		c.send("OP\r\nNOOP\r\n")
		c.expect("200 ")
		c.expect("200 ")
	}
	time.Sleep(asleep)
	if got := string(c.get("RETR a.txt")); got == "" {
		t.Error("nothing came")
	}
}

// The time for a command goes on while the session sleeps.
func TestSleepingSessionTimesOut(t *testing.T) {
	const limit = time.Second
	s := overTCP(t, "testdata/files.txtar", func(s *site.Site) { s.Connections.ControlChannelTimeout = limit })
	c := s.session(t)
	begun := time.Now()
	c.expect("421 ")
	if took := time.Since(begun); took < limit-100*time.Millisecond || took > limit+5*time.Second {
		t.Errorf("closed after %v, not %v", took, limit)
	}
	if _, err := c.in.ReadByte(); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
}

// A shutdown wakes whoever sleeps, and whoever is about to.
func TestSleepingSessionHearsOfTheEnd(t *testing.T) {
	for _, silence := range []time.Duration{0, 190 * time.Millisecond, 200 * time.Millisecond, 210 * time.Millisecond, asleep} {
		s := overTCP(t, "testdata/files.txtar", nil)
		c := s.session(t)
		time.Sleep(silence)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		done := make(chan error)
		go func() { done <- s.server.Shutdown(ctx) }()
		c.expect("421 ")
		if err := <-done; err != nil {
			t.Errorf("after a silence of %v: %v", silence, err)
		}
	}
}
