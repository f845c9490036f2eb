package ftpserver_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// fuzzManner is how a client behaves besides what it says.
type fuzzManner uint8

// The bits of a manner.
const (
	// connects: it connects to every passive port it is told.
	connects fuzzManner = 1 << iota
	// uploads: it sends on its data connections before it reads.
	uploads
	// pauses: it waits between its writes, so that the server sees each alone.
	pauses
	// drains: it reads a transfer that stands still, after all it has said.
	drains
	// leaves: it goes without listening any longer.
	leaves
)

// canary is what stands in the files that nobody may reach.
const canary = "THE CANARY"

// fuzzClient is a client of which nothing is certain but that these hold:
//
//   - what the server says are replies of RFC 959, without control characters;
//   - every complete command gets one final reply, or the session is ended
//     with a reason;
//   - a session that is not ended answers NOOP;
//   - nothing outside the site's folders is changed or told;
//   - every line of the log has all its columns;
//   - nothing panics, and nothing is left running (running.stop, and the bubble).
type fuzzClient struct {
	*testing.T
	running *running
	conn    net.Conn
	manner  fuzzManner
	work    sync.WaitGroup // the goroutines below

	mu      sync.Mutex
	replies []fuzzReply
	ended   bool
	entered bool // the state, after which it behaves as its manner is
}

// fuzzSession is one run: the state, the input in pieces, and the end.
func fuzzSession(t *testing.T, a *ftptest.Archive, state *fuzzState, manner fuzzManner, cuts uint32, input []byte) {
	r := start(t, a, nil)
	before := fuzzOutside(t, r)
	conn, err := r.target.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := &fuzzClient{T: t, running: r, conn: conn, manner: manner}
	c.work.Go(c.listen)
	held := c.enter(state)
	c.send(input, cuts)
	if held != nil && manner&drains != 0 {
		c.work.Go(func() { c.useData(held) })
	}
	if manner&leaves == 0 {
		c.finish(state, input)
	}
	_ = conn.Close()
	if held != nil {
		_ = held.Close()
	}
	c.work.Wait()
	// A transfer goes on after QUIT, as long as a data channel may idle.
	time.Sleep(time.Minute)
	r.stop(t)
	if after := fuzzOutside(t, r); after != before {
		t.Errorf("outside the site's folder there was\n%s\nand now there is\n%s", before, after)
	}
	fuzzLogs(t, r)
}

// enter brings the session to its state and returns a data connection on which
// nothing happens.
func (c *fuzzClient) enter(state *fuzzState) (held net.Conn) {
	if state.data == listensFor {
		c.accept()
	}
	said := 1 // the greeting
	for line := range strings.Lines(state.said) {
		c.say([]byte(line))
		said++
		c.await(said)
	}
	switch state.data {
	case dialsData:
		if conn := c.dial(c.last()); conn != nil {
			c.work.Go(func() { c.useData(conn) })
		}
	case heldData:
		held = c.dial(c.last())
	}
	if state.transfer != "" {
		c.say([]byte(state.transfer))
		time.Sleep(50 * time.Millisecond) // until somebody listens for commands
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entered = true
	return held
}

// say writes; the server may have ended the session meanwhile.
func (c *fuzzClient) say(b []byte) (open bool) {
	_, err := c.conn.Write(b)
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		c.Fatal(err)
	}
	return err == nil
}

// send writes the input in at most 64 pieces, whose sizes follow from cuts.
func (c *fuzzClient) send(input []byte, cuts uint32) {
	for range 63 {
		n := len(input)
		if cuts != 0 {
			n = min(n, 1+int(cuts>>24)%(1+int(cuts>>16&31)))
			cuts = cuts*1664525 + 1013904223
		}
		if n == 0 || !c.say(input[:n]) {
			return
		}
		input = input[n:]
		if c.manner&pauses != 0 {
			time.Sleep(20 * time.Millisecond)
		}
	}
	c.say(input)
}

// finish ends the line that may be open and expects that all is answered.
func (c *fuzzClient) finish(state *fuzzState, input []byte) {
	c.say([]byte("\r\n"))
	input = append([]byte(state.said+state.transfer), append(input, "\r\n"...)...)
	lines := fuzzLines(input) + 1 // the greeting
	// What stands behind AUTH is thrown away as far as it has come.
	exact := !strings.Contains(strings.ToUpper(string(input)), "AUTH")
	if !exact {
		time.Sleep(40 * time.Second)
	} else {
		c.await(lines)
	}
	before := c.count()
	c.say([]byte("NOOP\r\n"))
	c.await(before + 1)
	time.Sleep(time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	got := fuzzFinal(c.replies)
	switch {
	case c.ended:
		if got > lines+2 {
			c.Errorf("%d replies to %d lines of %q", got, lines, input)
		}
		if last := c.replies[len(c.replies)-1]; !last.ends(input, exact) {
			c.Errorf("the session ended with %q after %q", last.text, input)
		}
	case exact && got != lines+1, got > lines+1:
		c.Errorf("%d replies, want %d to %q and NOOP: %v", got, lines+1, input, c.replies)
	case !strings.HasPrefix(c.replies[len(c.replies)-1].text, "200 NOOP") && exact:
		c.Errorf("NOOP after %q is answered %q", input, c.replies[len(c.replies)-1].text)
	}
}

// await waits until there are n final replies or the session is ended.
func (c *fuzzClient) await(n int) {
	// Each transfer among the commands may wait for its data.
	for range 70 * (n + 1) {
		c.mu.Lock()
		done := c.ended || fuzzFinal(c.replies) >= n
		c.mu.Unlock()
		if done {
			return
		}
		time.Sleep(time.Second)
	}
}

func (c *fuzzClient) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fuzzFinal(c.replies)
}

func (c *fuzzClient) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.replies[len(c.replies)-1].text
}

// listen collects the replies until the connection ends.
func (c *fuzzClient) listen() {
	in := newFuzzReplies(c.conn)
	for {
		reply, err := in.next()
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, syscall.ECONNRESET) {
			c.Error(err)
		}
		c.mu.Lock()
		c.ended = err != nil
		entered := c.entered
		if err == nil {
			c.replies = append(c.replies, reply)
		}
		c.mu.Unlock()
		if err != nil {
			_, _ = io.Copy(io.Discard, c.conn) // nobody else reads, and the server must not wait
			return
		}
		if entered && c.manner&connects != 0 && (reply.code == 227 || reply.code == 229) {
			c.work.Go(func() {
				if conn := c.dial(reply.text); conn != nil {
					c.useData(conn)
				}
			})
		}
	}
}
