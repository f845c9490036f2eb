package compile

import (
	"fmt"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/iismanager"
)

// The providers that come with IIS: the name it registers the one under that
// runs here, and the .NET types of both.
const (
	managerName    = "IisManagerAuth"
	managerType    = "Microsoft.Web.FtpServer.Security.IisManagerAuthenticationProvider"
	membershipType = "Microsoft.Web.FtpServer.Security.AspNetFtpMembershipProvider"
)

// definition is what providerDefinitions says of one provider.
type definition struct {
	registered  bool
	class, guid string
	// keys name the settings of the provider.
	keys []string
}

// definition returns what is registered under a name.
func (c *compiler) definition(name string) definition {
	var d definition
	section := c.cfg.Section(sectionProviders, "")
	for _, e := range section.Entries() {
		if strings.EqualFold(e.Attr("name").Text, name) {
			d.registered, d.class, d.guid = true, e.Attr("type").Text, e.Attr("clsid").Text
		}
	}
	for _, data := range section.Child("activation").Entries() {
		if !strings.EqualFold(data.Attr("name").Text, name) {
			continue
		}
		for _, setting := range data.Entries() {
			d.keys = append(d.keys, setting.Attr("key").Text)
		}
	}
	return d
}

// is reports whether the provider is of a .NET type, of whatever assembly.
func (d definition) is(class string) bool {
	name, _, _ := strings.Cut(d.class, ",")
	return strings.EqualFold(strings.TrimSpace(name), class)
}

// managers reports whether the provider of that name has the IIS Manager users.
// Its usual name needs no registration here, since there is nothing to find.
func (d definition) managers(name string) bool {
	return d.is(managerType) || !d.registered && strings.EqualFold(name, managerName)
}

// customProviders are the providers of customAuthentication, in order. Those
// that cannot run let nobody in, and the log says so of each login.
func (c *compiler) customProviders(siteName string, ftp *apphost.Element) []auth.Provider {
	var providers []auth.Provider
	for _, e := range ftp.Child("security").Child("authentication").Child("customAuthentication").Child("providers").Entries() {
		name := e.Attr("name")
		if !e.Attr("enabled").Bool() {
			continue
		}
		d := c.definition(name.Text)
		if !d.managers(name.Text) {
			providers = append(providers, auth.Absent{Name: name.Text, Origin: e.Pos().String()})
			c.warnf(e.Pos(), sectionSites, "site %q: the authentication provider %q %s", siteName, name.Text, d.whyAbsent())
			continue
		}
		providers = append(providers, &iismanager.Provider{Directory: c.parts.Managers, Site: siteName, Origin: e.Pos().String()})
		if !c.parts.Managers().Permits(siteName) {
			c.warnf(e.Pos(), sectionSites, `site %q: no IIS Manager user may log in through %q: %s has none with permission in <scope path="/%s">`,
				siteName, name.Text, AdministrationFile, siteName)
		}
	}
	return providers
}

// whyAbsent says what a provider is that cannot be asked, and what to do.
func (d definition) whyAbsent() string {
	settings := ""
	if len(d.keys) > 0 {
		settings = " Its settings (" + strings.Join(d.keys, ", ") + ") may say where they are."
	}
	instead := "; its users cannot log in." + settings + ` Give them accounts with ftphost user add, and write enabled="false" here`
	switch {
	case !d.registered:
		return `is not registered in system.ftpServer/providerDefinitions; as on Windows, its users cannot log in. Register it, or write enabled="false" here`
	case d.is(membershipType):
		return "asks the membership database of ASP.NET, which cannot be asked here" + instead
	case d.class != "":
		return fmt.Sprintf("is a .NET program (%s) and cannot run here%s", d.class, instead)
	default:
		return fmt.Sprintf("is a Windows component (%s) and cannot run here%s", d.guid, instead)
	}
}

// customFeatures warns of what providers would do beside logins.
func (c *compiler) customFeatures(siteName string, ftp *apphost.Element) {
	for _, e := range ftp.Child("customFeatures").Child("providers").Entries() {
		if e.Attr("enabled").Bool() {
			c.warnf(e.Pos(), sectionSites, `site %q: the provider %q cannot run here; what it does with home folders, logs or commands on Windows does not happen. Write enabled="false" when that is as it should be`,
				siteName, e.Attr("name").Text)
		}
	}
}

// anyProvider reports whether one of the providers can let somebody in.
func anyProvider(providers []auth.Provider) bool {
	for _, p := range providers {
		if _, absent := p.(auth.Absent); !absent {
			return true
		}
	}
	return false
}
