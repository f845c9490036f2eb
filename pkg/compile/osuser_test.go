package compile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/content/local"
)

func TestOSUserFindings(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT TESTED: only Linux has users to act as")
	}
	const at = "ftphost.config:2:"
	// What is found when tests do not run as root is found by the way.
	forbidden := []string{}
	if err := local.MayImpersonate(); err != nil {
		forbidden = append(forbidden, "warning: "+at+"1: ftpHost/accounts: osUsers: accounts that are users of the operating system cannot log in to an ftphost with the rights of this one: "+err.Error())
	}
	for _, c := range []struct {
		name    string
		entries string
		want    []string
	}{
		{"good", `<add account="jo" osUser="1001:1001"/><add account="CONTOSO\kim" osUser="daemon"/>`, nil},
		{"root", `<add account="jo" osUser="root"/>`, []string{"error: " + at + `19: ftpHost/accounts: account "jo": nobody accesses files as root: "root" has the uid 0, whom no permission keeps out; name another user, or leave out the entry to access files with the rights of ftphost`}},
		{"root by number", `<add account="jo" osUser="0:5"/>`, []string{"error: " + at + `19: ftpHost/accounts: account "jo": nobody accesses files as root: "0:5" has the uid 0, whom no permission keeps out; name another user, or leave out the entry to access files with the rights of ftphost`}},
		{"nobody", `<add account="jo" osUser="no-such-user"/>`, []string{"warning: " + at + `19: ftpHost/accounts: account "jo" cannot log in: the account has no user of the operating system to be: the system has no user "no-such-user" (the static ftphost knows those in /etc/passwd only)`}},
		{"no number", `<add account="jo" osUser="1001:"/>`, []string{"warning: " + at + `19: ftpHost/accounts: account "jo" cannot log in: the account has no user of the operating system to be: "1001:" is not a pair of numbers, uid:gid`}},
		{"unknown account", `<add account="lee" osUser="1001:1001"/>`, []string{"warning: " + at + `6: ftpHost/accounts: there is no account "lee" in localAccounts.config, so nobody has this user`}},
		{"said twice", `<add account="jo" osUser="1001:1001"/><add account=".\JO" osUser="1001:1001"/>`, []string{"error: " + at + `39: ftpHost/accounts: account ".\\JO": its user of the operating system is said twice, by another spelling of the account`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			home, back := homeWith(t, plainSite, "<configuration><ftpHost><accounts><osUsers>\n"+c.entries+"</osUsers></accounts></ftpHost></configuration>", nil)
			allow(t, home.Dir)
			accounts := `<configuration><localAccounts><users><add name="Jo" password=""/><add name="Kim" password=""/></users></localAccounts></configuration>`
			if err := os.WriteFile(home.Accounts(), []byte(accounts), 0o600); err != nil {
				t.Fatal(err)
			}
			problems, _ := compile.Check(home)
			got := slices.DeleteFunc(inOwnFile(told(problems, back)), func(finding string) bool { return slices.Contains(forbidden, finding) })
			if !slices.Equal(got, c.want) {
				t.Errorf("findings\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// allow lets everybody reach a folder of the test.
func allow(t *testing.T, dir string) {
	t.Helper()
	for d := dir; d != filepath.Clean(os.TempDir()) && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil { //nolint:gosec // that is what is wanted
			t.Fatal(err)
		}
	}
}

// The file system is asked whether it lets the user in.
func TestOSUserWithoutAccess(t *testing.T) {
	if err := local.MayImpersonate(); err != nil || os.Geteuid() != 0 {
		t.Skipf("NOT TESTED: acting as another user needs root: %v", err)
	}
	config := strings.Replace(plainSite, "</configuration>", `<system.ftpServer><security><authorization><add accessType="Allow" users="*" permissions="Read" /></authorization></security></system.ftpServer></configuration>`, 1)
	home, back := homeWith(t, config, "<configuration><ftpHost><accounts><osUsers>\n<add account=\"jo\" osUser=\"1001:1001\"/></osUsers></accounts></ftpHost></configuration>", nil)
	allow(t, home.Dir)
	accounts := `<configuration><localAccounts><users><add name="Jo" password=""/></users></localAccounts></configuration>`
	content := filepath.Join(home.Dir, "content")
	if err := os.WriteFile(home.Accounts(), []byte(accounts), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]string{0o755: "", 0o750: `warning: ftphost.config:2:19: ftpHost/accounts: account "jo" cannot log in to site "one": the file system does not let the user 1001:1001 into its folder: `} {
		if err := os.Chmod(content, mode); err != nil {
			t.Fatal(err)
		}
		problems, _ := compile.Check(home)
		got := strings.Join(inOwnFile(told(problems, back)), "\n")
		if !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%o: %s\nwant %s", mode, got, want)
		}
	}
}
