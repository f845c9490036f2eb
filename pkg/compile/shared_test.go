package compile_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/source"
)

// sharing is a home that reads its configuration from \\files\iis, and the
// folder that stands for it.
type sharing struct {
	home  compile.Home
	share string
}

const redirected = `<configuration><configurationRedirection enabled="true" path="\\files\iis" /></configuration>`

func newSharing(t *testing.T, redirection string) sharing {
	t.Helper()
	dir := t.TempDir()
	s := sharing{compile.NewHome(filepath.Join(dir, "home")), filepath.Join(dir, "share")}
	put(t, s.home.Redirection(), redirection)
	put(t, s.home.Own(), `<configuration><ftpHost><pathMap><add from="\\files\iis" to="`+s.share+`" /></pathMap></ftpHost></configuration>`)
	put(t, s.home.Config, `<configuration><this-is-not-read /></configuration>`)
	return s
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// named is a configuration with one site.
func named(name string) string {
	return `<configuration><system.applicationHost><sites><site name="` + name + `" id="1" /></sites></system.applicationHost></configuration>`
}

// load loads the home and returns the name of its first site, and what was
// found.
func (s sharing) load(t *testing.T) (name string, found []string) {
	t.Helper()
	cfg, problems := s.home.Load()
	if cfg != nil {
		if sites := cfg.Section("system.applicationHost/sites", "").Entries(); len(sites) > 0 {
			name = sites[0].Attr("name").Text
		}
	}
	return name, s.told(problems)
}

var ago = regexp.MustCompile(`taken .* ago, at [-0-9 :]+`)

func (s sharing) told(problems apphost.ErrorList) []string {
	list := told(problems, strings.NewReplacer(filepath.Dir(s.share)+string(filepath.Separator), ""))
	for i := range list {
		list[i] = ago.ReplaceAllString(list[i], "taken AGO")
	}
	return list
}

func TestRedirection(t *testing.T) {
	for _, c := range []struct {
		name, redirection string
		site              string
		want              []string
	}{
		{"disabled", `<configuration><configurationRedirection enabled="false" path="\\nowhere\x" userName="x" /></configuration>`, "local", nil},
		{"empty", `<configuration />`, "local", nil},
		{"as IIS writes it", `<configuration><configSections><section name="configurationRedirection" /></configSections><configProtectedData><providers><add name="IISRsaProvider" type="" keyContainerName="iisConfigurationKey" /></providers></configProtectedData>` + redirected[len("<configuration>"):], "shared", nil},
		{"a folder of this machine", `<configuration><configurationRedirection enabled="true" path="SHARE" /></configuration>`, "shared", nil},
		{
			"an account", "<configuration>\n" + `<configurationRedirection enabled="true" path="\\files\iis" userName="HARBOUR\iis" password="[enc:IISRsaProvider:AAAA:enc]" /></configuration>`, "shared",
			[]string{`warning: home/redirection.config:2:61: configurationRedirection: userName and password have no effect: the share is mounted by the operating system, with an account that may read it`},
		},
		{"not well-formed", "<configuration>\n<configurationRedirection", "", []string{"error: home/redirection.config:2:1: "}},
		{"a slip", "<configuration>\n" + `<configurationRedirection enabled="yes" /></configuration>`, "", []string{`error: home/redirection.config:2:27: configurationRedirection: enabled "yes" is not`}},
		{"no path", "<configuration>\n" + `<configurationRedirection enabled="true" /></configuration>`, "", []string{`error: home/redirection.config:2:1: configurationRedirection: path: is missing: name the folder`}},
		{"not mapped", "<configuration>\n" + `<configurationRedirection enabled="true" path="\\elsewhere\iis" /></configuration>`, "", []string{`error: home/redirection.config:2:42: configurationRedirection: path: "\\elsewhere\iis" is a Windows path: no path map entry covers it; add to ftpHost/pathMap in ftphost.config: <add from="\\elsewhere\iis" to="FOLDER" />`}},
		{"relative", "<configuration>\n" + `<configurationRedirection enabled="true" path="share" /></configuration>`, "", []string{`error: home/redirection.config:2:42: configurationRedirection: path: "share" is neither a Windows path nor an absolute path`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSharing(t, "")
			put(t, s.home.Redirection(), strings.ReplaceAll(c.redirection, "SHARE", s.share))
			put(t, s.home.Config, named("local"))
			put(t, filepath.Join(s.share, compile.ConfigFile), named("shared"))
			name, found := s.load(t)
			if name != c.site || len(found) != len(c.want) {
				t.Fatalf("site %q, found %q", name, found)
			}
			for i := range found {
				if !strings.HasPrefix(found[i], c.want[i]) {
					t.Errorf("found %s\nwant  %s", found[i], c.want[i])
				}
			}
		})
	}
}

// TestShareAway: the copy of what was good serves while the share is away.
func TestShareAway(t *testing.T) {
	s := newSharing(t, redirected)
	config := filepath.Join(s.share, compile.ConfigFile)
	put(t, config, named("one"))
	step := func(wantSite string, want ...string) compile.Home {
		t.Helper()
		if name, found := s.load(t); name != wantSite || !slices.Equal(found, want) {
			t.Fatalf("site %q, found %q", name, found)
		}
		home, _ := s.home.Resolve()
		return home
	}
	missing := "open share/applicationHost.config: no such file or directory"
	away := `warning: home/redirection.config:1:57: configurationRedirection: the shared configuration cannot be read (` + missing + `); the copy in home/shared is used, which was taken AGO`

	home := step("one")
	must(t, os.Rename(s.share, s.share+".away"))
	step("", `error: home/redirection.config:1:57: configurationRedirection: the shared configuration cannot be read (`+missing+
		`), and there is no copy of an earlier one in home/shared; is the share mounted?`)
	must(t, home.KeepShared())
	home = step("one", away)
	must(t, home.KeepShared()) // of a copy, none is made
	must(t, os.Rename(s.share+".away", s.share))

	// What turned out wrong is not kept.
	put(t, config, "<configuration>\n<nonsense")
	step("", `error: share/applicationHost.config:2:1: the tag <nonsense never ends: ">" is missing`)
	must(t, os.Remove(config))
	step("one", away)

	put(t, config, named("two"))
	home = step("two")
	must(t, home.KeepShared())
	must(t, os.RemoveAll(s.share))
	step("two", away)
	// One that is there, but cannot be read, is away as well.
	must(t, os.MkdirAll(config, 0o755))
	if name, found := s.load(t); name != "two" || len(found) != 1 {
		t.Errorf("site %q, found %q", name, found)
	}
}

func TestKeepShared(t *testing.T) {
	s := newSharing(t, redirected)
	put(t, filepath.Join(s.share, compile.ConfigFile), named("one"))
	put(t, filepath.Join(s.share, compile.AdministrationFile), "<configuration />")
	must(t, s.home.KeepShared()) // not resolved: nothing
	home, problems := s.home.Resolve()
	if len(problems) > 0 || home.Config != filepath.Join(s.share, compile.ConfigFile) {
		t.Fatalf("%v, %s", problems, home.Config)
	}
	put(t, home.Config, named("two")) // after it was read
	must(t, home.KeepShared())
	copied := filepath.Join(s.home.Dir, compile.SharedDir, compile.ConfigFile)
	if data, err := os.ReadFile(copied); err != nil || string(data) != named("one") {
		t.Errorf("kept %q, %v", data, err)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if data, err := os.ReadFile(home.Administration()); err != nil || string(data) != "<configuration />" {
		t.Errorf("%s: %q, %v", home.Administration(), data, err)
	}
	old := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(copied, old, old))
	must(t, os.Remove(filepath.Join(s.share, compile.AdministrationFile)))
	put(t, home.Config, named("one"))
	home, _ = s.home.Resolve()
	must(t, home.KeepShared())
	if info, err := os.Stat(copied); err != nil || time.Since(info.ModTime()) > 10*time.Minute {
		t.Errorf("the copy was confirmed, but has its old time: %v, %v", info.ModTime(), err)
	}
	if _, err := os.Stat(home.Administration()); !os.IsNotExist(err) {
		t.Errorf("a copy of what is no longer shared: %v", err)
	}
}

// TestSharedManagers: check reads the IIS Manager users of the share.
func TestSharedManagers(t *testing.T) {
	s := newSharing(t, redirected)
	put(t, filepath.Join(s.share, compile.ConfigFile), named("one"))
	put(t, filepath.Join(s.share, compile.AdministrationFile), "<configuration>\n<nonsense")
	put(t, s.home.Administration(), "<neither-this>")
	problems, _ := compile.Check(s.home)
	found := s.told(problems)
	if !slices.Contains(found, "error: share/administration.config:2:1: the tag <nonsense never ends: \">\" is missing") {
		t.Errorf("found %q", found)
	}
}

func TestSources(t *testing.T) {
	in := func(dir string, names ...string) (paths []string) {
		for _, name := range names {
			paths = append(paths, filepath.Join(dir, name))
		}
		return paths
	}
	for _, c := range []struct {
		name, redirection string
		want              func(s sharing, all source.Set) source.Set
	}{
		{"at home", "", func(s sharing, all source.Set) source.Set {
			all.Files = append(all.Files, in(s.home.Dir, compile.ConfigFile, compile.AdministrationFile)...)
			return all
		}},
		{"wrong", "<configuration", func(s sharing, all source.Set) source.Set {
			all.Files = append(all.Files, in(s.home.Dir, compile.ConfigFile, compile.AdministrationFile)...)
			return all
		}},
		{"shared", redirected, func(s sharing, all source.Set) source.Set {
			all.Files = append(all.Files, in(s.share, compile.ConfigFile, compile.AdministrationFile)...)
			return all
		}},
		{"polled", strings.Replace(redirected, "enabled", `enableUncPolling="true" enabled`, 1), func(s sharing, all source.Set) source.Set {
			all.Rare, all.Period = in(s.share, compile.ConfigFile, compile.AdministrationFile), 3*time.Minute
			return all
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSharing(t, c.redirection)
			if c.redirection == "" {
				must(t, os.Remove(s.home.Redirection()))
			}
			want := c.want(s, source.Set{
				Files:   in(s.home.Dir, compile.OwnFile, compile.AccountFile, compile.RedirectionFile),
				Folders: in(s.home.Dir, compile.CertificatesDir, compile.SchemaDir),
			})
			if got := s.home.Sources(); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if home, problems := s.home.Resolve(); problems.Errors() == 0 {
				if got := home.Sources(); !reflect.DeepEqual(got, want) {
					t.Errorf("resolved: got %q\nwant %q", got, want)
				}
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
