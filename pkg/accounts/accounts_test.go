package accounts_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/local"
)

func tempFile(t *testing.T) (*accounts.File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "localAccounts.config")
	f := accounts.Open(path)
	f.OnError = func(err error) { t.Errorf("OnError: %v", err) }
	return f, path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// logon is the error of a login.
func logon(t *testing.T, f *accounts.File, user, password string) error {
	t.Helper()
	p := &local.Provider{Directory: f.Directory, Domain: "PC"}
	_, err := p.Authenticate(t.Context(), auth.Credentials{User: user, Password: password})
	return err
}

// state is the directory as one line: users with groups.
func state(d *local.Directory) string {
	var list []string
	for _, u := range d.Users() {
		name := u.Name
		if !u.Enabled {
			name = "-" + name
		}
		list = append(list, name+"("+strings.Join(d.GroupsOf(u.Name), ",")+")")
	}
	for _, g := range d.Groups() {
		list = append(list, g.Name)
	}
	return strings.Join(list, " ")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFromNothing(t *testing.T) {
	f, path := tempFile(t)
	if got := state(f.Directory()); got != "" {
		t.Fatalf("accounts without a file: %s", got)
	}
	must(t, f.AddGroup("Readers"))
	must(t, f.AddGroup("Writers"))
	must(t, f.AddUser("Ann", "päss word", "readers"))
	must(t, f.AddUser("bob", "pw"))
	must(t, f.Join("Writers", "ann", "BOB", "bob"))
	must(t, f.Join("Writers", "ann"))
	if got, want := state(f.Directory()), "Ann(Readers,Writers) bob(Writers) Readers Writers"; got != want {
		t.Errorf("state %s, want %s", got, want)
	}
	if err := logon(t, f, "ann", "päss word"); err != nil {
		t.Error(err)
	}
	must(t, f.SetPassword("ANN", "other"))
	if err := logon(t, f, "ann", "päss word"); !errors.Is(err, auth.ErrLogon) {
		t.Errorf("the old password: %v", err)
	}
	must(t, f.SetEnabled("ann", false))
	if err := logon(t, f, "ann", "other"); !errors.Is(err, auth.ErrAccountDisabled) {
		t.Errorf("disabled: %v", err)
	}
	must(t, f.SetEnabled("ann", true))
	if err := logon(t, f, "ann", "other"); err != nil {
		t.Errorf("enabled again: %v", err)
	}
	must(t, f.Leave("writers", "ANN"))
	must(t, f.RemoveUser("BOB"))
	must(t, f.RemoveGroup("readers"))
	if got, want := state(f.Directory()), "Ann() Writers"; got != want {
		t.Errorf("state %s, want %s", got, want)
	}
	text := read(t, path)
	if strings.Contains(text, "bob") || strings.Contains(text, "other") || !strings.Contains(text, "<!--") {
		t.Errorf("file:\n%s", text)
	}
}

func TestRefusedEditsChangeNothing(t *testing.T) {
	f, path := tempFile(t)
	must(t, f.AddGroup("Readers"))
	must(t, f.AddUser("ann", "pw", "Readers"))
	before := read(t, path)
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"a user twice", f.AddUser("ANN", "pw"), accounts.ErrExists},
		{"a user with the name of a group", f.AddUser("readers", "pw"), accounts.ErrExists},
		{"a group with the name of a user", f.AddGroup("Ann"), accounts.ErrExists},
		{"a user in an unknown group", f.AddUser("bob", "pw", "Readers", "Writers"), accounts.ErrNotFound},
		{"an empty password", f.AddUser("bob", ""), accounts.ErrPassword},
		{"a long password", f.AddUser("bob", strings.Repeat("x", 257)), accounts.ErrPassword},
		{"a password with a line end", f.SetPassword("ann", "a\nb"), accounts.ErrPassword},
		{"an anonymous name", f.AddUser("FTP", "pw"), accounts.ErrName},
		{"the password of nobody", f.SetPassword("bob", "pw"), accounts.ErrNotFound},
		{"nobody enabled", f.SetEnabled("bob", true), accounts.ErrNotFound},
		{"nobody removed", f.RemoveUser("bob"), accounts.ErrNotFound},
		{"a group is no user", f.RemoveUser("Readers"), accounts.ErrNotFound},
		{"no group removed", f.RemoveGroup("Writers"), accounts.ErrNotFound},
		{"nobody joins", f.Join("Readers", "ann", "bob"), accounts.ErrNotFound},
		{"no group to join", f.Join("Writers", "ann"), accounts.ErrNotFound},
		{"nobody leaves", f.Leave("Readers", "ann", "bob"), accounts.ErrNotFound},
		{"no group to leave", f.Leave("Writers", "ann"), accounts.ErrNotFound},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.err, c.want)
		}
	}
	if after := read(t, path); after != before {
		t.Errorf("the file changed:\n%s", after)
	}
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"ann": true, "Ann Smith": true, "a.b-c_d$": true, "Jürgen": true, strings.Repeat("ü", 64): true,
		"": false, strings.Repeat("a", 65): false, "a\tb": false, "a\x00": false, " ann": false, "ann ": false, "...": false, "\xff": false,
		`a"b`: false, "a/b": false, `a\b`: false, "a[b": false, "a]b": false, "a:b": false, "a;b": false, "a|b": false, "a=b": false, "a,b": false,
		"a+b": false, "a*b": false, "a?b": false, "a<b": false, "a>b": false, "a@b": false, "Anonymous": false, "ftp": false,
	} {
		if err := accounts.CheckUserName(name); (err == nil) != ok || err != nil && !errors.Is(err, accounts.ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := accounts.CheckGroupName(strings.Repeat("g", 256)); err != nil {
		t.Error(err)
	}
	if err := accounts.CheckGroupName(strings.Repeat("g", 257)); err == nil {
		t.Error("a group name of 257 characters is accepted")
	}
}

func TestEditsKeepTheRestOfTheFile(t *testing.T) {
	f, path := tempFile(t)
	const before = "<?xml version='1.0'?>\r\n<!-- ours -->\r\n<configuration>\r\n\t<localAccounts>\r\n\t\t<users>\r\n" +
		"\t\t\t<add name='ann'   password=''/> <!-- on leave -->\r\n\t\t</users>\r\n\t</localAccounts>\r\n</configuration>\r\n"
	write(t, path, before)
	must(t, f.SetEnabled("ann", false))
	must(t, f.AddGroup("Readers"))
	must(t, f.Join("Readers", "ann"))
	after := read(t, path)
	for _, kept := range []string{"<?xml version='1.0'?>\r\n<!-- ours -->", "<add name='ann'   password=''", "<!-- on leave -->\r\n\t\t</users>"} {
		if !strings.Contains(after, kept) {
			t.Errorf("%q is gone", kept)
		}
	}
	if strings.Contains(strings.ReplaceAll(after, "\r\n", ""), "\n") {
		t.Error("line ends are mixed")
	}
	if got, want := state(f.Directory()), "-ann(Readers) Readers"; got != want {
		t.Errorf("state %s, want %s\n%s", got, want, after)
	}
}

func TestLoadTellsWhatIsWrong(t *testing.T) {
	const head = "<configuration><localAccounts>\n"
	for _, c := range []struct {
		name, text string
		ok         bool
		want       []string // part of each finding, in order
	}{
		{"not XML", "<configuration", false, []string{":1:"}},
		{"an unknown attribute", head + `<users><add name="ann" password="" enabld="true"/></users></localAccounts></configuration>`, false, []string{"enabld"}},
		{"a plain password", head + `<users><add name="ann" password="geheim"/></users></localAccounts></configuration>`, false, []string{":2:"}},
		{"a bad name", head + `<users><add name="a@b" password=""/></users></localAccounts></configuration>`, false, []string{"no password", `"a@b"`}},
		{"user and group of one name", head + `<users><add name="ann" password=""/></users><groups><group name="ANN"/></groups></localAccounts></configuration>`, false, []string{"no password", "taken"}},
		{"an unknown member", head + `<groups><group name="G"><add user="bob"/></group></groups></localAccounts></configuration>`, true, []string{`"bob"`}},
		{"nothing", "<configuration/>", true, nil},
	} {
		path := filepath.Join(t.TempDir(), "localAccounts.config")
		write(t, path, c.text)
		d, problems := accounts.Load(path)
		if (d != nil) != c.ok || len(problems) != len(c.want) {
			t.Errorf("%s: directory %v, problems %v", c.name, d != nil, problems)
			continue
		}
		for i, want := range c.want {
			if got := problems[i].Error(); !strings.Contains(got, want) || strings.Contains(got, "geheim") {
				t.Errorf("%s: %s, want %q in it", c.name, got, want)
			}
		}
	}
}

func TestFollowsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "localAccounts.config")
	var reports []error
	f := accounts.Open(path)
	f.OnError = func(err error) { reports = append(reports, err) }
	user := func(name string) string {
		return `<configuration><localAccounts><users><add name="` + name + `" password="" /></users></localAccounts></configuration>`
	}
	step := func(what, want string, reported int) {
		t.Helper()
		time.Sleep(accounts.LookInterval)
		for range 2 { // the second look finds nothing new
			if got := state(f.Directory()); got != want || len(reports) != reported {
				t.Errorf("%s: %q with %d reports, want %q with %d", what, got, len(reports), want, reported)
			}
		}
	}
	step("no file", "", 0)
	write(t, path, user("ann"))
	step("a file", "ann()", 0)
	write(t, path, user("robert"))
	step("another size", "robert()", 0)
	other := path + ".new"
	write(t, other, user("rebert"))
	info, err := os.Stat(path)
	must(t, err)
	must(t, os.Chtimes(other, info.ModTime(), info.ModTime()))
	must(t, os.Rename(other, path))
	step("another file of the same size and time", "rebert()", 0)
	write(t, path, "<configuration>")
	step("a broken file", "rebert()", 1)
	write(t, path, "<configuration><")
	step("another broken file", "rebert()", 2)
	write(t, path, user("cat"))
	step("a good one", "cat()", 2)
	must(t, os.Remove(path))
	step("none", "", 2)
}

// Two runs of the command line at the same time must not lose each other's
// change.
func TestConcurrentEdits(t *testing.T) {
	f, path := tempFile(t)
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		wg.Go(func() {
			other := accounts.Open(path)
			if err := other.AddGroup(name); err != nil {
				t.Error(err)
			}
			_ = f.Directory()
		})
	}
	wg.Wait()
	time.Sleep(accounts.LookInterval)
	if got := len(f.Directory().Groups()); got != 8 {
		t.Errorf("%d groups, want 8:\n%s", got, read(t, path))
	}
}

// BenchmarkDirectory is what the file adds to each login.
func BenchmarkDirectory(b *testing.B) {
	f := accounts.Open(filepath.Join(b.TempDir(), "localAccounts.config"))
	if err := f.AddGroup("Readers"); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Directory()
	}
}

func TestBrokenFileIsNotEdited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "localAccounts.config")
	const text = `<configuration><localAccounts><users><add nam="ann"/></users></localAccounts></configuration>`
	write(t, path, text)
	if err := accounts.Open(path).AddUser("bob", "pw"); err == nil || !strings.Contains(err.Error(), "nam") {
		t.Errorf("error %v", err)
	}
	if got := read(t, path); got != text {
		t.Errorf("file: %s", got)
	}
}

func TestGeneratePassword(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		p, err := accounts.GeneratePassword()
		if err != nil {
			t.Fatal(err)
		}
		if len(p) != 20 || seen[p] || strings.ContainsAny(p, "0O1lI \t") {
			t.Errorf("password %q", p)
		}
		seen[p] = true
	}
}
