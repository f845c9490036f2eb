//go:build integration

package integration_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const pamSource = `<add name="local" type="LocalAccounts" /><add name="os" type="Pam" service="SERVICE" />`

// TestPAMIsNotInTheStaticBinary: the program says so before it serves, with
// the line.
func TestPAMIsNotInTheStaticBinary(t *testing.T) {
	t.Parallel()
	home := withSources(t, pamSource)
	for _, args := range [][]string{
		{"check", "--home", home},
		{"serve", "--home", home, "--port-offset", "20000"},
		{"explain", "--home", home, "--site", "ftpsite01.com", "--user", "daemon"},
	} {
		out, talk, code := command(t, "", args...)
		if code != 1 {
			t.Errorf("%s: exit status %d", args[0], code)
		}
		want(t, args[0], out+talk, `ftphost.config:2:`, `source "os": this build of ftphost has no PAM; build one with: make build-pam`)
	}
}

// TestPAMAccounts logs in accounts of this machine with a program built for
// it. Only root can say what PAM asks, so that others see the refusal of a
// service that is not there, which is the first half of the test for root too.
func TestPAMAccounts(t *testing.T) {
	dir := t.TempDir()
	built := filepath.Join(dir, "ftphost")
	build := exec.Command("go", "build", "-tags", "pam", "-o", built, "../cmd/ftphost")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s%v", out, err)
	}
	service := "ftphost-test-" + strings.ToLower(filepath.Base(filepath.Dir(dir)))
	home := withSources(t, strings.Replace(pamSource, "SERVICE", service, 1))
	configure(t, home, "scenario", `roles="FTPUsersA, FTPUsersB"`, `roles="FTPUsersA, FTPUsersB, daemon"`)
	out, talk, code := program(t, "", built, "check", "--home", home)
	if code != 1 {
		t.Errorf("check: exit status %d", code)
	}
	want(t, "check", out+talk, "there is no file /etc/pam.d/"+service)
	if os.Getuid() != 0 {
		return
	}
	check := filepath.Join(dir, "check")
	writeFile(t, check, []byte("#!/bin/sh\nread -r p\ntest \"$p\" = \"pw of $PAM_USER\"\n"))
	if err := os.Chmod(check, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("/etc/pam.d", service)
	t.Cleanup(func() { os.Remove(file) })
	writeFile(t, file, []byte("auth [success=1 default=ignore] pam_exec.so quiet expose_authtok "+check+
		"\nauth requisite pam_deny.so\nauth required pam_permit.so\naccount required pam_permit.so\n"))
	// The account works with its own rights, so that it has to reach the site.
	site := content(home)
	for d := site; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(site, 0o777), os.Mkdir(filepath.Join(site, "shut"), 0o755)); err != nil {
		t.Fatal(err)
	}
	explainsPAM(t, built, home, service)
	s := launchAs(t, home, "sh", "-c", `shift; exec "`+built+`" "$@"`, "sh")
	s.awaitListening(t)
	url := "ftp://127.0.0.1:" + s.control() + "/"
	curl := func(user, password string, status int, args ...string) {
		t.Helper()
		out, talk, code := program(t, "", "curl", append(args, "--silent", "--show-error", "--max-time", "30", "--user", user+":"+password, url)...)
		if code != status {
			t.Errorf("curl as %s: exit status %d, want %d\n%s%s", user, code, status, out, talk)
		}
	}
	const refused, quoteRefused = 67, 21 // what curl says of 530, and of a refused --quote
	curl("daemon", "pw of daemon", 0)
	curl("daemon", "pw of daemon", 0, "--quote", "MKD made")
	curl("daemon", "pw of daemon", quoteRefused, "--quote", "MKD shut/made")
	curl("daemon", "pw of games", refused)
	curl("daemon", "", refused)
	curl("games", "pw of games", refused) // no rule is for its groups
	curl("nosuchaccount", "pw of nosuchaccount", refused)
	curl("user1", password("user1"), 0)
	s.stop(t)
	if out, _, code := program(t, "", "stat", "--format=%U", filepath.Join(site, "made")); code != 0 || out != "daemon\n" {
		t.Errorf("what daemon has made belongs to %s", out)
	}
	want(t, "the log", readLog(t, home), " MKD shut/made 550 5 2 ", `\daemon 127.0.0.1 `, " PASS *** 530 1326 41 ", " PASS *** 530 0 34 ")
	if strings.Contains(s.talk.String(), "pw of") {
		t.Error("the operational log shows a password")
	}
}

// explainsPAM asks explain for accounts of the machine.
func explainsPAM(t *testing.T, built, home, service string) {
	t.Helper()
	for _, c := range []struct {
		user string
		code int
		says []string
	}{
		{"daemon", 0, []string{"accounts of the machine know ", `\daemon; groups: daemon; home attribute: /usr/sbin`, "the account rules of its service " + service, "ftphost.config:2:", "Allowed."}},
		{"games", 1, []string{"accounts of the machine know ", "home directory  refused        no authorization rule grants Read"}},
		{"nosuchaccount", 1, []string{`account         refused        no source of accounts knows "nosuchaccount" (sub-status 41)`}},
	} {
		out, talk, code := program(t, "", built, "explain", "--home", home, "--site", "ftpsite01.com", "--user", c.user, "--verb", "CWD")
		if code != c.code {
			t.Errorf("explain of %s: exit status %d\n%s%s", c.user, code, out, talk)
		}
		want(t, "explain of "+c.user, out, c.says...)
	}
}
