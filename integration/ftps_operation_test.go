//go:build integration

package integration_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// TestFTPSStopInSteps is TestStopInSteps in TLS: who waits is told inside it,
// and transfers end properly.
func TestFTPSStopInSteps(t *testing.T) {
	t.Parallel()
	s := secureServer(t)
	local := randomFile(t, "big.bin", 16*mebibyte)
	writeFile(t, filepath.Join(content(s.home), "big.bin"), []byte(readText(t, local)))
	explicit := loginTLS(t, s, clientTLS(tls.VersionTLS13, site1), "user2")
	implicit := dialImplicit(t, s, clientTLS(tls.VersionTLS12, site2))
	silent := beforeHandshake(t, s)

	back := filepath.Join(t.TempDir(), "back.bin")
	slow := exec.Command("curl", "--silent", "--show-error", "--limit-rate", "8M", "--output", back, "--ssl-reqd", "--insecure",
		"--user", "user1:"+password("user1"), s.url("127.0.0.1", "/big.bin"))
	var talk ftptest.Log
	slow.Stdout, slow.Stderr = &talk, &talk
	if err := slow.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the download has begun", func() bool { i, err := os.Stat(back); return err == nil && i.Size() > 0 })
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*secureDialogue{explicit, implicit} {
		d.expect("421 ")
		if _, err := d.conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("TLS does not end with its last word: %v", err)
		}
	}
	for _, c := range silent {
		closedWithin(t, c, 2*time.Second)
	}
	if err := slow.Wait(); err != nil {
		t.Errorf("the transfer did not end properly: %v\n%s", err, talk.String())
	}
	sameFile(t, back, local)
	s.ended(t, 5*time.Second)
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit status %d", code)
	}
}

// TestFTPSRenewal: a certificate whose file is replaced counts from the next
// control connection on; a session keeps the one it began with.
func TestFTPSRenewal(t *testing.T) {
	t.Parallel()
	s := secureServer(t)
	shown := func(conn net.Conn) string {
		return string(conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw)
	}
	d := loginTLS(t, s, clientTLS(tls.VersionTLS13, site1), "user1")
	before := shown(d.conn)
	renewed, err := ftptest.NewCertificate(site1)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.home, "certificates", "MY", site1+".pem")
	writeFile(t, file+".new", renewed.PEM)
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new certificate is shown", func() bool {
		next := dialTLS(t, s, clientTLS(tls.VersionTLS13, site1))
		defer next.conn.Close()
		return shown(next.conn) == string(renewed.TLS.Certificate[0])
	})
	raw := d.passive()
	d.say("RETR computer.txt", "1")
	data := tls.Client(raw, clientTLS(tls.VersionTLS13, site1))
	if got, err := io.ReadAll(data); err != nil || len(got) == 0 {
		t.Errorf("the session got %d bytes, %v", len(got), err)
	}
	if shown(data) != before {
		t.Error("a session changes its certificate")
	}
	d.expect("226 ")
}

// TestFTPSActivePorts: data connections come from port 20, those of implicit
// sessions from port 989.
func TestFTPSActivePorts(t *testing.T) {
	t.Parallel()
	s := secureServer(t)
	for _, c := range []struct {
		name string
		dial func(*testing.T, *server, *tls.Config) *secureDialogue
		from int
	}{{site1, dialTLS, 20}, {site2, dialImplicit, 989}} {
		d := c.dial(t, s, clientTLS(tls.VersionTLS13, c.name))
		d.login("user1")
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		d.say(fmt.Sprintf("PORT 127,0,0,1,%d,%d", port>>8, port&255), "200 ")
		d.say("LIST", "1")
		raw, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got := raw.RemoteAddr().(*net.TCPAddr).Port; got != c.from+s.offset {
			t.Errorf("%s: the data connection comes from port %d, want %d with the offset", c.name, got-s.offset, c.from)
		}
		if listing, err := io.ReadAll(tls.Client(raw, d.config)); err != nil || !strings.Contains(string(listing), ".txt") {
			t.Errorf("%s: listing %q, %v", c.name, listing, err)
		}
		d.expect("226 ")
	}
}

// TestFTPSAbort stops a download and an upload in the middle and goes on in
// the same session.
func TestFTPSAbort(t *testing.T) {
	t.Parallel()
	s := secureServer(t)
	writeFile(t, filepath.Join(content(s.home), "long.bin"), make([]byte, 64*mebibyte))
	for _, v := range tlsVersions {
		d := loginTLS(t, s, clientTLS(v.number, site1), "user1")
		for _, line := range []string{"RETR long.bin", "STOR up.bin"} {
			raw := d.passive()
			d.say(line, "1")
			data := tls.Client(raw, d.config)
			var err error
			if strings.HasPrefix(line, "RETR") {
				_, err = io.ReadFull(data, make([]byte, 100_000))
			} else {
				_, err = data.Write(make([]byte, 100_000))
			}
			if err != nil {
				t.Fatal(err)
			}
			d.say("ABOR", "426 ")
			d.expect("226 ABOR command successful.")
			_ = raw.Close()
			d.say("PWD", `257 "/" is current directory.`)
		}
		if got := d.fetch("NLST test.txt"); got != "test.txt\r\n" {
			t.Errorf("NLST after ABOR: %q", got)
		}
		d.say("SIZE up.bin", "550 ")
	}
}

// TestFTPSResumesTransfers: a download goes on where it stopped, an upload is
// appended, a file comes in pieces at once.
func TestFTPSResumesTransfers(t *testing.T) {
	t.Parallel()
	s := secureServer(t)
	local := randomFile(t, "whole.bin", 2*mebibyte+1)
	data := []byte(readText(t, local))
	secure := []string{"--ssl-reqd", "--insecure", "--continue-at", "-"}
	remote, part := filepath.Join(content(s.home), "part.bin"), filepath.Join(t.TempDir(), "part.bin")
	writeFile(t, remote, data[:700_001])
	mustCurl(t, "user1", append(secure, "--upload-file", local, s.url("127.0.0.1", "/part.bin"))...)
	sameFile(t, remote, local)
	writeFile(t, part, data[:1_234_567])
	mustCurl(t, "user1", append(secure, "--output", part, s.url("127.0.0.1", "/part.bin"))...)
	sameFile(t, part, local)
	pieces := filepath.Join(t.TempDir(), "pieces.bin")
	if out, code := secureLftp(t, s, "ftp://127.0.0.1:"+s.control(), "user1", "pget -n 4 part.bin -o "+pieces); code != 0 {
		t.Fatalf("lftp: exit status %d\n%s", code, out)
	}
	sameFile(t, pieces, local)
}
