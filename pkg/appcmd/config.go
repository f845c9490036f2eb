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

func (r *run) lockConfig() error   { return r.override(apphost.OverrideDeny, "Locked") }
func (r *run) unlockConfig() error { return r.override(apphost.OverrideAllow, "Unlocked") }

// editSection edits the section that the command line names, and returns its
// path and location.
func (r *run) editSection(change func(d *apphost.Draft, location, path string) error) (path, location string, err error) {
	err = r.edit(func(d *apphost.Draft) error {
		s, at, err := r.where(d)
		if err != nil {
			return err
		}
		path, location = s.Path, at
		return change(d, at, s.Path)
	})
	return path, location, err
}

func (r *run) override(mode, done string) error {
	path, location, err := r.editSection(func(d *apphost.Draft, location, path string) error {
		return d.SetOverrideMode(location, path, mode)
	})
	if err != nil {
		return err
	}
	r.note("FTP reads no web.config, so locking and unlocking changes nothing for it; rules stand in applicationHost.config")
	r.say(`%s section "%s" at configuration path "%s".`, done, path, pathOf(location))
	return nil
}

func (r *run) clearConfig() error {
	path, location, err := r.editSection(func(d *apphost.Draft, location, path string) error {
		if path == sectionSites {
			return &failure{code: codeInvalid, text: "All sites would be deleted.", hint: "delete them one by one: delete site NAME"}
		}
		_, err := d.RemoveSection(location, path)
		return err
	})
	if err != nil {
		return err
	}
	r.say(`Applied configuration changes to section "%s" for "%s" at configuration commit path "%s"`, path, pathOf(location), pathOf(""))
	return nil
}
