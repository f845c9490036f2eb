package host_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/ftptest"
	"github.com/ftphost/ftphost/pkg/host"
)

// implicitPort is the one port on which TLS comes first.
const implicitPort = 990

// implicitSite writes a site on port 990 and another port, moved to where a
// test may listen, which is on implicit and explicit.
func implicitSite(t *testing.T) (o host.Options, implicit, explicit int) {
	t.Helper()
	implicit, explicit = freePort(t), freePort(t)
	if implicit > explicit {
		implicit, explicit = explicit, implicit
	}
	offset := implicit - implicitPort
	o = options(t, siteOn(1, t.TempDir(), implicitPort, explicit-offset))
	o.PortOffset = offset
	return o, implicit, explicit
}

// certificate makes one in the store MY of a home.
func certificate(t *testing.T, home compile.Home, names ...string) *cert.Certificate {
	t.Helper()
	c, err := cert.Open(home.Certificates()).Create(cert.Request{Store: "MY", Names: names, Days: 90, Key: cert.ECDSA}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rewrite changes the configuration of a home.
func rewrite(t *testing.T, home compile.Home, changes ...string) {
	t.Helper()
	data, err := os.ReadFile(home.Config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(home.Config, []byte(strings.NewReplacer(changes...).Replace(string(data))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// secure begins TLS and returns what the other end shows.
func secure(t *testing.T, conn net.Conn, serverName string) (*tls.Conn, *cert.Certificate) {
	t.Helper()
	client := tls.Client(conn, &tls.Config{ServerName: serverName, InsecureSkipVerify: true})
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	leaf := client.ConnectionState().PeerCertificates[0]
	return client, &cert.Certificate{Thumbprint: cert.Thumbprint(leaf.Raw)}
}

// TestImplicitPort opens port 990, moved to where a test may, beside another.
func TestImplicitPort(t *testing.T) {
	o, port, explicit := implicitSite(t)
	c := certificate(t, o.Home, "localhost")
	rewrite(t, o.Home, "<ssl ", `<ssl serverCertHash="`+c.Thumbprint+`" `)
	h, _ := run(t, o)
	got := status(h)["site1"]
	if got.State != host.Started || got.Reason != "" || len(got.Listen) != 2 {
		t.Errorf("%+v", got)
	}
	want := host.URLs{
		Plain:    fmt.Sprintf("ftp://127.0.0.1:%d/", explicit),
		Explicit: fmt.Sprintf("ftp://127.0.0.1:%d/", explicit),
		Implicit: fmt.Sprintf("ftps://127.0.0.1:%d/", port),
	}
	if got.URLs != want {
		t.Errorf("addresses %+v, want %+v", got.URLs, want)
	}
	if s := got.Certificate; s == nil || s.Thumbprint != c.Thumbprint || s.DaysLeft < 88 || !s.SelfSigned || s.Until.IsZero() || s.Reason != "" {
		t.Errorf("certificate %+v", s)
	}
	client, shown := secure(t, dial(t, port), "")
	defer client.Close()
	line, err := bufio.NewReader(client).ReadString('\n')
	if shown.Thumbprint != c.Thumbprint || line != "220 Microsoft FTP Service\r\n" || err != nil {
		t.Errorf("%s greets with %q, %v", shown.Thumbprint, line, err)
	}
	conn := dial(t, explicit)
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, said := range []string{"", "AUTH TLS\r\n"} {
		if _, err := conn.Write([]byte(said)); err != nil {
			t.Fatal(err)
		}
		if line, err = in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.HasPrefix(line, "234 ") {
		t.Fatalf("AUTH TLS: %q", line)
	}
	if _, shown := secure(t, conn, ""); shown.Thumbprint != c.Thumbprint {
		t.Errorf("AUTH TLS shows %s", shown.Thumbprint)
	}
}

// TestNoCertificateOnTheImplicitPort: the site is there on its other port, and
// says why it is not on this one.
func TestNoCertificateOnTheImplicitPort(t *testing.T) {
	o, port, explicit := implicitSite(t)
	rewrite(t, o.Home, "<ssl ", `<ssl serverCertHash="00" `)
	h, _ := run(t, o)
	got := status(h)["site1"]
	if got.State != host.Started || got.Certificate == nil || !strings.Contains(got.Certificate.Reason, `a thumbprint is 40 hexadecimal digits: "00" has 2`) || got.URLs.Implicit+got.URLs.Explicit != "" {
		t.Errorf("%+v", got)
	}
	conn := dial(t, port)
	defer conn.Close()
	if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("something is said in clear text on the implicit port")
	}
	if got := greeting(t, explicit); got != "220 Microsoft FTP Service\r\n" {
		t.Errorf("the other port greets with %q", got)
	}
}

func TestURLs(t *testing.T) {
	port := freePort(t)
	for _, c := range []struct {
		name            string
		from, to        string
		plain, explicit bool
	}{
		{"no certificate", `serverCertHash="`, `serverCertStoreName="`, true, false},
		{"both", "", "", true, true},
		{"TLS required", `controlChannelPolicy="SslAllow"`, `controlChannelPolicy="SslRequireCredentialsOnly"`, false, true},
		{"TLS required for data", `dataChannelPolicy="SslAllow"`, `dataChannelPolicy="SslRequire"`, false, true},
		{"client certificate required", "<authentication>", `<sslClientCertificates clientCertificatePolicy="CertRequire" /><authentication>`, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(t, siteOn(1, t.TempDir(), port))
			made := certificate(t, o.Home, "localhost")
			rewrite(t, o.Home, "<ssl ", `<ssl serverCertHash="`+made.Thumbprint+`" `)
			if c.from != "" {
				rewrite(t, o.Home, c.from, c.to)
			}
			h, _ := run(t, o)
			if got := status(h)["site1"].URLs; (got.Plain != "") != c.plain || (got.Explicit != "") != c.explicit {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestCertificateThatIsNeeded: a site that requires TLS and has no certificate
// says so, one that does not has nothing to say.
func TestCertificateThatIsNeeded(t *testing.T) {
	port := freePort(t)
	o := options(t, siteOn(1, t.TempDir(), port), strings.Replace(siteOn(2, t.TempDir(), freePort(t)), "SslAllow", "SslRequire", 1))
	h, _ := run(t, o)
	sites := status(h)
	if sites["site1"].Certificate != nil {
		t.Errorf("%+v", sites["site1"].Certificate)
	}
	if c := sites["site2"].Certificate; c == nil || c.Reason != "no certificate is configured: serverCertHash is empty" {
		t.Errorf("%+v", c)
	}
}

// TestRenewal: a file that is renewed counts for the next client, and the log
// tells of it.
func TestRenewal(t *testing.T) {
	o, port, _ := implicitSite(t)
	var log ftptest.Log
	o.Log = zerolog.New(&log)
	first := certificate(t, o.Home, "localhost")
	rewrite(t, o.Home, "<ssl ", `<ssl serverCertHash="`+first.Thumbprint+`" `)
	h, _ := run(t, o)
	shown := func() string {
		client, c := secure(t, dial(t, port), "")
		defer client.Close()
		return c.Thumbprint
	}
	if got := shown(); got != first.Thumbprint {
		t.Fatalf("%s is shown, not %s", got, first.Thumbprint)
	}
	other := compile.NewHome(t.TempDir())
	second := certificate(t, other, "localhost")
	if err := os.Rename(second.File, first.File); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); shown() != second.Thumbprint; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the renewed certificate is not shown")
		}
	}
	if got := status(h)["site1"].Certificate; got.Thumbprint != second.Thumbprint {
		t.Errorf("status has %+v", got)
	}
	if want := filepath.Base(first.File) + " was renewed"; !strings.Contains(log.String(), want) {
		t.Errorf("no %q in %s", want, log.String())
	}
}
