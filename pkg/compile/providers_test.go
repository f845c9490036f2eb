package compile_test

import (
	"slices"
	"strings"
	"testing"
)

// definitions registers providers of each kind.
const definitions = `<system.ftpServer><providerDefinitions>
<add name="IisManagerAuth" type="Microsoft.Web.FtpServer.Security.IisManagerAuthenticationProvider,Microsoft.Web.FtpServer,version=7.5.0.0,Culture=neutral,PublicKeyToken=31bf3856ad364e35" />
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
