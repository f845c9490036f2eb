package appcmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// each runs a command once for each object of the result that is on standard
// input.
func (r *run) each(do func(*run) error) error {
	text, err := io.ReadAll(io.LimitReader(r.env.In, xmldoc.MaxSize+1))
	if err != nil {
		return fmt.Errorf("reading standard input: %w", err)
	}
	doc, err := xmldoc.Parse("standard input", text)
	if err != nil {
		return err
	}
	result := apphost.TreeOf(doc.Root())
	if !strings.EqualFold(result.Name, "appcmd") {
		return &failure{code: codeMalformed, text: "The input is not a result of appcmd.", hint: "pipe the output of: appcmd list ... /xml"}
	}
	for _, t := range result.Children {
		if !strings.EqualFold(t.Name, r.kind) {
			continue
		}
		one := *r
		one.cmd = &Command{Verb: r.cmd.Verb, Object: r.cmd.Object, Params: r.cmd.Params, Identifier: t.Attribute(r.kind + ".NAME")}
		one.props = append([]Param(nil), r.props...)
		one.options.names = map[string]string{}
		for name, value := range r.options.names {
			one.options.names[name] = value
		}
		one.input = t
		one.fromInput(t)
		if err := do(&one); err != nil {
			return err
		}
	}
	return nil
}

// fromInput takes from an object of the input what a command line would say of
// it and this one does not.
func (r *run) fromInput(t *apphost.Tree) {
	for _, a := range t.Attributes {
		name := strings.ToLower(a.Name)
		if _, given := r.options.names[name]; ofObject(name) && !given {
			r.options.names[name] = a.Value
		}
	}
	if strings.EqualFold(r.kind, "CONFIG") {
		r.cmd.Identifier = t.Attribute("path")
		if r.options.section == "" {
			r.options.section = t.Attribute("CONFIG.SECTION")
		}
		return
	}
	if !strings.EqualFold(r.cmd.Verb, "add") {
		return
	}
	for _, name := range []string{"path", "physicalPath", "bindings"} {
		if value := t.Attribute(name); value != "" && !r.has(name) {
			r.props = append(r.props, Param{Path: []Step{{Name: name}}, Value: value, Given: true})
		}
	}
}

func (r *run) has(name string) bool {
	for _, p := range r.props {
		if len(p.Path) == 1 && strings.EqualFold(p.Path[0].Name, name) {
			return true
		}
	}
	return false
}

// inputElement is the configuration of the object in the input, if it has any.
func (r *run) inputElement(name string) *apphost.Tree {
	if r.input == nil {
		return nil
	}
	for _, c := range r.input.Children {
		if strings.EqualFold(c.Name, name) {
			return c
		}
	}
	return nil
}
