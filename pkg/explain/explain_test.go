package explain_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/explain"
	"github.com/ftphost/ftphost/pkg/site"
)

// config has a site for each way to be refused before a path is looked at.
const config = `<configuration>
<system.applicationHost><sites>
<site name="open" id="1"><application path="/"><virtualDirectory path="/" physicalPath="$HOME/content" /></application>
<bindings><binding protocol="ftp" bindingInformation="*:21:" /></bindings>
<ftpServer><security><ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
<commandFiltering><add command="DELE" allowed="false" /></commandFiltering>
<authentication><anonymousAuthentication enabled="true" /></authentication></security></ftpServer></site>
<site name="strict" id="2"><application path="/"><virtualDirectory path="/" physicalPath="$HOME/content" /></application>
<bindings><binding protocol="ftp" bindingInformation="*:21:strict.example.com" /></bindings>
<ftpServer><security>
<ssl controlChannelPolicy="SslRequireCredentialsOnly" dataChannelPolicy="SslDeny" />
<authentication><anonymousAuthentication enabled="true" /></authentication></security></ftpServer></site>
<site name="implicit" id="3"><application path="/"><virtualDirectory path="/" physicalPath="$HOME/content" /></application>
<bindings><binding protocol="ftp" bindingInformation="*:990:" /></bindings>
<ftpServer><security><authentication><basicAuthentication enabled="true" /></authentication></security></ftpServer></site>
<site name="nobody" id="4"><application path="/"><virtualDirectory path="/" physicalPath="$HOME/content" /></application>
<bindings><binding protocol="ftp" bindingInformation="*:2121:" /></bindings>
<ftpServer><security><ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslRequire" />
<authentication><basicAuthentication enabled="true" /></authentication></security></ftpServer></site>
<site name="off" id="5"><application path="/"><virtualDirectory path="/" physicalPath="$HOME/content" /></application>
<bindings><binding protocol="ftp" bindingInformation="*:2222:" /></bindings><ftpServer serverAutoStart="false" /></site>
<site name="managed" id="6"><application path="/"><virtualDirectory path="/" physicalPath="$HOME/content" /></application>
<bindings><binding protocol="ftp" bindingInformation="*:2323:" /></bindings>
<ftpServer><security><ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
<authentication><customAuthentication><providers><add name="IisManagerAuth" /><add name="AspNetAuth" /></providers></customAuthentication></authentication></security></ftpServer></site>
</sites></system.applicationHost>
<location path="managed"><system.ftpServer><security><authorization><add accessType="Allow" users="chief" permissions="Read" /></authorization></security></system.ftpServer></location>
<location path="open"><system.ftpServer><security><authorization><add accessType="Allow" users="*" permissions="Read" /></authorization></security></system.ftpServer></location>
<location path="nobody"><system.ftpServer><security><ipSecurity allowUnlisted="false">
<add ipAddress="192.0.2.0" subnetMask="255.255.255.0" allowed="true" />
</ipSecurity></security></system.ftpServer></location>
<location path="open/shut"><system.ftpServer><security><ipSecurity>
<add ipAddress="192.0.2.7" allowed="false" />
</ipSecurity></security></system.ftpServer></location>
<location path="strict"><system.ftpServer><security><authorization><add accessType="Allow" users="*" permissions="Read" /></authorization></security></system.ftpServer></location>
</configuration>
`

// managers are the IIS Manager users of the home.
const managers = `<configuration><system.webServer><management>
<authentication><credentials>
<add name="chief" password="6DA6F219DAC977DA75F2F2894F33ABAD5052AF2A60AE9219AF0E302EDDD5BBC4" />
<add name="other" password="6DA6F219DAC977DA75F2F2894F33ABAD5052AF2A60AE9219AF0E302EDDD5BBC4" />
</credentials></authentication>
<authorization><authorizationRules><scope path="/managed"><add name="chief" /></scope></authorizationRules></authorization>
</management></system.webServer></configuration>
`

func sites(t *testing.T) *site.Snapshot {
	t.Helper()
	home := compile.NewHome(t.TempDir())
	if err := os.Mkdir(filepath.Join(home.Dir, "content"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(home.Config, []byte(strings.ReplaceAll(config, "$HOME", home.Dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(home.Administration(), []byte(managers), 0o600); err != nil {
		t.Fatal(err)
	}
	snapshot, problems := compile.Open(home)
	if snapshot == nil {
		t.Fatal(problems)
	}
	return snapshot
}

// TestLastStep compares the step that decides, and what the client hears.
func TestLastStep(t *testing.T) {
	snapshot := sites(t)
	for _, c := range []struct {
		q     explain.Query
		want  string // step, text
		line  string // of config that decides; "" for none
		reply string // "" for none
	}{
		{explain.Query{Site: "OPEN", User: "ftp", Path: "/", Verb: "list"}, "file system: / can be read", "", ""},
		{explain.Query{Site: "open", User: "ftp", Path: "/x", Verb: "DELE"}, "command: commandFiltering does not allow DELE (sub-status 51)", `<add command="DELE"`, "502 Command not implemented."},
		{explain.Query{Site: "open", User: "ftp", Path: "/", Verb: "SYST"}, "path: SYST asks nothing of a path", "", ""},
		{explain.Query{Site: "open", User: "ftp", Path: "/", Verb: "SMNT"}, "command: SMNT is known and not served", "", "502 Command not implemented."},
		{explain.Query{Site: "managed", User: "Chief", Path: "/", Verb: "LIST"}, "file system: / can be read", "", ""},
		{explain.Query{Site: "managed", User: "other", Path: "/", Verb: "LIST"}, "account: the account has no permission for this site (sub-status 41)", "", "530 User cannot log in."},
		{explain.Query{Site: "managed", User: "jane", Path: "/", Verb: "LIST"}, `account: a source of accounts cannot run here, and no other one knows the user and the password: "AspNetAuth" (sub-status 34)`, "", "530 User cannot log in."},
		{explain.Query{Site: "open", User: "jane", Path: "/", Verb: "LIST"}, `account: no source of accounts knows "jane" (sub-status 41)`, "", "530 User cannot log in."},
		{
			explain.Query{Site: "strict", User: "ftp", Path: "/", Verb: "LIST"},
			"control channel: SSL policy requires SSL for credentials. (sub-status 26)", `<ssl controlChannelPolicy="SslRequireCredentialsOnly"`, "534 Policy requires SSL.",
		},
		{
			explain.Query{Site: "strict", User: "ftp", Path: "/", Verb: "LIST", TLS: true},
			"data channel: SSL policy denies SSL for data channel. (sub-status 27)", `dataChannelPolicy="SslDeny"`, "534 Policy denies SSL.",
		},
		{explain.Query{Site: "implicit", User: "jane", Path: "/", Verb: "LIST"}, "binding: *:990: is for connections that begin with TLS; who speaks in clear text there is not answered", `bindingInformation="*:990:"`, ""},
		{explain.Query{Site: "implicit", User: "jane", Path: "/", Verb: "LIST", TLS: true}, `account: no source of accounts knows "jane" (sub-status 41)`, "", "530 User cannot log in."},
		{
			explain.Query{Site: "nobody", User: "anonymous", Path: "/", Verb: "LIST", Client: netip.MustParseAddr("198.51.100.1")},
			"client address: no entry matches the address, and allowUnlisted is false (sub-status 4)", `<ipSecurity allowUnlisted="false">`,
			"421 Service not available, closing control connection.",
		},
		{
			explain.Query{Site: "open", User: "ftp", Path: "/shut/x", Verb: "RETR", Client: netip.MustParseAddr("192.0.2.7")},
			"client address: an entry denies 192.0.2.7 (sub-status 4)", `<add ipAddress="192.0.2.7"`, "550 Access is denied. ",
		},
		{explain.Query{Site: "nobody", User: "anonymous", Path: "/", Verb: "LIST"}, "account: anonymous login is not allowed (sub-status 42)", "", "530 User cannot log in."},
	} {
		name := fmt.Sprintf("%s %s %s %v", c.q.Site, c.q.User, c.q.Verb, c.q.TLS)
		answer, err := explain.Ask(t.Context(), snapshot, c.q)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		last := answer.Steps[len(answer.Steps)-1]
		if got := last.Name + ": " + last.Text; got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
		if allowed := last.Result == explain.Passed; allowed != answer.Allowed {
			t.Errorf("%s: allowed %v after a step that is %s", name, answer.Allowed, last.Result)
		}
		if c.line != "" && !strings.Contains(lineAt(t, last.Origin), c.line) {
			t.Errorf("%s: decided at %q, want %s", name, last.Origin, c.line)
		}
		if answer.Reply != c.reply {
			t.Errorf("%s: the client hears %q, want %q", name, answer.Reply, c.reply)
		}
	}
}

// lineAt is the line of config that a place names.
func lineAt(t *testing.T, place string) string {
	t.Helper()
	parts := strings.Split(place, ":")
	var line int
	if len(parts) < 3 {
		t.Fatalf("%q is no place", place)
	}
	if _, err := fmt.Sscan(parts[len(parts)-2], &line); err != nil {
		t.Fatal(err)
	}
	return strings.Split(config, "\n")[line-1]
}

func TestQuestionsWithoutSense(t *testing.T) {
	snapshot := sites(t)
	for name, want := range map[string]string{
		"web": `there is no ftp site "web"; those that run are: open, strict, implicit, nobody, managed`,
		"off": `site "off" is stopped: serverAutoStart is false`,
	} {
		if _, err := explain.Ask(t.Context(), snapshot, explain.Query{Site: name}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// TestNamedSite tells how the host is named.
func TestNamedSite(t *testing.T) {
	answer, err := explain.Ask(t.Context(), sites(t), explain.Query{Site: "strict", User: "jane", Verb: "NOOP", TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	const want = "*:21:strict.example.com leads to site strict, once the client has named the host: HOST strict.example.com, or strict.example.com|jane as the user name"
	if got := answer.Steps[0].Text; got != want {
		t.Errorf("got %s", got)
	}
	if answer.Steps[1].Result != explain.Unknown {
		t.Errorf("without a certificate: %+v", answer.Steps[1])
	}
}

// TestAllowedAddress tells which line lets the client in.
func TestAllowedAddress(t *testing.T) {
	answer, err := explain.Ask(t.Context(), sites(t), explain.Query{Site: "nobody", User: "jane", Verb: "NOOP", TLS: true, Client: netip.MustParseAddr("192.0.2.7")})
	if err != nil {
		t.Fatal(err)
	}
	s := answer.Steps[1]
	if s.Result != explain.Passed || s.Text != "192.0.2.7 may connect: an entry allows 192.0.2.0/24" || !strings.Contains(lineAt(t, s.Origin), `<add ipAddress="192.0.2.0"`) {
		t.Errorf("got %+v", s)
	}
}
