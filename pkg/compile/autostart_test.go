package compile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
)

func TestSetAutoStart(t *testing.T) {
	const site = `<site name="one" id="7"><bindings><binding protocol="ftp" bindingInformation="*:21:" /></bindings>FTP</site>`
	const before, after = "\uFEFF<configuration>\r\n<!-- a note --><system.applicationHost><sites>", "</sites></system.applicationHost></configuration>\r\n"
	for name, test := range map[string]struct {
		site, ftp string
		on        bool
		want      string // "" when nothing changes
	}{
		"in place":            {"one", `<ftpServer serverAutoStart='true' allowUTF8="false"/>`, false, `<ftpServer serverAutoStart='false' allowUTF8="false"/>`},
		"by number":           {"7", `<ftpServer serverAutoStart='false'/>`, true, `<ftpServer serverAutoStart='true'/>`},
		"new attribute":       {"ONE", `<ftpServer />`, false, `<ftpServer serverAutoStart="false" />`},
		"new element":         {"one", ``, false, `<ftpServer serverAutoStart="false" />`},
		"true by default":     {"one", `<ftpServer />`, true, ""},
		"false as it is":      {"one", `<ftpServer serverAutoStart="False" />`, false, ""},
		"only in siteDefault": {"one", `</site><siteDefaults><ftpServer serverAutoStart="false" /></siteDefaults><site name="web" id="8">`, true, `<ftpServer serverAutoStart="true" /></site><siteDefaults><ftpServer serverAutoStart="false" /></siteDefaults><site name="web" id="8">`},
	} {
		t.Run(name, func(t *testing.T) {
			home := compile.NewHome(t.TempDir())
			text := before + strings.Replace(site, "FTP", test.ftp, 1) + after
			if err := os.WriteFile(home.Config, []byte(text), 0o640); err != nil {
				t.Fatal(err)
			}
			changed, err := home.SetAutoStart(test.site, test.on)
			if err != nil || changed != (test.want != "") {
				t.Fatalf("%v, %v", changed, err)
			}
			want := text
			if changed {
				want = before + strings.Replace(site, "FTP", test.want, 1) + after
			}
			got, err := os.ReadFile(home.Config)
			if err != nil || strings.Join(strings.Fields(string(got)), "") != strings.Join(strings.Fields(want), "") || !strings.HasPrefix(string(got), before) {
				t.Errorf("got  %q\nwant %q, %v", got, want, err)
			}
			if info, err := os.Stat(home.Config); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
		})
	}
}

func TestSetAutoStartRefuses(t *testing.T) {
	home := compile.NewHome(t.TempDir())
	write := func(text string) {
		if err := os.WriteFile(home.Config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Replace(plainSite, `protocol="ftp"`, `protocol="http"`, 1))
	for _, site := range []string{"one", "1", "two", ""} {
		if _, err := home.SetAutoStart(site, false); !errors.Is(err, compile.ErrNoSite) {
			t.Errorf("%q: %v", site, err)
		}
	}
	broken := strings.Replace(plainSite, "<sites>", `<sites colour="red">`, 1)
	write(broken)
	if _, err := home.SetAutoStart("one", false); err == nil || !strings.Contains(err.Error(), "applicationHost.config:3:12: ") || !strings.Contains(err.Error(), "is not changed") {
		t.Error(err)
	}
	if got, err := os.ReadFile(home.Config); err != nil || string(got) != broken {
		t.Errorf("the file was changed: %v", err)
	}
	if _, err := compile.NewHome(filepath.Join(home.Dir, "none")).SetAutoStart("one", false); err == nil {
		t.Error("a home that is not there was changed")
	}
}

// Many at once: nobody's change is lost.
func TestSetAutoStartAtOnce(t *testing.T) {
	home, _ := manySites(t, 8)
	var all sync.WaitGroup
	for _, number := range []string{"1", "2", "3", "4", "5", "6"} {
		all.Go(func() {
			if changed, err := home.SetAutoStart(number, false); err != nil || !changed {
				t.Errorf("site %s: %v, %v", number, changed, err)
			}
		})
	}
	all.Wait()
	text, err := os.ReadFile(home.Config)
	if n := strings.Count(string(text), `serverAutoStart="false"`); err != nil || n != 6 {
		t.Errorf("%d sites are off, want 6, %v", n, err)
	}
}
