//go:build integration

package integration_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// namelessID is a user of the system without a name, beside the one that the
// tests make.
const namelessID = 154322

// makeOSUser makes a user and a group that it is in, and returns its name and
// their ids.
func makeOSUser(t *testing.T) (name string, uid, gid, group int) {
	t.Helper()
	name = fmt.Sprintf("ftphost-u%d", os.Getpid())
	groupName := fmt.Sprintf("ftphost-g%d", os.Getpid())
	run := func(args ...string) {
		// Somebody else may be changing the same files.
		for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
			out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
			if err == nil {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%q: %v\n%s", args, err, out)
			}
		}
	}
	run("groupadd", groupName)
	t.Cleanup(func() { run("groupdel", groupName) })
	run("useradd", "--no-create-home", "--no-log-init", "--user-group", "--groups", groupName, name)
	t.Cleanup(func() { run("userdel", name) })
	made, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := user.LookupGroup(groupName)
	if err != nil {
		t.Fatal(err)
	}
	return name, number(t, made.Uid), number(t, made.Gid), number(t, shared.Gid)
}

// publicBinary is a copy of the program that everybody may run.
func publicBinary(t *testing.T, home string) string {
	t.Helper()
	data, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(home, "ftphost")
	writeFile(t, path, data)
	mode(t, path, 0o755)
	return path
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// withOSUsers is a home whose user1 is the user made, and user2 one that has
// only numbers, with content that they may do different things with.
func withOSUsers(t *testing.T, uid, gid, group int, osUsers string) (home, site string) {
	t.Helper()
	home = newHome(t, "scenario")
	writeFile(t, filepath.Join(home, "ftphost.config"), []byte(`<configuration><ftpHost><pathMap><add from="C:\" to="drives/c" /></pathMap>
<accounts><osUsers>
`+osUsers+`
</osUsers></accounts></ftpHost></configuration>`))
	site = content(home)
	for d := site; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
		mode(t, d, 0o755)
	}
	for _, e := range []struct {
		name     string
		uid, gid int
		mode     uint32
	}{
		{"one/", uid, gid, 0o700},
		{"one/secret.txt", uid, gid, 0o600},
		{"two/", namelessID, namelessID, 0o755},
		{"two/secret.txt", namelessID, namelessID, 0o600},
		{"two/text.txt", namelessID, namelessID, 0o644},
		{"team/", 0, group, 0o2770},
		{"free/", 0, 0, 0o1777},
	} {
		path := filepath.Join(site, filepath.FromSlash(e.name))
		if strings.HasSuffix(e.name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
		} else {
			writeFile(t, path, []byte(e.name))
		}
		if err := os.Chown(path, e.uid, e.gid); err != nil {
			t.Fatal(err)
		}
		mode(t, path, e.mode)
	}
	return home, site
}

func mode(t *testing.T, path string, bits uint32) {
	t.Helper()
	if err := syscall.Chmod(path, bits); err != nil {
		t.Fatal(err)
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: accounts that are users of the operating system need root")
	}
}

// TestOSUsers lets curl work as two accounts that are users of the system:
// each may do what the file system lets that user do, whatever the rules of the
// site say, and what it makes is its own.
func TestOSUsers(t *testing.T) {
	needRoot(t)
	name, uid, gid, group := makeOSUser(t)
	home, site := withOSUsers(t, uid, gid, group, fmt.Sprintf(`<add account="user1" osUser="%s" />
<add account="user2" osUser="%d:%d" />`, name, namelessID, namelessID))
	if out, talk, code := command(t, "", "check", "--home", home); code != 0 || strings.Contains(out+talk, "osUser") {
		t.Errorf("check: exit status %d\n%s%s", code, out, talk)
	}
	s := serve(t, home)
	const done, denied, noFile, notPut = 0, 9, 78, 25
	for _, c := range []struct {
		user, path string
		code       int
		args       []string
	}{
		{"user1", "/one/secret.txt", done, nil},
		{"user1", "/one/SECRET.TXT", done, nil},
		{"user1", "/two/text.txt", done, nil},
		{"user1", "/two/secret.txt", noFile, nil},
		{"user2", "/one/secret.txt", denied, nil}, // 9: not let into the folder
		{"user2", "/one/", denied, nil},
		{"user2", "/team/", denied, nil},
		{"user1", "/team/", done, nil},
		{"user1", "/free/by1.txt", done, []string{"-T", "server_test.go"}},
		{"user1", "/team/by1.txt", done, []string{"-T", "server_test.go"}},
		{"user1", "/two/by1.txt", notPut, []string{"-T", "server_test.go"}},
		{"user2", "/free/by1.txt", notPut, []string{"-T", "server_test.go"}},
		{"user2", "/free/by2.txt", done, []string{"-T", "server_test.go"}},
		{"user1", "/", done, []string{"-Q", "RNFR two/text.txt", "-Q", "*RNTO two/mine.txt", "-Q", "*DELE two/text.txt", "-Q", "*RMD two", "-Q", "*MKD two/new", "-Q", "*DELE free/by2.txt"}},
		{"user1", "/", done, []string{"-Q", "MKD free/made", "-Q", "RNFR free/by1.txt", "-Q", "RNTO free/made/moved.txt", "-Q", "MFMT 20010203040506 free/made/moved.txt"}},
		{"user3", "/one/secret.txt", done, nil}, // no such user: with the rights of ftphost
		{"", "/one/secret.txt", done, nil},
	} {
		_, talk, code := curl(t, c.user, append(c.args, s.url("127.0.0.1", c.path))...)
		if code != c.code {
			t.Errorf("%s at %s %q: exit status %d, want %d\n%s", c.user, c.path, c.args, code, c.code, talk)
		}
	}
	for made, ids := range map[string][2]int{"free/made": {uid, gid}, "free/made/moved.txt": {uid, gid}, "team/by1.txt": {uid, group}, "free/by2.txt": {namelessID, namelessID}, "two/text.txt": {namelessID, namelessID}} {
		if got := owner(t, filepath.Join(site, made)); got != ids {
			t.Errorf("%s belongs to %v, want %v", made, got, ids)
		}
	}
	allRoot(t, s.cmd.Process.Pid)
	explainOSUsers(t, home, name)
	s.stop(t)
	want(t, "the log", readLog(t, home), " RETR secret.txt 550 5 2 ", " CWD one 550 5 2 ", " STOR by1.txt 550 5 2 ", " RNTO two/mine.txt 550 5 2 ", " DELE two/text.txt 550 5 2 ", " MKD two/new 550 5 2 ")
}

// explainOSUsers asks as whom files are looked at: root may ask, others are
// told that they may not.
func explainOSUsers(t *testing.T, home, name string) {
	t.Helper()
	for _, c := range []struct{ user, path, says string }{
		{"user1", "/one/secret.txt", "/one/secret.txt can be read, with the rights of the user " + name},
		{"user2", "/one/secret.txt", "file system     refused"},
		{"user2", "/one/secret.txt", "(sub-status 2)"},
		{"user1", "/one/secret.txt", "; user of the operating system: " + name},
	} {
		out, _, _ := command(t, "", "explain", "--home", home, "--site", "ftpsite01.com", "--user", c.user, "--path", c.path)
		want(t, "explain "+c.user, out, c.says)
	}
	for _, file := range []string{"ftphost.config", "applicationHost.config", "localAccounts.config"} {
		mode(t, filepath.Join(home, file), 0o644)
	}
	defer mode(t, filepath.Join(home, "localAccounts.config"), 0o600)
	cmd := exec.Command(publicBinary(t, home), "explain", "--home", home, "--site", "ftpsite01.com", "--user", "user1", "--path", "/one/secret.txt")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: namelessID, Gid: namelessID}}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("explain without root is sure")
	}
	want(t, "explain without root", string(out), "file system     not known here the file system decides by the rights of the user "+name+", as whom only root may ask", "Not known here.")
}

func owner(t *testing.T, path string) [2]int {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Error(err)
		return [2]int{}
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("no owner")
	}
	return [2]int{int(stat.Uid), int(stat.Gid)}
}

// allRoot makes sure that no thread has stayed somebody else.
func allRoot(t *testing.T, pid int) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(tasks) == 0 {
		t.Fatalf("no threads: %v", err)
	}
	for _, task := range tasks {
		status, err := os.ReadFile(task)
		if err != nil {
			continue // it has ended
		}
		if text := string(status); !strings.Contains(text, "\nUid:\t0\t0\t0\t0\n") || !strings.Contains(text, "\nGid:\t0\t0\t0\t0\n") {
			t.Errorf("%s:\n%s", task, text)
		}
	}
}

// TestOSUsersThatCannotBe: nobody is let in with other rights than were meant,
// and the program and its log say why.
func TestOSUsersThatCannotBe(t *testing.T) {
	needRoot(t)
	home, _ := withOSUsers(t, namelessID, namelessID, namelessID, `<add account="user1" osUser="no-such-user" />
<add account="user2" osUser="1234:1234" />`)
	out, talk, _ := command(t, "", "check", "--home", home)
	want(t, "check", out+talk, `ftphost.config:3:22: warning: ftpHost/accounts: account "user1" cannot log in: the account has no user of the operating system to be: the system has no user "no-such-user"`)
	const own = 154323
	program := publicBinary(t, home)
	err := filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Lchown(path, own, own)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s := launchAs(t, home, "setpriv", fmt.Sprintf("--reuid=%d", own), fmt.Sprintf("--regid=%d", own), "--clear-groups", "sh", "-c", `shift; exec "`+program+`" "$@"`, "sh")
	s.awaitListening(t)
	const refused = 67
	for _, name := range []string{"user1", "user2"} {
		if _, talk, code := curl(t, name, s.url("127.0.0.1", "/")); code != refused {
			t.Errorf("%s: exit status %d\n%s", name, code, talk)
		}
	}
	mustCurl(t, "user3", s.url("127.0.0.1", "/"))
	s.stop(t)
	want(t, "the operational log", s.talk.String(), `the system has no user \"no-such-user\"`,
		"the account needs the rights of the system's user 1234:1234: ftphost may not act as another user of the operating system: that needs root, or the capabilities CAP_SETUID and CAP_SETGID")
	want(t, "the log", readLog(t, home), " PASS *** 530 1332 41 ", " PASS *** 530 1314 41 ")

	writeFile(t, filepath.Join(home, "ftphost.config"), []byte("<configuration><ftpHost><accounts><osUsers>\n<add account=\"user1\" osUser=\"root\" /></osUsers></accounts></ftpHost></configuration>"))
	out, talk, code := command(t, "", "check", "--home", home)
	if code != 1 {
		t.Errorf("check with root: exit status %d", code)
	}
	want(t, "check with root", out+talk, `ftphost.config:2:22: error: ftpHost/accounts: account "user1": nobody accesses files as root`)
}

// TestOSUsersWithCapabilities: two capabilities are as good as root, and homes
// are entered with the rights of their users.
func TestOSUsersWithCapabilities(t *testing.T) {
	needRoot(t)
	const own, oneID = 154323, 154321
	home, site := withOSUsers(t, oneID, oneID, oneID, fmt.Sprintf(`<add account="user1" osUser="%d:%d" />
<add account="user2" osUser="%d:%d" />`, oneID, oneID, namelessID, namelessID))
	configure(t, home, "scenario", `<fileHandling `, `<userIsolation mode="IsolateAllDirectories" /><fileHandling `)
	program := publicBinary(t, home)
	for folder, uid := range map[string]int{"user1": oneID, "user2": oneID, "user3": own} {
		path := filepath.Join(site, "LocalUser", folder)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		mode(t, path, 0o700)
		if err := os.Chown(path, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	// What the server itself reads and writes.
	for _, name := range []string{"", "localAccounts.config", "logs"} {
		path := filepath.Join(home, name)
		if err := errors.Join(os.MkdirAll(filepath.Join(home, "logs"), 0o755), os.Chown(path, own, own)); err != nil {
			t.Fatal(err)
		}
	}
	s := launchAs(t, home, "setpriv", fmt.Sprintf("--reuid=%d", own), fmt.Sprintf("--regid=%d", own), "--clear-groups",
		"--inh-caps=+setuid,+setgid,+dac_override", "--ambient-caps=+setuid,+setgid,+dac_override", "sh", "-c", `shift; exec "`+program+`" "$@"`, "sh")
	s.awaitListening(t)
	const refused = 67
	mustCurl(t, "user1", "-T", "server_test.go", s.url("127.0.0.1", "/mine.txt"))
	mustCurl(t, "user3", "-T", "server_test.go", s.url("127.0.0.1", "/mine.txt"))
	if _, talk, code := curl(t, "user2", s.url("127.0.0.1", "/")); code != refused {
		t.Errorf("user2 in a home of somebody else: exit status %d\n%s", code, talk)
	} else {
		want(t, "user2", talk, "< 530 User cannot log in, home directory inaccessible.")
	}
	for name, uid := range map[string]int{"user1": oneID, "user3": own} {
		if got := owner(t, filepath.Join(site, "LocalUser", name, "mine.txt")); got != [2]int{uid, uid} {
			t.Errorf("the file of %s belongs to %v", name, got)
		}
	}
	s.stop(t)
	want(t, "the log", readLog(t, home), " PASS *** 530 5 2 ")
}
