package schemadoc

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// intro opens the reference page.
//
//go:embed intro.md
var intro string

// examples holds complete configuration documents, each named after the path
// of the element it shows with dots for slashes.
//
//go:embed examples/*.xml
var examples embed.FS

// Page returns the reference page of the sections of all schemas, in Markdown.
func Page(schemas ...*apphost.Schema) ([]byte, error) {
	p := &page{described: map[string]string{}}
	p.add("%s\n## Contents\n\n", intro)
	var sections []*apphost.ElementSchema
	for _, s := range schemas {
		sections = append(sections, reading(s.Sections())...)
	}
	for _, section := range sections {
		p.add("- [%s](#%s)\n", section.Path, anchor(section.Path))
	}
	for _, section := range sections {
		p.section(section)
	}
	return []byte(p.text.String()), p.err
}

// reading puts sections in the order in which people want them: sites first.
func reading(sections []*apphost.ElementSchema) []*apphost.ElementSchema {
	order := []string{"system.applicationHost/sites", "system.ftpServer/", "ftpHost/", "localAccounts", ""}
	rank := func(e *apphost.ElementSchema) int {
		return slices.IndexFunc(order, func(prefix string) bool { return strings.HasPrefix(e.Path, prefix) })
	}
	slices.SortStableFunc(sections, func(a, b *apphost.ElementSchema) int { return rank(a) - rank(b) })
	return sections
}

// page is the reference page as far as it is written.
type page struct {
	text strings.Builder
	err  error
	// described has the headings of elements by signature, so that one of the
	// same content is described once.
	described map[string]string
	// pending are the elements that get a heading of their own later.
	pending []entry
}

// entry is an element with its heading.
type entry struct {
	heading string
	element *apphost.ElementSchema
}

func (p *page) add(format string, args ...any) { fmt.Fprintf(&p.text, format, args...) }

func (p *page) section(section *apphost.ElementSchema) {
	p.add("\n## %s\n\n%s\n\n", section.Path, prose(section.Doc))
	if section.ServerOnly {
		p.add("Stands at the server level only.\n")
	} else {
		p.add("Stands at the server level and in a `<location>`.\n")
	}
	group := strings.TrimSuffix(section.Path, section.Name)
	p.pending = p.body(section, group)
	for len(p.pending) > 0 {
		next := p.pending[0]
		p.pending = p.pending[1:]
		p.add("\n### %s\n\n%s\n", next.heading, prose(next.element.Doc))
		p.pending = append(p.body(next.element, group), p.pending...)
	}
}

// body describes what an element holds, and returns the elements in it that
// need a heading of their own.
func (p *page) body(e *apphost.ElementSchema, group string) []entry {
	p.tolerance(e)
	p.attributes(e)
	children := p.children(e, group)
	own := append(p.collections(e, group), children...)
	p.example(e)
	return own
}

func (p *page) tolerance(e *apphost.ElementSchema) {
	if e.AllowUnrecognizedElements || e.AllowUnrecognizedAttributes {
		p.add("\nWhat is not described here is left alone.\n")
	}
}

// children lists the elements in e.
func (p *page) children(e *apphost.ElementSchema, group string) (own []entry) {
	for i, c := range e.Elements {
		if i == 0 {
			p.add("\nElements:\n\n")
		}
		p.add("- %s\n", p.child(c, group, &own))
	}
	return own
}

// child is one line about an element: all there is to say when it holds
// nothing, else a link to where it is described.
func (p *page) child(c *apphost.ElementSchema, group string, own *[]entry) string {
	if len(c.Attributes) == 0 && len(c.Elements) == 0 && len(c.Collections) == 0 {
		return code(c.Name) + ": " + prose(c.Doc)
	}
	key := signature(c)
	if heading, known := p.described[key]; known {
		return code(c.Name) + ": " + prose(c.Doc) + fmt.Sprintf(" Holds the same as [%s](#%s).", heading, anchor(heading))
	}
	heading := strings.TrimPrefix(c.Path, group)
	p.described[key] = heading
	*own = append(*own, entry{heading, c})
	return fmt.Sprintf("[%s](#%s): %s", c.Name, anchor(heading), prose(c.Doc))
}

// collections describes the collections of e. Entries that hold elements get
// a heading of their own, others a table here.
func (p *page) collections(e *apphost.ElementSchema, group string) (own []entry) {
	for _, c := range e.Collections {
		simple := len(c.Entry.Elements) == 0 && len(c.Entry.Collections) == 0
		if simple {
			p.add("\nCollection of %s: %s\n\n", tag(c.Add), prose(c.Entry.Doc))
		} else {
			heading := strings.TrimPrefix(c.Entry.Path, group)
			own = append(own, entry{heading, c.Entry})
			p.add("\nCollection of [%s](#%s): %s\n\n", c.Add, anchor(heading), prose(c.Entry.Doc))
		}
		p.add("%s\n", directives(c))
		if simple {
			p.tolerance(c.Entry)
			p.attributes(c.Entry)
		}
	}
	return own
}

// directives says how entries of a collection are told apart and removed.
func directives(c *apphost.CollectionSchema) string {
	var keys []string
	for _, k := range c.Entry.Keys() {
		keys = append(keys, code(k.Name))
	}
	s := "Key: " + strings.Join(keys, " + ") + "."
	switch {
	case c.Remove != "" && c.Clear != "":
		s += fmt.Sprintf(" %s with a key removes an entry, %s removes all.", tag(c.Remove), tag(c.Clear))
	case c.Clear != "":
		s += fmt.Sprintf(" %s removes all entries that are inherited or stand above.", tag(c.Clear))
	default:
		s += " Entries cannot be removed again."
	}
	if c.Prepend {
		s += " Entries of deeper levels come first."
	}
	return s
}

// example shows the example of e, if there is one.
func (p *page) example(e *apphost.ElementSchema) {
	data, err := examples.ReadFile("examples/" + typeName(e.Path) + ".xml")
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		p.err = err
	default:
		p.add("\n```xml\n%s\n```\n", strings.TrimSpace(string(data)))
	}
}

// anchor is the name that Markdown readers give to a heading: lower case,
// without punctuation.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.ToLower(heading))
}

// prose is text of the schema as Markdown: characters that mean something
// there are escaped.
func prose(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `_`, `\_`, `|`, `\|`, `<`, `\<`, `[`, `\[`, `]`, `\]`, "`", "\\`", `&`, `\&`).Replace(s)
}

func code(s string) string { return "`" + s + "`" }

func tag(name string) string { return code("<" + name + ">") }
