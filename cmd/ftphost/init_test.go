package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/sample"
)

// initialized makes a home and returns what init printed.
func initialized(t *testing.T) (home compile.Home, printed string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	printed, stderr, err := command(t, dir, "", "init", dir)
	if err != nil || stderr != "" {
		t.Fatalf("init: %v\n%s", err, stderr)
	}
	return compile.NewHome(dir), printed
}

// TestInitMakesCertificates: each site of the sample names the certificate
// that was made for it, and nothing else in the file is changed.
func TestInitMakesCertificates(t *testing.T) {
	home, _ := initialized(t)
	config, err := os.ReadFile(home.Config)
	if err != nil {
		t.Fatal(err)
	}
	certs, problems := cert.Open(home.Certificates()).List("MY")
	if len(problems) > 0 || len(certs) != len(sampleSites()) {
		t.Fatalf("got %d certificates and the problems %v", len(certs), problems)
	}
	for i, site := range sampleSites() {
		c := certs[i]
		if !c.Covers(site) || !c.Covers("localhost") || c.TLS.PrivateKey == nil {
			t.Errorf("the certificate of %s has a key: %v, and the names %q", site, c.TLS.PrivateKey != nil, c.Names())
		}
		if info, err := os.Stat(c.File); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s holds a key, and others may read it (%v)", c.File, err)
		}
		config = bytes.ReplaceAll(config, []byte(c.Thumbprint), []byte(site))
	}
	if !bytes.Equal(config, sample.ApplicationHost) {
		t.Errorf("apart from the thumbprints, the configuration is not the sample:\n%s", config)
	}
}

// TestInitIsCheckedWithoutSurprise: the sample's one Deny below an Allow is
// what check speaks of, and nothing else.
func TestInitIsCheckedWithoutSurprise(t *testing.T) {
	home, _ := initialized(t)
	problems, sites := compile.Check(home)
	if sites != len(sampleSites()) {
		t.Errorf("check counts %d sites", sites)
	}
	if len(problems) != 2 {
		t.Errorf("check finds %d things, 2 are meant", len(problems))
	}
	for _, p := range problems {
		if !p.Warning || !strings.Contains(p.Msg, "Deny wins for user user3") {
			t.Errorf("check says: %s", problemLine(p))
		}
	}
}

// TestInitShowsPasswordsOnce: in the table, and nowhere in the commands to
// paste, which end up in the history of a shell.
func TestInitShowsPasswordsOnce(t *testing.T) {
	_, printed := initialized(t)
	table, next, found := strings.Cut(printed, "\n\n")
	if !found {
		t.Fatalf("no empty line between the accounts and what to do next:\n%s", printed)
	}
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if fields[0] == "User" {
			continue
		}
		if len(fields[1]) < 12 || strings.Contains(next, fields[1]) {
			t.Errorf("the password of %s is short, or in a command:\n%s", fields[0], printed)
		}
	}
	for _, line := range []string{
		"serve --home ", "curl ftp://localhost:2121/\n", "curl --ssl-reqd -k ftp://localhost:2121/\n", "curl -k --user user1 ftps://localhost:3090/\n",
	} {
		if !strings.Contains(next, line) {
			t.Errorf("init does not name %q:\n%s", line, next)
		}
	}
}

// TestInitLeavesHomesAlone: a second init changes nothing.
func TestInitLeavesHomesAlone(t *testing.T) {
	home, _ := initialized(t)
	if err := os.WriteFile(home.Config, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := command(t, home.Dir, "", "init", home.Dir)
	if err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("init over a home: %v", err)
	}
	if data, _ := os.ReadFile(home.Config); string(data) != "mine" {
		t.Errorf("init wrote over %s", home.Config)
	}
	if certs, _ := cert.Open(home.Certificates()).List("MY"); len(certs) != len(sampleSites()) {
		t.Errorf("a second init made certificates: %d are there", len(certs))
	}
}

// TestInitAfterAKill: accounts are not overwritten, and not added to.
func TestInitAfterAKill(t *testing.T) {
	home, _ := initialized(t)
	if err := os.Remove(home.Config); err != nil {
		t.Fatal(err)
	}
	_, _, err := command(t, home.Dir, "", "init", home.Dir)
	if err == nil || !strings.Contains(err.Error(), home.Accounts()+" exists already") {
		t.Errorf("init over accounts: %v", err)
	}
	if err := os.Remove(home.Accounts()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := command(t, home.Dir, "", "init", home.Dir); err != nil {
		t.Errorf("init again: %v", err)
	}
}
