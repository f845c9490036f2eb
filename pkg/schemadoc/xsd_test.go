package schemadoc

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// validator writes the XML Schema to a file and returns a function that
// validates a text: "" or what xmllint finds.
func validator(t *testing.T, s *apphost.Schema) func(text string) string {
	t.Helper()
	xmllint := installed(t)
	xsd, err := XSD(s)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	schemaFile, file := filepath.Join(dir, "schema.xsd"), filepath.Join(dir, "file.config")
	write := func(name string, data []byte) {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(schemaFile, xsd)
	return func(text string) string {
		write(file, []byte(text))
		out, err := exec.Command(xmllint, "--nonet", "--noout", "--schema", schemaFile, file).CombinedOutput()
		if err == nil {
			return ""
		}
		return string(out)
	}
}

// installed finds xmllint and installs it where that is possible.
func installed(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("xmllint"); err == nil {
		return path
	}
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		script := "apt-get install -y -q libxml2-utils || { apt-get update -q && apt-get install -y -q libxml2-utils; }"
		cmd := exec.Command("sh", "-c", script)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("%s", out)
		}
	}
	path, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("xmllint is needed: install libxml2-utils")
	}
	return path
}

// TestXSDAcceptsFiles validates complete files; the loader has to accept them
// as well.
func TestXSDAcceptsFiles(t *testing.T) {
	validate := validator(t, embedded(t))
	names, err := filepath.Glob("testdata/valid/*.config")
	if err != nil || len(names) != 3 {
		t.Fatalf("%v, %v", names, err)
	}
	samples, err := filepath.Glob("../../sample/*.config.sample")
	if err != nil || len(samples) == 0 {
		t.Fatalf("%v, %v", samples, err)
	}
	generated, err := filepath.Glob("examples/*.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(append(names, samples...), generated...) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if out := validate(string(data)); out != "" {
			t.Errorf("%s: %s", name, out)
		}
		if problems := load(t, name, string(data)); problems.Errors() > 0 {
			t.Errorf("%s: the loader says %v", name, problems)
		}
	}
}

// around puts an element into the places of its kind.
var around = map[string][2]string{
	"ftpServer":  {`<system.applicationHost><sites><site name="S" id="1"><ftpServer>`, `</ftpServer></site></sites></system.applicationHost>`},
	"site":       {`<system.applicationHost><sites><site name="S" id="1">`, `</site></sites></system.applicationHost>`},
	"sites":      {`<system.applicationHost><sites>`, `</sites></system.applicationHost>`},
	"system.ftp": {`<system.ftpServer>`, `</system.ftpServer>`},
	"rules":      {`<location path="S/a.txt"><system.ftpServer><security><authorization>`, `</authorization></security></system.ftpServer></location>`},
	"filter":     {`<system.ftpServer><security><requestFiltering>`, `</requestFiltering></security></system.ftpServer>`},
	"ftpHost":    {`<ftpHost><pathMap>`, `</pathMap></ftpHost>`},
	"":           {"", ""},
}

func inside(place, text string) string {
	a := around[place]
	return "<configuration>" + a[0] + text + a[1] + "</configuration>"
}

// TestXSDAndLoaderRejectAlike: what an editor underlines is what check
// reports.
func TestXSDAndLoaderRejectAlike(t *testing.T) {
	validate := validator(t, embedded(t))
	for _, c := range []struct{ place, text, about string }{
		{"ftpServer", `<security><ssl controlChannelPolicy="SslDeny" /></security>`, "controlChannelPolicy"},
		{"ftpServer", `<security><ssl dataChannelPolicy="3" /></security>`, "dataChannelPolicy"},
		{"ftpServer", `<userIsolation mode="LocalUser" />`, "mode"},
		{"ftpServer", `<directoryBrowse showFlags="StyleUnix, Colour" />`, "showFlags"},
		{"ftpServer", `<connections maxSessions="3" />`, "maxSessions"},
		{"ftpServer", `<connections maxConnections="-1" />`, "maxConnections"},
		{"ftpServer", `<connections maxConnections="many" />`, "maxConnections"},
		{"ftpServer", `<connections controlChannelTimeout="0" />`, "controlChannelTimeout"},
		{"ftpServer", `<connections maxBandwidth="1000" />`, "maxBandwidth"},
		{"ftpServer", `<logFile truncateSize="1048575" />`, "truncateSize"},
		{"ftpServer", `<logFile directory="" />`, "directory"},
		{"ftpServer", `<fileHandling keepPartialUploads="yes" />`, "keepPartialUploads"},
		{"ftpServer", `<userIsolation><activeDirectory adCacheRefresh="60" /></userIsolation>`, "adCacheRefresh"},
		{"ftpServer", `<security><commandFiltering><add command="SITE" /></commandFiltering></security>`, "allowed"},
		{"ftpServer", `<security><authorization /></security>`, "authorization"},
		{"ftpServer", `<ssl />`, "ssl"},
		{"ftpServer", `<messages /><messages />`, "messages"},
		{"ftpServer", `<customFeatures impersonationLevel="Identify" />`, "impersonationLevel"},
		{"ftpServer", `<firewallSupport lowDataChannelPort="5000" />`, "lowDataChannelPort"},
		{"site", `<bindings><binding protocol="ftp" /></bindings>`, "bindingInformation"},
		{"site", `<bindings><remove protocol="ftp" bindingInformation="*:21:" /></bindings>`, "remove"},
		{"site", `<application path="shop" />`, "path"},
		{"site", `<application path="/"><virtualDirectory path="/a/" /></application>`, "path"},
		{"site", `<application path="/"><virtualDirectory path="/" logonMethod="Guess" /></application>`, "logonMethod"},
		{"site", `<application path="/"/><application path="/" />`, "application"},
		{"sites", `<site id="1" />`, "name"},
		{"sites", `<site name="a/b" id="1" />`, "name"},
		{"sites", `<site name="a" id="one" />`, "id"},
		{"sites", `<site name="a" id="1" /><site name="a" id="2" />`, "site"},
		{"sites", `<sites />`, "sites"},
		{"system.ftp", `<firewallSupport lowDataChannelPort="65536" />`, "lowDataChannelPort"},
		{"system.ftp", `<caching><credentialsCache flushInterval="4" /></caching>`, "flushInterval"},
		{"system.ftp", `<security><ssl /></security>`, "ssl"},
		{"system.ftp", `<logging />`, "logging"},
		{"rules", `<add users="*" permissions="Read" />`, "accessType"},
		{"rules", `<add accessType="Allow" users="*" permissions="Read" verbs="RETR" />`, "verbs"},
		{"rules", `<add accessType="Allow" users="*" permissions="Read Write" />`, "permissions"},
		{"rules", `<remove accessType="Allow" users="*" permissions="Read" />`, "accessType"},
		{"rules", `<clear users="*" />`, "users"},
		{"filter", `<requestLimits maxUrl="31" />`, "maxUrl"},
		{"filter", `<hiddenSegments><add segment="" /></hiddenSegments>`, "segment"},
		{"filter", `<commands />`, "commands"},
		{"ftpHost", `<add from="C:\" />`, "to"},
		{"ftpHost", `<variable name="A" value="x" /><variable name="A" value="y" />`, "variable"},
		{"", `<location path="S" lock="true" />`, "lock"},
		{"", `<configSections><section overrideModeDefault="Deny" /></configSections>`, "name"},
		{"", `<configSections><group name="a" /></configSections>`, "group"},
		{"", `<localAccounts><users><add password="x" /></users></localAccounts>`, "name"},
	} {
		text := inside(c.place, c.text)
		if out := validate(text); !strings.Contains(out, "'"+c.about+"'") {
			t.Errorf("%s\nxmllint does not complain about %s: %s", c.text, c.about, out)
		}
		if problems := load(t, "file", text); problems.Errors() == 0 {
			t.Errorf("%s\nthe loader does not complain: %v", c.text, problems)
		}
	}
}

// TestXSDAndLoaderAcceptAlike: unusual spellings and foreign content.
func TestXSDAndLoaderAcceptAlike(t *testing.T) {
	validate := validator(t, embedded(t))
	for _, c := range []struct{ place, text string }{
		{"ftpServer", `<security><ssl controlChannelPolicy="sslALLOW" dataChannelPolicy="2" /></security>`},
		{"ftpServer", `<directoryBrowse showFlags="" />`},
		{"ftpServer", `<directoryBrowse showFlags="None" />`},
		{"ftpServer", `<directoryBrowse showFlags=" styleunix ,LongDate,64" />`},
		{"ftpServer", `<directoryBrowse showFlags="36" />`},
		{"ftpServer", `<security><commandFiltering><add command="SITE" allowed="FALSE" /><clear /><add command="SITE" allowed="true" /></commandFiltering></security>`},
		{"ftpServer", `<userIsolation><activeDirectory adCacheRefresh="1.00:00:30.5" /></userIsolation>`},
		{"ftpServer", `<connections lockAttributes="maxConnections" lockItem="true" />`},
		{"site", `<applicationDefaults enabledProtocols="http,net.tcp" owner="x"><anything><at all="" /></anything></applicationDefaults>`},
		{"site", `<limits maxConnections="x" /><hsts><other /></hsts>`},
		{"rules", `<remove users="*" permissions="Read" /><clear />`},
		{"rules", `<add accessType="1" users="a" permissions="3" />`},
		{"", `<system.webServer><security><authorization><add accessType="Allow" users="*" verbs="GET" /></authorization></security></system.webServer>`},
		{"", `<system.applicationHost><log centralLogFileMode="CentralBinary"><x /></log></system.applicationHost>`},
		{"", `<location><acme a="b">text<c /></acme></location>`},
		{"", `<configurationRedirection enabled="false" pollingPeriod="00:03:00" />`},
		{"", `<configSections><sectionGroup name="a"><section name="b" allowExeDefinition="x" allowDefinition="MachineToRootWeb" /></sectionGroup></configSections>`},
	} {
		text := inside(c.place, c.text)
		if out := validate(text); out != "" {
			t.Errorf("%s\n%s", c.text, out)
		}
		if problems := load(t, "file", text); problems.Errors() > 0 {
			t.Errorf("%s\nthe loader says %v", c.text, problems)
		}
	}
}

// TestXSDOfEveryType covers what the language knows and our schema does not
// use.
func TestXSDOfEveryType(t *testing.T) {
	doc, err := xmldoc.Parse("schema.xml", []byte(`<configSchema><sectionSchema name="a/b">
		<attribute name="wait" type="timeSpan" timeSpanFormat="seconds" allowInfinite="true" />
		<attribute name="pause" type="timeSpan" allowInfinite="true" />
		<attribute name="minutes" type="timeSpan" timeSpanFormat="minutes" />
		<attribute name="port" type="uint" validationType="integerRange" validationParameter="10,20,exclude" />
		<attribute name="depth" type="int" validationType="integerRange" validationParameter="5,2147483647,exclude" />
		<attribute name="size" type="int64" />
		<attribute name="trimmed" type="string" validationType="requireTrimmedString" />
	</sectionSchema></configSchema>`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := apphost.ParseSchema(doc)
	if err != nil {
		t.Fatal(err)
	}
	validate := validator(t, s)
	for attribute, valid := range map[string]bool{
		`wait="30"`: true, `wait="Infinite"`: true, `wait="00:00:30"`: false,
		`pause="00:00:30"`: true, `pause="infinite"`: true, `pause="30"`: false,
		`minutes="3"`: true, `minutes="Infinite"`: false,
		`port="9"`: true, `port="21"`: true, `port="10"`: false, `port="20"`: false,
		`depth="-4"`: true, `depth="5"`: false,
		`size="-9223372036854775808"`: true, `size="9223372036854775808"`: false,
		`trimmed="a b"`: true, `trimmed=""`: true, `trimmed=" a"`: false,
	} {
		text := "<configuration><a><b " + attribute + " /></a></configuration>"
		if out := validate(text); (out == "") != valid {
			t.Errorf("%s: %q", attribute, out)
		}
		parsed, err := xmldoc.Parse("file", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := apphost.Load(s, parsed); (problems.Errors() == 0) != valid {
			t.Errorf("%s: the loader says %v", attribute, problems)
		}
	}
}
