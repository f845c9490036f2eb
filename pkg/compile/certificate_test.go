package compile_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/compile"
)

// made is a certificate that a test puts into a store.
type made struct {
	file  string // below certificates
	names []string
	noKey bool
	// change makes it worse.
	change func(*x509.Certificate)
}

func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)
}

func early(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Date(2190, 3, 4, 0, 0, 0, 0, time.UTC), time.Date(2191, 1, 2, 0, 0, 0, 0, time.UTC)
}

// put writes the certificate below the home and returns its thumbprint.
func (m made) put(t testing.TB, home compile.Home, key *ecdsa.PrivateKey) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "made for a test"}, DNSNames: m.names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if m.change != nil {
		m.change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	blocks := []*pem.Block{{Type: "CERTIFICATE", Bytes: der}}
	if !m.noKey {
		raw, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, &pem.Block{Type: "PRIVATE KEY", Bytes: raw})
	}
	for _, b := range blocks {
		if err := pem.Encode(&out, b); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(home.Certificates(), filepath.FromSlash(m.file))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return cert.Thumbprint(der)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// homeWith writes a home with certificates; [FILE] in its texts stands for a
// thumbprint, [lower FILE] for one in small letters, and CONTENT for a folder.
func homeWith(t testing.TB, config, own string, certificates []made) (compile.Home, *strings.Replacer) {
	t.Helper()
	dir := t.TempDir()
	home := compile.NewHome(dir)
	content := filepath.Join(dir, "content")
	if err := os.Mkdir(content, 0o755); err != nil {
		t.Fatal(err)
	}
	there, back := []string{"CONTENT", content}, []string{content, "CONTENT", dir + string(filepath.Separator), ""}
	key := newKey(t)
	for _, m := range certificates {
		thumbprint, name := m.put(t, home, key), strings.TrimSuffix(filepath.Base(m.file), filepath.Ext(m.file))
		there = append(there, "["+name+"]", thumbprint, "[lower "+name+"]", strings.ToLower(thumbprint))
		back = append(back, thumbprint, "["+name+"]")
	}
	for path, text := range map[string]string{home.Config: config, home.Own(): own} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(path, []byte(strings.NewReplacer(there...).Replace(text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home, strings.NewReplacer(back...)
}

// findingsWith are all findings in a home with certificates.
func findingsWith(t *testing.T, config, own string, certificates []made) []string {
	t.Helper()
	home, back := homeWith(t, config, own, certificates)
	problems, _ := compile.Check(home)
	return told(problems, back)
}

// Changes to plainSite, each by itself.
const (
	ssl      = `<ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />`
	binding  = `"*:21:"`
	defaults = `<sites>`
)

func withHash(hash string) string {
	return strings.Replace(ssl, "<ssl ", `<ssl serverCertHash="`+hash+`" `, 1)
}

func required(hash string) string { return `<ssl serverCertHash="` + hash + `" />` }

func siteDefaults(security string) string {
	return "<sites><siteDefaults><ftpServer><security>" + security + "</security></ftpServer></siteDefaults>"
}

func TestCertificateFindings(t *testing.T) {
	good := made{file: "MY/good.pem", names: []string{"ftp.example.com"}}
	const (
		at        = "warning: applicationHost.config:13:18: system.applicationHost/sites: "
		atSite    = at + `site "one": `
		atBinding = `warning: applicationHost.config:9:35: system.applicationHost/sites: site "one": `
		refused   = "; without it, clients that ask for TLS are refused"
		noLogin   = `warning: applicationHost.config:4:7: system.applicationHost/sites: site "one": controlChannelPolicy is SslRequire and the site has no certificate that can be used, so nobody can log in; give it one with serverCertHash, or allow plain FTP with ` + ssl
	)
	for _, c := range []struct {
		name         string
		changes      []string // pairs: what is in plainSite, what takes its place
		own          string
		certificates []made
		want         []string
	}{
		{"good", []string{ssl, withHash("[good]")}, "", []made{good}, nil},
		{"good and required", []string{ssl, required("[good]")}, "", []made{good}, nil},
		{"small letters", []string{ssl, withHash("[lower good]")}, "", []made{good}, nil},
		{"another store", []string{ssl, strings.Replace(withHash("[good]"), " control", ` serverCertStoreName="webhosting" control`, 1)}, "", []made{{file: "WebHosting/good.pem"}}, nil},
		{"ssl128", []string{ssl, strings.Replace(withHash("[good]"), " control", ` ssl128="true" control`, 1)}, "", []made{good}, nil},
		{"name of the site", []string{ssl, withHash("[good]"), binding, `"*:21:FTP.example.com"`}, "", []made{good}, nil},
		{
			"pasted from the dialog",
			[]string{ssl, withHash("\u200e[good]")},
			"",
			[]made{good},
			[]string{atSite + "serverCertHash has characters that do not belong to a thumbprint; write [good]"},
		},
		{
			"too short",
			[]string{ssl, withHash("00")},
			"",
			[]made{good},
			[]string{atSite + `serverCertHash: a thumbprint is 40 hexadecimal digits: "00" has 2` + refused},
		},
		{
			"no digits",
			[]string{ssl, withHash("certificate")},
			"",
			[]made{good},
			[]string{atSite + `serverCertHash: a thumbprint is 40 hexadecimal digits: "certificate" is something else` + refused},
		},
		{
			"not found, no store",
			[]string{ssl, withHash(strings.Repeat("0a", 20))},
			"", nil,
			[]string{atSite + "no certificate with thumbprint " + strings.Repeat("0A", 20) + " in certificates/MY; put the file of the certificate into certificates/MY, or write the thumbprint of one that is there" + refused},
		},
		{
			"not found, one there",
			[]string{ssl, withHash(strings.Repeat("0a", 20))},
			"",
			[]made{good, {file: "MY/old.pem", change: expired}, {file: "MY/client.pem", change: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }}},
			[]string{atSite + "no certificate with thumbprint " + strings.Repeat("0A", 20) + " in certificates/MY; the only one there is certificates/MY/good.pem: write [good]" + refused},
		},
		{
			"not found, one for the names",
			[]string{ssl, withHash(strings.Repeat("0a", 20)), binding, `"*:21:ftp.example.com"`},
			"",
			[]made{good, {file: "MY/other.pem", names: []string{"*.example.org"}}},
			[]string{atSite + "no certificate with thumbprint " + strings.Repeat("0A", 20) + " in certificates/MY; certificates/MY/good.pem is for ftp.example.com: write [good]" + refused},
		},
		{
			"not found, a wildcard for both names",
			[]string{ssl, withHash(strings.Repeat("0a", 20)), `<binding protocol="ftp" bindingInformation="*:21:" />`, `<binding protocol="ftp" bindingInformation="*:21:a.example.org" /><binding protocol="ftp" bindingInformation="*:21:b.example.org" />`},
			"",
			[]made{good, {file: "MY/wide.pem", names: []string{"*.example.org"}}, {file: "MY/narrow.pem", names: []string{"a.example.org"}}},
			[]string{atSite + "no certificate with thumbprint " + strings.Repeat("0A", 20) + " in certificates/MY; certificates/MY/wide.pem is for a.example.org, b.example.org: write [wide]" + refused},
		},
		{
			"not found, two that fit",
			[]string{ssl, withHash(strings.Repeat("0a", 20))},
			"",
			[]made{good, {file: "MY/other.pem"}},
			[]string{atSite + "no certificate with thumbprint " + strings.Repeat("0A", 20) + " in certificates/MY; put the file of the certificate into certificates/MY, or write the thumbprint of one that is there" + refused},
		},
		{
			"sample of the documentation",
			[]string{ssl, withHash("57686f6120447564652c2049495320526f636b73")},
			"", nil,
			[]string{atSite + "serverCertHash is the sample value of the documentation of IIS, which no certificate has; put the file of the certificate into certificates/MY, or write the thumbprint of one that is there" + refused},
		},
		{
			"no key",
			[]string{ssl, withHash("[public]")},
			"",
			[]made{{file: "MY/public.crt", noKey: true}},
			[]string{atSite + "the certificate has no private key: certificates/MY/public.crt holds [public] alone; put the key into the same file, or beside a .crt as .key, or export a PFX with the private key" + refused},
		},
		{
			"expired",
			[]string{ssl, withHash("[old]")},
			"",
			[]made{{file: "MY/old.pem", change: expired}},
			[]string{atSite + "the certificate [old] (certificates/MY/old.pem) expired on 2020-01-02; clients will refuse it"},
		},
		{
			"not yet valid",
			[]string{ssl, withHash("[new]")},
			"",
			[]made{{file: "MY/new.pem", change: early}},
			[]string{atSite + "the certificate [new] (certificates/MY/new.pem) is not valid before 2190-03-04; clients will refuse it"},
		},
		{
			"not for signatures",
			[]string{ssl, withHash("[use]")},
			"",
			[]made{{file: "MY/use.pem", change: func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }}},
			[]string{atSite + "the certificate [use] (certificates/MY/use.pem) says that its key is not for signatures (key usage), which TLS needs; clients may refuse it"},
		},
		{
			"not for servers",
			[]string{ssl, withHash("[use]")},
			"",
			[]made{{file: "MY/use.pem", change: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }}},
			[]string{atSite + "the certificate [use] (certificates/MY/use.pem) says that it is not for servers (extended key usage); clients will refuse it"},
		},
		{
			"another name",
			[]string{ssl, withHash("[good]"), binding, `"*:21:www.example.com"`},
			"",
			[]made{good},
			[]string{atSite + "the certificate [good] (certificates/MY/good.pem) is not for www.example.com, which a binding names, but for ftp.example.com; clients that compare names will refuse it"},
		},
		{
			"required and not found",
			[]string{ssl, required(strings.Repeat("0a", 20))},
			"", nil,
			[]string{noLogin, atSite + "no certificate with thumbprint " + strings.Repeat("0A", 20) + " in certificates/MY; put the file of the certificate into certificates/MY, or write the thumbprint of one that is there" + refused},
		},
		{
			"required for data",
			[]string{`dataChannelPolicy="SslAllow"`, `dataChannelPolicy="SslRequire"`},
			"", nil,
			[]string{`warning: applicationHost.config:13:50: system.applicationHost/sites: site "one": dataChannelPolicy is SslRequire and the site has no certificate that can be used, so nothing can be listed or transferred; give it one with serverCertHash, or allow plain FTP with ` + ssl},
		},
		{
			"required, of siteDefaults for clients without host name",
			[]string{ssl, `<ssl serverCertHash="" />`, binding, `"*:21:ftp.example.com"`, defaults, siteDefaults(required("[good]"))},
			"",
			[]made{good},
			nil,
		},
		{
			"required, of siteDefaults, which does not count for the blank host name",
			[]string{ssl, `<ssl serverCertHash="" />`, defaults, siteDefaults(required("[good]"))},
			"",
			[]made{good},
			[]string{noLogin},
		},
		{"inherited", []string{ssl, "", defaults, siteDefaults(required("[good]"))}, "", []made{good}, nil},
		{
			"inherited and expired is said once",
			[]string{ssl, "", defaults, siteDefaults(required("[old]")), "</site>", "</site>\n" + strings.NewReplacer("*:21:", "*:22:", ssl, "").Replace(second)},
			"",
			[]made{{file: "MY/old.pem", change: expired}},
			[]string{"warning: applicationHost.config:3:52: system.applicationHost/sites: siteDefaults: the certificate [old] (certificates/MY/old.pem) expired on 2020-01-02; clients will refuse it"},
		},
		{
			"port 990 without certificate",
			[]string{binding, `"*:990:"`},
			"", nil,
			[]string{atBinding + `connections to port 990 begin with TLS, and there is no certificate for *:990:, so none of them works; set serverCertHash`},
		},
		{"port 990 with certificate", []string{binding, `"[2001:db8::1]:990:"`, ssl, withHash("[good]")}, "", []made{good}, nil},
		{
			"port 990 with host name",
			[]string{binding, `"*:990:ftp.example.com"`, ssl, withHash("[good]")},
			"",
			[]made{good},
			[]string{atBinding + `connections to port 990 begin with TLS, before a client has named the site, so only clients that send the name in TLS (SNI) reach *:990:ftp.example.com; give siteDefaults a certificate, or add a binding without host name`},
		},
		{
			"port 990 with host name and without SNI",
			[]string{binding, `"*:990:ftp.example.com"`, ssl, withHash("[good]")},
			`<configuration><ftpHost><tls sni="false" /></ftpHost></configuration>`,
			[]made{good},
			[]string{atBinding + `connections to port 990 begin with TLS, and there is no certificate for *:990:ftp.example.com, so none of them works; give siteDefaults a certificate, or add a binding without host name`},
		},
		{
			"port 990 with host name and siteDefaults",
			[]string{binding, `"*:990:ftp.example.com"`, defaults, siteDefaults(required("[good]"))},
			"",
			[]made{good},
			nil,
		},
		{
			"required, with a certificate that only HOST leads to",
			[]string{binding, `"*:21:ftp.example.com"`, ssl, required("[good]")},
			"",
			[]made{good},
			[]string{atBinding + `TLS is required, but clients that have named no site are refused it on port 21, so only those that send HOST first can log in; give siteDefaults a certificate, or add a binding without host name`},
		},
		{
			"Active Directory",
			[]string{ssl, ssl + `<sslClientCertificates useActiveDirectoryMapping="true" />`},
			"", nil,
			[]string{`warning: applicationHost.config:13:104: system.applicationHost/sites: site "one": useActiveDirectoryMapping has no effect here; which account a certificate belongs to stands in ftpHost/accounts of ftphost.config`},
		},
		{
			"logins with certificates nobody is asked for",
			[]string{"<basicAuthentication ", `<clientCertAuthentication enabled="true" /><basicAuthentication `},
			"", nil,
			[]string{`warning: applicationHost.config:15:41: system.applicationHost/sites: site "one": clientCertAuthentication has no effect, since clientCertificatePolicy is CertIgnore and no client is asked for a certificate; use CertAllow or CertRequire`},
		},
		{
			"logins with certificates of nobody",
			[]string{ssl, withHash("[good]") + `<sslClientCertificates clientCertificatePolicy="CertAllow" />`, "<basicAuthentication ", "<clientCertAuthentication "},
			"",
			[]made{good},
			[]string{`warning: applicationHost.config:15:41: system.applicationHost/sites: site "one": nobody can log in with a certificate, since ftpHost/accounts of ftphost.config says of none which account it belongs to`},
		},
		{
			"logins with names that any issuer can write",
			[]string{ssl, withHash("[good]") + `<sslClientCertificates clientCertificatePolicy="CertAllow" />`, "<basicAuthentication ", "<clientCertAuthentication "},
			`<configuration><ftpHost><accounts><clientCertificates><add account="jo" name="jo@harbour.example" /></clientCertificates></accounts></ftpHost></configuration>`,
			[]made{good},
			[]string{
				`warning: applicationHost.config:15:41: system.applicationHost/sites: site "one": without a folder certificates/Root, every issuer that this machine trusts can issue a certificate with a subject or name of ftpHost/accounts; put the issuers of your clients there, or use thumbprints`,
				`warning: ftphost.config:1:60: ftpHost/accounts: there is no account "jo" in localAccounts.config, so nobody can log in with this certificate`,
			},
		},
		{
			"logins with names of one issuer",
			[]string{ssl, withHash("[good]") + `<sslClientCertificates clientCertificatePolicy="CertAllow" />`, "<basicAuthentication ", "<clientCertAuthentication "},
			`<configuration><ftpHost><accounts><clientCertificates><add account="jo" name="jo@harbour.example" /></clientCertificates></accounts></ftpHost></configuration>`,
			[]made{good, {file: "root/issuer.crt", noKey: true}},
			[]string{`warning: ftphost.config:1:60: ftpHost/accounts: there is no account "jo" in localAccounts.config, so nobody can log in with this certificate`},
		},
		{
			"TLS below a site", nil,
			`<configuration><location path="one/sub"><ftpHost><tls sni="false" /></ftpHost></location></configuration>`, nil,
			[]string{`warning: ftphost.config:1:50: ftpHost/tls: below a site it changes nothing; move it to <location path="one">`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := plainSite
			for i := 0; i < len(c.changes); i += 2 {
				if !strings.Contains(config, c.changes[i]) {
					t.Fatalf("%s is not in the site", c.changes[i])
				}
				config = strings.Replace(config, c.changes[i], c.changes[i+1], 1)
			}
			if got := findingsWith(t, config, c.own, c.certificates); !slices.Equal(got, c.want) {
				t.Errorf("findings\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

func TestFilesThatAreNoCertificates(t *testing.T) {
	home, back := homeWith(t, strings.Replace(plainSite, ssl, withHash(strings.Repeat("0a", 20)), 1), "", []made{{file: "MY/good.pem"}})
	for _, name := range []string{"bad.pem", "worse.pem"} {
		if err := os.WriteFile(filepath.Join(home.Certificates(), "MY", name), []byte("nothing"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(home.Certificates(), "MY", "good.pem")); err != nil {
		t.Fatal(err)
	}
	problems, _ := compile.Check(home)
	all := ""
	for _, p := range problems {
		all += back.Replace(p.Error()) + "\n"
	}
	for _, want := range []string{"files there that cannot be used: 2, the first is certificates/MY/bad.pem", "\ncertificates/MY/worse.pem"} {
		if !strings.Contains("\n"+all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if problems.Errors() != 0 {
		t.Errorf("errors in\n%s", all)
	}
}
