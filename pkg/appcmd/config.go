package appcmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// place is the location that the command names: "" for the server level, else
// "Site" or "Site/a/b".
func (r *run) place(cfg *apphost.Configuration) (string, error) {
	id := r.cmd.Identifier
	if id == "" {
		id = r.options.names["config.path"]
	}
	if u, ok := siteURL(id); ok {
		if cfg == nil {
			return "", &failure{code: codeInvalid, text: "A URL cannot be resolved while the configuration has errors.", hint: "name the site instead"}
		}
		quiet := &run{ctx: r.ctx, alone: true, kind: "SITE", cmd: &Command{Identifier: u.Scheme + "://" + u.Host}}
		o, err := quiet.one(cfg)
		if err != nil {
			return "", err
		}
		return strings.TrimRight(o.name+u.Path, "/"), nil
	}
	id = strings.Trim(id, "/")
	switch lower := strings.ToLower(id); {
	case lower == rootPath || lower == "apphost":
		return "", nil
	case strings.HasPrefix(lower, rootPath+"/"):
		return id[len(rootPath)+1:], nil
	case lower == "machine" || lower == "machine/webroot":
		return "", &failure{code: codeInvalid, text: fmt.Sprintf("Cannot find the configuration path \"%s\".", id), hint: "there is no machine.config or root web.config here"}
	}
	return id, nil
}

// pathOf is a location as appcmd names it.
func pathOf(location string) string {
	if location == "" {
		return "MACHINE/WEBROOT/APPHOST"
	}
	return "MACHINE/WEBROOT/APPHOST/" + location
}

// section finds a section by its path, or by its last part when only one of
// IIS's sections ends so.
func section(schema *apphost.Schema, name string) (*apphost.ElementSchema, error) {
	name = strings.ReplaceAll(strings.Trim(name, "/"), `\`, "/")
	if name == "" {
		return nil, &failure{code: codeInvalid, text: "Must specify the \"section\" parameter.", hint: "write /section:NAME; /section:? lists the names"}
	}
	if s := schema.Section(name); s != nil {
		return s, nil
	}
	var found []*apphost.ElementSchema
	for _, s := range schema.Sections() {
		if strings.EqualFold(s.Name, name) && isIIS(s.Path) {
			found = append(found, s)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return nil, &apphost.UnknownError{Kind: "section", Name: name, Hint: sectionHint(schema, name, found)}
}

// isIIS reports whether a section is one of applicationHost.config.
func isIIS(path string) bool { return strings.HasPrefix(path, "system.") }

// where is the section and the location of a command, for an edit.
func (r *run) where(d *apphost.Draft) (*apphost.ElementSchema, string, error) {
	s, err := section(d.Schema(), r.options.section)
	if err != nil {
		return nil, "", err
	}
	location, err := r.place(d.Configuration())
	return s, location, err
}

func (r *run) setConfig() error {
	var changed *apphost.ElementSchema
	var location string
	err := r.edit(func(d *apphost.Draft) error {
		s, at, err := r.where(d)
		if err != nil {
			return err
		}
		changed, location = s, at
		if at != "" && s.ServerOnly {
			return apphost.ErrServerOnly
		}
		r.strangers(d, at)
		return assign(d, apphost.Target{Location: at, Section: s.Path}, r.props)
	})
	if err != nil {
		return err
	}
	r.committed(location)
	if location == "" && changed.Path == sectionAuthorization && r.adds() {
		r.note("this rule is for every FTP site; name one to have it there only: set config SITE ...")
	}
	r.say(`Applied configuration changes to section "%s" for "%s" at configuration commit path "%s"`, changed.Path, pathOf(location), pathOf(""))
	return nil
}

const sectionAuthorization = "system.ftpServer/security/authorization"

// adds reports whether a command adds something.
func (r *run) adds() bool {
	return slices.ContainsFunc(r.props, func(p Param) bool { return p.Op == Insert })
}

// committed says where a change went when the command line named, or meant by
// default, a web.config.
func (r *run) committed(location string) {
	if location == "" {
		return
	}
	for _, p := range r.cmd.Params {
		if p.optionName() == "commit" && (strings.EqualFold(p.Value, "apphost") || strings.EqualFold(strings.Trim(p.Value, "/"), rootPath)) {
			return
		}
	}
	r.note("FTP reads no web.config: written to <location path=\"%s\"> of %s, as with /commit:apphost", location, r.home.Config)
}

// strangers tells of a location of a site that is not there.
func (r *run) strangers(d *apphost.Draft, location string) {
	cfg := d.Configuration()
	site, _, _ := strings.Cut(location, "/")
	if cfg == nil || site == "" {
		return
	}
	for _, e := range cfg.Section(sectionSites, "").Entries() {
		if strings.EqualFold(e.Attr("name").Text, site) {
			return
		}
	}
	r.note("there is no site %q; what is said of it counts when there is one", site)
}

func (r *run) listConfig() error {
	cfg, err := r.configuration()
	if err != nil {
		return err
	}
	if pattern, ok := strings.CutPrefix(r.options.section, "?"); ok {
		return r.listSections(cfg.Schema(), pattern)
	}
	location, err := r.place(cfg)
	if err != nil {
		return err
	}
	var chosen []*apphost.ElementSchema
	if r.options.section != "" {
		s, err := section(cfg.Schema(), r.options.section)
		if err != nil {
			return err
		}
		chosen = append(chosen, s)
	} else {
		for _, s := range cfg.Schema().Sections() {
			if isIIS(s.Path) && cfg.Section(s.Path, location).Present() && !(location != "" && s.ServerOnly) {
				chosen = append(chosen, s)
			}
		}
	}
	return r.printSections(cfg, chosen, location)
}

func (r *run) listSections(schema *apphost.Schema, pattern string) error {
	if pattern == "" {
		pattern = "*"
	}
	found := false
	for _, s := range schema.Sections() {
		if isIIS(s.Path) && wildcard(strings.ToLower(pattern), strings.ToLower(s.Path)) {
			found = true
			r.say("%s", s.Path)
		}
	}
	if !found {
		return errNothing
	}
	return nil
}

func (r *run) printSections(cfg *apphost.Configuration, sections []*apphost.ElementSchema, location string) error {
	result := &apphost.Tree{Name: "appcmd"}
	for _, s := range sections {
		e := cfg.Section(s.Path, location)
		t := e.Written()
		if r.options.all {
			t = e.All()
		}
		switch {
		case r.options.hasText && r.options.text != "*":
			path, _, _, err := parsePath(r.options.text)
			if err != nil || len(path) == 0 {
				return &apphost.UnknownError{Kind: "attribute", Name: r.options.text}
			}
			value, err := property(e, path)
			if err != nil {
				return err
			}
			r.say("%s", value)
		case r.options.hasText:
			r.say("CONFIG\n  CONFIG.SECTION: %s\n  path: %s\n  overrideMode: Inherit\n  locked: false", s.Path, pathOf(location))
			r.detailTree(e.All(), "  ")
		case r.options.xml:
			t.Name = strings.ReplaceAll(s.Path, "/", "-")
			result.Children = append(result.Children, &apphost.Tree{Name: "CONFIG", Children: []*apphost.Tree{t}, Attributes: []apphost.Setting{
				{Name: "CONFIG.SECTION", Value: s.Path}, {Name: "path", Value: pathOf(location)}, {Name: "overrideMode", Value: "Inherit"}, {Name: "locked", Value: "false"},
			}})
		default:
			fmt.Fprint(r.env.Out, xmlText(grouped(s.Path, t), ""))
		}
	}
	if r.options.xml {
		r.say(`<?xml version="1.0" encoding="UTF-8"?>`)
		fmt.Fprint(r.env.Out, xmlText(result, ""))
	}
	return nil
}

// grouped puts a section into its groups.
func grouped(path string, t *apphost.Tree) *apphost.Tree {
	parts := strings.Split(path, "/")
	for _, group := range slices.Backward(parts[:len(parts)-1]) {
		t = &apphost.Tree{Name: group, Children: []*apphost.Tree{t}}
	}
	return t
}

// searchConfig lists the places that give a section, or a property of it.
func (r *run) searchConfig() error {
	cfg, err := r.configuration()
	if err != nil {
		return err
	}
	below, err := r.place(cfg)
	if err != nil {
		return err
	}
	sections := cfg.Schema().Sections()
	if r.options.section != "" {
		s, err := section(cfg.Schema(), r.options.section)
		if err != nil {
			return err
		}
		sections = []*apphost.ElementSchema{s}
	}
	places := r.placesOf(cfg, sections, below)
	if len(places) == 0 {
		return errNothing
	}
	for _, p := range places {
		r.say(`CONFIGSEARCH "%s"`, pathOf(p))
	}
	return nil
}

// placesOf are the places below one that say what is looked for.
func (r *run) placesOf(cfg *apphost.Configuration, sections []*apphost.ElementSchema, below string) []string {
	var places []string
	enter := func(place string, e *apphost.Element) {
		inside := below == "" || strings.EqualFold(place, below) || len(place) > len(below) && strings.EqualFold(place[:len(below)+1], below+"/")
		if inside && !slices.Contains(places, place) && r.says(e) {
			places = append(places, place)
		}
	}
	for _, s := range sections {
		if e := cfg.Section(s.Path, ""); isIIS(s.Path) && e.Present() {
			enter("", e)
		}
	}
	for _, site := range cfg.Sites() {
		for _, s := range sections {
			for _, l := range cfg.Locations(s.Path, site) {
				enter(site+l.Path, l.Element)
			}
		}
	}
	return places
}

// says reports whether an element itself gives all the properties of a command.
func (r *run) says(e *apphost.Element) bool {
	for _, p := range r.props {
		if len(p.Path) == 0 {
			return false
		}
		last := p.Path[len(p.Path)-1]
		at, err := e.Find(steps(p.Path[:len(p.Path)-1])...)
		if err != nil || last.Indexer != nil {
			return false
		}
		v := at.Attr(last.Name)
		if !v.Set || p.Given && !matches(v.Shown(), p.Value) {
			return false
		}
	}
	return true
}

func (r *run) lockConfig() error   { return r.override(apphost.OverrideDeny, "Locked") }
func (r *run) unlockConfig() error { return r.override(apphost.OverrideAllow, "Unlocked") }

func (r *run) override(mode, done string) error {
	var path, location string
	err := r.edit(func(d *apphost.Draft) error {
		s, at, err := r.where(d)
		if err != nil {
			return err
		}
		path, location = s.Path, at
		return d.SetOverrideMode(at, s.Path, mode)
	})
	if err != nil {
		return err
	}
	r.note("FTP reads no web.config, so locking and unlocking changes nothing for it; rules stand in applicationHost.config")
	r.say(`%s section "%s" at configuration path "%s".`, done, path, pathOf(location))
	return nil
}

func (r *run) clearConfig() error {
	var path, location string
	err := r.edit(func(d *apphost.Draft) error {
		s, at, err := r.where(d)
		if err != nil {
			return err
		}
		path, location = s.Path, at
		if path == sectionSites {
			return &failure{code: codeInvalid, text: "All sites would be deleted.", hint: "delete them one by one: delete site NAME"}
		}
		_, err = d.RemoveSection(at, s.Path)
		return err
	})
	if err != nil {
		return err
	}
	r.say(`Applied configuration changes to section "%s" for "%s" at configuration commit path "%s"`, path, pathOf(location), pathOf(""))
	return nil
}
