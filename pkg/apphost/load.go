package apphost

import (
	"fmt"
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

// Load reads configuration documents. The list holds everything that is wrong
// or doubtful, in the order of the files; the configuration is nil when
// anything is wrong.
func Load(s *Schema, docs ...*xmldoc.Document) (*Configuration, ErrorList) {
	cfg := &Configuration{schema: s, sections: map[*ElementSchema]*occurrences{}}
	l := &loader{schema: s, cfg: cfg}
	for _, doc := range docs {
		l.document(doc)
	}
	l.sortLocations()
	if l.errors == 0 {
		l.checkMerged()
	}
	l.problems.Sort()
	if l.errors > 0 {
		return nil, l.problems
	}
	return cfg, l.problems
}

// loader walks documents and collects what it finds.
type loader struct {
	schema     *Schema
	cfg        *Configuration
	doc        *xmldoc.Document
	registered map[string]registration
	problems   ErrorList
	errors     int
	warnings   int
}

// place is where in the configuration an element stands.
type place struct {
	site, path string // path is "" or "/a/b", as written
}

func (l *loader) errorf(pos xmldoc.Pos, section, format string, args ...any) {
	l.tell(&Error{Pos: pos, Section: section, Msg: fmt.Sprintf(format, args...)})
}

func (l *loader) warnf(pos xmldoc.Pos, section, format string, args ...any) {
	l.tell(&Error{Pos: pos, Section: section, Msg: fmt.Sprintf(format, args...), Warning: true})
}

// maxProblems is how many errors, and how many warnings, of one Load are
// kept: a file with more is not a configuration, and nobody reads on.
const maxProblems = 10000

func (l *loader) tell(e *Error) {
	count := &l.errors
	if e.Warning {
		count = &l.warnings
	}
	*count++
	switch {
	case *count < maxProblems:
		l.problems = append(l.problems, e)
	case *count == maxProblems:
		l.problems = append(l.problems, &Error{
			Pos: e.Pos, Section: e.Section, Warning: e.Warning, Msg: e.Msg + fmt.Sprintf(" (after %d of these the rest is not listed)", maxProblems),
		})
	}
}

func (l *loader) document(doc *xmldoc.Document) {
	l.doc, l.registered = doc, nil
	root := doc.Root()
	if !l.is(root, "configuration") {
		l.errorf(doc.Pos(root), "", "the root element is <%s>, not <configuration>: this is a fragment or another kind of file", clip(root.Tag))
		return
	}
	for i, e := range root.ChildElements() {
		switch {
		case l.is(e, "configSections"):
			l.configSections(e, i)
		case l.is(e, "location"):
			l.location(e)
		default:
			l.sectionOrGroup(e, "", place{})
		}
	}
}

// is reports whether an element of the file's frame has a name, and warns
// when only the case differs.
func (l *loader) is(e *etree.Element, name string) bool {
	if !strings.EqualFold(e.Tag, name) {
		return false
	}
	l.spelling(e, e.Tag, name, name)
	return true
}

// sectionOrGroup finds out what an element above section level is.
func (l *loader) sectionOrGroup(e *etree.Element, group string, at place) {
	path := e.Tag
	if group != "" {
		path = group + "/" + e.Tag
	}
	section := l.schema.Section(path)
	switch {
	case section != nil:
		l.spelling(e, path, section.Path, section.Path)
		l.section(e, section, at)
	case l.schema.groups[fold(path)] != "":
		l.spelling(e, path, l.schema.groups[fold(path)], path)
		for _, c := range e.ChildElements() {
			l.sectionOrGroup(c, path, at)
		}
	case l.isClosed(group) && !l.isRegistered(path):
		l.errorf(l.doc.Pos(e), group, "unrecognized element <%s>%s%s", clip(e.Tag), suggest(e.Tag, l.namesIn(group)), misplaced(group, e.Tag))
	case !l.isRegistered(path):
		// Somebody else's section, unless it is a slip.
		if meant := suggest(e.Tag, l.namesIn(group)); meant != "" {
			l.warnf(l.doc.Pos(e), group, "<%s> is left alone%s", clip(e.Tag), meant)
		}
	}
}

func (l *loader) isClosed(group string) bool {
	for g := fold(group); g != ""; {
		if l.schema.closed[g] {
			return true
		}
		i := strings.LastIndexByte(g, '/')
		if i < 0 {
			return false
		}
		g = g[:i]
	}
	return false
}

// namesIn lists what may stand in a group; "" is the top of the file.
func (l *loader) namesIn(group string) []string {
	var names []string
	if group != "" {
		group += "/"
	}
	for _, s := range l.schema.Sections() {
		if rest, ok := strings.CutPrefix(s.Path, group); ok {
			name, _, _ := strings.Cut(rest, "/")
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// spelling warns of a name whose case differs from the schema's, which IIS
// would not recognize.
func (l *loader) spelling(e *etree.Element, written, declared, section string) {
	if written != declared {
		l.warnf(l.doc.Pos(e), section, "<%s> is spelled %s; IIS tells upper and lower case apart here", written, declared)
	}
}

// section validates one occurrence of a section and enters it.
func (l *loader) section(e *etree.Element, section *ElementSchema, at place) {
	n := &node{e, l.doc}
	if at.site != "" {
		if reason := l.locationForbidden(section); reason != "" {
			l.errorf(n.pos(), section.Path, "%s", reason)
			return
		}
	}
	l.registration(n, section)
	l.element(n, section, section.Path)
	if other := l.cfg.enter(section, at, n); other != nil {
		where := "at the server level"
		if at.site != "" {
			where = fmt.Sprintf("for location %q", at.site+at.path)
		}
		l.errorf(n.pos(), section.Path, "the section stands here a second time %s; the first is at %s", where, other.pos())
	}
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

// sortLocations puts shallow locations before deep ones.
func (l *loader) sortLocations() {
	for _, o := range l.cfg.sections {
		for _, site := range o.sites {
			slices.SortStableFunc(site.sorted, func(a, b *LocationSection) int {
				return strings.Count(a.Path, "/") - strings.Count(b.Path, "/")
			})
		}
	}
}

// checkMerged runs the directives of every collection once, so that a double
// entry is found at load time and not by the first request.
func (l *loader) checkMerged() {
	for section, o := range l.cfg.sections {
		if !section.merges {
			continue
		}
		c := &mergeCheck{loader: l, section: section.Path}
		c.element(l.cfg.Section(section.Path, ""))
		for site, locations := range o.sites {
			for _, at := range locations.sorted {
				c.element(l.cfg.Section(section.Path, site+at.Path))
			}
		}
	}
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
