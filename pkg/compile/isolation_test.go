package compile_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/compile"
)

// TestCheckTellsHomesToCreate looks at a site with isolation, an anonymous
// login, a rule and accounts of all kinds.
func TestCheckTellsHomesToCreate(t *testing.T) {
	const rule = `<system.ftpServer><security><authorization>
    <add accessType="Allow" users="*" permissions="Read" /><add accessType="Deny" users="eve" permissions="Read" />
  </authorization></security></system.ftpServer>
</configuration>`
	const at = `warning: applicationHost.config:18:24: system.applicationHost/sites: site "one": with userIsolation `
	for _, c := range []struct {
		mode, auth string
		want       []string
	}{
		{"None", "", nil},
		{"StartInUsersDirectory", "", nil},
		{"IsolateRootDirectoryOnly", "", []string{
			at + "IsolateRootDirectoryOnly anonymous users cannot log in: there is no folder CONTENT/LocalUser/Public; create it",
			at + "IsolateRootDirectoryOnly ann cannot log in: there is no folder CONTENT/LocalUser/ann; create it",
			at + "IsolateRootDirectoryOnly vic cannot log in: there is no folder CONTENT/LocalUser/vic; create it",
		}},
		{"IsolateAllDirectories", "", []string{
			at + "IsolateAllDirectories anonymous users cannot log in: there is no folder CONTENT/LocalUser/Public; create it",
			at + "IsolateAllDirectories ann cannot log in: there is no folder CONTENT/LocalUser/ann; create it",
		}},
		{"Custom", "", []string{
			at + "Custom anonymous users cannot log in: the account anonymous has no home attribute, which userIsolation wants here",
			at + "Custom ann cannot log in: there is no folder CONTENT/gone; create it",
			at + `Custom bob cannot log in: the home attribute of WEB01\bob: "E:\bob" is a Windows path: no path map entry covers it; add to ftpHost/pathMap in ftphost.config: <add from="E:\" to="FOLDER" />`,
			at + `Custom con cannot log in: the account WEB01\con has no home attribute, which userIsolation wants here`,
		}},
		{"ActiveDirectory", "<anonymousAuthentication enabled=\"true\" />", []string{
			`warning: applicationHost.config:18:24: system.applicationHost/sites: site "one": userIsolation ActiveDirectory needs basicAuthentication, which is off, so nobody can log in`,
		}},
	} {
		t.Run(c.mode, func(t *testing.T) {
			config := strings.NewReplacer(
				"</ftpServer>", `<userIsolation mode="`+c.mode+`" /></ftpServer>`, "</configuration>\n", rule,
				`<basicAuthentication enabled="true" />`, cmp.Or(c.auth, `<anonymousAuthentication enabled="true" /><basicAuthentication enabled="true" />`),
				"</application>", `<virtualDirectory path="/LocalUser/vic" physicalPath="CONTENT/sub" /></application>`,
			).Replace(plainSite)
			got := slices.DeleteFunc(checkWithAccounts(t, config), func(f string) bool { return !strings.Contains(f, "solation") })
			// The computer's name is that of the machine the test runs on.
			name, err := compile.ComputerName()
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], name+`\`, `WEB01\`)
			}
			if c.mode == "IsolateRootDirectoryOnly" || c.mode == "IsolateAllDirectories" {
				c.want = append(c.want, at+c.mode+` con cannot log in: the account WEB01\con has a name that no folder can have, so it has no home`)
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("findings\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// checkWithAccounts is check with accounts: ann without a home, bob with one,
// con whose name is a device, eve who is denied, dan who is disabled and vic
// with a virtual one.
func checkWithAccounts(t *testing.T, config string) []string {
	t.Helper()
	dir := t.TempDir()
	content := filepath.Join(dir, "content")
	for _, folder := range []string{"sub", "LocalUser/bob", "v"} {
		if err := os.MkdirAll(filepath.Join(content, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	home := compile.NewHome(dir)
	if err := os.WriteFile(home.Config, []byte(strings.ReplaceAll(config, "CONTENT", content)), 0o600); err != nil {
		t.Fatal(err)
	}
	var users strings.Builder
	for name, attribute := range map[string]string{
		"ann": filepath.Join(content, "gone"), "bob": `E:\bob`, "con": "", "eve": filepath.Join(content, "gone"),
		`dan" enabled="false`: "", "vic": filepath.Join(content, "v"),
	} {
		fmt.Fprintf(&users, `<add name="%s" password="" home="%s" />`, name, attribute)
	}
	text := "<configuration><localAccounts><users>" + users.String() + "</users></localAccounts></configuration>"
	if err := os.WriteFile(home.Accounts(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if directory, problems := accounts.Load(home.Accounts()); directory == nil {
		t.Fatal(problems)
	}
	problems, _ := compile.Check(home)
	return told(problems, strings.NewReplacer(content, "CONTENT", dir+string(filepath.Separator), ""))
}

// TestCheckTellsOfLocationsThatNobodySees: rules for the folders of homes do
// nothing where users' paths begin at the home.
func TestCheckTellsOfLocationsThatNobodySees(t *testing.T) {
	config := func(mode string) string {
		return strings.NewReplacer("</ftpServer>", `<userIsolation mode="`+mode+`" /></ftpServer>`, "</configuration>\n", `
<location path="one/LocalUser/bob/up"><system.ftpServer><security>
<authorization><add accessType="Deny" users="*" permissions="Write" /></authorization>
</security></system.ftpServer></location>
<location path="one/up"><system.ftpServer><security>
<requestFiltering allowHighBitCharacters="false" />
</security></system.ftpServer></location>
</configuration>`).Replace(plainSite)
	}
	const want = `warning: applicationHost.config:24:1: system.ftpServer/security/authorization: site "one": the location one/LocalUser/bob/up has no effect: with userIsolation IsolateRootDirectoryOnly paths are those that users see, without the way to their homes`
	for mode, all := range map[string][]string{"IsolateRootDirectoryOnly": {want}, "IsolateAllDirectories": nil, "StartInUsersDirectory": nil, "None": nil} {
		findings, _ := check(t, config(mode), "")
		got := slices.DeleteFunc(findings, func(f string) bool { return !strings.Contains(f, "has no effect") })
		if !slices.Equal(got, all) {
			t.Errorf("%s: findings %q, want %q", mode, got, all)
		}
	}
}

// TestCheckTellsOfManyMissingHomesOnce: thousands of accounts without a home
// are no reason for thousands of lines.
func TestCheckTellsOfManyMissingHomesOnce(t *testing.T) {
	var users strings.Builder
	for i := range 500 {
		fmt.Fprintf(&users, `<add name="user%d" password="" />`, i)
	}
	dir := t.TempDir()
	home := compile.NewHome(dir)
	config := strings.NewReplacer("</ftpServer>", `<userIsolation mode="Custom" /></ftpServer>`, "CONTENT", dir, "</configuration>",
		`<system.ftpServer><security><authorization><add accessType="Allow" users="*" permissions="Read" /></authorization></security></system.ftpServer></configuration>`).Replace(plainSite)
	for path, text := range map[string]string{
		home.Config: config, home.Accounts(): "<configuration><localAccounts><users>" + users.String() + "</users></localAccounts></configuration>",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	problems, _ := compile.Check(home)
	named, last := 0, false
	for _, p := range problems {
		last = last || strings.Contains(p.Error(), "490 more users cannot log in, for want of a home")
		if strings.Contains(p.Error(), "cannot log in: ") {
			named++
		}
	}
	if named != 10 || !last {
		t.Errorf("%d users named, the others counted: %v", named, last)
	}
}
