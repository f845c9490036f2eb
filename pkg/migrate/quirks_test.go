package migrate_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/migrate"
)

// file makes a configuration of a site, named S, and what else stands in it.
func file(site, rest string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<configuration>
    <system.applicationHost><sites>
        ` + site + `
    </sites></system.applicationHost>
    ` + rest + `
</configuration>
`
}

// parts of a site that a quirk changes.
type parts struct{ attrs, folders, bindings, ftp, server, security string }

func site(p parts) string {
	if p.folders == "" {
		p.folders = `<application path="/"><virtualDirectory path="/" physicalPath="C:\ftp" /></application>`
	}
	if p.bindings == "" {
		p.bindings = `<binding protocol="ftp" bindingInformation="*:21:" />`
	}
	if p.attrs == "" {
		p.attrs = `id="1"`
	}
	if !strings.Contains(p.security, "<ssl ") {
		p.security += `<ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />`
	}
	if !strings.Contains(p.security, "<authentication") {
		p.security += `<authentication><basicAuthentication enabled="true" /></authentication>`
	}
	return fmt.Sprintf("<site name=\"S\" %s>%s<bindings>%s</bindings>\n<ftpServer %s>%s<security>%s</security></ftpServer></site>",
		p.attrs, p.folders, p.bindings, p.server, p.ftp, p.security)
}

func rules(text string) string {
	return `<location path="S"><system.ftpServer><security><authorization>` + text + `</authorization></security></system.ftpServer></location>`
}

func plain() string { return file(site(parts{}), rules(allow)) }

const allow = `<add accessType="Allow" users="ann" permissions="Read" />`

// TestEveryQuirk has what is seen in real files: assess names it, and check names
// its line or passes. want is empty for what no one need be told; each of its
// lines is a severity, a kind and words of the finding.
func TestEveryQuirk(t *testing.T) {
	for _, q := range []struct {
		name, text string
		want       []string
	}{
		// the file
		{"byte order mark", "\xEF\xBB\xBF" + plain(), []string{"maps file: byte order mark"}},
		{"UTF-16", utf16Text(strings.Replace(plain(), "UTF-8", "utf-16", 1)), []string{"maps file: UTF-16"}},
		{"mixed line ends", strings.Replace(plain(), "\n", "\r\n", 3), []string{"maps file: line ends of Windows and of Unix are mixed (3 and"}},
		{"long line", file(site(parts{}), "<x>"+strings.Repeat("y", 700)+"</x>"), []string{"maps file: there is no limit"}},
		{"sample location in a comment", file(site(parts{}), `<!-- <location path="S" overrideMode="Allow" /> -->`), []string{"maps file: comments with elements: 1"}},
		{"document type", strings.Replace(plain(), "<configuration>", "<!DOCTYPE configuration []>\n<configuration>", 1), []string{"blocks file: "}},
		{"entity", file(site(parts{ftp: `<messages greetingMessage="a&#xA;b" />`}), rules(allow)), []string{"maps setting: line breaks, written as &#xA;"}},
		{"truncated", plain()[:len(plain())-40], []string{"blocks file: "}},
		{"second document", plain() + plain(), []string{"blocks file: "}},
		{"fragment", site(parts{}), []string{"blocks file: the root element is <site>, not <configuration>"}},
		{"doubled backslashes", file(site(parts{folders: root(`C:\\Sites\\ftp`)}), rules(allow)), []string{"maps path: ; doubled backslashes count once"}},
		// sections
		{"unknown sections", file(site(parts{}), `<system.webServer><rewrite /><webdav /></system.webServer><webFarms />`), []string{"maps web: rewrite, webdav, webFarms"}},
		{"no ftp site", file(`<site name="W" id="1"><bindings><binding protocol="http" bindingInformation="*:80:" /></bindings></site>`, `<system.ftpServer />`), []string{"decide site: nothing would be served"}},
		{"no ftp role", file(site(parts{}), ""), []string{"maps file: there is no system.ftpServer"}},
		{"empty sections", file(site(parts{}), `<system.ftpServer><log></log><firewallSupport /><caching></caching></system.ftpServer>`), []string{"maps setting: <log> is empty"}},
		{"own attributes of a site", file(site(parts{attrs: `id="1" owner="Jo"`}), rules(allow)), nil},
		{"unlocked section", `<configuration><configSections><sectionGroup name="system.ftpServer"><sectionGroup name="security"><section name="authorization" overrideModeDefault="Allow" /></sectionGroup></sectionGroup></configSections>` + strings.SplitN(plain(), "<configuration>", 2)[1], []string{"maps setting: overrideModeDefault says what a web.config may change"}},
		{"locks", file(site(parts{}), `<system.webServer><modules lockItem="true" /></system.webServer>`), []string{"maps setting: locks such as lockItem"}},
		{"rules inside the site", file(site(parts{security: "<authorization>" + allow + "</authorization>"}), ""), []string{"blocks rule: it belongs in system.ftpServer/security"}},
		{"passive range of a site", file(site(parts{ftp: `<firewallSupport lowDataChannelPort="5000" />`}), ""), []string{"blocks passive range: the passive range is server-wide"}},
		{"server-wide ssl", file(site(parts{}), `<system.ftpServer><security><ssl /></security></system.ftpServer>`), []string{"blocks encryption: it belongs in ftpServer/security of a site"}},
		{"ssl under ftpServer", file(site(parts{ftp: `<ssl />`}), ""), []string{"blocks encryption: it belongs in the <security> element"}},
		{"configSource", file(site(parts{}), `<system.ftpServer><security><authorization configSource="a.config" /></security></system.ftpServer>`), []string{"blocks rule: configSource is not supported"}},
		// sites and bindings
		{"bindings of all kinds", file(site(parts{bindings: `<binding protocol="http" bindingInformation="*:80:" /><binding protocol="net.tcp" bindingInformation="808:*" /><binding protocol="net.pipe" bindingInformation="*" /><binding protocol="ftp" bindingInformation="*:21:" />`}), rules(allow)), []string{"maps web: not served: http *:80:, net.tcp 808:*, net.pipe *"}},
		{"no address", file(site(parts{bindings: ftpBinding(":21:")}), rules(allow)), []string{"maps binding: no address before the port"}},
		{"attributes the other way round", file(site(parts{bindings: `<binding bindingInformation="*:21:" protocol="ftp" />`}), rules(allow)), nil},
		{"protocol ftps", file(site(parts{bindings: `<binding protocol="ftps" bindingInformation="*:990:" />` + ftpBinding("*:21:")}), rules(allow)), []string{`decide binding: protocol "ftps" is not one IIS knows`}},
		{"no trailing colon", file(site(parts{bindings: ftpBinding("*:21")}), rules(allow)), []string{`decide binding: has no host part`}},
		{"host *", file(site(parts{bindings: ftpBinding("*:21:*")}), rules(allow)), []string{`decide binding: the host "*" is taken as no host name`}},
		{"two ports and a name", file(site(parts{bindings: ftpBinding("*:21:") + ftpBinding("*:210:localhost")}), rules(allow)), []string{"maps binding: port 210 is kept"}},
		{"port 22", file(site(parts{bindings: ftpBinding("*:22:")}), rules(allow)), []string{"decide binding: unless the SSH server"}},
		{"port 990", file(site(parts{bindings: ftpBinding("*:990:")}), rules(allow)), []string{"maps binding: implicit FTPS"}},
		{"foreign address", file(site(parts{bindings: ftpBinding("192.0.2.5:21:")}), rules(allow)), []string{"decide binding: this machine has no such address"}},
		{"own address", file(site(parts{bindings: ftpBinding("127.0.0.1:21:")}), rules(allow)), []string{"maps binding: this machine has the address 127.0.0.1"}},
		{"http on port 21", file(site(parts{bindings: `<binding protocol="http" bindingInformation="*:21:" />` + ftpBinding("*:2121:")}), rules(allow)), []string{"decide binding: HTTP answered on port 21"}},
		{"blank and named", file(site(parts{bindings: ftpBinding("*:21:") + ftpBinding("*:21:ftp.example.com")}), rules(allow)), nil},
		{"one binding twice", file(site(parts{})+strings.Replace(site(parts{attrs: `id="2"`}), `"S"`, `"T"`, 1), rules(allow)), []string{"blocks binding: is held by site S (applicationHost.config:4"}},
		{"Chinese name", strings.ReplaceAll(plain(), `"S"`, `"站点"`), []string{"maps site: letters beyond ASCII"}},
		{"name with spaces and dots", strings.ReplaceAll(plain(), `"S"`, `"ftp.example.com old"`), nil},
		{"auto start of the web site", file(site(parts{attrs: `id="1" serverAutoStart="false"`}), rules(allow)), []string{"maps site: serverAutoStart of <site> is for HTTP"}},
		{"stopped", file(site(parts{server: `serverAutoStart="false"`}), rules(allow)), []string{"maps site: the site is stopped"}},
		{"no id", file(site(parts{attrs: ` `}), rules(allow)), []string{"decide site: has no id"}},
		{"id twice", file(site(parts{})+strings.Replace(site(parts{bindings: ftpBinding("*:2121:")}), `"S"`, `"T"`, 1), rules(allow)), []string{"blocks site: belongs to site"}},
		{"id says where the log is", file(site(parts{attrs: `id="7"`}), rules(allow)), []string{"maps log: FTPSVC7"}},
		{"share with an account", file(site(parts{folders: `<application path="/"><virtualDirectory path="/" physicalPath="\\srv\ftp\x" userName="D\u" password="[enc:AesProvider:abc:enc]" /></application>`}), rules(allow)), []string{
			"decide path: HOME/drives/unc/srv/ftp/x", "decide virtual directory: the account D\\u", "decide secret: appcmd list vdir \"S/\" /text:password",
		}},
		{"another drive", file(site(parts{folders: root(`E:\data`)}), rules(allow)), []string{"maps path: HOME/drives/e/data"}},
		{"unknown variable", file(site(parts{folders: root(`%CURRENT_WATTSPATH%\ftp`)}), rules(allow)), []string{"blocks path: %CURRENT_WATTSPATH% has no value here"}},
		{"system drive", file(site(parts{folders: root(`%SystemDrive%\inetpub\ftproot`)}), rules(allow)), []string{"maps path: HOME/drives/c/inetpub/ftproot"}},
		{"nested applications", file(site(parts{folders: root(`C:\ftp`) + `<application path="/Framework/Facade"><virtualDirectory path="/" physicalPath="C:\facade" /></application>`}), rules(allow)), []string{"maps path: HOME/drives/c/facade"}},
		{"folders per user", file(site(parts{folders: `<application path="/"><virtualDirectory path="/" physicalPath="C:\ftp" /><virtualDirectory path="/alice" physicalPath="C:\alice" /></application>`}),
			`<location path="S/alice"><system.ftpServer><security><authorization><remove users="*" roles="" permissions="Read" /><add accessType="Allow" users="alice" permissions="Read, Write" /></authorization></security></system.ftpServer></location>`), []string{"maps rule: remove takes away"}},
		{"homes as virtual directories", file(site(parts{folders: `<application path="/"><virtualDirectory path="/" physicalPath="C:\ftp" /><virtualDirectory path="/LocalUser/ann" physicalPath="C:\ann" /></application>`, ftp: `<userIsolation mode="IsolateAllDirectories" />`}), rules(allow)), []string{"maps isolation: is the home of ann"}},
		// ftpServer
		{"no certificate and SslAllow", plain(), []string{"decide encryption: passwords can be read on the way"}},
		{"no ssl at all", file(strings.Replace(site(parts{}), `<ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />`, "", 1), rules(allow)), []string{"blocks encryption: nobody can log in"}},
		{"logins by siteDefaults", file(site(parts{security: "<authentication />"})+`<siteDefaults><ftpServer><security><authentication><basicAuthentication enabled="true" /></authentication></security></ftpServer></siteDefaults>`, rules(allow)), []string{"maps account: basicAuthentication is enabled by siteDefaults"}},
		{"children in another order", file(site(parts{ftp: `<userIsolation mode="None" />`}), rules(allow)), nil},
		{"empty providers", file(site(parts{security: `<authentication><customAuthentication><providers /></customAuthentication><basicAuthentication enabled="true" /></authentication>`}), rules(allow)), []string{"maps provider: an empty <providers>"}},
		{"numbers for names", file(site(parts{security: `<ssl controlChannelPolicy="0" dataChannelPolicy="0" />`, ftp: `<directoryBrowse showFlags="36" />`}), rules(allow)), []string{"maps setting: controlChannelPolicy is written as the number 0, which is SslAllow", "maps setting: showFlags is written as the number 36"}},
		{"certificate in lower case", file(site(parts{security: `<ssl serverCertHash="abcdef0123456789abcdef0123456789abcdef01" serverCertStoreName="My" controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />`}), rules(allow)), []string{"decide certificate: certutil -exportPFX -p PASSWORD My ABCDEF0123456789ABCDEF0123456789ABCDEF01"}},
		{"client certificates", file(site(parts{security: `<sslClientCertificates clientCertificatePolicy="CertAllow" />`}), rules(allow)), []string{"decide client certificate: HOME/certificates/Root"}},
		{"client certificates unchecked", file(site(parts{security: `<sslClientCertificates clientCertificatePolicy="CertAllow" validationFlags="NoRevocationCheck" />`}), rules(allow)), []string{"maps client certificate: as on Windows"}},
		{"certificate that is required", file(site(parts{security: `<ssl serverCertHash="ABCDEF0123456789ABCDEF0123456789ABCDEF01" />`}), rules(allow)), []string{"blocks certificate: TLS is required, so nobody can log in, or"}},
		{"sample thumbprint", file(site(parts{security: `<ssl serverCertHash="57686f6120447564652c2049495320526f636b73" controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />`}), rules(allow)), []string{"decide certificate: sample of Microsoft's documentation"}},
		{"impersonationLevel", file(site(parts{ftp: `<customFeatures impersonationLevel="x" />`}), rules(allow)), []string{"blocks provider: impersonationLevel"}},
		{"state", file(site(parts{server: `state="Started" lastStartupStatus="0"`}), rules(allow)), []string{"maps setting: state is what IIS observed"}},
		{"truncateSize 1048575", file(site(parts{ftp: `<logFile truncateSize="1048575" />`}), rules(allow)), []string{"blocks log: is not between 1048576"}},
		{"flags of HTTP logs", file(site(parts{ftp: `<logFile logExtFileFlags="Date, HttpStatus" />`}), rules(allow)), []string{"blocks log: did you mean FtpStatus?"}},
		{"logFile of HTTP", file(strings.Replace(site(parts{}), "<ftpServer", `<logFile directory="C:\logs" /><ftpServer`, 1), rules(allow)), []string{"maps log: <logFile> of the site is for HTTP"}},
		// rules
		{"rules for the server and the site", file(site(parts{}), `<system.ftpServer><security><authorization><add accessType="Allow" users="?" permissions="Read" /></authorization></security></system.ftpServer>`+rules(`<add accessType="Allow" users="*" permissions="Read, Write" />`)), []string{"maps rule: these rules count for every FTP site"}},
		{"flags in any order", file(site(parts{}), rules(`<add accessType="Allow" users="a, b" roles="" permissions="Write,Read" />`)), nil},
		{"order of rules", file(site(parts{}), rules(`<add accessType="Allow" users="ann" permissions="Read" /><add accessType="Deny" users="*" permissions="Read" />`)), []string{"decide rule: this Deny wins"}},
		{"one rule twice", file(site(parts{}), rules(allow+allow)), []string{"blocks rule: "}},
		{"extension without a dot", file(site(parts{}), `<system.ftpServer><security><requestFiltering><fileExtensions><add fileExtension="exe" allowed="false" /><add fileExtension=".exe" allowed="false" /></fileExtensions></requestFiltering></security></system.ftpServer>`), []string{"maps rule: exe matches the same files as .exe"}},
		{"addresses", file(site(parts{}), `<system.ftpServer><security><ipSecurity><add ipAddress="10.0.0.0" subnetMask="8" /></ipSecurity></security></system.ftpServer>`), []string{"maps rule: an entry without allowed refuses", "maps rule: subnetMask 8 is a length"}},
		{"location without a site", file(site(parts{}), strings.Replace(rules(allow), `"S"`, `"Gone"`, 1)), []string{"maps rule: the location is for Gone"}},
		{"locations for one path", file(site(parts{}), rules(allow)+`<location path="S"><system.ftpServer><security><ipSecurity /></security></system.ftpServer></location>`), nil},
		{"one location twice", file(site(parts{}), rules(allow)+rules(`<add accessType="Allow" users="bob" permissions="Read" />`)), []string{"blocks rule: a second time"}},
		{"rule for nobody", file(site(parts{}), rules(`<add accessType="Allow" users="" permissions="Read" />`)), []string{`decide rule: matched nobody`}},
		{"rule for anonymous", file(site(parts{}), rules(`<add accessType="Allow" users="anonymous" permissions="Read" />`)), []string{`decide rule: users="?"`}},
		{"rule with semicolons", file(site(parts{}), rules(`<add accessType="Allow" users="a;b" permissions="Read" />`)), []string{`decide rule: semicolons separate nothing`}},
		{"group of Windows", file(site(parts{}), rules(`<add accessType="Allow" roles="BUILTIN\Benutzer" permissions="Read" />`)), []string{`decide account: ftphost group add "Benutzer"`}},
		{"account of a domain", file(site(parts{}), rules(`<add accessType="Allow" users="CORP\jo" permissions="Read" />`)), []string{`decide account: domain="CORP"`}},
		{"user and group of one name", file(site(parts{}), rules(`<add accessType="Allow" roles="ann" permissions="Read" /><add accessType="Allow" users="Ann" permissions="Read" />`)), []string{"decide account: there is an account of that name, and no group"}},
		{"names that cannot be", file(site(parts{}), rules(`<add accessType="Allow" users="a/b" roles="c/d" permissions="Read" />`)), []string{"decide account: no account can have that name", "decide account: no group can have that name"}},
		{"rule for all users", file(site(parts{}), rules(`<add accessType="Allow" users="All Users" permissions="Read" />`)), []string{`decide rule: users="*" when everybody is meant`}},
		// secrets
		{"encrypted with any provider", file(site(parts{ftp: `<userIsolation mode="ActiveDirectory"><activeDirectory adUserName="svc" adPassword="[enc:IISCngProvider:abc:enc]" /></userIsolation>`}), rules(allow)), []string{"decide secret: decrypted by IISCngProvider", "decide isolation: msIIS-FTPRoot"}},
		{"encrypted nothing", file(site(parts{security: `<authentication><anonymousAuthentication enabled="true" userName="x" password="[enc:AesProvider::enc]" /></authentication>`}), rules(allow)), []string{"maps secret: encrypted empty text"}},
		{"password in clear text", file(site(parts{security: `<authentication><anonymousAuthentication enabled="true" userName="x" password="hunter2" /></authentication>`}), rules(allow)), []string{"decide secret: clear text"}},
		{"session key", file(site(parts{}), `<configProtectedData><providers><add name="AesProvider" type="x" sessionKey="AQ==" /></providers></configProtectedData>`), []string{"maps secret: sessionKey"}},
		{"two configProtectedData", file(site(parts{}), `<configProtectedData /><configProtectedData />`), []string{"blocks secret: a second time"}},
		// providers
		{"custom authorization", file(site(parts{security: `<customAuthorization><provider name="P" enabled="true" /></customAuthorization>`}), rules(allow)), []string{"blocks provider: decided who may do what"}},
		{"unknown provider", file(site(parts{security: `<authentication><customAuthentication><providers><add name="Own" enabled="true" /></providers></customAuthentication></authentication>`}), rules(allow)), []string{"decide provider: is not registered", "blocks site: nobody can log in"}},
		{"homes by a program", file(site(parts{ftp: `<userIsolation mode="Custom" /><customFeatures><providers><add name="P" enabled="true" /></providers></customFeatures>`}), rules(allow)), []string{"decide isolation: a program said where", "decide provider: cannot run here"}},
		{"IIS Manager users", file(site(parts{security: `<authentication><customAuthentication><providers><add name="IisManagerAuth" enabled="true" /></providers></customAuthentication></authentication>`}),
			`<system.ftpServer><providerDefinitions><add name="IisManagerAuth" type="Microsoft.Web.FtpServer.Security.IisManagerAuthenticationProvider,Microsoft.Web.FtpServer" /></providerDefinitions></system.ftpServer>`), []string{"blocks account: there is no administration.config"}},
		// connections
		{"no passive range", plain(), []string{"decide passive range: 0-0"}},
		{"external address", file(site(parts{ftp: `<firewallSupport externalIp4Address="203.0.113.9" />`}), rules(allow)), []string{"decide passive range: 203.0.113.9"}},
		{"bandwidth", file(site(parts{ftp: `<connections maxBandwidth="4294967295" />`}), rules(allow)), []string{"maps setting: maxBandwidth has no effect"}},
		{"logs in a code page", file(site(parts{}), `<system.ftpServer><log logInUTF8="false" /></system.ftpServer>`), []string{"decide log: code page of the server"}},
	} {
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), compile.ConfigFile)
			write(t, path, q.text)
			plan, err := migrate.MakePlan(t.Context(), migrate.Settings{Files: []string{path}})
			if err != nil {
				t.Fatal(err)
			}
			blocks := false
			for _, want := range q.want {
				blocks = blocks || strings.HasPrefix(want, "blocks")
				if !found(&plan.Report, want) {
					t.Errorf("no finding %q in:\n%s", want, text(t, &plan.Report))
				}
			}
			if !blocks && plan.Report.Count(migrate.Blocks) > 0 {
				t.Errorf("something blocks that should not:\n%s", text(t, &plan.Report))
			}
			checkNamesTheLine(t, plan, q.text, blocks)
		})
	}
}

// checkNamesTheLine builds a home and lets check look at it.
func checkNamesTheLine(t *testing.T, plan *migrate.Plan, text string, blocks bool) {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	_, err := plan.Run(migrate.Options{Home: home}, t.Output())
	if errors.Is(err, migrate.ErrRefused) && blocks {
		for i := range plan.Report.Findings {
			if f := &plan.Report.Findings[i]; f.Severity == migrate.Blocks && f.Pos.Line == 0 {
				t.Errorf("a finding names no line: %+v", f)
			}
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	copied, err := os.ReadFile(filepath.Join(home, compile.ConfigFile))
	if err != nil || string(copied) != text {
		t.Errorf("the file was changed on the way, or not written: %v", err)
	}
	problems, _ := compile.Check(compile.NewHome(home))
	for _, p := range problems {
		switch {
		case p.Warning:
		case !blocks:
			t.Errorf("check finds an error that assess did not: %v", p)
		case p.Pos.Line == 0:
			t.Errorf("check names no line: %v", p)
		}
	}
}

// found looks for a finding by severity, kind and words.
func found(r *migrate.Report, want string) bool {
	head, words, _ := strings.Cut(want, ": ")
	severity, kind, _ := strings.Cut(head, " ")
	for i := range r.Findings {
		f := &r.Findings[i]
		if string(f.Severity) == severity && f.Kind == kind && strings.Contains(f.Windows+" "+f.Here+" "+f.Edit, words) {
			return true
		}
	}
	return false
}

func root(path string) string {
	return `<application path="/"><virtualDirectory path="/" physicalPath="` + path + `" /></application>`
}

func ftpBinding(info string) string {
	return `<binding protocol="ftp" bindingInformation="` + info + `" />`
}

func utf16Text(s string) string {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func text(t *testing.T, r *migrate.Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func write(t *testing.T, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}
