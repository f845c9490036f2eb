//go:build integration

package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIsolatedClients lets real clients work in homes of the sample: they see
// their own, and nothing they ask for is outside.
func TestIsolatedClients(t *testing.T) {
	for _, mode := range []string{"IsolateRootDirectoryOnly", "IsolateAllDirectories", "Custom"} {
		t.Run(mode, func(t *testing.T) {
			home := newHome(t, "")
			configure(t, home, "scenario", `<fileHandling `, `<userIsolation mode="`+mode+`" /><fileHandling `)
			users := filepath.Join(content(home), "LocalUser")
			for _, file := range []string{"user1/own/one.txt", "user1/own/deep/two.txt", "user2/secret.txt"} {
				path := filepath.Join(users, filepath.FromSlash(file))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(file), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink("../../user2", filepath.Join(users, "user1", "own", "link")); err != nil {
				t.Fatal(err)
			}
			ftphost(t, "", "user", "home", "user1", `C:\sites\ftpsite01.com\LocalUser\User1`, "--home", home)
			s := serve(t, home)

			out, _ := mustCurl(t, "user1", s.url("localhost", "/own/one.txt"))
			want(t, "curl", out, "user1/own/one.txt")
			for _, path := range []string{"/../user2/secret.txt", "/LocalUser/user2/secret.txt", "/test.txt", "/own/link/secret.txt"} {
				if out, talk, code := curl(t, "user1", "--path-as-is", s.url("localhost", path)); code == 0 {
					t.Errorf("curl reads %s: %q\n%s", path, out, talk)
				}
			}
			// Whether anybody may be in is found out by the password, then the home.
			if _, talk, code := curl(t, "user3", "-v", s.url("localhost", "/")); code != 67 {
				t.Errorf("user3 has no home: curl ends with %d\n%s", code, talk)
			} else {
				want(t, "curl without a home", talk, "< 530 User cannot log in, home directory inaccessible.")
			}

			local := t.TempDir()
			if out, _ := lftp(t, s, "localhost", "user1", "mirror / "+filepath.Join(local, "down")); !strings.Contains(out, "550 Access is denied.  (link)") {
				t.Errorf("lftp says nothing of the link:\n%s", out)
			}
			if got := tree(t, filepath.Join(local, "down")); got != "own/deep/two.txt own/one.txt" {
				t.Errorf("lftp mirrors %s", got)
			}
			mustLftp(t, s, "localhost", "user1", "mirror -R "+filepath.Join(local, "down", "own")+" /../../back")
			if got := tree(t, filepath.Join(users, "user1", "back")); got != "deep/two.txt one.txt" {
				t.Errorf("lftp puts %s", got)
			}
			if _, err := os.Stat(filepath.Join(content(home), "back")); err == nil {
				t.Error("lftp put it outside the home")
			}
			s.stop(t)
		})
	}
}

// TestIsolatedAccountsOfADirectory gives accounts of an LDAP server the homes
// that it names, and those of its domain.
func TestIsolatedAccountsOfADirectory(t *testing.T) {
	d := startLDAP(t)
	home := withSources(t, `<add name="local" type="LocalAccounts" />
<add name="harbour" type="Ldap" urls="`+fmt.Sprintf("ldaps://127.0.0.1:%d", d.secure)+`" baseDn="dc=harbour,dc=example" bindDn="cn=svc,dc=harbour,dc=example"
     bindPasswordFile="ldap.password" caFile="`+d.dir+`/server.crt" domain="HARBOUR" homeAttribute="st,l" timeout="00:00:05" />`)
	writeFile(t, filepath.Join(home, "ldap.password"), []byte("search for me\n"))
	if err := os.Chmod(filepath.Join(home, "ldap.password"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"homes/ada/ActiveDirectory", "sites/ftpsite01.com/Harbour/ADA/IsolateAllDirectories", "sites/ftpsite01.com/LocalUser/bob/IsolateAllDirectories"} {
		path := filepath.Join(home, "drives", "c", filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, []byte(file))
	}
	for _, mode := range []string{"ActiveDirectory", "IsolateAllDirectories"} {
		configure(t, home, "scenario", `<fileHandling `, `<userIsolation mode="`+mode+`" /><fileHandling `)
		s := serve(t, home)
		for _, c := range []struct {
			login, says string
			code        int
		}{
			{"ada:pw of ada!", "226 Transfer complete.", 0},
			{"bob:pw of bob!", "530 User cannot log in, home directory inaccessible.", 67},
			{"user1:" + password("user1"), "530 User cannot log in, home directory inaccessible.", 67},
			{"ada:wrong", "530 User cannot log in.", 67},
		} {
			_, talk, code := program(t, "", "curl", "--silent", "-v", "--max-time", "30", "--user", c.login, s.url("localhost", "/"+mode))
			if code != c.code {
				t.Errorf("%s: exit status %d of curl as %s\n%s", mode, code, c.login, talk)
			}
			want(t, mode, talk, "< "+c.says)
		}
		if mode == "ActiveDirectory" {
			_, talk, _ := curl(t, "", "-v", s.url("localhost", "/"))
			want(t, "anonymous", talk, "< 530 User cannot log in.")
		}
		s.stop(t)
	}
}

// tree are the regular files below a folder, in order.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var names string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if names != "" {
			names += " "
		}
		names += filepath.ToSlash(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
