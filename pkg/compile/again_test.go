package compile_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// reloader compiles the states of one home, each with the one before.
type reloader struct {
	home  compile.Home
	text  string // of the first state
	parts compile.Parts
}

func newReloader(tb testing.TB, sites int) *reloader {
	tb.Helper()
	home, _ := manySites(tb, sites)
	text, err := os.ReadFile(home.Config)
	if err != nil {
		tb.Fatal(err)
	}
	return &reloader{home: home, text: string(text), parts: compile.Parts{
		Home: home, Logs: w3clog.NewFiles(nil), Uploads: vfs.NewUploads(),
		Accounts: func() *local.Directory { return nil },
	}}
}

// compile compiles a text of applicationHost.config.
func (r *reloader) compile(tb testing.TB, text string) *site.Snapshot {
	tb.Helper()
	if err := os.WriteFile(r.home.Config, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	cfg, problems := r.home.Load()
	if cfg == nil {
		tb.Fatal(problems)
	}
	result, problems := compile.Snapshot(cfg, r.parts)
	if result == nil {
		tb.Fatal(problems)
	}
	r.parts.Previous = result
	return result.Snapshot
}

// byName returns the sites of a snapshot that run.
func byName(s *site.Snapshot) map[string]*site.Site {
	found := map[string]*site.Site{}
	for _, s := range s.Sites {
		found[s.Name] = s
	}
	return found
}

const (
	name0 = "site0.example.com"
	name1 = "site1.example.com"
	name2 = "site2.example.com"
)

// What stands as it stood is the same site as before.
func TestOnlyWhatChangedIsBuiltAnew(t *testing.T) {
	all := []string{name0, name1, name2}
	for name, test := range map[string]struct {
		old, new string
		built    []string // anew
	}{
		"nothing":                    {"", "", nil},
		"an attribute of a site":     {`bindingInformation="*:21:site1`, `bindingInformation="*:22:site1`, []string{name1}},
		"a location of a site":       {`roles="Group1"`, `roles="GroupX"`, []string{name1}},
		"a line more in a site":      {`<basicAuthentication enabled="true" />`, "<basicAuthentication\n enabled=\"true\" />", all},
		"a line more in a location":  {`<add accessType="Allow" roles="Group1"`, "<add accessType=\"Allow\"\n roles=\"Group1\"", all},
		"what all inherit":           {"<system.applicationHost>", `<system.ftpServer><caching><credentialsCache enabled="false" /></caching></system.ftpServer><system.applicationHost>`, all},
		"a location of another site": {"</configuration>", `<location path="elsewhere" /></configuration>`, all},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReloader(t, 3)
			before := byName(r.compile(t, r.text))
			after := byName(r.compile(t, strings.Replace(r.text, test.old, test.new, 1)))
			anew := map[string]bool{}
			for _, name := range test.built {
				anew[name] = true
			}
			for _, name := range all {
				if got := after[name] != before[name]; got != anew[name] {
					t.Errorf("%s was built anew: %v, want %v", name, got, anew[name])
				}
				if after[name].Counters != before[name].Counters {
					t.Errorf("%s forgot its connections", name)
				}
			}
		})
	}
}

// In a hurry sites are taken over from other lines, and straightened later.
func TestQuickBuildingLeavesLinesForLater(t *testing.T) {
	r := newReloader(t, 3)
	before := byName(r.compile(t, r.text))
	text := strings.Replace(r.text, `bindingInformation="*:21:site1`, "\n"+`bindingInformation="*:22:site1`, 1)
	r.parts.Quick = true
	after := byName(r.compile(t, text))
	if after[name0] != before[name0] || after[name2] != before[name2] || after[name1] == before[name1] || !r.parts.Previous.Displaced {
		t.Errorf("not just the changed site was built anew, displaced %v", r.parts.Previous.Displaced)
	}
	r.parts.Quick = false
	straight := byName(r.compile(t, text))
	if r.parts.Previous.Displaced {
		t.Error("still displaced")
	}
	for name, at := range straight {
		if at == after[name] || at.Counters != before[name].Counters {
			t.Errorf("%s was not built anew", name)
		}
	}
	if was, is := before[name2].Bindings[0].Origin, straight[name2].Bindings[0].Origin; was == is {
		t.Errorf("its line is still %s", is)
	}
}

func TestBuildingAfreshTakesNothingOver(t *testing.T) {
	r := newReloader(t, 1)
	before := byName(r.compile(t, r.text))
	r.parts.Afresh = true
	if after := byName(r.compile(t, r.text)); after[name0] == before[name0] {
		t.Error("the site was taken over")
	}
}

// A site that what is written does not let run goes on as it was, until it can.
func TestSitesThatCannotFollowStayAsTheyWere(t *testing.T) {
	r := newReloader(t, 2)
	first := byName(r.compile(t, r.text))
	gone := strings.Replace(r.text, "/content", "/nowhere", 1) // that of site 0
	for _, text := range []string{gone, gone, strings.Replace(gone, "*:21:site1", "*:22:site1", 1)} {
		s := r.compile(t, text)
		if byName(s)[name0] != first[name0] {
			t.Fatal("the site did not go on as it was")
		}
		if got := s.Kept[first[name0]]; !strings.Contains(got, "there is no folder") || !strings.Contains(got, "applicationHost.config:6:") {
			t.Errorf("the reason is %q", got)
		}
	}
	s := r.compile(t, r.text)
	if now := byName(s)[name0]; now == first[name0] || now == nil || len(s.Kept) > 0 {
		t.Errorf("the site can follow again, and is %v, kept %v", now, s.Kept)
	}
	if s := r.compile(t, strings.Replace(gone, "<ftpServer>", `<ftpServer serverAutoStart="false">`, 1)); byName(s)[name0] != nil || s.Stopped[0].Reason != "" {
		t.Error("a site that was switched off goes on")
	}
	if s := r.compile(t, gone); byName(s)[name0] != nil || !strings.Contains(s.Stopped[0].Reason, "there is no folder") {
		t.Error("a site that did not run before runs without its folder")
	}
}

// A folder that is closed to the service looks as if it were missing.
func TestFolderMissingFromAConfinedService(t *testing.T) {
	r := newReloader(t, 1)
	r.parts.Confined = true
	s := r.compile(t, strings.Replace(r.text, "/content", "/nowhere", 1))
	if len(s.Stopped) != 1 || !strings.Contains(s.Stopped[0].Reason, `/nowhere; create it or correct the path; if it is there, the service was installed before`) {
		t.Errorf("%+v", s.Stopped)
	}
}

// A binding that the file gives to another site is no longer that of a site
// which cannot follow.
func TestASiteThatStaysGivesItsBindingsToOthers(t *testing.T) {
	r := newReloader(t, 2)
	r.compile(t, r.text)
	text := strings.Replace(r.text, "/content", "/nowhere", 1)
	text = strings.Replace(text, "*:21:site0", "*:21:other", 1)
	s := r.compile(t, strings.Replace(text, "*:21:site1", "*:21:site0", 1))
	if sites := byName(s); sites[name1] == nil || sites[name0] != nil || len(s.Stopped) != 1 || !strings.Contains(s.Stopped[0].Reason, "is held by site "+name1) {
		t.Errorf("sites %v run, stopped are %+v", sites, s.Stopped)
	}
}

// What was said of a site is said again when it is taken over.
func TestFindingsOfUnchangedSitesStay(t *testing.T) {
	r := newReloader(t, 2)
	text := strings.Replace(r.text, `<add accessType="Allow" roles="Group0"`, `<add accessType="Allow" roles="Group0" users="*"`, 1)
	text = strings.Replace(text, `protocol="ftp" bindingInformation="*:21:site0.example.com"`, `protocol="ftps" bindingInformation="*:990:" /><binding protocol="ftp" bindingInformation="*:21:site0.example.com"`, 1)
	count := func() (n int) {
		r.compile(t, text)
		cfg, _ := r.home.Load()
		_, problems := compile.Snapshot(cfg, r.parts)
		for _, p := range problems {
			if strings.Contains(p.Msg, `"ftps" is not one IIS knows`) {
				n++
			}
		}
		return n
	}
	if first, second := count(), count(); first != 1 || second != 1 {
		t.Errorf("said %d and %d times, want once each", first, second)
	}
}

// Many sites are built at once, and come out as one after the other would.
func TestManySitesAtOnce(t *testing.T) {
	r := newReloader(t, 300)
	s := r.compile(t, r.text)
	for i, at := range s.Sites {
		if want := fmt.Sprintf("site%d.example.com", i); at.Name != want || at.ID != uint32(i+1) || len(at.Bindings) != 1 || at.Bindings[0].Host != want {
			t.Fatalf("site %d is %s with %v", i, at.Name, at.Bindings)
		}
	}
	if len(s.Sites) != 300 {
		t.Errorf("%d sites", len(s.Sites))
	}
}

// BenchmarkReload measures what one changed site among 10,000 costs, apart:
// reading and parsing the file, checking it, and building the sites.
func BenchmarkReload(b *testing.B) {
	for name, replacement := range map[string]string{
		"same-lines": `bindingInformation="*:22:site5000`,
		"more-lines": "\n" + `bindingInformation="*:22:site5000`,
	} {
		b.Run(name, func(b *testing.B) {
			r := newReloader(b, 10000)
			changed := strings.Replace(r.text, `bindingInformation="*:21:site5000`, replacement, 1)
			r.compile(b, r.text)
			var load, build time.Duration
			b.ResetTimer()
			for i := range b.N {
				text := changed
				if i%2 == 1 {
					text = r.text
				}
				b.StopTimer()
				if err := os.WriteFile(r.home.Config, []byte(text), 0o600); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				start := time.Now()
				cfg, problems := r.home.Load()
				if cfg == nil {
					b.Fatal(problems)
				}
				loaded := time.Now()
				result, problems := compile.Snapshot(cfg, r.parts)
				if result == nil {
					b.Fatal(problems)
				}
				r.parts.Previous = result
				load, build = load+loaded.Sub(start), build+time.Since(loaded)
			}
			b.ReportMetric(float64(load.Milliseconds())/float64(b.N), "ms-load")
			b.ReportMetric(float64(build.Milliseconds())/float64(b.N), "ms-build")
		})
	}
}
