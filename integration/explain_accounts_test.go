//go:build integration

package integration_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestExplainAccountsOfADirectory asks for accounts of an OpenLDAP server what
// the wire says of them.
func TestExplainAccountsOfADirectory(t *testing.T) {
	t.Parallel()
	d := startLDAP(t)
	home := withSources(t, `<add name="local" type="LocalAccounts" />
<add name="harbour" type="Ldap" urls="`+fmt.Sprintf("ldaps://127.0.0.1:%d", d.secure)+`" baseDn="dc=harbour,dc=example" bindDn="cn=svc,dc=harbour,dc=example"
     bindPasswordFile="ldap.password" caFile="`+d.dir+`/server.crt" domain="HARBOUR" homeAttribute="st,l" timeout="00:00:20" />`)
	secret := filepath.Join(home, "ldap.password")
	writeFile(t, secret, []byte("search for me\n"))
	if err := os.Chmod(secret, 0o600); err != nil {
		t.Fatal(err)
	}
	configure(t, home, "scenario", `<fileHandling `, `<userIsolation mode="IsolateAllDirectories" /><fileHandling `, `users="user3" permissions="Read"`, `users="ada" permissions="Read"`)
	for _, name := range []string{"ada/up.txt", "ada/test.txt", "eve/up.txt"} {
		writeFile(t, filepath.Join(content(home), "Harbour", filepath.FromSlash(name)), []byte(name))
	}
	for _, c := range []struct {
		user, path, step, result, text, line string
	}{
		{"ada", "/up.txt", "account", "allowed", `accounts of "harbour" know HARBOUR\ada; groups: ftpusersa, team; home attribute: C:\homes\Ada`, `<add name="harbour"`},
		{"ada", "/up.txt", "account", "not known here", "only together with the password", ""},
		{"ada", "/up.txt", "authorization", "allowed", "this rule allows Read", `roles="FTPUsersA, FTPUsersB"`},
		{"ada", "/up.txt", "file system", "allowed", "/up.txt can be read", ""},
		{"user1", "/up.txt", "home directory", "refused", "create " + filepath.Join(content(home), "LocalUser", "user1"), ""},
		{"bob", "/up.txt", "home directory", "refused", filepath.Join(content(home), "HARBOUR", "bob"), ""},
		{"eve", "/up.txt", "home directory", "refused", "no authorization rule grants Read", ""},
		{`OTHER\ada`, "/up.txt", "account", "refused", "no source of accounts knows", ""},
	} {
		out, _, code := command(t, "", "explain", "--home", home, "--site", "ftpsite01.com", "--user", c.user, "--path", c.path)
		if want := map[bool]int{true: 0, false: 1}[strings.HasSuffix(out, "Allowed.\n")]; code != want {
			t.Errorf("explain of %s: exit status %d\n%s", c.user, code, out)
		}
		found := false
		for line := range strings.Lines(out) {
			line = strings.TrimRight(line, "\n")
			if strings.HasPrefix(line, fmt.Sprintf("%-15s %-14s ", c.step, c.result)) && strings.Contains(line, c.text) {
				if found = true; c.line != "" && !strings.Contains(lineOf(t, out, line), c.line) {
					t.Errorf("explain of %s: the line is not %s\n%s", c.user, c.line, out)
				}
			}
		}
		if !found {
			t.Errorf("explain of %s does not say: %s %s %s\n%s", c.user, c.step, c.result, c.text, out)
		}
	}

	d.stop(t)
	out, talk, code := command(t, "", "explain", "--home", home, "--site", "ftpsite01.com", "--user", "ada", "--path", "/up.txt")
	want(t, "of a directory that is down", out, "account         refused        a source of accounts could not be asked: source \"harbour\": ", "connection refused", "(sub-status 34)", "ftphost.config:3:1\n")
	if code != 1 || strings.Contains(out+talk, "search for me") {
		t.Errorf("of a directory that is down: exit status %d\n%s%s", code, out, talk)
	}
}

// TestExplainWaitsForADirectoryAsLongAsConfigured asks one that says nothing.
func TestExplainWaitsForADirectoryAsLongAsConfigured(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // the system accepts, and nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	home := withSources(t, `<add name="harbour" type="Ldap" urls="ldap://`+l.Addr().String()+`" allowClearText="true" baseDn="dc=harbour,dc=example" timeout="00:00:02" /><add name="local" type="LocalAccounts" />`)
	begun := time.Now()
	out, _, code := command(t, "", "explain", "--home", home, "--site", "ftpsite01.com", "--user", "ada", "--json")
	if took := time.Since(begun); code != 1 || took < 2*time.Second || took > 30*time.Second {
		t.Errorf("exit status %d after %v", code, took)
	}
	var e explanation
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	last := e.Steps[len(e.Steps)-1]
	if e.Allowed || e.SubStatus != 34 || last.Name != "account" || !strings.Contains(last.Text, "no answer in time") || !strings.Contains(last.Origin, "ftphost.config:2:") {
		t.Errorf("%+v", e)
	}
	out, _, code = command(t, "", "explain", "--home", home, "--site", "ftpsite01.com", "--user", "user1", "--verb", "CWD")
	if code != 0 {
		t.Errorf("of a local account behind it: exit status %d\n%s", code, out)
	}
	want(t, "of a local account behind it", out, "account         not known here a source of accounts could not be asked: source \"harbour\": ", "local accounts know ")
}
