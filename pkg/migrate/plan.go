package migrate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/vpath"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Settings say what to migrate and how.
type Settings struct {
	// Files are what was copied from Windows, or folders of such files.
	Files []string
	// Content is the folder with the copied drives, "" for HOME/drives: its
	// folder c has what was on C:\, its folder unc/server/share a share.
	Content string
	// Maps say where single drives, folders or shares are: from and to.
	Maps [][2]string
	// Variables have values of variables of the Windows server, by name.
	Variables map[string]string
}

// Paths of the sections that are looked at.
const (
	sectionSites         = "system.applicationHost/sites"
	sectionFirewall      = "system.ftpServer/firewallSupport"
	sectionLog           = "system.ftpServer/log"
	sectionAuthorization = "system.ftpServer/security/authorization"
	sectionIPSecurity    = "system.ftpServer/security/ipSecurity"
	sectionProviders     = "system.ftpServer/providerDefinitions"
)

// Plan is what a migration comes to.
type Plan struct {
	Report Report

	settings Settings
	source   *Source
	people   *People
	text     []byte                 // of applicationHost.config
	doc      *xmldoc.Document       // nil when it is not well-formed
	cfg      *apphost.Configuration // nil when it has errors
	refused  apphost.ErrorList      // why cfg is nil
	index    map[[2]int]spot

	roots        []root
	folders      []string // as written to paths of the map
	accounts     []Person
	made         map[string]bool // names of accounts, folded
	ftpSites     map[string]bool // names of sites, folded
	groups       []Membership
	certificates []placed
	// uncertified are the sites that miss their certificate and need it.
	uncertified map[string]bool
	place       string // the folder that stands for the home
}

// root is a drive or share and where its content is here.
type root struct {
	from, to string
	given    bool // by Settings.Maps
}

// MakePlan reads everything and says what it comes to. Nothing is written but in
// a folder for the time of the call. The error is one of the files themselves, or
// of ctx; what is wrong in them is in the report.
func MakePlan(ctx context.Context, s Settings) (*Plan, error) {
	source, err := Collect(s.Files)
	if err != nil {
		return nil, err
	}
	s.Maps = slices.Clone(s.Maps)
	p := &Plan{settings: s, source: source, uncertified: map[string]bool{}, made: map[string]bool{}, ftpSites: map[string]bool{}}
	if p.people, err = ReadPeople(source.Accounts); err != nil {
		return nil, err
	}
	if p.text, err = os.ReadFile(source.Config); err != nil {
		return nil, err
	}
	if s.Content != "" {
		if p.settings.Content, err = filepath.Abs(s.Content); err != nil {
			return nil, err
		}
	}
	for i, m := range s.Maps {
		if s.Maps[i][1], err = filepath.Abs(m[1]); err != nil {
			return nil, err
		}
	}
	p.place, err = os.MkdirTemp("", "ftphost-migrate-*")
	if err != nil {
		return nil, err
	}
	err = p.make(ctx)
	if gone := os.RemoveAll(p.place); err == nil {
		err = gone
	}
	return p, err
}

// make looks at the parts, builds what would become the home, and asks the
// compiler about it.
func (p *Plan) make(ctx context.Context) error {
	home := compile.Home{Dir: p.place, Config: p.source.Config}
	if err := p.stageFiles(home); err != nil {
		return err
	}
	if doc, err := xmldoc.Parse(p.source.Config, slices.Clone(p.text)); err == nil {
		p.doc = doc
		p.makeIndex()
	}
	cfg, problems := home.Load()
	p.cfg = cfg
	p.checkFile()
	if cfg == nil {
		p.refused = problems
		p.translate(problems)
		p.Report.sort()
		return nil
	}
	p.mapPaths()
	p.checkServer()
	p.checkSites()
	p.checkRules()
	if err := p.choosePeople(); err != nil {
		return err
	}
	if err := p.chooseCertificates(); err != nil {
		return err
	}
	if err := p.checkContent(ctx); err != nil {
		return err
	}
	if err := p.stage(home); err != nil {
		return err
	}
	_, problems = compile.Open(home)
	p.translate(problems)
	p.Report.sort()
	return nil
}

// add enters a finding.
func (p *Plan) add(f Finding) { p.Report.Findings = append(p.Report.Findings, f) }

// maps enters one that carries over.
func (p *Plan) maps(kind, site string, pos xmldoc.Pos, here string, args ...any) {
	p.add(Finding{Severity: Maps, Kind: kind, Site: site, Pos: pos, Here: fmt.Sprintf(here, args...)})
}

// sites are the sites with ftp bindings, in file order.
func (p *Plan) sites() (ftp []*apphost.Element) {
	for _, e := range p.cfg.Section(sectionSites, "").Entries() {
		if len(bindingsOf(e, "ftp")) > 0 || len(bindingsOf(e, "ftps")) > 0 {
			ftp = append(ftp, e)
		}
	}
	return ftp
}

// bindingsOf are the bindings of a site with a protocol.
func bindingsOf(site *apphost.Element, protocol string) (found []*apphost.Element) {
	for _, b := range site.Child("bindings").Entries() {
		if strings.EqualFold(b.Attr("protocol").Text, protocol) {
			found = append(found, b)
		}
	}
	return found
}

// mapPaths finds out which drives and shares the sites use, and where they are
// here.
func (p *Plan) mapPaths() {
	for _, m := range p.settings.Maps {
		p.roots = append(p.roots, root{m[0], m[1], true})
	}
	for _, site := range p.sites() {
		for _, v := range physicalPaths(site) {
			p.mapPath(v.Text, p.settings.Content)
			p.mapSpelling(v.Text)
		}
	}
	// Logs are no content: a drive that has nothing else is in the home.
	for _, site := range p.sites() {
		p.mapPath(site.Child("ftpServer").Child("logFile").Attr("directory").Text, "")
	}
	p.mapPath(p.cfg.Section(sectionLog, "").Child("centralLogFile").Attr("directory").Text, "")
}

// mapSpelling enters a folder of the content that is there in another case than
// it is written, as it may be after a copy.
func (p *Plan) mapSpelling(raw string) {
	expanded, err := compile.ExpandVariables(raw, p.settings.Variables)
	if err != nil {
		return
	}
	path, ok := p.resolve(raw)
	if _, _, windows := compile.WindowsPath(expanded); !ok || !windows || !filepath.IsAbs(path) {
		return
	}
	actual := spelled(path)
	if _, err := os.Stat(actual); err == nil && actual != path {
		p.roots = append(p.roots, root{from: expanded, to: filepath.ToSlash(actual)})
	}
}

// spelled is a path in the spelling that folders have.
func spelled(path string) string {
	if _, err := os.Stat(path); err == nil || filepath.Dir(path) == path {
		return path
	}
	above := spelled(filepath.Dir(path))
	return filepath.Join(above, nameIn(above, filepath.Base(path)))
}

// physicalPaths are the folders of a site, that of the site itself first.
func physicalPaths(site *apphost.Element) (values []apphost.Value) {
	for _, app := range site.Entries() {
		for _, dir := range app.Entries() {
			values = append(values, dir.Attr("physicalPath"))
		}
	}
	return values
}

// mapPath makes room for a path unless it has it, below the folder content or,
// when that is "", in the home.
func (p *Plan) mapPath(raw, content string) {
	expanded, err := compile.ExpandVariables(raw, p.settings.Variables)
	if err != nil {
		return // said where it stands
	}
	from, _, ok := compile.WindowsPath(expanded)
	if !ok || slices.ContainsFunc(p.roots, func(r root) bool { return vpath.Fold(rootOf(r.from)) == vpath.Fold(from) && isRoot(r.from) }) {
		return
	}
	p.roots = append(p.roots, root{from: from, to: usualPlace(from, content)})
}

// rootOf is the drive or share of a path of the map.
func rootOf(from string) string {
	top, _, _ := compile.WindowsPath(from)
	return top
}

// isRoot reports whether a path of the map is a whole drive or share.
func isRoot(from string) bool {
	_, below, ok := compile.WindowsPath(from)
	return ok && len(below) == 0
}

// usualPlace is where a drive or share is when nobody says: below the content,
// or in the home.
func usualPlace(from, content string) string {
	var names []string
	if share, ok := strings.CutPrefix(from, `\\`); ok {
		names = append([]string{"unc"}, strings.Split(strings.ToLower(share), `\`)...)
	} else {
		names = []string{strings.ToLower(from[:1])}
	}
	if content == "" {
		return strings.Join(append([]string{"drives"}, names...), "/")
	}
	dir := content
	for _, name := range names {
		dir = filepath.Join(dir, nameIn(dir, name))
	}
	return filepath.ToSlash(dir)
}

// nameIn is a name as a folder has it, in whatever case.
func nameIn(dir, name string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return name // one that is not there yet
	}
	found := name
	for _, e := range entries {
		switch {
		case e.Name() == name:
			return name
		case vpath.Fold(e.Name()) == vpath.Fold(name):
			found = e.Name()
		}
	}
	return found
}

// resolve maps a physical path to one of this machine, relative to the home
// unless it is absolute. The longest part of the map counts.
func (p *Plan) resolve(raw string) (path string, ok bool) {
	expanded, err := compile.ExpandVariables(raw, p.settings.Variables)
	if err != nil {
		return "", false
	}
	if filepath.IsAbs(expanded) {
		return expanded, true
	}
	top, below, ok := compile.WindowsPath(expanded)
	if !ok {
		return "", false
	}
	best := -1
	for _, r := range p.roots {
		from, under, ok := compile.WindowsPath(r.from)
		if !ok || vpath.Fold(from) != vpath.Fold(top) || len(under) > len(below) || len(under) <= best {
			continue
		}
		if !slices.EqualFunc(under, below[:len(under)], func(a, b string) bool { return vpath.Fold(a) == vpath.Fold(b) }) {
			continue
		}
		best = len(under)
		path = filepath.Join(append([]string{filepath.FromSlash(r.to)}, below[len(under):]...)...)
	}
	return path, best >= 0
}

// in makes a path of the map one below dir unless it is absolute.
func in(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
