package host_test

import (
	"bufio"
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

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/ftptest"
	"github.com/ftphost/ftphost/pkg/host"
)

// reload has the host follow and checks whether it did.
func reload(t *testing.T, h *host.Host, refused bool) host.Report {
	t.Helper()
	r, err := h.Reload(t.Context(), true)
	if err != nil || r.Refused != refused {
		t.Fatalf("reload: %+v, %v", r, err)
	}
	return r
}

func changes(r host.Report) string {
	var b strings.Builder
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "%s %s %s\n", c.Name, c.Kind, c.Detail)
	}
	return b.String()
}

// ftpClient is a client that is logged in.
type ftpClient struct {
	t  *testing.T
	c  net.Conn
	in *bufio.Reader
}

func login(t *testing.T, port int) *ftpClient {
	t.Helper()
	c := dial(t, port)
	t.Cleanup(func() { _ = c.Close() })
	f := &ftpClient{t, c, bufio.NewReader(c)}
	f.expect("220 ")
	f.do("USER anonymous", "331 ")
	f.do("PASS x", "230 ")
	return f
}

func (f *ftpClient) expect(prefix string) string {
	f.t.Helper()
	if err := f.c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		f.t.Fatal(err)
	}
	line, err := f.in.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, prefix) {
		f.t.Fatalf("got %q, %v; want %s...", line, err, prefix)
	}
	return line
}

func (f *ftpClient) do(command, prefix string) string {
	f.t.Helper()
	if _, err := io.WriteString(f.c, command+"\r\n"); err != nil {
		f.t.Fatal(err)
	}
	return f.expect(prefix)
}

// open begins a transfer and returns its data connection.
func (f *ftpClient) open(command string) net.Conn {
	f.t.Helper()
	var port int
	if _, err := fmt.Sscanf(f.do("EPSV", "229 "), "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
		f.t.Fatal(err)
	}
	data := dial(f.t, port)
	f.do(command, "1")
	return data
}

func refusesConnections(port int) bool {
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return true
	}
	_ = conn.Close()
	return false
}

func TestReloadFollowsTheFile(t *testing.T) {
	a, b, c := freePort(t), freePort(t), freePort(t)
	content := t.TempDir()
	o := options(t, siteOn(1, content, a), siteOn(2, content, b))
	h, _ := run(t, o)
	stays, leaves := login(t, a), login(t, b)

	// Site 2 moves to another port, and site 3 gets its former one.
	rewrite(t, o.Home, fmt.Sprintf("127.0.0.1:%d:", b), fmt.Sprintf("127.0.0.1:%d:", c), "</sites>", siteOn(3, content, b)+"</sites>")
	r := reload(t, h, false)
	want := fmt.Sprintf("site2 changed binding 127.0.0.1:%d: is new; binding 127.0.0.1:%d: is gone\nsite3 added \n", c, b)
	if changes(r) != want || r.Generation != 2 {
		t.Errorf("changes are %q, want %q; generation %d", changes(r), want, r.Generation)
	}
	stays.do("NOOP", "200 ")
	leaves.expect("421 ")
	login(t, c).do("NOOP", "200 ")
	login(t, b).do("NOOP", "200 ")

	// A new rule counts for sessions at once.
	stays.do("MKD folder", "550-")
	for range 3 {
		stays.expect("") // the detailed form, for clients on this machine
	}
	rewrite(t, o.Home, `permissions="Read"`, `permissions="Read, Write"`)
	reload(t, h, false)
	stays.do("MKD folder", "257 ")

	// A site that is switched off, and on again.
	rewrite(t, o.Home, "<ftpServer>", `<ftpServer serverAutoStart="false">`)
	if got := changes(reload(t, h, false)); got != "site1 stopped \nsite2 stopped \nsite3 stopped \n" {
		t.Errorf("changes are %q", got)
	}
	stays.expect("421 ")
	if !refusesConnections(a) {
		t.Error("a stopped site has its port open")
	}
	rewrite(t, o.Home, ` serverAutoStart="false"`, "")
	if got := changes(reload(t, h, false)); got != "site1 started \nsite2 started \nsite3 started \n" {
		t.Errorf("changes are %q", got)
	}
	login(t, a)
	if got := changes(reload(t, h, false)); got != "" {
		t.Errorf("nothing changed, but %q", got)
	}
}

// The listener of a port goes on when its address becomes wider or narrower,
// and so do the sessions that came by it.
func TestReloadWidensAndNarrowsAddresses(t *testing.T) {
	port := freePort(t)
	o := options(t, siteOn(1, t.TempDir(), port))
	h, _ := run(t, o)
	session := login(t, port)
	stop := make(chan struct{})
	var knocking sync.WaitGroup
	knocking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Errorf("a connection was refused: %v", err)
				return
			}
			_ = conn.Close()
		}
	})
	narrow, wide := fmt.Sprintf("127.0.0.1:%d:", port), fmt.Sprintf("*:%d:", port)
	for range 20 {
		rewrite(t, o.Home, narrow, wide)
		reload(t, h, false)
		session.do("NOOP", "200 ")
		rewrite(t, o.Home, wide, narrow)
		reload(t, h, false)
		session.do("NOOP", "200 ")
	}
	close(stop)
	knocking.Wait()
}

func TestReloadRefusesABadFileOnce(t *testing.T) {
	port := freePort(t)
	o := options(t, siteOn(1, t.TempDir(), port))
	var log ftptest.Log
	o.Log = zerolog.New(&log)
	h, _ := run(t, o)
	session := login(t, port)
	rewrite(t, o.Home, "<bindings>", "<bindings") // not well-formed
	for range 3 {
		r := reload(t, h, true)
		if len(r.Problems) == 0 || r.Problems[0].Pos.Line == 0 || r.Generation != 1 {
			t.Errorf("%+v", r)
		}
	}
	if n := strings.Count(log.String(), "the configuration is refused"); n != 1 {
		t.Errorf("said %d times: %s", n, log.String())
	}
	session.do("NOOP", "200 ")
	login(t, port)
	rewrite(t, o.Home, "<bindings", "<bindings>")
	reload(t, h, false)
	rewrite(t, o.Home, "<bindings>", "<bindings")
	reload(t, h, true)
	if n := strings.Count(log.String(), "the configuration is refused"); n != 2 {
		t.Errorf("said %d times: %s", n, log.String())
	}
}

// A site whose new port is taken goes on at the old one.
func TestReloadKeepsASiteWhosePortIsTaken(t *testing.T) {
	taken := listen(t)
	defer taken.Close()
	a, b, takenPort := freePort(t), freePort(t), taken.Addr().(*net.TCPAddr).Port
	content := t.TempDir()
	o := options(t, siteOn(1, content, a), siteOn(2, content, b))
	h, _ := run(t, o)
	session := login(t, a)
	moved := []string{fmt.Sprintf("127.0.0.1:%d:", a), fmt.Sprintf("127.0.0.1:%d:", takenPort)}
	rewrite(t, o.Home, append(moved, `<site name="site2"`, `<site name="two"`)...)
	r := reload(t, h, false)
	if got := changes(r); !strings.Contains(got, "site1 kept as it was") || !strings.Contains(got, fmt.Sprintf("port %d is taken", takenPort)) || !strings.Contains(got, "two changed it was called site2") {
		t.Errorf("changes are %q", got)
	}
	if got := status(h)["site1"]; got.State != host.Started || !strings.Contains(got.Reason, "goes on as it was") || !strings.Contains(got.Reason, "is taken") {
		t.Errorf("%+v", got)
	}
	session.do("NOOP", "200 ")
	login(t, a)
	reload(t, h, false)
	login(t, a)
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	reload(t, h, false)
	session.expect("421 ")
	login(t, takenPort)
	if !refusesConnections(a) {
		t.Error("the former port is open")
	}
}

// A transfer ends as it began, whatever becomes of its site.
func TestReloadLetsTransfersEnd(t *testing.T) {
	port := freePort(t)
	content := t.TempDir()
	want := bytes.Repeat([]byte("a line of the file\n"), 1<<20)
	if err := os.WriteFile(filepath.Join(content, "big"), want, 0o600); err != nil {
		t.Fatal(err)
	}
	o := options(t, siteOn(1, content, port))
	h, _ := run(t, o)
	session := login(t, port)
	data := session.open("RETR big")
	defer data.Close()
	rewrite(t, o.Home, siteOn(1, content, port), "")
	if got := changes(reload(t, h, false)); got != "site1 removed \n" {
		t.Errorf("changes are %q", got)
	}
	got, err := io.ReadAll(data)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes came, %v", len(got), err)
	}
	session.expect("226 ")
	session.expect("421 ")
}

func TestReloadOfCertificates(t *testing.T) {
	o, implicit, _ := implicitSite(t)
	first := certificate(t, o.Home, "localhost")
	rewrite(t, o.Home, "<ssl ", `<ssl serverCertHash="`+first.Thumbprint+`" `)
	h, _ := run(t, o)
	made := certificate(t, o.Home, "other.example")
	rewrite(t, o.Home, first.Thumbprint, made.Thumbprint)
	reload(t, h, false)
	_, shown := secure(t, dial(t, implicit), "")
	if shown.Thumbprint != made.Thumbprint {
		t.Errorf("the certificate is %s, want %s", shown.Thumbprint, made.Thumbprint)
	}
	// One that is not there leaves the site with what it has.
	rewrite(t, o.Home, made.Thumbprint, strings.Repeat("0", 40))
	if got := changes(reload(t, h, false)); !strings.Contains(got, "site1 kept as it was") || !strings.Contains(got, "no certificate with thumbprint") {
		t.Errorf("changes are %q", got)
	}
	if _, shown := secure(t, dial(t, implicit), ""); shown.Thumbprint != made.Thumbprint {
		t.Errorf("the certificate is %s, want %s", shown.Thumbprint, made.Thumbprint)
	}
}

func TestPlanChangesNothing(t *testing.T) {
	a, b := freePort(t), freePort(t)
	o := options(t, siteOn(1, t.TempDir(), a))
	h, _ := run(t, o)
	text, err := os.ReadFile(o.Home.Config)
	if err != nil {
		t.Fatal(err)
	}
	draft := filepath.Join(t.TempDir(), "draft.config")
	if err := os.WriteFile(draft, bytes.ReplaceAll(text, fmt.Appendf(nil, ":%d:", a), fmt.Appendf(nil, ":%d:", b)), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := h.Plan(draft)
	if err != nil || r.Refused || !strings.Contains(changes(r), fmt.Sprintf("site1 changed binding 127.0.0.1:%d: is new", b)) {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := h.Plan(""); err != nil || len(r.Changes) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := h.Plan(filepath.Join(t.TempDir(), "none")); err != nil || !r.Refused {
		t.Errorf("%+v, %v", r, err)
	}
	login(t, a)
	if !refusesConnections(b) {
		t.Error("a plan opened a port")
	}
}

func TestNothingChangesWhileStopping(t *testing.T) {
	h, stop := run(t, options(t, siteOn(1, t.TempDir(), freePort(t))))
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Reload(t.Context(), true); !errors.Is(err, host.ErrStopping) {
		t.Error(err)
	}
	if _, err := h.Plan(""); !errors.Is(err, host.ErrStopping) {
		t.Error(err)
	}
}

// A host that follows the files applies what is saved, and accounts and IIS
// Manager users no less than sites.
func TestFollowingTheFiles(t *testing.T) {
	port, other := freePort(t), freePort(t)
	content := t.TempDir()
	o := options(t, siteOn(1, content, port))
	o.Follow = true
	h, _ := run(t, o)
	session := login(t, port)
	rewrite(t, o.Home, "</sites>", siteOn(2, content, other)+"</sites>")
	eventually(t, "the new site is served", func() bool { return !refusesConnections(other) })
	session.do("NOOP", "200 ")
	before := h.Generation()
	if err := os.WriteFile(o.Home.Own(), []byte("<configuration><ftpHost><protocol featureSet='Iis' /></ftpHost></configuration>"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ftphost.config counts", func() bool { return h.Generation() > before })
	session.do("RANG 0 1", "500 ")
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// Somebody who is logged in loses what their account loses.
func TestChangedAccountsCountForSessions(t *testing.T) {
	port := freePort(t)
	o := options(t, siteOn(1, t.TempDir(), port))
	o.Follow = true
	rewrite(t, o.Home, `<anonymousAuthentication enabled="true" />`, `<basicAuthentication enabled="true" />`,
		`users="*" permissions="Read" />`, `users="*" permissions="Read" /><add accessType="Allow" roles="writers" permissions="Write" />`)
	people := accounts.Open(o.Home.Accounts())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(people.AddGroup("writers"))
	for _, user := range []string{"stays", "moves", "rests", "goes"} {
		must(people.AddUser(user, "pw", "writers"))
	}
	run(t, o)
	logIn := func(user string) *ftpClient {
		c := dial(t, port)
		t.Cleanup(func() { _ = c.Close() })
		f := &ftpClient{t, c, bufio.NewReader(c)}
		f.expect("220 ")
		f.do("USER "+user, "331 ")
		f.do("PASS pw", "230 ")
		return f
	}
	stays, moves, rests, goes := logIn("stays"), logIn("moves"), logIn("rests"), logIn("goes")
	moves.do("MKD a", "257 ")
	must(people.Leave("writers", "moves"))
	must(people.SetEnabled("rests", false))
	must(people.RemoveUser("goes"))
	answer := func(f *ftpClient, command, prefix string) func() bool {
		return func() bool {
			first := f.do(command, "")
			for line := first; len(line) > 3 && line[3] != ' '; {
				line = f.expect("")
			}
			return strings.HasPrefix(first, prefix)
		}
	}
	eventually(t, "a member less of a group may not write", answer(moves, "MKD a", "550-Access"))
	eventually(t, "a disabled account is thrown out", answer(rests, "NOOP", "421 "))
	eventually(t, "an account that is gone is thrown out", answer(goes, "NOOP", "421 "))
	stays.do("MKD b", "257 ")
}
