package appcmd

import (
	"fmt"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// list prints the objects that the command names and that pass its filters.
func (r *run) list() error {
	cfg, err := r.configuration()
	if err != nil {
		return err
	}
	list := r.objectsOf(cfg)
	if r.identifier() != "" || r.kind == "SITE" && r.options.names["site.id"] != "" {
		o, err := r.one(cfg)
		if err != nil {
			return errNothing
		}
		list = []*object{o}
	}
	var kept []*object
	for _, o := range list {
		ok, err := r.passes(o)
		if err != nil {
			return err
		}
		if ok {
			kept = append(kept, o)
		}
	}
	return r.print(kept)
}

// print prints objects in the form that is asked for.
func (r *run) print(list []*object) error {
	if r.options.xml {
		result := &apphost.Tree{Name: "appcmd"}
		for _, o := range list {
			t := &apphost.Tree{Name: o.kind, Attributes: o.shown}
			if r.options.config && o.element != nil {
				t.Children = append(t.Children, r.tree(o.element))
			}
			result.Children = append(result.Children, t)
		}
		r.say(`<?xml version="1.0" encoding="UTF-8"?>`)
		fmt.Fprint(r.env.Out, xmlText(result, ""))
		return nil
	}
	if len(list) == 0 {
		return errNothing
	}
	for _, o := range list {
		if err := r.printOne(o); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) printOne(o *object) error {
	switch {
	case r.options.hasText && r.options.text == "*":
		r.detail(o)
	case r.options.hasText:
		value, err := o.value(r.options.text)
		if err != nil {
			return err
		}
		r.say("%s", value)
	case r.options.config && o.element != nil:
		fmt.Fprint(r.env.Out, xmlText(r.tree(o.element), ""))
	case o.line == "":
		r.say(`%s "%s"`, o.kind, o.name)
	default:
		r.say(`%s "%s" (%s)`, o.kind, o.name, o.line)
	}
	return nil
}

// tree is what /config shows of an object: what is written in it, or with
// /config:* everything that counts.
func (r *run) tree(e *apphost.Element) *apphost.Tree {
	if r.options.all {
		return e.All()
	}
	return e.AsWritten()
}

// detail is the form of /text:*.
func (r *run) detail(o *object) {
	r.say("%s", o.kind)
	for _, s := range o.shown {
		r.say("  %s: %s", s.Name, s.Value)
	}
	if o.element != nil {
		r.detailTree(o.element.All(), "  ")
	}
}

func (r *run) detailTree(t *apphost.Tree, indent string) {
	r.say("%s[%s]", indent, t.Name)
	for _, a := range t.Attributes {
		r.say("%s  %s:\"%s\"", indent, a.Name, a.Value)
	}
	for _, c := range t.Children {
		r.detailTree(c, indent+"  ")
	}
}

// value is a property of an object: one that is shown, or one of its
// configuration, by a path.
func (o *object) value(name string) (string, error) {
	for _, s := range o.shown {
		if strings.EqualFold(s.Name, name) || strings.EqualFold(s.Name, o.kind+"."+name) {
			return s.Value, nil
		}
	}
	path, _, _, err := parsePath(name)
	if err != nil {
		return "", wrongPath("/text:"+name, err)
	}
	if o.element == nil || len(path) == 0 {
		return "", &apphost.UnknownError{Kind: "attribute", Name: name}
	}
	return property(o.element, path)
}

// property is the value at the end of a path.
func property(e *apphost.Element, path []Step) (string, error) {
	last := path[len(path)-1]
	at, err := e.Find(steps(path[:len(path)-1])...)
	if err != nil {
		return "", err
	}
	if at.Schema().Attribute(last.Name) == nil {
		for _, a := range at.AsWritten().Attributes {
			if strings.EqualFold(a.Name, last.Name) {
				return a.Value, nil
			}
		}
		return "", &apphost.UnknownError{Kind: "attribute", Name: last.Name}
	}
	return at.Attr(last.Name).Shown(), nil
}

// passes reports whether an object has all the values that are asked for.
func (r *run) passes(o *object) (bool, error) {
	for _, p := range r.props {
		if p.Op != Assign || !p.Given {
			return false, badParam(p, "is no filter: write /name:value")
		}
		have, err := o.value(pathString(p.Path))
		if err != nil {
			return false, err
		}
		if !matches(have, p.Value) {
			return false, nil
		}
	}
	for _, name := range []string{"site.name", "app.name", "site.id"} {
		want, given := r.options.names[name]
		if have, err := o.value(name); given && name != strings.ToLower(r.kind)+".name" && err == nil && !strings.EqualFold(have, want) {
			return false, nil
		}
	}
	return true, nil
}

// xmlText writes an element and what is in it, with two spaces for a step.
func xmlText(t *apphost.Tree, indent string) string {
	var b strings.Builder
	b.WriteString(indent + "<" + t.Name)
	for _, a := range t.Attributes {
		b.WriteString(" " + a.Name + `="` + xmlEscape(a.Value) + `"`)
	}
	if len(t.Children) == 0 {
		b.WriteString(" />\n")
		return b.String()
	}
	b.WriteString(">\n")
	for _, c := range t.Children {
		b.WriteString(xmlText(c, indent+"  "))
	}
	b.WriteString(indent + "</" + t.Name + ">\n")
	return b.String()
}

func xmlEscape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#xD;", "\n", "&#xA;", "\t", "&#x9;").Replace(text)
}
