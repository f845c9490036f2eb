package compile_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
)

func TestMappingFindings(t *testing.T) {
	const at = "ftphost.config:2:"
	thumbprint := strings.Repeat("0A", 20)
	for _, c := range []struct {
		name    string
		entries string
		want    []string
	}{
		{"good", `<add account="jo" thumbprint="` + thumbprint + `"/><add account="kim" subject="CN=Kim, O=Harbour"/><add account="JO" name="jo@harbour.example"/>`, nil},
		{"none of the three", `<add account="jo"/>`, []string{"error: " + at + `1: ftpHost/accounts: account "jo": exactly one of thumbprint, subject and name says which certificate it is; it has none`}},
		{"two of the three", `<add account="jo" subject="CN=Jo" name="jo"/>`, []string{"error: " + at + `1: ftpHost/accounts: account "jo": exactly one of thumbprint, subject and name says which certificate it is; it has subject and name`}},
		{"thumbprint", `<add account="jo" thumbprint="0A"/>`, []string{"error: " + at + `19: ftpHost/accounts: account "jo": a thumbprint is 40 hexadecimal digits: "0A" has 2`}},
		{"pasted thumbprint", `<add account="jo" thumbprint="` + strings.Repeat("0a ", 20) + `"/>`, []string{"warning: " + at + `19: ftpHost/accounts: account "jo": thumbprint has characters that do not belong to one; write ` + thumbprint}},
		{"subject", `<add account="jo" subject="Jo"/>`, []string{"error: " + at + `19: ftpHost/accounts: account "jo": subject "Jo" is not a name such as CN=Jo, O=Harbour: "Jo" has no attribute before an equals sign`}},
		{"unknown account", `<add account="lee" name="lee@harbour.example"/>`, []string{"warning: " + at + `6: ftpHost/accounts: there is no account "lee" in localAccounts.config, so nobody can log in with this certificate`}},
		{
			"of two accounts", `<add account="jo" thumbprint="` + thumbprint + "\"/>\n" + `<add account="kim" thumbprint="` + strings.ToLower(thumbprint) + `:"/>`,
			[]string{
				`error: ftphost.config:3:1: ftpHost/accounts: account "kim": this certificate belongs to account "jo" already, at ftphost.config:2:1`,
				`warning: ftphost.config:3:20: ftpHost/accounts: account "kim": thumbprint has characters that do not belong to one; write ` + thumbprint,
			},
		},
		{
			"said twice", `<add account="jo" subject="CN=Jo,O=Harbour"/>` + "\n" + `<add account="Jo" subject="o=harbour, cn=jo"/>`,
			[]string{`warning: ftphost.config:3:1: ftpHost/accounts: account "Jo": this certificate is there already, at ftphost.config:2:1`},
		},
		{
			"the same word for word", `<add account="jo" name="a@b.example"/>` + "\n" + `<add account="kim" name="A@b.example"/>`,
			[]string{`error: ftphost.config:3:1: ftpHost/accounts: <add> with thumbprint="" subject="" name="A@b.example" is there already, at ftphost.config:2:1`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			home, back := homeWith(t, plainSite, "<configuration><ftpHost><accounts><clientCertificates>\n"+c.entries+"</clientCertificates></accounts></ftpHost></configuration>", nil)
			accounts := `<configuration><localAccounts><users><add name="Jo" password=""/><add name="Kim" password=""/></users></localAccounts></configuration>`
			if err := os.WriteFile(home.Accounts(), []byte(accounts), 0o600); err != nil {
				t.Fatal(err)
			}
			problems, _ := compile.Check(home)
			// The accounts of this test have no passwords, which is told as well.
			got := inOwnFile(told(problems, back))
			if !slices.Equal(got, c.want) {
				t.Errorf("findings\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}
