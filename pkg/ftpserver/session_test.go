package ftpserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/ftpserver"
	"github.com/ftphost/ftphost/pkg/ftptest"
	"github.com/ftphost/ftphost/pkg/site"
)

// inBubble serves the sites of an archive in a bubble while do runs.
func inBubble(t *testing.T, archive string, adjust func(*ftpserver.Config), do func(t *testing.T, r *running)) {
	t.Helper()
	a := ftptest.Load(t, archive)
	synctest.Test(t, func(t *testing.T) {
		r := start(t, a, adjust)
		do(t, r)
		r.stop(t)
	})
}

// client is a control connection that a test drives by hand.
type client struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

func (r *running) dial(t testing.TB) *client {
	t.Helper()
	conn, err := r.target.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.t.Fatal(err)
	}
}

// expect reads a line that must begin with want.
func (c *client) expect(want string) string {
	c.t.Helper()
	line, err := c.in.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, want) {
		c.t.Fatalf("got %q, %v; want %q", line, err, want)
	}
	return line
}

func (c *client) expectEnd() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.in); err != nil || len(rest) > 0 {
		c.t.Fatalf("got %q, %v; want the end", rest, err)
	}
}

func (c *client) login() {
	c.t.Helper()
	c.expect("220 ")
	c.send("USER ann\r\nPASS secret\r\n")
	c.expect("331 ")
	c.expect("230 ")
}

// passive opens a passive data connection.
func (c *client) passive(r *running) net.Conn {
	c.t.Helper()
	c.send("EPSV\r\n")
	var port uint16
	if _, err := fmt.Sscanf(c.expect("229 "), "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
		c.t.Fatal(err)
	}
	conn, err := r.target.DialData(c.t.Context(), netip.AddrPortFrom(r.address.Addr(), port))
	if err != nil {
		c.t.Fatal(err)
	}
	synctest.Wait()
	return conn
}

func TestMaxConnections(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		limit := *r.sites[0]
		limit.Connections.MaxConnections = 1
		limit.Messages.MaxClients = "Full.\r\nCome back later."
		r.serve(t, &limit)
		first := r.dial(t)
		first.login()
		second := r.dial(t)
		second.expect("421-Full.\r\n")
		second.expect("421 Come back later.\r\n")
		second.expectEnd()
		first.send("QUIT\r\n")
		first.expect("221 ")
		first.expectEnd()
		synctest.Wait()
		r.dial(t).login()
		synctest.Wait()

		reset := limit
		reset.Connections.ResetOnMaxConnections = true
		r.serve(t, &reset)
		if rest, _ := io.ReadAll(r.dial(t).in); len(rest) > 0 {
			t.Errorf("with resetOnMaxConnections nothing is said, got %q", rest)
		}
	})
}

// serve makes s the only site of the endpoint.
func (r *running) serve(t *testing.T, s *site.Site) {
	t.Helper()
	endpoints, _ := site.Endpoints([]*site.Site{s})
	r.replace(endpoints[0])
}

func TestSessionFollowsItsSite(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		c := r.dial(t)
		c.login()
		c.send("SIZE a.txt\r\n")
		c.expect("213 ")

		changed := *r.sites[0]
		changed.Commands = access.NewCommandFilter(true, map[string]bool{"SIZE": false})
		r.serve(t, &changed)
		c.send("SIZE a.txt\r\n")
		c.expect("502 ")

		data := c.passive(r)
		c.send("STOR new\r\n")
		c.expect("125 ")
		synctest.Wait()
		r.replace(nil) // the site is gone; its transfer goes on
		if _, err := io.WriteString(data, "content"); err != nil {
			t.Fatal(err)
		}
		_ = data.Close()
		c.expect("226 ")
		c.send("NOOP\r\n")
		c.expect("421 ")
		c.expectEnd()
	})
}

func TestNobodySlipsIntoAnotherSite(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		stranger, member := r.dial(t), r.dial(t)
		stranger.expect("220 ")
		member.login()
		other := *r.sites[0]
		other.ID, other.Name, other.Counters = 99, "other", &site.Counters{}
		r.serve(t, &other)
		member.send("PWD\r\n")
		member.expect("421 ")
		member.expectEnd()
		stranger.send("USER ann\r\nPASS secret\r\n")
		stranger.expect("331 ")
		stranger.expect("230 ")
		synctest.Wait()
		if n := other.Counters.Connections.Now(); n != 1 {
			t.Errorf("the other site counts %d connections, want 1", n)
		}
	})
}

func TestShutdownLetsTransfersEnd(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		idle, busy := r.dial(t), r.dial(t)
		idle.login()
		busy.login()
		data := busy.passive(r)
		busy.send("STOR new\r\n")
		busy.expect("125 ")
		time.Sleep(time.Second)
		done := make(chan error)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			done <- r.server.Shutdown(ctx)
		}()
		idle.expect("421 ")
		idle.expectEnd()
		time.Sleep(5 * time.Second)
		busy.send("NOOP\r\n") // held, and then too late
		if _, err := io.WriteString(data, "content"); err != nil {
			t.Fatal(err)
		}
		_ = data.Close()
		busy.expect("226 ")
		if err := <-done; err != nil {
			t.Errorf("Shutdown: %v, although all ended within the grace time", err)
		}
		if log := r.log.String(); !strings.Contains(log, `"remaining":2`) {
			t.Errorf("the log does not tell how many remained: %s", log)
		}
	})
}

func TestShutdownCutsTransfers(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		c := r.dial(t)
		c.login()
		data := c.passive(r)
		defer data.Close()
		c.send("STOR new\r\n")
		c.expect("125 ")
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := r.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v", err)
		}
		c.expect("426 ")
		c.expect("421 ")
		c.expectEnd()
	})
}

func TestPipelinedReplies(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		c := r.dial(t)
		c.login()
		const commands = 1000
		go c.send(strings.Repeat("NOOP\r\n", commands) + "QU")
		for range commands {
			c.expect("200 NOOP")
		}
		// The rest of a line came with the others; they were answered all the same.
		c.send("IT\r\n")
		c.expect("221 ")
		c.expectEnd()
	})
}

func TestControlConnectionGoneEndsTransfer(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		c := r.dial(t)
		c.login()
		data := c.passive(r)
		c.send("STOR gone\r\n")
		c.expect("125 ")
		time.Sleep(time.Second)
		_ = c.conn.Close()
		if rest, err := io.ReadAll(data); len(rest) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the data connection gave %q, %v; want its end", rest, err)
		}
		synctest.Wait()
		c = r.dial(t)
		c.login()
		c.send("SIZE gone\r\n")
		c.expect("550 ")
	})
}

// TestHeldLinesAreBounded floods a transfer with commands: all are answered
// after it, and the memory for them has a limit, so that the client has to
// wait.
func TestHeldLinesAreBounded(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		c := r.dial(t)
		c.login()
		data := c.passive(r)
		c.send("STOR new\r\n")
		c.expect("125 ")
		time.Sleep(time.Second)
		const flood = 20000
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			c.send(strings.Repeat("NOOP\r\n", flood))
		}()
		time.Sleep(time.Second)
		select {
		case <-sent:
			t.Error("120 kB of commands were taken during a transfer")
		default:
		}
		_ = data.Close()
		c.expect("226 ")
		for range flood {
			c.expect("200 ")
		}
		<-sent
	})
}

type panicking struct{}

func (panicking) Authenticate(context.Context, auth.Credentials) (*auth.Principal, error) {
	panic("a bug")
}

func TestBugEndsOneSession(t *testing.T) {
	a := ftptest.Load(t, "testdata/files.txtar")
	synctest.Test(t, func(t *testing.T) {
		r := start(t, a, nil)
		other := r.dial(t)
		other.login()
		broken := *r.sites[0]
		broken.Login = &auth.Chain{Providers: []auth.Provider{panicking{}}}
		r.serve(t, &broken)
		c := r.dial(t)
		c.expect("220 ")
		c.send("USER ann\r\nPASS secret\r\n")
		c.expect("331 ")
		c.expect("421 ")
		c.expectEnd()
		other.send("NOOP\r\n")
		other.expect("200 ")
		if log := r.log.String(); !strings.Contains(log, "a bug") || !strings.Contains(log, "stack") {
			t.Errorf("the log does not show the bug: %s", log)
		}
		r.log.Take()
		r.stop(t)
	})
}

// TestUnexpectedErrorStaysInside checks that the operational log gets all of
// an unforeseen error and the client nothing.
func TestUnexpectedErrorStaysInside(t *testing.T) {
	inBubble(t, "testdata/login.txtar", nil, func(t *testing.T, r *running) {
		c := r.dial(t)
		c.expect("220 ")
		c.send("USER down\r\nPASS secret\r\n")
		c.expect("331 ")
		c.expect("530 User cannot log in.\r\n")
		log := r.log.String()
		if !strings.Contains(log, "the directory server does not answer") {
			t.Errorf("the log lacks the cause: %s", log)
		}
		if strings.Contains(log, `"secret"`) || strings.Contains(log, "PASS") {
			t.Errorf("the log has a password: %s", log)
		}
	})
}

func TestDetailsAreForThisMachine(t *testing.T) {
	own := netip.MustParseAddr("192.0.2.7")
	for _, c := range []struct {
		name   string
		client netip.Addr
		local  []netip.Addr
		want   string
	}{
		{"loopback", netip.MustParseAddr("127.0.0.1"), nil, "550-"},
		{"an address of this machine", own, []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("::ffff:192.0.2.7")}, "550-"},
		{"another machine", own, []netip.Addr{netip.MustParseAddr("10.0.0.1")}, "550 The system cannot find the file specified. \r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			adjust := func(config *ftpserver.Config) {
				config.LocalAddresses = func() []netip.Addr { return c.local }
			}
			inBubble(t, "testdata/details.txtar", adjust, func(t *testing.T, r *running) {
				r.target = r.network.Target(c.client, r.address)
				conn := r.dial(t)
				conn.login()
				conn.send("SIZE nothing\r\n")
				conn.expect(c.want)
			})
		})
	}
}

func TestPassivePortsRunOut(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		const ports = 10
		var last *client
		for i := range ports + 1 {
			last = r.dial(t)
			last.login()
			last.send("EPSV\r\n")
			if i < ports {
				last.expect("229 ")
			}
		}
		last.expect("425 Cannot open data connection.")
		// A client at another address is not concerned.
		r.target = r.network.Target(netip.MustParseAddr("192.0.2.7"), r.address)
		other := r.dial(t)
		other.login()
		other.send("EPSV\r\n")
		other.expect("229 ")
	})
}

func TestStrangerGetsNoData(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		c := r.dial(t)
		c.login()
		c.send("EPSV\r\n")
		var port uint16
		if _, err := fmt.Sscanf(c.expect("229 "), "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
			t.Fatal(err)
		}
		to := netip.AddrPortFrom(r.address.Addr(), port)
		thief, err := r.network.Target(netip.MustParseAddr("192.0.2.7"), r.address).DialData(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		c.send("RETR a.txt\r\n")
		c.expect("150 ")
		if b, _ := io.ReadAll(thief); len(b) > 0 {
			t.Errorf("a stranger got %q", b)
		}
		data, err := r.target.DialData(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(data); string(b) != "hello\n" || err != nil {
			t.Errorf("the client got %q, %v", b, err)
		}
		c.expect("226 ")
	})
}
