// Package schemadoc writes what people and editors read about the
// configuration: an XML Schema for editors and checkers, and the reference
// page. Both come from the schema documents alone, so that neither can say
// something else than what the loader does.
package schemadoc

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
	"github.com/ftphost/ftphost/schema"
)

// Paths of the generated files, from the root of the repository.
const (
	XSDFile  = "schema/applicationHost.xsd"
	PageFile = "docs/configuration.md"
)

// Files returns the generated files by their paths.
func Files() (map[string][]byte, error) {
	s, err := Schema()
	if err != nil {
		return nil, err
	}
	xsd, err := XSD(s)
	if err != nil {
		return nil, err
	}
	administration, err := Administration()
	if err != nil {
		return nil, err
	}
	page, err := Page(s, administration)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{XSDFile: xsd, PageFile: page}, nil
}

// Schema reads the embedded schema documents.
func Schema() (*apphost.Schema, error) { return read("*.xml") }

// Administration reads those of administration.config, which has sections that
// no other file has.
func Administration() (*apphost.Schema, error) { return read("administration/*.xml") }

func read(pattern string) (*apphost.Schema, error) {
	names, err := fs.Glob(schema.FS, pattern)
	if err != nil {
		return nil, err
	}
	// Elements appear in the order in which documents declare them: what IIS
	// has before what FTP adds reads best.
	slices.Reverse(names)
	docs := make([]*xmldoc.Document, len(names))
	for i, name := range names {
		data, err := fs.ReadFile(schema.FS, name)
		if err != nil {
			return nil, err
		}
		if docs[i], err = xmldoc.Parse(name, data); err != nil {
			return nil, err
		}
	}
	return apphost.ParseSchema(docs...)
}

// group is a section group: a folder in the paths of sections.
type group struct {
	name     string
	groups   []*group
	sections []*apphost.ElementSchema
}

// groups sorts sections into the groups their paths name. The root has no
// name.
func groups(sections []*apphost.ElementSchema) *group {
	root := &group{}
	for _, section := range sections {
		at := root
		parts := strings.Split(section.Path, "/")
		for _, name := range parts[:len(parts)-1] {
			at = at.group(name)
		}
		at.sections = append(at.sections, section)
	}
	return root
}

func (g *group) group(name string) *group {
	i := slices.IndexFunc(g.groups, func(c *group) bool { return c.name == name })
	if i >= 0 {
		return g.groups[i]
	}
	c := &group{name: name}
	g.groups = append(g.groups, c)
	return c
}

// signature is equal for elements that may hold the same, whatever they are
// called and wherever they stand.
func signature(e *apphost.ElementSchema) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{%t %t", e.AllowUnrecognizedAttributes, e.AllowUnrecognizedElements)
	for _, a := range e.Attributes {
		fmt.Fprintf(&b, "\n@%s %s %q %t%t%t%t%t%t%t%t %q %q %q %v %q", a.Name, a.Type, a.Default, a.HasDefault, a.Required, a.Key,
			a.CaseSensitive, a.Encrypted, a.Expanded, a.Runtime, a.AllowInfinite, a.TimeSpanFormat, a.Validator, a.Parameter, a.Words, a.Doc)
	}
	for _, c := range e.Collections {
		fmt.Fprintf(&b, "\n*%s %s %s %t%t %q %s", c.Add, c.Remove, c.Clear, c.AllowDuplicates, c.Prepend, c.Entry.Doc, signature(c.Entry))
	}
	for _, c := range e.Elements {
		fmt.Fprintf(&b, "\n<%s %q %s", c.Name, c.Doc, signature(c))
	}
	b.WriteString("}")
	return b.String()
}
