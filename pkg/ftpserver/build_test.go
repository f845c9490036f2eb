package ftpserver_test

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/iismanager"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/codepage"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/local"
	"github.com/ftphost/ftphost/pkg/ftptest"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// configuration is what these tests read of an applicationHost.config: enough
// to build the sites of a conversation without the configuration system.
// Absent attributes have the defaults below, which are those of the schema.
type configuration struct {
	Sites     []siteElement     `xml:"system.applicationHost>sites>site"`
	Defaults  ftpElement        `xml:"system.applicationHost>sites>siteDefaults>ftpServer"`
	Locations []locationElement `xml:"location"`
	FTP       struct {
		HostNames struct {
			ByDomain bool `xml:"useDomainNameAsHostName,attr"`
		} `xml:"serverRuntime>hostNameSupport"`
		Rules     authorizationElement `xml:"security>authorization"`
		Deny      denyElement          `xml:"security>authentication>denyByFailure"`
		Addresses *addressElement      `xml:"security>ipSecurity"`
	} `xml:"system.ftpServer"`
}

type siteElement struct {
	Name     string `xml:"name,attr"`
	ID       uint32 `xml:"id,attr"`
	Bindings []struct {
		Information string `xml:"bindingInformation,attr"`
	} `xml:"bindings>binding"`
	Directories []struct {
		Path     string `xml:"path,attr"`
		Physical string `xml:"physicalPath,attr"`
	} `xml:"application>virtualDirectory"`
	FTP ftpElement `xml:"ftpServer"`
}

type ftpElement struct {
	AllowUTF8   string `xml:"allowUTF8,attr"`
	Connections struct {
		Unauthenticated string `xml:"unauthenticatedTimeout,attr"`
		Control         string `xml:"controlChannelTimeout,attr"`
		Data            string `xml:"dataChannelTimeout,attr"`
		MinBytes        string `xml:"minBytesPerSecond,attr"`
		Max             string `xml:"maxConnections,attr"`
		Reset           bool   `xml:"resetOnMaxConnections,attr"`
	} `xml:"connections"`
	Security struct {
		Authentication struct {
			Anonymous struct {
				Enabled bool `xml:"enabled,attr"`
			} `xml:"anonymousAuthentication"`
			Basic struct {
				Enabled bool `xml:"enabled,attr"`
			} `xml:"basicAuthentication"`
			ClientCert struct {
				Enabled bool `xml:"enabled,attr"`
			} `xml:"clientCertAuthentication"`
			Custom []struct {
				Name string `xml:"name,attr"`
			} `xml:"customAuthentication>providers>add"`
		} `xml:"authentication"`
		SSL struct {
			Hash    string `xml:"serverCertHash,attr"`
			Control string `xml:"controlChannelPolicy,attr"`
			Data    string `xml:"dataChannelPolicy,attr"`
		} `xml:"ssl"`
		Clients struct {
			Policy string `xml:"clientCertificatePolicy,attr"`
		} `xml:"sslClientCertificates"`
		DataChannel struct {
			Port string `xml:"matchClientAddressForPort,attr"`
			Pasv string `xml:"matchClientAddressForPasv,attr"`
		} `xml:"dataChannelSecurity"`
		Commands struct {
			MaxLine  string `xml:"maxCommandLine,attr"`
			Unlisted string `xml:"allowUnlisted,attr"`
			Adds     []struct {
				Command string `xml:"command,attr"`
				Allowed bool   `xml:"allowed,attr"`
			} `xml:"add"`
		} `xml:"commandFiltering"`
	} `xml:"security"`
	Messages struct {
		Banner     string `xml:"bannerMessage,attr"`
		Greeting   string `xml:"greetingMessage,attr"`
		Exit       string `xml:"exitMessage,attr"`
		MaxClients string `xml:"maxClientsMessage,attr"`
		Suppress   bool   `xml:"suppressDefaultBanner,attr"`
		Details    string `xml:"allowLocalDetailedErrors,attr"`
		Expand     bool   `xml:"expandVariables,attr"`
	} `xml:"messages"`
	Browse struct {
		Flags   string `xml:"showFlags,attr"`
		Timeout string `xml:"virtualDirectoryTimeout,attr"`
	} `xml:"directoryBrowse"`
	Files struct {
		KeepPartial    bool `xml:"keepPartialUploads,attr"`
		Replace        bool `xml:"allowReplaceOnRename,attr"`
		ReadInProgress bool `xml:"allowReadUploadsInProgress,attr"`
	} `xml:"fileHandling"`
	Isolation struct {
		Mode string `xml:"mode,attr"`
	} `xml:"userIsolation"`
	Firewall struct {
		External string `xml:"externalIp4Address,attr"`
	} `xml:"firewallSupport"`
}

type denyElement struct {
	Enabled bool   `xml:"enabled,attr"`
	Max     string `xml:"maxFailure,attr"`
	Period  string `xml:"entryExpiration,attr"`
	LogOnly bool   `xml:"loggingOnlyMode,attr"`
}

// attempts is the count of failed logins that the configuration asks for.
func (w *world) attempts(t testing.TB) *auth.Attempts {
	t.Helper()
	deny := w.config.FTP.Deny
	clock, err := time.Parse(time.TimeOnly, cmp.Or(deny.Period, "00:00:30"))
	if err != nil {
		t.Fatal(err)
	}
	a := auth.NewAttempts()
	a.SetPolicy(auth.AttemptPolicy{
		Enabled: deny.Enabled, MaxFailures: uint32(number(t, deny.Max, 4)), LogOnly: deny.LogOnly,
		Period: time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute + time.Duration(clock.Second())*time.Second,
	})
	return a
}

type authorizationElement struct {
	Clear *struct{} `xml:"clear"`
	Rules []struct {
		Type        string `xml:"accessType,attr"`
		Users       string `xml:"users,attr"`
		Roles       string `xml:"roles,attr"`
		Permissions string `xml:"permissions,attr"`
	} `xml:"add"`
}

type locationElement struct {
	Path string               `xml:"path,attr"`
	FTP  authorizationElement `xml:"system.ftpServer>security>authorization"`
	IP   *addressElement      `xml:"system.ftpServer>security>ipSecurity"`
	Filt struct {
		Limits struct {
			MaxContent int64 `xml:"maxAllowedContentLength,attr"`
		} `xml:"requestLimits"`
		Hidden []struct {
			Segment string `xml:"segment,attr"`
		} `xml:"hiddenSegments>add"`
	} `xml:"system.ftpServer>security>requestFiltering"`
}

// ownConfiguration is what these tests read of a ftphost.config.
type ownConfiguration struct {
	Protocol  protocolElement  `xml:"ftpHost>protocol"`
	TLS       tlsElement       `xml:"ftpHost>tls"`
	Mappings  []mappingElement `xml:"ftpHost>accounts>clientCertificates>add"`
	Locations []struct {
		Path     string          `xml:"path,attr"`
		Protocol protocolElement `xml:"ftpHost>protocol"`
		TLS      tlsElement      `xml:"ftpHost>tls"`
	} `xml:"location"`
}

type protocolElement struct {
	FeatureSet string `xml:"featureSet,attr"`
	Identity   string `xml:"identity,attr"`
	Replies    string `xml:"replies,attr"`
	CodePage   string `xml:"legacyCodePage,attr"`
	SiteUtime  string `xml:"siteUtime,attr"`
	SiteChmod  string `xml:"siteChmod,attr"`
}

// over is p with what it leaves out taken from above.
func (p protocolElement) over(above protocolElement) protocolElement {
	return protocolElement{
		FeatureSet: cmp.Or(p.FeatureSet, above.FeatureSet), Identity: cmp.Or(p.Identity, above.Identity), CodePage: cmp.Or(p.CodePage, above.CodePage),
		Replies:   cmp.Or(p.Replies, above.Replies),
		SiteUtime: cmp.Or(p.SiteUtime, above.SiteUtime), SiteChmod: cmp.Or(p.SiteChmod, above.SiteChmod),
	}
}

// managersConfiguration is what these tests read of an administration.config.
type managersConfiguration struct {
	Users []struct {
		Name     string `xml:"name,attr"`
		Password string `xml:"password,attr"`
		Enabled  string `xml:"enabled,attr"`
	} `xml:"system.webServer>management>authentication>credentials>add"`
	Scopes []struct {
		Path string `xml:"path,attr"`
		Adds []struct {
			Name string `xml:"name,attr"`
		} `xml:"add"`
	} `xml:"system.webServer>management>authorization>authorizationRules>scope"`
}

// custom is the provider of customAuthentication with that name.
func (w *world) custom(name, siteName string) auth.Provider {
	if name != "IisManagerAuth" {
		return auth.Absent{Name: name}
	}
	var users []iismanager.User
	for _, u := range w.managers.Users {
		users = append(users, iismanager.User{Name: u.Name, Hash: u.Password, Enabled: boolean(u.Enabled, true)})
	}
	var scopes []iismanager.Scope
	for _, s := range w.managers.Scopes {
		scope := iismanager.Scope{Path: s.Path}
		for _, add := range s.Adds {
			scope.Users = append(scope.Users, add.Name)
		}
		scopes = append(scopes, scope)
	}
	d := iismanager.NewDirectory(users, scopes)
	return &iismanager.Provider{Directory: func() *iismanager.Directory { return d }, Site: siteName}
}

// protocol is what the site called name speaks.
func (w *world) protocol(t testing.TB, name string) site.Protocol {
	t.Helper()
	e := w.own.Protocol.over(protocolElement{"Extended", "Microsoft FTP Service", "Iis10", "0", "Apply", "Refuse"})
	for _, l := range w.own.Locations {
		if strings.EqualFold(l.Path, name) {
			e = l.Protocol.over(e)
		}
	}
	policies := map[string]site.Policy{"Apply": site.Apply, "Accept": site.Accept, "Refuse": site.Refuse}
	return site.Protocol{
		FeatureSet: map[string]site.FeatureSet{"Extended": site.Extended, "Iis": site.IIS}[e.FeatureSet],
		Identity:   e.Identity, Replies: map[string]site.Replies{"Iis10": site.RepliesIIS10, "Iis75": site.RepliesIIS75}[e.Replies],
		LegacyCodePage: codepage.Page(number(t, e.CodePage, 0)), SiteUtime: policies[e.SiteUtime], SiteChmod: policies[e.SiteChmod],
	}
}

// world is what a conversation happens in.
type world struct {
	config   configuration
	own      ownConfiguration
	managers managersConfiguration
	sites    []*site.Site
	logs     *w3clog.Files
	logDir   string

	certificates *cert.Stores
}

// build makes the sites of the applicationHost.config in home.
func build(t testing.TB, home string, accounts []ftptest.Account) *world {
	t.Helper()
	w := &world{logDir: filepath.Join(home, "logs")}
	config, err := os.ReadFile(filepath.Join(home, "applicationHost.config"))
	if err == nil {
		err = xml.Unmarshal(config, &w.config)
	}
	if err != nil {
		t.Fatalf("applicationHost.config: %v", err)
	}
	if own, err := os.ReadFile(filepath.Join(home, "ftphost.config")); err == nil {
		if err := xml.Unmarshal(own, &w.own); err != nil {
			t.Fatalf("ftphost.config: %v", err)
		}
	}
	if managers, err := os.ReadFile(filepath.Join(home, "administration.config")); err == nil {
		if err := xml.Unmarshal(managers, &w.managers); err != nil {
			t.Fatalf("administration.config: %v", err)
		}
	}
	w.certificates = cert.Open(filepath.Join(home, "certificates"))
	w.logs = w3clog.NewFiles(func(err error) { t.Errorf("log: %v", err) })
	for i := range accounts {
		accounts[i].Home = strings.ReplaceAll(accounts[i].Home, "$HOME", home)
	}
	for i := range w.config.Sites {
		w.sites = append(w.sites, w.site(t, &w.config.Sites[i], accounts))
	}
	return w
}

func (w *world) site(t testing.TB, e *siteElement, people accountList) *site.Site {
	t.Helper()
	f := &e.FTP
	s := &site.Site{
		ID: e.ID, Name: e.Name, Counters: &site.Counters{}, AllowUTF8: boolean(f.AllowUTF8, true),
		Connections: site.Connections{
			UnauthenticatedTimeout: secs(t, f.Connections.Unauthenticated, 30),
			ControlChannelTimeout:  secs(t, f.Connections.Control, 120),
			DataChannelTimeout:     secs(t, f.Connections.Data, 30),
			MinBytesPerSecond:      int(number(t, f.Connections.MinBytes, 240)),
			MaxConnections:         uint32(number(t, f.Connections.Max, 4294967295)),
			ResetOnMaxConnections:  f.Connections.Reset,
		},
		Messages: site.Messages{
			Banner: f.Messages.Banner, Greeting: f.Messages.Greeting, Exit: f.Messages.Exit,
			MaxClients: f.Messages.MaxClients, SuppressDefaultBanner: f.Messages.Suppress,
			AllowLocalDetailedErrors: boolean(f.Messages.Details, true), ExpandVariables: f.Messages.Expand,
		},
		DataChannel: site.DataChannel{
			MatchClientAddressForPort: boolean(f.Security.DataChannel.Port, true),
			MatchClientAddressForPasv: boolean(f.Security.DataChannel.Pasv, true),
		},
		Browse: site.Browse{
			LongDate: strings.Contains(f.Browse.Flags, "LongDate"), Unix: strings.Contains(f.Browse.Flags, "StyleUnix"),
			AvailableBytes:     strings.Contains(f.Browse.Flags, "DisplayAvailableBytes"),
			VirtualDirectories: strings.Contains(f.Browse.Flags, "DisplayVirtualDirectories"),
			UseGMT:             strings.Contains(f.Browse.Flags, "UseGmtTime"),
		},
		MaxCommandLine: int(number(t, f.Security.Commands.MaxLine, 4096)),
		Protocol:       w.protocol(t, e.Name),
	}
	verbs := map[string]bool{}
	for _, c := range f.Security.Commands.Adds {
		verbs[c.Command] = c.Allowed
	}
	s.Commands = access.NewCommandFilter(boolean(f.Security.Commands.Unlisted, true), verbs)
	s.Channel = site.ChannelPolicy{
		Control: map[string]site.ControlPolicy{"": site.ControlRequire, "SslRequire": site.ControlRequire, "SslAllow": site.ControlAllow, "SslRequireCredentialsOnly": site.ControlRequireCredentialsOnly}[f.Security.SSL.Control],
		Data:    map[string]site.DataPolicy{"": site.DataRequire, "SslRequire": site.DataRequire, "SslAllow": site.DataAllow, "SslDeny": site.DataDeny}[f.Security.SSL.Data],
	}
	if f.Firewall.External != "" {
		s.DataChannel.ExternalIPv4 = netip.MustParseAddr(f.Firewall.External)
	}
	for _, b := range e.Bindings {
		s.Bindings = append(s.Bindings, binding(t, b.Information))
	}
	s.Login = &auth.Chain{AllowAnonymous: f.Security.Authentication.Anonymous.Enabled}
	for _, custom := range f.Security.Authentication.Custom {
		s.Login.Providers = append(s.Login.Providers, w.custom(custom.Name, e.Name))
	}
	if f.Security.Authentication.Basic.Enabled {
		s.Login.Providers = append(s.Login.Providers, people)
	}
	if f.Security.Authentication.ClientCert.Enabled {
		s.Login.Certificates = w.mapping(people)
	}
	s.TLS = w.tls(t, e.Name, f)
	s.Root = w.namespace(t, e)
	s.Log = w.logs.Open(w3clog.Settings{
		Enabled: true, Directory: filepath.Join(w.logDir, fmt.Sprintf("FTPSVC%d", e.ID)), Period: w3clog.Daily,
		Fields: w3clog.DefaultFields, Selective: w3clog.LogSuccessful | w3clog.LogError | w3clog.LogInfrastructure, UTF8: true,
	})
	return s
}

func (w *world) namespace(t testing.TB, e *siteElement) *vfs.Namespace {
	t.Helper()
	settings := vfs.Settings{
		Access:             access.NewTree(w.levels(e.Name)),
		KeepPartialUploads: e.FTP.Files.KeepPartial, AllowReplaceOnRename: e.FTP.Files.Replace,
		AllowReadUploadsInProgress: e.FTP.Files.ReadInProgress,
		ListVirtualDirectories:     strings.Contains(e.FTP.Browse.Flags, "DisplayVirtualDirectories"),
		VirtualDirectoryTimeout:    secs(t, e.FTP.Browse.Timeout, 5),
	}
	if e.FTP.Isolation.Mode != "" {
		settings.Isolation = isolation(e)
	}
	for _, d := range e.Directories {
		settings.Mounts = append(settings.Mounts, vfs.Mount{Path: vpath.Clean(d.Path), Store: local.New(d.Physical)})
	}
	n, err := vfs.NewNamespace(settings)
	if err != nil {
		t.Fatalf("site %s: %v", e.Name, err)
	}
	return n
}

func isolation(e *siteElement) *vfs.Isolation {
	return &vfs.Isolation{
		Mode: map[string]vfs.IsolationMode{
			"StartInUsersDirectory": vfs.StartInUsersDirectory, "IsolateRootDirectoryOnly": vfs.IsolateRootDirectoryOnly,
			"ActiveDirectory": vfs.ActiveDirectory, "IsolateAllDirectories": vfs.IsolateAllDirectories,
			"None": vfs.Unisolated, "Custom": vfs.Custom,
		}[e.FTP.Isolation.Mode],
		Computer: computer, Basic: e.FTP.Security.Authentication.Basic.Enabled,
		Open: func(home string) (content.Store, error) {
			if !filepath.IsAbs(home) {
				return nil, errors.New("the path is not absolute")
			}
			return local.New(home), nil
		},
	}
}

// levels are the rules of the server, of the site and of the paths below it.
func (w *world) levels(name string) []access.Level {
	levels := []access.Level{level("/", w.config.FTP.Rules)}
	levels[0].Addresses = w.config.FTP.Addresses.rules("/", nil)
	for _, l := range w.config.Locations {
		head, rest, _ := strings.Cut(l.Path, "/")
		if !strings.EqualFold(head, name) {
			continue
		}
		at := level(vpath.Clean(rest), l.FTP)
		at.Addresses = l.IP.rules(at.Path, w.config.FTP.Addresses)
		if l.Filt.Limits.MaxContent != 0 || len(l.Filt.Hidden) > 0 {
			filter := access.FilterSettings{AllowHighBit: true, AllowUnlistedExtensions: true, MaxContentLength: l.Filt.Limits.MaxContent}
			for _, h := range l.Filt.Hidden {
				filter.HiddenSegments = append(filter.HiddenSegments, h.Segment)
			}
			at.Filter = access.NewRequestFilter(filter)
		}
		levels = append(levels, at)
	}
	return levels
}

func level(p vpath.Path, e authorizationElement) access.Level {
	l := access.Level{Path: p, Clear: e.Clear != nil}
	for _, r := range e.Rules {
		rule := access.Rule{Deny: r.Type == "Deny", Users: words(r.Users), Roles: words(r.Roles), Origin: string(p)}
		for _, p := range words(r.Permissions) {
			rule.Permissions |= map[string]access.Permission{"Read": access.Read, "Write": access.Write}[p]
		}
		l.Rules = append(l.Rules, rule)
	}
	return l
}

// endpoint is the one all sites of the file share.
func (w *world) endpoint(t testing.TB) *site.Endpoint {
	t.Helper()
	endpoints, conflicts := site.Endpoints(w.sites)
	if len(endpoints) != 1 || len(conflicts) != 0 {
		t.Fatalf("the sites need %d endpoints, with %d conflicts; a conversation has one", len(endpoints), len(conflicts))
	}
	endpoints[0].DefaultTLS = w.tls(t, "", &w.config.Defaults)
	return endpoints[0]
}

func words(list string) []string {
	var out []string
	for w := range strings.SplitSeq(list, ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func boolean(s string, def bool) bool {
	if s == "" {
		return def
	}
	return s == "true"
}

func number(t testing.TB, s string, def int64) int64 {
	t.Helper()
	if s == "" {
		return def
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func secs(t testing.TB, s string, def int64) time.Duration {
	return time.Duration(number(t, s, def)) * time.Second
}

func binding(t testing.TB, info string) site.Binding {
	t.Helper()
	hostAt := strings.LastIndexByte(info, ':')
	portAt := strings.LastIndexByte(info[:hostAt], ':')
	b := site.Binding{Port: uint16(number(t, info[portAt+1:hostAt], 21)), Host: strings.ToLower(info[hostAt+1:])}
	if address := strings.Trim(info[:portAt], "[]"); address != "*" {
		b.Address = netip.MustParseAddr(address)
	}
	return b
}

// computer is the name of the server in the conversations, and the only domain
// its accounts have.
const computer = "WEB01"

// accountList is a source of accounts held in memory. It is down for the
// account "down", and knows one that is locked out.
type accountList []ftptest.Account

func (l accountList) Authenticate(_ context.Context, c auth.Credentials) (*auth.Principal, error) {
	name := strings.TrimSuffix(strings.TrimPrefix(strings.Replace(c.User, "/", `\`, 1), computer+`\`), "@"+computer)
	if name == "down" {
		return nil, errors.New("the directory server does not answer")
	}
	if name == "locked" {
		return nil, fmt.Errorf("the directory server says: %w", auth.ErrAccountLocked)
	}
	for _, a := range l {
		if strings.EqualFold(a.Name, name) && a.Password == c.Password {
			return auth.NewPrincipal("", a.Name, a.Groups).WithHome(a.Home), nil
		}
	}
	return nil, auth.ErrLogon
}
