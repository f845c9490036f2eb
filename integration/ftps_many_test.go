//go:build integration

package integration_test

import (
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// TestFTPSManySites: a thousand sites, each with a certificate of its own, on
// one port. Choosing one of them by the name in the hello costs about what it
// costs where there is one.
func TestFTPSManySites(t *testing.T) {
	t.Parallel()
	const many, connections = 1000, 300
	began := time.Now()
	all, one := manySites(t, many), manySites(t, 1)
	t.Logf("listening after %v", time.Since(began))
	var times [2][]time.Duration
	for range connections { // in turn, so that what else the machine does counts for both
		for i, s := range []*server{one, all} {
			sites := []int{1, many}[i]
			times[i] = append(times[i], handshakeWith(t, s, fmt.Sprintf("site%d.example.com", rand.IntN(sites))))
		}
	}
	for i := range times {
		slices.Sort(times[i])
	}
	single, chosen := times[0][connections/2], times[1][connections/2]
	t.Logf("connecting, AUTH and handshake: %v with one site, %v with %d", single, chosen, many)
	t.Logf("memory: %d KiB with one site, %d KiB with %d", one.usage(t).kibibytes, all.usage(t).kibibytes, many)
	if chosen > 3*single {
		t.Errorf("choosing of %d sites takes %v, of one %v", many, chosen, single)
	}
}

// manySites serves sites named site0.example.com and so on.
func manySites(t *testing.T, n int) *server {
	t.Helper()
	home := secureHome(t)
	var sites strings.Builder
	for i := range n {
		host := fmt.Sprintf("site%d.example.com", i)
		c, err := ftptest.NewCertificate(host)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(home, "certificates", "MY", host+".pem"), c.PEM)
		fmt.Fprintf(&sites, `<site name="%s" id="%d">
			<application path="/"><virtualDirectory path="/" physicalPath="C:\sites\ftpsite01.com" /></application>
			<bindings><binding protocol="ftp" bindingInformation="*:21:%[1]s" /></bindings>
			<ftpServer>
				<security><ssl serverCertHash="%[3]s" /><authentication><basicAuthentication enabled="true" /></authentication></security>
				<logFile directory="%[4]s" />
			</ftpServer></site>`, host, i+3, c.Thumbprint, filepath.Join(home, "logs"))
	}
	config := filepath.Join(home, "applicationHost.config")
	writeFile(t, config, []byte(strings.Replace(readText(t, config), "</sites>", sites.String()+"</sites>", 1)))
	return serve(t, home)
}

// handshakeWith is how long it takes from connecting to the end of the
// handshake; the certificate must be the host's.
func handshakeWith(t *testing.T, s *server, host string) time.Duration {
	t.Helper()
	began := time.Now()
	d := dialTLS(t, s, clientTLS(tls.VersionTLS13, host))
	took := time.Since(began)
	state := d.conn.(*tls.Conn).ConnectionState()
	if got := state.PeerCertificates[0].Subject.CommonName; got != host {
		t.Errorf("got the certificate of %s, want %s", got, host)
	}
	_ = d.conn.Close()
	return took
}
