// Package compile goes from a valid configuration to the sites to serve, or
// to a list of positioned errors. It opens no listener, and no goroutine outlives
// a call but one that reads from a share which does not answer.
package compile

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/iismanager"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/history"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/w3clog"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Paths of the sections that make up a site.
const (
	sectionSites            = "system.applicationHost/sites"
	sectionLog              = "system.ftpServer/log"
	sectionFirewall         = "system.ftpServer/firewallSupport"
	sectionCaching          = "system.ftpServer/caching"
	sectionServerRuntime    = "system.ftpServer/serverRuntime"
	sectionProviders        = "system.ftpServer/providerDefinitions"
	sectionAuthentication   = "system.ftpServer/security/authentication"
	sectionAuthorization    = "system.ftpServer/security/authorization"
	sectionIPSecurity       = "system.ftpServer/security/ipSecurity"
	sectionRequestFiltering = "system.ftpServer/security/requestFiltering"
	sectionPathMap          = "ftpHost/pathMap"
	sectionProtocol         = "ftpHost/protocol"
	sectionTLS              = "ftpHost/tls"
	sectionAccounts         = "ftpHost/accounts"
	sectionAdmin            = "ftpHost/admin"
	sectionMetrics          = "ftpHost/metrics"
	sectionHostLog          = "ftpHost/log"
)

// Parts are what outlives one configuration and is lent to its sites.
type Parts struct {
	Home Home
	// Logs are the open log files.
	Logs *w3clog.Files
	// Uploads are the files being written now.
	Uploads *vfs.Uploads
	// Accounts returns the local accounts as they are now.
	Accounts func() *local.Directory
	// Managers returns the IIS Manager users as they are now; nil reads those of
	// the home.
	Managers func() *iismanager.Directory
	// Verified remembers checked passwords.
	Verified *auth.VerifyCache
	// OnSourceProblem hears of logins that a source of accounts could not
	// answer; nil is allowed.
	OnSourceProblem func(error)
	// Workers bounds how many passwords are hashed at once.
	Workers *local.Workers
	// Certificates are the stores of certificates; nil opens those of the home.
	Certificates *cert.Stores
	// Confined says that folders are closed to this process that were not served
	// when its service was installed.
	Confined bool
	// ComputerName qualifies local accounts: COMPUTER\user.
	ComputerName string
	// Previous is what is served now; nil when nothing is. A site of it of which
	// the same is written is taken over, and one that the configuration does not
	// let run any more goes on as it was.
	Previous *Result
	// Unopened says of sites that are served now, by ID, which of their new
	// addresses cannot be opened; they go on as they were, too.
	Unopened map[uint32]string
	// Afresh builds every site anew, which finds what has changed outside of the
	// configuration.
	Afresh bool
	// Quick takes over sites of Previous also when the same is written of them on
	// other lines now. Where people are told of lines, these are those of before,
	// until a result without Quick takes the place of this one.
	Quick bool
}

// PortRange is the passive port range; 0 to 0 leaves the choice to the system.
type PortRange struct {
	Low  int `config:"lowDataChannelPort"`
	High int `config:"highDataChannelPort"`
}

// Result is what a configuration comes to.
type Result struct {
	Snapshot *site.Snapshot
	Passive  PortRange
	// Attempts says what failed logins lead to.
	Attempts auth.AttemptPolicy
	// Admin says where the running host is looked at.
	Admin Admin
	// History says where and how histories of the configuration are kept.
	History history.Settings

	// Displaced says that sites were taken over from other lines.
	Displaced bool

	// running are the sites of the snapshot by ID, built the versions of sites
	// that the file has, and common what they share.
	running map[uint32]*site.Site
	built   map[uint32]*built
	common  common
}

// compiler carries what the sites of one configuration share.
type compiler struct {
	cfg      *apphost.Configuration
	parts    Parts
	paths    *pathMap
	log      logSettings
	cache    time.Duration
	problems apphost.ErrorList

	common
	serverLevel access.Level
	// serverDoubted says that the server's rules for addresses were looked at.
	serverDoubted bool
	// protocol, tls and hostLog are for sites without a location of their own.
	protocol site.Protocol
	tls      tlsSettings
	hostLog  hostLogSettings
	// central is the log of all sites, if they share one, centralFolder where it
	// is.
	central       *w3clog.Log
	centralFolder string

	// userNames is ftpHost/metrics/@users.
	userNames uint32

	// now is when certificates are judged.
	now time.Time
	// defaultTLS is that of siteDefaults, defaultSSL where it is written.
	defaultTLS site.TLS
	defaultSSL *apphost.Element
	// localAsked says that the local accounts are among the sources.
	localAsked bool
	// osUsers says which accounts are users of the operating system; mapped are
	// those that the configuration names.
	osUsers *auth.OSUsers
	mapped  []mappedAccount
	// impersonates says that there are such accounts, impersonationDoubted that
	// it was told that nobody can be another user.
	impersonates, impersonationDoubted bool
	// anyIssuer says that some are known by what any issuer can write.
	anyIssuer bool
	// stocks are the certificate stores that were searched, by name.
	stocks map[string]*stock
	// elements lead from a site to where it is written.
	elements map[*site.Site]*apphost.Element
	// said are the places that something was said about already.
	said map[xmldoc.Pos]bool
}

// Snapshot builds the sites of a configuration. The list holds what keeps
// single sites from running, as errors, and warnings. The result is nil when
// a server-wide section makes no sense, since then no site can be served as
// configured.
func Snapshot(cfg *apphost.Configuration, parts Parts) (*Result, apphost.ErrorList) {
	c := newCompiler(cfg, parts)
	result := c.server()
	if result == nil {
		c.problems.Sort()
		return nil, c.problems
	}
	entries := cfg.Section(sectionSites, "").Entries()
	ids := c.siteIDs(entries)
	prints := cfg.Fingerprints(sectionSites, "name")
	c.share(result, prints.Rest)
	var sites, kept []*site.Site
	for i, b := range c.buildAll(entries, ids, prints.Entries) {
		e := entries[i]
		result.Displaced = result.Displaced || b.print != prints.Entries[i]
		result.built[ids[i]] = b
		if old, reason := c.kept(ids[i], b); old != nil {
			kept = append(kept, old)
			c.elements[old], result.Snapshot.Kept[old] = e, reason
			continue
		}
		switch {
		case b.site != nil:
			sites = append(sites, b.site)
			c.elements[b.site] = e
		case b.stopped != nil:
			result.Snapshot.Stopped = append(result.Snapshot.Stopped, *b.stopped)
		}
	}
	// Those that follow the file have its bindings.
	c.bind(result.Snapshot, append(sites, kept...))
	c.encryption(result.Snapshot)
	for _, s := range result.Snapshot.Sites {
		result.running[s.ID] = s
	}
	return result, sortedOnce(c.problems)
}

// sortedOnce is a list in the order of the files; what several sites said of
// one line is in it once.
func sortedOnce(list apphost.ErrorList) apphost.ErrorList {
	type finding struct {
		pos xmldoc.Pos
		msg string
	}
	seen := make(map[finding]bool, len(list))
	list = slices.DeleteFunc(list, func(e *apphost.Error) bool {
		key := finding{e.Pos, e.Msg}
		again := seen[key]
		seen[key] = true
		return again
	})
	list.Sort()
	return list
}

// newCompiler gives a configuration the parts that it was not lent.
func newCompiler(cfg *apphost.Configuration, parts Parts) *compiler {
	if parts.Certificates == nil {
		parts.Certificates = cert.Open(parts.Home.Certificates())
	}
	if parts.Managers == nil {
		parts.Managers = accounts.OpenAdministration(parts.Home.Administration()).Directory
	}
	if parts.Previous == nil {
		parts.Previous = &Result{}
	}
	return &compiler{cfg: cfg, parts: parts, now: time.Now(), elements: map[*site.Site]*apphost.Element{}, said: map[xmldoc.Pos]bool{}}
}

// siteIDs are the numbers of all sites. A site without one gets the first
// that is free, as IIS Manager would give it.
func (c *compiler) siteIDs(entries []*apphost.Element) []uint32 {
	ids := make([]uint32, len(entries))
	taken := make(map[uint32]*apphost.Element, len(entries))
	for i, e := range entries {
		v := e.Attr("id")
		ids[i] = uint32(v.Int()) //nolint:gosec // the schema says uint
		if ids[i] == 0 {
			continue
		}
		if first := taken[ids[i]]; first != nil {
			c.errorf(v.Pos(), sectionSites, "site %q: id %d belongs to site %q already, at %s",
				e.Attr("name").Text, ids[i], first.Attr("name").Text, first.Pos())
			continue
		}
		taken[ids[i]] = e
	}
	next := uint32(1)
	for i, e := range entries {
		if ids[i] != 0 {
			continue
		}
		for taken[next] != nil {
			next++
		}
		ids[i], taken[next] = next, e
		c.warnf(e.Pos(), sectionSites, "site %q has no id; it gets %d as long as no other site takes that number", e.Attr("name").Text, next)
	}
	return ids
}

// server reads the sections that concern all sites.
func (c *compiler) server() *Result {
	var firewall PortRange
	var caching cachingSettings
	var runtime serverRuntimeSettings
	for section, settings := range map[string]any{
		sectionLog: &c.log, sectionFirewall: &firewall, sectionCaching: &caching, sectionServerRuntime: &runtime,
	} {
		c.decode(c.cfg.Section(section, ""), settings)
	}
	if caching.Credentials.Enabled {
		c.cache = time.Duration(caching.Credentials.FlushInterval) * time.Second
	}
	c.readPathMap()
	c.readServerLevel()
	c.protocol = c.readProtocol("")
	c.hostLog = c.readHostLog("")
	c.openCentral()
	c.readOSUsers()
	c.readSources()
	c.readMapping()
	c.readDefaultTLS()
	admin := c.readAdmin()
	if low, high := firewall.Low, firewall.High; low > high || (low == 0) != (high == 0) {
		e := c.cfg.Section(sectionFirewall, "")
		c.errorf(e.Attr("lowDataChannelPort").Pos(), sectionFirewall,
			"lowDataChannelPort %d and highDataChannelPort %d are not a range: give the lower port first, or 0 for both", low, high)
	}
	if c.problems.Errors() > 0 {
		return nil
	}
	return &Result{
		Snapshot: &site.Snapshot{UseDomainNameAsHostName: runtime.HostNames.UseDomainNameAsHostName, Kept: map[*site.Site]string{}},
		Passive:  firewall,
		Attempts: c.attempts(),
		Admin:    admin,
		History:  c.history(),
		running:  map[uint32]*site.Site{},
		built:    map[uint32]*built{},
	}
}

// readPathMap reads ftpHost/pathMap.
func (c *compiler) readPathMap() {
	c.paths = newPathMap(c.parts.Home.Dir)
	var settings pathMapSettings
	e := c.cfg.Section(sectionPathMap, "")
	c.decode(e, &settings)
	for i, m := range settings.Maps {
		if err := c.paths.add(m.From, m.To); err != nil {
			c.errorf(e.Entries()[i].Pos(), sectionPathMap, "%v", err)
		}
	}
	for _, v := range settings.Variables {
		c.paths.setVariable(v.Name, v.Value)
	}
}

// bind groups the bindings; a site whose every binding another one holds does
// not run.
func (c *compiler) bind(snapshot *site.Snapshot, sites []*site.Site) {
	endpoints, conflicts := site.Endpoints(sites)
	snapshot.Endpoints = endpoints
	lost := map[*site.Site][]site.Conflict{}
	for _, conflict := range conflicts {
		lost[conflict.Site] = append(lost[conflict.Site], conflict)
	}
	for _, s := range sites {
		if len(lost[s]) == 0 {
			snapshot.Sites = append(snapshot.Sites, s)
			continue
		}
		// All or nothing: a site that answers on some of its addresses only
		// would be hard to tell from a healthy one.
		first := lost[s][0]
		snapshot.Stopped = append(snapshot.Stopped, site.Stopped{Name: s.Name, ID: s.ID, Reason: c.conflict(first)})
	}
	if len(lost) > 0 {
		snapshot.Endpoints, _ = site.Endpoints(snapshot.Sites)
	}
	for _, e := range snapshot.Endpoints {
		e.Log = c.central
	}
}

func (c *compiler) conflict(x site.Conflict) string {
	holder := x.Holder.Name
	for _, b := range x.Holder.Bindings {
		if b.Same(x.Binding) {
			holder = fmt.Sprintf("%s (%s)", holder, b.Origin)
		}
	}
	msg := fmt.Sprintf("site %q: binding %s is held by site %s already; this site does not start", x.Site.Name, x.Binding, holder)
	c.problems = append(c.problems, &apphost.Error{Pos: position(x.Binding.Origin), Section: sectionSites, Msg: msg})
	return fmt.Sprintf("%s: %s", x.Binding.Origin, msg)
}

// decode fills settings from an element; what does not fit was found by Load
// already unless the program itself is wrong.
func (c *compiler) decode(e *apphost.Element, settings any) {
	if err := apphost.Decode(e, settings); err != nil {
		c.errorf(e.Pos(), e.Schema().Path, "%v", err)
	}
}

// position reads an origin back; sites and rules carry origins as text, since
// they know nothing of documents.
func position(origin string) xmldoc.Pos {
	head, column, _ := cutLast(origin, ':')
	file, line, _ := cutLast(head, ':')
	pos := xmldoc.Pos{File: file}
	// An origin was printed from a position; a number that does not read back
	// stays 0 and the text is all there is.
	pos.Line, _ = strconv.Atoi(line)
	pos.Col, _ = strconv.Atoi(column)
	return pos
}

func (c *compiler) errorf(pos xmldoc.Pos, section, format string, args ...any) {
	c.problems = append(c.problems, &apphost.Error{Pos: pos, Section: section, Msg: fmt.Sprintf(format, args...)})
}

func (c *compiler) warnf(pos xmldoc.Pos, section, format string, args ...any) {
	c.problems = append(c.problems, &apphost.Error{Pos: pos, Section: section, Msg: fmt.Sprintf(format, args...), Warning: true})
}
