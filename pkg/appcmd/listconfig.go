package appcmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
)

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
