package appcmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/apphost"
)

const sectionSites = "system.applicationHost/sites"

// object is a site, an application, a virtual directory or a backup.
type object struct {
	kind, name string
	// shown are the attributes in an XML result and in the detail view; line is
	// what stands in parentheses.
	shown []apphost.Setting
	line  string
	// element is nil for a backup. Path leads to it from the section sites.
	element *apphost.Element
	path    []apphost.Step
}

func (o *object) target() apphost.Target {
	return apphost.Target{Section: sectionSites, Path: o.path}
}

// sites lists the sites of a configuration.
func (r *run) sites(cfg *apphost.Configuration) []*object {
	var list []*object
	for _, e := range cfg.Section(sectionSites, "").Entries() {
		name, id := e.Attr("name").Text, e.Attr("id").Shown()
		var bindings []string
		ftp := false
		for _, b := range e.Child("bindings").Entries() {
			bindings = append(bindings, b.Attr("protocol").Text+"/"+b.Attr("bindingInformation").Text)
			ftp = ftp || strings.EqualFold(b.Attr("protocol").Text, "ftp")
		}
		o := &object{kind: "SITE", name: name, element: e, path: siteSteps(name)}
		o.shown = []apphost.Setting{{Name: "SITE.NAME", Value: name}, {Name: "SITE.ID", Value: id}, {Name: "bindings", Value: strings.Join(bindings, ",")}, {Name: "state", Value: r.state(name, ftp)}}
		o.line = fmt.Sprintf("id:%s,bindings:%s,state:%s", id, o.shown[2].Value, o.shown[3].Value)
		list = append(list, o)
	}
	return list
}

func siteSteps(name string) []apphost.Step {
	return []apphost.Step{{Values: []apphost.Setting{{Name: "name", Value: name}}}}
}

// unknown is the state of what is not run here.
const unknown = "Unknown"

// stateTime is how long the running host may take to tell its sites.
const stateTime = 10 * time.Second

// state is whether a site runs.
func (r *run) state(name string, ftp bool) string {
	if !ftp || r.alone {
		return unknown
	}
	if r.states == nil {
		r.states = map[string]string{}
		ctx, cancel := context.WithTimeout(r.ctx, stateTime)
		defer cancel()
		list, err := r.client().Sites(ctx)
		for _, s := range list {
			r.states[strings.ToLower(s.Name)] = s.State
		}
		if err != nil && !errors.Is(err, api.ErrNotRunning) {
			r.note("%v", err)
			r.silent = true
		}
	}
	switch s := r.states[strings.ToLower(name)]; {
	case s != "":
		return s
	case r.silent:
		return unknown
	}
	return api.Stopped
}

// apps lists the applications of all sites.
func (r *run) apps(cfg *apphost.Configuration) []*object {
	var list []*object
	for _, site := range r.sites(cfg) {
		for _, e := range site.element.EntriesOf("application") {
			path := e.Attr("path").Text
			o := &object{kind: "APP", name: site.name + path, element: e, path: append(siteSteps(site.name), pathStep(path))}
			pool := e.Attr("applicationPool").Text
			o.shown = []apphost.Setting{{Name: "path", Value: path}, {Name: "APP.NAME", Value: o.name}, {Name: "APPPOOL.NAME", Value: pool}, {Name: "SITE.NAME", Value: site.name}}
			o.line = "applicationPool:" + pool
			list = append(list, o)
		}
	}
	return list
}

func pathStep(path string) apphost.Step {
	return apphost.Step{Values: []apphost.Setting{{Name: "path", Value: path}}}
}

// vdirs lists the virtual directories of all applications.
func (r *run) vdirs(cfg *apphost.Configuration) []*object {
	var list []*object
	for _, app := range r.apps(cfg) {
		for _, e := range app.element.EntriesOf("virtualDirectory") {
			path := e.Attr("path").Text
			o := &object{kind: "VDIR", name: vdirName(app.name, path), element: e, path: append(app.path[:2:2], pathStep(path))}
			physical := e.Attr("physicalPath").Text
			o.shown = []apphost.Setting{{Name: "VDIR.NAME", Value: o.name}, {Name: "physicalPath", Value: physical}, {Name: "path", Value: path}, {Name: "APP.NAME", Value: app.name}, {Name: "SITE.NAME", Value: app.shown[3].Value}}
			o.line = "physicalPath:" + physical
			list = append(list, o)
		}
	}
	return list
}

// vdirName joins the names of an application, which ends with "/" for the root
// one, and the path of a virtual directory.
func vdirName(app, path string) string { return strings.TrimSuffix(app, "/") + path }

// objectsOf lists the objects of the command's kind.
func (r *run) objectsOf(cfg *apphost.Configuration) []*object {
	switch r.kind {
	case "SITE":
		return r.sites(cfg)
	case "APP":
		return r.apps(cfg)
	}
	return r.vdirs(cfg)
}

// identifier is what the command names: in its place or as an option.
func (r *run) identifier() string {
	if r.cmd.Identifier != "" {
		return r.cmd.Identifier
	}
	return r.options.names[strings.ToLower(r.kind)+".name"]
}

// one is the object that the command names.
func (r *run) one(cfg *apphost.Configuration) (*object, error) {
	id, number := r.identifier(), r.options.names["site.id"]
	if id == "" && (number == "" || r.kind != "SITE") {
		return nil, unnamed(r.kind)
	}
	list := r.objectsOf(cfg)
	for _, o := range list {
		if o.called(id) || id == "" && o.shown[1].Value == number {
			return o, nil
		}
	}
	if u, ok := siteURL(id); ok && r.kind == "SITE" {
		for _, o := range list {
			if answers(o, u) {
				return o, nil
			}
		}
	}
	return nil, notFound(r.kind, id+number)
}

// called compares names without regard to case and to the "/" of the root.
func (o *object) called(id string) bool {
	if id == "" {
		return false
	}
	if o.kind == "SITE" {
		return strings.EqualFold(o.name, id)
	}
	return strings.EqualFold(o.name, id) || strings.EqualFold(o.name, id+"/")
}

// siteURL reads an identifier that is a URL.
func siteURL(id string) (*url.URL, bool) {
	if !strings.Contains(id, "://") {
		return nil, false
	}
	u, err := url.Parse(id)
	return u, err == nil && u.Host != ""
}

// answers reports whether a site has a binding for a URL.
func answers(o *object, u *url.URL) bool {
	port := u.Port()
	if port == "" {
		port = strconv.Itoa(map[string]int{"ftp": 21, "ftps": 990, "http": 80, "https": 443}[strings.ToLower(u.Scheme)])
	}
	protocol := u.Scheme
	if strings.EqualFold(protocol, "ftps") {
		protocol = "ftp"
	}
	for _, b := range o.element.Child("bindings").Entries() {
		parts := strings.Split(b.Attr("bindingInformation").Text, ":")
		if len(parts) < 3 || !strings.EqualFold(b.Attr("protocol").Text, protocol) || parts[len(parts)-2] != port {
			continue
		}
		host, address := parts[len(parts)-1], strings.Trim(strings.Join(parts[:len(parts)-2], ":"), "[]")
		if strings.EqualFold(host, u.Hostname()) || host == "" && (address == "*" || address == "" || address == u.Hostname()) {
			return true
		}
	}
	return false
}

// nameOf is a name as the only thing that is shown.
func nameOf(key, name string) []apphost.Setting {
	return []apphost.Setting{{Name: key, Value: name}}
}
