package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/host"
)

// siteOn is one anonymous site.
func siteOn(id int, content string, ports ...int) string {
	var bindings strings.Builder
	for _, p := range ports {
		fmt.Fprintf(&bindings, `<binding protocol="ftp" bindingInformation="127.0.0.1:%d:" />`, p)
	}
	return fmt.Sprintf(`<site name="site%d" id="%d"><application path="/"><virtualDirectory path="/" physicalPath="%s" /></application>
<bindings>%s</bindings>
<ftpServer><security><ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
<authentication><anonymousAuthentication enabled="true" /></authentication></security></ftpServer></site>
`, id, id, content, &bindings)
}

func options(t *testing.T, sites ...string) host.Options {
	t.Helper()
	home := compile.NewHome(t.TempDir())
	config := "<configuration><system.applicationHost><sites>" + strings.Join(sites, "") + "</sites></system.applicationHost>" +
		`<system.ftpServer><security><authorization><add accessType="Allow" users="*" permissions="Read" /></authorization></security></system.ftpServer></configuration>`
	if err := os.WriteFile(home.Config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return host.Options{Home: home, Log: zerolog.Nop(), Grace: 5 * time.Second}
}

// freePort is a port nobody listens on now.
func freePort(t *testing.T) int {
	t.Helper()
	l := listen(t)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().(*net.TCPAddr).Port
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// run starts a host and returns it with a function that stops it.
func run(t *testing.T, o host.Options) (*host.Host, func() error) {
	t.Helper()
	h, _, err := host.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	stopped := false
	stop := func() error {
		stopped = true
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(30 * time.Second):
			return errors.New("the host does not stop")
		}
	}
	t.Cleanup(func() {
		if !stopped {
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return h, stop
}

func status(h *host.Host) map[string]host.SiteStatus {
	list := map[string]host.SiteStatus{}
	for _, s := range h.Status() {
		list[s.Name] = s
	}
	return list
}

func TestSitesThatCannotRunAreReportedAndTheOthersRun(t *testing.T) {
	taken := listen(t)
	defer taken.Close()
	takenPort, open := taken.Addr().(*net.TCPAddr).Port, freePort(t)
	content := t.TempDir()
	h, _ := run(t, options(t,
		siteOn(1, content, open),
		siteOn(2, content, takenPort),
		siteOn(3, filepath.Join(content, "none"), open),
		siteOn(4, content, open),
		strings.Replace(siteOn(5, content, takenPort), "<ftpServer>", `<ftpServer serverAutoStart="false">`, 1),
	))
	sites := status(h)
	for name, want := range map[string]struct{ state, reason string }{
		"site1": {host.Started, ""},
		"site2": {host.Stopped, fmt.Sprintf("port %d is taken by another program", takenPort)},
		"site3": {host.Stopped, "there is no folder"},
		"site4": {host.Stopped, "is held by site site1"},
		"site5": {host.Stopped, ""},
	} {
		got, ok := sites[name]
		if !ok || got.State != want.state || !strings.Contains(got.Reason, want.reason) || (want.reason == "") != (got.Reason == "") {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if got := greeting(t, open); got != "220 Microsoft FTP Service\r\n" {
		t.Errorf("site1 greets with %q", got)
	}
}

func greeting(t *testing.T, port int) string {
	t.Helper()
	conn := dial(t, port)
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func dial(t *testing.T, port int) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestPortOffset(t *testing.T) {
	port := freePort(t)
	o := options(t, siteOn(1, t.TempDir(), port-1000))
	o.PortOffset = 1000
	h, _ := run(t, o)
	if got := status(h)["site1"].Listen; len(got) != 1 || got[0] != fmt.Sprintf("127.0.0.1:%d", port) {
		t.Errorf("listening on %v, want port %d", got, port)
	}
	greeting(t, port)
}

func TestPortOffsetOutOfRange(t *testing.T) {
	o := options(t, siteOn(1, t.TempDir(), 21))
	o.PortOffset = 65530
	h, _, err := host.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if got := status(h)["site1"]; got.State != host.Stopped || !strings.Contains(got.Reason, "--port-offset 65530 moves port 21") {
		t.Errorf("%+v", got)
	}
}

func TestRefusedConfigurationServesNothing(t *testing.T) {
	port := freePort(t)
	o := options(t, siteOn(1, t.TempDir(), port), "<site title='x'/>")
	h, _, err := host.Start(t.Context(), o)
	var refused *host.Refused
	if h != nil || !errors.As(err, &refused) || refused.Problems.Errors() == 0 {
		t.Fatalf("%v, %v", h, err)
	}
	if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		conn.Close()
		t.Error("the port is open although the configuration is refused")
	}
}

func TestStopTellsIdleSessions(t *testing.T) {
	port := freePort(t)
	_, stop := run(t, options(t, siteOn(1, t.TempDir(), port)))
	conn := dial(t, port)
	defer conn.Close()
	in := bufio.NewReader(conn)
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	line, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "421 ") {
		t.Errorf("an idle session was told %q, %v", line, err)
	}
	if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		conn.Close()
		t.Error("the port is still open")
	}
}
