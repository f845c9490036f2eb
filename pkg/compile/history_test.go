package compile_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/compile"
)

func TestHistorySettings(t *testing.T) {
	const stock = `%SystemDrive%\inetpub\history`
	for _, c := range []struct {
		name, attributes, own string
		folder                string // below the home
		want                  string
	}{
		{"absent", "", "", "history", ""},
		{"as in every file", `path="` + stock + `"`, "", "history", ""},
		{"mapped", `path="` + stock + `"`, `<add from="C:\" to="drives/c" />`, "drives/c/inetpub/history", ""},
		{"absent, and its folder mapped", "", `<add from="C:\" to="drives/c" />`, "history", ""},
		{"not mapped", `path="D:\history"`, "", "history", `warning: home/applicationHost.config:1:55: system.applicationHost/configHistory: path: "D:\history" is a Windows path: no path map entry covers it`},
		{"without a variable", `path="%Ftp%\history"`, "", "history", `warning: home/applicationHost.config:1:55: system.applicationHost/configHistory: path: %Ftp% has no value here`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSharing(t, "")
			must(t, os.Remove(s.home.Redirection()))
			put(t, s.home.Own(), "<configuration><ftpHost><pathMap>"+c.own+"</pathMap></ftpHost></configuration>")
			put(t, s.home.Config, "<configuration><system.applicationHost><configHistory "+c.attributes+" maxHistories=\"3\" period=\"00:01:00\" /></system.applicationHost></configuration>")
			cfg, problems := s.home.Load()
			if cfg == nil {
				t.Fatal(problems)
			}
			got := compile.HistorySettings(cfg, s.home)
			if !got.Enabled || got.Max != 3 || got.Period != time.Minute || got.Folder != filepath.Join(s.home.Dir, filepath.FromSlash(c.folder)) {
				t.Errorf("%+v", got)
			}
			problems, _ = compile.Check(s.home)
			found := s.told(problems)
			if len(found) > 1 || len(found) == 1 && (c.want == "" || !strings.HasPrefix(found[0], c.want)) || c.want != "" && len(found) == 0 {
				t.Errorf("found %q", found)
			}
		})
	}
}

// TestWithFilesOf: what is in another folder stands in for what is in the home.
func TestWithFilesOf(t *testing.T) {
	s := newSharing(t, redirected)
	put(t, s.home.Administration(), "<not-read")
	dir := filepath.Join(s.home.History(), "CFGHISTORY_0000000001")
	put(t, filepath.Join(dir, compile.ConfigFile), named("one"))
	put(t, filepath.Join(dir, compile.AdministrationFile), "<configuration>\n<wrong")
	problems, _ := compile.Check(s.home.WithFilesOf(dir))
	found := s.told(problems)
	if !slices.ContainsFunc(found, func(f string) bool {
		return strings.HasPrefix(f, "error: home/history/CFGHISTORY_0000000001/administration.config:2:1: ")
	}) || len(found) != 1 {
		t.Errorf("%q", found)
	}
}
