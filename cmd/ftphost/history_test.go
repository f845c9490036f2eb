package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
)

// newHistoryHome is a home without sites, whose configuration says something.
func newHistoryHome(t *testing.T) compile.Home {
	t.Helper()
	home := compile.NewHome(t.TempDir())
	writeFile(t, home.Config, says("one"))
	return home
}

// says is a configuration in which a word stands.
func says(word string) string {
	return "<configuration>\n  <!-- " + word + " -->\n</configuration>\n"
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestHistoryCommands(t *testing.T) {
	home := newHistoryHome(t)
	ok := func(args ...string) (stdout, stderr string) {
		t.Helper()
		stdout, stderr, err := command(t, home.Dir, "", append([]string{"history"}, args...)...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, stderr)
		}
		return stdout, stderr
	}
	if out, talk := ok("list"); out != "" || talk != "There are no histories in "+home.History()+"; the first is kept when the configuration is served.\n" {
		t.Errorf("%q, %q", out, talk)
	}
	if out, _ := ok("list", "--json"); out != "[]\n" {
		t.Errorf("%q", out)
	}
	if out, talk := ok("keep"); out != "CFGHISTORY_0000000001\n" || talk != "" {
		t.Errorf("%q, %q", out, talk)
	}
	if out, talk := ok("keep"); out != "CFGHISTORY_0000000001\n" || talk != "Nothing has changed since the last history.\n" {
		t.Errorf("%q, %q", out, talk)
	}
	writeFile(t, home.Config, says("two"))
	writeFile(t, home.Own(), "<configuration />")
	if out, _ := ok("keep", "--json"); out != `{"name":"CFGHISTORY_0000000002","kept":true}`+"\n" {
		t.Errorf("%q", out)
	}
	if out, _ := ok("list"); !strings.HasPrefix(out, "CFGHISTORY_0000000001  2") || !strings.HasSuffix(out, "  applicationHost.config ftphost.config\n") {
		t.Errorf("%q", out)
	}
	text, _ := ok("list", "--json")
	var list []entryJSON
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 2 || list[0].Time.IsZero() || !slices.Equal(list[0].Files, []string{"applicationHost.config"}) {
		t.Errorf("%s, %v", text, err)
	}
	const changed = "@@ -1,3 +1,3 @@\n <configuration>\n-  <!-- one -->\n+  <!-- two -->\n </configuration>\n"
	if out, _ := ok("diff", "1"); !strings.HasPrefix(out, "--- 1/applicationHost.config\n+++ current/applicationHost.config\n"+changed) {
		t.Errorf("%s", out)
	}
	if out, talk := ok("diff", "2", "current"); out != "" || talk != "There is no difference.\n" {
		t.Errorf("%q, %q", out, talk)
	}
	text, _ = ok("diff", "1", "2", "--json")
	var differences []differenceJSON
	if err := json.Unmarshal([]byte(text), &differences); err != nil || len(differences) != 2 || !strings.HasSuffix(differences[0].Diff, changed) {
		t.Errorf("%s, %v", text, err)
	}
	out, _ := ok("restore", "CFGHISTORY_0000000001")
	if want := "CFGHISTORY_0000000001 is in place again: applicationHost.config. The state before is CFGHISTORY_0000000002.\n" +
		"Not in that history, and left as they are: ftphost.config.\n"; out != want {
		t.Errorf("%s", out)
	}
	if got := readFile(t, home.Config); got != says("one") {
		t.Errorf("restored %q", got)
	}
	out, _ = ok("restore", "1", "--json")
	if out != `{"name":"CFGHISTORY_0000000001","before":"CFGHISTORY_0000000003","written":[],"left":["ftphost.config"]}`+"\n" {
		t.Errorf("%s", out)
	}
}

// TestHistoryRefusals: what is wrong is said, and nothing is written.
func TestHistoryRefusals(t *testing.T) {
	home := newHistoryHome(t)
	for _, c := range []struct {
		args []string
		err  string
	}{
		{[]string{"diff"}, "history diff: accepts between 1 and 2 arg(s), received 0"},
		{[]string{"diff", "1"}, "there are no histories in " + home.History()},
		{[]string{"restore"}, "history restore: accepts 1 arg(s), received 0"},
	} {
		_, _, err := command(t, home.Dir, "", append([]string{"history"}, c.args...)...)
		if err == nil || err.Error() != c.err {
			t.Errorf("%v: %v", c.args, err)
		}
	}
	broken := filepath.Join(home.History(), "CFGHISTORY_0000000001", "applicationHost.config")
	writeFile(t, broken, "<configuration>\n  <system.applicationHost><sites><site nam=\"x\" /></sites></system.applicationHost>\n</configuration>")
	_, talk, err := command(t, home.Dir, "", "history", "restore", "1")
	if err == nil || !strings.Contains(err.Error(), "nothing was restored: ") || !strings.Contains(err.Error(), " are errors") {
		t.Errorf("%v", err)
	}
	if !strings.Contains(talk, broken+":2:34: error: system.applicationHost/sites: <site> has no attribute name, which is required") {
		t.Errorf("says %s", talk)
	}
	if readFile(t, home.Config) != says("one") {
		t.Error("something was written")
	}
	if names, err := os.ReadDir(home.History()); err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
}

// TestHistoryOfBrokenConfiguration: the way back is there when it is needed.
func TestHistoryOfBrokenConfiguration(t *testing.T) {
	home := newHistoryHome(t)
	folder := filepath.Join(t.TempDir(), "elsewhere")
	good := strings.Replace(says("one"), "</configuration>", `<system.applicationHost><configHistory path="`+folder+`" maxHistories="1" /></system.applicationHost></configuration>`, 1)
	writeFile(t, home.Config, good)
	if _, talk, err := command(t, home.Dir, "", "history", "keep"); err != nil {
		t.Fatal(err, talk)
	}
	writeFile(t, home.Config, "<configuration>")
	if _, talk, err := command(t, home.Dir, "", "history", "restore", "1"); err == nil || !strings.Contains(talk, "the histories are taken to be in "+home.History()+" (--folder names another)") {
		t.Errorf("%v, %s", err, talk)
	}
	if out, talk, err := command(t, home.Dir, "", "history", "restore", "1", "--folder", folder); err != nil || !strings.Contains(out, "is in place again") {
		t.Errorf("%s, %v, %s", out, err, talk)
	}
	if readFile(t, home.Config) != good || readFile(t, filepath.Join(folder, "CFGHISTORY_0000000002", "applicationHost.config")) != "<configuration>" {
		t.Error("not restored")
	}
}

// TestHistoryOfShare: a shared configuration is restored where it is shared.
func TestHistoryOfShare(t *testing.T) {
	home := newHistoryHome(t)
	share := filepath.Join(t.TempDir(), "share")
	config := filepath.Join(share, "applicationHost.config")
	writeFile(t, config, says("shared"))
	writeFile(t, home.Redirection(), `<configuration><configurationRedirection enabled="true" path="`+share+`" /></configuration>`)
	resolved, _ := home.Resolve()
	if err := resolved.KeepShared(); err != nil {
		t.Fatal(err)
	}
	if _, talk, err := command(t, home.Dir, "", "history", "keep"); err != nil {
		t.Fatal(err, talk)
	}
	writeFile(t, config, "<configuration>")
	if _, talk, err := command(t, home.Dir, "", "history", "restore", "1"); err != nil || readFile(t, config) != says("shared") || readFile(t, home.Config) != says("one") {
		t.Errorf("%v, %s", err, talk)
	}
	if err := os.Rename(share, share+".away"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := command(t, home.Dir, "", "history", "restore", "1"); err == nil || !strings.Contains(err.Error(), "is the share mounted?") {
		t.Errorf("%v", err)
	}
}
