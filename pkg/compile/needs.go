package compile

import (
	"path/filepath"
	"slices"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// Needs are what the sites of a home need from the machine they run on.
type Needs struct {
	// Ports are those of the bindings, each once.
	Ports []uint16
	// Bindings are those of all sites, by site in file order.
	Bindings []SiteBinding
	// Passive are the ports of data connections, and PassiveOrigin is where they
	// are written, as file:line:col, or "default".
	Passive       PortRange
	PassiveOrigin string
	// Folders are those that are written to: content, homes of accounts, logs,
	// histories, that of the admin socket, and what the path map names. Some may
	// be missing.
	Folders []string
	// OSUsers says that there are accounts that access files as users of the
	// operating system.
	OSUsers bool
}

// SiteBinding is an ftp binding and the site that has it.
type SiteBinding struct {
	site.Binding
	Site string
}

// Survey finds what the sites of a home need, those that do not run as well.
// Nothing is needed when the list has errors of the whole file.
func Survey(home Home) (*Needs, apphost.ErrorList) {
	cfg, problems := home.Load()
	if cfg == nil {
		return nil, problems
	}
	c := newCompiler(cfg, Parts{Home: home, Logs: w3clog.NewFiles(nil)}) // nothing is written
	result := c.server()
	if result == nil {
		return nil, append(problems, c.problems...)
	}
	needs := &Needs{Passive: result.Passive, OSUsers: c.impersonates}
	needs.PassiveOrigin = cfg.Section(sectionFirewall, "").Attr("lowDataChannelPort").Origin()
	for _, e := range c.paths.entries {
		needs.Folders = append(needs.Folders, e.to)
	}
	if result.History.Enabled {
		needs.Folders = append(needs.Folders, result.History.Folder)
	}
	if socket := AdminSocket(cfg, home); socket != "" {
		needs.Folders = append(needs.Folders, filepath.Dir(socket))
	}
	for _, e := range cfg.Section(sectionSites, "").Entries() {
		c.need(needs, e)
	}
	if directory, _ := accounts.Load(home.Accounts()); directory != nil {
		for _, u := range directory.Users() {
			c.needFolder(needs, u.Home)
		}
	}
	slices.Sort(needs.Ports)
	slices.Sort(needs.Folders)
	needs.Ports, needs.Folders = slices.Compact(needs.Ports), slices.Compact(needs.Folders)
	return needs, append(problems, c.problems...)
}

// need adds what one site needs; a site without ftp bindings is not ours.
func (c *compiler) need(needs *Needs, e *apphost.Element) {
	settings := siteSettings{}
	c.decode(e, &settings)
	bindings := c.bindings(e, settings.Bindings)
	if len(bindings) == 0 {
		return
	}
	for _, b := range bindings {
		needs.Ports = append(needs.Ports, b.Port)
		needs.Bindings = append(needs.Bindings, SiteBinding{b, settings.Name})
	}
	for _, app := range settings.Applications {
		for _, d := range app.VirtualDirectories {
			c.needFolder(needs, d.PhysicalPath)
		}
	}
	logs := &settings.FTP.LogFile
	if c.log.CentralLogFileMode == centralMode {
		logs = &c.log.Central
	}
	if logs.Enabled {
		c.needFolder(needs, logs.Directory)
	}
}

// needFolder adds a folder that the path map knows. One that it does not know is
// not used by any site; the default folder of the logs is in the home then.
func (c *compiler) needFolder(needs *Needs, raw string) {
	if raw == "" {
		return
	}
	if folder, err := c.paths.resolve(raw); err == nil {
		needs.Folders = append(needs.Folders, folder)
	}
}
