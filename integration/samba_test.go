//go:build integration

package integration_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// samba is a running domain controller of Active Directory with the entries of
// testdata/samba.
type samba struct {
	dir, address string
	cmd          *exec.Cmd
	talk         *ftptest.Log
	done         chan struct{}
	life         io.Closer // its standard input, with which it ends
}

// sambaPorts are those that the controller serves; they cannot be changed.
var sambaPorts = []string{"389", "636", "3268", "3269"}

// startSamba makes a domain and serves its directory at a loopback address of
// its own, because the ports are those of every directory. It skips the test
// where that cannot be.
func startSamba(t *testing.T) *samba {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("Active Directory is not tested: a domain controller needs root, for its ports and the owners of its files, and an address of its own, which Linux gives")
	}
	for _, program := range []string{"samba", "samba-tool", "ldbadd"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("Active Directory is not tested: %s is not installed, and could not be: run tools/packages.sh", program)
		}
	}
	s := &samba{dir: t.TempDir(), talk: &ftptest.Log{}, done: make(chan struct{})}
	s.address = fmt.Sprintf("127.%d.%d.%d", 64+rand.IntN(64), rand.IntN(256), 1+rand.IntN(254))
	for _, port := range sambaPorts {
		l, err := net.Listen("tcp", net.JoinHostPort(s.address, port))
		if err != nil {
			t.Skipf("Active Directory is not tested: %v; a server that listens at all addresses has to be stopped first", err)
		}
		l.Close()
	}
	s.provision(t)
	s.start(t)
	return s
}

// provision makes the domain and its accounts.
func (s *samba) provision(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"private", "state", "cache", "lock", "run", "ncalrpc", "dns", "ntp", "winbind", "sysvol"} {
		if err := os.Mkdir(filepath.Join(s.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	config := strings.NewReplacer("DIR", s.dir, "ADDRESS", s.address).Replace(readText(t, "testdata/samba/smb.conf"))
	writeFile(t, filepath.Join(s.dir, "smb.conf"), []byte(config))
	out, talk, code := program(t, "", "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=dc1.harbour.example",
		"-addext", "subjectAltName=IP:"+s.address, "-days", "2", "-keyout", filepath.Join(s.dir, "server.key"), "-out", filepath.Join(s.dir, "server.crt"))
	if code != 0 {
		t.Fatalf("openssl: exit status %d\n%s%s", code, out, talk)
	}
	out, talk, code = programWithin(t, 4*time.Minute, "", "samba-tool", "domain", "provision", "--configfile="+filepath.Join(s.dir, "smb.conf"), "--realm=HARBOUR.EXAMPLE", "--domain=HARBOUR",
		"--server-role=dc", "--dns-backend=NONE", "--host-name=dc1", "--host-ip="+s.address, "--adminpass=Pw of admin 1")
	for _, lacks := range []string{"does not support posix ACLs", "Unable to chown"} {
		if strings.Contains(talk, lacks) {
			t.Skipf("Active Directory is not tested: Samba says that this file system %s\n%s", lacks, talk)
		}
	}
	if code != 0 {
		t.Fatalf("samba-tool: exit status %d\n%s%s", code, out, talk)
	}
	s.edit(t, "ldbadd", readText(t, "testdata/samba/people.ldif"))
	s.edit(t, "ldbmodify", "dn: DC=harbour,DC=example\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: 2\n")
}

// start serves the domain until the test ends.
func (s *samba) start(t *testing.T) {
	t.Helper()
	s.cmd = exec.Command("samba", "-i", "-M", "single", "--debug-stdout", "--configfile="+filepath.Join(s.dir, "smb.conf"))
	s.cmd.Stdout, s.cmd.Stderr = s.talk, s.talk
	var err error
	if s.life, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
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
			t.Logf("samba said:\n%s", s.talk)
		}
	})
	for end := time.Now().Add(60 * time.Second); !s.listens(); {
		select {
		case <-s.done:
			t.Fatalf("samba ended: %v\n%s", s.cmd.ProcessState, s.talk)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatalf("samba does not listen\n%s", s.talk)
		}
	}
}

func (s *samba) listens() bool {
	for _, port := range sambaPorts[:2] {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(s.address, port), time.Second)
		if err != nil {
			return false
		}
		c.Close()
	}
	return true
}

// stop ends samba.
func (s *samba) stop(t *testing.T) {
	t.Helper()
	s.life.Close()
	_ = s.cmd.Process.Signal(os.Interrupt)
	select {
	case <-s.done:
	case <-time.After(20 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
		t.Error("samba did not end")
	}
}

// edit changes the directory by LDIF, in which PASSWORD(text) stands for a
// password as Active Directory takes it: in quotes, in UTF-16.
func (s *samba) edit(t *testing.T, tool, ldif string) {
	t.Helper()
	ldif = regexp.MustCompile(`PASSWORD\((.*)\)`).ReplaceAllStringFunc(ldif, func(text string) string {
		var b []byte
		for _, unit := range utf16.Encode([]rune(`"` + text[len("PASSWORD("):len(text)-1] + `"`)) {
			b = append(b, byte(unit), byte(unit>>8))
		}
		return base64.StdEncoding.EncodeToString(b)
	})
	if out, talk, code := program(t, ldif, tool, "--configfile="+filepath.Join(s.dir, "smb.conf"), "-H", filepath.Join(s.dir, "private", "sam.ldb")); code != 0 {
		t.Fatalf("%s: exit status %d\n%s%s", tool, code, out, talk)
	}
}

// home is a home whose accounts come from this computer and the domain.
func (s *samba) home(t *testing.T, urls string) string {
	t.Helper()
	home := withSources(t, `<add name="local" type="LocalAccounts" />
<add name="harbour" type="ActiveDirectory" urls="`+urls+`" baseDn="DC=harbour,DC=example" bindDn="svc@harbour.example" bindPasswordFile="ldap.password"
     caFile="`+s.dir+`/server.crt" domain="HARBOUR" upnSuffix="harbour.example" timeout="00:00:20" groupCache="00:00:00" />`)
	password := filepath.Join(home, "ldap.password")
	writeFile(t, password, []byte("Search for me 1\n"))
	if err := os.Chmod(password, 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}

// TestActiveDirectory logs in accounts of a domain: by each form of their names,
// with groups of groups, and with homes that the domain names; accounts that it
// keeps out stay out, with the Windows code in the log.
func TestActiveDirectory(t *testing.T) {
	t.Parallel()
	d := startSamba(t)
	t.Run("ldaps", func(t *testing.T) { d.logins(t, d.home(t, "ldaps://"+d.address)) })
	t.Run("StartTLS", func(t *testing.T) { d.homes(t, d.home(t, "ldap://"+d.address+`" startTls="true`)) })
}

// logins logs in over LDAPS.
func (d *samba) logins(t *testing.T, home string) {
	t.Helper()
	s := serve(t, home)
	const refused = 67 // what curl says of 530
	curl := func(user, password string, status int, path string, args ...string) {
		t.Helper()
		out, talk, code := program(t, "", "curl", append(args, "--silent", "--show-error", "--max-time", "50", "--user", user+":"+password, s.url("127.0.0.1", "/"+path))...)
		if code != status {
			t.Errorf("curl as %s: exit status %d, want %d\n%s%s", user, code, status, out, talk)
		}
	}
	up := randomFile(t, "up.bin", 1000)
	for _, user := range []string{"ada", `HARBOUR\ada`, "harbour/ADA", "ada.love@harbour.example", "ada@harbour.example"} { // in FTPUsersA by way of two groups
		curl(user, "Pw of ada 1", 0, "up.bin", "--upload-file", up)
	}
	curl(`OTHER\ada`, "Pw of ada 1", refused, "")
	curl("ada", "Pw of bob 1", refused, "")
	curl("ada", "", refused, "")
	curl("*", "Pw of ada 1", refused, "")
	curl("eve", "Pw of eve 1", refused, "") // no rule is for her
	curl("user1", password("user1"), 0, "")
	for _, user := range []string{"off", "old", "new"} {
		curl(user, "Pw of "+user+" 1", refused, "")
	}
	for range 3 {
		curl("lou", "Guess", refused, "")
	}
	curl("lou", "Pw of lou 1", refused, "") // locked out
	explainsAs(t, home, map[string]string{
		"ada":     `accounts of "harbour" know HARBOUR\Ada; groups: deck hands, domain users, ftpusersa, team; home attribute: C:\homes\Ada`,
		"off":     "the account is disabled (sub-status 41)",
		"old":     "the account has expired (sub-status 41)",
		"new":     "the password must be changed first (sub-status 41)",
		"lou":     "the account is locked out (sub-status 41)",
		"stowage": `no source of accounts knows "stowage" (sub-status 41)`,
	})

	d.edit(t, "ldbmodify", readText(t, "testdata/samba/later.ldif"))
	curl("bob", "Pw of bob 1", refused, "")
	curl("bob", "Another pw of bob 2", 0, "")
	curl("ada", "Pw of ada 1", refused, "") // disabled, though the password is remembered
	s.stop(t)
	want(t, "the log", readLog(t, home), ` HARBOUR\Ada 127.0.0.1 `, " PASS *** 530 1326 41 ", " PASS *** 530 1331 41 ", " PASS *** 530 1793 41 ",
		" PASS *** 530 1907 41 ", " PASS *** 530 1909 41 ")
	if strings.Contains(s.talk.String(), "Pw of") || strings.Contains(s.talk.String(), "Search for me") {
		t.Error("the operational log shows a password")
	}
	d.edit(t, "ldbmodify", "dn: CN=Love\\, Ada (first),OU=Crew\\2C deck,DC=harbour,DC=example\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 512\n")
}

// homes logs in to the homes that the domain names, over StartTLS.
func (d *samba) homes(t *testing.T, home string) {
	t.Helper()
	configure(t, home, "scenario", `<fileHandling `, `<userIsolation mode="ActiveDirectory" /><fileHandling `)
	writeFile(t, filepath.Join(home, "drives", "c", "homes", "ada", "hers"), []byte("hers alone"))
	s := serve(t, home)
	for _, c := range []struct{ login, says string }{
		{"ada:Pw of ada 1", "226 Transfer complete."},
		{"bob:Another pw of bob 2", "530 User cannot log in, home directory inaccessible."},
		{"user1:" + password("user1"), "530 User cannot log in, home directory inaccessible."},
		{"ada:wrong", "530 User cannot log in."},
	} {
		_, talk, _ := program(t, "", "curl", "--silent", "-v", "--max-time", "50", "--user", c.login, s.url("127.0.0.1", "/hers"))
		want(t, c.login, talk, "< "+c.says)
	}
	s.stop(t)
	explainsAs(t, home, map[string]string{
		`HARBOUR\bob`: `the account HARBOUR\bob has no home attribute, which userIsolation wants here (sub-status 33)`,
		"ada":         "the session starts in /",
	})
}

// explainsAs asks explain for each user whether CWD / is allowed, and compares
// with what a step says.
func explainsAs(t *testing.T, home string, says map[string]string) {
	t.Helper()
	for user, text := range says {
		e := explained(t, home, user, "/", "CWD")
		if !strings.Contains(fmt.Sprintf("%+v", e.Steps), text) {
			t.Errorf("explain of %s does not say %q: %+v", user, text, e.Steps)
		}
	}
}
