package apphost_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
	"github.com/ftphost/ftphost/schema"
)

// realSchema is the schema the program is built with.
func realSchema(t testing.TB) *apphost.Schema {
	t.Helper()
	names, err := fs.Glob(schema.FS, "*.xml")
	if err != nil || len(names) == 0 {
		t.Fatalf("schema documents: %v, %v", names, err)
	}
	var docs []*xmldoc.Document
	for _, name := range names {
		data, err := fs.ReadFile(schema.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := xmldoc.Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, doc)
	}
	s, err := apphost.ParseSchema(docs...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// odd is what real servers have in their files: stock comments with tags in
// them, web bindings and sections, third parties' groups, attributes of schema
// extensions, script-written spellings, leftovers of deleted sites.
const odd = "\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n" + `<!-- see the documentation -->
<configuration>
    <configSections>
        <!-- <location path="Default Web Site" overrideMode="Allow"> unlocks a section </location> -->
        <sectionGroup name="system.applicationHost">
            <section name="applicationPools" allowDefinition="AppHostOnly" overrideModeDefault="Deny" />
            <section name="sites" allowDefinition="AppHostOnly" overrideModeDefault="Deny" />
        </sectionGroup>
        <sectionGroup name="system.ftpServer" type="System.ApplicationHost.FtpServerGroup">
            <section name="log" overrideModeDefault="Deny" allowDefinition="AppHostOnly" />
            <section name="firewallSupport" overrideModeDefault="Deny" allowDefinition="AppHostOnly" />
            <section name="caching" overrideModeDefault="Deny" allowDefinition="AppHostOnly" />
            <section name="providerDefinitions" overrideModeDefault="Deny" />
            <sectionGroup name="security">
                <section name="ipSecurity" overrideModeDefault="Deny" />
                <section name="authorization" overrideModeDefault="Allow" />
            </sectionGroup>
            <section name="advancedThing" />
        </sectionGroup>
        <section name="webFarms" />
    </configSections>
    <configProtectedData>
        <providers>
            <add name="AesProvider" type="Microsoft.ApplicationHost.AesProtectedConfigurationProvider" keyContainerName="iisConfigurationKey" useOAEP="false" sessionKey="abc" />
        </providers>
    </configProtectedData>
    <system.applicationHost>
        <applicationPools><add name="DefaultAppPool" /></applicationPools>
        <sites>
            <site id="2" name="Default Web Site" owner="somebody" serverAutoStart="True">
                <application path="/" custom="1">
                    <virtualDirectory path="/" physicalPath="%SystemDrive%\inetpub\wwwroot" logonMethod="3" />
                    <virtualDirectory path="/share" physicalPath="\\server\share" userName="D\u" password="[enc:IISCngProvider:c2VjcmV0:enc]" />
                </application>
                <bindings>
                    <binding bindingInformation="*:80:" protocol="http" />
                    <binding protocol="net.tcp" bindingInformation="808:*" />
                    <binding protocol="net.pipe" bindingInformation="*" />
                    <binding protocol="https" bindingInformation="*:443:" sslFlags="0" certificateHash="00" />
                    <binding protocol="ftp" bindingInformation="*:21:" />
                </bindings>
                <limits connectionTimeout="00:02:00" maxUrlSegments="32" />
                <traceFailedRequestsLogging enabled="false" />
                <hsts enabled="false" max-age="0" />
                <ftpServer lastStartupStatus="0">
                    <userIsolation mode="3" />
                    <security>
                        <ssl controlChannelPolicy="0" dataChannelPolicy="0" serverCertStoreName="my" />
                        <authentication>
                            <anonymousAuthentication enabled="true" userName="IUSR" password="[enc:AesProvider::enc]" />
                            <basicAuthentication enabled="True" />
                        </authentication>
                    </security>
                    <directoryBrowse showFlags="4" />
                </ftpServer>
            </site>
            <siteDefaults><logFile directory="%SystemDrive%\inetpub\logs\LogFiles" /><ftpServer serverAutoStart="true" /></siteDefaults>
            <applicationDefaults applicationPool="DefaultAppPool" />
            <virtualDirectoryDefaults allowSubDirConfig="true" />
        </sites>
        <webLimits />
    </system.applicationHost>
    <system.webServer><modules><add name="x" lockItem="true" /></modules><rewrite /></system.webServer>
    <webFarms />
    <system.ftpServer>
        <log></log><firewallSupport /><caching></caching>
        <providerDefinitions />
        <advancedThing x="1"><y /></advancedThing>
        <security>
            <ipSecurity />
            <authorization>
                <add accessType="Allow" users="?" permissions="Read" />
                <add accessType="Allow" users="*" roles="" permissions="1" />
            </authorization>
        </security>
    </system.ftpServer>
    <location path="Gone Long Ago/x"><system.webServer><security /></system.webServer></location>
    <location path="default web site" overrideMode="Allow" inheritInChildApplications="false">
        <system.ftpServer><security><authorization>
            <remove users="*" roles="" permissions="Read" />
            <add accessType="Allow" users="a, b" permissions="Write,Read" />
        </authorization></security></system.ftpServer>
    </location>
</configuration>
`

func TestRealFileWithTheRealSchema(t *testing.T) {
	cfg, problems := apphost.Load(realSchema(t), document(t, "a", odd))
	var got []string
	for _, p := range problems {
		got = append(got, p.Error())
	}
	want := `a:34:98: system.applicationHost/sites: password is encrypted with the keys of another machine (IISCngProvider) and cannot be read here; write a new value where it is needed`
	if cfg == nil || strings.Join(got, "\n") != want {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	site := cfg.Section("system.applicationHost/sites", "").Entries()[0]
	ftp := site.Child("ftpServer")
	for _, c := range []struct{ got, want string }{
		{ftp.Attr("lastStartupStatus").Origin(), "default"},
		{ftp.Attr("serverAutoStart").Origin(), "a:58:97"},
		{ftp.Child("userIsolation").Attr("mode").Text, "3"},
		{list(site.Child("bindings").Entries(), "protocol"), "http net.tcp net.pipe https ftp"},
		{list(site.Entries()[0].Entries(), "allowSubDirConfig"), "true true"},
		{list(cfg.Section("system.ftpServer/security/authorization", "Default Web Site").Entries(), "users"), "? a, b"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestKnownMisplacements(t *testing.T) {
	s := realSchema(t)
	const site = `<system.applicationHost><sites><site name="s"><ftpServer>%</ftpServer></site></sites></system.applicationHost>`
	for _, c := range []struct{ text, want string }{
		{strings.Replace(site, "%", `<security><authorization /></security>`, 1), `unrecognized element <authorization> in <security>; it belongs in system.ftpServer/security, at the server level or in a <location path="SITE">`},
		{strings.Replace(site, "%", `<ssl />`, 1), `unrecognized element <ssl> in <ftpServer>; it belongs in the <security> element of ftpServer`},
		{strings.Replace(site, "%", `<firewallSupport lowDataChannelPort="5000" />`, 1), `unrecognized attribute "lowDataChannelPort" on <firewallSupport>; the passive range is server-wide: system.ftpServer/firewallSupport`},
		{`<system.ftpServer><security><ssl /></security></system.ftpServer>`, `unrecognized element <ssl>; it belongs in ftpServer/security of a site or of siteDefaults`},
		{`<location path="s"><system.ftpServer><firewallSupport /></system.ftpServer></location>`, `the section stands at the server level only, not in a location`},
		{`<location path="s"><system.applicationHost><sites /></system.applicationHost></location>`, `the section stands at the server level only, not in a location`},
	} {
		_, problems := apphost.Load(s, document(t, "a", wrap(c.text)))
		if len(problems) != 1 || problems[0].Msg != c.want {
			t.Errorf("%s:\n%v\nwant %s", c.text, problems, c.want)
		}
	}
}
