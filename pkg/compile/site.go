package compile

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	localfiles "github.com/ftphost/ftphost/pkg/content/local"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// site builds one site. Both results are nil when the site has no ftp
// binding: then it is a web site and not ours.
func (c *compiler) site(e *apphost.Element, id uint32) (*site.Site, *site.Stopped) {
	settings := siteSettings{}
	c.decode(e, &settings)
	settings.ID = id
	before := len(c.problems)
	bindings := c.bindings(e, settings.Bindings)
	if len(bindings) == 0 && len(c.problems) == before {
		return nil, nil
	}
	stopped := &site.Stopped{ID: settings.ID, Name: settings.Name}
	if !settings.FTP.ServerAutoStart {
		return nil, stopped
	}
	s := c.plain(&settings)
	s.Bindings = bindings
	if old := c.parts.Previous.running[id]; old != nil {
		s.Counters = old.Counters
	}
	s.Protocol = c.protocolOf(s.Name)
	ftp := e.Child("ftpServer")
	s.Commands = commandOrigins(s.Commands, ftp.Child("security").Child("commandFiltering"))
	// The default is not applied: a queue of 60 makes a burst of clients wait
	// for seconds on Linux, where one that is full drops connections silently.
	if ftp.Child("connections").Attr("serverListenBacklog").Set {
		s.Connections.ServerListenBacklog = max(0, settings.FTP.Connections.ServerListenBacklog)
	}
	s.Connections.PoolSockets = ftp.Child("connections").Attr("disableSocketPooling").Set && !settings.FTP.Connections.DisableSocketPooling
	ssl := ftp.Child("security").Child("ssl")
	s.Channel.ControlOrigin, s.Channel.DataOrigin = ssl.Attr("controlChannelPolicy").Origin(), ssl.Attr("dataChannelPolicy").Origin()
	c.externalAddress(s, ftp)
	c.unserved(s, ftp, &settings.FTP)
	levels := c.levels(s.Name)
	s.Login = c.login(&settings.FTP.Security.Authentication)
	s.Login.Providers = append(c.customProviders(s.Name, ftp), s.Login.Providers...)
	s.Root = c.namespace(s, e, &settings, levels)
	if reason := firstError(c.problems[before:]); reason != "" {
		stopped.Reason = reason
		return nil, stopped
	}
	c.disagreements(levels)
	c.addressDoubts(s.Name)
	c.doubts(s, e)
	c.isolationDoubts(s, ftp, &settings.FTP)
	c.osUserDoubts(s)
	c.customFeatures(s.Name, ftp)
	c.siteTLS(s, ftp, &settings.FTP.Security)
	c.clientCertificates(s, e, &settings.FTP.Security)
	c.openLog(s, ftp.Child("logFile"), &settings.FTP.LogFile)
	return s, nil
}

// firstError is what a stopped site reports; the list has the rest.
func firstError(problems apphost.ErrorList) string {
	for _, p := range problems {
		if !p.Warning {
			return p.Error()
		}
	}
	return ""
}

// bindings reads the ftp bindings of a site; those of other protocols have
// their own grammar and are not ours.
func (c *compiler) bindings(e *apphost.Element, settings []bindingSettings) []site.Binding {
	var bindings []site.Binding
	for i, entry := range e.Child("bindings").Entries() {
		pos := entry.Attr("bindingInformation").Pos()
		if strings.EqualFold(settings[i].Protocol, "ftps") {
			c.warnf(pos, sectionSites, `protocol "ftps" is not one IIS knows; write protocol="ftp" and give the site a certificate, with port 990 for implicit TLS`)
		}
		if !strings.EqualFold(settings[i].Protocol, "ftp") {
			continue
		}
		b, note, err := parseBinding(settings[i].Information)
		if err != nil {
			c.errorf(pos, sectionSites, "%v", err)
			continue
		}
		if note != "" {
			c.warnf(pos, sectionSites, "%s", note)
		}
		b.Origin = pos.String()
		bindings = append(bindings, b)
	}
	return bindings
}

// plain copies the settings that need no thought.
func (c *compiler) plain(settings *siteSettings) *site.Site {
	f := &settings.FTP
	filter := map[string]bool{}
	for _, command := range f.Security.CommandFiltering.Commands {
		filter[command.Command] = command.Allowed
	}
	return &site.Site{
		ID: settings.ID, Name: settings.Name, Counters: &site.Counters{}, UserNames: c.userNames,
		Connections: site.Connections{
			UnauthenticatedTimeout: seconds(f.Connections.UnauthenticatedTimeout),
			ControlChannelTimeout:  seconds(f.Connections.ControlChannelTimeout),
			DataChannelTimeout:     seconds(f.Connections.DataChannelTimeout),
			MinBytesPerSecond:      f.Connections.MinBytesPerSecond,
			MaxConnections:         f.Connections.MaxConnections,
			ResetOnMaxConnections:  f.Connections.ResetOnMaxConnections,
		},
		Messages: site.Messages{
			Banner: f.Messages.Banner, Greeting: f.Messages.Greeting,
			Exit: f.Messages.Exit, MaxClients: f.Messages.MaxClients,
			SuppressDefaultBanner:    f.Messages.SuppressDefaultBanner,
			AllowLocalDetailedErrors: f.Messages.AllowLocalDetailedErrors,
			ExpandVariables:          f.Messages.ExpandVariables,
		},
		Channel: site.ChannelPolicy{
			Control: site.ControlPolicy(f.Security.SSL.ControlChannelPolicy),
			Data:    site.DataPolicy(f.Security.SSL.DataChannelPolicy),
		},
		DataChannel: site.DataChannel{
			MatchClientAddressForPort: f.Security.DataChannel.MatchClientAddressForPort,
			MatchClientAddressForPasv: f.Security.DataChannel.MatchClientAddressForPasv,
		},
		Browse:         site.BrowseFlags(f.Browse.ShowFlags),
		MaxCommandLine: int(f.Security.CommandFiltering.MaxCommandLine),
		Commands:       access.NewCommandFilter(f.Security.CommandFiltering.AllowUnlisted, filter),
		AllowUTF8:      f.AllowUTF8,
	}
}

// commandOrigins says of a command filter where it is written.
func commandOrigins(f *access.CommandFilter, e *apphost.Element) *access.CommandFilter {
	entries := map[string]string{}
	for _, entry := range e.Entries() {
		entries[entry.Attr("command").Text] = entry.Pos().String()
	}
	return f.From(e.Attr("allowUnlisted").Origin(), entries)
}

// externalAddress reads firewallSupport/@externalIp4Address.
func (c *compiler) externalAddress(s *site.Site, ftp *apphost.Element) {
	v := ftp.Child("firewallSupport").Attr("externalIp4Address")
	if v.Text == "" {
		return
	}
	addr, err := netip.ParseAddr(strings.TrimSpace(v.Text))
	if err != nil || !addr.Is4() {
		c.errorf(v.Pos(), sectionSites, "externalIp4Address %q is not an IPv4 address", v.Text)
		return
	}
	s.DataChannel.ExternalIPv4 = addr
}

// login builds the ways to log in: anonymous, with a password that a source of
// accounts knows, or with a client certificate.
func (c *compiler) login(a *authenticationSettings) *auth.Chain {
	chain := &auth.Chain{AllowAnonymous: a.Anonymous.Enabled, OSUsers: c.osUsers}
	if a.Basic.Enabled {
		chain.Providers = c.sources
	}
	if a.ClientCert.Enabled {
		chain.Certificates = c.osUsers.Certificates(c.certificates)
	}
	return chain
}

// namespace builds the tree of applications and virtual directories. The
// site's root folder must be there; another folder that is missing makes its
// virtual directory unusable and is only warned of, as in IIS.
func (c *compiler) namespace(s *site.Site, e *apphost.Element, settings *siteSettings, levels []access.Level) *vfs.Namespace {
	mounts := c.mounts(e, settings)
	if len(mounts) == 0 {
		return nil
	}
	root, err := vfs.NewNamespace(vfs.Settings{
		Mounts: mounts, Access: access.NewTree(levels), Uploads: c.parts.Uploads,
		Isolation:                  c.isolation(&settings.FTP),
		KeepPartialUploads:         settings.FTP.FileHandling.KeepPartialUploads,
		AllowReplaceOnRename:       settings.FTP.FileHandling.AllowReplaceOnRename,
		AllowReadUploadsInProgress: settings.FTP.FileHandling.AllowReadUploadsInProgress,
		ListVirtualDirectories:     s.Browse.VirtualDirectories,
		VirtualDirectoryTimeout:    seconds(settings.FTP.Browse.VirtualDirectoryTimeout),
	})
	if err != nil {
		c.errorf(e.Pos(), sectionSites, "site %q: %v", s.Name, err)
	}
	return root
}

// mounts resolves and checks every physical path of a site.
func (c *compiler) mounts(e *apphost.Element, settings *siteSettings) []vfs.Mount {
	var mounts []vfs.Mount
	var folders []folder
	rooted := false
	for i, app := range e.Entries() {
		for j, dir := range app.Entries() {
			d := settings.Applications[i].VirtualDirectories[j]
			path := vpath.Clean(settings.Applications[i].Path).Join(strings.TrimPrefix(d.Path, "/"))
			position := dir.Attr("physicalPath").Pos()
			physical, err := c.folder(d.PhysicalPath)
			if err != nil && path.IsRoot() {
				c.errorf(position, sectionSites, "site %q: %v", settings.Name, err)
				return nil
			}
			if err != nil {
				c.warnf(position, sectionSites, "site %q: virtual directory %s cannot be used: %v", settings.Name, path, err)
			}
			rooted = rooted || path.IsRoot()
			c.circle(settings.Name, folders, folder{path, physical}, position)
			folders = append(folders, folder{path, physical})
			store := localfiles.New(physical)
			if c.parts.Confined && store.WriteProtected() {
				c.warnf(position, sectionSites, "site %q: nothing can be written into %s: %s", settings.Name, physical, installedBefore)
			}
			mounts = append(mounts, vfs.Mount{Path: path, Store: store})
		}
	}
	if !rooted {
		c.errorf(e.Pos(), sectionSites, `site %q has no root: it needs <application path="/"> with <virtualDirectory path="/" physicalPath="..." />`, settings.Name)
		return nil
	}
	return mounts
}

// installedBefore is why a folder may be closed to a service, and what to do.
const installedBefore = "the service was installed before this folder was served, and is kept from it: run \"ftphost service install\" again and restart"

// folder maps a physical path and makes sure that it is a folder.
func (c *compiler) folder(raw string) (string, error) {
	if raw == "" {
		return "", fmt.Errorf("physicalPath is empty: name the folder to serve")
	}
	physical, err := c.paths.resolve(raw)
	if err != nil {
		return "", err
	}
	err = localfiles.New(physical).Check()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		hint := ""
		if c.parts.Confined {
			hint = "; if it is there, " + installedBefore
		}
		return physical, fmt.Errorf(`physicalPath "%s": there is no folder %s; create it or correct the path%s`, raw, physical, hint)
	case errors.Is(err, content.ErrNotDirectory):
		return physical, fmt.Errorf(`physicalPath "%s": %s is not a folder`, raw, physical)
	case err != nil:
		return physical, fmt.Errorf(`physicalPath "%s": %w`, raw, err)
	}
	return physical, nil
}
