package compile_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/compile"
)

// sourceFiles puts files into a home that sources name.
func sourceFiles(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"bind.password": {"secret\n", 0o600}, "open.password": {"secret\n", 0o644}, "empty.password": {"\nsecret\n", 0o600},
		"ca.pem": {string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 0o644}, "no.pem": {"x", 0o644},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(f.text), f.mode); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSourceFindings(t *testing.T) {
	t.Setenv("FTPHOST_TEST_BIND_PASSWORD", "secret")
	const (
		at   = "ftphost.config:2:"
		in   = ": ftpHost/accounts: "
		good = `<add name="ad" type="ActiveDirectory" urls="ldaps://dc1.example.com ldaps://dc2.example.com" baseDn="DC=example,DC=com" `
	)
	for _, c := range []struct {
		name    string
		entries string
		want    []string
	}{
		{"good", `<add name="local" type="LocalAccounts"/>` + good + `bindDn="svc@example.com" bindPasswordFile="bind.password" caFile="ca.pem"/>` +
			`<add name="ldap" type="Ldap" urls="ldap://ldap.example.com" startTls="true" baseDn="dc=example,dc=com" bindDn="cn=svc,dc=example,dc=com" bindPasswordVariable="FTPHOST_TEST_BIND_PASSWORD"/>`, nil},
		{"no name", `<add type="LocalAccounts"/>`, []string{"error: " + at + `1` + in + `<add> has no attribute name, which is required`}},
		{"unknown type", `<add name="ad" type="Kerberos"/>`, []string{"error: " + at + `16` + in + `type "Kerberos" is not one of LocalAccounts, Ldap, ActiveDirectory, Pam`}},
		{"nothing said", `<add name="ad" type="Ldap"/>`, []string{
			"error: " + at + `1` + in + `source "ad": baseDn is missing: name the subtree that has the accounts, such as DC=example,DC=com`,
			"error: " + at + `1` + in + `source "ad": urls is missing: name the servers, such as ldaps://dc1.example.com`,
		}},
		{"no address", `<add name="ad" type="Ldap" baseDn="dc=x" urls="dc1.example.com"/>`, []string{"error: " + at + `42` + in + `source "ad": "dc1.example.com" is not the address of a server such as ldaps://dc1.example.com`}},
		{"clear text", `<add name="ad" type="Ldap" baseDn="dc=x" urls="ldap://dc1"/>`, []string{"error: " + at + `42` + in + `source "ad": passwords would go to ldap://dc1:389 in clear text; use ldaps:// or startTls="true" (or, where nobody is on the way, allowClearText="true")`}},
		{"clear text asked for", `<add name="ad" type="Ldap" baseDn="dc=x" urls="ldap://dc1" allowClearText="true"/>`, []string{"warning: " + at + `42` + in + `source "ad": passwords go to ldap://dc1:389 in clear text, where everybody on the way reads them; use ldaps:// or startTls`}},
		{"encrypted twice", good + `startTls="true"/>`, []string{
			"warning: " + at + `121` + in + `source "ad": startTls has no effect on ldaps://dc1.example.com:636, which is encrypted from the first byte`,
			"warning: " + at + `121` + in + `source "ad": startTls has no effect on ldaps://dc2.example.com:636, which is encrypted from the first byte`,
		}},
		{"no password", good + `bindDn="cn=svc"/>`, []string{"error: " + at + `121` + in + `source "ad": exactly one of bindPasswordFile and bindPasswordVariable says where the password of bindDn is`}},
		{"nobody's password", good + `bindPasswordFile="bind.password"/>`, []string{"error: " + at + `1` + in + `source "ad": bindDn is missing: whose is the password?`}},
		{"no such file", good + `bindDn="cn=svc" bindPasswordFile="no.password"/>`, []string{"error: " + at + `137` + in + `source "ad": stat no.password: no such file or directory`}},
		{"a file for all", good + `bindDn="cn=svc" bindPasswordFile="open.password"/>`, []string{"error: " + at + `137` + in + `source "ad": open.password may be read by others than its owner (mode 0644); run: chmod 600 open.password`}},
		{"an empty file", good + `bindDn="cn=svc" bindPasswordFile="empty.password"/>`, []string{"error: " + at + `137` + in + `source "ad": empty.password has no password in its first line`}},
		{"no such variable", good + `bindDn="cn=svc" bindPasswordVariable="FTPHOST_TEST_NONE"/>`, []string{"error: " + at + `137` + in + `source "ad": the environment has no variable FTPHOST_TEST_NONE, or it is empty`}},
		{"no such CA", good + `caFile="none.pem"/>`, []string{"error: " + at + `121` + in + `source "ad": open none.pem: no such file or directory`}},
		{"no CA", good + `caFile="no.pem"/>`, []string{"error: " + at + `121` + in + `source "ad": no.pem has no certificate in PEM form`}},
		{"filter", good + `userFilter="(uid=jo)"/>`, []string{"error: " + at + `121` + in + `source "ad": userFilter "(uid=jo)" says nowhere {user} or {upn}, so it would find the same account for every name`}},
		{"base", `<add name="ad" type="Ldap" urls="ldaps://dc1" baseDn="example.com"/>`, []string{"error: " + at + `47` + in + `source "ad": baseDn "example.com" is not a distinguished name such as DC=example,DC=com`}},
		{"timeout", good + `timeout="01:00:00"/>`, []string{"error: " + at + `121` + in + `timeout 01:00:00 is not between 1 and 60`}},
		{"local twice", `<add name="a" type="LocalAccounts"/>` + "\n" + `<add name="b" type="LocalAccounts" domain="X"/>`, []string{
			`error: ftphost.config:3:1` + in + `source "b": the local accounts are a source already, at ftphost.config:2:1`,
			`warning: ftphost.config:3:36` + in + `source "b": domain has no effect on a source of type LocalAccounts`,
		}},
		{"no PAM", `<add name="os" type="Pam" service="ftp" baseDn="dc=x"/>`, []string{
			"error: " + at + `16` + in + `source "os": this build of ftphost has no PAM; build one with: make build-pam`,
			"warning: " + at + `41` + in + `source "os": baseDn has no effect on a source of type Pam`,
		}},
		{"service of a directory", good + `service="ftp"/>`, []string{"warning: " + at + `121` + in + `source "ad": service has no effect on a source of type ActiveDirectory`}},
		{"a name twice", `<add name="a" type="LocalAccounts"/>` + "\n" + `<add name="A" type="Ldap"/>`, []string{
			`error: ftphost.config:3:1` + in + `<add> with name="A" is there already, at ftphost.config:2:1`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			home, back := homeWith(t, plainSite, "<configuration><ftpHost><accounts><sources>\n"+c.entries+"</sources></accounts></ftpHost></configuration>", nil)
			sourceFiles(t, home.Dir)
			problems, _ := compile.Check(home)
			got := inOwnFile(told(problems, back))
			if !slices.Equal(got, c.want) {
				t.Errorf("findings\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
			if strings.Contains(strings.Join(got, "\n"), "secret") {
				t.Error("a password is shown")
			}
		})
	}
}
