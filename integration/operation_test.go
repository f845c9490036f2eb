//go:build integration

package integration_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// TestAccountsWithoutRestart: accounts made, changed and disabled while the
// server runs count at the next login.
func TestAccountsWithoutRestart(t *testing.T) {
	home := newHome(t, "scenario")
	s := serve(t, home)
	account := func(stdin string, args ...string) string {
		return ftphost(t, stdin, append(args, "--home", home)...)
	}
	attempt := func(user, pw string, want string) {
		t.Helper()
		d := dial(t, "127.0.0.1", s.port)
		d.say("USER "+user, "331 ")
		d.say("PASS "+pw, want)
	}
	const in, out = "230 User logged in.", "530 User cannot log in."

	attempt("user5", "first", out)
	account("first\n", "user", "add", "user5", "--group", "FTPUsersA", "--password-stdin")
	attempt("user5", "first", in)
	d := dial(t, "127.0.0.1", s.port)
	d.say("USER user5", "331 ")
	d.say("PASS first", in)
	d.say("MKD by-user5", "257 ")
	account("second\n", "user", "passwd", "user5", "--password-stdin")
	attempt("user5", "first", out)
	attempt("user5", "second", in)
	account("", "user", "disable", "user5")
	attempt("user5", "second", out)
	account("", "user", "enable", "user5")
	attempt("user5", "second", in)
	account("", "group", "leave", "FTPUsersA", "user5")
	attempt("user5", "second", "530 User cannot log in, home directory inaccessible.")
	account("", "group", "join", "FTPUsersB", "user5")
	attempt("user5", "second", in)
	want(t, "user list", account("", "user", "list"), "user1", "user5")
	want(t, "group list", account("", "group", "list"), "FTPUsersA", "FTPUsersB")
	account("", "user", "remove", "user5")
	attempt("user5", "second", out)

	generated := strings.TrimSuffix(account("", "user", "add", "user6", "--group", "FTPUsersB", "--generate"), "\n")
	if generated == "" || strings.ContainsAny(generated, " \n") {
		t.Fatalf("--generate printed %q, want the password alone", generated)
	}
	attempt("user6", generated, in)
	data, err := os.ReadFile(filepath.Join(home, "localAccounts.config"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), generated) {
		t.Error("the password itself is in localAccounts.config")
	}
}

// TestLog: what a client does is in the site's W3C log within a second or so.
func TestLog(t *testing.T) {
	home := newHome(t, "scenario")
	s := serve(t, home)
	d := login(t, "127.0.0.1", s.port, "user3")
	d.say("CWD /", "250 ")
	d.say("DELE not there.txt", "550 ")
	d.say("SIZE nothing.txt", "550 ")
	if got := d.fetch("RETR computer.txt"); got == "" {
		t.Error("computer.txt is empty")
	}
	began := time.Now()
	var log string
	eventually(t, "the log has the RETR", func() bool {
		log = readLog(t, home)
		return strings.Contains(log, " RETR computer.txt 226 0 0 ")
	})
	if waited := time.Since(began); waited > 2*time.Second {
		t.Errorf("the line came after %v", waited)
	}
	if strings.Contains(log, password("user3")) || strings.Contains(log, strings.ReplaceAll(password("user3"), " ", "+")) {
		t.Error("the password is in the log")
	}
	head := "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: "
	if !strings.HasPrefix(log, head) {
		t.Errorf("log begins %q", log[:min(len(log), 200)])
	}
	want(t, "log", log,
		"#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath\r\n")
	const session = `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`
	const when = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`
	port := fmt.Sprint(s.port)
	for _, line := range []string{
		`127.0.0.1 - 127.0.0.1 ` + port + ` ControlChannelOpened - - 0 0 ` + session + ` -`,
		`127.0.0.1 - 127.0.0.1 ` + port + ` USER user3 331 0 0 ` + session + ` -`,
		`127.0.0.1 \S+\\user3 127.0.0.1 ` + port + ` PASS \*\*\* 230 0 0 ` + session + ` /`,
		`127.0.0.1 \S+\\user3 127.0.0.1 ` + port + ` CWD / 250 0 0 ` + session + ` /`,
		`127.0.0.1 \S+\\user3 127.0.0.1 ` + port + ` DELE not\+there.txt 550 2 3 ` + session + ` /not\+there.txt`,
		`127.0.0.1 \S+\\user3 127.0.0.1 \d+ DataChannelOpened - - 0 0 ` + session + ` -`,
		`127.0.0.1 \S+\\user3 127.0.0.1 \d+ DataChannelClosed - - 0 0 ` + session + ` -`,
		`127.0.0.1 \S+\\user3 127.0.0.1 ` + port + ` RETR computer.txt 226 0 0 ` + session + ` /computer.txt`,
	} {
		if !regexp.MustCompile(`(?m)^` + when + ` ` + line + "\r$").MatchString(log) {
			t.Errorf("no line %s in\n%s", line, log)
		}
	}
}

// readLog returns the only log file of site 1, or nothing.
func readLog(t *testing.T, home string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(home, "logs", "FTPSVC1", "u_ex*.log"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}

// TestStopInSteps: SIGTERM tells idle sessions, lets a transfer end, and the
// process is gone soon after, with exit status 0.
func TestStopInSteps(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	big := filepath.Join(content(s.home), "big.bin")
	local := randomFile(t, "big.bin", 24*mebibyte)
	data, err := os.ReadFile(local)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, big, data)
	idle := login(t, "127.0.0.1", s.port, "user2")

	back := filepath.Join(t.TempDir(), "back.bin")
	slow := exec.Command("curl", "--silent", "--show-error", "--limit-rate", "8M", "--output", back,
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
	idle.expect("421 ")
	idle.gone()
	eventually(t, "nobody listens", func() bool { return !listening(s.port) })
	if err := slow.Wait(); err != nil {
		t.Errorf("the transfer did not end properly: %v\n%s", err, talk.String())
	}
	sameFile(t, back, local)
	s.ended(t, 5*time.Second)
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit status %d", code)
	}
}

// TestStopUploadInSteps is the same for an upload, and for a session that
// only listens for data.
func TestStopUploadInSteps(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	waiting := login(t, "::1", s.port, "user4")
	waiting.say("EPSV", "229 ")
	d := login(t, "127.0.0.1", s.port, "user1")
	d.say("TYPE I", "200 ")
	c := d.passive()
	d.say("STOR slow.bin", "1")
	if _, err := c.Write(make([]byte, mebibyte)); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waiting.expect("421 ")
	if _, err := c.Write(make([]byte, mebibyte)); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	d.expect("226 Transfer complete.")
	d.expect("421 ")
	s.ended(t, 5*time.Second)
	info, err := os.Stat(filepath.Join(content(s.home), "slow.bin"))
	if err != nil || info.Size() != 2*mebibyte {
		t.Errorf("uploaded file: %v, %v", info, err)
	}
}

// TestSecondSignalEndsAtOnce: who cannot wait for a transfer asks again.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	d := login(t, "127.0.0.1", s.port, "user1")
	c := d.passive()
	defer c.Close()
	d.say("STOR stuck.bin", "1")
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nobody listens", func() bool { return !listening(s.port) })
	select {
	case <-s.done:
		t.Fatalf("serve did not wait for the transfer: %v", s.cmd.ProcessState)
	case <-time.After(300 * time.Millisecond):
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.ended(t, 5*time.Second)
	if s.cmd.ProcessState.Success() {
		t.Error("a cut transfer counts as a clean end")
	}
}

// TestTakenPort: a taken port is that site's problem and is said.
func TestTakenPort(t *testing.T) {
	home := newHome(t, "scenario")
	s := serve(t, home)
	out, talk := &ftptest.Log{}, &ftptest.Log{}
	second := exec.Command(binary, "serve", "--home", home, "--port-offset", fmt.Sprint(s.offset))
	second.Stdout, second.Stderr = out, talk
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second says why", func() bool {
		return strings.Contains(out.String()+talk.String(), "is taken by another program")
	})
	_ = second.Process.Signal(syscall.SIGTERM)
	_ = second.Wait()
	reads(t, s, "", "computer.txt")
}

// TestCommandLine: exit statuses and where output goes.
func TestCommandLine(t *testing.T) {
	home := newHome(t, "scenario")
	for _, c := range []struct {
		args []string
		code int
		out  string
	}{
		{[]string{"version"}, 0, "ftphost "},
		{[]string{"check", "--home", home}, 0, ""},
		{[]string{"check", "--config", filepath.Join(home, "applicationHost.config")}, 0, ""},
		{[]string{"nonsense"}, 2, ""},
		{[]string{"serve", "--nonsense"}, 2, ""},
		{[]string{"init"}, 2, ""},
		{[]string{"init", home}, 1, ""},
		{[]string{"check", "--home", filepath.Join(home, "nowhere")}, 1, ""},
		{[]string{"user", "passwd", "nobody", "--password-stdin", "--home", home}, 1, ""},
		{[]string{"config", "show", "--site", "ftpsite01.com", "--path", "/test.txt", "--origin", "--home", home}, 0, "user3"},
	} {
		out, talk, code := command(t, "pw\n", c.args...)
		if code != c.code {
			t.Errorf("ftphost %q: exit status %d, want %d\n%s%s", c.args, code, c.code, out, talk)
		}
		want(t, fmt.Sprint(c.args), out, c.out)
	}
	for _, verb := range []string{"init", "serve", "check", "config show", "user add", "group join", "version"} {
		out, _, code := command(t, "", append(strings.Fields(verb), "--help")...)
		if code != 0 {
			t.Errorf("%s --help: exit status %d", verb, code)
		}
		want(t, verb+" --help", out, "Examples:")
	}
}
