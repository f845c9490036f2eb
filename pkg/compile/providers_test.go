package compile_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
)

// definitions registers providers of each kind.
const definitions = `<system.ftpServer><providerDefinitions>
<add name="IisManagerAuth" type="Microsoft.Web.FtpServer.Security.IisManagerAuthenticationProvider,Microsoft.Web.FtpServer,version=7.5.0.0,Culture=neutral,PublicKeyToken=31bf3856ad364e35" />
<add name="Managers" type="microsoft.web.ftpserver.security.iismanagerauthenticationprovider" />
<add name="AspNetAuth" type="Microsoft.Web.FtpServer.Security.AspNetFtpMembershipProvider,Microsoft.Web.FtpServer" />
<add name="PartnerDb" type="Harbour.Ftp.PartnerDb,Harbour.Ftp" />
<add name="Native" clsid="{11111111-2222-3333-4444-555555555555}" />
<activation><providerData name="PartnerDb"><add key="table" value="partners" /><add key="server" value="db" /></providerData></activation>
</providerDefinitions></system.ftpServer>
</configuration>`

// What cannot run is named with what it is and what to do, in the words that
// the documents have too.
func TestCheckCustomProviders(t *testing.T) {
	const place = `warning: applicationHost.config:17:1: system.applicationHost/sites: site "one": `
	const accounts = `; its users cannot log in. Give them accounts with ftphost user add, and write enabled="false" here`
	const nobody = `warning: applicationHost.config:4:7: system.applicationHost/sites: site "one": no authentication method is enabled, so nobody can log in`
	for _, c := range []struct {
		name, entry string
		basic       bool
		want        []string
	}{
		{"membership", `<add name="AspNetAuth" />`, true, []string{
			place + `the authentication provider "AspNetAuth" asks the membership database of ASP.NET, which cannot be asked here` + accounts,
		}},
		{"managed", `<add name="partnerdb" enabled="true" />`, true, []string{
			place + `the authentication provider "partnerdb" is a .NET program (Harbour.Ftp.PartnerDb,Harbour.Ftp) and cannot run here` +
				strings.Replace(accounts, " Give", " Its settings (table, server) may say where they are. Give", 1),
		}},
		{"native", `<add name="Native" />`, true, []string{
			place + `the authentication provider "Native" is a Windows component ({11111111-2222-3333-4444-555555555555}) and cannot run here` + accounts,
		}},
		{"not registered", `<add name="Gone" />`, true, []string{
			place + `the authentication provider "Gone" is not registered in system.ftpServer/providerDefinitions; as on Windows, its users cannot log in. Register it, or write enabled="false" here`,
		}},
		{"alone", `<add name="Gone" />`, false, []string{
			nobody,
			place + `the authentication provider "Gone" is not registered in system.ftpServer/providerDefinitions; as on Windows, its users cannot log in. Register it, or write enabled="false" here`,
		}},
		{"disabled", `<add name="Gone" enabled="false" />`, true, nil},
		{"IIS Manager users without permission", `<add name="IisManagerAuth" />`, false, []string{
			place + `no IIS Manager user may log in through "IisManagerAuth": administration.config has none with permission in <scope path="/one">`,
		}},
		{"IIS Manager users by another name", `<add name="Managers" />`, false, []string{
			place + `no IIS Manager user may log in through "Managers": administration.config has none with permission in <scope path="/one">`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			custom := "<customAuthentication><providers>\n" + c.entry + "</providers></customAuthentication>"
			config := strings.Replace(plainSite, "</authentication>", custom+"</authentication>", 1)
			config = strings.Replace(config, "</configuration>", definitions, 1)
			if !c.basic {
				config = strings.Replace(config, `<basicAuthentication enabled="true" />`, "<basicAuthentication />", 1)
			}
			findings, sites := check(t, config, "")
			if !slices.Equal(findings, c.want) || sites != 1 {
				t.Errorf("%d sites, findings\n  %s\nwant\n  %s", sites, strings.Join(findings, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// The usual name registered for something else is that.
func TestCheckIisManagerAuthOfAnotherType(t *testing.T) {
	config := strings.Replace(plainSite, "</authentication>", `<customAuthentication><providers><add name="IisManagerAuth" /></providers></customAuthentication></authentication>`, 1)
	config = strings.Replace(config, "</configuration>", `<system.ftpServer><providerDefinitions><add name="IISMANAGERAUTH" type="Harbour.Ftp.Own" /></providerDefinitions></system.ftpServer></configuration>`, 1)
	findings, _ := check(t, config, "")
	if len(findings) != 1 || !strings.Contains(findings[0], `"IisManagerAuth" is a .NET program (Harbour.Ftp.Own) and cannot run here`) {
		t.Errorf("findings %q", findings)
	}
}

// What is wrong in administration.config is found like what is wrong elsewhere.
func TestCheckReadsAdministration(t *testing.T) {
	dir := t.TempDir()
	home := compile.NewHome(dir)
	config := strings.Replace(plainSite, "</authentication>", `<customAuthentication><providers><add name="IisManagerAuth" /></providers></customAuthentication></authentication>`, 1)
	const users = `<configuration><system.webServer><management>
<authentication><credentials><add name="chief" password="6DA6F219DAC977DA75F2F2894F33ABAD5052AF2A60AE9219AF0E302EDDD5BBC4" /></credentials></authentication>
<authorization><authorizationRules><scope path="/ONE"><add name="Chief" /></scope></authorizationRules></authorization>
</management></system.webServer></configuration>`
	for text, want := range map[string]string{
		users: "",
		strings.Replace(users, "<credentials>", "<credentials enabled='no'>", 1): `:2:30: system.webServer/management/authentication: unrecognized attribute "enabled" on <credentials>`,
		strings.Replace(users, `="6DA`, `="x`, 1):                                `:2:48: system.webServer/management/authentication: the password of user "chief" is not a SHA-256 digest`,
	} {
		for path, data := range map[string]string{home.Config: strings.ReplaceAll(config, "CONTENT", dir), home.Administration(): text} {
			if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		problems, _ := compile.Check(home)
		if want == "" && len(problems) > 0 || want != "" && !strings.Contains(problems.Error(), home.Administration()+want) {
			t.Errorf("findings %v, want %s", problems, want)
		}
	}
}
