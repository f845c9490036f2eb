//go:build integration

package integration_test

import (
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
