package apphost_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// list writes entries with one attribute each, and where they come from.
func list(entries []*apphost.Element, attr string) string {
	var parts []string
	for _, e := range entries {
		parts = append(parts, e.Attr(attr).Text)
	}
	return strings.Join(parts, " ")
}

func TestInheritance(t *testing.T) {
	cfg := load(t, `<location path="site/A/b"><ftp><rules unlisted="true" /></ftp></location>
<location path="SITE"><ftp><rules unlisted="false"><limits size="7" /></rules></ftp></location>
<ftp><rules><add access="Allow" users="server" /><limits size="3" /></rules></ftp>
<location path="Site/a"><ftp><rules><add access="Deny" users="a" /><clear /><add access="Deny" users="after" /></rules></ftp></location>
<location path="Größe ß/ΣΑΣ"><ftp><rules unlisted="false" /></ftp></location>
<location path="//slashed///x//y/"><ftp><rules unlisted="false" /></ftp></location>`)
	for _, c := range []struct{ location, unlisted, size, users, origin string }{
		{"", "true", "3", "server", "default"},
		{"other", "true", "3", "server", "default"},
		{"site", "false", "7", "server", "a:3:35"},
		{"Site/", "false", "7", "server", "a:3:35"},
		{"site/a", "false", "7", "after", "a:3:35"},
		{"site/ab", "false", "7", "server", "a:3:35"},
		{"SITE/A/B", "true", "7", "after", "a:2:39"},
		{"site//a/b./c/d.txt", "true", "7", "after", "a:2:39"},
		{"GRÖSSE SS/σας", "true", "3", "server", "default"},
		{"grÖßE ẞ/σας", "false", "3", "server", "a:6:42"},
		{"slashed/x", "true", "3", "server", "default"},
		{"slashed/X/Y/z", "false", "3", "server", "a:7:48"},
	} {
		e := cfg.Section("FTP/rules", c.location)
		unlisted := e.Attr("unlisted")
		if unlisted.Text != c.unlisted || e.Child("limits").Attr("size").Text != c.size || list(e.Entries(), "users") != c.users || unlisted.Origin() != c.origin {
			t.Errorf("%q: unlisted %s from %s, size %s, users %s; want %+v", c.location, unlisted.Text, unlisted.Origin(), e.Child("limits").Attr("size").Text, list(e.Entries(), "users"), c)
		}
	}
	if cfg.Section("ftp/none", "") != nil {
		t.Error("there is a section the schema lacks")
	}
}

func TestLocationsOfOneSite(t *testing.T) {
	cfg := load(t, `<location path="s/a/b"><ftp><rules><clear /><add access="Deny" users="x" /></rules></ftp></location>
<location path="s"><ftp><rules><remove users="q" /><add access="Allow" users="y" /></rules></ftp></location>
<location path="S/a"><ftp><types /></ftp></location>
<location path="S/c"><ftp><rules unlisted="false" /></ftp></location>
<ftp><rules><add access="Allow" users="q" /></rules></ftp>`)
	var got []string
	for _, l := range cfg.Locations("ftp/rules", "S") {
		cleared, added, removed := l.Element.Own()
		got = append(got, fmt.Sprintf("%q %v +%s -%s %s", l.Path, cleared, list(added, "users"), list(removed, "users"), l.Element.Attr("unlisted").Text))
	}
	want := `"" false +y -q true
"/c" false + - false
"/a/b" true +x - true`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if n := len(cfg.Locations("ftp/rules", "nobody")); n != 0 {
		t.Errorf("%d locations of nobody", n)
	}
	if n := len(cfg.Locations("ftp/first", "s")); n != 0 {
		t.Errorf("%d locations of an absent section", n)
	}
}

func TestCollections(t *testing.T) {
	const location = "\n<location path='s'>%s</location>"
	for _, c := range []struct{ name, server, site, attr, want string }{
		{"parent first", "<ftp><rules><add access='Allow' users='a' /></rules></ftp>", "<ftp><rules><add access='Allow' users='b' /></rules></ftp>", "users", "a b"},
		{
			"remove by the whole key", "<ftp><rules><add access='Allow' users='*' permissions='Read' /><add access='Allow' users='*' permissions='Read, Write' /></rules></ftp>",
			"<ftp><rules><remove users='*' permissions='Write,Read' /></rules></ftp>", "permissions", "Read",
		},
		{"a removed key may come again", "<ftp><rules><add access='Allow' users='a' /><add access='Allow' users='b' /></rules></ftp>", "<ftp><rules><remove users='A' /><add access='Deny' users='a' /></rules></ftp>", "users", "b a"},
		{"clear in between", "<ftp><rules><add access='Allow' users='a' /><clear /><add access='Allow' users='b' /></rules></ftp>", "<ftp><rules><add access='Allow' users='a' /></rules></ftp>", "users", "b a"},
		{"directives in another case", "<ftp><rules><ADD access='Allow' users='a' /></rules></ftp>", "<ftp><rules><Clear /></rules></ftp>", "users", ""},
		{"deeper first where the schema says so", "<ftp><first><add name='1' /><add name='2' /></first></ftp>", "<ftp><first><add name='3' /><add name='4' /></first></ftp>", "name", "3 4 1 2"},
		{"removal reaches behind", "<ftp><first><add name='1' /><add name='2' /></first></ftp>", "<ftp><first><add name='3' /><remove name='2' /></first></ftp>", "name", "3 1"},
	} {
		cfg := load(t, c.server+fmt.Sprintf(location, c.site))
		section := "ftp/rules"
		if c.attr == "name" {
			section = "ftp/first"
		}
		if got := list(cfg.Section(section, "s").Entries(), c.attr); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSeveralCollectionsInOneElement(t *testing.T) {
	cfg := load(t, "<ftp><many><add name='x' /><group name='g'><add user='u' /><add user='v' /></group><add name='y' /><group name='h' /></many></ftp>")
	e := cfg.Section("ftp/many", "")
	groups := e.EntriesOf("group")
	if list(e.Entries(), "name") != "x y" || list(groups, "name") != "g h" || list(groups[0].Entries(), "user") != "u v" || len(groups[1].Entries()) != 0 {
		t.Errorf("%s; %s; %s", list(e.Entries(), "name"), list(groups, "name"), list(groups[0].Entries(), "user"))
	}
	if e.EntriesOf("none") != nil || e.Child("none") != nil || e.Attr("none").Set {
		t.Error("something the schema lacks is there")
	}
}

func TestDefaultsElements(t *testing.T) {
	cfg := load(t, `<host><sites>
<site name="a">
<application path="/"><virtualDirectory path="/" /><virtualDirectory path="/x" physicalPath="own" /></application>
<application path="/app"><virtualDirectory /><virtualDirectoryDefaults physicalPath="of the application" /></application>
<applicationDefaults pool="of the site" />
<bindings><binding protocol="ftp" information="2" /></bindings>
</site>
<site name="b"><application path="/" pool="own"><virtualDirectory /></application><virtualDirectoryDefaults physicalPath="of the site" />
<bindings><clear /><binding protocol="ftp" information="3" /></bindings><ftpServer timeout="9" /></site>
<siteDefaults><ftpServer timeout="7" /><bindings><binding protocol="ftp" information="1" /></bindings></siteDefaults>
<applicationDefaults pool="of all" />
<virtualDirectoryDefaults physicalPath="of all" />
</sites></host>`)
	var got []string
	for _, site := range cfg.Section("host/sites", "").Entries() {
		got = append(got, fmt.Sprintf("%s timeout %s bindings %s", site.Attr("name").Text, site.Child("ftpServer").Attr("timeout").Text, list(site.Child("bindings").Entries(), "information")))
		for _, app := range site.Entries() {
			got = append(got, fmt.Sprintf("%s %s: %s", app.Attr("path").Text, app.Attr("pool").Text, list(app.Entries(), "physicalPath")))
		}
	}
	want := `a timeout 7 bindings 1 2
/ of the site: of all own
/app of the site: of the application
b timeout 9 bindings 3
/ own: of the site`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestSecretsAndVariables(t *testing.T) {
	cfg := load(t, `<host><sites><site name="a"><application path="/">
<virtualDirectory path="/sealed" password="[enc:IISCngProvider:c2VjcmV0:enc]" physicalPath="%SystemDrive%\x" />
<virtualDirectory path="/none" /><virtualDirectory path="/empty" password="[enc:AesProvider::enc]" /><virtualDirectory path="/plain" password="p" />
</application></site></sites></host>`)
	want := map[string]string{"/sealed": "[enc:IISCngProvider:c2VjcmV0:enc] true", "/none": " false", "/empty": " false", "/plain": "p false"}
	for _, v := range cfg.Section("host/sites", "").Entries()[0].Entries()[0].Entries() {
		p, path := v.Attr("password"), v.Attr("path").Text
		if got := fmt.Sprint(p.Text, " ", p.Encrypted()); got != want[path] || !p.Secret() || v.Attr("path").Secret() {
			t.Errorf("%s: %s, want %s", path, got, want[path])
		}
		if !v.Attr("physicalPath").Expanded() || p.Expanded() {
			t.Errorf("%s: which values are expanded is wrong", path)
		}
	}
}
