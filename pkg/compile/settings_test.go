package compile

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/w3clog"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// without are the parts of the schema that no setting takes, with the reason.
// A part that is neither in a struct nor here is one somebody forgot.
func without() map[string]string {
	const (
		windows = "means nothing outside Windows"
		web     = "concerns web sites"
		later   = "not served by this version"
		merged  = "apphost gives its values to the elements it is for"
	)
	const site = "system.applicationHost/sites/site"
	const ftp = site + "/ftpServer"
	return map[string]string{
		site + "/@serverAutoStart":                                                   web,
		site + "/limits":                                                             web,
		site + "/logFile":                                                            web,
		site + "/traceFailedRequestsLogging":                                         web,
		site + "/hsts":                                                               web,
		site + "/applicationDefaults":                                                merged,
		site + "/virtualDirectoryDefaults":                                           merged,
		site + "/bindings/binding/@sslFlags":                                         web,
		site + "/application/@applicationPool":                                       web,
		site + "/application/@enabledProtocols":                                      web,
		site + "/application/@serviceAutoStartEnabled":                               web,
		site + "/application/@serviceAutoStartProvider":                              web,
		site + "/application/@preloadEnabled":                                        web,
		site + "/application/virtualDirectoryDefaults":                               merged,
		site + "/application/virtualDirectory/@userName":                             windows,
		site + "/application/virtualDirectory/@password":                             windows,
		site + "/application/virtualDirectory/@logonMethod":                          windows,
		site + "/application/virtualDirectory/@allowSubDirConfig":                    web,
		ftp + "/@state":                                                              "is state, not configuration",
		ftp + "/@lastStartupStatus":                                                  "is state, not configuration",
		ftp + "/connections/@maxBandwidth":                                           "only its default is valid",
		ftp + "/security/authentication/anonymousAuthentication/@userName":           windows,
		ftp + "/security/authentication/anonymousAuthentication/@password":           windows,
		ftp + "/security/authentication/anonymousAuthentication/@defaultLogonDomain": windows,
		ftp + "/security/authentication/anonymousAuthentication/@logonMethod":        windows,
		ftp + "/security/authentication/basicAuthentication/@defaultLogonDomain":     "names without a domain are looked for in all sources",
		ftp + "/security/authentication/basicAuthentication/@logonMethod":            windows,
		ftp + "/security/ssl/@ssl128":                                                "all ciphers of TLS 1.2 and 1.3 that Go has are strong enough",
		ftp + "/security/sslClientCertificates/@revocationUrlRetrievalTimeout":       "nothing is fetched",
		ftp + "/customFeatures":                                                      later,
		ftp + "/userIsolation/activeDirectory":                                       "the source of an account tells its home",
		"configurationRedirection/@password":                                         "the operating system mounts the share",
		"system.ftpServer/log/customLogging":                                         "left from FTP 7.0",
	}
}

func TestSettingsMatchTheSchema(t *testing.T) {
	definitions, err := Home{}.schema()
	if err != nil {
		t.Fatal(err)
	}
	site := definitions.Section(sectionSites).Collections[0].Entry
	reasons := without()
	unused := map[string]bool{}
	for path := range reasons {
		unused[path] = true
	}
	for _, c := range []struct {
		schema *apphost.ElementSchema
		typ    reflect.Type
	}{
		{site, reflect.TypeFor[siteSettings]()},
		{definitions.Section(sectionLog), reflect.TypeFor[logSettings]()},
		{definitions.Section(sectionFirewall), reflect.TypeFor[PortRange]()},
		{definitions.Section(sectionCaching), reflect.TypeFor[cachingSettings]()},
		{definitions.Section(sectionServerRuntime), reflect.TypeFor[serverRuntimeSettings]()},
		{definitions.Section(sectionAuthorization).Collections[0].Entry, reflect.TypeFor[ruleSettings]()},
		{definitions.Section(sectionIPSecurity), reflect.TypeFor[ipSecuritySettings]()},
		{definitions.Section(sectionRequestFiltering), reflect.TypeFor[requestFilteringSettings]()},
		{definitions.Section(sectionPathMap), reflect.TypeFor[pathMapSettings]()},
		{definitions.Section(sectionProtocol), reflect.TypeFor[protocolSettings]()},
		{definitions.Section(sectionAdmin), reflect.TypeFor[adminSettings]()},
		{definitions.Section(sectionMetrics), reflect.TypeFor[metricsSettings]()},
		{definitions.Section(sectionTLS), reflect.TypeFor[tlsSettings]()},
		{definitions.Section(sectionHistory), reflect.TypeFor[historySettings]()},
		{definitions.Section(sectionRedirection), reflect.TypeFor[redirectionSettings]()},
		{definitions.Section(sectionHostLog), reflect.TypeFor[hostLogSettings]()},
		{definitions.Section(sectionAccounts), reflect.TypeFor[accountsSettings]()},
	} {
		missing, err := apphost.CheckStruct(c.schema, c.typ)
		if err != nil {
			t.Error(err)
		}
		for _, path := range missing {
			if reasons[path] == "" {
				t.Errorf("%s has no field in %s, and no reason for it", path, c.typ)
			}
			delete(unused, path)
		}
	}
	for path := range unused {
		t.Errorf("%s is said to have no field, but has one or does not exist", path)
	}
}

// TestDefaultsAreTheSchemas spot-checks that what a struct gets for an absent
// element is the schema's default.
func TestDefaultsAreTheSchemas(t *testing.T) {
	definitions, err := Home{}.schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := xmldoc.Parse("a", []byte(`<configuration><system.applicationHost><sites><site name="s" id="1"/></sites></system.applicationHost></configuration>`))
	if err != nil {
		t.Fatal(err)
	}
	cfg, problems := apphost.Load(definitions, doc)
	if cfg == nil {
		t.Fatal(problems)
	}
	var s siteSettings
	if err := apphost.Decode(cfg.Section(sectionSites, "").Entries()[0], &s); err != nil {
		t.Fatal(err)
	}
	f := s.FTP
	got := []any{
		f.Connections.ControlChannelTimeout, f.Connections.MinBytesPerSecond, f.Security.SSL.ControlChannelPolicy,
		f.Security.CommandFiltering.MaxCommandLine, f.UserIsolation.Mode, f.LogFile.Fields, f.Messages.AllowLocalDetailedErrors,
	}
	want := []any{120, 240, 1, uint32(4096), int(vfs.Unisolated), uint32(w3clog.DefaultFields), true}
	if !slices.Equal(got, want) {
		t.Errorf("defaults are %v, want %v", got, want)
	}
	if !strings.Contains(f.LogFile.Directory, `\inetpub\logs`) {
		t.Errorf("log directory is %q", f.LogFile.Directory)
	}
}
