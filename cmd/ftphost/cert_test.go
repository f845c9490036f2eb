package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fixture is a PFX file as Windows writes it, with the password geheim.
const (
	fixture           = "../../pkg/cert/testdata/legacy-rc2.pfx"
	fixtureThumbprint = "E1565BF5A4FEC6A66B32B3E25BCBE3B008BF05DE"
)

func TestCertCommands(t *testing.T) {
	home := t.TempDir()
	ok := func(stdin string, args ...string) (stdout, stderr string) {
		t.Helper()
		stdout, stderr, err := command(t, home, stdin, append([]string{"cert"}, args...)...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return stdout, stderr
	}
	made, talk := ok("", "new", "--dns", "ftp.example.com", "--dns", "192.0.2.7")
	thumbprint := strings.TrimSuffix(made, "\n")
	if len(thumbprint) != 40 || !strings.Contains(talk, filepath.Join(home, "certificates", "MY", "ftp.example.com.pem")+" is in the store MY for ftp.example.com, 192.0.2.7, until 2") {
		t.Errorf("new prints %q and says %q", made, talk)
	}
	if made, _ := ok("geheim\n", "import", fixture, "--store", "WebHosting", "--password-stdin"); made != fixtureThumbprint+"\n" {
		t.Errorf("import prints %q", made)
	}
	if err := os.WriteFile(filepath.Join(home, "certificates", "MY", "broken.pem"), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	text, talk := ok("", "list", "--json")
	var list []certificateJSON
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Thumbprint != thumbprint || !list[0].Key || list[0].DaysLeft != 364 || list[0].Store != "MY" ||
		list[1].Store != "WebHosting" || list[1].Names[0] != "ftp.example.com" || list[1].Issuer != "CN=Fixture CA" {
		t.Errorf("%s", text)
	}
	if !strings.Contains(talk, "broken.pem: it holds neither") || strings.Count(talk, "\n") != 1 {
		t.Errorf("list says %q", talk)
	}
	table, _ := ok("", "list")
	if lines := strings.Split(table, "\n"); len(lines) != 4 || !strings.Contains(lines[1], thumbprint) || !strings.Contains(lines[1], "yes  ftp.example.com.pem") {
		t.Errorf("list prints\n%s", table)
	}
	for _, c := range []struct {
		by  string
		has []string
	}{
		{"FTP.example.com", []string{thumbprint, fixtureThumbprint}},
		{"192.0.2.7", []string{thumbprint}},
		{strings.ToLower(fixtureThumbprint), []string{fixtureThumbprint}},
	} {
		shown, _ := ok("", "show", c.by)
		if strings.Count(shown, "Thumbprint:") != len(c.has) || !strings.Contains(shown, c.has[0]) || strings.Contains(shown, "PRIVATE") {
			t.Errorf("show %s:\n%s", c.by, shown)
		}
		var list []certificateJSON
		asJSON, _ := ok("", "show", c.by, "--json")
		if err := json.Unmarshal([]byte(asJSON), &list); err != nil || len(list) != len(c.has) {
			t.Errorf("show %s --json: %s, %v", c.by, asJSON, err)
		}
	}
	_, talk = ok("", "remove", thumbprint)
	if _, err := os.Stat(filepath.Join(home, "certificates", "MY", "ftp.example.com.pem")); err == nil || !strings.Contains(talk, "was removed from the store MY.") {
		t.Errorf("remove says %q, and the file: %v", talk, err)
	}
}

// A certificate that is in use is kept, in whatever spelling.
func TestCertRemoveKeepsWhatIsUsed(t *testing.T) {
	home := t.TempDir()
	config := filepath.Join(home, "applicationHost.config")
	if _, _, err := command(t, home, "geheim", "cert", "import", fixture, "--password-stdin"); err != nil {
		t.Fatal(err)
	}
	spaced := "&#x200e;" + strings.ToLower(fixtureThumbprint[:2]+" "+fixtureThumbprint[2:])
	for _, c := range []struct{ config, want string }{
		{"<configuration>\n  <ssl serverCertHash=\"" + spaced + "\" />\n</configuration>", config + ":2:8: the certificate " + fixtureThumbprint + " is in use here; name another one first, or remove it with --force"},
		{"<configuration><a><b><ssl serverCertHash=\"" + fixtureThumbprint + "\"/></b></a></configuration>", config + ":1:27: the certificate " + fixtureThumbprint + " is in use here; name another one first, or remove it with --force"},
		{"<configuration>", "cannot tell whether the configuration refers to it (--force removes it nevertheless): " + config + ":1:16: the file ends"},
	} {
		if err := os.WriteFile(config, []byte(c.config), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := command(t, home, "", "cert", "remove", fixtureThumbprint); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if _, _, err := command(t, home, "", "cert", "remove", fixtureThumbprint, "--force"); err != nil {
		t.Error(err)
	}
	if _, _, err := command(t, home, "", "cert", "remove", fixtureThumbprint, "--force"); err == nil || !strings.HasPrefix(err.Error(), "the certificate was not found: ") {
		t.Errorf("the second time: %v", err)
	}
}

func TestWrongCertCommandLines(t *testing.T) {
	home := t.TempDir()
	for _, c := range []struct {
		stdin string
		args  []string
		usage bool
		want  string
	}{
		{"", []string{"new"}, true, "cert new: say which names"},
		{"", []string{"new", "ftp.example.com"}, true, "cert new: unknown command"},
		{"", []string{"new", "--dns", "a", "--days", "many"}, true, "cert new: invalid argument"},
		{"", []string{"new", "--dns", "a", "--key", "dsa"}, true, `cert new: there is no kind of key "dsa"; choose ecdsa or rsa`},
		{"", []string{"new", "--dns", "a b"}, false, `"a b" is neither`},
		{"", []string{"new", "--dns", "a", "--days", "0"}, false, "a certificate cannot be valid for 0 days"},
		{"", []string{"new", "--dns", "a", "--store", "../MY"}, false, `"../MY" cannot be the name of a store`},
		{"", []string{"import"}, true, "cert import: accepts 1 arg"},
		{"", []string{"import", fixture, "--password", "hunter2"}, true, "cert import: unknown flag: --password"},
		{"hunter2", []string{"import", fixture, "--password-stdin"}, false, fixture + ": the password is wrong"},
		{"", []string{"import", "../../pkg/cert/testdata/encrypted-pkcs8.pem"}, false, "../../pkg/cert/testdata/encrypted-pkcs8.pem: the private key is encrypted"},
		{"", []string{"show"}, true, "cert show: accepts 1 arg"},
		{"", []string{"show", "nobody"}, false, `there is no certificate with the thumbprint or name "nobody"`},
		{"", []string{"remove", "abc"}, false, "a thumbprint is 40 hexadecimal digits"},
		{"", []string{"list", "MY"}, true, "cert list: unknown command"},
		{"", []string{"renew"}, true, "cert: unknown command"},
	} {
		stdout, _, err := command(t, home, c.stdin, append([]string{"cert"}, c.args...)...)
		var wrong usageError
		if err == nil || errors.As(err, &wrong) != c.usage || !strings.HasPrefix(err.Error(), c.want) || stdout != "" {
			t.Errorf("%v prints %q, error %v; want %s, a usage error: %v", c.args, stdout, err, c.want, c.usage)
		}
	}
	if _, err := os.Stat(filepath.Join(home, "certificates")); err == nil {
		t.Error("a refused command made the folder")
	}
}

func TestEveryCertCommandHasAnExample(t *testing.T) {
	parent, _, err := newRootCommand().Find([]string{"cert"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(parent.Commands(), parent) {
		if c.Example == "" || c.Short == "" {
			t.Errorf("%s has no example or no short text", c.CommandPath())
		}
	}
}
