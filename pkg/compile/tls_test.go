package compile_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// snapshot is the sites of compiled.
func snapshot(t testing.TB, home compile.Home) *site.Snapshot {
	t.Helper()
	return compiled(t, home).Snapshot
}

// compiled compiles a home with stores of its own.
func compiled(t testing.TB, home compile.Home) *compile.Result {
	t.Helper()
	cfg, problems := home.Load()
	if cfg == nil {
		t.Fatal(problems)
	}
	result, problems := compile.Snapshot(cfg, compile.Parts{
		Home: home, Logs: w3clog.NewFiles(nil), Uploads: vfs.NewUploads(),
		Accounts: func() *local.Directory { return nil }, Certificates: cert.Open(home.Certificates()),
	})
	if result == nil {
		t.Fatal(problems)
	}
	return result
}

func TestTLSOfASite(t *testing.T) {
	security := `<ssl serverCertHash="[good]" /><sslClientCertificates clientCertificatePolicy="CertRequire" validationFlags="CertNoUsageCheck" />`
	config := strings.NewReplacer(
		ssl, security, "<sites>", siteDefaults(required("[other]")),
		"<basicAuthentication ", `<clientCertAuthentication enabled="true" /><basicAuthentication `,
		"</site>", "</site>\n"+strings.Replace(second, "*:21:", "192.0.2.1:990:two.example.com", 1),
	).Replace(plainSite)
	own := `<configuration><ftpHost><tls sni="false" sessionResumption="Off" /></ftpHost>
		<location path="one"><ftpHost><tls minimumVersion="Tls13" sessionResumption="2" sni="true" /></ftpHost></location></configuration>`
	home, back := homeWith(t, config, own, []made{{file: "MY/good.pem"}, {file: "MY/other.pem"}})
	s := snapshot(t, home)
	one, two := s.Sites[0], s.Sites[1]
	describe := func(t site.TLS) string {
		if t.Settings == nil {
			return fmt.Sprint("none ", t.Missing)
		}
		leaf := t.Certificate().Leaf
		return back.Replace(fmt.Sprint(cert.Thumbprint(leaf.Raw), " ", t.Source.Current().Thumbprint, " ", t.ClientCertificates, " ", t.Resumption, " ", t.MinVersion == tls.VersionTLS13, " ", t.IgnoreSNI, " ", t.Verify != nil))
	}
	for _, c := range []struct {
		name, want string
		tls        site.TLS
	}{
		{"one", fmt.Sprint("[good] [good] ", ftps.Require, " ", ftps.RequireResumption, " true false true"), one.TLS},
		{"two inherits", fmt.Sprint("[other] [other] ", ftps.Ignore, " ", ftps.NoResumption, " false true false"), two.TLS},
		{"siteDefaults on 21", fmt.Sprint("[other] [other] ", ftps.Ignore, " ", ftps.NoResumption, " false true false"), s.Endpoints[0].DefaultTLS},
		{"siteDefaults on 990", fmt.Sprint("[other] [other] ", ftps.Ignore, " ", ftps.NoResumption, " false true false"), s.Endpoints[1].DefaultTLS},
	} {
		if got := describe(c.tls); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if one.Login.Certificates == nil || two.Login.Certificates != nil {
		t.Errorf("logins with certificates: %v, %v", one.Login.Certificates, two.Login.Certificates)
	}
	stranger := one.TLS.Certificate().Leaf
	if err := one.TLS.Verify([]*x509.Certificate{stranger}); !errors.Is(err, cert.ErrUntrusted) {
		t.Errorf("a certificate that vouches for itself: %v", err)
	}
}

// TestMissingCertificates: the site runs, and says why it has no TLS.
func TestMissingCertificates(t *testing.T) {
	for name, c := range map[string]struct {
		hash    string
		missing int
		reason  string
	}{
		"none":      {"", access.SubStatusNoCertificate, "no certificate is configured: serverCertHash is empty"},
		"not found": {strings.Repeat("0a", 20), access.SubStatusCertificateNotFound, `applicationHost.config:13:18: system.applicationHost/sites: site "one": no certificate with thumbprint `},
		"no key":    {"[public]", access.SubStatusNoPrivateKey, "certificates/MY/public.crt holds [public] alone"},
		"length":    {"0a", access.SubStatusCertificateHashLength, "a thumbprint is 40 hexadecimal digits"},
	} {
		t.Run(name, func(t *testing.T) {
			home, back := homeWith(t, strings.Replace(plainSite, ssl, withHash(c.hash), 1), "", []made{{file: "MY/public.crt", noKey: true}})
			s := snapshot(t, home)
			if len(s.Sites) != 1 {
				t.Fatalf("%+v", s.Stopped)
			}
			got := s.Sites[0].TLS
			if got.Settings != nil || got.Source != nil || got.Missing != c.missing || !strings.Contains(back.Replace(got.Reason), c.reason) {
				t.Errorf("%+v", got)
			}
			if d := s.Endpoints[0].DefaultTLS; d.Settings != nil || d.Missing != access.SubStatusNoCertificate {
				t.Errorf("siteDefaults have %+v", d)
			}
		})
	}
}

func TestSocketPooling(t *testing.T) {
	for _, c := range []struct {
		name, defaults, own string
		want                bool
	}{
		{"not written", "", "", false},
		{"true", "", `<connections disableSocketPooling="true" />`, false},
		{"false", "", `<connections disableSocketPooling="false" />`, true},
		{"false in siteDefaults", `<connections disableSocketPooling="false" />`, "", true},
		{"true over siteDefaults", `<connections disableSocketPooling="false" />`, `<connections disableSocketPooling="true" />`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := strings.NewReplacer(binding, `"127.0.0.1:21:"`, "<security>", c.own+"<security>",
				"<sites>", "<sites><siteDefaults><ftpServer>"+c.defaults+"</ftpServer></siteDefaults>").Replace(plainSite)
			home, _ := homeWith(t, config, "", nil)
			s := snapshot(t, home)
			if wide := !s.Endpoints[0].Listen.IsValid(); wide != c.want {
				t.Errorf("on all addresses: %v, want %v", wide, c.want)
			}
		})
	}
}

// BenchmarkCertificates measures sites that each have a certificate of their
// own, from the files to the snapshot.
func BenchmarkCertificates(b *testing.B) {
	const n = 1000
	home, _ := manySites(b, n)
	data, err := os.ReadFile(home.Config)
	if err != nil {
		b.Fatal(err)
	}
	parts := strings.SplitAfter(string(data), "<ssl ")
	key := newKey(b)
	for i := range n {
		name := fmt.Sprintf("site%d.example.com", i)
		m := made{file: filepath.Join("MY", name+".pem"), names: []string{name}}
		parts[i] += `serverCertHash="` + m.put(b, home, key) + `" `
	}
	if err := os.WriteFile(home.Config, []byte(strings.Join(parts, "")), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s := snapshot(b, home)
		if len(s.Sites) != n || s.Sites[n-1].TLS.Settings == nil {
			b.Fatal(len(s.Sites), s.Sites[n-1].TLS)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/site")
}
