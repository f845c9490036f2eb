package compile_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
)

// plainSite is a site that runs: everything but what a test changes.
const plainSite = `<configuration>
  <system.applicationHost>
    <sites>
      <site name="one" id="1">
        <application path="/">
          <virtualDirectory path="/" physicalPath="CONTENT" />
        </application>
        <bindings>
          <binding protocol="ftp" bindingInformation="*:21:" />
        </bindings>
        <ftpServer>
          <security>
            <ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
            <authentication>
              <basicAuthentication enabled="true" />
            </authentication>
          </security>
        </ftpServer>
      </site>
    </sites>
  </system.applicationHost>
</configuration>
`

// second is another site, to stand behind </site>.
const second = `<site name="two" id="2">
        <application path="/"><virtualDirectory path="/" physicalPath="CONTENT" /></application>
        <bindings><binding protocol="ftp" bindingInformation="*:21:" /></bindings>
        <ftpServer><security><ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" /><authentication><basicAuthentication enabled="true" /></authentication></security></ftpServer>
      </site>`

const location = `<location path="one"><system.ftpServer><security>` +
	`BODY</security></system.ftpServer></location>` + "\n</configuration>"

// check writes a home and returns its findings, with file names shortened and
// the content folder named CONTENT.
func check(t *testing.T, config, own string) (findings []string, sites int) {
	t.Helper()
	dir := t.TempDir()
	content := filepath.Join(dir, "content")
	if err := os.MkdirAll(filepath.Join(content, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	home := compile.NewHome(dir)
	for path, text := range map[string]string{home.Config: config, home.Own(): own} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "CONTENT", content)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	problems, sites := compile.Check(home)
	return told(problems, strings.NewReplacer(content, "CONTENT", dir+string(filepath.Separator), "")), sites
}

// told is what check prints of the problems, without the folders of a test.
func told(problems apphost.ErrorList, back *strings.Replacer) []string {
	var findings []string
	for _, p := range problems {
		kind := "error: "
		if p.Warning {
			kind = "warning: "
		}
		findings = append(findings, kind+back.Replace(p.Error()))
	}
	return findings
}

// inOwnFile keeps only the findings in ftphost.config.
func inOwnFile(findings []string) []string {
	return slices.DeleteFunc(findings, func(f string) bool {
		_, text, _ := strings.Cut(f, ": ")
		return !strings.HasPrefix(text, "ftphost.config")
	})
}

func TestCheckFindsNothingInAPlainSite(t *testing.T) {
	findings, sites := check(t, plainSite, "")
	if len(findings) != 0 || sites != 1 {
		t.Errorf("%d sites, findings %q", sites, findings)
	}
}

func TestCheckFindings(t *testing.T) {
	const file = "applicationHost.config"
	for _, c := range []struct {
		name     string
		from, to string // a change to plainSite
		own      string
		want     string
	}{
		{
			name: "not well-formed", from: "</sites>", to: "",
			want: "error: " + file + ":21:3: </system.applicationHost> stands where </sites> must close the element opened in line 3",
		},
		{
			name: "fragment", from: plainSite, to: "<site name='x'/>",
			want: "error: " + file + ":1:1: the root element is <site>, not <configuration>: this is a fragment or another kind of file",
		},
		{
			name: "unknown element", from: "<security>", to: "<security><authorisation/>",
			want: "error: " + file + `:12:21: system.applicationHost/sites: unrecognized element <authorisation> in <security>`,
		},
		{
			name: "misplaced element", from: "<security>", to: "<security><authorization/>",
			want: "error: " + file + `:12:21: system.applicationHost/sites: unrecognized element <authorization> in <security>; it belongs in system.ftpServer/security, at the server level or in a <location path="SITE">`,
		},
		{
			name: "unknown attribute", from: "enabled=", to: "enabeld=",
			want: "error: " + file + `:15:36: system.applicationHost/sites: unrecognized attribute "enabeld" on <basicAuthentication>; did you mean enabled?`,
		},
		{
			name: "wrong type", from: `enabled="true"`, to: `enabled="yes"`,
			want: "error: " + file + `:15:36: system.applicationHost/sites: enabled "yes" is not true or false`,
		},
		{
			name: "wrong word", from: `controlChannelPolicy="SslAllow"`, to: `controlChannelPolicy="SslAlow"`,
			want: "error: " + file + `:13:18: system.applicationHost/sites: controlChannelPolicy "SslAlow" is not one of SslAllow, SslRequire, SslRequireCredentialsOnly; did you mean SslAllow?`,
		},
		{
			name: "out of range", from: "<security>", to: `<connections dataChannelTimeout="0" /><security>`,
			want: "error: " + file + ":12:24: system.applicationHost/sites: dataChannelTimeout 0 is not between 1 and 2147483647",
		},
		{
			name: "missing attribute", from: ` bindingInformation="*:21:"`, to: "",
			want: "error: " + file + ":9:11: system.applicationHost/sites: <binding> has no attribute bindingInformation, which is required",
		},
		{
			name: "duplicate binding", from: "</bindings>", to: `<binding protocol="FTP" bindingInformation="*:21:" /></bindings>`,
			want: "error: " + file + `:10:9: system.applicationHost/sites: <binding> with protocol="FTP" bindingInformation="*:21:" is there already, at ` + file + ":9:11",
		},
		{
			name: "duplicate rule", from: "</configuration>",
			to:   strings.Replace(location, "BODY", "<authorization>\n<add accessType=\"Allow\" users=\"a\" permissions=\"Read,Write\"/>\n<add accessType=\"Deny\" users=\"A\" permissions=\"3\"/>\n</authorization>", 1),
			want: "error: " + file + `:24:1: system.ftpServer/security/authorization: <add> with users="A" roles="" permissions="3" is there already, at ` + file + ":23:1",
		},
		{
			name: "bad binding", from: `"*:21:"`, to: `"*:ftp:"`,
			want: "error: " + file + `:9:35: system.applicationHost/sites: bindingInformation "*:ftp:": port "ftp" is not a number from 1 to 65535`,
		},
		{
			name: "two sites on one binding", from: "</site>", to: "</site>\n" + second,
			want: "error: " + file + `:22:43: system.applicationHost/sites: site "two": binding *:21: is held by site one (` + file + `:9:35) already; this site does not start`,
		},
		{
			name: "two sites of one name", from: "</site>", to: "</site>\n" + strings.Replace(second, `"two"`, `"ONE"`, 1),
			want: "error: " + file + `:20:1: system.applicationHost/sites: <site> with name="ONE" is there already, at ` + file + ":4:7",
		},
		{
			name: "two sites of one id", from: "</site>", to: "</site>\n" + strings.Replace(second, `id="2"`, `id="1"`, 1),
			want: "error: " + file + `:20:18: system.applicationHost/sites: site "two": id 1 belongs to site "one" already, at ` + file + ":4:7",
		},
		{
			name: "missing folder", from: `"CONTENT"`, to: `"CONTENT/none"`,
			want: "error: " + file + `:6:38: system.applicationHost/sites: site "one": physicalPath "CONTENT/none": there is no folder CONTENT/none; create it or correct the path`,
		},
		{
			name: "file for a folder", from: `"CONTENT"`, to: `"/dev/null"`,
			want: "error: " + file + `:6:38: system.applicationHost/sites: site "one": physicalPath "/dev/null": /dev/null is not a folder`,
		},
		{
			name: "unmapped drive", from: `"CONTENT"`, to: `"D:\ftp"`,
			want: "error: " + file + `:6:38: system.applicationHost/sites: site "one": "D:\ftp" is a Windows path: no path map entry covers it; add to ftpHost/pathMap in ftphost.config: <add from="D:\" to="FOLDER" />`,
		},
		{
			name: "unknown variable", from: `"CONTENT"`, to: `"%Ftp%\x"`,
			want: "error: " + file + `:6:38: system.applicationHost/sites: site "one": %Ftp% has no value here; add to ftpHost/pathMap in ftphost.config: <variable name="Ftp" value="..." />`,
		},
		{
			name: "circle of virtual directories", from: "</application>", to: `<virtualDirectory path="/loop" physicalPath="CONTENT" /></application>`,
			want: "warning: " + file + `:7:40: system.applicationHost/sites: site "one": virtual directory /loop shows the folder of / again; programs that walk the tree go round in a circle`,
		},
		{
			name: "circle through a parent", from: "</application>", to: `<virtualDirectory path="/a" physicalPath="CONTENT/sub" /><virtualDirectory path="/a/b" physicalPath="CONTENT" /></application>`,
			want: `virtual directory /a/b shows the folder of /`,
		},
		{
			name: "no root", from: `<application path="/">`, to: `<application path="/app">`,
			want: "error: " + file + `:4:7: system.applicationHost/sites: site "one" has no root: it needs <application path="/">`,
		},
		{
			name: "custom authorization", from: "<authentication>", to: `<customAuthorization><provider name="Harbour" /></customAuthorization><authentication>`,
			want: "error: " + file + `:14:44: system.applicationHost/sites: site "one": on Windows the custom authorization provider "Harbour" decides instead of the authorization rules; it cannot run here, so the site does not start. Write enabled="false" to let the rules decide`,
		},
		{
			name: "custom features", from: "</security>", to: `</security><customFeatures><providers><add name="Homes" /></providers></customFeatures>`,
			want: "warning: " + file + `:17:49: system.applicationHost/sites: site "one": the provider "Homes" cannot run here; what it does with home folders, logs or commands on Windows does not happen. Write enabled="false" when that is as it should be`,
		},
		{
			name: "TLS required", from: `<ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />`, to: "",
			want: `warning: ` + file + `:4:7: system.applicationHost/sites: site "one": controlChannelPolicy is SslRequire and the site has no certificate that can be used, so nobody can log in; give it one with serverCertHash, or allow plain FTP with <ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />`,
		},
		{
			name: "TLS required for data", from: ` dataChannelPolicy="SslAllow"`, to: "",
			want: `warning: ` + file + `:4:7: system.applicationHost/sites: site "one": dataChannelPolicy is SslRequire and the site has no certificate that can be used, so nothing can be listed or transferred; give it one`,
		},
		{
			name: "no UTF-8 and no code page", from: "<ftpServer>", to: `<ftpServer allowUTF8="false">`,
			want: "warning: " + file + `:11:20: system.applicationHost/sites: site "one": allowUTF8 is false, but names are UTF-8 as long as ftpHost/protocol names no legacyCodePage`,
		},
		{
			name: "blocking for no time", from: "</configuration>", to: `<system.ftpServer><security><authentication><denyByFailure enabled="true" entryExpiration="00:00:00" /></authentication></security></system.ftpServer></configuration>`,
			want: "warning: " + file + `:22:75: system.ftpServer/security/authentication: entryExpiration "00:00:00": failed logins are forgotten at once, so no address is ever blocked`,
		},
		{
			name: "blocking at no failure", from: "</configuration>", to: `<system.ftpServer><security><authentication><denyByFailure enabled="true" maxFailure="0" /></authentication></security></system.ftpServer></configuration>`,
			want: "error: " + file + `:22:75: system.ftpServer/security/authentication: maxFailure 0 is not between 1 and 4294967295`,
		},
		{
			name: "passive range", from: "</configuration>", to: `<system.ftpServer><firewallSupport lowDataChannelPort="6000" highDataChannelPort="5000"/></system.ftpServer></configuration>`,
			want: "error: " + file + ":22:36: system.ftpServer/firewallSupport: lowDataChannelPort 6000 and highDataChannelPort 5000 are not a range",
		},
		{
			name: "external address", from: "</ftpServer>", to: `<firewallSupport externalIp4Address="ftp.example.com" /></ftpServer>`,
			want: "error: " + file + `:18:26: system.applicationHost/sites: externalIp4Address "ftp.example.com" is not an IPv4 address`,
		},
		{
			name: "sites in a location", from: "</configuration>", to: `<location path="one"><system.applicationHost><sites/></system.applicationHost></location></configuration>`,
			want: "error: " + file + ":22:46: system.applicationHost/sites: the section stands at the server level only, not in a location",
		},
		{
			name: "entities", from: "<configuration>", to: `<!DOCTYPE x [<!ENTITY a "b">]><configuration>`,
			want: "error: " + file + ":1:1: document type definitions and entities are not accepted",
		},
		{
			name: "nesting", from: "<system.applicationHost>", to: strings.Repeat("<a>", 70) + "<system.applicationHost>",
			want: "error: " + file + ":2:192: elements are nested deeper than 64",
		},
		{
			name: "path map", own: "<configuration>\n<ftpHost><pathMap><add from=\"drive c\" to=\"x\"/></pathMap></ftpHost></configuration>",
			want: `error: ftphost.config:2:19: ftpHost/pathMap: from "drive c" is not a Windows path`,
		},
		{
			name: "unknown section of our own", own: "<configuration><ftpHost><pathMaps/></ftpHost></configuration>",
			want: "error: ftphost.config:1:25: ftpHost: unrecognized element <pathMaps>; did you mean pathMap?",
		},
		{
			name: "missing id", from: ` id="1"`, to: "",
			want: "warning: " + file + `:4:7: system.applicationHost/sites: site "one" has no id; it gets 1`,
		},
		{
			name: "case", from: "<basicAuthentication enabled", to: "<BasicAuthentication Enabled",
			want: "warning: " + file + ":15:15: system.applicationHost/sites: <BasicAuthentication> is spelled basicAuthentication",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := plainSite
			if c.from != "" {
				config = strings.Replace(plainSite, c.from, c.to, 1)
			}
			findings, _ := check(t, config, c.own)
			if !slices.ContainsFunc(findings, func(f string) bool { return strings.Contains(f, c.want) }) {
				t.Errorf("no finding\n  %s\namong\n  %s", c.want, strings.Join(findings, "\n  "))
			}
		})
	}
}
