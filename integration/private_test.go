//go:build integration

package integration_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrivateScenario is the guide's second setting: a folder that nobody
// reaches or sees, one client address that is let in, and a home for each user.
// Whatever is asked of explain has the answer that a client gets.
func TestPrivateScenario(t *testing.T) {
	home := newHome(t, "")
	configure(t, home, "scenario", `<fileHandling `, `<userIsolation mode="IsolateAllDirectories" /><fileHandling `,
		`highDataChannelPort="6000" />`, `highDataChannelPort="6000" />`+"\n<security>"+
			"\n<ipSecurity allowUnlisted=\"false\">\n<add ipAddress=\"127.0.0.2\" allowed=\"true\" />\n</ipSecurity>"+
			"\n<requestFiltering><hiddenSegments>\n<add segment=\"_private\" />\n</hiddenSegments></requestFiltering></security>")
	users := filepath.Join(content(home), "LocalUser")
	for _, file := range []string{
		"Public/welcome.txt", "Public/_private/private.txt", "user1/one.txt", "user1/_private/private.txt", "user2/two.txt",
	} {
		path := filepath.Join(users, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, []byte(file))
	}
	s := serve(t, home)
	for _, c := range []struct {
		user, from, path string
		want             string // the file that comes, or the answer
	}{
		{"", "127.0.0.2", "/welcome.txt", "Public/welcome.txt"},
		{"user1", "127.0.0.2", "/one.txt", "user1/one.txt"},
		{"user2", "127.0.0.2", "/two.txt", "user2/two.txt"},
		{"", "127.0.0.2", "/_private/private.txt", "550 The system cannot find the file specified."},
		{"user1", "127.0.0.2", "/_Private/private.txt", "550 The system cannot find the file specified."},
		{"user1", "127.0.0.2", "/_private./private.txt", "550 The system cannot find the file specified."},
		{"user1", "127.0.0.2", "/two.txt", "550 The system cannot find the file specified."},
		{"user3", "127.0.0.2", "/three.txt", "530 User cannot log in, home directory inaccessible."},
		{"", "127.0.0.1", "/welcome.txt", "421 Service not available, closing control connection."},
		{"user1", "127.0.0.3", "/one.txt", "421 Service not available, closing control connection."},
	} {
		args := []string{"--path-as-is", "--interface", c.from, s.url("127.0.0.1", c.path)}
		out, talk, code := curl(t, c.user, args...)
		served := code == 0
		if served && out != c.want || !served && !strings.Contains(talk, "< "+c.want) {
			t.Errorf("%s from %s gets %s: exit status %d, %q\n%s", c.user, c.from, c.path, code, out, talk)
		}
		name := c.user
		if name == "" {
			name = "anonymous"
		}
		e := asked(t, home, "--user", name, "--client", c.from, "--path", c.path)
		if e.Allowed != served || !served && strings.TrimSpace(e.Reply) != c.want {
			t.Errorf("%s from %s and %s: explain says allowed %v, %q", name, c.from, c.path, e.Allowed, e.Reply)
		}
	}
	for _, user := range []string{"", "user1"} {
		list, _ := mustCurl(t, user, "--interface", "127.0.0.2", "--list-only", s.url("127.0.0.1", "/"))
		if strings.Contains(list, "_private") || list == "" {
			t.Errorf("%q sees %q", user, list)
		}
	}
	private := asked(t, home, "--path", "/_private/private.txt", "--client", "127.0.0.2")
	last := private.Steps[len(private.Steps)-1]
	if last.Name != "request filter" || !strings.Contains(last.Text, `"_private" is a hidden segment`) || !strings.Contains(last.Origin, "applicationHost.config:") {
		t.Errorf("explain ends with %+v", last)
	}
}

// asked is explain --json about the site of the scenario.
func asked(t *testing.T, home string, args ...string) (e explanation) {
	t.Helper()
	out, talk, _ := command(t, "", append([]string{"explain", "--home", home, "--site", "ftpsite01.com", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatalf("%v: %s%s", err, out, talk)
	}
	return e
}
