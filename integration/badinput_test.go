//go:build integration

package integration_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// broken is one way to spoil the scenario's configuration and what must be
// said about it: the lines of `check`, without the folder.
type broken struct {
	name     string
	old, new string // in applicationHost.config
	own      string // a whole ftphost.config instead of the sample's
	want     string
	effect   effect
}

// effect is what a mistake costs.
type effect int

const (
	refused effect = iota // the whole file: check and serve exit with 1
	stopped               // this site: check exits with 1, serve runs without it
	doubted               // nothing: check warns and exits with 0
)

const (
	openSite = `<site name="ftpsite01.com" id="1">`
	rootVdir = `<virtualDirectory path="/" physicalPath="C:\sites\ftpsite01.com" />`
	endSites = `        </sites>`
)

// secondSite is another complete site with the given binding.
func secondSite(id, binding string) string {
	return `<site name="second" id="` + id + `"><application path="/"><virtualDirectory path="/" physicalPath="C:\sites\ftpsite01.com" /></application>` +
		`<bindings><binding protocol="ftp" bindingInformation="` + binding + `" /></bindings>` +
		`<ftpServer><security><ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />` +
		`<authentication><anonymousAuthentication enabled="true" /></authentication></security></ftpServer></site>` + "\n" + endSites
}

func brokenConfigurations() []broken {
	return []broken{
		{
			name: "not well-formed", old: `</bindings>`, new: `</binding>`, effect: refused,
			want: `applicationHost.config:22:17: error: </binding> stands where </bindings> must close the element opened in line 20`,
		},
		{
			name: "cut off", old: `</configuration>`, new: ``, effect: refused,
			want: `applicationHost.config:62:1: error: the file ends inside <configuration>, which was opened in line 2 and never closed`,
		},
		{
			name: "unknown element", old: `<fileHandling `, new: `<fileHandlin `, effect: refused,
			want: `applicationHost.config:32:21: error: system.applicationHost/sites: unrecognized element <fileHandlin> in <ftpServer>; did you mean fileHandling?`,
		},
		{
			name: "unknown attribute", old: `keepPartialUploads`, new: `keepPartialUpload`, effect: refused,
			want: `applicationHost.config:32:35: error: system.applicationHost/sites: unrecognized attribute "keepPartialUpload" on <fileHandling>; did you mean keepPartialUploads?`,
		},
		{
			name: "wrong type", old: `keepPartialUploads="true"`, new: `keepPartialUploads="perhaps"`, effect: refused,
			want: `applicationHost.config:32:35: error: system.applicationHost/sites: keepPartialUploads "perhaps" is not true or false`,
		},
		{
			name: "wrong word", old: `controlChannelPolicy="SslAllow"`, new: `controlChannelPolicy="SslMaybe"`, effect: refused,
			want: `applicationHost.config:25:30: error: system.applicationHost/sites: controlChannelPolicy "SslMaybe" is not one of SslAllow, SslRequire, SslRequireCredentialsOnly`,
		},
		{
			name: "wrong flag", old: `permissions="Read"`, new: `permissions="Reed"`, effect: refused,
			want: `applicationHost.config:47:55: error: system.ftpServer/security/authorization: permissions "Reed" has "Reed", which is not one of Read, Write; did you mean Read?`,
		},
		{
			name: "out of range", old: `lowDataChannelPort="5000"`, new: `lowDataChannelPort="80000"`, effect: refused,
			want: `applicationHost.config:40:26: error: system.ftpServer/firewallSupport: lowDataChannelPort 80000 is not between 0 and 65535`,
		},
		{
			name: "range upside down", old: `lowDataChannelPort="5000"`, new: `lowDataChannelPort="6001"`, effect: refused,
			want: `applicationHost.config:40:26: error: system.ftpServer/firewallSupport: lowDataChannelPort 6001 and highDataChannelPort 6000 are not a range: give the lower port first, or 0 for both`,
		},
		{
			name: "duplicate attribute", old: openSite, new: `<site name="ftpsite01.com" id="1" id="2">`, effect: refused,
			want: `applicationHost.config:16:47: error: <site>: attribute id is given twice`,
		},
		{
			name: "duplicate key", old: endSites, new: strings.Replace(secondSite("2", "*:2121:"), `name="second"`, `name="FTPSITE01.com"`, 1), effect: refused,
			want: `applicationHost.config:37:1: error: system.applicationHost/sites: <site> with name="FTPSITE01.com" is there already, at applicationHost.config:16:13`,
		},
		{
			name: "duplicate rule", old: `<add accessType="Allow" users="?" permissions="Read" />`, new: strings.Repeat(`<add accessType="Allow" users="?" permissions="Read" />`, 2), effect: refused,
			want: `applicationHost.config:47:76: error: system.ftpServer/security/authorization: <add> with users="?" roles="" permissions="Read" is there already, at applicationHost.config:47:21`,
		},
		{
			name: "section twice", old: `<system.applicationHost>`, new: `<system.applicationHost><sites /></system.applicationHost><system.applicationHost>`, effect: refused,
			want: `applicationHost.config:15:9: error: system.applicationHost/sites: the section stands here a second time at the server level; the first is at applicationHost.config:14:29`,
		},
		{
			name: "required attribute missing", old: openSite, new: `<site id="1">`, effect: refused,
			want: `applicationHost.config:16:13: error: system.applicationHost/sites: <site> has no attribute name, which is required`,
		},
		{
			name: "document type", old: `<configuration>`, new: "<!DOCTYPE configuration [<!ENTITY a \"aaaaaaaaaa\">]>\n<configuration>", effect: refused,
			want: `applicationHost.config:2:1: error: document type definitions and entities are not accepted`,
		},
		{
			name: "undeclared entity", old: `physicalPath="C:\sites\ftpsite01.com"`, new: `physicalPath="&home;"`, effect: refused,
			want: `applicationHost.config:18:68: error: is not well-formed: invalid character entity &home;`,
		},
		{
			name: "deep nesting", old: `<fileHandling `, new: strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100) + `<fileHandling `, effect: refused,
			want: `applicationHost.config:32:198: error: elements are nested deeper than 64`,
		},
		{
			name: "unparsable binding", old: `bindingInformation="*:21:"`, new: `bindingInformation="21"`, effect: stopped,
			want: `applicationHost.config:21:45: error: system.applicationHost/sites: bindingInformation "21" is not address:port:host, for example "*:21:"`,
		},
		{
			name: "binding without a port", old: `bindingInformation="*:21:"`, new: `bindingInformation="*:ftp:"`, effect: stopped,
			want: `applicationHost.config:21:45: error: system.applicationHost/sites: bindingInformation "*:ftp:": port "ftp" is not a number from 1 to 65535`,
		},
		{
			name: "bad external address", old: `externalIp4Address="127.0.0.1"`, new: `externalIp4Address="300.1.1.1"`, effect: stopped,
			want: `applicationHost.config:31:38: error: system.applicationHost/sites: externalIp4Address "300.1.1.1" is not an IPv4 address`,
		},
		{
			name: "missing folder", old: `C:\sites\ftpsite01.com`, new: `C:\sites\nowhere`, effect: stopped,
			want: `applicationHost.config:18:48: error: system.applicationHost/sites: site "ftpsite01.com": physicalPath "C:\sites\nowhere": there is no folder drives/c/sites/nowhere; create it or correct the path`,
		},
		{
			name: "folder is a file", old: `C:\sites\ftpsite01.com`, new: `C:\sites\ftpsite01.com\test.txt`, effect: stopped,
			want: `applicationHost.config:18:48: error: system.applicationHost/sites: site "ftpsite01.com": physicalPath "C:\sites\ftpsite01.com\test.txt": drives/c/sites/ftpsite01.com/test.txt is not a folder`,
		},
		{
			name: "unmapped drive", old: `C:\sites\ftpsite01.com`, new: `D:\sites\ftpsite01.com`, effect: stopped,
			want: `applicationHost.config:18:48: error: system.applicationHost/sites: site "ftpsite01.com": "D:\sites\ftpsite01.com" is a Windows path: no path map entry covers it; add to ftpHost/pathMap in ftphost.config: <add from="D:\" to="FOLDER" />`,
		},
		{
			name: "no virtual directory", old: rootVdir, new: ``, effect: stopped,
			want: `applicationHost.config:16:13: error: system.applicationHost/sites: site "ftpsite01.com" has no root: it needs <application path="/"> with <virtualDirectory path="/" physicalPath="..." />`,
		},
		{
			name: "missing homes", old: `<fileHandling `, new: `<userIsolation mode="IsolateAllDirectories" /><fileHandling `, effect: doubted,
			want: missingHomes("anonymous users", "Public", "user1", "user1", "user2", "user2", "user3", "user3", "user4", "user4"),
		},
		{
			name: "address restrictions for nobody", old: `<system.ftpServer>` + "\n        <firewallSupport ", new: `<system.ftpServer><security><ipSecurity allowUnlisted="false" /></security>` + "\n        <firewallSupport ", effect: doubted,
			want: `applicationHost.config:39:33: warning: system.ftpServer/security/ipSecurity: the section is not registered in configSections; IIS would refuse the file` + "\n" +
				`applicationHost.config:39:45: warning: system.ftpServer/security/ipSecurity: allowUnlisted is false and no entry has allowed="true", so nobody can connect`,
		},
		{
			name: "address that is none", old: `<system.ftpServer>` + "\n        <firewallSupport ", new: `<system.ftpServer><security><ipSecurity><add ipAddress="10.0.0.*" /></ipSecurity></security>` + "\n        <firewallSupport ", effect: refused,
			want: `applicationHost.config:39:33: warning: system.ftpServer/security/ipSecurity: the section is not registered in configSections; IIS would refuse the file` + "\n" +
				`applicationHost.config:39:45: error: system.ftpServer/security/ipSecurity: ipAddress "10.0.0.*" is not an IPv4 or IPv6 address; a network is written as ipAddress="192.0.2.0" subnetMask="255.255.255.0" or ipAddress="192.0.2.0/24"`,
		},
		{
			name: "loop of virtual directories", old: rootVdir, new: rootVdir + `<virtualDirectory path="/loop" physicalPath="C:\sites" />`, effect: doubted,
			want: `applicationHost.config:18:119: warning: system.applicationHost/sites: site "ftpsite01.com": virtual directory /loop shows the folder of / again; programs that walk the tree go round in a circle`,
		},
		{
			name: "own file: unknown element", own: "<configuration>\n  <ftpHost>\n    <pathMapp />\n  </ftpHost>\n</configuration>\n",
			want: `ftphost.config:3:5: error: ftpHost: unrecognized element <pathMapp>; did you mean pathMap?`,
		},
		{
			name: "own file: not well-formed", own: "<configuration>\n  <ftpHost>\n",
			want: `ftphost.config:3:1: error: the file ends inside <ftpHost>, which was opened in line 2 and never closed`,
		},
	}
}

func TestBadInput(t *testing.T) {
	for _, b := range brokenConfigurations() {
		t.Run(b.name, func(t *testing.T) {
			home := newHome(t, "")
			configure(t, home, "scenario", b.old, b.new)
			if b.own != "" {
				writeFile(t, filepath.Join(home, "ftphost.config"), []byte(b.own))
			}
			out, talk, code := command(t, "", "check", "--home", home)
			if refuses := code == 1; refuses != (b.effect != doubted) || code > 1 {
				t.Errorf("check: exit status %d", code)
			}
			if got := findings(out, home); got != b.want {
				t.Errorf("check says\n%s\n%swant\n%s", got, talk, b.want)
			}
			s := launch(t, home)
			if b.effect == refused {
				servesNothing(t, s)
			} else {
				eventually(t, "serve lists its sites", func() bool { return strings.Contains(s.talk.String(), "ftpsite01.com  ") })
				if up := listening(s.port); up != (b.effect == doubted) {
					t.Errorf("serve listens: %v", up)
				}
			}
			if got := findings(s.talk.String(), home); !strings.Contains(got, b.want) {
				t.Errorf("serve says\n%s\nwant\n%s", got, b.want)
			}
		})
	}
}

// servesNothing expects that serve ends with status 1.
func servesNothing(t *testing.T, s *server) {
	t.Helper()
	s.ended(t, 20*time.Second)
	if code := s.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("serve: exit status %d, want 1", code)
	}
	if listening(s.port) {
		t.Errorf("serve listens")
	}
}

// findings are the lines of check without the folder, and without the one
// warning that the unspoiled scenario has too.
func findings(out, home string) string {
	var lines []string
	for line := range strings.Lines(out) {
		if !strings.Contains(line, "this Deny wins") {
			lines = append(lines, strings.ReplaceAll(line, home+"/", ""))
		}
	}
	return strings.TrimSuffix(strings.Join(lines, ""), "\n")
}

// missingHomes is what is said of users, each followed by his folder.
func missingHomes(users ...string) string {
	var lines []string
	for i := 0; i+1 < len(users); i += 2 {
		lines = append(lines, `applicationHost.config:32:36: warning: system.applicationHost/sites: site "ftpsite01.com": with userIsolation IsolateAllDirectories `+
			users[i]+` cannot log in: there is no folder drives/c/sites/ftpsite01.com/LocalUser/`+users[i+1]+`; create it`)
	}
	return strings.Join(lines, "\n")
}

// TestOneBadSiteOfTwo: the good site runs, the other says why it does not.
func TestOneBadSiteOfTwo(t *testing.T) {
	home := newHome(t, "")
	configure(t, home, "scenario", endSites, strings.Replace(secondSite("2", "*:2121:"), `C:\sites\ftpsite01.com`, `E:\gone`, 1))
	s := serve(t, home)
	reads(t, s, "", "computer.txt")
	if listening(2121 + s.offset) {
		t.Error("the site without a folder listens")
	}
	want(t, "serve", s.talk.String(), `E:\gone`, "second  stopped")
}

// TestHugeInput: a hundred megabytes of nesting or entities are refused soon
// and without that much memory again and again.
func TestHugeInput(t *testing.T) {
	for _, c := range []struct{ name, head, repeat, want string }{
		{"nesting", "<configuration>\n", "<a>", "applicationHost.config:2:190: error: elements are nested deeper than 64"},
		{"entities", "<configuration>\n<a>", "&amp;", "applicationHost.config:2:4: error: a name, value, text or comment is longer than 16 MiB"},
		{"unknown entities", "<configuration>\n<a>", "&b;", "applicationHost.config:2:4: error: a name, value, text or comment is longer than 16 MiB"},
		{
			"billion laughs", "<!DOCTYPE configuration [<!ENTITY a \"&b;&b;&b;\">", "<!ENTITY b \"&c;&c;&c;&c;&c;&c;\">",
			"applicationHost.config:1:1: error: document type definitions and entities are not accepted",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := newHome(t, "")
			writeHuge(t, filepath.Join(home, "applicationHost.config"), c.head, c.repeat)
			began := time.Now()
			out, talk, code := command(t, "", "check", "--home", home)
			if code != 1 {
				t.Errorf("exit status %d, want 1", code)
			}
			if got := strings.ReplaceAll(out, home+"/", ""); got != c.want+"\n" {
				t.Errorf("check says\n%s%swant\n%s", got, talk, c.want)
			}
			t.Logf("refused after %v", time.Since(began))
		})
	}
}

func writeHuge(t *testing.T, path, head, repeat string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, mebibyte)
	_, _ = w.WriteString(head)
	for n := 0; n < 100*mebibyte; n += len(repeat) {
		_, _ = w.WriteString(repeat)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}
