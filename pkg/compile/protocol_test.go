package compile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// speaking compiles two sites with a ftphost.config and returns what they
// speak, and what is said about it.
func speaking(t *testing.T, own string) (protocols []site.Protocol, problems string) {
	t.Helper()
	home, _ := manySites(t, 2)
	if err := os.WriteFile(filepath.Join(home.Dir, "ftphost.config"), []byte("<configuration>"+own+"</configuration>"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, list := home.Load()
	if cfg == nil {
		return nil, list.Error()
	}
	result, list := compile.Snapshot(cfg, compile.Parts{
		Home: home, Logs: w3clog.NewFiles(nil), Uploads: vfs.NewUploads(),
		Accounts: func() *local.Directory { return nil },
	})
	if result == nil {
		return nil, list.Error()
	}
	for _, s := range result.Snapshot.Sites {
		protocols = append(protocols, s.Protocol)
	}
	return protocols, list.Error()
}

func TestProtocol(t *testing.T) {
	standard := site.Protocol{FeatureSet: site.Extended, Identity: "Microsoft FTP Service", SiteUtime: site.Apply, SiteChmod: site.Refuse}
	iis := standard
	iis.FeatureSet = site.IIS
	named := site.Protocol{FeatureSet: site.IIS, Identity: "Tides", Replies: site.RepliesIIS75, SiteUtime: site.Refuse, SiteChmod: site.Accept}
	western, japanese := standard, standard
	western.LegacyCodePage, japanese.LegacyCodePage = 1252, 932
	for name, c := range map[string]struct {
		own  string
		want [2]site.Protocol
	}{
		"nothing said": {"", [2]site.Protocol{standard, standard}},
		"for all":      {`<ftpHost><protocol featureSet="Iis" /></ftpHost>`, [2]site.Protocol{iis, iis}},
		"for one": {
			`<location path="site1.example.com"><ftpHost><protocol featureSet="Iis" /></ftpHost></location>`,
			[2]site.Protocol{standard, iis},
		},
		"code pages": {
			`<ftpHost><protocol legacyCodePage="1252" /></ftpHost>
			<location path="site1.example.com"><ftpHost><protocol legacyCodePage="932" /></ftpHost></location>`,
			[2]site.Protocol{western, japanese},
		},
		"UTF-8 beside a code page": {
			`<ftpHost><protocol legacyCodePage="1252" /></ftpHost>
			<location path="site1.example.com"><ftpHost><protocol legacyCodePage="0" /></ftpHost></location>`,
			[2]site.Protocol{western, standard},
		},
		"one inherits what it does not say": {
			`<ftpHost><protocol featureSet="Iis" identity="Tides" replies="Iis75" siteUtime="Refuse" siteChmod="Accept" /></ftpHost>
			<location path="Site0.Example.com"><ftpHost><protocol featureSet="Extended" siteUtime="Apply" siteChmod="Refuse" replies="Iis10" identity="Microsoft FTP Service" /></ftpHost></location>
			<location path="site1.example.com"><ftpHost><protocol featureSet="Iis" /></ftpHost></location>`,
			[2]site.Protocol{standard, named},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := speaking(t, c.own)
			if len(got) != 2 || got[0] != c.want[0] || got[1] != c.want[1] {
				t.Errorf("got %+v\nwant %+v\n%s", got, c.want, problems)
			}
		})
	}
}

func TestProtocolMistakes(t *testing.T) {
	for own, want := range map[string]string{
		`<ftpHost><protocol featureSet="Unix" /></ftpHost>`: `ftphost.config:1:35: ftpHost/protocol: featureSet "Unix" is not one of Extended, Iis`,
		`<ftpHost><protocol identity="" /></ftpHost>`:       `ftphost.config:1:35: ftpHost/protocol: identity must not be empty`,
		`<ftpHost><protocol legacyCodePage="65001" /></ftpHost>`: `ftphost.config:1:35: ftpHost/protocol: there is no code page 65001 here; ` +
			`use 0 for UTF-8, or one of 437, 850, 852, 855,`,
		`<ftpHost><protocol legacyCodePage="66788" /></ftpHost>`: `ftphost.config:1:35: ftpHost/protocol: there is no code page 66788 here; `,
		`<ftpHost><protocol legacyCodePage="-1" /></ftpHost>`:    `ftphost.config:1:35: ftpHost/protocol: legacyCodePage`,
		`<location path="site0.example.com"><ftpHost><protocol legacyCodePage="37" /></ftpHost></location>`: `ftphost.config:1:70: ftpHost/protocol: ` +
			`there is no code page 37 here`,
		`<location path="site0.example.com/a"><ftpHost><protocol featureSet="Iis" /></ftpHost></location>`: `ftphost.config:1:62: ftpHost/protocol: ` +
			`below a site it changes nothing; move it to <location path="site0.example.com">`,
	} {
		if _, problems := speaking(t, own); !strings.Contains(problems, want) {
			t.Errorf("%s:\ngot  %s\nwant %s", own, problems, want)
		}
	}
}
