package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/compile"
)

// command runs one command line in the home dir and returns what it printed.
func command(t *testing.T, home, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, talk strings.Builder
	root := newRootCommand()
	root.SetArgs(append([]string{"--home", home}, args...))
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&talk)
	err = root.ExecuteContext(t.Context())
	return out.String(), talk.String(), err
}

func passwordIs(t *testing.T, home, user, password string) bool {
	t.Helper()
	directory, problems := accounts.Load(compile.NewHome(home).Accounts())
	if directory == nil {
		t.Fatal(problems)
	}
	for _, u := range directory.Users() {
		if u.Name == user {
			return local.VerifyPassword(u.Hash, password)
		}
	}
	t.Fatalf("there is no user %s", user)
	return false
}

func TestUserAndGroupCommands(t *testing.T) {
	home := t.TempDir()
	ok := func(stdin string, args ...string) string {
		t.Helper()
		stdout, stderr, err := command(t, home, stdin, args...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		if strings.Count(stderr, "\n") > 1 || strings.Contains(args[1], "list") && stderr != "" {
			t.Errorf("%v says on stderr:\n%s", args, stderr)
		}
		return stdout
	}
	ok("", "group", "add", "Readers")
	ok("", "group", "add", "Writers")
	made := ok("", "user", "add", "ann", "--group", "readers", "--group", "Writers", "--generate")
	if !passwordIs(t, home, "ann", strings.TrimSuffix(made, "\n")) || strings.Count(made, "\n") != 1 {
		t.Errorf("stdout is not the password alone: %q", made)
	}
	for _, c := range []struct{ stdin, password string }{{"pw one\r\nnext", "pw one"}, {"unended", "unended"}} {
		if out := ok(c.stdin, "user", "passwd", "ann", "--password-stdin"); out != "" || !passwordIs(t, home, "ann", c.password) {
			t.Errorf("standard input %q does not give password %q, or stdout %q", c.stdin, c.password, out)
		}
	}
	ok("pw", "user", "add", "bob", "--password-stdin", "--home-dir", "/srv/bob")
	ok("", "user", "home", "Ann", `D:\homes\ann`)
	ok("", "user", "disable", "BOB")
	ok("", "group", "join", "Readers", "bob", "ann")
	ok("", "group", "leave", "writers", "ann")
	var users []userJSON
	if err := json.Unmarshal([]byte(ok("", "user", "list", "--json")), &users); err != nil {
		t.Fatal(err)
	}
	want := []userJSON{{"ann", true, []string{"Readers"}, "", `D:\homes\ann`}, {"bob", false, []string{"Readers"}, "", "/srv/bob"}}
	if !reflect.DeepEqual(users, want) {
		t.Errorf("users %+v, want %+v", users, want)
	}
	if got := ok("", "group", "list", "--json"); got != `[{"name":"Readers","members":["ann","bob"]},{"name":"Writers","members":[]}]`+"\n" {
		t.Errorf("groups %s", got)
	}
	if got := strings.Split(ok("", "user", "list"), "\n"); len(got) != 4 || !strings.Contains(got[2], "disabled") {
		t.Errorf("list %q", got)
	}
	ok("", "user", "enable", "bob")
	ok("", "user", "remove", "ann")
	ok("", "group", "remove", "Writers")
	if got := ok("", "group", "list"); !strings.Contains(got, "Readers  bob\n") || strings.Contains(got, "Writers") {
		t.Errorf("groups:\n%s", got)
	}
}

func TestRefusedAndWrongCommandLines(t *testing.T) {
	home := t.TempDir()
	for _, c := range []struct {
		args  []string
		usage bool
	}{
		{[]string{"user", "add"}, true},
		{[]string{"user", "add", "ann", "secret"}, true},
		{[]string{"user", "add", "ann", "--password", "secret"}, true},
		{[]string{"user", "add", "ann", "--generate", "--password-stdin"}, true},
		{[]string{"user", "rename", "ann"}, true},
		{[]string{"group", "join", "Readers"}, true},
		{[]string{"user", "list", "all"}, true},
		{[]string{"user", "add", "ann", "--password-stdin"}, false}, // standard input is empty
		{[]string{"user", "add", "a@b", "--generate"}, false},
		{[]string{"user", "add", "ann", "--group", "Readers", "--generate"}, false},
		{[]string{"user", "enable", "ann"}, false},
		{[]string{"group", "remove", "Readers"}, false},
	} {
		stdout, _, err := command(t, home, "", c.args...)
		var wrong usageError
		if err == nil || errors.As(err, &wrong) != c.usage || strings.Contains(err.Error(), "secret") && !c.usage {
			t.Errorf("%v: error %v, want a usage error: %v", c.args, err, c.usage)
		}
		if stdout != "" {
			t.Errorf("%v printed %q", c.args, stdout)
		}
	}
	if _, err := os.Stat(filepath.Join(home, compile.AccountFile)); err == nil {
		t.Error("a refused command made the file")
	}
}

// A list works with doubtful accounts and says what is doubtful; with wrong
// ones it fails and says where.
func TestListSaysWhatIsWrong(t *testing.T) {
	home := t.TempDir()
	path := compile.NewHome(home).Accounts()
	for _, c := range []struct {
		text, stderr string
		ok           bool
	}{
		{`<configuration><localAccounts><users><add name="ann" password=""/></users></localAccounts></configuration>`, "warning", true},
		{`<configuration><localAccounts><users><add name="ann" password="geheim"/></users></localAccounts></configuration>`, path + ":1:", false},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, stderr, err := command(t, home, "", "user", "list")
		if (err == nil) != c.ok || !strings.Contains(stderr, c.stderr) || strings.Contains(stderr, "geheim") {
			t.Errorf("%s: error %v, stderr %s", c.text, err, stderr)
		}
	}
}

func TestEveryAccountCommandHasAnExample(t *testing.T) {
	for _, name := range []string{"user", "group"} {
		parent, _, err := newRootCommand().Find([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range append(parent.Commands(), parent) {
			if c.Example == "" || c.Short == "" {
				t.Errorf("%s has no example or no short text", c.CommandPath())
			}
		}
	}
}
