// Package replay asks of every line of old FTP logs whether the same command
// would be decided in the same way by the sites of a configuration. It asks the
// functions that decide on the wire, opens no file of a site and changes
// nothing.
package replay

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/ftphost/ftphost/pkg/reversedns"
	"github.com/ftphost/ftphost/pkg/site"
)

// Options say how logs are read.
type Options struct {
	// Site is the name of the site that all lines are of; with "" each line or
	// the folder of its file says so.
	Site string
	// Computer is the name of the old computer, whose accounts are taken for
	// those of this one.
	Computer string
}

// Bounds of what a log can make us remember.
const (
	maxSessions = 1 << 15
	maxLogins   = 1 << 13
	maxVerdicts = 1 << 15
	maxVerbs    = 1 << 10
	maxGroups   = 500
	maxReasons  = 50
	maxNotes    = 50
)

// Lengths in bytes up to which what a line says is remembered.
const (
	longestValue = 256
	longestPath  = 1024
)

// Run replays files in their order. The report tells of all that could be read,
// also when there is an error: of files that could not, or of ctx.
func Run(ctx context.Context, sites *site.Snapshot, options Options, files []string) (*Report, error) {
	r, err := newReplayer(ctx, sites, options)
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, name := range files {
		r.report.Files++
		if err := r.file(ctx, name); err != nil {
			problems = append(problems, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return r.finish(), errors.Join(problems...)
}

// replayer is a replay that goes on.
type replayer struct {
	ctx     context.Context //nolint:containedctx // it lives as long as Run
	sites   *site.Snapshot
	options Options
	report  Report

	tenants  map[uint32]*tenant
	fixed    *tenant // all lines are of it
	ofFolder *tenant // what the folder of the file says
	folder   string  // why there is none
	// named is what s-sitename said last, and what came of it.
	named struct {
		raw    string
		tenant *tenant
		why    string
	}

	layout layout
	old    bool // lines of the old service follow
	here   line

	sessions recent[string, *dialogue]
	logins   recent[loginKey, *login]
	verdicts recent[verdictKey, *verdict]
	verbs    recent[string, *verb]
	address  struct { // the one of the last line
		raw  string
		addr netip.Addr
	}
	names   asked
	groups  groups
	reasons reasons
	taken   map[string]bool // domains that were taken for the old computer
}

// tenant is a site that lines can be of.
type tenant struct {
	name string
	site *site.Site // nil when it does not run
	why  string     // then
}

// asked knows no names, and whether it was asked for one.
type asked bool

func (a *asked) Names(netip.Addr) reversedns.Names {
	*a = true
	return reversedns.Names{Known: true}
}

func newReplayer(ctx context.Context, sites *site.Snapshot, options Options) (*replayer, error) {
	r := &replayer{
		ctx: ctx, sites: sites, options: options, tenants: map[uint32]*tenant{},
		sessions: newRecent[string, *dialogue](maxSessions), logins: newRecent[loginKey, *login](maxLogins),
		verdicts: newRecent[verdictKey, *verdict](maxVerdicts), verbs: newRecent[string, *verb](maxVerbs),
		taken: map[string]bool{},
	}
	for _, s := range sites.Sites {
		r.tenants[s.ID] = &tenant{name: s.Name, site: s}
	}
	for _, s := range sites.Stopped {
		why := s.Reason
		if why == "" {
			why = "serverAutoStart is false"
		}
		r.tenants[s.ID] = &tenant{name: s.Name, why: fmt.Sprintf("lines of site %q, which is stopped: %s", s.Name, why)}
	}
	if options.Site == "" {
		return r, nil
	}
	var names []string
	for _, t := range r.tenants {
		if strings.EqualFold(t.name, options.Site) {
			r.fixed = t
		}
		names = append(names, t.name)
	}
	if r.fixed == nil {
		return nil, fmt.Errorf("there is no ftp site %q; there are: %s", options.Site, sorted(names))
	}
	return r, nil
}

// enterFile begins a file.
func (r *replayer) enterFile(name string) {
	r.here = line{place: place{file: name}}
	id, known, old := folderOf(name)
	r.old, r.ofFolder, r.folder = old, nil, "lines of which nothing says the site: no folder FTPSVC<id>, no s-sitename; give --site"
	if known {
		r.ofFolder, r.folder = r.tenantOf(id)
	}
}

func (r *replayer) tenantOf(id uint32) (*tenant, string) {
	t := r.tenants[id]
	switch {
	case t == nil:
		return nil, fmt.Sprintf("lines of the site with the id %d, which the configuration does not have as an ftp site", id)
	case t.site == nil:
		return nil, t.why
	default:
		return t, ""
	}
}

// find finds the site of a line, or tells why there is none.
func (r *replayer) find(l *line) string {
	if r.fixed != nil {
		l.tenant = r.fixed
		return r.fixed.why
	}
	raw := l.raw(siteName)
	if raw == nil {
		l.tenant = r.ofFolder
		return r.folder
	}
	if r.named.raw != string(raw) {
		r.named.raw = string(raw)
		r.named.tenant, r.named.why = nil, "lines with an s-sitename that is not FTPSVC<id>"
		if id, known, _ := folderOf(r.named.raw); known {
			r.named.tenant, r.named.why = r.tenantOf(id)
		}
	}
	l.tenant = r.named.tenant
	return r.named.why
}

// client is the address of a line; the zero Addr when it has none.
func (r *replayer) client(l *line) netip.Addr {
	raw := l.raw(clientIP)
	if raw == nil {
		return netip.Addr{}
	}
	if r.address.raw != string(raw) {
		r.address.raw = string(raw)
		r.address.addr, _ = netip.ParseAddr(r.address.raw)
	}
	return r.address.addr
}
