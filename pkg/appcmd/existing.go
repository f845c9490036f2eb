package appcmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/apphost"
)

// find is the target that a command names in a draft, and its name as written.
// In a file with errors, a site is found by its name alone.
func (r *run) find(d *apphost.Draft) (apphost.Target, string, error) {
	cfg, err := loaded(d)
	if err != nil {
		if r.kind == "SITE" && r.identifier() != "" {
			return apphost.Target{Section: sectionSites, Path: siteSteps(r.identifier())}, r.identifier(), nil
		}
		return apphost.Target{}, "", err
	}
	// The state does not matter, so nobody is asked for it.
	quiet := *r
	quiet.alone = true
	o, err := quiet.one(cfg)
	if err != nil {
		return apphost.Target{}, "", err
	}
	return o.target(), o.name, nil
}

func (r *run) setObject() error {
	name := ""
	err := r.edit(func(d *apphost.Draft) error {
		at, found, err := r.find(d)
		if err != nil {
			return err
		}
		name = found
		return assign(d, at, r.props)
	})
	if err != nil {
		return r.explained(err)
	}
	if r.kind == "SITE" {
		for _, p := range r.props {
			if p.Op == Assign && strings.EqualFold(pathString(p.Path), "name") {
				r.note("locations with the path %q are not renamed; what they say does not count for the site any more", name)
			}
		}
	}
	r.say(`%s object "%s" changed`, r.kind, name)
	return nil
}

// explained adds what is meant to be used where an attribute is of another
// object.
func (r *run) explained(err error) error {
	var unknown *apphost.UnknownError
	if errors.As(err, &unknown) && r.kind == "SITE" && strings.EqualFold(unknown.Name, "physicalPath") {
		f := unknownFailure(unknown)
		f.hint = `the folder of a site is that of its root virtual directory: set vdir "SITE/" /physicalPath:FOLDER`
		return f
	}
	return err
}

func (r *run) deleteObject() error {
	name := ""
	orphans := false
	err := r.edit(func(d *apphost.Draft) error {
		at, found, err := r.find(d)
		if err != nil {
			return err
		}
		name = found
		if cfg := d.Configuration(); cfg != nil && r.kind == "SITE" {
			for _, s := range d.Schema().Sections() {
				orphans = orphans || len(cfg.Locations(s.Path, name)) > 0
			}
		}
		return d.Remove(at)
	})
	if err != nil {
		return err
	}
	if orphans {
		r.note("locations with the path %q are left, as IIS leaves them; they count again for a new site of this name", name)
	}
	r.say(`%s object "%s" deleted`, r.kind, name)
	return nil
}

func (r *run) start() error { return r.switchSite(api.Started) }
func (r *run) stop() error  { return r.switchSite(api.Stopped) }

// switchSite starts or stops a site: in the file, as IIS does, and in the
// running host, if there is one.
func (r *run) switchSite(state string) error {
	if r.alone {
		return &failure{code: codeInvalid, text: "A site of another file cannot be started or stopped.", hint: "set ftpServer.serverAutoStart of the site instead"}
	}
	cfg, err := r.configuration()
	if err != nil {
		return err
	}
	quiet := *r
	quiet.alone = true
	o, err := quiet.one(cfg)
	if err != nil {
		return err
	}
	s, err := r.client().SetSite(r.ctx, o.name, state)
	switch {
	case errors.Is(err, api.ErrNotRunning):
		if _, err := r.home.SetAutoStart(o.name, state == api.Started); err != nil {
			return err
		}
		r.note("no server runs here; when one does, the site will be %s, as the configuration says now", strings.ToLower(state))
		return nil
	case err != nil:
		return err
	case state == api.Started && s.State != api.Started:
		return &failure{code: codeFailed, text: fmt.Sprintf("The site \"%s\" cannot be started. %s", o.name, s.Reason)}
	case state == api.Started:
		r.say(`"%s" successfully started.`, o.name)
	default:
		r.say(`"%s" successfully stopped`, o.name)
	}
	return nil
}
