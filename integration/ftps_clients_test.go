//go:build integration

package integration_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// TestFTPSClientCertificates: clients that prove who they are, on both
// channels, and those that cannot.
func TestFTPSClientCertificates(t *testing.T) {
	t.Parallel()
	home := secureHome(t, `<authentication>`, `<sslClientCertificates clientCertificatePolicy="CertRequire" /><authentication>`)
	known, unknown := clientCertificate(t, "known.example.com"), clientCertificate(t, "unknown.example.com")
	text := readText(t, known)
	writeFile(t, filepath.Join(home, "certificates", "Root", "known.pem"), []byte(text[:strings.Index(text, "-----BEGIN PRIVATE KEY")]))
	s := serve(t, home)
	local := randomFile(t, "up.bin", 300_000)
	for _, v := range []string{"--tlsv1.3", "--tls-max=1.2"} {
		t.Run("curl "+v, func(t *testing.T) {
			args := append(strings.Split(v, "="), "--ssl-reqd", "--insecure")
			with := append(args, "--cert", known)
			mustCurl(t, "user1", append(with, "--upload-file", local, s.url("127.0.0.1", "/up.bin"))...)
			sameFile(t, filepath.Join(content(home), "up.bin"), local)
			if out, _ := mustCurl(t, "user1", append(with, s.url("127.0.0.1", "/up.bin"))...); out != readText(t, local) {
				t.Errorf("%d other bytes came back", len(out))
			}
			for _, without := range [][]string{args, append(args, "--cert", unknown)} {
				if out, talk, code := curl(t, "user1", append(without, s.url("127.0.0.1", "/"))...); code == 0 || out != "" {
					t.Errorf("curl %q got in\n%s", without, talk)
				}
			}
		})
	}
	t.Run("lftp", func(t *testing.T) {
		back := filepath.Join(t.TempDir(), "back.bin")
		script := func(certificate string) []string {
			return []string{"set ssl:cert-file " + certificate, "set ssl:key-file " + certificate, "put " + local + " -o lftp.bin", "get lftp.bin -o " + back}
		}
		if out, code := secureLftp(t, s, "ftp://127.0.0.1:"+s.control(), "user1", script(known)...); code != 0 {
			t.Fatalf("lftp: exit status %d\n%s", code, out)
		}
		sameFile(t, back, local)
		if out, code := secureLftp(t, s, "ftp://127.0.0.1:"+s.control(), "user1", script(unknown)...); code == 0 {
			t.Errorf("lftp got in\n%s", out)
		}
	})
	t.Run("the other site", func(t *testing.T) {
		mustCurl(t, "user1", "--insecure", fmt.Sprintf("ftps://127.0.0.1:%d/", s.implicit()))
	})
	want(t, "serve", s.talk.String(), "the client sent no certificate", "the certificate of the client is not valid")
}

// clientCertificate makes a certificate with its key in one file.
func clientCertificate(t *testing.T, name string) string {
	t.Helper()
	c, err := ftptest.NewCertificate(name)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name+".pem")
	writeFile(t, path, c.PEM)
	return path
}
