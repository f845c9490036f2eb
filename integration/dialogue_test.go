//go:build integration

package integration_test

import (
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// dialogue is a control connection spoken by hand, for what no client says.
type dialogue struct {
	t    *testing.T
	conn net.Conn
	text *textproto.Conn
}

// dial opens a control connection and expects the greeting.
func dial(t *testing.T, host string, port int) *dialogue {
	t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	d := &dialogue{t, c, textproto.NewConn(c)}
	d.expect("220 Microsoft FTP Service")
	return d
}

// login is dial, USER and PASS.
func login(t *testing.T, host string, port int, user string) *dialogue {
	t.Helper()
	d := dial(t, host, port)
	d.say("USER "+user, "331 ")
	d.say("PASS "+password(user), "230 User logged in.")
	return d
}

// say sends one line and expects a reply that begins with want; it returns
// the reply's last line.
func (d *dialogue) say(line, want string) string {
	d.t.Helper()
	if err := d.text.PrintfLine("%s", line); err != nil {
		d.t.Fatalf("%s: %v", line, err)
	}
	return d.expect(want)
}

func (d *dialogue) expect(want string) string {
	d.t.Helper()
	got, err := d.text.ReadLine()
	if err != nil {
		d.t.Fatalf("instead of %q: %v", want, err)
	}
	if !strings.HasPrefix(got, want) {
		d.t.Fatalf("got %q, want %q", got, want)
	}
	if len(got) > 3 && got[3] == '-' {
		for code := got[:3] + " "; !strings.HasPrefix(got, code); {
			if got, err = d.text.ReadLine(); err != nil {
				d.t.Fatalf("inside a reply: %v", err)
			}
		}
	}
	return got
}

// passive asks EPSV and connects.
func (d *dialogue) passive() net.Conn {
	d.t.Helper()
	reply := d.say("EPSV", "229 ")
	var port int
	if _, err := fmt.Sscanf(reply, "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
		d.t.Fatalf("%q: %v", reply, err)
	}
	host, _, _ := net.SplitHostPort(d.conn.RemoteAddr().String())
	c, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		d.t.Fatal(err)
	}
	return c
}

// fetch sends a command that brings data and returns the data.
func (d *dialogue) fetch(line string) string {
	d.t.Helper()
	c := d.passive()
	d.say(line, "1")
	data, err := io.ReadAll(c)
	if err != nil {
		d.t.Fatal(err)
	}
	d.expect("226 ")
	return string(data)
}

// gone expects that the server ends the connection.
func (d *dialogue) gone() {
	d.t.Helper()
	if line, err := d.text.ReadLine(); err == nil {
		d.t.Errorf("connection still open, got %q", line)
	}
}
