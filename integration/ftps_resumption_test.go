//go:build integration

package integration_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jlaffaye/ftp"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// requiringHome is a secure home whose first site has
// sessionResumption="Require".
func requiringHome(t *testing.T, replace ...string) string {
	t.Helper()
	home := secureHome(t, replace...)
	own := filepath.Join(home, "ftphost.config")
	writeFile(t, own, []byte(strings.Replace(readText(t, own), "</configuration>",
		`<location path="ftpsite01.com"><ftpHost><tls sessionResumption="Require" /></ftpHost></location></configuration>`, 1)))
	return home
}

// TestFTPSRequiresResumption: data connections that resume the session of
// their control connection are served, others are not.
func TestFTPSRequiresResumption(t *testing.T) {
	t.Parallel()
	s := serve(t, requiringHome(t))
	for _, v := range tlsVersions {
		t.Run("Go "+v.name, func(t *testing.T) { resumesInGo(t, s, v.number) })
		t.Run("openssl "+v.name, func(t *testing.T) { resumesByOpenSSL(t, s, v.name) })
	}
	t.Run("curl", func(t *testing.T) { resumesByCurl(t, s) })
	t.Run("lftp", func(t *testing.T) { resumesByLftp(t, s) })
	want(t, "serve", s.talk.String(), "the data connection does not resume the TLS session of its control connection")
}

func resumesInGo(t *testing.T, s *server, version uint16) {
	for _, remembers := range []bool{true, false} {
		config := clientTLS(version, site1)
		if !remembers {
			config.ClientSessionCache = nil
		}
		c, err := ftp.Dial("127.0.0.1:"+s.control(), ftp.DialWithExplicitTLS(config), ftp.DialWithTimeout(20*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Login("user1", password("user1")); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			name := fmt.Sprintf("go-%d-%d.bin", version, i)
			err := c.Stor(name, bytes.NewReader(make([]byte, 100_000)))
			size, missing := c.FileSize(name)
			switch {
			case remembers && (err != nil || size != 100_000):
				t.Errorf("upload with the session: %v, %d bytes, %v", err, size, missing)
			case !remembers && (err == nil || missing == nil):
				t.Errorf("upload without the session: %v, %d bytes", err, size)
			}
			if remembers {
				_ = c.Delete(name)
			}
		}
		_ = c.Quit()
	}
	config := clientTLS(version, site1)
	d := loginTLS(t, s, config, "user1")
	if got := d.fetch("RETR computer.txt"); got == "" {
		t.Error("computer.txt is empty")
	}
	d.config = clientTLS(version, site1) // which remembers nothing yet
	raw := d.passive()
	d.say("RETR computer.txt", "1")
	if data, err := io.ReadAll(tls.Client(raw, d.config)); err == nil || len(data) > 0 {
		t.Errorf("a data connection without the session got %d bytes, %v", len(data), err)
	}
	d.expect("425 ")
	d.say("NOOP", "200 ")
}

// resumesByCurl: curl resumes with TLS 1.3 only, and once: OpenSSL uses a
// ticket of TLS 1.3 no second time, and curl wants none of TLS 1.2.
func resumesByCurl(t *testing.T, s *server) {
	local := randomFile(t, "up.bin", 200_000)
	mustCurl(t, "user1", "--ssl-reqd", "--insecure", "--tlsv1.3", "--upload-file", local, s.url("127.0.0.1", "/curl.bin"))
	sameFile(t, filepath.Join(content(s.home), "curl.bin"), local)
	out, talk := mustCurl(t, "user1", "--ssl-reqd", "--insecure", "--tlsv1.3", s.url("127.0.0.1", "/curl.bin"))
	if out != readText(t, local) {
		t.Errorf("%d other bytes came back", len(out))
	}
	want(t, "curl", talk, "SSL re-using session ID")
	out, talk, code := curl(t, "user1", "--ssl-reqd", "--insecure", "--no-sessionid", s.url("127.0.0.1", "/curl.bin"))
	if code == 0 || out != "" {
		t.Errorf("curl without its sessions got %d bytes\n%s", len(out), talk)
	}
}

func resumesByLftp(t *testing.T, s *server) {
	local := randomFile(t, "up.bin", 200_000)
	back := filepath.Join(t.TempDir(), "back.bin")
	if out, code := secureLftp(t, s, "ftp://127.0.0.1:"+s.control(), "user1",
		"put "+local+" -o lftp.bin", "cls -1", "get lftp.bin -o "+back); code != 0 {
		t.Fatalf("lftp: exit status %d\n%s", code, out)
	}
	sameFile(t, back, local)
	tree := t.TempDir()
	for i := range 12 {
		writeFile(t, filepath.Join(tree, fmt.Sprintf("%d/%d.bin", i%3, i)), make([]byte, i*30_000))
	}
	if out, code := secureLftp(t, s, "ftp://127.0.0.1:"+s.control(), "user1",
		"mirror --reverse --parallel=3 "+tree+" tree", "mirror --parallel=3 tree "+back+".d"); code != 0 {
		t.Fatalf("lftp: exit status %d\n%s", code, out)
	}
	if diff, _, code := program(t, "", "diff", "-r", tree, back+".d"); code != 0 {
		t.Errorf("mirrored tree differs:\n%s", diff)
	}
}

// resumesByOpenSSL takes the ticket of a control connection to a data
// connection by way of a file.
func resumesByOpenSSL(t *testing.T, s *server, version string) {
	ticket := filepath.Join(t.TempDir(), "ticket.pem")
	flag := "-tls" + strings.Replace(version, ".", "_", 1)
	control := exec.CommandContext(t.Context(), "openssl", "s_client", flag, "-quiet", "-starttls", "ftp",
		"-connect", "127.0.0.1:"+s.control(), "-sess_out", ticket)
	in, err := control.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said ftptest.Log
	control.Stdout = &said
	if err := control.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		_ = control.Process.Kill()
		_ = control.Wait()
	}()
	say := func(line, answer string) {
		t.Helper()
		if _, err := io.WriteString(in, line+"\r\n"); err != nil {
			t.Fatal(err)
		}
		eventually(t, line+" is answered "+answer+"in "+said.String(), func() bool { return strings.Contains(said.String(), answer) })
	}
	say("USER user1", "331 ")
	say("PASS "+password("user1"), "230 ")
	say("PBSZ 0", "200 PBSZ ")
	say("PROT P", "200 PROT ")
	say("EPSV", "229 ")
	var port int
	_, reply, _ := strings.Cut(said.String(), "229 ")
	if _, err := fmt.Sscanf(reply, "Entering Extended Passive Mode (|||%d|)", &port); err != nil {
		t.Fatalf("%q: %v", reply, err)
	}
	say("RETR computer.txt", "150 ")
	eventually(t, "openssl has the ticket", func() bool { i, err := os.Stat(ticket); return err == nil && i.Size() > 0 })
	out, talk, code := program(t, "", "openssl", "s_client", flag, "-ign_eof", "-connect", fmt.Sprintf("127.0.0.1:%d", port), "-sess_in", ticket)
	if code != 0 {
		t.Fatalf("openssl: exit status %d\n%s%s", code, out, talk)
	}
	want(t, "data connection", out, "Reused, TLSv"+version, readText(t, filepath.Join(content(s.home), "computer.txt")))
	eventually(t, "the transfer is over", func() bool { return strings.Contains(said.String(), "226 ") })
}
