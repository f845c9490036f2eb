package ftptest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

const archive = `# what it is about
-- applicationHost.config --
<configuration path="$HOME/content" />
-- localAccounts --

ann secret FTPUsersA,FTPUsersB
bob other
-- content/a.txt --
$HOME stays
-- content/empty/ --
-- content/sub/b.txt --
-- session --
S: 220 *
-- session by bob --
C: USER bob
`

func TestParse(t *testing.T) {
	a, err := ftptest.Parse("a.txt", []byte(archive))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Accounts) != 2 || a.Accounts[0].Name != "ann" || a.Accounts[0].Password != "secret" ||
		!slices.Equal(a.Accounts[0].Groups, []string{"FTPUsersA", "FTPUsersB"}) || len(a.Accounts[1].Groups) != 0 {
		t.Errorf("accounts %+v", a.Accounts)
	}
	if len(a.Sessions) != 2 || a.Sessions[1].Name != "session by bob" {
		t.Errorf("sessions %+v", a.Sessions)
	}
	home := t.TempDir()
	if err := a.WriteHome(home); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"applicationHost.config": `<configuration path="` + home + `/content" />` + "\n",
		"content/a.txt":          "$HOME stays\n",
		"content/sub/b.txt":      "",
	} {
		got, err := os.ReadFile(filepath.Join(home, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	if info, err := os.Stat(filepath.Join(home, "content", "empty")); err != nil || !info.IsDir() {
		t.Errorf("content/empty: %v", err)
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ archive, want string }{
		{"", "a.txt: no file is named session"},
		{"-- notes --\n-- session --\n", "a.txt:1: notes is no file of a conversation"},
		{"-- content/../../x --\n-- session --\n", "a.txt:1: content/../../x leads out of the home folder"},
		{"-- localAccounts --\nann secret\nbob\n-- session --\n", "a.txt:3: want name, password, groups"},
		{"-- localAccounts --\na b c d e\n-- session --\n", "a.txt:2: want name"},
		{"x\n\n-- session --\nC: NOOP\nX: 200\n", `a.txt:5: "X: 200": unknown step "X:"`},
		{"-- session --\n data\n", "a.txt:2: "},
		{"-- session --\nC:NOOP\n", `unknown step "C:NOOP"`},
		{"-- session --\nT+soon\n", "a.txt:2: "},
		{"-- session --\nT+10\n", "missing unit"},
		{"-- session --\nCRAW: x\n", "want bytes in Go's quotes"},
		{"-- session --\nDATA>\n", "want bytes in Go's quotes"},
		{"-- session --\nDATA< x\n", "want bytes in Go's quotes"},
		{"-- session --\nDATA< \"\"\n", "without quotes for no data"},
		{"-- session --\nCLOSED now\n", "CLOSED takes no argument"},
		{"-- session --\nPASV soon\n", "a.txt:2: "},
		{"-- session --\nEPSV 192.0.2.1\n", "want nothing, late or early"},
	} {
		_, err := ftptest.Parse("a.txt", []byte(tt.archive))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q:\n got %v\nwant %s", tt.archive, err, tt.want)
		}
	}
}

func TestLoad(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(name, []byte(archive), 0o600); err != nil {
		t.Fatal(err)
	}
	if a := ftptest.Load(t, name); a.Name != name || len(a.Sessions) != 2 {
		t.Errorf("got %+v", a)
	}
}
