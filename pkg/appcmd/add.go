package appcmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// take takes a property out of those of the command.
func (r *run) take(name string) (string, bool) {
	for i, p := range r.props {
		if p.Op == Assign && len(p.Path) == 1 && strings.EqualFold(p.Path[0].Name, name) {
			r.props = slices.Delete(slices.Clone(r.props), i, i+1)
			return p.Value, true
		}
	}
	return "", false
}

// loaded is the configuration of a draft, which must have no errors for what
// needs to know all of it.
func loaded(d *apphost.Draft) (*apphost.Configuration, error) {
	cfg, problems := d.Load()
	if cfg == nil {
		return nil, problems
	}
	return cfg, nil
}

// newSite is what add site says of the site beside its properties.
type newSite struct {
	name, id, bindings, physicalPath string
	folder                           bool // physicalPath is given
}

func (r *run) newSite() (newSite, error) {
	var n newSite
	if n.name, _ = r.take("name"); n.name == "" {
		n.name = r.identifier()
	}
	if n.id, _ = r.take("id"); n.id == "" {
		n.id = r.options.names["site.id"]
	}
	n.bindings, _ = r.take("bindings")
	n.physicalPath, n.folder = r.take("physicalPath")
	if n.name == "" {
		return n, &failure{code: codeInvalid, text: "Must specify the \"name\" attribute of the SITE object."}
	}
	return n, nil
}

func (r *run) addSite() error {
	n, err := r.newSite()
	if err != nil {
		return err
	}
	err = r.edit(func(d *apphost.Draft) error { return r.enterSite(d, n) })
	if err != nil {
		return err
	}
	r.say(`SITE object "%s" added`, n.name)
	if n.folder {
		r.say(`APP object "%s/" added`, n.name)
		r.say(`VDIR object "%s/" added`, n.name)
	}
	return nil
}

// enterSite adds a site, with what the input has of it.
func (r *run) enterSite(d *apphost.Draft, n newSite) error {
	cfg, err := loaded(d)
	if err != nil {
		return err
	}
	number, err := siteNumber(cfg, n.id)
	if err != nil {
		return err
	}
	at := apphost.Target{Section: sectionSites, Path: siteSteps(n.name)}
	entry := at
	entry.Path = []apphost.Step{{Values: []apphost.Setting{{Name: "name", Value: n.name}, {Name: "id", Value: number}}}}
	known := r.inputElement("site")
	if err := d.Add(entry, known, apphost.Last); err != nil {
		return err
	}
	if n.folder {
		if err := addFolder(d, at, "/", "/", n.physicalPath); err != nil {
			return err
		}
	}
	if n.bindings != "" && known == nil {
		at := at
		at.Path = append(slices.Clip(at.Path), apphost.Step{Name: "bindings"})
		if err := setBindings(d, at, n.bindings); err != nil {
			return err
		}
	}
	return assign(d, at, r.props)
}

// addFolder adds an application with its root virtual directory.
func addFolder(d *apphost.Draft, site apphost.Target, app, vdir, physical string) error {
	at := site
	at.Path = append(slices.Clip(at.Path), pathStep(app))
	if err := d.Add(at, nil, apphost.Last); err != nil {
		return err
	}
	return addDirectory(d, at, vdir, physical)
}

func addDirectory(d *apphost.Draft, app apphost.Target, vdir, physical string) error {
	values := []apphost.Setting{{Name: "path", Value: vdir}, {Name: "physicalPath", Value: physical}}
	app.Path = append(slices.Clip(app.Path), apphost.Step{Values: values})
	return d.Add(app, nil, apphost.Last)
}

// siteNumber is the number of a new site: the one that is asked for, if it is
// free, else the one after the highest.
func siteNumber(cfg *apphost.Configuration, id string) (string, error) {
	highest := uint64(0)
	for _, e := range cfg.Section(sectionSites, "").Entries() {
		used := e.Attr("id").Shown()
		if used == id {
			return "", &failure{code: codeDuplicate, text: fmt.Sprintf("Failed to add duplicate collection element \"%s\".", id), hint: fmt.Sprintf("site %q has the number %s", e.Attr("name").Text, id)}
		}
		if n, err := strconv.ParseUint(used, 10, 32); err == nil {
			highest = max(highest, n)
		}
	}
	if id != "" {
		return id, nil
	}
	return strconv.FormatUint(highest+1, 10), nil
}

func (r *run) addApp() error {
	site, _ := r.take("site.name")
	if site == "" {
		site = r.options.names["site.name"]
	}
	path, _ := r.take("path")
	if site == "" || path == "" {
		return &failure{code: codeInvalid, text: "Must specify the \"site.name\" and \"path\" attributes of the APP object."}
	}
	physical, hasPath := r.take("physicalPath")
	props := r.props
	err := r.edit(func(d *apphost.Draft) error {
		cfg, err := loaded(d)
		if err != nil {
			return err
		}
		parent, err := (&run{ctx: r.ctx, alone: true, kind: "SITE", cmd: &Command{Identifier: site}}).one(cfg)
		if err != nil {
			return err
		}
		site = parent.name
		at := parent.target()
		at.Path = append(at.Path, pathStep(path))
		if err := d.Add(at, r.inputElement("application"), apphost.Last); err != nil {
			return err
		}
		if hasPath {
			if err := addDirectory(d, at, "/", physical); err != nil {
				return err
			}
		}
		return assign(d, at, props)
	})
	if err != nil {
		return err
	}
	r.say(`APP object "%s" added`, site+path)
	if hasPath {
		r.say(`VDIR object "%s" added`, vdirName(site+path, "/"))
	}
	return nil
}

func (r *run) addVdir() error {
	app := r.options.names["app.name"]
	path, _ := r.take("path")
	physical, hasPath := r.take("physicalPath")
	if app == "" || path == "" {
		return &failure{code: codeInvalid, text: "Must specify the \"app.name\" and \"path\" attributes of the VDIR object."}
	}
	props := r.props
	err := r.edit(func(d *apphost.Draft) error {
		cfg, err := loaded(d)
		if err != nil {
			return err
		}
		parent, err := (&run{ctx: r.ctx, alone: true, kind: "APP", cmd: &Command{Identifier: app}}).one(cfg)
		if err != nil {
			return err
		}
		app = parent.name
		at := parent.target()
		values := []apphost.Setting{{Name: "path", Value: path}}
		if hasPath {
			values = append(values, apphost.Setting{Name: "physicalPath", Value: physical})
		}
		at.Path = append(at.Path, apphost.Step{Values: values})
		if err := d.Add(at, r.inputElement("virtualDirectory"), apphost.Last); err != nil {
			return err
		}
		return assign(d, at, props)
	})
	if err != nil {
		return err
	}
	r.say(`VDIR object "%s" added`, vdirName(app, path))
	return nil
}
