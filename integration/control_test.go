//go:build integration

package integration_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ordered runs the binary for a home and expects an exit status, and words in
// what it says on both ways out.
func ordered(t *testing.T, home, line string, code int, words ...string) string {
	t.Helper()
	out, talk, got := command(t, "", append(strings.Fields(line), "--home", home)...)
	if got != code {
		t.Errorf("ftphost %s: exit status %d, want %d\n%s%s", line, got, code, out, talk)
	}
	want(t, "ftphost "+line, out+talk, words...)
	return out
}

// shown decodes what a command prints with --json.
func shown[T any](t *testing.T, home, line string, code int) (v T) {
	t.Helper()
	out := ordered(t, home, line+" --json", code)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("ftphost %s: %v\n%s", line, err, out)
	}
	return v
}

// governed is serve, and waits until the server answers its administrator.
func governed(t *testing.T, home string) *server {
	t.Helper()
	s := serve(t, home)
	answers(t, home)
	return s
}

func answers(t *testing.T, home string) {
	t.Helper()
	eventually(t, "the server answers its administrator", func() bool {
		_, _, code := command(t, "", "session", "list", "--home", home)
		return code == 0
	})
}

// statusShown is what status --json is asked for here.
type statusShown struct {
	PID        int    `json:"pid"`
	Generation uint64 `json:"generation"`
	Result     string `json:"result"`
	Sessions   int    `json:"sessions"`
}

type sessionShown struct {
	SessionID      string `json:"sessionId"`
	UserName       string `json:"userName"`
	CurrentCommand string `json:"currentCommand"`
	BytesSent      int64  `json:"bytesSent"`
}

// TestControlWithoutServer: every command says that nobody is there, and sites
// are switched in the file.
func TestControlWithoutServer(t *testing.T) {
	t.Parallel()
	home := newHome(t, "scenario")
	nobody := "no ftphost is running here: nobody listens at " + filepath.Join(home, "ftphost.sock")
	for _, line := range []string{
		"status", "status --json", "reload", "plan", "site list", "site restart ftpsite01.com", "session list",
		"session kill x", "session kill --user user1", "ban list", "ban remove 192.0.2.1", "log flush", "credentials flush",
	} {
		if out := ordered(t, home, line, 1, nobody); out != "" {
			t.Errorf("%s prints %s", line, out)
		}
	}
	config := filepath.Join(home, "applicationHost.config")
	has := func(text string, is bool) {
		t.Helper()
		data, err := os.ReadFile(config)
		if err != nil || strings.Contains(string(data), text) != is {
			t.Errorf("%q in the file: %v, %v", text, !is, err)
		}
	}
	const off = `serverAutoStart="false"`
	ordered(t, home, "site stop ftpsite01.com", 0, "No server runs here. When one does, it will not serve the site, as the configuration says now.")
	has(off, true)
	ordered(t, home, "site stop 1", 0, "as the configuration says already")
	ordered(t, home, "site start FTPSITE01.com", 0, "it will serve the site, as the configuration says now")
	has(off, false)
	ordered(t, home, "site stop nowhere", 1, `"nowhere": there is no such ftp site`)
	for _, line := range []string{
		"status x", "reload x", "plan a b", "site stop", "site start a b", "site nonsense", "session kill", "session kill x --user y",
		"ban remove", "ban nonsense", "log nonsense", "admin key", "admin key a b", "session list --nonsense",
	} {
		ordered(t, home, line, 2, "See 'ftphost --help'.")
	}
	for _, line := range []string{
		"status", "reload", "plan", "site", "site list", "site start", "site stop", "site restart", "session", "session list",
		"session kill", "ban", "ban list", "ban remove", "log flush", "credentials flush", "admin key",
	} {
		ordered(t, home, line+" --help", 0, "Examples:", "ftphost "+line)
	}
}

// TestControlOfServer walks through what an administrator does with a server
// that runs.
func TestControlOfServer(t *testing.T) {
	t.Parallel()
	home := newHome(t, "scenario")
	config := filepath.Join(home, "applicationHost.config")
	s := governed(t, home)
	one := fmt.Sprintf("ftpsite01.com (1)  started  *:%d  sessions: ", s.port)
	// Somebody looked whether it listens, and may just be leaving.
	eventually(t, "nobody is there", func() bool { return shown[statusShown](t, home, "status", 0).Sessions == 0 })
	ordered(t, home, "status", 0, fmt.Sprintf("process %d, runs since", s.cmd.Process.Pid), "generation 1", "applied", "sessions: 0", one)
	ordered(t, home, "site list", 0, one)
	d := login(t, "127.0.0.1", s.port, "user1")
	if got := shown[statusShown](t, home, "status", 0); got.PID != s.cmd.Process.Pid || got.Generation != 1 || got.Sessions != 1 {
		t.Errorf("%+v", got)
	}
	// The reply may be there before others see what came of the command.
	eventually(t, "the user is shown", func() bool {
		list := shown[[]sessionShown](t, home, "session list", 0)
		return len(list) == 1 && strings.HasSuffix(list[0].UserName, `\user1`)
	})
	ordered(t, home, "session list", 0, "SESSION", "SITE", "ftpsite01.com", `\user1`, "127.0.0.1")
	ordered(t, home, "session list --site nowhere", 1, "there is no such ftp site")
	ordered(t, home, "ban list", 0)
	ordered(t, home, "ban remove 192.0.2.1", 1, "192.0.2.1 is not blocked")
	ordered(t, home, "ban remove x", 1, `"x" is not an address`)
	eventually(t, "the login is in the log", func() bool {
		ordered(t, home, "log flush", 0)
		return strings.Contains(readLog(t, home), "PASS *** 230")
	})
	ordered(t, home, "credentials flush", 0)
	login(t, "127.0.0.1", s.port, "user1")

	// A file is looked at before it counts, and then counts by itself.
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, replacement string) []byte {
		if !strings.Contains(string(text), old) {
			t.Fatalf("no %q in the file", old)
		}
		return []byte(strings.Replace(string(text), old, replacement, 1))
	}
	draft := filepath.Join(home, "draft.config")
	writeFile(t, draft, change(`allowLocalDetailedErrors="false"`, `allowLocalDetailedErrors="false" exitMessage="Come again"`))
	ordered(t, home, "plan", 0, "Nothing would change.")
	ordered(t, home, "plan "+draft, 0, "ftpsite01.com (1): changed")
	ordered(t, home, "plan "+draft+".none", 1, "there is no such file", "the configuration is refused")
	if err := os.Rename(draft, config); err != nil {
		t.Fatal(err)
	}
	generation := func(atLeast uint64) func() bool {
		return func() bool { return shown[statusShown](t, home, "status", 0).Generation >= atLeast }
	}
	eventually(t, "the file is followed", generation(2))
	d.say("QUIT", "221 Come again")
	ordered(t, home, "reload", 0, "Nothing changed.")
	now := shown[statusShown](t, home, "status", 0).Generation
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "SIGHUP has everything built anew", generation(now+1))

	writeFile(t, config, change(`"SslAllow"`, `"SslMaybe"`))
	line := config + ":25:"
	ordered(t, home, "plan", 1, line, "error: ", "SslMaybe", "the configuration is refused; what was served before goes on")
	ordered(t, home, "reload", 1, line, "error: ", "SslMaybe", "the configuration is refused; what was served before goes on")
	ordered(t, home, "status", 1, "refused", line, "SslMaybe", "the configuration on disk is refused; what was served before goes on; see: ftphost check")
	if got := shown[statusShown](t, home, "status", 1); got.Result != "refused" {
		t.Errorf("%+v", got)
	}
	ordered(t, home, "site stop ftpsite01.com", 1, "has errors and is not changed; correct them first", "SslMaybe")
	login(t, "127.0.0.1", s.port, "user1")
	writeFile(t, config, text)
	ordered(t, home, "reload", 0) // it may have followed by itself before
	ordered(t, home, "status", 0)

	ordered(t, home, "site stop ftpsite01.com", 0, "ftpsite01.com (1)  stopped  sessions: 0")
	eventually(t, "the port is closed", func() bool { return !listening(s.port) })
	ordered(t, home, "status", 0, "ftpsite01.com (1)  stopped")
	ordered(t, home, "site restart 1", 1, "is stopped; start it with: ftphost site start")
	ordered(t, home, "site start 1", 0, one)
	d = login(t, "127.0.0.1", s.port, "user1")
	ordered(t, home, "site restart ftpsite01.com", 0, one)
	d.cut()
	ordered(t, home, "site stop nowhere", 1, "there is no such ftp site")

	// A site that cannot follow the file is no secret.
	writeFile(t, config, change(`physicalPath="C:\sites\ftpsite01.com"`, `physicalPath="C:\sites\none"`))
	ordered(t, home, "plan", 0)
	ordered(t, home, "reload", 0)
	ordered(t, home, "status", 1, "it goes on as it was: ", "there is no folder", "not every site is as the configuration says")
	login(t, "127.0.0.1", s.port, "user1")

	// There is one server for a home.
	_, talk, code := command(t, "", "serve", "--home", home, "--port-offset", fmt.Sprint(freeOffset(t)))
	if code != 1 {
		t.Errorf("a second server: exit status %d", code)
	}
	want(t, "a second server", talk, "another ftphost serves this home: it answers at "+filepath.Join(home, "ftphost.sock"), "stop it first")
	ordered(t, home, "status", 1, "process ")
	s.stop(t)
	if _, err := os.Lstat(filepath.Join(home, "ftphost.sock")); !os.IsNotExist(err) {
		t.Errorf("the socket after the end: %v", err)
	}
	want(t, "operational log", s.talk.String(), `"by":"socket"`, "PATCH /api/ftp/sites/ftpsite01.com")
}

// cut expects the end of the session, whatever is said before.
func (d *dialogue) cut() {
	d.t.Helper()
	if err := d.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		d.t.Fatal(err)
	}
	for range 10 {
		if _, err := d.text.ReadLine(); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				d.t.Error("the session goes on")
			}
			return
		}
	}
}

// TestKill: curl is cut in the midst of a file, and so are all of a user.
func TestKill(t *testing.T) {
	t.Parallel()
	home := newHome(t, "")
	configure(t, home, "scenario", `<logFile directory`, `<logFile logExtFileFlags="Date, Time, ClientIP, UserName, Method, UriStem, FtpStatus, FtpSubStatus, Info" directory`)
	s := governed(t, home)
	const size = 512 << 20 // with nothing in it
	big := filepath.Join(content(home), "big.bin")
	writeFile(t, big, nil)
	if err := os.Truncate(big, size); err != nil {
		t.Fatal(err)
	}
	slow := func() (*exec.Cmd, string) {
		t.Helper()
		to := filepath.Join(t.TempDir(), "got")
		cmd := exec.CommandContext(t.Context(), "curl", "--silent", "--max-time", "50", "--limit-rate", "4M", "--user", "user1:"+password("user1"), "--output", to, s.url("127.0.0.1", "/big.bin"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, to
	}
	cut := func(cmd *exec.Cmd, to string) {
		t.Helper()
		err := cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code <= 0 || code == 28 {
			t.Errorf("curl ends with %d, %v", code, err)
		}
		if info, err := os.Stat(to); err == nil && info.Size() >= size {
			t.Error("curl has the whole file")
		}
	}
	fetching := func(n int) []sessionShown {
		t.Helper()
		var list []sessionShown
		eventually(t, fmt.Sprintf("%d sessions fetch", n), func() bool {
			list = nil
			for _, one := range shown[[]sessionShown](t, home, "session list", 0) {
				if one.CurrentCommand == "RETR big.bin" && one.BytesSent > 0 {
					list = append(list, one)
				}
			}
			return len(list) == n
		})
		return list
	}
	first, to := slow()
	one := fetching(1)[0]
	if !strings.HasSuffix(one.UserName, `\user1`) {
		t.Errorf("%+v", one)
	}
	if out := ordered(t, home, "session list", 0, one.SessionID, `"RETR big.bin"`); strings.Contains(out, password("user1")) {
		t.Errorf("a password is shown: %s", out)
	}
	ordered(t, home, "session kill "+one.SessionID, 0)
	cut(first, to)
	eventually(t, "it is gone", func() bool { return shown[statusShown](t, home, "status", 0).Sessions == 0 })
	ordered(t, home, "session kill "+one.SessionID, 1, "there is no session "+one.SessionID+"; it may have ended")

	second, to2 := slow()
	third, to3 := slow()
	other := login(t, "127.0.0.1", s.port, "user2")
	fetching(2)
	ordered(t, home, "session kill --user USER1", 0, "sessions ended: 2")
	cut(second, to2)
	cut(third, to3)
	other.say("NOOP", "200 ")
	ordered(t, home, "session kill --user nobody", 1, "nobody has no session")
	s.stop(t)
	if log := readLog(t, home); strings.Count(log, `\user1 RETR big.bin 421 52 `) != 3 {
		t.Errorf("three transfers are not in the log as ended by an administrator:\n%s", log)
	}
}

// TestBan: an address that is blocked is listed and let in again.
func TestBan(t *testing.T) {
	t.Parallel()
	home := newHome(t, "")
	configure(t, home, "scenario",
		`<section name="authorization" overrideModeDefault="Deny" />`,
		`<section name="authorization" overrideModeDefault="Deny" /><section name="authentication" overrideModeDefault="Deny" />`,
		`highDataChannelPort="6000" />`,
		`highDataChannelPort="6000" /><security><authentication><denyByFailure enabled="true" maxFailure="1" entryExpiration="01:00:00" /></authentication></security>`)
	s := governed(t, home)
	url, right := s.url("127.0.0.1", "/"), "user1:"+password("user1")
	if code := curlStatus(t, "--user", "user1:wrong", url); code == 0 {
		t.Error("a wrong password logs in")
	}
	ordered(t, home, "ban list", 0, "127.0.0.1  until ", "failed logins: 1")
	type ban struct {
		Address  string `json:"address"`
		Failures int    `json:"failures"`
	}
	if list := shown[[]ban](t, home, "ban list", 0); len(list) != 1 || list[0] != (ban{"127.0.0.1", 1}) {
		t.Errorf("%+v", list)
	}
	if code := curlStatus(t, "--user", right, url); code == 0 {
		t.Error("a blocked address logs in")
	}
	ordered(t, home, "ban remove 127.0.0.1", 0)
	if code := curlStatus(t, "--user", right, url); code != 0 {
		t.Errorf("after the block was lifted: exit status %d", code)
	}
	if list := shown[[]ban](t, home, "ban list", 0); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

// TestSocketElsewhere: the commands find the socket that ftphost.config names,
// also when the rest of the configuration has errors, and the one of a service
// by its folder.
func TestSocketElsewhere(t *testing.T) {
	t.Parallel()
	home := newHome(t, "scenario")
	run := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(run, 0o755); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(home, "ftphost.config")
	text, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	withSocket := func(path string) {
		t.Helper()
		writeFile(t, own, []byte(strings.Replace(string(text), "</ftpHost>", `<admin socket="`+path+`" /></ftpHost>`, 1)))
	}
	socketAt := func(path string) {
		t.Helper()
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != os.ModeSocket|0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	withSocket("admin.sock")
	s := governed(t, home)
	socketAt(filepath.Join(home, "admin.sock"))
	config := filepath.Join(home, "applicationHost.config")
	good, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, config, []byte("<configuration"))
	ordered(t, home, "reload", 1, "the configuration is refused")
	writeFile(t, config, good)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(home, link); err != nil {
		t.Fatal(err)
	}
	ordered(t, link, "reload", 0)
	s.stop(t)

	writeFile(t, own, text)
	s = launchAs(t, home, "env", "RUNTIME_DIRECTORY="+run+":/nowhere")
	s.awaitListening(t)
	socket := filepath.Join(run, "ftphost.sock")
	eventually(t, "it answers", func() bool {
		_, _, code := program(t, "", "curl", "--silent", "--fail", "--unix-socket", socket, "http://ftphost/health/ready")
		return code == 0
	})
	socketAt(socket)
	withSocket(socket) // as somebody finds it who writes that down later
	ordered(t, home, "status", 0, "process ")
}

// TestSocketOfSomebodyElse: another user hears whose server it is, not that
// there is none.
func TestSocketOfSomebodyElse(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: only root can be another user for a command")
	}
	t.Parallel()
	open, err := os.MkdirTemp("", "ftphost-open") // everybody can go there
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(open)
	data, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	theirs, home := filepath.Join(open, "ftphost"), filepath.Join(open, "home")
	if err := os.WriteFile(theirs, data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(home, os.DirFS(newHome(t, "scenario"))); err != nil {
		t.Fatal(err)
	}
	configure(t, home, "scenario")
	for _, path := range []string{open, home, theirs} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := governed(t, home)
	other := func(line string) (talk string, code int) {
		t.Helper()
		args := append([]string{"--reuid=65534", "--regid=65534", "--clear-groups", theirs}, strings.Fields(line)...)
		out, talk, code := program(t, "", "setpriv", append(args, "--home", home)...)
		return out + talk, code
	}
	for _, line := range []string{"status", "session list", "site stop ftpsite01.com"} {
		talk, code := other(line)
		if code != 1 {
			t.Errorf("%s: exit status %d", line, code)
		}
		want(t, line, talk, "the server at "+filepath.Join(home, "ftphost.sock")+" may only be asked by the user it runs as, and by root; try sudo")
	}
	if !listening(s.port) {
		t.Error("somebody else has stopped the site")
	}
	s.stop(t)
	if talk, code := other("site stop ftpsite01.com"); code != 1 || !strings.Contains(talk, "permission denied") {
		t.Errorf("a file that may not be written: exit status %d\n%s", code, talk)
	}
}

// TestAdminKey: a key that was made lets curl in.
func TestAdminKey(t *testing.T) {
	t.Parallel()
	home := newHome(t, "scenario")
	key, line, code := command(t, "", "admin", "key", `Anna & "Co"`, "--home", home)
	entry := regexp.MustCompile(`<add name="Anna &amp; &#34;Co&#34;" hash="sha256:[0-9a-f]{64}" />`).FindString(line)
	if code != 0 || !regexp.MustCompile(`^[A-Z2-7]{52}\n$`).MatchString(key) || entry == "" || strings.Contains(line, strings.TrimSpace(key)) {
		t.Fatalf("exit status %d: %q, %q", code, key, line)
	}
	want(t, "admin key", line, filepath.Join(home, "ftphost.config"))
	if again, _, _ := command(t, "", "admin", "key", "x", "--home", home); again == key {
		t.Error("two keys are the same")
	}
	s := governed(t, home)
	address := fmt.Sprintf("127.0.0.1:%d", s.offset+23)
	own := filepath.Join(home, "ftphost.config")
	text, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, own, []byte(strings.Replace(string(text), "</ftpHost>", `<admin address="`+address+`"><keys>`+entry+`</keys></admin></ftpHost>`, 1)))
	ordered(t, home, "reload", 0)
	ask := func(headers ...string) int {
		t.Helper()
		args := []string{"--silent", "--fail", "--output", os.DevNull}
		for _, h := range headers {
			args = append(args, "--header", h)
		}
		return curlStatus(t, append(args, "http://"+address+"/api/ftp/sites")...)
	}
	const refused = 22 // an HTTP status of 400 or more
	if code := ask(); code != refused {
		t.Errorf("without a key: exit status %d", code)
	}
	if code := ask("Authorization: Bearer " + strings.TrimSpace(key)); code != 0 {
		t.Errorf("with the key: exit status %d", code)
	}
	if code := ask("Access-Token: Bearer " + strings.TrimSpace(key)); code != 0 {
		t.Errorf("with the key as IIS.Administration has it: exit status %d", code)
	}
	s.stop(t)
	if strings.Contains(s.talk.String(), strings.TrimSpace(key)) {
		t.Error("the key is in the log")
	}
}

// inTerminal runs a command in a terminal of its own, closes that once the
// command listens on a port, and ends when the command has ended.
const inTerminal = `
import os, pty, socket, sys, time
port, command = int(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
os.set_blocking(terminal, False)
for _ in range(600):
    try:
        os.read(terminal, 65536)
    except OSError:
        pass
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        break
    except OSError:
        time.sleep(0.05)
os.close(terminal)
for _ in range(600):
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        sys.exit(os.waitstatus_to_exitcode(status))
    time.sleep(0.05)
os.kill(pid, 9)
sys.exit("the server goes on without its terminal")
`

// TestTerminalIsClosed: a server that is tried in a terminal stops with it.
func TestTerminalIsClosed(t *testing.T) {
	t.Parallel()
	home := newHome(t, "scenario")
	offset := freeOffset(t)
	_, talk, code := program(t, "", "python3", "-c", inTerminal, fmt.Sprint(offset+21), binary, "serve", "--home", home, "--port-offset", fmt.Sprint(offset))
	if code != 0 {
		t.Errorf("exit status %d: %s", code, talk)
	}
	if listening(offset + 21) {
		t.Error("somebody still listens")
	}
	ordered(t, home, "status", 1, "no ftphost is running here")
}
