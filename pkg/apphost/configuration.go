package apphost

import (
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Configuration is what valid documents say: sections by level and location.
// It is fixed once loaded.
type Configuration struct {
	schema *Schema
	// sections holds each section's occurrences by location.
	sections map[*ElementSchema]*occurrences
	// documents are what was loaded, locations the location elements of each
	// site, by folded name.
	documents []*xmldoc.Document
	locations map[string][]*node
}

// occurrences are the places one section stands in.
type occurrences struct {
	server *node
	sites  map[string]*siteOccurrences // by folded site name
}

// siteOccurrences are a section's locations of one site.
type siteOccurrences struct {
	byPath map[string]*node // by folded path below the site: "" or "/a/b"
	sorted []*LocationSection
}

// node is an element of a document: one layer of an effective element.
type node struct {
	e   *etree.Element
	doc *xmldoc.Document
}

func (n *node) pos() xmldoc.Pos { return n.doc.Pos(n.e) }

// LocationSection is a section as one location gives it.
type LocationSection struct {
	// Path is the virtual path below the site as written: "" for the site
	// itself, else "/a/b".
	Path string
	// Element is what the location itself says, nothing inherited.
	Element *Element
}

// enter stores an occurrence and returns the one that is there already.
func (c *Configuration) enter(section *ElementSchema, at place, n *node) *node {
	o := c.sections[section]
	if o == nil {
		o = &occurrences{sites: map[string]*siteOccurrences{}}
		c.sections[section] = o
	}
	if at.site == "" {
		other := o.server
		if other == nil {
			o.server = n
		}
		return other
	}
	key := fold(at.site)
	site := o.sites[key]
	if site == nil {
		site = &siteOccurrences{byPath: map[string]*node{}}
		o.sites[key] = site
	}
	key = foldPath(at.path)
	if other := site.byPath[key]; other != nil {
		return other
	}
	site.byPath[key] = n
	site.sorted = append(site.sorted, &LocationSection{
		Path: at.path, Element: &Element{schema: section, layers: []*node{n}},
	})
	return nil
}

// Schema returns the schema the configuration was loaded with.
func (c *Configuration) Schema() *Schema { return c.schema }

// Section returns the effective section at a location: "" is the server
// level, "Site" a site, "Site/a/b" a path below it. It is nil when the schema
// has no such section.
func (c *Configuration) Section(section, location string) *Element {
	schema := c.schema.Section(section)
	if schema == nil {
		return nil
	}
	e := &Element{schema: schema}
	o := c.sections[schema]
	if o == nil {
		return e
	}
	if o.server != nil {
		e.layers = append(e.layers, o.server)
	}
	name, path, _ := strings.Cut(strings.Trim(location, "/"), "/")
	site := o.sites[fold(name)]
	if site == nil || name == "" {
		return e
	}
	for prefix := range prefixes(foldPath(path)) {
		if n := site.byPath[prefix]; n != nil {
			e.layers = append(e.layers, n)
		}
	}
	return e
}

// Locations returns the locations of one site that give the section, shallow
// ones first.
func (c *Configuration) Locations(section, site string) []*LocationSection {
	o := c.sections[c.schema.Section(section)]
	if o == nil || o.sites[fold(site)] == nil {
		return nil
	}
	return o.sites[fold(site)].sorted
}

// Sites are the names that locations begin with, as written, sorted.
func (c *Configuration) Sites() []string {
	var names []string
	for _, locations := range c.locations {
		names = append(names, placeOf(locations[0].e.SelectAttrValue("path", "")).site)
	}
	slices.Sort(names)
	return names
}
