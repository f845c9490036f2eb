//go:build integration

package integration_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// slapd is a running OpenLDAP with the entries of testdata/ldap.
type slapd struct {
	dir           string
	plain, secure int
	cmd           *exec.Cmd
	talk          *ftptest.Log
	done          chan struct{}
}

// startLDAP starts an OpenLDAP of the test's own on ports that the system
// gives.
func startLDAP(t *testing.T) *slapd {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile("testdata/ldap/slapd.conf")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "slapd.conf")
	writeFile(t, file, []byte(strings.ReplaceAll(string(config), "DIR", dir)))
	run := func(name string, args ...string) {
		if out, talk, code := program(t, "", name, args...); code != 0 {
			t.Fatalf("%s: exit status %d\n%s%s", name, code, out, talk)
		}
	}
	run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=harbour", "-addext", "subjectAltName=IP:127.0.0.1",
		"-days", "2", "-keyout", filepath.Join(dir, "server.key"), "-out", filepath.Join(dir, "server.crt"))
	run("/usr/sbin/slapadd", "-f", file, "-l", "testdata/ldap/people.ldif")
	s := &slapd{dir: dir, plain: freePort(t), secure: freePort(t), talk: &ftptest.Log{}, done: make(chan struct{})}
	urls := fmt.Sprintf("ldap://127.0.0.1:%d ldaps://127.0.0.1:%d", s.plain, s.secure)
	s.cmd = exec.Command("/usr/sbin/slapd", "-d", "0", "-f", file, "-h", urls)
	s.cmd.Stdout, s.cmd.Stderr = s.talk, s.talk
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.done)
		_ = s.cmd.Wait()
	}()
	t.Cleanup(func() {
		s.stop(t)
		if t.Failed() {
			t.Logf("slapd said:\n%s", s.talk)
		}
	})
	for end := time.Now().Add(20 * time.Second); !listening(s.plain) || !listening(s.secure); {
		select {
		case <-s.done:
			t.Fatalf("slapd ended: %v\n%s", s.cmd.ProcessState, s.talk)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatalf("slapd does not listen\n%s", s.talk)
		}
	}
	return s
}

// stop ends slapd.
func (s *slapd) stop(t *testing.T) {
	t.Helper()
	_ = s.cmd.Process.Signal(os.Interrupt)
	select {
	case <-s.done:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
		t.Error("slapd did not end")
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// withSources is a home whose accounts come from these sources.
func withSources(t *testing.T, sources string) string {
	t.Helper()
	home := newHome(t, "scenario")
	writeFile(t, filepath.Join(home, "ftphost.config"), []byte(`<configuration><ftpHost><pathMap><add from="C:\" to="drives/c" /></pathMap>
<accounts><sources>`+sources+`</sources></accounts></ftpHost></configuration>`))
	return home
}

// TestLDAPAccounts logs in accounts of an OpenLDAP server, encrypted from the
// first byte and by StartTLS, beside the local ones; the server's end changes
// nothing for those.
func TestLDAPAccounts(t *testing.T) {
	for _, kind := range []string{"ldaps", "StartTLS"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := startLDAP(t)
			dead := freePort(t)
			urls := fmt.Sprintf("ldaps://127.0.0.1:%d ldaps://127.0.0.1:%d", dead, d.secure)
			if kind == "StartTLS" {
				urls = fmt.Sprintf("ldap://127.0.0.1:%d ldap://127.0.0.1:%d\" startTls=\"true", dead, d.plain)
			}
			home := withSources(t, `<add name="local" type="LocalAccounts" />
<add name="harbour" type="Ldap" urls="`+urls+`" baseDn="dc=harbour,dc=example" bindDn="cn=svc,dc=harbour,dc=example"
     bindPasswordFile="ldap.password" caFile="`+d.dir+`/server.crt" domain="HARBOUR" upnSuffix="harbour.example" timeout="00:00:05" />`)
			password := filepath.Join(home, "ldap.password")
			writeFile(t, password, []byte("search for me\n"))
			if _, talk, code := command(t, "", "check", "--home", home); code != 1 {
				t.Errorf("a password file for all: exit status %d\n%s", code, talk)
			}
			if err := os.Chmod(password, 0o600); err != nil {
				t.Fatal(err)
			}
			ftphost(t, "", "check", "--home", home)
			ldapLogins(t, serve(t, home), d)
		})
	}
}

func ldapLogins(t *testing.T, s *server, d *slapd) {
	t.Helper()
	url := "ftp://127.0.0.1:" + s.control() + "/"
	curl := func(user, password string, status int, path string, args ...string) {
		t.Helper()
		out, talk, code := program(t, "", "curl", append(args, "--silent", "--show-error", "--max-time", "30", "--user", user+":"+password, url+path)...)
		if code != status {
			t.Errorf("curl as %s: exit status %d, want %d\n%s%s", user, code, status, out, talk)
		}
	}
	const refused = 67 // what curl says of 530
	up := randomFile(t, "up.bin", 1000)
	for _, user := range []string{"ada", `HARBOUR\ada`, "ada@harbour.example", "harbour/ADA"} { // in FTPUsersA by way of Team
		curl(user, "pw of ada!", 0, "up.bin", "--upload-file", up)
	}
	curl("bob", "pw of bob!", 0, "up.bin", "--upload-file", up)
	curl("eve", "pw of eve!", refused, "") // no rule is for her
	curl("ada", "pw of bob!", refused, "")
	curl("ada", "", refused, "")
	curl(`OTHER\ada`, "pw of ada!", refused, "")
	curl("*", "pw of ada!", refused, "")
	curl("nobody", "pw of ada!", refused, "")
	curl("user1", password("user1"), 0, "")

	d.stop(t)
	curl("user1", password("user1"), 0, "")
	curl("user2", password("user2"), 0, "")
	curl("ada", "pw of ada!", 0, "") // remembered by the credentials cache
	curl("eve", "pw of eve?", refused, "")
	curl("ada", "pw of eve!", refused, "")
	curl("user3", "wrong", refused, "")
	curl("user3", password("user3"), 0, "")
	want(t, "the operational log", s.talk.String(), `source \"harbour\": `, "connection refused", "source of accounts not asked")
	if strings.Contains(s.talk.String(), "search for me") || strings.Contains(s.talk.String(), "pw of") {
		t.Error("the operational log shows a password")
	}
	s.stop(t)
	want(t, "the log", readLog(t, s.home), ` HARBOUR\ada 127.0.0.1 `, " PASS *** 530 1326 41 ", " PASS *** 530 0 34 ")
}
