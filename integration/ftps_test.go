//go:build integration

package integration_test

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tlsVersions are those that every client is tried with.
var tlsVersions = []struct {
	name   string
	number uint16
}{{"1.2", tls.VersionTLS12}, {"1.3", tls.VersionTLS13}}

// Hosts of testdata/ftps.config.
const (
	site1 = "ftpsite01.com"
	site2 = "ftpsite02.com"
)

// secureHome is a home with the two sites of testdata/ftps.config, which is
// changed by the old, new pairs, and with a certificate of each.
func secureHome(t *testing.T, replace ...string) string {
	t.Helper()
	home := newHome(t, "")
	if err := os.RemoveAll(filepath.Join(home, "certificates")); err != nil {
		t.Fatal(err)
	}
	one, two := newCertificate(t, home, site1), newCertificate(t, home, site2)
	configure(t, home, "ftps", append([]string{"CERTIFICATE1", one, "CERTIFICATE2", two}, replace...)...)
	writeFile(t, filepath.Join(contentOf(home, site2), "second.txt"), []byte("of the second site\n"))
	return home
}

// secureServer is a server of such a home.
func secureServer(t *testing.T, replace ...string) *server {
	t.Helper()
	return serve(t, secureHome(t, replace...))
}

// newCertificate makes a certificate as an administrator does, and returns its
// thumbprint.
func newCertificate(t *testing.T, home, host string) string {
	t.Helper()
	thumbprint := strings.TrimSpace(ftphost(t, "", "cert", "new", "--dns", host, "--home", home))
	if len(thumbprint) != 40 {
		t.Fatalf("cert new printed %q, want the thumbprint alone", thumbprint)
	}
	return thumbprint
}

// trust writes the certificate of a host without its key to a file that clients
// are told to trust.
func trust(t *testing.T, home, host string) string {
	t.Helper()
	rest := []byte(readText(t, filepath.Join(home, "certificates", "MY", host+".pem")))
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			t.Fatalf("no certificate of %s", host)
		}
		if block.Type == "CERTIFICATE" {
			path := filepath.Join(t.TempDir(), host+".crt")
			writeFile(t, path, pem.EncodeToMemory(block))
			return path
		}
	}
}

// contentOf is the folder of a site.
func contentOf(home, host string) string {
	return filepath.Join(home, "drives", "c", "sites", host)
}

// implicit is the port of a binding to port 990.
func (s *server) implicit() int { return s.offset + 990 }

// clientTLS is how a client in this process does its handshakes: it remembers
// the last session, whichever port of the host it is with.
func clientTLS(version uint16, host string) *tls.Config {
	return &tls.Config{
		InsecureSkipVerify: true, ServerName: host, MinVersion: version, MaxVersion: version,
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
}

// secureDialogue is a dialogue in TLS, with what data connections need.
type secureDialogue struct {
	*dialogue
	config *tls.Config
}

// dialTLS opens a control connection and says AUTH TLS.
func dialTLS(t *testing.T, s *server, config *tls.Config) *secureDialogue {
	t.Helper()
	d := dial(t, "127.0.0.1", s.port)
	d.say("AUTH TLS", "234 ")
	return d.secured(config)
}

// secured does the handshake.
func (d *dialogue) secured(config *tls.Config) *secureDialogue {
	d.t.Helper()
	secure := tls.Client(d.conn, config)
	if err := secure.Handshake(); err != nil {
		d.t.Fatal(err)
	}
	d.conn, d.text = secure, textproto.NewConn(secure)
	return &secureDialogue{d, config}
}

// loginTLS is dialTLS and what comes before a transfer.
func loginTLS(t *testing.T, s *server, config *tls.Config, user string) *secureDialogue {
	t.Helper()
	d := dialTLS(t, s, config)
	d.login(user)
	return d
}

func (d *secureDialogue) login(user string) {
	d.t.Helper()
	d.say("USER "+user, "331 ")
	d.say("PASS "+password(user[strings.LastIndexByte(user, '|')+1:]), "230 ")
	d.say("PBSZ 0", "200 ")
	d.say("PROT P", "200 ")
	d.say("TYPE I", "200 ")
}

// dialImplicit opens a control connection on the port of implicit TLS.
func dialImplicit(t *testing.T, s *server, config *tls.Config) *secureDialogue {
	t.Helper()
	d := (&dialogue{t: t, conn: dialPort(t, s.implicit())}).secured(config)
	d.expect("220 ")
	return d
}

// fetch is the dialogue's, in TLS.
func (d *secureDialogue) fetch(line string) string {
	d.t.Helper()
	raw := d.passive()
	d.say(line, "1")
	data, err := io.ReadAll(tls.Client(raw, d.config))
	if err != nil {
		d.t.Fatal(err)
	}
	_ = raw.Close()
	d.expect("226 ")
	return string(data)
}
