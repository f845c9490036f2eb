package replay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/replay"
	"github.com/ftphost/ftphost/pkg/site"
)

// config has a site for each kind of decision.
const config = `<configuration>
<system.applicationHost><sites>
<site name="main" id="1"><application path="/"><virtualDirectory path="/" physicalPath="$HOME/content" /><virtualDirectory path="/pub" physicalPath="$HOME/content" /></application>
<bindings><binding protocol="ftp" bindingInformation="*:21:" /></bindings>
<ftpServer><security><ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
<commandFiltering><add command="SITE" allowed="false" /></commandFiltering>
<authentication><anonymousAuthentication enabled="true" /><basicAuthentication enabled="true" /></authentication></security></ftpServer></site>
<site name="strict" id="2"><application path="/"><virtualDirectory path="/" physicalPath="$HOME/content" /></application>
<bindings><binding protocol="ftp" bindingInformation="*:2121:" /></bindings>
<ftpServer><security><ssl controlChannelPolicy="SslRequire" dataChannelPolicy="SslRequire" />
<authentication><basicAuthentication enabled="true" /></authentication></security></ftpServer></site>
<site name="homes" id="3"><application path="/"><virtualDirectory path="/" physicalPath="$HOME/content" /></application>
<bindings><binding protocol="ftp" bindingInformation="*:2222:" /></bindings>
<ftpServer><userIsolation mode="IsolateAllDirectories" /><security><ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
<authentication><basicAuthentication enabled="true" /></authentication></security></ftpServer></site>
<site name="off" id="4"><application path="/"><virtualDirectory path="/" physicalPath="$HOME/content" /></application>
<bindings><binding protocol="ftp" bindingInformation="*:2323:" /></bindings><ftpServer serverAutoStart="false" /></site>
</sites></system.applicationHost>
<system.ftpServer><security><authorization><add accessType="Allow" users="*" permissions="Read" /></authorization></security></system.ftpServer>
<location path="main"><system.ftpServer><security>
<ipSecurity><add ipAddress="192.0.2.66" allowed="false" /></ipSecurity>
<requestFiltering><fileExtensions><add fileExtension=".exe" allowed="false" /></fileExtensions>
<hiddenSegments><add segment="bin" /></hiddenSegments></requestFiltering>
</security></system.ftpServer></location>
<location path="main/in"><system.ftpServer><security><authorization>
<add accessType="Allow" roles="Editors" permissions="Read, Write" />
<add accessType="Deny" users="bob" permissions="Write" />
</authorization></security></system.ftpServer></location>
<location path="main/named"><system.ftpServer><security>
<ipSecurity enableReverseDns="true"><add domainName="bad.example.com" allowed="false" /></ipSecurity>
</security></system.ftpServer></location>
<location path="main/plus+sign"><system.ftpServer><security><authorization>
<add accessType="Allow" users="ann" permissions="Write" />
</authorization></security></system.ftpServer></location>
<location path="main/grün"><system.ftpServer><security><authorization>
<add accessType="Allow" users="ann" permissions="Write" />
</authorization></security></system.ftpServer></location>
</configuration>
`

const accounts = `<configuration><localAccounts><users>
<add name="ann" password="" enabled="true" /><add name="bob" password="" enabled="true" /><add name="old" password="" enabled="false" />
</users><groups>
<group name="Editors"><add user="ann" /><add user="bob" /></group></groups></localAccounts></configuration>
`

// sites builds the sites of config; config and accounts are of ours.
func sites(t testing.TB) *site.Snapshot {
	t.Helper()
	home := compile.NewHome(t.TempDir())
	for name, text := range map[string]string{
		home.Config: strings.ReplaceAll(config, "$HOME", filepath.ToSlash(home.Dir)), home.Accounts(): accounts,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(home.Dir, "content", "LocalUser", "ann"), 0o700); err != nil {
		t.Fatal(err)
	}
	snapshot, problems := compile.Open(home)
	if snapshot == nil || len(snapshot.Sites) != 3 {
		t.Fatalf("%v", problems)
	}
	return snapshot
}

// fields are the columns of the lines in tests.
const fields = "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath\n"

// full writes a line of a test, ip user method argument status win32 sub
// session path, with the columns that never change.
func full(lines string) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		v := strings.Fields(line)
		if len(v) != 9 {
			panic(line)
		}
		fmt.Fprintf(&b, "2023-12-29 08:01:24 %s %s 10.0.0.1 21 %s\n", v[0], v[1], strings.Join(v[2:], " "))
	}
	return fields + b.String()
}

// logged writes a log of one site.
func logged(t testing.TB, folder, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "u_ex231229.log")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// told is a report in short: for each group what, count, step, words of the
// deciding line, line of the example.
func told(r *replay.Report) string {
	var b strings.Builder
	for _, list := range []struct {
		what   string
		groups []*replay.Group
	}{{"refused", r.RefusedNow}, {"allowed", r.AllowedNow}} {
		for _, g := range list.groups {
			fmt.Fprintf(&b, "%s %d %s: %s | %s | line %s\n", list.what, g.Count, g.Step, g.Text, decides(g.Origin), g.Example[strings.LastIndexByte(g.Example, ':')+1:])
		}
	}
	return b.String()
}

// decides is the text at a place of config.
func decides(origin string) string {
	parts := strings.Split(origin, ":")
	if len(parts) < 3 {
		return origin
	}
	var line int
	if _, err := fmt.Sscan(parts[len(parts)-2], &line); err != nil {
		return origin
	}
	return strings.TrimSpace(strings.Split(config, "\n")[line-1])
}

func run(t testing.TB, o replay.Options, files ...string) *replay.Report {
	t.Helper()
	r, err := replay.Run(t.Context(), sites(t), o, files)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDifferences(t *testing.T) {
	const login = "192.0.2.1 - ControlChannelOpened - - 0 0 s1 -\n192.0.2.1 - USER ann 331 0 0 s1 -\n192.0.2.1 PC\\ann PASS *** 230 0 0 s1 /\n"
	for _, c := range []struct{ name, folder, lines, want string }{
		{"nothing", "FTPSVC1", login + "192.0.2.1 PC\\ann RETR a.txt 226 0 0 s1 /a.txt\n192.0.2.1 PC\\ann STOR a.txt 550 5 1 s1 /a.txt\n", ""},
		{
			"write", "FTPSVC1", login + "192.0.2.1 PC\\ann STOR a.txt 226 0 0 s1 /a.txt\n192.0.2.1 PC\\ann dele b.txt 250 0 0 s1 /b.txt\n192.0.2.1 PC\\ann STOR c 226 0 0 s1 /in/c\n",
			"refused 2 authorization: no authorization rule grants Write |  | line 6\n",
		},
		{
			"denied", "FTPSVC1", "192.0.2.1 PC\\bob STOR a 226 0 0 s1 /in/a\n",
			"refused 1 authorization: an authorization rule denies Write | <add accessType=\"Deny\" users=\"bob\" permissions=\"Write\" /> | line 3\n",
		},
		{
			"granted", "FTPSVC1", "192.0.2.1 PC\\ann STOR a 550 5 1 s1 /IN/a\n",
			"allowed 1 authorization: this rule allows Write | <add accessType=\"Allow\" roles=\"Editors\" permissions=\"Read, Write\" /> | line 3\n",
		},
		{
			"account", "FTPSVC1", "192.0.2.1 - USER eve 331 0 0 s1 -\n192.0.2.1 PC\\eve PASS *** 230 0 0 s1 /\n192.0.2.1 PC\\eve STOR a 226 0 0 s1 /a\n",
			"refused 1 account: no source of accounts knows \"eve\" (sub-status 41) |  | line 4\n",
		},
		{
			"disabled", "FTPSVC1", "192.0.2.1 - USER old 331 0 0 s1 -\n192.0.2.1 PC\\old PASS *** 230 0 0 s1 /\n",
			"refused 1 account: the account is disabled (sub-status 41) |  | line 4\n",
		},
		{"wrong password", "FTPSVC1", "192.0.2.1 - USER ann 331 0 0 s1 -\n192.0.2.1 - PASS *** 530 1326 41 s1 -\n", ""},
		{
			"anonymous", "FTPSVC1", "192.0.2.1 - USER ftp 331 0 0 s1 -\n192.0.2.1 - PASS me@ 530 1326 42 s1 -\n192.0.2.1 - PASS me@ 530 1326 42 s2 -\n",
			"allowed 2 account: anonymous access is on, with any password |  | line 4\n",
		},
		{
			"no anonymous", "FTPSVC3", "192.0.2.1 - USER anonymous 331 0 0 s1 -\n192.0.2.1 - PASS me@ 230 0 0 s1 /\n192.0.2.1 - LIST - 226 0 0 s1 /\n",
			"refused 1 account: anonymous login is not allowed (sub-status 42) |  | line 4\n",
		},
		{
			"address", "FTPSVC1", "192.0.2.66 - ControlChannelOpened - - 0 0 s1 -\n192.0.2.66 - USER ann 331 0 0 s1 -\n192.0.2.66 - PASS *** 230 0 0 s1 /\n",
			"refused 1 client address: an entry denies 192.0.2.66 | <ipSecurity><add ipAddress=\"192.0.2.66\" allowed=\"false\" /></ipSecurity> | line 4\n",
		},
		{
			"address served", "FTPSVC1", "192.0.2.1 - ControlChannelOpened - - 0 0 s1 -\n192.0.2.1 - ControlChannelClosed - - 5 4 s1 -\n192.0.2.66 - ControlChannelClosed - - 5 4 s2 -\n",
			"allowed 1 client address: no entry matches the address, and allowUnlisted is true |  | line 4\n",
		},
		{
			"filter", "FTPSVC1", login + "192.0.2.1 PC\\ann RETR a.EXE 226 0 0 s1 /a.EXE\n192.0.2.1 PC\\ann SIZE b.exe 213 0 0 s1 /b.exe\n192.0.2.1 PC\\ann CWD bin 250 0 0 s1 /bin\n192.0.2.1 PC\\ann RETR b 550 5 11 s1 /b\n",
			"refused 2 request filter: the extension of \"a.EXE\" is not allowed | <requestFiltering><fileExtensions><add fileExtension=\".exe\" allowed=\"false\" /></fileExtensions> | line 6\n" +
				"refused 1 request filter: \"bin\" is a hidden segment | <hiddenSegments><add segment=\"bin\" /></hiddenSegments></requestFiltering> | line 8\n" +
				"allowed 1 request filter: the path passes |  | line 9\n",
		},
		{
			"command", "FTPSVC1", login + "192.0.2.1 PC\\ann SITE HELP 211 0 0 s1 -\n192.0.2.1 PC\\ann XFOO - 200 0 0 s1 -\n192.0.2.1 PC\\ann NOOP - 502 0 51 s1 -\n",
			"refused 1 command: there is no command XFOO in the site's feature set |  | line 7\n" +
				"refused 1 command: commandFiltering does not allow SITE | <commandFiltering><add command=\"SITE\" allowed=\"false\" /></commandFiltering> | line 6\n" +
				"allowed 1 command: NOOP is a command of the site |  | line 8\n",
		},
		{
			"virtual directory", "FTPSVC1", login + "192.0.2.1 PC\\ann CWD pub 250 0 0 s1 /pub\n192.0.2.1 PC\\ann RMD pub 550 5 5 s1 /pub\n", "",
		},
		{
			"clear text", "FTPSVC2", "192.0.2.1 - ControlChannelOpened - - 0 0 s1 -\n192.0.2.1 - USER ann 331 0 0 s1 -\n192.0.2.1 - PASS *** 230 0 0 s1 /\n",
			"refused 1 control channel: SSL policy requires SSL for control channel. | <ftpServer><security><ssl controlChannelPolicy=\"SslRequire\" dataChannelPolicy=\"SslRequire\" /> | line 4\n",
		},
		{"clear text not known", "FTPSVC2", "192.0.2.1 - USER ann 331 0 0 s1 -\n192.0.2.1 - PASS *** 230 0 0 s1 /\n", ""},
		{
			"no clear text then", "FTPSVC1", "192.0.2.1 - USER ann 534 0 26 s1 -\n",
			"allowed 1 control channel: clear text is allowed | <ftpServer><security><ssl controlChannelPolicy=\"SslAllow\" dataChannelPolicy=\"SslAllow\" /> | line 3\n",
		},
		{
			"home", "FTPSVC3", "192.0.2.1 - USER bob 331 0 0 s1 -\n192.0.2.1 - PASS *** 230 0 0 s1 /\n192.0.2.1 - USER ann 331 0 0 s2 -\n192.0.2.1 - PASS *** 230 0 0 s2 /\n",
			"refused 1 home directory: ... |  | line 4\n",
		},
		{"plus", "FTPSVC1", login + "192.0.2.1 PC\\ann STOR a 226 0 0 s1 /plus+sign/a\n192.0.2.1 PC\\ann RETR a 226 0 0 s1 /plus+sign/a\n", ""},
		{"letters", "FTPSVC1", login + "192.0.2.1 PC\\ann STOR a 226 0 0 s1 /grün/a\n192.0.2.1 PC\\ann STOR a 226 0 0 s1 /GR\xdcN/a\n", ""},
		{
			"set time", "FTPSVC1", login + "192.0.2.1 PC\\ann MDTM 20240101000000+a 213 0 0 s1 /a\n192.0.2.1 PC\\ann MDTM a 213 0 0 s1 /a\n",
			"refused 1 authorization: no authorization rule grants Write |  | line 6\n",
		},
		{"stopped", "FTPSVC4", login, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, replay.Options{}, logged(t, c.folder, full(c.lines)))
			got := told(r)
			if before, after, cut := strings.Cut(c.want, "..."); cut {
				if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) {
					t.Errorf("got\n%swant\n%s", got, c.want)
				}
			} else if got != c.want {
				t.Errorf("got\n%swant\n%s%+v", got, c.want, r.NotCompared)
			}
			var skipped, different int64
			for _, reason := range r.NotCompared {
				skipped += reason.Lines
			}
			for _, g := range append(r.RefusedNow, r.AllowedNow...) {
				different += g.Count
			}
			if different != r.Differ || r.Compared+skipped != r.Lines {
				t.Errorf("%d of %d lines were compared and %d not; %d differ, %d in groups", r.Compared, r.Lines, skipped, r.Differ, different)
			}
		})
	}
}

// TestForms reads one difference and one agreement in every form a log may
// have.
func TestForms(t *testing.T) {
	const plain = "192.0.2.1 - USER ann 331 0 0 s1 -\n192.0.2.1 PC\\ann PASS *** 230 0 0 s1 /\n192.0.2.1 PC\\ann STOR a.txt 226 0 0 s1 /a.txt\n192.0.2.1 PC\\ann RETR a.txt 226 0 0 s1 /a.txt\n"
	line := func(values string) string { return "2023-12-29 08:01:24 " + values + "\n" }
	const want = "refused 1 authorization: no authorization rule grants Write |  | line "
	for _, c := range []struct {
		name, text, at string
		options        replay.Options
		folder         string
		compared       int64
	}{
		{name: "lf", text: full(plain), at: "5", compared: 4},
		{name: "crlf", text: strings.ReplaceAll(full(plain), "\n", "\r\n"), at: "5", compared: 4},
		{name: "mark", text: "\ufeff" + strings.TrimPrefix(full(plain), "#Software: Microsoft Internet Information Services 10.0\n"), at: "4", compared: 4},
		{name: "no end of line", text: strings.TrimSuffix(full(plain), "\n"), at: "5", compared: 4},
		{name: "packed", text: packed(full(plain)), at: "5", compared: 4},
		{name: "damaged", text: full(plain) + "2023-12-29 08:0\n\x00\x00\x00\n\xff\xfe garbage\n" + strings.Repeat("x", 200_000) + "\n" + line("192.0.2.1"), at: "5", compared: 4},
		{name: "columns change", text: full(plain) + "#Fields: date time c-ip cs-username cs-method cs-uri-stem sc-status sc-substatus x-fullpath\n" + line(`192.0.2.1 PC\ann RETR b 226 0 /b`), at: "5", compared: 5},
		{name: "other order", text: "#Fields: x-fullpath x-session sc-substatus sc-status cs-uri-stem cs-method cs-username c-ip\n/a s1 0 226 a STOR PC\\ann 192.0.2.1\n", at: "2", compared: 1},
		{name: "no address", text: "#Fields: cs-username cs-method cs-uri-stem sc-status sc-substatus x-session x-fullpath\nPC\\ann STOR a 226 0 s1 /a\n", at: "2", compared: 1},
		{name: "no path", text: "#Fields: c-ip cs-username cs-method cs-uri-stem sc-status sc-substatus x-session\n1.1.1.1 - USER ann 331 0 s\n1.1.1.1 PC\\ann PASS *** 230 0 s\n1.1.1.1 PC\\ann CWD in 250 0 s\n1.1.1.1 PC\\ann STOR a 226 0 s\n1.1.1.1 PC\\ann CDUP - 250 0 s\n1.1.1.1 PC\\ann STOR a+b 226 0 s\n", at: "7", compared: 6},
		{name: "no session", text: "#Fields: c-ip cs-username cs-method cs-uri-stem sc-status sc-substatus x-fullpath\n1.1.1.1 - USER ann 331 0 -\n1.1.1.1 PC\\ann PASS *** 230 0 /\n1.1.1.1 PC\\ann STOR a 226 0 /a\n", at: "4", compared: 3},
		{name: "no sub-status", text: "#Fields: c-ip cs-username cs-method cs-uri-stem sc-status x-session x-fullpath\n1.1.1.1 PC\\ann STOR a 226 s /a\n1.1.1.1 PC\\ann STOR a 550 s /in/a\n", at: "2", compared: 1},
		{name: "named site", folder: "x", text: full(plain), at: "5", options: replay.Options{Site: "MAIN"}, compared: 4},
		{name: "central", folder: "FTPSVC", text: "#Fields: cs-username s-sitename cs-method cs-uri-stem sc-status sc-substatus x-session x-fullpath\nPC\\ann FTPSVC1 STOR a 226 0 s1 /a\nPC\\ann FTPSVC9 STOR a 226 0 s1 /a\n", at: "2", compared: 1},
		{name: "old service", text: full(plain) + "#Software: Microsoft Internet Information Services 6.0\n#Fields: time c-ip cs-method cs-uri-stem sc-status\n08:01:24 192.0.2.1 [1]USER ann 331\n08:01:24 192.0.2.1 [1]created a.txt 226\n", at: "5", compared: 4},
		{name: "web", text: full(plain) + "#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status\n2023-12-29 08:01:24 GET / - 200\n", at: "5", compared: 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := c.folder
			if folder == "" {
				folder = "FTPSVC1"
			}
			r := run(t, c.options, logged(t, folder, c.text))
			if got := told(r); got != want+c.at+"\n" || r.Compared != c.compared {
				t.Errorf("compared %d of %d, want %d, not %+v\ngot  %swant %s%s\n", r.Compared, r.Lines, c.compared, r.NotCompared, got, want, c.at)
			}
		})
	}
}

func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// TestComputer tells whose accounts are the local ones.
func TestComputer(t *testing.T) {
	name := logged(t, "FTPSVC1", full("192.0.2.1 OLDPC\\ann RETR a 226 0 0 s1 /a\n192.0.2.1 - USER OLDPC\\ann 331 0 0 s2 -\n192.0.2.1 OLDPC\\ann PASS *** 230 0 0 s2 /\n"))
	guess := run(t, replay.Options{}, name)
	if got, want := told(guess), "refused 1 account: no source of accounts knows \"OLDPC\\\\ann\" (sub-status 41) |  | line 5\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
	if len(guess.Notes) != 1 || !strings.Contains(guess.Notes[0], "OLDPC is taken for the name of the old computer") {
		t.Errorf("notes %q", guess.Notes)
	}
	if said := run(t, replay.Options{Computer: "oldpc"}, name); told(said) != "" || len(said.Notes) > 0 {
		t.Errorf("got %s%q", told(said), said.Notes)
	}
	if other := run(t, replay.Options{Computer: "else"}, name); other.Differ != 2 {
		t.Errorf("got %s", told(other))
	}
}

// TestNotKnown: what only the network could tell is not guessed.
func TestNotKnown(t *testing.T) {
	r := run(t, replay.Options{}, logged(t, "FTPSVC1", full("192.0.2.1 PC\\ann RETR a 226 0 0 s1 /named/a\n192.0.2.1 PC\\ann RETR a 550 5 4 s1 /named/a\n")))
	if r.Differ != 0 || len(r.NotCompared) != 1 || r.NotCompared[0].Lines != 2 || r.NotCompared[0].Why != "commands that the name of the client's address decides" {
		t.Errorf("%+v", r)
	}
}

// TestLongValues: what is long is not kept.
func TestLongValues(t *testing.T) {
	long := strings.Repeat("x", 5000)
	r := run(t, replay.Options{}, logged(t, "FTPSVC1", full(
		"192.0.2.1 - USER "+long+" 331 0 0 s1 -\n192.0.2.1 - PASS *** 230 0 0 s1 /\n192.0.2.1 PC\\"+long+" RETR a 226 0 0 s2 /a\n"+
			"192.0.2.1 PC\\ann RETR a 226 0 0 "+long+" /a\n192.0.2.1 PC\\ann STOR a 226 0 0 s3 /"+long+"\n192.0.2.1 PC\\ann CWD a 250 0 0 s3 /bin/"+long+"\n")))
	text := fmt.Sprintf("%+v", r.NotCompared)
	for _, g := range r.RefusedNow {
		text += fmt.Sprintf("%+v", *g)
	}
	if r.Differ != 2 || len(text) > 4000 {
		t.Errorf("%d differ\n%s", r.Differ, text)
	}
}

// TestOtherSite: a session that names another site has its lines there too.
func TestOtherSite(t *testing.T) {
	var b strings.Builder
	b.WriteString("#Fields: c-ip cs-username s-sitename s-port cs-method cs-uri-stem sc-status sc-substatus x-session x-fullpath\n")
	for _, line := range []string{
		"FTPSVC1 21 ControlChannelOpened - - 0 s -", "FTPSVC1 21 USER ann 331 0 s -", "FTPSVC1 21 PASS *** 230 0 s /",
		"FTPSVC3 21 HOST homes 220 0 s -", "FTPSVC3 21 USER bob 331 0 s -", "FTPSVC3 21 PASS *** 230 0 s /",
	} {
		b.WriteString("192.0.2.66 - " + line + "\n")
	}
	// The first site does not serve the address, so that nothing follows.
	r := run(t, replay.Options{}, logged(t, "FTPSVC", b.String()))
	if got := told(r); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "refused 1 client address") {
		t.Errorf("got %s", got)
	}
	r = run(t, replay.Options{}, logged(t, "FTPSVC", strings.ReplaceAll(b.String(), ".66", ".1")))
	if got := told(r); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "refused 1 home directory") {
		t.Errorf("got %s", got)
	}
}

// TestBounds: a log that names ever new things costs no more than others.
func TestBounds(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "192.0.2.1 - USER u%d 331 0 0 s%d -\n192.0.2.1 - PASS *** 230 0 0 s%d /\n192.0.2.1 PC\\ann XV%d - 200 0 0 t%d -\n", i, i, i, i, i)
	}
	r := run(t, replay.Options{}, logged(t, "FTPSVC1", full(b.String())))
	counted := r.Ungrouped
	for _, g := range r.RefusedNow {
		counted += g.Count
	}
	if r.Differ != 6000 || counted != r.Differ || len(r.RefusedNow) > 500 {
		t.Errorf("%d differ, %d counted in %d groups", r.Differ, counted, len(r.RefusedNow))
	}
}

func TestProblems(t *testing.T) {
	good := logged(t, "FTPSVC1", full("192.0.2.1 PC\\ann RETR a 226 0 0 s1 /a\n"))
	text := packed(full(strings.Repeat("192.0.2.1 PC\\ann RETR a 226 0 0 s1 /a\n", 9)))
	torn := logged(t, "FTPSVC1", text[:len(text)-9])
	r, err := replay.Run(t.Context(), sites(t), replay.Options{}, []string{torn, filepath.Join(t.TempDir(), "none"), good})
	if err == nil || !strings.Contains(err.Error(), torn) || !strings.Contains(err.Error(), "none") || r.Compared < 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := replay.Run(t.Context(), sites(t), replay.Options{Site: "x"}, nil); err == nil || err.Error() != `there is no ftp site "x"; there are: homes, main, off, strict` {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	long := logged(t, "FTPSVC1", full(strings.Repeat("192.0.2.1 PC\\ann RETR a 226 0 0 s1 /a\n", 10_000)))
	if r, err := replay.Run(ctx, sites(t), replay.Options{}, []string{long}); err == nil || r.Lines >= 10_000 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"FTPSVC2/u_ex2.log", "FTPSVC1/u_ex1.LOG", "FTPSVC1/u_ex2.log.gz", "FTPSVC1/u_ex1.json"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := replay.Files([]string{dir})
	if got := strings.ReplaceAll(strings.Join(files, " "), dir+string(filepath.Separator), ""); err != nil || filepath.ToSlash(got) != "FTPSVC1/u_ex1.LOG FTPSVC1/u_ex2.log.gz FTPSVC2/u_ex2.log" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := replay.Files([]string{t.TempDir()}); err == nil {
		t.Error("an empty folder is no error")
	}
}

// FuzzReplay: whatever a log holds, every line is counted once or more.
func FuzzReplay(f *testing.F) {
	f.Add([]byte(full("192.0.2.1 - USER ann 331 0 0 s1 -\n192.0.2.1 PC\\ann PASS *** 230 0 0 s1 /\n192.0.2.1 PC\\ann STOR a+b 226 0 0 s1 /a+b\n")))
	f.Add([]byte("#Fields: cs-method sc-status\nLIST 226\n[1]USER 331\n"))
	f.Add([]byte("#Fields: c-ip cs-username s-sitename s-computername s-port cs-method cs-uri-stem sc-status sc-substatus\n::1 A\\b FTPSVC1 A 990 MDTM 20240101000000+\xff 550 1\n"))
	f.Add([]byte(packed(fields)))
	snapshot := sites(f)
	dir := filepath.Join(f.TempDir(), "FTPSVC1")
	if err := os.Mkdir(dir, 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		name := filepath.Join(t.TempDir(), "x.log")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := replay.Run(t.Context(), snapshot, replay.Options{Site: "main"}, []string{name})
		if r == nil {
			t.Fatal(err)
		}
		var skipped int64
		for _, reason := range r.NotCompared {
			skipped += reason.Lines
		}
		if r.Compared+skipped < r.Lines || r.Differ > r.Compared {
			t.Errorf("%d lines, %d compared, %d not, %d differ", r.Lines, r.Compared, skipped, r.Differ)
		}
	})
}
